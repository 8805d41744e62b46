# SPDX-License-Identifier: Apache-2.0
"""Values as texts of pages: as people write them, short, and escaped."""

from __future__ import annotations

import datetime
import math
import re
from html import escape
from numbers import Integral
from typing import Any

from .._words import MISSING, instant, ratio

#: Characters of the longest text: names and errors come from files that others made.
MAX_TEXT = 200
#: Characters that no page shows, or that change the direction of the text behind them.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(value: Any) -> str:
    """Return a value as a short text, which is not escaped.

    ``None``, NaN and NaT are a dash, flags are words, numbers have four digits, and times are in UTC, to the minute.
    """
    if value is None:
        text = MISSING
    elif isinstance(value, bool) or type(value).__name__ == "bool":
        text = "yes" if value else "no"
    elif isinstance(value, Integral):
        text = f"{int(value):,}"
    elif isinstance(value, float):
        text = _number(float(value))
    elif isinstance(value, datetime.datetime):
        text = instant(value)
    elif type(value).__name__ == "datetime64":
        text = MISSING if str(value) == "NaT" else f"{str(value)[:16].replace('T', ' ')} UTC"
    else:
        text = _shortened(str(value))
    return text


def cell(value: Any) -> str:
    """Return a value as a short text that is escaped for a page."""
    return escape(plain(value))


def _number(value: float) -> str:
    """Return a number of four digits, with a power of ten if it is small or large."""
    if math.isnan(value):
        return MISSING
    return f"{value:.4g}" if value == 0 or 1e-2 <= abs(value) < 1e4 or math.isinf(value) else ratio(value, 3)


def _shortened(text: str) -> str:
    # Names may have lone surrogates, which no page can be encoded with.
    line = " ".join(text[: 2 * MAX_TEXT].split()).encode("utf-8", "replace").decode()
    line = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", line)
    return line if len(line) <= MAX_TEXT else f"{line[:MAX_TEXT]}..."
