# SPDX-License-Identifier: Apache-2.0
"""An application that a thread of this process serves, and the words by which clients find it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn

from .._progress import waiting
from ..client.endpoint import Endpoint
from .arguments import check_arguments
from .clients import ClientOptions, environment_of, options_of
from .service.connections import Bounded, BoundedProtocol

if TYPE_CHECKING:
    from typing_extensions import Self

    from .service.limits import Limits

#: The one instance of a service, in the form of a CRN, which clients check.
CRN = (
    "crn:v1:bluemix:public:quantum-computing:us-east:a/00000000000000000000000000000000:"
    "00000000-0000-0000-0000-000000000000::"
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: Seconds until a server has to be up, and until its thread has to be gone.
_MAX_START, _MAX_STOP = 30.0, 10.0


class HttpService:
    """The part of a service that has an address: it listens in a thread, from :meth:`start` to :meth:`stop`.

    Until it is started, the port is taken but refuses connections, so that no client waits for a service that does not
    answer.

    Attributes:
        crn: The CRN of its one instance.
        token: The API key.
        url: The base URL of the service, for programs on this machine.
    """

    crn = CRN

    def __init__(self, *, host: str, port: int, token: str | None, public: bool, limits: Limits) -> None:
        """Take a port; nothing is answered yet.

        Raises:
            IBMInputValueError: The address is not one that may be used.
            IBMError: The port cannot be had.
        """
        check_arguments(host=host, port=port, token=token, public=public, limits=limits)
        if host not in _LOOPBACK and not public:
            raise _bad_value(f"Other machines can reach a service on {host}; allow that with public=True (--public).")
        if not 0 <= port < 2**16:
            raise _bad_value(f"port is {port}; it must be from 0 to 65535.")
        self.token = token or secrets.token_urlsafe(32)
        self._limits = limits
        self._socket = _bound(host, port)
        self.url = _url(self._socket)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_stopped = False
        self._pid = os.getpid()
        _SERVICES.add(self)

    def __repr__(self) -> str:
        state = "stopped" if self._is_stopped else "not started" if self._thread is None else "running"
        return f"<{type(self).__name__} {self.url} ({state})>"

    @property
    def is_stopped(self) -> bool:
        """Whether the service was stopped; it cannot be started again."""
        return self._is_stopped

    def _use(self, app: Bounded) -> None:
        """Take the application, which a subclass makes after its address is known."""
        self._server = _server(app, self._limits)

    @property
    def api_url(self) -> str:
        """The base URL of the runtime API, which the official client takes verbatim because of its path."""
        return f"{self.url}/experimental/v1"

    def endpoint(self) -> Endpoint:
        """Return the endpoint of the service for clients of this package."""
        return Endpoint(
            url=self.api_url, api_key=self.token, iam_url=self.url, search_url=f"{self.url}/gs", catalog_url=f"{self.url}/gc",
            channel="local", instance=self.crn, runs_simulator_options=True,
        )  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which clients on this machine, the official one too, find the service."""
        return environment_of(self.url, self.api_url, self.token, self.crn)

    @contextmanager
    def in_environment(self) -> Iterator[Self]:
        """Let this process, and those that it starts, find the service in ``os.environ``, for the length of a ``with``.

        They are as before at the end.
        """
        new = self.environment
        kept = {name: os.environ[name] for name in new if name in os.environ}
        os.environ.update(new)
        try:
            yield self
        finally:
            for name in new:
                os.environ.pop(name, None)
            os.environ.update(kept)

    def client_options(self, client: str, device: str | None = None) -> ClientOptions:
        """Return what a client needs to find the service.

        Args:
            client: ``"qiskit-ibm-native"``, ``"qiskit-ibm-runtime"``, ``"ibm-qdmi"`` or ``"qrmi"``.
            device: For clients that are told of a device when they start: its name.

        Returns:
            Keyword arguments of the client's constructor, and environment variables that it reads.

        Raises:
            IBMInputValueError: There is no such client, or it needs a device.
        """
        return options_of(client, device, self.url, self.api_url, self.token, self.crn)

    def start(self) -> Self:
        """Answer requests in a thread, until :meth:`stop`. A service that runs already is left as it is.

        Returns:
            The service itself.

        Raises:
            IBMError: The server does not start, was stopped, or is that of another process.
        """
        with self._lock:
            self._check_usable()
            if self._thread is not None:
                return self
            server = self._server
            if server is None:
                raise _failure(f"This {type(self).__name__} has no application.")
            try:
                # Two programs can take a port that nobody listens to; the second one fails here.
                self._socket.listen(server.config.backlog)
            except OSError as error:
                self._release()
                raise _failure(
                    f"The service cannot listen on {self.url}: {error.strerror}. Choose another port."
                ) from error
            self._begin()
            self._thread = threading.Thread(target=self._run, args=[server], name="local-service", daemon=True)
            self._thread.start()
        with waiting("Starting the local service"):
            self._wait_for(server, self._thread)
        return self

    def _check_usable(self) -> None:
        name = type(self).__name__
        if self._pid != os.getpid():
            raise _failure(f"This {name} belongs to the parent process; make another one in this process.")
        if self._is_stopped:
            raise _failure(f"This {name} was stopped, and its port is free again; make another {name}.")

    def _wait_for(self, server: uvicorn.Server, thread: threading.Thread) -> None:
        end = time.monotonic() + _MAX_START
        while not server.started:
            if not thread.is_alive() or time.monotonic() > end:
                self.stop()
                raise _failure(
                    "The local service did not start within {_MAX_START:.0f} s. Try again when the machine is less"
                    " busy."
                )
            time.sleep(0.002)

    def _begin(self) -> None:
        """Start what answers need; called once, before the first request."""

    def _end(self) -> None:
        """End what :meth:`_begin` started, and close what the constructor opened; called once, at the end."""

    def _run(self, server: uvicorn.Server) -> None:
        server.run(sockets=[self._socket])

    def serve(self, on_start: Callable[[], None] = lambda: None) -> None:
        """Answer requests until the process is asked to end; called from the main thread.

        Args:
            on_start: Called when requests are answered.
        """
        # A signal may reach any thread, and would not wake this one from waiting for a lock; Python writes its number
        # to this socket in either case.
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        with reader, writer:
            try:
                self.start()
                on_start()
                reader.recv(1)
            finally:
                signal.set_wakeup_fd(-1)
                self.stop()

    def stop(self) -> None:
        """Stop. A service that was stopped cannot be started again; stopping it again does nothing.

        In a forked process, nothing happens: the service is that of its parent.
        """
        if self._pid != os.getpid():
            return
        with self._lock:
            if self._is_stopped:
                return
            self._is_stopped = True
        if self._server is not None:
            self._server.should_exit = self._server.force_exit = True
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_MAX_STOP)
        self._socket.close()
        self._end()

    def _release(self) -> None:
        """Give up a service that never ran; the lock is held."""
        self._is_stopped = True
        self._socket.close()
        self._end()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _abort(self, client: Any) -> None:
        """Break the connection of a client, by its address."""
        for transport in self._transports():
            if transport.get_extra_info("peername")[:2] == tuple(client)[:2]:
                transport.abort()

    def _transports(self) -> list[Any]:
        if self._server is None:
            return []
        found = (getattr(connection, "transport", None) for connection in list(self._server.server_state.connections))
        return [transport for transport in found if transport is not None]

    def _descriptors(self) -> list[int]:
        """Return further descriptors that a forked process has to give up."""
        return []

    def _leave(self) -> None:
        """Replace the descriptors that a forked process has of its parent's service by those of an empty file.

        As long as the child had them, too, clients would not notice when the service ends a connection, and nobody else
        could listen on its port.
        """
        sockets = [transport.get_extra_info("socket") for transport in self._transports()]
        descriptors = [open_socket.fileno() for open_socket in (self._socket, *sockets) if open_socket is not None]
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (*descriptors, *self._descriptors()):
            if descriptor >= 0:
                os.dup2(nothing, descriptor)
        os.close(nothing)


# Qiskit is imported with exceptions, and the service does without.


def _failure(message: str) -> Exception:
    from ..exceptions import IBMError

    return IBMError(message)


def _bad_value(message: str) -> Exception:
    from ..exceptions import IBMInputValueError

    return IBMInputValueError(message)


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that has an address, and does not listen."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # asyncio does so for sockets whose protocol is named, which this one's is not: replies with a body took 40 ms
        # longer.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise _failure(
            f"Port {port} of {host} cannot be used: {error.strerror or error}. Choose another port, or 0 for any free one."
        ) from error
    return opened


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    # A service on all addresses of a machine is reached by the loopback address.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (it is not listened to here)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _server(app: Bounded, limits: Limits) -> uvicorn.Server:
    protocol: Any = partial(BoundedProtocol, limits=limits)
    config = uvicorn.Config(
        app, http=protocol, ws="none", lifespan="off", access_log=False, proxy_headers=False, timeout_keep_alive=60,
        # Anybody can cause warnings, by sending something else than requests.
        log_level="error",
        # Number of connections that are accepted at once, before they are counted.
        backlog=max(limits.max_connections() // 2, 1),
    )  # fmt: skip
    return uvicorn.Server(config)


_SERVICES: weakref.WeakSet[HttpService] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for service in _SERVICES:
        if not service._is_stopped:
            with suppress(OSError):
                service._leave()
    _SERVICES.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
