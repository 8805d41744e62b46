# SPDX-License-Identifier: Apache-2.0
"""One quantity over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _native
from .._frames import TIME_NOTES, Table, Tabular, needed, place_coords
from .._progress import Reported, advancing
from .._threads import chosen_threads
from .._timestamps import FIRST, LAST
from .._warning import warn
from .._words import count
from ..exceptions import ArchiveDamagedError, ArchiveError, IBMInputValueError
from ..snapshot.quantities import gate_quantity, qubit_quantity
from . import blocks
from .questions import change_points, correlation, drift, outliers, stability
from .questions.subject import Subject

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

    from .._moments import Span
    from .._sqlite import Database
    from .choice import Condition

#: The same as in native code.
_MOST_QUBITS = 1 << 16


@dataclass(frozen=True)
class ArchiveSeries(Tabular):
    """A quantity over time; one row for each different properties payload, the oldest one first.

    Attributes:
        backend: The device's name.
        quantity: The quantity's public name, such as ``"t1"`` or ``"error"``.
        gate: The gate, if it is a quantity of gates.
        times: Times of the last updates, an array ``(time,)`` of ``datetime64`` in UTC.
        values: The values in SI units, an array ``(time, m)`` for ``m`` qubits or qargs, ``nan`` where missing; flags
            for ``"operational"``.
        valid: The mask of values that are present, an array ``(time, m)``.
        qubits: The qubits, an array ``(m,)``, or the qargs of a gate on ``k`` qubits, ``(m, k)``.
        damaged: Reasons by number, for payloads that could not be read. They are left out.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> t1 = archive.series("lima", "t1")
        >>> t1.values.shape, t1.unit
        ((1, 5), 's')
    """

    backend: str
    quantity: str
    gate: str | None
    times: NDArray[np.datetime64]
    values: NDArray[Any]
    valid: NDArray[np.bool_]
    qubits: NDArray[np.uint32]
    damaged: dict[int, str] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """The SI unit of the values; empty for probabilities and flags."""
        return (qubit_quantity if self.gate is None else gate_quantity)(self.quantity).unit

    # Questions

    def drift(self, *, confidence: float = 0.95) -> drift.Drift:
        """Return how fast each column changes: the median slope of Theil and Sen, and the spread around that line.

        Args:
            confidence: The probability of the interval of the slope.

        Returns:
            One row a column, see :class:`Drift` for definitions and sources.

        Raises:
            IBMInputValueError: The quantity is a flag, there are more than 8192 calibrations, of which all pairs count,
                or ``confidence`` is not between 0 and 1.
        """
        return drift.drift(self._subject(), confidence)

    def change_points(self, *, significance: float = 0.001) -> change_points.ChangePoints:
        """Return when the level of each column changed, by the test of Pettitt and binary segmentation.

        Args:
            significance: The largest probability, by chance alone, of a change that counts.

        Returns:
            One row a change, see :class:`ChangePoints` for the definition and its sources.

        Raises:
            IBMInputValueError: The quantity is a flag, or ``significance`` is not between 0 and 1.
        """
        return change_points.change_points(self._subject(), significance)

    def outliers(self, *, threshold: float = 3.5) -> outliers.Outliers:
        """Return values that are far from their column's median, by the modified z-score of Iglewicz and Hoaglin.

        Args:
            threshold: The smallest absolute score of an outlier.

        Returns:
            One row an outlier, see :class:`Outliers` for the definition and its source.

        Raises:
            IBMInputValueError: The quantity is a flag, or ``threshold`` is not above 0.
        """
        return outliers.outliers(self._subject(), threshold)

    def correlation(self, *, changes: bool = False) -> correlation.Correlation:
        """Return Spearman's rank correlation of each pair of columns.

        Args:
            changes: Whether to correlate changes from one calibration to the next. Levels that drift correlate even if
                they have nothing to do with each other.

        Returns:
            A matrix, see :class:`Correlation` for the definition and its source.

        Raises:
            IBMInputValueError: The quantity is a flag, or there are more than 4096 columns.
        """
        return correlation.correlation(self._subject(), changes)

    def stability(self, window: Span = "1d") -> stability.Stability:
        """Return how much the mean over a window differs from that of the next one, and the spread of all values.

        Args:
            window: The length of a window, such as ``"12h"`` or a ``timedelta``.

        Returns:
            One row a column, see :class:`Stability` for definitions and sources.

        Raises:
            IBMInputValueError: The quantity is a flag, or ``window`` is not above zero.
        """
        return stability.stability(self._subject(), window)

    def _subject(self) -> Subject:
        return Subject(
            self.backend, self.quantity, self.gate, self.unit, self.qubits, self.times, self.values, self.valid
        )

    # Tables

    def _table(self, *, wide: bool = False) -> Table:
        return self._subject().table(wide=wide)

    def to_xarray(self) -> xarray.DataArray:
        """Return the values as an ``xarray.DataArray`` with the dimensions ``time`` (UTC) and ``qubit`` or ``qargs``.

        Missing values are ``nan``; the unit is the attribute ``units``.

        Raises:
            MissingPackageError: xarray is not installed.
        """
        dimension, coords = place_coords(self.qubits)
        notes = {"units": self.unit, **self._subject().notes}
        coords = {"time": ("time", self.times, TIME_NOTES), **coords}
        return needed("xarray").DataArray(self.values, coords, ("time", dimension), self.quantity, notes)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        of = self.quantity if self.gate is None else f"{self.gate} {self.quantity}"
        return f"<ArchiveSeries of {self.backend}, {of}: {count(len(self), 'calibration')}, {count(len(self.qubits), 'column')}>"

    def _repr_html_(self) -> str:
        from .pictures import series_html

        return series_html(self)


def read(
    database: Database,
    backend: str,
    quantity: str,
    qubits: Any,
    gate: str | None,
    period: tuple[int, int],
    threads: int | None,
    progress: Reported,
    chosen: Condition,
) -> ArchiveSeries:
    """Return a series, see :meth:`CalibrationArchive.series`."""
    found_quantity = qubit_quantity(quantity) if gate is None else gate_quantity(quantity)
    subject = (found_quantity.column, gate)
    found = _read(database, backend, subject, period, chosen_threads(threads), progress, chosen)
    if found.damaged:
        warn(
            f"{database.path}: {len(found.damaged)} damaged payloads of {backend} are left out; verify() tells more.",
            RuntimeWarning,
        )
    values, valid = np.asarray(found.arrays["values"]), np.asarray(found.arrays["valid"])
    values = values != 0 if found_quantity.is_flag else values
    if gate is None:
        places: NDArray[np.uint32] = np.arange(found.num_qubits, dtype=np.uint32)
        at = _qubit_indices(qubits, found.num_qubits, backend)
    else:
        places = np.asarray(found.arrays["qargs"])
        if not len(places) and found.times:
            raise ArchiveError(f"No calibration of {backend} in that time lists the gate {gate!r}.")
        at = _qargs_indices(qubits, places, gate, backend)
    times = np.array(found.times, dtype="datetime64[us]")
    if at is not None:
        values, valid, places = values[:, at], valid[:, at], places[at]
    return ArchiveSeries(backend, found_quantity.name, gate, times, values, valid, places, found.damaged)


class _Found(NamedTuple):
    """Times, native arrays of the subject, reasons for damaged payloads, and how many qubits the device has."""

    times: list[int]
    arrays: Mapping[str, Any]
    damaged: dict[int, str]
    num_qubits: int


def _read(
    database: Database,
    backend: str,
    subject: tuple[str, str | None],
    period: tuple[int, int],
    threads: int,
    progress: Reported,
    chosen: Condition,
) -> _Found:
    names = _native.block_columns(*subject)
    # Blocks and payloads may be replaced at any time, and their numbers be given again.
    with database.one_moment():
        payloads, num_qubits = _payloads(database, backend, period, chosen)
        found = blocks.kept(database, backend, period, num_qubits, names)
    maker = blocks.Maker(database, backend, num_qubits, names, threads)
    while True:
        known = found.rows.keys() | maker.damaged.keys()
        missing = [each for each in payloads if each.number not in known]
        if missing:
            with advancing(progress, "series", len(missing), "payload") as advance:
                maker.make(missing, found, advance)
        # Others may have removed calibrations meanwhile: those are neither found nor damaged.
        there = [each for each in payloads if each.number in found.rows]
        picks = [found.rows[each.number] for each in there]
        arrays = _native.read_blocks(found.columns, picks, *subject, num_qubits)
        if not isinstance(arrays, list):
            return _Found([each.updated for each in there], arrays, maker.damaged, num_qubits)
        found.remove(arrays)


def _payloads(
    database: Database, backend: str, period: tuple[int, int], chosen: Condition
) -> tuple[list[blocks.Payload], int]:
    """Return the properties payloads of a period, the oldest one first, and how many qubits the device has."""
    rows = database.rows(
        "SELECT c.updated, c.properties, c.num_qubits, p.digest FROM calibrations c"  # noqa: S608 (made by us)
        " LEFT JOIN payloads p ON p.id = c.properties"
        f" WHERE c.backend = ? AND {chosen.text} AND c.updated >= ? AND c.updated < ?"
        " GROUP BY c.updated, c.properties, c.num_qubits ORDER BY c.updated, max(c.added), c.properties",
        (backend, *chosen.parameters, *period),
        (int, int, int, object),
    )
    if any(not FIRST <= row[0] <= LAST or not 0 <= row[2] <= _MOST_QUBITS for row in rows):
        raise ArchiveDamagedError(
            f"{database.path} is damaged: a calibration of {backend} has no time or no device. verify() tells more."
        )
    widths = {num_qubits for _, _, num_qubits, _ in rows}
    if len(widths) > 1:
        raise ArchiveError(f"{backend} had {sorted(widths)} qubits in that time; choose a period by start and end.")
    if not rows and not database.rows("SELECT 1 FROM calibrations WHERE backend = ? LIMIT 1", (backend,)):
        raise ArchiveError(f"{database.path} has no calibrations of {backend!r}.")
    payloads = [blocks.Payload(updated, number, digest) for updated, number, _, digest in rows]
    return payloads, widths.pop() if widths else 0


def _qubit_indices(qubits: Any, num_qubits: int, backend: str) -> list[int] | None:
    if qubits is None or not num_qubits:
        return None
    listed = indices(qubits)
    for qubit in listed:
        if not 0 <= qubit < num_qubits:
            raise ArchiveError(f"{backend} has no qubit {qubit}; it has {num_qubits}.")
    return listed


def _qargs_indices(qubits: Any, places: NDArray[np.uint32], gate: str, backend: str) -> list[int] | None:
    if qubits is None or not len(places):
        return None
    listed = list(qubits) if isinstance(qubits, Iterable) else [qubits]
    if any(isinstance(place, Iterable) for place in listed):
        wanted = [tuple(indices(place)) for place in listed]
    else:
        # One place of a gate on several qubits, or several of a gate on one.
        flat = indices(listed)
        wanted = [(qubit,) for qubit in flat] if places.shape[1] == 1 else [tuple(flat)]
    known = {tuple(place): at for at, place in enumerate(places.tolist())}
    for place in wanted:
        if place not in known:
            raise ArchiveError(f"{backend} has no gate {gate!r} on qubits {place} in that time.")
    return [known[place] for place in wanted]


def indices(qubits: Any) -> list[int]:
    """Return a qubit or several as integers.

    Raises:
        IBMInputValueError: They are something else.
    """
    listed = [qubits] if hasattr(qubits, "__index__") or not isinstance(qubits, Iterable) else list(qubits)
    if any(isinstance(qubit, bool | np.bool_) or not hasattr(qubit, "__index__") for qubit in listed):
        raise IBMInputValueError(f"qubits must be integers, not {qubits!r}.")
    return [index(qubit) for qubit in listed]
