# SPDX-License-Identifier: Apache-2.0
"""Devices and dates in the names of files and folders."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import NamedTuple

#: ``2025-03-18T10_07_09Z``: a date, and maybe a time and an offset, as file names can have them.
_DATE = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)"
    r"(?:[T _-]?(\d\d)[-_:.h]?(\d\d)(?:[-_:.m]?(\d\d))?(?:\.\d+)?\s*(Z|UTC|[+-]\d\d[_:]?\d\d)?)?(?!\d)"
)
_DEVICE = re.compile(r"(?<![a-z])(ibmq?_[a-z]+(?:_[a-z]+)*?)(?=_?(?:calibrations?|properties|props|\d)|[^a-z_]|$)")
#: Folders by date: ``2025/03/18``.
_FOLDERS = re.compile(r"(20\d\d)/(\d\d)/(\d\d)(?=/|$)")


class NamedTime(NamedTuple):
    """A time in the name of a file or folder.

    Attributes:
        time: The time; without time zone if the name has none.
        text: The text that it is made of.
        has_clock: Whether the name has hours and minutes; the time is the begin of the day otherwise.
    """

    time: datetime.datetime
    text: str
    has_clock: bool


def device_in(path: PurePath) -> str | None:
    """Return the device that a file's name names, as in ``ibm_fez_calibrations_2025-03-18T10_07_09Z.csv``."""
    found = _DEVICE.search(path.name.lower())
    return None if found is None else found[1]


def time_in(path: PurePath, root: PurePath | None = None) -> NamedTime | None:
    """Return the time in a path: that of the file's name, or else that of the next folder that has one.

    Args:
        path: The file.
        root: The folder above which names do not count.
    """
    folders = path.parent.relative_to(root).parts if root is not None and path.is_relative_to(root) else ()
    for name in (path.stem, *reversed(folders)):
        times = list(_times(name))
        if times:
            return times[-1]
    # One folder for each of year, month and day.
    for matched in reversed(list(_FOLDERS.finditer("/".join(folders)))):
        day = _datetime(*matched.groups())
        if day is not None:
            return NamedTime(day, matched[0], has_clock=False)
    return None


def _times(name: str) -> Iterable[NamedTime]:
    for matched in _DATE.finditer(name):
        *numbers, zone = matched.groups()
        time = _datetime(*(number for number in numbers if number is not None))
        try:
            zoned = None if time is None else time.replace(tzinfo=_zone(zone))
        except ValueError:
            # There is no such offset.
            continue
        if zoned is not None:
            yield NamedTime(zoned, matched[0], has_clock=numbers[3] is not None)


def _datetime(*numbers: str) -> datetime.datetime | None:
    try:
        return datetime.datetime(*map(int, numbers))  # type: ignore[arg-type]  # noqa: DTZ001 (the caller knows)
    except ValueError:
        return None


def _zone(text: str | None) -> datetime.tzinfo | None:
    if text is None:
        return None
    if text in {"Z", "UTC"}:
        return datetime.timezone.utc
    sign = -1 if text[0] == "-" else 1
    return datetime.timezone(sign * datetime.timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
