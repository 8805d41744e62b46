# SPDX-License-Identifier: Apache-2.0
"""Write every fetched calibration to an archive, best effort: programs go on if the archive fails."""

from __future__ import annotations

import datetime
import os
import time
from typing import TYPE_CHECKING

from ..._logger import logger
from ...exceptions import IBMInputValueError
from ...snapshot.snapshot import NEAREST

if TYPE_CHECKING:
    from ...archive import CalibrationArchive
    from ...snapshot import Snapshot

#: Seconds between two notes that a calibration is still the latest one.
_NOTE_EVERY = 60.0
#: Seconds to wait for other processes that write: programs are not to wait for their archives.
_PATIENCE = 1.0
#: Allowance for calibrations that are published late, and for clocks that differ.
MARGIN = datetime.timedelta(minutes=10)


class Recorder:
    """An archive that a provider records into and looks into, or none.

    Args:
        archive: The archive.
        is_own: Whether it is to be closed with the recorder.
        origin: The service that calibrations come from. Those of one service say nothing about another one.
    """

    def __init__(self, archive: CalibrationArchive | None = None, is_own: bool = False, origin: str = "") -> None:
        """Create a recorder."""
        self.archive = archive
        self.origin = origin
        self._is_own = is_own
        self._noted: dict[str, float] = {}

    def close(self) -> None:
        """Close the archive if it was opened for this."""
        if self._is_own and self.archive is not None:
            self.archive.close()

    def record(self, snapshot: Snapshot, until: datetime.datetime, *, is_of_today: bool = False) -> None:
        """Keep a snapshot, if it has a time; ``until`` then, there was no later one.

        Args:
            snapshot: The snapshot.
            until: The time of the request, or the earlier time that was requested.
            is_of_today: Whether the configuration is today's, for want of the one that there was then.
        """
        if self.archive is None or snapshot.last_update is None or snapshot.provenance is not None:
            return
        # A calibration that was measured just now may not have been published at the time of the request.
        latest = datetime.datetime.now(datetime.timezone.utc) - MARGIN
        try:
            self.archive._add(
                snapshot, min(until, latest), origin=self.origin, is_of_today=is_of_today, patience=_PATIENCE
            )
        except Exception as error:
            logger.warning("%s was not recorded: %s", snapshot.name, error)
        self._noted[snapshot.name] = time.monotonic()

    def is_to_be_noted(self, name: str) -> bool:
        """Return whether a note that a calibration is still the latest one is due; once a minute is enough."""
        return self.archive is not None and time.monotonic() - self._noted.get(name, -_NOTE_EVERY) >= _NOTE_EVERY

    def find(self, backend: str, before: datetime.datetime) -> Snapshot | None:
        """Return the last calibration before a time, if the archive has it and knows of no later one for sure."""
        if self.archive is None:
            return None
        try:
            return self.archive.latest_before_confirmed(backend, before, self.origin)
        except Exception as error:
            logger.warning("The archive could not be read for %s: %s", backend, error)
            return None

    def nearest(self, backend: str, before: datetime.datetime, reason: object) -> Snapshot | None:
        """Return the archive's last calibration before a time, if the service has none; log a warning."""
        if self.archive is None:
            return None
        try:
            last = before - datetime.timedelta(microseconds=1)
            found = self.archive.at(backend, last, origin=self.origin or None)
        except Exception as error:
            logger.warning("The archive could not be read for %s: %s", backend, error)
            return None
        if found is not None:
            logger.warning(
                "The calibration of %s before %s is from the archive; there may have been a later one. %s",
                backend, before.isoformat(), reason,
            )  # fmt: skip
        return None if found is None else found._from_source(NEAREST)


def recorder_of(archive: CalibrationArchive | str | os.PathLike[str] | bool | None, origin: str) -> Recorder:
    """Return a recorder into an archive, a file, or with ``True``, the user's archive.

    Raises:
        ArchiveError: The file cannot be used.
        IBMInputValueError: It is something else.
    """
    if archive is None or archive is False:
        return Recorder()
    from ...archive import CalibrationArchive

    if isinstance(archive, CalibrationArchive):
        return Recorder(archive, origin=origin)
    if archive is True:
        return Recorder(CalibrationArchive(), is_own=True, origin=origin)
    if isinstance(archive, str | os.PathLike):
        return Recorder(CalibrationArchive(archive), is_own=True, origin=origin)
    raise IBMInputValueError(f"archive must be a CalibrationArchive, a path or True, not {archive!r}.")
