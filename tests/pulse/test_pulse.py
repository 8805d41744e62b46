# SPDX-License-Identifier: Apache-2.0
"""Channels, pulses, instructions and schedules as values."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from qiskit.circuit import Parameter, ParameterVector
from tests.support import ROOT
from tests.support.pulses import defaults

from qiskit_ibm_native import PulseError, pulse
from qiskit_ibm_native.pulse import (
    Acquire,
    AcquireChannel,
    ControlChannel,
    Delay,
    Drag,
    DriveChannel,
    Gaussian,
    GaussianSquare,
    MeasureChannel,
    MemorySlot,
    Play,
    RegisterSlot,
    Schedule,
    SetFrequency,
    SetPhase,
    ShiftFrequency,
    ShiftPhase,
    Waveform,
)

D0, D1, U0 = DriveChannel(0), DriveChannel(1), ControlChannel(0)


def test_channels_are_values():
    assert D0 == DriveChannel(0) != DriveChannel(1)
    assert MeasureChannel(0) != MemorySlot(0)
    assert len({D0, DriveChannel(0), MeasureChannel(0), MemorySlot(0)}) == 3
    assert [D0.index, D0.name, repr(D0)] == [0, "d0", "DriveChannel(0)"]
    names = [kind(3).name for kind in (MeasureChannel, ControlChannel, AcquireChannel, MemorySlot, RegisterSlot)]
    assert names == ["m3", "u3", "a3", "m3", "c3"]
    assert sorted([DriveChannel(10), U0, DriveChannel(2), AcquireChannel(1)]) == [
        AcquireChannel(1), DriveChannel(2), DriveChannel(10), U0,
    ]  # fmt: skip
    assert D0 <= D0 < D1 <= U0 > D1 >= D0
    assert pickle.loads(pickle.dumps(U0)) == U0
    assert DriveChannel(np.int64(7)).index == 7


@pytest.mark.parametrize("index", [-1, 0.5, "0", None])
def test_a_channel_needs_an_index_from_0(index):
    with pytest.raises(PulseError, match="nonnegative integer"):
        DriveChannel(index)


def test_groups_of_channels_have_no_instances():
    with pytest.raises(PulseError, match="use one of its subclasses"):
        pulse.PulseChannel(0)


def test_every_exported_name_is_there():
    for name in pulse.__all__:
        assert getattr(pulse, name).__name__ == name


def test_names_of_shapes_in_the_documentation_are_there():
    page = (ROOT / "docs/pulse.md").read_text()
    names = re.findall(r"`(\w+)`", page.partition("Shapes of pulses are ")[2].partition("any samples")[0])
    assert len(names) == 15
    assert [name for name in names if not hasattr(pulse, name)] == []


def test_names_that_are_not_here_say_what_is():
    for name, advice in (("GaussianSquareEcho", "gaussian_square_echo"), ("ScheduleBlock", "programs of pulses")):
        with pytest.raises(AttributeError, match=rf"no attribute '{name}': .*{advice}"):
            getattr(pulse, name)
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        _ = pulse.nonsense


def test_pulses_need_no_qiskit_until_there_is_a_parameter():
    code = """
import sys
from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.pulse import DriveChannel, Gaussian, Play
schedules = Snapshot.load("lima").defaults.instruction_schedule_map
assert (schedules.get("x", 0) | Play(Gaussian(160, 0.1, 40), DriveChannel(1))).to_arrays()
assert "qiskit" not in sys.modules
assert schedules.get_parameters("u3", 0) == ("P0", "P1", "P2")
assert "qiskit" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# Pulses


def test_a_gaussian_is_0_one_sample_outside_and_has_its_peak_in_the_middle():
    samples = Gaussian(161, 0.5, 40, angle=np.pi / 2).samples
    assert samples.shape == (161,)
    assert samples.dtype == np.complex128
    assert not samples.flags.writeable
    assert samples[80] == pytest.approx(0.5j)
    t = np.arange(161) + 0.5
    g = np.exp(-(((t - 80.5) / 40) ** 2) / 2)
    edge = np.exp(-(((162 - 80.5) / 40) ** 2) / 2)
    np.testing.assert_allclose(samples, 0.5j * (g - edge) / (1 - edge), rtol=0, atol=1e-15)


def test_waves_have_their_formulas():
    t = np.arange(100) + 0.5
    np.testing.assert_allclose(pulse.Sin(100, 0.3, 0.2, 0.03).samples, 0.3 * np.sin(2 * np.pi * 0.03 * t + 0.2))
    np.testing.assert_allclose(pulse.Cos(100, 0.3, 0.2).samples, 0.3 * np.cos(2 * np.pi * t / 100 + 0.2))
    np.testing.assert_allclose(pulse.Square(100, 0.3, 0.0).samples.real, [0.3] * 50 + [-0.3] * 50)
    np.testing.assert_allclose(pulse.Sawtooth(100, 0.4, 0.0).samples[:50].real, 0.8 * t[:50] / 100)
    np.testing.assert_allclose(pulse.Triangle(100, 0.4, 0.0).samples[:25].real, 1.6 * t[:25] / 100)
    np.testing.assert_allclose(pulse.Constant(3, 0.5, np.pi).samples, [-0.5] * 3)


def test_an_echo_changes_its_sign_in_the_middle_and_an_active_part_does_not():
    echo = pulse.gaussian_square_echo(800, 0.4, 16, width=640).samples
    np.testing.assert_allclose(echo[:400], -echo[400:], atol=1e-12)
    both = pulse.gaussian_square_echo(800, 0.4, 16, width=640, active_amp=0.2, active_angle=0.5).samples
    np.testing.assert_allclose(both - echo, GaussianSquare(800, 0.2, 16, width=640, angle=0.5).samples, atol=1e-15)


def test_a_width_may_be_given_in_sigmas():
    assert GaussianSquare(1000, 0.1, 64, risefall_sigma_ratio=2) == GaussianSquare(1000, 0.1, 64, width=744.0)
    for widths in ({}, {"width": 1, "risefall_sigma_ratio": 2}):
        with pytest.raises(PulseError, match="Either width or risefall_sigma_ratio"):
            GaussianSquare(1000, 0.1, 64, **widths)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Gaussian(160, 1.1, 40), "an amplitude of at most 1"),
        (lambda: Gaussian(160, 0.1, 0), "sigma above 0"),
        (lambda: Gaussian(160, 0.1j, 40), "amp must be real"),
        (lambda: Gaussian(160.5, 0.1, 40), "a whole number of dt"),
        (lambda: Gaussian(-1, 0.1, 40), "a whole number of dt"),
        (lambda: Gaussian(160, float("nan"), 40), "an amplitude of at most 1"),
        (lambda: Gaussian(160, "0.1", 40), "amp must be a number or a parameter"),
        (lambda: Gaussian(160, 0.1, None), "sigma must be a number or a parameter"),
        (lambda: Gaussian(160, 0.1, 10**400), "too large"),
        (lambda: Gaussian(2**40, 0.1, 40), "cannot be played"),
        (lambda: Gaussian(10**7 + 1, 0.1, 40), "a duration of at most 10,000,000 dt"),
        (lambda: pulse.Constant(float("inf"), 0.1), "a whole number of dt"),
        (lambda: Gaussian(33, 0.1, 1e10), "a sigma of at most 10,000,000 times the duration"),
        (lambda: Waveform([float("nan")]), "at most 1 in size"),
        (lambda: GaussianSquare(100, 0.1, 10, width=101), "a width from 0 to the duration"),
        (lambda: Drag(160, 1.0, 40, beta=1000.0), "an amplitude of at most 1"),
        (lambda: pulse.Sin(100, 0.1, 0, freq=0.5), "a frequency above 0 and below 0.5"),
        (lambda: pulse.GaussianDeriv(160, 66.0, 40), "an amplitude of at most 1"),
        (lambda: pulse.SechDeriv(161, 41.0, 20), "an amplitude of at most 1"),
        (lambda: pulse.Sech(160, 1.1, 20), "an amplitude of at most 1"),
        (lambda: pulse.SymbolicPulse("round", 1, {}), "There is no pulse shape 'round'"),
        (lambda: pulse.SymbolicPulse("constant", 1, {"amp": 1}), "A constant needs amp, angle"),
        (lambda: Waveform([0.5, 1.5]), "at most 1 in size, but one is 1.5"),
        (lambda: Waveform([[0.5]]), "one dimension, not 2"),
    ],
)
def test_pulses_that_cannot_be_played_are_refused(make, reason):
    with pytest.raises(PulseError, match=reason):
        make()


def test_an_amplitude_above_1_can_be_asked_for():
    assert Gaussian(161, 2.0, 40, limit_amplitude=False).samples[80] == pytest.approx(2.0)
    assert Waveform([2.0], limit_amplitude=False).samples[0] == 2.0
    for limit in (True, None):
        with pytest.raises(PulseError):
            Gaussian(161, 2.0, 40, limit_amplitude=limit)
        with pytest.raises(PulseError):
            Waveform([2.0], limit_amplitude=limit)


def test_rounding_above_1_is_taken_back():
    samples = Waveform([1.0 + 5e-8, 0.6 + 0.8j, -1j * (1 + 1e-9)]).samples
    assert np.abs(samples).max() <= 1.0
    np.testing.assert_allclose(samples, [1.0, 0.6 + 0.8j, -1j], atol=1e-15)


def test_pulses_are_values():
    one = Drag(160, 0.1, 40, 1.5, angle=0.2, name="mine")
    assert repr(one) == "Drag(duration=160, sigma=40, beta=1.5, amp=0.1, angle=0.2, name='mine')"
    assert one == Drag(160, -0.1, 40, 1.5, angle=0.2 + np.pi)
    assert one != Drag(160, 0.1, 40, 1.6, angle=0.2) != Gaussian(160, 0.1, 40)
    assert [one.amp, one.angle, one.sigma, one.beta, one.duration, one.name] == [0.1, 0.2, 40, 1.5, 160, "mine"]
    assert one.parameters == {"duration": 160, "sigma": 40, "beta": 1.5, "amp": 0.1, "angle": 0.2}
    assert pickle.loads(pickle.dumps(one)) == one == copy.deepcopy(one)
    assert not hasattr(one, "width")
    assert "beta" in dir(one)
    assert one.get_waveform() == Waveform(one.samples)
    assert pickle.loads(pickle.dumps(one.get_waveform())) == one.get_waveform()


# Instructions and schedules


def test_instructions_are_values():
    play = Play(Gaussian(160, 0.1, 40, name="g"), D0)
    assert [play.duration, play.channel, play.channels, play.name] == [160, D0, (D0,), "g"]
    assert repr(ShiftPhase(0.5, D0)) == "ShiftPhase(0.5, DriveChannel(0))"
    assert repr(Acquire(10, AcquireChannel(0), MemorySlot(1))) == "Acquire(10, AcquireChannel(0), MemorySlot(1), , , )"
    assert Acquire(10, AcquireChannel(0), MemorySlot(1)).channels == (AcquireChannel(0), MemorySlot(1))
    assert len({ShiftPhase(0.5, D0), ShiftPhase(0.5, D0), SetPhase(0.5, D0), ShiftFrequency(0.5, D0)}) == 3
    assert SetFrequency(5e9, D0).frequency == 5e9
    assert Delay(5, D0) == Delay(5, D0) != Delay(6, D0)
    for each in (play, Delay(5, D0), SetPhase(1, D0), Acquire(1, AcquireChannel(0), reg_slot=RegisterSlot(0))):
        assert pickle.loads(pickle.dumps(each)) == each


@pytest.mark.parametrize(
    "make",
    [
        lambda: Play("x", D0),
        lambda: Play(Gaussian(1, 0.1, 1), AcquireChannel(0)),
        lambda: ShiftPhase(0.1, "d0"),
        lambda: Delay(1, None),
        lambda: Delay(-1, D0),
        lambda: Delay(1.5, D0),
        lambda: Acquire(-1, AcquireChannel(0), MemorySlot(0)),
        lambda: Acquire(1, AcquireChannel(0)),
        lambda: Acquire(1, D0, MemorySlot(0)),
        lambda: Acquire(1, AcquireChannel(0), RegisterSlot(0)),
    ],
)
def test_instructions_need_the_right_channels(make):
    with pytest.raises(PulseError):
        make()


def test_schedules_are_put_together():
    play, shift = Play(Gaussian(160, 0.1, 40), D0), ShiftPhase(0.1, D0)
    both = play | ShiftPhase(0.1, D1).shift(10)
    assert both.instructions == ((0, play), (10, ShiftPhase(0.1, D1)))
    assert both.channels == (D0, D1)
    assert both.duration == 160
    behind = both + shift
    assert behind.instructions[-1] == (160, shift)
    later = behind << 40
    assert [start for start, _ in later.instructions] == [40, 50, 200]
    assert [later.start_time, later.stop_time, later.duration, len(later)] == [40, 200, 200, 3]
    assert [later.ch_start_time(D1), later.ch_stop_time(D1, D0), later.ch_duration(U0)] == [50, 200, 0]
    assert both.insert(160, play).duration == 320
    assert both.replace(play, Delay(160, D0)).instructions[0][1] == Delay(160, D0)
    assert both.name == play.name or both.name


def test_an_empty_schedule_takes_time():
    empty = Schedule()
    assert (empty << 5).duration == Schedule((5, empty)).duration == 5
    assert Schedule(Delay(2, D0)).insert(10, empty).duration == 10
    assert len(empty << 5) == 0


def test_integers_of_numpy_are_integers():
    delay = Delay(np.uint8(100), D0)
    schedule = Schedule((np.uint8(200), delay)).append(delay)
    assert [start for start, _ in schedule.instructions] == [200, 300]
    assert type(schedule.duration) is type(delay.duration) is int


def test_what_is_inserted_one_by_one_is_what_is_inserted_at_once():
    random = np.random.default_rng(1)
    parts = [
        (int(start), Delay(5, DriveChannel(int(index))))
        for start, index in zip(random.permutation(60) * 5, random.integers(3, size=60))
    ]
    schedule = Schedule()
    for start, delay in parts:
        schedule = schedule.insert(start, delay)
        assert schedule.timeslots == Schedule(*schedule.instructions).timeslots
    assert schedule == Schedule(*parts)
    assert schedule.instructions == Schedule(*parts).instructions
    with pytest.raises(PulseError, match="overlaps"):
        schedule.insert(parts[7][0] + 2, parts[7][1])


def test_instructions_and_schedules_tell_their_times_alike():
    delay = Delay(7, D0)
    for each in (delay, Schedule(delay)):
        assert [each.ch_start_time(D0), each.ch_stop_time(D0, D1), each.ch_duration(D1)] == [0, 7, 0]


def test_what_a_schedule_gives_away_is_not_its_own():
    schedule = Schedule(Delay(7, D0))
    schedule.timeslots.clear()
    schedule.timeslots[D0].clear()
    assert schedule.ch_stop_time(D0) == 7
    kernel = pulse.Kernel("boxcar", start=1)
    kernel.params["start"] = 2
    assert kernel == pulse.Kernel("boxcar", start=1)
    assert pickle.loads(pickle.dumps(kernel)) == kernel
    with pytest.raises(ValueError, match="WRITEABLE"):
        Waveform([0.1]).samples.flags.writeable = True
    assert len({Waveform([0.1]), Waveform([0.1 + 1e-9])}) == 1
    assert {Play(Waveform([0.1]), D0)}
    with pytest.raises(PulseError, match="Only instructions can be replaced"):
        schedule.replace(schedule, Delay(1, D0))
    assert schedule.replace(Delay(7, D0), Delay(9, D0)).duration == 9


def test_schedules_do_not_change():
    schedule = Schedule((0, ShiftPhase(0.1, D0)), name="s", metadata={"a": 1})
    before = repr(schedule)
    for change in (schedule.shift, lambda it, inplace: schedule.insert(it, Delay(1, D0), inplace=inplace)):
        with pytest.raises(PulseError, match="cannot be changed in place"):
            change(1, inplace=True)
    with pytest.raises(PulseError, match="cannot be changed in place"):
        schedule.assign_parameters({}, inplace=True)
    with pytest.raises(AttributeError):
        schedule.name = "t"
    schedule.metadata["a"] = 2
    assert schedule.metadata == {"a": 1}
    assert repr(schedule) == before == 'Schedule((0, ShiftPhase(0.1, DriveChannel(0))), name="s")'
    assert copy.deepcopy(schedule) is schedule


def test_schedules_are_compared_by_what_happens():
    one = Schedule((0, Delay(10, D0)), (0, Delay(10, D1)), name="one")
    two = Schedule((0, Delay(10, D1)), (0, Delay(10, D0)), name="two")
    assert one == two != one << 1
    assert one != Schedule((0, Delay(10, D0)))
    assert Schedule(Delay(10, D0)) == Delay(10, D0).shift(0)
    assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize("change", [ShiftPhase, pulse.SetPhase, pulse.ShiftFrequency, pulse.SetFrequency])
@pytest.mark.parametrize("value", ["0.5", b"1", None, 1j, float("nan"), float("inf"), 10**400, [1.0]])
def test_phases_and_frequencies_are_finite_real_numbers(change, value):
    with pytest.raises(PulseError, match="must be a finite real number or a parameter, not"):
        change(value, D0)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([(0, Delay(10, D0)), (9, Delay(10, D0))], "starts at 9 dt overlaps with one that ends at 10 dt"),
        ([(0, Delay(10, D0)), (5, ShiftPhase(0.1, D0))], "overlaps"),
        ([(-1, Delay(10, D0))], "would start at -1 dt"),
        ([[0, Delay(10, D0)], (5, Delay(10, D0), 3)], "consists of schedules"),
        ([(0.5, Delay(10, D0))], "must be a whole number, in units of dt"),
        (["x"], "consists of schedules and instructions"),
        ([(2**62, ShiftPhase(0.1, D0)), (2**62, Delay(1, D1))], "ends at 4611686018427387904 dt at most"),
        ([Delay(10**400, D0)], "ends at 4611686018427387904 dt at most"),
    ],
)
def test_schedules_that_cannot_be_played_are_refused(parts, reason):
    with pytest.raises(PulseError, match=reason):
        Schedule(*parts)


def test_changes_of_phase_may_stand_at_either_end_of_a_pulse():
    schedule = Schedule((0, Delay(10, D0)), (0, ShiftPhase(0.1, D0)), (10, ShiftPhase(0.2, D0)), (10, Delay(5, D0)))
    assert [type(it).__name__ for _, it in schedule.instructions] == ["ShiftPhase", "Delay", "ShiftPhase", "Delay"]


def test_filter_and_exclude_share_the_instructions_out():
    schedule = defaults("lima").instruction_schedule_map.get("cx", (0, 1))
    for condition in (
        {"channels": [D0]}, {"channels": D0}, {"instruction_types": [Play]}, {"instruction_types": Play},
        {"time_ranges": [(0, 400)]}, {"intervals": [(0, 400)], "channels": [D0, D1]},
    ):  # fmt: skip
        kept, rest = schedule.filter(**condition), schedule.exclude(**condition)
        assert 0 < len(kept) < len(schedule)
        assert kept | rest == schedule
    assert schedule.filter(lambda timed: timed[0] == 0).duration <= schedule.duration
    assert set(schedule.filter(channels=[D0]).channels) == {D0}
    assert schedule.filter() == schedule == schedule.exclude()


def test_parameters_are_assigned():
    a, b = Parameter("a"), Parameter("b")
    vector = ParameterVector("v", 2)
    schedule = Schedule(
        (0, ShiftPhase(-a, D0)), (0, Play(Gaussian(160, b, 40), D0)), (160, SetPhase(vector[0] + vector[1], D0)),
        (160, ShiftFrequency(1e6 * a, D0)), (160, Delay(10, D1)),
    )  # fmt: skip
    assert schedule.parameters == {a, b, *vector}
    assert schedule.get_parameters("a") == [a]
    bound = schedule.assign_parameters({a: 0.25, "b": 0.1, vector: [1.0, 2.0]})
    assert schedule.is_parameterized()
    assert not bound.is_parameterized()
    values = [it.operands[0] for _, it in bound.instructions]
    assert values[0] == -0.25
    assert values[1] == Gaussian(160, 0.1, 40)
    assert sorted(value for value in values[2:] if isinstance(value, float)) == [3.0, 250000.0]
    partly = schedule.assign_parameters({"a": b, "v": [0.5, a]})
    assert partly.parameters == {a, b}
    with pytest.raises(PulseError, match="no parameter 'c'; unbound parameters: a, b"):
        schedule.assign_parameters({"c": 1})
    with pytest.raises(PulseError, match="3 values were given for the 2 parameters of 'v'"):
        schedule.assign_parameters({vector: [1, 2, 3]})
    with pytest.raises(PulseError, match="at most 1"):
        schedule.assign_parameters({b: 2.0})
    with pytest.raises(PulseError, match="unbound parameters"):
        np.abs(Gaussian(160, b, 40).samples)


def test_a_schedule_needs_to_know_durations():
    length = Parameter("length")
    play = Play(Gaussian(length, 0.1, 40), D0)
    with pytest.raises(PulseError, match="is not bound; a schedule needs to know it"):
        Schedule((0, play))
    assert Schedule(play._bound({length: 320})).duration == 320


def test_a_schedule_has_a_picture_in_notebooks():
    schedules = defaults("sherbrooke").instruction_schedule_map
    for gate in (("ecr", (1, 0)), ("measure", 3), ("u3", 0)):
        picture = schedules.get(*gate)._repr_svg_()
        assert picture.startswith("<svg")
        assert picture.endswith("</svg>")
        assert picture in schedules.get(*gate)._repr_html_()
    root = ElementTree.fromstring(schedules.get("measure", tuple(range(127)))._repr_svg_())
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "and 230 more channels" in texts
    assert "m0" in texts


def test_hostile_names_do_no_harm_in_pictures():
    name = "<script>alert('&')</script>\x00"
    schedule = Schedule(Play(Gaussian(16, 0.1, 4, name=name), D0), ShiftPhase(0.1, D1, name=name), name=name)
    ElementTree.fromstring(schedule._repr_svg_())
    assert "<script" not in schedule._repr_html_()
