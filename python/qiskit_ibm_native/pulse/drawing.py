# SPDX-License-Identifier: Apache-2.0
"""A small picture of a schedule for notebooks, without a plotting library."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from .channels import AcquireChannel, Channel, ControlChannel, DriveChannel, MeasureChannel
from .instructions import Acquire, Delay, Play

if TYPE_CHECKING:
    from .instructions import Instruction
    from .schedule import Schedule

_WIDTH, _ROW, _LEFT, _RIGHT = 720, 34, 46, 46
#: The largest number of rows that are drawn; a readout of a whole device has four hundred.
_MAX_ROWS = 24
_COLORS = {"a": "#8a8f98", "d": "#2f6fde", "m": "#2a9d6f", "u": "#c2571a"}


#: Kinds of channels from top to bottom.
ORDER: tuple[type[Channel], ...] = (DriveChannel, ControlChannel, MeasureChannel, AcquireChannel)


def in_order(channels: Iterable[Channel]) -> list[Channel]:
    """Return the channels that something can be drawn on, from top to bottom."""
    rank = {kind: at for at, kind in enumerate(ORDER)}
    return sorted((it for it in channels if type(it) in rank), key=lambda it: (rank[type(it)], it.index))


def to_svg(schedule: Schedule) -> str:
    """Return a picture as SVG: a row a channel, the size of pulses over time, and marks where phases change.

    The largest pulse of a row is as high as the row; its size is written at the end.
    """
    channels = in_order(schedule.channels)
    rows = {channel: _ROW * (row + 1) - 6 for row, channel in enumerate(channels[:_MAX_ROWS])}
    height = _ROW * (len(rows) + 1) + (14 if len(rows) < len(channels) else 0)
    scale = (_WIDTH - _LEFT - _RIGHT) / max(schedule.duration, 1)
    largest = _largest(schedule, rows)
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    font = 'font-family="sans-serif" font-size="11" role="img"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>', f"<title>{_escaped(schedule.name)}</title>"]
    for channel, base in rows.items():
        parts.append(f'<text x="4" y="{base}">{channel.name}</text>')
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}" stroke="#c9ccd1"/>')
        if largest[channel]:
            parts.append(f'<text x="{_WIDTH - _RIGHT + 4}" y="{base}" fill="#777">{largest[channel]:.2g}</text>')
    for start, instruction in schedule.instructions:
        if instruction.channel in rows:
            high = (_ROW - 10) / (largest[instruction.channel] or 1.0)
            parts.append(_mark(start, instruction, rows[instruction.channel], scale, high))
    base = _ROW * len(rows) + 14
    parts.append(f'<text x="{_LEFT}" y="{base}">0</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{base}" text-anchor="end">{schedule.duration} dt</text>')
    if len(rows) < len(channels):
        parts.append(f'<text x="4" y="{base + 14}">and {len(channels) - len(rows)} more channels</text>')
    return "".join([*parts, "</svg>"])


def _largest(schedule: Schedule, channels: Iterable[Channel]) -> dict[Channel, float]:
    largest = dict.fromkeys(channels, 0.0)
    for _, instruction in schedule.instructions:
        if isinstance(instruction, Play) and instruction.channel in largest and not instruction.is_parameterized():
            size = float(abs(instruction.pulse.samples).max(initial=0.0))
            largest[instruction.channel] = max(largest[instruction.channel], size)
    return largest


def to_html(schedule: Schedule) -> str:
    """Return the picture under a line that says what it is."""
    count = f"{len(schedule)} instruction{'' if len(schedule) == 1 else 's'}"
    head = f"<b>{_escaped(schedule.name)}</b>: {schedule.duration} dt, {count}"
    return f"<div>{head}<br/>{to_svg(schedule)}</div>"


def _mark(start: int, instruction: Instruction, base: int, scale: float, high: float) -> str:
    x = _LEFT + start * scale
    if isinstance(instruction, Play):
        width = instruction.duration * scale
        if instruction.is_parameterized():
            return f'<rect x="{x:.1f}" y="{base - 20}" width="{width:.1f}" height="20" fill="none" stroke="#aaa"/>'
        color = _color(instruction.channel)
        return f'<path d="{_outline(instruction, x, base, scale, high)}" fill="{color}" fill-opacity="0.65"/>'
    if isinstance(instruction, Acquire):
        color, width = _color(instruction.channel), instruction.duration * scale
        return f'<rect x="{x:.1f}" y="{base - 10}" width="{width:.1f}" height="10" fill="{color}" fill-opacity="0.5"/>'
    if isinstance(instruction, Delay):
        return ""
    title = _escaped(repr(instruction))
    return f'<path d="M{x:.1f} {base}l-3 5h6z" fill="#333"><title>{title}</title></path>'


def _color(channel: Channel) -> str:
    return _COLORS[str(channel.prefix)]


def _escaped(text: str) -> str:
    """Return text as XML has it, which knows no control characters."""
    return escape("".join(each if each.isprintable() else " " for each in text))


def _outline(play: Play, x: float, base: int, scale: float, high: float) -> str:
    """Return the size of a pulse as a path of at most a hundred points."""
    import numpy as np

    size = np.abs(play.pulse.samples)
    at = np.unique(np.linspace(0, len(size) - 1, min(len(size), 100)).astype(int)) if len(size) else np.empty(0, int)
    points = [f"L{x + (t + 0.5) * scale:.1f} {base - size[t] * high:.1f}" for t in at]
    return f"M{x:.1f} {base}{''.join(points)}L{x + len(size) * scale:.1f} {base}z"
