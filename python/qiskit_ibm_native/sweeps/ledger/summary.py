# SPDX-License-Identifier: Apache-2.0
"""Summaries of results: failures by kind, then figures by device and optimization level, computed by SQLite."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import _html
from ...exceptions import LedgerError
from .selection import selection_of

if TYPE_CHECKING:
    from ..._sqlite import Database
    from ..tasks import TaskResult, TaskSource

#: Kinds of failures, and groups of results, that are shown.
_MOST_KINDS, _MOST_GROUPS = 10, 20
#: Characters of an error that tell its kind.
_MAX_ERROR = 300
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+")
_JOINS = "tasks JOIN snapshots ON snapshots.number = tasks.snapshot JOIN settings ON settings.number = tasks.setting"
_GROUP = "snapshots.backend, settings.optimization_level"
_SEEN = (int, float, NoneType)


class FailureKind(NamedTuple):
    """Failures with the same error, but for numbers in it.

    Attributes:
        tasks: Number of tasks.
        error: The error of one of them, its first line.
        example: The circuit, the device, the level and the seed of that task.
    """

    tasks: int
    error: str
    example: str


class ResultGroup(NamedTuple):
    """Results of one device and optimization level.

    Attributes:
        backend: The device.
        optimization_level: The level.
        tasks: Number of tasks, failed ones included.
        failed: Number of tasks that failed.
        esp: Median of the estimated success probability.
        best_esp: The largest.
        two_qubit_depth: Median of the two-qubit depth.
        best_two_qubit_depth: The smallest.
    """

    backend: str
    optimization_level: int
    tasks: int
    failed: int
    esp: float | None
    best_esp: float | None
    two_qubit_depth: float | None
    best_two_qubit_depth: float | None


class Summary(NamedTuple):
    """Summary of results.

    Attributes:
        done: Number of different tasks that have a result.
        distinct: Number of different tasks; ``None`` if all rows of a ledger count.
        failed: Number of tasks that failed.
        kinds: The most frequent failures.
        num_kinds: Number of kinds of failures.
        groups: Results by device and level, the first twenty groups.
        num_groups: Number of groups.
    """

    done: int
    distinct: int | None
    failed: int
    kinds: list[FailureKind]
    num_kinds: int
    groups: list[ResultGroup]
    num_groups: int


def summary_of(
    database: Database, sweep: TaskSource | None, lost: Iterable[TaskResult] = (), indices: Sequence[int] | None = None
) -> Summary:
    """Summarize the results of a sweep, or all; a million in some seconds, and without reading them one by one.

    Args:
        database: The file of the ledger.
        sweep: The sweep.
        lost: Results that no ledger keeps.
        indices: Indices of the tasks that take part; by default all of the sweep.

    Raises:
        LedgerDamagedError: A value is of another class than it has to be.
    """
    with database.reading() as connection:
        selection = selection_of(connection, sweep, indices)
        kinds, num_kinds = _kinds(database, connection, selection.condition)
        groups, num_groups = _groups(database, connection, selection.condition)
        done, failed = connection.execute(
            f"SELECT count(*), ifnull(sum(error IS NOT NULL), 0) FROM tasks WHERE 1 {selection.condition}"  # noqa: S608
        ).fetchone()
    for_lost = _kinds_of(lost)
    kinds = sorted((*for_lost, *kinds), key=lambda kind: -kind.tasks)[:_MOST_KINDS]
    failed += sum(kind.tasks for kind in for_lost)
    return Summary(done, selection.distinct, failed, kinds, num_kinds + len(for_lost), groups, num_groups)


def _kinds_of(results: Iterable[TaskResult]) -> list[FailureKind]:
    counts: Counter[str] = Counter()
    examples: dict[str, TaskResult] = {}
    for result in results:
        kind = _kind(str(result.error))
        counts[kind] += 1
        examples.setdefault(kind, result)
    return [
        FailureKind(count, _first_line(str(found.error)), _example(found.circuit, found.backend, found.optimization_level,
                                                                   found.seed))
        for kind, count in counts.items()
        for found in [examples[kind]]
    ]  # fmt: skip


def _kind(error: object) -> str:
    """Return the kind of an error: its first line without numbers, which differ from task to task."""
    return _NUMBER.sub("#", _first_line(error)) if isinstance(error, str) else "damaged"


def _first_line(error: object) -> str:
    return str(error)[:_MAX_ERROR].partition("\n")[0]


def _example(circuit: object, backend: object, level: object, seed: object) -> str:
    return f"{str(circuit)[:80]} on {str(backend)[:80]}, level {level}, seed {seed}"


def _kinds(database: Database, connection: sqlite3.Connection, condition: str) -> tuple[list[FailureKind], int]:
    """Return the most frequent failures, and the number of their kinds."""
    connection.create_function("kind_of", 1, _kind, deterministic=True)
    kinds = connection.execute(
        "SELECT count(*) AS number, min(tasks.number), count(*) OVER ()"  # noqa: S608 (ours)
        f" FROM tasks WHERE error IS NOT NULL {condition} GROUP BY kind_of(substr(error, 1, {_MAX_ERROR}))"
        f" ORDER BY number DESC, 2 LIMIT {_MOST_KINDS}"
    ).fetchall()
    found = []
    for count, number, _ in kinds:
        row = connection.execute(
            f"SELECT substr(error, 1, {_MAX_ERROR}), substr(circuits.name, 1, 80), substr(backend, 1, 80),"  # noqa: S608
            f" optimization_level, seed FROM {_JOINS} JOIN circuits ON circuits.number = tasks.circuit"
            " WHERE tasks.number = ?",
            (number,),
        ).fetchone() or ("damaged", "", "", 0, 0)
        database.check_kinds(tuple(map(type, row)), (str, str, str, int, int))
        found.append(FailureKind(count, _first_line(row[0]), _example(*row[1:])))
    return found, kinds[0][2] if kinds else 0


def _groups(database: Database, connection: sqlite3.Connection, condition: str) -> tuple[list[ResultGroup], int]:
    """Return results by device and level, and the number of groups."""
    rows = connection.execute(
        f"SELECT substr(backend, 1, 80), optimization_level, count(*), sum(error IS NOT NULL),"  # noqa: S608 (ours)
        " max(CASE WHEN error IS NULL THEN esp END), min(CASE WHEN error IS NULL THEN two_qubit_depth END),"
        f" count(*) OVER () FROM {_JOINS} WHERE 1 {condition} GROUP BY {_GROUP} ORDER BY {_GROUP} LIMIT {_MOST_GROUPS}"
    ).fetchall()
    for row in rows:
        database.check_kinds(tuple(map(type, row)), (str, int, int, int, _SEEN, _SEEN, int))
    medians = {name: _medians(connection, name, condition) for name in ("esp", "two_qubit_depth")}
    groups = [
        ResultGroup(
            backend, level, count, failed,
            medians["esp"].get((backend, level)), esp, medians["two_qubit_depth"].get((backend, level)), depth,
        )
        for backend, level, count, failed, esp, depth, _ in rows
    ]  # fmt: skip
    return groups, rows[0][6] if rows else 0


def _medians(connection: sqlite3.Connection, name: str, condition: str) -> dict[tuple[Any, Any], float]:
    """Return medians of a figure by device and level; of an even number, the mean of the two in the middle."""
    ranked = (
        f"SELECT backend, optimization_level, {name} AS value,"  # noqa: S608 (ours)
        f" row_number() OVER (PARTITION BY {_GROUP} ORDER BY {name}) AS rank,"
        f" count(*) OVER (PARTITION BY {_GROUP}) AS total"
        f" FROM {_JOINS} WHERE {name} IS NOT NULL AND error IS NULL {condition}"
    )
    rows = connection.execute(
        f"SELECT substr(backend, 1, 80), optimization_level, avg(value) FROM ({ranked})"  # noqa: S608 (ours)
        " WHERE rank IN ((total + 1) / 2, (total + 2) / 2) GROUP BY backend, optimization_level"
        f" ORDER BY backend, optimization_level LIMIT {_MOST_GROUPS}"
    )
    return {(backend, level): value for backend, level, value in rows}


def results_html(
    name: str,
    database: Database,
    sweep: TaskSource | None,
    lost: Iterable[TaskResult] = (),
    indices: Sequence[int] | None = None,
) -> str:
    """Return a picture of results for notebooks: failures first, then a summary; a damaged ledger says so.

    Args:
        name: The name of the ledger.
        database: Its file.
        sweep: The sweep; all rows count without one.
        lost: Results that no ledger keeps.
        indices: Indices of the tasks that are needed; by default all of the sweep.
    """
    try:
        summary = summary_of(database, sweep, lost, indices)
    except LedgerError as error:
        return _html.title(name) + _html.alert(f"<p>{_html.cell(str(error))}</p>")
    known = summary.done if sweep is None else len(sweep if indices is None else indices)
    tasks = f"{known:,} tasks"
    if summary.distinct is not None and summary.distinct != known:
        tasks += f", {summary.distinct:,} different ones,"
    missing = 0 if summary.distinct is None else summary.distinct - summary.done
    left = f": {missing:,} without a result" if missing > 0 else ""
    return _with_tables(f"{tasks} in {name}{left}", summary)


def _with_tables(title: str, summary: Summary) -> str:
    parts = [_html.title(title)]
    if summary.kinds:
        rows = [(kind.error, kind.tasks, kind.example) for kind in summary.kinds]
        left_out = summary.num_kinds - len(rows)
        failures = _html.table(("error", "tasks", "one of them"), rows, left_out=left_out)
        parts.append(_html.alert(f"{_html.title(f'{summary.failed:,} failed')}{failures}"))
    head = ("device", "level", "tasks", "failed", "esp, median", "esp, best", "two-qubit depth, median", "smallest")
    if summary.groups:
        parts.append(_html.table(head, summary.groups, left_out=summary.num_groups - len(summary.groups)))
    return "".join(parts)
