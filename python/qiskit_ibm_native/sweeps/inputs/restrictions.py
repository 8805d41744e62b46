# SPDX-License-Identifier: Apache-2.0
"""Restrictions of targets: fewer gates, fewer pairs of qubits, or fewer qubits, with the values of what is left."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

from .choices import Choice, choices_of, wrong
from .targets import angle_bounds

if TYPE_CHECKING:
    from qiskit.transpiler import Target

    from .devices import DeviceList

Pair = tuple[int, int]


class Coupling(NamedTuple):
    """The pairs that gates on two qubits may use, or the qubits between which they may be."""

    pairs: tuple[Pair, ...] | None
    qubits: tuple[int, ...] | None


class Restriction(NamedTuple):
    """The part of a target that a sweep uses; ``None`` for all gates, or for all qubits."""

    gates: tuple[str, ...] | None = None
    coupling: Coupling | None = None

    def __bool__(self) -> bool:
        return self.gates is not None or self.coupling is not None


def gate_choices(given: Any) -> list[Choice]:
    """Return the values of the axis ``basis_gates``.

    Raises:
        IBMInputValueError: A value is no list of names.
    """
    return choices_of(
        "basis_gates", given, is_one=_is_names, read=_names, text=lambda gates: ", ".join(gates or ["all"])
    )


def _is_names(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return True
    return isinstance(value, Iterable) and any(isinstance(item, str) for item in value)


def _names(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    is_list = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    names = list(dict.fromkeys(value)) if is_list else []
    if not names or not all(isinstance(name, str) for name in names):
        raise wrong(f"basis_gates is a list of names of gates, or several lists, not {value!r:.100}")
    return tuple(names)


def coupling_choices(given: Any) -> list[Choice]:
    """Return the values of the axis ``coupling_map``.

    Raises:
        IBMInputValueError: A value is no map.
    """
    return choices_of("coupling_map", given, is_one=_is_map, read=_coupling, text=_coupling_text)


def _is_map(value: Any) -> bool:
    if value is None or hasattr(value, "get_edges") or not isinstance(value, Iterable):
        return True
    items = list(value)
    if any(item is None or hasattr(item, "get_edges") for item in items):
        return False
    pairs = [isinstance(item, Iterable) and len(list(item)) == 2 and _are_numbers(item) for item in items]
    if any(pairs) and not all(pairs):
        raise wrong(
            "coupling_map is a list of pairs or several lists of qubits; this one has both, so give the lists of qubits"
            " names: Choices({...})"
        )
    return all(pairs) or _are_numbers(items)


def _are_numbers(items: Iterable[Any]) -> bool:
    return all(hasattr(item, "__index__") and not isinstance(item, bool) for item in items)


def _coupling(value: Any) -> Coupling | None:
    if value is None:
        return None
    items = list(value.get_edges()) if hasattr(value, "get_edges") else list(value) if _is_list(value) else []
    try:
        if items and _are_numbers(items):
            return Coupling(None, tuple(dict.fromkeys(_qubit(item) for item in items)))
        pairs = [tuple(map(_qubit, pair)) for pair in items]
    except (TypeError, ValueError):
        pairs = []
    if not pairs or any(len(set(pair)) != 2 or len(pair) != 2 for pair in pairs):
        raise wrong(
            "coupling_map is a list of pairs of qubits, a CouplingMap, a list of qubits, or several of those, not"
            f" {value!r:.100}"
        )
    return Coupling(tuple(dict.fromkeys((pair[0], pair[1]) for pair in pairs)), None)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _qubit(value: Any) -> int:
    qubit = index(value)
    if qubit < 0:
        raise ValueError(f"{qubit} is not a qubit")
    return qubit


def _coupling_text(coupling: Coupling | None) -> str:
    if coupling is None:
        return "all"
    if coupling.pairs is not None:
        return " ".join(f"{first}-{second}" for first, second in coupling.pairs)
    return f"qubits {', '.join(map(str, coupling.qubits or ()))}"


def restricted(target: Target, restriction: Restriction | None) -> Target:
    """Return a target with what a restriction leaves, in the same order and with the same values.

    Operations that are no gates stay: measurements, resets, delays, control flow. A map says nothing of operations on
    one qubit, which stay everywhere: Qiskit fails on targets that have qubits without any.
    """
    if not restriction:
        return target
    from qiskit.transpiler import Target

    made = Target(
        description=target.description, num_qubits=target.num_qubits, dt=target.dt, granularity=target.granularity,
        min_length=target.min_length, pulse_alignment=target.pulse_alignment, acquire_alignment=target.acquire_alignment,
        qubit_properties=target.qubit_properties, concurrent_measurements=target.concurrent_measurements,
    )  # fmt: skip
    bounds = angle_bounds(target, list(target.operation_names))
    for name in target.operation_names:
        operation = target.operation_from_name(name)
        if restriction.gates is not None and name not in restriction.gates and is_gate(operation):
            continue
        if isinstance(operation, type):
            made.add_instruction(operation, name=name)
            continue
        entries = _entries(target, name, operation, restriction.coupling)
        if entries or not target[name]:
            limits = {"angle_bounds": bounds[name]} if name in bounds else {}
            made.add_instruction(operation, entries or None, name=name, **limits)
    return made


def is_gate(operation: Any) -> bool:
    """Return whether an operation is a gate, which ``basis_gates`` may leave out."""
    from qiskit.circuit import Gate

    return isinstance(operation, Gate)


def _entries(target: Target, name: str, operation: Any, coupling: Coupling | None) -> dict[Any, Any]:
    """Return the qargs of an operation that a map leaves, with their properties."""
    entries = dict(target[name] or {None: None})
    if coupling is None:
        return entries
    if None in entries:
        entries = dict.fromkeys(_qargs_everywhere(target, operation.num_qubits, coupling), entries[None])
    return {qargs: entry for qargs, entry in entries.items() if _is_left(qargs, coupling)}


def _qargs_everywhere(target: Target, width: int, coupling: Coupling) -> list[tuple[int, ...]]:
    """Return the qargs of an operation that is allowed everywhere, within a map."""
    if width == 1:
        return [(qubit,) for qubit in range(target.num_qubits or 0)]
    if width != 2:
        return []
    if coupling.pairs is not None:
        return list(coupling.pairs)
    qubits = coupling.qubits or ()
    return [(first, second) for first in qubits for second in qubits if first != second]


def _is_left(qargs: tuple[int, ...], coupling: Coupling) -> bool:
    if len(qargs) < 2:
        return True
    if coupling.pairs is None:
        return set(qargs) <= set(coupling.qubits or ())
    if len(qargs) == 2:
        return qargs in coupling.pairs
    within = {qubit for pair in coupling.pairs for qubit in pair}
    return set(qargs) <= within


def check_restrictions(devices: DeviceList, gates: list[Choice], couplings: list[Choice]) -> None:
    """Check that devices have what is left of them.

    Raises:
        IBMInputValueError: No device has an operation, or a device does not have a pair or a qubit.
    """
    chosen = {name for choice in gates for name in choice.value or ()}
    maps = [choice.value for choice in couplings if choice.value is not None]
    if not chosen and not maps:
        return
    known: dict[str, None] = {}
    names = []
    for name, target in devices.distinct_targets():
        names.append(name)
        known.update(dict.fromkeys(target.operation_names))
        for coupling in maps:
            _check_coupling(name, target, coupling)
    for unknown in sorted(chosen - set(known)):
        close = get_close_matches(unknown, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
        raise wrong(
            f"basis_gates has {unknown!r}, which no device of the sweep has ({', '.join(names)}); it leaves gates out and"
            f" adds none; {hint}"
        )


def _check_coupling(name: str, target: Target, coupling: Coupling) -> None:
    count = target.num_qubits
    if count is None:
        raise wrong(f"coupling_map cannot restrict {name}: its target does not tell a number of qubits")
    for qubit in coupling.qubits or ():
        if qubit >= count:
            raise wrong(f"coupling_map has qubit {qubit}, and {name} has {count} qubits")
    wanted = coupling.pairs or ()
    if not wanted:
        return
    edges = target.build_coupling_map()
    known = None if edges is None else set(edges.get_edges())
    for pair in wanted:
        if max(pair) >= count or (known is not None and pair not in known):
            turned = f"; it has {pair[::-1]}" if known is not None and pair[::-1] in known else ""
            raise wrong(f"coupling_map has the pair {pair}, which {name} does not have{turned}")
