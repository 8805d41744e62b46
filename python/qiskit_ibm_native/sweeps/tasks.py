# SPDX-License-Identifier: Apache-2.0
"""Tasks of sweeps and their results, and the part of a sweep on which drivers and ledgers depend."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .. import _native
from ..exceptions import LedgerDamagedError
from .inputs.qpy_codec import MAX_CIRCUIT, decode
from .ledger.figures import Figures
from .worker.protocol import WORKER_LOST

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from typing_extensions import Self

    from .._typing import MaybeNone
    from .inputs.devices import DeviceList
    from .inputs.objective import Objective
    from .inputs.settings import Setting
    from .worker.protocol import Outcome, TaskSpec


#: Axes that have names.
AXES = ("options", "pass_manager", "basis_gates", "coupling_map", "scheduling_method", "initial_layout")
#: The axis of initial layouts, which differ from task to task within a setting.
LAYOUTS = "initial_layout"


def column_of_axis(axis: str) -> str:
    """Return the column of tables that has the names on an axis; results have some of the axes' values themselves."""
    return f"{axis}_name" if axis in TaskFacts.__dataclass_fields__ else axis


@dataclass(frozen=True, slots=True)
class Task:
    """One circuit, on one snapshot or target, with one setting and one seed.

    Attributes:
        index: The index of the task in its sweep.
        id: 32 hexadecimal digits, made of everything that the result depends on: circuit, snapshot, setting, layout,
            seed, and the versions of Qiskit and of this package. The same in every process and on every machine.
        circuit: The circuit's name.
        circuit_digest: SHA-256 of the circuit's content, hexadecimal.
        backend: The device's name.
        calibrated: Time of the calibration (aware); ``None`` if the snapshot has none, or if there is a target only.
        snapshot_digest: The snapshot's digest, or that of the content and the name of the target, hexadecimal.
        optimization_level: The transpiler's optimization level, 0 to 3.
        options: The other options of the pass manager.
        seed: The transpiler's seed.
        initial_layout: The physical qubit of each qubit, if that was given.
        use_fractional_gates: ``False`` if the target is without gates such as ``rzz``.
        axes: Names of what was chosen on axes that have names, see :class:`Sweep`, by axis.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep
        >>> task = Sweep(QuantumCircuit(2, name="pair"), "lima", seeds=range(3))[2]
        >>> task.circuit, task.backend, task.seed, task.optimization_level
        ('pair', 'ibmq_lima', 2, 2)
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
    axes: Mapping[str, str] = field(default_factory=dict, hash=False)


class AddedColumns(NamedTuple):
    """Columns that results have besides those that all have: axes with names, and the user's own metrics."""

    axes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


class TaskSource(Protocol):
    """The part of a :class:`Sweep` on which drivers and ledgers depend."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The numbers of snapshots, settings, seeds and circuits."""

    @property
    def versions(self) -> tuple[str, str]:
        """The versions of Qiskit and of this package."""

    @property
    def seeds(self) -> Sequence[int]:
        """The seeds."""

    @property
    def columns(self) -> AddedColumns:
        """Names of axes and metrics."""

    @property
    def snapshots(self) -> DeviceList:
        """The snapshots and targets."""

    @property
    def num_circuits(self) -> int:
        """The number of circuits: the last one of the shape without initial layouts."""

    @property
    def objective(self) -> Objective | None:
        """The objective of tries, if there is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Task: ...

    def indices(self, index: int) -> tuple[int, int, int, int]:
        """Return the indices of snapshot, setting, seed and circuit of a task."""

    def task_id(self, index: int) -> bytes:
        """Return the identifier of a task."""

    def task_key(self, index: int) -> bytes:
        """Return the identifier of a task without the versions."""

    def setting(self, index: int) -> Setting:
        """Return the setting of a task."""

    def task_spec(self, index: int) -> TaskSpec:
        """Return a task as workers get it."""

    def blob_readers(self, index: int) -> tuple[Callable[[], bytes], ...]:
        """Return functions that read the blobs of a task, in the order of :attr:`TaskSpec.needs`."""


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """The part of a result that describes its task, and tells whether it failed.

    Attributes:
        task_id: The identifier of the task, see :class:`Task`.
        circuit: The circuit's name.
        circuit_digest: SHA-256 of the circuit's content, hexadecimal.
        backend: The device's name.
        calibrated: Time of the calibration (aware); ``None`` if the snapshot has none, or if there is a target only.
        snapshot_digest: The snapshot's digest, or that of the content and the name of the target, hexadecimal.
        optimization_level: The transpiler's optimization level, 0 to 3.
        options: The other options of the pass manager, as text for people.
        pass_manager: The name of the factory of pass managers; empty for Qiskit's own.
        seed: The transpiler's seed.
        initial_layout: The physical qubit of each qubit, if that was given.
        use_fractional_gates: ``False`` if the target was without gates such as ``rzz``.
        qiskit_version: Qiskit's version.
        error: Class and message of the error; ``None`` if there was none.
    """

    task_id: str
    circuit: str
    circuit_digest: str
    backend: str
    calibrated: datetime.datetime | None
    snapshot_digest: str
    optimization_level: int
    options: str
    pass_manager: str
    seed: int
    initial_layout: tuple[int, ...] | None
    use_fractional_gates: bool | None
    qiskit_version: str
    error: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class TaskResult(Figures, TaskFacts):
    """The result of a task.

    It has the attributes of :class:`TaskFacts`, then those of :class:`Figures`, which are ``None`` if the task failed.
    (The fields of a data class come in the order of its bases from right to left.)

    Attributes:
        wall_time: Time that the pass manager took, s.
        cpu_time: Time of processors that the pass manager took, s.
        worker: Machine and process that did the task.
        attempts: Number of times that the task was tried.
        axes: Names of what was chosen on axes that have names, see :class:`Sweep`, by axis.
        metrics: Values of the user's own metrics, by name; ``None`` where a metric gave none.
        carried_from: The identifier of the task of another calibration whose result this is; ``None`` if the circuit
            was transpiled for this one.
        packed: The transpiled circuit, compressed, and its length before that in bytes; ``None`` if it was not kept.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.cx(0, 1)
        >>> (result,) = Sweep(circuit, "lima", optimization_level=1).run(keep_circuits=True, progress=False)
        >>> result.two_qubit_count, result.transpiled.count_ops()["cx"], result.error
        (1, 1, None)
    """

    wall_time: float
    cpu_time: float
    worker: str
    attempts: int
    axes: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    carried_from: str | None = None
    packed: tuple[bytes, int] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        where = f"{self.circuit!r:.60} on {self.backend:.60}, level {self.optimization_level}, seed {self.seed}"
        if self.error is not None:
            return f"<TaskResult {where}: failed, {self.error.partition(chr(10))[0]:.120}>"
        esp = "" if self.esp is None else f", esp {self.esp:.4g}"
        return f"<TaskResult {where}: depth {self.depth}, two-qubit depth {self.two_qubit_depth}{esp}>"

    @property
    def layout_name(self) -> str | None:
        """The name of the initial layout, if it has one."""
        return self.axes.get(LAYOUTS)

    @property
    def transpiled(self) -> QuantumCircuit | MaybeNone:
        """The transpiled circuit; ``None`` if it was not kept, or if there is none.

        Raises:
            LedgerDamagedError: The ledger's bytes are no circuit.
        """
        if self.packed is None:
            return None
        try:
            return decode(_native.unpack(*self.packed, MAX_CIRCUIT))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # panics of Rust are no Exceptions
            raise LedgerDamagedError(
                f"The circuit of task {self.task_id} ({self.circuit} on {self.backend}) is damaged: {error}. Run the"
                " sweep with another ledger to make it again."
            ) from error

    @property
    def is_lost(self) -> bool:
        """Whether the error is that of a worker or its machine, which no ledger keeps: the next run tries again."""
        return self.error is not None and self.error.startswith(f"{WORKER_LOST}: ")

    @classmethod
    def from_outcome(cls, sweep: TaskSource, index: int, outcome: Outcome) -> Self:
        """Return the result of a task of a sweep."""
        task, setting = sweep[index], sweep.setting(index)
        return cls(
            task_id=task.id,
            circuit=task.circuit,
            circuit_digest=task.circuit_digest,
            backend=task.backend,
            calibrated=task.calibrated,
            snapshot_digest=task.snapshot_digest,
            optimization_level=task.optimization_level,
            options=setting.text,
            pass_manager=setting.pass_manager,
            seed=task.seed,
            initial_layout=task.initial_layout,
            use_fractional_gates=task.use_fractional_gates,
            qiskit_version=sweep.versions[0],
            error=None if outcome.error is None else ": ".join(outcome.error),
            wall_time=outcome.wall_time,
            cpu_time=outcome.cpu_time,
            worker=outcome.worker,
            attempts=outcome.attempts,
            axes=dict(task.axes),
            metrics=outcome.metrics or {},
            packed=outcome.circuit,
            **vars(outcome.figures or Figures()),
        )


#: Names that results have, which metrics cannot have.
TAKEN = frozenset({*TaskResult.__dataclass_fields__, *AXES, *map(column_of_axis, AXES), "snapshot", "transpiled"})
