# SPDX-License-Identifier: Apache-2.0
"""IBM Quantum devices in Qiskit, without waiting.

A device publishes its configuration and its calibrations as large JSON payloads. A :class:`Snapshot` is made of their
bytes, and :func:`build_target`, :func:`build_instruction_durations` and :func:`build_coupling_map` make Qiskit objects
of a snapshot::

    from qiskit_ibm_native import Snapshot, build_target

    target = build_target(Snapshot.load("fez"))

An :class:`IBMProvider` has the devices of an account, or simulated ones, and runs circuits on them.

Names are imported when they are first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .archive import CalibrationArchive
    from .exceptions import (
        ArchiveDamagedError,
        ArchiveError,
        BackendPayloadError,
        BackendPropertyError,
        CompactFormError,
        IBMError,
        LedgerDamagedError,
        LedgerError,
        PulseError,
        SweepError,
    )
    from .models import BackendConfiguration, BackendProperties, BackendStatus
    from .models.defaults import PulseDefaults
    from .provider.backend import IBMBackend
    from .provider.backend_service import IBMBackendService, least_busy
    from .provider.jobs.base import IBMJob
    from .provider.jobs.circuit_job import IBMCircuitJob
    from .provider.jobs.composite_job import IBMCompositeJob
    from .provider.jobs.monitor import job_monitor
    from .provider.jobs.queue_info import QueueInfo
    from .provider.provider import IBMProvider
    from .provider.qubit_properties import IBMQubitProperties
    from .provider.retired import IBMRetiredBackend
    from .provider.session import Session
    from .scoring import score
    from .snapshot import Snapshot, bundled_devices
    from .snapshot.diff import SnapshotDiff
    from .snapshot.series import CalibrationSeries
    from .sweeps.ledger.ledger import Ledger
    from .sweeps.results import SweepResults
    from .sweeps.sweep import Sweep
    from .sweeps.tasks import TaskResult
    from .target import HistoricalTarget, build_coupling_map, build_instruction_durations, build_target

__version__ = "0.1.0"

__all__ = [
    "ArchiveDamagedError",
    "ArchiveError",
    "BackendConfiguration",
    "BackendPayloadError",
    "BackendProperties",
    "BackendPropertyError",
    "BackendStatus",
    "CalibrationArchive",
    "CalibrationSeries",
    "CompactFormError",
    "HistoricalTarget",
    "IBMBackend",
    "IBMBackendService",
    "IBMCircuitJob",
    "IBMCompositeJob",
    "IBMError",
    "IBMJob",
    "IBMProvider",
    "IBMQubitProperties",
    "IBMRetiredBackend",
    "Ledger",
    "LedgerDamagedError",
    "LedgerError",
    "PulseDefaults",
    "PulseError",
    "QueueInfo",
    "Session",
    "Snapshot",
    "SnapshotDiff",
    "Sweep",
    "SweepError",
    "SweepResults",
    "TaskResult",
    "build_coupling_map",
    "build_instruction_durations",
    "build_target",
    "bundled_devices",
    "job_monitor",
    "least_busy",
    "score",
]

_MODULES = {
    "ArchiveDamagedError": "exceptions",
    "ArchiveError": "exceptions",
    "BackendConfiguration": "models",
    "BackendPayloadError": "exceptions",
    "BackendProperties": "models",
    "BackendPropertyError": "exceptions",
    "BackendStatus": "models",
    "CalibrationArchive": "archive",
    "CalibrationSeries": "snapshot.series",
    "CompactFormError": "exceptions",
    "HistoricalTarget": "target",
    "IBMBackend": "provider.backend",
    "IBMBackendService": "provider.backend_service",
    "IBMCircuitJob": "provider.jobs.circuit_job",
    "IBMCompositeJob": "provider.jobs.composite_job",
    "IBMError": "exceptions",
    "IBMJob": "provider.jobs.base",
    "IBMProvider": "provider.provider",
    "IBMQubitProperties": "provider.qubit_properties",
    "IBMRetiredBackend": "provider.retired",
    "Ledger": "sweeps.ledger.ledger",
    "LedgerDamagedError": "exceptions",
    "LedgerError": "exceptions",
    "PulseDefaults": "models.defaults",
    "PulseError": "exceptions",
    "QueueInfo": "provider.jobs.queue_info",
    "Session": "provider.session",
    "Snapshot": "snapshot",
    "SnapshotDiff": "snapshot.diff",
    "Sweep": "sweeps.sweep",
    "SweepError": "exceptions",
    "SweepResults": "sweeps.results",
    "TaskResult": "sweeps.tasks",
    "build_coupling_map": "target",
    "build_instruction_durations": "target",
    "build_target": "target",
    "bundled_devices": "snapshot",
    "job_monitor": "provider.jobs.monitor",
    "least_busy": "provider.backend_service",
    "score": "scoring",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
