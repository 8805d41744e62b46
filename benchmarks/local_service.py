# SPDX-License-Identifier: Apache-2.0
"""The local service beside that of an earlier release, by the clock, in turn.

The earlier release is in the folder that ``EARLIER`` names, from
``pip install --no-deps --target FOLDER qiskit-ibm-native==0.1.0``. Its other needs (fastapi) have to be installed
beside this package.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

JOBS, THREADS = 1000, 8
#: A program whose first argument is the file of the store; it prints a line of JSON.
_SINGLE = """
import json, os, resource, sys, time
from qiskit import QuantumCircuit
start, used = time.perf_counter(), time.process_time()
from qiskit_ibm_native import IBMProvider
provider = IBMProvider(channel="local", store=sys.argv[1])
backend = provider.get_backend("ibmq_vigo")
circuit = QuantumCircuit(2, 2)
circuit.rz(1.57, 0); circuit.sx(0); circuit.rz(1.57, 0); circuit.cx(0, 1); circuit.measure([0, 1], [0, 1])
assert sum(backend.run(circuit, shots=100).result().get_counts().values()) == 100
first = time.perf_counter() - start
for _ in range(5):
    backend.run(circuit, shots=100).result()
warm = []
for _ in range(30):
    begin = time.perf_counter()
    backend.run(circuit, shots=100).result()
    warm.append(time.perf_counter() - begin)
provider.close()
print(json.dumps({"first": first, "warm": sorted(warm)[15]}))
"""
_THREADS = """
import json, resource, sys, threading, time
from qiskit import QuantumCircuit
from qiskit_ibm_native import IBMProvider
jobs, threads = int(sys.argv[2]), int(sys.argv[3])
provider = IBMProvider(channel="local", store=sys.argv[1])
backend = provider.get_backend("ibmq_vigo")
circuit = QuantumCircuit(2, 2)
circuit.rz(1.57, 0); circuit.sx(0); circuit.rz(1.57, 0); circuit.cx(0, 1); circuit.measure([0, 1], [0, 1])
backend.run(circuit, shots=100).result()
def work():
    for _ in range(jobs // threads):
        assert sum(backend.run(circuit, shots=100).result().get_counts().values()) == 100
begin, used = time.perf_counter(), time.process_time()
workers = [threading.Thread(target=work) for _ in range(threads)]
for worker in workers: worker.start()
for worker in workers: worker.join()
seconds, used = time.perf_counter() - begin, time.process_time() - used
provider.close()
children = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": seconds, "processor": used + children.ru_utime + children.ru_stime}))
"""
_STORE = """
import json, sqlite3, statistics, sys, time, requests
from qiskit_ibm_native.local.server import LocalService
jobs = int(sys.argv[2])
service = LocalService(store=sys.argv[1], workers=1)
store = service._store
session = store.add_session("ibm_fez", "batch", 28000)
job = dict(backend="ibm_fez", program="sampler", params=b"x" * 5000, session_id=session, cost=5, private=0, runtime=None,
           calibration_id=None, noise=1)
ids = [store.add_job(**job, tags=["t"]) for _ in range(2)]
for job_id in ids:
    store.start_job(job_id); store.finish_job(job_id, b"{}" * 1000)
store._rows("PRAGMA synchronous = OFF")
with store._changes() as db:
    row = dict(db.execute("SELECT * FROM jobs WHERE id = ?", (ids[0],)).fetchone())
    names = list(row)
    rows = ({**row, "id": f"d{n:019}", "number": n + 10, "tags": f'["tag{n % 5000}"]'} for n in range(jobs))
    db.executemany(f"INSERT INTO jobs ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})", rows)
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "contents" in tables:
        db.execute("INSERT INTO contents SELECT jobs.number, params, result, logs FROM jobs, contents WHERE contents.number = 1 AND jobs.number > 9")
        db.execute("INSERT INTO tags SELECT 'tag' || ((number - 10) % 5000), number FROM jobs WHERE number > 9")
service.start()
client = requests.Session()
client.headers.update({"Authorization": f"apikey {service.token}", "Service-CRN": service.crn})
body = {"backend": "ibm_fez", "program_id": "sampler", "params": {"pubs": [["OPENQASM 3.0; bit[1] c; c[0] = measure $0;"]]}, "session_id": session}
known = "d0000000000000000007"
routes = {
    "submission in a session": ("POST", "/jobs"), "job": ("GET", f"/jobs/{known}"), "results": ("GET", f"/jobs/{known}/results"),
    "by tag": ("GET", "/jobs?tags=tag77&limit=1"), "newest": ("GET", "/jobs?limit=10"),
    "of a device": ("GET", "/jobs?backend=ibm_fez&pending=false&limit=10"), "session": ("GET", f"/sessions/{session}"),
    "devices": ("GET", "/backends"), "status": ("GET", "/backends/ibm_fez/status"),
}
found = {}
for name, (method, path) in routes.items():
    times = []
    for _ in range(15):
        begin = time.perf_counter()
        reply = client.request(method, f"{service.url}/api/v1{path}", json=body if method == "POST" else None)
        times.append(time.perf_counter() - begin)
        assert reply.status_code == 200, (name, reply.text)
    found[name] = statistics.median(times)
service.stop()
print(json.dumps(found))
"""


def local_service() -> dict[str, Any]:
    """The local service beside that of an earlier release, by the clock: first results, many jobs, a full store."""
    earlier = os.environ.get("EARLIER")
    if not earlier:
        sys.exit("EARLIER has to name the folder of an earlier release; see benchmarks/local_service.py")
    single = in_turn(earlier, _SINGLE, int(os.environ.get("ROUNDS", "7")))
    many = in_turn(earlier, _THREADS, int(os.environ.get("LONG_ROUNDS", "3")), str(JOBS), str(THREADS))
    full = in_turn(earlier, _STORE, 1, "50000")
    times: dict[str, Any] = {
        "first_result": compared(single, "first"),
        "short_job": compared(single, "warm"),
        "jobs_of_threads": compared(many, "seconds"),
        "processor_of_threads": compared(many, "processor"),
    }
    routes = {name: compared(full, name) for name in full["now"][0]}
    version = subprocess.run(
        [sys.executable, "-c", "import qiskit_ibm_native as package; print(package.__version__)"],
        env=environment_of(earlier), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return {**times, "routes": routes, "jobs": JOBS, "threads": THREADS, "earlier": version.stdout.strip()}


def environment_of(folder: str | None) -> dict[str, str]:
    """Return the environment of a program that imports the package from a folder, or as this one does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QISKIT_IBM", "PYTHONPATH"))}
    return kept if folder is None else {**kept, "PYTHONPATH": folder}


def in_turn(earlier: str, program: str, rounds: int, *arguments: str) -> dict[str, list[dict[str, float]]]:
    """Run a program with both releases, in turn, each time with a store of its own."""
    found: dict[str, list[dict[str, float]]] = {"earlier": [], "now": []}
    for _ in range(rounds):
        for side, folder in (("earlier", earlier), ("now", None)):
            with TemporaryDirectory() as store:
                done = subprocess.run(
                    [sys.executable, "-W", "ignore", "-c", program, str(Path(store) / "jobs"), *arguments],
                    env=environment_of(folder), check=True, stdout=subprocess.PIPE, text=True,
                )  # fmt: skip
            found[side].append(json.loads(done.stdout))
    return found


def compared(found: dict[str, list[dict[str, float]]], name: str) -> dict[str, Any]:
    """Return the medians of both sides in milliseconds, and what part of the earlier one the present one is."""
    medians = {side: statistics.median(run[name] for run in runs) for side, runs in found.items()}
    return {
        **{side: round(1000 * seconds, 2) for side, seconds in medians.items()},
        "ratio": round(medians["now"] / medians["earlier"], 3),
        "runs": len(found["now"]),
    }
