# SPDX-License-Identifier: Apache-2.0
"""Jobs are run by processes of their own: a simulator that crashes must not take anybody with it, and one that is not wanted
any more can be ended.

Run as a program, this is such a process: it reads requests from standard input and writes replies to standard output, each
behind its length.
"""  # noqa: D205 (one sentence is not enough)

from __future__ import annotations

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..snapshot import Snapshot

_LENGTH = struct.Struct(">Q")


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
    """A process that runs jobs, one after the other; started when it is needed, and again if it died."""

    def __init__(self) -> None:
        """Prepare; no process is started yet."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process unless it runs; it takes a second or two until it replies."""
        with self._lock:
            self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._close()
            self._process = subprocess.Popen(  # noqa: S603 (this interpreter, and this file)
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Ctrl-C is for who waits for the job, not for what runs it.
                start_new_session=True,
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
                _write(process.stdin, pickle.dumps((program, params, snapshot, has_noise)))
        with suppress(OSError, ValueError):
            reply = _read(process.stdout)
        if reply is None:
            raise SimulatorDied(f"exit status {process.wait()}")
        # It comes from our own process.
        result, failure = pickle.loads(reply)  # noqa: S301
        if failure is not None:
            raise JobFailed(*failure)
        return bytes(result)

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


def _write(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(_LENGTH.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """Return what is behind the next length, ``None`` at the end."""
    start = pipe.read(_LENGTH.size)
    if len(start) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(start)
    content = pipe.read(length)
    return content if len(content) == length else None


def _main() -> None:
    # What the simulator prints must not get between the replies.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=[requests], daemon=True).start()
    from .devices import Device
    from .programs import run_job
    from .wire import BadInputError

    while True:
        program, params, snapshot, has_noise = pickle.loads(requests.get())  # noqa: S301 (of who started this process)
        result, failure = b"", None
        try:
            result = run_job(program, params, Device([snapshot]), has_noise)
        except BadInputError as error:
            failure = (str(error), True, "")
        except Exception as error:
            failure = (f"The simulation failed: {error}", False, traceback.format_exc())
        _write(replies, pickle.dumps((result, failure)))


def _receive(requests: queue.SimpleQueue[bytes]) -> None:
    """Take requests, until nobody is there to wait for replies; then end, also in the middle of a job."""
    while (request := _read(sys.stdin.buffer)) is not None:
        requests.put(request)
    os._exit(0)


if __name__ == "__main__":
    _main()
