# SPDX-License-Identifier: Apache-2.0
"""Simulations by Qiskit Aer: circuits rewritten for it, the noise of a device as it takes that, and its shots."""

from __future__ import annotations

import functools
import math
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit.circuit import CASE_DEFAULT, Delay, IfElseOp, Measure, Reset
from qiskit.circuit.classical import expr
from qiskit.circuit.library import RZGate, SdgGate, SGate, ZGate
from qiskit.transpiler import Target
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, QuantumError, ReadoutError, pauli_error, thermal_relaxation_error
from qiskit_aer.noise.device import basic_device_gate_errors

from ..errors import BadInputError
from . import noise, transfer
from .components import ConnectedComponent, delay_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...snapshot import Snapshot

#: Instructions that Aer's stabilizer method runs.
_CLIFFORD = frozenset({
    "cx", "cy", "cz", "delay", "ecr", "h", "id", "measure", "reset", "s", "sdg", "sx", "sxdg", "swap", "x", "y", "z",
})  # fmt: skip
#: Quarter turns by which an angle of a Clifford gate may be off: rounding of transpilers is below 1e-14 for each gate.
ROUNDING = 1e-9


def run(circuits: list[QuantumCircuit], shots: int, seed: int | None, options: dict[str, Any]) -> list[Any]:
    """Return the bits of circuits, arrays of shape ``(shots, num_clbits)``.

    Raises:
        BadInputError: Aer does not run a circuit.
    """
    try:
        job = AerSimulator().run(circuits, shots=shots, memory=True, seed_simulator=seed, **options)
        result = _checked(job.result())
    except BadInputError:
        raise
    except Exception as error:
        raise BadInputError(f"the simulator does not run this: {error}") from None
    return [
        _bits(result.data(number).get("memory"), circuit.num_clbits, shots) for number, circuit in enumerate(circuits)
    ]


def _checked(result: Any) -> Any:
    if not result.success:
        reasons = {experiment.status for experiment in result.results if not experiment.success} or {result.status}
        raise BadInputError(f"the simulator does not run this: {'; '.join(map(str, reasons))}")
    return result


def _bits(words: list[str] | None, num_clbits: int, shots: int) -> npt.NDArray[np.bool_]:
    """Return bits of hexadecimal words, of shape ``(shots, num_clbits)``; nothing measured is zeros."""
    if not words or not num_clbits:
        return np.zeros((shots, num_clbits), np.bool_)
    width = -(-num_clbits // 8)
    raw = b"".join(int(word, 16).to_bytes(width, "little") for word in words)
    array = np.frombuffer(raw, np.uint8).reshape(shots, width)
    return np.unpackbits(array, axis=1, count=num_clbits, bitorder="little").view(np.bool_)


def to_instructions(circuit: QuantumCircuit) -> QuantumCircuit:
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
            operation = instruction.replace(operation=Delay(delay_length(instruction.params[0]), "dt"))
        elif instruction.name in others:
            operation = instruction.replace(operation=Measure() if instruction.name.startswith("measure") else Reset())
        elif instruction.is_control_flow():
            blocks = [to_instructions(block) for block in instruction.operation.blocks]
            operation = instruction.replace(operation=_as_branches(instruction.operation.replace_blocks(blocks)))
        rewritten.append(operation)
    return rewritten


def _as_branches(operation: Any) -> Any:
    """Return branches for a switch on an expression, which Aer cannot jump by; anything else as it is."""
    target = getattr(operation, "target", None)
    if not isinstance(target, expr.Expr) or isinstance(target, expr.Var):
        return operation
    *others, (values, otherwise) = operation.cases_specifier()
    if CASE_DEFAULT not in values:
        others.append((values, otherwise))
        otherwise = otherwise.copy_empty_like()
    for values, block in reversed(others):
        condition = functools.reduce(expr.logic_or, [expr.equal(target, value) for value in values])
        branch = IfElseOp(condition, block, otherwise)
        otherwise = block.copy_empty_like()
        otherwise.append(branch, otherwise.qubits, otherwise.clbits)
    return branch if others else operation


def as_clifford(component: ConnectedComponent) -> QuantumCircuit | None:
    """Return the circuit with Clifford gates in place of its ``rz``; ``None`` if a gate is not Clifford."""
    if not all(step.name in _CLIFFORD or step.name == "rz" for step in component.steps):
        return None
    quarters = {1: SGate(), 2: ZGate(), 3: SdgGate()}
    circuit = component.to_circuit()
    clifford = circuit.copy_empty_like()
    for instruction in circuit.data:
        if not isinstance(instruction.operation, RZGate):
            clifford.append(instruction)
            continue
        turns = float(instruction.params[0]) / (math.pi / 2)
        if abs(turns - round(turns)) > ROUNDING:
            return None
        if round(turns) % 4:
            clifford.append(quarters[round(turns) % 4], instruction.qubits)
    return clifford


@lru_cache(maxsize=64)
def _model(
    snapshot: Snapshot, gates: frozenset[tuple[str, tuple[int, ...]]], qubits: frozenset[int], is_twirled: bool
) -> NoiseModel:
    device = noise.device_noise(snapshot)
    model = NoiseModel()
    if is_twirled:
        exact = frozenset((name, qargs) for name, qargs in gates if all(map(device.relaxes_by_resets, qargs)))
        channels = ((name, qargs, device.channel(name, qargs)) for name, qargs in sorted(gates - exact))
        errors = [(name, qargs, _twirled(channel)) for name, qargs, channel in channels if channel is not None]
        errors += _gate_errors(device.target, exact)
    else:
        errors = _gate_errors(device.target, gates)
    for name, qargs, error in errors:
        model.add_quantum_error(error, name, qargs, warnings=False)
    for qubit in sorted(qubits):
        one, zero = device.readout[qubit]
        if one or zero:
            model.add_readout_error(ReadoutError([[1 - one, one], [zero, 1 - zero]]), [qubit], warnings=False)
    return model


def _gate_errors(
    target: Target, gates: frozenset[tuple[str, tuple[int, ...]]]
) -> list[tuple[str, tuple[int, ...], QuantumError]]:
    """Return errors as Aer makes them: mixtures of Paulis and resets where possible, which Aer plays faster."""
    part = Target(num_qubits=target.num_qubits, dt=target.dt, qubit_properties=target.qubit_properties)
    for name in sorted({name for name, _ in gates} & set(target.operation_names) - {"measure", "reset"}):
        entries = target[name]
        known = {qargs: entries[qargs] for other, qargs in gates if other == name and entries.get(qargs) is not None}
        if known:
            part.add_instruction(target.operation_from_name(name), known, name)
    with warnings.catch_warnings():
        # Aer warns when it cuts a T2 above 2 T1, and when a gate error is below that of relaxation, which it takes as
        # it is.
        warnings.simplefilter("ignore")
        return list(basic_device_gate_errors(target=part))


def _twirled(channel: transfer.Matrix) -> QuantumError:
    num_qubits = len(channel).bit_length() // 2
    pairs = zip(transfer.paulis(num_qubits), transfer.pauli_probabilities(channel), strict=True)
    return pauli_error([(pauli, probability) for pauli, probability in pairs if probability > 0])


def device_shots(
    component: ConnectedComponent,
    circuit: QuantumCircuit,
    shots: int,
    snapshot: Snapshot,
    seed: int,
    options: dict[str, Any],
    is_twirled: bool,
) -> npt.NDArray[np.bool_]:
    """Return the component's bits of a simulation with the noise of a device.

    Args:
        component: The component.
        circuit: Its circuit, perhaps in other gates.
        shots: Number of shots.
        snapshot: The device.
        seed: Seed of the first shot; the others follow.
        options: Options of Aer.
        is_twirled: Make all noise Pauli errors and resets, which Clifford simulators take. Where T2 is above T1,
            relaxation is no mixture of these, and is twirled.
    """
    gates = frozenset(_gates(circuit, range(circuit.num_qubits)))
    model = _model(snapshot, gates, frozenset(component.qubits), is_twirled)
    relaxed = _relaxed(to_instructions(circuit), range(circuit.num_qubits), snapshot, is_twirled)
    bits = run([relaxed], shots, seed, {**options, "noise_model": model})[0]
    return np.asarray(bits[:, component.clbits])


def _gates(circuit: QuantumCircuit, physical: Sequence[int]) -> set[tuple[str, tuple[int, ...]]]:
    """Return the gates in a circuit, and in control flow within, by their names and qubits."""
    qubits = {qubit: physical[index] for index, qubit in enumerate(circuit.qubits)}
    gates: set[tuple[str, tuple[int, ...]]] = set()
    for instruction in circuit.data:
        if instruction.is_control_flow():
            inner = [qubits[qubit] for qubit in instruction.qubits]
            for block in instruction.operation.blocks:
                gates |= _gates(block, inner)
        elif instruction.name != "delay":
            gates.add((instruction.name, tuple(qubits[qubit] for qubit in instruction.qubits)))
    return gates


def _relaxed(circuit: QuantumCircuit, physical: Sequence[int], snapshot: Snapshot, is_twirled: bool) -> QuantumCircuit:
    """Return the circuit with relaxation behind each delay, also in control flow."""
    if "delay" not in circuit.count_ops() and not circuit.has_control_flow_op():
        return circuit
    qubits = {qubit: physical[index] for index, qubit in enumerate(circuit.qubits)}
    relaxed = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.is_control_flow():
            inner = [qubits[qubit] for qubit in instruction.qubits]
            blocks = [_relaxed(block, inner, snapshot, is_twirled) for block in instruction.operation.blocks]
            relaxed.append(instruction.replace(operation=instruction.operation.replace_blocks(blocks)))
            continue
        relaxed.append(instruction)
        if instruction.name == "delay":
            error = _relaxation(snapshot, qubits[instruction.qubits[0]], int(instruction.params[0]), is_twirled)
            if error is not None:
                relaxed.append(error, instruction.qubits)
    return relaxed


@lru_cache(maxsize=4096)
def _relaxation(snapshot: Snapshot, qubit: int, length: int, is_twirled: bool) -> QuantumError | None:
    """Return the error of a delay of some ``dt``; ``None`` if it has none."""
    device = noise.device_noise(snapshot)
    channel = device.channel("delay", (qubit,), length)
    if channel is None:
        return None
    if is_twirled and not device.relaxes_by_resets(qubit):
        return _twirled(channel)
    return thermal_relaxation_error(*device.times(qubit), device.seconds(length))
