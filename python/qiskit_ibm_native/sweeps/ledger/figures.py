# SPDX-License-Identifier: Apache-2.0
"""Figures of tasks: the one list of them, and how those of transpiled circuits are computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction
    from qiskit.transpiler import Target

    from ..._typing import MaybeNone
    from ...snapshot import Snapshot


class Figure(NamedTuple):
    """Description of a figure, from which ledgers, tables and comparisons follow.

    Attributes:
        name: The attribute of :class:`TaskResult`, and the column of tables.
        type: The class of its values. Ledgers have ``dict`` and ``tuple`` (of qubits) as JSON.
        unit: The unit; empty for counts and probabilities.
        better: ``"less"`` or ``"more"``, which makes it a goal of :meth:`Ledger.best`; ``None`` if neither is better.
        column: The column of ledgers, if it has another name there.
    """

    name: str
    type: type[int | float | dict[str, int] | tuple[int, ...]]
    unit: str
    better: Literal["less", "more"] | None
    column: str = ""

    @property
    def ledger_column(self) -> str:
        """The column of the table ``tasks`` of ledgers."""
        return self.column or self.name


#: Figures of transpiled circuits; each is a field of :class:`Figures`.
CIRCUIT_FIGURES = (
    Figure("depth", int, "", "less"),
    Figure("two_qubit_depth", int, "", "less"),
    Figure("two_qubit_count", int, "", "less"),
    Figure("size", int, "", "less"),
    Figure("num_qubits", int, "", None),
    Figure("operations", dict, "", None),
    Figure("duration", float, "s", "less"),
    Figure("esp", float, "", "more"),
    Figure("layout", tuple, "", None),
    Figure("final_layout", tuple, "", None),
)
#: All figures of tasks: those of circuits, and those that failed tasks have, too.
FIGURES = (
    *CIRCUIT_FIGURES,
    Figure("wall_time", float, "s", "less", column="wall"),
    Figure("cpu_time", float, "s", "less", column="cpu"),
)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures of a transpiled circuit; all are ``None`` if there is none.

    Attributes:
        depth: Depth as ``QuantumCircuit.depth()`` has it: measurements and delays count, barriers do not.
        two_qubit_depth: Depth in instructions on two qubits, without barriers; ``None`` if the circuit has control
            flow.
        two_qubit_count: Number of instructions on two qubits, without barriers; ``None`` likewise.
        size: Number of instructions as ``QuantumCircuit.size()`` has it: measurements and delays count, barriers do
            not.
        num_qubits: Number of qubits, which is that of the device, or of the circuit if the device has no coupling map.
        operations: Number of instructions by name of the operation, barriers included.
        duration: Time from the start to the end of the last instruction, s; ``None`` if the circuit was not scheduled.
        esp: Estimated success probability, see :func:`score`; ``None`` if the circuit has control flow. A target
            without errors and times is one on which everything succeeds.
        layout: Physical qubit on which each qubit of the original circuit begins; ``None`` without a layout stage.
        final_layout: Physical qubit on which each qubit of the original circuit ends; ``None`` likewise.
    """

    depth: int | MaybeNone = None
    two_qubit_depth: int | MaybeNone = None
    two_qubit_count: int | MaybeNone = None
    size: int | MaybeNone = None
    num_qubits: int | MaybeNone = None
    operations: Mapping[str, int] | MaybeNone = None
    duration: float | MaybeNone = None
    esp: float | MaybeNone = None
    layout: tuple[int, ...] | None = None
    final_layout: tuple[int, ...] | None = None


def figures_of(
    circuit: QuantumCircuit, snapshot: Snapshot | None, target: Target, *, use_fractional_gates: bool | None = None
) -> Figures:
    """Return the figures of a transpiled circuit.

    Args:
        circuit: The circuit.
        snapshot: The snapshot of the device for which it was transpiled, if there is one.
        target: The target of the device.
        use_fractional_gates: The choice with which the target of a snapshot was built.
    """
    # Here, because workers import this module, and do without Qiskit.
    from ...exceptions import IBMInputValueError
    from ...scoring import score_on_snapshot, score_on_target, scored_circuit

    layout = circuit.layout
    known: dict[str, Any] = {
        "num_qubits": circuit.num_qubits,
        "operations": dict(sorted(circuit.count_ops().items())),
        "duration": _scheduled_duration(circuit, target),
        "layout": None if layout is None else tuple(layout.initial_index_layout(filter_ancillas=True)),
        "final_layout": None if layout is None else tuple(layout.final_index_layout(filter_ancillas=True)),
    }
    try:
        counted = scored_circuit(circuit)
    except IBMInputValueError:
        count, depth = (None, None) if circuit.has_control_flow_op() else _two_qubit_figures(circuit)
        return Figures(
            depth=circuit.depth(), size=circuit.size(), two_qubit_count=count, two_qubit_depth=depth, **known
        )
    if snapshot is None:
        esp = score_on_target(counted, target)
    else:
        esp = score_on_snapshot(counted, snapshot, use_fractional_gates=use_fractional_gates)
    return Figures(
        depth=counted.depth,
        two_qubit_depth=counted.two_qubit_depth,
        two_qubit_count=counted.two_qubit_count,
        size=counted.size,
        esp=None if math.isnan(esp) else esp,
        **known,
    )


def _two_qubit_figures(circuit: QuantumCircuit) -> tuple[int, int]:
    """Return the number of instructions on two qubits, and the depth in those, without directives."""

    def counts(instruction: CircuitInstruction) -> bool:
        return len(instruction.qubits) == 2 and not instruction.is_directive()

    return circuit.size(counts), circuit.depth(counts)


def _scheduled_duration(circuit: QuantumCircuit, target: Target) -> float | None:
    """Return the end of the last instruction of a scheduled circuit, s; ``None`` if the circuit is not scheduled."""
    try:
        starts = circuit.op_start_times
    except AttributeError:
        return None
    if target.dt is None:
        return None
    ends = (
        start + _duration(instruction, circuit, target) for start, instruction in zip(starts, circuit.data, strict=True)
    )
    return float(max(ends, default=0) * target.dt)


def _duration(instruction: CircuitInstruction, circuit: QuantumCircuit, target: Target) -> int:
    """Return the duration of an instruction of a scheduled circuit, dt."""
    if instruction.name == "delay":
        return int(instruction.operation.duration)
    if instruction.is_directive():
        return 0
    qargs = tuple(circuit.find_bit(bit).index for bit in instruction.qubits)
    properties = (target[instruction.name] or {}).get(qargs)
    return 0 if properties is None or properties.duration is None else round(properties.duration / target.dt)
