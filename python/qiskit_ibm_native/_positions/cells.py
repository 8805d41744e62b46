# SPDX-License-Identifier: Apache-2.0
"""Lattices, recognised by their cells however qubits are numbered: squares, and hexagons with a qubit on each side.

Cells that share a side lie on both sides of it, so that one cell after the other finds its place. Qubits that are in no
cell, because a device ends there or an edge is missing, are placed afterwards, in line with what is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .packing import Neighbours, Position

Point = tuple[int, int]
#: More cells than this at each qubit are no lattice.
_MOST_CELLS = 6
#: How often a place or a direction is taken back for another one, times the number of qubits: this bounds time.
_MOST_TRIES = 150_000
#: Qubits that hang at a side are counted up to this number.
_LONG = 24
#: Other directions of rows are drawn if their cells need at most so many times the room.
_MORE_ROOM = 1.3


def square_lattice(neighbours: Neighbours) -> list[Position] | None:
    """Return positions on a square lattice, with steps of one; ``None`` if there are none."""
    cells = _cells(neighbours, 4)
    found = _Grid(neighbours, cells).fill() if cells else None
    return None if found is None else [(float(found[qubit][0]), float(found[qubit][1])) for qubit in range(len(found))]


def heavy_hexagonal_lattice(neighbours: Neighbours) -> list[list[Position]]:
    """Return positions on a heavy-hexagonal lattice, one for each direction that its rows can have; none if it is none.

    A hexagon is drawn as a rectangle, four steps long and two high, as devices are.
    """
    corners = _corners(neighbours)
    if corners is None:
        return []
    # The lattice of corners, without the qubits on sides.
    reduced: Neighbours = [[] for _ in neighbours]
    for qubit, others in enumerate(neighbours):
        if qubit not in corners and len(others) == 2:
            reduced[others[0]].append(others[1])
            reduced[others[1]].append(others[0])
    cells = _cells(reduced, 6)
    placed = _spread(cells, lambda step: (-step[1], step[0] + step[1])) if cells else None
    if placed is None:
        return []
    rooms = [_room(placed, upright) for upright in range(3)]
    drawn: list[list[Position]] = []
    for upright in sorted(range(3), key=rooms.__getitem__):
        if rooms[upright] <= _MORE_ROOM * min(rooms):
            found = _bricks(neighbours, reduced, corners, placed, upright)
            drawn += [found] if found is not None else []
    return drawn


def _corners(neighbours: Neighbours) -> set[int] | None:
    """Return the qubits in corners of hexagons, every second one; ``None`` if the graph has no such corners."""
    first = next((qubit for qubit, others in enumerate(neighbours) if len(others) == 3), None)
    if first is None:
        return None
    is_corner = {first: True}
    waiting = [first]
    while waiting:
        qubit = waiting.pop()
        for other in neighbours[qubit]:
            if other not in is_corner:
                is_corner[other] = not is_corner[qubit]
                waiting.append(other)
            elif is_corner[other] == is_corner[qubit]:
                return None
    corners = {qubit for qubit, whether in is_corner.items() if whether}
    return corners if all(len(others) < 3 or qubit in corners for qubit, others in enumerate(neighbours)) else None


def _cells(neighbours: Neighbours, length: int) -> list[tuple[int, ...]]:
    """Return the cycles of a length, each once; none if there are more than a lattice has."""
    found: list[tuple[int, ...]] = []
    for first in range(len(neighbours)):
        for cycle in _cycles_from(neighbours, first, length):
            found.append(cycle)
            if len(found) > _MOST_CELLS * len(neighbours):
                return []
    return found


def _cycles_from(neighbours: Neighbours, first: int, length: int) -> Iterator[tuple[int, ...]]:
    """Return the cycles of which ``first`` is the lowest qubit, in one direction each."""
    paths: list[tuple[int, ...]] = [(first,)]
    while paths:
        path = paths.pop()
        if len(path) == length:
            if first in neighbours[path[-1]] and path[1] < path[-1]:
                yield path
            continue
        paths.extend((*path, other) for other in neighbours[path[-1]] if other > first and other not in path)


def _sides(cells: Sequence[tuple[int, ...]]) -> dict[tuple[int, int], list[int]] | None:
    """Return the cells at each side; ``None`` if there are more than two at one."""
    sides: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, cell in enumerate(cells):
        for one, other in zip(cell, (*cell[1:], cell[0]), strict=True):
            sides[min(one, other), max(one, other)].append(number)
    return None if any(len(numbers) > 2 for numbers in sides.values()) else sides


def _spread(
    cells: Sequence[tuple[int, ...]], turn: Callable[[Point], Point], placed: dict[int, Point] | None = None
) -> dict[int, Point] | None:
    """Return places of the corners of a cell and of all that are connected to it by sides.

    Args:
        cells: Cycles of qubits.
        turn: The next step around a cell, to the left.
        placed: Where to write places; by default, a new dictionary.

    Returns:
        The places; ``None`` if they contradict each other.
    """
    sides = _sides(cells)
    if sides is None:
        return None
    found: dict[int, Point] = {} if placed is None else placed
    waiting: list[tuple[int, int, int, Point, Point]] = [(0, cells[0][0], cells[0][1], (0, 0), (1, 0))]
    done: set[int] = set()
    while waiting:
        number, one, other, point, step = waiting.pop()
        if number in done:
            continue
        done.add(number)
        for qubit, following in _around(cells[number], one, other):
            if found.setdefault(qubit, point) != point:
                return None
            end = point[0] + step[0], point[1] + step[1]
            waiting.extend(
                (beside, following, qubit, end, (-step[0], -step[1]))
                for beside in sides[min(qubit, following), max(qubit, following)]
                if beside not in done
            )
            point, step = end, turn(step)
    return found if len(set(found.values())) == len(found) else None


def _around(cell: tuple[int, ...], one: int, other: int) -> Iterator[tuple[int, int]]:
    """Return the sides of a cell in turn, from the one that goes from ``one`` to ``other``."""
    start, length = cell.index(one), len(cell)
    direction = 1 if cell[(start + 1) % length] == other else -1
    for place in range(length):
        yield cell[(start + direction * place) % length], cell[(start + direction * (place + 1)) % length]


class _Grid:
    """A square lattice that is being filled: cells first, then qubits beside them."""

    def __init__(self, neighbours: Neighbours, cells: Sequence[tuple[int, ...]]) -> None:
        self.neighbours = neighbours
        self.found = _spread(cells, lambda step: (-step[1], step[0])) or {}
        self.taken = {point: qubit for qubit, point in self.found.items()}

    def fill(self) -> dict[int, Point] | None:
        """Return the places of all qubits, or ``None`` if some have none.

        The qubit that has the fewest places is placed first; if a later one finds none, another place is tried.
        """
        trail: list[tuple[int, list[Point]]] = []
        tries = 0
        while self.found:
            chosen = self._most_certain()
            if chosen is None:
                return self.found if self._is_drawn_right() else None
            while not chosen[1]:
                tries += 1
                if not trail or tries > _MOST_TRIES // len(self.neighbours):
                    return None
                chosen = trail.pop()
                self.taken.pop(self.found.pop(chosen[0]))
            qubit, points = chosen
            self.found[qubit] = points.pop(0)
            self.taken[self.found[qubit]] = qubit
            trail.append((qubit, points))
        return None

    def _most_certain(self) -> tuple[int, list[Point]] | None:
        """Return a qubit beside those that have a place, and the places that it may have; ``None`` if all have one."""
        best: tuple[tuple[int, int], int, list[Point]] | None = None
        for qubit, others in enumerate(self.neighbours):
            partners = [other for other in others if other in self.found]
            if qubit in self.found or not partners:
                continue
            points = self._places(qubit, partners)
            key = len(points), -len(partners)
            if best is None or key < best[0]:
                best = key, qubit, points
        return None if best is None else best[1:]

    def _places(self, qubit: int, partners: list[int]) -> list[Point]:
        """Return the free places beside all neighbours that have one: first those in line, and away from strangers."""
        x, y = self.found[partners[0]]
        around = [self.found[each] for each in self.neighbours[partners[0]] if each in self.found]
        opposite = {(2 * x - column, 2 * y - row) for column, row in around}
        free = [
            point
            for point in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1))
            if point not in self.taken and all(_are_adjacent(point, self.found[partner]) for partner in partners)
        ]
        return sorted(free, key=lambda point: (self._strangers(point, qubit), point not in opposite))

    def _strangers(self, point: Point, qubit: int) -> int:
        x, y = point
        beside = (self.taken.get(each) for each in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)))
        return sum(each is not None and each not in self.neighbours[qubit] for each in beside)

    def _is_drawn_right(self) -> bool:
        return len(self.found) == len(self.neighbours) and all(
            _are_adjacent(self.found[qubit], self.found[other])
            for qubit, others in enumerate(self.neighbours)
            for other in others
        )


def _are_adjacent(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) + abs(one[1] - other[1]) == 1


def _bricks(
    neighbours: Neighbours, reduced: Neighbours, corners: set[int], placed: dict[int, Point], upright: int
) -> list[Position] | None:
    """Return a heavy-hexagonal lattice as rows and bridges, or ``None`` if not all qubits find a place.

    Args:
        neighbours: The neighbours of each qubit.
        reduced: The corners that are beside each corner, on the other ends of sides.
        corners: The qubits in corners.
        placed: Places of corners of hexagons, as multiples of a step and of the same step, turned by 60 degrees.
        upright: Which of the three directions of sides has the bridges between rows.
    """
    steps = _steps(placed, reduced)
    if steps is None:
        return None
    # The three directions of sides from a corner of one kind, and the opposite ones from the other kind.
    drawn = _directions(upright)
    return _Bricks(neighbours, corners, {side: drawn[step] for side, step in steps.items()}).fill(min(placed))


def _directions(upright: int) -> dict[Point, Point]:
    """Return the step on the grid for each of the six directions of sides."""
    grid = [(1, 0), (-1, 0)]
    grid.insert(upright, (0, 1))
    drawn = dict(zip(((1, 0), (-1, 1), (0, -1)), grid, strict=True))
    return drawn | {(-x, -y): (-column, -row) for (x, y), (column, row) in drawn.items()}


def _room(placed: dict[int, Point], upright: int) -> int:
    """Return how many places of the grid the box around all hexagons has, about."""
    # A step along a row and one across a bridge move all corners of a kind by the same amount.
    drawn = _directions(upright)
    one, two = (1, 0), (0, -1)
    first = drawn[one][0] - drawn[-1, 1][0], drawn[one][1] - drawn[-1, 1][1]
    second = drawn[two][0] - drawn[-1, 1][0], drawn[two][1] - drawn[-1, 1][1]
    # In terms of the two steps between corners of the same kind, (2, -1) and (1, -2).
    spread = [((2 * x + y) / 3, -(x + 2 * y) / 3) for x, y in placed.values()]
    columns = [first[0] * a + second[0] * b for a, b in spread]
    rows = [first[1] * a + second[1] * b for a, b in spread]
    return round((2 * (max(columns) - min(columns)) + 1) * (2 * (max(rows) - min(rows)) + 1))


def _steps(placed: dict[int, Point], reduced: Neighbours) -> dict[tuple[int, int], Point] | None:
    """Return the step from each placed corner to the next ones, or ``None`` if one is longer than a side."""
    steps = {}
    for qubit, (x, y) in placed.items():
        for other in reduced[qubit]:
            if other in placed:
                step = placed[other][0] - x, placed[other][1] - y
                if step not in {(1, 0), (-1, 1), (0, -1), (-1, 0), (1, -1), (0, 1)}:
                    return None
                steps[qubit, other] = step
    return steps


class _Side(NamedTuple):
    """A side of a hexagon that has no place yet: its corner, its qubit, the corner beyond, and directions to try."""

    corner: int
    qubit: int
    beyond: list[int]
    steps: list[Point]


def _excess(point: Point, step: Point, length: int, box: tuple[int, int, int, int]) -> int:
    """Return how far a line from a point would stick out of a box of columns and rows."""
    x, y = (point[axis] + length * step[axis] for axis in (0, 1))
    return max(x - box[1], box[0] - x, y - box[3], box[2] - y, 0)


class _Bricks:
    """A heavy-hexagonal lattice that is being filled, from one corner outwards."""

    def __init__(self, neighbours: Neighbours, corners: set[int], steps: dict[tuple[int, int], Point]) -> None:
        self.neighbours, self.corners, self.steps = neighbours, corners, steps
        self.found: dict[int, Point] = {}
        self.taken: set[Point] = set()
        self.bridges = self._all_bridges({qubit: step[1] for (qubit, _), step in steps.items() if step[1]})

    def fill(self, first: int) -> list[Position] | None:
        """Return the places of all qubits, or ``None`` if some have none."""
        self._put(first, (0, 0))
        waiting = [first]
        while waiting:
            corner = waiting.pop()
            for side, beyond in self._sides_left(corner):
                step = next((self.steps[corner, other] for other in beyond if (corner, other) in self.steps), None)
                if step is not None:
                    if not self._put_side(corner, side, beyond, step):
                        return None
                    waiting.extend(beyond)
        if not self._fill_rest():
            return None
        return [(float(self.found[qubit][0]), float(self.found[qubit][1])) for qubit in range(len(self.neighbours))]

    def _all_bridges(self, known: dict[int, int]) -> dict[int, int]:
        """Return for each corner whether its bridge is below (1) or above (-1) it, in turn from corner to corner."""
        bridges = dict(known)
        waiting = sorted(known)
        while waiting:
            corner = waiting.pop()
            for side in self.neighbours[corner]:
                for other in self.neighbours[side]:
                    if other not in bridges:
                        bridges[other] = -bridges[corner]
                        waiting.append(other)
        return bridges

    def _fill_rest(self) -> bool:
        """Place the qubits that are in no cell; return whether all have a place.

        The side that is most certain is placed first; if a later one finds no room, another direction is tried.
        """
        # Sides that are placed one after the other: their other directions, and the qubits that came with them.
        trail: list[tuple[_Side, list[int]]] = []
        pending = self._pending()
        tries = 0
        while True:
            chosen = self._most_certain(pending) if pending else None
            if chosen is None and len(self.found) == len(self.neighbours) and self._is_drawn_right():
                return True
            placed = self._place_next(chosen) if chosen is not None else None
            while placed is None:
                tries += 1
                if not trail or tries > _MOST_TRIES // len(self.neighbours):
                    return False
                chosen, qubits = trail.pop()
                self._take_back(qubits)
                placed = self._place_next(chosen)
            if chosen is not None:
                trail.append((chosen, placed))
            pending = self._pending()

    def _pending(self) -> list[int]:
        """Return the corners that have a place, and sides that have none."""
        return [
            corner
            for corner in self.corners
            if corner in self.found and any(side not in self.found for side in self.neighbours[corner])
        ]

    def _place_next(self, side: _Side) -> list[int] | None:
        """Place a side in the next of its directions where that is possible; return its qubits that are new."""
        while side.steps:
            step = side.steps.pop(0)
            new = [qubit for qubit in (side.qubit, *side.beyond) if qubit not in self.found]
            if self._put_side(side.corner, side.qubit, side.beyond, step):
                return new
            self._take_back(new)
        return None

    def _take_back(self, qubits: list[int]) -> None:
        for qubit in qubits:
            point = self.found.pop(qubit, None)
            if point is not None:
                self.taken.discard(point)

    def _put(self, qubit: int, point: Point) -> bool:
        if self.found.get(qubit, point) != point or (qubit not in self.found and point in self.taken):
            return False
        self.found[qubit] = point
        self.taken.add(point)
        return all(
            _are_adjacent(point, self.found.get(other, point)) or other not in self.found
            for other in self.neighbours[qubit]
        )

    def _put_side(self, corner: int, side: int, beyond: list[int], step: Point) -> bool:
        """Place a side of a corner, and the corner beyond it; return whether that is possible."""
        x, y = self.found[corner]
        end = x + 2 * step[0], y + 2 * step[1]
        return all(self._put(other, end) for other in beyond) and self._put(side, (x + step[0], y + step[1]))

    def _sides_left(self, corner: int) -> list[tuple[int, list[int]]]:
        """Return the sides of a corner that have no place yet, each with the corner beyond it, if there is one."""
        sides = (side for side in self.neighbours[corner] if side not in self.found)
        return [(side, [other for other in self.neighbours[side] if other != corner]) for side in sides]

    def _most_certain(self, pending: list[int]) -> _Side | None:
        """Return the side with the fewest directions, and these by how far it would stick out."""
        open_sides = []
        for corner in pending:
            for side, beyond in self._sides_left(corner):
                steps = self._free_steps(corner, beyond)
                if len(steps) <= 1:
                    return _Side(corner, side, beyond, steps)
                open_sides.append(_Side(corner, side, beyond, steps))
        columns, rows = zip(*self.taken, strict=True)
        box = min(columns), max(columns), min(rows), max(rows)
        best: tuple[tuple[int, int], _Side] | None = None
        for each in open_sides:
            # Within the rows and columns that are there; along a row, if not.
            length = self._length(each.qubit)
            excesses = {step: _excess(self.found[each.corner], step, length, box) for step in each.steps}
            key = (min(excesses.values()), -length)
            if best is None or key < best[0]:
                best = key, each._replace(steps=sorted(each.steps, key=excesses.__getitem__))
        return None if best is None else best[1]

    def _length(self, side: int) -> int:
        """Return how many qubits hang at a side, itself included."""
        seen, waiting = {side}, [side]
        while waiting and len(seen) < _LONG:
            new = [other for other in self.neighbours[waiting.pop()] if other not in seen and other not in self.found]
            seen.update(new)
            waiting.extend(new)
        return len(seen)

    def _free_steps(self, corner: int, beyond: list[int]) -> list[Point]:
        """Return the directions from a corner in which there is room for a side."""
        x, y = self.found[corner]
        free = []
        for column, row in ((1, 0), (-1, 0), (0, self.bridges.get(corner, 1))):
            end = x + 2 * column, y + 2 * row
            has_room = all(self.found.get(other) == end or end not in self.taken for other in beyond)
            if has_room and (x + column, y + row) not in self.taken:
                free.append((column, row))
        return free

    def _is_drawn_right(self) -> bool:
        return all(
            _are_adjacent(self.found[qubit], self.found[other])
            for qubit, others in enumerate(self.neighbours)
            for other in others
        )
