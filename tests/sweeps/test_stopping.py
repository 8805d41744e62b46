# SPDX-License-Identifier: Apache-2.0
"""Sweeps that end when tries are good enough: which tries count, however they are done."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from tests.support import ROOT
from tests.support.sweeping import Serial, facts, families, ghz, misbehaving, named, slow

from qiskit_ibm_native import Ledger, Snapshot, Sweep, SweepError, SweepResults, SweepWarning
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.sweeps.driver.progress import Progress
from qiskit_ibm_native.sweeps.ledger.figures import Figures
from qiskit_ibm_native.sweeps.worker.protocol import Chunk, Outcome, Reply

SEEDS = 60


class Played(Executor):
    """Gives circuits made-up depths, by circuit, device and seed, and answers in some order."""

    def __init__(self, chance: int | None = None, hold: int = 1, fails: float = 0.0) -> None:
        self.chance = None if chance is None else random.Random(chance)
        self.hold, self.fails = hold, fails
        self.waiting: list[tuple[Future, Chunk]] = []
        self.done: list[tuple[bytes, bytes, int]] = []

    @staticmethod
    def depth(key: tuple[bytes, bytes, int]) -> int:
        return random.Random(repr(key)).randrange(1000)

    def outcome(self, key: tuple[bytes, bytes, int]) -> Outcome:
        if random.Random(f"fails {key}").random() < self.fails:
            return Outcome(None, None, ("ValueError", "played"), 0.001, 0.001, "played", 1)
        return Outcome(Figures(depth=self.depth(key)), (b"", 0), None, 0.001, 0.001, "played", 1)

    def submit(self, _: Any, /, *args: Any, **__: Any) -> Future:
        future: Future = Future()
        self.waiting.append((future, args[0]))
        if len(self.waiting) >= self.hold:
            self.answer()
        else:
            threading.Timer(0.01, self.answer).start()
        return future

    def answer(self) -> None:
        waiting, self.waiting = self.waiting, []
        if self.chance is not None:
            self.chance.shuffle(waiting)
        for future, chunk in waiting:
            keys = [(task.circuit, task.snapshot, task.seed) for task in chunk.tasks]
            # Tries that turned out not to be needed are cancelled at the end of a run.
            if future.set_running_or_notify_cancel():
                self.done += keys
                outcomes = {number: pickle.dumps(tuple(self.outcome(key))) for number, key in enumerate(keys)}
                future.set_result(Reply("played", [], outcomes, 0.001 * len(keys), None))


def described(**options: Any) -> Sweep:
    circuits = [ghz(2 + number % 4, f"c{number}") for number in range(5)]
    return Sweep(circuits, ["lima", "vigo", "fez"], seeds=range(SEEDS), **options)


def expected(sweep: Sweep, executor: Played, tries: int | None, reaches: float | None = None) -> list[int]:
    """Return the indices that count, by the definition."""
    snapshots, *_, circuits = sweep.shape
    per_group = len(sweep) // (snapshots * circuits)
    counting = []
    for device in range(snapshots):
        for circuit in range(circuits):
            best, since = None, 0
            for number in range(per_group):
                index = (device * per_group + number) * circuits + circuit
                counting.append(index)
                spec = sweep.task_spec(index)
                outcome = executor.outcome((spec.circuit, spec.snapshot, spec.seed))
                depth = None if outcome.figures is None else outcome.figures.depth
                is_better = depth is not None and (best is None or depth < best)
                best, since = (depth, 0) if is_better else (best, since + 1)
                if (tries is not None and since >= tries) or (
                    best is not None and reaches is not None and best <= reaches
                ):
                    break
    return sorted(counting)


RULES: list[Any] = [(4, None), (25, None), (None, 100), (10, 50)]


@pytest.mark.parametrize(("tries", "reaches"), RULES)
@pytest.mark.parametrize("fails", [0.0, 0.3])
@pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")
def test_the_first_tries_count_whatever_the_order_in_which_they_are_done(
    tries: int | None, reaches: float | None, fails: float
) -> None:
    rule = {"no_better_in": tries, "reaches": reaches}
    for chance, hold in ((None, 1), (1, 3), (2, 20)):
        sweep, executor = described(objective="depth", stop_when=rule), Played(chance, hold, fails)
        states: list[Progress] = []
        results = sweep.run(executor, progress=lambda state: states.append(Progress(**vars(state))))
        wanted = expected(sweep, executor, tries, reaches)
        assert list(results.indices) == wanted
        assert len(results) == len(wanted) < len(sweep)
        assert [result.task_id for result in results] == [sweep[index].id for index in wanted]
        assert (states[-1].done, states[-1].skipped) == (len(wanted), len(sweep) - len(wanted))
        assert states[-1].left == 0
        assert states[-1].failed == results.num_failed == len(results.errors)
        assert bool(results.errors) == bool(fails)
        assert f"{len(sweep) - len(wanted)} not needed" in repr(results)


def test_tables_have_the_tries_that_count() -> None:
    pytest.importorskip("pyarrow")
    sweep = described(objective="depth", stop_when=10)
    results = sweep.run(Played(2, 20))
    assert results.table().num_rows == results.ledger.table(sweep).num_rows == len(results) < len(sweep)


def test_a_run_again_does_nothing_and_more_tries_do_only_those(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    first, second = Played(3, 4), Played()
    one = described(objective="depth", stop_when=8).run(first, path)
    again = described(objective="depth", stop_when=8).run(second, path)
    assert second.done == []
    assert list(again) == list(one)
    wider, third = described(objective="depth", stop_when=20), Played()
    assert list(wider.run(third, path).indices) == expected(wider, third, 20)
    assert not set(first.done) & set(third.done)
    # Tries that were done although they do not count are in the ledger, and no result of the sweep is one of them.
    with Ledger(path) as ledger:
        assert len(ledger) == len(set(first.done) | set(third.done)) > len(one)
        assert len(ledger.best(by="depth", sweep=described(objective="depth", stop_when=8))) == 15
        best = {(result.circuit, result.backend): result.depth for result in one}
        for result in one:
            best[result.circuit, result.backend] = min(best[result.circuit, result.backend], result.depth)
        chosen = ledger.best(by="depth", per=("circuit", "backend"), sweep=one.sweep)
        assert {(result.circuit, result.backend): result.depth for result in chosen} == best


def test_streams_have_the_tries_that_count_in_order_or_as_they_come() -> None:
    sweep = described(objective="depth", stop_when=6)
    executor = Played(5, 7)
    wanted = [sweep[index].id for index in expected(sweep, executor, 6)]
    assert [result.task_id for result in sweep.stream(executor)] == wanted
    assert sorted(result.task_id for result in sweep.stream(Played(6, 7), in_order=False)) == sorted(wanted)


def test_few_tries_are_made_that_do_not_count() -> None:
    """One circuit on one device: no other work keeps workers busy."""
    sweep = Sweep(ghz(3), "lima", seeds=range(1000), objective="depth", stop_when=50)
    executor = Played(7, 4)
    results = sweep.run(executor)
    # Sixteen workers are assumed as long as it is unknown how many there are.
    assert len(executor.done) - len(results) <= 2 * 16
    many = described(objective="depth", stop_when=5)
    executor = Played()
    assert len(executor.done) - len(many.run(executor)) <= 2 * 16


def test_the_same_circuits_and_seeds_run_once() -> None:
    circuits = [ghz(2, "a"), ghz(2, "a"), ghz(3, "b")]
    sweep = Sweep(circuits, ["lima", "lima"], seeds=[3, 3, 5, 4, 5, *range(6, 40)], objective="depth", stop_when=7)
    executor = Played(8, 5)
    results = sweep.run(executor)
    assert list(results.indices) == expected(sweep, executor, 7)
    assert len(executor.done) == len(set(executor.done))


def test_two_drivers_share_tries_and_agree(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    sweeps = [described(objective="depth", stop_when=12) for _ in range(2)]
    executors = [Played(9, 3), Played(10, 3)]
    found: dict[int, SweepResults] = {}

    def run(number: int) -> None:
        found[number] = sweeps[number].run(executors[number], path)

    threads = [threading.Thread(target=run, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = expected(sweeps[0], executors[0], 12)
    assert [list(found[number].indices) for number in range(2)] == [wanted, wanted]
    assert list(found[0]) == list(found[1])
    done = executors[0].done + executors[1].done
    assert len(done) == len(set(done))


def test_a_stream_that_is_given_up_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    sweep, first, second = described(objective="depth", stop_when=9), Played(11, 3), Played(12, 3)
    stream = sweep.stream(first, path)
    for _ in range(60):
        next(stream)
    stream.close()
    assert list(sweep.run(second, path).indices) == expected(sweep, second, 9)
    assert not set(first.done) & set(second.done)


_KILLED = """
import sys
from tests.support.sweeping import Serial
from tests.sweeps.test_stopping import searched
searched().run(Serial(), sys.argv[1])
"""


def searched() -> Sweep:
    arguments: Mapping[str, Any] = {"optimization_level": 1, "seeds": range(200), "pass_manager": slow}
    return Sweep(families()[1:3], "lima", **arguments, objective="esp", stop_when=25)


@pytest.mark.slow
def test_a_search_whose_driver_was_killed_ends_with_the_same_tries(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    driver = subprocess.Popen([sys.executable, "-c", _KILLED, path], env={**os.environ, "PYTHONPATH": str(ROOT)})
    known, deadline = 0, time.monotonic() + 60
    while known < 5:
        assert driver.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
        if path.exists():
            with Ledger(path) as ledger:
                known = len(ledger)
    driver.kill()
    driver.wait()
    resumed, whole = searched().run(Serial(), path), searched().run(Serial())
    assert list(resumed.indices) == list(whole.indices)
    assert [facts(result) for result in resumed] == [facts(result) for result in whole]
    assert known < len(whole) < len(searched())


def test_only_tries_that_count_end_a_sweep_that_ends_at_the_first_error() -> None:
    sweep = described(objective="depth", stop_when=6)
    failing = [
        index for index in expected(sweep, Played(fails=0.02), 6)
        for spec in [sweep.task_spec(index)]
        if Played(fails=0.02).outcome((spec.circuit, spec.snapshot, spec.seed)).error
    ]  # fmt: skip
    with pytest.raises(SweepError, match="failed: ValueError: played") as raised:
        sweep.run(Played(13, 5, 0.02), on_error="raise")
    assert raised.value.result.task_id in {sweep[index].id for index in failing}


def test_real_circuits_stop_too(pool: Any) -> None:
    circuit = QuantumCircuit(4, name="ring")
    for qubit in range(4):
        circuit.cx(qubit, (qubit + 1) % 4)
    arguments: Mapping[str, Any] = {"optimization_level": 1, "seeds": range(40)}
    every = list(Sweep(circuit, "lima", **arguments).run(pool))
    results = Sweep(circuit, "lima", **arguments, objective="esp", stop_when=5).run(pool, keep_circuits=True)
    assert [result.esp for result in results] == [result.esp for result in every[: len(results)]]
    assert len(results) < 40
    good = sorted(result.esp for result in every)[20]
    reached = Sweep(circuit, "lima", **arguments, objective="esp", stop_when={"reaches": good}).run(Serial())
    assert [result.esp >= good for result in reached] == [False] * (len(reached) - 1) + [True]


def test_stale_circuits_are_those_of_tries_that_count(tmp_path: Path, pool: Any) -> None:
    path, lima = tmp_path / "ledger.sqlite3", Snapshot.load("lima")
    arguments: Mapping[str, Any] = {"optimization_level": 1, "seeds": range(12), "initial_layout": [0, 1, 2]}
    sweep = Sweep(ghz(3), lima, **arguments, objective="esp", stop_when=3)
    results = sweep.run(pool, path, keep_circuits=True)
    changed = lima.with_overrides(t1={1: 5e-6})
    assert 0 < len(results) < 12
    # Nothing is known of the other tries; then all are done, and no more are results of this sweep.
    for _ in range(2):
        assert [stale.result for stale in sweep.find_stale(changed)] == list(results)
        every = Sweep(ghz(3), lima, **arguments)
        every.run(pool, path, keep_circuits=True)
    assert len(every.find_stale(changed)) == 12


def test_the_best_results_are_those_by_the_objective(pool: Any) -> None:
    arguments: Mapping[str, Any] = {"optimization_level": 1, "seeds": range(16), "metrics": {"num_rz": num_rz}}
    circuits = families()[1:3]
    for objective in ("two_qubit_count", "esp", "num_rz", "-num_rz"):
        results = Sweep(circuits, ["lima", "vigo"], **arguments, objective=objective).run(pool)
        assert results.best() == results.best(by=objective)
        assert results.best(n=3) == results.ledger.best(sweep=results.sweep, n=3) == results.best(objective, n=3)
    # The objectives do not agree, and without one it is the estimated success.
    assert results.best() != results.best("num_rz")
    assert results.ledger.best() == results.ledger.best("esp") != results.best()
    without = Sweep(circuits, ["lima", "vigo"], **arguments).run(pool, results.ledger)
    assert without.best() == without.best(by="esp")


def test_a_circuit_that_always_fails_stops_as_well(pool: Any) -> None:
    sweep = Sweep(
        named("raise_", "good"), "lima", pass_manager=misbehaving, seeds=range(30), objective="depth", stop_when=4
    )
    with pytest.warns(SweepWarning, match=r"4 of 9 tasks failed:\n  4 x ValueError: no good \(task 0, raise_ on"):
        results = sweep.run(pool, retries=0)
    assert [result.circuit for result in results] == ["raise_", "good"] * 4 + ["good"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"stop_when": 5}, "stop_when needs an objective"),
        ({"objective": "esq"}, "objective is one of depth, .*not 'esq'"),
        ({"objective": "cpu_time"}, "objective is one of"),
        ({"objective": "-esp"}, "objective is one of"),
        ({"objective": "esp", "stop_when": 0}, "no_better_in is a number of tries from 1, not 0"),
        ({"objective": "esp", "stop_when": True}, "no_better_in is a number"),
        ({"objective": "esp", "stop_when": {}}, "stop_when is a number of tries without a better one, or a mapping"),
        ({"objective": "esp", "stop_when": {"reach": 0.9}}, "stop_when is a number of tries"),
        ({"objective": "esp", "stop_when": {"reaches": float("nan")}}, "reaches is a finite number, not nan"),
    ],
)  # fmt: skip
def test_wrong_rules_are_refused_when_the_sweep_is_made(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(IBMInputValueError, match=words):
        Sweep(ghz(2), "lima", **arguments)


def num_rz(circuit: QuantumCircuit) -> int:
    return int(circuit.count_ops().get("rz", 0))


@pytest.mark.parametrize(("objective", "sign"), [("num_rz", 1), ("-num_rz", -1)])
def test_a_metric_may_be_the_objective_and_layouts_are_tries(pool: Any, objective: str, sign: int) -> None:
    layouts = [[0, 1, 2], [3, 1, 0], [1, 3, 4], [4, 3, 1]]
    arguments: Mapping[str, Any] = {
        "optimization_level": 1, "seeds": range(4), "initial_layout": layouts, "metrics": {"num_rz": num_rz},
    }  # fmt: skip
    every = list(Sweep(ghz(3), "lima", **arguments).run(pool))
    assert len(every) == 16
    circuits = [ghz(3), ghz(3, "same but for its name")]
    sweep = Sweep(circuits, "lima", **arguments, objective=objective, stop_when=5)
    results = [result for result in sweep.run(pool) if result.circuit == "ghz_n3"]
    best, since, wanted = None, 0, []
    for result in every:
        wanted.append(result.task_id)
        worth = -sign * result.metrics["num_rz"]
        best, since = (worth, 0) if best is None or worth > best else (best, since + 1)
        if since == 5:
            break
    assert [result.task_id for result in results] == wanted
