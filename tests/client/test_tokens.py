# SPDX-License-Identifier: Apache-2.0
"""Access tokens: renewed in time, used while they are valid, and never shown."""

from __future__ import annotations

import http.server
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.quick import circuit, jobs_of

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native._redaction import without_secrets
from qiskit_ibm_native.accounts import ProxyConfiguration
from qiskit_ibm_native.client.auth import Authenticator
from qiskit_ibm_native.client.retry import RetryPolicy
from qiskit_ibm_native.client.transport import Transport
from qiskit_ibm_native.exceptions import (
    IBMApiError,
    IBMBackendApiError,
    IBMError,
    IBMInputValueError,
    IBMNotAuthorizedError,
    RequestsApiError,
)
from qiskit_ibm_native.local.service.faults import Fault

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService


def test_wrong_keys_are_told_without_the_key(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "WRONG-SECRET-KEY")
    with pytest.raises(IBMNotAuthorizedError, match="BXNIM0415E") as caught:
        IBMProvider()
    assert "WRONG-SECRET-KEY" not in str(caught.value)
    assert "quantum.cloud.ibm.com" in str(caught.value)


def test_unknown_instances_are_told(provider: IBMProvider) -> None:
    with pytest.raises(IBMInputValueError, match="it has: 'local'"):
        provider.backends(instance="nobody")
    with pytest.raises(IBMError, match="There is no instance"):
        provider.backends(instance="crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::")
    with pytest.raises(IBMInputValueError, match="hub/group/project"):
        provider.backends(instance="ibm-q/open/main")


def test_keys_and_tokens_are_nowhere_to_be_seen(
    quick: IBMProvider, service: LocalService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    backend = quick.get_backend("local_simulator")
    token = quick._authenticator.header().split()[1]
    texts = [
        repr(each)
        for each in (quick, backend, quick._authenticator, quick._runtime_client, quick._endpoint, quick.backend)
    ]
    for fault in (Fault("status", status=500, times=9), Fault("drop", times=9), Fault("status", status=401, times=9)):
        service.faults.add(replace(fault, match="/usage", body=f"echo: Bearer {token}"))
        with pytest.raises(IBMError) as caught:
            quick.usage()
        error: BaseException | None = caught.value
        while error is not None:
            texts += [repr(error), str(error), repr(vars(error))]
            assert type(error).__module__.startswith("qiskit_ibm_native")  # nor does requests get out
            error = error.__cause__ or error.__context__
        service.faults.clear()
    texts.append(caplog.text)
    for text in texts:
        assert service.token not in text
        assert token not in text


def test_passwords_of_proxies_are_not_told(service: LocalService) -> None:
    with pytest.raises(IBMApiError) as caught:
        Transport(policy=RetryPolicy(attempts=1)).request("GET", "http://user:SECRET@127.0.0.1:1/", "GET /")
    assert "SECRET" not in str(caught.value)
    assert without_secrets("GET http://u:SECRET@host apikey=SECRET&x Authorization: Bearer SECRET") == (
        "GET http://***@host apikey=***&x Authorization: Bearer ***"
    )


class Iam(http.server.BaseHTTPRequestHandler):
    """A server of tokens that fails on demand."""

    fails = 0
    status = 500
    requests = 0
    life = 3600

    def do_POST(self) -> None:
        type(self).requests += 1
        body = b'{"errorMessage": "not now"}'
        status = self.status
        if type(self).fails > 0:
            type(self).fails -= 1
        else:
            status, body = 200, b'{"access_token": "opaque-%d", "expires_in": %d}' % (self.requests, self.life)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def iam() -> Iterator[tuple[str, type[Iam]]]:
    handler = type("Handler", (Iam,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


def test_tokens_are_renewed_in_time_and_used_on_while_they_are_good(iam: tuple[str, type[Iam]]) -> None:
    url, handler = iam
    now = [1000.0]
    transport = Transport(policy=RetryPolicy(attempts=1))
    authenticator = Authenticator("key", url, transport, lambda: now[0])
    assert [authenticator.header() for _ in range(3)] == ["Bearer opaque-1"] * 3
    now[0] += 0.79 * 3600
    assert authenticator.header() == "Bearer opaque-1"
    now[0] += 0.02 * 3600  # from here on it is renewed
    handler.fails = 1
    assert authenticator.header() == "Bearer opaque-1"  # which fails, and is no reason to stop
    assert handler.requests == 2
    assert authenticator.header() == "Bearer opaque-1"
    assert handler.requests == 2  # nor to ask each time
    now[0] += 11
    assert authenticator.header() == "Bearer opaque-3"
    now[0] += 3600  # it is expired
    handler.fails = 1
    start = time.monotonic()
    with pytest.raises(RequestsApiError, match="not now"):
        authenticator.header()
    assert authenticator.header() == "Bearer opaque-5"  # at once, not after a minute
    assert time.monotonic() - start < 5
    handler.fails, handler.status = 1, 400
    authenticator.refused("Bearer opaque-5")
    with pytest.raises(IBMNotAuthorizedError):
        authenticator.header()


def test_who_waits_for_an_attempt_that_fails_makes_none(iam: tuple[str, type[Iam]]) -> None:
    url, handler = iam
    handler.fails = 1000
    authenticator = Authenticator("key", url, Transport(policy=RetryPolicy(attempts=3, first_wait=0.2)))
    errors: list[Any] = []

    def ask() -> None:
        try:
            authenticator.header()
        except RequestsApiError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 10
    assert handler.requests == 3
    assert not any(error.maybe_processed for error in errors)


class Echo(http.server.BaseHTTPRequestHandler):
    """A server that echoes requests, as careless services do."""

    seen: list[Any] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers)
        reply = b'{"detail": [{"input": {"apikey": "%s"}, "raw": "%s"}]}' % (SECRET.encode(), body)
        self.send_response(422)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_args: Any) -> None:
        pass


SECRET = "MY/SECRET+KEY"


def test_keys_that_a_service_echoes_are_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(RequestsApiError) as caught:
            Authenticator(SECRET, url, Transport()).header()
        server.shutdown()
    texts = (str(caught.value), repr(caught.value), str(caught.value.args), caught.value.body)
    assert not any(SECRET in text for text in texts)
    assert Echo.seen[-1]["Authorization"] is None  # that of .netrc is for others


def test_a_slow_gateway_is_no_reason_to_submit_again(quick: IBMProvider, service: LocalService) -> None:
    backend = quick.get_backend("local_simulator")
    backend.status()
    before = jobs_of(quick)
    service.faults.add(Fault("status", match="POST .*/jobs$", status=504))
    with pytest.raises(IBMBackendApiError, match="may have taken the job"):
        backend.run(circuit())
    assert jobs_of(quick) == before
    service.faults.add(Fault("status", match="POST .*/jobs$", status=504, after=True))
    assert backend.run(circuit(), shots=2).result(timeout=30).get_counts() == {"1": 2}
    service.faults.add(Fault("body", match="POST .*/jobs$", body='{"nope": 1}', after=True))
    service.faults.add(Fault("status", match="POST .*/jobs$", status=500, after=True))
    assert backend.run(circuit(), shots=2).result(timeout=30).get_counts() == {"1": 2}
    assert jobs_of(quick) == before + 2


def test_what_is_said_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://environment:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    said = Transport(ProxyConfiguration({"https": "http://said:2"}), verify=False)
    settings = said._session.merge_environment_settings("https://somewhere", {}, None, None, None)
    assert settings["proxies"]["https"] == "http://said:2"
    assert settings["verify"] is False
    assert said._route("https://somewhere/a") == {}
    nothing = Transport()._route("https://somewhere:443/a?b")
    assert nothing["proxies"]["https"] == "http://environment:1"
    assert nothing["verify"] == "/no/such/file"
    monkeypatch.setenv("NO_PROXY", "somewhere")
    assert "https" not in Transport()._route("https://somewhere/a")["proxies"]


def test_a_closed_provider_asks_nobody(service: LocalService) -> None:
    provider = IBMProvider()
    backend = provider.get_backend("local_simulator")
    job = backend.run(circuit(), shots=1)
    provider.close()
    start = time.monotonic()
    for call in (backend.status, lambda: backend.run(circuit()), job.status):
        with pytest.raises(IBMError, match="the provider is closed"):
            call()
    assert time.monotonic() - start < 1


def test_one_thread_renews_for_all(iam: tuple[str, type[Iam]]) -> None:
    url, handler = iam
    authenticator = Authenticator("key", url, Transport())
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.append(authenticator.header())) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["Bearer opaque-1"] * 10
    assert handler.requests == 1
