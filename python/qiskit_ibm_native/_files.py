# SPDX-License-Identifier: Apache-2.0
"""Folders and files that only their owner may use, locks of files, and files that appear when they are complete."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in place of one that was there, which keeps its content if that fails."""
    import shutil
    import tempfile

    # A TemporaryDirectory is removed by every process that ends, also by one that was forked off meanwhile.
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.absolute().parent))
    try:
        (folder / "new").write_bytes(content)
        (folder / "new").replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_private_folder(folder: Path) -> None:
    """Make a folder and its missing parents with mode 0700; existing folders keep their mode."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        # Another process may be faster.
        parent.mkdir(mode=stat.S_IRWXU, exist_ok=True)


def restrict(target: int | Path) -> None:
    """Remove all permissions of group and others from a file or folder.

    Files of another owner keep their mode, and so do those of file systems without modes.

    Args:
        target: The path, or a descriptor of the open file. Links are followed.
    """
    if not hasattr(os, "geteuid"):
        return
    with suppress(OSError):
        status = os.stat(target)  # noqa: PTH116 (paths and descriptors)
        if status.st_uid == os.geteuid() and status.st_mode & _OTHERS:
            os.chmod(target, stat.S_IMODE(status.st_mode) & ~_OTHERS)  # noqa: PTH101 (the same)


def lock_file(path: Path, timeout: float = 0.0) -> BaseFileLock:
    """Return the lock of a file, which this process holds until ``release()`` or its end.

    The file is made with mode 0600 and stays after the release; a link in its place is refused. A forked child does not
    hold the lock, and its copy cannot release that of the parent.

    Args:
        path: The file that stands for the lock. It must have no content of its own.
        timeout: How long to wait for another holder, in seconds.

    Raises:
        TimeoutError: Another process, or another lock object of this one, holds it all the time.
        OSError: The file cannot be opened.
    """
    # Imports asyncio: 40 ms.
    from filelock import FileLock

    # A lock of one thread could not be released by another one.
    lock = FileLock(path, timeout=timeout, mode=stat.S_IRUSR | stat.S_IWUSR, thread_local=False)
    lock.acquire(poll_interval=0.01)
    return lock
