# SPDX-License-Identifier: Apache-2.0
"""Targets without the values of their calibrations."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit.transpiler import Target


def topology(target: Target) -> bytes | None:
    """Return a digest of what layout and routing can see of a target; ``None`` if it has operations of its own.

    These are operations and their qargs, in their order, by which equally good layouts are told apart. An error of 1,
    or one that is no number, may make qubits unusable; values of other errors rank layouts, and matter when one is
    found.
    """
    digest = hashlib.sha256(repr(target.num_qubits).encode())
    for name in target.operation_names:
        if not _is_known(name, target.operation_from_name(name)):
            return None
        digest.update(f" {name} ".encode())
        entries = target[name]
        # A gate for all qubits has one entry, of no qargs.
        for qargs, properties in entries.items() if entries else ():
            digest.update(repr((qargs, _is_odd(getattr(properties, "error", None)))).encode())
    return digest.digest()


def _is_known(name: str, operation: Any) -> bool:
    """Return whether Qiskit has an operation of that name, and it is that one, with any parameters."""
    from qiskit.circuit import Parameter
    from qiskit.circuit.library import get_standard_gate_name_mapping

    if isinstance(operation, type):
        # Control flow, and barriers of any size.
        return operation.__module__.startswith("qiskit.circuit.")
    standard = get_standard_gate_name_mapping().get(name)
    if standard is None or standard.base_class is not operation.base_class:
        return False
    return all(isinstance(value, Parameter) for value in operation.params) or operation.params == standard.params


def _is_odd(error: float | None) -> bool | None:
    return None if error is None else not 0.0 <= error < 1.0
