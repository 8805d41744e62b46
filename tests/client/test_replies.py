# SPDX-License-Identifier: Apache-2.0
"""Responses that are damaged, too large, endless or not from the service, over real sockets."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import logging
import re
import resource
import threading
import time
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from tests.support.faulty.peer import Answer, Exchange, Peer, damaged, endless
from tests.support.quick import QUICK, circuit, hurry

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native._redaction import Redactor, without_secrets
from qiskit_ibm_native.client import wire
from qiskit_ibm_native.client.bodies import BodyDamagedError, BodyTooLargeError, read_body, read_start
from qiskit_ibm_native.exceptions import (
    ApiIBMProtocolError,
    BackendPayloadError,
    IBMApiError,
    IBMBackendApiError,
    IBMBackendApiProtocolError,
    IBMError,
    IBMJobApiError,
    IBMJobTimeoutError,
    RequestsApiError,
)
from qiskit_ibm_native.provider.run.programs import SamplerProgram

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService

ALWAYS = float("inf")
HTML = b"<!DOCTYPE html><html><body>Welcome to the hotel</body></html>"
MB = 2**20


class Raw(io.BytesIO):
    """The part of a response of urllib3 that read_body() uses."""

    def __init__(self, body: bytes, encoding: str = "") -> None:
        super().__init__(body)
        self.headers = {"Content-Encoding": encoding} if encoding else {}

    def read(self, amount: int = -1, decode_content: bool = False) -> bytes:  # type: ignore[override]
        return super().read(amount)


# Bodies


@pytest.mark.parametrize("body", [b"", b"{}", bytes(range(256)) * 5000])
def test_bodies_are_what_was_compressed(body: bytes) -> None:
    assert read_body(Raw(body), 10 * MB) == body
    assert read_body(Raw(gzip.compress(body), "gzip"), 10 * MB) == body
    assert read_body(Raw(zlib.compress(body), "deflate"), 10 * MB) == body
    assert read_body(Raw(gzip.compress(body) + gzip.compress(body), "gzip"), 10 * MB) == body + body


def test_a_compressed_body_that_is_cut_anywhere_is_no_body() -> None:
    packed = gzip.compress(b'{"a": 1}' * 10)
    for length in range(1, len(packed)):
        with pytest.raises(BodyDamagedError):
            read_body(Raw(packed[:length], "gzip"), MB)
    for position in range(len(packed)):
        changed = bytearray(packed)
        changed[position] ^= 0x55
        with contextlib.suppress(BodyDamagedError):
            assert read_body(Raw(bytes(changed), "gzip"), MB) == b'{"a": 1}' * 10


def test_bodies_have_limits_before_and_after_decompression() -> None:
    with pytest.raises(BodyTooLargeError):
        read_body(Raw(b" " * 1001), 1000)
    assert len(read_body(Raw(b" " * 1000), 1000)) == 1000
    with pytest.raises(BodyTooLargeError):
        read_body(Raw(gzip.compress(b" " * 1001), "gzip"), 1000)
    assert len(read_body(Raw(gzip.compress(b" " * 1000), "gzip"), 1000)) == 1000
    with pytest.raises(BodyTooLargeError):
        read_body(Raw(gzip.compress(b" " * 900) * 2, "gzip"), 1000)
    with pytest.raises(BodyDamagedError, match="encoded as 'br'"):
        read_body(Raw(b"x", "br"), 1000)


def test_of_errors_only_the_start_is_read() -> None:
    assert read_start(Raw(b"e" * 1000), 100) == b"e" * 100
    assert read_start(Raw(gzip.compress(b"e" * 1000), "gzip"), 100) == b""
    assert read_start(Raw(b"no gzip", "gzip"), 100) == b""


# Failed requests


def cut_gzip(exchange: Exchange) -> None:
    answer = exchange.forward(whole=True)
    if ("content-encoding", "gzip") in [(name.lower(), value) for name, value in answer.headers]:
        exchange.send(damaged(answer, body=answer.body[: len(answer.body) // 2]))
    else:
        headers = (*answer.headers, ("Content-Encoding", "gzip"))
        exchange.send(damaged(answer, headers=headers, body=gzip.compress(answer.body)[:-9]))


def cut(exchange: Exchange) -> None:
    answer = exchange.forward(whole=True)
    headers = tuple(pair for pair in answer.headers if pair[0].lower() != "content-encoding")
    body = gzip.decompress(answer.body) if headers != answer.headers else answer.body
    exchange.send(damaged(answer, headers=headers, body=body[: len(body) // 2]))


def page(exchange: Exchange) -> None:
    exchange.send_and_close(Answer(200, (("Content-Type", "text/html"),), HTML))


def nothing(exchange: Exchange) -> None:
    answer = exchange.forward(whole=True)
    headers = tuple(pair for pair in answer.headers if pair[0].lower() != "content-encoding")
    exchange.send(damaged(answer, headers=headers, body=b""))


@pytest.mark.parametrize("fault", [cut_gzip, cut, page, nothing])
@pytest.mark.parametrize("route", ["configuration", "properties", "defaults"])
def test_a_payload_that_is_damaged_once_is_asked_for_again(
    peer: Peer, route: str, fault: Callable[[Exchange], None]
) -> None:
    with IBMProvider() as provider:
        peer.plan(fault, f"/{route}$", 1)
        backend = provider.get_backend("ibmq_lima")
        backend.target["cx"]
        assert backend.defaults() is not None
        assert peer.happened == 1
        assert peer.requests.count(f"GET /experimental/v1/backends/ibmq_lima/{route}") == 2


@pytest.mark.parametrize("fault", [cut_gzip, cut, page, nothing])
@pytest.mark.slow
def test_a_damaged_payload_never_comes_back(peer: Peer, fault: Callable[[Exchange], None]) -> None:
    """A payload that could not be read must not be remembered by the ETag that came with it."""
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        target = backend.target
        for route in ("configuration", "properties"):
            peer.plan(fault, f"/{route}$", ALWAYS)
            with pytest.raises((BackendPayloadError, IBMBackendApiError)):
                backend.refresh()
            assert backend.target is target
            peer.heal()
            assert not backend.refresh()
            assert backend.target is target
        fresh = IBMProvider()
        assert fresh.get_backend("ibmq_vigo").target["cx"].keys() == target["cx"].keys()
        fresh.close()


def test_no_bytes_where_properties_should_be_are_no_device_without_errors(peer: Peer) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        peer.plan(nothing, "/properties$", ALWAYS)
        with pytest.raises(BackendPayloadError, match="properties payload"):
            _ = backend.target
        with pytest.raises(BackendPayloadError, match="properties payload"):
            backend.properties()
        peer.heal()
        assert backend.target["cx"][0, 1].error > 0


@pytest.mark.parametrize("fault", [cut_gzip, cut, page, nothing])
@pytest.mark.slow
def test_results_that_are_damaged_are_asked_for_again_and_never_kept(
    peer: Peer, fault: Callable[[Exchange], None]
) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("local_simulator")
        job = backend.run(circuit(), shots=3)
        peer.plan(fault, "/results$", 1)
        assert job.result(timeout=60).get_counts() == {"1": 3}
        job = backend.run(circuit(), shots=4)
        peer.plan(fault, "/results$", ALWAYS)
        with pytest.raises((IBMJobApiError, IBMJobTimeoutError)):
            job.result(timeout=5)
        peer.heal()
        assert job.result(timeout=60).get_counts() == {"1": 4}


@pytest.mark.slow
def test_a_page_is_no_success(peer: Peer) -> None:
    with IBMProvider() as provider:
        vigo = provider.get_backend("ibmq_vigo")
        session = vigo.open_session()
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        status = job.wait_for_final_state(timeout=60)
        peer.plan(page, "/(cancel|tags|close)$|^PATCH|^DELETE", ALWAYS)
        with pytest.raises(IBMJobApiError, match="not JSON"):
            job.cancel()
        with pytest.raises(IBMJobApiError, match="not JSON"):
            job.update_tags(["a"])
        with pytest.raises(ApiIBMProtocolError):
            session.close()
        with pytest.raises(ApiIBMProtocolError):
            session.cancel()
        with pytest.raises(ApiIBMProtocolError):
            provider.delete_job(job.job_id())
        peer.heal()
        assert job.status().name == "DONE", status
        assert job.tags() == []


def test_a_status_that_is_none_is_refused(peer: Peer) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        peer.plan(lambda exchange: exchange.send_and_close(Answer(200, (), b'{"foo": 1}')), "/status$", ALWAYS)
        with pytest.raises(IBMBackendApiProtocolError, match="neither state nor status"):
            backend.status()


# Submissions and sessions


def other_jobs(exchange: Exchange) -> None:
    """Reply as a service that ignores the search by tags: the list has other jobs."""
    answer = exchange.forward()
    jobs = [
        {"id": f"other-{number}", "tags": ["qiskit-ibm-native:other"], "state": {"status": "Completed"}}
        for number in range(3)
    ]
    exchange.send(damaged(answer, status=200, body=orjson.dumps({"jobs": jobs, "count": 3, "limit": 20, "offset": 0})))


def test_another_job_is_never_taken_for_the_one_that_was_submitted(peer: Peer) -> None:
    with IBMProvider() as provider:
        provider._transport.policy = QUICK
        backend = provider.get_backend("local_simulator")
        refused = []

        def act(exchange: Exchange) -> None:
            if exchange.command == "GET":
                other_jobs(exchange)
            elif not refused:
                refused.append(1)
                exchange.send_and_close(Answer(503))
            else:
                exchange.send(exchange.forward())

        peer.plan(act, "/jobs$", ALWAYS)
        job = backend.run(circuit(), shots=7)
        peer.heal()
        assert not job.job_id().startswith("other")
        assert job.result(timeout=60).get_counts() == {"1": 7}


@pytest.mark.parametrize("status", [401, 403])
def test_if_the_lookup_is_refused_the_error_says_that_the_job_may_be_there(peer: Peer, status: int) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("local_simulator")

        def act(exchange: Exchange) -> None:
            if exchange.command == "POST":
                exchange.forward()
                exchange.reset()
            else:
                exchange.send_and_close(Answer(status))

        peer.plan(act, "/jobs$", ALWAYS)
        with pytest.raises(
            IBMBackendApiError, match=rf"may have taken the job: .*job_tags=\['qiskit-ibm-native:\w+'\].*{status}"
        ) as caught:
            backend.run(circuit(), shots=7)
        peer.heal()
        (tag,) = re.findall(r"job_tags=\['(.*?)'\]", str(caught.value))
        (job,) = provider.jobs(job_tags=[tag])
        assert job.result(timeout=60).get_counts() == {"1": 7}


@pytest.mark.slow
def test_a_submission_that_hangs_leaves_time_to_find_the_job(peer: Peer) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("local_simulator")
        hurry(provider, 6.0)

        def act(exchange: Exchange) -> None:
            exchange.forward()
            exchange.hang()

        peer.plan(act, "POST .*/jobs$", 1)
        assert backend.run(circuit(), shots=5).result(timeout=60).get_counts() == {"1": 5}
        assert peer.happened == 1


def test_a_session_that_may_be_open_is_told(peer: Peer) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")

        def act(exchange: Exchange) -> None:
            exchange.forward()
            exchange.reset()

        for life, text in ((None, "8 h, unless"), ("5m", "300 s, its max_time")):
            peer.plan(act, "POST .*/sessions$", ALWAYS)
            with pytest.raises(
                IBMBackendApiError, match=rf"not known whether a session.*ends by itself after {text}.*closed there"
            ):
                backend.open_session(max_time=life)
            assert peer.happened == 1
        peer.plan(lambda exchange: exchange.send_and_close(Answer(429)), "POST .*/sessions$", 1)
        assert backend.open_session().active


def test_a_block_of_a_session_never_hides_the_users_exception(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    with IBMProvider() as provider:
        provider._transport.policy = QUICK
        backend = provider.get_backend("ibmq_vigo")
        with caplog.at_level(logging.WARNING, "qiskit_ibm_native"), pytest.raises(ZeroDivisionError):  # noqa: SIM117
            with backend.open_session():
                peer.plan(lambda exchange: exchange.send_and_close(Answer(500)), "^PATCH", ALWAYS)
                _ = 1 / 0
        assert "could not be closed" in caplog.text
        peer.heal()
        with pytest.raises(IBMApiError):  # noqa: SIM117
            with backend.open_session():
                peer.plan(lambda exchange: exchange.send_and_close(Answer(500)), "^PATCH", ALWAYS)


# Sizes


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.slow
def test_a_reply_decides_how_much_memory_is_used_only_up_to_the_limit(peer: Peer) -> None:
    bomb = gzip.compress(b" " * (300 * MB), 9)
    with IBMProvider(max_reply_bytes=8 * MB, max_result_bytes=8 * MB) as provider:
        backend = provider.get_backend("local_simulator")
        job = backend.run(circuit(), shots=3)
        job.wait_for_final_state(timeout=60)
        before = peak()
        headers = (("Content-Encoding", "gzip"), ("Content-Type", "application/json"))
        for status in (200, 500):
            peer.plan(
                lambda exchange, code=status: exchange.send_and_close(Answer(code, headers, bomb)),
                "/(usage|results)$",
                ALWAYS,
            )
            with pytest.raises(RequestsApiError, match="larger than 4194304 bytes" if status == 200 else "500"):
                provider.usage()
            with pytest.raises((IBMJobApiError, IBMJobTimeoutError)):
                job.result(timeout=2)
        chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        peer.plan(lambda exchange: endless(exchange, chunks, b"10000\r\n" + b" " * 65536 + b"\r\n"), "/usage$", ALWAYS)
        with pytest.raises(RequestsApiError, match=r"larger than .*max_reply_bytes=\.\.\."):
            provider.usage()
        assert peak() - before < 150 * MB


def test_lists_have_an_end(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qiskit_ibm_native.provider.jobs.search._MAX_PAGES", 5)
    job = {"id": "j", "tags": ["x"], "program": {"id": "sampler"}, "created": "2026-01-01T00:00:00Z",
           "state": {"status": "Completed"}}  # fmt: skip
    page_of_jobs = Answer(200, (), orjson.dumps({"jobs": [job] * 50, "count": 10**9, "limit": 50, "offset": 0}))
    with IBMProvider() as provider:
        peer.plan(lambda exchange: exchange.send(page_of_jobs), "GET .*/jobs$", ALWAYS)
        with pytest.raises(IBMBackendApiError, match="did not end after 250 jobs"):
            provider.jobs(limit=10)
        assert len(peer.requests) == 5


def test_the_search_for_instances_has_an_end(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qiskit_ibm_native.client.discovery._MAX_PAGES", 5)
    items = Answer(200, (), orjson.dumps({"items": [{"crn": "crn:v1:x"}], "search_cursor": "again"}))
    with IBMProvider() as provider:
        peer.plan(lambda exchange: exchange.send_and_close(items), "/search$", ALWAYS)
        with pytest.raises(ApiIBMProtocolError, match=r"did not end within 5 pages.*instance="):
            provider.instances()
        assert len(peer.requests) == 5


def test_the_search_for_instances_survives_a_token_that_expired(peer: Peer) -> None:
    with IBMProvider() as provider:
        peer.plan(lambda exchange: exchange.send_and_close(Answer(401)), "/search$", 1)
        assert provider.instances()


def result_of(num_bits: Any, shape: tuple[int, ...] = (1, 1)) -> bytes:
    bits = {
        "__type__": "BitArray",
        "__value__": {"array": wire.encode_array(np.zeros(shape, np.uint8)), "num_bits": num_bits},
    }
    data = {"__type__": "DataBin", "__value__": {"shape": [], "fields": {"c": bits}}}
    pub = {"__type__": "SamplerPubResult", "__value__": {"data": data, "metadata": {}}}
    return orjson.dumps({"__type__": "PrimitiveResult", "__value__": {"pub_results": [pub], "metadata": {}}})


@pytest.mark.parametrize("num_bits", [9, 0, -1, 10**9, 10**18, 1.0, True, "1", None])
def test_a_register_has_as_many_bits_as_its_bytes_hold(num_bits: Any) -> None:
    with pytest.raises(ApiIBMProtocolError, match="bits in 1 bytes"):
        SamplerProgram().decode(result_of(num_bits))
    assert SamplerProgram().decode(result_of(7)).pubs[0].fields["c"].num_bits == 7


def result_with(record: dict[str, Any], shape: Any = (), words: tuple[int, ...] = (1, 1)) -> bytes:
    content = orjson.loads(result_of(1, words))
    (pub,) = content["__value__"]["pub_results"]
    pub["__value__"]["data"]["__value__"]["shape"] = list(shape)
    pub["__value__"]["metadata"] = {"circuit_metadata": {"qiskit_ibm_native": record}}
    return orjson.dumps(content)


HONEST = {
    "name": "x", "n_qubits": 1, "qregs": [["q", 1]], "global_phase": 0.0, "metadata": {},
    "layout": {"fields": [["c", 0, 1]], "num_clbits": 1, "is_measured": True}, "job": {"options": {"shots": 1, "memory": True}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({}, [10**9]), ({}, [-1]), ({}, ["1"]), ({}, [1]), ({"qregs": [["q", 3 * 10**7]]}, []),
        ({"layout": {"fields": [["c", 0, 10**10]], "num_clbits": 1, "is_measured": True}}, []),
        ({"layout": {"fields": [["c", 0, 1]], "num_clbits": 10**12, "is_measured": True}}, []),
    ],
)  # fmt: skip
def test_numbers_of_a_result_decide_about_nothing(peer: Peer, changes: dict[str, Any], shape: list[Any]) -> None:
    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=1)
        job.wait_for_final_state(timeout=60)
        again = provider.job(job.job_id())
        body = result_with({**HONEST, **changes}, shape)
        peer.plan(lambda exchange: exchange.send_and_close(Answer(200, (), body)), "/results$", ALWAYS)
        provider._transport.policy = QUICK
        start = time.monotonic()
        with pytest.raises(IBMJobApiError, match="cannot be understood"):
            again.result()
        assert time.monotonic() - start < 10


def test_texts_of_shots_count_for_the_allowance() -> None:
    SamplerProgram().decode(result_of(1, (1000, 1)))
    with pytest.raises(ApiIBMProtocolError, match="larger than"):
        SamplerProgram().decode(result_of(1, (2**25, 1)))


def test_small_replies_are_small(peer: Peer) -> None:
    body = b'{"id": "x", "x": [' + b"[]," * (2 << 20) + b"[]]}"
    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        peer.plan(lambda exchange: exchange.send_and_close(Answer(200, (), body)), "GET .*/jobs/", ALWAYS)
        with pytest.raises(IBMJobApiError, match="larger than 4194304 bytes"):
            job.status()


@pytest.mark.parametrize(
    "change",
    [
        {"created": "9999-12-31T23:59:59-14:00"}, {"tags": [5, None]}, {"backend": [1]}, {"backend": {"a": 1}}, {"program": 5}
    ],
)  # fmt: skip
def test_members_of_other_kinds_are_no_bare_exceptions(peer: Peer, change: dict[str, Any]) -> None:
    def act(exchange: Exchange) -> None:
        answer = exchange.forward(whole=True)
        headers = tuple(pair for pair in answer.headers if pair[0].lower() != "content-encoding")
        body = gzip.decompress(answer.body) if headers != answer.headers else answer.body
        exchange.send_and_close(Answer(200, headers, orjson.dumps({**orjson.loads(body), **change})))

    with IBMProvider() as provider:
        job = provider.get_backend("local_simulator").run(circuit(), shots=3)
        job.wait_for_final_state(timeout=60)
        peer.plan(act, "GET .*/jobs/[^/]*$", ALWAYS)
        with contextlib.suppress(IBMError):
            again = provider.job(job.job_id())
            again.tags()
            again.update_tags(["a"])
            repr(again.backend())


def test_arrays_of_a_result_are_bounded_together() -> None:
    allowance = wire.Allowance(3000)
    array = wire.encode_array(np.zeros(1000, np.uint8))
    assert [wire.decode_array(array, allowance).size for _ in range(2)] == [1000, 1000]
    with pytest.raises(ApiIBMProtocolError, match="larger than"):
        wire.decode_array(array, allowance)
    with pytest.raises(ApiIBMProtocolError, match="damaged"):
        wire.decode_array({"__type__": "ndarray", "__value__": "AAAA"}, wire.Allowance())
    short = base64.b64encode(zlib.compress(bytes(100))[:-3]).decode()
    with pytest.raises(ApiIBMProtocolError, match="cut short"):
        wire.decode_array({"__type__": "ndarray", "__value__": short}, wire.Allowance())
    with pytest.raises(ApiIBMProtocolError, match="cannot be read"):
        wire.decode_tensor(wire.encode_tensor(np.zeros(9, bool)) | {"shape": [10**12]}, wire.Allowance())


# Secrets


def test_the_list_of_secrets_does_not_grow_without_end() -> None:
    redact = Redactor()
    redact.hide_key("the-key-of-the-account")
    for number in range(1000):
        redact.hide_token(f"access-token-{number}")
    assert len(redact._tokens) < 50
    text = redact("the-key-of-the-account access-token-999 access-token-998")
    assert text == "*** *** ***"
    assert (
        without_secrets("GET /x?crn=crn:v1:bluemix:public:quantum-computing:us-east:a/1:2:: failed")
        == "GET /x?crn=crn:*** failed"
    )


def test_a_page_in_place_of_a_token_is_not_shown(peer: Peer) -> None:
    peer.plan(
        lambda exchange: exchange.send_and_close(Answer(200, (), b'{"access_token": "eyJSECRETSECRET')),
        "/token$",
        ALWAYS,
    )
    with pytest.raises(ApiIBMProtocolError, match="not JSON") as caught:
        IBMProvider()
    assert "SECRET" not in f"{caught.value!r} {vars(caught.value)}"


def test_two_threads_read_one_result_once(service: LocalService, provider: IBMProvider, requests: list[str]) -> None:
    job = provider.get_backend("local_simulator").run(circuit(), shots=3)
    job.wait_for_final_state(timeout=60)
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(job.result(timeout=30))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(result) for result in results}) == 1
    assert sum(request.endswith("/results") for request in requests) == 1
