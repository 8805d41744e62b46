# SPDX-License-Identifier: Apache-2.0
"""Whether everything in an archive is what was put in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import _native
from ..exceptions import ArchiveError, BackendPayloadError
from ..processors import available_processors
from .moments import microseconds

if TYPE_CHECKING:
    from .database import Database

_BATCH = 64


@dataclass(frozen=True)
class VerifyReport:
    """What was read, and what is wrong; true if nothing is.

    Attributes:
        calibrations: How many calibrations there are.
        payloads: How many payloads there are.
        damaged_payloads: Numbers of payloads that are not what was put in, and why.
        damaged_calibrations: Numbers of calibrations that cannot be used, and why.
        file: What SQLite finds wrong with the file.
    """

    calibrations: int
    payloads: int
    damaged_payloads: dict[int, str]
    damaged_calibrations: dict[int, str]
    file: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not (self.damaged_payloads or self.damaged_calibrations or self.file)

    def __str__(self) -> str:
        read = f"{self.calibrations} calibrations, {self.payloads} payloads"
        if self:
            return f"{read}: everything is as it was put in"
        problems = [
            *(f"  file: {each}" for each in self.file),
            *(f"  payload {number}: {why}" for number, why in self.damaged_payloads.items()),
            *(f"  calibration {number}: {why}" for number, why in self.damaged_calibrations.items()),
        ]
        return "\n".join([f"{read}, {len(problems)} problems", *problems])


def verify(database: Database) -> VerifyReport:
    """Return what is wrong, see :meth:`CalibrationArchive.verify`."""
    file = []
    try:
        results = [str(result) for (result,) in database.rows("PRAGMA integrity_check")]
        file = [result for result in results if result != "ok"]
    except ArchiveError as error:
        file.append(str(error.__cause__ or error))
    numbers = _numbers(database, "payloads", file)
    with ThreadPoolExecutor(available_processors()) as executor:
        found = executor.map(_payload_problem, _payloads(database, numbers))
        damaged = {number: problem for number, problem in found if problem is not None}
    calibrations = _numbers(database, "calibrations", file)
    problems = dict(_calibration_problems(database, calibrations, set(numbers), damaged))
    return VerifyReport(len(calibrations), len(numbers), damaged, problems, tuple(file))


def _numbers(database: Database, table: str, file: list[str]) -> list[int]:
    try:
        return [number for (number,) in database.rows(f"SELECT id FROM {table} ORDER BY id")]  # noqa: S608 (ours)
    except ArchiveError as error:
        file.append(f"{table} cannot be listed: {error.__cause__ or error}")
        return []


def _payloads(database: Database, numbers: list[int]) -> Iterator[tuple[int, Any, Any, Any]]:
    """Return payloads one by one, so that a page that cannot be read hides nothing but what is on it."""
    for number in numbers:
        try:
            rows = database.rows("SELECT id, digest, length, packed FROM payloads WHERE id = ?", (number,))
        except ArchiveError as error:
            yield number, None, None, str(error.__cause__ or error)
        else:
            yield rows[0] if rows else (number, None, None, "it is not there")


def _payload_problem(payload: tuple[int, Any, Any, Any]) -> tuple[int, str | None]:
    number, digest, length, packed = payload
    if digest is None:
        return number, f"it cannot be read: {packed}"
    try:
        content = _native.unpack(packed, length)
    except (TypeError, ValueError, OverflowError) as error:
        return number, str(error)
    return number, None if hashlib.sha256(content).digest() == digest else "it is not what its digest says"


def _calibration_problems(
    database: Database, numbers: list[int], payloads: set[int], damaged: dict[int, str]
) -> Iterator[tuple[int, str]]:
    for number in numbers:
        problem = _calibration_problem(database, number, payloads, damaged)
        if problem is not None:
            yield number, problem


def _calibration_problem(database: Database, number: int, payloads: set[int], damaged: dict[int, str]) -> str | None:
    select = "SELECT backend, updated, configuration, properties, defaults FROM calibrations WHERE id = ?"
    try:
        ((backend, updated, *used),) = database.rows(select, (number,))
    except (ArchiveError, ValueError) as error:
        return f"it cannot be read: {error.__cause__ or error}"
    used = [payload for payload in used if payload is not None]
    for payload in used:
        if payload not in payloads:
            return f"payload {payload} is not there"
        if payload in damaged:
            return f"payload {payload} is damaged"
    try:
        contents = []
        for payload in used:
            ((length, packed),) = database.rows("SELECT length, packed FROM payloads WHERE id = ?", (payload,))
            contents.append(_native.unpack(packed, length))
        snapshot = _native.Snapshot(*contents)
    except (BackendPayloadError, ArchiveError, ValueError) as error:
        return str(error)
    at = snapshot.last_update
    if snapshot.name != backend or at is None or microseconds(at) != updated:
        return f"it is listed for {backend} at another time than its payloads, which are of {snapshot.name} at {at}"
    return None
