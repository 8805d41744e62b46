# SPDX-License-Identifier: Apache-2.0
"""Numbers, dates and lengths of time on axes and in titles, as people write them."""

from __future__ import annotations

import datetime
import math

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from qiskit_ibm_native._words import log_text, scale
from qiskit_ibm_native.visualization.dates import period_text, span_text
from qiskit_ibm_native.visualization.scales import use_scale


def at(text):
    return datetime.datetime.fromisoformat(f"{text}+00:00")


def test_units_have_the_prefix_of_their_values():
    assert scale(219.7e-6, "s") == (pytest.approx(1e-6), "µs")
    assert scale(-0.31e9, "Hz") == (pytest.approx(1e6), "MHz")
    assert scale(5.1e9, "Hz") == (pytest.approx(1e9), "GHz")
    assert scale(0.01, "") == (1.0, "")
    assert scale(0.0, "s") == scale(math.nan, "s") == scale(math.inf, "s") == (1.0, "s")


def test_ticks_of_powers_are_written_as_people_write_them():
    texts = {
        1e-12: "10⁻¹²",
        2e-4: "2 × 10⁻⁴",
        2.5e-4: "2.5 × 10⁻⁴",
        0.001: "0.001",
        0.05: "0.05",
        300: "300",
        2e6: "2 × 10⁶",
    }
    assert {value: log_text(value) for value in texts} == texts


def test_periods_are_as_short_as_can_be():
    assert period_text(at("2025-01-01T00:00"), at("2025-03-03T00:00")) == "1 January to 3 March 2025"
    assert period_text(at("2024-12-31T00:00"), at("2025-03-03T00:00")) == "31 December 2024 to 3 March 2025"
    assert period_text(at("2025-03-03T06:00"), at("2025-03-03T09:30")) == "06:00 to 09:30 UTC, 3 March 2025"
    assert period_text(at("2025-03-03T06:00"), at("2025-03-03T06:00")) == "3 March 2025, 06:00 UTC"


def test_lengths_of_time_have_one_unit():
    lengths = {
        5 * 86400: "5 days",
        86400: "1 day",
        9000: "2.5 hours",
        3600: "1 hour",
        600: "10 minutes",
        12.5: "12.5 seconds",
    }
    assert {seconds: span_text(seconds) for seconds in lengths} == lengths


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (1.1e-6, 0.9, ["10⁻⁵", "10⁻⁴", "0.001", "0.01", "0.1"]),
        (0.004, 0.025, ["0.005", "0.01", "0.02"]),
        (0.0051, 0.0059, ["0.0052", "0.0054", "0.0056", "0.0058"]),
        (0.0, 0.0, None),
        (-1.0, 1.0, None),
    ],
)
def test_scales_of_powers_have_ticks_over_any_range(low, high, wanted):
    ax = Figure().add_subplot()
    ax.set_ylim(low, high or 1e-9)
    use_scale(ax, "y", is_log=True)
    FigureCanvasAgg(ax.figure).draw()
    if wanted is None:
        assert ax.get_yscale() == "linear"
        return
    ends = ax.get_ylim()
    ticks = [text.get_text() for text in ax.get_yticklabels() if ends[0] <= text.get_position()[1] <= ends[1]]
    assert ticks == wanted


def test_scales_of_whole_numbers_have_whole_ticks():
    ax = Figure().add_subplot()
    ax.set_xlim(10, 13)
    use_scale(ax, "x", is_log=False, is_whole=True)
    FigureCanvasAgg(ax.figure).draw()
    assert [text.get_text() for text in ax.get_xticklabels()] == ["10", "11", "12", "13"]
