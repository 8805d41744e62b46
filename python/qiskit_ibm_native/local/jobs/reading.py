# SPDX-License-Identifier: Apache-2.0
"""Jobs of a store for those who only look: nothing is made, changed or brought to another version.

A service may be using the file at the same time.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._timestamps import utc_text
from . import schema
from .store import DEFAULT_STORE, STORE_VARIABLE

if TYPE_CHECKING:
    import datetime

#: Statuses as Qiskit calls them, by those of the file.
STATUSES = {
    "Queued": "QUEUED", "Running": "RUNNING", "Completed": "DONE", "Cancelled": "CANCELLED", "Failed": "ERROR",
}  # fmt: skip
#: Seconds to wait for a service that writes.
_PATIENCE = 10.0
_COLUMNS = "id, backend, program, status, reason, reason_code, created, running, finished, tags, session_id, private"


def store_path(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the file of jobs: ``path``, that of ``QISKIT_IBM_NATIVE_LOCAL_STORE``, or that of the user."""
    return Path(path or os.environ.get(STORE_VARIABLE) or DEFAULT_STORE).expanduser().absolute()


def stored_jobs(
    path: str | os.PathLike[str] | None = None,
    *,
    job_id: str | None = None,
    device: str | None = None,
    statuses: frozenset[str] | None = None,
    since: datetime.datetime | None = None,
    tags: tuple[str, ...] = (),
    session_id: str | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield jobs of a store, the latest one first; none if there is no such file.

    Args:
        path: The file, see :func:`store_path`.
        job_id: The one with this identifier.
        device: Those of this device.
        statuses: Those with one of these statuses: values of :data:`STATUSES`.
        since: Those that were created then or later (aware).
        tags: Those with all of these tags.
        session_id: Those of this session.
        limit: The largest number of jobs.

    Raises:
        IBMInputValueError: The file is none of jobs, or of another version.
    """
    conditions: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("id = ?", job_id), ("backend = ?", device), ("session_id = ?", session_id),
        ("created >= ?", None if since is None else utc_text(since)),
    ):  # fmt: skip
        if value is not None:
            conditions.append(condition)
            values.append(value)
    for tag in tags:
        conditions.append("number IN (SELECT number FROM tags WHERE tag = ?)")
        values.append(tag)
    if statuses is not None:
        words = [word for word, status in STATUSES.items() if status in statuses]
        conditions.append(f"status IN ({', '.join('?' * len(words))})")
        values += words
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    query = f"SELECT {_COLUMNS} FROM jobs {where} ORDER BY number DESC LIMIT ?"  # noqa: S608 (ours)
    for row in _rows(store_path(path), query, [*values, -1 if limit is None else limit]):
        status = STATUSES.get(row["status"], str(row["status"]).upper())
        yield {**dict(row), "status": status, "tags": json.loads(row["tags"]), "private": bool(row["private"])}


def _rows(path: Path, query: str, values: list[Any]) -> list[sqlite3.Row]:
    if not path.exists():
        return []
    # Without a log nobody writes, and SQLite would make one beside the file to find that out.
    has_log = path.with_name(f"{path.name}-wal").exists()
    address = f"{path.as_uri()}?mode=ro" + ("" if has_log else "&immutable=1")
    try:
        with closing(sqlite3.connect(address, _PATIENCE, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == schema.VERSION:
                return connection.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise _refusal(f"The store of jobs {path} cannot be read: {error}.") from error
    earlier = " A local service brings it up to date: qiskit-ibm-native serve --store FILE."
    raise _refusal(
        f"{path} is not a store of jobs of this version (it has {version}, this is {schema.VERSION})."
        f"{earlier if 0 < version < schema.VERSION else ''}"
    )


def _refusal(text: str) -> Exception:
    # Shells that complete jobs cannot wait for the import of exceptions, which is that of Qiskit.
    from ...exceptions import IBMInputValueError

    return IBMInputValueError(text)
