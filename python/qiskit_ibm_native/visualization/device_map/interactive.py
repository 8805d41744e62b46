# SPDX-License-Identifier: Apache-2.0
"""Maps of devices by Plotly, which show all values of a qubit or an edge under the pointer."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._themes import Theme, lightness_of, mixed, stops, theme
from ..interactive_figures import SMALL, graph_objects, new_figure
from .legend import legend_keys
from .sizes import RADIUS, label_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .content import DeviceMap, Edge, Layer

#: Pixels: the largest map, the longest step between neighbours, the margins left of, above and below the map, and the
#: room for bars of colours.
_WIDTH, _HEIGHT, _LONGEST_STEP = 900, 720, 100
_LEFT, _TOP, _BOTTOM, _PANEL = 40, 90, 50, 260
#: Edges have so many colours.
_SHADES = 48
#: Plotly's pixels in an inch, for sizes of labels.
_DPI = 96


def interactive_map(content: DeviceMap, *, labels: bool, dark: bool) -> Any:
    """Return a map as a figure of Plotly."""
    look = theme(dark=dark)
    columns, rows = (size + 1 for size in content.size)
    step = min(_WIDTH / columns, _HEIGHT / rows, _LONGEST_STEP)
    height = max(rows * step, 440) + _TOP + _BOTTOM
    figure = new_figure(content.title, content.subtitle, dark=dark, height=round(height))
    right = _PANEL if content.qubits or content.couplings else _LEFT
    figure.update_layout(
        width=round(max(columns * step, 420) + _LEFT + right), hovermode="closest",
        margin={"l": _LEFT, "r": right, "t": _TOP, "b": _BOTTOM},
        legend={"orientation": "h", "x": 0, "y": -0.01, "yanchor": "top"},
    )  # fmt: skip
    hidden = {"visible": False, "constrain": "domain"}
    figure.update_xaxes(range=[-0.6, columns - 0.4], **hidden)
    figure.update_yaxes(range=[rows - 0.4, -0.6], scaleanchor="x", **hidden)
    points = content.placement.positions
    for trace in (*_edges(content, points, step, look), *_qubits(content, points, step, look, labels=labels)):
        figure.add_trace(trace)
    for trace in _legend(content, look):
        figure.add_trace(trace)
    return figure


def _legend(content: DeviceMap, look: Theme) -> Iterable[Any]:
    """Return empty traces that say what marks mean."""
    hollow = {"color": look.background, "size": 12}
    marks: dict[str, dict[str, Any]] = {
        "faulty_qubits": {"marker": {**hollow, "symbol": "diamond", "line": {"color": look.fault, "width": 3}}},
        "faulty_edges": {
            "mode": "lines+markers",
            "marker": _cross(look),
            "line": {"color": look.fault, "dash": "dash"},
        },
        "new_qubits": {"marker": {**hollow, "line": {"color": look.series[2], "width": 3}}},
        "new_edges": {"marker": {"color": look.series[2], "symbol": "circle-open", "size": 10}},
        "quiet_qubits": {"marker": {**hollow, "line": {"color": look.quiet, "width": 1}}},
        "used_qubits": {"marker": {"color": look.series[0], "size": 12}},
        "passed_qubits": {"marker": {"color": look.series[6], "size": 12}},
        "missing_qubits": {"marker": {**hollow, "symbol": "circle-x", "line": {"color": look.muted, "width": 1}}},
        "missing_edges": {"mode": "lines", "line": {"color": look.muted, "dash": "dot"}},
    }
    for key in legend_keys(content):
        yield graph_objects().Scatter(
            x=[None], y=[None], name=escape(content.legend[key]), **{"mode": "markers", **marks[key]}
        )


def _cross(look: Theme) -> dict[str, Any]:
    return {"symbol": "x-thin", "size": 10, "line": {"color": look.fault, "width": 2}}


def _colors(layer: Layer, look: Theme) -> list[str | None]:
    """Return the colour of each value; ``None`` where there is none."""
    if layer.scale is None:
        return [None] * len(layer.values)
    scale = _stops(layer, look)
    return [None if np.isnan(share) else mixed(scale, float(share)) for share in layer.scale.shares(layer.values)]


def _stops(layer: Layer, look: Theme) -> list[tuple[float, str]]:
    is_centred = layer.scale is not None and layer.scale.is_centred
    return stops(look.diverging if is_centred else look.sequential, is_centred=is_centred)


def _edges(content: DeviceMap, points: Sequence[tuple[float, float]], step: float, look: Theme) -> Iterable[Any]:
    """Return lines of edges, a trace for each colour, and points in their middles that have their texts."""
    groups: dict[tuple[str, str, float], list[Edge]] = defaultdict(list)
    width = min(0.19 * step, 14.0)
    plain = look.series[0] if content.qubits is None else look.quiet
    values = [plain] * len(content.edges) if content.couplings is None else _colors(_shaded(content.couplings), look)
    for edge, color in zip(content.edges, values, strict=True):
        if edge in content.faulty_edges:
            groups[look.fault, "dash", 0.35].append(edge)
        elif edge in content.quiet_edges:
            groups[look.quiet, "solid", 0.35].append(edge)
        elif color is None:
            groups[look.muted, "dot", 0.4].append(edge)
        else:
            groups[color, "solid", 1.0].append(edge)
    scatter = graph_objects().Scatter
    for (color, dash, part), edges in groups.items():
        along: dict[str, list[float | None]] = {"x": [], "y": []}
        for edge in edges:
            for axis, name in enumerate(("x", "y")):
                along[name] += [*(points[qubit][axis] for qubit in edge), None]
        line = {"color": color, "width": max(part * width, 1.0), "dash": dash}
        yield scatter(**along, mode="lines", line=line, hoverinfo="skip", showlegend=False)
    middles = [[(points[one][axis] + points[other][axis]) / 2 for one, other in content.edges] for axis in (0, 1)]
    texts = content.hovers[1] or ["qubits {} and {}".format(*edge) for edge in content.edges]
    marks = {
        "color": [look.fault if edge in content.faulty_edges else look.series[2] for edge in content.edges],
        "symbol": ["x-thin" if edge in content.faulty_edges else "circle-open" for edge in content.edges],
        "size": max(0.2 * step, 4),
        "line": {"color": look.fault, "width": 2},
        "opacity": [float(edge in content.faulty_edges or edge in content.new_edges) for edge in content.edges],
    }
    yield scatter(
        x=middles[0], y=middles[1], mode="markers", marker=marks, hovertext=_hover(texts), hoverinfo="text",
        showlegend=False,
    )  # fmt: skip
    if content.couplings is not None:
        yield _bar(content.couplings, 0.0 if content.qubits is not None else 0.5, look)


def _shaded(layer: Layer) -> Layer:
    """Return a layer with fewer values, so that edges of the same colour are one trace."""
    if layer.scale is None:
        return layer
    from dataclasses import replace

    shares = np.round(layer.scale.shares(layer.values) * _SHADES) / _SHADES
    low, high = layer.scale.low, layer.scale.high
    values = low * (high / low) ** shares if layer.scale.is_log else low + shares * (high - low)
    return replace(layer, values=np.asarray(values))


def _qubits(
    content: DeviceMap, points: Sequence[tuple[float, float]], step: float, look: Theme, *, labels: bool
) -> Iterable[Any]:
    plain = look.series[0] if content.is_filled else look.background
    colors = [plain] * content.num_qubits if content.qubits is None else _colors(content.qubits, look)
    fills = [look.background if color is None else color for color in colors]
    for qubit in content.passed_qubits:
        fills[qubit] = look.series[6]
    sizes, symbols, lines = [2 * RADIUS * step] * len(fills), ["circle"] * len(fills), [look.muted] * len(fills)
    for qubit, color in enumerate(colors):
        if qubit in content.faulty_qubits:
            fills[qubit], symbols[qubit], lines[qubit] = look.background, "diamond", look.fault
        elif qubit in content.quiet_qubits:
            fills[qubit], lines[qubit], sizes[qubit] = look.background, look.quiet, 1.3 * RADIUS * step
        elif color is None:
            symbols[qubit] = "circle-x"
        elif qubit in content.new_qubits:
            lines[qubit] = look.series[2]
    texts = content.hovers[0] or [f"qubit {text}" for text in content.labels]
    size = label_size(content.labels, step / _DPI) * _DPI / 72
    is_written = labels and size >= 8
    quiet = {look.fault: look.fault, look.quiet: look.muted}
    inks = [quiet.get(line) or _ink_on(fill) for fill, line in zip(fills, lines, strict=True)]
    yield graph_objects().Scatter(
        x=[x for x, _ in points], y=[y for _, y in points], mode="markers+text" if is_written else "markers",
        text=list(map(escape, content.labels)), textfont={
            "size": max(size, 1), "color": inks,
        },
        marker={"size": sizes, "color": fills, "symbol": symbols, "opacity": 1, "line": {"color": lines, "width": [
            3 if qubit in content.new_qubits | content.faulty_qubits else 1 for qubit in range(len(fills))
        ]}},
        hovertext=_hover(texts), hoverinfo="text", showlegend=False,
    )  # fmt: skip
    if content.qubits is not None:
        yield _bar(content.qubits, 0.5, look)


def _ink_on(color: str) -> str:
    return "#1b1f27" if lightness_of(color) > 55 else "#ffffff"


def _bar(layer: Layer, bottom: float, look: Theme) -> Any:
    """Return an invisible trace that has the bar of colours of a layer."""
    title = "<br>".join([f"<b>{escape(layer.title)}</b>", *map(escape, layer.notes)])
    if layer.scale is None:
        ticks: list[tuple[float, str]] = []
        places: list[float] = []
    else:
        ticks = layer.scale.ticks
        places = layer.scale.shares(np.array([value for value, _ in ticks])).tolist()
    bar = {
        "title": {"text": title, "side": "top", "font": {"size": SMALL}}, "tickvals": places,
        "ticktext": [text for _, text in ticks], "len": 0.48, "y": bottom, "yanchor": "bottom", "x": 1.02, "thickness": 16,
        "outlinecolor": look.muted, "outlinewidth": 1,
    }  # fmt: skip
    marker = {
        "color": [0, 1], "cmin": 0, "cmax": 1, "colorscale": [list(stop) for stop in _stops(layer, look)], "showscale": True,
        "colorbar": bar, "opacity": 0, "size": 1,
    }  # fmt: skip
    return graph_objects().Scatter(
        x=[0, 0], y=[0, 0], mode="markers", marker=marker, hoverinfo="skip", showlegend=False
    )


def _hover(texts: Iterable[str]) -> list[str]:
    """Return texts of several lines, as Plotly shows them; names in them are never read as HTML."""
    return [escape(text).replace("\n", "<br>") for text in texts]
