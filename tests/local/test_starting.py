# SPDX-License-Identifier: Apache-2.0
"""A local service as a test double: how it starts and ends, and what it tells clients."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from qiskit import QuantumCircuit

from qiskit_ibm_native import IBMProvider, Snapshot
from qiskit_ibm_native.exceptions import IBMError, IBMInputValueError
from qiskit_ibm_native.local import Fault, LocalService
from qiskit_ibm_native.local.clients import CLIENTS
from qiskit_ibm_native.local.seeds import JobSeeds


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "jobs.sqlite3"


def fair_coin() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    return circuit


def tosses_of(service: LocalService, **options: Any) -> Any:
    with service.in_environment(), IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(fair_coin(), shots=1000, memory=True, **options)
        return job.result().get_memory()


def test_before_it_is_started_connections_are_refused_at_once(store: Path) -> None:
    service = LocalService(store=store)
    start = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{service.url}/versions", timeout=30)
    assert time.monotonic() - start < 5
    assert "not started" in repr(service)
    service.stop()


def test_it_starts_and_stops_once_however_often_it_is_asked_to(store: Path) -> None:
    with LocalService(store=store, workers=1) as service:
        assert service.start() is service
        assert requests.get(f"{service.url}/versions", timeout=30).status_code == 200
        assert service.token not in repr(service)
    service.stop()
    assert "stopped" in repr(service)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{service.url}/versions", timeout=30)
    with pytest.raises(IBMError, match=r"was stopped.*make another LocalService"):
        service.start()
    with pytest.raises(IBMError, match="was stopped"):
        service.reset()


def test_a_service_that_was_never_started_gives_everything_back(store: Path) -> None:
    service = LocalService(store=store)
    port = int(service.url.rsplit(":", 1)[1])
    service.stop()
    with LocalService(store=store, port=port, workers=1) as other:
        assert other.url == service.url


def test_a_port_is_answered_by_one_service(store: Path, tmp_path: Path) -> None:
    with LocalService(store=store, workers=1) as service:
        port = int(service.url.rsplit(":", 1)[1])
        with pytest.raises(IBMError, match=rf"Port {port} of 127.0.0.1 cannot be used: .*in use.*0 for any"):
            LocalService(store=tmp_path / "other", port=port)
    # Two that take a port before either listens: the second one fails when it starts.
    first, second = (LocalService(store=tmp_path / name, port=port, workers=1) for name in ("first", "second"))
    with first:
        with pytest.raises(IBMError, match=r"cannot listen on .*in use"):
            second.start()
        second.stop()
        assert requests.get(f"{first.url}/versions", timeout=30).status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {"latency": -1}, {"latency": float("nan")}, {"latency": 1e9}, {"seed": -1}, {"seed": 0.5}, {"seed": True},
        {"workers": 0}, {"port": -1}, {"devices": "/no/such/folder"}, {"host": "0.0.0.0"},
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_before_anything_is_opened(options: dict[str, Any], store: Path) -> None:
    with pytest.raises(IBMInputValueError):
        LocalService(store=store, **options)
    assert not store.exists()


@pytest.mark.parametrize("path", ["/", "/dev/null/below", "/proc/none", "a\0b", ".", "~nobody-of-this-name/jobs"])
def test_a_store_that_cannot_be_is_told_and_the_port_is_free_again(path: str, store: Path) -> None:
    with LocalService(store=store) as service:
        port = int(service.url.rsplit(":", 1)[1])
    with pytest.raises(IBMError, match=r"The store of jobs .* cannot be used"):
        LocalService(store=path, port=port)
    LocalService(store=store, port=port).stop()


@pytest.mark.slow
def test_without_a_home_it_says_where_jobs_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("QISKIT_IBM_NATIVE_LOCAL_STORE")
    monkeypatch.setenv("HOME", "/dev/null/no-home")
    with LocalService(workers=1) as service:
        assert len(tosses_of(service)) == 1000
    assert "Jobs are kept in" in caplog.text
    assert "/dev/null/no-home" in caplog.text


def test_processes_find_it_by_the_environment_and_only_meanwhile(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "mine")
    monkeypatch.delenv("IAM_URL")
    before = dict(os.environ)
    with service.in_environment() as entered:
        assert entered is service
        assert {name: os.environ[name] for name in service.environment} == service.environment
        assert os.environ["QISKIT_IBM_TOKEN"] == service.token
    assert dict(os.environ) == before


def test_this_packages_client_needs_arguments_only(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in service.environment:
        monkeypatch.delenv(name)
    arguments: Any = service.client_options("qiskit-ibm-native").arguments
    with IBMProvider(**arguments) as provider:
        assert provider.get_backend("ibmq_vigo").status().operational


@pytest.mark.official
@pytest.mark.slow
def test_the_official_client_needs_arguments_and_the_address_of_iam(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qiskit_ibm_runtime import QiskitRuntimeService

    options: Any = service.client_options("qiskit-ibm-runtime")
    for name in service.environment:
        monkeypatch.delenv(name)
    for name, value in options.environment.items():
        monkeypatch.setenv(name, value)
    assert QiskitRuntimeService(**options.arguments).backend("ibm_fez").num_qubits == 156


def test_other_clients_are_told_what_they_read(service: LocalService) -> None:
    qdmi = service.client_options("ibm-qdmi", "ibm_fez")
    assert qdmi.arguments["base_url"] == f"{service.url}/api"
    assert qdmi.arguments["auth_url"] == f"{service.url}/identity/token"
    assert qdmi.arguments["backend_name"] == "ibm_fez"
    qrmi = service.client_options("qrmi", device="ibm_fez").environment
    assert qrmi["ibm_fez_QRMI_IBM_QCS_ENDPOINT"] == f"{service.url}/api/v1"
    assert qrmi["ibm_fez_QRMI_IBM_QCS_IAM_ENDPOINT"] == service.url
    # Both are addresses that answer.
    token = requests.post(qdmi.arguments["auth_url"], data={"apikey": qdmi.arguments["api_key"]}, timeout=30).json()
    headers = {"Authorization": f"Bearer {token['access_token']}", "Service-CRN": qdmi.arguments["instance_crn"]}
    for url in (f"{qdmi.arguments['base_url']}/v1", qrmi["ibm_fez_QRMI_IBM_QCS_ENDPOINT"]):
        assert requests.get(f"{url}/backends", headers=headers, timeout=30).status_code == 200
    with pytest.raises(IBMInputValueError, match="name one"):
        service.client_options("qrmi")
    with pytest.raises(IBMInputValueError, match="no client 'cirq'"):
        service.client_options("cirq")
    assert {"ibm-qdmi", "qrmi"} < set(CLIENTS)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    store = tmp_path_factory.mktemp("seeded") / "jobs.sqlite3"
    with LocalService(store=store, workers=1, seed=7, faults=[Fault("status", match="/usage", status=418)]) as service:
        yield service


def test_the_same_seed_gives_a_program_the_same_results(seeded: LocalService) -> None:
    seeded.reset()
    first = [tosses_of(seeded) for _ in range(2)]
    own = tosses_of(seeded, seed_simulator=1)
    seeded.reset()
    assert [tosses_of(seeded) for _ in range(2)] == first
    assert first[0] != first[1]
    assert tosses_of(seeded, seed_simulator=1) == own


def test_a_reset_forgets_jobs_sessions_and_faults_that_were_added(seeded: LocalService) -> None:
    seeded.reset()
    with seeded.in_environment(), IBMProvider() as provider:
        backend = provider.get_backend("local_simulator")
        backend.run(fair_coin()).result()
        # Sessions of simulators are known to the client only.
        session = provider.get_backend("ibmq_vigo").open_session()
        assert session.details()
        assert len(provider.jobs()) == 1
        seeded.faults.add(Fault("status", match="/backends", status=418, times=100))
        seeded.publish(
            Snapshot.from_payloads(Snapshot.load("lima").payloads.configuration.replace(b"ibmq_lima", b"mine"))
        )
        seeded.reset()
        assert provider.jobs() == []
        assert "mine" not in [backend.name for backend in provider.backends()]
        # What the service was started with is there again.
        with pytest.raises(IBMError, match="418"):
            provider.usage()
        provider.usage()
        with pytest.raises(IBMError, match="There is no session"):
            session.details()


def test_a_reset_leaves_jobs_and_sessions_of_other_services_alone(tmp_path: Path) -> None:
    store = tmp_path / "jobs.sqlite3"
    with (
        LocalService(store=store, workers=1) as one,
        LocalService(store=store, workers=1) as other,
        IBMProvider(**other.client_options("qiskit-ibm-native").arguments) as provider,
    ):
        session = provider.get_backend("ibmq_vigo").open_session()
        assert session.details()
        one.reset()
        assert session.details()
        other.reset()
        with pytest.raises(IBMError, match="There is no session"):
            session.details()


@pytest.mark.slow
def test_a_job_that_runs_ends_with_a_reset_and_the_next_one_runs(seeded: LocalService) -> None:
    seeded.reset()
    with seeded.in_environment(), IBMProvider() as provider:
        backend = provider.get_backend("local_simulator")
        large = QuantumCircuit(24)
        for qubit in range(24):
            large.h(qubit)
            large.t(qubit)
            large.cx(qubit, (qubit + 1) % 24)
        large.measure_all()
        job = backend.run([large] * 50, shots=100)
        while job.status().name == "QUEUED":
            time.sleep(0.01)
        start = time.monotonic()
        seeded.reset()
        assert sum(backend.run(fair_coin(), shots=10).result(timeout=60).get_counts().values()) == 10
        assert time.monotonic() - start < 50


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"pubs": []}, ("options", "simulator")),
        ({"pubs": [], "options": None}, ("options", "simulator")),
        ({"pubs": [], "options": {"simulator": {"noise_model": 5}}}, ("options", "simulator")),
        ({"pubs": [], "options": {"experimental": {"simulator": {}}}}, ("options", "experimental", "simulator")),
        ({"quantum_program": {}, "options": {}}, ("options", "experimental", "simulator")),
    ],
)
def test_a_seed_gets_to_where_a_program_reads_it(params: dict[str, Any], path: tuple[str, ...]) -> None:
    seeds = JobSeeds(3)
    seeds.number("a")
    seeded = json.loads(seeds.seeded("a", json.dumps(params).encode()))
    for name in path:
        seeded = seeded[name]
    assert 0 <= seeded["seed_simulator"] < 2**31


@pytest.mark.parametrize(
    "params",
    [
        {"options": {"simulator": {"seed_simulator": 0}}}, {"options": {"seed_estimator": 5}}, {"options": 5},
        {"options": {"simulator": []}},
    ],
)  # fmt: skip
def test_a_seed_of_the_job_and_what_makes_no_sense_stay_as_they_are(params: dict[str, Any]) -> None:
    seeds = JobSeeds(3)
    seeds.number("a")
    content = json.dumps(params).encode()
    assert seeds.seeded("a", content) == content
    # A job that another service took in.
    assert seeds.seeded("b", b"{}") == b"{}"


def test_requests_take_as_long_as_to_a_service_far_away(store: Path) -> None:
    with LocalService(store=store, workers=1, latency=0.3) as service:
        start = time.monotonic()
        assert requests.get(f"{service.url}/versions", timeout=30).status_code == 200
        assert time.monotonic() - start >= 0.3


def test_health_is_told_to_everybody(service: LocalService) -> None:
    told = requests.get(f"{service.url}/health", timeout=30).json()
    assert told["status"] == "ok"
    assert told["queue_length"] == 0
