# SPDX-License-Identifier: Apache-2.0
"""Running a circuit with many sets of parameter values.

Circuits of a twirled program differ in their angles only, and clients measure all qubits of a device, most of which
have gates of one qubit. So a circuit is taken apart once: qubits that nothing connects with others are computed for
all sets of values together, exactly, and only the rest is bound and simulated for each set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Parameter, ParameterExpression

from .. import engine
from ..engine import transfer
from ..engine.components import ConnectedComponent, Step, connected_components
from ..engine.noise import DeviceNoise, device_noise

if TYPE_CHECKING:
    from .simulation import Simulation
    from .work import Piece

#: Rotations that may have a parameter, with the entries of a Pauli vector (1, x, y, z) that they turn into each other.
_ROTATIONS = {"rz": (1, 2), "p": (1, 2), "u1": (1, 2), "rx": (2, 3), "ry": (3, 1)}


@dataclass(frozen=True)
class _Rotation:
    """A gate whose angle is a parameter."""

    entries: tuple[int, int]
    column: int

    def apply(self, vectors: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        angles = values[:, self.column]
        first, second = self.entries
        turned = vectors.copy()
        turned[:, first] = np.cos(angles) * vectors[:, first] - np.sin(angles) * vectors[:, second]
        turned[:, second] = np.sin(angles) * vectors[:, first] + np.cos(angles) * vectors[:, second]
        return turned


@dataclass(frozen=True)
class _Map:
    """Gates and noise without parameters, as a Pauli transfer matrix."""

    matrix: npt.NDArray[np.float64]

    def apply(self, vectors: npt.NDArray[np.float64], _values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(vectors @ self.matrix.T)


@dataclass(frozen=True)
class _LoneQubit:
    """A qubit that nothing connects with others, and is measured at the end."""

    steps: list[_Rotation | _Map]
    clbit: int
    readout: npt.NDArray[np.float64]

    def ones(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the probability to read 1 for each set of values."""
        vectors = np.zeros((len(values), 4))
        vectors[:, [0, 3]] = 1.0
        for step in self.steps:
            vectors = step.apply(vectors, values)
        excited = np.clip((1 - vectors[:, 3]) / 2, 0.0, 1.0)
        one_for_zero, zero_for_one = self.readout
        return np.asarray((1 - excited) * one_for_zero + excited * (1 - zero_for_one))


class Runner:
    """Runs a piece of work, a range of its sets of values at a time."""

    def __init__(self, piece: Piece, simulation: Simulation) -> None:
        """Take the circuit apart, if that is worth it and keeps its results.

        The ideal simulator and noise models of jobs are left to Aer as they are.
        """
        self._piece = piece
        self._simulation = simulation
        self._parameters = list(piece.circuit.parameters)
        count = len(self._parameters)
        self._rows = np.broadcast_to(piece.values, (*piece.shape, count)).reshape(-1, count)
        self._lone: list[_LoneQubit] = []
        self._rest = piece.circuit
        if not simulation.device.is_simulator and simulation.noise_model is None:
            self._take_apart()
        self._used = [self._parameters.index(parameter) for parameter in self._rest.parameters]

    def run(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return the bits of a range of sets of values, of shape ``(stop - start, shots, num_clbits)``."""
        rows, shots = self._rows[start:stop], self._piece.shots
        bits = np.zeros((len(rows), shots, self._piece.circuit.num_clbits), np.bool_)
        if self._rest.data:
            bound = [self._rest.assign_parameters(row) for row in rows[:, self._used]] if self._used else (
                [self._rest] * len(rows)
            )  # fmt: skip
            done = self._simulation.run([engine.BoundCircuit(circuit, shots) for circuit in bound])
            for number, measured in enumerate(done):
                bits[number] = measured.bits
        for qubit in self._lone:
            chance = qubit.ones(rows)
            bits[..., qubit.clbit] = self._simulation.random.random((len(rows), shots)) < chance[:, None]
        return bits

    def _take_apart(self) -> None:
        circuit = self._piece.circuit
        snapshot = self._simulation.noisy_snapshot
        noise = None if snapshot is None else device_noise(snapshot)
        columns = {parameter: index for index, parameter in enumerate(self._parameters)}
        self._rest = circuit.copy_empty_like()
        for component in connected_components(circuit):
            lone = _lone_qubit(component, columns, noise)
            if lone is not None:
                self._lone.append(lone)
                continue
            for step in component.steps:
                self._rest.append(step.instruction)


def _lone_qubit(
    component: ConnectedComponent, columns: dict[Parameter, int], noise: DeviceNoise | None
) -> _LoneQubit | None:
    """Return the steps of a qubit; ``None`` if there are more, or others than gates and a measurement at the end."""
    measured = component.measured_at_the_end()
    if len(component.qubits) != 1 or not measured or len(measured) > 1:
        return None
    steps: list[_Rotation | _Map] = []
    for step in component.steps:
        found = [] if step.name == "measure" else _actions(step, columns, noise)
        if found is None:
            return None
        steps += found
    readout = np.zeros(2) if noise is None else noise.readout[component.qubits[0]]
    return _LoneQubit(_merged(steps), component.clbits[0], readout)


def _actions(step: Step, columns: dict[Parameter, int], noise: DeviceNoise | None) -> list[_Rotation | _Map] | None:
    """Return what an instruction does; ``None`` for one whose parameter is more than a name, or that is no gate."""
    if step.name == "reset":
        return [_Map(transfer.RESET)]
    if step.name == "delay":
        relaxed = None if noise is None else noise.channel("delay", step.qubits, step.params[0])
        return [] if relaxed is None else [_Map(relaxed)]
    if not any(isinstance(value, ParameterExpression) and value.parameters for value in step.params):
        matrix = transfer.of_gate(step) if noise is None else noise.gate(step)
        return None if matrix is None else [_Map(matrix)]
    column = columns.get(step.params[0])
    if step.name not in _ROTATIONS or column is None:
        return None
    error = None if noise is None else noise.channel(step.name, step.qubits)
    return [_Rotation(_ROTATIONS[step.name], column), *([] if error is None else [_Map(error)])]


def _merged(steps: list[_Rotation | _Map]) -> list[_Rotation | _Map]:
    """Return steps with neighbouring maps multiplied."""
    merged: list[_Rotation | _Map] = []
    for step in steps:
        last = merged[-1] if merged else None
        if isinstance(step, _Map) and isinstance(last, _Map):
            merged[-1] = _Map(step.matrix @ last.matrix)
        else:
            merged.append(step)
    return merged
