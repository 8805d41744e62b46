# SPDX-License-Identifier: Apache-2.0
"""A map of a device as SVG within a page: qubits and couplings, coloured by error, with faulty parts marked.

Faulty parts have a mark of their own, a cross, so that nobody has to tell colours apart to find them. A
device of up to :data:`_MOST_WITH_TEXT` parts has a text for each one, which browsers show at the pointer; of a larger
one, parts of a colour are one path.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from .._words import count, ratio
from .parts import RED

#: From few errors to many: lighter step by step, so that it can be read without telling colours apart.
RAMP = ("#2b62c9", "#5660c6", "#805fc4", "#9e60b6", "#bb62a8", "#ce688f", "#e07070", "#e67d4d", "#ec8a2a")
#: Parts without a value: seen on white and on black, with white numbers on it.
_GREY = "#757b84"
#: Units between neighbours, and the radius of a qubit in these.
_STEP, _RADIUS, _MARGIN = 20, 8, 12
#: The width that a picture may have, and the distance of neighbours, both in pixels of the page.
_WIDTH, _LEAST, _MOST = 380, 7, 34
#: Parts up to which each one has a text, qubits up to which each one has its number, and parts of the largest map.
_MOST_WITH_TEXT, _MOST_WITH_NUMBERS, _MOST_PARTS = 420, 200, 6000


class Mark(NamedTuple):
    """A qubit or a coupling on the map.

    Attributes:
        value: The value that gives the colour, such as an error; ``None`` or NaN if there is none.
        is_faulty: Whether it cannot be used.
        text: The text for the pointer.
    """

    value: float | None = None
    is_faulty: bool = False
    text: str = ""


class Coupler(NamedTuple):
    """A pair of coupled qubits with its mark."""

    first: int
    second: int
    mark: Mark


@dataclass(frozen=True)
class DeviceMap:
    """A device on a map.

    Attributes:
        positions: Positions of the qubits: column to the right and row downwards.
        qubits: Marks of the qubits.
        couplers: Pairs of coupled qubits.
        qubit_label: The name of the values of qubits, such as ``"readout error"``.
        coupler_label: The name of the values of couplings, such as ``"cz error"``.
    """

    positions: Sequence[tuple[float, float]]
    qubits: Sequence[Mark]
    couplers: Sequence[Coupler]
    qubit_label: str = ""
    coupler_label: str = ""

    @property
    def html(self) -> str:
        """The map and its key; empty if there are no qubits, or too many parts for a picture."""
        if not self.qubits or len(self.qubits) + len(self.couplers) > _MOST_PARTS:
            return ""
        of_qubits = _Scale([mark.value for mark in self.qubits if not mark.is_faulty])
        of_couplers = _Scale([each.mark.value for each in self.couplers if not each.mark.is_faulty])
        keys = [
            of_qubits.key(f"circles: {self.qubit_label}" if self.couplers else self.qubit_label),
            of_couplers.key(f"lines: {self.coupler_label}"),
            _key_of_marks(self.qubits, self.couplers) if self.qubit_label or self.coupler_label else "",
        ]
        key = "".join(f'<div style="margin:1px 0">{each}</div>' for each in keys if each)
        return f'{_Drawing(self, of_qubits, of_couplers).svg}<div style="font-size:85%">{key}</div>'


class _Scale:
    """A logarithmic scale of colours from the smallest to the largest of some values; zeros count as the smallest."""

    def __init__(self, values: Iterable[float | None]) -> None:
        known = [value for value in values if value is not None and math.isfinite(value)]
        above = [value for value in known if value > 0]
        self.low, self.high = (min(above), max(above)) if above else (0.0, 0.0)
        self.has_values = bool(known)

    def step(self, value: float | None) -> int | None:
        """Return the index of a value's colour; ``None`` if there is no value."""
        if value is None or not math.isfinite(value):
            return None
        if not self.low < value or not self.low < self.high:
            return 0
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return min(int(share * len(RAMP)), len(RAMP) - 1)

    def key(self, label: str) -> str:
        """Return the key of the scale; empty without values."""
        if not self.has_values:
            return ""
        if self.low == self.high:
            return f"{escape(label)}: {ratio(self.low)}"
        boxes = "".join(f'<path fill="{colour}" d="M{8 * number} 0h8v8h-8z"/>' for number, colour in enumerate(RAMP))
        bar = f'<svg xmlns="http://www.w3.org/2000/svg" width="{8 * len(RAMP)}" height="8">{boxes}</svg>'
        return f"{escape(label)} {ratio(self.low)} {bar} {ratio(self.high)} (log)"


def _key_of_marks(qubits: Sequence[Mark], couplers: Sequence[Coupler]) -> str:
    marks = [*qubits, *(each.mark for each in couplers)]
    words = []
    if any(mark.is_faulty for mark in marks):
        words.append(f'<span style="color:{RED}">✕</span> faulty')
    if any(not mark.is_faulty and (mark.value is None or not math.isfinite(mark.value)) for mark in marks):
        words.append("grey or dashed: no value")
    return "; ".join(words)


class _Drawing:
    """The picture, made of groups of parts that look the same."""

    def __init__(self, device: DeviceMap, of_qubits: _Scale, of_couplers: _Scale) -> None:
        self._device, self._of_qubits, self._of_couplers = device, of_qubits, of_couplers
        left, top = (min(position[axis] for position in device.positions) for axis in (0, 1))
        self._points = [
            (round((x - left) * _STEP) + _MARGIN, round((y - top) * _STEP) + _MARGIN) for x, y in device.positions
        ]
        self._size = tuple(max(point[axis] for point in self._points) + _MARGIN for axis in (0, 1))
        #: Crosses of faulty parts, which are drawn on top of all parts.
        self._crosses: list[tuple[str, str]] = []
        self._has_values = bool(device.qubit_label or device.coupler_label)
        self._has_texts = len(device.qubits) + len(device.couplers) <= _MOST_WITH_TEXT

    @property
    def svg(self) -> str:
        """The picture."""
        width, height = self._size
        columns = max(width / _STEP, 1)
        pixels = round(width * min(max(_WIDTH / columns, _LEAST), _MOST) / _STEP)
        label = escape(f"Map of {count(len(self._device.qubits), 'qubit')}")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" viewBox="0 0 {width} {height}"'
            f' width="{pixels}" style="max-width:100%;height:auto;display:block" stroke-linecap="round">'
            f"{self._couplers()}{self._qubits()}{self._numbers()}{self._group(_OF_CROSSES, self._crosses)}</svg>"
        )

    def _couplers(self) -> str:
        groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for first, second, mark in self._device.couplers:
            (x, y), (to_x, to_y) = self._points[first], self._points[second]
            line = f"M{x} {y}{_line(to_x - x, to_y - y)}"
            step = self._of_couplers.step(mark.value)
            if not self._has_values:
                groups[f'stroke="{_GREY}" stroke-width="2"'].append((line, mark.text))
            elif mark.is_faulty:
                groups['stroke="currentColor" stroke-opacity=".3" stroke-width="1.5"'].append((line, mark.text))
                self._crosses.append((_cross((x + to_x) // 2, (y + to_y) // 2, 3), ""))
            elif step is None:
                groups['stroke="currentColor" stroke-opacity=".45" stroke-width="1.5" stroke-dasharray="1 3"'].append(
                    (line, mark.text)
                )
            else:
                groups[f'stroke="{RAMP[step]}" stroke-width="4"'].append((line, mark.text))
        return "".join(self._group(f'{look} fill="none"', parts) for look, parts in groups.items())

    def _qubits(self) -> str:
        groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for (x, y), mark in zip(self._points, self._device.qubits, strict=True):
            step = self._of_qubits.step(mark.value)
            # A line of no length with a round end is a circle, in fewer letters than one.
            dot = f"M{x} {y}h0"
            radius, colour = _RADIUS, _GREY
            if mark.is_faulty:
                self._crosses.append((_cross(x, y, 5), ""))
            elif step is not None:
                colour = RAMP[step]
            elif self._has_values:
                radius = _RADIUS - 2
            groups[f'stroke="{colour}" stroke-width="{2 * radius}"'].append((dot, mark.text))
        return "".join(self._group(look, parts) for look, parts in groups.items())

    def _numbers(self) -> str:
        if len(self._points) > _MOST_WITH_NUMBERS:
            return ""
        # The cross is what matters on a faulty qubit; the text for the pointer has its number.
        texts = [
            f'<text x="{x}" y="{y + 3}">{number}</text>'
            for number, ((x, y), mark) in enumerate(zip(self._points, self._device.qubits, strict=True))
            if not mark.is_faulty
        ]
        style = 'fill="#fff" font-size="8" text-anchor="middle" font-family="sans-serif" pointer-events="none"'
        return f"<g {style}>{''.join(texts)}</g>" if texts else ""

    def _group(self, look: str, parts: list[tuple[str, str]]) -> str:
        """Return parts that look the same: each with its text, or all in one path."""
        if not parts:
            return ""
        if self._has_texts and any(text for _, text in parts):
            inner = "".join(f'<path d="{path}"><title>{escape(text)}</title></path>' for path, text in parts)
        else:
            inner = f'<path d="{"".join(path for path, _ in parts)}"/>'
        return f"<g {look}>{inner}</g>"


#: Crosses let the pointer through to the part below, which has the text.
_OF_CROSSES = f'stroke="{RED}" stroke-width="2" fill="none" pointer-events="none"'


def _line(right: int, down: int) -> str:
    """Return a line from the present point, in as few letters as can be."""
    if not down:
        return f"h{right}"
    return f"l{right} {down}" if right else f"v{down}"


def _cross(x: int, y: int, arm: int) -> str:
    return f"M{x - arm} {y - arm}l{2 * arm} {2 * arm}m0-{2 * arm}l-{2 * arm} {2 * arm}"
