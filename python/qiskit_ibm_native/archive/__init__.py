# SPDX-License-Identifier: Apache-2.0
"""Calibrations kept: one SQLite file of payloads, which answers what a device was like at any time."""

from __future__ import annotations

from .check import VerifyReport
from .housekeeping import ArchiveStats, BackendStats
from .imports import ImportReport
from .merging import MergeReport
from .ranges import SnapshotRange
from .removal import PruneReport
from .series import ArchiveSeries
from .store import CalibrationArchive

__all__ = [
    "ArchiveSeries",
    "ArchiveStats",
    "BackendStats",
    "CalibrationArchive",
    "ImportReport",
    "MergeReport",
    "PruneReport",
    "SnapshotRange",
    "VerifyReport",
]
