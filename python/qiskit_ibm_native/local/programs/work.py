# SPDX-License-Identifier: Apache-2.0
"""Circuits of jobs as programs read them, and their measured values."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit

from ..engine.acceptance import check_gates
from ..errors import BadInputError
from .checks.choices import MEAS_TYPES
from .signals import to_signals

if TYPE_CHECKING:
    from .simulation import Simulation


@dataclass(frozen=True)
class Piece:
    """A circuit with arrays of parameter values.

    Attributes:
        circuit: The circuit, with its parameters.
        values: Array of shape ``(*shape, num_parameters)``.
        shape: The shape of the results in front of shots and bits.
        shots: Number of shots for each set of values.
    """

    circuit: QuantumCircuit
    values: npt.NDArray[np.float64]
    shape: tuple[int, ...]
    shots: int

    def bound(self) -> list[QuantumCircuit]:
        """Return the circuit with each set of values."""
        parameters = list(self.circuit.parameters)
        if not parameters:
            return [self.circuit] * math.prod(self.shape)
        rows = np.broadcast_to(self.values, (*self.shape, len(parameters))).reshape(-1, len(parameters))
        return [self.circuit.assign_parameters(dict(zip(parameters, map(float, row), strict=True))) for row in rows]


@dataclass(frozen=True)
class Measured:
    """Measured values of a job.

    Attributes:
        fields: By circuit and register, arrays of shape ``(*shape, shots, bits)``, or ``(*shape, bits)`` for averages.
        metadata: By circuit, what the simulation says about its shots.
        start: Begin of the simulation.
        stop: End of the simulation.
    """

    fields: list[dict[str, npt.NDArray[Any]]]
    metadata: list[dict[str, int | str]]
    start: datetime.datetime
    stop: datetime.datetime


def read_meas_type(value: Any) -> str:
    """Return a measurement type."""
    if value not in MEAS_TYPES:
        raise BadInputError(f"the measurement type is {value!r}; use one of {list(MEAS_TYPES)}")
    return str(value)


def read_shots(shots: Any, default: Any) -> int:
    """Return a number of shots; the default if there is none."""
    chosen = default if shots is None else shots
    if not isinstance(chosen, int) or isinstance(chosen, bool):
        raise BadInputError(f"shots is {chosen!r}, not a number")
    return chosen


def to_meas_type(bits: npt.NDArray[np.bool_], meas_type: str, simulation: Simulation) -> npt.NDArray[Any]:
    """Return bits, of shape ``(..., shots, bits)``, as a measurement type has them."""
    if meas_type == "classified":
        return bits
    signals = to_signals(bits, simulation.device, simulation.has_noise, simulation.random)
    return np.asarray(signals.mean(axis=-2)) if meas_type == "avg_kerneled" else signals


def check_piece(piece: Piece, number: int, simulation: Simulation, path: str) -> None:
    """Refuse a circuit that does not fit the device, or values that do not fit the circuit.

    Args:
        piece: The circuit with its values.
        number: The index of the circuit.
        simulation: The device of the job.
        path: Where the values are, for errors.

    Raises:
        BadInputError: They do not fit, or a value is no finite number.
    """
    device = simulation.device
    limit = getattr(device.model, "max_shots", None)
    if piece.shots < 1 or (limit and piece.shots > limit):
        raise BadInputError(f"circuit {number}: {piece.shots} shots; {device.name} takes 1 to {limit}")
    if piece.circuit.num_qubits > device.num_qubits:
        raise BadInputError(
            f"circuit {number} has {piece.circuit.num_qubits} qubits, {device.name} has {device.num_qubits}"
        )
    if not device.is_simulator:
        check_gates(piece.circuit, number, simulation.target, device.name)
    if piece.circuit.num_parameters != (piece.values.shape[-1] if piece.values.ndim else 0):
        raise BadInputError(
            f"circuit {number} has {piece.circuit.num_parameters} parameters, its values {piece.values.shape}"
        )
    # Angles without a value would be simulated, as no rotation or any other.
    wrong = np.argwhere(~np.isfinite(piece.values))
    if wrong.size:
        place = wrong[0].tolist()
        raise BadInputError(f"{path} has {piece.values[tuple(place)]} at {place}; send finite numbers")


def by_register(circuit: QuantumCircuit, values: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """Return values of classical bits, which are the last axis, by their registers."""
    indices = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    return {register.name: values[..., [indices[bit] for bit in register]] for register in circuit.cregs}
