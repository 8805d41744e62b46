# SPDX-License-Identifier: Apache-2.0
"""A service for all clients. `make test-clients` runs these tests in an environment that has the clients."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local import LocalService

# Their wheels are for Python 3.11 and later, and one of them needs another version of the official client.
if find_spec("qrmi") is None or find_spec("mqt") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave warnings of clients to clients."""
    for item in items:
        if "tests/clients" in item.path.as_posix():
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session")
def shared_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Yield one service for all tests."""
    # The one that is published later is the present one.
    devices: Any = ["vigo", "kingston+fractional"]
    with LocalService(devices=devices, store=tmp_path_factory.mktemp("twin") / "jobs.sqlite3", workers=2) as service:
        yield service


@pytest.fixture
def twin(shared_twin: LocalService, monkeypatch: pytest.MonkeyPatch) -> LocalService:
    """Return the service, with the environment that clients without arguments read."""
    for name, value in shared_twin.environment.items():
        monkeypatch.setenv(name, value)
    return shared_twin


@pytest.fixture(scope="session")
def vigo() -> Snapshot:
    """Return what the service publishes of ibmq_vigo."""
    return Snapshot.load("vigo")
