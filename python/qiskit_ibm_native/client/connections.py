# SPDX-License-Identifier: Apache-2.0
"""Connections that keep to the deadline of a call, byte by byte, and pools of them that survive a fork.

The timeout of a socket is one between two bytes: a peer that sends one now and then holds a reader for ever. Here each
wait on a socket gets what is left of the call, and names are resolved in a thread that is not waited for longer than
that, because no resolver can be interrupted.
"""

from __future__ import annotations

import http.client
import io
import math
import os
import queue
import socket
import threading
from collections import deque
from typing import Any
from weakref import WeakSet

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from .._deadline import seconds_left

#: Bytes that are sent with one look at the clock: TLS sends this much at once.
_PIECE = 16_384
_LONGEST_LINE = 65_536
#: Seconds by which a wait on a socket may outlast the call: its time is set ten times a second at most, for each setting is a
#: call of the system, and all of them were a tenth of what reading 570 kB took.
_SLACK = 0.1
_LATE = "the time of the call is over"


def _allowed(seconds: float | None) -> float:
    """Return for how many seconds a socket may wait.

    Raises:
        TimeoutError: There is no time left.
    """
    left = seconds_left()
    if left <= 0:
        raise TimeoutError(_LATE)
    return left if seconds is None else min(seconds, left)


#: All connections of this process.
_CONNECTIONS: WeakSet[HTTPConnection] = WeakSet()


def close_inherited() -> None:
    """Close connections that a parent process opened: in this process only, and without a word to the other side."""
    for connection in list(_CONNECTIONS):
        if connection.sock is not None:
            os.close(connection.sock.detach())
            connection.sock = None
    _CONNECTIONS.clear()


class _PatientReader(io.RawIOBase):
    """Reads from a socket; each wait ends with the call."""

    def __init__(self, sock: Any, raw: Any) -> None:
        self._sock, self._raw, self._silence = sock, raw, sock.gettimeout()
        self._allowed = math.inf

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        allowed = _allowed(self._silence)
        if not self._allowed - _SLACK <= allowed <= self._allowed:
            self._sock.settimeout(allowed)
            self._allowed = allowed
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        # Its file is a buffer around what reads the socket; the buffer is made anew around a reader that looks at the clock.
        self.fp = io.BufferedReader(_PatientReader(sock, self.fp.detach()))

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status of the reply; what is only said on the way to it (1xx) is passed over with its headers."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 101 < status < 200:
                return version, status, reason
            while self.fp.readline(_LONGEST_LINE).strip():
                pass

    def _read_next_chunk_size(self) -> int:
        """Read the size of a chunk; a negative one would read everything at once."""
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise http.client.IncompleteRead(b"")
        return size


class _Punctual(HTTPConnection):
    """Connects, sends and receives within the deadline of the call."""

    response_class = _Response

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _CONNECTIONS.add(self)

    def _tunnel(self) -> None:
        super()._tunnel()
        # The handshake of TLS is next.
        self.sock.settimeout(_allowed(self.timeout))

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not isinstance(data, bytes):
            super().send(data)
            return
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):
            self.sock.settimeout(_allowed(None))
            super().send(view[start : start + _PIECE])

    def _new_conn(self) -> socket.socket:
        try:
            return self._connected(resolve(self.host, self.port or self.default_port))
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{self.host} does not take a connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error

    def _connected(self, addresses: list[tuple[Any, ...]]) -> socket.socket:
        """Return a socket that is connected to the first address that takes a connection."""
        for number, address in enumerate(addresses, 1):
            try:
                sock: socket.socket = create_connection(
                    address[:2], _allowed(self.timeout), self.source_address, self.socket_options
                )
            except OSError:
                if number == len(addresses):
                    raise
            else:
                sock.settimeout(_allowed(self.timeout))
                return sock
        raise OSError("the name has no address")


class _PunctualTls(_Punctual, HTTPSConnection):
    pass


def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    """Return the addresses of a host, within the deadline of the call.

    Raises:
        socket.gaierror: There is no such name, or nobody who knows it answers in time.
    """
    try:
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
        return [entry[4] for entry in found]
    except (socket.gaierror, UnicodeError):
        pass
    outcome: deque[list[tuple[Any, ...]] | OSError] = deque()
    done = threading.Event()

    def ask() -> None:
        try:
            outcome.append([entry[4] for entry in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as error:
            outcome.append(error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, "no such name"))
        done.set()

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    left = seconds_left()
    done.wait(None if left == float("inf") else max(left, 0.0))
    if not outcome:
        raise socket.gaierror(socket.EAI_AGAIN, f"the name {host} is not resolved in time")
    if isinstance(outcome[0], OSError):
        raise outcome[0]
    return outcome[0]


class _Shelf:
    """Idle connections, the one that was used last first.

    urllib3 keeps them in a queue with locks. A thread of the parent that held one during a fork would leave it locked for
    ever; the ends of a deque need none.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self._kept: deque[Any] = deque()
        self._maxsize = maxsize

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: ARG002 (a queue's signature)
        try:
            return self._kept.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, connection: Any, block: bool = True) -> None:  # noqa: ARG002 (the same)
        if 0 < self._maxsize <= len(self._kept):
            raise queue.Full
        self._kept.append(connection)

    def qsize(self) -> int:
        return len(self._kept)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Punctual
    QueueCls = _Shelf


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _PunctualTls
    QueueCls = _Shelf


class PunctualAdapter(HTTPAdapter):
    """Makes requests of a session over such connections, directly or through proxies."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Create the pools."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools behind a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager
