# SPDX-License-Identifier: Apache-2.0
"""The configuration of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _native
from .._timestamps import optional_instant
from .._words import count, quantity
from .attributes import DeviceAttributes
from .view import PayloadView, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._native import Snapshot as NativeSnapshot
    from .._typing import MaybeNone
    from ..pulse.channels import AcquireChannel, Channel, ControlChannel, DriveChannel, MeasureChannel
    from ..pulse.device_channels import DeviceChannels


class GateConfig:
    """A gate as the configuration lists it.

    Attributes:
        name: The gate's name.
        parameters: Names of its parameters.
        qasm_def: Its definition in OpenQASM 2.
        coupling_map: The qargs of the gate: a list of lists of qubits. There is no such attribute if the list is empty.
        latency_map: Latencies of conditional operations, as an array ``(len(coupling_map), n_registers)`` of 0 and 1.
            There is no such attribute if it is empty.
        conditional: Whether the gate may be conditional, if the configuration tells.
        description: What the gate does, if the configuration tells.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> gates = {gate.name: gate for gate in Snapshot.load("lima").configuration.gates}
        >>> gates["cx"].coupling_map[:3], gates["rz"].parameters
        ([[0, 1], [1, 0], [1, 2]], ['theta'])
    """

    def __init__(
        self,
        /,
        name: str,
        parameters: list[str] | None = None,
        qasm_def: str | None = None,
        coupling_map: list[list[int]] | None = None,
        latency_map: list[list[int]] | None = None,
        conditional: bool | None = None,
        description: str | None = None,
        **extra: Any,
    ) -> None:
        """Create a gate from its fields; ``extra`` become attributes."""
        self.name = name
        self.parameters = parameters
        self.qasm_def = qasm_def
        if coupling_map:
            self.coupling_map = coupling_map
        if latency_map:
            self.latency_map = latency_map
        if conditional is not None:
            self.conditional = conditional
        if description is not None:
            self.description = description
        vars(self).update(extra)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GateConfig:
        """Create a gate from the result of :meth:`to_dict`."""
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        """Return the gate as an element of the payload's ``gates``."""
        return dict(vars(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GateConfig) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        optional = [repr(value) for key, value in vars(self).items() if key not in ("name", "parameters", "qasm_def")]
        return f"GateConfig({', '.join([self.name, str(self.parameters), str(self.qasm_def), *optional])})"


def _gates(value: list[dict[str, Any]]) -> list[GateConfig]:
    return [GateConfig.from_dict(gate) for gate in value]


# Configurations are multiplied by a power of ten where properties are divided by one; both are what Qiskit does, and
# the results differ in the last bit.
def _nanoseconds(value: float | None) -> float | None:
    return None if value is None else value * 1e-9


def _microseconds(value: float | None) -> float | None:
    return None if value is None else value * 1e-6


def _list_of_microseconds(value: list[float] | None) -> list[float] | None:
    return None if value is None else [microseconds * 1e-6 for microseconds in value]


def _ranges_of_gigahertz(value: list[list[float]] | None) -> list[list[float]] | None:
    return None if value is None else [[low * 1e9, high * 1e9] for low, high in value]


def _channel_frequencies(value: list[list[dict[str, Any]]] | None) -> list[list[dict[str, Any]]] | None:
    if value is None:
        return None
    return [[{**term, "q": term["q"], "scale": _complex(*term["scale"])} for term in terms] for terms in value]


def _complex(real: float, imaginary: float) -> complex:
    return complex(real, imaginary)


class BackendConfiguration(DeviceAttributes, PayloadView):
    """The configuration of a device.

    Attributes are the keys of the payload. They have these units and types; every other key has its JSON value:

    * ``dt``, ``dtm``: time resolution of drive and measurement signals, in seconds.
    * ``rep_delay_range``, ``default_rep_delay``, ``rep_times``: seconds.
    * ``qubit_lo_range``, ``meas_lo_range``: lists of ``[low, high]`` in hertz.
    * ``gates``: a list of :class:`GateConfig`.
    * ``online_date``: an aware datetime.
    * ``u_channel_lo``: each ``scale`` is complex.

    An attribute that the device leaves open is absent, so that ``hasattr`` tells. ``meas_levels``, ``meas_kernels``,
    ``discriminators`` (``None``) and ``dynamic_reprate_enabled`` (``False``) are always there.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> configuration = Snapshot.load("lima").configuration
        >>> configuration.num_qubits, configuration.coupling_map[:2]
        (5, [[0, 1], [1, 0]])
        >>> configuration.dt  # s
        2.2222222222222221e-10
    """

    coupling_map: list[list[int]] | MaybeNone
    """Ordered pairs of qubits on which the device has gates; ``None`` for simulators, where all have."""
    dt: float
    """The time resolution of drive signals, s. Absent if the device has none."""
    dtm: float
    """The time resolution of measurement signals, s. Absent if the device has none."""
    meas_map: list[list[int]]
    """Groups of qubits that are measured together."""

    _payload_name = "configuration"
    _native: NativeSnapshot
    _conversions = {
        "default_rep_delay": _microseconds,
        "dt": _nanoseconds,
        "dtm": _nanoseconds,
        "gates": _gates,
        "meas_lo_range": _ranges_of_gigahertz,
        "n_registers": lambda value: 1 if value else None,
        "online_date": optional_instant,
        "qubit_lo_range": _ranges_of_gigahertz,
        "rep_delay_range": _list_of_microseconds,
        "rep_times": _list_of_microseconds,
        "u_channel_lo": _channel_frequencies,
    }
    _contents = {"online_date": optional_instant, "u_channel_lo": _channel_frequencies}
    #: Values of attributes that are there even if the payload does not have them.
    _defaults = {"discriminators": None, "dynamic_reprate_enabled": False, "meas_kernels": None, "meas_levels": None}
    #: Attributes that are absent if the payload has ``null``.
    _absent_if_none = frozenset({
        "configurable", "credits_required", "default_rep_delay", "description", "display_name", "dt", "dtm", "meas_map",
        "online_date", "parametric_pulses", "processor_type", "sample_name", "tags",
    })  # fmt: skip
    #: Attributes that are absent if the payload has ``null``, 0 or something empty.
    _absent_if_false = frozenset({"n_registers", "register_map", "rep_delay_range", "supported_instructions"})

    def __init__(self) -> None:
        raise TypeError("use Snapshot.configuration or BackendConfiguration.from_dict")

    @classmethod
    def _from_native(cls, native: NativeSnapshot) -> BackendConfiguration:
        return cls._view(native, native.payloads[0], native.configuration_members())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BackendConfiguration:
        """Create a configuration from the result of :meth:`to_dict`.

        Raises:
            BackendPayloadError: ``data`` is not the content of a configuration payload.
        """
        return cls._from_native(_native.Snapshot(encode(data)))

    @property
    def num_qubits(self) -> int:
        """The number of qubits of the device; ``n_qubits`` in the payload."""
        return self._native.num_qubits

    @property
    def is_simulator(self) -> bool:
        """Whether the device is a simulator."""
        return bool(getattr(self, "simulator", False))

    @property
    def supports_dynamic_circuits(self) -> bool:
        """Whether the device runs control flow that depends on measurements."""
        return not {"qasm3", "dynamic_circuits"}.isdisjoint(getattr(self, "supported_features", ()))

    # Channels

    @property
    def _device_channels(self) -> DeviceChannels:
        kept = vars(self)
        if "_channels_made" not in kept:
            from ..pulse.device_channels import DeviceChannels

            keys = ("channels", "qubit_channel_mapping", "u_channel_lo")
            kept["_channels_made"] = DeviceChannels(self.num_qubits, *(getattr(self, key, None) for key in keys))
        made: DeviceChannels = kept["_channels_made"]
        return made

    @property
    def control_channels(self) -> dict[tuple[int, ...], list[ControlChannel]]:
        """Control channels by the qubits that they act on, the control first."""
        return self._device_channels.control_channels

    @property
    def sample_rate(self) -> float:
        """Samples per second: ``1 / dt``."""
        return 1.0 / float(self.dt)

    def drive(self, qubit: int) -> DriveChannel:
        """Return the channel that drives a qubit; see :class:`~qiskit_ibm_native.pulse.DeviceChannels`."""
        return self._device_channels.drive(qubit)

    def measure(self, qubit: int) -> MeasureChannel:
        """Return the channel that stimulates the readout of a qubit."""
        return self._device_channels.measure(qubit)

    def acquire(self, qubit: int) -> AcquireChannel:
        """Return the channel that records the readout of a qubit."""
        return self._device_channels.acquire(qubit)

    def control(self, qubits: Iterable[int] | None = None) -> list[ControlChannel]:
        """Return the channels that drive qubits, ``(control, target)``, together."""
        return self._device_channels.control(qubits)

    def get_channel_qubits(self, channel: Channel) -> list[int]:
        """Return the qubits of a channel."""
        return self._device_channels.get_channel_qubits(channel)

    def get_qubit_channels(self, qubit: int | Iterable[int]) -> list[Channel]:
        """Return the channels of a qubit, alone or with others, or of exactly the given qubits."""
        return self._device_channels.get_qubit_channels(qubit)

    def describe(self, channel: ControlChannel) -> dict[DriveChannel, complex]:
        """Return the drive channels whose frequencies make up that of a control channel, with their factors."""
        return self._device_channels.describe(channel)

    def control_frequencies(self, drives: Mapping[Channel, float]) -> dict[Channel, float]:
        """Return the frequency of each control channel, Hz, made of those of drives as :meth:`describe` says."""
        return self._device_channels.control_frequencies(drives)

    def _attribute(self, key: str) -> Any:
        if key not in self._spans and key in self._defaults:
            return self._defaults[key]
        value = super()._attribute(key)
        if (value is None and key in self._absent_if_none) or (not value and key in self._absent_if_false):
            raise KeyError(key)
        return value

    def __reduce__(self) -> tuple[Any, tuple[NativeSnapshot]]:
        return type(self)._from_native, (self._native,)

    def __repr__(self) -> str:
        return f"<BackendConfiguration of {self.backend_name}: {count(self.num_qubits, 'qubit')}>"

    def _repr_html_(self) -> str:
        from .. import _html
        from .._overview import device_panel

        version = self._known("backend_version")
        notes = (count(self.num_qubits, "qubit"), f"version {version}" if version else "")
        heading = _html.heading(self.backend_name, *notes, kind="BackendConfiguration")
        return device_panel(self._native, heading, shows_values=False, more=self._facts_html())

    def _facts_html(self) -> str:
        """Return what the configuration tells in a few words, as HTML."""
        from .. import _html

        processor = self._known("processor_type")
        names = [processor.get(key) for key in ("family", "revision")] if isinstance(processor, dict) else []
        dt = self._known("dt")
        return _html.facts(
            [
                ("processor", " ".join(str(name) for name in names if name)),
                ("gates", _joined(self._known("basis_gates"))),
                ("time resolution", quantity(dt, "s") if dt else None),
                ("shots", _at_most(self._known("max_shots"))),
                ("circuits of a job", _at_most(self._known("max_experiments"))),
                ("features", _joined(self._known("supported_features"))),
                ("online since", self._known("online_date")),
            ]
        )

    def _known(self, key: str) -> Any:
        """Return the value of a key; ``None`` if there is none, or none that makes sense."""
        try:
            return getattr(self, key, None)
        except Exception:
            # A BackendPayloadError; the module of exceptions would import Qiskit.
            return None


def _joined(values: Any) -> str | None:
    return ", ".join(map(str, values)) if isinstance(values, list) else None


def _at_most(number: Any) -> str | None:
    return f"at most {number:,}" if isinstance(number, int) else None
