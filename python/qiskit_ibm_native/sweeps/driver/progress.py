# SPDX-License-Identifier: Apache-2.0
"""Progress of a run: a bar on terminals and in notebooks, or calls of a function."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..._progress import Throttled, bar, shows_bar


@dataclass
class Progress:
    """State of a run.

    Attributes:
        total: Number of tasks of the sweep.
        known: Number of tasks that the ledger had already.
        done: Number of tasks that this run has done.
        failed: Number of those that failed.
        skipped: Number of tasks that are not needed, see ``stop_when`` of :class:`Sweep`.
        started: Time of the begin of the run, in seconds of ``time.monotonic()``.
    """

    total: int
    known: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Tasks done per second."""
        return self.done / max(time.monotonic() - self.started, 1e-9)

    @property
    def left(self) -> int:
        """Number of tasks that are to be done yet, as far as is known."""
        return self.total - self.known - self.done - self.skipped

    @property
    def remaining(self) -> float | None:
        """Estimated time until the end, s; ``None`` before the first task is done."""
        return self.left / self.rate if self.done else None


@contextmanager
def shown(progress: bool | Callable[[Progress], object] | None, total: int) -> Iterator[Callable[[Progress], None]]:
    """Give a function that is to be called with the state of the run."""
    if callable(progress):
        throttled = Throttled(progress)
        yield lambda state: throttled(state, is_last=not state.left)
    elif shows_bar(progress):
        with bar(total, "task", "sweep", is_asked_for=progress is True) as shown_bar:
            yield _Bar(shown_bar)
    else:
        yield lambda _: None


class _Bar:
    """Shows the state as a bar of tqdm."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, state: Progress) -> None:
        bar = self._bar
        # Tasks that the ledger had, or that are not needed, took no time, and must not count for the rate.
        bar.initial = state.known + state.skipped
        bar.set_postfix({"errors": state.failed}, refresh=False) if state.failed else None
        bar.update(state.total - state.left - bar.n)
