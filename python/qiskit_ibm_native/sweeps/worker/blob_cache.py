# SPDX-License-Identifier: Apache-2.0
"""Cache of blobs: snapshots, circuits and settings as bytes, by digest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from cachetools import Cache, LRUCache

#: Bytes: room for about ten thousand snapshots without payloads, of 23 KB for 156 qubits, and their circuits.
_ROOM = 256 << 20


class BlobCache:
    """Least-recently-needed cache of bytes by digest.

    A worker and its process have one each, and the worker tells from its own what the other has: two caches that are
    given the same have the same.
    """

    def __init__(self, room: int = _ROOM) -> None:
        """Make room for so many bytes; what is needed at once may take more."""
        self._room = room
        #: Without a bound of its own, which would also remove what is needed at present.
        self._blobs: LRUCache[bytes, bytes] = LRUCache(math.inf, getsizeof=len)

    def __getitem__(self, digest: bytes) -> bytes:
        # Reading does not count as a use: the other cache does not see it.
        return Cache.__getitem__(self._blobs, digest)

    def __contains__(self, digest: object) -> bool:
        return digest in self._blobs

    def missing(self, digests: Iterable[bytes]) -> list[bytes]:
        """Return which of some digests are not there."""
        return [digest for digest in digests if digest not in self._blobs]

    def put(self, blobs: Mapping[bytes, bytes], needs: Iterable[bytes]) -> None:
        """Add blobs, and keep those that are needed at present.

        Args:
            blobs: The blobs by digest.
            needs: The digests that are needed, all of which must be there then.
        """
        for digest, blob in blobs.items():
            if digest not in self._blobs:
                self._blobs[digest] = blob
        needed = list(needs)
        for digest in needed:
            # This counts as a use.
            self._blobs[digest]
        while self._blobs.currsize > self._room and len(self._blobs) > len(needed):
            self._blobs.popitem()


def needs_of(tasks: Iterable[tuple[bytes, bytes, bytes]]) -> list[bytes]:
    """Return each digest that tasks need once, in their order."""
    return list(dict.fromkeys(digest for needs in tasks for digest in needs))
