# SPDX-License-Identifier: Apache-2.0
"""Module of qiskit-ibm-provider 0.11 that has nothing to give: importing it says what to use."""

from __future__ import annotations

from .._former_names import missing_module

raise missing_module(__name__)
