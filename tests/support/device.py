# SPDX-License-Identifier: Apache-2.0
"""A small device for tests to take apart: three qubits in a row, as dictionaries."""

from __future__ import annotations

import copy
import json
from typing import Any

DATE = "2024-02-03T04:05:06-05:00"


def quantity(name: str, unit: str | None, value: Any, date: str = DATE) -> dict[str, Any]:
    """Return a quantity as a payload has it."""
    return {"date": date, "name": name, "unit": unit, "value": value}


def gate(name: str, qubits: list[int], error: Any = 0.001, length: Any = 35.5, *more: dict[str, Any]) -> dict[str, Any]:
    """Return an element of the ``gates`` of properties."""
    parameters = [quantity("gate_error", "", error), quantity("gate_length", "ns", length), *more]
    return {"qubits": qubits, "gate": name, "parameters": parameters, "name": f"{name}{'_'.join(map(str, qubits))}"}


def configuration(**changes: Any) -> dict[str, Any]:
    """Return a configuration with ``changes``; a key changed to ``...`` is left out."""
    content = {
        "backend_name": "ibm_three",
        "backend_version": "1.0.0",
        "n_qubits": 3,
        "basis_gates": ["cx", "id", "rz", "sx", "x"],
        "gates": [
            {
                "name": "id",
                "parameters": [],
                "qasm_def": "gate id q { U(0, 0, 0) q; }",
                "coupling_map": [[0], [1], [2]],
            },
            {"name": "rz", "parameters": ["theta"], "qasm_def": "gate rz(theta) q {}", "coupling_map": [[0], [1], [2]]},
            {"name": "sx", "parameters": [], "qasm_def": "gate sx q {}", "coupling_map": [[0], [1], [2]]},
            {"name": "x", "parameters": [], "qasm_def": "gate x q {}", "coupling_map": [[0], [1], [2]]},
            {
                "name": "cx",
                "parameters": [],
                "qasm_def": "gate cx q0,q1 {}",
                "coupling_map": [[0, 1], [1, 0], [1, 2], [2, 1]],
            },
            {"name": "reset", "parameters": None, "qasm_def": None},
        ],
        "supported_instructions": ["cx", "id", "delay", "measure", "reset", "rz", "sx", "x", "if_else", "play"],
        "local": False,
        "simulator": False,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "coupling_map": [[0, 1], [1, 0], [1, 2], [2, 1]],
        "dt": 0.2222222222222222,
        "timing_constraints": {"granularity": 16, "min_length": 64, "pulse_alignment": 8, "acquire_alignment": 4},
        "online_date": "2021-01-01T00:00:00Z",
    }
    return _changed(content, changes)


def properties(**changes: Any) -> dict[str, Any]:
    """Return properties with ``changes``; a key changed to ``...`` is left out."""
    qubits = [
        [
            quantity("T1", "us", 101.25 + qubit),
            quantity("T2", "us", 55.123456789012345 + qubit),
            quantity("frequency", "GHz", 4.9),
            quantity("readout_error", "", 0.0123),
            quantity("readout_length", "ns", 732.4444444444445),
        ]
        for qubit in range(3)
    ]
    gates = [gate(name, [qubit], 0.0002 + qubit) for name in ("id", "sx", "x") for qubit in range(3)]
    gates += [gate("cx", pair, 0.01, 300.0 + pair[0]) for pair in ([1, 0], [0, 1], [2, 1], [1, 2])]
    content = {
        "backend_name": "ibm_three",
        "backend_version": "1.0.0",
        "last_update_date": DATE,
        "qubits": qubits,
        "gates": gates,
        "general": [quantity("jq_01", "GHz", 0.0018)],
    }
    return _changed(content, changes)


def _changed(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in (content | changes).items() if value is not ...}


def payload(content: dict[str, Any]) -> bytes:
    """Return the payload of a dictionary."""
    return json.dumps(content).encode()


def put(content: dict[str, Any], path: list[Any], value: Any) -> dict[str, Any]:
    """Return the content with the value at ``path`` exchanged, or taken out if ``value`` is ``...``."""
    content = copy.deepcopy(content)
    place: Any = content
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return content
