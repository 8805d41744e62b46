# SPDX-License-Identifier: Apache-2.0
"""Chunks of tasks: enough for a fraction of a second, of one snapshot if possible."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from ..worker.blob_cache import needs_of
from ..worker.protocol import Chunk, RunConfig, TaskSpec

if TYPE_CHECKING:
    from ..tasks import TaskSource

#: Number of digests that are known to have been sent: 200 000 take 16 MB.
_MAX_SENT = 200_000
#: Seconds that a chunk should take: two orders above the few milliseconds that executors take for one, and little to
#: lose for each worker when a sweep is interrupted.
_PACE = 0.4
#: Seconds that a chunk should take for each worker, if those are more than 400: the driver and the executor's
#: scheduler, which is one thread each, handle a thousand chunks a second at most.
_PACE_PER_WORKER = 1e-3
#: Tasks of the largest chunk: at 0.9 ms beside the transpiler for each task (benchmarks/results/sweeps.json), a chunk
#: cannot have more within its time.
_MAX_TASKS = 500
#: Chunks in flight for each worker: one that it works on, and one that is there when that is done. More would only make
#: the driver's knowledge of task times older.
_AHEAD = 2
#: Workers that are assumed before any has answered; chunks of one task each cost little if there are fewer, and the
#: number doubles within a second if there are more.
_FIRST_WORKERS = 16
#: Seconds after which a worker that has not answered no longer counts: well above the 5 s after which chunks come back.
_FORGOTTEN = 60.0
#: Weight of a new measurement in the moving average of the time of a task: it follows a change of circuits to 90 %
#: within six chunks (1 - 0.7^6 = 0.88), and smooths chunks whose tasks differ.
_NEW_WEIGHT = 0.3


class Chunker:
    """Groups tasks into chunks of about :data:`_PACE` seconds, and attaches the blobs that workers have not received.

    Blobs of tasks (snapshot, circuit, setting) travel with the first chunk that needs them. A worker that lacks one
    says so, and the chunk is sent again with it; so each blob comes to each worker about once, whatever the executor
    does.
    """

    def __init__(
        self,
        sweep: TaskSource,
        config: RunConfig,
        max_in_flight: int | None,
        workers: int | None,
        num_ready: Callable[[], int] | None = None,
    ) -> None:
        """Begin without a chunk.

        Args:
            sweep: The sweep.
            config: Options that hold for all of its tasks.
            max_in_flight: Number of tasks that may be in flight; ``None`` for no limit.
            workers: Number of workers, if that is known.
            num_ready: A function that returns the number of tasks that can be given out at present; by default, all
                that follow can.
        """
        self._sweep, self._config = sweep, config
        self._max_in_flight = max_in_flight
        self._expected = workers
        self._num_ready = num_ready
        #: Time of the last answer of each worker, in seconds of time.monotonic().
        self._heard: dict[str, float] = {}
        self._present = 1
        self._serial = 0
        self._again: deque[Chunk] = deque()
        #: The first task of the next chunk.
        self._next: int | None = None
        self._task_time: float | None = None
        self._sent: set[bytes] = set()

    @property
    def num_heard(self) -> int:
        """The number of workers that have answered."""
        return len(self._heard)

    @property
    def num_workers(self) -> int:
        """The number of workers that are to be kept busy."""
        # As long as all workers that have chunks answer, there may be more workers: the number doubles.
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
        """Note the time of some tasks.

        Args:
            seconds: The time of all of them together, s.
            tasks: Their number.
        """
        if tasks:
            mean = seconds / tasks
            self._task_time = (
                mean if self._task_time is None else self._task_time + _NEW_WEIGHT * (mean - self._task_time)
            )

    def next(self, missing: Iterator[int | None], chunks: int, tasks: int) -> Chunk | None:
        """Return the next chunk; ``None`` if there is none, or if enough are in flight."""
        room = _AHEAD * self.num_workers - chunks if self._max_in_flight is None else self._max_in_flight - tasks
        if room <= 0:
            return None
        if self._again and (self._max_in_flight is None or len(self._again[0].tasks) <= room or not tasks):
            return self._again.popleft()
        size = self._size()
        indices = self._indices(missing, size if self._max_in_flight is None else min(size, room))
        return self._chunk([self._sweep.task_spec(index) for index in indices]) if indices else None

    def _size(self) -> int:
        """Return the number of tasks that a chunk should have."""
        if self._task_time is None:
            return 1
        pace = max(_PACE, _PACE_PER_WORKER * len(self._heard))
        at_pace = int(pace / max(self._task_time, pace / _MAX_TASKS))
        # The last tasks are to be shared by all workers.
        following = len(self._sweep) - (self._next or 0) if self._num_ready is None else self._num_ready()
        left = following if self._max_in_flight is None else self._max_in_flight
        return max(1, min(at_pace, left // (_AHEAD * self.num_workers)))

    def _indices(self, missing: Iterator[int | None], size: int) -> list[int]:
        """Take about ``size`` tasks, up to a pause; rather somewhat fewer than the first ones of another snapshot."""
        taken: list[int] = []
        for index in missing if self._next is None else chain((self._next,), missing):
            if index is None:
                break
            is_other = taken and self._sweep.indices(index)[0] != self._sweep.indices(taken[-1])[0]
            if len(taken) >= size or (is_other and 2 * len(taken) >= size):
                self._next = index
                return taken
            taken.append(index)
        self._next = None
        return taken

    def _chunk(self, tasks: list[TaskSpec], *, is_complete: bool = False) -> Chunk:
        """Return a chunk of tasks with the blobs that have not been sent, or with all that they need."""
        needs = needs_of(task.needs for task in tasks)
        unsent = needs if is_complete else [digest for digest in needs if digest not in self._sent]
        return self._with(Chunk(self._config, tasks, {}, 0), unsent)

    def _with(self, chunk: Chunk, digests: list[bytes]) -> Chunk:
        """Return a chunk with some more blobs, and another serial number."""
        blobs = dict(chunk.blobs)
        for task in chunk.tasks:
            for digest, read in zip(task.needs, self._sweep.blob_readers(task.index), strict=True):
                if digest in digests and digest not in blobs:
                    blobs[digest] = read()
        if len(self._sent) > _MAX_SENT:
            # Blobs that are sent again because of that do no harm.
            self._sent.clear()
        self._sent.update(blobs)
        self._serial += 1
        return chunk._replace(blobs=blobs, serial=self._serial)

    def take_back(self, chunk: Chunk, missing: list[bytes]) -> None:
        """Have a chunk sent again, with the blobs that its worker does not have."""
        self._again.append(self._with(chunk, missing))

    def give_again(self, tasks: list[TaskSpec]) -> None:
        """Have tasks sent again, each in a chunk of its own, with all blobs that they need."""
        self._again.extend(self._chunk([task], is_complete=True) for task in tasks)
