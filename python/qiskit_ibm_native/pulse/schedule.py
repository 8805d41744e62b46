# SPDX-License-Identifier: Apache-2.0
"""Schedules: instructions with their start times."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .channels import Channel
from .errors import pulse_error
from .instructions import Instruction, whole
from .parameters import by_parameter

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Timed = tuple[int, Instruction]
Channels = tuple[Channel, ...]
#: Sorted pairs of a start and an end, dt.
Slots = list[tuple[int, int]]
#: Arrays and pictures have times as integers of 64 bits.
_LATEST = 2**62


class CalibrationPublisher(enum.IntEnum):
    """The origin of a schedule: ``schedule.metadata["publisher"]``.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> Snapshot.load("lima").defaults.instruction_schedule_map.get("x", 0).metadata["publisher"].name
        'BACKEND_PROVIDER'
    """

    BACKEND_PROVIDER = 0
    QISKIT = 1
    EXPERIMENT_SERVICE = 2


class Schedule:
    """Instructions with start times, in units of dt. Immutable: what changes it returns another one.

    ``a | b`` plays both from their own zero, ``a + b`` plays ``b`` when the channels of both are free, and ``a << 10``
    starts 10 dt later. Two schedules are equal if they have the same instructions at the same times.

    Examples:
        >>> from qiskit_ibm_native.pulse import Drag, DriveChannel, Play, Schedule, ShiftPhase
        >>> half = Play(Drag(160, amp=0.1, sigma=40, beta=-0.5), DriveChannel(0))
        >>> schedule = Schedule((0, half), (160, ShiftPhase(0.3, DriveChannel(0))), (160, half), name="mine")
        >>> schedule.duration  # dt
        320
        >>> schedule.channels
        (DriveChannel(0),)
    """

    __slots__ = ("__weakref__", "_channels", "_duration", "_instructions", "_metadata", "_name", "_slots")

    _instructions: tuple[Timed, ...]
    _channels: Channels | Callable[[], Channels]
    _slots: dict[Channel, Slots] | None

    _counter = itertools.count()

    def __init__(
        self,
        *schedules: Schedule | Instruction | tuple[int, Schedule | Instruction],
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Put schedules and instructions together.

        Args:
            schedules: What to play; pairs ``(start, schedule)`` start later than at 0.
            name: What to call it.
            metadata: Whatever is worth knowing about it.

        Raises:
            PulseError: Two of them overlap on a channel, one starts before 0 or ends after 2**62 dt, or the duration
                of one is not bound.
        """
        self._name = f"sched{next(self._counter)}" if name is None else name
        self._metadata = dict(metadata or {})
        timed: list[Timed] = []
        channels: dict[Channel, None] = {}
        self._duration = 0
        for item in schedules:
            start, schedule = _checked(*item) if isinstance(item, tuple | list) else _checked(0, item)
            timed.extend((start + time, it) for time, it in schedule.instructions)
            channels.update(dict.fromkeys(schedule.channels))
            self._duration = max(self._duration, start + schedule.duration)
        # Sorting keeps the order of what has the same key.
        self._instructions = tuple(sorted(timed, key=_sort_key))
        self._channels = tuple(channels)
        self._slots = None
        for channel, slots in self._timeslots().items():
            self._check(channel, slots)

    @classmethod
    def _of(
        cls,
        name: str,
        instructions: tuple[Timed, ...],
        duration: int,
        channels: Channels | Callable[[], Channels],
        metadata: dict[str, Any],
    ) -> Schedule:
        """Take over instructions that are known to be sorted, and not to overlap."""
        schedule = cls.__new__(cls)
        schedule._name, schedule._instructions, schedule._duration = name, instructions, duration
        schedule._channels, schedule._metadata, schedule._slots = channels, metadata, None
        return schedule

    def _check(self, channel: Channel, slots: Slots) -> None:
        """Make sure that sorted slots of a channel start at 0 or later, and do not overlap."""
        if slots and slots[0][0] < 0:
            raise pulse_error(f"An instruction on {channel} of {self.name} would start at {slots[0][0]} dt.")
        for (_, stop), (start, _) in itertools.pairwise(slots):
            if start < stop:
                raise pulse_error(
                    f"An instruction on {channel} of {self.name} that starts at {start} dt overlaps with one that"
                    f" ends at {stop} dt."
                )

    @property
    def name(self) -> str:
        """The name of the schedule."""
        return self._name

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata; a copy."""
        return dict(self._metadata)

    @property
    def duration(self) -> int:
        """The end time of the last instruction, dt."""
        return self._duration

    @property
    def start_time(self) -> int:
        """The start time of the first instruction, dt."""
        return self._instructions[0][0] if self._instructions else 0

    @property
    def stop_time(self) -> int:
        """The end time of the last instruction, dt."""
        return self._duration

    @property
    def instructions(self) -> tuple[Timed, ...]:
        """Pairs of a start time and an instruction, sorted by start, duration and names of channels."""
        return self._instructions

    @property
    def channels(self) -> Channels:
        """The channels with instructions, in order of insertion."""
        channels = self._channels
        if callable(channels):
            self._channels = channels = channels()
        return channels

    @property
    def timeslots(self) -> dict[Channel, list[tuple[int, int]]]:
        """Busy intervals by channel: sorted pairs of a start and an end, dt; copies."""
        return {channel: list(slots) for channel, slots in self._timeslots().items()}

    def _timeslots(self) -> dict[Channel, Slots]:
        if self._slots is None:
            slots: dict[Channel, Slots] = {channel: [] for channel in self.channels}
            for start, instruction in self._instructions:
                for channel in instruction.channels:
                    slots[channel].append((start, start + instruction.duration))
            self._slots = {channel: sorted(times) for channel, times in slots.items()}
        return self._slots

    def ch_start_time(self, *channels: Channel) -> int:
        """Return the start time of the first instruction on some channels, dt; 0 if there is none."""
        slots = self._timeslots()
        return min((slots[it][0][0] for it in channels if it in slots), default=0)

    def ch_stop_time(self, *channels: Channel) -> int:
        """Return the end time of the last instruction on some channels, dt; 0 if there is none."""
        slots = self._timeslots()
        return max((slots[it][-1][1] for it in channels if it in slots), default=0)

    def ch_duration(self, *channels: Channel) -> int:
        """Return what :meth:`ch_stop_time` does."""
        return self.ch_stop_time(*channels)

    # Other schedules

    def shift(self, time: int, name: str | None = None, inplace: bool = False) -> Schedule:
        """Return the schedule, starting ``time`` dt later.

        Raises:
            PulseError: Something would start before 0, or ``inplace`` is asked for.
        """
        _refuse(inplace)
        return Schedule((time, self), name=name or self.name, metadata=self._metadata)

    def insert(
        self, start_time: int, schedule: Schedule | Instruction, name: str | None = None, inplace: bool = False
    ) -> Schedule:
        """Return the schedule together with another one.

        Args:
            start_time: When the other one starts, dt.
            schedule: The other one.
            name: What to call the result, if not as this one.
            inplace: Must be false, because schedules do not change.

        Raises:
            PulseError: They overlap on a channel, or something would start before 0 or end after 2**62 dt.
        """
        _refuse(inplace)
        start, added = _checked(start_time, schedule)
        timed = tuple((start + time, it) for time, it in added.instructions)
        together = self._instructions + timed
        if self._instructions and timed and _sort_key(timed[0]) < _sort_key(self._instructions[-1]):
            together = tuple(sorted(together, key=_sort_key))
        channels = tuple(dict.fromkeys((*self.channels, *added.channels)))
        duration = max(self._duration, start + added.duration)
        joined = Schedule._of(name or self.name, together, duration, channels, dict(self._metadata))
        joined._slots = self._joined_slots(start, added)
        return joined

    def _joined_slots(self, start: int, added: Schedule | Instruction) -> dict[Channel, Slots]:
        """Return the slots of the schedule together with those of another one, which must be free."""
        slots = dict(self._timeslots())
        others = (
            added._timeslots() if isinstance(added, Schedule) else {it: [(0, added.duration)] for it in added.channels}
        )
        for channel, times in others.items():
            new = [(begin + start, end + start) for begin, end in times]
            known = slots.get(channel, [])
            # An instruction behind all others, the usual case, overlaps with none.
            if known and new and new[0][0] >= known[-1][1]:
                self._check(channel, new)
                slots[channel] = known + new
            else:
                slots[channel] = sorted(known + new)
                self._check(channel, slots[channel])
        return slots

    def append(self, schedule: Schedule | Instruction, name: str | None = None, inplace: bool = False) -> Schedule:
        """Return the schedule with another one behind it, which starts when the channels of both are free."""
        common = set(self.channels) & set(schedule.channels)
        return self.insert(self.ch_stop_time(*common), schedule, name, inplace)

    def replace(self, old: Instruction, new: Schedule | Instruction, inplace: bool = False) -> Schedule:
        """Return the schedule with each instruction that equals ``old`` replaced by ``new``.

        A schedule keeps the instructions of the schedules that it was put together from, not those schedules.

        Raises:
            PulseError: ``old`` is a schedule, or the result would overlap on a channel.
        """
        _refuse(inplace)
        if not isinstance(old, Instruction):
            raise pulse_error(f"Only instructions can be replaced, not {old!r}.")
        parts = [(time, new if it == old else it) for time, it in self._instructions]
        return Schedule(*parts, name=self.name, metadata=self._metadata)

    def filter(
        self,
        *filter_funcs: Callable[[Timed], bool],
        channels: Iterable[Channel] | Channel | None = None,
        instruction_types: Iterable[type[Instruction]] | type[Instruction] | None = None,
        time_ranges: Iterable[tuple[int, int]] | None = None,
        intervals: Iterable[tuple[int, int]] | None = None,
        check_subroutine: bool = True,  # noqa: ARG002 (as in Qiskit; schedules have no subroutines)
    ) -> Schedule:
        """Return a schedule of those instructions that all conditions hold for.

        Args:
            filter_funcs: Take a pair of a start time and an instruction each.
            channels: One of these must be among the instruction's channels.
            instruction_types: The instruction must be of one of these classes.
            time_ranges: The instruction must lie within one of these pairs of a start and an end, dt.
            intervals: The same.
            check_subroutine: Has no meaning here, since schedules have no subroutines.
        """
        wanted = _filters(channels, instruction_types, time_ranges, intervals, filter_funcs)
        return self._those(lambda timed: all(holds(timed) for holds in wanted))

    def exclude(
        self,
        *filter_funcs: Callable[[Timed], bool],
        channels: Iterable[Channel] | Channel | None = None,
        instruction_types: Iterable[type[Instruction]] | type[Instruction] | None = None,
        time_ranges: Iterable[tuple[int, int]] | None = None,
        intervals: Iterable[tuple[int, int]] | None = None,
        check_subroutine: bool = True,  # noqa: ARG002 (as in Qiskit; schedules have no subroutines)
    ) -> Schedule:
        """Return a schedule of the instructions that :meth:`filter` would leave out."""
        wanted = _filters(channels, instruction_types, time_ranges, intervals, filter_funcs)
        return self._those(lambda timed: not wanted or not all(holds(timed) for holds in wanted))

    def _those(self, holds: Callable[[Timed], bool]) -> Schedule:
        return Schedule(*(it for it in self._instructions if holds(it)), name=self.name, metadata=self._metadata)

    # Parameters

    @property
    def parameters(self) -> set[Any]:
        """The unbound parameters."""
        return {one for _, instruction in self._instructions for one in instruction.parameters}

    def is_parameterized(self) -> bool:
        """Return ``True`` if a parameter is unbound."""
        return any(instruction.is_parameterized() for _, instruction in self._instructions)

    def get_parameters(self, parameter_name: str) -> list[Any]:
        """Return the unbound parameters of a name."""
        return [one for one in self.parameters if one.name == parameter_name]

    def assign_parameters(self, value_dict: Mapping[Any, Any], inplace: bool = False) -> Schedule:
        """Return the schedule with parameters replaced.

        Args:
            value_dict: Values by parameter, by name, or by vector of parameters: numbers, or other parameters.
            inplace: Must be false, because schedules do not change.

        Raises:
            PulseError: There is no such parameter, or the result makes no sense.
        """
        _refuse(inplace)
        values = by_parameter(value_dict, self.parameters)
        timed = tuple((start, it._bound(values) if it.is_parameterized() else it) for start, it in self._instructions)
        return Schedule._of(self.name, timed, self._duration, self._channels, dict(self._metadata))

    # Ways out

    def to_json(self) -> str:
        """Return the schedule as JSON text; see :mod:`qiskit_ibm_native.pulse.export`."""
        from .export import to_json

        return to_json(self)

    def to_arrays(self, apply_phases: bool = False) -> dict[Channel, Any]:
        """Return the samples of each channel as arrays; see :func:`qiskit_ibm_native.pulse.export.to_arrays`."""
        from .export import to_arrays

        return to_arrays(self, apply_phases)

    def draw(
        self,
        backend: Any = None,
        *,
        time_range: tuple[int, int] | None = None,
        disable_channels: Iterable[Channel] = (),
        show_framechange: bool = True,
        show_waveform_info: bool = True,
        **options: Any,
    ) -> Figure:
        """Draw the schedule; see :func:`qiskit_ibm_native.visualization.plot_schedule`.

        Args:
            backend: A backend with pulses, for its time resolution and its frequencies.
            time_range: The first and the last time to draw, dt; by default, all of the schedule.
            disable_channels: Channels to leave out.
            show_framechange: Whether to show where phases and frequencies change.
            show_waveform_info: Whether to write the names of pulses.
            options: Further arguments of ``plot_schedule``, which go before those of the backend.

        Returns:
            The figure; ``figure.savefig`` writes it, and notebooks show it.

        Raises:
            PulseError: There is no channel to draw, or the range of times is empty.
            MissingPackageError: Matplotlib is not installed; it is an ``ImportError``, too.
        """
        from .drawing import plot_schedule

        left_out = set(disable_channels)
        options = {"channels": [channel for channel in self.channels if channel not in left_out], **options}
        if backend is not None:
            defaults = backend.defaults()
            known = {} if defaults is None else {"frequencies": defaults.frequencies}
            options = {"dt": backend.dt, **known, **options}
        return plot_schedule(
            self, time_range=time_range, show_framechange=show_framechange, show_waveform_info=show_waveform_info,
            **options,
        )  # fmt: skip

    def _repr_svg_(self) -> str:
        from .drawing.svg import to_svg

        return to_svg(self)

    def _repr_html_(self) -> str:
        from .drawing.svg import to_html

        return to_html(self)

    # Python's own

    def __len__(self) -> int:
        return len(self._instructions)

    def __or__(self, other: Schedule | Instruction) -> Schedule:
        return self.insert(0, other)

    def __add__(self, other: Schedule | Instruction) -> Schedule:
        return self.append(other)

    def __lshift__(self, time: int) -> Schedule:
        return self.shift(time)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schedule | Instruction):
            return NotImplemented
        return self is other or (set(self.channels) == set(other.channels) and self.instructions == other.instructions)

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Schedule:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Schedule:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Schedule._of, (self._name, self._instructions, self._duration, self.channels, self._metadata)

    def __repr__(self) -> str:
        shown = [repr(timed) for timed in self._instructions[:50]]
        if len(self._instructions) > 50:
            shown.append("...")
        shown.append(f'name="{self._name}"')
        return f"Schedule({', '.join(shown)})"


def _checked(start: Any = None, schedule: Any = None, *more: Any) -> tuple[int, Schedule | Instruction]:
    """Return a part of a schedule; PulseError if it is none."""
    if more or not isinstance(schedule, Schedule | Instruction):
        raise pulse_error(f"A schedule consists of schedules and instructions, not {schedule!r}.")
    if hasattr(schedule.duration, "parameters"):
        raise pulse_error(f"The duration of {schedule!r} is not bound; a schedule needs to know it.")
    start = whole(start, None)
    if start + schedule.duration > _LATEST:
        raise pulse_error(f"A schedule ends at {_LATEST} dt at most, which is years; {schedule.name} would end later.")
    return start, schedule


def _sort_key(timed: Timed) -> tuple[int, int, list[str]]:
    start, instruction = timed
    return start, instruction.duration, sorted(channel.name for channel in instruction.channels)


def _refuse(inplace: bool) -> None:
    if inplace:
        raise pulse_error("A schedule cannot be changed in place; use the schedule that is returned.")


def _listed(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, Iterable) else (values,)


def _filters(
    channels: Any, types: Any, time_ranges: Any, intervals: Any, others: Iterable[Callable[[Timed], bool]]
) -> list[Callable[[Timed], bool]]:
    filters = list(others)
    if channels is not None:
        wanted = set(_listed(channels))
        filters.append(lambda timed: not wanted.isdisjoint(timed[1].channels))
    if types is not None:
        kinds = _listed(types)
        filters.append(lambda timed: isinstance(timed[1], kinds))
    filters.extend(_within(ranges) for ranges in (time_ranges, intervals) if ranges is not None)
    return filters


def _within(ranges: Iterable[tuple[int, int]]) -> Callable[[Timed], bool]:
    wanted = list(ranges)
    return lambda timed: any(start <= timed[0] and timed[0] + timed[1].duration <= stop for start, stop in wanted)
