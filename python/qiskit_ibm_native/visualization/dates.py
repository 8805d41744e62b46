# SPDX-License-Identifier: Apache-2.0
"""Dates, periods and lengths of time in words, for titles and axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime

#: English names, whatever the language of the program is.
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


def day_text(time: datetime.datetime, *, with_year: bool = True) -> str:
    """Return a date in words: ``3 March 2025``."""
    return f"{time.day} {MONTHS[time.month - 1]}{f' {time.year}' if with_year else ''}"


def short_day(time: datetime.datetime) -> str:
    """Return a date without its year as ticks have it: ``3 Mar``."""
    return f"{time.day} {MONTHS[time.month - 1][:3]}"


def period_text(first: datetime.datetime, last: datetime.datetime) -> str:
    """Return a period in UTC in words, as short as can be.

    Examples are ``1 January to 3 March 2025`` and ``06:00 to 09:30 UTC, 3 March 2025``.
    """
    if first == last:
        return f"{day_text(first)}, {first:%H:%M} UTC"
    if first.date() == last.date():
        return f"{first:%H:%M} to {last:%H:%M} UTC, {day_text(last)}"
    return f"{day_text(first, with_year=first.year != last.year)} to {day_text(last)}"


def span_text(seconds: float) -> str:
    """Return a length of time in one unit, with a half where that is needed: ``5 days``, ``2.5 hours``."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            number = f"{round(2 * seconds / length) / 2:g}"
            return f"{number} {unit}{'' if number == '1' else 's'}"
    return f"{seconds:.3g} second{'' if seconds == 1 else 's'}"
