# SPDX-License-Identifier: Apache-2.0
"""Module of qiskit-ibm-provider 0.11: its names, imported from where they are today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exceptions import (
    IBMJobApiError,
    IBMJobError,
    IBMJobFailureError,
    IBMJobInvalidStateError,
    IBMJobTimeoutError,
)
from .ibm_circuit_job import IBMCircuitJob
from .ibm_composite_job import IBMCompositeJob
from .ibm_job import IBMJob
from .job_monitor import job_monitor
from .queueinfo import QueueInfo

__all__ = [
    "IBMCircuitJob",
    "IBMCompositeJob",
    "IBMJob",
    "IBMJobApiError",
    "IBMJobError",
    "IBMJobFailureError",
    "IBMJobInvalidStateError",
    "IBMJobTimeoutError",
    "QueueInfo",
    "job_monitor",
]

if not TYPE_CHECKING:
    # Type checkers would take every name for one of this module's.
    def __getattr__(name: str) -> object:
        from .._former_names import missing_name

        raise missing_name(__name__, name)
