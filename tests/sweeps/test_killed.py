# SPDX-License-Identifier: Apache-2.0
"""Sweeps whose workers and drivers are killed at random moments: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support import ROOT
from tests.support.processes import arguments_of
from tests.support.sweeping import facts, ghz, qaoa, slow

from qiskit_ibm_native import Ledger, Sweep

#: `make soak` has more patience.
KILLS = int(os.environ.get("KILLS", "4"))

PROGRAM = """
import sys
sys.path[:0] = {path!r}
from tests.sweeps.test_killed import described
if __name__ == "__main__":
    described().run(ledger={ledger!r}, keep_circuits=True, retries=20)
    sys.stdout.write("done")
"""


def described() -> Sweep:
    """Return a sweep of 200 tasks of 25 ms."""
    return Sweep([ghz(3), qaoa(4, 1)], ["lima", "vigo"], seeds=range(50), pass_manager=slow)


@pytest.fixture(scope="module")
def expected() -> list[dict[str, Any]]:
    with ThreadPoolExecutor(2) as pool:
        return [facts(result) for result in described().run(pool)]


def rows(path: Path) -> tuple[int, int]:
    """Return how many rows a ledger has, and how many tasks."""
    if not path.exists():
        return 0, 0
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            ((count, distinct),) = connection.execute("SELECT count(*), count(DISTINCT id) FROM tasks").fetchall()
        except sqlite3.OperationalError:
            # Killed before there was a table.
            return 0, 0
    return count, distinct


@pytest.mark.slow
def test_drivers_that_are_killed_lose_nothing(tmp_path: Path, expected: list[dict[str, Any]]) -> None:
    chance = random.Random(1)
    ledger = tmp_path / "ledger.sqlite3"
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(path=[str(ROOT)], ledger=str(ledger)))
    kills, known = 0, 0
    while True:
        process = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE)
        # Without kills, all is done in ten seconds.
        with contextlib.suppress(subprocess.TimeoutExpired):
            output, _ = process.communicate(timeout=chance.uniform(1.5, 3.5) if kills < KILLS else None)
            assert output == b"done"
            break
        offspring = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        gone, left = psutil.wait_procs(offspring, timeout=20)
        assert not left, f"{left} outlived their driver, {gone} did not"
        count, distinct = rows(ledger)
        assert count == distinct >= known
        known = count
    assert kills > 2
    with Ledger(ledger) as opened:
        assert len(opened) == len(expected)
        results = list(described().run(ledger=opened))
        assert [facts(result) for result in results] == expected
        assert all(result.transpiled.depth() == result.depth for result in results)
        ((check,),) = opened._database.rows("PRAGMA integrity_check")
        assert check == "ok"


@pytest.mark.slow
def test_workers_that_are_killed_cost_nothing(tmp_path: Path, expected: list[dict[str, Any]]) -> None:
    chance = random.Random(2)
    killed = 0
    is_over = threading.Event()

    def kill() -> None:
        nonlocal killed
        while not is_over.wait(chance.uniform(0.1, 1.5)) and killed < KILLS:
            victims = [
                child for child in psutil.Process().children() if "transpiler_main" in " ".join(arguments_of(child))
            ]
            if victims:
                with contextlib.suppress(psutil.NoSuchProcess):
                    chance.choice(victims).kill()
                    killed += 1

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        deadline = time.monotonic() + 200
        results = described().run(ledger=tmp_path / "ledger.sqlite3", retries=100)
        assert time.monotonic() < deadline
    finally:
        is_over.set()
        killer.join()
    assert killed > 2
    assert len(results.ledger) == len(expected)
    assert [facts(result) for result in results] == expected
