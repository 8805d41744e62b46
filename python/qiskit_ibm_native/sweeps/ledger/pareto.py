# SPDX-License-Identifier: Apache-2.0
"""Results that no other result beats in all of several figures."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import le
from typing import TYPE_CHECKING, Any, NamedTuple

from ...exceptions import IBMInputValueError, LedgerDamagedError
from .figures import FIGURES

if TYPE_CHECKING:
    from ..._sqlite import Database

_GOALS = {figure.name: figure for figure in FIGURES if figure.better is not None}


class Goal(NamedTuple):
    """A figure or a metric: its expression in SQL, parameters of that, and whether more of it is better."""

    expression: str
    parameters: tuple[str, ...]
    is_more_better: bool


def goal_of(connection: sqlite3.Connection, name: str) -> Goal:
    """Return the goal of a name.

    Args:
        connection: A ledger.
        name: A figure, or a metric of which less is better, or more with ``-`` before its name.

    Raises:
        IBMInputValueError: There is neither such a figure nor a result with such a metric.
    """
    figure = _GOALS.get(name) if isinstance(name, str) else None
    if figure is not None:
        return Goal(f"tasks.{figure.ledger_column}", (), figure.better == "more")
    metric = name.removeprefix("-") if isinstance(name, str) else ""
    known = "SELECT 1 FROM tasks, json_each(tasks.metrics) AS metric WHERE metric.key = ? LIMIT 1"
    if not metric or connection.execute(known, (metric,)).fetchone() is None:
        raise IBMInputValueError(
            f"{name!r:.80} is no figure that has a better and a worse, which are {', '.join(_GOALS)}, and no metric of the"
            ' results; of a metric, less is better, or more with "-" before its name.'
        )
    value = "(SELECT metric.value FROM json_each(tasks.metrics) AS metric WHERE metric.key = ?)"
    return Goal(value, (metric,), metric != name)


def groups_of(names: Sequence[str], columns: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return the expressions in SQL by which results are grouped, and parameters of those.

    Args:
        names: Names of ``columns``, or of axes whose values have names.
        columns: Expressions by name.
    """
    expressions: list[str] = []
    parameters: list[str] = []
    for name in names:
        if name in columns:
            expressions.append(columns[name])
        else:
            expressions.append("(SELECT axis.value FROM json_each(settings.axes) AS axis WHERE axis.key = ?)")
            parameters.append(name)
    return ", ".join(expressions) or "1", tuple(parameters)


def pareto_numbers(
    database: Database,
    connection: sqlite3.Connection,
    rows: str,
    goals: Sequence[Goal],
    groups: tuple[str, tuple[str, ...]],
) -> list[int]:
    """Return the numbers of results that are not dominated, group by group, each from the best in the first goal on.

    Args:
        database: The file of the ledger.
        connection: Its connection.
        rows: Joined tables and the condition for results that take part.
        goals: What is to be small or large.
        groups: The groups, see :func:`groups_of`.
    """
    values = [f"{'-' if goal.is_more_better else ''}({goal.expression})" for goal in goals]
    columns = ", ".join(f"{value} AS value_{number}" for number, value in enumerate(values))
    names = [f"value_{number}" for number in range(len(goals))]
    known = " AND ".join(f"{name} IS NOT NULL" for name in names)
    expression, parameters = groups
    ranked = (
        f"SELECT dense_rank() OVER (ORDER BY {expression}) AS part, {columns}, tasks.id AS id, tasks.number AS number"
    )
    statement = f"SELECT part, {', '.join(names)}, number FROM ({ranked} FROM {rows}) WHERE {known}"  # noqa: S608 (ours)
    found = connection.execute(
        f"{statement} ORDER BY part, {', '.join(names)}, id",
        (*parameters, *(text for goal in goals for text in goal.parameters)),
    )
    return list(_front(_checked(database, found)))


def _checked(database: Database, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        if not all(type(value) in {int, float} for value in row):
            raise LedgerDamagedError(f"{database.path} is damaged: a figure is no number: {row!r:.200}.")
        yield row


def _front(rows: Iterable[tuple[Any, ...]]) -> Iterator[int]:
    """Yield the number of each row, the last value, that none of its part dominates.

    Rows are ordered by part and values, so that only an earlier one can dominate; of equal ones, the first stays.
    """
    for _, part in groupby(rows, lambda row: row[0]):
        front: list[tuple[Any, ...]] = []
        for _, *values, number in part:
            # Of two figures, the last one of the front has the smallest second one.
            rivals = front[-1:] if len(values) <= 2 else front
            if not any(all(map(le, rival, values)) for rival in rivals):
                front.append(tuple(values))
                yield number
