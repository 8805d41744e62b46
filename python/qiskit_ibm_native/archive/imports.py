# SPDX-License-Identifier: Apache-2.0
"""Calibrations from folders: saved snapshots, payloads, dumps of models, and tables of the platform's web page."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from .. import _html
from .._progress import Reported, advancing, waiting
from .._warning import warn
from .._words import count
from ..exceptions import ArchiveError, BackendPayloadError
from ..snapshot import Snapshot
from ..snapshot.imports.configurations import MissingConfigurationError
from ..snapshot.imports.reader import DUMPS, TABLES, CalibrationReader, ReadCalibration
from ..snapshot.storage import read_files, read_folder, read_zip
from . import sightings

if TYPE_CHECKING:
    from collections.abc import Callable

    from .store import CalibrationArchive

#: Names of files without compression: ours, and those of the official client's snapshots.
_PLAIN = (("configuration.json", "properties.json", "defaults.json"), ("conf_*.json", "props_*.json", "defs_*.json"))
#: Of problems within one file, so many are told.
_MOST_TOLD = 5
_SECOND = datetime.timedelta(seconds=1)


@dataclass
class ImportReport:
    """The result of an import.

    Attributes:
        added: The number of new snapshots.
        known: The number of snapshots that the archive had already.
        problems: Reasons by path, for snapshots that could not be added.
        assumptions: Paths by sentences that say what was ambiguous, what was assumed, and how to say it.
        ignored: JSON files and tables that have no calibrations.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> Snapshot.load("lima").save("dumps/lima")
        >>> report = CalibrationArchive("history.sqlite3").import_folder("dumps")
        >>> report.added, report.known, report.problems
        (1, 0, {})
    """

    added: int = 0
    known: int = 0
    problems: dict[Path, str] = field(default_factory=dict)
    assumptions: dict[str, list[Path]] = field(default_factory=dict)
    ignored: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.added} added, {self.known} known, {count(len(self.problems), 'problem')}"]
        lines += [f"  {path}: {problem}" for path, problem in self.problems.items()]
        lines += [f"  assumed for {_files(paths)}: {sentence}" for sentence, paths in self.assumptions.items()]
        if self.ignored:
            lines.append(f"  no calibrations in {_files(self.ignored)}")
        # Names of files need not be in any encoding, and what is printed does.
        return "\n".join(lines).encode("utf-8", "backslashreplace").decode()

    def _repr_html_(self) -> str:
        badges = [_html.badge(count(len(self.problems), "problem"), "bad")] if self.problems else []
        heading = _html.heading(
            "Import", f"{self.added:,} added", f"{self.known:,} known", kind="ImportReport", badges=badges
        )
        assumed = [(_files(paths), sentence) for sentence, paths in self.assumptions.items()]
        ignored = [(path,) for path in self.ignored[: _html.MAX_ROWS]]
        return _html.panel(
            heading,
            _html.problems(count(len(self.problems), "problem"), self.problems.items(), ("file", "problem")),
            _html.fold(count(len(assumed), "assumption"), _html.table(("for", "assumed"), assumed)) if assumed else "",
            _html.fold(
                f"{count(len(self.ignored), 'file')} without calibrations",
                _html.table(("file",), ignored, left_out=len(self.ignored) - len(ignored)) if ignored else "",
            ),
        )


class _Source(NamedTuple):
    """A file or a folder of payloads.

    Attributes:
        path: The file or folder.
        load: Loads the payloads; ``None`` for files of other programs, which a reader reads.
    """

    path: Path
    load: Callable[[], tuple[bytes, bytes | None, bytes | None]] | None = None


def import_folder(
    archive: CalibrationArchive, path: Path, reader: CalibrationReader, progress: Reported = None
) -> ImportReport:
    """Add all calibrations below a folder or in a file, see :meth:`CalibrationArchive.import_folder`."""
    if not path.is_dir() and not path.is_file():
        raise FileNotFoundError(f"{path} is neither a folder nor a file.")
    with waiting(f"Looking for calibrations in {path}"):
        sources = list(_sources(path)) if path.is_dir() else [_source(path, path.parent)]
    work = _Import(archive, path if path.is_dir() else path.parent, reader)
    with advancing(progress, "import", len(sources), "file") as advance:
        for source in sources:
            work.take(source)
            advance(1)
    work.take_delayed()
    for sentence, paths in work.report.assumptions.items():
        warn(f"{_files(paths)}: {sentence}")
    return work.report


class _Import:
    """An import under way. Each snapshot is added by itself: an interruption loses at most one."""

    def __init__(self, archive: CalibrationArchive, root: Path, reader: CalibrationReader) -> None:
        self._archive = archive
        self._root = root
        self._reader = reader
        #: Labels of calibrations whose configuration may be in a file that comes later, by file.
        self._delayed: dict[Path, set[str]] = {}
        #: Configurations without calibrations.
        self._lone: dict[Path, Snapshot] = {}
        #: Sightings by folder.
        self._sightings: dict[Path, dict[str, dict[str, datetime.datetime]]] = {}
        self.report = ImportReport(assumptions=reader.assumptions)

    def take(self, source: _Source) -> None:
        """Add what is in a source, or note why not."""
        with self._noting(source.path):
            if source.load is None:
                self._take_file(source.path, None)
            else:
                self._take_payloads(source.path, source.load())

    @contextmanager
    def _noting(self, path: Path) -> Iterator[None]:
        """Note why a source could not be read or added."""
        try:
            yield
        except (ArchiveError, BackendPayloadError, OSError, ValueError) as error:
            self.report.problems[path] = str(error)

    def take_delayed(self) -> None:
        """Add what has waited for its configuration; what still has none is a problem."""
        delayed, self._delayed = self._delayed, {}
        for path, labels in delayed.items():
            with self._noting(path):
                self._take_file(path, labels)
        for path, snapshot in self._lone.items():
            # Those of calibrations in other files were found.
            if snapshot.name not in self._reader.configurations.used:
                with self._noting(path):
                    self._archive.add(snapshot)

    def _take_payloads(self, path: Path, payloads: tuple[bytes, bytes | None, bytes | None]) -> None:
        snapshot = self._reader.of_payloads(payloads, path, self._root)
        self._reader.configurations.found(payloads[0], path)
        if snapshot.last_update is None:
            self._lone[path] = snapshot
            return
        self._count(self._archive.add(snapshot))
        if path.suffix == ".zip":
            for origin, until in self._seen(path.parent).get(snapshot.digest, {}).items():
                self._archive._add(snapshot, until, origin=origin)

    def _seen(self, folder: Path) -> dict[str, dict[str, datetime.datetime]]:
        """Return the sightings that were exported to a folder, by digest and origin."""
        if folder not in self._sightings:
            found = sightings.read(folder, self._root)
            self._sightings[folder] = found.known
            if found.problem is not None:
                self.report.problems[folder / sightings.NAME] = found.problem
        return self._sightings[folder]

    def _take_file(self, path: Path, labels: set[str] | None) -> None:
        """Add the calibrations of a file of another program; those of some labels only, if they are given."""
        found = self._reader.read(path, self._root)
        if found is None:
            self.report.ignored.append(path)
            return
        problems = []
        for calibration in found:
            if labels is not None and calibration.label not in labels:
                continue
            if isinstance(calibration.snapshot, MissingConfigurationError) and labels is None:
                self._delayed.setdefault(path, set()).add(calibration.label)
                continue
            problem = self._add(calibration)
            if problem is not None:
                problems.append(f"{calibration.label}: {problem}" if calibration.label else str(problem))
        if problems:
            more = f" And {len(problems) - _MOST_TOLD} more." if len(problems) > _MOST_TOLD else ""
            self.report.problems[path] = " ".join(problems[:_MOST_TOLD]) + more

    def _add(self, calibration: ReadCalibration) -> Exception | None:
        """Add a calibration, and return the reason if it cannot be added."""
        snapshot = calibration.snapshot
        if isinstance(snapshot, Exception):
            return snapshot
        try:
            self._count(not self._is_known(snapshot, is_table=calibration.is_converted) and self._archive.add(snapshot))
        except (ArchiveError, BackendPayloadError, ValueError) as error:
            return error
        return None

    def _count(self, is_new: bool) -> None:
        self.report.added += is_new
        self.report.known += not is_new

    def _is_known(self, snapshot: Snapshot, *, is_table: bool) -> bool:
        """Return whether the archive has the same calibration in another form, or more of it.

        A dump has other bytes than the payload that it is of, but no other values; a table has less than either, and a
        time in whole seconds.
        """
        updated = snapshot.last_update
        if updated is None:
            return False
        if is_table:
            return len(self._archive.between(snapshot.name, updated, updated + _SECOND, origin="any")) > 0
        end = updated + datetime.timedelta(microseconds=1)
        for other in self._archive.between(snapshot.name, updated, end, provenance="any", origin="any"):
            configuration, properties, _ = other.payloads
            if properties == snapshot.payloads.properties:
                # add() completes it, or knows it.
                return False
            if _is_same(Snapshot.from_payloads(configuration, properties), snapshot, configuration):
                return True
        return False


def _is_same(known: Snapshot, new: Snapshot, configuration: bytes) -> bool:
    """Return whether two calibrations have the same values, whatever their configurations."""
    try:
        return not known.diff(Snapshot.from_payloads(configuration, new.payloads.properties))
    except BackendPayloadError:
        return False


def _sources(path: Path) -> Iterator[_Source]:
    """Yield the sources of calibrations in a folder and the folders in it; folders that cannot be read fail later."""
    unreadable: list[OSError] = []
    for folder_name, folders, files in os.walk(path, onerror=unreadable.append):
        folders.sort()
        folder = Path(folder_name)
        taken: set[Path] = set()
        if "configuration.json.gz" in files:
            yield _Source(folder, partial(read_folder, folder, path))
            taken |= {folder / f"{kind}.json.gz" for kind in ("configuration", "properties", "defaults")}
        for names in _PLAIN:
            for configuration in sorted(folder.glob(names[0])):
                # The star stands for the same text in all payloads of a device.
                star = configuration.name[len(names[0].partition("*")[0]) :] if "*" in names[0] else ""
                others = [folder / (name.partition("*")[0] + star if star else name) for name in names[1:]]
                taken |= {configuration, *others}
                yield _Source(configuration if star else folder, partial(read_files, [configuration, *others], path))
        for file in sorted(files):
            if file.lower().endswith(".zip") or (file.lower().endswith(DUMPS + TABLES) and folder / file not in taken):
                yield _source(folder / file, path)
    for error in unreadable:
        yield _Source(Path(error.filename), partial(_fail, error))


def _source(file: Path, root: Path) -> _Source:
    return _Source(file, partial(read_zip, file, root) if file.suffix.lower() == ".zip" else None)


def _fail(error: OSError) -> NoReturn:
    raise error


def _files(paths: list[Path]) -> str:
    return str(paths[0]) if len(paths) == 1 else f"{len(paths)} files, such as {paths[0]}"
