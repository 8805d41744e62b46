# SPDX-License-Identifier: Apache-2.0
"""The clock of services in the past: where it starts, how it goes, who moves it."""

from __future__ import annotations

import datetime
import math
import threading
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.local import Clock

UTC = datetime.timezone.utc
MARCH = datetime.datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01", MARCH),
        ("2026-03", MARCH),
        ("2026-03-01T01:00+01:00", MARCH),
        (datetime.date(2026, 3, 1), MARCH),
        (datetime.datetime(2026, 3, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), MARCH),
        (datetime.datetime(2026, 3, 1), datetime.datetime(2026, 3, 1).astimezone(UTC)),
        (np.datetime64("2026-03-01"), MARCH),
        (np.datetime64("2026-03-01T00:00:00.000000000"), MARCH),
        (pd.Timestamp("2026-03-01", tz="Europe/Berlin"), MARCH - datetime.timedelta(hours=1)),
    ],
)
def test_a_time_may_be_written_in_several_ways(written: Any, meant: datetime.datetime) -> None:
    clock = Clock(written)
    assert (clock.now(), clock.start) == (meant, meant)
    assert type(clock.now()) is datetime.datetime
    assert clock.move_to("2026-05-01") == clock.now() != meant
    assert clock.move_to(written) == meant


def test_a_clock_stands_still_until_it_is_moved() -> None:
    clock = Clock("2026-03-01")
    time.sleep(0.02)
    assert clock.now() == MARCH
    assert clock.advance(datetime.timedelta(hours=1), days=1, minutes=2, seconds=0.5) == clock.now()
    assert clock.now() - MARCH == datetime.timedelta(days=1, hours=1, minutes=2, seconds=0.5)
    clock.move_to("2026-01-01")
    assert clock.now() < MARCH
    clock.reset()
    assert clock.now() == MARCH
    assert repr(clock) == "<Clock at 2026-03-01 00:00:00 UTC, speed 0>"


@pytest.mark.parametrize("speed", [1, 86_400.0])
def test_a_clock_goes_as_fast_as_it_was_told(speed: float) -> None:
    before = time.monotonic()
    clock = Clock("2026-03-01", speed)
    after = time.monotonic()
    time.sleep(0.05)
    low = time.monotonic()
    shown = (clock.now() - MARCH).total_seconds()
    high = time.monotonic()
    # Microseconds are rounded.
    assert (low - after) * speed - 1e-5 <= shown <= (high - before) * speed + 1e-5
    clock.move_to("2026-06-01")
    assert clock.now() >= datetime.datetime(2026, 6, 1, tzinfo=UTC)


def test_a_clock_ends_before_the_calendar_does() -> None:
    clock = Clock("8999-12-31T23:59:59", speed=31_000_000)
    time.sleep(0.05)
    assert clock.now() == datetime.datetime(9000, 1, 1, tzinfo=UTC)


def test_threads_that_advance_a_clock_at_once_advance_it_by_all_of_it() -> None:
    clock = Clock("2026-03-01")
    threads = [threading.Thread(target=lambda: [clock.advance(seconds=1) for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() - MARCH == datetime.timedelta(seconds=1600)


@pytest.mark.parametrize("start", ["soon", "2026-13-01", 5, None, "", pd.NaT, np.datetime64("NaT")])
def test_what_is_no_time_is_refused(start: Any) -> None:
    with pytest.raises(IBMInputValueError, match="at "):
        Clock(start)
    clock = Clock("2026-03-01")
    with pytest.raises(IBMInputValueError, match="time "):
        clock.move_to(start)
    assert clock.now() == MARCH


@pytest.mark.parametrize("speed", [-1, math.nan, math.inf, "1", True, 1e9])
def test_what_is_no_speed_is_refused(speed: Any) -> None:
    with pytest.raises(IBMInputValueError, match=r"speed is .*; it must be from 0"):
        Clock("2026-03-01", speed)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"seconds": -1}, r"not advanced by -1 day, 23:59:59; move_to\(time\) takes earlier times"),
        ({"days": 10**7}, "no calendar goes so far"),
        ({"days": 10**12}, "cannot be advanced"),
        ({"days": 2_600_000}, "after the year 9000"),
        ({"hours": "1"}, "cannot be advanced"),
        ({"seconds": math.nan}, "cannot be advanced"),
        ({"duration": 5}, r"duration is 5; it must be a timedelta, or say advance\(seconds"),
    ],
)
def test_a_clock_that_cannot_be_advanced_stays_where_it_is(arguments: dict[str, Any], text: str) -> None:
    clock = Clock("2026-03-01")
    with pytest.raises(IBMInputValueError, match=text):
        clock.advance(**arguments)
    assert clock.now() == MARCH
