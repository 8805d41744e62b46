# SPDX-License-Identifier: Apache-2.0
"""Figures of schedules by matplotlib, a row a channel. This module is imported when something is drawn."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..errors import pulse_error
from .image import draw_image
from .labels import Placed, marks_of, placed, width_of
from .profile import Profile, profile
from .rows import KINDS, Row, filled, grouped, in_order, window_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..channels import Channel
    from ..instructions import Acquire
    from ..schedule import Schedule

#: The largest number of columns that samples are told apart by; a figure has about 1200 pixels beside its labels.
COLUMNS = 1200
#: More channels than this are drawn as rows of an image, one below the other.
MAX_ROWS = 20
#: Margins of a figure, inches: above the axes, the same with an axis of seconds, below them, right of them; the height
#: of a line of the legend, and the width of one of its entries.
_TOP, _TOP_WITH_SECONDS, _BOTTOM, _RIGHT, _LEGEND_LINE, _LEGEND_ENTRY = 0.4, 0.78, 0.65, 0.6, 0.19, 1.5
#: Height of the unit of a row, inches, and of those of a picture of few rows; pulses are at most 1 high above the line
#: and below.
_UNIT, _UNIT_OF_FEW, _FEW = 0.27, 0.4, 3
#: Parts that are smaller than this part of the row's magnitude are not seen.
_SEEN = 0.004
_REAL, _IMAGINARY, _INK = "#3b76d0", "#e08a3c", "#1f2430"
_PALE, _RECORDING, _UNBOUND = "#d5d8de", "#d6d9df", "#a9aeb8"
_NAME_SIZE, _CHANGE_SIZE = 7.0, 7.5
_STYLE = {"font.size": 9, "axes.linewidth": 0.6, "svg.fonttype": "none"}


class View(NamedTuple):
    """The content of a picture, besides its size; the arguments are those of :func:`plot_schedule`."""

    schedule: Schedule
    dt: float | None
    frequencies: Mapping[Channel, float]
    time_range: tuple[int, int] | None
    show_framechange: bool
    show_waveform_info: bool

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


class ScheduleFigure(Figure):
    """A figure that notebooks show, also when nothing has imported pyplot."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        with rc_context(_STYLE):
            self.savefig(file, format="png", dpi=100)
        return file.getvalue()


def draw(
    view: View, channels: Iterable[Channel] | None, title: str | None, figsize: tuple[float, float] | None
) -> Figure:
    """Draw a schedule; see :func:`plot_schedule`."""
    schedule, window = view.schedule, view.window
    shown = in_order(schedule.channels if channels is None else channels)
    if not shown:
        raise pulse_error(f"{schedule.name} has no channel to draw.")
    rows = filled(schedule, grouped(shown, MAX_ROWS), window)
    with rc_context(_STYLE):
        if len(rows) > MAX_ROWS:
            figure: Figure = ScheduleFigure(figsize=figsize or (9.5, 5.5), layout="constrained")
            axes = draw_image(figure, rows, window)
            of_title: dict[str, Any] = {}
        else:
            figure, axes = _draw_rows(rows, view, figsize)
            of_title = {"y": 1 - 0.1 / figure.get_figheight(), "va": "top"}
        _label_times(axes, view)
        if title is None:
            in_seconds = f" = {view.seconds(schedule.duration)}" if view.dt else ""
            title = f"{schedule.name}: {schedule.duration:,} dt{in_seconds}"
        figure.suptitle(title, fontsize=11, x=0.02, ha="left", parse_math=False, **of_title)
    return figure


def _label_times(axes: list[Axes], view: View) -> None:
    axes[-1].set_xlabel("time (dt)")
    axes[-1].set_xlim(*view.window)
    axes[-1].xaxis.set_major_formatter(_tick)
    if view.dt is not None:
        unit, scale = view.unit
        factor = view.dt / scale
        # Functions that can be pickled.
        converted: Any = partial(operator.mul, factor), partial(operator.mul, 1 / factor)
        top = axes[0].secondary_xaxis("top", functions=converted)
        top.xaxis.set_major_formatter(_tick)
        top.set_xlabel(f"time ({unit})")


def _tick(value: float, _: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:g}"


class _Strip(NamedTuple):
    """A row with its outline, its marks, and how much room it has above and below its line."""

    row: Row
    outline: Profile
    changes: Placed
    above: float
    below: float
    #: The height of the marks above the line.
    mark_height: float
    #: The width of the row, points.
    points: float

    @classmethod
    def of(cls, row: Row, view: View, points: float) -> _Strip:
        """Find out what a row of a width, points, needs."""
        outline, changes = profile(row.played, view.window, COLUMNS), _placed_changes(row, view, points)
        for_changes = 0.0 if not changes.marks else 0.6 if changes.is_beside or not changes.labels else 1.1
        if row.is_recording:
            return cls(row, outline, changes, 0.8, 0.8, 0.0, points)
        if not (row.played or row.unbound):
            # Changes are on the line.
            return cls(row, outline, changes, 0.75, max(0.75, for_changes), 0.0, points)
        lowest = min(np.nanmin(outline.values[[0, 2]], initial=0.0), 0.0)
        depth = -lowest / (outline.largest or 1.0)
        above = 1.75 if view.show_waveform_info else 1.3
        return cls(row, outline, changes, above, depth + 0.25 + for_changes, -depth - 0.5, points)

    @property
    def parts(self) -> list[tuple[str, str, Any, Any]]:
        """The parts that are large enough to be seen: word, color, extremes, and where the part is the larger one."""
        parts = [("real", _REAL, self.outline.real, self.outline.is_real_larger),
                 ("imaginary", _IMAGINARY, self.outline.imaginary, ~self.outline.is_real_larger)]  # fmt: skip
        least = _SEEN * self.outline.largest
        return [part for part in parts if np.nanmax(np.abs(part[2]), initial=0.0) > least]


def _draw_rows(rows: list[Row], view: View, figsize: tuple[float, float] | None) -> tuple[Figure, list[Axes]]:
    """Draw a row a channel. Everything is placed by its size, so that the picture is what the marks were placed for."""
    labels = [_label(row, view.frequencies.get(row.channel)) for row in rows]
    left = 0.25 + max(width_of(line, 9.0) for label in labels for line in label.split("\n")) / 72
    top = _TOP if view.dt is None else _TOP_WITH_SECONDS
    width = 9.5 if figsize is None else figsize[0]
    strips = [_Strip.of(row, view, max(width - left - _RIGHT, 1.0) * 72) for row in rows]
    heights = [strip.above + strip.below for strip in strips]
    unit = _UNIT if len(rows) > _FEW else _UNIT_OF_FEW
    marker = "|" if any(len(strip.changes.labels) < len(strip.changes.marks) for strip in strips) else "^"
    legend, columns = _legend(strips, marker), max(int(width / _LEGEND_ENTRY), 1)
    bottom = _BOTTOM + _LEGEND_LINE * math.ceil(len(legend) / columns)
    height = top + bottom + unit * sum(heights) if figsize is None else figsize[1]
    figure = ScheduleFigure(figsize=(width, height))
    # Something is left for the axes, however small the figure is.
    grid = {
        "left": min(left / width, 0.4), "right": max(1 - _RIGHT / width, 0.6), "hspace": 0.0,
        "bottom": min(bottom / height, 0.4), "top": max(1 - top / height, 0.6),
    }  # fmt: skip
    drawn = figure.subplots(len(rows), 1, sharex=True, squeeze=False, height_ratios=heights, gridspec_kw=grid)
    axes = list(drawn[:, 0])
    for axis, strip, label in zip(axes, strips, labels, strict=True):
        _prepare(axis, strip, label)
        _draw_strip(axis, strip, view, marker)
    for axis in axes[:-1]:
        axis.tick_params(axis="x", length=0)
        axis.spines["bottom"].set_visible(False)
    if legend:
        figure.legend(handles=legend, loc="lower center", ncols=min(columns, len(legend)), frameon=False, fontsize=8)
    return figure, axes


def _label(row: Row, frequency: float | None) -> str:
    if len(row.channels) > 1:
        return f"{row.channel.name} \N{HORIZONTAL ELLIPSIS} {row.channels[-1].name}"
    return row.channel.name if frequency is None else f"{row.channel.name}\n{frequency / 1e9:.3f} GHz"


def _prepare(axis: Axes, strip: _Strip, label: str) -> None:
    axis.set_ylim(-strip.below, strip.above)
    # The name is beside the line, which is not in the middle.
    line, color = strip.below / (strip.below + strip.above), KINDS[type(strip.row.channel)][1]
    axis.set_ylabel(label, rotation=0, ha="right", va="center", color=color, labelpad=6, y=line)
    axis.set_yticks([])
    axis.axhline(0, color=_PALE, linewidth=0.6, zorder=0)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(_PALE)


def _draw_strip(axis: Axes, strip: _Strip, view: View, marker: str) -> None:
    row, has_pulses = strip.row, bool(strip.row.played or strip.row.unbound)
    if row.is_recording:
        _draw_acquisitions(axis, row.acquired, strip.points / (view.window[1] - view.window[0]))
    elif has_pulses:
        _draw_pulses(axis, strip)
        if view.show_waveform_info:
            _draw_names(axis, row, view.window, strip.points)
    _draw_changes(axis, strip.changes, strip.mark_height, marker)


def _draw_pulses(axis: Axes, strip: _Strip) -> None:
    if strip.row.unbound:
        boxes = [(start, start + int(play.duration)) for start, play in strip.row.unbound]
        corners = [[(first, 0), (first, 1), (last, 1), (last, 0)] for first, last in boxes]
        axis.add_collection(PolyCollection(corners, facecolor="none", edgecolor=_UNBOUND, hatch="///"))
    outline = strip.outline
    # Its reciprocal may be infinite.
    largest = outline.largest or 1.0
    # The smaller part of a pulse is in front, so that neither hides the other.
    for zorder, of_larger in ((1.0, True), (1.1, False)):
        for _, color, (lowest, highest), is_larger in strip.parts:
            low, high = np.minimum(lowest, 0) / largest, np.maximum(highest, 0) / largest
            where = (is_larger == of_larger) & ~np.isnan(low)
            if where.any():
                axis.fill_between(outline.times, low, high, where=where, color=color, linewidth=0, zorder=zorder)
    axis.plot(outline.times, outline.magnitude / largest, color=_INK, linewidth=0.8)
    if outline.largest:
        axis.text(
            1.005, 0, f"{outline.largest:.3g}", transform=axis.get_yaxis_transform(), va="center", fontsize=8,
            color=_INK,
        )  # fmt: skip


def _draw_names(axis: Axes, row: Row, window: tuple[int, int], points: float) -> None:
    scale = points / (window[1] - window[0])
    for start, play in sorted([*row.played, *row.unbound], key=lambda timed: timed[0]):
        first, last = max(start, window[0]), min(start + int(play.duration), window[1])
        if play.name and (last - first) * scale > width_of(play.name, _NAME_SIZE):
            axis.text(
                (first + last) / 2, 1.12, play.name, ha="center", va="bottom", fontsize=_NAME_SIZE, color=_INK,
                parse_math=False,
            )  # fmt: skip


def _draw_acquisitions(axis: Axes, acquired: list[tuple[int, Acquire]], scale: float) -> None:
    """Draw boxes where signals are recorded; ``scale`` is the width of a dt, points."""
    spans: dict[tuple[int, int], list[Acquire]] = {}
    for start, acquire in acquired:
        spans.setdefault((start, int(acquire.duration)), []).append(acquire)
    boxes = [[(start, -0.5), (start, 0.5), (start + length, 0.5), (start + length, -0.5)] for start, length in spans]
    axis.add_collection(PolyCollection(boxes, facecolor=_RECORDING, edgecolor="none"))
    for (start, duration), acquires in spans.items():
        slots = [slot.name for slot in (acquires[0].mem_slot, acquires[0].reg_slot) if slot is not None]
        text = f"to {', '.join(slots)}" if len(acquires) == 1 else f"{len(acquires)} qubits"
        if width_of(text, _CHANGE_SIZE) <= duration * scale:
            axis.text(
                start + duration / 2, 0, text, ha="center", va="center", fontsize=_CHANGE_SIZE, color=_INK, clip_on=True
            )


def _placed_changes(row: Row, view: View, points: float) -> Placed:
    """Return the marks where phases and frequencies change, and their labels."""
    first, last = view.window
    changed = row.changed if view.show_framechange else ()
    return placed(marks_of(changed, first, points / (last - first)), points, _CHANGE_SIZE)


def _draw_changes(axis: Axes, changes: Placed, height: float, marker: str) -> None:
    times = [mark.time for mark in changes.marks]
    axis.plot(
        times, [height] * len(times), marker=marker, color=_INK, markersize=4, markeredgewidth=0.8, linestyle="",
        clip_on=False, zorder=3,
    )  # fmt: skip
    for mark, left in changes.labels:
        axis.annotate(
            mark.text, (mark.time, height), (left - mark.position, 0 if changes.is_beside else -9),
            textcoords="offset points", fontsize=_CHANGE_SIZE, color=_INK, va="center", annotation_clip=False,
            parse_math=False,
        )  # fmt: skip


def _legend(strips: list[_Strip], marker: str) -> list[Any]:
    """Return the entries of the legend: what is on the picture."""
    words = {word: color for strip in strips for word, color, *_ in strip.parts}
    handles: list[Any] = [Patch(color=color, label=word) for word, color in sorted(words.items(), reverse=True)]
    if words:
        handles.append(Line2D([], [], color=_INK, linewidth=0.8, label="magnitude"))
    if any(strip.row.unbound for strip in strips):
        handles.append(Patch(facecolor="none", edgecolor=_UNBOUND, hatch="///", label="not bound"))
    if any(strip.changes.marks for strip in strips):
        text = "change of phase or frequency"
        handles.append(Line2D([], [], color=_INK, marker=marker, linestyle="", markersize=4, label=text))
    if any(strip.row.acquired for strip in strips):
        handles.append(Patch(color=_RECORDING, label="recording"))
    return handles
