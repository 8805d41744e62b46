# SPDX-License-Identifier: Apache-2.0
"""The time of a service whose devices have a history: it starts in the past, and can be moved."""

from __future__ import annotations

import datetime
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from .arguments import bad_argument

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._moments import Time

#: So far, and no further: jobs and sessions end later than they begin, and calendars of Python end in 9999.
_END = datetime.datetime(9000, 1, 1, tzinfo=datetime.timezone.utc)
#: A year in a second, beyond which a clock shows nothing of use.
_MAX_SPEED = 366 * 86_400.0


class Clock:
    """A clock that starts at some time, stands still or goes on, and can be moved in either direction.

    Any number of threads may read and move it. What it shows never jumps unless it is moved.

    Attributes:
        start: The time at which it started, in UTC.
        speed: Seconds that pass on it in a second: 0 if it stands still unless it is moved, 1 as on other clocks, 86400
            for a day a second.

    Examples:
        >>> from qiskit_ibm_native.local import Clock
        >>> clock = Clock("2026-03-01")  # stands still until it is moved
        >>> print(clock.advance(days=1, hours=6))
        2026-03-02 06:00:00+00:00
    """

    def __init__(self, start: Time, speed: float = 0.0) -> None:
        """Start a clock.

        Args:
            start: The time, as for :meth:`move_to`.
            speed: Seconds that pass on it in a second, from 0.

        Raises:
            IBMInputValueError: The time or the speed makes no sense.
        """
        is_number = isinstance(speed, int | float) and not isinstance(speed, bool)
        if not is_number or not (math.isfinite(speed) and 0 <= speed <= _MAX_SPEED):
            raise bad_argument(
                f"speed is {speed!r}; it must be from 0, for a clock that stands still, to {_MAX_SPEED:.0f}, for a year a"
                " second."
            )
        self.start = _moment("at", start)
        self.speed = float(speed)
        #: The time to which it was set last, and when that was; one object, so that no lock is needed to read it.
        self._set = self.start, time.monotonic()
        self._moving = threading.RLock()
        self._checks: list[Callable[[datetime.datetime], object]] = []
        self._listeners: list[Callable[[], object]] = []

    def now(self) -> datetime.datetime:
        """Return the time that the clock shows, in UTC."""
        since, then = self._set
        if not self.speed:
            return since
        passed = (time.monotonic() - then) * self.speed
        return min(since + datetime.timedelta(seconds=min(passed, (_END - since).total_seconds())), _END)

    def move_to(self, time: Time) -> datetime.datetime:
        """Set the clock to a time, later or earlier than what it shows.

        Args:
            time: A time in any form that queries of archives take: a datetime, a date, or a text such as ``"2026-03"``,
                ``"2026-03-01T12:00Z"`` or ``"-30d"``, which counts from the real present.

        Returns:
            The time, in UTC.

        Raises:
            IBMInputValueError: It is no time, or no device has a calibration so old. The clock is not moved.
            ArchiveDamagedError: The calibrations of that time cannot be read. The clock is not moved.
        """
        return self._move(_moment("time", time))

    def advance(
        self,
        duration: datetime.timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime.datetime:
        """Set the clock to later than what it shows, for instance ``advance(hours=6)``.

        Args:
            duration: By how much.
            days: As many days more, of 24 hours.
            hours: As many hours more.
            minutes: As many minutes more.
            seconds: As many seconds more.

        Returns:
            The time to which it was set, in UTC.

        Raises:
            IBMInputValueError: The sum is no time that passes, or leads beyond the calendar. The clock is not moved.
            ArchiveDamagedError: As for :meth:`move_to`.
        """
        if not isinstance(duration, datetime.timedelta | None):
            raise bad_argument(f"duration is {duration!r}; it must be a timedelta, or say advance(seconds=...).")
        try:
            total = datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
            total += duration or datetime.timedelta()
        except (TypeError, ValueError, OverflowError) as error:
            raise bad_argument(f"The clock cannot be advanced: {error}.") from None
        if total < datetime.timedelta():
            raise bad_argument(f"The clock is not advanced by {total}; move_to(time) takes earlier times.")
        # Two threads that advance the clock at once advance it by both.
        with self._moving:
            try:
                then = self.now() + total
            except OverflowError:
                raise bad_argument(f"The clock cannot be advanced by {total}: no calendar goes so far.") from None
            return self._move(then)

    def reset(self) -> None:
        """Set the clock to the time at which it started."""
        self._move(self.start)

    def _move(self, then: datetime.datetime) -> datetime.datetime:
        if not then <= _END:
            raise bad_argument(f"The clock is not moved to {then.isoformat()}, which is after the year {_END.year}.")
        with self._moving:
            for check in self._checks:
                check(then)
            self._set = then, time.monotonic()
        for tell in list(self._listeners):
            tell()
        return then

    def check_by(self, check: Callable[[datetime.datetime], object]) -> None:
        """Call a function with each time to which the clock is about to be moved; it is not if the function raises."""
        self._checks.append(check)

    def tell(self, listener: Callable[[], object]) -> None:
        """Call a function each time when the clock was moved, in the thread that moved it."""
        self._listeners.append(listener)

    def __repr__(self) -> str:
        return f"<Clock at {self.now():%Y-%m-%d %H:%M:%S} UTC, speed {self.speed:g}>"


def _moment(name: str, value: Any) -> datetime.datetime:
    """Return a moment in UTC.

    Raises:
        IBMInputValueError: The argument of that name is no time, or outside of the calendar.
    """
    # Its errors bring Qiskit, which a service at the present does without.
    from .._moments import moment_of

    try:
        return moment_of(value, name=name)
    except TypeError as error:
        raise bad_argument(f"{error}.") from None
