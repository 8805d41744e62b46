# SPDX-License-Identifier: Apache-2.0
"""Rules, their files, and alerts: thresholds against pandas, and every case that has to be defined."""

from __future__ import annotations

import datetime
import json
import pickle
from pathlib import Path

import pandas as pd
import pytest
from tests.archive.test_events import day, values_of
from tests.support.calibrations import BEGINNING, DAY
from tests.support.happenings import drawn, error_of, flag, of_gate, of_qubit, told
from tests.support.histories import archived

from qiskit_ibm_native import ArchiveError, CalibrationArchive, EventRule, Snapshot, ValueRule, read_rules
from qiskit_ibm_native.cli import main
from qiskit_ibm_native.exceptions import IBMInputValueError


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


def brief(alerts) -> list[tuple]:
    return [
        (alert.kind, alert.subject, (alert.time - BEGINNING) / DAY, (alert.began - BEGINNING) / DAY) for alert in alerts
    ]


def t1_on(values: dict[int, float], qubit: int = 0):
    """Return an edit that sets T1 of a qubit, in microseconds, on some days."""

    def edit(content, number):
        if number in values:
            of_qubit(content, qubit, "T1")["value"] = values[number]

    return edit


# Against other computations


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["above", "below", "rise", "fall"])
def test_thresholds_are_passed_where_pandas_says_so(keep, seed, kind):
    history = drawn(seed, 60)
    table = values_of(history)
    archive = keep(history)
    times = [published.time for published in history]
    begun_in_all = 0
    for gate, quantity in ((None, "t1"), ("cx", "error")):
        wide = table[(table.gate == (gate or "")) & (table.name == quantity)].pivot(index="time", columns="qubits", values="value")  # fmt: skip
        wide = wide.reindex(times)
        amount = 0.15 if kind in ("rise", "fall") else 1.001 * float(wide.median(axis=None))
        rule = ValueRule(gate=gate, quantity=quantity, window="12d", **{kind: amount})
        medians = wide.rolling("12D", closed="left", min_periods=3).median()
        limits = {"rise": medians + 0.15 * medians.abs(), "fall": medians - 0.15 * medians.abs()}.get(kind, amount)
        if gate is not None and kind in ("above", "rise"):
            # An error of 1 or more is large, although it does not count in medians.
            wide = wide.fillna(broken(history, wide.columns, gate))
        passed = wide > limits if kind in ("above", "rise") else wide < limits
        for number in (4, 20, 41, 59):
            alerts = archive.alerts(rule, at=times[number])
            row = passed.iloc[number]
            assert {alert.qubits for alert in alerts} == set(row.index[row])
            for alert in alerts:
                assert (alert.kind, alert.gate, alert.quantity, alert.until) == (kind, gate, quantity, None)
                assert alert.value == pytest.approx(wide[alert.qubits].iloc[number], rel=1e-12)
                limit = amount if kind in ("above", "below") else limits[alert.qubits].iloc[number]
                assert alert.threshold == pytest.approx(limit, rel=1e-12)
                flags = passed[alert.qubits].iloc[: number + 1]
                recent = flags[flags.index >= times[number] - pd.Timedelta(days=12)]
                assert alert.began == recent[::-1].cumprod()[::-1].idxmax()
        since, until = times[25], times[50]
        begun = passed & ~passed.shift(fill_value=False)
        expected = {(qubits, time) for qubits in wide.columns for time in wide.index[begun[qubits]] if since <= time <= until}  # fmt: skip
        found = archive.alerts(rule, since=since, at=until)
        assert {(alert.qubits, alert.began) for alert in found} == expected
        assert len(found) == len(expected)
        begun_in_all += len(found)
        for alert in found:
            over = wide.index[(wide.index > alert.began) & ~passed[alert.qubits] & (wide.index <= until)]
            assert alert.until == (over[0] if len(over) else None)
            assert alert.time == max(wide.index[(wide.index < alert.until) if alert.until else (wide.index <= until)])
    assert begun_in_all > 0


def broken(history, columns, gate) -> pd.DataFrame:
    """Return the errors of 1 or more, and nothing elsewhere."""
    rows = {}
    for published in history:
        gates = [each for each in json.loads(published.properties)["gates"] if each["gate"] == gate]
        errors = {
            tuple(each["qubits"]): value["value"]
            for each in gates
            for value in each["parameters"]
            if value["name"] == "gate_error" and value["value"] >= 1
        }
        rows[published.time] = [errors.get(qubits, float("nan")) for qubits in columns]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


@pytest.mark.parametrize("seed", range(3))
def test_alerts_of_events_are_the_events_that_last(keep, seed):
    history = drawn(seed, 60)
    archive = keep(history)
    rule = EventRule(events=("failed", "returned", "late", "frozen"))
    for number in (10, 40, 59):
        at = history[number].time
        alerts = archive.alerts(rule, at=at)
        events = archive.events("lima", end=at + datetime.timedelta(microseconds=1))
        lasting = [event for event in events if event.until is None or (event.kind, event.time) == ("returned", at)]
        # A value that is missing is not told to be frozen.
        lasting = [event for event in lasting if event.kind != "frozen" or event.since + event.duration == at]
        lasting = [event for event in lasting if event.kind != "returned" or event.time == at]
        assert {(alert.kind, alert.subject, alert.quantity) for alert in alerts} == {
            (event.kind, event.subject, event.quantity) for event in lasting
        }
        since = at - 10 * DAY
        assert {(alert.kind, alert.subject, alert.time, alert.until) for alert in archive.alerts(rule, at=at, since=since)} == {
            (event.kind, event.subject, event.time, None if event.kind == "returned" else event.until)
            for event in events
            if event.time >= since
        }  # fmt: skip


# Definitions


def test_a_threshold_is_not_passed_by_what_equals_it(keep):
    archive = keep(told(3, t1_on({2: 64.0})))
    value = float(archive.series("lima", "t1", qubits=0).values[-1, 0])
    assert archive.alerts(ValueRule(quantity="t1", qubits=0, above=value)) == []
    assert len(archive.alerts(ValueRule(quantity="t1", qubits=0, above=value * (1 - 1e-12)))) == 1
    assert archive.alerts(ValueRule(quantity="T1", qubits=0, below=value)) == []


def test_an_alert_ends_with_a_missing_value(keep):
    def edit(content, number):
        of_qubit(content, 0, "T1")["value"] = 10.0
        if number == 5:
            content["qubits"][0].remove(of_qubit(content, 0, "T1"))

    archive = keep(told(9, edit))
    rule = ValueRule(quantity="t1", qubits=0, below=2e-5)
    assert brief(archive.alerts(rule)) == [("below", "qubit 0", 8, 6)]
    assert archive.alerts(rule, at=day(5.5)) == []
    assert brief(archive.alerts(rule, since=day(0))) == [("below", "qubit 0", 4, 0), ("below", "qubit 0", 8, 6)]
    assert [alert.until for alert in archive.alerts(rule, since=day(0))] == [day(5), None]
    assert brief(archive.alerts(rule, since=day(1))) == [("below", "qubit 0", 8, 6)]


def test_three_values_have_a_median_and_errors_of_1_are_none(keep):
    def edit(content, number):
        error_of(content, "cx", [0, 1])["value"] = {0: 0.01, 5: 0.012, 6: 0.014, 7: 0.02}.get(number, 1.0)

    archive = keep(told(8, edit))
    rule = ValueRule(gate="cx", quantity="error", qargs=[(0, 1)], rise=0.5)
    (alert,) = archive.alerts(rule)
    assert (alert.value, alert.threshold) == (0.02, pytest.approx(0.012 * 1.5))
    assert alert.reason == "is 0.02, more than 50% above its median, so above 0.018"
    assert archive.alerts(rule, at=day(6.5)) == []
    assert archive.alerts(ValueRule(gate="cx", quantity="error", qargs=[(0, 1)], rise=0.5, window="7d")) != []
    assert archive.alerts(ValueRule(gate="cx", quantity="error", qargs=[(0, 1)], rise=0.5, window="6d")) == []


def test_shares_of_a_negative_median_are_of_its_size(keep):
    # Anharmonicities are negative: those that fall are farther from zero.
    archive = keep(told(6, lambda content, number: of_qubit(content, 1, "anharmonicity").update(value=-0.5 if number == 5 else -0.3)))  # fmt: skip
    (alert,) = archive.alerts(ValueRule(quantity="anharmonicity", fall=0.1, rise=0.1))
    assert (alert.kind, alert.subject, alert.unit) == ("fall", "qubit 1", "Hz")
    assert alert.threshold == pytest.approx(-0.33e9)


def test_qubits_and_qargs_choose_gates(keep):
    archive = keep(told(2))

    def subjects(**choice):
        alerts = archive.alerts(ValueRule(gate="cx", quantity="error", above=0, **choice))
        return {alert.qubits for alert in alerts}

    assert len(subjects()) == 8
    assert subjects(qubits=[0, 1, 2]) == {(0, 1), (1, 0), (1, 2), (2, 1)}
    assert subjects(qargs=[[0, 1], [3, 4]]) == {(0, 1), (3, 4)}
    assert subjects(qubits=[0, 1], qargs=[[0, 1], [3, 4]]) == {(0, 1)}
    with pytest.raises(ArchiveError, match="has no qubits 0, 4 of cx in that time"):
        subjects(qargs=[[0, 4]])
    with pytest.raises(ArchiveError, match="ibmq_lima has no qubits 9 of cx"):
        subjects(qubits=[0, 9])


def test_what_failed_before_the_archive_began_is_an_alert(keep):
    archive = keep(told(300, lambda content, number: flag(content["qubits"][2]) if number > 2 else None, first=0)[::30])
    (alert,) = archive.alerts(EventRule(events="failed"))
    assert (alert.subject, alert.value, alert.threshold) == ("qubit 2", None, None)
    # It is looked for 90 days back.
    assert alert.began >= day(170)
    first = keep(told(3, lambda content, number: flag(content["qubits"][2])))
    assert brief(first.alerts(EventRule(events="failed"))) == [("failed", "qubit 2", 0, 0)]


def test_a_return_is_told_at_its_calibration_alone(keep):
    archive = keep(told(6, lambda content, number: flag(content["qubits"][0]) if number == 3 else None))
    rule = EventRule(events="returned", backends="lima")
    assert [len(archive.alerts(rule, at=day(number))) for number in range(6)] == [0, 0, 0, 0, 1, 0]
    assert brief(archive.alerts(rule, since=day(1))) == [("returned", "qubit 0", 4, 4)]


def test_rules_are_for_the_devices_that_have_their_gate(keep):
    archive = keep(told(2), told(2, device="vigo"))
    archive.add(Snapshot.load("torino"))
    alerts = archive.alerts(ValueRule(gate="cx", quantity="error", above=0))
    assert {alert.backend for alert in alerts} == {"ibmq_lima", "ibmq_vigo"}
    assert {alert.backend for alert in archive.alerts(EventRule(events="failed", gates="cz"))} == {"ibm_torino"}
    with pytest.raises(ArchiveError, match="my rule: ibm_torino does not list the gate 'cx'"):
        archive.alerts(ValueRule(gate="cx", quantity="error", above=0, backends="torino", name="my rule"))
    with pytest.raises(ArchiveError, match="does not list the gate 'ecr'"):
        archive.alerts(EventRule(gates="ecr"))
    with pytest.raises(ArchiveError, match="no calibrations of 'fez'"):
        archive.alerts(EventRule(backends=["lima", "fez"]))


def test_alerts_are_dictionaries_for_json(keep):
    archive = keep(told(4, t1_on({2: 10.0, 3: 10.0})))
    (alert,) = archive.alerts(ValueRule(quantity="t1", qubits=0, below=2e-5, name="short"))
    assert json.loads(json.dumps(alert.to_dict())) == {
        "rule": "short", "backend": "ibmq_lima", "kind": "below", "gate": None, "qubits": [0], "quantity": "t1",
        "value": 10e-6, "threshold": 2e-5, "time": "2025-01-04T00:00:00Z", "began": "2025-01-03T00:00:00Z", "until": None,
        "reason": "is 1e-05 s, below 2e-05 s", "subject": "qubit 0", "unit": "s",
        "text": "2025-01-04 00:00 UTC: qubit 0 t1 of ibmq_lima is 1e-05 s, below 2e-05 s (since 2025-01-03 00:00 UTC; rule 'short')",
    }  # fmt: skip
    assert str(alert) == alert.text


# Rules and files of them


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"quantity": "t1"}, "at least one of above, below, rise, fall"),
        ({"quantity": "t3", "above": 1}, "there is no quantity 't3'; there are t1"),
        ({"quantity": "error", "above": 1}, "the ones of gates need gate="),
        ({"quantity": "t1", "gate": "cx", "above": 1}, "there is no quantity 't1'; there are error, duration"),
        ({"quantity": "operational", "above": 1}, 'the event "failed"'),
        ({"quantity": "t1", "above": float("nan")}, "above must be a number"),
        ({"quantity": "t1", "above": "0.1"}, "above must be a number"),
        ({"quantity": "t1", "above": True}, "above must be a number"),
        ({"quantity": "t1", "above": 10**400}, "above must be a number"),
        ({"quantity": "t1", "rise": 0}, "rise is a share of the median"),
        ({"quantity": "t1", "above": 1, "window": "long"}, "window must be a length of time"),
        ({"quantity": "t1", "above": 1, "qargs": [[0, 1]]}, "qargs are the qubits of a gate"),
        ({"quantity": "t1", "above": 1, "qubits": ["0"]}, "qubits must be integers"),
        ({"quantity": "t1", "above": 1, "backends": 3}, "backends must be names of devices"),
        ({"quantity": "t1", "above": 1, "backends": []}, "backends must be names of devices"),
        ({"quantity": "t1", "above": 1, "name": 3}, "name must be a text"),
        ({"quantity": "error", "above": 1, "gate": 3}, "gate must be a text"),
        ({"events": "faild"}, "Events are 'failed'"),
        ({"events": []}, "names at least one of failed"),
        ({"events": 3}, "kinds of events must be texts"),
        ({"events": "late", "late_factor": "3"}, "late_factor must be a number"),
        ({"events": "late", "late_factor": 10**400}, "late_factor must be a number from 1 to 10,000"),
        ({"events": "frozen", "frozen_after": "1mo"}, "frozen_after must be a length of time"),
    ],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(rule, message):
    with pytest.raises(IBMInputValueError, match=message):
        (EventRule if "events" in rule else ValueRule)(**rule)


def test_rules_have_names_that_say_what_they_are():
    assert ValueRule(quantity="T1", below=5e-5, backends=["fez", "torino"]).name == "t1 below 5e-05 of fez,torino"
    assert ValueRule(quantity="gate_error", gate="cz", above=0.1, rise=1, qubits=[1, 2]).name == (
        "cz error above 0.1 or rise 1 among qubits 1, 2"
    )
    assert EventRule().name == "failed, late, frozen"
    assert EventRule(gates=(), events="failed").name == "failed qubits"
    assert EventRule(name=" mine ").name == "mine"


def test_rules_are_values():
    rule = ValueRule(gate="cz", quantity="error", backends=["fez"], qargs=([0, qubit] for qubit in (1, 2)), above=1)
    same = ValueRule(gate="cz", quantity="gate_error", backends=("fez",), qargs=((0, 1), (0, 2)), above=1)
    assert {rule, same} == {rule} == {pickle.loads(pickle.dumps(rule))}
    assert len({EventRule(events=["late"], gates=["cz"]), EventRule(events=("late",), gates=iter(["cz"]))}) == 1


def test_files_have_the_arguments_of_rules(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text("""
        [[rule]]
        name = "line"
        backends = ["fez", "torino"]
        gate = "cz"
        quantity = "error"
        qargs = [[0, 1], [1, 2]]
        above = 0.02
        rise = 1
        window = "14d"

        [[rule]]
        events = "late"
        late_after = "36h"

        [[rule]]
        events = ["failed", "frozen"]
        gates = []
        qubits = [0, 1]
        frozen_after = "3d"
    """)
    rules = read_rules(path)
    assert rules == (
        ValueRule(
            name="line", backends=["fez", "torino"], gate="cz", quantity="error", qargs=((0, 1), (1, 2)), above=0.02, rise=1,
            window="14d",
        ),
        EventRule(events="late", late_after="36h"),
        EventRule(events=["failed", "frozen"], gates=[], qubits=(0, 1), frozen_after="3d"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rule]\n", "is not valid TOML: "),
        ("[" * 100_000, "is not valid TOML: "),
        (f"rule = {'9' * 5000}", "is not valid TOML: "),
        ("", r"has no rules: each one is a table that begins with \[\[rule\]\]"),
        ("rule = 3", "has no rules"),
        ("rule = [3]", "rule 1 must be a table"),
        ("[[rules]]\nevents='late'", "the key rules is unknown; did you mean 'rule'"),
        ("[[rule]]\nname='x'\nquantity='t1'\nabvoe=1", r"rule 1 \('x'\): the key abvoe is unknown; did you mean 'above'\?"),
        ("[[rule]]\ndevice='fez'\nquantity='t1'\nabove=1", r"rule 1: the key device is unknown; did you mean 'backends'\?"),
        ("[[rule]]\nevents='late'\nabove=1", "the key above is unknown; there are events, gates, backends"),
        ("[[rule]]\nevent='late'", r"rule 1: the key event is unknown; did you mean 'events'\?"),
        ("[[rule]]\nname='x'", "must have either a quantity and thresholds, or events"),
        ("[[rule]]\nquantity='t1'\nevents='late'", "must have either a quantity and thresholds, or events"),
        ("[[rule]]\nquantity='t1'", "rule 1: A rule about values has at least one of above"),
        ("[[rule]]\nquantity=3\nabove=1", "rule 1: quantity: there is no quantity 3"),
        ("[[rule]]\nquantity=['t1']\nabove=1", "rule 1: quantity: "),
        ("[[rule]]\nquantity='t1'\nabove=1\nwindow=30", "rule 1: window must be a timedelta or a text"),
        ("[[rule]]\nquantity='t1'\nabove=1\n" * 2, "2 rules are called 't1 above 1'; give each a name of its own"),
    ],
)  # fmt: skip
def test_files_that_are_no_rules_are_refused_with_their_name(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(IBMInputValueError, match=f"mine.toml.*{message}"):
        read_rules(path)


def test_what_is_no_rule_is_refused(keep, tmp_path):
    archive = keep(told(1))
    rule = ValueRule(quantity="t1", above=0)
    with pytest.raises(FileNotFoundError):
        archive.alerts(tmp_path / "missing.toml")
    with pytest.raises(IBMInputValueError, match="A rule is a ValueRule or an EventRule"):
        archive.alerts([rule, "t1 > 0"])
    with pytest.raises(IBMInputValueError, match="not 3"):
        archive.alerts(3)
    with pytest.raises(IBMInputValueError, match="2 rules are called 't1 above 0'"):
        archive.alerts([rule, rule])
    assert len(archive.alerts(iter([rule]))) == 5
    (tmp_path / "latin.toml").write_bytes(b"[[rule]]\nname = '\xe9'")
    with pytest.raises(IBMInputValueError, match=r"latin.toml is not valid TOML"):
        archive.alerts(str(tmp_path / "latin.toml"))


# The command line


@pytest.fixture
def files(tmp_path) -> tuple[Path, Path]:
    """Write an archive in which qubit 0 has a short T1 and qubit 1 fails on the fifth day of six, and rules."""

    def edit(content, number):
        of_qubit(content, 0, "T1")["value"] = 10.0
        if number == 4:
            flag(content["qubits"][1])

    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nquantity='t1'\nbelow=1.5e-5\n\n[[rule]]\nevents='failed'\n")
    return archived(tmp_path / "archive.sqlite3", told(6, edit)), rules


def ask(capsys, *arguments) -> tuple[int, list[str], str]:
    status = main(["archive", *map(str, arguments)])
    printed = capsys.readouterr()
    return status, printed.out.splitlines(), printed.err


def test_the_exit_status_says_whether_there_are_alerts(files, capsys):
    archive, rules = files
    status, lines, errors = ask(capsys, "alerts", rules, "--file", archive)
    assert (status, len(lines), errors) == (1, 1, "")
    assert "qubit 0 t1 of ibmq_lima is 1e-05 s, below 1.5e-05 s (since 2025-01-01 00:00 UTC" in lines[0]
    assert ask(capsys, "--file", archive, "alerts", rules) == (1, lines, "")
    assert ask(capsys, "alerts", rules, "--file", archive, "--at", "2025-01-05T12:00Z")[0] == 1
    status, lines, _ = ask(capsys, "alerts", rules, "--file", archive, "--json", "--since", "2025-01-03")
    assert status == 1
    assert [json.loads(line)["subject"] for line in lines] == ["qubit 1"]
    assert ask(capsys, "alerts", rules, "--file", archive, "--since", "1d") == (0, [], "")
    assert ask(capsys, "alerts", rules, "--file", archive, "--since=-1d") == (0, [], "")
    assert sorted(archive.parent.iterdir()) == sorted(files)
    years = (datetime.datetime.now(datetime.timezone.utc) - BEGINNING).days + 1
    assert ask(capsys, "alerts", rules, "--file", archive, "--since", f"{years}d")[0] == 1


def test_what_cannot_be_read_has_the_exit_status_2_and_nothing_is_made(files, capsys, tmp_path, monkeypatch):
    archive, rules = files
    before = sorted(tmp_path.iterdir())
    status, lines, error = ask(capsys, "alerts", rules, "--file", tmp_path / "typo.sqlite3")
    assert (status, lines) == (2, [])
    assert f"There is no archive {tmp_path / 'typo.sqlite3'}" in error
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(tmp_path / "other" / "typo.sqlite3"))
    assert ask(capsys, "alerts", rules)[0] == 2
    assert ask(capsys, "events", "lima")[0] == 2
    assert ask(capsys, "alerts", tmp_path / "missing.toml", "--file", archive)[0] == 2
    assert ask(capsys, "alerts", archive, "--file", archive)[0] == 2
    assert ask(capsys, "alerts", rules, "--file", rules)[0] == 2
    assert ask(capsys, "events", "fez", "--file", archive)[0] == 2
    for wrong in (["alerts"], ["alerts", str(rules), "--since", "soon"], ["events", "lima", "--kind", "odd"]):
        with pytest.raises(SystemExit) as stopped:
            main(["archive", *wrong])
        assert stopped.value.code == 2
    assert sorted(tmp_path.iterdir()) == before


def test_events_are_printed(files, capsys):
    archive, _ = files
    status, lines, errors = ask(capsys, "events", "lima", "--file", archive, "--kind", "failed", "--kind", "returned")
    assert (status, errors) == (0, "")
    assert lines == [
        "2025-01-05 00:00 UTC: qubit 1 of ibmq_lima failed: not operational, until 2025-01-06 00:00 UTC (before: worked)",
        "2025-01-06 00:00 UTC: qubit 1 of ibmq_lima returned: works (before: not operational)",
    ]
    status, lines, _ = ask(capsys, "events", "ibmq_lima", "--file", archive, "--since", "2025-01-06", "--json")
    assert [json.loads(line)["kind"] for line in lines] == ["returned", "late"]
    assert status == 0


def test_a_value_that_is_not_there_any_more_is_not_frozen(keep):
    def edit(content, number):
        if number < 10:
            of_qubit(content, 0, "T1")["value"] = 50.0
        else:
            content["qubits"][0].remove(of_qubit(content, 0, "T1"))

    archive = keep(told(12, edit))
    rule = EventRule(events="frozen")
    assert brief(archive.alerts(rule, at=day(9))) == [("frozen", "qubit 0", 8, 0)]
    assert archive.alerts(rule) == []
    assert brief(archive.alerts(rule, since=day(2))) == [("frozen", "qubit 0", 8, 0)]


def test_a_gate_that_is_gone_is_an_alert(keep):
    def edit(content, number):
        if number > 3:
            content["gates"].remove(of_gate(content, "cx", [0, 1]))

    (alert,) = keep(told(6, edit)).alerts(EventRule(events="failed", gates="cx"))
    assert (alert.subject, alert.reason[:20]) == ("cx (0, 1)", "failed: not listed (")
