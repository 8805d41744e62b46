# SPDX-License-Identifier: Apache-2.0
"""A service on this machine that speaks the protocol of the IBM Quantum Platform and simulates its devices.

It needs the extra ``qiskit-ibm-native[local]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime
    import os
    from collections.abc import Iterable, Sequence

    from .._moments import Time
    from ..archive import CalibrationArchive
    from ..provider.connection import Connection
    from ..snapshot import Snapshot
    from .clients import ClientOptions as ClientOptions
    from .clock import Clock as Clock
    from .replay import ReplayService as ReplayService
    from .server import LocalService as LocalService
    from .service.faults import Fault as Fault
    from .service.limits import Limits as Limits

__all__ = ["ClientOptions", "Clock", "Fault", "Limits", "LocalService", "ReplayService", "connect", "require_packages"]

#: Modules of public names, which need packages of the extra and are imported when they are asked for.
_MODULES = {
    "ClientOptions": "clients",
    "Clock": "clock",
    "Fault": "service.faults",
    "Limits": "service.limits",
    "LocalService": "server",
    "ReplayService": "replay",
}
_PACKAGES = ("starlette", "uvicorn", "qiskit_aer")


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_packages()
    from importlib import import_module

    from .._progress import waiting

    with waiting("Importing the local service"):
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def connect(
    instance: str | None = None,
    *,
    devices: str | os.PathLike[str] | Snapshot | Sequence[str | os.PathLike[str] | Snapshot] | None = None,
    store: str | os.PathLike[str] | None = None,
    noise: bool = True,
    seed: int | None = None,
    faults: Iterable[Fault] = (),
    latency: float = 0.0,
    record: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    finish_left_jobs: bool = False,
    archive: CalibrationArchive | str | os.PathLike[str] | bool | None = None,
    at: Time | None = None,
    speed: float | None = None,
    queue_time: float | datetime.timedelta | None = None,
) -> Connection:
    """Start a service inside this process, for ``IBMProvider(channel="local")``.

    Args:
        instance: Ignored but for its name: the service has one instance.
        devices: Devices, instead of the bundled ones, as for :class:`LocalService`.
        store: The file of jobs and sessions. By default that of the user, so that jobs are found again by other
            processes; ``QISKIT_IBM_NATIVE_LOCAL_STORE`` names another one.
        noise: Whether devices are as noisy as their calibrations say, or ideal.
        seed: Jobs without a seed of their own get seeds that are derived from this one.
        faults: Faults on purpose, from the first request on.
        latency: Seconds that each request waits before it is handled.
        record: A new folder, to which requests and replies are written.
        workers: Number of jobs that run at once.
        limits: Limits of requests, of jobs and of the store, the memory of a job among them.
        finish_left_jobs: Whether to run, behind its own jobs, those that services left in the store when they ended.
        archive: Without ``at``, the provider records calibrations into it. With ``at``, devices are those of this
            archive, as they were then, and nothing is recorded.
        at: The time at which the service starts. ``provider.clock`` moves it.
        speed: With ``at``: seconds that pass for the service in a second; none by default.
        queue_time: With ``at``: how long a job waits before it begins, by that clock: seconds, or a timedelta.

    Returns:
        The connection; closing it ends the service, in the process that started it.

    Raises:
        IBMInputValueError: An argument is invalid.
        MissingPackageError: Packages of the extra are not installed.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> with IBMProvider(
        ...     channel="local", devices="lima", seed=7
        ... ) as provider:  # calls it, with all that is not the provider's
        ...     [backend.name for backend in provider.backends()]
        ['ibmq_lima', 'local_simulator']
    """
    from ..provider.connection import Connection

    service = prepare(
        devices=devices, store=store, noise=noise, seed=seed, faults=faults, latency=latency, record=record,
        workers=workers, limits=limits, finish_left_jobs=finish_left_jobs, at=at, speed=speed,
        queue_time=queue_time, archive=None if (at, speed, queue_time) == (None, None, None) else archive,
    )  # fmt: skip
    if instance not in (None, "local", service.crn):
        from ..exceptions import IBMInputValueError

        service.stop()
        raise IBMInputValueError(f"The local service has one instance, {service.crn}; leave out instance={instance!r}.")
    service.start()
    if at is None:
        return Connection(service.endpoint(), close=service.stop, archive=archive)
    return Connection(service.endpoint(), close=service.stop, clock=service.clock)


def prepare(*, workers: int | None = None, limits: Limits | None = None, **options: Any) -> LocalService:
    """Return a service that is not started yet, as :class:`LocalService` does, but start its first simulator at once.

    The simulator needs a second for its imports, and those of the service pass meanwhile.

    Args:
        workers: Number of jobs that run at once.
        limits: Limits of requests, of jobs and of the store.
        options: The other arguments of :class:`LocalService`.
    """
    require_packages()
    from .._progress import waiting
    from .arguments import check_arguments
    from .jobs.simulator import start_simulator
    from .service.limits import Limits

    # Before a process is started.
    check_arguments(workers=workers, limits=limits)
    limits = limits or Limits()
    first = start_simulator(limits, workers)
    try:
        with waiting("Starting the local service"):
            from .server import LocalService

            return LocalService(workers=workers, limits=limits, _first=first, **options)
    except BaseException:
        first.close()
        raise


def require_packages() -> None:
    """Raise MissingPackageError if packages of the extra are missing.

    Examples:
        >>> from qiskit_ibm_native.local import require_packages
        >>> require_packages()  # raises nothing: all of them are installed
    """
    from .._extras import require

    require(_PACKAGES, "local", "Local services")
