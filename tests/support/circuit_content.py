# SPDX-License-Identifier: Apache-2.0
"""The content of circuits, to tell whether two are the same bit by bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterExpression


def content(circuit: QuantumCircuit) -> tuple[Any, ...]:
    """Return all that a circuit has; QPY has registers in another order each time."""
    qubits, clbits = ({bit: number for number, bit in enumerate(bits)} for bits in (circuit.qubits, circuit.clbits))
    instructions = [
        (
            instruction.name,
            tuple(map(_value, instruction.params)),
            instruction.label,
            getattr(instruction.operation, "unit", None),
            tuple(qubits[bit] for bit in instruction.qubits),
            tuple(clbits[bit] for bit in instruction.clbits),
        )
        for instruction in circuit.data
    ]
    layout = circuit.layout
    places = None if layout is None else (
        layout.initial_index_layout(), layout.final_index_layout(filter_ancillas=False), layout.routing_permutation(),
    )  # fmt: skip
    registers = circuit.qregs, circuit.cregs
    return instructions, _value(circuit.global_phase), circuit.name, circuit.metadata, places, registers


def outcome(make: Callable[[], QuantumCircuit]) -> Any:
    """Return the content of a circuit, or the error in its place: a text, or a panic of Rust."""
    try:
        return content(make())
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # panics of Rust are no Exceptions
        return f"{type(error).__name__}: {error}".partition("\n")[0]


def _value(value: Any) -> Any:
    if isinstance(value, QuantumCircuit):
        # The body of a branch, whose name Qiskit makes up.
        return content(value.copy(name="body"))
    if isinstance(value, ParameterExpression):
        # Its repr is its address, and QPY may write the terms of a sum in another order.
        parameters = sorted(value.parameters, key=lambda parameter: parameter.name)
        bound = complex(value.bind({parameter: 0.1 + 0.37 * number for number, parameter in enumerate(parameters)}))
        return [parameter.name for parameter in parameters], f"{bound:.12g}"
    return repr(value)
