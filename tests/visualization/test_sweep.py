# SPDX-License-Identifier: Apache-2.0
"""Pictures of sweeps: every result is on them, fronts are those of the ledger, and failures are told."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from tests.support.pictures import swept
from tests.support.sweeping import Serial, ghz

from qiskit_ibm_native import IBMInputValueError, Ledger, MissingPackageError, Sweep, SweepWarning
from qiskit_ibm_native._style import theme
from qiskit_ibm_native.visualization import plot_sweep
from qiskit_ibm_native.visualization.sweep.content import MOST_COLORS
from qiskit_ibm_native.visualization.sweep.geometry import LEVELS


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("sweep") / "ledger.sqlite3")


def dots(ax):
    """Return the values of the dots of each row, in ascending order, from top to bottom."""
    rows = [each for each in ax.lines if each.get_label() == "results"]
    ordered = sorted(rows, key=lambda each: np.mean(each.get_ydata()))
    return [sorted(each.get_xdata()) for each in ordered]


def labels(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_what_is_no_figure_or_dimension_is_refused(results):
    with pytest.raises(IBMInputValueError, match=r"Figures are depth, .*, gates, not 'dept'"):
        plot_sweep(results, "dept")
    with pytest.raises(
        IBMInputValueError, match=r"by is one or several different ones of device, level, .* not 'colour'"
    ):
        plot_sweep(results, by="colour")
    with pytest.raises(IBMInputValueError, match="by is one or several different ones"):
        plot_sweep(results, by=("device", "backend"))
    with pytest.raises(IBMInputValueError, match="one dimension or two"):
        plot_sweep(results, by=("device", "level", "seed"))
    with pytest.raises(IBMInputValueError, match=r"not of str; of a file, Ledger\(path\)"):
        plot_sweep("ledger.sqlite3")
    with pytest.raises(IBMInputValueError, match="There are 8 of seed, and 7 colours"):
        plot_sweep(results, by=("device", "seed"))
    with pytest.raises(IBMInputValueError, match="most is a number of rows"):
        plot_sweep(results, most=0)
    for wrong in ("depth", ("depth",), ("depth", "depth"), ("depth", "esp", "size")):
        with pytest.raises(IBMInputValueError, match="pareto is two different figures"):
            plot_sweep(results, pareto=wrong)
    with pytest.raises(IBMInputValueError, match="Neither less nor more of 'num_qubits'"):
        plot_sweep(results, pareto=("num_qubits", "esp"))


# Rows


def test_every_result_is_a_dot_in_its_row(results):
    (ax,) = plot_sweep(results, "two_qubit_depth", by="seed").axes
    assert labels(ax) == [str(seed) for seed in range(8)]
    wanted = [sorted(it.two_qubit_depth for it in results if it.seed == seed and it.error is None) for seed in range(8)]
    assert dots(ax) == wanted
    assert ax.get_xlabel() == "two-qubit depth (less is better)"
    assert ax.get_title(loc="left") == "Two-qubit depth by seed"
    assert "dot: a result" in legend(ax)
    centers = [(x, y) for each in ax.lines for x, y in zip(each.get_xdata(), each.get_ydata())]
    assert len(set(centers)) == len(centers) == 48


def test_many_results_are_a_shape_as_high_as_they_are_many(results):
    (ax,) = plot_sweep(results, "two_qubit_depth").axes
    assert labels(ax) == ["ibm_hanoi", "ibmq_lima"]
    shapes = [each for each in ax.collections if each.get_zorder() == 2]
    for row, (shape, backend) in enumerate(zip(shapes, labels(ax), strict=True)):
        depths = [it.two_qubit_depth for it in results if it.backend == backend and it.error is None]
        corners = shape.get_paths()[0].vertices
        highest = max(map(depths.count, depths))
        for depth in set(depths):
            around = corners[np.abs(corners[:, 0] - depth) <= 0.5]
            height = (around[:, 1].max() - around[:, 1].min()) / 2
            neighbours = max(map(depths.count, (depth - 1, depth, depth + 1)))
            assert 0.4 * depths.count(depth) / highest - 1e-9 <= height <= max(0.4 * neighbours / highest, 0.03) + 1e-9
            assert around[:, 1].mean() == pytest.approx(row, abs=0.2)
    assert "height: number of results" in legend(ax)
    assert "dot: a result" not in legend(ax)


def test_the_box_has_the_quantiles_of_numpy(results):
    (ax,) = plot_sweep(results, "size", by="level").axes
    for row in (0, 1):
        values = [it.size for it in results if it.optimization_level == row + 1 and it.error is None]
        lines = np.concatenate([each.get_segments() for each in ax.collections if each.get_zorder() >= 3])
        mine = lines[np.abs(lines[:, :, 1] - row).max(axis=1) < 0.5]
        assert sorted(set(mine[:, :, 0].ravel())) == pytest.approx(sorted(set(np.quantile(values, LEVELS))))


def test_failures_are_told(results):
    (ax,) = plot_sweep(results).axes
    assert "48 results, 16 tasks failed" in texts(ax)
    assert [it for it in texts(ax) if "failed" in it][1:] == ["✕ 16 failed"]
    assert {"32", "16", "results"} <= set(texts(ax))
    (ax,) = plot_sweep(results, "duration").axes
    assert "no result with this figure" in texts(ax)
    assert "48 results, 16 tasks failed, 48 without duration" in texts(ax)


def test_rows_have_colours_by_a_second_dimension(results):
    (ax,) = plot_sweep(results, by=("device", "level")).axes
    assert labels(ax) == ["ibm_hanoi", "ibmq_lima"]
    (colors,) = [each for each in ax.get_children() if isinstance(each, Legend) and each is not ax.get_legend()]
    assert [text.get_text() for text in colors.get_texts()] == ["level 1", "level 2"]
    rows = [each for each in ax.lines if each.get_label() == "results"]
    assert len(rows) == 4
    assert len({each.get_color() for each in rows}) == 2
    assert MOST_COLORS == len(theme(dark=False).series) == len(theme(dark=True).series)


def test_of_many_rows_those_with_the_best_medians_are_drawn(results):
    (ax,) = plot_sweep(results, "esp", by="seed", most=3).axes
    medians = {seed: np.median([it.esp for it in results if it.seed == seed and it.error is None]) for seed in range(8)}
    assert labels(ax) == [str(seed) for seed in sorted(medians, key=lambda seed: -medians[seed])[:3]]
    assert ax.get_ylabel() == "seed: 3 of 8, those with the best medians"
    (ax,) = plot_sweep(results, "depth", by="seed").axes
    assert labels(ax) == [str(seed) for seed in range(8)]


def test_metrics_and_times_are_figures(results):
    (ax,) = plot_sweep(results, "-gates").axes
    assert ax.get_xlabel() == "gates (more is better)"
    (ax,) = plot_sweep(results, "cpu_time").axes
    assert ax.get_xlabel().startswith("processor time (")
    assert "s" in ax.get_xlabel()


def test_far_values_have_a_logarithmic_scale(results):
    assert plot_sweep(results, "depth").axes[0].get_xscale() == "linear"
    assert plot_sweep(results, "depth", log=True).axes[0].get_xscale() == "log"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("pareto", [None, ("depth", "esp")])
def test_a_ledger_without_results_says_so(tmp_path, dark, pareto):
    figure = plot_sweep(Ledger(tmp_path / "empty.sqlite3"), pareto=pareto, dark=dark)
    FigureCanvasAgg(figure).draw()
    assert any(text.startswith("no result") for text in texts(figure.axes[0]))
    plot_sweep(Ledger(tmp_path / "empty.sqlite3"), pareto=pareto, interactive=True)


def test_everything_failed(tmp_path):
    with pytest.warns(SweepWarning):
        results = Sweep(ghz(7), "lima", seeds=range(3)).run(Serial(), tmp_path / "ledger.sqlite3")
    for pareto in (None, ("depth", "esp")):
        figure = plot_sweep(results, pareto=pareto)
        FigureCanvasAgg(figure).draw()
        assert "0 results, 3 tasks failed" in texts(figure.axes[0])


def test_names_are_no_formulas_and_long_ones_are_cut(tmp_path):
    circuits = [ghz(2, "$\\frac{"), ghz(3, "a" * 300), ghz(4, "same"), ghz(3, "same")]
    results = Sweep(circuits, "lima").run(Serial(), tmp_path / "ledger.sqlite3")
    figure = plot_sweep(results, by="circuit")
    FigureCanvasAgg(figure).draw()
    names = labels(figure.axes[0])
    assert "$\\frac{" in names
    assert f"{'a' * 41}…" in names
    assert len({name for name in names if name.startswith("same (")}) == 2
    FigureCanvasAgg(plot_sweep(results, pareto=("depth", "esp"))).draw()


# Pareto fronts


@pytest.mark.parametrize(
    "figures", [("depth", "esp"), ("esp", "depth"), ("size", "two_qubit_depth"), ("esp", "-gates")]
)
@pytest.mark.parametrize("by", [("circuit", "snapshot"), ("circuit",), ("backend", "optimization_level")])
def test_fronts_are_those_of_the_ledger(results, figures, by):
    (ax,) = plot_sweep(results, pareto=figures, by=by).axes
    wanted = []
    for result in results.pareto(*figures, per=by):
        wanted.append(tuple(getattr(result, name, None) or result.metrics[name.removeprefix("-")] for name in figures))
    fronts = [each for each in ax.lines if str(each.get_drawstyle()).startswith("steps")]
    drawn = [pair for each in fronts for pair in zip(each.get_xdata(), each.get_ydata())]
    np.testing.assert_allclose(sorted(drawn), sorted(wanted))
    assert len(fronts) == len(results.points(by=by).names[0]) * (2 if len(by) > 1 else 1) - (
        by[0] == "circuit" and len(by) > 1
    )
    beaten = [each for each in ax.lines if "other result" in str(each.get_label())]
    on_front = len(wanted)
    assert sum(len(each.get_xdata()) for each in beaten) == 48 - on_front


def test_stairs_go_around_what_is_reached(results):
    styles = {
        figures: plot_sweep(results, pareto=figures).axes[0].lines[-1].get_drawstyle()
        for figures in (("depth", "esp"), ("esp", "depth"), ("size", "depth"))
    }
    assert styles == {("depth", "esp"): "steps-post", ("esp", "depth"): "steps-pre", ("size", "depth"): "steps-post"}


def test_many_fronts_share_a_colour_and_say_how_many_they_are(results):
    (ax,) = plot_sweep(results, pareto=("depth", "esp"), by="seed").axes
    assert "8 fronts,\none for each seed" in legend(ax)
    (ax,) = plot_sweep(results, pareto=("depth", "esp"), by="level").axes
    assert [it.partition(":")[0] for it in legend(ax)[1:]] == ["results that none beats", "1", "2"]


def test_axes_that_are_given_are_drawn_on(results):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_sweep(results, ax=left) is figure
    assert plot_sweep(results, ax=right, pareto=("depth", "esp")) is figure
    assert left.collections
    assert right.lines
    FigureCanvasAgg(figure).draw()


# Large ledgers


@pytest.fixture(scope="module")
def large(results, tmp_path_factory):
    """Return a ledger of a hundred thousand results, copies of a few with other seeds and figures."""
    path = tmp_path_factory.mktemp("large") / "ledger.sqlite3"
    with sqlite3.connect(results.ledger.path) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))
    connection = sqlite3.connect(path)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(tasks)") if row[1] not in {"number", "id"}]
    changed = {
        "seed": "1000 + value",
        "depth": "depth + abs(random()) % 200",
        "esp": "esp * (1 + abs(random()) % 900) / 1000.0",
    }
    picked = ", ".join(changed.get(column, column) for column in columns)
    connection.execute(
        f"WITH RECURSIVE many(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM many WHERE value < 2083)"
        f" INSERT INTO tasks (id, {', '.join(columns)}) SELECT randomblob(16), {picked} FROM tasks, many WHERE error IS NULL"
    )
    connection.commit()
    connection.close()
    return Ledger(path)


@pytest.mark.slow
@pytest.mark.parametrize("pareto", [None, ("depth", "esp")])
def test_large_ledgers_are_quick_and_small(large, pareto):
    assert len(large) > 100_000
    start = time.process_time()
    figure = plot_sweep(large, pareto=pareto)
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    drawn = time.process_time()
    # Whole results, which a picture does without.
    large.table()
    assert drawn - start < (time.process_time() - drawn) / 1.5
    assert len(file.getvalue()) < 600_000
    assert len(plot_sweep(large, pareto=pareto, interactive=True).to_json()) < 600_000


@pytest.mark.slow
def test_fronts_of_large_ledgers_are_those_of_the_ledger(large):
    points = large.points("depth", "esp", by="device")
    front = points.fronts(1)
    wanted = large.pareto("depth", "esp", per=("backend",))
    assert sorted((points.values[0][it], points.values[1][it]) for each in front.values() for it in each) == sorted(
        (result.depth, result.esp) for result in wanted
    )


# Interactive pictures, and what is missing


def test_interactive_pictures_tell_which_result_is_which(results):
    figure = plot_sweep(results, "depth", by="seed", interactive=True)
    told = [text for trace in figure.data if trace.text is not None for text in trace.text]
    assert "ghz_n7 on ibm_hanoi, level 1, seed 3" in told
    assert len(told) == 48
    boxes = [trace for trace in figure.data if trace.type == "box"]
    assert [round(float(box.median[0]), 6) for box in boxes] == [
        np.median([it.depth for it in results if it.seed == seed and it.error is None]) for seed in range(8)
    ]
    front = plot_sweep(results, pareto=("depth", "esp"), interactive=True)
    drawn = [(x, y) for trace in front.data if trace.mode == "lines+markers" for x, y in zip(trace.x, trace.y)]
    np.testing.assert_allclose(sorted(drawn), sorted((it.depth, it.esp) for it in results.pareto("depth", "esp")))
    with pytest.raises(IBMInputValueError, match="leave out one"):
        plot_sweep(results, interactive=True, ax=Figure().subplots())


@pytest.mark.parametrize(
    ("package", "interactive", "extra"), [("matplotlib", False, "visualization"), ("plotly", True, "interactive")]
)
def test_a_missing_package_is_told_with_its_command(monkeypatch, results, package, interactive, extra):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"need {package}.*pip install 'qiskit-ibm-native\[{extra}\]'"):
        plot_sweep(results, interactive=interactive)


def test_pictures_of_sweeps_need_no_pyplot():
    code = """
import sys
from qiskit_ibm_native import Ledger
from qiskit_ibm_native.visualization import plot_sweep
assert plot_sweep(Ledger())._repr_png_().startswith(b"\\x89PNG")
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
