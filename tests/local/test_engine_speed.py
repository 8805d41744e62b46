# SPDX-License-Identifier: Apache-2.0
"""Processor time of circuits that come by the hundred."""

from __future__ import annotations

import time

import numpy as np
from qiskit import QuantumCircuit

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local.engine import BoundCircuit, SimulationOptions, run

FEZ = Snapshot.load("fez")
OPTIONS = SimulationOptions(FEZ, seed=1)


def seconds_of(circuits: list[QuantumCircuit], shots: int) -> float:
    """Return the processor time of a circuit, s: the least of three, because others use the machine."""
    tasks = [BoundCircuit(circuit, shots) for circuit in circuits]
    run(tasks[:1], OPTIONS)
    times = []
    for _ in range(3):
        start = time.process_time()
        run(tasks, OPTIONS)
        times.append((time.process_time() - start) / len(tasks))
    return min(times)


def test_156_separate_qubits_take_a_fifth_of_a_second() -> None:
    circuits = []
    for number in range(4):
        circuit = QuantumCircuit(156, 156)
        circuit.x(range(number % 2, 156, 2))
        circuit.measure(range(156), range(156))
        circuits.append(circuit)
    assert seconds_of(circuits, 1000) < 0.2


def test_small_circuits_of_a_job_take_milliseconds() -> None:
    """As the executor sends them: the same gates with other angles, and few shots each."""
    random = np.random.default_rng(1)
    circuits = []
    for _ in range(50):
        circuit = QuantumCircuit(156, 5)
        for _ in range(4):
            for qubit in range(5):
                for _ in range(2):
                    circuit.rz(float(random.uniform(0, 6)), qubit)
                    circuit.sx(qubit)
                circuit.rz(float(random.uniform(0, 6)), qubit)
            for qubit in range(4):
                circuit.cz(qubit, qubit + 1)
        circuit.measure(range(5), range(5))
        circuits.append(circuit)
    # 3 ms on a quiet machine; a busy one has cold caches.
    assert seconds_of(circuits, 64) < 0.006
