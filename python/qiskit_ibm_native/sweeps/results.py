# SPDX-License-Identifier: Apache-2.0
"""Results of whole sweeps."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, overload

from .._words import count
from .tasks import TaskResult
from .tries import counting

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from .ledger.comparison import Comparison
    from .ledger.ledger import Ledger
    from .ledger.points import Points
    from .tasks import TaskSource


class SweepResults(Sequence[TaskResult]):
    """Results of a sweep, in its order, read from the ledger when they are asked for.

    No ledger has tasks that were not done because a worker was lost (:attr:`TaskResult.is_lost`). Their results are
    kept here until another run has done these tasks.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep
        >>> results = Sweep(QuantumCircuit(2), "lima", optimization_level=0, seeds=range(3)).run(progress=False)
        >>> len(results), results[0].depth, results.errors
        (3, 0, [])
    """

    def __init__(
        self,
        sweep: TaskSource,
        ledger: Ledger,
        lost: Mapping[int, TaskResult] | None = None,
        num_failed: int = 0,
        indices: Sequence[int] | None = None,
    ) -> None:
        """Create the results; :meth:`Sweep.run` does it."""
        self.sweep = sweep
        self.ledger = ledger
        #: Number of tasks that had failed at the end of the run.
        self.num_failed = num_failed
        self._lost = {} if lost is None else lost
        #: Indices of the tasks that were needed, see ``stop_when`` of :class:`Sweep`.
        self.indices = counting(sweep, ledger) if indices is None else indices

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> TaskResult: ...

    @overload
    def __getitem__(self, index: slice) -> list[TaskResult]: ...

    def __getitem__(self, index: int | slice) -> TaskResult | list[TaskResult]:
        if isinstance(index, slice):
            return list(self._read(self.indices[index]))
        (result,) = self._read([self.indices[index]])
        return result

    def __iter__(self) -> Iterator[TaskResult]:
        return self._read(self.indices)

    def _read(self, indices: Sequence[int], *, with_circuits: bool = True) -> Iterator[TaskResult]:
        return self.ledger.results_of(self.sweep, indices, with_circuits=with_circuits, lost=self._lost)

    @property
    def errors(self) -> list[TaskResult]:
        """The results of tasks that failed."""
        return [result for result in self if result.error is not None]

    def best(
        self, by: str | None = None, per: Sequence[str] = ("circuit", "snapshot"), *, n: int = 1
    ) -> list[TaskResult]:
        """Return the best results of each group of this sweep, see :meth:`Ledger.best`.

        Args:
            by: As in :meth:`Ledger.best`; by default the objective of the sweep, and ``"esp"`` if it has none.
            per: As in :meth:`Ledger.best`.
            n: The number of results of each group.
        """
        return self.ledger.best(by, per, sweep=self.sweep, n=n)

    def pareto(self, *figures: str, per: Sequence[str] = ("circuit", "snapshot")) -> list[TaskResult]:
        """Return the results of this sweep that no other one of their group beats, see :meth:`Ledger.pareto`."""
        return self.ledger.pareto(*figures, per=per, sweep=self.sweep)

    def dimensions(self, by: str | Sequence[str]) -> tuple[str, ...]:
        """Return the names of dimensions of :meth:`points` as columns have them, see :meth:`Ledger.dimensions`."""
        return self.ledger.dimensions(by)

    def points(self, *figures: str, by: str | Sequence[str] = ()) -> Points:
        """Return figures of all results of this sweep as arrays with groups, see :meth:`Ledger.points`."""
        return self.ledger.points(*figures, by=by, sweep=self.sweep, lost=self._still_lost())

    def compare(self, other: SweepResults | Ledger | str | os.PathLike[str]) -> Comparison:
        """Compare the results of this sweep with those of the same tasks elsewhere, see :meth:`Ledger.compare`.

        Args:
            other: The results of a sweep with the same tasks, such as one with another version of Qiskit, or a ledger,
                of which the tasks of this sweep take part.
        """
        if isinstance(other, SweepResults):
            return self.ledger.compare(other.ledger, sweep=self.sweep, other_sweep=other.sweep)
        return self.ledger.compare(other, sweep=self.sweep)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the results as a ``pandas.DataFrame``.

        Raises:
            MissingPackageError: pyarrow or pandas is not installed.
        """
        from .._frames import pandas_frame

        return pandas_frame(self.table)

    def to_polars(self) -> polars.DataFrame:
        """Return the results as a ``polars.DataFrame``.

        Raises:
            MissingPackageError: pyarrow or polars is not installed.
        """
        from .._frames import polars_frame

        return polars_frame(self.table)

    def table(self) -> pyarrow.Table:
        """Return the results as a ``pyarrow.Table``, see :meth:`Ledger.table`."""
        from .ledger.table import table_of

        return table_of(self._read(self.indices, with_circuits=False), self.sweep.columns)

    def __repr__(self) -> str:
        counts = {"failed": self.num_failed, "not needed": len(self.sweep) - len(self)}
        told = "".join(f", {number:,} {name}," for name, number in counts.items() if number).replace(",,", ",")
        return f"<SweepResults of {count(len(self), 'task')}{told} in {self.ledger!r}>"

    def _repr_html_(self) -> str:
        from .ledger.summary import results_html

        still_lost = self._still_lost()
        return results_html(self.ledger._name, self.ledger._database, self.sweep, still_lost, self.indices)

    def _still_lost(self) -> Iterator[TaskResult]:
        """Yield the results of tasks that no other run has done meanwhile."""
        return (result for result in self._read(list(self._lost), with_circuits=False) if result.is_lost)
