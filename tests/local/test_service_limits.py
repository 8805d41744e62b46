# SPDX-License-Identifier: Apache-2.0
"""The local service: how much it takes from anybody, in bytes, time, connections and memory."""

from __future__ import annotations

import base64
import json
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import psutil
import pytest
import requests

from qiskit_ibm_native.local.server import LocalService
from qiskit_ibm_native.local.service.faults import Fault
from qiskit_ibm_native.local.service.limits import Limits

SMALL = Limits(body=1 << 20, unknown_body=1 << 10, seconds=1.0, connections=60)
JOB: dict[str, Any] = {"backend": "local_simulator", "program_id": "sampler"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Give a service that takes little."""
    service = LocalService(store=tmp_path_factory.mktemp("small") / "jobs.sqlite3", workers=1, limits=SMALL)
    service.start()
    yield service
    service.stop()


def authorized(service: LocalService) -> dict[str, str]:
    return {"Authorization": f"apikey {service.token}", "Service-CRN": service.crn}


def connected(service: LocalService) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(service.url.rsplit(":", 1)[1])), timeout=30)


def is_answering(service: LocalService) -> bool:
    return requests.get(f"{service.url}/api/v1/backends", headers=authorized(service), timeout=30).status_code == 200


def is_closed(connection: socket.socket) -> bool:
    """Wait for the other side to close a connection, for at most half a minute."""
    with suppress(ConnectionError):
        while connection.recv(1 << 16):
            pass
    return True


# Bytes


def in_pieces(size: int) -> Iterator[bytes]:
    yield b'{"params":"'
    for _ in range(size // 1000):
        yield b"x" * 1000


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("size", [1 << 21, 1 << 23])
def test_a_body_that_is_too_large_is_refused_with_413(small: LocalService, is_chunked: bool, size: int) -> None:
    body: Any = in_pieces(size) if is_chunked else b"x" * size
    for path, headers, most in (("/api/v1/jobs", authorized(small), 1 << 20), ("/identity/token", {}, 1 << 10)):
        reply = requests.post(f"{small.url}{path}", data=body, headers=headers, timeout=30)
        assert reply.status_code == 413
        (error,) = reply.json()["errors"]
        assert set(error) == {"code", "message", "solution", "more_info"}
        assert f"larger than {most} bytes" in error["message"]
        body = in_pieces(size) if is_chunked else body
    assert is_answering(small)


def test_a_body_that_is_just_small_enough_is_read(small: LocalService) -> None:
    text = json.dumps({**JOB, "params": {"pubs": [""]}})
    body = text.replace('""', f'"{"x" * ((1 << 20) - len(text))}"')
    for data in (body.encode(), iter([body.encode()])):
        reply = requests.post(f"{small.url}/api/v1/jobs", data=data, headers=authorized(small), timeout=30)
        assert reply.status_code == 200
    reply = requests.post(f"{small.url}/api/v1/jobs", data=f"{body} ", headers=authorized(small), timeout=30)
    assert reply.status_code == 413


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/faults", "/gs/v3/resources/search"])
def test_whoever_is_not_known_is_told_so_before_the_body_is_read(small: LocalService, path: str) -> None:
    with closing(connected(small)) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 40}\r\n\r\n".encode())
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 401 ")
    # A client whose token has expired is told that, and not that its job is too large.
    reply = requests.post(
        f"{small.url}{path}", data=b"x" * (1 << 21), headers={"Authorization": "Bearer a.b.c"}, timeout=30
    )
    assert reply.status_code == 401


def test_bodies_of_nobodies_take_no_memory(small: LocalService) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    for path in ("/identity/token", "/api/v1/jobs"):
        with closing(connected(small)) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 40}\r\n\r\n".encode())
            with suppress(ConnectionError):
                for _ in range(300):
                    connection.sendall(bytes(1 << 20))
    assert process.memory_info().rss - before < 100 << 20


def test_many_tokens_fit_into_what_nobodies_may_send(service: LocalService) -> None:
    data = {"grant_type": "x" * 30_000, "apikey": service.token}
    assert requests.post(f"{service.url}/identity/token", data=data, timeout=30).status_code == 200


# Time and connections


HALVES = [
    b"", b"G", b"GET /api/v1/backends HTTP/1.1\r\nHost: x\r\n",
    b"POST /identity/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
    b"POST /identity/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf",
    b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
]  # fmt: skip


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.slow
def test_half_sent_requests_are_ended_and_hold_nobody_up(
    small: LocalService, half: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qiskit_ibm_native.local.service.connections._LINGER", 1.0)
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(connected(small))) for _ in range(50)]
        for connection in connections:
            connection.sendall(half)
        assert is_answering(small)
        assert all(is_closed(connection) for connection in connections)
    assert is_answering(small)


@pytest.mark.slow
def test_a_byte_now_and_then_does_not_keep_a_connection(small: LocalService) -> None:
    for start in (b"GET / HTTP/1.1\r\n", b"POST /identity/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"):
        with closing(connected(small)) as connection:
            connection.sendall(start)
            deadline = time.monotonic() + 30
            with suppress(ConnectionError):
                while time.monotonic() < deadline:
                    connection.sendall(b"a")
                    time.sleep(0.1)
            assert time.monotonic() < deadline


@pytest.mark.slow
def test_a_request_that_comes_slowly_but_comes_is_answered(tmp_path: Any) -> None:
    limits = Limits(seconds=2.0)
    service = LocalService(store=tmp_path / "jobs", limits=limits)
    service.start()
    body = json.dumps({**JOB, "params": {"pubs": ["x" * (1 << 19)]}}).encode()
    with closing(connected(service)) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in authorized(service).items())
        connection.sendall(
            f"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
        )
        for start in range(0, len(body), 1 << 16):
            time.sleep(0.4)
            connection.sendall(body[start : start + (1 << 16)])
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    service.stop()


@pytest.mark.slow
def test_connections_that_ask_for_nothing_give_way(small: LocalService) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(closing(connected(small))) for _ in range(SMALL.connections + 20)]
        assert is_answering(small)
        assert is_closed(silent[0])


def test_more_connections_than_there_may_be_are_refused_in_the_words_of_the_platform(small: LocalService) -> None:
    request = b"GET /versions HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        used: list[socket.socket] = []
        deadline = time.monotonic() + 30
        while len(used) < SMALL.connections:
            # The service may not have noticed yet that connections of earlier tests are closed.
            assert time.monotonic() < deadline
            connection = stack.enter_context(closing(connected(small)))
            connection.sendall(request)
            if connection.recv(1 << 16).startswith(b"HTTP/1.1 200 "):
                used.append(connection)
        reply = requests.get(f"{small.url}/versions", timeout=30)
        assert reply.status_code == 503
        assert reply.json()["errors"][0]["message"]
        assert reply.headers["Retry-After"] == "1"
        used.pop().close()
        deadline = time.monotonic() + 30
        while not is_answering_now(small) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert is_answering(small)
    assert is_answering(small)


def is_answering_now(service: LocalService) -> bool:
    return requests.get(f"{service.url}/versions", timeout=30).status_code == 200


@pytest.mark.slow
def test_a_slow_answer_is_not_the_clients_fault(small: LocalService) -> None:
    small.faults.add(Fault("latency", match="/backends", seconds=2.5))
    assert is_answering(small)


@pytest.mark.parametrize("name", ["body", "unknown_body", "seconds", "connections", "job_memory"])
def test_limits_of_nothing_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0"):
        Limits(**{name: 0})


def test_all_jobs_together_leave_memory_to_others() -> None:
    total = psutil.virtual_memory().total
    assert 4 * Limits().memory_of_a_job(4) <= total * 3 // 4
    assert Limits(job_memory=5).memory_of_a_job(4) == 5


# Memory


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Give a service whose jobs may have 300 MiB."""
    store = tmp_path_factory.mktemp("tight") / "jobs.sqlite3"
    service = LocalService(store=store, workers=1, limits=Limits(job_memory=300 << 20))
    service.start()
    yield service
    service.stop()


def ended(service: LocalService, params: dict[str, Any]) -> dict[str, Any]:
    """Run a job of the sampler; return its state at the end."""
    url, headers = f"{service.url}/api/v1/jobs", authorized(service)
    job = requests.post(url, json={**JOB, "params": params}, headers=headers, timeout=30).json()["id"]
    while True:
        state: dict[str, Any] = requests.get(f"{url}/{job}", headers=headers, timeout=30).json()["state"]
        if state["status"] not in ("Queued", "Running"):
            return state
        time.sleep(0.05)


def bomb(size: int) -> str:
    return base64.b64encode(zlib.compress(bytes(size))).decode()


LAYERS = "h q; " + " ".join(f"cp(0.1) q[{qubit}], q[{qubit + 1}];" for qubit in range(27))


@pytest.mark.parametrize(
    "params",
    [
        {"pubs": [[{"__type__": "QuantumCircuit", "__value__": bomb(1 << 29)}]]},
        {"pubs": [["OPENQASM 3.0; qubit q;", {"__type__": "ndarray", "__value__": bomb(1 << 29)}]]},
        {"pubs": [["OPENQASM 3.0; qubit q; bit[4000] c; c[0] = measure q;"]], "shots": 100_000},
        {
            "pubs": [[f'OPENQASM 3.0; include "stdgates.inc"; qubit[28] q; bit[28] c; {LAYERS} c = measure q;']],
            "options": {"experimental": {"method": "statevector"}},
        },
    ],
    ids=["circuits", "parameters", "results", "states"],
)  # fmt: skip
@pytest.mark.slow
def test_a_job_that_needs_too_much_memory_fails_and_says_so_and_the_next_one_runs(
    tight: LocalService, params: dict[str, Any]
) -> None:
    state = ended(tight, params)
    assert state["status"] == "Failed"
    assert "memory" in state["reason"].lower()
    assert "300 MiB" in state["reason"]
    small = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit c; x q; c = measure q;'
    assert ended(tight, {"pubs": [[small]], "shots": 3})["status"] == "Completed"
