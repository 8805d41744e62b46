# SPDX-License-Identifier: Apache-2.0
"""The REST client over real sockets: repetitions, tokens, errors, and bytes on the wire."""

from __future__ import annotations

import http.server
import pickle
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tests.support.quick import QUICK, circuit, hurry, jobs_of

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.client.endpoint import default_base_url
from qiskit_ibm_native.client.retry import RetryPolicy, parse_retry_after
from qiskit_ibm_native.client.transport import Transport
from qiskit_ibm_native.exceptions import (
    ApiIBMProtocolError,
    BackendPayloadError,
    IBMApiError,
    IBMBackendApiError,
    IBMBackendJobLimitError,
    IBMError,
    IBMNotAuthorizedError,
    RequestsApiError,
)
from qiskit_ibm_native.local.service.faults import Fault

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService

FAULTS = {
    "a reply that takes long": Fault("latency", seconds=0.2),
    "500": Fault("status", status=500, times=2),
    "502 without JSON": Fault("status", status=502, body="<html>bad gateway</html>", times=2),
    "503": Fault("status", status=503, times=3),
    "429": Fault("status", status=429, times=2),
    "429 with Retry-After": Fault("status", status=429, retry_after="0.1"),
    "a reply that breaks off": Fault("truncate", times=2),
    "no reply": Fault("drop", times=2),
    "no reply after all was done": Fault("drop", times=2, after=True),
    "500 after all was done": Fault("status", after=True),
    "tokens that expired": Fault("expire"),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize(
    "match", ["GET .*/configuration", "GET .*/properties", "GET .*/status", "POST .*/jobs$", "GET .*/jobs/"]
)
def test_nothing_is_lost_and_nothing_is_submitted_twice(
    quick: IBMProvider, service: LocalService, name: str, match: str
) -> None:
    before = jobs_of(quick)
    fault = service.faults.add(replace(FAULTS[name], match=match))
    backend = quick.get_backend("ibm_miami" if "properties" in match else "local_simulator")
    if "properties" in match:
        assert backend.target.num_qubits == backend.num_qubits
        assert fault.times < FAULTS[name].times
        return
    backend.status()
    job = backend.run(circuit(), shots=3)
    assert job.result(timeout=60).get_counts() == {"1": 3}
    assert jobs_of(quick) == before + 1
    assert fault.times < FAULTS[name].times  # it did happen


def test_failures_that_last_end_in_an_error_with_the_services_words(quick: IBMProvider, service: LocalService) -> None:
    service.faults.add(Fault("status", match="GET .*/status", status=500, times=100))
    backend = quick.get_backend("local_simulator")
    with pytest.raises(
        IBMBackendApiError, match=r"GET /backends/local_simulator/status: 500 a fault on purpose.*1000.*trace fault"
    ):
        backend.status()
    service.faults.clear()
    service.faults.add(Fault("drop", match="GET .*/status", times=100))
    with pytest.raises(IBMBackendApiError, match="no reply from http://127"):
        backend.status()


@pytest.mark.parametrize("status", [400, 404, 409, 422, 501])
def test_refusals_are_not_repeated(quick: IBMProvider, service: LocalService, status: int) -> None:
    service.faults.add(Fault("status", match="GET .*/instances/usage", status=status, times=1))
    with pytest.raises(RequestsApiError) as caught:
        quick.usage()
    assert caught.value.status_code == status
    assert caught.value.code == 1000
    assert "a fault on purpose" in caught.value.body
    assert pickle.loads(pickle.dumps(caught.value)).status_code == status
    assert quick.usage()["usage_consumed_seconds"] == 0


def test_jobs_that_are_refused_are_told_by_kind(quick: IBMProvider, service: LocalService) -> None:
    backend = quick.get_backend("local_simulator")
    before = jobs_of(quick)
    for status, kind in ((409, IBMBackendJobLimitError), (400, IBMBackendApiError)):
        service.faults.add(Fault("status", match="POST .*/jobs$", status=status))
        with pytest.raises(kind, match="Error submitting job"):
            backend.run(circuit())
    service.faults.add(Fault("status", match="POST .*/jobs$", status=429, times=100))
    with pytest.raises(IBMBackendJobLimitError):
        backend.run(circuit())
    service.faults.clear()
    service.faults.add(Fault("status", match="POST .*/jobs$", status=403))
    with pytest.raises(IBMNotAuthorizedError):
        backend.run(circuit())
    assert jobs_of(quick) == before


def test_a_job_without_room_for_its_tag_is_not_submitted_again(quick: IBMProvider, service: LocalService) -> None:
    backend = quick.get_backend("local_simulator")
    before = jobs_of(quick)
    service.faults.add(Fault("drop", match="POST .*/jobs$", after=True))
    with pytest.raises(IBMBackendApiError, match="no reply"):
        backend.run(circuit(), job_tags=[str(n) for n in range(8)])
    assert jobs_of(quick) == before + 1


@pytest.mark.slow
def test_if_nobody_knows_whether_a_job_was_taken_the_error_says_how_to_find_out(
    quick: IBMProvider, service: LocalService
) -> None:
    backend = quick.get_backend("local_simulator")
    backend.status()
    hurry(quick, 2.0)
    service.faults.add(Fault("drop", match="POST .*/jobs$", after=True))
    service.faults.add(Fault("drop", match="GET .*/jobs$", times=100_000))
    with pytest.raises(
        IBMBackendApiError, match=r"may have taken the job: look for it with jobs\(job_tags=\['qiskit-ibm-native:"
    ):
        backend.run(circuit())


MALFORMED = [
    "",
    "[]",
    "null",
    "{}",
    '"text"',
    "{",
    '{"devices": 5}',
    '{"devices": [5]}',
    '{"jobs": [5]}',
    '{"state": "x"}',
]


@pytest.mark.parametrize("body", MALFORMED)
def test_replies_that_make_no_sense_are_typed_errors(quick: IBMProvider, service: LocalService, body: str) -> None:
    simulator, fez = quick.get_backend("local_simulator"), quick.get_backend("ibm_fez")
    job = simulator.run(circuit(), shots=1)
    job.result()
    calls: dict[str, Callable[[], Any]] = {
        "GET .*/backends$": quick.backends,
        "GET .*/configuration$": lambda: quick.get_backend("ibm_torino"),
        "GET .*/properties$": lambda: fez.properties(refresh=True),
        "GET .*/status$": fez.status,
        "POST .*/jobs$": lambda: simulator.run(circuit()),
        "GET .*/jobs$": quick.jobs,
        "GET .*/jobs/[^/]*$": lambda: quick.job(job.job_id()).status(),
        "GET .*/results$": lambda: job.result(refresh=True),
        "GET .*/metrics$": lambda: quick.job(job.job_id()).time_per_step(),
        "POST .*/sessions$": fez.open_session,
        "GET .*/usage$": quick.usage,
    }
    harmless = {
        ("GET .*/properties$", "null"), ("GET .*/properties$", "{}"), ("GET .*/usage$", "{}"), ("GET .*/metrics$", "{}"),
    }  # fmt: skip
    known_status = quick.get_backend("local_simulator").status()
    assert known_status.operational
    for match, call in calls.items():
        service.faults.clear()
        service.faults.add(Fault("body", match=match, body=body, times=100))
        try:
            call()
        except IBMError as error:
            assert not isinstance(error, RequestsApiError), (match, error)  # it is no failure of the request
        else:
            is_object = body.startswith("{") and len(body) > 2
            assert (match, body) in harmless or is_object, (match, body)
    service.faults.clear()
    fez.properties(refresh=True)


def test_a_damaged_payload_is_refused_with_its_place_and_the_old_one_stays(
    quick: IBMProvider, service: LocalService
) -> None:
    backend = quick.get_backend("ibm_miami")
    target = backend.target
    service.faults.add(Fault("body", match="GET .*/properties$", body='{"qubits": [[5]]}'))
    with pytest.raises(BackendPayloadError, match=r"\$\.qubits\[0\]"):
        backend.refresh()
    assert backend.target is target


# Policy


def test_waits_grow_are_random_and_end() -> None:
    policy = RetryPolicy(attempts=4, first_wait=1.0, longest_wait=3.0, budget=10.0)
    for attempt, longest in ((1, 1.0), (2, 2.0), (3, 3.0)):
        waits = {policy.wait(attempt, 0.0, None) for _ in range(20)}
        assert len(waits) > 1
        assert all(longest / 2 <= wait <= longest for wait in waits if wait is not None)
    assert policy.wait(4, 0.0, None) is None
    assert policy.wait(1, 9.9, None) is None
    assert policy.wait(1, 0.0, "7") == 7.0
    assert policy.wait(1, 0.0, "11") is None  # more than anybody wants to wait


def test_retry_after_may_be_seconds_or_a_date() -> None:
    assert parse_retry_after("3.5") == 3.5
    assert parse_retry_after("-1") == 0.0
    assert parse_retry_after(None) is None
    assert parse_retry_after("soon") is None
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert parse_retry_after("Wed, 21 Oct 2099 07:28:00 GMT") > 1e9


def test_what_cannot_have_arrived_is_repeated_whatever_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(RequestsApiError, match="no reply") as caught:
        Transport(policy=QUICK).request("POST", f"http://127.0.0.1:{port}/jobs", "POST /jobs")
    assert not caught.value.maybe_processed
    assert time.monotonic() - start < 5


def test_a_body_that_is_no_json_is_a_protocol_error(provider: IBMProvider, service: LocalService) -> None:
    service.faults.add(Fault("body", match="/usage", body="<html>", times=3))
    with pytest.raises(ApiIBMProtocolError, match=r"GET /instances/usage: the reply is not JSON"):
        provider.usage()


# The wire


class Proxy(http.server.BaseHTTPRequestHandler):
    """A proxy that hands requests on to their hosts."""

    seen: list[str] = []

    def do_POST(self) -> None:
        self.seen.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "accept-encoding")}
        reply = requests.request(self.command, self.path, headers=headers, data=body, timeout=30, proxies={"http": ""})
        self.send_response(reply.status_code)
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    do_GET = do_POST  # noqa: N815 (the name that the server looks for)

    def log_message(self, *_args: Any) -> None:
        pass


def test_requests_go_through_the_proxy_of_an_account(service: LocalService) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxies = {"urls": {"http": f"http://user:SECRET@127.0.0.1:{server.server_port}"}}
        with IBMProvider(proxies=proxies) as provider:
            job = provider.get_backend("local_simulator").run(circuit(), shots=3)
            assert job.result(timeout=60).get_counts() == {"1": 3}
            server.shutdown()
            server.server_close()
            provider._transport.policy = RetryPolicy(attempts=1)
            with pytest.raises(IBMApiError) as caught:
                provider.usage()
    assert "SECRET" not in repr(caught.value)
    assert len(Proxy.seen) >= 5


def test_payloads_are_compressed_on_the_wire_and_headers_say_who_asks(provider: IBMProvider) -> None:
    client = provider._runtime_client
    seen: list[Any] = []
    provider._transport.on_response = lambda *exchange: seen.append(exchange)
    body = client.backend_properties("ibm_fez")
    ((request, response),) = seen
    assert len(body) > 500_000
    assert int(response.headers["Content-Length"]) < 60_000
    headers = request.headers
    assert headers["Service-CRN"] == client.instance
    assert headers["IBM-API-Version"] == "2026-04-15"
    assert headers["Authorization"].startswith("Bearer ")
    assert "qiskit_ibm_native-" in headers["X-Qx-Client-Application"]
    assert "gzip" in headers["Accept-Encoding"]


@pytest.mark.parametrize(
    ("url", "instance", "private", "expected"),
    [
        ("https://cloud.ibm.com", "us-east", False, "https://quantum.cloud.ibm.com/api/v1"),
        ("https://cloud.ibm.com", "eu-de", False, "https://eu-de.quantum.cloud.ibm.com/api/v1"),
        ("https://cloud.ibm.com", "eu-de", True, "https://private.eu-de.quantum.cloud.ibm.com/api/v1"),
        ("https://cloud.ibm.com", "us-east", True, "https://private.us-east.quantum.cloud.ibm.com/api/v1"),
        ("http://127.0.0.1:5/experimental/v1", "us-east", False, "http://127.0.0.1:5/experimental/v1"),
    ],
)
def test_where_the_routes_of_an_instance_are(url: str, instance: str, private: bool, expected: str) -> None:
    crn = f"crn:v1:bluemix:public:quantum-computing:{instance}:a/1:2::"
    assert default_base_url(url, crn, private, "ibm_quantum_platform") == expected
