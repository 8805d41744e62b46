# SPDX-License-Identifier: Apache-2.0
"""Progress of long work, and what is waited for: bars and a line where a person looks, calls of a function, or nothing.

All decisions about whether and where something is shown are made here. By default, it is shown on terminals and in
notebooks, once it has taken a second; not in pipes, and not in continuous integration, which sets ``CI``. The variable
``QISKIT_IBM_NATIVE_PROGRESS`` decides otherwise: 1 shows it everywhere, and 0 nowhere. An argument ``progress`` of a
call goes before both.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from ._logger import logger
from ._notebook_progress import InNotebook, NotebookBar, is_notebook
from ._ticker import TICKER
from ._waiting import DELAY, WAITS, InPipe, OnTerminal, Surface, Wait, nothing

#: The variable that turns progress on or off everywhere.
SWITCH = "QISKIT_IBM_NATIVE_PROGRESS"
#: Seconds between two calls of a function: people see no more than five changes a second.
INTERVAL = 0.2
#: Seconds between two states of a bar that are written to a pipe.
_PIPE_INTERVAL = 10.0
#: Seconds between two times that a bar is drawn although nothing was done.
_REDRAW = 1.0

State = TypeVar("State")
Item = TypeVar("Item")


@dataclass(frozen=True)
class WorkProgress:
    """State of long work, as functions that are given as ``progress`` get it.

    Attributes:
        work: The name of the work, such as ``"verify"``.
        unit: The name of one part of the work, such as ``"calibration"``.
        total: The number of parts.
        done: The number of parts that are done.
        started: The time of the begin, in seconds of ``time.monotonic()``.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot, WorkProgress
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> def report(progress: WorkProgress) -> None:
        ...     print(f"{progress.work}: {progress.done} of {progress.total} {progress.unit}s")
        >>> archive.verify(progress=report)
        verify: 3 of 4 rows
        verify: 4 of 4 rows
        VerifyReport(calibrations=1, payloads=3, damaged_payloads={}, damaged_calibrations={}, file=(), ...
    """

    work: str
    unit: str
    total: int
    done: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Parts done per second."""
        return self.done / max(time.monotonic() - self.started, 1e-9)

    @property
    def remaining(self) -> float | None:
        """Estimated time until the end, s; ``None`` before the first part is done."""
        return (self.total - self.done) / self.rate if self.done else None


#: The argument ``progress`` of long work: a function, whether to show a bar, or ``None`` to show one to people only.
Reported = bool | Callable[[WorkProgress], object] | None


class Throttled(Generic[State]):
    """Calls a function at most a few times a second, and at the end."""

    def __init__(self, function: Callable[[State], object]) -> None:
        """Create it; ``function`` gets states."""
        self._function = function
        self._next = 0.0

    def __call__(self, state: State, *, is_last: bool) -> None:
        """Call the function with a state, unless it was called a moment ago."""
        now = time.monotonic()
        if now >= self._next or is_last:
            self._next = now + INTERVAL
            self._function(state)


#: Where progress is shown.
Place: TypeAlias = Literal["terminal", "notebook", "pipe"]
#: What the present call waits for; ``None`` outside of all waits, and a wait without a place where nothing is shown.
_CURRENT: ContextVar[Wait | None] = ContextVar("present wait", default=None)
_UNSEEN = Wait(lambda: InPipe(sys.stderr))


def shows_bar(progress: object) -> bool:
    """Return whether an argument ``progress`` that is no function asks for a bar here."""
    return progress is True or (progress is None and is_interactive())


def is_interactive() -> bool:
    """Return whether progress is shown by default: to a person, or because the environment asks for it."""
    wanted = _wanted(os.environ.get(SWITCH, ""))
    if wanted is not None:
        return wanted
    if os.environ.get("CI", "").lower() not in {"", "0", "false"} or _is_worker():
        return False
    return is_notebook() or _is_terminal()


def place() -> Place | None:
    """Return where progress is shown by default; ``None`` if it is not shown."""
    if not is_interactive() or sys.stderr is None:
        return None
    if is_notebook():
        return "notebook"
    return "terminal" if _is_terminal() else "pipe"


@cache
def _wanted(value: str) -> bool | None:
    """Return what the environment asks for; another value is told once."""
    known = {"": None, "0": False, "false": False, "off": False, "1": True, "true": True, "on": True}
    word = value.strip().lower()
    if word not in known:
        logger.warning("%s is %r, and is ignored: it must be 0 or 1.", SWITCH, value)
    return known.get(word)


def _is_worker() -> bool:
    """Return whether this is a process of a pool, whose terminal is its parent's."""
    module = sys.modules.get("multiprocessing.process")
    return module is not None and module.parent_process() is not None


def _is_terminal() -> bool:
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


@contextmanager
def waiting(text: str, *, is_general: bool = False) -> Iterator[Callable[[str], None]]:
    """Say what is waited for within a context, once it has taken a second, and give a function that changes the text.

    Within another wait, the text takes the place of the one around it.

    Args:
        text: What is waited for, such as ``"Job abc is queued"``, without a full stop: the time so far follows.
        is_general: Whether the text says nothing of its own, such as that a service is asked. Then texts around it
            stay, and it is shown for the main thread only: other threads may work in the background.
    """
    outer = _CURRENT.get()
    if outer is not None:
        if outer is _UNSEEN:
            yield nothing
            return
        with outer.saying(text, is_general=is_general) as tell:
            yield tell
        return
    where = place()
    if where is None or (is_general and threading.current_thread() is not threading.main_thread()):
        yield nothing
        return
    wait = Wait(_surface(where))
    token = _CURRENT.set(wait)
    try:
        with wait.saying(text, is_general=is_general) as tell:
            WAITS.begin(wait)
            yield tell
    finally:
        WAITS.end(wait)
        _CURRENT.reset(token)


def _surface(where: Place) -> Callable[[], Surface]:
    """Return what makes the place where a wait is shown."""
    if where == "notebook":
        # Made here, because the thread that draws it does not know which cell is at work.
        notebook = InNotebook()
        return lambda: notebook
    return partial(OnTerminal if where == "terminal" else InPipe, sys.stderr)


@contextmanager
def unseen() -> Iterator[None]:
    """Show nothing that is waited for within a context: its caller shows it, or completes names at a prompt."""
    token = _CURRENT.set(_UNSEEN)
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def bar(total: float, unit: str, title: str, *, is_asked_for: bool = True, **options: Any) -> Iterator[Any]:
    """Give a bar of tqdm or of notebooks, which is closed in any case, also when the work is interrupted.

    Args:
        total: The number of parts.
        unit: The name of a part.
        title: The name of the work.
        is_asked_for: Whether the user asked for it. Otherwise it is shown once the work has taken a second.
        options: Further options of tqdm, which notebooks do without.
    """
    if is_notebook():
        delay = 0.0 if is_asked_for else DELAY
        in_notebook = NotebookBar(total, unit, title, interval=INTERVAL, delay=delay)
        with in_notebook, _redrawn(in_notebook.refresh_if_due):
            yield in_notebook
        return
    # tqdm.auto would look for ipywidgets, and warn without them.
    from tqdm import tqdm

    options = {"file": _Forgiving(), **options}
    where = place()
    options = {"mininterval": _PIPE_INTERVAL if where == "pipe" else 0.1, **options}
    delay = 0.0 if is_asked_for else DELAY
    with tqdm(total=total, unit=unit, desc=title, smoothing=0.1, dynamic_ncols=True, delay=delay, **options) as shown:
        with _redrawn(_Moving(shown)) if where == "terminal" else nullcontext():
            yield shown
        # tqdm draws it when something is done, but not always the last part.
        if shown.delay <= 0 or shown.last_print_t >= shown.start_t + shown.delay:
            shown.refresh()


class _Forgiving:
    """Standard error for a bar, which must not end the work that it shows: there may be none, or a full disk."""

    def write(self, text: str) -> None:
        """Write a text, if that can be done."""
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Flush what was written, if that can be done."""
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


@contextmanager
def _redrawn(draw: Callable[[float], None]) -> Iterator[None]:
    """Call a function now and then within a context, with the time of the monotonic clock."""
    TICKER.add(draw)
    try:
        yield
    finally:
        TICKER.remove(draw)


class _Moving:
    """Draws a bar of which nothing is done for long, and one whose delay is over."""

    def __init__(self, shown: Any) -> None:
        self._shown = shown
        self._next = time.monotonic() + max(shown.delay, _REDRAW)

    def __call__(self, now: float) -> None:
        """Draw it, if it is time."""
        if now >= self._next:
            self._next = now + _REDRAW
            self._shown.refresh()
            self._shown.delay = 0


@contextmanager
def advancing(progress: Reported, work: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Give a function that is to be called with the number of parts that were done since its last call.

    Args:
        progress: The argument of the user.
        work: The name of the work.
        total: The number of parts.
        unit: The name of a part.
    """
    if callable(progress):
        throttled, state = Throttled(progress), WorkProgress(work, unit, total)

        def advance(count: int) -> None:
            nonlocal state
            state = replace(state, done=state.done + count)
            throttled(state, is_last=state.done >= total)

        yield advance
    elif shows_bar(progress):
        with bar(total, unit, work, is_asked_for=progress is True) as shown:
            yield shown.update
    else:
        yield lambda _: None


def followed(items: Iterable[Item], advance: Callable[[int], None]) -> Iterator[Item]:
    """Yield items, and advance when the next one is asked for: then the last one is done."""
    for item in items:
        yield item
        advance(1)
