# SPDX-License-Identifier: Apache-2.0
"""The colours of pictures, a light and a dark theme, without any package that draws."""

from __future__ import annotations

from itertools import pairwise
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


def stops(colors: tuple[str, ...], *, is_centred: bool) -> list[tuple[float, str]]:
    """Return colours with their places from 0 to 1, such that lightness changes by the same amount everywhere.

    Args:
        colors: The colours, an odd number; their lightness grows or falls, from the middle on if they are centred.
        is_centred: Whether the middle colour stays in the middle.
    """
    levels, middle = [lightness_of(color) for color in colors], len(colors) // 2
    parts = [levels[: middle + 1], levels[middle:]] if is_centred else [levels]
    shares = [(level - part[0]) / (part[-1] - part[0]) for part in parts for level in part]
    if is_centred:
        del shares[middle + 1]
        shares = [share / 2 if place <= middle else (share + 1) / 2 for place, share in enumerate(shares)]
        shares[middle] = 0.5
    return list(zip(shares, colors, strict=True))


def lightness_of(color: str) -> float:
    """Return the lightness L* of a hexadecimal colour in CIELAB, from 0 (black) to 100 (white)."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return float(116 * luminance ** (1 / 3) - 16 if luminance > 216 / 24389 else luminance * 24389 / 27)


def mixed(scale: list[tuple[float, str]], share: float) -> str:
    """Return the colour at a place from 0 to 1 of a scale of :func:`stops`."""
    for (low, one), (high, other) in pairwise(scale):
        if share <= high:
            part = (share - low) / (high - low)
            pairs = [(int(one[place : place + 2], 16), int(other[place : place + 2], 16)) for place in (1, 3, 5)]
            return "#" + "".join(f"{round(first + part * (last - first)):02x}" for first, last in pairs)
    return scale[-1][1]
