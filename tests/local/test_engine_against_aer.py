# SPDX-License-Identifier: Apache-2.0
"""Counts of twenty circuits beside those of ``AerSimulator`` with the noise of the same calibration."""

from __future__ import annotations

import itertools
import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import QFTGate
from qiskit.circuit.random import random_circuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError
from scipy.stats import chi2
from tests.support.target_backend import TargetBackend

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.local.engine import BoundCircuit, SimulationOptions, run

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    from qiskit.transpiler import Target

HANOI = Snapshot.load("hanoi")
SHOTS = 20_000
#: Of twenty tests, one fails by chance with a probability of 1e-6.
ALARM = 5e-8
LAYOUT = [0, 1, 2, 3, 5, 8, 11, 14]


@cache
def device_target() -> Target:
    return build_target(HANOI)


@cache
def noise_of_aer() -> NoiseModel:
    """The noise of ``AerSimulator.from_backend``, but for readout, which is symmetric there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NoiseModel.from_backend(TargetBackend(device_target()))
        for qubit in range(27):
            one, zero = (
                HANOI.properties.qubit_property(qubit, f"prob_meas{name}")[0] for name in ("1_prep0", "0_prep1")
            )
            model.add_readout_error(ReadoutError([[1 - one, one], [zero, 1 - zero]]), [qubit])
    return model


def ghz(size: int) -> QuantumCircuit:
    circuit = QuantumCircuit(size)
    circuit.h(0)
    for one, other in itertools.pairwise(range(size)):
        circuit.cx(one, other)
    return circuit


def fourier(size: int, value: int) -> QuantumCircuit:
    circuit = QuantumCircuit(size)
    for qubit in range(size):
        circuit.h(qubit)
        circuit.p(2 * np.pi * value / 2 ** (qubit + 1), qubit)
    circuit.append(QFTGate(size).inverse(), range(size))
    return circuit


def randomly(size: int, depth: int, seed: int) -> QuantumCircuit:
    return random_circuit(size, depth, max_operands=2, seed=seed)


def mirror(size: int, depth: int, seed: int) -> QuantumCircuit:
    half = random_circuit(size, depth, max_operands=2, seed=seed)
    circuit = half.copy()
    circuit.barrier()
    return circuit.compose(half.inverse())


def swap_test() -> QuantumCircuit:
    circuit = QuantumCircuit(3, 1)
    circuit.ry(0.7, 1)
    circuit.ry(1.9, 2)
    circuit.h(0)
    circuit.cswap(0, 1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    return circuit


def delayed(length: int, is_echoed: bool) -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    for _ in range(4):
        circuit.delay(length, range(3))
        if is_echoed:
            circuit.x(range(3))
    circuit.cx(0, 1)
    circuit.h(range(3))
    return circuit


def remeasured() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 4)
    for clbit in range(0, 4, 2):
        circuit.ry(1.1, 0)
        circuit.cx(0, 1)
        circuit.measure([0, 1], [clbit, clbit + 1])
    return circuit


def with_reset() -> QuantumCircuit:
    circuit = QuantumCircuit(3, 3)
    circuit.ry(2.0, 0)
    circuit.cx(0, 1)
    circuit.reset(0)
    circuit.h(0)
    circuit.cx(0, 2)
    circuit.measure(range(3), range(3))
    return circuit


def teleported() -> QuantumCircuit:
    circuit = QuantumCircuit(3, 3)
    circuit.ry(0.9, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(2)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.z(2)
    with otherwise:
        circuit.delay(3200, 2)
    circuit.measure(2, 2)
    return circuit


def corrected() -> QuantumCircuit:
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
        circuit.cx(0, 1)
    circuit.measure(0, 0)
    circuit.rx(0.4, 1)
    circuit.cx(1, 2)
    circuit.measure([1, 2], [1, 2])
    return circuit


CIRCUITS: dict[str, Callable[[], QuantumCircuit]] = {
    "ghz 3": lambda: ghz(3), "ghz 5": lambda: ghz(5), "ghz 7": lambda: ghz(7),
    "qft 3": lambda: fourier(3, 5), "qft 4": lambda: fourier(4, 11), "qft 5": lambda: fourier(5, 13),
    "random 3": lambda: randomly(3, 6, 1), "random 4": lambda: randomly(4, 8, 2), "random 5": lambda: randomly(5, 6, 3),
    "random 6": lambda: randomly(6, 5, 4),
    "mirror 3": lambda: mirror(3, 3, 1), "mirror 4": lambda: mirror(4, 4, 2594), "mirror 5": lambda: mirror(5, 3, 7),
    "swap test": swap_test,
    "delays": lambda: delayed(11_200, is_echoed=False), "decoupled delays": lambda: delayed(11_200, is_echoed=True),
    "measured twice": remeasured, "reset": with_reset, "teleported": teleported, "corrected": corrected,
}  # fmt: skip


def on_device(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit in gates of the device, which has no branches: these are put on its qubits as they are."""
    if circuit.num_clbits == 0:
        circuit.measure_all()
    target = device_target()
    if not circuit.has_control_flow_op():
        return transpile(circuit, target=target, initial_layout=LAYOUT[: circuit.num_qubits], seed_transpiler=1)
    placed = QuantumCircuit(27, circuit.num_clbits)
    placed.compose(circuit, LAYOUT[: circuit.num_qubits], range(circuit.num_clbits), inplace=True)
    return placed


def of_aer(circuit: QuantumCircuit) -> npt.NDArray[np.intp]:
    simulator = AerSimulator(noise_model=noise_of_aer(), fusion_enable=False)
    result = simulator.run(circuit, shots=SHOTS, seed_simulator=11).result()
    counts = np.zeros(2**circuit.num_clbits, np.intp)
    for word, count in result.get_counts().items():
        counts[int(word.replace(" ", ""), 2)] += count
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("name", CIRCUITS)
def test_counts_are_those_of_aer(name: str) -> None:
    circuit = on_device(CIRCUITS[name]())
    bits = run([BoundCircuit(circuit, SHOTS)], SimulationOptions(HANOI, seed=7))[0].bits
    ours = np.bincount(bits @ (1 << np.arange(circuit.num_clbits)), minlength=2**circuit.num_clbits)
    theirs = of_aer(circuit)
    # Rare words are counted together, so that the statistic has its distribution.
    rare = ours + theirs < 20
    one, other = (np.append(counts[~rare], counts[rare].sum()) for counts in (ours, theirs))
    total = one + other
    statistic = np.sum((one - other) ** 2 / np.maximum(total, 1))
    assert chi2.sf(statistic, max(np.count_nonzero(total) - 1, 1)) > ALARM
