# SPDX-License-Identifier: Apache-2.0
"""Scales of colours: their limits, which values are beyond these, and ticks as people write them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..._words import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: A logarithmic scale begins where the largest value is so many times the smallest one.
_WIDE = 12.0
#: Limits are these quantiles if the values beyond would stretch the scale by more than this part of it.
_LOW, _HIGH, _STRETCH = 0.02, 0.98, 0.4
#: Fewer values than this are all within the scale.
_FEW = 20
#: The most ticks that have room.
_TICKS = 6
_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """A scale of colours from low to high values.

    Attributes:
        low: The value of the first colour; values below have it, too.
        high: The value of the last colour.
        is_log: Whether equal ratios are equal steps.
        is_centred: Whether the middle colour is zero.
        below: How many values are below ``low``.
        above: How many values are above ``high``.
        unit: The SI unit of values.
        is_count: Whether values are whole numbers.
        is_flat: Whether all values are zero.
    """

    low: float
    high: float
    is_log: bool = False
    is_centred: bool = False
    below: int = 0
    above: int = 0
    unit: str = ""
    is_count: bool = False
    is_flat: bool = False

    def shares(self, values: Floats) -> Floats:
        """Return where values are on the scale, from 0 to 1; ``nan`` where there is none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            placed = np.clip(np.asarray(values, dtype=float), self.low, self.high)
            low, high = self.low, self.high
            if self.is_log:
                placed, low, high = np.log10(placed), math.log10(low), math.log10(high)
            return np.asarray((placed - low) / (high - low))

    @property
    def factor(self) -> tuple[float, str]:
        """The power of ten that ticks are written in, with the unit that goes with it: ``(1e-6, "µs")``."""
        if self.is_count or self.is_flat:
            return 1.0, ""
        largest = max(abs(self.low), abs(self.high))
        exponent = math.floor(math.log10(largest) + 1e-9)
        if self.unit:
            power = min(max(3 * (exponent // 3), -15), 12)
            return 10.0**power, f"{_PREFIXES[power]}{self.unit}"
        # Ratios of a tenth and more need no power.
        if self.is_log or exponent >= -1:
            return 1.0, ""
        return 10.0**exponent, f"10{str(exponent).translate(_SUPERSCRIPTS)}"

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Values on the scale with their texts, in units of :attr:`factor`."""
        if self.is_flat:
            return [(0.0, "0")]
        factor, _ = self.factor
        if not self.is_log:
            values = _even(self.low, self.high)
            return [(value, _number(value / factor)) for value in values if not self.is_count or value % 1 == 0]
        values = _decades(self.low, self.high)
        return [(value, _power(value) if not self.unit else _number(value / factor)) for value in values]


def scale_of(values: Floats, unit: str = "", *, can_be_log: bool = False) -> Scale | None:
    """Return the scale of values; ``None`` if there are none.

    A scale covers all values, unless a few are so far from all others that these would look the same: then it ends at
    the quantiles 2 % and 98 %.

    Args:
        values: The values in SI units; ``nan`` where missing.
        unit: Their unit.
        can_be_log: Whether ratios matter more than differences; then wide scales are logarithmic.
    """
    found = values[np.isfinite(values)]
    if not found.size:
        return None
    is_log = can_be_log and float(found.min()) > 0 and float(found.max()) > _WIDE * float(found.min())
    on_scale = np.log10(found) if is_log else found
    low, high = _limits(on_scale)
    if is_log:
        low, high = 10.0**low, 10.0**high
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        # One value: it is in the middle.
        margin = abs(low) / 10 or 1.0
        low, high = low - margin, high + margin
    # Rounding of logarithms is no difference.
    margin = 1e-9 * (high - low) if not is_log else 1e-9 * low
    below, above = (
        int((found < low - margin).sum()),
        int((found > high + margin * high / low).sum() if is_log else (found > high + margin).sum()),
    )
    return Scale(low, high, is_log, below=below, above=above, unit=unit)


def notes_on(scale: Scale) -> list[str]:
    """Return lines that say how many values are beyond a scale."""
    if scale.is_centred:
        beyond = scale.below + scale.above
        return [f"{beyond} beyond the scale (98 % quantile)"] if beyond else []
    below = [f"{scale.below} below the scale (2 % quantile)"] if scale.below else []
    return [*below, f"{scale.above} above the scale (98 % quantile)"] if scale.above else below


def centred_scale_of(values: Floats, unit: str = "") -> Scale | None:
    """Return a scale of differences, as far above zero as below; ``None`` if there are none."""
    found = values[np.isfinite(values)]
    if not found.size:
        return None
    sizes = np.abs(found)
    changed = sizes[sizes > 0]
    largest = float(_limits(changed)[1]) if changed.size else 1.0
    return Scale(
        -largest, largest, is_centred=True, is_flat=not changed.size, unit=unit, below=int((found < -largest * (1 + 1e-9)).sum()),
        above=int((found > largest * (1 + 1e-9)).sum()),
    )  # fmt: skip


def _limits(values: Floats) -> tuple[float, float]:
    """Return the limits of a scale, each at the outermost value or at a quantile."""
    low, high = float(values.min()), float(values.max())
    if values.size < _FEW:
        return low, high
    inner_low, inner_high = (float(limit) for limit in np.quantile(values, [_LOW, _HIGH]))
    quarters = np.quantile(values, [0.25, 0.75])
    room = _STRETCH * (inner_high - inner_low)
    # Where most values are the same, those that are not are what is to be seen.
    if quarters[0] == quarters[1]:
        return low, high
    return (inner_low if inner_low - low > room else low), (inner_high if high - inner_high > room else high)


def _even(low: float, high: float) -> list[float]:
    """Return round values from low to high at even distances."""
    span = high - low
    power = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = next(step * power for step in (1, 2, 5, 10, 20) if span / (step * power) <= _TICKS - 1 + 1e-9)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Return powers of ten from low to high, or several values for each if there are few."""
    first, last = math.floor(math.log10(low)), math.floor(math.log10(high)) + 1
    found: list[float] = []
    for parts in ((1, 2, 5), (1, 3), (1,)):
        found = [part * 10.0**power for power in range(first, last) for part in parts]
        found = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(found) <= _TICKS - 1:
            break
    return found[:: math.ceil(len(found) / _TICKS)] if found else []


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def _power(value: float) -> str:
    text = ratio(value, 1)
    return text.removeprefix("1 × ") if value < 0.01 * (1 - 1e-9) else text
