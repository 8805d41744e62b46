# SPDX-License-Identifier: Apache-2.0
"""Differences between two targets, in what the transpiler reads of them; the order of operations is no difference."""

from __future__ import annotations

import math
from collections.abc import Iterator
from inspect import isclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit.transpiler import Target

#: Differences that are told.
_MOST = 20


def target_differences(one: Target, other: Target) -> list[str]:
    """Return where two targets differ, in words, the first twenty places; floats are compared bit by bit."""
    found: list[str] = []
    for difference in _differences(one, other):
        found.append(difference)
        if len(found) == _MOST:
            break
    return found


def _differences(one: Target, other: Target) -> Iterator[str]:
    for name in ("num_qubits", "dt", "granularity", "min_length", "pulse_alignment", "acquire_alignment"):
        yield from _values(name, getattr(one, name), getattr(other, name))
    for name in sorted({*one.operation_names, *other.operation_names}):
        if name not in one or name not in other:
            yield f"{name} is in one of them only"
            continue
        yield from _values(f"operation {name}", _kind(one, name), _kind(other, name))
        yield from _entries(name, one[name], other[name])
    qubits, others = (target.qubit_properties or [None] * (target.num_qubits or 0) for target in (one, other))
    for number, pair in enumerate(zip(qubits, others, strict=False)):
        for name in ("t1", "t2", "frequency"):
            yield from _values(f"{name} of qubit {number}", *(getattr(qubit, name, None) for qubit in pair))


def _kind(target: Target, name: str) -> Any:
    operation = target.operation_from_name(name)
    return operation if isclass(operation) else (type(operation), operation.num_qubits, len(operation.params))


def _entries(name: str, one: Any, other: Any) -> Iterator[str]:
    for qargs in sorted({*one, *other}, key=repr):
        where = f"{name} on {qargs}"
        if qargs not in one or qargs not in other:
            yield f"{where} is in one of them only"
            continue
        for attribute in ("duration", "error"):
            values = (getattr(entries[qargs], attribute, None) for entries in (one, other))
            yield from _values(f"{attribute} of {where}", *values)


def _values(where: str, one: Any, other: Any) -> Iterator[str]:
    if not _are_equal(one, other):
        yield f"{where}: {one!r:.80} and {other!r:.80}"


def _are_equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or (one == other and math.copysign(1, one) == math.copysign(1, other))
    return bool(type(one) is type(other) and one == other)
