# SPDX-License-Identifier: Apache-2.0
"""Fixtures of pytest for programs that talk to the IBM Quantum Platform: a service on this machine takes its part.

pytest loads this module by an entry point wherever the package is installed. It imports nothing before a fixture is
used, and changes nothing for tests that use none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .server import LocalService

#: The device of ``local_quantum_backend``, if neither the test nor the project names one: small, so that it is fast.
_DEVICE = "ibmq_vigo"
_CLIENTS = ("qiskit-ibm-native", "qiskit-ibm-runtime")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add settings of a project; nobody needs them."""
    parser.addini("quantum_device", f"device of the fixture local_quantum_backend ({_DEVICE})", default=_DEVICE)
    parser.addini("quantum_client", f"client of local_quantum_backend: {' or '.join(_CLIENTS)}", default=_CLIENTS[0])
    parser.addini(
        "quantum_devices",
        "devices of the service: names, or paths from the folder of this file (all bundled ones)",
        type="args",
    )
    parser.addini("quantum_seed", "seed from which those of jobs are derived (0)", default="0")
    parser.addini("quantum_noise", "whether devices are as noisy as their calibrations say", type="bool", default=True)


def pytest_configure(config: pytest.Config) -> None:
    """Explain the markers."""
    config.addinivalue_line(
        "markers", "quantum_device(name, client=None): device, and client, of the fixture local_quantum_backend"
    )
    config.addinivalue_line(
        "markers", "quantum_fault(kind, **options): a fault on purpose of local_quantum_service, as Fault(kind, ...)"
    )


class _Session:
    """The one service of a session, or of a worker of pytest-xdist; another one if a test stopped it."""

    def __init__(self, config: pytest.Config, folders: pytest.TempPathFactory) -> None:
        """Start nothing yet."""
        self._config = config
        self._folders = folders
        self._service: LocalService | None = None

    def service(self) -> LocalService:
        """Return the service, which runs."""
        if self._service is None or self._service.is_stopped:
            self._service = self._started()
        return self._service

    def _started(self) -> LocalService:
        from . import require_packages

        require_packages()
        from .server import LocalService

        config = self._config
        return LocalService(
            devices=_devices(config) or None,
            store=self._folders.mktemp("quantum") / "jobs.sqlite3",
            noise=config.getini("quantum_noise"),
            seed=_seed(config.getini("quantum_seed")),
        ).start()

    def end(self) -> None:
        """Stop the service."""
        if self._service is not None:
            self._service.stop()


@pytest.fixture(scope="session")
def _local_quantum_session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Session]:
    """Yield what has the service of the session."""
    session = _Session(request.config, tmp_path_factory)
    try:
        yield session
    finally:
        session.end()


def _devices(config: pytest.Config) -> list[str]:
    """Return the devices of the project; paths are relative to the folder of its settings, as others of pytest are."""
    from .device_sources import FRACTIONAL, is_name

    folder = config.inipath.parent if config.inipath is not None else config.rootpath
    devices: list[str] = config.getini("quantum_devices")
    return [
        str(folder / name) if not is_name(name) and (folder / name.removesuffix(FRACTIONAL)).exists() else name
        for name in devices
    ]


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise pytest.UsageError(f"quantum_seed is {text!r}; it must be a whole number from 0.") from None


@pytest.fixture
def local_quantum_service(
    request: pytest.FixtureRequest, _local_quantum_session: _Session, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalService]:
    """Yield a service without jobs, sessions and faults, which clients find by the environment.

    ``IBMProvider()`` and ``QiskitRuntimeService()`` find it; accounts of the user are not looked at. Jobs get the same
    seeds in each run of the test. The marker ``quantum_fault`` adds faults; so does ``local_quantum_service.faults``.
    """
    from .service.faults import Fault

    service = _local_quantum_session.service()
    service.reset()
    for marker in reversed(list(request.node.iter_markers("quantum_fault"))):
        with _told_of(marker):
            service.faults.add(Fault(*marker.args, **marker.kwargs))
    with pytest.MonkeyPatch.context() as patch:
        # What a test starts by channel="local" is kept from the user's jobs, too.
        patch.setenv("QISKIT_IBM_NATIVE_LOCAL_STORE", str(tmp_path_factory.mktemp("quantum") / "jobs.sqlite3"))
        with service.in_environment():
            yield service
    if not service.is_stopped:
        service.reset()


@contextmanager
def _told_of(marker: pytest.Mark) -> Iterator[None]:
    """Tell what is wrong about the arguments of a marker without a traceback through this module."""
    try:
        yield
    except (TypeError, ValueError) as error:
        pytest.fail(f"The mark {marker.name} of this test is wrong: {error}", pytrace=False)


@pytest.fixture
def local_quantum_backend(request: pytest.FixtureRequest, local_quantum_service: LocalService) -> Iterator[Any]:
    """Yield a backend of the service.

    The device is that of an indirect parameter, of the marker ``quantum_device``, or of the setting ``quantum_device``,
    in this order. The backend is one of this package, or of ``qiskit-ibm-runtime`` if the marker or the setting
    ``quantum_client`` says so.
    """
    marker = request.node.get_closest_marker("quantum_device")
    options: tuple[str | None, str | None] = (None, None)
    if marker is not None:
        with _told_of(marker):
            options = _marked(*marker.args, **marker.kwargs)
    name = getattr(request, "param", None) or options[0] or request.config.getini("quantum_device")
    client = options[1] or request.config.getini("quantum_client")
    if client not in _CLIENTS:
        text = f"There is no client {client!r} of quantum_device; use one of {', '.join(_CLIENTS)}."
        pytest.fail(text, pytrace=False)
    account: Any = local_quantum_service.client_options(client).arguments
    if client == "qiskit-ibm-runtime":
        from qiskit_ibm_runtime import QiskitRuntimeService

        yield QiskitRuntimeService(**account).backend(name)
    else:
        from ..provider.provider import IBMProvider

        with IBMProvider(**account) as provider:
            yield provider.get_backend(name)


def _marked(name: str | None = None, *, client: str | None = None) -> tuple[str | None, str | None]:
    """Return the arguments of the marker ``quantum_device``."""
    for value in (name, client):
        if not isinstance(value, str | None):
            raise TypeError(f"it has {value!r}; it takes the name of a device, and client=...")
    return name, client
