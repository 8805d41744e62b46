# SPDX-License-Identifier: Apache-2.0
"""The outline of what a row plays, with at most so many points, which loses no peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

#: Quantities of a sample: the lowest and the highest real part, the same of the imaginary part, the highest magnitude.
_LOWEST_REAL, _HIGHEST_REAL, _LOWEST_IMAGINARY, _HIGHEST_IMAGINARY, _MAGNITUDE = range(5)


class Profile(NamedTuple):
    """Points from left to right; between pulses that do not touch, values are NaN.

    Attributes:
        times: Times, dt, shape ``(n,)``.
        values: Lowest and highest real part, lowest and highest imaginary part, highest magnitude, shape ``(5, n)``.
        is_real_larger: Whether the real part is the larger one of the pulse, shape ``(n,)``.
    """

    times: Floats
    values: Floats
    is_real_larger: npt.NDArray[np.bool_]

    @property
    def real(self) -> Floats:
        """The lowest and the highest real part, shape ``(2, n)``."""
        return self.values[:2]

    @property
    def imaginary(self) -> Floats:
        """The lowest and the highest imaginary part, shape ``(2, n)``."""
        return self.values[2:4]

    @property
    def magnitude(self) -> Floats:
        """The highest magnitude, shape ``(n,)``."""
        highest: Floats = self.values[_MAGNITUDE]
        return highest

    @property
    def largest(self) -> float:
        """The highest magnitude of all; 0 if nothing is played."""
        known = self.magnitude[~np.isnan(self.magnitude)]
        return float(known.max(initial=0.0))


class Extremes:
    """The extremes of pieces of samples, and of whole pulses, each of which is looked at once."""

    def __init__(self) -> None:
        """Know no pulse yet."""
        self._whole: dict[int, tuple[Any, Floats]] = {}

    def whole(self, pulse: Any) -> Floats:
        """Return the extremes of all samples of a pulse, shape ``(5,)``."""
        known = self._whole.get(id(pulse))
        if known is None:
            # The pulse is kept with them, so that nothing else gets its address.
            known = self._whole[id(pulse)] = pulse, self.pieces(pulse.samples, np.zeros(1, np.intp))[:, 0]
        return known[1]

    @staticmethod
    def pieces(samples: Any, cuts: Any) -> Floats:
        """Return the extremes of samples between ``cuts``, which begin with 0, shape ``(5, len(cuts))``."""
        real, imaginary, size = samples.real, samples.imag, np.abs(samples)
        if len(cuts) == len(samples):
            return np.stack([real, real, imaginary, imaginary, size])
        return np.stack(
            [
                np.minimum.reduceat(real, cuts),
                np.maximum.reduceat(real, cuts),
                np.minimum.reduceat(imaginary, cuts),
                np.maximum.reduceat(imaginary, cuts),
                np.maximum.reduceat(size, cuts),
            ]
        )


def profile(plays: list[tuple[int, Any]], window: tuple[int, int], columns: int) -> Profile:
    """Return the outline of pulses.

    Args:
        plays: Starts, dt, and instructions that play, in order.
        window: The first and the last time of the picture, dt.
        columns: The number of columns that the picture has room for.

    Returns:
        The outline: of each pulse by itself, from 0 to 0, or, if there are too many to tell apart, of all of them by
        column.
    """
    visible = [(start, play.pulse) for start, play in plays if play.duration]
    # A column of less than a sample would show nothing more.
    columns = max(min(columns, window[1] - window[0]), 1)
    if len(visible) > columns // 4:
        return _by_column(visible, window, columns)
    width = max((window[1] - window[0]) / columns, 1.0)
    parts = [part for start, pulse in visible if (part := _outline(start, pulse, window, width)) is not None]
    if not parts:
        return Profile(np.empty(0), np.empty((5, 0)), np.empty(0, bool))
    times, values = zip(*parts, strict=True)
    larger = [np.full(len(times), _is_real_larger(values)) for times, values in parts]
    return Profile(np.concatenate(times), np.concatenate(values, axis=1), np.concatenate(larger))


def _outline(start: int, pulse: Any, window: tuple[int, int], width: float) -> tuple[Floats, Floats] | None:
    """Return the points of a pulse, of which the last one is a gap; ``None`` if the window has nothing of it."""
    first, last = max(window[0] - start, 0), min(window[1] - start, pulse.duration)
    if first >= last:
        return None
    samples = pulse.samples[first:last]
    count = min(int(np.ceil(len(samples) / width)), len(samples))
    bounds = np.arange(count + 1) * len(samples) // count
    times, values = np.empty(count + 3), np.zeros((5, count + 3))
    times[0], times[1:-2], times[-2:] = start + first, start + first + (bounds[:-1] + bounds[1:]) / 2, start + last
    values[:, 1:-2] = Extremes.pieces(samples, bounds[:-1])
    values[:, -1] = np.nan
    return times, values


def _is_real_larger(values: Floats) -> bool:
    sizes = np.nanmax(np.abs(values), axis=1, initial=0.0)
    return bool(sizes[:2].max() >= sizes[2:4].max())


def _by_column(plays: list[tuple[int, Any]], window: tuple[int, int], columns: int) -> Profile:
    values = column_extremes(plays, window, columns)
    edges = np.linspace(*window, columns + 1)
    is_played = ~np.isnan(values[_MAGNITUDE])
    # A run of columns begins and ends at 0, with a gap behind it.
    begins = np.flatnonzero(np.diff(is_played.astype(np.int8), prepend=0) == 1)
    ends = np.flatnonzero(np.diff(is_played.astype(np.int8), append=0) == -1) + 1
    times, outline = [], []
    for begin, end in zip(begins, ends, strict=True):
        middles = (edges[begin:end] + edges[begin + 1 : end + 1]) / 2
        times.append(np.concatenate([edges[begin : begin + 1], middles, np.repeat(edges[end], 2)]))
        run = np.zeros((5, end - begin + 3))
        run[:, 1:-2], run[:, -1] = values[:, begin:end], np.nan
        outline.append(run)
    if not times:
        return Profile(np.empty(0), np.empty((5, 0)), np.empty(0, bool))
    joined = np.concatenate(outline, axis=1)
    return Profile(np.concatenate(times), joined, np.full(joined.shape[1], _is_real_larger(joined)))


def column_extremes(
    plays: list[tuple[int, Any]], window: tuple[int, int], columns: int, extremes: Extremes | None = None
) -> Floats:
    """Return the extremes of all samples in each column, shape ``(5, columns)``; NaN where nothing is played.

    Pulses of less than a column count for the columns that they touch.
    """
    extremes = extremes or Extremes()
    values = np.full((5, columns), np.nan)
    lowest, highest = [_LOWEST_REAL, _LOWEST_IMAGINARY], [_HIGHEST_REAL, _HIGHEST_IMAGINARY, _MAGNITUDE]
    scale = columns / (window[1] - window[0])
    for start, pulse in plays:
        begin, end = max(start, window[0]), min(start + pulse.duration, window[1])
        if begin >= end:
            continue
        first = min(int((begin - window[0]) * scale), columns - 1)
        # The last sample counts for the column that it begins in.
        behind = min(int((end - 1 - window[0]) * scale), columns - 1) + 1
        if behind - first <= 2 and end - begin == pulse.duration:
            found = extremes.whole(pulse)[:, None]
        else:
            bounds = np.ceil(window[0] + np.arange(first + 1, behind) / scale).astype(np.intp) - begin
            cuts = np.concatenate([[0], np.clip(bounds, 0, end - begin - 1)])
            found = extremes.pieces(pulse.samples[begin - start : end - start], cuts)
        piece = values[:, first:behind]
        piece[lowest] = np.fmin(piece[lowest], found[lowest])
        piece[highest] = np.fmax(piece[highest], found[highest])
    return values
