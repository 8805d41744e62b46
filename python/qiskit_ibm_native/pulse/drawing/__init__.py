# SPDX-License-Identifier: Apache-2.0
"""Pictures of schedules: small ones for notebooks, and figures of matplotlib, which is imported when one is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..._extras import needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..channels import Channel
    from ..schedule import Schedule


def plot_schedule(
    schedule: Schedule,
    *,
    dt: float | None = None,
    channels: Iterable[Channel] | None = None,
    frequencies: Mapping[Channel, float] | None = None,
    time_range: tuple[int, int] | None = None,
    show_framechange: bool = True,
    show_waveform_info: bool = True,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    ax: Axes | None = None,
    dark: bool = False,
) -> Figure:
    """Draw a schedule over time.

    Up to twenty channels have a row each: the real part of the samples (blue), their imaginary part (orange) and their
    magnitude (line), up to the largest magnitude of the row, which is written at its right end; triangles where a phase
    or a frequency changes; boxes where signals are recorded. Where samples are closer than columns of the picture, a
    column shows the lowest and the highest of its samples, so that no peak is lost; where changes are closer than their
    labels, those that have room are labelled. Many recordings beside a few other channels share a row. More channels
    are drawn as an image per kind of channel, whose rows are channels and whose color is the highest magnitude.

    Args:
        schedule: The schedule to draw.
        dt: The device's time resolution in seconds, for an axis in nanoseconds; ``backend.dt``.
        channels: The channels to draw; by default, all that something happens on.
        frequencies: Frequencies to write beside the rows of channels, Hz; ``backend.defaults().frequencies``.
        time_range: The first and the last time to draw, dt; by default, all of the schedule.
        show_framechange: Whether to show where phases and frequencies change.
        show_waveform_info: Whether to write the names of pulses.
        title: The text above; by default, the schedule's name and its duration.
        figsize: Width and height of a new figure, inches.
        ax: Axes whose place the rows take, beside other pictures; by default, those of a new figure.
        dark: Whether colours are those for a dark background.

    Returns:
        The figure; ``figure.savefig`` writes it, and notebooks show it.

    Raises:
        IBMInputValueError: ``ax`` is something else.
        MissingPackageError: Matplotlib is not installed; it is an ``ImportError``, too.
        PulseError: There is no channel to draw, or the range of times is empty.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> from qiskit_ibm_native.visualization import plot_schedule
        >>> schedules = Snapshot.load("lima").defaults.instruction_schedule_map
        >>> figure = plot_schedule(schedules.get("cx", (0, 1)), dt=Snapshot.load("lima").configuration.dt)
        >>> figure.savefig("cx.png")
    """
    from ...exceptions import IBMInputValueError
    from ..schedule import Schedule

    if not isinstance(schedule, Schedule):
        raise IBMInputValueError(f"The schedule must be a Schedule, not {type(schedule).__name__}.")
    needed("matplotlib", "visualization", "Pictures")
    from .figure import View, draw

    view = View(schedule, dt, frequencies or {}, time_range, show_framechange, show_waveform_info, dark)
    return draw(view, channels, title, figsize, ax)
