# SPDX-License-Identifier: Apache-2.0
"""Ledgers: what is kept, found again, compared, and given to other programs."""

from __future__ import annotations

import contextlib
import datetime
import gc
import math
import os
import pickle
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet
from qiskit import QuantumCircuit
from tests.support.calibrations import Drift
from tests.support.sweeping import families, ghz, misbehaving

from qiskit_ibm_native import Ledger, LedgerDamagedError, LedgerError, Snapshot, Sweep, SweepError, TaskResult, score
from qiskit_ibm_native.exceptions import IBMInputValueError, MissingPackageError
from qiskit_ibm_native.sweeps.ledger.figures import CIRCUIT_FIGURES, FIGURES, Figures
from qiskit_ibm_native.sweeps.ledger.schema import LEDGER

pytestmark = pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return Sweep(families(), ["lima", "fez"], optimization_level=(1, 3), seeds=range(3))


@pytest.fixture(scope="module")
def kept(sweep: Sweep, pool: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    sweep.run(pool, path, keep_circuits=True)
    return path


@pytest.mark.slow
def test_what_is_kept_is_found_again(sweep: Sweep, kept: Path, pool: Any) -> None:
    fresh = list(Sweep(families(), ["lima", "fez"], optimization_level=(1, 3), seeds=range(3)).stream(pool))
    with Ledger(kept) as ledger:
        assert len(ledger) == len(sweep) == 60
        results = sweep.run(pool, ledger)
        for task, result, again in zip(sweep, results, fresh, strict=True):
            assert ledger[task.id] == result
            assert isinstance(result.layout, tuple)
            assert isinstance(result.operations, dict)
            assert (result.depth, result.esp, result.layout, result.operations) == (
                again.depth, again.esp, again.layout, again.operations
            )  # fmt: skip
            assert result.calibrated == task.calibrated
            assert result.transpiled.depth() == result.depth
            assert again.transpiled is None
        assert results[3] == list(results)[3]
        assert results[-2:] == list(results)[-2:]
        assert repr(results) == f"<SweepResults of 60 tasks in <Ledger {kept}>>"
        for unknown in ("00" * 16, "zz", None):
            with pytest.raises(KeyError):
                ledger[unknown]
        order = [(result.backend, result.optimization_level, result.seed, result.circuit) for result in ledger]
        assert order == sorted(order)


def test_only_what_is_missing_is_done(tmp_path: Path, pool: Any) -> None:
    path = tmp_path / "ledger.sqlite3"
    done: list[int] = []

    def run(*arguments: Any, **named: Any) -> list[TaskResult]:
        states: list[Any] = []
        sweep = Sweep(*arguments, **{name: value for name, value in named.items() if name != "keep_circuits"})
        results = list(sweep.run(pool, path, keep_circuits="keep_circuits" in named, progress=states.append))
        done.append(states[-1].done)
        return results

    first = run([ghz(2), ghz(3)], "lima", seeds=range(5))
    again = run([ghz(2), ghz(3)], "lima", seeds=range(5))
    assert first == again
    run([ghz(2), ghz(3), ghz(4)], "lima", seeds=range(6))
    # A changed circuit, calibration or option is another task; what it replaces stays.
    run([ghz(2), ghz(5, "ghz_n3")], "lima", seeds=range(5))
    run([ghz(2), ghz(3)], Snapshot.load("lima").with_overrides(t1={0: 1e-4}), seeds=range(5))
    run([ghz(2), ghz(3)], "lima", seeds=range(5), options={"layout_method": "trivial"})
    # Circuits were not kept.
    assert run([ghz(2)], "lima", keep_circuits=True)[0].transpiled is not None
    run([ghz(2)], "lima", keep_circuits=True)
    assert done == [10, 0, 8, 5, 10, 10, 1, 0]
    with Ledger(path) as ledger:
        assert len(ledger) == 10 + 8 + 5 + 10 + 10


def test_known_tasks_are_passed_over_in_portions(tmp_path: Path, pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_native.sweeps.driver import tally

    monkeypatch.setattr(tally, "_MAX_WAITING", 7)
    path = tmp_path / "ledger.sqlite3"
    done = Sweep(ghz(2), "lima", seeds=[seed for seed in range(60) if seed % 20 < 15])
    done.run(pool, path)
    sweep = Sweep(ghz(2), "lima", seeds=range(60))
    with Ledger(path) as ledger:
        assert [result.seed for result in sweep.stream(pool, ledger)] == list(range(60))
        assert [result.seed for result in sweep.stream(pool, ledger)] == list(range(60))
        assert len(ledger) == 60


def test_the_same_task_twice_in_a_sweep_has_one_row(pool: Any) -> None:
    results = Sweep([ghz(2), ghz(2)], ["lima", "ibmq_lima"]).run(pool)
    assert len(results) == 4
    assert len(results.ledger) == 1
    assert len({result.task_id for result in results}) == 1


def test_results_of_another_sweep_are_not_made_up(kept: Path) -> None:
    from qiskit_ibm_native.sweeps.results import SweepResults

    with Ledger(kept) as ledger, pytest.raises(LedgerError, match="has no result of task 0: run the sweep"):
        list(SweepResults(Sweep(ghz(4), "fez"), ledger))


def test_a_success_is_not_replaced_by_a_failure(tmp_path: Path, pool: Any) -> None:
    path = tmp_path / "ledger.sqlite3"
    sweep = Sweep(ghz(2), "lima")
    (good,) = sweep.run(pool, path)
    with Ledger(path) as ledger:
        from dataclasses import replace

        ledger.write(sweep, [(0, replace(good, error="ValueError: late", depth=None))])
        assert ledger[good.task_id] == good


@pytest.mark.parametrize(
    ("by", "better"),
    [
        ("esp", max),
        ("depth", min),
        ("two_qubit_depth", min),
        ("two_qubit_count", min),
        ("size", min),
        ("cpu_time", min),
    ],
)
@pytest.mark.parametrize("per", [("circuit", "snapshot"), ("backend",), (), "circuit", ("circuit", "seed")])
def test_the_best_of_each_group_is_found(kept: Path, by: str, better: Any, per: Any) -> None:
    def group(result: TaskResult) -> tuple[Any, ...]:
        keys = {
            "circuit": result.circuit,
            "snapshot": result.snapshot_digest,
            "backend": result.backend,
            "seed": result.seed,
        }
        return tuple(keys[name] for name in ((per,) if isinstance(per, str) else per))

    with Ledger(kept) as ledger:
        everything = list(ledger)
        groups: dict[tuple[Any, ...], list[TaskResult]] = {}
        for result in everything:
            groups.setdefault(group(result), []).append(result)
        best = ledger.best(by, per)
        assert len(best) == len(groups)
        for result in best:
            rivals = groups[group(result)]
            extreme = better(getattr(rival, by) for rival in rivals)
            ties = [rival for rival in rivals if getattr(rival, by) == extreme]
            assert result == min(ties, key=lambda found: found.task_id)


def test_the_best_of_one_sweep_among_many(kept: Path, pool: Any) -> None:
    part = Sweep([ghz(5)], "lima", optimization_level=(1, 3), seeds=(1, 2))
    with Ledger(kept) as ledger:
        (best,) = ledger.best(sweep=part)
        assert best == max(part.run(pool, ledger), key=lambda found: (found.esp, [-int(c, 16) for c in found.task_id]))
        with pytest.raises(IBMInputValueError, match=r"per is any of circuit, snapshot.*not 'device'"):
            ledger.best(per=("device",))
        with pytest.raises(IBMInputValueError):
            ledger.best(["esp"])
        assert len(ledger.best(per=None)) == len(ledger.best(per=())) == len(ledger.best(per="options")) == 1
        with pytest.raises(IBMInputValueError, match=r"by is one of depth, .*esp.*not 'worst'"):
            ledger.best("worst")


def test_tables_go_to_arrow_pandas_polars_and_parquet(sweep: Sweep, kept: Path, tmp_path: Path) -> None:
    with Ledger(kept) as ledger:
        results = list(ledger)
        table = ledger.table()
        assert isinstance(table, pa.Table)
        assert table.num_rows == 60
        assert table.column("esp").to_pylist() == [result.esp for result in results]
        assert table.column("layout").to_pylist() == [list(result.layout) for result in results]
        frame = table.to_pandas()
        assert isinstance(frame, pd.DataFrame)
        assert frame.groupby("backend").depth.count().to_dict() == {"ibm_fez": 30, "ibmq_lima": 30}
        frame = pl.DataFrame(table)
        assert frame.shape == (60, len(table.schema.names))
        assert frame["calibrated"][0] == results[0].calibrated
        assert pl.DataFrame(ledger.table(sweep))["seed"].to_list() == [task.seed for task in sweep]
        assert ledger.to_parquet(tmp_path / "results.parquet") == 60
        assert parquet.read_table(tmp_path / "results.parquet").equals(table)
        assert ledger.to_parquet(tmp_path / "results.parquet", sweep) == 60
        assert [path.name for path in tmp_path.iterdir()] == ["results.parquet"]
    assert set(TaskResult.__dataclass_fields__) - {"axes", "metrics", "packed"} == set(table.schema.names)


def test_tables_without_arrow_say_what_to_install(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with (
        Ledger(kept) as ledger,
        pytest.raises(MissingPackageError, match=r"pip install 'qiskit-ibm-native\[parquet\]'"),
    ):
        ledger.table()


def test_two_ledgers_side_by_side(kept: Path, tmp_path: Path, pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.sqlite3"
    # The same tasks by what somebody believes to be another version, and some more that fail.
    sweep = Sweep([*families(), ghz(2, "new")], "lima", optimization_level=(1, 3), seeds=range(3))
    sweep.__dict__["versions"] = ("9.9.9", "0.1.0")
    with Ledger(kept) as there, Ledger(other) as here:
        known = {
            (result.circuit, result.optimization_level, result.seed): result
            for result in there
            if result.backend == "ibmq_lima"
        }
        from dataclasses import replace

        rows = []
        for task in sweep:
            old = known.get((task.circuit, task.optimization_level, task.seed))
            if old is None:
                old = replace(known["ghz_n5", task.optimization_level, task.seed], circuit=task.circuit,
                              circuit_digest=task.circuit_digest)  # fmt: skip
            # One level deeper than before, except for one of the circuits, which fails.
            error = "ValueError: no" if task.circuit == "random" else None
            rows.append(
                (task.index, replace(old, task_id=task.id, depth=old.depth + 1, error=error, esp=old.esp, packed=None))
            )
        here.write(sweep, rows)
        comparison = here.compare(there)
        assert here.compare(kept) == comparison
        back = there.compare(other)
    assert (comparison.tasks, comparison.only_here, comparison.only_there) == (30, 6, 30)
    assert (comparison.failed_here, comparison.failed_there) == (6, 0)
    assert (back.failed_here, back.failed_there) == (0, 6)
    depth, size, esp = (comparison.figures[name] for name in ("depth", "size", "esp"))
    assert (depth.better, depth.same, depth.worse) == (0, 0, 24)
    depths = [result.depth for result in known.values() if result.circuit != "random"]
    assert depth.ratio == pytest.approx(math.prod((depth + 1) / depth for depth in depths) ** (1 / 24))
    assert (size.better, size.same, size.worse, size.ratio) == (0, 24, 0, 1.0)
    assert (esp.better, esp.same, esp.worse) == (0, 24, 0)
    assert back.figures["depth"].better == 24
    assert "depth: 0 better, 0 same, 24 worse, here/there 1.0" in str(comparison)
    with pytest.raises(FileNotFoundError):
        Ledger(kept).compare(tmp_path / "none.sqlite3")


def test_failures_are_never_the_best(pool: Any) -> None:
    results = Sweep([ghz(2), ghz(2, "exit_")], "lima", pass_manager=misbehaving).run(pool, retries=0)
    assert [result.circuit for result in results.errors] == ["exit_"]
    for by in ("wall_time", "cpu_time", "esp"):
        assert [result.circuit for result in results.ledger.best(by, per=())] == ["ghz_n2"]


def test_a_ledger_can_be_used_while_it_is_gone_through(kept: Path, tmp_path: Path) -> None:
    with Ledger(kept) as ledger, Ledger(tmp_path / "other") as other:
        going = iter(ledger)
        first = next(going)
        for _ in range(2):
            assert ledger.compare(other).only_here == len(ledger)
        if (child := os.fork()) == 0:
            os._exit(0)
        os.waitpid(child, 0)
        assert [first, *going] == list(ledger)


def test_a_process_that_is_forked_off_leaves_a_temporary_ledger_alone(pool: Any) -> None:
    results = Sweep(ghz(2), "lima").run(pool)
    if (child := os.fork()) == 0:
        results.ledger.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert results[0].depth


def test_other_files_and_later_versions_are_refused(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "text").write_text("no database " * 500)
    with pytest.raises(LedgerDamagedError, match="damaged, or not a ledger of a sweep"):
        Ledger(tmp_path / "text")
    with contextlib.closing(sqlite3.connect(tmp_path / "later")) as connection:
        connection.execute(f"PRAGMA application_id = {LEDGER.application}")
        connection.execute(f"PRAGMA user_version = {LEDGER.version + 1}")
    with pytest.raises(LedgerError, match="a later one is needed"):
        Ledger(tmp_path / "later")
    from qiskit_ibm_native import ArchiveError, CalibrationArchive

    with pytest.raises(ArchiveError, match="is the file of another program, not an archive of calibrations"):
        CalibrationArchive(kept)
    ledger = Ledger(tmp_path / "new")
    ledger.close()
    with pytest.raises(LedgerError, match="is closed"):
        len(ledger)


def test_a_temporary_ledger_lives_as_long_as_its_results(pool: Any) -> None:
    results = Sweep(ghz(2), "lima").run(pool)
    path = results.ledger.path
    assert path.exists()
    assert repr(results.ledger) == "<Ledger temporary>"
    assert results[0].depth
    del results
    gc.collect()
    assert not path.exists()
    assert not path.parent.exists()


def test_results_can_be_pickled(kept: Path) -> None:
    with Ledger(kept) as ledger:
        result = next(iter(ledger))
    assert pickle.loads(pickle.dumps(result)) == result
    assert pickle.loads(pickle.dumps(result)).transpiled == result.transpiled


def test_esp_is_what_score_says(sweep: Sweep, kept: Path, pool: Any) -> None:
    snapshots = {"ibmq_lima": "lima", "ibm_fez": "fez"}
    for result in sweep.run(pool, kept):
        assert result.esp == score(result.transpiled, snapshots[result.backend]).esp[0]
    dynamic = QuantumCircuit(2, 1)
    dynamic.measure(0, 0)
    with dynamic.if_test((dynamic.clbits[0], 1)):
        dynamic.x(1)
    (result,) = Sweep(dynamic, "fez").run(pool)
    assert result.error is None
    assert result.esp is None
    assert result.depth == 2


def test_stale_circuits_are_those_that_sit_on_what_changed(tmp_path: Path, pool: Any) -> None:
    lima = Snapshot.load("lima")
    sweep = Sweep([ghz(2), ghz(5)], ["lima", "fez"], initial_layout={"ghz_n2": [0, 1]})
    with pytest.raises(SweepError, match="has not been run in this process"):
        sweep.find_stale("lima")
    with pytest.raises(FileNotFoundError):
        sweep.find_stale("lima", tmp_path / "none.sqlite3")
    assert not (tmp_path / "none.sqlite3").exists()
    sweep.run(pool, tmp_path / "without.sqlite3")
    with pytest.raises(SweepError, match=r"has 4 results without circuits.*keep_circuits=True"):
        sweep.find_stale(["lima", "fez"])
    sweep.run(pool, tmp_path / "ledger.sqlite3", keep_circuits=True)
    assert sweep.find_stale("lima") == []
    changed = lima.with_overrides(t1={4: 5e-6})
    (stale,) = sweep.find_stale(changed)
    assert stale.result.circuit == "ghz_n5"
    assert stale.result.backend == "ibmq_lima"
    assert stale.esp_now == score(stale.result.transpiled, changed).esp[0] < stale.esp_then == stale.result.esp
    assert stale.duration_now == score(stale.result.transpiled, changed).duration[0]
    slightly = lima.with_overrides(t1={4: lima.columns.t1[4] * 1.01, 0: lima.columns.t1[0] * 1.01})
    assert [stale.result.circuit for stale in sweep.find_stale([slightly])] == ["ghz_n2", "ghz_n5"]
    assert sweep.find_stale([slightly], rtol=0.02) == []
    gone = lima.with_overrides(operational={("cx", (0, 1)): False, ("cx", (1, 0)): False})
    worth = [stale.esp_now for stale in sweep.find_stale(gone)]
    assert np.isnan(worth).all()
    # Another ledger than that of the last run.
    assert len(Sweep([ghz(5)], "lima").find_stale(changed, tmp_path / "ledger.sqlite3")) == 1


def test_ledgers_are_shared_by_threads(tmp_path: Path, pool: Any) -> None:
    with Ledger(tmp_path / "ledger.sqlite3") as ledger, ThreadPoolExecutor(4) as threads:
        sweeps = [Sweep(ghz(2), "lima", seeds=range(start, start + 40)) for start in (0, 20, 40, 60)]
        results = list(threads.map(lambda sweep: list(sweep.run(pool, ledger)), sweeps))
        assert len(ledger) == 100
        by_id = {result.task_id: result for batch in results for result in batch}
        assert len(by_id) == 100
        assert {result.task_id for result in ledger} == set(by_id)


def test_calibrations_are_compared_over_time(tmp_path: Path, pool: Any) -> None:
    snapshots = Snapshot.parse_many(list(Drift("lima", 3).calibrations(12)))
    results = Sweep([ghz(3)], snapshots, seeds=range(2)).run(pool, tmp_path / "ledger.sqlite3")
    best = results.ledger.best(per=["snapshot"])
    assert [result.calibrated for result in best] == [snapshot.last_update for snapshot in snapshots]
    assert all(result.calibrated.tzinfo == datetime.timezone.utc for result in best)


def test_every_figure_is_a_field_of_results_and_a_column_of_ledgers_and_tables(kept: Path) -> None:
    assert [field.name for field in fields(Figures)] == [figure.name for figure in CIRCUIT_FIGURES]
    assert {figure.name for figure in FIGURES} <= {field.name for field in fields(TaskResult)}
    with Ledger(kept) as ledger:
        columns = {row[1]: row[2] for row in ledger._database.rows("PRAGMA table_info(tasks)")}
        kinds = {int: "INTEGER", float: "REAL", dict: "TEXT", tuple: "TEXT"}
        assert {figure.ledger_column: kinds[figure.type] for figure in FIGURES}.items() <= columns.items()
        assert {figure.name for figure in FIGURES} <= set(ledger.table().schema.names)
