# SPDX-License-Identifier: Apache-2.0
"""Values as people write them: units with prefixes, powers of ten, counts with plurals, lengths of time."""

from __future__ import annotations

import datetime
import math

#: Prefixes of units by their power of ten, divided by three.
_PREFIXES = {-5: "f", -4: "p", -3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T"}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Written for a value that is missing.
MISSING = "-"


def quantity(value: float | None, unit: str, digits: int = 4) -> str:
    """Return a value with a prefix of its unit: ``219.7 µs``, ``5.105 GHz``.

    Args:
        value: The value in ``unit``; ``None`` and NaN are missing.
        unit: A unit without a prefix, such as ``"s"``; an empty unit is that of a ratio, see :func:`ratio`.
        digits: The number of significant digits.
    """
    if value is None or not math.isfinite(value):
        return MISSING if value is None or math.isnan(value) else f"{value} {unit}".strip()
    if not unit:
        return ratio(value, digits)
    if value == 0:
        return f"0 {unit}"
    # Rounded first: 999.96 µs is 1.000 ms.
    rounded = float(f"{value:.{digits - 1}e}")
    power = math.floor(math.log10(abs(rounded)) / 3 + 1e-12)
    if power not in _PREFIXES:
        return f"{ratio(value, digits)} {unit}"
    scaled = rounded / 10.0 ** (3 * power)
    decimals = max(digits - 1 - math.floor(math.log10(abs(scaled)) + 1e-12), 0)
    return f"{scaled:.{decimals}f} {_PREFIXES[power]}{unit}"


def scale(value: float, unit: str) -> tuple[float, str]:
    """Return the unit with a prefix that values like this one are written in, after its size: ``(1e-06, "µs")``."""
    if not unit or not math.isfinite(value) or value == 0:
        return 1.0, unit
    power = max(min(math.floor(math.log10(abs(value)) / 3 + 1e-12), max(_PREFIXES)), min(_PREFIXES))
    return 10.0 ** (3 * power), f"{_PREFIXES[power]}{unit}"


def ratio(value: float | None, digits: int = 2) -> str:
    """Return a number without a unit, such as an error: ``2.1 × 10⁻³``, ``0.25``."""
    if value is None or math.isnan(value):
        return MISSING
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -2 <= power <= digits:
        return f"{float(f'{mantissa}e{power}'):.{max(digits - 1 - power, 0)}f}"
    return f"{mantissa} × 10{str(power).translate(_SUPERSCRIPTS)}"


def log_text(value: float) -> str:
    """Return the text of a tick of a logarithmic scale: ``2 × 10⁻⁴``, ``10⁻⁴``, ``0.05``, ``300``."""
    if 1e-3 <= value < 1e5:
        return f"{value:,.6g}"
    short = float(f"{value:.0e}")
    return ratio(value, 1 if math.isclose(value, short, rel_tol=1e-6) else 2).removeprefix("1 × ")


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number of things: ``1 calibration``, ``1,024 calibrations``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def listed(names: list[str]) -> str:
    """Return names as a list in a sentence: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def duration(seconds: float) -> str:
    """Return a length of time in its largest unit: ``45 seconds``, ``3 hours``, ``2 days``."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length or (unit != "day" and seconds >= length):
            return count(round(seconds / length), unit)
    return count(round(seconds), "second")


def instant(time: datetime.datetime) -> str:
    """Return a time in UTC to the minute, with its zone: ``2026-03-01 12:00 UTC``."""
    return f"{time.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"


def apart(old: float | None, new: float | None, unit: str, digits: int = 4) -> tuple[str, str]:
    """Return two values with as many digits as tell them apart: ``5.1052 GHz`` and ``5.1053 GHz``.

    Args:
        old: A value in ``unit``; ``None`` is missing.
        new: Another one.
        unit: As in :func:`quantity`.
        digits: The number of significant digits that are enough for values that differ much.
    """
    for number in range(digits, 17):
        texts = quantity(old, unit, number), quantity(new, unit, number)
        if texts[0] != texts[1] or old == new:
            break
    return texts
