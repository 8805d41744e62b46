# SPDX-License-Identifier: Apache-2.0
"""Tables and indexes of the file of an archive."""

from __future__ import annotations

from .._sqlite import Schema
from ..exceptions import ArchiveDamagedError, ArchiveError

_MIGRATIONS = (
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
    """
    DROP TABLE extracts;
    -- All columns of some properties payloads of a device: made when a series is asked for, and of no worth by themselves.
    CREATE TABLE blocks (
        id INTEGER PRIMARY KEY,
        format INTEGER NOT NULL,        -- blocks of another one are made anew
        num_qubits INTEGER NOT NULL,
        is_full INTEGER NOT NULL        -- whether no later payload joins these
    );
    CREATE TABLE block_rows (
        properties INTEGER PRIMARY KEY REFERENCES payloads ON DELETE CASCADE,
        block INTEGER NOT NULL REFERENCES blocks ON DELETE CASCADE,
        row INTEGER NOT NULL
    );
    CREATE INDEX block_rows_by_block ON block_rows (block);
    CREATE TABLE block_columns (
        block INTEGER NOT NULL REFERENCES blocks ON DELETE CASCADE,
        name TEXT NOT NULL,
        content NOT NULL,               -- a blob, or the name of a column of the block with the same one
        PRIMARY KEY (block, name)
    );
    """,
)
#: An earlier version has neither sightings nor blocks: nothing is confirmed, and series are read from payloads.
_STAND_INS = {
    2: "CREATE TEMP TABLE sightings (calibration INTEGER, origin TEXT, until INTEGER);",
    3: """
    CREATE TEMP TABLE blocks (id INTEGER PRIMARY KEY, format INTEGER, num_qubits INTEGER, is_full INTEGER);
    CREATE TEMP TABLE block_rows (properties INTEGER PRIMARY KEY, block INTEGER, row INTEGER);
    CREATE TEMP TABLE block_columns (block INTEGER, name TEXT, content);
    """,
}
#: The number is ``QINA``.
ARCHIVE = Schema(0x51494E41, _MIGRATIONS, "an archive of calibrations", ArchiveError, ArchiveDamagedError, _STAND_INS)
