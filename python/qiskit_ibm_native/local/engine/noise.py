# SPDX-License-Identifier: Apache-2.0
"""Noise of a device by its calibration: gate errors, relaxation during gates and delays, and readout errors.

Gates are depolarized so far that, together with relaxation at T1 and T2 for their duration, they have the measured
error. That is the model of Qiskit Aer, https://qiskit.github.io/qiskit-aer/tutorials/2_device_noise_simulation.html.
"""

from __future__ import annotations

import itertools
import warnings
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit.quantum_info import PTM
from qiskit.transpiler import Target
from qiskit_aer.noise import NoiseModel, QuantumError, ReadoutError, pauli_error, thermal_relaxation_error
from qiskit_aer.noise.device import basic_device_gate_errors

from ...exceptions import BackendPropertyError
from ...target import build_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit

    from ...snapshot import Snapshot


@lru_cache(maxsize=32)
def _target(snapshot: Snapshot) -> Target:
    return build_target(snapshot, filter_faulty=False)


@lru_cache(maxsize=64)
def _gate_errors(
    snapshot: Snapshot, qubits: frozenset[int], names: frozenset[str]
) -> list[tuple[str, list[int], QuantumError]]:
    """Return the errors of some gates on some qubits; making those of all gates of 156 qubits takes seconds."""
    whole = _target(snapshot)
    part = Target(num_qubits=whole.num_qubits, dt=whole.dt, qubit_properties=whole.qubit_properties)
    for name in sorted(names & set(whole.operation_names)):
        known = {
            qargs: properties
            for qargs, properties in whole[name].items()
            if qargs is not None and properties is not None and set(qargs) <= qubits
        }
        if known:
            part.add_instruction(whole.operation_from_name(name), known, name)
    with warnings.catch_warnings():
        # Aer warns when it cuts a T2 above 2 T1, and when a gate error is below that of relaxation, which it takes as
        # it is.
        warnings.simplefilter("ignore")
        return list(basic_device_gate_errors(target=part))


def names_in(circuit: QuantumCircuit) -> set[str]:
    """Return the names of the gates in a circuit, and in control flow within, that have errors of their own."""
    names = set(circuit.count_ops())
    if circuit.has_control_flow_op():
        for instruction in circuit.data:
            if instruction.is_control_flow():
                names |= {name for block in instruction.operation.blocks for name in names_in(block)}
    return names - {"barrier", "delay", "measure", "reset"}


@lru_cache(maxsize=64)
def device_noise(snapshot: Snapshot, qubits: frozenset[int], names: frozenset[str]) -> NoiseModel:
    """Return the noise of some gates and of readout on some qubits."""
    return _model(_gate_errors(snapshot, qubits, names), snapshot, qubits)


@lru_cache(maxsize=64)
def twirled_noise(snapshot: Snapshot, qubits: frozenset[int], names: frozenset[str]) -> NoiseModel:
    """Return the noise of :func:`device_noise` as Pauli errors of the same fidelity, which simulate much faster.

    Twirling a channel by Paulis keeps the diagonal of its Pauli transfer matrix, whose Walsh-Hadamard transform are the
    probabilities of Paulis: Wallman and Emerson, Phys. Rev. A 94, 052325 (2016).
    """
    errors = [(name, qargs, _twirled(error)) for name, qargs, error in _gate_errors(snapshot, qubits, names)]
    return _model(errors, snapshot, qubits)


def _model(errors: list[tuple[str, list[int], QuantumError]], snapshot: Snapshot, qubits: frozenset[int]) -> NoiseModel:
    model = NoiseModel()
    for name, qargs, error in errors:
        model.add_quantum_error(error, name, qargs, warnings=False)
    table = readout_probabilities(snapshot)
    for qubit in sorted(qubits):
        one, zero = table[qubit]
        if one or zero:
            model.add_readout_error(ReadoutError([[1 - one, one], [zero, 1 - zero]]), [qubit], warnings=False)
    return model


@lru_cache(maxsize=64)
def pauli_probabilities(
    snapshot: Snapshot, qubits: frozenset[int], names: frozenset[str]
) -> dict[tuple[str, tuple[int, ...]], npt.NDArray[np.float64]]:
    """Return, by gate and qubits, the probabilities of Paulis behind it, in the order of :func:`paulis`."""
    errors = _gate_errors(snapshot, qubits, names)
    return {(name, tuple(qargs)): _pauli_probabilities(error) for name, qargs, error in errors}


def delay_probabilities(snapshot: Snapshot, qubit: int, duration: int) -> npt.NDArray[np.float64] | None:
    """Return the probabilities of Paulis behind a delay of some ``dt``; ``None`` if T1, T2 or ``dt`` are unknown."""
    error = _relaxation(snapshot, qubit, duration, twirled=False)
    return None if error is None else _pauli_probabilities(error)


@cache
def paulis(num_qubits: int) -> list[str]:
    """Return the Paulis of some qubits, the identity first; the last letter is that of the first qubit."""
    return ["".join(letters) for letters in itertools.product("IXYZ", repeat=num_qubits)]


def _pauli_probabilities(error: QuantumError) -> npt.NDArray[np.float64]:
    diagonal = np.real(np.diag(PTM(error).data))
    signs = np.ones((1, 1))
    for _ in range(error.num_qubits):
        signs = np.kron(signs, _COMMUTATION)
    probabilities = np.clip(signs @ diagonal / len(diagonal), 0.0, 1.0)
    return np.asarray(probabilities / probabilities.sum())


def _twirled(error: QuantumError) -> QuantumError:
    return pauli_error(list(zip(paulis(error.num_qubits), _pauli_probabilities(error), strict=True)))


#: 1 for two Paulis that commute, -1 for two that do not.
_COMMUTATION = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])


def with_relaxation(circuit: QuantumCircuit, snapshot: Snapshot, twirled: bool = False) -> QuantumCircuit:
    """Return the circuit with relaxation behind each delay, also in control flow.

    Args:
        circuit: A circuit with delays in ``dt``, on the qubits of the device.
        snapshot: The device.
        twirled: Make relaxation a Pauli error, which Clifford simulators take.
    """
    return _relaxed(circuit, range(circuit.num_qubits), snapshot, twirled)


def _relaxed(circuit: QuantumCircuit, physical: Sequence[int], snapshot: Snapshot, twirled: bool) -> QuantumCircuit:
    if "delay" not in circuit.count_ops() and not circuit.has_control_flow_op():
        return circuit
    qubits = {qubit: physical[index] for index, qubit in enumerate(circuit.qubits)}
    relaxed = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.is_control_flow():
            inner = [qubits[qubit] for qubit in instruction.qubits]
            blocks = [_relaxed(block, inner, snapshot, twirled) for block in instruction.operation.blocks]
            relaxed.append(instruction.replace(operation=instruction.operation.replace_blocks(blocks)))
            continue
        relaxed.append(instruction)
        if instruction.name == "delay":
            error = _relaxation(snapshot, qubits[instruction.qubits[0]], int(instruction.params[0]), twirled)
            if error is not None:
                relaxed.append(error, instruction.qubits)
    return relaxed


@lru_cache(maxsize=4096)
def _relaxation(snapshot: Snapshot, qubit: int, duration: int, twirled: bool) -> QuantumError | None:
    """Return the error of a delay of some ``dt`` on a qubit; ``None`` if T1, T2 or ``dt`` are unknown."""
    target = _target(snapshot)
    known = target.qubit_properties[qubit] if target.qubit_properties else None
    if known is None or not target.dt or not (known.t1 or known.t2) or not duration:
        return None
    # A time that was not measured counts as infinite.
    t1 = known.t1 or np.inf
    error = thermal_relaxation_error(t1, min(known.t2 or np.inf, 2 * t1), duration * target.dt)
    return _twirled(error) if twirled else error


@lru_cache(maxsize=64)
def readout_probabilities(snapshot: Snapshot) -> npt.NDArray[np.float64]:
    """Return the probabilities to read 1 after preparing 0, and 0 after preparing 1, of shape ``(num_qubits, 2)``."""
    table = np.zeros((snapshot.num_qubits, 2))
    properties = snapshot.properties
    if properties is None:
        return table
    for qubit in range(snapshot.num_qubits):
        symmetric = _value(properties, qubit, "readout_error", 0.0)
        table[qubit] = (
            _value(properties, qubit, "prob_meas1_prep0", symmetric),
            _value(properties, qubit, "prob_meas0_prep1", symmetric),
        )
    return np.clip(table, 0.0, 1.0)


def _value(properties: Any, qubit: int, name: str, otherwise: float) -> float:
    try:
        value = properties.qubit_property(qubit, name)[0]
    except BackendPropertyError:
        return otherwise
    return otherwise if value is None else float(value)
