# SPDX-License-Identifier: Apache-2.0
"""The ledger: one SQLite file that has one row for each task that was done, whatever happens to who does them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from ... import _native
from ..._sqlite import Database
from ..._timestamps import microseconds, moment
from ...exceptions import IBMInputValueError, LedgerDamagedError, LedgerError
from ..inputs.qpy_codec import MAX_CIRCUIT
from ..results import FIGURES, TaskResult
from .check import BATCH, BATCH_BYTES, LedgerReport, circuit_problems
from .comparison import Comparison, compared
from .schema import LEDGER

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..sweep import Sweep

#: More than any device may have.
_MOST_QUBITS = 1 << 31
#: How many tasks are looked up at once, and how many snapshots those may be of, which are kept until they are needed.
_BATCH, _SNAPSHOTS = 500, 32
#: What groups can be made of, and the columns that they are.
_GROUPS = {
    "circuit": "tasks.circuit", "snapshot": "tasks.snapshot", "backend": "snapshots.backend", "seed": "tasks.seed",
    "optimization_level": "settings.optimization_level", "options": "settings.options, settings.pass_manager",
}  # fmt: skip
#: Figures that can be best, and whether that is the largest.
_GOALS = {
    "esp": True, "depth": False, "two_qubit_depth": False, "two_qubit_count": False, "size": False, "duration": False,
    "wall": False, "cpu": False,
}  # fmt: skip
_JOINS = (
    "tasks JOIN circuits ON circuits.number = tasks.circuit JOIN snapshots ON snapshots.number = tasks.snapshot"
    " JOIN settings ON settings.number = tasks.setting JOIN versions ON versions.number = tasks.version"
)
_COLUMNS = (
    "tasks.id, circuits.name, circuits.digest, backend, calibrated, snapshots.digest, optimization_level, options,"
    f" pass_manager, seed, initial_layout, use_fractional_gates, versions.qiskit, error, {', '.join(FIGURES)}, wall, cpu,"
    " worker, attempts, tasks.number"
)
#: The classes of their values, behind that of the column that was looked for.
_KINDS: tuple[type | tuple[type, ...], ...] = (
    object, bytes, str, bytes, str, (int, NoneType), bytes, int, str, str, int, (str, NoneType), (int, NoneType), str,
    (str, NoneType), *[(int, NoneType)] * 5, (str, NoneType), *[(float, NoneType)] * 2, *[(str, NoneType)] * 2, float,
    float, str, int, int,
)  # fmt: skip
_ORDER = "backend, calibrated, snapshots.digest, options, optimization_level, seed, circuits.name, tasks.id"
_OWN = (
    "initial_layout", "use_fractional_gates", "error", "depth", "two_qubit_depth", "two_qubit_count", "size", "num_qubits", "operations", "duration", "esp", "layout",
    "final_layout", "wall", "cpu", "worker", "attempts",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO tasks (id, key, circuit, snapshot, setting, version, seed, {', '.join(_OWN)})"  # noqa: S608 (ours)
    f" VALUES ({', '.join('?' * (7 + len(_OWN)))})"
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _OWN)}"
    # What went well once is not lost because it went wrong another time.
    " WHERE tasks.error IS NOT NULL OR excluded.error IS NULL"
)
#: Ledgers of version 0.1.0 have errors for which workers and their machines are to blame. These tasks are not done.
_IS_NOT_LOST = (
    " AND (error IS NULL OR error NOT LIKE 'WorkerLost: %'"
    " AND error NOT LIKE 'WorkerDied: The process of the task ended by SIGKILL.%')"
)


class Ledger:
    """Results of tasks in a file, which any number of threads and processes may use at once.

    Nothing that was written is lost when a process is killed. A task is known by what its result depends on, so that one
    ledger can serve many sweeps, and a sweep whose inputs changed finds what still holds.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        """Open a ledger.

        Args:
            path: The file, which is made if there is none. Without it, a temporary one is used.

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
        """Where the file is."""
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
            KeyError: It has none.
        """
        try:
            key = bytes.fromhex(task_id)
            return self._found("tasks.id", [key], with_circuits=True)[key]
        except (KeyError, ValueError, TypeError):
            raise KeyError(task_id) from None

    def best(
        self, by: str = "esp", per: Sequence[str] = ("circuit", "snapshot"), *, sweep: Sweep | None = None
    ) -> list[TaskResult]:
        """Return the best result of each group; of equal ones the first by task.

        Args:
            by: ``"esp"`` for the largest, or ``"depth"``, ``"two_qubit_depth"``, ``"two_qubit_count"``, ``"size"``,
                ``"duration"``, ``"wall"`` or ``"cpu"`` for the smallest. Results without the figure do not take part.
            per: What makes a group: any of ``"circuit"``, ``"snapshot"``, ``"backend"``, ``"optimization_level"``,
                ``"options"``, ``"seed"``; nothing for the best of all.
            sweep: Whose results take part; by default all of the ledger.

        Raises:
            IBMInputValueError: There is no such figure or group.
        """
        names = (per,) if isinstance(per, str) else tuple(per or ())
        wrong = [repr(name) for name in names if name not in _GROUPS]
        if not isinstance(by, str) or by not in _GOALS or wrong:
            raise IBMInputValueError(
                f"by is one of {', '.join(_GOALS)}, and per of {', '.join(_GROUPS)}, not {', '.join(wrong) or repr(by)}."
            )
        group = ", ".join(_GROUPS[name] for name in names) or "1"
        order = f"tasks.{by} {'DESC' if _GOALS[by] else 'ASC'}, tasks.id"
        with self._database.reading() as connection:
            chosen = _choose(connection, sweep)
            ranked = (
                f"SELECT tasks.number AS number, row_number() OVER (PARTITION BY {group} ORDER BY {order}) AS rank"  # noqa: S608
                f" FROM {_JOINS} WHERE tasks.{by} IS NOT NULL AND error IS NULL {chosen}"
            )
            statement = f"SELECT number FROM ({ranked}) WHERE rank = 1"  # noqa: S608 (ours)
            numbers = {number for (number,) in connection.execute(statement)}
        return sorted(self._numbered(numbers), key=_order)

    def compare(self, other: Ledger | str | os.PathLike[str]) -> Comparison:
        """Compare results of the same tasks, such as those of two versions of Qiskit.

        Args:
            other: The ledger to compare with.

        Returns:
            What became better, worse, or stayed as it was from ``other`` to this one.
        """
        if isinstance(other, Ledger):
            return compared(self._database, other._database)
        with existing(other) as opened:
            return compared(self._database, opened._database)

    def verify(self) -> LedgerReport:
        """Read everything, circuits in another process, which a hostile one may end or fill; for ledgers that others made.

        Returns:
            What is wrong, which is nothing if the report is true.
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
        """Return the id of a task, its circuit without compression, and what is wrong with it."""
        name = str(number)
        try:
            found = list(self._numbered([number]))
            if not found:
                return name, None, "it refers to something that is not there"
            name, packed = found[0].task_id, found[0].packed
            return name, None if packed is None else _native.unpack(*packed, MAX_CIRCUIT), None
        except (LedgerError, ValueError, OverflowError) as error:
            return name, None, str(error)

    def table(self, sweep: Sweep | None = None) -> Any:
        """Return results as a ``pyarrow.Table``, which pandas and polars take by the Arrow interface.

        Args:
            sweep: Whose results, in its order; by default all, ordered as by iteration.

        Raises:
            LedgerError: pyarrow is not installed.
        """
        from .table import table_of

        return table_of(self._chosen(sweep))

    def to_parquet(self, path: str | os.PathLike[str], sweep: Sweep | None = None) -> int:
        """Write results to a Parquet file, and return how many there are.

        Args:
            path: The file, which is replaced when the new one is complete.
            sweep: As in :meth:`table`.

        Raises:
            LedgerError: pyarrow is not installed.
        """
        from .table import write_parquet

        return write_parquet(self._chosen(sweep), Path(path))

    def _chosen(self, sweep: Sweep | None) -> Iterator[TaskResult]:
        if sweep is None:
            return self._all(with_circuits=False)
        return self._results_of(sweep, range(len(sweep)), with_circuits=False)

    def _all(self, *, with_circuits: bool = True) -> Iterator[TaskResult]:
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT tasks.number FROM {_JOINS} ORDER BY {_ORDER}")  # noqa: S608 (ours)
            numbers = array("q", (number for (number,) in rows))
        return self._numbered(numbers, with_circuits=with_circuits)

    def _numbered(self, numbers: Iterable[int], *, with_circuits: bool = True) -> Iterator[TaskResult]:
        """Yield results by number, in that order; each batch is a query of its own, which nothing can interrupt."""
        waiting = iter(numbers)
        while batch := list(islice(waiting, _BATCH)):
            found = self._found("tasks.number", batch, with_circuits=with_circuits)
            yield from (found[number] for number in batch if number in found)

    def _found(self, column: str, values: Sequence[Any], *, with_circuits: bool) -> dict[Any, TaskResult]:
        """Return the results of some tasks, by the column that they were looked for by."""
        marks = ", ".join("?" * len(values))
        condition = f"WHERE {column} IN ({marks})"
        rows = self._database.rows(f"SELECT {column}, {_COLUMNS} FROM {_JOINS} {condition}", values, _KINDS)  # noqa: S608 (ours)
        packed = {}
        if with_circuits:
            circuits = f"SELECT task, packed, length FROM transpiled WHERE task IN ({', '.join('?' * len(rows))})"  # noqa: S608
            found = self._database.rows(circuits, [it[-1] for it in rows], (int, bytes, int))
            packed = {task: (form, length) for task, form, length in found}
        try:
            return {key: _result(row, packed.get(row[-1])) for key, *row in rows}
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise LedgerDamagedError(
                f"{self.path} is damaged: a task has a value that makes no sense: {error}."
            ) from error

    def _results_of(
        self,
        sweep: Sweep,
        indices: Iterable[int],
        *,
        with_circuits: bool = True,
        lost: Mapping[int, TaskResult] | None = None,
    ) -> Iterator[TaskResult]:
        """Yield the results of some tasks of a sweep, in the order of ``indices``; ``lost`` has some that are not here."""
        waiting = iter(indices)
        while batch := list(islice(waiting, _BATCH)):
            ids = [sweep._id(index) for index in batch]
            found = self._found("tasks.id", ids, with_circuits=with_circuits)
            for index, each in zip(batch, ids, strict=True):
                result = found.get(each)
                if lost and (result is None or result.is_lost):
                    result = lost.get(index, result)
                if result is None:
                    raise LedgerError(
                        f"{self.path} has no result of task {index}: run the sweep with this ledger first."
                    )
                yield result

    def _known_of(self, sweep: Sweep, *, with_circuit: bool, retry_failed: bool) -> Iterator[tuple[int, bool]]:
        """Yield each index of a sweep, and whether its result is here."""
        condition = " AND error IS NULL" if retry_failed else _IS_NOT_LOST
        if with_circuit:
            condition += " AND (error IS NOT NULL OR number IN (SELECT task FROM transpiled))"
        per_snapshot = len(sweep) // max(1, sweep.shape[0])
        size = max(1, min(_BATCH, _SNAPSHOTS * per_snapshot))
        for start in range(0, len(sweep), size):
            batch = range(start, min(start + size, len(sweep)))
            ids = [sweep._id(index) for index in batch]
            rows = self._database.rows(f"SELECT id FROM tasks WHERE id IN ({_marks(ids)}){condition}", ids)  # noqa: S608
            known = {each for (each,) in rows}
            yield from ((index, each in known) for index, each in zip(batch, ids, strict=True))

    def _write(self, sweep: Sweep, results: Sequence[tuple[int, TaskResult]]) -> None:
        """Keep results, all of them or none."""
        if not results:
            return
        with self._database.writing() as connection:
            numbers = _Numbers(connection)
            connection.executemany(_INSERT, [_row(sweep, index, result, numbers) for index, result in results])
            connection.executemany(
                "INSERT OR REPLACE INTO transpiled SELECT number, ?, ? FROM tasks WHERE id = ?",
                [(it.packed[1], it.packed[0], bytes.fromhex(it.task_id)) for _, it in results if it.packed is not None],
            )

    def __repr__(self) -> str:
        return f"<Ledger {'temporary' if self._is_temporary else self.path}>"


def existing(path: str | os.PathLike[str]) -> Ledger:
    """Open a ledger that is there already.

    Raises:
        FileNotFoundError: It is not.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"There is no ledger {path}.")
    return Ledger(path)


class _Numbers:
    """The numbers of what tasks refer to, within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[Any, ...], int] = {}

    def of(self, table: str, keys: Sequence[str], row: dict[str, Any]) -> int:
        """Return the number of a row, adding it if it is not there."""
        key = (table, *(row[name] for name in keys))
        if key not in self._known:
            marks, values = ", ".join("?" * len(row)), list(row.values())
            self._connection.execute(
                f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 (ours)
                values,
            )
            condition = " AND ".join(f"{name} = ?" for name in keys)
            statement = f"SELECT number FROM {table} WHERE {condition}"  # noqa: S608 (ours)
            ((self._known[key],),) = self._connection.execute(statement, key[1:]).fetchall()
        return self._known[key]


def _row(sweep: Sweep, index: int, result: TaskResult, numbers: _Numbers) -> list[Any]:
    calibrated = None if result.calibrated is None else microseconds(result.calibrated)
    circuit = {"digest": bytes.fromhex(result.circuit_digest), "name": result.circuit}
    digest = bytes.fromhex(result.snapshot_digest)
    snapshot = {"digest": digest, "backend": result.backend, "calibrated": calibrated}
    setting = {
        "digest": sweep._setting(index).digest, "optimization_level": result.optimization_level,
        "options": result.options, "pass_manager": result.pass_manager,
    }  # fmt: skip
    versions = dict(zip(("qiskit", "package"), sweep._versions, strict=True))
    return [
        bytes.fromhex(result.task_id), sweep._key(index),
        numbers.of("circuits", ["digest"], circuit), numbers.of("snapshots", ["digest"], snapshot),
        numbers.of("settings", ["digest"], setting), numbers.of("versions", ["qiskit", "package"], versions),
        result.seed, *(_cell(getattr(result, name)) for name in _OWN),
    ]  # fmt: skip


def _cell(value: Any) -> Any:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | tuple) else value


def _result(row: Sequence[Any], packed: tuple[bytes, int] | None) -> TaskResult:
    (task_id, circuit, circuit_digest, backend, calibrated, snapshot_digest, level, options, factory, *rest) = row
    (seed, initial_layout, fractional, qiskit, error, *figures) = rest
    values = dict(zip(FIGURES, figures, strict=False))
    wall, cpu, worker, attempts, _ = figures[len(FIGURES) :]
    values["operations"] = _operations(values["operations"])
    for name in ("layout", "final_layout"):
        values[name] = _qubits(values[name])
    return TaskResult(
        task_id.hex(), circuit, circuit_digest.hex(), backend, None if calibrated is None else moment(calibrated),
        snapshot_digest.hex(), level, options, factory, seed, _qubits(initial_layout),
        None if fractional is None else bool(fractional), qiskit, error, wall=wall, cpu=cpu, worker=worker,
        attempts=attempts, packed=packed, **values,
    )  # fmt: skip


def _operations(text: str | None) -> dict[str, int] | None:
    if text is None:
        return None
    operations = json.loads(text)
    if not isinstance(operations, dict) or not all(type(count) is int for count in operations.values()):
        raise ValueError(f"{text[:100]!r} are no operations")
    return operations


def _qubits(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    qubits = tuple(json.loads(text))
    if not all(type(qubit) is int and abs(qubit) < _MOST_QUBITS for qubit in qubits):
        raise ValueError(f"{text[:100]!r} is no layout")
    return qubits


def _order(result: TaskResult) -> tuple[Any, ...]:
    """Return what results are sorted by, as :data:`_ORDER` does."""
    calibrated = 0 if result.calibrated is None else microseconds(result.calibrated)
    return (
        result.backend, calibrated, result.snapshot_digest, result.options, result.optimization_level, result.seed,
        result.circuit, result.task_id,
    )  # fmt: skip


def _choose(connection: sqlite3.Connection, sweep: Sweep | None) -> str:
    """Return a condition that holds for the tasks of a sweep."""
    if sweep is None:
        return ""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (id BLOB PRIMARY KEY)")
    connection.execute("DELETE FROM chosen")
    connection.executemany(
        "INSERT OR IGNORE INTO chosen VALUES (?)", ((sweep._id(index),) for index in range(len(sweep)))
    )
    return "AND tasks.id IN (SELECT id FROM chosen)"


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _clean_up(database: Database, folder: str | None, process: int) -> None:
    database.close()
    # Not for a process that was forked off: the file is its parent's.
    if folder is not None and process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
