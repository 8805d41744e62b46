# SPDX-License-Identifier: Apache-2.0
"""Devices of a sweep: snapshots, and targets of devices that have no payload."""

from __future__ import annotations

import datetime
import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ...snapshot.sources import SnapshotList, is_collection, not_a_source
from .targets import TargetDevice, decode_target, target_device

if TYPE_CHECKING:
    from typing import TypeAlias

    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target

    from ...snapshot import Snapshot

    DeviceSource: TypeAlias = Snapshot | Target | BackendV2 | str | os.PathLike[str] | Sequence[Snapshot]

#: First byte of a device for a worker.
_SNAPSHOT, _TARGET = b"S", b"T"


class DeviceEntry(NamedTuple):
    """A device of a sweep: digest, name, time of its last update and choice of gates, which targets do not have.

    Examples:
        >>> from qiskit_ibm_native import DeviceList
        >>> entry = DeviceList(["fez", "lima"]).entry(1)
        >>> print(entry.backend, entry.calibrated)
        ibmq_lima 2021-03-15 00:36:03-04:00
    """

    digest: bytes
    backend: str
    calibrated: datetime.datetime | None
    use_fractional_gates: bool | None


class DeviceList:
    """Snapshots and targets from all kinds of sources, in the order in which they were given.

    Examples:
        >>> from qiskit.providers.fake_provider import GenericBackendV2
        >>> from qiskit_ibm_native import DeviceList
        >>> devices = DeviceList(["fez", GenericBackendV2(7, seed=1)])
        >>> len(devices), devices.entry(0).backend
        (2, 'ibm_fez')
    """

    def __init__(self, sources: Any, use_fractional_gates: bool | None = None) -> None:
        """Create the list.

        Args:
            sources: Whatever :class:`SnapshotList` takes, targets, and backends that have no snapshot, or a collection
                of those.
            use_fractional_gates: The choice for all snapshots, as in :class:`SnapshotList`.

        Raises:
            IBMInputValueError: A source is none of these, a target cannot be sent to workers, or there is a target and
                a choice.
            FileNotFoundError: No bundled device or path has a given name.
        """
        self._snapshots = SnapshotList((), use_fractional_gates)
        self._targets: list[TargetDevice] = []
        #: Indices of the targets in the list.
        self._positions: list[int] = []
        self._choice = use_fractional_gates
        self._add(sources)
        self._entries: list[DeviceEntry | None] = [None] * len(self)

    def _add(self, source: Any) -> None:
        if self._snapshots.add(source):
            return
        found = target_device(source)
        if found is not None:
            self._check_that_nothing_is_chosen(found)
            self._positions.append(len(self))
            self._targets.append(found)
        elif is_collection(source):
            for item in source:
                self._add(item)
        else:
            raise not_a_source(source, "backends, or targets")

    def _check_that_nothing_is_chosen(self, device: TargetDevice) -> None:
        from ...exceptions import IBMInputValueError

        if self._choice is not None:
            raise IBMInputValueError(
                f"use_fractional_gates={self._choice} cannot be applied to {device.name!r}, a target, which has the gates"
                " that it has. Leave it out, and give a target with the gates that you want."
            )

    def __len__(self) -> int:
        return len(self._snapshots) + len(self._targets)

    def _found(self, index: int) -> tuple[TargetDevice | None, int]:
        """Return a target; or ``None``, and the index among snapshots."""
        number = bisect_left(self._positions, index)
        is_target = number < len(self._positions) and self._positions[number] == index
        return (self._targets[number] if is_target else None), index - number

    def entry(self, index: int) -> DeviceEntry:
        """Return the digest, name, time and choice of gates of a device."""
        entry = self._entries[index]
        if entry is None:
            entry = self._entries[index] = self._described(index)
        return entry

    def _described(self, index: int) -> DeviceEntry:
        target, number = self._found(index)
        if target is not None:
            return DeviceEntry(target.digest, target.name, None, None)
        snapshot = self._snapshots.snapshot(number)
        updated = snapshot.last_update if snapshot.has_payloads else None
        return DeviceEntry(bytes.fromhex(snapshot.digest), snapshot.name, updated, self._snapshots.choice(number))

    def snapshot(self, index: int) -> Snapshot | None:
        """Return a snapshot; ``None`` if the device is a target."""
        target, number = self._found(index)
        return self._snapshots.snapshot(number) if target is None else None

    def distinct_targets(self) -> Iterator[tuple[str, Target]]:
        """Yield name and target of each device, of calibrations that of the first one, with what is faulty there."""
        from ...target import build_target

        names: set[str] = set()
        for index in range(len(self)):
            entry = self.entry(index)
            snapshot = self.snapshot(index)
            if snapshot is None:
                yield entry.backend, decode_device(self.form(index), None)[1]
            elif entry.backend not in names:
                names.add(entry.backend)
                choice = entry.use_fractional_gates
                yield entry.backend, build_target(snapshot, use_fractional_gates=choice, filter_faulty=False)

    def form(self, index: int) -> bytes:
        """Return a device for workers, which :func:`decode_device` reads.

        Of a snapshot, that is the compact form without payloads; the worker makes the target of nothing else.
        """
        target, number = self._found(index)
        if target is not None:
            return _TARGET + target.blob
        return _SNAPSHOT + self._snapshots.snapshot(number).to_bytes(payloads=False)


def decode_device(blob: bytes, use_fractional_gates: bool | None) -> tuple[Snapshot | None, Target]:
    """Return the snapshot of a device, if it has one, and its target.

    Args:
        blob: The device as :meth:`DeviceList.form` wrote it.
        use_fractional_gates: The choice for the target of a snapshot.
    """
    from ...snapshot import Snapshot
    from ...target import build_target

    content = blob[1:]
    if blob.startswith(_TARGET):
        return None, decode_target(content)
    snapshot = Snapshot.from_bytes(content)
    return snapshot, build_target(snapshot, use_fractional_gates=use_fractional_gates)
