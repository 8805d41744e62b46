# SPDX-License-Identifier: Apache-2.0
"""Shots are independent of each other: of other circuits, other seeds and other parts of the circuit."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local.engine import BoundCircuit, SimulationOptions, run, simulate, trajectories
from qiskit_ibm_native.local.engine.seeds import aer_seed, derived, job_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

FEZ = Snapshot.load("fez")
SHOTS = 400
#: Two lines of qubits of fez that no gate connects.
LINES = (range(16), range(20, 36))
#: Beyond that many standard deviations is a normal value with a probability below 1e-9.
SIGMAS = 6.2


def measured(circuit: QuantumCircuit, qubits: Sequence[int], first: int = 0) -> QuantumCircuit:
    circuit.measure(qubits, range(first, first + len(qubits)))
    return circuit


def superposed(circuit: QuantumCircuit, line: Sequence[int], angle: float = np.pi / 2) -> None:
    for qubit in line:
        circuit.sx(qubit)
        circuit.rz(angle, qubit)
        circuit.sx(qubit)
    for one, other in itertools.pairwise(line):
        circuit.cz(one, other)
    for qubit in line:
        circuit.sx(qubit)


def dynamic() -> QuantumCircuit:
    circuit = QuantumCircuit(156, 24)
    for clbit in range(24):
        circuit.sx(0)
        circuit.measure(0, clbit)
    return circuit


def conditional() -> QuantumCircuit:
    circuit = QuantumCircuit(156, 13)
    circuit.sx(0)
    circuit.measure(0, 12)
    with circuit.if_test((circuit.clbits[12], 1)):
        circuit.x(1)
    superposed(circuit, range(1, 13), 0.7)
    return measured(circuit, range(1, 13))


def line(length: int, angle: float) -> QuantumCircuit:
    circuit = QuantumCircuit(156, length)
    superposed(circuit, range(length), angle)
    return measured(circuit, range(length))


def reused(length: int) -> QuantumCircuit:
    """Return a line whose first qubit is measured before, too, so that it cannot have trajectories."""
    circuit = QuantumCircuit(156, length + 1)
    circuit.sx(0)
    circuit.measure(0, length)
    superposed(circuit, range(length), 0.7)
    return measured(circuit, range(length))


def two_lines(length: int, angle: float) -> QuantumCircuit:
    circuit = QuantumCircuit(156, 2 * length)
    for number, qubits in enumerate(LINES):
        superposed(circuit, qubits[:length], angle)
        measured(circuit, qubits[:length], number * length)
    return circuit


#: A circuit of at least 12 random bits for each path of the engine, and the path.
PATHS = {
    "density matrices": (line(6, 0.7), "exact"),
    "shot by shot": (dynamic(), "aer"),
    "conditional, shot by shot": (conditional(), "aer"),
    "trajectories": (line(14, 0.7), "trajectories"),
    "stabilizer": (line(16, np.pi / 2), "aer"),
    "matrix product states": (reused(25), "aer"),
}

#: Of slow paths fewer shots; of this one more, because few would be simulated one by one.
SHOTS_OF = {"matrix product states": 12, "trajectories": 2500}


def bits_of(circuits: list[QuantumCircuit], seed: int | None, shots: int = SHOTS) -> list[npt.NDArray[np.bool_]]:
    options = SimulationOptions(FEZ, seed=seed)
    return [done.bits for done in run([BoundCircuit(circuit, shots) for circuit in circuits], options)]


def assert_independent(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> None:
    """No shot of one is that of the other, at any lag up to 50, more often than words repeat by chance."""
    weights = 1 << np.arange(one.shape[1])
    words = one @ weights, other @ weights
    pairs = np.concatenate([words[0], words[1]])
    _, counts = np.unique(pairs, return_counts=True)
    chance = float(np.sum((counts / len(pairs)) ** 2))
    for lag in range(-min(50, len(one) // 2), min(50, len(one) // 2) + 1):
        first, second = (
            (words[0][lag:], words[1][: len(words[1]) - lag]) if lag >= 0 else (words[0][:lag], words[1][-lag:])
        )
        equal = np.mean(first == second)
        assert equal < chance + SIGMAS * np.sqrt(chance * (1 - chance) / len(first)) + 0.01, lag


def noting(seen: list[str], label: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **kwargs: Any) -> Any:
        seen.append(label)
        return original(*args, **kwargs)

    return noted


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_each_path_is_the_one_that_is_meant(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, expected = PATHS[path]
    seen = []
    for module, name in ((simulate.exact, "probabilities"), (simulate.aer, "run"), (trajectories, "draw")):
        monkeypatch.setattr(module, name, noting(seen, module.__name__.rpartition(".")[2], getattr(module, name)))
    bits_of([circuit], 1, SHOTS_OF.get(path, SHOTS))
    assert seen[-1] == expected


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_circuits_of_a_job_and_neighbouring_seeds_share_no_shots(path: str) -> None:
    circuit = PATHS[path][0]
    shots = SHOTS_OF.get(path, SHOTS)
    first, second = bits_of([circuit] * 2, 100, shots)
    (neighbour,) = bits_of([circuit], 101, shots)
    assert_independent(first, second)
    assert_independent(first, neighbour)
    assert np.array_equal(bits_of([circuit], 100, shots)[0], first)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("length", "angle"), [(6, 0.7), (15, np.pi / 2), (15, 0.7)], ids=["density matrices", "stabilizer", "trajectories"]
)
def test_parts_that_nothing_connects_are_not_correlated(length: int, angle: float) -> None:
    shots = 2000
    (bits,) = bits_of([two_lines(length, angle)], 7, shots)
    one, other = (bits[:, half].astype(float) for half in (slice(length), slice(length, None)))
    moved = [values - values.mean(axis=0) for values in (one, other)]
    products = moved[0].T @ moved[1] / shots / np.maximum(np.outer(one.std(axis=0), other.std(axis=0)), 1e-9)
    assert np.abs(products).max() < SIGMAS / np.sqrt(shots)
    sums = [values.sum(axis=1) for values in moved]
    assert abs(np.corrcoef(*sums)[0, 1]) < SIGMAS / np.sqrt(shots)


def test_seeds_of_parts_differ_and_are_repeatable() -> None:
    seeds = [
        aer_seed(derived(job_seed(seed), circuit, part))
        for seed in range(8)
        for circuit in range(20)
        for part in range(9)
    ]
    again = [
        aer_seed(derived(job_seed(seed), circuit, part))
        for seed in range(8)
        for circuit in range(20)
        for part in range(9)
    ]
    assert seeds == again
    # No block of ten million shots touches another one.
    assert np.diff(np.sort(np.array(seeds, np.float64))).min() > 1e7
    assert aer_seed(job_seed(None)) != aer_seed(job_seed(None))


def test_the_simulator_keeps_the_results_of_aer_for_a_seed() -> None:
    circuits = [line(5, 0.4), dynamic(), line(5, 1.4)]
    ours = run([BoundCircuit(circuit, 100) for circuit in circuits], SimulationOptions(None, seed=5))
    result = AerSimulator().run(circuits, shots=100, seed_simulator=5, memory=True).result()
    for number, (circuit, done) in enumerate(zip(circuits, ours, strict=True)):
        words = [format(int(word, 2), f"0{circuit.num_clbits}b")[::-1] for word in result.get_memory(number)]
        assert [[bit == "1" for bit in word] for word in words] == done.bits.tolist()


def test_circuits_with_other_numbers_of_shots_share_none_on_the_simulator() -> None:
    tasks = [BoundCircuit(dynamic(), 300), BoundCircuit(dynamic(), 301)]
    first, second = (done.bits for done in run(tasks, SimulationOptions(None, seed=5)))
    assert_independent(first, second[:300])
