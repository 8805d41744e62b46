# SPDX-License-Identifier: Apache-2.0
"""A session of the official client with a service, in a process of its own, which prints results as JSON.

It knows nothing of this package: everything it needs is in environment variables.
"""

from __future__ import annotations

import datetime
import json
import pickle
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile  # noqa: E402
from qiskit.circuit import Parameter  # noqa: E402
from qiskit_ibm_runtime import Batch, QiskitRuntimeService, SamplerV2, Session  # noqa: E402
from qiskit_ibm_runtime.executor_sampler import Sampler  # noqa: E402

seen: dict[str, object] = {}
service = QiskitRuntimeService()
seen["backends"] = sorted(backend.name for backend in service.backends())
seen["operational"] = sorted(backend.name for backend in service.backends(operational=True, simulator=False))
seen["least_busy"] = service.least_busy(min_num_qubits=127).num_qubits
seen["instances"] = service.instances()
seen["usage"] = service.usage()

fez = service.backend("ibm_fez")
Path(sys.argv[1]).write_bytes(pickle.dumps((fez.target, fez.properties().to_dict(), fez.configuration().to_dict())))
seen["status"] = [fez.status().operational, fez.status().status_msg]
seen["history"] = fez.properties(datetime=datetime.datetime(2000, 1, 1)) is None

vigo = service.backend("ibmq_vigo")
theta = Parameter("theta")
circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(1, "a"), ClassicalRegister(2, "b"))
circuit.rx(theta, 0)
circuit.x(1)
circuit.measure(0, 0)
circuit.measure([0, 1], [1, 2])
isa = transpile(circuit, vigo, optimization_level=1, seed_transpiler=1)

for name, sampler_class in (("sampler", SamplerV2), ("executor", Sampler)):
    sampler = sampler_class(mode=vigo)
    job = sampler.run([(isa, [[0.0], [np.pi]], 500), (isa, [0.0], 500)], shots=500)
    result = job.result()
    seen[name] = {
        "status": job.status(),
        "shapes": [list(pub.data.shape) for pub in result],
        "fields": [sorted(pub.data.keys()) for pub in result],
        "a": [result[0].data.a.get_counts(point) for point in range(2)],
        "b": result[0].data.b.get_counts(1),
        "metrics": sorted(job.metrics()),
        "usage": job.usage() >= 0,
        "logs": job.logs(),
        "program": job.primitive_id,
        "inputs": sorted(job.inputs),
    }
    kerneled = sampler_class(mode=vigo)
    for kind in ("kerneled", "avg_kerneled"):
        kerneled.options.execution.meas_type = kind
        values = kerneled.run([(isa, [np.pi])], shots=50).result()[0].data
        seen[name][kind] = [list(values.a.shape), list(values.b.shape), bool(np.mean(values.a.real) > 0)]

with Session(backend=vigo, max_time="1h") as session:
    in_session = SamplerV2(mode=session).run([(isa, [0.0])], shots=5)
    in_session.result()
    seen["session"] = [session.status(), in_session.session_id == session.session_id, session.details()["max_time"]]
seen["session closed"] = session.status()
with Batch(backend=vigo) as batch:
    seen["batch"] = batch.details()["mode"]
seen["session again"] = Session.from_id(session.session_id, service).status()

sampler = SamplerV2(mode=vigo)
sampler.options.environment.job_tags = ["official", "one"]
tagged = sampler.run([(isa, [0.0])], shots=5)
tagged.result()
tagged.update_tags(["official", "two"])
seen["tags"] = sorted(service.job(tagged.job_id()).tags)
seen["found"] = [
    [job.job_id() for job in service.jobs(limit=None, job_tags=["official"])] == [tagged.job_id()],
    len(service.jobs(limit=3, backend_name="ibmq_vigo")),
    len(service.jobs(pending=True)),
    len(service.jobs(session_id=session.session_id)),
    len(service.jobs(created_after=datetime.datetime.now() + datetime.timedelta(days=1))),
    len(service.jobs(limit=None)) >= 8,
]
seen["time"] = tagged.properties().backend_name
service.delete_job(tagged.job_id())
try:
    service.job(tagged.job_id())
except Exception as error:
    seen["deleted"] = type(error).__name__

wide = QuantumCircuit(156, 20)
for _ in range(300):
    for qubit in range(20):
        wide.sx(qubit)
        wide.rz(0.1, qubit)
    wide.cz(3, 16)
wide.measure(range(20), range(20))
long = SamplerV2(mode=fez).run([wide] * 20, shots=50_000)
long.cancel()
seen["cancelled"] = [long.status(), service.job(long.job_id()).status()]
sys.stdout.write(json.dumps(seen))
