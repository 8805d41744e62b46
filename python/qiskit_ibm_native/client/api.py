# SPDX-License-Identifier: Apache-2.0
"""Routes of the runtime API, one method each. Payloads of devices are handed on as bytes, unread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from .. import __version__
from .._deadline import deadline, pause, seconds_left
from .._timestamps import microseconds, moment
from ..exceptions import ApiError, ApiIBMProtocolError, IBMNotAuthorizedError, RequestsApiError
from .endpoint import FIRST_POLL
from .transport import NOT_MODIFIED, TIMED_OUT, HttpResponse, Transport, check_acknowledgement

if TYPE_CHECKING:
    from .auth import Authenticator
    from .retry import RetryPolicy

#: The version of the API that this client speaks.
API_VERSION = "2026-04-15"
#: Largest JSON body in bytes: nothing interrupts parsing. A page of fifty jobs has 50 kB.
_MAX_JSON = 2**22
#: Share of a call's time that is kept for looking for a job whose submission had no response: the waits of the policy
#: (7.5 s) and four requests fit into a fifth of the 60 s that a call has by default.
_SEARCH_SHARE = 0.2
#: Jobs that are looked through, the latest ones: some services ignore the tag that they are asked for.
_SEARCH_LIMIT = 20


def client_application() -> str:
    """Return the value of ``X-Qx-Client-Application``; ``USAGE_DATA_OPT_OUT`` leaves out versions."""
    if os.environ.get("USAGE_DATA_OPT_OUT", "").lower() in ("true", "1"):
        return "qiskit-version-2/qiskit"
    import qiskit

    custom = os.environ.get("QISKIT_IBM_RUNTIME_CUSTOM_CLIENT_APP_HEADER", "")
    return (
        f"qiskit-version-2/qiskit_ibm_native-{__version__},qiskit-{qiskit.__version__}/qiskit{custom and '/' + custom}"
    )


class RuntimeClient:
    """The runtime API of one instance. Threads may share a client.

    Examples:
        >>> import json
        >>> from qiskit_ibm_native import IBMProvider
        >>> provider = IBMProvider(channel="local")
        >>> client = provider.get_backend("ibmq_lima")._api_client  # for requests that no method of a backend makes
        >>> json.loads(client.backend_configuration("ibmq_lima"))["n_qubits"]
        5
    """

    def __init__(
        self,
        base_url: str,
        instance: str,
        authenticator: Authenticator,
        transport: Transport,
        first_poll: float = FIRST_POLL,
    ) -> None:
        """Create a client; nothing is requested yet.

        Args:
            base_url: URL to which the paths of routes are appended.
            instance: CRN of the instance.
            authenticator: Source of access tokens.
            transport: Transport of the requests.
            first_poll: First wait between two questions about the status of a job, in seconds.
        """
        self.instance = instance
        self.first_poll = first_poll
        self._base_url = base_url
        self._authenticator = authenticator
        self._transport = transport
        self._application = client_application()
        self._max_json = min(_MAX_JSON, transport.limits.max_reply_bytes)
        # Validator (ETag) and its payload by path and calibration. It is sent only for a caller that has read the same
        # payload: one that could not be read must be fetched again.
        self._validated: dict[tuple[str, str | None], tuple[str, bytes]] = {}

    def __repr__(self) -> str:
        return f"<RuntimeClient of {self._base_url}>"

    @property
    def policy(self) -> RetryPolicy:
        """The policy of waits and repetitions."""
        return self._transport.policy

    def call(self) -> AbstractContextManager[None]:
        """Return a context in which all requests together end within the time of a call."""
        return self._transport.call()

    # Backends

    def list_backends(self) -> list[dict[str, Any]]:
        """Return a dictionary for each device: ``name``, ``status``, ``queue_length`` and so on."""
        reply = self._get("/backends", {"include_mocks": "True"}, devices=list)
        return [_checked_object(device, reply.label, name=str) for device in reply.json()["devices"]]

    def backend_configuration(
        self, backend_name: str, calibration_id: str | None = None, *, known: bytes | None = None
    ) -> bytes:
        """Return the configuration payload of a device.

        Args:
            backend_name: Name of the device.
            calibration_id: Id of the calibration, by default the latest one.
            known: Payload that the caller has. If the service says that it has not changed, this object is returned.
        """
        return self._payload(_path("backends", backend_name, "configuration"), calibration_id, known)

    def backend_properties(
        self,
        backend_name: str,
        datetime: datetime | None = None,
        calibration_id: str | None = None,
        *,
        known: bytes | None = None,
    ) -> bytes:
        """Return the properties payload of a device, by default the latest one.

        Args:
            backend_name: Name of the device.
            datetime: Time of which the payload is asked for; without a time zone, it is in that of this machine.
            calibration_id: Id of the calibration, by default the latest one.
            known: Payload that the caller has, as for :meth:`backend_configuration`; not used with ``datetime``.
        """
        path = _path("backends", backend_name, "properties")
        if datetime is None:
            return self._payload(path, calibration_id, known)
        return self._fetch_payload(
            path, params=_without_none(updated_before=_isoformat_utc(datetime), calibration_id=calibration_id)
        ).body

    def backend_pulse_defaults(
        self, backend_name: str, calibration_id: str | None = None, *, known: bytes | None = None
    ) -> bytes | None:
        """Return the pulse defaults payload of a device, ``None`` if it has no pulses.

        The arguments are those of :meth:`backend_configuration`.
        """
        try:
            return self._payload(_path("backends", backend_name, "defaults"), calibration_id, known)
        except RequestsApiError as error:
            if error.status_code == 404:
                return None
            raise

    def _payload(self, path: str, calibration_id: str | None, known: bytes | None) -> bytes:
        key = (path, calibration_id)
        etag, validated = self._validated.get(key, ("", b""))
        is_conditional = known is not None and etag and validated == known
        headers = {"If-None-Match": etag} if is_conditional else None
        reply = self._fetch_payload(path, params=_without_none(calibration_id=calibration_id), more_headers=headers)
        if reply.status == NOT_MODIFIED:
            return validated
        if reply.headers.get("ETag"):
            self._validated[key] = reply.headers["ETag"], reply.body
        else:
            self._validated.pop(key, None)
        return reply.body

    def _fetch_payload(self, path: str, **options: Any) -> HttpResponse:
        """Return a response with a payload; one that is cut short, or is from a proxy in between, is fetched again.

        After the last attempt it is returned as it is: the parser's error says what is wrong, and at which offset.
        """
        with self.call():
            for seconds in (*self.policy.payload_waits, None):
                reply = self._request("GET", path, repeatable=True, **options)
                if seconds is None or reply.status == NOT_MODIFIED or _is_fetch_payload(reply.body):
                    break
                pause(seconds)
            return reply

    def backend_status(self, backend_name: str) -> dict[str, Any]:
        """Return the status of a device: ``state``, ``status``, ``length_queue`` and so on."""
        return self._fetch_object("GET", _path("backends", backend_name, "status"))

    # Jobs

    def program_run(
        self,
        program_id: str,
        backend_name: str,
        params: Mapping[str, Any],
        *,
        image: str | None = None,
        log_level: str | None = None,
        session_id: str | None = None,
        job_tags: Sequence[str] | None = None,
        max_execution_time: int | None = None,
        private: bool = False,
        calibration_id: str | None = None,
        record_tag: str | None = None,
    ) -> dict[str, Any]:
        """Submit a job, once and never twice.

        If a failure leaves open whether the service took the job, jobs with ``record_tag`` are searched, and the job
        is submitted again only if there is none. Without such a tag it is not submitted again.

        Args:
            program_id: ``"sampler"`` or ``"executor"``.
            backend_name: Name of the device.
            params: Input of the program.
            image: Runtime image to run on.
            log_level: Level of the job's log.
            session_id: Session of the job.
            job_tags: Tags of the job.
            max_execution_time: Limit of the time on the device, in seconds.
            private: Whether parameters and results can be read only once.
            calibration_id: Id of the calibration to run with.
            record_tag: One more tag, which no other job has.

        Returns:
            The job as the service describes it: ``id``, ``backend`` and so on.

        Raises:
            IBMNotAuthorizedError: The service refuses the credentials.
            RequestsApiError: The submission failed; ``maybe_processed`` says whether there may be a job nevertheless.
        """
        tags = [*(job_tags or ()), *([record_tag] if record_tag else ())]
        job = _without_none(
            program_id=program_id, backend=backend_name, params=params, runtime=image,
            log_level=log_level and log_level.lower(), session_id=session_id, tags=tags or None,
            cost=max_execution_time, private=private or None, calibration_id=calibration_id,
        )  # fmt: skip
        body = orjson.dumps(job, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
        with self.call():
            # Fetch a token first: when that fails, there is certainly no job.
            self._authenticator.header()
            submit_by = time.monotonic() + seconds_left() * (1 - _SEARCH_SHARE)
            attempt = 0
            while True:
                attempt += 1
                try:
                    with deadline(submit_by):
                        return self._send("POST", "/jobs", body, check=_has_id).object(id=str)
                except (RequestsApiError, ApiIBMProtocolError) as error:
                    failure = error
                is_refused = isinstance(failure, RequestsApiError) and not failure.maybe_processed
                if is_refused or record_tag is None:
                    raise failure
                known = self._submitted(record_tag, failure)
                if known is not None:
                    return known
                is_last = attempt == self._transport.policy.attempts or time.monotonic() >= submit_by
                if is_last or not _may_be_submitted_again(failure):
                    raise _fate_unknown(failure, record_tag)

    def _submitted(self, record_tag: str, failure: ApiError) -> dict[str, Any] | None:
        """Return the job with a tag, ``None`` if the service has none after all waits of the policy."""
        waits = list(reversed(self.policy.search_waits))
        while waits:
            pause(waits[-1])
            try:
                jobs = self.jobs_get(limit=_SEARCH_LIMIT, tags=[record_tag])["jobs"]
            except (ApiError, IBMNotAuthorizedError) as error:
                # A transient failure is no answer: search until the time is over.
                if not getattr(error, "is_transient", False) or seconds_left() <= waits[-1]:
                    raise _fate_unknown(failure, record_tag, error) from None
                continue
            waits.pop()
            # Some services ignore the tag that they are asked for.
            for job in jobs:
                if isinstance(job.get("tags"), list) and record_tag in job["tags"] and isinstance(job.get("id"), str):
                    return dict(job)
        return None

    def jobs_get(self, limit: int, skip: int = 0, **filters: Any) -> dict[str, Any]:
        """Return a page of jobs, the latest ones first.

        Args:
            limit: Jobs of the page, 1 to 200.
            skip: Jobs to leave out before the page.
            **filters: ``backend``, ``pending``, ``program``, ``created_after``, ``created_before``, ``sort``, ``tags``,
                ``session_id``. ``None`` does not filter.

        Returns:
            ``jobs``, and ``count``, the number of all jobs that pass the filters.
        """
        query = {"limit": limit, "exclude_params": "true", **({"offset": skip} if skip else {})}
        for key, value in _without_none(**filters).items():
            query[key] = (
                str(value).lower() if isinstance(value, bool) else _isoformat_utc(value) if _is_time(value) else value
            )
        reply = self._get("/jobs", query, jobs=list)
        page = reply.object(jobs=list)
        for job in page["jobs"]:
            _checked_object(job, reply.label)
        return page

    def job_get(self, job_id: str, exclude_params: bool = True, patience: int = 0) -> dict[str, Any]:
        """Return the description of a job, with the submitted parameters unless they are excluded.

        Args:
            job_id: The job.
            exclude_params: Whether to leave out the parameters.
            patience: Seconds for which a service that can wait may do so until the job is done.
        """
        query = {"exclude_params": "true"} if exclude_params else {"exclude_params": "false"}
        limit = self._max_json if exclude_params else self._transport.limits.max_reply_bytes
        return self._fetch_object(
            "GET", _path("jobs", job_id), params=query, required={"id": str}, limit=limit,
            more_headers={"Prefer": f"wait={patience}"} if patience else None,
        )  # fmt: skip

    def job_results(self, job_id: str) -> bytes:
        """Return the body of the results of a job; empty bytes if there are none."""
        limit = self._transport.limits.max_result_bytes
        with self.call():
            path = _path("jobs", job_id, "results")
            reply = self._request("GET", path, repeatable=True, limit=limit)
            if reply.body[:64].lstrip().startswith(b'{"url"'):
                # Large results are in a store of objects. The URL is enough to read them, so no token goes there.
                url = str(reply.json()["url"])
                reply = self._transport.request("GET", url, "GET results", repeatable=True, limit=limit)
            return reply.body

    def job_metadata(self, job_id: str) -> dict[str, Any]:
        """Return the time stamps and the usage of a job."""
        return self._fetch_object("GET", _path("jobs", job_id, "metrics"))

    def job_logs(self, job_id: str) -> str:
        """Return the log of a job; an empty text if there is none."""
        try:
            return self._request("GET", _path("jobs", job_id, "logs"), repeatable=True).body.decode(errors="replace")
        except RequestsApiError as error:
            if error.status_code == 404:
                return ""
            raise

    def job_cancel(self, job_id: str) -> None:
        """Cancel a job."""
        self._send("POST", _path("jobs", job_id, "cancel"), b"", repeatable=True)

    def job_delete(self, job_id: str) -> None:
        """Delete a job and its results."""
        self._send("DELETE", _path("jobs", job_id), repeatable=True)

    def update_tags(self, job_id: str, tags: Sequence[str]) -> None:
        """Replace the tags of a job."""
        self._send("PUT", _path("jobs", job_id, "tags"), orjson.dumps({"tags": list(tags)}), repeatable=True)

    # Sessions and usage

    def create_session(self, backend: str, mode: str, max_time: int | None = None) -> dict[str, Any]:
        """Open a session on a device; ``mode`` is ``"dedicated"`` or ``"batch"``, ``max_time`` is in seconds."""
        body = _without_none(mode=mode, backend=backend, instance=self.instance, max_ttl=max_time)
        return self._send("POST", "/sessions", orjson.dumps(body), check=_has_id).object(id=str)

    def close_session(self, session_id: str) -> None:
        """Close a session for new jobs; those that it has are run."""
        self._send("PATCH", _path("sessions", session_id), orjson.dumps({"accepting_jobs": False}), repeatable=True)

    def cancel_session(self, session_id: str) -> None:
        """End a session and cancel its queued jobs."""
        self._send("DELETE", _path("sessions", session_id, "close"), repeatable=True)

    def session_details(self, session_id: str) -> dict[str, Any]:
        """Return the description of a session."""
        return self._fetch_object("GET", _path("sessions", session_id), required={"id": str})

    def usage(self) -> dict[str, Any]:
        """Return the usage and the limits of the instance, in seconds."""
        return self._fetch_object("GET", "/instances/usage")

    # Requests

    def _get(self, path: str, query: Mapping[str, Any] | None = None, **required: type) -> HttpResponse:
        """Return a response whose body is an object with the required members."""
        return self._request(
            "GET",
            path,
            params=query,
            repeatable=True,
            limit=self._max_json,
            check=lambda reply: reply.object(**required),
        )

    def _fetch_object(
        self, method: str, path: str, required: Mapping[str, type] | None = None, **options: Any
    ) -> dict[str, Any]:
        members = dict(required or {})
        options.setdefault("limit", self._max_json)
        reply = self._request(method, path, repeatable=True, check=lambda reply: reply.object(**members), **options)
        return reply.object(**members)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        repeatable: bool = False,
        check: Callable[[HttpResponse], object] = check_acknowledgement,
    ) -> HttpResponse:
        return self._request(method, path, body=body, repeatable=repeatable, check=check)

    def _request(
        self, method: str, path: str, more_headers: Mapping[str, str] | None = None, **options: Any
    ) -> HttpResponse:
        headers = {
            "Accept": "application/json",
            "Service-CRN": self.instance,
            "IBM-API-Version": API_VERSION,
            "X-Qx-Client-Application": self._application,
            **(more_headers or {}),
        }
        if options.get("body"):
            headers["Content-Type"] = "application/json"
        label = f"{method} {path}"
        with self.call():
            return self._authenticator.authorized(
                headers,
                lambda: self._transport.request(method, f"{self._base_url}{path}", label, headers=headers, **options),
            )


def _may_be_submitted_again(failure: ApiError) -> bool:
    """Return whether a job that no search finds was certainly not taken.

    After a timeout that is not certain: the service may still be at work on the request.
    """
    return (
        isinstance(failure, RequestsApiError)
        and failure.code != TIMED_OUT
        and failure.status_code not in (408, 501, 504, 505, 524)
    )


def _fate_unknown(failure: ApiError, record_tag: str, lookup: Exception | None = None) -> RequestsApiError:
    """Return the error for a job that the service may have taken, so that submitting it again is not safe."""
    because = "" if lookup is None else f" Looking for it failed: {lookup}"
    return RequestsApiError(
        f"{failure.message} The service may have taken the job: look for it with jobs(job_tags=[{record_tag!r}])."
        f"{because}",
        getattr(failure, "status_code", -1), getattr(failure, "code", None), getattr(failure, "body", ""),
        maybe_processed=True,
    )  # fmt: skip


def _has_id(reply: HttpResponse) -> None:
    reply.object(id=str)


def _is_fetch_payload(payload: bytes) -> bool:
    """Return whether a payload begins and ends as a JSON object, or is ``null``; the parser checks the rest."""
    return (payload[:16].lstrip()[:1] == b"{" and payload[-16:].rstrip()[-1:] == b"}") or payload.strip() == b"null"


def _path(*parts: str) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _is_time(value: Any) -> bool:
    return isinstance(value, datetime)


def _isoformat_utc(time: datetime) -> str:
    """Return a time in UTC as ISO 8601; one without a time zone is in that of this machine."""
    return moment(microseconds(time)).isoformat()


def _checked_object(value: Any, label: str, **required: type) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(value.get(key), kind) for key, kind in required.items()):
        members = ", ".join(required)
        raise ApiIBMProtocolError(f"{label}: an element of the reply is not an object{members and ' with ' + members}")
    return value
