# SPDX-License-Identifier: Apache-2.0
"""A policy of short waits, a circuit and the number of jobs, for tests of requests that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit import QuantumCircuit

from qiskit_ibm_native.client.limits import Limits
from qiskit_ibm_native.client.retry import RetryPolicy

if TYPE_CHECKING:
    from qiskit_ibm_native import IBMProvider

QUICK = RetryPolicy(
    first_wait=0.01,
    longest_wait=0.02,
    budget=3.0,
    payload_waits=(0.01, 0.02),
    search_waits=(0.01, 0.05),
    result_wait=0.01,
)


def hurry(provider: IBMProvider, seconds: float) -> None:
    """Set the time of a provider's calls, after the calls that prepare a test."""
    provider._transport.limits = Limits(timeout=seconds)


def circuit() -> QuantumCircuit:
    flip = QuantumCircuit(1, 1)
    flip.x(0)
    flip.measure(0, 0)
    return flip


def jobs_of(provider: IBMProvider) -> int:
    return int(provider._runtime_client.jobs_get(1)["count"])
