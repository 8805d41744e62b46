# SPDX-License-Identifier: Apache-2.0
"""The payloads of a backend's device: fetched on first access, refreshed, and looked up in the past."""

from __future__ import annotations

import datetime as dt_module
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _native
from .._moments import moment_of
from .._threads import Lock
from ..exceptions import (
    IBMApiError,
    IBMBackendApiError,
    IBMBackendApiProtocolError,
    IBMBackendError,
    IBMNotAuthorizedError,
)
from ..snapshot import Snapshot
from .conditional import call_of, conditional
from .device_version import NO_PROPERTIES, DeviceVersion, difference, is_nothing, now

if TYPE_CHECKING:
    from .._moments import Time
    from ..models import BackendConfiguration
    from ..models.defaults import PulseDefaults
    from ..snapshot.diff import SnapshotDiff
    from .history.recorder import Recorder


class DeviceState:
    """Payloads of a device and the objects built of them, as of the last refresh.

    Attributes:
        client: The client that asks the service; ``None`` if there is none.
        version: The device as of the last refresh. It is exchanged as a whole, so that all threads see one.
        recorder: The archive that fetched payloads are written to, if there is one.
        calibration_id: The calibration to use, if not the latest one.
        use_fractional_gates: As in :func:`build_target`.
        is_calibrated: Whether the service has properties and pulse defaults of the device; simulators and retired
            devices have none.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        client: Any,
        *,
        calibration_id: str | None,
        use_fractional_gates: bool | None,
        recorder: Recorder,
    ) -> None:
        """Create the state of a device of which a snapshot is known: at least its configuration."""
        self.client = client
        self.recorder = recorder
        self.calibration_id = calibration_id
        self.use_fractional_gates = use_fractional_gates
        self.is_calibrated = not snapshot.configuration.is_simulator
        self._refreshing = Lock()
        self.version = self._version_of(snapshot)

    @property
    def configuration(self) -> BackendConfiguration:
        """The configuration."""
        return self.version.model

    @property
    def name(self) -> str:
        """The device's name."""
        return str(self.version.model.backend_name)

    # The present

    def get(self, name: str) -> Any:
        """Return an attribute of the version for which payloads may have to be fetched, within one call."""
        with call_of(self.client):
            return getattr(self.version, name)

    def defaults(self, *, refresh: bool = False) -> PulseDefaults | None:
        """Return the pulses; ``None`` if the device has none."""
        with call_of(self.client):
            if refresh:
                with self._refreshing:
                    self.version = self.version.with_new_defaults()
            return self.version.defaults

    def refresh(self) -> SnapshotDiff:
        """Fetch the payloads again; see :meth:`IBMBackend.refresh`."""
        with call_of(self.client), self._refreshing:
            before = self.version
            after = self._refreshed(before)
            self.version = after
        if not before.is_same(after):
            after.record()
        return difference(before, after)

    def _refreshed(self, before: DeviceVersion) -> DeviceVersion:
        """Return the version that the service has now; the same object if it is the same."""
        asked = now()
        client, known, payload = self._client(), before.properties, before.model.payload
        try:
            configuration = client.backend_configuration(self.name, self.calibration_id, **conditional(client, payload))
        except IBMApiError as error:
            raise IBMBackendApiError(f"{self.name} could not be refreshed: {error}") from None
        properties = self.fetch_properties(known=known)
        if before.matches_payloads(configuration, properties):
            before.seen(asked)
            return before.with_new_defaults() if before.has_fetched_defaults else before
        is_same = payload == configuration
        configuration_only = before.configuration_only if is_same else Snapshot.from_payloads(configuration)
        after = self._version_of(configuration_only, NO_PROPERTIES if properties is None else properties)
        after.asked = asked
        if before.has_fetched_defaults:
            after = after.with_new_defaults()
        after.prebuild_same_as(before)
        return after

    # The past

    def snapshot_before(self, datetime: Time) -> Snapshot:
        """Return the snapshot of an earlier time; see :meth:`IBMBackend.snapshot_history`."""
        before = moment_of(datetime)
        found = self.recorder.find(self.name, before)
        if found is not None:
            return found
        try:
            payload = self.fetch_properties(before)
        except (IBMBackendApiError, IBMNotAuthorizedError) as error:
            found = self.recorder.nearest(self.name, before, error)
            if found is None:
                raise
            return found
        if is_nothing(payload):
            found = self.recorder.nearest(self.name, before, "The service does not know any.")
            return found or Snapshot.from_payloads(self.configuration.payload)
        snapshot = Snapshot._from_native(_native.Snapshot(self.configuration.payload, payload), "service")
        if snapshot.last_update is not None and snapshot.last_update > before:
            raise IBMBackendApiProtocolError(
                f"The service was asked for the properties of {self.name} before {before.isoformat()}, and sent"
                f" later ones, from {snapshot.last_update.isoformat()}."
            )
        self.recorder.record(snapshot, before, is_of_today=True)
        return snapshot

    def defaults_before(self, datetime: Time) -> PulseDefaults | None:
        """Return the pulses of an earlier time; see :meth:`IBMBackend.defaults`."""
        before = moment_of(datetime)
        found = self.recorder.find(self.name, before)
        if found is not None and found.defaults is not None:
            return found.defaults
        updated = self.version.snapshot.last_update
        if updated is not None and updated < before:
            return self.defaults()
        nearest = found or self.recorder.nearest(self.name, before, "Services keep no history of pulses.")
        if nearest is not None and nearest.defaults is not None:
            return nearest.defaults
        raise IBMBackendError(
            f"The pulse defaults of {self.name} before {before.isoformat()} are not known: services keep no history of "
            "them, and the provider has no archive with them."
        )

    # Fetching

    def fetch_properties(self, before: dt_module.datetime | None = None, known: bytes | None = None) -> bytes | None:
        """Return the properties payload; ``None`` if the device has none.

        Args:
            before: Fetch the last one that was updated before this time.
            known: The payload that is known: the service need not send it again.

        Raises:
            IBMBackendApiError: The service could not be asked.
        """
        if not self.is_calibrated:
            return None
        client = self._client()
        return self._fetched("properties", client.backend_properties, datetime=before, **conditional(client, known))

    def _fetch_defaults(self, known: bytes | None = None) -> bytes | None:
        """Return the pulse defaults payload; ``None`` if the device or the client of another program has none."""
        fetch = getattr(self.client, "backend_pulse_defaults", None)
        if fetch is None or not self.is_calibrated:
            return None
        return self._fetched("pulse defaults", fetch, **conditional(self.client, known))

    def _fetched(self, kind: str, fetch: Callable[..., Any], **arguments: Any) -> bytes | None:
        choice = {"calibration_id": self.calibration_id} if self.calibration_id else {}
        try:
            payload = fetch(self.name, **choice, **arguments)
        except IBMApiError as error:
            raise IBMBackendApiError(f"The {kind} of {self.name} could not be fetched: {error}") from None
        # Third-party clients may have decoded it.
        return json.dumps(payload).encode() if isinstance(payload, dict) else payload

    def _client(self) -> Any:
        if self.client is None:
            raise IBMBackendApiError(
                f"{self.name} does not belong to a service, so that nothing can be fetched. Get it from a provider:"
                f" provider.get_backend({self.name!r})."
            )
        return self.client

    def _version_of(self, configuration: Snapshot, properties: bytes | None = None) -> DeviceVersion:
        return DeviceVersion(
            configuration, self.fetch_properties, self.use_fractional_gates, properties, self._fetch_defaults,
            self.recorder,
        )  # fmt: skip
