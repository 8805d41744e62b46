# SPDX-License-Identifier: Apache-2.0
"""Jobs of more circuits than a device takes at once: several jobs that look like one."""

from __future__ import annotations

import datetime
import re
import threading
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qiskit.providers import JobStatus
from qiskit.providers.jobstatus import JOB_FINAL_STATES
from qiskit.result import Result
from qiskit.result.models import ExperimentResult, ExperimentResultData

from ..._deadline import seconds_left
from ..._progress import waiting
from ..._words import count
from ...exceptions import (
    IBMBackendValueError,
    IBMError,
    IBMJobApiError,
    IBMJobFailureError,
    IBMJobInvalidStateError,
)
from ..conditional import call_of
from .base import IBMJob
from .picture import composite_job_html
from .tags import COMPOSITE_TAG, MAX_TAGS, OWN_TAGS, RECORD_TAG, check_tags, is_internal, too_many_tags

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from ..._typing import MaybeNone
    from ...client.api import RuntimeClient
    from ...models import BackendProperties
    from ..device import Device
    from .circuit_job import IBMCircuitJob
    from .queue_info import QueueInfo
from ..run.submission import EncodedJob, encode, send, session_of

_ID = f"{COMPOSITE_TAG}id_"
_INDEXES = re.compile(rf"{COMPOSITE_TAG}indexes:(\d+):(\d+):(\d+):(\d+)")
#: The number of times that a part is submitted again after the service refused it for the time being.
_PATIENCE = 50
#: Statuses of parts in the order in which they decide the status of the whole job.
_PRECEDENCE = (
    JobStatus.INITIALIZING, JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.ERROR,
    JobStatus.CANCELLED, JobStatus.DONE,
)  # fmt: skip

#: Steps that the job has come to when its last part has.
_LAST_STEPS = frozenset({"finished", "COMPLETED"})


class IBMCompositeJob(IBMJob):
    """Several jobs that look like one. Parts are submitted in the background, one after the other.

    ``provider.backend.retrieve_job`` finds it again by its id, which the parts have as a tag.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMProvider
        >>> backend = IBMProvider(channel="local").get_backend("local_simulator")
        >>> job = backend.run(
        ...     [QuantumCircuit(1, 1)] * 301, shots=10, composite=True
        ... )  # a job of the service has 300 circuits
        >>> len(job.sub_jobs()), len(job.result().results)
        (2, 301)
    """

    def __init__(self, backend: Device, job_id: str, parts: Sequence[_Part], tags: Sequence[str] = ()) -> None:
        """Create a job of its parts."""
        super().__init__(backend, job_id)
        self._parts = list(parts)
        self._user_tags = list(tags)
        self._result: Result | None = None

    @classmethod
    def submit_parts(
        cls,
        backend: Device,
        program_id: str,
        inputs: Mapping[str, Any],
        backend_name: str,
        job_tags: list[str] | None,
        image: str | None,
    ) -> IBMCompositeJob:
        """Submit circuits in as many jobs as the device needs for them; return at once.

        Raises:
            IBMBackendValueError: There are too many tags for those that the parts need.
        """
        circuits, size = inputs["circuits"], backend.max_circuits or len(inputs["circuits"])
        tags = list(job_tags or ())
        if len(tags) > MAX_TAGS - OWN_TAGS:
            raise IBMBackendValueError(too_many_tags())
        job_id = f"{_ID}{uuid.uuid4().hex}_"
        starts = range(0, len(circuits), size)
        session_id = session_of(backend)
        prepared = []
        for number, start in enumerate(starts):
            part_inputs = {**inputs, "circuits": circuits[start : start + size]}
            indexes = f"{COMPOSITE_TAG}indexes:{number}:{len(starts)}:{start}:{min(start + size, len(circuits)) - 1}"
            tags_of_part = [*tags, job_id, indexes]
            prepared.append(encode(backend, program_id, part_inputs, backend_name, tags_of_part, image, session_id))
        # One thread: jobs are created in the order of the circuits, and the service limits how many a minute.
        executor = ThreadPoolExecutor(1, thread_name_prefix="submit")
        parts = []
        for start, job in zip(starts, prepared, strict=True):
            future = executor.submit(send, backend, job, _PATIENCE)
            parts.append(_Part(start, min(start + size, len(circuits)) - 1, future, job))
        if backend.session is not None:
            backend.session._submissions += [part.future for part in parts]
        executor.shutdown(wait=False)
        return cls(backend, job_id, parts, tags)

    @classmethod
    def from_jobs(
        cls,
        job_id: str,
        jobs: Sequence[IBMCircuitJob],
        api_client: RuntimeClient | None = None,  # noqa: ARG003 (part of the documented surface)
    ) -> IBMCompositeJob:
        """Create a job of parts that the service has.

        Args:
            job_id: The id of the whole job.
            jobs: The parts, in any order.
            api_client: Not used: the parts have theirs.

        Raises:
            IBMJobInvalidStateError: A part is missing.
        """
        parts: dict[int, _Part] = {}
        total = 0
        for job in jobs:
            found = next((match for tag in job._tags or () if (match := _INDEXES.fullmatch(tag))), None)
            if found is None:
                raise IBMJobInvalidStateError(f"Job {job.job_id()} has no tag that says which part of {job_id} it is.")
            number, total, start, end = map(int, found.groups())
            future: Future[IBMCircuitJob] = Future()
            future.set_result(job)
            # Of a part that was run again, the latest job counts; the service lists that first.
            parts.setdefault(number, _Part(start, end, future))
        missing = sorted(set(range(total)) - set(parts))
        if missing or not parts:
            raise IBMJobInvalidStateError(f"Parts {missing} of {job_id} are missing; it has {total}.")
        ordered = [parts[number] for number in sorted(parts)]
        return cls(ordered[0].job().backend(), job_id, ordered, ordered[0].job().tags())

    def block_for_submit(self) -> None:
        """Wait until all parts are submitted, or could not be."""
        with waiting(f"Submitting the {len(self._parts)} parts of job {self.job_id()}"):
            wait([part.future for part in self._parts])

    def sub_jobs(self, block_for_submit: bool = True) -> list[IBMCircuitJob]:
        """Return the jobs that were submitted, after waiting for that unless told not to."""
        if block_for_submit:
            self.block_for_submit()
        return [part.job() for part in self._parts if part.is_submitted]

    def sub_job(self, circuit_index: int) -> IBMCircuitJob:
        """Return the job of a circuit.

        Raises:
            IBMJobInvalidStateError: There is no such circuit, or its job could not be submitted.
        """
        for part in self._parts:
            if part.start <= circuit_index <= part.end:
                part.wait()
                if not part.is_submitted:
                    raise IBMJobInvalidStateError(
                        f"The job of circuit {circuit_index} was not submitted: {part.error_message()}"
                    )
                return part.job()
        raise IBMJobInvalidStateError(f"There is no circuit {circuit_index}: the last one is {self._parts[-1].end}.")

    def rerun_failed(self) -> None:
        """Submit parts that failed, were cancelled or could not be submitted once more, in the background."""
        executor = ThreadPoolExecutor(1, thread_name_prefix="submit")
        for part in self._parts:
            if part.status() in (JobStatus.ERROR, JobStatus.CANCELLED):
                part.future = executor.submit(send, self.backend(), part.prepared(), _PATIENCE)
        executor.shutdown(wait=False)
        self._result = None

    def status(self) -> JobStatus:
        """Return the status: that of the part that is least far."""
        statuses = {part.status() for part in self._parts}
        return next(status for status in _PRECEDENCE if status in statuses)

    def result(
        self, timeout: float | None = None, wait: float | None = None, partial: bool = False, refresh: bool = False
    ) -> Result:
        """Return the results of all parts as one.

        Args:
            timeout: The longest time to wait, in seconds.
            wait: Seconds between requests to the service.
            partial: Whether to return what there is if parts failed; their circuits have ``success=False`` then.
            refresh: Whether to fetch results again.

        Raises:
            IBMJobFailureError: A part failed, or was not submitted.
            IBMJobInvalidStateError: A part was cancelled.
            IBMJobTimeoutError: It is not done in time.
        """
        with self._until(timeout), waiting(f"Fetching the results of job {self.job_id()}"):
            self.wait_for_final_state(timeout, wait)
            status = self.status()
            if status is not JobStatus.DONE and not partial:
                kind = IBMJobInvalidStateError if status is JobStatus.CANCELLED else IBMJobFailureError
                raise kind(
                    f"Unable to retrieve result for job {self.job_id()}: {self.error_message() or 'it was cancelled'}."
                    " result(partial=True) returns what there is."
                )
            if self._result is None or refresh:
                self._result = self._joined(status, refresh)
            return self._result

    def _waited_for(self, status: JobStatus | None = None) -> str:
        text = super()._waited_for(status)
        # Those that are known without a request.
        done = sum(part.is_submitted and part.job()._status in JOB_FINAL_STATES for part in self._parts)
        return f"{text}, {done} of {count(len(self._parts), 'part')} done"

    def _joined(self, status: JobStatus, refresh: bool) -> Result:
        """Return the results of all parts as one."""
        experiments = [each for part in self._parts for each in part.experiments(refresh)]
        done = [part.job().result() for part in self._parts if part.status() is JobStatus.DONE]
        return Result(
            backend_name=self.backend().name, backend_version=self.backend().backend_version, qobj_id=None,
            job_id=self.job_id(), success=status is JobStatus.DONE, results=experiments,
            date=done[-1].date if done else None,
            status="COMPLETED" if status is JobStatus.DONE else "PARTIAL COMPLETED",
            header=done[0].header if done else {},
        )  # fmt: skip

    def cancel(self) -> bool:
        """Cancel all parts; return whether all of them could be."""
        cancelled = True
        with call_of(self.backend()._api_client):
            # Those that wait to be submitted come first, from the end, or they would be meanwhile.
            for part in reversed(self._parts):
                part.future.cancel()
            for part in self._parts:
                if part.future.cancelled():
                    continue
                try:
                    part.wait()
                    part.job().cancel()
                except IBMError:
                    cancelled = False
        return cancelled

    def error_message(self) -> str | None:
        """Return which circuits failed and why; ``None`` if none did."""
        failed = [part for part in self._parts if part.status() is JobStatus.ERROR]
        if not failed:
            return None
        lines = [f"Circuits {part.start}-{part.end}: {part.error_message()}" for part in failed]
        return "\n".join(["The following circuits failed:", *lines])

    def report(self, detailed: bool = True) -> str:
        """Return a report of the status of the parts, in a few lines."""
        statuses = [part.status() for part in self._parts]
        lines = [f"Composite job {self.job_id()}: {len(self._parts)} jobs"]
        lines += [f"  {status.value}: {statuses.count(status)}" for status in _PRECEDENCE if status in statuses]
        if detailed:
            lines += [
                f"  circuits {part.start}-{part.end}: {part.job().job_id() if part.is_submitted else '(not submitted)'}"
                f", {status.value}"
                for part, status in zip(self._parts, statuses, strict=True)
            ]
        return "\n".join(lines)

    def circuits(self) -> list[QuantumCircuit]:
        """Return the circuits of all parts, in order."""
        return [circuit for part in self._parts for circuit in part.circuits()]

    def backend_options(self) -> dict[str, Any]:
        """Return the options that the job was run with."""
        return self.sub_job(0).backend_options()

    def header(self) -> dict[str, Any]:
        """Return the header that the job was given."""
        return self.sub_job(0).header()

    def tags(self) -> list[str]:
        """Return the job's tags."""
        return list(self._user_tags)

    def update_tags(self, new_tags: list[str]) -> list[str]:
        """Replace the tags of all parts, after waiting until these are submitted; return those the job has then.

        Tags by which the parts are found again stay. Parts that could not be submitted have the new tags when
        :meth:`rerun_failed` submits them.

        Raises:
            IBMJobInvalidStateError: They are not a list of texts, or more or longer than the service takes.
            IBMJobApiError: The service could not be asked. Parts may have different tags then; call it again.
        """
        check_tags(new_tags, IBMJobInvalidStateError)
        if len(new_tags) > MAX_TAGS - OWN_TAGS:
            raise IBMJobInvalidStateError(too_many_tags())
        self.block_for_submit()
        with call_of(self.backend()._api_client):
            for part in self._parts:
                part.update_tags(new_tags)
        self._user_tags = list(new_tags)
        return self.tags()

    def creation_date(self) -> datetime.datetime:
        """Return when the first part was created."""
        return self.sub_job(0).creation_date()

    def time_per_step(self) -> dict[str, datetime.datetime]:
        """Return the times of the events so far, of the parts that are submitted.

        A step is that of the first part that came to it; ``COMPLETED`` is that of the last part, once all parts are
        done.
        """
        steps = [job.time_per_step() for job in self.sub_jobs(block_for_submit=False)]
        times: dict[str, datetime.datetime] = {}
        for step in dict.fromkeys(step for part in steps for step in part):
            found = [part[step] for part in steps if step in part]
            if step not in _LAST_STEPS:
                times[step] = min(found)
            elif len(found) == len(self._parts):
                times[step] = max(found)
        return times

    def properties(self, refresh: bool = False) -> BackendProperties | list[BackendProperties] | MaybeNone:
        """Return the device's properties at the time the parts ran, after waiting until these are submitted.

        Args:
            refresh: Whether to fetch them again.

        Returns:
            The properties; a list in order of the parts if the device was calibrated between two of them; ``None`` if
            the device has none.

        Raises:
            IBMJobApiError: The service could not be asked.
        """
        calibrations: dict[datetime.datetime, BackendProperties] = {}
        for job in self.sub_jobs():
            properties = job.properties(refresh)
            if properties is not None:
                calibrations.setdefault(properties.last_update_date, properties)
        different = list(calibrations.values())
        return different if len(different) > 1 else different[0] if different else None

    def refresh(self) -> None:
        """Ask the service again about submitted parts that were not done, cancelled or failed.

        Raises:
            IBMJobApiError: The service could not be asked.
        """
        for job in self.sub_jobs(block_for_submit=False):
            if job._status not in JOB_FINAL_STATES:
                job.refresh()

    @property
    def client_version(self) -> dict[str, str]:
        """The versions of the packages that submitted the parts; empty while none is submitted."""
        submitted = self.sub_jobs(block_for_submit=False)
        return submitted[0].client_version if submitted else {}

    def usage(self) -> float:
        """Return the charged device time of all submitted parts together, in seconds."""
        return sum(job.usage() for job in self.sub_jobs(block_for_submit=False))

    def _repr_html_(self) -> str:
        return composite_job_html(self)

    def queue_info(self) -> QueueInfo | None:
        """Return the position of the last part in the queue."""
        submitted = self.sub_jobs(block_for_submit=False)
        return submitted[-1].queue_info() if submitted else None


class _Part:
    """A part of a composite job: its circuits, and the job once it is submitted."""

    def __init__(self, start: int, end: int, future: Future[IBMCircuitJob], prepared: EncodedJob | None = None) -> None:
        self.start = start
        self.end = end
        self.future = future
        self._prepared = prepared

    @property
    def is_submitted(self) -> bool:
        return self.future.done() and not self.future.cancelled() and self.future.exception() is None

    def wait(self) -> None:
        """Wait until the part is submitted or could not be, within the deadline of the call."""
        done, _ = wait([self.future], min(seconds_left(), threading.TIMEOUT_MAX))
        if not done:
            raise IBMJobApiError(
                "A part of the job was not submitted within the time of the call. Try again with a longer timeout."
            )

    def job(self) -> IBMCircuitJob:
        return self.future.result()

    def status(self) -> JobStatus:
        if self.future.cancelled():
            return JobStatus.CANCELLED
        if not self.future.done():
            return JobStatus.INITIALIZING
        if self.future.exception() is not None:
            return JobStatus.ERROR
        return self.job().status()

    def error_message(self) -> str | None:
        if self.future.cancelled():
            return "cancelled before it was submitted"
        error = self.future.exception()
        return f"not submitted: {error}" if error is not None else self.job().error_message()

    def update_tags(self, new_tags: list[str]) -> None:
        if self._prepared is not None:
            own = [tag for tag in self._prepared.tags if is_internal(tag)]
            self._prepared = replace(self._prepared, tags=[*new_tags, *own])
        if self.is_submitted:
            self.job().update_tags(new_tags)

    def circuits(self) -> list[QuantumCircuit]:
        known = None if self._prepared is None else self._prepared.circuits
        return list(known) if known is not None else self.job().circuits()

    def prepared(self) -> EncodedJob:
        """Return the job as it was sent."""
        if self._prepared is None:
            job = self.job()
            reply = job._api_client.job_get(job.job_id(), exclude_params=False)
            tags = [tag for tag in job._tags or () if not tag.startswith(RECORD_TAG)]
            members = {"max_execution_time": reply["cost"]} if reply.get("cost") else {}
            self._prepared = EncodedJob(
                job.program_id, job.backend().name, reply.get("params") or {}, None, members, tags
            )
        return self._prepared

    def experiments(self, refresh: bool) -> list[ExperimentResult]:
        if self.status() in JOB_FINAL_STATES and self.status() is JobStatus.DONE:
            results: list[ExperimentResult] = self.job().result(refresh=refresh).results
            return results
        failed = ExperimentResult(
            shots=0, success=False, data=ExperimentResultData(), status=f"ERROR: {self.error_message()}"
        )
        return [failed] * (self.end - self.start + 1)
