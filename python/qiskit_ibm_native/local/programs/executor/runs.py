# SPDX-License-Identifier: Apache-2.0
"""Running a circuit with many sets of parameter values.

Circuits of a twirled program differ in their angles only, and clients measure all qubits of a device, most of which
have gates of one qubit. So a circuit is taken apart once: small parts are computed for all sets of values together,
exactly, and only the rest is bound and simulated for each set.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ... import engine
from ...engine.acceptance import check_works
from ...engine.batches import Batch, Unsupported
from ...engine.components import connected_components
from ...engine.noise import device_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit

    from ..simulation import Simulation
    from ..work import Piece

#: Sets of values that are computed together, 32 MB for the largest parts.
_TOGETHER = 1000


class Runner:
    """A piece of work that is run a range of its sets of values at a time."""

    def __init__(self, piece: Piece, simulation: Simulation) -> None:
        """Take the circuit apart.

        The ideal simulator and noise models of jobs are left to Aer as they are.
        """
        self._piece = piece
        self._simulation = simulation
        parameters = list(piece.circuit.parameters)
        self._columns = {parameter: column for column, parameter in enumerate(parameters)}
        count = len(parameters)
        self._rows = np.broadcast_to(piece.values, (*piece.shape, count)).reshape(math.prod(piece.shape), count)
        self._batches: list[Batch] = []
        self._told: list[dict[str, Any]] = []
        self._rest = piece.circuit
        if not simulation.device.is_simulator and simulation.noise_model is None:
            self._take_apart()
        self._used = [self._columns[parameter] for parameter in self._rest.parameters]

    def _take_apart(self) -> None:
        circuit = self._piece.circuit
        snapshot = self._simulation.noisy_snapshot
        noise = None if snapshot is None else device_noise(snapshot)
        self._rest = circuit.copy_empty_like()
        for component in connected_components(circuit):
            # Clients measure all qubits, also those that do not work; gates between qubits are the user's.
            if noise is not None and len(component.qubits) > 1:
                check_works(component.steps, "a circuit", noise)
            try:
                self._batches.append(Batch(component, self._columns, noise))
            except Unsupported:
                for step in component.steps:
                    self._rest.append(step.instruction)

    def run(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return the bits of a range of sets of values, of shape ``(stop - start, shots, num_clbits)``."""
        return self.bits(start, stop, self._simulation.run(self.tasks(start, stop)))

    def tasks(self, start: int, stop: int) -> list[engine.BoundCircuit]:
        """Return the circuits of a range of sets of values that are to be simulated, for :meth:`bits`."""
        if not self._rest.data:
            return []
        return [engine.BoundCircuit(circuit, self._piece.shots) for circuit in self._bound(start, stop)]

    def bits(self, start: int, stop: int, done: Sequence[engine.MeasuredBits]) -> npt.NDArray[np.bool_]:
        """Return the bits of a range of sets of values, of shape ``(stop - start, shots, num_clbits)``.

        Args:
            start: The first set of values.
            stop: The one behind the last.
            done: The measured bits of :meth:`tasks`.
        """
        shots = self._piece.shots
        bits = np.zeros((stop - start, shots, self._piece.circuit.num_clbits), np.bool_)
        if done:
            self._told.append(engine.metadata(done))
        for number, measured in enumerate(done):
            bits[number] = measured.bits
        for first in range(start, stop, _TOGETHER):
            last = min(first + _TOGETHER, stop)
            for batch in self._batches:
                drawn = batch.draw(self._rows[first:last], shots, self._simulation.random)
                bits[first - start : last - start, :, list(batch.clbits)] = drawn
        return bits

    def metadata(self) -> dict[str, Any]:
        """Return what the engine says about how shots were simulated: the worst of all runs."""
        names = sorted({name for told in self._told for name in told})
        return {name: min(told[name] for told in self._told if name in told) for name in names}

    def _bound(self, start: int, stop: int) -> list[QuantumCircuit]:
        if not self._used:
            return [self._rest] * (stop - start)
        return [self._rest.assign_parameters(row) for row in self._rows[start:stop, self._used]]
