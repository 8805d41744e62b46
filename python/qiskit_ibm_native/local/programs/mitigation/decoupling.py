# SPDX-License-Identifier: Apache-2.0
"""Dynamical decoupling: circuits scheduled by the durations of the device, with pulses while qubits wait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit.library import RZGate, XGate
from qiskit.transpiler import PassManager, TranspilerError
from qiskit.transpiler.passes import (
    ALAPScheduleAnalysis,
    ASAPScheduleAnalysis,
    PadDelay,
    PadDynamicalDecoupling,
    TimeUnitConversion,
)

from ...errors import BadInputError

if TYPE_CHECKING:
    from qiskit.circuit import Gate, Qubit
    from qiskit.transpiler import Target

#: Axes of the pulses of a sequence: angles of the frame in which an X is played.
SEQUENCES = {"XX": (0.0, 0.0), "XpXm": (0.0, math.pi), "XY4": (0.0, math.pi / 2, math.pi, -math.pi / 2)}


@dataclass(frozen=True)
class Decoupling:
    """Options of dynamical decoupling."""

    sequence_type: str = "XX"
    extra_slack_distribution: str = "middle"
    scheduling_method: str = "alap"
    skip_reset_qubits: bool = False

    def apply(self, circuit: QuantumCircuit, target: Target) -> QuantumCircuit:
        """Return the circuit with delays, and with pulses in those that are long enough.

        Raises:
            BadInputError: The circuit has control flow, or the device has no durations or no ``x``.
        """
        if circuit.has_control_flow_op():
            raise BadInputError("options.dynamical_decoupling is not for circuits with control flow; disable it")
        if target.dt is None or "x" not in target.operation_names:
            raise BadInputError("options.dynamical_decoupling needs a device with durations and x; disable it")
        pulses, spacing = self._sequence()
        analysis = ALAPScheduleAnalysis if self.scheduling_method == "alap" else ASAPScheduleAnalysis
        padding = PadDynamicalDecoupling(
            dd_sequence=pulses, spacing=spacing, skip_reset_qubits=self.skip_reset_qubits,
            extra_slack_distribution=self.extra_slack_distribution, target=target,
        )  # fmt: skip
        passes = [TimeUnitConversion(target=target), analysis(target=target), padding, PadDelay(target=target)]
        try:
            scheduled = PassManager(passes).run(_physical(circuit))
        except TranspilerError as error:
            raise BadInputError(f"options.dynamical_decoupling: the circuit cannot be scheduled: {error}") from None
        used = {qubit for step in circuit.data if step.name not in ("delay", "barrier") for qubit in step.qubits}
        return _only_on({scheduled.qubits[circuit.find_bit(qubit).index] for qubit in used}, scheduled)

    def _sequence(self) -> tuple[list[Gate], list[float]]:
        """Return the pulses, and the shares of the time in front of each, and behind the last."""
        axes = SEQUENCES[self.sequence_type]
        pulses: list[Gate] = []
        spacing: list[float] = []
        for number, angle in enumerate(axes):
            turned: list[Gate] = [RZGate(angle), XGate(), RZGate(-angle)] if angle else [XGate()]
            spacing += [(0.5 if number == 0 else 1.0) / len(axes), *[0.0] * (len(turned) - 1)]
            pulses += turned
        return pulses, [*spacing, 0.5 / len(axes)]


def _physical(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit on the register that Qiskit takes for the qubits of a device, whatever its own is called."""
    physical = QuantumCircuit(QuantumRegister(circuit.num_qubits, "q"), list(circuit.clbits), *circuit.cregs)
    physical.compose(circuit, physical.qubits, circuit.clbits, inplace=True)
    return physical


def _only_on(used: set[Qubit], circuit: QuantumCircuit) -> QuantumCircuit:
    """Leave out what was put on qubits that the circuit leaves alone: devices have many, and they change no result."""
    kept = circuit.copy_empty_like()
    for step in circuit.data:
        if step.name == "barrier" or used.issuperset(step.qubits):
            kept.append(step)
    return kept
