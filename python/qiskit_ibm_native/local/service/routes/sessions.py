# SPDX-License-Identifier: Apache-2.0
"""Operations about sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...jobs.store import Store, parse_time
from ..operation import (
    Operation,
    Refusal,
    Schema,
    content_of,
    in_path,
    json_response,
    nothing,
    object_of,
    or_null,
    text,
    whole,
)  # fmt: skip

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ...devices import Catalog

#: Limit of the platform: seconds of a session (8 h).
MAX_SECONDS = 28_800
_MODES = ("dedicated", "batch")
_ID = in_path("session_id", "Identifier of the session.")
_SESSION = object_of({
    "id": text(), "backend_name": text(), "mode": text(enum=list(_MODES)), "state": text(enum=["open", "active", "closed"]),
    "accepting_jobs": {"type": "boolean"}, "max_ttl": whole(), "elapsed_time": {"type": "number"},
    "started_at": or_null(text()), "closed_at": or_null(text()),
})  # fmt: skip
_ASKED = object_of(
    {"mode": text(enum=list(_MODES))},
    backend=text(), backend_name=text(), instance=text(), max_ttl=whole(minimum=1, maximum=MAX_SECONDS),
)  # fmt: skip

_EXAMPLE: Schema = {"backend": "ibmq_vigo", "mode": "batch"}


def operations(catalog: Catalog, store: Store) -> list[Operation]:
    """Return the operations, for the sessions of a store."""

    def described(session_id: str) -> Response:
        session = store.session(session_id)
        if session is None:
            raise Refusal(404, 1219, f"There is no session {session_id!r}")
        end = parse_time(session["closed"]) if session["closed"] else store.now()
        return json_response({
            "id": session["id"], "backend_name": session["backend"], "mode": session["mode"], "state": session["state"],
            "accepting_jobs": bool(session["accepting"]), "max_ttl": session["max_ttl"], "active_ttl": session["max_ttl"],
            "interactive_ttl": 60, "started_at": session["first"], "activated_at": session["first"],
            "last_job_started": session["last_started"], "last_job_completed": session["last_done"],
            "closed_at": session["closed"],
            # A clock that was moved back shows times before the session.
            "elapsed_time": max((end - parse_time(session["created"])).total_seconds(), 0),
        })  # fmt: skip

    async def open_session(request: Request) -> Response:
        return described(store.add_session(*_checked(await content_of(request), catalog)))

    async def get_session(request: Request) -> Response:
        return described(request.path_params["session_id"])

    async def close_session(request: Request) -> Response:
        session_id = request.path_params["session_id"]
        described(session_id)
        if (await content_of(request)).get("accepting_jobs") is False:
            store.close_session(session_id, cancel=False)
        return described(session_id)

    async def cancel_session(request: Request) -> Response:
        session_id = request.path_params["session_id"]
        described(session_id)
        store.close_session(session_id, cancel=True)
        return nothing()

    changes = object_of({}, accepting_jobs={"type": "boolean"})
    return [
        Operation("POST", "/sessions", "Open a session.", open_session, body=_ASKED, example=_EXAMPLE, replies={200: _SESSION}),
        Operation(
            "GET", "/sessions/{session_id}", "Describe a session.", get_session,
            parameters=(_ID,), replies={200: _SESSION},
        ),
        Operation(
            "PATCH", "/sessions/{session_id}", "Close a session for further jobs.", close_session,
            parameters=(_ID,), body=changes, replies={200: _SESSION},
        ),
        Operation(
            "DELETE", "/sessions/{session_id}/close", "Close a session and cancel its waiting jobs.", cancel_session,
            parameters=(_ID,),
        ),
    ]  # fmt: skip


def _checked(asked: dict[str, Any], catalog: Catalog) -> tuple[str, str, int]:
    """Return the device, the mode and the seconds of a session that is asked for."""
    backend, ttl = asked.get("backend") or asked.get("backend_name"), asked.get("max_ttl", MAX_SECONDS)
    if catalog.get(str(backend)) is None:
        raise Refusal(400, 1007, f"There is no backend {backend!r}")
    if asked.get("mode") not in _MODES:
        raise Refusal(400, 1211, f"There is no session mode {asked.get('mode')!r}", "Use dedicated or batch.")
    if not isinstance(ttl, int) or isinstance(ttl, bool) or not 1 <= ttl <= MAX_SECONDS:
        raise Refusal(400, 1211, f"max_ttl is {ttl!r}, not a number of seconds from 1 to {MAX_SECONDS}")
    return str(backend), asked["mode"], ttl
