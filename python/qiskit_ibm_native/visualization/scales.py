# SPDX-License-Identifier: Apache-2.0
"""Ticks of axes that are written as people write numbers. This module imports matplotlib."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator, ScalarFormatter

from .._words import log_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Steps of ticks, times powers of ten.
_STEPS = (1, 2, 2.5, 5, 10)
#: An axis of fewer decades than this has ticks of even steps, as linear ones have.
_FEW_DECADES = 0.7


def use_scale(ax: Axes, name: str, *, is_log: bool, is_whole: bool = False) -> None:
    """Choose scale and ticks of an axis, after everything is drawn and its limits are set.

    Args:
        ax: The axes.
        name: ``"x"`` or ``"y"``.
        is_log: Whether the scale is logarithmic; it is linear if nothing is above zero.
        is_whole: Whether values are integers.
    """
    axis: Any = getattr(ax, f"{name}axis")
    low, high = axis.get_view_interval()
    if not is_log or high <= 0 or low <= 0:
        axis.set_major_locator(MaxNLocator(6, steps=_STEPS, integer=is_whole))
        axis.set_major_formatter(ScalarFormatter(useOffset=False))
        return
    getattr(ax, f"set_{name}scale")("log", nonpositive="clip")
    axis.set_minor_locator(NullLocator())
    decades = math.log10(high / low)
    if decades < _FEW_DECADES:
        places = [
            place for place in MaxNLocator(6, steps=_STEPS).tick_values(low, high) if low <= place <= high and place > 0
        ]
        axis.set_major_locator(FixedLocator(places))
    else:
        subs = (1, 2, 5) if decades < 2 else (1, 3) if decades < 3.5 else (1,)
        axis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axis.set_major_formatter(FuncFormatter(_tick))


def _tick(value: float, place: int | None = None) -> str:
    del place
    return log_text(value)
