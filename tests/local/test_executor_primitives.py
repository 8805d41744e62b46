# SPDX-License-Identifier: Apache-2.0
"""The official client's client-side primitives, unchanged, with our service: options over HTTP, values against Aer.

A bound of six standard errors is passed by chance with a probability below 1e-8; seeds are fixed besides.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import Executor, QiskitRuntimeService, QuantumProgram, Session
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_estimator.prepare import prepare
from qiskit_ibm_runtime.executor_sampler import Sampler
from qiskit_ibm_runtime.fake_provider import FakeFez
from qiskit_ibm_runtime.noise_learner_v3 import NoiseLearnerV3
from qiskit_ibm_runtime.options_models import EstimatorOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from tests.support.client_side import CHAIN, PAULIS, chain, connected, expected, observables

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local import LocalService
from qiskit_ibm_native.local.devices import Device
from qiskit_ibm_native.local.programs.run import run_job

SIGMAS = 6.0
SEED = {"simulator": {"seed_simulator": 11}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QiskitRuntimeService]:
    local = LocalService(store=tmp_path_factory.mktemp("executor") / "jobs.sqlite3", workers=1)
    local.start()
    with connected(local) as official:
        yield official
    local.stop()


@pytest.fixture(scope="module")
def backend(service: QiskitRuntimeService) -> Any:
    return service.backend("ibm_fez")


def estimated(backend: Any, circuit: QuantumCircuit, **options: Any) -> Any:
    """Return the data of an estimator's job."""
    estimator = Estimator(mode=backend, options={"experimental": SEED, **options})
    return estimator.run([(circuit, observables(circuit))]).result()[0].data


def test_level_0_gives_the_values_of_the_same_noise(backend: Any) -> None:
    circuit = chain(2)
    data = estimated(backend, circuit, resilience_level=0)
    assert (np.abs(data.evs - expected(circuit, PAULIS, True)) < SIGMAS * data.stds).all()
    assert (data.stds < 2 / 64).all()


@pytest.mark.slow
def test_level_1_removes_the_errors_of_readout(backend: Any) -> None:
    circuit = chain(2)
    data = estimated(backend, circuit, resilience_level=1)
    clean, read = expected(circuit, PAULIS, False), expected(circuit, PAULIS, True)
    assert (np.abs(data.evs - clean) < SIGMAS * data.stds).all()
    # The first one is read on two qubits, the second one on five.
    assert np.abs(data.evs - clean).sum() < np.abs(read - clean).sum()


def test_level_1_takes_little_of_the_processor() -> None:
    circuit = chain()
    options = EstimatorOptions(resilience_level=1, experimental=SEED)
    program, chosen = prepare([(circuit, observables(circuit))], options, backend=FakeFez())
    params = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].encoder(program, chosen).model_dump(mode="json")
    device = Device([Snapshot.load("fez")])
    start = time.process_time()
    run_job("executor", orjson.dumps(params), device, True, 2 << 30)
    # It took 0.4 s, and 11 s when each of its 96 circuits of 156 qubits was bound and simulated.
    assert time.process_time() - start < 4


@pytest.mark.slow
def test_level_2_is_nearer_to_the_ideal_value(backend: Any) -> None:
    circuit = chain(6)
    raw = estimated(backend, circuit, resilience_level=0)
    mitigated = estimated(backend, circuit, resilience_level=2, default_shots=20_000)
    # All ideal values are 1; without mitigation they are 0.15 to 0.4 off, more than ten standard errors.
    assert (np.abs(1 - mitigated.evs) < np.abs(1 - raw.evs) / 2).all()
    assert mitigated.evs_noise_factors.shape == (3, 3)


@pytest.mark.slow
@pytest.mark.parametrize("amplifier", ["gate_folding_front", "gate_folding_back"])
def test_other_ways_to_amplify_noise(backend: Any, amplifier: str) -> None:
    circuit = chain(3)
    resilience = {
        "zne_mitigation": True,
        "zne": {"amplifier": amplifier, "noise_factors": [1, 2, 3], "extrapolator": "linear"},
    }
    mitigated = estimated(backend, circuit, resilience_level=1, resilience=resilience, default_shots=20_000)
    raw = estimated(backend, circuit, resilience_level=0)
    assert (np.abs(1 - mitigated.evs) < np.abs(1 - raw.evs)).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "resilience",
    [
        {"pec_mitigation": True},
        {"zne_mitigation": True, "zne": {"amplifier": "pea", "noise_factors": [1, 2, 3]}},
    ],
    ids=["pec", "pea"],
)
def test_learned_noise_is_what_mitigation_needs(backend: Any, resilience: dict[str, Any]) -> None:
    circuit = chain(3)
    raw = estimated(backend, circuit, resilience_level=0)
    # Each randomization has one draw of the injected noise.
    twirling = {"num_randomizations": 400, "shots_per_randomization": 64}
    options = {"experimental": SEED, "resilience_level": 1, "resilience": resilience, "twirling": twirling}
    estimator = Estimator(mode=backend, options=options)
    pub = (circuit, observables(circuit))
    layers = estimator.find_unique_layers([pub], types="gates")
    learner = NoiseLearnerV3(
        mode=backend,
        options={"layer_pair_depths": [0, 4, 16], "num_randomizations": 16, "shots_per_randomization": 256},
    )
    maps = learner.run(layers).result().to_pauli_lindblad_maps()
    estimator.options.resilience.layer_noise_model = list(zip(layers, maps, strict=True))
    data = estimator.run([pub]).result()[0].data
    # All ideal values are 1; without mitigation they are 0.11 to 0.25 off.
    assert np.abs(1 - data.evs).sum() < np.abs(1 - raw.evs).sum()
    assert (np.abs(1 - data.evs) < SIGMAS * data.stds + 0.05).all()


@pytest.mark.slow
def test_precision_decides_on_shots(backend: Any) -> None:
    circuit = chain()
    estimator = Estimator(mode=backend, options={"experimental": SEED, "resilience_level": 0})
    coarse, fine = (
        estimator.run([(circuit, observables(circuit))], precision=precision).result()[0].data
        for precision in (0.1, 0.02)
    )
    assert (coarse.stds > 2 * fine.stds).all()
    assert (np.abs(fine.evs - expected(circuit, PAULIS, True)) < SIGMAS * fine.stds).all()


def test_parameters_are_swept(backend: Any) -> None:
    circuit = QuantumCircuit(156)
    angle = Parameter("angle")
    circuit.sx(0)
    circuit.rz(angle, 0)
    circuit.sx(0)
    estimator = Estimator(mode=backend, options={"experimental": SEED, "resilience_level": 1})
    angles = np.array([[0.0], [np.pi / 2], [np.pi]])
    data = estimator.run([(circuit, observables(circuit, ("Z",))[0], angles)]).result()[0].data
    assert data.evs.shape == (3,)
    # sx rz(a) sx turns 0 into a state whose expectation value of Z is -cos(a).
    np.testing.assert_allclose(data.evs, -np.cos(angles[:, 0]), atol=SIGMAS * data.stds.max())


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["active", "active-accum", "active-circuit", "all"])
def test_strategies_of_twirling_keep_values(backend: Any, strategy: str) -> None:
    circuit = chain(1)
    twirling = {
        "enable_gates": True, "enable_measure": True, "strategy": strategy, "num_randomizations": 16,
        "shots_per_randomization": 128,
    }  # fmt: skip
    data = estimated(backend, circuit, resilience_level=1, twirling=twirling)
    # Gates that twirl have errors too: a few more sx on each qubit for each layer.
    assert (np.abs(data.evs - expected(circuit, PAULIS, False)) < SIGMAS * data.stds + 0.05).all()


@pytest.mark.slow
@pytest.mark.parametrize("sequence", ["XX", "XpXm", "XY4"])
def test_dynamical_decoupling_is_simulated(backend: Any, sequence: str) -> None:
    circuit = chain(1)
    data = estimated(
        backend, circuit, resilience_level=0, dynamical_decoupling={"enable": True, "sequence_type": sequence}
    )
    assert (np.abs(data.evs - expected(circuit, PAULIS, True)) < SIGMAS * data.stds + 0.08).all()


def _measured() -> QuantumCircuit:
    circuit = QuantumCircuit(5, 5)
    circuit.h(0)
    for qubit in range(4):
        circuit.cx(qubit, qubit + 1)
    circuit.measure(range(5), range(5))
    passes = generate_preset_pass_manager(
        optimization_level=0, backend=FakeFez(), initial_layout=list(CHAIN), seed_transpiler=1
    )
    return passes.run(circuit)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"twirling": {"enable_gates": True, "enable_measure": True}},
        {"twirling": {"enable_measure": True, "num_randomizations": 10, "shots_per_randomization": 50}},
        {"dynamical_decoupling": {"enable": True, "sequence_type": "XY4"}},
    ],
    ids=["plain", "twirled", "measurements twirled", "decoupled"],
)
def test_samplers_give_words_of_the_state(backend: Any, options: dict[str, Any]) -> None:
    sampler = Sampler(mode=backend, options={"experimental": SEED, **options})
    result = sampler.run([(_measured(),)], shots=1000).result()[0]
    counts = result.data.c.get_counts()
    shots = sum(counts.values())
    # Randomizations have whole numbers of shots.
    assert shots == 500 if "num_randomizations" in options.get("twirling", {}) else 1000 <= shots < 1100
    low, high = counts.get("00000", 0) / shots, counts.get("11111", 0) / shots
    assert low + high > 0.75
    assert abs(low - high) < 0.2


@pytest.mark.parametrize("kind", ["kerneled", "avg_kerneled"])
def test_samplers_give_signals(backend: Any, kind: str) -> None:
    sampler = Sampler(mode=backend, options={"execution": {"meas_type": kind}})
    data = sampler.run([(_measured(),)], shots=200).result()[0].data.c
    assert data.shape == ((200, 5) if kind == "kerneled" else (5,))
    assert np.iscomplexobj(data)


def test_the_executor_runs_in_sessions_with_chunks(backend: Any) -> None:
    with Session(backend=backend) as session:
        program = QuantumProgram(shots=20)
        circuit = QuantumCircuit(1, 1)
        circuit.measure(0, 0)
        program.append_circuit_item(circuit, circuit_arguments=np.zeros((4, 0)), chunk_size=2)
        job = Executor(mode=session).run(program)
        result = job.result()
    assert job.session_id == session.session_id
    assert [[part.size for part in span.parts] for span in result.metadata.chunk_timing] == [[2], [2]]
    assert result[0]["c"].shape == (4, 20, 1)


def test_options_of_execution_are_taken(backend: Any) -> None:
    low, high = backend.configuration().rep_delay_range
    execution = {"rep_delay": (low + high) / 2, "scheduler_timing": True, "stretch_values": True}
    sampler = Sampler(mode=backend, options={"execution": execution})
    metadata = sampler.run([(_measured(),)], shots=10).result()[0].metadata
    assert metadata["compilation"]["scheduler_timing"]["circuit_duration"] > 0
    assert "cz_0_1" in metadata["compilation"]["scheduler_timing"]["timing"]
