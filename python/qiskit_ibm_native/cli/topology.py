# SPDX-License-Identifier: Apache-2.0
"""A device drawn with characters: qubits where they are on the chip, couplings between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import NamedTuple

Edge = tuple[int, int]


class Cell(NamedTuple):
    """A piece of a line with a style of Rich; an empty style is that of the terminal."""

    text: str
    style: str = ""


class Signs(NamedTuple):
    """The characters of drawings."""

    across: str = "─"
    down: str = "│"
    faulty: str = "×"
    qubit: str = "●"


UNICODE = Signs()
ASCII = Signs("-", "|", "x", "o")


@dataclass(frozen=True)
class Drawing:
    """Positions, edges and styles of a drawing.

    Attributes:
        places: Column and row of each qubit.
        edges: Coupled qubits, the smaller one first.
        faulty_qubits: Qubits that cannot be used.
        faulty_edges: Coupled qubits without a gate that can be used.
        qubit_styles: Styles by qubit.
        edge_styles: Styles by edge.
        signs: The characters.
    """

    places: Sequence[tuple[int, int]]
    edges: Collection[Edge]
    faulty_qubits: Collection[int] = ()
    faulty_edges: Collection[Edge] = ()
    qubit_styles: Mapping[int, str] | None = None
    edge_styles: Mapping[Edge, str] | None = None
    signs: Signs = UNICODE

    def lines(self, width: int) -> list[list[Cell]]:
        """Return the lines: qubits by their numbers, or as dots if the numbers do not fit.

        Args:
            width: The number of columns that there are.

        Returns:
            The cells of each line; none if the device is wider than that even as dots.
        """
        if not self.places:
            return []
        columns = 1 + max(column for column, _ in self.places)
        number = len(str(len(self.places) - 1))
        for size in (number + 1, 2, 1):
            if columns * size <= width + (size > 1):
                return self._lines(size, shows_numbers=size > number)
        return []

    def _lines(self, size: int, *, shows_numbers: bool) -> list[list[Cell]]:
        at = {place: qubit for qubit, place in enumerate(self.places)}
        columns, rows = (1 + max(place[axis] for place in self.places) for axis in (0, 1))
        lines = []
        for row in range(rows):
            cells = [self._qubit(at, column, row, size, shows_numbers) for column in range(columns)]
            lines.append(_trimmed([cell for pair in cells for cell in pair]))
            if size > 1 and row + 1 < rows:
                links = [self._link(at, column, row, size) for column in range(columns)]
                lines.append(_trimmed([cell for pair in links for cell in pair]))
        return lines

    def _qubit(
        self, at: Mapping[tuple[int, int], int], column: int, row: int, size: int, shows_numbers: bool
    ) -> tuple[Cell, Cell]:
        """Return a qubit, and the coupling to its neighbour on the right."""
        qubit, other = at.get((column, row)), at.get((column + 1, row))
        if qubit is None:
            return Cell(" " * size), Cell("")
        is_faulty = qubit in self.faulty_qubits
        text = self.signs.faulty if is_faulty else str(qubit) if shows_numbers else self.signs.qubit
        style = "bold red" if is_faulty else (self.qubit_styles or {}).get(qubit, "")
        room = max(size - 1, 1)
        shown = Cell(text.rjust(room), style)
        if size == 1:
            return shown, Cell("")
        return shown, Cell(" ") if other is None else self._coupling(_edge(qubit, other), self.signs.across)

    def _link(self, at: Mapping[tuple[int, int], int], column: int, row: int, size: int) -> tuple[Cell, Cell]:
        """Return the coupling between a qubit and the one below."""
        qubit, other = at.get((column, row)), at.get((column, row + 1))
        blank = " " * max(size - 2, 0)
        if qubit is None or other is None:
            return Cell(" " * size), Cell("")
        link = self._coupling(_edge(qubit, other), self.signs.down)
        return Cell(blank + link.text, link.style), Cell(" " if size > 1 else "")

    def _coupling(self, edge: Edge, sign: str) -> Cell:
        if edge not in self.edges:
            return Cell(" ")
        if edge in self.faulty_edges:
            return Cell(self.signs.faulty, "bold red")
        return Cell(sign, (self.edge_styles or {}).get(edge, ""))


def grid(positions: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """Return columns and rows near some positions, no two of them the same.

    Lattices keep their places. Others are spread, because a character stands for one qubit only.
    """
    rounded = [(round(x), round(y)) for x, y in positions]
    if len(set(rounded)) == len(rounded) and all(
        abs(x - column) < 1e-6 and abs(y - row) < 1e-6 for (x, y), (column, row) in zip(positions, rounded, strict=True)
    ):
        return rounded
    taken: dict[tuple[int, int], None] = {}
    reach = ceil(sqrt(len(positions))) + 1
    for column, row in rounded:
        near = sorted((right * right + down * down, down, right) for right in range(reach) for down in range(reach))
        taken[
            next((column + right, row + down) for _, down, right in near if (column + right, row + down) not in taken)
        ] = None
    return list(taken)


def _edge(first: int, second: int) -> Edge:
    return min(first, second), max(first, second)


def _trimmed(cells: list[Cell]) -> list[Cell]:
    """Return the cells of a line without blanks at its end."""
    while cells and not cells[-1].text.strip():
        cells.pop()
    return cells
