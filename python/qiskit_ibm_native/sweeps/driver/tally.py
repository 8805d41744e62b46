# SPDX-License-Identifier: Apache-2.0
"""Counts of a run, and results on their way to its caller."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .failures import Failures, task_error
from .progress import Progress

if TYPE_CHECKING:
    from ..tasks import TaskResult

#: Number of results that wait in memory before they are given on.
_MAX_WAITING = 5000


class Tally:
    """Counts tasks, and keeps their results until the caller takes them."""

    def __init__(self, total: int, *, raises: bool) -> None:
        """Begin without a task.

        Args:
            total: The number of tasks of the sweep.
            raises: Whether a task that fails ends the run.
        """
        self.state = Progress(total)
        self.failures = Failures()
        #: Results of lost workers and failed machines by index: no ledger has them, and the next run does these tasks
        #: again.
        self.lost: dict[int, TaskResult] = {}
        self._raises = raises
        self._waiting: deque[tuple[int, TaskResult | None]] = deque()

    @property
    def is_full(self) -> bool:
        """Whether so many results wait that they have to be given on first."""
        return len(self._waiting) >= _MAX_WAITING

    def take(self) -> Iterator[tuple[int, TaskResult | None]]:
        """Yield index and result of tasks that were noted; ``None`` in place of a result that is in the ledger."""
        while self._waiting:
            yield self._waiting.popleft()

    def note_known(self, index: int, *, is_failed: bool) -> None:
        """Count a task whose result is in the ledger, and was not made by this run."""
        self.state.known += 1
        self._waiting.append((index, None))
        if is_failed:
            self.failures.note_known(index)

    def note_done(self, index: int, result: TaskResult | None, trace: str | None) -> None:
        """Count a task that this run has done.

        Args:
            index: The task.
            result: Its result; ``None`` for one that is in the ledger and is no error.
            trace: The traceback of its error, if it has one.

        Raises:
            SweepError: It failed, and that ends the run.
        """
        self.state.done += 1
        self._waiting.append((index, result))
        if result is None or result.error is None:
            return
        self.state.failed += 1
        self.failures.note(index, result)
        if self._raises:
            raise task_error(index, result, trace)
