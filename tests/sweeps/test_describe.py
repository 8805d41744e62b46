# SPDX-License-Identifier: Apache-2.0
"""Forecasts of sweeps: what is known, what remains, and what it will take by what a ledger has measured."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.sweeping import ghz, misbehaving, qft

from qiskit_ibm_native import Ledger, Sweep, SweepDescription, score


def costing(sweep: Sweep, pool: Any, ledger: Ledger, seconds: Any) -> None:
    """Keep results of a sweep as if tasks had taken other times."""
    rows = [
        (number, replace(result, cpu_time=float(seconds(result)), wall_time=2.0 * seconds(result)))
        for number, result in enumerate(sweep.run(pool))
    ]
    ledger.write(sweep, rows)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")
def test_what_is_known_and_what_remains_is_told(pool: Any, tmp_path: Path) -> None:
    path = tmp_path / "sweep.sqlite3"
    circuits = [ghz(2), ghz(3), ghz(2), ghz(2, "raise_")]
    sweep = Sweep(
        circuits, ["lima", "ibmq_lima", "vigo"], optimization_level=(0, 1), seeds=(0, 1, 1), pass_manager=misbehaving
    )
    before = sweep.describe(path)
    assert not path.exists()
    assert isinstance(before, SweepDescription)
    assert (before.tasks, before.distinct, before.known, before.remaining) == (72, 24, 0, 24)
    assert dict(before.axes) == {"snapshots": 3, "settings": 2, "seeds": 3, "circuits": 4}
    assert (before.cpu_time, before.wall_time, dict(before.based_on)) == (None, None, {"unknown": 24})
    assert "unknown: the ledger has no measured task" in str(before)
    Sweep(circuits, "lima", optimization_level=(0, 1), pass_manager=misbehaving).run(pool, path, retries=0)
    known = sweep.describe(path)
    assert (known.known, known.failed, known.remaining) == (6, 2, 18)
    assert sweep.describe(path, retry_failed=True).known == 4
    assert sweep.describe(path, keep_circuits=True).known == 2
    results = sweep.run(pool, path, retries=0)
    for done in (sweep.describe(), sweep.describe(results.ledger), sweep.describe(path)):
        assert (done.known, done.failed, done.remaining, done.cpu_time) == (24, 8, 0, None)
        assert "time:" not in str(done)
    assert sweep.describe(path, keep_circuits=True).remaining == 16


def test_times_are_those_that_tasks_like_them_took(pool: Any) -> None:
    trivial = {"layout_method": "trivial"}
    with Ledger() as ledger:
        costing(Sweep([ghz(2), ghz(4)], "lima", optimization_level=1, seeds=range(4)), pool, ledger,
                lambda result: 1.0 + result.seed if result.circuit == "ghz_n2" else 8.0)  # fmt: skip
        costing(Sweep([ghz(2)], "lima", optimization_level=1, options=trivial), pool, ledger, lambda result: 0.5)
        costing(Sweep([qft(3)], "lima", optimization_level=0), pool, ledger, lambda result: 0.25)

        def basis(sweep: Sweep) -> tuple[dict[str, int], float | None]:
            found = sweep.describe(ledger, workers=4)
            assert found.measured == 10
            assert found.wall_time == (None if found.cpu_time is None else pytest.approx(found.cpu_time * 2 / 4))
            return dict(found.based_on), found.cpu_time

        # Of the same circuit and setting, on whatever device: (1 + 2 + 3 + 4) / 4.
        assert basis(Sweep(ghz(2), "vigo", optimization_level=1)) == ({"circuit and setting": 1}, pytest.approx(2.5))
        assert basis(Sweep(ghz(2), "lima", optimization_level=1, seeds=range(6))) == (
            {"circuit and setting": 2}, pytest.approx(5.0)
        )  # fmt: skip
        # Another setting of the same level: all five tasks of that circuit.
        dense = Sweep(ghz(2), "lima", optimization_level=1, options={"layout_method": "dense"})
        assert basis(dense) == ({"circuit and level": 1}, pytest.approx(10.5 / 5))
        # A circuit that was not measured, beside one that was.
        sweep = Sweep([ghz(4), ghz(5)], "lima", optimization_level=1)
        sizes = [len(sweep.blob_readers(number)[1]()) for number in range(2)]
        assert basis(sweep) == ({"level and size": 1}, pytest.approx(8 * sizes[1] / sizes[0]))
        # Only tasks of that level are known, and nothing of another level.
        both = Sweep(ghz(3), "lima", optimization_level=(0, 3))
        assert basis(both) == ({"level": 1, "unknown": 1}, pytest.approx(0.25))
        text = str(both.describe(ledger, workers=4))
        assert "0.25 s of processors, 0.125 s with 4 workers, from 10 measured tasks (1 by level), and 1 task " in text
        assert basis(Sweep(ghz(3), "lima", optimization_level=3)) == ({"unknown": 1}, None)


def test_sizes_of_what_is_sent_are_told() -> None:
    sweep = Sweep([ghz(size) for size in range(2, 40)], ["fez", "lima"], options=[{}, {"layout_method": "trivial"}])
    sent = sweep.describe().sent
    assert sent.circuits == sum(len(sweep.blob_readers(number)[1]()) for number in range(38))
    assert sent.snapshots == sum(len(sweep.blob_readers(number)[0]()) for number in (0, 2 * 38))
    assert "of snapshots" in str(sweep.describe())


def test_a_million_tasks_are_described_in_a_moment() -> None:
    sweep = Sweep([ghz(2), ghz(3)], ["lima", "fez"], seeds=range(250_000))
    started = time.process_time()
    described = sweep.describe()
    assert (described.tasks, described.distinct, described.remaining) == (1_000_000,) * 3
    # A hundredth of a second on the machine that this was written on.
    assert time.process_time() - started < 2


def test_pictures_of_sweeps_and_scores_are_tables() -> None:
    sweep = Sweep(ghz(2), "lima", seeds=range(1000))
    assert "Sweep of 1,000 tasks" in sweep._repr_html_()
    assert "1,000 seeds" in sweep.describe()._repr_html_()
    from qiskit import transpile

    from qiskit_ibm_native import Snapshot, build_target

    lima = Snapshot.load("lima")
    scores = score(transpile(ghz(2), target=build_target(lima), seed_transpiler=1), [lima, lima])
    picture = scores._repr_html_()
    assert picture.count(f"{float(scores.esp[0]):.4g}") == 3
    assert "nan" not in scores._replace(esp=np.full(2, np.nan))._repr_html_()
