# SPDX-License-Identifier: Apache-2.0
"""Distributions of a figure by matplotlib, a row a group. This module is imported when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from ..._style import SMALL, TEXT, Theme, axes_for, dress, figure_of, frame_legend, legend_columns, theme, write_title
from ..scales import use_scale
from .geometry import FEWEST_FOR_BOX, HALF, LEVELS, edges_of, has_dots, limits_of, places_of, shape_of, swarm

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from .content import Axis, Distribution, Row

    Floats = NDArray[np.float64]

#: Width of a new figure, its height without rows, and the height of a row, inches; the longest label, in letters.
_WIDTH, _BESIDE_ROWS, _ROW, _LONGEST = 11.5, 2.1, 0.55, 42


def draw_distribution(content: Distribution, ax: Axes | None, *, dark: bool) -> Figure:
    """Draw a picture of rows; see :func:`plot_sweep`."""
    places, look = places_of(content), theme(dark=dark)
    depth = places[-1] + 1 if places else 1.0
    axes = axes_for(ax, (_WIDTH, _BESIDE_ROWS + _ROW * max(depth, 2.0)), dark=dark)
    dress(axes, dark=dark, grid="x")
    write_title(axes, content.title, dark=dark, below=content.subtitle)
    axes.set_ylim(depth - 0.4, -0.6)
    _label_rows(axes, content, places, look)
    limits = limits_of(content.axis, [row.values for row in content.rows])
    if limits is None:
        axes.set_xticks([])
        text = "no result with this figure" if places else "no result"
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=look.muted, fontsize=TEXT)
        return figure_of(axes)
    axes.set_xlim(*limits)
    use_scale(axes, "x", is_log=content.axis.is_log, is_whole=content.axis.is_whole)
    edges = edges_of(content.axis, limits)
    dots = has_dots([row.values for row in content.rows], edges)
    for row, y in zip(content.rows, places, strict=True):
        _draw_row(axes, row, y, edges, content.axis, look, dots=dots)
    axes.set_xlabel(content.axis.label)
    _add_legends(axes, content, dark=dark, dots=dots)
    return figure_of(axes)


def _draw_row(ax: Axes, row: Row, y: float, edges: Floats, axis: Axis, look: Theme, *, dots: bool) -> None:
    """Draw the results of a row."""
    color = look.series[row.color]
    values = row.values[row.values > 0] if axis.is_log else row.values
    if not len(values):
        return
    if dots or len(values) < FEWEST_FOR_BOX:
        ax.plot(
            values, y + swarm(values, edges), linestyle="", marker="o", markersize=5.5, color=color,
            alpha=0.75, markeredgecolor=look.background, markeredgewidth=0.5, zorder=2, label="results",
        )  # fmt: skip
    else:
        outline = np.column_stack([np.repeat(edges, 2)[1:-1], np.repeat(shape_of(values, edges), 2)])
        corners = np.add(np.vstack([outline * (1, -1), outline[::-1]]), (0, y))
        ax.add_collection(PolyCollection([corners], facecolor=color, alpha=0.55, linewidth=0, zorder=2), autolim=False)
    if len(values) >= FEWEST_FOR_BOX:
        _draw_box(ax, np.quantile(values, LEVELS), y, look)


def _draw_box(ax: Axes, quantiles: Floats, y: float, look: Theme) -> None:
    """Draw a line from the first to the last quantile, a box, and the median."""
    low, first, middle, third, high = quantiles
    half = HALF * 0.75
    lines = [((low, y), (first, y)), ((third, y), (high, y))]
    box = [((first, y - half), (third, y - half)), ((third, y - half), (third, y + half)),
           ((third, y + half), (first, y + half)), ((first, y + half), (first, y - half))]  # fmt: skip
    ax.add_collection(LineCollection([*lines, *box], colors=look.ink, linewidths=1.3, zorder=3), autolim=False)
    median = LineCollection([((middle, y - half), (middle, y + half))], colors=look.ink, linewidths=3.2, zorder=3.1)
    ax.add_collection(median, autolim=False)


def _label_rows(ax: Axes, content: Distribution, places: list[float], look: Theme) -> None:
    """Write names at the left, and how many results there are, and how many failed, at the right."""
    middles: dict[str, list[float]] = {}
    for row, y in zip(content.rows, places, strict=True):
        middles.setdefault(row.label, []).append(y)
    labels = [label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…" for label in middles]
    ax.set_yticks([sum(ys) / len(ys) for ys in middles.values()], labels, color=look.ink, fontsize=SMALL)
    for label in ax.get_yticklabels():
        label.set_parse_math(False)
    ax.tick_params(axis="y", length=0)
    name = content.dimension if not content.left_out else f"{content.dimension}: {content.left_out}"
    ax.set_ylabel(name, color=look.ink, fontsize=TEXT if not content.left_out else SMALL)
    if places:
        _beside(ax, 1.0, 10, "results", look.muted, above=4)
    for row, y in zip(content.rows, places, strict=True):
        _beside(ax, y, 10, f"{row.tasks - row.failed:,}", look.muted)
        told = [f"✕ {row.failed:,} failed"] if row.failed else []
        told += [f"{row.missing:,} without"] if row.missing else []
        _beside(ax, y, 58, ", ".join(told), look.fault if row.failed else look.muted)


def _beside(ax: Axes, y: float, right: float, text: str, color: str, above: float | None = None) -> None:
    """Write a text at the right of axes, beside a row or, so many points, above all of them."""
    ax.annotate(
        text, (1, y), (right, above or 0), xycoords=ax.get_yaxis_transform() if above is None else "axes fraction",
        textcoords="offset points", va="center" if above is None else "bottom", color=color, fontsize=SMALL,
        annotation_clip=False,
    )  # fmt: skip


def _add_legends(ax: Axes, content: Distribution, *, dark: bool, dots: bool) -> None:
    """Add a legend of colours below, if there are several, and one that says what marks mean."""
    look = theme(dark=dark)
    if content.colors:
        used = sorted({row.color for row in content.rows})
        handles = [Patch(color=look.series[color], label=f"{content.color_name(color):.40}") for color in used]
        _add_legend(ax, handles, 0.62, dark=dark)
        first: Any = ax.get_legend()
        _add_legend(ax, _meanings(content, look, dots=dots), 0.9, dark=dark)
        ax.add_artist(first)
        return
    _add_legend(ax, _meanings(content, look, dots=dots), 0.62, dark=dark)


def _meanings(content: Distribution, look: Theme, *, dots: bool) -> list[Any]:
    """Return the entries of a legend for those marks that are there."""
    sizes = [len(row.values) for row in content.rows]
    color = look.muted if content.colors else look.series[0]
    handles: list[Any] = []
    if dots or any(0 < size < FEWEST_FOR_BOX for size in sizes):
        handles.append(Line2D([], [], linestyle="", marker="o", markersize=5.5, color=color, label="dot: a result"))
    if not dots:
        handles.append(Patch(color=color, alpha=0.55, linewidth=0, label="height: number of results"))
    if any(size >= FEWEST_FOR_BOX for size in sizes):
        handles.append(Patch(facecolor="none", edgecolor=look.ink, label="box: quartiles and median"))
        handles.append(Line2D([], [], color=look.ink, linewidth=1.3, label="line: 5 % to 95 %"))
    return handles


def _add_legend(ax: Axes, handles: list[Any], below: float, *, dark: bool) -> None:
    """Add a legend so many inches below axes, whatever their height comes to be."""
    inches = 0.9 * ax.get_window_extent().width / figure_of(ax).dpi
    down = ax.transAxes + ScaledTranslation(0, -below, figure_of(ax).dpi_scale_trans)
    frame_legend(
        ax, dark=dark, handles=handles, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=down,
        ncols=legend_columns(handles, inches),
        borderaxespad=0.0, handlelength=1.3, columnspacing=1.6,
    )  # fmt: skip
