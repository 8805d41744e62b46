# SPDX-License-Identifier: Apache-2.0
"""Qubits and gates that fail and come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .event import Event, moment_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..series import ArchiveSeries

    Flags = NDArray[np.bool_]

#: Errors from this one on mark gates that do not work.
FAILING_ERROR = 1.0


def qubit_failures(operational: ArchiveSeries) -> Iterator[Event]:
    """Yield the failures and returns of qubits.

    Args:
        operational: Whether qubits are operational. A calibration that says nothing of a qubit lets it be used.
    """
    works = ~operational.valid | operational.values.astype(bool)

    def state(time: int, column: int) -> str:
        return "worked" if works[time, column] else "not operational"

    yield from _changes(operational, works, np.ones_like(works), state)


def gate_failures(operational: ArchiveSeries, error: ArchiveSeries, duration: ArchiveSeries) -> Iterator[Event]:
    """Yield the failures and returns of a gate.

    Args:
        operational: Whether the gate is listed and operational.
        error: Its errors, of the same qargs at the same times.
        duration: Its durations.
    """
    flags = operational.values.astype(bool)
    # A gate that is not listed has no values, and one that is flagged and has none is not told from it.
    is_listed = flags | error.valid | duration.valid
    is_broken = error.valid & (np.nan_to_num(error.values) >= FAILING_ERROR)
    # Before a gate is listed for the first time, it has not failed: there is no such gate.
    exists = np.logical_or.accumulate(is_listed, axis=0)

    def state(time: int, column: int) -> str:
        if not is_listed[time, column]:
            return "not listed"
        if not flags[time, column]:
            return "not operational"
        if is_broken[time, column]:
            return "error of 1"
        return f"worked, error {error.values[time, column]:.3g}" if error.valid[time, column] else "worked"

    yield from _changes(operational, flags & ~is_broken, exists, state)


def _changes(series: ArchiveSeries, works: Flags, exists: Flags, state: Callable[[int, int], str]) -> Iterator[Event]:
    """Yield the changes of a state.

    Args:
        series: The series, for names and times.
        works: Whether a qubit or gate works, an array ``(time, m)``.
        exists: Whether there is such a one yet.
        state: Returns the state at a time in a column, as a text.
    """
    for column in np.flatnonzero((exists & ~works).any(axis=0)).tolist():
        first = int(exists[:, column].argmax())
        flags = works[first:, column]
        steps = (np.flatnonzero(flags[1:] != flags[:-1]) + first + 1).tolist()
        if not flags[0]:
            steps.insert(0, first)
        for number, step in enumerate(steps):
            is_return = bool(works[step, column])
            following = steps[number + 1] if number + 1 < len(steps) else None
            span = (steps[number - 1], step) if is_return else (step, following)
            before = state(step - 1, column) if step else "unknown"
            yield _event(series, column, step, span, before, state(step, column))


def _event(
    series: ArchiveSeries, column: int, step: int, span: tuple[int, int | None], before: str, after: str
) -> Event:
    since, until = span
    times = series.times
    is_return = until == step
    return Event(
        series.backend, "returned" if is_return else "failed", moment_at(times[step]), moment_at(times[since]),
        None if until is None else moment_at(times[until]),
        moment_at(times[-1 if until is None else until]) - moment_at(times[since]),
        series.gate, qubits_of(series, column), None, None, before, after.replace("worked", "works") if is_return else after,
    )  # fmt: skip


def qubits_of(series: ArchiveSeries, column: int) -> tuple[int, ...]:
    """Return the qubit, or the qargs, of a column of a series."""
    qubits: int | Sequence[int] = series.qubits[column].tolist()
    return (qubits,) if isinstance(qubits, int) else tuple(qubits)
