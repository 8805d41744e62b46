# SPDX-License-Identifier: Apache-2.0
"""A device between two refreshes: its payloads, and the Qiskit objects made of them, each when it is first needed."""

from __future__ import annotations

import copy
import datetime as dt_module
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import _native
from .._threads import Lock
from ..models.defaults import PulseDefaults
from ..snapshot import Snapshot
from ..snapshot.diff import SnapshotDiff
from ..target import build_coupling_map, build_instruction_durations, build_target
from .history.recorder import Recorder

if TYPE_CHECKING:
    from qiskit.transpiler import CouplingMap, InstructionDurations, Target

#: The longest time between the requests for pulses and properties that belong to one calibration.
_TOGETHER = dt_module.timedelta(minutes=1)
#: Payloads by which a service says that a device has no properties. No bytes at all say nothing.
NO_PROPERTIES = b"{}"
_NOTHING = (NO_PROPERTIES, b"null")
_LONGEST_NOTHING = 100


class DeviceVersion:
    """A snapshot that is completed by properties when they are first needed, and the objects built of it.

    Objects are made once; a device that changed is another version. Any number of threads may use one.

    Attributes:
        model: The configuration, the same object each time.
        asked: The time at which the service was asked for the properties; ``None`` if it has not been.
    """

    def __init__(
        self,
        configuration: Snapshot,
        fetch_properties: Callable[[], bytes | None],
        use_fractional_gates: bool | None,
        properties: bytes | None = None,
        fetch_defaults: Callable[[bytes | None], bytes | None] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Create a version.

        Args:
            configuration: A snapshot of the configuration; if it has properties or pulse defaults, they are not
                fetched.
            fetch_properties: Returns the properties payload, ``None`` or ``{}`` if there is none. It is called once.
            use_fractional_gates: As in :func:`build_target`.
            properties: The properties payload, if it is known already.
            fetch_defaults: Returns the pulse defaults payload, ``None`` if there is none. It is given the one that is
                known.
            recorder: Writes fetched payloads to an archive.
        """
        self._recorder = recorder or Recorder()
        self.model = configuration.configuration
        self._fetch_properties = fetch_properties
        self._use_fractional_gates = use_fractional_gates
        self._lock = Lock()
        self._configuration = configuration
        self._snapshot: Snapshot | None = None
        self._target: Target | None = None
        self._durations: InstructionDurations | None = None
        self._coupling_map: tuple[CouplingMap | None] | None = None
        self._fetch_defaults = fetch_defaults or (lambda _: None)
        self._defaults: tuple[PulseDefaults | None] | None = None
        self._defaults_lock = Lock()
        self.asked: dt_module.datetime | None = None
        if properties is not None:
            self._attach_properties(properties)
        elif configuration.properties is not None:
            self._snapshot = configuration
        if configuration.defaults is not None:
            self._defaults = (configuration.defaults,)

    @property
    def configuration(self) -> Snapshot:
        """The snapshot as far as it is known without a request: at least the configuration."""
        return self._snapshot or self._configuration

    @property
    def snapshot(self) -> Snapshot:
        """The whole snapshot; properties are fetched if they have not been."""
        if self._snapshot is None:
            with self._lock:
                if self._snapshot is None:
                    asked = now()
                    self._attach_properties(self._fetch_properties())
                    self.asked = asked
            self.record()
        assert self._snapshot is not None  # noqa: S101 (set above)
        return self._snapshot

    @property
    def configuration_only(self) -> Snapshot:
        """A snapshot of the configuration alone, for comparisons before properties have been fetched."""
        if self._configuration.properties is None and self._configuration.defaults is None:
            return self._configuration
        return Snapshot.from_payloads(self.model.payload)

    @property
    def has_fetched(self) -> bool:
        """Whether the properties have been fetched, or are known to be absent."""
        return self._snapshot is not None

    def _attach_properties(self, properties: bytes | None) -> None:
        payload = self._configuration.payloads.configuration
        if not is_nothing(properties):
            self._snapshot = Snapshot._from_native(_native.Snapshot(payload, properties), "service")
        else:
            self._snapshot = self._configuration

    def is_same(self, other: DeviceVersion) -> bool:
        """Return whether another version has the same snapshot, with or without pulses."""
        return self._snapshot is not None and self._snapshot is other._snapshot

    def seen(self, asked: dt_module.datetime) -> None:
        """Note that the service still had this version when it was asked at a time."""
        self.asked = asked
        if self._recorder.is_to_be_noted(self.model.backend_name):
            self.record()

    def record(self) -> None:
        """Write the known payloads to the archive, if there is one."""
        if self._snapshot is not None and self.asked is not None and self._recorder.archive is not None:
            self._recorder.record(self._whole(self._snapshot), self.asked)

    def _whole(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot with the pulses, if they are known."""
        defaults = self._defaults[0] if self._defaults else None
        if defaults is None:
            return snapshot
        configuration, properties, _ = snapshot.payloads
        return Snapshot.from_payloads(configuration, properties, defaults.payload)

    def prebuild_same_as(self, other: DeviceVersion) -> None:
        """Build the objects that another version has built, so that later accesses need not wait for them."""
        if other._target is not None:
            _ = self.target
        if other._durations is not None:
            _ = self.instruction_durations
        if other._coupling_map is not None:
            _ = self.coupling_map

    def matches_payloads(self, configuration: bytes, properties: bytes | None) -> bool:
        """Return whether this version was made of these payloads."""
        if self._snapshot is None:
            return False
        known = self._snapshot.payloads
        if is_nothing(properties):
            properties = None
        return known.configuration == configuration and known.properties == properties

    @property
    def target(self) -> Target:
        """The target."""
        if self._target is None:
            snapshot = self.snapshot
            with self._lock:
                if self._target is None:
                    self._target = build_target(snapshot, use_fractional_gates=self._use_fractional_gates)
        return self._target

    @property
    def instruction_durations(self) -> InstructionDurations:
        """The durations of instructions."""
        if self._durations is None:
            snapshot = self.snapshot
            with self._lock:
                if self._durations is None:
                    self._durations = build_instruction_durations(
                        snapshot, use_fractional_gates=self._use_fractional_gates
                    )
        return self._durations

    @property
    def coupling_map(self) -> CouplingMap | None:
        """The coupling map; ``None`` if nothing restricts which qubits may interact."""
        if self._coupling_map is None:
            snapshot = self.snapshot
            with self._lock:
                if self._coupling_map is None:
                    self._coupling_map = (
                        build_coupling_map(snapshot, use_fractional_gates=self._use_fractional_gates),
                    )
        return self._coupling_map[0]

    @property
    def defaults(self) -> PulseDefaults | None:
        """The pulses; ``None`` if the device has none."""
        if self._defaults is None:
            # A lock of its own: pulses may take long to come, and targets do without.
            with self._defaults_lock:
                if self._defaults is None:
                    asked = now()
                    self._defaults = (self._fetched_defaults(),)
                    self._record_defaults(asked)
        return self._defaults[0]

    @property
    def has_fetched_defaults(self) -> bool:
        """Whether the pulse defaults have been fetched, or are known to be absent."""
        return self._defaults is not None

    @property
    def properties(self) -> bytes | None:
        """The properties payload, if it is known."""
        return None if self._snapshot is None else self._snapshot.payloads.properties

    @property
    def pulses(self) -> bytes | None:
        """The pulse defaults payload, if it is known."""
        defaults = self._defaults[0] if self._defaults else None
        return None if defaults is None else defaults.payload

    def _fetched_defaults(self) -> PulseDefaults | None:
        payload = self._fetch_defaults(self.pulses)
        native = None if payload is None else _native.Defaults.read(payload)
        return None if native is None else PulseDefaults._from_native(native, "service", self.model)

    def with_new_defaults(self) -> DeviceVersion:
        """Fetch the pulses again; return a version with the new ones, which shares everything else, or this one."""
        asked, fetched = now(), self._fetched_defaults()
        known = self._defaults[0] if self._defaults else None
        is_known = self._defaults is not None and (
            fetched is known or (fetched is not None and known is not None and fetched.payload == known.payload)
        )
        if is_known:
            return self
        other = copy.copy(self)
        other._lock, other._defaults_lock = Lock(), Lock()
        other._defaults = (fetched,)
        other._record_defaults(asked)
        return other

    def _record_defaults(self, asked: dt_module.datetime) -> None:
        """Write the pulses to the archive with the calibration, if both were fetched at about the same time."""
        if self.pulses is not None and self.asked is not None and abs(asked - self.asked) <= _TOGETHER:
            self.record()


def difference(before: DeviceVersion, after: DeviceVersion) -> SnapshotDiff:
    """Return the difference between two versions, as far as both are known."""
    if before.has_fetched and after.has_fetched:
        old, new = before.snapshot, after.snapshot
    else:
        old, new = before.configuration_only, after.configuration_only
    has_other_pulses = before.has_fetched_defaults and after.has_fetched_defaults and before.pulses != after.pulses
    return SnapshotDiff(old._native, new._native, has_other_defaults=has_other_pulses)


def is_nothing(properties: bytes | None) -> bool:
    """Return whether a properties payload says that there are none."""
    return properties is None or (len(properties) < _LONGEST_NOTHING and properties.strip() in _NOTHING)


def now() -> dt_module.datetime:
    """Return the present time."""
    return dt_module.datetime.now(dt_module.timezone.utc)
