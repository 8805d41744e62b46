# SPDX-License-Identifier: Apache-2.0
"""Several estimates of circuits' worth in one call: each is what it is said to be, on every calibration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from tests.support.calibrations import Drift
from tests.support.native_circuits import native_circuit, read
from tests.support.sweeping import families, ghz

from qiskit_ibm_native import Snapshot, build_target, bundled_devices, compare_scores, score
from qiskit_ibm_native.exceptions import IBMInputValueError

MAPOMATIC = json.loads(Path(__file__).parents[1].joinpath("golden", "mapomatic.json").read_text())


def test_every_bundled_device_has_costs_of_mapomatic() -> None:
    assert sorted(MAPOMATIC) == sorted(bundled_devices())


@pytest.mark.parametrize("name", MAPOMATIC)
def test_costs_are_those_of_mapomatic_bit_by_bit(name: str) -> None:
    snapshot = Snapshot.load(name)
    circuits = [native_circuit(*read(snapshot.payloads), seed) for seed in range(len(MAPOMATIC[name]))]
    found = compare_scores(circuits, snapshot)
    assert found.mapomatic_cost[:, 0].tolist() == MAPOMATIC[name]
    assert 0 < found.mapomatic_cost.min() < found.mapomatic_cost.max() < 1


def test_one_call_has_the_scores_of_every_circuit_on_every_calibration() -> None:
    lima = Snapshot.load("lima")
    calibrations = [lima, *Snapshot.parse_many(list(Drift("lima", 3).calibrations(20)))]
    circuits = [transpile(circuit, target=build_target(lima), seed_transpiler=1) for circuit in families()]
    found = compare_scores(circuits, calibrations)
    assert found.circuits == tuple(circuit.name for circuit in circuits)
    for row, circuit in enumerate(circuits):
        esp, duration = score(circuit, calibrations)
        np.testing.assert_array_equal(found.esp[row], esp)
        np.testing.assert_array_equal(found.duration[row], duration)
    alone = compare_scores(circuits[1], calibrations[4])
    assert alone.mapomatic_cost.shape == (1, 1)
    assert alone.mapomatic_cost[0, 0] == found.mapomatic_cost[1, 4]
    # Waiting costs something, which mapomatic leaves out.
    runs = ~np.isnan(found.esp)
    assert (found.esp[runs] <= 1 - found.mapomatic_cost[runs] + 1e-12).all()


def test_costs_stand_where_a_circuit_can_run_and_the_calibration_knows_its_errors() -> None:
    lima = Snapshot.load("lima")
    made = transpile(ghz(3), target=build_target(lima), seed_transpiler=0)
    pair = next(tuple(made.find_bit(bit).index for bit in step.qubits) for step in made.data if len(step.qubits) == 2)
    unknown = lima.with_overrides(error={("cx", pair): None})
    broken = lima.with_overrides(operational={("cx", pair): False})
    found = compare_scores(made, [lima, unknown, broken, "fez", lima])
    assert np.isnan(found.mapomatic_cost[0]).tolist() == [False, True, True, True, False]
    assert np.isnan(found.esp[0]).tolist() == [False, False, True, True, False]
    assert found.mapomatic_cost[0, 0] == found.mapomatic_cost[0, 4]


def test_no_circuits_and_circuits_that_run_nowhere() -> None:
    assert compare_scores([], ["lima", "fez"]).esp.shape == (0, 2)
    assert compare_scores([QuantumCircuit(5)], []).mapomatic_cost.shape == (1, 0)
    with pytest.raises(IBMInputValueError, match=r"'ghz_n3' can run on none of the snapshots.*Transpile it first"):
        compare_scores([QuantumCircuit(5), ghz(3)], "fez")
