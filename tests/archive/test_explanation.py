# SPDX-License-Identifier: Apache-2.0
"""Explanations of changed success probabilities: parts that add up, and are those of the rule written out."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from tests.support.calibrations import DAY, Drift

from qiskit_ibm_native import ArchiveError, CalibrationArchive, Snapshot, build_target, score
from qiskit_ibm_native.archive.questions.explanation import ExplainedChange, Explanation, explain
from qiskit_ibm_native.exceptions import IBMInputValueError

LIMA = Snapshot.load("lima")


def waiting() -> QuantumCircuit:
    """Return a circuit for lima in which qubits wait for each other."""
    circuit = QuantumCircuit(5, 5, name="waiting")
    circuit.sx(range(5))
    circuit.cx(0, 1)
    circuit.cx(3, 4)
    circuit.delay(500, 1, unit="dt")
    circuit.cx(0, 1)
    circuit.cx(1, 3)
    circuit.x(0)
    circuit.cx(3, 4)
    circuit.cx(1, 3)
    circuit.cx(0, 1)
    circuit.measure(range(5), range(5))
    return circuit


def parts_of(found: Explanation) -> dict[tuple, ExplainedChange]:
    return {(part.gate, part.qargs, part.quantity): part for part in found.parts}


def assert_adds_up(found: Explanation) -> None:
    assert sum(part.share for part in found.parts) == pytest.approx(found.after - found.before, rel=1e-9, abs=1e-15)
    assert sum(part.log_change for part in found.parts) == found.log_change
    assert found.log_change == pytest.approx(math.log(found.after / found.before), rel=1e-9, abs=1e-13)


#: Changed values by key of a part: two durations, three relaxation times of two qubits, and two errors.
CHANGES = {
    ("cx", (3, 4), "duration"): {"duration": {("cx", (3, 4)): 9e-7}},
    ("cx", (1, 3), "duration"): {"duration": {("cx", (1, 3)): 2e-7}},
    (None, (0,), "t1"): {"t1": {0: 20e-6}},
    (None, (0,), "t2"): {"t2": {0: 10e-6}},
    (None, (1,), "t2"): {"t2": {1: 300e-6}},  # longer than 2 T1, which counts
    ("cx", (0, 1), "error"): {"error": {("cx", (0, 1)): 0.03}},
    ("measure", (2,), "error"): {"readout_error": {2: 0.002}},
}
DURATIONS, RELAXATION, ERRORS = list(CHANGES)[:2], list(CHANGES)[2:5], list(CHANGES)[5:]


def changed(keys) -> Snapshot:
    overrides: dict = {}
    for key in keys:
        for quantity, values in CHANGES[key].items():
            overrides.setdefault(quantity, {}).update(values)
    return LIMA.with_overrides(**overrides) if overrides else LIMA


@pytest.fixture(scope="module")
def log_scores() -> dict[frozenset, float]:
    """Give the logarithms of the scores in which each subset of the values has changed."""
    subsets = [frozenset(keys) for size in range(8) for keys in itertools.combinations(CHANGES, size)]
    return dict(zip(subsets, np.log(score(waiting(), [changed(keys) for keys in subsets]).esp)))


def test_parts_are_the_mean_over_all_orders_that_the_rule_has(log_scores):
    found = parts_of(explain(waiting(), LIMA, changed(CHANGES)))
    assert found.keys() == CHANGES.keys()
    expected = dict.fromkeys(CHANGES, 0.0)
    blocks = [list(itertools.permutations(DURATIONS)), list(itertools.permutations(RELAXATION))]
    orders = [
        (*first, *second) for pair in (blocks, blocks[::-1]) for first in pair[0] for second in pair[1]
    ]  # fmt: skip
    for order in orders:
        before = frozenset()
        for key in (*ERRORS, *order):
            after = before | {key}
            expected[key] += (log_scores[after] - log_scores[before]) / len(orders)
            before = after
    for key, value in expected.items():
        assert found[key].log_change == pytest.approx(value, rel=1e-7, abs=1e-12), key
    assert all(abs(value) > 1e-6 for value in expected.values())
    assert_adds_up(explain(waiting(), LIMA, changed(CHANGES)))


def test_parts_have_old_and_new_values_and_uses():
    found = explain(waiting(), LIMA, changed(CHANGES))
    parts = parts_of(found)
    cx = parts["cx", (0, 1), "error"]
    old = LIMA.columns.gate("cx")
    assert cx.old == old.error[old.qargs.tolist().index([0, 1])]
    assert (cx.new, cx.uses) == (0.03, 3)
    assert cx.log_change == pytest.approx(3 * math.log((1 - 0.03) / (1 - cx.old)), rel=1e-12)
    assert (parts[None, (0,), "t1"].new, parts[None, (0,), "t1"].uses) == (20e-6, 0)
    assert parts["measure", (2,), "error"].old == LIMA.columns.readout_error[2]
    sizes = [abs(part.log_change) for part in found.parts]
    assert sizes == sorted(sizes, reverse=True)
    before, after = score(waiting(), [LIMA, changed(CHANGES)]).esp
    assert (found.before, found.after) == (before, after)
    assert repr(found).startswith(
        f"<Explanation of 'waiting' on ibmq_lima: {before:.4g} -> {after:.4g}: 7 changed values, most by"
    )


def test_backwards_every_part_has_the_other_sign():
    there, back = (explain(waiting(), *pair) for pair in ((LIMA, changed(CHANGES)), (changed(CHANGES), LIMA)))
    for key, part in parts_of(there).items():
        assert parts_of(back)[key].log_change == pytest.approx(-part.log_change, rel=1e-9, abs=1e-15)
        assert parts_of(back)[key].share == pytest.approx(-part.share, rel=1e-9, abs=1e-15)


def test_shares_are_parts_by_the_logarithmic_mean():
    found = explain(waiting(), LIMA, changed(CHANGES))
    mean = (found.after - found.before) / math.log(found.after / found.before)
    for part in found.parts:
        assert part.share == pytest.approx(part.log_change * mean, rel=1e-9, abs=1e-15)


def test_the_same_calibration_has_nothing_to_explain():
    found = explain(waiting(), LIMA, LIMA)
    assert (found.parts, found.log_change, found.before) == ((), 0, found.after)
    assert len(found.to_pandas()) == len(found) == 0


def test_what_the_circuit_does_not_use_is_no_part():
    circuit = QuantumCircuit(5, 1)
    circuit.sx(0)
    circuit.measure(0, 0)
    other = LIMA.with_overrides(t1={4: 1e-6}, error={("cx", (0, 1)): 0.5, ("sx", (3,)): 0.1}, frequency={0: 5e9})
    assert explain(circuit, LIMA, other).parts == ()


def test_another_unit_of_delays_is_a_part():
    configuration = json.loads(LIMA.payloads.configuration)
    configuration["dt"] *= 4
    other = Snapshot.from_payloads(json.dumps(configuration), LIMA.payloads.properties)
    found = explain(waiting(), LIMA, other)
    (part,) = found.parts
    assert part[:3] == ("delay", (), "dt")
    assert part.new == pytest.approx(4 * part.old)
    assert_adds_up(found)
    assert found.to_polars()["unit"].to_list() == ["s"]


def test_values_that_appear_and_vanish():
    missing = LIMA.with_overrides(t1={1: None}, error={("cx", (0, 1)): None}, duration={("cx", (1, 3)): None})
    for pair in ((LIMA, missing), (missing, LIMA)):
        found = explain(waiting(), *pair)
        assert_adds_up(found)
        keys = {("cx", (0, 1), "error"), ("cx", (1, 3), "duration"), (None, (1,), "t1")}
        assert parts_of(found).keys() == keys
        side = 4 if pair[1] is missing else 3
        assert all(part[side] is None for part in found.parts)


def test_a_gate_that_stopped_working_has_all_of_the_change():
    broken = LIMA.with_overrides(error={("cx", (0, 1)): 1.0, ("cx", (1, 3)): 0.5})
    found = explain(waiting(), LIMA, broken)
    parts = parts_of(found)
    assert found.after == 0
    assert found.log_change == -math.inf
    assert parts["cx", (0, 1), "error"].share == -found.before
    assert parts["cx", (1, 3), "error"].share == 0
    back = explain(waiting(), broken, LIMA)
    assert parts_of(back)["cx", (0, 1), "error"].share == back.after
    both = LIMA.with_overrides(error={("cx", (0, 1)): 1.0, ("cx", (1, 3)): 1.0})
    assert [part.share for part in explain(waiting(), LIMA, both).parts] == [-found.before / 2] * 2
    other = LIMA.with_overrides(error={("cx", (1, 3)): 1.0})
    none = explain(waiting(), broken.with_overrides(error={("cx", (1, 3)): 0.01}), other)
    assert (none.before, none.after, [part.share for part in none.parts]) == (0, 0, [0, 0])
    assert explain(waiting(), broken, broken).parts == ()


def test_a_gate_that_is_gone_is_named():
    gone = LIMA.with_overrides(operational={("cx", (1, 3)): False})
    found = explain(waiting(), LIMA, gone)
    assert (found.parts, found.missing_before, found.missing_after) == ((), (), (("cx", (1, 3)),))
    assert found.before == score(waiting(), LIMA).esp[0]
    assert math.isnan(found.after)
    assert math.isnan(found.log_change)
    assert "after without cx on (1, 3), 1 in all" in repr(found)
    assert explain(waiting(), gone, LIMA).missing_before == (("cx", (1, 3)),)


def test_probabilities_too_small_for_floats_have_parts():
    circuit = QuantumCircuit(5)
    for _ in range(60_000):
        circuit.cx(0, 1)
    worse = LIMA.with_overrides(error={("cx", (0, 1)): 0.06})
    found = explain(circuit, LIMA, worse)
    assert found.after < 1e-320
    old = found.parts[0].old
    assert found.log_change == pytest.approx(60_000 * math.log((1 - 0.06) / (1 - old)), rel=1e-9)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with CalibrationArchive(tmp_path_factory.mktemp("explained") / "archive.sqlite3") as archive:
        for device in ("lima", "hanoi"):
            for payloads in Drift(device, step=DAY, fails=0).calibrations(12):
                archive.add(Snapshot.from_payloads(*payloads))
        yield archive


@pytest.mark.parametrize("device", ["lima", "hanoi"])
def test_real_recalibrations_add_up(archive, device):
    snapshots = list(archive.between(device))
    for seed in range(3):
        circuit = QuantumCircuit(5)
        for number in range(12):
            circuit.h(number % 5)
            circuit.cx((number * (seed + 1)) % 5, (number * (seed + 1) + 1 + seed) % 5)
        circuit.measure_all()
        isa = transpile(circuit, target=build_target(snapshots[0]), seed_transpiler=seed, optimization_level=1)
        for before, after in itertools.pairwise(snapshots[::3]):
            found = explain(isa, before, after)
            assert_adds_up(found)
            assert [found.before, found.after] == score(isa, [before, after]).esp.tolist()


def test_times_are_looked_up_in_the_archive(archive):
    found = archive.explain(waiting(), "2025-01-02", np.datetime64("2025-01-09T12:00"), backend="lima")
    expected = explain(waiting(), archive.at("lima", "2025-01-02"), archive.at("lima", "2025-01-09"))
    assert found == expected
    assert archive.explain(waiting(), archive.at("lima", "2025-01-02"), "2025-01-09", backend="lima") == expected
    frame = found.to_pandas()
    assert frame["share"].sum() == pytest.approx(found.after - found.before)
    assert list(frame)[-5:] == ["old", "new", "uses", "log_change", "share"]
    assert set(frame.loc[frame["quantity"].isin(["t1", "t2", "duration"]), "unit"]) <= {"s"}
    with pytest.raises(IBMInputValueError, match="Name the device by backend="):
        archive.explain(waiting(), "2025-01-02", "2025-01-09")
    with pytest.raises(ArchiveError, match=r"no calibration of 'lima' from 2024-01-01 .* or before"):
        archive.explain(waiting(), "2024", "2025-01-09", backend="lima")


def test_circuits_that_cannot_be_scored_are_refused():
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    with pytest.raises(IBMInputValueError, match="its instructions are not known before it runs"):
        explain(circuit, LIMA, LIMA)
