# SPDX-License-Identifier: Apache-2.0
"""Exact probabilities of words, by density matrices of small components.

A state is the expectation values of all Paulis, for each value of the classical bits that were measured so far: real
numbers, on which a gate and its errors are one matrix. Shots that are drawn from its words are independent of each
other, and cost nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import transfer
from .components import steps_of_block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .components import ConnectedComponent, Step
    from .noise import DeviceNoise

Matrix = npt.NDArray[np.float64]

#: Numbers of a state: 32 MB, and a few times that while a gate is applied.
_MAX_NUMBERS = 4**11
#: Numbers above which they are kept in single precision, which is exact enough for a million shots.
_MAX_DOUBLES = 4**9
#: Seconds for each number and gate, and for each gate: on a processor of 2020.
_SECONDS_OF_NUMBER = 1.1e-8
_SECONDS_OF_STEP = 1.2e-5
_IDENTITY = np.eye(4)


class UnsupportedError(Exception):
    """The component has an instruction that density matrices cannot do."""


def seconds(component: ConnectedComponent) -> float:
    """Return the time that a simulation takes, roughly; infinity if it would not fit, or cannot be done."""
    bits = len(_measured_early(component.steps))
    numbers = 4.0 ** len(component.qubits) * 2.0**bits
    if numbers > _MAX_NUMBERS:
        return math.inf
    weights = 0.0
    for step in component.steps:
        if step.name in ("for_loop", "while_loop", "store", "switch_case", "box"):
            return math.inf
        # Gates on one qubit are multiplied before they are applied.
        weights += len(step.qubits) > 1 or bits > 0
    return weights * numbers * _SECONDS_OF_NUMBER + len(component.steps) * _SECONDS_OF_STEP


def _measured_early(steps: Sequence[Step]) -> set[int]:
    """Return the classical bits that are measured before the last instruction on their qubits, or used by others."""
    early: set[int] = set()
    later_qubits: set[int] = set()
    later_clbits: set[int] = set()
    for step in reversed(steps):
        if step.name == "measure" and step.qubits[0] not in later_qubits and step.clbits[0] not in later_clbits:
            pass
        else:
            early.update(step.clbits)
        later_qubits.update(step.qubits)
        later_clbits.update(step.clbits)
    return early


def probabilities(component: ConnectedComponent, noise: DeviceNoise) -> Matrix:
    """Return the probability of each word: bit ``i`` of a word is that of ``component.clbits[i]``.

    Raises:
        UnsupportedError: The component has an instruction that density matrices cannot do.
    """
    early = _measured_early(component.steps)
    state = _State(component, sorted(early), noise)
    state.play(component.steps)
    return state.words()


class _State:
    """Expectation values of Paulis, of shape ``(words, 4, 4, ...)``, and what is still to be applied to them."""

    def __init__(self, component: ConnectedComponent, early: list[int], noise: DeviceNoise) -> None:
        self._component = component
        self._noise = noise
        #: The axis of each qubit behind the first one.
        self._order = list(component.qubits)
        #: Bit ``i`` of the first axis is that of ``_early[i]``.
        self._early = early
        size = 4 ** len(component.qubits) << len(early)
        self._values = np.zeros((1 << len(early), *(4,) * len(self._order)), float if size <= _MAX_DOUBLES else "f4")
        start: Any = (0, *(slice(0, 4, 3),) * len(self._order))
        self._values[start] = 1.0
        self._pending: dict[int, Matrix] = {}
        #: The qubit of each classical bit that is measured at the end.
        self._last: dict[int, int] = {}

    def play(self, steps: Sequence[Step], words: npt.NDArray[np.intp] | None = None) -> None:
        """Apply instructions, to some of the words if they are conditional."""
        for step in steps:
            if step.name == "measure":
                self._measure(step, words)
            elif step.name == "if_else":
                self._branch(step, words)
            else:
                for matrix in self._matrices(step):
                    self._apply(matrix, step.qubits, words)

    def _matrices(self, step: Step) -> list[Matrix]:
        if step.name == "reset":
            return [transfer.RESET]
        if step.name == "delay":
            relaxed = self._noise.channel("delay", step.qubits, step.params[0])
            return [] if relaxed is None else [relaxed]
        gate = self._noise.gate(step)
        if gate is None:
            raise UnsupportedError(step.name)
        return [gate]

    def _apply(self, matrix: Matrix, qubits: tuple[int, ...], words: npt.NDArray[np.intp] | None) -> None:
        if words is not None:
            self._flush(qubits)
            self._multiply(matrix, qubits, words)
        elif len(qubits) == 1:
            before = self._pending.get(qubits[0])
            self._pending[qubits[0]] = matrix if before is None else matrix @ before
        else:
            # What happened to its qubits before is done together with the gate.
            first = np.ones((1, 1))
            for qubit in qubits:
                pending = self._pending.pop(qubit, _IDENTITY)
                size = len(first) * 4
                first = (pending[:, None, :, None] * first[None, :, None, :]).reshape(size, size)
            self._multiply(matrix @ first, qubits, None)

    def _flush(self, qubits: Sequence[int]) -> None:
        for qubit in qubits:
            pending = self._pending.pop(qubit, None)
            if pending is not None:
                self._multiply(pending, (qubit,), None)

    def _multiply(self, matrix: Matrix, qubits: tuple[int, ...], words: npt.NDArray[np.intp] | None) -> None:
        # The first qubit of a matrix varies fastest: it comes last.
        last = [self._order.index(qubit) + 1 for qubit in reversed(qubits)]
        kept = [axis for axis in range(1, len(self._order) + 1) if axis not in last]
        moved = self._values.transpose(0, *kept, *last)
        self._order = [self._order[axis - 1] for axis in (*kept, *last)]
        factor = matrix.T.astype(self._values.dtype, copy=False)
        if words is None:
            self._values = (moved.reshape(-1, len(matrix)) @ factor).reshape(moved.shape)
        else:
            self._values = np.array(moved)
            some = self._values[words]
            self._values[words] = (some.reshape(-1, len(matrix)) @ factor).reshape(some.shape)

    def _measure(self, step: Step, words: npt.NDArray[np.intp] | None) -> None:
        qubit, clbit = step.qubits[0], step.clbits[0]
        if clbit not in self._early:
            self._last[clbit] = qubit
            return
        self._flush((qubit,))
        one, zero = self._noise.readout[qubit]
        bit = 1 << self._early.index(clbit)
        values = self._values
        touched = np.arange(len(values)) if words is None else words
        if words is not None and not np.isin(words ^ bit, words).all():
            raise UnsupportedError("a measurement on whose own bit it depends")
        # The bit's former value is forgotten: words with and without the bit are one before it is read again.
        result = values.copy()
        result[touched] = 0.0
        for share, found in ((one, transfer.FOUND[0]), (1 - zero, transfer.FOUND[1])):
            self._values = values
            order = self._order
            self._multiply(found, (qubit,), None)
            collapsed, values = self._values, self._aligned(values, order)
            result = self._aligned(result, order)
            np.add.at(result, touched | bit, share * collapsed[touched])
            np.add.at(result, touched & ~bit, (1 - share) * collapsed[touched])
        self._values = result

    def _aligned(self, values: Matrix, order: list[int]) -> Matrix:
        """Return values with the axes of another order as they are now."""
        return values.transpose(0, *(order.index(qubit) + 1 for qubit in self._order))

    def _branch(self, step: Step, words: npt.NDArray[np.intp] | None) -> None:
        if words is not None:
            raise UnsupportedError("a branch within a branch")
        self._flush(self._order)
        operation = step.instruction.operation
        everything = np.arange(len(self._values))
        held = self._holds(operation.condition)[everything]
        for block, chosen in zip(operation.blocks, (everything[held], everything[~held]), strict=False):
            self.play(steps_of_block(step, block), chosen)

    def _holds(self, condition: Any) -> npt.NDArray[np.bool_]:
        """Return for each word whether a condition holds."""
        from qiskit.circuit import Clbit
        from qiskit.circuit.classical import expr

        wanted: Any = True
        if isinstance(condition, expr.Var):
            bits = condition.var
        elif isinstance(condition, tuple):
            bits, wanted = condition
        else:
            raise UnsupportedError("an expression")
        listed = [bits] if isinstance(bits, Clbit) else list(bits)
        index = {clbit: number for number, clbit in enumerate(self._component.source.clbits)}
        words = np.arange(len(self._values))
        value = np.zeros(len(words), np.int64)
        if not all(clbit in index for clbit in listed):
            raise UnsupportedError("bits of a block")
        for number, clbit in enumerate(listed):
            if index[clbit] in self._early:
                value |= (words >> self._early.index(index[clbit]) & 1) << number
        return np.asarray(value == int(wanted))

    def words(self) -> Matrix:
        """Return the probability of each word."""
        self._flush([qubit for qubit in self._last.values() if qubit in self._pending])
        measured = {qubit: clbit for clbit, qubit in self._last.items()}
        # Of qubits that are not measured now only the identity counts.
        index: Any = (slice(None), *(slice(0, 4, 3) if qubit in measured else 0 for qubit in self._order))
        picked = self._values[index]
        result = picked
        for axis, qubit in enumerate((qubit for qubit in self._order if qubit in measured), start=1):
            one, zero = self._noise.readout[qubit]
            # From expectation values of I and Z to probabilities of 0 and 1 as they are read.
            readout = np.array([[1 - one, zero], [one, 1 - zero]]) @ np.array([[0.5, 0.5], [0.5, -0.5]])
            result = np.moveaxis(np.tensordot(readout, result, (1, axis)), 0, axis)
        clbits = [*reversed(self._early), *(measured[qubit] for qubit in self._order if qubit in measured)]
        positions = {clbit: axis for axis, clbit in enumerate(clbits)}
        axes = [positions[clbit] for clbit in reversed(self._component.clbits)]
        return np.asarray(np.clip(result.reshape((2,) * len(clbits)).transpose(axes), 0.0, None).reshape(-1), float)
