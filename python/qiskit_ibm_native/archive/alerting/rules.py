# SPDX-License-Identifier: Apache-2.0
"""Rules of alerts."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from ..._moments import span_of
from ...exceptions import IBMInputValueError
from ...snapshot.quantities import gate_quantity, qubit_quantity
from ..events.event import KINDS
from ..events.search import FROZEN_AFTER, LATE_FACTOR, Asked
from ..series import indices

if TYPE_CHECKING:
    from typing import TypeAlias

    from ..._moments import Span

    #: Rules in any form that :meth:`CalibrationArchive.alerts` takes.
    Rules: TypeAlias = "ValueRule | EventRule | Iterable[ValueRule | EventRule] | str | os.PathLike[str]"


@dataclass(frozen=True, kw_only=True)
class ValueRule:
    """A rule about values of a quantity: it holds where one of its thresholds is passed.

    A relative threshold is ``m + rise |m|`` or ``m - fall |m|`` with the median ``m`` of the values of the same qubit,
    or of the same qargs, in the calibrations of the ``window`` before the one that is looked at, which is left out. At
    least three of those have to have a value. Errors of 1, which mark gates that do not work, do not count in it. A
    missing value passes no threshold.

    Attributes:
        quantity: The quantity, such as ``"t1"``; with ``gate``, ``"error"`` or ``"duration"``.
        gate: The gate.
        backends: A device or several, with or without prefix; by default all, without those that do not have the gate.
        qubits: Qubits, or qubits among which all of those of the gate have to be; all by default.
        qargs: Qubits of the gate, such as ``[(0, 1), (1, 2)]``; all by default.
        above: The value, in SI units, above which an alert is told.
        below: The value, in SI units, below which one is told.
        rise: By which share of the median a value has to be larger than it, such as 0.5.
        fall: By which share of the median a value has to be smaller than it.
        window: How long before a calibration values count for the median, and how far back the beginning of an alert is
            looked for, such as ``"30d"``.
        origin: The origin of calibrations, see :meth:`CalibrationArchive.between`.
        name: The name of the rule; by default, one that is made of all this.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot, ValueRule
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> for alert in archive.alerts([ValueRule(quantity="t1", qubits=[3, 4], below=20e-6)]):
        ...     print(alert)
        2021-03-15 04:36 UTC: qubit 4 t1 of ibmq_lima is 1.7544e-05 s, below 2e-05 s (since 2021-03-15 ...
    """

    KINDS: ClassVar[tuple[str, ...]] = ("above", "below", "rise", "fall")

    quantity: str
    gate: str | None = None
    backends: str | Sequence[str] | None = None
    qubits: int | Iterable[int] | None = None
    qargs: Iterable[Sequence[int]] | None = None
    above: float | None = None
    below: float | None = None
    rise: float | None = None
    fall: float | None = None
    window: Span = "30d"
    origin: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check the rule.

        Raises:
            IBMInputValueError: There is no such quantity, no threshold, or a value makes no sense.
        """
        if not isinstance(self.gate, str | None):
            raise IBMInputValueError(f"gate must be a text, not {self.gate!r}.")
        object.__setattr__(self, "quantity", _quantity(self.quantity, self.gate))
        _set_tuples(self)
        if self.qargs is not None:
            if self.gate is None:
                raise IBMInputValueError("qargs are the qubits of a gate, and the rule has no gate: give gate=, too.")
            object.__setattr__(self, "qargs", tuple(tuple(indices(qargs)) for qargs in self.qargs))
        thresholds = {kind: getattr(self, kind) for kind in self.KINDS if getattr(self, kind) is not None}
        if not thresholds:
            raise IBMInputValueError(f"A rule about values has at least one of {', '.join(self.KINDS)}.")
        for kind, value in thresholds.items():
            if not _is_number(value):
                raise IBMInputValueError(f"{kind} must be a number, not {value!r}.")
            if kind in ("rise", "fall") and not value > 0:
                raise IBMInputValueError(f"{kind} is a share of the median, above 0, not {value!r}.")
        span_of(self.window, name="window")
        _set_name(self, self._described(thresholds))

    def _described(self, thresholds: dict[str, float]) -> str:
        subject = f"{self.gate} {self.quantity}" if self.gate else self.quantity
        return f"{subject} {' or '.join(f'{kind} {value:g}' for kind, value in thresholds.items())}{_of(self)}"


@dataclass(frozen=True, kw_only=True)
class EventRule:
    """A rule about events: it holds as long as what happened lasts, and at the calibration in which something returned.

    Attributes:
        events: Kinds of events, one or several: ``"failed"``, ``"returned"``, ``"late"``, ``"frozen"``; see
            :meth:`CalibrationArchive.events` for their definitions and for the other arguments.
        gates: Gates, one or several, for events of these alone; ``()`` for those of qubits alone.
        backends: A device or several, with or without prefix; all by default.
        qubits: Qubits, one or several, among which those of the events have to be; all by default.
        quantities: Quantities of which frozen values are told; all by default.
        late_after: The longest gap between calibrations.
        late_factor: The number of usual gaps from which one is too long, without ``late_after``.
        frozen_after: How long a value has to be the same.
        origin: The origin of calibrations, see :meth:`CalibrationArchive.between`.
        name: The name of the rule; by default, one that is made of all this.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, EventRule, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> archive.alerts([EventRule(events="failed", gates=(), qubits=[0, 1])])
        []
    """

    events: str | Sequence[str] = ("failed", "late", "frozen")
    gates: str | Sequence[str] | None = None
    backends: str | Sequence[str] | None = None
    qubits: int | Iterable[int] | None = None
    quantities: str | Sequence[str] | None = None
    late_after: Span | None = None
    late_factor: float = LATE_FACTOR
    frozen_after: Span = FROZEN_AFTER
    origin: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check the rule.

        Raises:
            IBMInputValueError: There is no such kind or quantity, or a value makes no sense.
        """
        _set_tuples(self)
        kinds = self.asked().kinds
        if not kinds:
            raise IBMInputValueError(f"A rule about events names at least one of {', '.join(KINDS)}.")
        of = "" if self.gates is None else f" {', '.join(self.asked().gates or ()) or 'qubits'}"
        _set_name(self, f"{', '.join(kinds)}{of}{_of(self)}")

    def asked(self) -> Asked:
        """Return the events that the rule is about."""
        return Asked.of(
            self.events, self.gates, self.qubits, self.quantities, self.late_after, self.late_factor, self.frozen_after,
            self.origin,
        )  # fmt: skip


def backends_of(rule: ValueRule | EventRule) -> Sequence[str] | None:
    """Return the devices of a rule; ``None`` for all."""
    return [rule.backends] if isinstance(rule.backends, str) else rule.backends


def keys_of(kind: type[ValueRule | EventRule]) -> tuple[str, ...]:
    """Return the names of the arguments of a rule."""
    return tuple(field.name for field in fields(kind))


def _quantity(name: Any, gate: str | None) -> str:
    try:
        quantity = (qubit_quantity if gate is None else gate_quantity)(name)
    except (TypeError, ValueError) as error:
        more = " of qubits; the ones of gates need gate=" if gate is None else f" of {gate}"
        raise IBMInputValueError(f"quantity: {error}{more}.") from None
    if quantity.is_flag:
        raise IBMInputValueError(
            '"operational" has no thresholds; a rule about the event "failed" tells when it is false.'
        )
    return quantity.name


def _set_tuples(rule: ValueRule | EventRule) -> None:
    """Keep what was given as lists, or can be gone through once, as tuples."""
    for name in ("backends", "events", "gates", "quantities"):
        value = getattr(rule, name, None)
        if isinstance(value, Iterable) and not isinstance(value, str):
            object.__setattr__(rule, name, tuple(value))
    if rule.qubits is not None:
        object.__setattr__(rule, "qubits", tuple(indices(rule.qubits)))
    names = backends_of(rule)
    is_listed = isinstance(names, Iterable) and all(isinstance(name, str) for name in names)
    if names is not None and not (is_listed and names):
        raise IBMInputValueError(f"backends must be names of devices, not {rule.backends!r}.")


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _set_name(rule: ValueRule | EventRule, described: str) -> None:
    if not isinstance(rule.name, str):
        raise IBMInputValueError(f"name must be a text, not {rule.name!r}.")
    object.__setattr__(rule, "name", rule.name.strip() or described)


def _of(rule: ValueRule | EventRule) -> str:
    names, qubits = backends_of(rule), rule.qubits
    among = f" among qubits {', '.join(map(str, qubits))}" if isinstance(qubits, tuple) else ""
    return f"{among}{'' if names is None else f' of {chr(44).join(names)}'}"
