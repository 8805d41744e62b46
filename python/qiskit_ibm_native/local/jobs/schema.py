# SPDX-License-Identifier: Apache-2.0
"""The tables of the store, and how files of earlier versions are brought to the present one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

VERSION = 2
#: Indexes for orders of pages and for numbers of all that match, which are found in an index alone.
#: Descriptions are apart from params and results, which SQLite would read through to get to columns behind them.
_TABLES = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, backend TEXT NOT NULL, program TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT, reason_code INTEGER, created TEXT NOT NULL, running TEXT, finished TEXT,
    tags TEXT NOT NULL, session_id TEXT, cost INTEGER NOT NULL, private INTEGER NOT NULL, runtime TEXT, calibration_id TEXT,
    owner TEXT NOT NULL, noise INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_status ON jobs (status, backend);
CREATE INDEX jobs_by_backend ON jobs (backend);
CREATE INDEX jobs_by_device ON jobs (backend, created, finished, program, session_id);
CREATE INDEX jobs_by_program ON jobs (program);
CREATE INDEX jobs_by_creation ON jobs (created);
CREATE INDEX jobs_by_end ON jobs (finished);
CREATE INDEX jobs_by_session ON jobs (session_id, finished) WHERE session_id IS NOT NULL;
CREATE INDEX starts_by_session ON jobs (session_id, running) WHERE session_id IS NOT NULL;
CREATE TABLE contents (number INTEGER PRIMARY KEY, params BLOB, result BLOB, logs TEXT NOT NULL DEFAULT '');
CREATE TABLE tags (tag TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag, number)) WITHOUT ROWID;
CREATE INDEX tags_by_job ON tags (number);
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
_SESSIONS = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, backend TEXT NOT NULL, mode TEXT NOT NULL, max_ttl INTEGER NOT NULL, accepting INTEGER NOT NULL,
    created TEXT NOT NULL, closed TEXT, owner TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_by_creation ON sessions (created);
"""
_SHARED = (
    "id, number, backend, program, status, reason, reason_code, created, running, finished, tags, session_id, cost, private,"
    " runtime, calibration_id, owner, noise, attempts"
)


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables of a file that has none, or bring one of version 1 to the present version.

    The file must be used by nobody else, unless it has the present version already.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version == 0:
        # So that what is pruned can be given back.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 1:
            _take_over_version_1(connection)
        if version < VERSION:
            if version == 0:
                _run(connection, _TABLES)
            _run(connection, _SESSIONS)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    if version == 1:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")


def _take_over_version_1(connection: sqlite3.Connection) -> None:
    """Move the jobs of the first version, which had one table, into the present tables."""
    connection.execute("ALTER TABLE jobs RENAME TO old_jobs")
    for index in ("jobs_by_status", "jobs_by_number"):
        connection.execute(f"DROP INDEX IF EXISTS {index}")
    _run(connection, _TABLES)
    connection.execute(f"INSERT INTO jobs ({_SHARED}) SELECT {_SHARED} FROM old_jobs ORDER BY number")  # noqa: S608
    connection.execute("INSERT INTO contents SELECT number, params, result, logs FROM old_jobs")
    tagged = connection.execute("SELECT number, tags FROM old_jobs WHERE tags != '[]'").fetchall()
    pairs = {(tag, number) for number, tags in tagged for tag in json.loads(tags)}
    connection.executemany("INSERT INTO tags VALUES (?, ?)", sorted(pairs))
    connection.execute("DROP TABLE old_jobs")
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sessions'").fetchone():
        # Their owner is not known.
        connection.execute("ALTER TABLE sessions ADD COLUMN owner TEXT NOT NULL DEFAULT ''")


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run statements; ``executescript`` would end the transaction."""
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)
