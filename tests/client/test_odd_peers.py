# SPDX-License-Identifier: Apache-2.0
"""Peers at the edge of the grammar of HTTP, over raw sockets."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support import ROOT
from tests.support.faulty.peer import Answer, Exchange, Peer
from tests.support.quick import QUICK, circuit, hurry

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native._deadline import deadline, off_the_clock, seconds_left
from qiskit_ibm_native._threads import Lock
from qiskit_ibm_native.accounts import ProxyConfiguration
from qiskit_ibm_native.client.limits import Limits
from qiskit_ibm_native.client.retry import parse_retry_after
from qiskit_ibm_native.client.transport import Transport
from qiskit_ibm_native.exceptions import ApiError, IBMBackendApiError, IBMError, IBMJobApiError, RequestsApiError

ALWAYS = float("inf")


class Raw:
    """A server that sends prepared bytes on each connection, after the headers of a request."""

    def __init__(self, *replies: bytes) -> None:
        self.replies = list(replies)
        self.heard: list[bytes] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while self.replies:
                data = b""
                while b"\r\n\r\n" not in data:
                    try:
                        piece = connection.recv(65536)
                    except OSError:
                        return
                    if not piece:
                        return
                    data += piece
                self.heard.append(data)
                reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
                if not reply:
                    return
                try:
                    connection.sendall(reply)
                except OSError:
                    return
                if b"close" in reply:
                    return


@contextmanager
def raw(*replies: bytes) -> Iterator[Raw]:
    peer = Raw(*replies)
    try:
        yield peer
    finally:
        peer.listening.close()


def ok(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"Content-Length: %d" % len(body), b"", body])


def asked(peer: Raw, limits: Limits | None = None, **options: Any) -> Any:
    transport = Transport(policy=QUICK, limits=limits or Limits(timeout=3))
    try:
        return transport.request("GET", f"{peer.url}/x", "GET /x", **options)
    finally:
        transport.close()


def test_a_post_that_may_have_arrived_is_not_repeated_through_a_proxy() -> None:
    with raw(b"") as peer:
        transport = Transport(ProxyConfiguration({"http": peer.url}), policy=QUICK)
        with pytest.raises(RequestsApiError) as caught:
            transport.request("POST", "http://service.invalid/jobs", "POST /jobs", body=b"{}")
        transport.close()
        assert len(peer.heard) == 1
        assert caught.value.maybe_processed


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothing\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 1200\r\n\r\n"
        + b'{"a":' * 300
        + b"1"
        + b"}" * 300
        + b" " * (1200 - 1801 % 1200),
        b"HTTP/1.1 500 No\r\nContent-Length: 2000\r\n\r\n" + b"[" * 1000 + b"]" * 1000,
        b"HTTP/1.1 503 No\r\nRetry-After: Mon, 01 Jan 2024 00:00:00 +99999999999999999999\r\nContent-Length: 0\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 4\r\n\r\nabcd",
    ],
)
def test_whatever_a_reply_is_the_error_is_one_of_this_package(reply: bytes) -> None:
    with raw(reply) as peer, pytest.raises(ApiError):
        asked(peer, repeatable=True)


def test_addresses_and_headers_that_make_no_sense_are_not_shown() -> None:
    transport = Transport(policy=QUICK, limits=Limits(timeout=2))
    for url, headers in (
        ("nonsense?sig=SECRET", {}), ("http://127.0.0.1:1/", {"Service-CRN": "SECRET\n"}), (f"http://{'a' * 70}.SECRET/", {})
    ):  # fmt: skip
        with pytest.raises(RequestsApiError) as caught:
            transport.request("GET", url, "GET results", headers=headers)
        assert "SECRET\n" not in f"{caught.value} {caught.value.__context__!r}"
        assert "sig=SECRET" not in f"{caught.value} {caught.value.__context__!r}"
    assert parse_retry_after("Mon, 01 Jan 2024 00:00:00 +99999999999999999999") is None


def test_what_is_said_on_the_way_to_a_reply_is_no_reply() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    with raw(early + ok(b'{"to": 1}'), ok(b'{"to": 2}')) as peer:
        transport = Transport(policy=QUICK, limits=Limits(timeout=3))
        replies = [transport.request("GET", f"{peer.url}/{number}", "GET").json()["to"] for number in (1, 2)]
        transport.close()
    assert replies == [1, 2]


@pytest.mark.slow
def test_replies_that_lead_elsewhere_and_chunks_of_odd_sizes_are_bounded() -> None:
    import gzip

    bomb = gzip.compress(b" " * (300 << 20), 9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    head = (
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    )
    with raw(head % len(bomb) + bomb) as peer, pytest.raises(RequestsApiError, match="302"):
        asked(peer)
    with raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + b" " * (300 << 20)) as peer:  # noqa: SIM117
        with pytest.raises(RequestsApiError):
            asked(peer, Limits(timeout=3, max_reply_bytes=1 << 20))
    # The peer is in this process, so its bytes count here, too.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 800 << 10


def test_a_certificate_that_is_not_trusted_does_not_pass_by_itself() -> None:
    import ssl

    import requests
    from urllib3.exceptions import MaxRetryError
    from urllib3.exceptions import SSLError as InnerError

    from qiskit_ibm_native.client.transport import _is_untrusted

    inner = ssl.SSLCertVerificationError(1, "certificate verify failed")
    assert _is_untrusted(requests.exceptions.SSLError(MaxRetryError(None, "/", InnerError(inner))))  # type: ignore[arg-type]
    assert not _is_untrusted(requests.exceptions.ConnectionError("reset"))
    assert not RequestsApiError("no", code="certificate").is_transient


def test_304_is_no_success_of_what_was_not_asked_on_condition(peer: Peer) -> None:
    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        backend = provider.get_backend("ibmq_vigo")
        peer.plan(lambda exchange: exchange.send_and_close(Answer(304)), "", ALWAYS)
        hurry(provider, 1.0)
        with pytest.raises(IBMJobApiError):
            job.cancel()
        with pytest.raises(IBMBackendApiError):
            _ = backend.target
        peer.heal()


@pytest.mark.slow
def test_a_call_of_many_requests_ends_with_its_time(peer: Peer) -> None:
    def hang(exchange: Exchange) -> None:
        exchange.hang()

    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        job.wait_for_final_state(timeout=60)
        hurry(provider, 1.0)
        calls: list[tuple[str, Callable[[], object]]] = [
            ("/results$", job.refresh), ("/tags$|jobs/[^/]*$", lambda: job.update_tags(["a"])), ("/search$", provider.instances)
        ]  # fmt: skip
        for match, call in calls:
            peer.plan(hang, match, ALWAYS)
            start = time.monotonic()
            with pytest.raises(IBMError):
                call()
            assert time.monotonic() - start < 2.0


def test_threads_that_wait_for_the_same_end_with_their_own_time() -> None:
    lock, held, done = Lock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    start = time.monotonic()
    with deadline(start + 0.3), pytest.raises(RequestsApiError, match="Another thread"), lock:
        pass
    assert time.monotonic() - start < 2
    done.set()
    thread.join()
    with lock:
        pass


def test_a_result_that_is_known_needs_no_time(provider: IBMProvider) -> None:
    job = provider.get_backend("local_simulator").run(circuit(), shots=3)
    result = job.result(timeout=60)
    assert job.result(timeout=0) is result
    job.wait_for_final_state(timeout=0)


_ASKING = """
import gc, weakref
from qiskit_ibm_native import IBMBackendApiError, IBMProvider
from tests.support.quick import hurry

class Mine:
    pass

def ask(backend):
    mine = Mine()
    assert not hasattr(backend, "target")
    try:
        backend.target
    except IBMBackendApiError:
        return weakref.ref(mine)

with IBMProvider() as provider:
    backend = provider.get_backend("ibmq_vigo")
    hurry(provider, 0.5)
    print("ready", flush=True)
    input()
    mine = ask(backend)
    gc.collect()
    print(mine is not None and mine() is None)
"""


def test_errors_that_are_kept_hold_on_to_nothing_of_who_asked(peer: Peer) -> None:
    # In a process of its own: other tests have imported libraries that keep frames.
    with subprocess.Popen(
        [sys.executable, "-c", _ASKING], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as asking:
        assert asking.stdin is not None and asking.stdout is not None
        assert asking.stdout.readline() == "ready\n"
        peer.plan(lambda exchange: exchange.send_and_close(Answer(500)), "", ALWAYS)
        assert asking.communicate("\n", timeout=60)[0] == "True\n"


def test_work_of_this_process_is_not_on_the_clock() -> None:
    with deadline(time.monotonic() + 5):
        with off_the_clock():
            time.sleep(0.3)
        assert seconds_left() > 4.8
    assert seconds_left() == float("inf")


def test_no_time_left_means_that_nothing_was_sent() -> None:
    with raw(ok(b"{}")) as peer, deadline(time.monotonic()):
        with pytest.raises(RequestsApiError, match="no time") as caught:
            asked(peer)
        assert not caught.value.maybe_processed
        assert not peer.heard
