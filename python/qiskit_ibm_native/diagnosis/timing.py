# SPDX-License-Identifier: Apache-2.0
"""Times of calls that take turns, so that a machine that is busy for a while is busy for all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

#: Calls of a fast side in a round, and rounds at least.
_MOST_CALLS, _LEAST_ROUNDS = 40, 2
#: Share of the slowest call that the calls of another side take in a round.
_SHARE = 0.25


class Timing(NamedTuple):
    """Times of calls of one function, s.

    Attributes:
        median: The median.
        low: The lower quartile, s.
        high: The upper quartile, s.
        runs: Number of calls.

    Examples:
        >>> from qiskit_ibm_native.diagnosis import Timing
        >>> timing = Timing(median=2e-3, low=1.9e-3, high=2.2e-3, runs=30)
        >>> timing.median / 1e-3  # ms
        2.0
    """

    median: float
    low: float
    high: float
    runs: int


def timing_of(seconds: Sequence[float]) -> Timing:
    """Return median and quartiles of times, s."""
    low, median, high = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else (seconds[0],) * 3
    return Timing(median, low, high, len(seconds))


def take_turns(sides: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, Timing]:
    """Time functions in turn, the garbage collector as users have it.

    Each is called once before, so that imports and caches are not part of a time.

    Args:
        sides: The functions by name.
        seconds: Time that all of them have together; each is timed twice at least, however long that takes.

    Returns:
        The times by name.
    """
    end = time.perf_counter() + seconds
    for call in sides.values():
        call()
    once = {name: _timed(call) for name, call in sides.items()}
    slowest = max(once.values())
    calls = {name: max(1, min(_MOST_CALLS, int(_SHARE * slowest / max(one, 1e-9)))) for name, one in once.items()}
    times: dict[str, list[float]] = {name: [one] for name, one in once.items()}
    rounds = 1
    while rounds < _LEAST_ROUNDS or time.perf_counter() < end:
        for name, call in sides.items():
            times[name] += [_timed(call) for _ in range(calls[name])]
        rounds += 1
    return {name: timing_of(each) for name, each in times.items()}


def _timed(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - begin
    # Freed when the clock has stopped, for all sides.
    del result
    return seconds
