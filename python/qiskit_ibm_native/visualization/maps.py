# SPDX-License-Identifier: Apache-2.0
"""Maps of devices: their qubits and couplings, errors, and any measured quantity."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._extras import needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .device_map.content import Device, DeviceMap


def plot_gate_map(
    device: Any,
    *,
    ax: Axes | None = None,
    labels: bool = True,
    dark: bool = False,
    title: str | None = None,
    interactive: bool = False,
) -> Any:
    """Draw the qubits of a device and which of them are coupled.

    Qubits lie as they do on the device: as it publishes itself, or as the coupling graph tells. Faulty qubits are
    diamonds, faulty gates dashed lines with a cross.

    Args:
        device: Whatever has a snapshot, see :meth:`Snapshot.of`: the name of a bundled device, a snapshot, a backend or
            fake device, a path.
        ax: Axes of matplotlib to draw on; by default, a new figure.
        labels: Whether to write the numbers of qubits. Numbers are left out where they would be too small to read.
        dark: Whether the picture is for a dark page.
        title: The first line above; by default, the name of the device.
        interactive: Whether to make a figure of Plotly, which shows all values of a qubit or edge under the pointer.

    Returns:
        The figure. Notebooks show it, and ``figure.savefig("map.svg")`` writes it; figures of Plotly have
        ``figure.write_html``.

    Raises:
        IBMInputValueError: There is no snapshot of ``device``, or ``ax`` is none.
        MissingPackageError: matplotlib, or Plotly for an interactive figure, is not installed.

    Examples:
        >>> from qiskit_ibm_native.visualization import plot_gate_map
        >>> figure = plot_gate_map("lima")
    """
    from .device_map.content import Device

    return drawn(Device.of(device).content(""), ax, labels, dark, title, interactive)


def plot_error_map(
    device: Any,
    *,
    gate: str | None = None,
    ax: Axes | None = None,
    labels: bool = True,
    dark: bool = False,
    title: str | None = None,
    interactive: bool = False,
) -> Any:
    """Draw the readout errors of qubits and the errors of two-qubit gates on a device.

    Each of the two has a scale of its own, with its distribution, its median and its worst value. A scale covers all
    values, unless a few would stretch it so far that all others look the same: then it ends at the quantiles 2 % and
    98 %, arrows show that, and the number of values beyond is written. Scales over more than an order of magnitude are
    logarithmic. Faulty qubits are diamonds, faulty gates (also those with an error of 1) dashed lines with a cross;
    missing values are hatched or dotted.

    Args:
        device: Whatever has a snapshot, see :meth:`Snapshot.of`.
        gate: The two-qubit gate; by default, the device's entangling gate. Of two directions, the worse one counts.
        ax: Axes of matplotlib to draw on; by default, a new figure.
        labels: Whether to write the numbers of qubits, where they can be read.
        dark: Whether the picture is for a dark page.
        title: The first line above; by default, the name of the device and what is drawn.
        interactive: Whether to make a figure of Plotly.

    Returns:
        The figure.

    Raises:
        IBMInputValueError: There is no snapshot of ``device``, no calibration, no such gate, or ``ax`` is none.
        MissingPackageError: matplotlib, or Plotly for an interactive figure, is not installed.

    Examples:
        >>> from qiskit_ibm_native.visualization import plot_error_map
        >>> figure = plot_error_map("fez", dark=True)
    """
    from ..snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES
    from .device_map.content import Device

    found = Device.of(device)
    _check_calibration(found)
    name = gate if gate is not None else found.two_qubit_gate
    if name is not None and name not in found.gates_on(2):
        raise _unknown_gate(found, name, found.gates_on(2))
    couplings = None if name is None else found.edge_layer(name, GATE_QUANTITIES["error"])
    content = found.content(
        f"readout and {name} errors" if name is not None else "readout errors",
        qubits=found.qubit_layer(QUBIT_QUANTITIES["readout_error"]),
        couplings=couplings,
        hovers=found.hovers if interactive else ((), ()),
    )
    return drawn(with_missing(content), ax, labels, dark, title, interactive)


def plot_calibration(
    device: Any,
    quantity: str,
    *,
    gate: str | None = None,
    ax: Axes | None = None,
    labels: bool = True,
    dark: bool = False,
    title: str | None = None,
    interactive: bool = False,
) -> Any:
    """Draw a measured quantity on the map of a device, and its distribution beside it.

    Args:
        device: Whatever has a snapshot, see :meth:`Snapshot.of`.
        quantity: A quantity of qubits (``"t1"``, ``"t2"``, ``"frequency"``, ``"anharmonicity"``, ``"readout_error"``,
            ``"readout_length"``, ``"prob_meas0_prep1"``, ``"prob_meas1_prep0"``, ``"operational"``), or of gates with
            ``gate`` (``"error"``, ``"duration"``, ``"operational"``); names of payloads (``"T1"``) are the same.
        gate: A gate, such as ``"cz"`` or ``"sx"``. Two-qubit gates are drawn on edges; of two directions, the larger
            value counts.
        ax: Axes of matplotlib to draw on; by default, a new figure.
        labels: Whether to write the numbers of qubits, where they can be read.
        dark: Whether the picture is for a dark page.
        title: The first line above; by default, the name of the device and the quantity.
        interactive: Whether to make a figure of Plotly.

    Returns:
        The figure.

    Raises:
        IBMInputValueError: There is no snapshot of ``device``, it has no calibration, or there is no such quantity or
            gate.
        MissingPackageError: matplotlib, or Plotly for an interactive figure, is not installed.

    Examples:
        >>> from qiskit_ibm_native.visualization import plot_calibration
        >>> figure = plot_calibration("fez", "t1")
        >>> figure = plot_calibration("fez", "duration", gate="cz")
    """
    from .device_map.content import Device

    found = Device.of(device)
    _check_calibration(found)
    content = _calibration(found, quantity, gate)
    if interactive:
        content = replace(content, hovers=found.hovers)
    return drawn(with_missing(content), ax, labels, dark, title, interactive)


def qubit_coordinates(device: Any) -> list[list[float]]:
    """Return row (from below) and column of each qubit of a device, which pictures of Qiskit take.

    Qiskit 2 draws ``plot_gate_map(backend)`` by Graphviz, whose programs have to be installed; with these, it
    lays qubits out as they are on the device. Maps of this package need no Graphviz.

    Args:
        device: Whatever has a snapshot, see :meth:`Snapshot.of`.

    Raises:
        IBMInputValueError: There is no snapshot of ``device``.

    Examples:
        >>> from qiskit_ibm_native.visualization import qubit_coordinates
        >>> qubit_coordinates("lima")
        [[2, 0], [2, 1], [2, 2], [1, 1], [0, 1]]
    """
    from ..snapshot import Snapshot
    from ..snapshot.placement import coordinates_of, placement_of

    return coordinates_of(placement_of(Snapshot.of(device)))


def _calibration(device: Device, quantity: str, gate: str | None) -> DeviceMap:
    from .device_map.content import NAMES

    what = chosen_quantity(quantity, gate)
    if what.is_flag:
        if gate is None or gate == device.two_qubit_gate:
            return device.content("what works")
        raise _input_error(f"Maps show whether {device.two_qubit_gate or 'a two-qubit gate'} works, not {gate}.")
    if gate is None:
        title = NAMES[what.name] if what.name in {"t1", "t2"} else NAMES[what.name].lower()
        return device.content(title, qubits=device.qubit_layer(what), is_wide_panel=True)
    if gate in device.gates_on(2):
        return device.content(
            f"{NAMES[what.name]} of {gate}",
            couplings=device.edge_layer(gate, what),
            is_wide_panel=True,
            is_filled=False,
        )
    if gate not in device.gates_on(1):
        raise _unknown_gate(device, gate, [*device.gates_on(1), *device.gates_on(2)])
    return device.content(f"{NAMES[what.name]} of {gate}", qubits=device.gate_layer(gate, what), is_wide_panel=True)


def chosen_quantity(name: str, gate: str | None) -> Any:
    """Return the quantity of qubits, or of gates if there is a gate, with a name.

    Raises:
        IBMInputValueError: There is none.
    """
    from ..snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, find_gate_quantity, find_qubit_quantity

    known, find = (QUBIT_QUANTITIES, find_qubit_quantity) if gate is None else (GATE_QUANTITIES, find_gate_quantity)
    what = find(name) if isinstance(name, str) else None
    if what is None:
        others = find_gate_quantity(name) if gate is None and isinstance(name, str) else None
        hint = f' Say which gate has it, as in gate="cz", for {name!r}.' if others is not None else ""
        kind = "qubits" if gate is None else "gates"
        raise _input_error(f"There is no quantity {name!r} of {kind}; there are {', '.join(known)}.{hint}")
    return what


def with_missing(content: DeviceMap) -> DeviceMap:
    """Return a map whose legend says that hatched and dotted parts have no value."""
    legend = {**content.legend, "missing_qubits": "qubit without a value", "missing_edges": "edge without a value"}
    return replace(content, legend=legend)


def drawn(content: DeviceMap, ax: Axes | None, labels: bool, dark: bool, title: str | None, interactive: bool) -> Any:
    """Draw a map by matplotlib, or by Plotly if it is interactive."""
    content = content.with_title(title)
    if interactive:
        from .device_map.interactive import interactive_map
        from .interactive_figures import refuse_axes

        refuse_axes(ax)
        return interactive_map(content, labels=labels, dark=dark)
    needed("matplotlib", "visualization", "Pictures")
    from .device_map.figure import draw

    return draw(content, ax, labels=labels, dark=dark)


def _check_calibration(device: Device) -> None:
    if not device.snapshot._native.has_properties and device.snapshot.has_payloads:
        raise _input_error(
            f"{device.snapshot.name} has no calibration: there are no measured values to draw. plot_gate_map() draws its"
            " qubits."
        )


def _unknown_gate(device: Device, name: str, known: list[str]) -> Exception:
    return _input_error(
        f"The calibration of {device.snapshot.name} has no gate {name!r}; there are {', '.join(known)}."
    )


def _input_error(text: str) -> Exception:
    from ..exceptions import IBMInputValueError

    return IBMInputValueError(text)
