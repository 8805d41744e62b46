# SPDX-License-Identifier: Apache-2.0
"""The routes of the runtime API, one method each. Device payloads go through as the bytes that they are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from .. import __version__
from .._deadline import deadline, pause, seconds_left
from ..exceptions import ApiError, ApiIBMProtocolError, IBMNotAuthorizedError, RequestsApiError
from .transport import NOT_MODIFIED, TIMED_OUT, Reply, Transport, acknowledged

if TYPE_CHECKING:
    from .auth import Authenticator

#: The version of the API that this client speaks.
API_VERSION = "2026-04-15"
#: Bytes of a reply that is parsed at once, which nothing interrupts. A page of fifty jobs has 50 kB.
_MAX_JSON = 2**22
#: Seconds to wait before a payload that is not whole is asked for again.
_PAYLOAD_WAITS = (0.25, 0.5)
#: The part of a call's time that is kept for finding out whether a job was taken whose submission had no reply.
_SEARCH_SHARE = 0.2
#: Seconds to wait before each look whether a job is there after all.
_SEARCH_WAITS = (0.5, 1.0, 2.0, 4.0)
#: How many jobs are looked through: the latest ones. A service may not know how to search by tags.
_SEARCH_LIMIT = 20


def client_application() -> str:
    """Return what the service is told about the program that asks; ``USAGE_DATA_OPT_OUT`` leaves out versions."""
    if os.environ.get("USAGE_DATA_OPT_OUT", "").lower() in ("true", "1"):
        return "qiskit-version-2/qiskit"
    import qiskit

    custom = os.environ.get("QISKIT_IBM_RUNTIME_CUSTOM_CLIENT_APP_HEADER", "")
    return (
        f"qiskit-version-2/qiskit_ibm_native-{__version__},qiskit-{qiskit.__version__}/qiskit{custom and '/' + custom}"
    )


class RuntimeClient:
    """The runtime API of one instance. Any number of threads may use one."""

    def __init__(self, base_url: str, instance: str, authenticator: Authenticator, transport: Transport) -> None:
        """Create a client; nothing is requested yet.

        Args:
            base_url: What the paths of routes are appended to.
            instance: The CRN of the instance.
            authenticator: Gives the access token.
            transport: Makes the requests.
        """
        self.instance = instance
        self._base_url = base_url
        self._authenticator = authenticator
        self._transport = transport
        self._application = client_application()
        self._max_json = min(_MAX_JSON, transport.limits.max_reply_bytes)
        # By path and query: a validator that the service gave, and the payload that it is of. It is used for a caller
        # who has that payload and could read it, and for nobody else.
        self._validated: dict[tuple[str, str | None], tuple[str, bytes]] = {}

    def __repr__(self) -> str:
        return f"<RuntimeClient of {self._base_url}>"

    def call(self) -> AbstractContextManager[None]:
        """Return a context in which all requests together end within the time of a call."""
        return self._transport.call()

    # Backends

    def list_backends(self) -> list[dict[str, Any]]:
        """Return what the service says about each device: name, status, length of the queue and so on."""
        reply = self._get("/backends", {"include_mocks": "True"}, devices=list)
        return [_checked_object(device, reply.what, name=str) for device in reply.json()["devices"]]

    def backend_configuration(
        self, backend_name: str, calibration_id: str | None = None, *, known: bytes | None = None
    ) -> bytes:
        """Return the configuration payload of a device.

        Args:
            backend_name: The device.
            calibration_id: Which calibration, if not the latest one.
            known: The payload that the caller has. The same object is returned if the service says that it has not
                changed.
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
        """Return the properties payload of a device, the last one before ``datetime`` if that is given."""
        path = _path("backends", backend_name, "properties")
        if datetime is None:
            return self._payload(path, calibration_id, known)
        return self._whole(path, params=_given(updated_before=_utc(datetime), calibration_id=calibration_id)).body

    def backend_pulse_defaults(
        self, backend_name: str, calibration_id: str | None = None, *, known: bytes | None = None
    ) -> bytes | None:
        """Return the pulse defaults payload of a device; ``None`` if it has no pulses."""
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
        reply = self._whole(path, params=_given(calibration_id=calibration_id), more_headers=headers)
        if reply.status == NOT_MODIFIED:
            return validated
        if reply.headers.get("ETag"):
            self._validated[key] = reply.headers["ETag"], reply.body
        else:
            self._validated.pop(key, None)
        return reply.body

    def _whole(self, path: str, **options: Any) -> Reply:
        """Return a reply with a payload; what is cut short or of something else than the service is asked for again.

        If that stays so, it is returned nevertheless: who reads it says what is wrong with it, and where.
        """
        with self.call():
            for seconds in (*_PAYLOAD_WAITS, None):
                reply = self._request("GET", path, repeatable=True, **options)
                if seconds is None or reply.status == NOT_MODIFIED or _is_whole(reply.body):
                    break
                pause(seconds)
            return reply

    def backend_status(self, backend_name: str) -> dict[str, Any]:
        """Return the status of a device."""
        return self._object("GET", _path("backends", backend_name, "status"))

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
        """Submit a job, once.

        If the service may have taken the job although it did not say so, it is asked for a job with the ``record_tag``;
        only if it knows none, the job is submitted again. Without such a tag it is not submitted again.

        Returns:
            The service's reply: ``id`` and ``backend``.
        """
        tags = [*(job_tags or ()), *([record_tag] if record_tag else ())]
        job = _given(
            program_id=program_id, backend=backend_name, params=params, runtime=image,
            log_level=log_level and log_level.lower(), session_id=session_id, tags=tags or None, cost=max_execution_time,
            private=private or None, calibration_id=calibration_id,
        )  # fmt: skip
        body = orjson.dumps(job, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
        with self.call():
            # A failure to get a token happens before anything is sent.
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
                    raise _unknown(failure, record_tag)

    def _submitted(self, record_tag: str, failure: ApiError) -> dict[str, Any] | None:
        """Return the job with a tag that the service may have taken, ``None`` if it has not."""
        waits = list(reversed(_SEARCH_WAITS))
        while waits:
            pause(waits[-1])
            try:
                jobs = self.jobs_get(limit=_SEARCH_LIMIT, tags=[record_tag])["jobs"]
            except (ApiError, IBMNotAuthorizedError) as error:
                # The service may be in reach again before the time is over.
                if not getattr(error, "may_pass", False) or seconds_left() <= waits[-1]:
                    raise _unknown(failure, record_tag, error) from None
                continue
            waits.pop()
            # Some services give any jobs, whatever tag they are asked for.
            for job in jobs:
                if isinstance(job.get("tags"), list) and record_tag in job["tags"] and isinstance(job.get("id"), str):
                    return dict(job)
        return None

    def jobs_get(self, limit: int, skip: int = 0, **filters: Any) -> dict[str, Any]:
        """Return a page of jobs, the latest ones first.

        Args:
            limit: How many, 1 to 200.
            skip: How many to leave out before that.
            **filters: ``backend``, ``pending``, ``program``, ``created_after``, ``created_before``, ``sort``, ``tags``,
                ``session_id``.

        Returns:
            ``jobs``, and ``count``, how many there are altogether.
        """
        query = {"limit": limit, "exclude_params": "true", **({"offset": skip} if skip else {})}
        for key, value in _given(**filters).items():
            query[key] = str(value).lower() if isinstance(value, bool) else _utc(value) if _is_time(value) else value
        reply = self._get("/jobs", query, jobs=list)
        page = reply.object(jobs=list)
        for job in page["jobs"]:
            _checked_object(job, reply.what)
        return page

    def job_get(self, job_id: str, exclude_params: bool = True) -> dict[str, Any]:
        """Return what the service knows about a job, with what was submitted unless that is excluded."""
        query = {"exclude_params": "true"} if exclude_params else {"exclude_params": "false"}
        limit = self._max_json if exclude_params else self._transport.limits.max_reply_bytes
        return self._object("GET", _path("jobs", job_id), params=query, required={"id": str}, limit=limit)

    def job_results(self, job_id: str) -> bytes:
        """Return the results of a job as they are; nothing if there are none."""
        limit = self._transport.limits.max_result_bytes
        with self.call():
            path = _path("jobs", job_id, "results")
            reply = self._request("GET", path, repeatable=True, limit=limit)
            if reply.body[:64].lstrip().startswith(b'{"url"'):
                # Where large results are; whoever has that address may read them, so no token goes with the request.
                url = str(reply.json()["url"])
                reply = self._transport.request("GET", url, "GET results", repeatable=True, limit=limit)
            return reply.body

    def job_metadata(self, job_id: str) -> dict[str, Any]:
        """Return when what happened to a job, and what it used."""
        return self._object("GET", _path("jobs", job_id, "metrics"))

    def job_logs(self, job_id: str) -> str:
        """Return what a job logged; nothing if there is nothing."""
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

    # Sessions, and what was used

    def create_session(self, backend: str, mode: str, max_time: int | None = None) -> dict[str, Any]:
        """Open a session on a device; ``mode`` is ``"dedicated"`` or ``"batch"``, ``max_time`` is in seconds."""
        body = _given(mode=mode, backend=backend, instance=self.instance, max_ttl=max_time)
        return self._send("POST", "/sessions", orjson.dumps(body), check=_has_id).object(id=str)

    def close_session(self, session_id: str) -> None:
        """Let a session take no more jobs; those it has are run."""
        self._send("PATCH", _path("sessions", session_id), orjson.dumps({"accepting_jobs": False}), repeatable=True)

    def cancel_session(self, session_id: str) -> None:
        """End a session; jobs that wait in it are cancelled."""
        self._send("DELETE", _path("sessions", session_id, "close"), repeatable=True)

    def session_details(self, session_id: str) -> dict[str, Any]:
        """Return what the service knows about a session."""
        return self._object("GET", _path("sessions", session_id), required={"id": str})

    def usage(self) -> dict[str, Any]:
        """Return what the instance has used, and may use."""
        return self._object("GET", "/instances/usage")

    # Requests

    def _get(self, path: str, query: Mapping[str, Any] | None = None, **required: type) -> Reply:
        """Return a reply that is an object with these members."""
        return self._request(
            "GET",
            path,
            params=query,
            repeatable=True,
            limit=self._max_json,
            check=lambda reply: reply.object(**required),
        )

    def _object(
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
        check: Callable[[Reply], object] = acknowledged,
    ) -> Reply:
        return self._request(method, path, body=body, repeatable=repeatable, check=check)

    def _request(self, method: str, path: str, more_headers: Mapping[str, str] | None = None, **options: Any) -> Reply:
        headers = {
            "Accept": "application/json",
            "Service-CRN": self.instance,
            "IBM-API-Version": API_VERSION,
            "X-Qx-Client-Application": self._application,
            **(more_headers or {}),
        }
        if options.get("body"):
            headers["Content-Type"] = "application/json"
        what = f"{method} {path}"
        with self.call():
            return self._authenticator.authorized(
                headers,
                lambda: self._transport.request(method, f"{self._base_url}{path}", what, headers=headers, **options),
            )


def _may_be_submitted_again(failure: ApiError) -> bool:
    """Return whether a job that is not there after a while is not there at all.

    Who waited in vain knows nothing: the service, or what is in front of it, may be slow.
    """
    return (
        isinstance(failure, RequestsApiError)
        and failure.code != TIMED_OUT
        and failure.status_code not in (408, 501, 504, 505, 524)
    )


def _unknown(failure: ApiError, record_tag: str, lookup: Exception | None = None) -> RequestsApiError:
    """Return the error for a job that the service may have taken; submitting it again might submit it twice."""
    because = "" if lookup is None else f" Looking for it failed: {lookup}"
    return RequestsApiError(
        f"{failure.message} The service may have taken the job: look for it with jobs(job_tags=[{record_tag!r}]).{because}",
        getattr(failure, "status_code", -1), getattr(failure, "code", None), getattr(failure, "body", ""),
        maybe_processed=True,
    )  # fmt: skip


def _has_id(reply: Reply) -> None:
    reply.object(id=str)


def _is_whole(payload: bytes) -> bool:
    """Return whether a payload begins and ends as one; who reads it finds out the rest."""
    return (payload[:16].lstrip()[:1] == b"{" and payload[-16:].rstrip()[-1:] == b"}") or payload.strip() == b"null"


def _path(*parts: str) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _is_time(value: Any) -> bool:
    return isinstance(value, datetime)


def _utc(moment: datetime) -> str:
    """Return a moment in UTC; one without a time zone is in that of this machine."""
    return moment.astimezone(timezone.utc).isoformat()


def _checked_object(value: Any, what: str, **required: type) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(value.get(key), kind) for key, kind in required.items()):
        members = ", ".join(required)
        raise ApiIBMProtocolError(f"{what}: an element of the reply is not an object{members and ' with ' + members}")
    return value
