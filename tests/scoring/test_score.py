# SPDX-License-Identifier: Apache-2.0
"""Scores against a plain calculation over Qiskit's targets, and against the channels that the formula is of."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.quantum_info import average_gate_fidelity
from qiskit_aer.noise import thermal_relaxation_error
from tests.support.calibrations import Drift
from tests.support.sweeping import families, ghz

from qiskit_ibm_native import Snapshot, build_target, bundled_devices, score
from qiskit_ibm_native.exceptions import IBMInputValueError

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


def plain(circuit: QuantumCircuit, snapshot: Snapshot) -> tuple[float, float]:
    """Return what score() has to be, step by step in Python, from Qiskit's target."""
    target = build_target(snapshot)
    index = {bit: at for at, bit in enumerate(circuit.qubits)}
    later = [0.0] * circuit.num_qubits  # when, before the end, each qubit is used
    waits: list[list[tuple[float, float]]] = [[] for _ in later]  # uses of each qubit: begin and end, before the end
    product = 1.0
    for instruction in reversed(circuit.data):
        qubits = [index[bit] for bit in instruction.qubits]
        if instruction.name == "delay":
            unit = instruction.operation.unit
            length = instruction.operation.duration * (target.dt if unit == "dt" else UNITS[unit])
            for qubit in qubits:
                later[qubit] += length
            continue
        end = max((later[qubit] for qubit in qubits), default=0.0)
        begin = end
        if instruction.name != "barrier":
            properties = (target[instruction.name] or {}).get(tuple(qubits))
            product *= 1 - ((properties and properties.error) or 0.0)
            begin = end + ((properties and properties.duration) or 0.0)
            for qubit in qubits:
                waits[qubit].append((begin, end))
        for qubit in qubits:
            later[qubit] = begin
    for qubit, uses in enumerate(waits):
        t1, t2 = target.qubit_properties[qubit].t1 or math.inf, target.qubit_properties[qubit].t2 or math.inf
        for (after, _), (_, before) in itertools.pairwise(uses):
            length = before - after
            product *= 0.5 + math.exp(-length / t1) / 6 + math.exp(-length / min(t2, 2 * t1)) / 3
    return product, max(later, default=0.0)


@pytest.mark.parametrize("name", bundled_devices())
def test_scores_are_those_of_a_plain_calculation(name: str) -> None:
    snapshot = Snapshot.load(name)
    target = build_target(snapshot)
    for circuit in families(min(5, snapshot.num_qubits)) if snapshot.num_qubits > 3 else [ghz(2)]:
        for method in (None, "alap", "asap"):
            made = transpile(circuit, target=target, seed_transpiler=1, scheduling_method=method)
            esp, duration = score(made, snapshot)
            assert esp.dtype == duration.dtype == np.float64
            assert esp.shape == duration.shape == (1,)
            expected = plain(made, snapshot)
            assert esp[0] == pytest.approx(expected[0], rel=1e-12)
            assert duration[0] == pytest.approx(expected[1], rel=1e-9)
            assert 0 < esp[0] < 1


def test_durations_are_those_that_qiskit_estimates() -> None:
    snapshot = Snapshot.load("fez")
    target = build_target(snapshot)
    for circuit in families():
        made = transpile(circuit, target=target, seed_transpiler=2)
        assert score(made, snapshot).duration[0] == pytest.approx(made.estimate_duration(target, "s"), rel=1e-9)


@pytest.mark.parametrize(("t1", "t2"), [(100e-6, 80e-6), (50e-6, 100e-6), (200e-6, 20e-6)])
def test_waiting_costs_what_thermal_relaxation_does(t1: float, t2: float) -> None:
    snapshot = Snapshot.load("lima").with_overrides(t1={0: t1}, t2={0: t2}, gate_error={("x", (0,)): 0.0})
    for microseconds in (0.5, 3, 40, 900):
        circuit = QuantumCircuit(5)
        circuit.x(0)
        circuit.delay(microseconds, 0, unit="us")
        circuit.x(0)
        channel = thermal_relaxation_error(t1, t2, microseconds * 1e-6).to_quantumchannel()
        assert score(circuit, snapshot).esp[0] == pytest.approx(average_gate_fidelity(channel), abs=1e-12)


def test_what_nobody_waits_for_costs_nothing() -> None:
    snapshot = Snapshot.load("lima")
    waiting = QuantumCircuit(5)
    waiting.delay(100, 0, unit="us")
    waiting.x(0)
    waiting.delay(100, 0, unit="us")
    alone = QuantumCircuit(5)
    alone.x(0)
    assert score(waiting, snapshot).esp == score(alone, snapshot).esp
    assert score(waiting, snapshot).duration[0] == pytest.approx(200e-6 + score(alone, snapshot).duration[0])
    # T2 of a device may be longer than T1 allows; a qubit without either does not decay.
    circuit = QuantumCircuit(5)
    circuit.x(0)
    circuit.delay(10, 0, unit="us")
    circuit.x(0)
    at_most = snapshot.with_overrides(t1={0: 50e-6}, t2={0: 100e-6})
    assert score(circuit, snapshot.with_overrides(t1={0: 50e-6}, t2={0: 1.0})).esp == score(circuit, at_most).esp
    error = build_target(snapshot)["x"][0,].error
    never = snapshot.with_overrides(t1={0: None}, t2={0: None})
    assert score(circuit, never).esp[0] == pytest.approx((1 - error) ** 2, rel=1e-14)


def test_thousands_of_calibrations_give_what_each_gives_alone() -> None:
    drift = Drift("lima", 5)
    snapshots = Snapshot.parse_many(list(drift.calibrations(700)))
    made = transpile(families()[1], target=build_target(snapshots[0]), seed_transpiler=0)
    for threads in (1, 3, None):
        esp, duration = score(made, snapshots, threads=threads)
        assert esp.shape == (700,)
        assert len(np.unique(esp)) > 500
        for at in (0, 1, 63, 64, 65, 511, 512, 699):
            # On a calibration where a gate does not work, there is no score.
            alone = score(made, [snapshots[0], snapshots[at]])
            np.testing.assert_array_equal([esp[at], duration[at]], [alone.esp[1], alone.duration[1]])
            if not np.isnan(esp[at]):
                assert esp[at] == pytest.approx(plain(made, snapshots[at])[0], rel=1e-12)
    # Snapshots that were sent as compact forms are as good.
    sent = [Snapshot.from_bytes(each.to_bytes(payloads=False)) for each in snapshots[:50]]
    np.testing.assert_array_equal(score(made, sent).esp, esp[:50])


def test_calibrations_of_other_devices_and_faults_have_no_score() -> None:
    lima = Snapshot.load("lima")
    made = transpile(ghz(5), target=build_target(lima), seed_transpiler=0)
    pair = next(tuple(made.find_bit(bit).index for bit in each.qubits) for each in made.data if len(each.qubits) == 2)
    # A gate that stopped working, on the second of three calibrations.
    broken = lima.with_overrides(operational={("cx", pair): False})
    esp, duration = score(made, [lima, broken, lima])
    assert np.isnan(esp).tolist() == np.isnan(duration).tolist() == [False, True, False]
    # A device that is too small or has another gate, among others; and one after the other of other layouts.
    esp, _ = score(made, ["lima", "fez", "armonk" if "ibmq_armonk" in bundled_devices() else "fez", "lima"])
    assert np.isnan(esp).tolist() == [False, True, True, False]
    assert esp[0] == esp[3]


def test_what_cannot_be_scored_is_said() -> None:
    with pytest.raises(IBMInputValueError, match=r"can run on none of the snapshots.*Transpile it first"):
        score(ghz(3), "fez")
    looping = QuantumCircuit(5, 1, name="loops")
    with looping.if_test((looping.clbits[0], 1)):
        looping.x(0)
    with pytest.raises(IBMInputValueError, match="'loops' has if_else: its instructions are not known before it runs"):
        score(looping, "lima")
    waiting = QuantumCircuit(5)
    waiting.delay(Parameter("t"), 0)
    with pytest.raises(IBMInputValueError, match="A delay of t has no length yet"):
        score(waiting, "lima")
    assert score(QuantumCircuit(5), []).esp.shape == (0,)
    assert score(QuantumCircuit(5), "lima").esp.tolist() == [1.0]
