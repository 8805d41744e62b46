# SPDX-License-Identifier: Apache-2.0
"""The later form of the program ``noise-learner``: rates against the noise that is simulated.

A bound of six standard errors is passed by chance with a probability below 1e-8; seeds are fixed besides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import BoxOp, CircuitInstruction
from qiskit_ibm_runtime.decoders.noise_learner_v3.decoder import NoiseLearnerV3ResultDecoder
from qiskit_ibm_runtime.noise_learner_v3.params_converters import NOISE_LEARNER_V3_PARAMS_CONVERTERS
from qiskit_ibm_runtime.options_models import NoiseLearnerV3Options
from samplomatic import InjectNoise, Twirl

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local.devices import Device
from qiskit_ibm_native.local.engine.noise import device_noise
from qiskit_ibm_native.local.errors import BadInputError
from qiskit_ibm_native.local.programs.run import run_job

SIGMAS = 6.0
WIDTH = 156


def box(body: QuantumCircuit, qubits: list[int], *annotations: Any) -> CircuitInstruction:
    """Return a box on qubits of ibm_fez."""
    register = QuantumRegister(WIDTH, "q")
    return CircuitInstruction(
        BoxOp(body, annotations=list(annotations) or [Twirl(), InjectNoise("r")]),
        [register[qubit] for qubit in qubits], body.clbits,
    )  # fmt: skip


def learned(instructions: list[CircuitInstruction], version: str = "v0.3", **options: Any) -> Any:
    """Return the results for boxes on ibm_fez, as the official client sends and reads them."""
    chosen = {
        "layer_pair_depths": [0, 4, 16], "num_randomizations": 12, "shots_per_randomization": 128, **options
    }  # fmt: skip
    converter = NOISE_LEARNER_V3_PARAMS_CONVERTERS[version]
    params = converter.encoder(instructions, NoiseLearnerV3Options(**chosen)).model_dump(mode="json")
    params["options"]["simulator"] = {"seed_simulator": 5}
    body = run_job("noise-learner", orjson.dumps(params), Device([Snapshot.load("fez")]), True, 2 << 30)
    return NoiseLearnerV3ResultDecoder.decode(body.decode())


def entangler() -> QuantumCircuit:
    body = QuantumCircuit(3)
    body.cz(0, 1)
    return body


def test_rates_of_gates_have_the_fidelity_of_the_simulated_noise() -> None:
    (result,) = learned([box(entangler(), [2, 3, 4])])
    model = result.to_pauli_lindblad_map()
    noise = device_noise(Snapshot.load("fez"))
    # The twirl takes two sx on each qubit.
    exact = np.trace(noise.channel("cz", (2, 3))) / 16  # type: ignore[arg-type]
    for qubit in (2, 3, 4):
        exact *= (np.trace(noise.channel("sx", (qubit,))) / 4) ** 2  # type: ignore[arg-type]
    # The rates of small errors add up to the infidelity; a rate of a group counts for each of its Paulis.
    sizes = np.array([len(group) for group in result._generators])
    error = np.sqrt((sizes**2 * result._rates_std**2).sum())
    assert abs(np.exp(-model.rates.sum()) - exact) < SIGMAS * error
    assert error < (1 - exact) / 3


def test_paulis_that_cannot_be_told_apart_have_one_rate() -> None:
    (result,) = learned([box(entangler(), [2, 3, 4])], layer_pair_depths=[0, 8], num_randomizations=4)
    groups = {
        frozenset((paulis, tuple(qubits)) for paulis, qubits in group.to_sparse_list()) for group in result._generators
    }
    assert frozenset({("X", (0,)), ("XZ", (0, 1))}) in groups
    assert frozenset({("Z", (0,))}) in groups
    assert len({pauli for group in groups for pauli in group}) == 9 + 2 * 9
    assert result.metadata["post_selection"]["fraction_kept"] == {0: 1.0, 8: 1.0}
    assert (result._rates >= 0).all()
    assert (result._rates_std > 0).all()


def test_rates_of_measurements_are_those_of_readout() -> None:
    body = QuantumCircuit(2, 2)
    body.measure([0, 1], [0, 1])
    qubits = [7, 3]
    (result,) = learned([box(body, qubits)], num_randomizations=64)
    properties = Snapshot.load("fez").properties
    assert [group.to_sparse_list() for group in result._generators] == [[("X", [0])], [("X", [1])]]
    for rate, error, qubit in zip(result._rates, result._rates_std, sorted(qubits), strict=True):
        flipped = np.mean(
            [properties.qubit_property(qubit, name)[0] for name in ("prob_meas1_prep0", "prob_meas0_prep1")]
        )
        assert abs(rate + np.log(1 - 2 * flipped) / 2) < SIGMAS * error + 0.002  # and the errors of two sx
    assert result.metadata["learning_protocol"] == "trex"


@pytest.mark.parametrize("version", sorted(NOISE_LEARNER_V3_PARAMS_CONVERTERS))
def test_every_version_of_the_schema_is_taken(version: str) -> None:
    body = QuantumCircuit(1, 1)
    body.measure(0, 0)
    results = learned([box(body, [0])], version, num_randomizations=8)
    assert len(results) == 1


def test_boxes_that_cannot_be_learned_are_named() -> None:
    rotated = QuantumCircuit(2)
    rotated.rzz(0.1, 0, 1)
    with pytest.raises(BadInputError, match="not a Clifford operation"):
        learned([box(rotated, [0, 1])])
    with pytest.raises(BadInputError, match=r"instructions\[0\] is 'box'; it must be a box with the annotation Twirl"):
        learned([box(entangler(), [0, 1, 2], InjectNoise("r"))])
    with pytest.raises(BadInputError, match="is lost at once; use smaller depths"):
        learned(
            [box(entangler(), [2, 3, 4])], layer_pair_depths=[0, 1], num_randomizations=2, shots_per_randomization=1
        )


def test_the_same_seed_learns_the_same() -> None:
    instructions = [box(entangler(), [2, 3, 4])]
    options = {"layer_pair_depths": [0, 4], "num_randomizations": 2}
    first, again = (learned(instructions, **options)[0]._rates for _ in range(2))
    np.testing.assert_array_equal(first, again)
