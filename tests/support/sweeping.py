# SPDX-License-Identifier: Apache-2.0
"""Circuits of well-known families, and pass managers that behave badly."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import CCXGate, QFTGate, quantum_volume
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import random_clifford
from qiskit.transpiler import PassManager, generate_preset_pass_manager
from qiskit.transpiler.basepasses import TransformationPass

if TYPE_CHECKING:
    from qiskit_ibm_native import TaskResult
    from qiskit_ibm_native.sweeps.worker.protocol import Chunk


def ghz(num_qubits: int, name: str | None = None) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits, name=name or f"ghz_n{num_qubits}")
    circuit.h(0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def qft(num_qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits, name=f"qft_n{num_qubits}")
    circuit.append(QFTGate(num_qubits), range(num_qubits))
    circuit.measure_all()
    return circuit


def qaoa(num_qubits: int, seed: int) -> QuantumCircuit:
    """One layer for a random cut."""
    chance = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits, name=f"qaoa_n{num_qubits}_{seed}")
    circuit.h(range(num_qubits))
    for first in range(num_qubits):
        for second in range(first):
            if chance.random() < 0.5:
                circuit.rzz(chance.uniform(0, np.pi), first, second)
    circuit.rx(chance.uniform(0, np.pi), range(num_qubits))
    circuit.measure_all()
    return circuit


def families(num_qubits: int = 5) -> list[QuantumCircuit]:
    """Return one circuit of each family that fits a device of ``num_qubits`` qubits."""
    volume = quantum_volume(num_qubits - 1, 3, seed=7)
    volume.name = f"qv_n{num_qubits - 1}"
    anything = random_circuit(num_qubits - 1, 6, max_operands=2, measure=True, seed=11)
    anything.name = "random"
    return [ghz(num_qubits), qft(num_qubits - 1), qaoa(num_qubits, 3), volume.measure_all(inplace=False), anything]


class Swing(Gate):
    """A gate that Qiskit does not know."""

    def __init__(self, angle: Any) -> None:
        super().__init__("swing", 2, [angle])

    def _define(self) -> None:
        self.definition = QuantumCircuit(2)
        self.definition.cx(0, 1)
        self.definition.rx(self.params[0], 1)
        self.definition.cx(0, 1)


class Misbehaving(TransformationPass):
    """Does what the name of the circuit says."""

    def run(self, dag: Any) -> Any:
        action = dag.name.partition("_")[0]
        if action == "exit":
            os._exit(3)
        if action == "segfault":
            ctypes.string_at(0)
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        if action == "hang":
            time.sleep(10_000)
        if action == "spin":
            while True:
                pass
        if action == "eat":
            eaten = []
            while True:
                eaten.append(bytearray(20_000_000))
        if action == "fork" and os.fork() == 0:
            # A reader that waits for the end of the channel waits for this process.
            time.sleep(10_000)
        if action == "fork":
            os._exit(4)
        if action == "forkhang":
            os.fork()
            time.sleep(10_000)
        if action == "surrogate":
            raise ValueError(os.fsdecode(b"no file \xff"))
        if action == "chatter":
            while True:
                os.write(2, b"x" * 100_000)
        if action == "leave":
            sys.exit(5)
        if action == "raise":
            raise ValueError("no good")
        if action == "once":
            # Goes wrong the first time only; where that is noted, the environment says.
            with Path(os.environ["SWEEPING_NOTES"]).open("a+") as notes:
                notes.seek(0)
                if dag.name not in notes.read().split():
                    notes.write(f"{dag.name}\n")
                    notes.flush()
                    os._exit(1)
        if action == "print":
            sys.stdout.write("printed by a pass")
            os.write(2, b"x" * 100_000)
        return dag


def misbehaving(target: Any, **options: Any) -> PassManager:
    """Make Qiskit's pass manager, with a pass that does what names of circuits say."""
    manager = generate_preset_pass_manager(target=target, **options)
    manager.init += PassManager([Misbehaving()])
    return manager


def changing(target: Any, **options: Any) -> PassManager:
    """Make Qiskit's pass manager, and change what it was given."""
    target.add_instruction(CCXGate(), {(0, 1, 2): None}, name="mine")
    options["seed_transpiler"] += 1
    return generate_preset_pass_manager(target=target, **options)


class Slow(TransformationPass):
    """Takes a while."""

    def run(self, dag: Any) -> Any:
        time.sleep(0.02)
        return dag


def slow(target: Any, **options: Any) -> PassManager:
    """Make Qiskit's pass manager, and one that takes 20 ms more."""
    manager = generate_preset_pass_manager(target=target, **options)
    manager.init += PassManager([Slow()])
    return manager


#: Attributes that may differ from run to run.
MEASURED = {"wall_time", "cpu_time", "worker", "attempts", "packed"}


def named(*names: str) -> list[QuantumCircuit]:
    return [ghz(2, name) for name in names]


def facts(result: TaskResult) -> dict[str, Any]:
    """Return the attributes that have to be the same on every worker."""
    return {name: value for name, value in vars(result).items() if name not in MEASURED}


class Serial(Executor):
    """Does everything at once."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        future.set_result(function(*args, **kwargs))
        return future


class Metered(Executor):
    """Has workers of its own, and counts what is sent to each."""

    def __init__(self, workers: int) -> None:
        self.pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in range(workers)]
        self.sent: list[tuple[int, Chunk, int]] = []
        self.turn = 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future:
        self.turn += 1
        pool = self.turn % len(self.pools)
        self.sent.append((pool, args[0], len(pickle.dumps((function, args, kwargs), protocol=5))))
        return self.pools[pool].submit(function, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for pool in self.pools:
            pool.shutdown(wait, cancel_futures=cancel_futures)


def trotter(num_qubits: int, steps: int) -> QuantumCircuit:
    """Return steps of the transverse Ising model on a chain."""
    circuit = QuantumCircuit(num_qubits, name=f"trotter_n{num_qubits}_{steps}")
    for _ in range(steps):
        circuit.rx(0.3, range(num_qubits))
        for parity in (0, 1):
            for qubit in range(parity, num_qubits - 1, 2):
                circuit.rzz(0.2, qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def realistic() -> list[QuantumCircuit]:
    """Return 20 circuits of 5 to 100 qubits, as people transpile them."""
    anything = [
        random_circuit(size, depth, max_operands=2, measure=True, seed=size)
        for size, depth in ((5, 20), (10, 20), (20, 20))
    ]
    cliffords = [random_clifford(size, seed=size).to_circuit().measure_all(inplace=False) for size in (5, 8, 12)]
    for number, circuit in enumerate((*anything, *cliffords)):
        circuit.name = f"{'random' if number < len(anything) else 'clifford'}_n{circuit.num_qubits}"
    return [
        *map(qft, (5, 10, 14, 16)), *map(ghz, (5, 50, 100)), *(qaoa(size, size) for size in (8, 12, 16, 20)),
        *anything, *cliffords, trotter(20, 10), trotter(50, 5), trotter(100, 3),
    ]  # fmt: skip
