# SPDX-License-Identifier: Apache-2.0
"""Values over time by Plotly, which tells the value under the cursor."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._themes import theme
from ...archive.events.event import KINDS
from ..interactive_figures import closed, faded, gaps_as_none, graph_objects, new_figure, style_axis
from .content import LEVELS
from .course import interrupted

if TYPE_CHECKING:
    from .content import Content, Marked

_HEIGHT = 520
#: Height of a row of marks, as a share of the picture.
_ROW = 0.055
_SYMBOLS = {"failed": "triangle-down", "returned": "triangle-up", LEVELS: "diamond"}
_KINDS = (*KINDS, LEVELS)
#: Forms of ticks by their distance, in milliseconds or months.
_DATES = [
    {"dtickrange": [None, 86_400_000], "value": "%H:%M\n%-d %b %Y"},
    {"dtickrange": [86_400_000, "M1"], "value": "%-d %b\n%Y"},
    {"dtickrange": ["M1", "M12"], "value": "%b\n%Y"},
    {"dtickrange": ["M12", None], "value": "%Y"},
]


def draw(content: Content, *, dark: bool) -> Any:
    """Return a figure of Plotly; see :func:`plot_drift`."""
    look = theme(dark=dark)
    figure = new_figure(content.title, content.subtitle, dark=dark, height=_HEIGHT)
    if content.is_empty:
        figure.add_annotation(text="no value" if len(content.times) else "no calibration", showarrow=False,
                              xref="paper", yref="paper", x=0.5, y=0.5)  # fmt: skip
        return figure
    rows = [kind for kind in _KINDS if any(mark.kind == kind for mark in content.marks)]
    base = _ROW * len(rows) + (0.04 if rows else 0.0)
    figure.update_layout(
        hovermode="x unified",
        xaxis={**style_axis(look, "time (UTC)", grid=False), "type": "date", "anchor": "y2" if rows else "y",
               "tickformatstops": _DATES, "range": _range(content),
               "hoverformat": "%-d %B %Y, %H:%M UTC"},
        yaxis={**style_axis(look, content.axis, is_log=content.is_log), "domain": [base, 1.0]},
    )  # fmt: skip
    _add_values(figure, content, look)
    if rows:
        _add_marks(figure, content, rows, look)
    for number, note in enumerate(content.notes):
        figure.add_annotation(text=escape(note.replace("\n", " ")), showarrow=False, xref="paper", yref="paper", x=1,
                              xanchor="right", yanchor="bottom", y=1.0 + 0.05 * number, font={"color": look.muted})  # fmt: skip
    return figure


def _range(content: Content) -> list[str]:
    """Return the ends of the axis of times: some room at both ends, or half a day around a single time."""
    first = content.times[0]
    last = max([content.times[-1], *(mark.until for mark in content.marks if mark.until is not None)])
    room = (last - first) // 60 or np.timedelta64(12, "h")
    return _texts(np.array([first - room, last + room]))


def _texts(times: Any) -> list[str]:
    return [str(text) for text in np.datetime_as_string(times, unit="ms")]


def _add_values(figure: Any, content: Content, look: Any) -> None:
    """Add bands, medians, single qubits, levels and gaps."""
    go = graph_objects()
    color = look.muted if content.lines and not content.has_many_lines else look.series[0]
    times = _texts(np.insert(content.times, content.ends, content.times[content.ends - 1]))
    for number, band in enumerate(content.bands):
        low, high = (interrupted(values, content.ends).tolist() for values in (band.low, band.high))
        x, y = closed(times, low, high)
        figure.add_trace(
            go.Scatter(x=x, y=y, fill="toself", mode="lines", line={"width": 0}, name=band.label, hoverinfo="skip",
                       fillcolor=faded(color, 0.14 + 0.1 * number))
        )  # fmt: skip
        for text, share, values in (("low", band.low_level, low), ("high", band.high_level, high)):
            # Bands have no values under the cursor: lines that cannot be seen do.
            figure.add_trace(
                go.Scatter(x=times, y=gaps_as_none(values), mode="lines", line={"width": 0}, showlegend=False,
                           name=f"{100 * share:.4g} %", legendgroup=text, hovertemplate=_hover(content))
            )  # fmt: skip
    shape = "hv" if content.is_flag else "linear"
    _add_line(
        figure, content, times, content.middle, content.middle_label, {"color": color, "width": 3, "shape": shape}
    )
    for number, line in enumerate(content.lines):
        colors = [color] if content.has_many_lines else look.series[1:]
        width = 1 if content.has_many_lines else 2
        _add_line(figure, content, times, line.values, line.label, {"color": colors[number % len(colors)], "width": width},
                  hidden=content.has_many_lines)  # fmt: skip
    for level in content.levels:
        edges = _texts(level.times)
        x = [part for first, last in pairwise(edges) for part in (first, last, None)]
        y = [part for value in level.values.tolist() for part in (value, value, None)]
        line_color = faded(look.series[1 + level.line], 0.5)
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line={"color": line_color, "width": 5}, showlegend=False,
                                    hoverinfo="skip"))  # fmt: skip
    for end in content.ends.tolist():
        first, last = _texts(content.times[end - 1 : end + 1])
        figure.add_vrect(x0=first, x1=last, fillcolor=look.grid, opacity=0.4, line_width=0, layer="below")
    if content.gap_label:
        marker = {"symbol": "square", "size": 12, "color": faded(look.grid, 0.6)}
        name = content.gap_label.replace("\n", " ")
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=name))


def _hover(content: Content) -> str:
    return "%{y:.5g}" + (f" {content.unit}" if content.unit else "")


def _add_line(
    figure: Any,
    content: Content,
    times: list[str],
    values: Any,
    label: str,
    line: dict[str, Any],
    *,
    hidden: bool = False,
) -> None:
    go = graph_objects()
    drawn = gaps_as_none(interrupted(values, content.ends).tolist())
    mode = "lines+markers" if len(times) <= 60 else "lines"
    figure.add_trace(
        go.Scatter(x=times, y=drawn, mode=mode, line=line, name=escape(label), showlegend=not hidden,
                   hoverinfo="skip" if hidden else None, hovertemplate=None if hidden else _hover(content))
    )  # fmt: skip


def _add_marks(figure: Any, content: Content, rows: list[str], look: Any) -> None:
    """Add a row of marks for each kind, below the values."""
    go = graph_objects()
    counts = [sum(mark.kind == kind for mark in content.marks) for kind in rows]
    labels = [f"{kind} ({number:,})" for kind, number in zip(rows, counts, strict=True)]
    figure.update_layout(
        yaxis2={**style_axis(look, grid=False), "domain": [0.0, _ROW * len(rows)], "anchor": "x", "zeroline": False,
                "tickvals": list(range(len(rows))), "ticktext": labels, "range": [len(rows) - 0.5, -0.5]},
    )  # fmt: skip
    plain = {"failed": look.fault, "returned": look.series[2]}
    for row, kind in enumerate(rows):
        marks = [mark for mark in content.marks if mark.kind == kind]
        colors = [
            plain.get(kind, look.muted) if mark.line is None else look.series[1 + mark.line % 6] for mark in marks
        ]
        figure.add_trace(_spans(go, marks, row, look.muted) if kind not in _SYMBOLS else go.Scatter(
            x=_texts(np.array([mark.time for mark in marks], dtype="datetime64[us]")), y=[row] * len(marks),
            mode="markers", marker={"symbol": _SYMBOLS[kind], "size": 11, "color": colors}, yaxis="y2",
            text=[escape(mark.text) for mark in marks], hovertemplate="%{text}<extra></extra>", showlegend=False,
        ))  # fmt: skip


def _spans(go: Any, marks: list[Marked], row: int, color: str) -> Any:
    """Return states that last as thick lines."""
    ends = np.array([(mark.time, mark.time if mark.until is None else mark.until) for mark in marks], "datetime64[us]")
    x = [part for first, last in ends for part in (*_texts(np.array([first, last])), None)]
    texts = [part for mark in marks for part in (escape(mark.text), escape(mark.text), None)]
    return go.Scatter(
        x=x, y=[None if each is None else row for each in x], mode="lines", line={"color": color, "width": 10},
        yaxis="y2", text=texts, hovertemplate="%{text}<extra></extra>", showlegend=False,
    )  # fmt: skip
