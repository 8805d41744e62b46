# SPDX-License-Identifier: Apache-2.0
"""Jobs and sessions on disk: one SQLite file, which several services may use at once.

A job belongs to the service that runs it, which holds the lock of a file as long as it lives. Other services can take
over the jobs of one that has ended. Nobody but the user may read the files. A forked process cannot use its parent's
store.

No query takes longer because the file has more jobs that it does not ask for, but for the number of all that match.
"""

from __future__ import annotations

import datetime
import json
import os
import secrets
import sqlite3
import threading
import weakref
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import _timestamps
from ..._files import make_private_folder, restrict
from ..._logger import logger
from ..._threads import members_of
from . import schema
from .life import Life, is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..clock import Clock

DEFAULT_STORE = "~/.qiskit/qiskit-ibm-native/local.sqlite3"
STORE_VARIABLE = "QISKIT_IBM_NATIVE_LOCAL_STORE"
_PENDING = ("Queued", "Running")
#: Number of times that a job may be running when its service ends, before it counts as the cause.
_MAX_ATTEMPTS = 3
#: Jobs that are deleted at once; others wait meanwhile.
_PRUNED_AT_ONCE = 20
#: Kinds of times that a file has; a file of 0.1 has the machine's.
_MACHINE, _SIMULATED = b"the machine's", b"simulated"
#: Days beyond which nothing is old, infinity among them.
_MAX_DAYS = 100_000


def open_store(path: str | os.PathLike[str] | None = None, clock: Clock | None = None) -> Store:
    """Open the store of a service.

    Args:
        path: The file. By default the one that ``QISKIT_IBM_NATIVE_LOCAL_STORE`` names, otherwise that of the user; if
            that one cannot be written, a temporary one, which is told by a warning.
        clock: The clock of the service, if that is not the machine's. The default is a temporary file then: jobs of
            simulated times are not kept among others.

    Raises:
        IBMInputValueError: The file that was asked for cannot be used.
    """
    if clock is not None:
        return Store(path, clock) if path else _temporary_store(clock)
    asked = path or os.environ.get(STORE_VARIABLE)
    if asked:
        return Store(asked)
    try:
        return Store(DEFAULT_STORE)
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(getattr(error, "__cause__", None), _LaterVersionError):
            raise
        store = _temporary_store()
        logger.warning("Jobs are kept in %s, until the service ends. %s", store.path.parent, error)
        return store


def _temporary_store(clock: Clock | None = None) -> Store:
    # 35 ms, which nobody else needs to pay.
    from tempfile import TemporaryDirectory

    folder = TemporaryDirectory(prefix="qiskit-ibm-native-")
    store = Store(Path(folder.name) / "local.sqlite3", clock)
    store.at_end = folder.cleanup
    return store


class _LaterVersionError(Exception):
    pass


class Store:
    """Jobs and sessions. Any number of threads may use one."""

    def __init__(self, path: str | os.PathLike[str], clock: Clock | None = None) -> None:
        """Open a file, which is made if there is none, and brought to the present version if it has an earlier one.

        Args:
            path: The file.
            clock: Tells the times of jobs and sessions, if the machine does not.

        Raises:
            IBMInputValueError: The file cannot be used, a later version of this package wrote it, or its jobs have
                times of another kind of clock.
        """
        self._clock = clock
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid: int | None = os.getpid()
        self.owner = secrets.token_hex(16)
        self._watchers: dict[str, list[Callable[[], object]]] = {}
        #: By job: what is to be written about its end, and could not be.
        self._unwritten: dict[str, dict[str, Any]] = {}
        #: Called when the store is closed.
        self.at_end: Any = None
        try:
            # RuntimeError: there is no home; ValueError: no file can have this name.
            self.path = Path(path).expanduser().absolute()
            self._open()
        except (OSError, RuntimeError, ValueError, sqlite3.Error, _LaterVersionError) as error:
            self._disconnect()
            from ...exceptions import IBMInputValueError

            raise IBMInputValueError(
                f"The store of jobs {os.fspath(path)} cannot be used: {error}. Choose another file: store=..., --store or"
                f" {STORE_VARIABLE}."
            ) from error
        _OPEN.add(self)

    def _open(self) -> None:
        make_private_folder(self.path.parent)
        if self.path.parent == Path(DEFAULT_STORE).expanduser().parent:
            for folder in (self.path.parent, self.path.parent.parent):
                restrict(folder)
        with self._lock:
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version > schema.VERSION:
                raise _LaterVersionError("it was written by a later version of this package")
            if version == 1 and not all(is_over(file) for file in self._life_files()):
                raise OSError("a service of an earlier version of this package is using it; end that service first")
            schema.prepare(self._db)
            # Reading does not need it, and a file that cannot be written is of no use.
            with self._changes():
                pass
            self._check_times()
        self._life = Life(self._life_file(self.owner))

    def _check_times(self) -> None:
        """Refuse a file whose times are those of another kind of clock: old jobs would be forgotten at once."""
        kind = _MACHINE if self._clock is None else _SIMULATED
        (is_used,) = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM jobs) OR EXISTS (SELECT 1 FROM sessions)"
        ).fetchone()
        found = self.setting("times", _MACHINE if is_used else kind)
        if found != kind:
            raise ValueError(f"the times of its jobs are {found.decode()}, those of this service {kind.decode()}")

    def now(self) -> datetime.datetime:
        """Return the present time, in UTC."""
        return _timestamps.utc_now() if self._clock is None else self._clock.now()

    def _now(self) -> str:
        """Return the present time as the file has times: ISO 8601 in UTC, so that texts are in the order of time."""
        return _timestamps.utc_text(self.now())

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
            self._life.end()
        if self.at_end is not None:
            self.at_end()

    def _life_file(self, owner: str) -> Path:
        return self.path.with_name(f"{self.path.name}-{owner}.lock")

    def _life_files(self) -> list[Path]:
        return list(self.path.parent.glob(f"{escape(self.path.name)}-*.lock"))

    def _is_dead(self, owner: str) -> bool:
        return is_over(self._life_file(owner))

    @contextmanager
    def _changes(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def setting(self, name: str, default: bytes) -> bytes:
        """Return a value that services of this file share; ``default`` becomes the value if there is none."""
        with self._changes() as db:
            db.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, default))
            return bytes(db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()[0])

    def set_setting(self, name: str, value: bytes) -> None:
        """Replace a value that services of this file share."""
        with self._changes() as db:
            db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    # Jobs

    def add_job(
        self, *, params: bytes, tags: Sequence[str], created: datetime.datetime | None = None, **job: Any
    ) -> str:
        """Keep a job that was submitted, at present unless a time is given; return its id."""
        job_id = "d" + secrets.token_hex(10)[:19]
        row = {
            **job,
            "id": job_id,
            "tags": json.dumps(list(tags)),
            "owner": self.owner,
            "status": "Queued",
            "created": self._now() if created is None else _timestamps.utc_text(created),
        }
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        with self._changes() as db:
            cursor = db.execute(f"INSERT INTO jobs ({columns}) VALUES ({marks})", list(row.values()))  # noqa: S608 (names of columns)
            db.execute("INSERT INTO contents (number, params) VALUES (?, ?)", (cursor.lastrowid, params))
            _keep_tags(db, cursor.lastrowid, tags)
        return job_id

    def job(self, job_id: str, with_content: bool = False) -> dict[str, Any] | None:
        """Return a job; ``None`` if there is none with that identifier.

        Args:
            job_id: The identifier.
            with_content: Whether ``params``, ``result`` and ``logs`` are members, too.
        """
        source = "jobs JOIN contents USING (number)" if with_content else "jobs"
        rows = self._rows(f"SELECT * FROM {source} WHERE id = ?", (job_id,))  # noqa: S608
        return self._job(rows[0]) if rows else None

    def logs(self, job_id: str) -> str:
        """Return the log of a job; an empty text if there is none."""
        rows = self._rows("SELECT logs FROM jobs JOIN contents USING (number) WHERE id = ?", (job_id,))
        return str(rows[0]["logs"]) if rows else ""

    def jobs(
        self, filters: Mapping[str, Any], limit: int, offset: int, ascending: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """Return a page of the jobs that match filters, and the number of all that match."""
        conditions, values = [], []
        for key, condition in _CONDITIONS.items():
            if filters.get(key) is not None:
                # Nearly all jobs are of one program: its index is of use only if there is no other.
                is_alone = key != "program" or filters.get("backend") is None
                conditions.append(condition if is_alone else f"+{condition}")
                values.append(filters[key])
        if filters.get("pending") is not None:
            conditions.append("finished IS NULL" if filters["pending"] else "finished > ''")
        for tag in filters.get("tags") or ():
            conditions.append("number IN (SELECT number FROM tags WHERE tag = ?)")
            values.append(tag)
        rows = self._rows(
            # The first condition always holds, and lets SQLite walk along the numbers.
            f"SELECT * FROM jobs WHERE {' AND '.join(['number > 0', *conditions])}"  # noqa: S608
            f" ORDER BY {_order(filters, ascending)} LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )
        if len(rows) < limit and (rows or not offset):
            count = offset + len(rows)
        else:
            where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
            (count,) = self._rows(f"SELECT COUNT(*) FROM jobs{where}", values)[0]  # noqa: S608
        return [self._job(row) for row in rows], count

    def _job(self, row: sqlite3.Row) -> dict[str, Any]:
        job = {**dict(row), "tags": json.loads(row["tags"])}
        return job if job["finished"] else {**job, **self._unwritten.get(job["id"], {})}

    def start_job(self, job_id: str, begins: datetime.datetime | None = None) -> bool:
        """Mark a job as running; return whether it was waiting until now, for this service.

        Args:
            job_id: The identifier.
            begins: The time of its begin, if that is not the present.
        """
        with self._changes() as db:
            cursor = db.execute(
                "UPDATE jobs SET status = 'Running', running = ?, attempts = attempts + 1"
                " WHERE id = ? AND status = 'Queued' AND owner = ?",
                (self._now() if begins is None else _timestamps.utc_text(begins), job_id, self.owner),
            )
        return cursor.rowcount == 1

    def finish_job(self, job_id: str, result: bytes, ended: datetime.datetime | None = None) -> bool:
        """Keep a job's results; return whether it was running until now.

        Args:
            job_id: The identifier.
            result: The results.
            ended: The time of its end, if that is not the present.
        """
        finished = self._now() if ended is None else _timestamps.utc_text(ended)
        return self._change(job_id, ("Running",), {"result": result}, status="Completed", finished=finished)

    def end_job(
        self,
        job_id: str,
        status: str,
        reason: str | None = None,
        code: int | None = None,
        logs: str = "",
        ended: datetime.datetime | None = None,
    ) -> bool:
        """Mark a job as failed or cancelled; return whether it was pending until now."""
        content = {"logs": logs} if logs else {}
        finished = self._now() if ended is None else _timestamps.utc_text(ended)
        values = {"status": status, "finished": finished, "reason": reason, "reason_code": code}
        return self._change(job_id, _PENDING, content, **values)

    def _change(self, job_id: str, statuses: Sequence[str], content: Mapping[str, Any], **values: Any) -> bool:
        marks = ", ".join("?" * len(statuses))
        with self._changes() as db:
            cursor = db.execute(
                f"UPDATE jobs SET {_settings(values)} WHERE id = ? AND status IN ({marks})",  # noqa: S608 (names of columns)
                [*values.values(), job_id, *statuses],
            )
            if content and cursor.rowcount:
                db.execute(
                    f"UPDATE contents SET {_settings(content)} WHERE number = (SELECT number FROM jobs WHERE id = ?)",  # noqa: S608
                    [*content.values(), job_id],
                )
        if "finished" in values:
            self._unwritten.pop(job_id, None)
            if cursor.rowcount:
                self._tell_watchers(job_id)
        return cursor.rowcount == 1

    def remember_end(self, job_id: str, status: str, reason: str, code: int) -> None:
        """Tell everybody who asks this store how a job ended whose end cannot be written, until it can."""
        if job_id not in self._unwritten:
            self._unwritten[job_id] = {"status": status, "finished": self._now(), "reason": reason, "reason_code": code}
            self._tell_watchers(job_id)

    def _tell_watchers(self, job_id: str) -> None:
        for tell in list(self._watchers.get(job_id, ())):
            tell()

    @contextmanager
    def watching(self, job_id: str, tell: Callable[[], object]) -> Iterator[None]:
        """Call ``tell`` in some thread when this process ends a job, for the length of a ``with``."""
        with self._lock:
            self._watchers.setdefault(job_id, []).append(tell)
        try:
            yield
        finally:
            with self._lock:
                self._watchers[job_id].remove(tell)
                if not self._watchers[job_id]:
                    del self._watchers[job_id]

    def take_result(self, job_id: str) -> bytes | None:
        """Return a job's results, and delete them if the job is private; ``None`` if there are none."""
        query = "SELECT number, result, private FROM jobs JOIN contents USING (number) WHERE id = ?"
        rows = self._rows(query, (job_id,))
        if rows and rows[0]["private"] and rows[0]["result"] is not None:
            # Again, so that only one of several who ask at once gets them.
            with self._changes() as db:
                rows = db.execute(query, (job_id,)).fetchall()
                for row in rows:
                    db.execute("UPDATE contents SET result = NULL, params = NULL WHERE number = ?", (row["number"],))
        if not rows or rows[0]["result"] is None:
            return None
        return bytes(rows[0]["result"])

    def ended_among(self, job_ids: Sequence[str]) -> list[str]:
        """Return those of some jobs that are done or deleted, whoever did so."""
        marks = ", ".join("?" * len(job_ids))
        query = f"SELECT id FROM jobs WHERE id IN ({marks}) AND status IN (?, ?)"  # noqa: S608
        pending = {row["id"] for row in self._rows(query, (*job_ids, *_PENDING))}
        return [job_id for job_id in job_ids if job_id not in pending]

    def set_tags(self, job_id: str, tags: Sequence[str]) -> None:
        """Replace a job's tags."""
        with self._changes() as db:
            for (number,) in db.execute("SELECT number FROM jobs WHERE id = ?", (job_id,)).fetchall():
                db.execute("UPDATE jobs SET tags = ? WHERE number = ?", (json.dumps(list(tags)), number))
                db.execute("DELETE FROM tags WHERE number = ?", (number,))
                _keep_tags(db, number, tags)

    def delete_job(self, job_id: str) -> None:
        """Delete a job."""
        with self._changes() as db:
            _delete(db, [number for (number,) in db.execute("SELECT number FROM jobs WHERE id = ?", (job_id,))])

    def clear(self) -> list[str]:
        """Delete the jobs and the sessions of this service; return the jobs that were not done."""
        with self._changes() as db:
            rows = db.execute("SELECT number, id, finished FROM jobs WHERE owner = ?", (self.owner,)).fetchall()
            _delete(db, [row["number"] for row in rows])
            db.execute("DELETE FROM sessions WHERE owner = ?", (self.owner,))
        return [row["id"] for row in rows if row["finished"] is None]

    def queue_lengths(self) -> dict[str, int]:
        """Return the number of pending jobs, by device."""
        rows = self._rows("SELECT backend, COUNT(*) AS n FROM jobs WHERE status IN (?, ?) GROUP BY backend", _PENDING)
        return {row["backend"]: row["n"] for row in rows}

    # Jobs of services that have ended

    def left(self) -> int:
        """Return the number of pending jobs of services that have ended; they wait for somebody to take them over."""
        with self._changes() as db:
            return sum(self._put_back(db, owner) for owner in self._dead_owners())

    def adopt(self, backends: Sequence[str]) -> list[str]:
        """Take over jobs of services that have ended; return their identifiers, in order.

        A job that was running each of several times when its service ended is not run again: it may be the cause.

        Args:
            backends: The devices whose jobs are taken over.
        """
        marks = ", ".join("?" * len(backends))
        adopted: list[tuple[int, str]] = []
        for owner in self._dead_owners():
            with self._changes() as db:
                self._put_back(db, owner)
                left = db.execute(
                    f"SELECT number, id FROM jobs WHERE status = 'Queued' AND backend IN ({marks}) AND owner = ?",  # noqa: S608
                    (*backends, owner),
                ).fetchall()
                db.executemany("UPDATE jobs SET owner = ? WHERE number = ?", [(self.owner, row[0]) for row in left])
            adopted += [(row["number"], row["id"]) for row in left]
        return [job_id for _, job_id in sorted(adopted)]

    def cancel_left(self) -> int:
        """Cancel the pending jobs of services that have ended; return how many there were."""
        cancelled = 0
        for owner in self._dead_owners():
            with self._changes() as db:
                cursor = db.execute(
                    "UPDATE jobs SET status = 'Cancelled', finished = ?, reason = 'Left by a service that ended'"
                    " WHERE status IN (?, ?) AND owner = ?",
                    (self._now(), *_PENDING, owner),
                )
            cancelled += cursor.rowcount
        return cancelled

    def _dead_owners(self) -> list[str]:
        """Return services that have ended and have pending jobs; remove the files of those that have none."""
        rows = self._rows("SELECT DISTINCT owner FROM jobs WHERE status IN (?, ?)", _PENDING)
        owners = {row["owner"] for row in rows}
        for file in self._life_files():
            owner = file.stem.rpartition("-")[2]
            if owner not in {*owners, self.owner} and is_over(file):
                with suppress(OSError):
                    file.unlink(missing_ok=True)
        return sorted(owner for owner in owners - {self.owner} if self._is_dead(owner))

    def _put_back(self, db: sqlite3.Connection, owner: str) -> int:
        """Let jobs of a service that has ended wait again, but for those that ended it; return how many wait."""
        db.execute(
            "UPDATE jobs SET status = 'Failed', finished = ?, reason = 'The service ended while it ran, again and again',"
            " reason_code = 5203 WHERE status = 'Running' AND owner = ? AND attempts >= ?",
            (self._now(), owner, _MAX_ATTEMPTS),
        )
        db.execute("UPDATE jobs SET status = 'Queued', running = NULL WHERE status = 'Running' AND owner = ?", (owner,))
        (count,) = db.execute("SELECT COUNT(*) FROM jobs WHERE status = 'Queued' AND owner = ?", (owner,)).fetchone()
        return int(count)

    # Pruning

    def prune(self, days: float, size: float) -> int:
        """Delete the oldest jobs that are done, and sessions without jobs, and make the file smaller.

        Args:
            days: Jobs that were done longer ago are deleted; infinity for none.
            size: Bytes that the file may have; infinity for any number. Pending jobs are kept in any case, and so is
                the newest one that is done, whose results somebody may be about to ask for.

        Returns:
            The number of jobs that were deleted.
        """
        pruned = 0
        oldest = self.now() - datetime.timedelta(days=days) if days < _MAX_DAYS else None
        before = "" if oldest is None else _timestamps.utc_text(oldest)
        while deleted := self._prune_before(before) if before else 0:
            pruned += deleted
        while (excess := self._used() - size) > 0 and (deleted := self._prune_bytes(excess)):
            pruned += deleted
        if before:
            with self._changes() as db:
                db.execute(
                    "DELETE FROM sessions WHERE created < ? AND NOT EXISTS"
                    " (SELECT 1 FROM jobs WHERE session_id IS NOT NULL AND session_id = sessions.id)",
                    (before,),
                )
        if pruned:
            with self._lock:
                # As a script: a statement gives one page back for each row that it is asked for, and has no rows.
                self._db.executescript("PRAGMA incremental_vacuum")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return pruned

    def _prune_before(self, moment: str) -> int:
        """Delete some jobs that were done before a moment; return how many."""
        query = "SELECT number FROM jobs WHERE finished < ? ORDER BY finished LIMIT ?"
        with self._changes() as db:
            numbers = [number for (number,) in db.execute(query, (moment, _PRUNED_AT_ONCE))]
            _delete(db, numbers)
        return len(numbers)

    def _prune_bytes(self, excess: float) -> int:
        """Delete some of the oldest jobs that are done, as few as have so many bytes; return how many."""
        query = (
            "SELECT number, LENGTH(params), LENGTH(result), LENGTH(logs) FROM jobs JOIN contents USING (number)"
            " WHERE finished > '' AND number != (SELECT number FROM jobs WHERE finished > '' ORDER BY finished DESC LIMIT 1)"
            " ORDER BY finished LIMIT ?"
        )
        numbers: list[int] = []
        with self._changes() as db:
            for number, *sizes in db.execute(query, (_PRUNED_AT_ONCE,)).fetchall():
                if excess <= 0:
                    break
                numbers.append(number)
                excess -= sum(size or 0 for size in sizes)
            _delete(db, numbers)
        return len(numbers)

    def _used(self) -> int:
        """Return how many bytes of the file are used."""
        pages, free, size = (
            self._rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    # Sessions

    def add_session(self, backend: str, mode: str, max_ttl: int) -> str:
        """Open a session; return its id."""
        # In the form of a UUID; importing uuid takes 30 ms.
        digits = secrets.token_hex(16)
        session_id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
        with self._changes() as db:
            db.execute(
                "INSERT INTO sessions (id, backend, mode, max_ttl, accepting, created, owner) VALUES (?, ?, ?, ?, 1, ?, ?)",
                (session_id, backend, mode, max_ttl, self._now(), self.owner),
            )
        return session_id

    def session(self, session_id: str) -> dict[str, Any] | None:
        """Return a session, after it was closed if its time is over; ``None`` if there is none with that identifier."""
        rows = self._rows("SELECT * FROM sessions WHERE id = ?", (session_id,))
        if not rows:
            return None
        session = dict(rows[0])
        end = parse_time(session["created"]) + datetime.timedelta(seconds=session["max_ttl"])
        if session["accepting"] and self.now() >= end:
            self.close_session(session_id, cancel=False)
            session |= {"accepting": 0, "closed": end.isoformat()}
        # One search each, in place of one walk through all jobs of the session.
        (jobs,) = self._rows(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE session_id = :id AND finished IS NULL) AS pending,"
            " (SELECT MIN(running) FROM jobs WHERE session_id = :id) AS first,"
            " (SELECT MAX(running) FROM jobs WHERE session_id = :id) AS last_started,"
            " (SELECT MAX(finished) FROM jobs WHERE session_id = :id) AS last_done",
            {"id": session_id},
        )
        is_done = not session["accepting"] and not jobs["pending"]
        state = "closed" if is_done else "active" if jobs["first"] else "open"
        return session | dict(jobs) | {"state": state}

    def close_session(self, session_id: str, cancel: bool) -> None:
        """Close a session for further jobs; with ``cancel``, cancel its waiting jobs."""
        with self._changes() as db:
            db.execute(
                "UPDATE sessions SET accepting = 0, closed = COALESCE(closed, ?) WHERE id = ?",
                (self._now(), session_id),
            )
            if cancel:
                db.execute(
                    "UPDATE jobs SET status = 'Cancelled', finished = ?, reason = 'Session was cancelled'"
                    " WHERE session_id = ? AND finished IS NULL AND status = 'Queued'",
                    (self._now(), session_id),
                )


_CONDITIONS = {
    "backend": "backend = ?",
    "program": "program = ?",
    "session_id": "session_id = ?",
    "created_after": "created > ?",
    "created_before": "created < ?",
}


def _order(filters: Mapping[str, Any], ascending: bool) -> str:
    """Return the order of a page: that of numbers, which is that of time."""
    order = "ASC" if ascending else "DESC"
    # Walking along the numbers to those of some time before takes longer than finding that time.
    by_time = filters.get("created_before") is not None and filters.get("backend") is None and not ascending
    return f"created {order}, number {order}" if by_time else f"number {order}"


def parse_time(text: str) -> datetime.datetime:
    """Return a time of the file."""
    return datetime.datetime.fromisoformat(text)


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = ?" for key in values)


def _keep_tags(db: sqlite3.Connection, number: int | None, tags: Sequence[str]) -> None:
    db.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(tag, number) for tag in tags])


def _delete(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    for table in ("jobs", "contents", "tags"):
        db.executemany(f"DELETE FROM {table} WHERE number = ?", [(number,) for number in numbers])  # noqa: S608


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
    for store in _held:
        # The lock is the parent's; the child's descriptor would keep it when the parent has ended.
        store._life.abandon()
    _OPEN.clear()
    _after_fork_in_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
