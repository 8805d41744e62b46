# SPDX-License-Identifier: Apache-2.0
"""Estimated success probabilities of transpiled circuits on calibrations, without transpiling again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _html, _native
from ._threads import chosen_threads
from ._units import si_value
from ._words import MISSING, count, quantity

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from .snapshot import Snapshot

    Floats: TypeAlias = NDArray[np.float64]

#: Snapshots in memory at once while a circuit is scored.
_BATCH = 512


#: Gates on one qubit whose errors mapomatic counts, and operations for which it takes the error of the readout.
_MAPOMATIC_GATES, _MAPOMATIC_READOUTS = frozenset({"sx", "x"}), frozenset({"measure", "reset"})


class Scores(NamedTuple):
    """Scores of a circuit on snapshots, arrays ``(len(snapshots),)`` in their order; NaN where the circuit cannot run.

    Attributes:
        esp: Estimated success probabilities.
        duration: Durations of the circuit, s.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Snapshot, score
        >>> circuit, lima = QuantumCircuit(5), Snapshot.load("lima")
        >>> _ = circuit.cx(0, 1)
        >>> scores = score(circuit, [lima, lima.with_overrides(gate_error={("cx", (0, 1)): 0.05})])
        >>> print(scores.esp.round(4), (scores.duration * 1e9).round(1))  # and ns
        [0.9917 0.95  ] [305.8 305.8]
    """

    esp: NDArray[np.float64]
    duration: NDArray[np.float64]

    def _repr_html_(self) -> str:
        runs = len(_known(self.esp))
        notes = (
            count(len(self.esp), "calibration"),
            f"cannot run on {len(self.esp) - runs:,}" if runs < len(self.esp) else "",
        )
        rows = [
            ("estimated success probability", *map(_html.plain, _extremes(self.esp))),
            ("duration", *(quantity(value, "s") for value in _extremes(self.duration))),
        ]
        table = _html.table(("", "smallest", "median", "largest"), rows)
        return _html.panel(_html.heading("Scores", *notes), table)

    def __repr__(self) -> str:
        smallest, middle, largest = (_html.plain(value) for value in _extremes(self.esp))
        told = (
            f": esp {smallest} to {largest}, median {middle}"
            if middle != MISSING
            else ": cannot run on any"
            if len(self.esp)
            else ""
        )
        return f"<Scores on {count(len(self.esp), 'calibration')}{told}>"


def _known(values: Floats) -> Floats:
    import numpy as np

    return values[~np.isnan(values)]


def _extremes(values: Floats) -> tuple[float | None, float | None, float | None]:
    """Return the smallest value, the median and the largest one; ``None`` if none is known."""
    import numpy as np

    known = _known(values)
    return (float(known.min()), float(np.median(known)), float(known.max())) if len(known) else (None, None, None)


class ScoreComparison(NamedTuple):
    """Estimates of circuits' worth, arrays ``(len(circuits), len(snapshots))``; NaN where a circuit cannot run.

    Attributes:
        circuits: Names of the circuits.
        esp: Estimated success probabilities as :func:`score` has them: gates, readouts and waiting; more is better.
        mapomatic_cost: Costs as mapomatic has them, 1 minus the product of ``1 - error``: gates and readouts alone;
            less is better. NaN also where the calibration has no error of something that counts.
        duration: Durations, s.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import compare_scores
        >>> circuit = QuantumCircuit(5, name="pair")
        >>> _ = circuit.cx(0, 1)
        >>> comparison = compare_scores(circuit, ["lima", "vigo"])
        >>> print(comparison.circuits, comparison.mapomatic_cost.round(4))
        ('pair',) [[0.0083 0.012 ]]
    """

    circuits: tuple[str, ...]
    esp: NDArray[np.float64]
    mapomatic_cost: NDArray[np.float64]
    duration: NDArray[np.float64]

    def _repr_html_(self) -> str:
        rows = []
        for number, name in enumerate(self.circuits[: _html.MAX_ROWS]):
            runs = len(_known(self.esp[number]))
            medians = [_extremes(values[number])[1] for values in (self.esp, self.mapomatic_cost)]
            rows.append(
                (name, self.esp.shape[1] - runs or None, *medians, quantity(_extremes(self.duration[number])[1], "s"))
            )
        head = ("circuit", "cannot run on", "success probability, median", "mapomatic cost, median", "duration, median")
        notes = (count(len(self.circuits), "circuit"), count(self.esp.shape[1], "calibration"))
        table = _html.table(head, rows, left_out=len(self.circuits) - len(rows))
        return _html.panel(_html.heading("Score comparison", *notes, kind="ScoreComparison"), table)

    def __repr__(self) -> str:
        return (
            f"<ScoreComparison of {count(len(self.circuits), 'circuit')} on {count(self.esp.shape[1], 'calibration')}>"
        )


def score(
    circuit: QuantumCircuit, snapshots: Any, *, use_fractional_gates: bool | None = None, threads: int | None = None
) -> Scores:
    """Estimate the success probability of a transpiled circuit on each of many calibrations.

    The estimate is the product of ``1 - error`` over all gates and readouts [1], and of the average fidelity of thermal
    relaxation, ``1/2 + exp(-t/T1)/6 + exp(-t/T2)/3`` [2], over every time ``t`` that a qubit waits between two of its
    instructions. Instructions are played as late as they can be; delays are waits. Operations without a published
    error, such as ``rz`` and ``delay``, count as errorless, qubits without ``T1`` or ``T2`` do not relax, and gates
    without a duration take no time; ``T2`` counts as ``2 T1`` if it is longer. A readout has the error of its qubit.

    [1] S. Nishio, Y. Pan, T. Satoh, H. Amano, R. Van Meter, ACM J. Emerg. Technol. Comput. Syst. 16, 32 (2020).
    [2] The average over all states, M. A. Nielsen, Phys. Lett. A 303, 249 (2002), of relaxation to the ground state.

    Args:
        circuit: A circuit on the qubits of the device, of operations that the device has.
        snapshots: The calibrations: anything that :class:`Sweep` takes as snapshots, but for targets.
        use_fractional_gates: As in :func:`build_target`.
        threads: The number of threads; by default, one for each processor that this process may use.

    Returns:
        Two arrays with a value for each snapshot.

    Raises:
        IBMInputValueError: The circuit can run on none of the snapshots, or has control flow, so that the
            instructions are unknown, or parameters as delays.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import score
        >>> circuit = QuantumCircuit(5)
        >>> _ = circuit.cx(0, 1)
        >>> print(score(circuit, ["lima", "vigo"]).esp.round(4))
        [0.9917 0.988 ]
    """
    scores = scores_of(circuit, _listed(snapshots), use_fractional_gates=use_fractional_gates, threads=threads)
    _check_that_one_can_run(circuit, scores.esp)
    return scores


def compare_scores(
    circuits: QuantumCircuit | Iterable[QuantumCircuit],
    snapshots: Any,
    *,
    use_fractional_gates: bool | None = None,
    threads: int | None = None,
) -> ScoreComparison:
    """Estimate what transpiled circuits are worth on many calibrations, in each way that this package knows.

    One estimate is that of :func:`score`. The other one is the default cost of mapomatic [1],
    ``mapomatic.layouts.default_cost``, for the layout that the circuit has: 1 minus the product of ``1 - error`` over
    gates on two qubits, ``sx`` and ``x``, and of 1 minus the readout error over measurements and resets, in the
    circuit's order. It is equal to mapomatic's bit by bit. Other gates on one qubit, delays and waiting do not count.

    [1] P. D. Nation, M. Treinish, PRX Quantum 4, 010327 (2023), "Suppressing quantum circuit errors due to system
    variability"; https://github.com/qiskit-community/mapomatic, version 0.14.

    Args:
        circuits: A circuit or several, on the qubits of the device, of operations that the device has.
        snapshots: As in :func:`score`.
        use_fractional_gates: As in :func:`build_target`.
        threads: As in :func:`score`.

    Returns:
        Arrays with a row for each circuit and a column for each snapshot.

    Raises:
        IBMInputValueError: A circuit can run on none of the snapshots, has control flow, or parameters as delays.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import compare_scores
        >>> there, elsewhere = QuantumCircuit(5), QuantumCircuit(5)
        >>> _ = there.cx(0, 1)
        >>> _ = elsewhere.cx(3, 4)
        >>> print(compare_scores([there, elsewhere], "lima").esp.round(4))
        [[0.9917]
         [0.9796]]
    """
    import numpy as np

    listed: list[QuantumCircuit] = [circuits] if hasattr(circuits, "data") else list(circuits)
    played, counted = [scored_circuit(circuit) for circuit in listed], [_mapomatic_steps(circuit) for circuit in listed]
    planner, number = _planner(use_fractional_gates), chosen_threads(threads)
    blocks = [np.empty((len(listed), 3, 0))]
    for batch in _batches(_listed(snapshots)):
        scores = np.array(
            [[np.asarray(values) for values in circuit.score(planner, batch, number)] for circuit in played]
        )
        scores = scores.reshape(len(listed), 2, len(batch))
        costs = _mapomatic_costs(counted, batch)
        costs[np.isnan(scores[:, 0])] = math.nan
        blocks.append(np.concatenate([scores, costs[:, np.newaxis]], axis=1))
    found = np.concatenate(blocks, axis=2)
    for circuit, esp in zip(listed, found[:, 0], strict=True):
        _check_that_one_can_run(circuit, esp)
    return ScoreComparison(tuple(circuit.name for circuit in listed), found[:, 0], found[:, 2], found[:, 1])


def _check_that_one_can_run(circuit: QuantumCircuit, esp: Floats) -> None:
    """Refuse a circuit that can run on none of some snapshots.

    Raises:
        IBMInputValueError: All its scores are NaN.
    """
    import numpy as np

    if len(esp) and np.isnan(esp).all():
        from .exceptions import IBMInputValueError

        raise IBMInputValueError(
            f"Circuit {circuit.name!r} can run on none of the snapshots: it has operations or qubits that they do not have."
            " Transpile it first."
        )


def _batches(snapshots: Iterable[Snapshot]) -> Iterator[list[_native.Snapshot]]:
    waiting = iter(snapshots)
    while batch := [snapshot._native for snapshot in islice(waiting, _BATCH)]:
        yield batch


def _mapomatic_steps(circuit: QuantumCircuit) -> list[tuple[str, tuple[int, ...]]]:
    """Return gate and qubits of each instruction that mapomatic counts; readouts have no gate."""
    index = {bit: number for number, bit in enumerate(circuit.qubits)}
    steps = []
    for instruction in circuit.data:
        name, qubits = instruction.name, tuple(index[bit] for bit in instruction.qubits)
        if name in _MAPOMATIC_GATES or (len(qubits) == 2 and name != "barrier"):
            steps.append((name, qubits))
        elif name in _MAPOMATIC_READOUTS:
            steps.append(("", qubits))
    return steps


def _mapomatic_costs(
    circuits: Sequence[list[tuple[str, tuple[int, ...]]]], snapshots: list[_native.Snapshot]
) -> Floats:
    """Return the costs ``(len(circuits), len(snapshots))`` of circuits by their steps."""
    import numpy as np

    parts = [np.empty((len(circuits), 0))]
    for _, group in groupby(snapshots, key=lambda snapshot: snapshot.num_qubits):
        errors = _Errors(list(group))
        fidelities = np.ones((len(circuits), errors.count))
        for number, steps in enumerate(circuits):
            for step in steps:
                # In this order and one by one, so that rounding is that of mapomatic.
                fidelities[number] *= 1 - errors.of(*step)
        parts.append(1 - fidelities)
    return np.concatenate(parts, axis=1)


class _Errors:
    """Errors of gates and readouts over calibrations of devices with the same number of qubits."""

    def __init__(self, snapshots: list[_native.Snapshot]) -> None:
        self._snapshots = snapshots
        self._known: dict[str, dict[tuple[int, ...], Floats]] = {}
        #: The number of calibrations.
        self.count = len(snapshots)

    def of(self, gate: str, qubits: tuple[int, ...]) -> Floats | float:
        """Return the errors by calibration of a gate, or of the readout if it has no name; NaN where there is none."""
        if gate not in self._known:
            self._known[gate] = self._stacked(gate)
        return self._known[gate].get(qubits, math.nan)

    def _stacked(self, gate: str) -> dict[tuple[int, ...], Floats]:
        import numpy as np

        if not gate:
            values = np.asarray(_native.stack_snapshots(self._snapshots, "readout_error", None)["values"])
            return {(qubit,): column for qubit, column in enumerate(values.T)}
        arrays = _native.stack_snapshots(self._snapshots, "", gate)
        return {
            tuple(qubits): column
            for qubits, column in zip(np.asarray(arrays["qargs"]).tolist(), np.asarray(arrays["error"]).T, strict=True)
        }


def scores_of(
    circuit: QuantumCircuit,
    snapshots: Iterable[Snapshot],
    *,
    use_fractional_gates: bool | None = None,
    threads: int | None = None,
) -> Scores:
    """Score a circuit, which may be on none of the snapshots."""
    import numpy as np

    native, planner, number = scored_circuit(circuit), _planner(use_fractional_gates), chosen_threads(threads)
    esp, duration = [np.empty(0)], [np.empty(0)]
    for batch in _batches(snapshots):
        found = native.score(planner, batch, number)
        esp.append(np.asarray(found[0]))
        duration.append(np.asarray(found[1]))
    return Scores(np.concatenate(esp), np.concatenate(duration))


def scored_circuit(circuit: QuantumCircuit) -> _native.ScoredCircuit:
    """Go through a circuit once, for its figures and its scores.

    Raises:
        IBMInputValueError: The circuit has control flow, or parameters as delays.
    """
    if circuit.has_control_flow_op():
        from .exceptions import IBMInputValueError

        name = next(instruction.name for instruction in circuit.data if instruction.is_control_flow())
        raise IBMInputValueError(
            f"Circuit {circuit.name!r} has {name}: its instructions are not known before it runs. Score its branches"
            " as circuits of their own."
        )
    return _native.ScoredCircuit(circuit, _delay)


def score_on_snapshot(
    circuit: _native.ScoredCircuit, snapshot: Snapshot, *, use_fractional_gates: bool | None = None
) -> float:
    """Return the estimated success probability on one snapshot; NaN if the circuit cannot run there."""
    import numpy as np

    return float(np.asarray(circuit.score(_planner(use_fractional_gates), [snapshot._native], 1)[0])[0])


def score_on_target(circuit: _native.ScoredCircuit, target: Target) -> float:
    """Return the estimated success probability by the errors and times of a target, which has no calibration.

    It is the one of :func:`score`, bit by bit if the target is that of a snapshot.

    Args:
        circuit: A circuit on the qubits of the target.
        target: Any target. Operations without qargs, such as those of simulators, are errorless and take no time.

    Returns:
        The probability; NaN if the circuit has something that the target does not have.
    """
    relaxation = [(getattr(known, "t1", None), getattr(known, "t2", None)) for known in target.qubit_properties or ()]
    try:
        values = [values_on(target, name, qargs) for name, qargs in circuit.operations]
    except LookupError:
        return math.nan
    return circuit.score_by_values(values, target.dt, relaxation)[0]


def values_on(target: Target, name: str, qargs: list[tuple[int, ...]]) -> list[tuple[float | None, float | None]]:
    """Return duration and error of an operation, s and probability, ``None`` for what is not known."""
    entries = target[name]
    if entries is None or None in entries:
        return [(None, None)] * len(qargs)
    found = [entries[qubits] for qubits in qargs]
    return [(getattr(values, "duration", None), getattr(values, "error", None)) for values in found]


def _listed(snapshots: Any) -> Iterable[Snapshot]:
    from .snapshot.sources import SnapshotList

    listed = SnapshotList(snapshots)
    return map(listed.snapshot, range(len(listed)))


@cache
def _planner(use_fractional_gates: bool | None) -> _native.Planner:
    from .target import TargetOptions

    return TargetOptions(use_fractional_gates=use_fractional_gates).planner()


def _delay(operation: Any) -> tuple[float, bool]:
    from .exceptions import IBMInputValueError

    try:
        duration = float(operation.duration)
    except TypeError:
        raise IBMInputValueError(
            f"A delay of {operation.duration} has no length yet. Assign its parameters first."
        ) from None
    return (duration, True) if operation.unit == "dt" else (si_value(duration, operation.unit), False)
