# SPDX-License-Identifier: Apache-2.0
"""Schedules as data: JSON and arrays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from .channels import Channel, PulseChannel
from .errors import pulse_error
from .instructions import Acquire, Delay, Instruction, Play, SetPhase, ShiftPhase
from .waveforms import SymbolicPulse

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .options import MeasurementOption
    from .schedule import Schedule


class ChannelArrays(NamedTuple):
    """The samples of one channel.

    ``times`` are the starts of the samples, dt, ascending, shape ``(n,)``; ``samples`` the complex amplitudes, shape
    ``(n,)``. Where nothing is played, there is no sample.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> from qiskit_ibm_native.pulse import DriveChannel
        >>> x = Snapshot.load("lima").defaults.instruction_schedule_map.get("x", 0)
        >>> times, samples = x.to_arrays()[DriveChannel(0)]
        >>> times[:3], samples.shape  # dt, and an amplitude for each
        (array([0, 1, 2]), (160,))
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
        raise pulse_error(f"{value} is not bound; assign its parameters first.")
    return float(value)


def to_json(schedule: Schedule) -> str:
    """Return a schedule as JSON text.

    An object with ``name``, ``duration`` (dt) and ``instructions``, sorted by start, each with ``name`` (the class),
    ``start`` (dt), ``channel``, and what it consists of: ``duration`` (dt), ``phase`` (rad), ``frequency`` (Hz),
    ``pulse`` (shape and parameters, or ``samples`` as pairs of real and imaginary part), ``memory_slot``,
    ``register_slot``, ``kernel`` and ``discriminator`` (``name`` and ``params``). Expressions of unbound parameters are
    texts, arrays lists, and complex numbers pairs.

    Raises:
        PulseError: A kernel or a discriminator has a parameter that JSON has no words for.
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
        options = {"kernel": instruction.kernel, "discriminator": instruction.discriminator}
        return {
            "duration": _value(instruction.duration),
            **{key: slot.index for key, slot in slots.items() if slot is not None},
            **{key: _option(option) for key, option in options.items() if option is not None},
        }
    if isinstance(instruction, Delay):
        return {"duration": _value(instruction.duration)}
    key = "phase" if isinstance(instruction, ShiftPhase | SetPhase) else "frequency"
    return {key: _value(instruction.operands[0])}


def _option(option: MeasurementOption) -> dict[str, Any]:
    try:
        params = json.loads(json.dumps(option.params, default=_wire_value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise pulse_error(f"{option!r} cannot be written as JSON: {error}") from None
    return {"name": option.name, "params": params}


def _wire_value(value: Any) -> Any:
    if isinstance(value, complex):
        return [value.real, value.imag]
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _value(value: Any) -> Any:
    if hasattr(value, "parameters"):
        return str(value)
    return value if isinstance(value, int) else float(value)
