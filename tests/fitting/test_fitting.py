# SPDX-License-Identifier: Apache-2.0
"""Circuits on devices: read, transpiled, ranked and written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, qasm2, qpy, transpile
from qiskit.circuit import Gate, Parameter
from tests.support.running import bell
from tests.support.sweeping import ghz

from qiskit_ibm_native import IBMInputValueError, Snapshot, build_target, score
from qiskit_ibm_native.fitting import (
    DeviceRanking,
    rank_devices,
    read_circuit,
    runs_as_it_is,
    shape_of,
    transpile_for,
    write_circuit,
)
from qiskit_ibm_native.fitting.ranking import DeviceFit
from qiskit_ibm_native.local.fractional_gates import with_fractional_gates


def test_the_circuit_is_that_of_transpile_and_the_estimate_that_of_score() -> None:
    for device in ("lima", "fez"):
        target = build_target(device)
        found = transpile_for(ghz(4), device, optimization_level=3, seed=5)
        assert found.circuit == transpile(ghz(4), target=target, optimization_level=3, seed_transpiler=5)
        expected = score(found.circuit, device)
        assert (found.esp, found.duration) == (expected.esp[0], expected.duration[0])
        assert found.device == Snapshot.load(device).name
        assert found.calibrated == Snapshot.load(device).last_update
        assert found.after.qubits >= found.before.qubits == 4
        assert found.after.two_qubit_count == found.circuit.num_nonlocal_gates()


def test_shapes_count_what_is_written() -> None:
    circuit = QuantumCircuit(5, 1)
    circuit.h(0)
    circuit.ccx(0, 1, 2)
    circuit.cx(0, 1)
    circuit.barrier()
    circuit.measure(0, 0)
    shape = shape_of(circuit)
    assert (shape.qubits, shape.size, shape.depth, shape.two_qubit_count, shape.two_qubit_depth) == (3, 4, 4, 2, 2)
    assert shape.operations == {"ccx": 1, "cx": 1, "h": 1, "measure": 1}
    empty = shape_of(QuantumCircuit())
    assert (empty.qubits, empty.size, empty.depth) == (0, 0, 0)


def test_a_circuit_runs_as_it_is_on_its_own_device_alone() -> None:
    lima, vigo, fez = map(build_target, ("lima", "vigo", "fez"))
    circuit = transpile(ghz(4), target=lima, optimization_level=1, seed_transpiler=0)
    assert runs_as_it_is(circuit, lima)
    assert not runs_as_it_is(circuit, fez)
    assert not runs_as_it_is(bell(), vigo)
    # Gates that the device has, on qubits between which it has none.
    apart = QuantumCircuit(5)
    apart.cx(0, 4)
    assert not runs_as_it_is(apart, lima)
    # Nothing says which qubits these two are.
    pair = QuantumCircuit(2)
    pair.cx(0, 1)
    assert not runs_as_it_is(pair, lima)
    turned = QuantumCircuit(5)
    turned.rz(Parameter("angle"), 0)
    turned.barrier()
    turned.delay(16, 0)
    assert runs_as_it_is(turned, lima)


def test_angles_that_a_device_does_not_take_are_none_of_its_gates() -> None:
    fez = build_target(with_fractional_gates(Snapshot.load("fez")))
    (pair, *_) = fez["rzz"]
    for angle, is_native in ((0.3, True), (-0.3, False)):
        circuit = QuantumCircuit(156)
        circuit.rzz(angle, *pair)
        assert runs_as_it_is(circuit, fez) is is_native


def test_control_flow_is_looked_into() -> None:
    fez = build_target("fez")
    for gate, is_native in (("sx", True), ("h", False)):
        circuit = QuantumCircuit(156, 1)
        with circuit.if_test((circuit.clbits[0], 1)):
            getattr(circuit, gate)(7)
        assert runs_as_it_is(circuit, fez) is is_native
        assert not runs_as_it_is(circuit, build_target("lima"))


def test_devices_are_in_the_order_of_the_estimate_and_those_without_one_last() -> None:
    ranking = rank_devices(ghz(6), ["lima", "fez", "hanoi"], progress=False)
    assert [fit.device for fit in ranking][-1] == "ibmq_lima"
    assert "choose a larger device" in str(ranking[-1].problem)
    assert ranking[0].esp > ranking[1].esp > 0  # type: ignore[operator]
    assert ranking[-1].shape is None
    assert [fit.device for fit in ranking[:2]] == [fit["device"] for fit in ranking.to_dict()["devices"]][:2]
    assert repr(ranking).startswith("<DeviceRanking of 'ghz_n6' on 3 devices: best ibm_")
    assert "ibmq_lima" in ranking._repr_html_()


def test_names_in_pictures_of_rankings_are_escaped() -> None:
    ranking = DeviceRanking("<b>", [DeviceFit("<script>", None, problem="a <i> problem")])
    html = ranking._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert repr(ranking) == "<DeviceRanking of '<b>' on 1 devices: none of them can be scored>"


def test_progress_is_told_for_each_device() -> None:
    seen: list[Any] = []
    rank_devices(bell(), ["lima", "vigo"], progress=seen.append)
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (2, 2, "device")


def test_a_backend_is_transpiled_for_as_transpile_does(local_provider: Any) -> None:
    backend = local_provider.get_backend("ibmq_vigo")
    found = transpile_for(ghz(3), backend, seed=1)
    assert found.circuit == transpile(ghz(3), backend, optimization_level=2, seed_transpiler=1)
    assert rank_devices(found.circuit, [backend])[0].was_transpiled is False


def test_what_cannot_be_done_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IBMInputValueError, match="has 9 qubits, and ibmq_lima has 5: choose a larger device"):
        transpile_for(ghz(9), "lima")
    with pytest.raises(IBMInputValueError, match="0, 1, 2 or 3, not 7"):
        transpile_for(bell(), "lima", optimization_level=7)
    opaque = QuantumCircuit(2)
    opaque.append(Gate("opaque", 2, []), [0, 1])
    with pytest.raises(IBMInputValueError, match="cannot be transpiled"):
        transpile_for(opaque, "lima")
    with pytest.raises(IBMInputValueError, match="no device to rank"):
        rank_devices(bell(), [])
    with pytest.raises(FileNotFoundError, match=r"Did you mean .*bell\.qasm"):
        qasm2.dump(bell(), tmp_path / "bell.qasm")
        read_circuit(tmp_path / "bel.qasm")
    with (tmp_path / "none.qpy").open("wb") as file:
        qpy.dump([], file)
    with pytest.raises(IBMInputValueError, match="has no circuit"):
        read_circuit(tmp_path / "none.qpy")


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kept.qpy"
    file.write_text("kept")

    def half(_circuit: Any, opened: Any) -> None:
        opened.write(b"QISKIT")
        raise ValueError("of this")

    with monkeypatch.context() as patch, pytest.raises(IBMInputValueError, match="cannot be written as QPY: of this"):
        patch.setattr(qpy, "dump", half)
        write_circuit(bell(), file)
    assert file.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [file]
    assert write_circuit(bell(), file) == "QPY"
    assert read_circuit(file) == bell()
    other = tmp_path / "as-others"
    other.touch()
    assert file.stat().st_mode == other.stat().st_mode
