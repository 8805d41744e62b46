# SPDX-License-Identifier: Apache-2.0
"""Columns that change together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._frames import Column, Table, data_set, qargs_labels
from ..._words import count
from ...exceptions import IBMInputValueError
from .robust import ranks
from .subject import Answer, Subject, by_size

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Pairs of values below which a coefficient says nothing: two are always in order.
_FEWEST = 3
#: Columns whose matrices take a quarter of a gigabyte.
_MOST_COLUMNS = 4096


@dataclass(frozen=True, repr=False, eq=False)
class Correlation(Answer):
    """Rank correlations of columns, arrays ``(m, m)``.

    The coefficient of Spearman [1] is Pearson's of the ranks, where equal values share the mean of theirs, over the
    calibrations in which both columns have a value. It is ``nan`` with fewer than three of those, or if one of the
    columns is constant in them, and 1 of a column with itself otherwise.

    [1] C. Spearman, Am. J. Psychol. 15, 72 (1904).

    Attributes:
        coefficient: Coefficients from -1 to 1.
        count: Numbers of calibrations in which both columns have a value.
        changes: Whether these are correlations of changes from one calibration to the next.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive, lima = CalibrationArchive("made_up.sqlite3"), Snapshot.load("lima")
        >>> for day in range(1, 11):  # T1 of qubits 0 and 1 rises, that of qubit 2 falls
        ...     t1 = {0: (50 + day) * 1e-6, 1: (70 + 2 * day) * 1e-6, 2: (90 - day) * 1e-6}
        ...     _ = archive.add(lima.with_overrides(t1=t1, date=f"2026-03-{day:02}"))
        >>> archive.series("lima", "t1", provenance="overridden").correlation().coefficient[:3, :3].round(3)
        array([[ 1.,  1., -1.],
               [ 1.,  1., -1.],
               [-1., -1.,  1.]])
    """

    coefficient: Floats
    count: NDArray[np.int64]
    changes: bool

    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the indices of the first and the second column of each pair, every pair once."""
        return np.triu_indices(len(self), 1)

    def _table(self, *, wide: bool = False) -> Table:
        is_gate = self.gate is not None
        labels = qargs_labels(self.qubits) if is_gate else [str(qubit) for qubit in self.qubits.tolist()]
        notes = self._notes()
        axis = "qargs" if is_gate else "qubit"
        if wide:
            names = labels if is_gate else self.qubits.tolist()
            corner = Column(axis, np.arange(len(self)), labels=labels) if is_gate else Column(axis, self.qubits)
            matrix = [
                Column(name, column, ~np.isnan(column)) for name, column in zip(names, self.coefficient.T, strict=True)
            ]
            return Table([corner, *matrix], notes, axis, axis)
        first, second = self.pairs()
        if is_gate:
            places = [Column("qargs_a", first, labels=labels), Column("qargs_b", second, labels=labels)]
        else:
            places = [Column("qubit_a", self.qubits[first]), Column("qubit_b", self.qubits[second])]
        coefficients = self.coefficient[first, second]
        values = [
            Column("coefficient", coefficients, ~np.isnan(coefficients)),
            Column("count", self.count[first, second]),
        ]
        return Table([*places, *values], notes)

    def to_xarray(self) -> xarray.Dataset:
        """Return the coefficients and counts as an ``xarray.Dataset`` with two dimensions.

        They are ``qubit_a`` and ``qubit_b``, or ``qargs_a`` and ``qargs_b``.

        Raises:
            IBMInputValueError: xarray is not installed.
        """
        axis = "qubit" if self.gate is None else "qargs"
        labels = self.qubits if self.gate is None else qargs_labels(self.qubits)
        dimensions = (f"{axis}_a", f"{axis}_b")
        variables: dict[str, tuple[Any, Any, Any]] = {
            "coefficient": (dimensions, self.coefficient, {}),
            "count": (dimensions, self.count, {}),
        }
        return data_set(variables, dict.fromkeys(dimensions, labels), self._notes())

    def _shown(self) -> Sequence[int]:
        first, second = self.pairs()
        return by_size(self.coefficient[first, second])

    def __repr__(self) -> str:
        first, second = self.pairs()
        sizes = np.abs(np.nan_to_num(self.coefficient[first, second]))
        most = ""
        if len(sizes) and sizes.max() > 0:
            best = int(sizes.argmax())
            a, b = int(first[best]), int(second[best])
            most = f", most {self._subject_at(a)} and {self._subject_at(b)} with {self.coefficient[a, b]:+.2f}"
        return (
            f"<Correlation of {'changes of ' if self.changes else ''}{self._of()}: {count(len(self), 'column')}{most}>"
        )


def correlation(subject: Subject, changes: bool) -> Correlation:
    """Return the correlations of a series, see :meth:`ArchiveSeries.correlation`."""
    values = subject.checked("correlation")
    if values.shape[1] > _MOST_COLUMNS:
        raise IBMInputValueError(
            f"Correlations of {values.shape[1]} columns are too many; there may be {_MOST_COLUMNS}: choose some by"
            " qubits=."
        )
    if changes:
        values = np.diff(values, axis=0)
    present = ~np.isnan(values)
    coefficient = np.full((values.shape[1], values.shape[1]), np.nan)
    complete = np.flatnonzero(present.all(axis=0))
    if len(values) >= _FEWEST:
        unit = _unit_ranks(values[:, complete])
        coefficient[np.ix_(complete, complete)] = np.clip(unit.T @ unit, -1, 1)
    sorted_columns = _SortedColumns(values, present)
    for column in np.flatnonzero(~present.all(axis=0)).tolist():
        coefficient[column] = coefficient[:, column] = sorted_columns.coefficients(column)
    count = present.T.astype(np.int64) @ present.astype(np.int64)
    diagonal = np.diag_indices(len(coefficient))
    coefficient[diagonal] = np.where(np.isnan(coefficient[diagonal]), np.nan, 1.0)
    return Correlation(
        subject.backend, subject.quantity, subject.gate, subject.unit, subject.qubits, coefficient, count, changes
    )


def _unit_ranks(values: Floats) -> Floats:
    """Return the ranks of complete columns, less their mean and with the length 1; ``nan`` for constant columns."""
    ranked = np.array([ranks(column) for column in values.T]).reshape(values.shape[::-1]).T
    ranked -= (len(values) + 1) / 2
    lengths = np.sqrt((ranked**2).sum(axis=0))
    return ranked / np.where(lengths == 0, np.nan, lengths)


class _SortedColumns:
    """Columns that are sorted once, so that ranks among some of their values are counts."""

    def __init__(self, values: Floats, present: NDArray[np.bool_]) -> None:
        self._present = present
        #: Calibrations by column, the one with the smallest value first.
        self._order = np.argsort(values, axis=0, kind="stable")
        ordered = np.take_along_axis(values, self._order, axis=0)
        count = np.arange(len(values)).reshape(-1, 1)
        is_new = np.ones(values.shape, dtype=bool)
        is_new[1:] = ordered[1:] != ordered[:-1]
        is_last = np.ones(values.shape, dtype=bool)
        is_last[:-1] = is_new[1:]
        # Of each value in that order: the first and the last place of those that are equal to it.
        self._first = np.maximum.accumulate(np.where(is_new, count, 0), axis=0)
        self._last = np.minimum.accumulate(np.where(is_last, count, len(values))[::-1], axis=0)[::-1]

    def coefficients(self, column: int) -> Floats:
        """Return the coefficients of a column with all columns."""
        both = self._present & self._present[:, [column]]
        theirs = _deviations(self._order, self._first, self._last, both)
        order, first, last = (
            np.broadcast_to(array[:, [column]], both.shape) for array in (self._order, self._first, self._last)
        )
        ours = _deviations(order, first, last, both)
        squares = (theirs**2).sum(axis=0) * (ours**2).sum(axis=0)
        is_known = (both.sum(axis=0) >= _FEWEST) & (squares > 0)
        found = (theirs * ours).sum(axis=0) / np.sqrt(np.where(is_known, squares, 1.0))
        return np.where(is_known, np.clip(found, -1, 1), np.nan)


def _deviations(
    order: NDArray[np.intp], first: NDArray[np.intp], last: NDArray[np.intp], mask: NDArray[np.bool_]
) -> Floats:
    """Return the ranks of the values in a mask, less their mean, and 0 for all others.

    Args:
        order: Calibrations by column, the one with the smallest value first.
        first: For each place in that order, the first place with the same value.
        last: The last one.
        mask: The values that count.
    """
    counts = np.zeros((len(mask) + 1, mask.shape[1]))
    np.cumsum(np.take_along_axis(mask, order, axis=0), axis=0, out=counts[1:])
    before, until = np.take_along_axis(counts, first, axis=0), np.take_along_axis(counts, last + 1, axis=0)
    found = np.empty(mask.shape)
    # Equal values share the mean of their ranks, (before + until + 1) / 2; the mean of all is (count + 1) / 2.
    np.put_along_axis(found, order, (before + until - counts[-1]) / 2, axis=0)
    return np.where(mask, found, 0.0)
