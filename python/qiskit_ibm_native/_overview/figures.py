# SPDX-License-Identifier: Apache-2.0
"""Figures of a calibration: medians and extremes of its quantities, couplings, and faulty parts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .._native import Snapshot as NativeSnapshot

    Floats = NDArray[np.float64]

#: Quantities of qubits in the order in which they are told: native column, name for people, SI unit.
_QUANTITIES = (
    ("T1", "T1", "s"), ("T2", "T2", "s"), ("readout_error", "readout error", ""), ("readout_length", "readout length", "s"),
    ("frequency", "frequency", "Hz"), ("anharmonicity", "anharmonicity", "Hz"),
    ("prob_meas0_prep1", "P(0 | prepared 1)", ""), ("prob_meas1_prep0", "P(1 | prepared 0)", ""),
)  # fmt: skip
#: Operations on one qubit that are no gates, or take no time.
_NO_GATES = frozenset({"measure", "reset", "id", "rz", "delay"})
#: A gate that does not work is published with this error.
_DOES_NOT_WORK = 1.0


class Spread(NamedTuple):
    """The values of a quantity of all qubits, or of a gate on all its qargs.

    Attributes:
        label: The name of the quantity for people, such as ``"T1"`` or ``"cz error"``.
        unit: The SI unit of the values; empty for probabilities.
        known: The number of values that are known.
        total: The number of qubits or qargs.
        median: The median.
        least: The smallest value.
        least_at: The qubit, or the qargs joined by ``"-"``, that has it.
        most: The largest value.
        most_at: The same for the largest value.
    """

    label: str
    unit: str
    known: int
    total: int
    median: float
    least: float
    least_at: str
    most: float
    most_at: str


@dataclass(frozen=True, eq=False)
class GateOverview:
    """Figures of a gate.

    Attributes:
        name: The gate's name.
        qargs: The qubits of each entry.
        errors: Errors by entry; NaN where missing.
        durations: Durations by entry, s; NaN where missing.
        works: Whether an entry can be used: it is operational, and its error is below 1.
        error: Figures of the errors of entries that work; ``None`` if none is known.
        duration: Figures of the durations; ``None`` if none is known.
    """

    name: str
    qargs: list[tuple[int, ...]]
    errors: list[float]
    durations: list[float]
    works: list[bool]
    error: Spread | None
    duration: Spread | None

    @property
    def faulty(self) -> list[tuple[int, ...]]:
        """The qargs on which the gate cannot be used."""
        return [qargs for qargs, works in zip(self.qargs, self.works, strict=True) if not works]

    @property
    def num_qubits(self) -> int:
        """The number of qubits that the gate acts on; 0 if it is listed on none."""
        return len(self.qargs[0]) if self.qargs else 0


@dataclass(frozen=True, eq=False)
class Overview:
    """Figures of a device.

    Attributes:
        num_qubits: The number of qubits.
        spreads: Figures of the quantities of qubits that have values.
        values: Values of these quantities by native column, lists of ``num_qubits`` with NaN where missing.
        is_operational: Whether each qubit may be used.
        gates: Figures of the gates, in payload order.
        couplings: Pairs of coupled qubits, ascending.
        coordinates: The coordinates of qubits that the configuration has, whatever they are; ``None`` if it has none.
    """

    num_qubits: int
    spreads: list[Spread]
    values: dict[str, list[float]]
    is_operational: list[bool]
    gates: list[GateOverview]
    couplings: list[tuple[int, int]]
    coordinates: list[Any] | None

    @property
    def faulty_qubits(self) -> list[int]:
        """The qubits that cannot be used."""
        return [qubit for qubit, works in enumerate(self.is_operational) if not works]

    @property
    def faulty_gates(self) -> list[tuple[str, tuple[int, ...]]]:
        """Gates, with their qubits, that cannot be used."""
        return [(gate.name, qargs) for gate in self.gates for qargs in gate.faulty]

    def main_gate(self, num_qubits: int) -> GateOverview | None:
        """Return the gate on one or two qubits that tells most: the one with errors on the most qargs."""
        found = [
            gate
            for gate in self.gates
            if gate.num_qubits == num_qubits and gate.error is not None and gate.name not in _NO_GATES
        ]
        # Of several, the one that the device lists first, but "sx", which every other one-qubit gate is made of.
        return max(
            found, key=lambda gate: (gate.error is not None and gate.error.known, gate.name == "sx"), default=None
        )


def overview_of(native: NativeSnapshot) -> Overview:
    """Return the figures of a snapshot."""
    import numpy as np

    spreads, values = [], {}
    places = [str(qubit) for qubit in range(native.num_qubits)]
    for column, label, unit in _QUANTITIES:
        found = native.qubit_column(column)
        if found is None:
            continue
        array = np.where(np.asarray(found[1]), np.asarray(found[0]), np.nan)
        spread = _spread(label, unit, array, places)
        if spread is not None:
            spreads.append(spread)
            values[column] = array.tolist()
    flags = native.operational_qubits
    operational = [True] * native.num_qubits if flags is None else np.asarray(flags).astype(bool).tolist()
    gates = [gate for name in native.gate_names if (gate := _gate(native, name)) is not None]
    return Overview(
        native.num_qubits, spreads, values, operational, gates, _couplings(native, gates), _member(native, "coords")
    )


def _gate(native: NativeSnapshot, name: str) -> GateOverview | None:
    """Return the figures of a gate; ``None`` if it is listed on different numbers of qubits."""
    import numpy as np

    try:
        arrays = native.gate_columns(name)
    except ValueError:
        return None
    if arrays is None:
        return None
    qargs = [tuple(qubits) for qubits in np.asarray(arrays["qargs"]).tolist()]
    errors, durations = (np.asarray(arrays[column], dtype=float) for column in ("error", "duration"))
    works = np.asarray(arrays["operational"]).astype(bool) & ~(np.nan_to_num(errors) >= _DOES_NOT_WORK)
    places = ["-".join(map(str, qubits)) for qubits in qargs]
    return GateOverview(
        name, qargs, errors.tolist(), durations.tolist(), works.tolist(),
        _spread(f"{name} error", "", np.where(works, errors, np.nan), places),
        _spread(f"{name} duration", "s", durations, places),
    )  # fmt: skip


def _spread(label: str, unit: str, values: Floats, places: Sequence[str]) -> Spread | None:
    import numpy as np

    at = np.flatnonzero(np.isfinite(values))
    if not len(at):
        return None
    known = values[at]
    least, most = int(at[known.argmin()]), int(at[known.argmax()])
    return Spread(
        label, unit, len(at), len(values), float(np.median(known)), float(values[least]), places[least], float(values[most]),
        places[most],
    )  # fmt: skip


def _couplings(native: NativeSnapshot, gates: Iterable[GateOverview]) -> list[tuple[int, int]]:
    """Return the pairs of coupled qubits: those of the configuration, and of gates on two qubits."""
    listed: list[Any] = [qargs for gate in gates if gate.num_qubits == 2 for qargs in gate.qargs]
    listed += _member(native, "coupling_map") or ()
    known = range(native.num_qubits)
    return sorted({(min(pair), max(pair)) for pair in listed if _is_pair(pair, known)})


def _member(native: NativeSnapshot, key: str) -> list[Any] | None:
    """Return a list of the configuration; ``None`` if there is none, or no list."""
    span = native.configuration_members().get(key) if native.has_payloads else None
    try:
        found = json.loads(native.payloads[0][slice(*span)]) if span else None
    except ValueError:
        # JSON it is, but Python does not convert integers of thousands of digits.
        return None
    return found if isinstance(found, list) else None


def _is_pair(pair: Any, known: range) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and pair[0] != pair[1]
        and all(type(qubit) is int and qubit in known for qubit in pair)
    )
