# SPDX-License-Identifier: Apache-2.0
"""When the level of values changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..._frames import Column
from ..._words import count
from ...exceptions import IBMInputValueError
from .robust import ranks
from .subject import Answer, Subject, largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..._frames import Table

    Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class ChangePoints(Answer):
    """Changes of level, arrays with an item for each change, by column and then by time.

    A column is split where the statistic of Pettitt [1] is largest, ``K = max |2 (r_1 + ... + r_t) - t (n + 1)|`` for
    the ranks ``r`` of its ``n`` values, if the probability of such a ``K`` by chance, ``2 exp(-6 K^2 / (n^3 + n^2))``,
    is at most the significance; then both parts are split in the same way [2]. Only the order of values counts, so that
    neither outliers nor units matter, and the same values give the same changes. The probability is for independent
    values and for one test: of many columns some change by chance, and slow drifts are told as steps. The probability
    of the clearest step is ``2 exp(-0.375 n^2 / (n + 1))``, so that fewer than 22 values have no changes at a
    significance of 0.001. Constant columns have none.

    [1] A. N. Pettitt, J. R. Stat. Soc. C 28, 126 (1979), for both formulas.
    [2] Binary segmentation, A. J. Scott, M. Knott, Biometrics 30, 507 (1974).

    Attributes:
        times: The times of the first calibrations of new levels, ``datetime64`` in UTC.
        before: Medians of the values from the change before, or from the beginning, up to this one, in the unit of the
            quantity.
        after: Medians of the values from this change up to the next one, or to the end, in the same unit.
        probability: Probabilities of the changes by chance.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive, lima = CalibrationArchive("made_up.sqlite3"), Snapshot.load("lima")
        >>> for day in range(1, 31):  # T1 of qubit 2 jumps on 21 March
        ...     _ = archive.add(lima.with_overrides(t1={2: 90e-6 if day > 20 else 60e-6}, date=f"2026-03-{day:02}"))
        >>> changes = archive.series("lima", "t1", provenance="overridden").change_points()
        >>> print(changes.qubits, changes.times, changes.before, changes.after)
        [2] ['2026-03-21T00:00:00.000000'] [6.e-05] [9.e-05]
    """

    times: NDArray[np.datetime64]
    before: Floats
    after: Floats
    probability: Floats

    def _table(self, *, wide: bool = False) -> Table:
        values = {
            "before": (self.before, self.unit), "after": (self.after, self.unit), "probability": (self.probability, "")
        }  # fmt: skip
        return self._rows(values, [Column("time", self.times)], wide=wide)

    def _sizes(self) -> Floats:
        """Return the changes by the value before."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self.after - self.before) / np.abs(self.before))

    def __repr__(self) -> str:
        shares = self._sizes()
        index = largest(shares)
        most = ""
        if index is not None:
            most = f", largest {self._subject_at(index)} by {shares[index]:+.0%} at {self.times[index]!s:.16} UTC"
        return f"<ChangePoints of {self._of()}: {count(len(self), 'change')}{most}>"


class _Split(NamedTuple):
    """The index of the first value of a new level, and the probability by chance."""

    start: int
    probability: float


def change_points(subject: Subject, significance: float) -> ChangePoints:
    """Return the changes of a series, see :meth:`ArchiveSeries.change_points`."""
    if not 0 < significance < 1:
        raise IBMInputValueError(f"significance must be between 0 and 1, not {significance!r}.")
    columns: list[int] = []
    times: list[np.datetime64] = []
    rows: list[tuple[float, float, float]] = []
    for number, column in enumerate(subject.checked("change point").T):
        present = np.flatnonzero(~np.isnan(column))
        values = column[present]
        splits = sorted(_splits(values, 0, significance))
        edges = [0, *(split.start for split in splits), len(values)]
        levels = [float(np.median(values[start:end])) for start, end in pairwise(edges) if end > start]
        for split, before, after in zip(splits, levels, levels[1:], strict=False):
            columns.append(number)
            times.append(subject.times[present[split.start]])
            rows.append((before, after, split.probability))
    found = np.array(rows, dtype=float).reshape(-1, 3)
    return ChangePoints(
        subject.backend, subject.quantity, subject.gate, subject.unit, subject.qubits[columns],
        np.array(times, dtype="datetime64[us]"), *found.T,
    )  # fmt: skip


def _splits(values: Floats, offset: int, significance: float) -> Iterator[_Split]:
    parts = [(offset, values)]
    while parts:
        start, part = parts.pop()
        split = pettitt(part)
        if split is not None and split.probability <= significance:
            yield _Split(start + split.start, split.probability)
            parts += [(start, part[: split.start]), (start + split.start, part[split.start :])]


def pettitt(values: Floats) -> _Split | None:
    """Return where the level of some values changed most, the first such index; ``None`` for fewer than two values."""
    count = len(values)
    if count < 2:
        return None
    statistic = np.abs(2 * np.cumsum(ranks(values))[:-1] - np.arange(1, count) * (count + 1))
    last = int(statistic.argmax())
    return _Split(last + 1, min(1.0, 2 * math.exp(-6 * float(statistic[last]) ** 2 / (count**3 + count**2))))
