# SPDX-License-Identifier: Apache-2.0
"""Results of tasks, and of whole sweeps."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from .. import _native
from ..exceptions import LedgerDamagedError
from .inputs.qpy_codec import MAX_CIRCUIT, decode
from .worker.protocol import WORKER_LOST

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from .driver.run import Run
    from .ledger.ledger import Ledger
    from .sweep import Sweep
    from .worker.protocol import Outcome

#: How many results wait in memory for one that comes before them.
_MOST_WAITING = 1000


@dataclass(frozen=True)
class TaskResult:
    """What became of a task.

    Attributes:
        task_id: The task, see :class:`Task`.
        circuit: The circuit's name.
        circuit_digest: What the circuit was.
        backend: The device's name.
        calibrated: When the device was calibrated (aware), if that is known.
        snapshot_digest: What the snapshot was.
        optimization_level: How hard the transpiler tried.
        options: What else the pass manager was told, as text that can be read.
        pass_manager: The name of the factory of pass managers; empty for Qiskit's own.
        seed: The transpiler's seed.
        initial_layout: The physical qubit of each qubit, if that was given.
        use_fractional_gates: ``False`` if the target was without gates such as ``rzz``.
        qiskit_version: Qiskit's version.
        error: ``None``, or what went wrong: the class of the error and its message.
        depth: The depth of the transpiled circuit. This and what follows is ``None`` if there is none.
        two_qubit_depth: Its depth in instructions on two qubits; ``None`` for circuits with control flow.
        two_qubit_count: How many instructions on two qubits it has; likewise.
        size: How many instructions it has.
        num_qubits: How many qubits it has.
        operations: How many of each operation.
        duration: How long it takes, s; ``None`` if it was not scheduled.
        esp: Estimated success probability, see :func:`score`; ``None`` for circuits with control flow.
        layout: The physical qubit on which each qubit of the original circuit begins.
        final_layout: The physical qubit on which it ends.
        wall: How long the pass manager took, s.
        cpu: How much time of a processor it took, s.
        worker: Where that was.
        attempts: How often it was tried.
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
    depth: int | None
    two_qubit_depth: int | None
    two_qubit_count: int | None
    size: int | None
    num_qubits: int | None
    operations: Mapping[str, int] | None
    duration: float | None
    esp: float | None
    layout: tuple[int, ...] | None
    final_layout: tuple[int, ...] | None
    wall: float
    cpu: float
    worker: str
    attempts: int
    #: The transpiled circuit, compressed, and its length.
    packed: tuple[bytes, int] | None = field(default=None, repr=False)

    @property
    def transpiled(self) -> QuantumCircuit | None:
        """The transpiled circuit; ``None`` if it was not kept, or if there is none.

        Raises:
            LedgerDamagedError: What the ledger has is no circuit.
        """
        if self.packed is None:
            return None
        try:
            return decode(_native.unpack(*self.packed, MAX_CIRCUIT))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # panics of Rust are no Exceptions
            raise LedgerDamagedError(
                f"The circuit of task {self.task_id} ({self.circuit} on {self.backend}) is damaged: {error}. Another ledger"
                " gets a new one when the sweep is run with it."
            ) from error

    @property
    def is_lost(self) -> bool:
        """Whether workers and their machines are to blame for the error: ledgers do not keep it, and the next run tries again."""
        return self.error is not None and self.error.startswith(f"{WORKER_LOST}: ")

    @classmethod
    def _of(cls, sweep: Sweep, index: int, outcome: Outcome) -> TaskResult:
        task, setting = sweep[index], sweep._setting(index)
        figures: Any = outcome.figures
        values: dict[str, Any] = {} if figures is None else figures._asdict()
        for name in ("layout", "final_layout"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
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
            qiskit_version=sweep._versions[0],
            error=None if outcome.error is None else ": ".join(outcome.error),
            wall=outcome.wall,
            cpu=outcome.cpu,
            worker=outcome.worker,
            attempts=outcome.attempts,
            packed=outcome.circuit,
            **(dict.fromkeys(FIGURES) | values),
        )


#: What is known of transpiled circuits alone.
FIGURES = (
    "depth", "two_qubit_depth", "two_qubit_count", "size", "num_qubits", "operations", "duration", "esp", "layout",
    "final_layout",
)  # fmt: skip


class SweepResults(Sequence[TaskResult]):
    """The results of a sweep, in its order, read from the ledger when they are asked for.

    Tasks that were not done because a worker was lost (:attr:`TaskResult.is_lost`) are in no ledger. Their results are kept
    here until another run has done these tasks.
    """

    def __init__(self, sweep: Sweep, ledger: Ledger, lost: Mapping[int, TaskResult] | None = None) -> None:
        """Create them; they come from :meth:`Sweep.run`."""
        self.sweep = sweep
        self.ledger = ledger
        self._lost = {} if lost is None else lost

    def __len__(self) -> int:
        return len(self.sweep)

    @overload
    def __getitem__(self, index: int) -> TaskResult: ...

    @overload
    def __getitem__(self, index: slice) -> list[TaskResult]: ...

    def __getitem__(self, index: int | slice) -> TaskResult | list[TaskResult]:
        if isinstance(index, slice):
            return list(self._of(range(len(self))[index]))
        (result,) = self._of([range(len(self))[index]])
        return result

    def __iter__(self) -> Iterator[TaskResult]:
        return self._of(range(len(self)))

    def _of(self, indices: Sequence[int], *, with_circuits: bool = True) -> Iterator[TaskResult]:
        return self.ledger._results_of(self.sweep, indices, with_circuits=with_circuits, lost=self._lost)

    @property
    def errors(self) -> list[TaskResult]:
        """The results of tasks that failed."""
        return [result for result in self if result.error is not None]

    def table(self) -> Any:
        """Return the results as a table, see :meth:`Ledger.table`."""
        from .ledger.table import table_of

        return table_of(self._of(range(len(self)), with_circuits=False))

    def __repr__(self) -> str:
        return f"<SweepResults of {len(self)} tasks in {self.ledger!r}>"


def streamed(results: SweepResults, run: Run, *, in_order: bool) -> Iterator[TaskResult]:
    """Yield results as they come, or in the sweep's order."""
    waiting: dict[int, TaskResult | None] = {}
    at = 0
    for index, result in run.finished():
        if not in_order:
            yield result or results[index]
            continue
        # Those that wait for one that takes long are in the ledger; they need not be here, too.
        waiting[index] = result if len(waiting) < _MOST_WAITING else None
        while at in waiting:
            found = waiting.pop(at)
            if found is None:
                run.flush()
            yield found or results[at]
            at += 1
