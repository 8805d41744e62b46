# SPDX-License-Identifier: Apache-2.0
"""What a backend says of its device as it is now and as it was: target, properties, and how they change."""

from __future__ import annotations

import datetime as dt_module
import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _native
from ..exceptions import IBMApiError, IBMBackendApiError
from ..snapshot import Snapshot
from ..target import HistoricalTarget, build_historical_target
from .calibration import Calibration, checked_time, is_nothing, now
from .watch import Watch

if TYPE_CHECKING:
    from qiskit.transpiler import CouplingMap, InstructionDurations, Target

    from ..diff import SnapshotDiff
    from ..models import BackendConfiguration, BackendProperties
    from .recorder import Recorder


class CalibrationMethods:
    """What a backend has to do with calibrations."""

    name: str
    provider: Any
    _api_client: Any
    _calibration: Calibration
    _calibration_id: str | None
    _recorder: Recorder
    _refreshing: threading.Lock
    _use_fractional_gates: bool | None
    _choice: Callable[[], dict[str, str]]
    _fetch_defaults: Callable[[], bytes | None]

    @property
    def _configuration(self) -> BackendConfiguration:
        return self._calibration.model

    # As it is

    @property
    def snapshot(self) -> Snapshot:
        """The payloads that everything here is made of, but for pulses, which :meth:`defaults` has."""
        return self._calibration.snapshot

    @property
    def target(self) -> Target:
        """What the transpiler needs: a new object only if the device changed and :meth:`refresh` was called."""
        return self._calibration.target

    @property
    def coupling_map(self) -> CouplingMap | None:
        """Which qubits may interact; ``configuration().coupling_map`` is the list of pairs."""
        return self._calibration.coupling_map

    @property
    def instruction_durations(self) -> InstructionDurations:
        """The durations of instructions, in seconds."""
        return self._calibration.instruction_durations

    def properties(self, refresh: bool = False, datetime: dt_module.datetime | None = None) -> BackendProperties | None:
        """Return what was last measured on the device; ``None`` if it has no properties.

        Args:
            refresh: Whether to ask the service again.
            datetime: Return what was measured last before this time, as :meth:`snapshot_history` does.

        Returns:
            The properties, whose ``source`` tells where they are from.

        Raises:
            TypeError: An argument is of another type.
            IBMBackendApiError: The service could not be asked.
            BackendPayloadError: Its reply is not what a device publishes.
        """
        if not isinstance(refresh, bool):
            raise TypeError(f"The 'refresh' argument needs to be a boolean. {refresh} is of type {type(refresh)}")
        if datetime is not None:
            return self.snapshot_history(datetime).properties
        if refresh:
            self.refresh()
        return self._calibration.snapshot.properties

    # As it was

    def snapshot_history(self, datetime: dt_module.datetime) -> Snapshot:
        """Return what held before a time, in the words of the service: the last calibration that was updated before it.

        If the provider has an archive, it is looked at first; its answer is taken if it is known that there was no later
        calibration. Then the service is asked. If that does not know either, the last calibration of the archive is
        returned, and a warning is logged.

        Args:
            datetime: The time. One without time zone is in this machine's.

        Returns:
            The snapshot, whose ``source`` tells where it is from. It has today's configuration and no properties if
            nobody knows any.

        Raises:
            TypeError: It is no datetime.
            IBMBackendApiError: The service could not be asked.
            BackendPayloadError: Its reply is not what a device publishes.
        """
        before = checked_time(datetime).astimezone(dt_module.timezone.utc)
        recorder = self._recorder
        found = recorder.find(self.name, before)
        if found is not None:
            return found
        asked = now()
        try:
            payload = self._fetch_properties(before)
        except IBMBackendApiError as error:
            found = recorder.nearest(self.name, before, error)
            if found is None:
                raise
            return found
        if is_nothing(payload):
            found = recorder.nearest(self.name, before, "The service does not know any.")
            return found or Snapshot.from_payloads(self._configuration.payload)
        snapshot = Snapshot._of(_native.Snapshot(self._configuration.payload, payload), "service")
        recorder.record(snapshot, min(before, asked))
        return snapshot

    def target_history(self, datetime: dt_module.datetime | None = None) -> Target:
        """Return the target of an earlier time.

        Args:
            datetime: The time, as in :meth:`snapshot_history`; without it, the current target is returned.

        Returns:
            The target; that of an earlier time is a :class:`HistoricalTarget`, whose ``source`` tells where it is from.

        Raises:
            TypeError: It is no datetime.
            IBMBackendApiError: The service could not be asked.
        """
        return self._get_target(datetime=datetime)

    def _get_target(self, *, datetime: dt_module.datetime | None = None, refresh: bool = False) -> Target:
        if datetime is not None:
            return self._historical_target(datetime)
        if refresh:
            self.refresh()
        return self.target

    def _historical_target(self, datetime: dt_module.datetime) -> HistoricalTarget:
        snapshot = self.snapshot_history(datetime)
        return build_historical_target(snapshot, use_fractional_gates=self._use_fractional_gates)

    # How it changes

    def refresh(self) -> SnapshotDiff:
        """Ask the service for the device's payloads again, and make everything anew if they changed.

        What changed is exchanged at one instant for all threads: configuration, properties, target, durations and
        coupling map. If nothing did, all objects stay the same ones. A service that offers validators is asked
        conditionally, so that it need not send again what is known.

        Returns:
            What changed; false if nothing did. Until the properties have been asked for a first time, only what the
            configuration says is compared.

        Raises:
            IBMBackendApiError: The service could not be asked; everything stays as it was.
            BackendPayloadError: Its reply is not what a device publishes; everything stays as it was.
        """
        with self._refreshing:
            asked, before = now(), self._calibration
            try:
                configuration = self._client.backend_configuration(self.name, self._calibration_id)
            except IBMApiError as error:
                raise IBMBackendApiError(f"{self.name} could not be refreshed: {error}") from None
            properties = self._fetch_properties()
            if before.is_of(configuration, properties):
                if before.has_fetched_defaults:
                    before.refresh_defaults()
                before.note(asked)
                return before.snapshot.diff(before.snapshot)
            after = self._calibration_of(Snapshot.from_payloads(configuration), properties or b"")
            after.build_like(before)
            self._calibration = after
            self.backend_version = getattr(after.model, "backend_version", None)
        after.record(asked)
        if before.has_fetched:
            return before.snapshot.diff(after.snapshot)
        bare = Snapshot.from_payloads(after.model.payload)
        return before.configuration.diff(bare)

    def watch(
        self,
        interval: float | dt_module.timedelta,
        callback: Callable[[SnapshotDiff], object],
        *,
        jitter: float = 0.1,
        on_error: Callable[[Exception], object] | None = None,
    ) -> Watch:
        """Refresh in the background from now on, and call a function whenever something changed.

        Args:
            interval: Seconds between two requests, or a timedelta. After failures it is doubled, up to an hour.
            callback: Is called with the :class:`SnapshotDiff`, in a thread of its own. What it raises is logged.
            jitter: By which share of it the interval varies at random, so that many programs do not ask in step.
            on_error: Is called with what a refresh or the callback raised. All that is logged, too.

        Returns:
            The watch, which ``stop()``, a ``with`` block, or closing the provider ends.

        Raises:
            IBMInputValueError: An argument makes no sense.
        """
        finalizer = getattr(self.provider, "_close", None)
        return Watch(
            self.refresh, interval, callback, jitter=jitter, on_error=on_error, name=self.name,
            is_over=lambda: not getattr(finalizer, "alive", True),
        )  # fmt: skip

    # Asking

    @property
    def _client(self) -> Any:
        if self._api_client is None:
            raise IBMBackendApiError(f"{self.name} is of no service that could be asked.")
        return self._api_client

    def _calibration_of(self, configuration: Snapshot, properties: bytes | None = None) -> Calibration:
        return Calibration(
            configuration, self._fetch_properties, self._use_fractional_gates, properties, self._fetch_defaults,
            self._recorder,
        )  # fmt: skip

    def _fetch_properties(self, before: dt_module.datetime | None = None) -> bytes | None:
        """Return the properties payload; simulators have none."""
        if getattr(self._configuration, "simulator", False):
            return None
        try:
            payload = self._client.backend_properties(self.name, datetime=before, **self._choice())
        except IBMApiError as error:
            raise IBMBackendApiError(f"The properties of {self.name} could not be fetched: {error}") from None
        # Clients that somebody else wrote may have decoded it.
        return json.dumps(payload).encode() if isinstance(payload, dict) else payload
