# SPDX-License-Identifier: Apache-2.0
"""How far a run is: a bar on terminals and in notebooks, or whatever a function makes of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

#: Seconds between two calls of a function.
_INTERVAL = 0.2


@dataclass
class Progress:
    """The state of a run.

    Attributes:
        total: How many tasks the sweep has.
        known: How many were in the ledger already.
        done: How many have been done now.
        failed: How many of those failed.
        started: When the run began, in seconds of ``time.monotonic()``.
    """

    total: int
    known: int = 0
    done: int = 0
    failed: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Tasks done a second."""
        return self.done / max(time.monotonic() - self.started, 1e-9)

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take; ``None`` before the first task is done."""
        return (self.total - self.known - self.done) / self.rate if self.done else None


@contextmanager
def shown(progress: bool | Callable[[Progress], object] | None, total: int) -> Iterator[Callable[[Progress], None]]:
    """Return what is to be told about the state of a run."""
    if callable(progress):
        yield _Now_and_then(progress)
        return
    if progress is False or (progress is None and not _is_watched()):
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, unit="task", smoothing=0.1, dynamic_ncols=True) as bar:
        yield _Bar(bar)
        bar.refresh()


class _Now_and_then:  # noqa: N801
    """Calls a function at most a few times a second, and at the end."""

    def __init__(self, function: Callable[[Progress], object]) -> None:
        self._function = function
        self._next = 0.0

    def __call__(self, state: Progress) -> None:
        now = time.monotonic()
        if now >= self._next or state.known + state.done == state.total:
            self._next = now + _INTERVAL
            self._function(state)


class _Bar:
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, state: Progress) -> None:
        bar = self._bar
        # What was known before took no time, and must not make the rest look short.
        bar.initial = state.known
        bar.set_postfix({"errors": state.failed}, refresh=False) if state.failed else None
        bar.update(state.known + state.done - bar.n)


def _is_watched() -> bool:
    if "ipykernel" in sys.modules:
        return True
    return sys.stderr is not None and sys.stderr.isatty()
