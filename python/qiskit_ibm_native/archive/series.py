# SPDX-License-Identifier: Apache-2.0
"""One quantity over time."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _native
from .._progress import Reported, advancing
from .._threads import chosen_threads
from .._timestamps import FIRST, LAST
from ..exceptions import ArchiveDamagedError, ArchiveError, IBMInputValueError
from ..snapshot.quantities import gate_quantity, qubit_quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .._sqlite import Database

#: The same as in native code.
_MOST_QUBITS = 1 << 16
#: Payloads in memory at once.
_BATCH = 256
#: Seconds to wait for other writers; after that, extracts are not kept, and read again the next time.
_PATIENCE = 1.0


@dataclass(frozen=True)
class ArchiveSeries:
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
    """

    backend: str
    quantity: str
    gate: str | None
    times: NDArray[np.datetime64]
    values: NDArray[Any]
    valid: NDArray[np.bool_]
    qubits: NDArray[np.uint32]
    damaged: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        of = self.quantity if self.gate is None else f"{self.gate} {self.quantity}"
        return f"<ArchiveSeries of {self.backend}, {of}: {len(self)} calibrations, {len(self.qubits)} columns>"


def read(
    database: Database,
    backend: str,
    quantity: str,
    qubits: Any,
    gate: str | None,
    period: tuple[int, int],
    threads: int | None,
    progress: Reported = False,
) -> ArchiveSeries:
    """Return a series, see :meth:`CalibrationArchive.series`."""
    found_quantity = qubit_quantity(quantity) if gate is None else gate_quantity(quantity)
    native_name = found_quantity.column
    key = f"qubits {native_name}" if gate is None else f"gate {gate}"
    threads = chosen_threads(threads)
    found, damaged, num_qubits = _extracts(database, backend, key, native_name, gate, period, threads, progress)
    arrays = _native.stack_extracted([content for _, content in found], native_name, gate, num_qubits)
    if gate is None:
        values, valid = np.asarray(arrays["values"]), np.asarray(arrays["values_valid"])
        values = values != 0 if found_quantity.is_flag else values
        places: NDArray[np.uint32] = np.arange(num_qubits, dtype=np.uint32)
        at = _qubit_indices(qubits, num_qubits, backend)
    else:
        places = np.asarray(arrays["qargs"])
        if not len(places) and found:
            raise ArchiveError(f"No calibration of {backend} in that time lists the gate {gate!r}.")
        values = np.asarray(arrays[native_name])
        valid = np.ones_like(values) if found_quantity.is_flag else np.asarray(arrays[f"{native_name}_valid"])
        at = _qargs_indices(qubits, places, gate, backend)
    times = np.array([updated for updated, _ in found], dtype="datetime64[us]")
    if at is not None:
        values, valid, places = values[:, at], valid[:, at], places[at]
    return ArchiveSeries(backend, found_quantity.name, gate, times, values, valid, places, damaged)


def _extracts(
    database: Database,
    backend: str,
    key: str,
    native_name: str,
    gate: str | None,
    period: tuple[int, int],
    threads: int,
    progress: Reported,
) -> tuple[list[tuple[int, bytes]], dict[int, str], int]:
    """Return times with what was read of payloads, what is damaged, and how many qubits the device has."""
    rows = database.rows(
        "SELECT c.updated, c.properties, c.num_qubits, e.content FROM calibrations c"
        " LEFT JOIN extracts e ON e.quantity = ? AND e.properties = c.properties"
        " WHERE c.backend = ? AND c.updated >= ? AND c.updated < ?"
        " GROUP BY c.updated, c.properties ORDER BY c.updated, c.properties",
        (key, backend, *period),
        (int, int, int, object),
    )
    if any(not FIRST <= row[0] <= LAST or not 0 <= row[2] <= _MOST_QUBITS for row in rows):
        raise ArchiveDamagedError(f"{database.path} is damaged: a calibration of {backend} is of no time or device.")
    widths = {num_qubits for _, _, num_qubits, _ in rows}
    if len(widths) > 1:
        raise ArchiveError(f"{backend} had {sorted(widths)} qubits in that time; choose a period by start and end.")
    if not rows and not database.rows("SELECT 1 FROM calibrations WHERE backend = ? LIMIT 1", (backend,)):
        raise ArchiveError(f"{database.path} has no calibrations of {backend!r}.")
    num_qubits = widths.pop() if widths else 0
    rows = _without_damage(rows, native_name, gate, num_qubits)
    missing = list(dict.fromkeys(payload for _, payload, content in rows if content is None))
    made: dict[int, bytes] = {}
    damaged: dict[int, str] = {}
    try:
        with advancing(progress, "series", len(missing), "payload") as advance:
            for start in range(0, len(missing), _BATCH):
                batch = missing[start : start + _BATCH]
                for payload, content in _extract(database, batch, num_qubits, native_name, gate, threads):
                    if isinstance(content, bytes):
                        made[payload] = content
                    else:
                        damaged[payload] = content
                advance(len(batch))
    finally:
        # Also when it is interrupted, so that the next reading goes on there.
        _keep(database, key, made)
    if damaged:
        warnings.warn(
            f"{database.path}: {len(damaged)} damaged payloads of {backend} are left out; verify() tells more.",
            RuntimeWarning,
            stacklevel=5,
        )
    found = [
        (updated, content if content is not None else made[payload])
        for updated, payload, content in rows
        if payload not in damaged
    ]
    return found, damaged, num_qubits


def _without_damage(
    rows: list[tuple[int, int, int, Any]], native_name: str, gate: str | None, num_qubits: int
) -> list[tuple[int, int, bytes | None]]:
    """Return time, payload and extract of each row; an extract that is not what was kept has to be made again."""
    known = [number for number, row in enumerate(rows) if isinstance(row[3], bytes)]
    wrong = _native.damaged_extracts([rows[number][3] for number in known], native_name, gate, num_qubits)
    sound = set(known) - {known[index] for index in wrong}
    return [
        (updated, payload, content if number in sound else None)
        for number, (updated, payload, _, content) in enumerate(rows)
    ]


def _extract(
    database: Database, payloads: Sequence[int], num_qubits: int, native_name: str, gate: str | None, threads: int
) -> Iterable[tuple[int, bytes | str]]:
    marks = ", ".join("?" * len(payloads))
    rows = database.rows(f"SELECT id, packed, length FROM payloads WHERE id IN ({marks})", payloads)  # noqa: S608 (marks)
    sound = [(number, packed, length) for number, packed, length in rows if _is_sound(packed, length)]
    packed = [(packed, length, num_qubits) for _, packed, length in sound]
    read = {number for number, _, _ in sound}
    yield from ((number, "the payload is not there") for number in payloads if number not in read)
    contents = _native.extract_packed(packed, native_name, gate, threads)
    yield from zip((number for number, _, _ in sound), contents, strict=True)


def _is_sound(packed: Any, length: Any) -> bool:
    return isinstance(packed, bytes) and isinstance(length, int) and 0 <= length < 2**32


def _keep(database: Database, key: str, made: dict[int, bytes]) -> None:
    """Keep what was read for the next time. If that cannot be, it is read again then."""
    if not made:
        return
    insert = (
        "INSERT OR REPLACE INTO extracts (quantity, properties, content) SELECT ?1, id, ?3 FROM payloads WHERE id = ?2"
    )
    try:
        with database.writing(_PATIENCE) as connection:
            connection.executemany(insert, [(key, payload, content) for payload, content in made.items()])
    except ArchiveError:
        return


def _qubit_indices(qubits: Any, num_qubits: int, backend: str) -> list[int] | None:
    if qubits is None or not num_qubits:
        return None
    listed = _indices(qubits)
    for qubit in listed:
        if not 0 <= qubit < num_qubits:
            raise ArchiveError(f"{backend} has no qubit {qubit}; it has {num_qubits}.")
    return listed


def _qargs_indices(qubits: Any, places: NDArray[np.uint32], gate: str, backend: str) -> list[int] | None:
    if qubits is None or not len(places):
        return None
    listed = list(qubits) if isinstance(qubits, Iterable) else [qubits]
    if any(isinstance(place, Iterable) for place in listed):
        wanted = [tuple(_indices(place)) for place in listed]
    else:
        # One place of a gate on several qubits, or several of a gate on one.
        flat = _indices(listed)
        wanted = [(qubit,) for qubit in flat] if places.shape[1] == 1 else [tuple(flat)]
    known = {tuple(place): at for at, place in enumerate(places.tolist())}
    for place in wanted:
        if place not in known:
            raise ArchiveError(f"{backend} has no gate {gate!r} on qubits {place} in that time.")
    return [known[place] for place in wanted]


def _indices(qubits: Any) -> list[int]:
    """Return a qubit or several as integers.

    Raises:
        IBMInputValueError: They are something else.
    """
    listed = [qubits] if hasattr(qubits, "__index__") or not isinstance(qubits, Iterable) else list(qubits)
    if any(isinstance(qubit, bool | np.bool_) or not hasattr(qubit, "__index__") for qubit in listed):
        raise IBMInputValueError(f"qubits must be integers, not {qubits!r}.")
    return [index(qubit) for qubit in listed]
