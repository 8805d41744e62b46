# SPDX-License-Identifier: Apache-2.0
"""Rows of a picture by matplotlib: what a row needs, and how it is drawn. Imported by ``figure``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..._style import SMALL, Theme
from .labels import Placed, marks_of, placed, width_of
from .profile import Profile, profile
from .rows import KINDS, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..instructions import Acquire
    from .figure import View

#: The largest number of columns that samples are told apart by; a figure has about 1200 pixels beside its labels.
COLUMNS = 1200
#: Parts that are smaller than this part of the row's magnitude are not seen.
_SEEN = 0.004
#: Sizes of text: names of pulses, and changes of phases.
_NAME_SIZE, _CHANGE_SIZE = 9.0, 9.0


class Strip(NamedTuple):
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
    def of(cls, row: Row, view: View, points: float) -> Strip:
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

    def parts(self, look: Theme) -> list[tuple[str, str, Any, Any]]:
        """Return the parts that are large enough to be seen: word, color, extremes, and where it is the larger one."""
        parts = [("real", look.series[0], self.outline.real, self.outline.is_real_larger),
                 ("imaginary", look.series[1], self.outline.imaginary, ~self.outline.is_real_larger)]  # fmt: skip
        least = _SEEN * self.outline.largest
        return [part for part in parts if np.nanmax(np.abs(part[2]), initial=0.0) > least]


def draw_strip(axis: Axes, strip: Strip, label: str, view: View, marker: str) -> None:
    """Draw a row.

    Args:
        axis: Its axes.
        strip: The row.
        label: Its name.
        view: The picture that it is a part of.
        marker: The mark of changes of phases and frequencies.
    """
    row, look = strip.row, view.look
    _prepare(axis, strip, label, look)
    if row.is_recording:
        _draw_acquisitions(axis, row.acquired, strip.points / (view.window[1] - view.window[0]), look)
    elif row.played or row.unbound:
        _draw_pulses(axis, strip, look)
        if view.show_waveform_info:
            _draw_names(axis, row, view.window, strip.points, look)
    # Layouts take a line without points for one at the corner of the figure.
    if strip.changes.marks:
        _draw_changes(axis, strip.changes, strip.mark_height, marker, look)


def _prepare(axis: Axes, strip: Strip, label: str, look: Theme) -> None:
    axis.set_facecolor(look.background)
    axis.set_ylim(-strip.below, strip.above)
    # The name is beside the line, which is not in the middle.
    line = strip.below / (strip.below + strip.above)
    color = KINDS[type(strip.row.channel)].color(look)
    axis.set_ylabel(label, rotation=0, ha="right", va="center", color=color, labelpad=6, y=line, fontsize=SMALL)
    axis.set_yticks([])
    axis.tick_params(axis="x", colors=look.muted, labelsize=SMALL)
    axis.axhline(0, color=look.grid, linewidth=0.6, zorder=0)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(look.grid)


def _draw_pulses(axis: Axes, strip: Strip, look: Theme) -> None:
    if strip.row.unbound:
        boxes = [(start, start + int(play.duration)) for start, play in strip.row.unbound]
        corners = [[(first, 0), (first, 1), (last, 1), (last, 0)] for first, last in boxes]
        axis.add_collection(PolyCollection(corners, **_unbound(look)))
    outline = strip.outline
    # Its reciprocal may be infinite.
    largest = outline.largest or 1.0
    # The smaller part of a pulse is in front, so that neither hides the other.
    for zorder, of_larger in ((1.0, True), (1.1, False)):
        for _, color, (lowest, highest), is_larger in strip.parts(look):
            low, high = np.minimum(lowest, 0) / largest, np.maximum(highest, 0) / largest
            where = (is_larger == of_larger) & ~np.isnan(low)
            if where.any():
                axis.fill_between(outline.times, low, high, where=where, color=color, linewidth=0, zorder=zorder)
    axis.plot(outline.times, outline.magnitude / largest, color=look.ink, linewidth=0.8)
    if outline.largest:
        axis.text(
            1.005, 0, f"{outline.largest:.3g}", transform=axis.get_yaxis_transform(), va="center", fontsize=SMALL - 1,
            color=look.ink,
        )  # fmt: skip


def _draw_names(axis: Axes, row: Row, window: tuple[int, int], points: float, look: Theme) -> None:
    scale = points / (window[1] - window[0])
    for start, play in sorted([*row.played, *row.unbound], key=lambda timed: timed[0]):
        first, last = max(start, window[0]), min(start + int(play.duration), window[1])
        if play.name and (last - first) * scale > width_of(play.name, _NAME_SIZE):
            axis.text(
                (first + last) / 2, 1.12, play.name, ha="center", va="bottom", fontsize=_NAME_SIZE, color=look.ink,
                parse_math=False,
            )  # fmt: skip


def _draw_acquisitions(axis: Axes, acquired: list[tuple[int, Acquire]], scale: float, look: Theme) -> None:
    """Draw boxes where signals are recorded; ``scale`` is the width of a dt, points."""
    spans: dict[tuple[int, int], list[Acquire]] = {}
    for start, acquire in acquired:
        spans.setdefault((start, int(acquire.duration)), []).append(acquire)
    boxes = [[(start, -0.5), (start, 0.5), (start + length, 0.5), (start + length, -0.5)] for start, length in spans]
    axis.add_collection(PolyCollection(boxes, facecolor=look.quiet, edgecolor="none"))
    for (start, duration), acquires in spans.items():
        slots = [slot.name for slot in (acquires[0].mem_slot, acquires[0].reg_slot) if slot is not None]
        text = f"to {', '.join(slots)}" if len(acquires) == 1 else f"{len(acquires)} qubits"
        if width_of(text, _CHANGE_SIZE) <= duration * scale:
            axis.text(
                start + duration / 2, 0, text, ha="center", va="center", fontsize=_CHANGE_SIZE, color=look.ink,
                clip_on=True,
            )  # fmt: skip


def _placed_changes(row: Row, view: View, points: float) -> Placed:
    """Return the marks where phases and frequencies change, and their labels."""
    first, last = view.window
    changed = row.changed if view.show_framechange else ()
    return placed(marks_of(changed, first, points / (last - first)), points, _CHANGE_SIZE)


def _draw_changes(axis: Axes, changes: Placed, height: float, marker: str, look: Theme) -> None:
    times = [mark.time for mark in changes.marks]
    axis.plot(
        times, [height] * len(times), marker=marker, color=look.ink, markersize=4.5, markeredgewidth=0.8, linestyle="",
        clip_on=False, zorder=3,
    )  # fmt: skip
    for mark, left in changes.labels:
        axis.annotate(
            mark.text, (mark.time, height), (left - mark.position, 0 if changes.is_beside else -10),
            textcoords="offset points", fontsize=_CHANGE_SIZE, color=look.ink, va="center", annotation_clip=False,
            parse_math=False,
        )  # fmt: skip


def legend_of(strips: list[Strip], marker: str, look: Theme) -> list[Any]:
    """Return the entries of the legend: what is on the picture, and nothing else."""
    words = {word: color for strip in strips for word, color, *_ in strip.parts(look)}
    handles: list[Any] = [Patch(color=color, label=word) for word, color in sorted(words.items(), reverse=True)]
    if words:
        handles.append(Line2D([], [], color=look.ink, linewidth=0.8, label="magnitude"))
    if any(strip.row.unbound for strip in strips):
        handles.append(Patch(**_unbound(look), label="not bound"))
    if any(strip.changes.marks for strip in strips):
        text = "change of phase or frequency"
        handles.append(Line2D([], [], color=look.ink, marker=marker, linestyle="", markersize=4.5, label=text))
    if any(strip.row.acquired for strip in strips):
        handles.append(Patch(color=look.quiet, label="recording"))
    return handles


def _unbound(look: Theme) -> dict[str, Any]:
    return {"facecolor": "none", "edgecolor": look.muted, "hatch": "///"}
