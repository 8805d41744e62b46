# SPDX-License-Identifier: Apache-2.0
"""Circuits as layers of two-qubit Clifford gates, and what lies between these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .paulis import conjugated_by

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction


@dataclass(frozen=True)
class LayerGate:
    """A two-qubit Clifford gate.

    Attributes:
        instruction: The gate in its circuit.
        qubits: The indices of its qubits.
        images: Paulis behind the gate that cancel Paulis in front of it, see :func:`.conjugated_by`.
    """

    instruction: CircuitInstruction
    qubits: tuple[int, int]
    images: tuple[int, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """The gate and its qubits, which two gates have in common whose noise is the same."""
        return self.instruction.name, tuple(self.instruction.params), self.qubits


@dataclass(frozen=True)
class Layer:
    """Gates on different qubits, and the instructions between them and the next layer.

    Attributes:
        gates: The gates.
        after: The other instructions.
        qubits: Qubits that are twirled with this layer.
    """

    gates: tuple[LayerGate, ...]
    after: tuple[CircuitInstruction, ...]
    qubits: tuple[int, ...]

    @property
    def key(self) -> frozenset[tuple[Any, ...]]:
        """The gates and their qubits, which layers have in common whose noise is the same."""
        return frozenset(gate.key for gate in self.gates)


@dataclass(frozen=True)
class LayeredCircuit:
    """A circuit by layers.

    Attributes:
        circuit: The circuit.
        before: Instructions in front of the first layer.
        layers: The layers.
    """

    circuit: QuantumCircuit
    before: tuple[CircuitInstruction, ...]
    layers: tuple[Layer, ...]


def in_layers(circuit: QuantumCircuit, strategy: str = "active-accum") -> LayeredCircuit:
    """Return the layers of a circuit without free parameters.

    A gate is in the first layer behind those of earlier gates on its qubits; barriers are obeyed. Gates within control
    flow are in no layer.

    Args:
        circuit: The circuit.
        strategy: Which qubits are twirled with a layer: those of its gates (``active``), of all instructions up to it
            (``active-accum``), of all instructions (``active-circuit``), or all of the circuit (``all``).
    """
    indices = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    every_bit = [*circuit.qubits, *circuit.clbits]
    levels: dict[Any, int] = dict.fromkeys(every_bit, 0)
    gates: list[list[LayerGate]] = [[]]
    others: list[list[CircuitInstruction]] = [[]]
    used: list[set[int]] = [set()]
    for step in circuit.data:
        is_classical = step.is_control_flow() or step.name == "store"
        bits = every_bit if is_classical else [*step.qubits, *step.clbits]
        level = max((levels[bit] for bit in bits), default=0)
        images = None if is_classical or len(step.qubits) != 2 else conjugated_by(step.operation)
        if images is not None:
            level += 1
            if level == len(gates):
                gates.append([])
                others.append([])
                used.append(set())
            first, second = (indices[qubit] for qubit in step.qubits)
            gates[level].append(LayerGate(step, (first, second), images))
        else:
            others[level].append(step)
        for bit in bits:
            levels[bit] = level
        if step.name not in ("barrier", "delay"):
            used[level].update(indices[qubit] for qubit in step.qubits)
    layers = []
    known = set(used[0])
    everything = set().union(*used)
    for number in range(1, len(gates)):
        known |= used[number]
        active = {qubit for gate in gates[number] for qubit in gate.qubits}
        twirled = {
            "active": active, "active-accum": known, "active-circuit": everything, "all": set(indices.values()),
        }[strategy]  # fmt: skip
        layers.append(Layer(tuple(gates[number]), tuple(others[number]), tuple(sorted(twirled))))
    return LayeredCircuit(circuit, tuple(others[0]), tuple(layers))
