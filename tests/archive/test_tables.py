# SPDX-License-Identifier: Apache-2.0
"""Archives in the tools of analysts: one frame of many devices, and Parquet that other programs read."""

from __future__ import annotations

import datetime
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import dataset
from tests.support.calibrations import DAY, Drift

from qiskit_ibm_native import ArchiveError, CalibrationArchive, Snapshot
from qiskit_ibm_native.exceptions import IBMInputValueError, MissingPackageError
from qiskit_ibm_native.snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES

#: The calibrations of each device: from the first of January on, one a day.
COUNTS = {"lima": 70, "hanoi": 40, "fez": 3}
NAMES = {"lima": "ibmq_lima", "hanoi": "ibm_hanoi", "fez": "ibm_fez"}


@pytest.fixture(scope="module")
def history() -> dict[str, list[Snapshot]]:
    return {
        NAMES[device]: [
            Snapshot.from_payloads(*each) for each in Drift(device, step=DAY, fails=0.01).calibrations(count)
        ]
        for device, count in COUNTS.items()
    }


@pytest.fixture(scope="module")
def archive(history, tmp_path_factory) -> Iterator[CalibrationArchive]:
    with CalibrationArchive(tmp_path_factory.mktemp("tables") / "archive.sqlite3") as archive:
        for snapshots in history.values():
            for snapshot in snapshots:
                archive.add(snapshot)
        yield archive


def rows_of_qubits(history: dict[str, list[Snapshot]]) -> pd.DataFrame:
    """Return the table of qubits by another way: snapshot by snapshot, and through pandas alone."""
    frames = []
    for name in sorted(history):
        for snapshot in history[name]:
            columns = {quantity: getattr(snapshot.columns, quantity) for quantity in QUBIT_QUANTITIES}
            frame = pd.DataFrame({"qubit": np.arange(snapshot.num_qubits, dtype=np.uint32), **columns})
            frame.insert(0, "time", pd.Timestamp(snapshot.last_update).tz_convert("UTC"))
            frame.insert(0, "backend", name)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def rows_of_gates(history: dict[str, list[Snapshot]]) -> dict[tuple, tuple]:
    return {
        (name, snapshot.last_update, gate, "-".join(map(str, qargs))): values
        for name, snapshots in history.items()
        for snapshot in snapshots
        for gate in snapshot.columns.gates
        for qargs, *values in zip(
            snapshot.columns.gate(gate).qargs.tolist(),
            *(getattr(snapshot.columns.gate(gate), quantity).tolist() for quantity in GATE_QUANTITIES),
        )
    }


# Series


def test_a_series_is_long_or_wide(archive):
    t1 = archive.series("lima", "t1", start="2025-01-10", end="2025-01-20")
    wide = t1.to_pandas(wide=True)
    assert wide.shape == (10, 5)
    assert str(wide.index.dtype) == "datetime64[us, UTC]"
    assert wide.index.name == "time"
    assert wide.columns.tolist() == [0, 1, 2, 3, 4]
    assert wide.columns.name == "qubit"
    assert wide.attrs["units"] == dict.fromkeys(range(5), "s")
    np.testing.assert_array_equal(wide.to_numpy(), t1.values)
    np.testing.assert_array_equal(wide.loc["2025-01-12", 3], t1.values[2, 3])
    long = t1.to_pandas()
    assert list(long) == ["backend", "time", "qubit", "t1"]
    assert long.attrs == {"backend": "ibmq_lima", "quantity": "t1", "units": {"t1": "s"}}
    again = long.pivot(index="time", columns="qubit", values="t1")
    pd.testing.assert_frame_equal(again, wide, check_freq=False, check_column_type=False)
    assert t1.to_polars(wide=True).columns == ["time", "0", "1", "2", "3", "4"]
    assert pa.table(t1).equals(t1.table())
    assert t1.table().schema.field("t1").metadata == {b"unit": b"s"}
    assert t1.table()["t1"].chunk(0).buffers()[1].address == t1.values.ctypes.data


def test_a_series_of_a_gate_is_labelled_by_qargs(archive):
    error = archive.series("lima", "error", gate="cx")
    wide = error.to_pandas(wide=True)
    assert wide.columns.tolist() == [f"{first}-{second}" for first, second in error.qubits.tolist()]
    assert wide.columns.name == "qargs"
    np.testing.assert_array_equal(wide["1-3"].to_numpy(), error.values[:, error.qubits.tolist().index([1, 3])])
    long = error.to_polars()
    assert long.columns == ["backend", "time", "gate", "qargs", "qubit_0", "qubit_1", "error"]
    assert long.filter((pl.col("qubit_0") == 1) & (pl.col("qubit_1") == 3))["error"].to_list() == wide["1-3"].tolist()
    operational = archive.series("lima", "operational", gate="cx").to_pandas(wide=True)
    assert set(operational.dtypes.astype(str)) == {"bool"}


def test_a_series_is_an_array_of_xarray(archive):
    t1 = archive.series("lima", "t1")
    array = t1.to_xarray()
    assert array.dims == ("time", "qubit")
    assert array.name == "t1"
    assert array.attrs == {"units": "s", "backend": "ibmq_lima", "quantity": "t1"}
    np.testing.assert_array_equal(array.sel(qubit=3, time="2025-01-12").to_numpy(), t1.values[11, 3])
    of_gate = archive.series("lima", "error", gate="cx").to_xarray()
    assert of_gate.dims == ("time", "qargs")
    assert of_gate.sel(qargs="1-3")["qubit_1"].item() == 3
    assert of_gate.attrs["gate"] == "cx"


def test_a_series_without_calibrations_has_an_empty_table(archive):
    empty = archive.series("lima", "t1", start="2030")
    assert len(empty.to_pandas()) == len(empty.to_pandas(wide=True)) == 0


# Archives


def test_all_devices_are_one_frame_of_qubits(archive, history):
    frame = archive.to_pandas()
    expected = rows_of_qubits(history)
    pd.testing.assert_frame_equal(frame.astype({"backend": "str"}), expected, check_dtype=False)
    assert frame["backend"].dtype == "category"
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"
    assert frame["t1"].isna().equals(expected["t1"].isna())
    assert frame.attrs["units"]["frequency"] == "Hz"
    assert archive.to_polars().drop_nulls("t1")["t1"].to_list() == expected["t1"].dropna().tolist()


def test_all_gates_are_one_frame(archive, history):
    frame = archive.to_polars("gates")
    expected = rows_of_gates(history)
    found = {row[:4]: row[6:] for row in frame.rows()}
    assert frame.columns == ["backend", "time", "gate", "qargs", "qubit_0", "qubit_1", *GATE_QUANTITIES]
    assert len(found) == len(frame)
    for key, (error, duration, operational) in expected.items():
        values = [None if value != value else value for value in (error, duration)]
        assert found[key] == (*values, operational), key
    # A gate that one calibration does not list is there with no values and is not operational.
    assert all(found[key] == (None, None, False) for key in found.keys() - expected.keys())
    frame = archive.to_pandas("gates")
    assert frame["qubit_1"].dtype == pd.UInt32Dtype()
    assert frame["qubit_0"].dtype == np.uint32
    assert (frame["qubit_1"].isna() == ~frame["qargs"].astype("str").str.contains("-")).all()


def test_a_choice_of_devices_quantities_gates_and_times(archive):
    frame = archive.to_pandas(
        backends=["fez", "ibmq_lima"], quantities=["T1", "t2"], start="2025-01-03", end="2025-01-05"
    )
    assert list(frame) == ["backend", "time", "qubit", "t1", "t2"]
    assert frame["backend"].value_counts().to_dict() == {"ibmq_lima": 10, "ibm_fez": 156}
    gates = archive.to_pandas("gates", gates="cx", quantities="error")
    assert set(gates["backend"]) == {"ibmq_lima", "ibm_hanoi"}
    assert set(gates["gate"]) == {"cx"}
    assert archive.table(start=np.datetime64("2025-03-01"), quantities="t1").num_rows == 5 * 11


def test_periods_without_calibrations_have_empty_frames_of_the_same_types(archive):
    for of in ("qubits", "gates"):
        full, empty = archive.table(of), archive.table(of, start="2030")
        assert empty.num_rows == 0
        assert empty.schema.equals(full.schema)
    with CalibrationArchive(archive.path.with_name("empty.sqlite3")) as nothing:
        assert nothing.table().schema.equals(archive.table().schema)
        assert nothing.table("gates").num_rows == 0


def test_what_there_is_not_is_refused(archive, monkeypatch):
    cases = [
        ({"of": "pulses"}, IBMInputValueError, "of must be 'qubits' or 'gates', not 'pulses'"),
        ({"gates": "cx"}, IBMInputValueError, 'of="gates"'),
        ({"backends": "ibm_nowhere"}, ArchiveError, "no calibrations of 'ibm_nowhere'; there are ibm_fez"),
        ({"quantities": "t3"}, ValueError, "no quantity 't3'"),
        ({"of": "gates", "quantities": "t1"}, ValueError, "no quantity 't1'"),
        ({"of": "gates", "gates": ["cx", "cxx"]}, ArchiveError, "lists the gate 'cxx'"),
        ({"quantities": []}, IBMInputValueError, "quantities is empty"),
        ({"of": "gates", "quantities": iter(())}, IBMInputValueError, "quantities is empty"),
        ({"start": "soon"}, IBMInputValueError, "start must be"),
        ({"start": "2025-02", "end": "2025-02"}, IBMInputValueError, "the end is excluded"),
    ]
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            archive.table(**arguments)
    for package, call in (("pandas", archive.to_pandas), ("polars", archive.to_polars), ("pyarrow", archive.table)):
        with monkeypatch.context() as context:
            context.setitem(sys.modules, package, None)
            with pytest.raises(MissingPackageError, match=f"need {package}, "):
                call()


def test_gates_that_come_with_another_configuration_are_found(tmp_path):
    lima = Snapshot.load("lima")
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        for day, gate in enumerate([b"cx", b"cx", b"ecr", b"cx", b"cx"]):
            configuration, properties = (each.replace(b'"cx"', b'"%s"' % gate) for each in lima.payloads[:2])
            dated = json.loads(properties) | {"last_update_date": f"2025-01-0{day + 1}T00:00:00Z"}
            archive.add(Snapshot.from_payloads(configuration, json.dumps(dated)))
        frame = archive.to_polars("gates")
    ecr = frame.filter((pl.col("gate") == "ecr") & pl.col("operational"))
    assert set(ecr["time"].dt.day()) == {3}
    assert ecr["error"].null_count() == 0


def test_gates_on_very_many_qubits_are_left_to_those_who_ask_for_others(tmp_path):
    lima = Snapshot.load("lima")
    properties = json.loads(lima.payloads.properties)
    properties["gates"].append({"gate": "all", "qubits": list(range(5)) * 4, "parameters": []})
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        archive.add(Snapshot.from_payloads(lima.payloads.configuration, json.dumps(properties)))
        with pytest.raises(ArchiveError, match="acts on 20 qubits, and tables have 16 columns"):
            archive.table("gates")
        assert archive.table("gates", gates=["cx", "x"]).num_rows == 8 + 5


def test_a_frame_is_of_one_moment_although_others_add_calibrations(history, tmp_path, monkeypatch):
    late = [Snapshot.from_payloads(*each) for each in Drift("lima", 7, step=DAY).calibrations(3)]
    read = CalibrationArchive.series
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        for snapshot in history["ibmq_lima"]:
            archive.add(snapshot)

        def series(self, backend, quantity, **choice):
            found = read(self, backend, quantity, **choice)
            if late and quantity == "t2":
                archive.add(late.pop())
            return found

        monkeypatch.setattr(CalibrationArchive, "series", series)
        frame = archive.to_pandas(backends="lima")
        assert not late
        assert len(frame) == 5 * (COUNTS["lima"] + 3)
        assert not frame["frequency"].isna().any()


def test_words_mean_the_same_instant_in_all_that_is_read(tmp_path, monkeypatch):
    """A calibration of just thirty days ago does not leave the period while quantities are read one after the other."""
    lima = Snapshot.load("lima")
    young = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(30) + datetime.timedelta(seconds=2)
    dated = json.loads(lima.payloads.properties) | {"last_update_date": young.isoformat()}
    read = CalibrationArchive.series

    def slow(self, *arguments, **choice):
        time.sleep(0.3)
        return read(self, *arguments, **choice)

    monkeypatch.setattr(CalibrationArchive, "series", slow)
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        archive.add(Snapshot.from_payloads(lima.payloads.configuration, json.dumps(dated)))
        assert archive.table(start="-30d").num_rows == 5


# Parquet


@pytest.fixture(scope="module")
def folder(archive, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("parquet") / "tables"
    assert archive.to_parquet(folder) == sum(COUNTS.values())
    return folder


def test_files_are_by_device_and_month(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    months = {"ibmq_lima": (1, 2, 3), "ibm_hanoi": (1, 2), "ibm_fez": (1,)}
    assert files == {
        f"{of}/backend={name}/month=2025-{month:02}/part-0.parquet"
        for of in ("qubits", "gates")
        for name, numbers in months.items()
        for month in numbers
    }


def test_duckdb_reads_them(folder, archive):
    frame = archive.to_pandas()
    with duckdb.connect() as connection:
        files = f"read_parquet('{folder}/qubits/*/*/*.parquet', hive_partitioning=true)"
        rows = connection.sql(
            f"SELECT backend, month, count(*), avg(t1) FROM {files} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        ((gates,),) = connection.sql(
            f"SELECT count(*) FROM read_parquet('{folder}/gates/**/*.parquet', hive_partitioning=true)"
            " WHERE backend = 'ibm_hanoi' AND gate = 'cx' AND qubit_0 = 1 AND error < 1"
        ).fetchall()
    expected = frame.groupby([frame["backend"].astype("str"), frame["time"].dt.strftime("%Y-%m")])["t1"]
    assert [row[:3] for row in rows] == [(*key, count) for key, count in expected.size().items()]
    np.testing.assert_allclose([row[3] for row in rows], expected.mean().to_numpy(), rtol=1e-12)
    cx = archive.series("hanoi", "error", gate="cx")
    assert gates == int((cx.values[:, cx.qubits[:, 0] == 1] < 1).sum())


def test_polars_and_pyarrow_read_them(folder, archive):
    lazy = pl.scan_parquet(folder / "qubits", hive_partitioning=True)
    february = lazy.filter((pl.col("backend") == "ibmq_lima") & (pl.col("month") == "2025-02")).collect()
    expected = archive.to_polars(backends="lima", start="2025-02", end="2025-03")
    assert february["t1"].to_list() == expected["t1"].to_list()
    assert february["time"].to_list() == expected["time"].to_list()
    table = dataset.dataset(folder / "gates", partitioning="hive").to_table()
    assert table.num_rows == archive.table("gates").num_rows
    assert table.schema.field("duration").metadata == {b"unit": b"s"}


def test_months_are_written_whole_and_replaced(archive, tmp_path):
    within = datetime.datetime(2025, 2, 10, tzinfo=datetime.timezone.utc)
    assert archive.to_parquet(tmp_path, backends="lima", start=within, end="2025-02-12") == 28
    file = tmp_path / "qubits/backend=ibmq_lima/month=2025-02/part-0.parquet"
    before = file.read_bytes()
    assert archive.to_parquet(tmp_path, backends="lima", start="2025-02") == 28 + 11
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("qubits", "gates")] == []


def test_names_of_devices_do_not_lead_out_of_the_folder(tmp_path):
    snapshot = Snapshot.load("lima")
    payloads = [each.replace(b'"ibmq_lima"', b'"../../up"') for each in snapshot.payloads[:2]]
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        archive.add(Snapshot.from_payloads(*payloads))
        assert archive.to_parquet(tmp_path / "tables") == 1
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("archive")} == {"tables"}
    assert set(dataset.dataset(tmp_path / "tables/qubits", partitioning="hive").to_table()["backend"].to_pylist()) == {
        "../../up"
    }


def test_a_folder_that_cannot_be_made_is_an_error(archive, tmp_path):
    (tmp_path / "qubits").write_text("in the way")
    with pytest.raises(ArchiveError, match="cannot be made"):
        archive.to_parquet(tmp_path)
