# SPDX-License-Identifier: Apache-2.0
"""Copy the calibration history that a service keeps of a device into an archive."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ... import _html
from ..._moments import moment_of
from ..._progress import bar, shows_bar
from ..._words import count
from ...exceptions import ArchiveError, IBMBackendApiProtocolError, IBMInputValueError
from ...snapshot import Snapshot
from ..device_version import is_nothing
from .recorder import MARGIN

if TYPE_CHECKING:
    from ..._moments import Time
    from ...archive import CalibrationArchive
    from ..device_state import DeviceState

_UTC = datetime.timezone.utc
_MICROSECOND = datetime.timedelta(microseconds=1)
#: Without a rate: a part of a period says nothing.
_BAR = "{desc}: {percentage:3.0f}% |{bar}| [{elapsed}<{remaining}{postfix}]"
_BEGINNING = datetime.datetime(1970, 1, 1, tzinfo=_UTC)


@dataclass(frozen=True)
class BackfillReport:
    """The progress of a backfill.

    Attributes:
        backend: The device's name.
        added: The number of calibrations that were added to the archive.
        known: The number of calibrations that the archive had already.
        requests: The number of requests.
        reached: The time back to which the archive is now as complete as was asked for, in UTC.
        fraction: The share of the period that is done, from 0 to 1.
        is_exhausted: Whether the service has no older calibration.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> provider = IBMProvider(channel="local", archive="history.sqlite3")
        >>> report = provider.backfill("ibmq_lima", start="2021", progress=False)
        >>> report.added, report.is_exhausted
        (1, True)
    """

    backend: str
    added: int = 0
    known: int = 0
    requests: int = 0
    reached: datetime.datetime | None = None
    fraction: float = 0.0
    is_exhausted: bool = False

    def _repr_html_(self) -> str:
        notes = (f"{self.added:,} added", f"{self.known:,} known", count(self.requests, "request"))
        badge = _html.badge("done", "good") if self.fraction >= 1 else _html.badge(f"{self.fraction:.0%}", "busy")
        facts = _html.facts([
            ("complete since", self.reached),
            ("older ones", "the service has none" if self.is_exhausted else None),
        ])  # fmt: skip
        return _html.panel(_html.heading(self.backend, *notes, kind="BackfillReport", badges=[badge]), facts)


#: A function that gets reports, or whether to show a bar; ``None`` to show one to people only.
Shown = bool | Callable[[BackfillReport], object] | None


def backfill(
    device: DeviceState,
    archive: CalibrationArchive,
    start: Time,
    end: Time | None,
    step: datetime.timedelta | None,
    requests_per_minute: float,
    progress: Shown,
) -> BackfillReport:
    """Walk back in time from one calibration to the one before, see :meth:`IBMProvider.backfill`."""
    first = moment_of(start, name="start")
    present = datetime.datetime.now(_UTC)
    last = present if end is None else min(moment_of(end, name="end"), present)
    least = datetime.timedelta() if step is None else step
    if first >= last:
        raise IBMInputValueError(f"start, {first.isoformat()}, must be before end, {last.isoformat()}.")
    if least < datetime.timedelta():
        raise IBMInputValueError(f"step must not be negative, but is {step!r}.")
    if not requests_per_minute > 0:
        raise IBMInputValueError(f"requests_per_minute must be above 0, not {requests_per_minute!r}.")
    walk = _Walk(device, archive, first, last, least, present, 60.0 / requests_per_minute)
    with _shown(progress, device.name) as tell:
        while walk.before > first and not walk.report.is_exhausted:
            walk.step()
            tell(walk.report)
    return walk.report


@contextmanager
def _shown(progress: Shown, name: str) -> Iterator[Callable[[BackfillReport], object]]:
    """Give a function that is to be called with the report after each calibration."""
    if callable(progress):
        yield progress
    elif not shows_bar(progress):
        yield lambda _: None
    else:
        # Calibrations yet to come are not known, but the period is.
        with bar(100.0, "%", f"backfill {name}", is_asked_for=progress is True, bar_format=_BAR) as shown:

            def tell(report: BackfillReport) -> None:
                shown.set_postfix(added=report.added, known=report.known, refresh=False)
                shown.update(100.0 * report.fraction - shown.n)

            yield tell


class _Walk:
    """A walk back in time, which is ``before`` now."""

    def __init__(
        self,
        device: DeviceState,
        archive: CalibrationArchive,
        first: datetime.datetime,
        last: datetime.datetime,
        least: datetime.timedelta,
        present: datetime.datetime,
        pause: float,
    ) -> None:
        self._device, self._archive = device, archive
        self._first, self._last, self._least, self._present = first, last, least, present
        self._pause, self._next_request = pause, 0.0
        self._configuration, self._origin = device.configuration.payload, device.recorder.origin
        self.before = last
        self.report = BackfillReport(device.name)

    def step(self) -> None:
        """Go to the calibration before, which is fetched if the archive does not know it for sure."""
        # Periods that were requested before are skipped, which makes a backfill resumable.
        updated = _known(self._archive, self._device.name, self.before, self._least, self._origin)
        if updated is not None:
            self.report = replace(self.report, known=self.report.known + 1)
        else:
            updated = self._fetched()
            if updated is None:
                self.report = replace(self.report, reached=self._first, fraction=1.0, is_exhausted=True)
                return
        self.before = _earlier(updated, self._least, self._first)
        fraction = (self._last - self.before) / (self._last - self._first)
        self.report = replace(self.report, reached=self.before, fraction=fraction)

    def _fetched(self) -> datetime.datetime | None:
        """Fetch the calibration before, add it, and return its time; ``None`` if there is none."""
        time.sleep(max(self._next_request - time.monotonic(), 0.0))
        self._next_request = time.monotonic() + self._pause
        payload = self._device.fetch_properties(self.before)
        self.report = replace(self.report, requests=self.report.requests + 1)
        if is_nothing(payload):
            return None
        snapshot = Snapshot.from_payloads(self._configuration, payload)
        updated = snapshot.last_update
        if updated is None or updated > self.before:
            raise IBMBackendApiProtocolError(
                f"The service was asked for the properties of {self._device.name} before {self.before.isoformat()}, "
                f"and sent those of {updated and updated.isoformat()}."
            )
        until = min(self.before, self._present - MARGIN)
        added = self._archive._add(snapshot, until, origin=self._origin, is_of_today=True)
        self.report = replace(self.report, added=self.report.added + added, known=self.report.known + (not added))
        # Should a service take "before" for "until", the same would come for ever.
        return min(updated.astimezone(_UTC), self.before - _MICROSECOND)


def _earlier(updated: datetime.datetime, least: datetime.timedelta, first: datetime.datetime) -> datetime.datetime:
    """Return before when the next calibration is to be from, but not what is before the first time."""
    return first if updated - first <= least else updated - least


def _known(
    archive: CalibrationArchive, backend: str, before: datetime.datetime, least: datetime.timedelta, origin: str
) -> datetime.datetime | None:
    """Return the time of the next calibration back in time, if the archive has it and it can be read."""
    try:
        found = archive.latest_before_confirmed(backend, before, origin)
        if found is None and least:
            # Between two steps any one will do.
            earliest = before - min(least, before - _BEGINNING)
            last = archive.between(backend, earliest, before, origin=origin or None)[-1:]
            found = last[0] if last else None
    except ArchiveError:
        # A calibration that cannot be read is fetched again.
        return None
    return None if found is None or found.last_update is None else found.last_update.astimezone(_UTC)
