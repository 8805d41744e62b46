# SPDX-License-Identifier: Apache-2.0
"""Jobs of circuits, as they are on the service."""

from __future__ import annotations

import datetime
import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from qiskit.providers import JobStatus
from qiskit.providers.jobstatus import JOB_FINAL_STATES
from qiskit.result import Result

from ..._deadline import pause, seconds_left
from ..._logger import logger
from ..._progress import waiting
from ..._threads import Lock
from ..._warning import warn
from ...client.endpoint import FIRST_POLL
from ...client.retry import RetryPolicy
from ...exceptions import (
    IBMApiError,
    IBMJobApiError,
    IBMJobError,
    IBMJobFailureError,
    IBMJobInvalidStateError,
    IBMJobNotFoundError,
    IBMNotAuthorizedError,
    RequestsApiError,
)
from ..conditional import call_of
from ..run.classical_registers import RegisterLayout, header_of, restore
from ..run.programs import Outcome, Program, program_called
from ..run.results import Reading, advice_on_simulation, build_experiments, build_result, layout_of
from .base import IBMJob, job_status, local_time
from .picture import circuit_job_html, job_repr
from .queue_info import QueueInfo
from .tags import check_tags, is_internal

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from ..._typing import MaybeNone
    from ...client.api import RuntimeClient
    from ...models import BackendProperties
    from ..device import Device

RAN_TOO_LONG = 1305
#: Seconds that a service that is near may wait with the first reply about a job.
_PATIENCE = 1
#: The number of attempts to fetch a result before an invalid body is an error.
_MISUNDERSTANDINGS = 3
#: The record of circuits that other clients submitted.
_FOREIGN: dict[str, Any] = {"n_qubits": 0, "qregs": [], "global_phase": 0.0, "metadata": {}}


class IBMCircuitJob(IBMJob):
    """A job of circuits. What is known about it is asked from the service when it is needed; final states are kept.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMProvider
        >>> circuit = QuantumCircuit(1)
        >>> circuit.measure_all()
        >>> job = IBMProvider(channel="local").get_backend("local_simulator").run(circuit, shots=100)
        >>> job.result(timeout=60).get_counts(), job.status().name, job.program_id
        ({'0': 100}, 'DONE', 'sampler')
    """

    def __init__(
        self,
        backend: Device,
        api_client: RuntimeClient,
        job_id: str,
        creation_date: str | None = None,
        status: str | None = None,
        runtime_client: RuntimeClient | None = None,
        session_id: str | None = None,
        tags: Sequence[str] | None = None,
        *,
        name: str | None = None,
        program_id: str = "sampler",
        circuits: Sequence[QuantumCircuit] | None = None,
        metadata: Sequence[dict[str, Any]] | None = None,
        job_record: Mapping[str, Any] | None = None,
        reply: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Create a job of what is known about it; everything that is not given is asked for."""
        super().__init__(backend, job_id, name, **kwargs)
        self._api_client = runtime_client or api_client
        self._program_id = program_id
        self._circuits = None if circuits is None else list(circuits)
        self._metadata = metadata
        self._job_record = job_record
        self._session_id = session_id
        self._creation_date = self._time(creation_date)
        self._tags = None if tags is None else list(tags)
        self._status: JobStatus | None = None
        self._reason: dict[str, Any] = {}
        self._reply: dict[str, Any] = {}
        self._result: Result | None = None
        #: Advice on the result that nobody has got yet.
        self._advice: str | None = None
        self._error: str | None = None
        self._metrics: dict[str, Any] | None = None
        self._properties: BackendProperties | None = None
        # Results of private jobs can be read once; two threads must not both try.
        self._lock = Lock()
        if reply is not None:
            self._learn(reply)
        elif status is not None:
            self._learn({"state": {"status": status}})

    @property
    def session_id(self) -> str | None:
        """The session that the job belongs to."""
        return self._session_id

    @property
    def program_id(self) -> str:
        """The program that runs the circuits."""
        return self._program_id

    @property
    def _program(self) -> Program:
        return program_called(self._program_id)

    # State

    def status(self) -> JobStatus:
        """Return the status; the service is asked unless it is final.

        Raises:
            IBMJobApiError: The service could not be asked, or says something unknown.
        """
        if self._status not in JOB_FINAL_STATES:
            self._learn(self._ask())
        if self._status is None:
            raise IBMJobApiError(f"The service did not send the status of job {self.job_id()}.")
        return self._status

    def _status_soon(self) -> JobStatus:
        # A service that is near is asked to reply when the job is done: one request in place of several.
        if self._status not in JOB_FINAL_STATES and self._first_wait() < FIRST_POLL and seconds_left() > 2 * _PATIENCE:
            self._learn(self._ask(patience=_PATIENCE))
        return self.status() if self._status is None else self._status

    def _ask(self, **options: Any) -> Mapping[str, Any]:
        try:
            try:
                return self._api_client.job_get(self.job_id(), exclude_params=True, **options)
            except TypeError:
                # Third-party clients may not have the argument.
                return self._api_client.job_get(self.job_id())
        except (IBMApiError, IBMNotAuthorizedError) as error:
            raise self._vanished(error) from None

    def _vanished(self, error: IBMApiError | IBMNotAuthorizedError) -> IBMJobError:
        if isinstance(error, RequestsApiError) and error.status_code == 404:
            return IBMJobNotFoundError(f"The service does not know job {self.job_id()} any more. {error}")
        failure = IBMJobApiError(f"The service could not be asked about job {self.job_id()}: {error}")
        failure.is_transient = getattr(error, "is_transient", False)
        return failure

    def _learn(self, reply: Mapping[str, Any]) -> None:
        """Update the job from a reply of the service."""
        state = reply.get("state")
        state = state if isinstance(state, Mapping) else {"status": reply.get("status")}
        text = str(state.get("status") or reply.get("status") or "")
        status = job_status(text)
        if status is None:
            raise IBMJobApiError(f"Unknown status {text!r} of job {self.job_id()}.")
        self._status = status
        self._reason = {key: value for key, value in state.items() if key.startswith("reason") and value}
        # Known while the job waits only.
        self._reply.pop("queue_position", None)
        self._reply.update({key: value for key, value in reply.items() if key != "params"})
        program = reply.get("program")
        if isinstance(program, Mapping) and program.get("id"):
            self._program_id = str(program["id"])
        if reply.get("created"):
            self._creation_date = self._time(reply["created"])
        if isinstance(reply.get("tags"), list):
            self._tags = [tag for tag in reply["tags"] if isinstance(tag, str)]
        self._session_id = reply.get("session_id") or self._session_id

    def _time(self, text: Any) -> datetime.datetime | None:
        with suppress(TypeError, ValueError, OverflowError):
            return local_time(text)
        # Not where the error is caught, which has the text.
        raise IBMJobApiError(f"The service sent {str(text)[:60]!r}, which is not a time, for job {self.job_id()}.")

    def refresh(self) -> None:
        """Ask for everything again that may have changed, and for the result if the job is done.

        Raises:
            IBMJobApiError: The service could not be asked.
        """
        with call_of(self._api_client):
            self._learn(self._ask())
            self._metrics = None
            self.metrics()
            if self._status is JobStatus.DONE and not self._is_private():
                self._result = None
                self.result()

    def cancel(self) -> bool:
        """Cancel the job; return ``True``.

        Raises:
            IBMJobInvalidStateError: It is done already.
            IBMJobError: The service could not be asked.
        """
        was_cancelled = self._status is JobStatus.CANCELLED
        try:
            self._api_client.job_cancel(self.job_id())
        except RequestsApiError as error:
            if error.status_code != 409:
                raise self._vanished(error) from None
            # The reply to an earlier attempt may have been lost.
            if was_cancelled or self.status() is not JobStatus.CANCELLED:
                raise IBMJobInvalidStateError(f"Job cannot be cancelled: {error}") from None
        except (IBMApiError, IBMNotAuthorizedError) as error:
            raise self._vanished(error) from None
        self._status = JobStatus.CANCELLED
        return True

    # Results

    def result(
        self, timeout: float | None = None, refresh: bool = False, *, wait: float | None = None, partial: bool = False
    ) -> Result:
        """Return the result, once there is one.

        Args:
            timeout: The longest time to wait, in seconds.
            refresh: Whether to fetch it again. Otherwise the first one is kept.
            wait: Seconds between requests to the service.
            partial: Whether to return what there is of a job that failed. Such jobs have no results of their own here:
                the result then has ``success=False`` and says why.

        Raises:
            IBMJobFailureError: The job failed.
            IBMJobInvalidStateError: The job was cancelled.
            IBMJobTimeoutError: It is not done in time.
            IBMJobApiError: The service could not be asked, or its reply makes no sense.
            UserWarning: A simulator's shots have larger error bars than half as many independent ones. Given once.
        """
        if self._result is not None and not refresh:
            return self._result
        with self._until(timeout), waiting(f"Fetching the results of job {self.job_id()}"):
            self.wait_for_final_state(None, wait)
            if self._status is JobStatus.CANCELLED:
                why = f" {self._explained()}" if self._reason else ""
                raise IBMJobInvalidStateError(
                    f"Unable to retrieve result for job {self.job_id()}. Job was cancelled.{why}"
                )
            if self._status is JobStatus.ERROR and not partial:
                raise IBMJobFailureError(
                    f"Unable to retrieve result for job {self.job_id()}. Job failed: {self.error_message()}"
                )
            if not self._lock.acquire(timeout=max(0.0, min(seconds_left(), threading.TIMEOUT_MAX))):
                raise IBMJobApiError(
                    f"Another thread has been reading the results of job {self.job_id()} for too long."
                )
            try:
                if self._result is None or (refresh and not self._is_private()):
                    self._result = self._failed() if self._status is JobStatus.ERROR else self._fetch_result()
                advice, self._advice = self._advice, None
                result = self._result
            finally:
                self._lock.release()
        if advice is not None:
            warn(advice)
        return result

    def _failed(self) -> Result:
        return Result(
            backend_name=self.backend().name, backend_version=self.backend().backend_version, qobj_id=None,
            job_id=self.job_id(), success=False, results=[], status=f"ERROR: {self.error_message()}", header=self.header(),
        )  # fmt: skip

    def _fetch_result(self) -> Result:
        """Return the result; a body that makes no sense is fetched again, because a proxy may have replied."""
        for remaining in reversed(range(_MISUNDERSTANDINGS)):
            body = self._outlasting(self._fetch_body)
            if self._is_private() and not body.strip():
                raise IBMJobApiError(
                    f"The results of job {self.job_id()} have been read already: the service sends those of a"
                    " private job once. The job object that read them keeps them."
                )
            try:
                return self._legacy_result(body) or self._read(self._program.decode(body))
            except Exception as error:
                # An invalid body may raise any exception.
                logger.debug("The results of job %s cannot be understood: %s", self.job_id(), error)
                failure = IBMJobApiError(f"The results of job {self.job_id()} cannot be understood: {error}")
            if self._is_private():
                # The service gives those once.
                break
            if remaining:
                # Third-party clients have no policy.
                pause(getattr(self._api_client, "policy", RetryPolicy()).result_wait)
        raise failure

    def _fetch_body(self) -> bytes:
        try:
            body = self._api_client.job_results(self.job_id())
        except (IBMApiError, IBMNotAuthorizedError) as error:
            raise self._vanished(error) from None
        return body.encode() if isinstance(body, str) else body

    @staticmethod
    def _legacy_result(body: bytes) -> Result | None:
        """Return the result of a job of earlier years, which is one already; ``None`` for those of today."""
        if b'"backend_name"' not in body[:200]:
            return None
        content = orjson.loads(body)
        return Result.from_dict(content) if isinstance(content, dict) and "results" in content else None

    def _read(self, outcome: Outcome) -> Result:
        job = self._job_record or outcome.job
        self._job_record = job
        options = job.get("options", {})
        reading = Reading(
            shots=options.get("shots", 0), memory=bool(options.get("memory", True)), meas_level=options.get("meas_level", 2),
            meas_return=options.get("meas_return"), seed=options.get("seed_simulator"),
        )  # fmt: skip
        self._advice = advice_on_simulation(outcome.pubs)
        experiments = []
        for index, (pub, record) in enumerate(zip(outcome.pubs, outcome.records, strict=True)):
            layout = layout_of(pub) if record is None else RegisterLayout.from_record(record["layout"])
            header = header_of(_FOREIGN | {"name": f"circuit-{index}"} if record is None else record, layout)
            if self._metadata is not None:
                header["metadata"] = self._metadata[index]
            experiments += build_experiments(pub, layout, header, reading)
        return build_result(
            experiments, backend_name=self.backend().name, backend_version=self.backend().backend_version,
            job_id=self.job_id(), date=self._creation_date, header=job.get("header", {}), metadata=outcome.metadata,
        )  # fmt: skip

    def error_message(self) -> str | None:
        """Return why the job failed, or that it ran too long; ``None`` otherwise, and while it is not known."""
        status = self.status()
        ran_too_long = status is JobStatus.CANCELLED and self._reason_code() == RAN_TOO_LONG
        if status is not JobStatus.ERROR and not ran_too_long:
            return None
        if self._error is None:
            self._error = self._explained() or self._error_in_results()
        return self._error or f"Unknown error; the results of job {self.job_id()} cannot be read."

    def _reason_code(self) -> Any:
        return self._reason.get("reason_code") or self._reason.get("reasonCode")

    def _explained(self) -> str:
        reason = self._reason.get("reason", "")
        if not reason or reason == "Error":
            return ""
        code = f"Error code {self._reason_code()}; " if self._reason_code() else ""
        solution = f" {self._reason['reason_solution']}" if self._reason.get("reason_solution") else ""
        return f"{code}{reason}{solution}"

    def _error_in_results(self) -> str | None:
        """Return the error message in the results; ``None`` if they cannot be read now."""
        try:
            body = self._api_client.job_results(self.job_id())
        except (IBMApiError, IBMNotAuthorizedError) as error:
            logger.warning("The results of job %s, which failed, cannot be read: %s", self.job_id(), error)
            return None
        text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
        named = re.search(r"JobError: '(.*)'", text)
        if named:
            return named.group(1)
        start = text.rfind("Traceback")
        return text[start:] if start >= 0 else f"Unknown error; the job's results are {text[:500]!r}"

    # Submission

    def circuits(self) -> list[QuantumCircuit]:
        """Return the circuits as they were given; none if the service does not keep them, as those of private jobs."""
        if self._circuits is None:
            self._load_params()
        return list(self._circuits or ())

    def backend_options(self) -> dict[str, Any]:
        """Return the options that the job was run with."""
        return dict(self._known_job_record().get("options", {}))

    def header(self) -> dict[str, Any]:
        """Return the header that the job was given."""
        return dict(self._known_job_record().get("header", {}))

    def _known_job_record(self) -> Mapping[str, Any]:
        if self._job_record is None:
            self._load_params()
        return self._job_record or {}

    def _load_params(self) -> None:
        try:
            params = self._api_client.job_get(self.job_id(), exclude_params=False).get("params")
        except (IBMApiError, IBMNotAuthorizedError) as error:
            raise self._vanished(error) from None
        if not isinstance(params, Mapping) or not params:
            self._circuits, self._job_record = self._circuits or [], self._job_record or {}
            return
        try:
            pairs = self._program.circuits(params)
            self._job_record = self._program.job_record(params)
            self._circuits = [
                circuit
                if record is None
                else restore(circuit, RegisterLayout.from_record(record["layout"]), record["metadata"])
                for circuit, record in pairs
            ]
        except Exception as error:
            raise IBMJobApiError(f"The input of job {self.job_id()} cannot be read: {error}") from None

    def _is_private(self) -> bool:
        return bool(self._reply.get("private"))

    # About the job

    def tags(self) -> list[str]:
        """Return the job's tags."""
        if self._tags is None:
            self._learn(self._ask())
        return [tag for tag in self._tags or () if not is_internal(tag)]

    def update_tags(self, new_tags: list[str]) -> list[str]:
        """Replace the job's tags; return those it has then.

        Raises:
            IBMJobInvalidStateError: They are not a list of texts, or more or longer than the service takes.
            IBMJobApiError: The service could not be asked.
        """
        check_tags(new_tags, IBMJobInvalidStateError)
        self.tags()
        kept = [tag for tag in self._tags or () if is_internal(tag)]
        every = list(dict.fromkeys([*new_tags, *kept]))
        check_tags(every, IBMJobInvalidStateError)
        with call_of(self._api_client):
            try:
                self._api_client.update_tags(self.job_id(), every)
            except (IBMApiError, IBMNotAuthorizedError) as error:
                raise self._vanished(error) from None
            self._tags = None
            return self.tags()

    def creation_date(self) -> datetime.datetime:
        """Return when the job was created: aware, in this machine's time zone."""
        if self._creation_date is None:
            self._learn(self._ask())
        if self._creation_date is None:
            raise IBMJobApiError(f"The service did not send the time at which job {self.job_id()} was created.")
        return self._creation_date

    def metrics(self) -> dict[str, Any]:
        """Return when what happened to the job, and what it used, as the service tells."""
        if self._metrics is not None:
            return self._metrics
        try:
            metrics = self._api_client.job_metadata(self.job_id())
        except (IBMApiError, IBMNotAuthorizedError) as error:
            raise self._vanished(error) from None
        if self._status in JOB_FINAL_STATES:
            self._metrics = metrics
        return metrics

    def _metric(self, name: str) -> dict[str, Any]:
        metric = self.metrics().get(name) or {}
        if not isinstance(metric, dict):
            raise IBMJobApiError(
                f"The service sent {metric!r} for the {name} of job {self.job_id()}; it must be an object."
            )
        return metric

    def time_per_step(self) -> dict[str, datetime.datetime]:
        """Return the times of the events so far: ``CREATED``, ``RUNNING``, ``COMPLETED``, and others of the service."""
        stamps = self._metric("timestamps")
        times = {step: time for step, text in stamps.items() if (time := self._time(text)) is not None}
        names = {"created": "CREATED", "running": "RUNNING", "finished": "COMPLETED"}
        return {**times, **{names[step]: time for step, time in times.items() if step in names}}

    def usage(self) -> float:
        """Return the charged device time, in seconds; 0 while it is not known."""
        usage = self._metric("usage")
        if usage.get("status") == "pending":
            return 0.0
        names = ("qpu_charge_time_seconds", "quantum_seconds", "seconds")
        return float(next((usage[name] for name in names if isinstance(usage.get(name), int | float)), 0))

    @property
    def usage_estimation(self) -> dict[str, Any]:
        """The estimated time on the device, in seconds: ``{"quantum_seconds": ...}``; ``None`` if unknown."""
        if "estimated_running_time_seconds" not in self._reply and self._status not in JOB_FINAL_STATES:
            self._learn(self._ask())
        return {"quantum_seconds": self._reply.get("estimated_running_time_seconds")}

    def logs(self) -> str:
        """Return the log of the job; an empty text if there is none."""
        try:
            return self._api_client.job_logs(self.job_id())
        except (IBMApiError, IBMNotAuthorizedError) as error:
            raise self._vanished(error) from None

    @property
    def client_version(self) -> dict[str, str]:
        """The versions of the packages that submitted the job, as far as they are known."""
        record = self._known_job_record()
        if record.get("versions"):
            return dict(record["versions"])
        version = self.metrics().get("qiskit_version")
        return {"qiskit": str(version)} if version else {}

    def __repr__(self) -> str:
        return job_repr(self, self._status)

    def _repr_html_(self) -> str:
        return circuit_job_html(self)

    def queue_info(self) -> QueueInfo | None:
        """Return the job's position in the queue; ``None`` unless it waits."""
        if self._status is not JobStatus.QUEUED:
            return None
        position = self._reply.get("queue_position")
        return QueueInfo(position if isinstance(position, int) else None, status="QUEUED", job_id=self.job_id())

    def properties(self, refresh: bool = False) -> BackendProperties | MaybeNone:
        """Return the device's properties at the time the job ran, or was created if it has not run yet.

        Args:
            refresh: Whether to fetch them again.
        """
        if self._properties is None or refresh:
            times = self.time_per_step()
            when = times.get("RUNNING") or self.creation_date()
            self._properties = self.backend().properties(datetime=when)
        return self._properties
