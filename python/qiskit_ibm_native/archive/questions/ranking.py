# SPDX-License-Identifier: Apache-2.0
"""Which device was better than the others, and when."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..._frames import Column, Table, Tabular, data_set
from ..._timestamps import utc_array
from ..._words import count
from ...exceptions import IBMInputValueError
from ...snapshot.quantities import Quantity, gate_quantity, qubit_quantity
from .robust import medians

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

    from ..series import ArchiveSeries

    Floats = NDArray[np.float64]

#: Quantities of which more is better; of probabilities of errors and durations, less is.
_MORE_IS_BETTER = frozenset({"t1", "t2"})
#: Quantities of which neither is better.
_NEITHER = frozenset({"frequency", "anharmonicity", "operational"})
#: Moments times devices: a limit for periods and steps that were mistaken, and for archives that others made.
_MOST_VALUES = 10_000_000


#: Rows that notebooks show at most.
_MOST_SHOWN = 200


@dataclass(frozen=True, repr=False, eq=False)
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
        values: Values of the devices, in that unit.
        ranks: Ranks from 1; 0 without a value.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> for name in ("fez", "torino"):
        ...     _ = archive.add(Snapshot.load(name))
        >>> ranking = archive.ranking("t1")
        >>> ranking.backends, ranking.ranks[-1], (ranking.values[-1] * 1e6).round(1)  # µs
        (('ibm_fez', 'ibm_torino'), array([1, 0]), array([144.9,   nan]))
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

    def to_xarray(self) -> xarray.Dataset:
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

    def _shown(self) -> Sequence[int]:
        # The last moments come first, each with its best device first.
        devices = len(self.backends)
        order = []
        for moment in reversed(range(len(self.times))):
            ranks = self.ranks[moment]
            order += [
                moment * devices + int(device)
                for device in np.argsort(np.where(ranks == 0, devices + 1, ranks), kind="stable")
            ]
            if len(order) > _MOST_SHOWN:
                break
        return order

    def __repr__(self) -> str:
        of = self.quantity if self.gate is None else f"{self.gate} {self.quantity}"
        last = ""
        if len(self.times) and self.ranks[-1].any():
            order = sorted((int(rank), name) for rank, name in zip(self.ranks[-1], self.backends, strict=True) if rank)
            last = ", at last " + ", ".join(f"{rank} {name}" for rank, name in order)
        return f"<Ranking of {count(len(self.backends), 'device')} by {of}: {count(len(self), 'moment')}{last}>"


def checked_quantity(quantity: str, gate: str | None) -> Quantity:
    """Return a quantity by which devices are ranked.

    Raises:
        IBMInputValueError: Neither more nor less of it is better.
        ValueError: There is no such quantity.
    """
    found = qubit_quantity(quantity) if gate is None else gate_quantity(quantity)
    if found.name in _NEITHER:
        raise IBMInputValueError(f"Devices are not ranked by {found.name!r}: neither more nor less of it is better.")
    return found


def ranking(
    series: Sequence[ArchiveSeries],
    quantity: Quantity,
    gate: str | None,
    period: tuple[datetime.datetime | None, datetime.datetime | None],
    every: datetime.timedelta,
    max_age: datetime.timedelta,
) -> Ranking:
    """Return the ranks of devices, see :meth:`CalibrationArchive.ranking`.

    Args:
        series: The series of each device.
        quantity: Their quantity.
        gate: Their gate.
        period: The first moment and the end; ``None`` for those of the series.
        every: The time between moments.
        max_age: The age from which a calibration does not count.
    """
    times = _moments([device.times for device in series], period, every)
    values = np.full((len(times), len(series)), np.nan)
    for number, device in enumerate(series):
        index = np.searchsorted(device.times, times, side="right") - 1
        known = index >= 0
        known[known] = times[known] - device.times[index[known]] <= np.timedelta64(max_age)
        present = np.where(device.valid & np.isfinite(device.values), device.values, np.nan)
        used, inverse = np.unique(index[known], return_inverse=True)
        values[known, number] = medians(present[used].T)[inverse]
    backends = tuple(device.backend for device in series)
    return Ranking(quantity.name, gate, quantity.unit, backends, times, values, _ranks(values, quantity.name))


def _moments(
    times: Sequence[NDArray[np.datetime64]],
    period: tuple[datetime.datetime | None, datetime.datetime | None],
    step: datetime.timedelta,
) -> NDArray[np.datetime64]:
    first, last = (None if edge is None else utc_array([edge])[0] for edge in period)
    known = [of_device for of_device in times if len(of_device)]
    if not known and (first is None or last is None):
        return np.empty(0, dtype="datetime64[us]")
    start = min(of_device[0] for of_device in known) if first is None else first
    end = max(of_device[-1] for of_device in known) + np.timedelta64(1, "us") if last is None else last
    if (end - start) / np.timedelta64(step) * len(times) > _MOST_VALUES:
        raise IBMInputValueError(
            f"From {start} to {end}, one every {step}, {len(times)} devices have more than {_MOST_VALUES:,} values: choose a"
            " shorter period, or more time from one to the next."
        )
    return np.arange(start, end, np.timedelta64(step), dtype="datetime64[us]")


def _ranks(values: Floats, quantity: str) -> NDArray[np.int64]:
    known = ~np.isnan(values)
    costs = np.where(known, -values if quantity in _MORE_IS_BETTER else values, np.inf)
    order = np.argsort(costs, axis=1, kind="stable")
    ordered = np.take_along_axis(costs, order, axis=1)
    numbers = np.broadcast_to(np.arange(1, values.shape[1] + 1), values.shape).copy()
    # Devices with the same value share the first of their ranks.
    numbers[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = 0
    ranks = np.zeros(values.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.maximum.accumulate(numbers, axis=1), axis=1)
    return np.where(known, ranks, 0)
