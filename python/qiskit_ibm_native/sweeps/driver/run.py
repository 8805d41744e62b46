# SPDX-License-Identifier: Apache-2.0
"""One run of a sweep: tasks that the ledger lacks go to an executor in chunks, and results into the ledger."""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from ..._logger import logger
from ..._threads import available_processors
from ..._warning import warn
from ...exceptions import IBMInputValueError, SweepError, SweepWarning
from ..results import SweepResults
from ..tasks import TaskResult, TaskSource
from ..worker.protocol import WORKER_LOST, Chunk, Outcome, Reply, RunConfig
from ..worker.warm import WARM
from ..worker.worker import Stopped, Worker, run_chunk, this_worker
from .chunks import Chunker
from .progress import Progress, shown
from .run_tries import RunTries
from .tally import Tally

if TYPE_CHECKING:
    from ..ledger.claims import Answer
    from ..ledger.ledger import Ledger

#: Seconds after which results are written, and the number that is written before that: a transaction takes some
#: milliseconds, and a driver that is killed loses half a second of results.
_WRITE_AFTER, _WRITE_AT = 0.5, 500
#: Number of times that a task is given to an executor whose worker is lost with it: a task that ends workers must not
#: end all, and one that was beside it is innocent three times.
_LOSSES = 4
#: Number of results that wait in memory for one that comes before them.
_MAX_WAITING = 1000
#: Number of tasks that are claimed first, and seconds of work that are claimed at once: a transaction takes a
#: millisecond, and what one run has claimed another cannot do.
_FIRST_CLAIM, _CLAIM_FOR = 16, 0.5
#: Seconds between two looks at what other runs with the ledger do, and the number of tasks that one query looks at.
_LOOK, _LOOKED_AT = 0.2, 500
#: Number of tasks that were done lately and are remembered: more than the ledger is asked for at once, and than are in
#: flight.
_MAX_RECENT = 20_000
#: Number of failures of workers in a row that ends a sweep; four for each worker if those are more than two.
_FAILURES = 8


@dataclass(frozen=True)
class RunOptions:
    """Options of a run, see :meth:`Sweep.run`."""

    keep_circuits: bool = False
    on_error: str = "record"
    timeout: float | None = None
    max_in_flight: int | None = None
    progress: bool | Callable[[Progress], object] | None = None
    retries: int = 1
    memory_limit: int | None = None
    retry_failed: bool = False

    def __post_init__(self) -> None:
        if self.on_error not in {"record", "raise"}:
            raise IBMInputValueError(f"on_error is 'record' or 'raise', not {self.on_error!r}.")
        if self.timeout is not None and not self.timeout > 0:
            raise IBMInputValueError(f"timeout must be seconds above 0, not {self.timeout!r}.")
        for name, least in (("max_in_flight", 1), ("retries", 0), ("memory_limit", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise IBMInputValueError(f"{name} must be at least {least}, not {value!r}.")


class Run:
    """One run of a sweep."""

    def __init__(self, sweep: TaskSource, executor: Executor | None, ledger: Ledger, options: RunOptions) -> None:
        """Prepare a run; :meth:`finished` runs it."""
        self._sweep, self._executor, self._ledger, self._options = sweep, executor, ledger, options
        self._config = RunConfig(
            sweep.versions, options.keep_circuits, options.timeout, options.retries, options.memory_limit
        )
        #: This machine's own workers, if there is no executor, or none any more.
        self._own = _OwnWorkers() if executor is None else None
        if executor is not None:
            WARM.stop(for_good=True)
        workers = None if self._own is None else self._own.number
        self._tally = Tally(len(sweep), raises=options.on_error == "raise")
        #: If tries may end before all are done.
        self._tries: RunTries | None = None
        if sweep.objective is not None and sweep.objective.stops:
            self._tries = RunTries(
                sweep, sweep.objective, ledger, self._known_of, self._tally, lambda: self._chunker.num_workers
            )
        num_ready = None if self._tries is None else self._num_ready
        self._chunker = Chunker(sweep, self._config, options.max_in_flight, workers, num_ready)
        self._replies: queue.SimpleQueue[Future[Reply]] = queue.SimpleQueue()
        self._in_flight: dict[Future[Reply], Chunk] = {}
        self._tasks_in_flight = 0
        self._losses: Counter[int] = Counter()
        self._failures = 0
        self._unwritten: list[tuple[int, TaskResult]] = []
        self._written = time.monotonic()
        self._claims = ledger.claims(with_circuit=options.keep_circuits, retry_failed=options.retry_failed)
        #: Tasks that other runs with this ledger do, by identifier.
        self._elsewhere: dict[bytes, int] = {}
        #: By the identifier of each task that is not done yet, the indices of others that are the same task.
        self._twins: dict[bytes, list[int]] = {}
        #: Identifiers of tasks that were done lately, and whether they failed: the ledger was asked for those that
        #: follow before.
        self._recent: LRUCache[bytes, bool] = LRUCache(_MAX_RECENT)
        self._process = os.getpid()

    @property
    def results(self) -> SweepResults:
        """The results of the sweep; those that are there, as long as the run goes on."""
        indices = range(len(self._sweep)) if self._tries is None else self._tries.indices()
        tally = self._tally
        return SweepResults(self._sweep, self._ledger, tally.lost, tally.failures.count, indices)

    def result_of(self, index: int) -> TaskResult:
        """Return the result of a task that is done."""
        self.flush()
        (result,) = self._ledger.results_of(self._sweep, [index], lost=self._tally.lost)
        return result

    def is_skipped(self, index: int) -> bool:
        """Return whether a task is known not to be needed."""
        return self._tries is not None and index < len(self._sweep) and self._tries.are_skipped([index])

    def finished(self) -> Iterator[tuple[int, TaskResult | None]]:
        """Yield index and result of each task as they come; ``None`` for results that the ledger had already."""
        self._check_that_it_is_ours()
        with shown(self._options.progress, len(self._sweep)) as report:
            try:
                missing = self._claimed(self._missing())
                while True:
                    while self._submit_all(missing):
                        yield from self._done()
                    yield from self._done()
                    report(self._tally.state)
                    if self._is_over():
                        break
                    if self._in_flight:
                        self._take_one()
                    elif self._elsewhere:
                        self._wait_for_others()
            finally:
                self._stop()
            report(self._tally.state)
        self._warn_of_failed()

    def _done(self) -> Iterator[tuple[int, TaskResult | None]]:
        """Yield what is done; whoever asks for more has to be in the process that began the run."""
        for done in self._tally.take():
            yield done
            self._check_that_it_is_ours()

    def _is_over(self) -> bool:
        if self._tries is not None:
            return self._tries.is_over
        return not self._in_flight and not self._elsewhere

    def _check_that_it_is_ours(self) -> None:
        if os.getpid() != self._process:
            raise SweepError(
                "A run can go on only in the process that began it, and this is another one, which was forked"
                " meanwhile. Begin a run here."
            )

    def _known_of(self, indices: Sequence[int] | None = None) -> Iterator[tuple[int, bytes, bool, bool]]:
        """Yield index and identifier of each task, whether it need not be done, and whether its result is an error."""
        options = self._options
        return self._ledger.known_of(
            self._sweep, with_circuit=options.keep_circuits, retry_failed=options.retry_failed, indices=indices
        )

    def _missing(self) -> Iterator[tuple[bytes, int] | None]:
        """Yield tasks that neither the ledger nor this run has, and note the others.

        ``None`` comes when many results wait for the caller, or when other tasks have to be done first.
        """
        for task in self._unknown() if self._tries is None else self._tries.missing():
            if task is None:
                yield None
                continue
            task_id, index = task
            if task_id in self._twins:
                self._twins[task_id].append(index)
            elif task_id in self._recent:
                self.flush()
                self._note_known([index], is_failed=self._recent[task_id])
            else:
                self._twins[task_id] = []
                yield task

    def _unknown(self) -> Iterator[tuple[bytes, int] | None]:
        """Yield tasks that the ledger lacks, if all count, and note the others; ``None`` when many of those wait."""
        for index, task_id, is_known, is_failed in self._known_of():
            if is_known:
                self._tally.note_known(index, is_failed=is_failed)
            else:
                yield task_id, index
            if self._tally.is_full:
                yield None

    def _num_ready(self) -> int:
        """Return the number of tries that can be given out at present."""
        return 0 if self._tries is None else self._tries.num_ready(self._tasks_in_flight)

    def _note_known(self, indices: Sequence[int], *, is_failed: bool) -> None:
        """Note tasks that are the same, whose result is in the ledger."""
        if self._tries is not None:
            self._tries.note_known(indices)
            return
        for index in indices:
            self._tally.note_known(index, is_failed=is_failed)

    def _is_dropped(self, task_id: bytes, index: int) -> bool:
        """Return whether a task that was claimed need not be done any more."""
        same = [index, *self._twins.get(task_id, ())]
        if self._tries is None or not self._tries.are_skipped(same):
            return False
        self._tries.drop(same)
        self._twins.pop(task_id, None)
        return True

    def _submit_all(self, missing: Iterator[int | None]) -> bool:
        """Submit as many chunks as may be in flight.

        Returns:
            Whether many known results wait, after which more chunks may have to be submitted.
        """
        while (chunk := self._chunker.next(missing, len(self._in_flight), self._tasks_in_flight)) is not None:
            try:
                future = self._submit(chunk)
            except BrokenExecutor:
                self._replace_executor()
                future = self._submit(chunk)
            self._in_flight[future] = chunk
            self._tasks_in_flight += len(chunk.tasks)
            future.add_done_callback(self._replies.put)
        return self._tally.is_full

    def _claimed(self, missing: Iterator[tuple[bytes, int] | None]) -> Iterator[int | None]:
        """Yield indices of tasks that no other run with this ledger does, some of which are claimed at once."""
        size, since = _FIRST_CLAIM, time.monotonic()
        some: dict[bytes, int] = {}
        for task in chain(missing, (None,)):
            if task is not None:
                some[task[0]] = task[1]
            if some and (task is None or len(some) >= size):
                answer = self._claims.take(list(some))
                self._note_done_elsewhere(answer, some)
                self._leave_to_others({task_id: some[task_id] for task_id in some.keys() - answer.ours - answer.done})
                for task_id, index in some.items():
                    if task_id in answer.ours and not self._is_dropped(task_id, index):
                        yield index
                elapsed, since = time.monotonic() - since, time.monotonic()
                size = 2 * size if elapsed < _CLAIM_FOR / 2 else max(size // 2, 1) if elapsed > 2 * _CLAIM_FOR else size
                some = {}
            if task is None:
                yield None

    def _leave_to_others(self, indices: Mapping[bytes, int]) -> None:
        self._elsewhere.update(indices)
        if self._tries is not None:
            self._tries.leave_to_others(indices.values())

    def _note_done_elsewhere(self, answer: Answer, indices: Mapping[bytes, int]) -> None:
        """Note tasks that other runs have done by now."""
        for task_id in answer.done:
            self._elsewhere.pop(task_id, None)
            same = [indices[task_id], *self._twins.pop(task_id, ())]
            self._note_known(same, is_failed=task_id in answer.failed)

    def _wait_for_others(self) -> None:
        """Wait a moment for what other runs do; take over what a run has given up."""
        self.flush()
        time.sleep(_LOOK)
        self._elsewhere = {
            task_id: index for task_id, index in self._elsewhere.items() if not self._is_dropped(task_id, index)
        }
        for some in _batched(list(self._elsewhere), _LOOKED_AT):
            answer = self._claims.take(some)
            self._note_done_elsewhere(answer, dict(self._elsewhere))
            free = [self._elsewhere.pop(task_id) for task_id in some if task_id in answer.ours]
            if self._tries is not None:
                self._tries.take_over(free)
            self._chunker.give_again([self._sweep.task_spec(index) for index in free])

    def _submit(self, chunk: Chunk) -> Future[Reply]:
        if self._own is not None:
            return self._own.submit(chunk)
        executor: Any = self._executor
        future: Future[Reply] = executor.submit(run_chunk, chunk)
        return future

    def _replace_executor(self) -> None:
        warn(
            f"{type(self._executor).__name__} is broken, because one of its workers was lost; the sweep goes on with"
            " processes of this machine.",
            RuntimeWarning,
        )
        self._own = _OwnWorkers()

    def _take_one(self) -> None:
        """Wait for a chunk, and note the results of its tasks."""
        future = self._next_reply()
        if future is None:
            return
        chunk = self._in_flight.pop(future)
        self._tasks_in_flight -= len(chunk.tasks)
        error = CancelledError("It was cancelled.") if future.cancelled() else future.exception()
        if error is not None:
            self._lost(chunk, error)
            return
        reply = future.result()
        if reply.worker_error is not None:
            self._note_failure(f"{reply.worker}: {reply.worker_error}", None)
            self._chunker.give_again(chunk.tasks)
            return
        self._chunker.heard_of(reply.worker)
        if reply.missing:
            self._chunker.take_back(chunk, reply.missing)
            return
        self._failures = 0
        self._chunker.learn(reply.seconds, len(reply.outcomes))
        self._chunker.give_again([task for number, task in enumerate(chunk.tasks) if number not in reply.outcomes])
        self._done_all(_outcomes(chunk, reply))

    def _note_failure(self, text: str, error: BaseException | None) -> None:
        """Count failures of workers; when nothing else comes any more, the sweep cannot go on.

        Raises:
            SweepError: There were too many in a row.
        """
        self._failures += 1
        if self._failures >= max(_FAILURES, 4 * self._chunker.num_heard):
            raise SweepError(f"The executor cannot run tasks: {text}") from error

    def _next_reply(self) -> Future[Reply] | None:
        """Wait for a reply, as long as nothing else is to be done."""
        wait = None if not self._unwritten else max(0.0, self._written + _WRITE_AFTER - time.monotonic())
        try:
            return self._replies.get(timeout=wait)
        except queue.Empty:
            self.flush()
            return None

    def _done_all(self, outcomes: list[tuple[int, Outcome]]) -> None:
        # All are kept before any is given on: the caller may stop at each.
        results = self._noted(outcomes)
        if len(self._unwritten) >= _WRITE_AT or time.monotonic() > self._written + _WRITE_AFTER:
            self.flush()
        traces = {result.task_id: outcome.trace for (_, result), (_, outcome) in zip(results, outcomes, strict=False)}
        note = self._tally.note_done if self._tries is None else self._tries.note_done
        for index, result in results:
            note(index, result, traces[result.task_id])

    def _noted(self, outcomes: list[tuple[int, Outcome]]) -> list[tuple[int, TaskResult]]:
        """Return the results of outcomes, after they were noted as lost or as to be written."""
        results = [(index, TaskResult.from_outcome(self._sweep, index, outcome)) for index, outcome in outcomes]
        self._unwritten.extend((index, result) for index, result in results if not result.is_lost)
        # What holds for a task holds for all that are the same.
        for _, result in list(results):
            task_id = bytes.fromhex(result.task_id)
            results.extend((twin, result) for twin in self._twins.pop(task_id, ()))
            if not result.is_lost:
                self._recent[task_id] = result.error is not None
        self._tally.lost.update((index, result) for index, result in results if result.is_lost)
        return results

    def _lost(self, chunk: Chunk, error: BaseException) -> None:
        """Give out the tasks of a lost worker again, one by one, so that the guilty one is found."""
        if isinstance(error, KeyboardInterrupt):
            raise error
        # An executor does not break because of a task as a rule; if it does, the task must not be tried for ever.
        if not isinstance(error, Stopped):
            self._losses.update(task.index for task in chunk.tasks)
        if not isinstance(error, Stopped | BrokenExecutor):
            self._note_failure(f"{type(error).__name__}: {error}", error)
        again = [task for task in chunk.tasks if self._losses[task.index] < _LOSSES]
        self._chunker.give_again(again)
        text = f"The executor's worker was lost each time: {type(error).__name__}: {error}"
        outcome = Outcome(None, None, (WORKER_LOST, text), 0.0, 0.0, "", _LOSSES)
        self._done_all([(task.index, outcome) for task in chunk.tasks if task not in again])

    def flush(self) -> None:
        """Write results that are not written yet."""
        self._ledger.write(self._sweep, self._unwritten)
        self._unwritten = []
        self._written = time.monotonic()

    def _stop(self) -> None:
        """Keep results, and give up tasks in flight, which there are if the run was interrupted."""
        if os.getpid() != self._process:
            # Workers, results and ledger belong to the parent of this forked process.
            return
        # Tries that turned out not to be needed may end by themselves.
        is_interrupted = bool(self._in_flight) and not self._is_over()
        for future in self._in_flight:
            future.cancel()
        try:
            self._keep_replies()
            self.flush()
            self._claims.drop()
            self._warn_of_lost()
        finally:
            if self._own is not None:
                self._own.stop()
            elif is_interrupted:
                # If the executor's workers are threads, their processes are ours.
                this_worker().stop()

    def _warn_of_lost(self) -> None:
        if lost := self._tally.lost:
            first = next(iter(lost.values()))
            logger.warning(
                "%d tasks were not done, because workers were lost or their machines failed; the next run with this"
                " ledger does them. The first one, %s on %s: %s",
                len(lost), first.circuit, first.backend, first.error,
            )  # fmt: skip

    def _warn_of_failed(self) -> None:
        """Say once how many tasks failed, since programs without a progress bar would end as if all were well."""
        if not self._tally.failures.count:
            return
        total = len(self._sweep) - self._tally.state.skipped
        summary = self._tally.failures.summary(self._sweep, self._ledger, total)
        logger.warning("%s", summary)
        # Above are the generators and the method that the user called.
        warn(summary, SweepWarning)

    def _keep_replies(self) -> None:
        """Note results that arrived after the run was interrupted."""
        while not self._replies.empty():
            future = self._replies.get()
            chunk = self._in_flight.pop(future, None)
            if chunk is None or future.cancelled() or future.exception() is not None:
                continue
            self._noted(_outcomes(chunk, future.result()))


class _OwnWorkers:
    """Workers of this machine: threads, each of which watches over a transpiler process.

    This is no ``ThreadPoolExecutor``, because a program that ends would wait for the tasks of one.
    """

    def __init__(self) -> None:
        self.number = available_processors()
        self._worker = Worker(WARM)
        self._orders: queue.SimpleQueue[tuple[Future[Reply], Chunk] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"sweep-{number}", daemon=True) for number in range(self.number)
        ]
        for thread in self._threads:
            thread.start()
        atexit.register(self._worker.stop, for_good=True)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            future, chunk = order
            if not future.set_running_or_notify_cancel():
                continue
            try:
                reply = self._worker.run(chunk)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(reply)

    def submit(self, chunk: Chunk) -> Future[Reply]:
        future: Future[Reply] = Future()
        self._orders.put((future, chunk))
        return future

    def stop(self) -> None:
        """End all processes, and wait for the threads."""
        self._worker.stop(for_good=True)
        WARM.stop()
        if sys.is_finalizing():
            # The interpreter has ended the threads already.
            return
        for _ in self._threads:
            self._orders.put(None)
        for thread in self._threads:
            thread.join()
        atexit.unregister(self._worker.stop)


def _outcomes(chunk: Chunk, reply: Reply) -> list[tuple[int, Outcome]]:
    """Return outcomes, each with the index of its task in the sweep."""
    pickled = sorted(reply.outcomes.items())
    return [(chunk.tasks[number].index, Outcome(*pickle.loads(content))) for number, content in pickled]  # noqa: S301 (ours)


def _batched(values: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def check_executor(executor: Any) -> None:
    """Refuse what is no executor, such as a ledger in its position.

    Raises:
        IBMInputValueError: It has no method ``submit``.
    """
    if executor is None or callable(getattr(executor, "submit", None)):
        return
    text = "A ledger has a name: run(ledger=...)."
    if isinstance(executor, str | os.PathLike):
        text = f"For a ledger, write run(ledger={os.fspath(executor)!r})."
    raise IBMInputValueError(f"The first argument is a concurrent.futures.Executor, not {executor!r:.80}. {text}")


def streamed(run: Run, *, in_order: bool) -> Iterator[TaskResult]:
    """Yield results as they come, or in the sweep's order."""
    waiting: dict[int, TaskResult | None] = {}
    following = 0
    for index, result in run.finished():
        if not in_order:
            yield result or run.result_of(index)
            continue
        # Results that wait for one that takes long are in the ledger; they need not be in memory, too.
        waiting[index] = result if len(waiting) < _MAX_WAITING else None
        while following in waiting or run.is_skipped(following):
            if following in waiting:
                yield waiting.pop(following) or run.result_of(following)
            following += 1
