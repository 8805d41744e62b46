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
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import ROOT
from tests.support.sweeping import Serial, families, ghz, slow

from qiskit_ibm_native import Ledger, Sweep
from qiskit_ibm_native.sweeps.ledger import claims as claims_module
from qiskit_ibm_native.sweeps.ledger.ledger import _is_done

if TYPE_CHECKING:
    from qiskit_ibm_native.sweeps.ledger.claims import Claims

IDS = [bytes([number]) * 16 for number in range(6)]
#: Tasks that three programs share of which one is killed again and again; `make soak` has 10,000.
TASKS = int(os.environ.get("SWEEP_TASKS", "1000")) // 2 * 2


def claims_of(ledger: Ledger) -> Claims:
    return ledger.claims(with_circuit=False, retry_failed=False)


def test_a_task_is_claimed_by_one_run_at_a_time(tmp_path: Path) -> None:
    with Ledger(tmp_path / "x.sqlite3") as ledger, Ledger(tmp_path / "x.sqlite3") as same:
        one, other = claims_of(ledger), claims_of(same)
        assert one.take(IDS[:3]).ours == set(IDS[:3])
        assert other.take(IDS[1:5]).ours == set(IDS[3:5])
        assert one.take(IDS[:4]).ours == set(IDS[:3])
        assert other.look(IDS) == (set(IDS[3:]), set(), set())
        one.drop()
        assert other.take(IDS).ours == set(IDS)
        other.drop()


def test_claims_hold_as_long_as_they_are_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_module, "LEASE", 0.5)
    with Ledger(tmp_path / "x.sqlite3") as ledger:
        asleep = claims_of(ledger)
        asleep.take(IDS)
        monkeypatch.setattr(claims_module, "_RENEWAL", 0.1)
        awake, watching = claims_of(ledger), claims_of(ledger)
        assert awake.take(IDS).ours == set()
        time.sleep(0.7)
        assert awake.take(IDS).ours == set(IDS)
        assert watching.look(IDS).ours == set()
        time.sleep(0.7)
        assert watching.look(IDS).ours == set()
        asleep.drop()
        awake.drop()


@pytest.mark.parametrize("hours", [-1, 1])
def test_clocks_that_are_wrong_or_are_set_end_no_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    monkeypatch.setattr(claims_module, "LEASE", 0.6)
    monkeypatch.setattr(claims_module, "_RENEWAL", 0.1)
    right = time.time
    wrong = lambda: right() + 3600 * hours
    with Ledger(tmp_path / "x.sqlite3") as ledger:
        one, other = claims_of(ledger), claims_of(ledger)
        one.take(IDS[:3])
        # The driver of this claim is an hour off, and its clock is set while it lives.
        monkeypatch.setattr(claims_module.time, "time", wrong)
        assert other.take(IDS).ours == set(IDS[3:])
        for clock in (wrong, right, wrong):
            monkeypatch.setattr(claims_module.time, "time", clock)
            time.sleep(0.3)
            assert other.look(IDS).ours == set(IDS[3:])
            assert one.look(IDS).ours == set(IDS[:3])
        one.drop()
        assert other.take(IDS).ours == set(IDS)
        other.drop()


class Counted(Serial):
    """Counts tasks, each of which takes longer than a lease, and tells when the first one begins."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.done, self.has_begun = seconds, 0, threading.Event()

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.has_begun.set()
        time.sleep(self.seconds)
        self.done += len(args[0].tasks)
        return super().submit(function, *args, **kwargs)


def test_a_task_that_takes_longer_than_the_lease_is_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = 0.6
    monkeypatch.setattr(claims_module, "LEASE", lease)
    monkeypatch.setattr(claims_module, "_RENEWAL", 0.1)
    path, sweep = tmp_path / "x.sqlite3", Sweep(ghz(2), "lima")
    first, other = Counted(4 * lease), Counted(0)
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(list(sweep.run(first, path))))
    thread.start()
    assert first.has_begun.wait(60)
    # The second driver waits for the first, although the lease ends four times.
    results.append(list(sweep.run(other, path)))
    thread.join()
    assert (first.done, other.done) == (1, 0)
    assert results[0] == results[1]
    with Ledger(path) as ledger:
        assert ledger._database.rows("SELECT count(*) FROM claims") == [(0,)]


_SUSPENDED = """
import sys
from tests.support.sweeping import ghz, slow
from qiskit_ibm_native import Sweep
from qiskit_ibm_native.sweeps.ledger import claims
claims.LEASE, claims._RENEWAL = 1.0, 0.2
results = Sweep(ghz(2), "lima", seeds=range(60), pass_manager=slow).run(ledger=sys.argv[1])
assert len(list(results)) == 60 and not results.errors
"""


@pytest.mark.slow
def test_a_driver_that_is_suspended_for_long_comes_back_to_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims_module, "LEASE", 1.0)
    path = tmp_path / "x.sqlite3"
    driver = subprocess.Popen(
        [sys.executable, "-c", _SUSPENDED, str(path)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    deadline = time.monotonic() + 60
    while not path.exists() or not rows_of(path):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    driver.send_signal(signal.SIGSTOP)
    try:
        results = Sweep(ghz(2), "lima", seeds=range(60), pass_manager=slow).run(Serial(), path)
        known = [(result.task_id, result.depth, result.esp) for result in results]
    finally:
        driver.send_signal(signal.SIGCONT)
    assert driver.wait(60) == 0
    assert [(result.task_id, result.depth, result.esp) for result in results] == known
    with Ledger(path) as ledger:
        assert len(ledger) == 60
        assert ledger._database.rows("SELECT count(*) FROM claims") == [(0,)]


def rows_of(path: Path) -> int:
    with Ledger(path) as ledger:
        return len(ledger)


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


@pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")
def test_results_that_do_not_count_are_not_done(tmp_path: Path) -> None:
    assert _is_done(with_circuit=True, retry_failed=True) != _is_done(with_circuit=False, retry_failed=True)
    with Ledger(tmp_path / "x.sqlite3") as ledger:
        Sweep([ghz(3), ghz(9)], "lima").run(Serial(), ledger)
        ids = [bytes.fromhex(result.task_id) for result in ledger]
        (failed,) = (bytes.fromhex(result.task_id) for result in ledger if result.error is not None)
        assert claims_of(ledger).look(ids) == (set(), set(ids), {failed})
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
from tests.support.sweeping import ghz
from qiskit_ibm_native import Sweep
sweep = Sweep([ghz(2), ghz(3)], "lima", optimization_level=0, seeds=range(int(sys.argv[2])))
states = []
sweep.run(ledger=sys.argv[1], progress=states.append)
print(states[-1].done)
"""


@pytest.mark.slow
def test_three_programs_of_which_one_is_killed_again_and_again_finish_a_sweep(tmp_path: Path) -> None:
    path = tmp_path / "killed.sqlite3"
    seeds, total = TASKS // 2, TASKS
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
