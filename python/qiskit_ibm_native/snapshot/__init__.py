# SPDX-License-Identifier: Apache-2.0
"""A device at one time: payloads, columns, differences, overrides and files of it, all without Qiskit."""

from __future__ import annotations

from .snapshot import Payloads, Snapshot, bundled_devices

__all__ = ["Payloads", "Snapshot", "bundled_devices"]
