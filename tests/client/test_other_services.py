# SPDX-License-Identifier: Apache-2.0
"""Backends with other clients than RuntimeClient, as tests of other programs make them."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
from qiskit import QuantumCircuit
from qiskit.providers import JobStatus
from qiskit.providers.exceptions import JobTimeoutError
from qiskit_aer import AerSimulator

from qiskit_ibm_native import IBMBackend, Session, Snapshot
from qiskit_ibm_native.exceptions import ApiError, IBMJobInvalidStateError
from qiskit_ibm_native.models import BackendStatus


def circuit() -> QuantumCircuit:
    one = QuantumCircuit(1, 1)
    one.x(0)
    one.measure(0, 0)
    return one


class Api:
    """A service in memory, whose only job goes through some statuses."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)
        self.asked = 0

    def program_run(self, **_values: Any) -> dict[str, Any]:
        return {"id": "job-1", "backend": "ibmq_vigo"}

    def job_get(self, job_id: str) -> dict[str, Any]:  # it knows no exclude_params
        self.asked += 1
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"id": job_id, "state": {"status": status}, "created": "2026-01-01T00:00:00Z"}

    def job_results(self, _job_id: str) -> str:
        result = AerSimulator().run(circuit(), shots=5).result().to_dict()
        return json.dumps({**result, "backend_name": "ibmq_vigo", "date": "2026-01-01T00:00:00"})

    def job_metadata(self, _job_id: str) -> dict[str, Any]:
        return {}

    def job_cancel(self, _job_id: str) -> None:
        pass

    def backend_status(self, _name: str) -> dict[str, Any]:
        return {"state": True, "status": "active", "length_queue": 0, "backend_version": "1.0.0"}

    def backend_properties(self, *_args: Any, **_options: Any) -> dict[str, Any]:
        return dict(json.loads(Snapshot.load("vigo").payloads.properties or b"{}"))


def backend(api: Any) -> IBMBackend:
    provider = MagicMock()
    provider._runtime_client = api
    return IBMBackend(Snapshot.load("vigo").configuration, provider, api_client=api)


@pytest.mark.parametrize(
    ("statuses", "final"),
    [
        (["QUEUED", "RUNNING", "COMPLETED"], JobStatus.DONE), (["VALIDATING", "CANCELLED"], JobStatus.CANCELLED),
        (["CREATING", "TRANSPILING", "ERROR_RUNNING_JOB"], JobStatus.ERROR),
    ],
)  # fmt: skip
def test_jobs_go_through_their_statuses(statuses: list[str], final: JobStatus) -> None:
    api = Api(*statuses)
    job = backend(api).run(circuit())
    job.wait_for_final_state(wait=0.01)
    assert job.status() is final
    assert api.asked == len(statuses)


def test_results_of_earlier_years_are_read() -> None:
    job = backend(Api("COMPLETED")).run(circuit())
    assert job.result().success
    assert job.result().get_counts() == {"1": 5}


def test_cancelled_and_late_jobs() -> None:
    job = backend(Api("RUNNING")).run(circuit())
    with pytest.raises(JobTimeoutError):
        job.wait_for_final_state(timeout=0.2)
    assert job.cancel() is True
    assert job.status() is JobStatus.CANCELLED
    with pytest.raises(IBMJobInvalidStateError):
        job.result()


def test_errors_of_other_clients_come_through() -> None:
    api = Api("RUNNING")
    with patch.object(api, "program_run", side_effect=ApiError("no")), pytest.raises(ApiError, match="no"):
        backend(api).run(circuit())


def test_a_provider_that_is_a_mock() -> None:
    mocked = IBMBackend(Snapshot.load("vigo").configuration, MagicMock(), api_client=None)
    status = BackendStatus("ibmq_vigo", "1.0.0", operational=True, pending_jobs=0, status_msg="active")
    dynamic = QuantumCircuit(1, 1)
    dynamic.h(0)
    with (
        patch.object(mocked, "properties", return_value=None),
        patch.object(mocked, "status", return_value=status),
        patch.object(IBMBackend, "_runtime_run") as submitted,
    ):
        mocked.run(dynamic, image="mine:1", program_id="sampler")
    assert submitted.call_args.kwargs["image"] == "mine:1"
    assert submitted.call_args.kwargs["backend_name"] == "ibmq_vigo"
    session = mocked.open_session(max_time="1h")
    assert isinstance(session, Session)
    assert session._max_time == 3600
