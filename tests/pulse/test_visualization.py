# SPDX-License-Identifier: Apache-2.0
"""Pictures of schedules: what must be on them, and that it can be read."""

from __future__ import annotations

import io
import itertools
import pickle
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from qiskit.circuit import Parameter
from tests.support.pulses import defaults

from qiskit_ibm_native import IBMInputValueError, MissingPackageError, PulseError, Snapshot
from qiskit_ibm_native._style import lightness, theme
from qiskit_ibm_native.pulse import (
    Acquire,
    AcquireChannel,
    Constant,
    Drag,
    DriveChannel,
    Gaussian,
    MemorySlot,
    Play,
    Schedule,
    SetFrequency,
    SetPhase,
    ShiftFrequency,
    ShiftPhase,
    Waveform,
)
from qiskit_ibm_native.pulse.drawing.profile import column_extremes
from qiskit_ibm_native.visualization import plot_schedule

D0, D1 = DriveChannel(0), DriveChannel(1)


def texts(axis):
    return [text.get_text() for text in axis.texts]


def washington():
    snapshot = Snapshot.load("washington")
    return snapshot.defaults, {"dt": snapshot.configuration.dt, "frequencies": snapshot.defaults.frequencies}


def many(count, channels=3):
    """Return a schedule of so many instructions: pulses, and changes of phases before them."""
    pulses = [Drag(160, 0.2, 40, 1.0 + it) for it in range(2)]
    timed = []
    for at in range(count // (2 * channels)):
        for index in range(channels):
            channel = DriveChannel(index)
            timed += [(160 * at, ShiftPhase(0.1 * at, channel)), (160 * at, Play(pulses[at % 2], channel))]
    return Schedule(*timed, name="many")


def magnitude(axis):
    """Return the times and the heights of the line of magnitudes."""
    (line,) = [line for line in axis.lines if line.get_linewidth() == 0.8 and line.get_linestyle() == "-"]
    return line.get_xdata(), line.get_ydata()


def test_a_gate_has_a_row_a_channel_with_its_phases_and_frequencies():
    made, options = washington()
    schedule = made.instruction_schedule_map.get("cx", (0, 1))
    figure = plot_schedule(schedule, **options)
    labels = [axis.get_ylabel().split("\n") for axis in figure.axes]
    assert labels == [
        ["d0", "5.088 GHz"], ["d1", "4.981 GHz"], ["u0", "4.981 GHz"], ["u2", "5.088 GHz"], ["u4", "4.981 GHz"],
        ["u28", "5.088 GHz"],
    ]  # fmt: skip
    assert {"\u2212\u03c0", "\u2212\u03c0/2", "CR90p_d0_u2", "0.0973"} <= set(texts(figure.axes[0]))
    _, heights = magnitude(figure.axes[0])
    assert (np.nanmin(heights), np.nanmax(heights)) == (0.0, pytest.approx(1.0))
    assert figure.axes[-1].get_xlabel() == "time (dt)"
    (top,) = figure.axes[0].child_axes
    assert top.get_xlabel() == "time (ns)"
    assert figure.axes[-1].get_xlim() == (0, schedule.duration)
    assert figure.get_suptitle() == "cx: 3,840 dt = 853.3 ns"


def test_a_measurement_of_all_qubits_is_an_image():
    schedule = defaults("sherbrooke").instruction_schedule_map.get("measure", range(127))
    figure = plot_schedule(schedule, dt=1e-9)
    measure, acquire, colors = figure.axes
    assert measure.get_ylabel() == "measure\n(127)"
    assert acquire.get_ylabel() == "acquire\n(127)"
    assert colors.get_ylabel() == "magnitude"
    image = measure.collections[0].get_array()
    assert image.shape[0] == 127
    largest = max(np.abs(it.pulse.samples).max() for _, it in schedule.instructions if isinstance(it, Play))
    assert image.max() == pytest.approx(largest, rel=1e-12)


def test_long_and_short_schedules_can_be_drawn():
    long = Schedule(
        (0, Play(Gaussian(2_000_000, 0.1, 300_000), D0)), (0, Acquire(2**31, AcquireChannel(0), MemorySlot(0)))
    )
    plot_schedule(long).savefig(io.BytesIO())
    figure = plot_schedule(long)
    assert max(len(line.get_xdata()) for line in figure.axes[0].lines) < 5000
    plot_schedule(Schedule(SetPhase(0.5, D0))).savefig(io.BytesIO())
    many = Schedule(*((0, Acquire(2**31, AcquireChannel(index), MemorySlot(index))) for index in range(30)))
    plot_schedule(many).savefig(io.BytesIO())
    assert np.nanmax(plot_schedule(many).axes[0].collections[0].get_array()) == 1.0


def test_the_last_schedule_that_can_be_made_is_drawn():
    last = Schedule((0, Play(Constant(160, 0.5), D0)), (2**62 - 160, Play(Constant(160, 0.25), D0)))
    times, _ = magnitude(plot_schedule(last).axes[0])
    assert np.nanmax(times) == 2**62
    assert len(paths(last._repr_svg_())) == 1
    many = Schedule(last, *(Play(Constant(160, 0.5), DriveChannel(index)) for index in range(1, 40)))
    plot_schedule(many).savefig(io.BytesIO())


@pytest.mark.filterwarnings("error")
def test_the_smallest_float_is_an_amplitude_as_any_other():
    schedule = Schedule(Play(Constant(100, 5e-324), D0))
    _, heights = magnitude(plot_schedule(schedule).axes[0])
    assert np.nanmax(heights) == 1.0
    (path,) = paths(schedule._repr_svg_())
    assert {high for _, high in re.findall(r"[ML]([\d.]+) ([^MLz]+)", path.get("d"))} == {"28.0", "4.0"}


# Peaks


@pytest.mark.parametrize("length", [300, 20_000, 3_000_000])
@pytest.mark.parametrize("pulses", [1, 700])
def test_a_peak_of_one_sample_is_drawn_where_it_is(length, pulses):
    samples = np.zeros(length, complex)
    samples[length // 3], samples[2 * length // 3] = 0.9, -0.8j
    others = [(length + 5 * at, Play(Constant(4, 0.01), D0)) for at in range(pulses)]
    figure = plot_schedule(Schedule((0, Play(Waveform(samples), D0)), *others))
    (axis,) = figure.axes
    times, heights = magnitude(axis)
    column = figure.axes[-1].get_xlim()[1] / 1200 + 1
    assert heights[np.nanargmax(heights)] == pytest.approx(1.0)
    assert times[np.nanargmax(heights)] == pytest.approx(length // 3, abs=column)
    near = np.abs(times - 2 * length // 3) <= column
    assert np.nanmax(heights[near]) == pytest.approx(8 / 9)
    drawn = [path.vertices[:, 1] for part in axis.collections for path in part.get_paths()]
    assert max(map(np.max, drawn)) == pytest.approx(1.0)
    assert min(map(np.min, drawn)) == pytest.approx(-8 / 9)


def test_an_oscillation_between_columns_is_drawn_in_its_full_size():
    wave = 0.5 * np.cos(2 * np.pi * 0.1 * np.arange(40_000))
    (axis,) = plot_schedule(Schedule(Play(Waveform(wave), D0))).axes
    (path,) = axis.collections[-1].get_paths()
    inside = path.vertices[(path.vertices[:, 0] > 100) & (path.vertices[:, 0] < 39_900)]
    assert np.abs(np.abs(inside[:, 1]) - 1.0).max() < 1e-12
    assert {-1.0, 1.0} == set(np.sign(inside[:, 1]))


@pytest.mark.parametrize("window", [(0, 3000), (137, 2801), (1000, 1003), (1000, 1090), (-50, 9000)])
@pytest.mark.parametrize("columns", [2, 60, 700])
def test_extremes_of_columns_are_those_of_their_samples(window, columns):
    random = np.random.default_rng(columns)
    plays, samples = [], np.full(12_000, np.nan + 0j)
    clock = 0
    while clock < 2700:
        length = int(random.choice([1, 2, 5, 40, 900]))
        part = random.uniform(-0.5, 0.5, length) + 1j * random.uniform(-0.5, 0.5, length)
        plays.append((clock, Waveform(part)))
        samples[clock + 50 : clock + 50 + length] = part
        clock += length + int(random.integers(0, 60))
    columns = min(columns, window[1] - window[0])
    values = column_extremes(plays, window, columns)
    edges = np.linspace(*window, columns + 1)
    for column in range(columns):
        # Short pulses may count for their second column, too.
        first, last = int(np.ceil(edges[column])), int(np.ceil(edges[column + 1]))
        inside = samples[first + 50 : max(last, first) + 50]
        inside = inside[~np.isnan(inside.real)]
        if len(inside):
            assert values[0, column] <= inside.real.min()
            assert values[1, column] >= inside.real.max()
            assert values[2, column] <= inside.imag.min()
            assert values[3, column] >= inside.imag.max()
            assert values[4, column] >= np.abs(inside).max()
    visible = samples[max(window[0], 0) + 50 : window[1] + 50]
    visible = visible[~np.isnan(visible.real)]
    assert np.isnan(values).all() == (len(visible) == 0)
    if len(visible):
        assert np.nanmax(values[4]) == np.abs(visible).max()
        assert np.nanmin(values[0]) == visible.real.min()


@pytest.mark.parametrize("channels", [1, 30])
def test_peaks_are_kept_in_rows_and_in_images_of_random_pulses(channels):
    random = np.random.default_rng(5)
    parts, largest = [], {}
    for index in range(channels):
        clock = 0
        for _ in range(int(random.integers(1, 900 // channels + 2))):
            samples = random.uniform(-0.3, 0.3, int(random.integers(1, 400)))
            clock += int(random.integers(0, 200))
            parts.append((clock, Play(Waveform(samples), DriveChannel(index))))
            largest[index] = max(largest.get(index, 0.0), np.abs(samples).max())
            clock += len(samples)
    axes = plot_schedule(Schedule(*parts)).axes
    if channels == 1:
        assert np.nanmax(magnitude(axes[0])[1]) == 1.0
        assert texts(axes[0])[-1] == f"{largest[0]:.3g}"
    else:
        image = axes[0].collections[0].get_array()
        assert [row.max() for row in image] == [largest[index] for index in range(channels)]


def test_nothing_is_drawn_where_nothing_is_played():
    schedule = Schedule(*((1600 * at, Play(Constant(10, 0.5), D0)) for at in range(350)))
    for count in (350, 3):
        (axis,) = plot_schedule(schedule.filter(time_ranges=[(0, 1600 * count)])).axes
        times, heights = magnitude(axis)
        ends = np.flatnonzero(np.isnan(heights))
        assert len(ends) == count
        assert (heights[ends - 1] == 0).all()
        width = times[ends - 1] - times[np.concatenate([[0], ends[:-1] + 1])]
        assert (width < (1700 if count == 350 else 11)).all()


# Time and size


@pytest.mark.parametrize(("count", "channels"), [(22_000, 3), (22_000, 20), (22_000, 60)])
@pytest.mark.slow
def test_a_picture_is_bounded_in_its_work_and_its_size(count, channels):
    small, large = many(count // 10, channels), many(count, channels)
    sizes = []
    for schedule in (small, large):
        file = io.BytesIO()
        figure = plot_schedule(schedule)
        figure.savefig(file, format="svg")
        sizes.append(len(file.getvalue()))
        artists = sum(len(axis.texts) + len(axis.lines) + len(axis.collections) for axis in figure.axes)
        assert artists < 40 * len(figure.axes) + 60
        for axis in figure.axes:
            assert all(len(line.get_xdata()) < 6000 for line in axis.lines)
        assert len(schedule._repr_svg_()) < 500_000
    assert max(sizes) < 4_000_000
    assert sizes[1] < 2 * sizes[0] + 500_000


def test_each_pulse_is_sampled_and_looked_at_once(monkeypatch):
    from qiskit_ibm_native.pulse.drawing import profile

    looked = []
    pieces = profile.Extremes.pieces
    monkeypatch.setattr(
        profile.Extremes, "pieces", staticmethod(lambda samples, cuts: looked.append(0) or pieces(samples, cuts))
    )
    plot_schedule(many(22_000, 1))
    assert len(looked) == 2


# Labels


def rendered(figure):
    """Draw a figure; return what knows where everything is."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


def boxes(figure):
    """Return the labels and names of each row with the boxes that they have in the picture."""
    renderer = rendered(figure)
    return [[(it.get_text(), it.get_window_extent(renderer)) for it in axis.texts if it.get_text()]
            for axis in figure.axes]  # fmt: skip


@pytest.mark.parametrize("width", [5.0, 9.5, 14.0])
@pytest.mark.parametrize("changes", [1, 3, 12, 40, 400])
def test_labels_of_phases_do_not_overlap(changes, width):
    random = np.random.default_rng(changes)
    timed = []
    for at in range(changes):
        start = int(random.integers(0, 6000))
        timed.append((start, ShiftPhase(float(random.choice([np.pi / 2, -2.345, 0.1])), D0)))
        timed.append((start, SetFrequency(5.123456e9, D0)) if at % 5 == 0 else (start, ShiftPhase(-np.pi, D1)))
    timed += [(6000, Play(Gaussian(400, 0.2, 90), D0))]
    figure = plot_schedule(Schedule(*timed), figsize=(width, 4.0), frequencies={D0: 5e9})
    for row in boxes(figure):
        for (one, box), (two, other) in itertools.combinations(row, 2):
            assert not box.overlaps(other), (one, two)
    labelled = sum(len(row) for row in boxes(figure)[1:]) if changes > 1 else 1
    assert labelled >= min(changes - changes // 5 - 1, 1)


@pytest.mark.parametrize("gate", [("cx", (0, 1)), ("u3", 0), ("measure", 3), ("x", 5), None])
@pytest.mark.parametrize("width", [5.0, 9.5])
def test_nothing_on_a_picture_overlaps_or_is_cut_off(gate, width):
    made, options = washington()
    schedule = many(180, 18) if gate is None else made.instruction_schedule_map.get(*gate)
    size = plot_schedule(schedule, **options).get_size_inches()
    figure = plot_schedule(schedule, figsize=(width, size[1]), **options)
    renderer = rendered(figure)
    shown = [box for row in boxes(figure) for box in row]
    for axis in figure.axes:
        shown.append((axis.get_ylabel(), axis.yaxis.label.get_window_extent(renderer)))
    last = figure.axes[-1]
    ticks = [it for it in last.get_xticklabels() if it.get_position()[0] <= last.get_xlim()[1]]
    shown += [(it.get_text(), it.get_window_extent(renderer)) for it in (*ticks, last.xaxis.label)]
    (top,) = figure.axes[0].child_axes
    shown += [(it.get_text(), it.get_window_extent(renderer)) for it in (top.xaxis.label, *figure.texts)]
    (legend,) = figure.legends
    shown.append(("legend", legend.get_window_extent(renderer)))
    for text, box in shown:
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0, text
        assert box.y1 <= figure.bbox.y1, text
    for (one, box), (two, other) in itertools.combinations(shown, 2):
        assert one == two or not box.overlaps(other), (one, two)


def test_all_labels_that_have_room_are_there():
    timed = [(100 * at, ShiftPhase(0.5 + at, D0)) for at in range(10)]
    (axis,) = plot_schedule(Schedule(*timed, (999, Play(Constant(1, 0.1), D0)))).axes
    assert texts(axis)[1:] == [f"{0.5 + at:.3f}" for at in range(10)]


def test_what_is_not_bound_is_written_as_it_is():
    schedule = Schedule(
        (0, SetPhase(Parameter("a"), D0)), (0, SetFrequency(5.1e9, D0)), (0, ShiftFrequency(1e6, D0)),
        (0, SetPhase(0.1234, D0)), (0, ShiftFrequency(-2500, D0)), (0, ShiftFrequency(-Parameter("b"), D0)),
        (0, Play(Gaussian(160, Parameter("b"), 40, name="unknown"), D0)),
    )  # fmt: skip
    (axis,) = plot_schedule(schedule).axes
    assert texts(axis) == ["unknown", "=a, =5.1 GHz, +1 MHz, =0.123, \u22122.5 kHz, \u2212b Hz"]


def test_the_measurement_of_a_qubit_shows_its_pulse():
    schedule = defaults("sherbrooke").instruction_schedule_map.get("measure", 3)
    figure = plot_schedule(schedule)
    assert [axis.get_ylabel() for axis in figure.axes] == ["m3", "a0 \u2026 a126"]
    assert texts(figure.axes[1]) == ["127 qubits"]


def test_names_are_no_formulas():
    schedule = Schedule(
        (0, ShiftPhase(Parameter("$\\frac{b}$"), D0)),
        Play(Gaussian(160, 0.1, 40, name="$\\frac{a}$"), D0), name="$x_{$",
    )  # fmt: skip
    plot_schedule(schedule).savefig(io.BytesIO())
    assert texts(plot_schedule(schedule).axes[0])[1] == "$\\frac{a}$"


# Choices


def test_channels_and_titles_can_be_chosen():
    schedule = defaults("lima").instruction_schedule_map.get("measure", 0)
    figure = plot_schedule(schedule, channels=schedule.channels[:1], title="readout")
    assert len(figure.axes) == 1
    assert figure.get_suptitle() == "readout"
    acquire = plot_schedule(schedule).axes[-1]
    assert acquire.get_ylabel() == "a4"
    assert texts(acquire) == ["to m4"]
    with pytest.raises(PulseError, match="no channel to draw"):
        plot_schedule(schedule, channels=[])


def test_a_range_of_times_can_be_chosen():
    samples = np.concatenate([np.full(500, 0.8), np.full(500, 0.1)])
    schedule = Schedule((0, Play(Waveform(samples), D0)), (900, ShiftPhase(1.0, D1)), (1000, Play(Constant(9, 1), D1)))
    figure = plot_schedule(schedule, time_range=(600, 900))
    assert figure.axes[-1].get_xlim() == (600, 900)
    assert texts(figure.axes[0]) == ["0.1"]
    times, _ = magnitude(figure.axes[0])
    assert (np.nanmin(times), np.nanmax(times)) == (600, 900)
    for wrong in ((9, 9), (9, 3)):
        with pytest.raises(PulseError, match="a first and a later last time"):
            plot_schedule(schedule, time_range=wrong)


def test_names_and_changes_can_be_left_out():
    made, _ = washington()
    schedule = made.instruction_schedule_map.get("cx", (0, 1))
    figure = plot_schedule(schedule, show_framechange=False, show_waveform_info=False)
    assert [texts(axis) for axis in figure.axes if texts(axis)] == [["0.0973"], ["0.213"], ["0.22"]]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["real", "imaginary", "magnitude"]


def test_the_legend_has_what_is_on_the_picture():
    (legend,) = plot_schedule(Schedule(Play(Constant(9, 1.0), D0))).legends
    assert [text.get_text() for text in legend.get_texts()] == ["real", "magnitude"]
    assert plot_schedule(Schedule(Play(Constant(9, 0.0), D0))).legends == []


def test_schedules_draw_themselves_as_those_of_qiskit_do(local_provider):
    backend = local_provider.get_backend("ibm_sherbrooke")
    schedule = backend.defaults().instruction_schedule_map.get("ecr", (1, 0))
    figure = schedule.draw(backend=backend, disable_channels=[DriveChannel(1)], time_range=(0, 1000))
    assert [axis.get_ylabel() for axis in figure.axes] == ["d0\n4.636 GHz", "u2\n4.636 GHz"]
    assert figure.axes[0].child_axes
    assert figure.axes[-1].get_xlim() == (0, 1000)
    alone = schedule.draw(title="mine", show_framechange=False, show_waveform_info=False)
    assert [axis.get_ylabel() for axis in alone.axes] == ["d0", "d1", "u2"]
    assert alone.get_suptitle() == "mine"
    with pytest.raises(TypeError, match="plotter"):
        schedule.draw(plotter="mpl2d")


# Axes and themes


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("gate", "rows"), [("x", 1), ("cx", 6), ("measure", 2), ("all", 2)])
def test_schedules_are_drawn_beside_other_pictures(gate, rows):
    made, options = washington()
    qubits = {"x": ("x", 3), "cx": ("cx", (0, 1)), "measure": ("measure", 3), "all": ("measure", range(127))}[gate]
    schedule = made.instruction_schedule_map.get(*qubits)
    figure = Figure(figsize=(14, 6), layout="constrained")
    left, right = figure.subplots(1, 2)
    assert plot_schedule(schedule, ax=right, **options) is figure
    rendered(figure)
    drawn = [axis for axis in right.child_axes if axis.get_ylabel() != "magnitude"]
    assert len(drawn) == rows
    assert not left.child_axes
    assert right.get_title(loc="left").startswith(schedule.name)
    assert drawn[-1].get_xlabel() == "time (dt)"
    assert {axis.get_xlim() for axis in drawn} == {(0, schedule.duration)}
    # Layouts leave these rows most of the room.
    assert right.get_position().height > 0.4
    assert right.get_position().width > 0.3
    with pytest.raises(IBMInputValueError, match="ax must be Axes of matplotlib"):
        plot_schedule(schedule, ax=figure)


@pytest.mark.parametrize("dark", [False, True])
def test_everything_on_a_picture_can_be_read_in_both_themes(dark):
    made, options = washington()
    background = lightness(theme(dark=dark).background)
    for schedule in (
        made.instruction_schedule_map.get("cx", (0, 1)),
        made.instruction_schedule_map.get("measure", range(127)),
    ):
        figure = plot_schedule(schedule, dark=dark, **options)
        rendered(figure)
        assert lightness(figure.get_facecolor()) == background
        words = figure.findobj(Text)
        written = [word for word in words if word.get_text() and word.get_visible()]
        assert len(written) > 20
        for word in written:
            assert abs(lightness(word.get_color()) - background) > 35, word
            assert word.get_fontsize() >= 9
        shown = [axis for axis in figure.axes if axis.get_ylabel() != "magnitude"]
        assert {lightness(axis.get_facecolor()) for axis in shown} == {background}


# Files and notebooks


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_pictures_can_be_saved(kind):
    file = io.BytesIO()
    plot_schedule(defaults("lima").instruction_schedule_map.get("u3", 0)).savefig(file, format=kind)
    assert len(file.getvalue()) > 5000


def test_an_image_of_many_channels_is_small_as_vector_graphics():
    file = io.BytesIO()
    plot_schedule(defaults("sherbrooke").instruction_schedule_map.get("measure", range(127))).savefig(
        file, format="svg"
    )
    assert 5000 < len(file.getvalue()) < 500_000


def test_notebooks_show_figures_that_pyplot_knows_nothing_of():
    pytest.importorskip("IPython")
    code = """
import sys
from IPython.core.formatters import DisplayFormatter
from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.visualization import plot_schedule
figure = plot_schedule(Snapshot.load("lima").defaults.instruction_schedule_map.get("x", 0))
content, _ = DisplayFormatter().format(figure)
assert content["image/png"].startswith(b"\\x89PNG"), content
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_figures_are_pickled():
    figure = plot_schedule(Schedule(Play(Constant(9, 0.5), D0)), dt=1e-9)
    assert len(pickle.loads(pickle.dumps(figure)).axes) == 1


def test_matplotlib_is_imported_when_something_is_drawn():
    code = (
        "import sys, qiskit_ibm_native.visualization; sys.exit('matplotlib' in sys.modules or 'qiskit' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_environment_without_matplotlib_is_told_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("qiskit_ibm_native.pulse.drawing.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    told = r"Pictures need matplotlib, .* pip install 'qiskit-ibm-native\[visualization\]'"
    with pytest.raises(MissingPackageError, match=told):
        Schedule(Play(Constant(9, 0.5), D0)).draw()


# The small picture of notebooks


def paths(svg):
    return list(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}path"))


@pytest.mark.parametrize("length", [300, 20_000, 3_000_000])
def test_small_pictures_keep_peaks_of_one_sample(length):
    samples = np.zeros(length, complex)
    samples[length // 3] = 0.9j
    (path,) = paths(Schedule(Play(Waveform(samples), D0))._repr_svg_())
    points = [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", path.get("d"))]
    highest = min(points, key=lambda point: point[1])
    assert highest[1] == pytest.approx(28 - 24)
    assert highest[0] == pytest.approx(46 + 628 / 3, abs=2)


def test_marks_of_small_pictures_say_what_changes():
    schedule = Schedule((0, ShiftPhase(np.pi / 2, D0)), (0, SetFrequency(5e9, D0)), (90, Play(Constant(9, 1), D0)))
    titles = [it.text for it in ElementTree.fromstring(schedule._repr_svg_()).iter("{http://www.w3.org/2000/svg}title")]
    assert titles[1:] == ["\u03c0/2, =5 GHz"]
    of_numpy = Schedule(ShiftPhase(np.float32(1.5), D0), ShiftPhase(np.int64(2), D1))
    titles = [it.text for it in ElementTree.fromstring(of_numpy._repr_svg_()).iter("{http://www.w3.org/2000/svg}title")]
    assert titles[1:] == ["1.500", "2.000"]
    assert len(paths(many(22_000)._repr_svg_())) < 400


def test_small_pictures_have_one_row_for_all_recordings_beside_few_channels():
    picture = defaults("sherbrooke").instruction_schedule_map.get("measure", 3)._repr_svg_()
    root = ElementTree.fromstring(picture)
    texts = [it.text for it in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:3:2] == ["m3", "a0\u2026a126"]
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 1
