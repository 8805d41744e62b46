# SPDX-License-Identifier: Apache-2.0
"""Rows of an archive: payloads, calibrations, and who has seen these until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .schema import CALIBRATION_CHECKSUM, SIGHTING_CHECKSUM, checksum_of

if TYPE_CHECKING:
    import sqlite3

#: Calibrations with the configuration and the properties of one. What is seen of one is seen of all: pulse defaults are
#: fetched by themselves.
_SAME = (
    "SELECT o.id FROM calibrations c JOIN calibrations o ON o.properties = c.properties"
    " AND o.configuration = c.configuration WHERE c.id = ?1"
)


class Packed(NamedTuple):
    """A payload as it is put in; ``is_repair`` if it is to replace what is there, because that is damaged."""

    digest: bytes
    length: int
    packed: bytes
    is_repair: bool


class Calibration(NamedTuple):
    """Columns of a calibration that do not depend on the file."""

    backend: str
    num_qubits: int
    updated: int
    is_overridden: bool
    added: int


def payload_id(connection: sqlite3.Connection, payload: Packed) -> int:
    """Return the number of a payload, which is put in if it is not there, or if what is there is damaged."""
    known = connection.execute("SELECT id FROM payloads WHERE digest = ?", (payload.digest,)).fetchone()
    if known is None:
        insert = "INSERT INTO payloads (digest, length, packed) VALUES (?, ?, ?)"
        return int(connection.execute(insert, payload[:3]).lastrowid or 0)
    if payload.is_repair:
        repair = "UPDATE payloads SET length = ?, packed = ? WHERE id = ?"
        connection.execute(repair, (payload.length, payload.packed, known[0]))
    return int(known[0])


def calibration_of(connection: sqlite3.Connection, properties: Packed | None) -> int | None:
    """Return the number of the last calibration with some properties, if there is any."""
    if properties is None:
        return None
    select = (
        "SELECT c.id FROM calibrations c JOIN payloads p ON p.id = c.properties WHERE p.digest = ?"
        " ORDER BY c.added DESC, c.id DESC"
    )
    known = connection.execute(select, (properties.digest,)).fetchone()
    return None if known is None else int(known[0])


def see(connection: sqlite3.Connection, calibration: int, origin: str, until: int) -> bool:
    """Note that an origin published no later calibration until then; return whether that is new."""
    is_new = False
    for (number,) in connection.execute(_SAME, (calibration,)).fetchall():
        cursor = connection.execute(
            "INSERT INTO sightings (calibration, origin, until) VALUES (?1, ?2, ?3)"
            " ON CONFLICT (calibration, origin) DO UPDATE SET until = ?3 WHERE until < ?3",
            (number, origin, until),
        )
        if cursor.rowcount:
            is_new = True
            connection.execute(
                f"UPDATE sightings SET checksum = {SIGHTING_CHECKSUM} WHERE calibration = ? AND origin = ?",  # noqa: S608
                (number, origin),
            )
    return is_new


def calibration_id(
    connection: sqlite3.Connection, calibration: Calibration, payloads: tuple[int, int, int | None]
) -> tuple[int, bool]:
    """Return the number of a calibration, and whether anything about it is new.

    Of the same calibration the earliest time of adding stays, so that it does not matter in which order archives are
    merged.
    """
    configuration, properties, defaults = payloads
    same = "SELECT id, defaults, added FROM calibrations WHERE configuration = ? AND properties = ? ORDER BY added DESC, id DESC"
    incomplete = None
    for number, known, added in connection.execute(same, (configuration, properties)).fetchall():
        if known == defaults and isinstance(added, int) and calibration.added < added:
            connection.execute("UPDATE calibrations SET added = ? WHERE id = ?", (calibration.added, number))
            _sum(connection, number)
        if defaults in (None, known):
            return number, False
        incomplete = number if known is None else incomplete
    if incomplete is not None:
        complete = "UPDATE calibrations SET defaults = ?, added = ? WHERE id = ?"
        connection.execute(complete, (defaults, calibration.added, incomplete))
        _sum(connection, incomplete)
        return incomplete, True
    insert = (
        "INSERT INTO calibrations (backend, num_qubits, updated, is_overridden, added, configuration, properties, defaults)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    number = int(connection.execute(insert, (*calibration, *payloads)).lastrowid or 0)
    _sum(connection, number)
    # Notes on other calibrations with these properties hold for this one.
    connection.execute(
        f"INSERT INTO sightings (calibration, origin, until, checksum)"  # noqa: S608 (constants)
        f" SELECT ?1, origin, max(until), {checksum_of('?1', 'origin', 'max(until)')} FROM sightings"
        f" WHERE calibration IN ({_SAME}) GROUP BY origin",
        (number,),
    )
    return number, True


def _sum(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(f"UPDATE calibrations SET checksum = {CALIBRATION_CHECKSUM} WHERE id = ?", (number,))  # noqa: S608
