# SPDX-License-Identifier: Apache-2.0
"""The sides that are compared: ours, the official client, JSON readers that build nothing, and the floor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import simdjson
from qiskit.transpiler import InstructionProperties, Target
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data, properties_from_server_data

from qiskit_ibm_native import Snapshot, build_target

if TYPE_CHECKING:
    from collections.abc import Callable

Payloads = tuple[bytes, bytes]


def native(payloads: Payloads) -> Target:
    """Bytes to target, by this package."""
    return build_target(Snapshot.from_payloads(*payloads))


def official(payloads: Payloads) -> Target:
    """Bytes to target, by the official client: JSON, models, converter."""
    configuration, properties = payloads
    return convert_to_target(
        configuration_from_server_data(json.loads(configuration), use_fractional_gates=None),
        properties_from_server_data(json.loads(properties), use_fractional_gates=None),
    )


def official_properties(payloads: Payloads) -> Any:
    """The official model of properties, of bytes."""
    return properties_from_server_data(json.loads(payloads[1]), use_fractional_gates=None)


def native_properties(payloads: Payloads) -> Any:
    """Our model of properties, of bytes; a configuration belongs to it."""
    return Snapshot.from_payloads(*payloads).properties


def read_values(properties: Any, places: dict[str, list[Any]]) -> list[float]:
    """Read T1, T2 and readout error of every qubit, and error and length of every gate that has both."""
    values = [
        read(qubit) for read in (properties.t1, properties.t2, properties.readout_error) for qubit in places["qubits"]
    ]
    values += [properties.gate_error(*place) for place in places["gates"]]
    values += [properties.gate_length(*place) for place in places["gates"]]
    return values


def places_of(payloads: Payloads) -> dict[str, list[Any]]:
    """Return the qubits and the gates whose values :func:`read_values` can read."""
    content = json.loads(payloads[1])
    qubits = [qubit for qubit, it in enumerate(content["qubits"]) if {"T1", "T2"} <= {each["name"] for each in it}]
    gates = [(it["gate"], tuple(it["qubits"])) for it in content["gates"] if len(it["parameters"]) > 1]
    return {"qubits": qubits, "gates": gates}


def orjson_loads(payloads: Payloads) -> Any:
    """JSON to Python objects, by orjson; no target."""
    return [orjson.loads(each) for each in payloads]


def json_loads(payloads: Payloads) -> Any:
    """JSON to Python objects, by the standard library; no target."""
    return [json.loads(each) for each in payloads]


def floor_for(payloads: Payloads) -> Callable[[Payloads], Target]:
    """Return the lower bound: parse without making objects, make properties, hand ready dictionaries on.

    The dictionaries, their keys and the operations are made beforehand; only what is named in the issue is timed.
    """
    ready = native(payloads)
    new = InstructionProperties.__base__.__new__
    count = sum(it is not None for entries in ready.values() for it in entries.values())
    operations = [(name, ready.operation_from_name(name), ready[name]) for name in ready.operation_names]
    arguments = {"num_qubits": ready.num_qubits, "dt": ready.dt, "qubit_properties": ready.qubit_properties}
    parsers = [simdjson.Parser(), simdjson.Parser()]

    def floor(payloads: Payloads) -> Target:
        for parser, each in zip(parsers, payloads, strict=True):
            parser.parse(each)
        for _ in range(count):
            new(InstructionProperties, 1e-8, 1e-3)
        target = Target(**arguments)
        for name, operation, entries in operations:
            target.add_instruction(operation, None if isinstance(operation, type) else entries, name)
        return target

    return floor
