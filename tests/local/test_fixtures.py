# SPDX-License-Identifier: Apache-2.0
"""The fixtures of pytest, in runs of pytest of their own, in a project that has nothing but the package."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support import ROOT

#: Other plug-ins of this environment; a user's project has none of them.
ALONE = ("-p", "no:cacheprovider", "-p", "no:run-parallel", "-p", "no:timeout")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder of a project whose environment has the entry points of pyproject.toml."""
    (group,) = re.findall(r"entry-points.pytest11\]\n((?:\w+ = .+\n)+)", (ROOT / "pyproject.toml").read_text())
    # Unless the installed package has them.
    if not any(point.name == "qiskit_ibm_native" for point in importlib.metadata.entry_points(group="pytest11")):
        installed = tmp_path / "installed" / "fixtures-0.dist-info"
        installed.mkdir(parents=True)
        (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: fixtures\nVersion: 0\n")
        (installed / "entry_points.txt").write_text("[pytest11]\n" + group.replace('"', ""))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    return folder


def run(project: Path, source: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a file of tests."""
    (project / "test_project.py").write_text(source)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = os.pathsep.join([str(project.parent / "installed"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "-q", *ALONE, *arguments]
    return subprocess.run(
        command, cwd=cwd or project, env=environment, check=False, capture_output=True, text=True, timeout=300
    )


def outcome(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


OWN = """
import os
from pathlib import Path

import pytest
from qiskit import QuantumCircuit

from qiskit_ibm_native import IBMProvider

TOSSED = []


def tossed(backend):
    circuit = QuantumCircuit(1, 1)
    circuit.sx(0)
    circuit.measure(0, 0)
    return backend.run(circuit, shots=200, memory=True).result().get_memory()


@pytest.mark.parametrize("time", [1, 2])
def test_a_test_has_no_jobs_of_others_and_always_the_same_seeds(local_quantum_backend, time):
    assert local_quantum_backend.name == "ibmq_vigo"
    TOSSED.append([tossed(local_quantum_backend), tossed(local_quantum_backend)])
    assert TOSSED[-1][0] != TOSSED[-1][1]
    assert TOSSED[-1] == TOSSED[0]
    with IBMProvider() as provider:
        assert len(provider.jobs()) == 2


@pytest.mark.quantum_device("ibm_fez")
def test_a_mark_chooses_the_device(local_quantum_backend):
    assert local_quantum_backend.num_qubits == 156


@pytest.mark.parametrize("local_quantum_backend", ["ibm_fez", "ibmq_lima"], indirect=True)
def test_a_parameter_chooses_the_device(local_quantum_backend, request):
    assert local_quantum_backend.name in request.node.name


@pytest.mark.quantum_fault("status", match="/usage", status=418)
def test_a_mark_adds_a_fault(local_quantum_service):
    with IBMProvider() as provider:
        with pytest.raises(Exception, match="418"):
            provider.usage()


def test_faults_of_other_tests_are_gone(local_quantum_service):
    with IBMProvider() as provider:
        assert provider.usage()["plan_id"]
        assert provider.jobs() == []


def test_accounts_of_the_user_are_not_looked_at(local_quantum_service):
    assert Path("~/.qiskit/qiskit-ibm.json").expanduser().exists()
    with IBMProvider() as provider:
        assert provider.active_account()["token"] == local_quantum_service.token


def test_without_a_fixture_the_environment_is_the_users():
    assert os.environ["QISKIT_IBM_TOKEN"] == "the users"
    assert "QISKIT_IBM_URL" not in os.environ
"""


@pytest.mark.slow
def test_a_project_tests_its_code_with_the_fixtures(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "the users")
    accounts = Path(os.environ["HOME"]) / ".qiskit" / "qiskit-ibm.json"
    accounts.parent.mkdir(parents=True)
    account = {"channel": "ibm_cloud", "token": "t" * 44, "url": "https://cloud.ibm.com", "is_default_account": True}
    accounts.write_text(json.dumps({"default-ibm-cloud": account}))
    done = run(project, OWN, "-p", "no:xdist")
    assert "9 passed" in done.stdout, outcome(done)
    # Processes of pytest-xdist have a service each, and leave nothing behind.
    done = run(project, OWN, "-n", "2")
    assert "9 passed" in done.stdout, outcome(done)
    assert json.loads(accounts.read_text()) == {"default-ibm-cloud": account}
    assert [path.name for path in accounts.parent.iterdir()] == [accounts.name]


OFFICIAL = """
import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2


@pytest.mark.quantum_device(client="qiskit-ibm-runtime")
def test_the_official_client_is_unchanged(local_quantum_backend):
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    counts = SamplerV2(local_quantum_backend).run([circuit], shots=100).result()[0].data.c.get_counts()
    assert counts["1"] > 50
    assert local_quantum_backend.name == "ibm_fez"
    assert len(QiskitRuntimeService().jobs()) == 1
"""


@pytest.mark.official
@pytest.mark.slow
def test_settings_of_a_project_choose_devices_and_client(project: Path) -> None:
    with (project / "pytest.ini").open("a") as settings:
        settings.write(
            "  default::DeprecationWarning\nquantum_device = ibm_fez\nquantum_seed = 5\nquantum_noise = false\n"
        )
    done = run(project, OFFICIAL, "-p", "no:xdist")
    assert "1 passed" in done.stdout, outcome(done)


UNUSED = """
import sys
from pathlib import Path


def test_which_modules_there_are():
    Path("modules").write_text(" ".join(sys.modules))
"""


@pytest.mark.slow
def test_projects_that_use_no_fixture_notice_nothing(project: Path) -> None:
    """Nothing is imported that nobody asked for, and without the plug-in there are no marks of it."""
    loaded = []
    for arguments in ((), ("-p", "no:qiskit_ibm_native")):
        done = run(project, UNUSED, "-p", "no:xdist", *arguments)
        assert "1 passed" in done.stdout, outcome(done)
        loaded.append(set((project / "modules").read_text().split()))
    added = loaded[0] - loaded[1]
    assert {name.partition(".")[0] for name in added} - set(sys.stdlib_module_names) == {"qiskit_ibm_native"}
    assert sorted(name for name in added if name.startswith("qiskit_ibm_native")) == [
        "qiskit_ibm_native", "qiskit_ibm_native.local", "qiskit_ibm_native.local.pytest_plugin",
    ]  # fmt: skip
    without = run(project, UNUSED, "-p", "no:xdist", "-p", "no:qiskit_ibm_native", "--markers")
    assert "quantum_" not in without.stdout
    assert "quantum_device(" in run(project, "", "--markers").stdout


@pytest.mark.slow
def test_the_plug_in_costs_nothing_before_a_fixture_is_used() -> None:
    """It is imported in a hundredth of the time that pytest itself takes."""
    code = """
import time, pytest, _pytest.config
before = time.process_time()
import qiskit_ibm_native.local.pytest_plugin
print(time.process_time() - before)
"""
    seconds = []
    for _ in range(5):
        start = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        seconds.append(float(done.stdout))
        assert time.monotonic() - start < 60
    # 2 ms of processor time; the machine may be ten times as slow now and then.
    assert min(seconds) < 0.02


@pytest.mark.slow
def test_wrong_settings_and_marks_are_told(project: Path) -> None:
    source = """
import pytest


@pytest.mark.quantum_device("ibm_fez", client="cirq")
def test_client(local_quantum_backend):
    pass


@pytest.mark.quantum_fault("explosion")
def test_fault(local_quantum_service):
    pass


@pytest.mark.quantum_fault()
def test_no_fault(local_quantum_service):
    pass


@pytest.mark.quantum_device("ibm_fez", "qiskit-ibm-runtime")
def test_positional(local_quantum_backend):
    pass


@pytest.mark.quantum_device(5)
def test_number(local_quantum_backend):
    pass
"""
    done = run(project, source, "-p", "no:xdist")
    assert (
        "There is no client 'cirq' of quantum_device; use one of qiskit-ibm-native, qiskit-ibm-runtime" in done.stdout
    )
    assert "The mark quantum_fault of this test is wrong: kind of a fault is 'explosion'; use one of" in done.stdout
    assert "The mark quantum_device of this test is wrong: " in done.stdout
    assert "The mark quantum_device of this test is wrong: it has 5; it takes the name of a device" in done.stdout
    assert "The mark quantum_fault of this test is wrong: Fault.__init__() missing 1 required" in done.stdout
    assert "pytest_plugin.py" not in done.stdout
    assert "5 errors" in done.stdout


STOPPED = """
import pytest
from qiskit_ibm_native import IBMProvider


def test_stop(local_quantum_service):
    local_quantum_service.stop()


def test_later(local_quantum_backend):
    assert local_quantum_backend.name == "ibmq_vigo"
    with IBMProvider() as provider:
        assert {backend.name for backend in provider.backends()} == {"ibmq_vigo", "local_simulator"}
"""


@pytest.mark.slow
def test_a_test_that_stops_the_service_breaks_no_later_one_and_paths_are_those_of_the_project(project: Path) -> None:
    from qiskit_ibm_native import Snapshot

    Snapshot.load("vigo").save(project / "snapshots" / "vigo")
    with (project / "pytest.ini").open("a") as settings:
        settings.write("quantum_devices = snapshots\n")
    (project / "below").mkdir()
    (project / "below" / "test_below.py").write_text(STOPPED)
    # From another folder than that of the settings.
    done = run(project, "", "-p", "no:xdist", "-c", str(project / "pytest.ini"), cwd=project / "below")
    assert "2 passed" in done.stdout, outcome(done)
