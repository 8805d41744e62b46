# SPDX-License-Identifier: Apache-2.0
"""Counts of measured outcomes as a histogram of text."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from . import output

#: Outcomes that a terminal shows; pipes and JSON have all of them.
_SHOWN = 20
_EIGHTHS = " ▏▎▍▌▋▊▉"
#: Columns that are not bars, beside the outcome: two numbers and the space between columns.
_REST = 24


def write_counts(counts: Mapping[str, int]) -> None:
    """Write counts, the most frequent outcome first; a terminal shows twenty, with bars, and a pipe shows all.

    Args:
        counts: Numbers of shots by outcome.
    """
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    columns: list[output.Column | str] = [
        "Outcome",
        output.Column("Shots", is_number=True),
        output.Column("Share", is_number=True),
    ]
    rows: list[list[str | output.Styled]] = [
        [outcome, f"{number:,}" if output.is_terminal() else str(number), f"{number / total:.1%}"]
        for outcome, number in ordered
    ]
    if not output.is_terminal():
        output.table(columns, rows, empty="The circuit has no outcomes: it measures nothing.")
        return
    room = max(output.width() - max(map(len, counts), default=0) - _REST, 8)
    for row, (_, number) in zip(rows, ordered, strict=True):
        row.append(output.Styled(bar(number / ordered[0][1], min(room, 60)), "cyan"))
    output.table([*columns, ""], rows[:_SHOWN], empty="The circuit has no outcomes: it measures nothing.")
    left = ordered[_SHOWN:]
    if left:
        shots = sum(number for _, number in left)
        output.write(f"and {len(left):,} other outcomes in {shots:,} shots ({shots / total:.1%})")


def bar(share: float, width: int) -> str:
    """Return a bar of eighths of characters, which has ``width`` characters for a share of 1; at least one eighth."""
    eighths = max(round(share * width * 8), 1)
    if not speaks_unicode():
        return "#" * max(round(share * width), 1)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def speaks_unicode() -> bool:
    """Return whether standard output takes characters of all kinds."""
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
