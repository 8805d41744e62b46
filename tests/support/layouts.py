# SPDX-License-Identifier: Apache-2.0
"""Circuits with every arrangement of classical bits that Qiskit has, by name."""

from __future__ import annotations

from collections.abc import Callable

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, Qubit
from qiskit.circuit.classical import expr

LAYOUTS: dict[str, Callable[[], QuantumCircuit]] = {}


def layout(function: Callable[[], QuantumCircuit]) -> Callable[[], QuantumCircuit]:
    """Add a circuit, under the name of its function."""
    LAYOUTS[function.__name__] = function
    return function


def _entangled(*registers: ClassicalRegister) -> QuantumCircuit:
    """Return a circuit with as many qubits as bits: every second one is flipped, the first two are a Bell pair."""
    size = sum(register.size for register in registers)
    circuit = QuantumCircuit(QuantumRegister(size, "q"), *registers)
    circuit.h(0)
    circuit.cx(0, 1)
    for qubit in range(2, size, 2):
        circuit.x(qubit)
    return circuit


@layout
def one_register() -> QuantumCircuit:
    circuit = _entangled(ClassicalRegister(3, "c"))
    circuit.measure(range(3), range(3))
    return circuit


@layout
def measure_all() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.x(2)
    circuit.measure_all()
    return circuit


@layout
def two_registers() -> QuantumCircuit:
    circuit = _entangled(ClassicalRegister(2, "a"), ClassicalRegister(3, "b"))
    circuit.measure(range(5), range(5))
    return circuit


@layout
def bits_in_reverse() -> QuantumCircuit:
    circuit = _entangled(ClassicalRegister(2, "a"), ClassicalRegister(3, "b"))
    circuit.measure([4, 3, 2, 1, 0], range(5))
    return circuit


@layout
def register_that_nothing_is_measured_into() -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(2, "c"))
    circuit.x(0)
    circuit.measure_all()
    return circuit


@layout
def some_bits_only() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 3)
    circuit.x(1)
    circuit.measure(1, 2)
    return circuit


@layout
def in_the_middle() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(0, 1)
    return circuit


@layout
def one_bit_twice() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.x(0)
    circuit.measure(0, 0)
    return circuit


@layout
def condition_on_a_bit() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, True)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def _with_condition(register: ClassicalRegister) -> tuple[QuantumCircuit, ClassicalRegister]:
    out = ClassicalRegister(1, "out")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), register, out)
    circuit.h([0, 1])
    circuit.measure([0, 1], register)
    return circuit, out


@layout
def condition_on_a_register() -> QuantumCircuit:
    register = ClassicalRegister(2, "cond")
    circuit, out = _with_condition(register)
    with circuit.if_test((register, 3)) as otherwise:
        circuit.x(2)
    with otherwise:
        circuit.z(2)
    circuit.measure(2, out)
    return circuit


@layout
def condition_on_a_register_with_an_odd_name() -> QuantumCircuit:
    register = ClassicalRegister(2, "shape")
    circuit, out = _with_condition(register)
    with circuit.if_test((register, 2)):
        circuit.x(2)
    circuit.measure(2, out)
    return circuit


@layout
def switch_on_a_register() -> QuantumCircuit:
    register = ClassicalRegister(2, "cond")
    circuit, out = _with_condition(register)
    with circuit.switch(register) as case, case(1, 2):
        circuit.x(2)
    circuit.measure(2, out)
    return circuit


@layout
def expression_on_a_register() -> QuantumCircuit:
    register = ClassicalRegister(2, "cond")
    circuit, out = _with_condition(register)
    with circuit.if_test(expr.less(register, 2)):
        circuit.x(2)
    circuit.measure(2, out)
    return circuit


@layout
def for_loop() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    with circuit.for_loop(range(3)):
        circuit.x(0)
    circuit.measure(0, 0)
    return circuit


@layout
def measured_in_a_branch_only() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.x([0, 1])
    with circuit.for_loop(range(2)):
        circuit.measure(0, 1)
    return circuit


for name in (
    "shape", "size", "keys", "values", "items", "ndim", "if", "class", "my reg", "2nd", "data-1", "self", "_data", "_shape",
    "__class__", "__c_ZZ", "é", "c0", "loose0",
):  # fmt: skip

    def _named(name: str = name) -> QuantumCircuit:
        circuit = _entangled(ClassicalRegister(2, name))
        circuit.measure([0, 1], [0, 1])
        return circuit

    LAYOUTS[f"register_called_{name}"] = _named


@layout
def empty_register_between() -> QuantumCircuit:
    circuit = QuantumCircuit(
        QuantumRegister(2, "q"), ClassicalRegister(1, "a"), ClassicalRegister(0, "e"), ClassicalRegister(1, "b")
    )
    circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    return circuit


@layout
def loose_bits_only() -> QuantumCircuit:
    circuit = QuantumCircuit([Qubit(), Qubit(), Qubit()], [Clbit(), Clbit(), Clbit()])
    circuit.x([0, 2])
    circuit.h(1)
    circuit.measure(range(3), range(3))
    return circuit


@layout
def loose_bits_between_registers() -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(5, "q"), ClassicalRegister(1, "a"))
    circuit.add_bits([Clbit(), Clbit()])
    circuit.add_register(ClassicalRegister(2, "b"))
    circuit.x([1, 3])
    circuit.h(0)
    circuit.measure(range(5), range(5))
    return circuit


@layout
def loose_bit_far_above() -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(2, "a"))
    circuit.add_bits([Clbit() for _ in range(9)])
    circuit.x(0)
    circuit.measure(0, 10)
    return circuit


@layout
def interleaved_registers() -> QuantumCircuit:
    bits = [Clbit() for _ in range(4)]
    circuit = QuantumCircuit(QuantumRegister(4, "q"), bits)
    circuit.add_register(
        ClassicalRegister(name="even", bits=bits[0::2]), ClassicalRegister(name="odd", bits=bits[1::2])
    )
    circuit.x([0, 1])
    circuit.measure(range(4), range(4))
    return circuit


@layout
def registers_in_another_order_than_their_bits() -> QuantumCircuit:
    bits = [Clbit() for _ in range(4)]
    circuit = QuantumCircuit(QuantumRegister(4, "q"), bits)
    circuit.add_register(ClassicalRegister(name="high", bits=bits[2:]), ClassicalRegister(name="low", bits=bits[:2]))
    circuit.x([0, 3])
    circuit.measure(range(4), range(4))
    return circuit


@layout
def overlapping_registers() -> QuantumCircuit:
    bits = [Clbit() for _ in range(3)]
    circuit = QuantumCircuit([Qubit() for _ in range(3)], bits)
    circuit.add_register(ClassicalRegister(name="a", bits=bits[:2]), ClassicalRegister(name="b", bits=bits[1:]))
    circuit.x(1)
    circuit.measure(range(3), range(3))
    return circuit


@layout
def one_register_under_two_names() -> QuantumCircuit:
    bits = [Clbit(), Clbit()]
    circuit = QuantumCircuit([Qubit(), Qubit()], bits)
    circuit.add_register(ClassicalRegister(name="a", bits=bits), ClassicalRegister(name="again", bits=bits))
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    return circuit


@layout
def eighty_bits() -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(1, "q"), ClassicalRegister(40, "a"), ClassicalRegister(40, "b"))
    circuit.h(0)
    for bit in (0, 41, 79):
        circuit.measure(0, bit)
    return circuit


@layout
def no_bits() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    return circuit


@layout
def nothing_measured() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    return circuit
