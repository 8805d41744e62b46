# SPDX-License-Identifier: Apache-2.0
"""Results of a sweep: the best, those that none beats, comparisons, frames, and their pictures."""

from __future__ import annotations

import sqlite3
import statistics
import sys
import time
from contextlib import closing
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from qiskit import QuantumCircuit
from tests.support.sweeping import families, ghz, misbehaving

from qiskit_ibm_native import Choices, Ledger, Sweep, TaskResult
from qiskit_ibm_native.exceptions import IBMInputValueError, MissingPackageError
from qiskit_ibm_native.sweeps.ledger.selection import selection_of
from qiskit_ibm_native.sweeps.ledger.summary import summary_of
from qiskit_ibm_native.sweeps.results import SweepResults


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.names.add(tag)


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return Sweep(families()[:3], ["lima", "vigo"], optimization_level=(0, 1), seeds=range(6))


@pytest.fixture(scope="module")
def results(sweep: Sweep, pool: Any, tmp_path_factory: pytest.TempPathFactory) -> SweepResults:
    """Results of a sweep in a ledger that has others, too."""
    path = tmp_path_factory.mktemp("results") / "ledger.sqlite3"
    Sweep(ghz(2), ["lima", "fez"], optimization_level=(0, 1), seeds=range(12)).run(pool, path)
    return sweep.run(pool, path)


def test_the_best_results_of_a_sweep_are_those_of_its_own_tasks(results: SweepResults) -> None:
    best = results.best(by="depth", per=("circuit", "backend"))
    assert {(found.circuit, found.backend) for found in best} == {(one.circuit, one.backend) for one in results}
    for found in best:
        rivals = [one for one in results if (one.circuit, one.backend) == (found.circuit, found.backend)]
        assert found == min(rivals, key=lambda one: (one.depth, one.task_id))
    three = results.best(by="esp", per=(), n=3)
    assert (
        sorted(three, key=lambda one: (-one.esp, one.task_id))
        == sorted(results, key=lambda one: (-one.esp, one.task_id))[:3]
    )
    for wrong in (0, True, 1.0):
        with pytest.raises(IBMInputValueError, match="n is a number of results from 1"):
            results.best(n=wrong)


def beaten(result: TaskResult, rivals: list[TaskResult], signs: dict[str, int]) -> bool:
    """Return whether a rival is as good in all figures, and better in one, or has a smaller identifier."""

    def worth(one: TaskResult) -> list[float]:
        return [sign * getattr(one, name) for name, sign in signs.items()]

    mine = worth(result)
    return any(
        all(theirs <= own for theirs, own in zip(worth(rival), mine))
        and (worth(rival) != mine or rival.task_id < result.task_id)
        for rival in rivals
    )


@pytest.mark.parametrize("signs", [{"depth": 1, "esp": -1}, {"esp": -1, "two_qubit_count": 1, "size": 1}, {"depth": 1}])
@pytest.mark.parametrize("per", [(), ("circuit", "backend"), "optimization_level"])
def test_results_that_none_beats_are_found(results: SweepResults, signs: dict[str, int], per: Any) -> None:
    names = (per,) if isinstance(per, str) else per
    groups: dict[tuple[Any, ...], list[TaskResult]] = {}
    for result in results:
        groups.setdefault(tuple(getattr(result, name) for name in names), []).append(result)
    expected = {result.task_id for group in groups.values() for result in group if not beaten(result, group, signs)}
    found = results.pareto(*signs, per=per)
    assert {result.task_id for result in found} == expected
    first, sign = next(iter(signs.items()))
    for key in groups:
        ordered = [sign * getattr(one, first) for one in found if tuple(getattr(one, name) for name in names) == key]
        assert ordered == sorted(ordered)


@pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")
def test_results_without_a_figure_take_no_part_in_a_front(pool: Any) -> None:
    results = Sweep([ghz(2), ghz(2, "raise_")], "lima", pass_manager=misbehaving).run(pool, retries=0)
    # Circuits that are not scheduled have no duration, and failed tasks have a time.
    assert results.pareto("duration", "esp", per=()) == []
    assert [one.circuit for one in results.pareto("cpu_time", per=())] == ["ghz_n2"]


def test_wrong_figures_and_groups_of_a_front_are_told(results: SweepResults) -> None:
    with pytest.raises(IBMInputValueError, match=r"by is one of depth, .*, not 'dpeth'"):
        results.pareto("dpeth", "esp")
    with pytest.raises(IBMInputValueError, match=r"by is one of depth, .*, not 'num_qubits'"):
        results.pareto("num_qubits")
    with pytest.raises(IBMInputValueError, match=r"per is any of circuit, .* not 'device'"):
        results.pareto("depth", "esp", per=("device",))
    with pytest.raises(IBMInputValueError, match="pareto takes figures"):
        results.pareto()


def parity(circuit: QuantumCircuit) -> int:
    return int(circuit.depth()) % 2


def small(circuit: QuantumCircuit) -> float | None:
    return None if circuit.name == "ghz_n4" else 1.0 / circuit.size()


def test_metrics_and_axes_make_fronts_by_their_names(pool: Any) -> None:
    layouts = Choices({"left": [0, 1, 2], "right": [4, 3, 1]})
    sweep = Sweep([ghz(3), ghz(3, "other")], "lima", initial_layout=layouts, optimization_level=1, seeds=range(4),
                  metrics={"parity": parity, "small": small})  # fmt: skip
    results = sweep.run(pool)
    found = results.pareto("parity", "-small", per="initial_layout")
    assert [one.axes["initial_layout"] for one in found] == sorted(one.axes["initial_layout"] for one in found)
    for name in ("left", "right"):
        members = [one for one in results if one.axes["initial_layout"] == name]
        best = max(one.metrics["small"] for one in members if one.metrics["parity"] == found[0].metrics["parity"])
        assert best in {one.metrics["small"] for one in found if one.axes["initial_layout"] == name}
    assert results.ledger.pareto("-small", per=()) == results.pareto("-small", per=())
    assert results.best(by="-small", per=("initial_layout",), n=2)[0].metrics["small"] >= min(
        one.metrics["small"] for one in results
    )
    with pytest.raises(IBMInputValueError, match=r"by is one of depth, .*parity, small, -parity, -small, not 'big'"):
        results.pareto("big")


def test_frames_have_a_row_for_each_task(results: SweepResults, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = results.to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert frame.esp.tolist() == [result.esp for result in results]
    assert isinstance(results.to_polars(), pl.DataFrame)
    assert results.to_polars()["seed"].to_list() == [task.seed for task in results.sweep]
    assert len(results.ledger.to_pandas()) == len(results.ledger.to_polars()) == len(results.ledger) > len(results)
    assert len(results.ledger.to_polars(results.sweep)) == len(results)
    for package in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingPackageError, match=f"need {package}, "):
            getattr(results, f"to_{package}")()


def test_results_are_compared_with_the_same_tasks_elsewhere(results: SweepResults, pool: Any, tmp_path: Path) -> None:
    part = Sweep(families()[:2], "lima", optimization_level=(0, 1), seeds=range(6)).run(pool, tmp_path / "part.sqlite3")
    comparison = part.compare(results)
    assert (comparison.tasks, comparison.only_here, comparison.only_there) == (24, 0, len(results) - 24)
    assert comparison.figures["depth"].same == 24
    # Of a ledger, the tasks of the sweep take part.
    for other in (results.ledger, results.ledger.path):
        assert (part.compare(other).tasks, part.compare(other).only_there) == (24, 0)
    back = results.compare(part)
    assert (back.tasks, back.only_here, back.only_there) == (24, len(results) - 24, 0)
    picture = back._repr_html_()
    assert f"24 tasks in both, {len(results) - 24} only here" in picture
    assert "two_qubit_depth" in picture


@pytest.mark.parametrize("change", [{}, {"seeds": (5, 0, 9, 0)}, {"seeds": range(1, 9, 2)}, {"initial_layout": [2, 1]}])
def test_the_tasks_of_a_sweep_are_found_without_their_identifiers(pool: Any, tmp_path: Path, change: Any) -> None:
    given = {"seeds": range(4), **change}
    path = tmp_path / "ledger.sqlite3"
    Sweep([ghz(2), ghz(2, "other")], ["lima", "fez"], optimization_level=(0, 1), seeds=range(7)).run(pool, path)
    Sweep(ghz(2), ["fez"], initial_layout=[0, 1], optimization_level=0, seeds=range(3)).run(pool, path)
    sweep = Sweep(
        [ghz(2), ghz(2), ghz(2, "third")], ["lima", "lima"], use_fractional_gates=False, optimization_level=1, **given
    )
    sweep.run(pool, path)
    sweep = Sweep([ghz(2), ghz(2)], ["fez", "lima"], optimization_level=(1, 0), **given)
    sweep.run(pool, path)
    ids = {task.id for task in sweep}
    with Ledger(path) as ledger, ledger._database.reading() as connection:
        selection = selection_of(connection, sweep)
        rows = connection.execute(f"SELECT id FROM tasks WHERE 1 {selection.condition}").fetchall()
    assert len(rows) == selection.distinct == len(ids)
    assert {task_id.hex() for (task_id,) in rows} == ids


def test_summaries_have_the_medians_of_results(results: SweepResults) -> None:
    summary = summary_of(results.ledger._database, results.sweep)
    assert (summary.done, summary.distinct, summary.failed, summary.kinds) == (72, 72, 0, [])
    assert [(group.backend, group.optimization_level) for group in summary.groups] == [
        ("ibmq_lima", 0), ("ibmq_lima", 1), ("ibmq_vigo", 0), ("ibmq_vigo", 1)
    ]  # fmt: skip
    for group in summary.groups:
        members = [one for one in results if (one.backend, one.optimization_level) == group[:2]]
        assert group.tasks == len(members)
        assert group.esp == pytest.approx(statistics.median(one.esp for one in members))
        assert group.best_esp == max(one.esp for one in members)
        assert group.two_qubit_depth == statistics.median(one.two_qubit_depth for one in members)
        assert group.best_two_qubit_depth == min(one.two_qubit_depth for one in members)


@pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")
def test_pictures_show_failures_first_and_by_kind(pool: Any, sweep: Sweep, tmp_path: Path) -> None:
    circuits = [ghz(2), ghz(3, "raise_1"), ghz(3, "raise_2"), ghz(2, "exit_")]
    path = tmp_path / "sweep.sqlite3"
    results = Sweep(circuits, "lima", pass_manager=misbehaving).run(pool, path, retries=0)
    picture = results._repr_html_()
    assert "4 tasks in sweep.sqlite3" in picture
    assert picture.index("3 failed") < picture.index("ValueError: no good") < picture.index("esp, median")
    assert picture.index("ValueError: no good") < picture.index("WorkerDied")
    assert picture.count("no good") == 1
    assert "raise_1 on ibmq_lima, level 2, seed 0" in picture
    # Tasks that have no result are told, too.
    more = SweepResults(Sweep([*circuits, ghz(4)], "lima", pass_manager=misbehaving), results.ledger)
    assert "5 tasks in sweep.sqlite3: 1 without a result" in more._repr_html_()
    assert "4 tasks in sweep.sqlite3" in results.ledger._repr_html_()


def test_tasks_that_are_not_needed_are_no_results(pool: Any, tmp_path: Path) -> None:
    path = tmp_path / "sweep.sqlite3"
    full = Sweep(ghz(5), ["lima", "vigo"], optimization_level=0, seeds=range(12)).run(pool, path)
    some = Sweep(
        ghz(5), ["lima", "vigo"], optimization_level=0, seeds=range(12), objective="esp", stop_when={"no_better_in": 2}
    ).run(pool, path)
    assert len(some) < len(full)
    mine = {result.task_id for result in some}
    assert {found.task_id for found in some.pareto("cpu_time", "wall_time", per=())} <= mine
    assert {found.task_id for found in some.best(by="depth", per=(), n=24)} == mine
    assert f"{len(some)} tasks in sweep.sqlite3</b>" in some._repr_html_()
    summary = summary_of(some.ledger._database, some.sweep, (), some.indices)
    assert (summary.done, summary.distinct) == (len(mine), len(mine))


def test_tasks_that_lost_their_worker_are_in_the_picture(sweep: Sweep, results: SweepResults) -> None:
    lost = {
        3: replace(results[3], error="WorkerLost: gone at 0x1234"),
        4: replace(results[4], error="WorkerLost: gone at 0x99"),
    }
    with Ledger() as ledger:
        ledger.write(sweep, [(index, result) for index, result in enumerate(results) if index not in lost])
        picture = SweepResults(sweep, ledger, lost, 2)._repr_html_()
    assert "2 failed" in picture
    assert picture.count("WorkerLost") == 1
    # Another run did them meanwhile.
    assert "failed</b>" not in SweepResults(sweep, results.ledger, lost, 2)._repr_html_()


HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">\n' + "y" * 5000


def test_pictures_of_hostile_ledgers_are_harmless_and_short(results: SweepResults, tmp_path: Path) -> None:
    path = tmp_path / "<b>.sqlite3"
    sweep = Sweep(ghz(2), "lima", seeds=range(3000))
    with Ledger(path) as ledger:
        rows = [
            replace(results[0], seed=task.seed, task_id=task.id, circuit=HOSTILE, backend=f"{HOSTILE[:30]}{task.seed}",
                    snapshot_digest=f"{task.seed:064x}", error=f"{HOSTILE} {chr(97 + task.seed % 26)}" if task.seed % 2 else None)
            for task in sweep
        ]  # fmt: skip
        ledger.write(sweep, list(enumerate(rows)))
        for picture in (ledger._repr_html_(), SweepResults(sweep, ledger)._repr_html_()):
            assert len(picture) < 60_000
            assert Tags(picture).names <= {"p", "b", "span", "div", "table", "thead", "tbody", "tr", "th", "td"}
            assert "and 2,980 more" in picture or "without a result" in picture
        assert len(repr(next(iter(ledger)))) < 400
        assert "\n" not in repr(next(iter(ledger)))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE tasks SET esp = x'00', two_qubit_depth = '<script>' WHERE error IS NULL")
        connection.commit()
    with Ledger(path) as ledger:
        picture = ledger._repr_html_()
        assert "is damaged: a row has a value of the class" in picture
        assert "script" not in Tags(picture).names


def test_a_result_is_one_line_of_what_matters(results: SweepResults) -> None:
    result = results[0]
    assert repr(result) == (
        f"<TaskResult 'ghz_n5' on ibmq_lima, level 0, seed 0: depth {result.depth}, two-qubit depth"
        f" {result.two_qubit_depth}, esp {result.esp:.4g}>"
    )
    assert asdict(result)["layout"] == result.layout
    failed = replace(result, error="ValueError: first line\nsecond line")
    assert repr(failed) == "<TaskResult 'ghz_n5' on ibmq_lima, level 0, seed 0: failed, ValueError: first line>"


@pytest.mark.slow
def test_many_results_are_summarized_by_sqlite(results: SweepResults, tmp_path: Path) -> None:
    path = tmp_path / "many.sqlite3"
    sweep = Sweep(ghz(2), "lima", seeds=range(200_000))
    with Ledger(path) as ledger:
        ledger.write(sweep, [(0, replace(results[0], task_id=sweep[0].id, circuit_digest=sweep[0].circuit_digest))])
    with closing(sqlite3.connect(path)) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(tasks)")]
        changed = {
            "number": "value + 2", "id": "randomblob(16)", "seed": "value", "esp": "abs(random() % 1000) / 1000.0",
            "error": "CASE WHEN value % 100 THEN NULL ELSE 'ValueError: ' || value END",
        }  # fmt: skip
        columns = ", ".join(changed.get(name, name) for name in names)
        connection.execute(
            f"INSERT INTO tasks SELECT {columns} FROM tasks, (WITH RECURSIVE steps(value) AS (SELECT 1 UNION ALL SELECT"
            " value + 1 FROM steps WHERE value < 199999) SELECT value FROM steps) WHERE number = 1"
        )
        connection.commit()
    with Ledger(path) as ledger:
        started = time.process_time()
        picture = SweepResults(sweep, ledger)._repr_html_()
        seconds = time.process_time() - started
    assert "200,000 tasks in many.sqlite3" in picture
    assert "1,999 failed" in picture
    assert len(picture) < 5000
    # Half a second on the machine that this was written on; reading each result would take ten.
    assert seconds < 5
