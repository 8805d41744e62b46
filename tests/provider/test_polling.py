# SPDX-License-Identifier: Apache-2.0
"""Waits between two questions about a job: they begin short where the service is near, and grow."""

from __future__ import annotations

from typing import Any

import pytest
from tests.provider.test_jobs import slow

from qiskit_ibm_native import IBMCircuitJob, IBMProvider
from qiskit_ibm_native.accounts import Account
from qiskit_ibm_native.client.endpoint import cloud_endpoint

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/00:00::"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list of waits from now on, none of which takes time."""
    made: list[float] = []
    monkeypatch.setattr("qiskit_ibm_native.provider.jobs.base.pause", made.append)
    return made


def test_a_service_on_this_machine_is_asked_soon_and_then_less_often(
    provider: IBMProvider, waits: list[float], requests: list[str]
) -> None:
    job = provider.get_backend("local_simulator").run(slow(), shots=1)
    requests.clear()

    def cancel_at_last(_job_id: str, _status: Any, job: Any, **_: Any) -> None:
        if len(waits) == 17:
            job.cancel()

    job.wait_for_final_state(callback=cancel_at_last)
    assert waits[:3] == [0.01, pytest.approx(0.015), pytest.approx(0.0225)]
    assert waits[15:17] == [pytest.approx(0.01 * 1.5**15), 5.0]
    # One question before each wait, and none after the one that said that the job was cancelled.
    assert requests.count(f"GET /jobs/{job.job_id()}") == 18


class ThirdParty:
    """A client that has nothing but the method that is needed."""

    instance = None

    def __init__(self) -> None:
        """Answer that the job runs, three times, and then that it was cancelled."""
        self.statuses = ["Running", "Running", "Running", "Cancelled"]

    def job_get(self, _job_id: str, **_: Any) -> dict[str, Any]:
        """Return the next answer."""
        return {"state": {"status": self.statuses.pop(0)}}


def test_a_service_elsewhere_is_asked_after_a_tenth_of_a_second(fez: Any, waits: list[float]) -> None:
    client: Any = ThirdParty()
    backend = type(fez)(fez.configuration(), fez.provider, client)
    IBMCircuitJob(backend, client, "job").wait_for_final_state()
    assert waits == [0.1, pytest.approx(0.15), pytest.approx(0.225)]


@pytest.mark.parametrize(
    ("url", "seconds"),
    [("https://cloud.ibm.com", 0.1), ("http://127.0.0.1:8964/experimental/v1", 0.01), ("http://[::1]:1", 0.01)],
)
def test_the_first_wait_follows_from_the_address(url: str, seconds: float) -> None:
    assert cloud_endpoint(Account("ibm_quantum_platform", "KEY", url, CRN)).first_poll == seconds
