# SPDX-License-Identifier: Apache-2.0
"""QRMI, a library in Rust for clusters, with its primitives for Qiskit and its command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import qrmi
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime.decoders.quantum_program.decoder import QuantumProgramResultDecoder
from qiskit_ibm_runtime.options_models.executor import ExecutorOptions
from qiskit_ibm_runtime.quantum_program import QuantumProgram
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from qrmi.primitives.ibm import EstimatorV2, SamplerV2, get_backend
from tests.clients.calls import LIKELY, QRMI, dynamic, flipped, fractional, share, works

if TYPE_CHECKING:
    from qiskit_ibm_native import Snapshot
    from qiskit_ibm_native.local import LocalService

KIND = qrmi.ResourceType.IBMQuantumComputeService
NAMES = ("ibmq_vigo", "ibm_kingston", "local_simulator")


@pytest.fixture
def variables(twin: LocalService, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Return the variables of each device without its name, and set all of them with their names."""
    found = {}
    for name in NAMES:
        environment = twin.client_options("qrmi", name).environment
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        found[name] = {variable.removeprefix(f"{name}_"): value for variable, value in environment.items()}
    monkeypatch.setenv("QRMI_JOB_QPU_RESOURCES", ",".join(NAMES))
    monkeypatch.setenv("QRMI_JOB_QPU_TYPES", ",".join(["ibm-quantum-compute-service"] * len(NAMES)))
    return found


@pytest.fixture
def vigo_resource(variables: dict[str, dict[str, str]]) -> qrmi.QuantumResource:
    assert variables
    return qrmi.QuantumResource("ibmq_vigo", KIND)


def payload(*circuits: QuantumCircuit, support_qiskit: bool = False) -> qrmi.Payload:
    """Return a job of circuits as OpenQASM 3, 400 shots of each."""
    pubs = [(qasm3.dumps(circuit), None, 400) for circuit in circuits]
    content = {"pubs": pubs, "version": 2, "support_qiskit": support_qiskit, "options": {}}
    return qrmi.Payload.QiskitPrimitive(input=json.dumps(content), program_id="sampler")


def finished(resource: qrmi.QuantumResource, task: str) -> qrmi.TaskStatus:
    """Return the status of a task at its end."""
    end = time.monotonic() + 60
    while (status := resource.task_status(task)) in (qrmi.TaskStatus.Queued, qrmi.TaskStatus.Running):
        assert time.monotonic() < end
        time.sleep(0.05)
    return status


@works(QRMI, "devices", "least busy device")
def test_devices(variables: dict[str, dict[str, str]]) -> None:
    service = qrmi.QRMIService()
    assert {resource.resource_id() for resource in service.resources()} == set(NAMES)
    assert service.resource("ibmq_vigo").resource_id() == "ibmq_vigo"
    provider = qrmi.ResourceProvider(KIND, variables["ibmq_vigo"])
    # Simulators are none of its resources.
    assert {resource.resource_id() for resource in provider.resources()} == {"ibmq_vigo", "ibm_kingston"}
    assert [resource.resource_id() for resource in provider.resources("num_qubits=156&status=online")] == [
        "ibm_kingston"
    ]
    assert provider.least_busy("name=ibmq_*").resource_id() == "ibmq_vigo"
    assert provider.least_busy("name=nobody*") is None


@works(QRMI, "open a device", "open `local_simulator`", "target", "calibration", "status")
def test_a_device(variables: dict[str, dict[str, str]], vigo: Snapshot, tmp_path: Path) -> None:
    file = tmp_path / "qrmi.json"
    entry = {"name": "ibmq_vigo", "type": "ibm-quantum-compute-service", "environment": variables["ibmq_vigo"]}
    file.write_text(json.dumps({"resources": [entry]}))
    settings = qrmi.Config.load(str(file)).resource_map["ibmq_vigo"].environment
    for resource in (
        qrmi.QuantumResource("ibmq_vigo", KIND),
        qrmi.QuantumResource.from_config("ibmq_vigo", KIND, settings),
    ):
        assert (resource.resource_id(), resource.resource_type()) == ("ibmq_vigo", KIND)
        status = resource.status()
        assert (status.status, status.pending_job_count) == (qrmi.ResourceStatusCode.Online, 0)
        assert resource.is_accessible()
        assert resource.metadata() == {"backend_name": "ibmq_vigo"}
        target = json.loads(resource.target().value)
        assert target["configuration"] == json.loads(vigo.payloads.configuration)
        # It rounds numbers.
        assert target["properties"]["qubits"][0][0]["value"] == pytest.approx(vigo.properties.t1(0) * 1e6)
    simulator = qrmi.QuantumResource("local_simulator", KIND)
    assert json.loads(simulator.target().value)["configuration"]["simulator"] is True


def test_the_resource_type_of_earlier_versions(variables: dict[str, dict[str, str]]) -> None:
    settings = {name.replace("_QCS_", "_QRS_"): value for name, value in variables["ibmq_vigo"].items()}
    resource = qrmi.QuantumResource.from_config("ibmq_vigo", qrmi.ResourceType.IBMQiskitRuntimeService, settings)
    assert resource.status().status == qrmi.ResourceStatusCode.Online
    task = resource.task_start(payload(flipped()))
    assert finished(resource, task) == qrmi.TaskStatus.Completed


@works(QRMI, "executor")
def test_the_executor(vigo_resource: qrmi.QuantumResource) -> None:
    program = QuantumProgram(shots=400)
    program.append_circuit_item(flipped())
    params = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].encoder(program, ExecutorOptions()).model_dump_json()
    task = vigo_resource.task_start(qrmi.Payload.QiskitPrimitive(input=params, program_id="executor"))
    assert finished(vigo_resource, task) == qrmi.TaskStatus.Completed
    bits: Any = QuantumProgramResultDecoder.decode(vigo_resource.task_result(task).value)[0]["c"]
    assert bits.mean() > LIKELY


@works(QRMI, "run and read results", "several circuits in a job", "job status", "job log")
def test_a_task_gives_plain_results(vigo_resource: qrmi.QuantumResource) -> None:
    task = vigo_resource.task_start(payload(flipped(), flipped(2)))
    assert finished(vigo_resource, task) == qrmi.TaskStatus.Completed
    results = json.loads(vigo_resource.task_result(task).value)["results"]
    assert [len(result["data"]["c"]["samples"]) for result in results] == [400, 400]
    assert [result["data"]["c"]["num_bits"] for result in results] == [1, 2]
    assert all(result["data"]["c"]["samples"].count("0x1") > 400 * LIKELY for result in results)
    assert isinstance(vigo_resource.task_logs(task), str)


@works(QRMI, "Sampler", "values of parameters", "fractional gates")
def test_its_backend_and_its_sampler(variables: dict[str, dict[str, str]]) -> None:
    assert variables
    resource = qrmi.QuantumResource("ibm_kingston", KIND)
    assert "rzz" not in get_backend(resource).target.operation_names
    assert {"rx", "rzz"} <= set(get_backend(resource, use_fractional_gates=True).target.operation_names)
    theta = Parameter("theta")
    turned = QuantumCircuit(156, 1)
    turned.rx(theta, 0)
    turned.measure(0, 0)
    job = SamplerV2(resource).run([(turned, [[0.0], [np.pi]]), (fractional(),)], shots=400)
    result = job.result()
    assert share(result[0].data.c.get_counts(0), "0") > LIKELY
    assert share(result[0].data.c.get_counts(1), "1") > LIKELY
    assert share(result[1].data.c.get_counts(), "01") > LIKELY
    assert job.done()


@works(QRMI, "Estimator")
def test_its_estimator(vigo_resource: qrmi.QuantumResource) -> None:
    circuit = QuantumCircuit(5)
    circuit.x(0)
    job = EstimatorV2(vigo_resource).run([(circuit, SparsePauliOp(["IIIIZ", "IIIZI"], [1, 2]))])
    # -1 and 2.
    assert float(job.result()[0].data.evs) == pytest.approx(1, abs=0.3)


@works(QRMI, "dynamic circuits")
def test_dynamic_circuits(variables: dict[str, dict[str, str]]) -> None:
    assert variables
    resource = qrmi.QuantumResource("ibm_kingston", KIND)
    task = resource.task_start(payload(dynamic()))
    assert finished(resource, task) == qrmi.TaskStatus.Completed
    samples = json.loads(resource.task_result(task).value)["results"][0]["data"]["c"]["samples"]
    assert samples.count("0x1") > 400 * LIKELY


@works(QRMI, "find a job by its id", "cancel a job")
def test_tasks(vigo_resource: qrmi.QuantumResource) -> None:
    task = vigo_resource.task_start(payload(flipped(), support_qiskit=True))
    finished(vigo_resource, task)
    text = vigo_resource.task_result(task).value
    assert json.loads(text)["__type__"] == "PrimitiveResult"
    assert qrmi.QuantumResource("ibmq_vigo", KIND).task_result(task).value == text
    cancelled = vigo_resource.task_start(payload(*[flipped()] * 50))
    vigo_resource.task_stop(cancelled)
    assert vigo_resource.task_status(cancelled) == qrmi.TaskStatus.Cancelled


@works(QRMI, "sessions")
def test_acquiring_a_device_opens_a_session_and_releasing_it_closes_that(
    vigo_resource: qrmi.QuantumResource, shared_twin: LocalService
) -> None:
    token = vigo_resource.acquire()
    session: Any = shared_twin._store.session(token)
    assert (session["backend"], bool(session["accepting"])) == ("ibmq_vigo", True)
    task = vigo_resource.task_start(payload(flipped()))
    assert finished(vigo_resource, task) == qrmi.TaskStatus.Completed
    assert shared_twin._store.job(task)["session_id"] == token
    vigo_resource.release(token)
    session = shared_twin._store.session(token)
    assert not session["accepting"]


@works(QRMI, "its command line")
def test_the_task_runner(variables: dict[str, dict[str, str]], tmp_path: Path) -> None:
    assert variables
    content = {"pubs": [(qasm3.dumps(flipped()), None, 400)], "version": 2, "support_qiskit": False, "options": {}}
    (tmp_path / "job.json").write_text(json.dumps({"parameters": content, "program_id": "sampler"}))
    command = [str(Path(sys.executable).with_name("task_runner")), "ibmq_vigo", str(tmp_path / "job.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("0x1") > 400 * LIKELY


@works(QRMI, "a wrong key, an unknown device: errors")
def test_errors(variables: dict[str, dict[str, str]]) -> None:
    settings = variables["ibmq_vigo"]
    wrong = settings | {"QRMI_IBM_QCS_IAM_APIKEY": "wrong"}
    with pytest.raises(qrmi.AuthenticationFailedError, match="access token is missing, wrong or expired"):
        qrmi.QuantumResource.from_config("ibmq_vigo", KIND, wrong).status()
    with pytest.raises(qrmi.ResourceNotFoundError, match="ibm_nowhere"):
        qrmi.QuantumResource.from_config("ibm_nowhere", KIND, settings).status()
    resource = qrmi.QuantumResource("ibmq_vigo", KIND)
    with pytest.raises(qrmi.TaskNotFoundError, match="Job not found"):
        resource.task_result("nothing")
