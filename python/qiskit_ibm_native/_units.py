# SPDX-License-Identifier: Apache-2.0
"""SI prefixes of units."""

from __future__ import annotations

from typing import Any

#: Powers of ten of SI prefixes, by the first character of a unit.
_POWERS = {"f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15}


def si_value(value: Any, unit: str | None) -> Any:
    """Return a value in the SI unit of ``unit``, bit-equal to Qiskit's ``apply_prefix``.

    Args:
        value: The value; ``None`` stays ``None``.
        unit: A unit of one character has no prefix, and neither has an empty unit or ``None``.

    Raises:
        KeyError: The first of several characters is no SI prefix.
    """
    if not unit or len(unit) == 1 or value is None:
        return value
    power = _POWERS[unit[0]]
    # A division: 10**-6 is no float, and a product with it rounds twice.
    return value / 10**-power if power < 0 else value * 10**power
