# SPDX-License-Identifier: Apache-2.0
"""Circuits as Clifford gates and rotations, and errors that are moved through them to the end.

A Pauli error in front of a Clifford gate is another Pauli error behind it; in front of a rotation about Z (or ZZ) that
it does not commute with, it is the same error behind the rotation by the opposite angle. Moved to the end, where it
flips measured bits, a shot's errors leave nothing behind but the signs of some angles. Shots with the same signs have
the same state, and shots without any have the state without noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import transfer
from .components import Step, read_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .noise import DeviceNoise

#: Quarter turns by which an angle of a Clifford gate may be off.
_ROUNDING = 1e-9


class UnsupportedError(Exception):
    """A circuit has an instruction that cannot be written in Clifford gates and rotations."""


class Clifford(NamedTuple):
    """A Clifford gate on a qubit: its matrix, and what becomes of X and of Z, each as (has X, has Z)."""

    matrix: npt.NDArray[np.complex128]
    of_x: tuple[bool, bool]
    of_z: tuple[bool, bool]


class Operation(NamedTuple):
    """An operation of the rewritten circuit.

    Attributes:
        kind: ``clifford``, ``rotation`` (about Z of one qubit, or ZZ of two), ``cz`` or ``errors``.
        qubits: The qubits.
        clifford: The gate of a ``clifford``.
        angle: The angle of a ``rotation``.
        probabilities: Of ``errors``, the probabilities of Paulis.
    """

    kind: str
    qubits: tuple[int, ...]
    clifford: Clifford | None = None
    angle: float = 0.0
    probabilities: npt.NDArray[np.float64] | None = None


_H = Clifford(np.asarray(np.array([[1, 1], [1, -1]]) / math.sqrt(2), complex), (False, True), (True, False))
_S = Clifford(np.diag([1, 1j]), (True, True), (False, True))
_SX = Clifford(np.asarray(np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2, complex), (True, False), (True, True))
_Z = Clifford(np.diag([1, -1]).astype(complex), (True, False), (False, True))
_X = Clifford(np.array([[0, 1], [1, 0]], complex), (True, False), (False, True))
_GATES = {
    "h": _H, "s": _S, "x": _X, "z": _Z, "sx": _SX, "sdg": _S._replace(matrix=np.diag([1, -1j])),
    "sxdg": _SX._replace(matrix=_SX.matrix.conj()), "y": _X._replace(matrix=np.array([[0, -1j], [1j, 0]])),
}  # fmt: skip
#: Quarter turns about Z.
_QUARTERS = (None, _GATES["s"], _GATES["z"], _GATES["sdg"])
#: Other gates by these and rotations: names, indices of qubits, and the factor and index of their angle.
_RULES: dict[str, list[tuple[str, tuple[int, ...], float | None, int]]] = {
    "rx": [("h", (0,), None, 0), ("rz", (0,), 1, 0), ("h", (0,), None, 0)],
    "ry": [("sdg", (0,), None, 0), ("rx", (0,), 1, 0), ("s", (0,), None, 0)],
    "r": [("rz", (0,), -1, 1), ("rx", (0,), 1, 0), ("rz", (0,), 1, 1)],
    "u": [("rz", (0,), 1, 2), ("ry", (0,), 1, 0), ("rz", (0,), 1, 1)],
    "cx": [("h", (1,), None, 0), ("cz", (0, 1), None, 0), ("h", (1,), None, 0)],
    "cy": [("sdg", (1,), None, 0), ("cx", (0, 1), None, 0), ("s", (1,), None, 0)],
    "swap": [("cx", (0, 1), None, 0), ("cx", (1, 0), None, 0), ("cx", (0, 1), None, 0)],
    "ecr": [("s", (0,), None, 0), ("sx", (1,), None, 0), ("cx", (0, 1), None, 0), ("x", (0,), None, 0)],
    "rxx": [("h", (0,), None, 0), ("h", (1,), None, 0), ("rzz", (0, 1), 1, 0), ("h", (0,), None, 0), ("h", (1,), None, 0)],
    "rzx": [("h", (1,), None, 0), ("rzz", (0, 1), 1, 0), ("h", (1,), None, 0)],
}  # fmt: skip


def rewritten(steps: Sequence[Step], noise: DeviceNoise) -> list[Operation]:
    """Return the operations of a circuit that measures at its end, each followed by its errors.

    Raises:
        UnsupportedError: An instruction cannot be written so.
    """
    operations: list[Operation] = []
    touched: set[int] = set()
    for step in steps:
        if step.name == "measure" or (step.name == "reset" and touched.isdisjoint(step.qubits)):
            continue
        touched.update(step.qubits)
        length = 0
        if step.name == "delay":
            length = step.params[0]
        else:
            operations += _operations(step)
        channel = noise.channel(step.name, step.qubits, length)
        if channel is not None:
            operations.append(Operation("errors", step.qubits, probabilities=transfer.pauli_probabilities(channel)))
    return operations


def _operations(step: Step) -> Iterator[Operation]:
    name, qubits, params = step.name, step.qubits, step.params
    if name in ("id", "global_phase"):
        return
    if name in _GATES:
        yield Operation("clifford", qubits, _GATES[name])
    elif name == "cz":
        yield Operation("cz", qubits)
    elif name in ("rz", "p", "u1", "rzz"):
        yield from _rotation(qubits, float(params[0]))
    elif name in ("t", "tdg"):
        yield from _rotation(qubits, math.pi / 4 if name == "t" else -math.pi / 4)
    elif name in ("u2", "u3"):
        angles = params if name == "u3" else (math.pi / 2, *params)
        yield from _operations(step._replace(name="u", params=tuple(angles)))
    elif name in _RULES:
        for other, indices, factor, index in _RULES[name]:
            angles = () if factor is None else (factor * float(params[index]),)
            yield from _operations(step._replace(name=other, qubits=tuple(qubits[i] for i in indices), params=angles))
    else:
        yield from _defined(step)


def _rotation(qubits: tuple[int, ...], angle: float) -> Iterator[Operation]:
    turns = angle / (math.pi / 2)
    if len(qubits) > 1 or abs(turns - round(turns)) > _ROUNDING:
        yield Operation("rotation", qubits, angle=angle)
        return
    gate = _QUARTERS[round(turns) % 4]
    if gate is not None:
        yield Operation("clifford", qubits, gate)


def _defined(step: Step) -> Iterator[Operation]:
    """Yield the operations of a gate that is defined by others."""
    definition = getattr(step.instruction.operation, "definition", None)
    if definition is None or definition.num_clbits:
        raise UnsupportedError(step.name)
    for inner in read_steps(definition, step.qubits):
        if inner.name in ("reset", "delay", "initialize"):
            raise UnsupportedError(inner.name)
        yield from _operations(inner)


def relevant(operations: Sequence[Operation], measured: set[int]) -> list[Operation]:
    """Return the operations on which measured bits depend: not what is diagonal behind all others, for example."""
    #: Qubits that are only measured from here on, those on which nothing depends, and all others.
    alive: set[int] = set()
    kept: list[Operation] = []
    for operation in reversed(operations):
        qubits = set(operation.qubits)
        if operation.kind != "errors":
            is_diagonal = operation.kind in ("cz", "rotation") or (
                operation.clifford is not None and operation.clifford.of_z == (False, True)
                and operation.clifford.matrix[0, 1] == 0
            )  # fmt: skip
            if qubits.isdisjoint(alive) and (is_diagonal or qubits.isdisjoint(measured)):
                continue
            alive |= qubits
        kept.append(operation)
    return kept[::-1]


@dataclass(frozen=True)
class Frames:
    """Errors of all shots, moved to the end.

    Attributes:
        signs: Array of shape ``(shots, bytes)``: bit ``i`` is set if the angle of rotation ``i`` has the other sign.
        flips: Array of shape ``(qubits, shots)``: whether a measurement of the qubit finds the opposite.
    """

    signs: npt.NDArray[np.uint8]
    flips: npt.NDArray[np.bool_]


def draw_frames(operations: Sequence[Operation], num_qubits: int, shots: int, random: np.random.Generator) -> Frames:
    """Draw the errors of all shots, and move them to the end.

    Args:
        operations: The operations, on qubits that are numbered from 0.
        num_qubits: The number of qubits.
        shots: The number of shots.
        random: The source of random numbers.
    """
    has_x = np.zeros((num_qubits, shots), np.bool_)
    has_z = np.zeros((num_qubits, shots), np.bool_)
    number = sum(operation.kind == "rotation" for operation in operations)
    signs = np.zeros((-(-max(number, 1) // 8), shots), np.uint8)
    index = 0
    for operation in operations:
        qubits: Any = list(operation.qubits)
        if operation.kind == "clifford":
            _move(operation.clifford, has_x[qubits[0]], has_z[qubits[0]])  # type: ignore[arg-type]
        elif operation.kind == "cz":
            has_z[qubits[0]] ^= has_x[qubits[1]]
            has_z[qubits[1]] ^= has_x[qubits[0]]
        elif operation.kind == "rotation":
            anti = np.bitwise_xor.reduce(has_x[qubits], axis=0).view(np.uint8)
            signs[index >> 3] |= anti << np.uint8(index & 7)
            index += 1
        else:
            _add_errors(operation, has_x, has_z, random)
    return Frames(np.ascontiguousarray(signs.T), has_x)


def _move(gate: Clifford, has_x: npt.NDArray[np.bool_], has_z: npt.NDArray[np.bool_]) -> None:
    """Move Paulis through a gate on one qubit, in place."""
    if gate.of_x == (True, False) and gate.of_z == (False, True):
        return
    after_x = has_x & gate.of_x[0] ^ has_z & gate.of_z[0]
    after_z = has_x & gate.of_x[1] ^ has_z & gate.of_z[1]
    has_x[:] = after_x
    has_z[:] = after_z


def _add_errors(
    operation: Operation, has_x: npt.NDArray[np.bool_], has_z: npt.NDArray[np.bool_], random: np.random.Generator
) -> None:
    weights = operation.probabilities
    assert weights is not None  # noqa: S101 (for type checkers)
    shots = has_x.shape[1]
    hit = np.flatnonzero(random.random(shots) >= weights[0])
    if not len(hit):
        return
    kinds = random.choice(len(weights) - 1, len(hit), p=weights[1:] / weights[1:].sum()) + 1
    for number, qubit in enumerate(operation.qubits):
        # The first qubit varies fastest; 0 to 3 are I, X, Y and Z.
        letter = kinds >> (2 * number) & 3
        has_x[qubit, hit] ^= (letter == 1) | (letter == 2)
        has_z[qubit, hit] ^= letter >= 2
