# SPDX-License-Identifier: Apache-2.0
"""The one time by which a call of a user has to end, whatever the other side does.

It is kept in the context of the call, so that everything below sees it without being handed it: connecting, sockets,
repetitions, locks that threads wait for. Threads that work for a call run in a copy of its context.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: When the call ends, by the monotonic clock.
_END: ContextVar[float | None] = ContextVar("end of the call", default=None)


@contextmanager
def deadline(end: float | None) -> Iterator[None]:
    """Let everything within end at ``end`` of the monotonic clock, or earlier if there is an earlier deadline already.

    Args:
        end: In seconds; ``None`` for no further deadline.
    """
    known = _END.get()
    token = _END.set(end if known is None else known if end is None else min(known, end))
    try:
        yield
    finally:
        _END.reset(token)


def seconds_left() -> float:
    """Return how many seconds there are until the deadline; infinity if there is none."""
    end = _END.get()
    return math.inf if end is None else end - time.monotonic()


@contextmanager
def off_the_clock() -> Iterator[None]:
    """Let the time that passes within not count: for work of this process, for which no service is to blame."""
    start = time.monotonic()
    try:
        yield
    finally:
        end = _END.get()
        if end is not None:
            # The deadline around this puts the one before back.
            _END.set(end + time.monotonic() - start)


def pause(seconds: float) -> None:
    """Wait, but not beyond the deadline."""
    time.sleep(max(0.0, min(seconds, seconds_left())))
