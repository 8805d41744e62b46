# SPDX-License-Identifier: Apache-2.0
"""A small picture of a schedule for notebooks, without a plotting library."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from .labels import apart, marks_of
from .rows import Row, filled, grouped, in_order, window_of

if TYPE_CHECKING:
    from ..channels import Channel
    from ..schedule import Schedule

_WIDTH, _ROW, _LEFT, _RIGHT = 720, 34, 46, 46
#: The largest number of rows that are drawn; a readout of a whole device has four hundred.
_MAX_ROWS = 24
#: The distance of marks from each other, at least.
_MARK = 6
_COLORS = {"a": "#8a8f98", "d": "#2f6fde", "m": "#2a9d6f", "u": "#c2571a"}


def to_svg(schedule: Schedule) -> str:
    """Return a picture as SVG: a row a channel, the size of pulses over time, and marks where phases change.

    The largest pulse of a row is as high as the row; its size is written at the end. Where samples are closer than
    pixels, a pixel is as high as the largest of them.
    """
    window = window_of(schedule, None)
    every = grouped(in_order(schedule.channels), _MAX_ROWS)
    rows = filled(schedule, every[:_MAX_ROWS], window)
    left_out = len(every) - len(rows)
    height = _ROW * (len(rows) + 1) + (14 if left_out else 0)
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    font = 'font-family="sans-serif" font-size="11" role="img"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>', f"<title>{_escaped(schedule.name)}</title>"]
    for position, row in enumerate(rows):
        parts.extend(_row(row, window, _ROW * (position + 1) - 6))
    base = _ROW * len(rows) + 14
    parts.append(f'<text x="{_LEFT}" y="{base}">0</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{base}" text-anchor="end">{schedule.duration} dt</text>')
    if left_out:
        parts.append(f'<text x="4" y="{base + 14}">and {left_out} more channels</text>')
    return "".join([*parts, "</svg>"])


def to_html(schedule: Schedule) -> str:
    """Return the picture under a line that says what it is."""
    count = f"{len(schedule)} instruction{'' if len(schedule) == 1 else 's'}"
    head = f"<b>{_escaped(schedule.name)}</b>: {schedule.duration} dt, {count}"
    return f"<div>{head}<br/>{to_svg(schedule)}</div>"


def _row(row: Row, window: tuple[int, int], base: int) -> list[str]:
    """Return a row as elements; its line is at the height ``base``."""
    scale = (_WIDTH - _LEFT - _RIGHT) / (window[1] - window[0])
    color = _color(row.channel)
    last = "" if len(row.channels) == 1 else f"\N{HORIZONTAL ELLIPSIS}{row.channels[-1].name}"
    parts = [
        f'<text x="4" y="{base}">{row.channel.name}{last}</text>',
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}" stroke="#c9ccd1"/>',
    ]
    if row.played:
        # Schedules without pulses do without numpy.
        from .profile import profile

        outline = profile(row.played, window, _WIDTH - _LEFT - _RIGHT)
        path = _path(outline.times * scale + _LEFT, outline.magnitude, base, outline.largest)
        parts.append(f'<path d="{path}" fill="{color}" fill-opacity="0.65"/>')
        if outline.largest:
            parts.append(f'<text x="{_WIDTH - _RIGHT + 4}" y="{base}" fill="#777">{outline.largest:.2g}</text>')
    boxes = [(start, play.duration, 20, 'fill="none" stroke="#aaa"') for start, play in row.unbound]
    recorded = f'fill="{color}" fill-opacity="0.5"'
    spans = dict.fromkeys((start, int(acquire.duration)) for start, acquire in row.acquired)
    boxes.extend((*span, 10, recorded) for span in spans)
    for start, duration, high, style in boxes:
        x, width = _LEFT + start * scale, duration * scale
        parts.append(f'<rect x="{x:.1f}" y="{base - high}" width="{width:.1f}" height="{high}" {style}/>')
    for mark in apart(marks_of(row.changed, window[0], scale), _MARK):
        title = f"<title>{_escaped(mark.text or 'several changes')}</title>"
        parts.append(f'<path d="M{_LEFT + mark.position:.1f} {base}l-3 5h6z" fill="#333">{title}</path>')
    return parts


def _path(x: Any, magnitude: Any, base: int, largest: float) -> str:
    """Return an outline as a path: a closed part for each run between values that are NaN."""
    parts, is_open = [], False
    for along, size in zip(x.tolist(), magnitude.tolist(), strict=True):
        if math.isnan(size):
            parts.append("z")
            is_open = False
            continue
        parts.append(f"{'L' if is_open else 'M'}{along:.1f} {base - size / (largest or 1.0) * (_ROW - 10):.1f}")
        is_open = True
    return "".join(parts)


def _color(channel: Channel) -> str:
    return _COLORS[str(channel.prefix)]


def _escaped(text: str) -> str:
    """Return text as XML has it, which knows no control characters."""
    return escape("".join(each if each.isprintable() else " " for each in text))
