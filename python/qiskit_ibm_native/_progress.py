# SPDX-License-Identifier: Apache-2.0
"""Progress of long work: a bar on terminals and in notebooks, calls of a function, or nothing.

A bar is shown by default only where a person looks: not in pipes, and not in continuous integration, which sets ``CI``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from ._notebook_progress import NotebookBar, is_notebook

#: Seconds between two calls of a function: people see no more than five changes a second.
INTERVAL = 0.2

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


def shows_bar(progress: object) -> bool:
    """Return whether an argument ``progress`` that is no function asks for a bar here."""
    return progress is True or (progress is None and is_interactive())


def is_interactive() -> bool:
    """Return whether a person looks at the output: at a terminal or a notebook, outside of continuous integration."""
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        return False
    if "ipykernel" in sys.modules:
        return True
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def bar(total: float, unit: str, title: str | None = None, **options: Any) -> Iterator[Any]:
    """Give a bar, which is closed in any case, also when the work is interrupted: of tqdm, or that of notebooks."""
    if is_notebook():
        with NotebookBar(total, unit, title, interval=INTERVAL) as shown:
            yield shown
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, desc=title, smoothing=0.1, dynamic_ncols=True, **options) as shown:
        yield shown
        shown.refresh()


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
        with bar(total, unit, work) as shown:
            yield shown.update
    else:
        yield lambda _: None


def followed(items: Iterable[Item], advance: Callable[[int], None]) -> Iterator[Item]:
    """Yield items, and advance when the next one is asked for: then the last one is done."""
    for item in items:
        yield item
        advance(1)
