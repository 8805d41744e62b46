# SPDX-License-Identifier: Apache-2.0
"""Large circuits: errors that are moved to the end, states that shots share, and error bars that are told."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local.engine import BoundCircuit, SimulationOptions, metadata, run, trajectories
from qiskit_ibm_native.local.engine.amplitudes import Circuit
from qiskit_ibm_native.local.engine.chains import Chain
from qiskit_ibm_native.local.engine.components import read_steps
from qiskit_ibm_native.local.engine.frames import Operation, draw_frames, relevant, rewritten
from qiskit_ibm_native.local.engine.noise import device_noise
from qiskit_ibm_native.provider.run.results import Bits, PubData, advice_on_simulation

FEZ = Snapshot.load("fez")


class NoNoise:
    """Noise of a device without any."""

    def channel(self, *_: Any) -> None:
        return None


def randomly(number: int, num_qubits: int, random: np.random.Generator) -> list[QuantumCircuit]:
    """Return circuits of a gate each, of every kind that devices have."""
    circuits = []
    for _ in range(number):
        name = str(random.choice(["rz", "sx", "cz", "ecr", "rzz", "rx", "h", "s", "cx", "x", "sxdg", "p"]))
        one, other = (int(qubit) for qubit in random.permutation(num_qubits)[:2])
        circuit = QuantumCircuit(num_qubits)
        angle = [random.uniform(0, 6)] if name in ("rz", "rzz", "rx", "p") else []
        getattr(circuit, name)(*angle, *([one, other] if name in ("cz", "ecr", "rzz", "cx") else [one]))
        circuits.append(circuit)
    return circuits


@pytest.mark.parametrize("seed", range(12))
def test_errors_moved_to_the_end_give_what_errors_in_the_middle_give(seed: int) -> None:
    random, num_qubits = np.random.default_rng(seed), 8
    whole, operations = QuantumCircuit(num_qubits), []
    for number, part in enumerate(randomly(80, num_qubits, random)):
        whole.compose(part, inplace=True)
        operations += rewritten(read_steps(part), NoNoise())  # type: ignore[arg-type]
        if number % 30 == 10:
            kind, qubits = (
                int(random.integers(1, 16)),
                tuple(int(qubit) for qubit in random.permutation(num_qubits)[:2]),
            )
            for qubit, letter in zip(qubits, (kind & 3, kind >> 2), strict=True):
                if letter:
                    getattr(whole, "ixyz"[letter])(qubit)
            operations.append(Operation("errors", qubits, probabilities=np.eye(16)[kind]))
    kept = relevant(operations, set(range(num_qubits)))
    frames = draw_frames(kept, num_qubits, 2, random)
    found = final_probabilities(Circuit(kept, num_qubits), frames.signs)
    flips = sum(1 << qubit for qubit in range(num_qubits) if frames.flips[qubit, 0])
    expected = Statevector(whole).probabilities()
    assert np.allclose(found[np.arange(len(found)) ^ flips], expected, atol=1e-6)


def final_probabilities(circuit: Circuit, signs: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the probabilities of words in Qiskit's order, for the signs of the first shot."""
    taken: list[Any] = []
    bits = np.unpackbits(signs[:1], axis=1, bitorder="little").view(np.bool_)
    circuit.run(bits, lambda _, state: taken.append(state.weights))
    words = np.arange(len(taken[0]))
    source = np.zeros_like(words)
    for qubit, bit in circuit.bit_of.items():
        source |= (words >> qubit & 1) << bit
    return np.asarray(taken[0][source])


def brickwork(length: int, depth: int) -> QuantumCircuit:
    random, path = np.random.default_rng(3), range(length)
    circuit = QuantumCircuit(156, length)
    for layer in range(depth):
        for qubit in path:
            circuit.rx(float(random.uniform(0, 1)), qubit)
        for one in range(layer % 2, length - 1, 2):
            circuit.cz(one, one + 1)
    for qubit in path:
        circuit.sx(qubit)
        circuit.rz(1.0, qubit)
        circuit.sx(qubit)
    circuit.measure(path, path)
    return circuit


@pytest.mark.slow
def test_chains_have_the_states_of_amplitudes() -> None:
    num_qubits, random = 13, np.random.default_rng(4)
    noise = device_noise(FEZ)
    steps = [step for step in read_steps(with_fractional_gates(num_qubits)) if step.name != "measure"]
    operations = relevant(rewritten(steps, noise), set(range(num_qubits)))
    frames = draw_frames(operations, num_qubits, 3000, random)
    signs = np.unpackbits(np.unique(frames.signs, axis=0)[:40], axis=1, bitorder="little").view(np.bool_)
    circuit = Circuit(operations, num_qubits)
    chain = Chain.of(circuit)
    assert chain is not None
    one: dict[int, Any] = {}
    other: dict[int, Any] = {}
    circuit.run(signs, lambda index, state: one.__setitem__(index, (state.ones(), state.draw(2000, random))))
    chain.run(signs, lambda index, state: other.__setitem__(index, (state.ones(), state.draw(2000, random))))
    assert len(one) == len(other) == len(signs) > 20
    for index, (ones, _) in one.items():
        assert np.allclose(ones, other[index][0], atol=1e-5)
    both = [np.concatenate([shots for _, (_, shots) in sorted(side.items())]).astype(float) for side in (one, other)]
    # Products of bits, which means do not tell: of 80,000 shots each, six standard deviations.
    products = [values.T @ values / len(values) for values in both]
    assert np.abs(products[0] - products[1]).max() < 6 * 0.5 * np.sqrt(2 / len(both[0]))


def with_fractional_gates(length: int) -> QuantumCircuit:
    circuit = QuantumCircuit(156, length)
    for layer in range(3):
        for qubit in range(length):
            circuit.rx(0.3 + qubit + layer, qubit)
        for one in range(layer % 2, length - 1, 2):
            circuit.rzz(0.4 + one, one, one + 1)
            circuit.cz(one, one + 1)
    circuit.rx(0.9, range(length))
    circuit.measure(range(length), range(length))
    return circuit


@pytest.mark.slow
def test_shallow_circuits_of_thirty_qubits_are_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = QuantumCircuit(156, 30)
    path = [*range(16), 19, *range(35, 22, -1)]
    circuit.x(path[0])
    for one, other in itertools.pairwise(path):
        # Back and forth: a 1 that is handed on, by gates that are no Clifford gates.
        circuit.rx(np.pi - 1e-3, other)
        circuit.cz(one, other)
        circuit.rx(1e-3, other)
    circuit.measure(path, range(30))
    monkeypatch.setattr("qiskit_ibm_native.local.engine.aer.run", None)
    (done,) = run([BoundCircuit(circuit, 300)], SimulationOptions(quiet(FEZ), seed=1))
    assert done.effective_shots is None
    # Two of the gates do not work on the device that day.
    assert done.bits.mean() > 0.85
    assert done.bits[:, :10].mean() > 0.97


def quiet(snapshot: Snapshot) -> Snapshot:
    """Return a device whose readout is always right."""
    return snapshot.with_overrides(readout_error=dict.fromkeys(range(156), 0.0))


@pytest.mark.slow
def test_trajectories_have_the_distribution_of_density_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, shots = brickwork(7, 4), 40_000
    exact = run([BoundCircuit(circuit, shots)], SimulationOptions(FEZ, seed=1))[0].bits
    monkeypatch.setattr("qiskit_ibm_native.local.engine.simulate._BUDGET", 0.0)
    (sampled,) = run([BoundCircuit(circuit, shots)], SimulationOptions(FEZ, seed=2))
    assert sampled.effective_shots is None
    words = [bits @ (1 << np.arange(7)) for bits in (exact, sampled.bits)]
    one, other = (np.bincount(word, minlength=128) for word in words)
    # 127 degrees of freedom: 230 is exceeded by chance with a probability below 1e-7. Twirling moves it a little.
    assert np.sum((one - other) ** 2 / np.maximum(one + other, 1)) < 230


def spread(circuit: QuantumCircuit, repetitions: int, shots: int) -> tuple[float, list[int | None]]:
    """Return the largest variance of a bit between repetitions over that of independent shots, and what was told."""
    done = [run([BoundCircuit(circuit, shots)], SimulationOptions(FEZ, seed=seed))[0] for seed in range(repetitions)]
    means = np.array([one.bits.mean(axis=0) for one in done])
    mean = means.mean(axis=0)
    ratios = means.var(axis=0, ddof=1) / (mean * (1 - mean) / shots)
    return float(np.median(ratios)), [one.effective_shots for one in done]


@pytest.mark.slow
def test_shots_of_shallow_circuits_are_independent() -> None:
    median, told = spread(brickwork(14, 5), 10, 4000)
    assert set(told) == {None}
    # The median of 14 ratios with 9 degrees of freedom, correlated as they are, is far from that for binomial bits.
    assert 0.3 < median < 2.2


@pytest.mark.slow
def test_fewer_states_than_shots_need_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = brickwork(14, 10)
    monkeypatch.setattr(trajectories, "_BUDGET", 0.0)
    (done,) = run([BoundCircuit(circuit, 1500)], SimulationOptions(FEZ, seed=1))
    assert done.trajectories == 4
    assert done.effective_shots is not None
    assert 1 <= done.effective_shots < 1000
    assert metadata([done]) == {"noise_trajectories": 4, "effective_shots": done.effective_shots}
    again = run([BoundCircuit(circuit, 1500)], SimulationOptions(FEZ, seed=1))[0]
    assert np.array_equal(again.bits, done.bits)


def test_effective_shots_are_those_of_a_known_variance() -> None:
    """Two groups whose bit is certain, and other in the other group: half of the shots follow either lender."""
    sampler = object.__new__(trajectories._Sampler)
    shots = np.arange(100)
    sampler._groups = [trajectories._Group(shots, 0, shots > 0), trajectories._Group(shots, 1, shots > 0)]
    sampler.bits = np.repeat([[True], [False]], 100, axis=0)
    sampler._ones = np.array([[0.5], [0.5]])
    assert sampler.effective_shots() == 200
    sampler._ones = np.array([[0.0], [1.0]])
    # Variance 1/2 within each group of 100, over 200 / 4 of independent shots.
    assert sampler.effective_shots() == round(200 / (1 + 2 * 100 * 99 * 0.5 / 50))


def pub(shots: int, effective: int | None) -> PubData:
    told = {} if effective is None else {"effective_shots": effective}
    return PubData({"c": Bits(np.zeros((shots, 1), np.uint8), 3)}, (), told)


def test_few_effective_shots_are_explained() -> None:
    assert advice_on_simulation([pub(100, None), pub(100, 50)]) is None
    advice = advice_on_simulation([pub(100, None), pub(100, 20), pub(100, 9)])
    assert advice is not None
    assert "100 shots of circuit 2 have error bars as large as those of 9 independent ones" in advice
    assert "2 of 3 circuits" in advice


def test_symmetric_relaxation_is_explained() -> None:
    data = PubData({}, (), {"relaxation": "symmetric"})
    advice = advice_on_simulation([pub(100, None), data])
    assert advice is not None
    assert "Delays of circuit 1 relax from 0 to 1 as often as from 1 to 0" in advice
    assert "1 of 2 circuits" in advice
