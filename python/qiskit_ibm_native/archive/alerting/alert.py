# SPDX-License-Identifier: Apache-2.0
"""Alerts."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from ..events.event import iso_text, minute, subject_text, unit_of


class Condition(NamedTuple):
    """The attributes of an alert that stay the same as long as it holds."""

    rule: str
    backend: str
    kind: str
    gate: str | None
    qubits: tuple[int, ...]
    quantity: str | None


@dataclass(frozen=True)
class Alert:
    """A rule whose condition holds.

    Attributes:
        rule: The name of the rule.
        backend: The device's name.
        kind: The condition of the rule: ``"above"``, ``"below"``, ``"rise"`` or ``"fall"``, or the kind of an event.
        gate: The gate; ``None`` for a qubit or the device.
        qubits: The qubit, or the qubits of the gate; empty for the device.
        quantity: The quantity of a value; ``None`` if the alert is about none.
        value: The value in SI units, also a frozen one; ``None`` if the alert is about none.
        threshold: The value, in SI units, from which the condition holds; ``None`` for events.
        time: The time, in UTC, of the calibration with the value: the last one in which the condition holds. For an
            event, when it could be known first.
        began: When the condition began to hold, as far back as was looked.
        until: When it did not hold any more; ``None`` if it still holds.
        reason: Why.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot, ValueRule
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> (alert, *_) = archive.alerts([ValueRule(quantity="readout_error", above=0.05)])
        >>> print(alert)
        2021-03-15 04:36 UTC: qubit 3 readout_error of ibmq_lima is 0.0515, above 0.05 (since 2021-03-15 ...
        >>> alert.qubits, alert.value, alert.threshold
        ((3,), 0.0515000000000001, 0.05)
    """

    rule: str
    backend: str
    kind: str
    gate: str | None
    qubits: tuple[int, ...]
    quantity: str | None
    value: float | None
    threshold: float | None
    time: datetime.datetime
    began: datetime.datetime
    until: datetime.datetime | None
    reason: str

    @property
    def subject(self) -> str:
        """The qubit, the gate with its qubits, or the device, as a text."""
        return subject_text(self.backend, self.gate, self.qubits)

    @property
    def unit(self) -> str:
        """The SI unit of the value; empty if there is none."""
        return "" if self.quantity is None else unit_of(self.quantity, self.gate)

    @property
    def text(self) -> str:
        """The alert in a line."""
        quantity = f" {self.quantity}" if self.quantity else ""
        of = "" if self.subject == self.backend else f" of {self.backend}"
        period = (
            f"since {minute(self.began)}" if self.until is None else f"{minute(self.began)} to {minute(self.until)}"
        )
        return f"{minute(self.time)}: {self.subject}{quantity}{of} {self.reason} ({period}; rule {self.rule!r})"

    @property
    def condition(self) -> Condition:
        """The condition that holds, which stays the same whatever the value becomes."""
        return Condition(self.rule, self.backend, self.kind, self.gate, self.qubits, self.quantity)

    def to_dict(self) -> dict[str, Any]:
        """Return the alert as a dictionary for JSON, with subject, unit and text; times are ISO 8601 in UTC."""
        times = {name: iso_text(getattr(self, name)) for name in ("time", "began", "until")}
        more = {"subject": self.subject, "unit": self.unit, "text": self.text}
        return {**asdict(self), "qubits": list(self.qubits), **times, **more}

    def __str__(self) -> str:
        return self.text
