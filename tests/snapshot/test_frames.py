# SPDX-License-Identifier: Apache-2.0
"""Columns, series and differences in the tools of analysts: the same values, labels, units and times in UTC."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr
from tests.support.calibrations import DAY, Drift

from qiskit_ibm_native import CalibrationSeries, Snapshot
from qiskit_ibm_native.exceptions import IBMInputValueError, MissingPackageError
from qiskit_ibm_native.snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES


@pytest.fixture(scope="module")
def fez() -> Snapshot:
    return Snapshot.load("fez")


@pytest.fixture(scope="module")
def gappy() -> Snapshot:
    """Give a device of which values are missing."""
    return Snapshot.load("lima").with_overrides(t1={1: None, 3: None}, error={("cx", (0, 1)): None})


@pytest.fixture(scope="module")
def series() -> CalibrationSeries:
    return CalibrationSeries([Snapshot.from_payloads(*each) for each in Drift("hanoi", step=DAY).calibrations(6)])


def address(array: pa.Array) -> int:
    return array.buffers()[1].address


def test_values_of_qubits_are_the_same_in_every_tool(gappy):
    table, frame, polars_frame = gappy.columns.table(), gappy.columns.to_pandas(), gappy.columns.to_polars()
    data = gappy.columns.to_xarray()
    assert table.column_names == ["qubit", *QUBIT_QUANTITIES] == list(frame) == polars_frame.columns
    for name, quantity in QUBIT_QUANTITIES.items():
        values = getattr(gappy.columns, name)
        np.testing.assert_array_equal(frame[name].to_numpy(), values)
        np.testing.assert_array_equal(data[name].to_numpy(), values)
        expected = [None if value != value else value for value in values.tolist()]
        assert polars_frame[name].to_list() == table[name].to_pylist() == expected
        unit = {b"unit": quantity.unit.encode()} if quantity.unit else None
        assert table.schema.field(name).metadata == unit
        assert data[name].attrs == {"units": quantity.unit}
        assert frame.attrs["units"].get(name, "") == quantity.unit
    assert data["qubit"].to_numpy().tolist() == list(range(5)) == frame["qubit"].tolist()
    assert frame.attrs["backend"] == data.attrs["backend"] == "ibmq_lima"
    assert data["t1"].sel(qubit=2).item() == gappy.columns.t1[2]


def test_missing_values_are_null_and_not_nan(gappy):
    column = gappy.columns.to_polars()["t1"]
    assert column.null_count() == 2
    assert column.is_nan().sum() == 0
    cx = gappy.columns.gate("cx").to_polars()
    assert cx.filter(pl.col("qargs") == "0-1")["error"].to_list() == [None]


def test_memory_is_shared_with_arrow_and_polars(fez):
    columns = fez.columns
    assert address(columns.table()["t1"].chunk(0)) == columns.t1.ctypes.data
    assert address(columns.to_polars()["t1"].to_arrow()) == columns.t1.ctypes.data
    # Also where some are missing: then there is a bitmap beside the values.
    gappy = fez.with_overrides(t1={0: None}).columns
    assert address(gappy.table()["t1"].chunk(0)) == gappy.t1.ctypes.data


def test_whatever_knows_arrows_interface_takes_the_objects_themselves(fez, series):
    for source in (fez.columns, fez.columns.gate("cz"), series, series.gate("cx"), fez.diff(fez)):
        assert pa.table(source).equals(source.table())
        assert pl.DataFrame(source).equals(source.to_polars())
        assert source.__arrow_c_stream__() is not None


def test_gates_have_labels_and_qubits(fez):
    cz = fez.columns.gate("cz")
    frame, data = cz.to_pandas(), cz.to_xarray()
    assert frame["gate"].unique().tolist() == ["cz"]
    assert frame["qargs"].tolist() == [f"{first}-{second}" for first, second in cz.qargs.tolist()]
    np.testing.assert_array_equal(frame[["qubit_0", "qubit_1"]].to_numpy(), cz.qargs)
    for name in GATE_QUANTITIES:
        np.testing.assert_array_equal(frame[name].to_numpy(), getattr(cz, name))
    assert frame["updated"].dt.tz is not None
    np.testing.assert_array_equal(frame["updated"].dt.tz_localize(None).to_numpy(), cz.updated)
    label = frame["qargs"][7]
    assert data["error"].sel(qargs=label).item() == cz.error[7]
    assert data["qubit_1"].sel(qargs=label).item() == cz.qargs[7, 1]
    assert frame.groupby("qargs", observed=True)["error"].mean()[label] == cz.error[7]


def test_gates_without_payloads_have_no_dates(fez):
    small = Snapshot.from_bytes(fez.to_bytes(payloads=False))
    assert "updated" not in small.columns.gate("cz").to_polars().columns


def test_series_are_long_with_times_in_utc(series):
    frame, polars_frame = series.to_pandas(), series.to_polars()
    assert len(frame) == 6 * 27
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"
    assert polars_frame["time"].dtype == pl.Datetime("us", "UTC")
    wide = frame.pivot(index="time", columns="qubit", values="t2")
    np.testing.assert_array_equal(wide.to_numpy(), series.t2)
    np.testing.assert_array_equal(wide.index.tz_localize(None).to_numpy(), series.times)
    cx = series.gate("cx")
    errors = cx.to_pandas().pivot(index="time", columns="qargs", values="error")
    for index, (first, second) in enumerate(cx.qargs.tolist()):
        np.testing.assert_array_equal(errors[f"{first}-{second}"].to_numpy(), cx.error[:, index])
    data, of_gate = series.to_xarray(), cx.to_xarray()
    assert data["t1"].dims == ("time", "qubit")
    assert of_gate["error"].dims == ("time", "qargs")
    assert data["t1"].attrs["units"] == "s"
    assert data["time"].attrs["time_zone"] == "UTC"
    first = data["t1"].sel(time=slice("2025-01-02", "2025-01-03"))
    np.testing.assert_array_equal(first.to_numpy(), series.t1[1:3])
    assert isinstance(data, xr.Dataset)


def test_a_series_of_nothing_has_a_table_of_nothing():
    assert len(CalibrationSeries([]).to_polars()) == 0


def test_times_that_are_missing_are_null():
    snapshot = Snapshot.from_payloads(b'{"backend_name": "ibm_x", "n_qubits": 1, "basis_gates": [], "gates": []}')
    assert CalibrationSeries([snapshot]).to_polars()["time"].to_list() == [None]


def test_differences_have_a_row_for_each_change():
    lima = Snapshot.load("lima")
    newer = lima.with_overrides(
        t1={2: 80e-6, 3: None}, error={("cx", (0, 1)): 0.02}, duration={("cx", (3, 4)): 1e-6}, operational={4: False}
    )
    diff = lima.diff(newer)
    rows = diff.to_polars().to_dicts()
    by_change = {(row["gate"], row["qargs"], row["quantity"]): row for row in rows}
    t1 = by_change[None, "2", "t1"]
    assert (t1["old"], t1["new"], t1["unit"], t1["qubit_0"], t1["qubit_1"]) == (lima.columns.t1[2], 80e-6, "s", 2, None)
    assert by_change[None, "3", "t1"]["new"] is None
    error = by_change["cx", "0-1", "error"]
    assert (error["new"], error["qubit_0"], error["qubit_1"], error["unit"]) == (0.02, 0, 1, "")
    assert by_change["cx", "3-4", "duration"]["unit"] == "s"
    gone = [row for row in rows if row["quantity"] == "available"]
    assert {(row["gate"], row["qargs"]) for row in gone} == {
        (entry.operation, "-".join(map(str, entry.qargs))) for entry in diff.vanished
    }
    assert all((row["old"], row["new"]) == (1.0, 0.0) for row in gone)
    assert len(rows) == len(diff.qubits) + len(diff.gates) + len(diff.vanished) + len(diff.appeared)
    back = newer.diff(lima).to_pandas()
    assert set(back[back["quantity"] == "available"]["new"]) == {1.0}
    assert back["qubit_0"].dtype == "uint32"
    assert back["qubit_1"].dtype == pd.UInt32Dtype()
    data = diff.to_xarray()
    assert data["old"].dims == ("row",)
    gates = [None if pd.isna(gate) else gate for gate in data["gate"].to_numpy()]
    assert gates == [row["gate"] for row in rows]
    assert len(lima.diff(lima).to_pandas()) == 0


def test_wide_tables_are_of_one_quantity(fez, series):
    for source in (fez.columns, fez.columns.gate("cz"), series, series.gate("cx"), fez.diff(fez)):
        with pytest.raises(IBMInputValueError, match="no wide table"):
            source.to_pandas(wide=True)


@pytest.mark.parametrize("package", ["pandas", "polars", "pyarrow", "xarray"])
def test_packages_that_are_missing_are_named(fez, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    method = {"pyarrow": "table"}.get(package, f"to_{package}")
    with pytest.raises(MissingPackageError, match=rf"{package}.*: pip install 'qiskit-ibm-native\[dataframes\]'$"):
        getattr(fez.columns, method)()


def test_frames_outlive_what_they_were_made_of():
    frame = Snapshot.load("fez").columns.to_polars()
    assert frame["t1"].to_list() == Snapshot.load("fez").columns.t1.tolist()


def test_tables_are_made_without_qiskit():
    code = (
        "import sys; from qiskit_ibm_native import Snapshot; Snapshot.load('fez').columns.table();"
        " print('qiskit' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
