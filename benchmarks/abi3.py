# SPDX-License-Identifier: Apache-2.0
"""The cost of the stable ABI: the same work by a wheel for it and by a wheel for this version of Python, in turn.

Usage: python abi3.py; builds both wheels into a temporary folder. With ``--measure`` it prints medians instead.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROUNDS = 7
ROOT = Path(__file__).parent.parent


def measure() -> dict[str, float]:
    """Return median microseconds by work, by the package that is on the path."""
    from qiskit_ibm_native import Snapshot, build_coupling_map, build_instruction_durations, build_target

    fez = Snapshot.load("fez")
    work = {
        "bytes to target, fez": lambda: build_target(Snapshot.from_payloads(*fez.payloads)),
        "durations, fez": lambda: build_instruction_durations(fez),
        "coupling map, fez": lambda: build_coupling_map(fez),
    }
    medians = {}
    for name, call in work.items():
        times = []
        for _ in range(200):
            start = time.perf_counter()
            result = call()
            times.append(time.perf_counter() - start)
            del result
        medians[name] = statistics.median(times) * 1e6
    return medians


def main() -> None:
    """Build, measure in turn, write the result."""
    if "--measure" in sys.argv:
        print(json.dumps(measure()))
        return
    found: dict[str, list[dict[str, float]]] = {"version": [], "abi3": []}
    with tempfile.TemporaryDirectory() as folder:
        for kind, options in (("version", ["--no-default-features"]), ("abi3", [])):
            command = [
                "maturin",
                "build",
                "--release",
                "--locked",
                "--quiet",
                "-i",
                sys.executable,
                "-o",
                folder + kind,
            ]
            subprocess.run([*command, *options], check=True, cwd=ROOT)
            (wheel,) = Path(folder + kind).glob("*.whl")
            zipfile.ZipFile(wheel).extractall(Path(folder, kind))
        for _ in range(ROUNDS):
            for kind, each in found.items():
                environment = os.environ | {"PYTHONPATH": str(Path(folder, kind))}
                command = [sys.executable, __file__, "--measure"]
                run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
                each.append(json.loads(run.stdout))
    work = {}
    for name in found["abi3"][0]:
        version, abi3 = (statistics.median(each[name] for each in found[kind]) for kind in ("version", "abi3"))
        cost = round(100 * (abi3 / version - 1), 1)
        work[name] = {"version": round(version, 1), "abi3": round(abi3, 1), "cost_percent": cost}
    result = {"subject": "abi3", "about": main.__doc__, "python": sys.version.split()[0], "work": work}
    (ROOT / "benchmarks/results/abi3.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(work, indent=1))


main()
