# SPDX-License-Identifier: Apache-2.0
"""Results as comma-separated values: the columns of tables, and values that are read back as they were."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.sweeping import ghz

from qiskit_ibm_native import Choices, Ledger, Sweep

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def thirds(circuit: QuantumCircuit) -> float:
    return circuit.size() / 3


@pytest.fixture
def sweep(pool: ThreadPoolExecutor, tmp_path: Path) -> Sweep:
    """Return a sweep with names on an axis, a metric and failures, whose ledger is ``ledger.sqlite3``."""
    options = Choices({"plain": {}, "trivial, with a comma": {"layout_method": "trivial"}})
    sweep = Sweep([ghz(3), ghz(9, 'wide\n"one"')], "lima", options=options, metrics={"thirds": thirds})
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        sweep.run(pool, ledger, progress=False)
    return sweep


@pytest.mark.filterwarnings("ignore:.*tasks failed:RuntimeWarning")
def test_columns_are_those_of_tables_and_values_are_read_back(sweep: Sweep, tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        assert ledger.to_csv(tmp_path / "all.csv") == 4
        opened = io.StringIO()
        assert ledger.to_csv(opened, sweep) == 4
        table = ledger.table(sweep)
        results = list(ledger.results_of(sweep, range(4)))
        summary = ledger.summary(sweep)
    rows = list(csv.DictReader(io.StringIO(opened.getvalue())))
    assert list(rows[0]) == table.schema.names
    for row, result in zip(rows, results, strict=True):
        assert row["circuit"] == result.circuit
        assert row["options_name"] == result.axes["options"]
        if result.error is None:
            assert float(row["esp"]) == result.esp
            assert float(row["thirds"]) == result.metrics["thirds"]
            assert json.loads(row["operations"]) == result.operations
        else:
            assert row["error"] == result.error
            assert row["esp"] == row["thirds"] == ""
    assert len(list(csv.reader((tmp_path / "all.csv").read_text().splitlines(keepends=True)))) == 5
    assert (summary.done, summary.distinct, summary.failed) == (4, 4, 2)


def test_a_file_is_replaced_when_the_new_one_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_native.sweeps.ledger import table

    def fail(*_: object) -> int:
        raise OSError("no space")

    (tmp_path / "kept.csv").write_text("kept")
    monkeypatch.setattr(table, "write_csv", fail)
    with Ledger() as ledger, pytest.raises(OSError, match="no space"):
        ledger.to_csv(tmp_path / "kept.csv")
    assert [path.name for path in tmp_path.iterdir() if path.suffix in {".csv", ".part"}] == ["kept.csv"]
    assert (tmp_path / "kept.csv").read_text() == "kept"
