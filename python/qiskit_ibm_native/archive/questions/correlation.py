# SPDX-License-Identifier: Apache-2.0
"""What changes together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._frames import Column, Table, data_set, qargs_labels
from .robust import ranks
from .subject import Answer, Subject, counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Pairs of values below which a coefficient says nothing: two are always in order.
_FEWEST = 3


@dataclass(frozen=True, repr=False)
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

    def to_xarray(self) -> Any:
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

    def __repr__(self) -> str:
        first, second = self.pairs()
        sizes = np.abs(np.nan_to_num(self.coefficient[first, second]))
        most = ""
        if len(sizes) and sizes.max() > 0:
            best = int(sizes.argmax())
            a, b = int(first[best]), int(second[best])
            most = f", most {self._subject_at(a)} and {self._subject_at(b)} with {self.coefficient[a, b]:+.2f}"
        return f"<Correlation of {'changes of ' if self.changes else ''}{self._of()}: {counted(len(self), 'column')}{most}>"


def correlation(subject: Subject, changes: bool) -> Correlation:
    """Return the correlations of a series, see :meth:`ArchiveSeries.correlation`."""
    values = subject.checked("correlation")
    if changes:
        values = np.diff(values, axis=0)
    present = ~np.isnan(values)
    width = values.shape[1]
    coefficient = np.full((width, width), np.nan)
    # Columns with values in the same calibrations have the same ranks in all their pairs.
    patterns, group = np.unique(present, axis=1, return_inverse=True)
    groups = [np.flatnonzero(group.ravel() == number) for number in range(patterns.shape[1])]
    for a, first in enumerate(groups):
        for b, second in enumerate(groups[: a + 1]):
            both = patterns[:, a] & patterns[:, b]
            block = _block(values[both][:, first], values[both][:, second])
            coefficient[np.ix_(first, second)] = block
            if a != b:
                coefficient[np.ix_(second, first)] = block.T
    count = present.T.astype(np.int64) @ present.astype(np.int64)
    diagonal = np.diag_indices(width)
    coefficient[diagonal] = np.where(np.isnan(coefficient[diagonal]), np.nan, 1.0)
    return Correlation(
        subject.backend, subject.quantity, subject.gate, subject.unit, subject.qubits, coefficient, count, changes
    )


def _block(first: Floats, second: Floats) -> Floats:
    """Return the coefficients of columns that have all values."""
    if len(first) < _FEWEST:
        return np.full((first.shape[1], second.shape[1]), np.nan)
    found = _unit_ranks(first).T @ _unit_ranks(second)
    return np.clip(found, -1, 1)


def _unit_ranks(values: Floats) -> Floats:
    """Return the ranks of columns, less their mean and with the length 1; ``nan`` for constant columns."""
    ranked = np.array([ranks(column) for column in values.T]).reshape(values.shape[::-1]).T
    ranked -= (len(values) + 1) / 2
    lengths = np.sqrt((ranked**2).sum(axis=0))
    return ranked / np.where(lengths == 0, np.nan, lengths)
