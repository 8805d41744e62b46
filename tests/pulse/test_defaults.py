# SPDX-License-Identifier: Apache-2.0
"""Pulse defaults: what is read, what is refused, and what is told when it is asked for."""

from __future__ import annotations

import copy
import json
import math
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from qiskit.circuit.library import CXGate, Measure
from tests.support.pulses import defaults, payload

from qiskit_ibm_native import BackendPayloadError, PulseDefaults, PulseError, Snapshot, bundled_devices
from qiskit_ibm_native.pulse import (
    Acquire,
    CalibrationPublisher,
    Delay,
    DriveChannel,
    Gaussian,
    InstructionScheduleMap,
    Kernel,
    MemorySlot,
    Play,
    RegisterSlot,
    Schedule,
    SetFrequency,
    SetPhase,
    ShiftFrequency,
    ShiftPhase,
)

D0 = DriveChannel(0)


def content(**changes):
    """Return the content of a small payload."""
    return {
        "qubit_freq_est": [5.0],
        "meas_freq_est": [7.0],
        "buffer": 0,
        "pulse_library": [{"name": "wave", "samples": [[0.0, 0.0], [0.5, -0.25]]}],
        "cmd_def": [],
        **changes,
    }


def command(*sequence, name="x", qubits=(0,)):
    return {"name": name, "qubits": list(qubits), "sequence": list(sequence)}


def with_command(*sequence):
    """Return the schedules of a payload with one command, called x, on qubit 0."""
    made = PulseDefaults.from_payload(json.dumps(content(cmd_def=[command(*sequence)])))
    return made.instruction_schedule_map


FC = {"name": "fc", "t0": 0, "ch": "d0", "phase": 0.5}
DRAG = {
    "name": "parametric_pulse", "t0": 0, "ch": "d0", "pulse_shape": "drag",
    "parameters": {"amp": [0.1, 0.2], "beta": 1, "duration": 160, "sigma": 40},
}  # fmt: skip


# Reading


@pytest.mark.parametrize("name", [name for name in bundled_devices() if Snapshot.load(name).payloads.defaults])
def test_snapshots_of_bundled_devices_have_pulses(name):
    snapshot = Snapshot.load(name)
    assert snapshot.defaults is snapshot.defaults
    assert snapshot.defaults == defaults(name)
    assert len(snapshot.defaults.qubit_freq_est) == snapshot.num_qubits
    assert pickle.loads(pickle.dumps(snapshot)).defaults == snapshot.defaults


def test_a_device_without_pulses_has_none():
    assert Snapshot.load("fez").defaults is None
    vigo = Snapshot.load("vigo").payloads
    for nothing in (b"{}", "null", b" {} "):
        assert Snapshot.from_payloads(vigo.configuration, None, nothing).defaults is None
        assert PulseDefaults.from_payload(nothing) is None


def test_attributes_have_the_values_of_the_payload_in_si_units():
    made = PulseDefaults.from_payload(
        json.dumps(content(cmd_def=[command(FC)], meas_kernel={"name": "boxcar", "params": {"a": 1}}, more=[1]))
    )
    assert (made.qubit_freq_est, made.meas_freq_est) == ([5e9], [7e9])
    assert made.frequencies[D0] == 5e9
    assert made.buffer == 0
    assert [made.meas_kernel.name, made.meas_kernel.params] == ["boxcar", {"a": 1}]
    assert not hasattr(made, "discriminator")
    assert made.more == [1]
    assert "more" in dir(made)
    assert made.pulse_library[0].samples.tolist() == [0, 0.5 - 0.25j]
    assert [made.cmd_def[0].name, made.cmd_def[0].qubits, made.cmd_def[0].sequence[0].phase] == ["x", [0], 0.5]
    assert made.instruction_schedule_map is made.instruction_schedule_map
    with pytest.raises(AttributeError, match="cannot set"):
        made.buffer = 1


def test_samples_of_waveforms_are_views_of_one_array():
    library = defaults("toronto").pulse_library
    assert len({id(item.samples.base) for item in library}) == 1
    schedules = defaults("toronto").instruction_schedule_map
    played = schedules.get("id", 0).instructions[0][1].pulse.samples
    assert played.base is schedules.get("id", 1).instructions[0][1].pulse.samples.base


@pytest.mark.parametrize("name", ["lima", "poughkeepsie", "torino", "peekskill"])
def test_what_to_dict_returns_makes_the_same_defaults(name):
    made = defaults(name)
    again = PulseDefaults.from_dict(made.to_dict())
    assert again == made
    assert again.instruction_schedule_map == made.instruction_schedule_map
    assert again.to_dict().keys() == made.to_dict().keys()
    assert pickle.loads(pickle.dumps(made)) == made


# Errors of the payload as a whole


@pytest.mark.parametrize(
    ("broken", "path", "expected"),
    [
        ({"qubit_freq_est": ["5"]}, "$.qubit_freq_est[0]", "a number"),
        ({"pulse_library": {}}, "$.pulse_library", "an array"),
        ({"pulse_library": [{"name": "w"}]}, "$.pulse_library[0]", 'the key "samples"'),
        ({"pulse_library": [{"samples": []}]}, "$.pulse_library[0]", 'the key "name"'),
        ({"pulse_library": [{"name": "w", "samples": [[0, 0], [1]]}]}, "$.pulse_library[0].samples[1]", "two numbers"),
        ({"pulse_library": [{"name": "w", "samples": [0]}]}, "$.pulse_library[0].samples[0]", "an array"),
        ({"cmd_def": [{"name": "x", "qubits": [0]}]}, "$.cmd_def[0]", 'the key "sequence"'),
        ({"cmd_def": [{"name": "x", "sequence": []}]}, "$.cmd_def[0]", 'the key "qubits"'),
        ({"cmd_def": [{"qubits": [0], "sequence": []}]}, "$.cmd_def[0]", 'the key "name"'),
        ({"cmd_def": [command(qubits=[-1])]}, "$.cmd_def[0].qubits[0]", "an integer from 0"),
        ({"cmd_def": [command(FC, {"name": "fc"})]}, "$.cmd_def[0].sequence[1]", 'the key "t0"'),
        ({"cmd_def": [command({"t0": 0})]}, "$.cmd_def[0].sequence[0]", 'the key "name"'),
        ({"cmd_def": [command([])]}, "$.cmd_def[0].sequence[0]", "an object"),
    ],
)
def test_a_payload_that_makes_no_sense_is_refused(broken, path, expected):
    text = json.dumps(content(**broken))
    with pytest.raises(BackendPayloadError, match="defaults payload") as info:
        PulseDefaults.from_payload(text)
    assert info.value.payload == "defaults"
    assert info.value.path == path
    assert expected in str(info.value)
    vigo = Snapshot.load("vigo").payloads
    with pytest.raises(BackendPayloadError, match="defaults payload"):
        Snapshot.from_payloads(vigo.configuration, None, text)


@pytest.mark.parametrize("key", ["qubit_freq_est", "meas_freq_est", "buffer", "pulse_library", "cmd_def"])
def test_every_required_key_is_missed(key):
    data = content()
    del data[key]
    with pytest.raises(BackendPayloadError, match=f'the key "{key}"'):
        PulseDefaults.from_payload(json.dumps(data))


def test_a_payload_that_is_cut_short_anywhere_is_refused_where_it_ends():
    data = content(cmd_def=[command(FC, DRAG), command(FC, {"name": "wave", "t0": 0, "ch": "d1"}, name="y")])
    whole = json.dumps(data).encode()
    for length in range(1, len(whole)):
        with pytest.raises(BackendPayloadError) as info:
            PulseDefaults.from_payload(whole[:length])
        assert info.value.offset <= length
    lima = payload("lima")
    for length in range(1, len(lima), 101):
        with pytest.raises(BackendPayloadError):
            PulseDefaults.from_payload(lima[:length])


def test_keys_may_come_in_any_order_and_repeat():
    data = content(cmd_def=[command({"name": "wave", "t0": 3, "ch": "d1"}, DRAG)])
    backwards = json.dumps({key: data[key] for key in reversed(data)})
    assert PulseDefaults.from_payload(backwards).instruction_schedule_map.get("x", 0).duration == 160
    twice = backwards[:-1] + ', "cmd_def": ' + json.dumps([command({**FC, "t0": 7})]) + "}"
    assert PulseDefaults.from_payload(twice).instruction_schedule_map.get("x", 0).start_time == 7


# Errors of a command are raised when the command is asked for


@pytest.mark.parametrize(
    ("instruction", "reason"),
    [
        ({"name": "other", "t0": 0, "ch": "d0"}, "a waveform that is in the pulse library"),
        ({"name": "wave", "t0": 0}, 'the key "ch"'),
        ({**FC, "ch": "q0"}, "a channel such as d0"),
        ({**FC, "ch": 0}, "a string"),
        ({**FC, "phase": "P0 +"}, "a number, a name or"),
        ({**FC, "phase": "f(P0)"}, "a function that is known"),
        ({**FC, "phase": None}, 'the key "phase"'),
        ({"name": "fc", "t0": 0, "ch": "d0"}, 'the key "phase"'),
        *(
            ({**FC, "phase": text}, reason)
            for text, reason in [
                ("1/0", "a divisor that is not 0"),
                ("P0/0", "a divisor that is not 0"),
                ("log(0)", "a finite real number"),
                ("sqrt(-1)", "a finite real number"),
                ("exp(1000)", "a finite real number"),
                ("(-1)**0.5", "a finite real number"),
                ("1e999*P0", "a finite real number"),
                ("+".join(["1"] * 400), "an expression with fewer operators"),
                (float("nan"), "a finite number"),
            ]
        ),
        ({**FC, "t0": -1}, "an integer from 0"),
        ({**FC, "t0": 0.5}, "an integer from 0"),
        ({"name": "delay", "t0": 0, "ch": "d0", "duration": "1"}, "an integer from 0"),
        ({"name": "snapshot", "t0": 0, "label": "a", "type": "b"}, "not a simulator's"),
        ({**DRAG, "pulse_shape": "round"}, "a pulse shape that is known"),
        ({**DRAG, "parameters": {"amp": [0.1, 0.2], "duration": 160, "sigma": 40}}, 'a "beta"'),
        ({**DRAG, "parameters": {**DRAG["parameters"], "width": 3}}, 'no "width" in a drag'),
        ({**DRAG, "parameters": {**DRAG["parameters"], "other": 3}}, "no parameter that the shape does not have"),
        ({**DRAG, "parameters": {**DRAG["parameters"], "sigma": 0}}, "sigma above 0"),
        ({**DRAG, "parameters": {**DRAG["parameters"], "amp": [1.0, 1.0]}}, "an amplitude of at most 1"),
        ({**DRAG, "parameters": {**DRAG["parameters"], "amp": "0.1"}}, "a number"),
        ({"name": "acquire", "t0": 0, "duration": 9, "qubits": [0, 1], "memory_slot": [0]}, "a slot for each qubit"),
        ({"name": "acquire", "t0": 0, "duration": 9, "qubits": [0]}, 'the key "memory_slot"'),
    ],
)
def test_a_command_that_makes_no_sense_is_none_with_a_warning(instruction, reason):
    schedules = with_command(FC, instruction)
    assert schedules.has("x", 0)
    with pytest.warns(UserWarning, match="Pulse calibration cannot be built and the entry is ignored: x on ") as caught:
        assert schedules.get("x", 0) is None
    assert any(part in str(caught[0].message) for part in reason.split("|"))
    assert caught[0].filename == __file__
    # Once is enough.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert schedules.get("x", 0) is None
        assert schedules.get_parameters("x", 0) == ()
    with pytest.raises(BackendPayloadError) as info:
        schedules.assert_buildable("x", 0)
    assert info.value.path.startswith("$.cmd_def[0].sequence[1]")


def test_overlapping_instructions_are_told():
    schedules = with_command(DRAG, {**DRAG, "t0": 159})
    with pytest.raises(BackendPayloadError, match="overlaps with no other on its channel"):
        schedules.assert_buildable("x", 0)
    with pytest.warns(UserWarning, match="overlaps"):
        assert schedules.get("x", 0) is None


def test_the_433_commands_of_torino_that_cannot_be_built_say_why():
    schedules, failed = defaults("torino").instruction_schedule_map, {}
    for name in schedules.instructions:
        for qubits in schedules.qubits_with_instruction(name):
            try:
                schedules.assert_buildable(name, qubits)
            except BackendPayloadError as error:
                failed.setdefault(name, []).append(str(error))
    assert {name: len(errors) for name, errors in failed.items()} == {"cz": 300, "id": 133}
    assert all(
        "expected a waveform that is in the pulse library, found" in it for each in failed.values() for it in each
    )


def test_poughkeepsie_is_multiplied_as_it_always_was():
    assert defaults("poughkeepsie").qubit_freq_est[0] == pytest.approx(4.9e18, rel=0.05)
    assert defaults("poughkeepsie").buffer == 1


def test_instructions_that_no_device_publishes_are_read_as_qiskit_1_does():
    schedules = with_command(
        {"name": "setp", "t0": 0, "ch": "d0", "phase": "pi / 2"},
        {"name": "setf", "t0": 0, "ch": "d0", "frequency": 5.1},
        {"name": "shiftf", "t0": 0, "ch": "u3", "frequency": "0.1 * P0"},
        {"name": "acquire", "t0": 9, "duration": 8, "qubits": [1, 0], "memory_slot": [0, 1], "register_slot": [3, 2],
         "kernels": [{"name": "boxcar", "params": {"start_window": 0}}]},
    )  # fmt: skip
    schedule = schedules.get("x", 0)
    kinds = [type(it) for _, it in schedule.instructions]
    assert kinds == [SetPhase, SetFrequency, ShiftFrequency, Acquire, Acquire]
    assert schedule.instructions[0][1].phase == pytest.approx(1.5707963267948966)
    assert schedule.instructions[1][1].frequency == 5.1e9
    assert schedules.get("x", 0, 2.0).instructions[2][1].frequency == pytest.approx(2e8)
    acquire = schedule.instructions[3][1]
    assert (acquire.channel.index, acquire.mem_slot, acquire.reg_slot) == (0, MemorySlot(1), RegisterSlot(2))
    assert acquire.kernel == Kernel("boxcar", start_window=0)
    assert acquire.discriminator is None


def test_expressions_may_have_functions_of_parameters():
    schedules = with_command(*({**FC, "phase": text, "ch": f"d{index}"} for index, text in enumerate(EXPRESSIONS)))
    assert schedules.get_parameters("x", 0) == ("P0", "P1")
    bound = schedules.get("x", 0, 0.3, P1=0.7).instructions
    expected = [eval(text, {**vars(math), "math": math, "np": np, "P0": 0.3, "P1": 0.7}) for text in EXPRESSIONS]
    assert [it.phase for _, it in bound] == pytest.approx(expected)
    with pytest.warns(UserWarning, match=r"tanh\(\) of a parameter cannot be expressed"):
        assert with_command({**FC, "phase": "tanh(P0)"}).get("x", 0) is None


EXPRESSIONS = [
    "-(P0)", "P0 + 2*P1", "sin(P0) - cos(P1)", "np.pi * P0 / 2", "P0 ** 2 / -P1", "exp(P0) * log(P1)", "math.tan(P0)",
    "asin(P0) + acos(P1) - atan(P0)", "2 ** -1 * e", "sqrt(2) * tanh(0.5)",
]  # fmt: skip


def test_acquisitions_that_start_together_are_sorted_by_their_channels():
    acquire = {"name": "acquire", "t0": 0, "duration": 20}
    for first, second in (([3, 1], [2]), ([2, 10], [11]), ([10, 2], [1]), ([5], [4])):
        schedules = with_command(
            {**acquire, "qubits": first, "memory_slot": first}, {**acquire, "qubits": second, "memory_slot": second}
        )
        names = [it.channel.name for _, it in schedules.get("x", 0).instructions]
        assert names == sorted(f"a{qubit}" for qubit in first + second)
        assert schedules.get("x", 0) == Schedule(*(it for _, it in schedules.get("x", 0).instructions))


def test_escapes_and_nulls_mean_what_they_mean_in_json():
    plain = content(cmd_def=[command(FC, DRAG)])
    text = json.dumps(plain).replace('"cmd_def"', r'"cmd\u005fdef"').replace('"name": "x"', r'"n\u0061me": "x"')
    text = (
        text.replace('"fc"', r'"\u0066c"').replace('"drag"', r'"dr\u0061g"').replace('"ch": "d0"', r'"ch": "\u00640"')
    )
    assert "u0061" in text
    expected = PulseDefaults.from_payload(json.dumps(plain)).instruction_schedule_map.get("x", 0)
    assert PulseDefaults.from_payload(text).instruction_schedule_map.get("x", 0) == expected
    assert with_command(FC, {**DRAG, "label": None}).get("x", 0) == expected
    acquire = {"name": "acquire", "t0": 0, "duration": 9, "qubits": [0], "memory_slot": [0], "register_slot": None}
    assert with_command(acquire).get("x", 0).instructions[0][1].reg_slot is None


@pytest.mark.parametrize("kernels", [[1], {"name": "k"}, [{"name": "k", "params": None}], [{"params": {}}]])
def test_kernels_that_make_no_sense_are_told(kernels):
    acquire = {"name": "acquire", "t0": 0, "duration": 9, "qubits": [0], "memory_slot": [0], "kernels": kernels}
    with pytest.warns(UserWarning, match="arguments of Kernel are not valid"):
        assert with_command(acquire).get("x", 0) is None


def test_parameters_of_kernels_may_have_any_name():
    kernel = {"name": "k", "params": {"name": 1, "self": 2}}
    acquire = {"name": "acquire", "t0": 0, "duration": 9, "qubits": [0], "memory_slot": [0], "kernels": [kernel]}
    found = with_command(acquire).get("x", 0).instructions[0][1].kernel
    assert (found.name, found.params) == ("k", {"name": 1, "self": 2})


def test_values_that_bind_to_no_number_are_refused():
    schedules = with_command({**FC, "phase": "1 / P0"})
    for value in (0.0, "a", float("nan"), 1j):
        with pytest.raises(PulseError):
            schedules.get("x", 0, value)


def test_commands_that_make_no_sense_are_told_when_they_are_read():
    wrong = command({**DRAG, "parameters": {"amp": [1, 2, 3]}})
    with pytest.raises(BackendPayloadError, match=r"\$\.cmd_def"):
        repr(PulseDefaults.from_payload(json.dumps(content(cmd_def=[wrong]))).cmd_def)


def test_hostile_payloads_take_no_longer_than_they_are_long():
    many = {f"k{index}": 0 for index in range(100_000)}
    schedules = with_command({**DRAG, "parameters": {**DRAG["parameters"], **many}})
    with pytest.warns(UserWarning, match="no parameter"):
        assert schedules.get("x", 0) is None
    qubits = list(range(40_000))
    acquire = {"name": "acquire", "t0": 0, "duration": 0, "qubits": qubits, "memory_slot": qubits}
    assert len(with_command(acquire, acquire).get("x", 0)) == 80_000


def test_a_later_command_replaces_an_earlier_one():
    made = PulseDefaults.from_payload(json.dumps(content(cmd_def=[command(FC), command(FC, DRAG)])))
    assert len(made.instruction_schedule_map.get("x", 0)) == 2
    assert made.instruction_schedule_map.qubits_with_instruction("x") == [0]
    assert len(made.cmd_def) == 2


def test_a_channel_may_have_letters_behind_its_number():
    assert with_command({**FC, "ch": "d3junk"}).get("x", 0).channels == (DriveChannel(3),)


# The map


def test_the_map_reads_as_in_qiskit_1():
    schedules = defaults("lima").instruction_schedule_map
    assert schedules.instructions == ["cx", "id", "measure", "rz", "sx", "u1", "u2", "u3", "x"]
    assert schedules.qubits_with_instruction("measure") == [0, (0, 1, 2, 3, 4), 1, 2, 3, 4]
    assert schedules.qubits_with_instruction("other") == []
    assert set(schedules.qubit_instructions(0)) == {"id", "measure", "rz", "sx", "u1", "u2", "u3", "x"}
    assert schedules.qubit_instructions((0, 1)) == ["cx"]
    assert schedules.qubit_instructions((0, 4)) == []
    assert schedules.has("cx", [0, 1])
    assert schedules.has(CXGate(), (0, 1))
    assert not schedules.has("cx", (0, 4))
    assert not schedules.has("x", -1)
    assert not schedules.has("x", "a")
    assert schedules.get_parameters("u3", 0) == ("P0", "P1", "P2")
    assert schedules.get_parameters("cx", (0, 1)) == ()
    assert schedules.get(Measure(), 0) is schedules.get("measure", 0)
    assert schedules.get("x", 0).metadata["publisher"] == CalibrationPublisher.BACKEND_PROVIDER
    assert not schedules.has_custom_gate()
    with pytest.raises(PulseError, match=r"Operation 'cx' exists, but is only defined for qubits \[\(0, 1\), "):
        schedules.assert_has("cx", (0, 4))
    with pytest.raises(PulseError, match="Operation 'other' is not defined for this system"):
        schedules.get("other", 0)
    with pytest.raises(PulseError, match="Expected the name of an instruction"):
        schedules.get(3, 0)


def test_parameters_are_bound_by_position_or_name():
    schedules = defaults("lima").instruction_schedule_map
    by_position, by_name = schedules.get("u3", 0, 0.1, 0.2, 0.3), schedules.get("u3", 0, P1=0.2, P2=0.3, P0=0.1)
    assert by_position == by_name
    assert not by_position.is_parameterized()
    partly = schedules.get("u3", 0, 0.1)
    assert {one.name for one in partly.parameters} == {"P1", "P2"}
    assert partly.assign_parameters({"P1": 0.2, "P2": 0.3}) == by_position
    assert schedules.get("u3", 0) == PulseDefaults.from_payload(payload("lima")).instruction_schedule_map.get("u3", 0)
    for arguments in ([1, 2, 3, 4], [1]):
        with pytest.raises(PulseError, match="doesn't match with schedule parameters"):
            schedules.get("u3" if len(arguments) > 1 else "x", 0, *arguments)
    with pytest.raises(PulseError, match="doesn't match with schedule parameters"):
        schedules.get("u3", 0, 0.1, P0=0.1)


def test_changes_stay_in_the_map():
    made = PulseDefaults.from_payload(payload("lima"))
    schedules = made.instruction_schedule_map
    other, mine = copy.deepcopy(schedules), Schedule(Play(Gaussian(160, 0.1, 40), D0), name="mine")
    schedules.add("mine", 0, mine)
    schedules.add("x", 0, mine)
    schedules.remove("cx", (0, 1))
    assert schedules.get("mine", 0) == schedules.get("x", 0) == mine
    assert schedules.get("mine", 0).metadata["publisher"] == CalibrationPublisher.QISKIT
    assert schedules.instructions[-1] == "mine"
    assert schedules.has_custom_gate()
    assert not schedules.has("cx", (0, 1))
    assert schedules.has("cx", (1, 0))
    assert schedules.pop("mine", 0) == mine
    assert not schedules.has("mine", 0)
    assert "mine" not in schedules.instructions
    assert schedules != other == PulseDefaults.from_payload(payload("lima")).instruction_schedule_map
    assert other.get("x", 0) != mine
    assert other.has("cx", (0, 1))
    assert pickle.loads(pickle.dumps(schedules)) == schedules
    assert made.cmd_def[0].name == "cx"


def test_what_is_added_may_have_parameters():
    from qiskit.circuit import Parameter

    b, a = Parameter("b"), Parameter("a")
    schedules = InstructionScheduleMap()
    template = Schedule((0, ShiftPhase(a, D0)), (0, ShiftPhase(b, DriveChannel(1))))
    schedules.add("t", (0, 1), template)
    assert schedules.get_parameters("t", (0, 1)) == ("a", "b")
    schedules.add("t", (0, 1), template, ["b", "a"])
    assert schedules.get("t", (0, 1), 1.0).instructions[1][1].phase == 1.0
    schedules.add("f", 0, lambda x, y=2.0: Schedule(ShiftPhase(x, D0), ShiftPhase(y, DriveChannel(1))))
    assert schedules.get_parameters("f", 0) == ("x", "y")
    assert schedules.get("f", 0, 1.0).instructions[1][1].phase == 2.0
    with pytest.raises(PulseError, match="The values do not fit the arguments of the function"):
        schedules.get("f", 0)
    with pytest.raises(PulseError, match="has the parameters a, b"):
        schedules.add("t", 0, template, ["a"])
    with pytest.raises(PulseError, match="needs at least one qubit"):
        schedules.add("t", (), template)
    with pytest.raises(PulseError, match="Expected a schedule"):
        schedules.add("t", 0, "template")
    schedules.add("bad", 0, lambda: 3)
    with pytest.raises(PulseError, match="should return a schedule"):
        schedules.get("bad", 0)
    with pytest.warns(UserWarning, match="`arguments` is ignored"):
        schedules.add("f", 0, lambda x: Delay(x, D0), ["x"])
    assert repr(schedules) == "<InstructionScheduleMap: t on 1, f on 1, bad on 1>"


def test_nothing_is_lost_when_threads_change_a_map():
    for _ in range(20):
        schedules = PulseDefaults.from_payload(payload("lima")).instruction_schedule_map
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda index: schedules.add(f"mine{index}", 0, Schedule(Delay(1, D0))), range(8)))
        assert sum(name.startswith("mine") for name in schedules.instructions) == 8


def test_commands_are_read_from_threads_at_once():
    made = PulseDefaults.from_payload(payload("hanoi"))
    gates = [
        (name, it)
        for name in ("cx", "u3", "measure")
        for it in defaults("hanoi").instruction_schedule_map.qubits_with_instruction(name)
    ]
    with ThreadPoolExecutor(8) as pool:
        schedules = list(pool.map(lambda gate: made.instruction_schedule_map.get(*gate), gates * 4))
    assert schedules == [defaults("hanoi").instruction_schedule_map.get(*gate) for gate in gates] * 4
