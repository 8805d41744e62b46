# SPDX-License-Identifier: Apache-2.0
"""The tasks of a sweep in SQL: a sweep is a product, so that its tasks need not be looked up one by one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..tasks import TaskSource


class Selection(NamedTuple):
    """The rows of a ledger that are tasks of a sweep.

    Attributes:
        condition: A condition in SQL on rows of ``tasks``, which begins with ``AND``; empty for all.
        distinct: The number of different tasks of the sweep; ``None`` for all rows.
    """

    condition: str = ""
    distinct: int | None = None


def selection_of(
    connection: sqlite3.Connection, sweep: TaskSource | None, indices: Sequence[int] | None = None
) -> Selection:
    """Return the rows that are tasks of a sweep, or those of some indices; all rows without a sweep.

    The condition holds until the next call with this connection, which has the axes of the sweep as temporary tables.
    """
    if sweep is None:
        return Selection()
    if indices is not None and len(indices) != len(sweep):
        return _some(connection, sweep, indices)
    snapshots, settings, seeds, circuits = sweep.shape
    per_setting, per_snapshot = circuits * seeds, circuits * seeds * settings
    placed = {
        (bytes.fromhex(task.circuit_digest), _layout(task.initial_layout))
        for task in (sweep[number] for number in range(circuits))
    }
    devices = {
        (bytes.fromhex(task.snapshot_digest), _flag(task.use_fractional_gates))
        for task in (sweep[number * per_snapshot] for number in range(snapshots))
    }
    digests = {sweep.setting(number * per_setting).digest for number in range(settings)}
    _fill(connection, "circuits", "layout", placed)
    _fill(connection, "snapshots", "choice", devices)
    _fill(connection, "settings", "no_value", ((digest, None) for digest in digests))
    different = sweep.seeds if isinstance(sweep.seeds, range) else sorted(set(sweep.seeds))
    versions = connection.execute("SELECT number FROM versions WHERE qiskit = ? AND package = ?", sweep.versions)
    (version,) = versions.fetchone() or (-1,)
    condition: str = (
        " AND EXISTS (SELECT 1 FROM temp.sweep_circuits AS found WHERE found.number = tasks.circuit"  # noqa: S608 (ours)
        " AND found.layout IS tasks.initial_layout)"
        " AND EXISTS (SELECT 1 FROM temp.sweep_snapshots AS found WHERE found.number = tasks.snapshot"
        " AND found.choice IS tasks.use_fractional_gates)"
        " AND tasks.setting IN (SELECT number FROM temp.sweep_settings)"
        f" AND tasks.version = {int(version)}{_seeds(connection, different)}"
    )
    return Selection(condition, len(placed) * len(devices) * len(digests) * len(different))


def _some(connection: sqlite3.Connection, sweep: TaskSource, indices: Sequence[int]) -> Selection:
    """Return the rows that are some tasks of a sweep, by their identifiers."""
    connection.execute("DROP TABLE IF EXISTS temp.sweep_tasks")
    connection.execute("CREATE TEMP TABLE sweep_tasks (id BLOB PRIMARY KEY)")
    ids = ((sweep.task_id(index),) for index in indices)
    connection.executemany("INSERT OR IGNORE INTO temp.sweep_tasks VALUES (?)", ids)
    ((distinct,),) = connection.execute("SELECT count(*) FROM temp.sweep_tasks").fetchall()
    return Selection(" AND tasks.id IN (SELECT id FROM temp.sweep_tasks)", distinct)


def _fill(connection: sqlite3.Connection, table: str, column: str, rows: Iterable[tuple[bytes, Any]]) -> None:
    """Make a temporary table of numbers of those rows of a table whose digests the sweep has, with a value of each."""
    connection.execute(f"DROP TABLE IF EXISTS temp.sweep_{table}")
    connection.execute(f"CREATE TEMP TABLE sweep_{table} (number INTEGER, {column})")
    connection.executemany(
        f"INSERT INTO temp.sweep_{table} SELECT number, ? FROM main.{table} WHERE digest = ?",  # noqa: S608 (ours)
        ((value, digest) for digest, value in rows),
    )
    connection.execute(f"CREATE INDEX temp.sweep_{table}_by_number ON sweep_{table} (number)")


def _seeds(connection: sqlite3.Connection, seeds: Sequence[int]) -> str:
    """Return the condition for different seeds: a comparison if they follow each other, a temporary table if not."""
    first, last = min(seeds[0], seeds[-1]), max(seeds[0], seeds[-1])
    if len(seeds) == last - first + 1:
        return f" AND tasks.seed BETWEEN {first} AND {last}"
    connection.execute("DROP TABLE IF EXISTS temp.sweep_seeds")
    connection.execute("CREATE TEMP TABLE sweep_seeds (seed INTEGER PRIMARY KEY)")
    connection.executemany("INSERT OR IGNORE INTO temp.sweep_seeds VALUES (?)", ((seed,) for seed in seeds))
    return " AND tasks.seed IN (SELECT seed FROM temp.sweep_seeds)"


def _layout(layout: tuple[int, ...] | None) -> str | None:
    return None if layout is None else json.dumps(layout, separators=(",", ":"))


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)
