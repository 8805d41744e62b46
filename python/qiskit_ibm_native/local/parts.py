# SPDX-License-Identifier: Apache-2.0
"""Circuits in parts that have nothing to do with each other, and in forms that a simulator is quick with."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Delay, Measure, Reset
from qiskit.circuit.library import RZGate, SdgGate, SGate, ZGate

from .wire import BadInputError

_CLIFFORD = frozenset({
    "barrier", "cx", "cy", "cz", "delay", "ecr", "h", "id", "measure", "reset", "s", "sdg", "sx", "sxdg", "swap", "x", "y", "z",
})  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A part of a circuit.

    Attributes:
        circuit: The instructions of the part, on the qubits of the whole circuit.
        qubits: The qubits that are used.
        clbits: The classical bits of the part, by their place in the whole circuit.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    clbits: tuple[int, ...]


def parts_of(circuit: QuantumCircuit) -> list[Part]:
    """Return the parts of a circuit: no gate and no classical bit connects them."""
    if circuit.num_vars:
        return [_whole(circuit)]
    qubits = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    clbits = {clbit: place for place, clbit in enumerate(circuit.clbits)}
    connected = _Connected(circuit.num_qubits + circuit.num_clbits)
    used: list[list[int]] = []
    for instruction in circuit.data:
        places = [] if instruction.name == "barrier" else [qubits[each] for each in instruction.qubits]
        places += [circuit.num_qubits + clbits[each] for each in instruction.clbits]
        connected.join(places)
        used.append(places)
    groups: dict[int, list[int]] = {}
    for place in sorted({place for places in used for place in places}):
        groups.setdefault(connected.root(place), []).append(place)
    parts = {
        root: QuantumCircuit(circuit.qubits, [circuit.clbits[place - circuit.num_qubits] for place in group if place >= circuit.num_qubits])
        for root, group in groups.items()
    }  # fmt: skip
    for instruction, places in zip(circuit.data, used, strict=True):
        if isinstance(instruction.operation, ControlFlowOp):
            # Conditions may be on registers, which parts do not have.
            return [_whole(circuit)]
        if places:
            parts[connected.root(places[0])].append(instruction)
    return [
        Part(
            parts[root],
            tuple(place for place in group if place < circuit.num_qubits),
            tuple(place - circuit.num_qubits for place in group if place >= circuit.num_qubits),
        )
        for root, group in groups.items()
    ]


def _whole(circuit: QuantumCircuit) -> Part:
    qubits = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    used = {
        qubits[each] for instruction in circuit.data if instruction.name != "barrier" for each in instruction.qubits
    }
    return Part(circuit, tuple(sorted(used)), tuple(range(circuit.num_clbits)))


class _Connected:
    """Which places are connected with which."""

    def __init__(self, number: int) -> None:
        self._parents = list(range(number))

    def root(self, place: int) -> int:
        while self._parents[place] != place:
            self._parents[place] = self._parents[self._parents[place]]
            place = self._parents[place]
        return place

    def join(self, places: Iterable[int]) -> None:
        first = None
        for place in places:
            if first is None:
                first = self.root(place)
            else:
                self._parents[self.root(place)] = first


def known_to_aer(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with Aer's own for what devices call ``measure_2`` and ``reset_2``, and delays in ``dt``.

    Raises:
        BadInputError: A delay is not a whole number of ``dt``. QPY does not keep other units.
    """
    names = set(circuit.count_ops())
    others = {name for name in names if name.startswith(("measure_", "reset_")) or name == "delay"}
    if not others and not circuit.has_control_flow_op():
        return circuit
    known = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction
        if instruction.name == "delay":
            operation = instruction.replace(operation=_delay(instruction.params[0]))
        elif instruction.name in others:
            operation = instruction.replace(operation=Measure() if instruction.name.startswith("measure") else Reset())
        elif instruction.is_control_flow():
            blocks = [known_to_aer(block) for block in instruction.operation.blocks]
            operation = instruction.replace(operation=instruction.operation.replace_blocks(blocks))
        known.append(operation)
    return known


def _delay(duration: object) -> Delay:
    try:
        length = float(duration)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        length = math.nan
    if not length >= 0 or length != int(length):
        raise BadInputError(f"a delay is {duration}; it must be a whole number of dt, because QPY keeps no other units")
    return Delay(int(length), "dt")


def measured_at_the_end(circuit: QuantumCircuit) -> dict[int, int] | None:
    """Return the qubit of each classical bit, if nothing happens to qubits after they are measured; ``None`` otherwise."""
    qubit_place = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    clbit_place = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    measured: dict[int, int] = {}
    done: set[int] = set()
    for instruction in circuit.data:
        if instruction.name == "barrier":
            continue
        qubits = {qubit_place[qubit] for qubit in instruction.qubits}
        if instruction.is_control_flow() or qubits & done or instruction.name == "store":
            return None
        if instruction.name.startswith("measure"):
            measured[clbit_place[instruction.clbits[0]]] = qubit_place[instruction.qubits[0]]
            done |= qubits
    return measured


def as_clifford(circuit: QuantumCircuit) -> QuantumCircuit | None:
    """Return the circuit with Clifford gates for its ``rz``; ``None`` if there are other gates than that."""
    if not set(circuit.count_ops()) <= _CLIFFORD | {"rz"}:
        return None
    quarters = {1: SGate(), 2: ZGate(), 3: SdgGate()}
    clifford = circuit.copy_empty_like()
    for instruction in circuit.data:
        if not isinstance(instruction.operation, RZGate):
            clifford.append(instruction)
            continue
        turns = float(instruction.params[0]) / (math.pi / 2)
        if abs(turns - round(turns)) > 1e-9:
            return None
        if round(turns) % 4:
            clifford.append(quarters[round(turns) % 4], instruction.qubits)
    return clifford
