# SPDX-License-Identifier: Apache-2.0
"""The form of a connected coupling graph, and ways to draw it: lines, rings, trees, lattices, and all others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .cells import heavy_hexagonal_lattice, square_lattice
from .distances import by_distances
from .trees import tree_on_grid

if TYPE_CHECKING:
    from .packing import Neighbours, Position

#: Lines and rings of more qubits are folded.
_LONGEST_LINE, _LARGEST_RING = 20, 40
#: Graphs of more edges for each qubit have no form, and are drawn as a grid if they are large.
_DENSE = 10
#: Folded lines and rings are about so many times wider than high.
_WIDE = 1.7


def shape_of(neighbours: Neighbours, *, is_only_part: bool) -> tuple[list[Sequence[Position]], str]:
    """Return ways to draw a connected graph, of which each is as good, and the name of its form.

    Args:
        neighbours: The neighbours of each qubit, by their places in the part.
        is_only_part: Whether all of the device is connected, so that the numbers of neighbours tell rows.
    """
    number, degree = len(neighbours), max((len(others) for others in neighbours), default=0)
    num_edges = sum(map(len, neighbours)) // 2
    if degree <= 2 and not (number == num_edges == 4):
        return ([_line(neighbours)], "line") if num_edges == number - 1 else ([_ring(neighbours)], "ring")
    if num_edges == number - 1:
        on_grid = tree_on_grid(neighbours)
        return ([on_grid], "tree") if on_grid is not None else ([by_distances(neighbours)[0]], "tree")
    if degree <= 4 and (found := square_lattice(neighbours)) is not None:
        return [found], "square lattice"
    if degree <= 3 and (several := heavy_hexagonal_lattice(neighbours)):
        return [*several], "heavy-hexagonal lattice"
    if is_only_part and degree <= 4 and (found := _numbered_lattice(neighbours)) is not None:
        return [found], "lattice"
    return _other(neighbours, num_edges)


def _other(neighbours: Neighbours, num_edges: int) -> tuple[list[Sequence[Position]], str]:
    """Return a way to draw a graph that has no form of its own."""
    number = len(neighbours)
    if number > _LARGEST_RING and num_edges > _DENSE * number:
        columns = math.ceil(math.sqrt(_WIDE * number))
        return [[(float(qubit % columns), float(qubit // columns)) for qubit in range(number)]], "grid"
    drawn, is_planar = by_distances(neighbours)
    return [drawn], "planar" if is_planar else "distances"


def _along(neighbours: Neighbours, first: int) -> list[int]:
    """Return the qubits of a line or ring, one after the other."""
    order, before = [first], -1
    while len(order) < len(neighbours):
        following = next(other for other in neighbours[order[-1]] if other != before)
        before = order[-1]
        order.append(following)
    return order


def _line(neighbours: Neighbours) -> list[Position]:
    number = len(neighbours)
    end = next(qubit for qubit, others in enumerate(neighbours) if len(others) <= 1)
    columns = number if number <= _LONGEST_LINE else math.ceil(math.sqrt(_WIDE * number))
    drawn: list[Position] = [(0.0, 0.0)] * number
    for place, qubit in enumerate(_along(neighbours, end)):
        row, column = divmod(place, columns)
        drawn[qubit] = (float(columns - 1 - column if row % 2 else column), float(row))
    return drawn


def _ring(neighbours: Neighbours) -> list[Position]:
    number = len(neighbours)
    order = _along(neighbours, 0)
    drawn: list[Position] = [(0.0, 0.0)] * number
    if number <= _LARGEST_RING:
        radius = 0.5 / math.sin(math.pi / number)
        # The middle of an edge is at the top.
        angles = [2 * math.pi * (place + 0.5) / number for place in range(number)]
        points: list[Position] = [(radius * math.sin(angle), -radius * math.cos(angle)) for angle in angles]
    else:
        points = _folded_ring(number)
    for qubit, point in zip(order, points, strict=True):
        drawn[qubit] = point
    return drawn


def _folded_ring(number: int) -> list[Position]:
    """Return a closed path on the grid: to and fro in rows, and back in the first column.

    A path on the grid has an even number of qubits; for an odd one, a corner is cut.
    """
    even = number + number % 2
    rows = 2 * round(math.sqrt(even / _WIDE) / 2)
    columns = math.ceil(even / rows)
    # Each pair of rows that ends a column earlier has two qubits less.
    short = (rows * columns - even) // 2
    points: list[Position] = []
    for row in range(rows):
        last = columns - (1 if row // 2 >= rows // 2 - short else 0)
        path = [(float(column), float(row)) for column in range(1, last)]
        points += path if row % 2 == 0 else path[::-1]
    points += [(0.0, float(row)) for row in range(rows - 1, -1, -1)]
    if number % 2:
        points.remove((0.0, 0.0))
    return points


def _numbered_lattice(neighbours: Neighbours) -> list[Position] | None:
    """Return positions on a lattice that is numbered row by row, however many edges are missing.

    Neighbours whose numbers follow each other are side by side, and other neighbours one above the other.
    """
    found = {0: (0, 0)}
    waiting = [0]
    while waiting:
        qubit = waiting.pop()
        x, y = found[qubit]
        for other in neighbours[qubit]:
            right = other - qubit if abs(other - qubit) == 1 else 0
            down = 0 if right else 1 if other > qubit else -1
            position = x + right, y + down
            if other not in found:
                found[other] = position
                waiting.append(other)
            elif found[other] != position:
                return None
    if len(set(found.values())) < len(neighbours):
        return None
    return [(float(found[qubit][0]), float(found[qubit][1])) for qubit in range(len(neighbours))]
