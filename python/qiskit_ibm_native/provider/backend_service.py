# SPDX-License-Identifier: Apache-2.0
"""Finding backends and jobs: ``provider.backend``."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from typing_extensions import Self

from .._deadline import deadline
from .._logger import logger
from .._progress import advancing, followed, unseen, waiting
from .._redaction import without_secrets
from .._threads import Lock
from .._warning import warn
from .._words import count
from ..exceptions import (
    BackendPayloadError,
    IBMApiError,
    IBMBackendApiError,
    IBMBackendNotFoundError,
    IBMError,
    IBMInputValueError,
)
from ..snapshot.device_names import find_device
from .attributes import DOCUMENTED, attribute_of
from .backend import IBMBackend
from .jobs.search import JobSearch
from .names import identifiers, near_names, suggestion

if TYPE_CHECKING:
    import datetime as dt_module

    from qiskit.providers import JobStatus

    from .._progress import Reported
    from ..client.api import RuntimeClient
    from ..client.endpoint import Endpoint
    from ..client.transport import Transport
    from ..snapshot.diff import SnapshotDiff
    from .jobs.base import IBMJob


#: Attributes of the status that the configuration does not have.
_OF_STATUS = frozenset({"operational", "pending_jobs", "status_msg"})
#: Seconds that completion may wait for the service.
_LONGEST_COMPLETION = 5.0
_Item = TypeVar("_Item")
_Outcome = TypeVar("_Outcome")


class _NoFractionalGatesError(IBMInputValueError):
    """A device has none of the gates that were asked for."""


class _UnknownAttributeError(IBMInputValueError):
    """No backend has an attribute that is filtered by."""


class _Account(Protocol):
    """The part of a provider that its backends and jobs use."""

    _transport: Transport
    _endpoint: Endpoint

    def _clients(self, instance: str | None) -> Sequence[RuntimeClient]: ...


class IBMBackendService:
    """The backends and jobs of an account.

    Backends are attributes, by their names as names of Python: ``provider.backend.ibm_fez``. Completion offers them:
    ``dir`` lists the devices of the account, for which it asks the service once unless they are known.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> provider = IBMProvider(channel="local")
        >>> provider.backend.ibm_fez is provider.backend.get_backend("ibm_fez")
        True
        >>> provider.backend.backends(min_num_qubits=150, simulator=False)
        [<qiskit_ibm_native.IBMBackend('ibm_boston')>, <qiskit_ibm_native.IBMBackend('ibm_fez')>, ...
    """

    def __new__(cls, *_: Any) -> Self:
        """Create an object of a class of its own, which gets a property for each device.

        The completers of Python's shell and of jedi get each attribute that ``dir`` lists, which would be a request for
        each device. They leave out properties of the class.
        """
        own = {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
        return super().__new__(type(cls.__name__, (cls,), own))

    def __init__(self, provider: _Account) -> None:
        """Create the service of a provider; no request is sent yet."""
        self._provider = provider
        self._lock = Lock()
        self._backends: dict[tuple[Any, ...], IBMBackend] = {}
        self._names: dict[str, str] = {}
        self._has_listed = False
        self._search = JobSearch(self._clients, self._backend_of, provider)

    # Backends

    def backends(
        self,
        name: str | None = None,
        filters: Callable[[IBMBackend], bool] | None = None,
        min_num_qubits: int | None = None,
        instance: str | None = None,
        dynamic_circuits: bool | None = None,
        *,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
        include_mocks: bool = False,
        **kwargs: Any,
    ) -> list[IBMBackend]:
        """Return the backends that fit.

        Args:
            name: The one of this name.
            filters: Takes a backend and returns whether it is wanted.
            min_num_qubits: Those with so many qubits or more.
            instance: Those of this instance, a CRN or a name.
            dynamic_circuits: Those that run control flow, or do not.
            use_fractional_gates: As in :func:`build_target`.
            calibration_id: The calibration to use, if not the latest one.
            include_mocks: Also devices that are not real ones.
            **kwargs: What an attribute of the configuration or of the status must be, such as ``operational=True`` or
                ``simulator=False``. Documented attributes that a device leaves out have the value that the backend has.

        Raises:
            IBMBackendNotFoundError: There is none of that name.
            IBMInputValueError: There is no such instance, or no backend has such an attribute.
        """
        options = {"use_fractional_gates": use_fractional_gates, "calibration_id": calibration_id}
        with self._call():
            if name is not None:
                found = [self._backend(name, instance, **options)]
            else:
                found = self._discover(instance, min_num_qubits, include_mocks, kwargs, options)
            if min_num_qubits:
                found = [each for each in found if each.num_qubits >= min_num_qubits]
            if dynamic_circuits is not None:
                found = [each for each in found if each.configuration().supports_dynamic_circuits == dynamic_circuits]
            for key, value in kwargs.items():
                # The list of devices tells already which are operational.
                if key != "operational" or name is not None:
                    found = _with_attribute(found, key, value)
        return [each for each in found if filters is None or filters(each)]

    def get_backend(
        self,
        name: str | None = None,
        instance: str | None = None,
        *,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
        **kwargs: Any,
    ) -> IBMBackend:
        """Return the one backend that fits, with its options as they are at first.

        Args:
            name: Its name.
            instance: Its instance, a CRN or a name.
            use_fractional_gates: As in :func:`build_target`.
            calibration_id: The calibration to use, if not the latest one.
            **kwargs: As in :meth:`backends`.

        Raises:
            IBMBackendNotFoundError: None fits, or more than one.
        """
        found = self.backends(
            name, instance=instance, use_fractional_gates=use_fractional_gates, calibration_id=calibration_id, **kwargs
        )
        if len(found) > 1:
            names = ", ".join(each.name for each in found)
            raise IBMBackendNotFoundError(f"More than one backend matches the criteria: {names}.")
        if not found:
            raise IBMBackendNotFoundError("No backend matches the criteria.")
        found[0]._reset_options()
        return found[0]

    def least_busy(self, min_num_qubits: int | None = None, instance: str | None = None, **kwargs: Any) -> IBMBackend:
        """Return the device that works and for which the fewest jobs wait.

        Args:
            min_num_qubits: It has so many qubits or more.
            instance: Its instance, a CRN or a name.
            **kwargs: As in :meth:`backends`.

        Raises:
            IBMBackendNotFoundError: None fits.
            IBMInputValueError: No backend has an attribute that is filtered by.
        """
        with self._call():
            candidates = [
                (device["queue_length"], device["name"], client.instance)
                for client in self._clients(instance)
                for device in self._devices(client)
                if _is_online(device) and device.get("class") != "mock" and isinstance(device.get("queue_length"), int)
            ]
            unknown: list[_UnknownAttributeError] = []
            for _, name, crn in sorted(candidates):
                try:
                    fitting = self.backends(name, min_num_qubits=min_num_qubits, instance=crn, **kwargs)
                except _NoFractionalGatesError:
                    continue
                except _UnknownAttributeError as error:
                    unknown.append(error)
                    continue
                if fitting:
                    return fitting[0]
        if unknown and len(unknown) == len(candidates):
            raise unknown[0]
        raise IBMBackendNotFoundError("No backend matches the criteria.")

    def _call(self) -> AbstractContextManager[None]:
        return self._provider._transport.call()

    def _clients(self, instance: str | None) -> Sequence[RuntimeClient]:
        return self._provider._clients(instance)

    def _devices(self, client: RuntimeClient) -> list[dict[str, Any]]:
        try:
            devices = client.list_backends()
        except IBMApiError as error:
            raise IBMBackendApiError(f"The backends cannot be listed: {error}") from None
        with self._lock:
            names = [*self._names.values(), *(device["name"] for device in devices)]
            self._names = identifiers(dict.fromkeys(names))
            for identifier in self._names:
                if not hasattr(type(self), identifier):
                    setattr(type(self), identifier, property(_left_to_getattr))
        return devices

    def _list_all(self) -> None:
        for client in self._clients(None):
            self._devices(client)
        self._has_listed = True

    def _known_names(self) -> dict[str, str]:
        """Return names of devices by their names as names of Python; the service is asked for them once."""
        if not self._has_listed:
            # Also if it fails: whoever completes names must not wait for the same service again and again.
            self._has_listed = True
            try:
                # A line would be written over the prompt.
                with unseen(), deadline(time.monotonic() + _LONGEST_COMPLETION), self._call():
                    self._list_all()
            except Exception as error:
                logger.debug("The backends cannot be listed for completion: %s", error)
        return self._names

    def _discover(
        self,
        instance: str | None,
        min_num_qubits: int | None,
        include_mocks: bool,
        wanted: dict[str, Any],
        options: dict[str, Any],
    ) -> list[IBMBackend]:
        """Return all backends but those that their entries in the list rule out already."""
        places: dict[str, RuntimeClient] = {}
        for client in self._clients(instance):
            for device in self._devices(client):
                is_fitting = (
                    (include_mocks or device.get("class") != "mock")
                    and (not min_num_qubits or device.get("qubits", min_num_qubits) >= min_num_qubits)
                    and ("operational" not in wanted or _is_online(device) == wanted["operational"])
                    and (
                        "simulator" not in wanted
                        or device.get("is_simulator", wanted["simulator"]) == wanted["simulator"]
                    )
                )
                if is_fitting:
                    places.setdefault(device["name"], client)
        self._has_listed |= instance is None
        with waiting(f"Fetching the configurations of {count(len(places), 'device')}"):
            found = concurrently(lambda name: self._backend_or_none(name, places[name], options), places, 8)
        return [backend for backend in found if backend is not None]

    def _backend_or_none(self, name: str, client: RuntimeClient, options: dict[str, Any]) -> IBMBackend | None:
        try:
            return self._backend_of(name, client, **options)
        except _NoFractionalGatesError:
            return None
        except (BackendPayloadError, IBMBackendNotFoundError) as error:
            logger.warning("The backend %s is left out: %s", name, error)
            return None

    def _backend(self, name: str, instance: str | None, **options: Any) -> IBMBackend:
        """Return the backend of a name, from the first instance that has it."""
        clients = self._clients(instance)
        for client in clients:
            try:
                return self._backend_of(name, client, **options)
            except IBMBackendNotFoundError:
                continue
        owners = {device["name"]: client for client in reversed(clients) for device in self._devices(client)}
        known = [*owners]
        found = find_device(name, known)
        if found is not None and found != name:
            return self._backend_of(found, owners[found], **options)
        where = f" in {without_secrets(instance)}" if instance else ""
        raise IBMBackendNotFoundError(
            f"No backend matches the criteria: there is no {name!r}{where}.{suggestion(name, known)}"
        )

    def _backend_of(
        self,
        name: str,
        client: RuntimeClient,
        *,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
    ) -> IBMBackend:
        key = (name, client.instance, use_fractional_gates, calibration_id)
        backend = self._backends.get(key)
        if backend is not None:
            return backend
        try:
            payload = client.backend_configuration(name, calibration_id)
        except IBMApiError as error:
            if getattr(error, "status_code", 0) == 404:
                raise IBMBackendNotFoundError(f"No backend matches the criteria: {error}") from None
            raise IBMBackendApiError(f"The configuration of {name} cannot be fetched: {error}") from None
        from ..snapshot import Snapshot

        backend = IBMBackend(
            Snapshot.from_payloads(payload), self._provider, client, client.instance,
            use_fractional_gates=use_fractional_gates, calibration_id=calibration_id,
            takes_simulator_options=self._provider._endpoint.runs_simulator_options or None,
        )  # fmt: skip
        if use_fractional_gates and not {"rzz", "rx"} & set(backend.configuration().basis_gates):
            raise _NoFractionalGatesError(f"{name} has no fractional gates; leave out use_fractional_gates=True.")
        with self._lock:
            return self._backends.setdefault(key, backend)

    # Jobs

    def jobs(
        self,
        limit: int | None = 10,
        skip: int = 0,
        backend_name: str | None = None,
        status: str | JobStatus | Sequence[str | JobStatus] | None = None,
        start_datetime: dt_module.datetime | None = None,
        end_datetime: dt_module.datetime | None = None,
        job_tags: list[str] | None = None,
        descending: bool = True,
        instance: str | None = None,
        legacy: bool = False,
        *,
        session_id: str | None = None,
        foreign: bool = False,
    ) -> list[IBMJob]:
        """Return jobs that were run by this package, the latest one first.

        Args:
            limit: The largest number of jobs; ``None`` for all.
            skip: The number of matching jobs to skip first.
            backend_name: Those of this device.
            status: Those with this status or one of these: ``JobStatus``, its name, ``"pending"`` or ``"completed"``.
            start_datetime: Those created after this. One without time zone is in this machine's.
            end_datetime: Those created before this.
            job_tags: Those with all of these tags.
            descending: Whether the latest one comes first; otherwise, the oldest one does.
            instance: Those of this instance, a CRN or a name.
            legacy: Those of a service that there is not any more: none.
            session_id: Those of this session.
            foreign: Also jobs of circuits that other clients submitted.

        Raises:
            IBMBackendValueError: An argument makes no sense.
            TypeError: A time is no datetime.
            IBMBackendApiError: The service could not be asked.
        """
        if legacy:
            warn("Jobs of the service that ended in 2024 cannot be retrieved any more; legacy=True is ignored.")
            return []
        with self._call():
            return self._search.jobs(
                limit=limit, skip=skip, backend_name=backend_name, status=status, start_datetime=start_datetime,
                end_datetime=end_datetime, job_tags=job_tags, descending=descending, instance=instance,
                session_id=session_id, foreign=foreign,
            )  # fmt: skip

    def retrieve_job(self, job_id: str) -> IBMJob:
        """Return a job.

        Raises:
            IBMJobNotFoundError: There is none of that id.
            IBMInputValueError: It is no job of circuits, or no id.
            IBMBackendApiError: The service could not be asked.
        """
        with self._call():
            return self._search.retrieve_job(job_id)

    # Calibrations

    def refresh_all(
        self, backends: Iterable[IBMBackend] | None, threads: int, return_exceptions: bool, progress: Reported = None
    ) -> dict[IBMBackend, SnapshotDiff | IBMError]:
        """Refresh many backends at once, see :meth:`IBMProvider.refresh_all`."""
        if threads < 1:
            raise IBMInputValueError(f"threads must be at least 1, not {threads!r}.")
        with self._lock:
            wanted = list(dict.fromkeys(self._backends.values() if backends is None else backends))
        with self._call(), advancing(progress, "refresh", len(wanted), "backend") as advance:
            outcomes = dict(zip(wanted, concurrently(_refreshed, wanted, threads, advance), strict=True))
        failed = {backend.name: each for backend, each in outcomes.items() if isinstance(each, IBMError)}
        if failed and not return_exceptions:
            reasons = "; ".join(str(error) for error in failed.values())
            raise IBMBackendApiError(f"{len(failed)} of {len(outcomes)} backends could not be refreshed: {reasons}")
        return outcomes

    def _forget(self) -> None:
        with self._lock:
            self._backends.clear()

    # Attributes

    def __getattr__(self, name: str) -> IBMBackend:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        try:
            with self._call():
                if name not in self._names:
                    self._list_all()
                if name in self._names:
                    return self._backend(self._names[name], None)
        except IBMError as error:
            raise AttributeError(f"The backend {name!r} is not available: {error}") from error
        raise AttributeError(f"There is no backend {name!r}.{suggestion(name, self._names)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._known_names()})

    def _ipython_key_completions_(self) -> list[str]:
        return sorted(self._known_names().values())

    def __call__(self, name: str | None = None, instance: str | None = None, **kwargs: Any) -> IBMBackend:
        """Return a backend, as :meth:`get_backend` does."""
        return self.get_backend(name, instance, **kwargs)

    def __getitem__(self, name: str) -> IBMBackend:
        return self.get_backend(name)

    def __iter__(self) -> Iterator[IBMBackend]:
        return iter(self.backends())

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self.backends())

    def __contains__(self, name: object) -> bool:
        return any(device["name"] == name for client in self._clients(None) for device in self._devices(client))

    def __repr__(self) -> str:
        return "<IBMBackendService>"

    def _repr_html_(self) -> str:
        from .pictures import service_html

        return service_html(self)


def _left_to_getattr(_: IBMBackendService) -> IBMBackend:
    """Let ``__getattr__`` return the device: Python asks that after an AttributeError of a property.

    The type tells jedi the attributes of a device that nobody has asked for.
    """
    raise AttributeError


def least_busy(backends: Sequence[IBMBackend]) -> IBMBackend:
    """Return the backend that works and for which the fewest jobs wait.

    Raises:
        IBMError: There are none, or none of them works.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider, least_busy
        >>> provider = IBMProvider(channel="local")
        >>> backend = least_busy(provider.backends(min_num_qubits=100))
        >>> backend.num_qubits >= 100
        True
    """
    if not backends:
        raise IBMError("Unable to find the least_busy backend from an empty list.")
    statuses = [(backend.status(), backend) for backend in backends]
    working = [
        (status, backend) for status, backend in statuses if status.operational and status.status_msg == "active"
    ]
    if not working:
        raise IBMError("No backend matches the criteria.")
    return min(working, key=lambda each: each[0].pending_jobs)[1]


def concurrently(
    function: Callable[[_Item], _Outcome],
    items: Iterable[_Item],
    threads: int,
    advance: Callable[[int], None] = lambda _: None,
) -> list[_Outcome]:
    """Return what a function returns for each item, several at a time, within the deadline of the call.

    If it is interrupted, it does not wait for calls in progress.

    Args:
        function: The function.
        items: Its arguments.
        threads: The number of calls at a time.
        advance: Called with 1 for each item, in their order.
    """
    executor = ThreadPoolExecutor(threads, thread_name_prefix="request")
    try:
        futures = [executor.submit(contextvars.copy_context().run, function, item) for item in items]
        return list(followed((future.result() for future in futures), advance))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _refreshed(backend: IBMBackend) -> SnapshotDiff | IBMError:
    try:
        return backend.refresh()
    except IBMError as error:
        return error


def _with_attribute(backends: Sequence[IBMBackend], key: str, value: Any) -> list[IBMBackend]:
    """Return the backends of which an attribute of the configuration or of the status has a value."""
    if key in _OF_STATUS:
        return [backend for backend in backends if getattr(backend.status(), key) == value]
    fitting, is_known = [], not backends
    for backend in backends:
        try:
            found = attribute_of(backend.configuration(), key)
        except AttributeError:
            continue
        is_known = True
        if found == value:
            fitting.append(backend)
    if not is_known:
        known = {
            *DOCUMENTED,
            *_OF_STATUS,
            *(name for backend in backends for name in dir(backend.configuration())),
        }
        raise _UnknownAttributeError(
            f"Backends cannot be filtered by {key!r}: none of them has such an attribute.{near_names(key, known)}"
        )
    return fitting


def _is_online(device: dict[str, Any]) -> bool:
    status = device.get("status")
    return isinstance(status, dict) and status.get("name") == "online"
