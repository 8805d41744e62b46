# SPDX-License-Identifier: Apache-2.0
"""Circuits that a device takes: their gates are those of the device, on qubits that it couples, and they work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import BadInputError
from .components import Step, read_steps, steps_of_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from .noise import DeviceNoise

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
    for step in _with_blocks(read_steps(circuit)):
        if step.name in _EVERYWHERE:
            continue
        if step.name not in target.operation_names:
            raise BadInputError(
                f"circuit {number} has {step.name} on qubits {list(step.qubits)}, which {name} does not have;"
                " transpile it for the device"
            )
        if step.qubits not in (target[step.name] or {step.qubits: None}):
            raise BadInputError(
                f"circuit {number} has {step.name} on qubits {list(step.qubits)}, where {name} has none; transpile it for"
                " the device"
            )


def check_works(steps: Iterable[Step], circuit: str, device: DeviceNoise) -> None:
    """Refuse a circuit that uses qubits or gates that are not operational, as clients do.

    Args:
        steps: The instructions of the circuit.
        circuit: What errors call the circuit.
        device: The noise of the device, which knows what does not work.

    Raises:
        BadInputError: There is such a qubit or gate; the text names it.
    """
    if not device.faulty_qubits and not device.faulty_gates:
        return
    for step in _with_blocks(steps):
        faulty = device.faulty_qubits.intersection(step.qubits)
        if faulty:
            raise BadInputError(f"{circuit} uses qubit {min(faulty)}, which is not operational; use another one")
        if (step.name, step.qubits) in device.faulty_gates:
            raise BadInputError(
                f"{circuit} uses {step.name} on qubits {list(step.qubits)}, which is not operational there; "
                "transpile it for the device as it is now"
            )


def _with_blocks(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield instructions, and those of blocks of control flow in place of that."""
    waiting = list(steps)
    while waiting:
        step = waiting.pop()
        if step.instruction.is_control_flow():
            for block in step.instruction.operation.blocks:
                waiting += steps_of_block(step, block)
        else:
            yield step
