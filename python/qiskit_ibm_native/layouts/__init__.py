# SPDX-License-Identifier: Apache-2.0
"""Layouts on history: the qubits of a device on which a circuit would have done best over many calibrations."""

from __future__ import annotations

from .search import best_layouts
from .table import LayoutTable

__all__ = ["LayoutTable", "best_layouts"]
