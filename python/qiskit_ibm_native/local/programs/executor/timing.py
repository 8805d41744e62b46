# SPDX-License-Identifier: Apache-2.0
"""Schedules of circuits, as clients may ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.converters import circuit_to_dag
from qiskit.transpiler.exceptions import TranspilerError
from qiskit.transpiler.passes import ALAPScheduleAnalysis, TimeUnitConversion

from ...errors import BadInputError

if TYPE_CHECKING:
    from qiskit.dagcircuit import DAGOpNode
    from qiskit.transpiler import Target


def describe_timing(circuit: QuantumCircuit, target: Target) -> dict[str, Any]:
    """Return when the instructions of a circuit begin, as late as possible, and how long they take, in ``dt``.

    Each line is of an instruction on a channel: branch, instruction, channel, begin, duration, kind. Instructions
    that take no time and idle times have no lines.

    Raises:
        BadInputError: The circuit cannot be scheduled.
    """
    try:
        converted = TimeUnitConversion(target=target)
        dag = converted.run(circuit_to_dag(circuit))
        analysis = ALAPScheduleAnalysis(target=target)
        analysis.property_set = converted.property_set
        analysis.run(dag)
    except TranspilerError as error:
        raise BadInputError(
            f"options.scheduler_timing: a circuit cannot be scheduled ({error}); leave the option out"
        ) from None
    begins = analysis.property_set["node_start_time"]
    lines, end = [], 0
    for node in sorted(dag.topological_op_nodes(), key=begins.__getitem__):
        qubits = [dag.find_bit(qubit).index for qubit in node.qargs]
        begin = begins[node]
        duration = 0 if node.name == "barrier" else _duration(node, qubits, target)
        end = max(end, begin + duration)
        lines += _lines(node.name, qubits, begin, duration)
    return {"timing": "".join(f"{line}\n" for line in lines), "circuit_duration": end}


def _duration(node: DAGOpNode, qubits: list[int], target: Target) -> int:
    if node.name == "delay":
        return int(node.op.duration)
    properties = target[node.name].get(tuple(qubits)) if node.name in target.operation_names else None
    if properties is None or properties.duration is None:
        return 0
    return int(np.rint(properties.duration / target.dt))


def _lines(name: str, qubits: list[int], begin: int, duration: int) -> list[str]:
    if name == "barrier":
        return [f"main,barrier,Qubit {qubit},{begin},0,barrier" for qubit in qubits]
    if name == "delay" or not duration:
        return []
    label = "_".join([name.replace("_", ""), *map(str, qubits)])
    lines = [f"main,{label},Qubit {qubit},{begin},{duration},play" for qubit in qubits]
    if name.startswith("measure"):
        lines.append(f"main,{label},AWGR0_{qubits[0]},{begin},{duration},capture")
    return lines
