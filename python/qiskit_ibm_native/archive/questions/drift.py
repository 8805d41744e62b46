# SPDX-License-Identifier: Apache-2.0
"""How fast values change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..._words import count
from ...exceptions import IBMInputValueError
from .robust import NORMAL, Line, medians, spreads, theil_sen
from .subject import DAY, ColumnAnswer, Subject, largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..._frames import Table

    Floats = NDArray[np.float64]


#: Calibrations whose pairs take a quarter of a gigabyte.
_MOST_VALUES = 8192


@dataclass(frozen=True, repr=False, eq=False)
class Drift(ColumnAnswer):
    """Slopes and spreads, arrays ``(m,)``; a few wrong values do not change them.

    The slope is the median of the slopes of all pairs of calibrations [1, 2], its interval that of [2], and the spread
    1.4826 times the median absolute deviation from the line through the medians of times and values [3]. A column with
    values of one time, or with none, has no slope (``nan``), and its spread is the one around its median; a constant
    column has the slope 0 and the spread 0.

    [1] H. Theil, Proc. Kon. Ned. Akad. v. Wetensch. A 53, 386 (1950).
    [2] P. K. Sen, J. Am. Stat. Assoc. 63, 1379 (1968).
    [3] P. J. Rousseeuw, C. Croux, J. Am. Stat. Assoc. 88, 1273 (1993).

    Attributes:
        slope_per_day: Slopes, in the unit of the quantity for each day.
        low: Lower bounds of the slopes, in the same unit.
        high: Upper bounds of the slopes, in the same unit.
        median: Medians of the values, in the unit of the quantity.
        spread: Spreads of the values around the line, in the unit of the quantity.
        count: Numbers of values.
        confidence: The probability of the interval from ``low`` to ``high``.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive, lima = CalibrationArchive("made_up.sqlite3"), Snapshot.load("lima")
        >>> for day in range(1, 11):  # T1 of qubit 0 rises by a microsecond a day
        ...     _ = archive.add(lima.with_overrides(t1={0: (50 + day) * 1e-6}, date=f"2026-03-{day:02}"))
        >>> drift = archive.series("lima", "t1", provenance="overridden").drift()
        >>> round(drift.slope_per_day[0] * 1e6, 3)  # µs a day
        np.float64(1.0)
    """

    slope_per_day: Floats
    low: Floats
    high: Floats
    median: Floats
    spread: Floats
    count: NDArray[np.int64]
    confidence: float

    def _table(self, *, wide: bool = False) -> Table:
        daily = f"{self.unit}/d" if self.unit else "1/d"
        values = {
            "slope_per_day": (self.slope_per_day, daily), "low": (self.low, daily), "high": (self.high, daily),
            "median": (self.median, self.unit), "spread": (self.spread, self.unit), "count": (self.count, ""),
        }  # fmt: skip
        return self._rows(values, wide=wide)

    def _sizes(self) -> Floats:
        """Return the slopes by the median, for each day."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.slope_per_day / np.abs(self.median))

    def __repr__(self) -> str:
        shares = self._sizes()
        index = largest(shares)
        fastest = "" if index is None else f", fastest {self._subject_at(index)} by {shares[index]:+.2%} a day"
        return f"<Drift of {self._of()}: {count(len(self), 'column')}{fastest}>"


def drift(subject: Subject, confidence: float) -> Drift:
    """Return the drift of a series, see :meth:`ArchiveSeries.drift`."""
    if not 0 < confidence < 1:
        raise IBMInputValueError(f"confidence must be between 0 and 1, not {confidence!r}.")
    values, days = subject.checked("drift"), subject.seconds / DAY
    if len(values) > _MOST_VALUES:
        raise IBMInputValueError(
            f"A drift of {len(values)} calibrations is too long, because it takes all pairs; there may be"
            f" {_MOST_VALUES}: choose a period by start and end."
        )
    lines, residuals = [], np.array(values)
    for index, column in enumerate(values.T):
        present = ~np.isnan(column)
        line = theil_sen(days[present], column[present], confidence)
        lines.append(line)
        if not np.isnan(line.slope):
            residuals[:, index] = column - (line.intercept + line.slope * days)
    slope, low, high, _ = np.array(lines, dtype=float).reshape(-1, len(Line._fields)).T
    around = np.where(np.isnan(slope), spreads(values), NORMAL * medians(np.abs(residuals)))
    count = np.count_nonzero(~np.isnan(values), axis=0)
    return Drift(
        subject.backend, subject.quantity, subject.gate, subject.unit, subject.qubits, slope, low, high,
        medians(values), around, count, confidence,
    )  # fmt: skip
