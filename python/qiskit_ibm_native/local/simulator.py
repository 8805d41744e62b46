# SPDX-License-Identifier: Apache-2.0
"""Jobs are run by processes of their own: a simulator that crashes must not take anybody with it, and one that is not wanted
any more can be ended.

This is such a process from outside; ``simulation.py`` is what runs inside of it.
"""  # noqa: D205 (one sentence is not enough)

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from .._processes import import_path
from .frames import read_frame, write_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..snapshot import Snapshot

#: The exit status of a process that needed more memory than it may have.
OUT_OF_MEMORY = 77
#: What a process ends by that gets no memory where nothing catches that, and what ends it if the machine has none left.
_PERHAPS_MEMORY = (-6, -9)
#: The current folder is on the path of every program that is not a file, until something is imported from elsewhere. No flag
#: that Python 3.10 knows prevents that without ignoring the user's environment too.
_PROGRAM = (
    "import sys; sys.path[:] = {path!r}; from qiskit_ibm_native.local.simulation import main; main({parent}, {memory})"
)


class SimulatorDied(Exception):  # noqa: N818 (it is what happened)
    """The process ended before it replied."""


class JobFailed(Exception):  # noqa: N818 (it is what happened)
    """The job could not be run.

    Attributes:
        is_bad: Whether that is because of what was submitted.
        logs: Where it happened.
    """

    def __init__(self, text: str, is_bad: bool, logs: str) -> None:
        """Create it of a text for the user, and of what belongs into the job's log."""
        super().__init__(text)
        self.is_bad = is_bad
        self.logs = logs


class Simulator:
    """A process that runs jobs, one after the other; started when it is needed, and again if it died.

    One thread starts and asks it, and lives as long as it: on Linux, the process ends with that thread.
    """

    def __init__(self, memory: int) -> None:
        """Prepare; no process is started yet.

        Args:
            memory: How much a job may allocate, in bytes.
        """
        self._memory = memory
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process unless it runs; it takes a second or two until it replies."""
        with self._lock:
            self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._close()
            program = _PROGRAM.format(path=import_path(), parent=os.getpid(), memory=self._memory)
            self._process = subprocess.Popen(  # noqa: S603 (this interpreter, and our own program)
                [sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Ctrl-C is for who waits for the job, not for what runs it.
                start_new_session=True,
                # A copy: another thread may change the environment while the process starts, which then has none.
                env=os.environ.copy(),
            )
        return self._process

    def run(
        self, program: str, params: bytes, snapshot: Snapshot, has_noise: bool, is_wanted: Callable[[], bool]
    ) -> bytes:
        """Run a job; return its results as they are sent.

        Args:
            program: The program's name.
            params: The job's ``params``, as JSON.
            snapshot: The device.
            has_noise: Whether the device is as noisy as its calibration says.
            is_wanted: Whether the job is still to be run; asked when nothing can be killed in between any more.

        Raises:
            JobFailed: It could not be run.
            SimulatorDied: The process crashed, or was killed, or the job is not wanted any more.
        """
        reply = None
        with self._lock:
            if not is_wanted():
                raise SimulatorDied("not wanted")
            process = self._started()
            assert process.stdin is not None  # noqa: S101 (asked for above)
            assert process.stdout is not None  # noqa: S101 (asked for above)
            with suppress(OSError, ValueError):
                write_frame(process.stdin, pickle.dumps((program, params, snapshot, has_noise)))
        with suppress(OSError, ValueError):
            reply = read_frame(process.stdout)
        if reply is None:
            raise self._reason(process.wait())
        # It comes from our own process.
        result, failure = pickle.loads(reply)  # noqa: S301
        if failure is not None:
            raise JobFailed(*failure)
        return bytes(result)

    def _reason(self, status: int) -> Exception:
        bound = f"the {self._memory >> 20} MiB that the service lets a job have"
        if status == OUT_OF_MEMORY:
            return JobFailed(f"The job needs more memory than {bound}", is_bad=True, logs="")
        hint = f"; perhaps it needed more memory than {bound}" if status in _PERHAPS_MEMORY else ""
        return SimulatorDied(f"exit status {status}{hint}")

    def kill(self) -> None:
        """End the process, and what it runs."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End the process and wait until it has ended."""
        self.kill()
        with self._lock:
            self._close()

    def descriptors(self) -> list[int]:
        """Return the descriptors of the pipes to and from the process."""
        process = self._process
        pipes = () if process is None else (process.stdin, process.stdout)
        return [pipe.fileno() for pipe in pipes if pipe is not None and not pipe.closed]

    def _close(self) -> None:
        if self._process is not None:
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:
                        # What was not written any more.
                        continue
            self._process = None
