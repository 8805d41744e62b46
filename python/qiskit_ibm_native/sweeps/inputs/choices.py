# SPDX-License-Identifier: Apache-2.0
"""Axes of a sweep: one value, several, or values with names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .fingerprint import fingerprint

#: Characters of the longest name that is made of a value's content, and digits of a digest that tells values apart.
_MAX_NAME, _DIGITS = 60, 8


class Choices:
    """Values of one axis of a sweep, with names that show up in results and tables.

    ::

        Sweep(circuits, "fez", initial_layout=Choices({"left": [0, 1, 2], "right": [5, 6, 7]}))

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Choices, Sweep
        >>> layouts = Choices({"left": [0, 1], "right": [3, 4]})
        >>> [task.axes for task in Sweep(QuantumCircuit(2), "lima", initial_layout=layouts)]
        [{'initial_layout': 'left'}, {'initial_layout': 'right'}]
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Name values.

        Args:
            values: The values by name, in their order.

        Raises:
            IBMInputValueError: There are none, or a name is no text.
        """
        if not isinstance(values, Mapping) or not values:
            raise wrong(f"Choices are values by name, at least one of them, not {values!r:.100}")
        for name in values:
            if not isinstance(name, str) or not name.strip():
                raise wrong(f"names of Choices are texts, not {name!r:.100}")
        self._values = dict(values)

    def items(self) -> list[tuple[str, Any]]:
        """Return names and values."""
        return list(self._values.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Choices({self._values!r})"


class Choice(NamedTuple):
    """A value of an axis."""

    name: str
    value: Any


def choices_of(
    axis: str,
    given: Any,
    *,
    is_one: Callable[[Any], bool],
    read: Callable[[Any], Any],
    text: Callable[[Any], str],
    digest: Callable[[Any], bytes] = fingerprint,
) -> list[Choice]:
    """Return the values of an axis with names, which differ where values do.

    Args:
        axis: The argument of the sweep.
        given: One value, several, or :class:`Choices`.
        is_one: Tells whether that is one value.
        read: Checks a value and returns it as the sweep keeps it.
        text: Returns a name for a value that has none.
        digest: Returns a digest of a value, for names that are too long, or the same.

    Raises:
        IBMInputValueError: There is no value, or it is wrong.
    """
    if isinstance(given, Choices):
        return [Choice(name, read(value)) for name, value in given.items()]
    if not is_one(given) and not isinstance(given, Iterable):
        raise wrong(f"{axis} is one value, several or Choices, not {given!r:.100}")
    values = [read(value) for value in ([given] if is_one(given) else given)]
    if not values:
        raise wrong(f"{axis} must have at least one value")
    names = [text(value) for value in values]
    count = Counter(names)
    return [
        Choice(name if count[name] == 1 and len(name) <= _MAX_NAME else _told_apart(name, digest(value)), value)
        for name, value in zip(names, values, strict=True)
    ]


def _told_apart(name: str, digest: bytes) -> str:
    short = name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 3]}..."
    return f"{short} #{digest.hex()[:_DIGITS]}"


def wrong(message: str) -> Exception:
    """Return the error of an invalid argument."""
    from ...exceptions import IBMInputValueError

    return IBMInputValueError(message if message.endswith(("?", ".")) else f"{message}.")
