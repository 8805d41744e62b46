# SPDX-License-Identifier: Apache-2.0
"""Options of the program ``sampler``: twirling, dynamical decoupling, timing, and the metadata of results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import Operator

pytest.importorskip("qiskit_ibm_runtime")

from tests.support import primitives
from tests.support.primitives import QUBITS, target, transpiled

from qiskit_ibm_native.local.errors import BadInputError
from qiskit_ibm_native.local.programs.checks.choices import SEQUENCES, STRATEGIES
from qiskit_ibm_native.local.programs.mitigation.decoupling import Decoupling
from qiskit_ibm_native.local.programs.mitigation.layers import in_layers
from qiskit_ibm_native.local.programs.mitigation.twirling import Twirling, randomize

pytestmark = [pytest.mark.official, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def sample(circuit: QuantumCircuit, has_noise: bool = False, seed: int = 4, **options: Any) -> Any:
    """Return the result of a job of one pub."""
    pub = SamplerPub.coerce((transpiled(circuit),), options.pop("shots", None))
    return primitives.run(
        "sampler", has_noise=has_noise, pubs=[pub], options={"simulator": {"seed_simulator": seed}, **options}
    )


def known() -> QuantumCircuit:
    """Return a circuit whose bits are 1, 0, 1 in one register and 1 in another, and that measures in its middle."""
    circuit = QuantumCircuit(QuantumRegister(3, "q"), ClassicalRegister(3, "a"), ClassicalRegister(1, "b"))
    circuit.x(0)
    circuit.cx(0, 1)
    circuit.measure(1, 3)
    circuit.x(1)
    circuit.cx(0, 2)
    circuit.measure([0, 1, 2], [0, 1, 2])
    return circuit


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_bits_come_back_untwirled(strategy: str) -> None:
    twirling = {"enable_gates": True, "enable_measure": True, "strategy": strategy, "num_randomizations": 6}
    result = sample(known(), twirling=twirling, default_shots=96)
    assert result[0].data.a.get_counts() == {"101": 96}
    assert result[0].data.b.get_counts() == {"1": 96}
    assert result[0].metadata["num_randomizations"] == 6


def test_circuits_are_randomized_and_do_the_same() -> None:
    circuit = transpiled(primitives.rotations()).remove_final_measurements(inplace=False)
    circuit = QuantumCircuit.from_instructions(
        [step for step in circuit.data if step.name != "barrier"], qubits=[circuit.qubits[qubit] for qubit in QUBITS]
    )
    # Paulis behind the last instruction on a qubit are left out.
    circuit.rz(0.1, range(3))
    twirling = Twirling(True, False, None, None, "active")
    random = np.random.default_rng(1)
    drawn = [randomize(in_layers(circuit, "active"), twirling, random).circuit for _ in range(4)]
    assert len({tuple(step.name for step in one.data) for one in drawn}) == 4
    assert all(Operator(one).equiv(Operator(circuit)) for one in drawn)


def test_half_of_the_measurements_are_inverted() -> None:
    """Readout that errs in one direction only errs in both, half as often."""
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    drawn = [
        randomize(in_layers(circuit), Twirling(False, True, None, None, "active"), np.random.default_rng(seed))
        for seed in range(64)
    ]
    flipped = sum(int(one.flips[0]) for one in drawn)
    assert 10 < flipped < 54
    assert all(("y" in one.circuit.count_ops()) == bool(one.flips[0]) for one in drawn)


def test_measurements_that_the_circuit_reads_are_not_inverted() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    for seed in range(8):
        one = randomize(in_layers(circuit), Twirling(True, True, None, None, "all"), np.random.default_rng(seed))
        assert not one.flips[0]
    result = sample(circuit, twirling={"enable_gates": True, "enable_measure": True}, default_shots=640)
    assert result[0].data.c.get_counts() == {"11": 640}


def test_numbers_of_randomizations_and_shots() -> None:
    bell = QuantumCircuit(2, 2)
    bell.measure([0, 1], [0, 1])
    for twirling, shots, expected in (
        ({}, 1000, (16, 1000)), ({"num_randomizations": 7}, 1000, (7, 1000)),
        ({"shots_per_randomization": 300}, 1000, (4, 1000)),
        ({"num_randomizations": 3, "shots_per_randomization": 50}, 100, (3, 100)),
        ({"num_randomizations": 2, "shots_per_randomization": 10}, 101, (2, 101)),
        ({"num_randomizations": 3, "shots_per_randomization": 50}, None, (3, 150)), ({}, None, (32, 4096)),
    ):  # fmt: skip
        result = sample(bell, shots=shots, twirling={"enable_measure": True, **twirling})
        assert (result[0].metadata["num_randomizations"], result[0].data.c.num_shots) == expected
        span = result.metadata["execution"]["execution_spans"][0]
        assert span.mask(0).shape == (expected[1],)
        assert span.mask(0).all()


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_pulses_of_a_sequence_are_where_qubits_wait(sequence: str) -> None:
    circuit = QuantumCircuit(3, 3)
    for _ in range(6):
        circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.measure([0, 1, 2], [0, 1, 2])
    plain = transpiled(circuit)
    padded = Decoupling(sequence).apply(plain, target())
    pulses = sum(step.name == "x" for step in padded.data)
    assert pulses % len({"XX": "XX", "XpXm": "XX", "XY4": "XYXY"}[sequence]) == 0
    assert pulses >= 2
    # All that is on a qubit takes as long as on the others, and no delay is a fraction.
    assert all(int(step.params[0]) == step.params[0] >= 0 for step in padded.data if step.name == "delay")
    options = {"enable": True, "sequence_type": sequence}
    for extra in ({}, {"extra_slack_distribution": "edges", "scheduling_method": "asap", "skip_reset_qubits": True}):
        result = sample(circuit, dynamical_decoupling={**options, **extra}, default_shots=100)
        assert result[0].data.c.get_counts() == {"000": 100}


def test_circuits_with_other_registers_are_decoupled() -> None:
    program = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] mine; bit[2] c; x mine[0]; cz mine[0], mine[1]; c = measure mine;'
    for seed in (1, 2):
        options = {"dynamical_decoupling": {"enable": True}, "simulator": {"seed_simulator": seed}}
        result = primitives.run("sampler", has_noise=False, pubs=[[program, None, 50]], options=options)
        assert result[0].data.c.get_counts() == {"01": 50}


def test_decoupling_and_control_flow_do_not_go_together() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    with pytest.raises(BadInputError, match=r"options\.dynamical_decoupling is not for circuits with control flow"):
        sample(circuit, dynamical_decoupling={"enable": True})


def test_timing_is_told() -> None:
    result = sample(known(), execution={"scheduler_timing": True}, default_shots=10)
    told = result[0].metadata["compilation"]["scheduler_timing"]
    assert told["circuit_duration"] > 0
    assert all(len(line.split(",")) == 6 for line in told["timing"].splitlines())
    assert "compilation" not in sample(known(), default_shots=10)[0].metadata


@pytest.mark.parametrize(("kind", "shape"), [("kerneled", (64, 3)), ("avg_kerneled", (3,))])
def test_complex_values_are_untwirled_too(kind: str, shape: tuple[int, ...]) -> None:
    twirling = {"enable_measure": True, "num_randomizations": 4}
    values = sample(known(), twirling=twirling, execution={"meas_type": kind}, default_shots=64)[0].data.a
    assert values.shape == shape
    assert (np.asarray(values).real.reshape(-1, 3).mean(axis=0) > 0).tolist() == [True, False, True]


def test_options_that_the_simulator_does_not_know_have_no_effect() -> None:
    plain, strange = (
        sample(known(), default_shots=50, **options)
        for options in ({}, {"experimental": {"max_credits": 3, "image": "x"}})
    )
    assert plain[0].data.a == strange[0].data.a


@pytest.mark.usefixtures("service")
def test_the_official_client_twirls_and_decouples() -> None:
    from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

    sampler = SamplerV2(mode=QiskitRuntimeService().backend("ibm_fez"))
    sampler.options.twirling.enable_gates = True
    sampler.options.twirling.enable_measure = True
    sampler.options.dynamical_decoupling.enable = True
    sampler.options.dynamical_decoupling.sequence_type = "XY4"
    sampler.options.experimental = {"execution": {"scheduler_timing": True}}
    result = sampler.run([transpiled(known())], shots=200).result()
    assert result[0].data.a.get_counts()["101"] > 150
    assert result[0].metadata["compilation"]["scheduler_timing"]["timing"]


@pytest.mark.usefixtures("service")
def test_members_of_jobs_are_kept() -> None:
    """The official client sends max_execution_time and environment beside the options of the program."""
    from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

    service = QiskitRuntimeService()
    sampler = SamplerV2(mode=service.backend("local_simulator"))
    sampler.options.max_execution_time = 123
    sampler.options.environment.job_tags = ["mine"]
    sampler.options.environment.private = True
    sampler.options.environment.log_level = "DEBUG"
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    job = sampler.run([circuit], shots=5)
    job.result()
    kept = service._get_api_client().job_get(job.job_id())
    assert (kept["cost"], kept["tags"], kept["private"]) == (123, ["mine"], True)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_angles_that_are_no_finite_numbers_are_refused_with_their_place(value: float) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.rz(Parameter("angle"), 0)
    pubs = [SamplerPub.coerce((circuit, [[0.5], [0.6]])), SamplerPub.coerce((circuit, [[0.5], [value]]))]
    with pytest.raises(BadInputError, match=rf"pubs\[1\]\[1\] \(parameter values\) has {value} at \[1, 0\]; send fin"):
        primitives.run("sampler", pubs=pubs, options={})
    pub = EstimatorPub.coerce((circuit, "Z", [[value]]))
    with pytest.raises(BadInputError, match=rf"pubs\[0\]\[2\] \(parameter values\) has {value} at \[0, 0\]"):
        primitives.run("estimator", pubs=[pub], options={})
