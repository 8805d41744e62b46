# SPDX-License-Identifier: Apache-2.0
"""Circuits that a device takes: their gates are those of the device, on qubits that it couples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import BadInputError
from .components import read_steps, steps_of_block

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

#: Instructions without a gate, which every qubit takes. Variants such as ``measure_2`` are read as these.
_EVERYWHERE = frozenset({"measure", "reset", "delay", "id", "store", "break_loop", "continue_loop"})


def check_gates(circuit: QuantumCircuit, number: int, target: Target, name: str) -> None:
    """Refuse a circuit with a gate that the device does not have, or not on these qubits, as the platform does.

    Args:
        circuit: The circuit, on the device's qubits.
        number: The index of the circuit, for errors.
        target: The instructions of the device, with those that do not work.
        name: The name of the device.

    Raises:
        BadInputError: There is such a gate; the text has its qubits.
    """
    steps = read_steps(circuit)
    while steps:
        step = steps.pop()
        if step.instruction.is_control_flow():
            for block in step.instruction.operation.blocks:
                steps += steps_of_block(step, block)
            continue
        if step.name in _EVERYWHERE:
            continue
        if step.name not in target.operation_names:
            raise BadInputError(
                f"circuit {number} has {step.name} on qubits {list(step.qubits)}, which {name} has not; transpile it for"
                " the device"
            )
        if step.qubits not in (target[step.name] or {step.qubits: None}):
            raise BadInputError(
                f"circuit {number} has {step.name} on qubits {list(step.qubits)}, where {name} has none; transpile it for"
                " the device"
            )
