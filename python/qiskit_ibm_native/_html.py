# SPDX-License-Identifier: Apache-2.0
"""Pictures of objects for notebooks: tables in HTML that are escaped, bounded, and legible on light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

#: Characters of the longest text of a cell: names and errors come from files that others made.
_MAX_TEXT = 200
#: Colours are those of the page, but for lines, which are seen on white and on black.
_CELL = "text-align:left;padding:2px 8px;border-bottom:1px solid rgba(128,128,128,.4)"
_ALERT = "border-left:4px solid #d9534f;padding-left:8px"


def cell(value: object) -> str:
    """Return a value as short, escaped text; ``None`` is a dash, and floats have four digits."""
    if value is None:
        return "-"
    text = f"{value:,}" if type(value) is int else f"{value:.4g}" if isinstance(value, float) else str(value)
    # Names may have lone surrogates, which no page can be encoded with.
    text = " ".join(text[: 2 * _MAX_TEXT].split()).encode("utf-8", "replace").decode()
    return escape(text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}...")


def title(text: str) -> str:
    """Return a heading."""
    return f"<p><b>{cell(text)}</b></p>"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, left_out: int = 0) -> str:
    """Return a table; ``left_out`` is the number of further rows, which are told and not shown."""
    top = "".join(f'<th style="{_CELL}">{cell(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{cell(value)}</td>' for value in row) + "</tr>" for row in rows
    )
    more = f"<p>and {left_out:,} more</p>" if left_out > 0 else ""
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>{more}"


def alert(content: str) -> str:
    """Return a part that is marked, such as failures; ``content`` is HTML."""
    return f'<div style="{_ALERT}">{content}</div>'
