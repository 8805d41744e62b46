# SPDX-License-Identifier: Apache-2.0
"""The notebook whose outputs are photographed: the same values each time, without a service."""

from __future__ import annotations

#: Source of each cell, by name; the last expression of a cell is shown.
CELLS = {
    "imports": """
import time
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_native import CalibrationArchive, IBMBackend, IBMCircuitJob, Snapshot, Sweep, build_target, score
fez, lima = Snapshot.load("fez"), Snapshot.load("lima")
""",
    "snapshot": "fez",
    "small": "lima",
    "diff": """
lima.diff(lima.with_overrides(t1={0: 80e-6}, readout_error={1: 0.11, 2: 0.04}, operational={4: False}))
""",
    "configuration": "Snapshot.load('sherbrooke').configuration",
    "backend": "backend = IBMBackend(lima, None, None); backend",
    "job": """
IBMCircuitJob(
    backend, None, "d2k1x0c8y9fg008a4t20", "2026-03-01T10:00:00Z", tags=["bell"],
    reply={"state": {"status": "Queued"}, "queue_position": 3, "program": {"id": "sampler"}},
)
""",
    "failed-job": """
IBMCircuitJob(backend, None, "d2k1x0c8y9fg008a4t2g", reply={
    "state": {"status": "Failed", "reason": "The circuit has an instruction that the device lacks.", "reason_code": 1517},
})
""",
    "series": """
from tests.support.calibrations import DAY, Drift
archive = CalibrationArchive("archive.sqlite3")
for payloads in Drift("lima", step=DAY).calibrations(60):
    archive.add(Snapshot.from_payloads(*payloads))
archive.series("lima", "t1", progress=False)
""",
    "archive": "archive",
    "drift": "archive.series('lima', 't1').drift()",
    "events": "archive.events('lima')",
    "scores": """
bell = QuantumCircuit(2, name="bell")
bell.h(0); bell.cx(0, 1); bell.measure_all()
score(transpile(bell, target=build_target(lima), seed_transpiler=1, optimization_level=1), archive.between("lima"))
""",
    "sweep": """
from tests.support.sweeping import ghz, misbehaving
import warnings; warnings.simplefilter("ignore")  # that tasks failed is in the picture
sweep = Sweep([ghz(2), ghz(3), ghz(2, "raise_1")], ["lima", "vigo"], pass_manager=misbehaving, seeds=range(4))
results = sweep.run(ledger="sweep.sqlite3")
sweep
""",
    "results": "results",
    "progress": """
from qiskit_ibm_native._notebook_progress import NotebookBar, StatusLine
from qiskit_ibm_native._progress import waiting
with waiting("The service is starting"):
    time.sleep(1.6)
bar = NotebookBar(160, "calibration", "verify")
bar.update(64); bar.refresh()
StatusLine("Job d2k1x0c8y9fg008a4t20").show("running", "12 s")
""",
}
