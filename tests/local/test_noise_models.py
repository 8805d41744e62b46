# SPDX-License-Identifier: Apache-2.0
"""Noise models of Aer in jobs: those with matrices too, through this package's client and the official one."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import RXGate
from qiskit.quantum_info import SuperOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import (
    NoiseModel,
    amplitude_damping_error,
    coherent_unitary_error,
    depolarizing_error,
    thermal_relaxation_error,
)

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.local.errors import BadInputError
from qiskit_ibm_native.local.programs.noise_models import read_noise_model

SHOTS, SEED = 2000, 11


def of_gates(error: Any) -> NoiseModel:
    model = NoiseModel()
    model.add_all_qubit_quantum_error(error, ["sx", "x"])
    return model


def of_a_device() -> NoiseModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NoiseModel.from_backend(AerSimulator.from_backend(vigo_of_qiskit()))


def vigo_of_qiskit() -> Any:
    from qiskit.providers.fake_provider import GenericBackendV2

    backend = GenericBackendV2(5, ["cx", "id", "rz", "sx", "x"], seed=3)
    backend._target = build_target(Snapshot.load("vigo"))
    return backend


MODELS: dict[str, Callable[[], NoiseModel]] = {
    "depolarizing": lambda: of_gates(depolarizing_error(0.1, 1)),
    "amplitude damping": lambda: of_gates(amplitude_damping_error(0.2)),
    "relaxation with T2 above T1": lambda: of_gates(thermal_relaxation_error(50e3, 80e3, 20e3)),
    "coherent": lambda: of_gates(coherent_unitary_error(RXGate(0.4).to_matrix())),
    "a device": of_a_device,
}
#: Making the model of a device takes seconds.
NAMES = [pytest.param(name, marks=[pytest.mark.slow] if name == "a device" else []) for name in MODELS]


def circuit() -> QuantumCircuit:
    built = QuantumCircuit(2, 2)
    built.sx(0)
    built.sx(0)
    built.x(1)
    built.cx(0, 1)
    built.sx(1)
    built.measure([0, 1], [0, 1])
    return built


def expected(model: NoiseModel, shots: int = SHOTS) -> dict[str, int]:
    """Return the counts of Aer alone, which are those of the model, not of a model without noise."""
    counts: dict[str, int] = (
        AerSimulator().run(circuit(), shots=shots, seed_simulator=SEED, noise_model=model).result().get_counts()
    )
    ideal = AerSimulator().run(circuit(), shots=shots, seed_simulator=SEED).result().get_counts()
    assert counts != ideal
    return counts


@pytest.mark.parametrize("program_id", ["sampler", "executor"])
@pytest.mark.parametrize("name", NAMES)
def test_the_simulator_gives_what_aer_gives(simulator: Any, name: str, program_id: str) -> None:
    model = MODELS[name]()
    job = simulator.run(circuit(), shots=SHOTS, seed_simulator=SEED, noise_model=model, program_id=program_id)
    assert job.result().get_counts() == expected(model)


@pytest.mark.parametrize("is_serializable", [False, True])
def test_dictionaries_of_models_are_taken_too(simulator: Any, is_serializable: bool) -> None:
    model = MODELS["amplitude damping"]()
    given = model.to_dict(serializable=is_serializable)
    counts = simulator.run(circuit(), shots=SHOTS, seed_simulator=SEED, noise_model=given).result().get_counts()
    assert counts == expected(model)


@pytest.mark.official
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("service")
def test_the_official_client_sends_models(name: str) -> None:
    from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

    model = MODELS[name]()
    sampler = SamplerV2(mode=QiskitRuntimeService().backend("local_simulator"))
    sampler.options.simulator.noise_model = model
    sampler.options.simulator.seed_simulator = SEED
    assert sampler.run([circuit()], shots=SHOTS).result()[0].data.c.get_counts() == expected(model)


@pytest.mark.official
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("service")
def test_the_official_client_simulates_a_device_on_the_simulator() -> None:
    from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

    service = QiskitRuntimeService()
    sampler = SamplerV2(mode=service.backend("local_simulator"))
    sampler.options.simulator.set_backend(service.backend("ibmq_vigo"))
    sampler.options.simulator.seed_simulator = SEED
    counts = sampler.run([circuit()], shots=SHOTS).result()[0].data.c.get_counts()
    assert counts == expected(NoiseModel.from_backend(service.backend("ibmq_vigo")))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_model_takes_the_place_of_the_noise_of_a_device(vigo: Any, name: str) -> None:
    model = MODELS[name]()
    counts = vigo.run(circuit(), shots=SHOTS, seed_simulator=SEED, noise_model=model).result().get_counts()
    # Two samples of a distribution of four words: a distance above 0.1 has a chance below 1e-9 (Hoeffding).
    exact = {word: number / 20 for word, number in expected(model, 20 * SHOTS).items()}
    far = sum(abs(counts.get(word, 0) - exact.get(word, 0)) for word in {*counts, *exact}) / SHOTS / 2
    assert far < 0.1


@pytest.mark.parametrize("name", [name for name in MODELS if name != "a device"])
def test_both_forms_of_matrices_are_read(name: str) -> None:
    """Pairs of numbers, as Aer's own JSON has them, and arrays of numbers that are complex already."""
    model = MODELS[name]()
    wanted = channels(model)
    as_pairs = model.to_dict(serializable=True)
    as_complex = json.loads(json.dumps(model.to_dict(), default=typed))
    for form in (as_pairs, as_complex, {"__type__": "NoiseModel", "__value__": as_pairs}):
        read = read_noise_model(form)
        found = channels(read)
        assert found.keys() == wanted.keys()
        assert all(np.allclose(channel, found[key], atol=1e-12) for key, channel in wanted.items())
        assert read._local_readout_errors == model._local_readout_errors


def channels(model: NoiseModel) -> dict[Any, Any]:
    """Return the errors of gates as matrices: equal errors may have other Kraus operators."""
    found = {(name, None): SuperOp(error).data for name, error in model._default_quantum_errors.items()}
    for name, errors in model._local_quantum_errors.items():
        found |= {(name, qubits): SuperOp(error).data for qubits, error in errors.items()}
    return found


def typed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"__type__": "ndarray", "__value__": value.tolist()}
    return {"__type__": "complex", "__value__": [value.real, value.imag]}


def test_what_is_no_model_is_refused_with_its_path() -> None:
    for value in ({"errors": [{"type": "qerror"}]}, {"errors": 5}, [], "text"):
        with pytest.raises(BadInputError, match=r"options\.simulator\.noise_model cannot be read"):
            read_noise_model(value)


def test_circuits_are_as_they_were_transpiled(simulator: Any) -> None:
    """The options coupling_map and basis_gates of simulators have no effect: the circuit runs as it is."""
    built = transpile(circuit(), simulator)
    job = simulator.run(built, shots=SHOTS, seed_simulator=SEED, basis_gates=["cx", "u"], coupling_map=[[0, 1]])
    assert sum(job.result().get_counts().values()) == SHOTS
