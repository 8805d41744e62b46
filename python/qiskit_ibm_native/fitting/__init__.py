# SPDX-License-Identifier: Apache-2.0
"""Circuits on devices: read from files, transpiled for a device, and devices ranked by how well a circuit would run.

Examples:
    >>> from qiskit import QuantumCircuit
    >>> from qiskit_ibm_native.fitting import rank_devices
    >>> pair = QuantumCircuit(2)
    >>> _ = pair.h(0)
    >>> _ = pair.cx(0, 1)
    >>> pair.measure_all()
    >>> ranking = rank_devices(pair, ["lima", "fez"])
    >>> [fit.device for fit in ranking]
    ['ibm_fez', 'ibmq_lima']
    >>> ranking[0].was_transpiled, ranking[0].shape.two_qubit_count
    (True, 1)
"""

from __future__ import annotations

from .files import read_circuit, write_circuit
from .ranking import DeviceFit, DeviceRanking, rank_devices
from .shape import CircuitShape, shape_of
from .transpiling import TranspiledCircuit, runs_as_it_is, transpile_for

__all__ = [
    "CircuitShape",
    "DeviceFit",
    "DeviceRanking",
    "TranspiledCircuit",
    "rank_devices",
    "read_circuit",
    "runs_as_it_is",
    "shape_of",
    "transpile_for",
    "write_circuit",
]
