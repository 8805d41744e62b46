# SPDX-License-Identifier: Apache-2.0
"""Trees on a grid: branches of the same size are in line, and the third one is across, as in T and H."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .packing import Neighbours, Position

Step = tuple[int, int]


def tree_on_grid(neighbours: Neighbours) -> list[Position] | None:
    """Return positions of a tree with steps of one; ``None`` if two qubits would share one."""
    if max(map(len, neighbours)) > 4:
        return None
    order, parents, sizes = _rooted(neighbours)
    found: dict[int, Step] = {order[0]: (0, 0)}
    steps: dict[int, Step] = {order[0]: (0, 0)}
    for qubit in order:
        x, y = found[qubit]
        for child, step in _directions(qubit, neighbours, parents, sizes, steps[qubit]):
            steps[child], found[child] = step, (x + step[0], y + step[1])
    if len(set(found.values())) < len(neighbours):
        return None
    return [(float(found[qubit][0]), float(found[qubit][1])) for qubit in range(len(neighbours))]


def _rooted(neighbours: Neighbours) -> tuple[list[int], list[int], list[int]]:
    """Return the qubits of a tree from its middle outwards, the parent of each, and the sizes of what hangs there."""
    number = len(neighbours)
    order, parents, sizes = _walk(neighbours, 0)
    # The qubit whose largest branch is the smallest.
    middle = min(
        range(number),
        key=lambda qubit: max(
            [number - sizes[qubit], *(sizes[child] for child in neighbours[qubit] if child != parents[qubit])]
        ),
    )
    order, parents, sizes = _walk(neighbours, middle)
    return order, parents, sizes


def _walk(neighbours: Neighbours, root: int) -> tuple[list[int], list[int], list[int]]:
    parents, order = [-1] * len(neighbours), [root]
    for qubit in order:
        for other in neighbours[qubit]:
            if other != parents[qubit]:
                parents[other] = qubit
                order.append(other)
    sizes = [1] * len(neighbours)
    for qubit in reversed(order[1:]):
        sizes[parents[qubit]] += sizes[qubit]
    return order, parents, sizes


def _directions(
    qubit: int, neighbours: Neighbours, parents: list[int], sizes: list[int], came: Step
) -> list[tuple[int, Step]]:
    """Return the steps from a qubit to those that hang there."""
    number, parent = len(neighbours), parents[qubit]
    branches = {other: number - sizes[qubit] if other == parent else sizes[other] for other in neighbours[qubit]}
    by_size = sorted(branches, key=lambda other: (-branches[other], other))
    if parent < 0:
        came = (1, 0)
    left, right, back = (came[1], -came[0]), (-came[1], came[0]), (-came[0], -came[1])
    if len(by_size) <= 2:
        straight = [other for other in by_size if other != parent]
        return list(zip(straight, (came, back), strict=False))
    # The two branches of sizes that are closest are in line.
    pairs = [(branches[one] - branches[other], one, other) for one, other in pairwise(by_size)]
    _, one, other = min(pairs, key=lambda pair: pair[0])
    rest = [branch for branch in by_size if branch not in {one, other}]
    if parent in {one, other}:
        steps = [(one if parent == other else other, came), *zip(rest, (right, left), strict=False)]
    elif parent < 0:
        steps = [(one, came), (other, back), *zip(rest, (right, left), strict=False)]
    else:
        # Branches of the same size are read in the order of their numbers.
        across = sorted((left, right)) if branches[one] == branches[other] else [left, right]
        steps = [(one, across[0]), (other, across[1]), *((branch, came) for branch in rest if branch != parent)]
    return steps
