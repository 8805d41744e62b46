# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native archive``: archives of calibrations at the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...archive import CalibrationArchive

#: The values of options that choose calibrations.
PROVENANCES = ("measured", "overridden", "any")


def opened(file: Path | None) -> CalibrationArchive:
    """Open an archive that is there, for verbs that read: they make none.

    Args:
        file: The file; ``None`` for that of the user.

    Raises:
        ArchiveError: There is no such file, or it is no archive.
    """
    from ..._archive_file import archive_path, is_there
    from ...archive import CalibrationArchive
    from ...exceptions import ArchiveError

    path = archive_path(file)
    if not is_there(path):
        raise ArchiveError(f"There is no archive {path}; --file names another one.")
    return CalibrationArchive(path)
