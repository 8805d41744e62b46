# SPDX-License-Identifier: Apache-2.0
"""A small sweep beside the loop that it replaces: the same circuits, the same seeds, the same results."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._threads import available_processors
from ..sweeps.sweep import Sweep
from ..target import build_target

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from ..snapshot import Snapshot

#: Share of the time for the loop, of which the sweep takes a part; and the numbers of seeds.
_LOOP, _LEAST_SEEDS, _MOST_SEEDS = 0.5, 2, 500
#: Qubits of the circuits, on devices that have them.
_QUBITS = (8, 12)


@dataclass(frozen=True)
class SweepTiming:
    """Times of a sweep and of a loop over the same tasks.

    Attributes:
        device: The device.
        tasks: Number of circuits that each transpiled.
        workers: Number of the sweep's workers.
        loop: Time of the loop with ``transpile`` and a target that is there, s.
        sweep: Time of the sweep, with workers that run already, s.
        start: Time of a sweep before it, of a few tasks, which starts the workers, s.
        differences: Tasks whose circuits differ.

    Examples:
        >>> from qiskit_ibm_native.diagnosis import run_benchmark
        >>> benchmark = run_benchmark(0.1, devices=["lima"], progress=False)
        >>> benchmark.sweep.tasks > 0, benchmark.sweep.differences
        (True, ())
    """

    device: str
    tasks: int
    workers: int
    loop: float
    sweep: float
    start: float
    differences: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """Time of the loop, divided by that of the sweep."""
        return self.loop / self.sweep

    def to_dict(self) -> dict[str, Any]:
        """Return the times for JSON, s."""
        return {**asdict(self), "differences": list(self.differences), "ratio": self.ratio}


def sweep_timing(snapshot: Snapshot, seconds: float) -> SweepTiming:
    """Time a sweep over two circuits and many seeds, and the loop over them; compare the circuits that come out.

    Args:
        snapshot: The device.
        seconds: Time that both take, about, which decides the number of seeds.
    """
    target, circuits = build_target(snapshot), _circuits(snapshot.num_qubits)
    # Not timed: Qiskit imports its plug-ins when it first transpiles.
    _loop(target, circuits, range(1))
    begin = time.perf_counter()
    _loop(target, circuits, range(1))
    once = time.perf_counter() - begin
    seeds = range(max(_LEAST_SEEDS, min(_MOST_SEEDS, int(_LOOP * seconds / once))))
    begin = time.perf_counter()
    expected = _loop(target, circuits, seeds)
    loop = time.perf_counter() - begin
    workers = available_processors()
    with ThreadPoolExecutor(workers) as executor:
        begin = time.perf_counter()
        Sweep(circuits, snapshot, seeds=range(_MOST_SEEDS, _MOST_SEEDS + 2 * workers)).run(executor, progress=False)
        start = time.perf_counter() - begin
        begin = time.perf_counter()
        results = Sweep(circuits, snapshot, seeds=seeds).run(executor, keep_circuits=True, progress=False)
        sweep = time.perf_counter() - begin
    with results.ledger:
        differing = tuple(
            f"{result.circuit} with seed {result.seed}"
            for result, circuit in zip(results, expected, strict=True)
            if result.transpiled != circuit
        )
    return SweepTiming(snapshot.name, len(expected), workers, loop, sweep, start, differing)


def _loop(target: Target, circuits: list[QuantumCircuit], seeds: range) -> list[QuantumCircuit]:
    """Transpile as a program without sweeps does."""
    from qiskit import transpile

    return [
        transpile(circuit, target=target, optimization_level=2, seed_transpiler=seed)
        for seed in seeds
        for circuit in circuits
    ]


def _circuits(num_qubits: int) -> list[QuantumCircuit]:
    """Return circuits that need routing: every qubit meets every other one."""
    from qiskit import QuantumCircuit

    circuits = []
    for width in _QUBITS:
        size = min(width, num_qubits)
        circuit = QuantumCircuit(size, name=f"all pairs of {width} qubits")
        circuit.h(range(size))
        for first in range(size):
            for second in range(first):
                circuit.rzz(0.1 + 0.01 * first, second, first)
        circuit.measure_all()
        circuits.append(circuit)
    return circuits
