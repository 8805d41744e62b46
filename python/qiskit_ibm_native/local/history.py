# SPDX-License-Identifier: Apache-2.0
"""Devices as they were: calibrations of an archive, by the time that a clock shows.

The archive is read, and nothing is put into it. Which calibrations there are is settled when the service is made; their
payloads are read when they are needed.
"""

from __future__ import annotations

import datetime
import os
import threading
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, TypeAlias

from cachetools import LRUCache

from ..snapshot.device_names import find_device
from .arguments import bad_argument
from .device_sources import FRACTIONAL, invalid_devices
from .devices import SIMULATOR, Catalog, Device, simulator
from .fractional_gates import with_fractional_gates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..archive import CalibrationArchive, SnapshotRange
    from ..snapshot import Snapshot
    from .clock import Clock

#: An archive as users name it; ``True`` for that of the user.
Archive: TypeAlias = "CalibrationArchive | str | os.PathLike[str] | bool | None"
#: Snapshots in memory beyond one of each device, for programs that ask about earlier times again and again.
_KEPT = 16


class DeviceThen(Device):
    """A device at one moment; ``latest`` is the calibration that it had then."""

    def __init__(self, history: DeviceHistory, moment: datetime.datetime, present: Snapshot) -> None:
        """Create a device with the calibration of a moment."""
        super().__init__([present])
        self._history = history
        self._moment = moment

    def before(self, moment: datetime.datetime) -> Snapshot | None:
        """Return the last calibration before a moment, none of those after the device's own."""
        return self._history.before(min(moment, self._moment + datetime.datetime.resolution))


class SnapshotCache:
    """Snapshots that were read last. Any number of threads may use one."""

    def __init__(self, size: int) -> None:
        """Keep as many snapshots."""
        self._snapshots: LRUCache[tuple[str, int], Snapshot] = LRUCache(size)
        self._lock = threading.Lock()

    def get(self, key: tuple[str, int], read: Callable[[], Snapshot]) -> Snapshot:
        """Return a snapshot, which is read if it is not there; by one thread, however many ask for it."""
        with self._lock:
            found = self._snapshots.get(key)
            if found is None:
                found = self._snapshots[key] = read()
            return found


class DeviceHistory:
    """The calibrations of a device in an archive.

    Attributes:
        name: The device's name.
        times: Times of the calibrations, in order.
        adds_fractional_gates: Whether the device has the fractional gates of its calibrations.
    """

    def __init__(self, calibrations: SnapshotRange, *, adds_fractional_gates: bool, kept: SnapshotCache) -> None:
        """Create a history.

        Args:
            calibrations: The calibrations, the oldest one first; at least one.
            adds_fractional_gates: Whether the device is to have the fractional gates of its calibrations.
            kept: Snapshots in memory, which all histories of a service share.
        """
        self.name = calibrations.backend
        self.times = calibrations.times
        self._calibrations = calibrations
        self.adds_fractional_gates = adds_fractional_gates
        self._kept = kept

    def then(self, moment: datetime.datetime) -> DeviceThen | None:
        """Return the device at a moment; ``None`` if there was none yet.

        Raises:
            ArchiveDamagedError: The payloads are not what was put in.
        """
        number = bisect_right(self.times, moment)
        return DeviceThen(self, moment, self._snapshot(number - 1)) if number else None

    def before(self, moment: datetime.datetime) -> Snapshot | None:
        """Return the last calibration before a moment.

        Raises:
            ArchiveDamagedError: The payloads are not what was put in.
        """
        number = bisect_left(self.times, moment)
        return self._snapshot(number - 1) if number else None

    def _snapshot(self, number: int) -> Snapshot:
        def read() -> Snapshot:
            snapshot = self._calibrations[number]
            return with_fractional_gates(snapshot) if self.adds_fractional_gates else snapshot

        return self._kept.get((self.name, number), read)


class History(Catalog):
    """The devices of an archive as they were when a clock shows; those that were not there yet are not listed."""

    def __init__(self, archive: Archive, clock: Clock, devices: Any = None) -> None:
        """Find the devices.

        Args:
            archive: The archive.
            clock: Shows the present, and tells when it is moved.
            devices: Names of devices of the archive, by default all; ``"+fractional"`` behind a name adds the
                fractional gates that the calibrations have.

        Raises:
            IBMInputValueError: There is no such archive or device, or none has a calibration so old.
            ArchiveError: The file is no archive.
            ArchiveDamagedError: The calibrations of that time cannot be read.
        """
        from ..exceptions import ArchiveError

        self.errors = (ArchiveError,)
        self._clock = clock
        self._simulator = simulator()
        self._own, archive = _opened(archive)
        try:
            self._path = archive.path
            self._histories = _histories(archive, devices)
            self.check(clock.now())
        except BaseException:
            self.close()
            raise
        clock.check_by(self.check)

    def close(self) -> None:
        """Close the archive if it was opened here."""
        if self._own is not None:
            self._own.close()

    def check(self, moment: datetime.datetime) -> None:
        """Make sure that some device was there at a moment, and that calibrations of then can be read."""
        found = [history.then(moment) for history in self._histories.values()]
        if not any(found):
            names = ", ".join(self._histories)
            first = min(history.times[0] for history in self._histories.values())
            raise bad_argument(
                f"{self._path} has no calibrations of {names} at {moment.isoformat()}; the first one is of"
                f" {first.isoformat()}."
            )

    def __iter__(self) -> Iterator[Device]:
        now = self._clock.now()
        devices = [*(history.then(now) for history in self._histories.values()), self._simulator]
        return iter(sorted((found for found in devices if found is not None), key=lambda found: found.name))

    def get(self, name: str, moment: datetime.datetime | None = None) -> Device | None:
        """Return a device at a moment, by default at present, ``None`` if there was none of that name."""
        if name == SIMULATOR:
            return self._simulator
        history = self._histories.get(name)
        return None if history is None else history.then(moment or self._clock.now())

    def publish(self, snapshot: Snapshot) -> None:
        """Refuse: the past is what it was.

        Raises:
            IBMInputValueError: Always.
        """
        raise invalid_devices(
            f"{snapshot!r} cannot be published, because the devices are those of the archive {self._path}; add it to"
            " an archive, and serve that."
        )

    def reset(self) -> None:
        """Do nothing: nothing was published."""


def _opened(archive: Archive) -> tuple[CalibrationArchive | None, CalibrationArchive]:
    """Return an archive, twice if it is to be closed; one that is not there is not made."""
    from .._archive_file import archive_path, is_there
    from ..archive import CalibrationArchive

    if isinstance(archive, CalibrationArchive):
        return None, archive
    if archive is not True and not isinstance(archive, str | os.PathLike):
        raise bad_argument(
            f"archive is {archive!r}; it must be a CalibrationArchive, a path, or True for the user's own."
        )
    path = archive_path(None if archive is True else archive)
    if not is_there(path):
        raise bad_argument(f"There is no archive {path}; CalibrationArchive makes one, and provider.backfill fills it.")
    own = CalibrationArchive(path)
    return own, own


def _histories(archive: CalibrationArchive, devices: Any) -> dict[str, DeviceHistory]:
    from ..archive.choice import LOCAL

    there = archive.backends()
    if not there:
        raise bad_argument(f"{archive.path} has no calibrations; provider.backfill and import_folder put some in.")
    names = there if devices is None else [devices] if not isinstance(devices, list | tuple) else devices
    if not names:
        raise invalid_devices("devices is empty; name some, or leave it out for all of the archive.")
    kept = SnapshotCache(len(names) + _KEPT)
    found: dict[str, DeviceHistory] = {}
    for name in names:
        known = find_device(name.removesuffix(FRACTIONAL), there) if isinstance(name, str) else None
        if known is None:
            raise invalid_devices(
                f"devices has {name!r}; of an archive, devices are the names of some: {archive.path} has"
                f" {', '.join(there)}."
            )
        # Calibrations that a service on this machine published are of devices like these, not of these.
        others = [origin for origin in archive.origins(known) if origin != LOCAL]
        calibrations = archive.between(known, origin=others[0] if len(others) == 1 else None)
        adds = name.endswith(FRACTIONAL)
        if known in found and found[known].adds_fractional_gates != adds:
            raise invalid_devices(f"devices has {known} with fractional gates and without; name one of the two.")
        found[known] = DeviceHistory(calibrations, adds_fractional_gates=adds, kept=kept)
    return dict(sorted(found.items()))
