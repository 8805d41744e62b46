# SPDX-License-Identifier: Apache-2.0
"""Summaries of results: failures by kind, then figures by device and level, without reading all of the results."""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import _html
from ..._words import count
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
    """Summarize the results of a sweep, or all; without reading more of each than two figures.

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
        groups = _groups(database, connection, selection.condition)
    done, failed = (sum(getattr(found, name) for found in groups.values()) for name in ("tasks", "failed"))
    shown = [groups[key].group(*key) for key in sorted(groups)[:_MOST_GROUPS]]
    for_lost = _kinds_of(lost)
    kinds = sorted((*for_lost, *kinds), key=lambda kind: -kind.tasks)[:_MOST_KINDS]
    failed += sum(kind.tasks for kind in for_lost)
    return Summary(done, selection.distinct, failed, kinds, num_kinds + len(for_lost), shown, len(groups))


def _kinds_of(results: Iterable[TaskResult]) -> list[FailureKind]:
    counts: Counter[str] = Counter()
    examples: dict[str, TaskResult] = {}
    for result in results:
        kind = _kind(str(result.error))
        counts[kind] += 1
        examples.setdefault(kind, result)
    return [
        FailureKind(number, _first_line(str(found.error)), _example(found.circuit, found.backend, found.optimization_level,
                                                                   found.seed))
        for kind, number in counts.items()
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
    for tasks, number, _ in kinds:
        row = connection.execute(
            f"SELECT substr(error, 1, {_MAX_ERROR}), substr(circuits.name, 1, 80), substr(backend, 1, 80),"  # noqa: S608
            f" optimization_level, seed FROM {_JOINS} JOIN circuits ON circuits.number = tasks.circuit"
            " WHERE tasks.number = ?",
            (number,),
        ).fetchone() or ("damaged", "", "", 0, 0)
        database.check_kinds(tuple(map(type, row)), (str, str, str, int, int))
        found.append(FailureKind(tasks, _first_line(row[0]), _example(*row[1:])))
    return found, kinds[0][2] if kinds else 0


def _groups(database: Database, connection: sqlite3.Connection, condition: str) -> dict[tuple[str, int], _Members]:
    """Return figures of results by device and level."""
    # Joins and medians in SQL would compare a million names: four times as slow.
    members: dict[tuple[int, int], _Members] = {}
    rows = connection.execute(
        "SELECT tasks.snapshot, tasks.setting, error IS NULL, esp, two_qubit_depth"  # noqa: S608 (ours)
        f" FROM tasks WHERE 1 {condition}"
    )
    for snapshot, setting, is_good, esp, depth in rows:
        found = members.get((snapshot, setting))
        if found is None:
            found = members[snapshot, setting] = _Members()
        found.add(database, esp if is_good else None, depth if is_good else None, is_good=is_good)
    groups: dict[tuple[str, int], _Members] = {}
    names = dict(connection.execute("SELECT number, substr(backend, 1, 80) FROM snapshots"))
    levels = dict(connection.execute("SELECT number, optimization_level FROM settings"))
    for (snapshot, setting), found in members.items():
        key = names.get(snapshot), levels.get(setting)
        database.check_kinds(tuple(map(type, key)), (str, int))
        groups.setdefault((str(key[0]), int(key[1] or 0)), _Members()).extend(found)
    return groups


class _Members:
    """Figures of the results of a group."""

    def __init__(self) -> None:
        self.tasks = self.failed = 0
        self.esp, self.depth = array("d"), array("d")

    def add(self, database: Database, esp: Any, depth: Any, *, is_good: int) -> None:
        self.tasks += 1
        self.failed += not is_good
        for value, values in ((esp, self.esp), (depth, self.depth)):
            if type(value) in {int, float}:
                values.append(value)
            elif value is not None:
                database.check_kinds((type(value),), ((int, float),))

    def extend(self, other: _Members) -> None:
        self.tasks += other.tasks
        self.failed += other.failed
        self.esp.extend(other.esp)
        self.depth.extend(other.depth)

    def group(self, backend: str, level: int) -> ResultGroup:
        return ResultGroup(
            backend, level, self.tasks, self.failed,
            median(self.esp) if self.esp else None, max(self.esp, default=None),
            median(self.depth) if self.depth else None, min(self.depth, default=None),
        )  # fmt: skip


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
    kind = "Ledger" if sweep is None else "SweepResults"
    try:
        summary = summary_of(database, sweep, lost, indices)
    except LedgerError as error:
        return _html.panel(_html.heading(name, kind=kind), _html.alert(_html.note(str(error))))
    known = summary.done if sweep is None else len(sweep if indices is None else indices)
    tasks = count(known, "task")
    if summary.distinct is not None and summary.distinct != known:
        tasks += f", {count(summary.distinct, 'different one')},"
    missing = 0 if summary.distinct is None else summary.distinct - summary.done
    left = f": {missing:,} without a result" if missing > 0 else ""
    return _html.panel(_html.heading(f"{tasks} in {name}{left}", kind=kind), *_tables(summary))


def _tables(summary: Summary) -> Iterator[str]:
    if summary.kinds:
        rows = [(kind.error, kind.tasks, kind.example) for kind in summary.kinds]
        left_out = summary.num_kinds - len(rows)
        failures = _html.table(("error", "tasks", "one of them"), rows, left_out=left_out)
        yield _html.alert(_html.heading(f"{summary.failed:,} failed") + failures)
    head = ("device", "level", "tasks", "failed", "esp, median", "esp, best", "two-qubit depth, median", "smallest")
    if summary.groups:
        yield _html.table(head, summary.groups, left_out=summary.num_groups - len(summary.groups))
