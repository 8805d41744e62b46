# SPDX-License-Identifier: Apache-2.0
"""Deadline of a user's call, which holds whatever the other side does.

The deadline is a context variable, so that connections, sockets, repetitions and locks need no argument for it. Threads
that work for a call run in a copy of its context.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: End of the call in seconds of the monotonic clock, ``None`` without a deadline.
_END: ContextVar[float | None] = ContextVar("end of the call", default=None)


@contextmanager
def deadline(end: float | None) -> Iterator[None]:
    """Set the deadline of a context, unless an earlier one is set already.

    Args:
        end: Deadline in seconds of the monotonic clock; ``None`` for no further deadline.
    """
    outer = _END.get()
    token = _END.set(end if outer is None else outer if end is None else min(outer, end))
    try:
        yield
    finally:
        _END.reset(token)


def seconds_left() -> float:
    """Return the seconds until the deadline, infinity without one."""
    end = _END.get()
    return math.inf if end is None else end - time.monotonic()


@contextmanager
def off_the_clock() -> Iterator[None]:
    """Put the deadline off by the time that passes in the context, for work of this process between requests."""
    start = time.monotonic()
    try:
        yield
    finally:
        end = _END.get()
        if end is not None:
            # The deadline() around this context resets the variable.
            _END.set(end + time.monotonic() - start)


def pause(seconds: float) -> None:
    """Sleep for some seconds, but not beyond the deadline."""
    time.sleep(max(0.0, min(seconds, seconds_left())))
