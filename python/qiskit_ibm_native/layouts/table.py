# SPDX-License-Identifier: Apache-2.0
"""Tables of layouts with their scores."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from .. import _html
from .._extras import needed
from .._words import count

if TYPE_CHECKING:
    import numpy as np
    import pandas
    import polars
    from numpy.typing import NDArray
    from qiskit import QuantumCircuit

    from .pattern import MovableCircuit

#: Layouts that a text or a picture of a table has.
_SHOWN = 10
#: Characters of a layout there.
_WIDTH = 60


@dataclass(frozen=True, eq=False)
class LayoutTable:
    """Layouts of a circuit with their scores over calibrations, the best one first.

    A layout has the device's qubit for each of the circuit's qubits in use, in their order. Where a circuit could not
    run on a calibration, because a gate or a qubit was out of order, its success counts as 0.

    Attributes:
        backend: The device's name.
        circuit_name: The name of the circuit.
        active_qubits: The circuit's qubits in use, in ascending order.
        by: The estimate: ``"esp"`` or ``"mapomatic"``.
        aggregate: The way from the estimates of a layout to its score: ``"median"``, ``"mean"``, ``"worst"`` or a
            quantile.
        layouts: The layouts, an array ``(k, q)``.
        score: The scores, probabilities, an array ``(k,)``.
        median: Medians of the estimates, an array ``(k,)``.
        worst: The smallest estimates, an array ``(k,)``.
        latest: Estimates of the last calibration, an array ``(k,)``.
        availability: Shares of the calibrations on which the circuit could run, an array ``(k,)``.
        values: The estimates, an array ``(k, n)`` for ``n`` calibrations; ``nan`` where the circuit could not run.
        times: Times of the calibrations, an array ``(n,)`` of ``datetime64`` in UTC, ``NaT`` for unknown ones.
        is_complete: Whether all places of the circuit on the device were scored. If not, the best one may be missing.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Snapshot, best_layouts
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.cx(0, 1)
        >>> table = best_layouts(circuit, [Snapshot.load("lima")])
        >>> table.layouts.shape, table.layout, round(float(table.score[0]), 4)
        ((8, 2), [1, 2], 0.994)
    """

    backend: str
    circuit_name: str
    active_qubits: tuple[int, ...]
    by: str
    aggregate: str | float
    layouts: NDArray[np.uint32]
    score: NDArray[np.float64]
    median: NDArray[np.float64]
    worst: NDArray[np.float64]
    latest: NDArray[np.float64]
    availability: NDArray[np.float64]
    values: NDArray[np.float64]
    times: NDArray[np.datetime64]
    is_complete: bool
    _movable: MovableCircuit = field(repr=False)

    @property
    def layout(self) -> list[int]:
        """The best layout, which ``transpile(..., initial_layout=)`` takes for a circuit of the qubits in use."""
        return self[0]

    def circuit(self, rank: int = 0) -> QuantumCircuit:
        """Return the circuit at a place, ready to run there: on all qubits of the device, the same operations.

        Delays are those of the circuit. If it was scheduled, and gates take another time there, schedule it again.

        Args:
            rank: The rank of the layout; 0 is the best one.
        """
        return self._movable.circuit_at(self[rank])

    def columns(self) -> dict[str, Any]:
        """Return the table by column: ``layout``, and arrays of the other values."""
        return {
            "layout": self.layouts.tolist(), "score": self.score, "median": self.median, "worst": self.worst,
            "latest": self.latest, "availability": self.availability,
        }  # fmt: skip

    def to_pandas(self) -> pandas.DataFrame:
        """Return the table as a ``pandas.DataFrame``; its index has the ranks.

        Raises:
            MissingPackageError: pandas is not installed.
        """
        pandas = needed("pandas", "dataframes", "Data frames")
        return pandas.DataFrame(self.columns(), index=pandas.RangeIndex(len(self), name="rank"))

    def to_polars(self) -> polars.DataFrame:
        """Return the table as a ``polars.DataFrame``, in the order of the ranks.

        Raises:
            MissingPackageError: polars is not installed.
        """
        return needed("polars", "dataframes", "Data frames").DataFrame(self.columns())

    def __len__(self) -> int:
        return len(self.layouts)

    def __getitem__(self, rank: int) -> list[int]:
        """Return the layout of a rank."""
        layout: list[int] = self.layouts[rank].tolist()
        return layout

    def _rows(self) -> list[tuple[Any, ...]]:
        numbers = zip(self.score, self.median, self.worst, self.latest, self.availability, strict=True)
        return [
            (
                rank,
                shorten(" ".join(map(str, layout)), _WIDTH, placeholder=" ..."),
                *(f"{float(number):.4f}" for number in row),
            )
            for rank, (layout, row) in enumerate(zip(self.layouts[:_SHOWN].tolist(), numbers, strict=False))
        ]

    def __str__(self) -> str:
        heading = ("rank", "layout", "score", "median", "worst", "latest", "available")
        rows = [heading, *self._rows()]
        widths = [max(len(str(row[column])) for row in rows) for column in range(len(heading))]
        lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([self._title(), *(line.rstrip() for line in lines)])

    def _title(self) -> str:
        import numpy as np

        known = self.times[~np.isnat(self.times)]
        period = ""
        if len(known):
            first, last = (time.astype("datetime64[ms]").astype(datetime.datetime) for time in (min(known), max(known)))
            period = f", {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
        extent = "all" if self.is_complete else "not all, drawn at random"
        return (
            f"{self.circuit_name} on {self.backend}: {count(len(self), 'place')} ({extent}), {count(len(self.times), 'calibration')}{period};"
            f" score: {self.aggregate} of {self.by}"
        )

    def __repr__(self) -> str:
        return f"<LayoutTable of {self._title()}>"

    def _repr_html_(self) -> str:
        head = ("rank", "layout", "score", "median", "worst", "latest", "available")
        table = (
            _html.table(head, self._rows(), left_out=len(self) - _SHOWN)
            if len(self)
            else _html.note("There is no place.")
        )
        return _html.panel(_html.heading_of(self), table)
