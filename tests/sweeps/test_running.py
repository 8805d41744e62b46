# SPDX-License-Identifier: Apache-2.0
"""Sweeps are run, on whatever executor, and tasks go wrong in every way."""

from __future__ import annotations

import functools
import io
import pickle
import subprocess
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from tests.support import ROOT
from tests.support.official import official_target
from tests.support.sweeping import Metered, Serial, changing, facts, families, ghz, misbehaving, named, slow

from qiskit_ibm_native import Snapshot, Sweep, TaskResult, build_target
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.sweeps.driver.progress import Progress

pytestmark = pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")


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
        for future, pickled in reversed(batch):
            function, args, kwargs = pickle.loads(pickled)
            future.set_result(function(*args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.pool.shutdown(wait, cancel_futures=cancel_futures)


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return Sweep(families(), ["lima", "fez"], optimization_level=(1, 2), seeds=(3, 4))


@pytest.fixture(scope="module")
def expected(sweep: Sweep) -> list[TaskResult]:
    return list(sweep.run(Serial(), keep_circuits=True))


@pytest.mark.slow
def test_circuits_are_those_of_transpile_with_the_official_target(sweep: Sweep, expected: list[TaskResult]) -> None:
    by_name = {circuit.name: circuit for circuit in families()}
    payloads = {name: Snapshot.load(name).payloads for name in ("lima", "fez")}
    targets = {name: official_target(payload.configuration, payload.properties) for name, payload in payloads.items()}
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
        pairs = [step for step in made.data if len(step.qubits) == 2 and step.name != "barrier"]
        assert result.two_qubit_count == len(pairs)
        assert result.two_qubit_depth == made.depth(lambda step: len(step.qubits) == 2 and step.name != "barrier")
        assert list(result.layout) == made.layout.initial_index_layout(filter_ancillas=True)
        assert list(result.final_layout) == made.layout.final_index_layout(filter_ancillas=True)
        assert result.num_qubits == target.num_qubits
        assert result.duration is None
        assert 0 < result.esp < 1
        assert (result.task_id, result.circuit_digest) == (task.id, task.circuit_digest)
        assert result.wall_time > 0 < result.cpu_time


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
@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_snapshots_and_circuits_travel_once_to_each_worker() -> None:
    circuits = [ghz(2 + number % 4, f"c{number}") for number in range(40)]
    sweep = Sweep(circuits, ["fez"], seeds=range(5))
    executor = Metered(2)
    results = sweep.run(executor)
    executor.shutdown()
    assert not results.errors
    assert len(sweep.snapshots.form(0)) < 30_000
    snapshots = Counter(pool for pool, chunk, _ in executor.sent if sweep.task_spec(0).snapshot in chunk.blobs)
    # Those that were on their way when the first bounced may have it, too.
    assert set(snapshots) == {0, 1}
    first = {pool: next(size for there, _, size in executor.sent if there == pool) for pool in (0, 1)}
    assert all(size < 100_000 for size in first.values())
    total = sum(size for _, _, size in executor.sent)
    carried = sum(len(blob) for _, chunk, _ in executor.sent for blob in chunk.blobs.values())
    # Beside blobs, a task is a few digests.
    assert (total - carried) / len(sweep) < 2000
    assert sum(snapshots.values()) <= 20


@pytest.mark.slow
def test_a_broken_executor_is_replaced(sweep: Sweep, expected: list[TaskResult]) -> None:
    pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    stream = sweep.stream(pool, keep_circuits=True)
    results = [next(stream)]
    for process in list(pool._processes.values()):
        process.kill()
    with pytest.warns(RuntimeWarning, match="ProcessPoolExecutor is broken.*goes on with processes of this machine"):
        results.extend(stream)
    assert [facts(result) for result in results] == [facts(result) for result in expected]


def test_factories_may_change_what_they_are_given(pool: Any) -> None:
    circuits = named(*(f"c{number}" for number in range(12)))
    results = Sweep(circuits, "lima", pass_manager=changing).run(pool)
    assert not results.errors
    assert len({(result.depth, result.layout, result.esp) for result in results}) == 1


@pytest.mark.slow
def test_factories_of_a_main_program_are_found(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys\nsys.path[:0] = {[str(ROOT)]!r}\n"
        "from qiskit_ibm_native import Sweep\n"
        "from tests.support.sweeping import ghz, slow\n"
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
        f"import sys\nsys.path[:0] = {[str(ROOT)]!r}\n"
        "from qiskit_ibm_native import Sweep\n"
        "from tests.support.sweeping import ghz, slow\n"
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
    sweep = Sweep(named(*(f"n{number}" for number in range(20)), "raise_"), "lima", pass_manager=misbehaving)
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
    monkeypatch.delenv("CI", raising=False)
    # It would be shown after a second.
    monkeypatch.setattr("qiskit_ibm_native._progress.DELAY", 0.0)
    Sweep(ghz(2), "lima").run(pool)
    assert "1/1" in terminal.getvalue()


def test_an_empty_sweep_is_done_at_once() -> None:
    assert list(Sweep([], "lima").run()) == []
    assert list(Sweep(ghz(2), []).stream()) == []


def test_workers_do_without_qiskit_and_without_credentials() -> None:
    program = (
        "import sys, pickle\n"
        "from qiskit_ibm_native.sweeps.worker.worker import run_chunk\n"
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


def test_tasks_that_are_the_same_run_once(pool, tmp_path):
    circuits = [ghz(3), ghz(2), ghz(3), ghz(3)]
    sweep = Sweep(circuits, ["lima", "lima"], optimization_level=1, seeds=[5, 6, 5])
    states = []
    results = sweep.run(pool, tmp_path / "twins.sqlite3", progress=states.append)
    assert len(results) == 24
    assert len(results.ledger) == 4
    assert [result.task_id for result in results] == [task.id for task in sweep]
    assert (states[-1].done, states[-1].known) == (24, 0)
    again = list(sweep.stream(pool, tmp_path / "other.sqlite3", in_order=True))
    assert [result.task_id for result in again] == [task.id for task in sweep]


def test_what_fails_fails_for_all_tasks_that_are_the_same(pool):
    wide = QuantumCircuit(9)
    results = Sweep([wide, ghz(2), wide], "lima", seeds=[1, 1]).run(pool)
    assert results.num_failed == len(results.errors) == 4
    assert {result.attempts for result in results.errors} == {2}
