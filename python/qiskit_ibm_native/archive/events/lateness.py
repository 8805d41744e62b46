# SPDX-License-Identifier: Apache-2.0
"""Calibrations that are late."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from .event import Event

#: Gaps whose median is the usual one, and how many there have to be.
MOST_GAPS, FEWEST_GAPS = 30, 5
#: Hours from which a length is told in days.
_LONG = 96


def late_calibrations(
    backend: str,
    calibrations: Sequence[datetime.datetime],
    present: datetime.datetime,
    after: datetime.timedelta | None,
    factor: float,
) -> Iterator[Event]:
    """Yield the gaps between calibrations that are too long, see :meth:`CalibrationArchive.events`.

    Args:
        backend: The device's name.
        calibrations: Times of all calibrations, in order.
        present: The end of the last gap.
        after: The limit; ``None`` for ``factor`` times the usual gap.
        factor: That factor.
    """
    times = sorted(set(calibrations))
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    for number, time in enumerate(times):
        known = gaps[max(number - MOST_GAPS, 0) : number]
        usual = median(known) if len(known) >= FEWEST_GAPS else None
        limit = after
        if limit is None and usual is not None:
            limit = datetime.timedelta(seconds=factor * usual)
        until = times[number + 1] if number + 1 < len(times) else None
        gap = max(until or present, time) - time
        if limit is not None and gap > limit:
            before = "unknown" if usual is None else f"a calibration every {_length(datetime.timedelta(seconds=usual))}"
            reason = f"no calibration for {_length(gap)}, and {_length(limit)} is the limit"
            yield Event(backend, "late", time + limit, time, until, gap, None, (), None, None, before, reason)


def _length(span: datetime.timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.1f} h" if hours < _LONG else f"{hours / 24:.1f} d"
