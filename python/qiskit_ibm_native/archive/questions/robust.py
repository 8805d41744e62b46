# SPDX-License-Identifier: Apache-2.0
"""Statistics that a few wrong values do not change; ``nan`` is a missing value."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: The standard deviation of a normal distribution whose median absolute deviation is 1: 1 over its upper quartile.
NORMAL = 1 / NormalDist().inv_cdf(0.75)


def medians(values: Floats) -> Floats:
    """Return the medians of the columns of ``(time, m)``, ``nan`` for a column without values."""
    return np.array(
        [np.median(present) if len(present := column[~np.isnan(column)]) else np.nan for column in values.T]
    )


def spreads(values: Floats) -> Floats:
    """Return 1.4826 times the median absolute deviation of the columns of ``(time, m)``.

    For normally distributed values, that is their standard deviation; P. J. Rousseeuw, C. Croux, J. Am. Stat. Assoc.
    88, 1273 (1993).
    """
    return NORMAL * medians(np.abs(values - medians(values)))


def ranks(values: Floats) -> Floats:
    """Return the ranks, from 1, of ``(n,)`` values; those that are equal share the mean of theirs."""
    count = len(values)
    found = np.empty(count)
    # In place of numpy.unique, which takes five times as long.
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)[:count]) + 1
    sizes = np.diff(last, prepend=0)
    found[order] = np.arange(1, count + 1) if len(last) == count else np.repeat(last - (sizes - 1) / 2, sizes)
    return found


class Line(NamedTuple):
    """A slope, the bounds of its interval, and the value at time 0."""

    slope: float
    low: float
    high: float
    intercept: float


def theil_sen(times: Floats, values: Floats, confidence: float) -> Line:
    """Return the line of Theil and Sen through values without ``nan``.

    The slope is the median of the slopes of all pairs of different times; the interval is Sen's, which takes the
    variance of Kendall's statistic with ties, as P. K. Sen, J. Am. Stat. Assoc. 63, 1379 (1968), has it. All is ``nan``
    if there are no two times.
    """
    slopes = _slopes(times, values)
    if not len(slopes):
        return Line(np.nan, np.nan, np.nan, np.nan)
    # The number of slopes between the bounds, from the variance of Kendall's statistic.
    count = len(times)
    variance = (_triples(np.array([count])) - _triples(_ties(times)) - _triples(_ties(values))) / 18
    half = NormalDist().inv_cdf((1 + confidence) / 2) * np.sqrt(max(variance, 0.0))
    middle = len(slopes) // 2
    low = max(round((len(slopes) - half) / 2) - 1, 0)
    high = min(round((len(slopes) + half) / 2), len(slopes) - 1)
    slopes.partition(sorted({low, max(middle - 1, 0), middle, high}))
    slope = slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2
    intercept = np.median(values) - slope * np.median(times)
    return Line(float(slope), float(slopes[low]), float(slopes[high]), float(intercept))


def _slopes(times: Floats, values: Floats) -> Floats:
    """Return the slopes of all pairs of different times.

    They are filled in row by row: an array of pairs would take three times the memory.
    """
    count = len(times)
    slopes = np.empty(count * (count - 1) // 2)
    end = 0
    for first in range(count - 1):
        spans = times[first + 1 :] - times[first]
        rises = values[first + 1 :] - values[first]
        if not spans.all():
            rises, spans = rises[spans != 0], spans[spans != 0]
        np.divide(rises, spans, out=slopes[end : end + len(rises)])
        end += len(rises)
    return slopes[:end]


def _ties(values: Floats) -> NDArray[np.int64]:
    return np.unique(values, return_counts=True)[1]


def _triples(counts: NDArray[np.int64]) -> float:
    return float(np.sum(counts * (counts - 1.0) * (2 * counts + 5.0)))
