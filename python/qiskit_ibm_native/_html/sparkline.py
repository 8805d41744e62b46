# SPDX-License-Identifier: Apache-2.0
"""A small curve over time as SVG within a page: a line of medians on a band."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

#: Pixels of the picture, and points of the longest curve.
_WIDTH, _HEIGHT, _MARGIN, _MOST_POINTS = 260, 44, 3, 260


def sparkline(
    times: Sequence[float],
    middle: Sequence[float],
    low: Sequence[float] | None = None,
    high: Sequence[float] | None = None,
    *,
    label: str = "",
) -> str:
    """Return a curve; empty if fewer than two values are known.

    Args:
        times: Times in any unit, ascending.
        middle: The values of the line; NaN leaves a gap.
        low: The lower edge of the band.
        high: The upper edge of the band.
        label: The text for the pointer.
    """
    every = range(0, len(times), max(1, math.ceil(len(times) / _MOST_POINTS)))
    rows = [
        (
            times[index],
            middle[index],
            middle[index] if low is None else low[index],
            middle[index] if high is None else high[index],
        )
        for index in every
    ]
    known = [row for row in rows if all(map(math.isfinite, row))]
    if len(known) < 2 or known[0][0] == known[-1][0]:
        return ""
    bottom, top = min(row[2] for row in known), max(row[3] for row in known)
    scale = _Scale(known[0][0], known[-1][0], bottom, top)
    lines, bands = [], []
    for is_known, group in groupby(rows, lambda row: all(map(math.isfinite, row))):
        if is_known:
            part = list(group)
            lines.append(_path(scale.points(part, 1)) + ("h0" if len(part) == 1 else ""))
            bands.append(_path([*scale.points(part, 2), *reversed(scale.points(part, 3))]) + "z")
    title = f"<title>{escape(label)}</title>" if label else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}"'
        f' style="max-width:100%;height:auto;display:block">{title}'
        f'<path fill="#3b82d6" fill-opacity=".25" d="{"".join(bands)}"/>'
        f'<path fill="none" stroke="#3b82d6" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"'
        f' d="{"".join(lines)}"/></svg>'
    )


class _Scale:
    """Points of the picture for times and values."""

    def __init__(self, first: float, last: float, bottom: float, top: float) -> None:
        self._first, self._bottom = first, bottom
        self._across = (_WIDTH - 2 * _MARGIN) / (last - first)
        self._up = (_HEIGHT - 2 * _MARGIN) / (top - bottom) if top > bottom else 0.0

    def points(self, rows: Sequence[tuple[float, ...]], column: int) -> list[tuple[float, float]]:
        """Return the points of a column of values."""
        middle = 0.0 if self._up else (_HEIGHT - 2 * _MARGIN) / 2
        return [
            (
                _MARGIN + (row[0] - self._first) * self._across,
                _HEIGHT - _MARGIN - middle - (row[column] - self._bottom) * self._up,
            )
            for row in rows
        ]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "".join(_steps(points))


def _steps(points: Sequence[tuple[float, float]]) -> Iterator[str]:
    for number, (x, y) in enumerate(points):
        yield f"{'L' if number else 'M'}{x:.1f} {y:.1f}"
