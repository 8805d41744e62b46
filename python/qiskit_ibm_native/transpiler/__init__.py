# SPDX-License-Identifier: Apache-2.0
"""What the transpiler does for IBM devices: a pass, and the translation stage that a backend asks for."""

from __future__ import annotations

from .id_to_delay import ConvertIdToDelay

__all__ = ["ConvertIdToDelay"]
