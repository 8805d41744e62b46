# SPDX-License-Identifier: Apache-2.0
"""Times and periods as arguments."""

from __future__ import annotations

import datetime
from typing import Annotated

import typer

#: The beginning of a period.
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Of this time or later: 12h, 1d, 2026-03-01 (in UTC)."),
]
#: The end of a period.
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before this time, in the same forms.")]


def moment(text: str | None, option: str) -> datetime.datetime | None:
    """Return the time that an argument names, in UTC; ``None`` without one.

    Args:
        text: The argument. ``1d`` means a day ago, as ``-1d`` does, which looks like an option.
        option: The option, for the message.

    Raises:
        typer.BadParameter: It names no time.
    """
    from .._moments import moment_of
    from ..exceptions import IBMInputValueError

    if text is None:
        return None
    for form in (text, f"-{text}"):
        try:
            return moment_of(form)
        except IBMInputValueError:
            continue
    raise typer.BadParameter(f"{option} must be a time such as 12h, 1d, 2026-03-01 or 2026-03-01T12:00Z, not {text!r}.")


def minute(time: datetime.datetime | None) -> str:
    """Return a time in UTC for the column of a table, ``-`` if there is none."""
    from .._words import MISSING

    return MISSING if time is None else f"{time.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M}"


def utc_text(time: datetime.datetime) -> str:
    """Return a time as people read it, in UTC."""
    return f"{minute(time)} UTC"


def age(time: datetime.datetime) -> str:
    """Return how long ago a time was, as in ``"3 hours ago"``."""
    from .._words import duration

    seconds = (datetime.datetime.now(datetime.timezone.utc) - time).total_seconds()
    return "in the future" if seconds < 0 else f"{duration(seconds)} ago"
