# SPDX-License-Identifier: Apache-2.0
"""``backend.run()`` from top to bottom: checks and warnings in the documented order, then a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._deadline import off_the_clock
from ..._progress import waiting
from ..._warning import warn
from ..._words import count
from ...exceptions import IBMBackendValueError
from ..jobs.tags import check_tags
from . import validation
from .submission import encode, send, session_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qiskit import QuantumCircuit

    from ..device import Device
    from ..jobs.base import IBMJob
    from ..jobs.circuit_job import IBMCircuitJob


def prepare_and_submit(
    backend: Device,
    circuits: Any,
    dynamic: bool | None,
    job_tags: list[str] | None,
    given: Mapping[str, Any],
    run_config: dict[str, Any],
) -> IBMJob:
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
    tags = check_tags(job_tags or [])
    every = validation.listed(circuits)
    backend._check_circuits_attributes(every, is_limited=not composite)
    if given["use_measure_esp"] and not getattr(backend.configuration(), "measure_esp_enabled", False):
        raise IBMBackendValueError(
            "ESP readout not supported on this device. Leave out 'use_measure_esp', or set it to False."
        )
    if any(validation.is_dynamic(circuit) for circuit in every):
        if dynamic is False:
            warn(
                "Parameter 'dynamic' is False, but the circuit contains dynamic constructs. It is run as a dynamic"
                " circuit."
            )
        dynamic = True
    if dynamic and not backend.configuration().supports_dynamic_circuits:
        warn(f"The backend {backend.name} does not support dynamic circuits. The job will probably fail.")
    status = backend._recent_status()
    if status is not None and status.operational and status.status_msg != "active":
        warn(f"The backend {backend.name} is currently paused. The job waits until it runs again.")
    program_id = run_config.pop("program_id", None) or backend.options.program_id
    image = run_config.pop("image", None)
    if isinstance(given["init_circuit"], bool):
        warn("init_circuit does not accept boolean values, and is ignored. Pass a quantum circuit instead.")
        given = {**given, "init_circuit": None}
    inputs = backend._get_run_config(given, run_config)
    if not backend.configuration().is_simulator:
        every = backend._deprecate_id_instruction(every)
    inputs["circuits"] = every
    arguments = {
        "program_id": program_id, "inputs": inputs, "backend_name": backend.name, "job_tags": tags, "image": image,
    }  # fmt: skip
    if composite and backend.max_circuits and len(every) > backend.max_circuits:
        from ..jobs.composite_job import IBMCompositeJob

        return IBMCompositeJob.submit_parts(backend, **arguments)
    job: IBMJob = backend._runtime_run(**arguments)
    return job


def submit(
    backend: Device,
    program_id: str,
    inputs: Mapping[str, Any],
    backend_name: str,
    job_tags: Sequence[str] | None,
    image: str | None,
) -> IBMCircuitJob:
    """Submit a job.

    Raises:
        IBMSessionClosedError: The session takes no more jobs.
        IBMBackendValueError: A circuit is not what the device takes.
        IBMBackendJobLimitError: The service takes no more jobs for now.
        IBMBackendApiError: The service did not take the job.
    """
    session_id = session_of(backend)
    if not backend.configuration().is_simulator:
        # Asked for, if it has not been, before the clock stops.
        _ = backend.target
    with waiting(f"Submitting {count(len(inputs['circuits']), 'circuit')} to {backend_name}"):
        with off_the_clock():
            job = encode(backend, program_id, inputs, backend_name, job_tags, image, session_id)
        return send(backend, job)


def check_size(backend: Device, circuits: Sequence[QuantumCircuit], is_limited: bool) -> None:
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
