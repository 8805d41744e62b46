# SPDX-License-Identifier: Apache-2.0
"""A snapshot in a few words and numbers: processor, couplings, medians, worst values and faulty parts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from .snapshot import Snapshot

#: Quantities of qubits that say how good they are, and whether larger values are better.
_QUBITS = {"t1": True, "t2": True, "readout_error": False}
#: The error from which a gate cannot be used: devices publish 1 for what was not calibrated.
_FAULTY_ERROR = 1.0


class QuantitySummary(NamedTuple):
    """One quantity of all qubits, or of a gate on all its qargs. Faulty parts do not count.

    Attributes:
        gate: The gate; ``None`` for a quantity of qubits.
        quantity: The name of the quantity, such as ``"t1"`` or ``"error"``.
        unit: Its SI unit; empty for probabilities.
        number: The number of values.
        median: Their median.
        worst: The worst of them: the shortest coherence time, the largest error.
        worst_qargs: The qubits of the worst one.
    """

    gate: str | None
    quantity: str
    unit: str
    number: int
    median: float
    worst: float
    worst_qargs: tuple[int, ...]


class SnapshotSummary(NamedTuple):
    """Medians, worst values and faulty parts of a snapshot.

    Attributes:
        quantities: Quantities of qubits, then of gates; those without values are left out.
        faulty_qubits: Qubits that are not operational.
        faulty_gates: Gates and their qargs that are not operational, or have an error of 1.
    """

    quantities: list[QuantitySummary]
    faulty_qubits: list[int]
    faulty_gates: list[tuple[str, tuple[int, ...]]]


def summary_of(snapshot: Snapshot) -> SnapshotSummary:
    """Return the summary of a snapshot."""
    import numpy as np

    from .quantities import QUBIT_QUANTITIES

    columns = snapshot.columns
    works = columns.operational
    each = np.arange(snapshot.num_qubits)[:, np.newaxis]
    found: list[QuantitySummary] = []
    for name, is_better_large in _QUBITS.items():
        values = np.where(works, getattr(columns, name), np.nan)
        found += _summary(None, name, QUBIT_QUANTITIES[name].unit, values, each, is_better_large)
    faulty: list[tuple[str, tuple[int, ...]]] = []
    for gate in columns.gates:
        try:
            listed = columns.gate(gate)
        except ValueError:
            # It is listed on different numbers of qubits, and has no arrays.
            continue
        usable = listed.operational & ~(listed.error >= _FAULTY_ERROR)
        faulty += [(gate, tuple(map(int, qargs))) for qargs in listed.qargs[~usable]]
        found += _summary(
            gate, "error", "", np.where(usable, listed.error, np.nan), listed.qargs, is_better_large=False
        )
    return SnapshotSummary(found, [int(qubit) for qubit in np.flatnonzero(~works)], faulty)


def processor_of(snapshot: Snapshot) -> str | None:
    """Return family and revision of the processor, as in ``"Heron r2"``; ``None`` if the device does not say.

    Raises:
        CompactFormError: The snapshot was made without payloads.
    """
    described = _member(snapshot, "processor_type")
    if not isinstance(described, dict) or not described.get("family"):
        return None
    revision = described.get("revision")
    return f"{described['family']} r{revision}" if revision else str(described["family"])


def couplings_of(snapshot: Snapshot) -> list[tuple[int, int]]:
    """Return the pairs of coupled qubits, the smaller one first, in ascending order; both directions are one pair.

    Raises:
        CompactFormError: The snapshot was made without payloads.
    """
    listed = _member(snapshot, "coupling_map") or []
    return sorted({(min(pair), max(pair)) for pair in listed if len(pair) == 2 and pair[0] != pair[1]})


def _member(snapshot: Snapshot, name: str) -> Any:
    """Return a member of the configuration, without reading the others."""
    place = snapshot._native.configuration_members().get(name)
    return None if place is None else json.loads(snapshot.payloads.configuration[slice(*place)])


def _summary(
    gate: str | None,
    quantity: str,
    unit: str,
    values: NDArray[np.float64],
    qargs: NDArray[np.integer],
    is_better_large: bool,
) -> Iterable[QuantitySummary]:
    import numpy as np

    present = np.isfinite(values)
    if not present.any():
        return
    worst = int((np.nanargmin if is_better_large else np.nanargmax)(np.where(present, values, np.nan)))
    yield QuantitySummary(
        gate, quantity, unit, int(present.sum()), float(np.median(values[present])), float(values[worst]),
        tuple(map(int, qargs[worst])),
    )  # fmt: skip
