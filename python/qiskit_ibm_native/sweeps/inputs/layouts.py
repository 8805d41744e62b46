# SPDX-License-Identifier: Apache-2.0
"""Initial layouts of a sweep: one for all circuits, one for each by name, or several of these with names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import index
from typing import TYPE_CHECKING, Any

from .choices import Choices, wrong

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


class LayoutChoice:
    """A value of the axis ``initial_layout``."""

    def __init__(self, name: str | None, layout: Any) -> None:
        """Keep a layout, or a mapping from names of circuits to layouts.

        Args:
            name: Its name; ``None`` if the qubits are its name.
            layout: What was given.
        """
        self.name = name
        self.layout = layout
        #: Names of circuits that were given a layout by name.
        self.placed: set[str] = set()

    def layout_of(self, circuit: QuantumCircuit) -> tuple[int, ...] | None:
        """Return the physical qubit of each qubit of a circuit.

        Raises:
            IBMInputValueError: The layout is none of this circuit.
        """
        layout = self.layout
        if _is_by_name(layout):
            self.placed.add(circuit.name)
            layout = layout.get(circuit.name)
        return None if layout is None else _placed(circuit, layout)

    def name_of(self, layout: tuple[int, ...] | None) -> str | None:
        """Return the name of a layout of this choice; ``None`` if there is none."""
        if self.name is not None or layout is None:
            return self.name
        return ", ".join(map(str, layout))


NO_LAYOUT: Sequence[LayoutChoice] = (LayoutChoice(None, None),)


def layout_choices(given: Any) -> Sequence[LayoutChoice]:
    """Return the values of the axis ``initial_layout``.

    Raises:
        IBMInputValueError: There is none.
    """
    if isinstance(given, Choices):
        return [LayoutChoice(name, layout) for name, layout in given.items()]
    if given is None:
        # With a store of its own for the names of circuits.
        return [LayoutChoice(None, None)]
    if _is_one(given):
        return [LayoutChoice(None, given)]
    layouts = list(given)
    return [LayoutChoice("none" if layout is None else None, layout) for layout in layouts]


def check_names(choices: Sequence[LayoutChoice]) -> None:
    """Check that layouts by name are those of circuits.

    Raises:
        IBMInputValueError: A name is that of no circuit.
    """
    for choice in choices:
        if _is_by_name(choice.layout) and (unknown := set(choice.layout) - choice.placed):
            raise wrong(f"initial_layout names circuits that are not there: {sorted(unknown)}")


def _is_one(given: Any) -> bool:
    if isinstance(given, Mapping) or hasattr(given, "get_virtual_bits") or not isinstance(given, Iterable):
        return True
    items = list(given)
    return not items or not all(_is_layout(item) for item in items)


def _is_layout(item: Any) -> bool:
    return (
        item is None
        or hasattr(item, "get_virtual_bits")
        or isinstance(item, Mapping | list | tuple | range)
        or (hasattr(item, "ndim") and item.ndim == 1)
    )


def _is_by_name(layout: Any) -> bool:
    return isinstance(layout, Mapping) and bool(layout) and all(isinstance(key, str) for key in layout)


def _placed(circuit: QuantumCircuit, layout: Any) -> tuple[int, ...]:
    try:
        # Qiskit's Layout gives the index of a qubit, as a dictionary does.
        is_list = isinstance(layout, Iterable) and not isinstance(layout, Mapping)
        is_list = is_list and not hasattr(layout, "get_virtual_bits")
        chosen = tuple(index(qubit) for qubit in (layout if is_list else [layout[qubit] for qubit in circuit.qubits]))
    except (KeyError, TypeError, ValueError) as error:
        raise wrong(f"initial_layout does not place the qubits of {circuit.name!r}: {error}") from error
    if len(chosen) != circuit.num_qubits or len(set(chosen)) != len(chosen) or min(chosen, default=0) < 0:
        raise wrong(
            f"initial_layout of {circuit.name!r} must be {circuit.num_qubits} different qubits, not {list(chosen)}"
        )
    return chosen
