# SPDX-License-Identifier: Apache-2.0
"""The status of a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .._words import count


@dataclass
class BackendStatus:
    """The status of a device at a moment.

    Attributes:
        backend_name: The device's name.
        backend_version: The version of its configuration.
        operational: Whether the device takes jobs.
        pending_jobs: The number of jobs in the queue.
        status_msg: ``"active"`` if the device runs jobs; otherwise the reason, such as ``"maintenance"`` or
            ``"internal"``.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> status = IBMProvider(channel="local").get_backend("ibmq_lima").status()
        >>> status.operational, status.pending_jobs, status.status_msg
        (True, 0, 'active')
    """

    backend_name: str
    backend_version: str
    operational: bool
    pending_jobs: int
    status_msg: str

    @classmethod
    def from_reply(cls, backend_name: str, reply: Mapping[str, Any]) -> BackendStatus:
        """Create a status from a reply of the service; a missing queue length is 0.

        Raises:
            TypeError: The reply is no status, or a value is of the wrong kind.
        """
        if not {"state", "status"} & set(reply):
            raise TypeError("it has neither state nor status")
        pending = reply.get("length_queue") or 0
        if not isinstance(pending, int) or not isinstance(reply.get("state", False), bool):
            raise TypeError("its state and length_queue should be a boolean and a number")
        return cls(
            backend_name=backend_name,
            backend_version=str(reply.get("backend_version") or "0.0.0"),
            operational=reply.get("state", False),
            pending_jobs=max(pending, 0),
            status_msg=str(reply.get("status", "")),
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BackendStatus:
        """Create a status from the result of :meth:`to_dict`."""
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes by name."""
        return asdict(self)

    def _repr_html_(self) -> str:
        from .. import _html

        is_active = self.operational and self.status_msg == "active"
        word = self.status_msg or ("active" if self.operational else "not operational")
        badge = _html.badge(word, "good" if is_active else "bad" if not self.operational else "waiting")
        notes = (f"{count(self.pending_jobs, 'job')} in the queue", f"version {self.backend_version}")
        return _html.panel(_html.heading(self.backend_name, *notes, kind="BackendStatus", badges=[badge]))
