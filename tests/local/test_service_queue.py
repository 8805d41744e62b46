# SPDX-License-Identifier: Apache-2.0
"""The order of jobs, the processes that run them, and clients that outlive a service."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from qiskit import QuantumCircuit
from qiskit.providers import JobStatus
from tests.support.processes import arguments_of

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.local import Fault, LocalService
from qiskit_ibm_native.local.jobs.simulator import Simulator
from qiskit_ibm_native.local.jobs.store import Store
from qiskit_ibm_native.local.service.tokens import Tokens


def flipped() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    return circuit


def endless() -> QuantumCircuit:
    """Return a circuit that keeps a simulator busy for minutes."""
    body = QuantumCircuit(24)
    body.rx(0.3, range(24))
    for qubit in range(23):
        body.cx(qubit, qubit + 1)
    circuit = QuantumCircuit(24, 1)
    circuit.for_loop(range(5000), None, body, range(24), [])
    circuit.measure(0, 0)
    return circuit


#: Identifiers of the simulators of other services, which other tests of this process use.
_OTHERS: set[int] = set()


def simulators(parent: int | None = None) -> list[psutil.Process]:
    """Return the processes of simulators that a process has started since its test began, this one by default."""
    return [
        child
        for child in psutil.Process(parent).children()
        if child.pid not in _OTHERS and "qiskit_ibm_native.local.jobs.simulator_main" in " ".join(arguments_of(child))
    ]


@pytest.fixture(autouse=True)
def _without_simulators_of_other_tests() -> None:
    _OTHERS.clear()
    _OTHERS.update(child.pid for child in simulators())


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[LocalService, IBMProvider]]:
    """Yield a service with one worker, and a provider of it."""
    with (
        LocalService(store=tmp_path / "jobs", workers=1) as service,
        service.in_environment(),
        IBMProvider() as provider,
    ):
        yield service, provider


# The order


@pytest.mark.slow
def test_positions_in_the_queue_are_those_in_which_jobs_run(alone: tuple[LocalService, IBMProvider]) -> None:
    _, provider = alone
    backend = provider.get_backend("local_simulator")
    blocker = backend.run(endless(), shots=1)
    while blocker.status() is not JobStatus.RUNNING:
        time.sleep(0.02)
    jobs = [backend.run(flipped(), shots=1) for _ in range(3)]
    assert [job.queue_position(refresh=True) for job in jobs] == [1, 2, 3]
    assert blocker.queue_position(refresh=True) is None
    jobs[0].cancel()
    assert [job.queue_position(refresh=True) for job in jobs[1:]] == [1, 2]
    info = jobs[2].queue_info()
    assert info is not None
    assert info.position == 2
    blocker.cancel()
    assert jobs[2].result(timeout=60).get_counts() == {"1": 1}
    assert jobs[2].queue_position(refresh=True) is None


def left_jobs(path: Path, params: bytes, number: int) -> list[str]:
    """Return jobs that a service left which ended."""
    store = Store(path)
    ids = [
        store.add_job(
            backend="local_simulator", program="sampler", params=params, tags=[], session_id=None, cost=600, private=0,
            runtime=None, calibration_id=None, noise=1,
        )
        for _ in range(number)
    ]  # fmt: skip
    store.close()
    return ids


SLOW = b'{"pubs": [["OPENQASM 3.0; bit[24] c; qubit[24] q; for int i in [0:400] { U(0.3, 0.1, 0.2) q; } c = measure q;"]], "shots": 1000}'
SHORT = b'{"pubs": [["OPENQASM 3.0; bit[1] c; qubit[1] q; c = measure q;"]], "shots": 3}'


@pytest.mark.slow
def test_a_new_provider_does_not_wait_for_what_others_left(tmp_path: Path) -> None:
    left = left_jobs(tmp_path / "jobs", SLOW, 3)
    with IBMProvider(channel="local", store=tmp_path / "jobs", workers=1) as provider:
        job = provider.get_backend("local_simulator").run(flipped(), shots=5)
        assert job.result(timeout=60).get_counts() == {"1": 5}
        assert {provider.job(job_id).status() for job_id in left} == {JobStatus.QUEUED}
        # Nobody runs them: they have no place in a queue.
        assert {provider.job(job_id).queue_position(refresh=True) for job_id in left} == {None}


@pytest.mark.slow
def test_own_jobs_come_before_those_that_were_left_and_these_in_their_order(tmp_path: Path) -> None:
    left = left_jobs(tmp_path / "jobs", SHORT, 4)
    with LocalService(store=tmp_path / "jobs", workers=1, finish_left_jobs=True) as service, service.in_environment():
        with IBMProvider() as provider:
            own = [provider.get_backend("local_simulator").run(flipped(), shots=n + 1) for n in range(2)]
            # The simulator is still importing: nothing has begun, but perhaps one of those that were left.
            waiting = [service._workers.position(job_id) for job_id in [*(job.job_id() for job in own), *left]]
            for job_id in [*(job.job_id() for job in own), *left]:
                provider.job(job_id).wait_for_final_state(timeout=60)
        places = [place for place in waiting if place is not None]
        assert places == list(range(1, len(places) + 1))
        assert len(places) >= 5
        started = {job["id"]: job["running"] for job in service._store.jobs({}, 10, 0, ascending=True)[0]}
    assert sorted(left, key=lambda job_id: started[job_id]) == left
    # One of those that were left may have begun before there was anything else to do.
    assert sum(started[job_id] < started[own[1].job_id()] for job_id in left) <= 1


def test_left_jobs_take_no_seeds_from_own_ones(tmp_path: Path) -> None:
    def tossed(store: Path) -> dict[str, int]:
        coins = QuantumCircuit(4)
        coins.h(range(4))
        coins.measure_all()
        with LocalService(store=store, workers=1, seed=1, finish_left_jobs=True) as service, service.in_environment():
            wait_until(lambda: all(job["finished"] for job in service._store.jobs({}, 10, 0, ascending=True)[0]))
            with IBMProvider() as provider:
                counts = provider.get_backend("local_simulator").run(coins, shots=500).result(timeout=60).get_counts()
                return dict(counts)

    left_jobs(tmp_path / "jobs", SHORT, 3)
    assert tossed(tmp_path / "jobs") == tossed(tmp_path / "none")


@pytest.mark.slow
def test_a_job_that_another_service_cancels_or_deletes_ends_where_it_runs(tmp_path: Path) -> None:
    store = tmp_path / "jobs"
    with (
        LocalService(store=store, workers=1) as one,
        LocalService(store=store, workers=1) as other,
        IBMProvider(**one.client_options("qiskit-ibm-native").arguments) as provider,
        IBMProvider(**other.client_options("qiskit-ibm-native").arguments) as elsewhere,
    ):
        backend = provider.get_backend("local_simulator")
        for is_deleted in (False, True):
            job = backend.run(endless(), shots=10)
            wait_until(lambda job=job: one._workers._running and one._store.job(job.job_id())["running"])
            assert elsewhere.job(job.job_id()).cancel()
            if is_deleted:
                elsewhere.delete_job(job.job_id())
            start = time.monotonic()
            assert backend.run(flipped(), shots=5).result(timeout=60).get_counts() == {"1": 5}
            assert time.monotonic() - start < 30


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# Processes


@pytest.mark.slow
def test_the_first_jobs_get_the_process_that_was_started_ahead(tmp_path: Path) -> None:
    with IBMProvider(channel="local", store=tmp_path / "jobs", workers=3) as provider:
        before = simulators()
        assert len(before) == 1
        backend = provider.get_backend("local_simulator")
        for shots in range(1, 6):
            assert backend.run(flipped(), shots=shots).result(timeout=60).get_counts() == {"1": shots}
        assert simulators() == before


@pytest.mark.slow
def test_a_job_that_would_wait_for_a_long_one_gets_a_process_of_its_own(tmp_path: Path) -> None:
    with IBMProvider(channel="local", store=tmp_path / "jobs", workers=2) as provider:
        backend = provider.get_backend("local_simulator")
        long = backend.run(endless(), shots=1)
        assert backend.run(flipped(), shots=2).result(timeout=60).get_counts() == {"1": 2}
        assert len(simulators()) == 2
        assert long.status() is JobStatus.RUNNING
        long.cancel()
        assert long.status() is JobStatus.CANCELLED


@pytest.mark.slow
def test_a_process_that_was_ended_with_its_job_is_followed_by_another_one(
    alone: tuple[LocalService, IBMProvider],
) -> None:
    service, provider = alone
    job = provider.get_backend("local_simulator").run(endless(), shots=1)
    while job.status() is not JobStatus.RUNNING:
        time.sleep(0.02)
    (first,) = simulators()
    job.cancel()
    deadline = time.monotonic() + 60
    while simulators() in ([], [first]) or not service._workers.is_warm:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(simulators()) == 1


@pytest.mark.slow
def test_a_warm_process_has_paid_for_first_runs_and_says_so() -> None:
    simulator = Simulator(1 << 30)
    assert not simulator.is_warm
    simulator.start()
    deadline = time.monotonic() + 120
    while not simulator.is_warm:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process = simulator._process
    assert process is not None
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    # What Aer and its noise need at their first run.
    assert "scipy/linalg" in maps
    assert "qiskit_aer" in maps
    simulator.close()
    assert not simulator.is_warm
    assert not simulator.is_started


def test_processes_end_with_the_process_that_started_them_not_with_a_thread_of_it() -> None:
    simulator = Simulator(1 << 30)
    thread = threading.Thread(target=simulator.start)
    thread.start()
    thread.join()
    time.sleep(0.5)
    assert simulator.is_started
    simulator.close()


KILLED = """
import sys, time
from qiskit import QuantumCircuit
from qiskit_ibm_native import IBMProvider
circuit = QuantumCircuit(23, 23)
for layer in range(400):
    for qubit in range(22):
        circuit.rx(0.3, qubit)
        circuit.cp(0.1 * layer + 0.1, qubit, qubit + 1)
circuit.measure(range(23), range(23))
provider = IBMProvider(channel="local", workers=1)
job = provider.get_backend("local_simulator").run(circuit, shots=10)
while job.status().name != "RUNNING":
    time.sleep(0.05)
print("running", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the simulator ends when its job ends")
@pytest.mark.slow
def test_a_killed_service_takes_a_simulator_that_computes_along_within_a_second() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        (child,) = simulators(process.pid)
        # Until it is in the midst of Aer, which holds Python's lock.
        while child.cpu_times().user < 8:
            assert child.is_running()
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 1
        while computes(child) and time.monotonic() < deadline:
            time.sleep(0.01)
    is_alive = computes(child)
    with contextlib.suppress(psutil.NoSuchProcess):
        child.kill()
    assert not is_alive


def computes(process: psutil.Process) -> bool:
    """Return whether a process runs; one that has ended may be there until somebody asks for its exit status."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# Clients that outlive a service


def asked(service: LocalService, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Service-CRN": service.crn}
    return requests.get(f"{service.url}/api/v1/jobs", headers=headers, timeout=30).status_code


def token_of(service: LocalService) -> str:
    reply = requests.post(f"{service.url}/identity/token", data={"apikey": service.token}, timeout=30)
    return str(reply.json()["access_token"])


def test_tokens_are_good_for_the_next_service_with_the_same_key_and_store(tmp_path: Path) -> None:
    options: dict[str, Any] = {"store": tmp_path / "jobs", "workers": 1}
    with LocalService(token="key", **options) as service:
        token = token_of(service)
        assert asked(service, token) == 200
    with LocalService(token="key", **options) as service:
        assert asked(service, token) == 200
        service.faults.add(Fault("expire", match="/versions"))
        requests.get(f"{service.url}/versions", timeout=30)
        assert asked(service, token) == 401
        renewed = token_of(service)
    with LocalService(token="key", **options) as service:
        assert asked(service, token) == 401
        assert asked(service, renewed) == 200
    with LocalService(token="other", **options) as service:
        assert asked(service, renewed) == 401
    with LocalService(token="key", store=tmp_path / "others", workers=1) as service:
        assert asked(service, renewed) == 401
    # A key that was drawn at random is not the same one by chance.
    with LocalService(**options) as service:
        assert asked(service, renewed) == 401


def test_tokens_of_an_earlier_service_expire_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs")
    old, new = Tokens("key", store), Tokens("key", store)
    assert new.accepts(f"Bearer {old.issue()[0]}")
    assert not new.accepts(f"Bearer {old.issue(life=-1)[0]}")
    store.close()


# Waiting


def test_a_client_may_leave_the_waiting_to_a_service_that_is_near(
    alone: tuple[LocalService, IBMProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, provider = alone
    backend = provider.get_backend("local_simulator")
    backend.run(flipped()).result(timeout=60)
    made: list[str] = []
    provider._transport.on_request = lambda request: made.append(request.method)
    job = backend.run(flipped(), shots=3)
    assert job.result(timeout=60).get_counts() == {"1": 3}
    # One for the job, one that waits for its end, one for its results; the second one waits for a second only, which a
    # busy machine may need.
    assert made[:2] == ["POST", "GET"]
    assert len(made) <= 6
    # Another service does not know what is meant.
    monkeypatch.setattr(provider._transport, "on_request", lambda request: made.append(request.headers.get("Prefer")))
    made.clear()
    backend.run(flipped()).wait_for_final_state(wait=0.05)
    assert set(made) == {None}


def test_a_reply_waits_for_the_end_of_a_job_only_if_that_is_preferred(
    alone: tuple[LocalService, IBMProvider],
) -> None:
    service, provider = alone
    backend = provider.get_backend("local_simulator")
    job = backend.run(endless(), shots=1)
    url = f"{service.url}/api/v1/jobs/{job.job_id()}"
    headers = {"Authorization": f"Bearer {token_of(service)}", "Service-CRN": service.crn}

    def asked_for(prefer: str) -> tuple[float, str]:
        start = time.monotonic()
        reply = requests.get(url, headers={**headers, "Prefer": prefer}, timeout=60)
        return time.monotonic() - start, reply.json()["status"]

    seconds, status = asked_for("respond-async, wait=1")
    assert seconds >= 1
    assert status in ("Queued", "Running")
    for nothing in ("wait=0", "wait=-5", "wait=x", "await=9", ""):
        assert asked_for(nothing)[1] in ("Queued", "Running")
    threading.Timer(0.2, job.cancel).start()
    seconds, status = asked_for("wait=60")
    assert status == "Cancelled"
    assert seconds < 10
    assert asked_for("wait=10")[1] == "Cancelled"
    assert service._store._watchers == {}
