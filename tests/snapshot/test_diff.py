# SPDX-License-Identifier: Apache-2.0
"""Differences of snapshots, against a comparison of what JSON says."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from qiskit import QuantumCircuit, QuantumRegister, transpile
from tests.support import brute
from tests.support.calibrations import Drift

from qiskit_ibm_native import IBMInputValueError, Snapshot, SnapshotDiff, build_target
from qiskit_ibm_native.snapshot.quantities import QUBIT_QUANTITIES

#: Payload names of quantities by name.
NAMES = {name: quantity.payload_name for name, quantity in QUBIT_QUANTITIES.items() if name != "operational"}


def edited(snapshot: Snapshot, change: Any, configuration: Any = None) -> Snapshot:
    """Return a snapshot of which the content of the payloads was changed."""
    contents = [json.loads(payload) for payload in snapshot.payloads[:2]]
    change(contents[1])
    if configuration is not None:
        configuration(contents[0])
    return Snapshot.from_payloads(*(json.dumps(each) for each in contents))


@pytest.fixture(scope="module")
def drifted() -> list[Snapshot]:
    return Snapshot.parse_many(list(Drift("hanoi").calibrations(30)))


@pytest.mark.slow
def test_changes_are_those_that_json_shows(drifted):
    seen = set()
    for old, new in itertools.pairwise(drifted):
        diff = old.diff(new)
        assert diff
        before, after = old.payloads.properties, new.payloads.properties
        expected = []
        for qubit in range(27):
            for name, payload_name in NAMES.items():
                values = [brute.qubit_values(each, payload_name, 27)[qubit] for each in (before, after)]
                if values[0] != values[1]:
                    expected.append((qubit, name, *values))
            flags = [float(brute.qubits_operational(each, 27)[qubit]) for each in (before, after)]
            if flags[0] != flags[1]:
                expected.append((qubit, "operational", *flags))
        assert [tuple(each) for each in diff.qubits] == expected
        gates = []
        for name in new.columns.gates:
            for one, other in zip(brute.gate_rows(before, name), brute.gate_rows(after, name), strict=True):
                assert one["qubits"] == other["qubits"]
                for key in ("error", "duration", "operational"):
                    if one[key] != other[key]:
                        gates.append((name, one["qubits"], key, one[key], other[key]))
        assert [tuple(each) for each in diff.gates] == gates
        targets = [build_target(each) for each in (old, new)]
        for places, gone, there in ((diff.vanished, *targets), (diff.appeared, *targets[::-1])):
            expected = {(name, qargs) for name in gone.operation_names for qargs in gone[name] or {}}
            expected -= {(name, qargs) for name in there.operation_names for qargs in there[name] or {}}
            assert {tuple(each) for each in places} == expected
            assert len(places) == len(expected)
            seen |= {bool(expected)}
        back = new.diff(old)
        assert (back.appeared, back.vanished) == (diff.vanished, diff.appeared)
    assert seen == {True, False}


def test_nothing_changed():
    snapshot = Snapshot.load("fez")
    diff = snapshot.diff(Snapshot.load("fez"))
    assert isinstance(diff, SnapshotDiff)
    assert not diff
    assert (diff.qubits, diff.gates, diff.appeared, diff.vanished, diff.configuration) == ([], [], [], [], [])
    assert str(diff) == "ibm_fez: nothing changed"
    assert repr(diff) == "<SnapshotDiff of ibm_fez: nothing changed>"


def test_dates_alone_are_no_change():
    snapshot = Snapshot.load("vigo")
    later = edited(snapshot, lambda content: content.update(last_update_date="2030-01-01"))
    assert later != snapshot
    assert not snapshot.diff(later)


def test_tolerances():
    snapshot = Snapshot.load("vigo")
    other = snapshot.with_overrides(t1={0: snapshot.columns.t1[0] * 1.04})
    assert snapshot.diff(other)
    assert snapshot.diff(other, rtol=0.039)
    assert not snapshot.diff(other, rtol=0.041)
    assert not snapshot.diff(other, atol=1e-5)
    missing = snapshot.with_overrides(t1={0: None})
    assert snapshot.diff(missing, rtol=1e9, atol=1e9).qubits == [(0, "t1", snapshot.columns.t1[0], None)]
    for wrong in ({"rtol": -1}, {"atol": float("nan")}, {"rtol": float("inf")}):
        with pytest.raises(ValueError, match="must be a number that is not negative"):
            snapshot.diff(other, **wrong)


def test_a_snapshot_is_compared_with_what_gives_one():
    assert not Snapshot.load("vigo").diff("vigo")
    with pytest.raises(IBMInputValueError, match="no snapshot of 5"):
        Snapshot.load("vigo").diff(5)


def test_topology():
    snapshot = Snapshot.load("vigo")

    def without_an_edge(content):
        content["gates"] = [gate for gate in content["gates"] if set(gate["qubits"]) != {3, 4}]

    def undefined(content):
        for gate in content["gates"]:
            if gate["name"] == "cx":
                gate["coupling_map"] = [pair for pair in gate["coupling_map"] if set(pair) != {3, 4}]

    other = edited(snapshot, without_an_edge, undefined)
    diff = snapshot.diff(other)
    assert diff.configuration == ["gates"]
    assert diff.lost_edges == [(3, 4), (4, 3)]
    assert diff.new_edges == []
    assert [tuple(each) for each in diff.vanished] == [("cx", (3, 4)), ("cx", (4, 3))]
    assert other.diff(snapshot).new_edges == [(3, 4), (4, 3)]
    assert "cx on 3, 4: vanished" in str(diff)


def circuit_on(*qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(5, 1)
    circuit.cx(*qubits)
    return circuit


def test_affects_what_sits_on_a_change():
    snapshot = Snapshot.load("vigo")
    target = build_target(snapshot)
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure(1, 0)
    isa = transpile(circuit, target=target, initial_layout=[0, 1], optimization_level=0)
    changes = {
        "t1": ({0: 1e-5}, True), "t2": ({4: 1e-5}, False), "frequency": ({1: 4e9}, True),
        "readout_error": ({0: 0.3}, False), "readout_length": ({1: 3e-6}, True),
        "error": ({("cx", (0, 1)): 0.5}, True), "duration": ({("cx", (1, 0)): 1e-6}, False),
        "operational": ({("cx", (0, 1)): False}, True), "T1": ({0: 1e-5}, True),
    }  # fmt: skip
    for name, (values, expected) in [*changes.items(), ("operational", ({3: False}, False))]:
        diff = snapshot.diff(snapshot.with_overrides(**{name: values}))
        assert diff, name
        assert diff.affects(isa) is expected, name
    assert not snapshot.diff(snapshot).affects(isa)
    assert snapshot.diff(snapshot.with_overrides(operational={1: False})).affects(isa)


def test_affects_bodies_of_control_flow():
    snapshot = Snapshot.load("vigo")
    diff = snapshot.diff(snapshot.with_overrides(error={("cx", (3, 4)): 0.9}))
    body = QuantumCircuit(QuantumRegister(2))
    body.cx(0, 1)
    for qubits, expected in (([3, 4], True), ([4, 3], False), ([0, 1], False)):
        circuit = QuantumCircuit(5, 1)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.for_loop(range(2), None, body, qubits, [])
        assert diff.affects(circuit) is expected
    delayed = QuantumCircuit(5)
    delayed.delay(100, 3)
    delayed.barrier()
    assert snapshot.diff(snapshot.with_overrides(t1={3: 1e-6})).affects(delayed)
    assert not snapshot.diff(snapshot.with_overrides(t1={2: 1e-6})).affects(delayed)


def test_affects_everything_if_the_timing_changed():
    snapshot = Snapshot.load("vigo")
    other = edited(snapshot, lambda content: None, lambda content: content.update(dt=1.0))
    diff = snapshot.diff(other)
    assert diff.configuration == ["dt"]
    assert diff.affects(circuit_on(0, 1))
    assert not diff.affects(QuantumCircuit(5))


def test_text_and_table(drifted):
    diff = drifted[0].diff(drifted[10])
    lines = str(diff).splitlines()
    assert lines[0].startswith("ibm_hanoi: ")
    assert len(lines) == 22
    assert (
        lines[-1] == f"  and {len(diff.qubits) + len(diff.gates) + len(diff.vanished) + len(diff.appeared) - 20} more"
    )
    html = diff._repr_html_()
    # A row for each quantity, and one for each of the first hundred changes.
    quantities = {change.quantity for change in diff.qubits} | {(change.gate, change.quantity) for change in diff.gates}
    assert html.count("<tr>") == 100 + len(quantities)
    assert ">qubit 0</td>" in html
    nothing = Snapshot.load("vigo").diff(Snapshot.load("vigo"))._repr_html_()
    assert "nothing changed" in nothing
    assert "<table" not in nothing
    one = Snapshot.load("vigo")
    text = str(one.diff(one.with_overrides(t1={2: 80e-6}, operational={4: False}, readout_error={1: None})))
    assert "qubit 2: t1 " in text
    assert "qubit 4: operational yes -> no" in text
    assert "-> none" in text


def test_other_devices_differ_in_everything():
    diff = Snapshot.load("vigo").diff(Snapshot.load("hanoi"))
    assert {"backend_name", "n_qubits", "gates"} <= set(diff.configuration)
    assert diff.affects(circuit_on(0, 1))


def test_other_pulse_defaults_are_told():
    configuration, properties, defaults = Snapshot.load("lima").payloads
    lima, bare = Snapshot.load("lima"), Snapshot.from_payloads(configuration, properties)
    other = Snapshot.from_payloads(configuration, properties, defaults.replace(b" ", b"  ", 1))
    for one, two in ((lima, bare), (bare, lima), (lima, other), (lima, Snapshot.from_bytes(other.to_bytes()))):
        diff = one.diff(two)
        assert diff
        assert diff.defaults
        assert not diff.affects(circuit_on(0, 1))
    assert not lima.diff(Snapshot.from_bytes(lima.to_bytes()))
    assert not lima.diff(Snapshot.from_bytes(lima.to_bytes(payloads=False)))


def test_rows_that_come_and_go_are_changes():
    fez = Snapshot.load("fez")
    bare = Snapshot.from_payloads(fez.payloads.configuration)
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    measured = bare.with_overrides(error={("cz", (0, 1)): 0.5})
    diff = bare.diff(measured)
    assert diff.gates == [("cz", (0, 1), "error", None, 0.5)]
    assert diff.affects(circuit)
    assert measured.diff(bare).gates == [("cz", (0, 1), "error", 0.5, None)]

    def without_cz(content):
        content["gates"] = [gate for gate in content["gates"] if gate["gate"] != "cz"]

    gone = fez.diff(edited(fez, without_cz))
    assert len(gone.gates) == 2 * 352
    assert all(each.new is None for each in gone.gates)
    assert gone.affects(circuit)


@pytest.mark.parametrize(
    ("key", "name"), [("basis_gates", "cz"), ("supported_instructions", "reset"), ("supported_instructions", "if_else")]
)
def test_what_targets_have_no_more_affects_circuits(key, name):
    fez = Snapshot.load("fez")
    other = edited(fez, lambda content: None, lambda content: content[key].remove(name))
    assert name in build_target(fez).operation_names
    assert name not in build_target(other).operation_names
    circuit = QuantumCircuit(2, 1)
    if name == "if_else":
        with circuit.if_test((0, 1)):
            circuit.x(0)
    elif name == "cz":
        circuit.cz(0, 1)
    else:
        circuit.reset(0)
    diff = fez.diff(other)
    assert {each.operation for each in diff.vanished} == {name}
    assert diff.affects(circuit)
    unused = QuantumCircuit(1)
    unused.x(0)
    assert not diff.affects(unused)
    assert {each.operation for each in other.diff(fez).appeared} == {name}


def test_infinities_are_not_near_anything():
    one = edited(Snapshot.load("vigo"), lambda content: content["qubits"][0][0].update(value=float("inf")))
    two = edited(Snapshot.load("vigo"), lambda content: content["qubits"][0][0].update(value=5.0))
    assert one.diff(two, rtol=0.01)
    assert not one.diff(one)


def test_nobody_knows_the_pulses_of_a_snapshot_without_payloads():
    free = Snapshot.from_bytes(Snapshot.load("lima").to_bytes(payloads=False))
    assert free.diff(Snapshot.load("hanoi")).defaults is None
    assert free.diff(Snapshot.load("lima")).defaults is False
