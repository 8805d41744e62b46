# SPDX-License-Identifier: Apache-2.0
"""The noise of a device, of its calibration: gate errors, relaxation during gates and delays, and readout errors.

Gates are depolarized so far that, together with relaxation at T1 and T2 for their duration, they have the error that was
measured; that is the model of Qiskit Aer, https://qiskit.github.io/qiskit-aer/tutorials/2_device_noise_simulation.html.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Delay
from qiskit.transpiler import Target
from qiskit_aer.noise import NoiseModel, ReadoutError, RelaxationNoisePass
from qiskit_aer.noise.device import basic_device_gate_errors

from ..exceptions import BackendPropertyError
from ..snapshot import Snapshot
from ..target import build_target


@lru_cache(maxsize=32)
def _target(snapshot: Snapshot) -> Target:
    return build_target(snapshot, filter_faulty=False)


@lru_cache(maxsize=64)
def gate_noise(snapshot: Snapshot, qubits: frozenset[int]) -> NoiseModel:
    """Return the noise of gates on some qubits; that of all 156 would take seconds to make."""
    whole = _target(snapshot)
    part = Target(num_qubits=whole.num_qubits, dt=whole.dt, qubit_properties=whole.qubit_properties)
    model = NoiseModel(basis_gates=[name for name in whole.operation_names if name not in ("delay", "measure", "reset")])
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
        for name, where, error in basic_device_gate_errors(target=part):
            model.add_quantum_error(error, name, where, warnings=False)
    return model


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


def with_readout(model: NoiseModel, snapshot: Snapshot, qubits: frozenset[int]) -> NoiseModel:
    """Return a noise model with the readout errors of some qubits."""
    import copy

    model = copy.deepcopy(model)
    table = readout_probabilities(snapshot)
    for qubit in sorted(qubits):
        one, zero = table[qubit]
        if one or zero:
            model.add_readout_error(ReadoutError([[1 - one, one], [zero, 1 - zero]]), [qubit], warnings=False)
    return model


def _value(properties: Any, qubit: int, name: str, otherwise: float) -> float:
    try:
        value = properties.qubit_property(qubit, name)[0]
    except BackendPropertyError:
        return otherwise
    return otherwise if value is None else float(value)
