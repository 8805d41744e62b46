# SPDX-License-Identifier: Apache-2.0
"""Table of calls: everything that makes requests, by the public interface alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit

from qiskit_ibm_native import IBMProvider

if TYPE_CHECKING:
    from .scenario import Stage

DEVICE = "ibmq_vigo"
DEVICE_WITH_PULSES = "ibmq_lima"


@dataclass(frozen=True)
class Call:
    """A call of a user.

    Attributes:
        match: A regular expression for the requests that go wrong, as method and path.
        act: Makes the call; returns something that can be compared.
        prepare: Makes what the call needs, while nothing goes wrong.
        truth: Returns what the call should have returned; by default, that of the same call without a peer between.
        may_repeat: Whether the call makes sense a second time.
        is_verbatim: Whether the reply is handed on whatever it is, so that nobody can tell that it is wrong.
    """

    match: str
    act: Callable[[Stage], Any]
    prepare: Callable[[Stage], Any] = lambda stage: None
    truth: Callable[[Stage], Any] | None = None
    may_repeat: bool = True
    is_verbatim: bool = False


def circuit() -> QuantumCircuit:
    """Return a smallest circuit that a device accepts without transpilation."""
    one = QuantumCircuit(1, 1, name="one")
    one.x(0)
    one.measure(0, 0)
    return one


def _connect(_stage: Stage) -> bool:
    IBMProvider().close()
    return True


def _backend(stage: Stage) -> Any:
    return stage.provider.get_backend(DEVICE)


def _refresh(stage: Stage) -> Any:
    backend = stage.backend or _backend(stage)
    backend.refresh()
    return backend.properties().to_dict()


def _submit(stage: Stage) -> str:
    backend = stage.backend or _backend(stage)
    return str(backend.run(circuit(), shots=10, job_tags=[stage.tag]).job_id())


def _own_job(stage: Stage) -> None:
    """Submit a job that stays queued, because the service's simulators are stopped."""
    stage.backend = _backend(stage)
    stage.job = stage.backend.run(circuit(), shots=10)


def _cancelled_job(stage: Stage) -> None:
    """Submit a job and cancel it by another object."""
    _own_job(stage)
    stage.direct.job(stage.job.job_id()).cancel()


def _known_backend(stage: Stage) -> None:
    stage.backend = _backend(stage)
    # Submitting needs these payloads, too.
    _ = stage.backend.target


def _known_job(stage: Stage) -> None:
    stage.job = stage.provider.job(stage.done)


def _wait(stage: Stage) -> str:
    stage.job.wait_for_final_state(timeout=stage.timeout)
    return str(stage.job.status().name)


def _result(stage: Stage) -> Any:
    job = stage.job or stage.provider.job(stage.done)
    return job.result(timeout=stage.timeout).get_counts()


def _cancel(stage: Stage) -> str:
    stage.job.cancel()
    return str(stage.provider.job(stage.job.job_id()).status().name)


def _tags(stage: Stage) -> list[str]:
    stage.job.update_tags([stage.tag])
    return list(stage.direct.job(stage.job.job_id()).tags())


def _delete(stage: Stage) -> list[str]:
    stage.provider.delete_job(stage.job.job_id())
    found = stage.direct.jobs(limit=None, job_tags=[stage.tag])
    return [job.job_id() for job in found]


def _tagged_cancelled_job(stage: Stage) -> None:
    stage.backend = _backend(stage)
    stage.job = stage.backend.run(circuit(), shots=10, job_tags=[stage.tag])
    stage.direct.job(stage.job.job_id()).cancel()


def _open_session(stage: Stage) -> bool:
    # Its texts after that would make one more request.
    return stage.backend.open_session(max_time=300).session_id is not None


def _opened_session(stage: Stage) -> None:
    _known_backend(stage)
    stage.session = stage.backend.open_session(max_time=300)


def _close_session(stage: Stage) -> bool:
    stage.session.close()
    return bool(stage.session.details()["accepting_jobs"])


CALLS: dict[str, Call] = {
    "token": Call("POST /identity/token$", _connect, truth=lambda _stage: True),
    "instances": Call("POST /gs/v3/resources/search$", lambda stage: stage.provider.instances()),
    "backends": Call(
        "GET .*/backends$", lambda stage: sorted(found.name for found in stage.provider.backends(simulator=False))
    ),
    "configuration": Call("GET .*/configuration$", lambda stage: _backend(stage).configuration().to_dict()),
    "properties": Call("GET .*/properties$", lambda stage: _backend(stage).properties().to_dict()),
    "defaults": Call(
        "GET .*/defaults$", lambda stage: stage.provider.get_backend(DEVICE_WITH_PULSES).defaults().to_dict()
    ),
    "refresh": Call("GET .*/properties$", _refresh, _known_backend),
    "status": Call("GET .*/status$", lambda stage: _status(_backend(stage))),
    "submit": Call("POST .*/jobs$", _submit, _known_backend, truth=lambda stage: stage.submitted()),
    "submit, look up": Call(" .*/jobs$", _submit, _known_backend, truth=lambda stage: stage.submitted()),
    "wait": Call("GET .*/jobs/[^/]+$", _wait, _cancelled_job, truth=lambda _stage: "CANCELLED"),
    "result": Call("GET .*/results$", _result, _known_job),
    "job": Call("GET .*/jobs/[^/]+$", lambda stage: stage.provider.job(stage.done).creation_date()),
    "jobs": Call("GET .*/jobs$", lambda stage: [job.job_id() for job in stage.provider.jobs(job_tags=["prepared"])]),
    "metrics": Call("GET .*/metrics$", lambda stage: stage.provider.job(stage.done).metrics(), is_verbatim=True),
    "logs": Call("GET .*/logs$", lambda stage: stage.provider.job(stage.done).logs(), is_verbatim=True),
    "cancel": Call("POST .*/cancel$", _cancel, _own_job, truth=lambda _stage: "CANCELLED", may_repeat=False),
    "tags": Call("PUT .*/tags$", _tags, _own_job, truth=lambda stage: [stage.tag]),
    "delete": Call("DELETE .*/jobs/[^/]+$", _delete, _tagged_cancelled_job, truth=lambda _stage: [], may_repeat=False),
    "open session": Call("POST .*/sessions$", _open_session, _known_backend, truth=lambda _stage: True),
    "close session": Call("PATCH .*/sessions/[^/]+$", _close_session, _opened_session, truth=lambda _stage: False),
}


def _status(backend: Any) -> tuple[bool, str]:
    status = backend.status()
    return status.operational, status.backend_version
