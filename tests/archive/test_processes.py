# SPDX-License-Identifier: Apache-2.0
"""One archive, many processes and threads: at once, forked off, and killed in the midst of it.

``SOAK_SECONDS`` says for how long processes run side by side; ``make soak`` lets them run for a minute.
"""

from __future__ import annotations

import datetime
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support import ROOT
from tests.support.calibrations import Drift

from qiskit_ibm_native import ArchiveError, CalibrationArchive, Snapshot, _sqlite

SECONDS = float(os.environ.get("SOAK_SECONDS", "6"))
KILLS = 20


def start(path: Path, seed: int, seconds: float) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.support.archive_worker", str(path), str(seed), str(seconds)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def digests(archive: CalibrationArchive) -> set[str]:
    return {snapshot.digest for snapshot in archive.between("ibmq_lima")}


@pytest.mark.slow
def test_four_processes_add_and_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    workers = [start(path, seed, SECONDS) for seed in range(4)]
    taken = set()
    for worker in workers:
        output, errors = worker.communicate(timeout=SECONDS + 120)
        assert worker.returncode == 0, errors
        taken |= set(output.split())
    with CalibrationArchive(path) as archive:
        assert digests(archive) == taken
        assert len(taken) > 100
        report = archive.verify()
        assert report, str(report)


@pytest.mark.slow
def test_one_process_adds_and_removes_while_others_read(tmp_path: Path) -> None:
    """For a day with ``SOAK_SECONDS=86400``: answers stay right, and neither the file nor a process grows."""
    path = tmp_path / "archive.sqlite3"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    roles = ["write", "read", "read", "merge"]
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.archive_soak", role, str(path), str(SECONDS)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for role in roles
    ]  # fmt: skip
    for role, worker in zip(roles, workers, strict=True):
        output, errors = worker.communicate(timeout=SECONDS + 120)
        assert worker.returncode == 0, f"{role}: {errors}"
        done, warm, end = map(int, output.split())
        assert done > 3, role
        assert end < 1.05 * warm + (16 << 20), f"{role}: {warm} bytes, and then {end}"
    with CalibrationArchive(path) as archive:
        assert 0 < archive.stats().calibrations <= 400
        report = archive.verify()
        assert report, str(report)


@pytest.mark.slow
def test_killed_twenty_times_in_the_midst_of_writing(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    taken: set[str] = set()
    for seed in range(KILLS):
        worker = start(path, 100 + seed, 60)
        assert worker.stdout is not None
        # After one more line each time, so that the moment is another one.
        taken |= {worker.stdout.readline().strip() for _ in range(1 + seed)}
        time.sleep(0.0007 * seed)
        worker.send_signal(signal.SIGKILL)
        # Not by communicate(), which loses what readline() has read ahead.
        taken |= {line for line in worker.stdout.read().split("\n") if len(line) == 64}
        assert worker.stderr is not None
        assert worker.wait(30) == -signal.SIGKILL, worker.stderr.read()
        worker.stdout.close()
        worker.stderr.close()
        with CalibrationArchive(path) as archive:
            report = archive.verify()
            assert report, str(report)
            there = digests(archive)
            assert taken <= there
            # The calibration that was being added may be there or not; nothing else may.
            assert len(there - taken) <= 1
            taken = there


def test_threads_share_an_archive(tmp_path: Path) -> None:
    snapshots = Snapshot.parse_many(list(Drift("lima").calibrations(80)))
    failures: list[BaseException] = []
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:

        def work(part: int) -> None:
            try:
                for snapshot in snapshots[part::4]:
                    assert archive.add(snapshot)
                    assert archive.at("ibmq_lima", snapshot.last_update) == snapshot
                    archive.series("ibmq_lima", "t2")
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(archive.between("ibmq_lima")) == 80
        assert archive.verify()


#: Forgets what series have kept, and makes it again, until it is killed. Each line that it writes is a round.
MAKER = """
import random, sys
from qiskit_ibm_native import CalibrationArchive
chance = random.Random(int(sys.argv[2]))
with CalibrationArchive(sys.argv[1]) as archive:
    expected = {name: archive.between("ibmq_lima").columns()._pair(name)[0].tolist() for name in ("t1", "t2")}
    while True:
        for name, values in expected.items():
            assert archive.series("ibmq_lima", name).values.tolist() == values, name
        print(name, flush=True)
        with archive._database.writing() as connection:
            connection.execute("DELETE FROM blocks WHERE id % 2 = ?", (chance.randrange(2),))
"""


@pytest.mark.slow
def test_processes_that_make_blocks_at_once_are_killed(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    with CalibrationArchive(path) as archive:
        for snapshot in Snapshot.parse_many(list(Drift("lima").calibrations(300))):
            archive.add(snapshot)
        expected = archive.between("ibmq_lima").columns().t1.tolist()
        for kills in range(8):
            workers = [
                subprocess.Popen(
                    [sys.executable, "-c", MAKER, path, str(2 * kills + number)],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                for number in range(2)
            ]
            for worker in workers:
                assert worker.stdout is not None
                assert worker.stdout.readline(), worker.communicate()[1]
            time.sleep(0.0131 * kills)
            for worker in workers:
                worker.send_signal(signal.SIGKILL)
                _, errors = worker.communicate(timeout=60)
                assert worker.returncode == -signal.SIGKILL, errors
            report = archive.verify()
            assert report, str(report)
            assert archive.series("ibmq_lima", "t1").values.tolist() == expected


def test_series_are_right_while_others_add_and_prune(tmp_path: Path) -> None:
    """Numbers of payloads and blocks are given again all the time."""
    snapshots = Snapshot.parse_many(list(Drift("lima").calibrations(60)))
    utc = datetime.timezone.utc
    expected = {each.last_update.astimezone(utc).replace(tzinfo=None): each.columns.t1.tolist() for each in snapshots}
    path = tmp_path / "archive.sqlite3"
    failures: list[BaseException] = []
    is_over = threading.Event()

    def read() -> None:
        try:
            with CalibrationArchive(path) as archive:
                while not is_over.is_set():
                    series = archive.series("ibmq_lima", "t1")
                    assert series.damaged == {}
                    assert series.values.tolist() == [expected[time] for time in series.times.tolist()]
        except BaseException as error:
            failures.append(error)

    with CalibrationArchive(path) as archive:
        archive.add(snapshots[0])
        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        chance = random.Random(3)
        for _ in range(4):
            for snapshot in chance.sample(snapshots, 20):
                archive.add(snapshot)
            archive.prune(every=datetime.timedelta(hours=chance.randrange(12, 60)))
        is_over.set()
        for thread in threads:
            thread.join()
        assert not failures, failures
        assert archive.verify()


def _in_a_fork(archive: CalibrationArchive, snapshot: Snapshot) -> None:
    assert archive.latest("ibmq_lima") is not None
    assert archive.add(snapshot)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_an_archive_is_used_on_both_sides_of_a_fork(tmp_path: Path) -> None:
    first, second, third = Snapshot.parse_many(list(Drift("lima").calibrations(3)))
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        archive.add(first)
        child = multiprocessing.get_context("fork").Process(target=_in_a_fork, args=(archive, second))
        child.start()
        archive.add(third)
        child.join(60)
        assert child.exitcode == 0
        assert digests(archive) == {first.digest, second.digest, third.digest}
        assert archive.verify()


def _after_its_parent(archive: CalibrationArchive, snapshots: list[Snapshot], closed: Any) -> None:
    assert archive.add(snapshots[1])
    assert closed.wait(60)
    assert archive.add(snapshots[2])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_what_a_fork_adds_after_its_parent_has_closed_the_archive_stays(tmp_path: Path) -> None:
    snapshots = Snapshot.parse_many(list(Drift("lima").calibrations(3)))
    context = multiprocessing.get_context("fork")
    closed, stop = context.Event(), threading.Event()
    archive = CalibrationArchive(tmp_path / "archive.sqlite3")
    archive.add(snapshots[0])
    # A thread that reads meanwhile must not leave a lock behind in the child.
    reader = threading.Thread(target=lambda: [archive.latest("ibmq_lima") for _ in iter(stop.is_set, True)])
    reader.start()
    child = context.Process(target=_after_its_parent, args=(archive, snapshots, closed))
    child.start()
    stop.set()
    reader.join()
    archive.close()
    closed.set()
    child.join(60)
    assert child.exitcode == 0
    with CalibrationArchive(tmp_path / "archive.sqlite3") as other:
        assert digests(other) == {each.digest for each in snapshots}
        assert other.verify()


def test_an_archive_that_somebody_else_writes_is_waited_for(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(_sqlite, "PATIENCE", 0.2)
    path = tmp_path / "archive.sqlite3"
    (snapshot,) = Snapshot.parse_many(list(Drift("lima").calibrations(1)))
    with CalibrationArchive(path) as archive:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArchiveError, match="is busy: another process is writing for too long"):
            archive.add(snapshot)
        assert archive.latest("ibmq_lima") is None
        other.execute("ROLLBACK")
        other.close()
        assert archive.add(snapshot)


def test_an_archive_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file without room: SQLite may not grow it."""
    (snapshot,) = Snapshot.parse_many(list(Drift("hanoi").calibrations(1)))
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        with archive._database.writing() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(ArchiveError, match="cannot be used: database or disk is full"):
            archive.add(snapshot)
        assert archive.stats().payloads == archive.stats().calibrations == 0
        assert archive.verify()


@pytest.mark.slow
def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    program = "import sys, json; from qiskit_ibm_native import CalibrationArchive as A; print(json.dumps(A(sys.argv[1]).backends()))"
    runs = [
        subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True) for _ in range(8)
    ]
    assert [json.loads(run.communicate(timeout=60)[0]) for run in runs] == [[]] * 8
