# SPDX-License-Identifier: Apache-2.0
"""Locks of files that a process holds as long as it lives, so that others can tell whether it does.

filelock would do, but its import takes 60 ms, which every start of a service would pay.
"""

from __future__ import annotations

import fcntl
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Life:
    """The lock of a file, which this process holds until :meth:`end` or its own end."""

    def __init__(self, path: Path, *, is_new: bool = True) -> None:
        """Take the lock.

        Args:
            path: The file.
            is_new: Whether to make the file if it is not there.

        Raises:
            OSError: Another process holds the lock, or the path is no file; BlockingIOError in the first case.
        """
        self.path = path
        self._descriptor = -1
        while True:
            self._descriptor = _locked(path, os.O_CREAT if is_new else 0)
            if _is_there(path, self._descriptor):
                return
            # Another process took the file for one of a service that ended, and removed it before it was locked here.
            self.abandon()

    def end(self) -> None:
        """Remove the file, and release the lock."""
        self.path.unlink(missing_ok=True)
        self.abandon()

    def abandon(self) -> None:
        """Close the file: in a forked child, which leaves the lock to its parent, or to release the lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def is_over(path: Path) -> bool:
    """Return whether nobody holds the lock of a file; ``False`` if that cannot be told."""
    try:
        Life(path, is_new=False).abandon()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _locked(path: Path, flags: int) -> int:
    # Neither links nor pipes that somebody planted are followed or waited for.
    descriptor = os.open(path, flags | os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        _require_file(path, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_file(path: Path, descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(f"{path} is not a file")


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
