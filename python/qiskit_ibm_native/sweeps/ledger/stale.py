# SPDX-License-Identifier: Apache-2.0
"""Transpiled circuits whose qubits and gates have changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...exceptions import SweepError
from ...scoring import scores_of
from ...snapshot.sources import SnapshotList
from ..tries import counting

if TYPE_CHECKING:
    from ...snapshot import Snapshot
    from ...snapshot.diff import SnapshotDiff
    from ..tasks import TaskResult, TaskSource
    from .ledger import Ledger


class StaleResult(NamedTuple):
    """A transpiled circuit that uses qubits or gates whose calibration changed.

    Attributes:
        result: The result, with its circuit.
        esp_then: Estimated success probability when the circuit was transpiled; ``None`` if it has control flow.
        esp_now: Estimated success probability today; NaN if the circuit cannot run any more, or has control flow.
        duration_now: Duration of the circuit today, s; NaN likewise.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Snapshot, Sweep
        >>> circuit, lima = QuantumCircuit(2), Snapshot.load("lima")
        >>> _ = circuit.cx(0, 1)
        >>> sweep = Sweep(circuit, lima, optimization_level=1, initial_layout=[0, 1])
        >>> _ = sweep.run(ledger="sweep.sqlite3", keep_circuits=True, progress=False)
        >>> (stale,) = sweep.find_stale(lima.with_overrides(gate_error={("cx", (0, 1)): 0.05}), "sweep.sqlite3")
        >>> round(stale.esp_then, 4), round(stale.esp_now, 4)
        (0.9917, 0.95)
    """

    result: TaskResult
    esp_then: float | None
    esp_now: float
    duration_now: float


def stale_results(sweep: TaskSource, ledger: Ledger | None, today: Any, rtol: float, atol: float) -> list[StaleResult]:
    """Return stale results, see :meth:`Sweep.find_stale`."""
    if ledger is None:
        raise SweepError("The sweep has not been run in this process; name the ledger that has its results.")
    now = SnapshotList(today)
    latest = {snapshot.name: snapshot for snapshot in map(now.snapshot, range(len(now)))}
    found, without, differences = [], 0, _Differences(latest, rtol, atol)
    indices = counting(sweep, ledger)
    for index, result in zip(indices, ledger.results_of(sweep, indices), strict=True):
        if result.error is not None or result.backend not in latest:
            continue
        circuit = result.transpiled
        if circuit is None:
            without += 1
            continue
        snapshot_index = sweep.indices(index)[0]
        then = sweep.snapshots.snapshot(snapshot_index)
        if then is None:
            raise SweepError(
                f"Task {index} ({result.circuit} on {result.backend}) was done for a target, which has no calibration that"
                " today's could be compared with."
            )
        if differences.since(snapshot_index, then).affects(circuit):
            choice = result.use_fractional_gates
            found.append(StaleResult(result, result.esp, *_scores(circuit, latest[result.backend], choice)))
    if without:
        raise SweepError(
            f"{ledger!r} has {without} results without circuits: run the sweep with keep_circuits=True, which adds them."
        )
    return found


class _Differences:
    """Differences between snapshots of a sweep and the latest ones; the last one is cached."""

    def __init__(self, latest: dict[str, Snapshot], rtol: float, atol: float) -> None:
        self._latest, self._rtol, self._atol = latest, rtol, atol
        self._index: int | None = None
        self._diff: SnapshotDiff | None = None

    def since(self, index: int, snapshot: Snapshot) -> SnapshotDiff:
        if self._diff is None or self._index != index:
            self._index, self._diff = index, snapshot.diff(self._latest[snapshot.name], self._rtol, self._atol)
        return self._diff


def _scores(circuit: Any, snapshot: Snapshot, use_fractional_gates: bool | None) -> tuple[float, float]:
    from ...exceptions import IBMInputValueError

    try:
        scores = scores_of(circuit, [snapshot], use_fractional_gates=use_fractional_gates, threads=1)
    except IBMInputValueError:
        return float("nan"), float("nan")
    return float(scores.esp[0]), float(scores.duration[0])
