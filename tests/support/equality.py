# SPDX-License-Identifier: Apache-2.0
"""Equality of targets in everything that Qiskit can be asked about them, floats compared bit by bit.

Not compared, because the official converter leaves them to chance: the order of operations (it iterates a set), the
identity of parameters (they are random), and with the order of operations, which one-qubit operation lends a node of
the coupling graph its payload.
"""

from __future__ import annotations

import inspect
import math
import pickle
import struct
from typing import Any

from qiskit._accelerate.target import BaseTarget
from qiskit.circuit import Delay, Gate, Instruction, Parameter
from qiskit.transpiler import CouplingMap, InstructionDurations, InstructionProperties, Target

from qiskit_ibm_native import HistoricalTarget


def bits(value: Any) -> Any:
    """Return a value that is equal for equal bits only: 0.0 is not -0.0, None is not NaN, 1 is not 1.0."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("<d", value)
    return (type(value).__name__, value)


def _entry(properties: InstructionProperties | None) -> Any:
    return None if properties is None else (type(properties), bits(properties.duration), bits(properties.error))


def _operation(operation: Any) -> Any:
    if inspect.isclass(operation):
        return operation
    described: list[Any] = [type(operation), operation.name, operation.num_qubits, operation.num_clbits]
    described += [operation.label, operation.mutable, operation.unit if isinstance(operation, Delay) else None]
    described += [each.name if isinstance(each, Parameter) else bits(each) for each in operation.params]
    if type(operation) in (Gate, Instruction):
        described.append(operation.definition)
    return described


def _shared_parameters(target: Target) -> set[frozenset[tuple[str, int]]]:
    slots: dict[Parameter, set[tuple[str, int]]] = {}
    for name in target.operation_names:
        operation = target.operation_from_name(name)
        if not inspect.isclass(operation):
            for index, parameter in enumerate(operation.params):
                if isinstance(parameter, Parameter):
                    slots.setdefault(parameter, set()).add((name, index))
    return {frozenset(each) for each in slots.values()}


def coupling_state(coupling_map: CouplingMap | None) -> Any:
    """Return what a coupling map consists of, without the payloads of its nodes."""
    if coupling_map is None:
        return None
    graph = coupling_map.graph
    edges = {
        (source, target): {name: _entry(each) for name, each in payload.items()}
        for source, target, payload in graph.weighted_edge_list()
    }
    return list(graph.node_indices()), edges, graph.multigraph, coupling_map.description


def durations_state(durations: InstructionDurations) -> Any:
    """Return what durations consist of."""
    tables = (durations.duration_by_name, durations.duration_by_name_qubits, durations.duration_by_name_qubits_params)
    return [{key: (bits(value), unit) for key, (value, unit) in table.items()} for table in tables], bits(durations.dt)


def _rust_gate(gate: dict[Any, Any]) -> Any:
    # Qiskit 2.2 has the properties alone.
    properties = gate.get("properties", gate)
    entries = [
        (qargs, None if entry is None else (bits(entry.duration), bits(entry.error)))
        for qargs, entry in properties.items()
    ]
    return entries if properties is gate else (entries, _operation(gate["instruction"]), gate.get("angle_bounds"))


def _rust_state(target: Target) -> dict[str, Any]:
    """Return the half of a target that passes written in Rust read; the other half is a dictionary."""
    state = BaseTarget.__getstate__(target)
    gates = {name: _rust_gate(gate) for name, gate in state["gate_map"].items()}
    return {
        "gates": gates,
        "names by qargs": {qargs: frozenset(names) for qargs, names in dict(state["qarg_gate_map"]).items()},
        "global": {width: frozenset(names) for width, names in state["global_operations"].items()},
    }


def target_state(target: Target) -> dict[str, Any]:
    """Return everything that makes a target what it is."""
    names = list(target.operation_names)
    qubits = target.qubit_properties
    angles = [0.0, -0.0, math.nextafter(0.0, -1), 1.0, math.pi / 2, math.nextafter(math.pi / 2, 4), -1.0, math.pi]
    plain = "num_qubits description granularity min_length pulse_alignment acquire_alignment concurrent_measurements"
    state: dict[str, Any] = {name: getattr(target, name) for name in plain.split()}
    state |= {
        # That of an earlier time is one of Qiskit's, too, with a word on where it is from.
        "type": Target if type(target) is HistoricalTarget else type(target),
        "dt": bits(target.dt),
        "qubits": qubits and [(type(it), bits(it.t1), bits(it.t2), bits(it.frequency)) for it in qubits],
        "operations": {name: _operation(target.operation_from_name(name)) for name in names},
        "entries": {name: [(qargs, _entry(it)) for qargs, it in target[name].items()] for name in names},
        "key types": {type(index) for name in names for qargs in target[name] for index in qargs or ()},
        "halves agree in order": names == list(BaseTarget.operation_names.__get__(target)),
        "rust": _rust_state(target),
        "parameters": _shared_parameters(target),
        "qargs": None if target.qargs is None else frozenset(target.qargs),
        "qargs by name": {name: target.qargs_for_operation_name(name) for name in names},
        "not global": (
            frozenset(target.get_non_global_operation_names()),
            frozenset(target.get_non_global_operation_names(strict_direction=True)),
        ),
        "angles": {
            name: [target.supported_angle_bound(name, [angle]) for angle in angles]
            for name in names
            if target.gate_has_angle_bounds(name)
        },
        "timing": vars(target.timing_constraints()),
        "durations": durations_state(target.durations()),
        "coupling": coupling_state(target.build_coupling_map()),
        "coupling without idle qubits": coupling_state(target.build_coupling_map(filter_idle_qubits=True)),
    }
    return state


def differences(one: Any, other: Any, where: str = "target") -> list[str]:
    """Return where two states differ, in words."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = [f"{where}[{key!r}] is only in one of them" for key in one.keys() ^ other.keys()]
        for key in one.keys() & other.keys():
            found += differences(one[key], other[key], f"{where}[{key!r}]")
        return found
    if isinstance(one, list | tuple) and type(one) is type(other) and len(one) == len(other):
        return [
            text
            for at, pair in enumerate(zip(one, other, strict=True))
            for text in differences(*pair, f"{where}[{at}]")
        ]
    return [] if one == other else [f"{where}: {one!r:.200} != {other!r:.200}"]


def assert_targets_equal(official: Target, native: Target, *, pickled: bool = False) -> None:
    """Fail with the differences of two targets; with ``pickled``, of a pickled copy of the second one, too."""
    expected = target_state(official)
    found = differences(expected, target_state(native))
    if pickled and not found:
        found = differences(expected, target_state(pickle.loads(pickle.dumps(native))), "pickled target")
    assert not found, "\n".join(found[:20])
