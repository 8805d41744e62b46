# SPDX-License-Identifier: Apache-2.0
"""From checked options and circuits to a job of the service."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import Clbit, ControlFlowOp, Delay
from qiskit.utils import apply_prefix

from ... import __version__
from ..._deadline import off_the_clock, pause
from ...client.retry import REFUSED
from ...exceptions import (
    ApiIBMProtocolError,
    IBMBackendApiError,
    IBMBackendApiProtocolError,
    IBMBackendJobLimitError,
    IBMBackendValueError,
    IBMSessionClosedError,
    RequestsApiError,
)
from ..jobs.circuit_job import RECORD_TAG, IBMCircuitJob
from . import validation
from .classical_registers import arrange, describe, measures
from .programs import Submission, program_called

if TYPE_CHECKING:
    from qiskit.circuit import CircuitInstruction

    from ..backend import IBMBackend
    from ..jobs.composite_job import IBMCompositeJob

#: How long to wait until the service takes jobs again, in seconds: it takes five a minute.
_PATIENCE = 12.0
#: Options of a job that are members of what is submitted.
_MEMBERS = ("max_execution_time", "private", "log_level", "calibration_id")
#: Options that are done here, or by the program.
_KNOWN = frozenset({
    "circuits", "header", "init_circuit", "init_num_resets", "init_qubits", "meas_level", "meas_return", "memory",
    "noise_model", "rep_delay", "seed_simulator", "shots", "use_measure_esp", *_MEMBERS,
})  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """A job that only has to be sent.

    Attributes:
        program_id: The program.
        backend_name: The device.
        params: What the program is given.
        session_id: The session, if there is one.
        members: What else goes with the job.
        tags: The user's tags.
        circuits: The circuits as they were given; nobody else changes them.
        record: What is known of the job when it comes back.
    """

    program_id: str
    backend_name: str
    params: Mapping[str, Any]
    session_id: str | None
    members: Mapping[str, Any]
    tags: Sequence[str]
    circuits: Sequence[QuantumCircuit] | None = None
    record: Mapping[str, Any] | None = None


def submit(
    backend: IBMBackend,
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
    session_id = session_of(backend, stacklevel=5)
    if not getattr(backend.configuration(), "simulator", False):
        # Asked for, if it has not been, before the clock stops.
        _ = backend.target
    with off_the_clock():
        prepared = prepare(backend, program_id, inputs, backend_name, job_tags, image, session_id)
    return send(backend, prepared)


def prepare(
    backend: IBMBackend,
    program_id: str,
    inputs: Mapping[str, Any],
    backend_name: str,
    job_tags: Sequence[str] | None,
    image: str | None,
    session_id: str | None,
) -> Prepared:
    """Return a job, checked and encoded.

    Raises:
        IBMBackendValueError: A circuit or an option is not what the device takes.
    """
    program = program_called(program_id)
    validation.check_members(inputs)
    circuits = list(inputs["circuits"])
    validation.check_free_parameters(circuits)
    prepared = _prepared(circuits, inputs, backend)
    if not getattr(backend.configuration(), "simulator", False):
        target = backend.target
        for circuit in prepared:
            validation.check_isa(circuit, target)
    submission = _submission(circuits, prepared, inputs)
    members = {name: inputs[name] for name in _MEMBERS if inputs.get(name) is not None}
    if image is not None:
        members["image"] = image
    return Prepared(
        program_id, backend_name, program.encode(submission), session_id, members, list(job_tags or ()),
        [circuit.copy() for circuit in circuits], submission.job,
    )  # fmt: skip


def send(backend: IBMBackend, job: Prepared, patience: int = 0) -> IBMCircuitJob:
    """Send a job; ``patience`` is how often to try again after the service has said that it takes no more for now.

    Raises:
        IBMSessionClosedError: The session takes no more jobs.
        IBMBackendJobLimitError: The service takes no more jobs for now.
        IBMBackendApiError: The service did not take the job.
    """
    tags = list(job.tags)
    record_tag = f"{RECORD_TAG}{uuid.uuid4().hex}" if len(tags) < validation.MAX_TAGS else None
    while True:
        patience -= 1
        try:
            reply = backend._api_client.program_run(
                program_id=job.program_id, backend_name=job.backend_name, params=job.params, session_id=job.session_id,
                job_tags=tags, record_tag=record_tag, **job.members,
            )  # fmt: skip
            break
        except RequestsApiError as error:
            if error.status_code != REFUSED or patience < 0:
                raise _refused(error, backend, job.session_id) from None
        except ApiIBMProtocolError as error:
            raise IBMBackendApiProtocolError(f"The service's reply to a job makes no sense: {error}") from None
        # It takes so many a minute.
        pause(_PATIENCE)
    return IBMCircuitJob(
        backend=backend,
        api_client=backend._api_client,
        job_id=reply["id"],
        session_id=job.session_id,
        tags=[*tags, *([record_tag] if record_tag else [])],
        program_id=job.program_id,
        circuits=job.circuits,
        metadata=None if job.circuits is None else [dict(circuit.metadata or {}) for circuit in job.circuits],
        job_record=job.record,
    )


def submit_in_parts(backend: IBMBackend, **arguments: Any) -> IBMCompositeJob:
    """Submit as many jobs as the device needs for the circuits, one after the other in the background."""
    from ..jobs.composite_job import IBMCompositeJob

    return IBMCompositeJob.submit_parts(backend, **arguments)


def session_of(backend: IBMBackend, stacklevel: int) -> str | None:
    """Return the id of the session that a job belongs to.

    Raises:
        IBMSessionClosedError: It takes no more jobs.
    """
    session = backend.session
    if session is None:
        return None
    if session.active:
        return session.session_id
    if session._left:
        # Its block has ended; that closed it and was meant to.
        validation.warn(
            f"The session {session.session_id} was closed with its block; the job runs outside of it.", stacklevel
        )
        backend._session = None
        return None
    raise IBMSessionClosedError(f"The session {session.session_id} is closed.")


def _refused(error: RequestsApiError, backend: IBMBackend, session_id: str | None) -> IBMBackendApiError:
    session = backend.session
    if (
        session is not None
        and session_id is not None
        and session.session_id == session_id
        and error.status_code in (400, 404, 409)
    ):
        # A session may have ended by itself; then no other job needs to find out.
        details = _details_or_none(session)
        if details is not None and not details.get("accepting_jobs", True):
            session._active = False
            return IBMSessionClosedError(f"The session {session.session_id} is closed: {error}")
    kind = IBMBackendJobLimitError if error.status_code in (409, 429) else IBMBackendApiError
    return kind(f"Error submitting job: {error}")


def _details_or_none(session: Any) -> dict[str, Any] | None:
    try:
        details: dict[str, Any] | None = session.details()
    except RequestsApiError:
        return None
    return details


def _prepared(
    circuits: Sequence[QuantumCircuit], inputs: Mapping[str, Any], backend: IBMBackend
) -> list[QuantumCircuit]:
    """Return circuits with what comes in front of them; those without are the same objects."""
    circuits = [_with_delays_in_dt(circuit, backend.dt) for circuit in circuits]
    init_circuit, resets = inputs.get("init_circuit"), inputs.get("init_num_resets")
    if init_circuit is not None:
        if not isinstance(init_circuit, QuantumCircuit):
            raise IBMBackendValueError(f"init_circuit must be a circuit, not a {type(init_circuit).__name__}.")
        validation.check_free_parameters([init_circuit])
        backend.check_faulty(init_circuit)
        return [_behind(circuit, init_circuit) for circuit in circuits]
    if not resets:
        return list(circuits)
    if not isinstance(resets, int) or isinstance(resets, bool) or resets < 0:
        raise IBMBackendValueError(f"init_num_resets is {resets!r}; it must be a number from 0.")
    if "reset" not in getattr(backend.configuration(), "supported_instructions", ["reset"]):
        raise IBMBackendValueError(f"init_num_resets: {backend.name} has no reset.")
    return [_behind(circuit, _resets(circuit, resets)) for circuit in circuits]


def _with_delays_in_dt(circuit: QuantumCircuit, dt: float | None) -> QuantumCircuit:
    """Return a circuit with its delays in ``dt``, rounded: QPY does not keep other units."""
    if not dt or not any(_has_another_unit(instruction) for instruction in circuit.data):
        return circuit
    other = circuit.copy_empty_like()
    other.metadata = circuit.metadata
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            operation = operation.replace_blocks([_with_delays_in_dt(block, dt) for block in operation.blocks])
        elif isinstance(operation, Delay) and operation.unit not in ("dt", "expr"):
            seconds = float(operation.duration) * (1.0 if operation.unit == "s" else apply_prefix(1.0, operation.unit))
            operation = Delay(round(seconds / dt), "dt")
        other.append(instruction.replace(operation=operation))
    return other


def _has_another_unit(instruction: CircuitInstruction) -> bool:
    if instruction.name == "delay":
        return instruction.operation.unit not in ("dt", "expr")
    if instruction.is_control_flow():
        return any(_has_another_unit(inner) for block in instruction.operation.blocks for inner in block.data)
    return False


def _resets(circuit: QuantumCircuit, number: int) -> QuantumCircuit:
    front = QuantumCircuit(circuit.num_qubits)
    place = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    used = sorted({place[qubit] for instruction in circuit.data for qubit in instruction.qubits})
    for _ in range(number):
        if used:
            front.reset(used)
    return front


def _behind(circuit: QuantumCircuit, front: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit with another one in front, whose measured bits are dropped."""
    if front.num_qubits > circuit.num_qubits:
        raise IBMBackendValueError(
            f"init_circuit has {front.num_qubits} qubits, and circuit {circuit.name} only {circuit.num_qubits}."
        )
    # The bits come behind those of the circuit: words keep what they are.
    bits = [Clbit() for _ in front.clbits]
    both = QuantumCircuit(circuit.qubits, *circuit.qregs, circuit.clbits, bits, *circuit.cregs, name=circuit.name)
    both.metadata = circuit.metadata
    both.compose(front, both.qubits[: front.num_qubits], bits, inplace=True)
    both.compose(circuit, circuit.qubits, circuit.clbits, inplace=True)
    return both


def _submission(
    given: Sequence[QuantumCircuit], prepared: Sequence[QuantumCircuit], inputs: Mapping[str, Any]
) -> Submission:
    """Return what a program encodes, of circuits as they were given and as they are run."""
    sent, records = [], []
    for original, circuit in zip(given, prepared, strict=True):
        arranged, layout = arrange(circuit)
        if circuit is not original:
            # What came in front is no part of the result.
            place = {bit: index for index, bit in enumerate(original.clbits)}
            registers = tuple((each.name, tuple(place[bit] for bit in each)) for each in original.cregs)
            layout = replace(
                layout, num_clbits=original.num_clbits, is_measured=measures(original), registers=registers
            )
        sent.append(arranged)
        records.append(describe(original, layout, validation.json_safe(original.metadata)))
    options = {name: value for name, value in inputs.items() if name not in ("circuits", "header")}
    job = {
        "options": _recorded(options),
        "header": inputs.get("header") or {},
        "versions": {"qiskit-ibm-native": __version__, "qiskit": version("qiskit")},
    }
    simulator = {name: inputs[name] for name in ("seed_simulator", "noise_model") if inputs.get(name) is not None}
    if "noise_model" in simulator:
        simulator["noise_model"] = {"__type__": "NoiseModel", "__value__": _noise(simulator["noise_model"])}
    return Submission(
        circuits=sent, records=records, job=job, shots=inputs["shots"], meas_level=inputs["meas_level"],
        meas_return=inputs["meas_return"], init_qubits=bool(inputs.get("init_qubits", True)),
        rep_delay=inputs.get("rep_delay"), simulator=simulator,
        experimental=validation.json_safe({name: value for name, value in options.items() if name not in _KNOWN}),
    )  # fmt: skip


def _noise(noise_model: Any) -> dict[str, Any]:
    """Return a noise model of Aer as JSON can have it: arrays are complex, which is a pair there."""
    content = noise_model if isinstance(noise_model, dict) else noise_model.to_dict(serializable=True)
    return dict(content)


def _recorded(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as the job's record has them: what JSON cannot hold is named by its text."""
    safe = validation.json_safe(options)
    return safe | {name: repr(value)[:200] for name, value in options.items() if name not in safe}
