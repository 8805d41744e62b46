# SPDX-License-Identifier: Apache-2.0
"""Jobs that cannot be run as they are asked for are refused when they are submitted, with the path of the option."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qiskit_ibm_native import IBMProvider, Snapshot
from qiskit_ibm_native.exceptions import IBMBackendApiError
from qiskit_ibm_native.local.devices import Device
from qiskit_ibm_native.local.errors import BadInputError
from qiskit_ibm_native.local.programs import checks, wire

CIRCUIT = wire.write_circuit(QuantumCircuit(1, 1))
FEZ = Device([Snapshot.load("fez")])
#: Programs with what jobs of them need at least.
LEAST: dict[str, dict[str, Any]] = {
    "sampler": {"pubs": [[CIRCUIT]]},
    "estimator": {"pubs": [[CIRCUIT, "Z"]]},
    "noise-learner": {"circuits": [CIRCUIT]},
    "executor": {
        "schema_version": "v2.0",
        "quantum_program": {
            "shots": 10, "circuits": {"b64_data": "", "num_programs": 1, "qpy_version": 17},
            "items": [{"item_type": "circuit", "circuit_arguments": {"data": "", "shape": [0], "dtype": "f64"}, "shape": []}],
        },
    },
}  # fmt: skip
#: Programs, options, and what the refusal says.
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("sampler", {"default_shots": 0}, "options.default_shots is 0; use a whole number from 1 to 100000"),
    ("sampler", {"default_shots": 100_001}, "options.default_shots is 100001; use a whole number from 1 to 100000"),
    ("sampler", {"default_shot": 5}, "options.default_shot is not known; did you mean default_shots?"),
    ("sampler", {"execution": {"rep_delay": 5.0}}, "options.execution.rep_delay is 5.0; ibm_fez takes 0.0 to 0.0005 s"),
    ("sampler", {"execution": {"rep_delay": "1"}}, "options.execution.rep_delay is '1'; use a number from 0"),
    ("sampler", {"execution": {"init_qubits": False}}, "options.execution.init_qubits is False: every shot begins"),
    ("sampler", {"execution": {"init_qubits": 1}}, "options.execution.init_qubits is 1; use true or false"),
    ("sampler", {"execution": {"meas_type": "raw"}}, "options.execution.meas_type is 'raw'; use one of ['classified'"),
    ("sampler", {"execution": {"stretch_values": True}}, "options.execution.stretch_values is True: values of stretches"),
    ("sampler", {"resilience_level": 1}, "options.resilience_level is not known here: the sampler mitigates nothing"),
    ("sampler", {"environment": {"private": True}}, "options.environment is not known here: send log_level, tags"),
    ("sampler", {"max_execution_time": 5}, "options.max_execution_time is not known here: send it as cost"),
    ("sampler", {"twirling": {"enable_gates": "yes"}}, "options.twirling.enable_gates is 'yes'; use true or false"),
    ("sampler", {"twirling": {"strategy": "some"}}, "options.twirling.strategy is 'some'; use one of ['active',"),
    ("sampler", {"twirling": {"num_randomizations": 0}}, "options.twirling.num_randomizations is 0; use a whole number from 1 to 10000, or 'auto'"),
    ("sampler", {"twirling": {"shots_per_randomization": 200_000}}, "options.twirling.shots_per_randomization is 200000"),
    ("sampler", {"dynamical_decoupling": {"sequence_type": "XYZ"}}, "options.dynamical_decoupling.sequence_type is 'XYZ'"),
    ("sampler", {"dynamical_decoupling": 5}, "options.dynamical_decoupling is 5, no object"),
    ("sampler", {"simulator": {"seed_simulator": -1}}, "options.simulator.seed_simulator is -1; use a whole number from 0"),
    ("sampler", {"simulator": {"seed_simulator": 2**63}}, "seed_simulator is 9223372036854775808; use a whole number from 0 to 9223372036854775807"),
    ("estimator", {"seed_estimator": 2**63}, "options.seed_estimator is 9223372036854775808; use a whole number from 0 to"),
    ("sampler", {"experimental": {"shots": 5}}, "options.experimental.shots is not known here: send shots with the job"),
    ("sampler", {"experimental": {"memory": False}}, "options.experimental.memory is not known here"),
    ("estimator", {"experimental": {"seed_simulator": 5}}, "options.experimental.seed_simulator is not known here: send it as"),
    ("noise-learner", {"experimental": {"noise_model": {}}}, "options.experimental.noise_model is not known here: send it as"),
    ("executor", {"experimental": {"simulator": ["x"]}}, "options.experimental.simulator is ['x'], no object"),
    ("executor", {"experimental": {"shots": 5}}, "options.experimental.shots is not known here"),
    ("sampler", {"twirling": {"num_randomizations": 10_001}}, "options.twirling.num_randomizations is 10001; use a whole number from 1 to 10000"),
    ("sampler", {"twirling": {"num_randomizations": 1000, "shots_per_randomization": 101}}, "= 101000 shots; ibm_fez takes 100000 at most"),
    ("noise-learner", {"num_randomizations": 10_001}, "options.num_randomizations is 10001"),
    ("sampler", {"simulator": {"noise_model": 5}}, "options.simulator.noise_model is 5, no object"),
    ("sampler", 5, "options is 5, no object"),  # type: ignore[list-item]
    ("estimator", {"default_precision": 0}, "options.default_precision is 0; use a number above 0"),
    ("estimator", {"default_precision": 1e-6}, "options.default_precision is 1e-06; ibm_fez takes 100000 shots"),
    ("estimator", {"resilience_level": 3}, "options.resilience_level is 3; use a whole number from 0 to 2"),
    ("estimator", {"resilience": {"zne_mitigation": True, "pec_mitigation": True}}, "options.resilience has zne_mitigation and pec"),
    ("estimator", {"resilience": {"zne": {"noise_factors": [0.5, 1]}}}, "options.resilience.zne.noise_factors[0] is 0.5; use a number from 1"),
    ("estimator", {"resilience": {"zne": {"extrapolator": "cubic"}}}, "options.resilience.zne.extrapolator is 'cubic'"),
    ("estimator", {"resilience": {"zne": {"extrapolator": ["double_exponential"]}}}, "double_exponential needs 4 noise_factors, not 3"),
    ("estimator", {"resilience": {"zne": {"amplifier": "pulse"}}}, "options.resilience.zne.amplifier is 'pulse'"),
    ("estimator", {"resilience": {"pec": {"max_overhead": 0}}}, "options.resilience.pec.max_overhead is 0; use a number above 0"),
    ("estimator", {"resilience": {"layer_noise_learning": {"layer_pair_depths": [1]}}}, "layer_pair_depths is [1]; a decay needs two"),
    ("noise-learner", {"twirling_strategy": "none"}, "options.twirling_strategy is 'none'"),
    ("noise-learner", {"layer_pair_depths": [-1, 2]}, "options.layer_pair_depths[0] is -1"),
    ("noise-learner", {"max_layers": 2}, "options.max_layers is not known; did you mean max_layers_to_learn?"),
    ("executor", {"init_qubits": False}, "options.init_qubits is False: every shot begins"),
]  # fmt: skip
#: Programs, params beside options, and what the refusal says.
REFUSED_PARAMS: list[tuple[str, dict[str, Any], str]] = [
    ("sampler", {"pubs": []}, "pubs must be a list of 1 to 10000"),
    (
        "sampler",
        {"pubs": [[CIRCUIT, [], 200_000]]},
        "pubs[0][2] (shots) is 200000; use a whole number from 1 to 100000",
    ),
    ("sampler", {"pubs": [[5]]}, "pubs[0][0] is not a circuit"),
    ("sampler", {"pubs": [[CIRCUIT, [], 5, 6]]}, "pubs[0] has 4 parts"),
    ("sampler", {"shots": 0}, "shots is 0; use a whole number"),
    ("estimator", {"pubs": [CIRCUIT]}, "pubs[0] must be a list of circuit, observables"),
    ("estimator", {"pubs": [[CIRCUIT, "Z", [], -1]]}, "pubs[0][3] (precision) is -1; use a number above 0"),
    ("estimator", {"resilience_level": 7}, "resilience_level is 7; use a whole number from 0 to 2"),
    ("noise-learner", {"circuits": None}, "circuits must be a list"),
]


@pytest.mark.parametrize(("program", "options", "text"), REFUSED)
def test_options_are_refused_with_their_path(program: str, options: Any, text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        checks.check_submission(program, {**LEAST[program], "options": options}, FEZ)
    assert text in str(caught.value)


@pytest.mark.parametrize(("program", "params", "text"), REFUSED_PARAMS)
def test_jobs_are_refused_with_the_path_of_what_is_wrong(program: str, params: dict[str, Any], text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        checks.check_submission(program, {**LEAST[program], **params}, FEZ)
    assert text in str(caught.value)


@pytest.mark.parametrize("program", LEAST)
def test_the_least_that_a_job_needs_is_taken(program: str) -> None:
    checks.check_submission(program, LEAST[program], FEZ)
    checks.check_submission(program, {**LEAST[program], "options": {}}, FEZ)


def test_what_is_null_is_not_given() -> None:
    options = {"default_shots": None, "twirling": {"strategy": None}, "simulator": {"noise_model": None}}
    checks.check_submission("sampler", {**LEAST["sampler"], "options": options}, FEZ)


def test_devices_without_a_choice_of_delays_take_none() -> None:
    from qiskit_ibm_native.local.devices import SIMULATOR, Catalog

    simulator = Catalog().get(SIMULATOR)
    assert simulator is not None
    with pytest.raises(BadInputError, match="local_simulator has no choice of repetition delays; leave it out"):
        checks.check_submission(
            "sampler", {**LEAST["sampler"], "options": {"execution": {"rep_delay": 0.0}}}, simulator
        )


def test_unknown_programs_are_named_with_those_that_there_are() -> None:
    with pytest.raises(BadInputError, match=r"no program 'circuit-runner'; use one of \['sampler', 'estimator'"):
        checks.check_submission("circuit-runner", {}, FEZ)


def test_the_service_answers_with_status_400_and_keeps_nothing(provider: IBMProvider) -> None:
    client = provider.get_backend("ibm_fez")._api_client
    before = len(provider.jobs(limit=200))
    with pytest.raises(Exception, match=r"options\.default_shots is 0") as caught:
        client.program_run(
            program_id="sampler", backend_name="ibm_fez", params={**LEAST["sampler"], "options": {"default_shots": 0}}
        )
    assert getattr(caught.value, "status_code", None) == 400
    assert len(provider.jobs(limit=200)) == before


def test_runs_of_this_package_are_refused_as_backend_errors(provider: IBMProvider) -> None:
    backend = provider.get_backend("ibmq_vigo")
    with pytest.raises(IBMBackendApiError, match=r"options\.execution\.init_qubits is False: every shot begins"):
        backend.run(QuantumCircuit(1, 1), init_qubits=False)


def test_checks_import_neither_qiskit_nor_numpy() -> None:
    """The service process imports them, and has to start fast."""
    code = (
        "import sys, json; import qiskit_ibm_native.local.programs.checks;"
        "print(json.dumps(sorted({'qiskit', 'numpy', 'scipy', 'qiskit_aer'} & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path("/"))
    assert json.loads(done.stdout) == []
