# SPDX-License-Identifier: Apache-2.0
"""How recorded signals become numbers and bits: kernels and discriminators."""

from __future__ import annotations

from typing import Any


class MeasurementOption:
    """A named step of signal processing.

    Attributes:
        name: Its name.
        params: Its parameters.
    """

    def __init__(self, name: str | None = None, **params: Any) -> None:
        """Take over a name and parameters."""
        self.name = name
        self.params = params

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MeasurementOption):
            return NotImplemented
        return type(self) is type(other) and (self.name, self.params) == (other.name, other.params)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = [repr(self.name), *(f"{key}={value}" for key, value in self.params.items())]
        return f"{type(self).__name__}({', '.join(parts)})"


class Kernel(MeasurementOption):
    """How a signal becomes a complex number."""


class Discriminator(MeasurementOption):
    """How a complex number becomes a bit."""
