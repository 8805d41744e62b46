# SPDX-License-Identifier: Apache-2.0
"""The columns of one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._frames import Column, Table, data_set, place_coords, qargs_columns, qubit_column, refuse_wide
from .._words import count
from .quantities import (
    GATE_QUANTITIES,
    QUBIT_QUANTITIES,
    GateQuantities,
    QubitQuantities,
    value_columns,
    value_variables,
)

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

    from .._native import Snapshot as NativeSnapshot

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


class GateColumns(GateQuantities):
    """Measured values of one gate in a calibration: arrays ``(m,)``, by qargs in payload order.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> cx = Snapshot.load("lima").columns.gate("cx")
        >>> worst = cx.error.argmax()
        >>> print(cx.qargs[worst], cx.error[worst], cx.duration[worst])  # qubits, a probability, s
        [4 3] 0.02043493012013503 4.835555555555555e-07
    """

    def __init__(self, native: NativeSnapshot, name: str, arrays: Mapping[str, Any]) -> None:
        """Create the columns from native arrays by name."""
        super().__init__(name, arrays)
        self._native = native
        self._updated: NDArray[np.datetime64] | None = None

    @property
    def updated(self) -> NDArray[np.datetime64]:
        """Dates of the errors, or else of the durations: an array ``(m,)`` in UTC.

        The array has ``datetime64``, ``NaT`` where missing. Dates are read from the payload on first access.

        Raises:
            CompactFormError: The snapshot was made without its payloads.
        """
        if self._updated is None:
            self._updated = np.asarray(self._native.gate_dates(self.name))
        return self._updated

    def _table(self, *, wide: bool = False) -> Table:
        refuse_wide(wide, self)
        names = Column("gate", np.zeros(len(self), dtype=np.int32), labels=[self.name])
        values = value_columns(self, GATE_QUANTITIES)
        updated = [Column("updated", self.updated)] if self._native.has_payloads else []
        return Table([names, *qargs_columns(self.qargs), *values, *updated], {"backend": self._native.name})

    def to_xarray(self) -> xarray.Dataset:
        """Return the values as an ``xarray.Dataset`` with the dimension ``qargs``; units are attributes.

        Raises:
            IBMInputValueError: xarray is not installed.
        """
        dimension, coords = place_coords(self.qargs)
        variables = value_variables(self, GATE_QUANTITIES, (dimension,))
        return data_set(variables, coords, {"backend": self._native.name, "gate": self.name})

    def __len__(self) -> int:
        return len(self.qargs)

    def __repr__(self) -> str:
        return f"<GateColumns of {self.name}: {len(self)} qargs>"


class SnapshotColumns(QubitQuantities):
    """Measured values of qubits and gates in a calibration, as arrays.

    All arrays of qubits have the shape ``(num_qubits,)``. A snapshot without properties has no values, and all its
    qubits are operational.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> columns = Snapshot.load("lima").columns
        >>> print((columns.t1 * 1e6).round(1))  # µs
        [ 59.7  83.1 103.8  43.6  17.5]
        >>> columns.gates
        ['id', 'rz', 'sx', 'x', 'cx', 'reset']
    """

    def __init__(self, native: NativeSnapshot) -> None:
        """Create the columns of a native snapshot."""
        self._native = native
        self._pairs: dict[str, tuple[Floats, Flags]] = {}
        self._gates: dict[str, GateColumns] = {}

    def _pair(self, name: str) -> tuple[Floats, Flags]:
        pair = self._pairs.get(name)
        if pair is None:
            found = self._native.qubit_column(QUBIT_QUANTITIES[name].column)
            made = _missing(self.num_qubits) if found is None else (np.asarray(found[0]), np.asarray(found[1]))
            pair = self._pairs.setdefault(name, made)
        return pair

    @property
    def num_qubits(self) -> int:
        """The number of qubits of the device."""
        return self._native.num_qubits

    @property
    def operational(self) -> Flags:
        """Flags of the qubits that may be used, an array ``(num_qubits,)``; true where the device says nothing."""
        found = self._native.operational_qubits
        if found is None:
            flags = np.ones(self.num_qubits, dtype=bool)
            flags.flags.writeable = False
            return flags
        return np.asarray(found)

    @property
    def gates(self) -> list[str]:
        """Names of the gates that :meth:`gate` takes, in payload order."""
        return self._native.gate_names

    def gate(self, name: str) -> GateColumns:
        """Return the columns of a gate.

        Raises:
            BackendPropertyError: The calibration does not list the gate.
            ValueError: The gate is listed on different numbers of qubits, which no array can hold.
        """
        columns = self._gates.get(name)
        if columns is None:
            arrays = self._native.gate_columns(name)
            if arrays is None:
                from ..exceptions import BackendPropertyError

                raise BackendPropertyError(f"There is no gate {name!r} in the properties; there are {self.gates}.")
            columns = self._gates.setdefault(name, GateColumns(self._native, name, arrays))
        return columns

    def _table(self, *, wide: bool = False) -> Table:
        refuse_wide(wide, self)
        qubits = qubit_column(np.arange(self.num_qubits, dtype=np.uint32))
        return Table([*qubits, *value_columns(self, QUBIT_QUANTITIES)], {"backend": self._native.name})

    def to_xarray(self) -> xarray.Dataset:
        """Return the values of qubits as an ``xarray.Dataset`` with the dimension ``qubit``; units are attributes.

        Raises:
            IBMInputValueError: xarray is not installed.
        """
        dimension, coords = place_coords(np.arange(self.num_qubits, dtype=np.uint32))
        return data_set(value_variables(self, QUBIT_QUANTITIES, (dimension,)), coords, {"backend": self._native.name})

    def __repr__(self) -> str:
        return f"<SnapshotColumns of {self._native.name}: {count(self.num_qubits, 'qubit')}, gates {', '.join(self.gates)}>"


def _missing(num_qubits: int) -> tuple[Floats, Flags]:
    """Return values that are all missing, and their mask; both are read-only."""
    values, valid = np.full(num_qubits, np.nan), np.zeros(num_qubits, dtype=bool)
    values.flags.writeable = valid.flags.writeable = False
    return values, valid
