# SPDX-License-Identifier: Apache-2.0
"""Pulses on Qiskit 2: channels, waveforms, schedules, and the schedules of a device's gates.

Names and behaviour are those of ``qiskit.pulse`` in Qiskit 1.4, which Qiskit 2 does not have. Schedules do not change;
what would change one returns another. Times and durations are in units of dt, the device's time resolution. Qiskit is
imported only for parameters that have no value yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .channels import (
    AcquireChannel,
    Channel,
    ClassicalIOChannel,
    ControlChannel,
    DriveChannel,
    MeasureChannel,
    MemorySlot,
    PulseChannel,
    RegisterSlot,
)
from .defcal import to_defcal, to_defcals
from .device_channels import DeviceChannels
from .export import ChannelArrays
from .instruction_schedule_map import InstructionScheduleMap
from .instructions import Acquire, Delay, Instruction, Play, SetFrequency, SetPhase, ShiftFrequency, ShiftPhase
from .library import (
    Constant,
    Cos,
    Drag,
    Gaussian,
    GaussianDeriv,
    GaussianSquare,
    GaussianSquareDrag,
    Sawtooth,
    Sech,
    SechDeriv,
    Sin,
    Square,
    Triangle,
    gaussian_square_echo,
)
from .options import Discriminator, Kernel
from .schedule import CalibrationPublisher, Schedule
from .waveforms import Pulse, SymbolicPulse, Waveform

if TYPE_CHECKING:
    from ..exceptions import PulseError

__all__ = [
    "Acquire",
    "AcquireChannel",
    "CalibrationPublisher",
    "Channel",
    "ChannelArrays",
    "ClassicalIOChannel",
    "Constant",
    "ControlChannel",
    "Cos",
    "Delay",
    "DeviceChannels",
    "Discriminator",
    "Drag",
    "DriveChannel",
    "Gaussian",
    "GaussianDeriv",
    "GaussianSquare",
    "GaussianSquareDrag",
    "Instruction",
    "InstructionScheduleMap",
    "Kernel",
    "MeasureChannel",
    "MemorySlot",
    "Play",
    "Pulse",
    "PulseChannel",
    "PulseError",
    "RegisterSlot",
    "Sawtooth",
    "Schedule",
    "Sech",
    "SechDeriv",
    "SetFrequency",
    "SetPhase",
    "ShiftFrequency",
    "ShiftPhase",
    "Sin",
    "Square",
    "SymbolicPulse",
    "Triangle",
    "Waveform",
    "gaussian_square_echo",
    "to_defcal",
    "to_defcals",
]


_PROGRAMS = "devices take no programs of pulses any more; a Schedule is made of instructions with their start times"
#: Names that ``qiskit.pulse`` of Qiskit 1.4 had, or that look as if, and what is here instead.
_ADVICE = {
    "GaussianSquareEcho": "the function is called gaussian_square_echo, as in Qiskit 1.4",
    "ScalableSymbolicPulse": "SymbolicPulse is the class of all shapes",
    **dict.fromkeys(
        ("LoConfig", "LoRange", "Snapshot", "SnapshotChannel"), "simulators of pulses alone had a use for it"
    ),
    **dict.fromkeys(("ScheduleBlock", "build", "builder", "functional_pulse", "macro", "transforms"), _PROGRAMS),
}


def __getattr__(name: str) -> object:
    # Importing the error imports Qiskit.
    if name == "PulseError":
        from ..exceptions import PulseError

        return PulseError
    advice = f": {_ADVICE[name]}" if name in _ADVICE else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{advice}")
