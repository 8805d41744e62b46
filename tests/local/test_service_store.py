# SPDX-License-Identifier: Apache-2.0
"""The store of jobs: how it searches, what it forgets, files of earlier versions, files that cannot be used."""

from __future__ import annotations

import contextlib
import datetime
import logging
import math
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.providers import JobStatus
from tests.support.formats import opened

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.cli import main
from qiskit_ibm_native.exceptions import IBMError, IBMInputValueError
from qiskit_ibm_native.local import Limits, LocalService
from qiskit_ibm_native.local.jobs import store as store_module
from qiskit_ibm_native.local.jobs.store import Store, open_store

MANY = 50_000
#: Steps of SQLite's machine for a page of jobs; a walk over all jobs takes a hundred times as many.
MAX_STEPS = 20_000


def new_job(store: Store, **values: Any) -> str:
    given: dict[str, Any] = {
        "backend": "ibm_fez", "program": "sampler", "params": b"{}", "tags": [], "session_id": None, "cost": 5,
        "private": 0, "runtime": None, "calibration_id": None, "noise": 1,
    }  # fmt: skip
    return store.add_job(**{**given, **values})


def done_job(store: Store, finished: str | None = None, **values: Any) -> str:
    job_id = new_job(store, **values)
    assert store.start_job(job_id)
    assert store.finish_job(job_id, b"{}")
    if finished is not None:
        with store._changes() as db:
            db.execute("UPDATE jobs SET finished = ? WHERE id = ?", (finished, job_id))
    return job_id


def ago(days: float) -> str:
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).isoformat(
        timespec="microseconds"
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "jobs.sqlite3")
    yield store
    store.close()


# Searches


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Yield a store of fifty thousand jobs that are done, a tenth of them in one session, and a few that wait."""
    store = Store(tmp_path_factory.mktemp("large") / "jobs.sqlite3")
    session = store.add_session("ibm_fez", "batch", 28_800)
    template = new_job(store, tags=["a", "b"], params=b"x" * 5000)
    with store._changes() as db:
        row = dict(db.execute("SELECT * FROM jobs WHERE id = ?", (template,)).fetchone())
        columns = [name for name in row if name != "number"]
        stamp = [ago(1 - n / MANY) for n in range(MANY)]
        rows = [
            {
                **row, "id": f"d{n:019}", "backend": ("ibm_fez", "ibmq_vigo")[n % 2], "status": "Completed",
                "created": stamp[n], "running": stamp[n], "finished": stamp[n],
                "session_id": session if n % 10 == 0 else None,
            }
            for n in range(MANY)
        ]  # fmt: skip
        marks = ", ".join(f":{name}" for name in columns)
        db.executemany(f"INSERT INTO jobs ({', '.join(columns)}) VALUES ({marks})", rows)
        db.execute(
            "INSERT INTO contents (number, params, result) SELECT number, x'7b7d', x'7b7d' FROM jobs WHERE number > 1"
        )
        db.execute("INSERT INTO tags SELECT 'tag' || (number % 5000), number FROM jobs")
    for _ in range(5):
        new_job(store, session_id=session, tags=["waiting"])
    yield store
    store.close()


@contextlib.contextmanager
def watched(store: Store) -> Iterator[dict[str, Any]]:
    """Note the statements of a store, and how many steps of SQLite's machine they take."""
    seen: dict[str, Any] = {"statements": [], "steps": 0}

    def step() -> None:
        seen["steps"] += 100

    store._db.set_trace_callback(seen["statements"].append)
    store._db.set_progress_handler(step, 100)
    try:
        yield seen
    finally:
        store._db.set_trace_callback(None)
        store._db.set_progress_handler(None, 0)


def plans(store: Store, statements: list[str]) -> list[str]:
    """Return the steps of SQLite's plans of statements."""
    found = []
    for statement in statements:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            # What is traced has its values filled in.
            found += [row["detail"] for row in store._db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return found


CALLS = {
    "job": lambda store: store.job("d0000000000000000007"),
    "job with content": lambda store: store.job("d0000000000000000007", with_content=True),
    "results": lambda store: store.take_result("d0000000000000000007"),
    "logs": lambda store: store.logs("d0000000000000000007"),
    "queue": lambda store: store.queue_lengths(),
    "session": lambda store: store.session(store._rows("SELECT id FROM sessions LIMIT 1")[0][0]),
    "submission": lambda store: new_job(store, tags=["new"]),
    "end": lambda store: store.end_job("d0000000000000000007", "Cancelled"),
    "start": lambda store: store.start_job("d0000000000000000007"),
    "tags": lambda store: store.set_tags("d0000000000000000008", ["tag8", "new"]),
    "deletion": lambda store: store.delete_job(new_job(store)),
    "left": lambda store: store.left(),
    "adoption": lambda store: store.adopt(["ibm_fez"]),
    "pruning": lambda store: store.prune(30, 1 << 40),
    "by tag": lambda store: store.jobs({"tags": ["tag77"]}, 10, 0, False),
    "by two tags": lambda store: store.jobs({"tags": ["tag77", "tag78"]}, 10, 0, False),
    "waiting ones": lambda store: store.jobs({"pending": True}, 200, 0, False),
    "waiting ones of a session": lambda store: store.jobs(
        {"pending": True, "session_id": store._rows("SELECT id FROM sessions LIMIT 1")[0][0]}, 200, 0, False
    ),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.slow
def test_nothing_is_searched_by_looking_at_all_of_fifty_thousand_jobs(large: Store, name: str) -> None:
    with watched(large) as seen:
        CALLS[name](large)
    assert seen["steps"] < MAX_STEPS
    found = plans(large, seen["statements"])
    assert not [plan for plan in found if plan.startswith("SCAN") and "sessions" not in plan and "CONSTANT" not in plan]


FILTERS: dict[str, dict[str, Any]] = {
    "all": {}, "device": {"backend": "ibm_fez"}, "program": {"program": "sampler"}, "done": {"pending": False},
    "later": {"created_after": ago(0.5)}, "earlier": {"created_before": ago(0.5)},
    "device and time": {"backend": "ibm_fez", "created_after": ago(0.9), "created_before": ago(0.1)},
    "done on a device": {"backend": "ibmq_vigo", "pending": False, "program": "sampler"},
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.slow
def test_pages_of_fifty_thousand_jobs_are_not_scanned_for(large: Store, name: str) -> None:
    filters = FILTERS[name]
    with watched(large) as seen:
        found, count = large.jobs(filters, 20, 0, False)
    assert len(found) == 20
    expected = [
        job for job in map(dict, large._rows("SELECT * FROM jobs ORDER BY number DESC"))
        if all(matches(job, key, value) for key, value in filters.items())
    ]  # fmt: skip
    assert count == len(expected)
    assert [job["id"] for job in found] == [job["id"] for job in expected[:20]]
    found_plans = plans(large, seen["statements"])
    # The number of all jobs is that of the entries of one index.
    assert not [plan for plan in found_plans if plan.startswith("SCAN") and (filters or "COVERING INDEX" not in plan)]


def matches(job: dict[str, Any], key: str, value: Any) -> bool:
    if key == "pending":
        return (job["status"] in ("Queued", "Running")) is value
    if key in ("created_after", "created_before"):
        return job["created"] > value if key == "created_after" else job["created"] < value
    return bool(job[key] == value)


def test_pages_and_counts_go_together(store: Store) -> None:
    ids = [new_job(store, tags=[f"n{n % 2}"]) for n in range(25)]
    assert [job["id"] for job in store.jobs({}, 10, 0, ascending=True)[0]] == ids[:10]
    found, count = store.jobs({}, 10, 20, ascending=False)
    assert [job["id"] for job in found] == ids[4::-1]
    assert count == 25
    assert store.jobs({}, 10, 30, ascending=True) == ([], 25)
    assert store.jobs({"tags": ["n1"]}, 50, 0, ascending=True)[1] == 12
    store.set_tags(ids[1], ["other"])
    assert store.jobs({"tags": ["n1"]}, 5, 0, ascending=True)[1] == 11
    assert [job["id"] for job in store.jobs({"tags": ["other"]}, 5, 0, ascending=True)[0]] == [ids[1]]
    store.delete_job(ids[1])
    assert store.jobs({"tags": ["other"]}, 5, 0, ascending=True) == ([], 0)


# Pruning


def test_jobs_that_were_done_long_ago_are_forgotten_and_those_that_wait_are_not(store: Store) -> None:
    old = [done_job(store, finished=ago(31), tags=["old"]) for _ in range(250)]
    recent, waiting = done_job(store, finished=ago(29)), new_job(store)
    with store._changes() as db:
        db.execute("UPDATE jobs SET created = ? WHERE id = ?", (ago(400), waiting))
    assert store.prune(math.inf, math.inf) == 0
    assert store.prune(30, math.inf) == 250
    assert store.job(old[0]) is None
    assert store.jobs({"tags": ["old"]}, 5, 0, ascending=True) == ([], 0)
    assert store._rows("SELECT COUNT(*) FROM contents")[0][0] == 2
    assert store.job(recent) is not None
    assert store.job(waiting) is not None


def test_the_oldest_jobs_go_when_the_file_is_too_large_and_it_gets_smaller(store: Store, tmp_path: Path) -> None:
    waiting = new_job(store, params=b"w" * 200_000)
    ids = [done_job(store, finished=ago(1 - n / 1000), params=bytes(20_000)) for n in range(500)]
    before = (tmp_path / "jobs.sqlite3").stat().st_size
    assert before > 5_000_000
    assert 200 <= store.prune(math.inf, 5_000_000) < 500
    assert (tmp_path / "jobs.sqlite3").stat().st_size <= 5_000_000
    assert store.job(ids[0]) is None
    assert store.job(ids[-1]) is not None
    assert store.prune(math.inf, 1) > 0
    assert store.job(waiting) is not None
    # The newest one stays, whatever its size.
    assert store.job(ids[-1]) is not None
    assert store.jobs({}, 5, 0, ascending=True)[1] == 2


def test_no_more_jobs_go_than_have_the_bytes_that_are_too_many(store: Store) -> None:
    ids = [done_job(store, finished=ago(1 - n / 1000), params=bytes(300_000)) for n in range(10)]
    assert store.prune(math.inf, store._used()) == 0
    assert store.prune(math.inf, store._used() - 1) == 1
    assert store.prune(math.inf, store._used() - 301_000) == 2
    assert [store.job(job_id) is not None for job_id in ids] == [False] * 3 + [True] * 7


def test_a_result_that_makes_the_file_too_large_takes_the_place_of_older_ones(tmp_path: Path) -> None:
    path = tmp_path / "jobs"
    store = Store(path)
    old = [done_job(store, finished=ago(1 - n / 1000), params=bytes(300_000)) for n in range(3)]
    size = store._used()
    store.close()
    limits = Limits(store_bytes=size)
    with (
        LocalService(store=path, workers=1, limits=limits) as service,
        service.in_environment(),
        IBMProvider() as provider,
    ):
        circuit = QuantumCircuit(20)
        circuit.h(range(20))
        circuit.measure_all()
        job = provider.get_backend("local_simulator").run(circuit, shots=20_000)
        assert sum(job.result(timeout=60).get_counts().values()) == 20_000
        wait_until(lambda: service._store.job(old[0]) is None)
        assert service._store.job(old[2]) is not None
        assert service._store._used() <= size


def test_old_sessions_go_with_their_jobs(store: Store) -> None:
    sessions = [store.add_session("ibm_fez", "batch", 60) for _ in range(3)]
    with store._changes() as db:
        db.execute("UPDATE sessions SET created = ?", (ago(40),))
    new_job(store, session_id=sessions[0])
    fresh = store.add_session("ibm_fez", "batch", 60)
    store.prune(30, math.inf)
    assert [store.session(session) is not None for session in (*sessions, fresh)] == [True, False, False, True]


def test_a_service_prunes_its_store_by_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "jobs")
    ids = [done_job(store, finished=ago(days)) for days in (3, 1)]
    store.close()
    monkeypatch.setenv("QISKIT_IBM_NATIVE_LOCAL_STORE_DAYS", "2")
    with LocalService(store=tmp_path / "jobs", workers=1) as service:
        wait_until(lambda: service._store.job(ids[0]) is None)
        assert service._store.job(ids[1]) is not None
    assert Limits().store_days == 2
    assert Limits(store_bytes=5).store_bytes == 5
    monkeypatch.setenv("QISKIT_IBM_NATIVE_LOCAL_STORE_BYTES", "much")
    with pytest.raises(IBMInputValueError, match="STORE_BYTES is 'much'"):
        Limits()
    monkeypatch.setenv("QISKIT_IBM_NATIVE_LOCAL_STORE_BYTES", "inf")
    assert Limits().store_bytes == math.inf


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# Files that take nothing more


def test_a_job_that_cannot_be_kept_has_failed_and_others_are_refused_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    with (
        caplog.at_level(logging.ERROR),
        LocalService(store=tmp_path / "jobs", workers=1) as service,
        service.in_environment(),
        IBMProvider() as provider,
    ):
        backend = provider.get_backend("local_simulator")
        # The simulator is still importing when nothing can be written any more.
        job = backend.run(circuit, shots=5)
        service._store._db.execute("PRAGMA query_only = ON")
        with pytest.raises(IBMError, match=r"could not be kept: attempt to write a readonly database"):
            job.result(timeout=60)
        assert job.status() is JobStatus.ERROR
        asked = []
        add_job = service._store.add_job
        monkeypatch.setattr(service._store, "add_job", lambda **job: asked.append(1) or add_job(**job))
        with pytest.raises(IBMError, match=r"507 The store of jobs cannot be used.*Free space on the disk"):
            backend.run(circuit, shots=5)
        assert len(asked) == 1
        assert "Traceback" not in caplog.text
        assert caplog.text.count("The store of jobs cannot be used") == 1
        assert caplog.text.count("could not be stored") == 1
        service._store._db.execute("PRAGMA query_only = OFF")
        assert backend.run(circuit, shots=5).result(timeout=60).get_counts() == {"1": 5}
        assert service._store._rows("SELECT status FROM jobs ORDER BY number")[0][0] == "Failed"


# Files of earlier versions


def test_a_file_of_the_first_version_is_brought_to_the_present_one(tmp_path: Path) -> None:
    path = opened("store-1", tmp_path / "old")
    with sqlite3.connect(path) as db:
        before = {row[0]: row for row in db.execute("SELECT id, status, params, result, logs, tags, number FROM jobs")}
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
    db.close()
    assert len(before) == 5
    store = Store(path)
    for job_id, (_, status, params, result, logs, _, number) in before.items():
        job = store.job(job_id, with_content=True)
        assert job is not None
        # Of two that were not done, one was running when its service ended.
        assert job["status"] == status
        assert (job["params"], job["result"], job["logs"], job["number"]) == (params, result, logs, number)
    assert store.jobs({"tags": ["week 3"]}, 10, 0, ascending=True)[1] == 2
    assert store.jobs({"tags": ["week 3", "calibration"]}, 10, 0, ascending=True)[1] == 1
    (session,) = store._rows("SELECT id FROM sessions")
    found = store.session(session["id"])
    assert found is not None
    assert found["pending"]
    assert new_job(store)
    assert len(store.adopt(["ibm_fez"])) == 2
    assert store._rows("PRAGMA user_version")[0][0] == 2
    assert store._rows("PRAGMA auto_vacuum")[0][0] == 2
    assert store._rows("PRAGMA integrity_check")[0][0] == "ok"
    store.close()
    Store(path).close()


def test_a_file_is_not_changed_while_an_earlier_version_uses_it(tmp_path: Path) -> None:
    path = opened("store-1", tmp_path / "old")
    life = store_module.Life(path.with_name(f"{path.name}-0123.lock"))
    with pytest.raises(IBMInputValueError, match="earlier version of this package is using it"):
        Store(path)
    life.end()
    Store(path).close()


# Files that cannot be used


@pytest.mark.parametrize("kind", ["folder", "text", "below a file", "no permission"])
def test_a_store_that_cannot_be_used_is_told_by_an_error_of_this_package(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jobs"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("This is no database, but a text that is long enough to be taken for one." * 50)
    elif kind == "below a file":
        path.write_text("")
        path = path / "jobs"
    else:
        path = forbidden(tmp_path)
    for make in (
        Store,
        open_store,
        lambda path: LocalService(store=path),
        lambda path: IBMProvider(channel="local", store=path),
    ):
        with pytest.raises(IBMInputValueError, match=r"The store of jobs .* cannot be used: .* Choose another file"):
            make(path)
    monkeypatch.setenv("QISKIT_IBM_NATIVE_LOCAL_STORE", str(path))
    with pytest.raises(IBMInputValueError, match="cannot be used"):
        open_store()


def forbidden(folder: Path) -> Path:
    """Return a path at which nobody can make a file, not even a super-user, for whom modes do not count."""
    return Path("/proc/self/jobs.sqlite3")


def test_without_a_home_that_can_be_written_jobs_are_kept_until_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("QISKIT_IBM_NATIVE_LOCAL_STORE")
    monkeypatch.setenv("HOME", "/proc/self/home")
    with caplog.at_level(logging.WARNING, "qiskit_ibm_native"):
        store = open_store()
    assert "until the service ends" in caplog.text
    assert "/proc/self/home" in caplog.text
    job = new_job(store)
    assert store.job(job) is not None
    folder = store.path.parent
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0
    store.close()
    assert not folder.exists()


def test_a_home_that_cannot_be_written_is_no_reason_not_to_run_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
from qiskit import QuantumCircuit
from qiskit_ibm_native import IBMProvider
circuit = QuantumCircuit(1, 1)
circuit.x(0)
circuit.measure(0, 0)
with IBMProvider(channel="local", workers=1) as provider:
    print(provider.get_backend("local_simulator").run(circuit, shots=3).result(timeout=120).get_counts())
"""
    monkeypatch.delenv("QISKIT_IBM_NATIVE_LOCAL_STORE")
    monkeypatch.setenv("HOME", "/proc/self/home")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "{'1': 3}\n", done.stderr
    assert "Jobs are kept in" in done.stderr


# Jobs that were left


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """Return a store with three jobs of a service that ended, one of which was running."""
    store = Store(tmp_path / "jobs")
    ids = [new_job(store, backend="local_simulator") for _ in range(3)]
    store.start_job(ids[0])
    store.close()
    return tmp_path / "jobs"


def test_left_jobs_are_told_with_the_command_that_cancels_them(
    left: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.WARNING, "qiskit_ibm_native"), LocalService(store=left, workers=1) as service:
        wait_until(lambda: "earlier programs left" in caplog.text)
        assert service._store.queue_lengths() == {"local_simulator": 3}
        assert {job["status"] for job in service._store.jobs({}, 5, 0, ascending=True)[0]} == {"Queued"}
    (line,) = [record.getMessage() for record in caplog.records if "earlier programs left" in record.getMessage()]
    assert line.startswith("3 jobs that earlier programs left in the store are not run")
    command = line.rpartition("`qiskit-ibm-native ")[2].partition("`")[0]
    assert command == f"jobs cancel --left --store {left}"
    assert main(command.split()) == 0
    assert capsys.readouterr().out == "3 jobs cancelled\n"
    assert main(command.split()) == 0
    assert capsys.readouterr().out == "0 jobs cancelled\n"
    store = Store(left)
    assert {job["status"] for job in store.jobs({}, 5, 0, ascending=True)[0]} == {"Cancelled"}
    store.close()
    assert not list(left.parent.glob("*.lock"))
