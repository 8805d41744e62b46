# SPDX-License-Identifier: Apache-2.0
"""Random Paulis around gates and in front of measurements, which change no result without noise.

On devices these Paulis are merged into the single-qubit gates around them; here they are gates without errors. Paulis
of qubits that a layer leaves alone cancel, and are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from qiskit.circuit import CircuitInstruction

from .paulis import GATES

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    def numbers(self, shots: int, at_least: int | None = None, is_obeyed: bool = False) -> tuple[int, int]:
        """Return the number of randomizations, and the shots of one of them.

        Args:
            shots: The number of shots that are asked for.
            at_least: The shots of a randomization, if neither number is given.
            is_obeyed: Whether randomizations get more shots than they are given, if there would be too few.
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
        if is_obeyed and randomizations is not None:
            each_shots = max(each_shots, math.ceil(shots / randomizations))
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
    """Return a circuit with random Paulis, but for those behind the last instruction on a qubit, which nothing sees.

    Args:
        layered: The circuit.
        twirling: What is twirled.
        random: The source of random numbers.
        injection: Errors to be inserted in front of layers.
    """
    writer = _Writer(layered.circuit, random if twirling.measure else None)
    for step in layered.before:
        writer.append(step)
    sign = 1
    for number, layer in enumerate(layered.layers):
        model = injection.models[number] if injection is not None else None
        if injection is not None and model is not None:
            errors, change = model.draw(injection.factor, random)
            sign *= change
            for qubit, code in errors.items():
                writer.pend(qubit, code)
        codes = random.integers(16, size=len(layer.gates)).tolist() if twirling.gates else [0] * len(layer.gates)
        for gate, code in zip(layer.gates, codes, strict=True):
            first, second = gate.qubits
            writer.pend(first, code & 3)
            writer.pend(second, code >> 2)
            writer.append(gate.instruction)
            image = gate.images[code]
            writer.pend(first, image & 3)
            writer.pend(second, image >> 2)
        for step in layer.after:
            writer.append(step)
    return Randomized(writer.circuit, writer.flips, sign)


class _Writer:
    """A circuit that is written with Paulis: those of a qubit are multiplied until something else happens to it."""

    def __init__(self, circuit: QuantumCircuit, random: np.random.Generator | None) -> None:
        """Begin to write.

        Args:
            circuit: The circuit without Paulis.
            random: Random numbers by which measurements are twirled; ``None`` if they are not.
        """
        self.circuit = circuit.copy_empty_like()
        self.flips = np.zeros(circuit.num_clbits, np.bool_)
        self._random = random
        self._qubits = circuit.qubits
        self._indices = {bit: index for bits in (circuit.qubits, circuit.clbits) for index, bit in enumerate(bits)}
        self._pending = [0] * circuit.num_qubits
        # Bits that the circuit itself reads have to be right within it. Expressions may read registers.
        reading = [step for step in circuit.data if step.is_control_flow() or step.name == "store"]
        self._read = set(circuit.clbits) if circuit.num_vars else {clbit for step in reading for clbit in step.clbits}

    def pend(self, qubit: int, code: int) -> None:
        """Add a Pauli, which is written with the next instruction on its qubit."""
        self._pending[qubit] ^= code

    def append(self, step: CircuitInstruction) -> None:
        """Write an instruction of the circuit; a measurement perhaps with an X in front of it, and one behind."""
        if step.name == "barrier":
            self.circuit.append(step)
            return
        is_flipped = False
        if self._random is not None and step.name.startswith("measure") and step.clbits[0] not in self._read:
            is_flipped = bool(self._random.integers(2))
            # The last measurement into a bit counts.
            self.flips[self._indices[step.clbits[0]]] = is_flipped
            self.pend(self._indices[step.qubits[0]], is_flipped)
        for qubit in step.qubits:
            index = self._indices[qubit]
            if self._pending[index]:
                for gate in GATES[self._pending[index]]:
                    self.circuit.append(CircuitInstruction(gate, (qubit,)))
                self._pending[index] = 0
        self.circuit.append(step)
        if is_flipped:
            self.pend(self._indices[step.qubits[0]], is_flipped)
