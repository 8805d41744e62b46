# SPDX-License-Identifier: Apache-2.0
"""Which transpiled circuits are still good today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...exceptions import SweepError
from ...scoring import scores_of
from ...snapshot.sources import SnapshotList

if TYPE_CHECKING:
    from ...snapshot import Snapshot
    from ...snapshot.diff import SnapshotDiff
    from ..results import TaskResult
    from ..sweep import Sweep
    from .ledger import Ledger


class StaleResult(NamedTuple):
    """A transpiled circuit that sits on something that changed.

    Attributes:
        result: The result, with its circuit.
        esp_then: Its estimated success probability when it was transpiled.
        esp_now: The same today; NaN if it cannot run any more, or if there is no such figure.
        duration_now: How long it takes today, s; NaN likewise.
    """

    result: TaskResult
    esp_then: float | None
    esp_now: float
    duration_now: float


def stale_results(sweep: Sweep, ledger: Ledger | None, today: Any, rtol: float, atol: float) -> list[StaleResult]:
    """Return what changed, see :meth:`Sweep.stale`."""
    if ledger is None:
        raise SweepError("The sweep has not been run here; say which ledger has its results.")
    now = SnapshotList(today)
    latest = {snapshot.name: snapshot for snapshot in map(now.snapshot, range(len(now)))}
    found, without, differences = [], 0, _Differences(latest, rtol, atol)
    for index, result in enumerate(ledger._results_of(sweep, range(len(sweep)))):
        if result.error is not None or result.backend not in latest:
            continue
        circuit = result.transpiled
        if circuit is None:
            without += 1
            continue
        at = sweep._place(index)[0]
        if differences.since(at, sweep._snapshots.snapshot(at)).affects(circuit):
            choice = result.use_fractional_gates
            found.append(StaleResult(result, result.esp, *_worth(circuit, latest[result.backend], choice)))
    if without:
        raise SweepError(
            f"{ledger!r} has {without} results without circuits: run the sweep with keep_circuits=True, which adds them."
        )
    return found


class _Differences:
    """What changed since a snapshot of the sweep; its tasks come one after the other."""

    def __init__(self, latest: dict[str, Snapshot], rtol: float, atol: float) -> None:
        self._latest, self._rtol, self._atol = latest, rtol, atol
        self._at: int | None = None
        self._diff: SnapshotDiff | None = None

    def since(self, at: int, snapshot: Snapshot) -> SnapshotDiff:
        if self._diff is None or self._at != at:
            self._at, self._diff = at, snapshot.diff(self._latest[snapshot.name], self._rtol, self._atol)
        return self._diff


def _worth(circuit: Any, snapshot: Snapshot, use_fractional_gates: bool | None) -> tuple[float, float]:
    from ...exceptions import IBMInputValueError

    try:
        scores = scores_of(circuit, [snapshot], use_fractional_gates=use_fractional_gates, threads=1)
    except IBMInputValueError:
        return float("nan"), float("nan")
    return float(scores.esp[0]), float(scores.duration[0])
