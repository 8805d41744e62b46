# SPDX-License-Identifier: Apache-2.0
"""The base class of all jobs."""

from __future__ import annotations

import datetime
import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from qiskit.providers import JobStatus, JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES

from ... import _native
from ..._deadline import deadline, pause, seconds_left
from ..._logger import logger
from ..._progress import unseen, waiting
from ...client.endpoint import FIRST_POLL
from ...exceptions import IBMJobApiError, IBMJobTimeoutError
from .picture import job_repr

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.result import Result

    from ..._typing import MaybeNone
    from ...models import BackendProperties
    from ..device import Device
    from .queue_info import QueueInfo

#: Intervals between status requests: the growth factor, and the longest one in seconds. The endpoint has the first one.
_GROWTH, _LONGEST_WAIT = 1.5, 5.0
#: The same while the service cannot be reached.
_FIRST_PATIENCE, _LONGEST_PATIENCE = 0.5, 30.0
#: Seconds for which a service may be unreachable while a caller waits without a timeout.
OUTAGE = 600.0
#: A request that ends so shortly before the deadline ended because of it, in seconds.
_SLACK = 0.1
_T = TypeVar("_T")
_STATUSES = {
    "CREATING": JobStatus.INITIALIZING,
    "CREATED": JobStatus.INITIALIZING,
    "TRANSPILING": JobStatus.INITIALIZING,
    "TRANSPILED": JobStatus.INITIALIZING,
    "VALIDATING": JobStatus.VALIDATING,
    "VALIDATED": JobStatus.VALIDATING,
    "PENDING_IN_QUEUE": JobStatus.QUEUED,
    "QUEUED": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "COMPLETED": JobStatus.DONE,
    "CANCELLED": JobStatus.CANCELLED,
    "CANCELLED - RAN TOO LONG": JobStatus.CANCELLED,
    "FAILED": JobStatus.ERROR,
}

#: Statuses of jobs in sentences, for those who wait.
_WORDS = {
    JobStatus.INITIALIZING: "is being prepared",
    JobStatus.QUEUED: "is queued",
    JobStatus.VALIDATING: "is being checked",
    JobStatus.RUNNING: "is running",
}


def job_status(text: str) -> JobStatus | None:
    """Return the ``JobStatus`` of a status text of the service, in either case; ``None`` for an unknown text."""
    word = text.upper()
    return JobStatus.ERROR if word.startswith("ERROR") else _STATUSES.get(word)


class IBMJob(JobV1, ABC):  # type: ignore[misc]
    """A job: circuits that were submitted to a device, with their status and results.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMProvider
        >>> circuit = QuantumCircuit(1)
        >>> circuit.measure_all()
        >>> provider = IBMProvider(channel="local")
        >>> job = provider.get_backend("local_simulator").run(circuit, shots=100, job_tags=["mine"])
        >>> again = provider.job(job.job_id())  # in another process, or another day
        >>> again.result().get_counts(), again.tags()
        ({'0': 100}, ['mine'])
    """

    def __init__(self, backend: Device, job_id: str, name: str | None = None, **kwargs: Any) -> None:
        """Create a job; jobs come from ``backend.run()`` and ``provider.backend.retrieve_job()``."""
        super().__init__(backend, job_id)
        self._name = name
        for key, value in kwargs.items():
            setattr(self, f"{key}_", value)

    @abstractmethod
    def circuits(self) -> list[QuantumCircuit]:
        """Return the circuits; none if they are not known any more."""

    @abstractmethod
    def backend_options(self) -> dict[str, Any]:
        """Return the options that the job was run with."""

    @abstractmethod
    def header(self) -> dict[str, Any]:
        """Return the header that the job was given."""

    @abstractmethod
    def error_message(self) -> str | None:
        """Return why the job failed; ``None`` if it has not."""

    @abstractmethod
    def tags(self) -> list[str]:
        """Return the job's tags."""

    @abstractmethod
    def update_tags(self, new_tags: list[str]) -> list[str]:
        """Replace the job's tags; return those it has then."""

    @abstractmethod
    def refresh(self) -> None:
        """Ask the service again for everything that may have changed."""

    @abstractmethod
    def time_per_step(self) -> dict[str, datetime.datetime]:
        """Return the times of the events so far: ``CREATED``, ``RUNNING``, ``COMPLETED``, and others of the service."""

    @abstractmethod
    def properties(self, refresh: bool = False) -> BackendProperties | MaybeNone:
        """Return the device's properties at the time the job ran; ``None`` if the device has none.

        A job of several parts returns a list of them if the device was calibrated between two parts.
        """

    @abstractmethod
    def usage(self) -> float:
        """Return the charged device time, in seconds; 0 while it is not known."""

    @property
    @abstractmethod
    def client_version(self) -> dict[str, str]:
        """The versions of the packages that submitted the job, as far as they are known."""

    @abstractmethod
    def creation_date(self) -> datetime.datetime:
        """Return when the job was created: aware, in this machine's time zone."""

    @abstractmethod
    def queue_info(self) -> QueueInfo | None:
        """Return the job's position in the queue; ``None`` if it is not known."""

    def submit(self) -> NoReturn:
        """Raise IBMJobInvalidStateError: jobs are submitted by ``backend.run()``."""
        from ...exceptions import IBMJobInvalidStateError

        raise IBMJobInvalidStateError("job.submit() is not supported. Use IBMBackend.run() to submit a job.")

    def name(self) -> str | None:
        """Return the job's name, which only this object knows."""
        return self._name

    def update_name(self, name: str) -> str:
        """Give the job a name, which only this object knows.

        Raises:
            IBMJobInvalidStateError: It is no text.
        """
        if not isinstance(name, str):
            from ...exceptions import IBMJobInvalidStateError

            raise IBMJobInvalidStateError(f"name must be a string, not {name!r}.")
        self._name = name
        return name

    def queue_position(self, refresh: bool = False) -> int | None:
        """Return the job's place in the queue; ``None`` if it does not wait, or the service does not tell.

        The local service tells, today's platform does not.

        Args:
            refresh: Whether to ask the service first.
        """
        if refresh:
            self.status()
        info = self.queue_info()
        return None if info is None else info.position

    def scheduling_mode(self) -> str | None:
        """Return how the job is scheduled; ``None``, because today's platform does not tell."""
        return None

    def in_final_state(self) -> bool:
        """Return whether the job is done, cancelled or failed."""
        return self.status() in JOB_FINAL_STATES

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        wait: float | None = None,
        callback: Callable[..., Any] | None = None,
    ) -> None:
        """Wait until the job is done, cancelled or failed.

        An outage of the service is waited for, too: until the timeout, or for ten minutes if there is none.

        Args:
            timeout: The longest time to wait, in seconds, whatever the service does.
            wait: Seconds between questions to the service; by default they become more, from 0.1 (0.01 for a service on
                this machine) to 5.
            callback: Called after each question as ``callback(job_id, status, job, queue_info=...)``.

        Raises:
            IBMJobTimeoutError: It is none of that in time.
            IBMJobApiError: The service cannot be asked, or could not be for ten minutes. The job goes on.
        """
        # A callback shows the status in its own way.
        shown = waiting(self._waited_for()) if callback is None else unseen()
        with self._until(timeout), shown as tell:
            seconds = self._first_wait() if wait is None else wait
            ask: Callable[[], JobStatus] = self._status_soon if wait is None and callback is None else self.status
            while (status := self._outlasting(ask)) not in JOB_FINAL_STATES:
                ask = self.status
                if tell is not None:
                    tell(self._waited_for(status))
                if callback is not None:
                    callback(self.job_id(), status, self, queue_info=self.queue_info())
                if seconds_left() <= 0:
                    raise IBMJobApiError(f"Job {self.job_id()} is {status.value} and was not done in time.")
                pause(seconds)
                if wait is None:
                    seconds = min(seconds * _GROWTH, _LONGEST_WAIT)

    def _waited_for(self, status: JobStatus | None = None) -> str:
        """Return a text about the state of the job, for those who wait for it."""
        job = f"Job {self.job_id()} on {self.backend().name}"
        if status is None:
            return f"Waiting for {job[0].lower()}{job[1:]}"
        parts = [f"{job} {_WORDS.get(status, status.value)}"]
        info = self.queue_info()
        if info is not None and info.position is not None:
            parts.append(f"position {info.position}")
        if info is not None and info.estimated_start_time is not None:
            parts.append(f"estimated start {_minute(info.estimated_start_time)}")
        return ", ".join(parts)

    def _status_soon(self) -> JobStatus:
        """Return the status, after a moment in which the job may be done."""
        return self.status()

    def _first_wait(self) -> float:
        first = getattr(self.backend()._api_client, "first_poll", None)
        # Third-party clients may not have it.
        return first if isinstance(first, float) else FIRST_POLL

    @contextmanager
    def _until(self, timeout: float | None) -> Iterator[None]:
        """Let everything within end in time, and raise IBMJobTimeoutError for what does not."""
        if timeout is None:
            yield
            return
        end = time.monotonic() + timeout
        with deadline(end):
            try:
                yield
            except IBMJobApiError as error:
                if time.monotonic() < end - _SLACK:
                    raise
                raise self._timed_out(timeout, error) from error

    def _outlasting(self, ask: Callable[[], _T]) -> _T:
        """Return the reply of the service; repeat the request while the service cannot be reached.

        Raises:
            IBMJobApiError: It cannot be asked for a reason that does not pass, or for ten minutes, or until the
                deadline.
        """
        start, seconds = time.monotonic(), _FIRST_PATIENCE
        is_told = False
        while True:
            try:
                return ask()
            except IBMJobApiError as error:
                tried, left = time.monotonic() - start, seconds_left()
                if not error.is_transient or left <= _SLACK:
                    raise
                if left == math.inf and tried >= OUTAGE:
                    raise IBMJobApiError(
                        f"The service has been out of reach for {tried:.0f} s: {error} Job {self.job_id()} goes on: ask for"
                        " it again later with provider.backend.retrieve_job."
                    ) from error
                level = logging.DEBUG if is_told else logging.WARNING
                logger.log(
                    level,
                    "The service is out of reach while job %s is waited for; it is asked again until it answers: %s",
                    self.job_id(),
                    error,
                )
                is_told = True
                # A wait that would last until the deadline leaves time for one more look.
                with waiting(f"The service is out of reach, job {self.job_id()} is asked for again"):
                    pause(min(seconds, max(left / 2, _SLACK)))
                seconds = min(seconds * 2, _LONGEST_PATIENCE)

    def _timed_out(self, timeout: float, error: IBMJobApiError) -> IBMJobTimeoutError:
        because = f" The service was out of reach: {error}" if error.is_transient else ""
        return IBMJobTimeoutError(
            f"Timed out waiting for job {self.job_id()} to complete after {timeout} secs. It goes on: ask for it again with"
            f" provider.backend.retrieve_job.{because}"
        )

    @abstractmethod
    def result(
        self,
        timeout: float | None = None,
        *,
        wait: float | None = None,
        partial: bool = False,
        refresh: bool = False,
    ) -> Result:
        """Return the result, once there is one.

        The positions after ``timeout`` are those of qiskit-ibm-provider 0.11, which differ between kinds of jobs.

        Args:
            timeout: The longest time to wait, in seconds.
            wait: Seconds between requests to the service.
            partial: Whether to return what there is of a job that failed.
            refresh: Whether to fetch it again. Otherwise the first one is kept.
        """

    def __repr__(self) -> str:
        return job_repr(self, None)


def _minute(time: datetime.datetime) -> str:
    """Return a time as clocks on this machine show it, with the date if that is not today's."""
    local = time.astimezone()
    is_today = local.date() == datetime.datetime.now(datetime.timezone.utc).astimezone().date()
    return f"{local:%H:%M}" if is_today else f"{local:%Y-%m-%d %H:%M}"


def local_time(text: str | None) -> datetime.datetime | None:
    """Return the moment that the service writes, in this machine's time zone; what has no zone is UTC."""
    if not text:
        return None
    return _native.parse_instant(text).astimezone()
