# SPDX-License-Identifier: Apache-2.0
"""Threads that run the jobs of a store, each in a simulator process of its own."""

from __future__ import annotations

import queue
import sqlite3
import threading
from typing import TYPE_CHECKING

from ..._logger import logger
from ..._threads import available_processors
from .simulator import JobFailed, Simulator, SimulatorDied

if TYPE_CHECKING:
    from ..devices import Catalog
    from ..seeds import JobSeeds
    from ..service.limits import Limits
    from .store import Store

#: Codes of the platform for the ends of jobs.
RAN_TOO_LONG = 1305
BAD_JOB = 1517
INTERNAL = 5203
#: Seconds between two searches for services that have ended.
_ADOPTION = 5.0
#: Seconds between two attempts to write to a store that takes no writes.
_RETRY = 1.0


class Workers:
    """Runs jobs of a store in a few processes."""

    def __init__(
        self, store: Store, catalog: Catalog, limits: Limits, number: int | None = None, seeds: JobSeeds | None = None
    ) -> None:
        """Prepare; :meth:`start` starts the threads.

        Args:
            store: The jobs.
            catalog: The devices.
            limits: Limits of jobs.
            number: Number of jobs that run at once; by default that of processors, at most 4.
            seeds: Seeds of jobs that have none of their own.
        """
        self._store = store
        self._catalog = catalog
        self._seeds = seeds
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: dict[str, Simulator] = {}
        self._interrupted: set[str] = set()
        self._stopping = threading.Event()
        number = number or min(available_processors(), 4)
        self._simulators = [Simulator(limits.memory_of_a_job(number)) for _ in range(number)]
        self._threads = [
            threading.Thread(target=self._work, args=[simulator], name=f"job-{index}", daemon=True)
            for index, simulator in enumerate(self._simulators)
        ]
        self._threads.append(threading.Thread(target=self._adopt, name="adopt", daemon=True))

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def _adopt(self) -> None:
        """Take over jobs of services that have ended, every few seconds."""
        known = [device.name for device in self._catalog]
        while True:
            try:
                for job_id in self._store.adopt(known):
                    self.submit(job_id)
            except (sqlite3.Error, OSError):
                logger.exception("Jobs of other services could not be taken over")
            if self._stopping.wait(_ADOPTION):
                return

    def submit(self, job_id: str) -> None:
        """Run a job when there is a process for it."""
        if self._seeds is not None:
            self._seeds.number(job_id)
        self._waiting.put(job_id)

    def interrupt(self, job_id: str) -> None:
        """End the process that runs a job, if the job runs."""
        # With the lock, so that the process does not get to the next job in between.
        with self._lock:
            simulator = self._running.get(job_id)
            if simulator is not None:
                self._interrupted.add(job_id)
                simulator.kill()

    def stop(self) -> None:
        """End all processes and threads. Jobs that are not done wait in the store again."""
        self._stopping.set()
        for _ in self._threads:
            self._waiting.put(None)
        with self._lock:
            running = list(self._running.values())
        for simulator in running:
            simulator.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def descriptors(self) -> list[int]:
        """Return the descriptors that lead to the processes."""
        return [descriptor for simulator in self._simulators for descriptor in simulator.descriptors()]

    def _work(self, simulator: Simulator) -> None:
        try:
            # The first job need not wait for what has to be imported.
            if simulator is self._simulators[0]:
                simulator.start()
            while not self._stopping.is_set() and (job_id := self._waiting.get()) is not None:
                with self._lock:
                    self._running[job_id] = simulator
                try:
                    self._run(job_id, simulator)
                except Exception as error:
                    logger.exception("The job %s could not be run", job_id)
                    self._give_up(job_id, error)
                finally:
                    with self._lock:
                        del self._running[job_id]
                        self._interrupted.discard(job_id)
        finally:
            simulator.close()

    def _run(self, job_id: str, simulator: Simulator) -> None:
        if self._stopping.is_set() or not self._store.start_job(job_id):
            return
        job = self._store.job(job_id, with_content=True)
        device = None if job is None else self._catalog.get(job["backend"])
        if job is None or device is None:
            self._store.end_job(job_id, "Failed", "The device is not there any more", BAD_JOB)
            return
        params = job["params"] if self._seeds is None else self._seeds.seeded(job_id, job["params"])
        timer = threading.Timer(job["cost"], self._run_too_long, [job_id])
        timer.daemon = True
        timer.start()
        try:
            result = simulator.run(
                job["program"], params, device.latest, bool(job["noise"]), lambda: self._is_wanted(job_id)
            )
            self._store.finish_job(job_id, result)
        except JobFailed as error:
            self._store.end_job(job_id, "Failed", str(error), BAD_JOB if error.is_bad else INTERNAL, error.logs)
        except SimulatorDied as error:
            # A process that was killed because its job ended, or because the service stops, is no failure of the job.
            if self._is_wanted(job_id):
                self._store.end_job(job_id, "Failed", f"The simulator crashed ({error})", INTERNAL)
        finally:
            timer.cancel()

    def _is_wanted(self, job_id: str) -> bool:
        return not self._stopping.is_set() and job_id not in self._interrupted

    def _give_up(self, job_id: str, error: Exception) -> None:
        """Mark a job as failed because its results could not be kept; try until the store takes writes."""
        while True:
            try:
                self._store.end_job(job_id, "Failed", f"Its results could not be kept: {error}", INTERNAL)
            except sqlite3.Error:
                if self._stopping.wait(_RETRY):
                    return
            else:
                return

    def _run_too_long(self, job_id: str) -> None:
        if self._store.end_job(job_id, "Cancelled", "Ran too long", RAN_TOO_LONG):
            self.interrupt(job_id)
