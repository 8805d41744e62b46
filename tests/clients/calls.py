# SPDX-License-Identifier: Apache-2.0
"""The calls of the table of clients in docs/local-service.md, and circuits for them.

A test of a call is decorated by :func:`works`. ``tests/local/test_clients_table.py`` compares these decorators with the
table, without running the tests, so that no cell says more than a test does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from qiskit import QuantumCircuit

OURS, OFFICIAL, QDMI, QRMI = "qiskit-ibm-native", "qiskit-ibm-runtime", "ibm-qdmi", "QRMI"
Test = TypeVar("Test", bound=Callable[..., object])


def works(client: str, *calls: str) -> Callable[[Test], Test]:
    """Say that a test makes calls of a client, which work if the test passes.

    Args:
        client: The column of the table.
        calls: The rows of the table.
    """
    assert client in (OURS, OFFICIAL, QDMI, QRMI)
    assert calls
    return lambda test: test


def flipped(num_clbits: int = 1) -> QuantumCircuit:
    """Return a circuit for ibmq_vigo that measures 1 in the first bit, and 0 in others."""
    circuit = QuantumCircuit(5, num_clbits)
    circuit.x(0)
    for bit in range(num_clbits):
        circuit.measure(bit, bit)
    return circuit


def dynamic() -> QuantumCircuit:
    """Return a circuit for ibm_kingston that turns its qubit back if it was turned: bits 1, then 0."""
    circuit = QuantumCircuit(156, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    circuit.measure(0, 1)
    return circuit


def fractional() -> QuantumCircuit:
    """Return a circuit for ibm_kingston with a half turn in four parts: it measures 1, and 0 in the other bit."""
    circuit = QuantumCircuit(156, 2)
    for _ in range(4):
        circuit.rx(0.7853981633974483, 2)
    circuit.rzz(0.3, 2, 3)
    circuit.measure([2, 3], [0, 1])
    return circuit


def share(counts: Mapping[str, int], word: str) -> float:
    """Return the share of a word in counts."""
    return counts.get(word, 0) / sum(counts.values())


#: Least share of the right word: devices err in a tenth of the shots at most, and 400 shots have a deviation of 0.02.
LIKELY = 0.75
