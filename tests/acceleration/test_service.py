# SPDX-License-Identifier: Apache-2.0
"""The official client on the local service, with acceleration and without: the same answers."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.fake_provider import FakeFez
from tests.support.equality import assert_targets_equal

from qiskit_ibm_native.acceleration import accelerate

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService


@pytest.fixture
def client(service: LocalService) -> Iterator[Any]:
    """Yield a function that makes a new client of the service."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield QiskitRuntimeService


def shown(backend: Any) -> dict[str, Any]:
    """Return what a backend shows but for its target."""
    return {
        "configuration": backend.configuration().to_dict(),
        "properties": None if backend.properties() is None else backend.properties().to_dict(),
        "status": backend.status().to_dict(),
        "attributes": [backend.num_qubits, backend.dtm, backend.meas_map, backend.basis_gates],
        "options": vars(backend.options),
        "edges": backend.coupling_map.get_edges(),
        "name": (backend.name, backend.online_date, backend.backend_version, repr(backend)),
    }


@pytest.mark.parametrize("use_fractional_gates", [False, None])
def test_backends_show_the_same_before_and_after_a_refresh(client: Any, use_fractional_gates: bool | None) -> None:
    without = client().backend("ibm_fez", use_fractional_gates=use_fractional_gates)
    with accelerate():
        backend = client().backend("ibm_fez", use_fractional_gates=use_fractional_gates)
        for _ in range(2):
            assert_targets_equal(without.target, backend.target)
            assert shown(backend) == shown(without)
            backend.refresh()


def test_a_backend_is_asked_for_again_without_reading_its_models(client: Any) -> None:
    with accelerate():
        service = client()
        first = service.backend("ibm_fez")
        again = service.backend("ibm_fez")
        assert first is not again and first.target.num_qubits == again.target.num_qubits == 156
        for model in (again.configuration(), again.properties()):
            assert type(model) is not model.__class__
        # Each backend has a configuration of its own.
        first.configuration().gates.clear()
        assert again.configuration().gates


def test_filters_find_the_same_backends(client: Any) -> None:
    filters: list[dict[str, Any]] = [
        {}, {"min_num_qubits": 27}, {"dynamic_circuits": True}, {"operational": True}, {"simulator": False, "n_qubits": 5},
        {"filters": lambda backend: "cz" in backend.basis_gates}, {"open_pulse": True},
    ]  # fmt: skip
    service = client()
    without = [[backend.name for backend in service.backends(**chosen)] for chosen in filters]
    with accelerate():
        service = client()
        assert [[backend.name for backend in service.backends(**chosen)] for chosen in filters] == without
    assert without[0] and without[1] and without[5]


def test_history_and_calibrations_that_do_not_exist_are_the_same(client: Any) -> None:
    then, never = datetime.datetime(2040, 1, 1), datetime.datetime(2000, 1, 1)
    without = client().backend("ibm_fez")
    with accelerate():
        backend = client().backend("ibm_fez")
        assert_targets_equal(without.target_history(then), backend.target_history(then))
        assert_targets_equal(without.target_history(never), backend.target_history(never))
        assert backend.properties(datetime=then) == without.properties(datetime=then)
        assert backend.properties(datetime=never) is None
        with pytest.raises(TypeError, match="refresh"):
            backend.properties(refresh=1)


def test_a_calibration_id_goes_to_the_service(client: Any, service: LocalService) -> None:
    without = client().backend("ibm_fez", calibration_id="calibration-1")
    with accelerate():
        backend = client().backend("ibm_fez", calibration_id="calibration-1")
        assert backend.calibration_id == without.calibration_id == "calibration-1"
        assert_targets_equal(without.target, backend.target)
        backend.refresh()
        assert_targets_equal(without.target, backend.target)


def test_faulty_parts_are_the_same(client: Any) -> None:
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    without = client().backend("ibmq_vigo")
    with accelerate():
        backend = client().backend("ibmq_vigo")
        assert backend.properties().faulty_qubits() == without.properties().faulty_qubits()
        assert backend.properties().faulty_gates() == without.properties().faulty_gates()
        assert backend.check_faulty(circuit) is None


def test_simulators_have_no_properties(client: Any) -> None:
    without = client().backend("local_simulator")
    with accelerate():
        backend = client().backend("local_simulator")
        assert backend.properties() is None
        assert_targets_equal(without.target, backend.target)


def test_a_fake_device_is_refreshed_from_the_service(client: Any) -> None:
    without = FakeFez()
    without.refresh(client(), persist=False)
    with accelerate():
        backend = FakeFez()
        backend.refresh(client(), persist=False)
        assert_targets_equal(without.target, backend.target)
        assert backend.configuration() == without.configuration() and backend.properties() == without.properties()
    # The official client leaves its temporary folders to the garbage collector, which warns of them.
    for refreshed in (without, backend):
        refreshed._tmp_data_dir.cleanup()
