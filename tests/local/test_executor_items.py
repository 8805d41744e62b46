# SPDX-License-Identifier: Apache-2.0
"""Items of the program ``executor``: what the official client encodes is run, and its decoders read the results."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import orjson
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Duration, Parameter
from qiskit.circuit.classical import expr
from qiskit.quantum_info import PauliLindbladMap
from qiskit_ibm_runtime import QuantumProgram
from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
from qiskit_ibm_runtime.options_models.executor import ExecutorOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from samplomatic import InjectNoise, Twirl, build
from samplomatic.annotations import ChangeBasis

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local.devices import Device
from qiskit_ibm_native.local.errors import BadInputError
from qiskit_ibm_native.local.programs.run import run_job

MEMORY = 2 << 30


def fez() -> Device:
    return Device([Snapshot.load("fez")])


def encoded(program: QuantumProgram, version: str = "v2.0", seed: int = 1, **execution: Any) -> dict[str, Any]:
    """Return a job as the official client sends it."""
    options = ExecutorOptions(experimental={"simulator": {"seed_simulator": seed}}, execution=execution)
    params = QUANTUM_PROGRAM_PARAMS_CONVERTERS[version].encoder(program, options).model_dump(mode="json")
    # The first version has no such options; the service takes them all the same.
    params["options"].setdefault("experimental", options.experimental)
    return params


def executed(params: dict[str, Any], has_noise: bool = True) -> Any:
    """Return the results of a job as the official client reads them."""
    return ExecutorResultDecoder.decode(run_job("executor", orjson.dumps(params), fez(), has_noise, MEMORY).decode())


def rotated() -> QuantumCircuit:
    """Return a circuit that measures 0 and 1 for the angles 0 and pi, with two registers."""
    circuit = QuantumCircuit(156)
    for name, qubit in (("a", 3), ("b", 7)):
        angle = Parameter(f"{name}_angle")
        circuit.sx(qubit)
        circuit.rz(angle + np.pi if name == "b" else angle, qubit)
        circuit.sx(qubit)
        circuit.add_register(ClassicalRegister(1, name))
    circuit.measure([3, 7], [0, 1])
    return circuit


def twirled() -> tuple[QuantumCircuit, Any]:
    """Return a template and a samplex of a circuit that gives 1, 1 without noise, whatever is drawn."""
    circuit = QuantumCircuit(156, 2)
    with circuit.box([Twirl()]):
        circuit.x(0)
        circuit.x(1)
        circuit.cz(0, 1)
    with circuit.box([Twirl()]):
        circuit.measure([0, 1], [0, 1])
    return build(circuit)


def test_values_of_circuits_are_swept() -> None:
    values = np.array([[[0.0, 0.0], [np.pi, 0.0], [np.pi, np.pi]]] * 2)
    program = QuantumProgram(shots=300, passthrough_data={"mine": [1, {"array": np.arange(3.0)}]})
    program.append_circuit_item(rotated(), circuit_arguments=values)
    program.append_circuit_item(rotated(), circuit_arguments=np.array([0.0, np.pi]))
    result = executed(encoded(program))
    assert result[0]["a"].shape == (2, 3, 300, 1)
    # Two sx are an x; half a turn between them undoes it. The angle of b has half a turn more.
    np.testing.assert_allclose(result[0]["a"].mean(axis=(2, 3))[0], [1, 0, 0], atol=0.15)
    np.testing.assert_allclose(result[0]["b"].mean(axis=(2, 3))[0], [0, 0, 1], atol=0.15)
    assert result[1]["b"].shape == (300, 1)
    assert result[1]["a"].mean() > 0.85
    assert result[1]["b"].mean() > 0.85
    assert result.passthrough_data["mine"][0] == 1
    np.testing.assert_array_equal(result.passthrough_data["mine"][1]["array"], np.arange(3.0))


@pytest.mark.parametrize("version", sorted(QUANTUM_PROGRAM_PARAMS_CONVERTERS))
def test_every_version_of_the_schema_is_taken(version: str) -> None:
    template, samplex = twirled()
    program = QuantumProgram(shots=64)
    program.append_circuit_item(rotated(), circuit_arguments=np.array([[0.0, 0.0], [np.pi, np.pi]]))
    program.append_samplex_item(template, samplex, shape=(20,))
    params = encoded(program, version)
    assert params["schema_version"] == version
    result = executed(params)
    np.testing.assert_allclose(result[0]["a"].mean(axis=(1, 2)), [1, 0], atol=0.2)
    assert result[1]["c"].shape == (20, 64, 2)
    assert result[1]["measurement_flips.c"].shape == (20, 1, 2)
    assert (result[1]["c"] ^ result[1]["measurement_flips.c"]).mean() > 0.9


def test_circuits_may_be_openqasm() -> None:
    program = QuantumProgram(shots=50)
    circuit = QuantumCircuit(2, 2)
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    program.append_circuit_item(circuit)
    params = encoded(program)
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; qubit[2] q; x q[1]; c[0] = measure q[0]; c[1] = measure q[1];'
    )
    params["quantum_program"]["circuits"] = {"data": [text]}
    bits = executed(params)[0]["c"].mean(axis=0)
    assert bits[0] < 0.15
    assert bits[1] > 0.85


def test_randomizations_are_drawn_along_axes_that_arguments_do_not_have() -> None:
    circuit = QuantumCircuit(156, 1)
    with circuit.box([Twirl(), ChangeBasis(ref="basis")]):
        circuit.rz(Parameter("angle"), 0)
        circuit.measure(0, 0)
    template, samplex = build(circuit)
    program = QuantumProgram(shots=40)
    arguments = {"parameter_values": np.zeros((3, 1, 1)), "basis_changes": {"basis": np.array([[1], [2]], np.uint8)}}
    program.append_samplex_item(template, samplex, samplex_arguments=arguments, shape=(200, 3, 2))
    result = executed(encoded(program), has_noise=False)[0]
    bits = result["c"] ^ result["measurement_flips.c"]
    assert bits.shape == (200, 3, 2, 40, 1)
    assert not bits[:, :, 0].any()  # 0 is measured as 0 in Z
    # In X, each bit is a coin: 24,000 of them are within 6 standard errors.
    assert abs(bits[:, :, 1].mean() - 0.5) < 6 * 0.5 / np.sqrt(24_000)
    flips = result["measurement_flips.c"][:, :, :, 0, 0].reshape(200, -1)
    assert len(np.unique(flips, axis=0)) > 30  # of 64 possible ones


def test_injected_noise_has_the_strength_that_was_asked_for() -> None:
    circuit = QuantumCircuit(156, 1)
    with circuit.box([Twirl(), InjectNoise("r", "m")]):
        circuit.noop(0)
    with circuit.box([Twirl()]):
        circuit.measure(0, 0)
    template, samplex = build(circuit)
    program = QuantumProgram(shots=1, noise_maps={"r": PauliLindbladMap.from_list([("X", 0.2)])})
    arguments = {"noise_scales": {"m": np.array([0.0, 1.0, -1.0])}}
    program.append_samplex_item(template, samplex, samplex_arguments=arguments, shape=(2000, 3))
    result = executed(encoded(program), has_noise=False)[0]
    values = 1 - 2.0 * (result["c"] ^ result["measurement_flips.c"])[..., 0, 0]
    signs = 1 - 2.0 * result["pauli_signs"][..., 0]
    means = (values * signs).mean(axis=0)
    # exp(-2 r) for the noise, and for its inverse exp(2 r), after division by gamma = exp(2 r).
    expected = [1.0, np.exp(-0.4), np.exp(0.4) / np.exp(0.4)]
    bound = 6 / np.sqrt(2000)
    np.testing.assert_allclose(means[:2], expected[:2], atol=bound)
    np.testing.assert_allclose(means[2] * np.exp(0.4), np.exp(0.4), atol=bound * np.exp(0.4))


def test_the_same_seed_gives_the_same_result() -> None:
    template, samplex = twirled()
    program = QuantumProgram(shots=64)
    program.append_samplex_item(template, samplex, shape=(4,))
    first, again, other = (executed(encoded(program, seed=seed))[0] for seed in (1, 1, 2))
    for name in ("c", "measurement_flips.c"):
        np.testing.assert_array_equal(first[name], again[name])
        assert (first[name] != other[name]).any()


def test_chunks_have_the_sizes_that_were_asked_for() -> None:
    program = QuantumProgram(shots=10)
    program.append_circuit_item(rotated(), circuit_arguments=np.zeros((2, 4, 2)), chunk_size=3)
    program.append_circuit_item(rotated(), circuit_arguments=np.zeros(2), chunk_size=5)
    timing = executed(encoded(program)).metadata.chunk_timing
    assert [[(part.idx_item, part.size) for part in span.parts] for span in timing] == [
        [(0, 3)], [(0, 3)], [(0, 2)], [(1, 1)],
    ]  # fmt: skip
    assert all(first.stop <= second.start for first, second in itertools.pairwise(timing))
    program = QuantumProgram(shots=10)
    program.append_circuit_item(rotated(), circuit_arguments=np.zeros((2, 4, 2)))
    program.append_circuit_item(rotated(), circuit_arguments=np.zeros(2))
    (span,) = executed(encoded(program)).metadata.chunk_timing
    assert [(part.idx_item, part.size) for part in span.parts] == [(0, 8), (1, 1)]


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("classified", {"a": bool}),
        ("kerneled", {"a_iq": complex}),
        ("avg_kerneled", {"a_avg_iq": complex}),
        ("both", {"a": bool, "a_iq": complex}),
    ],
)
def test_levels_of_measurement(level: Any, names: dict[str, type]) -> None:
    program = QuantumProgram(shots=200, meas_level=level)
    program.append_circuit_item(rotated(), circuit_arguments=np.array([[0.0, 0.0], [np.pi, 0.0]]))
    result = executed(encoded(program))[0]
    assert {name: result[name].dtype for name in result if name.startswith("a")} == names
    for name, kind in names.items():
        assert result[name].shape == ((2, 1) if level == "avg_kerneled" else (2, 200, 1))
        middle = (
            result[name].real.reshape(2, -1).mean(axis=1) if kind is complex else result[name].mean(axis=(1, 2)) - 0.5
        )
        assert middle[0] > 0 > middle[1]
    if level == "both":
        np.testing.assert_array_equal(result["a"], result["a_iq"].real > 0)


def test_the_timing_of_a_schedule_is_told_when_it_is_asked_for() -> None:
    circuit = QuantumCircuit(156, 1)
    circuit.sx(0)
    circuit.cz(0, 1)
    circuit.barrier(0, 1)
    circuit.delay(100, 0)
    circuit.measure(0, 0)
    program = QuantumProgram(shots=10)
    program.append_circuit_item(circuit)
    assert executed(encoded(program))[0].metadata.scheduler_timing is None
    timing = executed(encoded(program, scheduler_timing=True))[0].metadata.scheduler_timing
    rows = [line.split(",") for line in timing.timing.splitlines()]
    assert {len(row) for row in rows} == {6}
    begins = {(row[1], row[2]): (int(row[3]), int(row[4])) for row in rows}
    target = fez().latest.configuration.dt
    lengths = {name: round(fez().latest.properties.gate_length(name, qubits) / target) for name, qubits in (
        ("sx", [0]), ("cz", [0, 1])
    )}  # fmt: skip
    assert begins["sx_0", "Qubit 0"] == (0, lengths["sx"])
    assert begins["cz_0_1", "Qubit 1"] == (lengths["sx"], lengths["cz"])
    begin, length = begins["measure_0", "AWGR0_0"]
    assert begin == lengths["sx"] + lengths["cz"] + 100
    assert timing.circuit_duration == begin + length


def _broken(change: Any) -> dict[str, Any]:
    template, samplex = twirled()
    program = QuantumProgram(shots=10)
    program.append_circuit_item(rotated(), circuit_arguments=np.zeros((2, 2)))
    program.append_samplex_item(template, samplex, shape=(2,))
    params = encoded(program)
    change(params, *params["quantum_program"]["items"])
    return params


#: What a client may get wrong that plain JSON does not show, with a part of the error's text.
FAILURES: dict[str, Any] = {
    "samplex.*cannot be read": lambda _p, _c, s: s["samplex"].update(samplex_json='{"attrs": {"ssv": "99"}}'),
    "samplex cannot be sampled.*no specification": lambda _p, _c, s: s["samplex_arguments"].update(other=1),
    r"circuits for 2 items": lambda p, *_: p["quantum_program"]["circuits"].update(
        b64_data=encoded(_single())["quantum_program"]["circuits"]["b64_data"]
    ),
    "circuit_arguments cannot be read as a tensor": lambda _p, c, _s: c["circuit_arguments"].update(shape=[3, 2]),
    "compressed data cannot be read": lambda p, *_: p["quantum_program"]["circuits"].update(b64_data="AAAA"),
    "circuit 0 has 2 parameters": lambda _p, c, _s: c["circuit_arguments"].update(shape=[4, 1]),
}


def _single() -> QuantumProgram:
    program = QuantumProgram(shots=10)
    program.append_circuit_item(QuantumCircuit(1))
    return program


@pytest.mark.parametrize("text", FAILURES)
def test_jobs_that_cannot_be_run_fail_with_a_reason(text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        executed(_broken(FAILURES[text]))


def test_a_missing_argument_of_a_samplex_is_named() -> None:
    circuit = QuantumCircuit(156, 1)
    with circuit.box([Twirl()]):
        circuit.rz(Parameter("angle"), 0)
        circuit.measure(0, 0)
    template, samplex = build(circuit)
    program = QuantumProgram(shots=10)
    program.append_samplex_item(template, samplex, samplex_arguments={"parameter_values": np.zeros(1)}, shape=(2,))
    params = encoded(program)
    del params["quantum_program"]["items"][0]["samplex_arguments"]["parameter_values"]
    with pytest.raises(BadInputError, match=r"items\[0\].*parameter_values"):
        executed(params)


def _stretched() -> QuantumCircuit:
    circuit = QuantumCircuit(156, 2)
    short, long = circuit.add_stretch("short"), circuit.add_stretch("long")
    circuit.delay(1001, 0)
    # Two delays of one stretch share the time of the other qubit.
    circuit.delay(short, 1)
    circuit.x(1)
    circuit.delay(short, 1)
    circuit.x(1)
    circuit.barrier(0, 1)
    circuit.delay(expr.add(expr.mul(2.0, long), Duration.dt(10)), 0)
    circuit.delay(300, 1)
    circuit.barrier(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def test_stretches_fill_the_time_that_other_qubits_take() -> None:
    program = QuantumProgram(shots=100)
    program.append_circuit_item(_stretched())
    assert executed(encoded(program))[0].metadata.stretch_values is None
    item = executed(encoded(program, stretch_values=True, scheduler_timing=True))[0]
    found = {value.name: value for value in item.metadata.stretch_values}
    length = round(fez().latest.properties.gate_length("x", [1]) / fez().latest.configuration.dt)
    value, remainder = divmod(1001 - 2 * length, 2)
    assert (found["short"].value, found["short"].remainder) == (value, remainder)
    assert found["short"].expanded_values == [(0, value), (value + length, value)]
    assert (found["long"].value, found["long"].remainder) == (145, 0)
    assert found["long"].expanded_values == [(1001, 300)]
    begins = {
        line.split(",")[1]: int(line.split(",")[3]) for line in item.metadata.scheduler_timing.timing.splitlines()
    }
    assert begins["measure_0"] == 1301
    assert item["c"].mean() < 0.15


def test_stretches_that_nothing_decides_are_refused() -> None:
    circuit = QuantumCircuit(156, 1)
    first, second = circuit.add_stretch("first"), circuit.add_stretch("second")
    circuit.delay(first, 0)
    circuit.delay(second, 0)
    circuit.measure(0, 0)
    program = QuantumProgram(shots=10)
    program.append_circuit_item(circuit)
    with pytest.raises(BadInputError, match=r"\['first', 'second'\] between two meetings; use one, or a barrier"):
        executed(encoded(program))


def test_values_that_are_no_finite_numbers_are_refused() -> None:
    program = QuantumProgram(shots=10)
    program.append_circuit_item(rotated(), circuit_arguments=np.array([[0.5, 0.5], [0.5, np.nan]]))
    with pytest.raises(
        BadInputError, match=r"items\[0\] \(parameter values\) has nan at \[1, 1\]; send finite numbers"
    ):
        executed(encoded(program))


def test_a_switch_on_a_register_takes_the_case_that_was_measured() -> None:
    read, found = ClassicalRegister(2, "read"), ClassicalRegister(1, "found")
    circuit = QuantumCircuit(QuantumRegister(156), read, found)
    circuit.x([0, 1])
    circuit.measure([0, 1], read)
    with circuit.switch(read) as chosen:
        with chosen(3):
            circuit.x(2)
        with chosen(chosen.DEFAULT):
            circuit.id(2)
    circuit.measure(2, found)
    program = QuantumProgram(shots=200)
    program.append_circuit_item(circuit)
    (item,) = executed(encoded(program))
    assert item["found"].mean() > 0.85
