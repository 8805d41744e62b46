# SPDX-License-Identifier: Apache-2.0
"""Tries: the tasks of one circuit on one device, of which a sweep does as many as its rule for stopping needs.

The results of such a sweep are the first tries of each circuit on each device, up to the one with which the rule holds.
That depends on the order of tries and on nothing else: a try that is done before its turn waits until all before it are
done, and one beyond the end of its tries is no result of the sweep.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from .inputs.objective import Objective
    from .tasks import TaskResult, TaskSource

_Content = TypeVar("_Content")

#: Devices whose tries are made at once: as many as transpiler processes keep targets of.
_DEVICES = 4
#: Number of tries that are taken at once: a query of the ledger looks up 500 tasks.
_AT_ONCE = 500
#: Tries that are made before it is sure that they are needed, for each worker: the one that it works on, and the next.
_AHEAD = 2


class _Group(Generic[_Content]):
    """The tries of one circuit on one device that are being made."""

    __slots__ = ("accepted", "best", "best_count", "circuit", "device", "given", "is_queued", "sure", "waiting")

    def __init__(self, device: int, circuit: int) -> None:
        self.device, self.circuit = device, circuit
        #: Number of tries, from the first on, that are done and count.
        self.accepted = 0
        #: Number of tries that were given out, and of those that are sure to count.
        self.given, self.sure = 0, 1
        self.best: float | None = None
        #: Number of accepted tries up to the best one.
        self.best_count = 0
        self.is_queued = True
        #: What is known of tries that wait for earlier ones, by number.
        self.waiting: dict[int, tuple[float | None, _Content]] = {}


class Tries(Generic[_Content]):
    """Gives out the tries of a sweep, and decides which of them count."""

    def __init__(self, sweep: TaskSource, objective: Objective, num_workers: Callable[[], int]) -> None:
        """Begin without a try.

        Args:
            sweep: The sweep.
            objective: Its objective, with a rule for stopping.
            num_workers: A function that returns the number of workers that are to be kept busy.
        """
        self._objective, self._num_workers = objective, num_workers
        # All layouts of the first circuit come after another in a sweep's order, with those of others between.
        self._devices, self._circuits = sweep.shape[0], sweep.num_circuits
        self._size = len(sweep) // max(1, self._devices * self._circuits)
        #: Number of tries that count, by device and circuit; -1 as long as that is open.
        self._ends = array("q", [-1]) * (self._devices * self._circuits)
        self._following = 0 if self._size else self._devices
        self._groups: dict[tuple[int, int], _Group[_Content]] = {}
        #: By device, circuits with tries that are sure to count and were not given out.
        self._sure: dict[int, deque[_Group[_Content]]] = {}
        self._num_open: dict[int, int] = {}
        #: Tasks that were given out, and are neither done nor done by others.
        self._pending: set[int] = set()
        #: Number of tries that are not needed.
        self.num_skipped = 0

    @property
    def is_over(self) -> bool:
        """Whether all tries that count are done."""
        return self._following == self._devices and not self._groups

    @property
    def num_pending(self) -> int:
        """The number of tries that were given out and are not done."""
        return len(self._pending)

    @property
    def num_sure(self) -> int:
        """The number of tries that can be given out at present, and are sure to count."""
        return sum(group.sure - group.given for queue in self._sure.values() for group in queue)

    def _place(self, index: int) -> tuple[int, int, int]:
        """Return device, circuit and number of a try."""
        rest, circuit = divmod(index, self._circuits)
        device, number = divmod(rest, self._size)
        return device, circuit, number

    def is_skipped(self, index: int) -> bool:
        """Return whether a task is known not to count."""
        device, circuit, number = self._place(index)
        return 0 <= self._ends[device * self._circuits + circuit] <= number

    def take(self) -> list[int]:
        """Return tasks to do next, nothing if that depends on tries that are not done."""
        return list(islice(iter(self._next, None), _AT_ONCE))

    def _next(self) -> int | None:
        while True:
            for queue in self._sure.values():
                if queue:
                    return self._given_of(queue)
            if self._following == self._devices or len(self._num_open) >= _DEVICES:
                return self._speculative()
            self._begin(self._following)
            self._following += 1

    def _begin(self, device: int) -> None:
        groups = [_Group[_Content](device, circuit) for circuit in range(self._circuits)]
        for group in groups:
            group.sure = self._surely(group)
            self._groups[device, group.circuit] = group
        self._sure[device] = deque(groups)
        self._num_open[device] = len(groups)

    def _surely(self, group: _Group[_Content]) -> int:
        """Return the number of tries that count, whatever their results are."""
        tries = self._objective.no_better_in
        if tries is None or self._objective.reaches is not None:
            return min(group.accepted + 1, self._size)
        return min(max(group.accepted + 1, group.best_count + tries), self._size)

    def _given_of(self, queue: deque[_Group[_Content]]) -> int:
        """Give out a try of the first group; the others come first next time."""
        group = queue.popleft()
        index = self._give(group)
        group.is_queued = group.given < group.sure
        if group.is_queued:
            queue.append(group)
        return index

    def _give(self, group: _Group[_Content]) -> int:
        index = (group.device * self._size + group.given) * self._circuits + group.circuit
        group.given += 1
        self._pending.add(index)
        return index

    def _speculative(self) -> int | None:
        """Give out a try that may not count, if workers have nothing else to do."""
        ahead = _AHEAD * self._num_workers()
        if len(self._pending) >= ahead:
            return None
        group = min(self._groups.values(), key=lambda group: group.given - group.sure, default=None)
        if group is None or group.given >= min(group.sure + ahead, self._size):
            return None
        return self._give(group)

    def is_elsewhere(self, index: int, *, done_by_others: bool) -> None:
        """Note that others do a task that was given out, or no longer do it."""
        (self._pending.discard if done_by_others else self._pending.add)(index)

    def drop(self, index: int) -> None:
        """Note that a task will not be done, because it does not count."""
        self._pending.discard(index)

    def note(self, index: int, worth: float | None, content: _Content) -> list[tuple[int, _Content]]:
        """Note a try that is done, and return tasks that count from now on, with their contents.

        Args:
            index: The task.
            worth: Its worth by the objective; ``None`` if it failed.
            content: Anything that is to be given back.
        """
        self._pending.discard(index)
        device, circuit, number = self._place(index)
        group = self._groups.get((device, circuit))
        if group is None or number < group.accepted:
            return []
        group.waiting[number] = worth, content
        found = []
        while group.accepted in group.waiting:
            worth, content = group.waiting.pop(group.accepted)
            found.append(((device * self._size + group.accepted) * self._circuits + circuit, content))
            if self._is_last(group, worth):
                self._close(group)
                return found
        group.sure = max(group.sure, self._surely(group))
        if not group.is_queued and group.given < group.sure:
            group.is_queued = True
            self._sure[device].append(group)
        return found

    def _is_last(self, group: _Group[_Content], worth: float | None) -> bool:
        """Count a try, and return whether it is the last one of its group."""
        group.accepted += 1
        if worth is not None and (group.best is None or worth > group.best):
            group.best, group.best_count = worth, group.accepted
            if self._objective.is_reached(worth):
                return True
        tries = self._objective.no_better_in
        too_many = tries is not None and group.accepted - group.best_count >= tries
        return too_many or group.accepted == self._size

    def _close(self, group: _Group[_Content]) -> None:
        self._ends[group.device * self._circuits + group.circuit] = group.accepted
        self.num_skipped += self._size - group.accepted
        del self._groups[group.device, group.circuit]
        if group.is_queued:
            self._sure[group.device].remove(group)
        self._num_open[group.device] -= 1
        if not self._num_open[group.device]:
            del self._num_open[group.device], self._sure[group.device]

    def indices(self) -> Sequence[int]:
        """Return the tasks that count, in the sweep's order, once all is over."""
        if not self.num_skipped:
            return range(self._devices * self._size * self._circuits)
        return array("q", self._counting())

    def _counting(self) -> Iterator[int]:
        for device in range(self._devices):
            ends = self._ends[device * self._circuits : (device + 1) * self._circuits]
            for number in range(max(ends, default=0)):
                first = (device * self._size + number) * self._circuits
                yield from (first + circuit for circuit, end in enumerate(ends) if end > number)


class KnownResults(Protocol):
    """The part of a ledger that tells results of tasks."""

    def results_of(
        self, sweep: TaskSource, indices: Iterable[int], *, with_circuits: bool = True
    ) -> Iterator[TaskResult]:
        """Yield the results of some tasks of a sweep."""


def counting(sweep: TaskSource, ledger: KnownResults) -> Sequence[int]:
    """Return the tasks of a sweep that count, by the results in a ledger.

    Raises:
        LedgerError: A task has no result yet.
    """
    objective = sweep.objective
    if objective is None or not objective.stops:
        return range(len(sweep))
    tries: Tries[None] = Tries(sweep, objective, lambda: 0)
    while batch := tries.take():
        for index, result in zip(batch, ledger.results_of(sweep, batch, with_circuits=False), strict=True):
            tries.note(index, objective.worth(result), None)
    return tries.indices()
