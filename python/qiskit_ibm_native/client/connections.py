# SPDX-License-Identifier: Apache-2.0
"""Connections that keep the deadline of a call, and pools of them that survive a fork.

The timeout of a socket is the time between two bytes: a peer that sends one now and then holds a reader for ever. Here
each wait on a socket ends with the call. Names are resolved in a thread, which is left behind at the deadline, because
no resolver can be interrupted.
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

#: Bytes that are sent with one look at the clock: a record of TLS (RFC 8446, 5.1).
_PIECE = 16_384
#: Bytes of a line of headers, as in http.client.
_LONGEST_LINE = 65_536
#: Seconds by which a wait on a socket may outlast the call. Setting the timeout before each of them is a tenth of the
#: time that reading 570 kB takes (one system call each), so it is set again only when the time left differs by this
#: much.
_SLACK = 0.1
_LATE = "the time of the call is over"


def _socket_timeout(seconds: float | None) -> float:
    """Return the timeout for a socket: ``seconds``, or what is left of the call if that is less.

    Raises:
        TimeoutError: There is no time left.
    """
    left = seconds_left()
    if left <= 0:
        raise TimeoutError(_LATE)
    return left if seconds is None else min(seconds, left)


#: All connections of this process, for its forked children.
_CONNECTIONS: WeakSet[HTTPConnection] = WeakSet()


def close_inherited() -> None:
    """Close the connections of the parent process in this process only: nothing is sent on them."""
    for connection in list(_CONNECTIONS):
        if connection.sock is not None:
            os.close(connection.sock.detach())
            connection.sock = None
    _CONNECTIONS.clear()


class _DeadlineReader(io.RawIOBase):
    """A raw reader of a socket, each wait of which ends with the call."""

    def __init__(self, sock: Any, raw: Any) -> None:
        self._sock, self._raw, self._silence = sock, raw, sock.gettimeout()
        self._timeout = math.inf

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        timeout = _socket_timeout(self._silence)
        if not self._timeout - _SLACK <= timeout <= self._timeout:
            self._sock.settimeout(timeout)
            self._timeout = timeout
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        # `fp` is a buffer around a raw reader of the socket, which is replaced.
        self.fp = io.BufferedReader(_DeadlineReader(sock, self.fp.detach()))

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status; provisional responses (1xx) before the final one are skipped with their headers."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 101 < status < 200:
                return version, status, reason
            while self.fp.readline(_LONGEST_LINE).strip():
                pass

    def _read_next_chunk_size(self) -> int:
        """Read the size of a chunk; http.client takes a negative one for the rest of the stream."""
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise http.client.IncompleteRead(b"")
        return size


class _DeadlineConnection(HTTPConnection):
    """A connection that connects, sends and receives within the deadline of the call."""

    response_class = _Response

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _CONNECTIONS.add(self)

    def _tunnel(self) -> None:
        super()._tunnel()
        # For the handshake of TLS, which is next.
        self.sock.settimeout(_socket_timeout(self.timeout))

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not isinstance(data, bytes):
            super().send(data)
            return
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):
            self.sock.settimeout(_socket_timeout(None))
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
        """Return a socket that is connected to the first address that accepts."""
        for number, address in enumerate(addresses, 1):
            try:
                sock: socket.socket = create_connection(
                    address[:2], _socket_timeout(self.timeout), self.source_address, self.socket_options
                )
            except OSError:
                if number == len(addresses):
                    raise
            else:
                try:
                    sock.settimeout(_socket_timeout(self.timeout))
                except TimeoutError:
                    sock.close()
                    raise
                return sock
        raise OSError("the name has no address")


class _DeadlineTlsConnection(_DeadlineConnection, HTTPSConnection):
    pass


def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    """Return the addresses of a host, within the deadline of the call.

    Raises:
        socket.gaierror: The name does not exist, or no answer comes in time.
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


class _LifoDeque:
    """Idle connections, the last used one first, with the interface of urllib3's queue but no locks.

    A lock that a thread of the parent held during a fork would stay locked in the child; the ends of a deque need none.
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


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection
    QueueCls = _LifoDeque


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTlsConnection
    QueueCls = _LifoDeque


class DeadlineAdapter(HTTPAdapter):
    """Adapter of ``requests`` for connections with a deadline, directly or through proxies."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Create the manager of pools."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the manager of pools behind a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager
