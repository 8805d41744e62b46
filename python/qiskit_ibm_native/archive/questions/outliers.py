# SPDX-License-Identifier: Apache-2.0
"""Values that are far from all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..._frames import Column
from ..._words import count
from ...exceptions import IBMInputValueError
from .robust import NORMAL, medians
from .subject import Answer, Subject, largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..._frames import Table

    Floats = NDArray[np.float64]

#: The standard deviation of a normal distribution whose mean absolute deviation is 1.
_NORMAL_OF_MEAN = float(np.sqrt(np.pi / 2))


@dataclass(frozen=True, repr=False, eq=False)
class Outliers(Answer):
    """Outliers, arrays with an item for each, by time and then by column.

    A value is an outlier if the absolute value of its modified z-score, ``0.6745 (x - median) / MAD`` with the median
    absolute deviation of its column, is above the threshold, for which 3.5 is recommended [1]. Where more than half of
    the values are the same, ``MAD`` is 0, and the score is ``0.7979 (x - median)`` by the mean absolute deviation. One
    value alone and constant columns have no outliers.

    [1] B. Iglewicz, D. C. Hoaglin, How to Detect and Handle Outliers, ASQC Quality Press (1993).

    Attributes:
        times: Times of the calibrations, ``datetime64`` in UTC.
        values: The values, in the unit of the quantity.
        median: Medians of the columns, in the same unit.
        score: Modified z-scores.
        threshold: The smallest absolute score.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive, lima = CalibrationArchive("made_up.sqlite3"), Snapshot.load("lima")
        >>> for day in range(1, 11):  # T1 of qubit 2 is short on 5 March
        ...     t1 = {2: 10e-6 if day == 5 else (90 + day) * 1e-6}
        ...     _ = archive.add(lima.with_overrides(t1=t1, date=f"2026-03-{day:02}"))
        >>> outliers = archive.series("lima", "t1", provenance="overridden").outliers()
        >>> print(outliers.qubits, outliers.times, outliers.values)
        [2] ['2026-03-05T00:00:00.000000'] [1.e-05]
    """

    times: NDArray[np.datetime64]
    values: Floats
    median: Floats
    score: Floats
    threshold: float

    def _table(self, *, wide: bool = False) -> Table:
        values = {"value": (self.values, self.unit), "median": (self.median, self.unit), "score": (self.score, "")}
        return self._rows(values, [Column("time", self.times)], wide=wide)

    def _sizes(self) -> Floats:
        return self.score

    def __repr__(self) -> str:
        index = largest(self.score)
        most = ""
        if index is not None:
            most = (
                f", farthest {self._subject_at(index)} at {self.times[index]!s:.16} UTC with {self.score[index]:+.1f}"
            )
        return f"<Outliers of {self._of()}: {count(len(self), 'value')}{most}>"


def outliers(subject: Subject, threshold: float) -> Outliers:
    """Return the outliers of a series, see :meth:`ArchiveSeries.outliers`."""
    if not threshold > 0:
        raise IBMInputValueError(f"threshold must be above 0, not {threshold!r}.")
    values = subject.checked("outlier")
    scores = modified_scores(values)
    times, columns = np.nonzero(np.abs(scores) > threshold)
    return Outliers(
        subject.backend, subject.quantity, subject.gate, subject.unit, subject.qubits[columns], subject.times[times],
        values[times, columns], medians(values)[columns], scores[times, columns], threshold,
    )  # fmt: skip


def modified_scores(values: Floats) -> Floats:
    """Return the modified z-scores of the columns of ``(time, m)``; ``nan`` where a value is missing."""
    deviations = values - medians(values)
    scales = NORMAL * medians(np.abs(deviations))
    means = np.array(
        [np.mean(present) if len(present := column[~np.isnan(column)]) else np.nan for column in np.abs(deviations).T]
    )
    scales = np.where(scales == 0, _NORMAL_OF_MEAN * means, scales)
    # Constant columns have neither, and no value of theirs is far from another.
    return np.where(scales == 0, 0 * deviations, deviations / np.where(scales == 0, 1.0, scales))
