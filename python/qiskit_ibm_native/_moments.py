# SPDX-License-Identifier: Apache-2.0
"""Times as people and their programs write them, for every argument that is a time or a period.

One rule holds everywhere: a text stands for the first instant of what it names, so ``"2026-03"`` is the beginning of
March, and an end is excluded. ``start="2026-03", end="2026-04"`` is March, as ``range(3, 4)`` is 3.

========================================  =============================================================
``datetime``, ``pandas.Timestamp``        that instant; without a time zone, in this machine's zone
``date``, ``numpy.datetime64``            in UTC, as arrays of times of this package are
``"2026"``, ``"2026-03"``                 the beginning of the year or month in UTC
ISO 8601, as in ``"2026-03-01T12:00Z"``   that instant; without an offset, in UTC, as devices write it
``"now"``                                 now
``"today"``, ``"yesterday"``              the beginning of the day in UTC
``"-30d"``, ``"-12h"``, ``"-6mo"``        so long ago: ``min``, ``h``, ``d``, ``w``, ``mo`` and ``y``
========================================  =============================================================
"""

from __future__ import annotations

import calendar
import datetime
import re
from typing import TYPE_CHECKING, Any, NoReturn

from ._timestamps import FIRST, LAST, instant, microseconds, moment, utc, utc_now
from .exceptions import IBMInputValueError

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np

    #: A time in any form that :func:`moment_of` takes.
    Time: TypeAlias = datetime.date | np.datetime64 | str
    #: A length of time in any form that :func:`span_of` takes.
    Span: TypeAlias = datetime.timedelta | np.timedelta64 | str

_UTC = datetime.timezone.utc
#: Beyond every datetime, and within SQLite's integers of 64 bits.
_OPEN_START, _OPEN_END = -(2**62), 2**62
#: Longer ones mean no more, and do not fit into numpy's integers.
_WHOLE_CALENDAR = datetime.datetime.max - datetime.datetime.min  # noqa: DTZ901 (a difference has no zone)
_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")
_LENGTH = re.compile(r"(\d{1,6}) ?([a-z]+)")
_UNITS = {
    name: unit
    for unit, names in {
        "minutes": ("min", "minute", "minutes"),
        "hours": ("h", "hour", "hours"),
        "days": ("d", "day", "days"),
        "weeks": ("w", "week", "weeks"),
        "months": ("mo", "month", "months"),
        "years": ("y", "year", "years"),
    }.items()
    for name in names
}
#: The units of numpy that are of one length.
_ATTOSECONDS = {
    "W": 604_800 * 10**18, "D": 86_400 * 10**18, "h": 3600 * 10**18, "m": 60 * 10**18, "s": 10**18, "ms": 10**15,
    "us": 10**12, "ns": 10**9, "ps": 10**6, "fs": 1000, "as": 1,
}  # fmt: skip
_FORMS = (
    'a datetime, a date, a numpy.datetime64, or a text such as "2026-03", "2026-03-01T12:00Z", "-30d" or "yesterday"'
)


def moment_of(time: Any, *, name: str = "a moment", now: datetime.datetime | None = None) -> datetime.datetime:
    """Return the instant, in UTC, that is meant by a time in one of the forms of this module.

    Args:
        time: The time.
        name: The argument, for messages.
        now: The present, on which words such as ``"yesterday"`` depend.

    Raises:
        IBMInputValueError: A text names no time, or the time is none (``NaT``) or beyond the calendar.
        TypeError: ``time`` is something else.
    """
    return moment(microseconds_of(time, name=name, now=now))


def microseconds_of(time: Any, *, name: str = "a moment", now: datetime.datetime | None = None) -> int:
    """Return what :func:`moment_of` returns, in microseconds since 1970."""
    if isinstance(time, str):
        return microseconds(_of_text(time, name, now or utc_now()))
    if type(time).__name__ == "datetime64":
        return _of_numpy(time, name)
    if not isinstance(time, datetime.date):
        raise TypeError(f"{name} must be {_FORMS}, not {time!r}")
    if time != time:  # noqa: PLR0124 (the NaT of pandas, which is a datetime)
        _refuse(time, name)
    pandas_time: Any = time
    if hasattr(pandas_time, "to_pydatetime"):
        # Time stamps of pandas compute with time zones in their own way, and have nanoseconds, which this drops.
        time = pandas_time.to_pydatetime(warn=False)
    if not isinstance(time, datetime.datetime):
        time = datetime.datetime(time.year, time.month, time.day, tzinfo=_UTC)
    return microseconds(time)


def period_of(start: Any, end: Any) -> tuple[int, int]:
    """Return a period in microseconds since 1970, from ``start`` up to, without, ``end``; ``None`` leaves a side open.

    Raises:
        IBMInputValueError: As in :func:`moment_of`; or both are texts, and nothing lies between them.
        TypeError: As in :func:`moment_of`.
    """
    now = utc_now()
    first = _OPEN_START if start is None else microseconds_of(start, name="start", now=now)
    last = _OPEN_END if end is None else microseconds_of(end, name="end", now=now)
    if isinstance(start, str) and isinstance(end, str) and first >= last:
        raise IBMInputValueError(
            f"The period from start={start!r} to end={end!r} is empty: a text stands for the first instant of the"
            ' period that it names, and the end is excluded. March is start="2026-03", end="2026-04".'
        )
    return first, last


def fixed_period(start: Any, end: Any) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """Return the ends of a period as datetimes in UTC, so that ``"-30d"`` means the same in all that is asked of it.

    Raises:
        IBMInputValueError: As in :func:`period_of`.
        TypeError: As there.
    """
    first, last = period_of(start, end)
    return None if start is None else moment(first), None if end is None else moment(last)


def span_of(span: Any, *, name: str) -> datetime.timedelta:
    """Return a length of time: a ``timedelta``, a ``numpy.timedelta64``, or a text such as ``"7d"`` or ``"12h"``.

    Raises:
        IBMInputValueError: It is not above zero, says no length (``NaT``), or one in months, which differ.
        TypeError: It is something else.
    """
    if type(span).__name__ == "timedelta64":
        span = _of_numpy_span(span, name)
    elif hasattr(span, "to_pytimedelta"):
        # Nanoseconds of pandas are below what is counted here.
        span = span.to_pytimedelta()
    if isinstance(span, str):
        found = _LENGTH.fullmatch(span.strip().lower())
        unit = _UNITS.get(found[2]) if found else None
        if found is None or unit in (None, "months", "years"):
            raise IBMInputValueError(f'{name} must be a length of time such as "7d", "12h" or "2w", not {span!r}.')
        span = datetime.timedelta(**{str(unit): int(found[1])})
    if not isinstance(span, datetime.timedelta):
        raise TypeError(f'{name} must be a timedelta or a text such as "7d" or "12h", not {span!r}')
    if not span > datetime.timedelta():
        raise IBMInputValueError(f"{name} must be above zero, not {span!r}.")
    return min(span, _WHOLE_CALENDAR)


def _of_text(text: str, name: str, now: datetime.datetime) -> datetime.datetime:
    word = text.strip().lower()
    today = utc(now).replace(hour=0, minute=0, second=0, microsecond=0)
    words = {"now": now, "today": today, "yesterday": today - datetime.timedelta(days=1)}
    if word in words:
        return words[word]
    try:
        if found := _YEAR_OR_MONTH.fullmatch(word):
            return datetime.datetime(int(found[1]), int(found[2] or 1), 1, tzinfo=_UTC)
        length = _LENGTH.fullmatch(word[1:]) if word.startswith("-") else None
        if length and length[2] in _UNITS:
            return _before(now, int(length[1]), _UNITS[length[2]])
        return instant(text.strip())
    except (ValueError, OverflowError):
        _refuse(text, name)


def _before(now: datetime.datetime, count: int, unit: str) -> datetime.datetime:
    """Return the time so long ago; the last day of a month if it has no such day."""
    if unit not in ("months", "years"):
        return now - datetime.timedelta(**{unit: count})
    year, month = divmod(now.year * 12 + now.month - 1 - count * (12 if unit == "years" else 1), 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)


def _of_numpy(time: np.datetime64, name: str) -> int:
    unit, number = _counted(time)
    if unit in _ATTOSECONDS:
        found = number * _ATTOSECONDS[unit] // _ATTOSECONDS["us"]
        return found if FIRST <= found <= LAST else _refuse(time, name)
    year, month = divmod(1970 * 12 + number * (12 if unit == "Y" else 1), 12)
    if unit not in ("Y", "M") or not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        _refuse(time, name)
    return microseconds(datetime.datetime(year, month + 1, 1, tzinfo=_UTC))


def _of_numpy_span(span: np.timedelta64, name: str) -> datetime.timedelta:
    unit, number = _counted(span)
    try:
        return datetime.timedelta(microseconds=number * _ATTOSECONDS[unit] // _ATTOSECONDS["us"])
    except (KeyError, OverflowError):
        raise IBMInputValueError(
            f'{name} must be a length of time such as "7d", "12h" or "2w", not {span!r}.'
        ) from None


def _counted(value: np.datetime64 | np.timedelta64) -> tuple[str, int]:
    """Return the unit of a scalar of numpy, empty for ``NaT``, and how many of that it is.

    Integers of Python do not wrap around, as numpy's conversions of far times do, or overflow, as those to years do.
    """
    import numpy as np

    unit, step = np.datetime_data(value.dtype)
    return ("", 0) if np.isnat(value) else (unit, int(value.astype(np.int64)) * step)


def _refuse(time: Any, name: str) -> NoReturn:
    raise IBMInputValueError(f"{name} must be {_FORMS}, not {time!r}.")
