# SPDX-License-Identifier: Apache-2.0
"""Requests and replies that were written down are given again, without secrets and without a simulator."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from qiskit import QuantumCircuit
from tests.support.formats import FORMATS
from tests.support.quick import QUICK

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.exceptions import IBMError, IBMInputValueError
from qiskit_ibm_native.local import Fault, LocalService, ReplayService
from qiskit_ibm_native.local.recording_circuits import with_plain_circuits
from qiskit_ibm_native.local.recording_format import VERSION

#: A user's key with characters that URLs and JSON write in another way.
KEY = 'a-key/with+odd"characters"&0123456789'


def flipped(qubits: int = 1) -> QuantumCircuit:
    # Circuits get numbers as names, which are part of a job.
    circuit = QuantumCircuit(qubits, qubits, name="flipped")
    circuit.x(range(qubits))
    circuit.measure(range(qubits), range(qubits))
    return circuit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recording"


@pytest.fixture
def recorded(tmp_path: Path, folder: Path) -> Iterator[LocalService]:
    with LocalService(store=tmp_path / "jobs.sqlite3", workers=1, seed=1, token=KEY, record=folder) as service:
        yield service


def run_with_this_package(service: LocalService | ReplayService) -> Any:
    with service.in_environment(), IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        job = backend.run(flipped(), shots=1000, memory=True)
        result = job.result()
        return (
            result.get_counts(), result.get_memory(), job.job_id(), [entry.job_id() for entry in provider.jobs()],
            backend.properties().t1(0), str(job.creation_date()),
        )  # fmt: skip


def request(service: LocalService | ReplayService, method: str, path: str, **options: Any) -> requests.Response:
    reply = requests.post(f"{service.url}/identity/token", data={"apikey": service.token}, timeout=30)
    headers = {"Authorization": f"Bearer {reply.json()['access_token']}", "Service-CRN": service.crn}
    return requests.request(
        method, f"{service.url}{path}", headers=headers | options.pop("headers", {}), timeout=30, **options
    )


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(errors="replace") for path in sorted(folder.rglob("*")) if path.is_file()}


def test_this_packages_client_gets_the_same_results_without_a_simulator(
    recorded: LocalService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_with_this_package(recorded)
    recorded.stop()
    monkeypatch.setattr("qiskit_ibm_native.local.jobs.simulator.ChildProcess", None)
    for _ in range(2):
        with LocalService.replay(folder) as replay:
            assert replay.token != recorded.token
            assert run_with_this_package(replay) == first


OFFICIAL = """
import json
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

circuit = QuantumCircuit(1, 1)
circuit.x(0)
circuit.measure(0, 0)
backend = QiskitRuntimeService().backend("ibmq_vigo")
job = SamplerV2(backend).run([circuit], shots=1000)
print(json.dumps([job.result()[0].data.c.get_counts(), job.job_id(), backend.target.num_qubits]))
"""


@pytest.mark.official
@pytest.mark.slow
def test_the_official_client_gets_the_same_results_without_a_simulator(recorded: LocalService, folder: Path) -> None:
    def run(service: LocalService | ReplayService) -> Any:
        command = [sys.executable, "-c", OFFICIAL]
        environment = {**os.environ, **service.environment}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    first = run(recorded)
    assert sum(first[0].values()) == 1000
    recorded.stop()
    with LocalService.replay(folder) as replay:
        assert run(replay) == first


TRANSPILED = """
import json, sys
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_native import IBMProvider

official, offset = sys.argv[1] == "official", int(sys.argv[2])

def unnamed(ones, parameter=None):
    circuit = QuantumCircuit(2)
    circuit.rx(parameter or 0.5, 0)
    for qubit in ones:
        circuit.x(qubit)
    circuit.measure_all()
    return circuit

[QuantumCircuit(1) for _ in range(offset)]  # circuits get later numbers
seen = []
with IBMProvider() as provider:
    if official:
        from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2
        from qiskit_ibm_runtime.executor_sampler import Sampler
        backend = QiskitRuntimeService().backend("ibmq_vigo")
    else:
        backend = provider.get_backend("ibmq_vigo")
    manager = generate_preset_pass_manager(1, backend=backend, seed_transpiler=1)
    for ones in ([], [0], [1], [1]):
        isa = manager.run(unnamed(ones))
        if not official:
            # One after the other, so that another one's results are seen.
            seen.append(backend.run(isa, shots=100).result().get_counts())
            continue
        for sampler in (SamplerV2(backend), Sampler(backend)):
            seen.append(sampler.run([isa], shots=100).result()[0].data.meas.get_counts())
    if official:
        # Parameters have identifiers that are drawn.
        isa = manager.run(unnamed([], Parameter("a")))
        seen.append(Sampler(backend).run([(isa, [0.5])], shots=100).result()[0].data.meas.get_counts())
print(json.dumps(seen))
"""


@pytest.mark.official
@pytest.mark.slow
@pytest.mark.parametrize("client", ["native", "official"])
def test_transpiled_circuits_without_names_get_their_results_in_another_process(
    client: str, recorded: LocalService, folder: Path
) -> None:
    """Names count circuits, and the registers of a layout are a set: the bytes of circuits are others each time."""

    def run(service: LocalService | ReplayService, *, offset: int) -> Any:
        environment = {**os.environ, **service.environment, "PYTHONHASHSEED": str(offset + 1)}
        done = subprocess.run(
            [sys.executable, "-c", TRANSPILED, client, str(offset)],
            env=environment, check=False, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    first = run(recorded, offset=0)
    recorded.stop()
    for offset in (1, 700):
        with LocalService.replay(folder) as replay:
            assert run(replay, offset=offset) == first


def test_a_job_with_other_circuits_gets_the_next_recorded_job_once_and_a_warning(
    recorded: LocalService, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def job(circuit: str, shots: int = 10) -> dict[str, Any]:
        pub = [{"__type__": "QuantumCircuit", "__value__": circuit}, None, shots]
        return {"backend": "ibmq_vigo", "program_id": "sampler", "params": {"pubs": [pub]}, "private": False}

    def submit(service: LocalService | ReplayService, body: dict[str, Any]) -> tuple[int, str | None]:
        reply = request(service, "POST", "/api/v1/jobs", json=body)
        return reply.status_code, reply.json().get("id")

    first, second, third = (submit(recorded, job(name)) for name in ("first", "second", "third"))
    recorded.stop()
    with LocalService.replay(folder) as replay:
        assert submit(replay, job("second")) == second
        assert caplog.text == ""
        assert submit(replay, job("another", shots=11))[0] == 404
        assert submit(replay, job("another")) == first
        # No job is given twice.
        assert submit(replay, job("second")) == third
        assert submit(replay, job("too many"))[0] == 404
    assert caplog.text.count("written in another way") == 1


def test_circuits_that_decompress_to_much_or_to_half_of_one_are_compared_as_they_are() -> None:
    def body(content: bytes) -> bytes:
        return json.dumps({"b64_data": base64.b64encode(content).decode()}).encode()

    huge = [zlib.compress(bytes(1 << 20) + last) for last in (b"x", b"y")]
    cut_off = [zlib.compress(b"QISKIT" + last)[:-1] for last in (b"x", b"y")]
    for first, second in (huge, cut_off):
        assert with_plain_circuits(body(first)) != with_plain_circuits(body(second))
    named = [zlib.compress(bytes(36) + bytes([len(name)]) + name) for name in (b"circuit-9", b"circuit-10-2", b"mine")]
    first, second, third = (with_plain_circuits(body(content)) for content in named)
    assert first == second != third


def test_secrets_are_nowhere_in_the_folder(recorded: LocalService, folder: Path) -> None:
    """The key and tokens are sent in every way in which somebody may send them."""
    reply = requests.post(f"{recorded.url}/identity/token", data={"apikey": KEY}, timeout=30).json()
    token = reply["access_token"]
    run_with_this_package(recorded)
    for secret in (KEY, token):
        headers = {"User-Agent": f"{secret}", "Accept": f"x/{secret}"}
        request(recorded, "GET", "/api/v1/jobs", params={"tags": secret}, headers=headers)
        request(recorded, "GET", f"/api/v1/jobs/{requests.utils.quote(secret, safe='')}")
        body = {
            "backend": "ibmq_vigo",
            "program_id": "sampler",
            "params": {"pubs": ["OPENQASM 3.0;"]},
            "tags": [secret[:80]],
        }
        request(recorded, "POST", "/api/v1/jobs", json=body | {"other": secret, "token": "unknown-secret"})
        request(recorded, "POST", "/api/v1/jobs", data=f"no JSON {secret} Bearer {secret}")
    requests.get(f"{recorded.url}/api/v1/jobs", headers={"Authorization": f"apikey {KEY}"}, timeout=30)
    requests.post(f"{recorded.url}/identity/token", data={"apikey": "the-wrong-key", "grant_type": "x"}, timeout=30)
    recorded.stop()
    found = texts(folder)
    assert len(found) > 10
    _, payload, signature = token.split(".")
    for secret in (KEY, KEY[:12], requests.utils.quote(KEY), token, payload, signature, "wrong-key", "unknown-secret"):
        assert [name for name, text in found.items() if secret in text] == [], secret
    assert "uthorization" not in "".join(found.values())


SENT_SECRETS = {
    "a parameter": ("GET", "/api/v1/backends?apikey=SECRET-1", {}),
    "two parameters": ("GET", "/api/v1/backends?access_token=SECRET-2&Password=SECRET-2", {}),
    "authorization": ("GET", "/api/v1/backends?authorization=SECRET-3%26x", {}),
    "a form": ("POST", "/api/v1/jobs", {"data": {"token": "SECRET-4", "client_secret": "SECRET-4"}}),
    "camel case": ("POST", "/api/v1/jobs", {"json": {"params": {"apiKey": "SECRET-5", "X-API-Key": "SECRET-5"}}}),
    "a quote": ("POST", "/identity/token/", {"data": '{"apikey": "x\\"SECRET-6"}'}),
    "a header": ("GET", "/api/v1/backends", {"headers": {"User-Agent": "x api_key: SECRET-7"}}),
}


@pytest.mark.parametrize("name", SENT_SECRETS)
def test_keys_that_are_not_the_services_are_known_by_the_names_of_their_fields(
    name: str, recorded: LocalService, folder: Path
) -> None:
    method, path, options = SENT_SECRETS[name]
    request(recorded, method, path, **options)
    recorded.stop()
    found = texts(folder)
    assert path.partition("?")[0] in found["exchanges.jsonl"]
    assert [name for name, text in found.items() if "SECRET-" in text] == []


def test_failures_of_private_jobs_do_not_tell_of_their_circuits(recorded: LocalService, folder: Path) -> None:
    program = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; ownname $0; c[0] = measure $0;'
    job = {
        "program_id": "sampler", "backend": "ibmq_vigo", "private": True, "params": {"version": 2, "pubs": [[program, None, 9]]},
    }  # fmt: skip
    told = [request(recorded, "POST", "/api/v1/jobs", json=job)]
    if told[0].ok:
        path = f"/api/v1/jobs/{told[0].json()['id']}"
        while request(recorded, "GET", path).json()["status"] not in ("Completed", "Failed"):
            time.sleep(0.05)
        told += [request(recorded, "GET", f"{path}{end}") for end in ("", "/logs", "/results")]
        told.append(request(recorded, "GET", "/api/v1/jobs"))
    assert any("ownname" in reply.text for reply in told)
    recorded.stop()
    assert [name for name, text in texts(folder).items() if "ownname" in text] == []


def test_a_key_that_is_no_secret_garbles_nothing(tmp_path: Path, folder: Path) -> None:
    with LocalService(store=tmp_path / "jobs.sqlite3", workers=1, token="a", record=folder) as service:
        first = request(service, "GET", "/api/v1/backends").json()
    with LocalService.replay(folder, token="b") as replay:
        assert request(replay, "GET", "/api/v1/backends").json() == first


def test_private_jobs_are_not_written_down(recorded: LocalService, folder: Path) -> None:
    with recorded.in_environment(), IBMProvider() as provider:
        backend = provider.get_backend("local_simulator")
        kept = backend.run(flipped(3), shots=7, memory=True)
        kept.result()
        private = backend.run(flipped(5), shots=9, private=True, memory=True)
        assert private.result().get_counts() == {"11111": 9}
        replayed = private.job_id()
    recorded.stop()
    exchanges = [json.loads(line) for line in (folder / "exchanges.jsonl").read_text().splitlines()]
    submitted = [
        json.loads((folder / "bodies" / line["body"]).read_text())
        for line in exchanges
        if (line["method"], line["path"]) == ("POST", "/experimental/v1/jobs")
    ]
    assert [bool(job["params"]) for job in submitted] == [True, False]
    results = [line["reply"]["body"] for line in exchanges if line["path"].endswith("/results")]
    assert [bool(digest) for digest in results] == [True, False]
    with LocalService.replay(folder) as replay:
        refused = request(replay, "GET", f"/experimental/v1/jobs/{replayed}/results")
        assert refused.status_code == 404
        assert "private" in refused.text


def test_failures_that_somebody_saw_are_seen_again(recorded: LocalService, folder: Path) -> None:
    recorded.faults.add(Fault("status", match="/usage", status=503, retry_after="0"))
    recorded.faults.add(Fault("drop", match="/usage", times=1))
    recorded.faults.add(Fault("truncate", match="/backends$", times=1))
    recorded.faults.add(Fault("status", match="/identity/token", status=418))
    recorded.faults.add(Fault("drop", match="/identity/token"))

    def see(service: LocalService | ReplayService) -> list[Any]:
        seen: list[Any] = []
        refused = requests.post(f"{service.url}/identity/token", data={"apikey": service.token}, timeout=30)
        seen.append(refused.status_code)
        with pytest.raises(requests.ConnectionError):
            request(service, "GET", "/api/v1/instances/usage")
        for path in (
            "/api/v1/instances/usage",
            "/api/v1/instances/usage",
            "/api/v1/instances/usage",
            "/api/v1/backends",
        ):
            try:
                reply = request(service, "GET", path)
                seen.append((reply.status_code, reply.headers.get("Retry-After"), reply.content))
            except requests.RequestException as error:
                seen.append(type(error))
        return seen

    first = see(recorded)
    assert first[0] == 418
    assert first[1][:2] == (503, "0")
    assert [seen if isinstance(seen, type) else seen[0] for seen in first[2:]] == [
        requests.ConnectionError, 200, requests.exceptions.ChunkedEncodingError,
    ]  # fmt: skip
    recorded.stop()
    with LocalService.replay(folder) as replay:
        assert see(replay) == first


def test_our_client_goes_on_after_a_recorded_failure_as_it_did(recorded: LocalService, folder: Path) -> None:
    def backends(service: LocalService | ReplayService) -> list[str]:
        with service.in_environment(), IBMProvider() as provider:
            provider._transport.policy = QUICK
            return [backend.name for backend in provider.backends()]

    recorded.faults.add(Fault("status", match="/backends$", status=503, times=2))
    first = backends(recorded)
    recorded.stop()
    with LocalService.replay(folder) as replay:
        assert backends(replay) == first


def test_our_client_finds_a_job_whose_reply_was_lost_as_it_did(
    recorded: LocalService, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It looks for a tag that it drew, which is another one now."""
    recorded.faults.add(Fault("drop", match="POST .*/jobs$", after=True))
    recorded.faults.add(Fault("truncate", match="GET .*/results$"))

    def run(service: LocalService | ReplayService) -> Any:
        with service.in_environment(), IBMProvider() as provider:
            provider._transport.policy = QUICK
            jobs = [provider.get_backend("local_simulator").run(flipped(), shots=10) for _ in range(2)]
            return [(job.job_id(), job.result().get_counts(), len(job.tags())) for job in jobs]

    first = run(recorded)
    assert first[0][0] != first[1][0]
    recorded.stop()
    with LocalService.replay(folder) as replay:
        assert run(replay) == first
    # Servers say nothing about connections that are broken on purpose.
    assert "ERROR" not in capfd.readouterr().err


def test_what_was_not_recorded_is_refused_and_told_why(recorded: LocalService, folder: Path) -> None:
    job = {
        "backend": "ibmq_vigo",
        "program_id": "sampler",
        "params": {"pubs": ["OPENQASM 3.0;"]},
        "tags": ["qiskit-ibm-native:aaaa", "ibm_composite_job_id_aa00_"],
    }
    assert request(recorded, "POST", "/api/v1/jobs", json=job).status_code == 200
    assert request(recorded, "GET", "/api/v1/jobs", params={"limit": 5}).status_code == 200
    recorded.stop()
    with LocalService.replay(folder) as replay:
        for method, path, options, why in (
            ("GET", "/api/v1/backends", {}, "none with this method and path"),
            ("GET", "/api/v1/jobs", {"params": {"limit": 6}}, "other queries or bodies"),
            ("POST", "/api/v1/jobs", {"json": job | {"params": {"pubs": [1]}}}, "other queries or bodies"),
        ):
            refused = request(replay, method, path, **options)
            assert refused.status_code == 404
            assert why in refused.json()["errors"][0]["message"]
        # Another tag that was drawn is the same request, once.
        again = job | {"tags": ["qiskit-ibm-native:bbbb", "ibm_composite_job_id_bb00_"]}
        assert request(replay, "POST", "/api/v1/jobs", json=again).status_code == 200
        assert "recorded 1 times" in request(replay, "POST", "/api/v1/jobs", json=again).text
        # A list may be read as often as somebody likes.
        assert [request(replay, "GET", "/api/v1/jobs", params={"limit": 5}).status_code for _ in range(3)] == [200] * 3
        assert requests.get(f"{replay.url}/api/v1/jobs", params={"limit": 5}, timeout=30).status_code == 401
        wrong = requests.post(f"{replay.url}/identity/token", data={"apikey": "wrong"}, timeout=30)
        assert wrong.status_code == 400
        assert requests.get(f"{replay.url}/health", timeout=30).json()["status"] == "ok"


def test_a_recording_is_for_its_owner_and_in_a_folder_of_its_own(recorded: LocalService, folder: Path) -> None:
    request(recorded, "GET", "/api/v1/backends")
    recorded.stop()
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (folder, *folder.rglob("*"))}
    assert modes == {0}
    with pytest.raises(IBMError, match="not empty, and a recording needs a folder of its own"):
        LocalService(record=folder)
    for path in (folder / "recording.json" / "below", "~nobody-of-this-name/x", "a\0b"):
        with pytest.raises(IBMError, match="cannot be written"):
            LocalService(record=path)
        with pytest.raises(IBMError, match="cannot be read"):
            LocalService.replay(path)


def test_a_recording_that_was_cut_off_is_read_up_to_there(
    recorded: LocalService, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request(recorded, "GET", "/api/v1/backends")
    request(recorded, "GET", "/api/v1/instances/usage")
    recorded.stop()
    lines = folder / "exchanges.jsonl"
    os.truncate(lines, lines.stat().st_size - 20)
    with LocalService.replay(folder) as replay:
        assert request(replay, "GET", "/api/v1/backends").status_code == 200
        refused = request(replay, "GET", "/api/v1/instances/usage")
        assert refused.status_code == 404
        assert "ended before the service did (its last line is cut off)" in refused.text
    assert "ended before the service did: its last line is cut off" in caplog.text


def test_the_service_goes_on_when_the_recording_cannot(
    recorded: LocalService, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("qiskit_ibm_native.local.recording.MAX_BODIES", 2000)
    assert request(recorded, "GET", "/api/v1/backends/ibm_fez/configuration").status_code == 200
    assert request(recorded, "GET", "/api/v1/backends").status_code == 200
    recorded.stop()
    assert "ends here: it is as large as a recording may be" in caplog.text
    with LocalService.replay(folder) as replay:
        refused = request(replay, "GET", "/api/v1/backends")
        assert refused.status_code == 404
        assert "ended before the service did (it is as large as a recording may be)" in refused.text
    assert "ended before the service did: it is as large as a recording may be" in caplog.text


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_recordings_of_every_version_are_read(version: int) -> None:
    with LocalService.replay(FORMATS / f"recording-{version}") as replay:
        usage = request(replay, "GET", "/api/v1/instances/usage")
        assert usage.json() == {"instance_id": replay.crn, "plan_id": "local-plan", "usage_consumed_seconds": 0}
        assert request(replay, "GET", "/api/v1/backends/nothing/status").status_code == 404
        assert request(replay, "DELETE", "/api/v1/sessions/x/close").text.count("There is no session 'x'") == 1


def first_line(folder: Path) -> dict[str, Any]:
    line: dict[str, Any] = json.loads((folder / "exchanges.jsonl").read_text().splitlines()[0])
    return line


def with_line(**members: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "exchanges.jsonl").write_text(json.dumps(first_line(folder) | members) + "\n")

    return change


def with_reply(**members: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with_line(reply=first_line(folder)["reply"] | members)(folder)

    return change


def with_manifest(content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "recording.json").write_text(content) and None


def with_body_that_is_a_link(folder: Path) -> None:
    (folder / "outside").write_text("secret")
    name = hashlib.sha256(b"secret").hexdigest()
    (folder / "bodies" / name).symlink_to(folder / "outside")
    with_reply(body=name)(folder)


def with_a_pipe(folder: Path) -> None:
    (folder / "exchanges.jsonl").unlink()
    os.mkfifo(folder / "exchanges.jsonl")


def with_a_huge_file(folder: Path) -> None:
    os.truncate(folder / "exchanges.jsonl", 1 << 40)


def with_a_huge_body(folder: Path) -> None:
    name = first_line(folder)["reply"]["body"]
    os.truncate(folder / "bodies" / name, 1 << 40)


def with_another_body(folder: Path) -> None:
    (folder / "bodies" / first_line(folder)["reply"]["body"]).write_text("something else")


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "no folder": (shutil.rmtree, "recording.json: No such file"),
    "no recording": (with_manifest("{}"), "it is no recording"),
    "no JSON": (with_manifest("["), "no JSON"),
    "a later version": (
        with_manifest('{"format": "qiskit-ibm-native recording", "version": 2}'), "has version 2; this release reads version 1",
    ),
    "a path as a body": (with_reply(body="../recording.json"), "no SHA-256"),
    "a folder as a body": (with_reply(body="."), "no SHA-256"),
    "a link as a body": (with_body_that_is_a_link, "symbolic links"),
    "a body that is not there": (with_reply(body="0" * 64), "No such file"),
    "a reason that is a link": (lambda folder: (folder / "ended-early").symlink_to("/etc/passwd"), "symbolic links"),
    "another body": (with_another_body, "not what it was"),
    "a huge body": (with_a_huge_body, "too large"),
    "a huge file": (with_a_huge_file, "too large"),
    "a pipe": (with_a_pipe, "no plain file"),
    "a list of lists": (lambda folder: (folder / "exchanges.jsonl").write_text("[" * 100_000 + "\n") and None, "no JSON"),
    "no reply": (lambda folder: (folder / "exchanges.jsonl").write_text("{}\n") and None, "has no 'method'"),
    "half a line": (lambda folder: os.truncate(folder / "exchanges.jsonl", 100), "has no requests"),
    "nothing": (lambda folder: (folder / "exchanges.jsonl").write_text("") and None, "has no requests"),
    "a number as a line": (lambda folder: (folder / "exchanges.jsonl").write_text("5\n") and None, "no object"),
    "a status that is none": (with_reply(status=99999), "status"),
    "a status that is a text": (with_reply(status="200"), "status"),
    "a header that sets cookies": (with_reply(headers={"set-cookie": "x"}), "no header 'set-cookie'"),
    "a header of two lines": (with_reply(headers={"etag": "x\r\nset-cookie: y"}), "header etag"),
    "a header that is a number": (with_reply(headers={"etag": 5}), "header etag"),
    "headers that are none": (with_reply(headers=5), "headers"),
    "a query that is none": (with_line(query=5), "line 1"),
    "a query of numbers": (with_line(query=[[1, 2]]), "query"),
    "a path that is none": (with_line(path=5), "path"),
    "a method that is none": (with_line(method="GET\r\n"), "method"),
    "an end that is none": (with_reply(complete="yes"), "complete"),
    "a reply that is a list": (with_line(reply=[]), "line 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_recording_that_was_sent_to_us_cannot_do_harm(name: str, folder: Path) -> None:
    shutil.copytree(FORMATS / "recording-1", folder)
    change, why = HOSTILE[name]
    change(folder)
    with pytest.raises(IBMInputValueError, match=re.escape(why)) as told:
        LocalService.replay(folder)
    assert str(folder) in str(told.value)
