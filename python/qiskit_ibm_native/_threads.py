# SPDX-License-Identifier: Apache-2.0
"""Numbers of threads, locks that survive a fork, and a hook for objects that a forked child changes."""

from __future__ import annotations

import os
import threading
from typing import Protocol, TypeVar
from weakref import WeakSet

from ._deadline import seconds_left

_Member = TypeVar("_Member")


def available_processors() -> int:
    """Return the number of processors that this process may use.

    The environment variable ``PYTHON_CPU_COUNT`` overrides it, as for ``os.process_cpu_count()`` since Python 3.13: a
    container may have fewer processors than its machine.
    """
    chosen = os.environ.get("PYTHON_CPU_COUNT", "")
    if chosen.isdecimal() and int(chosen) > 0:
        return int(chosen)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def chosen_threads(threads: int | None) -> int:
    """Return ``threads``, by default one for each processor; ValueError if that is below 1."""
    if threads is None:
        return available_processors()
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    return threads


class ForkAware(Protocol):
    """An object that changes in a forked child."""

    def after_fork(self) -> None:
        """Replace state of the parent; called in the child, in which no other thread runs yet."""


#: Objects whose after_fork() is called. Weak references: none is kept alive for this.
_AWARE: WeakSet[ForkAware] = WeakSet()


def tell_after_fork(owner: ForkAware) -> None:
    """Call ``owner.after_fork()`` in every child that is forked from now on."""
    _AWARE.add(owner)


def members_of(objects: WeakSet[_Member]) -> list[_Member]:
    """Return the members of a set of weak references, to which other threads may add members meanwhile."""
    while True:
        try:
            return list(objects)
        except RuntimeError:
            # The set changed during the iteration.
            continue


def _after_fork() -> None:
    for owner in members_of(_AWARE):
        owner.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Lock:
    """A re-entrant lock that is free in a forked child, whichever thread of the parent held it during the fork.

    As a context manager, it waits until the deadline of the call and raises RequestsApiError then.
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        """Create a free lock."""
        self._lock = threading.RLock()
        tell_after_fork(self)

    def after_fork(self) -> None:
        """Replace the lock: the thread that would release it does not exist in the child."""
        self._lock = threading.RLock()

    def acquire(self, blocking: bool = True, timeout: float = -1.0) -> bool:
        """Take the lock; return whether that succeeded.

        Args:
            blocking: Whether to wait for the lock.
            timeout: Longest wait in seconds; -1 for no limit.
        """
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=max(0.0, min(seconds_left(), threading.TIMEOUT_MAX))):
            from .exceptions import RequestsApiError

            raise RequestsApiError(
                "Another thread has been asking the service for the same reply for too long. Try again, or give"
                " IBMProvider(timeout=...) more seconds.",
                code="timeout",
            )

    def __exit__(self, *_: object) -> None:
        self._lock.release()
