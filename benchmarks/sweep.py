# SPDX-License-Identifier: Apache-2.0
"""Sweeps: what they cost beside the transpiler, and what the driver can take."""

from __future__ import annotations

import itertools
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit, transpile
from qiskit.transpiler import Target, TranspilerError
from tests.support.calibrations import Drift
from tests.support.official import official_target
from tests.support.sweeping import families, ghz, qaoa

from qiskit_ibm_native import Ledger, Snapshot, Sweep, build_target, score
from qiskit_ibm_native.sweeps.ledger.figures import CIRCUIT_FIGURES, Figures
from qiskit_ibm_native.sweeps.worker.protocol import Chunk, Reply
from realistic import processor_seconds

if TYPE_CHECKING:
    from sides import Payloads

CIRCUITS, CALIBRATIONS, SCORED = 2000, 500, 5000


def sweeps() -> dict[str, Any]:
    """Sweeps: overhead, workers, the official loop, bytes, resuming, memory, scores, and the driver alone."""
    calibrations = Drift("fez").calibrations(SCORED)
    payloads = list(itertools.islice(calibrations, CALIBRATIONS))
    snapshots = Snapshot.parse_many(payloads)
    snapshots = [Snapshot.from_bytes(snapshot.to_bytes(payloads=False)) for snapshot in snapshots]
    found: dict[str, Any] = {"overhead": overhead(), "workers": workers(), "official": official_loop(payloads)}
    found |= {
        "first_use": first_use(),
        "bytes": transfers(),
        "resume": resuming(),
        "memory": memory(),
        "driver": driver(),
    }
    for payloads in calibrations:
        snapshots.append(Snapshot.from_bytes(Snapshot.from_payloads(*payloads).to_bytes(payloads=False)))
    return {**found, "score": scores(snapshots)}


def small(number: int) -> QuantumCircuit:
    """Return a circuit of two to five qubits, another one for each number."""
    circuit = ghz(2 + number % 4, f"small {number}")
    circuit.rx(number / 1000, 0)
    return circuit


def overhead() -> dict[str, Any]:
    """Processor time of all processes for a task, but for that of the transpiler; the one worker runs already."""
    numbers = itertools.count()
    pool = ThreadPoolExecutor(1)
    Sweep([small(next(numbers)) for _ in range(20)], "fez").run(pool)
    rounds, transpiling = [], 0.0
    for _ in range(3):
        # Others each time: the worker remembers what it has done.
        circuits = [small(next(numbers)) for _ in range(CIRCUITS)]
        before = processor_seconds()
        results = Sweep(circuits, "fez").run(pool)
        spent = processor_seconds() - before
        assert not results.errors
        transpiling = sum(result.cpu_time for result in results)
        rounds.append((spent - transpiling) / CIRCUITS)
    return {"tasks": CIRCUITS, "seconds": statistics.median(rounds), "transpiling": transpiling / CIRCUITS}


def workers() -> dict[str, Any]:
    """Two workers against one, on what keeps processors busy; processes run already."""
    circuits = [qaoa(12, seed) for seed in range(12)]
    pools = {count: ThreadPoolExecutor(count) for count in (1, 2)}
    times: dict[int, list[float]] = {1: [], 2: []}
    for pool in pools.values():
        Sweep(circuits, "fez", seeds=range(4)).run(pool)
    # Other seeds for each: the pools are threads of one process, whose workers remember what they have done.
    seeds = itertools.count(4)
    for _ in range(3):
        for count, pool in pools.items():
            begin = time.perf_counter()
            results = Sweep(circuits, "fez", seeds=[next(seeds) for _ in range(10)]).run(pool)
            times[count].append(time.perf_counter() - begin)
            assert not results.errors
    return {
        "ratio": statistics.median(one / two for one, two in zip(times[1], times[2], strict=True)),
        "seconds": times,
    }


def transpiled(target: Target, circuit: QuantumCircuit) -> QuantumCircuit | None:
    """Transpile as a loop does that does not end when one circuit cannot be transpiled."""
    try:
        return transpile(circuit, target=target, seed_transpiler=0, optimization_level=2)
    except TranspilerError:
        return None


def official_loop(payloads: list[Payloads]) -> dict[str, Any]:
    """Calibrations and small circuits, against a loop that has the official client make each target of JSON."""
    circuits = [ghz(2), ghz(3), ghz(4), qaoa(3, 1)]
    snapshots = Snapshot.parse_many(payloads)

    def native(executor: Executor | None) -> tuple[float, Any]:
        begin = time.perf_counter()
        results = Sweep(circuits, snapshots).run(executor, keep_circuits=True)
        return time.perf_counter() - begin, results

    seconds, results = native(None)
    alone, _ = native(ThreadPoolExecutor(1))
    made = []
    begin = time.perf_counter()
    for configuration, properties in payloads:
        target = official_target(configuration, properties)
        made.extend(map(partial(transpiled, target), circuits))
    official = time.perf_counter() - begin
    for number, circuit in enumerate(made):
        # Some calibrations lack a gate everywhere; then both sides fail.
        assert (results[number].error is None) == (circuit is not None)
        assert number % 41 or results[number].transpiled == circuit
    return {
        "calibrations": len(payloads), "circuits": len(circuits), "native": seconds, "one_worker": alone,
        "official": official, "ratio": official / seconds, "ratio_one_worker": official / alone,
    }  # fmt: skip


class Metered(Executor):
    """Has two workers, and counts what is sent to each."""

    def __init__(self) -> None:
        self.pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in range(2)]
        self.sent: list[tuple[int, Chunk, int]] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        turn = len(self.sent) % 2
        self.sent.append((turn, args[0], len(pickle.dumps((function, args, kwargs), protocol=5))))
        return self.pools[turn].submit(function, *args, **kwargs)


def transfers() -> dict[str, Any]:
    """Bytes that an executor is given, by task."""
    sweep = Sweep([small(number) for number in range(500)], "fez", seeds=range(2))
    executor = Metered()
    assert not sweep.run(executor).errors
    for pool in executor.pools:
        pool.shutdown()
    digest = sweep.task_spec(0).snapshot
    with_snapshot = [size for _, chunk, size in executor.sent if digest in chunk.blobs]
    carried = sum(len(blob) for _, chunk, _ in executor.sent for blob in chunk.blobs.values())
    return {
        "tasks": len(sweep), "snapshot": len(sweep.snapshots.form(0)), "first": max(with_snapshot),
        "snapshots_sent": len(with_snapshot), "per_task": (sum(size for *_, size in executor.sent) - carried) / len(sweep),
    }  # fmt: skip


def resuming() -> dict[str, Any]:
    """A ledger of 10,000 finished tasks."""

    def described() -> Sweep:
        return Sweep([ghz(2), ghz(3), *families()[2:3]], ["fez", "lima"], seeds=range(1667))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.sqlite3")
        first = described().run(ledger=path)
        assert not first.errors
        tasks = len(first)
        first.ledger.close()
        size = path.stat().st_size
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            again = described().run(ledger=path)
            times.append(time.perf_counter() - begin)
            again.ledger.close()
    return {"tasks": tasks, "seconds": statistics.median(times), "bytes_per_task": size / tasks}


MEMORY = """
import psutil
from qiskit_ibm_native import Sweep
from sweep import small
Sweep([small(0)], "fez")[0].id
before = psutil.Process().memory_info().rss
sweep = Sweep([small(number) for number in range(1000)], ["fez", "torino"], seeds=range(500))
assert len(sweep) == 1_000_000
assert sum(len(task.id) for task in sweep) == 32_000_000
print(psutil.Process().memory_info().rss - before)
"""


def memory() -> dict[str, Any]:
    """Memory of a million tasks, after all of them were iterated over."""
    grown = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, env=None)
    return {"tasks": 1_000_000, "bytes": int(grown.stdout)}


FIRST_USE = """
import time
begin = time.perf_counter()
from qiskit_ibm_native import Sweep
from tests.support.sweeping import realistic
sweep = Sweep(realistic()[::4], "fez", optimization_level=1)
described = time.perf_counter()
assert not sweep.run().errors
print(described - begin, time.perf_counter() - described)
"""


def first_use() -> dict[str, Any]:
    """Time of a program with one small sweep, described and run, with processes that start early and without."""
    times: dict[str, list[list[float]]] = {"warm": [], "cold": []}
    for turn in range(10):
        side = ("warm", "cold")[turn % 2]
        environment = {**os.environ, "QISKIT_IBM_NATIVE_WARM_START": str(int(side == "warm"))}
        command = [sys.executable, "-W", "ignore", "-c", FIRST_USE]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        times[side].append([float(part) for part in done.stdout.split()])
    parts = {side: [statistics.median(part) for part in zip(*runs, strict=True)] for side, runs in times.items()}
    return {side: dict(zip(("described", "run"), median, strict=True)) for side, median in parts.items()}


class Instant(Executor):
    """Knows the outcome of every task already."""

    def __init__(self, outcome: bytes) -> None:
        self.outcome = outcome

    def submit(self, _: Any, /, *args: Any, **__: Any) -> Future[Any]:
        future: Future[Any] = Future()
        outcomes = dict.fromkeys(range(len(args[0].tasks)), self.outcome)
        future.set_result(Reply("nobody", [], outcomes, 0.0, None))
        return future


def driver() -> dict[str, Any]:
    """Time of the driver for a task: making its spec, sending it, taking the result, writing it to the ledger."""
    (known,) = Sweep([families()[2]], "fez").run()
    figures = Figures(**{figure.name: getattr(known, figure.name) for figure in CIRCUIT_FIGURES})
    outcome = pickle.dumps((figures, None, None, 0.01, 0.01, "worker:1", 1), protocol=5)
    sweep = Sweep([small(number) for number in range(100)], ["fez", "torino"], seeds=range(500))
    times = []
    for _ in range(3):
        with Ledger() as ledger:
            begin = time.perf_counter()
            sweep.run(Instant(outcome), ledger)
            times.append((time.perf_counter() - begin) / len(sweep))
            assert len(ledger) == len(sweep)
    return {"tasks": len(sweep), "seconds": statistics.median(times), "outcome_bytes": len(outcome)}


def scores(snapshots: list[Snapshot]) -> dict[str, Any]:
    """A circuit of a thousand gates over thousands of calibrations."""
    circuit = transpile(qaoa(16, 1), target=build_target(snapshots[0]), seed_transpiler=1)
    times = []
    for _ in range(7):
        begin = time.perf_counter()
        esp, _ = score(circuit, snapshots)
        times.append(time.perf_counter() - begin)
    assert esp.shape == (len(snapshots),)
    return {"gates": circuit.size(), "calibrations": len(snapshots), "seconds": statistics.median(times)}
