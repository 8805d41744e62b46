# SPDX-License-Identifier: Apache-2.0
"""Which method simulates a component, and what large ones make of delays."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.local.engine import BoundCircuit, SimulationOptions, aer, metadata, run
from qiskit_ibm_native.local.engine.components import connected_components
from qiskit_ibm_native.local.engine.noise import device_noise
from qiskit_ibm_native.local.engine.simulate import MeasuredBits, preferred_method

FEZ = Snapshot.load("fez")
NOISE = device_noise(FEZ)
#: 100 us.
LENGTH = round(100e-6 / build_target(FEZ).dt)


def line(num_qubits: int, angle: float = 0.3, waiting: int | None = None, value: int = 0) -> QuantumCircuit:
    """Return a layer of gates on a line of qubits, of which one may wait before it, in 0 or 1."""
    circuit = QuantumCircuit(156, num_qubits)
    if waiting is not None:
        if value:
            circuit.x(waiting)
        circuit.delay(LENGTH, waiting)
    for qubit in range(num_qubits):
        if qubit != waiting:
            circuit.sx(qubit)
            circuit.rz(angle, qubit)
    for qubit in range(num_qubits - 1):
        circuit.cz(qubit, qubit + 1)
    circuit.measure(range(num_qubits), range(num_qubits))
    return circuit


def simulated(circuit: QuantumCircuit, shots: int = 4000) -> MeasuredBits:
    return run([BoundCircuit(circuit, shots)], SimulationOptions(FEZ, seed=5))[0]


@pytest.mark.parametrize("shots", [50, 1000, 4000])
@pytest.mark.parametrize("num_qubits", range(8, 21))
def test_only_short_runs_are_left_to_aer(num_qubits: int, shots: int) -> None:
    (component,) = connected_components(line(num_qubits))
    few = num_qubits in (11, 12) and shots == 50
    expected = "aer" if few else "density" if num_qubits <= 11 else "large"
    assert preferred_method(component, shots) == expected


@pytest.mark.parametrize(("num_qubits", "shots"), [(12, 4000), (13, 4000), (18, 50)])
def test_middle_sized_circuits_take_less_than_seconds(num_qubits: int, shots: int) -> None:
    start = time.process_time()
    simulated(line(num_qubits), shots)
    # 0.05 s on a quiet machine; 13 to 32 s by Aer.
    assert time.process_time() - start < 3


def qubit_that_relaxes(by_resets: bool) -> int:
    """Return one of 14 qubits whose T2 is, or is not, above T1, and for which 100 us are long."""
    fitting = [qubit for qubit in range(14) if NOISE.relaxes_by_resets(qubit) == by_resets]
    return min(fitting, key=lambda qubit: NOISE.times(qubit)[0])


@pytest.mark.parametrize("angle", [0.0, 0.3])
@pytest.mark.parametrize("by_resets", [True, False])
def test_a_delay_leaves_0_as_it_is(angle: float, by_resets: bool) -> None:
    qubit = qubit_that_relaxes(by_resets)
    done = simulated(line(14, angle, qubit))
    small = QuantumCircuit(156, 1)
    small.measure(qubit, 0)
    # A few hundredths of gate errors and readout; twirled relaxation gave 0.3 and more.
    assert done.bits[:, qubit].mean() < simulated(small).bits.mean() + 0.05
    assert "relaxation" not in metadata([done])


def test_delays_of_clifford_circuits_relax_exactly_where_t2_is_not_above_t1() -> None:
    qubit = qubit_that_relaxes(True)
    done = simulated(line(14, 0.0, qubit, value=1))
    kept = np.exp(-100e-6 / NOISE.times(qubit)[0])
    one, zero = NOISE.readout[qubit]
    assert done.bits[:, qubit].mean() == pytest.approx(kept * (1 - zero) + (1 - kept) * one, abs=0.04)
    assert "relaxation" not in metadata([done])


def test_results_say_that_relaxation_was_symmetric() -> None:
    qubit = qubit_that_relaxes(False)
    for angle in (0.0, 0.3):
        assert metadata([simulated(line(14, angle, qubit, value=1), 200)])["relaxation"] == "symmetric"


def test_fourteen_clifford_qubits_with_a_delay_are_stabilizer_states(monkeypatch: pytest.MonkeyPatch) -> None:
    methods = []
    real = aer.run

    def noted(circuits: list[QuantumCircuit], shots: int, seed: int | None, options: dict[str, Any]) -> list[Any]:
        methods.append(options["method"])
        return real(circuits, shots, seed, options)

    monkeypatch.setattr(aer, "run", noted)
    for shots in (50, 4000):
        simulated(line(14, 0.0, qubit_that_relaxes(True), value=1), shots)
    assert methods == ["stabilizer", "stabilizer"]
