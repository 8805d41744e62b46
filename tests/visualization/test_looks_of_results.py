# SPDX-License-Identifier: Apache-2.0
"""Pictures of series, sweeps and schedules look like their references."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.looks import assert_looks_like
from tests.support.pictures import days, event, imagined, series

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.visualization import plot_drift, plot_schedule, plot_sweep


def wandering(quantity="t1", gate=None, typical=150e-6):
    """Return hundred days of values that wander, without twelve of them, and with some missing."""
    chance = np.random.default_rng(11)
    values = typical * np.exp(chance.normal(0, 0.35, 12) + np.cumsum(chance.normal(0, 0.05, (88, 12)), axis=0))
    values[30:34, 3] = np.nan
    return series(values, times=days(100, left_out=range(50, 62)), quantity=quantity, gate=gate)


EVENTS = [event("failed", 30, [3]), event("returned", 34, [3]), event("late", 52, until=62), event("failed", 80, [7])]


def test_values_of_qubits_over_time():
    picture = plot_drift(wandering(), events=EVENTS, changes=True)
    assert_looks_like(picture, "drift")


def test_single_qubits_over_time_in_the_dark():
    picture = plot_drift(wandering(), qubits=[3, 7], events=EVENTS, changes=True, dark=True)
    assert_looks_like(picture, "drift-qubits-dark")


def test_errors_of_a_gate_over_time():
    assert_looks_like(plot_drift(wandering("error", "cz", 4e-3), qubits=[(1, 2)]), "drift-errors")


@pytest.mark.parametrize("dark", [False, True])
def test_a_figure_of_a_sweep(tmp_path, dark):
    picture = plot_sweep(imagined(tmp_path / "ledger.sqlite3"), by=("device", "level"), dark=dark)
    assert_looks_like(picture, f"sweep{'-dark' if dark else ''}")


def test_a_pareto_front(tmp_path):
    picture = plot_sweep(imagined(tmp_path / "ledger.sqlite3"), pareto=("depth", "esp"), by="device")
    assert_looks_like(picture, "sweep-pareto")


@pytest.mark.parametrize("dark", [False, True])
def test_a_schedule(dark):
    washington = Snapshot.load("washington")
    cx = washington.defaults.instruction_schedule_map.get("cx", (0, 1))
    picture = plot_schedule(cx, dt=washington.configuration.dt, frequencies=washington.defaults.frequencies, dark=dark)
    assert_looks_like(picture, f"schedule{'-dark' if dark else ''}")


def test_a_measurement_of_all_qubits():
    washington = Snapshot.load("washington")
    everything = washington.defaults.instruction_schedule_map.get("measure", range(127))
    assert_looks_like(plot_schedule(everything), "schedule-measure")
