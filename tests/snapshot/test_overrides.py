# SPDX-License-Identifier: Apache-2.0
"""Measured values in place of a device's: exact, noted, and refused where they make no sense."""

from __future__ import annotations

import datetime
import json
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from tests.support import equality
from tests.support.official import official_target

from qiskit_ibm_native import Snapshot, build_instruction_durations, build_target
from qiskit_ibm_native.exceptions import IBMInputValueError

ODD = 80.123456789012345e-6


@pytest.fixture(scope="module")
def fez() -> Snapshot:
    return Snapshot.load("fez")


def test_the_example_of_the_documentation(fez):
    other = fez.with_overrides(
        t1={3: 80e-6}, readout_error={3: 0.01}, gate_error={("cz", (0, 1)): 0.004}, gate_length={("cz", (0, 1)): 70e-9},
        operational={5: False},
    )  # fmt: skip
    target = build_target(other)
    assert target.qubit_properties[3].t1 == 80e-6
    assert target["measure"][3,].error == 0.01
    assert (target["cz"][0, 1].error, target["cz"][0, 1].duration) == (0.004, 70e-9)
    assert (5,) not in target["sx"]
    assert (4, 5) not in target["cz"]
    assert build_instruction_durations(other).get("cz", (0, 1), unit="s") == 70e-9
    assert other.digest != fez.digest
    assert other.properties.t1(3) == 80e-6
    assert other.properties.faulty_qubits() == [5]


@pytest.mark.parametrize("name", ["t1", "t2", "frequency", "anharmonicity", "readout_length", "readout_error", "prob_meas0_prep1", "prob_meas1_prep0"])  # fmt: skip
def test_values_are_exact_and_alone(fez, name):
    other = fez.with_overrides(**{name: {7: ODD}})
    values = getattr(other.columns, name)
    assert values[7] == ODD
    assert np.array_equal(np.delete(values, 7), np.delete(getattr(fez.columns, name), 7), equal_nan=True)
    (change,) = fez.diff(other).qubits
    assert (change.qubit, change.new) == (7, ODD)
    assert not fez.diff(other).gates


def test_the_official_client_reads_what_we_write(fez):
    other = fez.with_overrides(
        t1={0: ODD}, t2={1: None}, frequency={2: 4.9e9}, readout_length={3: 1.1e-6}, gate_error={("cz", (0, 1)): 0.25},
        gate_length={("sx", 4): 5e-8}, operational={("cz", (2, 3)): False, 9: False},
    )  # fmt: skip
    configuration, properties, _ = other.payloads
    equality.assert_targets_equal(official_target(configuration, properties), build_target(other))


def test_notes_of_earlier_releases_are_read(fez):
    configuration, properties, _ = fez.payloads
    content = json.loads(properties)
    flag = [["cz", [0, 1]], False]
    content["qiskit_ibm_native"] = {
        "of": fez.digest,
        "overrides": {"gate_error": [[["cz", [0, 1]], 0.1]], "gate_operational": [flag], "operational": [[3, False]]},
    }
    noted = Snapshot.from_payloads(configuration, json.dumps(content)).provenance
    assert noted.base_digest == fez.digest
    assert noted.overrides == {"error": [[["cz", [0, 1]], 0.1]], "operational": [flag, [3, False]]}


def test_provenance(fez):
    assert fez.provenance is None
    first = fez.with_overrides(t1={3: 80e-6, 4: 70e-6})
    second = first.with_overrides(t1={3: 81e-6}, gate_error={("cz", (0, 1)): 0.004})
    assert first.provenance.base_digest == second.provenance.base_digest == fez.digest
    assert second.provenance.overrides == {"t1": [[3, 81e-6], [4, 70e-6]], "error": [[["cz", [0, 1]], 0.004]]}
    assert pickle.loads(pickle.dumps(second)).provenance == second.provenance
    assert fez.with_overrides() is fez


def test_saved_and_loaded(fez, tmp_path):
    other = fez.with_overrides(t1={3: ODD})
    other.save(tmp_path / "mine.zip")
    again = Snapshot.load(tmp_path / "mine.zip")
    assert again == other
    assert again.provenance == other.provenance


def test_all_qubits_at_once(fez):
    values = np.linspace(1e-5, 3e-4, 156)
    values[10] = math.nan
    other = fez.with_overrides(t1=values)
    assert other.columns.t1[10] == fez.columns.t1[10]
    assert np.array_equal(np.delete(other.columns.t1, 10), np.delete(values, 10))
    with pytest.raises(IBMInputValueError, match="t1 has 3 values, and ibm_fez has 156 qubits"):
        fez.with_overrides(t1=[1, 2, 3])


def test_tables(fez):
    by_qubit = {"qubit": [3, 4], "t1": [ODD, math.nan], "readout_error": [0.5, 0.25]}
    structured = np.array(
        [(3, ODD, 0.5), (4, math.nan, 0.25)], dtype=[("qubit", "i4"), ("t1", "f8"), ("readout_error", "f8")]
    )
    expected = fez.with_overrides(t1={3: ODD}, readout_error={3: 0.5, 4: 0.25})
    assert not fez.with_overrides(by_qubit).diff(expected)
    assert fez.with_overrides(structured) == fez.with_overrides(by_qubit)
    assert fez.with_overrides(pd.DataFrame(by_qubit)) == fez.with_overrides(by_qubit)
    by_gate = {
        "gate": ["cz", "sx"],
        "qubits": [(0, 1), (4,)],
        "gate_error": [0.1, 0.2],
        "gate_length": [1e-7, math.nan],
    }
    other = fez.with_overrides(by_gate)
    assert not other.diff(
        fez.with_overrides(gate_error={("cz", (0, 1)): 0.1, ("sx", (4,)): 0.2}, gate_length={("cz", (0, 1)): 1e-7})
    )
    pairs = np.array([("cz", [0, 1], 0.1)], dtype=[("gate", "U8"), ("qubits", "i4", 2), ("gate_error", "f8")])
    assert not fez.with_overrides(pairs).diff(fez.with_overrides(gate_error={("cz", (0, 1)): 0.1}))


def test_dates():
    snapshot = Snapshot.load("vigo")
    morning = datetime.datetime(2026, 3, 29, 6, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    dated = snapshot.with_overrides(date=morning, t1={0: 1e-4}, gate_error={("cx", (0, 1)): 0.01})
    assert dated.properties.qubit_property(0, "T1") == (1e-4, morning)
    assert dated.properties.qubit_property(1, "T1") == snapshot.properties.qubit_property(1, "T1")
    assert dated.columns.gate("cx").updated.max().tolist() == datetime.datetime(2026, 3, 29, 4, 30)
    kept = snapshot.with_overrides(t1={0: 1e-4})
    assert kept.properties.qubit_property(0, "T1")[1] == snapshot.properties.qubit_property(0, "T1")[1]
    assert kept.last_update == snapshot.last_update
    assert dated.last_update == morning


def test_what_was_not_there_can_be_added():
    snapshot = Snapshot.load("fez")
    assert not snapshot.columns.valid("frequency").any()
    other = snapshot.with_overrides(frequency={0: 4.8e9})
    assert other.columns.frequency[0] == 4.8e9
    bare = Snapshot.from_payloads(Snapshot.load("vigo").payloads.configuration)
    measured = bare.with_overrides(t1={1: 1e-4}, gate_error={("cx", (0, 1)): 0.02})
    assert measured.columns.t1[1] == 1e-4
    assert build_target(measured)["cx"][0, 1].error == 0.02


def test_a_value_can_be_taken_away(fez):
    other = fez.with_overrides(t1={0: None})
    assert not other.columns.valid("t1")[0]
    assert build_target(other).qubit_properties[0].t1 is None


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"T3": {0: 1e-4}}, "no quantity 'T3'; there are t1, t2"),
        ({"t1": {156: 1e-4}}, "ibm_fez has no qubit 156; it has 156"),
        ({"t1": {-1: 1e-4}}, "ibm_fez has no qubit -1"),
        ({"t1": {"0": 1e-4}}, "a qubit must be an integer, not '0'"),
        ({"t1": {True: 1e-4}}, "a qubit must be an integer, not True"),
        ({"t1": {0: -1e-4}}, "t1 must not be negative, but is -0.0001"),
        ({"t1": {0: math.nan}}, "t1 must be a finite number, not nan"),
        ({"t1": {0: "long"}}, "t1 must be a number, not 'long'"),
        ({"t1": 3.0}, "t1 must be a mapping from qubit to value, or a value for each qubit, not 3.0"),
        ({"t1": "abc"}, "t1 must be a mapping"),
        ({"readout_error": {0: 1.5}}, "readout_error must be a probability, from 0 to 1, not 1.5"),
        ({"t1": {0: True}}, "t1 must be a number, not True"),
        ({"t1": {0: 1e-4}, "date": datetime.datetime.min}, "date is beyond the calendar"),
        ({"t1": {0: 10**400}}, "t1 must be a number"),
        ({"operational": {0: np.array([1, 2])}}, "operational must be True or False"),
        ({"t1": {0: 1e-4}, "date": 2026}, "date must be a datetime, .*, not 2026"),
        ({"t1": {0: 1e-4}, "date": "last week"}, "not 'last week'"),
        ({"operational": {0: "no"}}, "operational must be True or False, not 'no'"),
        ({"gate_error": {("cz", (0, 155)): 0.1}}, r"ibm_fez has no gate 'cz' on qubits \(0, 155\)"),
        ({"gate_error": {"cz": 0.1}}, r"a gate must be given as \(gate, qubits\), as in \('cz', \(0, 1\)\), not 'cz'"),
        ({"gate_error": {(0, 1): 0.1}}, r"a gate must be given as \(gate, qubits\)"),
        ({"gate_error": [0.1]}, r"gate_error must be a mapping from \(gate, qubits\) to value, not list"),
        ({"table": {"t1": [1]}}, "a table needs a column 'qubit', or columns 'gate' and 'qubits'"),
        ({"table": {"qubit": [0], "t3": [1]}}, "no quantity 't3' for a column"),
        ({"table": {"qubit": [0, 1], "t1": [1]}}, "the column 't1' has 1 values for 2 rows"),
        ({"table": [1, 2]}, "a table must be a mapping of columns, a structured array or a data frame, not list"),
    ],
)
def test_what_makes_no_sense_is_refused(fez, overrides, message):
    # The parameters are those of all threads that run this.
    values = {name: value for name, value in overrides.items() if name != "table"}
    with pytest.raises(IBMInputValueError, match=message):
        fez.with_overrides(overrides.get("table"), **values)


def test_what_is_missing_in_a_table_is_left_alone(fez):
    expected = fez.with_overrides(t1={0: 1e-4})
    columns = ([1e-4, None], pd.array([1e-4, None], dtype="Float64"), np.ma.array([1e-4, 2e-4], mask=[0, 1]))
    for column in columns:
        assert fez.with_overrides({"qubit": [0, 1], "t1": column}) == expected
    assert fez.with_overrides(pd.DataFrame({"qubit": [0, 1], "t1": columns[1]})) == expected


def test_a_series_is_taken_by_its_index(fez):
    values = pd.Series([9e-4, 1e-4], index=[155, 0])
    assert fez.with_overrides(t1=values) == fez.with_overrides(t1={155: 9e-4, 0: 1e-4})


def test_frequencies_are_written_as_devices_do():
    hanoi = Snapshot.load("hanoi")
    other = hanoi.with_overrides(frequency={0: float(hanoi.columns.frequency[0]), 1: 5.1e9})
    assert {
        quantity.unit for qubit in other.properties.qubits[:2] for quantity in qubit if quantity.name == "frequency"
    } == {"GHz"}
    assert other.columns.frequency[1] == 5.1e9
    assert not hanoi.diff(hanoi.with_overrides(frequency={0: float(hanoi.columns.frequency[0])}))


def test_times_of_pandas_and_notes_of_others(fez):
    assert fez.with_overrides(t1={0: 1e-4}, date=pd.Timestamp("2024-01-01T00:00Z")).columns.t1[0] == 1e-4
    configuration, properties, _ = fez.payloads
    foreign = properties[:-1] + b', "qiskit_ibm_native": {"of": 3, "overrides": []}}'
    snapshot = Snapshot.from_payloads(configuration, foreign)
    assert snapshot.provenance is None
    assert snapshot.with_overrides(t1={0: 1e-4}).provenance.base_digest == snapshot.digest
