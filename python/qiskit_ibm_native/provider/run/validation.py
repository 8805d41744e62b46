# SPDX-License-Identifier: Apache-2.0
"""Check circuits and options against the device before a job is submitted."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from qiskit import QuantumCircuit
from qiskit.circuit import BoxOp, ControlFlowOp, Parameter
from qiskit.result import MeasReturnType

from ..._extras import missing
from ...exceptions import IBMBackendValueError
from ...target.operations import ANGLE_BOUNDS

if TYPE_CHECKING:
    from qiskit.transpiler import Target

    from ...models import BackendProperties

#: Instructions that the service runs although targets do not list them.
_ALWAYS = frozenset({"barrier", "store"})
#: Angles may be off by rounding.
_ANGLE_SLACK = 1e-10


def listed(circuits: Any) -> list[QuantumCircuit]:
    """Return circuits as a list; OpenQASM 3 programs are parsed.

    Raises:
        IBMBackendValueError: There are none, or something is no circuit.
        MissingPackageError: A circuit is an OpenQASM 3 program, and qiskit-qasm3-import is not installed.
    """
    if isinstance(circuits, QuantumCircuit | str):
        circuits = [circuits]
    if not isinstance(circuits, Iterable):
        raise IBMBackendValueError(f"Expected circuits, got a {type(circuits).__name__}.")
    every = [_parsed(each) if isinstance(each, str) else each for each in circuits]
    for circuit in every:
        if not isinstance(circuit, QuantumCircuit):
            raise IBMBackendValueError(f"Expected circuits, got a {type(circuit).__name__} among them.")
    if not every:
        raise IBMBackendValueError("There is no circuit to run: circuits is empty.")
    return every


def _parsed(program: str) -> QuantumCircuit:
    from qiskit import qasm3
    from qiskit.exceptions import MissingOptionalLibraryError

    try:
        return qasm3.loads(program)
    except MissingOptionalLibraryError:
        raise missing(["qiskit_qasm3_import"], None, "OpenQASM 3 programs") from None
    except Exception as error:
        raise IBMBackendValueError(f"Qiskit cannot read the text as an OpenQASM 3 program: {error}") from None


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Return whether a circuit has control flow; boxes alone are none."""
    return circuit.has_control_flow_op() and any(
        isinstance(instruction.operation, ControlFlowOp)
        and (
            not isinstance(instruction.operation, BoxOp)
            or any(is_dynamic(block) for block in instruction.operation.blocks)
        )
        for instruction in circuit.data
    )


def check_free_parameters(circuits: Sequence[QuantumCircuit]) -> None:
    """Raise IBMBackendValueError if a circuit has parameters that have no value."""
    for circuit in circuits:
        if circuit.num_parameters:
            names = ", ".join(parameter.name for parameter in list(circuit.parameters)[:5])
            raise IBMBackendValueError(
                f"Circuit {circuit.name} has parameters without values ({names}): bind them with assign_parameters."
            )


def check_faulty(circuit: QuantumCircuit, properties: BackendProperties | None) -> None:
    """Raise IBMBackendValueError if a circuit uses a qubit or an edge that is not operational."""
    if properties is None:
        return
    qubits = set(properties.faulty_qubits())
    edges = {tuple(sorted(gate.qubits)) for gate in properties.faulty_gates() if len(gate.qubits) > 1}
    if qubits or edges:
        _check_faulty(circuit, circuit.name, range(circuit.num_qubits), qubits, edges)


def _check_faulty(
    circuit: QuantumCircuit, name: str, physical: Sequence[int], qubits: set[int], edges: set[tuple[int, ...]]
) -> None:
    physical_of = {qubit: physical[index] for index, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name == "barrier":
            continue
        where = tuple(physical_of[qubit] for qubit in instruction.qubits)
        if isinstance(operation, ControlFlowOp):
            for block in operation.blocks:
                _check_faulty(block, name, where, qubits, edges)
            continue
        for qubit in where:
            if qubit in qubits:
                raise IBMBackendValueError(
                    f"Circuit {name} contains instruction {operation} operating on a faulty qubit {qubit}."
                )
        if len(where) == 2 and tuple(sorted(where)) in edges:
            raise IBMBackendValueError(
                f"Circuit {name} contains instruction {operation} operating on a faulty edge {where}."
            )


def check_isa(circuit: QuantumCircuit, target: Target) -> None:
    """Raise IBMBackendValueError if the device does not have an instruction of a circuit on the qubits it is on."""
    _check_isa(circuit, circuit.name, range(circuit.num_qubits), target)


def _check_isa(circuit: QuantumCircuit, name: str, physical: Sequence[int], target: Target) -> None:
    physical_of = {qubit: physical[index] for index, qubit in enumerate(circuit.qubits)}
    known: set[tuple[str, tuple[int, ...]]] = set()
    for instruction in circuit.data:
        key = (instruction.name, tuple(physical_of[qubit] for qubit in instruction.qubits))
        if key in known or instruction.name in _ALWAYS:
            continue
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            if not isinstance(operation, BoxOp) and operation.name not in target.operation_names:
                raise _not_supported(name, *key, target)
            for block in operation.blocks:
                _check_isa(block, name, key[1], target)
            continue
        if not target.instruction_supported(*key):
            raise _not_supported(name, *key, target)
        bounds = ANGLE_BOUNDS.get(instruction.name) if operation.params else None
        for angle, (low, high) in zip(operation.params, bounds or (), strict=False):
            if isinstance(angle, numbers.Real) and not low - _ANGLE_SLACK <= float(angle) <= high + _ANGLE_SLACK:
                raise IBMBackendValueError(
                    f"Circuit {name}: the angle {angle} of {instruction.name} on qubits {key[1]} is not from {low}"
                    f" to {high}, the range that the device takes. Transpile the circuit with this backend."
                )
        # Instructions with parameters are checked each time, for their angles.
        if not operation.params:
            known.add(key)


def _not_supported(circuit: str, name: str, qubits: tuple[int, ...], target: Target) -> IBMBackendValueError:
    return IBMBackendValueError(
        f"Circuit {circuit}: the instruction {name} on qubits {qubits} is not supported by the target system, which has"
        f" {sorted(target.operation_names)}. Transpile the circuit with this backend."
    )


def check_shots(shots: Any, max_shots: int | None) -> int:
    """Return the number of shots.

    Raises:
        IBMBackendValueError: It is no number from 1 to ``max_shots``.
    """
    is_number = isinstance(shots, numbers.Real) and not isinstance(shots, bool) and math.isfinite(shots)
    if not is_number or int(shots) < 1 or (max_shots and int(shots) > max_shots):
        limit = f" to {max_shots}" if max_shots else ""
        raise IBMBackendValueError(f"shots is {shots!r}; it must be a number from 1{limit}.")
    return int(shots)


def check_rep_delay(rep_delay: Any, is_dynamic: bool, allowed: Sequence[float] | None) -> float | None:
    """Return the delay between shots, in seconds.

    Raises:
        IBMBackendValueError: The device does not take it.
    """
    if rep_delay is None:
        return None
    if not is_dynamic:
        raise IBMBackendValueError("rep_delay is not supported on this device: dynamic_reprate_enabled is False.")
    if not isinstance(rep_delay, numbers.Real) or isinstance(rep_delay, bool):
        raise IBMBackendValueError(f"rep_delay is {rep_delay!r}; it must be a number of seconds.")
    if allowed and not allowed[0] <= float(rep_delay) <= allowed[1]:
        raise IBMBackendValueError(
            f"rep_delay is {rep_delay} s; this device takes {allowed[0]} s to {allowed[1]} s (rep_delay_range)."
        )
    return float(rep_delay)


def check_measurement(meas_level: Any, meas_return: Any) -> tuple[int, str]:
    """Return level (1 or 2) and return (``"single"`` or ``"avg"``) of measurements.

    Raises:
        IBMBackendValueError: There is no such level or return.
    """
    try:
        level, kind = int(meas_level), MeasReturnType(meas_return).value
    except (TypeError, ValueError):
        level, kind = -1, ""
    if level == 0:
        raise IBMBackendValueError("meas_level 0 (raw signals) is not available on the platform; use 1 or 2.")
    if level not in (1, 2):
        raise IBMBackendValueError(
            f"meas_level is {meas_level!r} and meas_return {meas_return!r}; use 1 (kerneled) or 2 (classified), and"
            " 'single' or 'avg'."
        )
    return level, kind


def check_header(header: Any) -> dict[str, Any]:
    """Return the header of a job.

    Raises:
        IBMBackendValueError: It is no dictionary that JSON can hold.
    """
    if header is None:
        return {}
    if not isinstance(header, dict) or json_safe(header).keys() != header.keys():
        raise IBMBackendValueError("header must be a dictionary that can be written as JSON.")
    return json_safe(header)


def check_members(inputs: Mapping[str, Any]) -> None:
    """Raise IBMBackendValueError if something that goes with a job is of the wrong kind."""
    kinds: dict[str, tuple[type, ...]] = {
        "log_level": (str,), "max_execution_time": (numbers.Integral,), "private": (bool,), "seed_simulator": (numbers.Integral,),
    }  # fmt: skip
    for name, kind in kinds.items():
        if inputs.get(name) is not None and not isinstance(inputs[name], kind):
            raise IBMBackendValueError(f"{name} is {inputs[name]!r}, which has the wrong type.")
    model = inputs.get("noise_model")
    if model is not None and not isinstance(model, dict) and not hasattr(model, "to_dict"):
        raise IBMBackendValueError(
            f"noise_model is a {type(model).__name__}; it must be one of Aer, or its dictionary."
        )


def json_safe(metadata: Any) -> dict[str, Any]:
    """Return what of a dictionary JSON can hold; values of other kinds are left out, names are made texts."""
    safe = {}
    for name, value in (metadata or {}).items():
        try:
            safe[name if isinstance(name, str) else str(name)] = orjson.loads(orjson.dumps(value, option=_AS_JSON))
        except (TypeError, ValueError):
            if isinstance(name, Parameter):
                safe.pop(str(name), None)
    return safe


_AS_JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
