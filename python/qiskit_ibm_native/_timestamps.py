# SPDX-License-Identifier: Apache-2.0
"""Time stamps: aware datetimes, integers (microseconds since 1970 in UTC), texts, and arrays.

A datetime without time zone is in that of this machine, as Python's own ``astimezone`` has it; a text without time zone
is UTC, as devices and services write it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from . import _native

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)
#: The first and the last datetime of Python's calendar, in microseconds.
FIRST, LAST = (
    (extreme.replace(tzinfo=datetime.timezone.utc) - _EPOCH) // _MICROSECOND
    for extreme in (datetime.datetime.min, datetime.datetime.max)  # noqa: DTZ901 (the zone is put in)
)


def utc_now() -> datetime.datetime:
    """Return the present time in UTC."""
    return datetime.datetime.now(datetime.timezone.utc)


def now() -> int:
    """Return the present time in microseconds since 1970."""
    return microseconds(utc_now())


def utc(time: datetime.datetime) -> datetime.datetime:
    """Return a datetime in UTC.

    Raises:
        OverflowError: The time is beyond the calendar in UTC.
    """
    return time.astimezone(datetime.timezone.utc)


def utc_text(time: datetime.datetime) -> str:
    """Return a datetime in UTC as ISO 8601 with microseconds, so that texts sort as times do."""
    return utc(time).isoformat(timespec="microseconds")


def microseconds(time: datetime.datetime) -> int:
    """Return a datetime in microseconds since 1970.

    Raises:
        TypeError: ``time`` is no datetime.
    """
    if not isinstance(time, datetime.datetime):
        raise TypeError(f"a moment must be a datetime, not {time!r}")
    try:
        in_utc = utc(time)
    except (OverflowError, ValueError):
        # The first and the last datetimes of all are beyond the calendar in other time zones.
        in_utc = time.replace(tzinfo=datetime.timezone.utc)
    # Not by timestamp(), a float that does not hold microseconds.
    return (in_utc - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime.datetime:
    """Return the datetime, in UTC, of microseconds since 1970."""
    return _EPOCH + datetime.timedelta(microseconds=number)


@lru_cache(maxsize=8192)
def instant(text: str) -> datetime.datetime:
    """Return the aware datetime of an ISO 8601 text, in the text's time zone.

    The last 8192 texts are kept: calibrations repeat the same few hundred dates thousands of times.

    Raises:
        ValueError: The text is no date.
    """
    return _native.parse_instant(text)


def optional_instant(text: str | None) -> datetime.datetime | None:
    """Return the aware datetime of an ISO 8601 text, and ``None`` for ``None``."""
    return None if text is None else instant(text)


def local_time(text: str | None) -> datetime.datetime | None:
    """Return the datetime of an ISO 8601 text in this machine's time zone; ``None`` for no text.

    Raises:
        ValueError: The text is no date.
    """
    return _native.parse_instant(text).astimezone() if text else None


def utc_array(times: Iterable[datetime.datetime | None]) -> NDArray[np.datetime64]:
    """Return datetimes as an array of ``datetime64[us]`` in UTC, ``NaT`` for ``None``."""
    import numpy as np

    return np.array(
        [None if time is None else utc(time).replace(tzinfo=None) for time in times], dtype="datetime64[us]"
    )
