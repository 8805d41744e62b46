# SPDX-License-Identifier: Apache-2.0
"""Snapshots of everything that people hold: read when they are needed, a few ahead, so that ranges of archives stay in their file."""

from __future__ import annotations

import bisect
import datetime
import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .snapshot import Snapshot

if TYPE_CHECKING:
    SnapshotSource = Snapshot | str | os.PathLike[str] | Sequence[Snapshot]

#: How many are read at once, and how many are kept.
_AHEAD, _KEPT = 32, 96


class SnapshotEntry(NamedTuple):
    """A snapshot of a sweep: its digest, its device, when it was last updated, and which gates are used."""

    digest: bytes
    backend: str
    calibrated: datetime.datetime | None
    use_fractional_gates: bool | None


class _Part(NamedTuple):
    snapshots: Sequence[Snapshot]
    use_fractional_gates: bool | None


class SnapshotList:
    """Snapshots of all kinds of sources, in the order in which they were given."""

    def __init__(self, snapshots: Any, use_fractional_gates: bool | None = None) -> None:
        """Take snapshots.

        Args:
            snapshots: A source or several: snapshots, names of bundled devices, paths of saved snapshots, sequences that
                read snapshots when they are asked for, and backends, of which the snapshot is taken and nothing else.
            use_fractional_gates: For all; by default, what a backend says, and what the device has for others.

        Raises:
            IBMInputValueError: Something is no snapshot.
            FileNotFoundError: There is no such device or path.
        """
        self._parts: list[_Part] = []
        self._ends: list[int] = []
        self._choice = use_fractional_gates
        self._add(snapshots)
        self._entries: list[SnapshotEntry | None] = [None] * len(self)
        self._recent: OrderedDict[int, Snapshot] = OrderedDict()

    def _add(self, source: Any) -> None:
        from ..exceptions import IBMInputValueError

        # Backends are iterable in no way, but have a snapshot; a Snapshot has none.
        taken = getattr(source, "snapshot", None)
        if isinstance(source, Snapshot):
            self._append([source], None)
        elif isinstance(taken, Snapshot):
            self._append([taken], getattr(source, "use_fractional_gates", None))
        elif isinstance(source, str | os.PathLike):
            self._append([Snapshot.load(source)], None)
        elif hasattr(source, "load") and isinstance(source, Sequence):
            # A range of an archive: asking it for its items would read them.
            self._append(source, None)
        elif isinstance(source, Iterable) and not isinstance(source, Mapping | bytes):
            for each in source:
                self._add(each)
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

    def _place(self, index: int) -> tuple[_Part, int, int]:
        """Return the part that an index is in, where it is there, and where the part begins."""
        at = bisect.bisect_right(self._ends, index)
        start = self._ends[at - 1] if at else 0
        return self._parts[at], index - start, start

    def snapshot(self, index: int) -> Snapshot:
        """Return a snapshot, reading it and those behind it if need be."""
        found = self._recent.get(index)
        if found is not None:
            self._recent.move_to_end(index)
            return found
        part, at, start = self._place(index)
        is_next = at == 0 or index - 1 in self._recent
        for offset, snapshot in enumerate(part.snapshots[at : at + (_AHEAD if is_next else 1)]):
            self._recent[start + at + offset] = snapshot
            self._recent.move_to_end(start + at + offset)
        while len(self._recent) > _KEPT:
            self._recent.popitem(last=False)
        return self._recent[index]

    def entry(self, index: int) -> SnapshotEntry:
        """Return what is known of a snapshot."""
        entry = self._entries[index]
        if entry is None:
            snapshot = self.snapshot(index)
            # Lists of None and False are the same as far as gates go, but not to who reads them.
            choice = False if self._place(index)[0].use_fractional_gates is False else None
            updated = snapshot.last_update if snapshot.has_payloads else None
            entry = SnapshotEntry(bytes.fromhex(snapshot.digest), snapshot.name, updated, choice)
            self._entries[index] = entry
        return entry

    def form(self, index: int) -> bytes:
        """Return the compact form without payloads, which is all that a target is made of."""
        return self.snapshot(index).to_bytes(payloads=False)
