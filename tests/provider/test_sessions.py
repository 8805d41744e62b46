# SPDX-License-Identifier: Apache-2.0
"""Sessions: opened, used, closed and cancelled; what their times mean."""

from __future__ import annotations

import time
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile

from qiskit_ibm_native import IBMProvider, Session
from qiskit_ibm_native.exceptions import IBMBackendApiError, IBMInputValueError, IBMSessionClosedError
from qiskit_ibm_native.provider.session import seconds_of


@pytest.fixture
def vigo(provider: IBMProvider) -> Any:
    return provider.get_backend("ibmq_vigo")


@pytest.fixture
def circuit(vigo: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    return transpile(circuit, vigo)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (42, 42), ("1h", 3600), ("2h 30m 40s", 9040), ("40s 1h", 3640), ("3h30m30s", 12630), ("1d 1h 1m 1s", 90061),
        ("25h", 90000), (None, None), (" 5m ", 300),
    ],
)  # fmt: skip
def test_times_are_seconds_or_texts_with_units(text: Any, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["2w", "1.5h", "-5m", "1h garbage", "3 h", "90", "", 0, -1, True, 1.5, "0s"])
def test_other_times_are_refused(text: Any, vigo: Any) -> None:
    with pytest.raises(IBMInputValueError, match="Invalid max_time value"):
        vigo.open_session(max_time=text)


def test_jobs_are_run_in_the_session_until_its_block_ends(vigo: Any, circuit: QuantumCircuit) -> None:
    with vigo.open_session(max_time="2h 30m") as session:
        assert vigo.session is session
        assert session.active
        assert session._max_time == 9000
        job = vigo.run(circuit, shots=2)
        assert job.session_id == session.session_id
        assert session.status() in ("Pending", "In progress, accepting new jobs")
        assert session.details()["max_ttl"] == 9000
        assert session.details()["mode"] == "dedicated"
        assert session.usage() >= 0
    assert job.result().success
    assert vigo.session is session
    assert not session.active
    assert session.status() == "Closed"
    with pytest.warns(UserWarning, match="closed at the end of its block") as caught:
        outside = vigo.run(circuit, shots=2)
    assert caught[0].filename == __file__
    assert outside.session_id is None
    assert vigo.session is None
    assert vigo.run(circuit, shots=2).session_id is None  # and no more warnings
    assert [each.job_id() for each in vigo.provider.jobs(session_id=session.session_id)] == [job.job_id()]


def test_errors_leave_the_block_and_close_the_session(vigo: Any) -> None:
    with pytest.raises(ZeroDivisionError), vigo.open_session() as session:
        _ = 1 / 0
    assert session.status() == "Closed"


def test_closed_and_cancelled_by_the_backend(vigo: Any, circuit: QuantumCircuit) -> None:
    first = vigo.open_session(mode="batch")
    assert first.mode == "batch"
    vigo.close_session()
    assert vigo.session is None
    assert first.status() == "Closed"
    second = vigo.open_session()
    vigo.cancel_session()
    assert second.status() == "Closed"
    assert not second.active
    assert vigo.run(circuit, shots=1).session_id is None
    vigo.close_session()
    vigo.cancel_session()  # nothing to do


def test_a_cancelled_session_takes_no_jobs(vigo: Any, circuit: QuantumCircuit) -> None:
    session = vigo.open_session()
    session.cancel()
    with pytest.raises(RuntimeError, match=f"The session {session.session_id} is closed"):
        vigo.run(circuit)
    vigo.close_session()


def test_opening_another_session_closes_the_first(vigo: Any) -> None:
    first = vigo.open_session()
    second = vigo.open_session()
    assert first.status() == "Closed"
    assert vigo.session is second
    vigo.close_session()


def test_a_session_that_ended_by_itself_is_noticed(vigo: Any, circuit: QuantumCircuit) -> None:
    session = vigo.open_session(max_time=1)
    time.sleep(1.1)
    with pytest.raises(IBMSessionClosedError, match="is closed"):
        vigo.run(circuit)
    assert not session.active
    vigo.close_session()


def test_simulators_need_no_session_of_the_service(provider: IBMProvider) -> None:
    simulator = provider.get_backend("local_simulator")
    with simulator.open_session() as session:
        assert session.session_id is None
        assert session.active
        assert session.details() is None
        assert session.status() is None
    assert "closed" in repr(session)


def test_sessions_by_their_id(vigo: Any) -> None:
    session = vigo.open_session(max_time=60)
    again = Session.from_id(session.session_id, vigo._api_client)
    assert (again.session_id, again.mode, again.active) == (session.session_id, "dedicated", True)
    again.close()
    assert not Session.from_id(session.session_id, vigo._api_client).active
    with pytest.raises(IBMInputValueError, match="Session not found"):
        Session.from_id("nothing", vigo._api_client)
    with pytest.raises(IBMInputValueError, match="no session mode"):
        vigo.open_session(mode="cheap")


def test_a_session_made_as_in_the_official_client_is_told_how_to_open_one(vigo: Any) -> None:
    with pytest.raises(IBMInputValueError, match=r"unlike the class.*get_backend\('ibmq_vigo'\)\.open_session\(\)"):
        Session(vigo)


def test_sessions_are_of_one_backend_object(vigo: Any, provider: IBMProvider) -> None:
    vigo.open_session()
    assert provider.get_backend("ibmq_lima").session is None
    vigo.cancel_session()


def test_what_the_service_refuses_is_told(vigo: Any) -> None:
    from unittest.mock import patch

    from qiskit_ibm_native.exceptions import RequestsApiError

    with (
        patch.object(
            vigo._api_client, "create_session", side_effect=RequestsApiError("no dedicated sessions on this plan", 400)
        ),
        pytest.raises(IBMBackendApiError, match="no dedicated sessions on this plan"),
    ):
        vigo.open_session()
