# SPDX-License-Identifier: Apache-2.0
"""Circuits to run, and what a run would submit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from qiskit import QuantumCircuit, transpile

if TYPE_CHECKING:
    from qiskit_ibm_native import IBMBackend


def bell(name: str = "bell") -> QuantumCircuit:
    circuit = QuantumCircuit(2, name=name)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def transpiled(backend: Any) -> QuantumCircuit:
    return transpile(bell(), backend, optimization_level=0, seed_transpiler=1)


def sent(backend: IBMBackend, *arguments: Any, **options: Any) -> dict[str, Any]:
    """Return what a run would submit."""
    caught: dict[str, Any] = {}

    class Stop(Exception):
        pass

    def program_run(**values: Any) -> None:
        caught.update(values)
        raise Stop

    with patch.object(backend._api_client, "program_run", program_run), pytest.raises(Stop):
        backend.run(*arguments, **options)
    return caught
