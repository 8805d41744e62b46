# SPDX-License-Identifier: Apache-2.0
"""The sheet that a map is drawn on: where the map is, where the bars of colours are, and how large text is."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from ..._style import SMALL, TEXT, TITLE, Theme, axes_for, figure_of, ink_on, theme
from .legend import legend_keys

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .content import DeviceMap, Layer

#: Inches: the largest map, the longest step between neighbours, margins, the height of titles, and the panel beside it.
_MAP_WIDTH, _MAP_HEIGHT, _LONGEST_STEP = 9.4, 7.7, 1.25
_MARGIN, _TITLE, _GAP, _PANEL = 0.35, 0.95, 0.35, 3.2
#: Narrowest figure, inches, and the mean width of a letter as a part of its size.
_NARROWEST, _LETTER = 4.4, 0.53
#: Inches: the height of a line of small text, of a heading, of a bar of colours, of its ticks, and of a distribution.
_LINE, HEADING, BAR, TICKS = 0.225, 0.32, 0.2, 0.34
_DISTRIBUTION, _WIDE_DISTRIBUTION, _BETWEEN = 0.55, 2.1, 0.3
#: Given axes of this width, inches, have text of full size; text is never smaller than this part of it.
_FULL_WIDTH, _SMALLEST = 9.0, 0.4


@dataclass(frozen=True)
class Sheet:
    """Axes whose left lower corner and measures are known in inches.

    Attributes:
        axes: The axes; their unit is a step between neighbours, and rows go downwards.
        width: Their width, inches.
        height: Their height, inches.
        step: The length of a step between neighbours, inches.
        panel: The left end of the panel, its upper end above the lower end of the axes, and its width, inches.
        scale: How large text is; 1 is the full size.
    """

    axes: Axes
    width: float
    height: float
    step: float
    panel: tuple[float, float, float]
    scale: float

    @property
    def figure(self) -> Figure:
        """The figure."""
        return figure_of(self.axes)

    def inset(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Return axes within these, measured in inches from the left lower corner."""
        bounds = left / self.width, bottom / self.height, width / self.width, height / self.height
        return self.axes.inset_axes(bounds)

    def wrapped(self, text: str) -> list[str]:
        """Return small text as lines that fit into the panel."""
        return textwrap.wrap(text, max(int(self.panel[2] * 72 / (self.scale * SMALL * _LETTER)), 8))


def sheet_for(content: DeviceMap, ax: Axes | None, *, dark: bool) -> Sheet:
    """Return the sheet for a map: given axes, or those of a new figure, and write the title on it."""
    has_panel = bool(content.qubits or content.couplings or legend_keys(content))
    sheet = _given_sheet(content, ax, has_panel=has_panel) if ax is not None else _new_sheet(content, dark, has_panel)
    look = theme(dark=dark)
    axes = sheet.axes
    axes.set_axis_off()
    if ax is None:
        _write_titles(sheet, content, look)
    else:
        _write_title_above(sheet, content, look)
    return sheet


def _write_title_above(sheet: Sheet, content: DeviceMap, look: Theme) -> None:
    """Write the title above given axes, on whatever their figure has there, and paint the axes in the theme."""
    paper = to_rgba(sheet.figure.get_facecolor())
    ink = look.ink if paper[3] < 0.5 else ink_on(paper)
    title = f"{content.title}\n{content.subtitle}"
    sheet.axes.set_title(title, loc="left", color=ink, fontsize=TEXT * sheet.scale, parse_math=False)
    if to_rgba(look.background) != paper:
        whole = Rectangle((0, 0), 1, 1, transform=sheet.axes.transAxes, facecolor=look.background, zorder=0)
        sheet.axes.add_patch(whole)


def _write_titles(sheet: Sheet, content: DeviceMap, look: Theme) -> None:
    axes = sheet.axes
    top, left = 1 - _MARGIN * 0.8 / sheet.height, _MARGIN / sheet.width
    axes.text(
        left, top, content.title, transform=axes.transAxes, va="top", color=look.ink, fontsize=TITLE,
        fontweight="bold", parse_math=False,
    )  # fmt: skip
    axes.text(
        left, top - 0.34 / sheet.height, content.subtitle, transform=axes.transAxes, va="top", color=look.muted,
        fontsize=TEXT, parse_math=False,
    )  # fmt: skip


def block_height(layer: Layer, lines: int, *, is_wide: bool) -> float:
    """Return the height of a bar of colours with all that belongs to it, inches."""
    of_bar = 0.0 if layer.scale is None else distribution_height(is_wide=is_wide) + BAR + TICKS
    return HEADING + of_bar + _LINE * lines + _BETWEEN


def distribution_height(*, is_wide: bool) -> float:
    """Return the height of a distribution, inches."""
    return _WIDE_DISTRIBUTION if is_wide else _DISTRIBUTION


def line_height() -> float:
    """Return the height of a line of small text, inches."""
    return _LINE


def _panel_width(content: DeviceMap) -> float:
    if content.qubits is None and content.couplings is None:
        longest = max(len(content.legend[key]) for key in legend_keys(content))
        return 0.45 + longest * _LETTER * SMALL / 72
    return _PANEL * (1.2 if content.is_wide_panel else 1.0)


def _panel_height(content: DeviceMap, columns: int) -> float:
    height = 0.0
    for layer in (content.qubits, content.couplings):
        if layer is not None:
            lines = sum(len(textwrap.wrap(note, columns)) for note in layer.notes)
            height += block_height(layer, lines, is_wide=content.is_wide_panel)
    return height + 0.3 * len(legend_keys(content))


def _new_sheet(content: DeviceMap, dark: bool, has_panel: bool) -> Sheet:
    columns, rows = (size + 1 for size in content.size)
    step = min(_MAP_WIDTH / columns, _MAP_HEIGHT / rows, _LONGEST_STEP)
    panel_width = _panel_width(content) if has_panel else 0.0
    panel_height = _panel_height(content, int(panel_width * 72 / (SMALL * _LETTER))) if has_panel else 0.0
    for_title = 0.62 * TITLE / 72 * max(len(content.title), 0.72 * len(content.subtitle))
    beside = _GAP + panel_width if has_panel else 0.0
    width = max(columns * step + beside, for_title, _NARROWEST) + 2 * _MARGIN
    height = max(rows * step, panel_height) + _TITLE + _MARGIN
    axes = axes_for(None, (width, height), dark=dark, layout=None)
    sheet = Sheet(axes, width, height, step, (width - _MARGIN - panel_width, height - _TITLE, panel_width), 1.0)
    _set_limits(sheet, content, (_MARGIN, _MARGIN, width - _MARGIN - beside, height - _TITLE))
    return sheet


def _given_sheet(content: DeviceMap, ax: Axes, *, has_panel: bool) -> Sheet:
    axes = axes_for(ax, (1, 1), dark=False)
    figure = figure_of(axes)
    if figure.get_layout_engine() is not None:
        # Layout engines place axes when the figure is drawn.
        figure.draw_without_rendering()
    extent = axes.get_window_extent()
    width, height = max(extent.width / figure.dpi, 0.5), max(extent.height / figure.dpi, 0.5)
    panel_width = min(_panel_width(content), 0.36 * width) if has_panel else 0.0
    panel_height = _panel_height(content, int(_PANEL * 72 / (SMALL * _LETTER)))
    scale = min(max(min(width / _FULL_WIDTH, height / (panel_height + _MARGIN)), _SMALLEST), 1.0)
    # Numbers of rows have room at the left.
    pad, gap = 0.8 * _MARGIN * scale, _GAP * scale if has_panel else 0.0
    columns, rows = (size + 1 for size in content.size)
    right, top = width - panel_width - gap - pad, height - pad
    step = min((right - pad) / columns, (top - pad) / rows, _LONGEST_STEP)
    sheet = Sheet(axes, width, height, step, (width - panel_width - pad, top, panel_width), scale)
    # The map begins as far up as the panel does.
    _set_limits(sheet, content, (pad, top - rows * step, right, top))
    return sheet


def _set_limits(sheet: Sheet, content: DeviceMap, box: tuple[float, float, float, float]) -> None:
    """Set the limits of the axes so that the map is in the middle of a box, inches."""
    left, bottom, right, top = box
    middle = (left + right) / 2, (bottom + top) / 2
    columns, rows = content.size
    x, y = columns / 2 - middle[0] / sheet.step, rows / 2 + middle[1] / sheet.step
    sheet.axes.set_xlim(x, x + sheet.width / sheet.step)
    sheet.axes.set_ylim(y, y - sheet.height / sheet.step)
    # Circles stay circles if somebody changes the size of the figure.
    sheet.axes.set_aspect("equal", adjustable="box", anchor="NW")
