# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native archive alerts`` and ``archive events``, for people and for cron."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..archive import CalibrationArchive

_STATUSES = """\
exit status: 0 without alerts, and then nothing is printed; 1 with alerts; 2 if the rules or the archive cannot be read

example of a crontab, every day at eight, for what is new since the day before:
  0 8 * * *  qiskit-ibm-native archive alerts rules.toml --since 1d || notify"""
_EVENTS = """\
failed and returned qubits and gates, late calibrations, values that are the same for a week while others change

exit status: 0; 2 if the archive cannot be read"""


def add(works: Any) -> None:
    """Add the commands to those of ``archive``."""
    alerts = _command(works, "alerts", "print the alerts of rules; exit status 1 if there are any", _STATUSES)
    alerts.add_argument("rules", metavar="RULES.toml", help="a file of rules, [[rule]] tables")
    alerts.add_argument("--at", type=_time, metavar="TIME", help="the present (default: now)")
    alerts.set_defaults(run=_alerts)
    events = _command(works, "events", "print what happened to a device", _EVENTS)
    events.add_argument("device", metavar="DEVICE", help="name of the device")
    events.add_argument(
        "--kind",
        action="append",
        choices=("failed", "returned", "late", "frozen"),
        help="events of this kind alone; repeatable",
    )
    events.add_argument("--origin", help="the service that calibrations are of, or 'any'; stats lists them")
    events.set_defaults(run=_events)


def _command(works: Any, name: str, text: str, epilog: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = works.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    # The same as before the command; what is said there is kept.
    command.add_argument("--file", default=argparse.SUPPRESS, help="the archive (default: that of the user)")
    command.add_argument("--json", action="store_true", help="print a JSON object a line")
    command.add_argument(
        "--since", type=_time, metavar="TIME", help="those that began then or later: 12h, 1d, 2026-03-01 (in UTC)"
    )
    return command


def _time(text: str) -> Any:
    from .._moments import moment_of
    from ..exceptions import IBMInputValueError

    # An argument with a minus looks like an option, so that 1d is -1d here.
    for form in (text, f"-{text}"):
        try:
            return moment_of(form)
        except IBMInputValueError:
            continue
    raise argparse.ArgumentTypeError(f"no time such as 12h, 1d, 2026-03-01 or 2026-03-01T12:00Z: {text!r}")


def _opened(file: str | None) -> CalibrationArchive:
    """Open an archive that is there: these commands make none."""
    from ..archive import CalibrationArchive
    from ..archive.store import DEFAULT, VARIABLE
    from ..exceptions import ArchiveError

    path = Path(file or os.environ.get(VARIABLE) or DEFAULT).expanduser()
    if not path.is_file():
        raise ArchiveError(f"There is no archive {path}; --file names another one.")
    return CalibrationArchive(path)


def _alerts(options: argparse.Namespace) -> int:
    with _opened(options.file) as archive:
        alerts = archive.alerts(options.rules, at=options.at, since=options.since)
    for alert in alerts:
        print(json.dumps(alert.to_dict()) if options.json else alert)
    return 1 if alerts else 0


def _events(options: argparse.Namespace) -> int:
    with _opened(options.file) as archive:
        events = archive.events(options.device, kinds=options.kind, start=options.since, origin=options.origin)
    for event in events:
        print(json.dumps(event.to_dict()) if options.json else event)
    return 0
