# SPDX-License-Identifier: Apache-2.0
"""Fixtures of local services, their providers and backends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.support import STARTUP

if TYPE_CHECKING:
    from tests.support.faulty.peer import Peer

    from qiskit_ibm_native import IBMProvider
    from qiskit_ibm_native.local.server import LocalService

# Processes of pytest-xdist share the processors: a sweep of one of them starts no process for the others' processors.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ["PYTHON_CPU_COUNT"] = str(max(share, 1))
# Tests that want this turn it on: most sweeps of tests are only described, or have an executor.
os.environ["QISKIT_IBM_NATIVE_WARM_START"] = "0"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(STARTUP), os.environ.get("PYTHONPATH"))))


@pytest.fixture(autouse=True)
def _nobodys_account(tmp_path: Path) -> Iterator[None]:
    """Keep tests away from the accounts, environment variables and jobs of the user who runs them."""
    # Not by the fixture `monkeypatch`: pytest-run-parallel runs tests that use it on one thread only.
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("QISKIT_IBM", "IAM_URL", "GLOBAL_")):
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path / "home"))
        patch.setenv("QISKIT_IBM_NATIVE_LOCAL_STORE", str(tmp_path / "local.sqlite3"))
        yield


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Yield one service for all tests that leave it as it was."""
    from qiskit_ibm_native.local.server import LocalService

    service = LocalService(store=tmp_path_factory.mktemp("service") / "jobs.sqlite3", workers=2)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def service(shared_service: LocalService, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalService]:
    """Yield the shared service, with an environment that points to it."""
    for name, value in shared_service.environment.items():
        monkeypatch.setenv(name, value)
    yield shared_service
    shared_service.faults.clear()


@pytest.fixture
def provider(service: LocalService) -> Iterator[IBMProvider]:
    """Yield a provider of the shared service, which it finds by the environment as it would find the cloud."""
    from qiskit_ibm_native import IBMProvider

    with IBMProvider() as provider:
        yield provider


@pytest.fixture
def peer(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """Yield a faulty proxy between clients and the service, with an environment that points to it."""
    from tests.support.faulty.peer import Peer

    parts = urlsplit(service.url)
    peer = Peer((str(parts.hostname), int(parts.port or 0)))
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value.replace(service.url, peer.url))
    yield peer
    peer.is_over.set()
    peer.shutdown()
    peer.server_close()


@pytest.fixture(scope="session")
def local_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IBMProvider]:
    """Yield one provider of the channel ``local``."""
    from qiskit_ibm_native import IBMProvider

    with IBMProvider(channel="local", store=tmp_path_factory.mktemp("local") / "jobs.sqlite3", workers=2) as provider:
        yield provider


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Yield one executor for all sweeps of a module, so that its processes start once."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def vigo(local_provider: IBMProvider) -> Any:
    return local_provider.get_backend("ibmq_vigo")


@pytest.fixture
def fez(local_provider: IBMProvider) -> Any:
    return local_provider.get_backend("ibm_fez")


@pytest.fixture
def simulator(local_provider: IBMProvider) -> Any:
    return local_provider.get_backend("local_simulator")


@pytest.fixture
def requests(provider: IBMProvider) -> list[str]:
    """Return the list of requests that are made from now on, as method and end of the path."""
    made: list[str] = []

    def record(request: Any) -> None:
        made.append(f"{request.method} {request.url.rsplit('/v1', 1)[1].partition('?')[0]}")

    provider._transport.on_request = record
    return made


@pytest.fixture
def quick(provider: IBMProvider) -> IBMProvider:
    """Return a provider whose waits are about a hundredth of the usual ones."""
    from tests.support.quick import QUICK

    provider._transport.policy = QUICK
    return provider
