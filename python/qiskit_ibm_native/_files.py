# SPDX-License-Identifier: Apache-2.0
"""Folders and files that nobody but their owner may use, whatever the umask is."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, with mode 0700; folders that are there are left as they are."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        # Another process may be faster.
        each.mkdir(mode=stat.S_IRWXU, exist_ok=True)


def restrict(target: int | Path) -> None:
    """Take from all others what they may do with a file or folder.

    Files of somebody else are left as they are, and so are those of file systems without modes.

    Args:
        target: The path, or a descriptor of the open file. Links are followed.
    """
    if not hasattr(os, "geteuid"):
        return
    with suppress(OSError):
        status = os.stat(target)  # noqa: PTH116 (paths and descriptors)
        if status.st_uid == os.geteuid() and status.st_mode & _OTHERS:
            os.chmod(target, stat.S_IMODE(status.st_mode) & ~_OTHERS)  # noqa: PTH101 (the same)
