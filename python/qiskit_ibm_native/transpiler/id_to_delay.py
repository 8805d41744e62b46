# SPDX-License-Identifier: Apache-2.0
"""The pass that replaces ``id`` by a delay of the same duration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Delay
from qiskit.converters import circuit_to_dag, dag_to_circuit
from qiskit.dagcircuit import DAGCircuit
from qiskit.transpiler import InstructionDurations, TransformationPass, TranspilerError


class ConvertIdToDelay(TransformationPass):  # type: ignore[misc]
    """Replace every ``id`` by a delay that takes as long as a gate does on the same qubit, also in control flow.

    Args:
        durations: Durations of instructions, by name and physical qubits.
        gate: The gate whose duration counts.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Snapshot, build_instruction_durations
        >>> from qiskit_ibm_native.transpiler import ConvertIdToDelay
        >>> circuit = QuantumCircuit(5)
        >>> _ = circuit.id(0)
        >>> delayed = ConvertIdToDelay(build_instruction_durations(Snapshot.load("lima")))(circuit)
        >>> delayed.data[0].operation
        Delay(duration=160[unit=dt])
    """

    def __init__(self, durations: InstructionDurations, gate: str = "sx") -> None:
        """Create the pass."""
        super().__init__()
        self.durations = durations
        self.gate = gate

    def run(self, dag: DAGCircuit) -> DAGCircuit:
        """Return the circuit, in which physical qubits are numbered in order, without ``id``.

        Raises:
            TranspilerError: The duration of the gate on a qubit is not known.
        """
        return self._without_id(dag, range(dag.num_qubits()))

    def _without_id(self, dag: DAGCircuit, physical: Sequence[int]) -> DAGCircuit:
        physical_of = {qubit: physical[index] for index, qubit in enumerate(dag.qubits)}
        for node in dag.op_nodes():
            if node.name == "id":
                duration, unit = self._duration(physical_of[node.qargs[0]])
                dag.substitute_node(node, Delay(duration, unit), inplace=True)
            elif isinstance(node.op, ControlFlowOp) and any(contains_id(block) for block in node.op.blocks):
                # Qubits of a body are numbered anew, in the order of the instruction's qargs.
                inner = [physical_of[qubit] for qubit in node.qargs]
                blocks = [dag_to_circuit(self._without_id(circuit_to_dag(block), inner)) for block in node.op.blocks]
                dag.substitute_node(node, node.op.replace_blocks(blocks), inplace=True)
        return dag

    def _duration(self, qubit: int) -> tuple[float, str]:
        for unit in ("dt", "s"):
            try:
                return self.durations.get(self.gate, [qubit], unit=unit), unit
            except TranspilerError:
                if unit == "s":
                    raise
        raise AssertionError("the last unit returns or raises")


def contains_id(circuit: QuantumCircuit) -> bool:
    """Return whether there is an ``id`` in a circuit or in the control flow within."""
    if "id" in circuit.count_ops():
        return True
    if not circuit.has_control_flow_op():
        return False
    return any(
        contains_id(block)
        for instruction in circuit.data
        if isinstance(instruction.operation, ControlFlowOp)
        for block in instruction.operation.blocks
    )


def without_id(circuits: Iterable[QuantumCircuit], durations: InstructionDurations) -> list[QuantumCircuit]:
    """Return circuits with a delay for each ``id``; those without ``id`` are the same objects."""
    convert = ConvertIdToDelay(durations)
    return [
        dag_to_circuit(convert.run(circuit_to_dag(circuit))) if contains_id(circuit) else circuit
        for circuit in circuits
    ]
