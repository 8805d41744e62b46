# SPDX-License-Identifier: Apache-2.0
"""Shots of large circuits, each with random errors of its own.

Noise is twirled into Paulis, so that the errors of a shot do not depend on its state: they are drawn for all shots
first, and moved to the end of the circuit (``frames.py``). Shots that have the same signs of angles then share a state,
which is simulated once: shots without errors, with errors behind the last gate that matters, or with the same error.
All shots are independent if all their states are simulated.

If that would take too long, states that many shots have are simulated, and shots with other ones are cut into groups of
alike errors: one shot of a group, chosen at random, lends its state and its errors to the others. Each shot has the
right distribution then, but shots of a group are not independent of each other. How much larger that makes the error
bars is estimated from the differences between groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .amplitudes import Circuit, DenseState
from .chains import Chain, State
from .frames import Frames, Operation, UnsupportedError, draw_frames, relevant, rewritten

if TYPE_CHECKING:
    from .components import ConnectedComponent
    from .noise import DeviceNoise

__all__ = ["Drawn", "UnsupportedError", "draw"]

#: Seconds, roughly, that the states of a component may take.
_BUDGET = 8.0
#: Qubits above which states are not kept as amplitudes: those would take 256 MB or more.
MAX_QUBITS = 24
#: States that are simulated at least.
_MIN_STATES = 4
#: Part of a circuit that states do not share with others, on average.
_UNSHARED = 0.6


@dataclass(frozen=True)
class Drawn:
    """Shots of a component.

    Attributes:
        bits: Array of shape ``(shots, clbits of the component)``.
        states: Number of simulated states, if shots were lent some; otherwise ``None``.
        effective_shots: Number of independent shots with error bars as large; ``None`` if all are independent.
    """

    bits: npt.NDArray[np.bool_]
    states: int | None
    effective_shots: int | None


@dataclass(frozen=True)
class _Group:
    """Shots that are drawn from one state.

    Attributes:
        shots: Indices of the shots.
        lender: The shot whose signs of angles the state has.
        is_lent: For each shot, whether it takes the lender's flips because its own signs are others.
    """

    shots: npt.NDArray[np.intp]
    lender: int
    is_lent: npt.NDArray[np.bool_]


def draw(
    component: ConnectedComponent,
    shots: int,
    measured: dict[int, int],
    random: np.random.Generator,
    noise: DeviceNoise,
) -> Drawn:
    """Return shots of a component that measures at its end only.

    Args:
        component: The component.
        shots: Number of shots.
        measured: The index of the qubit of each classical bit.
        random: The source of random numbers.
        noise: The noise of the device.

    Raises:
        UnsupportedError: The component has an instruction that cannot be written in Clifford gates and rotations, or
            it is too large.
    """
    numbers = {qubit: number for number, qubit in enumerate(component.qubits)}
    qubits = [numbers[measured[clbit]] for clbit in component.clbits]
    operations = _numbered(rewritten(component.steps, noise), numbers)
    operations = relevant(operations, set(qubits))
    circuit = Circuit(operations, len(numbers))
    method = _method(circuit)
    frames = draw_frames(operations, len(numbers), shots, random)
    number = int(min(max(_BUDGET / (method.seconds() * _UNSHARED), _MIN_STATES), shots))
    groups = _groups(frames.signs, number, random)
    readout = noise.readout[[component.qubits[qubit] for qubit in qubits]]
    sampler = _Sampler(frames, groups, np.array(qubits), readout, random)
    lenders = np.array([group.lender for group in groups])
    signs = np.unpackbits(frames.signs[lenders], axis=1, bitorder="little").view(np.bool_)
    method.run(signs, sampler.take)
    if not any(group.is_lent.any() for group in groups):
        return Drawn(sampler.bits, None, None)
    return Drawn(sampler.bits, len(groups), sampler.effective_shots())


def _method(circuit: Circuit) -> Circuit | Chain:
    """Return what computes states faster.

    Raises:
        UnsupportedError: There are too many qubits for amplitudes, and too many gates for a chain.
    """
    chain = Chain.of(circuit)
    if circuit.num_qubits <= MAX_QUBITS:
        return circuit if chain is None or chain.seconds() > circuit.seconds() else chain
    if chain is None or chain.seconds() * _MIN_STATES > _BUDGET:
        raise UnsupportedError(f"{circuit.num_qubits} qubits")
    return chain


def _numbered(operations: list[Operation], numbers: dict[int, int]) -> list[Operation]:
    return [operation._replace(qubits=tuple(numbers[qubit] for qubit in operation.qubits)) for operation in operations]


def _groups(signs: npt.NDArray[np.uint8], number: int, random: np.random.Generator) -> list[_Group]:
    """Return groups of shots for a number of states.

    States of as many shots as a group would have on average are simulated for these alone.
    """
    keys = np.ascontiguousarray(signs).view([("", signs.dtype)] * signs.shape[1])[:, 0]
    _, kinds, counts = np.unique(keys, return_inverse=True, return_counts=True)
    kinds = kinds.reshape(-1)
    by_count = np.argsort(-counts, kind="stable")
    left = len(kinds) - np.concatenate([[0], np.cumsum(counts[by_count])])
    alone = 0
    while alone < len(counts) and (
        len(counts) <= number or (alone < number - 1 and counts[by_count[alone]] * (number - alone) >= left[alone])
    ):
        alone += 1
    order = np.argsort(kinds, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)])
    groups = []
    for kind in by_count[:alone]:
        shots = order[starts[kind] : starts[kind + 1]]
        groups.append(_Group(shots, int(shots[0]), np.zeros(len(shots), np.bool_)))
    if alone < len(counts):
        is_rare = np.ones(len(counts), np.bool_)
        is_rare[by_count[:alone]] = False
        rare = np.flatnonzero(is_rare[kinds])
        for shots in np.array_split(rare[_by_likeness(signs[rare])], number - alone):
            lender = int(random.choice(shots))
            groups.append(_Group(shots, lender, kinds[shots] != kinds[lender]))
    return groups


def _by_likeness(signs: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Return an order in which shots are next to each other whose first errors are."""
    bits = np.unpackbits(signs, axis=1, bitorder="little")
    packed = np.ascontiguousarray(np.packbits(bits, axis=1))
    keys = packed.view([("", packed.dtype)] * packed.shape[1])[:, 0]
    return np.argsort(keys, kind="stable")[::-1]


class _Sampler:
    """Draws the shots of each group from its state."""

    def __init__(
        self,
        frames: Frames,
        groups: list[_Group],
        qubits: npt.NDArray[np.intp],
        readout: npt.NDArray[np.float64],
        random: np.random.Generator,
    ) -> None:
        self._flips = frames.flips[qubits]
        self._groups = groups
        self._qubits = qubits
        self._readout = readout
        # States come in any order, which must not matter.
        self._seeds = random.integers(2**63, size=len(groups))
        self.bits = np.zeros((frames.flips.shape[1], len(qubits)), np.bool_)
        #: Probabilities of 1 by group and bit, where shots were lent a state.
        self._ones = np.zeros((len(groups), len(qubits)))

    def take(self, index: int, state: DenseState | State) -> None:
        """Draw the shots of a group."""
        group = self._groups[index]
        random = np.random.default_rng(self._seeds[index])
        drawn = state.draw(len(group.shots), random)[:, self._qubits]
        flips = self._flips[:, np.where(group.is_lent, group.lender, group.shots)].T
        values = drawn ^ flips
        wrong = np.where(values, self._readout[:, 1], self._readout[:, 0])
        self.bits[group.shots] = values ^ (random.random(values.shape) < wrong)
        if not group.is_lent.any():
            return
        ones = state.ones()[self._qubits]
        ones = np.where(self._flips[:, group.lender], 1 - ones, ones)
        self._ones[index] = ones * (1 - self._readout[:, 1]) + (1 - ones) * self._readout[:, 0]

    def effective_shots(self) -> int:
        """Return how many independent shots would have the error bars that the worst bit has.

        Groups are in the order of their errors. Half of the squared difference to the next group is taken for the
        variance within a group; that is the variance of all if their order means nothing.
        """
        sizes = np.array([len(group.shots) for group in self._groups])
        lent = np.array([group.is_lent.any() for group in self._groups])
        rows = np.flatnonzero(lent)
        mean = self.bits.mean(axis=0)
        binomial = np.maximum(sizes.sum() * mean * (1 - mean), 1.0)
        if len(rows) > 1:
            steps = np.square(np.diff(self._ones[rows], axis=0)) / 2
            variance = (np.vstack([steps[:1], steps]) + np.vstack([steps, steps[-1:]])) / 2
        else:
            variance = np.square(self._ones[rows] - mean)
        excess = (sizes[rows] * (sizes[rows] - 1)) @ variance
        return max(1, round(float(sizes.sum() / np.max(1 + excess / binomial))))
