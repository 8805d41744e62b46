# SPDX-License-Identifier: Apache-2.0
"""Schedules of circuits: the timing that clients may ask for, and the lengths of stretches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.transpiler import PassManager
from qiskit.transpiler.exceptions import TranspilerError
from qiskit.transpiler.passes import ALAPScheduleAnalysis, TimeUnitConversion

from ..errors import BadInputError

if TYPE_CHECKING:
    from qiskit.transpiler import Target


def describe_timing(circuit: QuantumCircuit, target: Target) -> dict[str, Any]:
    """Return when the instructions of a circuit begin and how long they take, in ``dt``.

    Each line is of an instruction on a qubit: branch, instruction, channel, begin, duration, kind.
    """
    raise NotImplementedError
