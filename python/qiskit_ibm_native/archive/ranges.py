# SPDX-License-Identifier: Apache-2.0
"""Calibrations of a period, read on access."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

from .. import _html, _native
from .._threads import chosen_threads
from .._timestamps import moment
from .._warning import warn
from .._words import count, instant
from ..exceptions import ArchiveDamagedError, BackendPayloadError
from ..snapshot import Snapshot
from ..snapshot.sources import LazySnapshots
from .choice import Choice

if TYPE_CHECKING:
    from ..snapshot.series import CalibrationSeries
    from .store import CalibrationArchive

#: Calibrations and bytes that are read ahead.
_AHEAD, _AHEAD_BYTES = 32, 128 << 20


class Row(NamedTuple):
    """A calibration: its number, its time, and the numbers of its payloads."""

    id: int
    updated: int
    configuration: int
    properties: int
    defaults: int | None


class SnapshotRange(LazySnapshots):
    """Calibrations of a device, the oldest one first; a snapshot is read each time when it is asked for.

    Which calibrations these are was settled when the range was made.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> calibrations = archive.between("lima", "2021", "2022")
        >>> len(calibrations), calibrations[0].name
        (1, 'ibmq_lima')
    """

    def __init__(
        self,
        archive: CalibrationArchive,
        backend: str,
        rows: Sequence[Row],
        choice: Choice = Choice(),  # noqa: B008
    ) -> None:
        """Create a range; ranges come from :meth:`CalibrationArchive.between`."""
        self._archive = archive
        self._rows = rows
        self._choice = choice
        self.backend = backend

    @property
    def times(self) -> list[datetime.datetime]:
        """Times of the last updates, in UTC."""
        return [moment(row.updated) for row in self._rows]

    def load(self, threads: int | None = None) -> list[Snapshot]:
        """Return all snapshots, read in parallel; all are in memory at once.

        Raises:
            ArchiveDamagedError: A payload is not what was put in.
        """
        payloads = [self._archive._payloads(row) for row in self._rows]
        natives = _native.Snapshot.parse_many(payloads, chosen_threads(threads))
        return [Snapshot._from_native(native, "archive") for native in natives]

    def columns(self, threads: int | None = None) -> CalibrationSeries:
        """Return all calibrations as arrays; :meth:`CalibrationArchive.series` is faster for one quantity."""
        from ..snapshot.series import CalibrationSeries

        return CalibrationSeries(self.load(threads))

    @overload
    def __getitem__(self, index: int) -> Snapshot: ...

    @overload
    def __getitem__(self, index: slice) -> SnapshotRange: ...

    def __getitem__(self, index: int | slice) -> Snapshot | SnapshotRange:
        if isinstance(index, slice):
            return SnapshotRange(self._archive, self.backend, self._rows[index], self._choice)
        return self._archive._snapshot(self._rows[index])

    def __iter__(self) -> Iterator[Snapshot]:
        start = 0
        while start < len(self._rows):
            try:
                natives = _native.Snapshot.parse_many(self._ahead(start), chosen_threads(None))
            except (ArchiveDamagedError, BackendPayloadError):
                # One by one, so that what is sound comes before what is not.
                yield from map(self._archive._snapshot, self._rows[start : start + _AHEAD])
                start += _AHEAD
            else:
                yield from (Snapshot._from_native(native, "archive") for native in natives)
                start += len(natives)

    def _ahead(self, start: int) -> list[tuple[bytes, bytes, bytes | None]]:
        """Return payloads of the next calibrations: fewer if they are large."""
        ahead, size = [], 0
        for row in self._rows[start : start + _AHEAD]:
            ahead.append(self._archive._payloads(row))
            size += sum(len(payload or b"") for payload in ahead[-1])
            if size > _AHEAD_BYTES:
                break
        return ahead

    def sound(self) -> Iterator[tuple[Row, datetime.datetime, Snapshot]]:
        """Return the snapshots that are not damaged, each with its row and its time, in UTC.

        Warns:
            RuntimeWarning: Some are damaged; they are left out.
        """
        damaged = 0
        for number, row in enumerate(self._rows):
            try:
                yield row, moment(row.updated), self[number]
            except ArchiveDamagedError:
                damaged += 1
        if damaged:
            warn(
                f"{self._archive.path}: {damaged} damaged calibrations of {self.backend} are left out; verify() tells more.",
                RuntimeWarning,
            )

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        period = (
            f", {instant(moment(self._rows[0].updated))} to {instant(moment(self._rows[-1].updated))}"
            if self._rows
            else ""
        )
        return f"<SnapshotRange of {self.backend}: {count(len(self), 'calibration')}{period}>"

    def _repr_html_(self) -> str:
        times = [(number, moment(row.updated)) for number, row in enumerate(self._rows[: _html.MAX_ROWS])]
        listed = _html.table(("index", "calibrated"), times, left_out=len(self) - len(times))
        return _html.panel(_html.heading_of(self), _html.fold("Times", listed) if times else "")
