# SPDX-License-Identifier: Apache-2.0
"""Targets of the bundled devices, compared with what they were: the same with every supported Qiskit.

That they are right is shown against the official client, which needs a later Qiskit than this package does.
``UPDATE_GOLDEN=1`` writes the file anew.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from typing import TYPE_CHECKING

import pytest
from qiskit import QuantumCircuit, transpile
from tests.support import TESTS

from qiskit_ibm_native import (
    Snapshot,
    build_coupling_map,
    build_instruction_durations,
    build_target,
    bundled_devices,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = TESTS / "golden" / "targets.json"


def describe(snapshot: Snapshot) -> Iterator[str]:
    """Yield lines that tell a target from every other one; floats as they print shortest."""
    target = build_target(snapshot)
    yield f"{target.num_qubits} {target.dt!r} {vars(target.timing_constraints())}"
    for qubit in target.qubit_properties or ():
        yield repr((qubit.t1, qubit.t2, qubit.frequency))
    for name, entries in target.items():
        operation = target.operation_from_name(name)
        yield f"{name} {operation.__name__ if inspect.isclass(operation) else (operation.name, operation.num_qubits)}"
        for qargs, entry in entries.items():
            yield repr((qargs, entry and (entry.duration, entry.error)))
    yield repr(build_instruction_durations(snapshot).duration_by_name_qubits)
    coupling_map = build_coupling_map(snapshot)
    yield repr(coupling_map and list(coupling_map.graph.edge_list()))


@pytest.mark.parametrize("device", bundled_devices())
def test_target_is_what_it_was(device: str) -> None:
    lines = list(describe(Snapshot.load(device)))
    found = {"lines": len(lines), "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest()}
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if os.environ.get("UPDATE_GOLDEN"):
        golden[device] = found
        GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
    assert golden[device] == found


def test_the_target_transpiles() -> None:
    circuit = QuantumCircuit(4)
    circuit.h(0)
    circuit.cx([0, 1, 2], [1, 2, 3])
    circuit.measure_all()
    target = build_target(Snapshot.load("fez"))
    compiled = transpile(circuit, target=target, seed_transpiler=3)
    for instruction in compiled.data:
        if instruction.operation.name != "barrier":
            qargs = tuple(compiled.find_bit(qubit).index for qubit in instruction.qubits)
            assert target.instruction_supported(instruction.operation.name, qargs)
