# SPDX-License-Identifier: Apache-2.0
"""Bodies of replies: read in pieces, decompressed, and bounded before and after that.

urllib3 takes half of a compressed stream for a whole one. Here a stream that does not end is an error, and no reply
decides how much memory is asked for.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any

from urllib3.exceptions import HTTPError

from .._deadline import seconds_left

#: Bytes that are read, and decompressed, at once.
_PIECE, _UNPACKED_PIECE = 2**18, 2**20
#: zlib finds out whether the stream is one of gzip or of zlib.
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BodyTooLargeError(Exception):
    """A body is larger than it may be."""


class BodyDamagedError(Exception):
    """A body is not all there, or not what its headers say."""


def read_body(raw: Any, limit: int) -> bytes:
    """Return the body of a response, decompressed.

    Args:
        raw: The response of urllib3, of which nothing has been read.
        limit: How many bytes it may have, as it comes and decompressed.

    Raises:
        BodyTooLargeError: It has more.
        BodyDamagedError: It is compressed and not all there, or compressed in a way that was not asked for.
    """
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise BodyDamagedError(f"the body is encoded as {encoding[:20]!r}, which was not asked for")
    # Gives what was written without another copy of it.
    body = io.BytesIO()
    for piece in _pieces(raw, limit) if encoding in ("", "identity") else _decompressed(raw, limit):
        body.write(piece)
        if body.tell() > limit:
            raise BodyTooLargeError
    return body.getvalue()


def read_start(raw: Any, limit: int) -> bytes:
    """Return the first bytes of a body, as far as they can be had: for bodies of errors, which only explain."""
    try:
        return read_body(_Start(raw, limit), limit)
    except (BodyTooLargeError, BodyDamagedError, HTTPError):
        return b""


class _Start:
    """A response that ends early."""

    def __init__(self, raw: Any, limit: int) -> None:
        self._raw, self._left = raw, limit
        self.headers = raw.headers

    def read(self, amount: int, decode_content: bool) -> bytes:
        data: bytes = self._raw.read(min(amount, self._left), decode_content=decode_content) if self._left else b""
        self._left -= len(data)
        return data


def _pieces(raw: Any, limit: int) -> Iterator[bytes]:
    """Give the body as it comes."""
    size = 0
    while data := raw.read(_PIECE, decode_content=False):
        size += len(data)
        if size > limit:
            raise BodyTooLargeError
        yield data


def _decompressed(raw: Any, limit: int) -> Iterator[bytes]:
    """Give the body decompressed, in pieces between which there is a look at the clock: a megabyte can become a gigabyte."""
    decoder, is_empty = zlib.decompressobj(_GZIP_OR_ZLIB), True
    try:
        for packed in _pieces(raw, limit):
            is_empty, rest = False, packed
            while rest:
                if seconds_left() <= 0:
                    raise BodyDamagedError("the time of the call was over before the body was decompressed")
                if decoder.eof:
                    # Streams may follow each other.
                    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
                yield decoder.decompress(rest, _UNPACKED_PIECE)
                rest = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    except zlib.error as error:
        raise BodyDamagedError(f"the compressed body is damaged: {error}") from None
    if not is_empty and not decoder.eof:
        raise BodyDamagedError("the compressed body is cut short")
