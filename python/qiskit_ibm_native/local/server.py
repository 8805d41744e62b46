# SPDX-License-Identifier: Apache-2.0
"""The service as a server: inside of a process, or alone."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from ..client.endpoint import Endpoint
from ..exceptions import IBMError, IBMInputValueError
from .app import Rooms, build_app
from .devices import Catalog
from .store import Store
from .tokens import Tokens
from .workers import Workers

if TYPE_CHECKING:
    from ..snapshot import Snapshot
    from .faults import Faults

STORE_VARIABLE = "QISKIT_IBM_NATIVE_LOCAL_STORE"
DEFAULT_STORE = "~/.qiskit/qiskit-ibm-native/local.sqlite3"
#: The one instance of a service. It has the shape of a CRN, which clients ask for.
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
        workers: How many jobs run at once.
        host: Where to listen; nothing but this machine unless ``public`` is set.
        port: Where to listen; 0 for any that is free.
        token: The API key; a random one by default.
        public: Whether other machines may reach the service.

    Attributes:
        crn: The CRN of its one instance.
        token: The API key.
        faults: Lets requests fail on purpose, for tests of clients.
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
        self._workers = Workers(self._store, catalog, workers)
        tokens = Tokens(self.token)
        self.faults: Faults = build_app(Rooms(catalog, self._store, self._workers, tokens, self.crn, noise))
        config = uvicorn.Config(
            self.faults, log_level="warning", access_log=False, lifespan="off", timeout_keep_alive=60
        )
        self._server = uvicorn.Server(config)
        self.faults.abort = self._abort
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    @property
    def url(self) -> str:
        """Where the service is."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def api_url(self) -> str:
        """The URL that clients take as it is, because it says so."""
        return f"{self.url}/experimental/v1"

    def publish(self, snapshot: Snapshot) -> None:
        """Let a device have one more calibration, as if it had just been measured; the latest one is the present one.

        Args:
            snapshot: The calibration. A device of another name is a new one.
        """
        self._catalog.publish(snapshot)

    def endpoint(self) -> Endpoint:
        """Return what a client of this package needs to know."""
        return Endpoint(
            url=self.api_url, api_key=self.token, iam_url=self.url, search_url=f"{self.url}/gs", catalog_url=f"{self.url}/gc",
            channel="local", instance=self.crn, runs_simulator_options=True,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Return the environment variables by which clients find the service, this package's and the official one."""
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
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        self.start()
        try:
            ended.wait()
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop. Jobs that are not done wait in the store for the next service."""
        if self._is_stopped:
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
