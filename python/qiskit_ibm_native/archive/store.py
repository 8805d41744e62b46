# SPDX-License-Identifier: Apache-2.0
"""The archive: adding calibrations, and finding them."""

from __future__ import annotations

import datetime
import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from .. import _native
from .._archive_file import archive_path
from .._frames import labelled_frame, needed, polars_frame
from .._moments import fixed_period, microseconds_of, moment_of, period_of, span_of
from .._progress import Reported, waiting
from .._sqlite import Database
from .._timestamps import FIRST, LAST, microseconds, moment, now
from ..exceptions import ArchiveDamagedError, ArchiveError, BackendPayloadError, IBMInputValueError
from ..snapshot import Snapshot
from ..snapshot.acceptance import snapshot_of
from ..snapshot.device_names import find_device, spellings
from ..snapshot.imports.reader import CalibrationReader
from ..snapshot.overrides import has_note
from . import check, choice, exchange, housekeeping, imports, merging, removal, series, tables
from .choice import Choice
from .events import search
from .questions import coherence, ranking, working
from .ranges import Row, SnapshotRange
from .schema import ARCHIVE, SIGHTING_CHECKSUM
from .writing import Calibration, Packed, calibration_id, calibration_of, payload_id, see

if TYPE_CHECKING:
    from types import TracebackType

    import pandas
    import polars
    import pyarrow
    from qiskit import QuantumCircuit
    from typing_extensions import Self, Unpack

    from .._moments import Span, Time
    from .._typing import MaybeNone
    from ..snapshot.imports.reader import Date
    from .alerting.alert import Alert
    from .alerting.rules import Rules
    from .events.event import Events
    from .questions.coherence import CoherenceLimit
    from .questions.explanation import Explanation
    from .questions.ranking import Ranking
    from .questions.working import LastWorked

#: Configurations in memory; a device has one for months.
_MOST_CONFIGURATIONS = 16
_ROW = "SELECT c.id, c.updated, c.configuration, c.properties, c.defaults FROM calibrations c"
#: The first time of the calendar.
_BEGINNING = moment(FIRST)
_KINDS = (int, int, int, int, (int, NoneType))


class CalibrationArchive:
    """Calibrations of devices in one SQLite file.

    Payloads are kept as they are, compressed and once each: thousands of calibrations of a device share its
    configuration. Everything else can be made of them again. Any number of threads and processes may use one file at
    once; if one of them is killed, at most the snapshot that it was adding is lost.

    Two choices go with all questions. ``provenance`` is ``"measured"`` by default; ``"overridden"`` asks for snapshots
    with overrides (:meth:`Snapshot.with_overrides`), which nothing else returns, and ``"any"`` for both. ``origin`` is
    the service that calibrations are of, as :meth:`origins` lists them: devices of one name from two services are two
    series. It is needed if there are several, of which none has all calibrations that the others have; ``"any"`` joins
    them. Calibrations of unknown origin, such as those that were added by hand, go with any origin.

    Attributes:
        path: The file.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")  # without a path: the user's own
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> archive.latest("lima")
        <Snapshot ibmq_lima: 5 qubits, 2021-03-15T00:36:03-04:00, 5045cf964930>
        >>> archive.at("lima", "2021-03-14")  # nothing is so old
        >>> archive.series("lima", "t1", qubits=[0, 1]).values * 1e6  # µs
        array([[59.69864329, 83.0599723 ]])
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        """Open an archive, and make it if there is none.

        Args:
            path: The file; by default what ``QISKIT_IBM_NATIVE_ARCHIVE`` names, or else the user's,
                ``~/.qiskit/qiskit-ibm-native/calibrations.sqlite3``.

        Raises:
            ArchiveError: The file is something else, of a later version, or cannot be written.
        """
        self._database = Database(archive_path(path), ARCHIVE)
        self._configurations: LRUCache[int, bytes] = LRUCache(_MOST_CONFIGURATIONS)
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # Putting in

    def add(self, snapshot: Any, *, until: Time | None = None, origin: str | None = None) -> bool:
        """Keep a snapshot.

        A snapshot without pulse defaults is known if the same configuration and properties are there with some; one
        with pulse defaults completes what is there without. Payloads that are there but damaged are put in again.

        Args:
            snapshot: The snapshot, with properties, or whatever :meth:`Snapshot.of` takes.
            until: The time up to which the device is known to have published no later calibration.
            origin: The service that it is of, under any name; ``None`` if that is not known, so that it goes with all.

        Returns:
            Whether anything of it is new.

        Raises:
            ArchiveError: The snapshot has no properties, or they have no date; or the file cannot be written.
            CompactFormError: It was made without payloads.
            IBMInputValueError: There can be no origin of that name.
        """
        if origin is not None and (not isinstance(origin, str) or origin in {"", choice.ANY}):
            raise IBMInputValueError(f"origin must be the name of a service, not {origin!r}.")
        return self._add(snapshot_of(snapshot), until, origin=origin or "")

    def _add(
        self,
        snapshot: Snapshot,
        until: Time | None,
        *,
        origin: str = "",
        is_of_today: bool = False,
        patience: float | None = None,
    ) -> bool:
        """Keep a snapshot, see :meth:`add`.

        Args:
            snapshot: The snapshot.
            until: The time up to which the origin published no later calibration.
            origin: The service that said so; an empty text stands for all.
            is_of_today: Whether the configuration is today's, for want of the one that there was then. If the same
                properties are there with another one, that is the right one.
            patience: Seconds to wait for other writers.
        """
        updated = snapshot.last_update
        if updated is None:
            raise ArchiveError(
                f"{snapshot!r} cannot be added: its time is unknown, because it has no properties with a date."
            )
        payloads = snapshot.payloads
        configuration, properties = self._packed(payloads.configuration), self._packed(payloads.properties or b"")
        defaults = None if payloads.defaults is None else self._packed(payloads.defaults)
        is_overridden = has_note(payloads.properties)
        new = Calibration(snapshot.name, snapshot.num_qubits, microseconds(updated), is_overridden, now())
        with self._database.writing(patience) as connection:
            known = calibration_of(connection, properties) if is_of_today else None
            if known is not None:
                calibration, is_new = known, False
                for payload in (configuration, properties, defaults):
                    if payload is not None and payload.is_repair:
                        payload_id(connection, payload)
            else:
                numbers = (
                    payload_id(connection, configuration),
                    payload_id(connection, properties),
                    None if defaults is None else payload_id(connection, defaults),
                )
                calibration, is_new = calibration_id(connection, new, numbers)
            if until is not None or origin:
                # An origin that said nothing about later ones has published this one at its time.
                seen = new.updated if until is None else microseconds_of(until, name="until")
                see(connection, calibration, origin, seen)
        return is_new

    def _packed(self, payload: bytes) -> Packed:
        digest = hashlib.sha256(payload).digest()
        known = self._database.rows("SELECT length, packed FROM payloads WHERE digest = ?", (digest,))
        if known and check.payload_problem(digest, *known[0]) is None:
            return Packed(digest, len(payload), known[0][1], False)
        try:
            packed = _native.pack(payload)
        except ValueError as error:
            raise ArchiveError(f"A payload of {len(payload)} bytes cannot be added to an archive: {error}") from None
        return Packed(digest, len(payload), packed, bool(known))

    def merge(
        self, other: CalibrationArchive | str | os.PathLike[str], progress: Reported = None
    ) -> merging.MergeReport:
        """Add all that another archive has: calibrations, their origins, and until when they are known to have held.

        It does not matter which of two archives is merged into the other one: afterwards it answers the same. A merge
        that was interrupted goes on when it is asked for again.

        Args:
            other: The archive, or its file. Archives of an earlier version that can be written are brought to the
                present one.
            progress: As in :meth:`import_folder`.

        Returns:
            How many calibrations were added and known, and which of the other archive are damaged. Those are left out.

        Raises:
            FileNotFoundError: There is no such file.
            ArchiveError: One of the files cannot be used, or this one not be written.
        """
        if isinstance(other, CalibrationArchive):
            return merging.merge(self._database, other._database, progress)
        path = Path(other).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"There is no archive {path}.")
        with type(self)(path) as opened:
            return merging.merge(self._database, opened._database, progress)

    # Asking

    def backends(self, *, provenance: str = "measured") -> list[str]:
        """Return the names of the devices that there are calibrations of, in alphabetical order.

        Args:
            provenance: ``"measured"``, ``"overridden"`` or ``"any"``.
        """
        wanted = choice.of_provenance(provenance)
        select = f"SELECT DISTINCT c.backend FROM calibrations c WHERE {wanted.text} ORDER BY c.backend"  # noqa: S608
        return [name for (name,) in self._database.rows(select, wanted.parameters, (str,))]

    def origins(self, backend: str, *, provenance: str = "measured") -> list[str]:
        """Return the services that calibrations of a device are of, in alphabetical order.

        Args:
            backend: The device's name, with or without prefix.
            provenance: ``"measured"``, ``"overridden"`` or ``"any"``.

        Returns:
            Addresses of services, or names that were given to :meth:`add`; ``"local"`` stands for all services on this
            machine.
        """
        found = choice.origins_of(self._database, self._spelled(backend), choice.of_provenance(provenance))
        return sorted({name for names in found.values() for name in names})

    def at(
        self, backend: str, datetime: Time, *, provenance: str = "measured", origin: str | None = None
    ) -> Snapshot | MaybeNone:
        """Return the calibration that held at a time: the last one that was updated then or before.

        Args:
            backend: The device's name, with or without prefix.
            datetime: The time, in a form that :meth:`between` takes.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Returns:
            The snapshot; ``None`` if there is none so old.

        Raises:
            ArchiveDamagedError: Its payloads are not what was put in.
            ArchiveError: The device has calibrations of several origins, and none was chosen.
        """
        then = microseconds_of(datetime)
        return self._last(self._spelled(backend), Choice(provenance, origin), "c.updated <= ?", (then,))

    def latest(self, backend: str, *, provenance: str = "measured", origin: str | None = None) -> Snapshot | MaybeNone:
        """Return the last calibration of a device; ``None`` if there is none.

        Args:
            backend: The device's name, with or without prefix.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Raises:
            ArchiveDamagedError: Its payloads are not what was put in.
            ArchiveError: The device has calibrations of several origins, and none was chosen.
        """
        return self._last(self._spelled(backend), Choice(provenance, origin), "1", ())

    def latest_before_confirmed(self, backend: str, before: Time, origin: str = "") -> Snapshot | None:
        """Return the last calibration before a time, if it is known that there was no later one; ``None`` otherwise.

        That is what a service would answer when it is asked for what was published before that time.

        Args:
            backend: The device's name, with or without prefix.
            before: The time, in a form that :meth:`between` takes.
            origin: The service that confirmed it; an ``until`` that was given to :meth:`add` without an origin counts
                for all. A service on this machine is named by its address, because others may have other devices.

        Raises:
            ArchiveDamagedError: Its payloads are not what was put in.
            ArchiveError: The device has calibrations of several origins, and none was named.
        """
        row = self._row_before_confirmed(self._spelled(backend), before, origin)
        return None if row is None else self._snapshot(row)

    def _row_before_confirmed(self, backend: str, before: Time, origin: str) -> Row | None:
        then = microseconds_of(before, name="before")
        row = self._last_row(backend, Choice(origin=origin or None), "c.updated < ?", (then,))
        if row is None:
            return None
        # The last one may be there with several configurations. A confirmation that is damaged is none.
        known = self._database.rows(
            f"SELECT 1 FROM sightings WHERE calibration IN (SELECT c.id FROM calibrations c WHERE c.backend = ?"  # noqa: S608
            f" AND {choice.MEASURED.text} AND c.updated = ?) AND origin IN ('', ?) AND until >= ?"
            f" AND checksum = {SIGHTING_CHECKSUM}",
            (backend, row.updated, origin, then),
        )
        return row if known else None

    def _last(self, backend: str, wanted: Choice, condition: str, parameters: Sequence[Any]) -> Snapshot | None:
        row = self._last_row(backend, wanted, condition, parameters)
        return None if row is None else self._snapshot(row)

    def _last_row(self, backend: str, wanted: Choice, condition: str, parameters: Sequence[Any]) -> Row | None:
        # Of several calibrations of one time, the one that was added last is taken for the last one.
        order = "ORDER BY c.updated DESC, c.added DESC, c.id DESC LIMIT 1"
        rows = self._rows(backend, wanted, f"{condition} {order}", parameters)
        return rows[0] if rows else None

    def _rows(self, backend: str, wanted: Choice, condition: str, parameters: Sequence[Any]) -> list[Row]:
        chosen = choice.condition(self._database, backend, wanted)
        select = f"{_ROW} WHERE c.backend = ? AND {chosen.text} AND {condition}"
        rows = self._database.rows(select, (backend, *chosen.parameters, *parameters), _KINDS)
        for row in map(Row._make, rows):
            if not FIRST <= row.updated <= LAST:
                raise ArchiveDamagedError(
                    f"{self.path} is damaged: calibration {row.id} has no time. verify() tells more."
                )
        return [Row(*row) for row in rows]

    def between(
        self,
        backend: str,
        start: Time | None = None,
        end: Time | None = None,
        *,
        provenance: str = "measured",
        origin: str | None = None,
    ) -> SnapshotRange:
        """Return the calibrations of a period, the oldest one first.

        Args:
            backend: The device's name, with or without prefix.
            start: The start of the period, included: a ``datetime`` (one without time zone is in this machine's), a
                ``date``, ``numpy.datetime64`` or ``pandas.Timestamp``, or a text: ``"2026"``, ``"2026-03"``,
                ``"2026-03-01T12:00"`` (in UTC, as dates are), ``"-30d"``, ``"today"``, ``"yesterday"``. A text stands
                for the first instant of what it names.
            end: The end of the period, excluded, in the same forms: ``start="2026-03", end="2026-04"`` is March.
            provenance: ``"measured"``, ``"overridden"`` for snapshots with overrides, or ``"any"``.
            origin: The service that calibrations are of, one of :meth:`origins`; ``"any"`` joins all. Without it there
                must be one that has all of them. Those of unknown origin go with any.

        Raises:
            ArchiveError: The device has calibrations of several origins, and none was chosen.
            IBMInputValueError: A text names no time, or nothing lies between two texts; or there is no such provenance.
            TypeError: A time is something else.

        Returns:
            A sequence whose snapshots are read when they are asked for.
        """
        backend, wanted = self._spelled(backend), Choice(provenance, origin)
        condition = "c.updated >= ? AND c.updated < ? ORDER BY c.updated, c.added, c.id"
        return SnapshotRange(self, backend, self._rows(backend, wanted, condition, period_of(start, end)), wanted)

    def series(
        self,
        backend: str,
        quantity: str,
        *,
        qubits: int | Iterable[int] | Iterable[Sequence[int]] | None = None,
        gate: str | None = None,
        start: Time | None = None,
        end: Time | None = None,
        threads: int | None = None,
        progress: Reported = None,
        provenance: str = "measured",
        origin: str | None = None,
    ) -> series.ArchiveSeries:
        """Return one quantity over time.

        Payloads are read once: all their quantities are kept in the file, so that every later series, also of other
        quantities, takes a fraction of the first.

        Args:
            backend: The device's name, with or without prefix.
            quantity: A quantity of qubits, such as ``"t1"`` (:class:`SnapshotColumns` has them all) or
                ``"operational"``; with ``gate``, ``"error"``, ``"duration"`` or ``"operational"``.
            qubits: A qubit or several; with ``gate``, qubits as in ``(0, 1)`` or several such. All by default.
            gate: The gate, such as ``"cz"``.
            start: The start of the period, included.
            end: The end of the period, excluded.
            threads: The number of threads for reading payloads; by default, one for each processor.
            progress: As in :meth:`import_folder`, of payloads that have to be read.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Raises:
            ArchiveError: There is no such device, qubit or gate; or there are several origins, and none was chosen.
            ValueError: There is no such quantity, or the gate is listed on different numbers of qubits.

        Warns:
            RuntimeWarning: Some payloads are damaged. They are left out, and named in the result.
        """
        name, times = self._spelled(backend), period_of(start, end)
        chosen = choice.condition(self._database, name, Choice(provenance, origin))
        return series.read(self._database, name, quantity, qubits, gate, times, threads, progress, chosen)

    # Tables

    @waiting("Reading calibrations")
    def table(
        self,
        of: str = "qubits",
        *,
        backends: str | Iterable[str] | None = None,
        quantities: str | Iterable[str] | None = None,
        gates: str | Iterable[str] | None = None,
        start: Time | None = None,
        end: Time | None = None,
        threads: int | None = None,
        provenance: str = "measured",
        origin: str | None = None,
    ) -> pyarrow.Table:
        """Return the values of devices over time as one ``pyarrow.Table``, with a row for each calibration and qubit.

        Columns are ``backend``, ``time`` (UTC), ``qubit`` and a column for each quantity, in SI units. In the table of
        gates they are ``backend``, ``time``, ``gate``, ``qargs`` (such as ``"0-1"``), ``qubit_0``, ``qubit_1`` and
        those of quantities. Missing values are null; units are in the metadata of the fields.

        Args:
            of: ``"qubits"`` or ``"gates"``.
            backends: A device or several; all by default.
            quantities: A quantity or several; all of qubits or gates by default.
            gates: A gate or several, of gates; all by default. Devices that do not have one are left out.
            start: The start of the period, included, as in :meth:`between`.
            end: The end of the period, excluded.
            threads: The number of threads for reading payloads; by default, one for each processor.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Raises:
            ArchiveError: There is no such device or gate, or there are several origins.
            MissingPackageError: pyarrow is not installed.
            IBMInputValueError: There is no such table.
            ValueError: There is no such quantity, or a gate is listed on different numbers of qubits.
        """
        wanted = Choice(provenance, origin)
        asked = tables.request(of, quantities, gates, threads, wanted)
        return tables.build_table(self, asked, self._chosen(backends, wanted), *fixed_period(start, end))

    def to_pandas(self, of: str = "qubits", **choice: Unpack[tables.TableChoice]) -> pandas.DataFrame:
        """Return values of devices over time as a ``pandas.DataFrame``, see :meth:`table`; units are in ``attrs``.

        Raises:
            ArchiveError: As in :meth:`table`.
            MissingPackageError: pandas or pyarrow is not installed.
        """
        return labelled_frame(needed("pandas"), self.table(of, **choice))

    def to_polars(self, of: str = "qubits", **choice: Unpack[tables.TableChoice]) -> polars.DataFrame:
        """Return values of devices over time as a ``polars.DataFrame``, see :meth:`table`.

        Raises:
            ArchiveError: As in :meth:`table`.
            MissingPackageError: polars or pyarrow is not installed.
        """
        return polars_frame(lambda: self.table(of, **choice))

    @waiting("Writing tables")
    def to_parquet(
        self,
        folder: str | os.PathLike[str],
        *,
        backends: str | Iterable[str] | None = None,
        start: Time | None = None,
        end: Time | None = None,
        threads: int | None = None,
        provenance: str = "measured",
        origin: str | None = None,
    ) -> int:
        """Write the tables of qubits and gates to Parquet files, one for each device and month, month by month.

        A folder has files such as ``qubits/backend=ibm_fez/month=2026-03/part-0.parquet``, which DuckDB, pyarrow and
        polars take for columns ``backend`` and ``month``; other columns are those of :meth:`table`. Months are in UTC
        and always written whole, also if the period begins or ends within one, so that another call replaces a file by
        a complete one. Each file appears when it is complete.

        Args:
            folder: The folder, which is made if there is none.
            backends: A device or several; all by default.
            start: The start of the period, included, as in :meth:`between`.
            end: The end of the period, excluded.
            threads: As in :meth:`table`.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Returns:
            How many calibrations were written.

        Raises:
            ArchiveError: There is no such device, or a folder cannot be made.
            MissingPackageError: pyarrow is not installed.
        """
        wanted = Choice(provenance, origin)
        names, (first, last) = self._chosen(backends, wanted), fixed_period(start, end)
        return tables.write_months(self, Path(folder), names, first, last, threads, wanted)

    def _chosen(self, backends: str | Iterable[str] | None, wanted: Choice) -> list[str]:
        if backends is None:
            return self.backends(provenance=wanted.provenance)
        names = [backends] if isinstance(backends, str) else backends
        return list(dict.fromkeys(self._known(name, wanted.provenance) for name in names))

    # Questions

    def coherence_limit(
        self,
        backend: str,
        gate: str,
        *,
        qubits: int | Iterable[int] | Iterable[Sequence[int]] | None = None,
        start: Time | None = None,
        end: Time | None = None,
        provenance: str = "measured",
        origin: str | None = None,
    ) -> CoherenceLimit:
        """Return the errors of a gate on one or two qubits over time, beside the least ones that relaxation allows.

        Args:
            backend: The device's name, with or without prefix.
            gate: The gate, such as ``"cz"``.
            qubits: Its qubits, as in :meth:`series`; all by default.
            start: The start of the period, included, as in :meth:`between`.
            end: The end of the period, excluded.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Returns:
            Arrays by time and qargs, see :class:`CoherenceLimit` for the formula and its sources.

        Raises:
            ArchiveError: There is no such device, qubit or gate.
            IBMInputValueError: The gate acts on more than two qubits.
        """
        first, last = fixed_period(start, end)
        period: dict[str, Any] = {"start": first, "end": last, "provenance": provenance, "origin": origin}
        chosen: Any = list(qubits) if isinstance(qubits, Iterable) else qubits

        def read() -> list[series.ArchiveSeries]:
            of_gate = [self.series(backend, name, gate=gate, qubits=chosen, **period) for name in ("error", "duration")]
            return of_gate + [self.series(backend, name, **period) for name in ("t1", "t2")]

        return coherence.coherence_limit(*tables.aligned(read))

    def ranking(
        self,
        quantity: str,
        *,
        gate: str | None = None,
        backends: Iterable[str] | None = None,
        start: Time | None = None,
        end: Time | None = None,
        every: Span = "1d",
        max_age: Span = "7d",
        provenance: str = "measured",
        origin: str | None = None,
    ) -> Ranking:
        """Return which devices were better than others over time, by the median of a quantity.

        Args:
            quantity: The quantity, such as ``"t1"`` or, with ``gate``, ``"error"``.
            gate: The gate. Devices that do not have it are left out.
            backends: The devices; all by default.
            start: The first moment, as in :meth:`between`; by default, the first calibration.
            end: The end of the moments, excluded; by default, just after the last calibration.
            every: The time from one moment to the next, such as ``"1d"`` or a ``timedelta``.
            max_age: The age from which a calibration does not count at a moment.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Returns:
            Values and ranks by moment and device, see :class:`Ranking` for the definition.

        Raises:
            ArchiveError: There is no such device, or none has the gate.
            IBMInputValueError: Neither more nor less of the quantity is better.
            ValueError: There is no such quantity.
        """
        found = ranking.checked_quantity(quantity, gate)
        first, last = fixed_period(start, end)
        # The calibration of the first moment is older than that.
        age = span_of(max_age, name="max_age")
        earliest = None if first is None else max(first, _BEGINNING + age) - age
        wanted = Choice(provenance, origin)
        names = self._chosen(backends, wanted)
        if gate is not None:
            names = [device for device in names if gate in tables.gates_of(self, device, earliest, last, wanted)]
            if not names:
                raise ArchiveError(f"{self.path} has no device with the gate {gate!r} in that time.")
        devices = [
            self.series(device, found.name, gate=gate, start=earliest, end=last, provenance=provenance, origin=origin)
            for device in names
        ]
        return ranking.ranking(devices, found, gate, (first, last), span_of(every, name="every"), age)

    def last_worked(
        self,
        backend: str,
        gate: str,
        qargs: int | Sequence[int],
        *,
        provenance: str = "measured",
        origin: str | None = None,
    ) -> LastWorked:
        """Return when a gate last worked: in the last calibration in which it could be used.

        Args:
            backend: The device's name, with or without prefix.
            gate: The gate, such as ``"cz"``.
            qargs: Its qubits, such as ``(0, 1)``, in the order in which the device lists them; an integer for one
                qubit.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Returns:
            The time, and whether it works now and how often it did, see :class:`LastWorked` for the definition.

        Raises:
            ArchiveError: There is no such device, or no calibration lists the gate on these qubits.
        """
        qubits = series.indices(qargs)
        wanted = Choice(provenance, origin)._asdict()

        def read() -> list[series.ArchiveSeries]:
            names = ("operational", "error")
            of_gate = [self.series(backend, name, gate=gate, qubits=[qubits], **wanted) for name in names]
            return [*of_gate, self.series(backend, "operational", qubits=qubits, **wanted)]

        return working.last_worked(*tables.aligned(read))

    def explain(
        self,
        circuit: QuantumCircuit,
        before: Snapshot | Time,
        after: Snapshot | Time,
        *,
        backend: str | None = None,
        use_fractional_gates: bool | None = None,
        provenance: str = "measured",
        origin: str | None = None,
    ) -> Explanation:
        """Return which changed values made the estimated success probability of a circuit another one, and by how much.

        Args:
            circuit: A circuit on the qubits of the device, of operations that the device has, as for :func:`score`.
            before: A snapshot, or a time of which the archive has one, as in :meth:`at`.
            after: A later one.
            backend: The device's name, with or without prefix; needed for times.
            use_fractional_gates: As in :func:`build_target`.
            provenance: As in :meth:`between`, for times.
            origin: As in :meth:`between`, for times.

        Returns:
            The parts of all changed values, which add up, see :class:`Explanation` for the rule and its sources.

        Raises:
            ArchiveError: The archive has no calibration of the device from that time or before.
            IBMInputValueError: A time is given without a device; or the circuit has control flow, or parameters as
                delays.
        """
        from .questions.explanation import explain

        wanted = Choice(provenance, origin)
        snapshots = [self._snapshot_of(source, backend, wanted) for source in (before, after)]
        return explain(circuit, snapshots[0], snapshots[1], use_fractional_gates=use_fractional_gates)

    def _snapshot_of(self, source: Snapshot | Time, backend: str | None, wanted: Choice) -> Snapshot:
        if isinstance(source, Snapshot):
            return source
        if backend is None:
            raise IBMInputValueError(
                f"{source!r} is a time, which is not enough to find a snapshot. Name the device by backend=."
            )
        found = self.at(self._known(backend, wanted.provenance), source, **wanted._asdict())
        if found is None:
            raise ArchiveError(f"{self.path} has no calibration of {backend!r} from {moment_of(source)} or before.")
        return found

    # Events and alerts

    @waiting("Looking for events")
    def events(
        self,
        backends: str | Iterable[str] | None = None,
        *,
        kinds: str | Iterable[str] | None = None,
        gates: str | Iterable[str] | None = None,
        qubits: int | Iterable[int] | None = None,
        quantities: str | Iterable[str] | None = None,
        start: Time | None = None,
        end: Time | None = None,
        history: Span = search.HISTORY,
        late_after: Span | None = None,
        late_factor: float = search.LATE_FACTOR,
        frozen_after: Span = search.FROZEN_AFTER,
        origin: str | None = None,
    ) -> Events:
        """Return what happened to devices: failures and returns, calibrations that are late, values that are frozen.

        ``"failed"``
            A qubit that is flagged as not operational; a gate that is flagged so, has an error of 1 or more, or is no
            longer listed on its qubits. It worked in the calibration before; or that is the first one, and what was
            before is unknown. Missing errors and flags are no failures, and a gate has not failed before it is listed
            for the first time; one that is flagged and has no value counts as not listed. A gate does not fail with
            its qubits: those have events of their own.
        ``"returned"``
            A qubit or gate that works, and did not in the calibration before.
        ``"late"``
            A gap between calibrations that is longer than ``late_after``, or else than ``late_factor`` times the median
            of the up to 30 gaps before it, of which there have to be 5. The last gap goes on to the end of the period,
            or to the present. Gaps are those of the archive: while nothing is recorded, every device is late.
        ``"frozen"``
            A value that is equal, bit by bit, in all calibrations that have one for longer than ``frozen_after``, while
            at least half of the other qubits, or of the gate's other qargs, that have the quantity changed it. So what
            is constant by design is not frozen. Missing values neither end such a time nor begin one, and errors of 1,
            which mark gates that do not work, count as missing.

        Args:
            backends: A device or several, with or without prefix; all by default.
            kinds: The kinds of events; all by default.
            gates: Events of these gates, of no others and of no qubits; ``()`` for those of qubits alone. Devices that
                do not have them are left out.
            qubits: Events of these qubits, and of gates all of whose qubits are among these.
            quantities: Quantities of which frozen values are wanted; all by default.
            start: The first moment of an event, as in :meth:`between`.
            end: The end of the period, excluded; it counts as the present.
            history: How long before ``start`` calibrations are looked at, for what was before.
            late_after: The longest gap between calibrations, such as ``"36h"`` or a ``timedelta``.
            late_factor: The number of usual gaps from which one is too long, without ``late_after``.
            frozen_after: How long a value has to be the same.
            origin: As in :meth:`between`. Calibrations with overrides have no events.

        Returns:
            A sequence of :class:`Event` by time, and a table of them.

        Raises:
            ArchiveError: There is no such device, no device has the gate, or one changed its number of qubits.
            IBMInputValueError: There is no such kind or quantity, or an argument makes no sense.
        """
        asked = search.Asked.of(kinds, gates, qubits, quantities, late_after, late_factor, frozen_after, origin)
        return search.events(self, self._chosen(backends, asked.choice), asked, start, end, history)

    @waiting("Evaluating rules")
    def alerts(self, rules: Rules, *, at: Time | None = None, since: Time | None = None) -> list[Alert]:
        """Return the alerts of rules that hold in the last calibrations.

        Args:
            rules: A :class:`ValueRule` or :class:`EventRule`, several of them, or the path of a file of rules, see
                :func:`read_rules`.
            at: The present: later calibrations are not looked at. By default, now.
            since: Alerts that began at this time or later, whether or not they are over; by default, those that hold.

        Returns:
            The alerts, by rule and device. An alert holds as long as its condition does in each calibration.

        Raises:
            ArchiveError: There is no such device, gate or qubit.
            FileNotFoundError: There is no such file.
            IBMInputValueError: The file says something that is no rule, or two rules have the same name.
        """
        from .alerting.evaluation import alerts
        from .alerting.rules_file import rules_of

        return alerts(self, rules_of(rules), at, since)

    def watch(
        self,
        rules: Rules,
        *,
        interval: Span = "1min",
        timeout: Span | None = None,
        memory: str | os.PathLike[str] | None = None,
    ) -> Iterator[Alert]:
        """Yield alerts while calibrations come in, those that hold already first.

        The file is looked at again and again, so that another process may write it. An alert is told when its condition
        begins to hold, and again only if it has not held in between, whatever the number of calibrations that come in
        at once. Calibrations that are older than the last one of their device are not looked at.

        Args:
            rules: As in :meth:`alerts`.
            interval: The time from one look to the next, such as ``"5min"`` or a ``timedelta``.
            timeout: How long to watch; for ever by default, and a single look for ``timedelta(0)``. Ctrl-C while it
                looks or waits ends it, too, without an exception.
            memory: A file that remembers what was told, so that another watch with rules of the same names goes on
                there. An alert is remembered when the next one is asked for, so that it is told again if the program
                failed with it. Without such a file, nothing is kept.

        Raises:
            ArchiveError: There is no such device, gate or qubit.
            FileNotFoundError: There is no such file of rules.
            IBMInputValueError: As in :meth:`alerts`, or an argument makes no sense, or ``memory`` is another file.
        """
        from .alerting.rules_file import rules_of
        from .alerting.watching import watch

        return watch(self, rules_of(rules), interval, timeout, memory)

    # Payloads

    def _payload(self, number: int) -> bytes:
        rows = self._database.rows("SELECT length, packed FROM payloads WHERE id = ?", (number,))
        if not rows:
            raise ArchiveDamagedError(f"{self.path} is damaged: there is no payload {number}. verify() tells more.")
        try:
            return _native.unpack(rows[0][1], rows[0][0])
        except (TypeError, ValueError, OverflowError) as error:
            raise ArchiveDamagedError(
                f"{self.path} is damaged: payload {number}: {error}. verify() tells more."
            ) from None

    def _configuration(self, number: int) -> bytes:
        with self._lock:
            configuration = self._configurations.get(number)
        if configuration is None:
            configuration = self._payload(number)
            with self._lock:
                self._configurations[number] = configuration
        return configuration

    def _payloads(self, row: Row) -> tuple[bytes, bytes, bytes | None]:
        defaults = None if row.defaults is None else self._payload(row.defaults)
        return self._configuration(row.configuration), self._payload(row.properties), defaults

    def _snapshot(self, row: Row) -> Snapshot:
        try:
            native = _native.Snapshot(*self._payloads(row))
        except BackendPayloadError as error:
            raise ArchiveDamagedError(f"{self.path} is damaged: calibration {row.id}: {error}") from error
        return Snapshot._from_native(native, "archive")

    # Keeping house

    def import_folder(
        self,
        path: str | os.PathLike[str],
        *,
        configuration: Any = None,
        time_zone: str | datetime.tzinfo | None = None,
        date: Date = None,
        columns: Mapping[str, str | None] | None = None,
        progress: Reported = None,
    ) -> imports.ImportReport:
        """Add all calibrations in a folder and the folders in it, or in one file.

        Taken are what :meth:`Snapshot.save` writes, folders with ``configuration.json``, ``properties.json`` and
        ``defaults.json`` or ``conf_*.json``, ``props_*.json`` and ``defs_*.json``, and files of other programs as
        :func:`read_calibrations` reads them. These find configurations in other files of the folder, too. A dump of a
        calibration that is there as a payload, and a table of one that is there at all, are known.

        An import that was interrupted goes on when it is asked for again: what the archive has is not added twice.

        Args:
            path: The folder or file.
            configuration: The configurations of calibrations without one, see :func:`read_calibrations`.
            time_zone: Where the clock of dates without an offset was, see :func:`read_calibrations`.
            date: The time of calibrations without one, see :func:`read_calibrations`.
            columns: Headings of tables that are to be taken for others, see :func:`read_calibrations`.
            progress: A function that gets a :class:`WorkProgress` a few times a second, or whether to show a bar; by
                default, one is shown on terminals and in notebooks.

        Returns:
            How many were added and known, what could not be read and why, and what was assumed.

        Raises:
            FileNotFoundError: There is no such folder or file.
            IBMInputValueError: An argument makes no sense.

        Warns:
            UserWarning: Something was ambiguous; the message says what was assumed, and how to say it.
        """
        reader = CalibrationReader(configuration, time_zone, date, columns)
        return imports.import_folder(self, Path(path), reader, progress)

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: str = "folder",  # noqa: A002 (what it is called everywhere)
        backend: str | None = None,
        start: Time | None = None,
        end: Time | None = None,
        progress: Reported = None,
        provenance: str = "measured",
        origin: str | None = None,
    ) -> int:
        """Write calibrations to a folder, which is made if there is none.

        An export to ``"folder"`` that was interrupted goes on when it is asked for again: files that are there and have
        the same content are left as they are. One to ``"parquet"`` begins anew, and leaves nothing half done.

        Args:
            path: The folder.
            format: ``"folder"`` for one file per calibration, which :meth:`Snapshot.load` and :meth:`import_folder`
                read, and a file ``sightings.ndjson`` beside those of a device, from which :meth:`import_folder` knows
                origins and until when calibrations held; ``"parquet"`` for the values in ``qubits.parquet`` and
                ``gates.parquet``.
            backend: The device; all devices by default.
            start: The start of the period, included.
            end: The end of the period, excluded.
            progress: As in :meth:`import_folder`.
            provenance: As in :meth:`between`.
            origin: As in :meth:`between`.

        Returns:
            How many calibrations the folder has of those.

        Raises:
            ValueError: There is no such format.
            ArchiveError: There is no such device.
            MissingPackageError: pyarrow is not installed, for Parquet files.
        """
        names = self.backends(provenance=provenance) if backend is None else [self._known(backend, provenance)]
        ranges = [self.between(name, start, end, provenance=provenance, origin=origin) for name in names]
        return exchange.export(ranges, Path(path), format, progress)

    def _known(self, backend: str, provenance: str) -> str:
        names = self.backends(provenance=provenance)
        known = find_device(backend, names)
        if known is None:
            of = "overridden " if provenance == "overridden" else ""
            raise ArchiveError(
                f"{self.path} has no {of}calibrations of {backend!r}; there are {', '.join(names) or 'none'}."
            )
        return known

    def _spelled(self, backend: str) -> str:
        """Return a device's name as the archive has it; ``backend`` itself if the archive does not have it."""
        # Looked up one by one in the index: a list of all devices would be made of all calibrations.
        exists = "SELECT 1 FROM calibrations WHERE backend = ? LIMIT 1"
        return next((name for name in spellings(backend) if self._database.rows(exists, (name,))), backend)

    def verify(self, progress: Reported = None) -> check.VerifyReport:
        """Read everything: payloads against their digests, calibrations and what series keep against their payloads.

        It changes nothing, and begins anew after an interruption, because what it has read may be damaged since.

        Args:
            progress: As in :meth:`import_folder`.

        Returns:
            What is wrong, which is nothing if the report is true.
        """
        return check.verify(self._database, progress)

    @waiting("Removing calibrations")
    def prune(
        self,
        backend: str | None = None,
        *,
        before: Time | None = None,
        every: datetime.timedelta | None = None,
        damaged: bool = False,
        dry_run: bool = False,
    ) -> removal.PruneReport:
        """Thin out calibrations, measured and overridden ones, and remove payloads that none of those that stay has.

        Args:
            backend: The device; all devices by default.
            before: Those that were last updated before this time; without it, of any time.
            every: Not all of these: the last one of every such period, counted from 1970, stays; of each origin, and
                of measured and of overridden ones.
            damaged: Those that are damaged, whatever ``before`` and ``every`` say; notes of origins, and of when
                calibrations held, that are; and what series keep, if payloads say otherwise. Series make it again.
            dry_run: Whether to remove nothing, and return what would be removed.

        Returns:
            What was removed.

        Raises:
            ValueError: Nothing tells what to remove.
        """
        backend = None if backend is None else self._spelled(backend)
        return removal.prune(self._database, backend, before, every, damaged, dry_run)

    @waiting("Removing calibrations")
    def remove(
        self,
        backend: str | None = None,
        *,
        digest: str | None = None,
        start: Time | None = None,
        end: Time | None = None,
        provenance: str = "any",
        origin: str | None = None,
        dry_run: bool = False,
    ) -> removal.PruneReport:
        """Remove the calibrations to which everything applies that is given, and payloads that only these have.

        Args:
            backend: Those of this device, with or without prefix.
            digest: The one with this digest (:attr:`Snapshot.digest`), or those whose digests begin with these eight
                digits or more, as the names of exported files have them.
            start: Those of this time or later, as in :meth:`between`.
            end: Those of an earlier time.
            provenance: ``"measured"`` or ``"overridden"`` ones; both by default.
            origin: Those of this service, and of no other one. Of those that another one has published, too, it is only
                forgotten that this one did. Calibrations of unknown origin stay.
            dry_run: Whether to remove nothing, and return what would be removed.

        Returns:
            What was removed.

        Raises:
            ArchiveError: There is no such device or origin, or no calibration with that digest. Nothing was removed.
            IBMInputValueError: There is no such provenance, or the digest is none.
            ValueError: Nothing tells what to remove.
        """
        backend = None if backend is None else self._spelled(backend)
        wanted = removal.Removal(backend, digest, start, end, provenance, origin)
        return removal.remove(self._database, wanted, dry_run)

    def stats(self) -> housekeeping.ArchiveStats:
        """Return how many calibrations there are of each device and of which time, and how large everything is."""
        return housekeeping.stats(self._database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return type(self), (self.path,)

    def __repr__(self) -> str:
        return f"<CalibrationArchive {str(self.path)!r}>"

    def _repr_html_(self) -> str:
        from .. import _html

        try:
            stats = self.stats()
        except ArchiveError as error:
            # A file that is damaged, closed or gone is no reason to show nothing.
            heading = _html.heading(self.path.name, kind="CalibrationArchive")
            return _html.panel(heading, _html.alert(_html.note(str(error))))
        return stats._picture("CalibrationArchive")
