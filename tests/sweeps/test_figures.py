# SPDX-License-Identifier: Apache-2.0
"""Figures of circuits are those of Qiskit, and circuits that are kept come back as they were."""

from __future__ import annotations

import math

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy, transpile
from qiskit.circuit import Gate, Instruction, Parameter
from qiskit.circuit.library import RZGate, get_standard_gate_name_mapping
from qiskit.circuit.random import random_circuit
from tests.support.sweeping import families

from qiskit_ibm_native import Snapshot, build_target
from qiskit_ibm_native.scoring import scored_circuit
from qiskit_ibm_native.sweeps.inputs.fingerprint import circuit_fingerprint
from qiskit_ibm_native.sweeps.inputs.qpy_codec import decode, encode, encode_kept


class Mark(Instruction):
    """A directive of somebody's own, on two qubits."""

    _directive = True

    def __init__(self) -> None:
        super().__init__("mark", 2, 0, [])


def odd_circuits() -> list[QuantumCircuit]:
    """Return circuits with everything that is counted in another way."""
    marked = QuantumCircuit(3, 2)
    marked.h(0)
    marked.append(Mark(), [0, 1])
    marked.cx(1, 2)
    marked.barrier()
    marked.delay(100, 2)
    marked.measure([0, 2], [1, 1])
    marked.ccx(0, 1, 2)
    bits = QuantumCircuit(
        QuantumRegister(2, "a"), ClassicalRegister(2, "b"), QuantumRegister(2, "c"), metadata={"k": 1}
    )
    bits.rzz(0.25, 3, 0)
    bits.append(Gate("own", 2, [0.5]), [1, 2])
    bits.measure(3, 0)
    bits.reset(3)
    return [marked, bits, QuantumCircuit(), QuantumCircuit(2)]


def circuits() -> list[QuantumCircuit]:
    drawn = [random_circuit(5, 8, max_operands=3, measure=True, seed=seed) for seed in range(20)]
    target = build_target(Snapshot.load("lima"))
    made = [transpile(circuit, target=target, seed_transpiler=1, scheduling_method="alap") for circuit in families()]
    return [*drawn, *made, *odd_circuits()]


def test_one_pass_counts_as_qiskit_does() -> None:
    for circuit in circuits():
        counted = scored_circuit(circuit)
        assert (counted.size, counted.depth) == (circuit.size(), circuit.depth())

        def on_two(instruction: object) -> bool:
            return len(instruction.qubits) == 2 and not instruction.is_directive()  # type: ignore[attr-defined]

        assert counted.two_qubit_count == circuit.size(on_two)
        found: dict[str, set[tuple[int, ...]]] = {}
        for instruction in circuit.data:
            if instruction.name != "delay" and not instruction.is_directive():
                qubits = tuple(circuit.find_bit(bit).index for bit in instruction.qubits)
                found.setdefault(instruction.name, set()).add(qubits)
        assert {name: set(qargs) for name, qargs in counted.operations} == found


def test_depth_in_two_qubit_gates_is_that_of_the_circuit_without_the_others() -> None:
    for circuit in circuits():
        alone = circuit.copy_empty_like()
        for instruction in circuit.data:
            if len(instruction.qubits) == 2 and not instruction.is_directive():
                alone.append(instruction)
        assert scored_circuit(circuit).two_qubit_depth == alone.depth()


def test_kept_circuits_come_back_as_they_were() -> None:
    in_columns = 0
    for circuit in circuits():
        content = encode_kept(circuit)
        if not content.startswith(b"C"):
            assert content == encode(circuit)
            continue
        in_columns += 1
        back = decode(content)
        assert back == circuit
        assert circuit_fingerprint(back) == circuit_fingerprint(circuit)
        assert (back.name, back.metadata, back.global_phase) == (circuit.name, circuit.metadata, circuit.global_phase)
        assert (back.layout is None) == (circuit.layout is None)
        if back.layout is not None:
            assert back.layout.initial_index_layout() == circuit.layout.initial_index_layout()
            assert back.layout.final_index_layout() == circuit.layout.final_index_layout()
    assert in_columns > 10


def test_every_standard_gate_fits_in_columns() -> None:
    circuit = QuantumCircuit(5)
    for name, gate in get_standard_gate_name_mapping().items():
        # These two have a label by default.
        if isinstance(gate, Gate) and name not in ("xx_plus_yy", "xx_minus_yy"):
            values = [0.1 * (number + 1) for number in range(len(gate.params))]
            circuit.append(type(gate)(*values) if values else gate, range(gate.num_qubits))
    content = encode_kept(circuit)
    assert content.startswith(b"C")
    assert decode(content) == circuit


@pytest.mark.parametrize("odd", ["label", "ctrl_state", "parameter", "own", "dynamic", "integer"])
def test_instructions_that_are_more_than_columns_say_are_kept_as_qpy(odd: str) -> None:
    circuit = QuantumCircuit(2, 1)
    if odd == "label":
        circuit.cx(0, 1, label="here")
    elif odd == "ctrl_state":
        circuit.cx(0, 1, ctrl_state=0)
    elif odd == "parameter":
        circuit.rz(Parameter("theta"), 0)
    elif odd == "own":
        circuit.append(Gate("cz", 2, []), [0, 1])
    elif odd == "integer":
        circuit.append(Gate("rz", 1, [1]), [0])
    else:
        with circuit.if_test((0, 1)):
            circuit.x(0)
    content = encode_kept(circuit)
    assert content == encode(circuit)
    assert decode(content) == circuit or odd in ("own", "integer")


def test_values_that_are_no_usual_numbers_are_exact() -> None:
    circuit = QuantumCircuit(1)
    for value in (-0.0, 5e-324, 1e308, math.pi):
        circuit.append(RZGate(value), [0])
    back = decode(encode_kept(circuit))
    assert [repr(step.params[0]) for step in back.data] == [repr(step.params[0]) for step in circuit.data]


def delays(circuit: QuantumCircuit) -> list[tuple[str, str]]:
    """Return durations and units of delays, those of bodies after those around them."""
    found = [
        (repr(step.operation.duration), step.operation.unit) for step in circuit.data if step.operation.name == "delay"
    ]
    bodies = (body for step in circuit.data for body in getattr(step.operation, "blocks", ()))
    return found + [delay for body in bodies for delay in delays(body)]


@pytest.mark.parametrize("odd", ["", "parameter", "body"])
def test_delays_keep_their_units_and_types(odd: str) -> None:
    """QPY gives back neither: a delay of 1.5 us cannot even be read again."""
    circuit = QuantumCircuit(1, 1)
    if odd == "parameter":
        circuit.rz(Parameter("theta"), 0)
    for length, unit in ((1.5, "us"), (2.0, "ns"), (100, "ns"), (1e-3, "s"), (7, "dt"), (0.25, "ms")):
        circuit.delay(length, 0, unit=unit)
    if odd == "body":
        with circuit.if_test((0, 1)):
            circuit.delay(0.75, 0, unit="us")
            circuit.delay(3, 0, unit="ms")
    known = delays(circuit)
    content = encode_kept(circuit)
    assert content.startswith(b"C") == (not odd)
    assert delays(decode(content)) == known
    # The circuit itself is as it was.
    assert delays(circuit) == known


def test_damaged_columns_are_refused() -> None:
    circuit = odd_circuits()[3]
    circuit.cz(0, 1)
    content = encode_kept(circuit)
    assert content.startswith(b"C")
    for damaged in (content[:4], content[:-1], content.replace(b"\x02cz", b"\x02qq"), b"C" + bytes(20)):
        with pytest.raises((ValueError, LookupError, qpy.exceptions.QpyError)):
            decode(damaged)
