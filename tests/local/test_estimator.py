# SPDX-License-Identifier: Apache-2.0
"""The program ``estimator``: expectation values, their errors, mitigation, and the layout of results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.quantum_info import Pauli, SparsePauliOp

pytest.importorskip("qiskit_ibm_runtime")

from tests.support import primitives
from tests.support.primitives import QUBITS, ideal, noisy, rotations, transpiled

from qiskit_ibm_native.local.errors import BadInputError

pytestmark = [pytest.mark.official, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

LABELS = ["ZII", "IZI", "IIZ", "ZZI", "XIX", "YYI", "ZXZ"]
#: Standard errors that a value may be off: a chance of 6e-7 for each, and seeds are fixed.
FAR = 5


def estimate(
    circuit: QuantumCircuit, labels: list[str] = LABELS, seed: int = 3, has_noise: bool = True, **options: Any
) -> Any:
    """Return the pub result of labels on :data:`QUBITS`."""
    isa = transpiled(circuit)
    level = options.pop("resilience_level", None)
    observables = [SparsePauliOp(label).apply_layout(isa.layout) for label in labels]
    result = primitives.run(
        "estimator", has_noise=has_noise, pubs=[EstimatorPub.coerce((isa, observables))],
        options={"simulator": {"seed_simulator": seed}, **options},
        **({} if level is None else {"resilience_level": level}),
    )  # fmt: skip
    return result[0]


def pulls(data: Any, wanted: Any) -> Any:
    return (np.asarray(data.evs) - np.asarray(wanted)) / np.asarray(data.stds)


def test_values_are_those_of_the_noise() -> None:
    """Without mitigation: gates and asymmetric readout of the calibration."""
    isa = transpiled(rotations())
    result = estimate(rotations(), resilience_level=0, default_shots=50_000)
    wanted = [noisy(isa, label, with_readout=True) for label in LABELS]
    assert np.abs(pulls(result.data, wanted)).max() < FAR
    assert np.array_equal(result.data.stds, result.data.ensemble_standard_error)
    assert np.allclose(result.data.stds, np.sqrt((1 - np.array(wanted) ** 2) / 50_000), rtol=0.05)
    # The noise is seen: these shots tell it from none.
    assert np.abs(pulls(result.data, ideal(rotations(), LABELS))).max() > FAR
    assert result.metadata["shots"] == 50_000
    assert result.metadata["num_randomizations"] == 1


def test_errors_of_readout_are_mitigated_at_level_1_which_is_the_default() -> None:
    isa = transpiled(rotations())
    wanted = [noisy(isa, label, with_readout=False) for label in LABELS]
    result = estimate(rotations(), default_shots=50_000)
    assert np.abs(pulls(result.data, wanted)).max() < FAR
    assert result.metadata["num_randomizations"] == 32
    raw = estimate(rotations(), resilience_level=0, default_shots=50_000)
    exact = ideal(rotations(), LABELS)
    assert np.abs(result.data.evs - exact).mean() < 0.75 * np.abs(raw.data.evs - exact).mean()


@pytest.mark.slow
def test_stated_errors_are_true() -> None:
    """Over many seeds, values differ from the exact ones as their errors say."""
    isa = transpiled(rotations())
    wanted = np.array([noisy(isa, label, with_readout=False) for label in LABELS])
    seen = [
        pulls(estimate(rotations(), seed=seed, default_shots=640, twirling={"num_randomizations": 20}).data, wanted)
        for seed in range(20)
    ]
    squares = (np.array(seen) ** 2).mean(axis=0)
    # Chi squared over 20 with 20 degrees of freedom is from 0.15 to 3.0 but for a chance of 1e-6; errors of 20
    # randomizations are errors of 5 % themselves, hence a little more.
    assert np.all((squares > 0.14) & (squares < 3.8)), squares


@pytest.mark.slow
@pytest.mark.parametrize("amplifier", ["gate_folding", "gate_folding_front", "gate_folding_back"])
def test_extrapolation_brings_values_nearer_to_those_without_noise(amplifier: str) -> None:
    zne = {"amplifier": amplifier, "noise_factors": [1, 2, 3]}
    result = estimate(rotations(), resilience_level=2, default_shots=100_000, resilience={"zne": zne})
    exact = ideal(rotations(), LABELS)
    raw = result.data.evs_noise_factors[:, 0]
    assert np.abs(result.data.evs - exact).mean() < 0.6 * np.abs(raw - exact).mean()
    # More noise is more noise.
    shrinking = np.abs(result.data.evs_noise_factors)[np.abs(exact) > 0.2]
    assert np.all(shrinking[:, 0] > shrinking[:, 2])


def test_the_layout_of_extrapolated_results() -> None:
    zne = {"noise_factors": [1, 1.5, 3, 5], "extrapolator": ["double_exponential", "polynomial_degree_2", "fallback"],
           "extrapolated_noise_factors": [0, 1]}  # fmt: skip
    result = estimate(rotations(), LABELS[:2], resilience={"zne_mitigation": True, "zne": zne}, default_shots=640)
    assert type(result).__name__ == "EstimatorPubResult"
    shapes = {name: np.shape(values) for name, values in result.data.items()}
    assert shapes == {
        "evs": (2,), "stds": (2,), "evs_noise_factors": (2, 4), "stds_noise_factors": (2, 4),
        "ensemble_stds_noise_factors": (2, 4), "evs_extrapolated": (2, 3, 2), "stds_extrapolated": (2, 3, 2),
    }  # fmt: skip
    told = result.metadata["resilience"]["zne"]
    assert told["noise_factors"] == zne["noise_factors"]
    assert told["extrapolators"] == zne["extrapolator"]
    assert told["extrapolated_noise_factors"] == zne["extrapolated_noise_factors"]
    # The last one is the value at the least noise, wherever it is evaluated.
    assert np.allclose(result.data.evs_extrapolated[:, 2, :], result.data.evs_noise_factors[:, :1])


#: Options that change no value without noise.
HARMLESS: dict[str, dict[str, Any]] = {
    "level 0": {"resilience_level": 0},
    "level 2": {"resilience_level": 2},
    "folding some gates": {"resilience": {"zne_mitigation": True, "zne": {"noise_factors": [1, 1.3, 2.2]}}},
    "fits of polynomials": {"resilience": {"zne_mitigation": True, "zne": {"extrapolator": "polynomial_degree_2"}}},
    "XX": {"dynamical_decoupling": {"enable": True, "sequence_type": "XX"}},
    "XpXm": {"dynamical_decoupling": {"enable": True, "sequence_type": "XpXm", "extra_slack_distribution": "edges"}},
    "XY4": {"dynamical_decoupling": {"enable": True, "sequence_type": "XY4", "scheduling_method": "asap"}},
    "without pulses on qubits in 0": {"dynamical_decoupling": {"enable": True, "skip_reset_qubits": True}},
    **{
        f"twirling of {strategy} qubits": {"twirling": {"enable_gates": True, "strategy": strategy, "num_randomizations": 8}}
        for strategy in ("active", "active-accum", "active-circuit", "all")
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", HARMLESS)
def test_without_noise_no_option_changes_values(name: str) -> None:
    options = {"twirling": {"num_randomizations": 8}, **HARMLESS[name]}
    labels = ["ZZI", "XIX", "YYI"]
    result = estimate(rotations(), labels, has_noise=False, default_shots=2000, **options)
    # Errors of 8 randomizations are rough: those of all shots together are not.
    errors = result.data.stds if "evs_noise_factors" in result.data else result.data.ensemble_standard_error
    assert np.abs((result.data.evs - ideal(rotations(), labels)) / np.maximum(errors, 0.03)).max() < FAR


@pytest.mark.slow
def test_noise_of_layers_is_learned_amplified_and_cancelled() -> None:
    """Each with few circuits: the default takes a minute."""
    learning = {"num_randomizations": 6, "shots_per_randomization": 256, "layer_pair_depths": [0, 1, 8]}
    exact = ideal(rotations(), LABELS)
    for chosen in ({"pec_mitigation": True}, {"zne_mitigation": True, "zne": {"amplifier": "pea"}}):
        resilience = {**chosen, "layer_noise_learning": learning}
        result = estimate(rotations(), resilience=resilience, default_shots=16_384)
        assert np.abs(pulls(result.data, exact)).max() < FAR
        assert result.data.stds.max() < 0.06
        if "pec_mitigation" in chosen:
            assert 1 < result.metadata["resilience"]["pec"]["sampling_overhead"] < 4
            assert result.metadata["resilience"]["pec"]["noise_gain"] == 0
            assert result.metadata["num_randomizations"] > 256


@pytest.mark.slow
def test_cancellation_stays_within_its_overhead() -> None:
    learning = {"num_randomizations": 3, "shots_per_randomization": 64, "layer_pair_depths": [0, 4]}
    resilience = {"pec_mitigation": True, "layer_noise_learning": learning, "pec": {"max_overhead": 1.05}}
    told = estimate(rotations(), resilience=resilience, default_shots=640).metadata["resilience"]["pec"]
    assert told["sampling_overhead"] == pytest.approx(1.05)
    assert 0 < told["noise_gain"] < 1


def test_parameters_and_observables_are_broadcast() -> None:
    theta = Parameter("theta")
    circuit = QuantumCircuit(2)
    circuit.ry(theta, 0)
    isa = transpiled(circuit)
    observables = [[SparsePauliOp(label).apply_layout(isa.layout)] for label in ("IZ", "IX", "ZI")]
    angles = np.linspace(0, np.pi, 4)
    pub = EstimatorPub.coerce((isa, observables, angles[:, None]))
    result = primitives.run("estimator", has_noise=False, pubs=[pub], options={"simulator": {"seed_simulator": 1}})
    assert result[0].data.evs.shape == (3, 4)
    wanted = [np.cos(angles), np.sin(angles), np.ones(4)]
    assert np.allclose(result[0].data.evs, wanted, atol=FAR / np.sqrt(4096))


def widened(letters: dict[int, str]) -> str:
    return "".join(letters.get(qubit, "I") for qubit in reversed(range(156)))


def test_observables_are_read_in_every_form() -> None:
    isa = transpiled(rotations())
    label, other = widened({3: "Z"}), widened({3: "Z", 5: "X"})
    typed = SparsePauliOp([label, other], [0.5, 2.0])
    forms: list[Any] = [
        label, {label: 1.0}, [label, other], [[{label: 0.5, other: 2}]], typed, Pauli(other), {label: 1 + 0j},
        {widened({3: "0"}): 1.0}, {widened({3: "+", 4: "l"}): -1.0}, {widened({}): 3.0},
    ]  # fmt: skip
    found = [
        primitives.run(
            "estimator", pubs=[[isa, form]], options={"simulator": {"seed_simulator": 1}}, resilience_level=0
        )[0]
        for form in forms
    ]
    shapes = [np.shape(result.data.evs) for result in found]
    assert shapes == [(), (), (2,), (1, 1), (), (), (), (), (), ()]
    exact = [ideal(rotations(), [text])[0] for text in ("IIZ", "XIZ")]
    bound = 0.08
    assert float(found[0].data.evs) == pytest.approx(exact[0], abs=bound)
    assert np.allclose(found[3].data.evs, 0.5 * exact[0] + 2 * exact[1], atol=0.2)
    assert float(found[4].data.evs) == pytest.approx(0.5 * exact[0] + 2 * exact[1], abs=0.2)
    assert float(found[7].data.evs) == pytest.approx((1 + exact[0]) / 2, abs=bound)
    assert float(found[9].data.evs) == 3.0
    assert float(found[9].data.stds) == 0.0


@pytest.mark.parametrize(
    ("observable", "text"),
    [
        ("ZZ", r"pubs\[0\]\.observables: 'ZZ' has 2 letters, the circuit 156 qubits"),
        ([["Z" * 156], ["Z" * 156, "X" * 156]], "has lists of different lengths"),
        ({"Q" * 156: 1.0}, "'Q' in 'QQQ"),
        ({"Z" * 156: 1j}, "observables need real ones"),
        ({"0" * 156: 1.0}, "156 projectors in a term; 12 at most"),
        (5, r"pubs\[0\]\.observables is not an observable"),
    ],
)
def test_what_is_no_observable_is_refused(observable: Any, text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        primitives.run("estimator", pubs=[[transpiled(rotations()), observable]])


def test_precision_decides_the_shots_unless_these_are_given() -> None:
    isa = transpiled(rotations())
    label = widened({3: "Z"})
    for pub, options, shots in (
        ([isa, label], {}, 4096),
        ([isa, label, [], 0.05], {}, 400),
        ([isa, label], {"default_precision": 0.1}, 100),
        ([isa, label], {"default_precision": 0.1, "default_shots": 321}, 321),
    ):
        told = primitives.run("estimator", pubs=[pub], options=options, resilience_level=0)[0].metadata
        assert told["shots"] == shots
    twirled = {"num_randomizations": 5, "shots_per_randomization": 20}
    told = primitives.run("estimator", pubs=[[isa, label]], options={"twirling": twirled, "default_shots": 7})[
        0
    ].metadata
    assert (told["shots"], told["num_randomizations"]) == (100, 5)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_values() -> None:
    first, again, other = (
        estimate(rotations(), seed=seed, resilience_level=2, default_shots=640) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.data.evs, again.data.evs)
    assert not np.array_equal(first.data.evs, other.data.evs)


def test_measurements_of_the_circuit_itself_stay() -> None:
    """A pub may have bits of its own, which the estimator does not report."""
    circuit = rotations()
    measured = QuantumCircuit(3, 1)
    measured.compose(circuit, inplace=True)
    measured.measure(0, 0)
    isa = transpiled(measured)
    label = widened({QUBITS[0]: "Z"})
    result = primitives.run(
        "estimator", has_noise=False, pubs=[[isa, label]], options={"simulator": {"seed_simulator": 5}}
    )
    assert float(result[0].data.evs) == pytest.approx(ideal(circuit, ["IIZ"])[0], abs=FAR / 64)


@pytest.mark.slow
@pytest.mark.usefixtures("service")
def test_the_official_client_estimates_at_every_level() -> None:
    from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService

    backend = QiskitRuntimeService().backend("ibm_fez")
    isa = transpiled(rotations())
    observables = [SparsePauliOp(label).apply_layout(isa.layout) for label in LABELS[:2]]
    exact = ideal(rotations(), LABELS[:2])
    for level in (0, 1, 2):
        estimator = EstimatorV2(mode=backend, options={"resilience_level": level, "seed_estimator": 5})
        result = estimator.run([(isa, observables)], precision=0.05).result()
        assert np.allclose(result[0].data.evs, exact, atol=0.35)
        assert ("evs_extrapolated" in result[0].data) == (level == 2)
        assert result.metadata["resilience"]["measure_mitigation"] == (level > 0)
        assert result[0].metadata["target_precision"] == 0.05


PLAIN = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; bit[1] __measured; x q[0];'


def plain(*rest: Any, program: str = PLAIN) -> Any:
    return primitives.run("estimator", has_noise=False, pubs=[[program, *rest]], options={}, resilience_level=0)[0]


@pytest.mark.parametrize(("content", "text"), [
    ({"data": ["Z", "X"], "coeffs": [1.0]}, r"pubs\[0\]\.observables has 2 labels, and coefficients of shape \(1,\)"),
    ({"data": {"a": 1}}, r"pubs\[0\]\.observables is not an observable"),
    ({"data": [1, 2]}, r"pubs\[0\]\.observables is not an observable"),
    ("data", r"pubs\[0\]\.observables is not an observable"),
])  # fmt: skip
def test_damaged_operators_are_refused_with_their_place(content: Any, text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        plain({"__type__": "settings", "__value__": content})


@pytest.mark.parametrize("precision", [1.5, 1e9, 1e308])
def test_a_coarse_precision_takes_one_shot(precision: float) -> None:
    result = plain("Z", None, precision)
    assert result.metadata["shots"] == 1
    assert result.data.evs == -1


def test_registers_of_users_may_have_any_name() -> None:
    assert plain("Z").data.evs == -1


@pytest.mark.parametrize(("program", "reason"), [
    ("x", "line 1:1 no viable alternative at input 'x'"), ("", "it is no program of OpenQASM 3"),
    ("OPENQASM 3.0; qubit[1] q; foo q[0];", "gate 'foo' is not defined"),
])  # fmt: skip
def test_programs_that_cannot_be_read_are_refused_with_a_reason(
    program: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInputError, match=f"OpenQASM 3 cannot be read: .*{reason}"):
        plain("Z", program=program)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("level", "deep"), [(0, None), (1, None), (2, (0, 3))])
def test_pubs_without_elements_have_empty_fields(level: int, deep: tuple[int, ...] | None) -> None:
    circuit = QuantumCircuit(1)
    circuit.rz(Parameter("angle"), 0)
    pub = EstimatorPub.coerce((circuit, "Z", np.zeros((0, 1))))
    data = primitives.run("estimator", pubs=[pub], options={}, resilience_level=level)[0].data
    assert data.evs.shape == data.stds.shape == (0,)
    assert deep is None or data.evs_noise_factors.shape == deep
