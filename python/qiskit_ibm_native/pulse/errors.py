# SPDX-License-Identifier: Apache-2.0
"""Errors of this room. Their class is imported when there is something to raise, because it imports Qiskit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..exceptions import PulseError


def pulse_error(message: str) -> PulseError:
    """Return the error to raise."""
    from ..exceptions import PulseError

    return PulseError(message)
