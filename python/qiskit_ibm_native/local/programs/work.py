# SPDX-License-Identifier: Apache-2.0
"""Jobs as programs read them, and their measured values."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit

from ..errors import BadInputError

#: Circuits of a job.
MAX_CIRCUITS = 10_000
_MEAS_TYPES = ("classified", "kerneled", "avg_kerneled")


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
class Work:
    """A job as its program reads it."""

    pieces: list[Piece]
    meas_type: str
    simulator: dict[str, Any]
    options: dict[str, Any]


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
    metadata: list[dict[str, int]]
    start: datetime.datetime
    stop: datetime.datetime


def read_meas_type(value: Any) -> str:
    """Return a measurement type."""
    if value not in _MEAS_TYPES:
        raise BadInputError(f"the measurement type is {value!r}; use one of {list(_MEAS_TYPES)}")
    return str(value)


def read_shots(shots: Any, default: Any) -> int:
    """Return a number of shots; the default if there is none."""
    chosen = default if shots is None else shots
    if not isinstance(chosen, int) or isinstance(chosen, bool):
        raise BadInputError(f"shots is {chosen!r}, not a number")
    return chosen
