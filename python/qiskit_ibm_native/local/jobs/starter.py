# SPDX-License-Identifier: Apache-2.0
"""A thread that starts processes, and lives as long as this process.

Linux sends the signal by which simulators end with their service when the *thread* that started them ends.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

from ..._threads import Lock

_T = TypeVar("_T")


class _Task(Generic[_T]):
    """A call of a function in the thread."""

    def __init__(self, function: Callable[[], _T]) -> None:
        self._function = function
        self._is_done = threading.Event()
        self._results: list[_T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._function())
        except BaseException as error:  # the caller's
            self._error = error
        finally:
            self._is_done.set()

    def result(self) -> _T:
        self._is_done.wait()
        if self._error is not None:
            raise self._error
        return self._results[0]


class _Starter(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="simulator-starter", daemon=True)
        self.tasks: queue.SimpleQueue[_Task[object]] = queue.SimpleQueue()

    def run(self) -> None:
        while True:
            self.tasks.get().run()


_lock = Lock()
#: By process, because a forked child does not have its parent's threads.
_starters: dict[int, _Starter] = {}


def in_lasting_thread(function: Callable[[], _T]) -> _T:
    """Return what a function returns that is called in the thread."""
    with _lock:
        starter = _starters.get(os.getpid())
        if starter is None:
            starter = _starters[os.getpid()] = _Starter()
            starter.start()
    task = _Task(function)
    starter.tasks.put(task)  # type: ignore[arg-type]
    return task.result()
