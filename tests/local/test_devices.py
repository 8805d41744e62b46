# SPDX-License-Identifier: Apache-2.0
"""The devices of a local service: bundled ones, snapshots, files, and all fake devices of the official client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.support import TESTS

from qiskit_ibm_native import Snapshot, build_target, bundled_devices
from qiskit_ibm_native.exceptions import BackendPayloadError, IBMInputValueError, MissingPackageError
from qiskit_ibm_native.local.device_sources import SavedSnapshot
from qiskit_ibm_native.local.devices import Catalog
from qiskit_ibm_native.local.server import LocalService


def names_of(catalog: Catalog) -> list[str]:
    return [device.name for device in catalog if not device.is_simulator]


def fake_devices() -> Path:
    """Return the folder of the official client's fake devices."""
    spec = find_spec("qiskit_ibm_runtime")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "fake_provider" / "backends"


def test_bundled_devices_are_those_without_a_choice() -> None:
    assert names_of(Catalog()) == sorted(Snapshot.load(name).name for name in bundled_devices())
    assert Catalog().get("local_simulator") is not None


def test_devices_are_chosen_by_name_snapshot_path_and_any_mix(tmp_path: Path) -> None:
    lima = Snapshot.load("lima")
    Snapshot.load("hanoi").save(tmp_path / "hanoi.zip")
    Snapshot.load("torino").save(tmp_path / "torino")
    assert names_of(Catalog("fez")) == names_of(Catalog("ibm_fez")) == names_of(Catalog(["fez"])) == ["ibm_fez"]
    assert names_of(Catalog(lima)) == ["ibmq_lima"]
    assert names_of(Catalog(tmp_path)) == names_of(Catalog(str(tmp_path))) == ["ibm_hanoi", "ibm_torino"]
    assert names_of(Catalog(tmp_path / "hanoi.zip")) == ["ibm_hanoi"]
    assert names_of(Catalog(["vigo", lima, tmp_path / "torino"])) == ["ibm_torino", "ibmq_lima", "ibmq_vigo"]
    assert names_of(Catalog([fake_devices() / "armonk"])) == ["ibmq_armonk"]


def test_several_snapshots_of_a_device_are_its_history_whatever_their_order() -> None:
    fez = Snapshot.load("fez")
    later = fez.with_overrides(t1={0: 1e-6})
    catalog = Catalog([later, "fez", fez])
    device = catalog.get("ibm_fez")
    assert device is not None
    assert set(device.calibrations) == {fez, later}
    assert len(device.calibrations) == 2
    catalog.publish(Snapshot.load("lima"))
    assert names_of(catalog) == ["ibm_fez", "ibmq_lima"]


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ("no_such_device", "bundled devices: boston, fez"),
        (["fez", 5], "devices has a int"),
        ("empty", "has no saved snapshots"),
    ],
)
def test_what_is_no_device_is_refused(
    devices: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(IBMInputValueError, match=message):
        Catalog(devices)


def test_the_simulator_has_no_null_and_lists_the_gates_that_make_all_others_with_their_qubits() -> None:
    simulator = Catalog().get("local_simulator")
    assert simulator is not None
    configuration = json.loads(simulator.latest.payloads.configuration)
    assert configuration["coupling_map"] == []
    maps = {gate["name"]: gate.get("coupling_map") for gate in configuration["gates"]}
    assert maps.keys() == set(configuration["basis_gates"])
    assert maps["rz"] == [[qubit] for qubit in range(32)]
    assert len(maps["cx"]) == len(maps["cz"]) == 32 * 31
    assert maps["ccx"] is None
    target = build_target(simulator.latest)
    assert maps.keys() <= set(target.operation_names)
    assert target.build_coupling_map() is None


def test_damaged_files_of_the_user_are_told_at_the_start(tmp_path: Path) -> None:
    Snapshot.load("lima").save(tmp_path / "lima")
    (tmp_path / "lima" / "properties.json.gz").write_bytes(b"damaged")
    with pytest.raises(BackendPayloadError, match="damaged"):
        Catalog(tmp_path)


def test_official_devices_have_the_names_in_their_payloads_and_are_read_when_they_are_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SavedSnapshot, "whole", property(lambda self: pytest.fail(f"{self.name} was read")))
    catalog = Catalog("official")
    published = [json.loads(path.read_bytes()) for path in fake_devices().glob("*/conf_*.json")]
    assert len(published) >= 60
    assert set(names_of(catalog)) == {configuration["backend_name"] for configuration in published}
    entries = {device.name: device.entry(0) for device in catalog}
    assert all(
        entries[configuration["backend_name"]]["qubits"] == configuration["n_qubits"] for configuration in published
    )
    monkeypatch.undo()
    fez = catalog.get("ibm_fez")
    assert fez is not None
    assert fez.latest == Snapshot.load(fake_devices() / "fez")


def test_the_official_client_is_not_imported_for_its_devices() -> None:
    code = (
        "import sys; from qiskit_ibm_native.local.devices import Catalog; list(Catalog('official'));"
        "print(sorted({'qiskit', 'numpy', 'qiskit_ibm_runtime'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_official_devices_without_the_official_client_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qiskit_ibm_native.local.device_sources.find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match="pip install qiskit-ibm-runtime"):
        Catalog(["fez", "official"])


def test_a_folder_of_fake_devices_is_one_of_devices(tmp_path: Path) -> None:
    for name in ("armonk", "fractional"):
        shutil.copytree(fake_devices() / name, tmp_path / name)
    assert names_of(Catalog(tmp_path)) == ["fake_fractional", "ibmq_armonk"]


def run_official(service: LocalService) -> list[dict[str, Any]]:
    """Return what the official client sees of devices of a service, in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(TESTS / "support" / "official_devices.py")],
        env={**os.environ, **service.environment}, capture_output=True, text=True, timeout=580, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_every_official_device_opens_and_runs_circuits_dynamic_ones_where_its_configuration_says_so(
    tmp_path: Path,
) -> None:
    service = LocalService(devices=["official"], store=tmp_path / "jobs", workers=2)
    service.start()
    try:
        seen = run_official(service)
    finally:
        service.stop()
    assert len(seen) >= 60
    good = 0
    for device in seen:
        width = min(device["qubits"], 2)
        zeros, ones = (device["bell"].get(bit * width, 0) for bit in "01")
        assert sum(device["bell"].values()) == 400, device
        good += zeros + ones > 330 and min(zeros, ones) > 130
        says_so = "if_else" in device["instructions"]
        assert (device["dynamic"] is not None) == says_so, device
    # Some of these calibrations have gates and readouts that fail on the first qubits: 6 of 68 when this was written.
    assert good >= len(seen) - 10
    # The last bit is 0 but for errors, whatever the first one is.
    dynamic = [device["dynamic"] for device in seen if device["dynamic"] is not None]
    assert len(dynamic) >= 20
    assert sum(min(counts.get("00", 0), counts.get("01", 0)) > 130 for counts in dynamic) >= len(dynamic) - 4
