# SPDX-License-Identifier: Apache-2.0
"""Every exception of this package, in one tree.

::

    QiskitError
    └── IBMError
        ├── BackendPayloadError     (also a ValueError)
        └── BackendPropertyError

Importing this module imports Qiskit. Rooms that must do without Qiskit import it when they have something to raise.
"""

from __future__ import annotations

from qiskit.exceptions import QiskitError


class IBMError(QiskitError):
    """Base class of the exceptions of this package."""

    def __str__(self) -> str:
        """Return the message as it is; Qiskit's base class puts it in quotes."""
        return str(self.message)


class BackendPayloadError(IBMError, ValueError):
    """A payload is not what a device publishes.

    Attributes:
        payload: Which payload: ``"configuration"``, ``"properties"`` or ``"defaults"``.
        path: The JSON path of the place, for example ``$.gates[12].parameters[0].value``.
        offset: The offset of the place in the payload, in bytes.
    """

    def __init__(self, message: str, payload: str, path: str, offset: int) -> None:
        """Create the error; ``message`` says what was expected and found."""
        super().__init__(message)
        self.payload = payload
        self.path = path
        self.offset = offset

    def __reduce__(self) -> tuple[type[BackendPayloadError], tuple[str, str, str, int]]:
        return type(self), (self.message, self.payload, self.path, self.offset)


class BackendPropertyError(IBMError):
    """A calibration does not have the value that was asked for."""
