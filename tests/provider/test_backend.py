# SPDX-License-Identifier: Apache-2.0
"""Backends: every attribute and method, when they ask the service, and finding them."""

from __future__ import annotations

import copy
import datetime
import pickle
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.providers import BackendV2
from tests.support import device, equality

from qiskit_ibm_native import IBMBackend, IBMProvider, IBMQubitProperties, Snapshot, bundled_devices
from qiskit_ibm_native.exceptions import (
    IBMBackendError,
    IBMBackendValueError,
)

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService

ATTRIBUTES = [
    "name",
    "backend_version",
    "num_qubits",
    "target",
    "basis_gates",
    "gates",
    "local",
    "simulator",
    "conditional",
    "open_pulse",
    "memory",
    "max_shots",
    "coupling_map",
    "supported_instructions",
    "dynamic_reprate_enabled",
    "rep_delay_range",
    "default_rep_delay",
    "n_uchannels",
    "u_channel_lo",
    "meas_levels",
    "qubit_lo_range",
    "meas_lo_range",
    "dt",
    "dtm",
    "rep_times",
    "meas_kernels",
    "discriminators",
    "hamiltonian",
    "channel_bandwidth",
    "acquisition_latency",
    "conditional_latency",
    "meas_map",
    "max_circuits",
    "sample_name",
    "n_registers",
    "register_map",
    "configurable",
    "credits_required",
    "online_date",
    "display_name",
    "description",
    "tags",
    "version",
    "channels",
    "parametric_pulses",
    "processor_type",
    "id_warning_issued",
    "instruction_durations",
    "instructions",
    "operation_names",
    "operations",
    "options",
    "provider",
    "session",
]
METHODS = [
    "cancel_session",
    "close_session",
    "configuration",
    "get_translation_stage_plugin",
    "open_session",
    "properties",
    "qubit_properties",
    "run",
    "set_options",
    "defaults",
    "drive_channel",
    "measure_channel",
    "acquire_channel",
    "control_channel",
    "status",
    "target_history",
    "refresh",
    "check_faulty",
]


@pytest.mark.parametrize("name", bundled_devices())
def test_every_documented_attribute_and_method_is_there(local_provider: IBMProvider, name: str) -> None:
    backend = local_provider.get_backend(Snapshot.load(name).name)
    for attribute in ATTRIBUTES:
        assert hasattr(backend, attribute), attribute
        assert attribute in dir(backend)
    for method in METHODS:
        assert callable(getattr(backend, method))
    assert isinstance(backend, BackendV2)
    assert backend.version == 2
    # The official client has a class of the same name.
    assert repr(backend) == f"<qiskit_ibm_native.IBMBackend('{backend.name}')>"
    assert (backend.defaults() is None) == (Snapshot.load(name).payloads.defaults is None)


def test_attributes_have_the_values_of_the_payload_in_si_units(local_provider: IBMProvider) -> None:
    fez = local_provider.get_backend("ibm_fez")
    content = Snapshot.load("fez").configuration.to_dict()
    assert fez.dt == content["dt"] * 1e-9
    assert fez.default_rep_delay == content["default_rep_delay"] * 1e-6
    assert fez.rep_delay_range == [value * 1e-6 for value in content["rep_delay_range"]]
    assert fez.max_circuits == content["max_experiments"]
    assert fez.max_shots == content["max_shots"]
    assert fez.description == content["description"]
    assert fez.online_date.tzinfo is not None
    assert fez.meas_levels == [1, 2]
    assert local_provider.get_backend("ibm_boston").meas_levels == [2]
    assert fez.n_uchannels == 0
    assert fez.tags == []
    assert fez.register_map is None
    assert fez.display_name == "ibm_fez"
    assert fez.configuration() is fez.configuration()
    assert "max_shots" in fez.configuration()
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = fez.no_such_thing


@pytest.mark.official
@pytest.mark.parametrize("name", ["fez", "sherbrooke", "vigo"])
def test_target_is_that_of_the_official_client(local_provider: IBMProvider, name: str) -> None:
    from tests.support.official import official_target

    snapshot = Snapshot.load(name)
    backend = local_provider.get_backend(snapshot.name)
    expected = official_target(
        snapshot.payloads.configuration, snapshot.payloads.properties, use_fractional_gates=False
    )
    equality.assert_targets_equal(expected, backend.target)
    assert backend.target is backend.target
    assert backend.coupling_map.get_edges() == backend.target.build_coupling_map().get_edges()
    assert backend.coupling_map is backend.coupling_map
    assert backend.instruction_durations.duration_by_name_qubits == backend.target.durations().duration_by_name_qubits
    assert backend.instruction_durations is backend.instruction_durations


# Requests to the service


def test_how_many_requests_are_made(service: LocalService) -> None:
    made: list[str] = []
    import requests as http

    original = http.Session.send

    def spy(self: Any, request: Any, **options: Any) -> Any:
        made.append(f"{request.method} {request.url.partition('?')[0].split('/', 3)[3]}")
        return original(self, request, **options)

    def since() -> list[str]:
        found, made[:] = list(made), []
        return found

    http.Session.send = spy  # type: ignore[method-assign]
    try:
        with IBMProvider() as provider:
            assert since() == ["POST identity/token"]
            backend = provider.get_backend("ibmq_vigo")
            assert since() == ["GET experimental/v1/backends/ibmq_vigo/configuration"]
            assert provider.get_backend("ibmq_vigo") is backend
            assert since() == []
            _ = backend.target, backend.properties(), backend.coupling_map, backend.instruction_durations
            assert since() == ["GET experimental/v1/backends/ibmq_vigo/properties"]
            job = backend.run(transpile(QuantumCircuit(1, 1), backend))
            assert since() == ["GET experimental/v1/backends/ibmq_vigo/status", "POST experimental/v1/jobs"]
            job.status()
            assert since() == [f"GET experimental/v1/jobs/{job.job_id()}"]
            job.wait_for_final_state()
            since()
            job.status()
            assert since() == []
            backend.refresh()
            assert since() == [
                "GET experimental/v1/backends/ibmq_vigo/configuration", "GET experimental/v1/backends/ibmq_vigo/properties",
            ]  # fmt: skip
            assert provider.backend.ibmq_lima.name == "ibmq_lima"
            assert since() == ["GET experimental/v1/backends", "GET experimental/v1/backends/ibmq_lima/configuration"]
    finally:
        http.Session.send = original  # type: ignore[method-assign]


def test_looking_at_a_backend_asks_nobody(provider: IBMProvider, requests: list[str]) -> None:
    backend = provider.get_backend("ibm_fez")
    requests.clear()
    for name in (
        "get_scheduling_stage_plugin",
        "no_such_thing",
        "_private",
        "max_shots",
        "dt",
        "num_qubits",
        "session",
    ):
        hasattr(backend, name)
    repr(backend)
    dir(backend)
    repr(provider.backend)
    backend._repr_html_()
    copy.deepcopy(backend)
    assert requests == []


def test_no_properties_is_remembered_too(provider: IBMProvider, requests: list[str]) -> None:
    class NoProperties:
        asked = 0

        def backend_properties(self, *_args: Any, **_kwargs: Any) -> bytes:
            self.asked += 1
            return b"{}"

    client = NoProperties()
    backend = IBMBackend(device.configuration(rep_delay_range=None), provider, client)
    for _ in range(3):
        assert backend.properties() is None
        transpile(QuantumCircuit(1), backend)
    assert client.asked == 1
    with pytest.raises(IBMBackendError, match="no properties"):
        backend.qubit_properties(0)


def test_transpiling_asks_once(provider: IBMProvider, requests: list[str]) -> None:
    backend = provider.get_backend("ibm_hanoi")
    requests.clear()
    transpile([QuantumCircuit(2), QuantumCircuit(3)], backend, optimization_level=1)
    assert requests == ["GET /backends/ibm_hanoi/properties"]


def test_refreshing_changes_objects_only_if_the_device_changed(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_torino")
    before = backend.target, backend.coupling_map, backend.instruction_durations, backend.properties()
    backend.refresh()
    assert all(
        now is then for now, then in zip((backend.target, backend.coupling_map, backend.instruction_durations), before)
    )
    client = backend._api_client
    changed = Snapshot.load("torino").payloads.properties.replace(
        b'"readout_error", "unit": ""', b'"readout_error", "unit":  ""', 1
    )
    assert changed != Snapshot.load("torino").payloads.properties

    class Changed:
        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def backend_properties(self, *_args: Any, **_kwargs: Any) -> bytes:
            return changed

    backend._state.client = Changed()
    assert backend.properties() is before[3]
    assert backend.properties(refresh=True) is not before[3]
    assert backend.target is not before[0]
    assert backend.coupling_map is not before[1]
    backend._state.client = client
    backend.refresh()


def test_ten_threads_share_one_target(provider: IBMProvider, requests: list[str]) -> None:
    backend = provider.get_backend("ibm_kingston")
    requests.clear()
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(backend.target)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(target) for target in seen}) == 1
    assert requests == ["GET /backends/ibm_kingston/properties"]


# Calibrations


def test_properties_of_now_and_of_earlier(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibmq_vigo")
    properties = backend.properties()
    assert properties.backend_name == "ibmq_vigo"
    now = datetime.datetime.now()
    assert backend.properties(datetime=now).last_update_date == properties.last_update_date
    assert backend.properties(datetime=datetime.datetime(2000, 1, 1)) is None
    assert backend.properties() is properties
    equality.assert_targets_equal(backend.target, backend.target_history(now))
    assert backend.target_history() is backend.target
    assert backend.target_history(datetime.datetime(2000, 1, 1))["sx"][(0,)] is None
    with pytest.raises(TypeError):
        backend.properties(refresh="yes")
    with pytest.raises(TypeError):
        backend.properties(datetime=20250101)
    with pytest.raises(TypeError):
        backend.target_history(20250101)


def test_qubit_properties_have_what_qiskit_has_no_place_for(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibmq_vigo")
    properties = backend.properties()
    one = backend.qubit_properties(1)
    assert isinstance(one, IBMQubitProperties)
    assert (one.t1, one.t2, one.frequency) == (properties.t1(1), properties.t2(1), properties.frequency(1))
    assert one.anharmonicity == properties.qubit_property(1, "anharmonicity")[0]
    assert one.operational is True
    assert [each.t1 for each in backend.qubit_properties((0, np.int64(1)))] == [properties.t1(0), properties.t1(1)]
    assert pickle.loads(pickle.dumps(one)).anharmonicity == one.anharmonicity
    with pytest.raises(IBMBackendValueError, match="has no qubit 5"):
        backend.qubit_properties(5)


def test_status(local_provider: IBMProvider) -> None:
    status = local_provider.get_backend("ibm_fez").status()
    assert (status.backend_name, status.operational, status.status_msg, status.pending_jobs) == (
        "ibm_fez",
        True,
        "active",
        0,
    )
    assert type(status).from_dict(status.to_dict()) == status
    assert "ibm_fez" in status._repr_html_()


# Options


def test_options_are_checked_however_they_are_set_and_reset_with_their_checks(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    backend.set_options(shots=10, memory=True)
    assert (backend.options.shots, backend.options.memory) == (10, True)
    for wrong in (0, 10**9):
        with pytest.raises(ValueError, match="shots"):
            backend.set_options(shots=wrong)
        with pytest.raises(ValueError, match="shots"):
            backend.options.shots = wrong
        with pytest.raises(ValueError, match="shots"):
            backend.options["shots"] = wrong
    with pytest.raises(AttributeError):
        backend.set_options(no_such_option=1)
    backend.set_options(rep_delay=0.0003)
    backend.set_options(rep_delay=None)
    assert backend.options.rep_delay is None
    assert local_provider.get_backend("ibm_fez") is backend
    assert backend.options.shots == 4000
    with pytest.raises(ValueError, match="shots"):
        backend.set_options(shots=10**9)


def test_devices_take_no_seed_as_an_option(provider: IBMProvider) -> None:
    with pytest.raises(TypeError):
        provider.get_backend("ibm_fez").set_options(seed_simulator=5)
    provider.get_backend("local_simulator").set_options(seed_simulator=5)
    provider.get_backend("local_simulator")


def test_copies_have_their_own_options_and_backends_are_not_pickled(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    other = copy.deepcopy(backend)
    other.set_options(shots=1)
    assert backend.options.shots == 4000
    assert other.name == backend.name
    assert other.provider is backend.provider
    assert len({backend, other, backend()}) == 2
    with pytest.raises(TypeError, match="holds credentials"):
        pickle.dumps(backend)


# Making backends


def _official_model(payload: bytes) -> Any:
    """Return the official client's model of a configuration."""
    from tests.support import official

    return official.configuration_model(payload)


@pytest.mark.parametrize(
    "how", ["dictionary", "model", "snapshot", pytest.param("official model", marks=pytest.mark.official)]
)
def test_configurations_may_be_given_in_several_ways(how: str) -> None:
    snapshot = Snapshot.load("lima")
    configuration = {
        "dictionary": snapshot.configuration.to_dict,
        "model": lambda: snapshot.configuration,
        "snapshot": lambda: snapshot,
        "official model": lambda: _official_model(snapshot.payloads.configuration),
    }[how]()

    class Client:
        def backend_properties(self, *_args: Any, **_kwargs: Any) -> Any:
            return snapshot.properties.to_dict() if how == "nothing" else snapshot.payloads.properties

    backend = IBMBackend(configuration, None, api_client=Client())
    assert backend.num_qubits == 5
    assert backend.target["cx"][(0, 1)].duration > 0
    with pytest.raises(TypeError, match="configuration must be"):
        IBMBackend(5, None, None)
