# SPDX-License-Identifier: Apache-2.0
"""What passes by, kept in an archive. Whatever is wrong with the archive, programs go on without it."""

from __future__ import annotations

import datetime
import os
import time
from typing import TYPE_CHECKING

from ..exceptions import ArchiveError, IBMInputValueError
from ..logger import logger

if TYPE_CHECKING:
    from ..archive import CalibrationArchive
    from ..snapshot import Snapshot

#: Seconds between two notes that a calibration is still the latest one.
_NOTE_EVERY = 60.0


class Recorder:
    """An archive that a provider records into and looks into, or none."""

    def __init__(self, archive: CalibrationArchive | None = None, is_own: bool = False) -> None:
        """Create a recorder; ``is_own`` if the archive is to be closed with it."""
        self.archive = archive
        self._is_own = is_own
        self._noted: dict[str, float] = {}

    def close(self) -> None:
        """Close the archive if it was opened for this."""
        if self._is_own and self.archive is not None:
            self.archive.close()

    def record(self, snapshot: Snapshot, until: datetime.datetime) -> None:
        """Keep a snapshot, if it has a time; ``until`` then, there was no later one."""
        if self.archive is None or snapshot.last_update is None or snapshot.provenance is not None:
            return
        try:
            self.archive.add(snapshot, until=until)
        except ArchiveError as error:
            logger.warning("%s was not recorded: %s", snapshot.name, error)
        self._noted[snapshot.name] = time.monotonic()

    def note(self, snapshot: Snapshot, until: datetime.datetime) -> None:
        """Take note that a snapshot that was recorded is still the latest one; once a minute is enough."""
        if self.archive is not None and time.monotonic() - self._noted.get(snapshot.name, 0.0) >= _NOTE_EVERY:
            self.record(snapshot, until)

    def find(self, backend: str, before: datetime.datetime) -> Snapshot | None:
        """Return what a service would say was published last before a time, if the archive knows that for sure."""
        if self.archive is None:
            return None
        try:
            return self.archive.covering(backend, before)
        except ArchiveError as error:
            logger.warning("The archive was not asked for %s: %s", backend, error)
            return None

    def nearest(self, backend: str, before: datetime.datetime, reason: object) -> Snapshot | None:
        """Return what the archive has last before a time, for want of a service that knows it."""
        if self.archive is None:
            return None
        try:
            found = self.archive.at(backend, before - datetime.timedelta(microseconds=1))
        except ArchiveError as error:
            logger.warning("The archive was not asked for %s: %s", backend, error)
            return None
        if found is not None:
            logger.warning(
                "The calibration of %s before %s is from the archive; there may have been a later one. %s",
                backend, before.isoformat(), reason,
            )  # fmt: skip
        return found


def recorder_of(archive: CalibrationArchive | str | os.PathLike[str] | bool | None) -> Recorder:
    """Return a recorder into an archive, a file, or with ``True``, the user's archive.

    Raises:
        ArchiveError: The file cannot be used.
        IBMInputValueError: It is something else.
    """
    if archive is None or archive is False:
        return Recorder()
    from ..archive import CalibrationArchive

    if isinstance(archive, CalibrationArchive):
        return Recorder(archive)
    if archive is True:
        return Recorder(CalibrationArchive(), is_own=True)
    if isinstance(archive, str | os.PathLike):
        return Recorder(CalibrationArchive(archive), is_own=True)
    raise IBMInputValueError(f"archive must be a CalibrationArchive, a path or True, not {archive!r}.")
