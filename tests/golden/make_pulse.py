# SPDX-License-Identifier: Apache-2.0
"""Write down what Qiskit 1.4.5 makes of pulse defaults; the tests compare with it.

It runs in an environment of its own, since Qiskit 2 has no pulses: ``make golden-pulse`` sets it up. The payloads are
those of ``qiskit-ibm-runtime`` 0.34.0, which is installed there.
"""

from __future__ import annotations

import json
import lzma
import sys
import warnings
from pathlib import Path

import numpy as np
import qiskit_ibm_runtime
from qiskit.pulse import Acquire, Delay, Play, SymbolicPulse, Waveform, library
from qiskit.pulse.library.symbolic_pulses import _get_expression_args
from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data, defaults_from_server_data

#: A pulse of each public shape, by its name, with its arguments.
SHAPES = [
    ["Constant", {"duration": 33, "amp": 0.4, "angle": 0.3}],
    ["Cos", {"duration": 161, "amp": 0.4, "phase": 0.2, "freq": 0.031, "angle": 0.3}],
    ["Drag", {"duration": 160, "amp": 0.2, "sigma": 40, "beta": -1.5, "angle": 0.7}],
    ["Gaussian", {"duration": 161, "amp": 0.5, "sigma": 40, "angle": -0.7}],
    ["GaussianDeriv", {"duration": 160, "amp": 20.0, "sigma": 40.0, "angle": 0.3}],
    ["GaussianSquare", {"duration": 320, "amp": 0.3, "sigma": 16, "width": 200, "angle": 1.3}],
    ["GaussianSquareDrag", {"duration": 320, "amp": 0.3, "sigma": 16, "beta": 1.1, "width": 200, "angle": 1.3}],
    ["Sawtooth", {"duration": 161, "amp": 0.4, "phase": 0.2, "freq": 0.031}],
    ["Sech", {"duration": 160, "amp": 0.7, "sigma": 20.0, "angle": -0.4}],
    ["Sech", {"duration": 161, "amp": 0.7, "sigma": 20.0, "angle": -0.4, "zero_ends": False}],
    ["SechDeriv", {"duration": 160, "amp": 10.0, "sigma": 20.0, "angle": 1.1}],
    ["Sin", {"duration": 161, "amp": 0.4, "phase": 0.2, "freq": 0.031, "angle": 0.3}],
    ["Square", {"duration": 161, "amp": 0.4, "phase": 0.2, "freq": 0.031}],
    ["Triangle", {"duration": 161, "amp": 0.4, "phase": 0.2, "freq": 0.031}],
    [
        "gaussian_square_echo",
        {"duration": 320, "amp": 0.3, "sigma": 16, "width": 200, "angle": 1.3, "active_amp": 0.1, "active_angle": 0.5},
    ],
]
BACKENDS = Path(qiskit_ibm_runtime.__file__).parent / "fake_provider" / "backends"
PARAMETERS = {"P0": 0.3, "P1": 0.5, "P2": 0.7}
#: Signs that samples are summed with: a sample that is wrong by 1e-12 makes a sum wrong by as much.
SIGNS = 1.0 - 2.0 * np.random.RandomState(20261122).randint(2, size=(2, 1 << 19))


def sums(samples: np.ndarray) -> list[float]:
    """Return a few numbers that change when any sample changes."""
    values = SIGNS[:, : len(samples)] @ samples
    return [*values.real.tolist(), *values.imag.tolist()]


def envelope(pulse: SymbolicPulse) -> np.ndarray:
    """Return the samples by the formula of a pulse.

    ``get_waveform`` makes samples of a size of 1 smaller by 1e-7 where rounding made them larger than 1, which depends
    on the processor.
    """
    samples = np.asarray(pulse._envelope_lam(*_get_expression_args(pulse._envelope, pulse.parameters)))
    assert np.abs(samples - pulse.get_waveform().samples).max(initial=0) < 1.01e-7
    return samples


class Pulses:
    """The distinct pulses of a device."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.listed: list[object] = []

    def index(self, pulse: object) -> int:
        """Return the number of a pulse, which is written down when it comes first."""
        key = pulse.name if isinstance(pulse, Waveform) else repr(pulse)
        if key not in self.known:
            self.known[key] = len(self.listed)
            if isinstance(pulse, Waveform):
                self.listed.append(["Waveform", pulse.name, len(pulse.samples), sums(pulse.samples)])
            else:
                values = {name: float(value) for name, value in pulse.parameters.items()}
                samples = envelope(pulse)
                self.listed.append([pulse.pulse_type, pulse.name, values, sums(samples)])
        return self.known[key]


def operand(instruction: object, pulses: Pulses) -> object:
    """Return what an instruction does, as JSON has it."""
    if isinstance(instruction, Play):
        return pulses.index(instruction.pulse)
    if isinstance(instruction, Delay):
        return instruction.duration
    if isinstance(instruction, Acquire):
        return [instruction.duration, *[channel.name for channel in instruction.channels]]
    value = instruction.operands[0]
    return float(value) if isinstance(value, (int, float)) else [str(value), sorted(p.name for p in value.parameters)]


def steps(schedule: object, pulses: Pulses) -> list[object]:
    """Return the instructions of a schedule."""
    return [[start, type(it).__name__, it.channel.name, operand(it, pulses)] for start, it in schedule.instructions]


def golden(name: str) -> dict[str, object]:
    """Return everything that is compared of a device."""
    folder = BACKENDS / name
    defaults = defaults_from_server_data(json.loads((folder / f"defs_{name}.json").read_text()))
    schedules, pulses = defaults.instruction_schedule_map, Pulses()
    commands = []
    for instruction in schedules.instructions:
        for qubits in schedules.qubits_with_instruction(instruction):
            with warnings.catch_warnings(record=True):
                warnings.simplefilter("always")
                schedule = schedules.get(instruction, qubits)
            if schedule is None:
                commands.append([instruction, qubits, None])
                continue
            names = schedules.get_parameters(instruction, qubits)
            bound = schedules.get(instruction, qubits, **{name: PARAMETERS[name] for name in names})
            phases = [it[3] for it in steps(bound, pulses) if it[1] == "ShiftPhase"] if names else []
            channels = [repr(channel) for channel in schedule.channels]
            commands.append(
                [instruction, qubits, schedule.duration, steps(schedule, pulses), list(names), phases, channels]
            )
    configuration = configuration_from_server_data(json.loads((folder / f"conf_{name}.json").read_text()))
    control = getattr(configuration, "control_channels", None)
    return {
        "qubit_freq_est": defaults.qubit_freq_est,
        "meas_freq_est": defaults.meas_freq_est,
        "buffer": defaults.buffer,
        "instructions": schedules.instructions,
        "commands": commands,
        "pulses": pulses.listed,
        "library": [[item.name, len(item.samples), sums(np.asarray(item.samples))] for item in defaults.pulse_library],
        "control": control
        and [[list(qubits), [channel.index for channel in channels]] for qubits, channels in control.items()],
    }


def shapes() -> list[object]:
    """Return what Qiskit makes of each shape: its name, the arguments, the name of the type, and sums of samples."""
    made = [(name, values, getattr(library, name)(**values)) for name, values in SHAPES]
    return [[name, values, pulse.pulse_type, sums(envelope(pulse))] for name, values, pulse in made]


def main() -> None:
    """Write a file per device, and one with the shapes."""
    (Path(__file__).parent / "shapes.json").write_text(json.dumps(shapes(), indent=1) + "\n")
    target = Path(__file__).parent / "pulse"
    for path in sorted(BACKENDS.glob("*/defs_*.json")):
        name = path.parent.name
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            text = json.dumps(golden(name), separators=(",", ":"))
            (target / f"{name}.json.xz").write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    main()
