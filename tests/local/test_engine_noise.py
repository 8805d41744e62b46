# SPDX-License-Identifier: Apache-2.0
"""Noise of the engine: channels are those of Aer, and overrides of calibrations change counts."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import PTM
from qiskit_aer.noise import NoiseModel, amplitude_damping_error
from qiskit_aer.noise.device import basic_device_gate_errors

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.local.engine import BoundCircuit, SimulationOptions, run
from qiskit_ibm_native.local.engine.noise import device_noise
from qiskit_ibm_native.local.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

HANOI = Snapshot.load("hanoi")
SHOTS = 40_000
#: The deviation of a mean of that many bits that is exceeded with a probability below 1e-8.
BOUND = 5.8 * 0.5 / np.sqrt(SHOTS)


@pytest.mark.parametrize("name", ["vigo", "hanoi", "fez"])
def test_channels_are_those_of_aer(name: str) -> None:
    snapshot = Snapshot.load(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        errors = basic_device_gate_errors(target=build_target(snapshot))
    device = device_noise(snapshot)
    chosen = [entry for entry in errors if entry[0] != "reset"]
    for gate, qubits, error in chosen[:: max(1, len(chosen) // 60)]:
        channel = device.channel(gate, tuple(qubits))
        assert channel is not None
        assert np.allclose(channel, PTM(error).data.real, atol=1e-12), (gate, qubits)


def ones(circuit: QuantumCircuit, snapshot: Snapshot, seed: int = 3) -> Any:
    return run([BoundCircuit(circuit, SHOTS)], SimulationOptions(snapshot, seed=seed))[0].bits.mean(axis=0)


def prepared(value: int) -> QuantumCircuit:
    circuit = QuantumCircuit(27, 1)
    if value:
        circuit.x(0)
    circuit.measure(0, 0)
    return circuit


def waited(length: int, is_echoed: bool = False, pulses: int = 0) -> QuantumCircuit:
    """A superposition that waits: what is left of it is the probability of 0, beyond one half."""
    circuit = QuantumCircuit(27, 1)
    circuit.sx(0)
    for _ in range(max(pulses, 1)):
        circuit.delay(length // max(pulses, 1), 0, "dt")
        if is_echoed:
            circuit.x(0)
    circuit.rz(np.pi, 0)
    circuit.sx(0)
    circuit.measure(0, 0)
    return circuit


def test_an_override_of_the_readout_error_alone_changes_counts() -> None:
    without = dict.fromkeys(range(27), 0.0)
    clean = HANOI.with_overrides(readout_error=without)
    assert ones(prepared(0), clean)[0] == 0
    wrong = HANOI.with_overrides(readout_error={0: 0.3})
    assert ones(prepared(0), wrong)[0] == pytest.approx(0.3, abs=BOUND)
    assert ones(prepared(1), wrong)[0] == pytest.approx(0.7, abs=BOUND)
    # Targets, and the quantities that nobody overrode, are what they were.
    assert build_target(wrong)["measure"][0,].error == 0.3
    assert np.array_equal(wrong.columns.prob_meas0_prep1, HANOI.columns.prob_meas0_prep1)


def test_probabilities_of_readout_that_are_given_count() -> None:
    both = HANOI.with_overrides(readout_error={0: 0.3}, prob_meas0_prep1={0: 0.1})
    assert ones(prepared(0), both)[0] == pytest.approx(0.3, abs=BOUND)
    assert ones(prepared(1), both)[0] == pytest.approx(0.9, abs=BOUND)
    asymmetric = HANOI.with_overrides(prob_meas0_prep1={0: 0.25}, prob_meas1_prep0={0: 0.05})
    assert ones(prepared(0), asymmetric)[0] == pytest.approx(0.05, abs=BOUND)
    assert ones(prepared(1), asymmetric)[0] == pytest.approx(0.75, abs=BOUND)


def ideal(**overrides: Any) -> Snapshot:
    """A device without errors but those that are given."""
    gates = {(gate.gate, tuple(gate.qubits)): 0.0 for gate in HANOI.properties.gates if gate.gate in ("x", "sx")}
    forever = dict.fromkeys(range(27), 1e6)
    nothing = dict.fromkeys(range(27), 0.0)
    return HANOI.with_overrides(**{"error": gates, "t1": forever, "t2": forever, "readout_error": nothing, **overrides})


def test_overrides_of_t1_and_t2_change_counts() -> None:
    length = 45_000
    seconds = length * build_target(HANOI).dt
    circuit = QuantumCircuit(27, 1)
    circuit.x(0)
    circuit.delay(length, 0, "dt")
    circuit.measure(0, 0)
    assert ones(circuit, ideal())[0] == 1
    assert ones(circuit, ideal(t1={0: seconds}, t2={0: seconds}))[0] == pytest.approx(np.exp(-1), abs=BOUND)
    assert ones(waited(length), ideal())[0] == pytest.approx(0, abs=1e-4)
    left = ones(waited(length), ideal(t2={0: seconds}))[0]
    assert left == pytest.approx((1 - np.exp(-1)) / 2, abs=BOUND)


@pytest.mark.parametrize("pulses", [2, 8, 32])
def test_pulses_within_a_delay_relax_at_t2_and_no_more(pulses: int) -> None:
    length = 44_800
    seconds = length * build_target(HANOI).dt
    device = ideal(t2={0: seconds}, duration={("x", (0,)): 0.0, ("sx", (0,)): 0.0})
    flipped = ones(waited(length, is_echoed=True, pulses=pulses), device)[0]
    assert flipped == pytest.approx((1 - np.exp(-1)) / 2, abs=BOUND)


def test_overrides_of_gate_errors_and_durations_change_counts() -> None:
    circuit = QuantumCircuit(27, 1)
    circuit.x([0] * 1)
    circuit.measure(0, 0)
    # An average error e depolarizes by 2e: half of that is seen.
    wrong = ideal(error={("x", (0,)): 0.2})
    assert ones(circuit, wrong)[0] == pytest.approx(1 - 0.2, abs=BOUND)
    # A longer gate relaxes for longer; its error is that of relaxation then.
    long = ideal(t1={0: 1e-4}, t2={0: 1e-4}, duration={("x", (0,)): 1e-4})
    assert ones(circuit, long)[0] == pytest.approx(np.exp(-1), abs=BOUND)


@pytest.mark.parametrize(
    ("override", "use", "words"),
    [
        ({0: False}, lambda circuit: circuit.x(0), "circuit 0 uses qubit 0, which is not operational"),
        ({("x", (1,)): False}, lambda circuit: circuit.x(1), r"uses x on qubits \[1\], which is not operational there"),
        ({("cx", (0, 1)): False}, lambda circuit: circuit.cx(1, 0), r"uses cx on qubits \[1, 0\]"),
    ],
)
def test_what_is_not_operational_is_refused(
    override: dict[Any, bool], use: Callable[[QuantumCircuit], Any], words: str
) -> None:
    device = HANOI.with_overrides(operational=override)
    circuit = QuantumCircuit(27, 2)
    use(circuit)
    circuit.measure([0, 1], [0, 1])
    with pytest.raises(BadInputError, match=words):
        run([BoundCircuit(circuit, 10)], SimulationOptions(device))
    elsewhere = QuantumCircuit(27, 2)
    elsewhere.x(5)
    elsewhere.measure(5, 0)
    assert run([BoundCircuit(elsewhere, 10)], SimulationOptions(device))[0].bits.shape == (10, 2)
    inside = QuantumCircuit(27, 2)
    inside.measure(5, 0)
    with inside.if_test((inside.clbits[0], 1)):
        use(inside)
    with pytest.raises(BadInputError, match=words):
        run([BoundCircuit(inside, 10)], SimulationOptions(device))


def with_fractional_gates(error: float) -> Snapshot:
    """A device without errors but in ``rzz`` and ``rx``, which have entries of their own."""
    configuration, properties, _ = ideal().payloads
    model, measured = json.loads(configuration), json.loads(properties)
    model["basis_gates"] += ["rzz", "rx"]
    for name, qubits in (("rzz", [0, 1]), ("rx", [0])):
        model["gates"].append({"name": name, "parameters": ["t"], "coupling_map": [qubits], "qasm_def": ""})
        parameters = [
            {"date": "2026-04-16T00:00:00+00:00", "name": "gate_error", "unit": "", "value": error},
            {"date": "2026-04-16T00:00:00+00:00", "name": "gate_length", "unit": "ns", "value": 60},
        ]
        measured["gates"].append({"qubits": qubits, "gate": name, "parameters": parameters, "name": name})
    return Snapshot.from_payloads(json.dumps(model).encode(), json.dumps(measured).encode())


def test_fractional_gates_have_errors_of_their_own() -> None:
    device = with_fractional_gates(0.12)
    circuit = QuantumCircuit(27, 3)
    circuit.rx(0.0, 0)
    circuit.measure(0, 0)
    # An average error e of one qubit is seen as e, and of two as 2/3 of 6/5 e in each of them.
    assert ones(circuit, device)[0] == pytest.approx(0.12, abs=BOUND)
    pair = QuantumCircuit(27, 3)
    pair.rzz(0.7, 0, 1)
    pair.measure([0, 1], [0, 1])
    assert np.allclose(ones(pair, device)[:2], 0.12 * 4 / 3 / 2, atol=BOUND)
    assert np.all(ones(pair, with_fractional_gates(0.0)) == 0)


@pytest.mark.parametrize("snapshot", [None, HANOI], ids=["simulator", "device"])
@pytest.mark.parametrize("method", ["automatic", "density_matrix", "statevector", "matrix_product_state"])
def test_noise_models_with_kraus_operators_run_in_every_method(snapshot: Snapshot | None, method: str) -> None:
    model = NoiseModel()
    damping = amplitude_damping_error(0.3)
    model.add_all_qubit_quantum_error(damping, ["x"])
    circuit = QuantumCircuit(2, 2)
    circuit.x([0, 1])
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    setting = SimulationOptions(snapshot, model, 3, (("method", method),))
    (done,) = run([BoundCircuit(circuit, 4000)], setting)
    # Qubit 0 was flipped back if it was found as 1; it is 0 then, because 0 does not decay.
    assert done.bits[:, 0].mean() == 0
    assert done.bits[:, 1].mean() == pytest.approx(0.7, abs=5.8 * np.sqrt(0.21 / 4000))
