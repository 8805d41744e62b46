# SPDX-License-Identifier: Apache-2.0
"""All of another archive, added to an archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import _html
from .._progress import Reported, advancing
from ..exceptions import ArchiveDamagedError, ArchiveError
from .check import calibration_problem, payload_problem
from .schema import SIGHTING_CHECKSUM
from .writing import Calibration, Packed, calibration_id, payload_id, see

if TYPE_CHECKING:
    from .._sqlite import Database

#: Calibrations of one transaction; an interruption loses at most these.
_BATCH = 50
_COLUMNS = "backend, num_qubits, updated, is_overridden, added, configuration, properties, defaults"


@dataclass
class MergeReport:
    """The result of :meth:`CalibrationArchive.merge`.

    Attributes:
        added: The number of calibrations of which something was new: all of it, or pulse defaults.
        known: The number of calibrations that were there as they are.
        damaged: Reasons by number in the other archive, for calibrations and sightings that were left out.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> with CalibrationArchive("laptop.sqlite3") as laptop:
        ...     _ = laptop.add(Snapshot.load("lima"))
        >>> report = CalibrationArchive("history.sqlite3").merge("laptop.sqlite3")
        >>> report.added, report.known
        (1, 0)
    """

    added: int = 0
    known: int = 0
    damaged: dict[int, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.added} added, {self.known} known, {len(self.damaged)} damaged"]
        return "\n".join([*lines, *(f"  calibration {number}: {why}" for number, why in self.damaged.items())])

    def _repr_html_(self) -> str:
        badges = [_html.badge(f"{len(self.damaged):,} damaged", "bad")] if self.damaged else []
        heading = _html.heading(
            "Merge", f"{self.added:,} added", f"{self.known:,} known", kind="MergeReport", badges=badges
        )
        found = ((f"calibration {number}", why) for number, why in self.damaged.items())
        return _html.panel(heading, _html.problems(f"{len(self.damaged):,} left out", found))


def merge(database: Database, other: Database, progress: Reported = None) -> MergeReport:
    """Add all that another file has, see :meth:`CalibrationArchive.merge`."""
    if database.path.resolve() == other.path.resolve():
        raise ArchiveError(f"{other.path} cannot be merged into itself.")
    # As it was put in there, so that of several of one time the same one is the last here.
    numbers = [number for (number,) in other.rows("SELECT id FROM calibrations ORDER BY added, id")]
    work = _Merge(database, other)
    with advancing(progress, "merge", len(numbers), "calibration") as advance:
        for start in range(0, len(numbers), _BATCH):
            batch = numbers[start : start + _BATCH]
            work.take(batch)
            advance(len(batch))
    return work.report


class _Merge:
    """A merge under way."""

    def __init__(self, database: Database, other: Database) -> None:
        self._database, self._other = database, other
        #: Problems of payloads of the other archive, by number.
        self._checked: dict[int, str | None] = {}
        #: Digests of payloads that are sound here.
        self._sound: set[bytes] = set()
        self.report = MergeReport()

    def take(self, numbers: list[int]) -> None:
        """Add some calibrations in one transaction."""
        # Others may remove calibrations meanwhile, which is no damage.
        with self._other.one_moment():
            found = [self._read(number) for number in numbers if self._is_sound(number)]
        added = 0
        with self._database.writing() as connection:
            for calibration, payloads, sightings in found:
                configuration, properties, defaults = (
                    None if payload is None else payload_id(connection, payload) for payload in payloads
                )
                if configuration is None or properties is None:
                    # Checked before; of this the other file makes sure, too.
                    continue
                row, is_new = calibration_id(connection, calibration, (configuration, properties, defaults))
                added += is_new
                for origin, until in sightings:
                    see(connection, row, origin, until)
        self.report.added += added
        self.report.known += len(found) - added

    def _is_sound(self, number: int) -> bool:
        """Return whether a calibration of the other archive is there and sound, or note why not."""
        try:
            if not self._other.rows("SELECT 1 FROM calibrations WHERE id = ?", (number,)):
                return False
            problem = calibration_problem(self._other.rows, number, self._checked)
        except ArchiveDamagedError as error:
            problem = str(error)
        if problem is not None:
            self.report.damaged[number] = problem
        return problem is None

    def _read(self, number: int) -> tuple[Calibration, list[Packed | None], list[tuple[str, int]]]:
        """Return a calibration that is sound, its payloads, and until when which origin has seen it."""
        ((*columns, configuration, properties, defaults),) = self._other.rows(
            f"SELECT {_COLUMNS} FROM calibrations WHERE id = ?",  # noqa: S608 (a constant)
            (number,),
        )
        payloads = [None if used is None else self._packed(used) for used in (configuration, properties, defaults)]
        rows = self._other.rows(
            f"SELECT checksum IS {SIGHTING_CHECKSUM}, origin, until FROM sightings WHERE calibration = ?",  # noqa: S608
            (number,),
        )
        if not all(is_sound for is_sound, *_ in rows):
            self.report.damaged[number] = "its sightings are not what their checksums say"
        backend, num_qubits, updated, is_overridden, added = columns
        sightings = [(origin, until) for is_sound, origin, until in rows if is_sound]
        return Calibration(backend, num_qubits, updated, is_overridden, added), payloads, sightings

    def _packed(self, number: int) -> Packed:
        ((digest, length, packed),) = self._other.rows(
            "SELECT digest, length, packed FROM payloads WHERE id = ?", (number,)
        )
        return Packed(digest, length, packed, self._is_damaged_here(digest))

    def _is_damaged_here(self, digest: bytes) -> bool:
        if digest in self._sound:
            return False
        here: list[Any] = self._database.rows("SELECT length, packed FROM payloads WHERE digest = ?", (digest,))
        if here and payload_problem(digest, *here[0]) is not None:
            return True
        self._sound.add(digest)
        return False
