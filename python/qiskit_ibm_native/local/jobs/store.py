# SPDX-License-Identifier: Apache-2.0
"""Jobs and sessions on disk: one SQLite file, which several services may use at once.

A job belongs to the service that runs it, which holds the lock of a file as long as it lives. Other services take over
the jobs of one that has ended. Nobody but the user may read the files. A forked process cannot use its parent's store.
"""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any

from filelock import FileLock

from ... import _timestamps
from ..._files import make_private_folder, restrict
from ..._threads import members_of

DEFAULT_STORE = "~/.qiskit/qiskit-ibm-native/local.sqlite3"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL, backend TEXT NOT NULL, program TEXT NOT NULL, params BLOB,
    status TEXT NOT NULL, reason TEXT, reason_code INTEGER, created TEXT NOT NULL, running TEXT, finished TEXT,
    tags TEXT NOT NULL, session_id TEXT, cost INTEGER NOT NULL, private INTEGER NOT NULL, runtime TEXT, calibration_id TEXT,
    result BLOB, logs TEXT NOT NULL DEFAULT '', owner TEXT NOT NULL, noise INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS jobs_by_status ON jobs (status);
CREATE INDEX IF NOT EXISTS jobs_by_number ON jobs (number);
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, backend TEXT NOT NULL, mode TEXT NOT NULL, max_ttl INTEGER NOT NULL, accepting INTEGER NOT NULL,
    created TEXT NOT NULL, closed TEXT
);
PRAGMA user_version = 1;
"""
_PENDING = ("Queued", "Running")
#: Number of times that a job may be running when its service ends, before it counts as the cause.
_MAX_ATTEMPTS = 3


class Store:
    """Jobs and sessions. Any number of threads may use one."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open a file, which is made if there is none.

        Raises:
            ValueError: A later version of this package wrote the file.
        """
        self.path = Path(path).expanduser()
        make_private_folder(self.path.parent)
        if self.path.parent == Path(DEFAULT_STORE).expanduser().parent:
            for folder in (self.path.parent, self.path.parent.parent):
                restrict(folder)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid: int | None = os.getpid()
        with self._lock:
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version > 1:
                self._db.close()
                raise ValueError(f"{self.path} was written by a later version of this package.")
            self._db.executescript(_SCHEMA)
        self.owner = uuid.uuid4().hex
        self._life = _hold(self._life_file(self.owner))
        _OPEN.add(self)

    @property
    def _db(self) -> sqlite3.Connection:
        """The connection, opened when it is first used, and again after a fork of this process."""
        if self._pid != os.getpid():
            raise sqlite3.ProgrammingError(f"{self.path} is closed, or was opened by another process.")
        if self._connection is None:
            _make_private_file(self.path)
            # No thread forks meanwhile: SQLite's own locks would stay taken in the child.
            with _CREATING:
                self._connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Close the file. In a forked process, nothing happens: the store is that of its parent."""
        if self._pid != os.getpid():
            return
        with self._lock:
            self._disconnect()
            self._pid = None
            self._life.release()
        self._life_file(self.owner).unlink(missing_ok=True)

    def _life_file(self, owner: str) -> Path:
        return self.path.with_name(f"{self.path.name}-{owner}.lock")

    @contextmanager
    def _changes(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    # Jobs

    def add_job(self, **job: Any) -> str:
        """Keep a job that was submitted; return its id."""
        job_id = "d" + uuid.uuid4().hex[:19]
        job = {
            **job,
            "id": job_id,
            "tags": json.dumps(job["tags"]),
            "owner": self.owner,
            "status": "Queued",
            "created": now(),
        }
        columns = ", ".join(job)
        marks = ", ".join("?" * len(job))
        with self._changes() as db:
            db.execute(
                f"INSERT INTO jobs ({columns}, number) VALUES ({marks}, (SELECT COALESCE(MAX(number), 0) + 1 FROM jobs))",  # noqa: S608 (names of columns)
                list(job.values()),
            )
        return job_id

    def adopt(self, backends: Sequence[str]) -> list[str]:
        """Take over jobs of services that have ended; return their identifiers, in order.

        A job that was running each of several times when its service ended is not run again: it may be the cause.

        Args:
            backends: The devices whose jobs are taken over.
        """
        marks = ", ".join("?" * len(backends))
        rows = self._rows("SELECT DISTINCT owner FROM jobs WHERE status IN (?, ?)", _PENDING)
        files = self.path.parent.glob(f"{escape(self.path.name)}-*.lock")
        owners = {row["owner"] for row in rows} | {file.stem.rpartition("-")[2] for file in files}
        adopted: list[str] = []
        for owner in sorted(owners - {self.owner}):
            if not self._is_dead(owner):
                continue
            with self._changes() as db:
                db.execute(
                    "UPDATE jobs SET status = 'Failed', finished = ?, reason = 'The service ended while it ran, again and again',"
                    " reason_code = 5203 WHERE owner = ? AND status = 'Running' AND attempts >= ?",
                    (now(), owner, _MAX_ATTEMPTS),
                )
                left = db.execute(
                    f"SELECT id FROM jobs WHERE owner = ? AND status IN (?, ?) AND backend IN ({marks}) ORDER BY number",  # noqa: S608
                    (owner, *_PENDING, *backends),
                ).fetchall()
                for row in left:
                    db.execute(
                        "UPDATE jobs SET owner = ?, status = 'Queued', running = NULL WHERE id = ?",
                        (self.owner, row["id"]),
                    )
            adopted += [row["id"] for row in left]
            with suppress(OSError):
                self._life_file(owner).unlink(missing_ok=True)
        return adopted

    def _is_dead(self, owner: str) -> bool:
        try:
            _hold(self._life_file(owner)).release()
        except OSError:
            return False
        return True

    def job(self, job_id: str, with_content: bool = False) -> dict[str, Any] | None:
        """Return a job; ``None`` if there is none with that identifier."""
        columns = "*" if with_content else _LIGHT
        rows = self._rows(f"SELECT {columns} FROM jobs WHERE id = ?", (job_id,))  # noqa: S608 (names of columns)
        return _job(rows[0]) if rows else None

    def jobs(
        self, filters: Mapping[str, Any], limit: int, offset: int, ascending: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """Return a page of the jobs that match filters, and the number of all that match."""
        conditions, values = ["1"], []
        for key, condition in _CONDITIONS.items():
            if filters.get(key) is not None:
                conditions.append(condition)
                values.append(filters[key])
        if filters.get("pending") is not None:
            conditions.append(f"status {'IN' if filters['pending'] else 'NOT IN'} ('Queued', 'Running')")
        for tag in filters.get("tags") or ():
            conditions.append("EXISTS (SELECT 1 FROM json_each(jobs.tags) WHERE value = ?)")
            values.append(tag)
        condition = " AND ".join(conditions)
        order = "ASC" if ascending else "DESC"
        with self._lock:
            (count,) = self._db.execute(f"SELECT COUNT(*) FROM jobs WHERE {condition}", values).fetchone()  # noqa: S608
            rows = self._db.execute(
                f"SELECT {_LIGHT} FROM jobs WHERE {condition} ORDER BY number {order} LIMIT ? OFFSET ?",  # noqa: S608
                [*values, limit, offset],
            ).fetchall()
        return [_job(row) for row in rows], count

    def start_job(self, job_id: str) -> bool:
        """Mark a job as running; return whether it was waiting until now."""
        with self._changes() as db:
            cursor = db.execute(
                "UPDATE jobs SET status = 'Running', running = ?, attempts = attempts + 1 WHERE id = ? AND status = 'Queued'",
                (now(), job_id),
            )
        return cursor.rowcount == 1

    def finish_job(self, job_id: str, result: bytes) -> bool:
        """Keep a job's results; return whether it was running until now."""
        return self._change(job_id, ("Running",), status="Completed", finished=now(), result=result)

    def end_job(
        self, job_id: str, status: str, reason: str | None = None, code: int | None = None, logs: str = ""
    ) -> bool:
        """Mark a job as failed or cancelled; return whether it was pending until now."""
        return self._change(job_id, _PENDING, status=status, finished=now(), reason=reason, reason_code=code, logs=logs)

    def _change(self, job_id: str, statuses: Sequence[str], **values: Any) -> bool:
        settings = ", ".join(f"{key} = ?" for key in values)
        marks = ", ".join("?" * len(statuses))
        with self._changes() as db:
            cursor = db.execute(
                f"UPDATE jobs SET {settings} WHERE id = ? AND status IN ({marks})",  # noqa: S608 (names of columns)
                [*values.values(), job_id, *statuses],
            )
        return cursor.rowcount == 1

    def take_result(self, job_id: str) -> bytes | None:
        """Return a job's results, and delete them if the job is private; ``None`` if there are none."""
        with self._changes() as db:
            row = db.execute("SELECT result, private FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is None or row["result"] is None:
                return None
            if row["private"]:
                db.execute("UPDATE jobs SET result = NULL, params = NULL WHERE id = ?", (job_id,))
            return bytes(row["result"])

    def set_tags(self, job_id: str, tags: Sequence[str]) -> None:
        """Replace a job's tags."""
        with self._changes() as db:
            db.execute("UPDATE jobs SET tags = ? WHERE id = ?", (json.dumps(list(tags)), job_id))

    def delete_job(self, job_id: str) -> None:
        """Delete a job."""
        with self._changes() as db:
            db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def clear(self) -> list[str]:
        """Delete the jobs of this service, and all sessions; return the jobs that were not done."""
        with self._changes() as db:
            rows = db.execute("SELECT id FROM jobs WHERE owner = ? AND status IN (?, ?)", (self.owner, *_PENDING))
            pending = [row["id"] for row in rows.fetchall()]
            db.execute("DELETE FROM jobs WHERE owner = ?", (self.owner,))
            db.execute("DELETE FROM sessions")
        return pending

    def queue_lengths(self) -> dict[str, int]:
        """Return the number of pending jobs, by device."""
        rows = self._rows("SELECT backend, COUNT(*) AS n FROM jobs WHERE status IN (?, ?) GROUP BY backend", _PENDING)
        return {row["backend"]: row["n"] for row in rows}

    # Sessions

    def add_session(self, backend: str, mode: str, max_ttl: int) -> str:
        """Open a session; return its id."""
        session_id = str(uuid.uuid4())
        with self._changes() as db:
            db.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, 1, ?, NULL)",
                (session_id, backend, mode, max_ttl, now()),
            )
        return session_id

    def session(self, session_id: str) -> dict[str, Any] | None:
        """Return a session, after it was closed if its time is over; ``None`` if there is none with that identifier."""
        rows = self._rows("SELECT * FROM sessions WHERE id = ?", (session_id,))
        if not rows:
            return None
        session = dict(rows[0])
        end = parse_time(session["created"]) + datetime.timedelta(seconds=session["max_ttl"])
        if session["accepting"] and datetime.datetime.now(datetime.timezone.utc) >= end:
            self.close_session(session_id, cancel=False)
            session |= {"accepting": 0, "closed": end.isoformat()}
        (jobs,) = self._rows(
            "SELECT COALESCE(SUM(status IN ('Queued', 'Running')), 0) AS pending, MIN(running) AS first,"
            " MAX(running) AS last_started, MAX(finished) AS last_done FROM jobs WHERE session_id = ?",
            (session_id,),
        )
        is_done = not session["accepting"] and not jobs["pending"]
        state = "closed" if is_done else "active" if jobs["first"] else "open"
        return session | dict(jobs) | {"state": state}

    def close_session(self, session_id: str, cancel: bool) -> None:
        """Close a session for further jobs; with ``cancel``, cancel its waiting jobs."""
        with self._changes() as db:
            db.execute(
                "UPDATE sessions SET accepting = 0, closed = COALESCE(closed, ?) WHERE id = ?",
                (now(), session_id),
            )
        if not cancel:
            return
        for row in self._rows("SELECT id FROM jobs WHERE session_id = ? AND status = 'Queued'", (session_id,)):
            self._change(row["id"], ("Queued",), status="Cancelled", finished=now(), reason="Session was cancelled")


_LIGHT = (
    "id, number, backend, program, status, reason, reason_code, created, running, finished, tags, session_id, cost, private,"
    " runtime, calibration_id, logs, noise"
)
_CONDITIONS = {
    "backend": "backend = ?",
    "program": "program = ?",
    "session_id": "session_id = ?",
    "created_after": "created > ?",
    "created_before": "created < ?",
}


def now() -> str:
    """Return the present time as the file has times: ISO 8601 in UTC, so that texts are in the order of time."""
    return _timestamps.moment(_timestamps.now()).isoformat(timespec="microseconds")


def parse_time(text: str) -> datetime.datetime:
    """Return a time of the file."""
    return datetime.datetime.fromisoformat(text)


def _job(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "tags": json.loads(row["tags"])}


def _hold(path: Path) -> FileLock:
    """Return the lock of a file, which this process holds until it releases the lock or ends.

    Raises:
        OSError: Another process holds the lock, or the path is a link or a folder.
    """
    lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)
    lock.acquire()
    return lock


def _make_private_file(path: Path) -> None:
    """Make a file that only its owner may use; one that is there is closed to others, and its journals.

    SQLite gives its journals the mode of the file. A file that is there must not be opened here: closing it again would
    release the locks of SQLite in this process.
    """
    with suppress(FileExistsError), _CREATING:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for suffix in ("", "-wal", "-shm"):
        restrict(path.with_name(path.name + suffix))


#: Open stores. SQLite's locks belong to a process, and connections must not get into another one.
_OPEN: weakref.WeakSet[Store] = weakref.WeakSet()
#: Held while a thread forks, so that two that fork at once do not share :data:`_held`.
_forking = threading.Lock()
#: Held while a file is created or opened, by a thread that holds the lock of a store.
_CREATING = threading.Lock()
_held: list[Store] = []


def _before_fork() -> None:
    _forking.acquire()
    _held[:] = members_of(_OPEN)
    for store in _held:
        store._lock.acquire()
        store._disconnect()
    # Last, as everywhere: files are created by threads that hold the lock of a store.
    _CREATING.acquire()


def _after_fork_in_parent() -> None:
    _CREATING.release()
    for store in _held:
        store._lock.release()
    _held.clear()
    _forking.release()


def _after_fork_in_child() -> None:
    # filelock closes the child's descriptors of locks, and leaves the locks to the parent.
    _OPEN.clear()
    _after_fork_in_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
