# SPDX-License-Identifier: Apache-2.0
"""What an executor's worker does: it gives tasks to a process of its own, watches over it, and reports.

A worker has no Qiskit and does nothing that could go wrong because of a task. That is why a task that ends its process,
hangs, or eats all memory costs nothing but itself, on whatever executor.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

from .child import FAILED, LAST, RETIRED
from .materials import Materials, needs_of
from .messages import Chunk, Outcome, Reply, TaskOrder, Terms, read_frame, write_frame

#: Seconds that a process gets to end by itself when its time is over.
_GRACE = 5.0
_MOST_TEXT = 2000
#: How many processes are started for a chunk in place of those that were killed before they were ready.
_STARTS = 20
#: How a traceback begins that is written because time is over.
_TIMEOUT = "Timeout ("
#: Bytes of messages of a process that are kept between tasks.
_MOST_MESSAGES = 1 << 20
#: What makes the transpiler's results depend on the machine, or lets it use processors that other workers have.
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0", "QISKIT_PARALLEL": "FALSE", "QISKIT_IN_PARALLEL": "TRUE", "QISKIT_SETTINGS": os.devnull,
    "RAYON_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}  # fmt: skip
_DROPPED = ("QISKIT_SABRE_ALL_THREADS", "QISKIT_TRANSPILER_SEED", "QISKIT_FORCE_THREADS")
#: Variables that tell a process that it is part of an MPI program, which this one is not.
_MPI = ("OMPI_", "PMI_", "PMIX_", "MPI_", "HYDRA_", "MPIR_", "I_MPI_")
_START = "import sys; sys.path[:] = {path!r}; from qiskit_ibm_native.sweeps.child import main; main()"


class Stopped(Exception):  # noqa: N818 (it is no error: nobody wants the result any more)
    """The run is over."""


class Interrupted(RuntimeError):  # noqa: N818 (of the driver's terms)
    """A process was killed while it started."""


class Process:
    """A process that transpiles."""

    def __init__(self) -> None:
        """Start one."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_MPI)}
        for name in _DROPPED:
            environment.pop(name, None)
        self.known = Materials()
        #: Where what it says is kept: when it crashes, that is all that tells why.
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        # In a session of its own, so that Ctrl-C reaches the driver alone.
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter)
            [sys.executable, "-c", _START.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env={**environment, **_ENVIRONMENT},
            start_new_session=True,
        )
        self.name = f"{socket.gethostname()}:{self._process.pid}"
        self._is_ready = False
        self._is_overdue = False

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def _wait_until_ready(self) -> None:
        if not self._is_ready and read_frame(self._process.stdout) is None:  # type: ignore[arg-type]
            self.kill(wait=_GRACE)
            kind = Interrupted if self._process.returncode < 0 else RuntimeError
            raise kind(f"The process that transpiles does not start.\n{self._said()}")
        self._is_ready = True

    @property
    def has_retired(self) -> bool:
        """Whether it ended because it had nothing to do for long."""
        self.kill(wait=_GRACE)
        return self._process.returncode == RETIRED

    def ask(self, terms: Terms, tasks: list[TaskOrder], forms: Mapping[bytes, bytes]) -> Iterator[bytes | None]:
        """Give it tasks, and return one answer after the other, then ``None`` if it ended before all were given.

        Raises:
            RuntimeError: It does not even start.
        """
        self._wait_until_ready()
        needs = needs_of(task.needs for task in tasks)
        lacking = {digest: forms[digest] for digest in self.known.lacking(needs)}
        self.known.take(lacking, needs)
        plain = tuple(terms), [tuple(task) for task in tasks], lacking
        self._forget_messages()
        try:
            write_frame(self._process.stdin, pickle.dumps(plain, protocol=5))  # type: ignore[arg-type]
        except OSError:
            yield None
            return
        for _ in tasks:
            answer = self._answer(terms.timeout)
            yield answer
            if answer is None or answer.startswith(LAST):
                return

    def _answer(self, timeout: float | None) -> bytes | None:
        if timeout is None:
            return read_frame(self._process.stdout)  # type: ignore[arg-type]
        # It ends by itself then. This is for one that is stopped, or cannot even do that.
        timer = threading.Timer(timeout + _GRACE, self._give_up)
        timer.start()
        try:
            return read_frame(self._process.stdout)  # type: ignore[arg-type]
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._is_overdue = True
        self._process.kill()

    def _forget_messages(self) -> None:
        if os.fstat(self._messages.fileno()).st_size > _MOST_MESSAGES:
            self._messages.truncate(0)
            self._messages.seek(0)

    def _said(self) -> str:
        """Return the end of what it wrote; what it wrote at a timeout begins the text."""
        size = os.fstat(self._messages.fileno()).st_size
        self._messages.seek(max(0, size - _MOST_MESSAGES))
        said = self._messages.read().decode(errors="replace").strip()
        at = said.rfind(_TIMEOUT)
        return said[-_MOST_TEXT:] if at < 0 else said[at : at + _MOST_TEXT]

    def why_it_ended(self, timeout: float | None) -> tuple[str, str]:
        """Return the class of the error and its message, for a process that ended in the midst of a task."""
        self.kill(wait=_GRACE)
        code, said = self._process.returncode, self._said()
        if self._is_overdue or (timeout is not None and code == 1 and said.startswith(_TIMEOUT)):
            return "TimeoutError", f"The task took more than {timeout:g} s.\n{said}".strip()
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        hint = " Perhaps there was not enough memory." if code == -signal.SIGKILL else ""
        return "WorkerDied", f"The process of the task ended by {name}.{hint}\n{said}".strip()

    def kill(self, *, wait: float = 0.0) -> None:
        """End it, after it had so many seconds to end by itself."""
        try:
            self._process.wait(wait)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it and forget it."""
        self.kill()
        for file in (self._process.stdin, self._process.stdout, self._messages):
            try:
                if file is not None:
                    file.close()
            except OSError:
                # What could not be written is of no use any more.
                pass


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

    def process(self) -> Process:
        """Return a process that nobody else uses; :meth:`give_back` ends that."""
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    break
                process.close()
            else:
                process = Process()
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
            RuntimeError: No process can be started.
            Stopped: :meth:`stop` was called.
        """
        forms, missing = self._forms_of(chunk)
        if missing:
            return Reply(self.name, missing, [])
        return Reply(self.name, [], _Supervision(self, chunk, forms).outcomes())

    def _forms_of(self, chunk: Chunk) -> tuple[dict[bytes, bytes], list[bytes]]:
        """Take what came with a chunk, and return what its tasks need, or what of that is missing."""
        needs = needs_of(task.needs for task in chunk.tasks)
        with self._lock:
            missing = [digest for digest in self._forms.lacking(needs) if digest not in chunk.materials]
            if missing:
                return {}, missing
            self._forms.take(chunk.materials, needs)
            return {digest: self._forms[digest] for digest in needs}, []

    def stop(self) -> None:
        """End all processes; tasks that are being done are given up."""
        with self._lock:
            self._generation += 1
            idle, busy = list(self._idle), list(self._busy)
            self._idle.clear()
            self._busy.clear()
        for process in idle:
            process.close()
        for process in busy:
            # Who uses it notices, and closes it.
            process.kill()

    @property
    def generation(self) -> int:
        """How often :meth:`stop` was called."""
        return self._generation


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


def _forget_worker() -> None:
    global _worker, _worker_lock
    _worker, _worker_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_worker)


def run_chunk(chunk: Chunk) -> Reply:
    """Do the tasks of a chunk; what executors are given."""
    return this_worker().run(chunk)


class _Supervision:
    """The tasks of one chunk, until each has an outcome."""

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

    def outcomes(self) -> list[bytes]:
        while self._waiting:
            self._round()
        return [self._outcomes[at] for at in range(len(self._tasks))]

    def _round(self) -> None:
        """Ask one process for all that waits, as far as it gets."""
        process = self._worker.process()
        asked = list(self._waiting)
        try:
            self._check_that_it_goes_on()
            answers = process.ask(self._terms, [self._tasks[at] for at in asked], self._forms)
            for at, answer in zip(asked, answers, strict=False):
                if answer is None:
                    self._check_that_it_goes_on()
                if answer is None and at == asked[0] and process.has_retired:
                    return
                self._waiting.popleft()
                self._attempts[at] += 1
                if answer is None:
                    self._take_error(at, process.name, process.why_it_ended(self._terms.timeout))
                elif answer[:1] in {FAILED, LAST} and self._attempts[at] <= self._terms.retries:
                    self._waiting.append(at)
                else:
                    self._take(at, answer[1:])
                if answer is not None and answer.startswith(LAST):
                    process.kill()
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

    def _check_that_it_goes_on(self) -> None:
        if self._worker.generation != self._generation:
            raise Stopped

    def _take(self, at: int, outcome: bytes) -> None:
        if self._attempts[at] > 1:
            known = Outcome(*pickle.loads(outcome))  # noqa: S301 (from our own process)
            outcome = pickle.dumps(tuple(known._replace(attempts=self._attempts[at])), protocol=5)
        self._outcomes[at] = outcome

    def _take_error(self, at: int, name: str, error: tuple[str, str]) -> None:
        if self._attempts[at] <= self._terms.retries:
            self._waiting.append(at)
            return
        outcome: Any = Outcome(None, None, error, 0.0, 0.0, name, self._attempts[at])
        self._outcomes[at] = pickle.dumps(tuple(outcome), protocol=5)
