# SPDX-License-Identifier: Apache-2.0
"""Operations that tell about the service itself; anybody may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from .... import _native
from ..operation import Operation, Schema, json_response, list_of, object_of, text, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from ...jobs.store import Store
    from ...jobs.workers import Workers

_HEALTH = object_of({
    "status": text(enum=["ok"]),
    "version": text(description="Version of the package."),
    "ready": {"type": "boolean", "description": "Whether a simulator waits for jobs, with all that it needs imported."},
    "queue_length": whole(minimum=0, description="Number of jobs that are not done."),
})  # fmt: skip
_DOCUMENT = object_of({"openapi": text(), "info": {"type": "object"}, "paths": {"type": "object"}})


def operations(store: Store, workers: Workers) -> list[Operation]:
    """Return the operations about health and versions."""

    async def get_health(_request: Request) -> Response:
        return json_response({
            "status": "ok", "version": _native.__version__, "ready": workers.is_warm,
            "queue_length": sum(store.queue_lengths().values()),
        })  # fmt: skip

    async def list_versions(_request: Request) -> Response:
        return json_response({"versions": ["2025-01-01", "2026-04-15"]})

    return [
        Operation("GET", "/health", "Tell whether the service works.", get_health, "nothing", replies={200: _HEALTH}),
        Operation(
            "GET", "/versions", "List the versions of the runtime API.", list_versions, "nothing",
            replies={200: object_of({"versions": list_of(text())})},
        ),
    ]  # fmt: skip


def documentation(document: Callable[[], Schema], page: Callable[[Schema], str]) -> list[Operation]:
    """Return the operations that describe all operations.

    Args:
        document: Makes the OpenAPI document.
        page: Makes a page of the document, for people.
    """

    async def get_document(_request: Request) -> Response:
        return json_response(document())

    async def get_page(_request: Request) -> Response:
        return HTMLResponse(page(document()))

    return [
        Operation(
            "GET", "/openapi.json", "Return this document.", get_document, "nothing", replies={200: _DOCUMENT}
        ),
        Operation(
            "GET", "/docs", "Return this document as a page.", get_page, "nothing", replies={200: {"text/html": text()}}
        ),
    ]  # fmt: skip
