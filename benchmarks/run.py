# SPDX-License-Identifier: Apache-2.0
"""Every figure of the README: equality first, then times, then one JSON file per subject and a table.

Usage: python run.py [SUBJECT ...]; all subjects by default.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit.providers.backend import QubitProperties
from qiskit.transpiler import InstructionProperties, Target
from tests.support.equality import assert_targets_equal, coupling_state, durations_state
from tests.support.official import shipped_devices, shipped_payloads

from accelerated import accelerated
from archives import archive
from carrying import carrying
from frames import frames
from grids import grid
from local_service import local_service
from measure import environment, processes, refuse_debug_build, rounds
from provider import provider
from pulse import pulse
from qiskit_ibm_native import Snapshot, build_coupling_map, build_instruction_durations, build_target
from qiskit_ibm_native.target import TargetOptions
from realistic import realistic_sweeps
from report import write_pages
from scores import scores
from sides import (
    floor_for,
    json_loads,
    native,
    native_properties,
    official,
    official_properties,
    orjson_loads,
    places_of,
    read_values,
)
from sweep import sweeps

if TYPE_CHECKING:
    from collections.abc import Callable

    from sides import Payloads

RESULTS = Path(__file__).with_name("results")


def ratio(times: dict[str, dict[str, float]], other: str, ours: str = "native") -> float:
    """Return how many times as long the other side takes."""
    return round(times[other]["median"] / times[ours]["median"], 3)


def devices() -> dict[str, Any]:
    """Bytes to target over every device that the official client ships."""
    rows: dict[str, Any] = {}
    for name in shipped_devices():
        payloads = shipped_payloads(name)
        assert_targets_equal(official(payloads), native(payloads))
        target = native(payloads)
        ours = 60 if target.num_qubits < 60 else 30
        floor = floor_for(payloads)
        sides: dict[str, tuple[Callable[[], Any], int]] = {
            "native": (lambda: native(payloads), ours),
            "floor": (lambda: floor(payloads), ours),
            "official": (lambda: official(payloads), 8),
        }
        times = rounds(sides, 3)
        rows[name] = {"qubits": target.num_qubits, "bytes": sum(map(len, payloads)), **times}
        rows[name]["floor_ratio"] = ratio(times, "official", "floor")
        rows[name]["ratio"] = ratio(times, "official")
        print(f"  {name}: {rows[name]['ratio']:.1f}", flush=True)
    small = [row["ratio"] for row in rows.values() if row["qubits"] == 5]
    return {
        "devices": rows,
        "geometric_mean": round(geometric_mean([row["ratio"] for row in rows.values()]), 1),
        "geometric_mean_of_floor": round(geometric_mean([row["floor_ratio"] for row in rows.values()]), 1),
        "geometric_mean_5_qubits": round(geometric_mean(small), 1),
    }


def geometric_mean(values: list[float]) -> float:
    """Return the geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def large_devices() -> dict[str, Any]:
    """Bytes to target on 156 qubits, with and without garbage collection, against everybody."""
    rows: dict[str, Any] = {}
    for name in ("fez", "boston"):
        payloads = shipped_payloads(name)
        assert_targets_equal(official(payloads), native(payloads))
        floor = floor_for(payloads)
        assert floor(payloads).keys() == native(payloads).keys()
        for collect in (True, False):
            sides: dict[str, tuple[Callable[[], Any], int]] = {
                "native": (lambda: native(payloads), 40),
                "official": (lambda: official(payloads), 4),
                "orjson": (lambda: orjson_loads(payloads), 20),
                "json": (lambda: json_loads(payloads), 10),
                "floor": (lambda: floor(payloads), 40),
            }
            times = rounds(sides, 9, collect=collect)
            row = {**times, "official_ratio": ratio(times, "official")}
            row["of_orjson"] = round(times["native"]["median"] / times["orjson"]["median"], 3)
            row["of_floor"] = round(times["native"]["median"] / times["floor"]["median"], 3)
            rows[f"{name}, collection {'on' if collect else 'off'}"] = row
    return rows


def small_devices() -> dict[str, Any]:
    """The parts of the time: reading, making Python objects, and Qiskit making a target of these."""
    rows: dict[str, Any] = {}
    grids = {f"grid of {width * height}": grid(width, height) for width, height in ((40, 25), (100, 100))}
    real = {name: shipped_payloads(name) for name in ("vigo", "hanoi", "fez")}
    for name, payloads in (real | grids).items():
        rows[name] = _shares(payloads, 5 if name in grids else 100)
    return {"devices": rows}


def _shares(payloads: Payloads, repeats: int) -> dict[str, Any]:
    floor, snapshot, ready = floor_for(payloads), Snapshot.from_payloads(*payloads), native(payloads)
    planner = TargetOptions().planner()
    entries = {name: ready[name] for name in ready.operation_names}
    arguments = {"num_qubits": ready.num_qubits, "dt": ready.dt, "qubit_properties": ready.qubit_properties}

    def qiskit() -> Target:
        target = Target(**arguments)
        for name, each in entries.items():
            operation = ready.operation_from_name(name)
            target.add_instruction(operation, None if isinstance(operation, type) else each, name)
        return target

    sides: dict[str, tuple[Callable[[], Any], int]] = {
        "native": (lambda: native(payloads), repeats),
        "parse": (lambda: Snapshot.from_payloads(*payloads), repeats),
        "objects": (lambda: planner.target(snapshot._native, InstructionProperties, QubitProperties), repeats),
        "qiskit": (qiskit, repeats),
        "floor": (lambda: floor(payloads), repeats),
        "official": (lambda: official(payloads), max(1, repeats // 20)),
    }
    return rounds(sides, 3)


def parsing() -> dict[str, Any]:
    """Bytes to snapshot, as throughput."""
    rows: dict[str, Any] = {}
    for name in shipped_devices():
        payloads = shipped_payloads(name)
        size = sum(map(len, payloads))
        times = rounds({"native": (lambda: Snapshot.from_payloads(*payloads), 60)}, 5)["native"]
        rows[name] = {"bytes": size, **times, "gb_per_s": round(size / times["median"] / 1e3, 3)}
    total = sum(row["bytes"] for row in rows.values()) / sum(row["median"] for row in rows.values()) / 1e3
    return {"devices": rows, "all_gb_per_s": round(total, 3)}


def grids() -> dict[str, Any]:
    """Synthetic devices of 1,000 and 10,000 qubits."""
    rows: dict[str, Any] = {}
    for width, height, ours, theirs in ((40, 25, 10, 1), (100, 100, 3, 1)):
        payloads = grid(width, height)
        assert_targets_equal(official(payloads), native(payloads))
        times = rounds(
            {"native": (lambda: native(payloads), ours), "official": (lambda: official(payloads), theirs)}, 3
        )
        rows[str(width * height)] = {"bytes": sum(map(len, payloads)), **times, "ratio": ratio(times, "official")}
        print(f"  {width * height} qubits: {rows[str(width * height)]['ratio']:.1f}", flush=True)
    growth = rows["10000"]["native"]["median"] / rows["1000"]["native"]["median"]
    return {"qubits": rows, "10000_over_1000": round(growth, 2)}


def views() -> dict[str, Any]:
    """Durations and coupling maps against those that a target makes when it is first asked."""
    rows: dict[str, Any] = {}
    for name in ("fez", "boston", "sherbrooke"):
        payloads = shipped_payloads(name)
        snapshot = Snapshot.from_payloads(*payloads)
        target = build_target(snapshot)
        assert durations_state(build_instruction_durations(snapshot)) == durations_state(target.durations())
        assert coupling_state(build_coupling_map(snapshot)) == coupling_state(target.build_coupling_map())

        def cold_durations(target: Any = target) -> Any:
            # Setting dt is the public way to make a target forget its durations; that takes no time itself.
            target.dt = target.dt
            return target.durations()

        for collect in (True, False):
            # A target that has made its coupling map once keeps it, so each run gets a target of its own.
            fresh = iter([build_target(snapshot) for _ in range(7 * 20 + 1)])
            sides: dict[str, tuple[Callable[[], Any], int]] = {
                "native_durations": (lambda: build_instruction_durations(snapshot), 60),
                "cold_durations": (cold_durations, 20),
                "native_coupling": (lambda: build_coupling_map(snapshot), 60),
                "cold_coupling": (lambda fresh=fresh: next(fresh).build_coupling_map(), 20),
            }
            times = rounds(sides, 7, collect=collect)
            rows[f"{name}, collection {'on' if collect else 'off'}"] = {
                **times,
                "durations_ratio": ratio(times, "cold_durations", "native_durations"),
                "coupling_ratio": ratio(times, "cold_coupling", "native_coupling"),
            }
    return rows


def models() -> dict[str, Any]:
    """Bytes to the model of properties, then every T1, T2, readout error, gate error and gate length."""
    rows: dict[str, Any] = {}
    for name in ("fez", "boston"):
        payloads = shipped_payloads(name)
        places = places_of(payloads)
        assert read_values(native_properties(payloads), places) == read_values(official_properties(payloads), places)
        sides: dict[str, tuple[Callable[[], Any], int]] = {
            "native": (lambda: read_values(native_properties(payloads), places), 10),
            "official": (lambda: read_values(official_properties(payloads), places), 2),
        }
        times = rounds(sides, 5)
        rows[name] = {
            "values": 3 * len(places["qubits"]) + 2 * len(places["gates"]),
            **times,
            "ratio": ratio(times, "official"),
        }
    return rows


def threads() -> dict[str, Any]:
    """``parse_many`` of 200 snapshots on two threads against one."""
    payloads = [shipped_payloads("fez")] * 200
    sides: dict[str, tuple[Callable[[], Any], int]] = {
        "one": (lambda: Snapshot.parse_many(payloads, threads=1), 1),
        "two": (lambda: Snapshot.parse_many(payloads, threads=2), 1),
    }
    times = rounds(sides, 15)
    return {**times, "ratio": ratio(times, "one", "two")}


def memory() -> dict[str, Any]:
    """Peak memory beyond the target itself."""
    program = Path(__file__).with_name("memory.py")
    rows = {}
    for name in ("fez", "100x100"):
        run = subprocess.run([sys.executable, program, name], check=True, capture_output=True, text=True)
        rows[name] = json.loads(run.stdout)
        rows[name]["beyond_target_over_payload"] = round(rows[name]["beyond_target"] / rows[name]["payload"], 2)
    return rows


def imports() -> dict[str, Any]:
    """Importing the package, over an interpreter that imports nothing."""
    programs = {"bare": "pass", "native": "import qiskit_ibm_native", "official": "import qiskit_ibm_runtime"}
    times = processes(programs, 15)
    over = {name: round((times[name]["median"] - times["bare"]["median"]) / 1e3, 2) for name in ("native", "official")}
    return {**times, "native_over_bare_ms": over["native"], "official_over_bare_ms": over["official"]}


SUBJECTS: dict[str, Callable[[], dict[str, Any]]] = {
    each.__name__: each
    for each in (
        imports,
        memory,
        large_devices,
        small_devices,
        devices,
        parsing,
        grids,
        views,
        models,
        threads,
        accelerated,
        local_service,
        provider,
        pulse,
        archive,
        frames,
        sweeps,
        scores,
        carrying,
        realistic_sweeps,
    )
}


def main() -> None:
    """Measure what was asked for and write the results."""
    refuse_debug_build()
    RESULTS.mkdir(exist_ok=True)
    # That one needs an earlier release.
    for name in sys.argv[1:] or [name for name in SUBJECTS if name != "local_service" or "EARLIER" in os.environ]:
        print(name, flush=True)
        result = {"subject": name, "about": SUBJECTS[name].__doc__, "environment": environment(), **SUBJECTS[name]()}
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    write_pages(RESULTS.parent.parent)


if __name__ == "__main__":
    main()
