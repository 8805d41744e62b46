# SPDX-License-Identifier: Apache-2.0
"""Learning the noise of layers: Van den Berg, Minev, Kandala and Temme, Nature Physics 19, 1116 (2023).

A layer is repeated an even number of times between random Paulis. How a Pauli decays with the number of pairs tells the
product of its fidelity and of that of its image, whatever errors preparation and readout make; the two are taken to be
equal. Rates are the least-squares solution that is not negative.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import rustworkx
from qiskit import QuantumCircuit
from scipy.optimize import nnls

from ... import engine
from ...errors import BadInputError
from . import paulis
from .error_models import LayerError, PauliLindblad
from .layers import Layer, in_layers
from .rotations import append_basis_change, append_eigenstate
from .twirling import Twirling, randomize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..simulation import Simulation

#: Nine settings of three bases for four groups of qubits, such that any two groups have each pair of bases once.
_SETTINGS = [(a, b, (a + b) % 3, (a + 2 * b) % 3) for a, b in itertools.product(range(3), repeat=2)]
_CODES = (paulis.LETTERS.index("X"), paulis.LETTERS.index("Y"), paulis.LETTERS.index("Z"))


@dataclass(frozen=True)
class LearningOptions:
    """Options of learning; ``None`` for no limit of layers."""

    max_layers_to_learn: int | None = 4
    shots_per_randomization: int = 128
    num_randomizations: int = 32
    layer_pair_depths: tuple[int, ...] = (0, 1, 2, 4, 16, 32)


def unique_layers(circuits: Iterable[QuantumCircuit], strategy: str) -> list[Layer]:
    """Return layers of circuits, those first that occur most often, then those that have most gates.

    Layers of the same gates are one, which has the qubits of all.
    """
    found: dict[Any, list[Layer]] = {}
    for circuit in circuits:
        for layer in in_layers(circuit, strategy).layers:
            found.setdefault(layer.key, []).append(layer)
    merged = [
        (len(layers), Layer(layers[0].gates, (), tuple(sorted({qubit for layer in layers for qubit in layer.qubits}))))
        for layers in found.values()
    ]
    return [layer for _, layer in sorted(merged, key=lambda item: (-item[0], -len(item[1].gates)))]


def learn(layers: Sequence[Layer], simulation: Simulation, options: LearningOptions) -> list[LayerError]:
    """Return the noise of layers.

    Args:
        layers: The layers; of those beyond the limit nothing is learned.
        simulation: The device.
        options: The options.

    Raises:
        BadInputError: A layer cannot be learned.
    """
    experiments = [
        _Experiment(layer, simulation, options) for layer in layers[: options.max_layers_to_learn] if layer.qubits
    ]
    done = simulation.run([task for experiment in experiments for task in experiment.tasks])
    errors, first = [], 0
    for experiment in experiments:
        runs = done[first : first + len(experiment.tasks)]
        first += len(experiment.tasks)
        errors.append(experiment.fitted([run.bits for run in runs]))
    return errors


class _Experiment:
    """The circuits by which a layer is learned."""

    def __init__(self, layer: Layer, simulation: Simulation, options: LearningOptions) -> None:
        self._layer = layer
        self._depths = options.layer_pair_depths
        self._randomizations = options.num_randomizations
        self._positions = {qubit: index for index, qubit in enumerate(layer.qubits)}
        self._edges = self._coupled(simulation)
        self._groups = self._colors()
        self._check_order()
        self.tasks: list[engine.BoundCircuit] = []
        self._flips: list[npt.NDArray[np.bool_]] = []
        twirling = Twirling(
            gates=True, measure=True, num_randomizations=None, shots_per_randomization=None, strategy="active"
        )
        for setting, depth in itertools.product(range(len(_SETTINGS)), self._depths):
            layered = in_layers(self._circuit(setting, depth, simulation), "active")
            for _ in range(options.num_randomizations):
                randomized = randomize(layered, twirling, simulation.random)
                self.tasks.append(engine.BoundCircuit(randomized.circuit, options.shots_per_randomization))
                self._flips.append(randomized.flips)

    def _coupled(self, simulation: Simulation) -> list[tuple[int, int]]:
        """Return the pairs of qubits, by their positions, that may have errors in common."""
        coupling = simulation.target.build_coupling_map()
        pairs = [gate.qubits for gate in self._layer.gates]
        pairs += [] if coupling is None else list(coupling.get_edges())
        inside = {tuple(sorted(pair)) for pair in pairs if set(pair) <= self._positions.keys()}
        return sorted((self._positions[first], self._positions[second]) for first, second in inside)

    def _colors(self) -> list[int]:
        """Return the group of each qubit, such that qubits of a pair are in different ones."""
        graph = rustworkx.PyGraph(multigraph=False)
        graph.add_nodes_from(range(len(self._positions)))
        graph.add_edges_from_no_data(self._edges)
        colors = rustworkx.two_color(graph) or rustworkx.graph_greedy_color(graph)
        if max(colors.values(), default=0) >= len(_SETTINGS[0]):
            raise BadInputError("the noise of a layer cannot be learned: its qubits have too many neighbours")
        return [colors[position] for position in range(len(self._positions))]

    def _check_order(self) -> None:
        for gate in self._layer.gates:
            if any(gate.images[gate.images[code]] != code for code in range(16)):
                raise BadInputError(
                    f"the noise of a layer with {gate.key[0]} cannot be learned: the gate done twice is not a Pauli"
                    " operator"
                )

    def _codes(self, setting: int) -> npt.NDArray[np.int8]:
        """Return the Pauli that a setting measures of each qubit."""
        return np.array([_CODES[_SETTINGS[setting][group]] for group in self._groups], np.int8)

    def _circuit(self, setting: int, depth: int, simulation: Simulation) -> QuantumCircuit:
        source = max(self._layer.qubits) + 1
        circuit = QuantumCircuit(max(source, simulation.device.num_qubits), len(self._positions))
        letters = [paulis.LETTERS[code] for code in self._codes(setting)]
        names = set(simulation.target.operation_names)
        for qubit, letter in zip(self._layer.qubits, letters, strict=True):
            append_eigenstate(circuit, qubit, letter, names)
        for _ in range(2 * depth):
            for gate in self._layer.gates:
                circuit.append(gate.instruction.operation, gate.qubits)
        for qubit, letter in zip(self._layer.qubits, letters, strict=True):
            append_basis_change(circuit, qubit, letter, names)
        circuit.measure(self._layer.qubits, range(len(self._positions)))
        return circuit

    def _generators(self) -> npt.NDArray[np.int8]:
        """Return Paulis on single qubits and on pairs of qubits."""
        rows = []
        for position, code in itertools.product(range(len(self._positions)), (1, 2, 3)):
            rows.append({position: code})
        for (first, second), one, two in itertools.product(self._edges, (1, 2, 3), (1, 2, 3)):
            rows.append({first: one, second: two})
        generators = np.zeros((len(rows), len(self._positions)), np.int8)
        for number, row in enumerate(rows):
            for position, code in row.items():
                generators[number, position] = code
        return generators

    def _images(self, generators: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """Return the Paulis behind the layer."""
        images = generators.copy()
        for gate in self._layer.gates:
            first, second = (self._positions[qubit] for qubit in gate.qubits)
            pairs = generators[:, first] + 4 * generators[:, second]
            behind = np.array(gate.images)[pairs]
            images[:, first], images[:, second] = behind & 3, behind >> 2
        return images

    def fitted(self, bits: list[npt.NDArray[np.bool_]]) -> LayerError:
        """Return the layer with the rates that fit measured bits best."""
        generators = self._generators()
        images = self._images(generators)
        turned = self._turned(generators)
        sums = np.zeros((len(self._depths), len(generators)))
        counts = np.zeros((len(self._depths), len(generators)))
        for index, (run, flips) in enumerate(zip(bits, self._flips, strict=True)):
            setting, depth = divmod(index // self._randomizations, len(self._depths))
            fits = ((generators == 0) | (generators == self._codes(setting))).all(axis=1)
            parity = (run ^ flips).astype(np.float32) @ (generators[fits] != 0).T.astype(np.float32) % 2
            sign = np.where(turned[fits] & bool(self._depths[depth] % 2), -1.0, 1.0)
            sums[depth, fits] += sign * (1 - 2 * parity).sum(axis=0)
            counts[depth, fits] += len(run)
        means = sums / counts
        losses = np.array([
            _decay(np.array(self._depths, float), mean, np.sqrt(np.maximum(1 - mean**2, 1 / count) / count))
            for mean, count in zip(means.T, counts.T, strict=True)
        ])  # fmt: skip
        # Half of the loss of a pair of layers is that of the Pauli, half that of its image.
        matrix = np.concatenate([paulis.anticommute(generators, generators), paulis.anticommute(images, generators)])
        rates, _ = nnls(2.0 * matrix, np.tile(losses / 2, 2))
        layer = QuantumCircuit(len(self._positions))
        for gate in self._layer.gates:
            layer.append(gate.instruction.operation, [self._positions[qubit] for qubit in gate.qubits])
        return LayerError(layer, self._layer.qubits, PauliLindblad(self._layer.qubits, generators, rates))

    def _turned(self, generators: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
        """Return which Paulis change their sign with each pair of layers: some gates done twice are a Pauli."""
        turned = np.zeros(len(generators), np.bool_)
        for gate in self._layer.gates:
            square = paulis.square_of(gate.instruction.operation)
            codes = np.array([[square & 3, square >> 2]], np.int8)
            own = generators[:, [self._positions[qubit] for qubit in gate.qubits]]
            turned ^= paulis.anticommute(own, codes)[:, 0]
        return turned


def _decay(depths: npt.NDArray[np.float64], means: npt.NDArray[np.float64], errors: npt.NDArray[np.float64]) -> float:
    """Return the rate at which a value decays, by a weighted fit of its logarithm."""
    usable = means > 3 * errors
    if usable.sum() < 2:
        # It is gone with the first layers.
        return float(-np.log(np.clip(means[1] / max(means[0], 1e-3), 1e-3, 1.0)))
    slope = np.polyfit(depths[usable], np.log(means[usable]), 1, w=means[usable] / errors[usable])[0]
    return float(max(-slope, 0.0))
