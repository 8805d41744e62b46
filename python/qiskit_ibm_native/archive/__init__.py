# SPDX-License-Identifier: Apache-2.0
"""Calibrations kept: one SQLite file of payloads, which answers what a device was like at any time."""

from __future__ import annotations

from .alerting.alert import Alert
from .alerting.rules import EventRule, ValueRule
from .alerting.rules_file import read_rules
from .check import VerifyReport
from .events.event import Event, Events
from .housekeeping import ArchiveStats, BackendStats, PruneReport
from .imports import ImportReport
from .ranges import SnapshotRange
from .series import ArchiveSeries
from .store import CalibrationArchive

__all__ = [
    "Alert",
    "ArchiveSeries",
    "ArchiveStats",
    "BackendStats",
    "CalibrationArchive",
    "Event",
    "EventRule",
    "Events",
    "ImportReport",
    "PruneReport",
    "SnapshotRange",
    "ValueRule",
    "VerifyReport",
    "read_rules",
]
