# SPDX-License-Identifier: Apache-2.0
"""The panel beside a map: distributions, bars of colours with their scales, and the meaning of marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..._style import SMALL, TEXT, Theme, diverging, sequential, theme
from .legend import legend_keys
from .sheet import BAR, HEADING, Sheet, block_height, distribution_height, line_height

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .content import DeviceMap, Layer
    from .scales import Scale

#: Columns of a distribution, at most, and those for each value.
_COLUMNS, _OF_VALUES = 40, 0.4


def draw_panel(sheet: Sheet, content: DeviceMap, *, dark: bool) -> None:
    """Draw the bar of each layer, one below the other, and the legend."""
    top = sheet.panel[1]
    for layer in (content.qubits, content.couplings):
        if layer is not None:
            top -= _draw_block(sheet, layer, top, dark=dark, is_wide=content.is_wide_panel)
    _draw_legend(sheet, content, top, theme(dark=dark))


def _draw_block(sheet: Sheet, layer: Layer, top: float, *, dark: bool, is_wide: bool) -> float:
    """Draw a bar of colours with all that belongs to it, and return its height, inches."""
    look, scale = theme(dark=dark), sheet.scale
    left, _, width = sheet.panel
    _write(sheet, left, top, layer.title, look.ink, TEXT, fontweight="bold")
    lines = [line for note in layer.notes for line in sheet.wrapped(with_median_line(note))]
    below = top - HEADING * scale
    if layer.scale is not None:
        height = distribution_height(is_wide=is_wide) * scale
        counts = sheet.inset(left, below - height, width, height)
        _draw_distribution(counts, layer, layer.scale, look, dark=dark)
        bar = sheet.inset(left, below - height - BAR * scale, width, BAR * scale)
        _draw_bar(bar, layer.scale, look, dark=dark, size=SMALL * scale)
        below -= height + 0.54 * scale
    for number, line in enumerate(lines):
        _write(sheet, left, below - number * line_height() * scale, line, look.muted, SMALL)
    return block_height(layer, len(lines), is_wide=is_wide) * scale


def with_median_line(note: str) -> str:
    """Return a note that says where the median is in the distribution."""
    return f"{note} (dashed line)" if note.startswith("median") else note


def _write(sheet: Sheet, left: float, top: float, text: str, color: str, size: float, **style: Any) -> None:
    sheet.axes.text(
        left / sheet.width, top / sheet.height, text, transform=sheet.axes.transAxes, va="top", color=color,
        fontsize=size * sheet.scale, parse_math=False, **style,
    )  # fmt: skip


def _draw_distribution(axes: Axes, layer: Layer, scale: Scale, look: Theme, *, dark: bool) -> None:
    """Draw how many values each part of the scale has, in the colours of the scale."""
    shares = scale.shares(layer.values)
    shares = shares[~np.isnan(shares)]
    # An odd number has a column in the middle of the scale.
    columns = int(min(max(_OF_VALUES * len(shares), 10), _COLUMNS)) | 1
    counts, ends = np.histogram(shares, bins=columns, range=(0, 1))
    colors = (diverging if scale.is_centred else sequential)(dark=dark)
    middles = (ends[:-1] + ends[1:]) / 2
    axes.bar(
        middles, counts, width=0.92 / columns, color=[colors(float(middle)) for middle in middles], edgecolor=look.muted,
        linewidth=0.4,
    )  # fmt: skip
    if any(note.startswith("median") for note in layer.notes):
        axes.axvline(float(np.median(shares)), color=look.ink, linewidth=1.4, linestyle=(0, (3, 2)), zorder=3)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.08 * max(int(counts.max()), 1))
    axes.set_axis_off()


def _draw_bar(axes: Axes, scale: Scale, look: Theme, *, dark: bool, size: float) -> None:
    colors = (diverging if scale.is_centred else sequential)(dark=dark)
    axes.imshow(colors(np.linspace(0, 1, 256))[None, :, :], extent=(0, 1, 0, 1), aspect="auto", zorder=1)
    ticks = _apart(scale, axes.figure.dpi and axes.get_window_extent().width / axes.figure.dpi * 72, size)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_xticks(list(scale.shares(np.array([value for value, _ in ticks]))), [text for _, text in ticks])
    axes.tick_params(axis="x", color=look.muted, labelcolor=look.ink, labelsize=size, length=3, pad=2)
    for spine in axes.spines.values():
        spine.set_color(look.muted)
        spine.set_linewidth(0.8)
    # Arrows where values are beyond.
    for is_beyond, place, marker in ((scale.below, -0.02, "<"), (scale.above, 1.02, ">")):
        if is_beyond:
            axes.plot(
                [place], [0.5], marker=marker, color=colors(0.0 if place < 0 else 1.0), markeredgecolor=look.muted,
                markersize=0.9 * size, markeredgewidth=0.8, clip_on=False, linestyle="",
            )  # fmt: skip


def _apart(scale: Scale, width: float, size: float) -> list[tuple[float, str]]:
    """Return the ticks whose texts have room on a bar of a width, points: powers of ten before others."""
    chosen: list[tuple[float, float, tuple[float, str]]] = []
    for value, text in sorted(
        scale.ticks, key=lambda tick: (scale.is_log and abs(np.log10(tick[0])) % 1 > 1e-6, tick[0])
    ):
        middle = float(scale.shares(np.array([value]))[0]) * width
        half = 0.3 * size * (len(text) + 1)
        if all(middle + half < low or middle - half > high for low, high, _ in chosen):
            chosen.append((middle - half, middle + half, (value, text)))
    return [tick for *_, tick in sorted(chosen)]


def _draw_legend(sheet: Sheet, content: DeviceMap, top: float, look: Theme) -> None:
    keys = legend_keys(content)
    if not keys:
        return
    handles = []
    for key in keys:
        handle = _handle(key, look)
        if isinstance(handle, Line2D):
            handle.set_markersize(handle.get_markersize() * sheet.scale)
        handle.set_label(content.legend[key])
        handles.append(handle)
    drawn = sheet.axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(sheet.panel[0] / sheet.width, top / sheet.height),
        frameon=False, fontsize=SMALL * sheet.scale, labelcolor=look.ink, borderaxespad=0, borderpad=0, handletextpad=0.7,
        labelspacing=0.6,
    )  # fmt: skip
    for text in drawn.get_texts():
        text.set_parse_math(False)


def _handle(key: str, look: Theme) -> Any:
    marks: dict[str, dict[str, Any]] = {
        "faulty_qubits": {"marker": "D", "linestyle": "", "markerfacecolor": look.background, "markeredgecolor": look.fault, "markeredgewidth": 2},
        "faulty_edges": {"marker": "x", "linestyle": "--", "color": look.fault, "markeredgewidth": 2},
        "new_qubits": {"marker": "o", "linestyle": "", "markerfacecolor": "none", "markeredgecolor": look.series[2], "markeredgewidth": 2.5, "markersize": 11},
        "new_edges": {"marker": "o", "linestyle": "-", "color": look.series[2], "markerfacecolor": "none", "markeredgewidth": 2},
        "quiet_qubits": {"marker": "o", "linestyle": "", "markerfacecolor": look.background, "markeredgecolor": look.quiet},
        "missing_edges": {"linestyle": ":", "color": look.muted, "linewidth": 2.5},
        "used_qubits": {"marker": "o", "linestyle": "", "markerfacecolor": look.series[0], "markeredgecolor": look.muted},
        "passed_qubits": {"marker": "o", "linestyle": "", "markerfacecolor": look.series[6], "markeredgecolor": look.muted},
    }  # fmt: skip
    if key == "missing_qubits":
        return Patch(facecolor=look.background, edgecolor=look.muted, hatch="////")
    return Line2D([], [], **{"markersize": 9, **marks[key]})
