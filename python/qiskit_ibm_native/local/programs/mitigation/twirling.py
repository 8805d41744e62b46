# SPDX-License-Identifier: Apache-2.0
"""Random Paulis around gates and in front of measurements, which change no result without noise.

On devices these Paulis are merged into the single-qubit gates around them; here they are gates without errors. Paulis
of qubits that a layer leaves alone cancel, and are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import CircuitInstruction

from .paulis import GATES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qiskit import QuantumCircuit

    from .error_models import PauliLindblad
    from .layers import LayeredCircuit


@dataclass(frozen=True)
class Twirling:
    """Options of twirling; ``None`` for a number that follows from the others."""

    gates: bool
    measure: bool
    num_randomizations: int | None
    shots_per_randomization: int | None
    strategy: str

    @property
    def is_enabled(self) -> bool:
        """Whether anything is twirled."""
        return self.gates or self.measure

    def numbers(self, shots: int, at_least: int | None = None) -> tuple[int, int]:
        """Return the number of randomizations, and the shots of one of them.

        Args:
            shots: The number of shots that are asked for.
            at_least: The shots of a randomization, if neither number is given.
        """
        if not self.is_enabled:
            return 1, shots
        randomizations, each_shots = self.num_randomizations, self.shots_per_randomization
        if each_shots is None:
            each_shots = (
                at_least or max(64, math.ceil(shots / 32))
                if randomizations is None
                else math.ceil(shots / randomizations)
            )
        return randomizations or math.ceil(shots / each_shots), each_shots


@dataclass(frozen=True)
class Injection:
    """Errors to be inserted in front of layers: the channels of their noise to the power ``factor``."""

    models: Sequence[PauliLindblad | None]
    factor: float


@dataclass(frozen=True)
class Randomized:
    """A randomized circuit.

    Attributes:
        circuit: The circuit.
        flips: By classical bit, whether it is to be inverted.
        sign: The sign of its results.
    """

    circuit: QuantumCircuit
    flips: npt.NDArray[np.bool_]
    sign: int


def randomize(
    layered: LayeredCircuit, twirling: Twirling, random: np.random.Generator, injection: Injection | None = None
) -> Randomized:
    """Return a circuit with random Paulis.

    Args:
        layered: The circuit.
        twirling: What is twirled.
        random: The source of random numbers.
        injection: Errors to be inserted in front of layers.
    """
    circuit = layered.circuit.copy_empty_like()
    qubits = circuit.qubits
    measured = _Measurements(layered.circuit, random) if twirling.measure else None
    add: Callable[[CircuitInstruction], Any] = circuit.append if measured is None else measured.adder(circuit)
    for step in layered.before:
        add(step)
    sign = 1
    for number, layer in enumerate(layered.layers):
        model = injection.models[number] if injection is not None else None
        if injection is not None and model is not None:
            errors, change = model.draw(injection.factor, random)
            sign *= change
            for qubit, code in errors.items():
                circuit.append(CircuitInstruction(GATES[code], (qubits[qubit],)))
        if twirling.gates:
            codes = random.integers(16, size=len(layer.gates)).tolist()
            _append_paulis(circuit, [(gate.qubits, code) for gate, code in zip(layer.gates, codes, strict=True)])
        for gate in layer.gates:
            circuit.append(gate.instruction)
        if twirling.gates:
            images = [(gate.qubits, gate.images[code]) for gate, code in zip(layer.gates, codes, strict=True)]
            _append_paulis(circuit, images)
        for step in layer.after:
            add(step)
    flips = np.zeros(circuit.num_clbits, np.bool_) if measured is None else measured.flips
    return Randomized(circuit, flips, sign)


def _append_paulis(circuit: QuantumCircuit, pairs: list[tuple[tuple[int, int], int]]) -> None:
    for (first, second), code in pairs:
        for qubit, letter in ((first, code & 3), (second, code >> 2)):
            if letter:
                circuit.append(CircuitInstruction(GATES[letter], (circuit.qubits[qubit],)))


class _Measurements:
    """Measurements of a circuit, half of which have an X in front of them, and another behind."""

    def __init__(self, circuit: QuantumCircuit, random: np.random.Generator) -> None:
        self.flips = np.zeros(circuit.num_clbits, np.bool_)
        self._random = random
        self._indices = {clbit: index for index, clbit in enumerate(circuit.clbits)}
        # Bits that the circuit itself reads have to be right within it. Registers may be read by expressions.
        reading = [step for step in circuit.data if step.is_control_flow() or step.name == "store"]
        self._read = {clbit for step in reading for clbit in step.clbits}
        if circuit.num_vars:
            self._read = set(circuit.clbits)

    def adder(self, circuit: QuantumCircuit) -> Callable[[CircuitInstruction], None]:
        """Return what appends an instruction to a circuit."""
        flip = GATES[1]

        def add(step: CircuitInstruction) -> None:
            is_measured = step.name.startswith("measure") and step.clbits and step.clbits[0] not in self._read
            if not is_measured:
                circuit.append(step)
                return
            is_flipped = bool(self._random.integers(2))
            # The last measurement into a bit counts.
            self.flips[self._indices[step.clbits[0]]] = is_flipped
            around = [CircuitInstruction(flip, step.qubits)] if is_flipped else []
            for instruction in (*around, step, *around):
                circuit.append(instruction)

        return add
