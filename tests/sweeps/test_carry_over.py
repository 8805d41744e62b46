# SPDX-License-Identifier: Apache-2.0
"""Results of one calibration that stay right on another are known before anything is transpiled."""

from __future__ import annotations

from pathlib import Path

import pytest
from qiskit import QuantumCircuit
from qiskit.providers.fake_provider import GenericBackendV2
from tests.support.sweeping import Serial, ghz, qft

from qiskit_ibm_native import CarriedOver, Ledger, Snapshot, Sweep, score
from qiskit_ibm_native.exceptions import IBMInputValueError, SweepError
from qiskit_ibm_native.sweeps.results import SweepResults

#: Figures that are those of the circuit, whatever the calibration is.
OF_THE_CIRCUIT = ("depth", "two_qubit_depth", "two_qubit_count", "size", "num_qubits", "operations", "layout", "final_layout")


def chain() -> list[QuantumCircuit]:
    return [ghz(3), qft(3)]


def done(path: Path, snapshots: list[Snapshot], **options: object) -> SweepResults:
    results = Sweep(chain(), snapshots, **options).run(Serial(), path, keep_circuits=True)
    assert not results.errors
    return results


def unused_and_used(result: object, num_qubits: int) -> tuple[int, int]:
    """Return a qubit that a result does not use, and one that it does."""
    circuit = result.transpiled
    used = {circuit.find_bit(bit).index for step in circuit.data if step.name != "barrier" for bit in step.qubits}
    return min(set(range(num_qubits)) - used), min(used)


@pytest.fixture
def fez() -> Snapshot:
    return Snapshot.load("fez")


def test_results_that_nothing_of_theirs_changed_for_are_carried_over_before_transpiling(tmp_path: Path, fez: Snapshot) -> None:
    path = tmp_path / "ledger.sqlite3"
    before = done(path, [fez])
    unused, used = unused_and_used(before[0], 156)
    while used in {before[1].transpiled.find_bit(bit).index for step in before[1].transpiled.data for bit in step.qubits if step.name != "barrier"}:
        pytest.skip("both circuits use the same qubits")  # pragma: no cover
    today = fez.with_overrides(t1={unused: 1e-6, used: 20e-6})
    sweep = Sweep(chain(), [fez, today])
    assert sweep.carry_over(path) == CarriedOver(carried=1, known=2, missing=1)
