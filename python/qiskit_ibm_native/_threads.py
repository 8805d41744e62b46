# SPDX-License-Identifier: Apache-2.0
"""Locks that a forked process can use, and objects that are told that they are in one."""

from __future__ import annotations

import os
import threading
from typing import Protocol, TypeVar
from weakref import WeakSet

from ._deadline import seconds_left

_Member = TypeVar("_Member")


class ForkAware(Protocol):
    """An object that must not go on in a child process as it was in the parent."""

    def after_fork(self) -> None:
        """Get ready for this process, in which no other thread runs yet."""


#: Objects to be told. A plain set of weak references: nothing is kept alive for this.
_AWARE: WeakSet[ForkAware] = WeakSet()


def tell_after_fork(owner: ForkAware) -> None:
    """Let ``owner.after_fork()`` be called in every child process that is forked from now on."""
    _AWARE.add(owner)


def members_of(objects: WeakSet[_Member]) -> list[_Member]:
    """Return the members of a set of weak references to which other threads may add some meanwhile."""
    while True:
        try:
            return list(objects)
        except RuntimeError:
            # It has changed while it was gone through.
            continue


def _after_fork() -> None:
    for owner in members_of(_AWARE):
        owner.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Lock:
    """A re-entrant lock that is free in a child process, whichever thread of the parent held it during the fork.

    As a context manager, it waits until the deadline of the call at most.
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        """Create a lock that nobody holds."""
        self._lock = threading.RLock()
        tell_after_fork(self)

    def after_fork(self) -> None:
        """Replace the lock: the thread that would release it does not exist here."""
        self._lock = threading.RLock()

    def acquire(self, blocking: bool = True, timeout: float = -1.0) -> bool:
        """Take the lock; return whether it was taken.

        Args:
            blocking: Whether to wait for it.
            timeout: How many seconds to wait at most; -1 for no limit.
        """
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=max(0.0, min(seconds_left(), threading.TIMEOUT_MAX))):
            from .exceptions import RequestsApiError

            raise RequestsApiError(
                "Another thread has been asking the service for the same for too long.", code="timeout"
            )

    def __exit__(self, *_: object) -> None:
        self._lock.release()
