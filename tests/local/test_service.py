# SPDX-License-Identifier: Apache-2.0
"""The local service: restarts and crashes, history, noise, what it refuses, and many clients at once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from qiskit import QuantumCircuit, transpile
from qiskit.providers import JobStatus
from tests.support import device
from tests.support.processes import arguments_of

from qiskit_ibm_native import IBMProvider, Snapshot
from qiskit_ibm_native.cli import main
from qiskit_ibm_native.exceptions import (
    IBMBackendApiError,
    IBMError,
    IBMInputValueError,
    IBMJobFailureError,
    MissingPackageError,
)
from qiskit_ibm_native.local.jobs.store import Store
from qiskit_ibm_native.local.server import LocalService
from qiskit_ibm_native.local.service.tokens import Tokens


def flipped(number: int = 1) -> QuantumCircuit:
    circuit = QuantumCircuit(number, number)
    circuit.x(range(number))
    circuit.measure(range(number), range(number))
    return circuit


class Served:
    """The command ``serve`` in a process of its own, always with the same key and port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self.environment: dict[str, str] = {}

    def start(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "qiskit_ibm_native", "serve", "--token", "key", "--port", str(self.port), "--store",
                str(self.folder / "jobs.sqlite3"), "--workers", "2", *arguments,
            ],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        for line in self.process.stdout or ():
            if line.strip().startswith("export "):
                name, _, value = line.strip().removeprefix("export ").partition("=")
                self.environment[name] = value.strip("'")
            if "Ctrl-C" in line:
                break
        self.port = int(self.environment["IAM_URL"].rsplit(":", 1)[1])

    def end(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    served = Served(tmp_path)
    served.start()
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    yield served
    served.end(signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.slow
def test_a_restart_in_the_middle_of_a_hundred_jobs_loses_nothing(served: Served, number: int) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("local_simulator")
        jobs = [backend.run(flipped(), shots=n + 1) for n in range(100)]
        session = provider.get_backend("ibmq_vigo").open_session()
        jobs[5].result()
        served.end(number)
        served.start()
        for n, job in enumerate(jobs):
            assert job.result(timeout=120).get_counts() == {"1": n + 1}
        assert len(provider.jobs(limit=None)) == 100
        assert session.status() == "Pending"
    # The lock of the one that lives stays; that of the other goes when the service next looks for jobs that were left.
    deadline = time.monotonic() + 60
    while len(list(served.folder.glob("*.lock"))) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_two_services_share_a_file_and_neither_runs_the_others_jobs(tmp_path: Path) -> None:
    with IBMProvider(channel="local", store=tmp_path / "jobs", workers=1) as first:
        with IBMProvider(channel="local", store=tmp_path / "jobs", workers=1) as second:
            job = first.get_backend("local_simulator").run(flipped(), shots=2)
            assert second.job(job.job_id()).result(timeout=60).get_counts() == {"1": 2}
        assert first.get_backend("local_simulator").run(flipped(), shots=3).result().get_counts() == {"1": 3}


@pytest.mark.slow
def test_what_was_not_done_when_a_provider_was_closed_is_done_by_one_that_is_asked_to(tmp_path: Path) -> None:
    store = tmp_path / "jobs"
    with IBMProvider(channel="local", store=store, workers=1) as provider:
        ids = [provider.get_backend("local_simulator").run(flipped(), shots=n + 1).job_id() for n in range(20)]
    with IBMProvider(channel="local", store=store, workers=1, finish_left_jobs=True) as provider:
        for n, job_id in enumerate(ids):
            assert provider.job(job_id).result(timeout=60).get_counts() == {"1": n + 1}
    assert not list(tmp_path.glob("*.lock"))


def test_ten_threads_submit_and_poll_on_one_provider(provider: IBMProvider) -> None:
    found: list[Any] = []

    def work(number: int) -> None:
        backend = provider.get_backend("local_simulator")
        for shots in range(1, 6):
            job = backend.run(flipped(), shots=shots, job_tags=[f"thread{number}"])
            found.append((job.result(timeout=120).get_counts(), shots))

    threads = [threading.Thread(target=work, args=[number]) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 50
    assert all(counts == {"1": shots} for counts, shots in found)
    assert len(provider.jobs(limit=None, job_tags=["thread3"])) == 5


def test_a_simulator_that_crashes_fails_the_job_and_nothing_else(local_provider: IBMProvider) -> None:
    simulator = local_provider.get_backend("local_simulator")
    circuit = QuantumCircuit(22, 1)
    for step in range(500):
        circuit.rx(0.3, range(22))
        circuit.cx(step % 22, (step + 3) % 22)
    circuit.measure(0, 0)
    job = simulator.run(circuit, shots=1000)
    while job.status() is not JobStatus.RUNNING:
        time.sleep(0.02)
    deadline = time.monotonic() + 30
    while job.status() is JobStatus.RUNNING and time.monotonic() < deadline:
        for pid in simulators():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSEGV)
        time.sleep(0.05)
    with pytest.raises(IBMJobFailureError, match="The simulator crashed"):
        job.result()
    assert simulator.run(flipped(), shots=2).result(timeout=60).get_counts() == {"1": 2}


def simulators() -> list[int]:
    """Return the processes of simulators that this process started and that run."""
    return [
        child.pid
        for child in psutil.Process().children()
        if "qiskit_ibm_native.local.jobs.simulator_main" in " ".join(arguments_of(child))
    ]


# Devices


def test_a_folder_of_snapshots_is_a_history(tmp_path: Path) -> None:
    configuration = device.payload(device.configuration(max_shots=100, rep_delay_range=None))
    for day in (1, 2, 3):
        properties = device.properties(last_update_date=f"2024-02-0{day}T12:00:00Z")
        properties["qubits"][0][0]["value"] = 100.0 + day
        Snapshot.from_payloads(configuration, device.payload(properties)).save(tmp_path / f"day{day}")
    with IBMProvider(channel="local", devices=tmp_path, store=tmp_path / "jobs") as provider:
        backend = provider.get_backend("ibm_three")
        now = backend.properties()
        assert now.t1(0) == pytest.approx(103e-6)
        second = backend.properties(datetime=now.last_update_date)
        assert second.t1(0) == pytest.approx(102e-6)
        first = backend.properties(datetime=now.last_update_date - timedelta(days=1))
        assert first.t1(0) == pytest.approx(101e-6)
        assert backend.properties(datetime=first.last_update_date) is None
        assert backend.target_history(now.last_update_date).qubit_properties[0].t1 == pytest.approx(102e-6)
        assert {backend.name for backend in provider.backends()} == {"ibm_three", "local_simulator"}
    for wrong in (tmp_path / "nothing", tmp_path / "jobs"):
        with pytest.raises(IBMInputValueError, match="saved snapshots"):
            IBMProvider(channel="local", devices=wrong)


@pytest.mark.slow
def test_ideal_devices_make_no_errors(tmp_path: Path) -> None:
    with IBMProvider(channel="local", noise=False) as provider:
        backend = provider.get_backend("ibmq_vigo")
        circuit = transpile(flipped(5), backend)
        assert backend.run(circuit, shots=500).result().get_counts() == {"11111": 500}


@pytest.mark.slow
def test_interrupting_who_waits_does_not_interrupt_what_runs(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from qiskit import QuantumCircuit
from qiskit_ibm_native import IBMProvider
provider = IBMProvider(channel="local", workers=1)
circuit = QuantumCircuit(1, 1)
circuit.x(0)
circuit.measure(0, 0)
backend = provider.get_backend("local_simulator")
jobs = [backend.run(circuit, shots=5) for _ in range(5)]
try:
    os.killpg(0, signal.SIGINT)
    jobs[4].wait_for_final_state(timeout=60)
except KeyboardInterrupt:
    pass
assert all(job.result(timeout=60).get_counts() == {"1": 5} for job in jobs)
provider.close()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120, start_new_session=True)


@pytest.mark.slow
def test_jobs_of_devices_that_a_service_does_not_have_wait_for_one_that_has(tmp_path: Path) -> None:
    store, folder = tmp_path / "jobs", tmp_path / "devices"
    Snapshot.load("vigo").save(folder / "vigo")
    with IBMProvider(channel="local", store=store, workers=1) as provider:
        backend = provider.get_backend("ibmq_lima")
        ids = [backend.run(flipped(), shots=5).job_id() for _ in range(10)]
    with IBMProvider(channel="local", store=store, devices=folder, finish_left_jobs=True) as other:
        assert other.get_backend("ibmq_vigo").run(flipped(), shots=5).result(timeout=60).success
        assert JobStatus.ERROR not in {other.job(job_id).status() for job_id in ids}
    with IBMProvider(channel="local", store=store, finish_left_jobs=True) as provider:
        assert all(provider.job(job_id).result(timeout=60).success for job_id in ids)


@pytest.mark.slow
def test_jobs_of_a_service_that_died_are_taken_over_by_one_that_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qiskit_ibm_native.local.jobs import workers

    monkeypatch.setattr(workers, "_ADOPTION", 0.2)
    served = Served(tmp_path)
    served.start()
    with monkeypatch.context() as environment:
        for name, value in served.environment.items():
            environment.setenv(name, value)
        with IBMProvider() as provider:
            backend = provider.get_backend("local_simulator")
            ids = [backend.run(flipped(), shots=5).job_id() for _ in range(30)]
    with IBMProvider(channel="local", store=tmp_path / "jobs.sqlite3", finish_left_jobs=True) as living:
        served.end(signal.SIGKILL)
        assert all(living.job(job_id).result(timeout=60).get_counts() == {"1": 5} for job_id in ids)


@pytest.mark.slow
def test_simulators_end_with_the_service_that_started_them(tmp_path: Path) -> None:
    import psutil

    served = Served(tmp_path)
    served.start()
    assert served.process is not None
    children: list[psutil.Process] = []
    deadline = time.monotonic() + 20
    while not children and time.monotonic() < deadline:
        children = psutil.Process(served.process.pid).children()
        time.sleep(0.05)
    assert children
    served.end(signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def test_a_job_that_ends_services_is_not_run_for_ever(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs")
    job = {
        "backend": "b",
        "program": "sampler",
        "params": b"{}",
        "tags": [],
        "session_id": None,
        "cost": 5,
        "private": 0,
    }
    job_id = store.add_job(**job, runtime=None, calibration_id=None, noise=1)
    for _ in range(3):
        assert store.start_job(job_id)
        store.close()
        store = Store(tmp_path / "jobs")
        adopted = store.adopt(["b"])
    assert adopted == []
    found = store.job(job_id)
    assert found is not None
    assert found["status"] == "Failed"
    assert "again and again" in found["reason"]
    store.close()


# Refusals


@pytest.fixture
def raw(service: LocalService) -> Any:
    """Make a request as anybody may."""
    header = f"Bearer {token_of(service)}"

    def request(method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": header, "Service-CRN": service.crn, **options.pop("headers", {})}
        return requests.request(method, f"{service.url}{path}", headers=headers, timeout=30, **options)

    return request


def token_of(service: LocalService) -> str:
    reply = requests.post(f"{service.url}/identity/token", data={"apikey": service.token}, timeout=30)
    return str(reply.json()["access_token"])


def nested(depth: int) -> str:
    params = "[" * depth + "]" * depth
    return f'{{"backend": "ibm_fez", "program_id": "sampler", "params": {{"a": {params}}}}}'


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/api/v1/backends", {"headers": {"Authorization": "Bearer x.y.z"}}, 401),
        ("GET", "/api/v1/backends", {"headers": {"Authorization": ""}}, 401),
        ("GET", "/api/v1/backends", {"headers": {"Service-CRN": "crn:other"}}, 404),
        ("GET", "/api/v1/backends/nothing/configuration", {}, 404),
        ("GET", "/api/v1/backends/ibm_fez/properties?updated_before=soon", {}, 400),
        ("POST", "/api/v1/jobs", {"data": "{"}, 400),
        ("POST", "/api/v1/jobs", {"json": []}, 400),
        ("POST", "/api/v1/jobs", {"json": {"backend": "nothing"}}, 404),
        ("POST", "/api/v1/jobs", {"json": {"backend": "ibm_fez", "program_id": "nothing", "params": {"a": 1}}}, 404),
        ("POST", "/api/v1/jobs", {"json": {"backend": "ibm_fez", "program_id": "sampler"}}, 400),
        ("POST", "/api/v1/jobs", {"json": {"backend": "ibm_fez", "program_id": "sampler", "params": {"a": 1}, "tags": 5}}, 400),
        ("POST", "/api/v1/jobs", {"json": {"backend": "ibm_fez", "program_id": "sampler", "params": {"a": 1}, "cost": "x"}}, 400),
        ("POST", "/api/v1/jobs", {"json": {"backend": "ibm_fez", "program_id": "sampler", "params": {"a": 1}, "session_id": "x"}}, 404),
        ("GET", "/api/v1/jobs/nothing", {}, 404),
        ("GET", "/api/v1/jobs/nothing/results", {}, 404),
        ("POST", "/api/v1/jobs/nothing/cancel", {}, 404),
        ("DELETE", "/api/v1/jobs/nothing", {}, 404),
        ("PUT", "/api/v1/jobs/nothing/tags", {"json": {"tags": []}}, 404),
        ("POST", "/api/v1/sessions", {"json": {"backend": "ibm_fez", "mode": "cheap"}}, 400),
        ("POST", "/api/v1/sessions", {"json": {"backend": "ibm_fez", "mode": "batch", "max_ttl": 0}}, 400),
        ("POST", "/api/v1/sessions", {"json": {"backend": "ibm_fez", "mode": "batch", "max_ttl": 10**12}}, 400),
        ("POST", "/api/v1/sessions", {"json": {"backend": "ibm_fez", "mode": "batch", "max_ttl": True}}, 400),
        ("POST", "/api/v1/jobs", {"json": {"backend": "ibm_fez", "program_id": "sampler", "params": {"a": 1}, "runtime": {}}}, 400),
        ("GET", "/api/v1/jobs?created_after=0001-01-01T00:00:00%2B14:00", {}, 400),
        ("GET", "/api/v1/backends", {"headers": {"Authorization": b"Bearer \xe9.\xe9.\xe9"}}, 401),
        ("GET", "/api/v1/nothing", {}, 404),
        ("PUT", "/api/v1/backends", {}, 405),
        ("POST", "/faults", {"json": {"kind": "drop", "match": "("}}, 400),
        ("POST", "/faults", {"json": {"kind": "drop", "times": "3"}}, 400),
        ("GET", "/api/v1/sessions/nothing", {}, 404),
        ("PATCH", "/api/v1/sessions/nothing", {"json": {}}, 404),
        ("POST", "/faults", {"json": {"kind": "flood"}}, 400),
        *(("POST", "/api/v1/jobs", {"data": nested(depth)}, 400) for depth in (300, 1000, 5000)),
        ("GET", "/api/v1/jobs?" + "&".join(f"tags={n}" for n in range(3000)), {}, 400),
        *(("POST", "/faults", {"json": {"kind": "status", "status": status}}, 400) for status in (99999, 600, 100, -1)),
        *(("POST", "/faults", {"json": {"kind": "status", "retry_after": value}}, 400) for value in (5, "", "1\r\nX: y", "é")),
        *(("POST", "/faults", {"json": {"kind": "latency", "seconds": value}}, 400) for value in (-1, 1e300)),
        ("POST", "/identity/token", {"data": {"apikey": "wrong"}}, 400),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_the_words_of_the_platform(
    raw: Any, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    reply = raw(method, path, **options)
    assert reply.status_code == status
    content = reply.json()
    if path != "/identity/token":
        assert set(content["errors"][0]) == {"code", "message", "solution", "more_info"}


@pytest.mark.parametrize(
    "params",
    [
        {"pubs": []}, {"pubs": 5}, {"pubs": [[5]]}, {"pubs": [["no program"]]}, {"pubs": [[{"__type__": "QuantumCircuit"}]]},
        {"pubs": [[{"__type__": "QuantumCircuit", "__value__": "AAAA"}]]},
        {"pubs": [["OPENQASM 3.0; qubit q;", None, 0]]}, {"pubs": [["OPENQASM 3.0; qubit q;", None, "x"]]},
        {"pubs": [["OPENQASM 3.0; qubit q;", [0.5]]]}, {"pubs": [["OPENQASM 3.0; qubit q;"]], "options": 5},
        {"pubs": [["OPENQASM 3.0; qubit[200] q;"]]},
        {"pubs": [["OPENQASM 3.0; qubit q;"]], "options": {"execution": {"meas_type": "raw"}}},
        {"pubs": [["OPENQASM 3.0; qubit q;"]], "options": {"simulator": {"noise_model": 5}}},
    ],
)  # fmt: skip
def test_jobs_that_make_no_sense_are_refused_or_fail_and_say_why(raw: Any, params: dict[str, Any]) -> None:
    reply = raw("POST", "/api/v1/jobs", json={"backend": "ibm_fez", "program_id": "sampler", "params": params})
    if reply.status_code == 400:
        # What can be seen without reading the circuits.
        assert reply.json()["errors"][0]["message"]
        return
    job = reply.json()["id"]
    state = {"status": "Queued"}
    while state["status"] in ("Queued", "Running"):
        time.sleep(0.02)
        state = raw("GET", f"/api/v1/jobs/{job}").json()["state"]
    assert state["status"] == "Failed"
    assert state["reason"]
    assert raw("GET", f"/api/v1/jobs/{job}/results").status_code == 204


def test_plain_results_are_for_those_who_ask_for_them(raw: Any) -> None:
    program = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[1]; c = measure q;'
    body = {"backend": "local_simulator", "program_id": "sampler", "params": {"pubs": [[program]], "shots": 3}}
    job = raw("POST", "/api/v1/jobs", json=body).json()["id"]
    while raw("GET", f"/api/v1/jobs/{job}").json()["status"] != "Completed":
        time.sleep(0.02)
    assert raw("GET", f"/api/v1/jobs/{job}/results").json()["results"] == [
        {"data": {"c": {"samples": ["0x2"] * 3, "num_bits": 2}}, "metadata": {}}
    ]


def test_it_listens_to_this_machine_only_unless_told_to() -> None:
    with pytest.raises(IBMInputValueError, match="public=True"):
        LocalService(host="0.0.0.0")
    service = LocalService(host="0.0.0.0", public=True)
    assert service.url.startswith("http://127.0.0.1:")
    service.stop()


def test_a_port_that_is_taken_is_told(service: LocalService, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", service.url.rsplit(":", 1)[1]]) == 2
    assert "in use" in capsys.readouterr().err
    assert main(["serve", "--port", "99999"]) == 2
    assert main(["serve", "--workers", "-1"]) == 2
    assert main(["serve", "--store", "/"]) == 2
    assert capsys.readouterr().err.count("qiskit-ibm-native: ") == 3


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qiskit_ibm_native.local._PACKAGES", ("no_such_package",))
    with pytest.raises(MissingPackageError, match=r"no-such-package, .*: pip install 'qiskit-ibm-native\[local\]'$"):
        IBMProvider(channel="local")


def test_other_instances_are_refused() -> None:
    with pytest.raises(IBMInputValueError, match="one instance"):
        IBMProvider(channel="local", instance="other")


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ValueError, match="later version"):
        Store(path)


def test_tokens_expire_and_are_not_believed() -> None:
    tokens = Tokens("key")
    token, _ = tokens.issue()
    assert tokens.accepts(f"Bearer {token}")
    assert tokens.accepts("apikey key")
    assert not tokens.accepts(f"Bearer {token[:-2]}xx")
    assert not tokens.accepts(f"Bearer {tokens.issue(life=-1)[0]}")
    assert not tokens.accepts("Bearer ")
    assert not Tokens("key").accepts(f"Bearer {token}")


def test_the_channel_may_be_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "local")
    with IBMProvider() as provider:
        assert provider.backend.ibmq_vigo.num_qubits == 5
        with pytest.raises(IBMError, match="nothing"):
            provider.get_backend("nothing")


def test_faults_may_be_asked_for_over_http(raw: Any, provider: IBMProvider) -> None:
    assert (
        raw("POST", "/faults", json={"kind": "status", "match": "/usage", "status": 418, "times": 1}).status_code == 204
    )
    with pytest.raises(IBMError, match="418"):
        provider.usage()
    raw("POST", "/faults", json={"kind": "status", "match": "/usage", "status": 418, "times": 1})
    assert raw("DELETE", "/faults").status_code == 204
    provider.usage()


@pytest.mark.parametrize("status", [204, 304, 429, 599])
def test_faults_reply_every_status_that_there_is(raw: Any, status: int) -> None:
    fault = {"kind": "status", "match": "/usage", "status": status, "retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert raw("POST", "/faults", json=fault).status_code == 204
    reply = raw("GET", "/api/v1/instances/usage")
    assert reply.status_code == status
    assert bool(reply.content) is (status >= 400)
    assert raw("GET", "/api/v1/instances/usage").status_code == 200


def test_results_hold_what_the_schema_of_executions_asks_for(provider: IBMProvider) -> None:
    job = provider.get_backend("local_simulator").run(flipped(), shots=3)
    job.result()
    metadata = json.loads(job._api_client.job_results(job.job_id()))["__value__"]["metadata"]
    (span,) = metadata["execution"]["execution_spans"]["__value__"]["spans"]
    assert span["__value__"]["data_slices"] == {"0": [[3], 0, 1, 0, 3]}


@pytest.mark.slow
def test_a_session_takes_its_waiting_jobs_with_it(provider: IBMProvider) -> None:
    backend = provider.get_backend("ibmq_vigo")
    blockers = [provider.get_backend("local_simulator").run(flipped(20), shots=100_000) for _ in range(8)]
    backend.open_session()
    job = backend.run(transpile(flipped(), backend), shots=8000)
    backend.cancel_session()
    assert job.status() in (JobStatus.CANCELLED, JobStatus.DONE, JobStatus.RUNNING)
    for job in blockers:
        job.result(timeout=60)


def test_a_backend_that_vanished_from_the_service_is_told(provider: IBMProvider) -> None:
    backend = provider.get_backend("ibm_fez")
    backend.name = "ibm_vanished"
    try:
        with pytest.raises(IBMBackendApiError, match=r"404.*There is no backend 'ibm_vanished'"):
            backend.status()
    finally:
        backend.name = "ibm_fez"
