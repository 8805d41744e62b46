# SPDX-License-Identifier: Apache-2.0
"""Qiskit's parameters in pulses: those that payloads name, and how values are put in their place."""

from __future__ import annotations

import math
import operator
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .errors import pulse_error

if TYPE_CHECKING:
    from qiskit.circuit import Parameter

    #: A number, a parameter's name, or an operator with its operands.
    Tree = float | str | tuple[Any, ...]

#: Parameters of payloads are known by their names, so equal names mean equal parameters, in every process.
_NAMESPACE = uuid.UUID("6f0b9a52-3b0e-4a0c-9a53-5f6f0a7a4c11")

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
#: Functions of parameters, by the names that payloads have for them.
_METHODS = {
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "cos": "cos",
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "tan": "tan",
}


@lru_cache(maxsize=256)
def parameter(name: str) -> Parameter:
    """Return the parameter that payloads call ``name``."""
    from qiskit.circuit import Parameter

    return Parameter(name, uuid=uuid.uuid5(_NAMESPACE, name))


def expression(tree: Tree) -> Any:
    """Return the value of a tree: a float, which a tree without parameters is already, or one of Qiskit's expressions.

    Raises:
        PulseError: The tree calls a function of a parameter that Qiskit does not have.
    """
    if isinstance(tree, str):
        return parameter(tree)
    if not isinstance(tree, tuple):
        return tree
    name, operands = tree[0], [expression(operand) for operand in tree[1:]]
    if name == "-":
        return -operands[0] if len(operands) == 1 else operands[0] - operands[1]
    if name in _OPERATORS:
        return _OPERATORS[name](*operands)
    if name in _METHODS:
        return getattr(operands[0], _METHODS[name])()
    raise pulse_error(f"{name}() of a parameter cannot be expressed.")


def parameters_of(values: Any) -> set[Any]:
    """Return the unbound parameters of some values."""
    return {one for value in values if hasattr(value, "parameters") for one in value.parameters}


def bound(value: Any, values: Mapping[Any, Any]) -> Any:
    """Return a value with parameters replaced: a number if none is left.

    Raises:
        PulseError: What is left is no number.
    """
    if not getattr(value, "parameters", None):
        return value
    given = value
    try:
        for one in value.parameters & values.keys():
            value = value.assign(one, values[one])
        if value.parameters:
            return value
        number = value.numeric()
    except Exception as error:
        # Qiskit has six classes between its versions for a value that does not fit.
        raise pulse_error(f"{given} cannot be bound: {error}") from None
    if isinstance(number, complex) or not math.isfinite(number):
        raise pulse_error(f"{given} became {number}, which is not a finite real number.")
    return number


def by_parameter(values: Mapping[Any, Any], known: set[Any]) -> dict[Any, Any]:
    """Return values by parameter, given by parameter, by name or by vector.

    Raises:
        PulseError: There is no parameter of a name, or a vector has another length than its values.
    """
    found: dict[Any, Any] = {}
    for key, value in values.items():
        if isinstance(key, str):
            named = {one for one in known if one.name == key}
            of_vector = {one for one in known if getattr(getattr(one, "vector", None), "name", None) == key}
            if named:
                found.update(dict.fromkeys(named, value))
            elif of_vector:
                found.update({one: value[one.index] for one in of_vector})
            else:
                names = ", ".join(sorted(one.name for one in known)) or "none"
                raise pulse_error(f"There is no parameter {key!r}; unbound parameters: {names}.")
        elif hasattr(key, "params"):
            if len(key) != len(value):
                raise pulse_error(f"{len(value)} values were given for the {len(key)} parameters of {key.name!r}.")
            found.update(zip(key, value, strict=True))
        else:
            found[key] = value
    return found
