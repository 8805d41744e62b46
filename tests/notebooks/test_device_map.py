# SPDX-License-Identifier: Apache-2.0
"""Maps of devices in notebooks: small, bounded, with a text for each part, and marks that need no colour."""

from __future__ import annotations

import json
import math
import time

import pytest
from tests.support.pages import Page

from qiskit_ibm_native import Snapshot, bundled_devices
from qiskit_ibm_native._html import Coupler, DeviceMap, Mark, sparkline
from qiskit_ibm_native._html.device_map import RAMP
from qiskit_ibm_native._positions import positions


def square(columns: int, rows: int) -> list[tuple[int, int]]:
    """Return the couplings of a square lattice."""
    right = [
        (row * columns + column, row * columns + column + 1) for row in range(rows) for column in range(columns - 1)
    ]
    down = [
        (row * columns + column, (row + 1) * columns + column) for row in range(rows - 1) for column in range(columns)
    ]
    return right + down


def line(values: list[float | None], couplers: list[float | None], faulty: frozenset[int] = frozenset()) -> DeviceMap:
    """Return the map of a line of qubits."""
    qubits = [Mark(value, number in faulty, f"qubit {number}") for number, value in enumerate(values)]
    pairs = [
        Coupler(number, number + 1, Mark(value, text=f"{number}-{number + 1}")) for number, value in enumerate(couplers)
    ]
    return DeviceMap(
        [(float(number), 0.0) for number in range(len(values))], qubits, pairs, "readout error", "cz error"
    )


@pytest.mark.parametrize("name", bundled_devices())
def test_maps_of_devices_are_small(name: str) -> None:
    snapshot = Snapshot.load(name)
    html = snapshot._repr_html_()
    page = Page(html)
    picture = html[html.index("<svg") : html.rindex("</svg>")]
    assert len(picture.encode()) < 40_000
    assert len(html.encode()) < 60_000
    # Each qubit has a text for the pointer, and each coupling.
    assert len(page.titles) == len(set(page.titles)) >= snapshot.num_qubits
    assert len([title for title in page.titles if "-" in title.partition(":")[0]]) >= snapshot.num_qubits - 1


@pytest.mark.parametrize(("columns", "rows"), [(40, 25), (50, 50)])
def test_maps_of_a_thousand_qubits_are_bounded(columns: int, rows: int) -> None:
    pairs = square(columns, rows)
    content = {
        "backend_name": "large",
        "n_qubits": columns * rows,
        "basis_gates": [],
        "gates": [],
        "backend_version": "1",
    }
    snapshot = Snapshot.from_payloads(json.dumps({**content, "coupling_map": pairs}))
    started = time.process_time()
    html = snapshot.configuration._repr_html_()
    # A hundredth of a second for a thousand qubits on the machine that this was written on, beside their positions.
    assert time.process_time() - started < 5
    assert len(html) < 100_000
    assert ("<svg" in html) is (columns * rows + len(pairs) <= 6000)


def test_colours_go_from_few_errors_to_many_on_a_logarithmic_scale() -> None:
    values: list[float | None] = [10.0 ** (-4 + number / 4) for number in range(9)]
    html = line(values, []).html
    order = [html.index(f'stroke="{colour}"') for colour in RAMP]
    assert order == sorted(order)
    assert all(html.count(f'stroke="{colour}"') == 1 for colour in RAMP)
    assert "readout error 1.0 × 10⁻⁴" in Page(html).text
    assert "0.010 (log)" in Page(html).text
    # Lightness alone tells the order: luminance rises from step to step.
    light = [sum(weight * (int(colour[at : at + 2], 16) / 255) ** 2.2 for at, weight in ((1, 0.2126), (3, 0.7152), (5, 0.0722))) for colour in RAMP]  # fmt: skip
    assert light == sorted(light)


def test_faulty_parts_have_a_mark_and_no_colour() -> None:
    html = line([1e-3, 2e-3, 4e-3], [1e-2, 2e-2], frozenset({1})).html
    page = Page(html)
    assert "✕ faulty" in page.text
    assert html.count("M27 7l10 10") == 1
    # A faulty qubit counts for no scale: its value may be anything.
    assert "4.0 × 10⁻³" in page.text
    only = line([0.5], [], frozenset({0})).html
    assert "readout error" not in Page(only).text


def test_missing_values_are_told() -> None:
    for missing in (None, math.nan, math.inf):
        page = Page(line([1e-3, missing, 2e-3], [missing, 1e-3]).html)
        assert "no value" in page.text
        assert page.titles == ["0-1", "1-2", "qubit 0", "qubit 1", "qubit 2"] or set(page.titles) >= {"qubit 1", "0-1"}


def test_odd_maps() -> None:
    assert DeviceMap([], [], []).html == ""
    page = Page(line([0.0, 0.0], [0.0]).html)
    assert "readout error: 0" in page.text
    assert Page(line([1e-3, 1e-3], []).html).text.startswith("0 1 readout error: 1.0 × 10⁻³")
    many = [Mark(1e-3, text="<b>")] * 7000
    assert DeviceMap([(float(number), 0.0) for number in range(7000)], many, []).html == ""
    assert "<b>" not in DeviceMap([(0.0, 0.0)], [Mark(1e-3, text="<b>")], [], "<b>").html


def test_positions_of_any_kind_are_drawn() -> None:
    star = [(0, number) for number in range(1, 6)]
    html = DeviceMap(positions(6, star), [Mark()] * 6, [Coupler(*pair, Mark()) for pair in star]).html
    assert "nan" not in html
    assert Page(html).elements["svg"] == 1


def test_curves_have_gaps_and_few_points() -> None:
    times = [float(number) for number in range(10_000)]
    values = [math.nan if 4000 <= number < 6000 else math.sin(number / 500) for number in range(10_000)]
    html = sparkline(times, values, label="<b>")
    assert len(html) < 12_000
    assert Page(html).titles == ["<b>"]
    # Two lines, and no bridge between them.
    drawn = html.rpartition(' d="')[2]
    assert drawn.count("M") == 2
    for few in ([], [1.0], [math.nan, 1.0], [math.nan, math.nan]):
        assert sparkline([float(number) for number in range(len(few))], few) == ""
    assert "nan" not in sparkline([0.0, 1.0], [2.0, 2.0])
