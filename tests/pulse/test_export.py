# SPDX-License-Identifier: Apache-2.0
"""Schedules as JSON and as arrays."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qiskit.circuit import Parameter
from tests.support.pulses import defaults, devices

from qiskit_ibm_native import PulseError
from qiskit_ibm_native.pulse import (
    Acquire,
    AcquireChannel,
    Delay,
    Discriminator,
    DriveChannel,
    Gaussian,
    Kernel,
    MemorySlot,
    Play,
    Schedule,
    SetFrequency,
    SetPhase,
    ShiftPhase,
    Waveform,
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


def test_json_has_kernels_and_discriminators():
    weights = np.array([0.5, 0.25j])
    kernel = Kernel("boxcar", start_window=0, weights=weights, scale=np.float64(2.0))
    acquire = Acquire(4, AcquireChannel(0), MemorySlot(0), kernel=kernel, discriminator=Discriminator("linear", iq=1j))
    (written,) = json.loads(Schedule(acquire).to_json())["instructions"]
    assert written["kernel"] == {
        "name": "boxcar",
        "params": {"start_window": 0, "weights": [[0.5, 0.0], [0.0, 0.25]], "scale": 2.0},
    }
    assert written["discriminator"] == {"name": "linear", "params": {"iq": [0.0, 1.0]}}
    for senseless in (object(), float("nan")):
        with pytest.raises(PulseError, match="cannot be written as JSON"):
            Schedule(Acquire(4, AcquireChannel(0), MemorySlot(0), kernel=Kernel("k", a=senseless))).to_json()


@pytest.mark.parametrize("device", devices())
def test_json_has_the_kernels_of_payloads(device):
    schedules = defaults(device).instruction_schedule_map
    qubits = schedules.qubits_with_instruction("measure")[0]
    schedule = schedules.get("measure", qubits)
    written = json.loads(schedule.to_json())["instructions"]
    for (_, instruction), it in zip(schedule.instructions, written, strict=True):
        for key in ("kernel", "discriminator"):
            option = getattr(instruction, key, None)
            assert it.get(key) == (None if option is None else {"name": option.name, "params": option.params})


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
