# SPDX-License-Identifier: Apache-2.0
"""Write down the costs that mapomatic 0.14 gives to circuits on the bundled devices; tests compare with them.

Usage: ``pip install mapomatic==0.14.0``, then ``PYTHONPATH=. python tests/golden/make_mapomatic.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mapomatic.layouts import default_cost, matching_layouts
from qiskit_ibm_runtime.utils.backend_decoder import properties_from_server_data
from tests.support.native_circuits import LINES, line, native_circuit, read

from qiskit_ibm_native import Snapshot, bundled_devices

#: Circuits of each device.
SEEDS = range(6)


class Backend:
    """The part of a backend that mapomatic asks for."""

    def __init__(self, properties: dict[str, Any]) -> None:
        self._properties = properties_from_server_data(properties)

    def properties(self) -> Any:
        return self._properties


def costs() -> dict[str, list[float]]:
    """Return the costs of circuits by device, each for the layout that it has."""
    found = {}
    for name in bundled_devices():
        configuration, properties = read(Snapshot.load(name).payloads)
        backend, layout = Backend(properties), list(range(configuration["n_qubits"]))
        circuits = [native_circuit(configuration, properties, seed) for seed in SEEDS]
        found[name] = [default_cost(circuit, [layout], backend)[0][1] for circuit in circuits]
    return found


def ranked() -> dict[str, list[Any]]:
    """Return the layouts of a line of qubits by device, with their costs, the best one first."""
    found = {}
    for name, gate in LINES.items():
        configuration, properties = read(Snapshot.load(name).payloads)
        circuit = line(gate)
        layouts = matching_layouts(circuit, [tuple(pair) for pair in configuration["coupling_map"]])
        found[name] = sorted(default_cost(circuit, layouts, Backend(properties)), key=lambda pair: pair[1])
    return found


if __name__ == "__main__":
    Path(__file__).with_name("mapomatic_layouts.json").write_text(json.dumps(ranked()) + "\n", encoding="utf-8")
    Path(__file__).with_name("mapomatic.json").write_text(json.dumps(costs(), indent=1) + "\n", encoding="utf-8")
