# SPDX-License-Identifier: Apache-2.0
"""The file of an archive of calibrations: where it is, and which devices it has.

Reading an archive imports Qiskit, for errors to raise. Shells that complete names of devices cannot wait for that.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ._timestamps import moment

if TYPE_CHECKING:
    import datetime

#: Names the file, if it is not the default.
VARIABLE = "QISKIT_IBM_NATIVE_ARCHIVE"
DEFAULT = "~/.qiskit/qiskit-ibm-native/calibrations.sqlite3"
_DEVICES = (
    "SELECT backend, max(num_qubits), count(*), max(updated) FROM calibrations WHERE is_overridden = 0"
    " GROUP BY backend ORDER BY backend"
)


def archive_path(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the file of an archive: ``path``, or what the environment names, or else the user's."""
    return Path(path or os.environ.get(VARIABLE) or DEFAULT).expanduser()


def is_there(path: Path) -> bool:
    """Return whether a file may be an archive. SQLite takes one of no bytes for a new one, and makes tables in it."""
    return path.is_file() and path.stat().st_size > 0


class ArchivedDevice(NamedTuple):
    """A device of an archive.

    Attributes:
        name: Its name.
        num_qubits: The number of its qubits.
        calibrations: The number of its measured calibrations.
        last_update: The time of the last one, in UTC.
    """

    name: str
    num_qubits: int
    calibrations: int
    last_update: datetime.datetime


def archived_devices(path: str | os.PathLike[str] | None = None) -> list[ArchivedDevice]:
    """Return the devices of an archive; none if there is no such file, or it cannot be read.

    Nothing is made or changed, and nothing is waited for.
    """
    file = archive_path(path).absolute()
    if not is_there(file):
        return []
    import sqlite3

    # SQLite makes files beside one that has a log, unless it is told that nobody writes.
    log = file.with_name(f"{file.name}-wal")
    address = f"{file.as_uri()}?mode=ro{'' if log.exists() else '&immutable=1'}"
    try:
        with closing(sqlite3.connect(address, timeout=0, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            rows = connection.execute(_DEVICES).fetchall()
        return [
            ArchivedDevice(str(name), int(qubits), int(number), moment(int(last)))
            for name, qubits, number, last in rows
        ]
    except (sqlite3.Error, UnicodeDecodeError, TypeError, ValueError, OverflowError):
        return []
