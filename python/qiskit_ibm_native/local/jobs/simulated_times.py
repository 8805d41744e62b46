# SPDX-License-Identifier: Apache-2.0
"""Times at which jobs begin and end on a device whose clock can be moved.

They do not depend on when this machine gets to a job, so that a program that moves the clock has the same results each
time: a job begins when it has waited in the queue of the device, and takes as long as its simulation.
"""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..clock import Clock

#: Real seconds between two looks at a clock that goes.
_LONGEST_WAIT = 3600.0


class JobTimes:
    """The times of one job; all are ``None`` if the machine's clock tells them.

    Attributes:
        due: The time at which it begins, whose calibration counts.
        begins: Its time stamp: a little later, since clients ask for the calibration *before* that time, and mean the
            one with which the job ran.
    """

    def __init__(self, due: datetime.datetime | None) -> None:
        """Begin."""
        self.due = due
        self.begins = None if due is None else due + datetime.datetime.resolution
        self._start = time.monotonic()

    def ended(self) -> datetime.datetime | None:
        """Return the time at which it ended, if that is now."""
        elapsed = datetime.timedelta(seconds=time.monotonic() - self._start)
        return None if self.begins is None else self.begins + elapsed


class SimulatedTimes:
    """The times of the jobs that wait for a device. Callers see to it that one thread at a time uses them."""

    def __init__(self, clock: Clock, queue_time: datetime.timedelta) -> None:
        """Begin without jobs.

        Args:
            clock: The clock of the device.
            queue_time: How long a job waits before it begins.
        """
        self._clock = clock
        self._queue_time = queue_time
        self._due: dict[str, datetime.datetime] = {}

    def add(self, job_id: str, created: datetime.datetime | None) -> datetime.datetime:
        """Add a job by the time of its submission; one without waits no more. Return when it begins."""
        due = self._due[job_id] = self._clock.now() if created is None else created + self._queue_time
        return due

    def wait(self, job_id: str) -> float | None:
        """Return for how many seconds to wait for a job's begin; 0 if it may, ``None`` if the clock has to be moved."""
        left = (self._due[job_id] - self._clock.now()).total_seconds()
        if left <= 0:
            return 0.0
        return min(left / self._clock.speed, _LONGEST_WAIT) if self._clock.speed else None

    def take(self, job_id: str) -> JobTimes:
        """Let a job begin."""
        return JobTimes(self._due.pop(job_id))

    def forget(self, job_id: str) -> None:
        """Forget a job that does not begin."""
        self._due.pop(job_id, None)
