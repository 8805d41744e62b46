# SPDX-License-Identifier: Apache-2.0
"""Threads that run the jobs of a store in simulator processes.

A job gets a process that waits, if there is one. Another process is started only if there have been jobs that wait for
longer than most jobs take, so that the first job gets the process that was started ahead, and jobs of one program that
waits for each of them share it.
"""

from __future__ import annotations

import datetime
import heapq
import math
import os
import sqlite3
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..._logger import logger
from .simulated_times import JobTimes
from .simulator import JobFailed, Simulator, SimulatorDied, number_of_workers

if TYPE_CHECKING:
    from ..devices import Catalog
    from ..seeds import JobSeeds
    from ..service.limits import Limits
    from .simulated_times import SimulatedTimes
    from .store import Store

#: Codes of the platform for the ends of jobs.
RAN_TOO_LONG = 1305
BAD_JOB = 1517
INTERNAL = 5203
#: Seconds between two searches for services that have ended.
_ADOPTION = 5.0
#: Seconds between two attempts to write to a store that takes no writes.
_RETRY = 1.0
#: Seconds between two looks at whether running jobs were ended by another service that uses the store.
_WATCH = 1.0
#: Seconds for which jobs wait before another process is started.
_PATIENCE = 0.25
#: Seconds between two prunings of the store.
_PRUNING = 3600.0


#: The time of jobs on devices that the machine's clock is good enough for.
_AT_ONCE = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)


class _Waiting(NamedTuple):
    """A job that waits; the first of several is the least one."""

    #: First, since the clock may have been moved back: jobs that come later can begin earlier.
    due: datetime.datetime
    is_left: bool
    number: int
    job_id: str


class Workers:
    """Runs jobs of a store in a few processes."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        limits: Limits,
        number: int | None = None,
        *,
        seeds: JobSeeds | None = None,
        times: SimulatedTimes | None = None,
        first: Simulator | None = None,
        finish_left_jobs: bool = False,
    ) -> None:
        """Prepare; :meth:`start` starts the threads.

        Args:
            store: The jobs.
            catalog: The devices.
            limits: Limits of jobs and of the store.
            number: Number of jobs that run at once; by default that of processors, at most 4.
            seeds: Seeds of jobs that have none of their own.
            times: Tells when jobs begin, if the machine's clock does not.
            first: A simulator that was started already.
            finish_left_jobs: Whether to take over jobs of services that have ended, behind all others.
        """
        self._store = store
        self._catalog = catalog
        self._limits = limits
        self._seeds = seeds
        self._times = times
        self._finishes_left_jobs = finish_left_jobs
        number = number_of_workers(number)
        memory = limits.memory_of_a_job(number)
        self._simulators = [first or Simulator(memory), *(Simulator(memory) for _ in range(number - 1))]
        #: Those that run no job; those that were used last are at the end.
        self._idle = self._simulators[::-1]
        self._waiting: list[_Waiting] = []
        #: Since when there have been jobs that wait.
        self._waiting_since = 0.0
        self._count = 0
        self._changed = threading.Condition()
        self._running: dict[str, Simulator] = {}
        #: Set while any job runs.
        self._is_running = threading.Event()
        self._interrupted: set[str] = set()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"job-{index}", daemon=True) for index in range(number)
        ]
        self._threads.append(threading.Thread(target=self._look_after_store, name="store", daemon=True))
        self._threads.append(threading.Thread(target=self._watch_running, name="watch", daemon=True))

    def start(self) -> None:
        """Start the threads, and a simulator for the first job."""
        for thread in self._threads:
            thread.start()

    @property
    def is_warm(self) -> bool:
        """Whether a simulator has imported all that it needs."""
        return any(simulator.is_warm for simulator in self._simulators)

    def submit(self, job_id: str, created: datetime.datetime | None = None, *, is_left: bool = False) -> None:
        """Run a job when it is due and there is a process for it; one that was left by others, behind other ones.

        Args:
            job_id: The identifier.
            created: When the job was submitted to this service.
            is_left: Whether it was left by others.
        """
        # The numbers of seeds are those of jobs that were submitted to this service.
        if self._seeds is not None and not is_left:
            self._seeds.number(job_id)
        with self._changed:
            self._count += 1
            due = _AT_ONCE if self._times is None else self._times.add(job_id, created)
            if not self._waiting:
                self._waiting_since = time.monotonic()
            heapq.heappush(self._waiting, _Waiting(due, is_left, self._count, job_id))
            self._changed.notify()

    def look_again(self) -> None:
        """Let jobs begin that have waited for long enough because the clock was moved."""
        with self._changed:
            self._changed.notify_all()

    def position(self, job_id: str) -> int | None:
        """Return the number of jobs that wait before a job, plus one; ``None`` if it does not wait here."""
        with self._changed:
            found = next((entry for entry in self._waiting if entry.job_id == job_id), None)
            return None if found is None else 1 + sum(entry < found for entry in self._waiting)

    def interrupt(self, job_id: str) -> None:
        """Let a job not begin that waits; end the process that runs one."""
        # With the lock, so that the process does not get to the next job in between.
        with self._changed:
            simulator = self._running.get(job_id)
            if simulator is not None:
                self._interrupted.add(job_id)
                simulator.kill()
                return
            kept = [entry for entry in self._waiting if entry.job_id != job_id]
            if len(kept) < len(self._waiting):
                if self._times is not None:
                    self._times.forget(job_id)
                self._waiting = kept
                heapq.heapify(kept)

    def stop(self) -> None:
        """End all processes and threads. Jobs that are not done wait in the store again."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
            self._is_running.set()
            running = list(self._running.values())
        for simulator in running:
            simulator.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for simulator in self._simulators:
            simulator.close()

    def descriptors(self) -> list[int]:
        """Return the descriptors that lead to the processes."""
        return [descriptor for simulator in self._simulators for descriptor in simulator.descriptors()]

    # The store

    def _look_after_store(self) -> None:
        """Take over jobs of services that have ended, every few seconds, or tell about them once; prune the store."""
        pruned = told = float("-inf")
        while True:
            try:
                if self._finishes_left_jobs:
                    known = [device.name for device in self._catalog]
                    for job_id in self._store.adopt(known):
                        self.submit(job_id, is_left=True)
                elif told < 0:
                    told = time.monotonic()
                    self._tell_about_left_jobs()
                if time.monotonic() > pruned + _PRUNING:
                    pruned = time.monotonic()
                    self._store.prune(self._limits.store_days, self._limits.store_bytes)
            except (sqlite3.Error, OSError):
                logger.exception("The store of jobs could not be maintained.")
            if self._stopping.wait(_ADOPTION if self._finishes_left_jobs else _PRUNING):
                return

    def _tell_about_left_jobs(self) -> None:
        left = self._store.left()
        if left:
            from .store import DEFAULT_STORE

            default = os.path.expanduser(DEFAULT_STORE)  # noqa: PTH111 (a text)
            option = "" if str(self._store.path) == default else f" --store {self._store.path}"
            logger.warning(
                "%d jobs that earlier programs left in the store are not run: `qiskit-ibm-native serve%s` finishes"
                " them, `qiskit-ibm-native jobs cancel --left%s` cancels them.", left, option, option,
            )  # fmt: skip

    def _watch_running(self) -> None:
        """End processes of jobs that another service cancelled or deleted; look each second while any job runs."""
        while not self._stopping.wait(_WATCH):
            self._is_running.wait()
            with self._changed:
                running = list(self._running)
            try:
                ended = self._store.ended_among(running)
            except sqlite3.Error:
                # The next caller of the store tells.
                continue
            for job_id in ended:
                # With the lock, so that the process does not get to the next job in between. One that is done here has
                # let go of its process, which may wait for the next one.
                with self._changed:
                    simulator = self._running.get(job_id)
                    if simulator is not None and simulator.is_running:
                        self._interrupted.add(job_id)
                        simulator.kill()

    # Jobs

    def _work(self) -> None:
        # The first job need not wait for what has to be imported.
        if threading.current_thread() is self._threads[0]:
            self._simulators[0].start()
        while (found := self._next()) is not None:
            job_id, simulator = found
            try:
                self._run(job_id, simulator)
            except Exception as error:
                if isinstance(error, sqlite3.Error):
                    # It says all.
                    logger.error("The result of job %s could not be stored: %s", job_id, error)
                else:
                    logger.exception("The job %s could not be run.", job_id)
                self._give_up(job_id, error)
            finally:
                if not self._stopping.is_set() and not any(found.is_started for found in self._simulators):
                    # It was ended with its job; the next one finds a process that waits.
                    with suppress(OSError):
                        simulator.start()
                with self._changed:
                    del self._running[job_id]
                    if not self._running and not self._stopping.is_set():
                        self._is_running.clear()
                    self._interrupted.discard(job_id)
                    self._idle.append(simulator)
                    self._changed.notify()

    def _next(self) -> tuple[str, Simulator] | None:
        """Wait for a job and for a simulator; return ``None`` when the service stops."""
        with self._changed:
            while not self._stopping.is_set():
                seconds = None
                if self._waiting and self._idle:
                    seconds = None if self._times is None else self._times.wait(self._waiting[0].job_id)
                    if self._times is None or seconds == 0:
                        seconds = self._waiting_since + _PATIENCE - time.monotonic()
                        simulator = self._free_simulator(may_start=seconds <= 0)
                        if simulator is not None:
                            return self._taken(simulator), simulator
                self._changed.wait(seconds)
        return None

    def _taken(self, simulator: Simulator) -> str:
        """Take the first job for a simulator; the lock is held."""
        job_id = heapq.heappop(self._waiting).job_id
        self._running[job_id] = simulator
        self._is_running.set()
        if self._times is not None and self._waiting:
            # One thread may have waited for the begin of several jobs.
            self._changed.notify()
        return job_id

    def _free_simulator(self, may_start: bool) -> Simulator | None:
        """Take a simulator that runs no job: the last one that was used, or one that is not started if that may be."""
        started = [simulator for simulator in self._idle if simulator.is_started]
        if not started and not may_start and any(simulator.is_started for simulator in self._simulators):
            return None
        simulator = next((found for found in reversed(started) if found.is_warm), (started or self._idle)[-1])
        self._idle.remove(simulator)
        return simulator

    def _run(self, job_id: str, simulator: Simulator) -> None:
        times = self._times_of(job_id)
        if self._stopping.is_set() or not self._store.start_job(job_id, times.begins):
            return
        job = self._store.job(job_id, with_content=True)
        try:
            device = None if job is None else self._catalog.get(job["backend"], times.due)
        except self._catalog.errors as error:
            self._store.end_job(job_id, "Failed", str(error), INTERNAL, ended=times.ended())
            return
        if job is None or device is None:
            reason = "The device is not there any more"
            self._store.end_job(job_id, "Failed", reason, BAD_JOB, ended=times.ended())
            return
        params = job["params"] if self._seeds is None else self._seeds.seeded(job_id, job["params"])
        timer = threading.Timer(job["cost"], self._run_too_long, [job_id, times])
        timer.daemon = True
        timer.start()
        try:
            result = simulator.run(
                job["program"], params, device.latest, bool(job["noise"]), lambda: self._is_wanted(job_id),
                begins=times.begins,
            )  # fmt: skip
            self._store.finish_job(job_id, result, times.ended())
            self._keep_small()
        except JobFailed as error:
            code = BAD_JOB if error.is_bad else INTERNAL
            self._store.end_job(job_id, "Failed", str(error), code, error.logs, ended=times.ended())
        except SimulatorDied as error:
            # A process that was killed because its job ended, or because the service stops, is no failure of the job.
            if self._is_wanted(job_id):
                reason = f"The simulator crashed ({error})"
                self._store.end_job(job_id, "Failed", reason, INTERNAL, ended=times.ended())
        finally:
            timer.cancel()

    def _times_of(self, job_id: str) -> JobTimes:
        if self._times is None:
            return JobTimes(None)
        with self._changed:
            return self._times.take(job_id)

    def _keep_small(self) -> None:
        """Prune the store if a result made it larger than it may be."""
        try:
            self._store.prune(math.inf, self._limits.store_bytes)
        except (sqlite3.Error, OSError):
            logger.exception("Old jobs could not be removed from the store.")

    def _is_wanted(self, job_id: str) -> bool:
        return not self._stopping.is_set() and job_id not in self._interrupted

    def _give_up(self, job_id: str, error: Exception) -> None:
        """Mark a job as failed because its results could not be kept; try until the store takes writes."""
        reason = f"Its results could not be kept: {error}"
        while True:
            try:
                self._store.end_job(job_id, "Failed", reason, INTERNAL)
            except sqlite3.Error:
                self._store.remember_end(job_id, "Failed", reason, INTERNAL)
                if self._stopping.wait(_RETRY):
                    return
            else:
                return

    def _run_too_long(self, job_id: str, times: JobTimes) -> None:
        if self._store.end_job(job_id, "Cancelled", "Ran too long", RAN_TOO_LONG, ended=times.ended()):
            self.interrupt(job_id)
