# SPDX-License-Identifier: Apache-2.0
"""A circuit transpiled for a device, with what that changed."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._timestamps import utc_text
from ..exceptions import IBMInputValueError
from ..scoring import scores_of
from ..snapshot.acceptance import accept, snapshot_of
from ..target import build_target
from .shape import CircuitShape, shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit import QuantumCircuit
    from qiskit.circuit import Qubit
    from qiskit.transpiler import Target

    from ..snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class TranspiledCircuit:
    """A circuit that was transpiled for a device.

    Attributes:
        circuit: The transpiled circuit, on the device's qubits.
        device: The device's name.
        calibrated: The time of the device's last calibration (aware); ``None`` if it has none.
        optimization_level: The transpiler's optimization level, 0 to 3.
        seed: The transpiler's seed.
        before: The shape of the circuit as it was given.
        after: The shape of the transpiled circuit.
        esp: Estimated success probability, see :func:`score`; ``None`` if the circuit has control flow.
        duration: Duration of the circuit, s; ``None`` likewise.
        layout: The device's qubit on which each qubit of the given circuit begins.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native.fitting import transpile_for
        >>> circuit = QuantumCircuit(2, name="pair")
        >>> _ = circuit.h(0), circuit.cx(0, 1)
        >>> circuit.measure_all()
        >>> transpiled = transpile_for(circuit, "lima", seed=1)
        >>> transpiled.before.two_qubit_count, transpiled.after.two_qubit_count
        (1, 1)
    """

    circuit: QuantumCircuit
    device: str
    calibrated: datetime.datetime | None
    optimization_level: int
    seed: int
    before: CircuitShape
    after: CircuitShape
    esp: float | None
    duration: float | None
    layout: tuple[int, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the circuit, for JSON."""
        return {
            "circuit": self.circuit.name,
            "device": self.device,
            "calibrated": None if self.calibrated is None else utc_text(self.calibrated),
            "optimization_level": self.optimization_level,
            "seed": self.seed,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "esp": self.esp,
            "duration": self.duration,
            "layout": None if self.layout is None else list(self.layout),
        }


def transpile_for(
    circuit: QuantumCircuit, device: Any, *, optimization_level: int = 2, seed: int = 0
) -> TranspiledCircuit:
    """Transpile a circuit for a device, and compare it with what it was.

    Args:
        circuit: The circuit.
        device: The device: a backend, a snapshot, or whatever else :meth:`Snapshot.of` takes.
        optimization_level: 0, 1, 2 or 3.
        seed: The transpiler's seed, so that the same call gives the same circuit.

    Raises:
        IBMInputValueError: The circuit has more qubits than the device, the transpiler refuses it, or there is no such
            device.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native.fitting import transpile_for
        >>> circuit = QuantumCircuit(2, name="pair")
        >>> _ = circuit.h(0), circuit.cx(0, 1)
        >>> circuit.measure_all()
        >>> transpile_for(circuit, "lima", seed=1).circuit.num_qubits
        5
    """
    if optimization_level not in range(4):
        raise IBMInputValueError(f"optimization_level is 0, 1, 2 or 3, not {optimization_level!r}.")
    snapshot = snapshot_of(device)
    if circuit.num_qubits > snapshot.num_qubits:
        raise IBMInputValueError(
            f"Circuit {circuit.name!r} has {circuit.num_qubits} qubits, and {snapshot.name} has {snapshot.num_qubits}:"
            " choose a larger device."
        )
    transpiled = _transpiled(circuit, device, optimization_level, seed)
    esp, duration = estimates(transpiled, device)
    layout = transpiled.layout
    return TranspiledCircuit(
        transpiled, snapshot.name, calibration_time(snapshot), optimization_level, seed, shape_of(circuit),
        shape_of(transpiled), esp, duration,
        None if layout is None else tuple(layout.initial_index_layout(filter_ancillas=True)),
    )  # fmt: skip


def _transpiled(circuit: QuantumCircuit, device: Any, optimization_level: int, seed: int) -> QuantumCircuit:
    from qiskit import transpile
    from qiskit.exceptions import QiskitError
    from qiskit.providers import BackendV2

    # Backends have stages of their own; all other sources are a target.
    target = device.target if isinstance(device, BackendV2) else build_target(device)
    place = {"backend": device} if isinstance(device, BackendV2) else {"target": target}
    # Qiskit's router panics on a device that has too few working qubits.
    working = {qubit for qargs in target.qargs or () for qubit in qargs or ()}
    if len(working) < circuit.num_qubits and target.qargs is not None:
        raise IBMInputValueError(
            f"Circuit {circuit.name!r} has {circuit.num_qubits} qubits, and {len(working)} qubits of the device have"
            " operations: choose another device or calibration."
        )
    try:
        return transpile(circuit, **place, optimization_level=optimization_level, seed_transpiler=seed)
    except QiskitError as error:
        raise IBMInputValueError(f"Circuit {circuit.name!r} cannot be transpiled: {error}") from error


def estimates(circuit: QuantumCircuit, device: Any) -> tuple[float | None, float | None]:
    """Return the estimated success probability of a circuit on a device, and its duration, s.

    Both are ``None`` if the circuit cannot run there, or if control flow decides what is played.
    """
    if circuit.has_control_flow_op():
        return None, None
    found = accept(device)
    choice = None if found is None else found.use_fractional_gates
    scores = scores_of(circuit, [snapshot_of(device)], use_fractional_gates=choice)
    esp, duration = float(scores.esp[0]), float(scores.duration[0])
    return (None, None) if math.isnan(esp) else (esp, duration)


def calibration_time(snapshot: Snapshot) -> datetime.datetime | None:
    """Return the time of the last calibration; ``None`` if the device has none."""
    return snapshot.last_update if snapshot.payloads.properties is not None else None


def runs_as_it_is(circuit: QuantumCircuit, target: Target) -> bool:
    """Return whether a circuit is one on the qubits of a device, and of operations that these have.

    A circuit with fewer qubits than the device is none, whatever its gates, because nothing says which qubits it means,
    unless it has a layout: OpenQASM 3 with physical qubits says it, and ends with the last of those that it uses.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Snapshot, build_target
        >>> from qiskit_ibm_native.fitting import runs_as_it_is
        >>> circuit = QuantumCircuit(2, name="pair")
        >>> _ = circuit.h(0), circuit.cx(0, 1)
        >>> circuit.measure_all()
        >>> runs_as_it_is(circuit, build_target(Snapshot.load("lima")))
        False
    """
    if circuit.num_qubits != target.num_qubits and (circuit.layout is None or circuit.num_qubits > target.num_qubits):
        return False
    return _all_supported(circuit, target, {bit: index for index, bit in enumerate(circuit.qubits)})


def _all_supported(circuit: QuantumCircuit, target: Target, index: Mapping[Qubit, int]) -> bool:
    for instruction in circuit.data:
        if instruction.is_directive():
            continue
        if instruction.is_control_flow():
            if instruction.name not in target:
                return False
            for block in instruction.operation.blocks:
                inner = {bit: index[outer] for bit, outer in zip(block.qubits, instruction.qubits, strict=True)}
                if not _all_supported(block, target, inner):
                    return False
            continue
        qargs = tuple(index[bit] for bit in instruction.qubits)
        if not target.instruction_supported(instruction.name, qargs, parameters=instruction.params):
            return False
    return True
