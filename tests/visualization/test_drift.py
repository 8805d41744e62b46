# SPDX-License-Identifier: Apache-2.0
"""Pictures of values over time: what is drawn is what numpy says, and nothing is drawn where nothing is known."""

from __future__ import annotations

import io
import math
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from tests.support.pictures import START, days, event, measured, series

from qiskit_ibm_native import IBMInputValueError, MissingPackageError, Snapshot
from qiskit_ibm_native.snapshot.series import CalibrationSeries
from qiskit_ibm_native.visualization import plot_drift
from qiskit_ibm_native.visualization.time_axis import DateTicks, DateWords


def line(ax, label):
    """Return the times and values of a line by its label."""
    (found,) = [each for each in ax.lines if each.get_label() == label]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def band(ax, label):
    """Return the lowest and the highest value of a band at each time that it has a corner at."""
    (found,) = [each for each in ax.collections if each.get_label() == label]
    corners = np.concatenate([path.vertices for path in found.get_paths()])
    times = np.unique(corners[:, 0])
    return times, *(np.array([pick(corners[corners[:, 0] == time, 1]) for time in times]) for pick in (np.min, np.max))


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def rendered(figure):
    FigureCanvasAgg(figure).draw()
    return figure


def lanes(ax):
    """Return the numbers of times of marks, by kind."""
    (inset,) = ax.child_axes
    found = {
        each.get_label(): np.asarray(each.get_xdata()) for each in inset.lines if not each.get_label().startswith("_")
    }
    spans = {each.get_label(): np.array(each.get_segments())[:, :, 0] for each in inset.collections}
    return {**found, **spans}, [text.get_text() for text in inset.get_yticklabels()]


# Values


def test_the_median_and_the_bands_are_those_of_numpy():
    given = measured()
    (ax,) = plot_drift(given).axes
    levels = np.nanquantile(given.values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1) * 1e6
    times, middle = line(ax, "median of 27 qubits")
    np.testing.assert_allclose(times, date2num(given.times))
    np.testing.assert_allclose(middle, levels[2], rtol=1e-12)
    for label, low, high in (
        ("25 to 75 % of qubits", levels[1], levels[3]),
        ("5 to 95 % of qubits", levels[0], levels[4]),
    ):
        times, lowest, highest = band(ax, label)
        np.testing.assert_allclose(times, date2num(given.times))
        np.testing.assert_allclose(lowest, low, rtol=1e-12)
        np.testing.assert_allclose(highest, high, rtol=1e-12)
    assert legend(ax) == ["median of 27 qubits", "25 to 75 % of qubits", "5 to 95 % of qubits"]
    assert ax.get_ylabel() == "T1 (µs)"


def test_bands_can_be_chosen():
    given = measured()
    (ax,) = plot_drift(given, bands=(0.8, 0.999)).axes
    _, lowest, highest = band(ax, "10 to 90 % of qubits")
    np.testing.assert_allclose([lowest, highest], np.nanquantile(given.values, [0.1, 0.9], axis=1) * 1e6, rtol=1e-12)
    assert legend(ax)[1:] == ["10 to 90 % of qubits", "0.05 to 99.95 % of qubits"]
    assert legend(plot_drift(given, bands=()).axes[0]) == ["median of 27 qubits"]
    for wrong in ((0,), (1.5,), ("x",), (True,)):
        with pytest.raises(IBMInputValueError, match="bands are shares"):
            plot_drift(given, bands=wrong)


def test_single_qubits_are_lines_of_their_own_values():
    given = measured()
    (ax,) = plot_drift(given, qubits=[3, 5]).axes
    for qubit in (3, 5):
        _, values = line(ax, f"qubit {qubit}")
        np.testing.assert_allclose(values, given.values[:, qubit] * 1e6)
    assert len(plot_drift(given, qubits="all").axes[0].lines) == 28
    colors = [each.get_color() for each in ax.lines]
    assert len(set(colors)) == 3


def test_gates_have_lines_by_their_qubits():
    given = measured(quantity="duration", gate="cz")
    for qubits, labels in (((0, 1), ["cz (0, 1)"]), ([(0, 1), (4, 5)], ["cz (0, 1)", "cz (4, 5)"])):
        (ax,) = plot_drift(given, qubits=qubits).axes
        assert [each.get_label() for each in ax.lines][1:] == labels
    with pytest.raises(IBMInputValueError, match=r"no values of cz on \(1, 0\)"):
        plot_drift(given, qubits=(1, 0))
    with pytest.raises(IBMInputValueError, match="no values of qubit 27"):
        plot_drift(measured(), qubits=27)
    with pytest.raises(IBMInputValueError, match="qubits must be integers"):
        plot_drift(measured(), qubits="three")


def test_a_series_of_one_qubit_is_a_line_with_its_name():
    (ax,) = plot_drift(series(np.full((9, 1), 5.1e9), quantity="frequency", qubits=[7])).axes
    assert legend(ax) == ["qubit 7"]
    assert ax.get_ylabel() == "frequency (GHz)"
    np.testing.assert_allclose(line(ax, "qubit 7")[1], 5.1)


def test_errors_have_a_logarithmic_scale_and_times_a_linear_one():
    errors = measured(quantity="error", gate="cz")
    assert plot_drift(errors).axes[0].get_yscale() == "log"
    assert plot_drift(errors).axes[0].get_ylabel() == "gate error (log scale)"
    assert plot_drift(errors, log=False).axes[0].get_yscale() == "linear"
    assert plot_drift(measured()).axes[0].get_yscale() == "linear"
    assert plot_drift(measured(), log=True).axes[0].get_yscale() == "log"


def test_errors_of_one_are_left_out_and_told():
    values = np.full((10, 5), 0.01)
    values[3:6, 1] = 1.0
    (ax,) = plot_drift(series(values, quantity="error", gate="cz"), qubits=(1, 2)).axes
    assert "3 errors of 1 left out:\ngates that do not work" in legend(ax)
    _, drawn = line(ax, "cz (1, 2)")
    assert np.isnan(drawn[3:6]).all()
    assert np.nanmax(line(ax, "median of 5 pairs")[1]) == 0.01


def test_zeros_on_a_logarithmic_scale_are_told():
    values = np.full((10, 3), 0.01)
    values[2] = 0.0
    (ax,) = rendered(plot_drift(series(values, quantity="readout_error"))).axes
    assert "3 values not above 0,\nwhich a log scale has not" in legend(ax)
    # The line and the bands leave the picture at its bottom.
    assert ax.get_ylim()[0] > 0.005
    zeros = rendered(plot_drift(series(np.zeros((10, 3)), quantity="readout_error")))
    assert zeros.axes[0].get_yscale() == "linear"


# Gaps


def test_long_gaps_are_not_bridged_and_are_shaded():
    times = days(60, left_out=range(20, 40))
    (ax,) = plot_drift(measured(40, times=times), qubits=3).axes
    drawn_at, middle = line(ax, "median of 27 qubits")
    assert np.isnan(middle[20])
    assert np.isfinite(np.delete(middle, 20)).all()
    np.testing.assert_allclose(drawn_at[19:22], date2num(times[[19, 19, 20]]))
    assert np.isnan(line(ax, "qubit 3")[1][20])
    assert "no calibration for more\nthan 5 days" in legend(ax)
    (shade,) = ax.patches
    np.testing.assert_allclose([shade.get_x(), shade.get_x() + shade.get_width()], date2num(times[[19, 20]]))


def test_short_gaps_are_bridged_unless_gap_says_otherwise():
    times = days(60, left_out=(20, 21, 22))
    (ax,) = plot_drift(measured(57, times=times)).axes
    assert len(line(ax, "median of 27 qubits")[1]) == 57
    assert not ax.patches
    (ax,) = plot_drift(measured(57, times=times), gap="36h").axes
    assert len(line(ax, "median of 27 qubits")[1]) == 58
    assert "no calibration for more\nthan 1.5 days" in legend(ax)
    with pytest.raises(IBMInputValueError, match="gap must be a length of time"):
        plot_drift(measured(), gap="soon")


def test_missing_values_leave_gaps_and_lonely_ones_are_dots():
    values = np.full((100, 2), 1e-4)
    values[40:50] = np.nan
    values[45] = 1e-4
    (ax,) = plot_drift(series(values), qubits=1).axes
    (found,) = [each for each in ax.lines if each.get_label() == "qubit 1"]
    assert np.flatnonzero(np.isnan(found.get_ydata())).tolist() == [40, 41, 42, 43, 44, 46, 47, 48, 49]
    assert found.get_markevery() == [45]
    assert np.isnan(line(ax, "median of 2 qubits")[1][40:45]).all()


def test_a_qubit_without_values_does_not_count():
    values = measured().values
    values[:, 4] = np.nan
    (ax,) = plot_drift(series(values), qubits=4).axes
    np.testing.assert_allclose(line(ax, "median of 27 qubits")[1], np.nanmedian(values, axis=1) * 1e6)
    assert np.isnan(line(ax, "qubit 4")[1]).all()


# Extremes


@pytest.mark.parametrize("count", [1, 2, 1000])
@pytest.mark.parametrize("dark", [False, True])
def test_any_number_of_calibrations_is_drawn(count, dark):
    given = measured(count, 5)
    figure = rendered(plot_drift(given, qubits=2, dark=dark, changes=True))
    (ax,) = figure.axes
    assert len(line(ax, "qubit 2")[1]) == count
    low, high = ax.get_xlim()
    assert low < date2num(given.times[0])
    assert high > date2num(given.times[-1])
    ticks = [text for text in ax.xaxis.get_ticklabels() if low <= text.get_position()[0] <= high]
    assert 2 <= len(ticks) <= 9


@pytest.mark.parametrize("interactive", [False, True])
def test_a_series_without_values_says_so(interactive):
    for given, text in ((series(np.full((9, 4), np.nan)), "no value"), (series(np.empty((0, 4))), "no calibration"),
                        (series(np.empty((0, 0))), "no calibration"), (series(np.empty((3, 0))), "no value")):  # fmt: skip
        figure = plot_drift(given, interactive=interactive, events=[event("late", 3)], changes=True)
        if interactive:
            assert figure.layout.annotations[0].text == text
        else:
            assert text in [each.get_text() for each in rendered(figure).axes[0].texts]


def test_constant_values_and_values_that_are_no_numbers():
    rendered(plot_drift(series(np.full((9, 4), 1e-4))))
    values = np.full((9, 4), 1e-4)
    values[3, 2] = np.inf
    (ax,) = rendered(plot_drift(series(values), qubits=2)).axes
    assert np.isnan(line(ax, "qubit 2")[1][3])


def test_calibrations_of_one_time_and_out_of_order():
    given = series(np.arange(12).reshape(4, 3) * 1e-6, times=days(4)[[2, 0, 0, 3]])
    (ax,) = rendered(plot_drift(given)).axes
    times, middle = line(ax, "median of 3 qubits")
    assert (np.diff(times) >= 0).all()
    np.testing.assert_allclose(middle, [4, 7, 1, 10])


def test_names_are_no_formulas():
    figure = rendered(plot_drift(measured(backend="$\\frac{"), title=None))
    assert figure.axes[0].get_title(loc="left") == "$\\frac{: T1"


# Series of snapshots


def test_series_of_snapshots_and_of_their_gates_are_drawn():
    fez = Snapshot.load("fez")
    given = CalibrationSeries([fez, fez])
    (ax,) = plot_drift(given, "T2").axes
    np.testing.assert_allclose(line(ax, "median of 156 qubits")[1], np.nanmedian(fez.columns.t2) * 1e6)
    (ax,) = plot_drift(given, gate="cz").axes
    errors = fez.columns.gate("cz").error
    np.testing.assert_allclose(line(ax, f"median of {len(errors)} pairs")[1], np.nanmedian(errors[errors < 1]))
    assert ax.get_title(loc="left") == "ibm_fez: cz error"
    assert plot_drift(given.gate("cz"), "duration").axes[0].get_title(loc="left") == "cz duration"


def test_calibrations_without_a_time_are_left_out_and_told():
    times = days(9)
    times[3] = np.datetime64("NaT")
    (ax,) = plot_drift(measured(9, times=times)).axes
    assert len(line(ax, "median of 27 qubits")[0]) == 8
    assert "1 calibration without\na time left out" in legend(ax)


def test_of_flags_the_number_that_works_is_drawn():
    flags = np.ones((9, 5))
    flags[3:6, 2] = 0
    flags[4, 1] = np.nan
    (ax,) = plot_drift(series(flags, quantity="operational")).axes
    assert line(ax, "qubits that work, of 5")[1].tolist() == [5, 5, 5, 4, 4, 4, 5, 5, 5]
    with pytest.raises(IBMInputValueError, match="true or false"):
        plot_drift(series(flags, quantity="operational"), qubits=2)


def test_what_is_no_series_is_refused():
    with pytest.raises(IBMInputValueError, match=r"not of Snapshot: archive\.series"):
        plot_drift(Snapshot.load("lima"))
    with pytest.raises(IBMInputValueError, match="quantity='t2' is not that of"):
        plot_drift(measured(), "t2")
    with pytest.raises(IBMInputValueError, match="gate='cz' is not that of"):
        plot_drift(measured(), gate="cz")
    with pytest.raises(ValueError, match="there is no quantity 't3'"):
        plot_drift(CalibrationSeries([Snapshot.load("lima")]), "t3")


# Events and changes


def test_events_are_at_their_times():
    events = [
        event("failed", 10, [3]),
        event("returned", 12, [3]),
        event("failed", 30.5, [4]),
        event("late", 50, until=55),
    ]
    (ax,) = plot_drift(measured(), events=events).axes
    marks, labels = lanes(ax)
    assert labels == ["failed (2)", "returned (1)", "late (1)"]
    start = date2num(START)
    np.testing.assert_allclose(marks["failed"], [start + 10, start + 30.5])
    np.testing.assert_allclose(marks["returned"], start + 12)
    np.testing.assert_allclose(marks["late"], [[start + 50, start + 55]])


def test_events_of_others_are_left_out():
    others = [
        event("failed", 10, [3], backend="ibm_other"), event("failed", 10, [3, 4], gate="cz"), event("failed", 10, [99]),
        event("frozen", 10, [3], quantity="t2"), event("failed", -50, [3]), event("failed", 500, [3]),
    ]  # fmt: skip
    assert not plot_drift(measured(), events=others).axes[0].child_axes
    marks, _ = lanes(
        plot_drift(measured(), events=[*others, event("frozen", 20, [3], until=40, quantity="t1", since=10)]).axes[0]
    )
    np.testing.assert_allclose(marks["frozen"], [date2num(START) + np.array([10, 40])])
    gates = measured(quantity="error", gate="cz")
    assert lanes(plot_drift(gates, events=others).axes[0])[1] == ["failed (1)"]


def test_events_of_chosen_qubits_have_their_colours():
    events = [event("failed", 10, [3]), event("failed", 20, [4]), event("failed", 30, [5]), event("late", 60, until=65)]
    (ax,) = plot_drift(measured(), qubits=[5, 3], events=events).axes
    _, labels = lanes(ax)
    assert labels == ["failed (2)", "late (1)"]
    (inset,) = ax.child_axes
    colors = {float(each.get_xdata()[0]): each.get_color() for each in inset.lines if each.get_label() == "failed"}
    by_label = {each.get_label(): each.get_color() for each in ax.lines}
    start = float(date2num(START))
    assert colors == {start + 10: by_label["qubit 3"], start + 30: by_label["qubit 5"]}


def test_a_device_that_is_late_now_is_late_until_the_end():
    (ax,) = plot_drift(measured(10), events=[event("late", 12, since=9)]).axes
    marks, _ = lanes(ax)
    assert marks["late"][0, 0] == date2num(START) + 12
    assert ax.get_xlim()[1] > date2num(START) + 12


def test_what_is_no_event_is_refused():
    with pytest.raises(IBMInputValueError, match="a sequence of Event"):
        plot_drift(measured(), events=["failed"])


def test_changes_of_level_are_marked_where_they_are():
    values = np.full((90, 4), 100e-6) * np.exp(np.random.default_rng(2).normal(0, 0.05, (90, 4)))
    values[50:, 2] *= 2
    given = series(values)
    changes = given.change_points()
    assert len(changes) == 1
    for chosen in (changes, True):
        marks, labels = lanes(plot_drift(given, changes=chosen).axes[0])
        assert labels == ["level changed (1)"]
        np.testing.assert_allclose(marks["level changed"], date2num(changes.times))
    (ax,) = plot_drift(given, qubits=2, changes=True).axes
    (steps,) = [each for each in ax.collections if each.get_zorder() == 3.5]
    (before, after) = steps.get_segments()
    np.testing.assert_allclose([before[0, 1], after[0, 1]], [changes.before[0] * 1e6, changes.after[0] * 1e6])
    assert "level between changes" in legend(ax)
    assert not plot_drift(given, qubits=1, changes=True).axes[0].child_axes
    with pytest.raises(IBMInputValueError, match="changes are"):
        plot_drift(given, changes=[3])
    with pytest.raises(IBMInputValueError, match="another series"):
        plot_drift(measured(quantity="t2"), changes=changes)


# Axes, files, themes


def test_times_are_written_in_words():
    words = DateWords()
    january = date2num(np.array(["2025-01-01", "2025-02-01", "2025-03-01"], "datetime64[us]"))
    assert words.format_ticks(january) == ["Jan\n2025", "Feb", "Mar"]
    turn = date2num(np.array(["2024-12-15", "2025-01-01", "2025-01-15"], "datetime64[us]"))
    assert words.format_ticks(turn) == ["15 Dec\n2024", "1 Jan\n2025", "15 Jan"]
    hours = date2num(np.array(["2025-03-03T18:00", "2025-03-04T00:00", "2025-03-04T06:00"], "datetime64[us]"))
    assert words.format_ticks(hours) == ["18:00\n3 Mar 2025", "00:00\n4 Mar 2025", "06:00"]
    years = date2num(np.array(["2024-01-01", "2025-01-01"], "datetime64[us]"))
    assert words.format_ticks(years) == ["2024", "2025"]
    (ax,) = plot_drift(measured()).axes
    assert ax.get_xlabel() == "time (UTC)"
    assert [text.get_text() for text in ax.texts] == [
        f"median {np.nanmedian(measured().values) * 1e6:.0f}\u00a0µs, 90 calibrations, 1 January to 31 March 2025".replace(
            "\u00a0", " "
        )
    ]


def test_axes_that_are_given_are_drawn_on():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_drift(measured(), ax=right, events=[event("failed", 3, [3])]) is figure
    assert not left.lines
    assert len(right.lines) == 1
    rendered(figure)
    with pytest.raises(IBMInputValueError, match="ax must be Axes"):
        plot_drift(measured(), ax=figure)


def test_settings_of_matplotlib_stay_as_they_are_and_files_are_the_same():
    before = dict(mpl.rcParams)
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        plot_drift(measured(), events=[event("failed", 3, [3])]).savefig(file, format="svg")
    assert files[0].getvalue() == files[1].getvalue()
    assert dict(mpl.rcParams) == before


def test_long_series_are_small_as_vector_graphics():
    file = io.BytesIO()
    plot_drift(measured(20_000, 3), qubits=1).savefig(file, format="svg")
    assert len(file.getvalue()) < 700_000


def test_nothing_in_a_picture_overlaps_and_nothing_is_cut_off():
    events = [event("failed", 10, [3]), event("late", 50, until=55)]
    for given in (measured(), measured(quantity="error", gate="cz"), measured(2)):
        figure = plot_drift(given, events=events, changes=True)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        (ax,) = figure.axes
        texts = [ax.yaxis.label, ax.get_legend(), *ax.texts, ax._left_title, *ax.yaxis.get_ticklabels()]
        for axes in (ax, *ax.child_axes):
            texts += [axes.xaxis.label, *axes.xaxis.get_ticklabels()]
        boxes = [(each, each.get_window_extent(renderer)) for each in texts
                 if getattr(each, "get_text", lambda: "legend")() and each.get_visible()]  # fmt: skip
        # Ticks beyond the ends of axes are not drawn.
        low, high = ax.get_ylim()
        boxes = [
            (each, box)
            for each, box in boxes
            if each not in set(ax.yaxis.get_ticklabels()) or low <= each.get_position()[1] <= high
        ]
        low, high = ax.get_xlim()
        ticks = {each for axes in (ax, *ax.child_axes) for each in axes.xaxis.get_ticklabels()}
        boxes = [(each, box) for each, box in boxes if each not in ticks or low <= each.get_position()[0] <= high]
        for number, (one, box) in enumerate(boxes):
            assert figure.bbox.x0 <= box.x0, one
            assert box.x1 <= figure.bbox.x1, one
            assert figure.bbox.y0 <= box.y0, one
            assert box.y1 <= figure.bbox.y1, one
            for two, other in boxes[:number]:
                assert not box.overlaps(other), (one, two)


def test_pyplot_is_not_needed_and_matplotlib_not_until_something_is_drawn():
    code = """
import sys
import qiskit_ibm_native.visualization as visualization
assert "matplotlib" not in sys.modules
from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.snapshot.series import CalibrationSeries
figure = visualization.plot_drift(CalibrationSeries([Snapshot.load("lima")]))
assert figure._repr_png_().startswith(b"\\x89PNG")
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("package", "interactive", "extra"), [("matplotlib", False, "visualization"), ("plotly", True, "interactive")]
)
def test_a_missing_package_is_told_with_its_command(monkeypatch, package, interactive, extra):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"need {package}.*pip install 'qiskit-ibm-native\[{extra}\]'"):
        plot_drift(measured(), interactive=interactive)


# Interactive pictures


def test_interactive_pictures_have_the_same_values():
    times = days(60, left_out=range(20, 40))
    given = measured(40, times=times)
    figure = plot_drift(given, qubits=3, interactive=True, events=[event("failed", 10, [3])], changes=True)
    named = {trace.name: trace for trace in figure.data}
    middle = np.array([math.nan if it is None else it for it in named["median of 27 qubits"].y])
    np.testing.assert_allclose(np.delete(middle, 20), np.nanmedian(given.values, axis=1) * 1e6)
    assert math.isnan(middle[20])
    low = np.array([math.nan if it is None else it for it in named["5 %"].y])
    np.testing.assert_allclose(np.delete(low, 20), np.nanquantile(given.values, 0.05, axis=1) * 1e6)
    assert "qubit 3" in named
    (mark,) = [trace for trace in figure.data if trace.yaxis == "y2"]
    assert mark.x[0].startswith("2025-01-11T03:00")
    assert "qubit 3" in mark.text[0]
    assert len(figure.layout.shapes) == 1
    assert figure.layout.yaxis.title.text == "T1 (µs)"
    assert plot_drift(measured(quantity="error", gate="cz"), interactive=True).layout.yaxis.type == "log"
    with pytest.raises(IBMInputValueError, match="leave out one"):
        plot_drift(given, interactive=True, ax=Figure().subplots())


def test_names_in_interactive_pictures_are_no_html():
    given = measured(backend="<a href='x'>&")
    figure = plot_drift(given, interactive=True, title=None)
    assert figure.layout.title.text == "<b>&lt;a href=&#x27;x&#x27;&gt;&amp;: T1</b>"


@pytest.mark.parametrize("most", [2, 3, 5, 8])
def test_ticks_are_whole_times_and_not_too_many(most):
    chance = np.random.default_rng(most)
    ticks, words = DateTicks(most), DateWords()
    for span in 10 ** chance.uniform(-4, 6, 300):
        first = float(chance.uniform(-600_000, 2_000_000))
        found = ticks.tick_values(first, first + span)
        assert len(found) <= most
        assert found == sorted(set(found))
        assert all(first <= tick <= first + span for tick in found)
        assert len(words.format_ticks(found)) == len(found)
        if span > 0.01 and most >= 5:
            assert len(found) >= 2, (first, span)
    quarter = words.format_ticks(DateTicks(8).tick_values(20089, 20149))
    assert quarter == ["1 Jan\n2025", "15 Jan", "1 Feb", "15 Feb", "1 Mar"]
    assert words.format_ticks(DateTicks(8).tick_values(20089, 20120))[1:] == [
        "6 Jan",
        "11 Jan",
        "16 Jan",
        "21 Jan",
        "26 Jan",
        "1 Feb",
    ]


def test_interactive_pictures_do_without_matplotlib():
    code = """
import sys
sys.modules["matplotlib"] = None
from qiskit_ibm_native import Ledger, Snapshot
from qiskit_ibm_native.snapshot.series import CalibrationSeries
from qiskit_ibm_native.visualization import plot_drift, plot_sweep
assert plot_drift(CalibrationSeries([Snapshot.load("lima")]), interactive=True).data
plot_sweep(Ledger(), interactive=True)
plot_sweep(Ledger(), pareto=("depth", "esp"), interactive=True)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
