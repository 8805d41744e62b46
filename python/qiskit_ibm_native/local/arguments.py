# SPDX-License-Identifier: Apache-2.0
"""Checks of the arguments of services: their types, so that a wrong one is told by its name before anything starts."""

from __future__ import annotations

import datetime
import os
import re
from typing import TYPE_CHECKING, Any

from .service.faults import Fault
from .service.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = (str, os.PathLike)
_NOTHING = type(None)
#: By name: the types of an argument, and the words for them.
_ARGUMENTS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "store": ((*_PATH, _NOTHING), "the path of a file"),
    "record": ((*_PATH, _NOTHING), "the path of a new folder"),
    "folder": (_PATH, "the path of a recording"),
    "noise": ((bool,), "True or False"),
    "latency": ((int, float), "a number of seconds"),
    "workers": ((int, _NOTHING), "a whole number from 1, or None"),
    "host": ((str,), "an address such as '127.0.0.1'"),
    "port": ((int,), "a whole number from 0 to 65535"),
    "token": ((str, _NOTHING), "a text, or None for a random one"),
    "public": ((bool,), "True or False"),
    "limits": ((Limits, _NOTHING), "a Limits, such as Limits(store_days=7)"),
    "finish_left_jobs": ((bool,), "True or False"),
}
#: No queue is longer.
_MAX_QUEUE_TIME = datetime.timedelta(days=366)
#: Keys that a header can carry.
_KEY = re.compile(r"[!-~]*")


def check_arguments(**arguments: Any) -> None:
    """Check the types of arguments of a service, and the number of its workers.

    Raises:
        IBMInputValueError: One is of another type.
    """
    for name, value in arguments.items():
        types, words = _ARGUMENTS[name]
        # Numbers are not truth values, nor the other way round.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            # Keys are not shown.
            shown = f"a {type(value).__name__}" if name == "token" else repr(value)
            raise bad_argument(f"{name} is {shown}; it must be {words}.")
    workers, token = arguments.get("workers"), arguments.get("token")
    if workers is not None and workers < 1:
        raise bad_argument(f"workers is {workers}; it must be 1 or more.")
    if token is not None and not _KEY.fullmatch(token):
        raise bad_argument("token has a space, or a character that is not ASCII; choose one without.")


def checked_faults(faults: Any) -> list[Fault]:
    """Return faults as a list.

    Raises:
        IBMInputValueError: They are no faults.
    """
    if isinstance(faults, Fault):
        raise bad_argument("faults is one Fault; it must be a list of them: faults=[Fault(...)].")
    try:
        found = list(faults)
    except TypeError:
        raise bad_argument(f"faults is {faults!r}; it must be a list of Fault.") from None
    for fault in found:
        if not isinstance(fault, Fault):
            raise bad_argument(f"faults has {fault!r}; it must have nothing but Fault, such as Fault('drop').")
    return found


def check_history(*, archive: object, at: object, speed: object, queue_time: object) -> None:
    """Check that a service has an archive and a time, or neither and nothing that needs them.

    Raises:
        IBMInputValueError: One of them is missing.
    """
    has_archive = archive is not None and archive is not False
    if has_archive and at is None:
        raise bad_argument(
            "archive needs the time at which the service starts; add at='2026-03-01', or leave archive out."
        )
    given = {"at": at, "speed": speed, "queue_time": queue_time}
    named = [name for name, value in given.items() if value is not None]
    if named and not has_archive:
        raise bad_argument(
            f"{', '.join(named)}: only devices of an archive have a past; add archive=True for your own, or a path."
        )


def checked_queue_time(queue_time: float | datetime.timedelta | None) -> datetime.timedelta:
    """Return the time that jobs wait.

    Raises:
        IBMInputValueError: The time is none, or longer than a year.
    """
    try:
        found = (
            queue_time if isinstance(queue_time, datetime.timedelta) else datetime.timedelta(seconds=queue_time or 0)
        )
        if not isinstance(queue_time, bool) and datetime.timedelta() <= found <= _MAX_QUEUE_TIME:
            return found
    except (TypeError, ValueError, OverflowError):
        # NaN among them.
        pass
    raise bad_argument(
        f"queue_time is {queue_time!r}; it must be a timedelta or a number of seconds, from 0 to {_MAX_QUEUE_TIME.days} days."
    )


def bad_argument(message: str) -> Exception:
    """Return the error of an argument; its module imports Qiskit, which a service needs for nothing else."""
    from ..exceptions import IBMInputValueError

    return IBMInputValueError(message)
