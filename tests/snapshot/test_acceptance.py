# SPDX-License-Identifier: Apache-2.0
"""Snapshots of whatever people hold, and every function that takes them."""

from __future__ import annotations

import json
import shutil
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.fake_provider import FakeFez, FakeFractionalBackend, FakeProviderForBackendV2, FakeVigoV2
from qiskit_ibm_runtime.ibm_backend import IBMRetiredBackend
from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data, properties_from_server_data
from tests.support.accelerated import load_accelerated
from tests.support.equality import assert_targets_equal, coupling_state, durations_state
from tests.support.official import configuration_model, properties_model, shipped_payloads

from qiskit_ibm_native import (
    CalibrationArchive,
    IBMInputValueError,
    IBMProvider,
    Snapshot,
    SnapshotSource,
    accelerate,
    build_coupling_map,
    build_instruction_durations,
    build_target,
    score,
)
from qiskit_ibm_native.acceleration import is_accelerated

DATES = "ignore:The dates of:UserWarning"


class Mine:
    """A device of somebody else's."""

    def __ibm_snapshot__(self) -> Snapshot:
        return Snapshot.load("vigo")


def test_a_snapshot_is_its_own() -> None:
    fez = Snapshot.load("fez")
    assert Snapshot.of(fez) is fez


def test_names_paths_and_folders_of_fake_devices(tmp_path: Path) -> None:
    fez = Snapshot.from_payloads(*shipped_payloads("fez"))
    assert Snapshot.of("ibm_fez") == Snapshot.load("fez")
    fez.save(tmp_path / "saved")
    assert Snapshot.of(tmp_path / "saved") == Snapshot.of(str(tmp_path / "saved")) == fez
    folder = Path(FakeFez().dirname)
    assert Snapshot.load(folder) == Snapshot.of(str(folder)) == fez
    copied = tmp_path / "fake"
    copied.mkdir()
    shutil.copy(folder / "conf_fez.json", copied)
    assert Snapshot.load(copied) == Snapshot.from_payloads(shipped_payloads("fez")[0])


def test_fake_devices_give_the_bytes_of_their_files() -> None:
    for name, backend in (("fez", FakeFez()), ("vigo", FakeVigoV2()), ("fractional", FakeFractionalBackend())):
        assert Snapshot.of(backend) == Snapshot.from_payloads(*shipped_payloads(name))


def test_a_fake_device_that_reads_otherwise_is_asked_for_its_models() -> None:
    class Faster(FakeVigoV2):
        def _load_json(self, filename: str) -> dict[str, Any]:
            content = json.loads((Path(self.dirname) / filename).read_bytes())
            if filename == self.props_filename:
                content["qubits"][0][0]["value"] = 1.0
            return content

    with pytest.warns(UserWarning, match="dates of fake_vigo"):
        assert Snapshot.of(Faster()).columns.t1[0] == 1e-6


@pytest.mark.slow
@pytest.mark.filterwarnings(DATES, "ignore:Properties of fake_nighthawk")
def test_targets_of_snapshots_of_all_official_models_are_equal_bit_by_bit() -> None:
    for backend in FakeProviderForBackendV2().backends():
        assert_targets_equal(backend.target, build_target(Snapshot.of(backend.configuration(), backend.properties())))


def test_models_give_equal_values_and_say_that_dates_may_be_off() -> None:
    payloads = shipped_payloads("fez")
    configuration, properties = configuration_model(payloads[0]), properties_model(payloads[1])
    with pytest.warns(UserWarning, match="they may be hours off") as said:
        snapshot = Snapshot.of(configuration, properties)
    assert said[0].filename == __file__ and len(said) == 1
    published = Snapshot.from_payloads(*payloads)
    assert not published.diff(snapshot).qubits and not published.diff(snapshot).gates
    for key in ("dt", "dtm", "rep_delay_range", "default_rep_delay", "rep_times", "qubit_lo_range", "meas_lo_range"):
        assert getattr(snapshot.configuration, key, None) == getattr(configuration, key, None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Snapshot.of(configuration).properties is None


def test_decoded_dictionaries_keep_their_dates() -> None:
    payloads = shipped_payloads("lima")
    configuration, properties = map(json.loads, payloads)
    published = Snapshot.from_payloads(*payloads)
    snapshot = Snapshot.of(configuration, properties)
    assert snapshot.last_update == published.last_update and not published.diff(snapshot)
    assert Snapshot.of((configuration, properties)) == snapshot and Snapshot.of(configuration).num_qubits == 5
    shown = published.configuration.to_dict(), published.properties.to_dict()
    assert Snapshot.of(*shown).properties.qubits == published.properties.qubits


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_backends_of_a_service_give_their_snapshot(provider: IBMProvider) -> None:
    ours = provider.get_backend("ibm_fez")
    assert Snapshot.of(ours) == ours.snapshot
    theirs = QiskitRuntimeService().backend("ibm_fez")
    assert_targets_equal(theirs.target, build_target(theirs))
    assert not ours.snapshot.diff(theirs, rtol=0).qubits
    with accelerate(), warnings.catch_warnings():
        warnings.filterwarnings("error", "The dates")
        theirs = QiskitRuntimeService().backend("ibm_fez")
        assert Snapshot.of(theirs) == ours.snapshot
        assert_targets_equal(theirs.target, build_target(theirs))


@pytest.mark.filterwarnings(DATES)
@pytest.mark.parametrize(
    "source", [FakeVigoV2(), "vigo", Mine(), FakeVigoV2().configuration()], ids=lambda source: type(source).__name__
)
def test_everything_that_takes_a_snapshot_takes_what_people_hold(source: Any, tmp_path: Path) -> None:
    snapshot = Snapshot.of(source)
    assert_targets_equal(build_target(snapshot), build_target(source))
    assert durations_state(build_instruction_durations(snapshot)) == durations_state(
        build_instruction_durations(source)
    )
    assert coupling_state(build_coupling_map(snapshot)) == coupling_state(build_coupling_map(source))
    circuit = QuantumCircuit(5)
    circuit.x(0)
    assert score(circuit, source).esp == score(circuit, snapshot).esp
    assert not snapshot.diff(source)
    if snapshot.properties is not None:
        with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
            assert archive.add(source) and archive.latest(snapshot.name) == snapshot


@pytest.mark.filterwarnings(DATES)
def test_fractional_gates_that_a_configuration_leaves_out_stay_out() -> None:
    payloads = shipped_payloads("fractional")

    def shown() -> list[Any]:
        configuration = configuration_from_server_data(
            load(payloads[0], is_properties=False), use_fractional_gates=False
        )
        properties = properties_from_server_data(load(payloads[1], is_properties=True))
        models = configuration, properties
        return [build_target(source).operation_names for source in (models, configuration, Snapshot.of(*models))]

    def load(payload: bytes, *, is_properties: bool) -> Any:
        return load_accelerated(payload, is_properties=is_properties) if is_accelerated() else json.loads(payload)

    without = shown()
    with accelerate():
        assert shown() == without
    assert not {"rx", "rzz"} & set().union(*without) and "rx" in build_target(FakeFractionalBackend()).operation_names


@pytest.mark.filterwarnings(DATES)
@pytest.mark.parametrize("is_on", [False, True])
def test_a_fake_device_that_was_changed_is_taken_as_changed(is_on: bool, tmp_path: Path) -> None:
    for name in ("hanoi", "vigo"):
        for kind in ("conf", "props"):
            shutil.copy(Path(FakeVigoV2().dirname).parent / name / f"{kind}_{name}.json", tmp_path)
    (tmp_path / "conf_hanoi.json").rename(tmp_path / "device.json")
    (tmp_path / "props_hanoi.json").rename(tmp_path / "calibration.json")

    class Elsewhere(FakeVigoV2):
        dirname, conf_filename, props_filename = str(tmp_path), "device.json", "calibration.json"

    with accelerate() if is_on else nullcontext():
        assert Snapshot.of(Elsewhere()) == Snapshot.from_payloads(*shipped_payloads("hanoi"))
        backend = FakeVigoV2()
        backend.properties()
        assert Snapshot.of(backend) == Snapshot.from_payloads(*shipped_payloads("vigo"))
        backend._props_dict["qubits"][0][0]["value"] = 1.0
        backend._conf_dict["basis_gates"] = ["id", "cx"]
        assert_targets_equal(backend.target, build_target(backend))
        backend = FakeVigoV2()
        backend.properties = FakeVigoV2().properties
        assert Snapshot.of(backend).columns.t1[0] == Snapshot.load("vigo").columns.t1[0]


def test_a_retired_backend_of_the_official_client_has_a_snapshot() -> None:
    assert Snapshot.of(IBMRetiredBackend.from_name("gone")).num_qubits == 1


def test_what_gives_no_snapshot_says_so() -> None:
    class Wrong:
        def __ibm_snapshot__(self) -> str:
            return "fez"

    with pytest.raises(IBMInputValueError, match=r"__ibm_snapshot__\(\) of Wrong must return a Snapshot, not str"):
        build_target(Wrong())
    for content in ({"n_qubits": {1, 2}}, {"n_qubits": object()}):
        with pytest.raises(IBMInputValueError, match="cannot be a payload of a device"):
            Snapshot.of(content)


def test_the_protocol_is_recognised() -> None:
    assert isinstance(Mine(), SnapshotSource) and not isinstance(Snapshot.load("vigo"), SnapshotSource)
    assert Snapshot.of(Mine()) == Snapshot.load("vigo")


@pytest.mark.parametrize("source", [None, 5, [], {"a": 1}, object(), QuantumCircuit(1), b"x"])
def test_what_describes_no_device_is_refused_with_advice(source: Any) -> None:
    for take in (
        Snapshot.of,
        build_target,
        build_coupling_map,
        build_instruction_durations,
        Snapshot.load("vigo").diff,
    ):
        with pytest.raises(
            IBMInputValueError, match=r"There is no snapshot of .*Give a Snapshot, the name of a bundled"
        ):
            take(source)
