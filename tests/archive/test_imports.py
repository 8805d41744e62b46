# SPDX-License-Identifier: Apache-2.0
"""Files of other programs: values bit by bit, instants right or refused, and what was assumed said."""

from __future__ import annotations

import datetime
import gzip
import json
import os
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from tests.support.exports import FORMS, platform_csv, with_dates

from qiskit_ibm_native import CalibrationArchive, Snapshot, build_target, read_calibrations
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.snapshot.imports.csv_headings import meaning
from qiskit_ibm_native.snapshot.imports.paths import device_in, time_in

UTC = datetime.timezone.utc
NEW_YORK = datetime.timezone(datetime.timedelta(hours=-4))
LIMA = Snapshot.load("lima")
#: When lima was calibrated.
UPDATED = datetime.datetime(2021, 3, 15, 0, 36, 3, tzinfo=NEW_YORK)
ENTRY = datetime.datetime.fromisoformat
#: Ways in which programs write dates, all of which keep the instant.
WHOLE = {
    "published": str,
    "str()": lambda text: str(ENTRY(text)),
    "Z": lambda text: ENTRY(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "another zone": lambda text: str(
        ENTRY(text).astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
    ),
    "fractions": lambda text: ENTRY(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.000Z"),
    "no colon": lambda text: ENTRY(text).strftime("%Y-%m-%dT%H:%M:%S%z"),
    "hours": lambda text: ENTRY(text).strftime("%Y-%m-%dT%H:%M:%S-04"),
    "a space before the offset": lambda text: ENTRY(text).strftime("%Y-%m-%d %H:%M:%S %z"),
    "a space there in ISO": lambda text: ENTRY(text).strftime("%Y-%m-%dT%H:%M:%S -04:00"),
    "names": lambda text: ENTRY(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    "RuntimeEncoder": lambda text: {"__type__": "datetime", "__value__": text},
    "repr of UTC": lambda text: repr(ENTRY(text).astimezone(UTC)),
    "repr of an offset": lambda text: repr(ENTRY(text)),
    "repr of an offset before UTC": lambda text: repr(
        ENTRY(text).astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
    ),
    "repr of an offset of 0": lambda text: repr(ENTRY(text).astimezone(datetime.timezone(datetime.timedelta(0), "Z"))),
    "repr of zoneinfo": lambda text: repr(ENTRY(text).astimezone(ZoneInfo("America/New_York"))),
    "repr of dateutil's files": lambda text: (
        f"{repr(ENTRY(text).astimezone(ZoneInfo('Asia/Tokyo')).replace(tzinfo=None))[:-1]},"
        " tzinfo=tzfile('/usr/share/zoneinfo/Asia/Tokyo'))"
    ),
    "repr of pytz": lambda text: f"{repr(ENTRY(text).astimezone(UTC).replace(tzinfo=None))[:-1]}, tzinfo=<UTC>)",
    "repr of dateutil": lambda text: f"{repr(ENTRY(text).replace(tzinfo=None))[:-1]}, tzinfo=tzoffset(None, -14400))",
}
#: Ways that lose the offset.
LOST = {
    "naive str()": lambda text: str(ENTRY(text).replace(tzinfo=None)),
    "naive ISO": lambda text: ENTRY(text).replace(tzinfo=None).isoformat(),
    "repr of tzlocal": lambda text: f"{repr(ENTRY(text).replace(tzinfo=None))[:-1]}, tzinfo=tzlocal())",
}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[CalibrationArchive]:
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        yield archive


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def assert_same_values(found: Snapshot, expected: Snapshot) -> None:
    """Compare all that is measured, bit by bit, with its instants."""
    assert found.last_update == expected.last_update
    assert not found.diff(Snapshot.from_payloads(*expected.payloads[:2]))
    for gate in expected.columns.gates:
        np.testing.assert_array_equal(found.columns.gate(gate).updated, expected.columns.gate(gate).updated)
        np.testing.assert_array_equal(found.columns.gate(gate).error, expected.columns.gate(gate).error)


# Dumps


@pytest.mark.parametrize("style", WHOLE)
def test_dumps_with_whole_dates_are_the_calibration(style: str, tmp_path: Path) -> None:
    dump = written(tmp_path, "dump.json", with_dates(LIMA.payloads.properties, WHOLE[style]))
    (found,) = read_calibrations(dump, configuration="lima")
    assert_same_values(found, LIMA)
    assert found.last_update == UPDATED


@pytest.mark.parametrize("style", LOST)
def test_lost_offsets_are_refused_until_somebody_says_where_the_clock_was(style: str, tmp_path: Path) -> None:
    dump = written(tmp_path, "dump.json", with_dates(LIMA.payloads.properties, LOST[style]))
    with pytest.raises(IBMInputValueError, match=r"has lost its offset.*time_zone='UTC'"):
        read_calibrations(dump, configuration="lima")
    for zone in ("America/New_York", "-04:00", NEW_YORK):
        (found,) = read_calibrations(dump, configuration="lima", time_zone=zone)
        assert found.last_update == UPDATED
    (found,) = read_calibrations(dump, configuration="lima", time_zone="UTC")
    assert found.last_update == UPDATED.replace(tzinfo=UTC)


def test_hours_that_were_twice_or_never(tmp_path: Path) -> None:
    twice = with_dates(LIMA.payloads.properties, lambda _: "2021-11-07 01:30:00")
    again = with_dates(LIMA.payloads.properties, lambda _: "2021-11-07 01:30:00").replace("59.69", "60.69")
    never = with_dates(LIMA.payloads.properties, lambda _: "2021-03-14 02:30:00")
    zone = {"configuration": "lima", "time_zone": "America/New_York"}
    with pytest.warns(UserWarning, match=r"'2021-11-07 01:30:00' was twice.*the first one was taken.*'-05:00'"):
        (found,) = read_calibrations(written(tmp_path, "twice.json", twice), **zone)
    assert found.last_update == datetime.datetime(2021, 11, 7, 5, 30, tzinfo=UTC)
    written(tmp_path, "again.json", again)
    with CalibrationArchive(tmp_path / "archive") as archive:
        with pytest.warns(UserWarning, match="2 files, such as"):
            report = archive.import_folder(tmp_path, **zone)
        assert report.added == 2
        assert [len(paths) for paths in report.assumptions.values()] == [2]
    with pytest.raises(IBMInputValueError, match=r"There was no '2021-03-14 02:30:00'"):
        read_calibrations(written(tmp_path, "never.json", never), **zone)


def test_the_second_of_two_hours_is_no_assumption_where_a_dump_says_so(tmp_path: Path) -> None:
    second = "datetime.datetime(2021, 11, 7, 1, 30, fold=1, tzinfo=tzlocal())"
    dump = written(tmp_path, "dump.json", with_dates(LIMA.payloads.properties, lambda _: second))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = read_calibrations(dump, configuration="lima", time_zone="America/New_York")
    assert found.last_update == datetime.datetime(2021, 11, 7, 6, 30, tzinfo=UTC)


def test_dates_that_are_null_stay_so(tmp_path: Path) -> None:
    content = json.loads(LIMA.payloads.properties)
    content["qubits"][0][0]["date"] = None
    content["note"] = 'a "date": "2021" in a text, and a \\ at its end\\'
    content["last_update_date"] = "2021-03-15 00:36:03-04:00"
    content["qubits"][0][1]["value"] = float("nan")
    (found,) = read_calibrations(written(tmp_path, "dump.json", json.dumps(content)), configuration="lima")
    kept = json.loads(found.payloads.properties)
    assert kept["note"] == content["note"]
    assert kept["qubits"][0][0] == content["qubits"][0][0]
    assert found.last_update == UPDATED
    assert np.isnan(found.columns.t2[0])


@pytest.mark.parametrize(
    ("date", "problem"),
    [
        (1615782963, "a number, of which nobody can tell the unit"),
        ("15/03/2021 00:36", "cannot be read as a date"),
        ("1970-01-01 00:00:00Z", "of the year 1970"),
        ("2021-03-15 00:36:03 EST", "cannot be read as a date"),
        ("2021-03-15", "cannot be read as a date"),
        ([2021], "not \\[2021\\]"),
        ({"year": 2021}, "not {'year': 2021}"),
        (True, "a number"),
        (
            "datetime.datetime(2021, 3, 15, 0, 36, tzinfo=<DstTzInfo 'America/New_York' EDT-1 day, 20:00:00 DST>)",
            "its time zone is <DstTzInfo 'America/New_York'",
        ),
        ("datetime.datetime(2021, 3, 15, 0, 36, tzinfo=zoneinfo.ZoneInfo(key='Mars'))", "no time zone 'Mars'"),
    ],
)
def test_what_is_no_date_is_refused(date: Any, problem: str, tmp_path: Path) -> None:
    dump = written(tmp_path, "dump.json", with_dates(LIMA.payloads.properties, lambda _: date))
    with pytest.raises(IBMInputValueError, match=problem):
        read_calibrations(dump, configuration="lima", time_zone="UTC")


def test_time_zones_that_there_are_not(tmp_path: Path) -> None:
    dump = written(tmp_path, "dump.json", LIMA.payloads.properties)
    for zone in ("America/Atlantis", "nowhere", 5, "../UTC", "+25:00", "-24:00", "+05:60"):
        with pytest.raises(IBMInputValueError, match=r"time.zone"):
            read_calibrations(dump, configuration="lima", time_zone=zone)


@pytest.mark.official
def test_dumps_of_the_official_clients_models(tmp_path: Path) -> None:
    from qiskit_ibm_runtime import RuntimeEncoder
    from qiskit_ibm_runtime.fake_provider import FakeLimaV2

    backend = FakeLimaV2()
    properties, configuration = backend.properties().to_dict(), backend.configuration().to_dict()
    plain = written(tmp_path, "plain.json", json.dumps(properties, default=str))
    encoded = written(tmp_path, "encoded.json", json.dumps(properties, cls=RuntimeEncoder))
    of_configuration = written(tmp_path, "configuration.json", json.dumps(configuration, cls=RuntimeEncoder))
    (first,) = read_calibrations(plain, configuration=of_configuration)
    (second,) = read_calibrations(encoded, configuration=of_configuration)
    assert first.name == properties["backend_name"]
    assert first == second
    for qubit, quantities in enumerate(properties["qubits"]):
        values = {quantity.get("name"): quantity.get("value") for quantity in quantities}
        assert first.properties.t1(qubit) == backend.properties().t1(qubit)
        assert first.columns.readout_error[qubit] == values["readout_error"]
    assert first.last_update == properties["last_update_date"]


def test_payloads_as_published_are_kept_byte_for_byte(tmp_path: Path) -> None:
    published = LIMA.payloads.properties
    for name, content in (("p.json", published), ("p.json.gz", gzip.compress(published))):
        (found,) = read_calibrations(written(tmp_path, name, content), configuration="lima")
        assert found.payloads.properties == published


def test_several_calibrations_in_one_file(tmp_path: Path) -> None:
    days = [with_dates(LIMA.payloads.properties, lambda _, day=day: f"2021-04-{day:02}T12:00:00Z") for day in (1, 2, 3)]
    configuration = LIMA.payloads.configuration.decode()
    pairs = [f'{{"configuration": {configuration}, "properties": {day}}}' for day in days]
    by_day = f'{{"2021-04-01": {days[0]}, "2021-04-02": {days[1]}, "2021-04-03": {days[2]}}}'
    for content in (f"[{', '.join(days)}]", "\n".join(days) + "\n", by_day, f"[{', '.join(pairs)}]"):
        found = read_calibrations(written(tmp_path, "all.json", content), configuration="lima")
        assert [snapshot.last_update.day for snapshot in found] == [1, 2, 3]
        np.testing.assert_array_equal(found[2].columns.t1, LIMA.columns.t1)
    assert len(read_calibrations(tmp_path / "all.json")) == 3  # pairs have their configuration


def test_a_calibration_needs_its_configuration(tmp_path: Path) -> None:
    dump = written(tmp_path, "dump.json", LIMA.payloads.properties)
    with pytest.raises(IBMInputValueError, match=r"no configuration.*configuration=: 'ibmq_lima', which is bundled"):
        read_calibrations(dump)
    with pytest.raises(IBMInputValueError, match="no configuration"):
        read_calibrations(dump, configuration="vigo")
    configuration = written(tmp_path, "mine.json", LIMA.payloads.configuration)
    for given in ("lima", LIMA, configuration, json.loads(LIMA.payloads.configuration), ["vigo", "lima"]):
        (found,) = read_calibrations(dump, configuration=given)
        assert_same_values(found, LIMA)
        assert found.payloads.properties == LIMA.payloads.properties
    assert read_calibrations(dump, configuration=configuration)[0].payloads.configuration == LIMA.payloads.configuration
    with pytest.raises(IBMInputValueError, match="two of ibmq_lima"):
        read_calibrations(dump, configuration=["lima", LIMA])
    nameless = json.loads(LIMA.payloads.properties)
    del nameless["backend_name"]
    nameless = written(tmp_path, "nameless.json", json.dumps(nameless))
    assert_same_values(read_calibrations(nameless, configuration="lima")[0], LIMA)
    with pytest.raises(IBMInputValueError, match="It names no device"):
        read_calibrations(nameless, configuration=["lima", "vigo"])


def test_files_without_calibrations_are_told(tmp_path: Path) -> None:
    for name, content in (("a.json", '{"a": [1]}'), ("b.csv", "a,b\n1,2\n"), ("c.csv", ""), ("d.json", "[]")):
        with pytest.raises(IBMInputValueError, match=f"{name}: it has no calibration"):
            read_calibrations(written(tmp_path, name, content))
    with pytest.raises(IBMInputValueError, match=r"e\.json: "):
        read_calibrations(written(tmp_path, "e.json", "{"))


# Tables

DEVICES = {"2020": "lima", "2021": "lima", "2024": "sherbrooke", "2026": "fez"}
SCALES = {"T1": 1e-6, "T2": 1e-6, "frequency": 1e9, "anharmonicity": 1e9, "readout_length": 1e-9}
COLUMNS = {"T1": "t1", "T2": "t2"}


def measured(style: str) -> tuple[Snapshot, dict[str, Any], str]:
    snapshot = Snapshot.load(DEVICES[style])
    properties = json.loads(snapshot.payloads.properties)
    return snapshot, properties, platform_csv(properties, style)


@pytest.mark.parametrize("style", FORMS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_have_the_values_of_the_payload(style: str, delimiter: str, tmp_path: Path) -> None:
    snapshot, properties, _ = measured(style)
    name = f"{snapshot.name}_calibrations_2025-03-18T10_07_09Z.csv"
    path = written(tmp_path, name, platform_csv(properties, style, delimiter))
    columns = {"Gate length (ns)": "CZ gate length (ns)"} if style == "2026" else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = read_calibrations(path, configuration=DEVICES[style], date="name", columns=columns)
    assert found.name == snapshot.name
    assert found.last_update == datetime.datetime(2025, 3, 18, 10, 7, 9, tzinfo=UTC)
    for heading, what in FORMS[style]["columns"]:
        if isinstance(what, str):
            if what != "operational":
                quantity = COLUMNS.get(what, what)
                np.testing.assert_array_equal(
                    getattr(found.columns, quantity), getattr(snapshot.columns, quantity), heading
                )
            continue
        quantity = {"gate_error": "error", "gate_length": "duration"}[what[0]]
        ours, theirs = found.columns.gate(what[1]), snapshot.columns.gate(what[1])
        by_qargs = dict(zip(map(tuple, theirs.qargs.tolist()), getattr(theirs, quantity).tolist(), strict=True))
        assert {tuple(qargs) for qargs in ours.qargs.tolist()} == set(by_qargs)
        for qargs, value in zip(ours.qargs.tolist(), getattr(ours, quantity).tolist(), strict=True):
            assert value == by_qargs[tuple(qargs)], (heading, qargs)


def test_lengths_that_a_table_gives_for_several_gates(tmp_path: Path) -> None:
    snapshot, _, text = measured("2026")
    path = written(tmp_path, "ibm_fez.csv", text)
    with pytest.warns(
        UserWarning, match=r"'Gate length \(ns\)' was taken for the length of cz; rzz has none.*columns="
    ):
        (found,) = read_calibrations(path, configuration=snapshot, date="2025-03-18T10:07:09Z")
    durations = {gate: set(found.columns.gate(gate).duration.tolist()) for gate in ("id", "sx", "x", "rx", "rz")}
    published = set(snapshot.columns.gate("sx").duration.tolist())
    assert durations == {"id": published, "sx": published, "x": published, "rx": published, "rz": {0.0}}
    np.testing.assert_array_equal(
        np.sort(found.columns.gate("cz").duration), np.sort(snapshot.columns.gate("cz").duration)
    )
    assert not found.columns.gate("rzz").valid("duration").any()
    target = build_target(found)
    assert target["rz"][0,].duration == 0
    assert target["measure"][0,].duration == build_target(snapshot)["measure"][0,].duration


def test_qubits_that_do_not_work(tmp_path: Path) -> None:
    snapshot, properties, _ = measured("2024")
    properties["qubits"][3].append({"name": "operational", "unit": "", "value": 0})
    path = written(tmp_path, "ibm_sherbrooke_2024-05-27.csv", platform_csv(properties, "2024"))
    (found,) = read_calibrations(path, configuration=snapshot, date="2024-05-27T12:00:00Z")
    assert np.flatnonzero(~found.columns.operational).tolist() == [3]


def test_the_time_of_a_table(tmp_path: Path) -> None:
    _, _, text = measured("2021")

    def read(name: str, **arguments: Any) -> datetime.datetime:
        path = written(tmp_path, name, text)
        return read_calibrations(path, configuration="lima", **arguments)[0].last_update

    noon = datetime.datetime(2022, 1, 2, 12, tzinfo=UTC)
    with pytest.warns(
        UserWarning, match=r"time in the file's name was taken\. It may be the time of the download.*'name'"
    ):
        assert read("ibmq_lima_calibrations_2022-01-02T12_00_00Z.csv") == noon
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read("ibmq_lima_calibrations_2022-01-02T12_00_00Z.csv", date="name") == noon
        assert read("lima.csv", date=noon) == noon
        assert read("lima.csv", date="2022-01-02T12:00:00Z") == noon
        assert read("lima.csv", date=lambda path: noon if path.name == "lima.csv" else None) == noon
        assert read("lima-20220102-120000.csv", date="name", time_zone="UTC") == noon
    with pytest.warns(UserWarning, match="the begin of that day"):
        assert read("lima 2022-01-02.csv", time_zone="-05:00") == noon.replace(hour=5)
    with pytest.raises(IBMInputValueError, match="'2022-01-02' in the file's name has lost its offset"):
        read("lima 2022-01-02.csv")
    with pytest.raises(IBMInputValueError, match=r"A table has no date, and neither has the name of the file.*date="):
        read("lima.csv")
    for wrong in ("yesterday", 5, lambda path: "2022"):
        with pytest.raises(IBMInputValueError, match="date"):
            read("lima.csv", date=wrong)


def test_dates_beyond_the_calendar(tmp_path: Path) -> None:
    path = written(tmp_path, "ibmq_lima.csv", measured("2021")[2])
    for date in (pd.NaT, lambda _: pd.NaT):
        with pytest.raises(IBMInputValueError, match="date= is NaT"):
            read_calibrations(path, configuration="lima", date=date)


def test_names_of_files_and_folders() -> None:
    day = datetime.datetime(2025, 3, 18)
    for name, device, time in (
        (
            "ibm_fez_calibrations_2025-03-18T10_07_09Z.csv",
            "ibm_fez",
            day.replace(hour=10, minute=7, second=9, tzinfo=UTC),
        ),
        ("ibmq_16_melbourne.csv", None, None),
        ("ibm_fez 20250318.csv", "ibm_fez", day),
        ("ibm_fez_20250318T1007+0530.csv", "ibm_fez", ENTRY("2025-03-18T10:07+05:30")),
        ("props_2025-13-41.json", None, None),
        ("ibm_fez_2025-03-18T10_07_09+9900.json", "ibm_fez", None),
    ):
        if device is not None:
            assert device_in(Path(name)) == device
        found = time_in(Path(name))
        assert (found and found.time) == time, name
    assert time_in(Path("/data/2025/03/18/fez.csv"), Path("/data")).time == day
    assert time_in(Path("/data/2025-03-18/fez.csv"), Path("/data")).time == day
    assert time_in(Path("/2025-03-18/data/fez.csv"), Path("/2025-03-18/data")) is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("0_1:", "0_4:", r"Row 2, column 'CNOT error': qubits 0 and 4 are not coupled"),
        ("Q1,", "Q0,", "Row 3 is of qubit 0, which is in the table twice"),
        ("Q4,", "Q5,", "Row 6 is of qubit 5, which is beyond the 5"),
        ("Q2,", "two,", "Row 4 is of the qubit 'two'"),
        ("59.69864328663569", "59;69", "'59;69' is not a number"),
        ("59.69864328663569", "-1", "-1 is not a time"),
        ("59.69864328663569", "inf", "not a finite number"),
        ("0.026100000000000012", "2.61", "2.61 is not a probability"),
        ("0_1:", "01:02:", r"'01:02:[^']*' is not a value of a coupling.*Spreadsheets spoil"),
        ("59.69864328663569", '"59,69864328663569"', "'59,69864328663569' has a decimal comma"),
        ("59.69864328663569", "59,69864328663569", r"Row 2 has 15 cells, and there are 14 headings"),
        ("59.69864328663569", "5_9.7", "'5_9.7' is not a number"),
        ("59.69864328663569", "５９.７", "is not a number"),
        ("Q2,", "²,", "Row 4 is of the qubit '²'"),
        ("Q2,", "9" * 5000 + ",", "Row 4 is of the qubit '9{80}'"),
        ("; 1_2:", "; ²:", "not a value of a coupling of qubit 1"),
        ("; 1_2:", "; 1_" + "2" * 5000 + ":", "not a value of a coupling of qubit 1"),
        ("; 1_2:", "; 7; 1_2:", "'7' is not a value of a coupling of qubit 1"),
        ("T2 (us)", "T1 (us)", r"columns 'T1 \(us\)' and 'T1 \(us\)' are the same"),
    ],
)
def test_tables_that_make_no_sense_are_refused(old: str, new: str, problem: str, tmp_path: Path) -> None:
    _, _, text = measured("2021")
    assert old in text
    path = written(tmp_path, "ibmq_lima.csv", text.replace(old, new, 1))
    with pytest.raises(IBMInputValueError, match=problem):
        read_calibrations(path, configuration="lima", date="2022-01-01T00:00:00Z")


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_decimal_commas_in_lists_of_couplings_are_not_taken_for_zeros(delimiter: str, tmp_path: Path) -> None:
    heading, cells = f"Qubit{delimiter}CNOT error\n", ["0_1:0,0072", "1_0:0,0072", "", "", ""]
    rows = "".join(f"{qubit}{delimiter}{cell}\n" for qubit, cell in enumerate(cells))
    path = written(tmp_path, "ibmq_lima.csv", heading + rows)
    with pytest.raises(IBMInputValueError, match="Row 2, column 'CNOT error': '0072' is not a value of a coupling"):
        read_calibrations(path, configuration="lima", date="2022-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("delimiter", "spoilt"),
    [
        (";", lambda text: "sep=;\n" + text),
        (",", lambda text: "\ufeffsep=,\r\n" + text),
        (";", lambda text: "\n ;;;\n\n" + text),
        (",", lambda text: text.replace("\r\n", "\r")),
        ("\t", lambda text: text.replace("\r\n", "\t\t\t\n")),
    ],
)
def test_what_spreadsheets_add_around_a_table(delimiter: str, spoilt: Any, tmp_path: Path) -> None:
    content = json.loads(LIMA.payloads.properties)
    path = written(tmp_path, "ibmq_lima.csv", spoilt(platform_csv(content, "2021", delimiter)))
    (found,) = read_calibrations(path, configuration="lima", date="2022-01-01T00:00:00Z")
    np.testing.assert_array_equal(found.columns.t1, LIMA.columns.t1)


def test_a_table_of_another_gate_than_the_configuration_has(tmp_path: Path) -> None:
    path = written(tmp_path, "ibmq_lima.csv", measured("2021")[2].replace("CNOT error", "ECR error"))
    with pytest.warns(UserWarning, match="'ECR error' is of ecr, which the configuration does not have"):
        (found,) = read_calibrations(path, configuration="lima", date="2022-01-01T00:00:00Z")
    assert "ecr" in found.columns.gates


def test_columns_that_are_no_names_of_headings(tmp_path: Path) -> None:
    path = written(tmp_path, "ibmq_lima.csv", measured("2021")[2])
    for columns in ({"T1 (us)": 5}, {5: None}, ["T1 (us)"]):
        with pytest.raises(IBMInputValueError, match="columns must be a dictionary of headings"):
            read_calibrations(path, configuration="lima", date="2022-01-01T00:00:00Z", columns=columns)


def test_a_table_of_another_device(tmp_path: Path) -> None:
    _, _, text = measured("2021")
    path = written(tmp_path, "table.csv", text)
    with pytest.raises(IBMInputValueError, match=r"The table has 5 qubits and the configuration 27: 5, 6"):
        read_calibrations(path, configuration="hanoi", date="2022-01-01T00:00:00Z")


def test_columns_that_are_not_understood_are_told_and_can_be_named(tmp_path: Path) -> None:
    _, _, text = measured("2021")
    headings = {"T1 (us)": "T1", "CNOT error ": "Fehler CNOT", "ID error ": "Single-qubit gate error"}
    for old, new in headings.items():
        text = text.replace(old, new, 1)
    path = written(tmp_path, "ibmq_lima.csv", text)
    options = {"configuration": "lima", "date": "2022-01-01T00:00:00Z"}
    with pytest.warns(UserWarning, match="was left out") as caught:
        (found,) = read_calibrations(path, **options)
    told = sorted(str(warning.message) for warning in caught)
    assert len(told) == 3
    assert "'Fehler CNOT' was left out: it is none of the platform's headings" in told[0]
    assert "'Single-qubit gate error' was left out: it names no gate of the device" in told[1]
    assert "'T1' was left out: it has no unit" in told[2]
    assert np.isnan(found.columns.t1).all()
    assert "cx" not in found.columns.gates
    names = {"T1": "T1 (us)", "Fehler CNOT": "CNOT error", "Single-qubit gate error": None}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = read_calibrations(path, **options, columns=names)
    np.testing.assert_array_equal(found.columns.t1, LIMA.columns.t1)
    np.testing.assert_array_equal(np.sort(found.columns.gate("cx").error), np.sort(LIMA.columns.gate("cx").error))


def test_headings() -> None:
    for heading, expected in {
        " t1  (µs) ": ("qubit", "T1", -6), "T2[ns]": ("qubit", "T2", -9), "Frequency (MHz)": ("qubit", "frequency", 6),
        "READOUT ERROR": ("qubit", "readout_error", 0), "Readout length (us)": ("qubit", "readout_length", -6),
        "Error RZZ": ("error", "rzz", 0), "âˆšx (sx) error ": ("error", "sx", 0), "xslow error": ("error", "xslow", 0),
        "CNOT gate time (ns)": ("length", "cx", -9), "Gate time (ns)": ("length", "two", -9), "my error": ("error", "my", 0),
        "Single-qubit gate length (ns)": ("length", "single", -9), "Qubit": ("row", "", 0),
    }.items():  # fmt: skip
        assert meaning(heading, {"my"})[:3] == expected, heading
    for heading in (
        "T1",
        "T1 (GHz)",
        "Readout error (%)",
        "Gate time",
        "Init error",
        "your error",
        "Note",
        "",
        "error rate",
    ):
        assert meaning(heading, {"my"}).kind == "unknown", heading


# Folders


def test_folders_of_everything(archive: CalibrationArchive, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    _, _, table = measured("2021")
    day = [
        with_dates(LIMA.payloads.properties, lambda _, day=day: f"2021-04-{day:02} 12:00:00+00:00")
        for day in range(1, 6)
    ]
    written(folder, "2021/04/01/lima.json", day[0])
    written(folder, "2021/04/02/lima.json.gz", gzip.compress(day[1].encode()))
    written(folder, "more.jsonl", f"{day[2]}\n{day[3]}\n")
    written(folder, "table/ibmq_lima_calibrations_2021-04-05T12_00_00Z.csv", table)
    written(folder, "z/lima/configuration.json", LIMA.payloads.configuration)
    LIMA.save(folder / "saved.zip")
    broken = written(folder, "broken.json", day[0][:-10])
    lost = written(folder, "lost.json", with_dates(LIMA.payloads.properties, LOST["naive ISO"]))
    other = written(folder, "package.json", '{"name": "x"}')
    with pytest.warns(UserWarning, match="time in the file's name"):
        report = archive.import_folder(folder)
    assert (report.added, report.known) == (6, 0)
    assert set(report.problems) == {broken, lost}
    assert "time_zone=" in report.problems[lost]
    assert report.ignored == [other]
    assert [paths[0].name for paths in report.assumptions.values()] == [
        "ibmq_lima_calibrations_2021-04-05T12_00_00Z.csv"
    ]
    assert str(report).startswith("6 added, 0 known, 2 problems")
    assert "assumed for" in str(report)
    assert f"no calibrations in {other}" in str(report)
    assert [time.day for time in archive.between("lima").times] == [15, 1, 2, 3, 4, 5]
    again = archive.import_folder(folder, date="name")
    assert (again.added, again.known, again.assumptions) == (0, 6, {})
    assert archive.import_folder(lost, configuration="lima", time_zone="-04:00").known == 1


def test_one_calibration_in_several_forms_is_one(archive: CalibrationArchive, tmp_path: Path) -> None:
    dump = written(tmp_path, "in/a.json", with_dates(LIMA.payloads.properties, WHOLE["Z"]))
    assert archive.import_folder(dump, configuration="lima").added == 1
    other = written(tmp_path, "in/b.json", with_dates(LIMA.payloads.properties, WHOLE["str()"]))
    assert archive.import_folder(other, configuration="lima").known == 1
    _, _, table = measured("2021")
    name = UPDATED.astimezone(UTC).strftime("ibmq_lima_calibrations_%Y-%m-%dT%H_%M_%SZ.csv")
    report = archive.import_folder(written(tmp_path, f"in/{name}", table), configuration="lima", date="name")
    assert (report.added, report.known) == (0, 1)
    assert len(archive.between("lima")) == 1
    # Another value is another calibration.
    changed = json.loads(dump.read_text())
    changed["qubits"][0][0]["value"] += 1
    assert archive.import_folder(written(tmp_path, "in/c.json", json.dumps(changed)), configuration="lima").added == 1


def test_configurations_that_contradict_each_other(archive: CalibrationArchive, tmp_path: Path) -> None:
    dump = written(tmp_path, "in/dump.json", LIMA.payloads.properties)
    changed = json.loads(LIMA.payloads.configuration) | {"backend_version": "9"}
    written(tmp_path, "in/one.json", LIMA.payloads.configuration)
    written(tmp_path, "in/two.json", json.dumps(changed))
    report = archive.import_folder(tmp_path / "in")
    assert "several configurations of ibmq_lima" in report.problems[dump]
    assert archive.import_folder(tmp_path / "in", configuration="lima").added == 1
    assert archive.latest("lima").payloads.configuration == LIMA.payloads.configuration


def test_files_are_imported_one_by_one_as_well(archive: CalibrationArchive, tmp_path: Path) -> None:
    LIMA.save(tmp_path / "lima.zip")
    assert archive.import_folder(tmp_path / "lima.zip").added == 1
    assert archive.latest("lima") == LIMA
    notes = written(tmp_path, "notes.txt", "nothing of interest")
    assert set(archive.import_folder(notes).problems) == {notes}
    with pytest.raises(FileNotFoundError, match="neither a folder nor a file"):
        archive.import_folder(tmp_path / "nowhere.json")


def test_the_configuration_of_a_calibration_serves_others(archive: CalibrationArchive, tmp_path: Path) -> None:
    later = with_dates(LIMA.payloads.properties, lambda _: "2021-04-01T12:00:00Z")
    written(tmp_path, "in/a/props_lima_later.json", later)
    written(tmp_path, "in/b/conf_lima.json", LIMA.payloads.configuration)
    written(tmp_path, "in/b/props_lima.json", LIMA.payloads.properties)
    report = archive.import_folder(tmp_path / "in")
    assert (report.added, report.problems) == (2, {})


def test_payloads_of_fake_devices_whose_dates_are_dumped(archive: CalibrationArchive, tmp_path: Path) -> None:
    written(tmp_path, "in/conf_lima.json", LIMA.payloads.configuration)
    written(tmp_path, "in/props_lima.json", with_dates(LIMA.payloads.properties, LOST["naive ISO"]))
    report = archive.import_folder(tmp_path / "in")
    assert report.added == 0
    assert "lost its offset" in report.problems[tmp_path / "in" / "conf_lima.json"]
    assert archive.import_folder(tmp_path / "in", time_zone="America/New_York").added == 1
    assert archive.latest("lima").last_update == UPDATED


@pytest.mark.parametrize(
    "content",
    [
        "[" * 1000 + "]" * 1000,
        '{"a":' * 1000 + "1" + "}" * 1000,
        '{"backend_name": "ibmq_lima", "qubits": [], "gates": [], "x": ' + "[" * 900 + "]" * 900 + "}",
    ],
)
def test_content_that_is_nested_beyond_pythons_stack(content: str, archive: CalibrationArchive, tmp_path: Path) -> None:
    dump = written(tmp_path, "dump.json", content)
    with pytest.raises(IBMInputValueError, match="It is nested too deeply"):
        read_calibrations(dump, configuration="lima", date="2021-01-01T00:00:00Z")
    report = archive.import_folder(tmp_path, configuration="lima", date="2021-01-01T00:00:00Z")
    assert "It is nested too deeply" in report.problems[dump]


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ('[{"date": 5}]', "must be an object"),
        ('{"date": 5, "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)
def test_properties_beside_a_configuration_that_are_none(
    properties: str, problem: str, archive: CalibrationArchive, tmp_path: Path
) -> None:
    written(tmp_path, "configuration.json", LIMA.payloads.configuration)
    written(tmp_path, "properties.json", properties)
    assert problem in archive.import_folder(tmp_path).problems[tmp_path]


@pytest.mark.parametrize("couplings", [5, True, [None], [[0, {}]], "01"])
def test_tables_do_without_couplings_that_nobody_has_checked(couplings: Any, tmp_path: Path) -> None:
    device = {**json.loads(LIMA.payloads.configuration), "coupling_map": couplings}
    device["gates"][0]["coupling_map"] = None
    path = written(tmp_path, "ibmq_lima.csv", measured("2021")[2])
    (found,) = read_calibrations(path, configuration=device, date="2022-01-01T00:00:00Z")
    np.testing.assert_array_equal(found.columns.t1, LIMA.columns.t1)


def test_json_in_the_encodings_of_windows(archive: CalibrationArchive, tmp_path: Path) -> None:
    text = LIMA.payloads.properties.decode()
    for encoding in ("utf-16", "utf-16-le", "utf-8-sig"):
        written(tmp_path, f"{encoding}.json", text.encode(encoding))
    written(tmp_path, "lines.jsonl", f"{text.strip()}\r\n{text.strip()}\r\n".encode("utf-16"))
    report = archive.import_folder(tmp_path, configuration="lima")
    assert (report.added, report.known, report.problems) == (1, 4, {})


def test_reports_of_files_whose_names_are_in_no_encoding_can_be_printed(
    archive: CalibrationArchive, tmp_path: Path
) -> None:
    try:
        written(tmp_path, os.fsdecode(b"dump\xff.json"), "{")
    except OSError:
        pytest.skip("names of files are texts here")
    report = archive.import_folder(tmp_path)
    assert len(report.problems) == 1
    assert "dump\\udcff.json: " in str(report).encode().decode()


def test_folders_that_cannot_be_read_are_told(
    archive: CalibrationArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "closed/dump.json", LIMA.payloads.properties)
    written(tmp_path, "open/dump.json", LIMA.payloads.properties)
    scan = os.scandir

    def refusing(path: Any) -> Any:
        # Permissions do not stop everybody who runs tests.
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    report = archive.import_folder(tmp_path, configuration="lima")
    assert report.added == 1
    assert "Permission denied" in report.problems[tmp_path / "closed"]


def test_no_file_stops_the_others(archive: CalibrationArchive, tmp_path: Path) -> None:
    """An import goes on whatever is in files, and each of them is added, known, a problem or ignored."""
    chance = random.Random(18)
    _, _, table = measured("2021")
    dump = with_dates(LIMA.payloads.properties, WHOLE["str()"])
    pair = f'{{"configuration": {LIMA.payloads.configuration.decode()}, "properties": {dump}}}'
    folder = tmp_path / "in"
    sources = {
        "dump.json": dump,
        "pair.json": pair,
        "ibmq_lima 20210405T120000Z.csv": table,
        "conf.json": pair[18:9000],
    }
    scraps = ["", "null", "[]", "{}", "-1", "1e400", '"', "\n", "\x00", ":", "5", "true", "[[[", "NaN"]
    for number in range(150):
        name, text = chance.choice(list(sources.items()))
        for _ in range(chance.choice([1, 1, 3])):
            start = chance.randrange(len(text))
            text = text[:start] + chance.choice(scraps) + text[start + chance.choice([0, 1, 8, 40]) :]
        written(folder, f"{number:03}/{name}", text)
    written(folder, "deep.json", "[" * 100_000)
    written(folder, "wide.csv", "Qubit,T1 (us)\n0," + "1" * 200_000)
    written(folder, "nameless.json", '{"backend_name": 5, "qubits": [], "gates": []}')
    (folder / "folder.json").mkdir()
    (folder / "link.json").symlink_to("/etc/hostname")
    written(folder, "zz.json", dump)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        report = archive.import_folder(folder, configuration="lima", date="name")
    assert report.added > 0
    told = report.added + report.known + len(report.problems) + len(report.ignored)
    assert told >= 154
    assert {folder / name for name in ("deep.json", "nameless.json", "link.json")} <= set(report.problems)
    assert archive.verify()
