# SPDX-License-Identifier: Apache-2.0
"""Simulations of the local service: noise, connected components, trajectories, seeds."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import psutil
import pytest
from qiskit import QuantumCircuit, transpile
from tests.support.processes import arguments_of

from qiskit_ibm_native import IBMProvider, Snapshot, build_target


def flipped(number: int = 1) -> QuantumCircuit:
    circuit = QuantumCircuit(number, number)
    circuit.x(range(number))
    circuit.measure(range(number), range(number))
    return circuit


@pytest.mark.slow
def test_noise_is_that_of_the_calibration(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_hanoi")
    properties = backend.properties()
    # Readout: each qubit on its own.
    prepared = QuantumCircuit(27, 27)
    prepared.measure(range(27), range(27))
    shots = 20_000
    memory = backend.run(prepared, shots=shots, memory=True, seed_simulator=5).result().get_memory()
    ones = np.mean([[int(bit) for bit in reversed(word)] for word in memory], axis=0)
    expected = [properties.qubit_property(qubit, "prob_meas1_prep0")[0] for qubit in range(27)]
    assert np.allclose(ones, expected, atol=5 * np.sqrt(0.25 / shots))
    # Relaxation: what is left of a 1 after T1 is 1/e.
    qubit = int(np.argmax([properties.t1(qubit) for qubit in range(27)]))
    relaxed = QuantumCircuit(27, 1)
    relaxed.x(qubit)
    relaxed.delay(round(properties.t1(qubit) / backend.dt / 16) * 16, qubit, "dt")
    relaxed.measure(qubit, 0)
    left = backend.run(relaxed, shots=shots, seed_simulator=5).result().get_counts()["1"] / shots
    lost, wrong = (properties.qubit_property(qubit, name)[0] for name in ("prob_meas0_prep1", "prob_meas1_prep0"))
    assert left == pytest.approx(np.exp(-1) * (1 - lost) + (1 - np.exp(-1)) * wrong, abs=0.02)


@pytest.mark.slow
def test_large_circuits_on_large_devices_take_seconds(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    path = longest_path(20)
    circuit = QuantumCircuit(156, 20)
    random = np.random.default_rng(3)
    # Forward and back again: without noise, all qubits end where they began.
    layers = [(random.uniform(0, 6, 20), layer % 2) for layer in range(12)]
    half = QuantumCircuit(156)
    for angles, start in layers:
        for qubit, angle in zip(path, angles):
            half.sx(qubit)
            half.rz(float(angle), qubit)
        for step in range(start, 19, 2):
            half.cz(path[step], path[step + 1])
    circuit.compose(half, inplace=True)
    for instruction in reversed(half.data):
        if instruction.name == "sx":
            for name in ("rz", "sx", "rz"):
                circuit.rz(np.pi, instruction.qubits[0]) if name == "rz" else circuit.sx(instruction.qubits[0])
        else:
            circuit.append(instruction.operation.inverse(), instruction.qubits)
    circuit.measure(path, range(20))
    assert circuit.depth() >= 50
    before = simulation_time()
    job = backend.run(circuit, shots=4000, seed_simulator=1, memory=True)
    # Half of the shots have errors, each in many bits, and few of those can be simulated: clients are told, once.
    with pytest.warns(UserWarning, match=r"4000 shots of circuit 0 .* independent ones"):
        result = job.result(timeout=600)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert job.result() is result
    assert simulation_time() - before < 60
    zeros = np.mean([word.count("0") for word in result.get_memory()]) / 20
    assert 0.6 < zeros < 0.9  # most of it is right, and not all


def simulation_time() -> float:
    """Return the processor time of the simulators of this process, s, which a busy machine does not make longer."""
    simulators = [
        child for child in psutil.Process().children() if "local.jobs.simulator_main" in " ".join(arguments_of(child))
    ]
    return sum(sum(child.cpu_times()[:2]) for child in simulators)


def longest_path(length: int) -> list[int]:
    """Return qubits in a row between which gates err little: on a real device, some do not work at all."""
    cz = build_target(Snapshot.load("fez"))["cz"]
    good = {qubits for qubits, properties in cz.items() if properties.error < 0.01}
    neighbours: dict[int, list[int]] = {}
    for one, other in sorted(good | {(other, one) for one, other in good}):
        neighbours.setdefault(one, []).append(other)

    def extend(path: list[int]) -> list[int] | None:
        if len(path) == length:
            return path
        for other in neighbours[path[-1]]:
            longer = extend([*path, other]) if other not in path else None
            if longer:
                return longer
        return None

    return next(path for start in neighbours if (path := extend([start])) is not None)


@pytest.mark.slow
def test_wide_circuits_fall_into_components(local_provider: IBMProvider) -> None:
    """T1 of every qubit of a large device at once, which is exact because nothing connects the qubits."""
    backend = local_provider.get_backend("ibm_fez")
    properties = backend.properties()
    circuit = QuantumCircuit(156, 156)
    circuit.x(range(156))
    circuit.delay(25_000, range(156), "dt")
    circuit.measure(range(156), range(156))
    shots = 4000
    result = backend.run(circuit, shots=shots, memory=True, seed_simulator=3).result(timeout=120)
    ones = np.mean([[int(bit) for bit in reversed(word)] for word in result.get_memory()], axis=0)
    expected = []
    for qubit in range(156):
        lost, wrong = (properties.qubit_property(qubit, name)[0] for name in ("prob_meas0_prep1", "prob_meas1_prep0"))
        left = np.exp(-25_000 * backend.dt / properties.t1(qubit))
        expected.append(left * (1 - lost) + (1 - left) * wrong)
    assert np.abs(ones - expected).max() < 0.05
    assert np.abs(ones - expected).mean() < 0.01


@pytest.mark.slow
def test_large_clifford_circuits_take_seconds(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    path = longest_path(40)
    circuit = QuantumCircuit(156, 40)
    circuit.rz(np.pi / 2, path[0])
    circuit.sx(path[0])
    circuit.rz(np.pi / 2, path[0])
    for one, other in itertools.pairwise(path):
        circuit.rz(np.pi / 2, other)
        circuit.sx(other)
        circuit.rz(np.pi / 2, other)
        circuit.cz(one, other)
        circuit.rz(np.pi / 2, other)
        circuit.sx(other)
        circuit.rz(np.pi / 2, other)
    circuit.measure(path, range(40))
    counts = backend.run(circuit, shots=1000, seed_simulator=1).result(timeout=60).get_counts()
    assert 0.05 < (counts.get("0" * 40, 0) + counts.get("1" * 40, 0)) / 1000 < 0.9


def test_seeds_give_each_circuit_its_own_shots(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    circuit = QuantumCircuit(1, 1)
    circuit.sx(0)
    circuit.measure(0, 0)

    def memories() -> list[Any]:
        result = backend.run([circuit] * 3, shots=200, memory=True, seed_simulator=9).result()
        return [result.get_memory(number) for number in range(3)]

    first = memories()
    assert first == memories()
    assert len({tuple(shots) for shots in first}) == 3


def test_relaxation_also_happens_in_branches(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    duration = round(2 * backend.properties().t1(0) / backend.dt)
    circuit = QuantumCircuit(2, 2)
    circuit.x([0, 1])
    circuit.measure(1, 1)
    with circuit.if_test((1, 1)):
        circuit.delay(duration, 0, "dt")
    circuit.measure(0, 0)
    counts = backend.run(circuit, shots=2000, seed_simulator=1).result().get_counts()
    assert counts["11"] / (counts["11"] + counts["10"]) == pytest.approx(np.exp(-2), abs=0.06)


def test_more_qubits_than_amplitudes_fit(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    counts = (
        backend.run(transpile(flipped(60), backend, optimization_level=0), shots=20).result(timeout=120).get_counts()
    )
    assert sum(counts.values()) == 20
    assert sum(key.count("1") * number for key, number in counts.items()) / 20 > 54
