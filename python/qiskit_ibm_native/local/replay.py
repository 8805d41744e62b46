# SPDX-License-Identifier: Apache-2.0
"""A service that answers as one did that was recorded."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import orjson
from starlette.responses import Response

from .. import _native
from .._logger import logger
from .latency import checked_latency, delayed
from .recording import read_body, request_of
from .recording_format import TOKEN_PATH, Exchange, Key, Reply, Request, read
from .service.connections import Bounded
from .service.limits import Limits
from .service.operation import error_response
from .service.tokens import LIFE, Tokens
from .serving import HttpService

if TYPE_CHECKING:
    from collections.abc import Callable

    from .service.faults import Receive, Scope, Send

#: Routes that are answered without a token.
_OPEN_PATHS = (TOKEN_PATH, "/versions", "/health")
#: Methods that change nothing, so that one reply more than was recorded is the last one again.
_SAFE = ("GET", "HEAD", "OPTIONS")
#: Statuses of replies that have no body.
_BODILESS = (204, 304)


class ReplayService(HttpService):
    """A service that gives recorded replies to the requests that were recorded, and simulates nothing.

    A request is the recorded one if its method, path, query and body are the same, but for secrets and tags that are
    drawn at random. Equal requests get their replies in the order in which they were recorded; a ``GET`` that is
    repeated more often gets the last one again. Other requests are refused with status 404, but for a job of which
    only the circuits are written in another way than those of any recorded one: it gets the reply to the next recorded
    job that is as it otherwise, and a warning is logged.

    Args:
        folder: The folder that ``record`` wrote.
        latency: Seconds that each request waits before it is answered.
        host: The address to listen on; that of this machine alone unless ``public`` is set.
        port: The port to listen on; 0 for any that is free.
        token: The API key; a random one by default.
        public: Whether other machines may reach the service.
        limits: Limits of requests.

    Raises:
        IBMInputValueError: The folder is no recording, is damaged, or was written by a later version.
        IBMError: The port cannot be used.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> from qiskit_ibm_native.local import LocalService
        >>> def count_qubits():
        ...     with IBMProvider() as provider:
        ...         return provider.get_backend("ibmq_lima").num_qubits
        >>> with LocalService(devices="lima", record="recording") as service, service.in_environment():
        ...     count_qubits()
        5
        >>> with LocalService.replay("recording") as service, service.in_environment():  # without a simulator
        ...     count_qubits()
        5
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        latency: float = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        public: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """Read a recording; :meth:`start` or :meth:`serve` answers."""
        exchanges, early_end = read(folder)
        if not exchanges:
            from ..exceptions import IBMInputValueError

            raise IBMInputValueError(f"The recording {os.fspath(folder)!r} has no requests.")
        if early_end:
            logger.warning("The recording %r ended before the service did: %s", os.fspath(folder), early_end)
        latency = checked_latency(latency)
        tokens = Tokens(token := token or secrets.token_urlsafe(32))
        app = delayed(Replay(exchanges, tokens, token, self._abort, early_end), latency)
        super().__init__(host=host, port=port, token=token, public=public, limits=limits or Limits())
        self._use(Bounded(app, tokens, self._limits))


class Replay:
    """The application: recorded replies, by the requests that they answer."""

    def __init__(
        self,
        exchanges: list[Exchange],
        tokens: Tokens,
        api_key: str,
        abort: Callable[[Any], None],
        early_end: str = "",
    ) -> None:
        """Sort exchanges by requests.

        Args:
            exchanges: All exchanges, in their order.
            tokens: Checks access tokens.
            api_key: The API key of the service, which is no part of requests as they are compared.
            abort: Breaks the connection of a client, by its address.
            early_end: Why the recording ended before the service did; ``""`` if it did not.
        """
        self._early_end = early_end
        self._tokens = tokens
        self._api_key = api_key
        self._abort = abort
        self._lock = threading.Lock()
        self._left: dict[Key, deque[Exchange]] = defaultdict(deque)
        for exchange in exchanges:
            left = self._left[exchange.request.key]
            # Clients do not ask as often as they did when they wait for the same reply.
            if not (left and _is_waiting(exchange) and left[-1].reply == exchange.reply):
                left.append(exchange)
        self._counts = {key: len(left) for key, left in self._left.items()}
        self._submissions = Submissions(exchanges, self._left)
        #: Tags that the client draws now, by those that it drew then, for which it looks in replies.
        self._tags: dict[bytes, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            return
        body = await read_body(receive)
        request = request_of(scope, body, [self._api_key])
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        if request.path not in _OPEN_PATHS and not self._tokens.accepts(authorization):
            response: Any = error_response(401, 1200, "The access token is missing, wrong or expired")
        elif request.path == "/health":
            response = _json(200, {"status": "ok", "version": _native.__version__, "ready": True, "queue_length": 0})
        else:
            found, reply = self._next(request)
            # Tokens are new ones; that they were refused was recorded.
            if request.path == TOKEN_PATH and (not found or (reply is not None and reply.status == 200)):
                response = self._token(body)
            elif not found:
                response = self._refusal(request)
            elif reply is None:
                await self._break_off(scope)
                return
            else:
                await self._send(reply, scope, receive, send)
                return
        await response(scope, receive, send)

    def _next(self, request: Request) -> tuple[bool, Reply | None]:
        """Return whether there is a reply left to a request, and that reply."""
        with self._lock:
            left = self._left.get(request.key)
            if not left and request.is_submission:
                left = self._submissions.similar(request)
            if not left:
                return False, None
            if request.is_submission:
                self._submissions.note(request, left[0])
            exchange = left[0] if len(left) == 1 and request.method in _SAFE else left.popleft()
            self._tags.update(zip(exchange.request.drawn_tags, request.drawn_tags, strict=False))
            return True, exchange.reply

    def _token(self, body: bytes) -> Any:
        match = re.search(rb"(?:^|&)apikey=([^&]*)", body)
        if match is None or not self._tokens.is_key(unquote_plus(match[1].decode("utf-8", "replace"))):
            message = "Provided API key could not be found."
            return _json(400, {"errorCode": "BXNIM0415E", "errorMessage": message, "context": {"requestId": "local"}})
        token, expiration = self._tokens.issue()
        return _json(200, {
            "access_token": token, "refresh_token": "not_supported", "ims_user_id": 1, "token_type": "Bearer",
            "expires_in": LIFE, "expiration": expiration, "scope": "ibm openid",
        })  # fmt: skip

    def _refusal(self, request: Request) -> Any:
        count = self._counts.get(request.key, 0)
        others = sum(key[:2] == request.key[:2] for key in self._counts)
        if count:
            why = f"it was recorded {count} times, and is made once more"
        elif others:
            why = f"{others} with this method and path were recorded, with other queries or bodies"
        else:
            why = "none with this method and path was recorded"
        if self._early_end:
            why += f"; the recording ended before the service did ({self._early_end})"
        return error_response(
            404, 1211, f"{request.method} {request.path} is not in the recording: {why}",
            "Make the same requests as when it was recorded, or use a service that simulates.",
        )  # fmt: skip

    async def _send(self, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        body = reply.body
        if body is None:
            response = error_response(404, 1211, "Results and logs of a private job are not in the recording")
            await response(scope, receive, send)
            return
        for then, now in list(self._tags.items()):
            body = body.replace(then, now)
        headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        if reply.status not in _BODILESS:
            # A reply that broke off promised more.
            headers.append((b"content-length", str(len(body) + (not reply.is_complete)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": not reply.is_complete})
        if not reply.is_complete:
            # The bytes have to leave before the connection is broken.
            await asyncio.sleep(0.05)
            await self._break_off(scope)

    async def _break_off(self, scope: Scope) -> None:
        self._abort(scope["client"])
        # Meanwhile the server notices that nobody waits for the rest, and does not complain.
        await asyncio.sleep(0)


class Submissions:
    """Recorded jobs, for jobs of which the circuits are written in another way than any recorded one's."""

    def __init__(self, exchanges: list[Exchange], left: dict[Key, deque[Exchange]]) -> None:
        """Sort submissions by what they are but for circuits.

        Args:
            exchanges: All exchanges, in their order.
            left: Exchanges whose replies nobody got yet, by requests; those that are given are taken out by the caller.
        """
        self._left = left
        self._keys: dict[Key, list[Key]] = defaultdict(list)
        for exchange in exchanges:
            if exchange.request.is_submission:
                self._keys[exchange.request.key_without_circuits].append(exchange.request.key)
        #: Recorded requests, by those that got their replies: a client repeats a request that failed.
        self._known: dict[Key, Key] = {}
        self._is_told = False

    def note(self, request: Request, given: Exchange) -> None:
        """Note which recorded request is that of a new one."""
        self._known[request.key] = given.request.key

    def similar(self, request: Request) -> deque[Exchange] | None:
        """Return the exchanges that are left of the recorded request that comes next, or ``None``."""
        keys = [self._known.get(request.key), *self._keys.get(request.key_without_circuits, ())]
        key = next((key for key in keys if key is not None and self._left[key]), None)
        if key is None:
            return None
        if not self._is_told:
            self._is_told = True
            logger.warning(
                "The circuits of a job are written in another way than any that was recorded, which Qiskit does from"
                " one process to the next: the job gets the reply to the next recorded job with the same number of"
                " circuits and the same options. If its circuits are different, these are not their results."
            )
        return self._left[key]


def _is_waiting(exchange: Exchange) -> bool:
    """Return whether an exchange is one of those that a client repeats until the reply is another one."""
    reply = exchange.reply
    return exchange.request.method in _SAFE and reply is not None and reply.status < 400 and reply.is_complete


def _json(status: int, content: Any) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
