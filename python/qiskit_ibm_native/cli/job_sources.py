# SPDX-License-Identifier: Apache-2.0
"""Jobs as verbs show them, from two sources: the service of an account, and the file of local services."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exceptions import IBMJobInvalidStateError, IBMJobNotFoundError
from . import connecting

if TYPE_CHECKING:
    from qiskit.result import Result
    from typing_extensions import Self

    from ..provider.jobs.base import IBMJob
    from ..provider.provider import IBMProvider

_PENDING, _FINAL = (
    frozenset({"initializing", "validating", "queued", "running"}),
    frozenset({"done", "cancelled", "error"}),
)
_GROUPS = {"pending": _PENDING, "completed": _FINAL}


@dataclass(frozen=True)
class JobFilter:
    """The jobs that a list has.

    Attributes:
        device: The name of a device.
        statuses: Statuses in lower case, and ``"pending"`` and ``"completed"`` for several of them.
        tags: Tags that jobs have all.
        session: A session.
        since: The earliest time of creation (aware).
        limit: The largest number of jobs.
        foreign: Whether jobs of other clients are listed, too.
    """

    device: str | None = None
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    session: str | None = None
    since: datetime.datetime | None = None
    limit: int = 1
    foreign: bool = False


@dataclass(frozen=True)
class JobRow:
    """A job as verbs show it; times are aware, and statuses are Qiskit's in lower case.

    Attributes:
        id: The identifier.
        device: The name of its device.
        status: The status.
        created: The time of its creation.
        program: The program that runs it.
        tags: Its tags.
        session: Its session.
        position: Its place in the queue, if the service tells.
        started: The time of its begin.
        ended: The time of its end.
        reason: Why it failed or was cancelled.
    """

    id: str
    device: str
    status: str
    created: datetime.datetime | None
    program: str = ""
    tags: tuple[str, ...] = field(default=())
    session: str | None = None
    position: int | None = None
    started: datetime.datetime | None = None
    ended: datetime.datetime | None = None
    reason: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether the job is done, cancelled or failed."""
        return self.status in _FINAL

    @property
    def told(self) -> str:
        """The status for people, with the place in the queue."""
        return self.status if self.position is None else f"{self.status}, place {self.position} in the queue"

    def to_dict(self) -> dict[str, Any]:
        """Return the job for JSON, times in UTC."""
        times = {name: getattr(self, name) for name in ("created", "started", "ended")}
        utc = datetime.timezone.utc
        return asdict(self) | {name: time and time.astimezone(utc).isoformat() for name, time in times.items()}


#: Jobs, and names and counts of circuits; sources have a method called ``list``.
Rows = list[JobRow]
Measured = list[tuple[str, dict[str, int]]]


class JobSource(ABC):
    """A place with jobs. Leaving the context of one releases what it uses."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Release what the source uses."""

    def id_of(self, job_id: str | None) -> str:
        """Return an identifier, by default that of the latest job.

        Raises:
            IBMJobNotFoundError: There is no job at all.
        """
        if job_id is not None:
            return job_id
        latest = self.list(JobFilter(limit=1))
        if not latest:
            raise IBMJobNotFoundError("There is no job yet; 'qiskit-ibm-native run' makes one.")
        return latest[0].id

    @abstractmethod
    def list(self, wanted: JobFilter) -> Rows:
        """Return jobs, the latest one first."""

    @abstractmethod
    def state(self, job_id: str) -> JobRow:
        """Return a job as it is now.

        Raises:
            IBMJobNotFoundError: There is none.
        """

    def details(self, job_id: str) -> JobRow:
        """Return a job with its times and its reason."""
        return self.state(job_id)

    @abstractmethod
    def counts(self, job_id: str, timeout: float | None) -> Measured:
        """Return name and counts of each circuit, once the job is done."""

    @abstractmethod
    def cancel(self, job_id: str) -> None:
        """Cancel a job.

        Raises:
            IBMJobInvalidStateError: It is done already.
        """


class AccountJobs(JobSource):
    """Jobs of an account, by its service."""

    def __init__(self, provider: IBMProvider) -> None:
        """Take over a provider."""
        self._provider = provider
        self._job: IBMJob | None = None

    def close(self) -> None:
        """Close the provider."""
        self._provider.close()

    def list(self, wanted: JobFilter) -> Rows:
        """Return jobs, the latest one first."""
        device = wanted.device if wanted.device is None else self._provider.get_backend(wanted.device).name
        found = self._provider.jobs(
            wanted.limit, backend_name=device, status=list(wanted.statuses) or None, start_datetime=wanted.since,
            job_tags=list(wanted.tags) or None, session_id=wanted.session, foreign=wanted.foreign,
        )  # fmt: skip
        return [_row_of(job) for job in found]

    def _known(self, job_id: str) -> IBMJob:
        if self._job is None or self._job.job_id() != job_id:
            self._job = self._provider.job(job_id)
        return self._job

    def state(self, job_id: str) -> JobRow:
        """Return a job as it is now."""
        return _row_of(self._known(job_id))

    def details(self, job_id: str) -> JobRow:
        """Return a job with its times and its reason."""
        job, row = self._known(job_id), self.state(job_id)
        times = job.time_per_step()
        ended = next((times[name] for name in ("COMPLETED", "CANCELLED", "ERROR", "FAILED") if name in times), None)
        return JobRow(**{
            **vars(row), "started": times.get("RUNNING"), "ended": ended,
            "reason": job.error_message() if row.status == "error" else None,
        })  # fmt: skip

    def counts(self, job_id: str, timeout: float | None) -> Measured:
        """Return name and counts of each circuit, once the job is done."""
        return _counts_of(self._known(job_id).result(timeout=timeout))

    def cancel(self, job_id: str) -> None:
        """Cancel a job."""
        row = self.state(job_id)
        if row.is_final:
            raise _too_late(row)
        self._known(job_id).cancel()


def _too_late(row: JobRow) -> IBMJobInvalidStateError:
    return IBMJobInvalidStateError(f"Job {row.id} cannot be cancelled: it is {row.status}.")


def _own_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags that the user gave."""
    from ..provider.jobs.tags import is_internal

    return tuple(tag for tag in tags if not is_internal(tag))


def _row_of(job: IBMJob) -> JobRow:
    info = job.queue_info()
    return JobRow(
        job.job_id(), job.backend().name, job.status().name.lower(), job.creation_date(),
        getattr(job, "program_id", ""), _own_tags(job.tags()), getattr(job, "session_id", None),
        None if info is None else info.position,
    )  # fmt: skip


def _counts_of(result: Result) -> Measured:
    names = [getattr(experiment.header, "name", "") if experiment.header else "" for experiment in result.results]
    return [
        (name or f"circuit {number}", dict(result.get_counts(number))) for number, name in enumerate(names)
    ]  # fmt: skip


class LocalJobs(JobSource):
    """Jobs that services on this machine keep in a file, which is only read, but to cancel a job."""

    def __init__(self, store: Path | None) -> None:
        """Take the file of jobs; by default that of the user."""
        from ..local.jobs.reading import store_path

        self._path = store_path(store)

    def close(self) -> None:
        """Do nothing: the file is open for a moment at a time."""

    def list(self, wanted: JobFilter) -> Rows:
        """Return jobs, the latest one first."""
        from ..local.jobs.reading import stored_jobs

        statuses = {name.upper() for word in wanted.statuses for name in _GROUPS.get(word, (word,))}
        found = stored_jobs(
            self._path, device=wanted.device and self._device(wanted.device), statuses=frozenset(statuses) or None,
            since=wanted.since, tags=wanted.tags, session_id=wanted.session, limit=wanted.limit,
        )  # fmt: skip
        return [_row_of_stored(job) for job in found]

    def _device(self, name: str) -> str:
        """Return a device's name as the jobs have it."""
        from ..local.jobs.reading import stored_jobs
        from ..snapshot.device_names import find_device

        return find_device(name, {job["backend"] for job in stored_jobs(self._path)}) or name

    def state(self, job_id: str) -> JobRow:
        """Return a job as it is now."""
        from ..local.jobs.reading import stored_jobs
        from .program import did_you_mean

        found = next(stored_jobs(self._path, job_id=job_id), None)
        if found is None:
            hint = did_you_mean(job_id, [job["id"] for job in stored_jobs(self._path, limit=200)])
            raise IBMJobNotFoundError(f"There is no job {job_id!r} in {self._path}.{hint}")
        return _row_of_stored(found)

    def counts(self, job_id: str, timeout: float | None) -> Measured:
        """Return name and counts of each circuit, once the job is done."""
        # Before a service is started, which would make the file.
        self.state(job_id)
        with connecting.provider_of(connecting.LOCAL, store=self._path) as provider:
            return _counts_of(provider.job(job_id).result(timeout=timeout))

    def cancel(self, job_id: str) -> None:
        """Cancel a job; the service that runs it, if there is one, sees that in the file."""
        from ..local.jobs.store import open_store

        row = self.state(job_id)
        store = open_store(self._path)
        try:
            is_cancelled = store.end_job(job_id, "Cancelled", "Cancelled at the command line")
        finally:
            store.close()
        if not is_cancelled:
            raise _too_late(row)


def _row_of_stored(job: dict[str, Any]) -> JobRow:
    from .._timestamps import optional_instant

    times = {name: optional_instant(job[name]) for name in ("created", "running", "finished")}
    return JobRow(
        job["id"], job["backend"], job["status"].lower(), times["created"], job["program"], _own_tags(job["tags"]),
        job["session_id"], None, times["running"], times["finished"], job["reason"],
    )  # fmt: skip
