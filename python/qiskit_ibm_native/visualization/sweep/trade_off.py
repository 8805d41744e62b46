# SPDX-License-Identifier: Apache-2.0
"""Pareto fronts by matplotlib. This module is imported when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.lines import Line2D

from ..._style import SMALL, TEXT, Theme, axes_for, dress, figure_of, frame_legend, theme, write_title
from ..._words import count
from ..scales import use_scale
from .content import MOST_COLORS
from .geometry import MOST_SCATTERED, cells_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .content import TradeOff

_SIZE = (11.5, 6.0)


def draw_trade_off(content: TradeOff, ax: Axes | None, *, dark: bool) -> Figure:
    """Draw a picture of Pareto fronts; see :func:`plot_sweep`."""
    look = theme(dark=dark)
    axes = axes_for(ax, _SIZE, dark=dark)
    dress(axes, dark=dark, grid="both")
    write_title(axes, content.title, dark=dark, below=content.subtitle)
    if not content.fronts:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no result with both figures", transform=axes.transAxes, ha="center", va="center",
                  color=look.muted, fontsize=TEXT)  # fmt: skip
        return figure_of(axes)
    for name, axis, ends in (("x", content.x, content.limits[0]), ("y", content.y, content.limits[1])):
        getattr(axes, f"set_{name}lim")(*ends)
        use_scale(axes, name, is_log=axis.is_log, is_whole=axis.is_whole)
        getattr(axes, f"set_{name}label")(axis.label)
    handles = [*_draw_others(axes, content, look), *_draw_fronts(axes, content, look)]
    frame_legend(
        axes, dark=dark, handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0,
        handlelength=1.6, labelspacing=0.7,
    )  # fmt: skip
    return figure_of(axes)


def _draw_others(ax: Axes, content: TradeOff, look: Theme) -> list[Any]:
    """Draw the results that are on no front: dots, or cells if there are many; return entries of the legend."""
    if not content.others.size:
        return []
    if len(content.belongs) <= MOST_SCATTERED:
        return [_scatter(ax, content, look)]
    edges, counts = cells_of(content)
    colors = LinearSegmentedColormap.from_list("results", [look.grid, look.muted])
    cells = ax.pcolormesh(
        *edges, np.ma.masked_equal(counts.T, 0), cmap=colors, norm=LogNorm(1, max(counts.max(), 2)), rasterized=True,
        zorder=1,
    )  # fmt: skip
    bar = figure_of(ax).colorbar(cells, ax=ax, pad=0.02, aspect=30, location="bottom", shrink=0.5, anchor=(0.0, 0.5))
    bar.outline.set_visible(False)
    bar.set_label(f"results in a cell, of {len(content.belongs):,} others", color=look.ink, fontsize=SMALL)
    bar.ax.tick_params(colors=look.muted, labelsize=SMALL)
    use_scale(bar.ax, "x", is_log=True, is_whole=True)
    return []


def _scatter(ax: Axes, content: TradeOff, look: Theme) -> Any:
    """Draw dots in the colours of their fronts, unless these are too many; return the entry of the legend."""
    many = len(content.fronts) > MOST_COLORS
    groups, colors = (np.zeros_like(content.belongs), (look.muted,)) if many else (content.belongs, look.series)
    dot: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 4.5, "markeredgewidth": 0}
    label = count(len(groups), "other result")
    for number in np.unique(groups).tolist():
        x, y = content.others[:, groups == number]
        ax.plot(x, y, **dot, color=colors[number], alpha=0.4, zorder=1, rasterized=len(groups) > 1000, label=label)
    return Line2D([], [], **dot, color=look.muted, label=label)


def _draw_fronts(ax: Axes, content: TradeOff, look: Theme) -> list[Any]:
    """Draw the fronts, as stairs around what is reached; return entries of the legend."""
    many = len(content.fronts) > MOST_COLORS
    # Between two results of a front, the one with the smaller first figure is reached, or with the larger one.
    style = "steps-pre" if content.x.better == "more" else "steps-post"
    handles = []
    for number, front in enumerate(content.fronts):
        color = look.series[0 if many else number % MOST_COLORS]
        label = f"{front.label:.60}: {len(front.x):,}"
        (line,) = ax.plot(
            front.x, front.y, color=color, drawstyle=style, linewidth=1.2 if many else 2.0, alpha=0.7 if many else 1.0,
            marker="o", markersize=5 if many else 8, markeredgecolor=look.background, markeredgewidth=0.8, zorder=3,
            label=label,
        )  # fmt: skip
        handles.append(line)
    if many:
        text = f"{count(len(content.fronts), 'front')},\none for each {content.group}"
        return [Line2D([], [], color=look.series[0], linewidth=1.2, marker="o", markersize=5, label=text)]
    heading = Line2D([], [], linestyle="", label="results that none beats:")
    return [heading, *handles]
