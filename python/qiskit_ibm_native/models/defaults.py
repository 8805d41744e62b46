# SPDX-License-Identifier: Apache-2.0
"""The pulse defaults of a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .. import _native
from ..pulse.channels import AcquireChannel, Channel, DriveChannel, MeasureChannel
from ..pulse.commands import library
from ..pulse.instruction_schedule_map import InstructionScheduleMap
from .view import PayloadView, encode

if TYPE_CHECKING:
    from .._native import Defaults as NativeDefaults
    from ..pulse.waveforms import Samples
    from .configuration import BackendConfiguration
    from .view import Payload


_Made = TypeVar("_Made")


class _Record:
    """The keys of an object of the payload, as attributes."""

    def __init__(self, /, **fields: Any) -> None:
        """Take over fields."""
        vars(self).update(fields)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as the payload has them."""
        return {key: _plain(value) for key, value in vars(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Any:
        """Create a record from its fields."""
        return cls(**data)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in vars(self).items())})"


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.to_dict() if isinstance(value, _Record) else value


class PulseQobjInstruction(_Record):
    """An instruction as in the payload: ``name``, ``t0`` and further keys."""

    name: str
    """The kind of instruction, or the name of a waveform of the library."""
    t0: int
    """The start, dt."""


class Command(_Record):
    """A command as in the payload: ``name``, ``qubits``, and the ``sequence`` of its instructions."""

    name: str
    """The name of the gate."""
    qubits: list[int]
    """The qubits of the gate."""
    sequence: list[PulseQobjInstruction]
    """The instructions."""


class MeasurementKernel(_Record):
    """The kernel that turns readout signals into complex numbers: ``name`` and ``params``."""

    name: str
    """The name of the kernel."""
    params: dict[str, Any]
    """Its parameters by name."""


class Discriminator(_Record):
    """The discriminator that turns complex numbers into bits: ``name`` and ``params``."""

    name: str
    """The name of the discriminator."""
    params: dict[str, Any]
    """Its parameters by name."""


class PulseLibraryItem:
    """A sampled waveform.

    Attributes:
        name: The name by which commands refer to it.
        samples: Complex amplitudes, shape ``(duration,)``, read-only.
    """

    def __init__(self, name: str, samples: Samples) -> None:
        """Take over a name and samples."""
        self.name = name
        self.samples = samples

    def to_dict(self) -> dict[str, Any]:
        """Return name and samples."""
        return {"name": self.name, "samples": self.samples}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PulseLibraryItem):
            return NotImplemented
        return self.name == other.name and self.samples.tolist() == other.samples.tolist()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<PulseLibraryItem {self.name}: {len(self.samples)} samples>"


class PulseDefaults(PayloadView):
    """The pulses of a device.

    Attributes are the keys of the payload, in these units and types; every other key has its JSON value:

    * ``qubit_freq_est``, ``meas_freq_est``: frequencies of qubits and of readouts, in hertz.
    * ``pulse_library``: a list of :class:`PulseLibraryItem`.
    * ``cmd_def``: a list of :class:`Command`, word for word as in the payload.
    * ``meas_kernel``, ``discriminator``: the kernel and the discriminator of the readout, if the device has them.
    * ``buffer``: time between commands, dt.

    :attr:`instruction_schedule_map` has the schedules of gates.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> defaults = Snapshot.load("lima").defaults
        >>> defaults.qubit_freq_est[0]  # Hz
        5029685549.923759
        >>> defaults.instruction_schedule_map.get("x", 0).duration  # dt
        160
    """

    buffer: int
    """Time between commands, dt."""
    meas_kernel: MeasurementKernel
    """The kernel of the readout. Absent if the device has none."""
    discriminator: Discriminator
    """The discriminator of the readout. Absent if the device has none."""

    _payload_name = "defaults"
    _native: NativeDefaults
    #: The configuration of the device, if it is known: what tells the frequencies of control channels.
    _configuration: BackendConfiguration | None

    def __init__(self) -> None:
        raise TypeError("use Snapshot.defaults, PulseDefaults.from_payload or PulseDefaults.from_dict")

    @classmethod
    def _from_native(
        cls, native: NativeDefaults, source: str | None = None, configuration: BackendConfiguration | None = None
    ) -> PulseDefaults:
        made = cls._view(native, native.payload, native.members(), source)
        vars(made)["_configuration"] = configuration
        return made

    @classmethod
    def from_payload(cls, payload: Payload, configuration: BackendConfiguration | None = None) -> PulseDefaults | None:
        """Create pulse defaults from a payload.

        Args:
            payload: JSON text as bytes-like or ``str``. ``{}`` and ``null`` mean none.
            configuration: The configuration of the device, for :attr:`frequencies` of control channels.

        Raises:
            BackendPayloadError: The payload is not JSON, or not what a device publishes. The error tells where.
        """
        native = _native.Defaults.read(payload)
        return None if native is None else cls._from_native(native, configuration=configuration)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PulseDefaults | None:
        """Create pulse defaults from the result of :meth:`to_dict`.

        Raises:
            BackendPayloadError: ``data`` is not the content of a pulse defaults payload.
        """
        return cls.from_payload(encode(data))

    @property
    def instruction_schedule_map(self) -> InstructionScheduleMap:
        """The schedules of the device's gates; the same object each time."""
        return self._once("instruction_schedule_map", lambda: InstructionScheduleMap(self._native))

    @property
    def qubit_freq_est(self) -> list[float]:
        """Estimated frequencies of the qubits, Hz."""
        return self._once("qubit_freq_est", lambda: [gigahertz * 1e9 for gigahertz in self._native.frequencies[0]])

    @property
    def meas_freq_est(self) -> list[float]:
        """Estimated frequencies of the readouts, Hz."""
        return self._once("meas_freq_est", lambda: [gigahertz * 1e9 for gigahertz in self._native.frequencies[1]])

    @property
    def frequencies(self) -> dict[Channel, float]:
        """Estimated frequencies of the drive, control, measure and acquire channels, Hz; a copy.

        That of a control channel is made of those of drives, as the configuration describes. Defaults that come with
        their configuration, such as those of snapshots and backends, have them; others have no control channels here.
        """
        return dict(self._once("frequencies", self._made_frequencies))

    def _made_frequencies(self) -> dict[Channel, float]:
        drives: dict[Channel, float] = {DriveChannel(it): value for it, value in enumerate(self.qubit_freq_est)}
        configuration = self._configuration
        controls = {} if configuration is None else configuration.control_frequencies(drives)
        readouts: dict[Channel, float] = {
            kind(it): value for kind in (MeasureChannel, AcquireChannel) for it, value in enumerate(self.meas_freq_est)
        }
        return {**drives, **controls, **readouts}

    @property
    def pulse_library(self) -> list[PulseLibraryItem]:
        """The sampled waveforms, as the payload has them."""
        return self._once("pulse_library", lambda: [PulseLibraryItem(*each) for each in library(self._native)])

    @property
    def cmd_def(self) -> list[Command]:
        """The commands, as the payload has them."""
        return self._once(
            "cmd_def", lambda: self._converted("cmd_def", lambda commands: [_command(each) for each in commands])
        )

    def _once(self, name: str, make: Callable[[], _Made]) -> _Made:
        # Behind an underscore, so that the property of the name stays in force.
        kept = vars(self)
        key = f"_{name}"
        # Another thread may have been faster; all get the same.
        made: _Made = kept[key] if key in kept else kept.setdefault(key, make())
        return made

    _conversions = {"meas_kernel": MeasurementKernel.from_dict, "discriminator": Discriminator.from_dict}

    _contents = {
        "pulse_library": lambda items: [
            {**item, "samples": [complex(*sample) for sample in item["samples"]]} for item in items
        ],
        "cmd_def": lambda commands: [_command(each).to_dict() for each in commands],
    }

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        made_of = self._payload, self._configuration
        return (type(self).from_payload, made_of) if self.source is None else (_unpickled, (*made_of, self.source))

    def __repr__(self) -> str:
        gates = self.instruction_schedule_map
        return f"<PulseDefaults of {len(self._native.frequencies[0])} qubits: {', '.join(gates.instructions)}>"


def _unpickled(payload: bytes, configuration: BackendConfiguration | None, source: str) -> PulseDefaults | None:
    defaults = PulseDefaults.from_payload(payload, configuration)
    if defaults is not None:
        vars(defaults)["source"] = source
    return defaults


def _command(data: Mapping[str, Any]) -> Command:
    return Command(
        **{**data, "sequence": [PulseQobjInstruction(**_decoded(instruction)) for instruction in data["sequence"]]}
    )


def _decoded(instruction: dict[str, Any]) -> dict[str, Any]:
    """Return an instruction with its amplitude as a complex number."""
    parameters = instruction.get("parameters")
    if not isinstance(parameters, dict) or not isinstance(parameters.get("amp"), list):
        return instruction
    return {**instruction, "parameters": {**parameters, "amp": complex(*parameters["amp"])}}
