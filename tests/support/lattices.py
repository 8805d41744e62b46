# SPDX-License-Identifier: Apache-2.0
"""Coupling graphs of lattices of any size, and made-up devices that have them."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

from qiskit_ibm_native import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Edges = list[tuple[int, int]]


def square(columns: int, rows: int) -> tuple[int, Edges]:
    """Return the number of qubits and the edges of a square lattice."""
    along = [
        (row * columns + column, row * columns + column + 1) for row in range(rows) for column in range(columns - 1)
    ]
    across = [(qubit, qubit + columns) for qubit in range((rows - 1) * columns)]
    return columns * rows, along + across


def heavy_hexagonal(rows: int, columns: int) -> tuple[int, Edges]:
    """Return a heavy-hexagonal lattice: rows, with bridges below columns 3, 7, ... and 1, 5, ... in turn."""
    edges: Edges = []
    number = 0
    ends: list[tuple[int, int]] = []
    for row in range(rows):
        qubits = range(number, number + columns)
        number += columns
        edges += itertools.pairwise(qubits)
        edges += [(bridge, qubits[column]) for bridge, column in ends]
        ends = []
        if row < rows - 1:
            for column in range(1 if row % 2 else 3, columns, 4):
                edges.append((qubits[column], number))
                ends.append((number, column))
                number += 1
    return number, edges


def shuffled(number: int, edges: Edges, seed: int = 1) -> tuple[int, Edges]:
    """Return a graph with other numbers of qubits, its edges in another order and direction."""
    chance = random.Random(seed)
    names = list(range(number))
    chance.shuffle(names)
    turned = [(names[one], names[other])[:: chance.choice((1, -1))] for one, other in edges]
    chance.shuffle(turned)
    return number, turned  # type: ignore[return-value]


def device(
    number: int,
    edges: Edges,
    *,
    name: str = "made_up",
    faulty_qubits: Collection[int] = (),
    faulty_edges: Collection[tuple[int, int]] = (),
    empty_qubits: Collection[int] = (),
    empty_edges: Collection[tuple[int, int]] = (),
    readout_error: float | None = None,
    coords: Any = None,
) -> Snapshot:
    """Return a device whose values are drawn from the usual ones.

    Args:
        number: The number of qubits.
        edges: Its edges, on which there is a ``cz``.
        name: The device's name.
        faulty_qubits: Qubits that are not operational.
        faulty_edges: Edges whose gate is not operational.
        empty_qubits: Qubits without a readout error.
        empty_edges: Edges whose gate is not in the calibration.
        readout_error: The readout error of all qubits.
        coords: Coordinates in the configuration.
    """
    chance = random.Random(1)
    pairs = [list(edge) for edge in edges]
    gates = [
        {"name": "cz", "parameters": [], "qasm_def": "", "coupling_map": pairs},
        {"name": "sx", "parameters": [], "qasm_def": "", "coupling_map": [[qubit] for qubit in range(number)]},
    ]
    configuration = {
        "backend_name": name, "backend_version": "1.0.0", "n_qubits": number, "basis_gates": ["cz", "sx"], "gates": gates,
        "coupling_map": pairs, "simulator": False, "local": False, "conditional": False, "open_pulse": False,
        "memory": True, "max_shots": 1000, **({} if coords is None else {"coords": coords}),
    }  # fmt: skip
    qubits = [
        _values(T1=(chance.gauss(200, 40), "us"), T2=(chance.gauss(150, 30), "us"))
        + ([] if qubit in empty_qubits else _values(readout_error=(readout_error or 10 ** chance.gauss(-2, 0.3), "")))
        + _works(qubit not in faulty_qubits)
        for qubit in range(number)
    ]
    measured = [
        {
            "gate": "cz", "name": f"cz{one}_{other}", "qubits": [one, other],
            "parameters": _values(gate_error=(10 ** chance.gauss(-2.5, 0.3), ""), gate_length=(84, "ns"))
            + _works((one, other) not in faulty_edges),
        }
        for one, other in edges if (one, other) not in empty_edges
    ]  # fmt: skip
    properties = {
        "backend_name": name, "backend_version": "1.0.0", "last_update_date": _DATE, "qubits": qubits, "gates": measured,
        "general": [],
    }  # fmt: skip
    return Snapshot.from_payloads(json.dumps(configuration), json.dumps(properties))


_DATE = "2025-06-01T08:30:00+00:00"


def _values(**values: tuple[float, str]) -> list[dict[str, Any]]:
    return [{"date": _DATE, "name": name, "unit": unit, "value": value} for name, (value, unit) in values.items()]


def _works(works: bool) -> list[dict[str, Any]]:
    return [] if works else _values(operational=(0, ""))


def same_shape(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> bool:
    """Return whether two sets of positions are the same but for their orientation."""
    return _standard(one) == _standard(other)


def _standard(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    found = []
    for turned in (list(points), [(y, x) for x, y in points]):
        for right in (1, -1):
            for down in (1, -1):
                flipped = [(right * x, down * y) for x, y in turned]
                left, top = (min(point[axis] for point in flipped) for axis in (0, 1))
                found.append(sorted((round(x - left, 6), round(y - top, 6)) for x, y in flipped))
    return min(found)
