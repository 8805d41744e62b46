# SPDX-License-Identifier: Apache-2.0
"""Figures of transpiled circuits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .messages import Figures
from .score import score_one

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from ..snapshot import Snapshot


def figures_of(circuit: QuantumCircuit, snapshot: Snapshot, *, use_fractional_gates: bool | None = None) -> Figures:
    """Return the figures of a transpiled circuit."""
    esp = score_one(circuit, snapshot, use_fractional_gates=use_fractional_gates)
    layout = circuit.layout
    count, depth = _two_qubit_figures(circuit)
    return Figures(
        num_qubits=circuit.num_qubits,
        depth=circuit.depth(),
        two_qubit_depth=depth,
        two_qubit_count=count,
        size=circuit.size(),
        operations=dict(sorted(circuit.count_ops().items())),
        duration=_scheduled_duration(circuit, snapshot),
        esp=None if esp is None or math.isnan(esp) else esp,
        layout=None if layout is None else layout.initial_index_layout(filter_ancillas=True),
        final_layout=None if layout is None else layout.final_index_layout(filter_ancillas=True),
    )


def _two_qubit_figures(circuit: QuantumCircuit) -> tuple[int, int]:
    """Return how many instructions on two qubits there are, and the depth in those."""
    levels: dict[object, int] = {}
    count = 0
    for instruction in circuit.data:
        qubits = instruction.qubits
        if len(qubits) != 2 or instruction.is_directive() or instruction.is_control_flow():
            continue
        count += 1
        level = 1 + max(levels.get(qubits[0], 0), levels.get(qubits[1], 0))
        levels[qubits[0]] = levels[qubits[1]] = level
    return count, max(levels.values(), default=0)


def _scheduled_duration(circuit: QuantumCircuit, snapshot: Snapshot) -> float | None:
    """Return how long a scheduled circuit takes, s."""
    try:
        # Qiskit's circuits have start times when they are scheduled, and raise when they are not.
        starts = circuit.op_start_times
    except AttributeError:
        return None
    dt = snapshot.configuration.dt
    duration = getattr(circuit, "_duration", None)
    return None if duration is None or dt is None or not starts else float(duration * dt)
