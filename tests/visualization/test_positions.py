# SPDX-License-Identifier: Apache-2.0
"""Positions of qubits: devices lie as they are, whichever numbers their qubits have."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest
from tests.support.lattices import heavy_hexagonal, same_shape, shuffled, square

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native._positions import place, positions
from qiskit_ibm_native.snapshot.placement import coordinates_of, edges_of, placement_of


def lengths(placed, edges):
    return np.array([math.dist(placed[one], placed[other]) for one, other in edges])


def assert_on_grid(placed, edges):
    """Qubits have places of their own on the grid, and edges are steps: none can cross another one."""
    assert len(set(placed)) == len(placed)
    assert all(x == int(x) and y == int(y) for x, y in placed)
    assert (lengths(placed, edges) == 1).all()


def crossings(placed, edges):
    def side(one, other, point):
        return (other[0] - one[0]) * (point[1] - one[1]) - (other[1] - one[1]) * (point[0] - one[0])

    found = 0
    for place_of, (a, b) in enumerate(edges):
        for c, d in edges[:place_of]:
            if len({a, b, c, d}) == 4:
                pa, pb, pc, pd = (placed[qubit] for qubit in (a, b, c, d))
                found += side(pa, pb, pc) * side(pa, pb, pd) < 0 and side(pc, pd, pa) * side(pc, pd, pb) < 0
    return found


@pytest.mark.parametrize("device", ["fez", "kingston", "boston", "sherbrooke", "torino", "miami"])
def test_the_coupling_graph_alone_gives_what_devices_publish(device):
    snapshot = Snapshot.load(device)
    edges = edges_of(snapshot)
    published, made = placement_of(snapshot), place(snapshot.num_qubits, edges)
    assert published.origin == "payload"
    assert made.origin == ("square lattice" if device == "miami" else "heavy-hexagonal lattice")
    assert published.positions == made.positions
    assert_on_grid(made.positions, edges)


def test_devices_that_are_numbered_by_columns_lie_so():
    snapshot = Snapshot.load("hanoi")
    made = place(27, edges_of(snapshot))
    assert made.positions == placement_of(snapshot).positions
    assert made.size == (10, 4)


def test_washington_has_its_rows_though_edges_are_missing():
    snapshot = Snapshot.load("washington")
    placed = placement_of(snapshot).positions
    assert [placed[qubit] for qubit in (0, 8, 9, 13, 14, 18, 32)] == [
        (0, 0),
        (8, 0),
        (9, 0),
        (13, 0),
        (0, 1),
        (0, 2),
        (14, 2),
    ]
    assert_on_grid(placed, edges_of(snapshot))


def test_letters():
    t_shape = placement_of(Snapshot.load("lima"))
    assert t_shape.positions == [(0, 0), (1, 0), (2, 0), (1, 1), (1, 2)]
    h_shape = place(7, [(0, 1), (1, 2), (1, 3), (3, 5), (4, 5), (5, 6)])
    assert h_shape.positions == [(0, 0), (1, 0), (2, 0), (1, 1), (0, 2), (1, 2), (2, 2)]
    assert (t_shape.origin, h_shape.origin) == ("tree", "tree")


@pytest.mark.parametrize("size", [(2, 2), (3, 2), (5, 3), (7, 7), (12, 10), (40, 25)])
def test_square_lattices_whatever_their_numbers(size):
    number, edges = square(*size)
    placed = positions(number, edges)
    assert_on_grid(placed, edges)
    assert placed == [(float(qubit % size[0]), float(qubit // size[0])) for qubit in range(number)]
    for seed in range(3):
        _, renamed = shuffled(number, edges, seed)
        assert_on_grid(positions(number, renamed), renamed)
        assert same_shape(positions(number, renamed), placed)


@pytest.mark.parametrize("size", [(2, 8), (3, 12), (5, 11), (8, 16), (7, 15), (21, 39)])
def test_heavy_hexagonal_lattices_whatever_their_numbers(size):
    number, edges = heavy_hexagonal(*size)
    made = place(number, edges)
    assert made.origin == "heavy-hexagonal lattice"
    assert_on_grid(made.positions, edges)
    for seed in range(3):
        _, renamed = shuffled(number, edges, seed)
        assert_on_grid(positions(number, renamed), renamed)
        assert same_shape(positions(number, renamed), made.positions)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("lattice", [square(10, 9), heavy_hexagonal(8, 16)])
def test_missing_edges_leave_a_lattice(lattice, seed):
    number, edges = lattice
    kept = list(edges)
    chance = random.Random(seed)
    for _ in range(5):
        kept.pop(chance.randrange(len(kept)))
    _, renamed = shuffled(number, kept, seed)
    made = place(number, renamed)
    assert made.origin.endswith("lattice")
    assert_on_grid(made.positions, renamed)


@pytest.mark.parametrize(
    ("number", "origin"), [(1, "line"), (2, "line"), (5, "line"), (20, "line"), (21, "line"), (1000, "line")]
)
def test_lines_are_straight_or_folded(number, origin):
    edges = [(qubit, qubit + 1) for qubit in range(number - 1)]
    for _, renamed in (shuffled(number, edges), (number, edges)):
        made = place(number, renamed)
        assert made.origin == origin
        assert_on_grid(made.positions, renamed)
        assert (made.size[1] == 0) == (number <= 20)


@pytest.mark.parametrize("number", [3, 5, 7, 12, 40, 41, 60, 61, 118, 999, 1000])
def test_rings_are_circles_or_folded(number):
    edges = [(qubit, (qubit + 1) % number) for qubit in range(number)]
    made = place(*shuffled(number, edges))
    assert made.origin == "ring"
    assert len({(round(x, 6), round(y, 6)) for x, y in made.positions}) == number
    assert lengths(made.positions, shuffled(number, edges)[1]).max() < 1.5


@pytest.mark.parametrize(
    ("name", "number", "edges"),
    [
        ("cube", 8, [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)]),
        ("wheel", 8, [(0, rim) for rim in range(1, 8)] + [(rim, rim % 7 + 1) for rim in range(1, 8)]),
        ("triangles", 36, [pair for x in range(6) for y in range(6) for pair in [
            (6 * y + x, 6 * y + x + 1) if x < 5 else None, (6 * y + x, 6 * y + x + 6) if y < 5 else None,
            (6 * y + x, 6 * y + x + 7) if x < 5 and y < 5 else None] if pair]),
        ("star", 31, [(0, qubit) for qubit in range(1, 31)]),
        ("bow tie", 5, [(0, 1), (0, 2), (1, 2), (2, 3), (2, 4), (3, 4)]),
    ],
)  # fmt: skip
def test_planar_graphs_have_no_crossings(name, number, edges):
    made = place(number, edges)
    assert made.origin in {"planar", "tree", "square lattice"}
    assert crossings(made.positions, edges) == 0
    assert made == place(number, list(reversed(edges)))


@pytest.mark.parametrize("number", [0, 1, 7, 30])
def test_qubits_without_edges_lie_side_by_side(number):
    placed = positions(number, [])
    assert len(set(placed)) == len(placed) == number


def test_parts_do_not_overlap():
    parts, number = [], 0
    for size in [(4, 3), (5, 2), (1, 3), (1, 1), (1, 1)]:
        count, edges = square(*size)
        parts += [(one + number, other + number) for one, other in edges]
        number += count
    placed = positions(number, parts)
    assert_on_grid(placed, parts)


@pytest.mark.parametrize("number", [12, 60, 300])
def test_dense_graphs_have_places_for_all(number):
    edges = [(one, other) for one in range(number) for other in range(one)]
    made = place(number, edges)
    apart = [
        math.dist(one, other) for place_of, one in enumerate(made.positions) for other in made.positions[:place_of]
    ]
    assert min(apart) > 0.5
    assert made.origin in {"grid", "distances"}


def test_wide_devices_lie_wide():
    number, edges = square(3, 20)
    assert place(number, edges).size == (19, 2)
    number, edges = heavy_hexagonal(9, 8)
    size = place(number, edges).size
    assert size[0] > size[1]


GRID = [[column, row] for row in range(3) for column in range(4)]


@pytest.mark.parametrize(
    "coords",
    [
        GRID[:-1],
        [*GRID[:-1], GRID[0]],
        [*GRID[:-1], [math.nan, 0]],
        [*GRID[:-1], [math.inf, 0]],
        [*GRID[:-1], [1e308, 0]],
        [*GRID[:-1], [True, 2]],
        [*GRID[:-1], ["3", "2"]],
        [*GRID[:-1], [3, 2, 1]],
        [*GRID[:-1], [2.01, 2]],
        [*GRID[:-1], [5000, 2]],
        "a hostile text",
        {"0": [0, 0]},
    ],
)
def test_coordinates_that_make_no_picture_are_not_used(coords):
    number, edges = square(4, 3)
    assert place(number, edges, GRID).origin == "payload"
    assert place(number, edges, coords).origin == "square lattice"


def test_published_coordinates_are_scaled_and_turned():
    number, edges = square(4, 3)
    made = place(number, edges, [[50 - 10 * y, 7 + 10 * x] for x, y in GRID])
    assert made.origin == "payload"
    assert made.size == (3, 2)
    assert_on_grid(made.positions, edges)


def test_coordinates_for_qiskit():
    assert coordinates_of(placement_of(Snapshot.load("lima"))) == [[2, 0], [2, 1], [2, 2], [1, 1], [0, 1]]
    fez = coordinates_of(placement_of(Snapshot.load("fez")))
    assert fez[0] == [14, 0]
    assert all(isinstance(value, int) for pair in fez for value in pair)


def test_a_compact_form_without_payloads_has_positions_too():
    fez = Snapshot.load("fez")
    assert placement_of(Snapshot.from_bytes(fez.to_bytes(payloads=False))).positions == placement_of(fez).positions


def test_time_grows_with_the_number_of_qubits_alone():
    def spent(size, graph):
        lattice = shuffled(*graph(*size))
        times = []
        for _ in range(3):
            begin = time.process_time()
            place(*lattice)
            times.append(time.process_time() - begin)
        return min(times)

    assert spent((21, 39), heavy_hexagonal) < 30 * spent((10, 20), heavy_hexagonal)
    assert spent((40, 25), square) < 30 * spent((20, 12), square)
