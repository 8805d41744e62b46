# SPDX-License-Identifier: Apache-2.0
"""Long runs: parsing, polling, jobs of a service that is killed. No memory grows, no job is lost or duplicated.

The argument names the run. ``SOAK_CYCLES``, ``SOAK_POLLS``, ``SOAK_JOBS``, ``SOAK_THREADS`` and ``SOAK_KILLS`` say how
long it is. Results go into ``benchmarks/results/soak.json``; the exit status is 1 if a limit is exceeded.
"""

from __future__ import annotations

import gc
import itertools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from measure import environment
from report import write_pages
from soak_jobs import Killing

RESULTS = Path(__file__).parent / "results" / "soak.json"
CYCLES = int(os.environ.get("SOAK_CYCLES", "1000000"))
POLLS = int(os.environ.get("SOAK_POLLS", "100000"))
JOBS = int(os.environ.get("SOAK_JOBS", "10000"))
THREADS = int(os.environ.get("SOAK_THREADS", "50"))
KILLS = int(os.environ.get("SOAK_KILLS", "4"))
#: The part of a run after which everything is there that stays.
WARM = 0.1
#: By how much something may be more at the end: a share, and a number for what is small.
MORE = {"resident": (0.05, 16 << 20), "descriptors": (0, 4), "threads": (0, 2), "objects": (0.01, 1000)}


def size(process: psutil.Process | None = None) -> dict[str, int]:
    """Return how large a process is, this one by default: bytes, descriptors, threads, and objects of this one."""
    gc.collect()
    seen = process or psutil.Process()
    found = {
        "resident": seen.memory_info().rss,
        "descriptors": seen.num_fds(),
        "threads": seen.num_threads(),
    }
    return found if process else {**found, "objects": len(gc.get_objects())}


def sample(done: int, **sizes: dict[str, int]) -> dict[str, Any]:
    """Return how large processes were after something was done so many times."""
    return {"done": done, "sizes": sizes}


def growth(warm: dict[str, Any], end: dict[str, Any]) -> list[str]:
    """Return what has grown between two samples."""
    return [
        f"{whose}: {what} from {before[what]} to {end['sizes'][whose][what]}"
        for whose, before in warm["sizes"].items()
        for what in before
        if end["sizes"][whose][what] > before[what] * (1 + MORE[what][0]) + MORE[what][1]
    ]


# Parsing


def parsing() -> dict[str, Any]:
    """Make snapshots of payloads and build targets of them, in as many processes as there are processors."""
    count = os.cpu_count() or 1
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as pool:
        runs = list(pool.map(_parse, [CYCLES // count] * count))
    warm, end = (
        sample(
            sum(run[which]["done"] for run in runs),
            **{f"process {n}": run[which]["size"] for n, run in enumerate(runs, 1)},
        )
        for which in ("warm", "end")
    )
    return {"warm": warm, "end": end, "problems": growth(warm, end)}


def _parse(cycles: int) -> dict[str, Any]:
    from qiskit_ibm_native import Snapshot, build_target

    payloads = [Snapshot.load(folder.name).payloads for folder in sorted(_devices().iterdir())]
    samples = {}
    for done, content in enumerate(itertools.islice(itertools.cycle(payloads), cycles), 1):
        build_target(Snapshot.from_payloads(*content))
        if done in (max(int(cycles * WARM), 1), cycles):
            samples["end" if done == cycles else "warm"] = {"done": done, "size": size()}
    return samples


def _devices() -> Path:
    import qiskit_ibm_native

    return Path(qiskit_ibm_native.__file__).parent / "snapshot" / "devices"


# Polling


def polling() -> dict[str, Any]:
    """Ask for the status of a job that waits, and refresh a device, in turn."""
    from tests.support.faulty.calls import DEVICE, circuit
    from tests.support.faulty.matrix import service

    from qiskit_ibm_native import IBMProvider

    with service() as target:
        os.environ.update(target.environment)
        with IBMProvider() as provider:
            backend = provider.get_backend(DEVICE)
            _ = backend.target
            job = backend.run(circuit(), shots=10)
            return _ask(POLLS, [job.status, backend.refresh], psutil.Process(target.pid))


def _ask(count: int, questions: list[Callable[[], Any]], service: psutil.Process) -> dict[str, Any]:
    samples = {}
    for done, question in enumerate(itertools.islice(itertools.cycle(questions), count), 1):
        question()
        if done in (max(int(count * WARM), 1), count):
            samples["end" if done == count else "warm"] = sample(done, client=size(), service=size(service))
    return {**samples, "problems": growth(samples["warm"], samples["end"])}


# Jobs


def jobs() -> dict[str, Any]:
    """Run jobs from many threads while the service is killed and started again."""
    run = Killing(JOBS, THREADS, KILLS)
    found = run.play(lambda done: sample(done, client=size()), WARM)
    return {**found, "problems": growth(found["warm"], found["end"]) + run.problems(found)}


RUNS = {run.__name__: run for run in (parsing, polling, jobs)}


def main() -> int:
    """Make a run, keep what came of it, return the exit status."""
    name = sys.argv[1]
    start = time.monotonic()
    run = RUNS[name]()
    run["seconds"] = round(time.monotonic() - start)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"runs": {}}
    content = {"subject": "soak", "about": "Long runs.", "environment": environment()}
    runs = {**known["runs"], name: run}
    content["runs"] = {kind: runs[kind] for kind in RUNS if kind in runs}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    if set(runs) == set(RUNS):
        write_pages(RESULTS.parent.parent.parent)
    print(name, json.dumps(run))
    return 1 if run["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
