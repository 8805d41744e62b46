# SPDX-License-Identifier: Apache-2.0
"""Values over time by matplotlib. This module is imported when something is drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox, ScaledTranslation

from ..._style import SMALL, TEXT, Theme, axes_for, dress, figure_of, frame_legend, legend_columns, theme, write_title
from ..._words import count
from ...archive.events.event import KINDS
from ..scales import use_scale
from ..time_axis import numbers_of, use_times
from .content import LEVELS
from .course import alone, interrupted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .content import Content, Line, Marked

_SIZE = (11.5, 5.0)
#: Narrower axes, inches, have their legend below, so far.
_NARROW, _BELOW = 6.0, 0.85
#: Height of a row of marks, inches, and the room above the rows.
_ROW, _ROW_GAP = 0.27, 0.1
#: With fewer calibrations, each has a dot; with more, lines of SVG and PDF are pixels.
_FEW, _MANY = 60, 5000
#: Gaps that are a smaller part of the picture than this are not shaded: lines end there all the same.
_SEEN_GAP = 0.004
#: Marks of events: those of a moment.
_MARKERS = {"failed": "v", "returned": "^", LEVELS: "d"}
_KINDS = (*KINDS, LEVELS)


class _Canvas(NamedTuple):
    """The axes with what is needed everywhere."""

    ax: Axes
    content: Content
    look: Theme
    #: Numbers of times, and those with the time before each long gap twice.
    numbers: Any
    cut: Any

    @property
    def color(self) -> str:
        """The colour of the median: quiet behind single lines."""
        is_behind = self.content.lines and not self.content.has_many_lines
        return self.look.muted if is_behind else self.look.series[0]

    def line_color(self, number: int) -> str:
        """Return the colour of a single line."""
        colors = self.look.series[1:]
        return self.color if self.content.has_many_lines else colors[number % len(colors)]


def draw(content: Content, ax: Axes | None, *, dark: bool) -> Figure:
    """Draw a picture; see :func:`plot_drift`."""
    rows = [kind for kind in _KINDS if any(mark.kind == kind for mark in content.marks)]
    axes = axes_for(ax, (_SIZE[0], _SIZE[1] + len(rows) * _ROW), dark=dark)
    numbers = numbers_of(content.times)
    canvas = _Canvas(axes, content, theme(dark=dark), numbers, interrupted(numbers, content.ends, is_time=True))
    dress(axes, dark=dark)
    if content.is_empty:
        _say_nothing(canvas)
        write_title(axes, content.title, dark=dark, below=content.subtitle)
        return figure_of(axes)
    handles = [*_draw_bands(canvas), *_draw_lines(canvas)]
    use_times(axes, numbers[0], numbers[-1])
    handles += _shade_gaps(canvas)
    axes.set_ylabel(content.axis)
    _limit(canvas)
    use_scale(axes, "y", is_log=content.is_log, is_whole=content.is_flag)
    handles += [Line2D([], [], linestyle="", label=note) for note in content.notes]
    below = _draw_marks(canvas, rows, dark=dark) if rows else axes
    below.set_xlabel("time (UTC)", color=canvas.look.ink, fontsize=TEXT)
    write_title(axes, content.title, dark=dark, below=content.subtitle)
    _add_legend(canvas, handles, len(rows), dark=dark)
    return figure_of(axes)


def _add_legend(canvas: _Canvas, handles: list[Any], rows: int, *, dark: bool) -> None:
    """Add a legend at the right, or below axes that are too narrow for one beside them."""
    ax, figure = canvas.ax, figure_of(canvas.ax)
    width = ax.get_window_extent().width / figure.dpi
    place: dict[str, Any] = {"bbox_to_anchor": (1.005, 1.0), "labelspacing": 0.7}
    if width < _NARROW:
        down = _BELOW + (rows * _ROW + _ROW_GAP if rows else 0.0)
        shifted = ax.transAxes + ScaledTranslation(0, -down, figure.dpi_scale_trans)
        columns = legend_columns(handles, 0.85 * width)
        place = {"bbox_to_anchor": (0, 0), "bbox_transform": shifted, "ncols": columns, "columnspacing": 1.4}
    frame_legend(ax, dark=dark, handles=handles, loc="upper left", borderaxespad=0.0, handlelength=1.5, **place)


def _say_nothing(canvas: _Canvas) -> None:
    content = canvas.content
    text = "no value" if len(content.times) else "no calibration"
    canvas.ax.set(xticks=[], yticks=[])
    canvas.ax.text(
        0.5, 0.5, text, transform=canvas.ax.transAxes, ha="center", va="center", color=canvas.look.muted, fontsize=TEXT
    )


def _draw_bands(canvas: _Canvas) -> list[Any]:
    """Draw the bands and the median; return entries of the legend, the median first."""
    ax, content = canvas.ax, canvas.content
    handles = []
    for number, band in enumerate(content.bands):
        color = mixed(canvas.color, canvas.look.background, 0.16 + 0.2 * number)
        low, high = (interrupted(values, content.ends) for values in (band.low, band.high))
        ax.fill_between(
            canvas.cut, low, high, color=color, linewidth=0, zorder=1 + 0.1 * number, label=band.label,
            rasterized=len(canvas.cut) > _MANY,
        )  # fmt: skip
        lonely = alone(low)
        bars = LineCollection(
            [((x, y), (x, z)) for x, y, z in zip(canvas.cut[lonely], low[lonely], high[lonely], strict=True)],
            colors=color, linewidths=7, zorder=1 + 0.1 * number,
        )  # fmt: skip
        ax.add_collection(bars)
        handles.append(Patch(color=color, label=band.label))
    is_step = content.is_flag
    middle = _draw_line(canvas, content.middle, canvas.color, content.middle_label, 2.2, is_step=is_step)
    return [middle, *reversed(handles)]


def _draw_line(
    canvas: _Canvas, values: Any, color: str, label: str, width: float, *, is_step: bool = False, zorder: float = 3
) -> Any:
    """Draw a line with its gaps, and dots where it is a dot; return its entry of the legend."""
    values = interrupted(values, canvas.content.ends)
    dots = np.ones(len(values), dtype=bool) if len(values) <= _FEW and not is_step else alone(values)
    canvas.ax.plot(
        canvas.cut, values, color=color, linewidth=width, label=label, zorder=zorder, solid_joinstyle="round",
        drawstyle="steps-post" if is_step else "default", marker="o", markersize=2 * width, markeredgewidth=0,
        markevery=np.flatnonzero(dots).tolist(), rasterized=len(values) > _MANY,
    )  # fmt: skip
    dot = "o" if len(values) <= _FEW and not is_step else ""
    return Line2D([], [], color=color, linewidth=width, marker=dot, markersize=2 * width, label=label)


def _draw_lines(canvas: _Canvas) -> list[Any]:
    """Draw single lines; return entries of the legend."""
    content = canvas.content
    if content.has_many_lines:
        return _draw_many(canvas)
    levels = {level.line: level for level in content.levels}
    handles = []
    for number, line in enumerate(content.lines):
        color = canvas.line_color(number)
        handles.append(_draw_line(canvas, line.values, color, line.label, 1.6, zorder=4))
        if number in levels:
            edges = numbers_of(levels[number].times)
            steps = [((x, y), (z, y)) for (x, z), y in zip(pairwise(edges), levels[number].values, strict=True)]
            canvas.ax.add_collection(LineCollection(steps, colors=color, linewidths=3.5, alpha=0.45, zorder=3.5))
    if levels:
        handles.append(Line2D([], [], color=canvas.look.ink, linewidth=3.5, alpha=0.45, label="level between changes"))
    return handles


def _draw_many(canvas: _Canvas) -> list[Any]:
    """Draw many lines alike."""
    content, color = canvas.content, mixed(canvas.look.muted, canvas.look.background, 0.45)
    for line in content.lines:
        values = interrupted(line.values, content.ends)
        canvas.ax.plot(
            canvas.cut, values, color=color, linewidth=0.7, zorder=1.5, marker=".", markersize=2, rasterized=True,
            markevery=np.flatnonzero(alone(values)).tolist(),
        )  # fmt: skip
    text = f"{_kind_of(content.lines[0])},\n{count(len(content.lines), 'line')}"
    return [Line2D([], [], color=color, linewidth=1.2, label=text)]


def _kind_of(line: Line) -> str:
    return f"each {line.label.partition(' ')[0]}" if line.label.startswith("qubit") else "each place"


def _shade_gaps(canvas: _Canvas) -> list[Any]:
    """Shade times without calibrations that can be seen; return the entry of the legend."""
    ax, numbers, ends = canvas.ax, canvas.numbers, canvas.content.ends
    spans = numbers[ends] - numbers[ends - 1] if len(ends) else np.empty(0)
    seen = ends[spans > _SEEN_GAP * np.diff(ax.get_xlim())[0]] if len(ends) else ends
    if not len(seen):
        return []
    color = mixed(canvas.look.grid, canvas.look.background, 0.6)
    hatched: dict[str, Any] = {"facecolor": color, "edgecolor": canvas.look.grid, "hatch": "///", "linewidth": 0}
    for end in seen:
        ax.axvspan(numbers[end - 1], numbers[end], zorder=0.5, **hatched)
    return [Patch(label=canvas.content.gap_label, **hatched)]


def _limit(canvas: _Canvas) -> None:
    """Set the limits of values, with some room: on a scale of powers by a factor."""
    content, ax = canvas.content, canvas.ax
    parts = [content.middle, *(values for band in content.bands for values in (band.low, band.high))]
    parts += [line.values for line in content.lines]
    drawn = np.concatenate(parts)
    drawn = drawn[np.isfinite(drawn)]
    if content.is_log and (drawn > 0).any():
        drawn = drawn[drawn > 0]
        room = max((drawn.max() / drawn.min()) ** 0.05, 1.05)
        ax.set_ylim(drawn.min() / room, drawn.max() * room)
        return
    room = 0.05 * (drawn.max() - drawn.min()) or 0.05 * abs(drawn.max()) or 1.0
    ax.set_ylim(drawn.min() - room, drawn.max() + room)


# Marks


def _draw_marks(canvas: _Canvas, rows: list[str], *, dark: bool) -> Axes:
    """Draw rows of marks below the values; return their axes, which have the ticks of times then."""
    ax, look = canvas.ax, canvas.look
    lanes = ax.inset_axes((0, -0.2, 1, 0.2))
    lanes.set_axes_locator(_Below(ax, len(rows) * _ROW))
    dress(lanes, dark=dark, grid=None)
    late = numbers_of(np.array([mark.until for mark in canvas.content.marks if mark.until], dtype="datetime64[us]"))
    low, high = ax.get_xlim()
    high = max([high, *(float(number) + 0.01 * (high - low) for number in late)])
    ax.set_xlim(low, high)
    lanes.set(xlim=(low, high), ylim=(len(rows) - 0.5, -0.5))
    lanes.sharex(ax)
    ax.tick_params(axis="x", labelbottom=False, length=0)
    labels = []
    for row, kind in enumerate(rows):
        marks = [mark for mark in canvas.content.marks if mark.kind == kind]
        labels.append(f"{kind} ({len(marks):,})")
        lanes.axhline(row, color=look.grid, linewidth=0.8, zorder=0)
        _draw_row(canvas, lanes, row, marks)
    lanes.set_yticks(range(len(rows)), labels, fontsize=SMALL, color=look.ink)
    lanes.tick_params(axis="y", length=0)
    lanes.spines["left"].set_visible(False)
    return lanes


class _Below:
    """Places axes below others, in a height that does not change with theirs, so that layouts come to an end."""

    def __init__(self, ax: Axes, height: float) -> None:
        """Remember the axes above, and the height, inches."""
        self.ax, self.height = ax, height

    def __call__(self, _: Any, renderer: Any) -> Bbox:
        """Return the place in shares of the figure."""
        del renderer
        above, inch = self.ax.get_position(original=False), 1 / figure_of(self.ax).get_figheight()
        top = above.y0 - _ROW_GAP * inch
        return Bbox.from_extents(above.x0, top - self.height * inch, above.x1, top)


def _draw_row(canvas: _Canvas, lanes: Axes, row: int, marks: list[Marked]) -> None:
    """Draw the marks of one kind."""
    kind, look = marks[0].kind, canvas.look
    plain = {"failed": look.fault, "returned": look.series[2]}.get(kind, look.muted)
    colors = [plain if mark.line is None else canvas.line_color(mark.line) for mark in marks]
    starts = numbers_of(np.array([mark.time for mark in marks], dtype="datetime64[us]"))
    many = len(marks) > _MANY
    if kind in _MARKERS:
        for color in dict.fromkeys(colors):
            of_color = [start for start, mine in zip(starts, colors, strict=True) if mine == color]
            lanes.plot(
                of_color, [row] * len(of_color), marker=_MARKERS[kind], linestyle="", color=color, markersize=8,
                markeredgecolor=look.background, markeredgewidth=0.6, clip_on=False, rasterized=many, label=kind,
            )  # fmt: skip
        return
    ends = [mark.time if mark.until is None else mark.until for mark in marks]
    spans = zip(starts, numbers_of(np.array(ends, dtype="datetime64[us]")), strict=True)
    bars = LineCollection([((start, row), (end, row)) for start, end in spans], colors=colors, linewidths=8, alpha=0.75)
    bars.set(label=kind, rasterized=many, capstyle="butt")
    lanes.add_collection(bars, autolim=False)


def mixed(color: str, background: str, share: float) -> str:
    """Return a share of a colour on a background: solid, so that colours that overlap stay as the legend has them."""
    return str(to_hex(share * np.array(to_rgb(color)) + (1 - share) * np.array(to_rgb(background))))
