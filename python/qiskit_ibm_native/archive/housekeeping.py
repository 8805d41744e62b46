# SPDX-License-Identifier: Apache-2.0
"""Statistics of an archive."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .. import _html
from .._timestamps import FIRST, LAST, moment
from .._words import count
from ..exceptions import ArchiveDamagedError
from . import blocks
from .choice import MEASURED, origins_of

if TYPE_CHECKING:
    from pathlib import Path

    from .._sqlite import Database


@dataclass(frozen=True)
class BackendStats:
    """Calibrations of a device.

    Attributes:
        calibrations: The number of measured calibrations.
        first: The time of the oldest one, in UTC; of the oldest overridden one if there are no measured ones.
        last: The time of the latest one, in UTC, of the same kind.
        with_defaults: The number of measured ones with pulse defaults.
        overridden: The number of calibrations with overrides, beside the measured ones.
        origins: The number of measured calibrations of each service; those of unknown origin are in none.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> lima = archive.stats().backends["ibmq_lima"]
        >>> print(lima.calibrations, lima.last)
        1 2021-03-15 04:36:03+00:00
    """

    calibrations: int
    first: datetime.datetime
    last: datetime.datetime
    with_defaults: int
    overridden: int = 0
    origins: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ArchiveStats:
    """Contents and size of an archive.

    Attributes:
        path: The file.
        backends: Calibrations by name of the device.
        calibrations: The number of measured calibrations of all devices.
        payloads: The number of different payloads.
        published_bytes: Size of the payloads of all calibrations, overridden ones too, as devices publish them.
        stored_bytes: Size of the payloads as stored.
        column_bytes: Size of the columns that :meth:`CalibrationArchive.series` keeps for the next time.
        file_bytes: Size of the file, with its log.
        overridden: The number of calibrations of all devices with overrides.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> stats = archive.stats()
        >>> stats.calibrations, stats.payloads, stats.stored_bytes < stats.published_bytes
        (1, 3, True)
    """

    path: Path
    backends: dict[str, BackendStats]
    calibrations: int
    payloads: int
    published_bytes: int
    stored_bytes: int
    column_bytes: int
    file_bytes: int
    overridden: int = 0

    def __str__(self) -> str:
        ratio = (
            f", 1/{self.published_bytes / self.file_bytes:.1f} of what was published" if self.published_bytes else ""
        )
        counts = f"{count(self.calibrations, 'calibration')}, {count(self.payloads, 'payload')}"
        lines = [f"{self.path}: {counts}, {_size(self.file_bytes)}{ratio}"]
        for name, backend in self.backends.items():
            period = f"{backend.first:%Y-%m-%d %H:%M} to {backend.last:%Y-%m-%d %H:%M} UTC"
            pulses = f", {backend.with_defaults} with pulse defaults" if backend.with_defaults else ""
            others = f", {backend.overridden} more with overrides" if backend.overridden else ""
            lines.append(f"  {name}: {count(backend.calibrations, 'calibration')}, {period}{pulses}{others}")
            if len(backend.origins) > 1:
                lines += [f"    {number:,} from {origin}" for origin, number in backend.origins.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self._picture("ArchiveStats")

    def _picture(self, kind: str) -> str:
        """Return the picture of the archive, as HTML."""
        ratio = (
            f"1/{self.published_bytes / self.file_bytes:.1f} of what was published"
            if self.published_bytes > self.file_bytes > 0
            else ""
        )
        notes = (
            count(self.calibrations, "calibration"),
            count(len(self.backends), "device"),
            _size(self.file_bytes),
            ratio,
        )
        head = ("device", "calibrations", "first", "last", "with pulse defaults", "with overrides", "services")
        rows = [
            (
                name,
                one.calibrations,
                one.first,
                one.last,
                one.with_defaults or None,
                one.overridden or None,
                _services(one),
            )
            for name, one in self.backends.items()
        ]
        table = _html.table(head, rows) if rows else _html.note("There are no calibrations.")
        sizes = _html.facts([
            ("different payloads", f"{self.payloads:,}, {_size(self.stored_bytes)} as stored"),
            ("kept columns", _size(self.column_bytes)), ("file", self.path),
        ])  # fmt: skip
        return _html.panel(_html.heading(self.path.name, *notes, kind=kind), table, _html.fold("Sizes", sizes))


def _services(stats: BackendStats) -> str:
    return ", ".join(f"{number:,} from {origin}" for origin, number in stats.origins.items())


def stats(database: Database) -> ArchiveStats:
    """Return what there is, see :meth:`CalibrationArchive.stats`."""
    rows = database.rows(
        "SELECT backend, is_overridden, count(*), min(updated), max(updated), count(defaults) FROM calibrations"
        " GROUP BY backend, is_overridden ORDER BY backend, is_overridden",
        kinds=(str, int, int, int, int, int),
    )
    if any(not FIRST <= moment <= LAST for *_, first, last, _ in rows for moment in (first, last)):
        raise ArchiveDamagedError(f"{database.path} is damaged: a calibration has no time. verify() tells more.")
    backends: dict[str, BackendStats] = {}
    for name, is_overridden, number, first, last, pulses in rows:
        measured = backends.get(name)
        if not is_overridden:
            backends[name] = BackendStats(number, moment(first), moment(last), pulses, 0, _origins(database, name))
        elif measured is None:
            backends[name] = BackendStats(0, moment(first), moment(last), 0, number)
        else:
            backends[name] = replace(measured, overridden=measured.overridden + number)
    ((payloads, stored),) = database.rows("SELECT count(*), ifnull(sum(length(packed)), 0) FROM payloads")
    ((published,),) = database.rows(
        "SELECT ifnull(sum(p.length), 0) FROM calibrations c"
        " JOIN payloads p ON p.id IN (c.configuration, c.properties, c.defaults)"
    )
    columns = blocks.size(database)
    calibrations = sum(backend.calibrations for backend in backends.values())
    overridden = sum(backend.overridden for backend in backends.values())
    return ArchiveStats(
        database.path, backends, calibrations, payloads, published, stored, columns, _file_bytes(database), overridden
    )


def _origins(database: Database, backend: str) -> dict[str, int]:
    counts = Counter(name for names in origins_of(database, backend, MEASURED).values() for name in names)
    return dict(sorted(counts.items()))


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
