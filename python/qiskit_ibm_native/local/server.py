# SPDX-License-Identifier: Apache-2.0
"""The service that simulates devices, inside of a process or alone."""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .arguments import bad_argument, check_arguments, check_history, checked_faults, checked_queue_time
from .clock import Clock
from .devices import Catalog
from .jobs.simulated_times import SimulatedTimes
from .jobs.store import open_store
from .jobs.workers import Workers
from .latency import checked_latency, delayed
from .recording import Recorder, Recording
from .seeds import JobSeeds
from .service.app import AppState, build_app
from .service.connections import Bounded
from .service.limits import Limits
from .service.tokens import Tokens
from .serving import HttpService

if TYPE_CHECKING:
    from .._moments import Time
    from ..archive import CalibrationArchive
    from ..snapshot import Snapshot
    from .jobs.simulator import Simulator
    from .replay import ReplayService
    from .service.faults import App, Fault, Faults


class LocalService(HttpService):
    """A service that speaks the protocol of the IBM Quantum Platform and simulates its devices.

    It answers from :meth:`start` to :meth:`stop`, or inside of a ``with``::

        with LocalService(devices=["ibm_fez"], seed=7) as service:
            provider = IBMProvider(**service.client_options("qiskit-ibm-native").arguments)

    Args:
        devices: Devices, instead of the bundled ones: a folder of saved snapshots, names of bundled devices, snapshots,
            or ``"official"`` for the fake devices of the official client.
        store: The file of jobs and sessions. By default that of the user, so that jobs are found again by other
            processes, or a temporary one if that cannot be written; ``QISKIT_IBM_NATIVE_LOCAL_STORE`` names another.
        noise: Whether devices are as noisy as their calibrations say, or ideal.
        seed: Jobs without a seed of their own get seeds that are derived from this one, in the order in which they are
            submitted. Without it, they get random ones.
        faults: Faults on purpose, from the first request on.
        latency: Seconds that each request waits before it is handled.
        record: A new folder, to which requests and replies are written.
        workers: Number of jobs that run at once.
        host: The address to listen on; that of this machine alone unless ``public`` is set.
        port: The port to listen on; 0 for any that is free.
        token: The API key; a random one by default.
        public: Whether other machines may reach the service.
        limits: Limits of requests, of jobs and of the store.
        finish_left_jobs: Whether to run, behind its own jobs, those that services left in the store when they ended.
        archive: Devices are those of this archive, as they were at the time of the service: a
            :class:`CalibrationArchive`, the path of one, or ``True`` for that of the user. ``devices`` are names of
            some of them then. Nothing is put into the archive.
        at: With an archive, the time at which the service starts; :attr:`clock` moves it.
        speed: With an archive, seconds that pass for the service in a second: 86400 for a day a second. By default,
            its clock stands still until it is moved.
        queue_time: With an archive, how long a job waits before it begins, by that clock: seconds, or a timedelta.

    Attributes:
        crn: The CRN of its one instance.
        token: The API key.
        url: The base URL of the service, for programs on this machine.
        faults: Faults on purpose, for tests of clients.

    Raises:
        IBMInputValueError: An argument is invalid.
        IBMError: The port, the store or the folder of the recording cannot be used.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> from qiskit_ibm_native.local import LocalService
        >>> with LocalService(devices="lima", seed=7) as service, service.in_environment(), IBMProvider() as provider:
        ...     print(provider.backends())
        [<qiskit_ibm_native.IBMBackend('ibmq_lima')>, <qiskit_ibm_native.IBMBackend('local_simulator')>]
    """

    def __init__(
        self,
        *,
        devices: str | os.PathLike[str] | Snapshot | Sequence[str | os.PathLike[str] | Snapshot] | None = None,
        store: str | os.PathLike[str] | None = None,
        noise: bool = True,
        seed: int | None = None,
        faults: Iterable[Fault] = (),
        latency: float = 0.0,
        record: str | os.PathLike[str] | None = None,
        workers: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        public: bool = False,
        limits: Limits | None = None,
        finish_left_jobs: bool = False,
        archive: CalibrationArchive | str | os.PathLike[str] | bool | None = None,
        at: Time | None = None,
        speed: float | None = None,
        queue_time: float | datetime.timedelta | None = None,
        _first: Simulator | None = None,
    ) -> None:
        """Prepare a service; :meth:`start` or :meth:`serve` answers."""
        check_arguments(
            store=store, noise=noise, latency=latency, record=record, workers=workers, limits=limits,
            finish_left_jobs=finish_left_jobs,
        )  # fmt: skip
        self._first_faults = checked_faults(faults)
        seeds = None if seed is None else JobSeeds(seed)
        latency = checked_latency(latency)
        limits = limits or Limits()
        check_history(archive=archive, at=at, speed=speed, queue_time=queue_time)
        wait = checked_queue_time(queue_time)
        self._clock = None if at is None else Clock(at, 0.0 if speed is None else speed)
        with ExitStack() as opened:
            self._catalog = catalog = _catalog(devices, archive, self._clock)
            opened.callback(catalog.close)
            super().__init__(host=host, port=port, token=token, public=public, limits=limits)
            opened.callback(self._socket.close)
            self._store = open_store(store, self._clock)
            opened.callback(self._store.close)
            self._recording = None if record is None else Recording(record, secrets=[self.token])
            opened.pop_all()
        self._seeds = seeds
        if self._clock is not None:
            # Months pass in a moment, and what was done in them is to be looked at.
            limits = replace(limits, store_days=math.inf)
        times = None if self._clock is None else SimulatedTimes(self._clock, wait)
        self._workers = Workers(
            self._store, catalog, limits, workers, seeds=seeds, times=times, first=_first,
            finish_left_jobs=finish_left_jobs,
        )  # fmt: skip
        if self._clock is not None:
            self._clock.tell(self._workers.look_again)
        # Clients that were here before a restart hold tokens.
        tokens = Tokens(self.token, self._store if token else None)
        state = AppState(catalog, self._store, self._workers, tokens, self.crn, noise, self._clock)
        self.faults: Faults = build_app(state)
        self.faults.abort = self._abort
        self._add_first_faults()
        self._use(Bounded(self._seen_by_clients(latency), tokens, limits))

    def _seen_by_clients(self, latency: float) -> App:
        """Return the application behind everything that comes between it and clients."""
        app = delayed(self.faults, latency)
        return app if self._recording is None else Recorder(app, self._recording, self._is_private)

    def _is_private(self, job_id: str) -> bool:
        job = self._store.job(job_id)
        return job is not None and bool(job["private"])

    def _add_first_faults(self) -> None:
        for fault in self._first_faults:
            self.faults.add(fault)

    @classmethod
    def replay(cls, folder: str | os.PathLike[str], **options: Any) -> ReplayService:
        """Return a service that answers as one did that was recorded; nothing is simulated.

        Args:
            folder: The folder that ``record`` wrote.
            options: ``host``, ``port``, ``token``, ``public``, ``limits`` and ``latency``, as for a service.

        Raises:
            IBMInputValueError: The folder is no recording, is damaged, or was written by a later version.
        """
        check_arguments(folder=folder)
        from .replay import ReplayService

        return ReplayService(folder, **options)

    @property
    def clock(self) -> Clock:
        """The clock of a service with an archive: ``clock.now()``, ``clock.move_to(time)``, ``clock.advance(hours=6)``.

        Raises:
            IBMInputValueError: The service has the time of the machine.
        """
        if self._clock is None:
            raise bad_argument(
                "This service has the time of the machine, which cannot be moved; create the service with"
                " archive=... and at=..."
            )
        return self._clock

    def publish(self, snapshot: Snapshot) -> None:
        """Add a calibration to a device, as if it had just been measured; the latest one is the present one.

        Args:
            snapshot: The calibration. A device of another name is a new one.

        Raises:
            IBMInputValueError: It is no snapshot, or the devices are those of an archive.
            IBMError: The service was stopped, or is that of another process.
        """
        self._check_usable()
        self._catalog.publish(snapshot)

    def reset(self) -> None:
        """Forget the jobs and sessions of this service, those that run included; the rest is as new.

        That is faults, seeds, devices, and a clock that can be moved. For tests, which need not start a service each.
        What other services put into the same store stays.

        Raises:
            IBMError: The service was stopped, or is that of another process.
        """
        self._check_usable()
        self.faults.clear()
        self._add_first_faults()
        for job_id in self._store.clear():
            self._workers.interrupt(job_id)
        self._catalog.reset()
        if self._clock is not None:
            self._clock.reset()
        if self._seeds is not None:
            self._seeds.restart()

    def _begin(self) -> None:
        self._workers.start()

    def _end(self) -> None:
        self._workers.stop()
        self._store.close()
        self._catalog.close()
        if self._recording is not None:
            self._recording.close()

    def _descriptors(self) -> list[int]:
        own = [] if self._recording is None else self._recording.descriptors()
        return [*self._workers.descriptors(), *own]


def _catalog(devices: Any, archive: Any, clock: Clock | None) -> Catalog:
    if clock is None:
        return Catalog(devices)
    from .history import History

    return History(archive, clock, devices)
