# SPDX-License-Identifier: Apache-2.0
"""Synthetic devices: square grids in the format of today's largest ones, of any size."""

from __future__ import annotations

import json
import random
from typing import Any

DATES = [f"2026-04-16T{hour:02}:{minute:02}:27+02:00" for hour in range(6) for minute in range(60)]


def grid(width: int, height: int) -> tuple[bytes, bytes]:
    """Return configuration and properties of a device of ``width * height`` qubits; the same ones each time."""
    chance = random.Random(width * height)
    num_qubits = width * height
    right = [(q, q + 1) for q in range(num_qubits) if (q + 1) % width]
    down = [(q, q + width) for q in range(num_qubits - width)]
    edges = sorted([*right, *down, *((b, a) for a, b in [*right, *down])])

    def quantity(name: str, unit: str, value: float) -> dict[str, Any]:
        return {"date": chance.choice(DATES), "name": name, "unit": unit, "value": value}

    def measured(gate: str, qubits: tuple[int, ...], error: float, length: float) -> dict[str, Any]:
        parameters = [quantity("gate_error", "", error), quantity("gate_length", "ns", length)]
        return {"qubits": qubits, "gate": gate, "parameters": parameters, "name": f"{gate}{'_'.join(map(str, qubits))}"}

    qubits = [
        [
            quantity("T1", "us", chance.uniform(50, 400)),
            quantity("T2", "us", chance.uniform(50, 400)),
            quantity("readout_error", "", chance.random() / 50),
            quantity("prob_meas0_prep1", "", chance.random() / 50),
            quantity("prob_meas1_prep0", "", chance.random() / 50),
            quantity("readout_length", "ns", 2200),
        ]
        for _ in range(num_qubits)
    ]
    errors = [chance.random() / 2000 for _ in range(num_qubits)]
    gates = [measured(gate, (q,), errors[q], 32) for gate in ("id", "sx", "x") for q in range(num_qubits)]
    gates += [measured("rz", (q,), 0, 0) for q in range(num_qubits)]
    gates += [measured("cz", edge, chance.random() / 200, 68) for edge in chance.sample(edges, len(edges))]
    singles = [[q] for q in range(num_qubits)]
    definitions = [
        {"name": name, "parameters": parameters, "qasm_def": f"gate {name} q {{ }}", "coupling_map": places}
        for name, parameters, places in (
            ("id", [], singles),
            ("rz", ["theta"], singles),
            ("sx", [], singles),
            ("x", [], singles),
            ("cz", [], edges),
        )
    ]
    configuration = {
        "backend_name": f"grid_{num_qubits}",
        "backend_version": "1.0.0",
        "n_qubits": num_qubits,
        "basis_gates": ["cz", "id", "rz", "sx", "x"],
        "gates": definitions,
        "local": False,
        "simulator": False,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "coupling_map": edges,
        "dt": 4.0,
        "supported_instructions": ["cz", "id", "delay", "measure", "reset", "rz", "sx", "x", "if_else"],
        "online_date": "2026-01-01T00:00:00+00:00",
    }
    properties = {
        "backend_name": f"grid_{num_qubits}",
        "backend_version": "1.0.0",
        "last_update_date": "2026-04-16T12:00:00+02:00",
        "qubits": qubits,
        "gates": gates,
        "general": [quantity("lf_100", "", 0.5)],
    }
    return json.dumps(configuration).encode(), json.dumps(properties).encode()
