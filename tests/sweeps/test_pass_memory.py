# SPDX-License-Identifier: Apache-2.0
"""Passes that a worker does not repeat: the same circuits as by Qiskit, bit by bit, whatever is known already."""

from __future__ import annotations

import random
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import IfElseOp
from qiskit.circuit.random import random_circuit
from qiskit.transpiler import CouplingMap, Target, generate_preset_pass_manager
from qiskit.transpiler.passes import SabreLayout, VF2Layout
from tests.support.circuit_content import content, outcome
from tests.support.sweeping import Swing, families, ghz

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.sweeps.worker.pass_memory import PassMemory, is_known
from qiskit_ibm_native.sweeps.worker.passes import CutPasses
from qiskit_ibm_native.sweeps.worker.topology import topology


class Memory:
    """A memory of passes with a pass manager for each calibration."""

    def __init__(self, calibrations: list[Snapshot], options: dict[str, Any], **rooms: int) -> None:
        self.memory = PassMemory(**rooms)
        self.options = options
        self.targets = [build_target(calibration) for calibration in calibrations]
        for target in self.targets:
            target.add_instruction(IfElseOp, name="if_else")
        self.passes = [CutPasses(self.preset(number, 0)) for number in range(len(calibrations))]

    def preset(self, number: int, seed: int) -> Any:
        return generate_preset_pass_manager(target=self.targets[number], seed_transpiler=seed, **self.options)

    def run(self, number: int, circuit: QuantumCircuit, seed: int) -> Any:
        seen = topology(self.targets[number])
        return self.memory.run(self.passes[number], circuit, seed, circuit.name, number, seen)


def calibrations() -> list[Snapshot]:
    """Return calibrations of one device, one of which lost a gate."""
    lima = Snapshot.load("lima")
    return [
        lima,
        lima.with_overrides(t1={0: 1e-6}, error={("cx", (0, 1)): 0.2, ("cx", (1, 3)): 0.001}),
        lima.with_overrides(operational={("cx", (3, 4)): False}),
    ]


def circuits() -> list[QuantumCircuit]:
    """Return circuits of well-known families, and one each with control flow, an own gate and delays."""
    branching = QuantumCircuit(3, 1, name="branching")
    branching.h(0)
    branching.measure(0, 0)
    with branching.if_test((branching.clbits[0], 1)):
        branching.cx(0, 2)
        branching.cx(1, 2)
    branching.cx(0, 1)
    swinging = QuantumCircuit(4, name="swinging", metadata={"by": "me"}, global_phase=0.25)
    swinging.append(Swing(0.3), [0, 3])
    swinging.delay(1e-6, 1, "s")
    swinging.append(Swing(0.4), [1, 2])
    swinging.append(Swing(0.5), [3, 1])
    large = random_circuit(5, 10, max_operands=3, seed=3, measure=True)
    large.name = "large"
    return [*families(), ghz(3), branching, swinging, large]


OPTIONS = [
    {"optimization_level": 0},
    {"optimization_level": 1},
    {"optimization_level": 2},
    {"optimization_level": 3},
    {"optimization_level": 2, "approximation_degree": None},
    {"optimization_level": 1, "scheduling_method": "alap"},
    {"optimization_level": 3, "layout_method": "sabre"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_circuits_are_those_of_a_whole_run_in_any_order(options: dict[str, Any]) -> None:
    assert is_known({**options, "seed_transpiler": 1, "initial_layout": None})
    memory = Memory(calibrations(), options)
    tasks = [(number, circuit, seed) for number in range(3) for seed in (1, 2) for circuit in circuits()]
    random.Random(str(options)).shuffle(tasks)
    expected = [outcome(lambda task=task: memory.preset(task[0], task[2]).run(task[1])) for task in tasks]
    # Circuits can be transpiled, but for those with control flow that is to be scheduled.
    assert sum(isinstance(content, str) for content in expected) <= 6
    for _ in ("empty", "full"):
        assert [outcome(lambda task=task: memory.run(*task).circuit) for task in tasks] == expected


@pytest.mark.parametrize("level", [1, 2, 3])
def test_circuits_for_which_no_pass_used_the_seed_are_the_same_for_all_seeds(level: int) -> None:
    memory = Memory(calibrations(), {"optimization_level": level})
    for number in (0, 1):
        made = {circuit.name: memory.run(number, circuit, 1) for circuit in [*families(), ghz(3)]}
        without_seed = [circuit for circuit in [*families(), ghz(3)] if not made[circuit.name].used_seed]
        assert 0 < len(without_seed) < len(made)
        for circuit in without_seed:
            expected = content(memory.preset(number, 77).run(circuit))
            assert content(made[circuit.name].circuit) == expected
            # It is known whether a pass used the seed, also if that pass is not run again.
        assert all(
            memory.run(number, circuit, 1).used_seed == made[circuit.name].used_seed
            for circuit in [*families(), ghz(3)]
        )


def test_searches_run_once_for_all_seeds_and_routing_once_for_all_calibrations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[str] = []
    for kind in (VF2Layout, SabreLayout):

        def counted(self: Any, dag: Any, run: Any = kind.run) -> Any:
            ran.append(type(self).__name__)
            return run(self, dag)

        monkeypatch.setattr(kind, "run", counted)
    memory = Memory(calibrations(), {"optimization_level": 2})
    circuit = next(circuit for circuit in families() if circuit.name.startswith("qft"))
    for number in (0, 1):
        for seed in (1, 2, 3):
            assert memory.run(number, circuit, seed).used_seed
    assert ran.count("VF2Layout") == 1
    assert ran.count("SabreLayout") == 3
    memory.run(2, circuit, 1)
    assert ran.count("VF2Layout") == 2
    assert ran.count("SabreLayout") == 4


def test_a_small_room_costs_time_and_no_exactness() -> None:
    memory = Memory(calibrations(), {"optimization_level": 1}, room=30_000)
    for number, circuit, seed in [
        (number, circuit, seed) for number in (0, 1) for seed in (1, 2) for circuit in families()
    ]:
        passed = memory.run(number, circuit, seed)
        assert memory.memory.size <= 30_000
        assert content(passed.circuit) == content(memory.preset(number, seed).run(circuit))
    assert memory.memory.size > 0
    memory.memory.fit(8 * 5_000)
    assert memory.memory.size <= 5_000


def test_a_device_that_lost_a_gate_is_another_topology() -> None:
    fez = Snapshot.load("ibm_fez")
    same = topology(build_target(fez))
    assert same is not None
    assert topology(build_target(fez.with_overrides(t1={0: 1e-6}, error={("cz", (0, 1)): 0.5}))) == same
    for change in ({"operational": {("cz", (0, 1)): False}}, {"error": {("cz", (0, 1)): 1.0}}):
        assert topology(build_target(fez.with_overrides(**change))) != same


def test_a_target_with_a_gate_of_its_own_shares_nothing_with_others() -> None:
    target = Target.from_configuration(["rz", "sx", "cz"], coupling_map=CouplingMap.from_line(5))
    assert topology(target) is not None
    target.add_instruction(Swing(0.1), {(0, 1): None})
    assert topology(target) is None


@pytest.mark.parametrize(
    "options", [{"layout_method": "dense"}, {"routing_method": "mine"}, {"hls_config": "mine"}, {"mine": 1}], ids=str
)
def test_passes_of_which_nothing_is_known_are_left_to_qiskit(options: dict[str, Any]) -> None:
    assert not is_known({"optimization_level": 2, **options})
