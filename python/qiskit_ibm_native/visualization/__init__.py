# SPDX-License-Identifier: Apache-2.0
"""Pictures. They need matplotlib, which is imported when something is drawn."""

from __future__ import annotations

from .schedule import plot_schedule

__all__ = ["plot_schedule"]
