# SPDX-License-Identifier: Apache-2.0
"""A process that transpiles, as its worker sees it: asked through a pipe, watched, and ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping

from ..._processes import import_path
from .blob_cache import Materials, needs_of
from .protocol import LENGTH, WORKER_LOST, TaskOrder, Terms, write_frame
from .transpiler_main import LAST

#: Seconds that a process gets to end by itself when its time is over, and to start.
_GRACE, _START = 5.0, 300.0
#: Seconds after which it is looked at whether a process is there at all.
_LOOK = 0.5
#: How much is kept of what a process says: when it crashes, that is all that tells why.
_MOST_TEXT = 2000
#: By these, machines and their schedulers end processes; no task ends its own like that by mistake.
_FROM_OUTSIDE = {"SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGXCPU"}
#: What makes the transpiler's results depend on the machine, or lets it use processors that other workers have.
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0", "QISKIT_PARALLEL": "FALSE", "QISKIT_IN_PARALLEL": "TRUE", "QISKIT_SETTINGS": os.devnull,
    "RAYON_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}  # fmt: skip
_DROPPED = ("QISKIT_SABRE_ALL_THREADS", "QISKIT_TRANSPILER_SEED", "QISKIT_FORCE_THREADS")
#: Variables that tell a process that it is part of an MPI program, which this one is not.
_MPI = ("OMPI_", "PMI_", "PMIX_", "MPI_", "HYDRA_", "MPIR_", "I_MPI_")
_PROGRAM = "import sys; sys.path[:] = {path!r}; from qiskit_ibm_native.sweeps.worker.transpiler_main import main; main({trace})"


class NotStarted(Exception):  # noqa: N818 (it is nobody's error yet)
    """A process does not start here, or is not what the driver needs."""


class Interrupted(NotStarted):
    """A process was killed while it started, or took too long; another one may do better."""


class Process:
    """A process that transpiles."""

    def __init__(self) -> None:
        """Start one.

        Raises:
            OSError: The system does not let it start.
        """
        self.known = Materials()
        #: Where it writes what it was doing when its time was over.
        self._trace = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed with the process)
        try:
            self._process = _started(self._trace.fileno())
        except BaseException:
            self._trace.close()
            raise
        self.name = f"{socket.gethostname()}:{self._process.pid}"
        self._versions: tuple[str, ...] | None = None
        self._is_overdue = False
        self._said = b""
        # select() would refuse descriptors above 1023, which programs with many open files have.
        self._answers = select.poll()
        self._answers.register(self._process.stdout, select.POLLIN)  # type: ignore[arg-type]
        self._listener = threading.Thread(target=self._listen, daemon=True)
        try:
            self._listener.start()
        except RuntimeError as error:
            self.kill()
            self.close_files()
            raise OSError(str(error)) from error

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def _listen(self) -> None:
        """Keep the end of what it says; whatever it is, it must not fill anything."""
        stream = self._process.stderr
        with contextlib.suppress(OSError, ValueError):
            while stream is not None and (said := stream.read(1 << 16)):
                self._said = (self._said + said)[-_MOST_TEXT:]

    def _text(self) -> str:
        self._listener.join(_LOOK)
        return self._said.decode(errors="replace").strip()

    def _wait_until_ready(self, terms: Terms) -> None:
        if self._versions is None:
            hello = self._frame(_START)
            if hello is None:
                was_alive = self.is_alive
                self.kill(wait=_GRACE)
                kind = Interrupted if was_alive or self._process.returncode < 0 else NotStarted
                raise kind(f"the process that transpiles does not start: {self._text()}")
            self._versions = tuple(hello.decode().split())
        if self._versions != terms.versions:
            raise NotStarted(
                f"it has Qiskit and this package in versions {self._versions}, the driver {terms.versions}"
            )

    def ask(self, terms: Terms, tasks: list[TaskOrder], forms: Mapping[bytes, bytes]) -> Iterator[bytes | None]:
        """Give it tasks, and return one answer after the other, then ``None`` if it ended before all were given.

        Raises:
            NotStarted: It does not even start, or has other versions.
        """
        self._wait_until_ready(terms)
        needs = needs_of(task.needs for task in tasks)
        lacking = {digest: forms[digest] for digest in self.known.lacking(needs)}
        self.known.take(lacking, needs)
        plain = tuple(terms), [tuple(task) for task in tasks], lacking
        # A process that ended reads nothing, but may have said why.
        with contextlib.suppress(OSError):
            write_frame(self._process.stdin, pickle.dumps(plain, protocol=5))  # type: ignore[arg-type]
        for _ in tasks:
            answer = self._frame(None if terms.timeout is None else terms.timeout + _GRACE)
            yield answer
            if answer is None or answer.startswith(LAST):
                return

    def _frame(self, seconds: float | None) -> bytes | None:
        """Read an answer; ``None`` if the process ended, or did not answer in time."""
        deadline = None if seconds is None else time.monotonic() + seconds
        head = self._read(LENGTH.size, deadline)
        return None if head is None else self._read(LENGTH.unpack(head)[0], deadline)

    def _read(self, count: int, deadline: float | None) -> bytes | None:
        """Read so many bytes. What the process started may keep the pipe open when it is gone, so its end tells nothing."""
        assert self._process.stdout is not None  # noqa: S101 (it is a pipe)
        parts: list[bytes] = []
        while count:
            if not self._answers.poll(_LOOK * 1000):
                if not self.is_alive:
                    return None
                if deadline is not None and time.monotonic() > deadline:
                    self._is_overdue = True
                    self.kill()
                    return None
                continue
            part = self._process.stdout.read(count)
            if not part:
                return None
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def why_it_ended(self, timeout: float | None) -> tuple[str, str]:
        """Return the class of the error and its message, for a process that ended in the midst of a task."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        is_stuck = self.is_alive
        self.kill()
        self._trace.seek(0)
        where = self._trace.read(_MOST_TEXT).decode(errors="replace").strip()
        if self._is_overdue or where:
            return "TimeoutError", f"The task took more than {timeout:g} s.\n{where}".strip()
        code = self._process.returncode
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        if name in _FROM_OUTSIDE and not is_stuck:
            text = f"The process of the task was ended by {name}, perhaps because the machine had no memory left."
            return WORKER_LOST, f"{text}\n{self._text()}".strip()
        return "WorkerDied", f"The process of the task ended by {name}.\n{self._text()}".strip()

    def kill(self, *, wait: float = 0.0) -> None:
        """End it, after it had so many seconds to end by itself, and all that it started."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(wait)
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it and forget it."""
        self.kill()
        self._listener.join(_LOOK)
        self.close_files()

    def close_files(self) -> None:
        """Close this process's ends of the pipes."""
        for file in (self._process.stdin, self._process.stdout, self._process.stderr, self._trace):
            with contextlib.suppress(OSError):
                if file is not None:
                    file.close()


def _started(trace: int) -> subprocess.Popen[bytes]:
    """Start the interpreter, which writes tracebacks of timeouts to the file ``trace``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_MPI)}
    for name in _DROPPED:
        environment.pop(name, None)
    # In a session of its own, so that Ctrl-C reaches the driver alone, and all that it starts ends with it. The program
    # exchanges sys.path before it imports anything, so that the current folder counts only if it does so here.
    return subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", _PROGRAM.format(path=import_path(with_current_folder=True), trace=trace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env={**environment, **_ENVIRONMENT},
        start_new_session=True,
        pass_fds=(trace,),
    )
