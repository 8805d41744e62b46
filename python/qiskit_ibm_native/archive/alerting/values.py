# SPDX-License-Identifier: Apache-2.0
"""Values that pass the thresholds of a rule."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..._moments import span_of
from ..._timestamps import utc
from ...exceptions import ArchiveError
from ..events.event import moment_at, value_text
from ..events.failures import FAILING_ERROR, qubits_of
from ..questions.robust import medians
from .alert import Alert

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..series import ArchiveSeries
    from .rules import ValueRule

    Floats = NDArray[np.float64]

#: Values before a calibration below which they have no median that counts.
_FEWEST = 3


class _Period(NamedTuple):
    """Calibrations in which a condition held, from the first to the last one."""

    column: int
    first: int
    last: int


def value_alerts(rule: ValueRule, series: ArchiveSeries, since: datetime.datetime | None) -> Iterator[Alert]:
    """Yield the alerts of a rule about a series.

    Args:
        rule: The rule.
        series: All qubits, or all qargs of the gate, over time.
        since: When alerts begin at the earliest; ``None`` for those that hold in the last calibration.
    """
    if not len(series):
        return
    columns = _columns(rule, series)
    values = np.where(series.valid, series.values, np.nan)[:, columns]
    limits = _Thresholds(rule, series, values)
    for kind in rule.KINDS:
        amount = getattr(rule, kind)
        if amount is None:
            continue
        periods = _held(limits, kind, amount) if since is None else _began(limits, kind, amount, since)
        for column, first, last in periods:
            value, threshold = float(values[last, column]), float(limits.of(kind, amount, last)[column])
            time, began = moment_at(series.times[last]), moment_at(series.times[first])
            until = moment_at(series.times[last + 1]) if last + 1 < len(series) else None
            qubits = qubits_of(series, int(columns[column]))
            yield Alert(
                rule.name, series.backend, kind, series.gate, qubits, series.quantity, value, threshold, time, began,
                until, _reason(kind, amount, value, threshold, series.unit),
            )  # fmt: skip


class _Thresholds:
    """The thresholds of a rule, and where they are passed."""

    def __init__(self, rule: ValueRule, series: ArchiveSeries, values: Floats) -> None:
        self.times, self.values = series.times, values
        self.window = np.timedelta64(span_of(rule.window, name="window"))
        is_error = series.gate is not None and series.quantity == "error"
        self._working = np.where(values < FAILING_ERROR, values, np.nan) if is_error else values
        self._medians: dict[int, Floats] = {}

    def of(self, kind: str, amount: float, time: int) -> Floats:
        """Return the thresholds of all columns at a calibration; ``nan`` if there is none."""
        if kind in ("above", "below"):
            return np.full(self.values.shape[1], float(amount))
        middle = self._median(time)
        return middle + (amount if kind == "rise" else -amount) * np.abs(middle)

    def passed(self, kind: str, amount: float, time: int) -> NDArray[np.bool_]:
        """Return which columns pass their threshold at a calibration."""
        compare: Callable[[Floats, Floats], NDArray[np.bool_]] = np.greater if kind in ("above", "rise") else np.less
        return compare(self.values[time], self.of(kind, amount, time))

    def _median(self, time: int) -> Floats:
        if time not in self._medians:
            now = self.times[time]
            first = int(np.searchsorted(self.times, now - self.window))
            before = self._working[first : int(np.searchsorted(self.times, now))]
            count = np.count_nonzero(~np.isnan(before), axis=0)
            self._medians[time] = np.where(count >= _FEWEST, medians(before), np.nan)
        return self._medians[time]


def _held(limits: _Thresholds, kind: str, amount: float) -> Iterator[_Period]:
    """Yield what holds in the last calibration, and since when, but not further back than a window."""
    last = len(limits.times) - 1
    firsts = dict.fromkeys(np.flatnonzero(limits.passed(kind, amount, last)).tolist(), last)
    unfinished = set(firsts)
    time = last - 1
    while unfinished and time >= 0 and limits.times[last] - limits.times[time] <= limits.window:
        passed = limits.passed(kind, amount, time)
        unfinished = {column for column in unfinished if passed[column]}
        firsts.update(dict.fromkeys(unfinished, time))
        time -= 1
    yield from (_Period(column, first, last) for column, first in firsts.items())


def _began(limits: _Thresholds, kind: str, amount: float, since: datetime.datetime) -> Iterator[_Period]:
    """Yield what began to hold at a time or later, whether or not it still does."""
    start = int(np.searchsorted(limits.times, np.datetime64(utc(since).replace(tzinfo=None), "us")))
    count, width = len(limits.times), limits.values.shape[1]
    passed = np.zeros((count + 1, width), dtype=bool)
    for time in range(max(start - 1, 0), count):
        passed[time] = limits.passed(kind, amount, time)
    for column in range(width):
        flags = passed[:, column]
        for time in range(start, count):
            if flags[time] and not (time and flags[time - 1]):
                yield _Period(column, time, time + int((~flags[time:]).argmax()) - 1)


def _columns(rule: ValueRule, series: ArchiveSeries) -> NDArray[np.int64]:
    """Return the columns that a rule is about.

    Raises:
        ArchiveError: The device does not have a qubit or qargs.
    """
    places = [qubits_of(series, column) for column in range(len(series.qubits))]
    chosen = list(range(len(places)))
    if isinstance(rule.qubits, tuple):
        known = {qubit for place in places for qubit in place}
        _refuse_missing(rule, series, [(qubit,) for qubit in rule.qubits if qubit not in known])
        chosen = [column for column in chosen if set(rule.qubits).issuperset(places[column])]
    if isinstance(rule.qargs, tuple):
        _refuse_missing(rule, series, [qargs for qargs in rule.qargs if qargs not in places])
        chosen = [column for column in chosen if places[column] in rule.qargs]
    return np.array(chosen, dtype=np.int64)


def _refuse_missing(rule: ValueRule, series: ArchiveSeries, missing: list[tuple[int, ...]]) -> None:
    if missing:
        of = "" if series.gate is None else f" of {series.gate}"
        raise ArchiveError(
            f"{rule.name}: {series.backend} has no qubits {', '.join(map(str, missing[0]))}{of} in that time."
        )


def _reason(kind: str, amount: float, value: float, threshold: float, unit: str) -> str:
    text, limit = value_text(value, unit, 6), value_text(threshold, unit, 6)
    if kind in ("above", "below"):
        return f"is {text}, {kind} {limit}"
    direction = "above" if kind == "rise" else "below"
    return f"is {text}, more than {amount:.0%} {direction} its median, so {direction} {limit}"
