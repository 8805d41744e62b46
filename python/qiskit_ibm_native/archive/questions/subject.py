# SPDX-License-Identifier: Apache-2.0
"""The series that a question is about, and tables with a row for each of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._frames import (
    Column,
    Table,
    Tabular,
    data_set,
    place_coords,
    qargs_columns,
    qargs_labels,
    qubit_column,
    refuse_wide,
)
from ...exceptions import IBMInputValueError
from ...snapshot.quantities import find_gate_quantity, find_qubit_quantity

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

#: The seconds of a day.
DAY = 86400.0


@dataclass(frozen=True, eq=False)
class Subject:
    """Values of a quantity by time and column; a column is a qubit, or the qargs of a gate.

    Attributes:
        backend: The device's name.
        quantity: The quantity's public name.
        gate: The gate, if it is a quantity of gates.
        unit: The SI unit of the values.
        qubits: The qubits, an array ``(m,)``, or the qargs, ``(m, k)``.
        times: Times in UTC, an array ``(time,)``.
        values: The values, an array ``(time, m)``.
        valid: The mask of values that are present, an array ``(time, m)``.
    """

    backend: str
    quantity: str
    gate: str | None
    unit: str
    qubits: NDArray[np.uint32]
    times: NDArray[np.datetime64]
    values: NDArray[Any]
    valid: NDArray[np.bool_]

    def checked(self, question: str) -> NDArray[np.float64]:
        """Return the values, ``nan`` where there is none.

        Raises:
            IBMInputValueError: The quantity is a flag, of which ``question`` makes no sense.
        """
        find = find_qubit_quantity if self.gate is None else find_gate_quantity
        quantity = find(self.quantity)
        if quantity is not None and quantity.is_flag:
            raise IBMInputValueError(
                f"There is no {question} of {self.quantity!r}, which is true or false; CalibrationArchive.last_worked tells"
                " when a gate could be used."
            )
        return np.where(self.valid & np.isfinite(self.values), self.values, np.nan)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Times in seconds since the first one, an array ``(time,)``."""
        if not len(self.times):
            return np.empty(0)
        return np.asarray((self.times - self.times[0]) / np.timedelta64(1, "s"), dtype=float)

    @property
    def notes(self) -> dict[str, str]:
        """The device, the quantity and the gate."""
        gate = {} if self.gate is None else {"gate": self.gate}
        return {"backend": self.backend, "quantity": self.quantity, **gate}

    @property
    def labels(self) -> list[str]:
        """Labels of the columns, such as ``"3"`` or ``"0-1"``."""
        return [str(qubit) for qubit in self.qubits.tolist()] if self.gate is None else qargs_labels(self.qubits)

    def columns(self, repeats: int = 1) -> list[Column]:
        """Return the columns of a long table that say to which qubits a row belongs."""
        return places(self.gate, self.qubits, repeats)

    def table(self, *, wide: bool) -> Table:
        """Return the values as a table."""
        if wide:
            names: Sequence[str | int] = self.qubits.tolist() if self.gate is None else self.labels
            values = [
                Column(name, self.values[:, index], self.valid[:, index], self.unit) for index, name in enumerate(names)
            ]
            axis = "qubit" if self.gate is None else "qargs"
            return Table([Column("time", self.times), *values], self.notes, "time", axis)
        count = len(self.times)
        device = Column("backend", np.zeros(self.values.size, dtype=np.int32), labels=[self.backend])
        times = Column("time", np.repeat(self.times, len(self.qubits)))
        values = [Column(self.quantity, self.values.ravel(), self.valid.ravel(), self.unit)]
        return Table([device, times, *self.columns(count), *values], self.notes)


def places(gate: str | None, qubits: NDArray[np.uint32], repeats: int = 1) -> list[Column]:
    """Return the columns of a long table with qubits, or with a gate and its qargs."""
    if gate is None:
        return qubit_column(qubits, repeats)
    names = Column("gate", np.zeros(len(qubits) * repeats, dtype=np.int32), labels=[gate])
    return [names, *qargs_columns(qubits, repeats)]


@dataclass(frozen=True, repr=False, eq=False)
class Answer(Tabular):
    """The answer to a question about a series.

    Attributes:
        backend: The device's name.
        quantity: The quantity.
        gate: The gate, if it is a quantity of gates.
        unit: The SI unit of the quantity.
        qubits: The qubits of each row, an array ``(m,)``, or the qargs of a gate on ``k`` qubits, ``(m, k)``.
    """

    backend: str
    quantity: str
    gate: str | None
    unit: str
    qubits: NDArray[np.uint32]

    def _rows(self, values: Mapping[str, tuple[Any, str]], more: Sequence[Column] = (), *, wide: bool = False) -> Table:
        """Return a table with a row for each of ``qubits``.

        Args:
            values: Arrays and their units by name; ``nan`` is missing.
            more: Columns that come before these.
            wide: Whether a wide table was asked for.
        """
        refuse_wide(wide, self)
        columns = [
            Column(name, array, ~np.isnan(array) if array.dtype.kind == "f" else None, unit)
            for name, (array, unit) in values.items()
        ]
        return Table([*places(self.gate, self.qubits), *more, *columns], self._notes())

    def _notes(self) -> dict[str, str]:
        gate = {} if self.gate is None else {"gate": self.gate}
        return {"backend": self.backend, "quantity": self.quantity, **gate}

    def _subject_at(self, index: int) -> str:
        """Return a qubit or qargs as a text."""
        qubits = self.qubits[index].tolist()
        return f"qubit {qubits}" if self.gate is None else str(tuple(qubits))

    def _of(self) -> str:
        subject = self.quantity if self.gate is None else f"{self.gate} {self.quantity}"
        return f"{self.backend}, {subject}"

    def _sizes(self) -> NDArray[np.float64] | None:
        """Return a value for each row, whose absolute size tells how notable the row is."""
        return None

    def _shown(self) -> Sequence[int] | None:
        sizes = self._sizes()
        return None if sizes is None else by_size(sizes)

    def __len__(self) -> int:
        return len(self.qubits)


@dataclass(frozen=True, repr=False, eq=False)
class ColumnAnswer(Answer):
    """An answer with a value for each column of a series."""

    def to_xarray(self) -> xarray.Dataset:
        """Return the values as an ``xarray.Dataset`` with the dimension ``qubit`` or ``qargs``; units are attributes.

        Raises:
            IBMInputValueError: xarray is not installed.
        """
        table = self._table()
        dimension, coords = place_coords(self.qubits)
        values = table.columns[len(places(self.gate, self.qubits)) :]
        variables = {str(column.name): (dimension, column.values, {"units": column.unit}) for column in values}
        return data_set(variables, coords, table.notes)


def largest(values: NDArray[np.float64]) -> int | None:
    """Return the index of the largest absolute value that is finite; ``None`` if there is none."""
    sizes = np.where(np.isfinite(values), np.abs(values), -1.0)
    return int(sizes.argmax()) if len(sizes) and sizes.max() >= 0 else None


def by_size(values: NDArray[np.float64]) -> Sequence[int]:
    """Return indices by absolute value, the largest one first, and those of missing values last."""
    sizes = np.where(np.isfinite(values), np.abs(values), -1.0)
    order: list[int] = np.argsort(-sizes, kind="stable").tolist()
    return order
