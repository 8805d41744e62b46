# SPDX-License-Identifier: Apache-2.0
"""Copy the calibration history that a service keeps of a device into an archive."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..._moments import moment_of
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
    """

    backend: str
    added: int = 0
    known: int = 0
    requests: int = 0
    reached: datetime.datetime | None = None
    fraction: float = 0.0
    is_exhausted: bool = False


def backfill(
    device: DeviceState,
    archive: CalibrationArchive,
    start: Time,
    end: Time | None,
    step: datetime.timedelta | None,
    requests_per_minute: float,
    progress: Callable[[BackfillReport], object] | None,
) -> BackfillReport:
    """Walk back in time from one calibration to the one before, see :meth:`IBMProvider.backfill`."""
    first = moment_of(start, name="start")
    present = datetime.datetime.now(_UTC)
    last = present if end is None else min(moment_of(end, name="end"), present)
    least = datetime.timedelta() if step is None else step
    if first >= last:
        raise IBMInputValueError(f"start, {first.isoformat()}, must be before end, {last.isoformat()}.")
    if least < datetime.timedelta():
        raise IBMInputValueError(f"step must not be negative, as {step!r} is.")
    if not requests_per_minute > 0:
        raise IBMInputValueError(f"requests_per_minute must be above 0, not {requests_per_minute!r}.")
    pause, next_request = 60.0 / requests_per_minute, 0.0
    configuration, origin = device.configuration.payload, device.recorder.origin
    report, before = BackfillReport(device.name), last
    while before > first:
        # Periods that were requested before are skipped, which makes a backfill resumable.
        updated = _known(archive, device.name, before, least, origin)
        if updated is not None:
            report = replace(report, known=report.known + 1)
        else:
            time.sleep(max(next_request - time.monotonic(), 0.0))
            next_request = time.monotonic() + pause
            payload = device.fetch_properties(before)
            report = replace(report, requests=report.requests + 1)
            if is_nothing(payload):
                report = replace(report, reached=first, fraction=1.0, is_exhausted=True)
                _tell(progress, report)
                return report
            snapshot = Snapshot.from_payloads(configuration, payload)
            updated = snapshot.last_update
            if updated is None or updated > before:
                raise IBMBackendApiProtocolError(
                    f"The service was asked for the properties of {device.name} before {before.isoformat()}, "
                    f"and sent those of {updated and updated.isoformat()}."
                )
            added = archive._add(snapshot, min(before, present - MARGIN), origin=origin, is_of_today=True)
            report = replace(report, added=report.added + added, known=report.known + (not added))
            # Should a service take "before" for "until", the same would come for ever.
            updated = min(updated.astimezone(_UTC), before - _MICROSECOND)
        before = _earlier(updated, least, first)
        report = replace(report, reached=before, fraction=(last - before) / (last - first))
        _tell(progress, report)
    return report


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
            last = archive.between(backend, earliest, before)[-1:]
            found = last[0] if last else None
    except ArchiveError:
        # A calibration that cannot be read is fetched again.
        return None
    return None if found is None or found.last_update is None else found.last_update.astimezone(_UTC)


def _tell(progress: Callable[[BackfillReport], object] | None, report: BackfillReport) -> None:
    if progress is not None:
        progress(report)
