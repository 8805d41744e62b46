# SPDX-License-Identifier: Apache-2.0
"""Circuits that choose by a register, a bit or an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import CASE_DEFAULT, SwitchCaseOp
from qiskit.circuit.classical import expr
from qiskit.primitives.containers.sampler_pub import SamplerPub
from tests.support import primitives

from qiskit_ibm_native.local.engine.components import connected_components

if TYPE_CHECKING:
    from collections.abc import Callable


def switched(target: Callable[[ClassicalRegister], Any], case: Any) -> QuantumCircuit:
    """Return a circuit whose third qubit is flipped only where a register of two bits is 3."""
    read, found = ClassicalRegister(2, "read"), ClassicalRegister(1, "found")
    circuit = QuantumCircuit(QuantumRegister(156), read, found)
    circuit.x([0, 1])
    circuit.measure([0, 1], read)
    with circuit.switch(target(read)) as chosen:
        with chosen(case):
            circuit.x(2)
        with chosen(chosen.DEFAULT):
            circuit.id(2)
    circuit.measure(2, found)
    return circuit


TARGETS = {
    "register": (lambda read: read, 3),
    "bit": (lambda read: read[1], True),
    "expression": (lambda read: expr.bit_and(read, 2), 2),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_a_switch_on_a_device_takes_the_case_that_was_measured(kind: str) -> None:
    circuit = switched(*TARGETS[kind])
    pub = SamplerPub.coerce((circuit, None, 300))
    result = primitives.run("sampler", name="fez", pubs=[pub], options={"simulator": {"seed_simulator": 4}})
    # Readout of the three qubits, and gates: a wrong case would leave 0.
    assert result[0].data.found.bitcount().mean() > 0.85


def test_a_switch_on_an_expression_takes_a_later_case_also() -> None:
    circuit = switched(lambda read: expr.bit_or(read, 0), 1)
    operation = next(each.operation for each in circuit.data if each.name == "switch_case")
    flip, identity = operation.blocks
    cases = [(0, identity), ((2, 3), flip), (CASE_DEFAULT, identity.copy())]
    position = next(index for index, each in enumerate(circuit.data) if each.name == "switch_case")
    circuit.data[position] = circuit.data[position].replace(operation=SwitchCaseOp(operation.target, cases))
    result = primitives.run("sampler", name="fez", pubs=[SamplerPub.coerce((circuit, None, 300))])
    assert result[0].data.found.bitcount().mean() > 0.85


def test_a_switch_connects_its_bits_with_its_qubits() -> None:
    (component,) = connected_components(switched(*TARGETS["register"]))
    assert component.qubits == (0, 1, 2)
    assert component.clbits == (0, 1, 2)
