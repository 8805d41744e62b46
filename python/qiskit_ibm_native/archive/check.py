# SPDX-License-Identifier: Apache-2.0
"""Verification of an archive: payloads against their digests, calibrations and columns against their payloads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from .. import _html, _native
from .._progress import Reported, advancing, followed, waiting
from .._sqlite import Database
from .._threads import available_processors
from .._timestamps import microseconds
from .._words import count
from ..exceptions import ArchiveError, BackendPayloadError
from ..snapshot.overrides import has_note
from . import blocks
from .schema import ARCHIVE, CALIBRATION_CHECKSUM, SIGHTING_CHECKSUM

#: Payloads and bytes in memory at once.
_BATCH, _BATCH_BYTES = 64, 256 << 20

#: An index with all rows, by table.
_INDEXES = {"payloads": "sqlite_autoindex_payloads_1", "calibrations": "calibrations_by_time"}

#: Returns the rows of a query.
Rows = Callable[[str, Sequence[Any]], list[Any]]


@dataclass(frozen=True)
class VerifyReport:
    """The result of a verification; true if nothing is wrong.

    Attributes:
        calibrations: The number of calibrations.
        payloads: The number of payloads.
        damaged_payloads: Numbers of payloads that are not what was put in, and why.
        damaged_calibrations: Numbers of calibrations that cannot be used, and why.
        file: Problems of the file that SQLite reports.
        damaged_blocks: Numbers of blocks of columns that are not what their payloads say, and why.
        damaged_sightings: Numbers of calibrations whose origins, or times until which they held, are damaged, and why.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> report = archive.verify()
        >>> bool(report), report.calibrations, report.damaged_payloads
        (True, 1, {})
    """

    calibrations: int
    payloads: int
    damaged_payloads: dict[int, str]
    damaged_calibrations: dict[int, str]
    file: tuple[str, ...] = ()
    damaged_blocks: dict[int, str] = field(default_factory=dict)
    damaged_sightings: dict[Any, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return not (
            self.damaged_payloads
            or self.damaged_calibrations
            or self.file
            or self.damaged_blocks
            or self.damaged_sightings
        )

    def __str__(self) -> str:
        read = self._counts()
        if self:
            return f"{read}: no damage found"
        found = [*self._problems()]
        return "\n".join([f"{read}, {count(len(found), 'problem')}", *(f"  {where}: {why}" for where, why in found)])

    def _counts(self) -> str:
        return f"{count(self.calibrations, 'calibration')}, {count(self.payloads, 'payload')}"

    def _problems(self) -> Iterator[tuple[str, str]]:
        """Yield places and reasons."""
        yield from (("file", problem) for problem in self.file)
        for name, damaged in (
            ("payload", self.damaged_payloads), ("calibration", self.damaged_calibrations), ("block", self.damaged_blocks),
            ("sightings of calibration", self.damaged_sightings),
        ):  # fmt: skip
            yield from ((f"{name} {number}", why) for number, why in damaged.items())

    def _repr_html_(self) -> str:
        found = [*self._problems()]
        badge = _html.badge("damaged", "bad") if found else _html.badge("sound", "good")
        heading = _html.heading("Verification", self._counts(), kind="VerifyReport", badges=[badge])
        return _html.panel(heading, _html.problems(count(len(found), "problem"), found))


def verify(database: Database, progress: Reported = False) -> VerifyReport:
    """Return what is wrong, see :meth:`CalibrationArchive.verify`."""
    # A connection of its own, and one transaction: what others add or remove meanwhile is no damage.
    with closing(Database(database.path, ARCHIVE)) as own, own.one_moment():
        return _verify(own, progress)


def _verify(database: Database, progress: Reported) -> VerifyReport:
    file: list[str] = []
    try:
        with waiting(f"Checking the file {database.path}"):
            results = [str(result) for (result,) in database.rows("PRAGMA integrity_check")]
        file = [result for result in results if result != "ok"]
    except ArchiveError as error:
        file.append(str(error.__cause__ or error))
    numbers, damaged = _numbers(database, "payloads", file), {}
    calibrations = _numbers(database, "calibrations", file)
    # Payloads are decompressed twice: alone, and together with those of their calibration.
    with advancing(progress, "verify", len(numbers) + len(calibrations), "row") as advance:
        with ThreadPoolExecutor(available_processors()) as executor:
            for batch in _batches(database, numbers):
                found = executor.map(lambda row: payload_problem(*row), batch.values())
                damaged.update({number: why for number, why in zip(batch, found, strict=True) if why is not None})
                advance(len(batch))
        known = dict.fromkeys(numbers) | damaged
        problems = dict(_calibration_problems(database, followed(calibrations, advance), known))
    wrong: dict[int, str] = {}
    try:
        with waiting("Checking blocks of columns"):
            wrong.update(blocks.problems(database, available_processors()))
    except ArchiveError as error:
        file.append(f"blocks cannot be listed: {error.__cause__ or error}")
    sightings = _sighting_problems(database, set(calibrations), file)
    return VerifyReport(len(calibrations), len(numbers), damaged, problems, tuple(file), wrong, sightings)


def _sighting_problems(database: Database, calibrations: set[int], file: list[str]) -> dict[Any, str]:
    try:
        rows = database.rows(f"SELECT calibration, checksum IS {SIGHTING_CHECKSUM} FROM sightings")  # noqa: S608 (a constant)
    except ArchiveError as error:
        file.append(f"sightings cannot be listed: {error.__cause__ or error}")
        return {}
    problems = {number: "they are not what their checksum says" for number, is_sound in rows if not is_sound}
    return problems | {number: "there is no such calibration" for number, _ in rows if number not in calibrations}


def _numbers(database: Database, table: str, file: list[str]) -> list[int]:
    """Return the numbers of all rows: those of the table, or of an index if a page of the table cannot be read."""
    for source in (f"{table} NOT INDEXED", f"{table} INDEXED BY {_INDEXES[table]}"):
        try:
            return sorted(number for (number,) in database.rows(f"SELECT id FROM {source}"))  # noqa: S608 (ours)
        except ArchiveError as error:
            file.append(f"{source} cannot be listed: {error.__cause__ or error}")
    return []


def _batches(database: Database, numbers: list[int]) -> Iterator[dict[int, tuple[Any, Any, Any]]]:
    """Yield payloads by number, as many as are to be decompressed at once."""
    batch: dict[int, tuple[Any, Any, Any]] = {}
    size = 0
    for number in numbers:
        batch[number] = row = _payload(database.rows, number)
        size += row[1] if isinstance(row[1], int) else 0
        if len(batch) >= _BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = {}, 0
    yield batch


def _payload(rows: Rows, number: int) -> tuple[Any, Any, Any]:
    """Return digest, length and content of one payload, so that a page that cannot be read hides nothing else."""
    try:
        found = rows("SELECT digest, length, packed FROM payloads WHERE id = ?", (number,))
    except ArchiveError as error:
        return None, 0, str(error.__cause__ or error)
    return found[0] if found else (None, 0, "it is not there")


def payload_problem(digest: Any, length: Any, packed: Any) -> str | None:
    """Return the problem of a payload, or ``None``; without a digest, ``packed`` is the problem."""
    if digest is None:
        return f"it cannot be read: {packed}"
    try:
        content = _native.unpack(packed, length)
    except (TypeError, ValueError, OverflowError) as error:
        return str(error)
    return None if hashlib.sha256(content).digest() == digest else "it is not what its digest says"


def _calibration_problems(
    database: Database, numbers: Iterable[int], payloads: dict[int, str | None]
) -> Iterator[tuple[int, str]]:
    for number in numbers:
        problem = calibration_problem(database.rows, number, payloads)
        if problem is not None:
            yield number, problem


def calibration_problem(rows: Rows, number: int, payloads: dict[int, str | None]) -> str | None:
    """Return the problem of a calibration; ``None`` if it is sound.

    Args:
        rows: Asks the file.
        number: The calibration.
        payloads: Known problems of payloads by number, ``None`` for sound ones; payloads that are missing in it are
            checked and added.
    """
    select = (
        f"SELECT checksum IS {CALIBRATION_CHECKSUM}, is_overridden, backend, num_qubits, updated, configuration,"  # noqa: S608
        " properties, defaults FROM calibrations WHERE id = ?"
    )
    try:
        ((is_sound, is_overridden, backend, num_qubits, updated, *used),) = rows(select, (number,))
    except (ArchiveError, ValueError) as error:
        return f"it cannot be read: {error.__cause__ or error}"
    used = [payload for payload in used if payload is not None]
    for payload in used:
        if payload not in payloads:
            payloads[payload] = payload_problem(*_payload(rows, payload))
        if payloads[payload] is not None:
            return f"payload {payload} is damaged: {payloads[payload]}"
    try:
        contents = [
            _native.unpack(packed, length) for _, length, packed in (_payload(rows, payload) for payload in used)
        ]
        snapshot = _native.Snapshot(*contents)
    except (BackendPayloadError, TypeError, ValueError) as error:
        return str(error)
    updated_at = snapshot.last_update
    if (
        (snapshot.name, snapshot.num_qubits) != (backend, num_qubits)
        or updated_at is None
        or microseconds(updated_at) != updated
    ):
        return (
            f"it is listed for {str(backend)[:100]} with {num_qubits} qubits at another time than its payloads, "
            f"which are of {snapshot.name} with {snapshot.num_qubits} qubits at {updated_at}"
        )
    if has_note(contents[1]) != is_overridden:
        return "it is listed as measured, and has overrides" if not is_overridden else "it has no overrides"
    return None if is_sound else "its row is not what its checksum says"
