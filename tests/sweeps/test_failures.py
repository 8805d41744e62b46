# SPDX-License-Identifier: Apache-2.0
"""Tasks, workers and whole programs go wrong in every way, and sweeps go on."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil
import pytest
from qiskit.transpiler import PassManager, generate_preset_pass_manager
from qiskit.transpiler.basepasses import TransformationPass
from tests.support import ROOT
from tests.support.sweeping import Serial, ghz, misbehaving, named, slow

from qiskit_ibm_native import Ledger, Sweep, SweepError, SweepResults, SweepWarning
from qiskit_ibm_native.sweeps.driver.progress import Progress
from qiskit_ibm_native.sweeps.worker.process import TranspilerProcess
from qiskit_ibm_native.sweeps.worker.protocol import RETIRED

pytestmark = pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")

BAD = {
    "exit_": "WorkerDied: The process of the task ended by exit code 3",
    "segfault_": "WorkerDied: The process of the task ended by SIGSEGV",
    "kill_": "WorkerLost: The process of the task was ended by SIGKILL",
    "hang_": "TimeoutError: The task took more than 1 s.*in run",
    "spin_": "TimeoutError: The task took more than 1 s",
    "fork_": "WorkerDied: The process of the task ended by exit code 4",
    "forkhang_": "TimeoutError: The task took more than 1 s",
    "chatter_": "TimeoutError: The task took more than 1 s",
    "surrogate_": r"ValueError: no file \\udcff",
    "leave_": "SystemExit: 5",
    "raise_": "ValueError: no good",
}


@pytest.mark.parametrize("kind", ["own", "spawn"])
@pytest.mark.slow
def test_what_a_task_does_costs_that_task_alone(kind: str) -> None:
    bad = list(BAD) if kind == "own" else ["exit_", "hang_"]
    names = [name for number, action in enumerate(bad) for name in (f"good_{number}", action)]
    sweep = Sweep(named(*names, "last"), "lima", pass_manager=misbehaving)
    executor = None if kind == "own" else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    results = sweep.run(executor, timeout=1.0, retries=0)
    for result in results:
        if result.circuit in BAD:
            assert re.search(BAD[result.circuit], result.error, re.DOTALL), result.error
            assert result.attempts == 1
            assert result.depth is result.esp is result.layout is result.transpiled is None
        else:
            assert result.error is None
            assert result.depth == 5
    assert {result.circuit for result in results.errors} == set(bad)
    if executor is not None:
        executor.shutdown()


def test_a_task_that_eats_memory_is_stopped(pool: Any) -> None:
    results = Sweep(named("good", "eat_", "other"), "lima", pass_manager=misbehaving).run(
        pool, memory_limit=300_000_000, retries=0
    )
    assert [result.error for result in results] == [
        None, "MemoryError: The task needs more memory than memory_limit allows.", None
    ]  # fmt: skip


@pytest.mark.slow
def test_what_goes_wrong_once_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Any) -> None:
    monkeypatch.setenv("SWEEPING_NOTES", str(tmp_path / "notes"))
    sweep = Sweep(named("once_a", "good", "once_b"), "lima", pass_manager=misbehaving)
    results = sweep.run()
    assert [(result.error, result.attempts) for result in results] == [(None, 2), (None, 1), (None, 2)]
    (failed,) = Sweep(named("raise_"), "lima", pass_manager=misbehaving).run(pool, retries=3)
    assert failed.attempts == 4


def test_what_tasks_print_does_no_harm(pool: Any) -> None:
    results = Sweep(named(*(f"print_{number}" for number in range(30))), "lima", pass_manager=misbehaving).run(pool)
    assert not results.errors


@pytest.mark.slow
def test_failures_are_tried_again_when_that_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPING_NOTES", str(tmp_path / "notes"))
    ledger = tmp_path / "ledger.sqlite3"
    sweep = Sweep(named("once_a", "good"), "lima", pass_manager=misbehaving)
    assert [bool(result.error) for result in sweep.run(ledger=ledger, retries=0)] == [True, False]
    assert [bool(result.error) for result in sweep.run(ledger=ledger)] == [True, False]
    assert [bool(result.error) for result in sweep.run(ledger=ledger, retry_failed=True)] == [False, False]


def test_the_first_error_ends_a_sweep_that_is_told_so(tmp_path: Path, pool: Any) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    sweep = Sweep(named("a", "b", "raise_", *(f"c{number}" for number in range(50))), "lima", pass_manager=misbehaving)
    with pytest.raises(SweepError, match=r"Task 2 \(raise_ on ibmq_lima\) failed: ValueError: no good"):
        sweep.run(pool, ledger=ledger, on_error="raise", max_in_flight=4)
    results = sweep.run(pool, ledger=ledger)
    assert [result.circuit for result in results.errors] == ["raise_"]


def test_an_executor_that_never_works_ends_the_sweep() -> None:
    class Useless(Executor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            future: Future = Future()
            future.set_exception(ModuleNotFoundError("No module named 'qiskit_ibm_native'"))
            return future

    with pytest.raises(SweepError, match="The executor cannot run tasks: ModuleNotFoundError: No module named"):
        Sweep(ghz(2), "lima", seeds=range(100)).run(Useless())


def test_a_worker_that_is_lost_again_and_again_is_told_and_not_kept() -> None:
    class Lossy(Executor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            future: Future = Future()
            if any(task.index == 3 for task in args[0].tasks):
                future.set_exception(RuntimeError("the node is gone"))
            else:
                future.set_result(function(*args, **kwargs))
            return future

    results = Sweep(ghz(2), "lima", seeds=range(8)).run(Lossy())
    (lost,) = results.errors
    assert lost.seed == 3
    assert lost.error == "WorkerLost: The executor's worker was lost each time: RuntimeError: the node is gone"
    assert lost.is_lost
    assert len(results.ledger) == 7


def test_a_process_that_was_idle_is_replaced_without_an_attempt(monkeypatch: pytest.MonkeyPatch, pool: Any) -> None:
    sweep = Sweep(ghz(2), "lima", seeds=range(3))
    assert not sweep.run(pool, max_in_flight=1).errors
    receive, messages = TranspilerProcess._receive, iter([RETIRED])
    # As if it had ended between being looked at and being asked.
    monkeypatch.setattr(
        TranspilerProcess, "_receive", lambda process, seconds: next(messages, None) or receive(process, seconds)
    )
    assert [result.attempts for result in sweep.run(pool, max_in_flight=1)] == [1, 1, 1]
    assert next(messages, None) is None


def test_workers_with_other_versions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_native.sweeps.driver import run
    from qiskit_ibm_native.sweeps.worker import worker

    monkeypatch.setattr(run, "_FAILURES", 2)
    monkeypatch.setattr(worker, "_FAILURE_BACKOFF", 0.0)
    sweep = Sweep(ghz(2), "lima")
    sweep.__dict__["versions"] = ("99.0", "0.1.0")
    with pytest.raises(
        SweepError, match=r"The executor cannot run tasks: .*in versions .*, the driver \('99.0', '0.1.0'\)"
    ):
        sweep.run(Serial())


@pytest.mark.slow
def test_a_worker_that_cannot_start_processes_leaves_tasks_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two workers has no interpreter; it must neither draw all tasks nor have them recorded as failed."""
    from qiskit_ibm_native.sweeps.worker import worker

    monkeypatch.setattr(worker, "_FAILURE_BACKOFF", 0.3)
    sound, broken = worker.Worker(), worker.Worker()

    def no_process() -> None:
        raise worker.NotStarted("no interpreter")

    monkeypatch.setattr(broken, "_started", no_process)

    class Half(ThreadPoolExecutor):
        turn = 0

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            self.turn += 1
            return super().submit((sound if self.turn % 2 else broken).run, *args)

    with Half(2) as half:
        results = Sweep(ghz(2), "lima", seeds=range(60)).run(half)
    sound.stop()
    assert not results.errors


@pytest.mark.slow
def test_chunks_stay_small_when_tasks_hang() -> None:
    sizes: list[int] = []

    class Watching(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            sizes.append(len(args[0].tasks))
            return super().submit(function, *args, **kwargs)

    circuits = [
        *named(*(f"hang_{number}" for number in range(4))),
        *named(*(f"good_{number}" for number in range(300))),
    ]
    with Watching(2) as pool:
        results = Sweep(circuits, "lima", pass_manager=misbehaving).run(pool, timeout=0.3, retries=0)
    assert len(results.errors) == 4
    assert max(sizes[:8]) <= 4


@pytest.mark.slow
def test_chunks_that_take_long_are_given_back(monkeypatch: pytest.MonkeyPatch, pool: Any) -> None:
    from qiskit_ibm_native.sweeps.driver import chunks

    # As if tasks were thought to take no time at all.
    monkeypatch.setattr(chunks.Chunker, "_size", lambda _: 400)
    counts: list[int] = []

    class Watching(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            future = super().submit(function, *args, **kwargs)
            future.add_done_callback(lambda done: counts.append(len(done.result().outcomes)))
            return future

    with Watching(1) as one:
        results = Sweep(ghz(2), "lima", seeds=range(280), pass_manager=slow).run(one)
    assert not results.errors
    assert sum(counts) == 280
    assert max(counts) < 280


def test_what_came_back_is_kept_when_nobody_wants_more(tmp_path: Path, pool: Any) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    sweep = Sweep(named(*(f"c{number}" for number in range(200))), "lima")
    came: list[int] = []

    class Watching(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            future = super().submit(function, *args, **kwargs)
            future.add_done_callback(lambda done: came.append(0 if done.cancelled() else len(done.result().outcomes)))
            return future

    with Watching(2) as watching:
        stream = sweep.stream(watching, ledger)
        for _ in range(40):
            next(stream)
        before = sum(came)
        stream.close()
    assert before >= 40
    assert len(sweep_ledger(ledger)) >= before


@pytest.mark.slow
def test_a_program_ends_although_a_stream_is_not_at_its_end(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys\nsys.path[:0] = {[str(ROOT)]!r}\n"
        "from qiskit_ibm_native import Sweep\n"
        "from tests.support.sweeping import ghz, misbehaving\n"
        "sweep = Sweep([ghz(2, 'good'), ghz(2, 'hang_1'), ghz(2, 'hang_2')], 'lima', pass_manager=misbehaving)\n"
        "stream = sweep.stream()\n"
        "print(next(stream).circuit)\n"
    )
    told = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=40, check=True)
    assert told.stdout == "good\n"


@pytest.mark.slow
def test_two_sweeps_at_once_do_not_stop_each_other() -> None:
    sweeps = [Sweep(ghz(2), "lima", seeds=range(start, start + count)) for start, count in ((0, 5), (100, 400))]
    outcomes: list[list[str]] = []
    threads = [threading.Thread(target=lambda sweep=sweep: outcomes.append(sweep.run().errors)) for sweep in sweeps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [[], []]


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@pytest.mark.slow
def test_no_process_is_left_behind() -> None:
    before = {child.pid for child in children()}
    Sweep(ghz(2), "lima", seeds=range(10)).run()
    stream = Sweep(ghz(2), "lima", seeds=range(100)).stream()
    next(stream)
    assert {child.pid for child in children()} - before
    stream.close()
    assert {child.pid for child in children()} - before == set()


INTERRUPTED = """
import sys
sys.path[:0] = {path!r}
from qiskit_ibm_native import Sweep
from tests.support.sweeping import ghz, slow, misbehaving
if __name__ == "__main__":
    sweep = Sweep(ghz(2), "lima", seeds=range(300), pass_manager=slow)
    sys.stdout.write("begin\\n")
    sys.stdout.flush()
    sweep.run(ledger={ledger!r})
"""


@pytest.mark.slow
def test_an_interrupted_sweep_ends_at_once_and_goes_on_where_it_was(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    program = tmp_path / "program.py"
    program.write_text(INTERRUPTED.format(path=[str(ROOT)], ledger=str(ledger)))
    process = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begin\n"
    sweep = Sweep(ghz(2), "lima", seeds=range(300), pass_manager=slow)
    deadline = time.monotonic() + 60
    while not ledger.exists() or len(sweep_ledger(ledger)) < 20:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    offspring = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    _, messages = process.communicate(timeout=30)
    assert time.monotonic() - asked < 10
    assert process.returncode != 0
    assert messages.rstrip().endswith("KeyboardInterrupt")
    assert "Exception" not in messages.partition("Traceback")[0]
    psutil.wait_procs(offspring, timeout=10)
    assert not [child for child in offspring if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    done = len(sweep_ledger(ledger))
    assert 20 <= done < 300
    states: list[Progress] = []
    results = sweep.run(ledger=ledger, progress=lambda state: states.append(Progress(**vars(state))))
    assert states[-1].known == done
    assert states[-1].known + states[-1].done == states[-1].total == len(results) == 300
    assert not results.errors


def sweep_ledger(path: Path) -> Any:
    with Ledger(path) as ledger:
        return list(ledger)


class Deep(TransformationPass):
    """Fails in a function that fails because of another one."""

    def run(self, dag: Any) -> Any:
        try:
            return inner(dag)
        except KeyError as error:
            raise ValueError("no good at all") from error


def inner(_: Any) -> Any:
    raise KeyError("missing")


def deep(target: Any, **options: Any) -> PassManager:
    manager = generate_preset_pass_manager(target=target, **options)
    manager.init += PassManager([Deep()])
    return manager


@pytest.mark.slow
def test_an_error_that_ends_a_sweep_shows_where_the_task_failed() -> None:
    with (
        ThreadPoolExecutor(1) as one,
        pytest.raises(SweepError, match="ValueError: no good at all") as raised,
    ):
        Sweep(ghz(2), "lima", pass_manager=deep).run(one, on_error="raise", retries=0)
    told = "".join(traceback.format_exception(raised.value))
    for words in ("in inner", 'raise KeyError("missing")', "in run", 'raise ValueError("no good at all") from error'):
        assert words in told
    # Nothing of the code that calls the task.
    assert "transpiler_main" not in str(raised.value.__cause__)
    assert raised.value.result.error == "ValueError: no good at all"
    assert raised.value.result.circuit == "ghz_n2"


@pytest.mark.slow
def test_kinds_of_failures_are_told_once_at_the_end_with_an_example_of_each(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    names = ["good", "raise_1", "raise_2", "leave_", "exit_", "surrogate_"]
    sweep = Sweep(named(*names), "lima", pass_manager=misbehaving)
    with ThreadPoolExecutor(1) as one, pytest.warns(SweepWarning) as warned:
        sweep.run(one, path, retries=0)
    (warning,) = warned
    lines = str(warning.message).splitlines()
    assert lines[:2] == ["5 of 6 tasks failed:", "  2 x ValueError: no good (task 1, raise_1 on ibmq_lima)"]
    assert len(lines) == 6
    assert lines[4] == "  and 1 other kinds of errors"
    # A stream that is given up, and a run that raises, tell nothing at their end.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stream = sweep.stream(Serial(), path)
        next(stream)
        stream.close()


def test_failures_of_a_task_that_the_sweep_has_again_count_again() -> None:
    """The first one is done, and in no answer of the ledger, when its like comes."""
    sweep = Sweep(named("raise_"), "lima", seeds=[*range(40), 0], pass_manager=misbehaving)
    results = sweep.run(Serial(), retries=0)
    assert results.num_failed == len(results.errors) == len(sweep) == 41


def test_failures_in_another_run_with_the_ledger_count_too(tmp_path: Path) -> None:
    path, met = tmp_path / "shared.sqlite3", threading.Barrier(2, timeout=60)
    # A run claims sixteen tasks first.
    sweep = Sweep(named("raise_", "good"), "lima", seeds=range(16), pass_manager=misbehaving)
    found: list[SweepResults] = []

    class Meeting(Serial):
        """Begins when the other run does, so that each has tasks that the other one waits for."""

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
            if not hasattr(self, "has_met"):
                self.has_met = met.wait()
            return super().submit(function, *args, **kwargs)

    def run() -> None:
        found.append(sweep.run(Meeting(), path, retries=0, max_in_flight=1))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results.num_failed for results in found] == [16, 16]
