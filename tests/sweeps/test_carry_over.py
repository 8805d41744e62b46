# SPDX-License-Identifier: Apache-2.0
"""Results of one calibration that stay right on another are known before anything is transpiled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.providers.fake_provider import GenericBackendV2
from tests.support.sweeping import Serial, ghz, named, qft

from qiskit_ibm_native import CarriedOver, Ledger, Snapshot, Sweep, TaskResult, build_target, score
from qiskit_ibm_native.exceptions import IBMInputValueError, SweepError

FEZ = Snapshot.load("fez")
#: Figures that are those of the circuit, whatever the calibration is.
OF_THE_CIRCUIT = (
    "depth", "two_qubit_depth", "two_qubit_count", "size", "num_qubits", "operations", "layout", "final_layout",
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def run(path: Path, snapshots: Any, circuits: Any = None, **options: Any) -> list[TaskResult]:
    results = Sweep(circuits or [ghz(3), qft(3)], snapshots, **options).run(Serial(), path, keep_circuits=True)
    assert not results.errors
    return list(results)


def used_by(circuit: QuantumCircuit) -> list[int]:
    """Return the qubits of a circuit that do something."""
    return sorted({
        circuit.find_bit(bit).index for step in circuit.data if step.name != "barrier" for bit in step.qubits
    })  # fmt: skip


def pair_of(circuit: QuantumCircuit) -> tuple[int, ...]:
    """Return the qubits of the first gate on two."""
    return next(
        tuple(circuit.find_bit(bit).index for bit in step.qubits)
        for step in circuit.data
        if len(step.qubits) == 2 and step.name != "barrier"
    )


def test_results_that_nothing_changed_for_are_carried_over_and_the_rest_is_transpiled(path: Path) -> None:
    first, second = run(path, FEZ)
    idle = min({*range(156)} - {*used_by(first.transpiled), *used_by(second.transpiled)})
    today = FEZ.with_overrides(t1={idle: 1e-6, used_by(first.transpiled)[0]: 15e-6})
    sweep = Sweep([ghz(3), qft(3)], [FEZ, today])
    assert sweep.carry_over(path) == CarriedOver(carried=1, known=2, missing=1)
    results = sweep.run(Serial(), path, keep_circuits=True)
    anew, carried = results[2], results[3]
    assert (anew.carried_from, carried.carried_from) == (None, second.task_id)
    assert carried.task_id == sweep[3].id != second.task_id
    assert carried.snapshot_digest == today.digest != second.snapshot_digest
    assert carried.transpiled == second.transpiled
    assert [getattr(carried, name) for name in OF_THE_CIRCUIT] == [getattr(second, name) for name in OF_THE_CIRCUIT]
    assert anew.transpiled == transpile(ghz(3), target=build_target(today), optimization_level=2, seed_transpiler=0)
    # Nothing is left to do, and results of before are as they were.
    assert sweep.carry_over(path) == CarriedOver(0, 4, 0)
    assert [result.carried_from for result in results[:2]] == [None, None]


def test_success_probabilities_of_carried_results_are_those_of_the_new_calibration(path: Path) -> None:
    (first,) = run(path, FEZ, ghz(4))
    today = FEZ.with_overrides(t1={qubit: FEZ.columns.t1[qubit] * 0.97 for qubit in used_by(first.transpiled)})
    sweep = Sweep(ghz(4), [FEZ, today])
    assert sweep.carry_over(path) == CarriedOver(0, 1, 1)
    assert sweep.carry_over(path, rtol=0.02).carried == 0
    assert sweep.carry_over(path, rtol=0.05).carried == 1
    with Ledger(path) as ledger:
        carried = ledger[sweep[1].id]
    assert carried.esp == score(first.transpiled, today).esp[0] < first.esp


@pytest.mark.parametrize("change", ["error", "duration", "t2", "readout_error", "operational"])
def test_any_change_of_something_used_forbids_to_carry_over(path: Path, change: str) -> None:
    (first,) = run(path, FEZ, ghz(3))
    pair = pair_of(first.transpiled)
    values: dict[str, Any] = {
        "error": {("cz", pair): 0.01}, "duration": {("cz", pair): 90e-9}, "t2": {pair[0]: 3e-6},
        "readout_error": {pair[0]: 0.2}, "operational": {("cz", pair): False},
    }  # fmt: skip
    today = FEZ.with_overrides(**{change: values[change]})
    assert Sweep(ghz(3), [FEZ, today]).carry_over(path) == CarriedOver(0, 1, 1)


def test_small_changes_do_not_add_up_from_one_calibration_to_the_next(path: Path) -> None:
    (first,) = run(path, FEZ, ghz(3))
    qubit = used_by(first.transpiled)[0]
    value = FEZ.columns.t1[qubit]
    days = [FEZ.with_overrides(t1={qubit: value * (1 - 0.03 * day)}) for day in (1, 2)]
    assert Sweep(ghz(3), [FEZ, days[0]]).carry_over(path, rtol=0.04).carried == 1
    # 3 % from the day before, 6 % from the day for which the circuit was transpiled.
    assert Sweep(ghz(3), [FEZ, *days]).carry_over(path, rtol=0.04) == CarriedOver(0, 2, 1)
    assert Sweep(ghz(3), [FEZ, *days]).carry_over(path, rtol=0.07) == CarriedOver(1, 2, 0)


def test_only_results_of_the_same_circuit_setting_seed_layout_and_device_are_carried_over(path: Path) -> None:
    run(path, FEZ, ghz(3), optimization_level=1)
    idle = FEZ.with_overrides(t1={155: 1e-6})
    kingston = Snapshot.load("kingston")
    for other in (
        Sweep(ghz(4), [FEZ, idle], optimization_level=1), Sweep(ghz(3), [FEZ, idle], optimization_level=0),
        Sweep(ghz(3), [FEZ, idle], optimization_level=1, seeds=1),
        Sweep(ghz(3), [FEZ, idle], optimization_level=1, initial_layout=[0, 1, 2]),
        Sweep(ghz(3), [FEZ, idle], optimization_level=1, use_fractional_gates=False),
        Sweep(ghz(3), [FEZ, idle], optimization_level=1, options={"layout_method": "trivial"}),
        Sweep(ghz(3), [FEZ, kingston], optimization_level=1),
    ):  # fmt: skip
        assert other.carry_over(path).carried == 0
    assert Sweep(ghz(3), [FEZ, idle], optimization_level=1).carry_over(path).carried == 1


def test_scheduled_circuits_stay_only_where_durations_do(path: Path) -> None:
    options = {"options": {"scheduling_method": "alap"}, "optimization_level": 1}
    (first,) = run(path, FEZ, ghz(3), **options)
    assert first.duration is not None
    pair = pair_of(first.transpiled)
    duration = build_target(FEZ)["cz"][pair].duration
    longer = FEZ.with_overrides(duration={("cz", pair): duration * 1.05})
    weaker = FEZ.with_overrides(error={("cz", pair): build_target(FEZ)["cz"][pair].error * 1.05})
    assert Sweep(ghz(3), [FEZ, longer], **options).carry_over(path, rtol=0.1).carried == 0
    assert Sweep(ghz(3), [FEZ, weaker], **options).carry_over(path, rtol=0.1).carried == 1


def test_the_nearest_calibration_is_the_one_that_counts(path: Path) -> None:
    days = [
        FEZ,
        FEZ.with_overrides(t1={155: 1e-6}),
        FEZ.with_overrides(t1={155: 2e-6}),
        FEZ.with_overrides(t1={155: 3e-6}),
    ]
    results = run(path, [days[0], days[3]], ghz(3))
    sweep = Sweep(ghz(3), days)
    assert sweep.carry_over(path) == CarriedOver(2, 2, 0)
    with Ledger(path) as ledger:
        assert [ledger[task.id].carried_from for task in sweep] == [None, results[0].task_id, results[1].task_id, None]


@pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")
def test_failures_targets_and_results_without_circuits_are_not_carried_over(path: Path) -> None:
    today = Snapshot.load("lima").with_overrides(t1={4: 1e-6})
    devices = [Snapshot.load("lima"), today, GenericBackendV2(5, seed=1)]
    Sweep(ghz(2), devices[0]).run(Serial(), path)
    Sweep(ghz(6), devices[0]).run(Serial(), path, keep_circuits=True)
    assert Sweep([ghz(2), ghz(6)], devices).carry_over(path) == CarriedOver(0, 2, 4)


def test_a_task_that_is_in_the_sweep_twice_is_carried_over_once(path: Path) -> None:
    run(path, FEZ, ghz(3))
    sweep = Sweep([ghz(3), ghz(3)], [FEZ, FEZ.with_overrides(t1={155: 1e-6})])
    found = sweep.carry_over(path)
    assert (found.missing, found.known + found.carried) == (0, 4)
    with Ledger(path) as ledger:
        assert len(ledger) == 2


def test_claimed_tasks_are_left_to_the_run_that_does_them(path: Path) -> None:
    run(path, FEZ, named("a", "b"))
    sweep = Sweep(named("a", "b"), [FEZ, FEZ.with_overrides(t1={155: 1e-6})])
    with Ledger(path) as ledger:
        claims = ledger.claims(with_circuit=True, retry_failed=False)
        assert claims.take([sweep.task_id(2)]).ours
        assert sweep.carry_over(ledger) == CarriedOver(carried=1, known=2, missing=1)
        claims.drop()
        assert sweep.carry_over(ledger) == CarriedOver(carried=1, known=3, missing=0)


def test_wrong_arguments_are_told(path: Path) -> None:
    sweep = Sweep(ghz(3), FEZ)
    with pytest.raises(SweepError, match="name the ledger that has its results"):
        sweep.carry_over()
    with pytest.raises(FileNotFoundError):
        sweep.carry_over(path)
    run(path, FEZ)
    with pytest.raises(IBMInputValueError, match="rtol must be a number that is not negative"):
        sweep.carry_over(path, rtol=-1)
