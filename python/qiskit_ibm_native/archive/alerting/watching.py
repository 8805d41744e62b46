# SPDX-License-Identifier: Apache-2.0
"""Alerts while calibrations come in."""

from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._files import restrict
from ..._moments import span_of
from ..._timestamps import instant, utc_now
from ...exceptions import IBMInputValueError
from .alert import Alert, Condition
from .evaluation import rule_alerts, rule_backends
from .rules import EventRule, ValueRule

if TYPE_CHECKING:
    from ..._moments import Span
    from ..store import CalibrationArchive

    Rule = ValueRule | EventRule
    #: The name of a rule, and a device.
    Pair = tuple[str, str]

#: The version of files that remember what was told.
_VERSION = 1


def watch(
    archive: CalibrationArchive,
    rules: Sequence[Rule],
    interval: Span,
    timeout: Span | None,
    memory: str | os.PathLike[str] | None,
) -> Iterator[Alert]:
    """Yield alerts while calibrations come in, see :meth:`CalibrationArchive.watch`."""
    pause = span_of(interval, name="interval").total_seconds()
    is_one_look = isinstance(timeout, datetime.timedelta) and not timeout
    limit = None if timeout is None else 0.0 if is_one_look else span_of(timeout, name="timeout").total_seconds()
    watcher = _Watcher(archive, rules, None if memory is None else Path(memory))
    return _looks(watcher, pause, None if limit is None else time.monotonic() + limit)


def _looks(watcher: _Watcher, pause: float, deadline: float | None) -> Iterator[Alert]:
    # An interruption while the caller has an alert is raised there, and not here.
    with suppress(KeyboardInterrupt):
        while True:
            yield from watcher.look()
            left = pause if deadline is None else deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(pause, left))


class _Watcher:
    """The last looks of rules at devices, and the conditions that held then."""

    def __init__(self, archive: CalibrationArchive, rules: Sequence[Rule], memory: Path | None) -> None:
        self._archive, self._rules, self._memory = archive, rules, memory
        #: Conditions that hold.
        self._held: dict[Pair, set[Condition]] = {}
        #: The last calibration of a device that a rule has looked at.
        self._seen: dict[Pair, datetime.datetime] = {}
        if memory is not None and memory.exists():
            self._remember(memory)
        # A rule about a device that is not there is to be told at once, and not when the first alert is asked for.
        for rule in rules:
            rule_backends(archive, rule, utc_now())

    def look(self) -> Iterator[Alert]:
        """Yield what holds, and did not when this was called last; at each calibration that has come since, and now."""
        for rule in self._rules:
            present = utc_now()
            for backend in rule_backends(self._archive, rule, present):
                for alert in self._news(rule, backend, present):
                    self._keep()
                    yield alert
        self._keep()

    def _news(self, rule: Rule, backend: str, present: datetime.datetime) -> Iterator[Alert]:
        pair = (rule.name, backend)
        held, seen = self._held.setdefault(pair, set()), self._seen.get(pair)
        after = None if seen is None else seen + datetime.timedelta(microseconds=1)
        times = sorted(set(self._archive.between(backend, after, present, origin=rule.origin).times))
        # Of the calibrations that were there before this watch, only the last one counts.
        for moment in times[-1:] if seen is None else times:
            yield from _begun(held, rule_alerts(self._archive, rule, backend, moment, None))
            self._seen[pair] = moment
        if isinstance(rule, EventRule) and "late" in rule.asked().kinds:
            # Nothing else changes without a calibration.
            late = rule_alerts(self._archive, replace(rule, events="late"), backend, present, None)
            yield from _begun(held, late, ("late",))

    def _keep(self) -> None:
        if self._memory is None:
            return
        rows = [
            {"rule": pair[0], "backend": pair[1], "seen": _text(self._seen.get(pair)), "held": sorted(held, key=repr)}
            for pair, held in self._held.items()
        ]
        unfinished = self._memory.with_name(f"{self._memory.name}.{os.getpid()}")
        unfinished.write_text(json.dumps({"alerts": _VERSION, "rows": rows}), encoding="utf-8")
        restrict(unfinished)
        unfinished.replace(self._memory)

    def _remember(self, memory: Path) -> None:
        try:
            content = json.loads(memory.read_text(encoding="utf-8"))
            for row in _rows(content):
                pair = (str(row["rule"]), str(row["backend"]))
                if row["seen"] is not None:
                    self._seen[pair] = instant(row["seen"])
                self._held[pair] = {_condition(*parts) for parts in row["held"]}
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise IBMInputValueError(
                f"{memory} is not a memory of alerts, or was written by another version: {error!r}. Give another file."
            ) from error


def _rows(content: dict[str, Any]) -> list[dict[str, Any]]:
    if content["alerts"] != _VERSION:
        raise ValueError(f"version {content['alerts']!r}")
    rows: list[dict[str, Any]] = content["rows"]
    return rows


def _begun(held: set[Condition], found: Iterable[Alert], kinds: Container[str] | None = None) -> Iterator[Alert]:
    """Yield the alerts that did not hold before; one counts as told when the next one is asked for.

    Args:
        held: Conditions that held before; becomes those that hold.
        found: The alerts that hold.
        kinds: The kinds of alerts that were looked for; ``None`` for all.
    """
    alerts = {alert.condition: alert for alert in found}
    held -= {each for each in held if (kinds is None or each.kind in kinds) and each not in alerts}
    for condition, alert in alerts.items():
        if condition not in held:
            yield alert
            held.add(condition)


def _condition(
    rule: str, backend: str, kind: str, gate: str | None, qubits: Sequence[int], quantity: str | None
) -> Condition:
    return Condition(rule, backend, kind, gate, tuple(qubits), quantity)


def _text(time: datetime.datetime | None) -> str | None:
    return None if time is None else time.isoformat()
