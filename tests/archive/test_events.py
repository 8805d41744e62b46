# SPDX-License-Identifier: Apache-2.0
"""Events: drawn histories searched by pandas and plain Python in their JSON, and every case that has to be defined."""

from __future__ import annotations

import datetime
import json
from bisect import bisect
from itertools import groupby

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.support.calibrations import BEGINNING, DAY
from tests.support.happenings import drawn, error_of, flag, of_gate, of_qubit, told
from tests.support.histories import archived

from qiskit_ibm_native import ArchiveError, CalibrationArchive, Snapshot
from qiskit_ibm_native.exceptions import IBMInputValueError

QUBIT_NAMES = {"T1": "t1", "T2": "t2"}
SI = {"us": 1e-6, "ns": 1e-9, "GHz": 1e9, "": 1.0}


def day(number: float) -> datetime.datetime:
    return BEGINNING + number * DAY


@pytest.fixture
def keep(tmp_path):
    """Return a function that makes an archive of some histories."""
    opened = []

    def make(*histories) -> CalibrationArchive:
        opened.append(CalibrationArchive(archived(tmp_path / f"{len(opened)}.sqlite3", *histories)))
        return opened[-1]

    yield make
    for archive in opened:
        archive.close()


def brief(events) -> list[tuple]:
    return [(event.kind, event.subject, (event.time - BEGINNING) / DAY, event.before) for event in events]


# Against other computations


def states_of(history) -> dict[tuple, list[str | None]]:
    """Return the states in each calibration by subject; ``None`` before there is such a one."""
    contents = [json.loads(published.properties) for published in history]
    states: dict[tuple, list[str | None]] = {}
    for number, content in enumerate(contents):
        listed = {}
        for qubit, values in enumerate(content["qubits"]):
            listed[None, (qubit,)] = state_of(values)
        for gate in content["gates"]:
            listed[gate["gate"], tuple(gate["qubits"])] = state_of(gate["parameters"], is_gate=True)
        for subject, state in listed.items():
            if subject in states or state != "not listed":
                states.setdefault(subject, [None] * number).append(state)
        for rows in states.values():
            if len(rows) == number:
                rows.append("not listed")
    return states


def state_of(values, *, is_gate: bool = False) -> str:
    found = {value["name"]: value["value"] for value in values}
    if found.get("operational") is False:
        return "not listed" if is_gate and not found.keys() - {"operational"} else "not operational"
    return "error of 1" if found.get("gate_error", 0) >= 1 else "works"


@pytest.mark.parametrize("seed", range(4))
def test_failures_and_returns_are_those_that_payloads_tell(keep, seed):
    history = drawn(seed, 80)
    times = [published.time for published in history]
    expected = set()
    for (gate, qubits), states in states_of(history).items():
        position, parts = 0, []
        for works, group in groupby(states, key=lambda state: None if state is None else state == "works"):
            count = len(list(group))
            parts.append((works, position, position + count))
            position += count
        for number, (works, start, end) in enumerate(parts):
            before = states[start - 1] if start else "unknown"
            until = times[end] if end < len(times) else None
            if works is False:
                expected.add(("failed", gate, qubits, times[start], times[start], until, (until or times[-1]) - times[start], before or "not listed"))  # fmt: skip
            elif works and number and parts[number - 1][0] is False:
                since = times[parts[number - 1][1]]
                expected.add(("returned", gate, qubits, times[start], since, times[start], times[start] - since, before))  # fmt: skip
    found = keep(history).events("lima", kinds=["failed", "returned"])
    assert {
        (event.kind, event.gate, event.qubits, event.time, event.since, event.until, event.duration, before_of(event))
        for event in found
    } == expected
    assert len(found) == len(expected) > 50
    assert {before_of(event) for event in found} >= {"works", "not operational", "error of 1", "not listed"}
    assert [event.time for event in found] == sorted(event.time for event in found)


def before_of(event) -> str:
    return "works" if event.before.startswith("worked") else event.before


@pytest.mark.parametrize("seed", range(4))
def test_late_calibrations_are_those_of_a_rolling_median(keep, seed):
    history = drawn(seed, 80)
    present = history[-1].time + datetime.timedelta(days=9)
    times = pd.Series(pd.to_datetime([published.time for published in history] + [present]))
    gaps = times.diff().dt.total_seconds()
    limits = 3 * gaps.rolling(30, min_periods=5).median().shift()
    late = gaps > limits
    found = keep(history).events("lima", kinds="late", end=present)
    assert [event.since for event in found] == list(times.shift()[late])
    assert [event.until for event in found] == [*times[late][:-1], None]
    assert [event.time for event in found] == [
        since + datetime.timedelta(seconds=limit)
        for since, limit in zip(times.shift()[late], limits[late], strict=True)
    ]
    assert [event.duration.total_seconds() for event in found] == list(gaps[late])
    assert len(found) > 3


def values_of(history) -> pd.DataFrame:
    """Return all values of payloads, in SI units, a row each."""
    rows = []
    for published in history:
        content = json.loads(published.properties)
        owners = [((None, (qubit,)), values) for qubit, values in enumerate(content["qubits"])]
        owners += [((gate["gate"], tuple(gate["qubits"])), gate["parameters"]) for gate in content["gates"]]
        for (gate, qubits), values in owners:
            for value in values:
                name = {"gate_error": "error", "gate_length": "duration"}.get(value["name"], QUBIT_NAMES.get(value["name"], value["name"]))  # fmt: skip
                if name == "operational" or (name == "error" and value["value"] >= 1):
                    continue
                rows.append((gate or "", name, qubits, published.time, value["value"], value["value"] * SI[value["unit"]]))  # fmt: skip
    return pd.DataFrame(rows, columns=["gate", "name", "qubits", "time", "written", "value"])


@pytest.mark.parametrize("seed", range(4))
def test_frozen_values_are_those_that_others_of_their_kind_leave_behind(keep, seed):
    history = drawn(seed, 60)
    limit = pd.Timedelta(days=6)
    expected = {}
    for (gate, name), kind in values_of(history).groupby(["gate", "name"]):
        columns = {qubits: column.reset_index(drop=True) for qubits, column in kind.groupby("qubits")}
        present = {qubits: list(column.time) for qubits, column in columns.items()}
        changed = {
            qubits: list(column.time[(column.written != column.written.shift()) & (column.index > 0)])
            for qubits, column in columns.items()
        }
        for qubits, column in columns.items():
            runs = (column.written != column.written.shift()).cumsum()
            others = [other for other in columns if other != qubits]
            for _, run in column.groupby(runs):
                since, last = run.time.iloc[0], run.time.iloc[-1]
                for time in run.time[run.time - since > limit]:
                    known = sum(bisect(present[other], since) < bisect(present[other], time) for other in others)
                    moved = sum(bisect(changed[other], since) < bisect(changed[other], time) for other in others)
                    if known and moved >= known / 2:
                        until = min((later for later in present[qubits] if later > last), default=None)
                        expected[gate or None, name, qubits, since] = time, until, run.value.iloc[0]
                        break
    found = keep(history).events("lima", kinds="frozen", frozen_after="6d")
    assert {(event.gate, event.quantity, event.qubits, event.since) for event in found} == set(expected)
    for event in found:
        time, until, value = expected[event.gate, event.quantity, event.qubits, event.since]
        assert (event.time, event.until) == (time, until)
        assert event.value == pytest.approx(value, rel=1e-14)
    assert len(found) == len(expected) > 20
    assert {event.gate for event in found} >= {None, "cx"}


# Definitions


def test_a_gate_fails_in_three_ways_and_comes_back(keep):
    def edit(content, number):
        if number in (2, 3):
            content["gates"].remove(of_gate(content, "cx", [0, 1]))
        if number == 4:
            flag(of_gate(content, "cx", [1, 0])["parameters"])
        if number >= 5:
            error_of(content, "cx", [1, 2])["value"] = 1.0

    found = keep(told(7, edit)).events("lima", kinds=("failed", "returned"), gates="cx")
    assert [(event.kind, event.qubits, event.reason, event.duration / DAY) for event in found] == [
        ("failed", (0, 1), "not listed", 2),
        ("returned", (0, 1), found[1].reason, 2),
        ("failed", (1, 0), "not operational", 1),
        ("returned", (1, 0), found[3].reason, 1),
        ("failed", (1, 2), "error of 1", 1),
    ]
    assert found[1].reason.startswith("works, error 0.0083")
    assert found[0].before.startswith("worked, error 0.0083")
    assert [event.until for event in found] == [day(4), day(4), day(5), day(5), None]
    assert str(found[4]).startswith("2025-01-06 00:00 UTC: cx (1, 2) of ibmq_lima failed: error of 1, lasts (before: worked")  # fmt: skip


def test_a_gate_does_not_fail_with_its_qubit(keep):
    archive = keep(told(3, lambda content, number: number == 1 and flag(content["qubits"][2])))
    assert brief(archive.events("lima")) == [
        ("failed", "qubit 2", 1, "worked"),
        ("returned", "qubit 2", 2, "not operational"),
    ]


def test_the_first_calibration_has_nothing_before_it(keep):
    def edit(content, number):
        if number < 2:
            flag(content["qubits"][3])
        if number < 3:
            content["gates"].remove(of_gate(content, "cx", [0, 1]))

    found = keep(told(5, edit)).events("lima")
    # The gate that is listed on the fourth day for the first time has not failed before.
    assert brief(found) == [("failed", "qubit 3", 0, "unknown"), ("returned", "qubit 3", 2, "not operational")]
    assert found[0].duration == found[1].duration == 2 * DAY


def test_a_gate_that_is_flagged_when_it_is_listed_first_has_failed(keep):
    def edit(content, number):
        gate = of_gate(content, "cx", [0, 1])
        if number == 0:
            content["gates"].remove(gate)
        flag(gate["parameters"])

    assert brief(keep(told(3, edit)).events("lima", gates="cx")) == [("failed", "cx (0, 1)", 1, "not listed")]


def test_values_that_are_missing_or_true_flags_are_no_failures(keep):
    def edit(content, number):
        flag(content["qubits"][0], value=True)
        parameters = of_gate(content, "cx", [0, 1])["parameters"]
        if number == 1:
            parameters.remove(error_of(content, "cx", [0, 1]))
            content["qubits"][1].clear()

    assert len(keep(told(4, edit)).events("lima")) == 0


def test_what_is_before_the_period_is_known_from_its_history(keep):
    def edit(content, number):
        if 3 <= number < 30:
            flag(content["qubits"][0])

    archive = keep(told(40, edit))
    (event,) = archive.events("lima", start=day(20), end=day(40))
    assert brief([event]) == [("returned", "qubit 0", 30, "not operational")]
    assert event.since == day(3)
    (shorter,) = archive.events("lima", start=day(20), end=day(40), history="5d")
    assert shorter.since == day(15)
    assert brief(archive.events("lima", start=day(20), end=day(30))) == []
    assert brief(archive.events("lima", start=day(3), end=day(4))) == [("failed", "qubit 0", 3, "worked")]


def test_no_gap_is_usual_before_there_are_five(keep):
    archive = keep(told(5), told(6, first=5, device="vigo"))
    assert len(archive.events("lima", end=day(100))) == 0
    assert len(archive.events("lima", end=day(100), late_after="36h")) == 1
    seven = keep(told(6))
    (event,) = seven.events("lima", end=day(100))
    assert (event.time, event.since, event.until, event.duration) == (day(8), day(5), None, 95 * DAY)
    assert (event.subject, event.before) == ("ibmq_lima", "a calibration every 24.0 h")
    assert event.reason == "no calibration for 95.0 d, and 72.0 h is the limit"
    assert len(seven.events("lima", end=day(8))) == 0
    assert len(seven.events("lima", end=day(8) + datetime.timedelta(microseconds=1))) == 1
    assert len(seven.events("lima", end=day(10), late_factor=10)) == 0
    assert len(seven.events("lima")) == 1  # the present, years later


def test_an_archive_of_a_moment_has_no_events(keep, tmp_path):
    assert len(keep(told(1)).events("lima", late_after="1d", end=day(0.5))) == 0
    assert len(keep(told(3)).events("lima", start=day(10), end=day(11))) == 0
    with CalibrationArchive(tmp_path / "empty.sqlite3") as empty:
        assert repr(empty.events()) == "<Events of no device: none>"
        with pytest.raises(ArchiveError, match="no calibrations of 'lima'"):
            empty.events("lima")


def test_a_value_is_frozen_when_a_week_is_over_and_until_it_moves(keep):
    first = told(1)

    def edit(content, number):
        if 4 <= number <= 13 and number != 9:
            of_qubit(content, 2, "T1")["value"] = 50.0
        if number == 9:
            content["qubits"][2].remove(of_qubit(content, 2, "T1"))

    (event,) = keep(told(20, edit)).events("lima", end=day(20))
    assert (event.kind, event.subject, event.quantity, event.unit) == ("frozen", "qubit 2", "t1", "s")
    assert (event.since, event.time, event.until, event.duration) == (day(4), day(12), day(14), 10 * DAY)
    assert event.value == 50e-6
    assert event.reason == "5e-05 s since 2025-01-05 00:00, while 4 of 4 others changed"
    t1 = of_qubit(json.loads(first[0].properties), 2, "T1")["value"]
    assert float(event.before.removesuffix(" s")) == pytest.approx(t1 * 1e-6, rel=1e-3)


def test_what_everybody_has_alike_is_not_frozen_and_zero_has_a_sign(keep):
    def edit(content, number):
        for qubit in range(3):  # more than half of all
            of_qubit(content, qubit, "T2")["value"] = 70.0
        of_qubit(content, 0, "prob_meas1_prep0")["value"] = -0.0 if number % 2 else 0.0

    # Two of four others move, and those see three of four that do not.
    found = keep(told(12, edit)).events("lima", kinds="frozen")
    assert {(event.subject, event.quantity, event.before) for event in found} == {
        (f"qubit {qubit}", "t2", "unknown") for qubit in range(3)
    }
    every = keep(told(12, lambda content, number: [of_qubit(content, qubit, "T2").update(value=70.0) for qubit in range(4)]))  # fmt: skip
    assert len(every.events("lima", kinds="frozen")) == 0


def test_a_gate_that_does_not_work_for_a_month_is_not_frozen_as_well(keep):
    archive = keep(told(30, lambda content, number: error_of(content, "cx", [0, 1]).update(value=1.0)))
    assert brief(archive.events("lima", end=day(29.5))) == [("failed", "cx (0, 1)", 0, "unknown")]


# Choices


def test_choices_leave_out_what_is_not_asked_for(keep):
    lima, vigo = drawn(1, 40), drawn(2, 40, "vigo")
    archive = keep(lima, vigo)
    every = archive.events(end=day(60))
    assert every.backends == ("ibmq_lima", "ibmq_vigo")
    assert set(archive.events("lima", end=day(60))) == {event for event in every if event.backend == "ibmq_lima"}
    assert set(archive.events(kinds="failed", end=day(60))) == {event for event in every if event.kind == "failed"}
    assert set(archive.events(gates="cx", end=day(60))) == {
        event for event in every if event.gate == "cx" or event.kind == "late"
    }
    assert set(archive.events(gates=(), end=day(60))) == {event for event in every if event.gate is None}
    assert set(archive.events(qubits=[0, 1], end=day(60))) == {event for event in every if set(event.qubits) <= {0, 1}}
    assert set(archive.events(quantities=["T1", "error"], end=day(60))) == {
        event for event in every if event.quantity in (None, "t1", "error")
    }
    assert every[:3].items == every.items[:3]
    assert {event.kind for event in every} == {"failed", "returned", "late", "frozen"}


@pytest.mark.parametrize(
    ("choice", "error", "message"),
    [
        ({"kinds": "faild"}, IBMInputValueError, "Events are 'failed', .* not 'faild'"),
        ({"quantities": "t3"}, IBMInputValueError, "not of 't3'"),
        ({"quantities": "operational"}, IBMInputValueError, "not of 'operational'"),
        ({"late_factor": 0.5}, IBMInputValueError, "late_factor must be a number from 1 to 10,000, not 0.5"),
        ({"late_after": "soon"}, IBMInputValueError, "late_after must be a length of time"),
        ({"frozen_after": "0d"}, IBMInputValueError, "frozen_after must be above zero"),
        ({"gates": "ecr"}, ArchiveError, "No calibration of ibmq_lima in that time lists the gate 'ecr'"),
        ({"gates": 3}, IBMInputValueError, "gates must be texts, not 3"),
        ({"qubits": 7}, ArchiveError, "ibmq_lima has no qubit 7; it has 5"),
        ({"backends": "fez"}, ArchiveError, "no calibrations of 'fez'"),
    ],
)  # fmt: skip
def test_choices_that_make_no_sense_are_refused(keep, choice, error, message):
    with pytest.raises(error, match=message):
        keep(told(2)).events(**choice)


def test_a_gate_that_one_of_the_devices_has_is_looked_at_there(keep):
    hanoi = Snapshot.load("torino")
    archive = keep(told(9, lambda content, number: error_of(content, "cx", [0, 1]).update(value=1.0)))
    archive.add(hanoi)
    assert [event.backend for event in archive.events(gates="cx", kinds="failed")] == ["ibmq_lima"]


def test_events_of_a_device_that_changes_do_not_change_with_what_is_added_later(keep):
    history = drawn(5, 70)
    whole, part = keep(history), keep(history[:40])
    edge = history[39].time
    assert [(event.kind, event.subject, event.time) for event in whole.events(end=edge, kinds=("failed", "returned", "frozen"))] == [
        (event.kind, event.subject, event.time) for event in part.events(end=edge, kinds=("failed", "returned", "frozen"))
    ]  # fmt: skip


# Tables


def test_events_are_tables_in_every_tool(keep):
    archive = keep(drawn(3, 40))
    events = archive.events("lima")
    frame = events.to_pandas()
    assert list(frame.columns) == [
        "backend", "time", "kind", "gate", "qargs", "qubit_0", "qubit_1", "since", "until", "duration", "quantity", "value",
        "unit", "before", "reason",
    ]  # fmt: skip
    assert len(frame) == len(events) == len(events.to_polars()) == len(pl.DataFrame(events))
    assert pa.table(events).equals(events.table())
    assert frame.attrs["units"] == {"duration": "s"}
    for event, (_, row) in zip(events, frame.iterrows(), strict=True):
        assert (row.kind, row.time, row.since, row.before) == (event.kind, event.time, event.since, event.before)
        assert row.duration == event.duration.total_seconds()
        assert pd.isna(row.until) if event.until is None else row.until == event.until
        assert pd.isna(row["value"]) if event.value is None else row["value"] == event.value
        numbers = [int(number) for number in (row.qubit_0, row.qubit_1) if not pd.isna(number)]
        assert tuple(numbers) == event.qubits
        assert json.loads(json.dumps(event.to_dict()))["text"] == str(event)
    assert events.to_xarray().sizes == {"row": len(events)}
    assert repr(events).startswith("<Events of ibmq_lima: ")
    assert len(repr(events).splitlines()) == 1
    empty = archive.events("lima", start="2020", end="2021")
    assert (len(empty.to_pandas()), repr(empty)) == (0, "<Events of ibmq_lima: none>")
    with pytest.raises(IBMInputValueError, match="no wide table"):
        events.table(wide=True)


def test_two_calibrations_of_one_time_are_both_looked_at(keep):
    history = told(8)
    again = told(8, lambda content, number: flag(content["qubits"][1]))
    archive = keep([*history, again[5]])
    assert brief(archive.events("lima", end=day(8))) == [
        ("failed", "qubit 1", 5, "worked"),
        ("returned", "qubit 1", 6, "not operational"),
    ]
