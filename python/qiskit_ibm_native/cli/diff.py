# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native diff``: what changed between two calibrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completing, output
from .device import Account, Channel, snapshot_of
from .options import ArchiveFile, Json

if TYPE_CHECKING:
    from ..snapshot.diff import SnapshotDiff

#: Lines that a terminal shows; pipes and JSON have all.
_MOST_LINES = 40


def _side(name: str, time: str) -> Any:
    text = f"The device {time}, as 'show' takes it: fez, saved/fez.zip, fez@2026-03-01."
    return typer.Argument(metavar=name, help=text, autocompletion=completing.devices)


def diff(
    old: Annotated[str, _side("OLD", "before")],
    new: Annotated[str, _side("NEW", "after")],
    rtol: Annotated[
        float,
        typer.Option(
            "--rtol", metavar="RATIO", help="Changes that are smaller, in relation to the old value, do not count."
        ),
    ] = 0.0,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Have the exit status 1 if anything changed, as a check.")
    ] = False,
    account: Account = False,
    channel: Channel = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> int:
    """Print what changed from one calibration to another one: values, instructions, parts that fail or returned.

    Examples:
        qiskit-ibm-native diff fez@2026-03-01 fez@2026-03-02
        qiskit-ibm-native diff saved/fez.zip fez --rtol 0.1
        qiskit-ibm-native diff fez.bin fez@now --exit-code || echo transpile again
    """
    before, after = (snapshot_of(side, file=file, account=account, channel=channel) for side in (old, new))
    found = before.diff(after, rtol=rtol)
    if json:
        output.document(_described(found))
    else:
        _show(found)
    return 1 if exit_code and found else 0


def _show(found: SnapshotDiff) -> None:
    output.write(output.printable(found._title()))
    rows = list(found._rows())
    shown = rows[:_MOST_LINES] if output.is_terminal() else rows
    if shown:
        output.write("")
        values = (output.Column(title, is_number=True) for title in ("Before", "Now"))
        output.table(["Where", "Quantity", *values], shown)
    if len(rows) > len(shown):
        output.message(
            f"{len(rows) - len(shown)} more changes; a pipe or --json has all, --rtol 0.1 leaves small ones out"
        )


def _described(found: SnapshotDiff) -> dict[str, Any]:
    return {
        "configuration": found.configuration,
        "pulse_defaults": found.defaults,
        "appeared": [place._asdict() for place in found.appeared],
        "vanished": [place._asdict() for place in found.vanished],
        "qubits": [change._asdict() for change in found.qubits],
        "gates": [change._asdict() for change in found.gates],
    }
