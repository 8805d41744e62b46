# SPDX-License-Identifier: Apache-2.0
"""The noise of a device, of its calibration: gate errors, relaxation during gates and delays, and readout errors.

Gates are depolarized so far that, together with relaxation at T1 and T2 for their duration, they have the error that was
measured; that is the model of Qiskit Aer, https://qiskit.github.io/qiskit-aer/tutorials/2_device_noise_simulation.html.
"""

from __future__ import annotations

import itertools
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Delay
from qiskit.quantum_info import PTM
from qiskit.transpiler import Target
from qiskit_aer.noise import NoiseModel, QuantumError, ReadoutError, RelaxationNoisePass, pauli_error
from qiskit_aer.noise.device import basic_device_gate_errors

from ..exceptions import BackendPropertyError
from ..target import build_target

if TYPE_CHECKING:
    from ..snapshot import Snapshot


@lru_cache(maxsize=32)
def _target(snapshot: Snapshot) -> Target:
    return build_target(snapshot, filter_faulty=False)


@lru_cache(maxsize=64)
def _gate_errors(snapshot: Snapshot, qubits: frozenset[int]) -> list[tuple[str, list[int], QuantumError]]:
    """Return the errors of gates on some qubits; those on all 156 would take seconds to make."""
    whole = _target(snapshot)
    part = Target(num_qubits=whole.num_qubits, dt=whole.dt, qubit_properties=whole.qubit_properties)
    for name in whole.operation_names:
        known = {
            where: what
            for where, what in whole[name].items()
            if where is not None and what is not None and set(where) <= qubits
        }
        if known and name not in ("delay", "measure", "reset"):
            part.add_instruction(whole.operation_from_name(name), known, name)
    with warnings.catch_warnings():
        # A T2 above 2 T1 is cut, and a gate error below that of relaxation is taken as it is; both say so.
        warnings.simplefilter("ignore")
        return list(basic_device_gate_errors(target=part))


@lru_cache(maxsize=64)
def device_noise(snapshot: Snapshot, qubits: frozenset[int]) -> NoiseModel:
    """Return the noise of gates and of readout on some qubits."""
    model = NoiseModel()
    for name, where, error in _gate_errors(snapshot, qubits):
        model.add_quantum_error(error, name, where, warnings=False)
    table = readout_probabilities(snapshot)
    for qubit in sorted(qubits):
        one, zero = table[qubit]
        if one or zero:
            model.add_readout_error(ReadoutError([[1 - one, one], [zero, 1 - zero]]), [qubit], warnings=False)
    return model


@lru_cache(maxsize=64)
def twirled_gate_noise(snapshot: Snapshot, qubits: frozenset[int]) -> NoiseModel:
    """Return the noise of gates as Pauli errors of the same fidelity, which a simulator applies much faster.

    Twirling a channel by Paulis keeps the diagonal of its Pauli transfer matrix, whose Walsh-Hadamard transform are the
    probabilities of Paulis: Wallman and Emerson, Phys. Rev. A 94, 052325 (2016).
    """
    model = NoiseModel()
    for name, where, error in _gate_errors(snapshot, qubits):
        model.add_quantum_error(_twirled(error), name, where, warnings=False)
    return model


def _twirled(error: QuantumError) -> QuantumError:
    diagonal = np.real(np.diag(PTM(error).data))
    labels = ["".join(letters) for letters in itertools.product("IXYZ", repeat=error.num_qubits)]
    signs = np.ones((1, 1))
    for _ in range(error.num_qubits):
        signs = np.kron(signs, _COMMUTATION)
    probabilities = np.clip(signs @ diagonal / len(labels), 0.0, 1.0)
    return pauli_error(list(zip(labels, probabilities / probabilities.sum(), strict=True)))


#: 1 where two Paulis commute, -1 where they do not.
_COMMUTATION = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])


def relaxation_in_delays(snapshot: Snapshot) -> RelaxationNoisePass | None:
    """Return the pass that lets qubits relax during delays, if the device has T1 and T2."""
    target = _target(snapshot)
    known = target.qubit_properties
    if not known:
        return None
    # A qubit without a measured time does not relax.
    t1s = [each.t1 if each is not None and each.t1 else np.inf for each in known]
    t2s = [
        min(each.t2, 2 * t1) if each is not None and each.t2 else 2 * t1 for each, t1 in zip(known, t1s, strict=True)
    ]
    return RelaxationNoisePass(t1s, t2s, dt=target.dt, op_types=Delay)


@lru_cache(maxsize=64)
def readout_probabilities(snapshot: Snapshot) -> npt.NDArray[np.float64]:
    """Return, of shape ``(num_qubits, 2)``, how likely it is to read 1 after preparing 0, and 0 after preparing 1."""
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
