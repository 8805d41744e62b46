# SPDX-License-Identifier: Apache-2.0
"""The content of a picture of values over time, whatever draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..._moments import span_of
from ..._words import count, quantity, scale
from ...archive.events.event import KINDS, Event, moment_at
from ...archive.questions.change_points import ChangePoints
from ...exceptions import IBMInputValueError
from ..dates import period_text, span_text
from .course import Course, columns_of, course_of, gap_ends, longest_gap, quantiles_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .course import Floats, Times

#: The kind of marks where levels changed, beside the kinds of events.
LEVELS = "level changed"
#: More lines than this are drawn thin and in one colour: a theme has as many colours, but for that of the median.
MOST_LINES = 6


class Band(NamedTuple):
    """A band between two quantiles: their levels, arrays ``(n,)`` of the values at these, and its name."""

    low_level: float
    high_level: float
    low: Floats
    high: Floats
    label: str


class Line(NamedTuple):
    """The values of a single qubit, or of a gate on its qubits, an array ``(n,)``."""

    column: int
    label: str
    values: Floats


class Marked(NamedTuple):
    """Something that is marked below the values.

    Attributes:
        kind: A kind of events, or :data:`LEVELS`.
        time: When, ``datetime64`` in UTC.
        until: When the state ends that it is about, for states that are drawn as long as they last.
        line: The number of the line that it belongs to; ``None`` if there is none.
        text: Description.
    """

    kind: str
    time: np.datetime64
    until: np.datetime64 | None
    line: int | None
    text: str


class Level(NamedTuple):
    """The levels of a line between changes: times of ``(k + 1,)`` ends, and values ``(k,)``."""

    line: int
    times: Times
    values: Floats


class Content(NamedTuple):
    """The content of a picture; values are in ``unit``, which has a prefix.

    Attributes:
        title: The first line above.
        subtitle: The second one.
        axis: The name of the quantity with its unit.
        unit: The unit; empty for probabilities.
        size: The size of the unit, in SI units.
        times: Times in UTC, an array ``(n,)``.
        middle: Medians of all columns, an array ``(n,)``, or for flags how many work.
        middle_label: The name of the medians.
        bands: Bands, the widest one first.
        lines: Single qubits.
        ends: Indices of the calibrations that come after a long gap.
        gap_label: The name of the shaded times; empty if there are none.
        marks: Events and changes.
        levels: Levels of lines between changes.
        is_log: Whether the scale is logarithmic.
        is_flag: Whether qubits that work are counted.
        notes: Statements on values that are not drawn.
    """

    title: str
    subtitle: str
    axis: str
    unit: str
    size: float
    times: Times
    middle: Floats
    middle_label: str
    bands: list[Band]
    lines: list[Line]
    ends: NDArray[np.int64]
    gap_label: str
    marks: list[Marked]
    levels: list[Level]
    is_log: bool
    is_flag: bool
    notes: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether there is no value at all."""
        return not np.isfinite(self.middle).any()

    @property
    def has_many_lines(self) -> bool:
        """Whether lines are too many to be told apart."""
        return len(self.lines) > MOST_LINES


def content_of(
    series: Any,
    name: str | None,
    gate: str | None,
    qubits: Any,
    events: Iterable[Event] | None,
    changes: ChangePoints | bool | None,
    bands: Sequence[float],
    gap: Any,
    log: bool | None,
    title: str | None,
) -> Content:
    """Return the content of a picture; see :func:`plot_drift`."""
    course = course_of(series, name, gate)
    columns = columns_of(course, qubits)
    if course.quantity.is_flag and columns:
        raise IBMInputValueError(
            f"{course.quantity.name!r} is true or false, so that it has no lines of single qubits: leave qubits out, and give"
            " events, which tell when each failed and returned."
        )
    typical = float(np.nanmedian(np.abs(course.values))) if np.isfinite(course.values).any() else math.nan
    size, unit = scale(typical, course.quantity.unit)
    limit = longest_gap(course.times, None if gap is None else np.timedelta64(span_of(gap, name="gap")))
    ends = gap_ends(course.times, limit)
    middle, label, found = _middle(course, columns, _levels_of(bands), size)
    lines = [Line(column, course.label(column), course.values[:, column] / size) for column in columns]
    is_log = course.quantity.is_probability if log is None else bool(log)
    chosen = columns if columns and qubits != "all" else None
    told = _changes_of(course, changes)
    marks = [*_events_of(course, events, chosen), *([] if told is None else _marks_of(course, told, chosen))]
    return Content(
        title=title if title is not None else ": ".join(filter(None, (course.backend, course.name))),
        subtitle=_subtitle(course, typical),
        axis=_axis(course, unit, is_log=is_log),
        unit=unit, size=size, times=course.times, middle=middle, middle_label=label, bands=found, lines=lines,
        ends=ends, gap_label=_gap_label(limit) if len(ends) else "", marks=marks,
        levels=[] if told is None or chosen is None else _levels(course, told, chosen, size),
        is_log=is_log, is_flag=course.quantity.is_flag, notes=_notes(course, is_log=is_log),
    )  # fmt: skip


def _levels_of(bands: Any) -> list[tuple[float, float]]:
    """Return the levels of the quantiles of bands, those of the widest one first."""
    shares = [bands] if isinstance(bands, int | float) else list(bands)
    for share in shares:
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise IBMInputValueError(f"bands are shares above 0 and up to 1, such as (0.5, 0.9), not {bands!r:.80}.")
    # Rounded, so that 0.9 is from 0.05 and not from 0.04999999999999999.
    return [(round((1 - share) / 2, 12), round((1 + share) / 2, 12)) for share in sorted(set(shares), reverse=True)]


def _middle(
    course: Course, columns: list[int], levels: list[tuple[float, float]], size: float
) -> tuple[Floats, str, list[Band]]:
    """Return the middle line, its name, and bands."""
    number = len(course.qubits)
    if course.quantity.is_flag:
        return course.values.sum(axis=1), f"{course.places} that work, of {number:,}", []
    found = quantiles_of(course.values / size, [0.5, *(level for pair in levels for level in pair)])
    if number == 1:
        return found[0], course.label(0), []
    bands = []
    for (low, high), values in zip(levels, found[1:].reshape(len(levels), 2, found.shape[1]), strict=True):
        label = f"{_percent(low)} to {_percent(high)} % of {course.places}"
        bands.append(Band(low, high, values[0], values[1], label))
    # Bands would be hidden behind that many lines.
    bands = [] if len(columns) > MOST_LINES else bands
    return found[0], f"median of {count(number, course.places.removesuffix('s'))}", bands


def _subtitle(course: Course, typical: float) -> str:
    if not len(course.times):
        return "no calibrations"
    period = period_text(moment_at(course.times[0]), moment_at(course.times[-1]))
    has_median = not course.quantity.is_flag and not math.isnan(typical)
    median = f"median {quantity(typical, course.quantity.unit, 3)}, " if has_median else ""
    return f"{median}{count(len(course.times), 'calibration')}, {period}"


def _axis(course: Course, unit: str, *, is_log: bool) -> str:
    if course.quantity.is_flag:
        return f"{course.places} that work"
    words = ", ".join(filter(None, (unit, "log scale" if is_log else "")))
    return f"{course.quantity.payload_name.replace('_', ' ')}{f' ({words})' if words else ''}"


def _gap_label(limit: np.timedelta64 | None) -> str:
    seconds = 0.0 if limit is None else limit / np.timedelta64(1, "s")
    return f"no calibration for more\nthan {span_text(float(seconds))}"


def _notes(course: Course, *, is_log: bool) -> list[str]:
    """Return statements on values that are not on the picture."""
    notes = []
    if course.num_faulty:
        notes.append(f"{count(course.num_faulty, 'error')} of 1 left out:\ngates that do not work")
    if course.num_undated:
        notes.append(f"{count(course.num_undated, 'calibration')} without\na time left out")
    hidden = int((course.values <= 0).sum()) if is_log else 0
    if hidden:
        notes.append(f"{count(hidden, 'value')} not above 0,\nwhich a log scale has not")
    return notes


# Marks


def _changes_of(course: Course, changes: Any) -> ChangePoints | None:
    if changes is None or changes is False:
        return None
    found = course.changes() if changes is True else changes
    if not isinstance(found, ChangePoints):
        raise IBMInputValueError(f"changes are series.change_points() or True, not {type(changes).__name__}.")
    if (found.quantity, found.gate) != (course.quantity.name, course.gate):
        raise IBMInputValueError(f"{found!r} has the changes of another series than this one, of {course.name}.")
    return found


def _marks_of(course: Course, changes: ChangePoints, chosen: list[int] | None) -> list[Marked]:
    """Return the changes of all columns, or of the chosen ones."""
    lines = _lines(course, chosen)
    marks = []
    for row, time in enumerate(changes.times):
        place = np.atleast_1d(changes.qubits[row]).tolist()
        line = lines.get(tuple(place))
        if chosen is None or line is not None:
            values = [quantity(value, course.quantity.unit, 3) for value in (changes.before[row], changes.after[row])]
            subject = f"qubit {place[0]}" if course.gate is None else f"{course.gate} ({', '.join(map(str, place))})"
            marks.append(Marked(LEVELS, time, None, line, f"{subject}: from {values[0]} to {values[1]}"))
    return marks


def _levels(course: Course, changes: ChangePoints, chosen: list[int], size: float) -> list[Level]:
    """Return the levels of chosen columns that changed."""
    found = []
    for place, line in _lines(course, chosen).items():
        rows = [row for row in range(len(changes)) if tuple(np.atleast_1d(changes.qubits[row]).tolist()) == place]
        if rows and line is not None:
            times = np.array([course.times[0], *changes.times[rows], course.times[-1]])
            found.append(Level(line, times, np.array([changes.before[rows[0]], *changes.after[rows]]) / size))
    return found


def _lines(course: Course, chosen: list[int] | None) -> dict[tuple[int, ...], int | None]:
    """Return the numbers of lines by their qubits; without lines, all columns have ``None``."""
    if chosen is None:
        return {course.place(column): None for column in range(len(course.qubits))}
    return {course.place(column): number for number, column in enumerate(chosen)}


def _events_of(course: Course, events: Iterable[Event] | None, chosen: list[int] | None) -> list[Marked]:
    """Return the events that concern the series, in its time."""
    if events is None or not len(course.times):
        return []
    listed = list(events)
    if not all(isinstance(event, Event) for event in listed):
        raise IBMInputValueError("events are those of CalibrationArchive.events(device), a sequence of Event.")
    lines, marks = _lines(course, chosen), []
    for event in listed:
        if event.kind in KINDS and _concerns(event, course) and (not event.qubits or event.qubits in lines):
            lasts = event.kind in {"late", "frozen"}
            time, until = _array_time(event.time), None if event.until is None else _array_time(event.until)
            since = _array_time(event.since) if event.kind == "frozen" else time
            if (
                course.times[0] <= _array_time(event.since) <= course.times[-1]
                or course.times[0] <= time <= course.times[-1]
            ):
                end = until if until is not None else max(time, course.times[-1])
                line = lines.get(event.qubits) if event.qubits else None
                marks.append(Marked(event.kind, since, end if lasts else None, line, str(event)))
    return marks


def _concerns(event: Event, course: Course) -> bool:
    if course.backend and event.backend != course.backend:
        return False
    if event.kind == "late":
        return True
    return event.gate == course.gate and event.quantity in {None, course.quantity.name}


def _array_time(time: Any) -> np.datetime64:
    from ..._timestamps import microseconds

    return np.datetime64(microseconds(time), "us")


def _percent(level: float) -> str:
    return f"{100 * level:.4g}"
