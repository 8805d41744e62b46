# SPDX-License-Identifier: Apache-2.0
"""Snapshots of files that other programs wrote: dumps of models, and tables of the platform's web page."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from ..snapshot import Snapshot
from ..storage import read_plain_file
from .configurations import Configurations, device_of, named
from .csv_table import CsvTable
from .dumps import Dump, dumps_in, is_as_published, not_too_deep, properties_payload
from .instants import Zone
from .paths import device_in, time_in

#: Ends of the names of files that are read.
DUMPS, TABLES = (".json", ".jsonl", ".json.gz", ".jsonl.gz"), (".csv", ".csv.gz")
#: Value of ``date`` that says that names of files have the times of their calibrations.
NAME = "name"

Date = datetime.datetime | str | Callable[[Path], datetime.datetime] | None


class ReadCalibration(NamedTuple):
    """A calibration in a file.

    Attributes:
        label: The place within the file; empty if the file has one calibration.
        snapshot: The calibration, or the reason why there is none.
        is_converted: Whether it was made of a table, which has less than was published.
    """

    label: str
    snapshot: Snapshot | Exception
    is_converted: bool = False


class CalibrationReader:
    """Reads files, with all that they do not say themselves."""

    def __init__(
        self,
        configuration: Any = None,
        time_zone: str | datetime.tzinfo | None = None,
        date: Date = None,
        columns: Mapping[str, str | None] | None = None,
    ) -> None:
        """Create it, see :func:`read_calibrations`."""
        self.configurations = Configurations(configuration)
        self._zone = Zone(time_zone)
        if columns is not None and not _is_renaming(columns):
            _refuse(f"columns must be a dictionary of headings, as in {{'Fehler CZ': 'CZ error'}}, not {columns!r}.")
        self._columns = columns
        if isinstance(date, str) and date != NAME:
            self._zone.instant(date)
        elif not (date is None or isinstance(date, str | datetime.datetime) or callable(date)):
            _refuse(f"date must be a datetime, a text of ISO 8601, {NAME!r} or a function of a path, not {date!r}.")
        self._date = date
        #: Files by sentences about what was ambiguous in them, and how to say it.
        self.assumptions: dict[str, list[Path]] = {}

    def read(self, path: Path, root: Path) -> Iterator[ReadCalibration] | None:
        """Return the calibrations of a file; ``None`` if it has something else.

        Args:
            path: The file.
            root: The folder that links must not lead out of, and above which names of folders do not count.

        Raises:
            ValueError: The file cannot be read as what its name says.
            OSError: The file cannot be read.
        """
        if path.name.lower().endswith(TABLES):
            table = CsvTable(_text(read_plain_file(path, root)), self._columns)
            return self._of_table(table, path, root) if table.is_calibration else None
        dumps = dumps_in(path, root)
        for dump in dumps:
            if dump.configuration is not None:
                self.configurations.found(dump.configuration, path)
        return self._of_dumps(dumps, path, root) if dumps else None

    def of_payloads(self, payloads: tuple[bytes, bytes | None, bytes | None], path: Path, root: Path) -> Snapshot:
        """Return the snapshot of payloads, of which the properties may be a dump.

        Raises:
            ValueError: The payloads make no device, or a date is no instant.
        """
        configuration, properties, defaults = payloads
        if properties is None or is_as_published(properties):
            return Snapshot.from_payloads(configuration, properties, defaults)
        name = device_of(configuration)
        with not_too_deep():
            content = json.loads(properties)
        if not isinstance(content, dict):
            _refuse("Properties must be an object of JSON.")
        dump = Dump(name, configuration, content, text=properties)
        converted = self._of_dump(dump, path, root)
        return Snapshot.from_payloads(configuration, converted.payloads.properties, defaults)

    def _of_table(self, table: CsvTable, path: Path, root: Path) -> Iterator[ReadCalibration]:
        self._zone.assumptions.clear()
        try:
            device = device_in(path)
            configuration = self.configurations.of(device)
            date = self._date_of(path, root, "A table has no date").isoformat()
            found = Snapshot.from_payloads(configuration, table.payload(configuration, date))
        except ValueError as error:
            yield ReadCalibration("", error)
        else:
            self._note(path, [*table.assumptions, *self._zone.assumptions])
            yield ReadCalibration("", found, is_converted=True)

    def _of_dumps(self, dumps: list[Dump], path: Path, root: Path) -> Iterator[ReadCalibration]:
        for dump in dumps:
            if dump.properties is None:
                continue
            try:
                snapshot = self._of_dump(dump, path, root)
            except ValueError as error:
                yield ReadCalibration(dump.label, error)
            else:
                yield ReadCalibration(dump.label, snapshot)

    def _of_dump(self, dump: Dump, path: Path, root: Path) -> Snapshot:
        self._zone.assumptions.clear()
        configuration = dump.configuration or self.configurations.of(dump.name)
        if dump.name is not None:
            configuration = named(configuration, dump.name)
        name = device_of(configuration)
        has_date = (dump.properties or {}).get("last_update_date") is not None
        date = None if has_date else self._date_of(path, root, "Its properties have no last_update_date").isoformat()
        snapshot = Snapshot.from_payloads(configuration, properties_payload(dump, name, self._zone, date))
        self._note(path, self._zone.assumptions)
        return snapshot

    def _date_of(self, path: Path, root: Path, problem: str) -> datetime.datetime:
        """Return the time of a calibration that has none itself."""
        date = self._date(path) if callable(self._date) else self._date
        if isinstance(date, str) and date != NAME:
            return self._zone.instant(date)
        if isinstance(date, datetime.datetime):
            try:
                return date.astimezone() if date.tzinfo is None else date
            except (ValueError, OverflowError):
                _refuse(f"date= is {date!r}, which cannot be the time of a calibration.")
        if date is not None and date != NAME:
            _refuse(f"date= returned {date!r} for {path}, which is not a datetime.")
        found = time_in(path, root)
        if found is None:
            _refuse(f"{problem}, and neither has the name of the file. Give the time of the measurement by date=.")
        time = found.time
        if time.tzinfo is None:
            time = self._zone.placed(time, f"{found.text!r} in the file's name")
        if date is None:
            clock = "" if found.has_clock else ", and the begin of that day for its time"
            sentence = (
                f"{problem}; the time in the file's name was taken{clock}. It may be the time of the download. Say"
                f" date={NAME!r} if it is that of the calibration, or give date= a datetime or a function of the path."
            )
            self._note(path, [sentence])
        return time

    def _note(self, path: Path, sentences: Any) -> None:
        for sentence in sentences:
            self.assumptions.setdefault(sentence, []).append(path)


def _is_renaming(columns: Any) -> bool:
    return isinstance(columns, Mapping) and all(
        isinstance(heading, str) and isinstance(renamed, str | None) for heading, renamed in columns.items()
    )


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _refuse(message: str) -> NoReturn:
    from ...exceptions import IBMInputValueError

    raise IBMInputValueError(message)
