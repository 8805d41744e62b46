# SPDX-License-Identifier: Apache-2.0
"""The search for jobs of an account."""

from __future__ import annotations

import datetime as dt_module
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Integral
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
from .circuit_job import IBMCircuitJob
from .composite_job import IBMCompositeJob
from .tags import COMPOSITE_TAG, MAX_TAGS, RECORD_TAG

if TYPE_CHECKING:
    from ...client.api import RuntimeClient
    from ..device import Device
    from .base import IBMJob

#: The service gives this many jobs at once.
_PAGE = 50
#: The largest number of pages that a search reads. Users with more jobs have to narrow the search.
_MAX_PAGES = 1000
_PROGRAMS = ("sampler", "executor")
_PENDING = frozenset({JobStatus.INITIALIZING, JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.RUNNING})


class JobSearch:
    """Finds jobs of this package among all that the service lists."""

    def __init__(
        self,
        clients: Callable[[str | None], Sequence[RuntimeClient]],
        backend_of: Callable[[str, RuntimeClient], Device],
        provider: Any,
    ) -> None:
        """Create a search.

        Args:
            clients: Returns the clients of an instance, or of all instances.
            backend_of: Returns the backend of a name.
            provider: The provider of backends that the service does not have any more.
        """
        self._clients, self._backend_of, self._provider = clients, backend_of, provider

    def jobs(
        self,
        *,
        limit: int | None,
        skip: int,
        backend_name: str | None,
        status: str | JobStatus | Sequence[str | JobStatus] | None,
        start_datetime: dt_module.datetime | None,
        end_datetime: dt_module.datetime | None,
        job_tags: list[str] | None,
        descending: bool,
        instance: str | None,
        session_id: str | None,
        foreign: bool,
    ) -> list[IBMJob]:
        """Return jobs; see :meth:`IBMBackendService.jobs`."""
        _check_filters(start_datetime, end_datetime, job_tags)
        _check_count("limit", limit, is_optional=True)
        _check_count("skip", skip, is_optional=False)
        statuses = _statuses(status)
        pending = None
        if statuses is not None:
            pending = False if statuses <= set(JOB_FINAL_STATES) else True if statuses <= _PENDING else None
        filters = {
            "backend": backend_name, "pending": pending, "created_after": start_datetime, "created_before": end_datetime,
            "tags": job_tags or None, "session_id": session_id, "sort": None if descending else "ASC",
        }  # fmt: skip
        if limit == 0:
            return []
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
        """Yield the job entries of the service's replies, page by page."""
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
            f"The list of jobs did not end after {seen} jobs. Narrow it by backend_name, job_tags, start_datetime or"
            " end_datetime."
        )

    def retrieve_job(self, job_id: str) -> IBMJob:
        """Return a job; see :meth:`IBMBackendService.retrieve_job`."""
        if not isinstance(job_id, str) or not job_id.strip():
            raise IBMInputValueError(f"job_id must be a text, such as job.job_id() returns, not {job_id!r}.")
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
            return self.restored(reply, client)
        raise IBMJobNotFoundError(f"Job not found: {job_id}. Error code: 3250.")

    def _composite(self, job_id: str) -> IBMCompositeJob:
        for client in self._clients(None):
            replies = list(self._pages(client, {"tags": [job_id]}))
            if replies:
                return IBMCompositeJob.from_jobs(job_id, [self.restored(reply, client) for reply in replies])
        raise IBMJobNotFoundError(f"Job not found: {job_id}: no job has it as a tag.")

    def restored(self, reply: dict[str, Any], client: RuntimeClient) -> IBMCircuitJob:
        """Return the job that a reply of the service describes."""
        name = reply.get("backend")
        name = redact(name) if name and isinstance(name, str) else "unknown"
        try:
            backend = self._backend_of(name, client)
        except (IBMBackendNotFoundError, BackendPayloadError):
            backend = IBMRetiredBackend.from_name(name, self._provider, client)
        return IBMCircuitJob(backend, client, str(reply["id"]), reply=reply)

    def _restored_or_none(self, reply: dict[str, Any], client: RuntimeClient) -> IBMCircuitJob | None:
        try:
            return self.restored(reply, client)
        except (IBMError, KeyError, TypeError, ValueError) as error:
            logger.warning('Discarding job "%s", because it contains invalid data: %s', reply.get("id"), error)
            return None


def _check_filters(start: Any, end: Any, tags: Any) -> None:
    for moment in (start, end):
        if moment is not None and not isinstance(moment, dt_module.datetime):
            raise TypeError(f"start_datetime and end_datetime must be datetimes, not {moment!r}.")
    if tags is not None and (not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags)):
        raise IBMBackendValueError(f"job_tags is {tags!r}; it must be a list of strings.")


def _check_count(name: str, value: Any, *, is_optional: bool) -> None:
    if value is None and is_optional:
        return
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
        or_none = ", or None for all jobs" if is_optional else ""
        raise IBMBackendValueError(f"{name} is {value!r}; it must be an integer from 0{or_none}.")


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
    is_many = isinstance(status, Iterable) and not isinstance(status, str)
    for choice in status if is_many else [status]:
        word = choice.name if isinstance(choice, JobStatus) else str(choice).upper()
        if word == "PENDING":
            wanted |= _PENDING
        elif word == "COMPLETED":
            wanted |= set(JOB_FINAL_STATES)
        elif word in JobStatus.__members__:
            wanted.add(JobStatus[word])
        else:
            raise IBMBackendValueError(
                f"{choice!r} is not a status: use 'pending', 'completed' or one of {list(JobStatus.__members__)}."
            )
    return wanted
