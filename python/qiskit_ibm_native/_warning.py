# SPDX-License-Identifier: Apache-2.0
"""Warnings that point at the line of the user, whichever way leads from there to this package."""

from __future__ import annotations

import sys
import warnings

#: Modules of Python between two functions of this package: those of decorators.
_BETWEEN = frozenset({__name__.partition(".")[0], "contextlib", "functools"})


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn as seen from the nearest caller outside of this package."""
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
