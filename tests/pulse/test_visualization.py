# SPDX-License-Identifier: Apache-2.0
"""Pictures of schedules: what must be on them."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from qiskit.circuit import Parameter
from tests.support.pulses import defaults

from qiskit_ibm_native import PulseError, Snapshot
from qiskit_ibm_native.pulse import (
    Acquire,
    AcquireChannel,
    DriveChannel,
    Gaussian,
    MemorySlot,
    Play,
    Schedule,
    SetFrequency,
    SetPhase,
    ShiftFrequency,
)
from qiskit_ibm_native.visualization import plot_schedule

D0 = DriveChannel(0)


def texts(axis):
    return [text.get_text() for text in axis.texts]


def test_a_gate_has_a_row_a_channel_with_its_phases_and_frequencies():
    washington = Snapshot.load("washington")
    schedule = washington.defaults.instruction_schedule_map.get("cx", (0, 1))
    figure = plot_schedule(schedule, dt=washington.configuration.dt, frequencies=washington.defaults.frequencies)
    labels = [axis.get_ylabel() for axis in figure.axes]
    assert labels == ["d0\n5.088 GHz", "d1\n4.981 GHz", "u0", "u2", "u4", "u28"]
    assert {"\u2212\u03c0", "\u2212\u03c0/2", "CR90p_d0_u2", "0.0973"} <= set(texts(figure.axes[0]))
    magnitudes = np.concatenate([line.get_ydata() for line in figure.axes[0].lines if len(line.get_ydata()) > 9])
    assert magnitudes.min() == 0.0
    assert magnitudes.max() == pytest.approx(1.0)
    assert figure.axes[-1].get_xlabel() == "time (dt)"
    (top,) = figure.axes[0].child_axes
    assert top.get_xlabel() == "time (ns)"
    assert figure.axes[-1].get_xlim() == (0, schedule.duration)
    assert figure.get_suptitle() == "cx: 3840 dt = 853.3 ns"


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
    assert image.max() == pytest.approx(largest, rel=1e-3)


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


def test_the_measurement_of_a_qubit_shows_its_pulse():
    schedule = defaults("sherbrooke").instruction_schedule_map.get("measure", 3)
    figure = plot_schedule(schedule)
    assert [axis.get_ylabel() for axis in figure.axes] == ["m3", "a0 \u2026 a126"]
    assert texts(figure.axes[1]) == ["127 qubits"]


def test_names_are_no_formulas():
    schedule = Schedule(Play(Gaussian(160, 0.1, 40, name="$\\frac{a}$"), D0), name="$x_{$")
    plot_schedule(schedule).savefig(io.BytesIO())
    assert texts(plot_schedule(schedule).axes[0])[0] == "$\\frac{a}$"


def test_what_is_not_bound_is_written_as_it_is():
    schedule = Schedule(
        (0, SetPhase(Parameter("a"), D0)), (0, SetFrequency(5.1e9, D0)), (0, ShiftFrequency(1e6, D0)),
        (0, SetPhase(0.1234, D0)), (0, Play(Gaussian(160, Parameter("b"), 40, name="unknown"), D0)),
    )  # fmt: skip
    (axis,) = plot_schedule(schedule).axes
    assert texts(axis) == ["unknown", "=a, =5.1 GHz, +0.001 GHz, =0.123"]


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


def test_matplotlib_is_imported_when_something_is_drawn():
    code = (
        "import sys, qiskit_ibm_native.visualization; sys.exit('matplotlib' in sys.modules or 'qiskit' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
