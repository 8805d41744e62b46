# SPDX-License-Identifier: Apache-2.0
"""Sweeps of realistic circuits against other ways to transpile them; each way is a process of its own.

Usage: ``python realistic.py SIDE WORK LEVEL [quick]`` runs one of them, and prints what it took.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from qiskit import QuantumCircuit, transpile
from qiskit.transpiler import Target, generate_preset_pass_manager
from tests.support.calibrations import Drift
from tests.support.sweeping import families, realistic

from qiskit_ibm_native import Snapshot, Sweep, build_target

if TYPE_CHECKING:
    from collections.abc import Callable

#: The five devices, seeds and number of calibrations of the two works, and of the quick mode.
DEVICES, SEEDS, CALIBRATIONS = ("sherbrooke", "torino", "fez", "kingston", "boston"), (0, 1, 2), 20
PAIRS, LEVELS = 3, (1, 2, 3)
#: Probability that one of the 2,000 qubits and gates fails at a calibration. None is marked so in the five payloads.
FAILS = 1e-5


class Work:
    """Circuits, snapshots and seeds, in the order of a sweep."""

    def __init__(self, name: str, *, quick: bool) -> None:
        """Make the inputs, which is not measured."""
        self.circuits = realistic()[::4] if quick else realistic()
        if name == "devices":
            self.snapshots = [Snapshot.load(device) for device in (DEVICES[:2] if quick else DEVICES)]
            self.seeds = SEEDS[:1] if quick else SEEDS
        else:
            drifting = Drift("fez", fails=FAILS).calibrations(4 if quick else CALIBRATIONS)
            self.snapshots = Snapshot.parse_many(list(drifting))
            self.seeds = SEEDS[:1]

    def __len__(self) -> int:
        return len(self.circuits) * len(self.snapshots) * len(self.seeds)


def loop(work: Work, level: int) -> list[Any]:
    """Transpile one after the other, with a pass manager for each target and seed."""
    made = []
    for snapshot in work.snapshots:
        target = build_target(snapshot)
        for seed in work.seeds:
            manager = generate_preset_pass_manager(target=target, optimization_level=level, seed_transpiler=seed)
            made.extend(attempted(manager.run, circuit) for circuit in work.circuits)
    return made


def listed(work: Work, level: int) -> list[Any]:
    """Give ``transpile`` the list of circuits for each target and seed; it starts processes of its own."""
    made: list[Any] = []
    for snapshot in work.snapshots:
        target = build_target(snapshot)
        for seed in work.seeds:
            made += transpile(work.circuits, target=target, optimization_level=level, seed_transpiler=seed)
    return made


def one(level: int, task: tuple[Target, QuantumCircuit, int]) -> QuantumCircuit | None:
    target, circuit, seed = task
    return attempted(partial(transpile, target=target, optimization_level=level, seed_transpiler=seed), circuit)


def pooled(work: Work, level: int) -> list[Any]:
    """Map ``transpile`` over targets, seeds and circuits, on two processes."""
    if "pool" not in STATE:
        STATE["pool"] = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    targets = [build_target(snapshot) for snapshot in work.snapshots]
    tasks = [(target, circuit, seed) for target in targets for seed in work.seeds for circuit in work.circuits]
    return list(STATE["pool"].map(partial(one, level), tasks, chunksize=min(10, max(1, len(tasks) // 4))))


def swept(work: Work, level: int, *, workers: int, keep: bool) -> list[Any]:
    """Sweep; circuits are read back only if they were kept."""
    sweep = Sweep(work.circuits, work.snapshots, optimization_level=level, seeds=work.seeds)
    if "threads" not in STATE:
        STATE["threads"] = ThreadPoolExecutor(workers)
    results = sweep.run(STATE["threads"], keep_circuits=keep)
    TIMES["transpiling"] = sum(result.cpu_time for result in results)
    return [result.transpiled for result in results] if keep and CHECKED else [None] * len(sweep)


def passes(work: Work, level: int) -> list[float]:
    """Return mean times of a task, s: of all passes, and of those that another seed, or calibration, needs again."""
    found = [0.0, 0.0, 0.0]
    for snapshot in work.snapshots:
        target = build_target(snapshot)
        for seed in work.seeds:
            manager = generate_preset_pass_manager(target=target, optimization_level=level, seed_transpiler=seed)
            for circuit in work.circuits:
                times: list[tuple[str, float]] = []
                manager.run(circuit, callback=partial(noted, times))
                for index, share in enumerate(again(times)):
                    found[index] += share / len(work)
    return found


def noted(times: list[tuple[str, float]], **state: Any) -> None:
    times.append((type(state["pass_"]).__name__, state["time"]))


def again(times: list[tuple[str, float]]) -> tuple[float, float, float]:
    """Return the time of all passes of a task, of those behind the first use of the seed, and of the values, s.

    ``SabreLayout`` is the first pass that uses the seed; values rank what a search for layouts finds, before it or
    after it.
    """
    names = [name for name, _ in times]
    seed = names.index("SabreLayout") if "SabreLayout" in names else len(names)
    search = "VF2PostLayout" if seed < len(names) else "VF2Layout"
    values = names.index(search) if search in names else names.index("BasisTranslator")
    return tuple(sum(time for _, time in times[start:]) for start in (0, seed, values))  # type: ignore[return-value]


def attempted(call: Callable[[QuantumCircuit], QuantumCircuit], circuit: QuantumCircuit) -> QuantumCircuit | None:
    """Return ``None`` where a calibration lacks what a circuit needs."""
    try:
        return call(circuit)
    except Exception:
        return None


#: Executors, which run already when the clock starts.
STATE: dict[str, Any] = {}
#: Filled by :func:`swept`; whether circuits are to be compared.
TIMES: dict[str, float] = {}
CHECKED = False
SIDES: dict[str, Callable[[Work, int], list[Any]]] = {
    "loop": loop, "list": listed, "pool of two": pooled,
    "sweep, one worker": partial(swept, workers=1, keep=False),
    "sweep, two workers": partial(swept, workers=2, keep=False),
    "sweep, one worker, circuits kept": partial(swept, workers=1, keep=True),
    "passes": passes,
}  # fmt: skip


def processor_seconds() -> float:
    """Return the processor time of this process and of all that it started."""
    itself = psutil.Process()
    known = [process.cpu_times() for process in (itself, *itself.children(recursive=True))]
    return sum(times.user + times.system + times.children_user + times.children_system for times in known)


def main(side: str, name: str, level: str, *rest: str) -> None:
    """Run one side, and print processor time of all its processes and time by the clock, s.

    Each side runs a few small tasks first: importing, plug-ins and starting processes are not measured.
    """
    work, small = Work(name, quick="quick" in rest), Work(name, quick=True)
    small.circuits = families()
    SIDES[side](small, int(level))
    cpu, wall = processor_seconds(), time.perf_counter()
    made = SIDES[side](work, int(level))
    wall, cpu = time.perf_counter() - wall, processor_seconds() - cpu
    if side == "passes":
        TIMES.update(zip(("passes", "behind seed", "behind values"), made, strict=True))
    print(json.dumps({"cpu": cpu, "wall": wall, "tasks": len(work), **TIMES}), flush=True)
    for executor in STATE.values():
        executor.shutdown()


def measured(side: str, name: str, level: int, *, quick: bool) -> dict[str, float]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, side, name, str(level), *(["quick"] if quick else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def check_circuits(name: str, level: int, *, quick: bool) -> None:
    """Make sure that a sweep has the circuits of the loop, bit by bit."""
    global CHECKED  # noqa: PLW0603
    CHECKED = True
    work = Work(name, quick=quick)
    ours, theirs = swept(work, level, workers=2, keep=True), loop(work, level)
    assert len(ours) == len(theirs) == len(work)
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        assert mine == other, f"{name}, level {level}, task {number}"


def realistic_sweeps(*, quick: bool = "QUICK" in os.environ) -> dict[str, Any]:
    """Twenty circuits of 5 to 100 qubits x 5 devices x 3 seeds, and x 20 calibrations: sides by level."""
    pairs, levels = (1, (1, 2)) if quick else (PAIRS, LEVELS)
    works = {name: Work(name, quick=quick) for name in ("devices", "calibrations")}
    found: dict[str, Any] = {"quick": quick, "tasks": {name: len(work) for name, work in works.items()}}
    for name in works:
        found[name] = {}
        for level in levels:
            check_circuits(name, level, quick=quick)
            times: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
            for turn in range(pairs):
                # Sides that have neither a goal nor a pair run once.
                for side in list(SIDES)[:: 1 if turn % 2 == 0 else -1]:
                    if turn == 0 or side in {"loop", "sweep, one worker"}:
                        times[side].append(measured(side, name, level, quick=quick))
            found[name][str(level)] = summary(times)
            print(f"  {name}, level {level}: {found[name][str(level)]['cpu_of_loop']}", flush=True)
    return found


def summary(times: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Return medians of sides, their parts of the loop's processor time, and the sweep's overhead of a task, s."""
    sides = {
        side: {name: statistics.median(run[name] for run in runs) for name in runs[0]} for side, runs in times.items()
    }
    pairs = zip(times["sweep, one worker"], times["loop"], strict=True)
    ratios = {side: values["cpu"] / sides["loop"]["cpu"] for side, values in sides.items()}
    ratios["sweep, one worker"] = statistics.median(ours["cpu"] / theirs["cpu"] for ours, theirs in pairs)
    overheads = {
        side: (values["cpu"] - values["transpiling"]) / values["tasks"]
        for side, values in sides.items()
        if "transpiling" in values
    }
    times_of_passes = sides.pop("passes")
    del ratios["passes"]
    shares = {name: times_of_passes[f"behind {name}"] / times_of_passes["passes"] for name in ("seed", "values")}
    return {"sides": sides, "cpu_of_loop": ratios, "overhead": overheads, "again": shares}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    main(*sys.argv[1:])
