# SPDX-License-Identifier: Apache-2.0
"""The provider of an account of IBM Quantum, or of a service on this machine."""

from __future__ import annotations

import datetime
import os
import weakref
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload

from typing_extensions import Self

from .. import accounts
from .._threads import Lock
from ..accounts import Account, ProxyConfiguration
from ..client.api import RuntimeClient
from ..client.auth import Authenticator
from ..client.discovery import Instance, choose_instances, fetch_instances
from ..client.limits import limits_of
from ..client.transport import Transport
from ..exceptions import IBMInputValueError, IBMProviderValueError, RequestsApiError
from .backend_service import IBMBackendService
from .connection import connect
from .history.recorder import Recorder, recorder_of

if TYPE_CHECKING:
    from qiskit.providers import JobStatus

    from .._moments import Time
    from .._progress import Reported
    from ..archive import CalibrationArchive
    from ..client.endpoint import UrlResolver
    from ..exceptions import IBMError
    from ..snapshot.diff import SnapshotDiff
    from .backend import IBMBackend
    from .connection import MovableClock
    from .history.backfill import BackfillReport
    from .history.watch import Watch
    from .jobs.base import IBMJob


class _Service:
    """The backends and jobs of the account: an :class:`IBMBackendService`."""

    # No property, because IPython evaluates none: it could not complete ``provider.backend.``.

    @overload
    def __get__(self, provider: None, owner: type[IBMProvider]) -> Self: ...

    @overload
    def __get__(self, provider: IBMProvider, owner: type[IBMProvider]) -> IBMBackendService: ...

    def __get__(self, provider: IBMProvider | None, owner: type[IBMProvider]) -> Self | IBMBackendService:
        return self if provider is None else provider._service

    def __set__(self, provider: IBMProvider, value: object) -> NoReturn:
        raise AttributeError("the attribute 'backend' of a provider cannot be set")


class IBMProvider:
    """The backends and jobs of an account of IBM Quantum, or of a service on this machine.

    One request is made to check the API key; everything else is asked for when it is needed. Any number of threads may
    use one provider.

    Examples:
        >>> from qiskit import transpile
        >>> from qiskit.circuit.random import random_circuit
        >>> from qiskit_ibm_native import IBMProvider
        >>> provider = IBMProvider(channel="local")
        >>> backend = provider.backend.ibmq_vigo
        >>> qx = random_circuit(5, 4, measure=True)
        >>> transpiled = transpile(qx, backend=backend)
        >>> job = backend.run(transpiled)
        >>> retrieved_job = provider.backend.retrieve_job(job.job_id())
        >>> status = backend.status()
        >>> status.operational, status.pending_jobs < 100
        (True, True)
        >>> counts = retrieved_job.result().get_counts()
        >>> sum(counts.values())
        4000
        >>> provider.close()

    Args:
        token: API key. Without it, the environment and the saved accounts are looked at, see :func:`discover_account`.
        url: The address of the service, if it is not the IBM Cloud.
        name: Name of a saved account.
        instance: CRN or name of an instance; without it, all instances of the account are used.
        proxies: The proxies, see :class:`ProxyConfiguration`.
        verify: Whether to verify the server's certificate.
        channel: ``"ibm_quantum_platform"``, or ``"local"`` for a service that is started on this machine and needs no
            account.
        filename: The file of saved accounts, if it is not that of the user.
        region: With no instance: use those of this region only.
        plans_preference: With no instance: plans, the preferred one first.
        tags: With no instance: use those with all of these tags only.
        private_endpoint: Whether to use endpoints of a private network.
        archive: Records all calibrations that pass by, and answers what it knows about earlier ones: a
            :class:`CalibrationArchive`, the path of one, or ``True`` for that of the user. With ``channel="local"`` and
            ``at="2026-03-01"``, devices are as the archive has them for that time, see :attr:`clock`.
        timeout: Seconds that a call may take at most, with all that belongs to it: connecting, a service that hangs,
            repetitions, lookups. 60 by default, or what the variable ``QISKIT_IBM_NATIVE_TIMEOUT`` says. Waiting for a
            job has a time of its own: ``job.result(timeout=...)``.
        max_reply_bytes: Bytes that a reply may have, as it comes and decompressed. 64 MiB by default, or what
            ``QISKIT_IBM_NATIVE_MAX_REPLY_BYTES`` says.
        max_result_bytes: The same for the results of a job: 256 MiB, or what ``QISKIT_IBM_NATIVE_MAX_RESULT_BYTES``
            says.
        url_resolver: ``url_resolver(url, instance, private_endpoint, channel)`` returns the base URL of an instance.
        **channel_options: What the channel takes besides; for ``"local"``, see :func:`qiskit_ibm_native.local.connect`.

    Raises:
        AccountNotFoundError: There is no account.
        InvalidAccountError: The account is not valid.
        IBMNotAuthorizedError: The API key is not accepted.
        IBMInputValueError: An argument makes no sense.
    """

    def __init__(
        self,
        token: str | None = None,
        url: str | None = None,
        name: str | None = None,
        instance: str | None = None,
        proxies: dict[str, Any] | None = None,
        verify: bool | None = None,
        *,
        channel: str | None = None,
        filename: str | None = None,
        region: str | None = None,
        plans_preference: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        private_endpoint: bool | None = None,
        url_resolver: UrlResolver | None = None,
        archive: CalibrationArchive | str | os.PathLike[str] | bool | None = None,
        timeout: float | None = None,
        max_reply_bytes: int | None = None,
        max_result_bytes: int | None = None,
        **channel_options: Any,
    ) -> None:
        """Connect."""
        limits = limits_of(timeout=timeout, max_reply_bytes=max_reply_bytes, max_result_bytes=max_result_bytes)
        connection = connect(
            token=token, url=url, name=name, instance=instance, proxies=proxies, verify=verify, channel=channel,
            url_resolver=url_resolver, archive=archive, channel_options=channel_options,
            account_options={
                "filename": filename, "region": region, "private_endpoint": private_endpoint,
                "plans_preference": None if plans_preference is None else tuple(plans_preference),
                "tags": None if tags is None else tuple(tags),
            },
        )  # fmt: skip
        self._account = connection.account
        self._endpoint = connection.endpoint
        self._clock = connection.clock
        self._transport = Transport(self._endpoint.proxies, self._endpoint.verify, limits=limits)
        self._authenticator = Authenticator(self._endpoint.api_key, self._endpoint.iam_url, self._transport)
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()
        try:
            self._recorder = recorder_of(connection.archive, self._endpoint.url)
        except BaseException:
            _close(os.getpid(), self._transport, connection.close, Recorder(), ())
            raise
        self._close = weakref.finalize(
            self, _close, os.getpid(), self._transport, connection.close, self._recorder, self._watches
        )
        self._lock = Lock()
        self._instances: list[Instance] | None = None
        self._chosen: list[RuntimeClient] | None = None
        self._by_instance: dict[str, RuntimeClient] = {}
        self._service = IBMBackendService(self)
        try:
            self._authenticator.header()
        except BaseException:
            self.close()
            raise

    # Backends and jobs

    backend = _Service()

    def get_backend(
        self,
        name: str | None = None,
        instance: str | None = None,
        *,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
        **kwargs: Any,
    ) -> IBMBackend:
        """Return the one backend that fits; see :meth:`IBMBackendService.get_backend`."""
        return self._service.get_backend(
            name, instance, use_fractional_gates=use_fractional_gates, calibration_id=calibration_id, **kwargs
        )

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
        """Return the backends that fit; see :meth:`IBMBackendService.backends`."""
        return self._service.backends(
            name, filters, min_num_qubits, instance, dynamic_circuits, use_fractional_gates=use_fractional_gates,
            calibration_id=calibration_id, include_mocks=include_mocks, **kwargs,
        )  # fmt: skip

    def least_busy(
        self,
        min_num_qubits: int | None = None,
        instance: str | None = None,
        filters: Callable[[IBMBackend], bool] | None = None,
        dynamic_circuits: bool | None = None,
        *,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
        **kwargs: Any,
    ) -> IBMBackend:
        """Return the device that works and has the fewest jobs waiting; see :meth:`IBMBackendService.least_busy`."""
        return self._service.least_busy(
            min_num_qubits, instance, filters=filters, dynamic_circuits=dynamic_circuits,
            use_fractional_gates=use_fractional_gates, calibration_id=calibration_id, **kwargs,
        )  # fmt: skip

    def jobs(
        self,
        limit: int | None = 10,
        skip: int = 0,
        backend_name: str | None = None,
        status: str | JobStatus | Sequence[str | JobStatus] | None = None,
        start_datetime: datetime.datetime | None = None,
        end_datetime: datetime.datetime | None = None,
        job_tags: list[str] | None = None,
        descending: bool = True,
        instance: str | None = None,
        legacy: bool = False,
        *,
        session_id: str | None = None,
        foreign: bool = False,
    ) -> list[IBMJob]:
        """Return jobs that were run by this package, the latest one first; see :meth:`IBMBackendService.jobs`."""
        return self._service.jobs(
            limit, skip, backend_name, status, start_datetime, end_datetime, job_tags, descending, instance, legacy,
            session_id=session_id, foreign=foreign,
        )  # fmt: skip

    def job(self, job_id: str) -> IBMJob:
        """Return a job, see :meth:`IBMBackendService.retrieve_job`."""
        return self._service.retrieve_job(job_id)

    retrieve_job = job

    def delete_job(self, job_id: str) -> None:
        """Delete a job that is done, and its results.

        Raises:
            IBMJobNotFoundError: There is none of that id.
            RequestsApiError: The service does not delete it.
        """
        with self._transport.call():
            client = self._service.retrieve_job(job_id)._api_client
            try:
                client.job_delete(job_id)
            except RequestsApiError as error:
                # It was there just now: the reply to an earlier attempt was lost.
                if error.status_code != 404:
                    raise

    # Calibrations

    @property
    def archive(self) -> CalibrationArchive | None:
        """The archive that calibrations are recorded into, if there is one."""
        return self._recorder.archive

    @property
    def clock(self) -> MovableClock:
        """The clock of a service in the past: ``clock.now()``, ``clock.move_to(time)``, ``clock.advance(hours=6)``.

        Raises:
            IBMProviderValueError: The service has the present time.
        """
        if self._clock is None:
            raise IBMProviderValueError(
                "This provider has no clock, because its service has the present time. IBMProvider(channel='local',"
                " archive=..., at=...) has one."
            )
        return self._clock

    def refresh_all(
        self,
        backends: Iterable[IBMBackend] | None = None,
        *,
        threads: int = 8,
        return_exceptions: bool = False,
        progress: Reported = None,
    ) -> dict[IBMBackend, SnapshotDiff | IBMError]:
        """Refresh many backends at once, as :meth:`IBMBackend.refresh` does.

        Args:
            backends: The backends; by default, all that this provider has returned.
            threads: The number of backends that are refreshed at a time.
            return_exceptions: Whether to return what a refresh raised in place of what changed.
            progress: A function that gets a :class:`WorkProgress` a few times a second, or whether to show a bar; by
                default, one is shown on terminals and in notebooks.

        Returns:
            The changes, by backend.

        Raises:
            IBMBackendApiError: Some could not be refreshed, and exceptions are not to be returned. The others are.
            IBMInputValueError: ``threads`` is below 1.
        """
        return self._service.refresh_all(backends, threads, return_exceptions, progress)

    def backfill(
        self,
        backend: IBMBackend | str,
        start: Time,
        end: Time | None = None,
        step: datetime.timedelta | None = None,
        *,
        requests_per_minute: float = 60.0,
        progress: bool | Callable[[BackfillReport], object] | None = None,
    ) -> BackfillReport:
        """Walk the history that the service keeps of a device into the archive, from the end to the start.

        A walk that was interrupted goes on where it was when it is asked for again: what the archive knows is not asked
        for. All calibrations get today's configuration, since services keep no history of it.

        Args:
            backend: The device.
            start: The time back to which calibrations are fetched. Times are taken as in
                :meth:`CalibrationArchive.between`.
            end: From where to go back, the present by default.
            step: How much older the next calibration is to be at least. By default, all are fetched.
            requests_per_minute: The largest number of requests per minute.
            progress: A function that is called with a report after each calibration, or whether to show a bar; by
                default, one is shown on terminals and in notebooks.

        Returns:
            What was done.

        Raises:
            IBMProviderValueError: The provider has no archive.
            IBMInputValueError: An argument makes no sense.
            IBMBackendApiError: The service could not be asked. What was fetched until then is in the archive.
            ArchiveError: The archive cannot be written.
        """
        from .history.backfill import backfill

        if self.archive is None:
            raise IBMProviderValueError("There is no archive to fill; create the provider with archive=True or a path.")
        device = self.get_backend(backend) if isinstance(backend, str) else backend
        return backfill(device._state, self.archive, start, end, step, requests_per_minute, progress)

    # Instances

    @overload
    def instances(self, details: Literal[False] = False) -> list[str]: ...

    @overload
    def instances(self, details: Literal[True]) -> list[dict[str, Any]]: ...

    @overload
    def instances(self, details: bool = False) -> list[str] | list[dict[str, Any]]: ...

    def instances(self, details: bool = False) -> list[str] | list[dict[str, Any]]:
        """Return the CRNs of the account's instances, or with ``details``, what is known about them."""
        found = self._known_instances()
        if not details:
            return [each.crn for each in found]
        return [
            {
                "crn": each.crn,
                "plan": each.plan,
                "name": each.name,
                "tags": list(each.tags),
                "pricing_type": each.pricing_type,
            }
            for each in found
        ]

    def active_instance(self) -> str:
        """Return the CRN of the instance that is used first."""
        return self._clients(None)[0].instance

    def usage(self) -> dict[str, Any]:
        """Return what the instance has used, and may use, with ``usage_remaining_seconds`` if there is a limit."""
        with self._transport.call():
            usage = self._clients(None)[0].usage()
        limit = usage.get("usage_limit_seconds") or usage.get("usage_allocation_seconds")
        used = usage.get("usage_consumed_seconds")
        if isinstance(limit, int | float) and isinstance(used, int | float):
            usage["usage_remaining_seconds"] = max(limit - used, 0)
        return usage

    def _known_instances(self) -> list[Instance]:
        with self._transport.call(), self._lock:
            if self._instances is None:
                self._instances = fetch_instances(self._endpoint, self._authenticator, self._transport)
            return self._instances

    def _clients(self, instance: str | None) -> list[RuntimeClient]:
        """Return clients of the instance, or of those that the account is to use."""
        if not self._close.alive:
            raise IBMProviderValueError("The provider is closed. Open another one with IBMProvider().")
        if instance is not None:
            return [self._client(self._crn(instance))]
        with self._transport.call(), self._lock:
            if self._chosen is None:
                wanted = self._endpoint.instance
                if wanted is not None and wanted.startswith("crn:"):
                    crns = [wanted]
                else:
                    crns = [each.crn for each in choose_instances(self._known_instances(), self._account, wanted)]
                self._chosen = [self._client(crn) for crn in crns]
            return self._chosen

    def _crn(self, instance: str) -> str:
        if instance.startswith("crn:"):
            return instance
        if instance.count("/") == 2:
            raise IBMInputValueError(
                f"{instance!r} is a hub/group/project; IBM shut these down in 2025: give the CRN or the name of an"
                " instance."
            )
        return choose_instances(self._known_instances(), self._account, instance)[0].crn

    def _client(self, crn: str) -> RuntimeClient:
        with self._lock:
            if not crn.isascii():
                raise IBMInputValueError("Invalid instance: a CRN has only letters, digits and ASCII signs.")
            if crn not in self._by_instance:
                base_url = self._endpoint.base_url(crn)
                self._by_instance[crn] = RuntimeClient(
                    base_url, crn, self._authenticator, self._transport, self._endpoint.first_poll
                )
            return self._by_instance[crn]

    @property
    def _runtime_client(self) -> RuntimeClient:
        return self._clients(None)[0]

    # Accounts

    def active_account(self) -> dict[str, Any]:
        """Return the account that is used, its API key included, and the instance that is used first."""
        entry = self._account.to_entry() if self._account is not None else {"channel": self._endpoint.channel}
        return {**entry, "instance": self.active_instance()}

    @staticmethod
    def save_account(
        token: str | None = None,
        url: str | None = None,
        instance: str | None = None,
        name: str | None = None,
        proxies: dict[str, Any] | None = None,
        verify: bool | None = None,
        overwrite: bool = False,
        *,
        channel: str | None = None,
        filename: str | None = None,
        set_as_default: bool | None = None,
        region: str | None = None,
        plans_preference: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        private_endpoint: bool = False,
    ) -> None:
        """Save an account in the file that is shared with ``qiskit-ibm-runtime``, readable by the user alone.

        Args:
            token: API key.
            url: The address of the service, if it is not the IBM Cloud.
            instance: CRN or name of an instance.
            name: The name of the account.
            proxies: The proxies, see :class:`ProxyConfiguration`.
            verify: Whether to verify the server's certificate.
            overwrite: Whether an account of that name may be replaced.
            channel: ``"ibm_quantum_platform"`` or ``"ibm_cloud"``.
            filename: The file, if it is not that of the user.
            set_as_default: Whether it is the one to use when none is asked for.
            region: With no instance: use those of this region only.
            plans_preference: With no instance: plans, the preferred one first.
            tags: With no instance: use those with all of these tags only.
            private_endpoint: Whether to use endpoints of a private network.

        Raises:
            AccountAlreadyExistsError: There is an account of that name, and ``overwrite`` is not set.
            InvalidAccountError: Something makes no sense.
        """
        account = Account(
            channel=channel or accounts.CLOUD_CHANNELS[0],
            token=token or "",
            url=url or accounts.DEFAULT_URL,
            instance=instance,
            proxies=None if proxies is None else ProxyConfiguration.from_dict(proxies),
            verify=True if verify is None else verify,
            private_endpoint=private_endpoint,
            region=region,
            plans_preference=None if plans_preference is None else tuple(plans_preference),
            tags=None if tags is None else tuple(tags),
        )
        accounts.save_account(account, name, filename, overwrite, set_as_default)

    saved_accounts = staticmethod(accounts.saved_accounts)
    delete_account = staticmethod(accounts.delete_account)

    # The rest

    def close(self) -> None:
        """Close connections, and end the service if one was started on this machine."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _identity(self) -> tuple[str, str, str, str | None]:
        return self._endpoint.channel, self._endpoint.url, self._endpoint.api_key, self._endpoint.instance

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, IBMProvider) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"<IBMProvider(channel={self._endpoint.channel!r})>"

    def _repr_html_(self) -> str:
        from .pictures import provider_html

        return provider_html(self)


def _close(owner: int, transport: Transport, close: Any, recorder: Recorder, watches: Iterable[Watch]) -> None:
    """Close what a provider uses; in a child process, only what is the child's."""
    is_owner = os.getpid() == owner
    for watch in list(watches) if is_owner else ():
        watch.stop(0)
    transport.close()
    recorder.close()
    if is_owner:
        close()
