# SPDX-License-Identifier: Apache-2.0
"""Maps of the place that a circuit has on a device."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from .._words import count, listed
from .maps import drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .device_map.content import Device, DeviceMap, Edge, Layer


def plot_layout(
    circuit: Any,
    device: Any,
    *,
    ax: Axes | None = None,
    labels: bool = True,
    dark: bool = False,
    title: str | None = None,
    interactive: bool = False,
) -> Any:
    """Draw which qubits of a device a circuit uses, and how often each of its couplings.

    Qubits in use have the number of the circuit's qubit that begins there; qubits through which others pass on their
    way have a paler colour and no number; all others are small. Edges have the number of two-qubit gates as their
    colour, those in bodies of control flow included.

    Args:
        circuit: A transpiled circuit. Or a layout alone: that of a circuit (``circuit.layout``), a ``Layout``, or the
            device's qubit for each of the circuit's qubits, as a list (``best_layouts(...)[0]``), an array or a
            mapping.
        device: Whatever has a snapshot, see :meth:`Snapshot.of`.
        ax: Axes of matplotlib to draw on; by default, a new figure.
        labels: Whether to write numbers, where they can be read.
        dark: Whether the picture is for a dark page.
        title: The first line above; by default, the name of the circuit and of the device.
        interactive: Whether to make a figure of Plotly.

    Returns:
        The figure.

    Raises:
        IBMInputValueError: There is no snapshot of ``device``, the circuit is not transpiled for it, or a layout has a
            qubit twice or one that the device does not have.
        MissingPackageError: matplotlib, or Plotly for an interactive figure, is not installed.

    Examples:
        >>> from qiskit_ibm_native.visualization import plot_layout
        >>> figure = plot_layout([0, 1, 3], "lima")
    """
    from .device_map.content import Device

    found = Device.of(device)
    use = _use_of(circuit, found)
    content = _content(found, use)
    if interactive:
        content = replace(content, hovers=_hovers(found, use))
    return drawn(content, ax, labels, dark, title, interactive)


class _Use(NamedTuple):
    """The use that a circuit makes of a device.

    Attributes:
        name: The name of the circuit, if there is one.
        places: The device's qubits by the circuit's.
        used: All of the device's qubits in use.
        gates: The number of two-qubit gates on each edge; ``None`` if only the layout is known.
    """

    name: str
    places: dict[int, int]
    used: frozenset[int]
    gates: Counter[Edge] | None


def _use_of(circuit: Any, device: Device) -> _Use:
    from qiskit import QuantumCircuit

    if not isinstance(circuit, QuantumCircuit):
        places = _checked(_places_of(circuit), device)
        return _Use("", places, frozenset(places.values()), None)
    if circuit.num_qubits > device.num_qubits or (circuit.layout is None and circuit.num_qubits != device.num_qubits):
        raise _input_error(
            f"The circuit {circuit.name} has {count(circuit.num_qubits, 'qubit')}, and {device.snapshot.name} has"
            f" {device.num_qubits}: it is not transpiled for this device. transpile() it first, with the device's target."
        )
    from ..snapshot.diff import instructions

    used: set[int] = set()
    gates: Counter[Edge] = Counter()
    for _, qargs in instructions(circuit):
        used.update(qargs)
        if len(qargs) == 2:
            gates[min(qargs), max(qargs)] += 1
    _check_edges(circuit, gates, device)
    if circuit.layout is None:
        places = {qubit: qubit for qubit in sorted(used)}
    else:
        places = _checked(_places_of(circuit.layout), device)
    return _Use(circuit.name, places, frozenset(used | set(places.values())), gates)


def _places_of(layout: Any) -> dict[int, int]:
    """Return the device's qubits by the circuit's, of a layout in any form."""
    if hasattr(layout, "initial_index_layout"):
        return dict(enumerate(layout.initial_index_layout(filter_ancillas=True)))
    if hasattr(layout, "get_virtual_bits"):
        return dict(enumerate(layout.get_virtual_bits().values()))
    try:
        pairs = layout.items() if isinstance(layout, Mapping) else enumerate(layout)
        return {operator.index(one): operator.index(other) for one, other in pairs}
    except TypeError:
        raise _input_error(
            f"A layout is a transpiled circuit, its layout, or a list of the device's qubits, not {layout!r:.60}."
        ) from None


def _checked(places: dict[int, int], device: Device) -> dict[int, int]:
    unknown = sorted({place for place in places.values() if not 0 <= place < device.num_qubits})
    if unknown:
        raise _input_error(
            f"{device.snapshot.name} has the qubits 0 to {device.num_qubits - 1}; the layout has {_some(unknown)}."
        )
    twice = sorted(place for place, number in Counter(places.values()).items() if number > 1)
    if twice:
        raise _input_error(f"Each qubit of a device has one qubit of the circuit; the layout has {_some(twice)} twice.")
    return places


def _some(qubits: Iterable[int]) -> str:
    found = [str(qubit) for qubit in qubits]
    return listed(found[:5]) if len(found) <= 5 else f"{', '.join(found[:5])} and {len(found) - 5} more"


def _check_edges(circuit: Any, gates: Counter[Edge], device: Device) -> None:
    strange = sorted(set(gates) - set(device.edges))
    if strange and device.edges:
        raise _input_error(
            f"The circuit {circuit.name} has two-qubit gates on {_pairs(strange)}, which {device.snapshot.name} does not"
            " couple: it is transpiled for another device."
        )


def _pairs(edges: list[Edge]) -> str:
    more = f" and {len(edges) - 3} other pairs" if len(edges) > 3 else ""
    return ", ".join(map(str, edges[:3])) + more


def _content(device: Device, use: _Use) -> DeviceMap:
    edges = device.edges
    if use.gates is None:
        used_edges = {edge for edge in edges if use.used.issuperset(edge)}
    else:
        used_edges = {edge for edge in edges if use.gates[edge]}
    numbers = {place: qubit for qubit, place in use.places.items()}
    passed = use.used - set(numbers)
    labels = tuple("" if qubit in passed else str(numbers.get(qubit, qubit)) for qubit in range(device.num_qubits))
    content = device.content(
        "",
        labels=labels,
        couplings=_gates_layer(use.gates, edges),
        quiet_qubits=frozenset(range(device.num_qubits)) - use.used,
        quiet_edges=frozenset(edges) - used_edges,
        used_qubits=use.used,
        passed_qubits=frozenset(passed),
        legend={
            "used_qubits": "number in the circuit",
            "passed_qubits": "used on the way",
            "quiet_qubits": "not used, number on the device",
            "faulty_qubits": "qubit is faulty",
            "faulty_edges": f"{device.two_qubit_gate or 'gate'} is faulty",
        },
    )
    title = f"{use.name} on {device.snapshot.name}" if use.name else f"layout on {device.snapshot.name}"
    return replace(content, title=title, subtitle=f"{len(use.used)} of {content.subtitle}")


def _gates_layer(gates: Counter[Edge] | None, edges: tuple[Edge, ...]) -> Layer | None:
    if not gates:
        return None
    import numpy as np

    from .device_map.content import Layer
    from .device_map.scales import Scale

    values = np.array([gates[edge] or np.nan for edge in edges], dtype=float)
    most = max(gates, key=lambda edge: (gates[edge], [-qubit for qubit in edge]))
    notes = (
        f"{gates.total():,} on {count(len(gates), 'edge')}",
        f"most: {gates[most]:,}, device qubits {most[0]} and {most[1]}",
    )
    scale = Scale(0.0, float(max(gates.values())), is_count=True)
    return Layer("Two-qubit gates", values, scale, "", notes)


def _hovers(device: Device, use: _Use) -> tuple[tuple[str, ...], tuple[str, ...]]:
    qubits, edges = device.hovers
    numbers = {place: qubit for qubit, place in use.places.items()}
    of_qubits = tuple(
        f"{text}\nqubit {numbers[qubit]} of the circuit" if qubit in numbers else text
        for qubit, text in enumerate(qubits)
    )
    gates = use.gates or Counter()
    of_edges = tuple(
        f"{text}\n{count(gates[edge], 'two-qubit gate')}" if gates[edge] else text
        for edge, text in zip(device.edges, edges, strict=True)
    )
    return of_qubits, of_edges


def _input_error(text: str) -> Exception:
    from ..exceptions import IBMInputValueError

    return IBMInputValueError(text)
