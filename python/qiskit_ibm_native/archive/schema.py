# SPDX-License-Identifier: Apache-2.0
"""Tables and indexes of the file of an archive."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable

from .. import _native
from .._sqlite import Schema
from ..exceptions import ArchiveDamagedError, ArchiveError


def checksum_of(*columns: str) -> str:
    """Return the checksum of some columns in SQL, whatever they hold."""
    quoted = " || ',' || ".join(f"quote({column})" for column in columns)
    return f"crc32(CAST({quoted} AS BLOB))"


#: Checksums over all other columns of a row of calibrations, and of one of sightings, which tell damage of what no
#: payload says.
CALIBRATION_CHECKSUM = checksum_of(
    "id", "backend", "num_qubits", "updated", "configuration", "properties", "defaults", "added", "is_overridden"
)
SIGHTING_CHECKSUM = checksum_of("calibration", "origin", "until")


#: Those of version 4, which is never changed.
_CALIBRATION_CHECKSUM_4 = """crc32(CAST(quote(id) || ',' || quote(backend) || ',' || quote(num_qubits)
        || ',' || quote(updated) || ',' || quote(configuration) || ',' || quote(properties) || ',' || quote(defaults)
        || ',' || quote(added) || ',' || quote(is_overridden) AS BLOB))"""
_SIGHTING_CHECKSUM_4 = "crc32(CAST(quote(calibration) || ',' || quote(origin) || ',' || quote(until) AS BLOB))"


def _look_for_overrides(connection: sqlite3.Connection) -> Callable[[sqlite3.Connection], None]:
    """Look through the payloads of a file of an earlier version for overrides; what cannot be read has none."""
    properties = "SELECT DISTINCT properties FROM calibrations"
    known = {number: _is_overridden(connection, number) for (number,) in connection.execute(properties).fetchall()}

    def mark(connection: sqlite3.Connection) -> None:
        for (number,) in connection.execute(properties).fetchall():
            # Others may have added some meanwhile.
            if known.get(number) or (number not in known and _is_overridden(connection, number)):
                connection.execute("UPDATE calibrations SET is_overridden = 1 WHERE properties = ?", (number,))
        connection.execute(f"UPDATE calibrations SET checksum = {_CALIBRATION_CHECKSUM_4}")  # noqa: S608 (a constant)
        connection.execute(f"UPDATE sightings SET checksum = {_SIGHTING_CHECKSUM_4}")  # noqa: S608 (a constant)

    return mark


def _is_overridden(connection: sqlite3.Connection, properties: int) -> bool:
    from ..snapshot.overrides import has_note

    try:
        row = connection.execute("SELECT packed, length FROM payloads WHERE id = ?", (properties,)).fetchone()
        return has_note(_native.unpack(*row))
    except (sqlite3.DatabaseError, TypeError, ValueError, OverflowError):
        return False


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
    """
    -- Values with overrides were never measured, and stay apart from those that were.
    ALTER TABLE calibrations ADD COLUMN is_overridden INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE calibrations ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE sightings ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    -- Calibrations that differ in nothing but pulse defaults were seen together.
    INSERT INTO sightings (calibration, origin, until)
        SELECT other.id, s.origin, max(s.until) FROM sightings s JOIN calibrations c ON c.id = s.calibration
        JOIN calibrations other ON other.properties = c.properties AND other.configuration = c.configuration
        WHERE other.id <> c.id GROUP BY other.id, s.origin
        ON CONFLICT (calibration, origin) DO UPDATE SET until = max(until, excluded.until);
    DROP INDEX calibrations_by_time;
    CREATE INDEX calibrations_by_time ON calibrations (backend, is_overridden, updated, added);
    CREATE INDEX sightings_by_origin ON sightings (origin);
    """,
)
#: An earlier version may have neither sightings nor blocks: nothing is confirmed, and series are read from payloads.
#: Its rows have no checksums, and are looked through for overrides.
_STAND_INS = {
    2: "CREATE TEMP TABLE sightings (calibration INTEGER, origin TEXT, until INTEGER);",
    3: """
    CREATE TEMP TABLE blocks (id INTEGER PRIMARY KEY, format INTEGER, num_qubits INTEGER, is_full INTEGER);
    CREATE TEMP TABLE block_rows (properties INTEGER PRIMARY KEY, block INTEGER, row INTEGER);
    CREATE TEMP TABLE block_columns (block INTEGER, name TEXT, content);
    """,
    4: """
    CREATE TEMP TABLE calibrations AS SELECT *, 0 AS is_overridden, 0 AS checksum FROM main.calibrations;
    CREATE INDEX temp.calibrations_by_time ON calibrations (backend, is_overridden, updated, added);
    CREATE INDEX temp.calibrations_by_id ON calibrations (id);
    CREATE INDEX temp.calibrations_by_content ON calibrations (properties, configuration);
    CREATE TEMP TABLE seen AS SELECT *, 0 AS checksum FROM sightings;
    DROP TABLE IF EXISTS temp.sightings;
    ALTER TABLE temp.seen RENAME TO sightings;
    CREATE INDEX temp.sightings_by_calibration ON sightings (calibration, origin);
    CREATE INDEX temp.sightings_by_origin ON sightings (origin);
    """,
}
#: The number is ``QINA``.
ARCHIVE = Schema(
    0x51494E41,
    _MIGRATIONS,
    "an archive of calibrations",
    ArchiveError,
    ArchiveDamagedError,
    _STAND_INS,
    (("crc32", zlib.crc32),),
    {4: _look_for_overrides},
)
