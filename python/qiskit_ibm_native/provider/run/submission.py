# SPDX-License-Identifier: Apache-2.0
"""Encode and submit a job."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ... import __version__
from ..._deadline import pause
from ..._warning import warn
from ...client.retry import REFUSED
from ...exceptions import (
    ApiIBMProtocolError,
    IBMBackendApiError,
    IBMBackendApiProtocolError,
    IBMBackendJobLimitError,
    IBMSessionClosedError,
    RequestsApiError,
)
from ..jobs.circuit_job import IBMCircuitJob
from ..jobs.tags import MAX_TAGS, RECORD_TAG
from . import validation
from .circuits import with_prefixes
from .classical_registers import describe, measures, to_sampler_registers
from .options import COMMON, JOB_MEMBERS, OTHERS
from .programs import Submission, program_called

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from ..device import Device

#: Seconds before a refused job is submitted again: 60 s / 5. IBM's OpenAPI description of the Qiskit Runtime REST API
#: (version 0.25.0, ``POST /jobs``) says "rate limited to 5 jobs per minute per user".
_PATIENCE = 12.0
#: Options that are done here, or by the program.
_KNOWN = frozenset({"circuits", *COMMON, *OTHERS, *JOB_MEMBERS})


@dataclass(frozen=True)
class EncodedJob:
    """A job that is ready for submission.

    Attributes:
        program_id: The program.
        backend_name: The device.
        params: The input of the program.
        session_id: The session, if there is one.
        members: Other members of the request.
        tags: The user's tags.
        circuits: The circuits as they were given; no other code changes them.
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


def encode(
    backend: Device,
    program_id: str,
    inputs: Mapping[str, Any],
    backend_name: str,
    job_tags: Sequence[str] | None,
    image: str | None,
    session_id: str | None,
) -> EncodedJob:
    """Return a job, checked and encoded.

    Raises:
        IBMBackendValueError: A circuit or an option is not what the device takes.
    """
    program = program_called(program_id)
    validation.check_members(inputs)
    circuits = list(inputs["circuits"])
    validation.check_free_parameters(circuits)
    prefixed = with_prefixes(circuits, inputs, backend)
    if not backend.configuration().is_simulator:
        target = backend.target
        for circuit in prefixed:
            validation.check_isa(circuit, target)
    submission = submission_of(circuits, prefixed, inputs)
    members = {name: inputs[name] for name in JOB_MEMBERS if inputs.get(name) is not None}
    if image is not None:
        members["image"] = image
    return EncodedJob(
        program_id, backend_name, program.encode(submission), session_id, members, list(job_tags or ()),
        [circuit.copy() for circuit in circuits], submission.job,
    )  # fmt: skip


def send(backend: Device, job: EncodedJob, patience: int = 0) -> IBMCircuitJob:
    """Send a job; ``patience`` is how often to try again after the service has said that it takes no more for now.

    Raises:
        IBMSessionClosedError: The session takes no more jobs.
        IBMBackendJobLimitError: The service takes no more jobs for now.
        IBMBackendApiError: The service did not take the job.
    """
    tags = list(job.tags)
    record_tag = f"{RECORD_TAG}{uuid.uuid4().hex}" if len(tags) < MAX_TAGS else None
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
            raise IBMBackendApiProtocolError(
                f"The reply of the service to a job cannot be understood: {error}"
            ) from None
        # The service limits the jobs per minute.
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


def session_of(backend: Device) -> str | None:
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
        warn(
            f"The session {session.session_id} was closed at the end of its block; the job runs outside of the"
            " session.",
        )
        backend._session = None
        return None
    raise IBMSessionClosedError(
        f"The session {session.session_id} is closed. Open another one with backend.open_session()."
    )


def _refused(error: RequestsApiError, backend: Device, session_id: str | None) -> IBMBackendApiError:
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


def submission_of(
    given: Sequence[QuantumCircuit], prefixed: Sequence[QuantumCircuit], inputs: Mapping[str, Any]
) -> Submission:
    """Return the input of a program's encoder, made of circuits as they were given and as they are run."""
    sent, records = [], []
    for original, circuit in zip(given, prefixed, strict=True):
        arranged, layout = to_sampler_registers(circuit)
        if circuit is not original:
            # The bits of ``init_circuit`` are no part of the result.
            index_of = {bit: index for index, bit in enumerate(original.clbits)}
            registers = tuple((register.name, tuple(index_of[bit] for bit in register)) for register in original.cregs)
            layout = replace(
                layout, num_clbits=original.num_clbits, is_measured=measures(original), given_registers=registers
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
        circuits=sent, records=records, job=job, options=options, simulator=simulator,
        experimental=validation.json_safe({name: value for name, value in options.items() if name not in _KNOWN}),
    )  # fmt: skip


def _noise(noise_model: Any) -> dict[str, Any]:
    """Return a noise model of Aer as JSON can have it."""
    content = noise_model if isinstance(noise_model, dict) else noise_model.to_dict()
    return {key: _as_json(value) for key, value in content.items()}


def _as_json(value: Any) -> Any:
    """Return a value with lists for arrays, and pairs for complex numbers, as Aer's own JSON has them."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if hasattr(value, "tolist"):
        return _as_json(value.tolist())
    return [value.real, value.imag] if isinstance(value, complex) else value


def _recorded(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as the job's record has them: what JSON cannot hold is named by its text."""
    safe = validation.json_safe(options)
    return safe | {name: repr(value)[:200] for name, value in options.items() if name not in safe}
