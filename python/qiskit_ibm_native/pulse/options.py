# SPDX-License-Identifier: Apache-2.0
"""Kernels and discriminators: the steps from a recorded signal to a number, and to a bit."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class MeasurementOption:
    """A named step of signal processing."""

    __slots__ = ("_name", "_params")

    def __init__(self, name: str | None = None, **params: Any) -> None:
        """Store a name and parameters."""
        self._name = name
        self._params = params

    @classmethod
    def _of(cls, name: str | None, params: Mapping[str, Any]) -> Self:
        """Make a step whose parameters may have any name, ``name`` included."""
        option = cls(name)
        option._params = dict(params)
        return option

    @property
    def name(self) -> str | None:
        """The name of the step."""
        return self._name

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the step; a copy."""
        return copy.deepcopy(self._params)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MeasurementOption):
            return NotImplemented
        return type(self) is type(other) and (self._name, self._params) == (other._name, other._params)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = [repr(self._name), *(f"{key}={value}" for key, value in self._params.items())]
        return f"{type(self).__name__}({', '.join(parts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._of, (self._name, self._params)


class Kernel(MeasurementOption):
    """The integration of a recorded signal to a complex number.

    Examples:
        >>> from qiskit_ibm_native.pulse import Acquire, AcquireChannel, Kernel, MemorySlot
        >>> kernel = Kernel("boxcar", start_window=0, stop_window=1000)
        >>> Acquire(1000, AcquireChannel(0), MemorySlot(0), kernel=kernel).kernel.params
        {'start_window': 0, 'stop_window': 1000}
    """


class Discriminator(MeasurementOption):
    """The assignment of a bit to a complex number.

    Examples:
        >>> from qiskit_ibm_native.pulse import Discriminator
        >>> Discriminator("linear", threshold=0.5).params
        {'threshold': 0.5}
    """
