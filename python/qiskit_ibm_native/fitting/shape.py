# SPDX-License-Identifier: Apache-2.0
"""The shape of a circuit: what can be counted without a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction


@dataclass(frozen=True)
class CircuitShape:
    """Counts of a circuit. Barriers do not count; in control flow, one instruction is one whatever it contains.

    Attributes:
        qubits: Number of qubits that instructions use.
        size: Number of instructions, measurements and delays included.
        depth: Depth in all of them.
        two_qubit_count: Number of instructions on two qubits or more.
        two_qubit_depth: Depth in these.
        operations: Number of instructions by name of the operation, the most frequent one first.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native.fitting import shape_of
        >>> circuit = QuantumCircuit(2, name="pair")
        >>> _ = circuit.h(0), circuit.cx(0, 1)
        >>> circuit.measure_all()
        >>> shape = shape_of(circuit)
        >>> shape.depth, shape.two_qubit_count
        (3, 1)
    """

    qubits: int
    size: int
    depth: int
    two_qubit_count: int
    two_qubit_depth: int
    operations: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        return {**asdict(self), "operations": dict(self.operations)}


def shape_of(circuit: QuantumCircuit) -> CircuitShape:
    """Return the shape of a circuit.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native.fitting import shape_of
        >>> shape_of(QuantumCircuit(2)).depth
        0
    """
    return CircuitShape(
        qubits=len({bit for instruction in circuit.data if _counts(instruction) for bit in instruction.qubits}),
        size=circuit.size(),
        depth=circuit.depth(),
        two_qubit_count=circuit.size(_entangles),
        two_qubit_depth=circuit.depth(_entangles),
        operations={
            name: number
            for name, number in sorted(circuit.count_ops().items(), key=lambda pair: (-pair[1], pair[0]))
            if name != "barrier"
        },
    )


def _counts(instruction: CircuitInstruction) -> bool:
    return not instruction.is_directive()


def _entangles(instruction: CircuitInstruction) -> bool:
    return len(instruction.qubits) > 1 and _counts(instruction)
