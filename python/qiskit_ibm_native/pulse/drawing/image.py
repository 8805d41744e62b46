# SPDX-License-Identifier: Apache-2.0
"""Pictures of many channels: an image a kind of channel, with a row of pixels for each. Imported by ``figure``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import ListedColormap

from ..._style import SMALL, TEXT, sequential, theme
from ..channels import AcquireChannel
from .profile import Extremes, column_extremes
from .rows import KINDS, Row
from .stacking import stacked

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..channels import Channel

#: The largest number of columns of an image.
_COLUMNS = 900


def draw_image(figure: Figure, ax: Axes | None, rows: list[Row], window: tuple[int, int], *, dark: bool) -> list[Axes]:
    """Draw the rows of each kind of channel as an image; return the axes from top to bottom.

    Args:
        figure: The figure.
        ax: Axes in it whose place the images take; by default, they fill the figure.
        rows: The rows.
        window: The first and the last time, dt.
        dark: Whether the picture is of the dark theme.
    """
    kinds = [kind for kind in KINDS if any(type(row.channel) is kind for row in rows)]
    by_kind = [[row for row in rows if type(row.channel) is kind] for kind in kinds]
    axes = _axes(figure, ax, by_kind)
    columns = max(min(window[1] - window[0], _COLUMNS), 1)
    edges, extremes, images = np.linspace(*window, columns + 1), Extremes(), []
    for axis, kind, of_kind in zip(axes, kinds, by_kind, strict=True):
        values = np.stack([magnitudes(row, window, columns, extremes) for row in of_kind])
        is_recording = kind is AcquireChannel
        plain = ListedColormap([theme(dark=dark).quiet])
        colors: dict[str, Any] = {"cmap": plain if is_recording else sequential(dark=dark)}
        # Pixels in SVG and PDF, too: as a path for each cell, a readout of 127 qubits is 44 MB and takes 20 s (1 s).
        image = axis.pcolormesh(edges, np.arange(len(of_kind) + 1) - 0.5, values, rasterized=True, **colors)
        if not is_recording:
            images.append((image, np.nanmax(values, initial=0.0)))
        _label(axis, kind, of_kind, dark=dark)
    if images:
        largest = max(highest for _, highest in images) or 1.0
        for image, _ in images:
            image.set_clim(0, largest)
        _add_bar(figure, ax, images[0][0], axes, dark=dark)
    return axes


def _axes(figure: Figure, ax: Axes | None, by_kind: list[list[Row]]) -> list[Axes]:
    """Return axes for each kind of channel, as high as it has channels; recordings have nothing to tell apart."""
    most = max(map(len, by_kind))
    ratios = [max(len(of_kind) / (3 if of_kind[0].is_recording else 1), most / 6) for of_kind in by_kind]
    if ax is not None:
        return stacked(ax, ratios, gap=0.06 * sum(ratios))
    return list(figure.subplots(len(by_kind), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0])


def _label(axis: Axes, kind: type[Channel], rows: list[Row], *, dark: bool) -> None:
    """Write names of channels beside an image."""
    look = theme(dark=dark)
    axis.set_facecolor(look.background)
    step = max(len(rows) // (3 if kind is AcquireChannel else 8), 1)
    ticks = range(0, len(rows), step)
    axis.set_yticks(ticks, [rows[row].channel.name for row in ticks])
    axis.tick_params(colors=look.muted, labelsize=SMALL)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_ylabel(f"{KINDS[kind].word}\n({len(rows)})", fontsize=TEXT, color=KINDS[kind].color(look))
    for spine in axis.spines.values():
        spine.set_color(look.grid)


def _add_bar(figure: Figure, ax: Axes | None, image: Any, axes: list[Axes], *, dark: bool) -> None:
    look = theme(dark=dark)
    place: dict[str, Any] = {"ax": axes, "pad": 0.01, "aspect": 30}
    if ax is not None:
        place = {"cax": ax.inset_axes((1.02, 0.0, 0.02, 1.0))}
    bar = figure.colorbar(image, **place)
    bar.set_label("magnitude", fontsize=TEXT, color=look.ink)
    bar.ax.tick_params(colors=look.muted, labelsize=SMALL)
    bar.outline.set_edgecolor(look.grid)


def magnitudes(row: Row, window: tuple[int, int], columns: int, extremes: Extremes) -> npt.NDArray[np.float64]:
    """Return the highest magnitude in each column; 1 for recordings and unbound pulses, NaN for nothing."""
    played = [(start, play.pulse) for start, play in row.played]
    values: npt.NDArray[np.float64] = column_extremes(played, window, columns, extremes)[-1]
    scale = columns / (window[1] - window[0])
    for start, instruction in [*row.acquired, *row.unbound]:
        first = int(max(start - window[0], 0) * scale)
        last = int(np.ceil((start + int(instruction.duration) - window[0]) * scale))
        values[first : max(last, first + 1)] = 1.0
    values[values == 0] = np.nan
    return values
