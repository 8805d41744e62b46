# SPDX-License-Identifier: Apache-2.0
"""Devices drawn with characters."""

from __future__ import annotations

import pytest

from qiskit_ibm_native import Snapshot, bundled_devices
from qiskit_ibm_native._positions import positions
from qiskit_ibm_native.cli.topology import ASCII, Drawing, grid
from qiskit_ibm_native.snapshot.summary import couplings_of


def drawn(drawing: Drawing, width: int = 10**6) -> list[str]:
    return ["".join(cell.text for cell in line) for line in drawing.lines(width)]


def of_device(name: str, width: int = 80) -> list[str]:
    snapshot = Snapshot.load(name)
    edges = couplings_of(snapshot)
    return drawn(Drawing(grid(positions(snapshot.num_qubits, edges)), set(edges)), width)


def test_couplings_are_lines_between_numbers() -> None:
    edges = {(0, 1), (1, 2), (1, 3), (3, 4)}
    places = [(0, 0), (1, 0), (2, 0), (1, 1), (1, 2)]
    assert drawn(Drawing(places, edges)) == ["0─1─2", "  │", "  3", "  │", "  4"]
    assert drawn(Drawing(places, edges, signs=ASCII)) == ["0-1-2", "  |", "  3", "  |", "  4"]


def test_faulty_parts_are_crosses_and_absent_couplings_are_blanks() -> None:
    drawing = Drawing([(0, 0), (1, 0), (0, 1), (1, 1)], {(0, 1), (0, 2)}, {3}, {(0, 2)})
    assert drawn(drawing) == ["0─1", "×", "2 ×"]


def test_styles_go_with_their_parts() -> None:
    drawing = Drawing([(0, 0), (1, 0)], {(0, 1)}, qubit_styles={0: "cyan"}, edge_styles={(0, 1): "yellow"})
    assert [(cell.text, cell.style) for cell in drawing.lines(10)[0]] == [("0", "cyan"), ("─", "yellow"), ("1", "")]


@pytest.mark.parametrize("name", bundled_devices())
def test_devices_fit_eighty_columns_with_all_their_numbers(name: str) -> None:
    lines = of_device(name)
    assert max(map(len, lines)) <= 80
    num_qubits = Snapshot.load(name).num_qubits
    shown = "".join(lines).replace("─", " ").replace("│", " ").split()
    assert sorted(map(int, " ".join(" ".join(lines).replace("─", " ").replace("│", " ").split()).split())) == list(
        range(num_qubits)
    )
    assert len(shown) > 0


@pytest.mark.parametrize("name", bundled_devices())
def test_narrow_terminals_get_dots_and_very_narrow_ones_nothing(name: str) -> None:
    for width in (40, 30, 20, 16, 5, 1):
        lines = of_device(name, width)
        assert max(map(len, lines), default=0) <= width
        if lines and not any(char.isdigit() for char in "".join(lines)):
            assert "".join(lines).count("●") == Snapshot.load(name).num_qubits


def test_large_devices_are_drawn_by_dots() -> None:
    rows, columns = 25, 45
    at = {(column, row): row * columns + column for row in range(rows) for column in range(columns)}
    edges = {(qubit, at[column + 1, row]) for (column, row), qubit in at.items() if (column + 1, row) in at}
    edges |= {(qubit, at[column, row + 1]) for (column, row), qubit in at.items() if (column, row + 1) in at}
    lines = drawn(Drawing(grid(positions(len(at), edges)), edges), 80)
    assert len(lines) == rows
    assert {line.count("●") for line in lines} == {columns}


def test_faulty_couplings_between_rows_show() -> None:
    fez = Snapshot.load("fez")
    edges = set(couplings_of(fez))
    lines = drawn(Drawing(grid(positions(fez.num_qubits, edges)), edges, faulty_edges={(139, 155)}))
    assert [line.count("×") for line in lines] == [*[0] * 27, 1, 0]
    assert sum(line.count("│") for line in lines) + sum(line.count("─") for line in lines) == len(edges) - 1


@pytest.mark.parametrize(
    ("num_qubits", "edges"),
    [
        (0, []), (1, []), (3, []), (6, [(0, 3), (3, 5), (5, 0), (1, 4)]),
        (12, [(a, b) for a in range(12) for b in range(a)]), (40, [(0, qubit) for qubit in range(1, 40)]),
    ],
)  # fmt: skip
def test_any_graph_has_a_place_of_its_own_for_each_qubit(num_qubits: int, edges: list[tuple[int, int]]) -> None:
    places = grid(positions(num_qubits, edges))
    assert len(set(places)) == num_qubits
    lines = drawn(Drawing(places, {(min(pair), max(pair)) for pair in edges}))
    assert sorted(int(word) for word in " ".join(lines).replace("─", " ").replace("│", " ").split()) == list(
        range(num_qubits)
    )
