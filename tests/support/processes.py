# SPDX-License-Identifier: Apache-2.0
"""Processes that tests look at."""

from __future__ import annotations

import psutil


def arguments_of(process: psutil.Process) -> list[str]:
    """Return what a process was started with: nothing of one that has ended since it was listed."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []
