# SPDX-License-Identifier: Apache-2.0
"""The colours of pictures, a light and a dark theme, without any package that draws."""

from __future__ import annotations

from typing import NamedTuple


class Theme(NamedTuple):
    """Colours of a picture, as hexadecimal texts.

    Attributes:
        name: ``"light"`` or ``"dark"``.
        background: Behind everything.
        ink: Text, outlines and marks.
        muted: Text that matters less, ticks.
        grid: Lines of grids and axes.
        quiet: Parts of a device that have no value or are not used.
        fault: Marks of what does not work. Marks have a shape of their own, too.
        series: Colours of series, told apart with every kind of colour vision; the first is the main one.
        sequential: Colours from low to high values, from quiet to loud; their lightness changes evenly.
        diverging: Colours from negative to positive values; the middle is quiet.
    """

    name: str
    background: str
    ink: str
    muted: str
    grid: str
    quiet: str
    fault: str
    series: tuple[str, ...]
    sequential: tuple[str, ...]
    diverging: tuple[str, ...]


LIGHT = Theme(
    name="light",
    background="#ffffff",
    ink="#1b1f27",
    muted="#596270",
    grid="#dde1e7",
    quiet="#c9ced6",
    fault="#d1242f",
    series=("#2468b4", "#d8741a", "#12876f", "#b3528f", "#7a5cc0", "#8a6d1d", "#4aa3d4"),
    sequential=("#e4eef8", "#b3cdea", "#7fa6dc", "#5f7bcb", "#5b4fae", "#542a82", "#3b0f50"),
    diverging=("#0a3f78", "#3f86c6", "#a9cbe6", "#f1f1ef", "#f3c08d", "#d5771f", "#7d3600"),
)
DARK = Theme(
    name="dark",
    background="#14171d",
    ink="#eef1f6",
    muted="#a2abb9",
    grid="#323844",
    quiet="#4a5261",
    fault="#ff6b70",
    series=("#6db3f8", "#f5a25d", "#4fcfae", "#ec93c8", "#b8a1f4", "#d8bd67", "#9adcf5"),
    sequential=("#28324c", "#3d4c86", "#6a5cb4", "#a765b4", "#e07d93", "#f9ab74", "#ffe3a3"),
    diverging=("#a9dcff", "#4f9bdb", "#2d5580", "#333944", "#80512a", "#e08a3c", "#ffd2a6"),
)


def theme(*, dark: bool) -> Theme:
    """Return the light or the dark theme."""
    return DARK if dark else LIGHT
