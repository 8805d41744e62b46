# SPDX-License-Identifier: Apache-2.0
"""A thread that starts processes, and lives as long as this process.

Linux sends the signal by which simulators end with their service when the *thread* that started them ends.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

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
        self.parent = os.getpid()

    def run(self) -> None:
        while True:
            self.tasks.get().run()


_lock = threading.Lock()
_starter: _Starter | None = None


def in_lasting_thread(function: Callable[[], _T]) -> _T:
    """Return what a function returns that is called in the thread."""
    global _starter
    with _lock:
        # A forked child does not have its parent's threads.
        if _starter is None or _starter.parent != os.getpid():
            _starter = _Starter()
            _starter.start()
        starter = _starter
    task = _Task(function)
    starter.tasks.put(task)  # type: ignore[arg-type]
    return task.result()


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
