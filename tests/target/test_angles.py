# SPDX-License-Identifier: Apache-2.0
"""Angles out of the range that devices take are folded by the transpiler."""

from __future__ import annotations

import math

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.converters import dag_to_circuit
from qiskit.quantum_info import Operator
from tests.support.device import configuration, payload

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.target.angle_folding import _fold_rzz

ANGLES = [0.0, 0.1, math.pi / 2, 2.0, math.pi, 4.0, -0.3, -2.0, -math.pi, 7.0, 30.5, -25.0]


@pytest.mark.parametrize("angle", ANGLES)
def test_folding_keeps_the_gate_and_its_phase(angle: float) -> None:
    circuit = QuantumCircuit(2)
    circuit.rzz(angle, 0, 1)
    folded = dag_to_circuit(_fold_rzz([angle], [0, 1]))
    assert Operator(folded) == Operator(circuit)
    angles = [float(each.operation.params[0]) for each in folded.data if each.operation.name == "rzz"]
    assert len(angles) == 1
    assert 0 <= angles[0] <= math.pi / 2


@pytest.mark.parametrize("angle", ANGLES)
def test_transpiled_angles_are_in_range(angle: float) -> None:
    conf = configuration(basis_gates=["cx", "id", "rz", "sx", "x", "rzz"])
    conf["gates"].append({"name": "rzz", "parameters": ["theta"], "qasm_def": "", "coupling_map": [[0, 1], [1, 0]]})
    target = build_target(Snapshot.from_payloads(payload(conf)))
    circuit = QuantumCircuit(3)
    circuit.rzz(angle, 0, 1)
    compiled = transpile(circuit, target=target, initial_layout=[0, 1, 2], optimization_level=0)
    assert Operator(compiled) == Operator(circuit)
    for each in compiled.data:
        if each.operation.name == "rzz":
            assert target.supported_angle_bound("rzz", [float(each.operation.params[0])])
