# SPDX-License-Identifier: Apache-2.0
"""Contents of pictures: series of made-up values, events in them, and results of a small sweep."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.support.sweeping import Serial, ghz, qaoa

from qiskit_ibm_native import ArchiveSeries, Event, Ledger, Sweep, SweepWarning, TaskResult
from qiskit_ibm_native.sweeps.ledger.figures import Figures
from qiskit_ibm_native.sweeps.worker.protocol import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit import QuantumCircuit

START = np.datetime64("2025-01-01T03:00", "us")
DAY = np.timedelta64(1, "D")


def days(count, left_out=()):
    return START + DAY * np.array([day for day in range(count) if day not in left_out])


def series(values, times=None, quantity="t1", gate=None, qubits=None, backend="ibm_test"):
    """Return a series of some values, ``nan`` where there is none."""
    values = np.asarray(values, dtype=float)
    times = days(len(values)) if times is None else times
    if qubits is None:
        numbers = np.arange(values.shape[1], dtype=np.uint32)
        qubits = numbers if gate is None else np.stack([numbers, numbers + 1], axis=1)
    return ArchiveSeries(backend, quantity, gate, times, values, ~np.isnan(values), np.asarray(qubits))


def measured(count=90, qubits=27, seed=1, **choice):
    """Return a series of T1, or of errors, with some values missing."""
    chance = np.random.default_rng(seed)
    values = 150e-6 * np.exp(chance.normal(0, 0.4, (count, qubits)))
    values[chance.random(values.shape) < 0.1] = np.nan
    return series(values, **choice)


def event(kind, day, qubits=(), gate=None, until=None, quantity=None, backend="ibm_test", since=None):
    moments = [None if it is None else datetime.datetime(2025, 1, 1, 3, tzinfo=datetime.timezone.utc)
               + datetime.timedelta(days=it) for it in (day, day if since is None else since, until)]  # fmt: skip
    return Event(backend, kind, moments[0], moments[1], moments[2], datetime.timedelta(), gate, tuple(qubits), quantity,
                 None, "worked", "not operational")  # fmt: skip


def two_qubit_gates(circuit: QuantumCircuit) -> float:
    return circuit.num_nonlocal_gates()


def swept(path: Path) -> Any:
    """Return 64 results of two devices, of which one is too small for one of two circuits: 16 tasks failed."""
    sweep = Sweep(
        [qaoa(5, 3), ghz(7)], ["lima", "hanoi"], optimization_level=[1, 2], seeds=range(8),
        metrics={"gates": two_qubit_gates},
    )  # fmt: skip
    with pytest.warns(SweepWarning, match="16 of 64 tasks failed"):
        return sweep.run(Serial(), path)


def imagined(path: Path) -> Ledger:
    """Return a ledger of results that no transpiler made, so that they are the same with every version of it."""
    chance = np.random.default_rng(4)
    sweep, ledger = Sweep(ghz(4), ["lima", "hanoi"], optimization_level=[1, 2, 3], seeds=range(30)), Ledger(path)
    results = []
    for index in range(len(sweep)):
        task = sweep[index]
        depth = int((120 if task.backend == "ibm_hanoi" else 80) / task.optimization_level + chance.gamma(4, 6))
        esp = float(0.9 - 0.003 * depth + 0.05 * chance.random() - 0.05 * task.optimization_level)
        fails = task.backend == "ibmq_lima" and chance.random() < 0.15
        error = ("TranspilerError", "no good") if fails else None
        outcome = Outcome(None if fails else Figures(depth=depth, esp=esp), None, error, 0.1, 0.1, "here", 1)
        results.append((index, TaskResult.from_outcome(sweep, index, outcome)))
    ledger.write(sweep, results)
    return ledger
