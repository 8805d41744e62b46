# SPDX-License-Identifier: Apache-2.0
"""Snapshots: names, digests, disk, pickles, threads."""

from __future__ import annotations

import copy
import datetime
import hashlib
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests.support.device import configuration, payload, properties

from qiskit_ibm_native import BackendPayloadError, Snapshot, build_target, bundled_devices

DEVICES = ["boston", "fez", "hanoi", "kingston", "lima", "miami", "sherbrooke", "torino", "vigo", "washington"]


def test_bundled_devices() -> None:
    assert bundled_devices() == DEVICES
    snapshots = [Snapshot.load(name) for name in DEVICES]
    assert [it.num_qubits for it in snapshots] == [156, 156, 27, 156, 5, 120, 127, 133, 5, 127]
    assert [it.name.removeprefix("ibm_").removeprefix("ibmq_") for it in snapshots] == DEVICES
    assert [name for name, it in zip(DEVICES, snapshots, strict=True) if it.payloads.defaults is not None] == [
        "hanoi",
        "lima",
        "sherbrooke",
        "washington",
    ]
    assert Snapshot.load("fez") == Snapshot.load("ibm_fez")
    assert Snapshot.load("ibmq_vigo").name == "ibmq_vigo"


def test_attributes() -> None:
    fez = Snapshot.load("fez")
    zone = datetime.timezone(datetime.timedelta(hours=-5))
    assert fez.last_update == datetime.datetime(2025, 2, 26, 15, 16, 25, tzinfo=zone)
    assert fez.last_update is not None and fez.last_update.utcoffset() == datetime.timedelta(hours=-5)
    bare = Snapshot.from_payloads(fez.payloads.configuration)
    assert bare.last_update is None and bare.properties is None
    assert repr(bare) == f"<Snapshot ibm_fez: 156 qubits, no properties, {bare.digest[:12]}>"
    assert "2025-02-26T15:16:25-05:00" in repr(fez)


def test_digest_is_sha_256_of_lengths_and_payloads() -> None:
    conf, props = payload(configuration()), payload(properties())
    framed = len(conf).to_bytes(8, "little") + conf + len(props).to_bytes(8, "little") + props + b"\xff" * 8
    snapshot = Snapshot.from_payloads(conf, props)
    assert snapshot.digest == hashlib.sha256(framed).hexdigest()
    assert len({snapshot, Snapshot.from_payloads(conf, props), Snapshot.from_payloads(conf)}) == 2
    # The same content in other bytes is another snapshot: payloads are kept exactly.
    assert snapshot != Snapshot.from_payloads(conf + b" ", props)
    assert snapshot != "snapshot"


def test_immutable() -> None:
    snapshot = Snapshot.load("vigo")
    for change in (
        lambda: setattr(snapshot, "name", "other"),
        lambda: setattr(snapshot, "_native", None),
        lambda: delattr(snapshot, "_native"),
    ):
        with pytest.raises(AttributeError, match="immutable"):
            change()
    with pytest.raises(TypeError, match="from_payloads"):
        Snapshot()
    assert copy.copy(snapshot) is copy.deepcopy(snapshot) is snapshot


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["folder", "file.zip"])
def test_save_is_lossless(device: str, name: str, tmp_path: Path) -> None:
    snapshot = Snapshot.load(device)
    path = tmp_path / "new" / name
    snapshot.save(path)
    again = Snapshot.load(path)
    assert again == snapshot and again.payloads == snapshot.payloads
    assert path.is_file() is name.endswith(".zip")
    assert os.listdir(path.parent) == [name]


@pytest.mark.parametrize("name", ["folder", "file.zip"])
def test_save_replaces_a_snapshot_and_nothing_else(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / name
    Snapshot.load("lima").save(path)
    Snapshot.load("vigo").save(str(path))
    assert Snapshot.load(path) == Snapshot.load("vigo")
    first = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    Snapshot.load("vigo").save(path)
    assert first == {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    # A failure in the middle leaves what was there.
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("gzip.compress", fail)
    monkeypatch.setattr("zipfile.ZipFile.writestr", fail)
    with pytest.raises(OSError, match="disk full"):
        Snapshot.load("lima").save(path)
    assert Snapshot.load(path) == Snapshot.load("vigo")
    assert os.listdir(tmp_path) == [name]


def test_save_leaves_other_things_alone(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("...")
    with pytest.raises(FileExistsError, match="was not changed"):
        Snapshot.load("vigo").save(folder)
    assert [it.name for it in folder.iterdir()] == ["chapter.tex"]
    (tmp_path / "thesis.zip").write_text("chapters")
    with pytest.raises(FileExistsError):
        Snapshot.load("vigo").save(tmp_path / "thesis.zip")
    assert (tmp_path / "thesis.zip").read_text() == "chapters"
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(FileExistsError):
        Snapshot.load("vigo").save(tmp_path / "folder.zip")


def test_save_that_fails_in_the_last_step_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "folder"
    Snapshot.load("lima").save(path)
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if target == path:
            raise OSError("disk")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk"):
        Snapshot.load("vigo").save(path)
    assert Snapshot.load(path) == Snapshot.load("lima")
    assert os.listdir(tmp_path) == ["folder"]


def test_load_of_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match="bundled devices: boston, fez"):
        Snapshot.load("fex")
    with pytest.raises(FileNotFoundError, match="no configuration"):
        Snapshot.load(tmp_path)
    # A string is a name first; a path object is a path.
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"save to '\./vigo'"):
        Snapshot.load("lima").save("vigo")
    Snapshot.load("lima").save("./vigo")
    with pytest.raises(FileNotFoundError):
        Snapshot.load("ibm_ibmq_fez")
    assert Snapshot.load("vigo").name == "ibmq_vigo"
    assert Snapshot.load(Path("vigo")).name == Snapshot.load("./vigo").name == "ibmq_lima"


def test_load_of_something_else(tmp_path: Path) -> None:
    snapshot = Snapshot.from_payloads(payload(configuration()))
    snapshot.save(tmp_path / "bare")
    assert Snapshot.load(tmp_path / "bare").properties is None
    text = tmp_path / "notes.txt"
    text.write_text("no snapshot")
    with pytest.raises(BackendPayloadError):
        Snapshot.load(text)
    damaged = tmp_path / "bare" / "configuration.json.gz"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(BackendPayloadError, match="configuration"):
        Snapshot.load(tmp_path / "bare")


def test_pickles() -> None:
    for snapshot in (Snapshot.load("lima"), Snapshot.from_payloads(payload(configuration()))):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(snapshot, protocol))
            assert again == snapshot and again.payloads == snapshot.payloads and hash(again) == hash(snapshot)
    pickled = pickle.dumps(Snapshot.load("fez"))
    # As its payloads, never as Qiskit objects.
    assert len(pickled) < 1.01 * sum(len(it) for it in Snapshot.load("fez").payloads if it)


def _count(snapshot: Snapshot) -> int:
    return len(build_target(snapshot).instructions)


def test_travels_to_other_processes() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(_count, [Snapshot.load("lima"), Snapshot.load("fez")])) == [43, 1447]


def test_parse_many_keeps_order() -> None:
    payloads = [Snapshot.load(name).payloads for name in DEVICES] * 5
    for threads in (1, 2, 7, None):
        assert Snapshot.parse_many(payloads, threads) == [Snapshot.load(name) for name in DEVICES] * 5
    pairs = ((it.configuration, it.properties) for it in payloads[:3])
    assert [it.name for it in Snapshot.parse_many(pairs)] == ["ibm_boston", "ibm_fez", "ibm_hanoi"]
    assert Snapshot.parse_many([]) == []


def test_one_snapshot_in_many_threads() -> None:
    snapshot = Snapshot.load("boston")
    barrier = threading.Barrier(8)

    def use(_: int) -> tuple[str, int, float, float]:
        barrier.wait()
        model = snapshot.properties
        assert model is not None
        return snapshot.digest, _count(snapshot), model.t1(7), model.gate_error("cz", (0, 1))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(use, range(8)))) == 1


def test_parsing_lets_other_threads_run() -> None:
    """While one thread parses for long, another one gets on."""
    conf, props, _ = Snapshot.load("boston").payloads
    beats, done = [0], threading.Event()

    def beat() -> None:
        while not done.wait(0.0005):
            beats[0] += 1

    thread = threading.Thread(target=beat)
    interval = sys.getswitchinterval()
    # With such an interval, a thread that does not let go of the interpreter keeps it throughout.
    sys.setswitchinterval(100)
    try:
        thread.start()
        Snapshot.parse_many([(conf, props)] * 200, threads=1)
        seen = beats[0]
        done.set()
    finally:
        sys.setswitchinterval(interval)
        done.set()
        thread.join()
    assert seen > 0


def test_import_is_light() -> None:
    code = """
import sys
import qiskit_ibm_native
assert [name for name in sys.modules if name.startswith("qiskit")] == ["qiskit_ibm_native"], sys.modules
snapshot = qiskit_ibm_native.Snapshot.load("fez")
assert snapshot.configuration.n_qubits == 156 and snapshot.properties.t1(0) > 0 and snapshot.digest
snapshot.properties.to_dict(), snapshot.configuration.to_dict()
heavy = {"qiskit", "numpy", "rustworkx", "requests", "orjson", "qiskit_ibm_runtime"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
