# SPDX-License-Identifier: Apache-2.0
"""Module of qiskit-ibm-provider 0.11: its names, imported from where they are today."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__: list[str] = []

if not TYPE_CHECKING:
    # Type checkers would take every name for one of this module's.
    def __getattr__(name: str) -> object:
        from .._former_names import missing_name

        raise missing_name(__name__, name)
