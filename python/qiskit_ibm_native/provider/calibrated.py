# SPDX-License-Identifier: Apache-2.0
"""What a backend says of its device as it is now and as it was: target, properties, and how they change."""

from __future__ import annotations

import datetime as dt_module
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _native
from ..exceptions import IBMApiError, IBMBackendApiError, IBMBackendApiProtocolError, IBMNotAuthorizedError
from ..snapshot import Snapshot
from ..target.builders import HistoricalTarget, build_historical_target
from .attributes import attribute_errors
from .conditional import call_of, conditional
from .device_state import NO_PROPERTIES, Calibration, checked_time, difference, is_nothing, now
from .history.watch import Watch

if TYPE_CHECKING:
    from qiskit.transpiler import CouplingMap, InstructionDurations, Target

    from .._threads import Lock
    from ..models import BackendConfiguration, BackendProperties
    from ..snapshot.diff import SnapshotDiff
    from .history.recorder import Recorder


class CalibrationMethods:
    """What a backend has to do with calibrations."""

    name: str
    provider: Any
    _api_client: Any
    _calibration: Calibration
    _calibration_id: str | None
    _recorder: Recorder
    _refreshing: Lock
    _use_fractional_gates: bool | None
    _choice: Callable[[], dict[str, str]]
    _fetch_defaults: Callable[..., bytes | None]

    @property
    def _configuration(self) -> BackendConfiguration:
        return self._calibration.model

    # As it is

    @property
    def snapshot(self) -> Snapshot:
        """The payloads that everything here is made of, but for pulses, which :meth:`defaults` has."""
        return self._calibration._snapshot or self._asked("snapshot")

    def _asked(self, name: str) -> Any:
        """Return an attribute of the calibration for which properties may have to be asked for, within one call."""
        with attribute_errors(self), call_of(self._api_client):
            return getattr(self._calibration, name)

    @property
    def target(self) -> Target:
        """What the transpiler needs: a new object only if the device changed and :meth:`refresh` was called."""
        return self._calibration._target or self._asked("target")

    @property
    def coupling_map(self) -> CouplingMap | None:
        """Which qubits may interact; ``configuration().coupling_map`` is the list of pairs."""
        return (self._calibration._coupling_map or (self._asked("coupling_map"),))[0]

    @property
    def instruction_durations(self) -> InstructionDurations:
        """The durations of instructions, in seconds."""
        return self._calibration._durations or self._asked("instruction_durations")

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
        return self.snapshot.properties

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
        try:
            payload = self._fetch_properties(before)
        except (IBMBackendApiError, IBMNotAuthorizedError) as error:
            found = recorder.nearest(self.name, before, error)
            if found is None:
                raise
            return found
        if is_nothing(payload):
            found = recorder.nearest(self.name, before, "The service does not know any.")
            return found or Snapshot.from_payloads(self._configuration.payload)
        snapshot = Snapshot._from_native(_native.Snapshot(self._configuration.payload, payload), "service")
        if snapshot.last_update is not None and snapshot.last_update > before:
            raise IBMBackendApiProtocolError(
                f"The service was asked for the properties of {self.name} before {before.isoformat()}, and sent later "
                f"ones, of {snapshot.last_update.isoformat()}."
            )
        recorder.record(snapshot, before, is_of_today=True)
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

        What changed is exchanged at one instant for all threads: configuration, properties, target, durations, coupling
        map and, if they have been asked for, pulses. If nothing did, all objects stay the same ones. A service that offers
        validators is asked conditionally, so that it need not send again what is known.

        Returns:
            What changed; false if nothing did. Until the properties have been asked for a first time, only what the
            configuration says is compared.

        Raises:
            IBMBackendApiError: The service could not be asked; everything stays as it was.
            BackendPayloadError: Its reply is not what a device publishes; everything stays as it was.
        """
        with call_of(self._api_client), self._refreshing:
            before = self._calibration
            after = self._refreshed(before)
            if after is not before:
                self._calibration = after
                self.backend_version = getattr(after.model, "backend_version", None)
        if not before.is_same(after):
            after.record()
        return difference(before, after)

    def _refreshed(self, before: Calibration) -> Calibration:
        """Return the calibration that the service has now; the same one if it is the same."""
        asked = now()
        known, payload = before.properties, before.model.payload
        try:
            configuration = self._client.backend_configuration(
                self.name, self._calibration_id, **conditional(self._client, payload)
            )
        except IBMApiError as error:
            raise IBMBackendApiError(f"{self.name} could not be refreshed: {error}") from None
        properties = self._fetch_properties(known=known)
        if before.is_of(configuration, properties):
            before.seen(asked)
            return before.with_new_defaults() if before.has_fetched_defaults else before
        is_same = before.model.payload == configuration
        bare = before.bare if is_same else Snapshot.from_payloads(configuration)
        after = self._calibration_of(bare, NO_PROPERTIES if properties is None else properties)
        after.asked = asked
        if before.has_fetched_defaults:
            after = after.with_new_defaults()
        after.build_like(before)
        return after

    def watch(
        self,
        interval: float | dt_module.timedelta,
        callback: Callable[[SnapshotDiff], object],
        *,
        jitter: float = 0.1,
        on_error: Callable[[Exception], object] | None = None,
    ) -> Watch:
        """Refresh in the background from now on, and call a function whenever something changed since it was called last.

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

        def look() -> Calibration:
            self.refresh()
            return self._calibration

        watch = Watch(
            look, difference, self._calibration, interval, callback, jitter=jitter, on_error=on_error, name=self.name
        )
        watches = getattr(self.provider, "_watches", None)
        if watches is not None:
            watches.add(watch)
        return watch

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

    def _fetch_properties(self, before: dt_module.datetime | None = None, known: bytes | None = None) -> bytes | None:
        """Return the properties payload; simulators have none."""
        if getattr(self._configuration, "simulator", False):
            return None
        try:
            payload = self._client.backend_properties(
                self.name, datetime=before, **self._choice(), **conditional(self._client, known)
            )
        except IBMApiError as error:
            raise IBMBackendApiError(f"The properties of {self.name} could not be fetched: {error}") from None
        # Clients that somebody else wrote may have decoded it.
        return json.dumps(payload).encode() if isinstance(payload, dict) else payload
