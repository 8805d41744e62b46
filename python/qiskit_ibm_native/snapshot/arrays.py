# SPDX-License-Identifier: Apache-2.0
"""What the columns of one snapshot and those of many have in common: quantities by name, and arrays of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

#: Names of payloads by name of a column.
QUBIT_QUANTITIES = {
    "t1": "T1",
    "t2": "T2",
    "frequency": "frequency",
    "anharmonicity": "anharmonicity",
    "readout_error": "readout_error",
    "readout_length": "readout_length",
    "prob_meas0_prep1": "prob_meas0_prep1",
    "prob_meas1_prep0": "prob_meas1_prep0",
}


def checked_quantity(name: str, known: Collection[str]) -> str:
    """Return ``name`` if it is one of ``known``; ValueError otherwise."""
    if name not in known:
        raise ValueError(f"there is no quantity {name!r}; there are {', '.join(known)}")
    return name


def missing(shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values that are all missing, and their mask; both are read-only."""
    values, valid = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    values.flags.writeable = valid.flags.writeable = False
    return values, valid


class GateQuantities:
    """Arrays of the quantities of a gate, whose last axis is that of the ``m`` places where it is listed.

    Attributes:
        name: The gate's name.
        qargs: The qubits, an array ``(m, k)`` of a gate on ``k`` qubits.
        error: Gate errors (probabilities).
        duration: Durations in seconds.
        operational: Whether the gate is listed there and may be used.
    """

    def __init__(self, name: str, arrays: Mapping[str, Any]) -> None:
        """Create it of native arrays by name."""
        self._valid: dict[str, Flags] = {each: np.asarray(arrays[f"{each}_valid"]) for each in ("error", "duration")}
        self.name = name
        self.qargs: NDArray[np.uint32] = np.asarray(arrays["qargs"])
        self.error: Floats = np.asarray(arrays["error"])
        self.duration: Floats = np.asarray(arrays["duration"])
        self.operational: Flags = np.asarray(arrays["operational"])

    def valid(self, name: str) -> Flags:
        """Return where ``"error"`` or ``"duration"`` has a value.

        Raises:
            ValueError: There is no such column.
        """
        return self._valid[checked_quantity(name, self._valid)]


class QubitQuantities:
    """Arrays of the quantities of qubits, whose last axis is that of qubits."""

    def _pair(self, name: str) -> tuple[Floats, Flags]:
        """Return the values of a quantity, and where there are any."""
        raise AssertionError(name)

    @property
    def t1(self) -> Floats:
        """Relaxation times, s."""
        return self._pair("t1")[0]

    @property
    def t2(self) -> Floats:
        """Dephasing times, s."""
        return self._pair("t2")[0]

    @property
    def frequency(self) -> Floats:
        """Transition frequencies, Hz."""
        return self._pair("frequency")[0]

    @property
    def anharmonicity(self) -> Floats:
        """Anharmonicities, Hz."""
        return self._pair("anharmonicity")[0]

    @property
    def readout_error(self) -> Floats:
        """Probabilities of a wrong readout."""
        return self._pair("readout_error")[0]

    @property
    def readout_length(self) -> Floats:
        """Durations of a readout, s."""
        return self._pair("readout_length")[0]

    @property
    def prob_meas0_prep1(self) -> Floats:
        """Probabilities of reading 0 after preparing 1."""
        return self._pair("prob_meas0_prep1")[0]

    @property
    def prob_meas1_prep0(self) -> Floats:
        """Probabilities of reading 1 after preparing 0."""
        return self._pair("prob_meas1_prep0")[0]

    def valid(self, name: str) -> Flags:
        """Return where a quantity of qubits, such as ``"t1"``, has a value.

        Raises:
            ValueError: There is no such quantity.
        """
        return self._pair(checked_quantity(name, QUBIT_QUANTITIES))[1]
