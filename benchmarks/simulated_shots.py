# SPDX-License-Identifier: Apache-2.0
"""Error bars of large simulated circuits: variances of bits between repetitions, over those of independent shots.

    python benchmarks/simulated_shots.py [REPETITIONS] [CIRCUIT ...]

writes ``results/simulated_shots.json``. Times are processor times of a circuit with one thread. A ratio of a bit from
eight repetitions is off by a half now and then; the largest of twenty is above 2 for independent shots, too.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.local.engine import BoundCircuit, SimulationOptions, run

FEZ = Snapshot.load("fez")
SHOTS = 4000
RESULTS = Path(__file__).parent / "results" / "simulated_shots.json"


def line(length: int) -> list[int]:
    """Return qubits in a row between which gates err little: on the real device, some do not work at all."""
    good = {qubits for qubits, entry in build_target(FEZ)["cz"].items() if entry.error < 0.02}
    neighbours: dict[int, list[int]] = {}
    for one, other in sorted(good | {(other, one) for one, other in good}):
        neighbours.setdefault(one, []).append(other)

    def extended(path: list[int]) -> list[int] | None:
        if len(path) == length:
            return path
        for other in neighbours[path[-1]]:
            longer = extended([*path, other]) if other not in path else None
            if longer:
                return longer
        return None

    return next(path for start in neighbours if (path := extended([start])) is not None)


def layers(qubits: list[int], pairs: list[list[tuple[int, int]]], depth: int, is_mirrored: bool) -> QuantumCircuit:
    """Return layers of random rotations and ``cz``; mirrored, they are undone again."""
    random = np.random.default_rng(3)
    half = QuantumCircuit(156)
    for layer in range(depth):
        for qubit in qubits:
            half.sx(qubit)
            half.rz(float(random.uniform(0, 6)), qubit)
            half.sx(qubit)
        for one, other in pairs[layer % len(pairs)]:
            half.cz(one, other)
    circuit = QuantumCircuit(156, len(qubits))
    circuit.compose(half, inplace=True)
    if is_mirrored:
        for instruction in reversed(half.data):
            if instruction.name == "sx":
                circuit.rz(np.pi, instruction.qubits[0])
                circuit.sx(instruction.qubits[0])
                circuit.rz(np.pi, instruction.qubits[0])
            else:
                circuit.append(instruction.operation.inverse(), instruction.qubits)
    else:
        circuit.sx(qubits)
    circuit.measure(qubits, range(len(qubits)))
    return circuit


def on_line(length: int, depth: int, is_mirrored: bool = False) -> QuantumCircuit:
    """Return layers on a line."""
    qubits = line(length)
    pairs = [[(qubits[one], qubits[one + 1]) for one in range(start, length - 1, 2)] for start in (0, 1)]
    return layers(qubits, pairs, depth, is_mirrored)


def on_ring(length: int, depth: int) -> QuantumCircuit:
    """Return layers on the first qubits that can be reached, all of whose edges are used."""
    edges = {tuple(sorted(qubits)) for qubits, entry in build_target(FEZ)["cz"].items() if entry.error < 0.02}
    reached = [0]
    for qubit in reached:
        reached += sorted({other for edge in edges if qubit in edge for other in edge} - set(reached))
        if len(reached) >= length:
            break
    qubits = sorted(reached[:length])
    left = sorted(edge for edge in edges if set(edge) <= set(qubits))
    pairs: list[list[tuple[int, int]]] = [[], [], []]
    for one, other in left:
        free = next(group for group in pairs if not any({one, other} & set(pair) for pair in group))
        free.append((one, other))
    return layers(qubits, pairs, depth, False)


CIRCUITS = {
    "line of 16, depth 6": lambda: on_line(16, 6),
    "line of 18, depth 6": lambda: on_line(18, 6),
    "line of 20, depth 6": lambda: on_line(20, 6),
    "line of 22, depth 8": lambda: on_line(22, 8),
    "line of 40, depth 6": lambda: on_line(40, 6),
    "16 of the lattice, depth 6": lambda: on_ring(16, 6),
    "18 of the lattice, depth 6": lambda: on_ring(18, 6),
    "20 of the lattice, depth 6": lambda: on_ring(20, 6),
    "line of 16, depth 4, undone": lambda: on_line(16, 4, is_mirrored=True),
    "line of 20, depth 6, undone": lambda: on_line(20, 6, is_mirrored=True),
}


def measured(circuit: QuantumCircuit, repetitions: int) -> dict[str, Any]:
    """Return ratios, times and what results tell of a circuit."""
    done, seconds = [], []
    for repetition in range(repetitions):
        start = time.process_time()
        done += run([BoundCircuit(circuit, SHOTS)], SimulationOptions(FEZ, seed=1000 + repetition))
        seconds.append(time.process_time() - start)
    means = np.array([one.bits.mean(axis=0) for one in done])
    mean = means.mean(axis=0)
    ratios = means.var(axis=0, ddof=1) / (mean * (1 - mean) / SHOTS)
    effective = [one.effective_shots or SHOTS for one in done]
    return {
        "repetitions": repetitions,
        "ratio_mean": round(float(ratios.mean()), 2),
        "ratio_max": round(float(ratios.max()), 2),
        "effective_shots": round(statistics.median(effective)),
        "states": done[0].trajectories,
        "cpu_seconds": round(statistics.median(seconds), 2),
    }


def main() -> None:
    """Measure, and write the results after each circuit."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    content: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"circuits": {}}
    content.update(shots=SHOTS, device="fez", machine=f"{platform.machine()}, {os.cpu_count()} processors")
    for name in sys.argv[2:] or CIRCUITS:
        content["circuits"][name] = measured(CIRCUITS[name](), repetitions)
        print(name, content["circuits"][name], flush=True)
        RESULTS.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
