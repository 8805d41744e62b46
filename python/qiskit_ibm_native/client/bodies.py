# SPDX-License-Identifier: Apache-2.0
"""Bodies of responses, read and decompressed in pieces, with a limit of both sizes.

urllib3 takes half of a compressed stream for a whole one. Here a stream without its end is an error, and no response
decides how much memory is asked for.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any

from urllib3.exceptions import HTTPError

from .._deadline import seconds_left

#: Bytes that are read, and decompressed, between two looks at the clock and the limit: about a millisecond of work.
_PIECE, _UNPACKED_PIECE = 2**18, 2**20
#: ``wbits`` with which zlib tells gzip and zlib streams apart by their headers (zlib manual, inflateInit2).
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BodyTooLargeError(Exception):
    """A body is larger than its limit."""


class BodyDamagedError(Exception):
    """A body is cut short, or is not encoded as its headers say."""


def read_body(raw: Any, limit: int) -> bytes:
    """Return the body of a response, decompressed.

    Args:
        raw: Response of urllib3, of which nothing has been read.
        limit: Largest size in bytes, both compressed and decompressed.

    Raises:
        BodyTooLargeError: The body is larger.
        BodyDamagedError: The body is cut short, damaged, or compressed by an encoding that was not asked for.
    """
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise BodyDamagedError(f"the body is encoded as {encoding[:20]!r}, which was not asked for")
    # BytesIO gives its content without another copy.
    body = io.BytesIO()
    for piece in _pieces(raw, limit) if encoding in ("", "identity") else _decompressed(raw, limit):
        body.write(piece)
        if body.tell() > limit:
            raise BodyTooLargeError
    return body.getvalue()


def read_start(raw: Any, limit: int) -> bytes:
    """Return the first bytes of the body of an error; empty bytes if it cannot be read."""
    try:
        return read_body(_Start(raw, limit), limit)
    except (BodyTooLargeError, BodyDamagedError, HTTPError):
        return b""


class _Start:
    """A response whose body ends after ``limit`` bytes."""

    def __init__(self, raw: Any, limit: int) -> None:
        self._raw, self._left = raw, limit
        self.headers = raw.headers

    def read(self, amount: int, decode_content: bool) -> bytes:
        data: bytes = self._raw.read(min(amount, self._left), decode_content=decode_content) if self._left else b""
        self._left -= len(data)
        return data


def _pieces(raw: Any, limit: int) -> Iterator[bytes]:
    """Yield the body as it is sent."""
    size = 0
    while data := raw.read(_PIECE, decode_content=False):
        size += len(data)
        if size > limit:
            raise BodyTooLargeError
        yield data


def _decompressed(raw: Any, limit: int) -> Iterator[bytes]:
    """Yield the decompressed body in pieces, within the deadline: a megabyte can become a gigabyte."""
    decoder, is_empty = zlib.decompressobj(_GZIP_OR_ZLIB), True
    try:
        for packed in _pieces(raw, limit):
            is_empty, rest = False, packed
            while rest:
                if seconds_left() <= 0:
                    raise BodyDamagedError("the time of the call was over before the body was decompressed")
                if decoder.eof:
                    # gzip allows several streams, one after another.
                    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
                yield decoder.decompress(rest, _UNPACKED_PIECE)
                rest = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    except zlib.error as error:
        raise BodyDamagedError(f"the compressed body is damaged: {error}") from None
    if not is_empty and not decoder.eof:
        raise BodyDamagedError("the compressed body is cut short")
