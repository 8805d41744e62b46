# SPDX-License-Identifier: Apache-2.0
"""Results of sweeps by Plotly, which tells which result is under the cursor."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._themes import theme
from ..interactive_figures import faded, graph_objects, log_range, new_figure, style_axis
from .content import MOST_COLORS
from .geometry import (
    FEWEST_FOR_BOX,
    LEVELS,
    MOST_SCATTERED,
    cells_of,
    edges_of,
    has_dots,
    limits_of,
    places_of,
    shape_of,
    swarm,
)

if TYPE_CHECKING:
    from .content import Axis, Distribution, Floats, Row, TradeOff

_HEIGHT, _BESIDE_ROWS, _ROW = 560, 190, 52


def draw_distribution(content: Distribution, *, dark: bool) -> Any:
    """Return a figure of Plotly with a row for each group; see :func:`plot_sweep`."""
    look, places = theme(dark=dark), places_of(content)
    depth = places[-1] + 1 if places else 1.0
    figure = new_figure(content.title, content.subtitle, dark=dark, height=int(_BESIDE_ROWS + _ROW * max(depth, 2)))
    limits = limits_of(content.axis, [row.values for row in content.rows])
    if limits is None:
        return _say_nothing(figure, "no result with this figure")
    middles: dict[str, list[float]] = {}
    edges = edges_of(content.axis, limits)
    dots = has_dots([row.values for row in content.rows], edges)
    for row, y in zip(content.rows, places, strict=True):
        middles.setdefault(row.label, []).append(y)
        _add_row(figure, row, y, content.axis, edges, look, dots=dots)
    for color in sorted({row.color for row in content.rows}) if content.colors else ():
        figure.add_trace(_square(look.series[color], escape(content.color_name(color))))
    figure.update_layout(
        xaxis={**style_axis(look, content.axis.label, is_log=content.axis.is_log),
               "range": log_range(*limits, is_log=content.axis.is_log)},
        yaxis={**style_axis(look, ": ".join(filter(None, (content.dimension, content.left_out))), grid=False),
               "tickvals": [sum(ys) / len(ys) for ys in middles.values()],
               "ticktext": [escape(label) for label in middles], "range": [depth - 0.4, -0.6]},
    )  # fmt: skip
    return figure


def _say_nothing(figure: Any, text: str) -> Any:
    figure.add_annotation(text=text, showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5)
    return figure


def _square(color: str, name: str) -> Any:
    marker = {"symbol": "square", "size": 12, "color": color}
    return graph_objects().Scatter(x=[None], y=[None], mode="markers", marker=marker, name=name)


def _add_row(figure: Any, row: Row, y: float, axis: Axis, edges: Floats, look: Any, *, dots: bool) -> None:
    """Add dots or a shape, a box, and what stands behind the row."""
    go, color, values = graph_objects(), look.series[row.color], row.values
    told = f"{escape(row.label)}: {row.tasks - row.failed:,} results, {row.failed:,} failed"
    if dots or len(values) < FEWEST_FOR_BOX:
        figure.add_trace(
            go.Scatter(x=values, y=y + swarm(values, edges), mode="markers", marker={"size": 8, "color": faded(color, 0.8)},
                       text=[escape(text) for text in row.texts], showlegend=False,
                       hovertemplate=f"%{{text}}<br>{escape(axis.name)} %{{x:.5g}} {escape(axis.unit)}<extra></extra>")
        )  # fmt: skip
    else:
        heights = np.repeat(shape_of(values, edges), 2)
        x = np.repeat(edges, 2)[1:-1]
        figure.add_trace(
            go.Scatter(x=[*x, *x[::-1]], y=[*(y - heights), *(y + heights)[::-1]], fill="toself", mode="lines",
                       line={"width": 0}, fillcolor=faded(color, 0.55), hoverinfo="skip", showlegend=False)
        )  # fmt: skip
    if row.failed:
        figure.add_annotation(text=f"✕ {row.failed:,} failed", showarrow=False, xref="paper", x=1, xanchor="right", y=y,
                              font={"color": look.fault}, bgcolor=look.background)  # fmt: skip
    if len(values):
        low, first, middle, third, high = np.quantile(values, LEVELS).tolist()
        figure.add_trace(
            go.Box(q1=[first], median=[middle], q3=[third], lowerfence=[low], upperfence=[high], y=[y], width=0.6,
                   orientation="h", line={"color": look.ink, "width": 1.5}, fillcolor="rgba(0,0,0,0)", showlegend=False,
                   name=told, hoverinfo="x+name")
        )  # fmt: skip


def draw_trade_off(content: TradeOff, *, dark: bool) -> Any:
    """Return a figure of Plotly with Pareto fronts; see :func:`plot_sweep`."""
    look, go = theme(dark=dark), graph_objects()
    figure = new_figure(content.title, content.subtitle, dark=dark, height=_HEIGHT)
    if not content.fronts:
        return _say_nothing(figure, "no result with both figures")
    figure.update_layout(
        xaxis=style_axis(look, content.x.label, is_log=content.x.is_log),
        yaxis=style_axis(look, content.y.label, is_log=content.y.is_log),
    )
    _add_others(figure, content, look)
    many = len(content.fronts) > MOST_COLORS
    hover = f"%{{text}}<br>{escape(content.x.name)} %{{x:.5g}}, {escape(content.y.name)} %{{y:.5g}}<extra></extra>"
    for number, front in enumerate(content.fronts):
        color = look.series[0 if many else number]
        figure.add_trace(
            go.Scatter(x=front.x, y=front.y, mode="lines+markers", name=escape(f"{front.label}: {len(front.x):,}"),
                       line={"color": color, "width": 1.5 if many else 2.5,
                             "shape": "vh" if content.x.better == "more" else "hv"},
                       marker={"size": 7 if many else 10, "color": color}, showlegend=not many,
                       text=[escape(text) for text in front.texts], hovertemplate=hover)
        )  # fmt: skip
    return figure


def _add_others(figure: Any, content: TradeOff, look: Any) -> None:
    """Add the results that are on no front: dots, or cells if there are many."""
    go, (x, y) = graph_objects(), content.others
    if not len(x):
        return
    if len(x) <= MOST_SCATTERED:
        many = len(content.fronts) > MOST_COLORS
        colors = [faded(look.muted if many else look.series[number], 0.45) for number in content.belongs.tolist()]
        dots = {"size": 5, "color": colors}
        figure.add_trace(go.Scatter(x=x, y=y, mode="markers", marker=dots, name="other results", hoverinfo="skip"))
        return
    edges, counts = cells_of(content)
    found = np.where(counts.T > 0, counts.T, np.nan)
    figure.add_trace(
        go.Heatmap(x=edges[0], y=edges[1], z=np.log10(found), text=counts.T.astype(int), showscale=False,
                   colorscale=[[0, look.grid], [1, look.muted]], hoverongaps=False,
                   hovertemplate="%{text} other results<extra></extra>")
    )  # fmt: skip
