# SPDX-License-Identifier: Apache-2.0
"""Coordinates that a device publishes with its configuration, if they make a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from .packing import TALL

#: Coordinates of larger numbers than this many steps for each qubit leave qubits too small to be seen.
_MOST_STEPS = 2
#: Qubits are at least this part of a step apart, and most neighbours at most so many steps.
_NEAREST, _FARTHEST = 0.3, 2.5


def published(
    num_qubits: int, pairs: Sequence[tuple[int, int]], coords: Sequence[Any]
) -> list[tuple[float, float]] | None:
    """Return published coordinates in steps of one between neighbours, from 0; ``None`` if they make no picture."""
    points = _points(coords, num_qubits)
    if points is None or not points:
        return None
    # The unit is that of most edges; a device without edges has whole numbers.
    lengths = [math.dist(points[low], points[high]) for low, high in pairs]
    step = median(lengths) if lengths else 1.0
    if not 0 < step < math.inf:
        return None
    left, top = (min(point[axis] for point in points) for axis in (0, 1))
    scaled = [((x - left) / step, (y - top) / step) for x, y in points]
    width, height = (max(point[axis] for point in scaled) for axis in (0, 1))
    if max(width, height) > _MOST_STEPS * num_qubits + 8 or _nearest(scaled) < _NEAREST:
        return None
    if lengths and sum(length > _FARTHEST * step for length in lengths) > len(lengths) / 4:
        return None
    return [(y, x) for x, y in scaled] if height + 1 > TALL * (width + 1) else scaled


def _points(coords: Any, num_qubits: int) -> list[tuple[float, float]] | None:
    if not isinstance(coords, list | tuple) or len(coords) != num_qubits:
        return None
    points = []
    for pair in coords:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(_is_number(value) for value in pair):
            return None
        points.append((float(pair[0]), float(pair[1])))
    return points


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _nearest(points: Sequence[tuple[float, float]]) -> float:
    """Return the distance of the two points that are closest, or one if none are closer."""
    squares: dict[tuple[int, int], list[tuple[float, float]]] = {}
    nearest = 1.0
    for point in points:
        column, row = math.floor(point[0]), math.floor(point[1])
        for x in (column - 1, column, column + 1):
            for y in (row - 1, row, row + 1):
                nearest = min([nearest, *(math.dist(point, other) for other in squares.get((x, y), ()))])
                if nearest < _NEAREST:
                    return nearest
        squares.setdefault((column, row), []).append(point)
    return nearest
