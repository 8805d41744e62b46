# SPDX-License-Identifier: Apache-2.0
"""Comparison of the results of the same tasks in two ledgers."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ... import _html
from ..._sqlite import Database
from ..._words import count
from .figures import FIGURES, Figure

if TYPE_CHECKING:
    from ..tasks import TaskSource

#: Figures that have a better and a worse, but for wall time, which tells how busy machines were.
_FIGURES = [figure for figure in FIGURES if figure.better is not None and figure.name != "wall_time"]


class FigureComparison(NamedTuple):
    """Changes of one figure.

    Attributes:
        better: Number of tasks with a better value here than there: larger for ``esp``, smaller for other figures.
        same: Number of tasks with the same value.
        worse: Number of tasks with a worse value.
        ratio: Geometric mean of the ratios of here to there, over tasks where both are above zero; ``None`` if there
            are none.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep
        >>> sweep = Sweep(QuantumCircuit(2), "lima", optimization_level=0)
        >>> comparison = sweep.run(progress=False).compare(sweep.run(progress=False))
        >>> comparison.figures["depth"].same
        1
    """

    better: int
    same: int
    worse: int
    ratio: float | None


@dataclass(frozen=True)
class Comparison:
    """Comparison of two ledgers; tasks are the same if they differ in the versions of Qiskit and this package alone.

    Attributes:
        tasks: Number of tasks that both have.
        only_here: Number of tasks that only the first has.
        only_there: Number of tasks that only the second has.
        failed_here: Number of tasks of both that failed here alone.
        failed_there: Number of tasks of both that failed there alone.
        figures: Changes by figure, over tasks that failed in neither.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep
        >>> sweep = Sweep(QuantumCircuit(2), "lima", optimization_level=0)
        >>> comparison = sweep.run(progress=False).compare(sweep.run(progress=False))
        >>> comparison.tasks, comparison.only_here
        (1, 0)
    """

    tasks: int
    only_here: int
    only_there: int
    failed_here: int
    failed_there: int
    figures: Mapping[str, FigureComparison]

    def __str__(self) -> str:
        lines = [*self._titles()]
        for name, (better, same, worse, ratio) in self.figures.items():
            mean = "" if ratio is None else f", here/there {ratio:.4g}"
            lines.append(f"  {name}: {better} better, {same} same, {worse} worse{mean}")
        return "\n".join(lines)

    def _titles(self) -> tuple[str, str]:
        return (
            f"{count(self.tasks, 'task')} in both, {self.only_here:,} only here, {self.only_there:,} only there",
            f"failed here alone: {self.failed_here:,}, there alone: {self.failed_there:,}",
        )

    def _repr_html_(self) -> str:
        counts, failures = self._titles()
        told = _html.note(failures)
        rows = ((name, *changes) for name, changes in self.figures.items())
        head = ("figure", "better here", "same", "worse here", "here/there")
        heading = _html.heading(counts, kind="Comparison")
        return _html.panel(heading, _html.alert(told) if self.failed_here else told, _html.table(head, rows))


def compared(
    here: Database, there: Database, sweep: TaskSource | None = None, other: TaskSource | None = None
) -> Comparison:
    """Compare two ledgers.

    Args:
        here: The first ledger.
        there: The second one.
        sweep: The sweep whose tasks take part; all by default. Of the second ledger, the same tasks do, of any version.
        other: The sweep whose tasks of the second ledger take part.
    """
    # A connection of its own: ATTACH is refused while somebody iterates over the ledger's own one.
    with closing(Database(here.path, here.schema)) as own, own.reading() as connection:
        connection.execute("ATTACH ? AS other", (str(there.path),))
        wanted = {"here": _keys(connection, "here", sweep), "there": _keys(connection, "there", other or sweep)}
        # Of tasks that were done with several versions, the latest counts.
        for name, schema in (("here", "main"), ("there", "other")):
            connection.execute(
                f"CREATE TEMP TABLE {name} AS SELECT * FROM {schema}.tasks"  # noqa: S608 (ours)
                f" WHERE number IN (SELECT max(number) FROM {schema}.tasks WHERE 1 {wanted[name]} GROUP BY key)"
            )
            connection.execute(f"CREATE UNIQUE INDEX temp.{name}_by_key ON {name} (key)")
        both, only_here, only_there, failed_here, failed_there = connection.execute(
            "SELECT count(there.key), count(*) - count(there.key),"
            " (SELECT count(*) FROM temp.there WHERE key NOT IN (SELECT key FROM temp.here)),"
            " ifnull(sum(here.error IS NOT NULL AND there.key IS NOT NULL AND there.error IS NULL), 0),"
            " ifnull(sum(there.error IS NOT NULL AND here.error IS NULL), 0)"
            " FROM temp.here LEFT JOIN temp.there USING (key)"
        ).fetchone()
        figures = {figure.name: _compared(own, connection, figure) for figure in _FIGURES}
    return Comparison(both, only_here, only_there, failed_here, failed_there, figures)


def _keys(connection: sqlite3.Connection, name: str, sweep: TaskSource | None) -> str:
    """Return a condition that holds for the tasks of a sweep, of whatever version."""
    if sweep is None:
        return ""
    connection.execute(f"CREATE TEMP TABLE {name}_keys (key BLOB PRIMARY KEY)")
    connection.executemany(
        f"INSERT OR IGNORE INTO {name}_keys VALUES (?)",  # noqa: S608 (ours)
        ((sweep.task_key(number),) for number in range(len(sweep))),
    )
    return f"AND key IN (SELECT key FROM temp.{name}_keys)"  # noqa: S608 (ours)


def _compared(database: Database, connection: sqlite3.Connection, figure: Figure) -> FigureComparison:
    name = figure.ledger_column
    signs = {1: 0, 0: 0, -1: 0}
    logarithms, ratios = 0.0, 0
    rows = connection.execute(
        f"SELECT here.{name}, there.{name} FROM temp.here JOIN temp.there USING (key)"  # noqa: S608 (ours)
        f" WHERE here.{name} IS NOT NULL AND there.{name} IS NOT NULL AND here.error IS NULL AND there.error IS NULL"
    )
    for here, there in rows:
        database.check_kinds((type(here), type(there)), ((int, float), (int, float)))
        signs[(here > there) - (here < there)] += 1
        if here > 0 and there > 0:
            logarithms += math.log(here) - math.log(there)
            ratios += 1
    better, worse = (signs[1], signs[-1]) if figure.better == "more" else (signs[-1], signs[1])
    return FigureComparison(better, signs[0], worse, math.exp(logarithms / ratios) if ratios else None)
