# SPDX-License-Identifier: Apache-2.0
"""What an executor's worker does: it gives tasks to a process of its own, watches over it, and reports.

A worker has no Qiskit and does nothing that could go wrong because of a task. That is why a task that ends its process,
hangs, or eats all memory costs nothing but itself, on whatever executor.
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

from .blob_cache import Materials, needs_of
from .process import Interrupted, NotStarted, Process
from .protocol import Chunk, Outcome, Reply, TaskOrder
from .transpiler_main import FAILED, LAST, PAUSE, RETIRED

#: How many processes are started for a chunk in place of those that were killed before they were ready.
_STARTS = 20
#: Seconds that a worker waits before it says that it cannot work: it must not draw all tasks by failing fast.
_PENANCE = 2.0
#: Seconds after which a chunk is given back with what is done, if tasks take longer than they were thought to.
BUDGET = 5.0


class Stopped(Exception):  # noqa: N818 (it is no error: nobody wants the result any more)
    """The run is over."""


class Worker:
    """The processes and materials of this process."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._forms = Materials()
        self._lock = threading.Lock()
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._generation = 0
        self._is_closed = False
        _WORKERS.add(self)

    def process(self) -> Process:
        """Return a process that nobody else uses; :meth:`give_back` ends that.

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
                try:
                    process = Process()
                except OSError as error:
                    raise NotStarted(f"no process can be started: {error}") from error
            self._busy.add(process)
        return process

    def give_back(self, process: Process) -> None:
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
            Stopped: :meth:`stop` was called.
        """
        # A thread is a worker of its own to the driver: it can do one chunk at a time.
        name = f"{self.name}:{threading.get_ident()}"
        begin = time.monotonic()
        forms, missing = self._forms_of(chunk)
        if missing:
            return Reply(name, missing, {}, 0.0, None)
        try:
            outcomes = _Supervision(self, chunk, forms).outcomes()
        except NotStarted as problem:
            time.sleep(_PENANCE)
            return Reply(name, [], {}, 0.0, str(problem))
        return Reply(name, [], outcomes, time.monotonic() - begin, None)

    def _forms_of(self, chunk: Chunk) -> tuple[dict[bytes, bytes], list[bytes]]:
        """Take what came with a chunk, and return what its tasks need, or what of that is missing."""
        needs = needs_of(task.needs for task in chunk.tasks)
        with self._lock:
            missing = [digest for digest in self._forms.lacking(needs) if digest not in chunk.materials]
            if missing:
                return {}, missing
            self._forms.take(chunk.materials, needs)
            return {digest: self._forms[digest] for digest in needs}, []

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
            # Who uses it notices, and closes it.
            process.kill()

    def forget(self) -> None:
        """Let go of all processes, in a process that was forked off: they are those of its parent."""
        self._lock = threading.Lock()
        self._is_closed = True
        self._generation += 1
        for process in (*self._idle, *self._busy):
            process.close_files()
        self._idle.clear()
        self._busy.clear()

    @property
    def generation(self) -> int:
        """How often :meth:`stop` was called."""
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
    """Do the tasks of a chunk; what executors are given."""
    return this_worker().run(chunk)


class _Supervision:
    """The tasks of one chunk, until each has an outcome, or until it has taken long enough."""

    def __init__(self, worker: Worker, chunk: Chunk, forms: Mapping[bytes, bytes]) -> None:
        self._worker = worker
        self._terms = chunk.terms
        self._tasks = chunk.tasks
        self._forms = forms
        self._waiting = deque(range(len(self._tasks)))
        self._attempts: Counter[int] = Counter()
        self._outcomes: dict[int, bytes] = {}
        self._generation = worker.generation
        self._starts = _STARTS
        self._began: float | None = None

    def outcomes(self) -> dict[int, bytes]:
        """Return outcomes by place in the chunk; of what has none, nothing was tried."""
        while self._waiting:
            if self._began is not None and time.monotonic() > self._began + BUDGET:
                # What has been tried is tried to its end here, where its attempts are known.
                self._waiting = deque(at for at in self._waiting if self._attempts[at])
                if not self._waiting:
                    break
            self._round()
        return self._outcomes

    def _round(self) -> None:
        """Ask one process for all that waits, as far as it gets."""
        process = self._worker.process()
        asked = list(self._waiting)
        began = time.monotonic()
        try:
            self._check_that_it_goes_on()
            for at, answer in zip(asked, process.ask(self._terms, self._orders(asked), self._forms), strict=False):
                self._began = self._began or began
                if answer is None:
                    self._check_that_it_goes_on()
                elif answer[:1] in {RETIRED, PAUSE}:
                    if answer.startswith(RETIRED):
                        process.kill()
                    return
                self._take_answer(at, answer, process, began)
                began = time.monotonic()
        except Interrupted:
            # It was nothing that a task did, but it must not go on for ever.
            self._check_that_it_goes_on()
            self._starts -= 1
            if not self._starts:
                raise
        except BaseException:
            process.kill()
            raise
        finally:
            self._worker.give_back(process)

    def _orders(self, places: list[int]) -> list[TaskOrder]:
        return [self._tasks[at] for at in places]

    def _take_answer(self, at: int, answer: bytes | None, process: Process, began: float) -> None:
        self._waiting.remove(at)
        self._attempts[at] += 1
        is_last = self._attempts[at] > self._terms.retries
        if answer is None:
            error = process.why_it_ended(self._terms.timeout)
            seconds = time.monotonic() - began
            outcome = Outcome(None, None, error, seconds, 0.0, process.name, self._attempts[at])
            answer = FAILED + pickle.dumps(tuple(outcome), protocol=5)
        elif answer.startswith(LAST):
            process.kill()
        if answer[:1] in {FAILED, LAST} and not is_last:
            self._waiting.append(at)
        elif self._attempts[at] > 1:
            known = Outcome(*pickle.loads(answer[1:]))  # noqa: S301 (from our own process)
            self._outcomes[at] = pickle.dumps(tuple(known._replace(attempts=self._attempts[at])), protocol=5)
        else:
            self._outcomes[at] = answer[1:]

    def _check_that_it_goes_on(self) -> None:
        if self._worker.generation != self._generation:
            raise Stopped
