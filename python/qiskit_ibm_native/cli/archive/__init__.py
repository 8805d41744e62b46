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


def known_device(archive: CalibrationArchive, name: str, provenance: str = "measured") -> str:
    """Return a device's name as an archive has it.

    Raises:
        ArchiveError: There is no such device; the message has names that are like it.
    """
    from ...exceptions import ArchiveError
    from ...snapshot.device_names import find_device, short_name
    from ..program import did_you_mean

    names = archive.backends(provenance=provenance)
    known = find_device(name, names)
    if known is not None:
        return known
    of = "overridden " if provenance == "overridden" else ""
    raise ArchiveError(
        f"{archive.path} has no {of}calibrations of {name!r}; there are {', '.join(names) or 'none'}."
        f"{did_you_mean(short_name(name), list(map(short_name, names)))}"
    )
