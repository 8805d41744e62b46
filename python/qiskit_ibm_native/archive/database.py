# SPDX-License-Identifier: Apache-2.0
"""The file: its schema and versions, transactions, and what can go wrong with it.

Any number of threads and processes may use one file. A transaction is there as a whole or not at all, also when the process
is killed in the midst of it; SQLite's write-ahead log sees to that.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from ..exceptions import ArchiveDamagedError, ArchiveError

#: Marks the file as one of ours: ``QINA``.
APPLICATION = 0x51494E41
#: Seconds to wait for others that write.
PATIENCE = 60.0
#: What brings a file to the next version, from an empty one on.
MIGRATIONS = (
    """
    CREATE TABLE payloads (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,    -- SHA-256 of the payload
        length INTEGER NOT NULL,        -- of the payload
        packed BLOB NOT NULL            -- the payload, compressed by Zstandard
    );
    CREATE TABLE calibrations (
        id INTEGER PRIMARY KEY,
        backend TEXT NOT NULL,
        num_qubits INTEGER NOT NULL,
        updated INTEGER NOT NULL,       -- last update of the properties, microseconds since 1970 in UTC
        configuration INTEGER NOT NULL REFERENCES payloads,
        properties INTEGER NOT NULL REFERENCES payloads,
        defaults INTEGER REFERENCES payloads,
        added INTEGER NOT NULL          -- microseconds since 1970 in UTC
    );
    CREATE UNIQUE INDEX calibrations_by_content ON calibrations (properties, configuration, ifnull(defaults, 0));
    CREATE INDEX calibrations_by_time ON calibrations (backend, updated);
    """,
    """
    -- Up to when it is known of whom that no later calibration was published; an empty origin is anybody.
    CREATE TABLE sightings (
        calibration INTEGER NOT NULL REFERENCES calibrations ON DELETE CASCADE,
        origin TEXT NOT NULL,
        until INTEGER NOT NULL,         -- microseconds since 1970 in UTC
        PRIMARY KEY (calibration, origin)
    ) WITHOUT ROWID;
    -- One quantity of a properties payload, or one gate: made when it is first asked for, and of no worth by itself.
    CREATE TABLE extracts (
        quantity TEXT NOT NULL,
        properties INTEGER NOT NULL REFERENCES payloads,
        content BLOB NOT NULL,
        PRIMARY KEY (quantity, properties)
    ) WITHOUT ROWID;
    """,
)
VERSION = len(MIGRATIONS)


class _Line:
    """A connection that one thread uses at a time; it is opened when it is first used."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.connection: sqlite3.Connection | None = None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Database:
    """A file, with one connection for reading and one for writing, so that who reads does not wait for who writes."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open a file, make it if there is none, and bring it to the present version.

        Raises:
            ArchiveError: It is something else, of a later version, or cannot be written.
        """
        self.path = Path(path).expanduser().absolute()
        self._reader, self._writer = _Line(), _Line()
        self._is_closed = False
        with self._used(self._reader):
            pass
        _OPEN.add(self)

    @property
    def lines(self) -> tuple[_Line, _Line]:
        """Both connections, in the order in which they are to be locked."""
        return self._writer, self._reader

    def close(self) -> None:
        """Close the file."""
        self._is_closed = True
        for line in self.lines:
            with line.lock:
                line.close()

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION and (application or version or tables):
            raise ArchiveError(f"{self.path} is the file of another program, not an archive of calibrations.")
        if version > VERSION:
            raise ArchiveError(
                f"{self.path} has version {version}, and this package knows versions up to {VERSION}; a later one is needed."
            )
        if not tables:
            # So that what is pruned can be given back.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _use_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if version < VERSION:
            _migrate(connection)

    @contextmanager
    def _used(self, line: _Line) -> Iterator[sqlite3.Connection]:
        with line.lock, self._explained():
            if self._is_closed:
                raise ArchiveError(f"The archive {self.path} is closed.")
            if line.connection is None:
                line.connection = self._open()
            yield line.connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reading to this thread alone."""
        with self._used(self._reader) as connection:
            yield connection

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[sqlite3.Connection]:
        """Give the connection for writing to this thread alone, within a transaction.

        Args:
            patience: How many seconds to wait for other processes that write; :data:`PATIENCE` by default.
        """
        seconds = PATIENCE if patience is None else patience
        with self._used(self._writer) as connection:
            connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.execute("COMMIT")

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return all rows of a query."""
        with self.reading() as connection:
            return connection.execute(statement, parameters).fetchall()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self._explain(error)

    def _explain(self, error: Exception) -> NoReturn:
        code = getattr(error, "sqlite_errorname", "") or ""
        text = str(error)
        is_damaged = isinstance(error, UnicodeDecodeError) or "Could not decode" in text
        if is_damaged or "NOTADB" in code or "CORRUPT" in code or "malformed" in text or "not a database" in text:
            raise ArchiveDamagedError(f"{self.path} is damaged, or no archive of calibrations: {text}.") from error
        if "locked" in text:
            raise ArchiveError(f"{self.path} is busy: another process is writing for too long.") from error
        raise ArchiveError(f"{self.path} cannot be used: {text}.") from error


#: All that a process that is forked off must not take over: SQLite's locks are those of a process.
_OPEN: weakref.WeakSet[Database] = weakref.WeakSet()
_held: list[Database] = []


def _before_fork() -> None:
    _held[:] = list(_OPEN)
    for database in _held:
        for line in database.lines:
            line.lock.acquire()
            line.close()


def _after_fork_in_parent() -> None:
    for database in _held:
        for line in database.lines:
            line.lock.release()
    _held.clear()


def _after_fork_in_child() -> None:
    # The locks are held by a thread that is not there any more.
    for database in _held:
        database._reader, database._writer = _Line(), _Line()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)


def _use_log(connection: sqlite3.Connection) -> None:
    """Switch the write-ahead log on. Waiting for others is not what SQLite does here."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for statements in MIGRATIONS[version:]:
            for statement in _statements(statements):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _statements(script: str) -> Iterator[str]:
    """Return the statements of a script; ``executescript`` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
