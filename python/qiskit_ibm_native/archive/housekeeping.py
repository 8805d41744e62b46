# SPDX-License-Identifier: Apache-2.0
"""Statistics of an archive, and removal of calibrations."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._moments import microseconds_of
from .._timestamps import FIRST, LAST, moment
from ..exceptions import ArchiveDamagedError, ArchiveError
from . import blocks
from .check import VerifyReport, calibration_problem, verify

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from .._moments import Time
    from .._sqlite import Database

_MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass(frozen=True)
class BackendStats:
    """Calibrations of a device.

    Attributes:
        calibrations: The number of calibrations.
        first: The time of the oldest one, in UTC.
        last: The time of the latest one, in UTC.
        with_defaults: The number of those with pulse defaults.
    """

    calibrations: int
    first: datetime.datetime
    last: datetime.datetime
    with_defaults: int


@dataclass(frozen=True)
class ArchiveStats:
    """Contents and size of an archive.

    Attributes:
        path: The file.
        backends: Calibrations by name of the device.
        calibrations: The number of calibrations of all devices.
        payloads: The number of different payloads.
        published_bytes: Size of the payloads of all calibrations, as devices publish them.
        stored_bytes: Size of the payloads as stored.
        column_bytes: Size of the columns that :meth:`CalibrationArchive.series` keeps for the next time.
        file_bytes: Size of the file, with its log.
    """

    path: Path
    backends: dict[str, BackendStats]
    calibrations: int
    payloads: int
    published_bytes: int
    stored_bytes: int
    column_bytes: int
    file_bytes: int

    def __str__(self) -> str:
        ratio = (
            f", 1/{self.published_bytes / self.file_bytes:.1f} of what was published" if self.published_bytes else ""
        )
        lines = [
            f"{self.path}: {self.calibrations} calibrations, {self.payloads} payloads, {_size(self.file_bytes)}{ratio}"
        ]
        for name, backend in self.backends.items():
            period = f"{backend.first:%Y-%m-%d %H:%M} to {backend.last:%Y-%m-%d %H:%M} UTC"
            pulses = f", {backend.with_defaults} with pulse defaults" if backend.with_defaults else ""
            lines.append(f"  {name}: {backend.calibrations} calibrations, {period}{pulses}")
        return "\n".join(lines)


@dataclass(frozen=True)
class PruneReport:
    """The result of :meth:`CalibrationArchive.prune`.

    Attributes:
        calibrations: The number of calibrations that were removed.
        payloads: The number of payloads that were removed.
        freed_bytes: The number of bytes by which the file became smaller.
    """

    calibrations: int
    payloads: int
    freed_bytes: int


def stats(database: Database) -> ArchiveStats:
    """Return what there is, see :meth:`CalibrationArchive.stats`."""
    per_backend = database.rows(
        "SELECT backend, count(*), min(updated), max(updated), count(defaults) FROM calibrations GROUP BY backend"
        " ORDER BY backend",
        kinds=(str, int, int, int, int),
    )
    if any(not FIRST <= moment <= LAST for _, _, *moments, _ in per_backend for moment in moments):
        raise ArchiveDamagedError(f"{database.path} is damaged: a calibration is of no time. verify() tells more.")
    backends = {
        name: BackendStats(count, moment(first), moment(last), pulses)
        for name, count, first, last, pulses in per_backend
    }
    ((payloads, stored),) = database.rows("SELECT count(*), ifnull(sum(length(packed)), 0) FROM payloads")
    ((published,),) = database.rows(
        "SELECT ifnull(sum(p.length), 0) FROM calibrations c"
        " JOIN payloads p ON p.id IN (c.configuration, c.properties, c.defaults)"
    )
    columns = blocks.size(database)
    calibrations = sum(backend.calibrations for backend in backends.values())
    return ArchiveStats(
        database.path, backends, calibrations, payloads, published, stored, columns, _file_bytes(database)
    )


def prune(
    database: Database,
    backend: str | None,
    before: Time | None,
    every: datetime.timedelta | None,
    damaged: bool,
) -> PruneReport:
    """Remove calibrations, see :meth:`CalibrationArchive.prune`."""
    if not damaged and before is None and every is None and backend is None:
        raise ValueError("prune needs a backend, before, every or damaged; nothing was removed")
    if every is not None and every < _MICROSECOND:
        raise ValueError(f"every must be a period, not {every!r}")
    size = _file_bytes(database)
    report = verify(database) if damaged else None
    with database.writing() as connection:
        if report is not None:
            numbers = _still_damaged(connection, backend, report)
        else:
            numbers = _chosen(connection, backend, before, every)
        connection.executemany("DELETE FROM calibrations WHERE id = ?", [(number,) for number in numbers])
        orphans = (
            "SELECT id FROM payloads EXCEPT SELECT configuration FROM calibrations EXCEPT"
            " SELECT properties FROM calibrations EXCEPT SELECT defaults FROM calibrations"
        )
        gone = connection.execute(orphans).fetchall()
        blocks.forget(connection, [number for (number,) in gone])
        if report is not None:
            blocks.remove(connection, [(number,) for number in report.damaged_blocks])
        connection.executemany("DELETE FROM payloads WHERE id = ?", gone)
    with database.reading() as connection:
        # A script, because execute() ends after the first page.
        connection.executescript("PRAGMA incremental_vacuum")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return PruneReport(len(numbers), len(gone), max(size - _file_bytes(database), 0))


def _still_damaged(connection: sqlite3.Connection, backend: str | None, report: VerifyReport) -> list[int]:
    """Return what was found damaged and has not been repaired or removed since."""

    def rows(statement: str, parameters: Sequence[Any]) -> list[Any]:
        return connection.execute(statement, parameters).fetchall()

    of_backend = "SELECT id FROM calibrations WHERE ?1 IS NULL OR backend = ?1"
    there = {number for (number,) in connection.execute(of_backend, (backend,))}
    payloads: dict[int, str | None] = {}
    found = sorted(there & set(report.damaged_calibrations))
    return [number for number in found if calibration_problem(rows, number, payloads) is not None]


def _chosen(
    connection: sqlite3.Connection,
    backend: str | None,
    before: Time | None,
    every: datetime.timedelta | None,
) -> list[int]:
    condition, parameters = "WHERE 1", list[Any]()
    if backend is not None:
        condition += " AND backend = ?"
        parameters.append(backend)
        if not connection.execute("SELECT 1 FROM calibrations WHERE backend = ?", (backend,)).fetchone():
            raise ArchiveError(f"There are no calibrations of {backend!r}; nothing was removed.")
    if before is not None:
        condition += " AND updated < ?"
        parameters.append(microseconds_of(before, name="before"))
    rows = connection.execute(
        f"SELECT id, backend, updated FROM calibrations {condition} ORDER BY updated, id",  # noqa: S608 (made above)
        parameters,
    ).fetchall()
    if every is None:
        return [number for number, _, _ in rows]
    if not all(isinstance(updated, int) for _, _, updated in rows):
        raise ArchiveDamagedError("A calibration is of no time: prune(damaged=True) first. Nothing was removed.")
    period = every // _MICROSECOND
    last = {(name, updated // period): number for number, name, updated in rows}
    return [number for number, name, updated in rows if last[name, updated // period] != number]


def _file_bytes(database: Database) -> int:
    names = (database.path, database.path.with_name(f"{database.path.name}-wal"))
    return sum(name.stat().st_size for name in names if name.exists())


def _size(count: int) -> str:
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.3g} {unit}"
