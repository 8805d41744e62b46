# SPDX-License-Identifier: Apache-2.0
"""Tables of changed values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .._frames import Column, Table
from .quantities import find_gate_quantity, find_qubit_quantity

#: Units of values that are no measured quantities.
_OTHER_UNITS = {"dt": "s"}


class Change(NamedTuple):
    """A value that changed.

    Attributes:
        gate: The gate or operation; ``None`` for a quantity of a qubit.
        qargs: The qubits; ``None`` for everywhere.
        quantity: The quantity.
        old: The value before, in SI units; ``None`` if there was none.
        new: The value after.
    """

    gate: str | None
    qargs: tuple[int, ...] | None
    quantity: str
    old: float | None
    new: float | None


def change_table(changes: Iterable[Change], notes: Mapping[str, str], more: Sequence[Column] = ()) -> Table:
    """Return a table with a row for each change.

    Args:
        changes: The changes.
        notes: The notes of the table.
        more: Further columns, with as many rows.
    """
    listed = list(changes)
    width = max([1, *(len(change.qargs) for change in listed if change.qargs)])
    qubits = [
        number_column(f"qubit_{index}", [_qubit(change.qargs, index) for change in listed], "uint32")
        for index in range(width)
    ]
    labels = [None if change.qargs is None else "-".join(map(str, change.qargs)) for change in listed]
    columns = [
        text_column("gate", [change.gate for change in listed]), text_column("qargs", labels), *qubits,
        text_column("quantity", [change.quantity for change in listed]), text_column("unit", [unit_of(change) for change in listed]),
        number_column("old", [change.old for change in listed]), number_column("new", [change.new for change in listed]),
    ]  # fmt: skip
    return Table([*columns, *more], notes)


def unit_of(change: Change) -> str:
    """Return the SI unit of a changed value."""
    find = find_qubit_quantity if change.gate is None else find_gate_quantity
    quantity = find(change.quantity)
    return _OTHER_UNITS.get(change.quantity, "") if quantity is None else quantity.unit


def _qubit(qargs: tuple[int, ...] | None, index: int) -> int | None:
    return qargs[index] if qargs is not None and index < len(qargs) else None


def number_column(name: str, values: Sequence[float | None], kind: str = "float64") -> Column:
    """Return a column of numbers, of which ``None`` is missing."""
    import numpy as np

    valid = np.array([value is not None for value in values], dtype=bool)
    return Column(name, np.array([value or 0 for value in values], dtype=kind), valid)


def text_column(name: str, values: Sequence[str | None]) -> Column:
    """Return a column of texts, of which ``None`` is missing."""
    import numpy as np

    labels = list(dict.fromkeys(value for value in values if value is not None))
    code = {label: number for number, label in enumerate(labels)}
    valid = np.array([value is not None for value in values], dtype=bool)
    codes = np.array([0 if value is None else code[value] for value in values], dtype=np.int32)
    return Column(name, codes, valid, labels=labels)
