# SPDX-License-Identifier: Apache-2.0
"""Types of expressions as type checkers and editors show them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import ROOT

_SETUP = """
from qiskit_ibm_native import (
    BackendProperties, CalibrationArchive, IBMBackend, IBMJob, IBMProvider, Ledger, Session, Snapshot, Sweep, TaskResult,
    accelerate, bundled_devices, score,
)
from qiskit_ibm_native.pulse import Drag, DriveChannel, Play, Schedule, Sin
snapshot = Snapshot.load("lima")
def types(
    provider: IBMProvider, backend: IBMBackend, job: IBMJob, archive: CalibrationArchive, sweep: Sweep, ledger: Ledger,
    result: TaskResult, session: Session,
) -> None:
"""
#: Expressions, and their types without the names of modules. ``| Any`` stands for a value that few devices lack.
TYPES = {
    "snapshot.configuration.dt": "float",
    "snapshot.configuration.coupling_map": "list[list[int]] | Any",
    "snapshot.configuration.gates[0].name": "str",
    "snapshot.configuration.basis_gates": "list[str]",
    "snapshot.configuration.rep_delay_range": "list[float] | Any",
    "snapshot.properties": "BackendProperties | Any",
    "snapshot.properties.t1(0)": "float | Any",
    "backend.configuration().timing_constraints": "dict[str, int]",
    "BackendProperties.from_dict({}).gate_property('cx')": "dict[tuple[int, ...], dict[str, tuple[float | Any, datetime | None]]]",
    "BackendProperties.from_dict({}).gate_property('cx', (0, 1))": "dict[str, tuple[float | Any, datetime | None]]",
    "BackendProperties.from_dict({}).gate_property('cx', (0, 1), 'gate_error')": "tuple[float | Any, datetime | None]",
    "BackendProperties.from_dict({}).qubit_property(0)": "dict[str, tuple[float | Any, datetime | None]]",
    "BackendProperties.from_dict({}).qubit_property(0, 'T1')": "tuple[float | Any, datetime | None]",
    "BackendProperties.from_dict({}).qubits[0][0]": "Nduv",
    "BackendProperties.from_dict({}).last_update_date": "datetime",
    "snapshot.defaults": "PulseDefaults | Any",
    "snapshot.payloads.properties": "bytes | Any",
    "snapshot.last_update": "datetime | Any",
    "snapshot.columns.t1": "NDArray[float64]",
    "snapshot.columns.gate('cx').error": "NDArray[float64]",
    "snapshot.diff(snapshot).gates[0].new": "float | None",
    "snapshot.with_overrides(t1={0: 1e-4}).provenance.base_digest": "str | Any",
    "backend.dt": "float | Any",
    "backend.basis_gates": "list[str]",
    "backend.max_shots": "int | Any",
    "backend.default_rep_delay": "float | Any",
    "backend.properties()": "BackendProperties | Any",
    "backend.qubit_properties(0)": "IBMQubitProperties",
    "backend.qubit_properties([0, 1])": "list[IBMQubitProperties]",
    "backend.qubit_properties(0).t1": "float | Any",
    "backend.status().pending_jobs": "int",
    "backend.snapshot": "Snapshot",
    "backend.refresh()": "SnapshotDiff",
    "backend.run([])": "IBMJob",
    "backend.open_session()": "Session",
    "provider.backend.ibm_fez": "IBMBackend",
    "provider.backends()": "list[IBMBackend]",
    "provider.instances()": "list[str]",
    "provider.instances(details=True)": "list[dict[str, Any]]",
    "provider.job('id')": "IBMJob",
    "job.usage()": "float",
    "job.creation_date()": "datetime",
    "job.properties()": "BackendProperties | Any",
    "session.session_id": "str | None",
    "archive.latest('fez')": "Snapshot | Any",
    "archive.series('fez', 't1').drift().slope_per_day": "NDArray[float64]",
    "archive.between('fez')[0]": "Snapshot",
    "archive.events()[0].duration": "timedelta",
    "sweep[0]": "Task",
    "sweep.run()": "SweepResults",
    "sweep.run()[0]": "TaskResult",
    "[each.esp for each in sweep.run()]": "list[float | Any]",
    "result.depth": "int | Any",
    "result.error": "str | None",
    "ledger.best('esp')": "list[TaskResult]",
    "score(result.transpiled, snapshot).esp": "NDArray[float64]",
    "Drag(160, 0.1, 40, 0.5).samples": "NDArray[complex128]",
    "Sin(160, 0.1, 0.0)": "SymbolicPulse",
    "Schedule((0, Play(Drag(160, 0.1, 40, 0.5), DriveChannel(0)))).duration": "int",
    "accelerate()": "Acceleration",
    "bundled_devices()": "list[str]",
}  # fmt: skip
_MODULES = re.compile(r"\b(?:\w+\.)+(?=\w)")
_ARRAY = re.compile(r"ndarray\[.*?, dtype\[(\w+)\]\]")


def short(text: str) -> str:
    """Return a type without names of modules, and with that of numpy for arrays of any shape."""
    return _ARRAY.sub(r"NDArray[\1]", _MODULES.sub("", text))


@pytest.mark.slow
def test_expressions_have_the_types_that_users_expect(tmp_path: Path) -> None:
    lines = [f"    reveal_type({expression})" for expression in TYPES]
    (tmp_path / "revealed.py").write_text(_SETUP + "\n".join(lines) + "\n")
    command = ["-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", "cache", "revealed.py"]
    checked = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT / "python")}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    revealed = re.findall(r'Revealed type is "(.*)"', checked.stdout)
    found = dict(zip(TYPES, (short(text) for text in revealed), strict=True))
    assert found == TYPES
