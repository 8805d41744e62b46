# SPDX-License-Identifier: Apache-2.0
"""The sweep of the examples: which circuits, devices and seeds. The programs beside this one only say where it runs."""

from __future__ import annotations

import argparse

from qiskit import QuantumCircuit
from qiskit.circuit.library import quantum_volume

from qiskit_ibm_native import Sweep, SweepResults


def ghz(num_qubits: int) -> QuantumCircuit:
    """Return a circuit that entangles ``num_qubits`` qubits."""
    circuit = QuantumCircuit(num_qubits, name=f"ghz {num_qubits}")
    circuit.h(0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def volume(num_qubits: int) -> QuantumCircuit:
    """Return a circuit of random gates on random pairs."""
    circuit = quantum_volume(num_qubits, seed=7)
    circuit.name = f"volume {num_qubits}"
    circuit.measure_all()
    return circuit


def described(seeds: int) -> Sweep:
    """Return the sweep: four circuits on three devices, with two optimization levels."""
    circuits = [ghz(4), ghz(8), volume(3), volume(5)]
    return Sweep(circuits, ["fez", "torino", "sherbrooke"], optimization_level=(1, 2), seeds=range(seeds))


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return what all programs can be told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--ledger", default="sweep.sqlite3", help="where to keep results (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds to try (default: %(default)s)")
    return parser


def report(results: SweepResults) -> None:
    """Print the best result of each circuit on each device."""
    print(f"{len(results)} tasks in {results.ledger.path}, {len(results.errors)} failed")
    for best in results.ledger.best(per=("circuit", "snapshot"), sweep=results.sweep):
        print(
            f"{best.circuit:>10} on {best.backend:14} esp {best.esp:.3f}, level {best.optimization_level}, seed {best.seed}"
        )
