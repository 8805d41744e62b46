# SPDX-License-Identifier: Apache-2.0
"""Reasons why the estimated success probability of a circuit became another one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..._frames import Column, Table, Tabular, refuse_wide
from ..._words import count
from ...scoring import scored_circuit, values_on
from ...snapshot.changes import Change, change_table
from ...target import build_target

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from ... import _native
    from ...snapshot import Snapshot

#: An operation of the circuit with its qubits.
Use = tuple[str, tuple[int, ...]]
#: A value that a circuit depends on: operation, or None for a qubit; qubits; quantity.
Key = tuple[str | None, tuple[int, ...], str]
#: All values that a circuit depends on.
State = dict[Key, float | None]
#: A quantity of the configuration: the unit of delays in samples.
_DT: Key = ("delay", (), "dt")
#: The smallest float above 0, for fidelities that are too small for floats.
_SMALLEST = 5e-324


class ExplainedChange(NamedTuple):
    """The part that a changed value has in a change of the estimated success probability.

    Attributes:
        gate: The operation, such as ``"cz"`` or ``"measure"``; ``None`` for ``t1`` and ``t2`` of a qubit.
        qargs: The qubits.
        quantity: ``"error"``, ``"duration"``, ``"t1"`` or ``"t2"``; ``"dt"`` for the unit of delays.
        old: The value before, in SI units; ``None`` if there was none.
        new: The value after, in the same unit; ``None`` if there is none.
        uses: How often the circuit has the operation on these qubits; 0 for quantities of qubits.
        log_change: The part in ``ln(after / before)``, the logarithm of a ratio.
        share: The part in ``after - before``, a difference of probabilities.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> lima, circuit = Snapshot.load("lima"), QuantumCircuit(5)
        >>> _ = circuit.cx(0, 1)
        >>> worse = lima.with_overrides(gate_error={("cx", (0, 1)): 0.05})
        >>> (change,) = CalibrationArchive("history.sqlite3").explain(circuit, lima, worse).parts
        >>> change.gate, change.qargs, change.quantity, change.new
        ('cx', (0, 1), 'error', 0.05)
    """

    gate: str | None
    qargs: tuple[int, ...]
    quantity: str
    old: float | None
    new: float | None
    uses: int
    log_change: float
    share: float


@dataclass(frozen=True, repr=False)
class Explanation(Tabular):
    """Parts of changed values in the change of an estimated success probability; the largest ones come first.

    The estimate of :func:`score` is a product, so that its logarithm is a sum over gates, readouts and waits, and parts
    in ``ln(after / before)`` add up. The part of an error is ``uses * ln((1 - new) / (1 - old))``. Waits depend on
    several values, whose parts are those of Shapley [1]: the mean, over the orders in which the values change, of what
    each one changes in its turn, where the orders first have all durations and then all relaxation times, or the other
    way round
    [2]. Among durations, of which there may be hundreds, the mean is over one order and its reverse.

    The shares in ``after - before`` are the parts in the logarithm times the logarithmic mean ``(after - before) /
    ln(after / before)``, and add up as well [3]. If one side is 0, those values have equal shares whose errors became
    1, or were 1, and all others have none: that is the limit of the rule. If both are 0, there are no shares.

    If the circuit cannot run on one of the calibrations, its probability there is ``nan``, there are no parts, and
    ``missing_before`` or ``missing_after`` says which operations are not there.

    [1] L. S. Shapley, Ann. Math. Stud. 28, 307 (1953).
    [2] G. Owen, Lect. Notes Econ. Math. Syst. 141, 76 (1977).
    [3] B. W. Ang, Energy Policy 32, 1131 (2004).

    Attributes:
        circuit: The circuit's name.
        backend: The device's name.
        before: The estimated success probability before.
        after: The estimated success probability after.
        log_change: ``ln(after / before)``, the sum of the parts; it is exact where probabilities are too small for
            floats.
        parts: The parts of all changed values that the circuit depends on.
        missing_before: Operations and qubits of the circuit that the device did not have before.
        missing_after: Those that it does not have after.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> lima, circuit = Snapshot.load("lima"), QuantumCircuit(5)
        >>> _ = circuit.cx(0, 1)
        >>> worse = lima.with_overrides(gate_error={("cx", (0, 1)): 0.05})
        >>> found = CalibrationArchive("history.sqlite3").explain(circuit, lima, worse)
        >>> round(found.before, 4), round(found.after, 4), found.parts[0].quantity
        (0.9917, 0.95, 'error')
    """

    circuit: str
    backend: str
    before: float
    after: float
    log_change: float
    parts: tuple[ExplainedChange, ...]
    missing_before: tuple[Use, ...] = ()
    missing_after: tuple[Use, ...] = ()

    def _table(self, *, wide: bool = False) -> Table:
        refuse_wide(wide, self)
        changes = [Change(*part[:5]) for part in self.parts]
        more = [
            Column("uses", np.array([part.uses for part in self.parts], dtype=np.int64)),
            Column("log_change", np.array([part.log_change for part in self.parts], dtype=float)),
            Column("share", np.array([part.share for part in self.parts], dtype=float)),
        ]
        return change_table(changes, {"backend": self.backend, "circuit": self.circuit}, more)

    def __len__(self) -> int:
        return len(self.parts)

    def __repr__(self) -> str:
        text = f"{self.circuit!r} on {self.backend}: {self.before:.4g} -> {self.after:.4g}"
        for side, missing in (("before", self.missing_before), ("after", self.missing_after)):
            if missing:
                return (
                    f"<Explanation of {text}, {side} without {missing[0][0]} on {missing[0][1]}, {len(missing)} in all>"
                )
        most = ""
        if self.parts and self.parts[0].log_change:
            part = self.parts[0]
            subject = f"{part.gate} on {part.qargs}" if part.gate else f"qubit {part.qargs[0]}"
            most = f", most by {part.quantity} of {subject} ({part.share:+.3g})"
        return f"<Explanation of {text}: {count(len(self), 'changed value')}{most}>"


def explain(
    circuit: QuantumCircuit, before: Snapshot, after: Snapshot, *, use_fractional_gates: bool | None = None
) -> Explanation:
    """Return what changed the estimated success probability of a circuit, see :meth:`CalibrationArchive.explain`."""
    played = _Played(scored_circuit(circuit))
    targets = [build_target(snapshot, use_fractional_gates=use_fractional_gates) for snapshot in (before, after)]
    missing = [played.missing(target) for target in targets]
    states = [None if gone else played.state(target) for gone, target in zip(missing, targets, strict=True)]
    ends = [math.nan if state is None else played.success(state) for state in states]
    old, new = states
    if old is None or new is None:
        return Explanation(circuit.name, after.name, ends[0], ends[1], math.nan, (), *map(tuple, missing))
    uses = _uses(circuit)
    logs = {**_error_parts(uses, old, new), **_wait_parts(played, old, new)}
    shares = _shares(logs, *ends)
    parts = [
        ExplainedChange(*key, old[key], new[key], uses.get((key[0] or "", key[1]), 0), log, shares[key])
        for key, log in logs.items()
    ]
    parts.sort(key=lambda part: (-abs(part.log_change), part.gate or "", part.qargs, part.quantity))
    total = sum(part.log_change for part in parts)
    return Explanation(circuit.name, after.name, ends[0], ends[1], total, tuple(parts))


class _Played:
    """A circuit that is played on states, which have all values that it depends on."""

    def __init__(self, circuit: _native.ScoredCircuit) -> None:
        self._circuit = circuit
        self._operations = circuit.operations
        self.qubits = sorted({qubit for _, qargs in self._operations for qubits in qargs for qubit in qubits})

    def missing(self, target: Target) -> list[Use]:
        """Return the operations of the circuit that a target does not have."""
        return [
            (name, qubits) for name, qargs in self._operations for qubits in qargs if not _has(target, name, qubits)
        ]

    def state(self, target: Target) -> State:
        """Return the values of a target that the circuit depends on."""
        found: State = {_DT: target.dt}
        for name, qargs in self._operations:
            for qubits, (duration, error) in zip(qargs, values_on(target, name, qargs), strict=True):
                found[name, qubits, "duration"], found[name, qubits, "error"] = duration, error
        properties = target.qubit_properties
        for qubit in self.qubits:
            known = properties[qubit] if properties else None
            for quantity in ("t1", "t2"):
                found[None, (qubit,), quantity] = getattr(known, quantity, None)
        return found

    def success(self, state: State) -> float:
        """Return the estimated success probability, as :func:`score` has it."""
        return self._score(state, ("duration", "error"), self.qubits)

    def log_of_waits(self, state: State, qubits: Sequence[int] | None = None) -> float:
        """Return the logarithm of the fidelity of waits, of all qubits or of some."""
        fidelity = self._score(state, ("duration", None), self.qubits if qubits is None else qubits)
        return math.log(max(fidelity, _SMALLEST))

    def _score(self, state: State, quantities: tuple[str | None, str | None], qubits: Sequence[int]) -> float:
        values = [
            [
                tuple(None if quantity is None else state[name, operands, quantity] for quantity in quantities)
                for operands in qargs
            ]
            for name, qargs in self._operations
        ]
        relaxing = set(qubits)
        relaxation = [
            (state[None, (qubit,), "t1"], state[None, (qubit,), "t2"]) if qubit in relaxing else (None, None)
            for qubit in range(self.qubits[-1] + 1 if self.qubits else 0)
        ]
        return self._circuit.score_by_values(values, state[_DT], relaxation)[0]  # type: ignore[arg-type]


def _has(target: Target, name: str, qubits: tuple[int, ...]) -> bool:
    try:
        values_on(target, name, [qubits])
    except LookupError:
        return False
    return True


def _uses(circuit: QuantumCircuit) -> Counter[Use]:
    index = {bit: number for number, bit in enumerate(circuit.qubits)}
    return Counter((instruction.name, tuple(index[bit] for bit in instruction.qubits)) for instruction in circuit.data)


def _error_parts(uses: Mapping[Use, int], old: State, new: State) -> dict[Key, float]:
    parts = {}
    for key in _changed(old, new, "error"):
        count = uses[key[0] or "", key[1]]
        before, after = (_log_of_success(state[key]) for state in (old, new))
        parts[key] = 0.0 if before == after else count * (after - before)
    return parts


def _log_of_success(error: float | None) -> float:
    value = min(max(error or 0.0, 0.0), 1.0)
    return -math.inf if value == 1 else math.log1p(-value)


def _wait_parts(played: _Played, old: State, new: State) -> dict[Key, float]:
    durations, relaxation = _changed(old, new, "duration", "dt"), _changed(old, new, "t1", "t2")
    parts = dict.fromkeys([*durations, *relaxation], 0.0)
    slow, short = {key: new[key] for key in durations}, {key: new[key] for key in relaxation}
    # Durations change first or last, and so do relaxation times.
    for base in (old, old | short):
        for order in (durations, durations[::-1]):
            for key, change in _in_turn(played.log_of_waits, base, new, order):
                parts[key] += change / 4
    for base in (old, old | slow):
        for qubit in sorted({key[1][0] for key in relaxation}):
            keys = [key for key in relaxation if key[1] == (qubit,)]
            for order in (keys, keys[::-1]):
                for key, change in _in_turn(partial(played.log_of_waits, qubits=[qubit]), base, new, order):
                    parts[key] += change / 4
    return parts


def _in_turn(
    log: Callable[[State], float], base: State, new: State, order: Sequence[Key]
) -> Iterator[tuple[Key, float]]:
    """Return what each of some values changes when they change one after the other."""
    state = dict(base)
    before = log(state) if order else 0.0
    for key in order:
        state[key] = new[key]
        after = log(state)
        yield key, after - before
        before = after


def _changed(old: State, new: State, *quantities: str) -> list[Key]:
    return [key for key in old if key[2] in quantities and old[key] != new[key]]


def _shares(logs: Mapping[Key, float], before: float, after: float) -> dict[Key, float]:
    """Return the parts in the difference by the parts in the logarithm."""
    total = sum(logs.values())
    if math.isfinite(total):
        mean = before * (math.expm1(total) / total if total else 1.0)
        return {key: log * mean for key, log in logs.items()}
    infinite = [key for key, log in logs.items() if math.isinf(log)]
    share = (after - before) / len(infinite)
    return {key: share if math.isinf(log) else 0.0 for key, log in logs.items()}
