# SPDX-License-Identifier: Apache-2.0
"""Parts of a coupling graph: which there are, how each is turned, and how they lie side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

Position = tuple[float, float]
Neighbours = list[list[int]]

#: Parts lie this many steps apart.
_GAP = 1.0
#: A drawing that is numbered in order may need so many times the room of another one.
_MORE_ROOM = 1.3
#: Devices that are taller than wide by more than this are turned.
TALL = 1.25
#: A picture of many parts is about so many times wider than high.
_WIDE = 1.7


def parts_of(num_qubits: int, pairs: Iterable[tuple[int, int]]) -> list[tuple[list[int], Neighbours]]:
    """Return the connected parts, the largest one first: their qubits, and the neighbours of each by place in these."""
    neighbours: Neighbours = [[] for _ in range(num_qubits)]
    for low, high in pairs:
        neighbours[low].append(high)
        neighbours[high].append(low)
    seen = [False] * num_qubits
    parts = []
    for first in range(num_qubits):
        if seen[first]:
            continue
        seen[first], waiting, qubits = True, [first], []
        while waiting:
            qubit = waiting.pop()
            qubits.append(qubit)
            for other in neighbours[qubit]:
                if not seen[other]:
                    seen[other] = True
                    waiting.append(other)
        qubits.sort()
        places = {qubit: place for place, qubit in enumerate(qubits)}
        parts.append((qubits, [[places[other] for other in neighbours[qubit]] for qubit in qubits]))
    return sorted(parts, key=lambda part: -len(part[0]))


def turned(qubits: Sequence[int], candidates: Iterable[Sequence[Position]]) -> dict[int, Position]:
    """Return the candidate and the orientation that lie flattest, and in which qubits are read in their order.

    Devices are numbered row by row or column by column: a candidate in which that is so wins over one that is a little
    smaller.

    Args:
        qubits: The qubits of the part, ascending.
        candidates: Ways to draw it, each a position for each qubit.
    """
    drawings = [*candidates]
    least = min((_room(points) for points in drawings), default=0.0)
    best: tuple[tuple[float, ...], list[Position]] | None = None
    for drawing in drawings:
        for flipped in (drawing, [(y, x) for x, y in drawing]):
            width, height = _size(flipped)
            room, is_tall = _room(flipped), height + 1 > TALL * (width + 1)
            for right in (1, -1):
                for down in (1, -1):
                    points = [(right * x, down * y) for x, y in flipped]
                    is_ordered = room <= _MORE_ROOM * least and not is_tall and _is_ordered(points)
                    key = (float(not is_ordered), room, float(is_tall), -_reading_order(points))
                    if best is None or key < best[0]:
                        best = key, points
    points = best[1] if best is not None else []
    left, top = (min((point[axis] for point in points), default=0.0) for axis in (0, 1))
    return {qubit: (x - left, y - top) for qubit, (x, y) in zip(qubits, points, strict=True)}


def _room(points: Sequence[Position]) -> float:
    width, height = _size(points)
    return round((width + 1) * (height + 1), 6)


def _is_ordered(points: Sequence[Position]) -> bool:
    """Return whether points are numbered row by row, or column by column."""
    return any(all(one < other for one, other in pairwise([(p[axis], p[1 - axis]) for p in points])) for axis in (1, 0))


def _reading_order(points: Sequence[Position]) -> float:
    """Return a number that is largest if the numbers of points grow along rows, and from one row to the next."""
    order = sorted(range(len(points)), key=lambda place: (round(points[place][1], 6), points[place][0]))
    return float(sum(rank * place for rank, place in enumerate(order)))


def _size(points: Sequence[Position]) -> Position:
    columns, rows = zip(*points, strict=True) if points else ((0.0,), (0.0,))
    return max(columns) - min(columns), max(rows) - min(rows)


def packed(num_qubits: int, parts: Sequence[dict[int, Position]]) -> list[Position]:
    """Return the positions of all qubits: parts side by side in rows, the largest ones first."""
    sizes = [_size(list(part.values())) for part in parts]
    area = sum((width + _GAP) * (height + _GAP) for width, height in sizes)
    widest = max([math.sqrt(_WIDE * area), *(width + _GAP for width, _ in sizes)], default=0.0)
    placed: list[Position] = [(0.0, 0.0)] * num_qubits
    left, top, deepest = 0.0, 0.0, 0.0
    for part, (width, height) in zip(parts, sizes, strict=True):
        if left and left + width > widest:
            left, top, deepest = 0.0, top + deepest + _GAP, 0.0
        for qubit, (x, y) in part.items():
            placed[qubit] = (x + left, y + top)
        left, deepest = left + width + _GAP, max(deepest, height)
    return placed
