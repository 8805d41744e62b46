# SPDX-License-Identifier: Apache-2.0
"""The columns of one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import QUBIT_QUANTITIES, GateQuantities, QubitQuantities, missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .._native import Snapshot as NativeSnapshot

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


class GateColumns(GateQuantities):
    """What a calibration says of one gate: a row for each place that it lists, in its order. Arrays are ``(m,)``."""

    def __init__(self, native: NativeSnapshot, name: str, arrays: Mapping[str, Any]) -> None:
        """Create it of native arrays by name."""
        super().__init__(name, arrays)
        self._native = native
        self._updated: NDArray[np.datetime64] | None = None

    @property
    def updated(self) -> NDArray[np.datetime64]:
        """When the error, or else the duration, was measured: an array ``(m,)`` in UTC, ``NaT`` where nothing tells.

        Dates are read of the payload when they are first asked for.

        Raises:
            CompactFormError: The snapshot was made without its payloads.
        """
        if self._updated is None:
            self._updated = np.asarray(self._native.gate_dates(self.name))
        return self._updated

    def __len__(self) -> int:
        return len(self.qargs)

    def __repr__(self) -> str:
        return f"<GateColumns of {self.name}: {len(self)} places>"


class SnapshotColumns(QubitQuantities):
    """What a calibration says of qubits and gates, as arrays.

    All arrays of qubits have the shape ``(num_qubits,)``. Without properties, values are missing and everything is
    operational.
    """

    def __init__(self, native: NativeSnapshot) -> None:
        """Create the columns of a native snapshot."""
        self._native = native
        self._pairs: dict[str, tuple[Floats, Flags]] = {}
        self._gates: dict[str, GateColumns] = {}

    def _pair(self, name: str) -> tuple[Floats, Flags]:
        pair = self._pairs.get(name)
        if pair is None:
            found = self._native.qubit_column(QUBIT_QUANTITIES[name])
            made = missing((self.num_qubits,)) if found is None else (np.asarray(found[0]), np.asarray(found[1]))
            pair = self._pairs.setdefault(name, made)
        return pair

    @property
    def num_qubits(self) -> int:
        """How many qubits the device has."""
        return self._native.num_qubits

    @property
    def operational(self) -> Flags:
        """Whether a qubit may be used; true if the device says nothing."""
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
            BackendPropertyError: The calibration does not list it.
            ValueError: It is listed on different numbers of qubits, which makes no array.
        """
        columns = self._gates.get(name)
        if columns is None:
            arrays = self._native.gate_columns(name)
            if arrays is None:
                from ..exceptions import BackendPropertyError

                raise BackendPropertyError(f"There is no gate {name!r} in the properties; there are {self.gates}.")
            columns = self._gates.setdefault(name, GateColumns(self._native, name, arrays))
        return columns

    def __repr__(self) -> str:
        return f"<SnapshotColumns of {self._native.name}: {self.num_qubits} qubits, gates {', '.join(self.gates)}>"
