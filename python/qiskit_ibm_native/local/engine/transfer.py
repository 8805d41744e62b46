# SPDX-License-Identifier: Apache-2.0
"""Pauli transfer matrices: channels as real matrices on the expectation values of Paulis.

The Paulis of several qubits are in the order I, X, Y, Z, and the first qubit varies fastest, as in Qiskit's matrices.
"""

from __future__ import annotations

import itertools
import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .components import Step

Matrix = npt.NDArray[np.float64]

_PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
#: 1 for two Paulis that commute, -1 for two that do not.
_COMMUTATION = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]], float)
#: Qubits of the largest gates, whose matrices have 4**3 rows.
MAX_GATE_QUBITS = 3
#: A reset to 0, and measurements that found 0 and 1.
RESET = np.array([[1.0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
FOUND = np.array([[[1.0, 0, 0, s], [0, 0, 0, 0], [0, 0, 0, 0], [s, 0, 0, 1]] for s in (1, -1)]) / 2


@cache
def paulis(num_qubits: int) -> list[str]:
    """Return the Paulis of some qubits, the identity first; the last letter is that of the first qubit."""
    return ["".join(letters) for letters in itertools.product("IXYZ", repeat=num_qubits)]


@cache
def _pauli_matrices(num_qubits: int) -> npt.NDArray[np.complex128]:
    """Return the matrices of :func:`paulis`."""
    matrices = np.ones((1, 1, 1), complex)
    for _ in range(num_qubits):
        matrices = np.array([np.kron(matrix, pauli) for matrix in matrices for pauli in _PAULIS])
    return matrices


def of_unitary(unitary: npt.NDArray[np.complex128]) -> Matrix:
    """Return the transfer matrix of a unitary."""
    size = len(unitary)
    matrices = _pauli_matrices(size.bit_length() - 1)
    turned = unitary @ matrices @ unitary.conj().T
    flat = matrices.reshape(len(matrices), -1)
    # tr(P Q) is the product of the entries of P and of the transposed Q.
    return np.asarray((flat @ turned.transpose(0, 2, 1).reshape(len(matrices), -1).T).real / size)


def of_gate(step: Step) -> Matrix | None:
    """Return the transfer matrix of a gate without errors; ``None`` if it has no matrix, or a very large one.

    A gate by the name of one of Qiskit's is that one, whatever its class and definition are: Aer reads it so, too.
    """
    if step.name == "rz":
        return rotation(float(step.params[0]))
    if not step.params and is_standard(step.name):
        return _of_name(step.name)
    return _of_operation(step.instruction.operation, len(step.qubits))


def rotation(angle: float) -> Matrix:
    """Return the transfer matrix of a rotation about Z."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0, 0, 0], [0, cosine, -sine, 0], [0, sine, cosine, 0], [0, 0, 0, 1]])


def is_standard(name: str) -> bool:
    """Return whether a name is that of a gate of Qiskit without parameters."""
    return _of_name(name) is not None


@lru_cache(maxsize=256)
def _of_name(name: str) -> Matrix | None:
    from qiskit.circuit.library import get_standard_gate_name_mapping

    gate = get_standard_gate_name_mapping().get(name)
    if gate is None or gate.params:
        return None
    return _of_operation(gate, gate.num_qubits)


def _of_operation(operation: Any, num_qubits: int) -> Matrix | None:
    from qiskit.quantum_info import Operator

    if num_qubits > MAX_GATE_QUBITS or not hasattr(operation, "to_matrix"):
        return None
    try:
        unitary = operation.to_matrix()
    except Exception:
        # A gate that is defined by others only.
        try:
            unitary = Operator(operation).data
        except Exception:
            return None
    return of_unitary(np.asarray(unitary, complex))


def relaxation(t1: float, t2: float, duration: float) -> Matrix:
    """Return the transfer matrix of relaxation to 0 at T1 and T2, all in seconds."""
    kept = math.exp(-duration / t1) if t1 > 0 else 0.0
    coherent = math.exp(-duration / t2) if t2 > 0 else 0.0
    return np.array([[1.0, 0, 0, 0], [0, coherent, 0, 0], [0, 0, coherent, 0], [1 - kept, 0, 0, kept]])


def depolarized_to(error: float, relaxed: Matrix) -> Matrix:
    """Return a channel that is depolarized so far that its average error is a given one, if that is larger.

    The fidelities add up as in https://qiskit.github.io/qiskit-aer/tutorials/2_device_noise_simulation.html.
    """
    size = round(math.sqrt(len(relaxed)))
    fidelity = (float(np.trace(relaxed)) / size + 1) / (size + 1)
    if error <= 1 - fidelity:
        return relaxed
    # No channel errs more than that.
    error = min(error, size / (size + 1))
    share = size * (error - 1 + fidelity) / (size * fidelity - 1)
    share = min(share, size**2 / (size**2 - 1))
    mixed = relaxed * (1 - share)
    # The completely depolarized state relaxes too.
    mixed[:, 0] = relaxed[:, 0]
    return mixed


def pauli_probabilities(channel: Matrix) -> npt.NDArray[np.float64]:
    """Return the probabilities of :func:`paulis` of the channel's twirl.

    Twirling a channel by Paulis keeps the diagonal of its Pauli transfer matrix, whose Walsh-Hadamard transform are the
    probabilities of Paulis: Wallman and Emerson, Phys. Rev. A 94, 052325 (2016).
    """
    diagonal = np.diag(channel)
    signs = np.ones((1, 1))
    while len(signs) < len(diagonal):
        signs = np.kron(signs, _COMMUTATION)
    probabilities = np.clip(signs @ diagonal / len(diagonal), 0.0, 1.0)
    return np.asarray(probabilities / probabilities.sum())
