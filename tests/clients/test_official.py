# SPDX-License-Identifier: Apache-2.0
"""The official client. ``tests/local/test_official_client.py`` has a later version of it, and more calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Batch, EstimatorV2, QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.exceptions import RuntimeJobNotFound
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler
from tests.clients.calls import LIKELY, OFFICIAL, dynamic, flipped, fractional, share, works

if TYPE_CHECKING:
    from qiskit_ibm_native import Snapshot
    from qiskit_ibm_native.local import LocalService


@pytest.fixture
def client(twin: LocalService) -> QiskitRuntimeService:
    return QiskitRuntimeService(**twin.client_options("qiskit-ibm-runtime").arguments)


@works(OFFICIAL, "devices", "least busy device", "open a device", "open `local_simulator`")
def test_devices(client: QiskitRuntimeService) -> None:
    assert {backend.name for backend in client.backends()} == {"ibmq_vigo", "ibm_kingston", "local_simulator"}
    assert client.least_busy(min_num_qubits=100, simulator=False).name == "ibm_kingston"
    assert client.backend("ibmq_vigo").num_qubits == 5
    assert client.backend("local_simulator").num_qubits == 32


@works(OFFICIAL, "target", "calibration", "status")
def test_a_device(client: QiskitRuntimeService, vigo: Snapshot) -> None:
    backend = client.backend("ibmq_vigo")
    assert {"cx", "sx", "rz", "measure"} <= set(backend.target.operation_names)
    assert backend.properties().t1(0) == pytest.approx(vigo.properties.t1(0))
    assert backend.status().operational


@works(OFFICIAL, "run and read results", "several circuits in a job", "job status", "job log", "usage of a job", "tags")
def test_a_job(client: QiskitRuntimeService) -> None:
    sampler = SamplerV2(mode=client.backend("ibmq_vigo"))
    sampler.options.environment.job_tags = ["first"]
    job = sampler.run([flipped(), flipped(2)], shots=400)
    result = job.result()
    assert share(result[0].data.c.get_counts(), "1") > LIKELY
    assert share(result[1].data.c.get_counts(), "01") > LIKELY
    assert job.status() == "DONE"
    assert isinstance(job.logs(), str)
    assert job.usage() >= 0
    job.update_tags(["second"])
    assert client.job(job.job_id()).tags == ["second"]


@works(OFFICIAL, "Sampler", "values of parameters")
def test_parameters(client: QiskitRuntimeService) -> None:
    theta = Parameter("theta")
    circuit = QuantumCircuit(156, 1)
    circuit.rz(theta, 0)
    circuit.sx(0)
    circuit.rz(theta, 0)
    circuit.sx(0)
    circuit.measure(0, 0)
    job = SamplerV2(mode=client.backend("ibm_kingston")).run([(circuit, [[0.0], [np.pi]])], shots=400)
    bits = job.result()[0].data.c
    assert share(bits.get_counts(0), "1") > LIKELY
    assert share(bits.get_counts(1), "0") > LIKELY


@works(OFFICIAL, "Estimator")
def test_estimators_on_both_sides(client: QiskitRuntimeService) -> None:
    circuit = QuantumCircuit(5)
    circuit.x(0)
    for estimator in (EstimatorV2, Estimator):
        job = estimator(mode=client.backend("ibmq_vigo")).run([(circuit, SparsePauliOp(["IIIIZ", "IIIZI"], [1, 2]))])
        # -1 and 2.
        assert float(job.result()[0].data.evs) == pytest.approx(1, abs=0.3)


@works(OFFICIAL, "find a job by its id", "cancel a job", "delete a job")
def test_jobs(client: QiskitRuntimeService) -> None:
    sampler = SamplerV2(mode=client.backend("ibmq_vigo"))
    job = sampler.run([flipped()], shots=400)
    assert job.result()[0].data.c.get_counts() == client.job(job.job_id()).result()[0].data.c.get_counts()
    # Work for a second or more, so that there is something to cancel.
    long = QuantumCircuit(5, 5)
    for step in range(400):
        long.sx(range(5))
        long.cx(step % 2, step % 2 + 1)
    long.measure(range(5), range(5))
    cancelled = sampler.run([long] * 50, shots=8000)
    cancelled.cancel()
    assert cancelled.status() == "CANCELLED"
    client.delete_job(job.job_id())
    with pytest.raises(RuntimeJobNotFound):
        client.job(job.job_id())


@works(OFFICIAL, "sessions")
def test_sessions(client: QiskitRuntimeService) -> None:
    for mode in (Session, Batch):
        with mode(backend=client.backend("ibmq_vigo")) as session:
            job = SamplerV2(mode=session).run([flipped()], shots=400)
            assert job.session_id == session.session_id
            assert share(job.result()[0].data.c.get_counts(), "1") > LIKELY


@works(OFFICIAL, "dynamic circuits", "fractional gates")
def test_gates_of_today(client: QiskitRuntimeService) -> None:
    job = SamplerV2(mode=client.backend("ibm_kingston")).run([dynamic()], shots=400)
    assert share(job.result()[0].data.c.get_counts(), "01") > LIKELY
    backend = client.backend("ibm_kingston", use_fractional_gates=True)
    assert share(SamplerV2(mode=backend).run([fractional()], shots=400).result()[0].data.c.get_counts(), "01") > LIKELY


@works(OFFICIAL, "executor")
def test_the_executor(client: QiskitRuntimeService) -> None:
    job = Sampler(mode=client.backend("ibmq_vigo")).run([flipped()], shots=400)
    assert share(job.result()[0].data.c.get_counts(), "1") > LIKELY


@works(OFFICIAL, "a wrong key, an unknown device: errors")
def test_errors(client: QiskitRuntimeService, twin: LocalService) -> None:
    with pytest.raises(Exception, match="No backend matches"):
        client.backend("ibm_nowhere")
    with pytest.raises(Exception, match="valid API token"):
        QiskitRuntimeService(**twin.client_options("qiskit-ibm-runtime").arguments | {"token": "wrong"})
