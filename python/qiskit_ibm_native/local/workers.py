# SPDX-License-Identifier: Apache-2.0
"""Running jobs, a few at once."""

from __future__ import annotations

import os
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import orjson

from ..logger import logger
from .devices import Catalog
from .engine import Cancelled
from .programs import run_job
from .store import Store
from .wire import BadInput

RAN_TOO_LONG = 1305
BAD_JOB = 1517
INTERNAL = 5203


class Workers:
    """Runs jobs of a store in threads: the simulator lets others run while it works."""

    def __init__(self, store: Store, catalog: Catalog, has_noise: bool, number: int | None = None) -> None:
        """Start with the jobs that wait already."""
        self._store = store
        self._catalog = catalog
        self._has_noise = has_noise
        self._is_stopped = threading.Event()
        self._executor = ThreadPoolExecutor(number or min(os.cpu_count() or 1, 4), thread_name_prefix="job")
        for job_id in store.adopt():
            self.submit(job_id)

    def submit(self, job_id: str) -> None:
        """Run a job when there is a thread for it."""
        self._executor.submit(self._run, job_id)

    def stop(self) -> None:
        """Start no more jobs. Those that run stop at the next circuit and wait in the store again."""
        self._is_stopped.set()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _run(self, job_id: str) -> None:
        try:
            self._run_job(job_id)
        except Exception:
            logger.exception("The job %s could not be run", job_id)

    def _run_job(self, job_id: str) -> None:
        if self._is_stopped.is_set() or not self._store.start_job(job_id):
            return
        job = self._store.job(job_id, with_content=True)
        if job is None:
            return
        timer = threading.Timer(job["cost"], self._run_too_long, [job_id])
        timer.daemon = True
        timer.start()
        try:
            device = self._catalog.get(job["backend"])
            if device is None:
                raise BadInput(f"there is no device {job['backend']!r} any more")
            result = run_job(
                job["program"], orjson.loads(job["params"]), device, self._has_noise, lambda: self._is_unwanted(job_id)
            )
            self._store.finish_job(job_id, result)
        except Cancelled:
            pass
        except BadInput as error:
            self._store.end_job(job_id, "Failed", str(error), BAD_JOB)
        except Exception as error:
            logs = traceback.format_exc()
            self._store.end_job(job_id, "Failed", f"The simulation failed: {error}", INTERNAL, logs)
        finally:
            timer.cancel()

    def _is_unwanted(self, job_id: str) -> bool:
        if self._is_stopped.is_set():
            return True
        job = self._store.job(job_id)
        return job is None or job["status"] != "Running"

    def _run_too_long(self, job_id: str) -> None:
        self._store.end_job(job_id, "Cancelled", "Ran too long", RAN_TOO_LONG)
