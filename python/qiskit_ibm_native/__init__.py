# SPDX-License-Identifier: Apache-2.0
"""IBM Quantum devices in Qiskit, without waiting.

A device publishes its configuration and its calibrations as large JSON payloads. A :class:`Snapshot` is made of their
bytes, and :func:`build_target`, :func:`build_instruction_durations` and :func:`build_coupling_map` make Qiskit objects
of a snapshot::

    from qiskit_ibm_native import Snapshot, build_target

    target = build_target(Snapshot.load("fez"))

Names are imported when they are first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exceptions import BackendPayloadError, BackendPropertyError, IBMError
    from .models import BackendConfiguration, BackendProperties
    from .snapshot import Snapshot, bundled_devices
    from .target import build_coupling_map, build_instruction_durations, build_target

__version__ = "0.1.0"

__all__ = [
    "BackendConfiguration",
    "BackendPayloadError",
    "BackendProperties",
    "BackendPropertyError",
    "IBMError",
    "Snapshot",
    "build_coupling_map",
    "build_instruction_durations",
    "build_target",
    "bundled_devices",
]

_MODULES = {
    "BackendConfiguration": "models",
    "BackendPayloadError": "exceptions",
    "BackendProperties": "models",
    "BackendPropertyError": "exceptions",
    "IBMError": "exceptions",
    "Snapshot": "snapshot",
    "build_coupling_map": "target",
    "build_instruction_durations": "target",
    "build_target": "target",
    "bundled_devices": "snapshot",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
