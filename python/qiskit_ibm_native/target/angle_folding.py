# SPDX-License-Identifier: Apache-2.0
"""The folding of angles of ``rzz`` into the range that devices take, 0 to pi/2.

Up to global phase, ``RZZ`` repeats after a full turn, a half turn is a ``Z`` on both qubits, and an ``X`` on one qubit
before and behind turns the sign of the angle.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from qiskit.circuit import Qubit
from qiskit.circuit.library import RZGate, RZZGate, XGate
from qiskit.dagcircuit import DAGCircuit
from qiskit.transpiler.passes.utils.wrap_angles import WRAP_ANGLE_REGISTRY

if TYPE_CHECKING:
    from collections.abc import Sequence


@cache
def register() -> None:
    """Register the folding of ``rzz`` with Qiskit's ``WRAP_ANGLE_REGISTRY``, once per process; an existing one is kept.

    Without a registration, an angle out of range is a KeyError in the middle of a pass manager. The registry has no
    other query than folding an angle.
    """
    try:
        WRAP_ANGLE_REGISTRY.substitute_angle_bounds("rzz", [math.pi], [0, 1])
    except KeyError:
        WRAP_ANGLE_REGISTRY.add_wrapper("rzz", _fold_rzz)


def _fold_rzz(angles: Sequence[float], _qubits: Sequence[int]) -> DAGCircuit:
    """Return a circuit that is ``RZZ(angle)`` exactly, with the angle of its own ``rzz`` from 0 to pi/2."""
    turns = round(angles[0] / (2 * math.pi))
    angle = angles[0] - turns * 2 * math.pi
    half_turns = 0
    if abs(angle) > math.pi / 2:
        half_turns = 1 if angle > 0 else -1
        angle -= half_turns * math.pi
    dag = DAGCircuit()
    dag.add_qubits([Qubit(), Qubit()])
    first, second = dag.qubits
    # RZZ(2 pi) is -1. RZZ(pi) is -i ZZ, and Z is i RZ(pi), so RZZ(pi) is i RZ(pi) RZ(pi).
    dag.global_phase = turns * math.pi + half_turns * math.pi / 2
    if half_turns:
        dag.apply_operation_back(RZGate(math.pi), [first])
        dag.apply_operation_back(RZGate(math.pi), [second])
    if angle < 0:
        dag.apply_operation_back(XGate(), [first])
    dag.apply_operation_back(RZZGate(abs(angle)), [first, second])
    if angle < 0:
        dag.apply_operation_back(XGate(), [first])
    return dag
