# SPDX-License-Identifier: Apache-2.0
"""Pictures of series and sweeps in both themes: everything can be read, and nothing is as its background."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from tests.support.pictures import event, measured, series, swept

from qiskit_ibm_native._style import lightness, theme
from qiskit_ibm_native.visualization import plot_drift, plot_sweep

EVENTS = [
    event("failed", 10, [3]),
    event("returned", 12, [3]),
    event("late", 50, until=55),
    event("frozen", 60, [4], until=70, quantity="t1", since=40),
]


def pictures_of_series(dark):
    yield plot_drift(measured(), events=EVENTS, changes=True, dark=dark)
    yield plot_drift(measured(), qubits=[3, 4, 5, 6, 7, 8], events=EVENTS, changes=True, dark=dark)
    yield plot_drift(measured(quantity="error", gate="cz"), qubits="all", dark=dark)
    yield plot_drift(series(np.full((3, 3), np.nan)), dark=dark)


def pictures_of_sweeps(results, dark):
    yield plot_sweep(results, by=("device", "level"), dark=dark)
    yield plot_sweep(results, "esp", by="seed", dark=dark)
    yield plot_sweep(results, pareto=("depth", "esp"), dark=dark)
    yield plot_sweep(results, "duration", dark=dark)


def check(figure, dark):
    FigureCanvasAgg(figure).draw()
    background = lightness(theme(dark=dark).background)
    assert lightness(figure.get_facecolor()) == background
    for axes in (*figure.axes, *(inset for each in figure.axes for inset in each.child_axes)):
        assert lightness(axes.get_facecolor()) == background
    written = [word for word in figure.findobj(Text) if word.get_text().strip() and word.get_visible()]
    assert len(written) >= 3
    for word in written:
        assert abs(lightness(word.get_color()) - background) > 35, word
        assert word.get_fontsize() >= 11, word
    lines = [line for axes in figure.axes for line in axes.lines]
    for line in lines:
        assert abs(lightness(line.get_color()) - background) > 15, line


@pytest.mark.parametrize("dark", [False, True])
def test_pictures_of_series_can_be_read(dark):
    for figure in pictures_of_series(dark):
        check(figure, dark)


@pytest.mark.parametrize("dark", [False, True])
def test_pictures_of_sweeps_can_be_read(tmp_path, dark):
    for figure in pictures_of_sweeps(swept(tmp_path / "ledger.sqlite3"), dark):
        check(figure, dark)
