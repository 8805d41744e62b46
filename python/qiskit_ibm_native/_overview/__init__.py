# SPDX-License-Identifier: Apache-2.0
"""A device at a glance: figures of its calibration, and a picture of these for notebooks.

It knows native snapshots alone, so that models, snapshots and backends can all use it.
"""

from __future__ import annotations

from .figures import GateOverview, Overview, Spread, overview_of
from .picture import device_panel

__all__ = ["GateOverview", "Overview", "Spread", "device_panel", "overview_of"]
