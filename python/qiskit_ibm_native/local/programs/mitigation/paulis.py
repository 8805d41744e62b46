# SPDX-License-Identifier: Apache-2.0
"""Paulis as numbers, for which a product is an exclusive or: bit 0 is X, bit 1 is Z; signs do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit.library import YGate, ZGate
from qiskit.exceptions import QiskitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit.circuit import Operation

#: Letters by number.
LETTERS = "IXZY"
#: Gates by number. Devices have no gates of these names, so that they make no errors: Paulis are merged into the gates
#: around them. An X of that kind is a Y and a Z.
GATES = {1: (ZGate(), YGate()), 2: (ZGate(),), 3: (YGate(),)}
_X, _Z = np.array([[0, 1], [1, 0]]), np.array([[1, 0], [0, -1]])
_MATRICES = [np.eye(2), _X, _Z, 1j * _X @ _Z]
#: Matrices by ``first + 4 * second``; the first qubit is the last factor.
_PAIRS = [np.kron(_MATRICES[code >> 2], _MATRICES[code & 3]) for code in range(16)]


def conjugated_by(operation: Operation) -> tuple[int, ...] | None:
    """Return ``U P U^-1`` for each Pauli of two qubits, with ``first + 4 * second`` for numbers of Paulis.

    Args:
        operation: A gate of two qubits.

    Returns:
        The Paulis; ``None`` if the gate is no Clifford gate, or is no gate of two qubits.
    """
    if operation.num_qubits != 2 or operation.num_clbits or not hasattr(operation, "to_matrix"):
        return None
    params = getattr(operation, "params", [])
    if operation.name in ("unitary", "pauli") or not all(isinstance(value, int | float) for value in params):
        return None
    key = (operation.name, tuple(params))
    if key not in _KNOWN:
        _KNOWN[key] = _conjugated(operation)
    return _KNOWN[key]


#: Images of Paulis by gate and parameters; a job has few gates.
_KNOWN: dict[tuple[Any, ...], tuple[int, ...] | None] = {}


def _conjugated(operation: Any) -> tuple[int, ...] | None:
    try:
        unitary = np.asarray(operation.to_matrix())
    except (QiskitError, TypeError, ValueError):
        return None
    found = []
    for pauli in _PAIRS:
        image = unitary @ pauli @ unitary.conj().T
        overlaps = [abs(np.trace(other @ image)) / 4 for other in _PAIRS]
        best = int(np.argmax(overlaps))
        if overlaps[best] < 1 - 1e-9:
            return None
        found.append(best)
    return tuple(found)


def to_label(codes: Sequence[int]) -> str:
    """Return a label, the last letter of which is that of the first qubit."""
    return "".join(LETTERS[code] for code in reversed(codes))


def from_label(label: str) -> list[int]:
    """Return the numbers of a label by qubit.

    Raises:
        ValueError: A letter is none of IXYZ.
    """
    return [LETTERS.index(letter) for letter in reversed(label)]


def anticommute(first: npt.NDArray[np.int8], second: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Return which Paulis of one list anticommute with which of another, for arrays of shape ``(paulis, qubits)``."""
    x1, z1, x2, z2 = (codes.astype(np.int64) for codes in (first & 1, first >> 1, second & 1, second >> 1))
    return np.asarray((x1 @ z2.T + z1 @ x2.T) % 2 == 1)


def square_of(operation: Any) -> int:
    """Return the Pauli that a gate of two qubits is when it is done twice; 0 for the identity."""
    unitary = np.asarray(operation.to_matrix())
    return int(np.argmax([abs(np.trace(pauli @ unitary @ unitary)) for pauli in _PAIRS]))
