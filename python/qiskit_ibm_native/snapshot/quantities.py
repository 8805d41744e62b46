# SPDX-License-Identifier: Apache-2.0
"""The measured quantities of qubits and gates: one table of their names and units, and arrays under these names.

Columns, differences, overrides, series and exports follow from :data:`QUBIT_QUANTITIES` and :data:`GATE_QUANTITIES`.
numpy is imported when arrays are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from .._frames import Column, Tabular

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


class Quantity(NamedTuple):
    """A measured quantity of qubits or of gates.

    Attributes:
        name: The public name, such as ``"t1"``.
        payload_name: The name in properties payloads, such as ``"T1"``; an alias of ``name`` wherever one is given.
        unit: The SI unit, ``"s"`` or ``"Hz"``; empty for probabilities and flags.
        column: The name of the native column.
        is_probability: Whether values are between 0 and 1.
        is_flag: Whether values are true or false.
        is_readout: Whether a qubit's quantity concerns measurements alone.
    """

    name: str
    payload_name: str
    unit: str
    column: str
    is_probability: bool = False
    is_flag: bool = False
    is_readout: bool = False


def _by_name(*quantities: Quantity) -> dict[str, Quantity]:
    return {quantity.name: quantity for quantity in quantities}


QUBIT_QUANTITIES = _by_name(
    Quantity("t1", "T1", "s", "T1"),
    Quantity("t2", "T2", "s", "T2"),
    Quantity("frequency", "frequency", "Hz", "frequency"),
    Quantity("anharmonicity", "anharmonicity", "Hz", "anharmonicity"),
    Quantity("readout_error", "readout_error", "", "readout_error", is_probability=True, is_readout=True),
    Quantity("readout_length", "readout_length", "s", "readout_length", is_readout=True),
    Quantity("prob_meas0_prep1", "prob_meas0_prep1", "", "prob_meas0_prep1", is_probability=True, is_readout=True),
    Quantity("prob_meas1_prep0", "prob_meas1_prep0", "", "prob_meas1_prep0", is_probability=True, is_readout=True),
    Quantity("operational", "operational", "", "operational", is_flag=True),
)
GATE_QUANTITIES = _by_name(
    Quantity("error", "gate_error", "", "error", is_probability=True),
    Quantity("duration", "gate_length", "s", "duration"),
    Quantity("operational", "operational", "", "operational", is_flag=True),
)
_QUBIT_ALIASES = {quantity.payload_name: quantity for quantity in QUBIT_QUANTITIES.values()}
_GATE_ALIASES = {quantity.payload_name: quantity for quantity in GATE_QUANTITIES.values()}


def find_qubit_quantity(name: str) -> Quantity | None:
    """Return the quantity of qubits with a public name or payload name; ``None`` if there is none."""
    return QUBIT_QUANTITIES.get(name) or _QUBIT_ALIASES.get(name)


def find_gate_quantity(name: str) -> Quantity | None:
    """Return the quantity of gates with a public name or payload name; ``None`` if there is none."""
    return GATE_QUANTITIES.get(name) or _GATE_ALIASES.get(name)


def qubit_quantity(name: str) -> Quantity:
    """Return the quantity of qubits with a public name or payload name.

    Raises:
        ValueError: There is no such quantity.
    """
    return find_qubit_quantity(name) or _refuse(name, QUBIT_QUANTITIES)


def gate_quantity(name: str) -> Quantity:
    """Return the quantity of gates with a public name or payload name.

    Raises:
        ValueError: There is no such quantity.
    """
    return find_gate_quantity(name) or _refuse(name, GATE_QUANTITIES)


def _refuse(name: str, known: Iterable[str]) -> NoReturn:
    raise ValueError(f"there is no quantity {name!r}; there are {', '.join(known)}")


def value_columns(owner: GateQuantities | QubitQuantities, quantities: Mapping[str, Quantity]) -> list[Column]:
    """Return the columns of a long table with all quantities of an object."""
    columns = []
    for name, quantity in quantities.items():
        valid = None if quantity.is_flag else owner.valid(name).ravel()
        columns.append(Column(name, getattr(owner, name).ravel(), valid, quantity.unit))
    return columns


def value_variables(
    owner: GateQuantities | QubitQuantities, quantities: Mapping[str, Quantity], dimensions: tuple[str, ...]
) -> dict[str, tuple[Any, Any, dict[str, str]]]:
    """Return the variables of a data set of xarray with all quantities of an object; missing values are ``nan``."""
    return {name: (dimensions, getattr(owner, name), {"units": quantity.unit}) for name, quantity in quantities.items()}


class GateQuantities(Tabular):
    """Arrays of the quantities of one gate; their last axis has the ``m`` qargs on which the gate is listed.

    Attributes:
        name: The gate's name.
        qargs: The qubits, an array ``(m, k)`` for a gate on ``k`` qubits.
        error: Gate errors, probabilities; ``nan`` where missing.
        duration: Durations, s; ``nan`` where missing.
        operational: Whether the gate is listed on these qargs and may be used.
    """

    error: Floats
    duration: Floats
    operational: Flags

    def __init__(self, name: str, arrays: Mapping[str, Any]) -> None:
        """Create the quantities from native arrays by name."""
        import numpy as np

        self.name = name
        self.qargs: NDArray[np.uint32] = np.asarray(arrays["qargs"])
        self._valid: dict[str, Flags] = {}
        for quantity in GATE_QUANTITIES.values():
            setattr(self, quantity.name, np.asarray(arrays[quantity.column]))
            if not quantity.is_flag:
                self._valid[quantity.name] = np.asarray(arrays[f"{quantity.column}_valid"])

    def valid(self, name: str) -> Flags:
        """Return the mask of the values that are present, of ``"error"`` or ``"duration"``.

        Raises:
            ValueError: There is no such quantity, or every value is present (``"operational"``).
        """
        quantity = find_gate_quantity(name)
        if quantity is None or quantity.is_flag:
            _refuse(name, self._valid)
        return self._valid[quantity.name]


class QubitQuantities(Tabular):
    """Arrays of the quantities of qubits; their last axis has the qubits, and missing values are ``nan``."""

    def _pair(self, name: str) -> tuple[Floats, Flags]:
        """Return the values of a quantity and the mask of those that are present."""
        raise AssertionError(name)

    @property
    def t1(self) -> Floats:
        """Relaxation times T1, s."""
        return self._pair("t1")[0]

    @property
    def t2(self) -> Floats:
        """Dephasing times T2, s."""
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
        """Assignment errors as the device publishes them, usually ``(P(0|1) + P(1|0)) / 2``."""
        return self._pair("readout_error")[0]

    @property
    def readout_length(self) -> Floats:
        """Durations of a readout, s."""
        return self._pair("readout_length")[0]

    @property
    def prob_meas0_prep1(self) -> Floats:
        """Probabilities of measuring 0 after preparing 1."""
        return self._pair("prob_meas0_prep1")[0]

    @property
    def prob_meas1_prep0(self) -> Floats:
        """Probabilities of measuring 1 after preparing 0."""
        return self._pair("prob_meas1_prep0")[0]

    def valid(self, name: str) -> Flags:
        """Return the mask of the values of a quantity, such as ``"t1"``, that are present.

        Raises:
            ValueError: There is no such quantity, or every value is present (``"operational"``).
        """
        quantity = find_qubit_quantity(name)
        if quantity is None or quantity.is_flag:
            _refuse(name, (known.name for known in QUBIT_QUANTITIES.values() if not known.is_flag))
        return self._pair(quantity.name)[1]
