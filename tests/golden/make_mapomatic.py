# SPDX-License-Identifier: Apache-2.0
"""Write down the costs that mapomatic 0.14 gives to circuits on the bundled devices; a test compares with them.

Usage: ``pip install mapomatic==0.14.0``, then ``PYTHONPATH=. python tests/golden/make_mapomatic.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mapomatic.layouts import default_cost
from qiskit_ibm_runtime.utils.backend_decoder import properties_from_server_data
from tests.support.native_circuits import native_circuit, read

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


if __name__ == "__main__":
    Path(__file__).with_name("mapomatic.json").write_text(json.dumps(costs(), indent=1) + "\n", encoding="utf-8")
