# SPDX-License-Identifier: Apache-2.0
"""Tables of columns with units and masks, such as those that go to data frames, as parts of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .._words import duration, quantity, ratio
from .parts import MAX_ROWS, fold, table

#: Rows that are shown before the others, which fold.
_FIRST = 10
#: Seconds from which a time is told in minutes, hours or days.
_LONG = 120.0


class _Column(Protocol):
    """A column: see ``_frames.Column``."""

    @property
    def name(self) -> str | int: ...

    @property
    def values(self) -> Any: ...

    @property
    def valid(self) -> Any: ...

    @property
    def unit(self) -> str: ...

    @property
    def labels(self) -> Sequence[str] | None: ...


def columns_table(columns: Sequence[_Column], order: Sequence[int] | None = None) -> str:
    """Return a table with the first rows, and a part that folds with up to a hundred; empty without rows.

    Args:
        columns: The columns, of the same length.
        order: Indices of the rows in the order in which they are shown; by default as they are.
    """
    length = len(columns[0].values) if columns else 0
    rows: Sequence[int] = range(length) if order is None else order
    if not len(rows):
        return ""
    shown = [column for column in columns if not _is_known_already(column, columns)]
    head = [str(column.name).replace("_", " ") for column in shown]
    lines = [[_text(column, int(row)) for column in shown] for row in rows[:MAX_ROWS]]
    first, rest = lines[:_FIRST], lines[_FIRST:]
    if len(rest) <= 2:
        first, rest = lines, []
    more = table(head, rest, left_out=len(rows) - len(lines))
    return table(head, first) + (fold(f"{len(rows) - len(first):,} more", more) if rest else "")


def _is_known_already(column: _Column, columns: Sequence[_Column]) -> bool:
    """Return whether the heading or another column tells what a column has."""
    if str(column.name).startswith("qubit_"):
        return any(other.name == "qargs" for other in columns)
    return column.name in {"backend", "gate"} and column.labels is not None and len(column.labels) == 1


def _text(column: _Column, row: int) -> Any:
    """Return a value of a column as a text with its unit, or as it is; ``None`` if it is missing."""
    if column.valid is not None and not column.valid[row]:
        return None
    value = column.values[row]
    if column.labels is not None:
        return column.labels[int(value)]
    if column.unit.startswith("1/"):
        return f"{ratio(float(value))} {column.unit}"
    if column.unit == "s" and abs(value) >= _LONG:
        return duration(float(value))
    return quantity(float(value), column.unit) if column.unit else value
