# SPDX-License-Identifier: Apache-2.0
"""The official client with devices that have fractional gates: pickled targets, and counts of a circuit as JSON.

It knows nothing of this package: everything it needs is in environment variables.
"""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from qiskit import QuantumCircuit, transpile  # noqa: E402
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2  # noqa: E402

targets = {}
for choice in (False, True, None):
    # A service keeps the configuration of the first choice.
    service = QiskitRuntimeService()
    for name in ("ibm_fez", "fake_fractional"):
        targets[name, choice] = service.backend(name, use_fractional_gates=choice).target
Path(sys.argv[1]).write_bytes(pickle.dumps(targets))

backend = QiskitRuntimeService().backend("ibm_fez", use_fractional_gates=True)
circuit = QuantumCircuit(2)
circuit.rx(0.7, 0)
circuit.rx(1.9, 1)
circuit.rzz(0.9, 0, 1)
circuit.rx(1.1, [0, 1])
circuit.measure_all()
isa = transpile(circuit, backend, optimization_level=1, seed_transpiler=1, initial_layout=json.loads(sys.argv[2]))
sampler = SamplerV2(mode=backend)
sampler.options.simulator.seed_simulator = 5
counts = sampler.run([isa], shots=20_000).result()[0].data.meas.get_counts()
sys.stdout.write(json.dumps({"operations": sorted(isa.count_ops()), "counts": counts}))
