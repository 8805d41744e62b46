# SPDX-License-Identifier: Apache-2.0
"""The official client opens every device of a service and runs circuits on it; results as JSON, a line a device.

It knows nothing of this package: everything it needs is in environment variables.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator

warnings.simplefilter("ignore")

from qiskit import QuantumCircuit, transpile  # noqa: E402
from qiskit.providers import BackendV2  # noqa: E402
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2  # noqa: E402


def bell(num_qubits: int) -> QuantumCircuit:
    """Return a Bell circuit, or a coin if there is one qubit."""
    circuit = QuantumCircuit(num_qubits)
    circuit.sx(0)
    if num_qubits > 1:
        circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def dynamic() -> QuantumCircuit:
    """Return a circuit that turns its qubit back if it measures 1, and measures 0 in the end."""
    circuit = QuantumCircuit(1, 2)
    circuit.sx(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    circuit.measure(0, 1)
    return circuit


def circuits_for(backend: BackendV2) -> Iterator[QuantumCircuit]:
    """Yield the circuits for a device, as they are run on it."""
    plain = transpile(bell(min(backend.num_qubits, 2)), backend, optimization_level=1, seed_transpiler=1)
    yield plain
    if "if_else" in backend.target.operation_names:
        # On the same qubit, which has to be one of those that the device can measure in the middle.
        yield transpile(dynamic(), backend, optimization_level=1, seed_transpiler=1)


service = QiskitRuntimeService()
jobs = []
# All gates: u2 and u3, those of devices before 2021, count as fractional.
for backend in service.backends(simulator=False, use_fractional_gates=None):
    jobs.append((backend, SamplerV2(mode=backend).run(list(circuits_for(backend)), shots=400)))
for backend, job in jobs:
    result = job.result()
    seen = {
        "name": backend.name,
        "qubits": backend.num_qubits,
        "features": getattr(backend.configuration(), "supported_features", None) or [],
        "instructions": getattr(backend.configuration(), "supported_instructions", None) or [],
        "bell": result[0].data.meas.get_counts(),
        "dynamic": result[1].data.c.get_counts() if len(result) > 1 else None,
    }
    sys.stdout.write(f"{json.dumps(seen)}\n")
