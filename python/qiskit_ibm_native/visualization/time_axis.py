# SPDX-License-Identifier: Apache-2.0
"""Axes of times in UTC, with dates in words; imports matplotlib, and is imported when something is drawn."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.ticker import Formatter

from .dates import MONTHS, short_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_UTC = datetime.timezone.utc
#: Room at both ends of an axis, as a share of the period; and for a single time, days.
_MARGIN, _AROUND_ONE = 0.015, 0.5


def numbers_of(times: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return times in UTC as the numbers of axes, in days."""
    return np.asarray(date2num(times), dtype=float)


class DateWords(Formatter):
    """Ticks as people write dates: ``2025``, ``Mar``, ``3 Mar`` or ``06:00``, with what they belong to below."""

    def __call__(self, value: float, pos: int | None = None) -> str:
        """Return a time to the minute, for the cursor."""
        del pos
        return f"{num2date(value, _UTC):%Y-%m-%d %H:%M} UTC"

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Return the texts of all ticks."""
        times = [_rounded(num2date(value, _UTC)) for value in values]
        if all(time.time() == datetime.time() for time in times):
            if all(time.day == 1 for time in times):
                if all(time.month == 1 for time in times):
                    return [str(time.year) for time in times]
                return _with_changes([MONTHS[time.month - 1][:3] for time in times], [str(time.year) for time in times])
            days = [short_day(time) for time in times]
            return _with_changes(days, [str(time.year) for time in times])
        form = "%H:%M:%S" if any(time.second for time in times) else "%H:%M"
        dates = [f"{short_day(time)} {time.year}" for time in times]
        return _with_changes([time.strftime(form) for time in times], dates)


def _rounded(time: datetime.datetime) -> datetime.datetime:
    """Return a time to the second: numbers of axes do not hold microseconds."""
    return (time + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)


def _with_changes(texts: list[str], wholes: list[str]) -> list[str]:
    """Return texts, with a second line where a day or year is the first one or another one than before."""
    before = [None, *wholes]
    return [
        text if whole == last else f"{text}\n{whole}" for text, whole, last in zip(texts, wholes, before, strict=False)
    ]


def use_times(ax: Axes, first: float, last: float) -> None:
    """Make the horizontal axis one of times.

    Args:
        ax: The axes.
        first: The number of the first time.
        last: The number of the last one.
    """
    locator: Any = AutoDateLocator(tz=_UTC, minticks=3, maxticks=7)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(DateWords())
    margin = (last - first) * _MARGIN or _AROUND_ONE
    ax.set_xlim(first - margin, last + margin)
