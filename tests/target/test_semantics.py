# SPDX-License-Identifier: Apache-2.0
"""Cases that no published payload has: faults, gaps, units, custom gates; against the official client if it can."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import warnings
from typing import Any

import pytest
from qiskit.circuit import Gate, Instruction
from qiskit.circuit.library import CXGate, RZXGate, get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.transpiler import Target
from tests.support.device import configuration, gate, payload, properties, quantity
from tests.support.equality import assert_targets_equal, coupling_state, durations_state
from tests.support.official import official_target, shipped_payloads

from qiskit_ibm_native import Snapshot, build_coupling_map, build_instruction_durations, build_target
from qiskit_ibm_native.target.operations import known_operation, standard_operations

FAULTY = [0, False, 0.0, "", "  ", [], [0], None, math.nan, "0", 1, 0.5, True]


def both(conf: dict[str, Any], props: dict[str, Any] | None, **options: Any) -> Target:
    """Build a target, compare it and its views with the official one, and return it."""
    flag = options.pop("use_fractional_gates", None)
    snapshot = Snapshot.from_payloads(payload(conf), props and payload(props))
    native = build_target(snapshot, use_fractional_gates=flag, **options)
    assert_targets_equal(
        official_target(payload(conf), props and payload(props), flag, **options), native, pickled=True
    )
    durations = build_instruction_durations(snapshot, use_fractional_gates=flag, **options)
    assert durations_state(durations) == durations_state(native.durations())
    couplings = build_coupling_map(snapshot, use_fractional_gates=flag, **options)
    assert coupling_state(couplings) == coupling_state(native.build_coupling_map())
    return native


def with_flag(qubit: int, value: Any) -> dict[str, Any]:
    content = properties()
    content["qubits"][qubit].append(quantity("operational", "", value))
    return content


# Faults


@pytest.mark.parametrize("filter_faulty", [True, False])
@pytest.mark.parametrize("value", FAULTY, ids=repr)
@pytest.mark.parametrize("qubit", [0, 1, 2])
def test_faulty_qubits(qubit: int, value: Any, filter_faulty: bool) -> None:
    target = both(configuration(), with_flag(qubit, value), filter_faulty=filter_faulty)
    is_faulty = not bool(value) if value == value else False
    assert ((qubit,) in target["measure"]) is not (is_faulty and filter_faulty)
    # Only the configuration knows rz, so it stays.
    assert (qubit,) in target["rz"]


@pytest.mark.parametrize("pair", [[1, 0], [0, 1], [1, 2]])
def test_one_way_faulty_edge(pair: list[int]) -> None:
    content = properties()
    content["gates"] = [
        gate("cx", each["qubits"], 0.01, 300, quantity("operational", "", 0)) if each["qubits"] == pair else each
        for each in content["gates"]
    ]
    target = both(configuration(), content)
    assert tuple(pair) not in target["cx"]
    assert tuple(reversed(pair)) in target["cx"]


def test_every_qubit_faulty() -> None:
    content = properties()
    for qubit in content["qubits"]:
        qubit.append(quantity("operational", "", 0))
    target = both(configuration(), content)
    assert not target["cx"] and not target["measure"] and len(target["rz"]) == 3


def test_flag_that_repeats_counts_last() -> None:
    content = with_flag(1, 0)
    content["qubits"][1].append(quantity("operational", "", 1))
    assert (1,) in both(configuration(), content)["measure"]
    content["qubits"][1].append(quantity("Operational", "", 0))
    assert (1,) in both(configuration(), content)["measure"]


def test_faulty_first_qubit_of_a_gate_without_places() -> None:
    """The official converter raises a TypeError if the first place of such a gate is faulty."""
    content = with_flag(0, 0)
    content["gates"] += [gate("reset", [qubit]) for qubit in range(3)]
    with pytest.raises(TypeError):
        official_target(payload(configuration()), payload(content))
    target = build_target(Snapshot.from_payloads(payload(configuration()), payload(content)))
    assert list(target["reset"]) == [(1,), (2,)]
    # If nothing is left, the gate exists nowhere; it does not become one that exists everywhere.
    content["gates"] = [each for each in content["gates"] if each["gate"] != "reset" or each["qubits"] == [0]]
    target = build_target(Snapshot.from_payloads(payload(configuration()), payload(content)))
    assert list(target["reset"]) == []


def test_faulty_place_that_only_properties_know() -> None:
    conf = configuration(basis_gates=["cx", "id", "rz", "sx", "x", "ecr"])
    content = properties()
    content["gates"] += [gate("ecr", [0, 1], 0.01, 300), gate("ecr", [0, 2], 0.01, 300, quantity("operational", "", 0))]
    assert list(both(conf, content)["ecr"]) == [(0, 1)]


# Gaps and repetitions


def test_missing_and_null_values() -> None:
    content = properties()
    content["qubits"][0] = [each for each in content["qubits"][0] if each["name"] not in ("T1", "readout_error")]
    content["qubits"][1][3]["value"] = None
    content["gates"][0]["parameters"] = []
    content["gates"][1]["parameters"][0]["value"] = None
    target = both(configuration(), content)
    assert target.qubit_properties[0].t1 is None
    assert target["measure"][(0,)].error is None
    assert target["id"][(0,)].duration is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0, 1, True, 2**60, 1e-320, -0.0])
def test_unusual_numbers(value: float) -> None:
    content = properties()
    content["gates"][0]["parameters"][0]["value"] = value
    content["gates"][1]["parameters"][1]["value"] = value
    content["qubits"][0][0]["value"] = value
    both(configuration(), content)


def test_qubit_without_values_has_none() -> None:
    """The official converter fails for the whole device."""
    content = properties()
    content["qubits"][1] = []
    with pytest.raises(QiskitError):
        official_target(payload(configuration()), payload(content))
    for qubits in (content["qubits"], content["qubits"][:1]):
        target = build_target(Snapshot.from_payloads(payload(configuration()), payload(content | {"qubits": qubits})))
        assert target.num_qubits == len(target.qubit_properties) == 3
        assert target.qubit_properties[1].t1 is None
        assert target["measure"][(1,)].duration is None
        assert target.qubit_properties[0].t1 == 101.25 / 10**6


def test_repeated_places_count_last_and_stay_first() -> None:
    conf = configuration()
    conf["gates"][4]["coupling_map"] = [[1, 0], [0, 1], [1, 0], [2, 1]]
    content = properties()
    content["gates"] += [
        gate("cx", [0, 1], 0.5, 1),
        gate("cx", [1, 0], 0.25, 2),
        gate("cx", [0, 2], 0.1),
        gate("cx", [0, 2], 0.2),
    ]
    target = both(conf, content)
    assert list(target["cx"]) == [(1, 0), (0, 1), (2, 1), (1, 2), (0, 2)]
    assert target["cx"][(0, 2)].error == 0.2


def test_repeated_keys_and_names_count_last() -> None:
    text = payload(properties()).decode()
    text = text.replace('"unit": "GHz"', '"unit": "MHz", "unit": "GHz"').replace('"gates":', '"gates": [], "gates":')
    conf = configuration()
    conf["gates"].append({"name": "cx", "parameters": [], "qasm_def": "", "coupling_map": [[2, 1]]})
    snapshot = Snapshot.from_payloads(payload(conf), text)
    assert_targets_equal(official_target(payload(conf), text), build_target(snapshot))


def test_measurements_of_unknown_gates_are_ignored() -> None:
    content = properties()
    content["gates"].append(gate("rzx", [0, 1]))
    assert "rzx" not in both(configuration(), content)


def test_self_loop() -> None:
    conf = configuration()
    conf["gates"][4]["coupling_map"].append([0, 0])
    both(conf, properties())


# Units


@pytest.mark.parametrize(
    "unit", ["ms", "us", "µs", "ns", "ps", "fs", "kHz", "MHz", "GHz", "THz", "PHz", "min", "", None, "s", "µ", "%"]
)
@pytest.mark.parametrize("value", [35, 0, 35.5, 7.111111111111111e-8, 1234567.8901234567, 5e-324, 1e300])
def test_units(unit: str | None, value: float) -> None:
    content = properties()
    content["gates"][0]["parameters"][1] = quantity("gate_length", unit, value)
    content["qubits"][1][0] = quantity("T1", unit, value)
    both(configuration(), content)


# Operations


def test_operations_come_in_the_defined_order() -> None:
    conf = configuration(
        basis_gates=["x", "cx", "rz"],
        supported_instructions=["if_else", "x", "reset", "measure", "play", "delay", "while_loop"],
        instruction_signatures=[{"name": "measure_2", "num_qubits": 1, "num_clbits": 1, "parameters": ["a", "b"]}],
    )
    target = both(conf, properties())
    expected = ["x", "cx", "rz", "if_else", "reset", "measure", "delay", "while_loop", "measure_2"]
    assert list(target.operation_names) == expected


@pytest.mark.parametrize("supported", [..., None, []])
def test_supported_instructions_left_open(supported: Any) -> None:
    target = both(configuration(supported_instructions=supported), properties())
    assert list(target.operation_names)[-3:] == ["measure", "reset", "delay"]


@pytest.mark.parametrize(
    "options", [{}, {"include_control_flow": False}, {"add_delay": False}, {"use_fractional_gates": False}]
)
def test_signatures(options: dict[str, Any]) -> None:
    signature = {"num_qubits": 1, "num_clbits": 0, "parameters": [], "description": "", "return_type": "None"}
    conf = configuration(
        instruction_signatures=[
            {**signature, "name": "measure_2", "num_clbits": 1},
            {**signature, "name": "reset_2"},
            {**signature, "name": "measure", "num_clbits": 1},
            {**signature, "name": "if_else"},
            {**signature, "name": "delay"},
            {**signature, "name": "reset_2", "parameters": ["shape", "shape"]},
        ]
    )
    content = properties()
    content["gates"] += [gate("measure_2", [qubit], 0.02, 900) for qubit in (2, 0)]
    target = both(conf, content, **options)
    assert type(target.operation_from_name("measure_2")) is Instruction
    assert list(target["measure_2"]) == [(2,), (0,)]
    assert target["reset_2"] == {None: None}


def test_custom_gates() -> None:
    conf = configuration(basis_gates=["cx", "xy", "everywhere", "three"])
    definition = {"qasm_def": "", "coupling_map": [[0, 1], [1, 2]]}
    conf["gates"] += [
        {"name": "xy", "parameters": ["theta", "phi"], **definition},
        {"name": "everywhere", "parameters": [], "qasm_def": ""},
        {"name": "three", "parameters": [], "qasm_def": "", "coupling_map": [[2, 1, 0]]},
    ]
    content = properties()
    content["gates"] += [gate("xy", [1, 2], 0.03), gate("three", [0, 1, 2], 0.2)]
    target = both(conf, content)
    assert type(target.operation_from_name("xy")) is Gate
    assert list(target["three"]) == [(2, 1, 0), (0, 1, 2)]
    assert target["everywhere"] == {None: None}


def test_couplings_of_gates_that_fit_nowhere() -> None:
    """A gate on no qubits leaves them uncoupled; Qiskit lets ``store`` be on other numbers of qubits than its own."""
    for basis, places in ((["x", "own"], None), (["x", "cx", "own"], None), (["x", "store"], [[0], [0, 1], [2, 1]])):
        conf = configuration(basis_gates=basis)
        conf["gates"].append({"name": basis[-1], "parameters": [], "qasm_def": "", "coupling_map": places})
        both(conf, None)
        both(conf, properties())


def test_places_that_only_the_device_leaves_open() -> None:
    for basis in (["x", "cz"], ["cz"], ["x", "h"], ["cx", "cz"], [], ["ccx"]):
        conf = configuration(basis_gates=basis, supported_instructions=["if_else"])
        both(conf, None)
        both(conf, properties())


@pytest.mark.parametrize("include_control_flow", [True, False])
def test_unknown_names_are_left_out_with_a_warning(include_control_flow: bool) -> None:
    conf = configuration(basis_gates=["cx", "warp"], supported_instructions=["measure", "box", "if_else"])
    snapshot = Snapshot.from_payloads(payload(conf), payload(properties()))
    with pytest.warns(RuntimeWarning) as raised:
        target = build_target(snapshot, include_control_flow=include_control_flow)
    assert [name for name in ("warp", "box") if any(repr(name) in str(each.message) for each in raised)] == [
        "warp",
        "box",
    ]
    assert len(raised) == 2
    assert raised[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        official = official_target(payload(conf), payload(properties()), include_control_flow=include_control_flow)
    assert_targets_equal(official, target)


def test_custom_name_mapping() -> None:
    conf = configuration(basis_gates=["cx", "warp", "x"])
    mapping = {"warp": RZXGate(0.5), "x": CXGate(label="no x")}
    conf["gates"][3]["coupling_map"] = [[0, 1]]
    target = both(conf, None, custom_name_mapping=mapping)
    assert target.operation_from_name("warp") is mapping["warp"]
    assert target.operation_from_name("x").label == "no x"


def test_every_standard_operation_is_as_qiskit_makes_it() -> None:
    names = list(get_standard_gate_name_mapping())
    conf = configuration(basis_gates=names)
    assert_targets_equal(official_target(payload(conf), None), build_target(Snapshot.from_payloads(payload(conf))))
    for name in names:
        operation, template = known_operation(name, None), standard_operations()[name]
        assert operation == template
        assert operation.label == template.label
        # Mutable objects are not shared between targets.
        assert (operation is template) is not template.mutable


@pytest.mark.parametrize("device", ["fez", "torino", "boston", "kingston", "berlin"])
@pytest.mark.parametrize("use_fractional_gates", [None, True, False])
@pytest.mark.slow
def test_fractional_gates_of_real_devices(device: str, use_fractional_gates: bool | None) -> None:
    """Snapshots were saved without fractional gates in the configuration; live devices list them."""
    raw, props = shipped_payloads(device)
    conf = json.loads(raw)
    cz = next(each for each in conf["gates"] if each["name"] == "cz")
    conf["basis_gates"] += ["rx", "rzz"]
    conf["supported_instructions"] += ["rx", "rzz"]
    conf["gates"] += [
        {"name": "rx", "parameters": ["theta"], "qasm_def": "", "coupling_map": [[q] for q in range(conf["n_qubits"])]},
        {"name": "rzz", "parameters": ["theta"], "qasm_def": "", "coupling_map": cz["coupling_map"]},
    ]
    target = both(conf, json.loads(props), use_fractional_gates=use_fractional_gates)
    assert ("rzz" in target) is (use_fractional_gates is not False)


def test_targets_do_not_share_what_can_change() -> None:
    snapshot = Snapshot.load("lima")
    first, second = build_target(snapshot), build_target(snapshot)
    assert first["x"][(0,)] is not second["x"][(0,)]
    assert first["x"][(0,)] is not first["sx"][(0,)]
    assert first.operation_from_name("rz") is not second.operation_from_name("rz")
    assert first.operation_from_name("x") is second.operation_from_name("x")


@pytest.mark.slow
def test_independent_of_hash_seed_and_time_zone() -> None:
    code = """
import hashlib
from qiskit_ibm_native import Snapshot, build_coupling_map, build_target
for name in ("fez", "washington", "vigo"):
    snapshot = Snapshot.load(name)
    target = build_target(snapshot)
    rows = [(op, qargs, repr(it)) for op, entries in target.items() for qargs, it in entries.items()]
    rows += build_coupling_map(snapshot).graph.edge_list()
    rows.append(snapshot.last_update.isoformat())
    print(name, hashlib.sha256(repr(rows).encode()).hexdigest())
"""
    outputs = set()
    for seed in ("0", "1", "2"):
        for zone in ("UTC", "America/New_York"):
            environment = {"PYTHONHASHSEED": seed, "TZ": zone, "PATH": ""}
            run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
            outputs.add(run.stdout)
    assert len(outputs) == 1
