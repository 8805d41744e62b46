# SPDX-License-Identifier: Apache-2.0
"""Qiskit's objects of a snapshot."""

from __future__ import annotations

from .builders import HistoricalTarget, build_coupling_map, build_instruction_durations, build_target

__all__ = ["HistoricalTarget", "build_coupling_map", "build_instruction_durations", "build_target"]
