# SPDX-License-Identifier: Apache-2.0
"""Positions of qubits in pictures of devices: as the device publishes them, or from the coupling graph alone.

Square and heavy-hexagonal lattices are recognised by their cells, however their qubits are numbered; lines, rings and
trees have forms of their own; other graphs are placed by distances in the graph, without crossings if they have a
drawing without. The same device has the same positions each time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .packing import packed, parts_of, turned
from .published import published
from .shapes import shape_of

Position = tuple[float, float]


class Placement(NamedTuple):
    """Positions of qubits, and where they are from.

    Attributes:
        positions: The position of each qubit: column to the right and row downwards, in steps of about one between
            neighbours; the least column and the least row are 0.
        origin: ``"payload"`` if the device publishes them; otherwise the form of the coupling graph (of its largest
            part): ``"square lattice"``, ``"heavy-hexagonal lattice"``, ``"lattice"``, ``"line"``, ``"ring"``,
            ``"tree"``, ``"planar"`` (drawn without crossings), ``"distances"``, or ``"grid"`` for many edges.
    """

    positions: list[Position]
    origin: str

    @property
    def size(self) -> Position:
        """The largest column and the largest row."""
        return (max((x for x, _ in self.positions), default=0.0), max((y for _, y in self.positions), default=0.0))


def place(num_qubits: int, edges: Iterable[tuple[int, int]], coords: Sequence[Any] | None = None) -> Placement:
    """Return positions of the qubits of a device. Devices that are wide lie wide.

    Args:
        num_qubits: The number of qubits.
        edges: Pairs of coupled qubits, in any direction; both directions of a pair are one.
        coords: The member ``coords`` of the configuration, if there is one. It is used if it has a pair of numbers for
            each qubit, all different, as far apart as neighbours of a lattice are.
    """
    pairs = sorted({(min(pair), max(pair)) for pair in edges if pair[0] != pair[1]})
    if coords is not None and (found := published(num_qubits, pairs, coords)) is not None:
        return Placement(found, "payload")
    parts = parts_of(num_qubits, pairs)
    placed, origins = [], []
    for qubits, neighbours in parts:
        candidates, origin = shape_of(neighbours, is_only_part=len(parts) == 1)
        placed.append(turned(qubits, candidates))
        origins.append(origin)
    return Placement(packed(num_qubits, placed), origins[0] if origins else "line")


def positions(num_qubits: int, edges: Iterable[tuple[int, int]]) -> list[Position]:
    """Return the position of each qubit from the coupling graph alone, see :func:`place`."""
    return place(num_qubits, edges).positions


def mean_length(placed: Sequence[Position], pairs: Sequence[tuple[int, int]]) -> float:
    """Return the mean length of edges; 1 if there are none."""
    return sum(math.dist(placed[low], placed[high]) for low, high in pairs) / len(pairs) if pairs else 1.0
