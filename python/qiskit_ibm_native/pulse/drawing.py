# SPDX-License-Identifier: Apache-2.0
"""A small picture of a schedule for notebooks, without a plotting library."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .channels import AcquireChannel, Channel, PulseChannel
from .instructions import Acquire, Delay, Play, SetFrequency, SetPhase, ShiftFrequency, ShiftPhase

if TYPE_CHECKING:
    from .schedule import Schedule

_WIDTH, _ROW, _LEFT = 720, 34, 46
#: How many rows are drawn; a readout of a whole device has four hundred.
_MAX_ROWS = 24
_COLORS = {"a": "#8a8f98", "d": "#2f6fde", "m": "#2a9d6f", "u": "#c2571a"}


def to_svg(schedule: Schedule) -> str:
    """Return a picture as SVG: a row a channel, the size of pulses over time, and marks where phases change."""
    channels = sorted(it for it in schedule.channels if isinstance(it, PulseChannel | AcquireChannel))
    shown = channels[:_MAX_ROWS]
    height = _ROW * (len(shown) + 1) + (14 if len(shown) < len(channels) else 0)
    scale = (_WIDTH - _LEFT - 8) / max(schedule.duration, 1)
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    font = 'font-family="sans-serif" font-size="11" role="img"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>', f"<title>{escape(schedule.name)}</title>"]
    rows: dict[Channel, int] = {channel: _ROW * (row + 1) - 6 for row, channel in enumerate(shown)}
    for channel, base in rows.items():
        parts.append(f'<text x="4" y="{base}">{channel.name}</text>')
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{base}" y2="{base}" stroke="#c9ccd1"/>')
    for start, instruction in schedule.instructions:
        if instruction.channel in rows:
            parts.append(_mark(start, instruction, rows[instruction.channel], scale))
    base = _ROW * len(shown) + 14
    parts.append(f'<text x="{_LEFT}" y="{base}">0</text>')
    parts.append(f'<text x="{_WIDTH - 8}" y="{base}" text-anchor="end">{schedule.duration} dt</text>')
    if len(shown) < len(channels):
        parts.append(f'<text x="4" y="{base + 14}">and {len(channels) - len(shown)} more channels</text>')
    return "".join([*parts, "</svg>"])


def to_html(schedule: Schedule) -> str:
    """Return the picture under a line that says what it is."""
    count = f"{len(schedule)} instruction{'' if len(schedule) == 1 else 's'}"
    head = f"<b>{escape(schedule.name)}</b>: {schedule.duration} dt, {count}"
    return f"<div>{head}<br/>{to_svg(schedule)}</div>"


def _mark(start: int, instruction: object, base: int, scale: float) -> str:
    x = _LEFT + start * scale
    if isinstance(instruction, Play):
        if instruction.is_parameterized():
            return ""
        color = _color(instruction.channel)
        return f'<path d="{_outline(instruction, x, base, scale)}" fill="{color}" fill-opacity="0.65"/>'
    if isinstance(instruction, Acquire):
        color, width = _color(instruction.channel), instruction.duration * scale
        return f'<rect x="{x:.1f}" y="{base - 10}" width="{width:.1f}" height="10" fill="{color}" fill-opacity="0.5"/>'
    if isinstance(instruction, ShiftPhase | SetPhase | ShiftFrequency | SetFrequency):
        title = escape(repr(instruction))
        return f'<path d="M{x:.1f} {base + 4}l-3 5h6z" fill="#333"><title>{title}</title></path>'
    assert isinstance(instruction, Delay)  # noqa: S101 (there is nothing else, and nothing to draw of it)
    return ""


def _color(channel: Channel) -> str:
    return _COLORS[str(channel.prefix)]


def _outline(play: Play, x: float, base: int, scale: float) -> str:
    """Return the size of a pulse as a path of at most a hundred points; full height is an amplitude of 1."""
    import numpy as np

    size = np.abs(play.pulse.samples)
    at = np.unique(np.linspace(0, len(size) - 1, min(len(size), 100)).astype(int)) if len(size) else np.empty(0, int)
    # Weak pulses are drawn as strong as a fifth, so that they can be seen.
    high = (_ROW - 10) * max(float(size.max(initial=0.0)), 0.2) / max(float(size.max(initial=0.0)), 1e-12)
    points = [f"L{x + (t + 0.5) * scale:.1f} {base - size[t] * high:.1f}" for t in at]
    return f"M{x:.1f} {base}{''.join(points)}L{x + len(size) * scale:.1f} {base}z"
