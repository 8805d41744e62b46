# SPDX-License-Identifier: Apache-2.0
"""Parts of pictures: headings, tables, facts, parts that fold, and parts that are marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .._words import MISSING
from .text import cell, plain

#: Colours of JupyterLab, then of VS Code, and else ones that are seen on white and on black.
LINE = "var(--jp-border-color1,var(--vscode-widget-border,rgba(128,128,128,.45)))"
RED = "var(--jp-error-color1,var(--vscode-errorForeground,#e5484d))"
AMBER = "var(--jp-warn-color1,var(--vscode-editorWarning-foreground,#c77700))"
GREEN = "var(--jp-success-color1,var(--vscode-testing-iconPassed,#2f9e44))"
BLUE = "var(--jp-brand-color1,var(--vscode-textLink-foreground,#3b82d6))"
COLOURS = {"good": GREEN, "bad": RED, "busy": BLUE, "waiting": AMBER}

#: Names in a page are no mathematics, whatever signs they have.
_CLASS = "mathjax_ignore tex2jax_ignore"
#: A number, perhaps with a unit, a power of ten or a percent sign: columns of these are aligned at the right.
_IS_NUMBER = re.compile(r"[-+\u2212]?\d[\d,.]*( ?×.*| ?%.*| [fpnµmkMGT]?(s|Hz|B)\b.*)?")
_IS_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
#: JupyterLab aligns cells at the right unless their style says otherwise; others know the attribute.
_LEFT, _RIGHT = ' style="text-align:left"', ' align="right"'
_TIME = ' style="text-align:left;white-space:nowrap"'
#: Rows of the longest table, and of the longest one that does not fold.
MAX_ROWS, MAX_UNFOLDED = 100, 12


def panel(*parts: str) -> str:
    """Return the picture of an object, made of parts; empty parts are left out."""
    return f'<div class="{_CLASS}" style="line-height:1.4;max-width:72em;overflow-x:auto">{"".join(parts)}</div>'


def heading(name: object, *notes: str, kind: str = "", badges: Iterable[str] = ()) -> str:
    """Return the first line of a picture.

    Args:
        name: The name of the object.
        notes: What is most important to know about it, in a few words each.
        kind: The name of its class.
        badges: Results of :func:`badge`.
    """
    about = " · ".join(map(cell, filter(None, (kind, *notes))))
    dim = f' <span style="opacity:.75">{about}</span>' if about else ""
    return f'<p style="margin:2px 0 6px"><b>{cell(name)}</b>{"".join(f" {each}" for each in badges)}{dim}</p>'


def heading_of(owner: object, *, badges: Iterable[str] = ()) -> str:
    """Return the first line of the picture of an object, made of its ``repr``: ``<Class of name: facts>``."""
    kind, _, rest = repr(owner).removeprefix("<").removesuffix(">").partition(" ")
    name, _, about = rest.removeprefix("of ").partition(": ")
    return heading(name or kind, about, kind=kind if name else "", badges=badges)


def badge(text: object, tone: str = "") -> str:
    """Return a word in a frame, such as the status of a job.

    Args:
        text: The word.
        tone: ``"good"``, ``"bad"``, ``"busy"``, ``"waiting"``, or nothing.
    """
    colour = f"color:{COLOURS[tone]};" if tone else ""
    style = f"{colour}border:1px solid currentColor;border-radius:9px;padding:0 7px;font-size:85%;white-space:nowrap"
    return f'<span style="{style}">{cell(text)}</span>'


def note(text: object) -> str:
    """Return a line of text that is less important."""
    return f'<p style="margin:4px 0;opacity:.75">{cell(text)}</p>'


def facts(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return names and values, one pair in a line; pairs whose value is ``None`` or empty are left out."""
    rows = "".join(
        f'<tr><th style="text-align:left;vertical-align:top;font-weight:normal;opacity:.75;white-space:nowrap">{cell(name)}</th>'
        f"<td{_LEFT}>{cell(value)}</td></tr>"
        for name, value in pairs
        if value is not None and value not in ("", (), [])
    )
    return _framed("", rows) if rows else ""


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, left_out: int = 0) -> str:
    """Return a table of at most a hundred rows; columns without a value are left out, but for the first one.

    Args:
        head: Names of the columns.
        rows: Values by row.
        left_out: The number of further rows, which are counted and not shown.
    """
    texts = [[plain(value) for value in row] for row in rows]
    left_out += max(len(texts) - MAX_ROWS, 0)
    shown = texts[:MAX_ROWS]
    columns = [_Column(name, list(column)) for name, column in zip(head, zip(*shown, strict=False), strict=False)]
    # A column that has nothing tells nothing, and takes the room of others.
    columns = [column for number, column in enumerate(columns) if not number or column.has_values]
    names = "".join(f"<th{column.side}>{cell(column.name)}</th>" for column in columns)
    cells = ([f"<td{column.side}>{text}</td>" for text in column.cells] for column in columns)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    top = f'<thead><tr style="border-bottom:1px solid {LINE}">{names}</tr></thead>'
    more = note(f"and {left_out:,} more") if left_out > 0 else ""
    return _framed(top, body) + more


class _Column:
    """A column of texts; numbers are aligned at the right, and neither they nor times are broken into lines."""

    def __init__(self, name: str, texts: list[str]) -> None:
        self.name = name
        known = [text for text in texts if text not in {MISSING, ""}]
        self.has_values = bool(known)
        self.side, self.cells = _LEFT, [cell(text) for text in texts]
        if known and all(map(_IS_NUMBER.fullmatch, known)):
            self.side, self.cells = _RIGHT, [text.replace(" ", "\N{NO-BREAK SPACE}") for text in self.cells]
        elif known and all(map(_IS_TIME.fullmatch, known)):
            self.side = _TIME


def _framed(head: str, body: str) -> str:
    style = "border-collapse:collapse;margin:2px 0 6px;table-layout:auto;font-variant-numeric:tabular-nums"
    return f'<table cellpadding="3" style="{style}">{head}<tbody>{body}</tbody></table>'


def fold(summary: object, content: str, *, is_open: bool = False) -> str:
    """Return a part that opens when its summary is clicked; ``content`` is HTML, and nothing is shown without any."""
    if not content:
        return ""
    opened = " open" if is_open else ""
    return (
        f'<details{opened} style="margin:2px 0"><summary style="cursor:pointer">{cell(summary)}</summary>'
        f'<div style="padding:2px 0 4px 16px">{content}</div></details>'
    )


def alert(content: str) -> str:
    """Return a part that is marked, such as failures; ``content`` is HTML."""
    return f'<div style="border-left:4px solid {RED};padding:1px 0 1px 10px;margin:4px 0">{content}</div>'


def problems(title: str, found: Iterable[tuple[object, object]], head: tuple[str, str] = ("where", "problem")) -> str:
    """Return a marked table of problems, which folds if it is long; nothing if there are none.

    Args:
        title: The number of problems, in words.
        found: Places and reasons.
        head: Names of the two columns.
    """
    rows = list(found)
    if not rows:
        return ""
    listed = table(head, rows)
    if len(rows) > MAX_UNFOLDED:
        return alert(fold(title, listed))
    return alert(f'<p style="margin:2px 0"><b>{cell(title)}</b></p>{listed}')


def side_by_side(*parts: str) -> str:
    """Return parts beside each other, or one below the other where there is no room."""
    columns = "".join(f'<div style="min-width:0">{part}</div>' for part in parts if part)
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 20px;align-items:flex-start">{columns}</div>'
