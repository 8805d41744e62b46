# SPDX-License-Identifier: Apache-2.0
"""``archive prune`` and ``remove``: fewer calibrations."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .. import completing, output
from ..options import ArchiveFile, Json, one_of
from ..times import Since, Until, moment
from . import PROVENANCES, known_device, opened

if TYPE_CHECKING:
    from ...archive import PruneReport

#: The device of which calibrations go.
OneOrAll = Annotated[
    str | None,
    typer.Argument(metavar="DEVICE", help="One device; all by default.", autocompletion=completing.archived),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Remove nothing, and print what would be removed.")]


def prune(
    device: OneOrAll = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="TIME", help="Of these times: 1y, 30d, 2026-03-01 (in UTC).")
    ] = None,
    every: Annotated[
        str | None,
        typer.Option("--every", metavar="LENGTH", help="The last calibration of every such period stays: 1d, 12h, 1w."),
    ] = None,
    damaged: Annotated[bool, typer.Option("--damaged", help="Those that are damaged, and nothing else.")] = False,
    dry_run: DryRun = False,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Thin out calibrations, or remove those that are damaged.

    Examples:
        qiskit-ibm-native archive prune --before 90d --every 1d --dry-run
        qiskit-ibm-native archive prune --damaged
    """
    from ..._moments import span_of

    end = moment(before, "--before")
    period = None if every is None else span_of(every, name="--every")
    if device is None and end is None and period is None and not damaged:
        raise typer.BadParameter("prune needs DEVICE, --before, --every or --damaged.")
    with opened(file) as archive:
        name = None if device is None else known_device(archive, device, "any")
        report = archive.prune(name, before=end, every=period, damaged=damaged, dry_run=dry_run)
    _tell(report, dry_run=dry_run, json=json)


def remove(
    device: OneOrAll = None,
    digest: Annotated[
        str | None,
        typer.Option(
            "--digest", metavar="DIGITS", help="The digest of a calibration, or its first eight digits or more."
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    provenance: Annotated[
        str, one_of("--provenance", PROVENANCES, "Measured calibrations, those with overrides, or both.")
    ] = "any",
    origin: Annotated[
        str | None, typer.Option("--origin", metavar="NAME", help="Those of this service, and of no other one.")
    ] = None,
    dry_run: DryRun = False,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Remove the calibrations to which everything applies that is given.

    Examples:
        qiskit-ibm-native archive remove fez --until 2025-01-01 --dry-run
        qiskit-ibm-native archive remove --digest 5a0f3c2b9d1e
    """
    start, end = moment(since, "--since"), moment(until, "--until")
    if (device, digest, start, end, provenance, origin) == (None, None, None, None, "any", None):
        raise typer.BadParameter("remove needs DEVICE, --digest, --since, --until, --provenance or --origin.")
    with opened(file) as archive:
        name = None if device is None else known_device(archive, device, "any")
        report = archive.remove(
            name, digest=digest, start=start, end=end, provenance=provenance, origin=origin, dry_run=dry_run
        )
    _tell(report, dry_run=dry_run, json=json)


def _tell(report: PruneReport, *, dry_run: bool, json: bool) -> None:
    from ..._words import count, quantity

    if json:
        output.document({"dry_run": dry_run, **asdict(report)})
        return
    verb = "would be removed" if dry_run else "removed"
    freed = quantity(report.freed_bytes, "B", 3)
    kept = f"; the origin of {count(report.forgotten, 'other one')} forgotten" if report.forgotten else ""
    output.write(
        f"{count(report.calibrations, 'calibration')} and {count(report.payloads, 'payload')} {verb}, {freed}{kept}"
    )
