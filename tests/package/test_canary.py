# SPDX-License-Identifier: Apache-2.0
"""A planted key, access tokens and a CRN appear in no text, and in no file but that of the account.

The peer echoes requests in every part of a response, so that a text with a part of a response would show the secrets.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import logging
import pickle
import subprocess
import sys
import traceback
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psutil
import pytest
from tests.support.faulty.peer import Answer, Exchange, Peer
from tests.support.processes import arguments_of
from tests.support.quick import QUICK, circuit, hurry

from qiskit_ibm_native import CalibrationArchive, IBMProvider, Sweep
from qiskit_ibm_native.accounts import Account
from qiskit_ibm_native.client.endpoint import cloud_endpoint
from qiskit_ibm_native.exceptions import IBMError

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService

ALWAYS = float("inf")


def _sent(exchange: Exchange) -> str:
    """Return all secrets of a request."""
    body = exchange.rfile.read(int(exchange.headers.get("Content-Length") or 0)).decode()
    return f"{exchange.path} {dict(exchange.headers)} {urllib.parse.unquote(body)}"


def _echo(status: int, shape: str) -> Any:
    def act(exchange: Exchange) -> None:
        text = _sent(exchange)
        body = {
            "text": text.encode(),
            "error": orjson.dumps({"errors": [{"code": text, "message": text, "solution": text}], "trace": text}),
            "other": orjson.dumps({"errorCode": text, "errorMessage": text}),
            "list": orjson.dumps([text]),
            "object": orjson.dumps({"id": 5, "devices": [text], "jobs": [text], "access_token": 5, text: text}),
        }[shape]
        exchange.send_and_close(Answer(status, (("Content-Type", text[:100].replace("\n", " ")),), body))

    return act


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


class Canary:
    """Collector of texts and files, in which it looks for secrets."""

    def __init__(self, provider: IBMProvider, service: LocalService) -> None:
        self.secrets = {service.token, provider._authenticator._token, service.crn}
        self.texts: dict[str, str] = {}

    def see(self, where: str, text: str) -> None:
        self.texts[where] = text

    def see_error(self, where: str, error: BaseException) -> None:
        for number, each in enumerate(_chain(error)):
            self.see(f"{where} {number} text", f"{each!r} {each} {vars(each)!r} {each.args!r}")
            self.see(f"{where} {number} pickle", pickle.dumps(each, 0).decode("latin-1"))
        self.see(f"{where} traceback", "".join(traceback.format_exception(error)))

    def found(self) -> list[str]:
        shown = []
        for where, text in self.texts.items():
            for secret in self.secrets:
                # Half of a secret counts, too.
                parts = {
                    secret,
                    secret[: len(secret) // 2],
                    secret[len(secret) // 2 :],
                    urllib.parse.quote(secret, safe=""),
                }
                for part in parts:
                    if len(part) > 12 and part in text:
                        start = text.index(part)
                        shown.append(f"{where}: ...{text[max(start - 80, 0) : start + 20]}")
        return shown


def _replaced(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return JSON with a value put in at a path."""
    if not path:
        return value
    if isinstance(content, list):
        return [_replaced(each, path[1:], value) for each in content] if path[0] == "*" else content
    return (
        {**content, path[0]: _replaced(content.get(path[0], {}), path[1:], value)}
        if isinstance(content, dict)
        else content
    )


#: Members of responses whose values errors and the log show.
MEMBERS: list[tuple[str, tuple[Any, ...], str]] = [
    ("jobs/[^/]*$", ("state", "reason"), "failed"), ("jobs/[^/]*$", ("state", "status"), "job"),
    ("jobs/[^/]*$", ("created",), "job"), ("jobs/[^/]*$", ("program", "id"), "job"), ("jobs/[^/]*$", ("backend",), "job"),
    ("jobs$", ("jobs", "*", "created"), "jobs"), ("jobs$", ("jobs", "*", "id"), "jobs"),
    ("backends$", ("devices", "*", "name"), "no backend"), ("metrics$", ("timestamps", "created"), "metrics"),
    ("metrics$", ("usage",), "metrics"), ("properties$", ("last_update_date",), "refresh"), ("results$", ("url",), "result"),
]  # fmt: skip


@pytest.mark.parametrize(("match", "path", "what"), MEMBERS)
def test_secrets_in_members_of_replies_are_shown_nowhere(
    peer: Peer,
    service: LocalService,
    caplog: pytest.LogCaptureFixture,
    match: str,
    path: Any,
    what: str,
) -> None:
    with IBMProvider() as provider:
        provider._transport.policy = QUICK
        backend = provider.get_backend("ibmq_vigo")
        job = provider.get_backend("local_simulator").run(circuit(), shots=2)
        job.wait_for_final_state(timeout=60)
        canary = Canary(provider, service)
        text = "http://" + " ".join(canary.secrets) + "/" if path == ("url",) else " ".join(canary.secrets)

        def act(exchange: Exchange) -> None:
            answer = exchange.forward(whole=True)
            headers = tuple(pair for pair in answer.headers if pair[0].lower() != "content-encoding")
            body = gzip.decompress(answer.body) if headers != answer.headers else answer.body
            content = {"url": text} if path == ("url",) else _replaced(orjson.loads(body), path, text)
            if what == "failed":
                content["state"]["status"] = "Failed"
            exchange.send_and_close(Answer(200, headers, orjson.dumps(content)))

        calls: dict[str, Any] = {
            "failed": lambda: provider.job(job.job_id()).result(), "job": lambda: repr(provider.job(job.job_id()).backend()),
            "jobs": provider.jobs, "no backend": lambda: provider.get_backend("none"), "refresh": backend.refresh,
            "metrics": lambda: (job.time_per_step(), job.usage()), "result": lambda: job.result(timeout=2),
        }  # fmt: skip
        hurry(provider, 3.0)
        peer.plan(act, f"GET .*/{match}", ALWAYS)
        with caplog.at_level(logging.DEBUG, "qiskit_ibm_native"):
            try:
                value = calls[what]()
            except IBMError as error:
                canary.see_error(what, error)
            else:
                canary.see(what, "" if what in ("jobs", "metrics") else str(value))
        assert peer.happened
    canary.see("log", "".join(record.getMessage() for record in caplog.records if record.name == "qiskit_ibm_native"))
    assert not canary.found(), "\n".join(canary.found())


def _calls(provider: IBMProvider, backend: Any, job: Any) -> dict[str, Any]:
    return {
        "status": backend.status, "refresh": backend.refresh, "target": lambda: backend.target,
        "run": lambda: backend.run(circuit(), shots=2), "open_session": backend.open_session,
        "poll": job.status, "result": lambda: job.result(timeout=1), "cancel": job.cancel, "logs": job.logs,
        "tags": lambda: job.update_tags(["a"]), "jobs": provider.jobs, "job": lambda: provider.job("x"),
        "usage": provider.usage, "instances": provider.instances, "backends": provider.backends,
        "other instance": lambda: provider.backends(instance=f"{provider.active_instance()}x"),
        "no backend": lambda: provider.get_backend("none", instance=provider.active_instance()),
        "token": IBMProvider,
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["text", "error", "other", "list", "object"])
@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.slow
def test_secrets_that_a_service_echoes_are_shown_nowhere(
    peer: Peer, service: LocalService, monkeypatch: pytest.MonkeyPatch, status: int, shape: str
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with IBMProvider() as provider:
            provider._transport.policy = QUICK
            backend, job = provider.get_backend("ibmq_vigo"), None
            job = provider.get_backend("local_simulator").run(circuit(), shots=2)
            canary = Canary(provider, service)
            hurry(provider, 0.6)
            monkeypatch.setenv("QISKIT_IBM_NATIVE_TIMEOUT", "0.6")
            for name, call in _calls(provider, backend, job).items():
                peer.plan(_echo(status, shape), "", ALWAYS)
                try:
                    value = call()
                except IBMError as error:
                    canary.see_error(name, error)
                else:
                    # These return content of the service on purpose.
                    canary.see(name, repr(value) if name not in ("instances", "logs", "usage") else "")
                peer.heal()
            for thing in (provider, backend, job, provider._endpoint, provider._transport, provider._authenticator,
                          provider._runtime_client, provider.backend):  # fmt: skip
                canary.see(f"repr {type(thing).__name__}", repr(thing))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    canary.see("log", stream.getvalue())
    assert not canary.found(), "\n".join(canary.found())


def test_secrets_are_in_no_file_but_that_of_the_account(service: LocalService, tmp_path: Path) -> None:
    archive, ledger = tmp_path / "archive.sqlite3", tmp_path / "ledger.sqlite3"
    with IBMProvider(archive=str(archive)) as provider:
        backend = provider.get_backend("ibmq_vigo")
        backend.refresh()
        _ = backend.target
        backend.run(circuit(), shots=1, job_tags=["tag"]).result(timeout=60)
        Sweep(circuit(), [backend], seeds=range(2)).run(ledger=ledger, keep_circuits=True, progress=False)
        backend.snapshot.save(tmp_path / "vigo.zip")
        canary = Canary(provider, service)
        canary.see("snapshot", pickle.dumps(backend.snapshot).decode("latin-1"))
        for holder in (backend, provider):
            with contextlib.suppress(TypeError):
                canary.see(f"pickle {holder}", pickle.dumps(holder, 0).decode("latin-1"))
    with CalibrationArchive(archive) as again:
        canary.see("stats", repr(again.stats()))
    for file in tmp_path.rglob("*"):
        if file.is_file() and not file.name.startswith("local.sqlite3"):
            canary.see(str(file), file.read_bytes().decode("latin-1"))
    assert any(name.endswith("ledger.sqlite3") for name in canary.texts)
    assert canary.found() == []


def test_secrets_are_in_no_title_of_a_process(tmp_path: Path) -> None:
    with IBMProvider(channel="local", store=tmp_path / "jobs.sqlite3", workers=1) as provider:
        provider.get_backend("local_simulator").run(circuit(), shots=1).result(timeout=60)
        titles = [" ".join(arguments_of(each)) for each in psutil.Process().children(recursive=True)]
        assert any("qiskit_ibm_native.local.jobs.simulator_main" in title for title in titles)
        assert not any(provider._endpoint.api_key in title for title in titles)


def test_accounts_show_neither_their_key_nor_their_instance() -> None:
    crn = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:0123-4567-89ab::"
    account = Account(channel="ibm_quantum_platform", token="the-key-of-the-account", instance=crn)
    for text in (repr(account), repr(cloud_endpoint(account))):
        assert "the-key" not in text
        assert "0123456789abcdef" not in text


def test_an_uncaught_error_shows_no_secret(service: LocalService) -> None:
    """Look at the traceback that Python prints when a program ends by an exception."""
    program = (
        "from qiskit_ibm_native import IBMProvider\n"
        "provider = IBMProvider()\n"
        "provider.get_backend('ibm_none', instance=provider.active_instance())\n"
    )
    import os

    environment = {**os.environ, **service.environment, "QISKIT_IBM_NATIVE_LOG_LEVEL": "DEBUG"}
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1
    assert "IBMBackendNotFoundError" in run.stderr
    for secret in (service.token, service.crn, "crn:v1:bluemix"):
        assert secret not in run.stderr + run.stdout
