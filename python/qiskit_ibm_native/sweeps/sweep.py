# SPDX-License-Identifier: Apache-2.0
"""Sweeps: circuits, snapshots, settings and seeds, and their combinations, which are computed and not kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from .. import _html
from .._progress import waiting
from .._threads import available_processors
from .._words import count, listed
from .description.forecast import SweepDescription, counts_of, description_of
from .description.reading import arguments_from
from .description.writing import remembered, sweep_toml
from .inputs.circuits import CircuitStore
from .inputs.devices import DeviceList
from .inputs.layouts import layout_choices
from .inputs.metrics import metrics_of
from .inputs.objective import objective_of
from .inputs.pass_managers import check_objects
from .inputs.restrictions import check_restrictions
from .inputs.settings import Axes, Setting, seeds_of, settings_of, values_of
from .tasks import LAYOUTS, TAKEN, AddedColumns, Task
from .worker.protocol import TaskSpec, versions
from .worker.warm import WARM

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from qiskit import QuantumCircuit
    from typing_extensions import Self

    from ..snapshot import Snapshot
    from .driver.progress import Progress
    from .driver.run import Run, RunOptions
    from .inputs.choices import Choices
    from .inputs.circuits import CircuitSource
    from .inputs.devices import DeviceSource
    from .ledger.carry_over import CarriedOver
    from .ledger.ledger import Ledger
    from .ledger.stale import StaleResult
    from .results import SweepResults
    from .tasks import TaskResult

#: Bytes of a digest that identify a task: two of 2^32 tasks have the same identifier with a probability of 2^-65.
_ID_BYTES = 16


class Sweep(Sequence[Task]):
    """Every combination of circuits, snapshots, settings and seeds, to be transpiled.

    Combinations are computed when they are asked for. They are ordered by snapshot, then options, pass manager, basis
    gates, coupling map, scheduling method, optimization level, seed, initial layout and circuit, each in the order in
    which they were given, so that tasks for one target are together.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep
        >>> circuit = QuantumCircuit(2, name="pair")
        >>> _ = circuit.cx(0, 1)
        >>> sweep = Sweep(circuit, ["fez", "lima"], optimization_level=(1, 2), seeds=range(5))
        >>> len(sweep), sweep[0].circuit, sweep[0].backend, sweep[0].seed
        (20, 'pair', 'ibm_fez', 0)
        >>> results = sweep.run(ledger="sweep.sqlite3", progress=False)
        >>> [(best.backend, best.two_qubit_count) for best in results.best(by="two_qubit_count")]
        [('ibm_fez', 1), ('ibmq_lima', 1)]
    """

    @waiting("Describing the sweep")
    def __init__(
        self,
        circuits: CircuitSource | Iterable[CircuitSource],
        snapshots: DeviceSource | Iterable[DeviceSource],
        *,
        optimization_level: int | Iterable[int] = (2,),
        seeds: int | Iterable[int] = (0,),
        initial_layout: Any = None,
        pass_manager: Any = None,
        options: Mapping[str, Any] | Iterable[Mapping[str, Any]] | Choices = (),
        use_fractional_gates: bool | None = None,
        basis_gates: Any = None,
        coupling_map: Any = None,
        scheduling_method: str | Iterable[str | None] | Choices | None = None,
        metrics: Mapping[str, Callable[[QuantumCircuit], float | None]] | None = None,
        objective: str | None = None,
        stop_when: int | Mapping[str, float] | None = None,
    ) -> None:
        """Describe a sweep.

        ``initial_layout``, ``pass_manager``, ``options``, ``basis_gates``, ``coupling_map`` and ``scheduling_method``
        take one value, several (a list), or several with names (:class:`Choices`). The names are in results and tables.

        Args:
            circuits: Circuits, OpenQASM programs, paths of OpenQASM 2, OpenQASM 3 or QPY files and of folders of those,
                or any iterable of them, such as a generator. They are read at once and kept as QPY.
            snapshots: Snapshots, names of bundled devices, paths, ranges of an archive, backends (nothing but their
                snapshot is used), and what has no payload: targets, and any ``BackendV2`` (nothing but its target is
                used); or several of these. Targets are taken as they are now.
            optimization_level: 0, 1, 2 or 3, or several.
            seeds: The transpiler's seed, or several.
            initial_layout: The physical qubit of each qubit: a list, or a ``Layout``, for all circuits, or a mapping
                from names of circuits to lists; or several of these.
            pass_manager: A factory of pass managers: ``pass_manager(target, optimization_level=...,
                seed_transpiler=..., initial_layout=..., **options)``, called for every task. It must be picklable. By
                default it is ``generate_preset_pass_manager`` of Qiskit, as ``transpile`` uses it, and a mapping has
                options for that. A ``PassManager`` runs as it is: it has its own seed, target and level.
            options: Other options of the pass manager, such as ``{"layout_method": "trivial"}``, or several of those.
            use_fractional_gates: As in :func:`build_target`. By default, backends use their own
                choice, and other sources all gates. It cannot be given with targets, which have the gates that they
                have.
            basis_gates: Names of the gates that may be used, of those that devices have. What is no gate stays.
            coupling_map: The pairs of qubits that gates on two qubits may use (a list, or a ``CouplingMap``), of those
                that each device has; or a list of the qubits between which they may be.
            scheduling_method: ``"asap"``, ``"alap"`` or ``None``.
            metrics: Figures of one's own: functions of a transpiled circuit that return a number or ``None``, by name.
                They run in the workers, and must be picklable.
            objective: The figure that tells which task of a circuit on a snapshot is the best: ``"esp"``, ``"depth"``,
                ``"two_qubit_depth"``, ``"two_qubit_count"``, ``"size"`` or ``"duration"``; or a metric, of which the
                smallest value is the best, and with ``-`` before its name the largest.
            stop_when: When a circuit on a snapshot needs no more of its tasks, which are tried in the sweep's order: a
                number of tries without a better one, or ``{"no_better_in": 50, "reaches": 0.9}``, of which one is
                enough. Tasks beyond that are not done, and are no results of the sweep; which ones these are does not
                depend on workers and their speed.

        Raises:
            IBMInputValueError: A circuit, a snapshot or another argument is invalid, or a target cannot be sent to
                workers.
            FileNotFoundError: There is no such file or device.
        """
        self._given = remembered(locals())
        axes = Axes(
            options, pass_manager, basis_gates, coupling_map, scheduling_method, optimization_level,
            metrics_of(metrics, TAKEN),
        )  # fmt: skip
        values, layouts = values_of(axes), layout_choices(initial_layout)
        self._settings = settings_of(axes, values)
        self._seeds = seeds_of(seeds)
        check_objects(values.pass_manager, {"several seeds": len(self._seeds) > 1, LAYOUTS: initial_layout is not None})
        #: The objective of tries, if there is one.
        self.objective = objective_of(objective, stop_when, tuple(axes.metrics))
        WARM.start()
        #: The snapshots of the sweep, and targets.
        self.snapshots = DeviceList(snapshots, use_fractional_gates)
        check_restrictions(self.snapshots, values.basis_gates, values.coupling_map)
        self._circuits = CircuitStore(circuits, layouts)
        #: The number of circuits, of which each has as many entries as there are layouts.
        self.num_circuits = len(self._circuits) // len(layouts)
        axes_with_names = (*self._settings[0].axes, *([LAYOUTS] if initial_layout is not None else []))
        #: Columns that results of this sweep have besides those of all results.
        self.columns = AddedColumns(axes_with_names, tuple(axes.metrics))
        self._last: Ledger | None = None

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> Self:
        """Make the sweep that a TOML file describes; the file may import functions, so read those of people you trust.

        Args:
            source: The path of the file, to whose folder its paths are relative; or its text, with a line break in it.

        Raises:
            IBMInputValueError: The file says something that a sweep does not have; the message tells the key.
            FileNotFoundError: There is no such file, or none that it names.
        """
        return cls(**arguments_from(source))

    def to_toml(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the sweep as TOML, which :meth:`from_toml` reads: the same tasks, with the same identifiers.

        Args:
            path: The file to write, too. Circuits that were given as objects go to a QPY file of that name beside it,
                snapshots to files beside it. Without a path, circuits are in the text.

        Raises:
            IBMInputValueError: A file cannot say something that the sweep was given, such as a target or a lambda.
        """
        return sweep_toml(self, path, type(self))

    @cached_property
    def versions(self) -> tuple[str, str]:
        """The versions of Qiskit and of this package, on which results depend."""
        return versions()

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The numbers of snapshots, settings, seeds, and circuits times initial layouts.

        Settings are all combinations of options, pass managers, restrictions, scheduling methods and levels.
        """
        return len(self.snapshots), len(self._settings), len(self._seeds), len(self._circuits)

    @property
    def seeds(self) -> Sequence[int]:
        """The seeds."""
        return self._seeds

    def __len__(self) -> int:
        snapshots, settings, seeds, circuits = self.shape
        return snapshots * settings * seeds * circuits

    def indices(self, index: int) -> tuple[int, int, int, int]:
        """Return the indices of snapshot, setting, seed, and circuit with initial layout of a task."""
        _, settings, seeds, circuits = self.shape
        rest, circuit = divmod(index, circuits)
        rest, seed = divmod(rest, seeds)
        return *divmod(rest, settings), seed, circuit

    @overload
    def __getitem__(self, index: int) -> Task: ...

    @overload
    def __getitem__(self, index: slice) -> list[Task]: ...

    def __getitem__(self, index: int | slice) -> Task | list[Task]:
        if isinstance(index, slice):
            return [self._task(number) for number in range(*index.indices(len(self)))]
        # A range treats negative indices, and those that are too large, as a list does.
        return self._task(range(len(self))[index])

    def __iter__(self) -> Iterator[Task]:
        return map(self._task, range(len(self)))

    def _task(self, index: int) -> Task:
        snapshot_index, setting_index, seed_index, circuit_index = self.indices(index)
        snapshot, circuit = self.snapshots.entry(snapshot_index), self._circuits.entry(circuit_index)
        setting, seed = self._settings[setting_index], self._seeds[seed_index]
        return Task(
            index,
            self.task_id(index).hex(),
            circuit.name,
            circuit.digest.hex(),
            snapshot.backend,
            snapshot.calibrated,
            snapshot.digest.hex(),
            setting.optimization_level,
            setting.options,
            seed,
            circuit.layout,
            snapshot.use_fractional_gates,
            {**setting.axes, **({} if circuit.layout_name is None else {LAYOUTS: circuit.layout_name})},
        )

    def task_key(self, index: int) -> bytes:
        """Return the identifier of a task without the versions: 16 bytes of a SHA-256."""
        snapshot_index, setting_index, seed_index, circuit_index = self.indices(index)
        snapshot, circuit = self.snapshots.entry(snapshot_index), self._circuits.entry(circuit_index)
        rest = f"{self._seeds[seed_index]} {snapshot.use_fractional_gates} {circuit.layout}"
        content = (circuit.digest, snapshot.digest, self._settings[setting_index].digest, rest.encode())
        return hashlib.sha256(b"".join(content)).digest()[:_ID_BYTES]

    def task_id(self, index: int) -> bytes:
        """Return the identifier of a task: 16 bytes of a SHA-256, which :attr:`Task.id` has as hexadecimal digits."""
        return hashlib.sha256(self.task_key(index) + repr(self.versions).encode()).digest()[:_ID_BYTES]

    def task_spec(self, index: int) -> TaskSpec:
        """Return a task as workers get it."""
        snapshot_index, setting_index, seed_index, circuit_index = self.indices(index)
        snapshot, circuit = self.snapshots.entry(snapshot_index), self._circuits.entry(circuit_index)
        return TaskSpec(
            index, snapshot.digest, circuit.digest, self._settings[setting_index].digest, self._seeds[seed_index],
            snapshot.use_fractional_gates, circuit.layout,
        )  # fmt: skip

    def setting(self, index: int) -> Setting:
        """Return the setting of a task: optimization level, options and factory of pass managers."""
        return self._settings[self.indices(index)[1]]

    def blob_readers(self, index: int) -> tuple[Callable[[], bytes], ...]:
        """Return functions that read the blobs of a task: snapshot, circuit and setting."""
        snapshot_index, setting_index, _, circuit_index = self.indices(index)
        setting = self._settings[setting_index]
        return (
            lambda: self.snapshots.form(snapshot_index),
            lambda: self._circuits.blob(circuit_index),
            lambda: setting.recipe,
        )

    def run(
        self,
        executor: Executor | None = None,
        ledger: Ledger | str | os.PathLike[str] | None = None,
        *,
        keep_circuits: bool = False,
        on_error: str = "record",
        timeout: float | None = None,
        max_in_flight: int | None = None,
        progress: bool | Callable[[Progress], object] | None = None,
        retries: int = 1,
        memory_limit: int | None = None,
        retry_failed: bool = False,
    ) -> SweepResults:
        """Transpile the tasks that the ledger does not have, and return all results.

        Each worker has a process of its own for the transpiler, so that a task that crashes, exceeds ``timeout`` or
        ``memory_limit`` costs nothing but itself: the worker starts another process. After an interruption, the same
        call resumes the sweep.

        Args:
            executor: The executor of the workers: any ``concurrent.futures.Executor``, such as ``dask.distributed``'s
                ``client.get_executor()`` or ``mpi4py.futures.MPIPoolExecutor()``. By default, one process for each
                processor of this machine.
            ledger: The ledger that keeps results: a file, which is made if there is none, or an open ledger. By default
                a temporary one, which lives as long as the results.
            keep_circuits: Keep transpiled circuits, too.
            on_error: ``"record"`` to keep the error of a task as its result; ``"raise"`` to stop at the first error.
                Errors of workers and their machines are in the results of this run alone, see
                :attr:`TaskResult.is_lost`.
            timeout: Seconds that a task may take; no limit by default.
            max_in_flight: Number of tasks that may be submitted and not done. By default, as many as keep all workers
                busy that have answered so far.
            progress: ``True`` to show a bar, or a function that is called with the :class:`Progress`; by default there
                is a bar on terminals and in notebooks.
            retries: Number of times that a task is tried again before it is recorded as failed.
            memory_limit: Bytes that tasks may allocate in the process of a worker, beside those that it has at its
                start; on Linux. By default half of the machine's memory.
            retry_failed: Try tasks again that the ledger has as failed. Tasks whose worker was lost are tried again in
                any case.

        Raises:
            SweepError: A task failed, with ``on_error="raise"``; or the executor does not work at all.
            LedgerError: The ledger cannot be used.
            IBMInputValueError: An argument is invalid.
        """
        from .driver.run import RunOptions

        options = RunOptions(
            keep_circuits, on_error, timeout, max_in_flight, progress, retries, memory_limit, retry_failed
        )
        run = self._prepared(executor, ledger, options)
        for _ in run.finished():
            pass
        return run.results

    def stream(
        self,
        executor: Executor | None = None,
        ledger: Ledger | str | os.PathLike[str] | None = None,
        *,
        in_order: bool = True,
        **options: Any,
    ) -> Iterator[TaskResult]:
        """Run the sweep as :meth:`run` does, and yield each result as soon as it is there.

        Args:
            executor: As in :meth:`run`.
            ledger: As in :meth:`run`.
            in_order: Yield results in the sweep's order; otherwise as they come.
            **options: As in :meth:`run`.
        """
        from .driver.run import RunOptions, streamed

        return streamed(self._prepared(executor, ledger, RunOptions(**options)), in_order=in_order)

    def _prepared(self, executor: Any, ledger: Ledger | str | os.PathLike[str] | None, options: RunOptions) -> Run:
        from .driver.run import Run, check_executor
        from .ledger.ledger import Ledger

        check_executor(executor)
        self._last = ledger if isinstance(ledger, Ledger) else Ledger(ledger)
        return Run(self, executor, self._last, options)

    def find_stale(
        self,
        today: Snapshot | Any,
        ledger: Ledger | str | os.PathLike[str] | None = None,
        *,
        rtol: float = 0.0,
        atol: float = 0.0,
    ) -> list[StaleResult]:
        """Return the transpiled circuits that use qubits or gates whose values changed, with their scores today.

        Args:
            today: The present snapshots of devices: snapshots, backends or names, as in :class:`Sweep`, but no targets;
                of each device the last one counts. Tasks of other devices are left out.
            ledger: The ledger of the results, of a run with ``keep_circuits=True``; by default that of the last
                :meth:`run` of this sweep.
            rtol: Relative tolerance: changes within ``atol + rtol * abs(old)`` do not count.
            atol: Absolute tolerance, in SI units.

        Raises:
            SweepError: There are no results, or they have no circuits, or one was made for a target, which has no
                calibration.
            FileNotFoundError: There is no such ledger.
        """
        from .ledger.ledger import Ledger, existing
        from .ledger.stale import stale_results

        if ledger is None or isinstance(ledger, Ledger):
            return stale_results(self, ledger or self._last, today, rtol, atol)
        with existing(ledger) as opened:
            return stale_results(self, opened, today, rtol, atol)

    def describe(
        self,
        ledger: Ledger | str | os.PathLike[str] | None = None,
        *,
        workers: int | None = None,
        keep_circuits: bool = False,
        retry_failed: bool = False,
    ) -> SweepDescription:
        """Return how many tasks there are and are known, and what the others will take by what a ledger has measured.

        Seeds cost nothing, so that a million tasks take some seconds; each circuit and each device is read.

        Args:
            ledger: The ledger of the run to come; by default that of the last :meth:`run`. One that is not there yet is
                an empty one.
            workers: The number of workers; by default one for each processor of this machine.
            keep_circuits: As in :meth:`run`.
            retry_failed: As in :meth:`run`.

        Raises:
            LedgerError: The ledger cannot be used.
        """
        from .ledger.ledger import Ledger

        if isinstance(ledger, Ledger):
            opened: AbstractContextManager[Ledger] = nullcontext(ledger)
        elif ledger is None and self._last is not None:
            opened = nullcontext(self._last)
        else:
            opened = Ledger(ledger if ledger is not None and os.path.exists(ledger) else None)  # noqa: PTH110 (str or path)
        with opened as used:
            measured = used.measured(self, with_circuit=keep_circuits, retry_failed=retry_failed)
        return description_of(self, measured, workers or available_processors())

    def carry_over(
        self, ledger: Ledger | str | os.PathLike[str] | None = None, *, rtol: float = 0.0, atol: float = 0.0
    ) -> CarriedOver:
        """Give tasks that the ledger lacks the results of another calibration of the sweep, where those stay right.

        A result stays right if it is of the same circuit, setting, seed and layout on the same device, and nothing that
        its transpiled circuit uses changed by more than the tolerance, see :meth:`SnapshotDiff.affects`; durations of a
        scheduled circuit must not have changed at all. Of several, that of the nearest calibration is taken. The task
        gets its circuit and its figures, with the success probability that is estimated anew, and
        :attr:`TaskResult.carried_from`; times and worker are those of the first task. :meth:`run` transpiles the rest.

        The circuit is right for the new calibration, but need not be the one that ``transpile`` would choose there:
        with other values elsewhere on the device, it may find another layout, even with ``rtol=0``.

        Args:
            ledger: The ledger, of runs with ``keep_circuits=True``; by default that of the last :meth:`run` of this
                sweep.
            rtol: Relative tolerance: changes within ``atol + rtol * abs(old)`` do not count. The old values are those
                of the calibration for which the circuit was transpiled, so that small changes do not add up.
            atol: Absolute tolerance, in SI units.

        Raises:
            SweepError: The sweep has not been run here, and no ledger is given.
            IBMInputValueError: A tolerance is negative, infinite or NaN.
            FileNotFoundError: There is no such ledger.
        """
        from ..exceptions import SweepError
        from .ledger.carry_over import carry_over
        from .ledger.ledger import Ledger, existing

        if ledger is None and self._last is None:
            raise SweepError("The sweep has not been run in this process; name the ledger that has its results.")
        if ledger is None or isinstance(ledger, Ledger):
            return carry_over(self, ledger or self._last, rtol, atol)  # type: ignore[arg-type]
        with existing(ledger) as opened:
            return carry_over(self, opened, rtol, atol)

    def _counts(self) -> list[str]:
        return counts_of(dict(zip(("snapshots", "settings", "seeds", "circuits"), self.shape, strict=True)))

    def __repr__(self) -> str:
        return f"<Sweep of {count(len(self), 'task')}: {', '.join(self._counts())}>"

    def _repr_html_(self) -> str:
        heading = _html.heading(f"Sweep of {count(len(self), 'task')}", " × ".join(self._counts()), kind="Sweep")
        levels = sorted({setting.optimization_level for setting in self._settings})
        facts = _html.facts([
            ("levels", ", ".join(map(str, levels))),
            ("seeds", _few(self._seeds)),
            ("axes with names", listed(list(self.columns.axes))),
            ("metrics", listed(list(self.columns.metrics))),
            ("objective", None if self.objective is None else self.objective.goal),
            ("last ledger", None if self._last is None else self._last._name),
        ])  # fmt: skip
        return _html.panel(heading, facts)


def _few(seeds: Sequence[int]) -> str:
    """Return the first seeds, and the last one."""
    shown = [str(seed) for seed in seeds[:5]]
    return ", ".join(shown if len(seeds) <= 5 else [*shown[:3], "...", str(seeds[-1])])
