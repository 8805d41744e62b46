# SPDX-License-Identifier: Apache-2.0
"""Searches for perfect layouts that a worker does not repeat: the same circuits as by Qiskit, in fewer searches."""

from __future__ import annotations

from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.transpiler import CouplingMap, Target, generate_preset_pass_manager
from qiskit.transpiler.passes import VF2Layout
from tests.support.sweeping import families

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.sweeps.worker.layout_memory import LayoutMemory, searches_for_layouts, topology
from qiskit_ibm_native.sweeps.worker.transpiler_main import _preset, _without_search


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of circuits for which a perfect layout is searched from now on."""
    searched: list[str] = []
    run = VF2Layout.run

    def counted(self: VF2Layout, dag: Any) -> Any:
        searched.append(dag.name)
        return run(self, dag)

    monkeypatch.setattr(VF2Layout, "run", counted)
    return searched


def remembered(memory: LayoutMemory, circuit: QuantumCircuit, target: Target, level: int, seed: int) -> QuantumCircuit:
    arguments = {"optimization_level": level, "seed_transpiler": seed}
    assert searches_for_layouts(arguments, target)
    return memory.run(
        (circuit.name, level, topology(target)),
        circuit,
        lambda: _preset(target, arguments),
        lambda: _without_search(target, arguments),
    )


@pytest.mark.parametrize("level", [2, 3])
def test_circuits_are_those_of_qiskit_with_one_search_for_all_seeds_and_calibrations(
    level: int, searches: list[str]
) -> None:
    lima = Snapshot.load("lima")
    calibrations = [lima, lima.with_overrides(t1={0: 1e-6}, error={("cx", (0, 1)): 0.2, ("cx", (1, 3)): 0.001})]
    memory, circuits = LayoutMemory(), families()
    made = {
        (number, seed, circuit.name): remembered(memory, circuit, build_target(calibration), level, seed)
        for number, calibration in enumerate(calibrations)
        for seed in (1, 2)
        for circuit in circuits
    }
    searched = list(searches)
    for (number, seed, name), circuit in made.items():
        official = generate_preset_pass_manager(level, target=build_target(calibrations[number]), seed_transpiler=seed)
        original = next(circuit for circuit in circuits if circuit.name == name)
        expected = official.run(original)
        assert circuit == expected
        assert circuit.layout.final_index_layout() == expected.layout.final_index_layout()
    without = [name for name in set(searched) if searched.count(name) == 1]
    assert without
    # Circuits that have a perfect layout are laid out by each calibration.
    assert all(searched.count(name) in (1, 4) for name in set(searched))


def test_a_device_that_lost_a_gate_is_another_topology() -> None:
    fez = Snapshot.load("ibm_fez")
    same = topology(build_target(fez))
    assert topology(build_target(fez.with_overrides(t1={0: 1e-6}, error={("cz", (0, 1)): 0.5}))) == same
    for change in ({"operational": {("cz", (0, 1)): False}}, {"error": {("cz", (0, 1)): 1.0}}):
        assert topology(build_target(fez.with_overrides(**change))) != same
    assert topology(build_target(fez, use_fractional_gates=True)) == same


@pytest.mark.parametrize(
    "options",
    [
        {"optimization_level": 1},
        {"optimization_level": 3, "layout_method": "dense"},
        {"optimization_level": 2, "initial_layout": [1, 0]},
    ],
)
def test_other_ways_to_a_layout_are_left_to_qiskit(options: dict[str, Any]) -> None:
    target = Target.from_configuration(["rz", "sx", "cz"], coupling_map=CouplingMap.from_line(5))
    assert not searches_for_layouts(options, target)
    assert not searches_for_layouts({"optimization_level": 2}, Target.from_configuration(["cx", "u"], num_qubits=3))
    assert searches_for_layouts({"optimization_level": 2, "initial_layout": None}, target)
