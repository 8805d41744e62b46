# SPDX-License-Identifier: Apache-2.0
"""Qiskit's operations by the names that devices use, and those that IBM calls fractional."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from qiskit.circuit import Delay, Gate, Instruction, Parameter
from qiskit.circuit.controlflow import ForLoopOp, IfElseOp, SwitchCaseOp, WhileLoopOp
from qiskit.circuit.library.standard_gates import PhaseGate, RZGate, U1Gate, get_standard_gate_name_mapping

from .. import _native

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CONTROL_FLOW: dict[str, type] = {
    "if_else": IfElseOp,
    "while_loop": WhileLoopOp,
    "for_loop": ForLoopOp,
    "switch_case": SwitchCaseOp,
}

#: Bounds of angles by operation, rad; the transpiler folds other angles.
ANGLE_BOUNDS: dict[str, list[tuple[float, float]]] = {"rzz": [(0.0, math.pi / 2)]}


@cache
def standard_operations() -> dict[str, Any]:
    """Return Qiskit's operations by name. They are made once, because that takes 0.1 ms."""
    return dict(get_standard_gate_name_mapping())


@cache
def _standard_gate_table() -> _native.Vocabulary:
    return _gate_table(standard_operations())


def gate_table(custom: Mapping[str, Any] | None) -> _native.Vocabulary:
    """Return the planner's table of operation names: Qiskit's names, overridden by the caller's."""
    return _gate_table({**standard_operations(), **custom}) if custom else _standard_gate_table()


def _gate_table(operations: Mapping[str, Any]) -> _native.Vocabulary:
    num_qubits = {name: _num_qubits(operation) for name, operation in operations.items()}
    fractional = {name for name, operation in standard_operations().items() if _is_fractional(operation)}
    return _native.Vocabulary(num_qubits, fractional)


def _num_qubits(operation: Any) -> int | None:
    return None if isinstance(operation, type) else operation.num_qubits


def _is_fractional(operation: Any) -> bool:
    """Return whether a gate rotates by a continuous angle in a time that is not zero, as IBM's compiler defines it."""
    return bool(operation.params) and not isinstance(operation, RZGate | PhaseGate | U1Gate | Delay)


@cache
def _parametrised() -> dict[str, tuple[type, list[Parameter]]]:
    """Return the class and the parameters of each operation that has parameters."""
    operations = standard_operations().items()
    return {name: (type(operation), operation.params) for name, operation in operations if operation.params}


def known_operation(name: str, custom: Mapping[str, Any] | None) -> Any:
    """Return the operation that a target gets for ``name``.

    Singletons are shared by all targets, as they are all over Qiskit; a gate with parameters can be changed, so every
    target gets its own, of the same parameters.
    """
    if custom and name in custom:
        return custom[name]
    parametrised = _parametrised().get(name)
    if parametrised is None:
        return standard_operations()[name]
    operation, parameters = parametrised
    return operation(*parameters)


def device_operation(planned: _native.TargetOperation) -> Instruction:
    """Return an operation that only the device defines: a gate or an instruction."""
    symbols = [Parameter(parameter) for parameter in planned.parameters]
    if planned.kind == "gate":
        return Gate(planned.name, planned.num_qubits, symbols)
    return Instruction(planned.name, planned.num_qubits, planned.num_clbits, symbols)
