# SPDX-License-Identifier: Apache-2.0
"""Axes one below the other in the place of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def stacked(ax: Axes, heights: list[float], gap: float = 0.0) -> list[Axes]:
    """Return axes within others, from top to bottom.

    Args:
        ax: The axes whose place they fill.
        heights: Their heights, in any unit.
        gap: The room between them, in that unit.
    """
    total, top, axes = sum(heights) + gap * (len(heights) - 1), 0.0, []
    for height in heights:
        axes.append(ax.inset_axes((0.0, 1 - (top + height) / total, 1.0, height / total)))
        top += height + gap
    return axes
