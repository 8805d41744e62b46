# SPDX-License-Identifier: Apache-2.0
"""Ledger of sweeps: one SQLite file with a row for each task that was done, whatever happens to processes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, TextIO

from ... import _native
from ..._sqlite import Database
from ..._timestamps import microseconds, moment
from ...exceptions import IBMInputValueError, LedgerDamagedError, LedgerError
from ..inputs.qpy_codec import MAX_CIRCUIT
from ..tasks import AXES, LAYOUTS, TAKEN, AddedColumns, TaskResult, TaskSource
from ..tries import counting
from .axes import group_of_axis, names_in, with_names
from .check import BATCH, BATCH_BYTES, LedgerReport, circuit_problems
from .claims import Claims
from .comparison import Comparison, compared
from .figures import CIRCUIT_FIGURES, FIGURES, Figure
from .measured import Measured, measured_of
from .pareto import pareto_numbers
from .points import Points, Source, dimensions, figure_named, points_of
from .schema import LEDGER
from .selection import selection_of

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from typing_extensions import Self

    from .summary import Summary


#: More qubits than any device has; arrays of pyarrow hold numbers up to this.
_MAX_QUBITS = 1 << 31
#: Number of tasks that are looked up at once (SQLite takes 999 parameters in any version), and number of snapshots that
#: these may be of, which are kept in memory until they are needed.
_BATCH, _SNAPSHOTS = 500, 32
#: Columns by which results can be grouped.
_GROUPS = {
    "circuit": "tasks.circuit", "snapshot": "tasks.snapshot", "backend": "snapshots.backend", "seed": "tasks.seed",
    "optimization_level": "settings.optimization_level", "options": "settings.options, settings.pass_manager",
}  # fmt: skip
#: Figures that can be best; a metric can be, too.
_GOALS = {figure.name: figure for figure in FIGURES if figure.better is not None}
_JOINS = (
    "tasks JOIN circuits ON circuits.number = tasks.circuit JOIN snapshots ON snapshots.number = tasks.snapshot"
    " JOIN settings ON settings.number = tasks.setting JOIN versions ON versions.number = tasks.version"
)
#: Classes of values in SQLite, by that of the figure.
_STORED_AS: dict[type, type] = {int: int, float: float, dict: str, tuple: str}
#: Expression and class of each value of a row, by name.
_COLUMNS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "task_id": ("tasks.id", bytes),
    "circuit": ("circuits.name", str),
    "circuit_digest": ("circuits.digest", bytes),
    "backend": ("backend", str),
    "calibrated": ("calibrated", (int, NoneType)),
    "snapshot_digest": ("snapshots.digest", bytes),
    "optimization_level": ("optimization_level", int),
    "options": ("options", str),
    "pass_manager": ("pass_manager", str),
    "seed": ("seed", int),
    "initial_layout": ("initial_layout", (str, NoneType)),
    "use_fractional_gates": ("use_fractional_gates", (int, NoneType)),
    "qiskit_version": ("versions.qiskit", str),
    "error": ("error", (str, NoneType)),
    **{figure.name: (figure.ledger_column, (_STORED_AS[figure.type], NoneType)) for figure in CIRCUIT_FIGURES},
    "wall_time": ("wall", float),
    "cpu_time": ("cpu", float),
    "worker": ("worker", str),
    "attempts": ("attempts", int),
    "axes": ("settings.axes", (str, NoneType)),
    "layout_name": ("layout_name", (str, NoneType)),
    "metrics": ("metrics", (str, NoneType)),
    "carried_from": ("carried_from", (bytes, NoneType)),
    "number": ("tasks.number", int),
}
_SELECTION = ", ".join(f"{expression} AS {name}" for name, (expression, _) in _COLUMNS.items())
_KINDS = [kinds for _, kinds in _COLUMNS.values()]
_ORDER = "backend, calibrated, snapshots.digest, options, optimization_level, seed, circuits.name, tasks.id"
#: Columns of the table of tasks that a result has and its task does not, by attribute of the result.
_RESULT_COLUMNS = {
    "initial_layout": "initial_layout", "use_fractional_gates": "use_fractional_gates", "error": "error",
    **{figure.name: figure.ledger_column for figure in FIGURES}, "worker": "worker", "attempts": "attempts",
    "metrics": "metrics", "layout_name": "layout_name", "carried_from": "carried_from",
}  # fmt: skip
_UPDATES = ", ".join(f"{column} = excluded.{column}" for column in _RESULT_COLUMNS.values())
_INSERT = (
    "INSERT INTO tasks (id, key, circuit, snapshot, setting, version, seed,"  # noqa: S608 (ours)
    f" {', '.join(_RESULT_COLUMNS.values())}) VALUES ({', '.join('?' * (7 + len(_RESULT_COLUMNS)))})"
    f" ON CONFLICT (id) DO UPDATE SET {_UPDATES}"
    # A success is not lost because the task failed another time.
    " WHERE tasks.error IS NOT NULL OR excluded.error IS NULL"
)
#: Condition for tasks that count as done: ledgers of version 0.1.0 also have errors of workers and their machines.
_IS_NOT_LOST = (
    " AND (error IS NULL OR error NOT LIKE 'WorkerLost: %'"
    " AND error NOT LIKE 'WorkerDied: The process of the task ended by SIGKILL.%')"
)

#: Condition for tasks that have all that they can have, if circuits are to be kept.
_HAS_CIRCUIT = " AND (error IS NOT NULL OR tasks.number IN (SELECT task FROM transpiled))"


class Ledger:
    """Results of tasks in a file, which any number of threads and processes may use at once.

    Results that were written survive a process that is killed. The identifier of a task is made of everything on which
    its result depends, so that one ledger can serve many sweeps, and a sweep whose inputs changed finds the results
    that still hold.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Ledger, Sweep
        >>> sweep = Sweep(QuantumCircuit(2), "lima", optimization_level=0, seeds=range(3))
        >>> with Ledger("sweep.sqlite3") as ledger:
        ...     results = sweep.run(ledger=ledger, progress=False)
        ...     [best.seed for best in ledger.best(by="depth")]
        [2]
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        """Open a ledger.

        Args:
            path: The file, which is made if there is none; a temporary one by default.

        Raises:
            LedgerError: The file is something else, of a later version, or cannot be written.
        """
        folder = None
        if path is None:
            folder = tempfile.mkdtemp(prefix="sweep-")
            path = Path(folder) / "ledger.sqlite3"
        self._database = Database(path, LEDGER)
        self._is_temporary = folder is not None
        self._finalizer = weakref.finalize(self, _clean_up, self._database, folder, os.getpid())

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._database.path

    def close(self) -> None:
        """Close the file; a temporary one is removed."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        ((count,),) = self._database.rows("SELECT count(*) FROM tasks")
        return int(count)

    def __iter__(self) -> Iterator[TaskResult]:
        """Yield all results, ordered by device, calibration, options, level, seed and circuit."""
        return self._all()

    def __getitem__(self, task_id: str) -> TaskResult:
        """Return the result of a task.

        Raises:
            KeyError: The ledger has none.
        """
        try:
            key = bytes.fromhex(task_id)
            return self._found("task_id", [key], with_circuits=True)[key]
        except (KeyError, ValueError, TypeError):
            raise KeyError(task_id) from None

    def best(
        self,
        by: str | None = None,
        per: Sequence[str] = ("circuit", "snapshot"),
        *,
        sweep: TaskSource | None = None,
        n: int = 1,
    ) -> list[TaskResult]:
        """Return the best result of each group; among equal ones that with the smallest task identifier.

        Args:
            by: ``"esp"`` for the largest, or ``"depth"``, ``"two_qubit_depth"``, ``"two_qubit_count"``, ``"size"``,
                ``"duration"``, ``"wall_time"`` or ``"cpu_time"`` for the smallest; or a metric of one's own for the
                smallest, ``"-name"`` for the largest. By default the objective of the sweep, and ``"esp"`` where there
                is none. Results without the figure do not take part.
            per: The values that results of a group have in common: any of ``"circuit"``, ``"snapshot"``, ``"backend"``,
                ``"optimization_level"``, ``"options"``, ``"seed"``, ``"pass_manager"``, ``"basis_gates"``,
                ``"coupling_map"``, ``"scheduling_method"``, ``"initial_layout"``; nothing for the best of all.
            sweep: The sweep whose results take part, and by whose names groups are formed; by default all of the
                ledger, by the names that were given first.
            n: The number of results of each group.

        Raises:
            IBMInputValueError: There is no such figure or group.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise IBMInputValueError(f"n is a number of results from 1, not {n!r:.80}.")
        if by is None:
            by = "esp" if sweep is None or sweep.objective is None else sweep.objective.goal
        value, is_largest = self._goal(by, sweep)
        order = f"{value} {'DESC' if is_largest else 'ASC'}, tasks.id"

        def first(connection: sqlite3.Connection, rows: str, group: str) -> Iterable[int]:
            ranked = (
                f"SELECT tasks.number AS number, row_number() OVER (PARTITION BY {group} ORDER BY {order}) AS rank"  # noqa: S608
                f" FROM {rows} AND {value} IS NOT NULL"
            )
            statement = f"SELECT number FROM ({ranked}) WHERE rank <= {n}"  # noqa: S608 (ours)
            return (number for (number,) in connection.execute(statement))

        return sorted(self._chosen_of_groups(per, sweep, first), key=_order)

    def _chosen_of_groups(
        self,
        per: Sequence[str],
        sweep: TaskSource | None,
        choose: Callable[[sqlite3.Connection, str, str], Iterable[int]],
    ) -> Iterator[TaskResult]:
        """Yield some of the results that did not fail, with the names on axes that a sweep gives them.

        Args:
            per: The values that results of a group have in common.
            sweep: The sweep whose results take part; by default all.
            choose: Returns their numbers, in the order of the results. It gets a connection, and in SQL the rows that
                take part, which ends with a condition, and the values by which they are grouped.
        """
        has_names = sweep is not None and bool(sweep.columns.axes)
        group = _group(per, has_names=has_names)
        indices = () if sweep is None else counting(sweep, self)
        with self._database.reading() as connection:
            condition = _taking_part(connection, sweep, indices, has_names=has_names)
            numbers = list(choose(connection, f"{_JOINS} WHERE error IS NULL {condition}", group))
            axes = names_in(connection, numbers) if has_names else {}
        return (with_names(result, axes.get(result.task_id, result.axes)) for result in self._numbered(numbers))

    def _goal(self, by: Any, sweep: TaskSource | None) -> tuple[str, bool]:
        """Return in SQL what is to be best, and whether that is the largest."""
        if isinstance(by, str) and by in _GOALS:
            return f"tasks.{_GOALS[by].ledger_column}", _GOALS[by].better == "more"
        metrics = (self.columns() if sweep is None else sweep.columns).metrics
        name = by.removeprefix("-") if isinstance(by, str) else ""
        if name not in metrics:
            known = ", ".join((*_GOALS, *metrics, *(f"-{metric}" for metric in metrics)))
            raise IBMInputValueError(f"by is one of {known}, not {by!r}.")
        return f"json_extract(tasks.metrics, '$.{name}')", name != by

    def columns(self) -> AddedColumns:
        """Return the names of axes and metrics that results of this ledger have."""
        axes = self._database.rows("SELECT DISTINCT json_each.key FROM settings, json_each(settings.axes)")
        metrics = self._database.rows("SELECT DISTINCT json_each.key FROM tasks, json_each(tasks.metrics)")
        layouts = self._database.rows("SELECT 1 FROM tasks WHERE layout_name IS NOT NULL LIMIT 1")
        known = {name for (name,) in axes} | ({LAYOUTS} if layouts else set())
        names = (name for (name,) in metrics if isinstance(name, str) and name.isidentifier() and name not in TAKEN)
        return AddedColumns(tuple(axis for axis in AXES if axis in known), tuple(sorted(names)))

    def pareto(
        self, *figures: str, per: Sequence[str] = ("circuit", "snapshot"), sweep: TaskSource | None = None
    ) -> list[TaskResult]:
        """Return the results that none of their group beats: none is better in one figure, and as good in all.

        Args:
            *figures: Figures of which less is better, but for ``"esp"``: those of :meth:`best`, or names of metrics,
                with ``-`` before those of which more is better. Results without one of them do not take part.
            per: As in :meth:`best`.
            sweep: As in :meth:`best`.

        Returns:
            The results of each group, those that are best in the first figure first. Of results that are equal in all
            figures, there is the one with the smallest task identifier.

        Raises:
            IBMInputValueError: There is no such figure, metric or group.
        """
        if not figures:
            raise IBMInputValueError('pareto takes figures, such as pareto("depth", "esp").')
        goals = [self._goal(name, sweep) for name in figures]

        def front(connection: sqlite3.Connection, rows: str, group: str) -> Iterable[int]:
            return pareto_numbers(self._database, connection, rows, goals, group)

        return list(self._chosen_of_groups(per, sweep, front))

    @staticmethod
    def dimensions(by: str | Sequence[str]) -> tuple[str, ...]:
        """Return the names of dimensions of :meth:`points` as columns have them: ``"backend"`` for ``"device"``.

        Raises:
            IBMInputValueError: There is no such dimension, or one is there twice.
        """
        return dimensions(by)

    def points(
        self,
        *figures: str,
        by: str | Sequence[str] = (),
        sweep: TaskSource | None = None,
        lost: Iterable[TaskResult] = (),
    ) -> Points:
        """Return figures of all results as arrays, with the groups to which they belong, for pictures and statistics.

        It takes a fraction of the time of :meth:`table`, which reads whole results.

        Args:
            *figures: Figures that are numbers, such as ``"depth"``, or names of metrics.
            by: Dimensions by which results are grouped: ``"device"``, ``"level"``, ``"seed"``, ``"circuit"``,
                ``"snapshot"``, ``"options"``, or an axis with names, such as ``"initial_layout"``.
            sweep: As in :meth:`best`.
            lost: Results of failed tasks that the ledger does not keep.

        Raises:
            IBMInputValueError: There is no such figure, metric or dimension.
        """
        names = dimensions(by)
        chosen = [figure_named(name, lambda: self._columns_of(sweep).metrics) for name in figures]
        has_names = sweep is not None and bool(sweep.columns.axes)
        indices = () if sweep is None else counting(sweep, self)
        with self._database.reading() as connection:
            condition = _taking_part(connection, sweep, indices, has_names=has_names)
            source = Source(self._database, connection, f"{_JOINS} WHERE 1 {condition}", has_names)
            return points_of(source, chosen, names, lost)

    def compare(
        self,
        other: Ledger | str | os.PathLike[str],
        *,
        sweep: TaskSource | None = None,
        other_sweep: TaskSource | None = None,
    ) -> Comparison:
        """Compare results of the same tasks, such as those of two versions of Qiskit.

        Args:
            other: The ledger to compare with.
            sweep: The sweep whose tasks take part; by default all.
            other_sweep: The sweep whose tasks of ``other`` take part; by default those of ``sweep``.

        Returns:
            The numbers of tasks that became better, worse, or stayed as they were from ``other`` to this ledger, by
            figure.
        """
        if isinstance(other, Ledger):
            return compared(self._database, other._database, sweep, other_sweep)
        with existing(other) as opened:
            return compared(self._database, opened._database, sweep, other_sweep)

    def verify(self) -> LedgerReport:
        """Read everything, for ledgers that others made; another process reads circuits, which may crash it.

        Returns:
            The problems that were found; the report is true if there are none.
        """
        file: list[str] = []
        try:
            file += [str(found) for (found,) in self._database.rows("PRAGMA integrity_check") if found != "ok"]
            numbers = [number for (number,) in self._database.rows("SELECT number FROM tasks ORDER BY number")]
        except LedgerError as error:
            return LedgerReport(0, 0, {}, (*file, str(error.__cause__ or error)))
        damaged: dict[str, str] = {}
        circuits = size = 0
        waiting: dict[str, bytes] = {}
        for number in numbers:
            name, circuit, problem = self._checked(number)
            circuits += circuit is not None
            if problem is not None:
                damaged[name] = problem
            if circuit is not None:
                waiting[name] = circuit
                size += len(circuit)
            if len(waiting) >= BATCH or size > BATCH_BYTES:
                damaged.update(circuit_problems(waiting))
                waiting, size = {}, 0
        damaged.update(circuit_problems(waiting))
        return LedgerReport(len(numbers), circuits, damaged, tuple(file))

    def _checked(self, number: int) -> tuple[str, bytes | None, str | None]:
        """Return the identifier of a task, its circuit without compression, and its problem."""
        name = str(number)
        try:
            found = list(self._numbered([number]))
            if not found:
                return name, None, "it refers to something that is not there"
            name, packed = found[0].task_id, found[0].packed
            return name, None if packed is None else _native.unpack(*packed, MAX_CIRCUIT), None
        except (LedgerError, ValueError, OverflowError) as error:
            return name, None, str(error)

    def table(self, sweep: TaskSource | None = None) -> pyarrow.Table:
        """Return results as a ``pyarrow.Table``, which pandas and polars take by the Arrow interface.

        Args:
            sweep: The sweep whose results are taken, in its order; by default all, ordered as by iteration.

        Raises:
            MissingPackageError: pyarrow is not installed.
        """
        from .table import table_of

        return table_of(self._chosen(sweep), self._columns_of(sweep))

    def to_pandas(self, sweep: TaskSource | None = None) -> pandas.DataFrame:
        """Return results as a ``pandas.DataFrame``.

        Args:
            sweep: As in :meth:`table`.

        Raises:
            MissingPackageError: pyarrow or pandas is not installed.
        """
        from ..._frames import pandas_frame

        return pandas_frame(lambda: self.table(sweep))

    def to_polars(self, sweep: TaskSource | None = None) -> polars.DataFrame:
        """Return results as a ``polars.DataFrame``.

        Args:
            sweep: As in :meth:`table`.

        Raises:
            MissingPackageError: pyarrow or polars is not installed.
        """
        from ..._frames import polars_frame

        return polars_frame(lambda: self.table(sweep))

    def to_parquet(self, path: str | os.PathLike[str], sweep: TaskSource | None = None) -> int:
        """Write results to a Parquet file, and return their number.

        Args:
            path: The file, which is replaced when the new one is complete.
            sweep: As in :meth:`table`.

        Raises:
            MissingPackageError: pyarrow is not installed.
        """
        from .table import write_parquet

        return write_parquet(self._chosen(sweep), Path(path), self._columns_of(sweep))

    def to_csv(self, file: str | os.PathLike[str] | TextIO, sweep: TaskSource | None = None) -> int:
        """Write results as comma-separated values, and return their number; no other package is needed.

        Args:
            file: The file, which is replaced when the new one is complete, or an open one.
            sweep: As in :meth:`table`.
        """
        from .table import write_csv

        results, added = self._chosen(sweep), self._columns_of(sweep)
        if not isinstance(file, str | os.PathLike):
            return write_csv(results, file, added)
        path = Path(file)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as opened:
                written = write_csv(results, opened, added)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        return written

    def summary(self, sweep: TaskSource | None = None) -> Summary:
        """Count results by failure, and by device and optimization level, without reading all of each.

        Args:
            sweep: The sweep whose results count; by default all of the ledger. Of one with ``stop_when``, all tasks
                count until it is finished, because nobody knows before which ones are needed.

        Raises:
            LedgerDamagedError: A value is of another class than it has to be.
        """
        from .summary import summary_of

        indices = None
        if sweep is not None:
            with suppress(LedgerError):
                indices = counting(sweep, self)
        return summary_of(self._database, sweep, indices=indices)

    def _columns_of(self, sweep: TaskSource | None) -> AddedColumns:
        return self.columns() if sweep is None else sweep.columns

    def _chosen(self, sweep: TaskSource | None) -> Iterator[TaskResult]:
        if sweep is None:
            return self._all(with_circuits=False)
        return self.results_of(sweep, counting(sweep, self), with_circuits=False)

    def _all(self, *, with_circuits: bool = True) -> Iterator[TaskResult]:
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT tasks.number FROM {_JOINS} ORDER BY {_ORDER}")  # noqa: S608 (ours)
            numbers = array("q", (number for (number,) in rows))
        return self._numbered(numbers, with_circuits=with_circuits)

    def _numbered(self, numbers: Iterable[int], *, with_circuits: bool = True) -> Iterator[TaskResult]:
        """Yield results by number, in that order; no query is open between two results."""
        waiting = iter(numbers)
        while batch := list(islice(waiting, _BATCH)):
            found = self._found("number", batch, with_circuits=with_circuits)
            yield from (found[number] for number in batch if number in found)

    def _found(self, name: str, values: Sequence[Any], *, with_circuits: bool) -> dict[Any, TaskResult]:
        """Return the results whose column ``name`` has one of some values, by that value."""
        column = _COLUMNS[name][0]
        statement = f"SELECT {_SELECTION} FROM {_JOINS} WHERE {column} IN ({_marks(values)})"  # noqa: S608 (ours)
        with self._database.reading() as connection:
            cursor = connection.cursor()
            cursor.row_factory = sqlite3.Row
            rows = cursor.execute(statement, values).fetchall()
        for types in {tuple(map(type, row)) for row in rows}:
            self._database.check_kinds(types, _KINDS)
        packed: dict[int, tuple[bytes, int]] = {}
        if with_circuits:
            circuits = f"SELECT task, packed, length FROM transpiled WHERE task IN ({_marks(rows)})"  # noqa: S608 (ours)
            found = self._database.rows(circuits, [row["number"] for row in rows], (int, bytes, int))
            packed = {task: (content, length) for task, content, length in found}
        try:
            return {row[name]: _result(row, packed.get(row["number"])) for row in rows}
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise LedgerDamagedError(
                f"{self.path} is damaged: a task has a value that is not valid: {error}."
            ) from error

    def results_of(
        self,
        sweep: TaskSource,
        indices: Iterable[int],
        *,
        with_circuits: bool = True,
        lost: Mapping[int, TaskResult] | None = None,
    ) -> Iterator[TaskResult]:
        """Yield the results of some tasks of a sweep, in the order of ``indices``.

        Args:
            sweep: The sweep.
            indices: Indices of its tasks.
            with_circuits: Read transpiled circuits, too.
            lost: Results that ledgers do not keep, by index.

        Raises:
            LedgerError: A task has no result.
        """
        waiting = iter(indices)
        while batch := list(islice(waiting, _BATCH)):
            ids = [sweep.task_id(index) for index in batch]
            found = self._found("task_id", ids, with_circuits=with_circuits)
            for index, task_id in zip(batch, ids, strict=True):
                result = found.get(task_id)
                if lost and (result is None or result.is_lost):
                    result = lost.get(index, result)
                if result is not None and sweep.columns.axes:
                    # The sweep's own names, whatever they were when the task was done.
                    result = with_names(result, sweep[index].axes)
                if result is None:
                    raise LedgerError(
                        f"{self.path} has no result of task {index}: run the sweep with this ledger first."
                    )
                yield result

    def known_of(
        self, sweep: TaskSource, *, with_circuit: bool, retry_failed: bool, indices: Sequence[int] | None = None
    ) -> Iterator[tuple[int, bytes, bool, bool]]:
        """Yield index and identifier of each task, whether the ledger has its result, and whether that is an error.

        Args:
            sweep: The sweep.
            with_circuit: Results without a circuit do not count, unless their task failed.
            retry_failed: Results of failed tasks do not count.
            indices: Indices of the tasks; by default all.
        """
        condition = _is_done(with_circuit=with_circuit, retry_failed=retry_failed)
        per_snapshot = len(sweep) // max(1, sweep.shape[0])
        size = max(1, min(_BATCH, _SNAPSHOTS * per_snapshot))
        chosen = range(len(sweep)) if indices is None else indices
        for start in range(0, len(chosen), size):
            batch = chosen[start : start + size]
            ids = [sweep.task_id(index) for index in batch]
            statement = f"SELECT id, error IS NOT NULL FROM tasks WHERE id IN ({_marks(ids)}){condition}"  # noqa: S608
            known = dict(self._database.rows(statement, ids))
            yield from (
                (index, task_id, task_id in known, bool(known.get(task_id)))
                for index, task_id in zip(batch, ids, strict=True)
            )

    def measured(self, sweep: TaskSource, *, with_circuit: bool = False, retry_failed: bool = False) -> Measured:
        """Return what is known of a sweep, for which tasks are done as for :meth:`known_of`."""
        return measured_of(self._database, sweep, _is_done(with_circuit=with_circuit, retry_failed=retry_failed))

    def claims(self, *, with_circuit: bool, retry_failed: bool) -> Claims:
        """Return the claims of a new run, for which tasks are done as for :meth:`known_of`."""
        return Claims(self._database, _is_done(with_circuit=with_circuit, retry_failed=retry_failed))

    def write(self, sweep: TaskSource, results: Sequence[tuple[int, TaskResult]]) -> None:
        """Keep results of tasks of a sweep, given by index, all of them or none."""
        if not results:
            return
        with self._database.writing() as connection:
            numbers = _Numbers(connection)
            connection.executemany(_INSERT, [_row(sweep, index, result, numbers) for index, result in results])
            circuits = [
                (length, content, bytes.fromhex(result.task_id))
                for _, result in results
                if result.packed is not None
                for content, length in [result.packed]
            ]
            connection.executemany(
                "INSERT OR REPLACE INTO transpiled SELECT number, ?, ? FROM tasks WHERE id = ?", circuits
            )
            written = [(bytes.fromhex(result.task_id),) for _, result in results]
            connection.executemany("DELETE FROM claims WHERE id = ?", written)

    def __repr__(self) -> str:
        return f"<Ledger {'temporary' if self._is_temporary else self.path}>"

    def _repr_html_(self) -> str:
        from .summary import results_html

        return results_html(self._name, self._database, None)

    @property
    def _name(self) -> str:
        return "a temporary ledger" if self._is_temporary else self.path.name


def _is_done(*, with_circuit: bool, retry_failed: bool) -> str:
    """Return the condition in SQL under which a row of ``tasks`` needs no other run."""
    condition = " AND error IS NULL" if retry_failed else _IS_NOT_LOST
    return f"{condition}{_HAS_CIRCUIT}" if with_circuit else condition


def existing(path: str | os.PathLike[str]) -> Ledger:
    """Open a ledger that is there already.

    Raises:
        FileNotFoundError: There is none.
    """
    # SQLite makes an empty file a database.
    if not Path(path).exists() or Path(path).stat().st_size == 0:
        raise FileNotFoundError(f"There is no ledger {path}.")
    return Ledger(path)


class _Numbers:
    """Numbers of the rows to which tasks refer, within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[Any, ...], int] = {}

    def of(self, table: str, keys: Sequence[str], row: dict[str, Any]) -> int:
        """Return the number of a row, adding it if it is not there."""
        key = (table, *(row[name] for name in keys))
        if key not in self._known:
            values = list(row.values())
            self._connection.execute(
                f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({_marks(values)})",  # noqa: S608 (ours)
                values,
            )
            condition = " AND ".join(f"{name} = ?" for name in keys)
            statement = f"SELECT number FROM {table} WHERE {condition}"  # noqa: S608 (ours)
            ((self._known[key],),) = self._connection.execute(statement, key[1:]).fetchall()
        return self._known[key]


def _row(sweep: TaskSource, index: int, result: TaskResult, numbers: _Numbers) -> list[Any]:
    """Return the parameters of :data:`_INSERT`."""
    calibrated = None if result.calibrated is None else microseconds(result.calibrated)
    circuit = {"digest": bytes.fromhex(result.circuit_digest), "name": result.circuit}
    digest = bytes.fromhex(result.snapshot_digest)
    snapshot = {"digest": digest, "backend": result.backend, "calibrated": calibrated}
    setting = {
        "digest": sweep.setting(index).digest, "optimization_level": result.optimization_level,
        "options": result.options, "pass_manager": result.pass_manager, "axes": _object(_axes_of_setting(result)),
    }  # fmt: skip
    versions = dict(zip(("qiskit", "package"), sweep.versions, strict=True))
    return [
        bytes.fromhex(result.task_id), sweep.task_key(index),
        numbers.of("circuits", ["digest"], circuit), numbers.of("snapshots", ["digest"], snapshot),
        numbers.of("settings", ["digest"], setting), numbers.of("versions", ["qiskit", "package"], versions),
        result.seed, *(_cell(name, getattr(result, name)) for name in _RESULT_COLUMNS),
    ]  # fmt: skip


def _cell(name: str, value: Any) -> Any:
    if name == "carried_from":
        return None if value is None else bytes.fromhex(value)
    if name == "metrics":
        return _object(value)
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | tuple) else value


def _object(value: Mapping[str, Any]) -> str | None:
    """Return a JSON object; nothing for an empty one."""
    return json.dumps(dict(value), separators=(",", ":"), sort_keys=True) if value else None


def _axes_of_setting(result: TaskResult) -> dict[str, str]:
    """Return the names on all axes but that of layouts, which is of the task."""
    return {axis: name for axis, name in result.axes.items() if axis != LAYOUTS}


def _result(row: sqlite3.Row, packed: tuple[bytes, int] | None) -> TaskResult:
    """Return the result of a row.

    Raises:
        ValueError: A text is not the JSON that it has to be.
    """
    fractional, calibrated = row["use_fractional_gates"], row["calibrated"]
    return TaskResult(
        task_id=row["task_id"].hex(),
        circuit=row["circuit"],
        circuit_digest=row["circuit_digest"].hex(),
        backend=row["backend"],
        calibrated=None if calibrated is None else moment(calibrated),
        snapshot_digest=row["snapshot_digest"].hex(),
        optimization_level=row["optimization_level"],
        options=row["options"],
        pass_manager=row["pass_manager"],
        seed=row["seed"],
        initial_layout=_qubits(row["initial_layout"]),
        use_fractional_gates=None if fractional is None else bool(fractional),
        qiskit_version=row["qiskit_version"],
        error=row["error"],
        worker=row["worker"],
        attempts=row["attempts"],
        axes=_axes(row),
        metrics=_metrics(row["metrics"]),
        carried_from=None if row["carried_from"] is None else row["carried_from"].hex(),
        packed=packed,
        **{figure.name: _figure(figure, row[figure.name]) for figure in FIGURES},
    )


def _axes(row: sqlite3.Row) -> dict[str, str]:
    axes = {} if row["axes"] is None else json.loads(row["axes"])
    if not isinstance(axes, dict) or not all(isinstance(name, str) for name in axes.values()):
        raise ValueError(f"{row['axes'][:100]!r} are not axes")
    if row["layout_name"] is not None:
        axes[LAYOUTS] = row["layout_name"]
    return axes


def _metrics(text: str | None) -> dict[str, float | None]:
    metrics = {} if text is None else json.loads(text)
    if not isinstance(metrics, dict) or not all(type(value) in {float, int, NoneType} for value in metrics.values()):
        raise ValueError(f"{(text or '')[:100]!r} are not metrics")
    return metrics


def _figure(figure: Figure, value: Any) -> Any:
    """Return the value of a figure from that of its column."""
    if figure.type is dict:
        return _operations(value)
    return _qubits(value) if figure.type is tuple else value


def _operations(text: str | None) -> dict[str, int] | None:
    if text is None:
        return None
    operations = json.loads(text)
    if not isinstance(operations, dict) or not all(type(count) is int for count in operations.values()):
        raise ValueError(f"{text[:100]!r} are not operations")
    return operations


def _qubits(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    qubits = tuple(json.loads(text))
    if not all(type(qubit) is int and abs(qubit) < _MAX_QUBITS for qubit in qubits):
        raise ValueError(f"{text[:100]!r} is not a layout")
    return qubits


def _order(result: TaskResult) -> tuple[Any, ...]:
    """Return the sort key of a result, which orders as :data:`_ORDER` does."""
    calibrated = 0 if result.calibrated is None else microseconds(result.calibrated)
    return (
        result.backend, calibrated, result.snapshot_digest, result.options, result.optimization_level, result.seed,
        result.circuit, result.task_id,
    )  # fmt: skip


def _group(per: Sequence[str], *, has_names: bool) -> str:
    """Return in SQL what results of a group have in common.

    Args:
        per: Names of columns and axes.
        has_names: Whether names on axes are those of a sweep.
    """
    names = (per,) if isinstance(per, str) else tuple(per or ())
    wrong = [repr(name) for name in names if name not in _GROUPS and name not in AXES]
    if wrong:
        known = ", ".join(dict.fromkeys((*_GROUPS, *AXES)))
        raise IBMInputValueError(f"per is any of {known}, not {', '.join(wrong)}.")
    return ", ".join(_GROUPS.get(name) or group_of_axis(name, is_chosen=has_names) for name in names) or "1"


def _taking_part(
    connection: sqlite3.Connection, sweep: TaskSource | None, indices: Sequence[int], *, has_names: bool
) -> str:
    """Return a condition that holds for some tasks of a sweep, with its names on axes if there are any."""
    if has_names:
        return _choose(connection, sweep, indices)
    return selection_of(connection, sweep, indices).condition


def _choose(connection: sqlite3.Connection, sweep: TaskSource | None, indices: Sequence[int]) -> str:
    """Return a condition that holds for some tasks of a sweep."""
    if sweep is None:
        return ""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (id BLOB PRIMARY KEY, axes TEXT)")
    connection.execute("DELETE FROM chosen")
    has_names = bool(sweep.columns.axes)
    connection.executemany(
        "INSERT OR IGNORE INTO chosen VALUES (?, ?)",
        ((sweep.task_id(index), json.dumps(dict(sweep[index].axes)) if has_names else None) for index in indices),
    )
    return "AND tasks.id IN (SELECT id FROM chosen)"


def _marks(values: Sequence[Any]) -> str:
    """Return the placeholders of a statement for some values."""
    return ", ".join("?" * len(values))


def _clean_up(database: Database, folder: str | None, process: int) -> None:
    database.close()
    # A forked process leaves the file to its parent.
    if folder is not None and process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
