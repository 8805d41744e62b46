# SPDX-License-Identifier: Apache-2.0
"""Values over time as a picture needs them: in order, without what is no value, cut where no calibration is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...archive.events.failures import FAILING_ERROR
from ...archive.questions.change_points import ChangePoints, change_points
from ...archive.questions.subject import Subject
from ...archive.series import ArchiveSeries, indices
from ...exceptions import IBMInputValueError
from ...snapshot.quantities import Quantity, gate_quantity, qubit_quantity
from ...snapshot.series import CalibrationSeries, GateSeries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

#: A gap between calibrations that is longer than so many usual ones is one in which no calibration is.
USUAL_GAPS = 5
#: The significance of changes that are looked for here, as :meth:`ArchiveSeries.change_points` has it.
_SIGNIFICANCE = 0.001


class Course(NamedTuple):
    """A quantity of a device over time.

    Attributes:
        backend: The device's name; empty if it is not known.
        quantity: The quantity.
        gate: The gate, if it is a quantity of gates.
        times: Times in UTC, an array ``(n,)``, the earliest first.
        values: The values in SI units, an array ``(n, m)``, ``nan`` where there is none; 0 and 1 for flags.
        qubits: The qubits of each column: an array ``(m,)``, or ``(m, k)`` for gates on ``k`` qubits.
        num_faulty: Number of values that are left out because an error of 1 marks a gate that does not work.
        num_undated: Number of calibrations that are left out because they have no time.
    """

    backend: str
    quantity: Quantity
    gate: str | None
    times: Times
    values: Floats
    qubits: NDArray[np.uint32]
    num_faulty: int = 0
    num_undated: int = 0

    @property
    def name(self) -> str:
        """The quantity as titles have it, such as ``"T1"`` or ``"cz error"``."""
        words = self.quantity.payload_name if self.gate is None else f"{self.gate} {self.quantity.name}"
        return words.replace("_", " ")

    @property
    def places(self) -> str:
        """The plural of what columns are: ``"qubits"``, ``"pairs"`` of qubits, or ``"places"`` of larger gates."""
        width = self.qubits.shape[1] if self.qubits.ndim > 1 else 1
        return {1: "qubits", 2: "pairs"}.get(width, "places")

    def label(self, column: int) -> str:
        """Return the name of a column: ``"qubit 3"`` or ``"cz (0, 1)"``."""
        place = self.qubits[column].tolist()
        if self.gate is None:
            return f"qubit {place}"
        return f"{self.gate} ({', '.join(map(str, place))})"

    def place(self, column: int) -> tuple[int, ...]:
        """Return the qubits of a column."""
        place = self.qubits[column].tolist()
        return tuple(place) if isinstance(place, list) else (place,)

    def changes(self) -> ChangePoints:
        """Return the changes of level of each column."""
        valid = ~np.isnan(self.values)
        subject = Subject(
            self.backend, self.quantity.name, self.gate, self.quantity.unit, self.qubits, self.times, self.values, valid
        )
        return change_points(subject, _SIGNIFICANCE)


def course_of(series: Any, quantity: str | None, gate: str | None) -> Course:
    """Return the course of a quantity.

    Args:
        series: An :class:`ArchiveSeries`, a :class:`CalibrationSeries` or a :class:`GateSeries`.
        quantity: The quantity, if the series has several.
        gate: The gate of a :class:`CalibrationSeries`; ``None`` for a quantity of qubits.

    Raises:
        BackendPropertyError: No calibration lists the gate.
        IBMInputValueError: The series is something else, or is of another quantity or gate.
        ValueError: There is no such quantity.
    """
    if isinstance(series, ArchiveSeries):
        found = (qubit_quantity if series.gate is None else gate_quantity)(series.quantity)
        _agree("quantity", quantity, {found.name, found.payload_name}, series)
        _agree("gate", gate, {series.gate}, series)
        # A calibration that says nothing of a qubit lets it be used; gates that are not listed cannot be.
        missing = np.nan if not found.is_flag else float(series.gate is None)
        values = np.where(series.valid, series.values, missing)
        return _ordered(series.backend, found, series.gate, series.times, values, series.qubits)
    if isinstance(series, CalibrationSeries):
        if gate is not None:
            return course_of(series.gate(gate), quantity, None)._replace(backend=series._notes().get("backend", ""))
        found = qubit_quantity(quantity or "t1")
        values = getattr(series, found.name)
        qubits = np.arange(values.shape[1], dtype=np.uint32)
        return _ordered(series._notes().get("backend", ""), found, None, series.times, values, qubits)
    if isinstance(series, GateSeries):
        _agree("gate", gate, {series.name}, series)
        found = gate_quantity(quantity or "error")
        return _ordered("", found, series.name, series.times, getattr(series, found.name), series.qargs)
    raise IBMInputValueError(
        f"A drift is of a series of calibrations, not of {type(series).__name__}: archive.series(device, quantity), or"
        " CalibrationSeries(snapshots)."
    )


def _agree(name: str, given: str | None, known: set[Any], series: object) -> None:
    if given is not None and given not in known:
        raise IBMInputValueError(f"{name}={given!r} is not that of {series!r}; leave it out, or take another series.")


def _ordered(backend: str, quantity: Quantity, gate: str | None, times: Times, values: Any, qubits: Any) -> Course:
    values = np.array(values, dtype=float)
    values[~np.isfinite(values)] = np.nan
    is_faulty = np.zeros(values.shape, dtype=bool)
    if gate is not None and quantity.is_probability:
        with np.errstate(invalid="ignore"):
            is_faulty = values >= FAILING_ERROR
    values[is_faulty] = np.nan
    dated = ~np.isnat(times)
    order = np.flatnonzero(dated)[np.argsort(times[dated], kind="stable")]
    return Course(
        backend, quantity, gate, times[order].astype("datetime64[us]"), values[order], np.asarray(qubits),
        int(is_faulty.sum()), int((~dated).sum()),
    )  # fmt: skip


def columns_of(course: Course, qubits: Any) -> list[int]:
    """Return the columns of single qubits, or of qargs of a gate; all for ``"all"``, and none for ``None``.

    Raises:
        IBMInputValueError: There is no such column, or it is of no known form.
    """
    if qubits is None:
        return []
    if isinstance(qubits, str) and qubits == "all":
        return list(range(len(course.qubits)))
    listed = list(qubits) if isinstance(qubits, Iterable) and not isinstance(qubits, str) else [qubits]
    if any(isinstance(place, Iterable) and not isinstance(place, str) for place in listed):
        wanted = [tuple(indices(place)) for place in listed]
    else:
        flat, width = indices(listed), course.qubits.shape[1] if course.qubits.ndim > 1 else 1
        wanted = [(qubit,) for qubit in flat] if width == 1 else [tuple(flat)]
    known = {course.place(column): column for column in range(len(course.qubits))}
    for place in wanted:
        if place not in known:
            of = course.backend or "This series"
            what = f"qubit {place[0]}" if course.gate is None else f"{course.gate} on {place}"
            raise IBMInputValueError(f"{of} has no values of {what}; it has those of {len(known)} {course.places}.")
    return [known[place] for place in dict.fromkeys(wanted)]


def quantiles_of(values: Floats, levels: Sequence[float]) -> Floats:
    """Return quantiles over columns, an array ``(levels, n)``, as ``numpy.nanquantile`` has them; ``nan`` for none."""
    found = np.full((len(levels), len(values)), np.nan)
    present = ~np.isnan(values).all(axis=1) if values.size else np.zeros(len(values), dtype=bool)
    if present.any():
        found[:, present] = np.nanquantile(values[present], levels, axis=1)
    return found


def longest_gap(times: Times, gap: np.timedelta64 | None) -> np.timedelta64 | None:
    """Return the longest gap over which a line goes: the given one, or :data:`USUAL_GAPS` times the median gap."""
    gaps = np.diff(times)
    gaps = gaps[gaps > np.timedelta64(0)]
    if gap is not None or not len(gaps):
        return gap
    usual: np.timedelta64 = np.median(gaps.astype(np.int64)).astype("timedelta64[us]")
    return USUAL_GAPS * usual


def gap_ends(times: Times, gap: np.timedelta64 | None) -> NDArray[np.int64]:
    """Return the indices of the calibrations that come after a longer gap than ``gap``."""
    return np.empty(0, dtype=np.int64) if gap is None else np.flatnonzero(np.diff(times) > gap) + 1


def interrupted(array: Floats, ends: NDArray[np.int64], *, is_time: bool = False) -> Floats:
    """Return values, along the last axis, with ``nan`` before each of some indices, over which no line goes.

    Args:
        array: The values, or numbers of times.
        ends: Indices of the first values after gaps.
        is_time: Whether these are times: instead of ``nan``, the time before the gap is there twice.
    """
    return np.insert(array, ends, array[ends - 1] if is_time else np.nan, axis=-1)


def alone(values: Floats) -> NDArray[np.bool_]:
    """Return which values have none beside them, so that no line goes through them."""
    present = ~np.isnan(values)
    padded = np.concatenate([[False], present, [False]])
    lonely: NDArray[np.bool_] = present & ~padded[:-2] & ~padded[2:]
    return lonely
