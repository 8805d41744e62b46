# SPDX-License-Identifier: Apache-2.0
"""Frames that the service and its simulators exchange through pipes: contents, each behind its length."""

from __future__ import annotations

import struct
from typing import IO

_LENGTH = struct.Struct(">Q")


def write_frame(pipe: IO[bytes], content: bytes) -> None:
    """Write a content, at once."""
    pipe.write(_LENGTH.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """Return the next content, ``None`` at the end."""
    start = pipe.read(_LENGTH.size)
    if len(start) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(start)
    content = pipe.read(length)
    return content if len(content) == length else None
