# SPDX-License-Identifier: Apache-2.0
"""Instances of an account that can be reached, and their devices."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..provider.provider import IBMProvider


@dataclass(frozen=True)
class InstanceState:
    """An instance of an account, as the service answers now.

    Attributes:
        crn: Its cloud resource name.
        name: The name that its owner gave it.
        plan: The name of its plan.
        region: Its region.
        devices: Names of its devices.
        error: The reason why it cannot be used; ``None`` if it can.

    Examples:
        >>> from qiskit_ibm_native.diagnosis import InstanceState
        >>> InstanceState("crn:v1:...", "mine", "open", "us-east", devices=("ibm_fez",)).is_reachable
        True
    """

    crn: str
    name: str
    plan: str
    region: str
    devices: tuple[str, ...] = ()
    error: str | None = None

    @property
    def is_reachable(self) -> bool:
        """Whether the instance answered."""
        return self.error is None

    def to_dict(self) -> dict[str, Any]:
        """Return the state for JSON."""
        return {**asdict(self), "devices": list(self.devices)}


def instance_states(provider: IBMProvider) -> list[InstanceState]:
    """Ask each instance of a provider's account for its devices.

    An account with the CRN of one instance is asked about that one alone.

    Raises:
        IBMError: The instances cannot be listed at all: the key is not accepted, or the service is out of reach.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> from qiskit_ibm_native.diagnosis import instance_states
        >>> with IBMProvider(channel="local") as provider:
        ...     [state.is_reachable for state in instance_states(provider)]
        [True]
    """
    from ..client.discovery import Instance
    from ..exceptions import IBMError

    known = {each.crn: each for each in provider._known_instances()}
    states = []
    for client in provider._clients(None):
        crn = client.instance
        about = known.get(crn) or Instance(crn, "", "unknown", "unknown", ())
        state = InstanceState(crn, about.name, about.plan, about.region)
        try:
            devices = tuple(sorted(device["name"] for device in client.list_backends()))
            states.append(replace(state, devices=devices))
        except IBMError as failure:
            states.append(replace(state, error=str(failure)))
    return states
