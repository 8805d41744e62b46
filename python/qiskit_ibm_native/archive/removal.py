# SPDX-License-Identifier: Apache-2.0
"""Removal of calibrations from an archive."""

from __future__ import annotations

import datetime
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from .. import _html, _native
from .._moments import microseconds_of, period_of
from .._words import count, quantity
from ..exceptions import ArchiveDamagedError, ArchiveError, IBMInputValueError
from . import blocks
from .check import VerifyReport, calibration_problem, verify
from .choice import Condition, label, of_provenance
from .schema import SIGHTING_CHECKSUM

if TYPE_CHECKING:
    from .._moments import Time
    from .._sqlite import Database

_MICROSECOND = datetime.timedelta(microseconds=1)
_DIGEST = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True)
class PruneReport:
    """The result of :meth:`CalibrationArchive.prune` and of :meth:`CalibrationArchive.remove`.

    Attributes:
        calibrations: The number of calibrations that were removed, or with ``dry_run`` would be.
        payloads: The number of payloads that were removed.
        freed_bytes: The number of bytes that these payloads had in the file, which became smaller by at least so much.
        forgotten: The number of calibrations that stay, of which an origin was forgotten.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> report = archive.remove("lima", end="2021-04", dry_run=True)
        >>> report.calibrations, report.payloads
        (1, 3)
    """

    calibrations: int
    payloads: int
    freed_bytes: int
    forgotten: int = 0

    def _repr_html_(self) -> str:
        forgotten = f"{count(self.forgotten, 'origin')} forgotten" if self.forgotten else ""
        notes = (
            count(self.calibrations, "calibration"),
            count(self.payloads, "payload"),
            quantity(self.freed_bytes, "B", 3),
            forgotten,
        )
        return _html.panel(_html.heading("Removed", *notes, kind="PruneReport"))


@dataclass(frozen=True)
class Removal:
    """The arguments of :meth:`CalibrationArchive.remove`."""

    backend: str | None
    digest: str | None
    start: Time | None
    end: Time | None
    provenance: str
    origin: str | None


def prune(
    database: Database,
    backend: str | None,
    before: Time | None,
    every: datetime.timedelta | None,
    damaged: bool,
    dry_run: bool = False,
) -> PruneReport:
    """Remove calibrations, see :meth:`CalibrationArchive.prune`."""
    if not damaged and before is None and every is None and backend is None:
        raise ValueError("prune needs a backend, before, every or damaged; nothing was removed.")
    if every is not None and every < _MICROSECOND:
        raise ValueError(f"every must be a period, not {every!r}.")
    report = verify(database) if damaged else None
    with _changing(database, dry_run) as connection:
        if report is not None:
            numbers = _still_damaged(connection, backend, report)
        else:
            numbers = _chosen(connection, backend, before, every)
        if report is not None and not dry_run:
            blocks.remove(connection, [(number,) for number in report.damaged_blocks])
            connection.execute(f"DELETE FROM sightings WHERE checksum IS NOT {SIGHTING_CHECKSUM}")  # noqa: S608 (a constant)
        done = _remove(connection, numbers, dry_run=dry_run)
    _shrink(database, dry_run)
    return done


def remove(database: Database, wanted: Removal, dry_run: bool) -> PruneReport:
    """Remove calibrations, see :meth:`CalibrationArchive.remove`."""
    chosen = of_provenance(wanted.provenance)
    if wanted == Removal(None, None, None, None, "any", None):
        raise ValueError("remove needs a backend, digest, start, end, provenance or origin; nothing was removed.")
    digest = _checked_digest(wanted.digest)
    candidates: set[tuple[Any, ...]] | None = None
    if digest is not None:
        # Others cannot write while rows are removed, so long work comes before that.
        with database.one_moment() as connection:
            candidates = set(_with_digest(connection, _of_removal(connection, wanted, chosen), digest))
    with _changing(database, dry_run) as connection:
        rows = _of_removal(connection, wanted, chosen)
        if digest is not None and candidates is not None:
            rows = _with_digest(connection, [row for row in rows if row in candidates], digest)
            if not rows:
                raise ArchiveError(
                    f"{database.path} has no such calibration with the digest {digest}; nothing was removed."
                )
        numbers = [row[0] for row in rows]
        forgotten: list[int] = []
        if wanted.origin is not None:
            numbers, forgotten = _forgotten(connection, numbers, wanted.origin, dry_run=dry_run)
        done = _remove(connection, numbers, dry_run=dry_run)
    _shrink(database, dry_run)
    return replace(done, forgotten=len(forgotten))


@contextmanager
def _changing(database: Database, dry_run: bool) -> Iterator[sqlite3.Connection]:
    """Give a connection for removing, or for finding out what would be removed."""
    with database.one_moment() if dry_run else database.writing() as connection:
        yield connection


def _remove(connection: sqlite3.Connection, numbers: Sequence[int], *, dry_run: bool) -> PruneReport:
    """Remove calibrations with their sightings, and payloads that no other calibration has with their blocks."""
    gone = set(numbers)
    used: set[Any] = set()
    for number, *payloads in connection.execute("SELECT id, configuration, properties, defaults FROM calibrations"):
        if number not in gone:
            used.update(payloads)
    sizes = connection.execute("SELECT id, length(packed) FROM payloads").fetchall()
    orphans = [(number, size) for number, size in sizes if number not in used]
    report = PruneReport(len(gone), len(orphans), sum(size for _, size in orphans))
    if not dry_run:
        connection.executemany("DELETE FROM sightings WHERE calibration = ?", [(number,) for number in gone])
        connection.executemany("DELETE FROM calibrations WHERE id = ?", [(number,) for number in gone])
        blocks.forget(connection, [number for number, _ in orphans])
        connection.executemany("DELETE FROM payloads WHERE id = ?", [(number,) for number, _ in orphans])
    return report


def _shrink(database: Database, dry_run: bool) -> None:
    """Give back the room of what was removed."""
    if not dry_run:
        with database.reading() as connection:
            # A script, because execute() ends after the first page.
            connection.executescript("PRAGMA incremental_vacuum")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _of_removal(connection: sqlite3.Connection, wanted: Removal, chosen: Condition) -> list[tuple[Any, ...]]:
    """Return numbers and payloads of calibrations, digest and origin aside."""
    first, last = period_of(wanted.start, wanted.end)
    select = (
        "SELECT c.id, c.configuration, c.properties, c.defaults FROM calibrations c"  # noqa: S608 (a constant)
        f" WHERE {chosen.text} AND c.updated >= ? AND c.updated < ?"
    )
    parameters: list[Any] = [*chosen.parameters, first, last]
    if wanted.backend is not None:
        _check_known(connection, wanted.backend)
        select += " AND c.backend = ?"
        parameters.append(wanted.backend)
    return connection.execute(f"{select} ORDER BY c.id", parameters).fetchall()


def _check_known(connection: sqlite3.Connection, backend: str) -> None:
    if not connection.execute("SELECT 1 FROM calibrations WHERE backend = ?", (backend,)).fetchone():
        raise ArchiveError(f"There are no calibrations of {backend!r}; nothing was removed.")


def _checked_digest(digest: str | None) -> str | None:
    if digest is None or (isinstance(digest, str) and _DIGEST.fullmatch(digest.lower())):
        return None if digest is None else digest.lower()
    raise IBMInputValueError(f"digest must be that of a snapshot, or its first eight digits or more, not {digest!r}.")


def _with_digest(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]], digest: str) -> list[tuple[Any, ...]]:
    return [row for row in rows if _digest(connection, row[1:]).startswith(digest)]


def _digest(connection: sqlite3.Connection, payloads: Sequence[Any]) -> str:
    """Return the digest of the snapshot of some payloads, or an empty text if they are damaged."""
    found = sha256()
    for number in payloads:
        if number is None:
            found.update(b"\xff" * 8)
            continue
        row = connection.execute("SELECT packed, length FROM payloads WHERE id = ?", (number,)).fetchone()
        try:
            content = _native.unpack(*row)
        except (TypeError, ValueError, OverflowError):
            return ""
        found.update(len(content).to_bytes(8, "little"))
        found.update(content)
    return found.hexdigest()


def _forgotten(
    connection: sqlite3.Connection, numbers: Sequence[int], origin: str, *, dry_run: bool
) -> tuple[list[int], list[int]]:
    """Return which of some calibrations are of no other origin, and of which of the rest the origin is forgotten."""
    seen: dict[int, set[str]] = {}
    for number, name in connection.execute("SELECT calibration, origin FROM sightings WHERE origin <> ''"):
        seen.setdefault(number, set()).add(name)
    labels = {name: label(name) for names in seen.values() for name in names}
    if label(origin) not in labels.values():
        listed = ", ".join(map(repr, sorted(set(labels.values())))) or "none"
        raise ArchiveError(
            f"There are no calibrations of the origin {origin!r}; origins are {listed}. Nothing was removed."
        )
    gone: list[int] = []
    stay: list[int] = []
    for number in numbers:
        names = {labels[name] for name in seen.get(number, ())}
        if label(origin) in names:
            (gone if len(names) == 1 else stay).append(number)
    if not dry_run:
        of_origin = [name for name, named in labels.items() if named == label(origin)]
        connection.executemany(
            "DELETE FROM sightings WHERE calibration = ? AND origin = ?",
            [(number, name) for number in stay for name in of_origin],
        )
    return gone, stay


def _still_damaged(connection: sqlite3.Connection, backend: str | None, report: VerifyReport) -> list[int]:
    """Return what was found damaged and has not been repaired or removed since."""

    def rows(statement: str, parameters: Sequence[Any]) -> list[Any]:
        try:
            return connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise ArchiveDamagedError(str(error)) from error

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
        _check_known(connection, backend)
    if before is not None:
        condition += " AND updated < ?"
        parameters.append(microseconds_of(before, name="before"))
    rows = connection.execute(
        f"SELECT id, updated, backend, is_overridden FROM calibrations {condition} ORDER BY updated, added, id",  # noqa: S608
        parameters,
    ).fetchall()
    if every is None:
        return [number for number, *_ in rows]
    if not all(isinstance(updated, int) for _, updated, *_ in rows):
        raise ArchiveDamagedError("A calibration has no time: call prune(damaged=True) first. Nothing was removed.")
    origins: dict[int, set[str]] = {}
    for number, origin in connection.execute("SELECT calibration, origin FROM sightings WHERE origin <> ''"):
        origins.setdefault(number, set()).add(label(origin))
    period = every // _MICROSECOND
    last: dict[Any, int] = {}
    for number, updated, *kind in rows:
        for origin in origins.get(number, {""}):
            last[(updated // period, *kind, origin)] = number
    stay = set(last.values())
    return [number for number, *_ in rows if number not in stay]
