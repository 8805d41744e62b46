# SPDX-License-Identifier: Apache-2.0
"""How many threads to use."""

from __future__ import annotations

import os


def available_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def chosen_threads(threads: int | None) -> int:
    """Return ``threads``, or one for each processor if that is not given; ValueError if it is below 1."""
    if threads is None:
        return available_processors()
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    return threads
