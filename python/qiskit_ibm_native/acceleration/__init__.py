# SPDX-License-Identifier: Apache-2.0
"""The official client's backends and fake devices by the native core: one line, and one to undo it.

:func:`accelerate` replaces the functions of ``qiskit_ibm_runtime`` that decode and convert payloads. Importing this
module replaces nothing. Scripts are run accelerated by ``python -m qiskit_ibm_native.acceleration script.py``, tests by
``pytest -p qiskit_ibm_native.acceleration``.
"""

from __future__ import annotations

from .switch import Acceleration, accelerate, is_accelerated

__all__ = ["Acceleration", "accelerate", "is_accelerated"]


def pytest_configure() -> None:
    """Accelerate a test session that names this module as a plug-in."""
    accelerate()


def pytest_unconfigure() -> None:
    """Undo the acceleration of a test session."""
    Acceleration().undo()
