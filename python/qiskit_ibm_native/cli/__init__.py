# SPDX-License-Identifier: Apache-2.0
"""Command line of the package: ``qiskit-ibm-native``."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import archive_alerts, local_jobs, migrate, serve

if TYPE_CHECKING:
    from ..archive import CalibrationArchive, ImportReport


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 1 if a check found something, 2 after an error."""
    options = _parser().parse_args(arguments)
    from ..exceptions import IBMError

    try:
        return int(options.run(options))
    except (IBMError, OSError, ValueError, sqlite3.Error) as error:
        print(f"qiskit-ibm-native: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("qiskit-ibm-native", description="IBM Quantum devices in Qiskit, without waiting.")
    commands = parser.add_subparsers(required=True, metavar="command")
    serve.add(commands)
    local_jobs.add(commands)
    _add_archive(commands)
    migrate.add(commands)
    return parser


def _add_archive(commands: Any) -> None:
    archive = commands.add_parser(
        "archive",
        help="check, fill, export and ask an archive of calibrations",
        description="Check, fill, export and ask an archive of calibrations.",
    )
    archive.add_argument("--file", help="the archive (default: that of the user)")
    works = archive.add_subparsers(required=True, metavar="work")
    stats = works.add_parser("stats", help="print devices, numbers of calibrations and sizes")
    stats.set_defaults(run=lambda options: _with_archive(options, lambda archive: archive.stats()))
    verify = works.add_parser("verify", help="check that everything is as it was stored; exit status 1 if not")
    verify.set_defaults(run=lambda options: _with_archive(options, lambda archive: archive.verify()))
    imports = works.add_parser("import", help="add all calibrations of a folder and its sub-folders, or of a file")
    imports.add_argument("folder")
    imports.add_argument(
        "--configuration", action="append", help="a bundled device or a file, for calibrations without one; repeatable"
    )
    imports.add_argument("--time-zone", help="of dates that have lost their offset, such as UTC or America/New_York")
    imports.add_argument("--date", help="of calibrations without one: ISO 8601, or 'name' for that in the file's name")
    imports.set_defaults(run=lambda options: _with_archive(options, lambda archive: _import(archive, options)))
    merge = works.add_parser("merge", help="add all that another archive has")
    merge.add_argument("other", help="the file of that archive")
    merge.set_defaults(run=lambda options: _with_archive(options, lambda archive: archive.merge(options.other)))
    export = works.add_parser("export", help="write calibrations to a folder of snapshots or of Parquet files")
    export.add_argument("folder")
    export.add_argument("--format", choices=("folder", "parquet"), default="folder", help="(default: %(default)s)")
    export.add_argument("--backend", help="name of the one device to export")
    export.add_argument(
        "--provenance",
        choices=("measured", "overridden", "any"),
        default="measured",
        help="measured calibrations, those with overrides, or both (default: %(default)s)",
    )
    export.add_argument("--origin", help="the service that calibrations are of, or 'any'; stats lists them")
    export.set_defaults(run=lambda options: _with_archive(options, lambda archive: _export(archive, options)))
    archive_alerts.add(works)


def _with_archive(options: argparse.Namespace, function: Callable[[CalibrationArchive], object]) -> int:
    """Print the outcome of a function of an archive; return 1 if the outcome is a report of damage."""
    from ..archive import CalibrationArchive, VerifyReport

    with CalibrationArchive(options.file) as archive:
        outcome = function(archive)
    print(outcome)
    return 1 if isinstance(outcome, VerifyReport) and not outcome else 0


def _import(archive: CalibrationArchive, options: argparse.Namespace) -> ImportReport:
    # The report has what the warnings say.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return archive.import_folder(
            options.folder, configuration=options.configuration, time_zone=options.time_zone, date=options.date
        )


def _export(archive: CalibrationArchive, options: argparse.Namespace) -> str:
    count = archive.export(
        options.folder,
        format=options.format,
        backend=options.backend,
        provenance=options.provenance,
        origin=options.origin,
    )
    return f"{count} calibrations written to {options.folder}"
