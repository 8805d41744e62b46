# SPDX-License-Identifier: Apache-2.0
"""Classical registers: the ones that a sampler takes for a circuit, and the bits of the circuit that its results are.

A sampler returns one array a register, knows nothing of bits outside registers, takes bit ``j`` of a register to be the
``j``-th one after its first, and cannot name a register ``shape``. Circuits know no such limits. A circuit beyond them
is sent with other registers over the same bits; a :class:`RegisterLayout` maps these back.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import CircuitInstruction, Clbit, ControlFlowOp
from qiskit.primitives.containers import DataBin

from ...exceptions import IBMBackendValueError

#: A register: its name, and the indices of its bits in ``circuit.clbits``.
Register = tuple[str, tuple[int, ...]]
#: The largest number of bits, and of qubits, of a circuit that comes back: a record decides how many names are made.
MAX_BITS = 10**6


@dataclass(frozen=True)
class RegisterLayout:
    """The classical registers of a circuit as it is sent.

    Attributes:
        sent_registers: The registers of the circuit as sent.
        num_clbits: The number of classical bits of the circuit as given. Bits of sent registers from this index on are
            left out of results.
        is_measured: Whether the circuit writes to any classical bit.
        given_registers: The registers of the circuit as given, if it was sent with others.
    """

    sent_registers: tuple[Register, ...]
    num_clbits: int
    is_measured: bool
    given_registers: tuple[Register, ...] | None = None

    @property
    def is_single_register(self) -> bool:
        """Whether a single register covers all bits in order, so that its packed bits are the result as it is."""
        return len(self.sent_registers) == 1 and self.sent_registers[0][1] == tuple(range(self.num_clbits))

    def to_record(self) -> dict[str, Any]:
        """Return the layout as JSON can hold it."""
        record = {
            "fields": _to_json(self.sent_registers),
            "num_clbits": self.num_clbits,
            "is_measured": self.is_measured,
        }
        return record if self.given_registers is None else record | {"registers": _to_json(self.given_registers)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> RegisterLayout:
        """Create the layout of a record that :meth:`to_record` returned."""
        registers = record.get("registers")
        if not isinstance(record["num_clbits"], int) or not 0 <= record["num_clbits"] <= MAX_BITS:
            raise ValueError(f"a circuit with {record['num_clbits']!r} bits")
        return cls(
            _from_json(record["fields"]), record["num_clbits"], record["is_measured"],
            None if registers is None else _from_json(registers),
        )  # fmt: skip


def _to_json(registers: Iterable[Register]) -> list[list[Any]]:
    """Return registers for JSON; contiguous bits, as most are, as first index and length."""
    return [
        [name, bits[0], len(bits)]
        if bits and bits == tuple(range(bits[0], bits[0] + len(bits)))
        else [name, list(bits)]
        for name, bits in registers
    ]


def _from_json(registers: Iterable[list[Any]]) -> tuple[Register, ...]:
    if sum(bits[1] if len(bits) == 2 else len(bits[0]) for _, *bits in registers) > MAX_BITS:
        raise ValueError(f"registers of more than {MAX_BITS} bits")
    return tuple(
        (name, tuple(range(bits[0], bits[0] + bits[1])) if len(bits) == 2 else tuple(bits[0]))
        for name, *bits in registers
    )


def to_sampler_registers(circuit: QuantumCircuit) -> tuple[QuantumCircuit, RegisterLayout]:
    """Return the circuit with registers that a sampler takes, and their layout.

    Args:
        circuit: Any circuit. It is not changed, and returned itself if a sampler can take it as it is.

    Raises:
        IBMBackendValueError: A condition is on a register that shares bits with another one. No register of a sampler
            can stand for it.
    """
    index_of = {bit: index for index, bit in enumerate(circuit.clbits)}
    registers = tuple((register.name, tuple(index_of[bit] for bit in register)) for register in circuit.cregs)
    fields, can_stay = _disjoint(registers, circuit.num_clbits)
    is_measured = measures(circuit)
    if can_stay:
        return circuit, RegisterLayout(fields, circuit.num_clbits, is_measured)
    return _with_registers(circuit, fields), RegisterLayout(fields, circuit.num_clbits, is_measured, registers)


def _disjoint(registers: Iterable[Register], num_clbits: int) -> tuple[tuple[Register, ...], bool]:
    """Return registers that a sampler can take and that cover every bit once, and whether they are the given ones."""
    registers = tuple(registers)
    names = {name for name, _ in registers}
    taken: set[int] = set()
    fields: list[Register] = []
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
    circuit: QuantumCircuit, registers: Iterable[Register], metadata: dict[str, Any] | None = None
) -> QuantumCircuit:
    """Return the circuit with other classical registers over as many bits."""
    # New bits: Qiskit 2.2 writes no register over bits that were made for another one into QPY.
    clbits = [Clbit() for _ in circuit.clbits]
    other = QuantumCircuit(circuit.qubits, *circuit.qregs, clbits, name=circuit.name, metadata=metadata)
    for name, bits in registers:
        other.add_register(ClassicalRegister(name=name, bits=[clbits[bit] for bit in bits]))
    expected = len(other.cregs)
    # Composing looks for a register of the same bits for each condition, and adds one if there is none.
    other.compose(circuit, circuit.qubits, clbits, inplace=True)
    if len(other.cregs) != expected:
        raise IBMBackendValueError(
            f"Circuit {circuit.name} has a condition on a classical register that shares bits with another register."
            " Use registers that share none, or conditions on single bits."
        )
    other.global_phase = circuit.global_phase
    other._layout = circuit._layout
    return other


def restore(circuit: QuantumCircuit, layout: RegisterLayout, metadata: dict[str, Any]) -> QuantumCircuit:
    """Return the circuit as it was given, made of the circuit as it was sent."""
    if layout.given_registers is None:
        circuit.metadata = metadata
        return circuit
    try:
        return _with_registers(circuit, layout.given_registers, metadata)
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


def describe(circuit: QuantumCircuit, layout: RegisterLayout, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a circuit, of which its result's header is made, as JSON can hold it."""
    phase = circuit.global_phase
    return {
        "name": circuit.name,
        "n_qubits": circuit.num_qubits,
        "qregs": [[register.name, register.size] for register in circuit.qregs],
        "global_phase": float(phase) if isinstance(phase, int | float) else 0.0,
        "layout": layout.to_record(),
        "metadata": metadata,
    }


def header_of(record: Mapping[str, Any], layout: RegisterLayout) -> dict[str, Any]:
    """Return the header of a circuit's result, by which ``Result`` finds it and formats its counts."""
    registers = layout.sent_registers if layout.given_registers is None else layout.given_registers
    if sum(size for _, size in record["qregs"]) > MAX_BITS:
        raise ValueError(f"registers of more than {MAX_BITS} qubits")
    return {
        "name": record["name"],
        "n_qubits": record["n_qubits"],
        "memory_slots": layout.num_clbits,
        "creg_sizes": [[name, len(bits)] for name, bits in registers],
        "clbit_labels": [[name, index] for name, bits in registers for index in range(len(bits))],
        "qreg_sizes": record["qregs"],
        "qubit_labels": [[name, index] for name, size in record["qregs"] for index in range(size)],
        "global_phase": record["global_phase"],
        "metadata": record["metadata"],
    }
