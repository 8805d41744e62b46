# SPDX-License-Identifier: Apache-2.0
"""What ``backend.run()`` checks and warns of, in the documented order, before a job is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...exceptions import IBMBackendValueError
from ...transpiler.id_to_delay import contains_id, without_id
from . import validation
from .running import submit_in_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qiskit import QuantumCircuit

    from ..backend import IBMBackend
    from ..jobs.circuit_job import IBMCircuitJob
    from ..jobs.composite_job import IBMCompositeJob


def run_in_order(
    backend: IBMBackend,
    circuits: Any,
    dynamic: bool | None,
    job_tags: list[str] | None,
    given: Mapping[str, Any],
    run_config: dict[str, Any],
) -> IBMCircuitJob | IBMCompositeJob:
    """Run circuits, see :meth:`IBMBackend.run`.

    Args:
        backend: The device.
        circuits: Circuits, or OpenQASM 3 programs.
        dynamic: Whether there is control flow.
        job_tags: Tags of the job.
        given: The options that have an argument of their own; ``None`` is not given.
        run_config: The others.
    """
    circuits = run_config.pop("run_input", None) if circuits is None else circuits
    composite = run_config.pop("composite", False)
    tags = validation.check_tags(job_tags)
    every = validation.listed(circuits)
    backend._check_circuits_attributes(every, is_limited=not composite)
    if given["use_measure_esp"] and not getattr(backend._configuration, "measure_esp_enabled", False):
        raise IBMBackendValueError(
            "ESP readout not supported on this device. Please make sure the flag 'use_measure_esp' is unset or set to"
            " 'False'."
        )
    if any(validation.is_dynamic(circuit) for circuit in every):
        if dynamic is False:
            validation.warn("Parameter 'dynamic' is False, but the circuit contains dynamic constructs.", 2)
        dynamic = True
    if dynamic and not {"qasm3", "dynamic_circuits"} & set(getattr(backend._configuration, "supported_features", ())):
        validation.warn(f"The backend {backend.name} does not support dynamic circuits.", 2)
    status = backend._recent_status()
    if status is not None and status.operational and status.status_msg != "active":
        validation.warn(f"The backend {backend.name} is currently paused.", 2)
    program_id = run_config.pop("program_id", None) or backend._options.program_id
    image = run_config.pop("image", None)
    if isinstance(given["init_circuit"], bool):
        validation.warn(
            "init_circuit does not accept boolean values. A quantum circuit should be passed in instead.", 2
        )
        given = {**given, "init_circuit": None}
    inputs = backend._get_run_config(given, run_config)
    if not getattr(backend._configuration, "simulator", False):
        every = backend._deprecate_id_instruction(every)
    inputs["circuits"] = every
    arguments = {
        "program_id": program_id, "inputs": inputs, "backend_name": backend.name, "job_tags": tags, "image": image,
    }  # fmt: skip
    if composite and backend.max_circuits and len(every) > backend.max_circuits:
        return submit_in_parts(backend, **arguments)
    return backend._runtime_run(**arguments)


def check_size(backend: IBMBackend, circuits: Sequence[QuantumCircuit], is_limited: bool) -> None:
    """Raise IBMBackendValueError if there are more circuits, or circuits with more qubits, than the device takes."""
    limit = backend.max_circuits
    if is_limited and limit and len(circuits) > limit:
        raise IBMBackendValueError(
            f"Number of circuits, {len(circuits)} exceeds the maximum for this backend, {limit}."
            " Run fewer at once, or run(..., composite=True) to make several jobs."
        )
    for circuit in circuits:
        if circuit.num_qubits > backend.num_qubits:
            raise IBMBackendValueError(
                f"Circuit contains {circuit.num_qubits} qubits, but backend has only {backend.num_qubits}."
            )


def delays_for_id(backend: IBMBackend, circuits: Sequence[QuantumCircuit], stacklevel: int) -> list[QuantumCircuit]:
    """Return circuits with a delay for each ``id``, and warn of that once for a backend.

    Args:
        backend: The device.
        circuits: Circuits; those without ``id`` are returned as they are.
        stacklevel: How many calls above this one the warning is to be seen from.
    """
    supported = getattr(backend.configuration(), "supported_instructions", ())
    if "delay" not in supported or not any(contains_id(circuit) for circuit in circuits):
        return list(circuits)
    durations = backend.instruction_durations
    if not any(name == "sx" for name, _ in durations.duration_by_name_qubits):
        return list(circuits)
    if not backend.id_warning_issued:
        how = "deprecated" if "id" in backend.configuration().basis_gates else "removed"
        validation.warn(
            f"Support for the 'id' instruction has been {how} from IBM hardware backends. Each 'id' is replaced by a"
            " 'delay' of the same duration; use 'delay' instead.",
            stacklevel,
            DeprecationWarning,
        )
        backend.id_warning_issued = True
    return without_id(circuits, durations)
