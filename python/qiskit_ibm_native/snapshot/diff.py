# SPDX-License-Identifier: Apache-2.0
"""Differences between two snapshots of a device."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _html
from .._frames import Table, Tabular, refuse_wide
from .._words import apart, count, listed
from .changes import Change, change_table
from .quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, Quantity, gate_quantity, qubit_quantity

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from .. import _native

#: Keys of the configuration that concern every instruction. Changes of other keys show as entries of the target.
_EVERYWHERE = frozenset({"backend_name", "n_qubits", "dt", "timing_constraints"})
#: Operations of circuits that devices do not run.
_NO_INSTRUCTIONS = frozenset({"barrier"})
#: Lines of ``str(diff)``, a screenful, and rows of the table of notebooks.
_MOST_LINES, _MOST_ROWS = 20, 100
#: Differences that notebooks show without folding them, and lost parts that they name.
_MOST_UNFOLDED, _MOST_NAMED = 12, 5


class QubitChange(NamedTuple):
    """A quantity of a qubit that changed.

    Attributes:
        qubit: The qubit.
        quantity: The quantity's public name, such as ``"t1"``.
        old: The value before, in SI units: s, Hz, or a probability; ``None`` if there was none.
        new: The value after, in the same unit; ``None`` if there is none.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> lima = Snapshot.load("lima")
        >>> (change,) = lima.diff(lima.with_overrides(t1={2: 80e-6})).qubits
        >>> change.qubit, change.quantity, change.new  # s
        (2, 't1', 8e-05)
    """

    qubit: int
    quantity: str
    old: float | None
    new: float | None


class GateChange(NamedTuple):
    """A quantity of a gate on some qargs that changed.

    Attributes:
        gate: The gate's name.
        qargs: Its qubits.
        quantity: ``"error"``, ``"duration"`` or ``"operational"``.
        old: The value before, in SI units: a probability, s, or a flag as 1 or 0; ``None`` if there was none.
        new: The value after, in the same unit; ``None`` if there is none.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> lima = Snapshot.load("lima")
        >>> (change,) = lima.diff(lima.with_overrides(gate_error={("cx", (0, 1)): 0.02})).gates
        >>> change.gate, change.qargs, change.quantity, change.new
        ('cx', (0, 1), 'error', 0.02)
    """

    gate: str
    qargs: tuple[int, ...]
    quantity: str
    old: float | None
    new: float | None


class Place(NamedTuple):
    """An operation and the qubits it acts on; ``None`` for everywhere."""

    operation: str
    qargs: tuple[int, ...] | None


class SnapshotDiff(Tabular):
    """The differences from one snapshot to another; false if there are none.

    The comparison covers the quantities that have columns (:class:`SnapshotColumns`), the operations of the target and
    their qargs, the keys of the configuration that targets are made of, and whether the pulse defaults are the same. It
    leaves out dates and all other content of the payloads, so that snapshots with different digests may have no
    difference. Operations that are not operational count as absent. The comparison runs natively at once; Python
    objects are made on access.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> lima = Snapshot.load("lima")
        >>> diff = lima.diff(lima.with_overrides(t1={2: 80e-6}, operational={4: False}))
        >>> bool(diff), diff.lost_edges, [(change.qubit, change.quantity) for change in diff.qubits]
        (True, [(3, 4), (4, 3)], [(2, 't1'), (4, 'operational')])
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
        """Compare two native snapshots; the caller compares the pulse defaults.

        Args:
            old: The one before.
            new: The one after.
            rtol: Relative tolerance, as in :meth:`Snapshot.diff`.
            atol: Absolute tolerance, in SI units, as in :meth:`Snapshot.diff`.
            has_other_defaults: Whether the pulse defaults changed.
        """
        self._diff = old.diff(new, rtol, atol)
        self._sides = old, new
        self._name = new.name
        self._has_other_defaults = has_other_defaults

    @property
    def qubits(self) -> list[QubitChange]:
        """Changed quantities of qubits, such as ``"t1"`` or ``"operational"`` (1 or 0), by qubit."""
        return [QubitChange(qubit, qubit_quantity(name).name, old, new) for qubit, name, old, new in self._diff.qubits]

    @property
    def gates(self) -> list[GateChange]:
        """Changed ``"error"`` and ``"duration"`` of gates; ``"operational"`` if both snapshots list the qargs."""
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
        """Keys of the configuration that targets are made of and whose values changed."""
        return self._diff.configuration

    @property
    def new_edges(self) -> list[tuple[int, int]]:
        """Ordered pairs of qubits on which a two-qubit operation appeared, ascending."""
        return _pairs(self.appeared)

    @property
    def lost_edges(self) -> list[tuple[int, int]]:
        """Ordered pairs of qubits on which a two-qubit operation vanished, ascending; another one may be left."""
        return _pairs(self.vanished)

    @property
    def defaults(self) -> bool | None:
        """Whether the pulse defaults changed; ``None`` if a snapshot without payloads leaves that open.

        Pulse defaults affect neither targets nor circuits.
        """
        return self._has_other_defaults

    def __bool__(self) -> bool:
        return bool(self._has_other_defaults) or bool(self._diff)

    def affects(self, circuit: QuantumCircuit) -> bool:
        """Return whether any instruction of a transpiled circuit is affected by a change.

        A change affects gates whose error, duration or existence changed on their qargs; all instructions on a qubit
        whose ``t1``, ``t2``, ``frequency``, ``anharmonicity`` or ``operational`` changed; measurements of a qubit whose
        readout changed; operations that the device no longer has; and all instructions if the device, its timing or its
        number of qubits changed. Bodies of control flow count. Operations that appeared affect nothing, because the
        circuit does not use them.

        Args:
            circuit: A circuit on the qubits of the device.
        """
        return bool(self) and self.affects_any(instructions(circuit))

    def affects_any(self, used: Iterable[tuple[str, tuple[int, ...]]]) -> bool:
        """Return whether any of some instructions, given by names and qubits, is affected, see :meth:`affects`."""
        if not self:
            return False
        if self._concerns_everything:
            return any(True for _ in used)
        qubits, measured, entries, names = self._touched
        for name, qargs in used:
            on_changed = not qubits.isdisjoint(qargs) or (name == "measure" and not measured.isdisjoint(qargs))
            if on_changed or (name, qargs) in entries or name in names:
                return True
        return False

    @cached_property
    def _concerns_everything(self) -> bool:
        return not _EVERYWHERE.isdisjoint(self.configuration)

    @cached_property
    def _touched(self) -> tuple[set[int], set[int], set[tuple[str, tuple[int, ...]]], set[str]]:
        """Return changed qubits, qubits with a changed readout, entries (operation, qargs), and operations."""
        changes = self.qubits
        measured = {change.qubit for change in changes if QUBIT_QUANTITIES[change.quantity].is_readout}
        qubits = {change.qubit for change in changes if not QUBIT_QUANTITIES[change.quantity].is_readout}
        entries = {(change.gate, change.qargs) for change in self.gates}
        entries |= {(entry.operation, entry.qargs) for entry in self.vanished if entry.qargs is not None}
        return qubits, measured, entries, {entry.operation for entry in self.vanished if entry.qargs is None}

    def _table(self, *, wide: bool = False) -> Table:
        refuse_wide(wide, self)
        return change_table(self._changes(), {"backend": self._name})

    def _changes(self) -> Iterator[Change]:
        """Return all changed values; ``"available"`` says whether the target has an operation, 1 or 0."""
        for entry in self.vanished:
            yield Change(entry.operation, entry.qargs, "available", 1.0, 0.0)
        for entry in self.appeared:
            yield Change(entry.operation, entry.qargs, "available", 0.0, 1.0)
        for qubit, name, old, new in self.qubits:
            yield Change(None, (qubit,), name, old, new)
        for change in self.gates:
            yield Change(*change)

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Return the changes as texts: location, quantity, old value, new value."""
        for key in self.configuration:
            yield "configuration", key, "", ""
        if self.defaults:
            yield "pulse defaults", "others", "", ""
        for entry in self.vanished:
            yield _where(*entry), "vanished", "", ""
        for entry in self.appeared:
            yield _where(*entry), "appeared", "", ""
        for qubit, name, old, new in self.qubits:
            yield f"qubit {qubit}", name, *_values(QUBIT_QUANTITIES[name], old, new)
        for gate, qargs, name, old, new in self.gates:
            yield _where(gate, qargs), name, *_values(GATE_QUANTITIES[name], old, new)

    def _title(self) -> str:
        return f"{self._name}: {self._counts()}"

    def _counts(self) -> str:
        """Return how much changed, in words."""
        if not self:
            return "nothing changed"
        qubits, gates = self.qubits, self.gates
        keys, vanished, appeared = len(self.configuration), len(self.vanished), len(self.appeared)
        told = [
            f"{count(keys, 'key')} of the configuration" if keys else "",
            "the pulse defaults" if self.defaults else "",
            f"{count(vanished, 'operation')} vanished" if vanished else "",
            f"{count(appeared, 'operation')} appeared" if appeared else "",
            _of(len(qubits), len({change.qubit for change in qubits}), "qubit"),
            _of(len(gates), len({(change.gate, change.qargs) for change in gates}), "gate"),
        ]
        return ", ".join(filter(None, told))

    def __str__(self) -> str:
        rows = list(self._rows())
        shown = [_line(*row) for row in rows[:_MOST_LINES]]
        more = [f"  and {len(rows) - _MOST_LINES} more"] if len(rows) > _MOST_LINES else []
        return "\n".join([self._title(), *shown, *more])

    def __repr__(self) -> str:
        return f"<SnapshotDiff of {self._title()}>"

    def _repr_html_(self) -> str:
        rows = list(self._rows())
        heading = _html.heading(self._name, self._counts(), kind="SnapshotDiff")
        # Operations that vanished and qubits that failed are why circuits do not run any more.
        lost = [f"{_where(*entry)} vanished" for entry in self.vanished]
        lost += [
            f"qubit {change.qubit} failed"
            for change in self.qubits
            if change.quantity == "operational" and not change.new
        ]
        named = (
            listed(lost)
            if len(lost) <= _MOST_NAMED
            else f"{', '.join(lost[:_MOST_NAMED])} and {len(lost) - _MOST_NAMED:,} more"
        )
        alert = _html.alert(_html.note(named)) if lost else ""
        if not rows:
            return _html.panel(heading)
        table = _html.table(("where", "quantity", "before", "now"), rows[:_MOST_ROWS], left_out=len(rows) - _MOST_ROWS)
        shown = table if len(rows) <= _MOST_UNFOLDED else _html.fold("All changes", table)
        return _html.panel(heading, alert, self._summary_html() if len(rows) > _MOST_UNFOLDED else "", shown)

    def _summary_html(self) -> str:
        """Return a table of quantities: how many values changed, and by how much, as HTML."""
        ratios: dict[str, list[float]] = {}
        changes = [(QUBIT_QUANTITIES[name], name, old, new) for _, name, old, new in self.qubits]
        changes += [(GATE_QUANTITIES[name], f"{gate} {name}", old, new) for gate, _, name, old, new in self.gates]
        for quantity, name, old, new in changes:
            share = new / old - 1 if old and new is not None and not quantity.is_flag else math.nan
            ratios.setdefault(name, []).append(share)
        return _html.table(
            ("quantity", "changed", "median change", "smallest", "largest"),
            ((name, len(found), *_shares(found)) for name, found in ratios.items()),
        )


def _shares(changes: list[float]) -> tuple[str | None, ...]:
    """Return median, smallest and largest relative change as people write them."""
    known = sorted(change for change in changes if math.isfinite(change))
    if not known:
        return None, None, None
    return tuple(f"{value:+.1%}" for value in (median(known), known[0], known[-1]))


def instructions(circuit: QuantumCircuit, outer: dict[Any, int] | None = None) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Return name and qubits of every instruction of a circuit, bodies of control flow included."""
    index = outer if outer is not None else {bit: number for number, bit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        operation, qubits = instruction.operation, instruction.qubits
        if operation.name in _NO_INSTRUCTIONS:
            continue
        blocks: Iterable[QuantumCircuit] = getattr(operation, "blocks", ())
        # Control flow acts on the qubits of its bodies' instructions.
        yield operation.name, () if blocks else tuple(index[qubit] for qubit in qubits)
        for block in blocks:
            yield from instructions(block, dict(zip(block.qubits, (index[qubit] for qubit in qubits), strict=True)))


def checked_tolerance(name: str, value: float) -> float:
    """Return a tolerance as a float; ValueError if it is negative, infinite or NaN."""
    number = float(value)
    if not number >= 0 or math.isinf(number):
        raise ValueError(f"{name} must be a number that is not negative, not {value!r}")
    return number


def _place(operation: str, qargs: list[int] | None) -> Place:
    return Place(operation, None if qargs is None else tuple(qargs))


def _pairs(places: list[Place]) -> list[tuple[int, int]]:
    two_qubit = [entry.qargs for entry in places if entry.qargs is not None and len(entry.qargs) == 2]
    return sorted({(first, second) for first, second in two_qubit})


def _where(operation: str, qargs: tuple[int, ...] | None) -> str:
    return operation if qargs is None else f"{operation} on {', '.join(map(str, qargs))}"


def _line(where: str, what: str, old: str, new: str) -> str:
    return f"  {where}: {what} {old} -> {new}" if old or new else f"  {where}: {what}"


def _values(quantity: Quantity, old: float | None, new: float | None) -> tuple[str, str]:
    """Return two values of a quantity, with as many digits as tell them apart."""
    if quantity.is_flag:
        return _flag(old), _flag(new)
    texts = apart(old, new, quantity.unit, 4 if quantity.unit else 2)
    return "none" if old is None else texts[0], "none" if new is None else texts[1]


def _flag(value: float | None) -> str:
    return "none" if value is None else "yes" if value else "no"


def _of(values: int, owners: int, noun: str) -> str:
    """Return the number of values that changed, such as ``3 values of 2 qubits``; empty if there are none."""
    return f"{count(values, 'value')} of {count(owners, noun)}" if values else ""
