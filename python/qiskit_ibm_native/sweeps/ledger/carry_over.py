# SPDX-License-Identifier: Apache-2.0
"""Results that stay right on another calibration, taken over before anything is transpiled."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from cachetools import LRUCache

from ...exceptions import IBMInputValueError
from ...scoring import scores_of
from ...snapshot.diff import checked_tolerance, instructions

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from ...snapshot import Snapshot
    from ...snapshot.diff import SnapshotDiff
    from ..tasks import TaskResult, TaskSource
    from .ledger import Ledger

#: Tasks that are looked up, claimed and written at once, and circuits in memory, most of which the next calibration
#: needs again.
_BATCH, _CIRCUITS = 500, 2000


class CarriedOver(NamedTuple):
    """Numbers of tasks after :meth:`Sweep.carry_over`.

    Attributes:
        carried: Tasks that have the result of another calibration now.
        known: Tasks of which the ledger had a result before.
        missing: Tasks that remain to be transpiled, or that another run does at present.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Snapshot, Sweep
        >>> lima, circuit = Snapshot.load("lima"), QuantumCircuit(1)
        >>> _ = circuit.x(0)
        >>> sweep = Sweep(circuit, [lima, lima.with_overrides(t1={4: 80e-6})], initial_layout=[0], optimization_level=1)
        >>> results = sweep.run(ledger="sweep.sqlite3")
        >>> sweep.carry_over("sweep.sqlite3")
        CarriedOver(carried=0, known=2, missing=0)
    """

    carried: int
    known: int
    missing: int


class _Origin(NamedTuple):
    """A result that may be carried over, its circuit, and the instructions of that."""

    result: TaskResult
    circuit: QuantumCircuit
    used: frozenset[tuple[str, tuple[int, ...]]]


def carry_over(sweep: TaskSource, ledger: Ledger, rtol: float, atol: float) -> CarriedOver:
    """Give tasks the results of other calibrations that stay right, see :meth:`Sweep.carry_over`."""
    try:
        rtol, atol = checked_tolerance("rtol", rtol), checked_tolerance("atol", atol)
    except (TypeError, ValueError) as error:
        raise IBMInputValueError(f"{error}.") from None
    missing: list[int] = []
    known = 0
    for index, _, is_known, _ in ledger.known_of(sweep, with_circuit=False, retry_failed=False):
        known += is_known
        if not is_known:
            missing.append(index)
    origins = _Origins(sweep, ledger, rtol, atol)
    carried = 0
    claims = ledger.claims(with_circuit=False, retry_failed=False)
    try:
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            answer = claims.take([sweep.task_id(index) for index in batch])
            found = {index: origins.result_for(index) for index in batch if sweep.task_id(index) in answer.ours}
            results = [(index, result) for index, result in found.items() if result is not None]
            ledger.write(sweep, results)
            carried += len(results)
            # Another run has done these meanwhile, or the batch before, if the sweep has a task twice.
            known += sum(sweep.task_id(index) in answer.done for index in batch)
    finally:
        claims.drop()
    return CarriedOver(carried, known, len(sweep) - known - carried)


class _Origins:
    """Transpiled results of the sweep by what they have in common but the calibration."""

    def __init__(self, sweep: TaskSource, ledger: Ledger, rtol: float, atol: float) -> None:
        self._sweep, self._ledger, self._rtol, self._atol = sweep, ledger, rtol, atol
        #: Indices of results that were transpiled and whose circuits are kept, by device, setting, seed and circuit.
        self._indices: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for index in _transpiled(sweep, ledger):
            self._indices[self._key(index)].append(index)
        self._known: LRUCache[int, _Origin] = LRUCache(_CIRCUITS)
        #: Differences to the calibration that was asked for last, by the index of the other one.
        self._differences: dict[int, tuple[SnapshotDiff, SnapshotDiff]] = {}
        self._newest: int | None = None

    def _key(self, index: int) -> tuple[Any, ...]:
        snapshot, *rest = self._sweep.indices(index)
        entry = self._sweep.snapshots.entry(snapshot)
        return entry.backend, entry.use_fractional_gates, *rest

    def result_for(self, index: int) -> TaskResult | None:
        """Return the result of the nearest calibration for a task, if there is one that stays right."""
        number = self._sweep.indices(index)[0]
        snapshot = self._sweep.snapshots.snapshot(number)
        if snapshot is None:
            return None
        for origin_index in sorted(
            self._indices.get(self._key(index), ()), key=lambda other: self._distance(other, number)
        ):
            origin = self._origin(origin_index)
            if self._stays_right(origin, self._sweep.indices(origin_index)[0], number, snapshot):
                return self._carried(origin, index, snapshot)
        return None

    def _distance(self, origin_index: int, number: int) -> tuple[float, int]:
        """Return the time between two calibrations, s, and their distance in the sweep, which decides among equals."""
        other = self._sweep.indices(origin_index)[0]
        then, now = (self._sweep.snapshots.entry(place).calibrated for place in (other, number))
        return (math.inf if then is None or now is None else abs((now - then).total_seconds())), abs(number - other)

    def _origin(self, index: int) -> _Origin:
        origin = self._known.get(index)
        if origin is None:
            (result,) = self._ledger.results_of(self._sweep, [index])
            circuit = result.transpiled
            origin = self._known[index] = _Origin(result, circuit, frozenset(instructions(circuit)))
        return origin

    def _stays_right(self, origin: _Origin, then: int, now: int, snapshot: Snapshot) -> bool:
        """Return whether nothing that a circuit uses differs by more than the tolerance.

        Of a scheduled circuit, durations have to be the same: its delays are made for them.
        """
        if self._newest != now:
            self._differences, self._newest = {}, now
        if then not in self._differences:
            before = self._sweep.snapshots.snapshot(then)
            assert before is not None  # noqa: S101 (a target has another key)
            self._differences[then] = before.diff(snapshot, self._rtol, self._atol), before.diff(snapshot)
        tolerant, exact = self._differences[then]
        if tolerant.affects_any(origin.used):
            return False
        return origin.result.duration is None or not _other_durations(exact, origin.used)

    def _carried(self, origin: _Origin, index: int, snapshot: Snapshot) -> TaskResult:
        task, esp = self._sweep[index], None
        if origin.result.esp is not None:
            choice = task.use_fractional_gates
            score = scores_of(origin.circuit, [snapshot], use_fractional_gates=choice, threads=1).esp[0]
            esp = None if math.isnan(score) else float(score)
        return replace(
            origin.result, task_id=task.id, calibrated=task.calibrated, snapshot_digest=task.snapshot_digest, esp=esp,
            axes=dict(task.axes), carried_from=origin.result.task_id,
        )  # fmt: skip


def _transpiled(sweep: TaskSource, ledger: Ledger) -> Iterator[int]:
    """Yield indices of tasks whose results were transpiled for their calibration, and have a circuit."""
    for start in range(0, len(sweep), _BATCH):
        batch = range(start, min(start + _BATCH, len(sweep)))
        ids = [sweep.task_id(index) for index in batch]
        marks = ", ".join("?" * len(ids))
        statement = (
            f"SELECT id FROM tasks WHERE id IN ({marks}) AND error IS NULL AND carried_from IS NULL"  # noqa: S608 (ours)
            " AND number IN (SELECT task FROM transpiled)"
        )
        found = {task_id for (task_id,) in ledger._database.rows(statement, ids)}
        yield from (
            index
            for index, task_id in zip(batch, ids, strict=True)
            if task_id in found and sweep.snapshots.snapshot(sweep.indices(index)[0]) is not None
        )


def _other_durations(diff: SnapshotDiff, used: frozenset[tuple[str, tuple[int, ...]]]) -> bool:
    """Return whether any duration of some instructions is another one."""
    gates = {(change.gate, change.qargs) for change in diff.gates if change.quantity == "duration"}
    readouts: set[Sequence[int]] = {(change.qubit,) for change in diff.qubits if change.quantity == "readout_length"}
    return any((name, qargs) in gates or (name == "measure" and qargs in readouts) for name, qargs in used)
