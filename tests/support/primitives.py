# SPDX-License-Identifier: Apache-2.0
"""Jobs of primitives, run as the local service runs them, and exact values of the same noise to compare with."""

from __future__ import annotations

import json
import warnings
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import Target
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel
from qiskit_aer.noise.device import basic_device_gate_errors
from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.local.devices import Device
from qiskit_ibm_native.local.programs.run import run_job

#: Neighbours on ibm_fez.
QUBITS = [3, 4, 5]
MEMORY = 4 << 30


@cache
def device(name: str = "fez") -> Device:
    """Return a bundled device."""
    return Device([Snapshot.load(name)])


@cache
def target(name: str = "fez") -> Target:
    """Return the target of a bundled device."""
    return build_target(Snapshot.load(name))


def run(program: str, name: str = "fez", has_noise: bool = True, **params: Any) -> Any:
    """Return the results of a job as the official client decodes them; all its options are encoded by that client."""
    content = {"support_qiskit": True, "version": 2, **params}
    result = run_job(program, json.dumps(content, cls=RuntimeEncoder).encode(), device(name), has_noise, MEMORY)
    return json.loads(result, cls=RuntimeDecoder)


def transpiled(circuit: QuantumCircuit, name: str = "fez", qubits: list[int] | None = None) -> QuantumCircuit:
    """Return a circuit as a device takes it, on neighbouring qubits."""
    layout = (qubits or QUBITS)[: circuit.num_qubits]
    return transpile(circuit, target=target(name), initial_layout=layout, optimization_level=1, seed_transpiler=1)


def rotations() -> QuantumCircuit:
    """Return a circuit with two entangling layers whose expectation values are neither 0 nor 1."""
    circuit = QuantumCircuit(3)
    for layer in range(2):
        for qubit in range(3):
            circuit.ry(0.5 + 0.2 * qubit + 0.1 * layer, qubit)
        circuit.cx(0, 1)
        circuit.cx(1, 2)
    return circuit


def ideal(circuit: QuantumCircuit, labels: list[str]) -> npt.NDArray[np.float64]:
    """Return expectation values without noise."""
    return np.array([Statevector(circuit).expectation_value(SparsePauliOp(label)).real for label in labels])


@cache
def _noise(name: str) -> NoiseModel:
    whole = target(name)
    part = Target(num_qubits=whole.num_qubits, dt=whole.dt, qubit_properties=whole.qubit_properties)
    for gate in ("cz", "sx", "x", "rz"):
        known = {key: value for key, value in whole[gate].items() if set(key) <= set(QUBITS)}
        part.add_instruction(whole.operation_from_name(gate), known, gate)
    model = NoiseModel()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for gate, qubits, error in basic_device_gate_errors(target=part):
            model.add_quantum_error(error, gate, qubits)
    return model


def noisy(isa: QuantumCircuit, label: str, with_readout: bool, name: str = "fez") -> float:
    """Return the exact expectation value of a Pauli on :data:`QUBITS` with the noise of a device's gates.

    Args:
        isa: A transpiled circuit on :data:`QUBITS`.
        label: The Pauli.
        with_readout: Whether bits are read out as wrongly as the device does.
        name: The device.
    """
    circuit = isa.copy()
    support = [QUBITS[index] for index, letter in enumerate(reversed(label)) if letter != "I"]
    for index, letter in enumerate(reversed(label)):
        if letter == "X":
            circuit.rz(np.pi / 2, QUBITS[index])
        if letter in "XY":
            circuit.sx(QUBITS[index])
    circuit.save_probabilities(support)
    result = AerSimulator(method="density_matrix").run(circuit, noise_model=_noise(name)).result()
    weights = np.asarray(result.data(0)["probabilities"]).reshape([2] * len(support))
    properties = Snapshot.load(name).properties
    for axis, qubit in enumerate(reversed(support)):
        one = properties.qubit_property(qubit, "prob_meas1_prep0")[0] if with_readout else 0.0
        zero = properties.qubit_property(qubit, "prob_meas0_prep1")[0] if with_readout else 0.0
        confusion = np.array([[1 - one, zero], [one, 1 - zero]])
        weights = np.moveaxis(np.tensordot(confusion, weights, (1, axis)), 0, axis)
    signs = np.array([(-1) ** word.bit_count() for word in range(weights.size)])
    return float(signs @ weights.ravel())
