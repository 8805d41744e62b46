# SPDX-License-Identifier: Apache-2.0
"""Properties of a qubit, including quantities that Qiskit's ``QubitProperties`` has no attributes for."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from qiskit.providers.backend import QubitProperties
from typing_extensions import Self

from ..exceptions import BackendPropertyError, IBMBackendValueError

if TYPE_CHECKING:
    from .._typing import MaybeNone
    from ..models import BackendProperties


class IBMQubitProperties(QubitProperties):  # type: ignore[misc]
    """Properties of a qubit.

    Attributes:
        t1: Relaxation time in seconds.
        t2: Dephasing time in seconds.
        frequency: Frequency in hertz.
        anharmonicity: Anharmonicity in hertz.
        operational: Whether the qubit works.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> qubit = IBMProvider(channel="local").get_backend("ibmq_lima").qubit_properties(0)
        >>> qubit.t1, qubit.t2  # s
        (5.9698643286635694e-05, 9.355584184359312e-05)
        >>> qubit.frequency, qubit.anharmonicity  # Hz
        (5029685549.923759, -335741552.58829725)
    """

    t1: float | MaybeNone
    t2: float | MaybeNone
    frequency: float | MaybeNone
    anharmonicity: float | MaybeNone
    operational: bool

    def __new__(
        cls,
        t1: float | None = None,
        t2: float | None = None,
        frequency: float | None = None,
        anharmonicity: float | None = None,
        operational: bool = True,
    ) -> Self:
        """Create properties. Qiskit's class is native since 2.3, where ``__new__`` takes what ``__init__`` did."""
        arguments = () if QubitProperties.__new__ is object.__new__ else (t1, t2, frequency)
        properties: IBMQubitProperties = super().__new__(cls, *arguments)
        properties.anharmonicity = anharmonicity
        properties.operational = operational
        return properties

    def __init__(
        self,
        t1: float | None = None,
        t2: float | None = None,
        frequency: float | None = None,
        anharmonicity: float | None = None,  # noqa: ARG002 (taken by __new__)
        operational: bool = True,  # noqa: ARG002 (taken by __new__)
    ) -> None:
        """Set what Qiskit's class has a place for, where that is a class of Python."""
        if QubitProperties.__init__ is not object.__init__:
            super().__init__(t1=t1, t2=t2, frequency=frequency)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.t1, self.t2, self.frequency, self.anharmonicity, self.operational)

    def __repr__(self) -> str:
        return (
            f"IBMQubitProperties(t1={self.t1}, t2={self.t2}, frequency={self.frequency},"
            f" anharmonicity={self.anharmonicity}, operational={self.operational})"
        )


def qubit_properties_of(properties: BackendProperties, qubit: int, num_qubits: int) -> IBMQubitProperties:
    """Return the properties of a qubit; quantities without a value are ``None``.

    Raises:
        IBMBackendValueError: The device has no such qubit.
    """
    qubit = operator.index(qubit)
    if not 0 <= qubit < num_qubits:
        raise IBMBackendValueError(
            f"{properties.backend_name} has no qubit {qubit}: its qubits are 0 to {num_qubits - 1}."
        )

    def value(name: str) -> Any:
        try:
            return properties.qubit_property(qubit, name)[0]
        except BackendPropertyError:
            return None

    return IBMQubitProperties(
        value("T1"), value("T2"), value("frequency"), value("anharmonicity"), properties.is_qubit_operational(qubit)
    )
