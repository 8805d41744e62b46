# SPDX-License-Identifier: Apache-2.0
"""Main program of the process that runs jobs."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from contextlib import suppress

from ..._processes import Channel, channel_to_parent, limit_memory
from .simulator import NO_MEMORY, OUT_OF_MEMORY
from .warming import warm_up

#: From ``linux/prctl.h``.
_PR_SET_PDEATHSIG = 1


def main(descriptor: int, parent: int, memory: int) -> None:
    """Run jobs until nobody is there to wait for them.

    Args:
        descriptor: The channel to the service.
        parent: The identifier of the process that started this one.
        memory: Bytes that a job may allocate.
    """
    _end_with(parent)
    # Threads of numpy's products of matrices wait for each other actively: with two, ten times the processor time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    channel = channel_to_parent(descriptor)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=[channel, requests], daemon=True).start()
    # Before the limit: modules that jobs need do not count as memory of the job.
    warm_up(requests.empty)
    channel.send(b"ready")
    limit_memory(memory)
    while True:
        try:
            channel.send(_reply(requests.get(), memory))
        except MemoryError:
            # The state of this process is unknown now; the next job gets another one.
            os._exit(OUT_OF_MEMORY)


def _reply(request: bytes, memory: int) -> bytes:
    from ..devices import Device
    from ..errors import BadInputError
    from ..programs.run import run_job

    program, params, snapshot, has_noise, begins = pickle.loads(request)  # noqa: S301 (of the process that started this one)
    result, failure = b"", None
    try:
        result = run_job(program, params, Device([snapshot]), has_noise, memory, begins)
    except Exception as error:
        _raise_if_without_memory(error)
        hint = f" (a job may have {memory >> 20} MiB)" if NO_MEMORY.search(str(error)) else ""
        if isinstance(error, BadInputError):
            failure = (f"{error}{hint}", True, "")
        else:
            failure = (f"The simulation failed: {error}{hint}", False, traceback.format_exc())
    return pickle.dumps((result, failure))


def _end_with(parent: int) -> None:
    """Let the system end this process when the process that started it is gone.

    The thread that receives requests cannot notice that while Aer runs, which holds Python's lock; a signal of the
    system needs no lock. The signal is sent when the *thread* that started this process ends, which is one that
    lives as long as its process (:mod:`.starter`). Systems other than Linux have no such signal.
    """
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    # The parent may have ended before the signal was asked for.
    if os.getppid() != parent:
        os._exit(0)


def _receive(channel: Channel, requests: queue.SimpleQueue[bytes]) -> None:
    """Take requests until nobody is there to wait for replies; then end the process, also in the middle of a job."""
    try:
        while (request := channel.receive()) is not None:
            requests.put(request)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    os._exit(0)


def _raise_if_without_memory(error: BaseException | None) -> None:
    """Raise the MemoryError that is among the causes of an exception."""
    while error is not None:
        if isinstance(error, MemoryError):
            raise error
        error = error.__cause__ or error.__context__
