# SPDX-License-Identifier: Apache-2.0
"""``archive alerts`` and ``archive events``, for people and for cron."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import output
from ..options import ArchiveFile, one_of
from ..times import moment
from . import known_device, opened
from .asking import Archived, Origin

_Json = Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")]
_Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Those that began then or later: 12h, 1d, 2026-03-01 (in UTC)."),
]


def alerts(
    rules: Annotated[Path, typer.Argument(metavar="RULES.toml", help="A file of rules, [[rule]] tables.")],
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="The present; now by default.")] = None,
    since: _Since = None,
    file: ArchiveFile = None,
    json: _Json = False,
) -> int:
    """Print the alerts of rules.

    The exit status is 0 without alerts, and then nothing is printed; 1 with alerts; 2 if the rules or the archive
    cannot be read. The first example is a line of a crontab: every day at eight, what is new since the day before.

    Examples:
        0 8 * * *  qiskit-ibm-native archive alerts rules.toml --since 1d || notify
        qiskit-ibm-native archive alerts rules.toml --json
    """
    present, begin = moment(at, "--at"), moment(since, "--since")
    with opened(file) as archive:
        found = archive.alerts(str(rules), at=present, since=begin)
    for alert in found:
        if json:
            output.line(alert.to_dict())
        else:
            output.write(output.printable(str(alert)))
    return 1 if found else 0


def events(
    device: Archived,
    kind: Annotated[
        list[str] | None,
        one_of("--kind", ("failed", "returned", "late", "frozen"), "Events of this kind alone; repeatable."),
    ] = None,
    since: _Since = None,
    origin: Origin = None,
    file: ArchiveFile = None,
    json: _Json = False,
) -> None:
    """Print what happened to a device.

    Events are failed and returned qubits and gates, late calibrations, and values that are the same for a week while
    others change.

    Examples:
        qiskit-ibm-native archive events fez --since 30d
        qiskit-ibm-native archive events fez --kind failed --kind returned
    """
    begin = moment(since, "--since")
    with opened(file) as archive:
        found = archive.events(known_device(archive, device), kinds=kind or None, start=begin, origin=origin)
    for event in found:
        if json:
            output.line(event.to_dict())
        else:
            output.write(output.printable(str(event)))
