# SPDX-License-Identifier: Apache-2.0
"""Blocks that series keep: values are those of snapshots, whatever is kept, missing, damaged or removed meanwhile."""

from __future__ import annotations

import datetime
import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.calibrations import Drift

from qiskit_ibm_native import CalibrationArchive, CalibrationSeries, Snapshot, _native, bundled_devices
from qiskit_ibm_native.archive import ArchiveSeries, blocks
from qiskit_ibm_native.exceptions import ArchiveError
from qiskit_ibm_native.snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES

UTC = datetime.timezone.utc
FULL = 128


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[CalibrationArchive]:
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        yield archive


def at(hours: float) -> datetime.datetime:
    return datetime.datetime(2025, 1, 1, tzinfo=UTC) + datetime.timedelta(hours=hours)


def calibration(
    hours: float,
    t1: list[Any],
    gates: list[tuple[str, list[int], Any]] = (),
    *,
    num_qubits: int = 3,
    name: str = "ibm_tiny",
) -> Snapshot:
    """Return a calibration with a T1 of each qubit, and with gates and their errors."""
    stamp = at(hours).isoformat()
    configuration = {"backend_name": name, "n_qubits": num_qubits, "basis_gates": ["x"], "gates": []}
    qubits = [[{"date": stamp, "name": "T1", "unit": "us", "value": value}] for value in t1]
    listed = [
        {
            "gate": gate,
            "qubits": qargs,
            "parameters": [{"date": stamp, "name": "gate_error", "unit": "", "value": error}],
        }
        for gate, qargs, error in gates
    ]
    properties = {"last_update_date": stamp, "qubits": qubits, "gates": listed}
    return Snapshot.from_payloads(json.dumps(configuration), json.dumps(properties))


def changed(archive: CalibrationArchive, statement: str, *parameters: Any) -> None:
    """Change the file as no program of ours does: foreign keys are off."""
    with closing(sqlite3.connect(archive.path, isolation_level=None)) as connection:
        connection.execute(statement, parameters)


def rows(archive: CalibrationArchive, statement: str, *parameters: Any) -> list[Any]:
    return archive._database.rows(statement, parameters)


def block_rows(archive: CalibrationArchive) -> dict[int, int]:
    """Return how many rows each block has."""
    return dict(rows(archive, "SELECT block, count(*) FROM block_rows GROUP BY block"))


def assert_same(series: ArchiveSeries, values: Any, valid: Any) -> None:
    assert series.values.dtype == values.dtype
    bits = np.dtype("u8") if values.dtype == float else bool
    assert np.array_equal(np.ascontiguousarray(series.values).view(bits), np.ascontiguousarray(values).view(bits))
    assert np.array_equal(series.valid, valid)


def assert_series_are_those_of_snapshots(archive: CalibrationArchive, name: str, **period: Any) -> None:
    """Compare every quantity of qubits and of gates with those of the snapshots, bit by bit."""
    snapshots = list(archive.between(name, **period))
    expected = CalibrationSeries(snapshots)
    for quantity in QUBIT_QUANTITIES:
        values = getattr(expected, quantity)
        valid = np.ones_like(values) if quantity == "operational" else expected.valid(quantity)
        assert_same(archive.series(name, quantity, **period), values, valid)
    gates = {gate for snapshot in snapshots for gate in snapshot.columns.gates}
    for gate in sorted(gates):
        table = expected.gate(gate)
        for quantity in GATE_QUANTITIES:
            series = archive.series(name, quantity, gate=gate, **period)
            assert series.qubits.tolist() == table.qargs.tolist()
            values = getattr(table, quantity)
            assert_same(series, values, np.ones_like(values) if quantity == "operational" else table.valid(quantity))


# The same values


@pytest.mark.parametrize("device", bundled_devices())
def test_every_quantity_and_gate_of_every_device(device: str, archive: CalibrationArchive) -> None:
    snapshots = Snapshot.parse_many(list(Drift(device).calibrations(3)))
    for snapshot in [*snapshots, Snapshot.load(device)]:
        archive.add(snapshot)
    assert_series_are_those_of_snapshots(archive, snapshots[0].name)
    assert block_rows(archive) == {1: 4}
    assert archive.verify()


def test_missing_values_and_nan_are_told_apart(archive: CalibrationArchive) -> None:
    nan = float("nan")
    for hours, t1 in enumerate(
        [[1.5, None, nan], [nan, 2], [], [None, nan, -0.0], [1e400, 5e-324, True], [10**40, 0, 1]]
    ):
        archive.add(calibration(hours, t1, [("cx", [0, 1], nan), ("cx", [1, 0], None)][: hours % 3]))
    assert_series_are_those_of_snapshots(archive, "ibm_tiny")
    series = archive.series("ibm_tiny", "t1")
    assert series.valid.tolist()[:3] == [[True, False, True], [True, True, False], [False] * 3]


def test_gates_that_come_and_go_over_several_blocks(archive: CalibrationArchive) -> None:
    chance = random.Random(7)
    places = [("cx", [0, 1]), ("cx", [1, 0]), ("cx", [2, 1]), ("x", [0]), ("x", [2]), ("ecr", [2, 0])]
    for number in range(2 * FULL + 30):
        # Some list a place twice: its last row counts.
        listed = chance.choices(places, k=chance.randrange(7)) if number % 5 else places[:3]
        archive.add(calibration(number, [chance.random(), 7.0], [(*place, chance.random()) for place in listed]))
    assert_series_are_those_of_snapshots(archive, "ibm_tiny")
    for start, end in ((3, 9), (FULL - 4, FULL + 4), (2 * FULL, None)):
        assert_series_are_those_of_snapshots(archive, "ibm_tiny", start=at(start), end=None if end is None else at(end))
    assert archive.verify()
    assert sorted(block_rows(archive).values()) == [30, FULL, FULL]


def test_the_same_properties_of_devices_of_other_widths(archive: CalibrationArchive) -> None:
    for name, width in (("ibm_narrow", 2), ("ibm_wide", 4)):
        archive.add(calibration(1, [1, 2], num_qubits=width, name=name))
    for _ in range(2):
        assert archive.series("ibm_narrow", "t1").values.shape == (1, 2)
        assert archive.series("ibm_wide", "t1").valid.tolist() == [[True, True, False, False]]
    assert archive.verify()


@pytest.mark.parametrize("widths", [(3, 5), (5, 3)])
def test_a_device_whose_width_changes_beside_the_same_properties_is_told(
    widths: tuple[int, int], archive: CalibrationArchive
) -> None:
    for num_qubits in widths:
        archive.add(calibration(1, [1, 2, 3], num_qubits=num_qubits))
    with pytest.raises(ArchiveError, match=r"ibm_tiny had \[3, 5\] qubits in that time"):
        archive.series("ibm_tiny", "t1")


def test_a_gate_on_different_numbers_of_qubits_is_told(archive: CalibrationArchive) -> None:
    archive.add(calibration(1, [1], [("u", [0], 0.5), ("u", [0, 1], 0.5)]))
    for _ in range(2):
        with pytest.raises(ValueError, match="u is listed on different numbers of qubits"):
            archive.series("ibm_tiny", "error", gate="u")
    assert archive.verify()


# Payloads are read once


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give the numbers of payloads that were read, call by call."""
    calls: list[int] = []
    make = _native.make_blocks

    def counted(packed: Any, *arguments: Any) -> Any:
        calls.append(len(packed))
        return make(packed, *arguments)

    monkeypatch.setattr(_native, "make_blocks", counted)
    return calls


def test_a_second_quantity_reads_no_payload(archive: CalibrationArchive, made: list[int]) -> None:
    for number in range(FULL + 2):
        archive.add(calibration(number, [number], [("cx", [0, 1], 0.5)]))
    archive.series("ibm_tiny", "t1")
    assert made == [FULL, 2]
    assert_series_are_those_of_snapshots(archive, "ibm_tiny")
    assert made == [FULL, 2]
    # A calibration that is added joins the block that has room; full ones stay.
    full = min(block_rows(archive))
    archive.add(calibration(FULL + 2, [1]))
    archive.series("ibm_tiny", "t2")
    assert made == [FULL, 2, 3]
    assert block_rows(archive).pop(full) == FULL
    assert sorted(block_rows(archive).values()) == [3, FULL]
    assert archive.series("ibm_tiny", "t1").values[:, 0].tolist() == [each / 1e6 for each in [*range(FULL + 2), 1]]
    assert made == [FULL, 2, 3]


def test_a_damaged_payload_does_not_make_blocks_anew(archive: CalibrationArchive) -> None:
    for number in range(3):
        archive.add(calibration(number, [number]))
    changed(
        archive,
        "UPDATE payloads SET packed = zeroblob(9) WHERE id = (SELECT properties FROM calibrations WHERE id = 2)",
    )
    for quantity in ("t1", "t2", "t1"):
        with pytest.warns(RuntimeWarning, match="1 damaged payloads of ibm_tiny are left out") as told:
            series = archive.series("ibm_tiny", quantity)
        assert told[0].filename == __file__
        assert len(series) == 2
        assert list(series.damaged.values()) == ["the payload cannot be decompressed"]
        assert block_rows(archive) == {1: 2}
    archive.add(calibration(1, [1]))
    assert archive.series("ibm_tiny", "t1").values[:, 0].tolist() == [0.0, 1e-6, 2e-6]


def test_blocks_of_another_format_are_made_anew(archive: CalibrationArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.add(calibration(1, [1]))
    archive.series("ibm_tiny", "t1")
    monkeypatch.setattr(_native, "BLOCK_FORMAT", _native.BLOCK_FORMAT + 1)
    assert archive.series("ibm_tiny", "t1").values[0, 0] == 1e-6
    assert rows(archive, "SELECT format FROM blocks") == [(_native.BLOCK_FORMAT,)]
    assert archive.verify()


# Damage


def subjects(column: str) -> list[tuple[str, str | None]]:
    """Return the quantities that a column of a block is read for."""
    kind, _, name = column.partition(" ")
    if kind == "qubits":
        return [({"T1": "t1", "T2": "t2"}.get(name, name), None)]
    return [("error" if kind in {"gates", "listing"} else kind, "cx")]


@pytest.mark.slow
def test_any_wrong_byte_is_noticed_and_mended(archive: CalibrationArchive) -> None:
    for number in range(3):
        archive.add(calibration(number, [number / 7, 5], [("cx", [0, 1], number / 3), ("cx", [1, 0], number / 3)]))
    archive.series("ibm_tiny", "t1")
    sound = rows(archive, "SELECT name, content FROM block_columns WHERE typeof(content) = 'blob'")
    assert len(sound) > 5
    for name, content in sound:
        ((quantity, gate),) = subjects(name)
        expected = archive.series("ibm_tiny", quantity, gate=gate)
        for offset in range(len(content)):
            wrong = bytearray(content)
            wrong[offset] ^= 1 << offset % 8
            changed(archive, "UPDATE block_columns SET content = ? WHERE name = ?", bytes(wrong), name)
            assert_same(archive.series("ibm_tiny", quantity, gate=gate), expected.values, expected.valid)
    assert_series_are_those_of_snapshots(archive, "ibm_tiny")


WRONG = [
    "DELETE FROM block_columns WHERE name = 'qubits T1'",
    "DELETE FROM block_columns WHERE name = 'gates'",
    "DELETE FROM block_columns WHERE name = 'listing cx'",
    "DELETE FROM block_columns WHERE name = 'error cx'",
    "DELETE FROM block_columns",
    "DELETE FROM blocks",
    "UPDATE block_columns SET content = 'nowhere'",
    "UPDATE block_columns SET content = name",
    "UPDATE block_columns SET content = 3",
    "UPDATE block_columns SET content = x''",
    "UPDATE block_columns SET content = (SELECT content FROM block_columns WHERE name = 'gates')",
    "UPDATE block_rows SET row = row + 1",
    "UPDATE block_rows SET row = -1",
    "UPDATE block_rows SET row = 127",
    "UPDATE block_rows SET row = 'first'",
    "UPDATE block_rows SET row = CAST(x'ff' AS TEXT)",
    "UPDATE block_columns SET content = CAST(x'ff' AS TEXT)",
    "UPDATE block_rows SET row = 1e300",
    "UPDATE block_rows SET block = block + 1",
    "UPDATE block_rows SET block = 'x'",
    "UPDATE blocks SET num_qubits = 2",
]


@pytest.mark.parametrize("statement", WRONG)
def test_blocks_that_lack_something_are_made_again(archive: CalibrationArchive, statement: str) -> None:
    for number in range(3):
        archive.add(calibration(number, [5, 6, 7], [("cx", [0, 1], 0.25)]))
    archive.series("ibm_tiny", "t1")
    changed(archive, statement)
    assert_series_are_those_of_snapshots(archive, "ibm_tiny")


@pytest.mark.parametrize("table", ["blocks", "block_rows", "block_columns"])
def test_a_page_that_sqlite_cannot_read_hides_no_payload(table: str, tmp_path: Path) -> None:
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        for number in range(3):
            archive.add(calibration(number, [number], [("cx", [0, 1], 0.25)]))
        archive.series("ibm_tiny", "t1")
        ((page,),) = rows(archive, "SELECT rootpage FROM sqlite_master WHERE name = ?", table)
        ((size,),) = rows(archive, "PRAGMA page_size")
    with archive.path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with CalibrationArchive(archive.path) as again:
        assert_series_are_those_of_snapshots(again, "ibm_tiny")
        assert not again.verify()


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        ("UPDATE block_rows SET row = 2 - row", "qubits T1"),
        ("UPDATE block_rows SET row = 0", "qubits T1"),
        ("UPDATE block_columns SET content = 'qubits T1' WHERE name = 'qubits T2'", "qubits T2"),
        ("UPDATE block_columns SET content = 'qubits T1' WHERE name = 'duration cx'", "duration cx"),
    ],
)
def test_rows_and_columns_of_others_are_found_and_removed(
    archive: CalibrationArchive, statement: str, column: str
) -> None:
    for number in range(3):
        archive.add(calibration(number, [number], [("cx", [0, 1], number / 4)]))
    archive.series("ibm_tiny", "t1")
    assert archive.verify()
    changed(archive, statement)
    report = archive.verify()
    assert not report
    (problem,) = report.damaged_blocks.values()
    assert problem.startswith(f'its column "{column}" is')
    assert f"  block 1: {problem}" in str(report)
    assert not report.damaged_payloads
    assert not report.damaged_calibrations
    assert archive.prune(damaged=True).calibrations == 0
    assert block_rows(archive) == {}
    assert archive.verify()
    assert_series_are_those_of_snapshots(archive, "ibm_tiny")
    assert archive.verify()


# Removing


def test_foreign_keys_are_on(archive: CalibrationArchive) -> None:
    with archive._database.writing() as connection:
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_nothing_is_left_of_what_is_pruned(archive: CalibrationArchive) -> None:
    for number in range(5):
        archive.add(calibration(number, [number]))
    archive.series("ibm_tiny", "t1")
    archive.prune(before=at(2))
    assert block_rows(archive) == {1: 3}
    assert_series_are_those_of_snapshots(archive, "ibm_tiny")
    assert archive.verify()
    archive.prune("ibm_tiny")
    for table in ("blocks", "block_rows", "block_columns"):
        assert rows(archive, f"SELECT count(*) FROM {table}") == [(0,)]
    assert archive.stats().column_bytes == 0


def test_a_number_that_is_given_again_has_no_rows_of_the_payload_before(archive: CalibrationArchive) -> None:
    for number in range(3):
        archive.add(calibration(number, [number]))
    archive.series("ibm_tiny", "t1")
    ((before,),) = rows(archive, "SELECT max(properties) FROM calibrations")
    archive.prune(every=datetime.timedelta(days=365), before=at(9))
    archive.prune(before=at(9))
    archive.add(calibration(9, [9]))
    ((after,),) = rows(archive, "SELECT max(properties) FROM calibrations")
    assert after <= before
    assert archive.series("ibm_tiny", "t1").values[:, 0].tolist() == [9e-6]
    assert archive.verify()


def test_a_number_that_is_given_again_while_a_series_is_read(
    archive: CalibrationArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.add(calibration(1, [1]))
    make = _native.make_blocks

    def slow(*arguments: Any) -> Any:
        monkeypatch.setattr(_native, "make_blocks", make)
        made = make(*arguments)
        with CalibrationArchive(archive.path) as other:
            other.prune("ibm_tiny")
            other.add(calibration(2, [2]))
        return made

    monkeypatch.setattr(_native, "make_blocks", slow)
    numbers = rows(archive, "SELECT properties FROM calibrations")
    assert archive.series("ibm_tiny", "t1").values[0, 0] == 1e-6
    assert rows(archive, "SELECT properties FROM calibrations") == numbers
    assert block_rows(archive) == {}
    assert archive.series("ibm_tiny", "t1").values[:, 0].tolist() == [2e-6]
    assert archive.verify()


@pytest.mark.parametrize("added", [[], [2], [2, 0]])
def test_what_others_remove_while_a_series_is_read_is_no_damage(
    added: list[int], archive: CalibrationArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A payload that is added afterwards gets the number of the one that was removed.
    for number in (1, 0):
        archive.add(calibration(number, [number]))
    kept = blocks.kept

    def slow(*arguments: Any) -> Any:
        found = kept(*arguments)
        with CalibrationArchive(archive.path) as other:
            other.prune(before=at(1))
            for number in added:
                other.add(calibration(number, [number]))
        return found

    monkeypatch.setattr(blocks, "kept", slow)
    series = archive.series("ibm_tiny", "t1")
    assert (series.values[:, 0].tolist(), series.damaged) == ([1e-6], {})


@pytest.mark.parametrize("is_in_block", [False, True])
def test_a_block_that_others_make_of_a_number_that_is_given_again_is_not_that_of_the_payload_before(
    is_in_block: bool, archive: CalibrationArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 0):
        archive.add(calibration(number, [number]))
    if is_in_block:
        archive.series("ibm_tiny", "t1", end=at(1))
    kept, numbers = blocks.kept, set(rows(archive, "SELECT properties FROM calibrations"))

    def slow(*arguments: Any) -> Any:
        found = kept(*arguments)
        monkeypatch.undo()
        with CalibrationArchive(archive.path) as other:
            other.prune(before=at(1))
            other.add(calibration(2, [2]))
            assert set(rows(other, "SELECT properties FROM calibrations")) == numbers
            assert other.series("ibm_tiny", "t1").values[:, 0].tolist() == [1e-6, 2e-6]
        return found

    monkeypatch.setattr(blocks, "kept", slow)
    series = archive.series("ibm_tiny", "t1")
    assert series.values[:, 0].tolist() == ([0, 1e-6] if is_in_block else [1e-6])
    assert archive.series("ibm_tiny", "t1").values[:, 0].tolist() == [1e-6, 2e-6]
    assert archive.verify()


# Files that cannot be written


def test_a_file_that_others_write_to_is_read_anyway(
    archive: CalibrationArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_PATIENCE", 0.05)
    for number in range(FULL + 1):
        archive.add(calibration(number, [number]))
    with closing(sqlite3.connect(archive.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            assert archive.series("ibm_tiny", "t1").values[:, 0].tolist() == [each / 1e6 for each in range(FULL + 1)]
        other.execute("ROLLBACK")
    assert block_rows(archive) == {}
    archive.series("ibm_tiny", "t1")
    assert sorted(block_rows(archive).values()) == [1, FULL]


def test_a_block_is_there_as_a_whole_or_not_at_all(
    archive: CalibrationArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.add(calibration(1, [1]))

    def failing(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT * FROM nothing")

    with monkeypatch.context() as patch:
        patch.setattr(blocks, "remove_empty", failing)
        assert archive.series("ibm_tiny", "t1").values[0, 0] == 1e-6
    for table in ("blocks", "block_rows", "block_columns"):
        assert rows(archive, f"SELECT count(*) FROM {table}") == [(0,)]


def test_bytes_of_columns_are_told(archive: CalibrationArchive) -> None:
    archive.add(calibration(1, [1]))
    assert archive.stats().column_bytes == 0
    archive.series("ibm_tiny", "t1")
    assert archive.stats().column_bytes == rows(archive, "SELECT sum(length(content)) FROM block_columns")[0][0] > 0
