# SPDX-License-Identifier: Apache-2.0
"""The search for events in an archive."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..._moments import moment_of, span_of
from ..._timestamps import utc_now
from ...exceptions import ArchiveError, IBMInputValueError
from ...snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, find_gate_quantity, find_qubit_quantity
from .. import series, tables
from ..choice import Choice
from .event import KINDS, Event, Events
from .failures import gate_failures, qubit_failures
from .freezing import frozen_values
from .lateness import late_calibrations

if TYPE_CHECKING:
    from ..._moments import Span
    from ..store import CalibrationArchive

#: Defaults: how long values have to be the same, how many usual gaps are too long, how far back is looked.
FROZEN_AFTER, LATE_FACTOR, HISTORY = "7d", 3.0, "90d"
#: Usual gaps in the longest limit that makes sense.
_MOST_GAPS = 10_000


@dataclass(frozen=True)
class Asked:
    """Events that are asked for.

    Attributes:
        kinds: Their kinds.
        gates: The gates; ``None`` for all, and for qubits as well; empty for qubits alone.
        qubits: Qubits among which all of those of a qubit's or gate's event have to be; ``None`` for all.
        quantities: Public names of quantities that may be frozen.
        late_after: The limit of gaps; ``None`` for a multiple of the usual gap.
        late_factor: That multiple.
        frozen_after: How long a value has to be the same.
        origin: The origin of calibrations, see :meth:`CalibrationArchive.between`.
    """

    kinds: tuple[str, ...]
    gates: tuple[str, ...] | None
    qubits: frozenset[int] | None
    quantities: frozenset[str]
    late_after: datetime.timedelta | None
    late_factor: float
    frozen_after: datetime.timedelta
    origin: str | None

    @property
    def choice(self) -> Choice:
        """The calibrations in which events are looked for."""
        return Choice(origin=self.origin)

    @classmethod
    def of(
        cls,
        kinds: str | Iterable[str] | None,
        gates: str | Iterable[str] | None,
        qubits: Any,
        quantities: str | Iterable[str] | None,
        late_after: Span | None,
        late_factor: float,
        frozen_after: Span,
        origin: str | None,
    ) -> Asked:
        """Check the arguments of :meth:`CalibrationArchive.events`.

        Raises:
            IBMInputValueError: There is no such kind or quantity, or a length of time or the factor makes no sense.
        """
        chosen = tuple(dict.fromkeys(_texts(kinds, "kinds of events") if kinds is not None else KINDS))
        for kind in chosen:
            if kind not in KINDS:
                raise IBMInputValueError(f"Events are {', '.join(map(repr, KINDS))}, not {kind!r}.")
        is_number = isinstance(late_factor, int | float) and not isinstance(late_factor, bool)
        if not is_number or not 1 <= late_factor <= _MOST_GAPS:
            raise IBMInputValueError(f"late_factor must be a number from 1 to {_MOST_GAPS:,}, not {late_factor!r}.")
        return cls(
            chosen, None if gates is None else tuple(dict.fromkeys(_texts(gates, "gates"))),
            None if qubits is None else frozenset(series.indices(qubits)), _quantities(quantities),
            None if late_after is None else span_of(late_after, name="late_after"), float(late_factor),
            span_of(frozen_after, name="frozen_after"), origin,
        )  # fmt: skip


def events(
    archive: CalibrationArchive, backends: Sequence[str], asked: Asked, start: Any, end: Any, history: Span
) -> Events:
    """Return the events of devices, see :meth:`CalibrationArchive.events`."""
    begin = None if start is None else moment_of(start, name="start")
    earliest = None if begin is None else begin - span_of(history, name="history")
    gates = {backend: listed_gates(archive, backend, asked, earliest, end) for backend in backends}
    check_gates(asked, gates)
    found = [
        event
        for backend in backends
        for event in device_events(archive, backend, asked, gates[backend] or (), earliest, end)
        if begin is None or event.time >= begin
    ]
    # The search yields events of one time in a defined order already.
    return Events(tuple(sorted(found, key=lambda event: (event.time, event.backend))), tuple(backends))


def listed_gates(archive: CalibrationArchive, backend: str, asked: Asked, start: Any, end: Any) -> list[str] | None:
    """Return those gates of a device that are asked for; ``None`` without calibrations in the period."""
    if not len(archive.between(backend, start, end, origin=asked.origin)):
        return None
    if asked.gates == () or set(asked.kinds) <= {"late"}:
        return []
    listed = tables.gates_of(archive, backend, start, end, asked.choice)
    return [gate for gate in listed if asked.gates is None or gate in asked.gates]


def check_gates(asked: Asked, listed: Mapping[str, list[str] | None]) -> None:
    """Refuse gates that no device has.

    Args:
        asked: The events that are asked for.
        listed: What :func:`listed_gates` returned, by device.

    Raises:
        ArchiveError: No device has a gate.
    """
    known = {backend: gates for backend, gates in listed.items() if gates is not None}
    if not known or set(asked.kinds) <= {"late"}:
        return
    for gate in asked.gates or ():
        if not any(gate in gates for gates in known.values()):
            raise ArchiveError(f"No calibration of {', '.join(known)} in that time lists the gate {gate!r}.")


def device_events(
    archive: CalibrationArchive, backend: str, asked: Asked, gates: Sequence[str], start: Any, end: Any
) -> Iterator[Event]:
    """Yield the events of all calibrations of a period; the first one of these has nothing before it.

    Args:
        archive: The archive.
        backend: The device's name as the archive has it.
        asked: The events that are asked for.
        gates: Gates of :func:`listed_gates`.
        start: The start of the period, included.
        end: The end of the period, excluded, and the present for calibrations that are late.

    Raises:
        ArchiveError: The device does not have a qubit, or changed their number.
    """
    calibrations = archive.between(backend, start, end, origin=asked.origin).times
    if not calibrations:
        return
    read = partial(archive.series, backend, start=start, end=end, origin=asked.origin)
    if asked.qubits is not None:
        read("operational", qubits=sorted(asked.qubits))  # refuses qubits that the device does not have
    if {"failed", "returned"} & set(asked.kinds):
        yield from (event for event in _failures(read, asked, gates) if event.kind in asked.kinds)
    if "late" in asked.kinds:
        present = utc_now() if end is None else min(utc_now(), moment_of(end))
        yield from late_calibrations(backend, calibrations, present, asked.late_after, asked.late_factor)
    if "frozen" in asked.kinds:
        yield from _frozen(read, asked, gates)


def _failures(read: Any, asked: Asked, gates: Sequence[str]) -> Iterator[Event]:
    if not asked.gates:
        yield from _among(asked, qubit_failures(read("operational")))
    for gate in gates:

        def of_gate(gate: str = gate) -> list[series.ArchiveSeries]:
            return [read(name, gate=gate) for name in ("operational", "error", "duration")]

        yield from _among(asked, gate_failures(*tables.aligned(of_gate)))


def _frozen(read: Any, asked: Asked, gates: Sequence[str]) -> Iterator[Event]:
    for gate in [*([] if asked.gates else [None]), *gates]:
        for quantity in (QUBIT_QUANTITIES if gate is None else GATE_QUANTITIES).values():
            if quantity.name in asked.quantities and not quantity.is_flag:
                yield from _among(asked, frozen_values(read(quantity.name, gate=gate), asked.frozen_after))


def _among(asked: Asked, found: Iterable[Event]) -> Iterator[Event]:
    return (event for event in found if asked.qubits is None or asked.qubits.issuperset(event.qubits))


def _texts(value: str | Iterable[str], name: str) -> list[str]:
    listed = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    if not all(isinstance(text, str) for text in listed):
        raise IBMInputValueError(f"{name} must be texts, not {value!r}.")
    return listed


def _quantities(names: str | Iterable[str] | None) -> frozenset[str]:
    if names is None:
        return frozenset([*QUBIT_QUANTITIES, *GATE_QUANTITIES])
    found = set()
    for name in _texts(names, "quantities"):
        quantity = find_qubit_quantity(name) or find_gate_quantity(name)
        if quantity is None or quantity.is_flag:
            known = [each.name for each in (*QUBIT_QUANTITIES.values(), *GATE_QUANTITIES.values()) if not each.is_flag]
            raise IBMInputValueError(f"Values that may be frozen are of {', '.join(known)}, not of {name!r}.")
        found.add(quantity.name)
    return frozenset(found)
