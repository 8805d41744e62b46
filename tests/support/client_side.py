# SPDX-License-Identifier: Apache-2.0
"""The official client's client-side primitives, and what their circuits give by Aer with the same noise."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli
from qiskit.transpiler import Target, generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel
from qiskit_aer.noise.device import basic_device_gate_errors
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.fake_provider import FakeFez

from qiskit_ibm_native import Snapshot, build_target

if TYPE_CHECKING:
    from qiskit_ibm_native.local import LocalService

#: The first qubits of ibm_fez, a chain.
CHAIN = range(5)
PAULIS = ("ZZIII", "XXXXX", "IIIZZ")


@contextmanager
def connected(service: LocalService) -> Iterator[QiskitRuntimeService]:
    """Give the official client's service for a service of ours."""
    addresses = {
        "IAM_URL": service.url, "GLOBAL_SEARCH_URL": f"{service.url}/gs", "GLOBAL_CATALOG_URL": f"{service.url}/gc",
    }  # fmt: skip
    with mock.patch.dict(os.environ, addresses), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield QiskitRuntimeService(
            channel="ibm_quantum_platform", token=service.token, url=service.api_url, instance=service.crn
        )


def chain(repetitions: int = 0) -> QuantumCircuit:
    """Return a GHZ state of five qubits of ibm_fez, behind layers of gates that undo each other."""
    circuit = QuantumCircuit(5)
    circuit.h(0)
    for qubit in range(4):
        circuit.cx(qubit, qubit + 1)
    for _ in range(2 * repetitions):
        for first in (0, 1):
            circuit.barrier()
            for qubit in range(first, 4, 2):
                circuit.cz(qubit, qubit + 1)
    passes = generate_preset_pass_manager(
        optimization_level=0, backend=FakeFez(), initial_layout=list(CHAIN), seed_transpiler=1
    )
    return passes.run(circuit)


def expected(circuit: QuantumCircuit, paulis: tuple[str, ...], reads: bool) -> npt.NDArray[np.float64]:
    """Return expectation values on ibm_fez, exactly, by Aer's density matrices and noise model.

    Measurements are preceded by two ``sx`` on each qubit, as the official client has them.

    Args:
        circuit: A circuit on the first five qubits.
        paulis: The Paulis.
        reads: Whether bits are read as the calibration says, or without errors.
    """
    simulator = AerSimulator(method="density_matrix", noise_model=_gate_noise())
    values = []
    for pauli in paulis:
        narrow = QuantumCircuit(5)
        for step in circuit.data:
            if step.name != "barrier":
                narrow.append(step.operation, [circuit.find_bit(qubit).index for qubit in step.qubits])
        for qubit, letter in enumerate(reversed(pauli)):
            # u(theta, phi, lambda) = rz(phi + pi) sx rz(theta + pi) sx rz(lambda), in the order of matrices.
            theta, lam = (np.pi / 2, np.pi) if letter == "X" else (0.0, 0.0)
            narrow.rz(lam, qubit)
            narrow.sx(qubit)
            narrow.rz(theta + np.pi, qubit)
            narrow.sx(qubit)
            narrow.rz(np.pi, qubit)
        narrow.save_density_matrix()
        state = simulator.run(narrow).result().data()["density_matrix"].data
        values.append(float(np.real(np.trace(state @ _observable(pauli, reads)))))
    return np.array(values)


def _observable(pauli: str, reads: bool) -> npt.NDArray[np.float64]:
    properties = Snapshot.load("fez").properties
    observable = np.ones((1, 1))
    for qubit, letter in enumerate(reversed(pauli)):
        one, zero = (
            properties.qubit_property(qubit, name)[0] if reads else 0.0
            for name in ("prob_meas1_prep0", "prob_meas0_prep1")
        )
        single = np.eye(2) if letter == "I" else np.diag([1 - 2 * one, 2 * zero - 1])
        observable = np.kron(single, observable)
    return observable


def _gate_noise() -> NoiseModel:
    whole = build_target(Snapshot.load("fez"), filter_faulty=False)
    part = Target(num_qubits=whole.num_qubits, dt=whole.dt, qubit_properties=whole.qubit_properties)
    for name in ("sx", "cz", "x"):
        known = {qargs: found for qargs, found in whole[name].items() if set(qargs) <= set(CHAIN)}
        part.add_instruction(whole.operation_from_name(name), known, name)
    model = NoiseModel(["rz", "sx", "cz", "x", "delay"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, qargs, error in basic_device_gate_errors(target=part):
            model.add_quantum_error(error, name, qargs, warnings=False)
    return model


def observables(circuit: QuantumCircuit, paulis: tuple[str, ...] = PAULIS) -> list[Any]:
    """Return Paulis on the first qubits as observables of a circuit."""
    width = circuit.num_qubits
    return [Pauli("I" * (width - len(pauli)) + pauli) for pauli in paulis]
