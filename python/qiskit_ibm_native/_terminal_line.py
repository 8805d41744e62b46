# SPDX-License-Identifier: Apache-2.0
"""One line of a terminal that is written over in place, cut to the width of the window."""

from __future__ import annotations

import os
from typing import TextIO

#: The width of a terminal that does not tell its own.
_USUAL_WIDTH = 80
#: Columns at the end that stay free: terminals write ``^C`` there when somebody interrupts, and must not begin a line.
_FREE = 3


class TerminalLine:
    """A line of a stream. Nothing but carriage returns and spaces is needed, which every terminal knows.

    A stream that cannot be written to any more is left alone.
    """

    def __init__(self, stream: TextIO) -> None:
        """Take a stream; nothing is written yet."""
        self._stream = stream
        self._shown = ""

    def show(self, text: str, tail: str = "") -> None:
        """Write a text in place of the one before; if it is too long, its end is left out, but not ``tail``."""
        # Names come from payloads, and must neither move the cursor nor break the line.
        line = "".join(character if character.isprintable() else "?" for character in text)
        room = max(self._width() - _FREE, 1)
        if len(line) + len(tail) > room:
            line = f"{line[: max(room - len(tail) - 3, 0)]}..."
        line = f"{line}{tail}"[:room]
        if line != self._shown:
            self._write(f"\r{line.ljust(min(len(self._shown), room))}")
            self._shown = line

    def erase(self) -> None:
        """Leave an empty line, with the cursor at its begin."""
        if self._shown:
            self._write(f"\r{' ' * min(len(self._shown) + _FREE - 1, self._width() - 1)}\r")
            self._shown = ""

    def end(self) -> None:
        """Let the line stand, and go on below it."""
        self._write("\n")
        self._shown = ""

    def _width(self) -> int:
        try:
            # A new pseudo-terminal has no columns.
            return os.get_terminal_size(self._stream.fileno()).columns or _USUAL_WIDTH
        except (AttributeError, OSError, ValueError):
            return _USUAL_WIDTH

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # The terminal is gone, the stream is closed, or its encoding has no such character.
            return
