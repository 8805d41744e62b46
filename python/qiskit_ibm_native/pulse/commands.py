# SPDX-License-Identifier: Apache-2.0
"""From the commands of a payload to schedules, one when somebody asks for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .channels import AcquireChannel, Channel, ControlChannel, DriveChannel, MeasureChannel, MemorySlot, RegisterSlot
from .errors import pulse_error
from .instructions import Acquire, Delay, Play, SetFrequency, SetPhase, ShiftFrequency, ShiftPhase
from .options import Discriminator, Kernel
from .parameters import expression
from .schedule import CalibrationPublisher, Schedule, Timed
from .waveforms import SymbolicPulse, Waveform

if TYPE_CHECKING:
    from .._native import Defaults as NativeDefaults
    from .waveforms import Samples

_CHANNELS = {
    "acquire": AcquireChannel,
    "control": ControlChannel,
    "drive": DriveChannel,
    "measure": MeasureChannel,
    "memory": MemorySlot,
    "register": RegisterSlot,
}
_FRAMES = {"fc": ShiftPhase, "setp": SetPhase, "shiftf": ShiftFrequency, "setf": SetFrequency}


class CommandBook:
    """Makes the schedules of a payload's commands. What schedules share, such as channels, is made once."""

    def __init__(self, native: NativeDefaults) -> None:
        """Read the commands of ``native``."""
        self._native = native
        self._channels: dict[tuple[str, int], Channel] = {}
        self._acquisitions: dict[tuple[int, int], list[Timed]] = {}
        self._expressions: dict[int, Any] = {}
        self._waveforms: list[Waveform] | None = None

    def schedule(self, name: str, command: int) -> Schedule:
        """Make the schedule of a command.

        Raises:
            BackendPayloadError: An instruction of the command makes no sense, or two overlap.
            PulseError: It has an expression that Qiskit's parameters cannot express.
        """
        native = self._native
        plan = native.schedule(command)
        timed: list[Timed] = []
        for step in plan.steps:
            start, kind, operand = step.start, step.kind, step.operand
            if kind == "parametric_pulse":
                timed.append((start, Play(SymbolicPulse._of(native, operand), self._channel(step.channel))))
            elif kind in _FRAMES:
                # Numbers are floats; an integer is the index of an expression.
                value = operand if isinstance(operand, float) else self._expression(operand)
                timed.append((start, _FRAMES[kind](value, self._channel(step.channel))))
            elif kind == "acquire":
                acquisition, position = operand
                acquires = self._acquires(acquisition, start)
                timed.extend(acquires if position is None else [acquires[position]])
            elif kind == "waveform":
                timed.append((start, Play(self.waveforms[operand], self._channel(step.channel))))
            else:
                timed.append((start, Delay(operand, self._channel(step.channel))))
        metadata = {"publisher": CalibrationPublisher.BACKEND_PROVIDER}
        return Schedule._of(name, tuple(timed), plan.duration, lambda: self._channels_of(command), metadata)

    def _channel(self, key: Any) -> Any:
        channel = self._channels.get(key)
        if channel is None:
            kind, index = key
            channel = self._channels[key] = _CHANNELS[kind](index)
        return channel

    def _channels_of(self, command: int) -> tuple[Channel, ...]:
        return tuple(_CHANNELS[kind](index) for kind, index in self._native.channels(command))

    def _expression(self, index: int) -> Any:
        if index not in self._expressions:
            text, tree = self._native.expression(index)
            try:
                self._expressions[index] = expression(tree)
            except (ArithmeticError, TypeError, ValueError) as error:
                raise pulse_error(f"{text} cannot be expressed: {error}") from None
        return self._expressions[index]

    def _acquires(self, index: int, start: int) -> list[Timed]:
        """Return an acquisition as instructions, one a qubit, sorted by the names of their channels.

        The measurement of each qubit of a device records all qubits, so the same list serves them all.
        """
        if (index, start) not in self._acquisitions:
            duration, slots, kernels, discriminators = self._native.acquisition(index)
            options = _option(Kernel, kernels), _option(Discriminator, discriminators)
            acquires = []
            for qubit, slot, register in slots:
                register_slot = None if register is None else RegisterSlot(register)
                acquires.append(Acquire(duration, AcquireChannel(qubit), MemorySlot(slot), register_slot, *options))
            self._acquisitions[index, start] = [(start, acquire) for acquire in acquires]
        return self._acquisitions[index, start]

    @property
    def waveforms(self) -> list[Waveform]:
        """The waveforms of the library. Their samples are views of one array."""
        if self._waveforms is None:
            listed = enumerate(library(self._native))
            self._waveforms = [self._waveform(index, name, samples) for index, (name, samples) in listed]
        return self._waveforms

    def _waveform(self, index: int, name: str, samples: Samples) -> Waveform:
        return Waveform(samples, name) if self._native.is_rounded_above_one(index) else Waveform._of(samples, name)


def library(native: NativeDefaults) -> list[tuple[str, Samples]]:
    """Return the name and the samples of each waveform of a payload; all samples are views of one array."""
    import numpy as np

    samples = np.frombuffer(native.samples(), np.complex128)
    return [(name, samples[start:end]) for name, start, end in native.waveforms]


def _option(kind: type[Kernel | Discriminator], text: str | None) -> Any:
    """Return the first of some options, as payloads list them."""
    try:
        options = json.loads(text or "null")
        first = options[0] if isinstance(options, list) and options else options
        return kind._of(first["name"], first["params"]) if first else None
    except (LookupError, TypeError, ValueError) as error:
        raise pulse_error(f"The arguments of {kind.__name__} are not valid: {text} ({error!r}).") from None
