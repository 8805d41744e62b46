# SPDX-License-Identifier: Apache-2.0
"""Finding backends and jobs: ``provider.backend``."""

from __future__ import annotations

import datetime as dt_module
import heapq
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from qiskit.providers import JobStatus
from qiskit.providers.jobstatus import JOB_FINAL_STATES

from ..exceptions import (
    BackendPayloadError,
    IBMBackendApiError,
    IBMBackendNotFoundError,
    IBMBackendValueError,
    IBMError,
    IBMInputValueError,
    IBMJobNotFoundError,
    RequestsApiError,
)
from ..logger import logger
from .backend import IBMBackend, IBMRetiredBackend
from .checks import MAX_TAGS, warn
from .composite_job import IBMCompositeJob
from .job import COMPOSITE_TAG, RECORD_TAG, IBMCircuitJob
from .names import identifiers, suggestion
from .programs import program_called

if TYPE_CHECKING:
    from ..client.api import RuntimeClient
    from .job_base import IBMJob
    from .provider import IBMProvider

#: The service gives this many jobs at once.
_PAGE = 50
_PROGRAMS = ("sampler", "executor")
_PENDING = frozenset({JobStatus.INITIALIZING, JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.RUNNING})


class _NoFractionalGatesError(IBMInputValueError):
    """A device has none of the gates that were asked for."""


class IBMBackendService:
    """The backends and jobs of an account.

    Backends are attributes, by their names as names of Python: ``provider.backend.ibm_fez``. Completion offers those that
    are known already.
    """

    def __init__(self, provider: IBMProvider) -> None:
        """Create the service of a provider; nobody is asked yet."""
        self._provider = provider
        self._lock = threading.RLock()
        self._backends: dict[tuple[Any, ...], IBMBackend] = {}
        self._names: dict[str, str] = {}

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
            calibration_id: Which calibration to use, if not the latest one.
            include_mocks: Also devices that are not real ones.
            **kwargs: What an attribute of the configuration or of the status must be, such as ``operational=True`` or
                ``simulator=False``.

        Raises:
            IBMBackendNotFoundError: There is none of that name.
            IBMInputValueError: There is no such instance.
        """
        options = {"use_fractional_gates": use_fractional_gates, "calibration_id": calibration_id}
        if name is not None:
            found = [self._backend(name, instance, **options)]
        else:
            found = self._discover(instance, min_num_qubits, include_mocks, kwargs, options)
        if min_num_qubits:
            found = [each for each in found if each.num_qubits >= min_num_qubits]
        if dynamic_circuits is not None:
            found = [each for each in found if _runs_control_flow(each) == dynamic_circuits]
        for key, value in kwargs.items():
            if found and all(key in each.configuration() for each in found):
                found = [each for each in found if getattr(each.configuration(), key) == value]
            elif key != "operational" or name is not None:
                found = [each for each in found if getattr(each.status(), key, None) == value]
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
            calibration_id: Which calibration to use, if not the latest one.
            **kwargs: As in :meth:`backends`.

        Raises:
            IBMBackendNotFoundError: None fits, or more than one.
        """
        found = self.backends(
            name, instance=instance, use_fractional_gates=use_fractional_gates, calibration_id=calibration_id, **kwargs
        )
        if len(found) > 1:
            names = ", ".join(each.name for each in found)
            raise IBMBackendNotFoundError(f"More than one backend matches the criteria: {names}")
        if not found:
            raise IBMBackendNotFoundError("No backend matches the criteria")
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
        """
        candidates = [
            (device["queue_length"], device["name"], client.instance)
            for client in self._clients(instance)
            for device in self._devices(client)
            if _is_online(device) and device.get("class") != "mock" and isinstance(device.get("queue_length"), int)
        ]
        for _, name, crn in sorted(candidates):
            try:
                fitting = self.backends(name, min_num_qubits=min_num_qubits, instance=crn, **kwargs)
            except _NoFractionalGatesError:
                continue
            if fitting:
                return fitting[0]
        raise IBMBackendNotFoundError("No backend matches the criteria.")

    def _clients(self, instance: str | None) -> Sequence[RuntimeClient]:
        return self._provider._clients(instance)

    def _devices(self, client: RuntimeClient) -> list[dict[str, Any]]:
        try:
            devices = client.list_backends()
        except RequestsApiError as error:
            raise IBMBackendApiError(f"The backends of {client.instance} cannot be listed: {error}") from None
        with self._lock:
            names = [*self._names.values(), *(device["name"] for device in devices)]
            self._names = identifiers(dict.fromkeys(names))
        return devices

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
        with ThreadPoolExecutor(8, thread_name_prefix="configuration") as executor:
            return [
                backend
                for backend in executor.map(lambda name: self._backend_or_none(name, places[name], options), places)
                if backend is not None
            ]

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
        known = [device["name"] for client in clients for device in self._devices(client)]
        where = f" in {instance}" if instance else ""
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
        except RequestsApiError as error:
            if error.status_code == 404:
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

    def _forget(self) -> None:
        with self._lock:
            self._backends.clear()

    # Attributes

    def __getattr__(self, name: str) -> IBMBackend:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        try:
            if name not in self._names:
                for client in self._clients(None):
                    self._devices(client)
            if name in self._names:
                return self._backend(self._names[name], None)
        except IBMError as error:
            raise AttributeError(f"The backend {name!r} cannot be had: {error}") from error
        raise AttributeError(f"There is no backend {name!r}.{suggestion(name, self._names)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._names})

    def _ipython_key_completions_(self) -> list[str]:
        return sorted(self._names.values())

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
            limit: How many at most; ``None`` for all.
            skip: How many to leave out before that.
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
        _check_filters(start_datetime, end_datetime, job_tags)
        statuses = _statuses(status)
        pending = None
        if statuses is not None:
            pending = False if statuses <= set(JOB_FINAL_STATES) else True if statuses <= _PENDING else None
        filters = {
            "backend": backend_name, "pending": pending, "created_after": start_datetime, "created_before": end_datetime,
            "tags": job_tags or None, "session_id": session_id, "sort": None if descending else "ASC",
        }  # fmt: skip
        if legacy:
            warn("Jobs of the service that ended in 2024 cannot be had any more.", 2)
        if legacy or limit == 0:
            return []
        pages = [self._entries(client, filters) for client in self._clients(instance)]
        # Each instance lists its jobs in order.
        every = heapq.merge(*pages, key=lambda each: str(each[0].get("created")), reverse=descending)
        found: list[IBMJob] = []
        for reply, client in every:
            if _program_of(reply) not in _PROGRAMS or not (foreign or _is_ours(reply, client)):
                continue
            job = self._restored_or_none(reply, client)
            if job is None or (statuses is not None and job._status not in statuses):
                continue
            if skip > 0:
                skip -= 1
                continue
            found.append(job)
            if limit is not None and len(found) >= limit:
                break
        return found

    def _entries(
        self, client: RuntimeClient, filters: dict[str, Any]
    ) -> Iterator[tuple[dict[str, Any], RuntimeClient]]:
        for reply in self._pages(client, filters):
            yield reply, client

    @staticmethod
    def _pages(client: RuntimeClient, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Give what the service says about jobs, a page after another while there are any."""
        seen = 0
        while True:
            try:
                page = client.jobs_get(_PAGE, seen, **filters)
            except RequestsApiError as error:
                raise IBMBackendApiError(f"Jobs cannot be listed: {error}") from None
            yield from page["jobs"]
            seen += len(page["jobs"])
            if not page["jobs"] or seen >= page.get("count", seen):
                return

    def retrieve_job(self, job_id: str) -> IBMJob:
        """Return a job.

        Raises:
            IBMJobNotFoundError: There is none of that id.
            IBMInputValueError: It is no job of circuits.
            IBMBackendApiError: The service could not be asked.
        """
        if job_id.startswith(COMPOSITE_TAG):
            return self._composite(job_id)
        for client in self._clients(None):
            try:
                reply = client.job_get(job_id)
            except RequestsApiError as error:
                if error.status_code in (400, 404):
                    continue
                raise IBMBackendApiError(f"Failed to get job {job_id}: {error}") from None
            program = _program_of(reply)
            if program not in _PROGRAMS:
                raise IBMInputValueError(
                    f"Job {job_id} is one of the program {program!r}, not of circuits; use qiskit-ibm-runtime for it."
                )
            return self._restored(reply, client)
        raise IBMJobNotFoundError(f"Job not found: {job_id}. Error code: 3250.")

    def _composite(self, job_id: str) -> IBMCompositeJob:
        for client in self._clients(None):
            replies = list(self._pages(client, {"tags": [job_id]}))
            if replies:
                return IBMCompositeJob.from_jobs(job_id, [self._restored(reply, client) for reply in replies])
        raise IBMJobNotFoundError(f"Job not found: {job_id}: no job has it as a tag.")

    def _restored(self, reply: dict[str, Any], client: RuntimeClient) -> IBMCircuitJob:
        name = reply.get("backend") or "unknown"
        try:
            backend = self._backend_of(name, client)
        except (IBMBackendNotFoundError, BackendPayloadError):
            backend = IBMRetiredBackend.from_name(name, self._provider, client)
        return IBMCircuitJob(backend, client, str(reply["id"]), reply=reply)

    def _restored_or_none(self, reply: dict[str, Any], client: RuntimeClient) -> IBMCircuitJob | None:
        try:
            return self._restored(reply, client)
        except (IBMError, KeyError, TypeError, ValueError) as error:
            logger.warning('Discarding job "%s" because it contains invalid data: %s', reply.get("id"), error)
            return None


def least_busy(backends: Sequence[IBMBackend]) -> IBMBackend:
    """Return the backend that works and for which the fewest jobs wait.

    Raises:
        IBMError: There are none, or none of them works.
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


def _check_filters(start: Any, end: Any, tags: Any) -> None:
    for moment in (start, end):
        if moment is not None and not isinstance(moment, dt_module.datetime):
            raise TypeError(f"{moment!r} is not a datetime.")
    if tags is not None and (not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags)):
        raise IBMBackendValueError(f"job_tags is {tags!r}; it must be a list of strings.")


def _program_of(reply: dict[str, Any]) -> Any:
    program = reply.get("program")
    return program.get("id") if isinstance(program, dict) else None


def _is_ours(reply: dict[str, Any], client: RuntimeClient) -> bool:
    """Return whether this package submitted a job: it has our tag, or no room for one and our record."""
    tags = reply.get("tags")
    if not isinstance(tags, list):
        return False
    if any(isinstance(tag, str) and tag.startswith(RECORD_TAG) for tag in tags):
        return True
    if len(tags) < MAX_TAGS:
        return False
    params = client.job_get(str(reply.get("id")), exclude_params=False).get("params")
    return isinstance(params, dict) and bool(program_called(str(_program_of(reply))).job_record(params))


def _is_online(device: dict[str, Any]) -> bool:
    status = device.get("status")
    return isinstance(status, dict) and status.get("name") == "online"


def _runs_control_flow(backend: IBMBackend) -> bool:
    return bool({"qasm3", "dynamic_circuits"} & set(getattr(backend.configuration(), "supported_features", ())))


def _statuses(status: Any) -> set[JobStatus] | None:
    """Return the statuses that are wanted; ``None`` for all."""
    if status is None:
        return None
    wanted: set[JobStatus] = set()
    for each in [status] if isinstance(status, str | JobStatus) else status:
        word = each.name if isinstance(each, JobStatus) else str(each).upper()
        if word == "PENDING":
            wanted |= _PENDING
        elif word == "COMPLETED":
            wanted |= set(JOB_FINAL_STATES)
        elif word in JobStatus.__members__:
            wanted.add(JobStatus[word])
        else:
            raise IBMBackendValueError(
                f"{each!r} is not a status: use 'pending', 'completed' or one of {list(JobStatus.__members__)}."
            )
    return wanted
