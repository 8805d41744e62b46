# SPDX-License-Identifier: Apache-2.0
"""This package with its own service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp
from tests.clients.calls import LIKELY, OURS, dynamic, flipped, fractional, share, works

from qiskit_ibm_native import IBMProvider, Snapshot, build_target
from qiskit_ibm_native.exceptions import IBMBackendNotFoundError, IBMNotAuthorizedError

if TYPE_CHECKING:
    from qiskit_ibm_native.local import LocalService


@pytest.fixture
def provider(twin: LocalService) -> Iterator[IBMProvider]:
    with IBMProvider(**twin.client_options("qiskit-ibm-native").arguments) as provider:
        yield provider


@works(OURS, "devices", "least busy device", "open a device", "open `local_simulator`")
def test_devices(provider: IBMProvider) -> None:
    assert {backend.name for backend in provider.backends()} == {"ibmq_vigo", "ibm_kingston", "local_simulator"}
    assert provider.backend.least_busy(min_num_qubits=100, simulator=False).name == "ibm_kingston"
    assert provider.get_backend("ibmq_vigo").num_qubits == 5
    assert provider.get_backend("local_simulator").num_qubits == 32


@works(OURS, "target", "calibration", "status")
def test_a_device(provider: IBMProvider, vigo: Snapshot) -> None:
    backend = provider.get_backend("ibmq_vigo")
    assert set(backend.target.operation_names) == set(build_target(vigo).operation_names)
    assert backend.properties().t1(0) == vigo.properties.t1(0)
    assert backend.status().operational


@works(OURS, "run and read results", "several circuits in a job", "job status", "job log", "usage of a job", "tags")
def test_a_job(provider: IBMProvider) -> None:
    job = provider.get_backend("ibmq_vigo").run([flipped(), flipped(2)], shots=400, job_tags=["first"])
    counts = job.result().get_counts()
    assert share(counts[0], "1") > LIKELY
    assert share(counts[1], "01") > LIKELY
    assert job.status() is JobStatus.DONE
    assert isinstance(job.logs(), str)
    assert job.usage() >= 0
    assert job.update_tags(["second"]) == ["second"]


@works(OURS, "find a job by its id", "cancel a job", "delete a job")
def test_jobs(provider: IBMProvider) -> None:
    backend = provider.get_backend("ibmq_vigo")
    job = backend.run(flipped(), shots=400)
    assert provider.job(job.job_id()).result().get_counts() == job.result().get_counts()
    cancelled = backend.run([flipped()] * 50, shots=8000)
    assert cancelled.cancel()
    assert cancelled.status() is JobStatus.CANCELLED
    provider.delete_job(job.job_id())


@works(OURS, "sessions")
def test_sessions(provider: IBMProvider) -> None:
    backend = provider.get_backend("ibmq_vigo")
    with backend.open_session() as session:
        job = backend.run(flipped(), shots=400)
        assert job.session_id == session.session_id
        assert share(job.result().get_counts(), "1") > LIKELY


@works(OURS, "dynamic circuits", "fractional gates")
def test_gates_of_today(provider: IBMProvider) -> None:
    assert share(provider.get_backend("ibm_kingston").run(dynamic(), shots=400).result().get_counts(), "01") > LIKELY
    backend = provider.get_backend("ibm_kingston", use_fractional_gates=True)
    assert share(backend.run(fractional(), shots=400).result().get_counts(), "01") > LIKELY


@works(OURS, "Sampler", "Estimator", "values of parameters")
def test_qiskits_primitives(provider: IBMProvider) -> None:
    theta = Parameter("theta")
    circuit = QuantumCircuit(156)
    circuit.rx(theta, 0)
    backend = provider.get_backend("ibm_kingston", use_fractional_gates=True)
    estimated = BackendEstimatorV2(backend=backend).run(
        [(circuit, SparsePauliOp.from_sparse_list([("Z", [0], 1)], 156), [[0.0], [np.pi]])]
    )
    assert estimated.result()[0].data.evs == pytest.approx([1, -1], abs=0.3)
    circuit.add_register(ClassicalRegister(1, "c"))
    circuit.measure(0, 0)
    sampled = BackendSamplerV2(backend=backend).run([(circuit, [[0.0], [np.pi]])], shots=400).result()[0].data.c
    assert share(sampled.get_counts(0), "0") > LIKELY
    assert share(sampled.get_counts(1), "1") > LIKELY


@works(OURS, "executor")
def test_the_executor(provider: IBMProvider) -> None:
    job = provider.get_backend("ibmq_vigo").run(flipped(), shots=400, program_id="executor")
    assert share(job.result().get_counts(), "1") > LIKELY


@works(OURS, "a wrong key, an unknown device: errors")
def test_errors(provider: IBMProvider, twin: LocalService) -> None:
    with pytest.raises(IBMBackendNotFoundError):
        provider.get_backend("ibm_nowhere")
    arguments: dict[str, Any] = twin.client_options("qiskit-ibm-native").arguments | {"token": "wrong"}
    with pytest.raises(IBMNotAuthorizedError):
        IBMProvider(**arguments).backends()
