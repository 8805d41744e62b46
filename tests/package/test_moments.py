# SPDX-License-Identifier: Apache-2.0
"""Times as people write them: one instant for each, and ends that are excluded."""

from __future__ import annotations

import datetime
import random

import numpy as np
import pandas as pd
import pytest

from qiskit_ibm_native._moments import moment_of, period_of, span_of
from qiskit_ibm_native.exceptions import IBMInputValueError

UTC = datetime.timezone.utc
NOW = datetime.datetime(2026, 3, 31, 15, 4, 5, 678901, tzinfo=UTC)


def at(*numbers: int) -> datetime.datetime:
    return datetime.datetime(*numbers, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", at(2026, 1, 1)),
        ("2026-03", at(2026, 3, 1)),
        ("2026-03-05", at(2026, 3, 5)),
        (" 2026-03-05 10:30 ", at(2026, 3, 5, 10, 30)),
        ("2026-03-05T10:30:00+02:00", at(2026, 3, 5, 8, 30)),
        ("now", NOW),
        ("today", at(2026, 3, 31)),
        ("Yesterday", at(2026, 3, 30)),
        ("-30d", NOW - datetime.timedelta(30)),
        ("-90min", NOW - datetime.timedelta(minutes=90)),
        ("-2 weeks", NOW - datetime.timedelta(14)),
        ("-1mo", at(2026, 2, 28, 15, 4, 5, 678901)),
        ("-15 months", at(2024, 12, 31, 15, 4, 5, 678901)),
        ("-1y", at(2025, 3, 31, 15, 4, 5, 678901)),
    ],
)
def test_a_text_stands_for_the_first_instant_of_what_it_names(text, expected):
    assert moment_of(text, now=NOW) == expected
    assert moment_of(text, now=NOW).tzinfo is UTC


def test_what_people_have_in_their_programs_is_the_same_instant():
    instant = at(2026, 3, 5, 10, 30, 0, 123456)
    naive = instant.replace(tzinfo=None)
    forms = [
        instant,
        instant.astimezone(datetime.timezone(datetime.timedelta(hours=-5))),
        instant.astimezone().replace(tzinfo=None),  # a naive datetime is in this machine's zone
        np.datetime64(naive),
        np.datetime64("2026-03-05T10:30:00.123456789"),
        pd.Timestamp(instant),
        pd.Timestamp("2026-03-05T10:30:00.123456789", tz="UTC"),
        pd.Timestamp(instant).tz_convert("Asia/Tokyo"),
        pd.Timestamp(instant.astimezone().replace(tzinfo=None)),
        pd.date_range(instant, periods=1)[0],
        instant.isoformat(),
    ]
    assert {moment_of(form) for form in forms} == {instant}


@pytest.mark.parametrize("zone", ["America/New_York", "dateutil/America/New_York"])
def test_time_stamps_of_pandas_in_the_hour_that_was_twice(zone):
    for hour in (5, 6):
        time = pd.Timestamp(f"2025-11-02T0{hour}:30:00.000000123Z").tz_convert(zone)
        assert (time.hour, time.minute) == (1, 30)
        assert moment_of(time) == at(2025, 11, 2, hour, 30)


def test_nanoseconds_of_pandas_are_dropped_at_the_ends_of_its_calendar():
    assert moment_of(pd.Timestamp.min.tz_localize("UTC")) == at(1677, 9, 21, 0, 12, 43, 145224)
    assert moment_of(pd.Timestamp(-1, unit="ns", tz="UTC")) == at(1969, 12, 31, 23, 59, 59, 999999)


@pytest.mark.parametrize(
    ("unit", "attoseconds"),
    [("W", 604_800 * 10**18), ("D", 86_400 * 10**18), ("h", 3600 * 10**18), ("m", 60 * 10**18), ("s", 10**18),
     ("ms", 10**15), ("us", 10**12), ("ns", 10**9), ("ps", 10**6), ("fs", 1000), ("as", 1)],
)  # fmt: skip
@pytest.mark.parametrize("number", [0, 1, -1, 2**62, -(2**62), 2**63 - 1, -(2**63) + 1])
def test_times_of_numpy_in_every_unit_do_not_wrap_around(unit, attoseconds, number):
    distance = number * attoseconds // 10**12
    try:
        expected = at(1970, 1, 1) + datetime.timedelta(microseconds=distance)
    except OverflowError:
        with pytest.raises(IBMInputValueError):
            moment_of(np.datetime64(number, unit))
        return
    assert moment_of(np.datetime64(number, unit)) == expected


def test_times_of_numpy_in_years_months_and_several_units():
    assert moment_of(np.datetime64("1969-11")) == at(1969, 11, 1)
    assert moment_of(np.datetime64("0001", "Y")) == at(1, 1, 1)
    assert moment_of(np.datetime64("2026-03-05", "10D")) == at(2026, 2, 26)
    for wrong in (np.datetime64("0000", "Y"), np.datetime64("10000-01", "M"), np.datetime64(2**62, "Y")):
        with pytest.raises(IBMInputValueError):
            moment_of(wrong)


def test_dates_and_arrays_are_in_utc_whatever_the_zone_of_the_machine(in_zone_of_tokyo):
    assert moment_of(datetime.date(2026, 3, 5)) == moment_of("2026-03-05") == at(2026, 3, 5)
    assert moment_of(np.datetime64("2026-03-05")) == at(2026, 3, 5)
    assert moment_of(np.datetime64("2026-03")) == at(2026, 3, 1)
    assert moment_of(datetime.datetime(2026, 3, 5)) == at(2026, 3, 4, 15)


@pytest.fixture
def in_zone_of_tokyo(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_extremes_of_the_calendar_are_taken():
    for extreme in (datetime.datetime.min, datetime.datetime.max, datetime.date.min, datetime.date.max):
        assert moment_of(extreme).year in (1, 9999)
    assert moment_of(np.datetime64("0001-01-01")) == at(1, 1, 1)
    assert moment_of(np.datetime64("9999-12-31")) == at(9999, 12, 31)


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "march", "2026-13", "0000", "2026-02-30", "-d", "30d", "-5 fortnights", "--3d", "-999999y", "last week"),
        *(np.datetime64("NaT"), pd.NaT, np.datetime64(10**10, "Y"), np.datetime64(-(10**7), "D"), "2026-03-01T25:00"),
    ],
)
def test_what_names_no_time_is_refused_with_what_does(wrong):
    with pytest.raises(IBMInputValueError, match=r'start must be a datetime, .*"2026-03".*"-30d"'):
        moment_of(wrong, name="start")


@pytest.mark.parametrize("wrong", [3, 1.5, None, (2026, 3), datetime.time(3), True, b"2026"])
def test_what_is_no_time_is_a_type_error(wrong):
    with pytest.raises(TypeError, match="must be a datetime"):
        moment_of(wrong)


def test_the_end_is_excluded():
    first, last = period_of("2026-03", "2026-04")
    assert last - first == 31 * 86400 * 10**6
    assert period_of(None, None) == (-(2**62), 2**62)
    assert period_of("2026", None) == (first - 59 * 86400 * 10**6, 2**62)


@pytest.mark.parametrize(("start", "end"), [("2026-03", "2026-03"), ("2026-04", "2026-03"), ("today", "-30d")])
def test_two_texts_with_nothing_between_them_are_a_mistake_that_is_explained(start, end):
    with pytest.raises(IBMInputValueError, match=r"the end is excluded. March is start=\"2026-03\", end=\"2026-04\""):
        period_of(start, end)


def test_computed_periods_may_be_empty():
    assert period_of(NOW, NOW)[0] == period_of(NOW, NOW)[1]


def test_random_instants_survive_every_form():
    source = random.Random(7)
    for _ in range(300):
        instant = at(1970, 1, 1) + datetime.timedelta(microseconds=source.randrange(-(2**55), 2**55))
        naive = instant.replace(tzinfo=None)
        assert moment_of(np.datetime64(naive)) == moment_of(naive.isoformat()) == moment_of(instant) == instant


@pytest.mark.parametrize(
    ("span", "days"), [("7d", 7), ("12 h", 0.5), ("2w", 14), (datetime.timedelta(3), 3), (np.timedelta64(36, "h"), 1.5)]
)
def test_lengths_of_time(span, days):
    assert span_of(span, name="window") == datetime.timedelta(days)
    assert span_of(pd.Timedelta(days=days), name="window") == datetime.timedelta(days)


def test_lengths_of_time_that_are_none():
    of_tools = (
        *(
            np.timedelta64("NaT"),
            np.timedelta64(1, "M"),
            np.timedelta64(1, "Y"),
            np.timedelta64(5),
            np.timedelta64(1, "ns"),
        ),
        *(np.timedelta64(10**15, "s"), np.timedelta64(2**62, "W"), pd.Timedelta("200ns")),
    )
    for wrong in ("", "7", "1mo", "1y", "-7d", "0d", datetime.timedelta(), datetime.timedelta(-1), *of_tools):
        with pytest.raises(IBMInputValueError, match="window must be"):
            span_of(wrong, name="window")
    with pytest.raises(TypeError, match="window must be a timedelta"):
        span_of(7, name="window")
