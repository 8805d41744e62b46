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
)
#: The number is ``QINA``.
ARCHIVE = Schema(0x51494E41, _MIGRATIONS, "an archive of calibrations", ArchiveError, ArchiveDamagedError)
