# SPDX-License-Identifier: Apache-2.0
"""The options of ``backend.run()``: what is taken, what is refused, what is sent."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from qiskit import QuantumCircuit
from tests.support.running import bell, sent, transpiled

from qiskit_ibm_native import IBMBackend
from qiskit_ibm_native.exceptions import IBMBackendValueError

if TYPE_CHECKING:
    from qiskit_ibm_native import IBMProvider


@pytest.mark.parametrize("shots", [0, -1, 8193, True, "many", 0.5])
def test_shots_out_of_range_are_refused(vigo: Any, shots: Any) -> None:
    with pytest.raises(IBMBackendValueError, match="shots is"):
        vigo.run(QuantumCircuit(1), shots=shots)


def test_shots_may_be_a_float_and_are_4000_at_first(vigo: Any) -> None:
    circuit = QuantumCircuit(1)
    assert sent(vigo, circuit)["params"]["options"]["default_shots"] == 4000
    assert sent(vigo, circuit, shots=1e3)["params"]["pubs"][0][2] == 1000
    assert sent(vigo, circuit, shots=2.7)["params"]["pubs"][0][2] == 2


def test_options_that_are_set_are_used_and_arguments_go_first(vigo: Any) -> None:
    vigo.set_options(shots=77, memory=True)
    assert vigo.run(transpiled(vigo)).backend_options()["shots"] == 77
    options = vigo.run(transpiled(vigo), shots=5, memory=False).backend_options()
    assert options["shots"] == 5
    assert options["memory"] is False


@pytest.mark.parametrize(("meas_level", "meas_return"), [(0, "avg"), (3, "avg"), ("x", "avg"), (1, "sum"), (2.5, 7)])
def test_levels_that_there_are_not_are_refused(vigo: Any, meas_level: Any, meas_return: Any) -> None:
    with pytest.raises(IBMBackendValueError, match="meas_level"):
        vigo.run(QuantumCircuit(1), meas_level=meas_level, meas_return=meas_return)


def test_rep_delay_is_in_seconds_and_within_the_range_of_the_device(fez: Any, local_provider: IBMProvider) -> None:
    execution = sent(fez, QuantumCircuit(1), rep_delay=0.0004)["params"]["options"]["execution"]
    assert execution["rep_delay"] == 0.0004
    for wrong in (1.0, -1e-6, "soon"):
        with pytest.raises(IBMBackendValueError, match="rep_delay"):
            fez.run(QuantumCircuit(1), rep_delay=wrong)
    lima = local_provider.get_backend("ibmq_lima")
    if not lima.dynamic_reprate_enabled:
        with pytest.raises(IBMBackendValueError, match="not supported on this device"):
            lima.run(QuantumCircuit(1), rep_delay=0.0004)


def test_headers_have_to_be_json(vigo: Any) -> None:
    for header in ("text", {"a": object()}):
        with pytest.raises(IBMBackendValueError, match="header"):
            vigo.run(QuantumCircuit(1), header=header)


def test_seeds_and_noise_models_are_for_simulators(provider: IBMProvider) -> None:
    # As seen by a client of the cloud, which does not know that it is simulated.
    backend = provider.get_backend("ibmq_vigo")
    with pytest.warns(UserWarning, match="seed_simulator is for simulators"):
        params = sent(backend, QuantumCircuit(1), seed_simulator=5)["params"]
    assert "simulator" not in params["options"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sent(backend, QuantumCircuit(1), seed_simulator=None)
    with patch.object(IBMBackend, "_runtime_run"), pytest.warns(UserWarning, match="foo is not a recognized") as caught:
        backend.run(QuantumCircuit(1), foo="foo")
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("shot", r" Did you mean shots\?$"),
        ("job_tag", r" Did you mean job_tags\?$"),
        # Options of 0.11 and of other clients that nothing here is called like.
        ("max_credits", "backend.$"),
        ("resilience_level", "backend.$"),
        ("optimization_level", "backend.$"),
    ],
)
def test_unknown_options_of_local_devices_warn_as_on_the_platform(vigo: Any, name: str, hint: str) -> None:
    with patch.object(IBMBackend, "_runtime_run"), pytest.warns(UserWarning, match=name) as caught:
        vigo.run(QuantumCircuit(1), **{name: 5})
    (warning,) = caught
    assert re.search(
        rf"^{name} is not a recognized runtime option and may be ignored by the .*{hint}", str(warning.message)
    )
    assert warning.filename == __file__


def test_known_options_of_local_devices_do_not_warn(vigo: Any) -> None:
    with warnings.catch_warnings(), patch.object(IBMBackend, "_runtime_run") as submitted:
        warnings.simplefilter("error")
        vigo.run(QuantumCircuit(1), seed_simulator=5, private=True, max_execution_time=100, log_level="DEBUG")
    assert submitted.call_args.kwargs["inputs"]["seed_simulator"] == 5


def test_options_of_simulators_get_there_and_come_back(simulator: Any) -> None:
    job = simulator.run(bell(), shots=10, seed_simulator=3, method="stabilizer")
    assert job.result().success
    again = simulator.provider.job(job.job_id())
    assert again.backend_options()["method"] == "stabilizer"
    assert again.backend_options()["seed_simulator"] == 3


def test_noise_models_are_used_by_simulators(simulator: Any) -> None:
    from qiskit_aer.noise import NoiseModel, ReadoutError

    model = NoiseModel()
    model.add_all_qubit_readout_error(ReadoutError([[0, 1], [1, 0]]))
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    for program_id in ("sampler", "executor"):
        counts = simulator.run(circuit, shots=10, noise_model=model, program_id=program_id).result().get_counts()
        assert counts == {"1": 10}


def test_what_is_submitted_besides_circuits(fez: Any) -> None:
    values = sent(
        fez,
        QuantumCircuit(1),
        job_tags=["mine"],
        image="custom:1",
        max_execution_time=60,
        private=True,
        log_level="DEBUG",
    )
    assert values["job_tags"] == ["mine"]
    assert values["image"] == "custom:1"
    assert values["max_execution_time"] == 60
    assert values["private"] is True
    assert values["program_id"] == "sampler"
    assert sent(fez, QuantumCircuit(1), program_id="executor")["program_id"] == "executor"
    with pytest.raises(IBMBackendValueError, match="There is no program 'estimator'"):
        fez.run(QuantumCircuit(1), program_id="estimator")
