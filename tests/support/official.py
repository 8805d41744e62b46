# SPDX-License-Identifier: Apache-2.0
"""The counterpart: the official client, and every device that it ships."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qiskit_ibm_runtime
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data, properties_from_server_data

if TYPE_CHECKING:
    from qiskit.transpiler import Target

_BACKENDS = Path(qiskit_ibm_runtime.__file__).parent / "fake_provider" / "backends"


@cache
def shipped_devices() -> list[str]:
    """Return the names of the devices that the official client ships."""
    return sorted(path.name for path in _BACKENDS.iterdir() if (path / f"conf_{path.name}.json").exists())


@cache
def shipped_payloads(name: str) -> tuple[bytes, bytes]:
    """Return configuration and properties of a shipped device."""
    folder = _BACKENDS / name
    return (folder / f"conf_{name}.json").read_bytes(), (folder / f"props_{name}.json").read_bytes()


def configuration_model(payload: bytes | str, use_fractional_gates: bool | None = None) -> Any:
    """Return the official model of a configuration."""
    model = configuration_from_server_data(json.loads(payload), use_fractional_gates=use_fractional_gates)
    assert model is not None, "the official client refuses this configuration"
    return model


def properties_model(payload: bytes | str) -> Any:
    """Return the official model of properties."""
    return properties_from_server_data(json.loads(payload), use_fractional_gates=None)


def official_target(
    configuration: bytes | str, properties: bytes | str | None, use_fractional_gates: bool | None = None, **options: Any
) -> Target:
    """Return the target that the official client makes of payloads."""
    model = None if properties is None else properties_model(properties)
    return convert_to_target(configuration_model(configuration, use_fractional_gates), model, **options)
