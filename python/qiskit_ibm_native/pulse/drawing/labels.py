# SPDX-License-Identifier: Apache-2.0
"""The words of a picture, and which of them have room."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from ..instructions import SetFrequency, SetPhase, ShiftPhase

#: Width of a letter in units of the size of the font: that of most letters, so that words are rather too wide here.
_LETTER = 0.62
_MINUS = "\N{MINUS SIGN}"


def width_of(text: str, font_size: float) -> float:
    """Return about how wide a text is, in the unit of the size of its font."""
    return len(text) * _LETTER * font_size


def angle(value: Any) -> str:
    """Return an angle as text, as a fraction of pi if it is one."""
    if hasattr(value, "parameters"):
        return _signed(str(value))
    # Fractions take no floats of numpy but those of 64 bits.
    parts = Fraction(float(value) / math.pi).limit_denominator(16)
    if abs(float(parts) * math.pi - value) > 1e-9:
        return _signed(f"{value:.3f}")
    if parts == 0:
        return "0"
    sign, numerator = _MINUS if parts < 0 else "", abs(parts.numerator)
    over = "" if parts.denominator == 1 else f"/{parts.denominator}"
    return f"{sign}{'' if numerator == 1 else numerator}\N{GREEK SMALL LETTER PI}{over}"


def frequency(value: Any) -> str:
    """Return a frequency as text, in the largest unit that leaves a digit before the point."""
    if hasattr(value, "parameters"):
        return f"{_signed(str(value))} Hz"
    scale, unit = next(((scale, unit) for scale, unit in ((1e9, "GHz"), (1e6, "MHz"), (1e3, "kHz"))
                        if abs(value) >= scale), (1.0, "Hz"))  # fmt: skip
    return _signed(f"{value / scale:.6g} {unit}")


def change(instruction: Any) -> str:
    """Return what a change of phase or frequency does, as text: ``=`` sets, a frequency with a sign is added."""
    if isinstance(instruction, ShiftPhase):
        return angle(instruction.phase)
    if isinstance(instruction, SetPhase):
        return f"={angle(instruction.phase)}"
    text = frequency(instruction.frequency)
    if isinstance(instruction, SetFrequency):
        return f"={text}"
    return text if text.startswith(_MINUS) else f"+{text}"


def _signed(text: str) -> str:
    return text.replace("-", _MINUS)


class Mark(NamedTuple):
    """A mark of changes at a time: where it is, in the picture's unit of length from the left, and its label."""

    time: int
    position: float
    text: str


def marks_of(changed: Iterable[tuple[int, Any]], first: int, scale: float) -> list[Mark]:
    """Return marks of changes, one for all of a time.

    Args:
        changed: Times, dt, and what changes phases and frequencies then, in order.
        first: The time at the left end.
        scale: The length of a dt.
    """
    texts: dict[int, list[str]] = {}
    for time, instruction in changed:
        texts.setdefault(time, []).append(change(instruction))
    return [Mark(time, (time - first) * scale, ", ".join(each)) for time, each in texts.items()]


class Placed(NamedTuple):
    """The marks of a row, thinned out so that they can be told apart, and the labels that have room.

    Attributes:
        marks: All marks that are drawn.
        labels: Labels with the position of their left end.
        is_beside: Whether labels are beside their marks; otherwise they are below.
    """

    marks: list[Mark]
    labels: list[tuple[Mark, float]]
    is_beside: bool


def placed(marks: Iterable[Mark], length: float, font_size: float) -> Placed:
    """Place the labels of marks along a line, so that none covers another label or mark.

    Labels are to the right of their marks, the last one to the left if the line ends, if all have room there. Otherwise
    they are below their marks, and those that would cover an earlier one are left out.

    Args:
        marks: Marks from left to right.
        length: The length of the line.
        font_size: The size of the font, in the same unit.
    """
    drawn = apart(marks, 0.4 * font_size)
    gap = 0.6 * font_size
    beside: list[tuple[Mark, float]] = []
    free_from = 0.0
    for mark, following in itertools.zip_longest(drawn, drawn[1:]):
        width, behind = width_of(mark.text, font_size), length if following is None else following.position - gap
        if mark.position + gap + width <= behind:
            beside.append((mark, mark.position + gap))
            free_from = mark.position + gap + width
        elif mark.position - gap - width >= free_from and following is None:
            beside.append((mark, mark.position - gap - width))
        else:
            return Placed(drawn, _below(drawn, length, font_size), is_beside=False)
    return Placed(drawn, beside, is_beside=True)


def apart(marks: Iterable[Mark], least: float) -> list[Mark]:
    """Return marks that are apart; the first of several that are not stands for all, without a label if they differ."""
    drawn: list[Mark] = []
    for mark in marks:
        if drawn and mark.position - drawn[-1].position < least:
            drawn[-1] = drawn[-1]._replace(text="" if drawn[-1].text != mark.text else mark.text)
        else:
            drawn.append(mark)
    return drawn


def _below(marks: list[Mark], length: float, font_size: float) -> list[tuple[Mark, float]]:
    labels: list[tuple[Mark, float]] = []
    free_from = -math.inf
    for mark in marks:
        width = width_of(mark.text, font_size)
        left = max(min(mark.position - width / 2, length - width), 0.0)
        if mark.text and left >= free_from and width <= length:
            labels.append((mark, left))
            free_from = left + width + 0.8 * font_size
    return labels
