# SPDX-License-Identifier: Apache-2.0
"""Instructions: the immutable operations on channels that schedules are made of."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .channels import AcquireChannel, Channel, MemorySlot, PulseChannel, RegisterSlot
from .errors import pulse_error
from .parameters import bound, parameters_of
from .waveforms import Pulse

if TYPE_CHECKING:
    from typing_extensions import Self

    from .options import Discriminator, Kernel
    from .schedule import Schedule


class Instruction:
    """An operation on one or more channels.

    Instructions of the same class with equal operands are equal; names do not count.

    Examples:
        >>> from qiskit_ibm_native.pulse import Delay, DriveChannel, Instruction
        >>> delay = Delay(160, DriveChannel(0))
        >>> delay.duration  # dt
        160
        >>> isinstance(delay, Instruction), delay.channels
        (True, (DriveChannel(0),))
    """

    __slots__ = ("_name", "_operands")

    def __init__(self, operands: tuple[Any, ...], name: str | None = None) -> None:
        """Store the operands; subclasses define them."""
        self._operands = operands
        self._name = name

    @property
    def name(self) -> str | None:
        """The name of the instruction."""
        return self._name

    @property
    def operands(self) -> tuple[Any, ...]:
        """The operands of the constructor."""
        return self._operands

    @property
    def channel(self) -> Channel:
        """The channel of the instruction."""
        channel: Channel = self._operands[1]
        return channel

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels that the instruction occupies."""
        return (self._operands[1],)

    @property
    def duration(self) -> Any:
        """The duration, dt."""
        return 0

    @property
    def start_time(self) -> int:
        """The start time of the instruction alone: 0."""
        return 0

    @property
    def stop_time(self) -> Any:
        """The end time of the instruction alone: its duration, dt."""
        return self.duration

    def ch_start_time(self, *channels: Channel) -> int:  # noqa: ARG002 (as schedules have it)
        """Return 0, as schedules return when the first instruction on some channels starts."""
        return 0

    def ch_stop_time(self, *channels: Channel) -> Any:
        """Return the end time, dt, if the instruction occupies one of the channels, and 0 otherwise."""
        return 0 if set(channels).isdisjoint(self.channels) else self.duration

    def ch_duration(self, *channels: Channel) -> Any:
        """Return what :meth:`ch_stop_time` does."""
        return self.ch_stop_time(*channels)

    @property
    def instructions(self) -> tuple[tuple[int, Self]]:
        """The instruction as a schedule lists it: one pair of a start time and an instruction."""
        return ((0, self),)

    @property
    def parameters(self) -> set[Any]:
        """The unbound parameters."""
        return parameters_of(self._operands)

    def is_parameterized(self) -> bool:
        """Return ``True`` if a parameter is unbound."""
        return bool(self.parameters)

    def _bound(self, values: Mapping[Any, Any]) -> Instruction:
        """Return the instruction with parameters replaced."""
        operands = tuple(bound(operand, values) for operand in self._operands)
        copy = object.__new__(type(self))
        copy._operands, copy._name = operands, self._name
        return copy

    def shift(self, time: int, name: str | None = None) -> Schedule:
        """Return a schedule in which the instruction starts at ``time``, dt."""
        from .schedule import Schedule

        return Schedule((time, self), name=name or self.name)

    def insert(self, start_time: int, schedule: Schedule | Instruction, name: str | None = None) -> Schedule:
        """Return a schedule of the instruction and another one, which starts at ``start_time``, dt."""
        from .schedule import Schedule

        return Schedule(self, (start_time, schedule), name=name or self.name)

    def append(self, schedule: Schedule | Instruction, name: str | None = None) -> Schedule:
        """Return a schedule of the instruction and another one, which starts when the channels of both are free."""
        return self.insert(self.ch_stop_time(*schedule.channels), schedule, name)

    def __or__(self, other: Schedule | Instruction) -> Schedule:
        return self.insert(0, other)

    def __add__(self, other: Schedule | Instruction) -> Schedule:
        return self.append(other)

    def __lshift__(self, time: int) -> Schedule:
        return self.shift(time)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instruction):
            return NotImplemented
        return self is other or (type(self) is type(other) and self._operands == other._operands)

    def __hash__(self) -> int:
        return hash((type(self), self._operands))

    def __repr__(self) -> str:
        parts = [str(operand) for operand in self._operands]
        if self.name:
            parts.append(f"name={self.name!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self._operands, self._name)


def whole(time: Any, least: int | None = 0) -> Any:
    """Return a time as an ``int``; parameters stay what they are. PulseError if it is none, or below ``least``."""
    if hasattr(time, "parameters"):
        return time
    try:
        number = operator.index(time)
    except TypeError:
        number = None
    if number is None or isinstance(time, bool) or (least is not None and number < least):
        from_least = "" if least is None else f" from {least}"
        raise pulse_error(f"A time must be a whole number{from_least}, in units of dt, not {time!r}.")
    return number


def _checked(channel: Any) -> Any:
    if not isinstance(channel, PulseChannel):
        raise pulse_error(f"Expected a channel on which pulses can be played, got {channel!r}.")
    return channel


def _amount(value: Any) -> Any:
    """Return a phase or a frequency; PulseError if it is neither a finite real number nor a parameter."""
    if hasattr(value, "parameters"):
        return value
    try:
        is_finite = not isinstance(value, str | bytes) and math.isfinite(value)
    except (OverflowError, TypeError):
        is_finite = False
    if not is_finite:
        raise pulse_error(f"A phase or a frequency must be a finite real number or a parameter, not {value!r}.")
    return value


class Play(Instruction):
    """Plays a pulse on a channel.

    Examples:
        >>> from qiskit_ibm_native.pulse import DriveChannel, Gaussian, Play
        >>> play = Play(Gaussian(160, amp=0.1, sigma=40), DriveChannel(0))
        >>> play.duration  # dt
        160
        >>> play.pulse.amp, play.channel
        (0.1, DriveChannel(0))
    """

    __slots__ = ()

    def __init__(self, pulse: Pulse, channel: PulseChannel, name: str | None = None) -> None:
        """Play ``pulse`` on ``channel``; PulseError if they are something else."""
        if not isinstance(pulse, Pulse):
            raise pulse_error(f"Expected a pulse, got {pulse!r}.")
        self._operands = (pulse, _checked(channel))
        self._name = name

    @property
    def name(self) -> str | None:
        """The name: that of the pulse, unless the instruction has its own."""
        return self.pulse.name if self._name is None else self._name

    @property
    def pulse(self) -> Any:
        """The pulse."""
        return self._operands[0]

    @property
    def duration(self) -> Any:
        """The duration of the pulse, dt."""
        return self._operands[0].duration

    @property
    def parameters(self) -> set[Any]:
        """The unbound parameters of the pulse."""
        return parameters_of(self.pulse.parameters.values())

    def _bound(self, values: Mapping[Any, Any]) -> Play:
        return Play(self.pulse._bound(values), self._operands[1], self._name)


class Delay(Instruction):
    """Leaves a channel idle.

    Examples:
        >>> from qiskit_ibm_native.pulse import Delay, DriveChannel, Gaussian, Play
        >>> play = Play(Gaussian(160, amp=0.1, sigma=40), DriveChannel(0))
        >>> (Delay(80, DriveChannel(0)) + play).duration  # dt
        240
    """

    __slots__ = ()

    def __init__(self, duration: Any, channel: Channel, name: str | None = None) -> None:
        """Wait ``duration`` dt on ``channel``; PulseError if that is something else."""
        if not isinstance(channel, Channel):
            raise pulse_error(f"Expected a channel, got {channel!r}.")
        self._operands = (whole(duration), channel)
        self._name = name

    @property
    def duration(self) -> Any:
        """The duration, dt."""
        return self._operands[0]


class _Frame(Instruction):
    """Changes the phase or the frequency of later pulses on the channel."""

    __slots__ = ()

    def __init__(self, value: Any, channel: PulseChannel, name: str | None = None) -> None:
        """Store a finite real number or a parameter, and a channel; PulseError for others."""
        self._operands = (_amount(value), _checked(channel))
        self._name = name


class _Phase(_Frame):
    __slots__ = ()

    @property
    def phase(self) -> Any:
        """The phase, rad: a number, or one of Qiskit's parameter expressions."""
        return self._operands[0]


class _Frequency(_Frame):
    __slots__ = ()

    @property
    def frequency(self) -> Any:
        """The frequency, Hz: a number, or one of Qiskit's parameter expressions."""
        return self._operands[0]


class ShiftPhase(_Phase):
    """Adds to the phase of a channel.

    Examples:
        >>> from math import pi
        >>> from qiskit_ibm_native.pulse import DriveChannel, ShiftPhase
        >>> ShiftPhase(pi / 2, DriveChannel(0)).phase  # rad
        1.5707963267948966
    """

    __slots__ = ()


class SetPhase(_Phase):
    """Sets the phase of a channel.

    Examples:
        >>> from qiskit_ibm_native.pulse import DriveChannel, SetPhase
        >>> SetPhase(0.0, DriveChannel(0)).phase  # rad
        0.0
    """

    __slots__ = ()


class ShiftFrequency(_Frequency):
    """Adds to the frequency of a channel.

    Examples:
        >>> from qiskit_ibm_native.pulse import DriveChannel, ShiftFrequency
        >>> ShiftFrequency(-340e6, DriveChannel(0)).frequency  # Hz
        -340000000.0
    """

    __slots__ = ()


class SetFrequency(_Frequency):
    """Sets the frequency of a channel.

    Examples:
        >>> from qiskit_ibm_native.pulse import DriveChannel, SetFrequency
        >>> SetFrequency(4.9e9, DriveChannel(0)).frequency  # Hz
        4900000000.0
    """

    __slots__ = ()


class Acquire(Instruction):
    """Records the signal of a qubit.

    Examples:
        >>> from qiskit_ibm_native.pulse import Acquire, AcquireChannel, MemorySlot
        >>> Acquire(1000, AcquireChannel(0), MemorySlot(0))
        Acquire(1000, AcquireChannel(0), MemorySlot(0), , , )
    """

    __slots__ = ()

    def __init__(
        self,
        duration: Any,
        channel: AcquireChannel,
        mem_slot: MemorySlot | None = None,
        reg_slot: RegisterSlot | None = None,
        kernel: Kernel | None = None,
        discriminator: Discriminator | None = None,
        name: str | None = None,
    ) -> None:
        """Record a signal.

        Args:
            duration: How long, dt.
            channel: From which qubit.
            mem_slot: Into which slot of the memory of results.
            reg_slot: Into which register that instructions can depend on.
            kernel: How the signal becomes a number.
            discriminator: How the number becomes a bit.
            name: What to call it.

        Raises:
            PulseError: A channel or a slot is something else, or there is no slot.
        """
        for value, kind in ((channel, AcquireChannel), (mem_slot, MemorySlot), (reg_slot, RegisterSlot)):
            if not isinstance(value, kind) and not (value is None and kind is not AcquireChannel):
                raise pulse_error(f"Expected an instance of {kind.__name__}, got {value!r}.")
        if mem_slot is None and reg_slot is None:
            raise pulse_error("An acquisition needs a memory slot or a register slot.")
        self._operands = (whole(duration), channel, mem_slot, reg_slot, kernel, discriminator)
        self._name = name

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The acquire channel and the slots."""
        return tuple(channel for channel in self._operands[1:4] if channel is not None)

    @property
    def duration(self) -> Any:
        """The duration of the recording, dt."""
        return self._operands[0]

    @property
    def acquire(self) -> AcquireChannel:
        """The channel; the same as ``channel``."""
        channel: AcquireChannel = self._operands[1]
        return channel

    @property
    def mem_slot(self) -> MemorySlot | None:
        """The slot of the memory of results."""
        slot: MemorySlot | None = self._operands[2]
        return slot

    @property
    def reg_slot(self) -> RegisterSlot | None:
        """The register."""
        slot: RegisterSlot | None = self._operands[3]
        return slot

    @property
    def kernel(self) -> Kernel | None:
        """The kernel that integrates the signal to a complex number, or ``None``."""
        kernel: Kernel | None = self._operands[4]
        return kernel

    @property
    def discriminator(self) -> Discriminator | None:
        """The discriminator that assigns a bit to the number, or ``None``."""
        discriminator: Discriminator | None = self._operands[5]
        return discriminator

    def __repr__(self) -> str:
        duration, channel, *rest = self._operands
        return f"Acquire({', '.join([str(duration), str(channel), *('' if it is None else str(it) for it in rest)])})"
