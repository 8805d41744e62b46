# SPDX-License-Identifier: Apache-2.0
"""Single-qubit gates in front of measurements in X and Y, and behind the preparation of their eigenstates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

    from qiskit import QuantumCircuit

_QUARTER = math.pi / 2


def append_basis_change(circuit: QuantumCircuit, qubit: int, letter: str, names: Container[str]) -> None:
    """Append gates that make a measurement of Z one of another Pauli.

    Args:
        circuit: The circuit.
        qubit: The qubit.
        letter: The Pauli.
        names: The gates of the device. Without ``sx``, gates are taken that it does not have, which make no error.
    """
    if "sx" in names:
        # sx turns Y into Z; a quarter of a turn about Z in front of it makes that X.
        if letter == "X":
            circuit.rz(_QUARTER, qubit)
        if letter in "XY":
            circuit.sx(qubit)
        return
    if letter == "Y":
        circuit.sdg(qubit)
    if letter in "XY":
        circuit.h(qubit)


def append_eigenstate(circuit: QuantumCircuit, qubit: int, letter: str, names: Container[str]) -> None:
    """Append gates that make a qubit in 0 the eigenstate of a Pauli with the eigenvalue 1; see above."""
    if "sx" in names:
        # sx makes 0 the eigenstate of Y with the eigenvalue -1.
        if letter in "XY":
            circuit.sx(qubit)
            circuit.rz(_QUARTER if letter == "X" else math.pi, qubit)
        return
    if letter in "XY":
        circuit.h(qubit)
    if letter == "Y":
        circuit.s(qubit)
