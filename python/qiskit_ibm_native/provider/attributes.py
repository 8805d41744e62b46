# SPDX-License-Identifier: Apache-2.0
"""The documented attributes of a backend: what a configuration says, and what it means when it says nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from ..models import BackendConfiguration
from ..snapshot import Snapshot

#: Attributes that the configurations of some devices leave out, and what they are then.
_ABSENT: dict[str, Any] = {
    "acquisition_latency": None, "channel_bandwidth": None, "channels": None, "conditional_latency": None,
    "credits_required": False, "default_rep_delay": None, "dt": None, "dtm": None, "dynamic_reprate_enabled": False,
    "hamiltonian": None, "max_shots": None, "meas_lo_range": None, "memory": True, "n_registers": 0, "n_uchannels": 0,
    "open_pulse": False, "parametric_pulses": [], "processor_type": None, "qubit_lo_range": None, "register_map": None,
    "rep_delay_range": None, "rep_times": None, "sample_name": None, "tags": [], "u_channel_lo": [],
}  # fmt: skip
#: Attributes that a configuration has, with ``None`` where it says nothing.
_EMPTY: dict[str, Any] = {"discriminators": [], "meas_kernels": [], "meas_levels": [2]}

#: The same, where it depends on other attributes.
_DERIVED: dict[str, Callable[[BackendConfiguration], Any]] = {
    "configurable": lambda configuration: bool(getattr(configuration, "simulator", False)),
    "display_name": lambda configuration: configuration.backend_name,
    "supported_instructions": lambda configuration: [*configuration.basis_gates, "measure", "delay", "reset"],
}
#: All of these.
DOCUMENTED = frozenset({*_ABSENT, *_EMPTY, *_DERIVED})


def attribute_of(configuration: BackendConfiguration, name: str) -> Any:
    """Return what a configuration says, or what it means that it says nothing.

    Raises:
        AttributeError: There is no such attribute.
    """
    value = getattr(configuration, name, _MISSING)
    if value is None and name in _EMPTY:
        return list(_EMPTY[name])
    if value is not _MISSING:
        return value
    if name in _ABSENT:
        return copy.copy(_ABSENT[name])
    if name in _DERIVED:
        return _DERIVED[name](configuration)
    raise AttributeError(name)


_MISSING = object()


def snapshot_of(configuration: Any) -> Snapshot:
    """Return a snapshot of a configuration, whatever it is given as."""
    if isinstance(configuration, Snapshot):
        return configuration
    if isinstance(configuration, BackendConfiguration):
        return Snapshot.from_payloads(configuration.payload)
    if isinstance(configuration, Mapping):
        return Snapshot.from_payloads(BackendConfiguration.from_dict(configuration).payload)
    if hasattr(configuration, "to_dict"):
        return Snapshot.from_payloads(BackendConfiguration.from_dict(configuration.to_dict()).payload)
    raise TypeError(
        f"a configuration must be a BackendConfiguration or its content, not a {type(configuration).__name__}"
    )
