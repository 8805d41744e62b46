# SPDX-License-Identifier: Apache-2.0
"""Noise of a device by its calibration: gate errors, relaxation during gates and delays, and readout errors.

Gates are depolarized so far that, together with relaxation at T1 and T2 for their duration, they have the measured
error. That is the model of Qiskit Aer, https://qiskit.github.io/qiskit-aer/tutorials/2_device_noise_simulation.html.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Gate

from ...exceptions import BackendPropertyError
from ...target import build_target
from . import transfer

if TYPE_CHECKING:
    from qiskit.transpiler import Target

    from ...snapshot import Snapshot
    from .components import Step

_READOUT = ("prob_meas1_prep0", "prob_meas0_prep1")

Matrix = npt.NDArray[np.float64]


class DeviceNoise:
    """The noise of a device, of which each channel is made when it is first asked for.

    Errors of all gates of 156 qubits would take seconds.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Read what a calibration says."""
        #: The device, faulty gates included.
        self.target: Target = build_target(snapshot, filter_faulty=False)
        self._channels: dict[tuple[str, tuple[int, ...]], Matrix | None] = {}
        self._gates: dict[tuple[str, tuple[int, ...]], Matrix | None] = {}
        properties = snapshot.properties
        #: Qubits that do not work, and gates by name and qubits; those on two qubits with both orders of them.
        self.faulty_qubits = set() if properties is None else set(properties.faulty_qubits())
        self.faulty_gates = {
            (gate.gate, order)
            for gate in ([] if properties is None else properties.faulty_gates())
            for order in (tuple(gate.qubits), tuple(reversed(gate.qubits)))
        }
        #: Probabilities to read 1 after preparing 0, and 0 after preparing 1, of shape ``(num_qubits, 2)``.
        self.readout = readout_probabilities(snapshot)

    def channel(self, name: str, qubits: tuple[int, ...], length: int = 0) -> Matrix | None:
        """Return the transfer matrix of the errors behind an instruction; ``None`` if it has none.

        Args:
            name: The instruction's name.
            qubits: The qubits.
            length: The length of a delay in ``dt``.
        """
        if name == "delay":
            return self._delay(qubits[0], length)
        key = (name, qubits)
        if key not in self._channels:
            self._channels[key] = self._gate_errors(name, qubits)
        return self._channels[key]

    def gate(self, step: Step) -> Matrix | None:
        """Return the transfer matrix of a gate and its errors; ``None`` if it has no matrix."""
        if step.params:
            return self._noisy(step)
        key = (step.name, step.qubits)
        if key not in self._gates:
            # A gate by the name of a device's is that gate; two of the user's own may share a name and differ.
            made = self._noisy(step)
            if not transfer.is_standard(step.name):
                return made
            self._gates[key] = made
        return self._gates[key]

    def _noisy(self, step: Step) -> Matrix | None:
        gate = transfer.of_gate(step)
        errors = self.channel(step.name, step.qubits)
        return gate if gate is None or errors is None else errors @ gate

    def _relaxed(self, qubits: tuple[int, ...], duration: float) -> Matrix:
        relaxed: Matrix = np.ones((1, 1))
        for qubit in qubits:
            relaxed = np.asarray(np.kron(transfer.relaxation(*self.times(qubit), duration), relaxed), float)
        return relaxed

    def times(self, qubit: int) -> tuple[float, float]:
        """Return T1 and T2; a time that was not measured counts as infinite, and T2 is twice T1 at most."""
        known = self.target.qubit_properties[qubit] if self.target.qubit_properties else None
        t1 = math.inf if known is None or known.t1 is None else known.t1
        t2 = math.inf if known is None or known.t2 is None else known.t2
        return t1, min(t2, 2 * t1)

    def relaxes_by_resets(self, qubit: int) -> bool:
        """Return whether the relaxation of a qubit is a mixture of the identity, Z and resets: T2 is not above T1."""
        t1, t2 = self.times(qubit)
        return t2 <= t1

    def seconds(self, length: int) -> float:
        """Return the duration of a delay; 0 if ``dt`` is unknown."""
        return float(length * (self.target.dt or 0.0))

    def _delay(self, qubit: int, length: int) -> Matrix | None:
        duration = self.seconds(length)
        return self._relaxed((qubit,), duration) if duration else None

    def _gate_errors(self, name: str, qubits: tuple[int, ...]) -> Matrix | None:
        if name in ("measure", "reset") or name not in self.target.operation_names:
            return None
        known = self.target[name].get(qubits)
        if known is None:
            return None
        channel = self._relaxed(qubits, known.duration or 0.0)
        if known.error and isinstance(self.target.operation_from_name(name), Gate):
            channel = transfer.depolarized_to(known.error, channel)
        return None if np.array_equal(channel, np.eye(len(channel))) else channel


@lru_cache(maxsize=32)
def device_noise(snapshot: Snapshot) -> DeviceNoise:
    """Return the noise of a device."""
    return DeviceNoise(snapshot)


@lru_cache(maxsize=64)
def readout_probabilities(snapshot: Snapshot) -> Matrix:
    """Return the probabilities to read 1 after preparing 0, and 0 after preparing 1, of shape ``(num_qubits, 2)``."""
    table = np.zeros((snapshot.num_qubits, 2))
    properties = snapshot.properties
    if properties is None:
        return table
    note = snapshot.provenance
    overrides = {} if note is None else note.overrides
    given = {name: {qubit for qubit, _ in overrides.get(name, ())} for name in ("readout_error", *_READOUT)}
    for qubit in range(snapshot.num_qubits):
        symmetric = _value(properties, qubit, "readout_error", 0.0)
        for column, name in enumerate(_READOUT):
            # An override of the error alone is meant for both: the device's own values are out of date then.
            is_former = qubit in given["readout_error"] and qubit not in given[name]
            table[qubit, column] = symmetric if is_former else _value(properties, qubit, name, symmetric)
    return np.clip(table, 0.0, 1.0)


def _value(properties: Any, qubit: int, name: str, otherwise: float) -> float:
    try:
        value = properties.qubit_property(qubit, name)[0]
    except BackendPropertyError:
        return otherwise
    return otherwise if value is None else float(value)
