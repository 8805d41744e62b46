# SPDX-License-Identifier: Apache-2.0
"""The local service and other processes: simulators, children that were forked off, hostile folders, open files."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from qiskit_ibm_native._processes import import_path
from qiskit_ibm_native.local.jobs import simulator
from qiskit_ibm_native.local.jobs.store import Store
from qiskit_ibm_native.local.server import LocalService

# Hostile folders

HOSTILE = ("queue", "json", "numpy", "pickle", "struct", "subprocess", "orjson", "qiskit", "ctypes", "argparse")
ONE_JOB = """
import sys
from qiskit import QuantumCircuit
from qiskit_ibm_native._processes import import_path
from qiskit_ibm_native import IBMProvider
circuit = QuantumCircuit(1, 1)
circuit.x(0)
circuit.measure(0, 0)
with IBMProvider(channel="local", workers=1) as provider:
    print(provider.get_backend("local_simulator").run(circuit, shots=3).result(timeout=120).get_counts())
"""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Give a folder of modules that tell if they are imported."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    for name in HOSTILE:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'IMPORTED')!r}, 'a').write({name + ' '!r})\n")
    return folder


@pytest.mark.slow
def test_a_program_that_is_elsewhere_imports_nothing_from_the_current_folder(hostile: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(ONE_JOB)
    done = subprocess.run(
        [sys.executable, str(program)], cwd=hostile, capture_output=True, text=True, timeout=120, check=False
    )
    assert "{'1': 3}" in done.stdout
    assert not (hostile / "IMPORTED").exists()


@pytest.mark.parametrize("command", ["script", "module"])
@pytest.mark.slow
def test_the_command_imports_nothing_from_the_current_folder(hostile: Path, command: str) -> None:
    started = {
        "script": [str(Path(sys.executable).parent / "qiskit-ibm-native")],
        "module": [sys.executable, "-m", "qiskit_ibm_native"],
    }[command]
    with subprocess.Popen(
        [*started, "serve", "--port", "0"], cwd=hostile, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert any("Ctrl-C" in line for line in process.stdout)
            (child,) = waited_for(process.pid, 1)
            wait_until_ready(child)
        finally:
            process.send_signal(signal.SIGTERM)
    assert not (hostile / "IMPORTED").exists()


def test_an_interactive_interpreters_current_folder_is_not_handed_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", "beside", *sys.path, Path("/no/text")])
    path = import_path()
    assert path[0] == str(tmp_path / "beside")
    assert all(Path(entry).is_absolute() for entry in path)
    assert str(tmp_path) not in path
    assert str(Path(simulator.__file__).parents[3]) in path


def waited_for(parent: int, count: int) -> list[psutil.Process]:
    """Return the processes that a process started, when there are so many."""
    deadline = time.monotonic() + 60
    children: list[psutil.Process] = []
    while len(children) < count and time.monotonic() < deadline:
        children = psutil.Process(parent).children()
        time.sleep(0.02)
    return children


def wait_until_ready(child: psutil.Process) -> None:
    """Wait until a process has imported what it needs: it does nothing then."""
    deadline = time.monotonic() + 60
    before = -1.0
    while (now := sum(child.cpu_times()[:2])) != before or now < 0.2:
        assert time.monotonic() < deadline
        before = now
        time.sleep(0.5)


# Ends


def test_a_simulator_whose_starter_is_gone_already_does_not_begin() -> None:
    script = "from qiskit_ibm_native.local.jobs.simulator_main import main; main(2, 1 << 30, 1 << 30)"
    done = subprocess.run([sys.executable, "-c", script], stdin=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 0


SIGNALLED = """
import signal, threading, time
from qiskit_ibm_native.local.server import LocalService
service = LocalService(workers=1)
def tell():
    while not service._server.started:
        time.sleep(0.01)
    time.sleep(0.3)  # The main thread waits by now.
    signal.pthread_kill(threading.get_ident(), signal.{name})
threading.Thread(target=tell).start()
service.serve()
print("ended", service._is_stopped, signal.set_wakeup_fd(-1))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_service_ends_whatever_thread_a_signal_reaches(name: str) -> None:
    """A thread that waits for a lock is not woken by a signal that reaches another one."""
    code = SIGNALLED.format(name=name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "ended True -1\n", done.stderr
    assert done.returncode == 0


# Children


FORK = """
import os, sys
from qiskit_ibm_native.local import connect
from qiskit_ibm_native.local.server import LocalService
service = LocalService(workers=1)
service.start()
connection = connect(store=os.environ["QISKIT_IBM_NATIVE_LOCAL_STORE"] + ".other")
import atexit
atexit.register(service.stop)
atexit.register(connection.close)
child = os.fork()
if child == 0:
    service.stop()
    connection.close()
    service._store.close()
    assert not service._is_stopped
    sys.exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
import requests
header = {"Authorization": f"apikey {service.token}", "Service-CRN": service.crn}
assert requests.get(f"{service.url}/api/v1/backends", headers=header).status_code == 200
print(service.url, service._store.owner, flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_a_child_that_exits_leaves_its_parents_service_and_jobs_alone(tmp_path: Path) -> None:
    store = tmp_path / "local.sqlite3"
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        _, owner = process.stdout.readline().split()
        assert [path.name for path in tmp_path.glob("local.sqlite3-*.lock")] == [f"local.sqlite3-{owner}.lock"]
        with sqlite3.connect(store) as db:
            db.execute(
                "INSERT INTO jobs (id, number, backend, program, status, created, tags, cost, private, owner, noise)"
                " VALUES ('theirs', 1, 'ibmq_vigo', 'sampler', 'Running', '', '[]', 1, 0, ?, 0)",
                (owner,),
            )
        db.close()
        other = Store(store)
        assert other.adopt(["ibmq_vigo"]) == []
        process.kill()
        process.wait()
        assert other.adopt(["ibmq_vigo"]) == ["theirs"]
        other.close()


SURVIVED = """
import os, time
from qiskit_ibm_native.local.server import LocalService
service = LocalService(workers=1)
service.start()
import requests
session = requests.Session()
assert session.get(f"{service.url}/versions").status_code == 200
while not service._workers.descriptors():
    time.sleep(0.01)
child = os.fork()
if child:
    print(service.url.rsplit(":")[-1], service._store.owner, child, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_a_child_that_lives_on_holds_nothing_of_a_service_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SURVIVED], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port, owner, child = process.stdout.readline().split()
        try:
            simulators = [found for found in psutil.Process(process.pid).children() if found.pid != int(child)]
            process.kill()
            process.wait()
            following = LocalService(port=int(port), workers=1)
            assert following._store._is_dead(owner)
            following.stop()
            assert len(simulators) == 1
            _, alive = psutil.wait_procs(simulators, timeout=20)
            assert not alive
        finally:
            os.kill(int(child), signal.SIGKILL)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_parent_and_children_use_stores_of_their_own_on_one_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs")
    session = store.add_session("b", "batch", 60)
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            status = 1
            with suppress(BaseException):
                with pytest.raises(sqlite3.ProgrammingError, match="another process"):
                    store.session(session)
                own = Store(tmp_path / "jobs")
                for _ in range(25):
                    own.add_session("b", "batch", 60)
                own.close()
                status = 0
            os._exit(status)
        children.append(child)
        store.add_session("b", "batch", 60)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert store._rows("SELECT COUNT(*) FROM sessions")[0][0] == 105
    assert store._rows("PRAGMA integrity_check")[0][0] == "ok"
    store.close()
    assert not list(tmp_path.glob("*.lock"))


# Files


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.fixture(params=[0o000, 0o022, 0o077])
def mask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.usefixtures("mask")
def test_a_new_store_and_its_folder_are_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "er"
    store = Store(folder / "jobs.sqlite3")
    store.add_session("b", "batch", 60)
    found = modes(folder)
    assert len(found) == 4
    assert set(found.values()) == {0o600}
    assert modes(tmp_path / "new")["er"] == modes(tmp_path)["new"] == 0o700
    store.close()


@pytest.mark.usefixtures("mask")
def test_a_store_that_is_open_to_others_is_closed_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QISKIT_IBM_NATIVE_LOCAL_STORE")
    folder = tmp_path / "home" / ".qiskit" / "qiskit-ibm-native"
    first = LocalService(workers=1)
    first._store.add_session("b", "batch", 60)
    for path in folder.iterdir():
        path.chmod(0o644)
    folder.chmod(0o755)
    folder.parent.chmod(0o777)
    second = LocalService(workers=1)
    found = modes(folder)
    assert {name for name, mode in found.items() if mode != 0o600} == {f"local.sqlite3-{first._store.owner}.lock"}
    assert modes(folder.parent)["qiskit-ibm-native"] == modes(folder.parent.parent)[".qiskit"] == 0o700
    second.stop()
    first.stop()


def test_folders_of_others_are_left_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)
    Store(tmp_path / "jobs").close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o775


def test_locks_that_somebody_planted_are_neither_followed_nor_taken_for_dead(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "jobs-planted.lock").symlink_to(target)
    os.mkfifo(tmp_path / "jobs-pipe.lock")
    (tmp_path / "jobs-folder.lock").mkdir()
    store = Store(tmp_path / "jobs")
    assert store.adopt(["b"]) == []
    assert not target.exists()
    store.close()


def is_held(store: Path) -> bool:
    """Return whether another process may not have the file for itself alone."""
    script = f"""
import sqlite3
db = sqlite3.connect({str(store)!r}, isolation_level=None, timeout=0)
db.execute("PRAGMA locking_mode = EXCLUSIVE")
try:
    db.execute("BEGIN EXCLUSIVE")
except sqlite3.OperationalError as error:
    assert "locked" in str(error)
else:
    raise SystemExit(1)
"""
    return subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0


def test_services_of_one_process_do_not_take_each_others_locks(tmp_path: Path) -> None:
    store = tmp_path / "jobs"
    services = [LocalService(store=store, workers=1) for _ in range(2)]
    assert is_held(store)
    services[0].stop()
    assert is_held(store)
    services[1].stop()
    assert not is_held(store)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_the_store_of_a_child_holds_locks_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs")
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            own = Store(tmp_path / "jobs")
            own.add_session("b", "batch", 60)
            os.write(ready[1], b"!")
            os.read(done[0], 1)
        os._exit(0)
    os.close(ready[1])
    assert os.read(ready[0], 1) == b"!"
    store.close()
    is_held_by_the_child = is_held(tmp_path / "jobs")
    os.write(done[1], b"!")
    os.waitpid(child, 0)
    for descriptor in (ready[0], *done):
        os.close(descriptor)
    assert is_held_by_the_child
