# SPDX-License-Identifier: Apache-2.0
"""Schedules as OpenQASM 3: programs that are played again give the schedules that they were made of."""

from __future__ import annotations

import math
import pickle
import warnings

import numpy as np
import openqasm3
import pytest
from qiskit.circuit import Parameter
from tests.support.openpulse_player import Captured, Played, Player
from tests.support.pulses import defaults, devices

from qiskit_ibm_native import PulseDefaults, PulseError, Snapshot
from qiskit_ibm_native.pulse import (
    Acquire,
    AcquireChannel,
    Constant,
    ControlChannel,
    Delay,
    DeviceChannels,
    Drag,
    DriveChannel,
    Gaussian,
    GaussianSquare,
    MeasureChannel,
    MemorySlot,
    Play,
    PulseChannel,
    Schedule,
    Sech,
    SetFrequency,
    SetPhase,
    ShiftFrequency,
    ShiftPhase,
    Waveform,
    to_defcal,
    to_defcals,
)

D0, D1, U1 = DriveChannel(0), DriveChannel(1), ControlChannel(1)
VALUES = {"P0": 0.3, "P1": -1.7, "P2": 2.9}
G = Gaussian(16, 0.1, 4)


def performed(schedule, qubits, frequencies):
    """Return what a schedule does on each channel of some qubits, with the frequency and phase that each then has."""
    events, frames, clocks = {}, {}, {}
    for start, it in schedule.instructions:
        channel = it.channel
        is_own = isinstance(channel, PulseChannel) or (isinstance(channel, AcquireChannel) and channel.index in qubits)
        if not is_own:
            continue
        frame = frames.setdefault(channel.name, [frequencies[channel], 0.0])
        clocks[channel.name] = start + it.duration
        if isinstance(it, Play):
            events.setdefault(channel.name, []).append(Played(start, it.pulse.samples, *frame))
        elif isinstance(it, Acquire):
            events.setdefault(channel.name, []).append(Captured(start, it.duration, frame[0]))
        elif isinstance(it, ShiftPhase):
            frame[1] += it.phase
        elif isinstance(it, SetPhase):
            frame[1] = it.phase
        elif isinstance(it, ShiftFrequency):
            frame[0] += it.frequency
        elif isinstance(it, SetFrequency):
            frame[0] = it.frequency
    return events, frames, {name: clock for name, clock in clocks.items() if clock}


def compare(player, name, qubits, schedule, frequencies):
    """Make sure that a gate, played, is its schedule; return what its bits are."""
    operands = qubits if isinstance(qubits, tuple) else (qubits,)
    names = player.parameters(name, operands)
    assert names == sorted({one.name for one in schedule.parameters})
    bound = schedule.assign_parameters({one: VALUES[one] for one in names})
    capture = {f"a{qubit}": at % 2 for at, qubit in enumerate(operands)}.__getitem__
    played = player.play(name, operands, [VALUES[one] for one in names], capture)
    events, frames, clocks = performed(bound, operands, frequencies)
    assert played.clocks == clocks
    for port, (frequency, phase) in frames.items():
        assert played.frames[port] == (pytest.approx(frequency, abs=0, rel=1e-15), pytest.approx(phase, abs=1e-12))
    assert played.events.keys() == events.keys()
    for port, expected in events.items():
        for one, two in zip(played.events[port], expected, strict=True):
            assert type(one) is type(two)
            assert (one.start, one.frequency) == (two.start, pytest.approx(two.frequency, abs=0, rel=1e-15))
            if isinstance(two, Captured):
                assert one.duration == two.duration
            else:
                assert one.phase == pytest.approx(two.phase, abs=1e-12)
                np.testing.assert_allclose(one.samples, two.samples, atol=1e-14, rtol=0)
    return played.returned


def gates(schedules, leave_out=()):
    return {(name, qubits): schedules.get(name, qubits) for name in schedules.instructions if name not in leave_out
            for qubits in schedules.qubits_with_instruction(name)}  # fmt: skip


def same(text, schedules, frequencies):
    """Play all gates of a program, and compare each with its schedule."""
    openqasm3.parse(text)
    player = Player(text)
    assert len(player.gates) == len(schedules)
    for (name, qubits), schedule in schedules.items():
        bits = compare(player, name, qubits, schedule, frequencies)
        if name == "measure":
            assert bits == [at % 2 for at in range(len(qubits) if isinstance(qubits, tuple) else 1)]
        else:
            assert bits is None


# Gates of devices


@pytest.mark.parametrize("device", ["lima", pytest.param("washington", marks=pytest.mark.slow)])
def test_every_gate_of_a_device_is_played_as_its_schedule(device):
    made = Snapshot.load(device).defaults
    schedules = gates(made.instruction_schedule_map)
    text = to_defcals(schedules, frequencies=made.frequencies)
    assert text.count("cal {") == 1
    assert text.count("defcal ") == len(schedules)
    same(text, schedules, made.frequencies)


def test_gates_whose_waveforms_are_written_as_samples_are_played_as_their_schedules():
    made = Snapshot.load("lima").defaults
    schedules = gates(made.instruction_schedule_map, ["measure"])
    text = to_defcals(schedules, samples=True, frequencies=made.frequencies)
    assert "extern" not in text
    same(text, schedules, made.frequencies)


@pytest.mark.parametrize("device", devices())
@pytest.mark.slow
def test_gates_of_every_published_device_are_played_as_their_schedules(device):
    made = defaults(device)
    frequencies = dict.fromkeys(map(ControlChannel, range(400)), 5e9) | made.frequencies
    schedules, picked = made.instruction_schedule_map, {}
    for name in schedules.instructions:
        for qubits in schedules.qubits_with_instruction(name)[:6]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                schedule = schedules.get(name, qubits)
            # Readouts of 20,000 samples take the parser seconds each.
            if schedule is not None and len(to_defcal(schedule, name, qubits, frequencies=frequencies)) < 60_000:
                picked[name, qubits] = schedule
    assert len(picked) >= 8
    same(to_defcals(picked, frequencies=frequencies), picked, frequencies)


def test_control_channels_have_the_frequency_that_the_configuration_describes():
    for device in ("lima", "washington", "sherbrooke", "hanoi"):
        snapshot = Snapshot.load(device)
        configuration, frequencies = snapshot.configuration, snapshot.defaults.frequencies
        for channels in configuration.control_channels.values():
            for channel in channels:
                ((drive, factor),) = configuration.describe(channel).items()
                assert factor == 1
                assert frequencies[channel] == frequencies[drive]
    alone = PulseDefaults.from_payload(snapshot.payloads.defaults)
    assert not any(isinstance(channel, ControlChannel) for channel in alone.frequencies)
    together = PulseDefaults.from_payload(snapshot.payloads.defaults, configuration)
    assert together.frequencies == pickle.loads(pickle.dumps(together)).frequencies == frequencies
    cx = alone.instruction_schedule_map.get("cx", (0, 1))
    with pytest.raises(PulseError, match=r"The frequency of u\d+ is not among the frequencies that were given"):
        to_defcal(cx, "cx", (0, 1), frequencies=alone.frequencies)


def test_a_control_channel_may_be_a_sum_of_drives():
    terms = [[{"q": 0, "scale": 2.0 + 0j}, {"q": 1, "scale": -1.0 + 0j}], [], [{"q": 7, "scale": 1 + 0j}]]
    channels = DeviceChannels(2, u_channel_lo=terms)
    assert channels.control_frequencies({D0: 5e9, D1: 4e9}) == {ControlChannel(0): 6e9}


def test_a_backend_knows_the_frequencies_of_control_channels(local_provider):
    defaults_of_backend = local_provider.get_backend("ibm_lima").defaults()
    assert defaults_of_backend.frequencies == Snapshot.load("lima").defaults.frequencies


def random_schedule(random):
    """Return a schedule of two qubits with every kind of instruction, and the frequencies of its channels."""
    timed, frequencies = [], {}
    channels = [D0, D1, U1, MeasureChannel(0), AcquireChannel(0), AcquireChannel(1), AcquireChannel(2)]
    for channel in channels:
        clock, frequencies[channel] = 0, float(random.uniform(4e9, 7e9))
        for _ in range(int(random.integers(1, 12))):
            clock += int(random.choice([0, 0, 1, 16, 333]))
            value = float(random.choice([0.0, -np.pi / 2, 1e-9, random.uniform(-7, 7)]))
            pulse = random.choice([G, Drag(7, 0.3, 2.5, value, angle=value), Waveform(random.uniform(-1, 1, 3))])
            kinds = [
                lambda: Play(pulse, channel), lambda: Delay(int(random.integers(0, 40)), channel),
                lambda: ShiftPhase(value, channel), lambda: SetPhase(value, channel),
                lambda: ShiftFrequency(value * 1e6, channel), lambda: SetFrequency(5e9 + value * 1e6, channel),
            ]  # fmt: skip
            if isinstance(channel, AcquireChannel):
                kinds = [lambda: Acquire(9, channel, MemorySlot(channel.index)), kinds[1]]
            instruction = random.choice(kinds)()
            timed.append((clock, instruction))
            clock += instruction.duration
    return Schedule(*timed), frequencies


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("samples", [False, True])
def test_random_schedules_are_played_as_they_are(seed, samples):
    schedule, frequencies = random_schedule(np.random.default_rng(seed))
    text = to_defcal(schedule, "g", (1, 0), samples, frequencies) if _records(schedule, {0, 1}) else None
    if text is None:
        with pytest.raises(PulseError, match="records no signal"):
            to_defcal(schedule, "g", (1, 0), samples, frequencies)
        return
    openqasm3.parse(text)
    bits = compare(Player(text), "g", (1, 0), schedule, frequencies)
    assert len(bits or []) == len({it.channel for _, it in schedule.instructions if isinstance(it, Acquire)}
                            - {AcquireChannel(2)})  # fmt: skip


def _records(schedule, qubits):
    acquired = {it.channel.index for _, it in schedule.instructions if isinstance(it, Acquire)}
    return not acquired or not acquired.isdisjoint(qubits)


@pytest.mark.parametrize("name", ["measure", "reset", "delay"])
def test_operations_of_openqasm_are_defined_as_gates_are(name):
    schedule = Schedule(Play(G, D0), (16, Acquire(8, AcquireChannel(0), MemorySlot(0))))
    frequencies = {D0: 5e9, AcquireChannel(0): 7e9}
    text = to_defcal(schedule, name, 0, frequencies=frequencies)
    openqasm3.parse(text)
    assert compare(Player(text), name, 0, schedule, frequencies) == [0]


# Frames


def test_frames_have_clocks_phases_and_frequencies():
    schedule = Schedule(
        (8, Play(G, D0)), (40, SetPhase(0.5, D0)), (40, Play(G, D0)), (56, ShiftPhase(0.25, D0)), (60, Play(G, D0)),
        (0, Delay(20, U1)), (20, ShiftFrequency(1e6, U1)), (20, Play(G, U1)), (50, SetFrequency(5e9, U1)),
        (50, ShiftPhase(-1, U1)), (50, Delay(3, U1)), (53, Play(G, U1)), (90, Delay(7, U1)), (0, Play(Waveform([]), D0)),
    )  # fmt: skip
    frequencies = {D0: 5.1e9, U1: 4.9e9}
    text = to_defcal(schedule, "x", 0, frequencies=frequencies)
    player = Player(text)
    compare(player, "x", 0, Schedule(*(it for it in schedule.instructions if it[1].duration or it[1].channel != D0
                                       or not isinstance(it[1], Play))), frequencies)  # fmt: skip
    played = player.play("x", (0,))
    assert [(one.start, one.frequency, one.phase) for one in played.events["u1"]] == [
        (20, 4.901e9, 0.0), (53, 5e9, -1.0),
    ]  # fmt: skip
    assert [(one.start, one.phase) for one in played.events["d0"]] == [(8, 0.0), (40, 0.5), (60, 0.75)]
    assert played.clocks == {"d0": 76, "u1": 97}


def test_without_frequencies_the_program_asks_for_them():
    text = to_defcal(Schedule(Play(G, D0), Play(G, U1)), "x", 0)
    player = Player(text, {"d0_frequency": 5e9, "u1_frequency": 4e9})
    played = player.play("x", (0,))
    assert [played.events[port][0].frequency for port in ("d0", "u1")] == [5e9, 4e9]


def test_gates_share_ports_frames_and_waveforms():
    one, two = Schedule(Play(G, D0)), Schedule(Play(G, D0), (16, Play(Drag(16, 0.2, 4, 1.5), D0)), Play(G, D1))
    text = to_defcals({("x", 0): one, ("h", (0, 1)): two}, frequencies={D0: 5e9, D1: 4e9})
    same(text, {("x", 0): one, ("h", (0, 1)): two}, {D0: 5e9, D1: 4e9})
    assert text.count("port d0;") == text.count("frame d0_frame") == text.count("= gaussian(") == 1


# Measurements


def test_the_measurement_of_a_qubit_records_that_qubit_alone():
    made = Snapshot.load("washington").defaults
    schedule = made.instruction_schedule_map.get("measure", 3)
    assert sum(isinstance(it, Acquire) for _, it in schedule.instructions) == 127
    text = to_defcal(schedule, "measure", 3, frequencies=made.frequencies)
    played = Player(text).play("measure", (3,), capture={"a3": 1}.__getitem__)
    assert played.returned == [1]
    assert played.events.keys() == {"a3", "m3"}
    assert text.count("capture_v2(a") == 1
    assert "-> bit {" in text


def test_the_measurement_of_several_qubits_returns_their_bits_in_order():
    made = defaults("lima")
    schedule = made.instruction_schedule_map.get("measure", range(5))
    for qubits in (range(5), (3, 0, 4, 1, 2)):
        text = to_defcal(schedule, "measure", qubits, frequencies=made.frequencies)
        assert "-> bit[5] {" in text
        bits = {"a0": 1, "a1": 0, "a2": 0, "a3": 1, "a4": 1}
        assert Player(text).play("measure", tuple(qubits), capture=bits.get).returned == [
            bits[f"a{qubit}"] for qubit in qubits
        ]


def test_a_qubit_that_is_recorded_twice_returns_its_last_bit():
    a0, slot = AcquireChannel(0), MemorySlot(0)
    schedule = Schedule((0, Acquire(8, a0, slot)), (20, Acquire(4, a0, slot)), (24, Delay(99, slot)))
    bits = iter([1, 0])
    player = Player(to_defcal(schedule, "measure", 0, frequencies={a0: 7e9}))
    played = player.play("measure", (0,), capture=lambda _: next(bits))
    assert played.events == {"a0": [Captured(0, 8, 7e9), Captured(20, 4, 7e9)]}
    assert played.returned == [0]


def test_gates_with_recordings_return_bits_of_the_qubits_that_they_record():
    schedule = Schedule(Play(G, D0), Play(G, D1), (16, Acquire(8, AcquireChannel(1), MemorySlot(0))))
    text = to_defcal(schedule, "peek", (0, 1))
    assert "defcal peek $0, $1 -> bit {" in text
    assert "defcal x $0 {" in to_defcal(Schedule(Play(G, D0)), "x", 0)


# Numbers and expressions


def test_numbers_of_numpy_and_nearly_equal_pulses_are_written_as_they_are():
    pulse = Gaussian(16, np.float64(0.1), np.float64(4))
    other = Gaussian(16, 0.1000001, 4)
    schedule = Schedule((0, ShiftPhase(np.float32(0.5), D0)), (0, Play(pulse, D0)), (16, Play(other, D0)))
    text = to_defcal(schedule, "x", np.int64(0), frequencies={D0: np.float64(5e9)})
    compare(Player(text), "x", 0, schedule, {D0: 5e9})
    assert "np." not in text
    assert text.count("= gaussian(") == 2


@pytest.mark.parametrize(
    "pulse",
    [
        Gaussian(33, 0.3, 7.5, angle=2.0), Drag(32, 0.3, 7.5, -1.25, angle=-2.0), Constant(5, 0.3, angle=3.0),
        GaussianSquare(64, 0.3, 4.5, 31.5, angle=0.1), GaussianSquare(64, 0.3, 4.5, 0), Sech(16, 0.4, 3.0),
        Waveform([1e-17 - 2.5e-300j, 0.1 - 0.2j, 1 / 3, -0.0]),
    ],
    ids=lambda it: it.name or getattr(it, "shape", "waveform"),
)  # fmt: skip
@pytest.mark.parametrize("samples", [False, True])
def test_pulses_are_played_as_they_are(pulse, samples):
    schedule = Schedule(Play(pulse, D0))
    text = to_defcal(schedule, "x", 0, samples, {D0: 5e9})
    compare(Player(text), "x", 0, schedule, {D0: 5e9})
    if samples:
        (played,) = Player(text).play("x", (0,)).events["d0"]
        np.testing.assert_array_equal(played.samples, pulse.samples)


def test_expressions_mean_in_openqasm_what_they_mean_in_qiskit():
    p0, p1 = Parameter("P0"), Parameter("P1")
    expressions = [
        p0.arcsin() + p0**2, p0 / 2 + 1 / p0, -(p0**2), (p0 + p1) * 3 - (p1 - 1), p1.cos().arccos() * p0.log().exp(),
        p0.arctan().tan().sin(), 1e25 * p0, 1e-12 * p0 - 1e-17, (p0**p0) ** 2, (-p1) ** (p0**2), 2**p1, p0 / (p1 * 3),
    ]  # fmt: skip
    schedule = Schedule(*((0, SetPhase(one, DriveChannel(at))) for at, one in enumerate(expressions)))
    qubits = tuple(range(len(expressions)))
    frequencies = {DriveChannel(qubit): 5e9 for qubit in qubits}
    player = Player(to_defcal(schedule, "rz", qubits, frequencies=frequencies))
    frames = player.play("rz", qubits, [VALUES["P0"], VALUES["P1"]]).frames
    for at, one in enumerate(expressions):
        value = one
        for parameter in one.parameters:
            value = value.assign(parameter, VALUES[parameter.name])
        assert frames[f"d{at}"][1] == pytest.approx(value.numeric(), rel=1e-14)


def test_parameters_may_have_letters_of_every_alphabet():
    schedule = Schedule(ShiftPhase(Parameter("θ_1") / 2, D0))
    player = Player(to_defcal(schedule, "ünit", 0, frequencies={D0: 5e9}))
    assert player.play("ünit", (0,), [math.pi]).frames["d0"][1] == math.pi / 2


# Refusals


@pytest.mark.parametrize("name", ["x y", "2x", "", "x;", "x-1", "x²", "q[0]", "gate", "if", "pi", None, 3])
def test_a_gate_needs_a_name_of_openqasm(name):
    with pytest.raises(PulseError, match=r"cannot be the name of a|must be a string"):
        to_defcal(Schedule(Delay(1, D0)), name, 0)


@pytest.mark.parametrize(
    "name", ["v[0]", "result", "d0", "d0_frame", "wave_0", "gaussian", "play", "measure", "sin", "π"]
)
def test_a_parameter_needs_a_name_that_nothing_else_has(name):
    with pytest.raises(PulseError, match=r"name|word"):
        to_defcal(Schedule(ShiftPhase(Parameter(name), D0), Play(G, D0)), "x", 0)


def test_different_parameters_of_the_same_name_are_refused():
    schedule = Schedule(ShiftPhase(Parameter("a"), D0), ShiftPhase(Parameter("a"), D0))
    with pytest.raises(PulseError, match="different parameters of the same name"):
        to_defcal(schedule, "x", 0)


@pytest.mark.parametrize("qubits", [-1, (), (0, 0), "0", 0.0, None, True, ("0",), (0, -2)])
def test_qubits_are_different_whole_numbers(qubits):
    with pytest.raises(PulseError, match="x needs one or more different qubits"):
        to_defcal(Schedule(Play(G, D0)), "x", qubits)


def test_qubits_are_those_that_the_schedule_plays_on():
    for channel in (D1, MeasureChannel(1)):
        with pytest.raises(
            PulseError, match=rf"x on \$0 is given a schedule of other qubits, which has {channel.name}"
        ):
            to_defcal(Schedule(Play(G, D0), Play(G, channel)), "x", 0)
    measure = defaults("lima").instruction_schedule_map.get("measure", 2)
    with pytest.raises(PulseError, match=r"measure on \$2, \$7 is given a schedule that records no signal of \$7"):
        to_defcal(measure, "measure", (2, 7))
    with pytest.raises(PulseError, match=r"records no signal of \$0"):
        to_defcal(Schedule(Play(G, D0)), "measure", 0)
    with pytest.raises(PulseError, match=r"x on \$0 is given a schedule that records no signal of \$0"):
        to_defcal(Schedule(Acquire(8, AcquireChannel(1), MemorySlot(0))), "x", 0)


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        (Play(Gaussian(16, 0.1, Parameter("s")), D0), "is not bound"),
        (ShiftPhase(abs(Parameter("s")), D0), r"OpenQASM 3 has no function abs\(\)"),
        (ShiftPhase(Parameter("s") * 1e200 * 1e200, D0), "inf is not a finite real number"),
        (ShiftPhase(Parameter("s") * (1 + 2j), D0), "is not a finite real number"),
    ],
)
def test_what_openqasm_cannot_say_is_refused(instruction, message):
    with pytest.raises(PulseError, match=message):
        to_defcal(Schedule(instruction), "x", 0)


def test_expressions_that_qiskit_writes_as_another_one_are_refused():
    a, b, c = map(Parameter, "abc")
    values = {"a": 0.7, "b": 1.3, "c": 0.4}
    for wrong in (a / -(b / c), a / -(b * c), a / -b / c, c * (a / -(b**a * c)), (a / -(b.sin() / c)).cos() + 1):
        with pytest.raises(PulseError, match="put the sign in front of the quotient"):
            to_defcal(Schedule(ShiftPhase(wrong, D0)), "x", 0)
    for right in (-(a / (b / c)), a / -b, a / -b + c, (a / -b) ** 2 - c, a / -(b**c), a / ((-b) / c), c * (a / -b)):
        player = Player(to_defcal(Schedule(ShiftPhase(right, D0)), "x", 0, frequencies={D0: 5e9}))
        names = sorted(one.name for one in right.parameters)
        phase = right.bind({one: values[one.name] for one in right.parameters}).numeric()
        assert player.play("x", (0,), [values[name] for name in names]).frames["d0"][1] == pytest.approx(phase)


@pytest.mark.parametrize("frequency", [float("nan"), float("inf")])
def test_frequencies_of_frames_are_finite(frequency):
    with pytest.raises(PulseError, match="the number must be finite"):
        to_defcal(Schedule(Play(G, D0)), "x", 0, frequencies={D0: frequency})


@pytest.mark.parametrize("schedule", [None, "x", [Play(G, D0)]])
def test_a_gate_needs_a_schedule(schedule):
    with pytest.raises(PulseError, match="x needs a schedule, not"):
        to_defcal(schedule, "x", 0)


def test_gates_are_given_by_name_and_qubits_and_once():
    schedule = Schedule(Play(G, D0))
    with pytest.raises(PulseError, match=r"A gate is given more than once; gates are x on \$0, x on \$0"):
        to_defcals({("x", 0): schedule, ("x", (0,)): schedule})
    with pytest.raises(PulseError, match="Schedules are given by gate and qubits"):
        to_defcals({"x": schedule})
    with pytest.raises(PulseError, match="has the name of an input of the program"):
        to_defcal(schedule, "d0_frequency", 0)
