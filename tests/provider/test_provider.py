# SPDX-License-Identifier: Apache-2.0
"""Providers: finding backends, instances, channels."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from qiskit.providers.exceptions import QiskitBackendNotFoundError

from qiskit_ibm_native import IBMBackendService, IBMProvider, bundled_devices, least_busy
from qiskit_ibm_native.exceptions import (
    IBMBackendNotFoundError,
    IBMError,
    IBMInputValueError,
)

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService


def test_backends_are_found_by_name_and_as_attributes(provider: IBMProvider) -> None:
    vigo = provider.backend.ibmq_vigo
    assert provider.get_backend("ibmq_vigo") is vigo
    assert provider.backend("ibmq_vigo") is vigo
    assert provider.backend["ibmq_vigo"] is vigo
    assert provider.backends("ibmq_vigo") == [vigo]
    assert provider.get_backend("vigo") is vigo
    assert provider.backends("ibm_vigo") == [vigo]
    assert "ibmq_vigo" in provider.backend
    assert isinstance(provider.backend, IBMBackendService)
    assert type(provider.backend).__qualname__ == "IBMBackendService"
    assert "IBMBackendService" in str(IBMProvider.backend.__doc__)
    with pytest.raises(AttributeError, match="'backend' of a provider cannot be set"):
        provider.backend = None
    assert {"ibmq_vigo", "ibm_fez", "local_simulator"} <= set(dir(provider.backend))
    assert len(provider.backend) == len(bundled_devices()) + 1
    assert vigo in list(provider.backend)
    with pytest.raises(AttributeError, match="Did you mean 'ibm_fez'"):
        _ = provider.backend.ibm_fex
    with pytest.raises(QiskitBackendNotFoundError, match="Did you mean 'ibm_fez'"):
        provider.get_backend("ibm_fex")
    with pytest.raises(IBMBackendNotFoundError, match="No backend matches the criteria"):
        provider.backends("nothing like it")
    with pytest.raises(IBMBackendNotFoundError, match="More than one"):
        provider.get_backend()


def test_backends_are_found_by_what_they_are(provider: IBMProvider) -> None:
    def names(**filters: Any) -> set[str]:
        return {backend.name for backend in provider.backends(**filters)}

    every = names()
    assert names(min_num_qubits=150) == {"ibm_fez", "ibm_boston", "ibm_kingston"}
    assert names(simulator=True) == {"local_simulator"}
    assert names(simulator=False, operational=True) == every - {"local_simulator"}
    assert names(operational=False) == set()
    assert names(n_qubits=5) == {"ibmq_vigo", "ibmq_lima"}
    assert names(n_qubits=5, filters=lambda backend: backend.name.endswith("o")) == {"ibmq_vigo"}
    assert names(max_shots=8192, status_msg="active") == {"ibmq_vigo", "ibmq_lima"}
    assert "ibm_fez" in names(dynamic_circuits=True)
    assert "ibmq_vigo" in names(dynamic_circuits=False)
    # Attributes that devices leave out have a value.
    assert names(configurable=False, simulator=False) == every - {"local_simulator"}
    assert "ibmq_vigo" in names(tags=[])
    assert (
        names(n_registers=1) == {backend.name for backend in provider.backends() if backend.n_registers == 1} != set()
    )
    # ``quantum_volume`` is missing in some configurations, and no reason to leave out the others.
    assert names(quantum_volume=32) == {
        each.name for each in provider.backends() if getattr(each, "quantum_volume", 0) == 32
    }
    for find in (provider.backends, provider.get_backend, provider.least_busy):
        with pytest.raises(IBMInputValueError, match=r"filtered by 'max_shot'.* Did you mean 'max_shots'"):
            find(max_shot=8192)
    assert provider.get_backend(n_qubits=5, filters=lambda each: each.name == "ibmq_lima").name == "ibmq_lima"


def test_the_least_busy(provider: IBMProvider) -> None:
    assert provider.least_busy(min_num_qubits=127, simulator=False).num_qubits >= 127
    with pytest.raises(QiskitBackendNotFoundError):
        provider.least_busy(min_num_qubits=10_000)
    assert least_busy(provider.backends(n_qubits=5)).num_qubits == 5
    with pytest.raises(IBMError, match="empty list"):
        least_busy([])


def test_fractional_gates_are_only_where_there_are_some(provider: IBMProvider) -> None:
    with pytest.raises(IBMInputValueError, match="no fractional gates"):
        provider.get_backend("ibmq_vigo", use_fractional_gates=True)


def test_listings_leave_out_devices_without_fractional_gates(provider: IBMProvider, requests: list[str]) -> None:
    assert provider.backends(use_fractional_gates=True) == [
        provider.get_backend("local_simulator", use_fractional_gates=True)
    ]
    assert provider.least_busy(use_fractional_gates=True).name == "local_simulator"
    requests.clear()
    assert provider.backend
    assert requests == []


def test_options_are_a_mapping_and_copies_have_their_own(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    assert backend.options.__dict__["shots"] == dict(backend.options)["shots"] == 4000
    other = copy.copy(backend)
    other.set_options(shots=7)
    assert backend.options.shots == 4000


def test_providers(provider: IBMProvider, service: LocalService) -> None:
    assert provider.instances() == [service.crn]
    assert provider.instances(details=True)[0]["plan"] == "open"
    assert provider.active_instance() == service.crn
    account = provider.active_account()
    assert account["instance"] == service.crn
    assert account["token"] == service.token
    assert "usage_consumed_seconds" in provider.usage()
    with IBMProvider() as same:
        assert same == provider
        assert hash(same) == hash(provider)
    assert provider != 5
    assert service.token not in repr(provider)


def test_instances_are_searched_for_only_if_no_crn_is_given(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", "local")
    with IBMProvider() as by_name:
        assert by_name.active_instance() == service.crn
    monkeypatch.delenv("QISKIT_IBM_INSTANCE")
    with IBMProvider() as all_of_them:
        assert all_of_them.get_backend("ibmq_vigo").num_qubits == 5
    with (
        IBMProvider(plans_preference=["premium"]) as none,
        pytest.raises(IBMInputValueError, match="No instance of the account"),
    ):
        none.backends()
    with IBMProvider(region="us-east", plans_preference=["Open"]) as chosen:
        assert chosen.active_instance() == service.crn


def test_a_closed_provider_says_so() -> None:
    provider = IBMProvider(channel="local")
    provider.close()
    with pytest.raises(IBMError, match="closed"):
        provider.backends()
    provider.close()


def test_channels_and_their_options() -> None:
    with pytest.raises(IBMError, match=r"Invalid `channel` value. Expected one of .*'local'"):
        IBMProvider(channel="remote")
    with pytest.raises(IBMInputValueError, match="Unknown arguments"):
        IBMProvider(token="x", devices="y")
    with pytest.raises(TypeError):
        IBMProvider(channel="local", wrong=1)
