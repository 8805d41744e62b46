# SPDX-License-Identifier: Apache-2.0
"""Cutting tasks into chunks: as much as takes a fraction of a second, of one snapshot as far as that goes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from ..worker.blob_cache import needs_of
from ..worker.protocol import Chunk, TaskOrder, Terms

if TYPE_CHECKING:
    from ..sweep import Sweep

#: How many digests are known to have been sent.
_MOST_SENT = 200_000
#: Seconds that a chunk should take.
_PACE = 0.4
#: The same for each worker, if those are many: a scheduler is asked for a thousand chunks a second at most.
_PACE_PER_WORKER = 1e-3
_MOST_TASKS = 500
#: Chunks in flight for each worker, so that it finds the next one when it is done with one.
_AHEAD = 2
#: How many workers are supposed to be there before any has answered.
_FIRST_WORKERS = 16
#: Seconds after which a worker that has not answered is forgotten.
_FORGOTTEN = 60.0
#: The share of a new measurement in the mean time of a task.
_SHARE = 0.3


class Chunker:
    """Makes chunks, and knows what workers have been sent.

    What a task needs travels with the first chunk that needs it. A worker that does not have it says so, and the chunk is
    sent again with it; so everything comes to each worker about once, whatever the executor does.
    """

    def __init__(self, sweep: Sweep, terms: Terms, max_in_flight: int | None, workers: int | None) -> None:
        """Begin with no chunk made.

        Args:
            sweep: Where tasks are described.
            terms: What holds for all of them.
            max_in_flight: How many tasks may be in flight.
            workers: How many workers there are, if that is known.
        """
        self._sweep, self._terms = sweep, terms
        self._max_in_flight = max_in_flight
        self._expected = workers
        #: When workers answered last.
        self._heard: dict[str, float] = {}
        self._present = 1
        self._serial = 0
        self._again: deque[Chunk] = deque()
        #: The first task of the next chunk.
        self._next: int | None = None
        self._task_time: float | None = None
        self._sent: set[bytes] = set()

    @property
    def _workers(self) -> int:
        # As long as all that could be busy answer, there may be more of them: the number doubles.
        return self._expected or max(_FIRST_WORKERS, 2 * len(self._heard))

    def heard_of(self, worker: str) -> None:
        """Note that a worker answered."""
        now = time.monotonic()
        self._heard[worker] = now
        if len(self._heard) > 2 * self._present:
            # Clusters grow and shrink, and executors replace workers.
            self._heard = {name: when for name, when in self._heard.items() if now - when < _FORGOTTEN}
            self._present = max(len(self._heard), 1)

    def learn(self, seconds: float, tasks: int) -> None:
        """Note how long some tasks took."""
        if tasks:
            mean = seconds / tasks
            self._task_time = mean if self._task_time is None else self._task_time + _SHARE * (mean - self._task_time)

    def next(self, missing: Iterator[int | None], chunks: int, tasks: int) -> Chunk | None:
        """Return the next chunk; ``None`` if there is none, or if enough are in flight."""
        room = _AHEAD * self._workers - chunks if self._max_in_flight is None else self._max_in_flight - tasks
        if room <= 0:
            return None
        if self._again and (self._max_in_flight is None or len(self._again[0].tasks) <= room or not tasks):
            return self._again.popleft()
        size = self._size()
        indices = self._indices(missing, size if self._max_in_flight is None else min(size, room))
        return self._chunk([self._sweep._order(index) for index in indices]) if indices else None

    def _size(self) -> int:
        """Return how many tasks a chunk should have."""
        if self._task_time is None:
            return 1
        pace = max(_PACE, _PACE_PER_WORKER * len(self._heard))
        at_pace = int(pace / max(self._task_time, pace / _MOST_TASKS))
        # The last ones are to be shared by all workers.
        left = len(self._sweep) - (self._next or 0) if self._max_in_flight is None else self._max_in_flight
        return max(1, min(at_pace, left // (_AHEAD * self._workers)))

    def _indices(self, missing: Iterator[int | None], size: int) -> list[int]:
        """Take about ``size`` tasks, up to a pause; rather some less than the first ones of another snapshot."""
        taken: list[int] = []
        for index in missing if self._next is None else chain((self._next,), missing):
            if index is None:
                break
            is_other = taken and self._sweep._place(index)[0] != self._sweep._place(taken[-1])[0]
            if len(taken) >= size or (is_other and 2 * len(taken) >= size):
                self._next = index
                return taken
            taken.append(index)
        self._next = None
        return taken

    def _chunk(self, tasks: list[TaskOrder], *, is_complete: bool = False) -> Chunk:
        """Return tasks with what has not been sent, or with all that they need."""
        needs = needs_of(task.needs for task in tasks)
        unsent = needs if is_complete else [digest for digest in needs if digest not in self._sent]
        return self._with(Chunk(self._terms, tasks, {}, 0), unsent)

    def _with(self, chunk: Chunk, digests: list[bytes]) -> Chunk:
        forms = dict(chunk.materials)
        for task in chunk.tasks:
            for digest, form in zip(task.needs, self._sweep._forms(task.number), strict=True):
                if digest in digests and digest not in forms:
                    forms[digest] = form()
        if len(self._sent) > _MOST_SENT:
            # Whatever is sent again because of that does no harm.
            self._sent.clear()
        self._sent.update(forms)
        self._serial += 1
        return chunk._replace(materials=forms, serial=self._serial)

    def take_back(self, chunk: Chunk, missing: list[bytes]) -> None:
        """Have a chunk sent again, with what a worker does not have."""
        self._again.append(self._with(chunk, missing))

    def give_again(self, tasks: list[TaskOrder]) -> None:
        """Have tasks sent again, each for itself, with all that they need."""
        self._again.extend(self._chunk([task], is_complete=True) for task in tasks)
