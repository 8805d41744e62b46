# SPDX-License-Identifier: Apache-2.0
"""Maps of devices: what is on them, and that it can be read."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import EllipseCollection, LineCollection, PolyCollection
from matplotlib.figure import Figure
from qiskit import QuantumCircuit, transpile
from tests.support.lattices import device, heavy_hexagonal, square
from tests.support.looks import assert_looks_like

from qiskit_ibm_native import IBMInputValueError, MissingPackageError, Snapshot, build_target, bundled_devices
from qiskit_ibm_native._style import LIGHT, diverging, lightness, sequential, theme
from qiskit_ibm_native.visualization import (
    plot_calibration,
    plot_diff,
    plot_error_map,
    plot_gate_map,
    plot_layout,
    qubit_coordinates,
)
from qiskit_ibm_native.visualization.device_map.content import Device
from qiskit_ibm_native.visualization.device_map.scales import centred_scale_of, scale_of

FEZ = Snapshot.load("fez")
LIMA = Snapshot.load("lima")
MAPS = {
    "gate": plot_gate_map,
    "error": plot_error_map,
    "calibration": lambda source, **options: plot_calibration(source, "t1", **options),
    "diff": lambda source, **options: plot_diff(source, source, **options),
    "layout": lambda source, **options: plot_layout([0, 1], source, **options),
}


def circles(figure):
    """Return the centre and the colour of each qubit that is a circle with a colour."""
    found = {}
    for drawn in figure.axes[0].collections:
        if isinstance(drawn, EllipseCollection) and drawn.get_hatch() is None and drawn.get_zorder() == 3:
            colors = np.broadcast_to(drawn.get_facecolors(), (len(drawn.get_offsets()), 4))
            found.update(zip(map(tuple, drawn.get_offsets().tolist()), map(tuple, colors.tolist()), strict=True))
    return found


def diamonds(figure):
    return sum(len(drawn.get_paths()) for drawn in figure.axes[0].collections if isinstance(drawn, PolyCollection))


def hatched(figure):
    return sum(len(drawn.get_offsets()) for drawn in figure.axes[0].collections if drawn.get_hatch())


def dashed(figure, color):
    """Return the number of edges that are dashed or dotted in a colour."""
    return sum(
        len(drawn.get_segments())
        for drawn in figure.axes[0].collections
        if isinstance(drawn, LineCollection) and drawn.get_linestyle()[0][1] and mpl.colors.to_hex(drawn.get_color()[0]) == color
    )  # fmt: skip


def written(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


def svg(figure):
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", bundled_devices())
def test_nothing_overlaps_and_nothing_leaves_the_picture(name, dark):
    for figure in (
        plot_error_map(name, dark=dark),
        plot_calibration(name, "frequency", dark=dark),
        plot_gate_map(name, dark=dark),
    ):
        figure.draw_without_rendering()
        width, height = figure.bbox.size
        boxes = [
            (text.get_text(), text.get_window_extent())
            for text in figure.findobj(mpl.text.Text)
            if text.get_text()
            and text.get_visible()
            and (text.axes is None or text.axes.axison or text in text.axes.texts)
        ]
        for text, box in boxes:
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= width, text
            assert box.y1 <= height, text
        for (one, first), (other, second) in itertools.combinations(boxes, 2):
            overlap = (
                min(first.x1, second.x1) - max(first.x0, second.x0),
                min(first.y1, second.y1) - max(first.y0, second.y0),
            )
            assert min(overlap) < 1, (one, other)


@pytest.mark.parametrize("name", ["fez", "hanoi", "lima", "miami"])
def test_colours_are_those_of_the_values(name):
    snapshot = Snapshot.load(name)
    figure = plot_error_map(snapshot)
    errors, found = snapshot.columns.readout_error, circles(figure)
    placed = Device(snapshot).placement.positions
    levels = np.array([lightness(found[placed[qubit]]) for qubit in range(snapshot.num_qubits)])
    order = np.argsort(errors)
    assert len(found) == snapshot.num_qubits
    assert (np.diff(levels[order]) <= 1e-9).all(), "higher errors are darker"
    assert levels.max() - levels.min() > 70


@pytest.mark.parametrize("dark", [False, True])
def test_lightness_of_colours_changes_evenly(dark):
    shares = np.linspace(0, 1, 41)
    steps = np.diff([lightness(sequential(dark=dark)(share)) for share in shares])
    assert (steps > 0).all() == dark
    assert np.abs(steps).min() > 0.6 * np.abs(steps).max()
    levels = [lightness(diverging(dark=dark)(share)) for share in shares]
    assert (np.diff(levels)[:19] > 0).all() != dark
    assert (np.diff(levels)[21:] < 0).all() != dark


def test_scales_are_honest():
    values = np.array([0.01] * 50 + [0.02] * 50 + [0.9])
    scale = scale_of(values, can_be_log=True)
    assert scale.is_log
    assert (scale.low, scale.high, scale.above) == (pytest.approx(0.01), pytest.approx(0.02), 1)
    even = scale_of(np.linspace(1e-6, 5e-6, 60), "s")
    assert (even.low, even.high, even.above, even.below, even.is_log) == (1e-6, 5e-6, 0, 0, False)
    assert even.factor == (pytest.approx(1e-6), "µs")
    assert [text for _, text in even.ticks] == ["1", "2", "3", "4", "5"]
    assert scale_of(np.array([np.nan, np.inf])) is None
    one = scale_of(np.array([0.01, np.nan]))
    assert one.shares(np.array([0.01]))[0] == pytest.approx(0.5)
    change = centred_scale_of(np.array([-0.02, 0.0, 0.01]))
    assert change.low == -change.high == -0.02
    assert change.shares(np.array([0.0]))[0] == 0.5


@pytest.mark.parametrize("seed", range(20))
def test_ticks_are_few_and_on_the_scale(seed):
    chance = np.random.default_rng(seed)
    values = 10 ** chance.uniform(-4, 0) * np.exp(chance.normal(0, 10 ** chance.uniform(-3, 0.5), 60))
    for scale in (
        scale_of(values, can_be_log=True),
        scale_of(values, "s"),
        centred_scale_of(values - values.mean(), "Hz"),
    ):
        ticks = [value for value, _ in scale.ticks]
        assert 1 <= len(ticks) <= 7
        assert all(scale.low * (1 - 1e-6) <= tick <= scale.high * (1 + 1e-6) for tick in ticks if tick > 0)
        assert len({text for _, text in scale.ticks}) == len(ticks)


def test_what_is_beyond_a_scale_is_told():
    number, edges = square(6, 6)
    snapshot = device(number, edges).with_overrides(
        readout_error={
            **dict.fromkeys(range(1, 36), 0.01),
            0: 0.02,
            1: 0.011,
            2: 0.012,
            3: 0.013,
            4: 0.014,
            5: 0.0105,
            6: 0.0115,
            7: 0.0125,
            8: 0.0135,
            9: 0.0101,
            10: 0.0107,
            11: 0.0109,
            35: 0.45,
        }
    )
    figure = plot_error_map(snapshot)
    assert "worst 0.45, qubit 35" in written(figure)
    assert "1 above the scale (98 % quantile)" in written(figure)
    assert any(line.get_marker() == ">" for axes in figure.findobj(mpl.axes.Axes) for line in axes.lines)


def test_faulty_and_missing_parts_have_shapes_of_their_own():
    number, edges = square(5, 4)
    snapshot = device(
        number, edges, faulty_qubits=[3, 7], faulty_edges=edges[:3], empty_qubits=[11], empty_edges=edges[8:10]
    )  # fmt: skip
    figure = plot_error_map(snapshot)
    assert diamonds(figure) == 2
    assert hatched(figure) == 1
    assert dashed(figure, LIGHT.fault) == 3
    assert dashed(figure, LIGHT.muted) == 2
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert [len(line.get_xdata()) for line in crosses] == [3]
    legend = figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [
        "qubit is faulty", "cz is faulty", "qubit without a value", "edge without a value",
    ]  # fmt: skip
    whole = plot_error_map(device(number, edges))
    assert whole.axes[0].get_legend() is None
    assert diamonds(whole) == hatched(whole) == 0


def test_gates_with_an_error_of_one_are_faulty():
    broken = [
        edge for edge, error in zip(FEZ.columns.gate("cz").qargs.tolist(), FEZ.columns.gate("cz").error) if error == 1
    ]
    assert broken
    assert Device(FEZ).faulty_edges == {tuple(sorted(edge)) for edge in broken}
    assert dashed(plot_error_map(FEZ), LIGHT.fault) == len({tuple(sorted(edge)) for edge in broken})


def test_titles_say_device_and_time():
    assert {"ibm_fez: readout and cz errors", "156 qubits · calibrated 2025-02-26 20:16 UTC"} <= set(
        written(plot_error_map("fez"))
    )
    assert "156 qubits · calibrated 2025-02-26 20:16 UTC · values overridden" in written(
        plot_gate_map(FEZ.with_overrides(t1={0: 1e-5}))
    )
    assert "mine" in written(plot_gate_map("lima", title="mine"))
    number, edges = square(3, 3)
    assert "x $y$ <b>z</b>: readout and cz errors" in written(
        plot_error_map(device(number, edges, name="x $y$\n<b>z</b>"))
    )
    long = plot_gate_map(device(number, edges, name="long " * 100 + "\ud800"))
    assert max(len(text) for text in written(long)) == 70
    assert long.get_figwidth() < 14
    svg(long)


@pytest.mark.parametrize("kind", MAPS)
def test_axes_that_are_given_are_drawn_on(kind):
    figure = Figure(figsize=(12, 5), layout="constrained")
    first, second = figure.subplots(1, 2)
    assert MAPS[kind]("hanoi", ax=second) is figure
    assert not first.collections
    assert second.collections
    assert "27 qubits" in second.get_title(loc="left") or kind == "diff"
    figure.draw_without_rendering()
    part = Figure(figsize=(12, 5)).subfigures(1, 2)[0]
    assert MAPS[kind]("hanoi", ax=part.subplots()) is part.figure
    with pytest.raises(IBMInputValueError, match="ax must be Axes of matplotlib in two dimensions, not str"):
        MAPS[kind]("hanoi", ax="here")
    with pytest.raises(IBMInputValueError, match="two dimensions"):
        MAPS[kind]("hanoi", ax=Figure().add_subplot(projection="3d"))
    first.remove()
    with pytest.raises(IBMInputValueError, match="removed from its figure"):
        MAPS[kind]("hanoi", ax=first)


@pytest.mark.parametrize("kind", MAPS)
def test_pictures_are_reproducible(kind):
    one, other = MAPS[kind]("lima"), MAPS[kind]("lima")
    assert svg(one) == svg(one) == svg(other)
    assert b"<dc:date>" not in svg(one)


def test_a_fresh_program_shows_pictures_and_keeps_its_settings():
    program = """
import sys, warnings
import qiskit_ibm_native.visualization as v
assert "matplotlib" not in sys.modules
import matplotlib
# Asking for the backend alone imports pyplot.
before = matplotlib.rcParams.copy()
warnings.simplefilter("error")
figures = [v.plot_gate_map("lima") for _ in range(25)]
figures[0]._repr_png_()
assert "matplotlib.pyplot" not in sys.modules
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
data, metadata = shell.display_formatter.format(figures[0])
assert data["image/png"][:4] == b"\\x89PNG", data
assert metadata["image/png"]["width"] > 100
assert matplotlib.rcParams.copy() == before
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_missing_packages_have_one_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match=r"matplotlib.*pip install 'qiskit-ibm-native\[visualization\]'"):
        plot_gate_map("lima")
    monkeypatch.setitem(sys.modules, "plotly", None)
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingPackageError, match=r"plotly.*pip install 'qiskit-ibm-native\[interactive\]'"):
        plot_gate_map("lima", interactive=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_gate_map(3), "There is no snapshot of 3"),
        (lambda: plot_error_map("fez", gate="cx"), "has no gate 'cx'; there are .*cz"),
        (lambda: plot_calibration("fez", "t3"), "no quantity 't3' of qubits; there are t1"),
        (lambda: plot_calibration("fez", 7), "no quantity 7 of qubits"),
        (lambda: plot_calibration("fez", "duration"), 'gate="cz"'),
        (lambda: plot_calibration("fez", "t1", gate="cz"), "no quantity 't1' of gates"),
        (lambda: plot_calibration("fez", "error", gate="ccx"), "no gate 'ccx'"),
        (lambda: plot_calibration("fez", "operational", gate="sx"), "whether cz works, not sx"),
        (lambda: plot_error_map(Snapshot.from_payloads(LIMA.payloads.configuration)), "no calibration"),
        (lambda: plot_diff("fez"), "needs two calibrations"),
        (lambda: plot_diff("fez", "lima"), "ibm_fez has 156 qubits and ibmq_lima has 5"),
        (lambda: plot_diff(FEZ.diff(FEZ), FEZ), "leave the second argument out"),
        (lambda: plot_diff(FEZ, FEZ, gate="cx"), "no gate 'cx' in both"),
        (lambda: plot_layout([0, 0], "lima"), "the layout has 0 twice"),
        (lambda: plot_layout([0, 9], "lima"), "0 to 4; the layout has 9"),
        (lambda: plot_layout([0, -1], "lima"), "0 to 4; the layout has -1"),
        (lambda: plot_layout("ab", "lima"), "not 'ab'"),
        (lambda: plot_layout(None, "lima"), "not None"),
        (
            lambda: plot_layout(QuantumCircuit(2, name="small"), "lima"),
            "small has 2 qubits, and ibmq_lima has 5: it is not",
        ),
        (lambda: plot_gate_map("lima", ax=Figure().add_subplot(), interactive=True), "leave out one of them"),
    ],
)
def test_wrong_input_is_refused(call, message):
    with pytest.raises(IBMInputValueError, match=message):
        call()


def test_a_circuit_for_another_device_is_refused():
    circuit = QuantumCircuit(5)
    circuit.cx(0, 4)
    with pytest.raises(IBMInputValueError, match=r"two-qubit gates on \(0, 4\), which ibmq_lima does not couple"):
        plot_layout(circuit, "lima")


@pytest.mark.parametrize(
    ("quantity", "gate", "unit"),
    [("t1", None, "T1 (µs)"), ("T2", None, "T2 (µs)"), ("duration", "cz", "cz duration (ns)"),
     ("readout_length", None, "Readout length (µs)"), ("error", "sx", "sx error"), ("gate_error", "rzz", "rzz error"),
     ("prob_meas0_prep1", None, "P(0 | prepared 1)")],
)  # fmt: skip
def test_every_quantity_has_its_name_and_unit(quantity, gate, unit):
    figure = plot_calibration("fez", quantity, gate=gate)
    assert any(text.startswith(unit) for text in written(figure))
    assert "Frequency (GHz)" in written(plot_calibration("hanoi", "frequency"))
    assert any(text.startswith("median") for text in written(figure))


def test_operational_is_a_map_of_what_works():
    number, edges = square(3, 3)
    figure = plot_calibration(device(number, edges, faulty_qubits=[4]), "operational")
    assert diamonds(figure) == 1
    assert "made_up: what works" in written(figure)


def test_the_distribution_has_every_value():
    figure = plot_calibration("fez", "t1")
    bars = [
        bar for axes in figure.findobj(mpl.axes.Axes) for bar in axes.patches if isinstance(bar, mpl.patches.Rectangle)
    ]
    assert sum(bar.get_height() for bar in bars) == np.isfinite(FEZ.columns.t1).sum()


def test_differences_have_zero_in_the_middle_and_marks():
    changed = FEZ.with_overrides(
        readout_error={3: 0.1, 113: 0.01}, operational={7: 0, ("cz", (0, 1)): 0, ("cz", (1, 0)): 0},
    )  # fmt: skip
    figure, found = plot_diff(FEZ, changed), Device(FEZ).placement.positions
    colors = circles(figure)
    middle = lightness(diverging(dark=False)(0.5))
    assert lightness(colors[found[100]]) == pytest.approx(middle, abs=0.5)
    risen, fallen = colors[found[3]], colors[found[113]]
    assert risen[0] > risen[2], "orange is higher"
    assert fallen[2] >= fallen[0], "blue is lower"
    assert diamonds(figure) == 1
    assert "1 of 156 values changed" not in written(figure)
    assert "2 of 155 values changed" in written(figure) or "2 of 156 values changed" in written(figure)
    back = plot_diff(changed, FEZ)
    assert {"qubit works again", "cz works again"} <= set(written(back))
    other = LIMA.with_overrides(readout_error={0: 0.2})
    assert svg(plot_diff(LIMA.diff(other))) == svg(plot_diff(LIMA, other))


def test_a_difference_with_a_tolerance_shows_what_counts():
    changed = FEZ.with_overrides(t1={0: float(FEZ.columns.t1[0]) * 1.05, 1: float(FEZ.columns.t1[1]) * 2})
    assert "2 of 156 values changed" in written(plot_diff(FEZ, changed, quantity="t1"))
    assert "1 of 156 values changed" in written(plot_diff(FEZ.diff(changed, rtol=0.1), quantity="t1"))


def chain(length, device_name):
    circuit = QuantumCircuit(length, name="chain")
    circuit.h(0)
    for qubit in range(length - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return transpile(circuit, target=build_target(device_name), seed_transpiler=1, optimization_level=1)


def test_a_circuit_has_its_qubits_and_its_gates_on_the_map():
    circuit = chain(6, "hanoi")
    placed = circuit.layout.initial_index_layout(filter_ancillas=True)
    figure = plot_layout(circuit, "hanoi")
    points = {tuple(text.get_position()): text.get_text() for text in figure.axes[0].texts}
    positions = Device.of("hanoi").placement.positions
    assert [points[positions[place]] for place in placed] == [str(qubit) for qubit in range(6)]
    colors = circles(figure)
    blue = mpl.colors.to_rgba(LIGHT.series[0])
    assert {qubit for qubit in range(27) if colors[positions[qubit]] == blue} == set(placed)
    gates = sum(len(instruction.qubits) == 2 and instruction.operation.name == "cx" for instruction in circuit.data)
    assert any(text.startswith(f"{gates} on ") for text in written(figure))


def test_layouts_have_every_form():
    circuit = chain(4, "lima")
    places = circuit.layout.initial_index_layout(filter_ancillas=True)
    forms = [circuit.layout, places, np.array(places), dict(enumerate(places)), tuple(places)]
    pictures = {svg(plot_layout(form, "lima")) for form in forms}
    assert len(pictures) == 1
    assert plot_layout(circuit.layout.initial_layout, "lima")


def test_bodies_of_control_flow_are_counted():
    circuit = QuantumCircuit(5, 1, name="loop")
    with circuit.for_loop(range(3)):
        circuit.cx(0, 1)
    circuit.cx(1, 2)
    figure = plot_layout(circuit, "lima")
    assert "2 on 2 edges" in written(figure)


def test_everything_with_a_snapshot_is_drawn(tmp_path):
    LIMA.save(tmp_path / "lima")
    fingerprint = svg(plot_error_map(LIMA))
    assert svg(plot_error_map("ibmq_lima")) == fingerprint
    assert svg(plot_error_map(tmp_path / "lima")) == fingerprint
    assert svg(plot_error_map(Snapshot.from_bytes(LIMA.to_bytes(payloads=False)))) == fingerprint


@pytest.mark.official
def test_fake_devices_of_the_official_client_are_drawn():
    from qiskit_ibm_runtime.fake_provider import FakeLimaV2

    assert len(circles(plot_error_map(FakeLimaV2()))) == 5
    assert {
        text.split("<br>")[0] for text in plot_gate_map(FakeLimaV2(), interactive=True).data[-1].hovertext or ()
    } <= {f"qubit {qubit}" for qubit in range(5)}


def test_dark_maps_can_be_read_in_figures_of_any_colour():
    for paper, dark in itertools.product(("white", "black", "none"), (False, True)):
        ax = Figure(facecolor=paper).add_subplot()
        plot_error_map("lima", ax=ax, dark=dark)
        title = lightness(ax.get_title(loc="left") and ax._left_title.get_color())
        if paper != "none":
            assert abs(title - lightness(paper)) > 60
        ink = lightness(ax.texts[-1].get_color())
        assert abs(ink - lightness(theme(dark=dark).background)) > 30


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_smallest_devices(number):
    snapshot = device(number, [(qubit, qubit + 1) for qubit in range(number - 1)])
    for dark in (False, True):
        assert len(circles(plot_error_map(snapshot, dark=dark))) == number
    assert plot_error_map(snapshot, interactive=True).to_json()


def test_devices_of_which_nothing_works():
    number, edges = square(3, 2)
    figure = plot_error_map(device(number, edges, faulty_qubits=range(6), faulty_edges=edges))
    assert diamonds(figure) == 6
    assert written(figure).count("no values") == 2
    empty = plot_error_map(device(number, edges, empty_qubits=range(6), empty_edges=edges))
    assert hatched(empty) == 6


def test_labels_vanish_before_they_cannot_be_read():
    number, edges = square(40, 25)
    figure = plot_error_map(device(number, edges))
    sizes = {text.get_fontsize() for text in figure.axes[0].texts}
    assert min(sizes) >= 6.5
    assert sum(text.get_text().isdigit() for text in figure.axes[0].texts) == 25, "the first qubit of each row"
    assert not any(text.get_text().isdigit() for text in plot_gate_map("hanoi", labels=False).axes[0].texts)


def test_interactive_maps_show_all_values_under_the_pointer():
    figure = plot_error_map("lima", interactive=True)
    texts = [text for trace in figure.data for text in (trace.hovertext or ())]
    assert any(
        "T1: " in text and "µs" in text and "Readout error" in text for text in texts if text.startswith("qubit 0<br>")
    )
    assert any("cx error" in text and "cx duration" in text for text in texts if text.startswith("qubits 0 and 1<br>"))
    qubits = next(trace for trace in figure.data if trace.mode == "markers+text")
    assert list(qubits.text) == ["0", "1", "2", "3", "4"]
    levels = [lightness(color) for color in qubits.marker.color]
    assert np.argsort(levels).tolist() == np.argsort(-LIMA.columns.readout_error).tolist()
    dark = plot_error_map("lima", interactive=True, dark=True)
    assert dark.layout.paper_bgcolor == theme(dark=True).background


@pytest.mark.parametrize("kind", MAPS)
def test_interactive_maps_have_marks_and_escape_names(kind):
    number, edges = square(4, 3)
    snapshot = device(number, edges, name="<b>x</b>", faulty_qubits=[2], faulty_edges=edges[:1])
    figure = MAPS[kind](snapshot, interactive=True)
    assert "<b>x</b>" not in figure.layout.title.text.removeprefix("<b>").removesuffix("</b>")
    assert any("diamond" in np.ravel(trace.marker.symbol) for trace in figure.data if trace.marker.symbol is not None)
    names = {trace.name for trace in figure.data if trace.name}
    assert any("faulty" in name for name in names)


def test_qiskit_takes_the_coordinates(monkeypatch):
    """Qiskit draws by Graphviz, which need not be here: what it would draw is looked at."""
    from qiskit.providers.fake_provider import GenericBackendV2
    from qiskit.visualization import gate_map

    taken = {}
    monkeypatch.setattr(
        gate_map, "plot_coupling_map", lambda number, coordinates, *rest, **more: taken.update(at=coordinates)
    )
    backend = GenericBackendV2(5, coupling_map=LIMA.configuration.coupling_map)
    drawing = gate_map.plot_gate_map
    while hasattr(drawing, "__wrapped__"):
        drawing = drawing.__wrapped__
    drawing(backend, qubit_coordinates=qubit_coordinates("lima"))
    assert taken["at"] == [[2, 0], [2, 1], [2, 2], [1, 1], [0, 1]]


REFERENCES = {
    "error-fez": lambda: plot_error_map("fez"),
    "error-hanoi-dark": lambda: plot_error_map("hanoi", dark=True),
    "gate-lima": lambda: plot_gate_map("lima"),
    "calibration-miami": lambda: plot_calibration("miami", "t2"),
    "diff-torino-dark": lambda: plot_diff(
        "torino",
        Snapshot.load("torino").with_overrides(readout_error={3: 0.2, 50: 0.01, 90: 0.001}, operational={40: 0}),
        dark=True,
    ),
    "layout-hanoi": lambda: plot_layout(list(range(8)), "hanoi"),
    "error-1000": lambda: plot_error_map(
        device(*heavy_hexagonal(21, 39), name="1,009 qubits", faulty_qubits=[5, 300], faulty_edges=[(100, 101)])
    ),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_pictures_look_as_they_did(name):
    assert_looks_like(REFERENCES[name](), name)


def test_the_comparison_sees_what_eyes_see(monkeypatch):
    monkeypatch.delenv("UPDATE_REFERENCES", raising=False)
    with pytest.raises(AssertionError, match="looks different"):
        assert_looks_like(plot_gate_map("lima", labels=False), "gate-lima")
    with pytest.raises(AssertionError, match="has the size"):
        assert_looks_like(plot_gate_map("hanoi"), "gate-lima")
