# SPDX-License-Identifier: Apache-2.0
"""A program that does long work on an archive, for tests that interrupt it or look at its output.

Usage: python -m tests.support.bulk_worker ARCHIVE import FOLDER | export FOLDER | verify | series. With ``--report``,
the program says after each part how far it is, and prints ``interrupted`` when somebody presses Ctrl-C.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from qiskit_ibm_native import CalibrationArchive, WorkProgress, _progress
from qiskit_ibm_native.archive import blocks


def told(state: WorkProgress) -> None:
    """Print the state, and leave time for a signal."""
    print(state.work, state.unit, state.done, state.total, flush=True)  # noqa: T201 (the test reads it)
    time.sleep(0.01)


def work(path: str, name: str, *arguments: str) -> None:
    """Do one kind of work."""
    # Bars would be shown after a second, and this work takes less.
    _progress.INTERVAL, _progress.DELAY, blocks._MOST = 0.0, 0.0, 8
    options: dict[str, Any] = {"progress": told} if "--report" in arguments else {}
    with CalibrationArchive(path) as archive:
        if name == "import":
            print(archive.import_folder(arguments[0], configuration="lima", **options))  # noqa: T201
        elif name == "export":
            print(archive.export(arguments[0], **options))  # noqa: T201
        elif name == "verify":
            print(archive.verify(**options))  # noqa: T201
        else:
            print(len(archive.series("lima", "t1", **options)))  # noqa: T201


if __name__ == "__main__":
    try:
        work(*sys.argv[1:])
    except KeyboardInterrupt:
        print("interrupted", flush=True)  # noqa: T201
        sys.exit(130)
