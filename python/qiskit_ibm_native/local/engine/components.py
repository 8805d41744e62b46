# SPDX-License-Identifier: Apache-2.0
"""Connected components of circuits, and circuits rewritten for simulators."""

from __future__ import annotations

import math
from dataclasses import dataclass

import rustworkx
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Delay, Measure, Reset
from qiskit.circuit.library import RZGate, SdgGate, SGate, ZGate

from ..errors import BadInputError

#: Instructions that Aer's stabilizer method runs.
_CLIFFORD = frozenset({
    "barrier", "cx", "cy", "cz", "delay", "ecr", "h", "id", "measure", "reset", "s", "sdg", "sx", "sxdg", "swap",
    "x", "y", "z",
})  # fmt: skip


#: Quarter turns by which an angle of a Clifford gate may be off: rounding of transpilers is below 1e-14 for each gate.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class ConnectedComponent:
    """A part of a circuit that no gate and no classical bit connects with the rest.

    Attributes:
        circuit: The instructions of the component, on the qubits of the whole circuit.
        qubits: The indices of qubits that are used.
        clbits: The indices of the component's classical bits in the whole circuit.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    clbits: tuple[int, ...]


def connected_components(circuit: QuantumCircuit) -> list[ConnectedComponent]:
    """Return the connected components of a circuit, ordered by their first qubits.

    ``DAGCircuit.separable_circuits`` does the same but for classical bits, which do not connect there.
    """
    # Conditions may be on registers, and variables on anything; components have neither.
    if circuit.num_vars or any(isinstance(instruction.operation, ControlFlowOp) for instruction in circuit.data):
        return [_whole(circuit)]
    num_qubits = circuit.num_qubits
    nodes = _nodes_of(circuit)
    graph = rustworkx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(num_qubits + circuit.num_clbits))
    graph.add_edges_from_no_data([(group[0], node) for group in nodes for node in group[1:]])
    used = {node for group in nodes for node in group}
    groups = sorted(sorted(group) for group in rustworkx.connected_components(graph) if not used.isdisjoint(group))
    components = [
        ConnectedComponent(
            QuantumCircuit(circuit.qubits, [circuit.clbits[node - num_qubits] for node in group if node >= num_qubits]),
            tuple(node for node in group if node < num_qubits),
            tuple(node - num_qubits for node in group if node >= num_qubits),
        )
        for group in groups
    ]
    owners = {node: component for component, group in zip(components, groups, strict=True) for node in group}
    for instruction, group in zip(circuit.data, nodes, strict=True):
        if group:
            owners[group[0]].circuit.append(instruction)
    return components


def _nodes_of(circuit: QuantumCircuit) -> list[list[int]]:
    """Return the nodes that each instruction connects: indices of qubits, then of classical bits behind them."""
    nodes = {bit: index for index, bit in enumerate((*circuit.qubits, *circuit.clbits))}
    return [
        [nodes[bit] for bit in (*(() if instruction.name == "barrier" else instruction.qubits), *instruction.clbits)]
        for instruction in circuit.data
    ]


def _whole(circuit: QuantumCircuit) -> ConnectedComponent:
    indices = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    used = {indices[qubit] for step in circuit.data if step.name != "barrier" for qubit in step.qubits}
    return ConnectedComponent(circuit, tuple(sorted(used)), tuple(range(circuit.num_clbits)))


def to_aer_instructions(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with Aer's ``measure`` and ``reset`` for ``measure_2``, ``reset_2`` ..., and delays in ``dt``.

    Raises:
        BadInputError: A delay is not a whole number of ``dt``. QPY does not keep other units.
    """
    names = set(circuit.count_ops())
    others = {name for name in names if name.startswith(("measure_", "reset_")) or name == "delay"}
    if not others and not circuit.has_control_flow_op():
        return circuit
    rewritten = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction
        if instruction.name == "delay":
            operation = instruction.replace(operation=_delay(instruction.params[0]))
        elif instruction.name in others:
            operation = instruction.replace(operation=Measure() if instruction.name.startswith("measure") else Reset())
        elif instruction.is_control_flow():
            blocks = [to_aer_instructions(block) for block in instruction.operation.blocks]
            operation = instruction.replace(operation=instruction.operation.replace_blocks(blocks))
        rewritten.append(operation)
    return rewritten


def _delay(duration: object) -> Delay:
    try:
        length = float(duration)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        length = math.nan
    if not length >= 0 or length != int(length):
        raise BadInputError(f"a delay is {duration}; it must be a whole number of dt, because QPY keeps no other units")
    return Delay(int(length), "dt")


def measured_at_the_end(circuit: QuantumCircuit) -> dict[int, int] | None:
    """Return the qubit of each classical bit by index; ``None`` if anything happens to a qubit after it is measured."""
    qubit_index = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    clbit_index = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    measured: dict[int, int] = {}
    done: set[int] = set()
    for instruction in circuit.data:
        if instruction.name == "barrier":
            continue
        qubits = {qubit_index[qubit] for qubit in instruction.qubits}
        if instruction.is_control_flow() or qubits & done or instruction.name == "store":
            return None
        if instruction.name.startswith("measure"):
            measured[clbit_index[instruction.clbits[0]]] = qubit_index[instruction.qubits[0]]
            done |= qubits
    return measured


def as_clifford(circuit: QuantumCircuit) -> QuantumCircuit | None:
    """Return the circuit with Clifford gates in place of its ``rz``; ``None`` if a gate is not Clifford."""
    if not set(circuit.count_ops()) <= _CLIFFORD | {"rz"}:
        return None
    quarters = {1: SGate(), 2: ZGate(), 3: SdgGate()}
    clifford = circuit.copy_empty_like()
    for instruction in circuit.data:
        if not isinstance(instruction.operation, RZGate):
            clifford.append(instruction)
            continue
        turns = float(instruction.params[0]) / (math.pi / 2)
        if abs(turns - round(turns)) > _ROUNDING:
            return None
        if round(turns) % 4:
            clifford.append(quarters[round(turns) % 4], instruction.qubits)
    return clifford
