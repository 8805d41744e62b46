# SPDX-License-Identifier: Apache-2.0
"""Tries in a run: which ones the ledger lacks, and which results count from when on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..tries import Tries

if TYPE_CHECKING:
    from ..inputs.objective import Objective
    from ..ledger.ledger import Ledger
    from ..tasks import TaskResult, TaskSource
    from .tally import Tally

#: Number of tries in the works above which results of those that wait for them are not kept in memory.
_MAX_WAITING = 1000
#: The question to a ledger about some tasks: index and identifier of each, whether it has the result, and whether that
#: is an error.
Known = Callable[[Sequence[int]], Iterable[tuple[int, bytes, bool, bool]]]


class _Found(NamedTuple):
    """A result of a try that waits for earlier ones."""

    #: ``None`` if it is in the ledger.
    result: TaskResult | None
    is_known: bool
    is_failed: bool
    trace: str | None


class RunTries:
    """The tries of a run of a sweep that stops when they are good enough.

    A result is counted and given on when all tries before it are done, and never if these are enough.
    """

    def __init__(
        self,
        sweep: TaskSource,
        objective: Objective,
        ledger: Ledger,
        known: Known,
        tally: Tally,
        num_workers: Callable[[], int],
    ) -> None:
        """Begin without a try.

        Args:
            sweep: The sweep.
            objective: Its objective, with a rule for stopping.
            ledger: The ledger of the run.
            known: Returns which tasks need not be done.
            tally: Takes results that count.
            num_workers: Returns the number of workers that are to be kept busy.
        """
        self._sweep, self._objective, self._ledger, self._known, self._tally = sweep, objective, ledger, known, tally
        self._tries: Tries[_Found] = Tries(sweep, objective, num_workers)

    @property
    def is_over(self) -> bool:
        """Whether all tries that count are done."""
        return self._tries.is_over

    def indices(self) -> Sequence[int]:
        """Return the tasks that count, in the sweep's order, once all is over."""
        return self._tries.indices()

    def num_ready(self, in_flight: int) -> int:
        """Return the number of tries that can be given out at present.

        Args:
            in_flight: The number of tasks that workers have.
        """
        return self._tries.num_sure + max(0, self._tries.num_pending - in_flight)

    def missing(self) -> Iterator[tuple[bytes, int] | None]:
        """Yield identifier and index of tries that the ledger lacks, and note the others.

        ``None`` comes when others have to be done first, or when many results wait for the caller.
        """
        while not self.is_over:
            batch = self._tries.take()
            found = list(self._known(batch))
            self.note_known([index for index, _, is_known, _ in found if is_known])
            for index, task_id, is_known, _ in found:
                if is_known or self.are_skipped([index]):
                    self._tries.drop(index)
                else:
                    yield task_id, index
            if not batch or self._tally.is_full:
                yield None

    def are_skipped(self, indices: Iterable[int]) -> bool:
        """Return whether tasks are known not to count, all of them."""
        return all(map(self._tries.is_skipped, indices))

    def drop(self, indices: Iterable[int]) -> None:
        """Note that tasks will not be done, because they do not count."""
        for index in indices:
            self._tries.drop(index)

    def leave_to_others(self, indices: Iterable[int]) -> None:
        """Note that other runs do some tasks."""
        for index in indices:
            self._tries.is_elsewhere(index, done_by_others=True)

    def take_over(self, indices: Iterable[int]) -> None:
        """Note that other runs do some tasks no longer."""
        for index in indices:
            self._tries.is_elsewhere(index, done_by_others=False)

    def note_known(self, indices: Sequence[int]) -> None:
        """Note tries whose results are in the ledger."""
        results = self._ledger.results_of(self._sweep, indices, with_circuits=False, lost=self._tally.lost)
        for index, result in zip(indices, results, strict=True):
            self._note(index, result, _Found(None, True, result.error is not None, None))

    def note_done(self, index: int, result: TaskResult, trace: str | None) -> None:
        """Note a try that this run has done.

        Raises:
            SweepError: A try that counts failed, and that ends the run.
        """
        is_failed = result.error is not None
        # Many may wait for one that takes long; they are in the ledger.
        is_kept = is_failed or self._tries.num_pending < _MAX_WAITING
        self._note(index, result, _Found(result if is_kept else None, False, is_failed, trace))

    def _note(self, index: int, result: TaskResult, found: _Found) -> None:
        """Note a try, and give on results that count from now on."""
        counting = self._tries.note(index, self._objective.worth(result), found)
        self._tally.state.skipped = self._tries.num_skipped
        for number, counted in counting:
            if counted.is_known:
                self._tally.note_known(number, is_failed=counted.is_failed)
            else:
                self._tally.note_done(number, counted.result, counted.trace)
