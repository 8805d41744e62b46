# SPDX-License-Identifier: Apache-2.0
"""Maps of devices by matplotlib: qubits, edges and labels. This module is imported when something is drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import EllipseCollection, LineCollection, PolyCollection

from ..._style import Theme, diverging, ink_on, sequential, theme
from .panel import draw_panel
from .sheet import Sheet, sheet_for
from .sizes import RADIUS, label_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from .content import DeviceMap, Edge, Layer

#: The width of edges, in steps between neighbours; the widest edges, points.
_EDGE, _WIDEST = 0.19, 10.0
#: The smallest size of labels that can be read, points, and that in small axes.
_SMALLEST, _TINIEST = 6.5, 4.5
#: The size of numbers of rows beside maps whose qubits have no room for theirs.
_OF_ROWS = 8.0


def draw(content: DeviceMap, ax: Axes | None, *, labels: bool, dark: bool) -> Figure:
    """Draw a map.

    Args:
        content: The map.
        ax: Axes to draw on; by default, those of a new figure.
        labels: Whether to write the texts of qubits, where they can be read.
        dark: Whether the picture is of the dark theme.

    Returns:
        The figure that the map is in.
    """
    sheet = sheet_for(content, ax, dark=dark)
    look = theme(dark=dark)
    points = np.array(content.placement.positions, dtype=float).reshape(-1, 2)
    _draw_edges(sheet, content, points, look, dark=dark)
    colors = _draw_qubits(sheet, content, points, look, dark=dark)
    if labels:
        _draw_labels(sheet, content, points, colors, look)
    draw_panel(sheet, content, dark=dark)
    return sheet.figure


def colors_of(layer: Layer, *, dark: bool) -> list[Any]:
    """Return the colour of each value; ``None`` where there is none."""
    if layer.scale is None:
        return [None] * len(layer.values)
    colors = (diverging if layer.scale.is_centred else sequential)(dark=dark)
    return [None if np.isnan(share) else colors(float(share)) for share in layer.scale.shares(layer.values)]


def _draw_edges(sheet: Sheet, content: DeviceMap, points: NDArray[np.float64], look: Theme, *, dark: bool) -> None:
    width = min(_EDGE * sheet.step * 72, _WIDEST)
    colors: dict[Edge, Any] = (
        dict.fromkeys(content.edges, look.series[0])
        if content.couplings is None
        else dict(zip(content.edges, colors_of(content.couplings, dark=dark), strict=True))
    )
    # Edges of a map without colours for them matter less than its qubits.
    if content.couplings is None and content.qubits is not None:
        colors = dict.fromkeys(content.edges, look.quiet)
    special = content.faulty_edges | content.quiet_edges
    usual = [edge for edge in content.edges if edge not in special and colors[edge] is not None]
    missing = [edge for edge in content.edges if edge not in special and colors[edge] is None]
    quiet = [edge for edge in content.edges if edge in content.quiet_edges and edge not in content.faulty_edges]
    faulty = [edge for edge in content.edges if edge in content.faulty_edges]

    def lines(edges: Sequence[Edge], color: Any, part: float, order: float, style: Any = "-") -> None:
        if edges:
            segments = [points[list(edge)] for edge in edges]
            drawn = LineCollection(
                segments,
                colors=color,
                linewidths=max(part * width, 0.6),
                linestyles=style,
                zorder=order,
                capstyle="butt",
            )
            sheet.axes.add_collection(drawn, autolim=False)

    # Pale colours have an outline.
    lines(usual, look.muted, 1.0 + min(1.6 / width, 0.5), 1.0)
    lines(usual, [colors[edge] for edge in usual], 1.0, 1.2)
    lines(quiet, look.quiet, 0.35, 1.1)
    lines(missing, look.muted, 0.4, 1.1, (0, (1.0, 1.2)))
    lines(faulty, look.fault, 0.35, 1.3, (0, (2.5, 1.5)))
    _mark_edges(sheet, points, faulty, "x", look.fault)
    _mark_edges(sheet, points, [edge for edge in content.edges if edge in content.new_edges], "o", look.series[2])


def _mark_edges(sheet: Sheet, points: NDArray[np.float64], edges: Sequence[Edge], marker: str, color: str) -> None:
    if edges:
        middles = np.array([points[list(edge)].mean(axis=0) for edge in edges])
        size = min(max(0.2 * sheet.step * 72, 2.5), 9.0)
        sheet.axes.plot(
            middles[:, 0], middles[:, 1], linestyle="", marker=marker, markersize=size, color=color, zorder=2.5,
            markeredgewidth=max(size / 4, 0.8), markerfacecolor="none",
        )  # fmt: skip


def _draw_qubits(
    sheet: Sheet, content: DeviceMap, points: NDArray[np.float64], look: Theme, *, dark: bool
) -> list[Any]:
    """Draw the qubits, and return the colour behind the label of each."""
    number = content.num_qubits
    plain = look.series[0] if content.is_filled else look.background
    colors = [plain] * number if content.qubits is None else colors_of(content.qubits, dark=dark)
    for qubit in content.passed_qubits:
        colors[qubit] = look.series[6]
    special = content.faulty_qubits | content.quiet_qubits
    usual = [qubit for qubit in range(number) if qubit not in special and colors[qubit] is not None]
    missing = [qubit for qubit in range(number) if qubit not in special and colors[qubit] is None]
    quiet = sorted(content.quiet_qubits - content.faulty_qubits)
    outline = min(max(0.02 * sheet.step * 72, 0.4), 1.2)
    _circles(
        sheet,
        points[usual],
        RADIUS,
        3.0,
        facecolors=[colors[qubit] for qubit in usual],
        edgecolors=look.muted,
        linewidths=outline,
    )
    _circles(
        sheet,
        points[quiet],
        0.62 * RADIUS if content.qubits is None else RADIUS,
        3.0,
        facecolors=look.background,
        edgecolors=look.quiet,
        linewidths=outline,
    )
    _circles(
        sheet,
        points[missing],
        RADIUS,
        3.0,
        facecolors=look.background,
        edgecolors=look.muted,
        linewidths=outline,
        hatch="/////",
    )
    _draw_diamonds(sheet, points[sorted(content.faulty_qubits)], look)
    _circles(
        sheet,
        points[sorted(content.new_qubits)],
        1.25 * RADIUS,
        2.9,
        facecolors="none",
        edgecolors=look.series[2],
        linewidths=2.5 * outline,
    )
    for qubit in [*missing, *quiet, *content.faulty_qubits]:
        colors[qubit] = look.background
    return colors


def _circles(sheet: Sheet, points: NDArray[np.float64], radius: float, order: float, **style: Any) -> None:
    if len(points):
        size = 2 * radius
        drawn = EllipseCollection(
            size, size, 0, units="xy", offsets=points, offset_transform=sheet.axes.transData, zorder=order, **style
        )
        sheet.axes.add_collection(drawn, autolim=False)


def _draw_diamonds(sheet: Sheet, points: NDArray[np.float64], look: Theme) -> None:
    """Draw what is faulty: a shape of its own, which is seen without its colour."""
    if len(points):
        corners = 1.25 * RADIUS * np.array([(0, -1), (1, 0), (0, 1), (-1, 0)])
        width = min(max(0.05 * sheet.step * 72, 0.8), 2.4)
        drawn = PolyCollection(
            list(points[:, None, :] + corners),
            facecolors=look.background,
            edgecolors=look.fault,
            linewidths=width,
            zorder=3.1,
        )
        sheet.axes.add_collection(drawn, autolim=False)


def _draw_labels(
    sheet: Sheet, content: DeviceMap, points: NDArray[np.float64], colors: Sequence[Any], look: Theme
) -> None:
    size = label_size(content.labels, sheet.step)
    if size < max(_SMALLEST * sheet.scale, _TINIEST):
        _draw_row_labels(sheet, content, points, look)
        return
    for qubit, (text, point, color) in enumerate(zip(content.labels, points, colors, strict=True)):
        ink = (
            look.fault
            if qubit in content.faulty_qubits
            else look.muted
            if qubit in content.quiet_qubits
            else ink_on(color)
        )
        part = 0.8 if qubit in content.faulty_qubits | content.quiet_qubits else 1.0
        sheet.axes.text(
            point[0], point[1], text, ha="center", va="center_baseline", fontsize=part * size, color=ink, zorder=4,
            clip_on=True, parse_math=False,
        )  # fmt: skip


def _draw_row_labels(sheet: Sheet, content: DeviceMap, points: NDArray[np.float64], look: Theme) -> None:
    """Write the label of the first qubit of a row beside it, as long as rows are straight."""
    first: dict[float, int] = {}
    for qubit, (x, y) in enumerate(points):
        row = round(float(y), 3)
        if row not in first or x < points[first[row]][0]:
            first[row] = qubit
    rows = sorted(first)
    # Graphs of no form have a row for each qubit.
    if len(rows) > 2 * len(points) ** 0.75:
        return
    size = max(_OF_ROWS * sheet.scale, _TINIEST)
    every = max(1, math.ceil(1.2 * size / (sheet.step * 72)))
    for row in rows[::every]:
        qubit = first[row]
        sheet.axes.annotate(
            content.labels[qubit], tuple(points[qubit]), (-RADIUS * sheet.step * 72 - 3, 0), textcoords="offset points",
            ha="right", va="center_baseline", fontsize=size, color=look.muted, parse_math=False,
        )  # fmt: skip
