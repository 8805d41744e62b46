# SPDX-License-Identifier: Apache-2.0
"""Retired devices: backends of earlier jobs that the service does not have any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ..exceptions import IBMBackendError
from ..models import BackendStatus
from .backend import IBMBackend

if TYPE_CHECKING:
    from ..snapshot.diff import SnapshotDiff


class IBMRetiredBackend(IBMBackend):
    """A retired device: the backend of earlier jobs that the service does not have any more.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider, IBMRetiredBackend
        >>> backend = IBMRetiredBackend.from_name("ibmq_5_yorktown", IBMProvider(channel="local"), None)
        >>> backend.name, backend.status().operational
        ('ibmq_5_yorktown', False)
    """

    @classmethod
    def from_name(cls, backend_name: str, provider: Any, api: Any) -> IBMRetiredBackend:
        """Create a backend of which only the name is known."""
        configuration = {
            "backend_name": backend_name, "backend_version": "0.0.0", "n_qubits": 1, "basis_gates": [], "gates": [],
            "simulator": False, "local": False, "conditional": False, "open_pulse": False, "memory": True,
            "coupling_map": None, "max_shots": 1, "max_experiments": 300,
        }  # fmt: skip
        backend = cls(configuration, provider, api)
        backend._state.is_calibrated = False
        return backend

    def refresh(self) -> SnapshotDiff:
        """Return that nothing changed, and nothing does any more."""
        return self.snapshot.diff(self.snapshot)

    def status(self) -> BackendStatus:
        """Return that the device is not there any more."""
        return BackendStatus(self.name, str(self.backend_version), False, 0, "This backend is no longer available.")

    def run(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raise IBMBackendError."""
        raise IBMBackendError(f"This backend ({self.name}) is no longer available.")
