# SPDX-License-Identifier: Apache-2.0
"""Transpilation for IBM devices: a pass, and the translation stage that a backend names."""

from __future__ import annotations

from .id_to_delay import ConvertIdToDelay

__all__ = ["ConvertIdToDelay"]
