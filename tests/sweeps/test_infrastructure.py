# SPDX-License-Identifier: Apache-2.0
"""Workers, machines and forks fail: none of that is kept as a task's result, and nothing of the parent process ends."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import pickle
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil
import pytest
from qiskit.transpiler import PassManager, generate_preset_pass_manager
from qiskit.transpiler.basepasses import TransformationPass
from tests.support import ROOT
from tests.support.sweeping import facts, ghz, misbehaving, named, slow

from qiskit_ibm_native import Ledger, LedgerError, Sweep, SweepError

pytestmark = pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")


def run_program(text: str, *arguments: object, **options: Any) -> str:
    command = [sys.executable, "-c", text, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


MANY_FILES = """
import os, resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard == resource.RLIM_INFINITY else min(4096, hard), hard))
files = [open(os.devnull) for _ in range(1100)]
from qiskit import QuantumCircuit
from qiskit_ibm_native import Sweep

circuit = QuantumCircuit(2)
circuit.h(0)
results = Sweep(circuit, ["lima"]).run(progress=False)
print([result.error for result in results], files[-1].fileno() > 1023)
"""


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2000, reason="too few files may be open")
@pytest.mark.slow
def test_a_process_with_more_than_a_thousand_open_files_runs_sweeps() -> None:
    assert run_program(MANY_FILES) == "[None] True\n"


class Killed(Executor):
    """Does chunks at once, but for those with a certain task, whose worker is killed."""

    def __init__(self, number: int) -> None:
        self.number = number

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
        if all(task.index != self.number for task in args[0].tasks):
            future: Future = Future()
            future.set_result(function(*args, **kwargs))
            return future
        with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as pool:
            pid = pool.submit(os.getpid).result()
            future = pool.submit(time.sleep, 60)
            os.kill(pid, signal.SIGKILL)
            future.exception()
        return future


def test_a_task_whose_worker_is_killed_each_time_is_done_by_the_next_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, pool: Any
) -> None:
    path = tmp_path / "ledger.sqlite3"
    sweep = Sweep(ghz(2), "lima", seeds=range(4))
    with caplog.at_level(logging.WARNING, "qiskit_ibm_native"):
        results = sweep.run(Killed(3), path, max_in_flight=1)
    (lost,) = results.errors
    assert lost.seed == 3
    assert lost.is_lost
    assert lost.error.startswith("WorkerLost: The executor's worker was lost each time: BrokenProcessPool")
    assert [result.error is None for result in results] == [True, True, True, False]
    assert results[3] == results[3:][0] == lost
    assert results.table().num_rows == 4
    assert pickle.loads(pickle.dumps(lost)) == lost
    assert "1 tasks were not done" in caplog.text
    with Ledger(path) as ledger:
        assert len(ledger) == 3
    states: list[int] = []
    again = sweep.run(pool, path, progress=lambda state: states.append(state.known))
    assert states[-1] == 3
    assert not again.errors
    # The first results are read from the ledger, too, once it has them.
    assert facts(results[3]) == facts(again[3])


def test_lost_tasks_are_in_a_stream_and_end_a_sweep_that_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    sweep = Sweep(ghz(2), "lima", seeds=range(3))
    assert [result.is_lost for result in sweep.stream(Killed(1), path, max_in_flight=1)] == [False, True, False]
    with pytest.raises(SweepError, match=r"Task 1 .* failed: WorkerLost"):
        sweep.run(Killed(1), path, max_in_flight=1, on_error="raise")
    with Ledger(path) as ledger:
        assert len(ledger) == 2


def test_a_process_that_the_machine_ends_is_no_result_and_one_that_crashes_is(tmp_path: Path, pool: Any) -> None:
    path = tmp_path / "ledger.sqlite3"
    sweep = Sweep(named("kill_", "segfault_", "good"), "lima", pass_manager=misbehaving)
    results = sweep.run(pool, path, retries=0)
    killed, crashed, good = results
    assert killed.error.startswith(
        "WorkerLost: The process of the task was ended by SIGKILL, perhaps because the machine"
    )
    assert crashed.error.startswith("WorkerDied: The process of the task ended by SIGSEGV")
    assert (killed.is_lost, crashed.is_lost, good.error) == (True, False, None)
    with Ledger(path) as ledger:
        assert sorted(result.circuit for result in ledger) == ["good", "segfault_"]
    done: list[int] = []
    sweep.run(pool, path, retries=0, progress=lambda state: done.append(state.done))
    assert done[-1] == 1


class Full(TransformationPass):
    """Finds the disk full once."""

    def run(self, dag: Any) -> Any:
        notes = Path(os.environ["SWEEPING_NOTES"])
        if not notes.exists():
            notes.touch()
            raise OSError(28, "No space left on device")
        return dag


def full(target: Any, **options: Any) -> PassManager:
    manager = generate_preset_pass_manager(target=target, **options)
    manager.init += PassManager([Full()])
    return manager


@pytest.mark.slow
def test_a_machine_without_room_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPING_NOTES", str(tmp_path / "notes"))
    sweep = Sweep(ghz(2), "lima", pass_manager=full)
    (result,) = sweep.run(ledger=tmp_path / "ledger.sqlite3", retries=0)
    assert result.is_lost
    assert "OSError: [Errno 28] No space left on device" in result.error
    (result,) = sweep.run(ledger=tmp_path / "ledger.sqlite3", retries=0)
    assert result.error is None


def test_processes_that_do_not_start_end_the_run_and_leave_nothing_in_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qiskit_ibm_native.sweeps.worker import worker

    path = tmp_path / "ledger.sqlite3"
    sweep = Sweep(ghz(2), "lima", seeds=range(3))
    with monkeypatch.context() as patched:
        patched.setattr(worker, "_FAILURE_BACKOFF", 0.0)
        for program in ("/bin/false", str(tmp_path / "nothing")):
            patched.setattr(sys, "executable", program)
            with pytest.raises(SweepError, match=r"cannot run tasks: .*(does not start|can be started)"):
                sweep.run(ledger=path)
    with Ledger(path) as ledger:
        assert len(ledger) == 0
    assert not sweep.run(ledger=path).errors


def test_a_process_that_ends_by_itself_while_it_starts_is_not_started_twenty_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a broken Qiskit: the channel is closed first, and the traceback takes a moment."""
    from qiskit_ibm_native.sweeps.worker import worker

    program, notes = tmp_path / "python", tmp_path / "notes"
    program.write_text(
        "#!/bin/bash\n"
        f"echo started >> {notes}\n"
        'for number in {3..200}; do eval "exec $number>&-"; done\n'
        "sleep 0.1\necho broken >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(worker, "_FAILURE_BACKOFF", 0.0)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(SweepError, match=r"cannot run tasks: .*does not start: broken"):
        Sweep(ghz(2), "lima").run()
    assert len(notes.read_text().split()) == 8


def test_too_few_descriptors_end_the_run_and_leave_nothing_in_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qiskit_ibm_native.sweeps.worker import worker

    monkeypatch.setattr(worker, "_FAILURE_BACKOFF", 0.0)
    path = tmp_path / "ledger.sqlite3"
    sweep = Sweep(ghz(2), "lima", seeds=range(3))
    messages = []
    # With too few, the ledger cannot be opened; with a few more, no process can be started.
    for number in range(4, 30):
        with few_descriptors(number):
            try:
                results = sweep.run(ledger=path, max_in_flight=1)
                break
            except (LedgerError, SweepError) as error:
                messages.append(str(error))
        with Ledger(path) as ledger:
            assert len(ledger) == 0
    assert not results.errors
    assert any("Too many open files" in message for message in messages), messages


@contextlib.contextmanager
def few_descriptors(number: int) -> Any:
    """Leave this process so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = max(int(name) for name in os.listdir("/proc/self/fd"))
    free = taken + 1 - len(os.listdir("/proc/self/fd"))
    fillers = [os.open(os.devnull, os.O_RDONLY) for _ in range(free + 1)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(fillers) + 1 + number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for filler in fillers:
            os.close(filler)


def test_losses_that_ledgers_of_the_first_version_have_are_done_again(tmp_path: Path, pool: Any) -> None:
    path = tmp_path / "ledger.sqlite3"
    sweep = Sweep(ghz(2), "lima", seeds=range(4))
    sweep.run(pool, path, keep_circuits=True).ledger.close()
    errors = {
        0: "WorkerLost: The executor's worker was lost each time: RuntimeError: the node is gone",
        1: "WorkerDied: The process of the task ended by SIGKILL. Perhaps there was not enough memory.",
        2: "WorkerDied: The process of the task ended by SIGSEGV.",
    }
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for seed, error in errors.items():
            connection.execute("UPDATE tasks SET error = ?, depth = NULL WHERE seed = ?", (error, seed))
        connection.commit()
    results = sweep.run(pool, path, keep_circuits=True)
    assert [result.error for result in results] == [None, None, errors[2], None]
    assert not sweep.run(pool, path, keep_circuits=True, retry_failed=True).errors


@pytest.mark.parametrize("python", ["as is", "safe path"])
@pytest.mark.slow
def test_no_process_imports_from_the_current_folder(tmp_path: Path, python: str) -> None:
    for name in ("queue", "json", "random", "pickle", "faulthandler", "socket", "sitecustomize", "qiskit"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'PWNED')!r}, 'a').write({name!r})\nraise SystemExit(9)\n"
        )
    (tmp_path / "program").mkdir()
    program = tmp_path / "program" / "program.py"
    program.write_text(
        "from qiskit import QuantumCircuit\n"
        "from qiskit_ibm_native import Ledger, Sweep\n"
        "results = Sweep(QuantumCircuit(1), 'lima').run(ledger='ledger.sqlite3', keep_circuits=True)\n"
        "print([result.error for result in results], bool(Ledger('ledger.sqlite3').verify()))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    if python == "safe path":
        environment["PYTHONSAFEPATH"] = "1"
    done = subprocess.run(
        [sys.executable, program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("[None] True\n", 0), done.stderr[-3000:]
    assert not (tmp_path / "PWNED").exists()


def forked(action: Any) -> int:
    """Run a function in a process that is forked off and ends as programs do, and return its exit code."""
    pid = os.fork()
    if not pid:
        code = 3
        try:
            action()
            code = 0
        finally:
            # Finalizers and exit functions of the parent's objects, as sys.exit() of a script would call them.
            atexit._run_exitfuncs()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


FORKS = """
import os, sys, time
sys.path[:0] = {path!r}
from qiskit_ibm_native import CalibrationArchive, Ledger, Snapshot, Sweep
from tests.support.sweeping import ghz, slow
sweep = Sweep(ghz(2), "lima", seeds=range(120), pass_manager=slow)
archive = CalibrationArchive(sys.argv[1] + "/archive.sqlite3")
archive.add(Snapshot.load("lima"))
stream = sweep.stream()
first = [next(stream) for _ in range(5)]
temporary = sweep._last.path
pid = os.fork()
if not pid:
    assert archive.latest("ibmq_lima") == Snapshot.load("lima")
    sys.exit(7)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
rest = list(stream)
print(code, len(first + rest), {{result.attempts for result in rest}}, {{result.error for result in rest}}, temporary.exists())
archive.add(Snapshot.load("vigo"))
print(archive.backends())
pid = os.fork()
if not pid:
    # A child may well use sweeps, and what its parent opened.
    results = Sweep(ghz(2), "lima", seeds=range(3)).run(ledger=sys.argv[1] + "/child.sqlite3")
    assert not results.errors
    assert len(sweep._last) == 120
    sys.exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), temporary.exists())
"""


@pytest.mark.slow
def test_a_child_that_ends_takes_nothing_of_a_running_sweep_along(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(FORKS.format(path=[str(ROOT)]))
    # Unbuffered: a child would print what its parent has not printed yet.
    done = subprocess.run(
        [sys.executable, "-u", program, tmp_path], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.stdout.splitlines() == ["7 120 {1} {None} True", "['ibmq_lima', 'ibmq_vigo']", "0 True"], done.stderr[
        -3000:
    ]


@pytest.mark.slow
def test_a_stream_does_not_go_on_in_a_child(tmp_path: Path) -> None:
    stream = Sweep(ghz(2), "lima", seeds=range(60), pass_manager=slow).stream()
    next(stream)
    before = {child.pid for child in psutil.Process().children()}

    def go_on() -> None:
        with pytest.raises(SweepError, match="in the process that began it"):
            for _ in stream:
                pass

    assert forked(go_on) == 0
    assert before <= {child.pid for child in psutil.Process().children()}
    assert len(list(stream)) == 59


def test_circuits_are_read_by_parent_and_child_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_native.sweeps.inputs import circuits

    monkeypatch.setattr(circuits, "_IN_MEMORY", 1000)
    store = circuits.CircuitStore([ghz(3, f"circuit {number}") for number in range(200)])
    wanted = [(store.entry(number), store.blob(number)) for number in range(200)]

    def read() -> None:
        for _ in range(20):
            assert [(store.entry(number), store.blob(number)) for number in range(200)] == wanted

    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            read()
            os._exit(0)
        os._exit(1)
    read()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


SAVING = """
import os, sys, threading, time
from pathlib import Path
from qiskit_ibm_native import CalibrationArchive, Snapshot
from qiskit_ibm_native.snapshot import storage
folder, inside, go_on = Path(sys.argv[1]), threading.Event(), threading.Event()
write = storage._write_folder
def slowly(*arguments):
    inside.set()
    go_on.wait()
    write(*arguments)
storage._write_folder = slowly
thread = threading.Thread(target=Snapshot.load("lima").save, args=(folder / "saved",))
thread.start()
inside.wait()
pid = os.fork()
if not pid:
    sys.exit()
os.waitpid(pid, 0)
go_on.set()
thread.join()
print(Snapshot.load(folder / "saved").name)
"""


def test_a_child_that_ends_does_not_remove_what_a_thread_is_saving(tmp_path: Path) -> None:
    assert run_program(SAVING, tmp_path) == "ibmq_lima\n"


FORKING_AT_ONCE = """
import os, sys, threading
from qiskit_ibm_native import CalibrationArchive
archives = [CalibrationArchive(f"{sys.argv[1]}/{number}.sqlite3") for number in range(5)]
def fork():
    for _ in range(30):
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
        archives[0].backends()
threads = [threading.Thread(target=fork) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("done")
"""


def test_threads_that_fork_at_once_do_not_wait_for_each_other_for_ever(tmp_path: Path) -> None:
    assert run_program(FORKING_AT_ONCE, tmp_path) == "done\n"
