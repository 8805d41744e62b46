# SPDX-License-Identifier: Apache-2.0
"""Circuits as bytes: QPY with a note of the units of delays, which QPY leaves out.

The note is a list of units, one for each delay. QPY does not read back a duration that is no whole number without its
unit: it has none of these, and the note has unit and duration.

Ledgers keep circuits of standard gates in columns (:func:`encode_kept`): QPY takes five times as long to write those.

Circuits that QPY does not give back as they were are sent to workers as pickles, as Qiskit itself sends circuits to
processes.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from .fingerprint import circuit_fingerprint
from .pickling import Pickled, pickled, unpickled

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import Delay

#: Bytes of the largest circuit that a ledger keeps: eight million gates.
MAX_CIRCUIT = 512 << 20
_QPY, _PICKLE = b"Q", b"P"
#: First byte of circuits in columns; those of :func:`encode` begin with a note or a line feed.
_COLUMNS = b"C"
#: First bytes of QPY, and the oldest version that is read: from that on, there is neither text for sympy nor a pickle
#: of symengine.
_MAGIC, _OLDEST = b"QISKIT", bytes([13])
#: Units of delays that QPY gives back.
_KEPT = frozenset({"dt", "expr"})


def encode(circuit: QuantumCircuit) -> bytes:
    """Return a circuit as bytes.

    Raises:
        IBMInputValueError: QPY cannot write the circuit.
    """
    from qiskit import qpy

    from ...exceptions import IBMInputValueError

    units = list(_units(circuit))
    note = json.dumps(units) if any(isinstance(unit, list) or unit not in _KEPT for unit in units) else ""
    file = io.BytesIO()
    try:
        qpy.dump(_with_delays(circuit, _without_fraction) if note else circuit, file)
    except Exception as error:
        raise IBMInputValueError(f"Circuit {circuit.name!r} cannot be written as QPY: {error}") from error
    return f"{note}\n".encode() + file.getvalue()


def decode(content: bytes) -> QuantumCircuit:
    """Return the circuit that :func:`encode` or :func:`encode_kept` wrote.

    Raises:
        ValueError: The content is no QPY, or of a version that evaluates expressions. Qiskit raises other exceptions.
    """
    from qiskit import qpy

    if content.startswith(_COLUMNS):
        return _from_columns(content)
    note, _, file = content.partition(b"\n")
    if file[: len(_MAGIC)] != _MAGIC or file[len(_MAGIC) : len(_MAGIC) + 1] < _OLDEST:
        raise ValueError("it is not QPY, or it is of a version before 13, which Qiskit 1.3 was the first to write")
    (circuit,) = qpy.load(io.BytesIO(file))
    if not note:
        return circuit
    units = iter(json.loads(note))
    return _with_delays(circuit, lambda delay: _restored(delay, next(units)))


def encode_kept(circuit: QuantumCircuit) -> bytes:
    """Return a circuit as bytes, which :func:`decode` reads: its instructions in columns if they fit there.

    Raises:
        IBMInputValueError: The circuit can be written in no form.
    """
    from ... import _native

    instructions = _native.pack_instructions(circuit, _plain_classes())
    if instructions is None:
        return encode(circuit)
    return _COLUMNS + len(instructions).to_bytes(4, "little") + instructions + encode(circuit.copy_empty_like())


@cache
def _plain_classes() -> dict[str, type]:
    """Return the operations without a definition that have no more to them than name, bits and numbers."""
    from qiskit.circuit import Barrier, Delay, Measure, Reset

    return {"barrier": Barrier, "delay": Delay, "measure": Measure, "reset": Reset}


def _from_columns(content: bytes) -> QuantumCircuit:
    from qiskit import QuantumCircuit
    from qiskit.circuit import Barrier, CircuitInstruction, Delay
    from qiskit.circuit.library import get_standard_gate_name_mapping

    from ... import _native

    begin = len(_COLUMNS) + 4
    end = begin + int.from_bytes(content[len(_COLUMNS) : begin], "little")
    kinds, instructions = _native.unpack_instructions(content[begin:end])
    circuit = decode(content[end:])
    gates = get_standard_gate_name_mapping()
    classes: dict[str, Any] = {**_plain_classes(), **{name: gate.base_class for name, gate in gates.items()}}
    # Gates without parameters are the same object each time.
    once = {name: classes[name]() for name, params in kinds if not params and name != "barrier"}
    qubits, clbits = circuit.qubits, circuit.clbits

    def operation(name: str, params: tuple[float, ...], size: int) -> Any:
        if name == "barrier":
            return Barrier(size)
        if name.startswith("delay "):
            _, unit, kind = name.split()
            return Delay(int(params[0]) if kind == "int" else params[0], unit)
        return once.get(name) or classes[name](*params)

    filled = QuantumCircuit.from_instructions(
        (
            CircuitInstruction(
                operation(kinds[kind][0], params, len(qargs)),
                [qubits[qubit] for qubit in qargs],
                [clbits[clbit] for clbit in cargs],
            )
            for kind, qargs, cargs, params in instructions
        ),
        qubits=qubits,
        clbits=clbits,
    )
    # To append each to the circuit takes four times as long.
    circuit.compose(filled, inplace=True, copy=False)
    return circuit


def encode_transfer(circuit: QuantumCircuit, digest: bytes) -> bytes:
    """Return a circuit as bytes for another process, which :func:`decode_transfer` reads.

    Args:
        circuit: Any circuit.
        digest: Its :func:`circuit_fingerprint`.

    Raises:
        IBMInputValueError: Neither QPY nor pickles can have it.
    """
    try:
        content = encode(circuit)
        if circuit_fingerprint(decode(content)) == digest:
            return _QPY + content
    except Exception:  # noqa: S110 (QPY cannot write it, for whatever reason)
        pass
    return _PICKLE + pickle.dumps(tuple(pickled(circuit, f"Circuit {circuit.name!r}")), protocol=5)


def decode_transfer(blob: bytes) -> QuantumCircuit:
    """Return the circuit that :func:`encode_transfer` wrote."""
    if blob.startswith(_QPY):
        return decode(blob[len(_QPY) :])
    circuit: QuantumCircuit = unpickled(Pickled(*pickle.loads(blob[len(_PICKLE) :])))  # noqa: S301 (from our own driver)
    return circuit


def _units(circuit: QuantumCircuit, *, within: str = "") -> Iterator[str | list[Any]]:
    """Return units of delays in their order, bodies of control flow included, some of them with the duration."""
    from ...exceptions import IBMInputValueError

    for instruction in circuit.data:
        if instruction.is_standard_gate():
            continue
        operation = instruction.operation
        if operation.name == "delay":
            if within and operation.unit not in _KEPT:
                raise IBMInputValueError(
                    f"Subroutine {within!r} has a delay in {operation.unit}, which QPY writes without its unit;"
                    " decompose() the circuit, or use dt."
                )
            yield [operation.unit, operation.duration] if _has_fraction(operation) else operation.unit
        for block in getattr(operation, "blocks", ()):
            yield from _units(block, within=within)
        definition = getattr(operation, "_definition", None)
        if definition is not None:
            # Nothing is yielded: delays inside of definitions are in dt, or an error.
            for _ in _units(definition, within=operation.name):
                pass


def _has_fraction(delay: Delay) -> bool:
    return isinstance(delay.duration, float) and delay.unit not in _KEPT


def _without_fraction(delay: Delay) -> Delay:
    from qiskit.circuit import Delay

    return Delay(0, "dt") if _has_fraction(delay) else delay


def _restored(delay: Delay, unit: str | list[Any]) -> Delay:
    """Return a delay with its own unit, and its duration if the note has it."""
    from qiskit.circuit import Delay

    unit, duration = unit if isinstance(unit, list) else (unit, delay.duration)
    return delay if unit == delay.unit else Delay(duration, unit)


def _with_delays(circuit: QuantumCircuit, change: Callable[[Delay], Delay]) -> QuantumCircuit:
    """Return a copy of a circuit whose delays are changed, in bodies of control flow, too."""
    # Qiskit panics when instructions of a body are replaced in place.
    changed = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation: Any = instruction.operation
        if operation.name == "delay":
            operation = change(operation)
        elif blocks := getattr(operation, "blocks", ()):
            operation = operation.replace_blocks([_with_delays(block, change) for block in blocks])
        changed.append(instruction.replace(operation=operation), copy=False)
    return changed
