# SPDX-License-Identifier: Apache-2.0
"""ibm-qdmi, a library in C++ with a Qiskit backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ibm.qdmi.qiskit import IBMBackend
from mqt.core.qdmi import Device
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime.quantum_program import QuantumProgram
from tests.clients.calls import LIKELY, QDMI, dynamic, flipped, fractional, share, works

if TYPE_CHECKING:
    from qiskit_ibm_native import Snapshot
    from qiskit_ibm_native.local import LocalService


def opened(twin: LocalService, name: str, **changed: str) -> IBMBackend:
    return IBMBackend(**twin.client_options("ibm-qdmi", name).arguments | changed)


@works(QDMI, "open a device", "target", "calibration", "status")
def test_a_device(twin: LocalService, vigo: Snapshot) -> None:
    backend = opened(twin, "ibmq_vigo")
    assert backend.num_qubits == 5
    assert {"cx", "sx", "rz", "measure"} <= set(backend.target.operation_names)
    properties = backend.target["cx"][0, 1]
    assert properties.error == pytest.approx(vigo.properties.gate_error("cx", [0, 1]))
    assert properties.duration == pytest.approx(vigo.properties.gate_length("cx", [0, 1]))
    device = backend.device
    # In picoseconds.
    assert device.sites()[0].t1() == pytest.approx(vigo.properties.t1(0) * 1e12, rel=1e-6)
    assert device.status() is Device.Status.IDLE
    assert device.queue_length() == 0


@works(QDMI, "open `local_simulator`")
def test_the_simulator_runs_circuits_and_makes_no_errors(twin: LocalService) -> None:
    backend = opened(twin, "local_simulator")
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    bell.measure_all()
    counts = backend.run(transpile(bell, backend), shots=400).result().get_counts()
    assert set(counts) == {"00", "11"}


@works(QDMI, "run and read results", "several circuits in a job", "job status")
def test_a_job(twin: LocalService) -> None:
    job = opened(twin, "ibmq_vigo").run([flipped(), flipped(2)], shots=400)
    result = job.result()
    assert share(result.get_counts(0), "1") > LIKELY
    assert share(result.get_counts(1), "01") > LIKELY
    assert job.status() is JobStatus.DONE


@works(QDMI, "values of parameters")
def test_parameters(twin: LocalService) -> None:
    theta = Parameter("theta")
    circuit = QuantumCircuit(156, 1)
    circuit.rx(theta, 0)
    circuit.measure(0, 0)
    result = opened(twin, "ibm_kingston").run([circuit] * 2, [[0.0], [np.pi]], shots=400).result()
    assert share(result.get_counts(0), "0") > LIKELY
    assert share(result.get_counts(1), "1") > LIKELY


@works(QDMI, "find a job by its id", "cancel a job")
def test_jobs(twin: LocalService) -> None:
    backend = opened(twin, "ibmq_vigo")
    job = backend.run(flipped(), shots=400)
    counts = job.result().get_counts()
    again = opened(twin, "ibmq_vigo").device.retrieve_job_by_id(job.job_id())
    assert again.wait()
    assert again.get_counts() == counts
    cancelled = backend.run([flipped()] * 50, shots=8000)
    assert cancelled.cancel()
    assert cancelled.status() is JobStatus.CANCELLED


@works(QDMI, "fractional gates")
def test_fractional_gates(twin: LocalService) -> None:
    backend = opened(twin, "ibm_kingston")
    assert share(backend.run(fractional(), shots=400).result().get_counts(), "01") > LIKELY


def test_dynamic_circuits_are_refused_by_the_client_itself(twin: LocalService) -> None:
    with pytest.raises(Exception, match="unsupported"):
        opened(twin, "ibm_kingston").run(dynamic())


@works(QDMI, "Sampler", "Estimator")
def test_primitives_on_the_side_of_the_client(twin: LocalService) -> None:
    backend = opened(twin, "ibmq_vigo")
    assert share(backend.sampler().run([flipped()], shots=400).result()[0].data.c.get_counts(), "1") > LIKELY
    circuit = QuantumCircuit(5)
    circuit.x(0)
    estimated = backend.estimator().run([(circuit, SparsePauliOp("IIIIZ"))]).result()[0].data.evs
    assert float(estimated) < -0.5


@works(QDMI, "executor")
def test_the_executor(twin: LocalService) -> None:
    executor = opened(twin, "ibmq_vigo").executor()
    program = QuantumProgram(shots=400)
    program.append_circuit_item(flipped())
    job = executor.run(program)
    bits: Any = job.result()[0]["c"]
    assert bits.shape == (400, 1)
    assert bits.mean() > LIKELY
    assert (executor.retrieve_job(job.job_id()).result()[0]["c"] == bits).all()


@works(QDMI, "a wrong key, an unknown device: errors")
def test_errors(twin: LocalService) -> None:
    with pytest.raises(RuntimeError, match="Element not found"):
        opened(twin, "ibm_nowhere")
    with pytest.raises(RuntimeError, match="Permission denied"):
        opened(twin, "ibmq_vigo", api_key="wrong")
