# SPDX-License-Identifier: Apache-2.0
"""Shots of large circuits, drawn from a few courses of the noise.

Noise is twirled into Paulis, so that which errors a shot has does not depend on its state: it is decided for all shots first.
Those without an error are drawn from the state without noise. Those with errors would each take a simulation of their own;
a few of these courses are simulated, and all shots with errors are drawn from them. Each shot has the right distribution,
up to the twirling; only, shots of the same course are not independent of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qiskit.circuit.library import PauliGate
from qiskit_aer import AerSimulator

from . import noise

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from qiskit import QuantumCircuit

    from ..snapshot import Snapshot
    from .parts import Part

    #: By the place of an instruction in a circuit, the index of the Pauli behind it.
    Course = dict[int, int]

#: How many courses are simulated at once: each has a probability for every word.
_AT_ONCE = 8


def draw(
    part: Part,
    shots: int,
    most: int,
    measured: dict[int, int],
    random: np.random.Generator,
    snapshot: Snapshot,
) -> tuple[npt.NDArray[np.bool_], int]:
    """Return bits of shots, of shape ``(shots, num_clbits)``, and how many courses they were drawn from.

    Args:
        part: What to run; it measures at its end only.
        shots: How many shots.
        most: How many courses to simulate at most.
        measured: The qubit of each classical bit.
        random: Where random numbers come from.
        snapshot: The device.
    """
    names = frozenset(noise.names_in(part.circuit))
    probabilities = noise.pauli_probabilities(snapshot, frozenset(part.qubits), names)
    errors = _errors(part.circuit, probabilities, shots, random, snapshot)
    clean = np.array([shot for shot in range(shots) if shot not in errors], np.int64)
    dirty = random.permutation(np.array(sorted(errors), np.int64))
    groups: list[tuple[npt.NDArray[np.int64], Course]] = [(clean, {})] if len(clean) else []
    # Shots with errors go evenly to the courses of the first ones.
    number = min(max(most - len(groups), 1), len(dirty))
    groups += [(share, errors[int(share[0])]) for share in np.array_split(dirty, number)] if number else []
    bits = np.zeros((shots, part.circuit.num_clbits), np.bool_)
    table = noise.readout_probabilities(snapshot)
    places = {qubit: index for index, qubit in enumerate(part.qubits)}
    for (share, _), weights in zip(groups, _weights(part, [course for _, course in groups]), strict=True):
        sums = np.cumsum(weights)
        words = np.searchsorted(sums, random.random(len(share)) * sums[-1])
        for clbit, qubit in measured.items():
            values = (words >> places[qubit] & 1).astype(np.bool_)
            bits[share, clbit] = values ^ (random.random(len(share)) < table[qubit][values.astype(int)])
    return bits, len(groups)


def _errors(
    circuit: QuantumCircuit,
    probabilities: dict[tuple[str, tuple[int, ...]], npt.NDArray[np.float64]],
    shots: int,
    random: np.random.Generator,
    snapshot: Snapshot,
) -> dict[int, Course]:
    """Return the courses of shots that have errors."""
    place = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    errors: dict[int, Course] = {}
    for index, instruction in enumerate(circuit.data):
        where = tuple(place[qubit] for qubit in instruction.qubits)
        if instruction.name == "delay":
            weights = noise.delay_probabilities(snapshot, where[0], int(instruction.params[0]))
        else:
            weights = probabilities.get((instruction.name, where))
        if weights is None:
            continue
        hit = np.flatnonzero(random.random(shots) >= weights[0])
        if len(hit):
            kinds = random.choice(len(weights) - 1, len(hit), p=weights[1:] / weights[1:].sum()) + 1
            for shot, kind in zip(hit.tolist(), kinds.tolist(), strict=True):
                errors.setdefault(shot, {})[index] = kind
    return errors


def _weights(part: Part, courses: list[Course]) -> Iterator[npt.NDArray[np.float64]]:
    """Give the probabilities of words at the end of each course."""
    simulator = AerSimulator(method="statevector", precision="single", max_parallel_experiments=1)
    for first in range(0, len(courses), _AT_ONCE):
        circuits = [_with_errors(part, course) for course in courses[first : first + _AT_ONCE]]
        result = simulator.run(circuits, shots=1).result()
        if not result.success:
            raise RuntimeError(result.status)
        for place in range(len(circuits)):
            yield result.data(place)["probabilities"]


def _with_errors(part: Part, course: Course) -> QuantumCircuit:
    """Return the circuit of a course, without measurements."""
    circuit = part.circuit.copy_empty_like()
    for index, instruction in enumerate(part.circuit.data):
        if instruction.name not in ("measure", "delay", "barrier"):
            circuit.append(instruction)
        if index in course:
            qubits = instruction.qubits
            circuit.append(PauliGate(noise.paulis(len(qubits))[course[index]]), qubits)
    circuit.save_probabilities([circuit.qubits[qubit] for qubit in part.qubits])
    return circuit
