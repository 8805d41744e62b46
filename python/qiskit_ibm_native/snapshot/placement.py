# SPDX-License-Identifier: Apache-2.0
"""Positions of the qubits of a snapshot in pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .._positions import Placement, place

if TYPE_CHECKING:
    from .snapshot import Snapshot


def placement_of(snapshot: Snapshot) -> Placement:
    """Return positions of the qubits of a snapshot, and where they are from.

    The configuration's own coordinates win if they make a picture; otherwise the coupling graph tells.
    """
    coords = getattr(snapshot.configuration, "coords", None) if snapshot.has_payloads else None
    return place(snapshot.num_qubits, edges_of(snapshot), coords if isinstance(coords, list | tuple) else None)


def edges_of(snapshot: Snapshot) -> tuple[tuple[int, int], ...]:
    """Return the coupled pairs of a snapshot, the lower qubit first, ascending."""
    pairs: Iterable[Sequence[int]] = ()
    if snapshot.has_payloads:
        pairs = getattr(snapshot.configuration, "coupling_map", None) or ()
    else:
        columns = (snapshot.columns.gate(name) for name in snapshot.columns.gates)
        pairs = [
            pair
            for gate in columns
            if gate.qargs.ndim == 2 and gate.qargs.shape[1] == 2
            for pair in gate.qargs.tolist()
        ]
    return tuple(sorted({(min(pair), max(pair)) for pair in pairs if max(pair) < snapshot.num_qubits}))


def coordinates_of(snapshot: Snapshot) -> list[list[float]]:
    """Return row and column of each qubit, as Qiskit's pictures take them: rows are counted from below.

    Rows and columns of lattices are whole numbers.
    """
    placement = placement_of(snapshot)
    bottom = placement.size[1]
    return [[_whole(bottom - y), _whole(x)] for x, y in placement.positions]


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value
