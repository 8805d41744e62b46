# SPDX-License-Identifier: Apache-2.0
"""Results are those of ``AerSimulator().run()``, for every arrangement of classical bits and both programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Clbit
from qiskit.exceptions import QiskitError
from qiskit.result import Result
from qiskit_aer import AerSimulator
from tests.support.layouts import LAYOUTS

from qiskit_ibm_native.exceptions import IBMBackendValueError
from qiskit_ibm_native.provider.run.classical_registers import RegisterLayout, to_sampler_registers

if TYPE_CHECKING:
    from qiskit_ibm_native import IBMProvider

SHOTS, SEED = 200, 7
PROGRAMS = ("sampler", "executor")


@pytest.fixture(scope="module")
def simulator(local_provider: IBMProvider) -> Any:
    return local_provider.get_backend("local_simulator")


def content(result: Result, index: int = 0) -> tuple[Any, Any]:
    """Return counts by words, and memory as Qiskit formats it, of an experiment, or that it has none."""
    try:
        # Qiskit's formatting of counts drops bits outside of registers, and one of two counts that are then called the
        # same.
        assert set(result.get_counts(index)) == set(result.get_memory(index))
        counts = {int(word, 16): number for word, number in result.data(index)["counts"].items()}
        return counts, result.get_memory(index)
    except QiskitError as error:
        return str(error)[:24], None


def run_by_aer(circuits: Any) -> Result:
    return AerSimulator().run(circuits, shots=SHOTS, memory=True, seed_simulator=SEED).result()


@pytest.mark.parametrize("program_id", PROGRAMS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_counts_and_memory_are_those_of_aer(simulator: Any, name: str, program_id: str) -> None:
    circuit = LAYOUTS[name]()
    before = circuit.copy()
    job = simulator.run(circuit, shots=SHOTS, memory=True, seed_simulator=SEED, program_id=program_id)
    expected = content(run_by_aer(circuit))
    assert content(job.result()) == expected
    assert circuit == before
    assert circuit.metadata == before.metadata
    # The same, from the job's id alone.
    again = simulator.provider.job(job.job_id())
    assert content(again.result()) == expected
    restored = again.circuits()[0]
    assert [(each.name, each.size) for each in restored.cregs] == [(each.name, each.size) for each in circuit.cregs]
    assert content(run_by_aer(restored)) == expected


@pytest.mark.parametrize("program_id", PROGRAMS)
def test_many_circuits_are_those_of_aer_and_found_by_circuit(simulator: Any, program_id: str) -> None:
    circuits = [build() for build in LAYOUTS.values() if build().num_clbits]
    result = simulator.run(circuits, shots=SHOTS, memory=True, seed_simulator=SEED, program_id=program_id).result()
    expected = run_by_aer(circuits)
    for index, circuit in enumerate(circuits):
        assert content(result, index) == content(expected, index)
        if isinstance(content(result, index)[0], dict):
            assert result.get_memory(circuit) == expected.get_memory(circuit)
    assert Result.from_dict(result.to_dict()).get_counts(0) == result.get_counts(0)


def test_headers_have_what_aer_has(simulator: Any) -> None:
    circuit = LAYOUTS["two_registers"]()
    circuit.metadata = {"point": 3, "note": "ä", 5: "five"}
    circuit.global_phase = 0.5
    header = simulator.run(circuit, shots=10).result().results[0].header
    expected = run_by_aer(circuit).results[0].header
    assert {key: value for key, value in header.items() if key in expected} == {**expected}
    assert header.name == circuit.name  # as attributes, too
    with pytest.raises(AttributeError, match="creg_sizes"):
        _ = header.no_such_key


@pytest.mark.parametrize("program_id", PROGRAMS)
@pytest.mark.parametrize("meas_return", ["single", "avg"])
@pytest.mark.parametrize("name", ["two_registers", "interleaved_registers", "loose_bits_only", "overlapping_registers"])
def test_level_1_has_complex_values_in_the_order_of_bits(
    simulator: Any, name: str, meas_return: str, program_id: str
) -> None:
    circuit = LAYOUTS[name]()
    job = simulator.run(
        circuit, shots=50, meas_level=1, meas_return=meas_return, seed_simulator=SEED, program_id=program_id
    )
    result = job.result()
    values = result.get_memory(0)
    bits = circuit.num_clbits
    assert values.shape == ((50, bits) if meas_return == "single" else (bits,))
    assert values.dtype == complex
    assert "counts" not in result.data(0)
    assert result.results[0].meas_level == 1
    assert result.results[0].meas_return == meas_return
    # The simulator reads 0 at -1 and 1 at +1; bits that are always 1 are those of Aer.
    likely = np.array([[int(bit) for bit in reversed(word.replace(" ", ""))] for word in aer_words(circuit)])
    sure = [place for place in range(bits) if len(set(likely[:, place])) == 1]
    means = values.mean(axis=0) if meas_return == "single" else values
    for place in sure:
        assert (means[place].real > 0) == bool(likely[0, place])
    assert simulator.provider.job(job.job_id()).result().get_memory(0).shape == values.shape


def aer_words(circuit: QuantumCircuit) -> list[str]:
    """Return words with bits in the order of ``clbits``, whatever the registers are."""
    plain = QuantumCircuit(circuit.num_qubits, circuit.num_clbits)
    plain.compose(circuit, inplace=True, copy=True)
    memory = AerSimulator().run(circuit, shots=50, memory=True, seed_simulator=1).result().data(0)["memory"]
    return [format(int(word, 16), f"0{circuit.num_clbits}b") for word in memory]


def test_conditions_on_registers_that_share_bits_are_refused(simulator: Any) -> None:
    bits = [Clbit(), Clbit(), Clbit()]
    circuit = QuantumCircuit(1)
    circuit.add_bits(bits)
    first, second = ClassicalRegister(name="a", bits=bits[:2]), ClassicalRegister(name="b", bits=bits[1:])
    circuit.add_register(first, second)
    circuit.measure(0, 0)
    with circuit.if_test((second, 1)):
        circuit.x(0)
    with pytest.raises(IBMBackendValueError, match="shares bits"):
        simulator.run(circuit)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_survive_their_record(name: str) -> None:
    _, layout = to_sampler_registers(LAYOUTS[name]())
    assert RegisterLayout.from_record(layout.to_record()) == layout


def test_circuits_that_a_sampler_takes_are_sent_as_they_are() -> None:
    circuit = LAYOUTS["two_registers"]()
    assert to_sampler_registers(circuit)[0] is circuit
