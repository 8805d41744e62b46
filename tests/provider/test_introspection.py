# SPDX-License-Identifier: Apache-2.0
"""Introspection of backends by ``hasattr``, ``inspect`` and mocks, with and without a service."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from tests.support.faulty.peer import Answer, Peer
from tests.support.quick import hurry

from qiskit_ibm_native import IBMBackend, IBMProvider
from qiskit_ibm_native.exceptions import BackendPayloadError, IBMBackendApiError, PulseError
from qiskit_ibm_native.visualization import qubit_coordinates

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService

NAMES = ["ibmq_vigo", "ibm_fez", "ibm_sherbrooke", "local_simulator"]
#: Attributes that need properties or pulses, which are fetched once.
ASKED = ["target", "snapshot", "coupling_map", "instruction_durations", "instruction_schedule_map", "operation_names"]


@pytest.mark.parametrize("name", NAMES)
def test_whoever_inspects_a_backend_gets_along(provider: IBMProvider, name: str) -> None:
    backend = provider.get_backend(name)
    members = dict(inspect.getmembers(backend))
    assert {"target", "num_qubits", "run", "dt"} <= set(members)
    assert ("instruction_schedule_map" in members) is (name == "ibm_sherbrooke")
    assert hasattr(backend, "instruction_schedule_map") is (name == "ibm_sherbrooke")
    assert getattr(backend, "no_such_attribute", 5) == 5
    double = mock.create_autospec(backend)
    double.run.return_value = "job"
    assert double.run("circuit") == "job"
    assert mock.Mock(spec=backend).num_qubits is not None
    assert isinstance(mock.create_autospec(IBMBackend, instance=True), IBMBackend)
    assert dir(backend)
    assert repr(copy.copy(backend)) == repr(backend)


@pytest.mark.parametrize("name", NAMES)
def test_looking_for_attributes_asks_nobody_but_for_what_is_asked_once(
    provider: IBMProvider, requests: list[str], name: str
) -> None:
    backend = provider.get_backend(name)
    requests.clear()
    for attribute in {*dir(backend), "no_such_attribute"} - set(ASKED) - {"operations", "instructions"}:
        hasattr(backend, attribute)
    dir(backend), repr(backend), bool(backend), hash(backend)
    if name == "ibmq_vigo":
        # Its configuration says that it has no pulses, so none are fetched.
        assert not hasattr(backend, "instruction_schedule_map")
    assert requests == []
    for attribute in ASKED * 2:
        hasattr(backend, attribute)
    assert len(requests) == len(set(requests))


@pytest.mark.slow
def test_without_a_service_attributes_fail_as_attributes_do(peer: Peer) -> None:
    with IBMProvider() as provider:
        backend = provider.get_backend("ibm_fez")
        hurry(provider, 1.0)
        peer.plan(lambda exchange: exchange.send_and_close(Answer(500)), "", float("inf"))
        for attribute in ASKED:
            assert not hasattr(backend, attribute)
            with pytest.raises(IBMBackendApiError, match=r"500|no reply") as caught:
                getattr(backend, attribute)
            assert isinstance(caught.value, AttributeError)
        assert "dt" in dict(inspect.getmembers(backend))
        assert "target" in dir(mock.create_autospec(backend))
        with pytest.raises(AttributeError, match=r"'qiskit_ibm_native.IBMBackend' object has no attribute 'no_such_"):
            _ = backend.no_such_attribute
        peer.heal()
        hurry(provider, 60)
        assert backend.target.num_qubits == 156


def test_errors_of_attributes_are_what_they_were_and_travel(
    provider: IBMProvider, service: LocalService, peer: Peer
) -> None:
    errors: list[Any] = []
    with pytest.raises(PulseError, match="publishes no pulse defaults") as caught:
        _ = provider.get_backend("ibmq_vigo").instruction_schedule_map
    errors.append(caught.value)
    with IBMProvider() as other:
        backend = other.get_backend("ibm_miami")
        peer.plan(
            lambda exchange: exchange.send_and_close(Answer(200, (), b'{"qubits": 5}')), "/properties$", float("inf")
        )
        with pytest.raises(BackendPayloadError) as damaged:
            _ = backend.target
        assert damaged.value.path == "$.qubits"
        errors.append(damaged.value)
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert str(again) == str(error)
        assert isinstance(error, type(again))
        assert vars(again).get("path") == vars(error).get("path")


@pytest.mark.parametrize("name", ["ibmq_vigo", "ibm_fez", "ibm_sherbrooke"])
def test_coordinates_of_qubits_are_those_of_maps_and_ask_nobody(
    provider: IBMProvider, requests: list[str], name: str
) -> None:
    backend = provider.get_backend(name)
    requests.clear()
    assert backend.qubit_coordinates == qubit_coordinates(name.partition("_")[2])
    assert requests == []
