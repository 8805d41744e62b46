# SPDX-License-Identifier: Apache-2.0
"""A finding in a script."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something in a script that is not as it was in 2023.

    Attributes:
        line: Number of the line, from 1.
        old: The code.
        new: The code that replaces it, or ``None`` if that is left to the user.
        reason: Why, and what to do if something is left to do.
    """

    line: int
    old: str
    new: str | None
    reason: str
