# SPDX-License-Identifier: Apache-2.0
"""Pictures. They need matplotlib, which is imported when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pulse.drawing import plot_schedule
from .changes import plot_diff
from .drift import plot_drift
from .layouts import plot_layout
from .maps import plot_calibration, plot_error_map, plot_gate_map, qubit_coordinates
from .sweep import plot_sweep

__all__ = [
    "plot_calibration",
    "plot_diff",
    "plot_drift",
    "plot_error_map",
    "plot_gate_map",
    "plot_layout",
    "plot_schedule",
    "plot_sweep",
    "qubit_coordinates",
]

if not TYPE_CHECKING:
    # Type checkers would take every name for one of this module's.
    def __getattr__(name: str) -> object:
        from .._former_names import missing_name

        raise missing_name(__name__, name)
