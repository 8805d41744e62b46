# SPDX-License-Identifier: Apache-2.0
"""Estimated success probabilities of transpiled circuits on calibrations, without transpiling again."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _native
from ._threads import chosen_threads
from ._units import si_value

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray
    from qiskit import QuantumCircuit
    from qiskit.providers.backend import QubitProperties
    from qiskit.transpiler import Target

    from .snapshot import Snapshot

    #: Name and qubits; of delays, also the duration, and whether that is in dt.
    _Instruction: TypeAlias = tuple[str, list[int], tuple[float, bool] | None]

#: Snapshots in memory at once while a circuit is scored.
_BATCH = 512


class Scores(NamedTuple):
    """Scores of a circuit on snapshots, arrays ``(len(snapshots),)`` in their order; NaN where the circuit cannot run.

    Attributes:
        esp: Estimated success probabilities.
        duration: Durations of the circuit, s.
    """

    esp: NDArray[np.float64]
    duration: NDArray[np.float64]


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
    """
    import numpy as np

    from .exceptions import IBMInputValueError

    scores = scores_of(circuit, _listed(snapshots), use_fractional_gates=use_fractional_gates, threads=threads)
    if len(scores.esp) and np.isnan(scores.esp).all():
        raise IBMInputValueError(
            f"Circuit {circuit.name!r} can run on none of the snapshots: it has operations or qubits that they do not have."
            " Transpile it first."
        )
    return scores


def scores_of(
    circuit: QuantumCircuit,
    snapshots: Iterable[Snapshot],
    *,
    use_fractional_gates: bool | None = None,
    threads: int | None = None,
) -> Scores:
    """Score a circuit, which may be on none of the snapshots."""
    import numpy as np

    instructions = _instructions(circuit)
    native, planner, number = (
        _native.ScoredCircuit(instructions),
        _planner(use_fractional_gates),
        chosen_threads(threads),
    )
    esp, duration = [np.empty(0)], [np.empty(0)]
    waiting = iter(snapshots)
    while batch := [snapshot._native for snapshot in islice(waiting, _BATCH)]:
        found = native.score(planner, batch, number)
        esp.append(np.asarray(found[0]))
        duration.append(np.asarray(found[1]))
    return Scores(np.concatenate(esp), np.concatenate(duration))


def score_one(circuit: QuantumCircuit, snapshot: Snapshot, *, use_fractional_gates: bool | None = None) -> float | None:
    """Return the estimated success probability on one snapshot; ``None`` if there is no such thing."""
    from .exceptions import IBMInputValueError

    try:
        return float(scores_of(circuit, [snapshot], use_fractional_gates=use_fractional_gates, threads=1).esp[0])
    except IBMInputValueError:
        return None


def score_on_target(circuit: QuantumCircuit, target: Target) -> float | None:
    """Return the estimated success probability by the errors and times of a target, which has no calibration.

    It is the one of :func:`score`, bit by bit if the target is that of a snapshot.

    Args:
        circuit: A circuit on the qubits of the target.
        target: Any target. Operations without qargs, such as those of simulators, are errorless and take no time.

    Returns:
        The probability; ``None`` if the circuit has control flow, or something that the target does not have.
    """
    from .exceptions import IBMInputValueError

    try:
        gates, waits = _played(_instructions(circuit), target, circuit.num_qubits)
        qubits = target.qubit_properties or [None] * circuit.num_qubits
        # In the order of rust/core/src/score.rs, on which the last bits depend.
        return gates * math.prod(_fidelity(seconds, *_relaxation(qubits[qubit])) for qubit, seconds in waits)
    except (IBMInputValueError, LookupError):
        return None


def _played(instructions: list[_Instruction], target: Target, num_qubits: int) -> tuple[float, list[tuple[int, float]]]:
    """Go through a circuit from its end, as ``Playback`` of rust/core/src/score.rs does.

    Returns:
        The product of ``1 - error``; qubits that wait, and the time of each wait, s.

    Raises:
        LookupError: The target lacks an operation, or a unit of time.
    """
    busy, idle, is_used = [0.0] * num_qubits, [0.0] * num_qubits, [False] * num_qubits
    product, waits = 1.0, []
    values = cache(partial(_values_on, target))
    for name, qubits, delay in reversed(instructions):
        if delay is not None:
            seconds = _seconds(delay, target)
            for qubit in qubits:
                busy[qubit] += seconds
                idle[qubit] += seconds
            continue
        meeting = max((busy[qubit] for qubit in qubits), default=0.0)
        for qubit in qubits:
            idle[qubit] += meeting - busy[qubit]
            busy[qubit] = meeting
        if name == "barrier":
            continue
        duration, error = values(name, tuple(qubits))
        product *= max(min(1.0 - error, 1.0), 0.0)
        for qubit in qubits:
            if is_used[qubit] and idle[qubit] > 0.0:
                waits.append((qubit, idle[qubit]))
            busy[qubit], idle[qubit], is_used[qubit] = meeting + duration, 0.0, True
    return product, waits


def _values_on(target: Target, name: str, qubits: tuple[int, ...]) -> tuple[float, float]:
    """Return duration and error of an operation, s and probability, 0 for what is not known."""
    entries = target[name]
    if entries is None or None in entries:
        return 0.0, 0.0
    properties = entries[qubits]
    return (getattr(properties, "duration", None) or 0.0), (getattr(properties, "error", None) or 0.0)


def _seconds(delay: tuple[float, bool], target: Target) -> float:
    duration, is_in_dt = delay
    if not is_in_dt:
        return duration
    if target.dt is None:
        raise LookupError("the target has no dt")
    return duration * float(target.dt)


def _relaxation(properties: QubitProperties | None) -> tuple[float, float]:
    """Return ``T1`` and ``T2`` of a qubit, s, infinite if they are not known."""
    t1, t2 = (getattr(properties, name, None) for name in ("t1", "t2"))
    t1 = math.inf if t1 is None else t1
    return t1, min(math.inf if t2 is None else t2, 2.0 * t1)


def _fidelity(seconds: float, t1: float, t2: float) -> float:
    """Return the average fidelity of a qubit that relaxes to its ground state and dephases for a while."""
    amplitude, phase = (math.exp(-seconds / time) if time else 0.0 for time in (t1, t2))
    return 0.5 + amplitude / 6.0 + phase / 3.0


def _listed(snapshots: Any) -> Iterable[Snapshot]:
    from .snapshot.sources import SnapshotList

    listed = SnapshotList(snapshots)
    return map(listed.snapshot, range(len(listed)))


@cache
def _planner(use_fractional_gates: bool | None) -> _native.Planner:
    from .target import TargetOptions

    return TargetOptions(use_fractional_gates=use_fractional_gates).planner()


def _instructions(circuit: QuantumCircuit) -> list[_Instruction]:
    """Return name and qubits of each instruction; of delays, also the duration and whether it is in dt."""
    from .exceptions import IBMInputValueError

    index = {bit: number for number, bit in enumerate(circuit.qubits)}
    found: list[_Instruction] = []
    for instruction in circuit.data:
        name, qubits = instruction.name, [index[bit] for bit in instruction.qubits]
        if name == "delay":
            found.append((name, qubits, _delay(instruction.operation)))
        elif instruction.is_control_flow():
            raise IBMInputValueError(
                f"Circuit {circuit.name!r} has {name}: which instructions are played is not known."
            )
        elif name == "barrier" or not instruction.is_directive():
            found.append((name, qubits, None))
    return found


def _delay(operation: Any) -> tuple[float, bool]:
    from .exceptions import IBMInputValueError

    try:
        duration = float(operation.duration)
    except TypeError:
        raise IBMInputValueError(f"A delay of {operation.duration} has no length yet.") from None
    return (duration, True) if operation.unit == "dt" else (si_value(duration, operation.unit), False)
