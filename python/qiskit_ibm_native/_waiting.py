# SPDX-License-Identifier: Apache-2.0
"""One line that says what this process waits for, whoever waits: threads share it, and other output goes before it.

``_progress.py`` decides whether and where it is shown.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from ._notebook_progress import has_bars
from ._terminal_line import TerminalLine
from ._ticker import TICKER, Ticker

#: Seconds after which a wait is shown: shorter ones would flicker.
DELAY = 1.0
#: Seconds for which the line stays away after other output, of which more may follow.
_ROOM = 0.3


class Surface(Protocol):
    """A place where the line is shown."""

    def show(self, text: str, seconds: float) -> None:
        """Show what is waited for, and for how long it has been, in place of what was shown before."""

    def erase(self) -> None:
        """Remove what is shown."""


class _Text:
    """A text that is changed in place."""

    __slots__ = ("is_general", "text")

    def __init__(self, text: str, is_general: bool) -> None:
        self.text = text
        self.is_general = is_general


class Wait:
    """Something that is waited for.

    Attributes:
        started: The begin, in seconds of the monotonic clock.
        surface: Makes the place where it is shown.
    """

    def __init__(self, surface: Callable[[], Surface]) -> None:
        """Begin to wait."""
        self.started = time.monotonic()
        self.surface = surface
        self._texts: list[_Text] = []

    @property
    def text(self) -> str:
        """The wait that is shown at present."""
        return self._texts[-1].text if self._texts else ""

    @contextmanager
    def saying(self, text: str, *, is_general: bool) -> Iterator[Callable[[str], None]]:
        """Say something else within a context, and give a function that changes it.

        Args:
            text: The text.
            is_general: Whether more particular texts around it hold.
        """
        if is_general and not all(each.is_general for each in self._texts):
            yield nothing
            return
        own = _Text(text, is_general)
        self._texts.append(own)
        try:
            yield lambda changed: setattr(own, "text", changed)
        finally:
            self._texts.remove(own)


class Waits:
    """All waits of this process, and the line that shows the oldest one."""

    def __init__(self, ticker: Ticker) -> None:
        """Begin without a wait."""
        self._ticker = ticker
        self._waits: list[Wait] = []
        self._surface: Surface | None = None
        self._guard = _Guard(self.make_room)
        self._not_before = 0.0

    def begin(self, wait: Wait) -> None:
        """Show a wait, once it has taken a second."""
        with self._ticker.lock:
            self._waits.append(wait)
            if len(self._waits) == 1:
                self._ticker.add(self.draw)

    def end(self, wait: Wait) -> None:
        """Show a wait no more."""
        with self._ticker.lock:
            # A forked child has none of its parent's.
            if wait in self._waits:
                self._waits.remove(wait)
            if self._waits:
                self.draw(time.monotonic())
                return
            self._ticker.remove(self.draw)
            self._erase()

    def draw(self, now: float) -> None:
        """Bring the line up to date."""
        due = [wait for wait in self._waits if now - wait.started >= DELAY]
        if not due or _has_bars():
            self._erase()
            return
        if now < self._not_before or not self._guard.is_at_begin_of_line:
            return
        if self._surface is None:
            self._surface = due[0].surface()
            self._guard.begin()
        others = f", and {len(due) - 1} more" if len(due) > 1 else ""
        self._surface.show(f"{due[0].text}{others}", now - due[0].started)

    def make_room(self) -> None:
        """Remove the line for a moment, because something else is about to be written."""
        with self._ticker.lock:
            if self._surface is not None:
                self._surface.erase()
                self._not_before = time.monotonic() + _ROOM

    def _erase(self) -> None:
        if self._surface is not None:
            self._surface.erase()
            self._surface = None
            self._guard.end()

    def after_fork(self) -> None:
        """Forget the waits of the parent, whose line is not the child's."""
        self._waits, self._surface = [], None
        self._guard.end()


class _Guard:
    """Lets other output go before the line: that of the standard streams and of handlers of logs on terminals."""

    def __init__(self, make_room: Callable[[], None]) -> None:
        self._make_room = make_room
        self._filter = _Filter(make_room)
        self._handlers: list[logging.Handler] = []
        self._streams: dict[str, _GuardedStream] = {}

    @property
    def is_at_begin_of_line(self) -> bool:
        """Whether all that the streams wrote since the begin ended with a line."""
        return all(stream.is_at_begin_of_line for stream in self._streams.values())

    def begin(self) -> None:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if _is_terminal(stream):
                self._streams[name] = guarded = _GuardedStream(stream, self._make_room)
                setattr(sys, name, guarded)
        # Handlers have streams of their own, or the original ones.
        self._handlers = [handler for handler in _handlers() if _is_terminal(getattr(handler, "stream", None))]
        for handler in self._handlers:
            handler.addFilter(self._filter)

    def end(self) -> None:
        for name, guarded in self._streams.items():
            # A stream that was redirected meanwhile comes back by itself.
            if getattr(sys, name) is guarded:
                setattr(sys, name, guarded.stream)
        for handler in self._handlers:
            handler.removeFilter(self._filter)
        self._streams, self._handlers = {}, []


class _GuardedStream:
    """A standard stream that removes the line before something is written to it."""

    def __init__(self, stream: TextIO, make_room: Callable[[], None]) -> None:
        self.stream = stream
        self.is_at_begin_of_line = True
        self._make_room = make_room

    def write(self, text: str) -> int:
        """Write a text."""
        self._make_room()
        if text:
            self.is_at_begin_of_line = text.endswith("\n")
        return self.stream.write(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _Filter(logging.Filter):
    """Removes the line before a record is written, and lets all records pass."""

    def __init__(self, make_room: Callable[[], None]) -> None:
        super().__init__()
        self._make_room = make_room

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 (of any record)
        self._make_room()
        return True


def _handlers() -> list[logging.Handler]:
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    found = [handler for each in loggers if isinstance(each, logging.Logger) for handler in each.handlers]
    return [*found, *([logging.lastResort] if logging.lastResort is not None else [])]


def _is_terminal(stream: Any) -> bool:
    try:
        return stream is not None and bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _has_bars() -> bool:
    """Return whether bars are shown, of tqdm the user's own too: they show that something goes on."""
    if has_bars():
        return True
    module = sys.modules.get("tqdm.std")
    return bool(len(getattr(getattr(module, "tqdm", None), "_instances", ())))


class OnTerminal:
    """The line on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        """Take the stream of the terminal."""
        self._line = TerminalLine(stream)

    def show(self, text: str, seconds: float) -> None:
        """Write the line."""
        self._line.show(text, f" ({elapsed(seconds)})")

    def erase(self) -> None:
        """Remove the line."""
        self._line.erase()


class InPipe:
    """Whole lines, one for each thing that is waited for."""

    def __init__(self, stream: TextIO) -> None:
        """Take a stream that is no terminal."""
        self._stream = stream
        self._last = ""

    def show(self, text: str, seconds: float) -> None:  # noqa: ARG002 (a line for each second would be too many)
        """Write a line, if it says something new."""
        if text != self._last:
            self._last = text
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def erase(self) -> None:
        """Leave what is written."""


def elapsed(seconds: float) -> str:
    """Return how long something has taken, in a form that does not change its length often: ``7 s``, ``2 min 07 s``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def nothing(_: str) -> None:
    """Do nothing with a text."""


WAITS = Waits(TICKER)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WAITS.after_fork)
