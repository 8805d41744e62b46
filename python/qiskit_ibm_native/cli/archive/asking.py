# SPDX-License-Identifier: Apache-2.0
"""``archive list``, ``latest``, ``stats`` and ``verify``: what an archive has. Nothing is changed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import completing, output
from ..options import ArchiveFile, Json, one_of
from ..times import Since, Until, age, minute, moment, utc_text
from . import PROVENANCES, known_device, opened

if TYPE_CHECKING:
    from ...snapshot import Snapshot

#: A device that an archive has.
Archived = Annotated[
    str, typer.Argument(metavar="DEVICE", help="The name of the device.", autocompletion=completing.archived)
]
ProvenanceOption = Annotated[
    str, one_of("--provenance", PROVENANCES, "Measured calibrations, those with overrides, or both.")
]
Origin = Annotated[
    str | None,
    typer.Option(
        "--origin", metavar="NAME", help="The service that calibrations are of, or 'any'; 'archive stats' lists them."
    ),
]


def list_calibrations(
    device: Annotated[
        str | None,
        typer.Argument(metavar="DEVICE", help="One device; all by default.", autocompletion=completing.archived),
    ] = None,
    since: Since = None,
    until: Until = None,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, help="The last ones of each device.")
    ] = None,
    provenance: ProvenanceOption = "measured",
    origin: Origin = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """List calibrations, the oldest one first, with the digests that 'archive remove' takes.

    Examples:
        qiskit-ibm-native archive list fez --since 7d
        qiskit-ibm-native archive list --last 1
    """
    start, end = moment(since, "--since"), moment(until, "--until")
    with opened(file) as archive:
        names = (
            archive.backends(provenance=provenance) if device is None else [known_device(archive, device, provenance)]
        )
        found: list[Snapshot] = []
        for name in names:
            calibrations = archive.between(name, start, end, provenance=provenance, origin=origin)
            found += calibrations[-last:] if last else calibrations
    if json:
        output.document([_described(snapshot) for snapshot in found])
        return
    rows = [(snapshot.name, minute(snapshot.last_update), snapshot.digest[:12]) for snapshot in found]
    output.table(["Device", "Calibrated (UTC)", "Digest"], rows, empty="There are no such calibrations.")


def latest(
    device: Archived,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="Write it to a new folder, or to one file if it ends in .zip."),
    ] = None,
    provenance: ProvenanceOption = "measured",
    origin: Origin = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Print which calibration of a device is the last one, and write it to a file if that is wanted.

    Examples:
        qiskit-ibm-native archive latest fez
        qiskit-ibm-native archive latest fez --out fez.zip
    """
    with opened(file) as archive:
        snapshot = archive.latest(known_device(archive, device, provenance), provenance=provenance, origin=origin)
    if snapshot is None or snapshot.last_update is None:
        from ...exceptions import ArchiveError

        raise ArchiveError(f"There is no such calibration of {device!r}.")
    if out is not None:
        snapshot.save(out)
        output.message(f"{out} is written")
    if json:
        output.document(_described(snapshot))
        return
    output.write(
        output.printable(
            f"{snapshot.name}: {utc_text(snapshot.last_update)} ({age(snapshot.last_update)}), {snapshot.num_qubits} qubits,"
            f" digest {snapshot.digest[:12]}"
        )
    )


def stats(file: ArchiveFile = None, json: Json = False) -> None:
    """Print devices, numbers of calibrations and sizes.

    Examples:
        qiskit-ibm-native archive stats
        qiskit-ibm-native archive stats --file lab.sqlite3 --json
    """
    from ..._archive_file import archive_path

    path = archive_path(file)
    if file is None and not path.exists():
        # The user's own archive is made with the first calibration; that there is none yet is no error.
        if json:
            output.document({"path": path, "backends": {}, "calibrations": 0})
        else:
            output.write(f"{path}: there is no archive yet; 'archive add' makes it")
        return
    with opened(file) as archive:
        found = archive.stats()
    if json:
        output.document(asdict(found))
    else:
        output.write(str(found))


def verify(file: ArchiveFile = None, json: Json = False) -> int:
    """Check that everything is as it was stored; the exit status is 1 if something is damaged.

    Examples:
        qiskit-ibm-native archive verify
        qiskit-ibm-native archive verify --file lab.sqlite3 && echo sound
    """
    with opened(file) as archive:
        report = archive.verify()
    if json:
        output.document({"is_sound": bool(report), **asdict(report)})
    else:
        output.write(str(report))
    return 0 if report else 1


def _described(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": snapshot.name, "num_qubits": snapshot.num_qubits, "last_update": snapshot.last_update,
        "digest": snapshot.digest,
    }  # fmt: skip
