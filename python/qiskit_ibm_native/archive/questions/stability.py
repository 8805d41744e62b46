# SPDX-License-Identifier: Apache-2.0
"""How stable values are over a window."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..._moments import span_of
from ..._words import count
from .robust import medians, spreads
from .subject import ColumnAnswer, Subject, largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..._frames import Table
    from ..._moments import Span

    Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class Stability(ColumnAnswer):
    """Deviations over a window, arrays ``(m,)``.

    The Allan deviation [1] is ``sqrt(<(y_(k+1) - y_k)^2> / 2)`` for the means ``y_k`` of the values in windows that
    follow each other, from the first calibration of the series on. Calibrations are not evenly spaced: a window has as
    many as there are, and a pair of windows of which one is empty does not count; without any pair, the deviation is
    ``nan``. The spread is 1.4826 times the median absolute deviation of all values. Relative ones are by the absolute
    value of the median; ``nan`` if that is 0. Constant columns have 0 for both.

    [1] D. W. Allan, Proc. IEEE 54, 221 (1966); IEEE Std 1139-2008.

    Attributes:
        allan_deviation: Allan deviations, in the unit of the quantity.
        relative_allan_deviation: The same, by the median.
        spread: Spreads of all values, in the unit of the quantity.
        relative_spread: The same, by the median.
        median: Medians of all values, in the unit of the quantity.
        pairs: Numbers of pairs of windows.
        window: The length of a window.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive, lima = CalibrationArchive("made_up.sqlite3"), Snapshot.load("lima")
        >>> for day in range(1, 11):
        ...     _ = archive.add(lima.with_overrides(t1={0: (50 + day % 2) * 1e-6}, date=f"2026-03-{day:02}"))
        >>> stability = archive.series("lima", "t1", provenance="overridden").stability("1d")
        >>> round(stability.allan_deviation[0] * 1e6, 3), stability.pairs[0]  # µs
        (np.float64(0.707), np.int64(9))
    """

    allan_deviation: Floats
    relative_allan_deviation: Floats
    spread: Floats
    relative_spread: Floats
    median: Floats
    pairs: NDArray[np.int64]
    window: datetime.timedelta

    def _table(self, *, wide: bool = False) -> Table:
        values = {
            "allan_deviation": (self.allan_deviation, self.unit),
            "relative_allan_deviation": (self.relative_allan_deviation, ""),
            "spread": (self.spread, self.unit), "relative_spread": (self.relative_spread, ""),
            "median": (self.median, self.unit), "pairs": (self.pairs, ""),
        }  # fmt: skip
        return self._rows(values, wide=wide)

    def _sizes(self) -> Floats:
        return self.relative_allan_deviation

    def __repr__(self) -> str:
        index = largest(self.relative_allan_deviation)
        least = ""
        if index is not None:
            least = f", least stable {self._subject_at(index)} with {self.relative_allan_deviation[index]:.1%}"
        window = str(self.window).removesuffix(", 0:00:00")
        return f"<Stability of {self._of()} over {window}: {count(len(self), 'column')}{least}>"


def stability(subject: Subject, window: Span) -> Stability:
    """Return the stability of a series, see :meth:`ArchiveSeries.stability`."""
    length = span_of(window, name="window")
    values = subject.checked("stability")
    means = _window_means(values, np.floor(subject.seconds / length.total_seconds()).astype(np.int64))
    steps = np.diff(means, axis=0)
    pairs = np.count_nonzero(~np.isnan(steps), axis=0)
    squares = np.nansum(steps**2, axis=0)
    deviation = np.sqrt(squares / 2 / np.where(pairs == 0, np.nan, pairs))
    spread, median = spreads(values), medians(values)
    scale = np.where(median == 0, np.nan, np.abs(median))
    return Stability(
        subject.backend, subject.quantity, subject.gate, subject.unit, subject.qubits, deviation, deviation / scale, spread,
        spread / scale, median, pairs, length,
    )  # fmt: skip


def _window_means(values: Floats, windows: NDArray[np.int64]) -> Floats:
    """Return the means of columns by window; ``nan`` rows stand between windows that do not follow each other."""
    used, index = np.unique(windows, return_inverse=True)
    sums, counts = np.zeros((len(used), values.shape[1])), np.zeros((len(used), values.shape[1]))
    np.add.at(sums, index, np.nan_to_num(values))
    np.add.at(counts, index, ~np.isnan(values))
    means = sums / np.where(counts == 0, np.nan, counts)
    gaps = np.flatnonzero(np.diff(used) > 1) + 1
    return np.insert(means, gaps, np.nan, axis=0)
