# SPDX-License-Identifier: Apache-2.0
"""Sizes of qubits and of their labels, which all ways to draw a map share."""

from __future__ import annotations

from collections.abc import Iterable

#: The radius of qubits, in steps between neighbours.
RADIUS = 0.345
#: The largest labels, points; the width of a digit as a part of its size, and the part of a qubit for a label.
_LARGEST, _DIGIT, _PART = 15.0, 0.64, 0.86


def label_size(labels: Iterable[str], step: float) -> float:
    """Return the size of labels that fit into qubits, points; ``step`` is that between neighbours, inches."""
    longest = max(map(len, labels), default=1) or 1
    diameter = 2 * RADIUS * step * 72
    return min(_LARGEST, 0.5 * diameter, _PART * diameter / (_DIGIT * longest))
