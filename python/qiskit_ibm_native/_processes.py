# SPDX-License-Identifier: Apache-2.0
"""Where processes of this package import from."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def import_path(*, with_current_folder: bool = False) -> list[str]:
    """Return where a process of ours may import from: where this one does, but for the current folder as such.

    The empty entry, which interactive interpreters have, means whatever folder is the current one, before all others.

    Args:
        with_current_folder: Whether it is looked at nevertheless if this process does, but last, for modules that are found
            nowhere else: functions of users may come from there.
    """
    given = [entry for entry in sys.path if isinstance(entry, str)]
    found = [os.path.abspath(entry) for entry in given if entry not in ("", os.curdir)]  # noqa: PTH100 (of a text)
    # If this package was found in the current folder, it has to be found there again.
    ours = str(Path(__file__).parents[1])
    if ours not in found:
        found.append(ours)
    if with_current_folder and len(found) < len(given):
        found.append(os.path.abspath(os.curdir))  # noqa: PTH100 (the same)
    return found
