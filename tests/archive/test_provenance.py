# SPDX-License-Identifier: Apache-2.0
"""Measured calibrations stay apart from overridden ones, and those of one service from those of another."""

from __future__ import annotations

import datetime
import json
import os
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pyarrow import parquet
from qiskit import QuantumCircuit
from tests.support.formats import opened

from qiskit_ibm_native import ArchiveError, CalibrationArchive, Snapshot, score
from qiskit_ibm_native._native import pack
from qiskit_ibm_native.exceptions import IBMInputValueError

UTC = datetime.timezone.utc
HOUR = datetime.timedelta(hours=1)
CLOUD, OTHER = "https://quantum.cloud.ibm.com/api", "https://quantum.example.org"


def time_of(hours: float) -> datetime.datetime:
    return datetime.datetime(2025, 1, 1, tzinfo=UTC) + hours * HOUR


def snapshot(hours: float = 0.0, value: float = 100.0, name: str = "ibm_tiny") -> Snapshot:
    """Return a calibration of a small device."""
    date = time_of(hours).isoformat()
    configuration = {
        "backend_name": name, "n_qubits": 1, "basis_gates": ["x"], "gates": [{"name": "x", "coupling_map": [[0]]}],
    }  # fmt: skip
    quantity = {"date": date, "name": "T1", "unit": "us", "value": value}
    error = {"date": date, "name": "gate_error", "unit": "", "value": value / 1e4}
    length = {"date": date, "name": "gate_length", "unit": "ns", "value": 50}
    t2 = {**quantity, "name": "T2"}
    properties = {
        "last_update_date": date, "qubits": [[quantity, t2]],
        "gates": [{"gate": "x", "name": "x0", "qubits": [0], "parameters": [error, length]}],
    }  # fmt: skip
    return Snapshot.from_payloads(json.dumps(configuration), json.dumps(properties))


def overridden(hours: float, value: float = 7.0) -> Snapshot:
    return snapshot(hours).with_overrides(t1={0: value * 1e-6}, error={("x", 0): value / 1e4})


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[CalibrationArchive]:
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        yield archive


@pytest.fixture
def mixed(archive: CalibrationArchive) -> CalibrationArchive:
    """Give an archive of three measured calibrations, and overridden ones of before, of the same times and of later."""
    for hours in (1, 2, 3):
        archive.add(snapshot(hours, 100.0 + hours))
    for hours in (0, 2, 3, 9):
        archive.add(overridden(hours))
    return archive


# Overrides


def questions(archive: CalibrationArchive, folder: Path) -> dict[str, Callable[..., Any]]:
    """Return questions by name, each of which takes a choice and returns the values of T1 in microseconds, or times."""
    circuit = QuantumCircuit(1)
    circuit.x(0)

    def exported(**choice: Any) -> list[float]:
        path = folder / f"out-{len(list(folder.iterdir()))}"
        archive.export(path, **choice)
        return sorted(Snapshot.load(file).columns.t1[0] * 1e6 for file in path.rglob("*.zip"))

    def tables(**choice: Any) -> list[float]:
        path = folder / f"out-{len(list(folder.iterdir()))}"
        archive.export(path, format="parquet", **choice)
        return [value * 1e6 for value in parquet.read_table(path / "qubits.parquet")["t1"].to_pylist()]

    def months(**choice: Any) -> list[float]:
        path = folder / f"out-{len(list(folder.iterdir()))}"
        archive.to_parquet(path, **choice)
        return [value * 1e6 for value in parquet.read_table(path / "qubits")["t1"].to_pylist()]

    return {
        "between": lambda **choice: [
            calibration.columns.t1[0] * 1e6 for calibration in archive.between("tiny", **choice)
        ],
        "sliced": lambda **choice: [
            calibration.columns.t1[0] * 1e6 for calibration in archive.between("tiny", **choice)[:]
        ],
        "series": lambda **choice: (archive.series("tiny", "t1", **choice).values[:, 0] * 1e6).tolist(),
        "errors": lambda **choice: (archive.series("tiny", "error", gate="x", **choice).values[:, 0] * 1e4).tolist(),
        "table": lambda **choice: [value * 1e6 for value in archive.table(**choice)["t1"].to_pylist()],
        "pandas": lambda **choice: (archive.to_pandas(**choice)["t1"] * 1e6).tolist(),
        "polars": lambda **choice: (archive.to_polars(**choice)["t1"] * 1e6).to_list(),
        "parquet": tables,
        "months": months,
        "coherence": lambda **choice: (archive.coherence_limit("tiny", "x", **choice).error[:, 0] * 1e4).tolist(),
        "folder": exported,
    }


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_question_is_answered_by_overridden_values_unless_it_asks_for_them(
    mixed: CalibrationArchive, tmp_path: Path
) -> None:
    folder = tmp_path / "folders"
    folder.mkdir()
    measured, invented = [101.0, 102.0, 103.0], [7.0] * 4
    for name, ask in questions(mixed, folder).items():
        assert ask() == ask(provenance="measured") == pytest.approx(measured), name
        assert ask(provenance="overridden") == pytest.approx(invented), name
        assert sorted(ask(provenance="any")) == pytest.approx(invented + measured), name


def test_single_answers_are_measured_ones_too(mixed: CalibrationArchive) -> None:
    assert mixed.latest("tiny") == mixed.at("tiny", time_of(100)) == snapshot(3, 103.0)
    assert mixed.at("tiny", time_of(0.5)) is None
    assert mixed.at("tiny", time_of(0.5), provenance="any") == overridden(0)
    assert mixed.latest("tiny", provenance="overridden") == mixed.latest("tiny", provenance="any") == overridden(9)
    # Of one time, the one that was added last.
    assert mixed.at("tiny", time_of(2), provenance="any") == overridden(2)
    mixed.add(overridden(3), until=time_of(20))
    assert mixed.latest_before_confirmed("tiny", time_of(10)) is None
    assert mixed.last_worked("tiny", "x", 0).last_worked == time_of(3)
    assert mixed.last_worked("tiny", "x", 0, provenance="any").last_worked == time_of(9)
    assert mixed.ranking("t1").times[0].tolist() == time_of(1).replace(tzinfo=None)
    assert mixed.ranking("t1", provenance="overridden").times[0].tolist() == time_of(0).replace(tzinfo=None)
    circuit = QuantumCircuit(1)
    circuit.x(0)
    expected = score(circuit, [snapshot(3, 103.0)]).esp[0]
    assert mixed.explain(circuit, time_of(1), time_of(9), backend="tiny").after == pytest.approx(expected)
    assert mixed.explain(circuit, time_of(1), time_of(9), backend="tiny", provenance="any").after != pytest.approx(
        expected
    )
    with pytest.raises(
        IBMInputValueError, match="provenance must be one of 'measured', 'overridden', 'any', not 'all'"
    ):
        mixed.latest("tiny", provenance="all")


def test_statistics_count_both(mixed: CalibrationArchive) -> None:
    mixed.add(snapshot(5, name="ibm_other").with_overrides(t1={0: 1e-6}))
    stats = mixed.stats()
    assert (stats.calibrations, stats.overridden) == (3, 5)
    tiny, other = stats.backends["ibm_tiny"], stats.backends["ibm_other"]
    assert (tiny.calibrations, tiny.overridden, tiny.first, tiny.last) == (3, 4, time_of(1), time_of(3))
    assert (other.calibrations, other.overridden, other.first) == (0, 1, time_of(5))
    assert "ibm_tiny: 3 calibrations, 2025-01-01 01:00 to 2025-01-01 03:00 UTC, 4 more with overrides" in str(stats)
    assert mixed.backends() == ["ibm_tiny"]
    assert mixed.backends(provenance="any") == ["ibm_other", "ibm_tiny"]
    assert len(mixed.between("other")) == 0
    with pytest.raises(ArchiveError, match="no calibrations of 'other'; there are ibm_tiny"):
        mixed.table(backends="other")
    assert mixed.verify()


@pytest.mark.parametrize("is_writable", [True, False], ids=["migrated", "read-only"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_archives_of_earlier_versions_are_looked_through(version: int, is_writable: bool, tmp_path: Path) -> None:
    path = opened(f"archive-{version}", tmp_path)
    changed = Snapshot.load("lima").with_overrides(t1={0: 1e-6})
    with closing(sqlite3.connect(path)) as file:
        properties = changed.payloads.properties
        file.execute(
            "INSERT INTO payloads VALUES (99, ?, ?, ?)",
            (sha256(properties).digest(), len(properties), pack(properties)),
        )
        file.execute(
            "INSERT INTO calibrations SELECT 99, backend, num_qubits, updated, configuration, 99, NULL, added"
            " FROM calibrations WHERE backend = 'ibmq_lima'"
        )
        file.commit()
    with (
        patch.object(os, "access", lambda _, mode: is_writable or mode != os.W_OK),
        CalibrationArchive(path) as archive,
    ):
        assert archive.latest("lima") == Snapshot.load("lima")
        assert archive.latest("lima", provenance="overridden").payloads[1] == properties
        assert len(archive.series("lima", "t1")) == 1
        assert archive.stats().backends["ibmq_lima"].overridden == 1
        assert archive.verify(), str(archive.verify())


@pytest.mark.parametrize("is_writable", [True, False], ids=["migrated", "read-only"])
def test_a_page_that_cannot_be_read_hides_nothing_else_from_a_migration(is_writable: bool, tmp_path: Path) -> None:
    path = opened("archive-3", tmp_path)
    properties = Snapshot.load("fez").payloads.properties
    packed = pack(properties)
    with closing(sqlite3.connect(path)) as file:
        file.execute(
            "INSERT INTO payloads VALUES (99, ?, ?, ?)", (sha256(properties).digest(), len(properties), packed)
        )
        file.execute(
            "INSERT INTO calibrations SELECT 99, 'ibm_fez', 156, 1, 1, 99, NULL, added FROM calibrations LIMIT 1"
        )
        file.commit()
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = file.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    page = content.index(packed[20_000:20_050]) // size * size
    content[page : page + 4] = b"\x00\xff\xff\xff"
    path.write_bytes(content)
    with (
        patch.object(os, "access", lambda _, mode: is_writable or mode != os.W_OK),
        CalibrationArchive(path) as archive,
    ):
        assert archive.latest("lima") == Snapshot.load("lima")
        assert list(archive.verify().damaged_payloads) == [99]


# Overrides in time


def test_a_date_moves_a_calibration_in_time(archive: CalibrationArchive) -> None:
    moved = snapshot(1).with_overrides(date=time_of(30), t1={0: 5e-6})
    assert moved.last_update == moved.properties.last_update_date == time_of(30)
    assert moved.properties.qubit_property(0, "T1") == (5e-6, time_of(30))
    assert moved.properties.qubit_property(0, "T2")[1] == time_of(1)
    assert moved.source is None
    archive.add(moved)
    assert archive.at("tiny", time_of(29), provenance="any") is None
    assert archive.at("tiny", time_of(30), provenance="any") == moved
    assert archive.series("tiny", "t1", provenance="any").times.tolist() == [time_of(30).replace(tzinfo=None)]


def test_a_date_alone_moves_it_too_and_no_date_leaves_it_where_it_was() -> None:
    moved = snapshot(1).with_overrides(date="2026-03")
    assert moved.last_update == datetime.datetime(2026, 3, 1, tzinfo=UTC)
    assert moved.provenance.overrides == {}
    assert moved.provenance.base_digest == snapshot(1).digest
    assert moved.columns.t1.tolist() == snapshot(1).columns.t1.tolist()
    assert snapshot(1).with_overrides(t1={0: 1e-6}).last_update == time_of(1)
    assert snapshot(1).with_overrides() == snapshot(1)
    again = moved.with_overrides(t1={0: 1e-6})
    assert (again.last_update, again.provenance.base_digest) == (moved.last_update, snapshot(1).digest)


# Origins


@pytest.fixture
def two(archive: CalibrationArchive) -> CalibrationArchive:
    """Give an archive of calibrations of two services, and one of unknown origin."""
    for hours in (1, 3):
        archive.add(snapshot(hours, 100.0 + hours), origin=CLOUD)
    for hours, port in ((2, 4001), (4, 4002)):
        archive.add(snapshot(hours, 200.0 + hours), origin=f"http://127.0.0.1:{port}", until=time_of(hours + 0.5))
    archive.add(snapshot(0, 300.0))
    return archive


def test_devices_of_one_name_from_two_services_are_two_series(two: CalibrationArchive, tmp_path: Path) -> None:
    (tmp_path / "folders").mkdir()
    expected = {
        CLOUD: [300.0, 101.0, 103.0],
        "local": [300.0, 202.0, 204.0],
        "any": [300.0, 101.0, 202.0, 103.0, 204.0],
    }
    expected |= {"http://localhost:9": expected["local"], OTHER: [300.0]}
    asked = questions(two, tmp_path / "folders")
    for name in ("between", "series", "table", "parquet", "months", "folder"):
        for origin, values in expected.items():
            found = asked[name](origin=origin)
            assert (sorted(found) if name == "folder" else found) == pytest.approx(
                sorted(values) if name == "folder" else values
            ), (name, origin)
        with pytest.raises(
            ArchiveError, match=rf"ibm_tiny from 2 origins: '{CLOUD}' \(2\), 'local' \(2\)\. Choose one by origin="
        ):
            asked[name]()
    assert two.latest("tiny", origin=CLOUD) == two.at("tiny", time_of(9), origin=CLOUD) == snapshot(3, 103.0)
    assert two.origins("tiny") == [CLOUD, "local"]
    assert two.stats().backends["ibm_tiny"].origins == {CLOUD: 2, "local": 2}
    assert f"    2 from {CLOUD}" in str(two.stats())
    for wrong in ("", 3):
        with pytest.raises(IBMInputValueError, match="origin must be the name of a service"):
            two.latest("tiny", origin=wrong)
    for wrong in ("", "any", 3):
        with pytest.raises(IBMInputValueError, match="origin must be the name of a service"):
            two.add(snapshot(), origin=wrong)


def test_one_service_that_has_all_calibrations_needs_no_choice(archive: CalibrationArchive) -> None:
    for hours in (1, 2, 3):
        archive.add(snapshot(hours, 100.0 + hours), origin=CLOUD)
    archive.add(snapshot(2, 102.0), origin=OTHER)
    assert len(archive.between("tiny")) == 3
    assert len(archive.between("tiny", origin=OTHER)) == 1
    archive.add(snapshot(4, 104.0), origin=OTHER)
    with pytest.raises(ArchiveError, match="2 origins"):
        archive.between("tiny")
    # Other devices are not concerned, and a device that one service has alone needs no choice.
    archive.add(snapshot(1, name="ibm_other"), origin=OTHER)
    assert archive.latest("other") == snapshot(1, name="ibm_other")


def test_confirmations_are_those_of_one_series(two: CalibrationArchive) -> None:
    assert two.latest_before_confirmed("tiny", time_of(2.2), "http://127.0.0.1:4001") == snapshot(2, 202.0)
    # The address of a service on this machine may be another one's, which has other devices.
    assert two.latest_before_confirmed("tiny", time_of(2.2), "http://127.0.0.1:4002") is None
    two.add(snapshot(3, 103.0), until=time_of(8), origin=CLOUD)
    assert two.latest_before_confirmed("tiny", time_of(7), CLOUD) == snapshot(3, 103.0)
    assert two.latest_before_confirmed("tiny", time_of(7), OTHER) is None


def test_pulse_defaults_come_later_than_properties(archive: CalibrationArchive) -> None:
    """A sighting of a calibration is one of all that differ from it in pulse defaults alone."""
    configuration, properties, defaults = Snapshot.load("lima").payloads
    hanoi = Snapshot.load("hanoi").payloads.defaults
    last = Snapshot.load("lima").last_update
    archive.add(Snapshot.from_payloads(configuration, properties), origin=CLOUD, until=last + HOUR)
    for pulses in (defaults, hanoi):
        archive.add(Snapshot.from_payloads(configuration, properties, pulses))
    archive.add(Snapshot.from_payloads(configuration, properties, defaults), origin=OTHER, until=last + 2 * HOUR)
    for origin, hours in ((CLOUD, 1), (OTHER, 2)):
        assert len(archive.between("lima", origin=origin)) == 2
        assert archive.latest_before_confirmed("lima", last + hours * HOUR, origin).payloads[2] == hanoi
    assert archive.verify()


# Removal


def rows(archive: CalibrationArchive, statement: str) -> list[Any]:
    return archive._database.rows(statement)


def assert_nothing_is_left_over(archive: CalibrationArchive) -> None:
    used = (
        "SELECT configuration FROM calibrations UNION SELECT properties FROM calibrations UNION"
        " SELECT defaults FROM calibrations"
    )
    assert rows(archive, f"SELECT id FROM payloads WHERE id NOT IN ({used} WHERE defaults IS NOT NULL)") == []
    assert rows(archive, "SELECT properties FROM block_rows EXCEPT SELECT id FROM payloads") == []
    assert rows(archive, "SELECT id FROM blocks EXCEPT SELECT block FROM block_rows") == []
    assert rows(archive, "SELECT block FROM block_columns EXCEPT SELECT id FROM blocks") == []
    assert rows(archive, "SELECT calibration FROM sightings EXCEPT SELECT id FROM calibrations") == []
    assert archive.verify(), str(archive.verify())


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ({"provenance": "overridden"}, [101.0, 102.0, 103.0]),
        ({"provenance": "measured"}, [7.0, 7.0, 7.0, 7.0]),
        ({"digest": overridden(9).digest}, [7.0, 101.0, 102.0, 7.0, 103.0, 7.0]),
        ({"digest": snapshot(1, 101.0).digest[:8].upper()}, [7.0, 102.0, 7.0, 103.0, 7.0, 7.0]),
        ({"start": time_of(1), "end": time_of(3)}, [7.0, 103.0, 7.0, 7.0]),
        ({"backend": "tiny", "end": "2025-01-01T02:00", "provenance": "measured"}, [7.0, 102.0, 7.0, 103.0, 7.0, 7.0]),
        ({"backend": "tiny"}, []),
    ],
)
def test_what_is_removed_is_gone_and_nothing_else(mixed: CalibrationArchive, choice: Any, left: list[float]) -> None:
    mixed.add(snapshot(0, name="ibm_other").with_overrides(date="2026", t1={0: 1e-6}))
    mixed.add(snapshot(0, name="ibm_other"), until=time_of(1))
    if "backend" not in choice:
        choice = {**choice, "backend": "tiny"} if "provenance" in choice or "end" in choice else choice
    mixed.series("tiny", "t1", provenance="any")
    before = mixed.path.read_bytes()
    expected = mixed.remove(**choice, dry_run=True)
    assert mixed.path.read_bytes() == before
    report = mixed.remove(**choice)
    assert report == expected
    assert (report.calibrations, report.freed_bytes > 0) == (7 - len(left), True)
    found = [round(calibration.columns.t1[0] * 1e6, 6) for calibration in mixed.between("tiny", provenance="any")]
    assert found == left
    assert len(mixed.between("other", provenance="any")) == 2
    assert_nothing_is_left_over(mixed)
    if left:
        series = mixed.series("tiny", "t1", provenance="any").values[:, 0] * 1e6
        assert sorted(series.tolist()) == pytest.approx(sorted(left))


def test_calibrations_of_a_service_are_removed_and_those_that_another_one_has_stay(two: CalibrationArchive) -> None:
    two.add(snapshot(1, 101.0), origin=OTHER)
    expected = two.remove(origin=CLOUD, dry_run=True)
    assert two.remove(origin=CLOUD) == expected
    assert (expected.calibrations, expected.forgotten) == (1, 1)
    assert [calibration.last_update for calibration in two.between("tiny", origin="any")] == [
        time_of(0),
        time_of(1),
        time_of(2),
        time_of(4),
    ]
    assert two.origins("tiny") == [OTHER, "local"]
    two.remove(origin="local")
    assert two.origins("tiny") == [OTHER]
    assert [calibration.last_update for calibration in two.between("tiny")] == [time_of(0), time_of(1)]
    assert_nothing_is_left_over(two)
    with pytest.raises(ArchiveError, match=rf"no calibrations of the origin 'nowhere'; origins are '{OTHER}'"):
        two.remove(origin="nowhere")


def test_a_removal_that_makes_no_sense_removes_nothing(mixed: CalibrationArchive) -> None:
    cases = [
        ({}, ValueError, "remove needs a backend, digest, start"),
        ({"digest": "abc"}, IBMInputValueError, "its first eight digits or more, not 'abc'"),
        ({"digest": "0" * 64}, ArchiveError, "no such calibration with the digest 0000"),
        ({"backend": "ibm_nowhere"}, ArchiveError, "no calibrations of 'ibm_nowhere'; nothing was removed"),
        ({"provenance": "invented"}, IBMInputValueError, "provenance must be one of"),
        ({"start": 3}, TypeError, "start must be"),
    ]
    for choice, error, message in cases:
        with pytest.raises(error, match=message):
            mixed.remove(**choice)
    assert mixed.stats().calibrations == 3


def test_thinning_out_leaves_the_last_one_of_each_series(two: CalibrationArchive) -> None:
    two.add(overridden(5))
    day = datetime.timedelta(days=1)
    expected = two.prune(every=day, dry_run=True)
    assert two.prune(every=day) == expected
    left = [calibration.last_update for calibration in two.between("tiny", origin="any", provenance="any")]
    assert left == [time_of(0), time_of(3), time_of(4), time_of(5)]
    assert_nothing_is_left_over(two)


# In and out


def test_origins_and_confirmations_survive_an_export(two: CalibrationArchive, tmp_path: Path) -> None:
    two.add(snapshot(4, 204.0), until=time_of(6))
    two.add(overridden(3), until=time_of(5), origin=CLOUD)
    for _ in range(2):
        two.export(tmp_path / "out", origin="any", provenance="any")
    lines = (tmp_path / "out" / "ibm_tiny" / "sightings.ndjson").read_text().splitlines()
    assert len(lines) == len(rows(two, "SELECT * FROM sightings"))
    with CalibrationArchive(tmp_path / "other.sqlite3") as other:
        report = other.import_folder(tmp_path / "out")
        assert (report.added, report.problems, report.ignored) == (6, {}, [])
        assert contents(other) == contents(two)
        assert other.latest_before_confirmed("tiny", time_of(5.9), "http://127.0.0.1:4002") == snapshot(4, 204.0)
        assert other.import_folder(tmp_path / "out").known == 6
        assert contents(other) == contents(two)
        assert other.verify()


def test_a_later_export_of_another_period_keeps_what_an_earlier_one_wrote(
    two: CalibrationArchive, tmp_path: Path
) -> None:
    two.export(tmp_path / "out", end=time_of(3), origin="any")
    two.add(snapshot(4, 204.0), until=time_of(90), origin="http://127.0.0.1:4002")
    two.export(tmp_path / "out", start=time_of(3), origin="any")
    with CalibrationArchive(tmp_path / "other.sqlite3") as other:
        other.import_folder(tmp_path / "out")
        assert contents(other) == contents(two)


def test_sightings_that_are_nonsense_are_told_and_the_rest_comes_in(two: CalibrationArchive, tmp_path: Path) -> None:
    two.export(tmp_path / "out", origin="any")
    file = tmp_path / "out" / "ibm_tiny" / "sightings.ndjson"
    sound = file.read_text()
    digest = snapshot(0, 300.0).digest
    wrong = [
        "no json", "[]", "{}", '{"digest": 3}', "[" * 100_000, json.dumps({"digest": digest, "origin": 3, "until": "2026"}),
        json.dumps({"digest": digest, "origin": "x", "until": "whenever"}),
        json.dumps({"digest": digest, "origin": "x", "until": 3}),
    ]  # fmt: skip
    for line in wrong:
        file.write_text(line + "\n" + sound)
        with CalibrationArchive(tmp_path / "other.sqlite3") as other:
            report = other.import_folder(tmp_path / "out")
            assert "line 1 is left out" in report.problems[file]
            assert contents(other) == contents(two)
    file.write_bytes(b"\xff\xfe")
    with CalibrationArchive(tmp_path / "bare.sqlite3") as other:
        report = other.import_folder(tmp_path / "out")
        assert (report.added, list(report.problems)) == (5, [file])


def contents(archive: CalibrationArchive) -> tuple[set[Any], set[Any]]:
    """Return all that an archive has: calibrations by the digests of their payloads, and their sightings."""
    of_payloads = (
        "SELECT c.id, c.backend, c.updated, c.num_qubits, c.is_overridden, a.digest, b.digest, d.digest FROM calibrations c"
        " JOIN payloads a ON a.id = c.configuration JOIN payloads b ON b.id = c.properties"
        " LEFT JOIN payloads d ON d.id = c.defaults"
    )
    found = {number: tuple(rest) for number, *rest in rows(archive, of_payloads)}
    seen = rows(archive, "SELECT calibration, origin, until FROM sightings")
    return set(found.values()), {(found[number], origin, until) for number, origin, until in seen}


# Sources


def test_sources_survive_pickling(archive: CalibrationArchive) -> None:
    archive.add(Snapshot.load("lima"))
    found = archive.latest("lima")
    for calibration in (found, pickle.loads(pickle.dumps(found))):
        assert calibration == Snapshot.load("lima")
        assert calibration.source == calibration.properties.source == calibration.defaults.source == "archive"
    assert pickle.loads(pickle.dumps(found.properties)).source == "archive"
    assert pickle.loads(pickle.dumps(found.defaults)).source == "archive"
    assert pickle.loads(pickle.dumps(Snapshot.load("lima"))).source is None
    bare = Snapshot.from_bytes(found.to_bytes(payloads=False))
    assert bare.source is None
    assert found.with_overrides(t1={0: 1e-6}).source is None
