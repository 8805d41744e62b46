# SPDX-License-Identifier: Apache-2.0
"""Places of a circuit on a device: subgraphs of the coupling map that have the gates of the circuit where it has them.

The search goes from one qubit to its neighbours and steps back where it cannot go on, as VF2 does. It is written here
because of what happens when there are more places than anybody can score: then a search that just ends has seen one
corner of the device, and this one goes on at random all over it.

L. P. Cordella, P. Foggia, C. Sansone, M. Vento, IEEE Trans. Pattern Anal. Mach. Intell. 26, 1367 (2004) has VF2.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .pattern import DeviceGraph, Pattern

#: Steps of a search before it counts as too long: ten seconds.
MOST_STEPS = 5_000_000
#: Steps of one try to find a place at random, for each qubit of the circuit.
_STEPS_OF_TRY = 50
#: Tries at random in a row that find nothing new before it is given up.
_MOST_VAIN_TRIES = 500

Layout = tuple[int, ...]


class Embeddings(NamedTuple):
    """Places of a circuit.

    Attributes:
        layouts: For each place, the device's qubit of each qubit of the pattern.
        is_complete: Whether these are all places.
    """

    layouts: list[Layout]
    is_complete: bool


def embeddings(pattern: Pattern, device: DeviceGraph, most: int, seed: int = 0) -> Embeddings:
    """Return the places of a circuit on a device, all of them if there are no more than ``most``.

    If there are more, places are drawn at random, from all over the device, until there are so many.

    Args:
        pattern: The circuit.
        device: The device.
        most: The largest number of places.
        seed: The seed of the choice.
    """
    search = _Search(pattern, device)
    steps = _Steps(MOST_STEPS)
    found: list[Layout] = []
    for layout in search.run(sorted, steps):
        if len(found) == most:
            break
        found.append(layout)
    else:
        if not steps.are_over:
            return Embeddings(sorted(found), is_complete=True)
    chance = random.Random(seed)  # noqa: S311 (a choice that is to be the same again)
    return Embeddings(sorted(_drawn(search, most, chance, found)), is_complete=False)


def _drawn(search: _Search, most: int, chance: random.Random, fallback: Sequence[Layout]) -> set[Layout]:
    """Draw places at random; if that finds fewer than a search in order did, its places fill up the rest."""

    def shuffled(qubits: set[int]) -> list[int]:
        return chance.sample(sorted(qubits), len(qubits))

    found: set[Layout] = set()
    vain = 0
    while len(found) < most and vain < _MOST_VAIN_TRIES:
        steps = _Steps(_STEPS_OF_TRY * len(search.order))
        layout = next(search.run(shuffled, steps), None)
        vain = vain + 1 if layout is None or layout in found else 0
        if layout is not None:
            found.add(layout)
    for layout in fallback:
        if len(found) >= most:
            break
        found.add(layout)
    return found


class _Steps:
    """A number of steps that a search may take."""

    def __init__(self, most: int) -> None:
        self._left = most

    @property
    def are_over(self) -> bool:
        return self._left < 0

    def take(self) -> bool:
        """Take one step; return whether there was one."""
        self._left -= 1
        return self._left >= 0


class _Search:
    """The search for one pattern on one device."""

    def __init__(self, pattern: Pattern, device: DeviceGraph) -> None:
        self._device = device
        neighbours = pattern.neighbours()
        #: Qubits of the pattern, so that each but the first of a connected part has a neighbour before it.
        self.order = _ordered(neighbours)
        position = {qubit: number for number, qubit in enumerate(self.order)}
        self._needed = [pattern.qubits[qubit] for qubit in self.order]
        #: For each qubit in that order, gates with those before it: the other's number, the direction, and names.
        self._checks = [
            [
                (position[other], is_first, pattern.pairs[pair])
                for other in sorted(neighbours[qubit], key=position.__getitem__)
                if position[other] < number
                for is_first, pair in ((True, (qubit, other)), (False, (other, qubit)))
                if pair in pattern.pairs
            ]
            for number, qubit in enumerate(self.order)
        ]

    def run(self, arranged: Callable[[set[int]], list[int]], steps: _Steps) -> Iterator[Layout]:
        """Yield places until there are no more, or no steps.

        Args:
            arranged: Returns candidates in the order in which they are tried.
            steps: The steps that may be taken.
        """
        chosen: list[int] = []
        used: set[int] = set()
        waiting = [iter(arranged(self._candidates(chosen)))]
        while waiting:
            candidate = next(waiting[-1], None)
            if candidate is None:
                waiting.pop()
                if chosen:
                    used.discard(chosen.pop())
                continue
            if not steps.take():
                return
            if candidate in used or not self._fits(candidate, chosen):
                continue
            chosen.append(candidate)
            used.add(candidate)
            if len(chosen) == len(self.order):
                layout = [0] * len(chosen)
                for qubit, there in zip(self.order, chosen, strict=True):
                    layout[qubit] = there
                yield tuple(layout)
                used.discard(chosen.pop())
            else:
                waiting.append(iter(arranged(self._candidates(chosen))))

    def _candidates(self, chosen: Sequence[int]) -> set[int]:
        checks = self._checks[len(chosen)]
        if checks:
            return self._device.neighbours.get(chosen[checks[0][0]], set())
        return set(range(self._device.num_qubits))

    def _fits(self, candidate: int, chosen: Sequence[int]) -> bool:
        device, number = self._device, len(chosen)
        if not self._needed[number] <= device.qubits.get(candidate, set()):
            return False
        for other, is_first, names in self._checks[number]:
            pair = (candidate, chosen[other]) if is_first else (chosen[other], candidate)
            if not names <= device.pairs.get(pair, set()):
                return False
        return True


def _ordered(neighbours: Sequence[set[int]]) -> list[int]:
    """Return qubits so that each has as many neighbours before it as possible; of equal ones, the best connected."""
    order: list[int] = []
    left = set(range(len(neighbours)))
    while left:
        before = set(order)
        order.append(max(left, key=lambda qubit: (len(neighbours[qubit] & before), len(neighbours[qubit]), -qubit)))
        left.discard(order[-1])
    return order
