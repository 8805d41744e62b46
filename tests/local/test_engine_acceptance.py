# SPDX-License-Identifier: Apache-2.0
"""Gates that a device does not have are refused on devices, with their qubits."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit.primitives.containers.sampler_pub import SamplerPub
from tests.support import primitives
from tests.support.primitives import target

from qiskit_ibm_native.local.engine.acceptance import check_gates
from qiskit_ibm_native.local.errors import BadInputError


def checked(circuit: QuantumCircuit) -> None:
    check_gates(circuit, 2, target(), "ibm_fez")


def test_gates_that_the_device_does_not_have_are_refused() -> None:
    circuit = QuantumCircuit(156)
    circuit.h(3)
    with pytest.raises(BadInputError, match=r"circuit 2 has h on qubits \[3\], which ibm_fez does not have"):
        checked(circuit)


def test_gates_between_qubits_that_are_not_coupled_are_refused_also_in_branches() -> None:
    circuit = QuantumCircuit(156, 1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.cz(100, 0)
    with pytest.raises(BadInputError, match=r"circuit 2 has cz on qubits \[100, 0\], where ibm_fez has none"):
        checked(circuit)


def test_instructions_of_the_device_are_taken() -> None:
    circuit = QuantumCircuit(156, 1)
    circuit.cz(3, 4)
    circuit.delay(400, 3)
    circuit.id(3)
    circuit.barrier()
    circuit.reset(3)
    circuit.measure(3, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(3)
        circuit.break_loop()
    checked(circuit)


def test_jobs_on_devices_are_checked() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    pub = SamplerPub.coerce((circuit,))
    with pytest.raises(BadInputError, match=r"circuit 0 has h on qubits \[0\], which ibm_fez does not have"):
        primitives.run("sampler", pubs=[pub], options={}, has_noise=False)
