# SPDX-License-Identifier: Apache-2.0
"""Sweeps are run, on whatever executor, and tasks go wrong in every way."""

from __future__ import annotations

import functools
import io
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from qiskit import QuantumCircuit, transpile

from official import official_target
from qiskit_ibm_native import Snapshot, Sweep, SweepError, TaskResult, build_target
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.sweeps.child import RETIRED
from qiskit_ibm_native.sweeps.process import Process
from qiskit_ibm_native.sweeps.progress import Progress
from sweeping import changing, families, ghz, misbehaving, slow

if TYPE_CHECKING:
    from qiskit_ibm_native.sweeps.messages import Chunk

HERE = Path(__file__).parent
#: What may differ from run to run.
MEASURED = {"wall", "cpu", "worker", "attempts", "packed"}


def named(*names: str) -> list[QuantumCircuit]:
    return [ghz(2, name) for name in names]


def facts(result: TaskResult) -> dict[str, Any]:
    """Return what has to be the same whoever did the task."""
    return {name: value for name, value in vars(result).items() if name not in MEASURED}


class Serial(Executor):
    """Does everything at once."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        future.set_result(function(*args, **kwargs))
        return future


class Backwards(Executor):
    """Collects what it is given and does the last first, as pickles, so that nothing is shared."""

    def __init__(self, hold: int) -> None:
        self.hold = hold
        self.waiting: list[tuple[Future, bytes]] = []
        self.most = 0
        self.pool = ThreadPoolExecutor(1)

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        self.waiting.append((future, pickle.dumps((function, args, kwargs))))
        self.most = max(self.most, len(self.waiting))
        self.pool.submit(self.work)
        return future

    def work(self) -> None:
        deadline = time.monotonic() + 0.05
        while len(self.waiting) < self.hold and time.monotonic() < deadline:
            time.sleep(0.001)
        batch, self.waiting = self.waiting, []
        for future, form in reversed(batch):
            function, args, kwargs = pickle.loads(form)
            future.set_result(function(*args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.pool.shutdown(wait, cancel_futures=cancel_futures)


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return Sweep(families(), ["lima", "fez"], optimization_level=(1, 2), seeds=(3, 4))


@pytest.fixture(scope="module")
def expected(sweep: Sweep) -> list[TaskResult]:
    return list(sweep.run(Serial(), keep_circuits=True))


def test_circuits_are_those_of_transpile_with_the_official_target(sweep: Sweep, expected: list[TaskResult]) -> None:
    by_name = {circuit.name: circuit for circuit in families()}
    payloads = {name: Snapshot.load(name).payloads for name in ("lima", "fez")}
    targets = {name: official_target(each.configuration, each.properties) for name, each in payloads.items()}
    for task, result in zip(sweep, expected, strict=True):
        target = targets["fez" if task.backend == "ibm_fez" else "lima"]
        made = transpile(
            by_name[task.circuit], target=target, optimization_level=task.optimization_level, seed_transpiler=task.seed
        )
        assert result.transpiled == made
        assert result.transpiled.name == made.name
        assert result.depth == made.depth()
        assert result.size == made.size()
        assert result.operations == made.count_ops()
        pairs = [each for each in made.data if len(each.qubits) == 2 and each.name != "barrier"]
        assert result.two_qubit_count == len(pairs)
        assert result.two_qubit_depth == made.depth(lambda it: len(it.qubits) == 2 and it.name != "barrier")
        assert list(result.layout) == made.layout.initial_index_layout(filter_ancillas=True)
        assert list(result.final_layout) == made.layout.final_index_layout(filter_ancillas=True)
        assert result.num_qubits == target.num_qubits
        assert result.duration is None
        assert 0 < result.esp < 1
        assert (result.task_id, result.circuit_digest) == (task.id, task.circuit_digest)
        assert result.wall > 0 < result.cpu


@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        lambda: ThreadPoolExecutor(3),
        lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn")),
        lambda: ProcessPoolExecutor(2, mp_context=get_context("forkserver")),
        lambda: Backwards(5),
    ],
    ids=["own", "threads", "spawn", "forkserver", "backwards"],
)
def test_results_are_the_same_on_every_executor(make: Any, sweep: Sweep, expected: list[TaskResult]) -> None:
    executor = make()
    results = sweep.run(executor, keep_circuits=True)
    assert [facts(result) for result in results] == [facts(result) for result in expected]
    assert [result.transpiled for result in results] == [result.transpiled for result in expected]
    if executor is not None:
        executor.shutdown()


def test_results_of_a_backend_are_those_of_its_target(local_provider: Any, pool: Any) -> None:
    backend = local_provider.get_backend("ibm_fez")
    (result,) = Sweep(ghz(3), backend, options={"translation_method": "qiskit_ibm_native"}).run(
        pool, keep_circuits=True
    )
    assert result.transpiled == transpile(ghz(3), backend, seed_transpiler=0, optimization_level=2)


def test_options_layouts_and_factories_reach_the_transpiler(pool: Any) -> None:
    target = build_target(Snapshot.load("lima"))
    options = {"scheduling_method": "alap", "layout_method": "trivial"}
    for arguments in ({}, {"pass_manager": slow}, {"pass_manager": functools.partial(slow, approximation_degree=1.0)}):
        (result,) = Sweep(
            ghz(3), "lima", options=options, initial_layout=[4, 3, 1], optimization_level=1, **arguments
        ).run(pool, keep_circuits=True)
        made = transpile(
            ghz(3), target=target, initial_layout=[4, 3, 1], optimization_level=1, seed_transpiler=0, **options
        )
        assert result.transpiled == made
        assert result.layout == (4, 3, 1)
        assert result.duration == pytest.approx(made._duration * target.dt, rel=1e-12)
        assert result.options == "scheduling_method='alap', layout_method='trivial'"
        assert bool(result.pass_manager) == bool(arguments)


BAD = {
    "exit_": "WorkerDied: The process of the task ended by exit code 3",
    "segfault_": "WorkerDied: The process of the task ended by SIGSEGV",
    "kill_": "WorkerDied: The process of the task ended by SIGKILL",
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
def test_what_a_task_does_costs_that_task_alone(kind: str) -> None:
    bad = list(BAD) if kind == "own" else ["exit_", "hang_"]
    names = [name for at, each in enumerate(bad) for name in (f"good_{at}", each)]
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


def test_what_goes_wrong_once_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Any) -> None:
    monkeypatch.setenv("SWEEPING_NOTES", str(tmp_path / "notes"))
    sweep = Sweep(named("once_a", "good", "once_b"), "lima", pass_manager=misbehaving)
    results = sweep.run()
    assert [(result.error, result.attempts) for result in results] == [(None, 2), (None, 1), (None, 2)]
    (failed,) = Sweep(named("raise_"), "lima", pass_manager=misbehaving).run(pool, retries=3)
    assert failed.attempts == 4


def test_what_tasks_print_does_no_harm(pool: Any) -> None:
    results = Sweep(named(*(f"print_{at}" for at in range(30))), "lima", pass_manager=misbehaving).run(pool)
    assert not results.errors


def test_failures_are_tried_again_when_that_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPING_NOTES", str(tmp_path / "notes"))
    ledger = tmp_path / "ledger.sqlite3"
    sweep = Sweep(named("once_a", "good"), "lima", pass_manager=misbehaving)
    assert [bool(result.error) for result in sweep.run(ledger=ledger, retries=0)] == [True, False]
    assert [bool(result.error) for result in sweep.run(ledger=ledger)] == [True, False]
    assert [bool(result.error) for result in sweep.run(ledger=ledger, retry_failed=True)] == [False, False]


def test_the_first_error_ends_a_sweep_that_is_told_so(tmp_path: Path, pool: Any) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    sweep = Sweep(named("a", "b", "raise_", *(f"c{at}" for at in range(50))), "lima", pass_manager=misbehaving)
    with pytest.raises(SweepError, match=r"Task 2 \(raise_ on ibmq_lima\) failed: ValueError: no good"):
        sweep.run(pool, ledger=ledger, on_error="raise", max_in_flight=4)
    results = sweep.run(pool, ledger=ledger)
    assert [result.circuit for result in results.errors] == ["raise_"]


def test_results_stream_in_order_or_as_they_come(
    tmp_path: Path, sweep: Sweep, expected: list[TaskResult], pool: Any
) -> None:
    wanted = [facts(result) for result in expected]
    assert [facts(result) for result in sweep.stream(pool)] == wanted
    assert [facts(result) for result in sweep.stream(Backwards(7))] == wanted
    as_they_come = [facts(result) for result in sweep.stream(Backwards(7), in_order=False)]
    assert as_they_come != wanted
    assert sorted(as_they_come, key=str) == sorted(wanted, key=str)
    # One that is given up keeps what was done, and the rest is done later.
    ledger = tmp_path / "ledger.sqlite3"
    stream = sweep.stream(pool, ledger)
    first = [facts(next(stream)) for _ in range(9)]
    stream.close()
    assert first == wanted[:9]
    assert [facts(result) for result in sweep.stream(pool, ledger)] == wanted


def test_no_more_than_wanted_is_in_flight() -> None:
    sweep = Sweep(ghz(2), "lima", seeds=range(60))
    for most in (1, 3, 10):
        executor = Backwards(most)
        assert len(sweep.run(executor, max_in_flight=most)) == 60
        assert executor.most <= most
    submitted: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            (chunk,) = args
            submitted.append(len(chunk.tasks))
            return super().submit(function, *args, **kwargs)

    with Counting(2) as pool:
        sweep.run(pool, max_in_flight=8)
    assert max(submitted) <= 8
    assert sum(submitted) >= 60


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"on_error": "ignore"}, "on_error is 'record' or 'raise', not 'ignore'"), ({"timeout": 0}, "timeout must be"),
        ({"max_in_flight": 0}, "max_in_flight must be at least 1"), ({"retries": -1}, "retries must be at least 0"),
        ({"memory_limit": 0}, "memory_limit must be at least 1"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused(arguments: dict, words: str) -> None:
    sweep = Sweep(ghz(2), "lima")
    with pytest.raises(IBMInputValueError, match=words):
        sweep.run(**arguments)
    with pytest.raises(IBMInputValueError, match=words):
        sweep.stream(**arguments)


class Metered(Executor):
    """Has workers of its own, and counts what is sent to each."""

    def __init__(self, workers: int) -> None:
        self.pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in range(workers)]
        self.sent: list[tuple[int, Chunk, int]] = []
        self.turn = 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
        self.turn += 1
        at = self.turn % len(self.pools)
        self.sent.append((at, args[0], len(pickle.dumps((function, args, kwargs), protocol=5))))
        return self.pools[at].submit(function, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for pool in self.pools:
            pool.shutdown(wait, cancel_futures=cancel_futures)


def test_snapshots_and_circuits_travel_once_to_each_worker() -> None:
    circuits = [ghz(2 + at % 4, f"c{at}") for at in range(40)]
    sweep = Sweep(circuits, ["fez"], seeds=range(5))
    executor = Metered(2)
    results = sweep.run(executor)
    executor.shutdown()
    assert not results.errors
    form = len(sweep._snapshots.form(0))
    assert form < 30_000
    snapshots = Counter(at for at, chunk, _ in executor.sent if sweep._order(0).snapshot in chunk.materials)
    # Those that were on their way when the first bounced may have it, too.
    assert set(snapshots) == {0, 1}
    first = {at: next(size for where, _, size in executor.sent if where == at) for at in (0, 1)}
    assert all(size < 100_000 for size in first.values())
    total = sum(size for _, _, size in executor.sent)
    carried = sum(len(each) for _, chunk, _ in executor.sent for each in chunk.materials.values())
    # Beside materials, a task is a few digests.
    assert (total - carried) / len(sweep) < 2000
    assert sum(snapshots.values()) <= 20


def test_a_broken_executor_is_replaced(sweep: Sweep, expected: list[TaskResult]) -> None:
    pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    stream = sweep.stream(pool, keep_circuits=True)
    results = [next(stream)]
    for process in list(pool._processes.values()):
        process.kill()
    with pytest.warns(RuntimeWarning, match="ProcessPoolExecutor is broken.*goes on with processes of this machine"):
        results.extend(stream)
    assert [facts(result) for result in results] == [facts(result) for result in expected]


def test_an_executor_that_never_works_ends_the_sweep() -> None:
    class Useless(Executor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            future: Future = Future()
            future.set_exception(ModuleNotFoundError("No module named 'qiskit_ibm_native'"))
            return future

    with pytest.raises(SweepError, match="The executor does not work: ModuleNotFoundError: No module named"):
        Sweep(ghz(2), "lima", seeds=range(100)).run(Useless())


def test_a_worker_that_is_lost_again_and_again_is_recorded() -> None:
    class Lossy(Executor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            future: Future = Future()
            if any(task.number == 3 for task in args[0].tasks):
                future.set_exception(RuntimeError("the node is gone"))
            else:
                future.set_result(function(*args, **kwargs))
            return future

    results = Sweep(ghz(2), "lima", seeds=range(8)).run(Lossy())
    (lost,) = results.errors
    assert lost.seed == 3
    assert lost.error == "WorkerLost: The executor's worker was lost each time: RuntimeError: the node is gone"


def test_a_process_that_was_idle_is_replaced_without_an_attempt(monkeypatch: pytest.MonkeyPatch, pool: Any) -> None:
    sweep = Sweep(ghz(2), "lima", seeds=range(3))
    assert not sweep.run(pool, max_in_flight=1).errors
    read, said = Process._frame, iter([RETIRED])
    # As if it had ended between being looked at and being asked.
    monkeypatch.setattr(Process, "_frame", lambda it, seconds: next(said, None) or read(it, seconds))
    assert [result.attempts for result in sweep.run(pool, max_in_flight=1)] == [1, 1, 1]
    assert next(said, None) is None


def test_workers_with_other_versions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_native.sweeps import run, worker

    monkeypatch.setattr(run, "_FAILURES", 2)
    monkeypatch.setattr(worker, "_PENANCE", 0.0)
    sweep = Sweep(ghz(2), "lima")
    sweep.__dict__["_versions"] = ("99.0", "0.1.0")
    with pytest.raises(
        SweepError, match=r"The executor does not work: .*in versions .*, the driver \('99.0', '0.1.0'\)"
    ):
        sweep.run(Serial())


def test_a_worker_that_cannot_start_processes_leaves_tasks_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two workers has no interpreter; it must neither draw all tasks nor have them recorded as failed."""
    from qiskit_ibm_native.sweeps import worker

    monkeypatch.setattr(worker, "_PENANCE", 0.3)
    sound, broken = worker.Worker(), worker.Worker()

    def no_process() -> None:
        raise worker.NotStarted("no interpreter")

    monkeypatch.setattr(broken, "process", no_process)

    class Half(ThreadPoolExecutor):
        turn = 0

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            self.turn += 1
            return super().submit((sound if self.turn % 2 else broken).run, *args)

    with Half(2) as half:
        results = Sweep(ghz(2), "lima", seeds=range(60)).run(half)
    sound.stop()
    assert not results.errors


def test_chunks_stay_small_when_tasks_hang() -> None:
    sizes: list[int] = []

    class Watching(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            sizes.append(len(args[0].tasks))
            return super().submit(function, *args, **kwargs)

    circuits = [*named(*(f"hang_{at}" for at in range(4))), *named(*(f"good_{at}" for at in range(300)))]
    with Watching(2) as pool:
        results = Sweep(circuits, "lima", pass_manager=misbehaving).run(pool, timeout=0.3, retries=0)
    assert len(results.errors) == 4
    assert max(sizes[:8]) <= 4


def test_chunks_that_take_long_are_given_back(monkeypatch: pytest.MonkeyPatch, pool: Any) -> None:
    from qiskit_ibm_native.sweeps import chunks

    # As if tasks were thought to take no time at all.
    monkeypatch.setattr(chunks.Chunker, "_size", lambda _: 400)
    counts: list[int] = []

    class Watching(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            future = super().submit(function, *args, **kwargs)
            future.add_done_callback(lambda it: counts.append(len(it.result().outcomes)))
            return future

    with Watching(1) as one:
        results = Sweep(ghz(2), "lima", seeds=range(280), pass_manager=slow).run(one)
    assert not results.errors
    assert sum(counts) == 280
    assert max(counts) < 280


def test_factories_may_change_what_they_are_given(pool: Any) -> None:
    circuits = named(*(f"c{at}" for at in range(12)))
    results = Sweep(circuits, "lima", pass_manager=changing).run(pool)
    assert not results.errors
    assert len({(result.depth, result.layout, result.esp) for result in results}) == 1


def test_what_came_back_is_kept_when_nobody_wants_more(tmp_path: Path, pool: Any) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    sweep = Sweep(named(*(f"c{at}" for at in range(200))), "lima")
    came: list[int] = []

    class Watching(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
            future = super().submit(function, *args, **kwargs)
            future.add_done_callback(lambda it: came.append(0 if it.cancelled() else len(it.result().outcomes)))
            return future

    with Watching(2) as watching:
        stream = sweep.stream(watching, ledger)
        for _ in range(40):
            next(stream)
        before = sum(came)
        stream.close()
    assert before >= 40
    assert len(sweep_ledger(ledger)) >= before


def test_a_program_ends_although_a_stream_is_not_at_its_end(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys\nsys.path[:0] = {[str(HERE)]!r}\n"
        "from qiskit_ibm_native import Sweep\n"
        "from sweeping import ghz, misbehaving\n"
        "sweep = Sweep([ghz(2, 'good'), ghz(2, 'hang_1'), ghz(2, 'hang_2')], 'lima', pass_manager=misbehaving)\n"
        "stream = sweep.stream()\n"
        "print(next(stream).circuit)\n"
    )
    told = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=40, check=True)
    assert told.stdout == "good\n"


def test_two_sweeps_at_once_do_not_stop_each_other() -> None:
    sweeps = [Sweep(ghz(2), "lima", seeds=range(start, start + count)) for start, count in ((0, 5), (100, 400))]
    outcomes: list[list[str]] = []
    threads = [threading.Thread(target=lambda it=it: outcomes.append(it.run().errors)) for it in sweeps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [[], []]


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


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
from sweeping import ghz, slow, misbehaving
if __name__ == "__main__":
    sweep = Sweep(ghz(2), "lima", seeds=range(300), pass_manager=slow)
    sys.stdout.write("begin\\n")
    sys.stdout.flush()
    sweep.run(ledger={ledger!r})
"""


def test_an_interrupted_sweep_ends_at_once_and_goes_on_where_it_was(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    program = tmp_path / "program.py"
    program.write_text(INTERRUPTED.format(path=[str(HERE)], ledger=str(ledger)))
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
    from qiskit_ibm_native import Ledger

    with Ledger(path) as ledger:
        return list(ledger)


def test_factories_of_a_main_program_are_found(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys\nsys.path[:0] = {[str(HERE)]!r}\n"
        "from qiskit_ibm_native import Sweep\n"
        "from sweeping import ghz, slow\n"
        "def mine(target, **options):\n    return slow(target, **options)\n"
        "if __name__ == '__main__':\n"
        "    (result,) = Sweep(ghz(2), 'lima', pass_manager=mine).run()\n"
        "    print(result.error, result.pass_manager, result.depth)\n"
    )
    without_cloudpickle = "import sys\nsys.modules['cloudpickle'] = None\n"
    for first in ("", without_cloudpickle):
        program.write_text(first + program.read_text())
        told = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
        assert told.stdout == "None __main__.mine 5\n"
    # A session has no file.
    session = (
        f"import sys\nsys.path[:0] = {[str(HERE)]!r}\n"
        "from qiskit_ibm_native import Sweep\n"
        "from sweeping import ghz, slow\n"
        "def mine(target, **options):\n    return slow(target, **options)\n"
        "(result,) = Sweep(ghz(2), 'lima', pass_manager=mine).run()\n"
        "print(result.error, result.depth)\n"
    )
    told = subprocess.run([sys.executable], input=session, capture_output=True, text=True, check=True)
    assert told.stdout == "None 5\n"
    told = subprocess.run(
        [sys.executable], input=without_cloudpickle + session, capture_output=True, text=True, check=False
    )
    assert "is defined in an interactive session" in told.stderr


def test_progress_is_told_and_shown(capsys: pytest.CaptureFixture, pool: Any) -> None:
    sweep = Sweep(named(*(f"n{at}" for at in range(20)), "raise_"), "lima", pass_manager=misbehaving)
    states: list[tuple[int, int, int]] = []
    sweep.run(pool, progress=lambda state: states.append((state.known, state.done, state.failed)))
    assert states[-1] == (0, 21, 1)
    assert states == sorted(states)
    state = Progress(total=10, known=2, done=4, started=time.monotonic() - 2)
    assert state.rate == pytest.approx(2, rel=0.1)
    assert state.remaining == pytest.approx(2, rel=0.1)
    assert Progress(total=10).remaining is None
    capsys.readouterr()
    sweep.run(pool, progress=True)
    shown = capsys.readouterr().err
    assert "21/21" in shown
    assert "task/s" in shown
    assert "errors=1" in shown
    # Nobody watches here, so nothing is shown unless that is wanted.
    sweep.run(pool)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, pool: Any) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    Sweep(ghz(2), "lima").run(pool)
    assert "1/1" in terminal.getvalue()


def test_an_empty_sweep_is_done_at_once() -> None:
    assert list(Sweep([], "lima").run()) == []
    assert list(Sweep(ghz(2), []).stream()) == []


def test_workers_do_without_qiskit_and_without_credentials() -> None:
    program = (
        "import sys, pickle\n"
        "from qiskit_ibm_native.sweeps.worker import run_chunk\n"
        "assert not {'qiskit', 'numpy', 'requests'} & set(sys.modules), sorted(sys.modules)\n"
        "assert not any('accounts' in name or 'client' in name for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_settings_of_the_machine_do_not_change_results(
    sweep: Sweep, expected: list[TaskResult], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "settings.conf").write_text("[default]\nsabre_all_threads = true\ntranspile_optimization_level = 0\n")
    monkeypatch.setenv("QISKIT_SETTINGS", str(tmp_path / "settings.conf"))
    monkeypatch.setenv("QISKIT_SABRE_ALL_THREADS", "TRUE")
    monkeypatch.setenv("QISKIT_TRANSPILER_SEED", "77")
    monkeypatch.setenv("PYTHONHASHSEED", "5")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert [facts(result) for result in sweep.run()] == [facts(result) for result in expected]


def test_results_do_not_touch_the_random_numbers_of_the_program(pool: Any) -> None:
    import random

    import numpy as np

    state, numbers = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    Sweep(ghz(3), "lima", seeds=range(5)).run(pool)
    assert random.getstate() == state
    assert np.random.get_state()[1].tolist() == numbers  # noqa: NPY002


def test_sound_runs_warn_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not Sweep(ghz(2), "lima").run().errors
