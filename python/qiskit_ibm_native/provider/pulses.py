# SPDX-License-Identifier: Apache-2.0
"""The pulses of a backend: defaults, schedules of gates, channels."""

from __future__ import annotations

import datetime as dt_module
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..exceptions import IBMApiError, IBMBackendApiError, IBMBackendError, PulseError
from .attributes import attribute_errors
from .conditional import call_of, conditional
from .device_state import Calibration, checked_time

if TYPE_CHECKING:
    from .._threads import Lock
    from ..models import BackendConfiguration
    from ..models.defaults import PulseDefaults
    from ..pulse.channels import AcquireChannel, ControlChannel, DriveChannel, MeasureChannel
    from ..pulse.instruction_schedule_map import InstructionScheduleMap
    from .history.recorder import Recorder


class PulseMethods:
    """What a backend has to do with pulses."""

    _api_client: Any
    _calibration: Calibration
    _calibration_id: str | None
    _recorder: Recorder
    _refreshing: Lock

    @property
    def _configuration(self) -> BackendConfiguration:
        return self._calibration.model

    def defaults(self, refresh: bool = False, datetime: dt_module.datetime | None = None) -> PulseDefaults | None:
        """Return the pulses of the device; ``None`` if it has none, as devices of today do not.

        Args:
            refresh: Whether to ask the service again.
            datetime: Return those of this time. Services keep no history of pulses: they come from the provider's archive,
                or are those of today if the device has not been calibrated since. One without time zone is in this machine's.

        Returns:
            The pulses, whose ``source`` tells where they are from.

        Raises:
            TypeError: ``datetime`` is none.
            IBMBackendError: Nobody knows the pulses of that time.
            IBMBackendApiError: The service could not be asked.
            BackendPayloadError: Its reply is not what a device publishes.
        """
        if datetime is not None:
            return self._earlier_defaults(checked_time(datetime).astimezone(dt_module.timezone.utc))
        with call_of(self._api_client):
            if refresh:
                with self._refreshing:
                    self._calibration = self._calibration.with_new_defaults()
            return self._calibration.defaults

    def _earlier_defaults(self, before: dt_module.datetime) -> PulseDefaults | None:
        name = self._configuration.backend_name
        found = self._recorder.find(name, before)
        if found is not None and found.defaults is not None:
            return found.defaults
        updated = self._calibration.snapshot.last_update
        if updated is not None and updated < before:
            return self.defaults()
        nearest = found or self._recorder.nearest(name, before, "Services keep no history of pulses.")
        if nearest is not None and nearest.defaults is not None:
            return nearest.defaults
        raise IBMBackendError(
            f"The pulse defaults of {name} before {before.isoformat()} are not known: services keep no history of them, "
            "and the provider has no archive with them."
        )

    @property
    def instruction_schedule_map(self) -> InstructionScheduleMap:
        """The schedules of the device's gates.

        Raises:
            PulseError: The device has no pulses. It is an AttributeError, too.
            IBMBackendApiError: The service could not be asked. It is an AttributeError, too.
        """
        with attribute_errors(self):
            # A device whose configuration says that it has no pulses need not be asked for them.
            has_pulses = getattr(self._configuration, "open_pulse", True) or self._calibration.has_fetched_defaults
            defaults = self.defaults() if has_pulses else None
            if defaults is None:
                raise PulseError(
                    f"{self._configuration.backend_name} has no schedules of gates, because it publishes no pulse defaults. "
                    "IBM Quantum withdrew them from its devices in 2025; older devices, such as the bundled "
                    "ibm_sherbrooke, have them."
                )
            return defaults.instruction_schedule_map

    def drive_channel(self, qubit: int) -> DriveChannel:
        """Return the channel that drives a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return self._configuration.drive(qubit)

    def measure_channel(self, qubit: int) -> MeasureChannel:
        """Return the channel that stimulates the readout of a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return self._configuration.measure(qubit)

    def acquire_channel(self, qubit: int) -> AcquireChannel:
        """Return the channel that records the readout of a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return self._configuration.acquire(qubit)

    def control_channel(self, qubits: Iterable[int]) -> list[ControlChannel]:
        """Return the channels that drive two qubits together.

        Args:
            qubits: ``(control, target)``.

        Raises:
            BackendConfigurationError: The device lists no such channel.
        """
        return self._configuration.control(qubits)

    def _fetch_defaults(self, known: bytes | None = None) -> bytes | None:
        """Return the pulse defaults payload; simulators have none, and clients of others may not know any."""
        fetch = getattr(self._api_client, "backend_pulse_defaults", None)
        if fetch is None or getattr(self._configuration, "simulator", False):
            return None
        try:
            payload = fetch(self._configuration.backend_name, **self._choice(), **conditional(self._api_client, known))
        except IBMApiError as error:
            raise IBMBackendApiError(
                f"The pulse defaults of {self._configuration.backend_name} could not be fetched: {error}"
            ) from None
        # Clients that somebody else wrote may have decoded it.
        return json.dumps(payload).encode() if isinstance(payload, dict) else payload

    def _choice(self) -> dict[str, str]:
        """Return which calibration to ask for, if not the latest one."""
        return {"calibration_id": self._calibration_id} if self._calibration_id else {}
