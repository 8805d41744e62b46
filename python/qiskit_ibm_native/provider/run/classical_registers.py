# SPDX-License-Identifier: Apache-2.0
"""Classical bits: how a circuit's registers travel through a sampler, and where each measured bit belongs afterwards.

A sampler returns one array a register, knows nothing of bits outside registers, takes bit ``j`` of a register to be the
``j``-th one after its first, and cannot name a register ``shape``. Circuits know no such limits. A circuit beyond them is
sent with other registers over the same bits; a :class:`Layout` remembers what is where.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import CircuitInstruction, ControlFlowOp
from qiskit.primitives.containers import DataBin

from ...exceptions import IBMBackendValueError

#: Bits, and qubits, that a circuit which comes back may have. What a record claims is made, name by name.
MAX_BITS = 10**6


@dataclass(frozen=True)
class Layout:
    """Where the measured bits of a circuit are.

    Attributes:
        fields: By register of the circuit as sent: its name, and the index in ``circuit.clbits`` of each of its bits.
        num_clbits: How many classical bits the circuit has. Fields may have others behind them, which are dropped.
        is_measured: Whether anything is ever measured.
        registers: The registers of the circuit as given, if it was sent with others: names, and indices of their bits.
    """

    fields: tuple[tuple[str, tuple[int, ...]], ...]
    num_clbits: int
    is_measured: bool
    registers: tuple[tuple[str, tuple[int, ...]], ...] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the one register is the word."""
        return len(self.fields) == 1 and self.fields[0][1] == tuple(range(self.num_clbits))

    def to_record(self) -> dict[str, Any]:
        """Return what :meth:`from_record` makes the layout of, as JSON can have it."""
        record = {"fields": _spelled(self.fields), "num_clbits": self.num_clbits, "is_measured": self.is_measured}
        return record if self.registers is None else record | {"registers": _spelled(self.registers)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Layout:
        """Create the layout of what :meth:`to_record` returned."""
        registers = record.get("registers")
        if not isinstance(record["num_clbits"], int) or not 0 <= record["num_clbits"] <= MAX_BITS:
            raise ValueError(f"a circuit with {record['num_clbits']!r} bits")
        return cls(
            _read(record["fields"]), record["num_clbits"], record["is_measured"],
            None if registers is None else _read(registers),
        )  # fmt: skip


def _spelled(fields: Iterable[tuple[str, tuple[int, ...]]]) -> list[list[Any]]:
    """Return fields with ranges as first and length: most are."""
    return [
        [name, bits[0], len(bits)]
        if bits and bits == tuple(range(bits[0], bits[0] + len(bits)))
        else [name, list(bits)]
        for name, bits in fields
    ]


def _read(fields: Iterable[list[Any]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    if sum(place[1] if len(place) == 2 else len(place[0]) for _, *place in fields) > MAX_BITS:
        raise ValueError(f"registers of more than {MAX_BITS} bits")
    return tuple(
        (name, tuple(range(place[0], place[0] + place[1])) if len(place) == 2 else tuple(place[0]))
        for name, *place in fields
    )


def arrange(circuit: QuantumCircuit) -> tuple[QuantumCircuit, Layout]:
    """Return the circuit as a sampler can take it, and where its bits are.

    Args:
        circuit: Any circuit. It is not changed, and returned itself if a sampler can take it as it is.

    Raises:
        IBMBackendValueError: A condition is on a register that shares bits with another one. No register of a sampler can
            stand for it.
    """
    index = {bit: place for place, bit in enumerate(circuit.clbits)}
    registers = tuple((register.name, tuple(index[bit] for bit in register)) for register in circuit.cregs)
    fields, can_stay = _disjoint(registers, circuit.num_clbits)
    is_measured = measures(circuit)
    if can_stay:
        return circuit, Layout(fields, circuit.num_clbits, is_measured)
    return _with_registers(circuit, fields), Layout(fields, circuit.num_clbits, is_measured, registers)


def _disjoint(
    registers: Iterable[tuple[str, tuple[int, ...]]], num_clbits: int
) -> tuple[tuple[tuple[str, tuple[int, ...]], ...], bool]:
    """Return registers that a sampler can take and that cover every bit once, and whether they are the given ones."""
    registers = tuple(registers)
    names = {name for name, _ in registers}
    taken: set[int] = set()
    fields: list[tuple[str, tuple[int, ...]]] = []
    can_stay = True
    for name, bits in registers:
        new = tuple(dict.fromkeys(bit for bit in bits if bit not in taken))
        is_given = new == bits and bool(bits) and _is_possible(name)
        can_stay &= is_given and new == tuple(range(new[0], new[0] + len(new)))
        if new:
            fields.append((name if is_given else _fresh("register", names), new))
            taken.update(new)
    loose = tuple(bit for bit in range(num_clbits) if bit not in taken)
    if loose:
        fields.append((_fresh("loose", names), loose))
    return tuple(fields), can_stay and not loose


def _is_possible(name: str) -> bool:
    """Return whether a sampler can name a register so: results are attributes of a ``DataBin``."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in ("self", "shape")
        and not hasattr(DataBin, name)
        and name not in getattr(DataBin, "_RESTRICTED_NAMES", ())
    )


def _fresh(stem: str, names: set[str]) -> str:
    number = 0
    while f"{stem}{number}" in names:
        number += 1
    names.add(f"{stem}{number}")
    return f"{stem}{number}"


def _with_registers(
    circuit: QuantumCircuit, registers: Iterable[tuple[str, tuple[int, ...]]], metadata: dict[str, Any] | None = None
) -> QuantumCircuit:
    """Return the circuit with other classical registers over the same bits."""
    other = QuantumCircuit(circuit.qubits, *circuit.qregs, circuit.clbits, name=circuit.name, metadata=metadata)
    for name, bits in registers:
        other.add_register(ClassicalRegister(name=name, bits=[circuit.clbits[bit] for bit in bits]))
    expected = len(other.cregs)
    # Composing looks for a register of the same bits for each condition, and adds one if there is none.
    other.compose(circuit, circuit.qubits, circuit.clbits, inplace=True)
    if len(other.cregs) != expected:
        raise IBMBackendValueError(
            f"Circuit {circuit.name} has a condition on a classical register that shares bits with another register."
            " Use registers that share none, or conditions on single bits."
        )
    other.global_phase = circuit.global_phase
    other._layout = circuit._layout
    return other


def restore(circuit: QuantumCircuit, layout: Layout, metadata: dict[str, Any]) -> QuantumCircuit:
    """Return the circuit as it was given, of the circuit as it was sent."""
    if layout.registers is None:
        circuit.metadata = metadata
        return circuit
    try:
        return _with_registers(circuit, layout.registers, metadata)
    except IBMBackendValueError:
        # A condition on a register with another name now; the circuit as it was sent does the same.
        circuit.metadata = metadata
        return circuit


def measures(circuit: QuantumCircuit) -> bool:
    """Return whether anything in a circuit writes to a classical bit."""
    if any(name.startswith("measure") for name in circuit.count_ops()):
        return True
    return any(_measures(instruction) for instruction in circuit.data)


def _measures(instruction: CircuitInstruction) -> bool:
    operation = instruction.operation
    if isinstance(operation, ControlFlowOp):
        return any(measures(block) for block in operation.blocks)
    if operation.name == "store":
        return bool(instruction.clbits)
    return bool(instruction.clbits) and operation.definition is not None and measures(operation.definition)


def describe(circuit: QuantumCircuit, layout: Layout, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a circuit: what its result's header is made of, as JSON can have it."""
    phase = circuit.global_phase
    return {
        "name": circuit.name,
        "n_qubits": circuit.num_qubits,
        "qregs": [[register.name, register.size] for register in circuit.qregs],
        "global_phase": float(phase) if isinstance(phase, int | float) else 0.0,
        "layout": layout.to_record(),
        "metadata": metadata,
    }


def header_of(record: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    """Return the header of a circuit's result, by which ``Result`` finds it and formats its counts."""
    registers = layout.fields if layout.registers is None else layout.registers
    if sum(size for _, size in record["qregs"]) > MAX_BITS:
        raise ValueError(f"registers of more than {MAX_BITS} qubits")
    return {
        "name": record["name"],
        "n_qubits": record["n_qubits"],
        "memory_slots": layout.num_clbits,
        "creg_sizes": [[name, len(bits)] for name, bits in registers],
        "clbit_labels": [[name, place] for name, bits in registers for place in range(len(bits))],
        "qreg_sizes": record["qregs"],
        "qubit_labels": [[name, place] for name, size in record["qregs"] for place in range(size)],
        "global_phase": record["global_phase"],
        "metadata": record["metadata"],
    }
