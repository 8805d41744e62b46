# SPDX-License-Identifier: Apache-2.0
"""Results that no other result beats in all of several figures."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import le
from typing import TYPE_CHECKING, Any

from ...exceptions import LedgerDamagedError

if TYPE_CHECKING:
    from ..._sqlite import Database


def pareto_numbers(
    database: Database, connection: sqlite3.Connection, rows: str, goals: Sequence[tuple[str, bool]], group: str
) -> list[int]:
    """Return the numbers of results that are not dominated, group by group, each from the best in the first goal on.

    Args:
        database: The file of the ledger.
        connection: Its connection.
        rows: Joined tables and the condition for results that take part.
        goals: Expressions in SQL, each with whether more of it is better.
        group: The expressions by which results are grouped.
    """
    values = [f"-({expression})" if is_more_better else expression for expression, is_more_better in goals]
    names = [f"value_{number}" for number in range(len(goals))]
    columns = ", ".join(f"{value} AS {name}" for value, name in zip(values, names, strict=True))
    known = " AND ".join(f"{name} IS NOT NULL" for name in names)
    ranked = f"SELECT dense_rank() OVER (ORDER BY {group}) AS part, {columns}, tasks.id AS id, tasks.number AS number"
    found = connection.execute(
        f"SELECT part, {', '.join(names)}, number FROM ({ranked} FROM {rows}) WHERE {known}"  # noqa: S608 (ours)
        f" ORDER BY part, {', '.join(names)}, id"
    )
    return list(_front(_checked(database, found)))


def _checked(database: Database, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        if not all(type(value) in {int, float} for value in row):
            raise LedgerDamagedError(f"{database.path} is damaged: a figure is not a number: {row!r:.200}.")
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
