# SPDX-License-Identifier: Apache-2.0
"""The rows of a picture: channels from top to bottom, each with what happens on it in a range of times."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..channels import AcquireChannel, Channel, ControlChannel, DriveChannel, MeasureChannel
from ..errors import pulse_error
from ..instructions import Acquire, Play, SetFrequency, SetPhase, ShiftFrequency, ShiftPhase

if TYPE_CHECKING:
    from ..._style import Theme
    from ..schedule import Schedule, Timed


class Kind(NamedTuple):
    """A kind of channels: its word, and the number of its color among those of series."""

    word: str
    series: int | None

    def color(self, look: Theme) -> str:
        """Return the color of names of such channels."""
        return look.muted if self.series is None else look.series[self.series]


#: Kinds of channels from top to bottom.
KINDS: dict[type[Channel], Kind] = {
    DriveChannel: Kind("drive", 0),
    ControlChannel: Kind("control", 1),
    MeasureChannel: Kind("measure", 2),
    AcquireChannel: Kind("acquire", None),
}
CHANGES = (ShiftPhase, SetPhase, ShiftFrequency, SetFrequency)


def in_order(channels: Iterable[Channel]) -> list[Channel]:
    """Return the channels that something can be drawn on, from top to bottom."""
    rank = {kind: position for position, kind in enumerate(KINDS)}
    drawn = {channel for channel in channels if type(channel) in rank}
    return sorted(drawn, key=lambda channel: (rank[type(channel)], channel.index))


class Row:
    """Pulses of a channel, or of several that share a row."""

    def __init__(self, channels: list[Channel]) -> None:
        """Create an empty row."""
        self.channels = channels
        #: Starts, dt, and pulses: with samples, and with parameters that are not bound.
        self.played: list[tuple[int, Any]] = []
        self.unbound: list[tuple[int, Any]] = []
        self.acquired: list[tuple[int, Acquire]] = []
        self.changed: list[tuple[int, Any]] = []

    @property
    def channel(self) -> Channel:
        """The channel, or the first of several."""
        return self.channels[0]

    @property
    def is_recording(self) -> bool:
        """Whether signals are recorded here."""
        return isinstance(self.channel, AcquireChannel)

    def take(self, timed: Timed) -> None:
        """Take over an instruction."""
        start, instruction = timed
        if isinstance(instruction, Play):
            pulses = self.unbound if instruction.is_parameterized() else self.played
            pulses.append((start, instruction))
        elif isinstance(instruction, Acquire):
            self.acquired.append((start, instruction))
        elif isinstance(instruction, CHANGES):
            self.changed.append(timed)


def grouped(channels: list[Channel], most: int) -> list[Row]:
    """Return rows of channels: one for each, or one for all recordings if only these are too many.

    The measurement of one qubit of many records all of them. Rows are too many if they are more than ``most``.
    """
    playing = [Row([channel]) for channel in channels if not isinstance(channel, AcquireChannel)]
    recording = [channel for channel in channels if isinstance(channel, AcquireChannel)]
    if 0 < len(playing) < most < len(channels):
        return [*playing, Row([*recording])]
    return [Row([channel]) for channel in channels]


def filled(schedule: Schedule, rows: list[Row], window: tuple[int, int]) -> list[Row]:
    """Give rows the instructions of a schedule that are, at least in part, in a range of times; return the rows."""
    by_channel = {channel: row for row in rows for channel in row.channels}
    first, last = window
    for timed in schedule.instructions:
        start, instruction = timed
        row = by_channel.get(instruction.channel)
        if row is not None and start <= last and start + instruction.duration >= first:
            row.take(timed)
    return rows


def window_of(schedule: Schedule, time_range: tuple[int, int] | None) -> tuple[int, int]:
    """Return the first and the last time of a picture, dt; PulseError if there is nothing between."""
    if time_range is None:
        return 0, max(schedule.duration, 1)
    first, last = time_range
    if not first < last:
        raise pulse_error(f"A range of times has a first and a later last time, dt, not {time_range}.")
    return first, last
