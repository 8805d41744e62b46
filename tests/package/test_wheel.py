# SPDX-License-Identifier: Apache-2.0
"""An installed package has all of its parts: entry points, devices, type information, the command."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path

from qiskit import QuantumCircuit, transpile
from qiskit.transpiler.preset_passmanagers.plugin import list_stage_plugins

import qiskit_ibm_native
from qiskit_ibm_native import IBMProvider, Snapshot, build_target, bundled_devices


def test_the_version_is_that_of_the_metadata_and_of_the_extension() -> None:
    assert metadata.version("qiskit-ibm-native") == qiskit_ibm_native.__version__


def test_types_are_published() -> None:
    package = resources.files("qiskit_ibm_native")
    assert package.joinpath("py.typed").is_file()
    assert "class Snapshot" in package.joinpath("_native.pyi").read_text()


def test_every_bundled_device_becomes_a_target() -> None:
    for name in bundled_devices():
        snapshot = Snapshot.load(name)
        assert build_target(snapshot).num_qubits == snapshot.num_qubits


def test_qiskit_finds_the_translation_stage() -> None:
    assert "qiskit_ibm_native" in list_stage_plugins("translation")


def test_pytest_finds_the_fixtures() -> None:
    (point,) = (point for point in metadata.entry_points(group="pytest11") if point.name == "qiskit_ibm_native")
    assert {"local_quantum_backend", "local_quantum_service"} <= set(dir(point.load()))


def test_a_circuit_runs_on_the_installed_channel(tmp_path: Path) -> None:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    with IBMProvider(channel="local", store=tmp_path / "jobs.sqlite3", workers=1) as provider:
        backend = provider.get_backend("ibmq_vigo")
        job = backend.run(transpile(circuit, backend, seed_transpiler=1), shots=500)
        assert sum(job.result().get_counts().values()) == 500


def test_the_command_is_installed() -> None:
    command = Path(sys.executable).parent / "qiskit-ibm-native"
    for call in ([str(command)], [sys.executable, "-m", "qiskit_ibm_native"]):
        shown = subprocess.run([*call, "--help"], check=True, capture_output=True, text=True, cwd="/")
        assert shown.stdout.startswith("Usage: qiskit-ibm-native")
