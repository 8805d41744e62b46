# SPDX-License-Identifier: Apache-2.0
"""Pictures of schedules: the pulses of each channel over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..pulse.channels import AcquireChannel, Channel, ControlChannel, DriveChannel, MeasureChannel, PulseChannel
from ..pulse.drawing import in_order
from ..pulse.errors import pulse_error
from ..pulse.instructions import Acquire, Play, SetFrequency, SetPhase, ShiftFrequency, ShiftPhase

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..pulse.instructions import Instruction
    from ..pulse.schedule import Schedule

    Timed = tuple[int, Instruction]

#: A pulse is drawn by at most so many points.
_MAX_POINTS = 4000
#: More channels than this are drawn as rows of an image, one below the other.
_MAX_ROWS = 20
#: The order of kinds from top to bottom, their words, and their colors.
_KINDS: dict[type[Channel], tuple[str, str]] = {
    DriveChannel: ("drive", "#1f5fbf"),
    ControlChannel: ("control", "#b4531a"),
    MeasureChannel: ("measure", "#217a57"),
    AcquireChannel: ("acquire", "#6b7280"),
}
_REAL, _IMAGINARY, _INK, _PALE = "#3b76d0", "#e08a3c", "#1f2430", "#d5d8de"


def plot_schedule(
    schedule: Schedule,
    *,
    dt: float | None = None,
    channels: Iterable[Channel] | None = None,
    frequencies: Mapping[Channel, float] | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Draw a schedule over time.

    Up to twenty channels have a row each: the real part of what is played (blue), its imaginary part (orange) and its
    magnitude (line), up to the largest magnitude of the row, which is written at its right end; triangles where a phase
    or a frequency changes; boxes where signals are recorded. Many recordings beside a few other channels share a row.
    More channels are drawn as an image per kind of channel, whose rows are channels and whose color is the magnitude.

    Args:
        schedule: What to draw.
        dt: The device's time resolution in seconds, for an axis in nanoseconds; ``backend.dt``.
        channels: Which channels to draw; by default, all that something happens on.
        frequencies: Frequencies to write beside the rows of channels, Hz; ``backend.defaults().frequencies``.
        title: What to write above; by default, the schedule's name and its duration.
        figsize: Width and height, inches.

    Returns:
        The figure; ``figure.savefig`` writes it.

    Raises:
        PulseError: There is no channel to draw.
        ImportError: Matplotlib is not installed.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    shown = _shown(schedule, channels)
    rows = _grouped(shown)
    is_image = len(rows) > _MAX_ROWS
    with rc_context({"font.size": 9, "axes.linewidth": 0.6, "svg.fonttype": "none"}):
        figure = Figure(figsize=figsize or (9.5, 5.5 if is_image else 1.5 + 0.7 * len(rows)), layout="constrained")
        axes = _image(figure, schedule, shown) if is_image else _rows(figure, schedule, rows, frequencies or {})
        axes[-1].set_xlabel("time (dt)")
        axes[-1].set_xlim(0, max(schedule.duration, 1))
        if dt is not None:
            factor = dt * 1e9
            to_ns: tuple[Any, Any] = (lambda x: x * factor, lambda x: x / factor)
            top = axes[0].secondary_xaxis("top", functions=to_ns)
            top.set_xlabel("time (ns)")
        if title is None:
            length = f"{schedule.duration} dt" + (f" = {schedule.duration * dt * 1e9:.4g} ns" if dt else "")
            title = f"{schedule.name}: {length}"
        figure.suptitle(title, fontsize=11, x=0.02, ha="left", parse_math=False)
    return figure


def _shown(schedule: Schedule, channels: Iterable[Channel] | None) -> list[Channel]:
    shown = in_order(schedule.channels if channels is None else channels)
    if not shown:
        raise pulse_error(f"{schedule.name} has no channel to draw")
    return shown


def _grouped(shown: list[Channel]) -> list[list[Channel]]:
    """Return the channels of each row: one, except that a measurement of few of many qubits records all of them."""
    playing = [[channel] for channel in shown if not isinstance(channel, AcquireChannel)]
    recording: list[Channel] = [channel for channel in shown if isinstance(channel, AcquireChannel)]
    if 0 < len(playing) < _MAX_ROWS < len(shown):
        return [*playing, recording]
    return [[channel] for channel in shown]


# A row a channel


def _rows(
    figure: Figure, schedule: Schedule, rows: list[list[Channel]], frequencies: Mapping[Channel, float]
) -> list[Axes]:
    timed_by_row = [[timed for timed in schedule.instructions if timed[1].channel in row] for row in rows]
    # Rows in which only phases change need less room.
    heights = [_height(timed) for timed in timed_by_row]
    axes = list(figure.subplots(len(rows), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0])
    for axis, row, timed, height in zip(axes, rows, timed_by_row, heights, strict=True):
        _prepare(axis, row, frequencies.get(row[0]))
        axis.set_ylim(-1.35, -1.35 + height)
        if isinstance(row[0], AcquireChannel):
            _draw_acquisitions(axis, timed)
        else:
            _draw_pulses(axis, timed, schedule.duration)
        _draw_changes(axis, timed, schedule.duration)
    for axis in axes[:-1]:
        axis.tick_params(axis="x", length=0)
        axis.spines["bottom"].set_visible(False)
    _legend(figure, [row[0] for row in rows])
    return axes


def _height(timed: list[Timed]) -> float:
    return 3.1 if any(isinstance(it, Play | Acquire) for _, it in timed) else 1.9


def _prepare(axis: Axes, row: list[Channel], frequency: float | None) -> None:
    color, label = _KINDS[type(row[0])][1], row[0].name
    if len(row) > 1:
        label = f"{label} \N{HORIZONTAL ELLIPSIS} {row[-1].name}"
    elif frequency is not None:
        label = f"{label}\n{frequency / 1e9:.3f} GHz"
    axis.set_ylabel(label, rotation=0, ha="right", va="center", color=color, labelpad=6)
    axis.set_yticks([])
    axis.axhline(0, color=_PALE, linewidth=0.6, zorder=0)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(_PALE)


def _draw_pulses(axis: Axes, timed: list[Timed], duration: int) -> None:
    import numpy as np

    plays = [(start, it) for start, it in timed if isinstance(it, Play)]
    bound = [(start, it.pulse) for start, it in plays if not it.is_parameterized()]
    largest = max((float(np.abs(pulse.samples).max(initial=0.0)) for _, pulse in bound), default=0.0)
    for start, play in plays:
        if play.is_parameterized():
            axis.axvspan(start, start + int(play.duration), ymin=0.44, ymax=0.76, fill=False, hatch="//", color=_PALE)
        _name(axis, start, play, duration)
    for start, pulse in bound:
        length = pulse.duration
        # More points than the picture has pixels cannot be seen.
        picks = np.unique(np.linspace(0, max(length - 1, 0), min(length, _MAX_POINTS)).astype(int))
        samples = pulse.samples[picks] / (largest or 1.0)
        # It starts and ends at 0, so that it is a closed shape.
        times = np.concatenate([[start], start + 0.5 + picks, [start + length]])
        real, imaginary = np.pad(samples.real, 1), np.pad(samples.imag, 1)
        # The smaller part in front, so that neither hides the other.
        for part, color in sorted(((real, _REAL), (imaginary, _IMAGINARY)), key=lambda it: -np.abs(it[0]).max()):
            axis.fill_between(times, part, color=color, alpha=0.9, linewidth=0)
        axis.plot(times, np.hypot(real, imaginary), color=_INK, linewidth=0.8)
    if largest:
        axis.text(1.005, 0, f"{largest:.3g}", transform=axis.get_yaxis_transform(), va="center", fontsize=8, color=_INK)


def _name(axis: Axes, start: int, play: Instruction, duration: int) -> None:
    width, name = int(play.duration), play.name
    # About 150 letters fit into the width of the picture.
    if name and width > len(name) / 130 * max(duration, 1):
        axis.text(start + width / 2, 1.1, name, ha="center", va="bottom", fontsize=7, color=_INK, parse_math=False)


def _draw_acquisitions(axis: Axes, timed: list[Timed]) -> None:
    spans: dict[tuple[int, int], list[Acquire]] = {}
    for start, acquire in timed:
        if isinstance(acquire, Acquire):
            spans.setdefault((start, int(acquire.duration)), []).append(acquire)
    for (start, duration), acquires in spans.items():
        axis.axvspan(start, start + duration, ymin=0.2, ymax=0.67, color="#9aa1ac", alpha=0.45, lw=0)
        slots = [slot.name for slot in (acquires[0].mem_slot, acquires[0].reg_slot) if slot is not None]
        text = f"to {', '.join(slots)}" if len(acquires) == 1 else f"{len(acquires)} qubits"
        axis.text(start + duration / 2, 0, text, ha="center", va="center", fontsize=8, color=_INK)


def _draw_changes(axis: Axes, timed: list[Timed], duration: int) -> None:
    """Mark where phases and frequencies change; what changes at one time shares a mark."""
    marks: dict[int, list[str]] = {}
    for start, instruction in timed:
        if isinstance(instruction, ShiftPhase | SetPhase):
            marks.setdefault(start, []).append(
                ("" if isinstance(instruction, ShiftPhase) else "=") + _angle(instruction.phase)
            )
        elif isinstance(instruction, ShiftFrequency | SetFrequency):
            sign = "+" if isinstance(instruction, ShiftFrequency) else "="
            value = instruction.frequency
            marks.setdefault(start, []).append(
                f"{sign}{value if hasattr(value, 'parameters') else value / 1e9:.6g} GHz"
            )
    for start, texts in marks.items():
        axis.plot([start], [-1.0], marker="^", color=_INK, markersize=4, clip_on=False)
        is_last = start > 0.93 * duration
        offset = (-4 if is_last else 4, 0)
        axis.annotate(
            ", ".join(texts), (start, -1.0), offset, textcoords="offset points", fontsize=7.5, color=_INK,
            ha="right" if is_last else "left", va="center", annotation_clip=False,
        )  # fmt: skip


def _angle(value: Any) -> str:
    """Return an angle as text, as a fraction of pi if it is one."""
    if hasattr(value, "parameters"):
        return str(value).replace("-", "\N{MINUS SIGN}")
    import math

    parts = Fraction(value / math.pi).limit_denominator(16)
    if abs(float(parts) * math.pi - value) > 1e-9:
        return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
    if parts == 0:
        return "0"
    sign, numerator = "\N{MINUS SIGN}" if parts < 0 else "", abs(parts.numerator)
    over = "" if parts.denominator == 1 else f"/{parts.denominator}"
    return f"{sign}{'' if numerator == 1 else numerator}\N{GREEK SMALL LETTER PI}{over}"


def _legend(figure: Figure, shown: list[Channel]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    if any(isinstance(channel, PulseChannel) for channel in shown):
        handles = [
            Patch(color=_REAL, alpha=0.9, label="real"),
            Patch(color=_IMAGINARY, alpha=0.9, label="imaginary"),
            Line2D([], [], color=_INK, linewidth=0.8, label="magnitude"),
            Line2D([], [], color=_INK, marker="^", linestyle="", markersize=4, label="change of phase or frequency"),
        ]
    if any(isinstance(channel, AcquireChannel) for channel in shown):
        handles.append(Patch(color="#9aa1ac", alpha=0.45, label="recording"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=8)


# An image a kind of channel


def _image(figure: Figure, schedule: Schedule, shown: list[Channel]) -> list[Axes]:
    import numpy as np

    kinds = [kind for kind in _KINDS if any(type(channel) is kind for channel in shown)]
    counts = [sum(type(channel) is kind for channel in shown) for kind in kinds]
    # Recordings have nothing to tell apart.
    ratios = [
        max(count / (3 if kind is AcquireChannel else 1), max(counts) / 6)
        for kind, count in zip(kinds, counts, strict=True)
    ]
    axes = list(figure.subplots(len(kinds), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0])
    bins = np.linspace(0, max(schedule.duration, 1), min(max(schedule.duration, 1), 900) + 1)
    images, largest = [], 0.0
    for axis, kind in zip(axes, kinds, strict=True):
        rows = {channel: row for row, channel in enumerate(it for it in shown if type(it) is kind)}
        values = _magnitudes(schedule, rows, bins)
        largest = max(largest, 0.0 if kind is AcquireChannel else float(values.max()))
        values[values == 0] = np.nan
        word, _ = _KINDS[kind]
        colours = {"cmap": "Greys", "vmin": 0, "vmax": 2.5} if kind is AcquireChannel else {"cmap": "viridis"}
        # Pixels in SVG and PDF, too: as a path for each cell, a readout of 127 qubits is 44 MB and takes 20 s (1 s).
        image = axis.pcolormesh(bins, np.arange(len(rows) + 1) - 0.5, values, rasterized=True, **colours)
        if kind is not AcquireChannel:
            images.append(image)
        step = max(len(rows) // (3 if kind is AcquireChannel else 8), 1)
        ticks = [(row, channel.name) for channel, row in rows.items() if row % step == 0]
        axis.set_yticks([row for row, _ in ticks], [name for _, name in ticks], fontsize=7.5)
        axis.set_ylim(len(rows) - 0.5, -0.5)
        axis.set_ylabel(f"{word}\n({len(rows)})")
    for image in images:
        image.set_clim(0, largest or 1.0)
    if images:
        playing = [axis for axis, kind in zip(axes, kinds, strict=True) if kind is not AcquireChannel]
        figure.colorbar(images[0], ax=playing, label="magnitude", pad=0.01, aspect=30)
    return axes


def _magnitudes(schedule: Schedule, rows: Mapping[Channel, int], bins: Any) -> Any:
    """Return the largest magnitude in each bin of time, shape ``(channels, bins)``; 1 where signals are recorded."""
    import numpy as np

    values = np.zeros((len(rows), len(bins) - 1))
    for start, instruction in schedule.instructions:
        row = rows.get(instruction.channel)
        if row is None or not isinstance(instruction, Play | Acquire):
            continue
        if isinstance(instruction, Acquire) or instruction.is_parameterized():
            first, last = np.searchsorted(bins, [start, start + int(instruction.duration)], side="right") - 1
            values[row, first : max(last, first + 1)] = 1.0
            continue
        samples = np.abs(instruction.pulse.samples)
        columns = np.clip(np.searchsorted(bins, start + np.arange(len(samples)), side="right") - 1, 0, len(bins) - 2)
        np.maximum.at(values[row], columns, samples)
    return values
