# SPDX-License-Identifier: Apache-2.0
"""Operations about jobs."""

from __future__ import annotations

import asyncio
import datetime
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from .... import _native
from ...errors import BadInputError
from ...jobs.store import Store, parse_time
from ...jobs.workers import RAN_TOO_LONG, Workers
from ...programs.checks import PROGRAMS, check_submission
from ..operation import (
    Operation,
    Refusal,
    Schema,
    content_of,
    in_header,
    in_path,
    in_query,
    json_response,
    list_of,
    nothing,
    object_of,
    or_null,
    text,
    whole,
)  # fmt: skip

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ...devices import Catalog, Device

#: Limits of the platform: seconds of a job (3 h); tags of a job, characters of a tag, jobs of a page.
MAX_SECONDS = 10_800
#: Seconds for which a reply waits for the end of a job.
MAX_PATIENCE = 10
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])", re.ASCII)
MAX_TAGS, MAX_TAG_LENGTH, MAX_PAGE = 8, 86, 200

_ID = in_path("job_id", "Identifier of the job.")
_PREFER = in_header("Prefer", "`wait=1` to have the reply when the job is done, or after so many seconds.")
_TAGS = list_of(text(maxLength=MAX_TAG_LENGTH), maxItems=MAX_TAGS)
_SUBMISSION = object_of(
    {"program_id": text(enum=list(PROGRAMS)), "backend": text(), "params": {"type": "object", "minProperties": 1}},
    tags=_TAGS, session_id=or_null(text()), runtime=or_null(text()), calibration_id=or_null(text()),
    cost=or_null(whole(minimum=0, description="The job's longest time in seconds.")), private={"type": "boolean"},
)  # fmt: skip
_EXAMPLE: Schema = {
    "program_id": "sampler",
    "backend": "ibmq_vigo",
    "params": {"pubs": [['OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;']], "version": 2},
    "tags": ["example"],
}
_JOB = object_of({
    "id": text(), "backend": text(), "program": object_of({"id": text()}), "created": text(), "status": text(),
    "state": object_of({"status": text()}, reason=text(), reason_code=whole()), "cost": whole(),
    "tags": list_of(text()), "session_id": or_null(text()), "private": {"type": "boolean"},
    "usage": object_of({"seconds": {"type": "number"}}),
}, params={"type": "object"}, queue_position=whole(minimum=1))  # fmt: skip
_PAGE = object_of({"jobs": list_of(_JOB), "count": whole(), "offset": whole(), "limit": whole()})
_FILTERS = (
    in_query("limit", "Number of jobs of a page.", whole(minimum=1, maximum=MAX_PAGE)),
    in_query("offset", "Number of jobs before the page.", whole(minimum=0)),
    in_query("pending", "`true` for jobs that are not done, `false` for those that are.", text(enum=["true", "false"])),
    in_query("backend", "Name of the device."),
    in_query("program", "Name of the program."),
    in_query("session_id", "Identifier of the session."),
    in_query("created_after", "Jobs that were created later.", text(format="date-time")),
    in_query("created_before", "Jobs that were created before.", text(format="date-time")),
    in_query("tags", "Tags that a job has, all of them.", _TAGS),
    in_query("sort", "Order by time of creation.", text(enum=["ASC", "DESC"])),
    in_query("exclude_params", "Ignored: lists have no params."),
)


def operations(catalog: Catalog, store: Store, workers: Workers, has_noise: bool) -> list[Operation]:
    """Return the operations, for the jobs of a store."""
    return [_submission(catalog, store, workers, has_noise), *_reading(store, workers), *_changes(store, workers)]


def _submission(catalog: Catalog, store: Store, workers: Workers, has_noise: bool) -> Operation:
    async def submit_job(request: Request) -> Response:
        job = await content_of(request)
        device = catalog.get(str(job.get("backend")))
        if device is None:
            raise Refusal(404, 1007, f"There is no backend {job.get('backend')!r}")
        checked, created = _checked_job(job, store, device), store.now()
        job_id = store.add_job(noise=int(has_noise), created=created, **checked)
        workers.submit(job_id, created)
        return json_response({"id": job_id, "backend": device.name})

    replies = {200: object_of({"id": text(), "backend": text()})}
    return Operation("POST", "/jobs", "Submit a job.", submit_job, body=_SUBMISSION, example=_EXAMPLE, replies=replies)


def _reading(store: Store, workers: Workers) -> list[Operation]:
    async def list_jobs(request: Request) -> Response:
        query = request.query_params
        limit = _number(query.get("limit"), MAX_PAGE)
        limit = limit if 1 <= limit <= MAX_PAGE else MAX_PAGE
        offset = max(_number(query.get("offset"), 0), 0)
        filters: dict[str, Any] = {key: query.get(key) for key in ("backend", "program", "session_id")}
        filters |= {key: _utc(query.get(key)) for key in ("created_after", "created_before")}
        filters["tags"] = list(dict.fromkeys(query.getlist("tags")))
        if len(filters["tags"]) > MAX_TAGS:
            raise Refusal(400, 1204, f"A job has {MAX_TAGS} tags at most")
        pending = query.get("pending", "").lower()
        filters["pending"] = {"true": True, "false": False}.get(pending)
        jobs, count = store.jobs(filters, limit, offset, query.get("sort", "").upper() == "ASC")
        found = [_described(job, workers) for job in jobs]
        return json_response({"jobs": found, "count": count, "offset": offset, "limit": limit})

    async def get_job(request: Request) -> Response:
        excluded = request.query_params.get("exclude_params", "false").lower() == "true"
        job_id = request.path_params["job_id"]
        patience = _patience(request)
        if patience and known(store, job_id)["finished"] is None:
            await _end_of(store, job_id, patience)
        job = known(store, job_id, with_content=not excluded)
        described = _described(job, workers)
        if not excluded and not job["private"] and job["params"]:
            described["params"] = orjson.Fragment(job["params"])
        return json_response(described)

    without = in_query("exclude_params", "Whether to leave out the params.", text(enum=["true", "false"]))
    return [
        Operation("GET", "/jobs", "List jobs, the newest first.", list_jobs, parameters=_FILTERS, replies={200: _PAGE}),
        Operation(
            "GET", "/jobs/{job_id}", "Describe a job.", get_job, parameters=(_ID, without, _PREFER), replies={200: _JOB}
        ),
    ]  # fmt: skip


def _changes(store: Store, workers: Workers) -> list[Operation]:
    async def cancel_job(request: Request) -> Response:
        job_id = request.path_params["job_id"]
        job = known(store, job_id)
        if job["status"] == "Cancelled":
            return nothing()
        if not store.end_job(job_id, "Cancelled", "Cancelled by user"):
            raise Refusal(409, 3208, f"Job {job_id} cannot be cancelled: it is {job['status'].lower()}")
        workers.interrupt(job_id)
        return nothing()

    async def set_tags(request: Request) -> Response:
        job_id = request.path_params["job_id"]
        known(store, job_id)
        store.set_tags(job_id, _tags((await content_of(request)).get("tags")))
        return nothing()

    async def delete_job(request: Request) -> Response:
        job_id = request.path_params["job_id"]
        if known(store, job_id)["finished"] is None:
            raise Refusal(400, 3211, f"Job {job_id} is not done; cancel it first")
        store.delete_job(job_id)
        return nothing()

    tags: Schema = object_of({"tags": _TAGS})
    return [
        Operation("POST", "/jobs/{job_id}/cancel", "Cancel a job.", cancel_job, parameters=(_ID,)),
        Operation("PUT", "/jobs/{job_id}/tags", "Replace the tags of a job.", set_tags, parameters=(_ID,), body=tags),
        Operation("DELETE", "/jobs/{job_id}", "Delete a job that is done.", delete_job, parameters=(_ID,)),
    ]


def _patience(request: Request) -> int:
    """Return for how many seconds a client prefers to wait; see RFC 7240."""
    found = _WAIT.search(request.headers.get("prefer", ""))
    return 0 if found is None else min(int(found[1]), MAX_PATIENCE)


async def _end_of(store: Store, job_id: str, seconds: int) -> None:
    """Wait until a job is done, for so many seconds at most."""
    loop = asyncio.get_running_loop()
    is_done = asyncio.Event()
    with store.watching(job_id, lambda: loop.call_soon_threadsafe(is_done.set)), suppress(asyncio.TimeoutError):
        # It may have ended before it was watched.
        if known(store, job_id)["finished"] is None:
            await asyncio.wait_for(is_done.wait(), seconds)


def known(store: Store, job_id: str, with_content: bool = False) -> dict[str, Any]:
    """Return a job.

    Raises:
        Refusal: There is none with that identifier.
    """
    job = store.job(job_id, with_content)
    if job is None:
        raise Refusal(404, 3250, f"Job not found: {job_id}")
    return job


def _checked_job(job: dict[str, Any], store: Store, device: Device) -> dict[str, Any]:
    if job.get("program_id") not in PROGRAMS:
        raise Refusal(404, 1211, f"There is no program {job.get('program_id')!r}", f"Use one of {list(PROGRAMS)}.")
    if not isinstance(job.get("params"), dict) or not job["params"]:
        raise Refusal(400, 3211, "params are missing")
    cost = job.get("cost") or MAX_SECONDS
    if not isinstance(cost, int) or not cost > 0:
        raise Refusal(400, 1211, f"cost is {cost!r}, not a number of seconds")
    for key in ("runtime", "calibration_id", "session_id"):
        if not isinstance(job.get(key), str | None):
            raise Refusal(400, 1211, f"{key} is {job[key]!r}, not a text")
    session_id = job.get("session_id")
    if session_id is not None:
        _check_session(store, session_id, job["backend"])
    try:
        check_submission(job["program_id"], job["params"], device)
    except BadInputError as error:
        raise Refusal(400, 1211, str(error)) from None
    return {
        "backend": job["backend"], "program": job["program_id"], "params": _kept(job["params"]),
        "tags": _tags(job.get("tags") or []), "session_id": session_id, "cost": min(cost, MAX_SECONDS),
        "private": int(bool(job.get("private"))), "runtime": job.get("runtime"),
        "calibration_id": job.get("calibration_id"),
    }  # fmt: skip


def _check_session(store: Store, session_id: str, backend: str) -> None:
    session = store.session(session_id)
    if session is None:
        raise Refusal(404, 1219, f"There is no session {session_id!r}")
    if session["backend"] != backend:
        raise Refusal(400, 1211, f"The session {session_id} is on {session['backend']}, not on {backend}")
    if not session["accepting"]:
        raise Refusal(400, 4001, f"The session {session_id} is closed", "Open another one.")


def _kept(params: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(params)
    except orjson.JSONEncodeError as error:
        # orjson reads deeper nesting than it writes.
        raise Refusal(400, 1211, f"params cannot be kept: {error}") from None


def _tags(tags: Any) -> list[str]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Refusal(400, 1211, "tags must be a list of texts")
    if len(tags) > MAX_TAGS:
        raise Refusal(400, 1204, f"A job has {MAX_TAGS} tags at most")
    if any(len(tag) > MAX_TAG_LENGTH for tag in tags):
        raise Refusal(400, 1205, f"A tag has {MAX_TAG_LENGTH} characters at most")
    return tags


def _described(job: dict[str, Any], workers: Workers) -> dict[str, Any]:
    """Return the description of a job, without its params."""
    job_state = {"status": job["status"]}
    status = job["status"]
    if job["reason"] and status in ("Failed", "Cancelled"):
        job_state |= {"reason": job["reason"]} | ({"reason_code": job["reason_code"]} if job["reason_code"] else {})
        if job["reason_code"] == RAN_TOO_LONG:
            status = "Cancelled - Ran too long"
    position = workers.position(job["id"]) if status == "Queued" else None
    described = {
        "id": job["id"], "backend": job["backend"], "program": {"id": job["program"]}, "created": job["created"],
        "state": job_state, "status": status, "cost": job["cost"], "tags": job["tags"], "session_id": job["session_id"],
        "private": bool(job["private"]), "runtime": job["runtime"], "calibration_id": job["calibration_id"],
        "usage": {"seconds": seconds_of(job)},
    }  # fmt: skip
    return described if position is None else {**described, "queue_position": position}


def seconds_of(job: dict[str, Any]) -> float:
    """Return for how many seconds a job ran; 0 until it is done."""
    if not job["running"] or not job["finished"]:
        return 0
    # A clock that was moved back shows times before the begin.
    return max((parse_time(job["finished"]) - parse_time(job["running"])).total_seconds(), 0)


def _number(value: str | None, otherwise: int) -> int:
    try:
        return otherwise if value is None else min(int(value), 2**31)
    except ValueError:
        return otherwise


def _utc(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        # A plus sign that the client did not quote arrives as a space.
        instant = _native.parse_instant(value.replace(" ", "+"))
        return instant.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise Refusal(400, 1211, str(error)) from None
