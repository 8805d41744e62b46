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
    -- Up to when it is known that no later calibration was published.
    ALTER TABLE calibrations ADD COLUMN until INTEGER;
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


class Database:
    """A connection that is opened anew in a process that was forked off."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open a file, make it if there is none, and bring it to the present version.

        Raises:
            ArchiveError: It is something else, of a later version, or cannot be written.
        """
        self.path = Path(path).expanduser().absolute()
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._is_closed = False
        with self._lock, self._explained():
            self._open()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._is_closed = True
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._process = connection, os.getpid()
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
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to this thread alone."""
        with self._lock, self._explained():
            if self._is_closed:
                raise ArchiveError(f"The archive {self.path} is closed.")
            # A connection must not be carried over a fork, not even to be closed.
            mine = self._connection if self._process == os.getpid() else None
            yield mine or self._open()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to this thread alone, within a transaction."""
        with self.reading() as connection:
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
        except (sqlite3.Error, OSError) as error:
            self._explain(error)

    def _explain(self, error: Exception) -> NoReturn:
        code = getattr(error, "sqlite_errorname", "") or ""
        text = str(error)
        if "NOTADB" in code or "CORRUPT" in code or "malformed" in text or "not a database" in text:
            raise ArchiveDamagedError(
                f"{self.path} is damaged, or no archive of calibrations: {text}. verify() tells what can still be used."
            ) from error
        if "locked" in text:
            raise ArchiveError(
                f"{self.path} is busy: another process has been writing for {PATIENCE:.0f} s."
            ) from error
        raise ArchiveError(f"{self.path} cannot be used: {text}.") from error


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
