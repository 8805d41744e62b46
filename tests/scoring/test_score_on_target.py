# SPDX-License-Identifier: Apache-2.0
"""Scores on targets: those of the snapshots that targets were made of, and what targets do not know."""

from __future__ import annotations

import math

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import CXGate, Measure, RXGate, SXGate
from qiskit.providers import QubitProperties
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import InstructionProperties, Target
from qiskit_aer import AerSimulator
from tests.support.sweeping import Serial, families, ghz

from qiskit_ibm_native import Snapshot, Sweep, build_target, bundled_devices
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.scoring import score, score_on_target, scored_circuit


def worth(circuit: QuantumCircuit, target: Target) -> float:
    return score_on_target(scored_circuit(circuit), target)


@pytest.mark.parametrize("name", bundled_devices())
def test_scores_on_a_target_are_those_of_its_snapshot_bit_by_bit(name: str) -> None:
    snapshot = Snapshot.load(name)
    target = build_target(snapshot)
    for circuit in families():
        for options in ({}, {"scheduling_method": "alap"}, {"scheduling_method": "asap"}):
            made = transpile(circuit, target=target, optimization_level=1, seed_transpiler=5, **options)
            assert worth(made, target) == score(made, snapshot).esp[0] < 1


def test_scores_are_those_of_sparse_calibrations_too() -> None:
    lima = Snapshot.load("lima")
    payloads = lima.payloads
    without = Snapshot.from_payloads(payloads.configuration)
    slow = lima.with_overrides(t1={0: 0.0, 1: 1e-6}, t2={1: 1.0, 2: 0.0}, error={("cx", (0, 1)): 1.0})
    for snapshot in (without, slow):
        target = build_target(snapshot)
        for circuit in families():
            made = transpile(circuit, target=build_target(lima), scheduling_method="alap", seed_transpiler=1)
            assert worth(made, target) == score(made, snapshot).esp[0]
    made = transpile(ghz(5), target=build_target(without), seed_transpiler=1)
    assert worth(made, build_target(without)) == 1.0


def small(qubits: list[QubitProperties] | None = None) -> Target:
    target = Target(num_qubits=2, qubit_properties=qubits)
    target.add_instruction(
        SXGate(), {(0,): InstructionProperties(1e-7, 0.25), (1,): InstructionProperties(error=math.nan)}
    )
    target.add_instruction(CXGate(), {(0, 1): InstructionProperties(1e-6)})
    target.add_instruction(Measure(), {(0,): None, (1,): InstructionProperties(error=2.0)})
    target.add_instruction(RXGate(0.5))
    return target


def test_values_that_a_target_does_not_know_contribute_nothing() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.sx(0)
    circuit.cx(0, 1)
    circuit.rx(0.5, 0)
    circuit.sx(0)
    circuit.measure(0, 0)
    assert worth(circuit, small()) == 0.75 * 0.75
    circuit.delay(3, 1, unit="us")
    circuit.rx(0.5, 1)
    waits = 0.5 + math.exp(-3e-6 / 1e-5) / 6 + math.exp(-3e-6 / 2e-5) / 3
    known = small([QubitProperties(), QubitProperties(t1=1e-5, t2=1e-3)])
    # The measurement of qubit 0 has no duration, and qubit 1 waits for nothing else.
    assert worth(circuit, known) == pytest.approx(0.75 * 0.75 * waits, rel=1e-12)
    circuit.measure(1, 1)
    assert worth(circuit, known) == 0.0


def test_circuits_that_a_target_cannot_run_have_no_score() -> None:
    other, reverse, wide, waiting, dynamic = (QuantumCircuit(3, 1) for _ in range(5))
    other.x(0)
    reverse.cx(1, 0)
    wide.sx(2)
    waiting.sx(0)
    waiting.delay(100, 0, unit="dt")
    with dynamic.if_test((dynamic.clbits[0], 1)):
        dynamic.sx(0)
    for circuit in (other, reverse, wide, waiting):
        assert math.isnan(worth(circuit, small()))
    with pytest.raises(IBMInputValueError, match="its instructions are not known before it runs"):
        worth(dynamic, small())
    spoiled = QuantumCircuit(2)
    spoiled.sx(1)
    assert math.isnan(worth(spoiled, small()))
    (result,) = Sweep(spoiled, small(), optimization_level=0).run(Serial())
    assert (result.error, result.esp) == (None, None)


def test_everything_succeeds_on_a_device_without_errors() -> None:
    for source in (AerSimulator(), GenericBackendV2(5, noise_info=False)):
        (result,) = Sweep(ghz(4), source, optimization_level=1).run(Serial())
        assert result.esp == 1.0
