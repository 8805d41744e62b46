# SPDX-License-Identifier: Apache-2.0
"""A ledger's knowledge of a sweep before it runs: tasks that are done, and what tasks like the others took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .selection import selection_of

if TYPE_CHECKING:
    import sqlite3

    from ..._sqlite import Database
    from ..tasks import TaskSource


class Cost(NamedTuple):
    """Means of measured tasks: time of processors, s, and on the clock, s."""

    cpu: float
    wall: float


class Done(NamedTuple):
    """Numbers of tasks that are done, and of those that failed."""

    tasks: int
    failed: int


class Measured(NamedTuple):
    """A ledger's knowledge of a sweep.

    Attributes:
        distinct: Number of different tasks of the sweep.
        done: Tasks of the sweep that are done, by digests of circuit (hexadecimal) and setting.
        tasks: Number of measured tasks of the ledger, of the sweep or not.
        by_setting: Costs by digests of circuit and setting.
        by_circuit: Costs by digest of the circuit and level.
        by_level: Costs by level.
    """

    distinct: int
    done: dict[tuple[str, bytes], Done]
    tasks: int
    by_setting: dict[tuple[str, bytes], Cost]
    by_circuit: dict[tuple[str, int], Cost]
    by_level: dict[int, Cost]


_ROWS = "tasks JOIN circuits ON circuits.number = tasks.circuit JOIN settings ON settings.number = tasks.setting"
#: Results that were taken over from another calibration were not measured.
_IS_MEASURED = "error IS NULL AND carried_from IS NULL"


def measured_of(database: Database, sweep: TaskSource, is_done: str) -> Measured:
    """Return what a ledger knows of a sweep, from a few passes over its rows.

    Args:
        database: The file of the ledger.
        sweep: The sweep.
        is_done: The condition in SQL for tasks that a run would not do again.

    Raises:
        LedgerDamagedError: A value is of another class than it has to be.
    """
    with database.reading() as connection:
        selection = selection_of(connection, sweep)
        done = connection.execute(
            "SELECT circuits.digest, settings.digest, count(*), sum(error IS NOT NULL)"  # noqa: S608 (ours)
            f" FROM {_ROWS} WHERE 1 {selection.condition} {is_done} GROUP BY circuits.digest, settings.digest"
        ).fetchall()
        by_setting = _means(database, connection, "circuits.digest, settings.digest", (bytes, bytes))
        by_circuit = _means(database, connection, "circuits.digest, optimization_level", (bytes, int))
        by_level = _means(database, connection, "optimization_level", (int,))
        ((tasks,),) = connection.execute(f"SELECT count(*) FROM tasks WHERE {_IS_MEASURED}").fetchall()  # noqa: S608
    for row in done:
        database.check_kinds(tuple(map(type, row)), (bytes, bytes, int, int))
    return Measured(
        selection.distinct or 0,
        {(circuit.hex(), setting): Done(count, failed) for circuit, setting, count, failed in done},
        tasks,
        {(circuit.hex(), setting): cost for (circuit, setting), cost in by_setting.items()},
        {(circuit.hex(), level): cost for (circuit, level), cost in by_circuit.items()},
        {level: cost for (level,), cost in by_level.items()},
    )


def _means(
    database: Database, connection: sqlite3.Connection, group: str, kinds: tuple[type, ...]
) -> dict[tuple[Any, ...], Cost]:
    rows = connection.execute(
        f"SELECT {group}, avg(cpu), avg(wall) FROM {_ROWS} WHERE {_IS_MEASURED} GROUP BY {group}"  # noqa: S608 (ours)
    ).fetchall()
    for row in rows:
        database.check_kinds(tuple(map(type, row)), (*kinds, float, float))
    return {row[:-2]: Cost(*row[-2:]) for row in rows}
