# SPDX-License-Identifier: Apache-2.0
"""Where results stand in a picture of a sweep: places of rows, ends of axes, bins, and dots that do not hide others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .content import Axis, Distribution, TradeOff

    Floats = NDArray[np.float64]

#: With more results in a row, or more in a bin of it, rows have shapes in place of dots; with more beside fronts than
#: this, there are cells.
MOST_DOTS, _MOST_IN_BIN, MOST_SCATTERED = 150, 11, 5000
#: Rows of fewer results than this have no box: it would say more than they do.
FEWEST_FOR_BOX = 5
#: Levels of quantiles: the ends of the line, the ends of the box, and the middle.
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: The half of a row's height that dots and shapes fill, and that of a shape of few results; room between groups of
#: rows, in rows.
HALF, _LEAST, _BETWEEN = 0.4, 0.03, 0.45
#: Number of bins over an axis, and of cells in a row.
_BINS, _CELLS = 90, 70


def places_of(content: Distribution) -> list[float]:
    """Return the middles of rows, from 0 downwards: rows with the same label are close to each other."""
    places: list[float] = []
    for number, row in enumerate(content.rows):
        is_same = number > 0 and content.rows[number - 1].label == row.label
        room = 0.0 if is_same or not content.colors else _BETWEEN
        places.append(places[-1] + 1 + room if places else 0.0)
    return places


def limits_of(axis: Axis, values: list[Floats]) -> tuple[float, float] | None:
    """Return the ends of an axis; ``None`` without values that it has."""
    known = np.concatenate([*values, np.empty(0)])
    known = known[known > 0] if axis.is_log else known
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    if axis.is_log:
        room = max((high / low) ** 0.04, 1.05)
        return low / room, high * room
    room = 0.04 * (high - low) or 0.05 * abs(high) or 1.0
    room = max(room, 0.7) if axis.is_whole else room
    return low - room, high + room


def edges_of(axis: Axis, limits: tuple[float, float]) -> Floats:
    """Return the edges of bins: even ones on the scale, around integers if there are few of these."""
    low, high = limits
    if axis.is_log:
        return np.geomspace(low, high, _BINS + 1)
    first, last = np.floor(low), np.ceil(high)
    if axis.is_whole and last - first <= _BINS:
        return np.asarray(np.arange(first, last + 2) - 0.5, dtype=float)
    return np.linspace(low, high, _BINS + 1)


def has_dots(rows: list[Floats], edges: Floats) -> bool:
    """Return whether all rows of a picture have dots: there is room for them, side by side."""
    sizes = [(len(values), np.histogram(values, edges)[0].max(initial=0)) for values in rows]
    return all(number <= MOST_DOTS and most <= _MOST_IN_BIN for number, most in sizes)


def shape_of(values: Floats, edges: Floats) -> Floats:
    """Return the half of the height of a row's shape in each bin, an array ``(bins,)``."""
    counts, _ = np.histogram(values, edges)
    heights: Floats = HALF * counts / counts.max()
    # A single result can be seen.
    return np.where(counts > 0, np.maximum(heights, _LEAST), 0.0)


def swarm(values: Floats, edges: Floats) -> Floats:
    """Return how far from the middle of its row each dot is, so that dots of one bin do not hide each other."""
    offsets = np.zeros(len(values))
    if not len(values):
        return offsets
    bins = np.digitize(values, edges)
    most = max(int(np.bincount(bins).max()), 2)
    step = min(0.15, 2 * HALF / (most - 1))
    for number in np.unique(bins):
        mine = np.flatnonzero(bins == number)
        offsets[mine] = (np.arange(len(mine)) - (len(mine) - 1) / 2) * step
    return offsets


def cells_of(content: TradeOff) -> tuple[list[Floats], Floats]:
    """Return the edges of cells along both axes, and how many results that are on no front are in each, ``(x, y)``."""
    edges = [
        np.geomspace(*ends, _CELLS + 1) if axis.is_log else np.linspace(*ends, _CELLS + 1)
        for axis, ends in zip((content.x, content.y), content.limits, strict=True)
    ]
    counts, *_ = np.histogram2d(content.others[0], content.others[1], bins=edges)
    return edges, counts
