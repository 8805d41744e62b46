# SPDX-License-Identifier: Apache-2.0
"""Figures of schedules by matplotlib, a row a channel. This module is imported when something is drawn."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib.transforms import ScaledTranslation

from ..._style import (
    PADS,
    SMALL,
    TEXT,
    TITLE,
    Theme,
    checked_axes,
    figure_of,
    frame_legend,
    legend_columns,
    new_picture,
    theme,
)
from ..errors import pulse_error
from .image import draw_image
from .labels import width_of
from .rows import Row, filled, grouped, in_order, window_of
from .stacking import stacked
from .strips import Strip, draw_strip, legend_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..channels import Channel
    from ..schedule import Schedule

#: More channels than this are drawn as rows of an image, one below the other.
MAX_ROWS = 20
#: The width of a figure, and the size of one of many channels, inches.
_WIDTH, _SIZE_OF_MANY = 10.5, (10.5, 6.0)
#: Margins of a figure, inches: above the axes, the same with an axis of seconds, below them, right of them; the height
#: of a line of the legend.
_TOP, _TOP_WITH_SECONDS, _BOTTOM, _RIGHT, _LEGEND_LINE = 0.55, 1.1, 0.75, 0.7, 0.26
#: Room of the axis of times below axes that were given, inches.
_BELOW = 0.6
#: Height of a row with a name of two lines, points, when layouts have made axes a third smaller.
_TWO_LINES = 4.0 * SMALL
#: Height of the unit of a row, inches, and of those of a picture of few rows; pulses are at most 1 high above the line
#: and below.
_UNIT, _UNIT_OF_FEW, _FEW = 0.34, 0.46, 3


class View(NamedTuple):
    """The content of a picture, besides its size; the arguments are those of :func:`plot_schedule`."""

    schedule: Schedule
    dt: float | None
    frequencies: Mapping[Channel, float]
    time_range: tuple[int, int] | None
    show_framechange: bool
    show_waveform_info: bool
    dark: bool = False

    @property
    def look(self) -> Theme:
        """The theme."""
        return theme(dark=self.dark)

    @property
    def window(self) -> tuple[int, int]:
        """The first and the last time, dt."""
        return window_of(self.schedule, self.time_range)

    @property
    def unit(self) -> tuple[str, float]:
        """The unit of the axis of seconds, with its size in seconds."""
        length = self.window[1] * (self.dt or 0.0)
        return ("ns", 1e-9) if length < 1e-5 else ("µs", 1e-6) if length < 1e-2 else ("ms", 1e-3)

    def seconds(self, time: int) -> str:
        """Return a time as text, in the unit of the axis."""
        unit, scale = self.unit
        return f"{time * (self.dt or 0.0) / scale:,.4g} {unit}"

    def titled(self, title: str | None) -> str:
        """Return a title, by default the schedule's name and its duration."""
        if title is not None:
            return title
        in_seconds = f" = {self.seconds(self.schedule.duration)}" if self.dt else ""
        return f"{self.schedule.name}: {self.schedule.duration:,} dt{in_seconds}"


def draw(
    view: View,
    channels: Iterable[Channel] | None,
    title: str | None,
    figsize: tuple[float, float] | None,
    ax: Axes | None = None,
) -> Figure:
    """Draw a schedule; see :func:`plot_schedule`."""
    schedule, window = view.schedule, view.window
    shown = in_order(schedule.channels if channels is None else channels)
    if not shown:
        raise pulse_error(f"{schedule.name} has no channel to draw.")
    rows = filled(schedule, grouped(shown, MAX_ROWS), window)
    if ax is not None:
        return _draw_within(checked_axes(ax), rows, view, title)
    words: dict[str, Any] = {"x": 0.02, "ha": "left", "parse_math": False, "fontweight": "bold", "color": view.look.ink}
    if len(rows) > MAX_ROWS:
        figure: Figure = new_picture(figsize or _SIZE_OF_MANY, dark=view.dark)
        figure.set_layout_engine("constrained", **PADS)
        _label_times(draw_image(figure, None, rows, window, dark=view.dark), view)
    else:
        figure, axes = _draw_rows(rows, view, figsize)
        _label_times(axes, view)
        words |= {"y": 1 - 0.1 / figure.get_figheight(), "va": "top"}
    figure.suptitle(view.titled(title), fontsize=TITLE, **words)
    return figure


def _label_times(axes: list[Axes], view: View) -> None:
    last, look = axes[-1], view.look
    last.set_xlabel("time (dt)", fontsize=TEXT, color=look.ink)
    last.set_xlim(*view.window)
    last.xaxis.set_major_formatter(_tick)
    if view.dt is not None:
        unit, scale = view.unit
        factor = view.dt / scale
        # Functions that can be pickled.
        converted: Any = partial(operator.mul, factor), partial(operator.mul, 1 / factor)
        top = axes[0].secondary_xaxis("top", functions=converted)
        top.xaxis.set_major_formatter(_tick)
        top.set_xlabel(f"time ({unit})", fontsize=TEXT, color=look.ink)
        top.tick_params(colors=look.muted, labelsize=SMALL)
        top.spines["top"].set_color(look.grid)


def _tick(value: float, _: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:g}"


def _draw_rows(rows: list[Row], view: View, figsize: tuple[float, float] | None) -> tuple[Figure, list[Axes]]:
    """Draw a row a channel. Everything is placed by its size, so that the picture is what the marks were placed for."""
    labels = _labels(rows, view)
    left = 0.25 + max(width_of(line, SMALL) for label in labels for line in label.split("\n")) / 72
    top = _TOP if view.dt is None else _TOP_WITH_SECONDS
    width = _WIDTH if figsize is None else figsize[0]
    strips = [Strip.of(row, view, max(width - left - _RIGHT, 1.0) * 72) for row in rows]
    heights = [strip.above + strip.below for strip in strips]
    unit = _UNIT if len(rows) > _FEW else _UNIT_OF_FEW
    marker = _marker(strips)
    legend = legend_of(strips, marker, view.look)
    columns = legend_columns(legend, 0.95 * width)
    bottom = _BOTTOM + _LEGEND_LINE * math.ceil(len(legend) / columns)
    height = top + bottom + unit * sum(heights) if figsize is None else figsize[1]
    figure = new_picture((width, height), dark=view.dark)
    # Something is left for the axes, however small the figure is.
    grid = {
        "left": min(left / width, 0.4), "right": max(1 - _RIGHT / width, 0.6), "hspace": 0.0,
        "bottom": min(bottom / height, 0.4), "top": max(1 - top / height, 0.6),
    }  # fmt: skip
    drawn = figure.subplots(len(rows), 1, sharex=True, squeeze=False, height_ratios=heights, gridspec_kw=grid)
    axes = list(drawn[:, 0])
    _fill(axes, strips, labels, view, marker)
    if legend:
        figure.legend(
            handles=legend,
            loc="lower center",
            ncols=columns,
            frameon=False,
            fontsize=SMALL,
            labelcolor=view.look.ink,
            handlelength=1.3,
            columnspacing=1.6,
        )
    return figure, axes


def _draw_within(ax: Axes, rows: list[Row], view: View, title: str | None) -> Figure:
    """Draw rows into the place of axes, whose own frame goes."""
    figure = figure_of(ax)
    ax.set_axis_off()
    if len(rows) > MAX_ROWS:
        axes, legend = draw_image(figure, ax, rows, view.window, dark=view.dark), []
    else:
        points = ax.get_window_extent().width / figure.dpi * 72
        strips = [Strip.of(row, view, max(points, 72.0)) for row in rows]
        heights = [strip.above + strip.below for strip in strips]
        axes, marker = stacked(ax, heights), _marker(strips)
        unit = ax.get_window_extent().height / figure.dpi * 72 / sum(heights)
        # A frequency has a line of its own where there is room for two.
        labels = [label if height * unit > _TWO_LINES else label.partition("\n")[0]
                  for label, height in zip(_labels(rows, view), heights, strict=True)]  # fmt: skip
        _fill(axes, strips, labels, view, marker)
        legend = legend_of(strips, marker, view.look)
    for other in axes[:-1]:
        other.sharex(axes[-1])
        other.tick_params(axis="x", labelbottom=False)
    _label_times(axes, view)
    ax.set_title(
        view.titled(title), loc="left", fontsize=TITLE, fontweight="bold", color=view.look.ink, parse_math=False,
        pad=10 if view.dt is None else 48,
    )  # fmt: skip
    if legend:
        # Layouts may make the axes narrower.
        columns = legend_columns(legend, 0.75 * ax.get_window_extent().width / figure.dpi)
        below = ax.transAxes + ScaledTranslation(0, -_BELOW, figure.dpi_scale_trans)
        frame_legend(
            ax, dark=view.dark, handles=legend, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=below,
            ncols=columns, borderaxespad=0.0, handlelength=1.3, columnspacing=1.6,
        )  # fmt: skip
    return figure


def _fill(axes: list[Axes], strips: list[Strip], labels: list[str], view: View, marker: str) -> None:
    for axis, strip, label in zip(axes, strips, labels, strict=True):
        draw_strip(axis, strip, label, view, marker)
    for axis in axes[:-1]:
        axis.tick_params(axis="x", length=0, labelbottom=False)
        axis.spines["bottom"].set_visible(False)


def _marker(strips: list[Strip]) -> str:
    """Return the mark of changes: ticks if some have no label."""
    return "|" if any(len(strip.changes.labels) < len(strip.changes.marks) for strip in strips) else "^"


def _labels(rows: list[Row], view: View) -> list[str]:
    return [_label(row, view.frequencies.get(row.channel)) for row in rows]


def _label(row: Row, frequency: float | None) -> str:
    if len(row.channels) > 1:
        return f"{row.channel.name} \N{HORIZONTAL ELLIPSIS} {row.channels[-1].name}"
    return row.channel.name if frequency is None else f"{row.channel.name}\n{frequency / 1e9:.3f} GHz"
