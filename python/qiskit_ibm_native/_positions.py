# SPDX-License-Identifier: Apache-2.0
"""Positions of qubits in pictures of devices, from the coupling graph alone."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

Position = tuple[float, float]


def positions(num_qubits: int, edges: Iterable[tuple[int, int]]) -> list[Position]:
    """Return the position of each qubit: column to the right and row downwards, in steps of one between neighbours.

    Qubits of square and heavy-hexagonal lattices are numbered row by row, so that neighbours whose numbers follow each
    other are side by side, and other neighbours one above the other. Qubits of other graphs are placed by the distances
    in the graph.

    Args:
        num_qubits: The number of qubits.
        edges: Pairs of coupled qubits, in any direction; both directions of a pair are one.
    """
    pairs = {(min(pair), max(pair)) for pair in edges}
    return _lattice(num_qubits, pairs) or _by_distance(num_qubits, pairs)


def _lattice(num_qubits: int, pairs: set[tuple[int, int]]) -> list[Position] | None:
    """Return positions on a lattice, or ``None`` if two qubits would share one or the graph is in several parts."""
    steps: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for low, high in pairs:
        step = (1, 0) if high == low + 1 else (0, 1)
        steps[low].append((high, *step))
        steps[high].append((low, -step[0], -step[1]))
    found = {0: (0, 0)}
    waiting = [0]
    while waiting:
        qubit = waiting.pop()
        x, y = found[qubit]
        for other, right, down in steps[qubit]:
            position = x + right, y + down
            if other not in found:
                found[other] = position
                waiting.append(other)
            elif found[other] != position:
                return None
    if len(set(found.values())) < num_qubits:
        return None
    left, top = (min(position[axis] for position in found.values()) for axis in (0, 1))
    return [(float(found[qubit][0] - left), float(found[qubit][1] - top)) for qubit in range(num_qubits)]


def _by_distance(num_qubits: int, pairs: set[tuple[int, int]]) -> list[Position]:
    """Return positions of springs between neighbours, the same ones each time, with edges of a mean length of one."""
    from rustworkx import PyGraph, spring_layout

    graph = PyGraph(multigraph=False)
    graph.add_nodes_from(range(num_qubits))
    graph.add_edges_from_no_data(sorted(pairs))
    placed = spring_layout(graph, num_iter=200, seed=1)
    lengths = [math.dist(placed[low], placed[high]) for low, high in pairs]
    scale = len(lengths) / sum(lengths) if lengths else math.sqrt(num_qubits)
    left, top = (min((placed[qubit][axis] for qubit in range(num_qubits)), default=0.0) for axis in (0, 1))
    return [((placed[qubit][0] - left) * scale, (placed[qubit][1] - top) * scale) for qubit in range(num_qubits)]
