# SPDX-License-Identifier: Apache-2.0
"""Finding jobs."""

from __future__ import annotations

import datetime as dt_module
import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from qiskit.providers import JobStatus
from qiskit.providers.jobstatus import JOB_FINAL_STATES

from ..._logger import logger
from ..._redaction import redact
from ...exceptions import (
    BackendPayloadError,
    IBMApiError,
    IBMBackendApiError,
    IBMBackendNotFoundError,
    IBMBackendValueError,
    IBMError,
    IBMInputValueError,
    IBMJobNotFoundError,
)
from ..retired import IBMRetiredBackend
from ..run.programs import program_called
from ..run.validation import MAX_TAGS, warn
from .circuit_job import COMPOSITE_TAG, RECORD_TAG, IBMCircuitJob
from .composite_job import IBMCompositeJob

if TYPE_CHECKING:
    from ...client.api import RuntimeClient
    from ..backend import IBMBackend
    from ..provider import IBMProvider
    from .base import IBMJob

#: The service gives this many jobs at once.
_PAGE = 50
#: How many pages are looked through. Who has more jobs than that narrows the search.
_MAX_PAGES = 1000
_PROGRAMS = ("sampler", "executor")
_PENDING = frozenset({JobStatus.INITIALIZING, JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.RUNNING})


class JobSearch(ABC):
    """Finds jobs: what :class:`IBMBackendService` knows of them."""

    _provider: IBMProvider

    @abstractmethod
    def _clients(self, instance: str | None) -> Sequence[RuntimeClient]:
        """Return clients of the instance, or of all."""

    @abstractmethod
    def _call(self) -> AbstractContextManager[None]:
        """Return a context in which all requests together end within the time of a call."""

    @abstractmethod
    def _backend_of(self, name: str, client: RuntimeClient) -> IBMBackend:
        """Return a backend of an instance."""

    def jobs(
        self,
        limit: int | None = 10,
        skip: int = 0,
        backend_name: str | None = None,
        status: str | JobStatus | Sequence[str | JobStatus] | None = None,
        start_datetime: dt_module.datetime | None = None,
        end_datetime: dt_module.datetime | None = None,
        job_tags: list[str] | None = None,
        descending: bool = True,
        instance: str | None = None,
        legacy: bool = False,
        *,
        session_id: str | None = None,
        foreign: bool = False,
    ) -> list[IBMJob]:
        """Return jobs that were run by this package, the latest one first.

        Args:
            limit: How many at most; ``None`` for all.
            skip: How many to leave out before that.
            backend_name: Those of this device.
            status: Those with this status or one of these: ``JobStatus``, its name, ``"pending"`` or ``"completed"``.
            start_datetime: Those created after this. One without time zone is in this machine's.
            end_datetime: Those created before this.
            job_tags: Those with all of these tags.
            descending: Whether the latest one comes first; otherwise, the oldest one does.
            instance: Those of this instance, a CRN or a name.
            legacy: Those of a service that there is not any more: none.
            session_id: Those of this session.
            foreign: Also jobs of circuits that other clients submitted.

        Raises:
            IBMBackendValueError: An argument makes no sense.
            TypeError: A time is no datetime.
            IBMBackendApiError: The service could not be asked.
        """
        _check_filters(start_datetime, end_datetime, job_tags)
        statuses = _statuses(status)
        pending = None
        if statuses is not None:
            pending = False if statuses <= set(JOB_FINAL_STATES) else True if statuses <= _PENDING else None
        filters = {
            "backend": backend_name, "pending": pending, "created_after": start_datetime, "created_before": end_datetime,
            "tags": job_tags or None, "session_id": session_id, "sort": None if descending else "ASC",
        }  # fmt: skip
        if legacy:
            warn("Jobs of the service that ended in 2024 cannot be had any more.", 2)
        if legacy or limit == 0:
            return []
        with self._call():
            return self._found(self._clients(instance), filters, statuses, foreign, skip, limit)

    def _found(
        self,
        clients: Sequence[RuntimeClient],
        filters: dict[str, Any],
        statuses: set[JobStatus] | None,
        foreign: bool,
        skip: int,
        limit: int | None,
    ) -> list[IBMJob]:
        pages = [self._entries(client, filters) for client in clients]
        # Each instance lists its jobs in order.
        every = heapq.merge(*pages, key=lambda each: str(each[0].get("created")), reverse=filters["sort"] is None)
        found: list[IBMJob] = []
        for reply, client in every:
            if _program_of(reply) not in _PROGRAMS or not (foreign or _is_ours(reply, client)):
                continue
            job = self._restored_or_none(reply, client)
            if job is None or (statuses is not None and job._status not in statuses):
                continue
            if skip > 0:
                skip -= 1
                continue
            found.append(job)
            if limit is not None and len(found) >= limit:
                break
        return found

    def _entries(
        self, client: RuntimeClient, filters: dict[str, Any]
    ) -> Iterator[tuple[dict[str, Any], RuntimeClient]]:
        for reply in self._pages(client, filters):
            yield reply, client

    @staticmethod
    def _pages(client: RuntimeClient, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Give what the service says about jobs, a page after another while there are any."""
        seen = 0
        for _ in range(_MAX_PAGES):
            try:
                page = client.jobs_get(_PAGE, seen, **filters)
            except IBMApiError as error:
                raise IBMBackendApiError(f"Jobs cannot be listed: {error}") from None
            yield from page["jobs"]
            seen += len(page["jobs"])
            count = page.get("count", seen)
            if not page["jobs"] or not isinstance(count, int) or seen >= count:
                return
        raise IBMBackendApiError(
            f"The list of jobs has no end after {seen}. Narrow it by backend_name, job_tags, start_datetime or end_datetime."
        )

    def retrieve_job(self, job_id: str) -> IBMJob:
        """Return a job.

        Raises:
            IBMJobNotFoundError: There is none of that id.
            IBMInputValueError: It is no job of circuits.
            IBMBackendApiError: The service could not be asked.
        """
        with self._call():
            return self._composite(job_id) if job_id.startswith(COMPOSITE_TAG) else self._retrieved(job_id)

    def _retrieved(self, job_id: str) -> IBMJob:
        for client in self._clients(None):
            try:
                reply = client.job_get(job_id)
            except IBMApiError as error:
                if getattr(error, "status_code", 0) in (400, 404):
                    continue
                raise IBMBackendApiError(f"Failed to get job {job_id}: {error}") from None
            program = _program_of(reply)
            if program not in _PROGRAMS:
                raise IBMInputValueError(
                    f"Job {job_id} is one of the program {program!r}, not of circuits; use qiskit-ibm-runtime for it."
                )
            return self._restored(reply, client)
        raise IBMJobNotFoundError(f"Job not found: {job_id}. Error code: 3250.")

    def _composite(self, job_id: str) -> IBMCompositeJob:
        for client in self._clients(None):
            replies = list(self._pages(client, {"tags": [job_id]}))
            if replies:
                return IBMCompositeJob.from_jobs(job_id, [self._restored(reply, client) for reply in replies])
        raise IBMJobNotFoundError(f"Job not found: {job_id}: no job has it as a tag.")

    def _restored(self, reply: dict[str, Any], client: RuntimeClient) -> IBMCircuitJob:
        name = reply.get("backend")
        name = redact(name) if name and isinstance(name, str) else "unknown"
        try:
            backend = self._backend_of(name, client)
        except (IBMBackendNotFoundError, BackendPayloadError):
            backend = IBMRetiredBackend.from_name(name, self._provider, client)
        return IBMCircuitJob(backend, client, str(reply["id"]), reply=reply)

    def _restored_or_none(self, reply: dict[str, Any], client: RuntimeClient) -> IBMCircuitJob | None:
        try:
            return self._restored(reply, client)
        except (IBMError, KeyError, TypeError, ValueError) as error:
            logger.warning('Discarding job "%s" because it contains invalid data: %s', reply.get("id"), error)
            return None


def _check_filters(start: Any, end: Any, tags: Any) -> None:
    for moment in (start, end):
        if moment is not None and not isinstance(moment, dt_module.datetime):
            raise TypeError(f"{moment!r} is not a datetime.")
    if tags is not None and (not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags)):
        raise IBMBackendValueError(f"job_tags is {tags!r}; it must be a list of strings.")


def _program_of(reply: dict[str, Any]) -> Any:
    program = reply.get("program")
    return program.get("id") if isinstance(program, dict) else None


def _is_ours(reply: dict[str, Any], client: RuntimeClient) -> bool:
    """Return whether this package submitted a job: it has our tag, or no room for one and our record."""
    tags = reply.get("tags")
    if not isinstance(tags, list):
        return False
    if any(isinstance(tag, str) and tag.startswith(RECORD_TAG) for tag in tags):
        return True
    if len(tags) < MAX_TAGS:
        return False
    params = client.job_get(str(reply.get("id")), exclude_params=False).get("params")
    return isinstance(params, dict) and bool(program_called(str(_program_of(reply))).job_record(params))


def _statuses(status: Any) -> set[JobStatus] | None:
    """Return the statuses that are wanted; ``None`` for all."""
    if status is None:
        return None
    wanted: set[JobStatus] = set()
    for each in [status] if isinstance(status, str | JobStatus) else status:
        word = each.name if isinstance(each, JobStatus) else str(each).upper()
        if word == "PENDING":
            wanted |= _PENDING
        elif word == "COMPLETED":
            wanted |= set(JOB_FINAL_STATES)
        elif word in JobStatus.__members__:
            wanted.add(JobStatus[word])
        else:
            raise IBMBackendValueError(
                f"{each!r} is not a status: use 'pending', 'completed' or one of {list(JobStatus.__members__)}."
            )
    return wanted
