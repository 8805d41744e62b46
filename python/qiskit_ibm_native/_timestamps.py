# SPDX-License-Identifier: Apache-2.0
"""Moments as integers: microseconds since 1970 in UTC."""

from __future__ import annotations

import datetime

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)
#: The first and the last moment that a datetime can be.
FIRST, LAST = (
    (extreme.replace(tzinfo=datetime.timezone.utc) - _EPOCH) // _MICROSECOND
    for extreme in (datetime.datetime.min, datetime.datetime.max)  # noqa: DTZ901 (the zone is put in)
)


def microseconds(moment: datetime.datetime) -> int:
    """Return a moment as an integer; one without a time zone is in that of this machine.

    Raises:
        TypeError: It is no datetime.
    """
    if not isinstance(moment, datetime.datetime):
        raise TypeError(f"a moment must be a datetime, not {moment!r}")
    try:
        utc = moment.astimezone(datetime.timezone.utc)
    except (OverflowError, ValueError):
        # The first and the last moments of all are beyond the calendar in other time zones.
        utc = moment.replace(tzinfo=datetime.timezone.utc)
    # Not by timestamp(), a float that does not hold microseconds.
    return (utc - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime.datetime:
    """Return the moment of an integer, in UTC."""
    return _EPOCH + datetime.timedelta(microseconds=number)


def bounds(start: datetime.datetime | None, end: datetime.datetime | None) -> tuple[int, int]:
    """Return integers for a period from ``start`` up to, but without, ``end``; ``None`` leaves a side open."""
    return -(2**62) if start is None else microseconds(start), 2**62 if end is None else microseconds(end)


def now() -> int:
    """Return the present moment."""
    return microseconds(datetime.datetime.now(datetime.timezone.utc))
