# SPDX-License-Identifier: Apache-2.0
"""Calibrations as arrays: one snapshot's columns, and columns of many snapshots one behind the other.

Arrays are views of native memory and read-only. Values are in SI units, ``nan`` where there is none; masks tell a missing
value from one that the device says is ``NaN``.
"""

from __future__ import annotations

from .series import CalibrationSeries, GateSeries
from .snapshot import GateColumns, SnapshotColumns

__all__ = ["CalibrationSeries", "GateColumns", "GateSeries", "SnapshotColumns"]
