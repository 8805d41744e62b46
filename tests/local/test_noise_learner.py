# SPDX-License-Identifier: Apache-2.0
"""The program ``noise-learner``: rates of Paulis that layers of gates have, and their use by the estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, SparsePauliOp

pytest.importorskip("qiskit_ibm_runtime")

from tests.support import primitives

pytestmark = [pytest.mark.official, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

OPTIONS = {"num_randomizations": 8, "shots_per_randomization": 256, "layer_pair_depths": [0, 2, 8, 16]}


def layered() -> QuantumCircuit:
    circuit = QuantumCircuit(156)
    for _ in range(2):
        circuit.cz(3, 4)
        circuit.sx(4)
        circuit.cz(4, 5)
    circuit.cz(3, 4)
    return circuit


def learn(circuits: list[QuantumCircuit], has_noise: bool = True, **options: Any) -> Any:
    """Return the decoded result of a job."""
    return primitives.run(
        "noise-learner", has_noise=has_noise, circuits=circuits,
        options={"simulator": {"seed_simulator": 2}, "support_qiskit": True, **OPTIONS, **options},
    )  # fmt: skip


def fidelities(error: Any) -> Any:
    """Return the fidelities of all Paulis of a learned layer but the identity."""
    paulis = [Pauli(first + second) for first in "IXYZ" for second in "IXYZ"][1:]
    return np.array([np.exp(-2 * error.rates[error.generators.anticommutes(pauli)].sum()) for pauli in paulis])


@pytest.mark.slow
def test_what_is_learned_is_the_noise_of_the_gate() -> None:
    """The average of all fidelities is that of the error of the gate, which depolarizes and relaxes."""
    layers = learn([layered()], twirling_strategy="active", max_layers_to_learn=2)["data"]
    assert [layer.qubits for layer in layers] == [[3, 4], [4, 5]]
    for layer in layers:
        # The infidelity of the process is 5/4 of that of the gate for two qubits.
        error = primitives.target()["cz"][tuple(layer.qubits)].error
        found = np.mean([*fidelities(layer.error), 1.0])
        assert 1 - found == pytest.approx(1.25 * error, rel=0.2)
        assert len(layer.error.generators) == 15
        assert layer.circuit.count_ops() == {"cz": 1}


@pytest.mark.slow
def test_without_noise_rates_are_small() -> None:
    layer = learn([layered()], has_noise=False, max_layers_to_learn=1)["data"][0]
    assert layer.error.rates.sum() < 1e-3


@pytest.mark.parametrize(
    ("strategy", "qubits"), [("active", [3, 4]), ("active-accum", [3, 4, 5]), ("active-circuit", [3, 4, 5])]
)
def test_strategies_decide_which_qubits_are_learned(strategy: str, qubits: list[int]) -> None:
    few = {"num_randomizations": 1, "shots_per_randomization": 16, "layer_pair_depths": [0, 1]}
    result = learn([layered()], twirling_strategy=strategy, max_layers_to_learn=1, **few)
    assert result["data"][0].qubits == qubits
    assert result["metadata"]["unique_layers"] == 2


def test_layers_that_occur_most_often_come_first_and_no_more_than_asked_for() -> None:
    few = {
        "num_randomizations": 1,
        "shots_per_randomization": 16,
        "layer_pair_depths": [0, 1],
        "twirling_strategy": "active",
    }
    assert [layer.qubits for layer in learn([layered()], max_layers_to_learn=None, **few)["data"]] == [[3, 4], [4, 5]]
    assert [layer.qubits for layer in learn([layered()], max_layers_to_learn=1, **few)["data"]] == [[3, 4]]
    assert learn([layered()], max_layers_to_learn=0, **few)["data"] == []


@pytest.mark.slow
@pytest.mark.usefixtures("service")
def test_the_official_client_learns_and_uses_what_was_learned() -> None:
    from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService
    from qiskit_ibm_runtime.noise_learner import NoiseLearner
    from qiskit_ibm_runtime.options import NoiseLearnerOptions
    from qiskit_ibm_runtime.results import NoiseLearnerResult

    backend = QiskitRuntimeService().backend("ibm_fez")
    circuit = primitives.rotations()
    isa = primitives.transpiled(circuit)
    learned = NoiseLearner(backend, NoiseLearnerOptions(**OPTIONS)).run([isa]).result()
    assert isinstance(learned, NoiseLearnerResult)
    assert all(layer.error is not None for layer in learned)
    estimator = EstimatorV2(mode=backend)
    estimator.options.resilience.pec_mitigation = True
    estimator.options.resilience.layer_noise_model = learned
    estimator.options.seed_estimator = 3
    observable = SparsePauliOp("ZXZ").apply_layout(isa.layout)
    data = estimator.run([(isa, observable)], precision=0.02).result()[0].data
    exact = primitives.ideal(circuit, ["ZXZ"])[0]
    assert abs(data.evs - exact) < 5 * data.stds
