# SPDX-License-Identifier: Apache-2.0
"""What differs between the results of the same tasks in two ledgers."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

from ..._sqlite import Database

#: Figures, and whether more of them is better.
_FIGURES = {
    "depth": False, "two_qubit_depth": False, "two_qubit_count": False, "size": False, "duration": False, "esp": True,
    "cpu": False,
}  # fmt: skip


class FigureComparison(NamedTuple):
    """How a figure changed.

    Attributes:
        better: In how many tasks it is better here than there: larger for ``esp``, smaller for others.
        same: In how many it is the same.
        worse: In how many it is worse.
        ratio: The geometric mean of here over there, over tasks where both are above zero; ``None`` if there are none.
    """

    better: int
    same: int
    worse: int
    ratio: float | None


@dataclass(frozen=True)
class Comparison:
    """Two ledgers side by side; tasks are the same if all but the versions of Qiskit and this package is.

    Attributes:
        tasks: How many tasks both have.
        only_here: How many only the first has.
        only_there: How many only the second has.
        failed_here: How many that both have failed here alone.
        failed_there: How many failed there alone.
        figures: How figures changed, over tasks that failed in neither.
    """

    tasks: int
    only_here: int
    only_there: int
    failed_here: int
    failed_there: int
    figures: Mapping[str, FigureComparison]

    def __str__(self) -> str:
        lines = [
            f"{self.tasks} tasks in both, {self.only_here} only here, {self.only_there} only there",
            f"failed here alone: {self.failed_here}, there alone: {self.failed_there}",
        ]
        for name, (better, same, worse, ratio) in self.figures.items():
            mean = "" if ratio is None else f", here/there {ratio:.4g}"
            lines.append(f"  {name}: {better} better, {same} same, {worse} worse{mean}")
        return "\n".join(lines)


def compared(here: Database, there: Database) -> Comparison:
    """Compare two ledgers."""
    # A connection of its own: whoever iterates over a ledger keeps its connection from being changed.
    with closing(Database(here.path, here.schema)) as own, own.reading() as connection:
        connection.execute("ATTACH ? AS other", (str(there.path),))
        # Of tasks that were done with several versions, the latest counts.
        for name, schema in (("here", "main"), ("there", "other")):
            connection.execute(
                f"CREATE TEMP TABLE {name} AS SELECT * FROM {schema}.tasks"  # noqa: S608 (ours)
                f" WHERE number IN (SELECT max(number) FROM {schema}.tasks GROUP BY key)"
            )
            connection.execute(f"CREATE UNIQUE INDEX temp.{name}_by_key ON {name} (key)")
        both, only_here, only_there, failed_here, failed_there = connection.execute(
            "SELECT count(there.key), count(*) - count(there.key),"
            " (SELECT count(*) FROM temp.there WHERE key NOT IN (SELECT key FROM temp.here)),"
            " ifnull(sum(here.error IS NOT NULL AND there.key IS NOT NULL AND there.error IS NULL), 0),"
            " ifnull(sum(there.error IS NOT NULL AND here.error IS NULL), 0)"
            " FROM temp.here LEFT JOIN temp.there USING (key)"
        ).fetchone()
        figures = {name: _figure(own, connection, name, more=more) for name, more in _FIGURES.items()}
    return Comparison(both, only_here, only_there, failed_here, failed_there, figures)


def _figure(database: Database, connection: sqlite3.Connection, name: str, *, more: bool) -> FigureComparison:
    signs = {1: 0, 0: 0, -1: 0}
    logarithms, count = 0.0, 0
    rows = connection.execute(
        f"SELECT here.{name}, there.{name} FROM temp.here JOIN temp.there USING (key)"  # noqa: S608 (ours)
        f" WHERE here.{name} IS NOT NULL AND there.{name} IS NOT NULL AND here.error IS NULL AND there.error IS NULL"
    )
    for here, there in rows:
        database.check_kinds((type(here), type(there)), ((int, float), (int, float)))
        signs[(here > there) - (here < there)] += 1
        if here > 0 and there > 0:
            logarithms += math.log(here) - math.log(there)
            count += 1
    better, worse = (signs[1], signs[-1]) if more else (signs[-1], signs[1])
    return FigureComparison(better, signs[0], worse, math.exp(logarithms / count) if count else None)
