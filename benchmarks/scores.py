# SPDX-License-Identifier: Apache-2.0
"""Estimates of circuits' worth against simulated fidelity: rank correlations, with their spread."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import quantum_volume
from qiskit.quantum_info import Statevector, random_clifford
from qiskit.transpiler import Target
from qiskit_aer import AerSimulator
from scipy.stats import rankdata
from tests.support.sweeping import ghz, qaoa, qft
from tests.support.target_backend import TargetBackend

from qiskit_ibm_native import Snapshot, build_target, compare_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEVICES = ("lima", "hanoi", "sherbrooke", "torino", "fez")
#: Layouts of a circuit on a device that Qiskit finds at level 2, by seed, and others that are drawn at random.
FOUND, DRAWN = 5, 5
SHOTS, RESAMPLED = 100_000, 2000
#: A circuit whose routing needs more qubits than these is drawn again: density matrices grow by 4 with each.
MOST_QUBITS = 8


class Point(NamedTuple):
    """A transpiled circuit: names, estimates of its success, and the simulated fidelity.

    Attributes:
        circuit: The circuit.
        device: The device.
        esp: Estimated success probability.
        mapomatic: 1 minus mapomatic's cost.
        hellinger: Hellinger fidelity of the distribution with the exact one. Circuits with many likely outcomes keep a
            high one whatever noise does.
        fidelity: The same, normalised: 1 for the exact distribution, 0 for the uniform one, as in T. Lubinski et al.,
            IEEE Trans. Quantum Eng. 4, 3100332 (2023). Within a circuit, both have the same ranks.
    """

    circuit: str
    device: str
    esp: float
    mapomatic: float
    hellinger: float
    fidelity: float


def scores() -> dict[str, Any]:
    """Spearman's correlation of estimates with the simulated fidelity: over all, within circuits, within devices."""
    points = list(measured())
    found = {name: correlations(points, lambda point: getattr(point, name)) for name in ("esp", "mapomatic")}
    # Both by the same resampled points, so that their difference has an interval, too.
    fidelity, esp, mapomatic = (
        np.array([getattr(point, name) for point in points]) for name in ("fidelity", "esp", "mapomatic")
    )
    differences = [
        spearman(esp[chosen], fidelity[chosen]) - spearman(mapomatic[chosen], fidelity[chosen])
        for chosen in resampled(len(points))
    ]
    return {
        "points": len(points), "circuits": sorted({point.circuit for point in points}), "devices": list(DEVICES),
        "layouts": {"found": FOUND, "drawn": DRAWN}, "shots": SHOTS, "fidelity": spread(fidelity), **found,
        "esp_minus_mapomatic": interval(differences), "esp_minus_fidelity": spread(esp - fidelity),
        "all": [list(point) for point in points],
    }  # fmt: skip


def circuits() -> list[QuantumCircuit]:
    """Return circuits of at most 5 qubits whose distributions differ: few outcomes, and many."""
    mirrored = QuantumCircuit(5, name="mirror_n5")
    clifford = random_clifford(5, seed=3).to_circuit()
    mirrored.compose(clifford, inplace=True)
    mirrored.barrier()
    mirrored.compose(clifford.inverse(), inplace=True)
    mirrored.measure_all()
    volume = quantum_volume(4, 3, seed=7)
    volume.measure_all()
    volume.name = "qv_n4"
    back = QuantumCircuit(4, name="qft_back_n4")
    back.x([0, 2])
    back.compose(qft(4).remove_final_measurements(inplace=False), inplace=True)
    back.barrier()
    back.compose(qft(4).remove_final_measurements(inplace=False).inverse(), inplace=True)
    back.measure_all()
    return [ghz(5), bernstein_vazirani("1011"), qaoa(4, 2), mirrored, volume, back]


def bernstein_vazirani(secret: str) -> QuantumCircuit:
    """Return the circuit that finds a secret with one query; the last qubit is not measured."""
    circuit = QuantumCircuit(len(secret) + 1, len(secret), name=f"bv_n{len(secret) + 1}")
    circuit.h(range(len(secret)))
    circuit.x(len(secret))
    circuit.h(len(secret))
    for qubit, digit in enumerate(reversed(secret)):
        if digit == "1":
            circuit.cx(qubit, len(secret))
    circuit.h(range(len(secret)))
    circuit.measure(range(len(secret)), range(len(secret)))
    return circuit


def measured() -> Iterator[Point]:
    """Yield each circuit on each device with each layout."""
    for device in DEVICES:
        snapshot = Snapshot.load(device)
        target = build_target(snapshot)
        for circuit in circuits():
            exact = distribution(circuit)
            uniform = dict.fromkeys(range(1 << circuit.num_clbits), 0.5**circuit.num_clbits)
            made = list(layouts(circuit, target, f"{device} {circuit.name}"))
            compared = compare_scores(made, snapshot)
            for number, transpiled in enumerate(made):
                similar, least = hellinger(exact, simulated(transpiled, target)), hellinger(exact, uniform)
                yield Point(
                    circuit.name, device, float(compared.esp[number, 0]), 1 - float(compared.mapomatic_cost[number, 0]),
                    similar, (similar - least) / (1 - least),
                )  # fmt: skip


def layouts(circuit: QuantumCircuit, target: Target, name: str) -> Iterator[QuantumCircuit]:
    """Yield scheduled circuits with layouts that Qiskit finds, then with connected qubits that are drawn."""
    chance, neighbours = random.Random(name), target.build_coupling_map().graph.to_undirected()
    for seed in range(FOUND):
        yield transpile(circuit, target=target, optimization_level=2, seed_transpiler=seed, scheduling_method="alap")
    drawn = 0
    while drawn < DRAWN:
        chosen = [chance.randrange(target.num_qubits)]
        while len(chosen) < circuit.num_qubits:
            chosen.append(
                chance.choice(sorted({new for old in chosen for new in neighbours.neighbors(old)} - {*chosen}))
            )
        chance.shuffle(chosen)
        made = transpile(
            circuit, target=target, optimization_level=1, seed_transpiler=drawn, initial_layout=chosen,
            scheduling_method="alap",
        )  # fmt: skip
        if len(used(made)) <= MOST_QUBITS:
            drawn += 1
            yield made


def used(circuit: QuantumCircuit) -> list[int]:
    """Return the qubits that do more than wait."""
    return sorted({
        circuit.find_bit(bit).index
        for instruction in circuit.data
        if instruction.name not in {"delay", "barrier"}
        for bit in instruction.qubits
    })  # fmt: skip


def simulated(circuit: QuantumCircuit, target: Target) -> dict[int, float]:
    """Return the distribution of a transpiled circuit by Aer, with the noise that Aer makes of the used qubits."""
    qubits = used(circuit)
    numbers = {qubit: number for number, qubit in enumerate(qubits)}
    properties = target.qubit_properties
    part = Target(num_qubits=len(qubits), dt=target.dt, qubit_properties=[properties[qubit] for qubit in qubits])
    for name in target.operation_names:
        entries = target[name]
        if not entries or None in entries:
            continue
        kept = {
            tuple(numbers[qubit] for qubit in qargs): entry
            for qargs, entry in entries.items()
            if numbers.keys() >= {*qargs}
        }
        if kept:
            part.add_instruction(target.operation_from_name(name), kept, name=name)
    small = QuantumCircuit(len(qubits), circuit.num_clbits)
    for instruction in circuit.data:
        indices = [circuit.find_bit(bit).index for bit in instruction.qubits]
        if instruction.name != "barrier" and numbers.keys() >= {*indices}:
            clbits = [circuit.find_bit(bit).index for bit in instruction.clbits]
            small.append(instruction.operation, [numbers[qubit] for qubit in indices], clbits)
    simulator = AerSimulator.from_backend(TargetBackend(part), method="density_matrix", seed_simulator=1)
    counts = simulator.run(small, shots=SHOTS).result().get_counts()
    return {int(bits.replace(" ", ""), 2): count / SHOTS for bits, count in counts.items()}


def distribution(circuit: QuantumCircuit) -> dict[int, float]:
    """Return the exact distribution of a circuit without noise, whose measurements are its last instructions."""
    measured = {
        circuit.find_bit(step.clbits[0]).index: circuit.find_bit(step.qubits[0]).index
        for step in circuit.data
        if step.name == "measure"
    }
    state = Statevector(circuit.remove_final_measurements(inplace=False))
    found = state.probabilities([measured[clbit] for clbit in sorted(measured)])
    return {outcome: float(value) for outcome, value in enumerate(found) if value > 1e-12}


def hellinger(first: dict[int, float], second: dict[int, float]) -> float:
    """Return the Hellinger fidelity of two distributions, the square of the sum of ``sqrt(p q)``."""
    return sum(math.sqrt(value * second.get(outcome, 0.0)) for outcome, value in first.items()) ** 2


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation; equal values share their mean rank."""
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def resampled(count: int) -> Iterator[np.ndarray]:
    chance = np.random.default_rng(1)
    return (chance.integers(count, size=count) for _ in range(RESAMPLED))


def interval(values: Any) -> dict[str, float]:
    """Return median and the 95 % interval of resampled values."""
    low, median, high = np.quantile(values, [0.025, 0.5, 0.975])
    return {"low": float(low), "median": float(median), "high": float(high)}


def spread(values: Any) -> dict[str, float]:
    """Return mean, least and greatest."""
    return {"mean": float(np.mean(values)), "least": float(np.min(values)), "greatest": float(np.max(values))}


def correlations(points: list[Point], estimate: Callable[[Point], float]) -> dict[str, Any]:
    """Return the correlations of an estimate over all points and within groups, and the loss by a choice by it."""
    values = np.array([[estimate(point), point.fidelity] for point in points])
    groups = {
        "within_circuits": [point.circuit for point in points],
        "within_devices": [point.device for point in points],
        "within_both": [f"{point.circuit} {point.device}" for point in points],
    }
    found: dict[str, Any] = {
        "overall": spearman(*values.T),
        "overall_hellinger": spearman(values[:, 0], np.array([point.hellinger for point in points])),
        "interval": interval([spearman(*values[chosen].T) for chosen in resampled(len(points))]),
    }
    for name, labels in groups.items():
        parts = [values[np.array(labels) == label] for label in sorted(set(labels))]
        found[name] = spread([spearman(*part.T) for part in parts])
    losses = [part[:, 1].max() - part[part[:, 0].argmax(), 1] for part in parts]
    return {**found, "loss": spread(losses)}
