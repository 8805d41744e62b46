# SPDX-License-Identifier: Apache-2.0
"""Maps of what changed between two calibrations of a device."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .maps import chosen_quantity, drawn, with_missing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..snapshot import Snapshot
    from ..snapshot.diff import SnapshotDiff
    from ..snapshot.quantities import Quantity
    from .device_map.content import Floats, Layer


def plot_diff(
    before: Any,
    after: Any = None,
    *,
    quantity: str | None = None,
    gate: str | None = None,
    ax: Axes | None = None,
    labels: bool = True,
    dark: bool = False,
    title: str | None = None,
    interactive: bool = False,
) -> Any:
    """Draw what changed between two calibrations, on the map of the device.

    Orange is higher than before, blue is lower, and the middle of the scale is zero. Qubits and gates that fail now are
    diamonds and dashed lines with a cross; those that work again have a green ring. What has a value at one time alone
    is hatched or dotted.

    Args:
        before: The earlier calibration: whatever has a snapshot, see :meth:`Snapshot.of`. Or a difference of two
            snapshots, whose tolerances then tell what counts as a change.
        after: The later one; left out if ``before`` is a difference.
        quantity: A quantity of qubits, or of gates with ``gate``, as in :func:`plot_calibration`. By default, readout
            errors and errors of the two-qubit gate.
        gate: A gate, such as ``"cz"``.
        ax: Axes of matplotlib to draw on; by default, a new figure.
        labels: Whether to write the numbers of qubits, where they can be read.
        dark: Whether the picture is for a dark page.
        title: The first line above; by default, the name of the device and what is drawn.
        interactive: Whether to make a figure of Plotly.

    Returns:
        The figure.

    Raises:
        IBMInputValueError: There is no snapshot of an argument, the two have other numbers of qubits, or there is no
            such quantity or gate.
        MissingPackageError: matplotlib, or Plotly for an interactive figure, is not installed.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> from qiskit_ibm_native.visualization import plot_diff
        >>> fez = Snapshot.load("fez")
        >>> figure = plot_diff(fez, fez.with_overrides(readout_error={3: 0.2}))
    """
    comparison = _Comparison(*_sides(before, after))
    content = comparison.content(quantity, gate)
    if interactive:
        content = replace(content, hovers=comparison.new.hovers)
    return drawn(with_missing(content), ax, labels, dark, title, interactive)


def _sides(before: Any, after: Any) -> tuple[Snapshot, Snapshot, SnapshotDiff | None]:
    from ..snapshot import Snapshot
    from ..snapshot.diff import SnapshotDiff

    if isinstance(before, SnapshotDiff):
        if after is not None:
            raise _input_error("A difference has both calibrations already: leave the second argument out.")
        old, new = (Snapshot._from_native(native) for native in before._sides)
        return old, new, before
    if after is None:
        raise _input_error(
            "plot_diff needs two calibrations: plot_diff(before, after), or a difference: plot_diff(before.diff(after))."
        )
    return Snapshot.of(before), Snapshot.of(after), None


class _Comparison:
    """Two calibrations of a device."""

    def __init__(self, old: Snapshot, new: Snapshot, diff: SnapshotDiff | None) -> None:
        from .device_map.content import Device

        self.old, self.new, self.diff = Device(old), Device(new), diff
        if old.num_qubits != new.num_qubits:
            raise _input_error(
                f"{old.name} has {old.num_qubits} qubits and {new.name} has {new.num_qubits}: maps compare calibrations of"
                " the same device."
            )

    def content(self, quantity: str | None, gate: str | None) -> Any:
        """Return the map."""
        from .device_map.content import NAMES

        if quantity is None and gate is None:
            name = self.new.two_qubit_gate
            layers = {"qubits": self._qubits(chosen_quantity("readout_error", None))}
            if name is not None:
                layers["couplings"] = self._gate(name, chosen_quantity("error", name))
            return self._map(f"changes of readout{f' and {name}' if name is not None else ''} errors", layers)
        what = chosen_quantity(quantity or "error", gate)
        if what.is_flag:
            return self._map("what fails and works again", {})
        if gate is None:
            title = NAMES[what.name] if what.name in {"t1", "t2"} else NAMES[what.name].lower()
            return self._map(f"changes of {title}", {"qubits": self._qubits(what)}, is_wide_panel=True)
        layer = self._gate(gate, what)
        is_coupling = gate in self.new.gates_on(2)
        return self._map(
            f"changes of the {NAMES[what.name]} of {gate}",
            {"couplings" if is_coupling else "qubits": layer},
            is_wide_panel=True,
            is_filled=not is_coupling,
        )

    def _map(self, title: str, layers: dict[str, Layer], **more: Any) -> Any:
        old, new = self.old, self.new
        name = new.two_qubit_gate or "gate"
        legend = {
            "faulty_qubits": "qubit is faulty now", "faulty_edges": f"{name} is faulty now",
            "new_qubits": "qubit works again", "new_edges": f"{name} works again",
        }  # fmt: skip
        content = new.content(
            title,
            new_qubits=old.faulty_qubits - new.faulty_qubits,
            new_edges=(old.faulty_edges - new.faulty_edges) & frozenset(new.edges),
            legend=legend,
            **layers,
            **more,
        )
        return replace(content, subtitle=f"{_moment(old.snapshot)} to {_moment(new.snapshot)}")

    def _qubits(self, what: Quantity) -> Layer:
        changed = None
        if self.diff is not None:
            changed = {change.qubit for change in self.diff.qubits if change.quantity == what.name}
        pairs = (self.old.qubit_values(what), self.new.qubit_values(what))
        return self._layer(_lowered(what), what, pairs, changed, lambda place: f"qubit {place}")

    def _gate(self, name: str, what: Quantity) -> Layer:
        new, old = self.new, self.old
        if name not in new.gates_on(1) + new.gates_on(2) or name not in old.columns.gates:
            known = [each for each in new.gates_on(1) + new.gates_on(2) if each in old.columns.gates]
            raise _input_error(f"There is no gate {name!r} in both calibrations; there are {', '.join(known)}.")
        changed = None
        if self.diff is not None:
            changed = {
                tuple(sorted(change.qargs))
                for change in self.diff.gates
                if (change.gate, change.quantity) == (name, what.name)
            }
        edges = new.edges
        if name in new.gates_on(2):
            pairs = (old.edge_values(name, what, edges), new.edge_values(name, what, edges))
            places: Any = None if changed is None else {number for number, edge in enumerate(edges) if edge in changed}
            return self._layer(
                f"{name} {_lowered(what)}", what, pairs, places, lambda place: "qubits {} and {}".format(*edges[place])
            )
        pairs = (old.gate_layer(name, what).values, new.gate_layer(name, what).values)
        places = None if changed is None else {qargs[0] for qargs in changed}
        return self._layer(f"{name} {_lowered(what)}", what, pairs, places, lambda place: f"qubit {place}")

    @staticmethod
    def _layer(name: str, what: Quantity, pairs: tuple[Floats, Floats], changed: Any, place_name: Any) -> Layer:
        import numpy as np

        from .device_map.content import Layer, written
        from .device_map.scales import centred_scale_of, notes_on

        values = np.asarray(pairs[1] - pairs[0])
        if changed is not None:
            kept = np.array([number not in changed for number in range(len(values))], dtype=bool)
            values[kept & ~np.isnan(values)] = 0.0
        scale = centred_scale_of(values, what.unit)
        if scale is None:
            return Layer(f"Change of {name}", values, None, what.unit, ("no values at both times",))
        notes = [f"{np.count_nonzero(np.nan_to_num(values)):,} of {np.isfinite(values).sum():,} values changed"]
        ends = (("up", "+", int(np.nanargmax(values))), ("down", "−", int(np.nanargmin(values))))
        for word, sign, place in ends:
            change = float(values[place])
            if change and (change > 0) == (sign == "+"):
                notes.append(f"{word} to {sign}{written(abs(change), what)}, {place_name(place)}")
        return Layer(f"Change of {name}", values, scale, what.unit, (*notes, *notes_on(scale)))


def _lowered(what: Quantity) -> str:
    from .device_map.content import NAMES

    name = NAMES[what.name]
    return name if name.startswith(("T", "P(")) else name.lower()


def _moment(snapshot: Snapshot) -> str:
    if snapshot.last_update is None:
        return "no calibration"
    return f"{snapshot.last_update.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"


def _input_error(text: str) -> Exception:
    from ..exceptions import IBMInputValueError

    return IBMInputValueError(text)
