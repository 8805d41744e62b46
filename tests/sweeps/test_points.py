# SPDX-License-Identifier: Apache-2.0
"""Figures of many results as arrays: the same values, groups and fronts as the results themselves have."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.pictures import swept, two_qubit_gates
from tests.support.sweeping import Serial, ghz

from qiskit_ibm_native import Choices, IBMInputValueError, Ledger, LedgerError, Sweep
from qiskit_ibm_native.sweeps.results import SweepResults


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> SweepResults:
    return swept(tmp_path_factory.mktemp("sweep") / "ledger.sqlite3")


def test_points_are_the_figures_of_results(results):
    points = results.points("depth", "esp", "cpu_time", "gates", by=("device", "level", "seed", "circuit"))
    assert len(points) == len(results) == 64
    assert points.by == ("backend", "optimization_level", "seed", "circuit")
    assert points.names == (["ibm_hanoi", "ibmq_lima"], [1, 2], list(range(8)), ["ghz_n7", "qaoa_n5_3"])
    found = {}
    for number in range(len(points)):
        key = tuple(points.names[place][code] for place, code in enumerate(points.groups[:, number]))
        found[key] = (bool(points.failed[number]), *points.values[:, number])
    for result in results:
        failed, *values = found[result.backend, result.optimization_level, result.seed, result.circuit]
        wanted = [result.depth, result.esp, result.cpu_time, result.metrics.get("gates")]
        assert failed == (result.error is not None)
        np.testing.assert_array_equal(values, [np.nan] * 4 if failed else wanted)


def test_points_of_a_ledger_are_those_of_all_its_sweeps(results):
    everything = results.ledger.points("depth", by="snapshot")
    assert len(everything) == 64
    part = Sweep([ghz(7)], "hanoi", seeds=[1, 3], optimization_level=2, metrics={"gates": two_qubit_gates})
    some = results.ledger.points("depth", by="seed", sweep=part)
    assert some.names == ([1, 3],)
    assert everything.names[0][0].startswith("ibm_hanoi, 20")


def test_names_on_axes_are_those_of_the_sweep(tmp_path):
    def sweep(**names):
        return Sweep(ghz(3), "lima", initial_layout=Choices(names), options=[{}, {"routing_method": "basic"}])

    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        first = sweep(line=[0, 1, 3], branch=[0, 1, 2]).run(Serial(), ledger)
        second = sweep(straight=[0, 1, 3], side=[0, 1, 2]).run(Serial(), ledger)
        assert first.points("depth", by="initial_layout").names == (["branch", "line"],)
        assert second.points("depth", by=("initial_layout", "options")).names[0] == ["side", "straight"]
        assert ledger.points("depth", by="initial_layout").names == (["branch", "line"],)
        assert ledger.points("depth", by="pass_manager").names == (["no name"],)


@pytest.mark.parametrize(
    "figures", [("depth", "esp"), ("esp", "depth"), ("size", "gates"), ("-gates", "two_qubit_depth")]
)
@pytest.mark.parametrize("per", [("circuit", "snapshot"), ("optimization_level",), ("seed", "circuit")])
def test_fronts_are_those_of_the_ledger(results, figures, per):
    points = results.points(*figures, by=(*per, "options"))
    wanted = [
        tuple(result.metrics["gates"] if "gates" in name else getattr(result, name) for name in figures)
        for result in results.pareto(*figures, per=per)
    ]
    fronts = points.fronts(len(per))
    assert sorted(tuple(points.values[:, index]) for front in fronts.values() for index in front) == sorted(wanted)
    for front in fronts.values():
        first = points.values[0][front]
        assert (np.diff(first) * (-1 if points.figures[0].better == "more" else 1) >= 0).all()


def test_tasks_that_lost_their_worker_are_failed_points(results):
    good = [index for index, result in enumerate(results) if result.error is None][:2]
    lost = {index: replace(results[index], error="WorkerLost: gone") for index in good}
    with Ledger() as ledger:
        ledger.write(results.sweep, [(index, result) for index, result in enumerate(results) if index not in lost])
        points = SweepResults(results.sweep, ledger, lost, 2).points(
            "depth", by=("device", "seed", "circuit", "snapshot")
        )
    assert len(points) == 64
    everything = results.points("depth", by=("device", "seed", "circuit", "snapshot"))
    assert points.names == everything.names
    assert points.failed.sum() == 18
    assert np.isnan(points.values[0][points.failed]).all()


def test_nothing_is_no_points():
    with Ledger() as ledger:
        points = ledger.points("depth", "esp", by=("device", "level"))
        assert len(points) == 0
        assert points.values.shape == (2, 0)
        assert points.names == ([], [])
        assert points.fronts(1) == {}
        assert len(ledger.points()) == 0


def test_what_is_no_figure_or_dimension_is_refused(results):
    with pytest.raises(IBMInputValueError, match=r"Figures are depth, .*, gates, not 'layout'"):
        results.points("layout")
    with pytest.raises(IBMInputValueError, match=r"by is one or several different ones of device, .* not 'colour'"):
        results.points(by="colour")
    with pytest.raises(IBMInputValueError, match="by is one or several different ones"):
        results.points(by=("level", "optimization_level"))
    assert results.dimensions(("device", "level", "seed")) == ("backend", "optimization_level", "seed")


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("UPDATE tasks SET depth = 'deep'", "device"),
        ("UPDATE circuits SET digest = 'none' || number", "circuit"),
        ("UPDATE snapshots SET calibrated = 'never'", "snapshot"),
        ("UPDATE settings SET optimization_level = 'high'", "level"),
    ],
)
def test_damaged_ledgers_say_so(results, tmp_path: Path, change: str, by: str) -> None:
    path = tmp_path / "damaged.sqlite3"
    with closing(sqlite3.connect(results.ledger.path)) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(change)
        connection.commit()
    with Ledger(path) as ledger, pytest.raises(LedgerError, match="is damaged: a row has a value"):
        ledger.points("depth", by=by)


def test_times_beyond_the_calendar_are_its_ends(results, tmp_path):
    path = tmp_path / "far.sqlite3"
    with closing(sqlite3.connect(results.ledger.path)) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE snapshots SET calibrated = 9223372036854775807")
        connection.commit()
    with Ledger(path) as ledger:
        assert all("9999-12-31" in name for name in ledger.points(by="snapshot").names[0])


def test_the_order_in_which_tasks_were_done_does_not_matter(results):
    by = ("device", "seed", "circuit", "level")
    everything = results.ledger.points("esp", "cpu_time", by=by)
    with Ledger() as ledger:
        ledger.write(results.sweep, list(enumerate(results))[::-1])
        again = ledger.points("esp", "cpu_time", by=by)
    np.testing.assert_array_equal(again.values, everything.values)
    np.testing.assert_array_equal(again.groups, everything.groups)
