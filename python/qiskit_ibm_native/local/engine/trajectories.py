# SPDX-License-Identifier: Apache-2.0
"""Shots of large circuits, drawn from a few trajectories of the noise.

Noise is twirled into Paulis, so that the errors of a shot do not depend on its state: they are drawn for all shots
first. Shots without an error are drawn from the state without noise. Each shot with errors is a trajectory that would
take a simulation of its own; a few of these are simulated, and all shots with errors are drawn from them. Each shot has
the right distribution, up to the twirling, but shots of the same trajectory are not independent of each other.
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

    from ...snapshot import Snapshot
    from .components import ConnectedComponent

    #: Index of the Pauli behind an instruction, by the index of the instruction.
    Trajectory = dict[int, int]

#: Trajectories that are simulated at once: each has a probability for every word, 128 MB for 24 qubits.
_AT_ONCE = 8


def draw(
    component: ConnectedComponent,
    shots: int,
    max_trajectories: int,
    measured: dict[int, int],
    random: np.random.Generator,
    snapshot: Snapshot,
) -> tuple[npt.NDArray[np.bool_], int]:
    """Return bits, of shape ``(shots, num_clbits)``, and the number of trajectories from which they were drawn.

    Args:
        component: The circuit, which measures at its end only.
        shots: Number of shots.
        max_trajectories: Number of trajectories to simulate at most.
        measured: The index of the qubit of each classical bit.
        random: The source of random numbers.
        snapshot: The device.
    """
    names = frozenset(noise.names_in(component.circuit))
    probabilities = noise.pauli_probabilities(snapshot, frozenset(component.qubits), names)
    errors = _errors(component.circuit, probabilities, shots, random, snapshot)
    clean = np.array([shot for shot in range(shots) if shot not in errors], np.int64)
    dirty = random.permutation(np.array(sorted(errors), np.int64))
    groups: list[tuple[npt.NDArray[np.int64], Trajectory]] = [(clean, {})] if len(clean) else []
    # Shots with errors are shared evenly by the trajectories of the first ones.
    number = min(max(max_trajectories - len(groups), 1), len(dirty))
    groups += [(share, errors[int(share[0])]) for share in np.array_split(dirty, number)] if number else []
    bits = np.zeros((shots, component.circuit.num_clbits), np.bool_)
    table = noise.readout_probabilities(snapshot)
    positions = {qubit: index for index, qubit in enumerate(component.qubits)}
    for (share, _), weights in zip(groups, _weights(component, [trajectory for _, trajectory in groups]), strict=True):
        sums = np.cumsum(weights)
        words = np.searchsorted(sums, random.random(len(share)) * sums[-1])
        for clbit, qubit in measured.items():
            values = (words >> positions[qubit] & 1).astype(np.bool_)
            bits[share, clbit] = values ^ (random.random(len(share)) < table[qubit][values.astype(int)])
    return bits, len(groups)


def _errors(
    circuit: QuantumCircuit,
    probabilities: dict[tuple[str, tuple[int, ...]], npt.NDArray[np.float64]],
    shots: int,
    random: np.random.Generator,
    snapshot: Snapshot,
) -> dict[int, Trajectory]:
    """Return the trajectories of shots that have errors."""
    indices = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    errors: dict[int, Trajectory] = {}
    for index, instruction in enumerate(circuit.data):
        qargs = tuple(indices[qubit] for qubit in instruction.qubits)
        if instruction.name == "delay":
            weights = noise.delay_probabilities(snapshot, qargs[0], int(instruction.params[0]))
        else:
            weights = probabilities.get((instruction.name, qargs))
        if weights is None:
            continue
        hit = np.flatnonzero(random.random(shots) >= weights[0])
        if len(hit):
            kinds = random.choice(len(weights) - 1, len(hit), p=weights[1:] / weights[1:].sum()) + 1
            for shot, kind in zip(hit.tolist(), kinds.tolist(), strict=True):
                errors.setdefault(shot, {})[index] = kind
    return errors


def _weights(component: ConnectedComponent, trajectories: list[Trajectory]) -> Iterator[npt.NDArray[np.float64]]:
    """Yield the probabilities of words at the end of each trajectory."""
    simulator = AerSimulator(method="statevector", precision="single", max_parallel_experiments=1)
    for first in range(0, len(trajectories), _AT_ONCE):
        circuits = [_with_errors(component, trajectory) for trajectory in trajectories[first : first + _AT_ONCE]]
        result = simulator.run(circuits, shots=1).result()
        if not result.success:
            raise RuntimeError(result.status)
        for number in range(len(circuits)):
            yield result.data(number)["probabilities"]


def _with_errors(component: ConnectedComponent, trajectory: Trajectory) -> QuantumCircuit:
    """Return the circuit of a trajectory, without measurements."""
    circuit = component.circuit.copy_empty_like()
    for index, instruction in enumerate(component.circuit.data):
        if instruction.name not in ("measure", "delay", "barrier"):
            circuit.append(instruction)
        if index in trajectory:
            qubits = instruction.qubits
            circuit.append(PauliGate(noise.paulis(len(qubits))[trajectory[index]]), qubits)
    circuit.save_probabilities([circuit.qubits[qubit] for qubit in component.qubits])
    return circuit
