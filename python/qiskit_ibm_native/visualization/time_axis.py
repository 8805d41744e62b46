# SPDX-License-Identifier: Apache-2.0
"""Axes of times in UTC, with dates in words; imports matplotlib, and is imported when something is drawn."""

from __future__ import annotations

import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.dates import date2num, num2date
from matplotlib.ticker import Formatter, Locator

from .._style import figure_of
from .dates import MONTHS, short_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_UTC = datetime.timezone.utc
#: Width of a tick's text with the room beside it, inches.
_TICK = 1.1
#: Room at both ends of an axis, as a share of the period; and for a single time, days.
_MARGIN, _AROUND_ONE = 0.015, 0.5
#: Steps of ticks within a day, in seconds; in days of a month; in months of a year; in years.
_SECONDS = (1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAYS, _MONTHS, _YEARS = (1, 2, 5, 7, 14), (1, 2, 3, 6), (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)


def numbers_of(times: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return times in UTC as the numbers of axes, in days."""
    return np.asarray(date2num(times), dtype=float)


class DateTicks(Locator):
    """Ticks at whole days, months, years or parts of days, not more than some number."""

    def __init__(self, most: int) -> None:
        """Remember the largest number of ticks."""
        self.most = most

    def __call__(self) -> list[float]:
        """Return the ticks of the axis."""
        return self.tick_values(*self.axis.get_view_interval())  # type: ignore[union-attr]

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        """Return the ticks between two times, given as numbers of axes."""
        first, last = (num2date(min(max(value, -719161.0), 2932895.0), _UTC) for value in sorted((vmin, vmax)))
        found: list[datetime.datetime] = []
        for step in self._steps():
            # One more than there may be tells that they are too many.
            inside = (time for time in takewhile(lambda time: time <= last, _ticks(first, *step)) if time >= first)
            found = [time for time, _ in zip(inside, range(self.most + 1), strict=False)]
            if len(found) <= self.most:
                break
        return [float(date2num(time)) for time in found]

    @staticmethod
    def _steps() -> Iterator[tuple[str, int]]:
        for unit, steps in (("seconds", _SECONDS), ("days", _DAYS), ("months", _MONTHS), ("years", _YEARS)):
            yield from ((unit, step) for step in steps)


def _ticks(first: datetime.datetime, unit: str, step: int) -> Iterator[datetime.datetime]:
    """Yield times of a step, beginning not later than a first one, as far as the calendar goes."""
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        if unit == "seconds":
            passed = int((first - midnight).total_seconds()) // step * step
            time = midnight + datetime.timedelta(seconds=passed)
            while True:
                yield time
                time += datetime.timedelta(seconds=step)
        year, month = first.year - (first.year % step if unit == "years" else 0), first.month
        while True:
            if unit == "days":
                yield from _days(midnight.replace(year=year, month=month, day=1), step)
            elif unit == "years" or (month - 1) % step == 0:
                yield midnight.replace(year=max(year, 1), month=1 if unit == "years" else month, day=1)
            year, month = (year + step, 1) if unit == "years" else (year + month // 12, month % 12 + 1)
    except (ValueError, OverflowError):
        return


def _days(first: datetime.datetime, step: int) -> Iterator[datetime.datetime]:
    """Yield days of a month from the first one on; the last one is not close to the first one of the next month."""
    time = first
    while (time + datetime.timedelta(days=step // 2)).month == first.month:
        yield time
        time += datetime.timedelta(days=step)
        if time.month != first.month:
            return


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
            return _with_changes([short_day(time) for time in times], [str(time.year) for time in times])
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
        text if whole == last else f"{text}\n{whole}"
        for text, whole, last in zip(texts, wholes, before, strict=False)
    ]  # fmt: skip


def use_times(ax: Axes, first: float, last: float) -> None:
    """Make the horizontal axis one of times.

    Args:
        ax: The axes.
        first: The number of the first time.
        last: The number of the last one.
    """
    inches = ax.get_window_extent().width / figure_of(ax).dpi
    locator: Any = DateTicks(min(max(int(inches / _TICK), 2), 8))
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(DateWords())
    margin = (last - first) * _MARGIN or _AROUND_ONE
    ax.set_xlim(first - margin, last + margin)
