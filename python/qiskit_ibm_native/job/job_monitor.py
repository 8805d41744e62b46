# SPDX-License-Identifier: Apache-2.0
"""Module of qiskit-ibm-provider 0.11: its names, imported from where they are today."""

from __future__ import annotations

from ..provider.jobs.monitor import job_monitor

__all__ = ["job_monitor"]
