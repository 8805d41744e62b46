# SPDX-License-Identifier: Apache-2.0
"""What tasks are made of, by digest: snapshots, circuits and settings as bytes, as many as there is room for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

#: Bytes.
_ROOM = 256 << 20


class Materials:
    """Bytes by digest. What was used longest ago goes first, so that two that take the same have the same."""

    def __init__(self, room: int = _ROOM) -> None:
        """Make room for so many bytes; what is needed at once may take more."""
        self._room = room
        self._size = 0
        self._forms: OrderedDict[bytes, bytes] = OrderedDict()

    def __getitem__(self, digest: bytes) -> bytes:
        return self._forms[digest]

    def __contains__(self, digest: object) -> bool:
        return digest in self._forms

    def lacking(self, needs: Iterable[bytes]) -> list[bytes]:
        """Return which digests are not there."""
        return [digest for digest in needs if digest not in self._forms]

    def take(self, forms: Mapping[bytes, bytes], needs: Iterable[bytes]) -> None:
        """Add ``forms``, and keep ``needs``, which must be there then."""
        for digest, form in forms.items():
            if digest not in self._forms:
                self._forms[digest] = form
                self._size += len(form)
        needed = list(needs)
        for digest in needed:
            self._forms.move_to_end(digest)
        while self._size > self._room and len(self._forms) > len(needed):
            self._size -= len(self._forms.popitem(last=False)[1])


def needs_of(tasks: Iterable[tuple[bytes, bytes, bytes]]) -> list[bytes]:
    """Return each digest that tasks need once, in their order."""
    return list(dict.fromkeys(digest for needs in tasks for digest in needs))
