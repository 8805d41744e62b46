# SPDX-License-Identifier: Apache-2.0
"""Schedules as data: JSON, arrays, and OpenQASM 3 with OpenPulse."""

from __future__ import annotations

import cmath
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .channels import AcquireChannel, Channel, PulseChannel
from .errors import pulse_error
from .instructions import Acquire, Delay, Instruction, Play, SetFrequency, SetPhase, ShiftFrequency, ShiftPhase
from .waveforms import SymbolicPulse

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .schedule import Schedule


class ChannelArrays(NamedTuple):
    """The samples of one channel.

    ``times`` are the starts of the samples, dt, ascending, shape ``(n,)``; ``samples`` the complex amplitudes, shape
    ``(n,)``. Where nothing is played, there is no sample.
    """

    times: npt.NDArray[np.int64]
    samples: npt.NDArray[np.complex128]


def to_arrays(schedule: Schedule, apply_phases: bool = False) -> dict[Channel, ChannelArrays]:
    """Return the samples of each pulse channel.

    Args:
        schedule: What is played.
        apply_phases: Whether to multiply samples by ``exp(i * phase)``, with the phase that the channel has by then.
            Frequencies are not applied.

    Raises:
        PulseError: A parameter is not bound.
    """
    import numpy as np

    parts: dict[Channel, list[tuple[Any, Any]]] = {it: [] for it in schedule.channels if isinstance(it, PulseChannel)}
    phases = dict.fromkeys(parts, 0.0)
    for start, instruction in schedule.instructions:
        channel = instruction.channel
        if isinstance(instruction, ShiftPhase | SetPhase) and apply_phases:
            before = phases[channel] if isinstance(instruction, ShiftPhase) else 0.0
            phases[channel] = before + _number(instruction.phase)
        elif isinstance(instruction, Play):
            samples = instruction.pulse.samples
            if phases[channel]:
                samples = samples * np.exp(1j * phases[channel])
            parts[channel].append((np.arange(start, start + len(samples)), samples))
    return {
        channel: ChannelArrays(
            np.concatenate([times for times, _ in played]) if played else np.empty(0, np.int64),
            np.concatenate([samples for _, samples in played]) if played else np.empty(0, np.complex128),
        )
        for channel, played in parts.items()
    }


def _number(value: Any) -> float:
    if getattr(value, "parameters", None):
        raise pulse_error(f"{value} is not bound; assign its parameters first")
    return float(value)


def to_json(schedule: Schedule) -> str:
    """Return a schedule as JSON text.

    An object with ``name``, ``duration`` (dt) and ``instructions``, sorted by start, each with ``name`` (the class),
    ``start`` (dt), ``channel``, and what it consists of: ``duration`` (dt), ``phase`` (rad), ``frequency`` (Hz),
    ``pulse`` (shape and parameters, or ``samples`` as pairs of real and imaginary part), ``memory_slot``. Expressions
    of unbound parameters are texts.
    """
    instructions = [
        {"name": type(it).__name__, "start": start, "channel": it.channel.name, **_content(it)}
        for start, it in schedule.instructions
    ]
    return json.dumps({"name": schedule.name, "duration": schedule.duration, "instructions": instructions})


def _content(instruction: Instruction) -> dict[str, Any]:
    if isinstance(instruction, Play):
        pulse = instruction.pulse
        if isinstance(pulse, SymbolicPulse):
            parameters = {key: _value(value) for key, value in pulse.parameters.items()}
            return {"pulse": {"name": pulse.name, "shape": pulse.shape, "parameters": parameters}}
        samples = [[sample.real, sample.imag] for sample in pulse.samples.tolist()]
        return {"pulse": {"name": pulse.name, "samples": samples}}
    if isinstance(instruction, Acquire):
        slots = {"memory_slot": instruction.mem_slot, "register_slot": instruction.reg_slot}
        return {
            "duration": _value(instruction.duration),
            **{key: slot.index for key, slot in slots.items() if slot is not None},
        }
    if isinstance(instruction, Delay):
        return {"duration": _value(instruction.duration)}
    key = "phase" if isinstance(instruction, ShiftPhase | SetPhase) else "frequency"
    return {key: _value(instruction.operands[0])}


def _value(value: Any) -> Any:
    if hasattr(value, "parameters"):
        return str(value)
    return value if isinstance(value, int) else float(value)


#: Waveforms of OpenPulse and their parameters, in OpenPulse's order; other shapes are written as samples.
_TEMPLATES = {
    "constant": ("constant", ("amp", "duration")),
    "drag": ("drag", ("amp", "duration", "sigma", "beta")),
    "gaussian": ("gaussian", ("amp", "duration", "sigma")),
    "gaussian_square": ("gaussian_square", ("amp", "duration", "width", "sigma")),
}
_TYPES = {"amp": "complex[float[64]]", "beta": "float[64]"}


def to_defcal(
    schedule: Schedule,
    name: str,
    qubits: int | Iterable[int],
    samples: bool = False,
    frequencies: Mapping[Channel, float] | None = None,
) -> str:
    """Return a schedule as an OpenQASM 3 program that defines a gate: a ``cal`` block and a ``defcal``.

    Ports and frames are named after channels: ``d0`` and ``d0_frame``. Times are in dt.

    Args:
        schedule: What the gate does.
        name: The gate.
        qubits: A physical qubit, or several.
        samples: Whether to write all waveforms as samples. Otherwise those that OpenPulse has names for are calls of
            these. OpenPulse leaves open how they are lifted to 0; samples leave nothing open.
        frequencies: The frequencies of frames by channel, Hz, such as :attr:`PulseDefaults.frequencies`. Frames of
            other channels get 0, with a remark.

    Raises:
        PulseError: A name means nothing in OpenQASM, a pulse or a duration is not bound, or a number is not finite.
    """
    where = tuple(qubits) if isinstance(qubits, Iterable) else (qubits,)
    parameters = sorted({one.name for one in schedule.parameters})
    for word in (name, *parameters):
        if not re.fullmatch(r"[A-Za-z_]\w*", word):
            raise pulse_error(f"{word!r} is no name in OpenQASM 3")
    writer = _Writer(samples, where, frequencies or {})
    body = list(writer.lines(schedule))
    arguments = f"({', '.join(f'float[64] {one}' for one in parameters)})" if parameters else ""
    result = " -> bit" if writer.measures else ""
    return "\n".join(
        [
            "OPENQASM 3.0;",
            'defcalgrammar "openpulse";',
            "cal {",
            *(f"    {line}" for line in writer.declarations(schedule)),
            "}",
            f"defcal {name}{arguments} {', '.join(f'${qubit}' for qubit in where)}{result} {{",
            *(f"    {line}" for line in body),
            "}",
            "",
        ]
    )


class _Writer:
    """Writes a schedule line by line, and remembers the waveforms and functions that it needs."""

    def __init__(self, samples: bool, qubits: tuple[int, ...], frequencies: Mapping[Channel, float]) -> None:
        self._samples = samples
        self._frequencies = frequencies
        #: The qubit whose bit the gate returns, if it is a measurement of one.
        self._qubit = qubits[0] if len(qubits) == 1 else None
        self.measures = False
        self._functions: dict[str, str] = {}
        #: Numbers of waveforms by their texts: what is nearly the same is not the same.
        self._waveforms: dict[str, int] = {}

    def declarations(self, schedule: Schedule) -> Iterator[str]:
        yield from self._functions.values()
        for channel in schedule.channels:
            if isinstance(channel, PulseChannel | AcquireChannel):
                yield f"port {channel.name};"
                if channel not in self._frequencies:
                    yield f"// The frequency of {channel.name} is not known here."
                frequency = float(self._frequencies.get(channel, 0.0))
                yield f"frame {channel.name}_frame = newframe({channel.name}, {frequency!r}, 0.0);"
        for text, number in self._waveforms.items():
            yield f"waveform wave_{number} = {text};"

    def lines(self, schedule: Schedule) -> Iterator[str]:
        """Yield the statements. Each frame has a clock of its own, which delays move on."""
        clocks: dict[Channel, int] = {}
        for start, instruction in schedule.instructions:
            channel, duration = instruction.channel, _whole(instruction.duration)
            frame = f"{channel.name}_frame"
            if start > clocks.get(channel, 0):
                yield f"delay[{start - clocks.get(channel, 0)}dt] {frame};"
            clocks[channel] = start + duration
            yield from self._statement(instruction, frame, duration)
        if self.measures:
            yield "return result;"

    def _statement(self, instruction: Instruction, frame: str, duration: int) -> Iterator[str]:
        if isinstance(instruction, Play):
            yield f"play({frame}, {self._waveform(instruction.pulse)});"
        elif isinstance(instruction, Delay):
            if duration:
                yield f"delay[{duration}dt] {frame};"
        elif isinstance(instruction, Acquire):
            self._functions.setdefault("capture_v2", "extern capture_v2(frame, duration) -> bit;")
            # The first recording of the qubit is what its measurement returns.
            is_result = instruction.channel.index == self._qubit and not self.measures
            self.measures |= is_result
            yield f"{'bit result = ' if is_result else ''}capture_v2({frame}, {duration}dt);"
        elif isinstance(instruction, ShiftPhase):
            yield f"shift_phase({frame}, {_text(instruction.phase)});"
        elif isinstance(instruction, SetPhase):
            yield f"set_phase({frame}, {_text(instruction.phase)});"
        elif isinstance(instruction, ShiftFrequency):
            yield f"shift_frequency({frame}, {_text(instruction.frequency)});"
        elif isinstance(instruction, SetFrequency):
            yield f"set_frequency({frame}, {_text(instruction.frequency)});"

    def _waveform(self, pulse: Any) -> str:
        if pulse.is_parameterized():
            raise pulse_error(f"{pulse!r} is not bound; assign its parameters first")
        return f"wave_{self._waveforms.setdefault(self._definition(pulse), len(self._waveforms))}"

    def _definition(self, pulse: Any) -> str:
        if self._samples or not isinstance(pulse, SymbolicPulse) or pulse.shape not in _TEMPLATES:
            return f"{{{', '.join(_complex(sample) for sample in pulse.samples.tolist())}}}"
        function, keys = _TEMPLATES[pulse.shape]
        types = ", ".join(_TYPES.get(key, "duration") for key in keys)
        self._functions[function] = f"extern {function}({types}) -> waveform;"
        return f"{function}({', '.join(_argument(pulse, key) for key in keys)})"


def _argument(pulse: SymbolicPulse, key: str) -> str:
    if key == "amp":
        return _complex(cmath.rect(pulse.amp, pulse.angle))
    value = pulse.parameters[key]
    return _text(value) if key == "beta" else f"{_text(value)}dt"


def _complex(value: complex) -> str:
    sign = "-" if value.imag < 0 else "+"
    return f"{value.real!r} {sign} {abs(value.imag)!r}im"


def _text(value: Any) -> str:
    if not hasattr(value, "parameters"):
        number = value if isinstance(value, int) else float(value)
        if not math.isfinite(number):
            raise pulse_error(f"{value} is no number that can be written")
        return repr(number)
    # Qiskit writes functions as Python calls them.
    return re.sub(r"\ba(sin|cos|tan)\(", r"arc\1(", str(value))


def _whole(duration: Any) -> int:
    if getattr(duration, "parameters", None):
        raise pulse_error(f"the duration {duration} is not bound; assign its parameters first")
    return int(duration)
