# SPDX-License-Identifier: Apache-2.0
"""Circuits as steps on numbered bits, and their connected components."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Clbit
from qiskit.circuit.controlflow import condition_resources, node_resources

from ..errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qiskit.circuit import CircuitInstruction


class Step(NamedTuple):
    """An instruction of a circuit.

    Attributes:
        name: The instruction's name; ``measure`` and ``reset`` for ``measure_2``, ``reset_2`` ...
        qubits: Indices of qubits in the circuit.
        clbits: Indices of classical bits in the circuit; of control flow, first those of its blocks.
        params: The instruction's parameters; of a delay, its length in ``dt``.
        instruction: The instruction itself.
    """

    name: str
    qubits: tuple[int, ...]
    clbits: tuple[int, ...]
    params: tuple[Any, ...]
    instruction: CircuitInstruction


@dataclass(frozen=True)
class ConnectedComponent:
    """A part of a circuit that no gate and no classical bit connects with the rest.

    Attributes:
        steps: Its instructions, without barriers.
        qubits: The indices of its qubits in the whole circuit, sorted.
        clbits: The indices of its classical bits in the whole circuit, sorted.
        source: The whole circuit.
    """

    steps: tuple[Step, ...]
    qubits: tuple[int, ...]
    clbits: tuple[int, ...]
    source: QuantumCircuit

    def to_circuit(self) -> QuantumCircuit:
        """Return the component as a circuit with all bits of the whole one."""
        circuit = self.source.copy_empty_like()
        for step in self.steps:
            circuit.append(step.instruction)
        return circuit

    def measured_at_the_end(self) -> dict[int, int] | None:
        """Return the qubit of each classical bit; ``None`` if anything happens to a qubit after it is measured."""
        measured: dict[int, int] = {}
        done: set[int] = set()
        for step in self.steps:
            if not done.isdisjoint(step.qubits) or step.name == "store" or step.instruction.is_control_flow():
                return None
            if step.name == "measure":
                measured[step.clbits[0]] = step.qubits[0]
                done.add(step.qubits[0])
        return measured


def connected_components(circuit: QuantumCircuit) -> list[ConnectedComponent]:
    """Return the connected components of a circuit that have classical bits, ordered by their first qubits.

    Raises:
        BadInputError: A delay is not a whole number of ``dt``. QPY does not keep other units.
    """
    steps = read_steps(circuit)
    # Variables may be used anywhere, and so may anything be that a loop or a variable decides on.
    if circuit.num_vars or any(step.name in ("store", "while_loop", "for_loop", "box") for step in steps):
        used = tuple(sorted({qubit for step in steps for qubit in step.qubits}))
        return [ConnectedComponent(tuple(steps), used, tuple(range(circuit.num_clbits)), circuit)]
    num_qubits = circuit.num_qubits
    parent = list(range(num_qubits + circuit.num_clbits))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for step in steps:
        nodes = [*step.qubits, *(num_qubits + clbit for clbit in step.clbits)]
        for node in nodes[1:]:
            parent[root(node)] = root(nodes[0])
    groups: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        groups[root(step.qubits[0] if step.qubits else num_qubits + step.clbits[0])].append(step)
    components = []
    for group in groups.values():
        clbits = tuple(sorted({clbit for step in group for clbit in step.clbits}))
        if clbits:
            qubits = tuple(sorted({qubit for step in group for qubit in step.qubits}))
            components.append(ConnectedComponent(tuple(group), qubits, clbits, circuit))
    return sorted(components, key=lambda component: component.qubits)


def read_steps(circuit: QuantumCircuit, qubits: Sequence[int] = (), clbits: Sequence[int] = ()) -> list[Step]:
    """Return the instructions of a circuit, without barriers.

    Args:
        circuit: The circuit, or a block of one.
        qubits: Indices of a block's qubits in the whole circuit.
        clbits: Indices of a block's classical bits in the whole circuit.

    Raises:
        BadInputError: A delay is not a whole number of ``dt``.
    """
    qubit_index = dict(zip(circuit.qubits, qubits or range(circuit.num_qubits), strict=True))
    clbit_index = dict(zip(circuit.clbits, clbits or range(circuit.num_clbits), strict=True))
    return list(_steps(circuit, qubit_index, clbit_index))


def _steps(circuit: QuantumCircuit, qubit_index: dict[Any, int], clbit_index: dict[Any, int]) -> Iterator[Step]:
    for instruction in circuit.data:
        name = instruction.name
        if name == "barrier":
            continue
        params: tuple[Any, ...] = ()
        on = tuple([qubit_index[qubit] for qubit in instruction.qubits])
        into = tuple([clbit_index[clbit] for clbit in instruction.clbits])
        if name.startswith("measure"):
            name = "measure"
        elif name.startswith("reset"):
            name = "reset"
        elif name == "delay":
            params = (delay_length(instruction.params[0]),)
        elif instruction.is_control_flow():
            decided_by = [clbit_index[clbit] for clbit in _decided_by(instruction.operation)]
            into = tuple(dict.fromkeys((*into, *decided_by)))
        else:
            params = tuple(instruction.params)
        if on or into:
            yield Step(name, on, into, params, instruction)


def steps_of_block(step: Step, block: QuantumCircuit) -> list[Step]:
    """Return the instructions of a block of a control flow operation, on bits of the whole circuit."""
    return read_steps(block, step.qubits, step.clbits[: block.num_clbits])


def _decided_by(operation: Any) -> list[Any]:
    """Return the classical bits that a control flow operation looks at."""
    condition = getattr(operation, "condition", None)
    if condition is not None:
        return list(condition_resources(condition).clbits)
    target = getattr(operation, "target", None)
    if target is None:
        return []
    if isinstance(target, Clbit):
        return [target]
    # A register has no __iter__, and is a sequence nevertheless.
    return list(target) if isinstance(target, ClassicalRegister) else list(node_resources(target).clbits)


def delay_length(duration: object) -> int:
    """Return the length of a delay in ``dt``.

    Raises:
        BadInputError: It is not a whole number.
    """
    try:
        length = float(duration)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        length = math.nan
    if not 0 <= length < math.inf or length != int(length):
        raise BadInputError(f"a delay is {duration}; it must be a whole number of dt, because QPY keeps no other units")
    return int(length)
