# SPDX-License-Identifier: Apache-2.0
"""Routes of the service: the runtime API, and those by which clients get tokens and instances."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from ... import _native
from ..devices import Catalog, Device, compressed, validator
from ..errors import BadInputError
from ..jobs.store import Store, parse_time
from ..jobs.workers import RAN_TOO_LONG, Workers
from ..programs.checks import PROGRAMS, check_submission
from .faults import Fault, Faults
from .limits import error_response
from .tokens import LIFE, Tokens

PLAN = "local-plan"
#: Limits of the platform: seconds of a job (3 h) and of a session (8 h); tags of a job, characters of a tag, jobs of a
#: page.
MAX_SECONDS, MAX_SESSION_SECONDS = 10_800, 28_800
MAX_TAGS, MAX_TAG_LENGTH, MAX_PAGE = 8, 86, 200
#: Prefixes of the runtime API: that of the cloud, and one that the official client takes verbatim.
PREFIXES = ("/api/v1", "/experimental/v1")


@dataclass(frozen=True)
class AppState:
    """Objects that the routes share."""

    catalog: Catalog
    store: Store
    workers: Workers
    tokens: Tokens
    crn: str
    has_noise: bool = True


class Refusal(HTTPException):
    """A request is refused, with the errors of the platform."""

    def __init__(
        self, status: int, code: int, message: str, solution: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Create a refusal of an HTTP status, an error code of the platform and texts for the user."""
        super().__init__(status, message, headers)
        self.code = code
        self.text = message
        self.solution = solution


def build_app(state: AppState) -> Faults:
    """Return the application, behind the faults that tests ask for."""
    app = FastAPI(title="qiskit-ibm-native local service", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(StarletteHTTPException, _explained)
    app.add_exception_handler(Exception, _failed)
    faults = Faults(app, state.tokens.expire)
    app.include_router(_identity(state))
    app.include_router(_fault_routes(state, faults))
    for prefix in PREFIXES:
        app.include_router(_backends(state), prefix=prefix)
        app.include_router(_jobs(state), prefix=prefix)
        app.include_router(_outcomes(state), prefix=prefix)
        app.include_router(_sessions(state), prefix=prefix)
    return faults


async def _explained(_request: Request, error: Exception) -> Response:
    if isinstance(error, Refusal):
        return error_response(error.status_code, error.code, error.text, error.solution, error.headers)
    # There is no such route or method.
    status = error.status_code if isinstance(error, StarletteHTTPException) else 500
    return error_response(status, 1211, str(getattr(error, "detail", error)))


async def _failed(_request: Request, error: Exception) -> Response:
    return error_response(500, 1000, f"The service failed: {error!r}")


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


async def _content(request: Request) -> dict[str, Any]:
    try:
        content = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise Refusal(400, 1211, f"The body is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise Refusal(400, 1211, "The body is no object")
    return content


def _require_auth(state: AppState, with_instance: bool = True) -> Callable[[Request], None]:
    def check(request: Request) -> None:
        if not state.tokens.accepts(request.headers.get("authorization", "")):
            raise Refusal(
                401, 1200, "The access token is missing, wrong or expired", "Get a new one with your API key."
            )
        instance = request.headers.get("service-crn")
        if with_instance and instance != state.crn:
            raise Refusal(404, 1219, f"There is no instance {instance!r}", f"Use {state.crn}.")

    return check


def _identity(state: AppState) -> APIRouter:
    router = APIRouter()
    guard = Depends(_require_auth(state, with_instance=False))

    @router.post("/identity/token")
    async def issue_token(request: Request) -> Response:
        fields = parse_qs((await request.body()).decode(errors="replace"))
        if not state.tokens.is_key((fields.get("apikey") or [""])[0]):
            message = "Provided API key could not be found."
            return _json({"errorCode": "BXNIM0415E", "errorMessage": message, "context": {"requestId": "local"}}, 400)
        token, expiration = state.tokens.issue()
        return _json({
            "access_token": token, "refresh_token": "not_supported", "ims_user_id": 1, "token_type": "Bearer",
            "expires_in": LIFE, "expiration": expiration, "scope": "ibm openid",
        })  # fmt: skip

    @router.post("/gs/v3/resources/search", dependencies=[guard])
    async def search_instances() -> Response:
        item = {
            "crn": state.crn, "name": "local", "service_plan_unique_id": PLAN, "tags": [],
            "doc": {"extensions": {"backends": ["*"]}},
        }  # fmt: skip
        return _json({"items": [item]})

    @router.get("/gc/{plan}", dependencies=[guard])
    async def describe_plan(plan: str) -> Response:
        if plan != PLAN:
            raise Refusal(404, 1219, f"There is no plan {plan!r}")
        pricing = {"pricing": {"type": "free"}}
        return _json({"id": plan, "overview_ui": {"en": {"display_name": "Open"}}, "metadata": pricing})

    @router.get("/versions")
    async def list_versions() -> Response:
        return _json({"versions": ["2025-01-01", "2026-04-15"]})

    return router


def _fault_routes(state: AppState, faults: Faults) -> APIRouter:
    router = APIRouter(dependencies=[Depends(_require_auth(state, with_instance=False))])

    @router.post("/faults")
    async def add_fault(request: Request) -> Response:
        try:
            faults.add(Fault(**await _content(request)))
        except (TypeError, ValueError) as error:
            raise Refusal(400, 1211, str(error)) from None
        return Response(status_code=204)

    @router.delete("/faults")
    async def clear_faults() -> Response:
        faults.clear()
        return Response(status_code=204)

    return router


def _backends(state: AppState) -> APIRouter:
    router = APIRouter(dependencies=[Depends(_require_auth(state))])

    def device(name: str) -> Device:
        found = state.catalog.get(name)
        if found is None:
            raise Refusal(404, 1007, f"There is no backend {name!r}")
        return found

    @router.get("/backends")
    async def list_backends() -> Response:
        lengths = state.store.queue_lengths()
        return _json({"devices": [found.entry(lengths.get(found.name, 0)) for found in state.catalog]})

    @router.get("/backends/{name}/configuration")
    async def get_configuration(name: str, request: Request) -> Response:
        return _payload(device(name).latest.payloads.configuration, request)

    @router.get("/backends/{name}/properties")
    async def get_properties(name: str, request: Request) -> Response:
        return _payload(_properties(device(name), request.query_params.get("updated_before")), request)

    @router.get("/backends/{name}/defaults")
    async def get_defaults(name: str, request: Request) -> Response:
        return _payload(_pulse_defaults(device(name)), request)

    @router.get("/backends/{name}/status")
    async def get_status(name: str) -> Response:
        found = device(name)
        return _json({
            "state": True, "status": "active", "message": "", "length_queue": state.store.queue_lengths().get(name, 0),
            "backend_version": str(getattr(found.model, "backend_version", "0.0.0")),
        })  # fmt: skip

    @router.get("/instances/usage")
    async def get_usage() -> Response:
        return _json({"instance_id": state.crn, "plan_id": PLAN, "usage_consumed_seconds": 0})

    return router


def _properties(device: Device, updated_before: str | None) -> bytes | None:
    if updated_before is None:
        return device.latest.payloads.properties
    try:
        earlier = device.before(_native.parse_instant(updated_before.replace(" ", "+")))
    except ValueError as error:
        raise Refusal(400, 1211, f"updated_before: {error}") from None
    return None if earlier is None else earlier.payloads.properties


def _pulse_defaults(device: Device) -> bytes:
    payload = device.latest.payloads.defaults
    if payload is None:
        raise Refusal(404, 1217, f"{device.name} has no pulse defaults")
    return payload


def _payload(payload: bytes | None, request: Request) -> Response:
    """Return the response of a payload, compressed if the client takes that; ``{}`` if there is none."""
    payload = payload or b"{}"
    headers = {"ETag": validator(payload), "Vary": "Accept-Encoding"}
    if headers["ETag"] in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", "") and len(payload) > 1000:
        return Response(
            compressed(payload), headers={**headers, "Content-Encoding": "gzip"}, media_type="application/json"
        )
    return Response(payload, headers=headers, media_type="application/json")


def _known(store: Store, job_id: str, with_content: bool = False) -> dict[str, Any]:
    job = store.job(job_id, with_content)
    if job is None:
        raise Refusal(404, 3250, f"Job not found: {job_id}")
    return job


def _jobs(state: AppState) -> APIRouter:  # noqa: C901 (one function a route)
    router = APIRouter(dependencies=[Depends(_require_auth(state))])
    store = state.store

    @router.post("/jobs")
    async def submit_job(request: Request) -> Response:
        job = await _content(request)
        device = state.catalog.get(str(job.get("backend")))
        if device is None:
            raise Refusal(404, 1007, f"There is no backend {job.get('backend')!r}")
        job_id = store.add_job(noise=int(state.has_noise), **_checked_job(job, store, device))
        state.workers.submit(job_id)
        return _json({"id": job_id, "backend": device.name})

    @router.get("/jobs")
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
        return _json({"jobs": [_described(job) for job in jobs], "count": count, "offset": offset, "limit": limit})

    @router.get("/jobs/{job_id}")
    async def get_job(job_id: str, request: Request) -> Response:
        excluded = request.query_params.get("exclude_params", "false").lower() == "true"
        job = _known(store, job_id, with_content=not excluded)
        described = _described(job)
        if not excluded and not job["private"] and job["params"]:
            described["params"] = orjson.Fragment(job["params"])
        return _json(described)

    @router.post("/jobs/{job_id}/cancel")
    async def cancel_job(job_id: str) -> Response:
        job = _known(store, job_id)
        if job["status"] == "Cancelled":
            return Response(status_code=204)
        if not store.end_job(job_id, "Cancelled", "Cancelled by user"):
            raise Refusal(409, 3208, f"Job {job_id} cannot be cancelled: it is {job['status'].lower()}")
        state.workers.interrupt(job_id)
        return Response(status_code=204)

    @router.put("/jobs/{job_id}/tags")
    async def set_tags(job_id: str, request: Request) -> Response:
        _known(store, job_id)
        store.set_tags(job_id, _tags((await _content(request)).get("tags")))
        return Response(status_code=204)

    @router.delete("/jobs/{job_id}")
    async def delete_job(job_id: str) -> Response:
        if _known(store, job_id)["finished"] is None:
            raise Refusal(400, 3211, f"Job {job_id} is not done; cancel it first")
        store.delete_job(job_id)
        return Response(status_code=204)

    return router


def _outcomes(state: AppState) -> APIRouter:
    router = APIRouter(dependencies=[Depends(_require_auth(state))])
    store = state.store

    @router.get("/jobs/{job_id}/results")
    async def get_results(job_id: str) -> Response:
        _known(store, job_id)
        result = await asyncio.to_thread(store.take_result, job_id)
        return Response(status_code=204) if result is None else Response(result, media_type="application/json")

    @router.get("/jobs/{job_id}/logs")
    async def get_logs(job_id: str) -> Response:
        return Response(_known(store, job_id)["logs"], media_type="text/plain")

    @router.get("/jobs/{job_id}/metrics")
    async def get_metrics(job_id: str) -> Response:
        job = _known(store, job_id)
        seconds = _seconds(job)
        usage = {
            "quantum_seconds": seconds, "seconds": seconds, "qpu_charge_time_seconds": seconds,
            "status": "complete" if job["finished"] else "pending",
        }  # fmt: skip
        stamps = {key: job[key] for key in ("created", "running", "finished")}
        return _json({"timestamps": stamps, "bss": {"seconds": seconds}, "usage": usage})

    return router


def _checked_job(job: dict[str, Any], store: Store, device: Device) -> dict[str, Any]:  # noqa: C901 (one a member)
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
        session = store.session(str(session_id))
        if session is None:
            raise Refusal(404, 1219, f"There is no session {session_id!r}")
        if session["backend"] != job["backend"]:
            raise Refusal(400, 1211, f"The session {session_id} is on {session['backend']}, not on {job['backend']}")
        if not session["accepting"]:
            raise Refusal(400, 4001, f"The session {session_id} is closed", "Open another one.")
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


def _described(job: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a job, without its params."""
    job_state = {"status": job["status"]}
    status = job["status"]
    if job["reason"] and status in ("Failed", "Cancelled"):
        job_state |= {"reason": job["reason"]} | ({"reason_code": job["reason_code"]} if job["reason_code"] else {})
        if job["reason_code"] == RAN_TOO_LONG:
            status = "Cancelled - Ran too long"
    return {
        "id": job["id"], "backend": job["backend"], "program": {"id": job["program"]}, "created": job["created"],
        "state": job_state, "status": status, "cost": job["cost"], "tags": job["tags"], "session_id": job["session_id"],
        "private": bool(job["private"]), "runtime": job["runtime"], "calibration_id": job["calibration_id"],
        "usage": {"seconds": _seconds(job)},
    }  # fmt: skip


def _seconds(job: dict[str, Any]) -> float:
    if not job["running"] or not job["finished"]:
        return 0
    return (parse_time(job["finished"]) - parse_time(job["running"])).total_seconds()


def _number(text: str | None, otherwise: int) -> int:
    try:
        return otherwise if text is None else min(int(text), 2**31)
    except ValueError:
        return otherwise


def _utc(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        # A plus sign that the client did not quote arrives as a space.
        instant = _native.parse_instant(text.replace(" ", "+"))
        return instant.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise Refusal(400, 1211, str(error)) from None


def _sessions(state: AppState) -> APIRouter:  # noqa: C901 (one function a route)
    router = APIRouter(dependencies=[Depends(_require_auth(state))])
    store = state.store

    def described(session_id: str) -> Response:
        session = store.session(session_id)
        if session is None:
            raise Refusal(404, 1219, f"There is no session {session_id!r}")
        end = parse_time(session["closed"]) if session["closed"] else datetime.datetime.now(datetime.timezone.utc)
        return _json({
            "id": session["id"], "backend_name": session["backend"], "mode": session["mode"], "state": session["state"],
            "accepting_jobs": bool(session["accepting"]), "max_ttl": session["max_ttl"], "active_ttl": session["max_ttl"],
            "interactive_ttl": 60, "started_at": session["first"], "activated_at": session["first"],
            "last_job_started": session["last_started"], "last_job_completed": session["last_done"],
            "closed_at": session["closed"],
            "elapsed_time": (end - parse_time(session["created"])).total_seconds(),
        })  # fmt: skip

    @router.post("/sessions")
    async def open_session(request: Request) -> Response:
        asked = await _content(request)
        backend, ttl = asked.get("backend") or asked.get("backend_name"), asked.get("max_ttl", MAX_SESSION_SECONDS)
        if state.catalog.get(str(backend)) is None:
            raise Refusal(400, 1007, f"There is no backend {backend!r}")
        if asked.get("mode") not in ("dedicated", "batch"):
            raise Refusal(400, 1211, f"There is no session mode {asked.get('mode')!r}", "Use dedicated or batch.")
        if not isinstance(ttl, int) or isinstance(ttl, bool) or not 1 <= ttl <= MAX_SESSION_SECONDS:
            raise Refusal(400, 1211, f"max_ttl is {ttl!r}, not a number of seconds from 1 to {MAX_SESSION_SECONDS}")
        return described(store.add_session(str(backend), asked["mode"], ttl))

    @router.get("/sessions/{session_id}")
    async def get_session(session_id: str) -> Response:
        return described(session_id)

    @router.patch("/sessions/{session_id}")
    async def close_session(session_id: str, request: Request) -> Response:
        described(session_id)
        if (await _content(request)).get("accepting_jobs") is False:
            store.close_session(session_id, cancel=False)
        return described(session_id)

    @router.delete("/sessions/{session_id}/close")
    async def cancel_session(session_id: str) -> Response:
        described(session_id)
        store.close_session(session_id, cancel=True)
        return Response(status_code=204)

    return router
