# SPDX-License-Identifier: Apache-2.0
"""``jobs``: of an account by a real service, and of the file of local services; both say the same."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.at_terminal import at_terminal
from tests.support.running import transpiled

from qiskit_ibm_native.cli import completing, main, output
from qiskit_ibm_native.cli.job_sources import JobRow
from qiskit_ibm_native.cli.jobs import _Line
from qiskit_ibm_native.local.jobs.store import open_store


@pytest.fixture
def jobs(service: Any, provider: Any) -> list[str]:
    """Return two jobs of the service that are done, the latest one first."""
    service.reset()
    backend = provider.get_backend("ibmq_vigo")
    made = [backend.run(transpiled(backend), shots=100, job_tags=[tag]) for tag in ("old", "new")]
    for job in made:
        job.wait_for_final_state(60)
    return [job.job_id() for job in reversed(made)]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of local jobs, in which nothing is."""
    path = tmp_path / "store" / "jobs.sqlite3"
    monkeypatch.setenv("QISKIT_IBM_NATIVE_LOCAL_STORE", str(path))
    return path


def add_jobs(path: Path, number: int = 1, **values: Any) -> list[str]:
    """Put jobs into a file that no service serves; the latest one comes first."""
    path.parent.mkdir(exist_ok=True)
    store = open_store(path)
    try:
        description = {"backend": "ibm_fez", "program": "sampler", "cost": 1, "private": 0, "noise": 1, **values}
        made = [store.add_job(params=b"{}", tags=[f"tag {index}"], **description) for index in range(number)]
    finally:
        store.close()
    return list(reversed(made))


def out_of(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_an_account_and_the_file_of_its_service_list_the_same(
    service: Any, jobs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = ["--channel", "local", "--store", str(service._store.path)]
    for arguments in ([], ["--device", "vigo"], ["--status", "completed"], ["--tag", "old"], ["--limit", "1"],
                      ["--since", "1h"], ["--status", "pending"], ["--status", "error", "--status", "cancelled"]):  # fmt: skip
        assert main(["jobs", "list", "--json", *arguments]) == 0
        ours = out_of(capsys)
        assert main(["jobs", "list", "--json", *file, *arguments]) == 0
        for mine, theirs in zip(ours, out_of(capsys), strict=True):
            same = ("id", "device", "status", "tags", "program", "created", "session")
            assert {key: mine[key] for key in same} == {key: theirs[key] for key in same}
        if not arguments:
            assert [job["id"] for job in ours] == jobs
            assert [job["tags"] for job in ours] == [["new"], ["old"]]
    assert main(["jobs", "list"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[1].split()[:3] == [jobs[0], "ibmq_vigo", "done"]


def test_a_job_is_shown_with_its_times_by_default_the_latest(
    service: Any, jobs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for source in ([], ["--channel", "local", "--store", str(service._store.path)]):
        assert main(["jobs", "show", "--json", *source]) == 0
        found = out_of(capsys)
        assert (found["id"], found["device"], found["status"]) == (jobs[0], "ibmq_vigo", "done")
        assert found["created"] <= found["started"] <= found["ended"]
        assert found["ended"].endswith("+00:00")
        assert main(["jobs", "show", jobs[1], *source]) == 0
        text = capsys.readouterr().out
        assert jobs[1] in text.splitlines()[0]
        assert "old" in text
        assert main(["jobs", "watch", *source]) == 0
        assert capsys.readouterr().out == f"{jobs[0]} on ibmq_vigo: done\n"
        assert main(["jobs", "show", "d0000000000000000000", *source]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_job_that_failed_says_why_and_watching_it_is_exit_status_1(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (job,) = add_jobs(store)
    opened = open_store(store)
    opened.end_job(job, "Failed", "the cryostat is\x1b[2J warm", 1234)
    opened.close()
    assert main(["jobs", "show", "--channel", "local"]) == 0
    shown = capsys.readouterr().out
    assert "the cryostat is\\x1b[2J warm" in shown
    assert main(["jobs", "watch", "--channel", "local"]) == 1
    assert "error" in capsys.readouterr().out
    assert main(["jobs", "cancel", job, "--channel", "local"]) == 2
    assert "cannot be cancelled: it is error" in capsys.readouterr().err


def test_reading_makes_nothing_and_works_where_nothing_can_be_written(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (["list"], ["cancel", "--left"]):
        assert main(["jobs", *arguments, "--channel", "local"]) == 0
    for arguments in (["show"], ["watch"], ["result"], ["cancel", "d1"]):
        assert main(["jobs", *arguments, "--channel", "local"]) == 2
    assert not store.parent.exists()
    assert "There is no such job." in capsys.readouterr().err
    (job,) = add_jobs(store)
    before = sorted(os.listdir(store.parent))
    store.chmod(0o400)
    store.parent.chmod(0o500)
    try:
        assert main(["jobs", "list", "--channel", "local", "--json"]) == 0
        assert out_of(capsys)[0]["id"] == job
        assert completing.jobs(job[:5]) == [job]
    finally:
        store.parent.chmod(0o700)
    assert sorted(os.listdir(store.parent)) == before


def test_a_file_that_is_no_store_or_of_another_version_is_refused_and_completes_nothing(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.parent.mkdir()
    store.write_text("this is no database, however long it is " * 100)
    assert main(["jobs", "list", "--channel", "local"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    store.unlink()
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert main(["jobs", "list", "--channel", "local"]) == 2
    assert "it has 99, this is" in capsys.readouterr().err
    assert completing.jobs("") == []


def test_jobs_are_cancelled_one_by_one_and_those_that_were_left_together(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    latest, *rest = add_jobs(store, 3)
    assert main(["jobs", "cancel", latest, "--channel", "local"]) == 0
    assert capsys.readouterr().out == "1 job cancelled\n"
    assert main(["jobs", "cancel", "--left", "--store", str(store)]) == 0
    assert capsys.readouterr().out == "2 jobs cancelled\n"
    assert main(["jobs", "list", "--channel", "local", "--json", "--status", "cancelled"]) == 0
    assert [job["id"] for job in out_of(capsys)] == [latest, *rest]
    for arguments in ([], [latest, "--left"]):
        with pytest.raises(SystemExit):
            main(["jobs", "cancel", *arguments])
        assert "either a job or --left" in capsys.readouterr().err


def test_jobs_of_a_running_service_are_cancelled_by_it_and_by_its_file(
    service: Any, provider: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    description = {"backend": "ibmq_vigo", "program": "sampler", "cost": 1, "private": 0, "noise": 1}
    for source in ([], ["--channel", "local", "--store", str(service._store.path)]):
        # One that waits, because no worker was told.
        job = service._store.add_job(params=b"{}", tags=[], **description)
        assert main(["jobs", "cancel", job, *source]) == 0
        assert provider.job(job).status().name == "CANCELLED"
        capsys.readouterr()
        assert main(["jobs", "cancel", job, *source]) == 2
        error = capsys.readouterr().err
        assert "cannot be cancelled" in error
        assert error.count("\n") == 1


def test_a_pipe_gets_a_line_for_each_change(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (job,) = add_jobs(store)

    def end() -> None:
        opened = open_store(store)
        try:
            time.sleep(0.4)
            opened.end_job(job, "Cancelled")
        finally:
            opened.close()

    thread = threading.Thread(target=end)
    thread.start()
    assert main(["jobs", "watch", job, "--channel", "local", "--interval", "0.05", "--json"]) == 1
    thread.join()
    states = [json.loads(line)["status"] for line in capsys.readouterr().out.splitlines()]
    assert states == ["queued", "cancelled"]


def test_a_terminal_has_one_line_that_is_written_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    line = _Line(json=False)
    for status, position in (("queued", 12), ("queued", 3), ("running", None), ("done", None)):
        line.show(JobRow("d1", "ibm_fez", status, None, position=position))
    written = capsys.readouterr().out
    first, *rest = written.removeprefix("\r").removesuffix("\n").split("\r")
    assert [text.partition(",")[0].strip() for text in (first, *rest)] == [
        "d1 on ibm_fez: queued", "d1 on ibm_fez: queued", "d1 on ibm_fez: running", "d1 on ibm_fez: done"
    ]  # fmt: skip
    # A shorter text covers all of the longer one before it.
    assert all(len(text) >= len(before.rstrip()) for before, text in zip((first, *rest), rest, strict=False))
    assert written.count("\n") == 1


def test_a_line_is_never_wider_than_the_terminal(store: Path) -> None:
    (job,) = add_jobs(store)
    opened = open_store(store)
    opened.end_job(job, "Cancelled")
    opened.close()
    shown = at_terminal("jobs", "watch", "--channel", "local", columns=30)
    assert shown.status == 1
    line = shown.text.strip()
    assert line.startswith(f"{job[:15]}")
    assert re.search(r"\.\.\., \d+ s$", line)
    assert len(line) < 30
    listed = at_terminal("jobs", "list", "--channel", "local", environment={"NO_COLOR": "1"})
    assert job in listed.text
    assert "\x1b[3" not in listed.raw


def test_ctrl_c_ends_watching_with_130_and_the_line(store: Path) -> None:
    (job,) = add_jobs(store)
    shown = at_terminal("jobs", "watch", job, "--channel", "local", typed="\x03", prompt="queued")
    assert shown.status == 130
    assert shown.text.endswith("\n")
    assert "Traceback" not in shown.text


def test_the_channel_of_the_environment_is_used(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (job,) = add_jobs(store)
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "local")
    assert main(["jobs", "list", "--json"]) == 0
    assert [each["id"] for each in out_of(capsys)] == [job]
    with pytest.raises(SystemExit):
        main(["jobs", "list", "--channel", "ibm_quantum_platform", "--store", str(store)])
    assert "--store is for the channel local" in capsys.readouterr().err


@pytest.mark.slow
def test_the_result_of_a_local_job_is_read_by_a_service(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from qiskit_ibm_native import IBMProvider

    with IBMProvider(channel="local", devices="vigo") as provider:
        backend = provider.get_backend("vigo")
        circuits = [transpiled(backend), transpiled(backend).copy("second")]
        job = backend.run(circuits, shots=50)
        expected = job.result().get_counts()
    assert main(["jobs", "result", "--channel", "local", "--json"]) == 0
    found = out_of(capsys)
    assert found["job"] == job.job_id()
    assert [circuit["counts"] for circuit in found["circuits"]] == expected
    assert [circuit["name"] for circuit in found["circuits"]] == ["bell", "second"]
    assert main(["jobs", "result", "--channel", "local"]) == 0
    assert "second" in capsys.readouterr().out.splitlines()


def test_mistyped_statuses_and_times_say_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, text in (
        (["--status", "donne"], "Did you mean 'done'"),
        (["--since", "soon"], "must be a time such as"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["jobs", "list", "--channel", "local", *arguments])
        assert ended.value.code == 2
        assert text in capsys.readouterr().err
