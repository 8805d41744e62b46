# SPDX-License-Identifier: Apache-2.0
"""The least error that relaxation leaves to a gate, beside the one that the device reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..._frames import TIME_NOTES, Column, Table, data_set, place_coords
from ..._words import count
from ...exceptions import IBMInputValueError
from .subject import Answer, by_size, largest, places

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

    from ..series import ArchiveSeries

    Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class CoherenceLimit(Answer):
    """Errors of a gate, and the least ones that relaxation allows, arrays ``(time, m)``.

    A qubit that relaxes to its ground state and dephases for the duration ``t`` of the gate has the process fidelity
    ``F = (1 + exp(-t/T1) + 2 exp(-t/T2)) / 4``, several qubits the product of theirs; the limit is the average gate
    infidelity ``1 - (d F + 1) / (d + 1)`` for the dimension ``d`` [1, 2]. For one qubit, that is ``1/2 - exp(-t/T1)/6 -
    exp(-t/T2)/3``, and it is what qiskit-experiments calls the coherence limit. ``T2`` counts as ``2 T1`` if it is
    longer. The limit is ``nan`` where ``T1``, ``T2`` or the duration is missing; a gate without duration, such as
    ``rz``, has the limit 0.

    [1] M. Horodecki, P. Horodecki, R. Horodecki, Phys. Rev. A 60, 1888 (1999).
    [2] M. A. Nielsen, Phys. Lett. A 303, 249 (2002).

    Attributes:
        times: Times of the calibrations, ``datetime64`` in UTC.
        error: Errors as reported, probabilities, ``nan`` where missing; 1 where the gate does not work.
        limit: The least errors that relaxation allows.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> cx = archive.coherence_limit("lima", "cx", qubits=(0, 1))
        >>> print(cx.error.round(5), cx.limit.round(5))
        [[0.00834]] [[0.00411]]
    """

    times: NDArray[np.datetime64]
    error: Floats
    limit: Floats

    @property
    def excess(self) -> Floats:
        """The part of the errors that relaxation does not explain, ``error - limit``; negative if it explains more."""
        return self.error - self.limit

    def _table(self, *, wide: bool = False) -> Table:
        notes = {"backend": self.backend, "gate": str(self.gate)}
        if wide:
            columns = [
                Column(f"{label} {name}", values[:, index], ~np.isnan(values[:, index]))
                for index, label in enumerate("-".join(map(str, qubits)) for qubits in self.qubits.tolist())
                for name, values in (("error", self.error), ("limit", self.limit))
            ]
            return Table([Column("time", self.times), *columns], notes, "time", "qargs")
        times = Column("time", np.repeat(self.times, len(self.qubits)))
        arrays = {"error": self.error, "limit": self.limit, "excess": self.excess}
        values = [Column(name, array.ravel(), ~np.isnan(array.ravel())) for name, array in arrays.items()]
        return Table([times, *places(self.gate, self.qubits, len(self.times)), *values], notes)

    def to_xarray(self) -> xarray.Dataset:
        """Return the values as an ``xarray.Dataset`` with the dimensions ``time`` (UTC) and ``qargs``.

        Raises:
            IBMInputValueError: xarray is not installed.
        """
        dimension, coords = place_coords(self.qubits)
        arrays = {"error": self.error, "limit": self.limit, "excess": self.excess}
        variables = {name: (("time", dimension), array, {"units": ""}) for name, array in arrays.items()}
        return data_set(variables, {"time": ("time", self.times, TIME_NOTES), **coords}, self._table().notes)

    def _shown(self) -> Sequence[int]:
        # Of the last calibration, the gates that are farthest from their limit.
        if not len(self.times):
            return ()
        last = (len(self.times) - 1) * len(self.qubits)
        return [last + index for index in by_size(np.where(self.error[-1] < 1, self.excess[-1], np.nan))]

    def __repr__(self) -> str:
        most = ""
        if len(self.times):
            last = np.where(self.error[-1] < 1, self.excess[-1], np.nan)
            index = largest(last)
            if index is not None:
                most = f", at last farthest {self._subject_at(index)}: {self.error[-1, index]:.3g}, limit {self.limit[-1, index]:.3g}"
        return f"<CoherenceLimit of {self.gate} of {self.backend}: {count(len(self.times), 'calibration')}, {count(len(self), 'column')}{most}>"


def coherence_limit(
    error: ArchiveSeries, duration: ArchiveSeries, t1: ArchiveSeries, t2: ArchiveSeries
) -> CoherenceLimit:
    """Return the errors of a gate and their limits, see :meth:`CalibrationArchive.coherence_limit`.

    Args:
        error: The errors of the gate.
        duration: Its durations, of the same qargs at the same times.
        t1: The times ``T1`` of all qubits, at the same times.
        t2: The times ``T2`` of all qubits.
    """
    gate, width = error.gate, error.qubits.shape[1]
    if width > 2:
        raise IBMInputValueError(
            f"{gate!r} is a gate on {width} qubits; there are coherence limits for gates on one and two."
        )
    seconds = np.where(duration.valid, duration.values, np.nan)
    relaxation = [np.where(found.valid, found.values, np.nan) for found in (t1, t2)]
    limit = limits(seconds, [(relaxation[0][:, qubits], relaxation[1][:, qubits]) for qubits in error.qubits.T])
    reported = np.where(error.valid, error.values, np.nan)
    return CoherenceLimit(error.backend, "error", gate, "", error.qubits, error.times, reported, limit)


def limits(seconds: Floats, relaxation: list[tuple[Floats, Floats]]) -> Floats:
    """Return the average gate infidelities of relaxation.

    Args:
        seconds: Durations, s.
        relaxation: ``T1`` and ``T2``, s, of each qubit of the gate, arrays like ``seconds``.
    """
    fidelity = np.ones_like(seconds)
    with np.errstate(divide="ignore", invalid="ignore"):
        for t1, t2 in relaxation:
            fidelity = fidelity * (1 + np.exp(-seconds / t1) + 2 * np.exp(-seconds / np.minimum(t2, 2 * t1))) / 4
    dimension = 2 ** len(relaxation)
    return np.where(np.isnan(fidelity), np.nan, 1 - (dimension * fidelity + 1) / (dimension + 1))
