# SPDX-License-Identifier: Apache-2.0
"""Stretches of circuits: delays whose lengths follow from what other qubits do at the same time.

Qubits meet at barriers, at gates of several qubits, and at the end. Where they meet, a stretch gets the longest value
in ``dt`` with which its qubit does not come later than the slowest one without it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import Delay
from qiskit.circuit.classical import expr

from ...errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qiskit.circuit import CircuitInstruction
    from qiskit.transpiler import Target

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass
class _Length:
    """A length in ``dt``: a number, and multiples of stretches."""

    number: float
    multiples: dict[str, float] = field(default_factory=dict)

    def plus(self, other: _Length, factor: float = 1.0) -> _Length:
        names = self.multiples.keys() | other.multiples.keys()
        multiples = {name: self.multiples.get(name, 0.0) + factor * other.multiples.get(name, 0.0) for name in names}
        return _Length(self.number + factor * other.number, multiples)

    def with_values(self, values: dict[str, int]) -> _Length:
        known = sum(factor * values[name] for name, factor in self.multiples.items() if name in values)
        rest = {name: factor for name, factor in self.multiples.items() if name not in values and factor}
        return _Length(self.number + known, rest)


def resolve_stretches(circuit: QuantumCircuit, target: Target) -> tuple[QuantumCircuit, list[dict[str, Any]]]:
    """Return the circuit with numbers for its stretches, and a description of each.

    Raises:
        BadInputError: A delay has more than sums and multiples of stretches, a qubit has two stretches between two
            meetings, or the circuit has control flow.
    """
    if not circuit.num_stretches:
        return circuit, []
    if circuit.has_control_flow_op():
        raise BadInputError("a circuit has stretches and control flow; this service resolves no such stretches")
    reader = _Reader(circuit, target)
    values, remainders = reader.values()
    resolved = circuit.copy_empty_like(vars_mode="drop")
    times = [0.0] * circuit.num_qubits
    expanded: dict[str, list[tuple[int, int]]] = {name: [] for name in values}
    for step in circuit.data:
        qubits = reader.qubits(step)
        begin = max((times[qubit] for qubit in qubits), default=0.0)
        length = reader.length(step)
        duration = length.with_values(values).number
        if length.multiples:
            resolved.append(Delay(math.floor(duration), "dt"), step.qubits)
            for name in length.multiples:
                expanded[name].append((int(begin), math.floor(duration)))
        else:
            resolved.append(step)
        for qubit in qubits:
            times[qubit] = begin + duration
    return resolved, [
        {"name": name, "value": value, "remainder": remainders[name], "expanded_values": expanded[name]}
        for name, value in values.items()
    ]


class _Reader:
    """Reads a circuit with stretches."""

    def __init__(self, circuit: QuantumCircuit, target: Target) -> None:
        self._circuit = circuit
        self._target = target
        self._dt = target.dt or 1.0

    def qubits(self, step: CircuitInstruction) -> list[int]:
        return [self._circuit.find_bit(qubit).index for qubit in step.qubits]

    def length(self, step: CircuitInstruction) -> _Length:
        if step.name == "barrier":
            return _Length(0.0)
        if step.name == "delay":
            duration, unit = step.operation.duration, step.operation.unit
            if unit == "expr":
                return self._evaluated(duration)
            return _Length(float(duration) if unit == "dt" else float(duration) * _SECONDS[unit] / self._dt)
        known = self._target[step.name] if step.name in self._target.operation_names else {}
        properties = known.get(tuple(self.qubits(step)))
        return _Length(0.0 if properties is None else round((properties.duration or 0.0) / self._dt))

    def _evaluated(self, node: Any) -> _Length:
        if isinstance(node, expr.Stretch):
            return _Length(0.0, {node.name: 1.0})
        if isinstance(node, expr.Value):
            value = node.value
            if isinstance(value, int | float):
                return _Length(float(value))
            unit = value.unit()
            return _Length(float(value.value()) if unit == "dt" else float(value.value()) * _SECONDS[unit] / self._dt)
        if isinstance(node, expr.Binary):
            left, right = self._evaluated(node.left), self._evaluated(node.right)
            if node.op in (expr.Binary.Op.ADD, expr.Binary.Op.SUB):
                return left.plus(right, 1.0 if node.op is expr.Binary.Op.ADD else -1.0)
            if node.op is expr.Binary.Op.MUL:
                scalar, other = (right, left) if left.multiples else (left, right)
                if not scalar.multiples:
                    return _Length(0.0).plus(other, scalar.number)
            if node.op is expr.Binary.Op.DIV and not right.multiples and right.number:
                return _Length(0.0).plus(left, 1 / right.number)
        raise BadInputError("a delay is more than a sum of multiples of stretches and durations; simplify it")

    def values(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the value of each stretch, and what is left over."""
        values: dict[str, int] = {}
        remainders: dict[str, int] = {}
        ends = [_Length(0.0) for _ in range(self._circuit.num_qubits)]
        used: set[int] = set()
        for step in self._circuit.data:
            qubits = self.qubits(step)
            used.update(qubits)
            if len(qubits) > 1:
                self._meet(qubits, ends, values, remainders)
            for qubit in qubits:
                ends[qubit] = ends[qubit].plus(self.length(step))
        self._meet(used, ends, values, remainders)
        for stretch in self._circuit.iter_stretches():
            values.setdefault(stretch.name, 0)
            remainders.setdefault(stretch.name, 0)
        return values, remainders

    def _meet(
        self, qubits: Iterable[int], ends: list[_Length], values: dict[str, int], remainders: dict[str, int]
    ) -> None:
        """Let qubits meet, and give stretches in front of that their values."""
        known = {qubit: ends[qubit].with_values(values) for qubit in qubits}
        last = max((length.number for length in known.values()), default=0.0)
        found: dict[str, tuple[int, int]] = {}
        for length in known.values():
            if len(length.multiples) > 1:
                raise BadInputError(
                    f"a qubit has the stretches {sorted(length.multiples)} between two meetings; use one, or a barrier"
                )
            for name, factor in length.multiples.items():
                if factor <= 0:
                    raise BadInputError(f"a delay is shorter with a longer stretch {name!r}; use positive multiples")
                gap = last - length.number
                value = math.floor(gap / factor + 1e-9)
                candidate = (value, round(gap - value * factor))
                found[name] = min(found.get(name, candidate), candidate)
        for name, (value, remainder) in found.items():
            values[name], remainders[name] = value, remainder
        last = max([last, *(length.with_values(values).number for length in known.values())])
        for qubit in known:
            ends[qubit] = _Length(last)
