# SPDX-License-Identifier: Apache-2.0
"""Faults on purpose between a client and the service, for tests of clients."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Seconds of a fault; an hour is longer than any timeout of a client.
MAX_SECONDS = 3600
#: Values that a header may have.
_HEADER = re.compile(r"[!-~]+( [!-~]+)*")
#: Paths that are about the service itself, which do not fail.
_SPARED = ("/faults", "/health", "/openapi.json", "/docs")
#: Statuses of responses without a body.
_BODILESS = (204, 304)
KINDS = ("latency", "status", "truncate", "drop", "expire", "body")
#: Types of the values of a fault, and the words for them.
_TYPES: dict[str, tuple[Any, str]] = {
    "match": (str, "a regular expression"), "times": (int, "a whole number"), "after": (bool, "True or False"),
    "seconds": ((int, float), "a number"), "status": (int, "a whole number"),
    "retry_after": ((str, type(None)), "a text, or None"), "body": (str, "a text"),
}  # fmt: skip


@dataclass
class Fault:
    """A fault of requests that match.

    Attributes:
        kind: ``"latency"`` waits; ``"status"`` replies with a status; ``"truncate"`` breaks off in the middle of the
            reply; ``"drop"`` breaks off without one; ``"expire"`` takes back all access tokens; ``"body"`` replies
            something else.
        match: A regular expression for the method and path of a request, such as ``"POST .*/jobs$"``.
        times: Number of requests that fail, 1 or more.
        after: Process the request before it fails; for ``"status"``, ``"drop"`` and ``"body"``.
        seconds: Seconds to wait, at most an hour.
        status: The status, from 200 to 599.
        retry_after: The header ``Retry-After``.
        body: The body.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> from qiskit_ibm_native.local import Fault
        >>> outage = Fault("status", "GET .*/backends$", status=503, times=2)
        >>> with IBMProvider(channel="local", faults=[outage]) as provider:
        ...     len(provider.backends()) > 0  # the client repeats what fails
        True
    """

    kind: str
    match: str = ".*"
    times: int = 1
    after: bool = False
    seconds: float = 0.0
    status: int = 500
    retry_after: str | None = None
    body: str = '{"errors":[{"code":1000,"message":"a fault on purpose","solution":"","more_info":""}],"trace":"fault"}'
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the values, which may come from a request.

        Raises:
            IBMInputValueError: One is not what a fault takes.
        """
        if self.kind not in KINDS:
            raise _bad_value(f"kind of a fault is {self.kind!r}; use one of {list(KINDS)}.")
        for name, (kind, words) in _TYPES.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise _bad_value(f"{name} of a fault is {value!r}; it must be {words}.")
        if self.times < 1:
            raise _bad_value(f"times of a fault is {self.times}; it must be 1 or more.")
        if not 0 <= self.seconds <= MAX_SECONDS:
            raise _bad_value(f"seconds of a fault is {self.seconds!r}; it must be from 0 to {MAX_SECONDS}.")
        if not 200 <= self.status < 600:
            raise _bad_value(f"status of a fault is {self.status!r}; it must be from 200 to 599.")
        if self.retry_after is not None and not _HEADER.fullmatch(self.retry_after):
            raise _bad_value(f"retry_after of a fault is {self.retry_after!r}; it must be what a header may have.")
        try:
            self._pattern = re.compile(self.match)
        except re.error as error:
            raise _bad_value(
                f"match of a fault is {self.match!r}, which is not a regular expression: {error}."
            ) from None


def _bad_value(message: str) -> Exception:
    # Imports Qiskit.
    from ...exceptions import IBMInputValueError

    return IBMInputValueError(message)


class Faults:
    """Lets requests fail before, or after, they reach an application."""

    def __init__(self, app: App, expire: Callable[[], None]) -> None:
        """Stand in front of an application; ``expire`` takes back all access tokens."""
        self._app = app
        self._expire = expire
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        #: Breaks the connection of a client, by its address. The server says how.
        self.abort: Callable[[Any], None] = lambda _client: None

    def add(self, fault: Fault) -> Fault:
        """Add a fault for the next requests that match; ``fault`` itself stays as it is.

        Returns:
            The fault that was added, whose ``times`` counts down to 0.

        Raises:
            IBMInputValueError: It is no :class:`Fault`.
        """
        if not isinstance(fault, Fault):
            raise _bad_value(f"add takes a Fault, such as Fault('drop'), not {fault!r}.")
        added = replace(fault)
        with self._lock:
            self._faults.append(added)
        return added

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def _next(self, request: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and fault._pattern.search(request):
                    fault.times -= 1
                    return fault
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        is_request = scope["type"] == "http" and not scope["path"].startswith(_SPARED)
        fault = self._next(f"{scope['method']} {scope['path']}") if is_request else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.seconds)
        if fault.kind == "expire":
            self._expire()
        if fault.kind in ("latency", "expire"):
            await self._app(scope, receive, send)
            return
        messages: list[MutableMapping[str, Any]] = []
        if fault.after or fault.kind == "truncate":
            await self._app(scope, receive, _collector(messages))
        if fault.kind == "drop":
            await self._break_off(scope)
        elif fault.kind == "truncate":
            await self._truncated(scope, messages, send)
        else:
            headers = [(b"content-type", b"application/json")]
            if fault.retry_after is not None:
                headers.append((b"retry-after", fault.retry_after.encode()))
            status = 200 if fault.kind == "body" else fault.status
            await send({"type": "http.response.start", "status": status, "headers": headers})
            body = b"" if status in _BODILESS else fault.body.encode()
            await send({"type": "http.response.body", "body": body})

    async def _truncated(self, scope: Scope, messages: list[MutableMapping[str, Any]], send: Send) -> None:
        start = next(message for message in messages if message["type"] == "http.response.start")
        body = b"".join(message.get("body", b"") for message in messages if message["type"] == "http.response.body")
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        # The bytes have to leave before the connection is broken.
        await asyncio.sleep(0.05)
        await self._break_off(scope)

    async def _break_off(self, scope: Scope) -> None:
        self.abort(scope["client"])
        # Meanwhile the server notices that nobody waits for the rest, and does not complain.
        await asyncio.sleep(0)


def _collector(messages: list[MutableMapping[str, Any]]) -> Send:
    async def collect(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    return collect
