# SPDX-License-Identifier: Apache-2.0
"""``archive add``, ``import``, ``merge`` and ``export``: calibrations into an archive and out of it."""

from __future__ import annotations

import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .. import output
from ..options import ArchiveFile, Devices, Json, one_of
from ..times import Since, Until, moment
from . import opened
from .asking import Origin, ProvenanceOption


def _check_that_it_is_there(path: Path, kind: str) -> None:
    """Look at the source first: opening an archive makes one."""
    if not path.exists():
        raise FileNotFoundError(f"There is no {kind} {path}.")


def add(
    devices: Devices,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="The time up to which no later calibration was published."),
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--origin", metavar="NAME", help="The service that the calibrations are of.")
    ] = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Keep calibrations of devices or of saved snapshots; the archive is made if there is none.

    Examples:
        qiskit-ibm-native archive add saved/fez.zip
        qiskit-ibm-native archive add fez torino --file lab.sqlite3
    """
    from ...archive import CalibrationArchive
    from ..device import snapshot_of

    snapshots = [snapshot_of(device) for device in devices]
    end = moment(until, "--until")
    with CalibrationArchive(file) as archive:
        added = sum(archive.add(snapshot, until=end, origin=origin) for snapshot in snapshots)
    known = len(snapshots) - added
    if json:
        output.document({"added": added, "known": known})
    else:
        output.write(f"{added} added, {known} known")


def import_folder(
    folder: Annotated[Path, typer.Argument(metavar="PATH", help="A folder with its sub-folders, or a file.")],
    configuration: Annotated[
        list[str] | None,
        typer.Option(
            "--configuration",
            metavar="DEVICE",
            help="A bundled device or a file, for calibrations without a configuration; repeatable.",
        ),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            "--time-zone",
            metavar="ZONE",
            help="That of dates that have lost their offset, such as UTC or America/New_York.",
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            "--date",
            metavar="TIME",
            help="That of calibrations without one: ISO 8601, or 'name' for that in the file's name.",
        ),
    ] = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Add all calibrations of a folder: saved snapshots, payloads, dumps of models, tables of the platform's page.

    Examples:
        qiskit-ibm-native archive import calibrations/
        qiskit-ibm-native archive import tables/ --configuration fez --time-zone UTC
    """
    from ...archive import CalibrationArchive

    _check_that_it_is_there(folder, "file or folder")
    # The report has what the warnings say.
    with CalibrationArchive(file) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        report = archive.import_folder(folder, configuration=configuration or None, time_zone=time_zone, date=date)
    if json:
        output.document(asdict(report))
    else:
        output.write(str(report))


def merge(
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="The file of the other archive.")],
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Add all that another archive has.

    Examples:
        qiskit-ibm-native archive merge laptop.sqlite3
    """
    from ...archive import CalibrationArchive

    _check_that_it_is_there(other, "archive")
    with CalibrationArchive(file) as archive:
        report = archive.merge(other)
    if json:
        output.document(asdict(report))
    else:
        output.write(str(report))


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder; it is made if there is none.")],
    format: Annotated[  # noqa: A002 (what it is called everywhere)
        str, one_of("--format", ("folder", "parquet"), "Snapshots, or tables of all values.")
    ] = "folder",
    backend: Annotated[
        str | None, typer.Option("--backend", metavar="DEVICE", help="The one device to export; all by default.")
    ] = None,
    since: Since = None,
    until: Until = None,
    provenance: ProvenanceOption = "measured",
    origin: Origin = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Write calibrations to a folder of snapshots, or of Parquet files.

    Examples:
        qiskit-ibm-native archive export march --since 2026-03 --until 2026-04
        qiskit-ibm-native archive export tables --format parquet --backend fez
    """
    from ..._words import count

    start, end = moment(since, "--since"), moment(until, "--until")
    with opened(file) as archive:
        number = archive.export(
            folder, format=format, backend=backend, start=start, end=end, provenance=provenance, origin=origin
        )
    if json:
        output.document({"calibrations": number, "folder": folder})
    else:
        output.write(output.printable(f"{count(number, 'calibration')} written to {folder}"))
