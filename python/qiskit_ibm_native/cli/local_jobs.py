# SPDX-License-Identifier: Apache-2.0
"""Jobs that services on this machine left: ``qiskit-ibm-native jobs cancel --left``."""

from __future__ import annotations

from pathlib import Path


def cancel_left(store: Path | None) -> int:
    """Cancel jobs that nobody runs, and return their number.

    Args:
        store: The file of jobs; by default that of the user.
    """
    from ..local.jobs.reading import store_path
    from ..local.jobs.store import open_store

    if store is None and not store_path().exists():
        # There are no jobs to cancel, and looking for some makes no file.
        return 0
    opened = open_store(store)
    try:
        return opened.cancel_left()
    finally:
        opened.close()
