# SPDX-License-Identifier: Apache-2.0
"""Dates as programs have written them, as instants.

A date without an offset from UTC is an instant only with a time zone, which has to be given: UTC, the time of the
device's laboratory and the time of the machine that wrote the file are all found in such files.
"""

from __future__ import annotations

import datetime
import re
from typing import Any, NoReturn

#: The last part of a text of ISO 8601 with a time: its offset.
_OFFSET = re.compile(r"[Tt ]\d\d:\d\d\S*([Zz]|[+-]\d\d(:?\d\d)?(:?\d\d)?)$")
_UTC_NAMES = re.compile(r"\s*(UTC|GMT)$")
#: What ``repr()`` writes: ``datetime.datetime(2021, 3, 15, 0, 36, 3, tzinfo=tzlocal())``.
_REPRESENTED = re.compile(r"datetime\.datetime\((\d+(?:, \d+){2,6})(, fold=1)?(?:, tzinfo=(.*))?\)")
#: Offsets there, of dateutil in seconds, and of Python in days and seconds.
_REPRESENTED_OFFSET = re.compile(
    r"tzoffset\([^,]*, (?P<offset>-?\d+)\)"
    r"|datetime\.timezone\(datetime\.timedelta\((?:days=(?P<days>-?\d+))?(?:, )?(?:seconds=(?P<seconds>\d+)|0)?\)(?:, '.*')?\)"
)
#: Names there, of Python and of dateutil, which has paths.
_REPRESENTED_NAME = re.compile(r"(?:zoneinfo\.ZoneInfo\(key=|tzfile\()'(?:.*/zoneinfo/)?([^']+)'\)")
_REPRESENTED_UTC = frozenset({"tzutc()", "datetime.timezone.utc", "<UTC>", "UTC"})
#: The zone of a machine that nobody knows here.
_REPRESENTED_LOCAL = "tzlocal()"
#: Years of files that people have; others are numbers or texts that were mistaken for dates.
_FIRST_YEAR, _LAST_YEAR = 2015, 2100


class Zone:
    """The time zone of dates without an offset, and a list of what was assumed in using it."""

    def __init__(self, time_zone: str | datetime.tzinfo | None = None) -> None:
        """Create it.

        Args:
            time_zone: A name such as ``"UTC"`` or ``"America/New_York"``, an offset such as ``"-05:00"``, or a
                ``tzinfo``; ``None`` if dates without an offset are to be refused.

        Raises:
            IBMInputValueError: There is no such time zone.
        """
        self._zone = _zone_of(time_zone)
        #: Sentences about dates that were ambiguous, since the list was last emptied.
        self.assumptions: dict[str, None] = {}
        self._known: dict[str, datetime.datetime] = {}

    def instant(self, value: Any) -> datetime.datetime:
        """Return the aware datetime of a date in a decoded file.

        Raises:
            IBMInputValueError: It is no date, or it has no offset and there is no time zone.
        """
        if isinstance(value, dict) and value.get("__type__") == "datetime":
            # The official client's encoder of JSON.
            value = value.get("__value__")
        if not isinstance(value, str):
            kind = "a number, of which nobody can tell the unit" if isinstance(value, int | float) else repr(value)[:80]
            _refuse(f"A date must be a text, as in '2025-02-26T15:16:25-05:00', not {kind}.")
        known = self._known.get(value)
        if known is None:
            told = len(self.assumptions)
            known = self._aware(_parsed(value), value)
            # Of ambiguous ones, each is told for each file.
            if len(self.assumptions) == told:
                self._known[value] = known
        return known

    def _aware(self, time: datetime.datetime, text: str) -> datetime.datetime:
        if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
            _refuse(f"{text!r} is of the year {time.year}, in which there were no calibrations.")
        return time if time.tzinfo is not None else self.placed(time, repr(text))

    def placed(self, time: datetime.datetime, name: str) -> datetime.datetime:
        """Return a datetime without offset in the time zone.

        Args:
            time: The datetime.
            name: The name of the date in messages.

        Raises:
            IBMInputValueError: There is no time zone, or no such hour in it, because clocks were put forward.
        """
        if self._zone is None:
            _refuse(
                f"The date {name} has lost its offset from UTC, so that it may be one of several instants. Give the"
                " time zone of its clock by time_zone=, as in time_zone='UTC' or time_zone='America/New_York'."
            )
        placed = time.replace(tzinfo=self._zone)
        if placed.astimezone(datetime.timezone.utc).astimezone(self._zone).replace(tzinfo=None) != time:
            _refuse(f"There was no {name} in {self._zone}: clocks were put forward. Give another time_zone=.")
        if placed.utcoffset() != placed.replace(fold=1).utcoffset():
            self.assumptions[
                f"{name} was twice in {self._zone}, where clocks were put back; the first one was taken. Give time_zone= as"
                " an offset, such as '-05:00', to say which."
            ] = None
        return placed


def has_offset(text: str) -> bool:
    """Return whether a text is a date and time of ISO 8601 with its offset, which payloads have."""
    return _OFFSET.search(text) is not None and "T" in text


def _parsed(text: str) -> datetime.datetime:
    represented = _REPRESENTED.fullmatch(text.strip())
    try:
        if represented is not None:
            return _of_representation(*represented.groups())
        plain = _UTC_NAMES.sub("+00:00", text.strip())
        plain = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", plain)
        # Python 3.10 reads neither Z nor fractions of other than three or six digits.
        plain = re.sub(r"[Zz]$", "+00:00", plain)
        plain = re.sub(r"\.(\d+)", lambda digits: "." + digits[1][:6].ljust(6, "0"), plain)
        plain = re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", plain) if ":" in plain else plain
        if not re.match(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", plain):
            raise ValueError("it has not the form 2025-02-26T15:16:25-05:00")  # noqa: TRY301 (one way out)
        return datetime.datetime.fromisoformat(re.sub(r"([+-]\d\d)$", r"\1:00", plain))
    except ValueError as error:
        _refuse(f"{text[:80]!r} cannot be read as a date: {error}.")


def _of_representation(numbers: str, fold: str | None, zone: str | None) -> datetime.datetime:
    time = datetime.datetime(*map(int, numbers.split(", ")), fold=bool(fold))  # type: ignore[arg-type]  # noqa: DTZ001
    if zone is None or zone == _REPRESENTED_LOCAL:
        return time
    if zone in _REPRESENTED_UTC:
        return time.replace(tzinfo=datetime.timezone.utc)
    name = _REPRESENTED_NAME.fullmatch(zone)
    if name is not None:
        return time.replace(tzinfo=_zone_of(name[1]))
    offset = _REPRESENTED_OFFSET.fullmatch(zone)
    if offset is None:
        raise ValueError(f"its time zone is {zone}")
    days, seconds = int(offset["days"] or 0), int(offset["offset"] or offset["seconds"] or 0)
    return time.replace(tzinfo=datetime.timezone(datetime.timedelta(days, seconds)))


def _zone_of(time_zone: str | datetime.tzinfo | None) -> datetime.tzinfo | None:
    if time_zone is None or isinstance(time_zone, datetime.tzinfo):
        return time_zone
    if not isinstance(time_zone, str):
        _refuse(f"time_zone must be a name, an offset or a tzinfo, not {time_zone!r}.")
    offset = re.fullmatch(r"([+-])([01]\d|2[0-3]):?([0-5]\d)", time_zone)
    if offset is not None:
        shift = datetime.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return datetime.timezone(shift if offset[1] == "+" else -shift)
    if time_zone.upper() in {"UTC", "Z"}:
        return datetime.timezone.utc
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        _refuse(f"There is no time zone {time_zone!r}. Names are as in 'America/New_York', offsets as in '-05:00'.")


def _refuse(message: str) -> NoReturn:
    from ...exceptions import IBMInputValueError

    raise IBMInputValueError(message)
