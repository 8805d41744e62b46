# SPDX-License-Identifier: Apache-2.0
"""States of circuits along a line, as chains of chunks.

A gate between two chunks is a sum of two products, so that two chunks share an index of two to the number of gates
between them. Nothing is cut off: where few gates connect the chunks of a line, chains are small whatever the number of
qubits is. A chunk depends on the signs of its own angles only, and is computed once for all states in which these are
the same.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    from .amplitudes import Circuit, Stage

Tensor = npt.NDArray[np.complex64]

#: Gates between two chunks.
_MAX_GATES = 8
#: Seconds for each product and sum of complex numbers, for each chunk of a state: on a processor of 2020.
_SECONDS_OF_PRODUCT = 4e-10
_SECONDS_OF_CHUNK = 3e-4
#: Complex numbers that are made at once for some shots: 32 MB.
_AT_ONCE = 1 << 22
#: Tensors that are kept: chunks, and sums over the rest of the chain.
_KEPT = 4000


class Chain:
    """A circuit on a line of chunks."""

    def __init__(self, circuit: Circuit, line: list[int], gates: list[int]) -> None:
        """Prepare the computation of states.

        Args:
            circuit: The circuit in stages.
            line: The chunks in the order of the line.
            gates: The number of gates between each of them and the next.
        """
        self._circuit = circuit
        self._line = line
        self._bonds = [1, *(2**number for number in gates), 1]
        self._stages = [self._stages_of(chunk) for chunk in line]
        self._signs = [
            np.unique(np.concatenate([np.zeros(0, np.intp), *(circuit.stages[number].signs for number in numbers)]))
            for numbers in self._stages
        ]
        self._tensors: dict[tuple[int, bytes], Tensor] = {}
        self._sums: dict[tuple[bytes, ...], Tensor] = {}

    @classmethod
    def of(cls, circuit: Circuit) -> Chain | None:
        """Return the chain of a circuit; ``None`` if its chunks are no line, or many gates connect two of them."""
        between: Counter[tuple[int, int]] = Counter()
        for stage in circuit.stages:
            if stage.chunk < 0:
                one, other = sorted(circuit.chunk_of[qubit] for qubit in stage.operations[0][0].qubits)
                between[one, other] += 1
        neighbours: dict[int, list[int]] = {chunk: [] for chunk in range(len(circuit.chunks))}
        for one, other in between:
            neighbours[one].append(other)
            neighbours[other].append(one)
        line: list[int] = []
        # The rest of a circuit may fall into several lines.
        for start in (chunk for chunk, others in neighbours.items() if len(others) < 2):
            following = [] if start in line else [start]
            while following:
                line.append(following[0])
                following = [chunk for chunk in neighbours[line[-1]] if chunk not in line]
        gates = [between[min(pair), max(pair)] for pair in itertools.pairwise(line)]
        is_line = len(line) == len(circuit.chunks) and max(map(len, neighbours.values())) <= 2
        if not is_line or max(gates, default=0) > _MAX_GATES:
            return None
        return cls(circuit, line, gates)

    def seconds(self) -> float:
        """Return the time, roughly, of one state that shares nothing with others."""
        products = 0.0
        for number, chunk in enumerate(self._line):
            left, right = self._bonds[number], self._bonds[number + 1]
            size = 2 ** len(self._circuit.chunks[chunk])
            # The sum over the chunk, and its last two blocks, before which it is smaller.
            products += size * left * right * (left + right + 2 * size)
        return products * _SECONDS_OF_PRODUCT + len(self._line) * _SECONDS_OF_CHUNK

    def run(self, signs: npt.NDArray[np.bool_], take: Callable[[int, State], Any]) -> None:
        """Compute the states for several signs of angles.

        Args:
            signs: Array of shape ``(states, rotations)``: whether an angle has the other sign.
            take: Called with the index of a state and the state.
        """
        # States with the same end follow each other, because sums over the end are kept.
        keys = [tuple(row[chosen].tobytes() for chosen in self._signs) for row in signs]
        for index in sorted(range(len(keys)), key=lambda index: keys[index][::-1]):
            take(index, State(self, keys[index]))

    def _stages_of(self, chunk: int) -> list[int]:
        chunk_of = self._circuit.chunk_of
        return [
            number
            for number, stage in enumerate(self._circuit.stages)
            if stage.chunk == chunk
            or (stage.chunk < 0 and chunk in {chunk_of[qubit] for qubit in stage.operations[0][0].qubits})
        ]

    def tensor(self, number: int, key: bytes) -> Tensor:
        """Return a chunk as a tensor of shape ``(words, left, right)``."""
        known = self._tensors.get((number, key))
        if known is None:
            known = self._made(number, key)
            if len(self._tensors) < _KEPT:
                self._tensors[number, key] = known
        return known

    def _made(self, number: int, key: bytes) -> Tensor:
        chunk = self._line[number]
        turned = np.zeros(int(self._signs[number].max(initial=-1)) + 1, np.bool_)
        turned[self._signs[number]] = np.frombuffer(key, np.bool_)
        size = 2 ** len(self._circuit.chunks[chunk])
        tensor: Tensor = np.zeros((size, 1, 1), np.complex64)
        tensor[0] = 1.0
        for index in self._stages[number]:
            stage = self._circuit.stages[index]
            variant = turned[stage.signs].tobytes()
            if stage.chunk >= 0:
                block = self._circuit.block(index, variant)
                tensor = (block @ tensor.reshape(size, -1)).reshape(tensor.shape)
            else:
                tensor = self._joined(tensor, number, stage, variant)
        return tensor

    def _joined(self, tensor: Tensor, number: int, stage: Stage, variant: bytes) -> Tensor:
        """Return a chunk behind a gate that connects it with its neighbour."""
        operation = stage.operations[0][0]
        chunk = self._line[number]
        (mine,) = (qubit for qubit in operation.qubits if self._circuit.chunk_of[qubit] == chunk)
        (other,) = (qubit for qubit in operation.qubits if qubit != mine)
        listed = self._circuit.chunks[chunk]
        bit = np.arange(len(tensor)) >> (len(listed) - 1 - listed.index(mine)) & 1
        size, left, right = tensor.shape
        is_left = number + 1 < len(self._line) and self._circuit.chunk_of[other] == self._line[number + 1]
        if is_left:
            # The left chunk tells the value of its qubit ...
            factors = np.stack([bit == 0, bit == 1], axis=1).astype(np.complex64)
            return (tensor[:, :, :, None] * factors[:, None, None, :]).reshape(size, left, right * 2)
        # ... and the right one turns by it.
        if operation.kind == "cz":
            factors = np.stack([np.ones(size), 1 - 2 * bit], axis=1).astype(np.complex64)
        else:
            angle = -operation.angle if variant[0] else operation.angle
            factors = np.exp(1j * angle * np.stack([bit, 1 - bit], axis=1)).astype(np.complex64)
        return (tensor[:, :, None, :] * factors[:, None, :, None]).reshape(size, left * 2, right)

    def sum_behind(self, number: int, keys: tuple[bytes, ...]) -> Tensor:
        """Return the sum over all words of the chunks from a number on, of shape ``(left, left)``."""
        if number == len(self._line):
            return np.ones((1, 1), np.complex64)
        rest = keys[number:]
        known = self._sums.get(rest)
        if known is None:
            tensor = self.tensor(number, keys[number])
            behind = self.sum_behind(number + 1, keys)
            size, left, right = tensor.shape
            moved = (tensor.reshape(-1, right) @ behind).reshape(size, left, right)
            flat = tensor.transpose(1, 0, 2).reshape(left, -1)
            known = np.asarray(moved.transpose(1, 0, 2).reshape(left, -1) @ flat.conj().T)
            if len(self._sums) < _KEPT:
                self._sums[rest] = known
        return known

    @property
    def chunks(self) -> list[list[int]]:
        """The qubits of the chunks of the line; the first of a chunk is the highest bit of its words."""
        return [self._circuit.chunks[chunk] for chunk in self._line]


class State:
    """A state as a chain."""

    def __init__(self, chain: Chain, keys: tuple[bytes, ...]) -> None:
        self._chain = chain
        self._keys = keys

    def draw(self, number: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Draw outcomes of all qubits, of shape ``(number, num_qubits)``."""
        largest = max(math.prod(self._chain.tensor(index, key).shape[::2]) for index, key in enumerate(self._keys))
        step = max(1, _AT_ONCE // largest)
        parts = [self._drawn(min(step, number - first), random) for first in range(0, number, step)]
        return np.concatenate(parts)

    def _drawn(self, number: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
        chunks = self._chain.chunks
        bits = np.zeros((number, sum(map(len, chunks))), np.bool_)
        ahead: Tensor = np.ones((number, 1), np.complex64)
        for index, (chunk, key) in enumerate(zip(chunks, self._keys, strict=True)):
            tensor = self._chain.tensor(index, key)
            size, left, right = tensor.shape
            joined = (ahead @ tensor.transpose(1, 0, 2).reshape(left, -1)).reshape(number, size, right)
            behind = self._chain.sum_behind(index + 1, self._keys)
            weights = np.einsum("nsr,nsr->ns", joined @ behind, joined.conj()).real.astype(np.float64)
            sums = np.cumsum(np.maximum(weights, 0.0), axis=1)
            words = np.sum(sums <= random.random((number, 1)) * sums[:, -1:], axis=1)
            words = np.minimum(words, size - 1)
            ahead = joined[np.arange(number), words]
            # Only the direction of what is ahead counts, and it must not become too small for its numbers.
            ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-30)
            bits[:, chunk] = words[:, None] >> np.arange(len(chunk))[::-1] & 1
        return bits

    def ones(self) -> npt.NDArray[np.float64]:
        """Return the probability of 1 of each qubit."""
        chunks = self._chain.chunks
        ones = np.zeros(sum(map(len, chunks)))
        before: Tensor = np.ones((1, 1), np.complex64)
        for index, (chunk, key) in enumerate(zip(chunks, self._keys, strict=True)):
            tensor = self._chain.tensor(index, key)
            size, left, right = tensor.shape
            joined = (
                (before.T @ tensor.transpose(1, 0, 2).reshape(left, -1)).reshape(left, size, right).transpose(1, 0, 2)
            )
            behind = self._chain.sum_behind(index + 1, self._keys)
            weights = np.einsum("slr,slr->s", joined @ behind, tensor.conj()).real.astype(np.float64)
            words = np.arange(size)
            for position, qubit in enumerate(chunk):
                ones[qubit] = weights[words >> (len(chunk) - 1 - position) & 1 == 1].sum() / weights.sum()
            before = np.asarray(joined.reshape(-1, right).T @ tensor.reshape(-1, right).conj())
        return ones
