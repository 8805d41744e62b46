# SPDX-License-Identifier: Apache-2.0
"""The evaluation of rules on the calibrations of an archive."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._moments import moment_of, span_of
from ..._timestamps import utc_now
from ...exceptions import ArchiveError
from .. import tables
from ..choice import Choice
from ..events.search import HISTORY, device_events, listed_gates
from .alert import Alert
from .rules import EventRule, ValueRule, backends_of
from .values import value_alerts

if TYPE_CHECKING:
    from ..events.event import Event
    from ..store import CalibrationArchive

#: For the end of a period, which is excluded.
_INSTANT = datetime.timedelta(microseconds=1)


def alerts(archive: CalibrationArchive, rules: Sequence[ValueRule | EventRule], at: Any, since: Any) -> list[Alert]:
    """Return the alerts of rules, see :meth:`CalibrationArchive.alerts`."""
    present = utc_now() if at is None else moment_of(at, name="at")
    beginning = None if since is None else moment_of(since, name="since")
    found: list[Alert] = []
    for rule in rules:
        for backend in rule_backends(archive, rule, present, beginning):
            found += rule_alerts(archive, rule, backend, present, beginning)
    return found


def rule_backends(
    archive: CalibrationArchive,
    rule: ValueRule | EventRule,
    present: datetime.datetime,
    since: datetime.datetime | None = None,
) -> list[str]:
    """Return the devices that a rule is about, as the archive has them.

    Args:
        archive: The archive.
        rule: The rule.
        present: As in :func:`rule_alerts`.
        since: The same.

    Raises:
        ArchiveError: There is no such device, or none that the rule is about has its gate.
    """
    names = archive._chosen(backends_of(rule), Choice(origin=rule.origin))
    gates = [rule.gate] if isinstance(rule, ValueRule) else rule.asked().gates
    wanted = [gate for gate in gates or () if gate is not None]
    if not wanted:
        return names
    listed = {}
    for name in names:
        period = _period(archive, rule, name, present, since)
        listed[name] = (
            set()
            if period is None
            else set(tables.gates_of(archive, name, period.start, period.end, Choice(origin=rule.origin)))
        )
    missing = [gate for gate in wanted if not any(gate in gates for gates in listed.values())]
    if missing:
        raise ArchiveError(
            f"{rule.name}: {', '.join(names) or 'no device'} does not list the gate {missing[0]!r} in that time."
        )
    return [name for name in names if listed[name] & set(wanted)]


def rule_alerts(
    archive: CalibrationArchive,
    rule: ValueRule | EventRule,
    backend: str,
    present: datetime.datetime,
    since: datetime.datetime | None,
) -> list[Alert]:
    """Return the alerts of a rule about one device; none without calibrations.

    Args:
        archive: The archive.
        rule: The rule.
        backend: The device's name as the archive has it.
        present: The time after which there is nothing.
        since: When alerts begin at the earliest; ``None`` for those that hold.
    """
    period = _period(archive, rule, backend, present, since)
    if period is None:
        return []
    if isinstance(rule, EventRule):
        return list(_event_alerts(archive, rule, backend, period, since))
    series = archive.series(
        backend, rule.quantity, gate=rule.gate, start=period.start, end=period.end, origin=rule.origin
    )
    return list(value_alerts(rule, series, since))


class _Period(NamedTuple):
    """Calibrations that a rule looks at: start, end (excluded), and the last one of all."""

    start: datetime.datetime | None
    end: datetime.datetime
    last: datetime.datetime


def _period(
    archive: CalibrationArchive,
    rule: ValueRule | EventRule,
    backend: str,
    present: datetime.datetime,
    since: datetime.datetime | None,
) -> _Period | None:
    """Return the calibrations that a rule looks at; ``None`` if the device has none."""
    end = present + _INSTANT
    times = archive.between(backend, None, end, origin=rule.origin).times
    if not times:
        return None
    earliest = times[-1] if since is None else min(times[-1], since)
    if isinstance(rule, ValueRule):
        span = 2 * span_of(rule.window, name="window")
    else:
        span = max(span_of(HISTORY, name="history"), 2 * rule.asked().frozen_after)
    try:
        return _Period(earliest - span, end, times[-1])
    except OverflowError:
        return _Period(None, end, times[-1])


def _event_alerts(
    archive: CalibrationArchive,
    rule: EventRule,
    backend: str,
    period: _Period,
    since: datetime.datetime | None,
) -> Iterator[Alert]:
    asked = rule.asked()
    gates = listed_gates(archive, backend, asked, period.start, period.end)
    for event in device_events(archive, backend, asked, gates or (), period.start, period.end):
        if _holds(event, period.last) if since is None else event.time >= since:
            yield _alert(rule, event)


def _holds(event: Event, last: datetime.datetime) -> bool:
    """Return whether what an event is about holds in the last calibration."""
    if event.kind == "returned":
        return event.time == last
    # Nothing comes after the last value of a gate that is gone, so that it seems to last.
    return event.until is None and (event.kind != "frozen" or event.since + event.duration >= last)


def _alert(rule: EventRule, event: Event) -> Alert:
    reason = f"{event.kind}: {event.reason} (before: {event.before})"
    return Alert(
        rule.name, event.backend, event.kind, event.gate, event.qubits, event.quantity, event.value, None, event.time,
        *((event.time, None) if event.kind == "returned" else (event.since, event.until)), reason,
    )  # fmt: skip
