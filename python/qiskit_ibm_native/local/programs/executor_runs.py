# SPDX-License-Identifier: Apache-2.0
"""Running a circuit with many sets of parameter values.

Circuits of a twirled program differ in their angles only, and clients measure all qubits of a device, most of which
have gates of one qubit. So a circuit is taken apart once: qubits that nothing connects with others are computed for
all sets of values together, exactly, and only the rest is bound and simulated for each set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Operation, Parameter, ParameterExpression
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import PTM

from .. import engine
from ..engine import noise
from ..engine.components import ConnectedComponent, connected_components, measured_at_the_end, to_aer_instructions

if TYPE_CHECKING:
    from ...snapshot import Snapshot
    from .simulation import Simulation
    from .work import Piece

#: Rotations that may have a parameter, with the entries of a Pauli vector (1, x, y, z) that they turn into each other.
_ROTATIONS = {"rz": (1, 2), "p": (1, 2), "u1": (1, 2), "rx": (2, 3), "ry": (3, 1)}
#: Gates without parameters of which a device has one on each qubit; making a matrix takes a millisecond.
_FIXED = frozenset({"id", "x", "sx", "h", "y", "z", "s", "sdg", "sxdg"})


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


#: Maps of gates by name and parameters.
_KNOWN: dict[tuple[str, tuple[Any, ...]] | None, _Map] = {}


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
        circuit = to_aer_instructions(self._piece.circuit)
        components = [component for component in connected_components(circuit) if component.clbits]
        lone = [component for component in components if len(component.qubits) == 1]
        columns = {parameter: index for index, parameter in enumerate(self._parameters)}
        snapshot = self._simulation.noisy_snapshot
        names = frozenset(name for component in lone for name in noise.names_in(component.circuit))
        qubits = frozenset(component.qubits[0] for component in lone)
        maps = {} if snapshot is None else noise.pauli_transfer_matrices(snapshot, qubits, names)
        known = {component.qubits[0]: _lone_qubit(component, columns, snapshot, maps) for component in lone}
        self._lone = [found for found in known.values() if found is not None]
        taken = {qubit for qubit, found in known.items() if found is not None}
        self._rest = circuit.copy_empty_like()
        for component in components:
            if not (len(component.qubits) == 1 and component.qubits[0] in taken):
                for instruction in component.circuit.data:
                    self._rest.append(instruction)


def _lone_qubit(
    component: ConnectedComponent,
    columns: dict[Parameter, int],
    snapshot: Snapshot | None,
    maps: dict[tuple[str, int], npt.NDArray[np.float64]],
) -> _LoneQubit | None:
    """Return the steps of a qubit; ``None`` if it has others than gates and measurements at the end."""
    measured = measured_at_the_end(component.circuit)
    if not measured or len(measured) > 1:
        return None
    qubit = component.qubits[0]
    steps: list[_Rotation | _Map] = []
    circuit = component.circuit if snapshot is None else noise.with_relaxation(component.circuit, snapshot)
    for instruction in circuit.data:
        if instruction.name in ("barrier", "delay", "measure"):
            continue
        step = _step(instruction.operation, columns)
        if step is None:
            return None
        steps.append(step)
        error = maps.get((instruction.name, qubit))
        if error is not None:
            steps.append(_Map(error))
    readout = np.zeros(2) if snapshot is None else noise.readout_probabilities(snapshot)[qubit]
    return _LoneQubit(_merged(steps), component.clbits[next(iter(measured))], readout)


def _step(operation: Operation, columns: dict[Parameter, int]) -> _Rotation | _Map | None:
    """Return the step of an operation; ``None`` for one whose parameter is more than a name, or that is no gate."""
    parameters = [value for value in operation.params if isinstance(value, ParameterExpression) and value.parameters]
    if not parameters:
        return _map_of(operation)
    if operation.name not in _ROTATIONS or parameters[0] not in columns:
        return None
    return _Rotation(_ROTATIONS[operation.name], columns[parameters[0]])


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


def _map_of(operation: Operation) -> _Map | None:
    key = (operation.name, tuple(operation.params)) if operation.name in _FIXED else None
    if key in _KNOWN:
        return _KNOWN[key]
    try:
        found = _Map(np.real(PTM(operation).data))
    except QiskitError:
        return None
    if key is not None:
        _KNOWN[key] = found
    return found
