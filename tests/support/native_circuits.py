# SPDX-License-Identifier: Apache-2.0
"""Circuits of a device's own gates, chosen at random, without a transpiler whose version would matter."""

from __future__ import annotations

import json
import random
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit.library import get_standard_gate_name_mapping


def native_circuit(
    configuration: dict[str, Any], properties: dict[str, Any], seed: int, size: int = 60
) -> QuantumCircuit:
    """Return a circuit of gates that work on a device, with delays, barriers, resets and measurements."""
    chance, num_qubits = random.Random(seed), configuration["n_qubits"]
    known = get_standard_gate_name_mapping()
    listed = [
        (gate["gate"], gate["qubits"])
        for gate in properties["gates"]
        if gate["gate"] in known and gate["gate"] in configuration["basis_gates"] and _works(gate["parameters"])
    ]
    circuit = QuantumCircuit(num_qubits, num_qubits, name=f"{configuration['backend_name']} {seed}")
    for _ in range(size):
        name, qubits = chance.choice(listed)
        operation = known[name]
        circuit.append(type(operation)(*[0.5 for _ in operation.params]) if operation.params else operation, qubits)
        qubit = chance.randrange(num_qubits)
        if chance.random() < 0.1:
            circuit.delay(1, qubit, unit="us")
        if chance.random() < 0.1:
            circuit.barrier(*qubits)
        if chance.random() < 0.05 and "reset" in configuration.get("supported_instructions", ()):  # not on old devices
            circuit.reset(qubit)
        if chance.random() < 0.1:
            circuit.measure(qubit, qubit)
    circuit.measure(range(min(5, num_qubits)), range(min(5, num_qubits)))
    return circuit


def read(payloads: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return configuration and properties of payloads, by a plain reader."""
    return json.loads(payloads.configuration), json.loads(payloads.properties)


def _works(quantities: list[dict[str, Any]]) -> bool:
    values = {quantity["name"]: quantity["value"] for quantity in quantities}
    return values.get("gate_error", 1) < 1 and values.get("operational", True)


#: Devices and their gate on two qubits, for :func:`line`.
LINES = {"lima": "cx", "hanoi": "cx", "sherbrooke": "ecr"}


def line(gate: str) -> QuantumCircuit:
    """Return a circuit of five qubits in a line."""
    circuit = QuantumCircuit(5, 5, name="line")
    circuit.sx(range(5))
    for qubit in range(4):
        getattr(circuit, gate)(qubit, qubit + 1)
    circuit.measure(range(5), range(5))
    return circuit
