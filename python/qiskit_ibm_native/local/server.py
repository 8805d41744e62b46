# SPDX-License-Identifier: Apache-2.0
"""The service as a server, inside of a process or alone."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
import weakref
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from ..client.endpoint import Endpoint
from ..exceptions import IBMError, IBMInputValueError
from .devices import Catalog
from .jobs.store import DEFAULT_STORE, Store
from .jobs.workers import Workers
from .service.app import AppState, build_app
from .service.limits import Bounded, BoundedProtocol, Limits
from .service.tokens import Tokens

if TYPE_CHECKING:
    from ..snapshot import Snapshot
    from .service.faults import Faults

STORE_VARIABLE = "QISKIT_IBM_NATIVE_LOCAL_STORE"
#: The one instance of a service, in the form of a CRN, which clients check.
CRN = (
    "crn:v1:bluemix:public:quantum-computing:us-east:a/00000000000000000000000000000000:"
    "00000000-0000-0000-0000-000000000000::"
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class LocalService:
    """A service that speaks the protocol of the IBM Quantum Platform and simulates its devices.

    Args:
        devices: A folder of saved snapshots to use as devices, instead of the bundled ones.
        store: The file of jobs and sessions.
        noise: Whether devices are as noisy as their calibrations say, or ideal.
        workers: Number of jobs that run at once.
        host: The address to listen on; that of this machine alone unless ``public`` is set.
        port: The port to listen on; 0 for any that is free.
        token: The API key; a random one by default.
        public: Whether other machines may reach the service.
        limits: Limits of requests and jobs.

    Attributes:
        crn: The CRN of its one instance.
        token: The API key.
        faults: Faults on purpose, for tests of clients.
    """

    crn = CRN

    def __init__(
        self,
        *,
        devices: str | os.PathLike[str] | None = None,
        store: str | os.PathLike[str] | None = None,
        noise: bool = True,
        workers: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        public: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """Prepare a service and listen, so that the port is known; :meth:`start` or :meth:`serve` answers."""
        if host not in _LOOPBACK and not public:
            raise IBMInputValueError(f"Listening on {host} lets other machines in; say so with public=True (--public).")
        if not 0 <= port < 2**16:
            raise IBMInputValueError(f"port is {port}; it must be from 0 to 65535.")
        if workers is not None and workers < 1:
            raise IBMInputValueError(f"workers is {workers}; it must be 1 or more.")
        self.token = token or secrets.token_urlsafe(32)
        self._catalog = catalog = Catalog(devices)
        self._store = Store(store or os.environ.get(STORE_VARIABLE) or Path(DEFAULT_STORE).expanduser())
        try:
            self._socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError:
            self._store.close()
            raise
        # asyncio does so for sockets whose protocol is named, which this one's is not: replies with a body took 40 ms
        # longer.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        limits = limits or Limits()
        self._workers = Workers(self._store, catalog, limits, workers)
        tokens = Tokens(self.token)
        self.faults: Faults = build_app(AppState(catalog, self._store, self._workers, tokens, self.crn, noise))
        self._server = _server(Bounded(self.faults, tokens, limits), limits)
        self.faults.abort = self._abort
        self._thread: threading.Thread | None = None
        self._is_stopped = False
        self._pid = os.getpid()
        _SERVICES.add(self)

    @property
    def url(self) -> str:
        """The base URL of the service, for programs on this machine."""
        host, port = self._socket.getsockname()[:2]
        # A service on all addresses of a machine is reached by the loopback address.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (it is not listened to here)
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def api_url(self) -> str:
        """The base URL of the runtime API, which the official client takes verbatim because of its path."""
        return f"{self.url}/experimental/v1"

    def publish(self, snapshot: Snapshot) -> None:
        """Add a calibration to a device, as if it had just been measured; the latest one is the present one.

        Args:
            snapshot: The calibration. A device of another name is a new one.
        """
        self._catalog.publish(snapshot)

    def endpoint(self) -> Endpoint:
        """Return the endpoint of the service for clients of this package."""
        return Endpoint(
            url=self.api_url, api_key=self.token, iam_url=self.url, search_url=f"{self.url}/gs", catalog_url=f"{self.url}/gc",
            channel="local", instance=self.crn, runs_simulator_options=True,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Return the environment variables by which clients on this machine, the official one too, find the service."""
        return {
            "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
            "QISKIT_IBM_TOKEN": self.token,
            "QISKIT_IBM_URL": self.api_url,
            "QISKIT_IBM_INSTANCE": self.crn,
            "IAM_URL": self.url,
            "GLOBAL_SEARCH_URL": f"{self.url}/gs",
            "GLOBAL_CATALOG_URL": f"{self.url}/gc",
        }

    def start(self) -> None:
        """Answer requests in a thread, until :meth:`stop`.

        Raises:
            IBMError: The server does not start.
        """
        self._workers.start()
        self._thread = threading.Thread(target=self._run, name="local-service", daemon=True)
        self._thread.start()
        end = time.monotonic() + 30
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                self.stop()
                raise IBMError("The local service does not start.")
            time.sleep(0.002)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def serve(self) -> None:
        """Answer requests until the process is asked to end; called from the main thread."""
        # A signal may reach any thread, and would not wake this one from waiting for a lock; Python writes its number
        # to this socket in either case.
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        with reader, writer:
            self.start()
            try:
                reader.recv(1)
            finally:
                signal.set_wakeup_fd(-1)
                self.stop()

    def stop(self) -> None:
        """Stop. Jobs that are not done wait in the store for the next service.

        In a forked process, nothing happens: the service is that of its parent.
        """
        if self._is_stopped or self._pid != os.getpid():
            return
        self._is_stopped = True
        self._server.should_exit = self._server.force_exit = True
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(10)
        self._socket.close()
        self._workers.stop()
        self._store.close()

    def _abort(self, client: Any) -> None:
        for connection in list(self._server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None and transport.get_extra_info("peername")[:2] == tuple(client)[:2]:
                transport.abort()

    def _leave(self) -> None:
        """Replace the descriptors that a forked process has of its parent's service by those of an empty file.

        As long as the child had them, too, clients would not notice when the service ends a connection, and nobody else
        could listen on its port.
        """
        transports = (getattr(connection, "transport", None) for connection in self._server.server_state.connections)
        sockets = [transport.get_extra_info("socket") for transport in transports if transport is not None]
        descriptors = [open_socket.fileno() for open_socket in (self._socket, *sockets) if open_socket is not None]
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (*descriptors, *self._workers.descriptors()):
            if descriptor >= 0:
                os.dup2(nothing, descriptor)
        os.close(nothing)


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


_SERVICES: weakref.WeakSet[LocalService] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for service in _SERVICES:
        if not service._is_stopped:
            with suppress(OSError):
                service._leave()
    _SERVICES.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
