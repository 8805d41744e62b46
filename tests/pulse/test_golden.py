# SPDX-License-Identifier: Apache-2.0
"""Every command of every published pulse defaults payload, beside what Qiskit 1.4.5 makes of it."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from tests.support import TESTS
from tests.support.pulses import PARAMETERS, defaults, devices, golden, sums

from qiskit_ibm_native.pulse import Acquire, Delay, Play, ShiftPhase, Waveform, library
from qiskit_ibm_native.pulse.waveforms import SHAPES

#: The two sums of 22,400 samples may be off by the rounding of as many additions.
TOLERANCE = 1e-12


def test_there_are_44_devices():
    assert len(devices()) == 44


@pytest.fixture(params=devices())
def device(request):
    return request.param


def _operand(instruction, pulses):
    if isinstance(instruction, Play):
        return pulses.index(instruction.pulse)
    if isinstance(instruction, Delay):
        return instruction.duration
    if isinstance(instruction, Acquire):
        return [instruction.duration, *[channel.name for channel in instruction.channels]]
    value = instruction.phase
    return value if isinstance(value, float) else [str(value), sorted(one.name for one in value.parameters)]


class _Pulses:
    """The distinct pulses of a device by how they are written."""

    def __init__(self):
        self.known = {}
        self.listed = []

    def index(self, pulse):
        key = pulse.name if isinstance(pulse, Waveform) else repr(pulse)
        if key not in self.known:
            self.known[key] = len(self.listed)
            self.listed.append(pulse)
        return self.known[key]


def _steps(schedule, pulses):
    return [[start, type(it).__name__, it.channel.name, _operand(it, pulses)] for start, it in schedule.instructions]


@pytest.mark.slow
def test_commands_and_pulses_equal_those_of_qiskit_1(device):
    # Of its own: other tests may have been warned of an entry, which is once.
    schedules = defaults.__wrapped__(device).instruction_schedule_map
    expected, pulses = golden(device), _Pulses()
    gates = []
    for name, qubits, duration, *content in expected["commands"]:
        gates.append((name, tuple(qubits) if isinstance(qubits, list) else qubits))
        if duration is None:
            with pytest.warns(UserWarning, match="cannot be built and the entry is ignored"):
                assert schedules.get(*gates[-1]) is None
            continue
        steps, parameters, bound_phases, channels = content
        schedule = schedules.get(*gates[-1])
        assert schedule.name == name
        assert schedule.duration == duration
        assert _steps(schedule, pulses) == steps
        assert list(schedules.get_parameters(*gates[-1])) == parameters
        assert [repr(channel) for channel in schedule.channels] == channels
        if parameters:
            bound = schedules.get(*gates[-1], **{name: PARAMETERS[name] for name in parameters})
            assert not bound.is_parameterized()
            phases = [it.phase for _, it in bound.instructions if isinstance(it, ShiftPhase)]
            # Qiskit 1.4 rounds what it binds to ten decimals.
            assert phases == pytest.approx(bound_phases, abs=1e-10)
    assert gates == [(name, it) for name in schedules.instructions for it in schedules.qubits_with_instruction(name)]
    assert len(pulses.listed) == len(expected["pulses"])
    for pulse, (kind, name, values, expected_sums) in zip(pulses.listed, expected["pulses"]):
        assert pulse.name == name
        if kind == "Waveform":
            assert pulse.duration == values
        else:
            assert pulse.pulse_type == kind
            # numpy's size of a complex number is off by a bit on some processors.
            assert pulse.parameters == pytest.approx(values, rel=4e-16, abs=0)
        assert sums(pulse.samples) == pytest.approx(expected_sums, abs=TOLERANCE, rel=0)


def test_every_public_shape_has_the_samples_of_qiskit_1():
    made = json.loads((TESTS / "golden" / "shapes.json").read_text())
    for name, values, pulse_type, expected in made:
        shape = getattr(library, name)(**values)
        assert shape.pulse_type == pulse_type
        assert sums(shape.samples) == pytest.approx(expected, abs=TOLERANCE, rel=0)
        assert pickle.loads(pickle.dumps(shape)) == shape
    shapes = {shape for shape, (display_name, _) in SHAPES.items() if display_name in {it[2] for it in made}}
    assert shapes == set(SHAPES)


def test_the_rest_of_the_defaults_equals_that_of_qiskit_1(device):
    expected, made = golden(device), defaults(device)
    assert made.qubit_freq_est == expected["qubit_freq_est"]
    assert made.meas_freq_est == expected["meas_freq_est"]
    assert made.buffer == expected["buffer"]
    assert made.instruction_schedule_map.instructions == expected["instructions"]
    library = [[item.name, len(item.samples)] for item in made.pulse_library]
    assert library == [item[:2] for item in expected["library"]]
    for item, (_, _, expected_sums) in zip(made.pulse_library, expected["library"]):
        assert sums(item.samples) == expected_sums
        assert not item.samples.flags.writeable


def test_sums_notice_a_small_error_of_any_sample():
    samples = defaults("lima").instruction_schedule_map.get("x", 0).instructions[0][1].pulse.samples
    for at in range(len(samples)):
        wrong = samples.copy()
        wrong[at] += 3e-12
        assert sums(wrong) != pytest.approx(sums(samples), abs=TOLERANCE, rel=0)
    assert np.abs(samples).max() > 0.01
