# SPDX-License-Identifier: Apache-2.0
"""Which device was better than the others, and when."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._frames import Column, Table, Tabular, data_set
from ..._moments import span_of
from ...exceptions import IBMInputValueError
from ...snapshot.quantities import gate_quantity, qubit_quantity
from .robust import medians
from .subject import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..._moments import Span
    from ..series import ArchiveSeries

    Floats = NDArray[np.float64]

#: Quantities of which more is better; of probabilities of errors and durations, less is.
_MORE_IS_BETTER = frozenset({"t1", "t2"})
#: Quantities of which neither is better.
_NEITHER = frozenset({"frequency", "anharmonicity", "operational"})
#: More moments than any period of calibrations has; the number comes from the caller's period and step.
_MOST_MOMENTS = 1_000_000


@dataclass(frozen=True, repr=False)
class Ranking(Tabular):
    """Ranks of devices over time, arrays ``(time, devices)``.

    The value of a device at a moment is the median over its qubits, or over the qargs of the gate, in the last
    calibration that was updated then or before, if that is not older than ``max_age``. Rank 1 is the best one: the
    largest ``t1`` and ``t2``, the smallest of all other quantities. Devices with the same value share the smaller rank.
    A device without a value has the rank 0, and the value ``nan``; gates with an error of 1, which do not work, count
    with it.

    Attributes:
        quantity: The quantity.
        gate: The gate, if it is a quantity of gates.
        unit: The SI unit.
        backends: Names of the devices.
        times: The moments, ``datetime64`` in UTC.
        values: Values of the devices.
        ranks: Ranks from 1; 0 without a value.
    """

    quantity: str
    gate: str | None
    unit: str
    backends: tuple[str, ...]
    times: NDArray[np.datetime64]
    values: Floats
    ranks: NDArray[np.int64]

    def _table(self, *, wide: bool = False) -> Table:
        gate = {"gate": self.gate} if self.gate else {}
        notes = {"quantity": self.quantity, **gate}
        if wide:
            wide_columns = [
                Column(name, column, column > 0) for name, column in zip(self.backends, self.ranks.T, strict=True)
            ]
            return Table([Column("time", self.times), *wide_columns], notes, "time", "backend")
        count = len(self.times)
        names = np.tile(np.arange(len(self.backends), dtype=np.int32), count)
        values, ranks = self.values.ravel(), self.ranks.ravel()
        columns = [
            Column("time", np.repeat(self.times, len(self.backends))),
            Column("backend", names, labels=self.backends),
            Column(self.quantity, values, ~np.isnan(values), self.unit),
            Column("rank", ranks, ranks > 0),
        ]
        return Table(columns, notes)

    def to_xarray(self) -> Any:
        """Return values and ranks as an ``xarray.Dataset`` with the dimensions ``time`` (UTC) and ``backend``.

        Raises:
            IBMInputValueError: xarray is not installed.
        """
        dimensions = ("time", "backend")
        variables = {
            self.quantity: (dimensions, self.values, {"units": self.unit}), "rank": (dimensions, self.ranks, {}),
        }  # fmt: skip
        coords = {"time": ("time", self.times), "backend": list(self.backends)}
        return data_set(variables, coords, self._table().notes)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        of = self.quantity if self.gate is None else f"{self.gate} {self.quantity}"
        last = ""
        if len(self.times) and self.ranks[-1].any():
            order = sorted((int(rank), name) for rank, name in zip(self.ranks[-1], self.backends, strict=True) if rank)
            last = ", at last " + ", ".join(f"{rank} {name}" for rank, name in order)
        return f"<Ranking of {counted(len(self.backends), 'device')} by {of}: {counted(len(self), 'moment')}{last}>"


def checked_quantity(quantity: str, gate: str | None) -> str:
    """Return the public name of a quantity by which devices are ranked.

    Raises:
        IBMInputValueError: Neither more nor less of it is better.
        ValueError: There is no such quantity.
    """
    found = qubit_quantity(quantity) if gate is None else gate_quantity(quantity)
    if found.name in _NEITHER:
        raise IBMInputValueError(f"Devices are not ranked by {found.name!r}: neither more nor less of it is better.")
    return found.name


def ranking(series: Sequence[ArchiveSeries], period: tuple[Any, Any], every: Span, max_age: Span) -> Ranking:
    """Return the ranks of devices, see :meth:`CalibrationArchive.ranking`.

    Args:
        series: The series of each device, of the same quantity.
        period: The first moment and the end, ``datetime64``; ``None`` for those of the series.
        every: The time between moments.
        max_age: The age from which a calibration does not count.
    """
    step, oldest = span_of(every, name="every"), np.timedelta64(span_of(max_age, name="max_age"))
    times = _moments([each.times for each in series], period, step)
    values = np.full((len(times), len(series)), np.nan)
    for number, each in enumerate(series):
        index = np.searchsorted(each.times, times, side="right") - 1
        known = index >= 0
        known[known] = times[known] - each.times[index[known]] <= oldest
        present = np.where(each.valid & np.isfinite(each.values), each.values, np.nan)
        used, inverse = np.unique(index[known], return_inverse=True)
        values[known, number] = medians(present[used].T)[inverse]
    first = series[0] if series else None
    quantity, gate, unit = (first.quantity, first.gate, first.unit) if first else ("", None, "")
    return Ranking(
        quantity, gate, unit, tuple(each.backend for each in series), times, values, _ranks(values, quantity)
    )


def _moments(
    times: Sequence[NDArray[np.datetime64]], period: tuple[Any, Any], step: datetime.timedelta
) -> NDArray[np.datetime64]:
    known = [each for each in times if len(each)]
    if not known:
        return np.empty(0, dtype="datetime64[us]")
    start = min(each[0] for each in known) if period[0] is None else period[0]
    end = max(each[-1] for each in known) + np.timedelta64(1, "us") if period[1] is None else period[1]
    if (end - start) / np.timedelta64(step) > _MOST_MOMENTS:
        raise IBMInputValueError(
            f"From {start} to {end} there are more than {_MOST_MOMENTS:,} moments, one every {step}."
        )
    return np.arange(start, end, np.timedelta64(step), dtype="datetime64[us]")


def _ranks(values: Floats, quantity: str) -> NDArray[np.int64]:
    known = ~np.isnan(values)
    costs = np.where(known, -values if quantity in _MORE_IS_BETTER else values, np.inf)
    # Device by device: all pairs at once take gigabytes for long periods.
    better = [np.count_nonzero(costs < cost[:, np.newaxis], axis=1) for cost in costs.T]
    return np.where(known, 1 + np.array(better, dtype=np.int64).reshape(costs.T.shape).T, 0)
