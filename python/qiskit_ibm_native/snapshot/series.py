# SPDX-License-Identifier: Apache-2.0
"""Columns of many snapshots of a device, stacked over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _html, _native
from .._frames import TIME_NOTES, Column, Table, data_set, place_coords, qargs_columns, qubit_column, refuse_wide
from .._timestamps import utc_array
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
    from typing_extensions import Self

    from .snapshot import Payload, Snapshot

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


class GateSeries(GateQuantities):
    """A gate over many calibrations: arrays ``(time, m)`` for the ``m`` qargs that any of the calibrations lists.

    Qargs are in the order of first appearance. The last row counts if a calibration repeats one.

    Attributes:
        times: Times of the last updates: an array ``(time,)`` of ``datetime64`` in UTC, ``NaT`` where missing.

    Examples:
        >>> from qiskit_ibm_native import CalibrationSeries, Snapshot
        >>> lima = Snapshot.load("lima")
        >>> cx = CalibrationSeries([lima, lima.with_overrides(gate_error={("cx", (4, 3)): 0.03})]).gate("cx")
        >>> print(cx.qargs[0], cx.error[:, 0].round(4))
        [4 3] [0.0204 0.03  ]
    """

    def __init__(self, name: str, arrays: Mapping[str, Any], times: NDArray[np.datetime64]) -> None:
        """Create the series from native arrays by name."""
        super().__init__(name, arrays)
        self.times = times

    def _table(self, *, wide: bool = False) -> Table:
        refuse_wide(wide, self)
        count = len(self.times)
        times = Column("time", np.repeat(self.times, len(self.qargs)))
        names = Column("gate", np.zeros(count * len(self.qargs), dtype=np.int32), labels=[self.name])
        return Table([times, names, *qargs_columns(self.qargs, count), *value_columns(self, GATE_QUANTITIES)])

    def to_xarray(self) -> xarray.Dataset:
        """Return the values as an ``xarray.Dataset`` with the dimensions ``time`` (UTC) and ``qargs``.

        Raises:
            IBMInputValueError: xarray is not installed.
        """
        dimension, coords = place_coords(self.qargs)
        variables = value_variables(self, GATE_QUANTITIES, ("time", dimension))
        return data_set(variables, {"time": ("time", self.times, TIME_NOTES), **coords}, {"gate": self.name})

    def __repr__(self) -> str:
        return f"<GateSeries of {self.name}: {count(self.error.shape[0], 'calibration')}, {len(self.qargs):,} qargs>"


class CalibrationSeries(QubitQuantities):
    """Calibrations of one device in the order in which they are given.

    Quantities of qubits are arrays ``(time, num_qubits)``, those of gates ``(time, m)`` for ``m`` qargs. A quantity is
    stacked natively on first access, and kept.

    Attributes:
        times: Times of the last updates: an array ``(time,)`` of ``datetime64`` in UTC, ``NaT`` where missing.

    Examples:
        >>> from qiskit_ibm_native import CalibrationSeries, Snapshot
        >>> lima = Snapshot.load("lima")
        >>> series = CalibrationSeries([lima, lima.with_overrides(t1={0: 80e-6}, date="2026-03-01")])
        >>> print(series.times.astype("datetime64[D]"), series.t1[:, 0])  # UTC, s
        ['2021-03-15' '2026-03-01'] [5.96986433e-05 8.00000000e-05]
    """

    def __init__(self, snapshots: Iterable[Snapshot]) -> None:
        """Create the series from snapshots.

        Raises:
            ValueError: The snapshots have different numbers of qubits.
        """
        self._set([snapshot._native for snapshot in snapshots])

    @classmethod
    def from_payloads(cls, payloads: Iterable[tuple[Payload, Payload | None]], threads: int | None = None) -> Self:
        """Create the series from payloads, which are read in parallel; the arguments of :meth:`Snapshot.parse_many`.

        Raises:
            BackendPayloadError: A payload is refused.
            ValueError: The devices have different numbers of qubits, or ``threads`` is below 1.
        """
        from .._threads import chosen_threads

        series = object.__new__(cls)
        series._set(_native.Snapshot.parse_many(list(payloads), chosen_threads(threads)))
        return series

    def _set(self, natives: Sequence[_native.Snapshot]) -> None:
        widths = {native.num_qubits for native in natives}
        if len(widths) > 1:
            raise ValueError(f"the snapshots are of devices with different numbers of qubits: {sorted(widths)}")
        self._natives = list(natives)
        self._pairs: dict[str, tuple[Floats, Flags]] = {}
        self._gates: dict[str, GateSeries] = {}
        self.times: NDArray[np.datetime64] = utc_array(native.last_update for native in natives)

    def _pair(self, name: str) -> tuple[Floats, Flags]:
        pair = self._pairs.get(name)
        if pair is None:
            arrays = _native.stack_snapshots(self._natives, QUBIT_QUANTITIES[name].column, None)
            pair = self._pairs.setdefault(name, (np.asarray(arrays["values"]), np.asarray(arrays["values_valid"])))
        return pair

    @property
    def operational(self) -> Flags:
        """Flags of the qubits that may be used, an array ``(time, num_qubits)``; true where the device says nothing."""
        values, valid = self._pair("operational")
        flags: Flags = ~valid | (values != 0)
        flags.flags.writeable = False
        return flags

    def gate(self, name: str) -> GateSeries:
        """Return a gate's columns.

        Raises:
            BackendPropertyError: No calibration lists the gate.
            ValueError: The gate is listed on different numbers of qubits, which no array can hold.
        """
        series = self._gates.get(name)
        if series is None:
            made = GateSeries(name, _native.stack_snapshots(self._natives, "", name), self.times)
            if not len(made.qargs):
                from ..exceptions import BackendPropertyError

                raise BackendPropertyError(f"No calibration of the series lists the gate {name!r}.")
            series = self._gates.setdefault(name, made)
        return series

    def _table(self, *, wide: bool = False) -> Table:
        refuse_wide(wide, self)
        qubits = np.arange(self.t1.shape[1], dtype=np.uint32)
        times = Column("time", np.repeat(self.times, len(qubits)))
        columns = [times, *qubit_column(qubits, len(self)), *value_columns(self, QUBIT_QUANTITIES)]
        return Table(columns, self._notes())

    def to_xarray(self) -> xarray.Dataset:
        """Return the values of qubits as an ``xarray.Dataset`` with the dimensions ``time`` (UTC) and ``qubit``.

        Raises:
            IBMInputValueError: xarray is not installed.
        """
        dimension, coords = place_coords(np.arange(self.t1.shape[1], dtype=np.uint32))
        variables = value_variables(self, QUBIT_QUANTITIES, ("time", dimension))
        return data_set(variables, {"time": ("time", self.times, TIME_NOTES), **coords}, self._notes())

    def _notes(self) -> dict[str, str]:
        return {"backend": self._natives[0].name} if self._natives else {}

    def __len__(self) -> int:
        return len(self._natives)

    def __repr__(self) -> str:
        name = self._natives[0].name if self._natives else "nothing"
        return f"<CalibrationSeries of {name}: {count(len(self), 'calibration')}>"

    def _repr_html_(self) -> str:
        from .._overview import device_panel

        if not self._natives:
            return _html.panel(_html.heading("No calibrations", kind="CalibrationSeries"))
        known = self.times[~np.isnat(self.times)]
        period = f"{_html.plain(known.min())} to {_html.plain(known.max())}" if len(known) else ""
        last = self._natives[-1]
        notes = (count(len(self), "calibration"), count(last.num_qubits, "qubit"), period, "values of the last one")
        return device_panel(last, _html.heading(last.name, *notes, kind="CalibrationSeries"))
