# SPDX-License-Identifier: Apache-2.0
"""Schedules as JSON, as arrays, and as OpenQASM 3."""

from __future__ import annotations

import json

import numpy as np
import openpulse
import openqasm3
import pytest
from openpulse import ast
from qiskit.circuit import Parameter
from tests.support.pulses import defaults

from qiskit_ibm_native import PulseError
from qiskit_ibm_native.pulse import (
    Acquire,
    AcquireChannel,
    ControlChannel,
    Delay,
    DriveChannel,
    Gaussian,
    MemorySlot,
    Play,
    Schedule,
    SetFrequency,
    SetPhase,
    ShiftFrequency,
    ShiftPhase,
    Waveform,
    to_defcal,
)

D0, D1 = DriveChannel(0), DriveChannel(1)


def test_json_has_everything():
    schedule = Schedule(
        (0, ShiftPhase(-Parameter("a"), D0)), (0, Play(Gaussian(160, 0.1, 40, name="g"), D0)),
        (0, Play(Waveform([0.5, 0.25j]), D1)), (2, SetFrequency(5e9, D1)), (2, Delay(3, D1)),
        (9, Acquire(4, AcquireChannel(0), MemorySlot(2))), name="s",
    )  # fmt: skip
    assert json.loads(schedule.to_json()) == {
        "name": "s",
        "duration": 160,
        "instructions": [
            {"name": "ShiftPhase", "start": 0, "channel": "d0", "phase": "-a"},
            {"name": "Play", "start": 0, "channel": "d1", "pulse": {"name": None, "samples": [[0.5, 0], [0, 0.25]]}},
            {
                "name": "Play", "start": 0, "channel": "d0",
                "pulse": {
                    "name": "g", "shape": "gaussian",
                    "parameters": {"duration": 160, "sigma": 40, "amp": 0.1, "angle": 0.0},
                },
            },
            {"name": "SetFrequency", "start": 2, "channel": "d1", "frequency": 5e9},
            {"name": "Delay", "start": 2, "channel": "d1", "duration": 3},
            {"name": "Acquire", "start": 9, "channel": "a0", "duration": 4, "memory_slot": 2},
        ],
    }  # fmt: skip


def test_every_schedule_of_a_device_is_json():
    schedules = defaults("lima").instruction_schedule_map
    for name in schedules.instructions:
        for qubits in schedules.qubits_with_instruction(name):
            schedule = schedules.get(name, qubits)
            assert len(json.loads(schedule.to_json())["instructions"]) == len(schedule)


def test_arrays_have_what_is_played_and_when():
    schedule = defaults("lima").instruction_schedule_map.get("cx", (0, 1))
    arrays = schedule.to_arrays()
    assert set(arrays) == set(schedule.channels)
    for channel, (times, samples) in arrays.items():
        assert times.dtype == np.int64
        assert samples.dtype == np.complex128
        assert times.shape == samples.shape
        assert (np.diff(times) > 0).all()
        played = [(start, it) for start, it in schedule.instructions if it.channel == channel and isinstance(it, Play)]
        assert len(times) == sum(it.duration for _, it in played)
        for start, it in played:
            np.testing.assert_array_equal(samples[np.searchsorted(times, start) :][: it.duration], it.pulse.samples)


def test_arrays_may_have_the_phases_of_their_channels():
    pulse = Gaussian(16, 0.1, 4)
    schedule = Schedule(
        (0, Play(pulse, D0)), (16, ShiftPhase(0.5, D0)), (16, ShiftPhase(0.25, D0)), (16, Play(pulse, D0)),
        (32, SetPhase(-1.0, D0)), (32, Play(pulse, D0)), (0, Play(pulse, D1)),
    )  # fmt: skip
    samples = schedule.to_arrays(apply_phases=True)[D0].samples.reshape(3, 16)
    np.testing.assert_allclose(samples, pulse.samples * np.exp(1j * np.array([[0.0], [0.75], [-1.0]])))
    np.testing.assert_array_equal(schedule.to_arrays()[D0].samples.reshape(3, 16)[1], pulse.samples)
    with pytest.raises(PulseError, match="is not bound"):
        Schedule((0, ShiftPhase(Parameter("a"), D0))).to_arrays(apply_phases=True)


# OpenQASM


def parsed(text):
    """Return the defcal of a program, which both packages must understand."""
    openqasm3.parse(text)
    return openpulse.parse(text).statements[-1]


@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("device", ["lima", "peekskill", "boeblingen"])
@pytest.mark.slow
def test_every_kind_of_gate_is_openqasm(device, samples):
    made = defaults(device)
    schedules = made.instruction_schedule_map
    for name in schedules.instructions:
        qubits = schedules.qubits_with_instruction(name)[0]
        schedule = schedules.get(name, qubits)
        text = to_defcal(schedule, name, qubits, samples, made.frequencies)
        defcal = parsed(text)
        assert defcal.name.name == name
        assert [qubit.name for qubit in defcal.qubits] == [
            f"${it}" for it in (qubits if isinstance(qubits, tuple) else [qubits])
        ]
        assert [argument.name.name for argument in defcal.arguments] == list(schedules.get_parameters(name, qubits))
        if len(schedule) > 50:
            continue
        calls = [it.expression.name.name for it in defcal.body if isinstance(it, ast.ExpressionStatement)]
        assert calls.count("play") == sum(isinstance(it, Play) for _, it in schedule.instructions)
        assert calls.count("shift_phase") == sum(isinstance(it, ShiftPhase) for _, it in schedule.instructions)


def test_frames_have_their_frequencies_and_clocks():
    pulse = Gaussian(16, 0.1, 4)
    schedule = Schedule(
        (8, Play(pulse, D0)), (40, SetPhase(0.5, D0)), (40, Play(pulse, D0)), (0, Delay(20, ControlChannel(1))),
        (20, ShiftFrequency(1e6, ControlChannel(1))), (20, SetFrequency(5e9, ControlChannel(1))),
    )  # fmt: skip
    text = to_defcal(schedule, "x", 0, frequencies={D0: 5.1e9})
    parsed(text)
    lines = [line.strip() for line in text.splitlines()]
    assert "frame d0_frame = newframe(d0, 5100000000.0, 0.0);" in lines
    assert "// The frequency of u1 is not known here." in lines
    assert "waveform wave_0 = gaussian(0.1 + 0.0im, 16dt, 4dt);" in lines
    body = lines[lines.index("defcal x $0 {") + 1 : -1]
    assert [line for line in body if "d0" in line] == [
        "delay[8dt] d0_frame;", "play(d0_frame, wave_0);", "delay[16dt] d0_frame;", "set_phase(d0_frame, 0.5);",
        "play(d0_frame, wave_0);",
    ]  # fmt: skip
    assert [line for line in body if "u1" in line] == [
        "delay[20dt] u1_frame;", "shift_frequency(u1_frame, 1000000.0);", "set_frequency(u1_frame, 5000000000.0);",
    ]  # fmt: skip


def test_the_measurement_of_a_qubit_returns_its_bit():
    schedules = defaults("lima").instruction_schedule_map
    text = to_defcal(schedules.get("measure", 2), "measure", 2)
    defcal = parsed(text)
    assert defcal.return_type is not None
    assert "bit result = capture_v2(a2_frame, " in text
    assert text.count("bit result") == text.count("return result;") == 1
    assert "return" not in to_defcal(schedules.get("measure", range(5)), "measure", range(5))


def test_numbers_of_numpy_and_nearly_equal_pulses_are_written_as_they_are():
    pulse = Gaussian(16, np.float64(0.1), np.float64(4))
    other = Gaussian(16, 0.1000001, 4)
    schedule = Schedule((0, ShiftPhase(np.float32(0.5), D0)), (0, Play(pulse, D0)), (16, Play(other, D0)))
    text = to_defcal(schedule, "x", 0)
    parsed(text)
    assert "np." not in text
    assert "wave_1 = gaussian(0.1000001 + 0.0im, 16dt, 4dt)" in text
    assert json.loads(schedule.to_json())["instructions"][0]["phase"] == 0.5
    for wrong in (ShiftPhase(float("nan"), D0), Play(Gaussian(16, 0.1, Parameter("s")), D0)):
        with pytest.raises(PulseError):
            to_defcal(Schedule(wrong), "x", 0)


def test_samples_are_written_exactly():
    text = to_defcal(Schedule((0, Play(Waveform([0.1 - 0.2j, 1 / 3]), D0))), "x", 0)
    assert "waveform wave_0 = {0.1 - 0.2im, 0.3333333333333333 + 0.0im};" in text


def test_expressions_are_written_in_the_words_of_openqasm():
    angle = Parameter("P0")
    schedule = Schedule((0, ShiftPhase(angle.arcsin() + angle**2, D0)), (0, Play(Waveform([1e-17 - 2.5e-300j]), D0)))
    text = to_defcal(schedule, "x", 0)
    parsed(text)
    assert "arcsin(P0)" in text
    assert "{1e-17 - 2.5e-300im}" in text


@pytest.mark.parametrize("name", ["x y", "2x", "", "x;"])
def test_a_gate_needs_a_name_of_openqasm(name):
    with pytest.raises(PulseError, match="is no name in OpenQASM 3"):
        to_defcal(Schedule(Delay(1, D0)), name, 0)
