# SPDX-License-Identifier: Apache-2.0
"""Calibrations kept: one SQLite file of payloads, which answers what a device was like at any time."""

from __future__ import annotations

from .alerting.alert import Alert
from .alerting.rules import EventRule, ValueRule
from .alerting.rules_file import read_rules
from .check import VerifyReport
from .events.event import Event, Events
from .housekeeping import ArchiveStats, BackendStats
from .imports import ImportReport
from .merging import MergeReport
from .questions.change_points import ChangePoints
from .questions.coherence import CoherenceLimit
from .questions.correlation import Correlation
from .questions.drift import Drift
from .questions.outliers import Outliers
from .questions.ranking import Ranking
from .questions.stability import Stability
from .questions.working import LastWorked
from .ranges import SnapshotRange
from .removal import PruneReport
from .series import ArchiveSeries
from .store import CalibrationArchive

__all__ = [
    "Alert",
    "ArchiveSeries",
    "ArchiveStats",
    "BackendStats",
    "CalibrationArchive",
    "ChangePoints",
    "CoherenceLimit",
    "Correlation",
    "Drift",
    "Event",
    "EventRule",
    "Events",
    "ImportReport",
    "LastWorked",
    "MergeReport",
    "Outliers",
    "PruneReport",
    "Ranking",
    "SnapshotRange",
    "Stability",
    "ValueRule",
    "VerifyReport",
    "read_rules",
]
