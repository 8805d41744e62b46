# SPDX-License-Identifier: Apache-2.0
"""Blocks: all columns of up to 128 properties payloads of a device, kept beside the payloads that they were made of.

Reading a payload takes as long for one quantity as for all, so all are kept. Blocks are of no worth by themselves: one
that is damaged, of another format or not there is made again, and where none can be kept, payloads are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _native
from ..exceptions import ArchiveDamagedError, ArchiveError

if TYPE_CHECKING:
    import sqlite3

    from .._sqlite import Database

#: Payloads of a block, as many as in native code, and bytes of them before compression, which bound the memory that
#: reading them takes.
_MOST, _MOST_BYTES = 128, 128 << 20
#: Seconds to wait for other writers; after that, blocks are not kept, and made again the next time.
_PATIENCE = 1.0

#: Some columns of a block; ``None`` for one that is not there.
Columns = list[bytes | None]


class Payload(NamedTuple):
    """A properties payload: when it was updated, its number, and its digest, because numbers are given again."""

    updated: int
    number: int
    digest: Any


@dataclass
class Found:
    """Columns that a series needs.

    Attributes:
        columns: Those of each block.
        rows: The block, by its index in ``columns``, and the row in it, by number of the payload.
    """

    columns: list[Columns] = field(default_factory=list)
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, columns: Columns, rows: Mapping[int, int]) -> None:
        """Add a block, of which some rows are wanted, by number of the payload."""
        self.rows.update({number: (len(self.columns), row) for number, row in rows.items()})
        self.columns.append(columns)

    def remove(self, damaged: Iterable[int]) -> None:
        """Remove the rows of some blocks."""
        gone = set(damaged)
        self.rows = {number: at for number, at in self.rows.items() if at[0] not in gone}


def kept(database: Database, backend: str, period: tuple[int, int], num_qubits: int, names: Sequence[str]) -> Found:
    """Return what the file has of the calibrations of a period; it must not be changed meanwhile."""
    try:
        return _kept(database, backend, period, num_qubits, names)
    except ArchiveDamagedError:
        # Where SQLite cannot read blocks, it can read payloads.
        return Found()


def _kept(database: Database, backend: str, period: tuple[int, int], num_qubits: int, names: Sequence[str]) -> Found:
    rows = database.rows(
        "SELECT r.properties, r.block, r.row FROM block_rows r JOIN blocks b ON b.id = r.block"
        " WHERE b.format = ? AND b.num_qubits = ? AND typeof(r.row) = 'integer' AND r.row BETWEEN 0 AND ?"
        " AND r.properties IN (SELECT properties FROM calibrations WHERE backend = ? AND updated >= ? AND updated < ?)",
        (_native.BLOCK_FORMAT, num_qubits, _MOST - 1, backend, *period),
    )
    found, indices = Found(), dict[int, int]()
    for number, block, row in rows:
        found.rows[number] = indices.setdefault(block, len(indices)), row
    for block in indices:
        contents = {name: content for name, content in _columns(database, block, names) if isinstance(content, bytes)}
        found.columns.append([contents.get(name) for name in names])
    return found


def _columns(database: Database, block: int, names: Sequence[str] | None = None) -> list[tuple[Any, Any]]:
    """Return columns of a block with their contents; all of them without ``names``."""
    select = (
        "SELECT c.name, CASE typeof(c.content) WHEN 'text' THEN s.content ELSE c.content END FROM block_columns c"
        " LEFT JOIN block_columns s ON s.block = c.block AND s.name = c.content WHERE c.block = ?"
    )
    if names is not None:
        select += f" AND c.name IN ({', '.join('?' * len(names))})"
    return database.rows(select, (block, *(names or ())))


@dataclass
class Maker:
    """Makes the blocks of payloads that no block has yet.

    Attributes:
        names: Columns that are wanted now.
        threads: The number of threads for reading payloads.
        damaged: Reasons by number, for payloads that cannot be read.
    """

    database: Database
    backend: str
    num_qubits: int
    names: Sequence[str]
    threads: int
    damaged: dict[int, str] = field(default_factory=dict)
    _can_keep: bool = True

    def make(self, missing: Iterable[Payload], found: Found, advance: Callable[[int], object]) -> None:
        """Make blocks of payloads, and of those in blocks that have room; keep them, and add what is wanted of them.

        Args:
            missing: Payloads that no block has yet.
            found: Where to add columns.
            advance: Told how many of the payloads are done, block by block.
        """
        wanted = {payload.number for payload in missing}
        # Of others, only columns are kept: their numbers may be those of payloads that were removed meanwhile.
        joining = [payload for payload in self._in_unfinished_blocks() if payload.number not in wanted]
        payloads = sorted({*missing, *joining})
        for batch, is_full in self._batches(payloads, wanted):
            packed = [(content, length) for _, content, length in batch]
            blocks, problems = _native.make_blocks(packed, self.num_qubits, self.threads)
            for index, problem in problems.items():
                if batch[index][0].number in wanted:
                    self.damaged[batch[index][0].number] = problem
            for rows, columns in blocks:
                of_rows = [batch[index][0] for index in rows]
                of_wanted = {payload.number: row for row, payload in enumerate(of_rows) if payload.number in wanted}
                if not of_wanted:
                    continue
                found.add([_resolved(columns, name) for name in self.names], of_wanted)
                if self._can_keep:
                    self._can_keep = self._keep(of_rows, columns, is_full or len(blocks) > 1)
            advance(sum(payload.number in wanted for payload, _, _ in batch))

    def _in_unfinished_blocks(self) -> list[Payload]:
        """Return the payloads of the device that later ones join."""
        select = (
            "SELECT max(c.updated), p.id, p.digest FROM blocks b JOIN block_rows r ON r.block = b.id"
            " JOIN payloads p ON p.id = r.properties JOIN calibrations c ON c.properties = p.id"
            " WHERE NOT b.is_full AND b.format = ? AND b.num_qubits = ? AND c.backend = ? GROUP BY p.id"
        )
        parameters = (_native.BLOCK_FORMAT, self.num_qubits, self.backend)
        try:
            return [Payload(*row) for row in self.database.rows(select, parameters, (int, int, object))]
        except ArchiveDamagedError:
            return []

    def _batches(
        self, payloads: Iterable[Payload], wanted: set[int]
    ) -> Iterator[tuple[list[tuple[Payload, bytes, int]], bool]]:
        """Yield compressed payloads with their lengths, as many as a block may have, and whether no more fit."""
        batch: list[tuple[Payload, bytes, int]] = []
        size = 0
        for payload in payloads:
            rows = self.database.rows(
                "SELECT packed, length FROM payloads WHERE id = ? AND digest IS ?", (payload.number, payload.digest)
            )
            packed, length = rows[0] if rows else (None, None)
            if not (isinstance(packed, bytes) and isinstance(length, int) and 0 <= length < 2**32):
                if payload.number in wanted and (rows or self._is_lost(payload.number)):
                    self.damaged[payload.number] = "it is of another kind" if rows else "the payload is not there"
                continue
            if batch and (len(batch) == _MOST or size + length > _MOST_BYTES):
                yield batch, True
                batch, size = [], 0
            batch.append((payload, packed, length))
            size += length
        if batch:
            yield batch, len(batch) == _MOST

    def _is_lost(self, number: int) -> bool:
        """Return whether a calibration lacks its payload; one whose number was given again was removed."""
        select = (
            "SELECT 1 FROM calibrations WHERE properties = ? AND properties NOT IN (SELECT id FROM payloads) LIMIT 1"
        )
        return bool(self.database.rows(select, (number,)))

    def _keep(self, payloads: Sequence[Payload], columns: Mapping[str, bytes | str], is_full: bool) -> bool:
        """Keep a block for the next time, and return whether that could be done."""
        try:
            with self.database.writing(_PATIENCE) as connection:
                cursor = connection.execute(
                    "INSERT INTO blocks (format, num_qubits, is_full) VALUES (?, ?, ?)",
                    (_native.BLOCK_FORMAT, self.num_qubits, is_full),
                )
                block = cursor.lastrowid
                connection.executemany(
                    "INSERT INTO block_columns (block, name, content) VALUES (?, ?, ?)",
                    [(block, name, content) for name, content in columns.items()],
                )
                # Others may have removed a payload meanwhile, and given its number to another one.
                connection.executemany(
                    "INSERT OR REPLACE INTO block_rows (properties, block, row)"
                    " SELECT id, ?, ? FROM payloads WHERE id = ? AND digest IS ?",
                    [(block, row, payload.number, payload.digest) for row, payload in enumerate(payloads)],
                )
                remove_empty(connection)
        except ArchiveError:
            return False
        return True


def _resolved(columns: Mapping[str, bytes | str], name: str) -> bytes | None:
    content = columns.get(name)
    if isinstance(content, str):
        content = columns[content]
    return content if isinstance(content, bytes) else None


def forget(connection: sqlite3.Connection, payloads: Iterable[int]) -> None:
    """Remove payloads that are about to go from their blocks, so that none of these rows is of a later payload."""
    connection.executemany("DELETE FROM block_rows WHERE properties = ?", [(number,) for number in payloads])
    remove_empty(connection)


def remove_empty(connection: sqlite3.Connection) -> None:
    """Remove blocks that no payload is in any more."""
    remove(connection, connection.execute("SELECT id FROM blocks EXCEPT SELECT block FROM block_rows").fetchall())


def remove(connection: sqlite3.Connection, blocks: Sequence[tuple[int]]) -> None:
    """Remove blocks; they are made again when a series is asked for."""
    for statement in (
        "DELETE FROM block_rows WHERE block = ?",
        "DELETE FROM block_columns WHERE block = ?",
        "DELETE FROM blocks WHERE id = ?",
    ):
        connection.executemany(statement, blocks)


def size(database: Database) -> int:
    """Return how many bytes the columns of all blocks take."""
    ((count,),) = database.rows("SELECT ifnull(sum(length(content)), 0) FROM block_columns")
    return int(count)


def problems(database: Database, threads: int) -> Iterator[tuple[int, str]]:
    """Compare all blocks with their payloads; yield the number and the problem of each that is not as it should be."""
    for block, num_qubits in database.rows(
        "SELECT id, num_qubits FROM blocks WHERE format = ? ORDER BY id", (_native.BLOCK_FORMAT,)
    ):
        try:
            problem = _problem(database, block, num_qubits, threads)
        except (ArchiveError, TypeError, ValueError, OverflowError) as error:
            problem = f"it cannot be read: {error.__cause__ or error}"
        if problem is not None:
            yield block, problem


def _problem(database: Database, block: int, num_qubits: int, threads: int) -> str | None:
    rows = database.rows(
        "SELECT r.row, r.properties, p.length FROM block_rows r LEFT JOIN payloads p ON p.id = r.properties"
        " WHERE r.block = ? ORDER BY r.row",
        (block,),
    )
    if any(length is None for _, _, length in rows):
        return "it has a calibration whose payload is not there"
    if len(rows) > _MOST or (len(rows) > 1 and sum(length for _, _, length in rows) > _MOST_BYTES):
        return "it has too many calibrations"
    packed = []
    for _, number, length in rows:
        ((content,),) = database.rows("SELECT packed FROM payloads WHERE id = ?", (number,))
        packed.append((content, length))
    columns = {name: content for name, content in _columns(database, block) if isinstance(content, bytes)}
    return _native.block_problem(columns, [row for row, _, _ in rows], packed, num_qubits, threads)
