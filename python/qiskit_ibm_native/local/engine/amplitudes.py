# SPDX-License-Identifier: Apache-2.0
"""Amplitudes of circuits that differ in the signs of some angles.

Qubits are cut into chunks of about six. All that happens within a chunk until a gate connects it with another one is
one matrix, a block, so that a circuit takes few products of matrices. Circuits that begin alike share their beginning.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .frames import Operation

Amplitudes = npt.NDArray[np.complex64]

#: Qubits of a chunk: products with larger matrices take longer, smaller ones are more.
_CHUNK = 6
#: Seconds for each amplitude and row of a block, for each amplitude, and for each block: on a processor of 2020.
_SECONDS_OF_ROW = 1.8e-10
_SECONDS_OF_AMPLITUDE = 1.0e-9
_SECONDS_OF_BLOCK = 1.0e-4
#: Seconds for each amplitude to draw words.
_SECONDS_OF_DRAWING = 6.0e-9
#: Matrices of blocks that are kept: 32 MB.
_KEPT = 1000


@dataclass(frozen=True)
class Stage:
    """A block of a chunk, or a diagonal gate between two.

    Attributes:
        chunk: The index of the chunk; -1 for a gate between two.
        operations: The operations, with the index of the angle's sign for rotations, otherwise -1.
        signs: The indices of those signs.
    """

    chunk: int
    operations: list[tuple[Operation, int]]
    signs: npt.NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))


class Circuit:
    """A circuit whose final amplitudes can be computed for any signs of its angles."""

    def __init__(self, operations: Sequence[Operation], num_qubits: int) -> None:
        """Cut a circuit into blocks.

        Args:
            operations: Operations on qubits from 0; errors are left out.
            num_qubits: The number of qubits.
        """
        gates = [operation for operation in operations if operation.kind != "errors"]
        self.num_qubits = num_qubits
        self.chunks = _chunks(gates, num_qubits)
        self.chunk_of = {qubit: number for number, chunk in enumerate(self.chunks) for qubit in chunk}
        order = [qubit for chunk in self.chunks for qubit in chunk]
        #: The bit of each qubit in the index of an amplitude.
        self.bit_of = {qubit: num_qubits - 1 - position for position, qubit in enumerate(order)}
        self.stages = [_with_signs(stage) for stage in self._scheduled(gates)]
        self._blocks: dict[tuple[int, bytes], npt.NDArray[np.complex64]] = {}

    def seconds(self) -> float:
        """Return the time, roughly, of one computation that shares nothing with others."""
        amplitudes = 2.0**self.num_qubits
        total = amplitudes * _SECONDS_OF_DRAWING
        for stage in self.stages:
            rows = 2 ** len(self.chunks[stage.chunk]) if stage.chunk >= 0 else 0
            total += amplitudes * (rows * _SECONDS_OF_ROW + _SECONDS_OF_AMPLITUDE) + _SECONDS_OF_BLOCK
        return total

    def _scheduled(self, gates: list[Operation]) -> Iterator[Stage]:
        """Yield blocks as large as possible, and the gates between them."""
        signs = np.cumsum([gate.kind == "rotation" for gate in gates]) - 1
        queues: list[list[int]] = [[] for _ in range(self.num_qubits)]
        for number in reversed(range(len(gates))):
            for qubit in gates[number].qubits:
                queues[qubit].append(number)
        blocks: list[list[tuple[Operation, int]]] = [[] for _ in self.chunks]
        while any(queues):
            crossing = self._absorb(gates, signs, queues, blocks)
            for number in crossing:
                for qubit in gates[number].qubits:
                    chunk = self.chunk_of[qubit]
                    if blocks[chunk]:
                        yield Stage(chunk, blocks[chunk])
                        blocks[chunk] = []
                    queues[qubit].pop()
                yield Stage(-1, [(gates[number], int(signs[number]))])
        for chunk, block in enumerate(blocks):
            if block:
                yield Stage(chunk, block)

    def _absorb(
        self,
        gates: list[Operation],
        signs: npt.NDArray[np.intp],
        queues: list[list[int]],
        blocks: list[list[tuple[Operation, int]]],
    ) -> list[int]:
        """Move what can be done within chunks to their blocks; return the gates between chunks that come next."""
        crossing: set[int] = set()
        waiting = list(range(self.num_qubits))
        while waiting:
            qubit = waiting.pop()
            while queues[qubit]:
                number = queues[qubit][-1]
                qubits = gates[number].qubits
                if any(queues[other][-1] != number for other in qubits):
                    break
                if len({self.chunk_of[other] for other in qubits}) > 1:
                    crossing.add(number)
                    break
                blocks[self.chunk_of[qubit]].append((gates[number], int(signs[number])))
                for other in qubits:
                    queues[other].pop()
                    if other != qubit:
                        waiting.append(other)
        return sorted(crossing)

    def run(self, signs: npt.NDArray[np.bool_], take: Callable[[int, DenseState], Any]) -> None:
        """Compute the amplitudes for several signs of angles.

        Args:
            signs: Array of shape ``(circuits, rotations)``: whether an angle has the other sign.
            take: Called with the index of a circuit and its state.
        """
        state = np.zeros(2**self.num_qubits, np.complex64)
        state[0] = 1.0
        self._walk(state, 0, np.arange(len(signs)), signs, take)

    def _walk(
        self,
        state: Amplitudes,
        first: int,
        group: npt.NDArray[np.intp],
        signs: npt.NDArray[np.bool_],
        take: Callable[[int, DenseState], Any],
    ) -> None:
        """Go on from a state that several circuits share."""
        for number in range(first, len(self.stages)):
            stage = self.stages[number]
            variants: dict[bytes, list[int]] = {}
            for index in group:
                variants.setdefault(signs[index, stage.signs].tobytes(), []).append(int(index))
            # The largest group goes on here, so that few states are kept at once.
            *others, (main, group_of_main) = sorted(variants.items(), key=lambda item: len(item[1]))
            for variant, indices in others:
                self._walk(self._applied(state, number, variant, False), number + 1, np.array(indices), signs, take)
            state = self._applied(state, number, main, True)
            group = np.array(group_of_main)
        final = DenseState(state, self.bit_of)
        for index in group:
            take(int(index), final)

    def _applied(self, state: Amplitudes, number: int, variant: bytes, may_change: bool) -> Amplitudes:
        """Return the state behind a stage; a diagonal gate changes it in place if that is allowed."""
        stage = self.stages[number]
        if stage.chunk < 0:
            return self._between(state if may_change else state.copy(), stage, variant)
        block = self.block(number, variant)
        behind = sum(len(chunk) for chunk in self.chunks[stage.chunk + 1 :])
        if behind == 0:
            return np.asarray((state.reshape(-1, len(block)) @ block.T).reshape(-1))
        return np.asarray(np.matmul(block, state.reshape(-1, len(block), 2**behind)).reshape(-1))

    def block(self, number: int, variant: bytes) -> npt.NDArray[np.complex64]:
        """Return the matrix of a block; ``variant`` says which of its angles have the other sign."""
        block = self._blocks.get((number, variant))
        if block is None:
            stage = self.stages[number]
            block = _matrix(stage.operations, self.chunks[stage.chunk], stage.signs, variant)
            if len(self._blocks) < _KEPT:
                self._blocks[number, variant] = block
        return block

    def _between(self, state: Amplitudes, stage: Stage, variant: bytes) -> Amplitudes:
        operation = stage.operations[0][0]
        high, low = sorted((self.bit_of[qubit] for qubit in operation.qubits), reverse=True)
        view = state.reshape(-1, 2, 2 ** (high - low - 1), 2, 2**low)
        if operation.kind == "cz":
            view[:, 1, :, 1] *= -1
            return state
        angle = -operation.angle if variant[0] else operation.angle
        # A phase of all amplitudes does not matter.
        phase = np.complex64(np.exp(1j * angle))
        view[:, 0, :, 1] *= phase
        view[:, 1, :, 0] *= phase
        return state


def _with_signs(stage: Stage) -> Stage:
    return Stage(
        stage.chunk,
        stage.operations,
        np.array([sign for operation, sign in stage.operations if operation.kind == "rotation"], np.intp),
    )


def _chunks(gates: Sequence[Operation], num_qubits: int) -> list[list[int]]:
    """Return chunks of qubits that many gates connect."""
    weights: Counter[tuple[int, int]] = Counter()
    for gate in gates:
        if len(gate.qubits) > 1:
            one, other = gate.qubits
            weights[one, other] += 1
            weights[other, one] += 1
    number = max(1, -(-num_qubits // _CHUNK))
    left = set(range(num_qubits))
    chunks = []
    for index in range(number):
        size = -(-len(left) // (number - index))
        # An end of a line, rather than its middle.
        chunk = [min(left, key=lambda qubit: (sum(weights[qubit, other] for other in left), qubit))]
        left.remove(chunk[0])
        while len(chunk) < size:
            best = max(left, key=lambda qubit: (sum(weights[qubit, other] for other in chunk), -qubit))
            chunk.append(best)
            left.remove(best)
        chunks.append(chunk)
    return chunks


def _matrix(
    operations: list[tuple[Operation, int]], chunk: list[int], signs: npt.NDArray[np.intp], variant: bytes
) -> npt.NDArray[np.complex64]:
    """Return the matrix of a block; ``variant`` says which of its angles have the other sign."""
    size = 2 ** len(chunk)
    matrix = np.eye(size, dtype=np.complex128)
    position = {qubit: len(chunk) - 1 - index for index, qubit in enumerate(chunk)}
    pending: dict[int, npt.NDArray[np.complex128]] = {}
    rows = np.arange(size)
    turned = dict(zip(signs.tolist(), variant, strict=True))

    def flush(qubit: int) -> None:
        gate = pending.pop(qubit, None)
        if gate is not None:
            view = matrix.reshape(-1, 2, size * 2 ** position[qubit])
            view[:] = np.matmul(gate, view)

    for operation, sign in operations:
        angle = -operation.angle if operation.kind == "rotation" and turned[sign] else operation.angle
        qubits = operation.qubits
        if len(qubits) == 1:
            gate = _of_rotation(angle) if operation.clifford is None else operation.clifford.matrix
            pending[qubits[0]] = gate @ pending[qubits[0]] if qubits[0] in pending else gate
            continue
        for qubit in qubits:
            flush(qubit)
        one, other = (rows >> position[qubit] & 1 for qubit in qubits)
        diagonal = 1 - 2 * (one & other) if operation.kind == "cz" else np.exp(1j * angle * (one ^ other))
        matrix *= diagonal[:, None]
    for qubit in list(pending):
        flush(qubit)
    return matrix.astype(np.complex64)


def _of_rotation(angle: float) -> npt.NDArray[np.complex128]:
    return np.array([[1, 0], [0, complex(math.cos(angle), math.sin(angle))]])


class DenseState:
    """A state as all its amplitudes."""

    def __init__(self, amplitudes: Amplitudes, bit_of: dict[int, int]) -> None:
        """Compute the probabilities of words.

        Args:
            amplitudes: The amplitudes.
            bit_of: The bit of each qubit in their index.
        """
        #: The probability of each word.
        self.weights = np.square(amplitudes.real) + np.square(amplitudes.imag)
        self._bits = np.array([bit_of[qubit] for qubit in range(len(bit_of))])

    def draw(self, number: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Draw outcomes of all qubits, of shape ``(number, num_qubits)``."""
        words = _words(self.weights, number, random)
        return np.asarray(words[:, None] >> self._bits & 1, np.bool_)

    def ones(self) -> npt.NDArray[np.float64]:
        """Return the probability of 1 of each qubit."""
        return np.asarray(_ones(self.weights, len(self._bits))[self._bits])


def _words(weights: npt.NDArray[np.float32], number: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw indices of amplitudes: first their upper halves, so that not all of them have to be summed up."""
    upper = 1 << (len(weights).bit_length() - 1) // 2
    table = weights.reshape(upper, -1)
    sums = np.cumsum(table.sum(axis=1, dtype=np.float64))
    rows = np.minimum(np.searchsorted(sums, random.random(number) * sums[-1], side="right"), upper - 1)
    words = np.empty(number, np.int64)
    order = np.argsort(rows, kind="stable")
    where, counts = np.unique(rows, return_counts=True)
    start = 0
    for row, count in zip(where.tolist(), counts.tolist(), strict=True):
        inner = np.cumsum(table[row], dtype=np.float64)
        columns = np.searchsorted(inner, random.random(count) * inner[-1], side="right")
        words[order[start : start + count]] = row * table.shape[1] + np.minimum(columns, table.shape[1] - 1)
        start += count
    return words


def _ones(weights: npt.NDArray[np.float32], num_qubits: int) -> npt.NDArray[np.float64]:
    """Return the probability of 1 of each bit of an index."""
    low = num_qubits // 2
    table = weights.reshape(-1, 1 << low)
    ones = []
    for sums, width in (
        (table.sum(axis=0, dtype=np.float64), low),
        (table.sum(axis=1, dtype=np.float64), num_qubits - low),
    ):
        index = np.arange(len(sums))
        ones += [float(sums[index >> bit & 1 == 1].sum() / sums.sum()) for bit in range(width)]
    return np.array(ones)
