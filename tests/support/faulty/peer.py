# SPDX-License-Identifier: Apache-2.0
"""Proxy between a client and a service that hands requests on, and fails as a test plans."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Bytes of the pieces of an oversized body.
PIECE = 65536


@dataclass(frozen=True)
class Answer:
    """A reply as it goes over the wire.

    Attributes:
        status: The HTTP status.
        headers: All headers but those that say how long the body is.
        body: The body.
        length: The Content-Length, if it is not that of the body.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    length: int | None = None

    def head(self) -> bytes:
        """Return the status line and the headers with the empty line that ends them."""
        lines = [f"HTTP/1.1 {self.status} Faulty", *(f"{name}: {value}" for name, value in self.headers)]
        if self.status not in (204, 304):
            lines.append(f"Content-Length: {len(self.body) if self.length is None else self.length}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


@dataclass
class Plan:
    """The next fault.

    Attributes:
        act: Is called with the exchange instead of handing the request on.
        match: A regular expression for the method and the path, such as ``POST .*/jobs$``.
        times: How many requests it happens to.
    """

    act: Callable[[Exchange], None]
    match: str
    times: float


class Exchange(BaseHTTPRequestHandler):
    """Handler of a connection of a client, one request after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Peer

    def setup(self) -> None:
        """Register the connection with the peer."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Remove the connection, which may be broken, from the peer."""
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle_request(self) -> None:
        """Hand a request on, or play the planned fault."""
        act = self.server.next_act(f"{self.command} {self.path.partition('?')[0]}")
        secret = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if secret:
            self.server.secrets.add(secret)
        try:
            self.send(self.forward()) if act is None else act(self)
        except OSError:
            # The client has gone.
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815 (names of the standard library)

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing."""

    # Actions that faults are made of

    def forward(self, *, whole: bool = False) -> Answer:
        """Send the request to the service and return its response, with ``whole`` one with a body in any case."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        unwanted = {"connection", *(("if-none-match",) if whole else ())}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in unwanted}
        service = http.client.HTTPConnection(*self.server.service, timeout=60)
        try:
            service.request(self.command, self.path, body, headers)
            reply = service.getresponse()
            kept = tuple(
                (name, value)
                for name, value in reply.getheaders()
                if name.lower() not in ("content-length", "transfer-encoding", "connection")
            )
            answer = Answer(reply.status, kept, reply.read())
        finally:
            service.close()
        self.server.processed.append((f"{self.command} {self.path.partition('?')[0]}", answer))
        return answer

    def send(self, answer: Answer) -> None:
        """Send a response."""
        self.wfile.write(answer.head() + (b"" if answer.status in (204, 304) else answer.body))

    def send_and_close(self, answer: Answer) -> None:
        """Send a response and close the connection properly."""
        self.send(replace(answer, headers=(*answer.headers, ("Connection", "close"))))
        self.close_connection = True

    def reset(self) -> None:
        """Break the connection, so that the client sees a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def hang(self) -> None:
        """Wait until the peer is closed."""
        self.server.is_over.wait()
        self.close_connection = True

    def drip(self, data: bytes, seconds: float = 0.5) -> None:
        """Send a response a byte at a time, slowly."""
        for value in data:
            self.wfile.write(bytes([value]))
            if self.server.is_over.wait(seconds):
                break
        self.close_connection = True


class Peer(ThreadingHTTPServer):
    """Listens, hands requests on to a service, and lets some of them go wrong.

    Attributes:
        service: Host and port of the service.
        requests: Requests that arrived since a fault was planned, as method and path.
        processed: Requests that the service processed since then, and its replies.
        happened: How many requests have gone wrong since then.
        secrets: Access tokens that were seen.
        connections: Connections that are open.
        is_over: Whether everything that hangs is to end.
        elsewhere: Where redirects lead to.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, service: tuple[str, int]) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), Exchange)
        self.service = service
        self.requests: list[str] = []
        self.processed: list[tuple[str, Answer]] = []
        self.happened = 0
        self.secrets: set[str] = set()
        self.connections: set[socket.socket] = set()
        self.is_over = threading.Event()
        self.elsewhere = ""
        self._plan: Plan | None = None
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        """The base URL of the peer."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def plan(self, act: Callable[[Exchange], None], match: str, times: float) -> None:
        """Plan a fault for the next matching requests; counts start anew."""
        with self._lock:
            self._plan = Plan(act, match, times)
            self.requests, self.processed, self.happened = [], [], 0

    def heal(self) -> None:
        """Hand all requests on from now on."""
        with self._lock:
            self._plan = None

    def next_act(self, what: str) -> Callable[[Exchange], None] | None:
        """Return the action planned for a request, ``None`` to hand it on."""
        with self._lock:
            self.requests.append(what)
            plan = self._plan
            if plan is None or plan.times <= 0 or not re.search(plan.match, what):
                return None
            plan.times -= 1
            self.happened += 1
            return plan.act

    def drop_connections(self) -> None:
        """Close all connections, idle ones of clients included."""
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                # It has ended already.
                continue

    def refuse(self) -> None:
        """Refuse connections from now on."""
        self.shutdown()
        self.server_close()
        self.drop_connections()

    def listen_again(self) -> None:
        """Accept connections again, on the same port."""
        self.socket = socket.socket(self.address_family, self.socket_type)
        self.server_bind()
        self.server_activate()
        self._start()

    def handle_error(self, *_arguments: Any) -> None:
        """Print nothing about connections that clients broke."""


class Trap(Peer):
    """Target of redirects, which no client should follow. ``visits`` has its requests and their tokens."""

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0))
        self.visits: list[str] = []
        self.plan(self._note, "", float("inf"))

    def _note(self, exchange: Exchange) -> None:
        self.visits.append(f"{exchange.command} {exchange.path} {exchange.headers.get('Authorization', '-')}")
        exchange.send(Answer(200, body=b"{}"))


def endless(exchange: Exchange, start: bytes, piece: bytes, pause: float = 0.0) -> None:
    """Send a start, then a piece repeatedly until the client goes or the peer is closed."""
    exchange.close_connection = True
    exchange.wfile.write(start)
    while not exchange.server.is_over.is_set():
        exchange.wfile.write(piece)
        time.sleep(pause)


def damaged(answer: Answer, **changes: Any) -> Answer:
    """Return a response with changes."""
    return replace(answer, **changes)
