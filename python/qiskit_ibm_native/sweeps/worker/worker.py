# SPDX-License-Identifier: Apache-2.0
"""A worker of an executor: it gives tasks to a transpiler process of its own, watches over it, and reports.

A worker has no Qiskit and does nothing that could go wrong because of a task. That is why a task that ends its process,
hangs, or eats all memory costs nothing but itself, whatever the executor is.
"""

from __future__ import annotations

import atexit
import os
import pickle
import socket
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from .blob_cache import BlobCache, needs_of
from .process import Interrupted, NotStarted, TranspilerProcess
from .protocol import FAILED, LAST, PAUSE, RETIRED, Chunk, Outcome, Reply

if TYPE_CHECKING:
    from .warm import WarmProcesses

#: Processes that are started for a chunk in place of those that were killed before they were ready: enough for a
#: machine that is short of memory for a minute, and an end for one that kills all.
_STARTS = 20
#: Seconds that a worker waits before it says that it cannot work: it must not draw all tasks by failing faster than
#: others work. Sound ones do a chunk in 0.4 s.
_FAILURE_BACKOFF = 2.0
#: Seconds after which a chunk is given back with its outcomes so far, if tasks take longer than expected; ten times the
#: 0.4 s that a chunk is meant to take.
BUDGET = 5.0


class Stopped(Exception):  # noqa: N818 (it is no error: nobody wants the result any more)
    """The run is over."""


class Worker:
    """The transpiler processes and blobs of one process of an executor."""

    def __init__(self, warm: WarmProcesses | None = None) -> None:
        """Begin without blobs; ``warm`` are processes to take before others are started."""
        self._warm = warm
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._blobs = BlobCache()
        self._lock = threading.Lock()
        self._idle: list[TranspilerProcess] = []
        self._busy: set[TranspilerProcess] = set()
        self._generation = 0
        self._is_closed = False
        _WORKERS.add(self)

    def process(self) -> TranspilerProcess:
        """Return a process for one caller alone, until :meth:`give_back`.

        Raises:
            NotStarted: The system does not let one start.
            Stopped: The worker is closed.
        """
        with self._lock:
            if self._is_closed:
                raise Stopped
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    break
                process.close()
            else:
                process = self._started()
            self._busy.add(process)
        return process

    def _started(self) -> TranspilerProcess:
        warm = self._warm.take() if self._warm is not None else None
        try:
            return warm or TranspilerProcess()
        except OSError as error:
            raise NotStarted(f"no process can be started: {error}") from error

    def give_back(self, process: TranspilerProcess) -> None:
        """Keep a process for others, unless it has ended."""
        with self._lock:
            is_kept = process in self._busy and process.is_alive
            self._busy.discard(process)
            if is_kept:
                self._idle.append(process)
                return
        process.close()

    def run(self, chunk: Chunk) -> Reply:
        """Do the tasks of a chunk, unless something is missing for them.

        Raises:
            Stopped: :meth:`stop` was called meanwhile.
        """
        # Each thread is a worker of its own to the driver, because it can do one chunk at a time.
        name = f"{self.name}:{threading.get_ident()}"
        begin = time.monotonic()
        blobs, missing = self._blobs_of(chunk)
        if missing:
            self._begin_process()
            return Reply(name, missing, {}, 0.0, None)
        try:
            outcomes = _Supervision(self, chunk, blobs).outcomes()
        except NotStarted as problem:
            time.sleep(_FAILURE_BACKOFF)
            return Reply(name, [], {}, 0.0, str(problem))
        return Reply(name, [], outcomes, time.monotonic() - begin, None)

    def _begin_process(self) -> None:
        """Have a process start while the blobs of the first chunk are on their way."""
        with self._lock:
            if not self._is_closed and not self._idle and not self._busy:
                # If none can be started, the chunk will tell.
                with suppress(NotStarted):
                    self._idle.append(self._started())

    def _blobs_of(self, chunk: Chunk) -> tuple[dict[bytes, bytes], list[bytes]]:
        """Keep the blobs of a chunk; return those that its tasks need, or the digests of missing ones."""
        needs = needs_of(task.needs for task in chunk.tasks)
        with self._lock:
            missing = [digest for digest in self._blobs.missing(needs) if digest not in chunk.blobs]
            if missing:
                return {}, missing
            self._blobs.put(chunk.blobs, needs)
            return {digest: self._blobs[digest] for digest in needs}, []

    def stop(self, *, for_good: bool = False) -> None:
        """End all processes; tasks that are being done are given up."""
        with self._lock:
            self._is_closed |= for_good
            self._generation += 1
            idle, busy = list(self._idle), list(self._busy)
            self._idle.clear()
            self._busy.clear()
        for process in idle:
            process.close()
        for process in busy:
            # The thread that uses the process notices, and closes it.
            process.kill()

    def forget(self) -> None:
        """Let go of all processes, in a forked process: they belong to its parent."""
        self._lock = threading.Lock()
        self._is_closed = True
        self._generation += 1
        for process in (*self._idle, *self._busy):
            process.close_files()
        self._idle.clear()
        self._busy.clear()

    @property
    def generation(self) -> int:
        """The number of calls of :meth:`stop`."""
        return self._generation


_WORKERS: weakref.WeakSet[Worker] = weakref.WeakSet()

_worker: Worker | None = None
_worker_lock = threading.Lock()


def this_worker() -> Worker:
    """Return the worker of this process, which is another one after a fork."""
    global _worker  # noqa: PLW0603 (one for each process)
    with _worker_lock:
        if _worker is None:
            _worker = Worker()
            atexit.register(_worker.stop)
        return _worker


def _forget_workers() -> None:
    global _worker, _worker_lock
    _worker, _worker_lock = None, threading.Lock()
    for worker in list(_WORKERS):
        worker.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)


def run_chunk(chunk: Chunk) -> Reply:
    """Do the tasks of a chunk; the function that executors are given."""
    return this_worker().run(chunk)


class _Supervision:
    """Does the tasks of one chunk, until each has an outcome, or until the chunk has taken long enough."""

    def __init__(self, worker: Worker, chunk: Chunk, blobs: Mapping[bytes, bytes]) -> None:
        self._worker = worker
        self._config = chunk.config
        self._tasks = chunk.tasks
        self._blobs = blobs
        self._waiting = deque(range(len(self._tasks)))
        self._attempts: Counter[int] = Counter()
        self._outcomes: dict[int, bytes] = {}
        self._generation = worker.generation
        self._starts = _STARTS
        self._began: float | None = None

    def outcomes(self) -> dict[int, bytes]:
        """Return outcomes by index in the chunk; tasks without one were not tried."""
        while self._waiting:
            if self._began is not None and time.monotonic() > self._began + BUDGET:
                # Tasks that have been tried are tried to their end here, where their attempts are known.
                self._waiting = deque(index for index in self._waiting if self._attempts[index])
                if not self._waiting:
                    break
            self._round()
        return self._outcomes

    def _round(self) -> None:
        """Ask one process for all waiting tasks, as far as it gets."""
        process = self._worker.process()
        asked = list(self._waiting)
        began = time.monotonic()
        try:
            self._check_that_it_goes_on()
            tasks = [self._tasks[index] for index in asked]
            for index, answer in zip(asked, process.ask(self._config, tasks, self._blobs), strict=False):
                self._began = self._began or began
                if answer is None:
                    self._check_that_it_goes_on()
                elif answer[:1] in {RETIRED, PAUSE}:
                    if answer.startswith(RETIRED):
                        process.kill()
                    return
                self._take_answer(index, answer, process, began)
                began = time.monotonic()
        except Interrupted:
            # No task is to blame, but processes must not be started for ever.
            self._check_that_it_goes_on()
            self._starts -= 1
            if not self._starts:
                raise
        except BaseException:
            process.kill()
            raise
        finally:
            self._worker.give_back(process)

    def _take_answer(self, index: int, answer: bytes | None, process: TranspilerProcess, began: float) -> None:
        self._waiting.remove(index)
        self._attempts[index] += 1
        is_last = self._attempts[index] > self._config.retries
        if answer is None:
            error = process.why_it_ended(self._config.timeout)
            seconds = time.monotonic() - began
            outcome = Outcome(None, None, error, seconds, 0.0, process.name, self._attempts[index])
            answer = FAILED + pickle.dumps(tuple(outcome), protocol=5)
        elif answer.startswith(LAST):
            process.kill()
        if answer[:1] in {FAILED, LAST} and not is_last:
            self._waiting.append(index)
        elif self._attempts[index] > 1:
            known = Outcome(*pickle.loads(answer[1:]))  # noqa: S301 (from our own process)
            self._outcomes[index] = pickle.dumps(tuple(known._replace(attempts=self._attempts[index])), protocol=5)
        else:
            self._outcomes[index] = answer[1:]

    def _check_that_it_goes_on(self) -> None:
        if self._worker.generation != self._generation:
            raise Stopped
