# SPDX-License-Identifier: Apache-2.0
"""What changed between two snapshots of a device."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from .quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, Quantity, gate_quantity, qubit_quantity

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from .. import _native

#: Keys of the configuration that concern every instruction of a circuit. What the others change, places tell.
_EVERYWHERE = frozenset({"backend_name", "n_qubits", "dt", "timing_constraints"})
#: What circuits have and devices do not run.
_NO_INSTRUCTIONS = frozenset({"barrier"})
_MOST_LINES = 20


class QubitChange(NamedTuple):
    """A quantity of a qubit that changed; ``None`` on one side if there was or is no value. SI units."""

    qubit: int
    quantity: str
    old: float | None
    new: float | None


class GateChange(NamedTuple):
    """A quantity of a gate somewhere that changed; ``None`` on one side if there was or is no value. SI units."""

    gate: str
    qargs: tuple[int, ...]
    quantity: str
    old: float | None
    new: float | None


class Place(NamedTuple):
    """An operation and the qubits it acts on; ``None`` for everywhere."""

    operation: str
    qargs: tuple[int, ...] | None


class SnapshotDiff:
    """What changed from one snapshot to another; false if nothing did.

    Compared are the quantities that have columns (:class:`SnapshotColumns`), where operations can be used, and what the
    configuration says that targets are made of; of pulse defaults, whether they are the same. Dates and whatever else is in
    the payloads are not, so that snapshots with other digests may have no difference. What is not operational counts as absent. Everything is worked out natively at
    once, and made into Python objects when it is asked for.
    """

    def __init__(
        self,
        old: _native.Snapshot,
        new: _native.Snapshot,
        rtol: float = 0.0,
        atol: float = 0.0,
        *,
        has_other_defaults: bool | None = False,
    ) -> None:
        """Compare two native snapshots; what became of the pulse defaults is said by who compares."""
        self._diff = old.diff(new, rtol, atol)
        self._name = new.name
        self._has_other_defaults = has_other_defaults

    @property
    def qubits(self) -> list[QubitChange]:
        """Changed quantities of qubits, such as ``"t1"`` or ``"operational"`` (1 or 0), by qubit."""
        return [QubitChange(qubit, qubit_quantity(name).name, old, new) for qubit, name, old, new in self._diff.qubits]

    @property
    def gates(self) -> list[GateChange]:
        """Changed quantities of gates: ``"error"``, ``"duration"``, and ``"operational"`` where both snapshots list the qargs."""
        return [
            GateChange(gate, tuple(qargs), gate_quantity(name).name, old, new)
            for gate, qargs, name, old, new in self._diff.gates
        ]

    @property
    def appeared(self) -> list[Place]:
        """Operations that the target has now and did not have before, in its order."""
        return [_place(*each) for each in self._diff.appeared]

    @property
    def vanished(self) -> list[Place]:
        """Operations that the target had before and does not have now, in its order."""
        return [_place(*each) for each in self._diff.vanished]

    @property
    def configuration(self) -> list[str]:
        """Keys of the configuration whose values changed, as far as targets are made of them."""
        return self._diff.configuration

    @property
    def new_edges(self) -> list[tuple[int, int]]:
        """Ordered pairs of qubits on which a two-qubit operation appeared, ascending."""
        return _pairs(self.appeared)

    @property
    def lost_edges(self) -> list[tuple[int, int]]:
        """Ordered pairs of qubits on which a two-qubit operation vanished, ascending; another one may still be there."""
        return _pairs(self.vanished)

    @property
    def defaults(self) -> bool | None:
        """Whether the pulse defaults are others; ``None`` if a snapshot was made without payloads, so that nobody knows.

        Targets are not made of them, and circuits not affected.
        """
        return self._has_other_defaults

    def __bool__(self) -> bool:
        return bool(self._has_other_defaults) or bool(self._diff)

    def affects(self, circuit: QuantumCircuit) -> bool:
        """Return whether any instruction of a transpiled circuit sits on something that changed.

        That is: a gate whose error, duration or existence changed there; any instruction on a qubit whose ``T1``, ``T2``,
        frequency, anharmonicity or operability changed; a measurement of a qubit whose readout changed; an operation that
        the device does not have any more; anything, if it is another device or its timing or number of qubits changed. Bodies of control flow count. What appeared affects
        nothing, since the circuit does without.

        Args:
            circuit: A circuit on the qubits of the device.
        """
        if not self:
            return False
        if _EVERYWHERE & set(self.configuration):
            return any(True for _ in instructions(circuit))
        qubits, measured, places, names = self._touched
        for name, qargs in instructions(circuit):
            on_changed = not qubits.isdisjoint(qargs) or (name == "measure" and not measured.isdisjoint(qargs))
            if on_changed or (name, qargs) in places or name in names:
                return True
        return False

    @property
    def _touched(self) -> tuple[set[int], set[int], set[tuple[str, tuple[int, ...]]], set[str]]:
        """Return qubits, qubits as far as they are measured, places, and operations, that changed."""
        changes = self.qubits
        measured = {change.qubit for change in changes if QUBIT_QUANTITIES[change.quantity].is_readout}
        qubits = {change.qubit for change in changes if not QUBIT_QUANTITIES[change.quantity].is_readout}
        entries = {(change.gate, change.qargs) for change in self.gates}
        entries |= {(entry.operation, entry.qargs) for entry in self.vanished if entry.qargs is not None}
        return qubits, measured, entries, {entry.operation for entry in self.vanished if entry.qargs is None}

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Return what changed as texts: where, what, before, after."""
        for key in self.configuration:
            yield "configuration", key, "", ""
        if self.defaults:
            yield "pulse defaults", "others", "", ""
        for each in self.vanished:
            yield _where(*each), "vanished", "", ""
        for each in self.appeared:
            yield _where(*each), "appeared", "", ""
        for qubit, name, old, new in self.qubits:
            quantity = QUBIT_QUANTITIES[name]
            yield f"qubit {qubit}", name, _value(quantity, old), _value(quantity, new)
        for gate, qargs, name, old, new in self.gates:
            quantity = GATE_QUANTITIES[name]
            yield _where(gate, qargs), name, _value(quantity, old), _value(quantity, new)

    def _title(self) -> str:
        if not self:
            return f"{self._name}: nothing changed"
        counts = {
            "of the configuration": len(self.configuration), "of the pulse defaults": int(bool(self.defaults)), "vanished": len(self.vanished),
            "appeared": len(self.appeared), "values of qubits": len(self.qubits), "values of gates": len(self.gates),
        }  # fmt: skip
        return f"{self._name}: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)

    def __str__(self) -> str:
        rows = list(self._rows())
        shown = [_line(*row) for row in rows[:_MOST_LINES]]
        more = [f"  and {len(rows) - _MOST_LINES} more"] if len(rows) > _MOST_LINES else []
        return "\n".join([self._title(), *shown, *more])

    def __repr__(self) -> str:
        return f"<SnapshotDiff of {self._title()}>"

    def _repr_html_(self) -> str:
        rows = list(self._rows())
        cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows[: 10 * _MOST_LINES])
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        rest = len(rows) - 10 * _MOST_LINES
        more = f"<p>and {rest} more</p>" if rest > 0 else ""
        head = "<tr><th>where</th><th>what</th><th>before</th><th>now</th></tr>" if rows else ""
        return f"<b>{escape(self._title())}</b><table>{head}{body}</table>{more}"


def instructions(circuit: QuantumCircuit, outer: dict[Any, int] | None = None) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Return name and qubits of every instruction of a circuit, bodies of control flow included."""
    index = outer if outer is not None else {bit: at for at, bit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        operation, qubits = instruction.operation, instruction.qubits
        if operation.name in _NO_INSTRUCTIONS:
            continue
        blocks: Iterable[QuantumCircuit] = getattr(operation, "blocks", ())
        # Control flow is where its bodies are.
        yield operation.name, () if blocks else tuple(index[qubit] for qubit in qubits)
        for block in blocks:
            yield from instructions(block, dict(zip(block.qubits, (index[qubit] for qubit in qubits), strict=True)))


def checked_tolerance(name: str, value: float) -> float:
    """Return a tolerance as a float; ValueError if it is none."""
    number = float(value)
    if not number >= 0 or math.isinf(number):
        raise ValueError(f"{name} must be a number that is not negative, not {value!r}")
    return number


def _place(operation: str, qargs: list[int] | None) -> Place:
    return Place(operation, None if qargs is None else tuple(qargs))


def _pairs(places: list[Place]) -> list[tuple[int, int]]:
    return sorted(
        {(each.qargs[0], each.qargs[1]) for each in places if each.qargs is not None and len(each.qargs) == 2}
    )


def _where(operation: str, qargs: tuple[int, ...] | None) -> str:
    return operation if qargs is None else f"{operation} on {', '.join(map(str, qargs))}"


def _line(where: str, what: str, old: str, new: str) -> str:
    return f"  {where}: {what} {old} -> {new}" if old or new else f"  {where}: {what}"


def _value(quantity: Quantity, value: float | None) -> str:
    if value is None:
        return "none"
    if quantity.is_flag:
        return "yes" if value else "no"
    return f"{value:.6g} {quantity.unit}".rstrip()
