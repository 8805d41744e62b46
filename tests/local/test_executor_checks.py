# SPDX-License-Identifier: Apache-2.0
"""Jobs of the programs ``executor`` and ``noise-learner`` that are refused when they are submitted."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from typing import Any

import pytest

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local.devices import Device
from qiskit_ibm_native.local.errors import BadInputError
from qiskit_ibm_native.local.programs.checks import check_submission, executor, noise_learner_v3

TENSOR = {"data": "", "shape": [2, 3, 1], "dtype": "f64"}
CIRCUIT = {"item_type": "circuit", "circuit_arguments": TENSOR, "shape": [], "chunk_size": "auto"}
SAMPLEX = {
    "item_type": "samplex", "samplex": {"samplex_json": "{}", "ssv": 1}, "samplex_arguments": {"x": TENSOR, "n": 1},
    "shape": [5], "chunk_size": "auto",
}  # fmt: skip
JOB: dict[str, Any] = {
    "schema_version": "v2.0",
    "quantum_program": {
        "shots": 10, "circuits": {"b64_data": "", "qpy_version": 17, "num_programs": 2}, "items": [CIRCUIT, SAMPLEX],
        "meas_level": "classified", "passthrough_data": None, "semantic_role": None,
    },
    "options": {
        "init_qubits": True, "rep_delay": 0.00025, "scheduler_timing": False, "stretch_values": False,
        "experimental": {},
    },
}  # fmt: skip
LEARNER: dict[str, Any] = {
    "schema_version": "v0.3", "version": 3, "instructions": {"circuit_b64": "", "qpy_version": 17},
    "options": {
        "shots_per_randomization": 128, "num_randomizations": 32, "layer_pair_depths": [0, 1],
        "bit_flip_checks": {"pre_circuit": {"enable": False}, "post_circuit": {"enable": False}},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def fez() -> Device:
    return Device([Snapshot.load("fez")])


def changed(job: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a job with another value somewhere."""
    copy = deepcopy(job)
    *parents, last = path.split(".")
    target: Any = copy
    for name in parents:
        target = target[int(name)] if name.isdigit() else target[name]
    target[last] = value
    return copy


def test_a_job_as_clients_send_it_passes(fez: Device) -> None:
    executor.check(JOB, fez)
    executor.check({key: value for key, value in JOB.items() if key != "options"}, fez)
    noise_learner_v3.check(LEARNER, fez)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("schema_version", "v9.9", r"schema_version is 'v9.9'; use one of"),
        ("quantum_program", None, r"quantum_program is missing"),
        ("quantum_program.shots", 0, r"quantum_program.shots is 0; ibm_fez takes 1 to"),
        ("quantum_program.shots", 10**9, r"quantum_program.shots is 1000000000; ibm_fez takes 1 to"),
        ("quantum_program.meas_level", "raw", r"quantum_program.meas_level is 'raw'; use one of"),
        ("quantum_program.items", [], r"quantum_program.items must be a list"),
        ("quantum_program.items", [CIRCUIT], r"2 circuits for 1 items"),
        ("quantum_program.circuits", None, r"quantum_program.circuits is missing"),
        ("quantum_program.items.0.item_type", "pulse", r"items\[0\].item_type is 'pulse'; use one of"),
        ("quantum_program.items.0.shape", [4], r"items\[0\].shape is \[4\]; it does not fit values of shape \[2, 3\]"),
        ("quantum_program.items.0.shape", "x", r"items\[0\].shape is 'x'"),
        ("quantum_program.items.0.circuit_arguments", [1], r"items\[0\].circuit_arguments must be a tensor"),
        ("quantum_program.items.0.chunk_size", 0, r"items\[0\].chunk_size is 0"),
        ("quantum_program.items.0.chunk_size", 3, r"'auto' for all items or for none"),
        ("quantum_program.items.1.samplex", {}, r"items\[1\].samplex.samplex_json is missing"),
        ("quantum_program.items.1.samplex_arguments", [1], r"items\[1\].samplex_arguments must be an object"),
        ("quantum_program.items.1.samplex_arguments.x", {}, r"samplex_arguments\['x'\] must be a tensor"),
        ("quantum_program.items.1.shape", [100, 200], r"20006 circuits"),
        ("options.rep_delay", 5.0, r"options.rep_delay is 5.0; ibm_fez takes"),
        ("options.scheduler_timing", 1, r"options.scheduler_timing is 1; use true or false"),
        ("options.colour", "red", r"options.colour is unknown; use"),
    ],
)
def test_a_refusal_names_the_path_and_what_to_do(fez: Device, path: str, value: Any, text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        executor.check(changed(JOB, path, value), fez)


def test_shots_that_begin_where_the_one_before_ended_are_refused(fez: Device) -> None:
    check_submission("executor", JOB, fez)
    with pytest.raises(BadInputError, match=r"options.init_qubits"):
        check_submission("executor", changed(JOB, "options.init_qubits", False), fez)
    with pytest.raises(BadInputError, match=r"options.layer_pair_depths"):
        check_submission("noise-learner", changed(LEARNER, "options.layer_pair_depths", [1]), fez)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("schema_version", "v1", r"schema_version is 'v1'"),
        ("instructions", None, r"instructions.circuit_b64 is missing"),
        ("options.layer_pair_depths", [3, 3], r"options.layer_pair_depths needs two different depths"),
        ("options.layer_pair_depths", [-1, 3], r"options.layer_pair_depths is \[-1, 3\]"),
        ("options.num_randomizations", 0, r"options.num_randomizations is 0"),
        ("options.bit_flip_checks.pre_circuit.enable", True, r"options.bit_flip_checks.pre_circuit"),
    ],
)
def test_refusals_of_the_learner(fez: Device, path: str, value: Any, text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        noise_learner_v3.check(changed(LEARNER, path, value), fez)


def test_checks_import_neither_qiskit_nor_numpy() -> None:
    names = "executor", "noise_learner_v3"
    code = "import sys\n" + "".join(f"import qiskit_ibm_native.local.programs.checks.{name}\n" for name in names)
    code += "print([name for name in ('qiskit', 'numpy', 'samplomatic', 'qiskit_aer') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
