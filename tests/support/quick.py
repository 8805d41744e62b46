# SPDX-License-Identifier: Apache-2.0
"""A policy that waits little, a circuit, and how many jobs there are: for tests of requests that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit import QuantumCircuit

from qiskit_ibm_native.client.limits import Limits
from qiskit_ibm_native.client.retry import RetryPolicy

if TYPE_CHECKING:
    from qiskit_ibm_native import IBMProvider

QUICK = RetryPolicy(first_wait=0.01, longest_wait=0.02, budget=3.0)


def hurry(provider: IBMProvider, seconds: float) -> None:
    """Let calls of a provider take less time from now on: what was prepared for a test need not."""
    provider._transport.limits = Limits(timeout=seconds)


def circuit() -> QuantumCircuit:
    one = QuantumCircuit(1, 1)
    one.x(0)
    one.measure(0, 0)
    return one


def jobs_of(provider: IBMProvider) -> int:
    return int(provider._runtime_client.jobs_get(1)["count"])
