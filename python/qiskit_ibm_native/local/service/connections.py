# SPDX-License-Identifier: Apache-2.0
"""Connections and bodies of requests, within the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .operation import error_response

if TYPE_CHECKING:
    import asyncio

    from .faults import App, Receive, Scope, Send
    from .limits import Limits
    from .tokens import Tokens

#: The one route that reads bodies without an access token.
_TOKEN_PATH = "/identity/token"  # noqa: S105 (a path)
#: Bytes a second of the slowest client.
_MIN_RATE = 1 << 16
#: Seconds for which the rest of a body is read and thrown away after the response, so that its sender gets to the
#: response.
_LINGER = 10.0


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
