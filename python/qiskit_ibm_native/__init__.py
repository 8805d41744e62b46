# SPDX-License-Identifier: Apache-2.0
"""IBM Quantum devices in Qiskit, without waiting.

A device publishes its configuration and its calibrations as large JSON payloads. A :class:`Snapshot` is made from their
bytes, and :func:`build_target`, :func:`build_instruction_durations` and :func:`build_coupling_map` make Qiskit objects
from a snapshot::

    from qiskit_ibm_native import Snapshot, build_target

    target = build_target(Snapshot.load("fez"))

:func:`accelerate` makes the official client, ``qiskit-ibm-runtime``, build its targets in the same way.

An :class:`IBMProvider` gives access to the devices of an account, or to simulated ones, and runs circuits on them.

Names and sub-modules are imported at their first use, so that ``import qiskit_ibm_native`` costs a millisecond.
"""

from __future__ import annotations

# Type checkers take this name for true. Importing `typing` would be most of the time of this import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    # For type checkers and editors; tests compare it with _NAMES. "as" exports a name: __all__ is computed.
    from . import acceleration as acceleration
    from . import accounts as accounts
    from . import api as api
    from . import archive as archive
    from . import cli as cli
    from . import client as client
    from . import completion as completion
    from . import diagnosis as diagnosis
    from . import exceptions as exceptions
    from . import fitting as fitting
    from . import ibm_backend as ibm_backend
    from . import ibm_backend_service as ibm_backend_service
    from . import ibm_provider as ibm_provider
    from . import ibm_qubit_properties as ibm_qubit_properties
    from . import job as job
    from . import layouts as layouts
    from . import local as local
    from . import migration as migration
    from . import models as models
    from . import provider as provider
    from . import proxies as proxies
    from . import pulse as pulse
    from . import scoring as scoring
    from . import session as session
    from . import snapshot as snapshot
    from . import sweeps as sweeps
    from . import target as target
    from . import transpiler as transpiler
    from . import utils as utils
    from . import version as version
    from . import visualization as visualization
    from ._native import __version__ as __version__
    from ._progress import WorkProgress as WorkProgress
    from .acceleration import Acceleration as Acceleration
    from .acceleration import accelerate as accelerate
    from .accounts import Account as Account
    from .accounts import ProxyConfiguration as ProxyConfiguration
    from .archive import Alert as Alert
    from .archive import ArchiveSeries as ArchiveSeries
    from .archive import ArchiveStats as ArchiveStats
    from .archive import BackendStats as BackendStats
    from .archive import CalibrationArchive as CalibrationArchive
    from .archive import ChangePoints as ChangePoints
    from .archive import CoherenceLimit as CoherenceLimit
    from .archive import Correlation as Correlation
    from .archive import Drift as Drift
    from .archive import Event as Event
    from .archive import EventRule as EventRule
    from .archive import Events as Events
    from .archive import ImportReport as ImportReport
    from .archive import LastWorked as LastWorked
    from .archive import MergeReport as MergeReport
    from .archive import Outliers as Outliers
    from .archive import PruneReport as PruneReport
    from .archive import Ranking as Ranking
    from .archive import SnapshotRange as SnapshotRange
    from .archive import Stability as Stability
    from .archive import ValueRule as ValueRule
    from .archive import VerifyReport as VerifyReport
    from .archive import read_rules as read_rules
    from .archive.questions.explanation import ExplainedChange as ExplainedChange
    from .archive.questions.explanation import Explanation as Explanation
    from .client.api import RuntimeClient as RuntimeClient
    from .client.discovery import Instance as Instance
    from .client.execution_spans import DataSlice as DataSlice
    from .client.execution_spans import ExecutionSpan as ExecutionSpan
    from .client.execution_spans import ExecutionSpans as ExecutionSpans
    from .completion import enable_completion as enable_completion
    from .completion import load_ipython_extension as load_ipython_extension
    from .completion import unload_ipython_extension as unload_ipython_extension
    from .exceptions import AccountAlreadyExistsError as AccountAlreadyExistsError
    from .exceptions import AccountNotFoundError as AccountNotFoundError
    from .exceptions import AccountsError as AccountsError
    from .exceptions import ApiError as ApiError
    from .exceptions import ApiIBMProtocolError as ApiIBMProtocolError
    from .exceptions import ArchiveDamagedError as ArchiveDamagedError
    from .exceptions import ArchiveError as ArchiveError
    from .exceptions import BackendConfigurationError as BackendConfigurationError
    from .exceptions import BackendPayloadError as BackendPayloadError
    from .exceptions import BackendPropertyError as BackendPropertyError
    from .exceptions import CompactFormError as CompactFormError
    from .exceptions import IBMAccountError as IBMAccountError
    from .exceptions import IBMApiError as IBMApiError
    from .exceptions import IBMBackendApiError as IBMBackendApiError
    from .exceptions import IBMBackendApiProtocolError as IBMBackendApiProtocolError
    from .exceptions import IBMBackendError as IBMBackendError
    from .exceptions import IBMBackendJobLimitError as IBMBackendJobLimitError
    from .exceptions import IBMBackendNotFoundError as IBMBackendNotFoundError
    from .exceptions import IBMBackendValueError as IBMBackendValueError
    from .exceptions import IBMError as IBMError
    from .exceptions import IBMInputValueError as IBMInputValueError
    from .exceptions import IBMJobApiError as IBMJobApiError
    from .exceptions import IBMJobError as IBMJobError
    from .exceptions import IBMJobFailureError as IBMJobFailureError
    from .exceptions import IBMJobInvalidStateError as IBMJobInvalidStateError
    from .exceptions import IBMJobNotFoundError as IBMJobNotFoundError
    from .exceptions import IBMJobTimeoutError as IBMJobTimeoutError
    from .exceptions import IBMNotAuthorizedError as IBMNotAuthorizedError
    from .exceptions import IBMProviderError as IBMProviderError
    from .exceptions import IBMProviderValueError as IBMProviderValueError
    from .exceptions import IBMSessionClosedError as IBMSessionClosedError
    from .exceptions import InvalidAccountError as InvalidAccountError
    from .exceptions import LedgerDamagedError as LedgerDamagedError
    from .exceptions import LedgerError as LedgerError
    from .exceptions import MissingPackageError as MissingPackageError
    from .exceptions import PulseError as PulseError
    from .exceptions import RequestsApiError as RequestsApiError
    from .exceptions import SweepError as SweepError
    from .exceptions import SweepWarning as SweepWarning
    from .layouts import LayoutTable as LayoutTable
    from .layouts import best_layouts as best_layouts
    from .models import BackendConfiguration as BackendConfiguration
    from .models import BackendProperties as BackendProperties
    from .models import BackendStatus as BackendStatus
    from .models import GateConfig as GateConfig
    from .models import GateProperties as GateProperties
    from .models import Nduv as Nduv
    from .models.defaults import PulseDefaults as PulseDefaults
    from .provider.backend import IBMBackend as IBMBackend
    from .provider.backend_service import IBMBackendService as IBMBackendService
    from .provider.backend_service import least_busy as least_busy
    from .provider.history.backfill import BackfillReport as BackfillReport
    from .provider.history.watch import Watch as Watch
    from .provider.jobs.base import IBMJob as IBMJob
    from .provider.jobs.circuit_job import IBMCircuitJob as IBMCircuitJob
    from .provider.jobs.composite_job import IBMCompositeJob as IBMCompositeJob
    from .provider.jobs.monitor import job_monitor as job_monitor
    from .provider.jobs.queue_info import QueueInfo as QueueInfo
    from .provider.provider import IBMProvider as IBMProvider
    from .provider.qubit_properties import IBMQubitProperties as IBMQubitProperties
    from .provider.retired import IBMRetiredBackend as IBMRetiredBackend
    from .provider.session import Session as Session
    from .scoring import ScoreComparison as ScoreComparison
    from .scoring import Scores as Scores
    from .scoring import compare_scores as compare_scores
    from .scoring import score as score
    from .snapshot import Payloads as Payloads
    from .snapshot import Snapshot as Snapshot
    from .snapshot import bundled_devices as bundled_devices
    from .snapshot.acceptance import SnapshotSource as SnapshotSource
    from .snapshot.columns import GateColumns as GateColumns
    from .snapshot.columns import SnapshotColumns as SnapshotColumns
    from .snapshot.diff import GateChange as GateChange
    from .snapshot.diff import QubitChange as QubitChange
    from .snapshot.diff import SnapshotDiff as SnapshotDiff
    from .snapshot.imports import read_calibrations as read_calibrations
    from .snapshot.overrides import Provenance as Provenance
    from .snapshot.series import CalibrationSeries as CalibrationSeries
    from .snapshot.series import GateSeries as GateSeries
    from .sweeps.description.forecast import SweepDescription as SweepDescription
    from .sweeps.inputs.choices import Choices as Choices
    from .sweeps.inputs.devices import DeviceEntry as DeviceEntry
    from .sweeps.inputs.devices import DeviceList as DeviceList
    from .sweeps.ledger.carry_over import CarriedOver as CarriedOver
    from .sweeps.ledger.check import LedgerReport as LedgerReport
    from .sweeps.ledger.comparison import Comparison as Comparison
    from .sweeps.ledger.comparison import FigureComparison as FigureComparison
    from .sweeps.ledger.ledger import Ledger as Ledger
    from .sweeps.ledger.stale import StaleResult as StaleResult
    from .sweeps.results import SweepResults as SweepResults
    from .sweeps.sweep import Sweep as Sweep
    from .sweeps.tasks import Task as Task
    from .sweeps.tasks import TaskResult as TaskResult
    from .target import HistoricalTarget as HistoricalTarget
    from .target import build_coupling_map as build_coupling_map
    from .target import build_instruction_durations as build_instruction_durations
    from .target import build_target as build_target

#: Public names by the module that they are imported from.
_NAMES = {
    "_progress": ("WorkProgress",),
    "acceleration": (
        "Acceleration",
        "accelerate",
    ),
    "accounts": (
        "Account",
        "ProxyConfiguration",
    ),
    "archive": (
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
    ),
    "archive.questions.explanation": (
        "ExplainedChange",
        "Explanation",
    ),
    "client.api": ("RuntimeClient",),
    "client.discovery": ("Instance",),
    "client.execution_spans": ("DataSlice", "ExecutionSpan", "ExecutionSpans"),
    "completion": ("enable_completion",),
    "exceptions": (
        "AccountAlreadyExistsError",
        "AccountNotFoundError",
        "AccountsError",
        "ApiError",
        "ApiIBMProtocolError",
        "ArchiveDamagedError",
        "ArchiveError",
        "BackendConfigurationError",
        "BackendPayloadError",
        "BackendPropertyError",
        "CompactFormError",
        "IBMAccountError",
        "IBMApiError",
        "IBMBackendApiError",
        "IBMBackendApiProtocolError",
        "IBMBackendError",
        "IBMBackendJobLimitError",
        "IBMBackendNotFoundError",
        "IBMBackendValueError",
        "IBMError",
        "IBMInputValueError",
        "IBMJobApiError",
        "IBMJobError",
        "IBMJobFailureError",
        "IBMJobInvalidStateError",
        "IBMJobNotFoundError",
        "IBMJobTimeoutError",
        "IBMNotAuthorizedError",
        "IBMProviderError",
        "IBMProviderValueError",
        "IBMSessionClosedError",
        "InvalidAccountError",
        "LedgerDamagedError",
        "LedgerError",
        "MissingPackageError",
        "PulseError",
        "RequestsApiError",
        "SweepError",
        "SweepWarning",
    ),
    "layouts": ("LayoutTable", "best_layouts"),
    "models": (
        "BackendConfiguration",
        "BackendProperties",
        "BackendStatus",
        "GateConfig",
        "GateProperties",
        "Nduv",
    ),
    "models.defaults": ("PulseDefaults",),
    "provider.backend": ("IBMBackend",),
    "provider.backend_service": (
        "IBMBackendService",
        "least_busy",
    ),
    "provider.history.backfill": ("BackfillReport",),
    "provider.history.watch": ("Watch",),
    "provider.jobs.base": ("IBMJob",),
    "provider.jobs.circuit_job": ("IBMCircuitJob",),
    "provider.jobs.composite_job": ("IBMCompositeJob",),
    "provider.jobs.monitor": ("job_monitor",),
    "provider.jobs.queue_info": ("QueueInfo",),
    "provider.provider": ("IBMProvider",),
    "provider.qubit_properties": ("IBMQubitProperties",),
    "provider.retired": ("IBMRetiredBackend",),
    "provider.session": ("Session",),
    "scoring": (
        "ScoreComparison",
        "Scores",
        "compare_scores",
        "score",
    ),
    "snapshot": (
        "Payloads",
        "Snapshot",
        "bundled_devices",
    ),
    "snapshot.acceptance": ("SnapshotSource",),
    "snapshot.columns": (
        "GateColumns",
        "SnapshotColumns",
    ),
    "snapshot.diff": (
        "GateChange",
        "QubitChange",
        "SnapshotDiff",
    ),
    "snapshot.imports": ("read_calibrations",),
    "snapshot.overrides": ("Provenance",),
    "snapshot.series": (
        "CalibrationSeries",
        "GateSeries",
    ),
    "sweeps.description.forecast": ("SweepDescription",),
    "sweeps.inputs.choices": ("Choices",),
    "sweeps.inputs.devices": (
        "DeviceEntry",
        "DeviceList",
    ),
    "sweeps.ledger.check": ("LedgerReport",),
    "sweeps.ledger.carry_over": ("CarriedOver",),
    "sweeps.ledger.comparison": (
        "Comparison",
        "FigureComparison",
    ),
    "sweeps.ledger.ledger": ("Ledger",),
    "sweeps.ledger.stale": ("StaleResult",),
    "sweeps.results": ("SweepResults",),
    "sweeps.sweep": ("Sweep",),
    "sweeps.tasks": (
        "Task",
        "TaskResult",
    ),
    "target": (
        "HistoricalTarget",
        "build_coupling_map",
        "build_instruction_durations",
        "build_target",
    ),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}
#: Public sub-modules. ``import *`` leaves them out: it would import all of them.
_ROOMS = (
    "acceleration",
    "accounts",
    "archive",
    "cli",
    "client",
    "completion",
    "diagnosis",
    "exceptions",
    "fitting",
    "layouts",
    "local",
    "migration",
    "models",
    "provider",
    "pulse",
    "scoring",
    "snapshot",
    "sweeps",
    "target",
    "transpiler",
    "visualization",
)
#: Modules of qiskit-ibm-provider 0.11 that have something to give, see _former_names; dir() leaves them out.
_FORMER_MODULES = (
    "api",
    "ibm_backend",
    "ibm_backend_service",
    "ibm_provider",
    "ibm_qubit_properties",
    "job",
    "proxies",
    "session",
    "utils",
    "version",
)

__all__ = sorted(_MODULES)  # noqa: PLE0605 (computed: each name is written once here, and once for type checkers)
#: The version is written in Cargo.toml alone.
_MODULES["__version__"] = "_native"
#: IPython looks for these for ``%load_ext qiskit_ibm_native``.
_MODULES.update(dict.fromkeys(("load_ipython_extension", "unload_ipython_extension"), "completion"))


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _ROOMS or name in _FORMER_MODULES:
        return import_module(f".{name}", __name__)
    module = _MODULES.get(name)
    if module is None:
        raise import_module("._former_names", __name__).missing_name(__name__, name)
    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*__all__, *_ROOMS, "__version__"))
