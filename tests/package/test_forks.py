# SPDX-License-Identifier: Apache-2.0
"""Providers made before a fork: each process has its own connections and locks, and ends nothing of another process."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.quick import circuit

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native._threads import Lock

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService

CHILDREN = 4
ROUNDS = int(os.environ.get("FORK_ROUNDS", "10"))
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")

_provider: IBMProvider | None = None
_jobs: list[str] = []


def poll_and_run(child: int) -> list[str]:
    """Poll the child's own job, and run circuits of as many shots as the child has a number; return what is wrong."""
    assert _provider is not None
    wrong = []
    backend = _provider.get_backend("local_simulator")
    own = _provider.job(_jobs[child])
    for number in range(ROUNDS):
        reply = own._api_client.job_get(own.job_id())
        if reply["id"] != own.job_id():
            wrong.append(f"round {number}: asked for {own.job_id()}, got {reply['id']}")
        shots = 100 * (child + 1) + number
        counts = backend.run(circuit(), shots=shots).result(timeout=60).get_counts()
        if counts != {"1": shots}:
            wrong.append(f"round {number}: {counts} instead of {shots} shots")
    return wrong


def in_forks(function: Callable[[int], list[str]]) -> list[Any]:
    """Call a function in children of ``os.fork``; return what each returned."""
    outcomes, readers = [], []
    for child in range(CHILDREN):
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            os.close(reader)
            try:
                text = repr(function(child))
            except BaseException as error:
                text = repr([repr(error)])
            os.write(writer, text.encode()[:60000])
            os._exit(0)
        os.close(writer)
        readers.append((pid, reader))
    for pid, reader in readers:
        with os.fdopen(reader) as file:
            outcomes.append(eval(file.read()))
        os.waitpid(pid, 0)
    return outcomes


def in_pool(function: Callable[[int], list[str]]) -> list[Any]:
    """Call a function in a pool of ``multiprocessing`` that forks."""
    with multiprocessing.get_context("fork").Pool(CHILDREN) as pool:
        return pool.map(function, range(CHILDREN), chunksize=1)


def in_executor(function: Callable[[int], list[str]]) -> list[Any]:
    """Call a function in a ``ProcessPoolExecutor`` that forks."""
    with ProcessPoolExecutor(CHILDREN, mp_context=multiprocessing.get_context("fork")) as executor:
        return list(executor.map(function, range(CHILDREN)))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("where", ["another process", "the parent"])
@pytest.mark.parametrize("how", [in_forks, in_pool, in_executor])
@pytest.mark.slow
def test_every_child_gets_its_own_replies(
    how: Callable[..., list[Any]], where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    global _provider
    store = tmp_path / "jobs.sqlite3"
    serving = None
    if where == "another process":
        serving = subprocess.Popen(
            [sys.executable, "-m", "qiskit_ibm_native", "serve", "--port", "0", "--store", str(store), "--workers", "2"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        from tests.support.faulty.matrix import exported

        for name, value in exported(serving).items():
            monkeypatch.setenv(name, value)
        provider = IBMProvider()
    else:
        provider = IBMProvider(channel="local", store=store, workers=2)
    try:
        backend = provider.get_backend("local_simulator")
        jobs = [backend.run(circuit(), shots=child + 1) for child in range(CHILDREN)]
        _jobs[:] = [job.job_id() for job in jobs]
        _provider = provider
        for job in jobs:
            job.wait_for_final_state(timeout=60)
        assert how(poll_and_run) == [[]] * CHILDREN
        # The parent goes on as before: nothing of it was closed or ended by a child.
        assert jobs[0].result(timeout=60).get_counts() == {"1": 1}
        assert backend.run(circuit(), shots=9).result(timeout=60).get_counts() == {"1": 9}
        every = provider.jobs(limit=None)
        assert len({job.job_id() for job in every}) == len(every) == CHILDREN * (ROUNDS + 1) + 1
    finally:
        _provider = None
        provider.close()
        if serving is not None:
            serving.terminate()
            serving.communicate()


@pytest.mark.slow
def test_a_child_that_ends_ends_nothing_of_its_parent(tmp_path: Path) -> None:
    with IBMProvider(channel="local", store=tmp_path / "jobs.sqlite3", workers=1) as provider:
        backend = provider.get_backend("local_simulator")
        backend.run(circuit(), shots=2).result(timeout=60)
        files = {path.name for path in tmp_path.glob("*.lock")}
        for _ in range(2):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    provider.close()
                    code = 0
                finally:
                    # Finalisers run, as they do at the end of a program.
                    import weakref

                    weakref.finalize._exitfunc()
                    os._exit(code)
            assert os.waitpid(pid, 0)[1] == 0
        assert {path.name for path in tmp_path.glob("*.lock")} == files != set()
        assert backend.run(circuit(), shots=3).result(timeout=60).get_counts() == {"1": 3}


def test_locks_that_a_thread_holds_are_free_in_a_child(provider: IBMProvider) -> None:
    backend = provider.get_backend("ibmq_vigo")
    locks = [
        provider._lock, provider._authenticator._lock, provider.backend._lock, backend._state._refreshing,
        backend._state.version._lock, backend._state.version._defaults_lock,
    ]  # fmt: skip
    assert all(isinstance(lock, Lock) for lock in locks)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        for lock in locks:
            lock.acquire()
        held.set()
        done.wait(30)
        for lock in locks:
            lock.release()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            free = all(lock.acquire(timeout=1) for lock in locks)
            for lock in locks:
                lock.release()
            provider._authenticator.refused(provider._authenticator.header())
            code = 0 if free and backend.target.num_qubits == 5 and backend.status().operational else 2
        finally:
            os._exit(code)
    done.set()
    thread.join()
    end = time.monotonic() + 60
    while (found := os.waitpid(pid, os.WNOHANG))[0] == 0 and time.monotonic() < end:
        time.sleep(0.05)
    if found[0] == 0:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    assert found == (pid, 0)


def test_a_child_keeps_what_is_said_on_the_parents_connections_to_itself(service: LocalService) -> None:
    """The child opens connections of its own; those of the parent are not shut down with it."""
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        backend.status()
        session = provider._transport._session
        pid = os.fork()
        if pid == 0:
            os._exit(0 if provider._transport._session is not session and backend.status().operational else 1)
        assert os.waitpid(pid, 0)[1] == 0
        assert provider._transport._session is session
        assert backend.status().operational


@pytest.mark.slow
def test_children_that_are_forked_while_an_archive_is_opened_can_open_one(tmp_path: Path) -> None:
    from qiskit_ibm_native import CalibrationArchive

    done = threading.Event()

    def open_and_close() -> None:
        while not done.is_set():
            CalibrationArchive(tmp_path / "parent.sqlite3").close()

    thread = threading.Thread(target=open_and_close)
    thread.start()
    try:
        for number in range(15):
            pid = _forked(lambda number=number: CalibrationArchive(tmp_path / f"child-{number}.sqlite3").close())
            assert _ended(pid)
    finally:
        done.set()
        thread.join()


@pytest.mark.slow
def test_a_child_that_is_forked_while_a_watch_runs_can_close_its_provider(service: LocalService) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("ibmq_vigo")
        with backend.watch(1e-4, print, jitter=0.5):
            for _ in range(15):
                assert _ended(_forked(provider.close))
        assert backend.status().operational


def _forked(function: Callable[[], object]) -> int:
    """Call a function in a child; return its process id. It ends by 0 if the function returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    return pid


def _ended(pid: int) -> bool:
    """Return whether a child ends well, within half a minute."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status == 0
        time.sleep(0.02)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return False
