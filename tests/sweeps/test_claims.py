# SPDX-License-Identifier: Apache-2.0
"""Runs with one ledger share the work, also when one of them is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import ROOT
from tests.support.sweeping import Serial, families, ghz

from qiskit_ibm_native import Ledger, Sweep
from qiskit_ibm_native.sweeps.ledger import claims as claims_module
from qiskit_ibm_native.sweeps.ledger.ledger import _is_done

if TYPE_CHECKING:
    from qiskit_ibm_native.sweeps.ledger.claims import Claims

TASKS = [bytes([number]) * 16 for number in range(6)]


def claims_of(ledger: Ledger) -> Claims:
    return ledger.claims(with_circuit=False, retry_failed=False)


def test_a_task_is_claimed_by_one_run_at_a_time(tmp_path: Path) -> None:
    with Ledger(tmp_path / "x.sqlite3") as ledger, Ledger(tmp_path / "x.sqlite3") as same:
        one, other = claims_of(ledger), claims_of(same)
        assert one.take(TASKS[:3]).ours == set(TASKS[:3])
        assert other.take(TASKS[1:5]).ours == set(TASKS[3:5])
        assert one.take(TASKS[:4]).ours == set(TASKS[:3])
        assert other.look(TASKS) == (set(TASKS[3:]), set())
        one.drop()
        assert other.take(TASKS).ours == set(TASKS)
        other.drop()


def test_claims_hold_as_long_as_they_are_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_module, "LEASE", 0.5)
    with Ledger(tmp_path / "x.sqlite3") as ledger:
        asleep = claims_of(ledger)
        asleep.take(TASKS)
        monkeypatch.setattr(claims_module, "_RENEWAL", 0.1)
        awake = claims_of(ledger)
        time.sleep(0.7)
        assert awake.take(TASKS).ours == set(TASKS)
        time.sleep(0.7)
        assert claims_of(ledger).look(TASKS).ours == set()
        asleep.drop()
        awake.drop()


def test_claims_of_a_process_that_is_gone_do_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    code = f"""
import os
from qiskit_ibm_native import Ledger
ledger = Ledger({str(path)!r})
ledger.claims(with_circuit=False, retry_failed=False).take([bytes(16)])
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    with Ledger(path) as ledger:
        assert claims_of(ledger).look([bytes(16)]).ours == {bytes(16)}
        # Of a process on another machine nothing is known.
        with ledger._database.writing() as connection:
            connection.execute("UPDATE claims SET owner = 'elsewhere 1 x'")
        assert claims_of(ledger).look([bytes(16)]).ours == set()


def test_results_that_do_not_count_are_not_done(tmp_path: Path) -> None:
    assert _is_done(with_circuit=True, retry_failed=True) != _is_done(with_circuit=False, retry_failed=True)
    with Ledger(tmp_path / "x.sqlite3") as ledger:
        Sweep([ghz(3), ghz(9)], "lima").run(Serial(), ledger)
        ids = [bytes.fromhex(result.task_id) for result in ledger]
        assert claims_of(ledger).look(ids) == (set(), set(ids))
        again = ledger.claims(with_circuit=True, retry_failed=True)
        assert again.look(ids).ours == set(ids)


def test_two_runs_at_once_do_each_task_once(tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite3"
    described = lambda: Sweep(families(), ["lima", "vigo"], optimization_level=1, seeds=range(10))
    done: dict[str, list[str]] = {"one": [], "other": []}

    def run(name: str) -> None:
        executor = Serial()
        sweep = described()
        states = []
        results = sweep.run(executor, path, progress=states.append)
        assert len(list(results)) == len(sweep)
        done[name].append((states[-1].done, states[-1].known))

    threads = [threading.Thread(target=run, args=[name]) for name in done]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((one, one_known),), ((other, other_known),) = done.values()
    total = len(described())
    assert one + other == total
    assert (one + one_known, other + other_known) == (total, total)
    with Ledger(path) as ledger:
        assert len(ledger) == total
        assert ledger._database.rows("SELECT count(*) FROM claims") == [(0,)]


_DRIVER = """
import sys
from tests.support.sweeping import families
from qiskit_ibm_native import Ledger, Sweep
sweep = Sweep(families(), ["lima", "vigo"], optimization_level=0, seeds=range(int(sys.argv[2])))
states = []
sweep.run(ledger=sys.argv[1], progress=states.append)
print(states[-1].done)
"""


@pytest.mark.slow
def test_three_programs_of_which_one_is_killed_again_and_again_finish_a_sweep(tmp_path: Path) -> None:
    path = tmp_path / "killed.sqlite3"
    seeds = 100
    total = len(Sweep(families(), ["lima", "vigo"], optimization_level=0, seeds=range(seeds)))
    command = [sys.executable, "-c", _DRIVER, str(path), str(seeds)]
    chance = random.Random(3)

    def started() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
        )

    steady = [started(), started()]
    for _ in range(3):
        victim = started()
        time.sleep(chance.uniform(3, 6))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        victim.stdout.close()
    counts = [int(program.communicate(timeout=240)[0].split()[-1]) for program in steady]
    assert [program.returncode for program in steady] == [0, 0]
    assert sum(counts) <= total
    with Ledger(path) as ledger:
        found = Counter(result.task_id for result in ledger)
        assert len(found) == total
        assert set(found.values()) == {1}
        assert not any(result.error for result in ledger)
