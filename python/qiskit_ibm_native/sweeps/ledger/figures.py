# SPDX-License-Identifier: Apache-2.0
"""Figures of transpiled circuits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...scoring import score_one
from ..worker.protocol import Figures

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction
    from qiskit.transpiler import Target

    from ...snapshot import Snapshot


def figures_of(
    circuit: QuantumCircuit, snapshot: Snapshot, target: Target, *, use_fractional_gates: bool | None = None
) -> Figures:
    """Return the figures of a circuit that was transpiled for the target of a snapshot."""
    esp = score_one(circuit, snapshot, use_fractional_gates=use_fractional_gates)
    layout = circuit.layout
    count, depth = (None, None) if circuit.has_control_flow_op() else _two_qubit_figures(circuit)
    return Figures(
        num_qubits=circuit.num_qubits,
        depth=circuit.depth(),
        two_qubit_depth=depth,
        two_qubit_count=count,
        size=circuit.size(),
        operations=dict(sorted(circuit.count_ops().items())),
        duration=_scheduled_duration(circuit, target),
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
        if len(qubits) != 2 or instruction.is_directive():
            continue
        count += 1
        level = 1 + max(levels.get(qubits[0], 0), levels.get(qubits[1], 0))
        levels[qubits[0]] = levels[qubits[1]] = level
    return count, max(levels.values(), default=0)


def _scheduled_duration(circuit: QuantumCircuit, target: Target) -> float | None:
    """Return when the last instruction of a scheduled circuit ends, s."""
    try:
        starts = circuit.op_start_times
    except AttributeError:
        return None
    if target.dt is None:
        return None
    ends = (start + _length(it, circuit, target) for start, it in zip(starts, circuit.data, strict=True))
    return float(max(ends, default=0) * target.dt)


def _length(instruction: CircuitInstruction, circuit: QuantumCircuit, target: Target) -> int:
    """Return how long an instruction of a scheduled circuit takes, dt."""
    if instruction.name == "delay":
        return int(instruction.operation.duration)
    if instruction.is_directive():
        return 0
    qargs = tuple(circuit.find_bit(bit).index for bit in instruction.qubits)
    properties = (target[instruction.name] or {}).get(qargs)
    return 0 if properties is None or properties.duration is None else round(properties.duration / target.dt)
