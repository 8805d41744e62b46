# SPDX-License-Identifier: Apache-2.0
"""The application: operations behind the checks of who asks, and behind the faults that tests ask for."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from ..._logger import logger
from .faults import Faults
from .openapi import document, page
from .operation import Operation, Refusal, error_response
from .routes import backends, clock, faults, health, identity, jobs, outcomes, sessions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from ..clock import Clock
    from ..devices import Catalog
    from ..jobs.store import Store
    from ..jobs.workers import Workers
    from .tokens import Tokens

#: Prefixes of the runtime API: one that the official client takes verbatim, and that of the cloud.
PREFIXES = ("/experimental/v1", "/api/v1")

#: Words of SQLite about files to which nothing can be written, as long as nobody does something about it.
_UNWRITABLE = ("is full", "readonly", "disk I/O error")
#: Seconds between two lines of the log about the store.
_SILENCE = 60.0


@dataclass(frozen=True)
class AppState:
    """Objects that the routes share."""

    catalog: Catalog
    store: Store
    workers: Workers
    tokens: Tokens
    crn: str
    has_noise: bool = True
    clock: Clock | None = None


def build_app(state: AppState) -> Faults:
    """Return the application, behind the faults that tests ask for."""
    app = Starlette()
    app.add_exception_handler(HTTPException, _explained)
    # Without one of its own, each would be logged with a traceback.
    app.add_exception_handler(sqlite3.Error, StoreTrouble())
    for kind in state.catalog.errors:
        app.add_exception_handler(kind, _gone)
    app.add_exception_handler(Exception, _failed)
    in_front = Faults(app, state.tokens.expire)
    operations = [*_operations(state, in_front)]
    operations += health.documentation(lambda: document(operations), page)
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    app.router.routes += [_route(path, methods, state) for path, methods in by_path.items()]
    return in_front


def _operations(state: AppState, in_front: Faults) -> Iterator[Operation]:
    runtime = [
        *jobs.operations(state.catalog, state.store, state.workers, state.has_noise),
        *outcomes.operations(state.store),
        *backends.operations(state.catalog, state.store, state.crn),
        *sessions.operations(state.catalog, state.store),
    ]
    # Routes are looked at one by one: those that are asked for most are the first.
    for prefix in PREFIXES:
        for operation in runtime:
            yield operation.behind(prefix)
    yield from health.operations(state.store, state.workers)
    yield from identity.operations(state.tokens, state.crn)
    yield from faults.operations(in_front)
    yield from clock.operations(state.clock)


def _route(path: str, operations: Mapping[str, Operation], state: AppState) -> Route:
    async def answer(request: Request) -> Response:
        operation = operations[request.method]
        _check(request, operation, state)
        return await operation.answer(request)

    route = Route(path, answer)
    # Without HEAD, which Starlette adds: it would take results of private jobs away without giving them.
    route.methods = set(operations)
    return route


def _check(request: Request, operation: Operation, state: AppState) -> None:
    if operation.access == "nothing":
        return
    if not state.tokens.accepts(request.headers.get("authorization", "")):
        raise Refusal(401, 1200, "The access token is missing, wrong or expired", "Get a new one with your API key.")
    instance = request.headers.get("service-crn")
    if operation.access == "instance" and instance != state.crn:
        raise Refusal(404, 1219, f"There is no instance {instance!r}", f"Use {state.crn}.")


async def _explained(_request: Request, error: Exception) -> Response:
    if isinstance(error, Refusal):
        return error_response(error.status_code, error.code, error.text, error.solution, error.headers)
    # There is no such route or method.
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    return error_response(status, 1211, str(getattr(error, "detail", error)), headers=headers)


class StoreTrouble:
    """Answers requests for which the store cannot be used, and logs that once a minute."""

    def __init__(self) -> None:
        """Begin without trouble."""
        self._told = float("-inf")

    async def __call__(self, request: Request, error: Exception) -> Response:
        """Return a response that clients take for final if a request cannot be kept: the disk is full, say."""
        if time.monotonic() > self._told + _SILENCE:
            self._told = time.monotonic()
            logger.error("The store of jobs cannot be used: %s", error)
        is_change = request.method != "GET" and any(words in str(error) for words in _UNWRITABLE)
        solution = "Free space on the disk, or choose another file." if is_change else ""
        return error_response(507 if is_change else 500, 1000, f"The store of jobs cannot be used: {error}", solution)


async def _gone(_request: Request, error: Exception) -> Response:
    """Return a response that clients take for final: another request would find the same damage."""
    return error_response(410, 1000, str(error))


async def _failed(_request: Request, error: Exception) -> Response:
    return error_response(500, 1000, f"The service failed: {error!r}")
