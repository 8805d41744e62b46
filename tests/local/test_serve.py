# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native serve`` tells programs and people how to find it, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.support.formats import FORMATS
from tests.support.histories import archived, date_of, drifting
from tests.support.running import transpiled

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.cli import main
from qiskit_ibm_native.local.clients import environment_of

COMMAND = [sys.executable, "-m", "qiskit_ibm_native", "serve", "--port", "0"]


@contextmanager
def serving(tmp_path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command until its file says that it answers; it has to end by itself when it is asked to."""
    ready = tmp_path / "ready"
    if "--replay" not in arguments:
        arguments = ("--store", str(tmp_path / "jobs.sqlite3"), "--workers", "1", *arguments)
    command = [*COMMAND, "--ready-file", str(ready), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + 120
            # An earlier service may have left one.
            while not (ready.exists() and f'"pid": {process.pid}}}' in ready.read_text()):
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.02)
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            assert not ready.exists()
        finally:
            process.kill()


def ready_file(pid: int) -> str:
    return json.dumps({"url": "http://127.0.0.1:1", "pid": pid})


def pid_that_ended() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
def test_programs_are_told_by_files_and_by_a_line_of_json(tmp_path: Path) -> None:
    variables = tmp_path / "quantum.env"
    # What an earlier service left is replaced.
    variables.write_text("# Written by qiskit-ibm-native serve\nQISKIT_IBM_TOKEN=old\n")
    (tmp_path / "ready").write_text(ready_file(pid_that_ended()))
    with serving(tmp_path, "--json", "--env-file", str(variables), "--latency", "0.2", "--seed", "3") as process:
        told = json.loads(process.stdout.readline())
        assert json.loads((tmp_path / "ready").read_text()) == {"url": told["url"], "pid": process.pid}
        assert {mode(path) for path in (variables, tmp_path / "ready")} == {0o600}
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
        comment, *rest = variables.read_text().splitlines()
        assert comment == "# Written by qiskit-ibm-native serve"
        lines = dict(line.split("=", 1) for line in rest)
        assert (
            lines
            == told["environment"]
            == environment_of(told["url"], told["api_url"], told["token"], told["instance"])
        )
        assert told["clients"]["ibm-qdmi"]["arguments"]["base_url"] == f"{told['url']}/api"
        start = time.monotonic()
        assert requests.get(f"{told['url']}/health", timeout=30).json()["status"] == "ok"
        assert time.monotonic() - start >= 0.2
        # A shell reads the file, too.
        shell = f"set -a; . {shlex.quote(str(variables))}; exec {sys.executable} -c 'import os; print(os.environ[\"QISKIT_IBM_URL\"])'"
        found = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
        assert found.stdout.strip() == told["api_url"]


@pytest.mark.slow
def test_people_are_told_what_each_client_needs(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        text = ""
        while "Ctrl-C" not in text:
            text += process.stdout.readline()
    first = text.splitlines()[0]
    # A URL that ends where a program would think so.
    (url,) = re.findall(r"http://\S+", first)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    exported = dict(shlex.split(line)[1].split("=", 1) for line in text.splitlines() if line.startswith("  export "))
    assert exported["QISKIT_IBM_URL"] == f"{url}/experimental/v1"
    assert exported["ibm_fez_QRMI_IBM_QCS_IAM_ENDPOINT"] == url
    assert f"auth_url='{url}/identity/token'" in text


@pytest.mark.parametrize(
    "content", ["PASSWORD=1\n", "", "QISKIT_IBM_TOKEN=mine\n", "X=1\n# Written by qiskit-ibm-native serve\n", "[]"]
)
def test_other_peoples_files_are_not_overwritten(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text(content)
    for option in ("--env-file", "--ready-file"):
        assert main(["serve", "--port", "0", "--store", str(tmp_path / "jobs"), option, str(theirs)]) == 2
        assert "was not written by this command" in capsys.readouterr().err
        assert theirs.read_text() == content
    assert not (tmp_path / "jobs").exists()


def test_a_file_in_a_folder_that_is_not_there_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in ("--env-file", "--ready-file"):
        path = tmp_path / "missing" / "file"
        assert main(["serve", "--port", "0", "--store", str(tmp_path / "jobs"), option, str(path)]) == 2
        assert f"there is no folder {path.parent}" in capsys.readouterr().err
    assert not (tmp_path / "jobs").exists()


@pytest.mark.slow
def test_a_second_service_leaves_the_files_of_a_running_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ready, variables = tmp_path / "ready", tmp_path / "quantum.env"
    second = ["serve", "--store", str(tmp_path / "others"), "--env-file", str(variables)]
    with serving(tmp_path, "--env-file", str(variables)) as process:
        # The printed lines may be kept for others.
        printed = "".join(process.stdout.readline() for _ in range(5))
        assert printed.endswith("Ctrl-C ends it; jobs are kept.\n")
        assert (
            dict(line.split("=", 1) for line in variables.read_text().splitlines()[1:])["QISKIT_IBM_TOKEN"]
            not in printed
        )
        written = ready.read_text(), variables.read_text()
        assert main([*second, "--port", "0", "--ready-file", str(ready)]) == 2
        assert f"that of process {process.pid}, which runs" in capsys.readouterr().err
        # Its port is the first thing that a service needs.
        port = json.loads(written[0])["url"].rpartition(":")[2]
        assert main([*second, "--port", port]) != 0
        assert f"Port {port}" in capsys.readouterr().err
        assert (ready.read_text(), variables.read_text()) == written


def test_a_service_removes_no_ready_file_of_another_one_at_its_end(tmp_path: Path) -> None:
    from qiskit_ibm_native.cli.serve import _removed

    ready = tmp_path / "ready"
    for pid, stays in ((os.getpid(), False), (os.getppid(), True)):
        with _removed(ready):
            ready.write_text(ready_file(pid))
        assert ready.exists() == stays


def test_a_key_that_files_cannot_have_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from qiskit_ibm_native.cli.serve import _env_file
    from qiskit_ibm_native.exceptions import IBMInputValueError

    with pytest.raises(IBMInputValueError, match="QISKIT_IBM_TOKEN has characters"):
        _env_file({"QISKIT_IBM_TOKEN": "a b"})


@pytest.mark.parametrize(
    "given", [["--seed", "1"], ["--ideal"], ["--devices", "ibm_fez"], ["--record", "x"], ["--at", "2026"]]
)
def test_a_replay_simulates_nothing(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", "--replay", str(FORMATS / "recording-1"), *given]) == 2
    assert f"leave out {given[0]}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--latency", "-1"], ["--seed", "-1"], ["--replay", "/no/such"], ["--record", "/dev/null/x"], ["--port", "-1"],
     ["--at", "2026-03-01"], ["--archive", "/no/such", "--at", "2026-03-01"], ["--archive", "/no/such"], ["--queue-time", "1"]],
)  # fmt: skip
def test_wrong_options_are_one_line(options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = [] if "--replay" in options else ["--store", str(tmp_path / "jobs")]
    assert main(["serve", "--port", "0", *store, *options]) == 2
    told = capsys.readouterr().err
    assert told.startswith("qiskit-ibm-native: ")
    assert told.count("\n") == 1


@pytest.mark.slow
def test_devices_are_served_as_they_were(tmp_path: Path) -> None:
    lima = drifting("lima", 4)
    archive = archived(tmp_path / "history.sqlite3", lima)
    options = ["--archive", str(archive), "--at", "2025-01-01T12:00Z", "--queue-time", "3600", "--speed", "0"]
    with serving(tmp_path, "--json", *options) as process:
        told = json.loads(process.stdout.readline())
        arguments = told["clients"]["qiskit-ibm-native"]["arguments"]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in told["environment"].items():
                patch.setenv(name, value)
            with IBMProvider(**arguments) as provider:
                backend = provider.get_backend("lima")
                assert backend.properties().payload == lima[0].properties
                job = backend.run(transpiled(backend))
                assert job.status().name == "QUEUED"
                # As by curl: the key itself does in place of a token.
                headers = {"Authorization": f"apikey {told['token']}"}
                moved = requests.put(f"{told['url']}/clock", json={"advance": 86_400}, headers=headers, timeout=30)
                assert moved.json()["time"] == "2025-01-02T12:00:00+00:00"
                assert sum(job.result().get_counts().values()) == 4000
                assert date_of(job.properties().payload) == lima[0].time
                assert backend.refresh()
                assert backend.properties().payload == lima[1].properties


@pytest.mark.slow
def test_people_are_told_of_the_clock(tmp_path: Path) -> None:
    archive = archived(tmp_path / "history.sqlite3", drifting("lima", 1))
    with serving(tmp_path, "--archive", str(archive), "--at", "2025-01-02") as process:
        text = ""
        while "Ctrl-C" not in text:
            text += process.stdout.readline()
    assert text.endswith("Its clock starts at 2025-01-02; PUT /clock moves it. Ctrl-C ends it; jobs are kept.\n")


@pytest.mark.slow
def test_what_was_recorded_by_one_command_is_served_by_another(tmp_path: Path) -> None:
    recording = tmp_path / "recording"

    def usage(told: dict[str, Any]) -> Any:
        reply = requests.post(f"{told['url']}/identity/token", data={"apikey": told["token"]}, timeout=30).json()
        headers = {"Authorization": f"Bearer {reply['access_token']}", "Service-CRN": told["instance"]}
        return requests.get(f"{told['url']}/api/v1/backends", headers=headers, timeout=30).json()

    with serving(tmp_path, "--json", "--record", str(recording)) as process:
        first = usage(json.loads(process.stdout.readline()))
    with serving(tmp_path, "--json", "--replay", str(recording)) as process:
        assert usage(json.loads(process.stdout.readline())) == first
    assert len(first["devices"]) > 4
    assert os.listdir(recording / "bodies")
