# SPDX-License-Identifier: Apache-2.0
"""A transpiler process as its worker sees it: asked for tasks, watched, and ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import tempfile
from collections.abc import Iterator, Mapping

from ..._processes import ChildProcess, name_of_end
from .blob_cache import BlobCache, needs_of
from .protocol import LAST, WORKER_LOST, RunConfig, TaskSpec

#: Seconds that a process gets to end by itself after a timeout (it writes a traceback, which takes milliseconds), and
#: to start (it imports Qiskit, which takes a minute on the busy file system of a cluster).
_GRACE, _START = 5.0, 300.0
#: Characters that are kept of the traceback of a timeout.
_MAX_TRACE = 2000
#: By these, machines and their schedulers end processes; no task ends its own like that by mistake.
_FROM_OUTSIDE = {"SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGXCPU"}
#: Settings that make results independent of the machine, and keep the transpiler off processors that other workers
#: have.
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0", "QISKIT_PARALLEL": "FALSE", "QISKIT_IN_PARALLEL": "TRUE", "QISKIT_SETTINGS": os.devnull,
    # A pass may describe a sweep.
    "QISKIT_IBM_NATIVE_WARM_START": "0",
    "RAYON_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}  # fmt: skip
_DROPPED = ("QISKIT_SABRE_ALL_THREADS", "QISKIT_TRANSPILER_SEED", "QISKIT_FORCE_THREADS")
#: Variables that tell a process that it is part of an MPI program, which this one is not.
_MPI = ("OMPI_", "PMI_", "PMIX_", "MPI_", "HYDRA_", "MPIR_", "I_MPI_")


class NotStarted(Exception):  # noqa: N818 (it is nobody's error yet)
    """A process does not start here, or is not what the driver needs."""


class Interrupted(NotStarted):
    """A process was killed while it started, or took too long; another one may do better."""


class TranspilerProcess:
    """A process that transpiles."""

    def __init__(self) -> None:
        """Start the process.

        Raises:
            OSError: The system does not let it start.
        """
        #: The blobs that the process has.
        self._known = BlobCache()
        #: The file to which the process writes a traceback when a task takes too long.
        self._trace = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed with the process)
        try:
            self._child = ChildProcess(
                "qiskit_ibm_native.sweeps.worker.transpiler_main",
                self._trace.fileno(),
                environment=environment_of_processes(),
                descriptors=(self._trace.fileno(),),
                with_current_folder=True,
                keep_output=True,
            )
        except BaseException:
            self._trace.close()
            raise
        self.name = f"{socket.gethostname()}:{self._child.pid}"
        self._versions: tuple[str, ...] | None = None
        self._is_overdue = False

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._child.is_alive

    def _wait_until_ready(self, config: RunConfig) -> None:
        if self._versions is None:
            greeting = self._receive(_START)
            if greeting is None:
                # A process that ends by itself, with a traceback, would do so again.
                kind = Interrupted if self._child.kill(wait=_GRACE) < 0 else NotStarted
                raise kind(f"the process that transpiles does not start: {self._child.output}")
            self._versions = tuple(greeting.decode().split())
        if self._versions != config.versions:
            raise NotStarted(
                f"it has Qiskit and this package in versions {self._versions}, the driver {config.versions}"
            )

    def ask(self, config: RunConfig, tasks: list[TaskSpec], blobs: Mapping[bytes, bytes]) -> Iterator[bytes | None]:
        """Give tasks to the process, and yield one answer after the other.

        Args:
            config: The options of the run.
            tasks: The tasks.
            blobs: All blobs that the tasks need, by digest; those that the process does not have are sent.

        Yields:
            Messages as :mod:`.protocol` has them; ``None`` if the process ended before all tasks were answered.

        Raises:
            NotStarted: The process does not even start, or has other versions than the driver.
        """
        self._wait_until_ready(config)
        needs = needs_of(task.needs for task in tasks)
        unsent = {digest: blobs[digest] for digest in self._known.missing(needs)}
        self._known.put(unsent, needs)
        plain = tuple(config), [tuple(task) for task in tasks], unsent
        # A process that ended reads nothing, but may have said why.
        with contextlib.suppress(OSError):
            self._child.send(pickle.dumps(plain, protocol=5))
        for _ in tasks:
            answer = self._receive(None if config.timeout is None else config.timeout + _GRACE)
            yield answer
            if answer is None or answer.startswith(LAST):
                return

    def _receive(self, seconds: float | None) -> bytes | None:
        """Return the next message; ``None`` if the process ended, or did not answer in time."""
        try:
            return self._child.receive(seconds)
        except TimeoutError:
            self._is_overdue = True
            return None

    def why_it_ended(self, timeout: float | None) -> tuple[str, str]:
        """Return the class of the error and its message, for a process that ended in the midst of a task."""
        is_stuck = self._child.wait(_GRACE) is None
        code = self._child.kill()
        self._trace.seek(0)
        traceback = self._trace.read(_MAX_TRACE).decode(errors="replace").strip()
        if self._is_overdue or traceback:
            return "TimeoutError", f"The task took more than {timeout:g} s.\n{traceback}".strip()
        end = name_of_end(code)
        if end in _FROM_OUTSIDE and not is_stuck:
            text = f"The process of the task was ended by {end}, perhaps because the machine had no memory left."
            return WORKER_LOST, f"{text}\n{self._child.output}".strip()
        return "WorkerDied", f"The process of the task ended by {end}.\n{self._child.output}".strip()

    def kill(self) -> None:
        """End the process and all that it started."""
        self._child.kill()

    def close(self) -> None:
        """End the process and close the files that lead to it."""
        self._child.close()
        self._trace.close()

    def close_files(self) -> None:
        """Close the files that lead to the process, and leave it alone."""
        self._child.close_files()
        self._trace.close()


def environment_of_processes() -> dict[str, str]:
    """Return the environment variables with which processes start now."""
    inherited = {name: value for name, value in os.environ.copy().items() if not name.startswith(_MPI)}
    for name in _DROPPED:
        inherited.pop(name, None)
    return {**inherited, **_ENVIRONMENT}
