# SPDX-License-Identifier: Apache-2.0
"""Figures of the user's own: run where the circuit is, kept in ledgers, columns of tables."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from tests.support.sweeping import Serial, ghz, qft

from qiskit_ibm_native import Ledger, Sweep
from qiskit_ibm_native.exceptions import IBMInputValueError

pytestmark = pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")


def cz_depth(circuit: QuantumCircuit) -> int:
    return circuit.depth(lambda instruction: instruction.name in {"cz", "cx"})


def rotations(circuit: QuantumCircuit) -> Any:
    return np.int64(circuit.count_ops().get("rz", 0))


def third(circuit: QuantumCircuit) -> Fraction:
    circuit.clear()
    return Fraction(1, 3)


def nothing(circuit: QuantumCircuit) -> None:
    return None


def failing(circuit: QuantumCircuit) -> float:
    if circuit.num_clbits == 3:
        raise KeyError("three")
    return 1.0


def endless(circuit: QuantumCircuit) -> float:
    return float("inf")


def wordy(circuit: QuantumCircuit) -> Any:
    return "many"


def full(circuit: QuantumCircuit) -> float:
    raise OSError(28, "No space left on device")


def lost(circuit: QuantumCircuit) -> float:
    raise FileNotFoundError("no such thing")


@pytest.mark.slow
def test_metrics_are_measured_kept_tabulated_and_best(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    metrics = {"rotations": rotations, "cz_depth": cz_depth, "third": third, "nothing": nothing}
    sweep = Sweep([ghz(4), qft(4)], "lima", optimization_level=(0, 3), seeds=range(2), metrics=metrics)
    results = sweep.run(Serial(), path, keep_circuits=True, progress=False)
    for result in results:
        assert result.error is None
        assert dict(result.metrics) == {
            "cz_depth": cz_depth(result.transpiled), "rotations": rotations(result.transpiled), "third": 1 / 3,
            "nothing": None,
        }  # fmt: skip
    # A metric that changes its circuit changes neither the figures nor what is kept.
    assert all(result.size > 0 and result.transpiled.size() == result.size for result in results)
    table = results.table()
    assert table["cz_depth"].to_pylist() == [result.metrics["cz_depth"] for result in results]
    assert table["nothing"].null_count == len(sweep)
    with Ledger(path) as ledger:
        assert ledger.columns().metrics == ("cz_depth", "nothing", "rotations", "third")
        assert set(metrics) <= set(ledger.table().schema.names)
        for by, choose in (("cz_depth", min), ("-cz_depth", max)):
            for source in (None, sweep):
                found = ledger.best(by=by, per="circuit", sweep=source)
                assert len(found) == 2
                for best in found:
                    known = [result.metrics["cz_depth"] for result in results if result.circuit == best.circuit]
                    assert best.metrics["cz_depth"] == choose(known)
        assert ledger.best(by="nothing") == []
        for by in ("cx_depth", "-depth", "--cz_depth", "-", ""):
            with pytest.raises(IBMInputValueError, match=r"by is one of depth, .*cz_depth.*-cz_depth"):
                ledger.best(by=by)
        assert ledger.to_parquet(tmp_path / "results.parquet") == len(sweep)


@pytest.mark.parametrize(
    ("metric", "error"),
    [
        (failing, "MetricError: The metric 'mine' failed: KeyError: 'three'"),
        (endless, "MetricError: The metric 'mine' returned inf, which is neither a finite number nor None."),
        (wordy, "MetricError: The metric 'mine' returned 'many', which is neither a finite number nor None."),
        (lost, "MetricError: The metric 'mine' failed: FileNotFoundError: no such thing"),
    ],
)
def test_a_metric_that_fails_is_the_error_of_its_task(metric: Any, error: str) -> None:
    (result,) = Sweep(ghz(3), "lima", metrics={"mine": metric}).run(Serial(), retries=0, progress=False)
    assert (result.error, result.depth, dict(result.metrics)) == (error, None, {})


def test_a_machine_without_room_is_told_by_a_metric_too() -> None:
    (result,) = Sweep(ghz(3), "lima", metrics={"mine": full}).run(Serial(), retries=0, progress=False)
    assert result.is_lost
    assert "No space left on device (in the metric 'mine')" in result.error


def test_other_metrics_are_other_tasks_and_none_changes_nothing() -> None:
    def first(metrics: Any) -> str:
        return Sweep(ghz(3), "lima", metrics=metrics)[0].id

    assert first(None) == first({})
    ids = [
        first(metrics)
        for metrics in (None, {"a": cz_depth}, {"b": cz_depth}, {"a": rotations}, {"a": cz_depth, "b": rotations})
    ]
    assert len(set(ids)) == 5
    assert first({"b": rotations, "a": cz_depth}) == ids[-1]


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ({"depth": cz_depth}, "the metric 'depth' needs another name"),
        ({"seed": cz_depth}, "the metric 'seed' needs another name"),
        ({"coupling_map": cz_depth}, "the metric 'coupling_map' needs another name"),
        ({"cz-depth": cz_depth}, "is an identifier"),
        ({1: cz_depth}, "is an identifier"),
        ({"cz": 3}, "the metric 'cz' is a function of a circuit"),
        ([cz_depth], "metrics are functions by name"),
        ({"cz": lambda circuit: 1}, "metric 'cz' cannot be sent to workers"),
    ],
)
def test_what_is_no_metric_is_refused(metrics: Any, message: str) -> None:
    with pytest.raises(IBMInputValueError, match=message):
        Sweep(ghz(3), "lima", metrics=metrics)
