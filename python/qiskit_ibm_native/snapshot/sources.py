# SPDX-License-Identifier: Apache-2.0
"""Lists of snapshots from all kinds of sources: snapshots, names, paths, ranges of archives, backends.

Snapshots are read when they are needed, a few ahead, so that ranges of archives stay in their file.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cachetools import LRUCache

from .acceptance import accept
from .snapshot import Snapshot

#: Snapshots that are read at once when they are read in order: a batch of an archive's parallel reading.
_AHEAD = 32
#: Snapshots in memory: those of three batches.
_MOST_SNAPSHOTS = 96


class LazySnapshots(Sequence[Snapshot]):
    """A sequence that reads its snapshots when they are asked for, such as a range of an archive."""


class _Part(NamedTuple):
    snapshots: Sequence[Snapshot]
    use_fractional_gates: bool | None


class SnapshotList:
    """Snapshots from all kinds of sources, in the order in which they were given."""

    def __init__(self, snapshots: Any = (), use_fractional_gates: bool | None = None) -> None:
        """Create the list.

        Args:
            snapshots: A source or several: whatever :meth:`Snapshot.of` takes, such as snapshots, names, paths and
                backends, of which nothing but the snapshot is taken, and :class:`LazySnapshots` such as ranges of
                archives.
            use_fractional_gates: The choice for all snapshots. By default, that of the backend, or else the gates that
                the device has.

        Raises:
            IBMInputValueError: A source is none of these.
            FileNotFoundError: No bundled device or path has a given name.
        """
        self._parts: list[_Part] = []
        self._ends: list[int] = []
        self._choice = use_fractional_gates
        self._recent: LRUCache[int, Snapshot] = LRUCache(_MOST_SNAPSHOTS)
        self._add_all(snapshots)

    def _add_all(self, source: Any) -> None:
        if self.add(source):
            return
        if not is_collection(source):
            raise not_a_source(source, "backends of this package")
        for item in source:
            self._add_all(item)

    def add(self, source: Any) -> bool:
        """Add a snapshot, or a range of an archive; return whether the source is any of these.

        Raises:
            FileNotFoundError: No bundled device or path has a given name.
        """
        if isinstance(source, LazySnapshots):
            # Iterating over it would read all snapshots.
            self._append(source, None)
            return True
        accepted = accept(source)
        if accepted is not None:
            self._append([accepted.snapshot], accepted.use_fractional_gates)
        return accepted is not None

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

    def choice(self, index: int) -> bool | None:
        """Return the choice of fractional gates for a snapshot; ``None`` for the gates that the device has."""
        # True chooses the same gates as None.
        return False if self._part(index)[0].use_fractional_gates is False else None


def is_collection(source: Any) -> bool:
    """Return whether a source that is no snapshot may be a collection of sources."""
    return isinstance(source, Iterable) and not isinstance(source, Mapping | bytes)


def not_a_source(source: Any, backends: str) -> Exception:
    """Return the error about an object that is no source.

    Args:
        source: The object.
        backends: The backends and other objects that would be sources.
    """
    from ..exceptions import IBMInputValueError

    return IBMInputValueError(
        f"Snapshots are Snapshot objects, names of bundled devices, paths, ranges of archives, or {backends}, not"
        f" {type(source).__name__}."
    )
