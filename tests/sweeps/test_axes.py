# SPDX-License-Identifier: Apache-2.0
"""Axes of a sweep: what each choice does is what transpile() does, and its name is in every result."""

from __future__ import annotations

import functools
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.quantum_info import random_clifford
from qiskit.transpiler import CouplingMap, PassManager, Target, generate_preset_pass_manager
from qiskit.transpiler.passes import HLSConfig, Optimize1qGatesDecomposition, SabreSwap
from tests.support.formats import opened
from tests.support.sweeping import Serial, ghz, qft

from qiskit_ibm_native import Choices, Ledger, Sweep, build_target
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.sweeps.inputs.restrictions import Coupling, Restriction, restricted

pytestmark = pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")


def basic(target: Target, **options: Any) -> PassManager:
    return generate_preset_pass_manager(target=target, **{**options, "routing_method": "basic"})


def trivial(target: Target, **options: Any) -> PassManager:
    return generate_preset_pass_manager(target=target, **{**options, "layout_method": "trivial"})


def by_hand(
    target: Target, gates: set[str] | None, pairs: set[tuple[int, int]] | None, qubits: set[int] | None
) -> Target:
    """Return a restricted target, made in the plainest way."""
    made = Target(num_qubits=target.num_qubits, dt=target.dt, qubit_properties=target.qubit_properties)
    for name in target.operation_names:
        operation = target.operation_from_name(name)
        if isinstance(operation, type):
            made.add_instruction(operation, name=name)
        elif gates is None or name in gates or name in {"measure", "reset", "delay"}:
            entries = {
                qargs: entry
                for qargs, entry in target[name].items()
                if (pairs is None or len(qargs) == 1 or qargs in pairs)
                and (qubits is None or len(qargs) == 1 or set(qargs) <= qubits)
            }
            made.add_instruction(operation, entries, name=name)
    return made


def run(sweep: Sweep) -> list[Any]:
    results = list(sweep.run(Serial(), keep_circuits=True, progress=False))
    assert [result.error for result in results] == [None] * len(results)
    return results


LINE = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (4, 3)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("named", "gates", "pairs", "qubits"),
    [
        ({"basis_gates": ["cz", "rz", "sx"]}, {"cz", "rz", "sx"}, None, None),
        ({"coupling_map": LINE}, None, set(LINE), None),
        ({"coupling_map": CouplingMap(LINE)}, None, set(LINE), None),
        ({"coupling_map": [20, 21, 22, 23, 24]}, None, None, {20, 21, 22, 23, 24}),
        ({"coupling_map": LINE, "basis_gates": ["cz", "sx", "rz", "x"]}, {"cz", "sx", "rz", "x"}, set(LINE), None),
    ],
)
def test_a_restriction_does_what_transpile_does_with_the_restricted_target(
    named: dict[str, Any], gates: Any, pairs: Any, qubits: Any
) -> None:
    circuits = [ghz(4), qft(4)]
    target = by_hand(build_target("fez"), gates, pairs, qubits)
    sweep = Sweep(circuits, "fez", optimization_level=(1, 3), seeds=(1,), **named)
    for result in run(sweep):
        (circuit,) = (circuit for circuit in circuits if circuit.name == result.circuit)
        expected = transpile(
            circuit, target=target, optimization_level=result.optimization_level, seed_transpiler=result.seed
        )
        assert result.transpiled == expected
        assert result.axes == dict(sweep[0].axes)
        assert set(result.axes) == set(named)
        if qubits:
            assert set(result.layout) <= qubits


def test_a_restricted_target_keeps_order_values_and_times() -> None:
    target = build_target("fez", use_fractional_gates=True)
    kept = restricted(target, Restriction(("rz", "cz", "sx"), Coupling(((0, 1), (1, 0)), None)))
    assert list(kept.operation_names) == [
        name for name in target.operation_names if name not in {"id", "x", "rx", "rzz"}
    ]
    assert kept["cz"] == {(0, 1): target["cz"][(0, 1)], (1, 0): target["cz"][(1, 0)]}
    assert list(kept["sx"].items()) == list(target["sx"].items())
    assert (kept.dt, kept.num_qubits, kept.granularity) == (target.dt, target.num_qubits, target.granularity)
    assert repr(kept.qubit_properties) == repr(target.qubit_properties)
    assert restricted(target, Restriction()) is target


def test_a_restricted_target_keeps_bounds_of_angles() -> None:
    target = Target(num_qubits=2)
    from qiskit.circuit.library import RZZGate, SXGate

    target.add_instruction(RZZGate(Parameter("a")), {(0, 1): None, (1, 0): None}, angle_bounds=[(0.0, 1.5)])
    target.add_instruction(SXGate(), {(0,): None, (1,): None})
    kept = restricted(target, Restriction(("rzz",), Coupling(((0, 1),), None)))
    assert kept.gate_has_angle_bounds("rzz")
    assert kept.supported_angle_bound("rzz", [1.0])
    assert not kept.supported_angle_bound("rzz", [2.0])
    assert list(kept["rzz"]) == [(0, 1)]


def test_operations_that_are_allowed_everywhere_are_allowed_within_the_map() -> None:
    target = Target(num_qubits=4)
    from qiskit.circuit import Measure
    from qiskit.circuit.library import CXGate, HGate

    for operation in (CXGate(), HGate(), Measure()):
        target.add_instruction(operation)
    kept = restricted(target, Restriction(None, Coupling(None, (1, 2))))
    assert set(kept["cx"]) == {(1, 2), (2, 1)}
    assert set(kept["measure"]) == {(0,), (1,), (2,), (3,)}
    pairs = restricted(target, Restriction(None, Coupling(((0, 3),), None)))
    assert list(pairs["cx"]) == [(0, 3)]
    assert len(pairs["h"]) == 4


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"basis_gates": ["cz", "sxx"]}, r"'sxx', which no device of the sweep has \(ibm_fez.*did you mean 'sx'\?"),
        ({"basis_gates": "cz"}, r"basis_gates is a list of names"),
        ({"basis_gates": []}, r"basis_gates must have at least one value"),
        ({"basis_gates": [["cz"], [1]]}, r"basis_gates is a list of names"),
        ({"coupling_map": [(0, 1), (0, 7)]}, r"the pair \(0, 7\), which ibm_fez does not have"),
        ({"coupling_map": [0, 156]}, r"qubit 156, and ibm_fez has 156 qubits"),
        ({"coupling_map": [(0, 0)]}, r"coupling_map is a list of pairs"),
        ({"coupling_map": [(0, 1), (0, 1, 2)]}, r"this one has both"),
        ({"coupling_map": 3}, r"coupling_map is a list of pairs"),
        ({"scheduling_method": "asp"}, r"scheduling_method names the plug-in 'asp'.*did you mean 'asap'\?"),
        ({"scheduling_method": 3}, r"scheduling_method is one value, several or Choices"),
        (
            {"scheduling_method": "asap", "options": {"scheduling_method": "alap"}},
            r"'scheduling_method' is given twice",
        ),
        ({"initial_layout": Choices({"x": [0, 1]})}, r"must be 3 different qubits, not \[0, 1\]"),
        ({"initial_layout": [[0, 1, 2], {"ghz": [0, 1, 2]}]}, r"names circuits that are not there: \['ghz'\]"),
        ({"seeds": Choices({"a": 1})}, r"seeds has no names"),
        ({"pass_manager": 3}, r"pass_manager is a function"),
        ({"pass_manager": {"layout_methd": "trivial"}}, r"did you mean 'layout_method'\?"),
    ],
)
def test_what_is_wrong_with_an_axis_is_told_when_the_sweep_is_described(named: dict[str, Any], message: str) -> None:
    with pytest.raises(IBMInputValueError, match=message):
        Sweep(ghz(3), "fez", **named)


def test_choices_are_checked() -> None:
    for values in ({}, [1], {1: 2}, {" ": 1}):
        with pytest.raises(IBMInputValueError):
            Choices(values)  # type: ignore[arg-type]
    choices = Choices({"a": 1, "b": None})
    assert (len(choices), list(choices), repr(choices)) == (2, ["a", "b"], "Choices({'a': 1, 'b': None})")


@pytest.mark.slow
def test_every_axis_is_in_tasks_results_tables_and_groups(tmp_path: Path) -> None:
    layouts = Choices({"left": [0, 1, 2], "right": [20, 21, 22]})
    sweep = Sweep(
        ghz(3), "fez", optimization_level=1, initial_layout=layouts, pass_manager=[basic, trivial, None],
        basis_gates=[None, ["cz", "rz", "sx"]], coupling_map=Choices({"all": None, "line": range(30)}),
        scheduling_method=[None, "alap"],
    )  # fmt: skip
    assert sweep.shape == (1, 24, 1, 2)
    assert len({task.id for task in sweep}) == len(sweep) == 48
    assert sweep[1].axes["initial_layout"] == "right"
    assert "'coupling_map': 'all'" in repr(sweep[0])
    path = tmp_path / "ledger.sqlite3"
    results = sweep.run(Serial(), path, progress=False)
    assert [result.axes for result in results] == [dict(task.axes) for task in sweep]
    assert [result.layout for result in results][:2] == [(0, 1, 2), (20, 21, 22)]
    assert {result.duration is None for result in results if result.axes["scheduling_method"] == "none"} == {True}
    assert {result.duration is None for result in results if result.axes["scheduling_method"] == "alap"} == {False}
    frame = results.table().to_pandas()
    assert set(frame.pass_manager_name) == {f"{__name__}.basic", f"{__name__}.trivial", "qiskit"}
    assert set(frame.basis_gates) == {"all", "cz, rz, sx"}
    assert set(frame.coupling_map) == {"all", "line"}
    assert set(frame.initial_layout_name) == {"left", "right"}
    with Ledger(path) as ledger:
        assert set(ledger.columns().axes) == set(sweep.columns.axes)
        assert ledger.table().num_rows == 48
        for axis, count in {"initial_layout": 2, "pass_manager": 3, "basis_gates": 2, "coupling_map": 2}.items():
            for source in (None, sweep):
                best = ledger.best("depth", per=axis, sweep=source)
                assert len({result.axes[axis] for result in best}) == len(best) == count, axis
        assert len(ledger.best("depth", per=("scheduling_method", "initial_layout"))) == 4


@pytest.mark.slow
def test_names_are_those_of_the_sweep_that_reads(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    Sweep(ghz(3), "lima", initial_layout=Choices({"a": [0, 1, 2]})).run(Serial(), path, progress=False)
    again = Sweep(ghz(3), "lima", initial_layout=Choices({"b": [0, 1, 2], "c": [1, 2, 3]}))
    results = again.run(Serial(), path, progress=False)
    assert [result.axes["initial_layout"] for result in results] == ["b", "c"]
    with Ledger(path) as ledger:
        assert len(ledger) == 2
        assert {found.axes["initial_layout"] for found in ledger.best(per="initial_layout", sweep=again)} == {"b", "c"}
        assert {found.axes["initial_layout"] for found in ledger} == {"a", "c"}


def test_layouts_vary_slower_than_circuits_and_may_differ_by_circuit() -> None:
    layouts = [{"ghz_n2": [3, 4], "ghz_n3": [2, 1, 0]}, None, Choices({"x": None}).items() and {"ghz_n2": [0, 1]}]
    sweep = Sweep([ghz(2), ghz(3)], "fez", initial_layout=layouts, seeds=range(2))
    assert [task.initial_layout for task in sweep] == 2 * [(3, 4), (2, 1, 0), None, None, (0, 1), None]
    assert [task.circuit for task in sweep] == 6 * ["ghz_n2", "ghz_n3"]
    assert [task.axes.get("initial_layout") for task in sweep[:6]] == ["3, 4", "2, 1, 0", "none", "none", "0, 1", None]


def test_identifiers_of_sweeps_without_new_axes_are_those_of_earlier_ledgers(tmp_path: Path) -> None:
    bell, wide = QuantumCircuit(2, name="bell"), QuantumCircuit(6, name="too wide")
    bell.h(0)
    bell.cx(0, 1)
    bell.measure_all()
    sweep = Sweep([bell, wide], "lima", optimization_level=1, seeds=range(2))
    keys = {sweep.task_key(index) for index in range(4)}
    for version in (2, 3):
        connection = sqlite3.connect(opened(f"ledger-{version}", tmp_path))
        assert {key for (key,) in connection.execute("SELECT key FROM tasks")} == keys
        connection.close()


def test_the_same_choice_has_the_same_identifier_however_it_is_given() -> None:
    def first(**named: Any) -> str:
        return Sweep(ghz(3), "fez", **named)[0].id

    assert first(scheduling_method="asap") == first(options={"scheduling_method": "asap"})
    assert first(pass_manager={"routing_method": "basic"}) == first(options=Choices({"b": {"routing_method": "basic"}}))
    assert first(coupling_map=[None]) == first() == first(basis_gates=Choices({"every gate": None}))
    assert first(coupling_map=CouplingMap(LINE)) == first(coupling_map=LINE) != first()
    assert first(initial_layout=[[0, 1, 2], [1, 2, 3]]) == first(initial_layout=Choices({"a": range(3)}))


@pytest.mark.slow
def test_pass_managers_run_as_they_are() -> None:
    target = build_target("lima")
    made = generate_preset_pass_manager(2, target=target, seed_transpiler=7)
    swaps = PassManager([SabreSwap(CouplingMap.from_line(5), seed=3, trials=2), Optimize1qGatesDecomposition(["u"])])
    wide = QuantumCircuit(5, name="wide")
    wide.cx(0, 4)
    sweep = Sweep(wide, "lima", pass_manager=Choices({"made": made, "swaps": swaps, "basic": basic}))
    results = run(sweep)
    assert [result.axes["pass_manager"] for result in results] == ["made", "swaps", "basic"]
    assert [result.pass_manager for result in results] == ["made", "swaps", "basic"]
    assert results[0].transpiled == made.run(wide)
    assert results[1].transpiled == swaps.run(wide)


@pytest.mark.slow
def test_pass_managers_of_other_content_are_other_tasks() -> None:
    def first(manager: Any) -> str:
        return Sweep(ghz(3), "lima", pass_manager=manager)[0].id

    line, target = CouplingMap.from_line(5), build_target("lima")
    ids = [first(PassManager([SabreSwap(line, seed=3, trials=trials)])) for trials in (1, 2, 2)]
    assert ids[1] == ids[2] != ids[0]
    made = [first(generate_preset_pass_manager(1, target=target, seed_transpiler=seed)) for seed in (1, 2, 2)]
    assert made[1] == made[2] != made[0]


@pytest.mark.slow
def test_pass_managers_have_the_same_content_in_every_process() -> None:
    code = (
        "from qiskit.transpiler import generate_preset_pass_manager as made\n"
        "from qiskit_ibm_native import build_target\n"
        "from qiskit_ibm_native.sweeps.inputs.fingerprint import fingerprint\n"
        "from qiskit_ibm_native.sweeps.inputs.pass_manager_content import content_of\n"
        "for level in (1, 3):\n"
        "    print(fingerprint(content_of(made(level, target=build_target('lima'), seed_transpiler=1))).hex())\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "12"
    }
    assert len(printed) == 1
    assert len(set(printed.pop().split())) == 2


@pytest.mark.parametrize(
    "named",
    [{"seeds": (1, 2)}, {"optimization_level": (1, 2)}, {"options": {"layout_method": "trivial"}},
     {"initial_layout": [0, 1, 2]}, {"coupling_map": [0, 1, 2]}, {"scheduling_method": "asap"}],
)  # fmt: skip
def test_a_pass_manager_that_would_not_obey_is_refused(named: dict[str, Any]) -> None:
    manager = PassManager([Optimize1qGatesDecomposition(["u"])])
    with pytest.raises(IBMInputValueError, match=r"would not obey .*: give a factory"):
        Sweep(ghz(3), "fez", pass_manager=manager, **named)


@pytest.mark.slow
def test_circuits_with_parameters_keep_them(tmp_path: Path) -> None:
    angle = Parameter("angle")
    circuit = QuantumCircuit(3, name="ansatz")
    circuit.ry(angle, range(3))
    circuit.cx(0, 2)
    sweep = Sweep(circuit, "fez", optimization_level=(0, 1, 2, 3), coupling_map=[0, 1, 2, 3])
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        results = sweep.run(Serial(), ledger, keep_circuits=True, progress=False)
        assert ledger.table(sweep).num_rows == 4
        for result in results:
            kept = ledger[result.task_id].transpiled
            assert {parameter.name for parameter in kept.parameters} == {"angle"}
            assert kept.assign_parameters({"angle": 0.5}).num_parameters == 0
            assert result.depth == kept.depth()


@pytest.mark.slow
def test_methods_of_synthesis_reach_the_workers() -> None:
    circuit = QuantumCircuit(4, name="clifford")
    circuit.append(random_clifford(4, seed=3), range(4))
    config = HLSConfig(clifford=["ag"])
    (result,) = run(Sweep(circuit, "lima", optimization_level=1, options={"hls_config": config}))
    assert result.transpiled == transpile(
        circuit, target=build_target("lima"), optimization_level=1, seed_transpiler=0, hls_config=config
    )


def test_names_that_are_made_up_differ_where_values_do() -> None:
    halves = [functools.partial(basic, approximation_degree=degree) for degree in (0.9, 0.99)]
    names = [task.axes["pass_manager"] for task in Sweep(ghz(3), "lima", pass_manager=[*halves, trivial, None])]
    assert len(set(names)) == 4
    assert all(name.startswith(f"{__name__}.basic #") for name in names[:2])
    assert names[2:] == [f"{__name__}.trivial", "qiskit"]
    assert names == [task.axes["pass_manager"] for task in Sweep(ghz(3), "lima", pass_manager=[*halves, trivial, None])]
    regions = [range(40), [*range(40), 41], [3, 4, 5]]
    names = [task.axes["coupling_map"] for task in Sweep(ghz(3), "fez", coupling_map=regions)]
    assert len(set(names)) == 3
    assert max(map(len, names)) <= 70
    assert names[2] == "qubits 3, 4, 5"
    line = CouplingMap.from_line(5)
    managers = [PassManager([SabreSwap(line, seed=seed)]) for seed in (1, 2)]
    names = [task.axes["pass_manager"] for task in Sweep(ghz(3), "lima", pass_manager=managers)]
    assert len(set(names)) == 2
    assert all(name.startswith("PassManager ") for name in names)
