# SPDX-License-Identifier: Apache-2.0
"""Pictures of many channels: an image a kind of channel, with a row of pixels for each. Imported by ``figure``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..channels import AcquireChannel
from .profile import Extremes, column_extremes
from .rows import KINDS, Row

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The largest number of columns of an image.
_COLUMNS = 900


def draw_image(figure: Figure, rows: list[Row], window: tuple[int, int]) -> list[Axes]:
    """Draw the rows of each kind of channel as an image; return the axes from top to bottom."""
    kinds = [kind for kind in KINDS if any(type(row.channel) is kind for row in rows)]
    by_kind = [[row for row in rows if type(row.channel) is kind] for kind in kinds]
    most = max(map(len, by_kind))
    # Recordings have nothing to tell apart.
    ratios = [max(len(of_kind) / (3 if of_kind[0].is_recording else 1), most / 6) for of_kind in by_kind]
    axes = list(figure.subplots(len(kinds), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0])
    columns = max(min(window[1] - window[0], _COLUMNS), 1)
    edges, extremes, images = np.linspace(*window, columns + 1), Extremes(), []
    for axis, kind, of_kind in zip(axes, kinds, by_kind, strict=True):
        values = np.stack([magnitudes(row, window, columns, extremes) for row in of_kind])
        is_recording = kind is AcquireChannel
        colors: dict[str, Any] = {"cmap": "Greys", "vmin": 0, "vmax": 2.5} if is_recording else {"cmap": "viridis"}
        # Pixels in SVG and PDF, too: as a path for each cell, a readout of 127 qubits is 44 MB and takes 20 s (1 s).
        image = axis.pcolormesh(edges, np.arange(len(of_kind) + 1) - 0.5, values, rasterized=True, **colors)
        if not is_recording:
            images.append((axis, image, np.nanmax(values, initial=0.0)))
        step = max(len(of_kind) // (3 if is_recording else 8), 1)
        ticks = range(0, len(of_kind), step)
        axis.set_yticks(ticks, [of_kind[row].channel.name for row in ticks], fontsize=7.5)
        axis.set_ylim(len(of_kind) - 0.5, -0.5)
        axis.set_ylabel(f"{KINDS[kind][0]}\n({len(of_kind)})")
    if images:
        largest = max(highest for _, _, highest in images) or 1.0
        for _, image, _ in images:
            image.set_clim(0, largest)
        figure.colorbar(images[0][1], ax=[axis for axis, _, _ in images], label="magnitude", pad=0.01, aspect=30)
    return axes


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
