# SPDX-License-Identifier: Apache-2.0
"""The process that runs jobs: it reads requests from standard input and writes replies to standard output."""

from __future__ import annotations

import os
import pickle
import queue
import re
import signal
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path

from .frames import read_frame, write_frame
from .simulator import OUT_OF_MEMORY

#: From ``linux/prctl.h``.
_PR_SET_PDEATHSIG = 1
#: How libraries tell that they got no memory.
_NO_MEMORY = re.compile(r"bad_alloc|(allocate|insufficient) memory", re.IGNORECASE)


def main(parent: int, memory: int) -> None:
    """Run jobs until nobody is there to wait for them.

    Args:
        parent: The process that started this one.
        memory: How much a job may allocate, in bytes.
    """
    _end_with(parent)
    # What the simulator prints must not get between the replies.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=[requests], daemon=True).start()
    from .programs import run_job  # noqa: F401 (what jobs need is no part of their memory)

    _limit_memory(memory)
    while True:
        try:
            write_frame(replies, _reply(requests.get(), memory))
        except MemoryError:
            # Who knows what is left of this process; the next job gets another one.
            os._exit(OUT_OF_MEMORY)


def _reply(request: bytes, memory: int) -> bytes:
    from .devices import Device
    from .programs import run_job
    from .wire import BadInputError

    program, params, snapshot, has_noise = pickle.loads(request)  # noqa: S301 (of who started this process)
    result, failure = b"", None
    try:
        result = run_job(program, params, Device([snapshot]), has_noise, memory)
    except Exception as error:
        _raise_if_without_memory(error)
        hint = f" (a job may have {memory >> 20} MiB)" if _NO_MEMORY.search(str(error)) else ""
        if isinstance(error, BadInputError):
            failure = (f"{error}{hint}", True, "")
        else:
            failure = (f"The simulation failed: {error}{hint}", False, traceback.format_exc())
    return pickle.dumps((result, failure))


def _end_with(parent: int) -> None:
    """Let the system end this process when the one that started it is gone.

    The thread that waits for the end of the requests cannot notice while Aer runs, which keeps Python's lock. A signal of the
    system needs no lock. It is sent when the *thread* that started this process ends: that thread ends its simulator before it
    ends itself, so only the end of the whole service sends it. Systems other than Linux have no such signal.
    """
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    # It may have gone before the signal was asked for.
    if os.getppid() != parent:
        os._exit(0)


def _receive(requests: queue.SimpleQueue[bytes]) -> None:
    """Take requests, until nobody is there to wait for replies; then end, also in the middle of a job."""
    try:
        while (request := read_frame(sys.stdin.buffer)) is not None:
            requests.put(request)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    os._exit(0)


def _limit_memory(memory: int) -> None:
    """Limit what jobs can allocate beside what the process has reserved already, on Linux, where that can be told.

    That is a gigabyte, which is never touched, so what is reserved says nothing by itself.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        with Path("/proc/self/status").open(encoding="ascii") as status:
            reserved = 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmData:"))
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        wanted = reserved + memory
        resource.setrlimit(
            resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def _raise_if_without_memory(error: BaseException | None) -> None:
    """Raise the MemoryError that another exception was made of."""
    while error is not None:
        if isinstance(error, MemoryError):
            raise error
        error = error.__cause__ or error.__context__
