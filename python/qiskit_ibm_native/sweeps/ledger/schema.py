# SPDX-License-Identifier: Apache-2.0
"""Schema of the file of a ledger; columns of figures are those of :mod:`.figures`."""

from __future__ import annotations

from ..._sqlite import Schema
from ...exceptions import LedgerDamagedError, LedgerError

_MIGRATIONS = (
    """
    CREATE TABLE circuits (
        number INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,    -- SHA-256 of the content
        name TEXT NOT NULL
    );
    CREATE TABLE snapshots (
        number INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,    -- SHA-256 of the payloads
        backend TEXT NOT NULL,
        calibrated INTEGER              -- microseconds since 1970 in UTC
    );
    CREATE TABLE settings (
        number INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,    -- SHA-256 of the content
        optimization_level INTEGER NOT NULL,
        options TEXT NOT NULL,          -- for people
        pass_manager TEXT NOT NULL
    );
    CREATE TABLE versions (
        number INTEGER PRIMARY KEY,
        qiskit TEXT NOT NULL,
        package TEXT NOT NULL,
        UNIQUE (qiskit, package)
    );
    CREATE TABLE tasks (
        number INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,        -- of all that the result depends on
        key BLOB NOT NULL,              -- the same but for the versions
        circuit INTEGER NOT NULL REFERENCES circuits,
        snapshot INTEGER NOT NULL REFERENCES snapshots,
        setting INTEGER NOT NULL REFERENCES settings,
        version INTEGER NOT NULL REFERENCES versions,
        seed INTEGER NOT NULL,
        initial_layout TEXT,            -- a JSON array, if it was given
        use_fractional_gates INTEGER,   -- 0 if those gates were left out
        error TEXT,
        depth INTEGER,
        two_qubit_depth INTEGER,
        two_qubit_count INTEGER,
        size INTEGER,
        num_qubits INTEGER,
        operations TEXT,                -- a JSON object
        duration REAL,                  -- s
        esp REAL,
        layout TEXT,                    -- a JSON array
        final_layout TEXT,              -- a JSON array
        wall REAL NOT NULL,             -- s
        cpu REAL NOT NULL,              -- s
        worker TEXT NOT NULL,
        attempts INTEGER NOT NULL
    );
    CREATE INDEX tasks_by_key ON tasks (key);
    CREATE TABLE transpiled (
        task INTEGER PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
        length INTEGER NOT NULL,        -- without compression
        packed BLOB NOT NULL            -- a note on delays and QPY, compressed by Zstandard
    );
    """,
    # Since this version, circuits may also be kept in columns, see ``inputs/qpy_codec.py``.
    """
    CREATE TABLE claims (
        id BLOB PRIMARY KEY,            -- of a task
        owner TEXT NOT NULL,            -- the run that does it
        until REAL NOT NULL             -- seconds since 1970 in UTC
    );
    """,
    # ``axes`` and ``metrics`` are JSON objects. ``layout_name`` is a name that was given to the initial layout, and
    # ``carried_from`` the task of another calibration whose result this is, if it was not transpiled.
    """
    ALTER TABLE settings ADD COLUMN axes TEXT;
    ALTER TABLE tasks ADD COLUMN layout_name TEXT;
    ALTER TABLE tasks ADD COLUMN metrics TEXT;
    ALTER TABLE tasks ADD COLUMN carried_from BLOB;
    """,
)
#: The number is ``QINL``.
LEDGER = Schema(0x51494E4C, _MIGRATIONS, "a ledger of a sweep", LedgerError, LedgerDamagedError)
