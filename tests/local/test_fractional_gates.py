# SPDX-License-Identifier: Apache-2.0
"""Devices with fractional gates: their targets, and jobs with ``rx`` and ``rzz``, through both clients."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Statevector
from tests.local.test_devices import fake_devices
from tests.support import TESTS, equality

from qiskit_ibm_native import IBMProvider, Snapshot, build_target
from qiskit_ibm_native.local.devices import Catalog
from qiskit_ibm_native.local.fractional_gates import with_fractional_gates
from qiskit_ibm_native.local.server import LocalService

#: A pair of ibm_fez whose gates, fractional ones too, and readout are good.
PAIR = (2, 3)
SHOTS = 20_000


@pytest.fixture(scope="module")
def fractional(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Yield a service with a device of the platform and the official client's fake one."""
    devices: Any = ["fez+fractional", fake_devices() / "fractional"]
    service = LocalService(devices=devices, store=tmp_path_factory.mktemp("fractional") / "jobs", workers=1)
    service.start()
    yield service
    service.stop()


def circuit() -> QuantumCircuit:
    made = QuantumCircuit(2)
    made.rx(0.7, 0)
    made.rx(1.9, 1)
    made.rzz(0.9, 0, 1)
    made.rx(1.1, [0, 1])
    return made


def distance(counts: dict[str, int]) -> float:
    """Return the total variation distance of counts from the ideal distribution."""
    ideal = Statevector(circuit()).probabilities_dict()
    return sum(abs(counts.get(word, 0) / SHOTS - ideal[word]) for word in ideal) / 2


def run_ours(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> tuple[QuantumCircuit, dict[str, int]]:
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    with IBMProvider() as provider:
        backend = provider.get_backend("ibm_fez", use_fractional_gates=True)
        measured = circuit()
        measured.measure_all()
        isa = transpile(measured, backend, optimization_level=1, seed_transpiler=1, initial_layout=PAIR)
        return isa, backend.run(isa, shots=SHOTS).result().get_counts()


def test_the_gates_of_the_calibration_are_added_to_the_configuration_and_nothing_else_is_changed() -> None:
    fez, added = Snapshot.load("fez"), with_fractional_gates(Snapshot.load("fez"))
    assert added.payloads.properties == fez.payloads.properties
    equality.assert_targets_equal(build_target(added, use_fractional_gates=False), build_target(fez))
    before, after = json.loads(fez.payloads.configuration), json.loads(added.payloads.configuration)
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"basis_gates", "gates", "supported_instructions"}
    assert after["basis_gates"] == ["cz", "id", "rx", "rz", "rzz", "sx", "x"]
    target = build_target(added)
    assert set(target["rzz"]) == set(target["cz"])
    assert target["rzz"][PAIR].error == fez.properties.gate_error("rzz", list(PAIR))
    assert target["rx"][(5,)].duration == fez.properties.gate_length("rx", 5)
    assert with_fractional_gates(added) is added
    lima = Snapshot.load("lima")
    assert with_fractional_gates(lima) is lima


def test_fractional_gates_are_asked_for_behind_names_and_paths(tmp_path: Path) -> None:
    Snapshot.load("torino").save(tmp_path / "torino")
    catalog = Catalog(["fez+fractional", f"{tmp_path}+fractional", "lima"])
    has_rzz = {device.name: "rzz" in device.model.basis_gates for device in catalog if not device.is_simulator}
    assert has_rzz == {"ibm_fez": True, "ibm_torino": True, "ibmq_lima": False}
    everything = Catalog("official+fractional")
    assert sum("rzz" in device.model.basis_gates for device in everything if not device.is_simulator) >= 8


@pytest.mark.slow
def test_the_official_client_has_our_targets_and_runs_fractional_gates(
    fractional: LocalService, tmp_path: Path
) -> None:
    import os

    done = subprocess.run(
        [sys.executable, str(TESTS / "support" / "official_fractional.py"), str(tmp_path / "targets"), json.dumps(PAIR)],
        env={**os.environ, **fractional.environment}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert {"rx", "rzz"} <= set(seen["operations"])
    assert distance(seen["counts"]) < 0.06
    devices = {
        "ibm_fez": with_fractional_gates(Snapshot.load("fez")),
        "fake_fractional": Snapshot.load(fake_devices() / "fractional"),
    }
    for (name, choice), target in pickle.loads((tmp_path / "targets").read_bytes()).items():
        ours = build_target(devices[name], use_fractional_gates=choice)
        assert ("rzz" in ours.operation_names) is (choice is not False)
        equality.assert_targets_equal(target, ours, pickled=True)


def test_our_client_runs_fractional_gates(fractional: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    isa, counts = run_ours(fractional, monkeypatch)
    assert {"rx", "rzz"} <= set(isa.count_ops())
    assert "cz" not in isa.count_ops()
    # 0.02 of it are readout and gates; sampling adds 0.02 at most, but for one run in a million.
    assert distance(counts) < 0.06


def test_errors_of_fractional_gates_are_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = with_fractional_gates(Snapshot.load("fez")).with_overrides(
        error={("rzz", PAIR): 0.5, ("rzz", PAIR[::-1]): 0.5}
    )
    service = LocalService(devices=[bad], store=tmp_path / "jobs", workers=1)
    service.start()
    try:
        _, counts = run_ours(service, monkeypatch)
    finally:
        service.stop()
    # A depolarization of 2/3 leaves a third of the distance between the ideal and the uniform distribution.
    assert distance(counts) > 0.15
