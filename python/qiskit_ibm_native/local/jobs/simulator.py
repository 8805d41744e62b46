# SPDX-License-Identifier: Apache-2.0
"""A simulator process as the service sees it. :mod:`.simulator_main` is its main program.

Jobs are run by processes of their own, so that a simulator that crashes takes nothing with it, and one that is not
wanted any more can be ended.
"""

from __future__ import annotations

import os
import pickle
import re
import signal
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ..._processes import ChildProcess
from ..._threads import available_processors
from .starter import in_lasting_thread

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from ...snapshot import Snapshot
    from ..service.limits import Limits

_MAIN = "qiskit_ibm_native.local.jobs.simulator_main"
#: The exit code of a process that needed more memory than it may have.
OUT_OF_MEMORY = 77
#: Seconds that a process gets to end by itself after its end of the channel was closed.
_GRACE = 5.0
#: Words of libraries that got no memory.
NO_MEMORY = re.compile(r"bad_alloc|(allocate|insufficient) memory", re.IGNORECASE)


class SimulatorDied(Exception):  # noqa: N818 (it is what happened)
    """The process ended before it replied."""


class JobFailed(Exception):  # noqa: N818 (it is what happened)
    """The job could not be run.

    Attributes:
        is_bad: Whether the job as it was submitted is to blame.
        logs: The traceback; empty if the text says all.
    """

    def __init__(self, text: str, is_bad: bool, logs: str) -> None:
        """Create the error of a text for the user, and a text for the job's log."""
        super().__init__(text)
        self.is_bad = is_bad
        self.logs = logs


def number_of_workers(number: int | None = None) -> int:
    """Return the number of jobs that run at once: ``number``, by default that of processors, at most 4."""
    return min(available_processors(), 4) if number is None else number


def start_simulator(limits: Limits, workers: int | None) -> Simulator:
    """Return a simulator that is starting, for one of so many jobs that run at once."""
    simulator = Simulator(limits.memory_of_a_job(max(number_of_workers(workers), 1)))
    simulator.start()
    return simulator


class Simulator:
    """A process that runs jobs, one after the other; it is started when it is needed, and again if it died.

    On Linux, the process ends with this one, whatever it does at that moment.
    """

    def __init__(self, memory: int) -> None:
        """Prepare; no process is started yet.

        Args:
            memory: Bytes that a job may allocate.
        """
        self._memory = memory
        self._lock = threading.Lock()
        self._process: ChildProcess | None = None
        self._is_warm = False
        self._is_running = False

    @property
    def is_started(self) -> bool:
        """Whether the process runs."""
        process = self._process
        return process is not None and process.is_alive

    @property
    def is_running(self) -> bool:
        """Whether a job runs whose reply has not come yet."""
        return self._is_running

    @property
    def is_warm(self) -> bool:
        """Whether the process runs, and has imported all that it needs."""
        with self._lock:
            process = self._process
            if process is None or not process.is_alive:
                return False
            # Its first message says so; while a job runs, that message is taken by who waits for the job.
            if not self._is_warm and not self._is_running and process.has_message():
                self._is_warm = process.receive() is not None
            return self._is_warm

    def start(self) -> None:
        """Start the process unless it runs; it takes a second or two until it replies."""
        with self._lock:
            self._started()

    def _started(self) -> ChildProcess:
        if self._process is None or not self._process.is_alive:
            self._close()
            # Threads of Aer that have nothing to do would wait by computing: half of the processor time of short jobs.
            environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
            start = partial(ChildProcess, _MAIN, os.getpid(), self._memory, environment=environment, keep_output=True)
            self._process = in_lasting_thread(start)
        return self._process

    def run(
        self,
        program: str,
        params: bytes,
        snapshot: Snapshot,
        has_noise: bool,
        is_wanted: Callable[[], bool],
        *,
        begins: datetime.datetime | None = None,
    ) -> bytes:
        """Run a job; return its results as JSON.

        Args:
            program: The program's name.
            params: The job's ``params``, as JSON.
            snapshot: The device.
            has_noise: Whether the device is as noisy as its calibration says, or ideal.
            is_wanted: Tells whether the job is still to be run; called while :meth:`kill` waits.
            begins: The time at which the job begins, if that is not the present.

        Raises:
            JobFailed: The job could not be run.
            SimulatorDied: The process crashed or was killed, or the job is not wanted any more.
        """
        with self._lock:
            if not is_wanted():
                raise SimulatorDied("not wanted")
            process = self._started()
            self._is_running = True
            with suppress(OSError):
                process.send(pickle.dumps((program, params, snapshot, has_noise, begins)))
        try:
            self._is_warm = self._is_warm or process.receive() is not None
            reply = process.receive() if self._is_warm else None
        finally:
            self._is_running = False
        if reply is None:
            raise self._reason(process.kill(wait=_GRACE), process.output)
        # It comes from our own process.
        result, failure = pickle.loads(reply)  # noqa: S301
        if failure is not None:
            raise JobFailed(*failure)
        return bytes(result)

    def _reason(self, status: int, printed: str) -> Exception:
        bound = f"the {self._memory >> 20} MiB that the service lets a job have"
        if status == OUT_OF_MEMORY:
            return JobFailed(f"The job needs more memory than {bound}", is_bad=True, logs="")
        last = printed.splitlines()[-1].strip() if printed else ""
        # A machine that has no memory left sends SIGKILL; a library that gets none and aborts prints that.
        is_plausible = status == -signal.SIGKILL or NO_MEMORY.search(printed)
        hint = f"; perhaps it needed more memory than {bound}" if is_plausible else ""
        return SimulatorDied(f"exit status {status}{hint}{f': {last}' if last else ''}")

    def kill(self) -> None:
        """End the process, and the job that it runs."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End the process, and close the files that lead to it."""
        with self._lock:
            self._close()

    def descriptors(self) -> list[int]:
        """Return the descriptors of this process that lead to the other one."""
        process = self._process
        return [] if process is None else process.descriptors()

    def _close(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None
        self._is_warm = False
