# SPDX-License-Identifier: Apache-2.0
"""Builders of Qiskit's objects from snapshots."""

from __future__ import annotations

from .builders import HistoricalTarget, build_coupling_map, build_instruction_durations, build_target
from .options import TargetOptions

__all__ = ["HistoricalTarget", "TargetOptions", "build_coupling_map", "build_instruction_durations", "build_target"]
