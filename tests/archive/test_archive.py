# SPDX-License-Identifier: Apache-2.0
"""The archive: two thousand calibrations of three devices, and every answer against a plain reading of the JSON."""

from __future__ import annotations

import bisect
import datetime
import json
import math
import pickle
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet
from tests.support import brute
from tests.support.calibrations import Drift

from qiskit_ibm_native import ArchiveDamagedError, ArchiveError, CalibrationArchive, Snapshot
from qiskit_ibm_native.archive.schema import ARCHIVE
from qiskit_ibm_native.exceptions import IBMInputValueError

UTC = datetime.timezone.utc
COUNTS = {"lima": 1300, "hanoi": 150, "fez": 60}
NAMES = {"lima": "ibmq_lima", "hanoi": "ibm_hanoi", "fez": "ibm_fez"}
WIDTHS = {"lima": 5, "hanoi": 27, "fez": 156}
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(scope="session")
def history() -> dict[str, list[tuple[bytes, bytes]]]:
    return {device: list(Drift(device).calibrations(count)) for device, count in COUNTS.items()}


@pytest.fixture(scope="session")
def filled_file(history, tmp_path_factory) -> Path:
    """Give an archive of all of them, added in no order."""
    path = tmp_path_factory.mktemp("archive") / "calibrations.sqlite3"
    with CalibrationArchive(path) as archive:
        for payloads in history.values():
            for start in range(7):
                assert all(archive.add(Snapshot.from_payloads(*each)) for each in payloads[start::7])
    return path


@pytest.fixture(scope="session")
def filled(filled_file) -> Iterator[CalibrationArchive]:
    with CalibrationArchive(filled_file) as archive:
        yield archive


@pytest.fixture(scope="session")
def times(history) -> dict[str, list[datetime.datetime]]:
    return {device: [brute.updated(each) for _, each in payloads] for device, payloads in history.items()}


@pytest.fixture
def archive(tmp_path) -> Iterator[CalibrationArchive]:
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        yield archive


@pytest.fixture
def copied(filled_file, tmp_path) -> Path:
    """Give a copy that may be damaged."""
    with sqlite3.connect(filled_file) as source, sqlite3.connect(tmp_path / "copy.sqlite3") as target:
        source.backup(target)
    target.close()
    source.close()
    return tmp_path / "copy.sqlite3"


def at(hours: float) -> datetime.datetime:
    return datetime.datetime(2025, 1, 1, tzinfo=UTC) + hours * HOUR


def snapshot(hours: float | datetime.datetime = 0.0, value: float = 100.0, **changes: object) -> Snapshot:
    """Return a calibration of a small device."""
    moment = hours if isinstance(hours, datetime.datetime) else at(hours)
    configuration = {"backend_name": "ibm_tiny", "n_qubits": 1, "basis_gates": ["x"], "gates": [], **changes}
    quantity = {"date": moment.isoformat(), "name": "T1", "unit": "us", "value": value}
    properties = {"last_update_date": moment.isoformat(), "qubits": [[quantity]], "gates": []}
    return Snapshot.from_payloads(json.dumps(configuration), json.dumps(properties))


# Against brute force


@pytest.mark.parametrize("device", COUNTS)
def test_at_is_the_last_one_that_was_updated_by_then(filled, history, times, device):
    moments = times[device]
    assert moments == sorted(moments)
    for number in range(0, len(moments), 37):
        for shift in (-1, 0, 1):
            asked = moments[number] + shift * datetime.timedelta(microseconds=1)
            expected = bisect.bisect_right(moments, asked) - 1
            found = filled.at(NAMES[device], asked)
            if expected < 0:
                assert found is None
            else:
                assert found.payloads[:2] == history[device][expected]
                assert found.source == found.properties.source == "archive"
    assert filled.latest(NAMES[device]).payloads[:2] == history[device][-1]
    assert filled.at("ibm_nowhere", moments[0]) is None
    assert filled.latest("ibm_nowhere") is None


@pytest.mark.parametrize("device", COUNTS)
def test_between_has_its_start_and_not_its_end(filled, history, times, device):
    moments = times[device]
    for start, end in ((10, 60), (0, 1), (5, 5), (len(moments) - 3, len(moments))):
        until = moments[end] if end < len(moments) else None
        found = filled.between(NAMES[device], moments[start], until)
        assert len(found) == end - start
        assert found.times == moments[start:end]
        assert [each.payloads[:2] for each in found] == history[device][start:end]
    whole = filled.between(NAMES[device])
    assert len(whole) == COUNTS[device]
    assert whole[-1].payloads[:2] == history[device][-1]
    assert [each.payloads[:2] for each in whole[3:9:2]] == history[device][3:9:2]
    assert [each.payloads for each in whole[3:9].load(threads=2)] == [each.payloads for each in whole[3:9]]
    with pytest.raises(IndexError):
        whole[COUNTS[device]]


@pytest.mark.parametrize("again", ["first time", "again"])
@pytest.mark.parametrize("device", COUNTS)
@pytest.mark.slow
def test_series_of_qubits_are_what_json_says(filled, history, times, device, again):
    step = max(COUNTS[device] // 60, 1)
    for quantity, name in (("t1", "T1"), ("t2", "T2"), ("readout_error", "readout_error"), ("frequency", "frequency")):
        series = filled.series(NAMES[device], quantity)
        assert series.values.shape == series.valid.shape == (COUNTS[device], WIDTHS[device])
        assert series.times.tolist() == [moment.replace(tzinfo=None) for moment in times[device]]
        assert series.qubits.tolist() == list(range(WIDTHS[device]))
        for number in range(0, COUNTS[device], step):
            assert brute.is_same(
                series.values[number], brute.qubit_values(history[device][number][1], name, WIDTHS[device])
            )
        assert (series.valid == ~np.isnan(series.values)).all()
    operational = filled.series(NAMES[device], "operational")
    assert operational.values.dtype == bool
    for number in range(0, COUNTS[device], step):
        assert operational.values[number].tolist() == brute.qubits_operational(
            history[device][number][1], WIDTHS[device]
        )
    one = filled.series(NAMES[device], "t1", qubits=3)
    assert (one.values[:, 0] == filled.series(NAMES[device], "t1").values[:, 3]).all()
    some = filled.series(NAMES[device], "t1", qubits=[4, 0], start=times[device][10], end=times[device][20])
    assert (some.values == filled.series(NAMES[device], "t1").values[10:20][:, [4, 0]]).all()
    assert some.qubits.tolist() == [4, 0]


@pytest.mark.parametrize("again", ["first time", "again"])
@pytest.mark.parametrize(
    ("device", "gate", "place"), [("lima", "cx", (0, 1)), ("hanoi", "sx", (5,)), ("fez", "cz", (0, 1))]
)
def test_series_of_gates_are_what_json_says(filled, history, device, gate, place, again):
    step = max(COUNTS[device] // 40, 1)
    error, duration, operational = (
        filled.series(NAMES[device], quantity, gate=gate) for quantity in ("error", "duration", "operational")
    )
    places = [tuple(each) for each in error.qubits.tolist()]
    for number in range(0, COUNTS[device], step):
        rows = {row["qubits"]: row for row in brute.gate_rows(history[device][number][1], gate)}
        assert brute.is_same(error.values[number], [rows[each]["error"] for each in places])
        assert brute.is_same(duration.values[number], [rows[each]["duration"] for each in places])
        assert operational.values[number].tolist() == [rows[each]["operational"] for each in places]
    assert not operational.values.all()
    one = filled.series(NAMES[device], "gate_error", gate=gate, qubits=place)
    assert one.qubits.tolist() == [list(place)]
    assert (one.values[:, 0] == error.values[:, places.index(place)]).all()
    both = filled.series(NAMES[device], "error", gate=gate, qubits=[place, places[0]])
    assert both.qubits.tolist() == [list(place), list(places[0])]


def test_everything_is_sound_and_small(filled, history):
    report = filled.verify()
    assert report, str(report)
    assert report.calibrations == sum(COUNTS.values())
    assert "no damage found" in str(report)
    stats = filled.stats()
    assert {name: each.calibrations for name, each in stats.backends.items()} == {
        NAMES[d]: n for d, n in COUNTS.items()
    }
    assert stats.published_bytes == sum(len(payload) for each in history.values() for both in each for payload in both)
    configurations = len({configuration for each in history.values() for configuration, _ in each})
    assert stats.payloads == sum(COUNTS.values()) + configurations
    assert configurations < 30
    assert stats.file_bytes < stats.published_bytes / 8
    assert f"ibm_hanoi: {COUNTS['hanoi']} calibrations, 2025-01-01 00:00 to" in str(stats)
    assert filled.backends() == sorted(NAMES.values())


def test_columns_of_a_range(filled, history):
    series = filled.between("ibmq_lima", end=at(100)).columns(threads=2)
    assert len(series) == len(filled.between("ibmq_lima", end=at(100)))
    assert brute.is_same(series.t1[5], brute.qubit_values(history["lima"][5][1], "T1", 5))


# Adding


def test_adding_twice_is_adding_once(archive):
    assert archive.add(snapshot(1)) is True
    assert archive.add(snapshot(1)) is False
    assert archive.add(snapshot(1, value=7)) is True
    assert archive.stats().calibrations == 2
    assert archive.at("ibm_tiny", at(1)).columns.t1[0] == 7 / 1e6
    assert archive.stats().payloads == 3


def test_pulse_defaults_are_kept_and_complete_what_is_there(archive):
    configuration, properties, defaults = Snapshot.load("lima").payloads
    bare, whole = Snapshot.from_payloads(configuration, properties), Snapshot.load("lima")
    assert archive.add(bare)
    assert archive.latest("ibmq_lima").defaults is None
    assert archive.add(whole)
    assert archive.stats().calibrations == 1
    assert archive.latest("ibmq_lima").payloads == whole.payloads
    assert archive.latest("ibmq_lima").defaults.source == "archive"
    assert not archive.add(bare)
    assert not archive.add(whole)
    other = Snapshot.from_payloads(configuration, properties, Snapshot.load("hanoi").payloads.defaults)
    assert archive.add(other)
    assert archive.latest("ibmq_lima") == other
    assert not archive.add(bare)
    assert archive.stats().backends["ibmq_lima"].with_defaults == 2
    assert archive.verify()
    assert defaults is not None


def test_what_has_no_time_cannot_be_kept(archive):
    for payloads in (
        (snapshot().payloads.configuration,),
        (snapshot().payloads.configuration, b'{"qubits": [], "gates": []}'),
    ):
        with pytest.raises(ArchiveError, match="it has no properties with a date"):
            archive.add(Snapshot.from_payloads(*payloads))
    assert archive.stats().calibrations == 0


def test_snapshots_of_a_compact_form_are_kept(archive):
    assert archive.add(Snapshot.from_bytes(Snapshot.load("fez").to_bytes()))
    assert archive.latest("ibm_fez").payloads == Snapshot.load("fez").payloads


def test_a_calibration_is_confirmed_only_up_to_when_it_was_seen(archive):
    archive.add(snapshot(10), until=at(12))
    archive.add(snapshot(20))
    assert archive.latest_before_confirmed("ibm_tiny", at(11)) == snapshot(10)
    assert archive.latest_before_confirmed("ibm_tiny", at(12)) == snapshot(10)
    for hours in (10, 9, 12.001, 20, 21):
        assert archive.latest_before_confirmed("ibm_tiny", at(hours)) is None
    archive.add(snapshot(10), until=at(15))
    archive.add(snapshot(10), until=at(13))
    assert archive.latest_before_confirmed("ibm_tiny", at(15)) == snapshot(10)
    assert archive.latest_before_confirmed("ibm_tiny", at(15.5)) is None
    # A later calibration in the archive was published, whatever was confirmed.
    archive.add(snapshot(14))
    assert archive.latest_before_confirmed("ibm_tiny", at(14)) == snapshot(10)
    assert archive.latest_before_confirmed("ibm_tiny", at(15)) is None


def test_what_one_origin_knows_says_nothing_about_another(archive):
    archive._add(snapshot(10), at(12), origin="https://one")
    assert archive.latest_before_confirmed("ibm_tiny", at(11), "https://one") == snapshot(10)
    assert archive.latest_before_confirmed("ibm_tiny", at(11), "https://two") is None
    assert archive.latest_before_confirmed("ibm_tiny", at(11)) is None


def test_a_configuration_of_today_does_not_replace_the_one_of_then(archive):
    archive.add(snapshot(10, backend_version="1.0"))
    assert not archive._add(snapshot(10, backend_version="2.0"), at(12), is_of_today=True)
    assert archive.at("ibm_tiny", at(11)).configuration.backend_version == "1.0"
    assert archive.latest_before_confirmed("ibm_tiny", at(12)) == snapshot(10, backend_version="1.0")
    assert len(archive.between("ibm_tiny")) == 1


# Time


@pytest.fixture
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_moments_without_a_time_zone_are_local_also_when_the_clock_is_put_back(archive, berlin):
    # On 26 October 2025 the clock showed 02:30 twice: at 00:30 and at 01:30 UTC.
    first, second = (datetime.datetime(2025, 10, 26, hour, 15, tzinfo=UTC) for hour in (0, 1))
    for moment in (first, second):
        archive.add(snapshot(moment))
    naive = datetime.datetime(2025, 10, 26, 2, 30)
    assert archive.at("ibm_tiny", naive).last_update == first
    assert archive.at("ibm_tiny", naive.replace(fold=1)).last_update == second
    # 02:30 was left out on 30 March; Python takes it for 00:30 UTC, when the clock went from 02:00 to 03:00 half an
    # hour later.
    gap = datetime.datetime(2025, 3, 30, 2, 30)
    archive.add(snapshot(gap.astimezone(UTC)))
    assert archive.at("ibm_tiny", gap).last_update == datetime.datetime(2025, 3, 30, 0, 30, tzinfo=UTC)
    assert len(archive.between("ibm_tiny", naive.replace(fold=0), naive.replace(fold=1))) == 1


def test_instants_are_those_of_the_text_whatever_its_offset(archive):
    for text in ("2025-03-30T02:30:00+02:00", "2025-03-29T20:00:00.000001-05:00"):
        properties = {"last_update_date": text, "qubits": [[]], "gates": []}
        archive.add(Snapshot.from_payloads(snapshot().payloads.configuration, json.dumps(properties)))
    found = archive.between("ibm_tiny").times
    assert found == [
        datetime.datetime(2025, 3, 30, 0, 30, tzinfo=UTC),
        datetime.datetime(2025, 3, 30, 1, 0, 0, 1, tzinfo=UTC),
    ]
    assert archive.series("ibm_tiny", "t1").times.tolist() == [each.replace(tzinfo=None) for each in found]


def test_a_moment_must_be_a_time(archive):
    for call in (lambda: archive.at("ibm_tiny", 20250101), lambda: archive.between("ibm_tiny", 3)):
        with pytest.raises(TypeError, match=r"(a moment|start) must be a datetime, .*, not (20250101|3)"):
            call()


# Missing values and devices


def test_series_of_what_there_is_not(filled):
    cases = [
        ({"backend": "ibm_nowhere", "quantity": "t1"}, ArchiveError, "has no calibrations of 'ibm_nowhere'"),
        ({"backend": "ibm_fez", "quantity": "T3"}, ValueError, "no quantity 'T3'; there are t1, t2"),
        ({"backend": "ibm_fez", "quantity": "t1", "gate": "cz"}, ValueError, "no quantity 't1'; there are error"),
        ({"backend": "ibm_fez", "quantity": "t1", "qubits": 156}, ArchiveError, "no qubit 156; it has 156"),
        ({"backend": "ibm_fez", "quantity": "error", "gate": "ecr"}, ArchiveError, "lists the gate 'ecr'"),
        ({"backend": "ibm_fez", "quantity": "error", "gate": "cz", "qubits": (0, 155)}, ArchiveError, r"no gate 'cz' on qubits \(0, 155\)"),
        ({"backend": "ibm_fez", "quantity": "t1", "threads": 0}, ValueError, "threads must be at least 1"),
    ]  # fmt: skip
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            filled.series(**arguments)
    for wrong in (1.7, [1.7], True, "3", [[0]]):
        with pytest.raises(IBMInputValueError, match="qubits must be integers"):
            filled.series("ibm_fez", "t1", qubits=wrong)
    assert filled.series("ibm_fez", "t1", qubits=np.array(3)).qubits.tolist() == [3]
    assert len(filled.series("ibm_fez", "t1", end=at(-1), qubits=3)) == 0
    assert len(filled.series("ibm_fez", "error", gate="cz", end=at(-1), qubits=(0, 1))) == 0
    assert len(filled.between("ibm_fez", end=at(-1))) == 0


def test_a_device_that_was_exchanged(archive):
    archive.add(snapshot(1))
    archive.add(snapshot(2, n_qubits=2))
    with pytest.raises(ArchiveError, match=r"ibm_tiny had \[1, 2\] qubits in that time"):
        archive.series("ibm_tiny", "t1")
    assert archive.series("ibm_tiny", "t1", end=at(2)).values.tolist() == [[100 / 1e6]]


# In and out


def test_folders_go_out_and_come_in(filled, archive, tmp_path):
    assert filled.export(tmp_path / "out", backend="ibm_hanoi", end=at(60)) == 23
    report = archive.import_folder(tmp_path / "out")
    assert (report.added, report.known, report.problems) == (23, 0, {})
    assert archive.import_folder(tmp_path / "out").known == 23
    expected = filled.between("ibm_hanoi", end=at(60))
    assert [each.digest for each in archive.between("ibm_hanoi")] == [each.digest for each in expected]


def test_folders_of_several_forms_come_in(archive, tmp_path):
    Snapshot.load("lima").save(tmp_path / "ours" / "lima")
    Snapshot.load("vigo").save(tmp_path / "ours" / "vigo.zip")
    official = tmp_path / "official"
    official.mkdir()
    configuration, properties, defaults = Snapshot.load("hanoi").payloads
    for name, payload in (("conf_hanoi", configuration), ("props_hanoi", properties), ("defs_hanoi", defaults)):
        (official / f"{name}.json").write_bytes(payload)
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "configuration.json").write_bytes(snapshot().payloads.configuration)
    (tmp_path / "ours" / "broken.zip").write_bytes(b"PK\x03\x04 not a zip")
    (tmp_path / "notes.txt").write_text("nothing of interest")
    report = archive.import_folder(tmp_path)
    assert report.added == 3
    assert set(report.problems) == {plain, tmp_path / "ours" / "broken.zip"}
    assert "no properties with a date" in report.problems[plain]
    assert str(report).startswith("3 added, 0 known, 2 problems")
    assert archive.latest("ibm_hanoi").defaults is not None
    second = official / "conf_lima.json"
    second.write_bytes(Snapshot.load("lima").payloads.configuration)
    (official / "props_lima.json").write_bytes(Snapshot.load("lima").payloads.properties)
    assert archive.import_folder(official).known == 2
    with pytest.raises(FileNotFoundError):
        archive.import_folder(tmp_path / "nowhere")


def test_parquet(filled, history, tmp_path):
    assert filled.export(tmp_path, format="parquet", end=at(24)) == 30
    qubits = parquet.read_table(tmp_path / "qubits.parquet").to_pylist()
    assert len(qubits) == 10 * (5 + 27 + 156)
    lima = [row for row in qubits if row["backend"] == "ibmq_lima"]
    for number in (0, 9):
        rows = lima[5 * number : 5 * number + 5]
        assert [row["t1"] for row in rows] == brute.qubit_values(history["lima"][number][1], "T1", 5)
        assert {row["time"] for row in rows} == {brute.updated(history["lima"][number][1])}
    fez = [row for row in qubits if row["backend"] == "ibm_fez"]
    assert all(row["frequency"] is None for row in fez)
    gates = parquet.read_table(tmp_path / "gates.parquet").to_pylist()
    cz = [row for row in gates if row["backend"] == "ibm_fez" and row["gate"] == "cz"]
    first = brute.gate_rows(history["fez"][0][1], "cz")
    assert [(tuple(row["qubits"]), row["error"], row["operational"]) for row in cz[:352]] == [
        (row["qubits"], row["error"], row["operational"]) for row in first
    ]
    assert {each.name for each in tmp_path.iterdir()} == {"gates.parquet", "qubits.parquet"}
    with pytest.raises(ValueError, match="format must be one of folder, parquet, not 'csv'"):
        filled.export(tmp_path, format="csv")
    with pytest.raises(ArchiveError, match="no calibrations of 'ibm_nowhere'"):
        filled.export(tmp_path, backend="ibm_nowhere")


def test_parquet_of_nothing(archive, tmp_path):
    assert archive.export(tmp_path, format="parquet") == 0
    assert parquet.read_table(tmp_path / "qubits.parquet").num_rows == 0


# Housekeeping


def test_prune(copied, times):
    with CalibrationArchive(copied) as archive:
        archive.series("ibm_fez", "t1")
        cut = times["fez"][30]
        report = archive.prune("ibm_fez", before=cut)
        assert report.calibrations == 30
        assert 30 <= report.payloads <= 32
        assert report.freed_bytes > 1_000_000
        assert archive.between("ibm_fez").times == times["fez"][30:]
        assert archive.stats().backends["ibmq_lima"].calibrations == COUNTS["lima"]
        day = datetime.timedelta(days=1)
        archive.prune(every=day)
        left = archive.between("ibmq_lima").times
        days = {moment.date(): moment for moment in times["lima"]}
        assert left == list(days.values())
        assert archive.verify()
        assert archive.series("ibmq_lima", "t1").times.tolist() == [moment.replace(tzinfo=None) for moment in left]
        archive.prune("ibmq_lima")
        assert "ibmq_lima" not in archive.backends()
        for wrong in ({}, {"every": datetime.timedelta()}):
            with pytest.raises(ValueError, match=r"prune needs|every must be"):
                archive.prune(**wrong)
        with pytest.raises(ArchiveError, match="no calibrations of 'ibmq_lima'; nothing was removed"):
            archive.prune("ibmq_lima")


def test_an_archive_is_pickled_as_its_path(archive):
    archive.add(snapshot(1))
    with pickle.loads(pickle.dumps(archive)) as other:
        assert other.latest("ibm_tiny") == snapshot(1)
        assert other.path == archive.path
        assert repr(other) == repr(archive)


def test_the_default_is_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with CalibrationArchive() as archive:
        assert archive.path == tmp_path / ".qiskit" / "qiskit-ibm-native" / "calibrations.sqlite3"
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(tmp_path / "mine"))
    with CalibrationArchive() as archive:
        assert archive.path == tmp_path / "mine"
    with pytest.raises(ArchiveError, match="is closed"):
        archive.latest("ibm_tiny")


# Versions, other files, damage


def test_an_older_version_is_brought_up_to_date(tmp_path):
    path = tmp_path / "old.sqlite3"
    old = sqlite3.connect(path)
    old.executescript(ARCHIVE.migrations[0])
    old.executescript(f"PRAGMA application_id = {ARCHIVE.application}; PRAGMA user_version = 1")
    from hashlib import sha256

    from qiskit_ibm_native._native import pack

    payloads = snapshot(5).payloads[:2]
    for number, payload in enumerate(payloads, 1):
        old.execute(
            "INSERT INTO payloads VALUES (?, ?, ?, ?)", (number, sha256(payload).digest(), len(payload), pack(payload))
        )
    updated = int(at(5).timestamp() * 1e6)
    old.execute("INSERT INTO calibrations VALUES (1, 'ibm_tiny', 1, ?, 1, 2, NULL, 0)", (updated,))
    old.commit()
    old.close()
    with CalibrationArchive(path) as archive:
        assert archive.latest("ibm_tiny") == snapshot(5)
        assert not archive.add(snapshot(5), until=at(7))
        assert archive.latest_before_confirmed("ibm_tiny", at(6)) == snapshot(5)
        assert archive.series("ibm_tiny", "t1").values.tolist() == [[100 / 1e6]]
        assert archive.verify()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (ARCHIVE.version,)
    connection.close()


def test_a_later_version_and_other_files_are_left_alone(tmp_path):
    later = tmp_path / "later.sqlite3"
    CalibrationArchive(later).close()
    connection = sqlite3.connect(later)
    connection.execute(f"PRAGMA user_version = {ARCHIVE.version + 1}")
    connection.close()
    with pytest.raises(ArchiveError, match=f"has version {ARCHIVE.version + 1}.* a later one is needed"):
        CalibrationArchive(later)
    other = tmp_path / "other.sqlite3"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.commit()
    connection.close()
    before = other.read_bytes()
    with pytest.raises(ArchiveError, match="the file of another program"):
        CalibrationArchive(other)
    assert other.read_bytes() == before
    text = tmp_path / "text.sqlite3"
    text.write_text("not a database at all, but long enough to look like one" * 20)
    with pytest.raises(ArchiveDamagedError, match="damaged, or not an archive of calibrations"):
        CalibrationArchive(text)
    with pytest.raises(ArchiveError, match="cannot be used"):
        CalibrationArchive(tmp_path)


def change(path: Path, statement: str, *parameters) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement, parameters)
    connection.commit()
    connection.close()


def test_damaged_rows_are_found_and_the_rest_stays_usable(copied, history, times):
    with CalibrationArchive(copied) as archive:
        rows = archive.between("ibm_hanoi")._rows
    change(copied, "UPDATE payloads SET packed = substr(packed, 1, 100) WHERE id = ?", rows[3].properties)
    change(copied, "UPDATE payloads SET packed = zeroblob(50) WHERE id = ?", rows[5].properties)
    change(copied, "UPDATE payloads SET digest = randomblob(32) WHERE id = ?", rows[7].properties)
    change(copied, "UPDATE payloads SET packed = 'text', length = 'long' WHERE id = ?", rows[9].properties)
    change(copied, "DELETE FROM payloads WHERE id = ?", rows[11].properties)
    # Another test may have kept what these payloads said.
    change(copied, "DELETE FROM block_rows")
    change(copied, "UPDATE calibrations SET updated = updated + 1 WHERE id = ?", rows[13].id)
    with CalibrationArchive(copied) as archive:
        report = archive.verify()
        assert not report
        assert set(report.damaged_payloads) == {rows[number].properties for number in (3, 5, 7, 9)}
        assert set(report.damaged_calibrations) == {rows[number].id for number in (3, 5, 7, 9, 11, 13)}
        assert "its digest" in report.damaged_payloads[rows[7].properties]
        assert "another time" in report.damaged_calibrations[rows[13].id]
        assert str(report).count("\n  ") == 10
        for number in (3, 5, 9, 11):
            with pytest.raises(ArchiveDamagedError, match="is damaged"):
                archive.at("ibm_hanoi", times["hanoi"][number])
        assert archive.at("ibm_hanoi", times["hanoi"][4]).payloads[:2] == history["hanoi"][4]
        with pytest.warns(RuntimeWarning, match="4 damaged payloads of ibm_hanoi are left out"):
            series = archive.series("ibm_hanoi", "anharmonicity")
        assert len(series) == COUNTS["hanoi"] - 4
        assert set(series.damaged) == {rows[number].properties for number in (3, 5, 9, 11)}
        assert math.isfinite(series.values[0, 0])
        assert len(archive.series("ibmq_lima", "anharmonicity")) == COUNTS["lima"]
        assert archive.prune(damaged=True).calibrations == 6
        assert archive.verify()
        assert len(archive.series("ibm_hanoi", "anharmonicity")) == COUNTS["hanoi"] - 6


def test_what_is_damaged_is_put_in_again(copied, history, times):
    with CalibrationArchive(copied) as archive:
        row = archive.between("ibm_hanoi")._rows[3]
    for payload in (row.configuration, row.properties):
        change(copied, "UPDATE payloads SET packed = zeroblob(50) WHERE id = ?", payload)
    with CalibrationArchive(copied) as archive:
        assert not archive.verify()
        assert not archive.add(Snapshot.from_payloads(*history["hanoi"][3]))
        assert archive.verify()
        assert archive.at("ibm_hanoi", times["hanoi"][3]).payloads[:2] == history["hanoi"][3]


def test_one_wrong_bit_is_noticed(archive):
    archive.add(snapshot(1))
    ((number, packed),) = archive._database.rows(
        "SELECT p.id, p.packed FROM payloads p JOIN calibrations c ON p.id = c.properties"
    )
    for at_byte in range(0, len(packed), 5):
        wrong = packed[:at_byte] + bytes([packed[at_byte] ^ 4]) + packed[at_byte + 1 :]
        change(archive.path, "UPDATE payloads SET packed = ? WHERE id = ?", wrong, number)
        try:
            assert archive.latest("ibm_tiny") == snapshot(1)
        except ArchiveDamagedError:
            assert not archive.verify()


def test_damage_stops_neither_an_export_nor_what_comes_before_it(copied, tmp_path, times):
    with CalibrationArchive(copied) as archive:
        row = archive.between("ibm_hanoi")._rows[5]
    change(copied, "UPDATE payloads SET packed = zeroblob(50) WHERE id = ?", row.properties)
    with CalibrationArchive(copied) as archive:
        seen = []
        with pytest.raises(ArchiveDamagedError):
            seen.extend(iter(archive.between("ibm_hanoi")))
        assert [each.last_update for each in seen] == times["hanoi"][:5]
        for form in ("folder", "parquet"):
            with pytest.warns(RuntimeWarning, match="1 damaged calibrations of ibm_hanoi are left out"):
                assert archive.export(tmp_path / form, format=form, backend="ibm_hanoi", end=times["hanoi"][10]) == 9


def test_what_is_added_while_damage_is_looked_for_stays(copied, monkeypatch):
    from qiskit_ibm_native.archive import removal

    with CalibrationArchive(copied) as archive, CalibrationArchive(copied) as other:
        row = archive.between("ibm_hanoi")._rows[5]
        change(copied, "UPDATE payloads SET packed = zeroblob(50) WHERE id = ?", row.properties)
        verify = removal.verify

        def slow(database):
            report = verify(database)
            assert other.add(snapshot(1))
            return report

        monkeypatch.setattr(removal, "verify", slow)
        assert archive.prune(damaged=True).calibrations == 1
        assert archive.latest("ibm_tiny") == snapshot(1)


def test_names_of_devices_do_not_lead_out_of_a_folder(archive, tmp_path):
    archive.add(snapshot(1, backend_name="../../escaped"))
    assert archive.export(tmp_path / "a" / "b") == 1
    assert not (tmp_path / "escaped").exists()
    assert archive.import_folder(tmp_path / "a").known == 1


def test_the_first_and_the_last_moment_of_all(archive, berlin):
    archive.add(snapshot(1))
    assert archive.at("ibm_tiny", datetime.datetime.max) == snapshot(1)
    assert archive.at("ibm_tiny", datetime.datetime.min) is None
    assert len(archive.between("ibm_tiny", datetime.datetime.min, datetime.datetime.max)) == 1


def test_a_damaged_file_is_told_and_read_as_far_as_it_goes(copied):
    size = copied.stat().st_size
    with copied.open("r+b") as file:
        for offset in range(size * 3 // 4 // 4096 * 4096, size, 4096)[:40]:
            file.seek(offset)
            file.write(b"\xff" * 4096)
    with CalibrationArchive(copied) as archive:
        report = archive.verify()
        assert not report
        assert report.damaged_payloads or report.file
        sound = set(range(report.calibrations + 1)) - set(report.damaged_calibrations)
        assert len(sound) > 1000
        usable = 0
        for name in NAMES.values():
            try:
                usable += sum(1 for each in archive.between(name)._rows[:20] if archive._snapshot(each))
            except ArchiveDamagedError:
                continue
        assert usable >= 20


def test_a_copy_of_the_file_is_an_archive(filled_file, tmp_path):
    with CalibrationArchive(filled_file) as archive:
        archive.prune("ibmq_lima", before=at(-1000))
    shutil.copy(filled_file, tmp_path / "copy")
    with CalibrationArchive(tmp_path / "copy") as archive:
        assert archive.stats().calibrations == sum(COUNTS.values())


def test_the_command(filled_file, tmp_path, capsys, monkeypatch):
    from qiskit_ibm_native.cli import main

    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(tmp_path / "mine"))
    archive = ["archive", "--file", str(tmp_path / "copy.sqlite3")]
    Snapshot.load("lima").save(tmp_path / "folder" / "lima")
    assert main([*archive, "import", str(tmp_path / "folder")]) == 0
    assert "1 added, 0 known, 0 problems" in capsys.readouterr().out
    assert main([*archive, "stats"]) == main([*archive, "verify"]) == 0
    shown = capsys.readouterr().out
    assert "ibmq_lima: 1 calibration," in shown
    assert "no damage found" in shown
    with CalibrationArchive(tmp_path / "other.sqlite3") as other:
        other.add(Snapshot.load("lima").with_overrides(t1={0: 1e-6}))
    assert main([*archive, "merge", str(tmp_path / "other.sqlite3")]) == 0
    assert "1 added, 0 known, 0 damaged" in capsys.readouterr().out
    every = [*archive, "export", str(tmp_path / "all"), "--provenance", "any", "--origin", "any"]
    assert main(every) == main([*every, "--format", "parquet"]) == 0
    assert capsys.readouterr().out.count("2 calibrations written to") == 2
    assert main([*archive, "merge", str(tmp_path / "nowhere")]) == 2
    assert "There is no archive" in capsys.readouterr().err
    assert main([*archive, "export", str(tmp_path / "out"), "--backend", "ibmq_lima"]) == 0
    assert "1 calibration written to" in capsys.readouterr().out
    assert len(list((tmp_path / "out" / "ibmq_lima").iterdir())) == 1
    change(tmp_path / "copy.sqlite3", "UPDATE payloads SET packed = zeroblob(9)")
    assert main([*archive, "verify"]) == 1
    assert "problems" in capsys.readouterr().out
    assert main([*archive, "export", str(tmp_path / "out"), "--backend", "nobody"]) == 2
    assert "no calibrations of 'nobody'" in capsys.readouterr().err
    assert main(["archive", "stats"]) == 0
    assert str(tmp_path / "mine") in capsys.readouterr().out
