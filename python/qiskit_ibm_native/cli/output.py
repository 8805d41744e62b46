# SPDX-License-Identifier: Apache-2.0
"""Everything that verbs print goes through here: tables, texts and JSON on standard output, messages on standard error.

=================================  =======================================================================
a terminal                         tables of Rich, which fit its width; colours, unless ``NO_COLOR`` is set
a pipe or a file                   aligned text: no colours, no lines, nothing shortened
``--json``                         one JSON document (:func:`document`), or one object a line where results
                                   come one after the other (:func:`line`)
=================================  =======================================================================

Values that are not known are ``-`` in texts and ``null`` in JSON. Control characters of names are shown as escapes.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

_NARROW = 20


class Styled(NamedTuple):
    """A cell of a table with a style of Rich, such as ``"bold red"``; only terminals show it."""

    text: str
    style: str


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: The heading.
        is_number: Whether cells are aligned to the right.
        is_optional: Whether a terminal that is too narrow leaves the column out, the last such one first.
    """

    title: str
    is_number: bool = False
    is_optional: bool = False


def is_terminal() -> bool:
    """Return whether a person sees standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def has_colour() -> bool:
    """Return whether standard output may have colours."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return the number of columns of the terminal; 80 in a pipe, unless ``COLUMNS`` says otherwise."""
    return max(shutil.get_terminal_size().columns, _NARROW)


def printable(text: str, keep: str = "") -> str:
    """Return a text whose control characters, which can do anything to a terminal, are escapes, but those to keep."""
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def write(text: str, end: str = "\n") -> None:
    """Write a text to standard output; characters that its encoding lacks are escapes."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text + end)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        sys.stdout.write((text + end).encode(encoding, "backslashreplace").decode(encoding))


def message(text: str) -> None:
    """Write a line for people to standard error: warnings, errors, what is being done; names in it may be of others."""
    if sys.stderr is not None:
        # Standard error escapes by itself what it cannot encode.
        shown = printable(text, keep="\n")
        with suppress(OSError):
            sys.stderr.write(f"qiskit-ibm-native: {shown}\n")
            sys.stderr.flush()


def document(value: Any) -> None:
    """Write one JSON document; NaN is ``null``, times are texts of ISO 8601 in UTC, arrays of numpy are lists."""
    write(json.dumps(plain(value), indent=2, allow_nan=False))


def line(value: Any) -> None:
    """Write one JSON object as a line, at once, so that readers of a stream have it."""
    write(json.dumps(plain(value), allow_nan=False))
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def table(columns: Sequence[Column | str], rows: Iterable[Sequence[str | Styled]], *, empty: str = "") -> None:
    """Write a table.

    Args:
        columns: The columns, or their headings.
        rows: The cells of each row.
        empty: A message for standard error if there are no rows; then no heading is written.
    """
    titles = [column if isinstance(column, Column) else Column(column) for column in columns]
    cells = [[Styled(printable(cell[0]), cell[1]) if isinstance(cell, Styled) else Styled(printable(cell), "")
              for cell in row] for row in rows]  # fmt: skip
    if not cells and empty:
        message(empty)
    elif is_terminal():
        _rich_table(titles, cells)
    else:
        _plain_table(titles, cells)


def rich(*things: Any) -> None:
    """Write what Rich can print: texts with styles, tables, trees. Colours are left out where there are to be none."""
    import io

    from rich.console import Console

    target = io.StringIO()
    console = Console(
        file=target, width=width(), force_terminal=has_colour(), no_color=not has_colour(), markup=False, emoji=False,
        highlight=False, legacy_windows=False,
    )  # fmt: skip
    for thing in things:
        console.print(thing, soft_wrap=not is_terminal())
    write("\n".join(text.rstrip() for text in target.getvalue().splitlines()))


def _rich_table(columns: Sequence[Column], rows: Sequence[Sequence[Styled]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    fitting = _fitting(columns, rows)
    for number in fitting:
        column = columns[number]
        shown.add_column(Text(column.title), justify="right" if column.is_number else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(row[number].text, style=row[number].style) for number in fitting))
    rich(shown)


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[Styled]]) -> list[int]:
    """Return the numbers of the columns for which the terminal has room."""
    widths = [
        max(len(column.title), *(len(row[number].text) for row in rows), 0) for number, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    for number in reversed(shown.copy()):
        if sum(widths[kept] + 2 for kept in shown) - 2 > width() and columns[number].is_optional:
            shown.remove(number)
    return shown


def _plain_table(columns: Sequence[Column], rows: Sequence[Sequence[Styled]]) -> None:
    texts = [[column.title for column in columns], *([cell.text for cell in row] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*texts, strict=True)]
    for row in texts:
        cells = (
            text.rjust(size) if column.is_number else text.ljust(size)
            for text, size, column in zip(row, widths, columns, strict=True)
        )
        write("  ".join(cells).rstrip())


def styled_lines(lines: Iterable[Sequence[tuple[str, str]]]) -> None:
    """Write lines of pieces, each with a style of Rich, which colours show only."""
    pieces = [list(line) for line in lines]
    if not has_colour():
        for line in pieces:
            write("".join(text for text, _ in line))
        return
    from rich.text import Text

    rich(*(Text.assemble(*(piece for piece in line if piece[0]), no_wrap=True, overflow="ignore") for line in pieces))
