# SPDX-License-Identifier: Apache-2.0
"""Graphs of any form: positions whose distances are those in the graph, and drawings without crossings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .packing import Neighbours, Position

    Points = NDArray[np.float64]

#: Distances between all pairs that are looked at, in all rounds together: this bounds time.
_MOST_DISTANCES = 2_000_000
_MOST_ROUNDS = 120
#: Graphs of more edges are not searched for crossings, and no planar drawing is looked for with more qubits, because it
#: would be harder to read than distances with a few crossings.
_MOST_EDGES, _MOST_PLANAR, _MOST_CYCLES = 3000, 150, 30
#: Qubits are at least so many steps apart where that can be had.
_APART = 0.8
_LARGEST_FACTOR = 2.0


def by_distances(neighbours: Neighbours) -> tuple[list[Position], bool]:
    """Return positions of a connected graph, and whether no edges cross where a graph is planar.

    Distances on the picture are those in the graph, as far as they can be (stress majorization). If edges cross that
    need not, as rustworkx tells, another drawing is looked for, whose qubits then move towards their neighbours as long
    as no edges come to cross.
    """
    import numpy as np

    pairs = np.array([(low, high) for low, others in enumerate(neighbours) for high in others if low < high])
    points = _by_stress(neighbours, pairs)
    if not _has_crossing(points, pairs):
        return _scaled(points, pairs), True
    planar = _planar(neighbours, pairs) if len(neighbours) <= _MOST_PLANAR else None
    if planar is None:
        return _scaled(points, pairs), False
    return _scaled(_relaxed(planar, neighbours, pairs), pairs), True


def _graph(number: int, pairs: Any) -> Any:
    from rustworkx import PyGraph

    graph = PyGraph(multigraph=False)
    graph.add_nodes_from(range(number))
    graph.add_edges_from_no_data([(int(low), int(high)) for low, high in pairs])
    return graph


def _by_stress(neighbours: Neighbours, pairs: Any) -> Points:
    """Return positions that minimise the squares of relative errors of distances, from those of a few landmarks."""
    import numpy as np
    from rustworkx import distance_matrix

    number = len(neighbours)
    distances = distance_matrix(_graph(number, pairs))
    points = _by_landmarks(distances)
    np.fill_diagonal(distances, 1.0)
    weights = distances**-2.0
    np.fill_diagonal(weights, 0.0)
    totals = weights.sum(axis=1)
    for _ in range(min(_MOST_ROUNDS, max(_MOST_DISTANCES // number**2, 2))):
        # Each qubit moves to the mean of where the others want it.
        apart = np.hypot(points[:, None, 0] - points[None, :, 0], points[:, None, 1] - points[None, :, 1])
        pull = weights * distances / np.maximum(apart, 1e-9)
        points = (
            (weights @ points) + points * pull.sum(axis=1)[:, None] - pull @ points
        ) / totals[:, None]  # fmt: skip
    return points


def _by_landmarks(distances: Points) -> Points:
    """Return positions by classical scaling of distances to qubits far from each other, a little shaken."""
    import numpy as np

    number = len(distances)
    landmarks = [int(distances[0].argmax())]
    nearest = distances[landmarks[0]].copy()
    for _ in range(min(number, 60) - 1):
        landmarks.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, distances[landmarks[-1]])
    squares = distances[:, landmarks] ** 2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, [-1, -2]] if len(landmarks) > 1 else np.zeros((1, 2))
    points = -0.5 * centred @ axes
    # The sign of an axis is not defined: one qubit decides.
    points *= np.where(points[np.abs(points).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    spread = max(float(np.abs(points).max()), 1.0)
    # Qubits with the same distances to all landmarks would never part.
    points = points / spread * float(distances.max()) / 2
    return np.asarray(points + np.random.default_rng(1).uniform(-0.05, 0.05, points.shape))


def _has_crossing(points: Points, pairs: Any) -> bool:
    """Return whether two edges cross or touch; graphs with too many edges to tell have a crossing."""
    import numpy as np

    if len(pairs) > min(_MOST_EDGES, max(3 * len(points) - 6, 1)):
        return True
    ends = points[pairs]
    low, high = ends.min(axis=1), ends.max(axis=1)
    # Only edges whose boxes overlap can cross, which are few.
    overlap = np.ones((len(pairs), len(pairs)), dtype=bool)
    for axis in (0, 1):
        overlap &= low[:, None, axis] <= high[None, :, axis]
        overlap &= high[:, None, axis] >= low[None, :, axis]
    one, other = np.nonzero(np.triu(overlap, 1))
    return bool(_are_crossing(points, pairs[one], pairs[other]).any())


def _are_crossing(points: Points, one: Any, other: Any) -> Any:
    """Return which edges cross or touch those at the same places of another array, unless they share a qubit."""
    shares = (
        (one[..., 0] == other[..., 0]) | (one[..., 0] == other[..., 1])
        | (one[..., 1] == other[..., 0]) | (one[..., 1] == other[..., 1])
    )  # fmt: skip
    start, end = points[one[..., 0]], points[one[..., 1]]
    first, last = points[other[..., 0]], points[other[..., 1]]
    apart = (_side(start, end, first) * _side(start, end, last) > 0) | (
        _side(first, last, start) * _side(first, last, end) > 0
    )
    return ~apart & ~shares


def _side(start: Any, end: Any, point: Any) -> Any:
    """Return on which side of a line points are: a positive or negative number."""
    along, across = end - start, point - start
    return along[..., 0] * across[..., 1] - along[..., 1] * across[..., 0]


def _planar(neighbours: Neighbours, pairs: Any) -> Points | None:
    """Return a drawing without crossings of a planar graph, ``None`` if none is found.

    The corners of a cycle are fixed on a circle, and all other qubits are in the middle of their neighbours: of graphs
    that do not fall apart when two qubits are taken away, this has no crossing if the cycle is a face (Tutte).
    """
    from rustworkx import is_planar

    if len(pairs) > max(3 * len(neighbours) - 6, 1) or not is_planar(_graph(len(neighbours), pairs)):
        return None
    for cycle in _cycles(neighbours)[:_MOST_CYCLES]:
        points = _within(cycle, neighbours)
        if points is not None and not _has_crossing(points, pairs):
            return points
    return None


def _cycles(neighbours: Neighbours) -> list[list[int]]:
    """Return the cycles that an edge closes in a tree of shortest paths from the first qubit, the longest first."""
    parents, order = {0: -1}, [0]
    for qubit in order:
        for other in neighbours[qubit]:
            if other not in parents:
                parents[other] = qubit
                order.append(other)

    def path(qubit: int) -> list[int]:
        found = [qubit]
        while parents[found[-1]] >= 0:
            found.append(parents[found[-1]])
        return found

    cycles = []
    for low, others in enumerate(neighbours):
        for high in others:
            if low < high and parents[high] != low and parents[low] != high:
                first, last = path(low), path(high)
                while len(first) > 1 and len(last) > 1 and first[-2] == last[-2]:
                    first.pop()
                    last.pop()
                cycles.append(first + last[-2::-1])
    return sorted(cycles, key=len, reverse=True)


def _within(cycle: list[int], neighbours: Neighbours) -> Points | None:
    """Return the positions of qubits in the middle of their neighbours, within a cycle on a circle."""
    import numpy as np

    number = len(neighbours)
    matrix, wanted = np.zeros((number, number)), np.zeros((number, 2))
    for qubit, others in enumerate(neighbours):
        matrix[qubit, qubit] = len(others)
        matrix[qubit, others] = -1.0
    angles = 2 * np.pi * np.arange(len(cycle)) / len(cycle)
    matrix[cycle] = np.eye(number)[cycle]
    wanted[cycle] = np.column_stack([np.cos(angles), np.sin(angles)])
    try:
        return np.asarray(np.linalg.solve(matrix, wanted))
    except np.linalg.LinAlgError:
        return None


def _relaxed(points: Points, neighbours: Neighbours, pairs: Any) -> Points:
    """Return a drawing whose qubits have moved towards the middle of their neighbours without making a crossing."""
    import numpy as np

    lengths = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T)
    points = points / max(float(np.median(lengths)), 1e-9)
    incident = [np.flatnonzero((pairs == qubit).any(axis=1)) for qubit in range(len(points))]
    for _ in range(max(1, min(40, 1200 // len(points)))):
        for qubit, others in enumerate(neighbours):
            _move(points, qubit, _wanted(points, qubit, others), pairs, incident[qubit])
    return points


def _wanted(points: Points, qubit: int, others: list[int]) -> Points:
    """Return where springs to neighbours and repulsion of all others would have a qubit."""
    import numpy as np

    beside = points[others] - points[qubit]
    lengths = np.maximum(np.hypot(beside[:, 0], beside[:, 1]), 1e-6)
    pull = (beside * (1 - 1 / lengths)[:, None]).mean(axis=0)
    away = points[qubit] - points
    squares = np.maximum((away**2).sum(axis=1), 1e-4)
    push = (away * np.minimum(squares**-1.5, 25.0)[:, None])[squares < 9].sum(axis=0)
    move = pull + 0.15 * push
    length = float(np.hypot(*move))
    return np.asarray(points[qubit] + move * min(1.0, 0.5 / length if length else 1.0))


def _move(points: Points, qubit: int, wanted: Points, pairs: Any, edges: Any) -> None:
    """Move a qubit as far as no edge of it crosses another one."""
    before = points[qubit].copy()
    for part in (1.0, 0.4, 0.1):
        points[qubit] = before + part * (wanted - before)
        if not _are_crossing(points, pairs[edges][:, None], pairs[None, :]).any() and not _folds(
            points, qubit, pairs, edges
        ):
            return
    points[qubit] = before


def _folds(points: Points, qubit: int, pairs: Any, edges: Any) -> bool:
    """Return whether a qubit has come too close to another one, or to an edge that is not its own."""
    import numpy as np

    away = np.hypot(*(points - points[qubit]).T)
    away[qubit] = np.inf
    if away.min() < _APART / 4:
        return True
    others = np.delete(pairs, edges, axis=0)
    start, along = points[others[:, 0]], points[others[:, 1]] - points[others[:, 0]]
    shares = np.clip(
        ((points[qubit] - start) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-12), 0.0, 1.0
    )
    near = np.hypot(*(start + shares[:, None] * along - points[qubit]).T)
    return bool(near.size and near.min() < _APART / 8)


def _scaled(points: Points, pairs: Any) -> list[Position]:
    """Return positions whose edges have a mean length of one, and which are not on top of each other."""
    import numpy as np

    lengths = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T)
    scaled = points / max(float(lengths.mean()), 1e-9)
    # The first axis of the picture is the longest one of the graph.
    spread = scaled - scaled.mean(axis=0)
    _, vectors = np.linalg.eigh(spread.T @ spread)
    turned = spread @ vectors[:, ::-1]
    nearest = _nearest(turned)
    factor = min(_APART / nearest, _LARGEST_FACTOR) if 0 < nearest < _APART else 1.0
    return [(float(x), float(y)) for x, y in turned * factor]


def _nearest(points: Points) -> float:
    import numpy as np

    apart = np.hypot(points[:, None, 0] - points[None, :, 0], points[:, None, 1] - points[None, :, 1])
    np.fill_diagonal(apart, np.inf)
    return float(apart.min())
