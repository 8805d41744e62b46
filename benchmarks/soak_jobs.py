# SPDX-License-Identifier: Apache-2.0
"""Jobs from many threads while the service is killed and started again, in the midst of whatever it does."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from qiskit.providers import JobStatus
from tests.support.faulty.calls import DEVICE, circuit
from tests.support.faulty.matrix import exported

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.exceptions import IBMError

SHOTS = 10
#: No job takes that long, also if the service is killed under it several times.
_LONGEST = 900.0
#: Seconds between looks how far the threads are.
_LOOK = 0.2


class Killing:
    """A run: every job is submitted by one of the threads, which waits for the result."""

    def __init__(self, jobs: int, threads: int, kills: int) -> None:
        """Prepare a run of so many jobs, threads and kills."""
        self._jobs, self._threads, self._kills = jobs, threads, kills
        self._tag = f"soak-{secrets.token_hex(8)}"
        self._lock = threading.Lock()
        self._next = 0
        self._results = 0
        #: By number of the job: the id that the submission returned.
        self._submitted: dict[int, str] = {}
        #: By number of the job: what was raised.
        self._errors: dict[int, str] = {}
        #: Submissions that ended in an error: those of which that says that the job may be there, and the others.
        self._unknown = self._refused = 0
        # A warning for each wait that outlasts an outage.
        logging.getLogger("qiskit_ibm_native").setLevel(logging.ERROR)

    def play(self, sample: Callable[[int], dict[str, Any]], warm: float) -> dict[str, Any]:
        """Make the run; ``sample`` is called when so much of it is done, and at the end."""
        with tempfile.TemporaryDirectory() as folder:
            service = Service(folder)
            os.environ.update(service.environment)
            try:
                with IBMProvider() as provider:
                    samples = self._drive(provider, service, sample, warm)
                    return {**samples, **self._account(provider)}
            finally:
                service.kill()

    def _drive(
        self, provider: IBMProvider, service: Service, sample: Callable[[int], dict[str, Any]], warm: float
    ) -> dict[str, Any]:
        backend = provider.get_backend(DEVICE)
        workers = [
            threading.Thread(target=self._work, args=[provider, backend], daemon=True) for _ in range(self._threads)
        ]
        for worker in workers:
            worker.start()
        samples: dict[str, Any] = {}
        kills = 0
        while any(worker.is_alive() for worker in workers):
            time.sleep(_LOOK)
            done = self._results + len(self._errors)
            if "warm" not in samples and done >= warm * self._jobs:
                samples["warm"] = sample(done)
            if kills < self._kills and done >= (kills + 1) * self._jobs / (self._kills + 1):
                service.kill()
                service.start()
                kills += 1
        return {**samples, "end": sample(self._results + len(self._errors)), "kills": kills}

    def _work(self, provider: IBMProvider, backend: Any) -> None:
        while (number := self._take()) is not None:
            try:
                job = self._submit(provider, backend, f"{self._tag}-{number}")
                self._submitted[number] = job.job_id()
                counts = job.result(timeout=_LONGEST).get_counts()
                if sum(counts.values()) != SHOTS:
                    raise ValueError(f"{counts} are not {SHOTS} shots")  # noqa: TRY301 (counted like all else)
                with self._lock:
                    self._results += 1
            except Exception as error:
                self._errors[number] = f"{type(error).__name__}: {error}"
                if not isinstance(error, IBMError):
                    raise

    def _submit(self, provider: IBMProvider, backend: Any, tag: str) -> Any:
        """Submit a job until the service has it; after an unclear failure, search for the job, as the error advises."""
        end = time.monotonic() + _LONGEST
        while True:
            try:
                return backend.run(circuit(), shots=SHOTS, job_tags=[self._tag, tag])
            except IBMError as error:
                if time.monotonic() > end:
                    raise
                is_unknown = "qiskit-ibm-native:" in str(error)
            with self._lock:
                self._unknown += is_unknown
                self._refused += not is_unknown
            found = self._looked_up(provider, tag, end) if is_unknown else []
            if found:
                return found[0]

    def _looked_up(self, provider: IBMProvider, tag: str, end: float) -> list[Any]:
        while True:
            try:
                return provider.jobs(limit=None, job_tags=[tag])
            except IBMError:
                if time.monotonic() > end:
                    raise

    def _take(self) -> int | None:
        with self._lock:
            if self._next == self._jobs:
                return None
            self._next += 1
            return self._next

    def _account(self, provider: IBMProvider) -> dict[str, Any]:
        """Compare what the threads know with what the service has."""
        there = list(provider.jobs(limit=None, job_tags=[self._tag]))
        numbers = Counter(int(tag.rsplit("-", 1)[1]) for job in there for tag in job.tags() if tag != self._tag)
        ids = {job.job_id() for job in there}
        undone = [job for job in there if job.status() is not JobStatus.DONE]
        return {
            "jobs": self._jobs,
            "threads": self._threads,
            "results": self._results,
            "errors": len(self._errors),
            "unknown": self._unknown,
            "refused": self._refused,
            "first_errors": [text[:200] for text in list(self._errors.values())[:5]],
            "twice": sum(count > 1 for count in numbers.values()),
            "lost": sum(job_id not in ids for job_id in self._submitted.values()),
            "untold": sum(number not in self._submitted for number in numbers),
            "undone": len(undone),
        }

    @staticmethod
    def problems(found: dict[str, Any]) -> list[str]:
        """Return what must not be."""
        wrong = {name: found[name] for name in ("errors", "twice", "lost", "untold", "undone") if found[name]}
        return [f"{count} jobs: {name}" for name, count in wrong.items()] + [
            text for text in found["first_errors"] if wrong
        ]


class Service:
    """A service in a process of its own, which comes back where it was with what it had."""

    def __init__(self, folder: str) -> None:
        """Start it, with its store in a folder."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._command = [
            sys.executable, "-m", "qiskit_ibm_native", "serve", "--port", str(port), "--store", f"{folder}/jobs",
            "--token", secrets.token_urlsafe(32), "--workers", "2",
        ]  # fmt: skip
        self.environment: dict[str, str] = {}
        self.start()

    def start(self) -> None:
        """Start it; returns when it listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self.environment = exported(self._process)
        if not self.environment:
            raise RuntimeError(f"the service did not start: {self._process.wait()}")

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self._process.kill()
        self._process.communicate()
