# SPDX-License-Identifier: Apache-2.0
"""The part of a circuit that matters for where it can be: its qubits in use, and operations on one and two of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

Pair = tuple[int, int]


class DeviceGraph:
    """Operations by qubit, and by pair of qubits in the order in which a gate takes them."""

    def __init__(self, names: Iterable[str]) -> None:
        """Create a graph without qubits.

        Args:
            names: The operations that matter.
        """
        self._names = frozenset(names)
        self.qubits: dict[int, set[str]] = {}
        self.pairs: dict[Pair, set[str]] = {}
        self.neighbours: dict[int, set[int]] = {}
        self.num_qubits = 0

    def add(self, target: Target) -> None:
        """Add all that a target has."""
        self.num_qubits = max(self.num_qubits, target.num_qubits or 0)
        for name in self._names.intersection(target.operation_names):
            for qargs in target[name] or ():
                if len(qargs) == 1:
                    self.qubits.setdefault(qargs[0], set()).add(name)
                elif len(qargs) == 2:
                    first, second = qargs
                    self.pairs.setdefault((first, second), set()).add(name)
                    self.neighbours.setdefault(first, set()).add(second)
                    self.neighbours.setdefault(second, set()).add(first)


class Pattern(NamedTuple):
    """A circuit on qubits ``0`` to ``k - 1``, which stand for those of its qubits that are in use.

    Attributes:
        active: The circuit's qubits in use, in ascending order.
        qubits: Names of operations on each of them.
        pairs: Names of operations on pairs of them, in the order in which a gate takes them.
    """

    active: tuple[int, ...]
    qubits: tuple[frozenset[str], ...]
    pairs: Mapping[Pair, frozenset[str]]

    @property
    def names(self) -> frozenset[str]:
        """Names of all operations."""
        return frozenset().union(*self.qubits, *self.pairs.values())

    def neighbours(self) -> list[set[int]]:
        """Return the qubits that each qubit shares a gate with."""
        found: list[set[int]] = [set() for _ in self.active]
        for first, second in self.pairs:
            found[first].add(second)
            found[second].add(first)
        return found

    @classmethod
    def of(cls, circuit: QuantumCircuit) -> Pattern:
        """Return the pattern of a circuit. Barriers and delays alone do not use a qubit.

        Raises:
            IBMInputValueError: There is nothing in the circuit, or an operation on more than two qubits.
        """
        index = {bit: number for number, bit in enumerate(circuit.qubits)}
        uses: dict[tuple[int, ...], set[str]] = {}
        for instruction in circuit.data:
            if instruction.name == "delay" or instruction.is_directive():
                continue
            qargs = tuple(index[bit] for bit in instruction.qubits)
            if len(qargs) > 2:
                _refuse(f"Circuit {circuit.name!r} has {instruction.name} on {len(qargs)} qubits; transpile it first.")
            uses.setdefault(qargs, set()).add(instruction.name)
        active = tuple(sorted({qubit for qargs in uses for qubit in qargs}))
        if not active:
            _refuse(f"Circuit {circuit.name!r} uses no qubit, so any layout is as good as any other.")
        number = {qubit: index_in_use for index_in_use, qubit in enumerate(active)}
        return cls(
            active,
            tuple(frozenset(uses.get((qubit,), ())) for qubit in active),
            {
                (number[qargs[0]], number[qargs[1]]): frozenset(names)
                for qargs, names in uses.items()
                if len(qargs) == 2
            },
        )


class MovableCircuit:
    """A circuit that can be scored anywhere on a device without being written anew."""

    def __init__(self, circuit: QuantumCircuit, active: Sequence[int], num_qubits: int) -> None:
        """Create it.

        Args:
            circuit: The circuit.
            active: Its qubits in use.
            num_qubits: The number of qubits of the device.
        """
        self._bits = [circuit.qubits[qubit] for qubit in active]
        self._circuit = circuit
        self._num_qubits = num_qubits
        self._data = list(_within(circuit, set(self._bits)))

    def placed_at(self, layout: Sequence[int]) -> Any:
        """Return an object that scores like the circuit with its qubits in use on those of a layout."""
        qubits: list[Any] = [object() for _ in range(self._num_qubits)]
        for bit, qubit in zip(self._bits, layout, strict=True):
            qubits[qubit] = bit
        return SimpleNamespace(
            name=self._circuit.name, qubits=qubits, clbits=self._circuit.clbits, data=self._data,
            has_control_flow_op=self._circuit.has_control_flow_op,
        )  # fmt: skip

    def circuit_at(self, layout: Sequence[int]) -> QuantumCircuit:
        """Return the circuit with its qubits in use on those of a layout, on all qubits of the device."""
        from qiskit import QuantumCircuit, QuantumRegister

        source = self._circuit
        moved = QuantumCircuit(
            QuantumRegister(self._num_qubits, "q"), name=source.name, global_phase=source.global_phase,
            metadata=source.metadata,
        )  # fmt: skip
        moved.add_bits(source.clbits)
        for register in source.cregs:
            moved.add_register(register)
        new_bits = {bit: moved.qubits[qubit] for bit, qubit in zip(self._bits, layout, strict=True)}
        for instruction in self._data:
            moved.append(instruction.operation, [new_bits[bit] for bit in instruction.qubits], instruction.clbits)
        return moved


def _within(circuit: QuantumCircuit, in_use: set[Any]) -> Iterator[Any]:
    """Yield the instructions of a circuit, and barriers on those of their qubits that are in use."""
    from qiskit.circuit.library import Barrier

    for instruction in circuit.data:
        kept = [bit for bit in instruction.qubits if bit in in_use]
        if len(kept) == len(instruction.qubits):
            yield instruction
        elif kept and instruction.name == "barrier":
            yield instruction.replace(operation=Barrier(len(kept)), qubits=kept)


def _refuse(message: str) -> NoReturn:
    from ..exceptions import IBMInputValueError

    raise IBMInputValueError(message)
