# SPDX-License-Identifier: Apache-2.0
"""The content of a map of a device, however it is drawn: positions, values, marks and texts."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._words import MISSING, count, quantity
from ...snapshot.placement import edges_of, placement_of
from ...snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, Quantity
from .scales import Scale, notes_on, scale_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..._positions import Placement
    from ...snapshot import Snapshot
    from ...snapshot.columns import GateColumns

    Floats = NDArray[np.float64]

Edge = tuple[int, int]

#: Names of quantities as people write them.
NAMES = {
    "t1": "T1",
    "t2": "T2",
    "frequency": "Frequency",
    "anharmonicity": "Anharmonicity",
    "readout_error": "Readout error",
    "readout_length": "Readout length",
    "prob_meas0_prep1": "P(0 | prepared 1)",
    "prob_meas1_prep0": "P(1 | prepared 0)",
    "error": "error",
    "duration": "duration",
}
#: Gates that entangle, the usual ones first. Fractional gates are beside one of these.
_ENTANGLING = ("cz", "ecr", "cx")
#: Characters of the longest title; devices may have any name.
_LONGEST_TITLE = 70
#: An error of this size says that a gate or a readout does not work.
_BROKEN = 1.0


@dataclass(frozen=True)
class Layer:
    """Values of qubits or of edges, as colours.

    Attributes:
        name: The name of the quantity.
        values: A value for each qubit, or for each edge; ``nan`` where there is none.
        scale: The scale of colours; ``None`` if there is no value.
        unit: The SI unit.
        notes: Lines below the bar of colours, such as the median and the worst value.
    """

    name: str
    values: Floats
    scale: Scale | None
    unit: str = ""
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name, with the unit of the ticks."""
        unit = "" if self.scale is None else self.scale.factor[1]
        return f"{self.name} ({unit})" if unit else self.name


@dataclass(frozen=True)
class DeviceMap:
    """A map of a device.

    Attributes:
        title: The first line above.
        subtitle: The second one.
        placement: Positions of qubits.
        edges: Pairs of coupled qubits, the lower one first.
        labels: The text of each qubit.
        qubits: The colours of qubits; ``None`` if all have the same.
        couplings: The colours of edges.
        faulty_qubits: Qubits that must not be used.
        faulty_edges: Edges on which no gate works.
        new_qubits: Qubits that are back in use, or otherwise to be pointed out.
        new_edges: Edges that are back in use.
        quiet_qubits: Qubits that matter less than all others.
        quiet_edges: Edges that matter less.
        used_qubits: Qubits that a circuit uses.
        passed_qubits: Qubits that it uses on the way only, which have a colour of their own.
        is_filled: Whether qubits without values have a colour.
        legend: What marks mean, by ``"faulty_qubits"`` and so on.
        hovers: Texts of several lines for each qubit and each edge, which interactive maps show.
        is_wide_panel: Whether the distribution is a picture of its own.
    """

    title: str
    subtitle: str
    placement: Placement
    edges: tuple[Edge, ...]
    labels: tuple[str, ...]
    qubits: Layer | None = None
    couplings: Layer | None = None
    faulty_qubits: frozenset[int] = frozenset()
    faulty_edges: frozenset[Edge] = frozenset()
    new_qubits: frozenset[int] = frozenset()
    new_edges: frozenset[Edge] = frozenset()
    quiet_qubits: frozenset[int] = frozenset()
    quiet_edges: frozenset[Edge] = frozenset()
    used_qubits: frozenset[int] = frozenset()
    passed_qubits: frozenset[int] = frozenset()
    is_filled: bool = True
    legend: dict[str, str] = field(default_factory=dict)
    hovers: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    is_wide_panel: bool = False

    def with_title(self, title: str | None) -> DeviceMap:
        """Return the map with another title, unless that is ``None``; titles are one line that has room."""
        text = self.title if title is None else title
        # Names may have lone surrogates, which no font has.
        text = " ".join(text.split()).encode("utf-8", "replace").decode()
        return replace(self, title=text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…")

    @property
    def num_qubits(self) -> int:
        """The number of qubits."""
        return len(self.labels)

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of the map, in steps between neighbours."""
        width, height = self.placement.size
        return width, height


class Device:
    """A snapshot as maps need it."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Look at a snapshot."""
        self.snapshot = snapshot
        self.columns = snapshot.columns
        self.num_qubits = snapshot.num_qubits

    @classmethod
    def of(cls, source: Any) -> Device:
        """Look at whatever has a snapshot, see :meth:`Snapshot.of`."""
        from ...snapshot import Snapshot

        return cls(Snapshot.of(source))

    def content(self, title: str, **parts: Any) -> DeviceMap:
        """Return the map of this device, with its faulty parts.

        Args:
            title: The title after the device's name; an empty one is left out.
            **parts: Attributes of the map.
        """
        edges = self.edges
        given: dict[str, Any] = {
            "faulty_qubits": self.faulty_qubits,
            "faulty_edges": self.faulty_edges,
            "labels": tuple(map(str, range(self.num_qubits))),
            "legend": {
                "faulty_qubits": "qubit is faulty",
                "faulty_edges": f"{self.two_qubit_gate or 'gate'} is faulty",
            },
            **parts,
        }
        return DeviceMap(
            title=f"{self.snapshot.name}: {title}" if title else self.snapshot.name,
            subtitle=self.subtitle,
            placement=self.placement,
            edges=edges,
            **given,
        )

    @property
    def subtitle(self) -> str:
        """The number of qubits, and the time of the calibration."""
        parts = [count(self.num_qubits, "qubit"), calibrated(self.snapshot.last_update)]
        if self.snapshot.has_payloads and self.snapshot.provenance is not None:
            parts.append("values overridden")
        return " · ".join(parts)

    @property
    def placement(self) -> Placement:
        """Positions of qubits: those of the payload if they make a picture, otherwise those of the coupling graph."""
        return placement_of(self.snapshot)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Pairs of coupled qubits, the lower one first, ascending."""
        return edges_of(self.snapshot)

    @property
    def faulty_qubits(self) -> frozenset[int]:
        """Qubits that are not operational."""
        return frozenset(int(qubit) for qubit in np.flatnonzero(~self.columns.operational))

    @property
    def faulty_edges(self) -> frozenset[Edge]:
        """Edges on which the two-qubit gate is not operational in any direction, or has an error of 1."""
        gate = self.gate(self.two_qubit_gate)
        if gate is None:
            return frozenset()
        works = self.by_edge(gate, np.where(gate.operational & ~(gate.error >= _BROKEN), 1.0, 0.0), max)
        return frozenset(edge for edge, value in zip(self.edges, works, strict=True) if value == 0.0)

    def gate(self, name: str | None) -> GateColumns | None:
        """Return the columns of a gate, ``None`` if there are none."""
        return self.columns.gate(name) if name is not None and name in self.columns.gates else None

    def gates_on(self, number: int) -> list[str]:
        """Return the names of the gates on so many qubits."""
        found = []
        for name in self.columns.gates:
            try:
                qargs = self.columns.gate(name).qargs
            except ValueError:
                # Listed on different numbers of qubits.
                continue
            if qargs.ndim == 2 and qargs.shape[1] == number:
                found.append(name)
        return found

    @property
    def two_qubit_gate(self) -> str | None:
        """The gate that errors of edges are those of: the usual one, or that on most edges."""
        names = self.gates_on(2)
        usual = next((name for name in _ENTANGLING if name in names), None)
        return usual or max(names, key=lambda name: len(self.columns.gate(name)), default=None)

    def edge_values(self, name: str, what: Quantity, edges: Sequence[Edge] | None = None) -> Floats:
        """Return a quantity of a gate on each edge; of two directions, the larger value."""
        gate = self.columns.gate(name)
        return self.by_edge(gate, np.asarray(getattr(gate, what.name), dtype=float), max, edges)

    def by_edge(
        self,
        gate: GateColumns,
        values: Floats,
        worse: Callable[[float, float], float],
        edges: Sequence[Edge] | None = None,
    ) -> Floats:
        """Return the value of each edge; of two directions, the ``worse`` one of those that have a value."""
        found: dict[Edge, float] = {}
        for (one, other), value in zip(gate.qargs.tolist(), values.tolist(), strict=True):
            edge = min(one, other), max(one, other)
            if not np.isnan(value):
                found[edge] = worse(found[edge], value) if edge in found else value
        return np.array([found.get(edge, np.nan) for edge in (self.edges if edges is None else edges)])

    def qubit_values(self, what: Quantity) -> Floats:
        """Return the values of a quantity of qubits."""
        return np.array(getattr(self.columns, what.name), dtype=float)

    def qubit_layer(self, what: Quantity) -> Layer:
        """Return a quantity of qubits as colours; broken readouts are no values, but marked."""
        values = self.qubit_values(what)
        values[sorted(self.faulty_qubits)] = np.nan
        return layer_of(NAMES[what.name], values, what, lambda place: f"qubit {place}")

    def edge_layer(self, name: str, what: Quantity) -> Layer:
        """Return a quantity of a two-qubit gate as colours."""
        edges = self.edges
        values = self.edge_values(name, what, edges)
        faulty = self.faulty_edges if name == self.two_qubit_gate else frozenset()
        values[[edge in faulty for edge in edges]] = np.nan
        return layer_of(
            f"{name} {NAMES[what.name]}", values, what, lambda place: "qubits {} and {}".format(*edges[place])
        )

    def gate_layer(self, name: str, what: Quantity) -> Layer:
        """Return a quantity of a one-qubit gate as colours."""
        gate = self.columns.gate(name)
        values = np.full(self.num_qubits, np.nan)
        values[gate.qargs[:, 0]] = getattr(gate, what.name)
        values[sorted(self.faulty_qubits)] = np.nan
        return layer_of(f"{name} {NAMES[what.name]}", values, what, lambda place: f"qubit {place}")

    @property
    def hovers(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """All values of each qubit and of each edge, as lines of text."""
        texts = [[f"qubit {qubit}"] for qubit in range(self.num_qubits)]
        for what in QUBIT_QUANTITIES.values():
            if what.is_flag:
                continue
            for lines, value in zip(texts, self.qubit_values(what).tolist(), strict=True):
                if not np.isnan(value):
                    lines.append(f"{NAMES[what.name]}: {written(value, what)}")
        for qubit in self.faulty_qubits:
            texts[qubit].insert(1, "faulty")
        return tuple(map("\n".join, texts)), self._edge_hovers()

    def _edge_hovers(self) -> tuple[str, ...]:
        edges, faulty = self.edges, self.faulty_edges
        texts = [["qubits {} and {}".format(*edge), *(["faulty"] if edge in faulty else [])] for edge in edges]
        for name in self.gates_on(2):
            for what in GATE_QUANTITIES.values():
                if what.is_flag:
                    continue
                values = self.edge_values(name, what, edges)
                for lines, value in zip(texts, values.tolist(), strict=True):
                    if not np.isnan(value):
                        lines.append(f"{name} {NAMES[what.name]}: {written(value, what)}")
        return tuple(map("\n".join, texts))


def layer_of(name: str, values: Floats, what: Quantity, place_name: Callable[[int], str]) -> Layer:
    """Return values as colours, with lines that say the median and the worst one."""
    scale = scale_of(values, what.unit, can_be_log=what.is_probability)
    if scale is None:
        return Layer(name, values, None, what.unit, ("no values",))
    found = np.isfinite(values)
    worst_is_highest = what.is_probability or what.name in {"duration", "readout_length"}
    place_of = int(np.nanargmax(values) if worst_is_highest else np.nanargmin(values))
    word = "worst" if what.is_probability else "longest" if worst_is_highest else "least"
    notes = [
        f"median {written(float(np.median(values[found])), what)}",
        f"{word} {written(float(values[place_of]), what)}, {place_name(place_of)}",
    ]
    return Layer(name, values, scale, what.unit, (*notes, *notes_on(scale)))


def written(value: float, what: Quantity) -> str:
    """Return a value as people write it."""
    return MISSING if np.isnan(value) else quantity(float(value), what.unit, 4 if what.unit else 2)


def calibrated(moment: datetime.datetime | None) -> str:
    """Return the time of a calibration in words."""
    if moment is None:
        return "no calibration"
    return f"calibrated {moment.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"
