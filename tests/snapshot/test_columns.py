# SPDX-License-Identifier: Apache-2.0
"""Columns: what JSON says, as arrays, without Qiskit and without copies."""

from __future__ import annotations

import copy
import datetime
import gc
import json
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from tests.support import brute
from tests.support.calibrations import Drift
from tests.support.official import shipped_devices, shipped_payloads

from qiskit_ibm_native import BackendPropertyError, CalibrationSeries, CompactFormError, Snapshot

NAMES = {
    "t1": "T1", "t2": "T2", "frequency": "frequency", "anharmonicity": "anharmonicity",
    "readout_error": "readout_error", "readout_length": "readout_length",
    "prob_meas0_prep1": "prob_meas0_prep1", "prob_meas1_prep0": "prob_meas1_prep0",
}  # fmt: skip
ONE = b'{"backend_name": "one", "n_qubits": 3, "basis_gates": [], "gates": []}'


def properties(qubits: list[Any], gates: list[Any] = ()) -> bytes:
    return json.dumps({"last_update_date": "2025-01-01", "qubits": qubits, "gates": list(gates)}).encode()


@pytest.mark.parametrize("device", shipped_devices())
def test_columns_are_what_json_says(device):
    configuration, payload = shipped_payloads(device)
    snapshot = Snapshot.from_payloads(configuration, payload)
    columns = snapshot.columns
    for name, key in NAMES.items():
        expected = brute.qubit_values(payload, key, snapshot.num_qubits)
        found = getattr(columns, name)
        assert brute.is_same(found, expected), name
        assert columns.valid(name).tolist() == [each is not None for each in expected]
        assert found.dtype == np.float64
        assert not found.flags.writeable
    assert columns.operational.tolist() == brute.qubits_operational(payload, snapshot.num_qubits)
    for name in columns.gates:
        rows, gate = brute.gate_rows(payload, name), columns.gate(name)
        assert [tuple(place) for place in gate.qargs.tolist()] == [row["qubits"] for row in rows]
        for quantity in ("error", "duration"):
            assert brute.is_same(getattr(gate, quantity), [row[quantity] for row in rows])
            assert gate.valid(quantity).tolist() == [row[quantity] is not None for row in rows]
        assert gate.operational.tolist() == [row["operational"] for row in rows]
        assert gate.updated.tolist() == [_utc(row["updated"]) for row in rows]
        assert len(gate) == len(rows)
        assert not any(array.flags.writeable for array in (gate.qargs, gate.error, gate.operational, gate.updated))


def _utc(text: str | None) -> datetime.datetime | None:
    if text is None:
        return None
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (
        moment.replace(tzinfo=moment.tzinfo or datetime.timezone.utc)
        .astimezone(datetime.timezone.utc)
        .replace(tzinfo=None)
    )


def test_columns_are_views_that_keep_their_memory():
    snapshot = Snapshot.load("fez")
    t1, error = snapshot.columns.t1, snapshot.columns.gate("cz").error
    assert t1.base is not None
    assert np.shares_memory(t1, snapshot.columns.t1)
    expected = t1.copy(), error.copy()
    del snapshot
    gc.collect()
    assert (t1 == expected[0]).all()
    assert (error == expected[1]).all()
    with pytest.raises(ValueError, match="read-only"):
        t1[0] = 1


def test_columns_need_no_qiskit():
    program = (
        "import sys; from qiskit_ibm_native import Snapshot; s = Snapshot.load('fez');"
        "s.columns.gate('cz').updated; s.diff(s).qubits; s.from_bytes(s.to_bytes()); s.with_overrides(t1={0: 1e-4});"
        "from qiskit_ibm_native import CalibrationSeries; CalibrationSeries([s, s]).t1;"
        "assert 'qiskit' not in sys.modules and 'rustworkx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_missing_is_not_nan():
    payload = properties(
        [
            [{"name": "T1", "unit": "us", "value": float("nan")}],
            [{"name": "T1", "unit": "us", "value": None}],
        ]
    )
    columns = Snapshot.from_payloads(ONE, payload).columns
    assert np.isnan(columns.t1).all()
    assert columns.valid("t1").tolist() == [True, False, False]
    assert columns.t1.shape == columns.operational.shape == (3,)


def test_without_properties_nothing_is_known_and_everything_operational():
    columns = Snapshot.from_payloads(ONE).columns
    assert np.isnan(columns.t2).all()
    assert not columns.valid("t2").any()
    assert columns.operational.all()
    assert not columns.operational.flags.writeable
    assert columns.gates == []
    with pytest.raises(BackendPropertyError, match="no gate 'cz'"):
        columns.gate("cz")


def test_payload_names_are_aliases():
    columns = Snapshot.load("vigo").columns
    assert columns.valid("T1") is columns.valid("t1")
    assert columns.gate("cx").valid("gate_length") is columns.gate("cx").valid("duration")


def test_names_that_there_are_not_are_refused():
    columns = Snapshot.load("vigo").columns
    with pytest.raises(ValueError, match="no quantity 'T3'; there are t1, t2"):
        columns.valid("T3")
    with pytest.raises(ValueError, match="no quantity 'operational'"):
        columns.valid("operational")
    with pytest.raises(ValueError, match="no quantity 'length'"):
        columns.gate("cx").valid("length")


def test_a_gate_on_different_numbers_of_qubits_makes_no_array():
    gates = [{"gate": "g", "qubits": qubits, "parameters": []} for qubits in ([0], [0, 1])]
    snapshot = Snapshot.from_payloads(ONE, properties([], gates))
    for columns in (snapshot.columns, CalibrationSeries([snapshot])):
        with pytest.raises(ValueError, match="different numbers of qubits"):
            columns.gate("g")


def test_a_probability_that_is_no_number_is_missing():
    payload = properties([[{"name": "prob_meas0_prep1", "unit": "", "value": "high"}]])
    assert not Snapshot.from_payloads(ONE, payload).columns.valid("prob_meas0_prep1").any()


def test_dates_of_any_form():
    rows = [
        ({"date": "2025-03-30T02:30:00+02:00"}, datetime.datetime(2025, 3, 30, 0, 30)),
        ({"date": "1969-12-31T23:59:59.5Z"}, datetime.datetime(1969, 12, 31, 23, 59, 59, 500000)),
        ({"date": None}, None),
        ({"date": "not yet"}, None),
        ({}, None),
    ]
    gates = [
        {"gate": "x", "qubits": [0], "parameters": [{**date, "name": "gate_error", "unit": "", "value": 0.1}]}
        for date, _ in rows
    ]
    gate = Snapshot.from_payloads(ONE, properties([], gates)).columns.gate("x")
    assert gate.updated.tolist() == [expected for _, expected in rows]


@pytest.fixture(scope="module")
def hanoi() -> list[tuple[bytes, bytes]]:
    return list(Drift("hanoi").calibrations(40))


def test_series_stack_what_each_snapshot_has(hanoi):
    series = CalibrationSeries.from_payloads(hanoi, threads=2)
    snapshots = Snapshot.parse_many(hanoi)
    for name in NAMES:
        each = np.array([getattr(snapshot.columns, name) for snapshot in snapshots])
        assert np.array_equal(getattr(series, name), each, equal_nan=True)
        assert (series.valid(name) == [snapshot.columns.valid(name) for snapshot in snapshots]).all()
    assert (series.operational == [snapshot.columns.operational for snapshot in snapshots]).all()
    assert not series.operational.all()
    gate = series.gate("cx")
    for quantity in ("error", "duration", "operational"):
        each = np.array([getattr(snapshot.columns.gate("cx"), quantity) for snapshot in snapshots])
        assert np.array_equal(getattr(gate, quantity), each)
    assert series.times.tolist() == [brute.updated(payload).replace(tzinfo=None) for _, payload in hanoi]
    assert len(series) == 40
    assert np.array_equal(CalibrationSeries(snapshots).t1, series.t1)


def test_series_have_places_that_come_and_go():
    def at(*places):
        error = [{"name": "gate_error", "unit": "", "value": 0.5}]
        return properties([], [{"gate": "cz", "qubits": list(place), "parameters": error} for place in places])

    payloads = [(ONE, at((1, 0))), (ONE, at((0, 1), (1, 0), (1, 0))), (ONE, None)]
    gate = CalibrationSeries.from_payloads(payloads).gate("cz")
    assert gate.qargs.tolist() == [[1, 0], [0, 1]]
    assert gate.valid("error").tolist() == [[True, False], [True, True], [False, False]]
    assert gate.operational.tolist() == gate.valid("error").tolist()
    assert np.isnan(gate.error[2]).all()


def test_series_are_of_one_device():
    with pytest.raises(ValueError, match=r"different numbers of qubits: \[5, 27\]"):
        CalibrationSeries([Snapshot.load("vigo"), Snapshot.load("hanoi")])
    with pytest.raises(BackendPropertyError, match="lists the gate 'ecr'"):
        CalibrationSeries([Snapshot.load("vigo")]).gate("ecr")
    with pytest.raises(ValueError, match="threads must be at least 1"):
        CalibrationSeries.from_payloads([], threads=0)
    assert len(CalibrationSeries([])) == 0
    assert CalibrationSeries([]).t1.shape == (0, 0)


def test_dates_need_payloads():
    snapshot = Snapshot.from_bytes(Snapshot.load("vigo").to_bytes(payloads=False))
    assert snapshot.columns.gate("cx").error.shape == (8,)
    with pytest.raises(CompactFormError, match="without payloads"):
        _ = snapshot.columns.gate("cx").updated


def test_columns_are_copied_and_pickled_whatever_was_asked_before():
    columns, series = Snapshot.load("vigo").columns, CalibrationSeries([Snapshot.load("vigo")])
    for each in (columns, series):
        each.gate("cx")
        for other in (pickle.loads(pickle.dumps(each)), copy.deepcopy(each)):
            assert np.array_equal(other.t1, each.t1)
            assert np.array_equal(other.gate("cx").error, each.gate("cx").error)
            assert other.gate("cx").valid("error").all()
