# SPDX-License-Identifier: Apache-2.0
"""What a sweep is: circuits, snapshots, settings and seeds, and every combination of them, none of which is kept."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from ..snapshot.sources import SnapshotList
from .inputs.circuits import CircuitStore
from .inputs.settings import Setting, seeds_of, settings_of
from .worker.protocol import TaskOrder

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ..snapshot import Snapshot
    from ..snapshot.sources import SnapshotSource
    from .driver.progress import Progress
    from .inputs.circuits import CircuitSource
    from .ledger.ledger import Ledger
    from .ledger.stale import StaleResult
    from .results import SweepResults, TaskResult

#: Bytes of a digest that name a task; 2^64 tasks are needed for two of one name.
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Task:
    """One circuit, on one snapshot, with one setting and one seed.

    Attributes:
        index: Where it is in its sweep.
        id: 32 hexadecimal digits, made of everything that the result depends on: circuit, snapshot, setting, layout, seed,
            and the versions of Qiskit and of this package. The same in every process and on every machine.
        circuit: The circuit's name.
        circuit_digest: What the circuit is.
        backend: The device's name.
        calibrated: When the device was calibrated (aware), if that is known.
        snapshot_digest: What the snapshot is.
        optimization_level: How hard the transpiler tries.
        options: What else the pass manager is told.
        seed: The transpiler's seed.
        initial_layout: The physical qubit of each qubit, if that was given.
        use_fractional_gates: ``False`` if the target is without gates such as ``rzz``.
    """

    index: int
    id: str
    circuit: str
    circuit_digest: str
    backend: str
    calibrated: datetime.datetime | None
    snapshot_digest: str
    optimization_level: int
    options: Mapping[str, Any] = field(hash=False)
    seed: int
    initial_layout: tuple[int, ...] | None
    use_fractional_gates: bool | None


class Sweep(Sequence[Task]):
    """Every combination of circuits, snapshots, settings and seeds, to be transpiled.

    Combinations are worked out when they are asked for. They are ordered by snapshot, then options, optimization level,
    seed, and circuit, each in the order in which it was given, so that what needs one target comes together.
    """

    def __init__(
        self,
        circuits: CircuitSource | Iterable[CircuitSource],
        snapshots: SnapshotSource | Iterable[SnapshotSource],
        *,
        optimization_level: int | Iterable[int] = (2,),
        seeds: int | Iterable[int] = (0,),
        initial_layout: Any = None,
        pass_manager: Callable[..., Any] | None = None,
        options: Mapping[str, Any] | Iterable[Mapping[str, Any]] = (),
        use_fractional_gates: bool | None = None,
    ) -> None:
        """Describe a sweep.

        Args:
            circuits: Circuits, OpenQASM programs, paths of OpenQASM 2, OpenQASM 3 or QPY files and of folders of those, or
                anything that gives them one by one, such as a generator. They are taken at once and kept as QPY.
            snapshots: Snapshots, names of bundled devices, paths, ranges of an archive, backends (their snapshot is taken,
                and nothing else of them), or several of these.
            optimization_level: 0, 1, 2 or 3, or several.
            seeds: The transpiler's seed, or several.
            initial_layout: The physical qubit of each qubit: a list, or a ``Layout``, for all circuits, or a mapping from
                names of circuits to lists.
            pass_manager: Makes pass managers: ``pass_manager(target, optimization_level=..., seed_transpiler=...,
                initial_layout=..., **options)``, called for every task. It must be picklable. By default it is
                ``generate_preset_pass_manager`` of Qiskit, as ``transpile`` uses it.
            options: What else the pass manager is told, such as ``{"layout_method": "trivial"}``, or several of those.
            use_fractional_gates: As in :func:`build_target`. By default, what a backend says, and all gates for others.

        Raises:
            IBMInputValueError: Something is not what it has to be.
            FileNotFoundError: There is no such file or device.
        """
        self._settings = settings_of(optimization_level, options, pass_manager)
        self._seeds = seeds_of(seeds)
        self._snapshots = SnapshotList(snapshots, use_fractional_gates)
        self._circuits = CircuitStore(circuits, initial_layout)
        self._last: Ledger | None = None

    @cached_property
    def _versions(self) -> tuple[str, str]:
        return versions()

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """How many snapshots, settings (options times levels), seeds and circuits there are."""
        return len(self._snapshots), len(self._settings), len(self._seeds), len(self._circuits)

    def __len__(self) -> int:
        snapshots, settings, seeds, circuits = self.shape
        return snapshots * settings * seeds * circuits

    def _place(self, index: int) -> tuple[int, int, int, int]:
        """Return the indices of snapshot, setting, seed and circuit."""
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
            return [self._task(at) for at in range(*index.indices(len(self)))]
        # What range says of indices that are too large or negative is what lists say.
        return self._task(range(len(self))[index])

    def __iter__(self) -> Iterator[Task]:
        return map(self._task, range(len(self)))

    def _task(self, index: int) -> Task:
        at_snapshot, at_setting, at_seed, at_circuit = self._place(index)
        snapshot, circuit = self._snapshots.entry(at_snapshot), self._circuits.entry(at_circuit)
        setting, seed = self._settings[at_setting], self._seeds[at_seed]
        return Task(
            index,
            self._id(index).hex(),
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
        )

    def _key(self, index: int) -> bytes:
        """Return what names a task, whatever the versions."""
        at_snapshot, at_setting, at_seed, at_circuit = self._place(index)
        snapshot, circuit = self._snapshots.entry(at_snapshot), self._circuits.entry(at_circuit)
        rest = f"{self._seeds[at_seed]} {snapshot.use_fractional_gates} {circuit.layout}"
        content = (circuit.digest, snapshot.digest, self._settings[at_setting].digest, rest.encode())
        return hashlib.sha256(b"".join(content)).digest()[:_ID_BYTES]

    def _id(self, index: int) -> bytes:
        return hashlib.sha256(self._key(index) + repr(self._versions).encode()).digest()[:_ID_BYTES]

    def _order(self, index: int) -> TaskOrder:
        """Return a task as workers see it."""
        at_snapshot, at_setting, at_seed, at_circuit = self._place(index)
        snapshot, circuit = self._snapshots.entry(at_snapshot), self._circuits.entry(at_circuit)
        return TaskOrder(
            index, snapshot.digest, circuit.digest, self._settings[at_setting].digest, self._seeds[at_seed],
            snapshot.use_fractional_gates, circuit.layout,
        )  # fmt: skip

    def _setting(self, index: int) -> Setting:
        return self._settings[self._place(index)[1]]

    def _forms(self, index: int) -> tuple[Callable[[], bytes], Callable[[], bytes], Callable[[], bytes]]:
        """Return what gives the bytes that a task needs, in the order of :attr:`TaskOrder.needs`."""
        at_snapshot, at_setting, _, at_circuit = self._place(index)
        setting = self._settings[at_setting]
        return lambda: self._snapshots.form(at_snapshot), lambda: self._circuits.form(at_circuit), lambda: setting.form

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
        """Transpile what is not in the ledger yet, and return all results.

        Each worker has a process of its own for the transpiler, so that whatever a task does costs that task alone:
        a worker whose process ends, exceeds ``timeout`` or ``memory_limit`` starts another one. Interrupted by Ctrl-C or by
        force, the same call goes on where it was.

        Args:
            executor: Where to work: any ``concurrent.futures.Executor``, such as ``dask.distributed``'s
                ``client.get_executor()`` or ``mpi4py.futures.MPIPoolExecutor()``. By default, one process for each
                processor of this machine.
            ledger: Where to keep results: a file, which is made if there is none, or an open ledger. By default a temporary
                one, which lives as long as the results.
            keep_circuits: Whether to keep transpiled circuits, too.
            on_error: ``"record"`` to keep what went wrong with a task as its result; ``"raise"`` to stop at the first. What
                workers and their machines are to blame for is in the results of this run alone, see
                :attr:`TaskResult.is_lost`.
            timeout: Seconds that a task may take; by default, as long as it likes.
            max_in_flight: How many tasks may be submitted and not done. By default, as many as keep all workers busy that
                have answered so far.
            progress: Whether to show a bar, or a function that is called with the state of things; by default there is a bar
                on terminals and in notebooks.
            retries: How often a task is tried again before it is recorded as failed.
            memory_limit: Bytes that tasks may allocate in the process of a worker, beside what it has to begin with; on
                Linux. By default half of the machine's memory.
            retry_failed: Whether to try tasks again that the ledger has as failed. Those whose worker was lost are tried
                again in any case.

        Raises:
            SweepError: With ``on_error="raise"``, a task failed; or the executor does not work at all.
            LedgerError: The ledger cannot be used.
            IBMInputValueError: An argument makes no sense.
        """
        from .driver.run import Run, RunOptions
        from .results import SweepResults

        options = RunOptions(
            keep_circuits, on_error, timeout, max_in_flight, progress, retries, memory_limit, retry_failed
        )
        kept = self._open(ledger)
        run = Run(self, executor, kept, options)
        for _ in run.finished():
            pass
        return SweepResults(self, kept, run.lost)

    def stream(
        self,
        executor: Executor | None = None,
        ledger: Ledger | str | os.PathLike[str] | None = None,
        *,
        in_order: bool = True,
        **options: Any,
    ) -> Iterator[TaskResult]:
        """Do the same as :meth:`run`, giving each result as soon as it is there.

        Args:
            executor: As in :meth:`run`.
            ledger: As in :meth:`run`.
            in_order: Whether to give results in the sweep's order; otherwise as they come.
            **options: As in :meth:`run`.
        """
        from .driver.run import Run, RunOptions
        from .results import SweepResults, streamed

        chosen = RunOptions(**options)
        kept = self._open(ledger)
        run = Run(self, executor, kept, chosen)
        return streamed(SweepResults(self, kept, run.lost), run, in_order=in_order)

    def _open(self, ledger: Ledger | str | os.PathLike[str] | None) -> Ledger:
        from .ledger.ledger import Ledger

        self._last = ledger if isinstance(ledger, Ledger) else Ledger(ledger)
        return self._last

    def stale(
        self,
        today: Snapshot | Any,
        ledger: Ledger | str | os.PathLike[str] | None = None,
        *,
        rtol: float = 0.0,
        atol: float = 0.0,
    ) -> list[StaleResult]:
        """Return which transpiled circuits sit on something that has changed since, and what they are worth today.

        Args:
            today: What the devices are like now: snapshots, backends or names, as in :class:`Sweep`; of each device the last
                one counts. Tasks of other devices are left out.
            ledger: Where the results are; by default, where the last :meth:`run` of this sweep put them. It must have been
                run with ``keep_circuits=True``.
            rtol: Changes within ``atol + rtol * abs(old)`` do not count.
            atol: The same, in SI units.

        Raises:
            SweepError: Results have no circuits to look at, or there are no results.
            FileNotFoundError: There is no such ledger.
        """
        from .ledger.ledger import Ledger, existing
        from .ledger.stale import stale_results

        if ledger is None or isinstance(ledger, Ledger):
            return stale_results(self, ledger or self._last, today, rtol, atol)
        with existing(ledger) as opened:
            return stale_results(self, opened, today, rtol, atol)

    def __repr__(self) -> str:
        names = ("snapshots", "settings", "seeds", "circuits")
        return f"<Sweep of {len(self)} tasks: {', '.join(f'{count} {name}' for count, name in zip(self.shape, names, strict=True))}>"


def versions() -> tuple[str, str]:
    """Return the versions of Qiskit and of this package, on which results depend."""
    import qiskit

    from .. import __version__

    return str(qiskit.__version__), __version__
