# SPDX-License-Identifier: Apache-2.0
"""Configurations and calibrations as objects: views of payloads, which decode what is asked for."""

from __future__ import annotations

from .configuration import BackendConfiguration, GateConfig
from .properties import BackendProperties, GateProperties, Nduv
from .status import BackendStatus

__all__ = ["BackendConfiguration", "BackendProperties", "BackendStatus", "GateConfig", "GateProperties", "Nduv"]
