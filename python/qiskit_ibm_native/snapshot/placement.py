# SPDX-License-Identifier: Apache-2.0
"""Positions of the qubits of a device in pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .._positions import Placement, place

if TYPE_CHECKING:
    from ..models import BackendConfiguration
    from .snapshot import Snapshot

Edges = tuple[tuple[int, int], ...]


def placement_of(snapshot: Snapshot) -> Placement:
    """Return positions of the qubits of a snapshot, and where they are from.

    The configuration's own coordinates win if they make a picture; otherwise the coupling graph tells.
    """
    if snapshot.has_payloads:
        return configured_placement(snapshot.configuration)
    return place(snapshot.num_qubits, edges_of(snapshot))


def configured_placement(configuration: BackendConfiguration) -> Placement:
    """Return positions of the qubits of a configuration, see :func:`placement_of`."""
    coords = getattr(configuration, "coords", None)
    edges = _edges(getattr(configuration, "coupling_map", None) or (), configuration.n_qubits)
    return place(configuration.n_qubits, edges, coords if isinstance(coords, list | tuple) else None)


def edges_of(snapshot: Snapshot) -> Edges:
    """Return the coupled pairs of a snapshot, the lower qubit first, ascending."""
    if snapshot.has_payloads:
        return _edges(getattr(snapshot.configuration, "coupling_map", None) or (), snapshot.num_qubits)
    columns = (snapshot.columns.gate(name) for name in snapshot.columns.gates)
    measured = (gate.qargs for gate in columns if gate.qargs.ndim == 2 and gate.qargs.shape[1] == 2)
    return _edges((pair for qargs in measured for pair in qargs.tolist()), snapshot.num_qubits)


def _edges(pairs: Iterable[Sequence[int]], num_qubits: int) -> Edges:
    return tuple(sorted({(min(pair), max(pair)) for pair in pairs if max(pair) < num_qubits}))


def coordinates_of(placement: Placement) -> list[list[float]]:
    """Return row and column of each qubit, as Qiskit's pictures take them: rows are counted from below.

    Rows and columns of lattices are whole numbers.
    """
    bottom = placement.size[1]
    return [[_whole(bottom - y), _whole(x)] for x, y in placement.positions]


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value
