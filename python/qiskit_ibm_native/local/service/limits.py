# SPDX-License-Identifier: Apache-2.0
"""Limits of the service: bytes, time and number of requests and connections, and the memory of jobs."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h11
import orjson
from fastapi import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .faults import App, Receive, Scope, Send
    from .tokens import Tokens

#: The one route that reads bodies without an access token.
_TOKEN_PATH = "/identity/token"  # noqa: S105 (a path)
#: Bytes a second of the slowest client.
_MIN_RATE = 1 << 16
#: Seconds for which the rest of a body is read and thrown away after the response, so that its sender gets to the
#: response.
_LINGER = 10.0
#: Share of the machine's memory that all jobs together may have; the service and other programs need the rest.
_JOB_SHARE = 0.75


@dataclass(frozen=True)
class Limits:
    """Limits of requests and jobs.

    Attributes:
        body: Size of the body of a request with a good access token, in bytes.
        unknown_body: Size of the body of a request for an access token, in bytes. Other bodies without a token are not
            read.
        seconds: Time until a request has to have arrived, with one second more for each 64 KiB.
        connections: Number of connections at once; half of the files that the process may open if that is less.
        job_memory: Bytes that a job may allocate. By default, all jobs together may have three quarters of the
            machine's memory.
    """

    body: int = 64 << 20
    unknown_body: int = 64 << 10
    seconds: float = 20.0
    connections: int = 512
    job_memory: int | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("body", "unknown_body", "seconds", "connections"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be more than 0.")
        if self.job_memory is not None and not self.job_memory > 0:
            raise ValueError(f"job_memory is {self.job_memory!r}; it must be more than 0, or None.")

    def memory_of_a_job(self, workers: int) -> int:
        """Return the bytes that each of so many jobs may allocate."""
        return self.job_memory or int(_JOB_SHARE * _memory()) // workers

    def max_connections(self) -> int:
        """Return the number of connections that there may be at once in this process."""
        with suppress(ImportError):
            import resource

            files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            if files != resource.RLIM_INFINITY:
                return max(min(self.connections, files // 2), 1)
        return self.connections


def _memory() -> int:
    """Return the memory of the machine, or of the container, in bytes."""
    sizes = [1 << 33]
    with suppress(AttributeError, OSError, ValueError):
        sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, ValueError):
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(sizes)


def error_response(
    status: int, code: int, message: str, solution: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error response in the format of the platform."""
    detail = {"code": code, "message": message, "solution": solution, "more_info": ""}
    content = orjson.dumps({"errors": [detail], "trace": "local"})
    return Response(content, status, headers, media_type="application/json")


class Bounded:
    """Middleware that reads the body of a request before the application, and refuses one that is too large.

    Bodies of requests without a valid access token are not read; the application refuses these requests.
    """

    def __init__(self, app: App, tokens: Tokens, limits: Limits) -> None:
        """Stand in front of an application."""
        self._app = app
        self._tokens = tokens
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        headers = dict(scope["headers"])
        body: bytes | None = b""
        limit = self._limit(scope["path"], headers.get(b"authorization", b"").decode("latin-1"))
        if limit:
            try:
                body = await _read(receive, headers.get(b"content-length"), limit)
            except _TooLargeError:
                response = error_response(413, 1211, f"The body is larger than {limit} bytes")
                await response(scope, receive, send)
                return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    def _limit(self, path: str, authorization: str) -> int:
        if self._tokens.accepts(authorization):
            return self._limits.body
        return self._limits.unknown_body if path == _TOKEN_PATH else 0


class _TooLargeError(Exception):
    pass


async def _read(receive: Receive, declared: bytes | None, limit: int) -> bytes | None:
    """Return a body; ``None`` if its sender is gone."""
    # The server has checked that this is a number.
    if declared is not None and int(declared) > limit:
        raise _TooLargeError
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise _TooLargeError
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a function that gives a body that was read already, and then further messages."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return messages.pop() if messages else await receive()

    return replay


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 for a bounded number of connections, on which requests arrive in bounded time.

    uvicorn itself waits for ever for the rest of a request.
    """

    def __init__(self, *arguments: Any, limits: Limits, **options: Any) -> None:
        """Prepare for a connection, with the server's own arguments."""
        super().__init__(*arguments, **options)
        self._limits = limits
        self._max = limits.max_connections()
        self._timer: asyncio.TimerHandle | None = None
        self._begin = 0.0
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._begin = self.loop.time()
        if len(self.connections) > self._max:
            self._make_room()
        self._wait(self._limits.seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request, and end the wait if that was the last one."""
        self._received += len(data)
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_waiting()
        elif self._timer is None:
            self._wait(self._limits.seconds)

    def on_response_complete(self) -> None:
        """Wait for the next request, and throw away the rest of this one for some seconds."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._wait(_LINGER)

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._received = 0
        self._timer = self.loop.call_later(seconds, self._give_up, self.loop.time() + seconds)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self, end: float) -> None:
        """Break the connection, unless there was much to send, or this side does not read at present."""
        is_answered = self.cycle is not None and self.cycle.response_complete
        left = end + (0 if is_answered else self._received / _MIN_RATE) - self.loop.time()
        if left > 0 or (self.flow.read_paused and not is_answered):
            self._timer = self.loop.call_later(max(left, 1.0), self._give_up, end)
        else:
            self._timer = None
            self.transport.abort()

    def _make_room(self) -> None:
        """Break the oldest connection on which nothing was ever asked; if all were used, refuse this one politely."""
        silent = (
            other
            for other in self.connections
            if isinstance(other, BoundedProtocol) and other.cycle is None and not other.transport.is_closing()
        )
        oldest = min((other for other in silent if other is not self), key=lambda other: other._begin, default=None)
        if oldest is None:
            self.app = _refuse
        else:
            oldest.transport.abort()


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    message = "The service has as many connections as it takes"
    response = error_response(503, 1000, message, "Try again later.", {"Connection": "close", "Retry-After": "1"})
    await response(scope, receive, send)
