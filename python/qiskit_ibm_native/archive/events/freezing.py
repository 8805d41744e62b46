# SPDX-License-Identifier: Apache-2.0
"""Values that stay the same, bit by bit, while others of their kind change."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .event import Event, moment_at, value_text
from .failures import FAILING_ERROR, qubits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..series import ArchiveSeries

    Flags = NDArray[np.bool_]
    Indices = NDArray[np.int64]


class _Run(NamedTuple):
    """Calibrations in which a column has one value.

    Attributes:
        column: The column.
        present: The calibrations, increasing indices.
        before: The calibration with the value before; ``None`` if there is none.
        after: The calibration with the next value; ``None`` if there is none.
    """

    column: int
    present: Indices
    before: int | None
    after: int | None


def frozen_values(series: ArchiveSeries, after: datetime.timedelta) -> Iterator[Event]:
    """Yield the values of a series that are frozen, see :meth:`CalibrationArchive.events`.

    Args:
        series: Values of all qubits, or of all qargs of a gate: the others that a value is compared with.
        after: How long a value has to be the same.
    """
    valid = series.valid & np.isfinite(series.values)
    if series.gate is not None and series.quantity == "error":
        valid = valid & (np.nan_to_num(series.values) < FAILING_ERROR)
    # Calibrations, by time and column, in which a column last had another value than before, and any.
    changes = np.full(valid.shape, -1)
    runs: list[_Run] = []
    for column in range(len(series.qubits)):
        starts, present = _starts(series, valid[:, column], column)
        changes[present[starts[1:]], column] = present[starts[1:]]
        runs += _long_runs(series, column, starts, present, np.timedelta64(after))
    if not runs or (changes < 0).all():
        return
    changed = np.maximum.accumulate(changes, axis=0)
    known = np.maximum.accumulate(np.where(valid, np.arange(len(valid)).reshape(-1, 1), -1), axis=0)
    for run in runs:
        times = series.times[run.present]
        long_enough = run.present[times - times[0] > np.timedelta64(after)]
        first = run.present[0]
        moved = (changed[long_enough] > first).sum(axis=1)
        others = (known[long_enough] > first).sum(axis=1) - 1
        frozen = np.flatnonzero((others > 0) & (2 * moved >= others))
        if len(frozen):
            step = frozen[0]
            yield _event(series, run, int(long_enough[step]), int(moved[step]), int(others[step]))


def _starts(series: ArchiveSeries, valid: Flags, column: int) -> tuple[Indices, Indices]:
    """Return where in the calibrations with a value another value begins, and these calibrations."""
    present = np.flatnonzero(valid)
    # Bits, by which 0.0 is another value than -0.0.
    bits = np.ascontiguousarray(series.values[present, column], dtype=float).view(np.int64)
    starts = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    return np.concatenate([np.zeros(min(len(present), 1), dtype=np.int64), starts]), present


def _long_runs(
    series: ArchiveSeries, column: int, starts: Indices, present: Indices, after: np.timedelta64
) -> Iterator[_Run]:
    ends = np.append(starts[1:], len(present))
    times = series.times[present]
    for number in np.flatnonzero(times[ends - 1] - times[starts] > after).tolist() if len(starts) else ():
        start, end = int(starts[number]), int(ends[number])
        before = int(present[start - 1]) if start else None
        yield _Run(column, present[start:end], before, int(present[end]) if end < len(present) else None)


def _event(series: ArchiveSeries, run: _Run, step: int, moved: int, others: int) -> Event:
    first, last = run.present[0], run.present[-1]
    since, until = moment_at(series.times[first]), None if run.after is None else moment_at(series.times[run.after])
    values = series.values[:, run.column]
    before = "unknown" if run.before is None else value_text(float(values[run.before]), series.unit)
    value = float(values[first])
    reason = f"{value_text(value, series.unit)} since {since:%Y-%m-%d %H:%M}, while {moved} of {others} others changed"
    return Event(
        series.backend, "frozen", moment_at(series.times[step]), since, until,
        (moment_at(series.times[last]) if until is None else until) - since,
        series.gate, qubits_of(series, run.column), series.quantity, value, before, reason,
    )  # fmt: skip
