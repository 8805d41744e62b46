# SPDX-License-Identifier: Apache-2.0
"""Deadlines over real sockets: calls end in time, waiting outlasts an outage, and Ctrl-C ends a wait."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.support import ROOT
from tests.support.faulty.peer import Answer, Exchange, Peer, damaged
from tests.support.quick import circuit, hurry

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native._deadline import deadline, pause, seconds_left
from qiskit_ibm_native.client import connections
from qiskit_ibm_native.client.retry import RetryPolicy
from qiskit_ibm_native.exceptions import (
    IBMBackendApiError,
    IBMError,
    IBMInputValueError,
    IBMJobApiError,
    IBMJobTimeoutError,
    RequestsApiError,
)

ALWAYS = float("inf")


def hang(exchange: Exchange) -> None:
    exchange.hang()


def drip_head(exchange: Exchange) -> None:
    exchange.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000, 0.2)


def drip_body(exchange: Exchange) -> None:
    answer = exchange.forward(whole=True)
    exchange.wfile.write(answer.head())
    exchange.drip(answer.body, 0.2)


def drip_fast_then_hang(exchange: Exchange) -> None:
    """Send bytes faster than the time of a wait is set anew, and then none."""
    answer = exchange.forward(whole=True)
    exchange.wfile.write(answer.head())
    exchange.drip(answer.body[:20], 0.02)
    exchange.hang()


def unavailable(exchange: Exchange) -> None:
    exchange.send(Answer(503))


FAULTS: dict[str, Callable[[Exchange], None]] = {
    "hangs": hang, "head drips": drip_head, "body drips": drip_body, "drips fast, then hangs": drip_fast_then_hang,
    "503": unavailable,
}  # fmt: skip


def still_running(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.send(damaged(answer, body=answer.body.replace(b'"Completed"', b'"Running"')))


def seconds_of(call: Callable[[], object], *kinds: type[BaseException]) -> float:
    start = time.monotonic()
    with pytest.raises(kinds):
        call()
    return time.monotonic() - start


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.slow
def test_a_call_ends_with_its_time(peer: Peer, fault: str) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        hurry(provider, 1.0)
        peer.plan(FAULTS[fault], "", ALWAYS)
        for call in (backend.status, lambda: backend.target, provider.backends, lambda: provider.job("x")):
            assert seconds_of(call, IBMError) < 2.0


def test_a_token_is_not_waited_for_longer_than_a_call(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.plan(hang, "/identity/token", ALWAYS)
    monkeypatch.setenv("QISKIT_IBM_NATIVE_TIMEOUT", "1.5")
    assert seconds_of(IBMProvider, RequestsApiError) < 2.5


def test_the_error_says_which_time_is_over_and_how_to_have_more(peer: Peer) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        hurry(provider, 1.0)
        peer.plan(hang, "/status", ALWAYS)
        with pytest.raises(IBMBackendApiError, match=r"time for it was over: timeout= of IBMProvider \(1 s\)"):
            backend.status()


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 1e10, True, "60"])
def test_a_timeout_is_a_number_above_0(value: Any) -> None:
    with pytest.raises(
        IBMInputValueError, match=r"timeout is .* above 0, of a year.* \(argument timeout=, or the variable"
    ):
        IBMProvider(timeout=value)


def test_a_variable_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_NATIVE_MAX_REPLY_BYTES", "much")
    with pytest.raises(IBMInputValueError, match="max_reply_bytes is 'much'"):
        IBMProvider(channel="local")


@pytest.mark.slow
def test_what_can_be_repeated_is_not_waited_for_until_the_end(peer: Peer) -> None:
    """A dead connection costs a third of the call's time, not the call."""
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        hurry(provider, 6.0)
        peer.plan(hang, "/status", 1)
        assert backend.status().operational


@pytest.mark.parametrize("fault", FAULTS)
def test_results_come_in_time_or_not_at_all(peer: Peer, fault: str) -> None:
    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        job.wait_for_final_state(timeout=60)
        peer.plan(FAULTS[fault], "/results", ALWAYS)
        assert seconds_of(lambda: job.result(timeout=1), IBMJobTimeoutError) < 2.0
        peer.heal()
        assert job.result(timeout=30).get_counts() == {"1": 3}


@pytest.mark.parametrize("fault", FAULTS)
def test_polls_end_in_time(peer: Peer, fault: str) -> None:
    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        peer.plan(FAULTS[fault], "GET .*/jobs/", ALWAYS)
        assert seconds_of(lambda: job.wait_for_final_state(timeout=1), IBMJobTimeoutError) < 2.0


@pytest.mark.slow
def test_waiting_outlasts_an_outage_and_warns_once(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    with IBMProvider() as provider:
        # The repetitions of one request end before the outage does.
        provider._transport.policy = RetryPolicy(attempts=2, first_wait=0.1)
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        peer.refuse()
        timer = threading.Timer(3.0, peer.listen_again)
        timer.start()
        with caplog.at_level(logging.WARNING, "qiskit_ibm_native"):
            assert job.result(timeout=60).get_counts() == {"1": 3}
        timer.join()
    assert [record.getMessage().split(";")[0] for record in caplog.records] == [
        f"The service is out of reach while job {job.job_id()} is waited for"
    ]  # fmt: skip


def test_without_a_timeout_an_outage_is_waited_for_so_long(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qiskit_ibm_native.provider.jobs.base.OUTAGE", 1.0)
    with IBMProvider() as provider:
        provider._transport.policy = RetryPolicy(attempts=2, first_wait=0.1)
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        peer.plan(unavailable, "GET .*/jobs/", ALWAYS)
        with pytest.raises(IBMJobApiError, match=r"out of reach for \d+ s: .*503.* goes on: ask for it again later"):
            job.result()


def test_a_refusal_is_not_waited_for(peer: Peer) -> None:
    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        peer.plan(lambda exchange: exchange.send(Answer(403)), "GET .*/jobs/", ALWAYS)
        assert seconds_of(lambda: job.result(timeout=60), IBMJobApiError) < 20


WAITING = """
import sys
sys.path[:0] = {path!r}
from qiskit_ibm_native import IBMProvider
with IBMProvider() as provider:
    job = provider.job({job!r})
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        {call}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize("call", ["job.wait_for_final_state()", "job.result()", "provider.backends()"])
@pytest.mark.parametrize("fault", ["hangs", "body drips", "503"])
@pytest.mark.slow
def test_ctrl_c_ends_a_wait(peer: Peer, call: str, fault: str) -> None:
    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
    peer.plan(still_running, "GET .*/jobs/", ALWAYS)
    program = WAITING.format(path=[str(ROOT)], job=job.job_id(), call=call)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    peer.plan(FAULTS[fault], "", ALWAYS)
    process.stdin.write("\n")
    end = time.monotonic() + 10
    while not peer.happened and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    line = process.stdout.readline()
    took = time.monotonic() - asked
    process.kill()
    process.communicate()
    assert line == "interrupted\n"
    assert took < 5


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    known = connections.socket.getaddrinfo

    def resolve(host: str, port: int, family: int = 0, kind: int = 0, protocol: int = 0, flags: int = 0) -> Any:
        if flags:
            return known(host, port, family, kind, protocol, flags)
        release.wait(30)
        raise OSError("too late")

    monkeypatch.setattr(connections.socket, "getaddrinfo", resolve)
    start = time.monotonic()
    with deadline(start + 0.5), pytest.raises(OSError, match="not resolved in time"):
        connections.resolve("service.invalid", 443)
    assert time.monotonic() - start < 5
    release.set()


def test_deadlines_within_deadlines_only_come_earlier() -> None:
    assert seconds_left() == float("inf")
    now = time.monotonic()
    with deadline(now + 5):
        with deadline(now + 50):
            assert seconds_left() <= 5
        with deadline(now + 1):
            assert seconds_left() <= 1
        with deadline(None):
            assert seconds_left() <= 5
        with deadline(now):
            pause(100)
    assert seconds_left() == float("inf")
