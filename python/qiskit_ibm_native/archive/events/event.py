# SPDX-License-Identifier: Apache-2.0
"""Events, and tables of them."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from ..._frames import Column, Table, Tabular, refuse_wide
from ..._timestamps import moment, utc, utc_array
from ...snapshot.changes import number_column, text_column
from ...snapshot.quantities import find_gate_quantity, find_qubit_quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Kinds of events, in the order in which those of one time come.
KINDS = ("failed", "returned", "late", "frozen")


@dataclass(frozen=True)
class Event:
    """An event in the history of a device, see :meth:`CalibrationArchive.events` for the definitions.

    Attributes:
        backend: The device's name.
        kind: ``"failed"``, ``"returned"``, ``"late"`` or ``"frozen"``.
        time: The first moment at which the event could be known, in UTC: the time of a calibration, or the moment at
            which a calibration became late.
        since: When the state began that the event is about: the failure, the wait for a calibration, the value.
        until: When that state ended; ``None`` if it lasts at the end of the period.
        duration: From ``since`` to ``until``; for a state that lasts, to the last calibration, or to the end of the
            period for one that is late. It is a lower bound if ``before`` is ``"unknown"``.
        gate: The gate; ``None`` for a qubit or the device.
        qubits: The qubit, or the qubits of the gate; empty for the device.
        quantity: The quantity of a frozen value; ``None`` otherwise.
        value: The frozen value, in its SI unit; ``None`` otherwise.
        before: What was before that state: ``"worked"``, ``"worked, error 0.0071"``, ``"not operational"``, ``"a
            calibration every 24.0 h"``, another value; ``"unknown"`` if the state is that of the first calibration.
        reason: Why it counts as an event.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> (event,) = archive.events("lima", kinds="late", late_after="7d", end="2021-04")
        >>> print(event.kind, event.since, event.duration)
        late 2021-03-15 04:36:03+00:00 16 days, 19:23:57
    """

    backend: str
    kind: str
    time: datetime.datetime
    since: datetime.datetime
    until: datetime.datetime | None
    duration: datetime.timedelta
    gate: str | None
    qubits: tuple[int, ...]
    quantity: str | None
    value: float | None
    before: str
    reason: str

    @property
    def subject(self) -> str:
        """The qubit, the gate with its qubits, or the device, as a text."""
        return subject_text(self.backend, self.gate, self.qubits)

    @property
    def unit(self) -> str:
        """The SI unit of the value; empty if there is none."""
        return "" if self.quantity is None else unit_of(self.quantity, self.gate)

    def to_dict(self) -> dict[str, Any]:
        """Return the event as a dictionary for JSON: times are ISO 8601 in UTC, the duration is in seconds."""
        times = {name: iso_text(getattr(self, name)) for name in ("time", "since", "until")}
        more = {"subject": self.subject, "unit": self.unit, "text": str(self)}
        qubits, seconds = list(self.qubits), self.duration.total_seconds()
        return {**asdict(self), "qubits": qubits, "duration": seconds, **times, **more}

    def __str__(self) -> str:
        name = f" {self.quantity}" if self.quantity else ""
        lasts = "" if self.kind == "returned" else ", lasts" if self.until is None else f", until {minute(self.until)}"
        of = "" if self.subject == self.backend else f" of {self.backend}"
        return (
            f"{minute(self.time)}: {self.subject}{name}{of} {self.kind}: {self.reason}{lasts} (before: {self.before})"
        )


@dataclass(frozen=True, repr=False)
class Events(Tabular, Sequence[Event]):
    """Events by time, a sequence of :class:`Event` and a table with a row for each.

    Attributes:
        items: The events.
        backends: Names of the devices that were looked at.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> events = archive.events("lima", late_after="7d", end="2021-04")
        >>> len(events), events[0].kind
        (1, 'late')
    """

    items: tuple[Event, ...]
    backends: tuple[str, ...]

    def _table(self, *, wide: bool = False) -> Table:
        refuse_wide(wide, self)
        events = self.items
        width = max([1, *(len(event.qubits) for event in events)])
        qubits = [[event.qubits[k] if k < len(event.qubits) else None for event in events] for k in range(width)]
        seconds = np.array([event.duration.total_seconds() for event in events], dtype=float)
        columns = [
            text_column("backend", [event.backend for event in events]),
            Column("time", utc_array(event.time for event in events)),
            text_column("kind", [event.kind for event in events]), text_column("gate", [event.gate for event in events]),
            text_column("qargs", ["-".join(map(str, event.qubits)) or None for event in events]),
            *(number_column(f"qubit_{k}", column, "uint32") for k, column in enumerate(qubits)),
            Column("since", utc_array(event.since for event in events)), _times("until", [event.until for event in events]),
            Column("duration", seconds, unit="s"), text_column("quantity", [event.quantity for event in events]),
            number_column("value", [event.value for event in events]), text_column("unit", [event.unit for event in events]),
            text_column("before", [event.before for event in events]), text_column("reason", [event.reason for event in events]),
        ]  # fmt: skip
        return Table(columns)

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> Events: ...

    def __getitem__(self, index: int | slice) -> Event | Events:
        return Events(self.items[index], self.backends) if isinstance(index, slice) else self.items[index]

    def __iter__(self) -> Iterator[Event]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def _shown(self) -> Sequence[int]:
        # States that last come first, the latest one of each kind of state in front.
        return sorted(
            range(len(self)), key=lambda index: (self[index].until is not None, -self[index].time.timestamp())
        )

    def __repr__(self) -> str:
        counts = Counter(event.kind for event in self.items)
        found = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]) or "none"
        return f"<Events of {', '.join(self.backends) or 'no device'}: {found}>"


def subject_text(backend: str, gate: str | None, qubits: Sequence[int]) -> str:
    """Return a qubit, a gate with its qubits, or a device as a text."""
    if gate is not None:
        return f"{gate} ({', '.join(map(str, qubits))})"
    return f"qubit {qubits[0]}" if qubits else backend


def unit_of(quantity: str, gate: str | None) -> str:
    """Return the SI unit of a quantity of qubits, or of a gate."""
    found = (find_qubit_quantity if gate is None else find_gate_quantity)(quantity)
    return "" if found is None else found.unit


def value_text(value: float, unit: str, digits: int = 9) -> str:
    """Return a value with its unit."""
    return f"{value:.{digits}g} {unit}".rstrip()


def minute(time: datetime.datetime) -> str:
    """Return a time in UTC to the minute."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def iso_text(time: datetime.datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC; ``None`` for ``None``."""
    return None if time is None else utc(time).isoformat().replace("+00:00", "Z")


def moment_at(time: np.datetime64) -> datetime.datetime:
    """Return an item of an array of times as a datetime in UTC."""
    return moment(int(time.astype("datetime64[us]").astype(np.int64)))


def _times(name: str, times: Sequence[datetime.datetime | None]) -> Column:
    values: NDArray[np.datetime64] = utc_array(times)
    return Column(name, values, ~np.isnat(values))
