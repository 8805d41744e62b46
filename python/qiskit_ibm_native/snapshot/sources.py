# SPDX-License-Identifier: Apache-2.0
"""Lists of snapshots from all kinds of sources: snapshots, names, paths, ranges of archives, backends.

Snapshots are read when they are needed, a few ahead, so that ranges of archives stay in their file.
"""

from __future__ import annotations

import bisect
import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cachetools import LRUCache

from .snapshot import Snapshot

if TYPE_CHECKING:
    SnapshotSource = Snapshot | str | os.PathLike[str] | Sequence[Snapshot]

#: Snapshots that are read at once when they are read in order: a batch of an archive's parallel reading.
_AHEAD = 32
#: Snapshots in memory: those of three batches.
_MOST_SNAPSHOTS = 96


class SnapshotEntry(NamedTuple):
    """A snapshot of a sweep: digest, device, time of its last update, and choice of gates."""

    digest: bytes
    backend: str
    calibrated: datetime.datetime | None
    use_fractional_gates: bool | None


class LazySnapshots(Sequence[Snapshot]):
    """A sequence that reads its snapshots when they are asked for, such as a range of an archive."""


class _Part(NamedTuple):
    snapshots: Sequence[Snapshot]
    use_fractional_gates: bool | None


class SnapshotList:
    """Snapshots from all kinds of sources, in the order in which they were given."""

    def __init__(self, snapshots: Any, use_fractional_gates: bool | None = None) -> None:
        """Create the list.

        Args:
            snapshots: A source or several: snapshots, names of bundled devices, paths of saved snapshots,
                :class:`LazySnapshots` such as ranges of archives, and backends, of which nothing but the snapshot is
                taken.
            use_fractional_gates: The choice for all snapshots. By default, that of the backend, or else the gates that
                the device has.

        Raises:
            IBMInputValueError: A source is none of these.
            FileNotFoundError: No bundled device or path has a given name.
        """
        self._parts: list[_Part] = []
        self._ends: list[int] = []
        self._choice = use_fractional_gates
        self._add(snapshots)
        self._entries: list[SnapshotEntry | None] = [None] * len(self)
        self._recent: LRUCache[int, Snapshot] = LRUCache(_MOST_SNAPSHOTS)

    def _add(self, source: Any) -> None:
        from ..exceptions import IBMInputValueError

        # Backends have a snapshot; a Snapshot has none.
        taken = getattr(source, "snapshot", None)
        if isinstance(source, Snapshot):
            self._append([source], None)
        elif isinstance(taken, Snapshot):
            self._append([taken], getattr(source, "use_fractional_gates", None))
        elif isinstance(source, str | os.PathLike):
            self._append([Snapshot.load(source)], None)
        elif isinstance(source, LazySnapshots):
            # Iterating over it would read all snapshots.
            self._append(source, None)
        elif isinstance(source, Iterable) and not isinstance(source, Mapping | bytes):
            for item in source:
                self._add(item)
        else:
            raise IBMInputValueError(
                "Snapshots are Snapshot objects, names of bundled devices, paths, ranges of archives, or backends, not"
                f" {type(source).__name__}."
            )

    def _append(self, snapshots: Sequence[Snapshot], use_fractional_gates: bool | None) -> None:
        choice = use_fractional_gates if self._choice is None else self._choice
        self._parts.append(_Part(snapshots, choice))
        self._ends.append(len(self) + len(snapshots))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _part(self, index: int) -> tuple[_Part, int]:
        """Return the part that an index is in, and the index within that part."""
        number = bisect.bisect_right(self._ends, index)
        return self._parts[number], index - (self._ends[number - 1] if number else 0)

    def snapshot(self, index: int) -> Snapshot:
        """Return a snapshot; read it, and those behind it, if it is not in memory."""
        found = self._recent.get(index)
        if found is not None:
            return found
        part, offset = self._part(index)
        is_next = offset == 0 or index - 1 in self._recent
        read = part.snapshots[offset : offset + (_AHEAD if is_next else 1)]
        for next_index, snapshot in enumerate(read, index):
            self._recent[next_index] = snapshot
        return read[0]

    def entry(self, index: int) -> SnapshotEntry:
        """Return the digest, device, time and choice of gates of a snapshot."""
        entry = self._entries[index]
        if entry is None:
            snapshot = self.snapshot(index)
            # True chooses the same gates as None.
            choice = False if self._part(index)[0].use_fractional_gates is False else None
            updated = snapshot.last_update if snapshot.has_payloads else None
            entry = SnapshotEntry(bytes.fromhex(snapshot.digest), snapshot.name, updated, choice)
            self._entries[index] = entry
        return entry

    def form(self, index: int) -> bytes:
        """Return the compact bytes without payloads; targets are made of nothing else."""
        return self.snapshot(index).to_bytes(payloads=False)
