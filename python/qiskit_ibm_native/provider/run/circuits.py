# SPDX-License-Identifier: Apache-2.0
"""Circuits as they are sent: delays for ``id``, delays in ``dt``, and operations in front of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import Clbit, ControlFlowOp, Delay
from qiskit.utils import apply_prefix

from ..._warning import warn
from ...exceptions import IBMBackendValueError
from ...transpiler.id_to_delay import contains_id, without_id
from . import validation

if TYPE_CHECKING:
    from qiskit.circuit import CircuitInstruction

    from ..device import Device


def delays_for_id(backend: Device, circuits: Sequence[QuantumCircuit]) -> list[QuantumCircuit]:
    """Return circuits with a delay for each ``id``, and warn of that once for a backend.

    Args:
        backend: The device.
        circuits: Circuits; those without ``id`` are returned as they are.
    """
    supported = getattr(backend.configuration(), "supported_instructions", ())
    if "delay" not in supported or not any(contains_id(circuit) for circuit in circuits):
        return list(circuits)
    durations = backend.instruction_durations
    if not any(name == "sx" for name, _ in durations.duration_by_name_qubits):
        return list(circuits)
    if not backend.id_warning_issued:
        how = "deprecated" if "id" in backend.configuration().basis_gates else "removed"
        warn(
            f"Support for the 'id' instruction has been {how} from IBM hardware backends. Each 'id' is replaced by a"
            " 'delay' of the same duration; use 'delay' instead.",
            DeprecationWarning,
        )
        backend.id_warning_issued = True
    return without_id(circuits, durations)


def with_prefixes(
    circuits: Sequence[QuantumCircuit], inputs: Mapping[str, Any], backend: Device
) -> list[QuantumCircuit]:
    """Return circuits with ``init_circuit`` or resets in front of them; circuits without are the same objects.

    Raises:
        IBMBackendValueError: The device or the circuits do not take these options.
    """
    circuits = [_with_delays_in_dt(circuit, backend.dt) for circuit in circuits]
    init_circuit, resets = inputs.get("init_circuit"), inputs.get("init_num_resets")
    if init_circuit is not None:
        if not isinstance(init_circuit, QuantumCircuit):
            raise IBMBackendValueError(f"init_circuit must be a circuit, not a {type(init_circuit).__name__}.")
        validation.check_free_parameters([init_circuit])
        backend.check_faulty(init_circuit)
        return [_prepend(circuit, init_circuit) for circuit in circuits]
    if not resets:
        return list(circuits)
    if not isinstance(resets, int) or isinstance(resets, bool) or resets < 0:
        raise IBMBackendValueError(f"init_num_resets is {resets!r}; it must be a number from 0.")
    if "reset" not in getattr(backend.configuration(), "supported_instructions", ["reset"]):
        raise IBMBackendValueError(f"init_num_resets: {backend.name} has no reset.")
    return [_prepend(circuit, _resets(circuit, resets)) for circuit in circuits]


def _with_delays_in_dt(circuit: QuantumCircuit, dt: float | None) -> QuantumCircuit:
    """Return a circuit with its delays in ``dt``, rounded: QPY does not keep other units."""
    if not dt or not any(_has_another_unit(instruction) for instruction in circuit.data):
        return circuit
    other = circuit.copy_empty_like()
    other.metadata = circuit.metadata
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            operation = operation.replace_blocks([_with_delays_in_dt(block, dt) for block in operation.blocks])
        elif isinstance(operation, Delay) and operation.unit not in ("dt", "expr"):
            seconds = float(operation.duration) * (1.0 if operation.unit == "s" else apply_prefix(1.0, operation.unit))
            operation = Delay(round(seconds / dt), "dt")
        other.append(instruction.replace(operation=operation))
    return other


def _has_another_unit(instruction: CircuitInstruction) -> bool:
    if instruction.name == "delay":
        return instruction.operation.unit not in ("dt", "expr")
    if instruction.is_control_flow():
        return any(_has_another_unit(inner) for block in instruction.operation.blocks for inner in block.data)
    return False


def _resets(circuit: QuantumCircuit, number: int) -> QuantumCircuit:
    front = QuantumCircuit(circuit.num_qubits)
    index_of = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    used = sorted({index_of[qubit] for instruction in circuit.data for qubit in instruction.qubits})
    for _ in range(number):
        if used:
            front.reset(used)
    return front


def _prepend(circuit: QuantumCircuit, front: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit with another one in front, whose measured bits are left out of the result."""
    if front.num_qubits > circuit.num_qubits:
        raise IBMBackendValueError(
            f"init_circuit has {front.num_qubits} qubits, and circuit {circuit.name} only {circuit.num_qubits}."
        )
    # The bits come after those of the circuit, so that its words stay the same.
    bits = [Clbit() for _ in front.clbits]
    both = QuantumCircuit(circuit.qubits, *circuit.qregs, circuit.clbits, bits, *circuit.cregs, name=circuit.name)
    both.metadata = circuit.metadata
    both.compose(front, both.qubits[: front.num_qubits], bits, inplace=True)
    both.compose(circuit, circuit.qubits, circuit.clbits, inplace=True)
    return both
