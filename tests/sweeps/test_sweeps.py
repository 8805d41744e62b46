# SPDX-License-Identifier: Apache-2.0
"""Inputs of sweeps, the order of their tasks, and digests."""

from __future__ import annotations

import datetime
import functools
import gc
import os
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm2, qasm3, qpy, transpile
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
)  # fmt: skip
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import (
    HGate,
    ModularAdderGate,
    PauliEvolutionGate,
    QFTGate,
    SGate,
    efficient_su2,
    quantum_volume,
)  # fmt: skip
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp
from qiskit.synthesis import LieTrotter
from qiskit.transpiler import Layout
from tests.support import ROOT
from tests.support.calibrations import Drift
from tests.support.sweeping import Serial, families, ghz, misbehaving

from qiskit_ibm_native import CalibrationArchive, IBMProvider, Snapshot, Sweep, build_target
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.sweeps.inputs.fingerprint import circuit_fingerprint, fingerprint
from qiskit_ibm_native.sweeps.inputs.qpy_codec import decode, decode_transfer, encode, encode_transfer

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService


def names(sweep: Sweep) -> list[str]:
    return [task.circuit for task in sweep]


def test_every_combination_comes_once_ordered_by_snapshot_options_level_seed_and_circuit() -> None:
    sweep = Sweep(
        [ghz(2), ghz(3)], ["lima", "fez"], optimization_level=(1, 3), seeds=(7, 8, 9),
        options=[{}, {"layout_method": "trivial"}],
    )  # fmt: skip
    assert len(sweep) == 2 * 2 * 2 * 2 * 3
    expected = [
        (backend, options, level, seed, circuit)
        for backend in ("ibmq_lima", "ibm_fez")
        for options in ({}, {"layout_method": "trivial"})
        for level in (1, 3)
        for seed in (7, 8, 9)
        for circuit in ("ghz_n2", "ghz_n3")
    ]
    found = [(task.backend, task.options, task.optimization_level, task.seed, task.circuit) for task in sweep]
    assert found == expected
    assert [task.index for task in sweep] == list(range(len(sweep)))
    assert sweep[5] == list(sweep)[5]
    assert sweep[-1] == list(sweep)[-1]
    assert sweep[3:9:2] == list(sweep)[3:9:2]
    assert len({task.id for task in sweep}) == len(sweep)
    assert len({*sweep}) == len(sweep)
    with pytest.raises(IndexError):
        sweep[len(sweep)]
    assert repr(sweep) == "<Sweep of 48 tasks: 2 snapshots, 4 settings, 3 seeds, 2 circuits>"


def test_circuits_come_from_objects_programs_files_folders_and_generators(tmp_path: Path) -> None:
    (tmp_path / "two.qasm").write_text(qasm2.dumps(ghz(2)))
    (tmp_path / "three.qasm").write_text(qasm3.dumps(ghz(3)))
    with (tmp_path / "several.qpy").open("wb") as file:
        qpy.dump([ghz(4), ghz(5)], file)
    (tmp_path / "notes.txt").write_text("nothing")
    assert names(Sweep(ghz(2), "lima")) == ["ghz_n2"]
    assert names(Sweep(tmp_path / "two.qasm", "lima")) == ["two"]
    assert names(Sweep(str(tmp_path / "three.qasm"), "lima")) == ["three"]
    assert names(Sweep(tmp_path, "lima")) == ["ghz_n4", "ghz_n5", "three", "two"]
    sweep = Sweep((circuit for circuit in [ghz(2), tmp_path / "several.qpy"]), "lima")
    assert names(sweep) == ["ghz_n2", "ghz_n4", "ghz_n5"]
    (name,) = names(Sweep(qasm3.dumps(ghz(2)), "lima"))
    assert name.startswith("circuit-")
    # The circuit that was read has the gates that were written.
    program = Sweep([tmp_path / "three.qasm"], "lima")
    assert decode_transfer(program._circuits.blob(0)).count_ops() == ghz(3).count_ops()


def test_wrong_circuits_are_refused(tmp_path: Path) -> None:
    (tmp_path / "wrong.qasm").write_text("OPENQASM 2.0;\nqreg q[2];\nfly q[0];")
    (tmp_path / "wrong.qpy").write_bytes(b"not QPY")
    (tmp_path / "wrong.txt").write_text("")
    for circuits, words in [
        (3, "not int"), ({"a": ghz(2)}, "not dict"), ([ghz(2), None], "not NoneType"), (b"OPENQASM", "not bytes"),
        (tmp_path / "wrong.qasm", "not OpenQASM that Qiskit can read.*fly"), (tmp_path / "wrong.qpy", "not a QPY file"),
        (tmp_path / "wrong.txt", "names of files end in .qasm or .qpy"),
    ]:  # fmt: skip
        with pytest.raises(IBMInputValueError, match=words):
            Sweep(circuits, "lima")
    for missing in ("none.qasm", "none.qpy"):
        with pytest.raises(FileNotFoundError):
            Sweep(tmp_path / missing, "lima")


def test_snapshots_come_from_names_paths_archives_backends_and_objects(
    tmp_path: Path, service: LocalService, provider: IBMProvider
) -> None:
    calibrations = Snapshot.parse_many(list(Drift("lima", 1).calibrations(40)))
    vigo = Snapshot.load("vigo")
    vigo.save(tmp_path / "saved.zip")
    backend = provider.get_backend("ibm_fez")
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        for snapshot in calibrations:
            archive.add(snapshot)
        sweep = Sweep(
            ghz(2), ["fez", archive.between("ibmq_lima", None, None), [vigo, tmp_path / "saved.zip"], backend]
        )
        digests = [task.snapshot_digest for task in sweep]
        assert digests[1:41] == [snapshot.digest for snapshot in calibrations]
        assert digests[0] == digests[43] == Snapshot.load("fez").digest
        assert digests[41] == digests[42] == vigo.digest
        assert [task.calibrated for task in sweep][1:41] == [snapshot.last_update for snapshot in calibrations]
        # A backend's choice of gates counts; it is another task than one with all gates.
        assert sweep[43].id != sweep[0].id
        assert Sweep(ghz(2), "fez", use_fractional_gates=False)[0].id == Sweep(ghz(2), backend)[0].id
        assert Sweep(ghz(2), backend, use_fractional_gates=True)[0].id == sweep[0].id
    # Nothing of a backend but its snapshot is in what travels.
    sent = b"".join(read() for read in Sweep(ghz(2), backend).blob_readers(0)) + pickle.dumps(sweep.task_spec(0))
    assert service.token.encode() not in sent


def test_wrong_snapshots_are_refused(tmp_path: Path) -> None:
    for snapshots in (3, {"fez": 1}, ["fez", None], b"fez"):
        with pytest.raises(IBMInputValueError, match="Snapshots are Snapshot objects"):
            Sweep(ghz(2), snapshots)
    with pytest.raises(FileNotFoundError):
        Sweep(ghz(2), "ibm_nowhere")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"optimization_level": 4}, "optimization_level is 0, 1, 2 or 3, not 4"),
        ({"optimization_level": ()}, "optimization_level must have at least one value"),
        ({"optimization_level": True}, "not True"),
        ({"seeds": (0, -1)}, "seeds are whole numbers of at least 0.*not -1"),
        ({"seeds": range(-3, 4)}, "not -3"),
        ({"seeds": None}, "not None"),
        ({"seeds": 1.5}, "not 1.5"),
        ({"seeds": []}, "seeds must have at least one value"),
        ({"options": {"seed_transpiler": 3}}, "'seed_transpiler' cannot be an option: it comes from the sweep's seeds"),
        ({"options": [{"target": 3}]}, "'target' cannot be an option: it comes from the sweep's snapshots"),
        ({"options": [3]}, "options are mappings of names"),
        ({"options": {"hls_config": lambda **_: None}}, "cannot be sent to workers"),
        (
            {"options": {"routing_metod": "sabre"}},
            "no option 'routing_metod'; did you mean 'routing_method'",
        ),
        ({"options": [{}, {"num_processes": 2}]}, "no option 'num_processes'; there are approximation_degree, "),
        ({"pass_manager": 3}, "pass_manager is a function"),
        ({"pass_manager": lambda target: None}, "cannot be sent to workers.*top of a module"),
        ({"initial_layout": [0]}, "must be 2 different qubits"),
        ({"initial_layout": [1, 1]}, "must be 2 different qubits"),
        ({"initial_layout": [0, -1]}, "must be 2 different qubits"),
        ({"initial_layout": [0.5, 1]}, "does not place the qubits of 'ghz_n2'"),
        ({"initial_layout": [float("inf"), 1]}, "does not place the qubits of 'ghz_n2'"),
        ({"initial_layout": {"ghz n2": [0, 1]}}, r"names circuits that are not there: \['ghz n2'\]"),
        ({"options": 5}, "options are mappings of names"),
        ({"optimization_level": [[1]]}, "not \\[1\\]"),
        ({"initial_layout": 5}, "does not place the qubits of 'ghz_n2'"),
        ({"initial_layout": Layout({QuantumRegister(2, "r")[0]: 0})}, "does not place the qubits of 'ghz_n2'"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict, words: str) -> None:
    with pytest.raises(IBMInputValueError, match=words):
        Sweep(ghz(2), "lima", **arguments)


def test_layouts_are_given_for_all_circuits_by_qubit_or_by_name() -> None:
    circuit = ghz(2)
    for layout in ([3, 4], (3, 4), np.array([3, 4]), Layout({circuit.qubits[0]: 3, circuit.qubits[1]: 4}),
                   dict(zip(circuit.qubits, (3, 4), strict=True)), {"ghz_n2": [3, 4]}):  # fmt: skip
        assert Sweep(circuit, "lima", initial_layout=layout)[0].initial_layout == (3, 4)
    by_name = Sweep([ghz(2), ghz(3)], "lima", initial_layout={"ghz_n3": [0, 1, 2]})
    assert [task.initial_layout for task in by_name] == [None, (0, 1, 2)]


def test_a_task_is_known_by_everything_that_its_result_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def first(**arguments: object) -> str:
        return Sweep(**({"circuits": ghz(2), "snapshots": "lima"} | arguments))[0].id  # type: ignore[arg-type]

    lima = Snapshot.load("lima")
    made_of_other_things = [
        first(), first(circuits=ghz(3)), first(circuits=ghz(2, "other")), first(snapshots="vigo"),
        first(snapshots=lima.with_overrides(t1={0: 1e-4})), first(optimization_level=1), first(seeds=1),
        first(initial_layout=[0, 1]), first(initial_layout=[1, 0]), first(options={"layout_method": "trivial"}),
        first(options={"layout_method": "dense"}), first(pass_manager=misbehaving),
        first(pass_manager=functools.partial(misbehaving, layout_method="dense")),
        first(snapshots="fez"), first(snapshots="fez", use_fractional_gates=False),
    ]  # fmt: skip
    assert len(set(made_of_other_things)) == len(made_of_other_things)
    assert first() == first(snapshots=lima) == first(circuits=[ghz(2)], seeds=[0], options=[{}])
    known = first()
    monkeypatch.setattr("qiskit.__version__", "9.9.9")
    assert first() != known


def circuits_of_all_kinds() -> list[QuantumCircuit]:
    parameter, vector = Parameter("theta"), ParameterVector("v", 2)
    symbolic = QuantumCircuit(2)
    symbolic.rz(2 * parameter + 1, 0)
    symbolic.rx(vector[1] - vector[0], 1)
    symbolic.append(PauliEvolutionGate(SparsePauliOp(["XX", "ZI"], [1, 0.5]), time=parameter), [0, 1])
    sub = QuantumCircuit(2)
    sub.h(0)
    sub.cx(0, 1)
    nested = QuantumCircuit(4)
    nested.append(sub.to_gate(), [0, 1])
    nested.append(sub.to_gate().control(1), [0, 1, 2])
    nested.append(sub.to_instruction(), [2, 3])
    nested.append(HGate().control(2, annotated=True), [0, 1, 2])
    nested.unitary(np.diag([1, 1, 1, -1]), [0, 1])
    dynamic = QuantumCircuit(QuantumRegister(3, "a"), ClassicalRegister(3, "b"))
    dynamic.measure(0, 0)
    with dynamic.if_test((dynamic.clbits[0], 1)) as otherwise:
        dynamic.delay(30, 1, unit="ns")
    with otherwise, dynamic.for_loop(range(3)):
        dynamic.delay(5, 2, unit="us")
    counter = dynamic.add_var("counter", expr.lift(3, types.Uint(8)))
    with dynamic.while_loop(expr.less(counter, 5)):
        dynamic.x(0)
    with dynamic.switch(dynamic.cregs[0]) as case:
        with case(1):
            dynamic.x(0)
        with case(2, 3):
            dynamic.y(0)
    waiting = QuantumCircuit(1)
    waiting.delay(30, 0, unit="ns")
    longer = QuantumCircuit(1)
    longer.delay(30, 0, unit="us")
    transform = QuantumCircuit(3)
    transform.append(QFTGate(3), range(3))
    return [
        *families(),
        efficient_su2(3),
        quantum_volume(4, 4, seed=1),
        symbolic,
        nested,
        dynamic,
        waiting,
        longer,
        transform,
    ]


@pytest.mark.slow
def test_digests_of_circuits_are_the_same_in_every_process() -> None:
    here = [circuit_fingerprint(circuit).hex() for circuit in circuits_of_all_kinds()]
    assert len(set(here)) == len(here)
    program = (
        "from qiskit import QuantumCircuit; QuantumCircuit(1); QuantumCircuit(1)\n"
        "from tests.sweeps.test_sweeps import *\n"
        "print(*(circuit_fingerprint(circuit).hex() for circuit in circuits_of_all_kinds()))"
    )
    for seed in "012":
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        told = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        assert told.stdout.split() == here


def test_digests_do_not_depend_on_what_was_looked_at() -> None:
    for circuit in circuits_of_all_kinds():
        known = circuit_fingerprint(circuit)
        assert circuit_fingerprint(circuit.copy(circuit.name)) == known
        for instruction in circuit.data:
            _ = getattr(instruction.operation, "definition", None)
        assert circuit_fingerprint(circuit) == known
        restored = decode(encode(circuit))
        assert restored == circuit


def test_a_digest_changes_with_anything_in_a_circuit() -> None:
    def made(
        angle: float = 0.5, label: str | None = None, phase: float = 0.0, register: str = "q", **named: object
    ) -> bytes:
        circuit = QuantumCircuit(QuantumRegister(2, register), global_phase=phase, **named)
        circuit.rx(angle, 0, label=label)
        circuit.cx(0, 1)
        return circuit_fingerprint(circuit)

    others = [
        made(), made(angle=np.nextafter(0.5, 1)), made(label="a"), made(phase=0.1), made(register="r"), made(name="named"),
        made(metadata={"run": 1}), circuit_fingerprint(QuantumCircuit(2)), circuit_fingerprint(QuantumCircuit(3)),
    ]  # fmt: skip
    assert len(set(others)) == len(others)
    first, second = QuantumCircuit(2), QuantumCircuit(2)
    for circuit, unit in ((first, "us"), (second, "ns")):
        circuit.delay(10, 0, unit=unit)
    assert circuit_fingerprint(first) != circuit_fingerprint(second)


def test_factories_are_known_by_their_text_and_arguments() -> None:
    scope: dict = {}
    exec("def factory(target, **options):\n    return 1\n", scope)
    other: dict = {}
    exec("def factory(target, **options):\n    return 1 + target\n", other)
    assert fingerprint(scope["factory"]) != fingerprint(other["factory"])
    codes = []
    for level in (0, 3):
        # Without a source there is the code, which differs in a constant alone.
        session: dict = {}
        exec(compile(f"def factory(target, **options):\n    return {level}\n", "<nowhere>", "exec"), session)
        codes.append(fingerprint(session["factory"]))
    assert codes[0] != codes[1]
    kinds = []
    for level in (0, 3):
        session = {"__name__": "session"}
        exec(
            compile(f"class Factory:\n    def __call__(self, target):\n        return {level}\n", "<nowhere>", "exec"),
            session,
        )
        kinds.append(fingerprint(session["Factory"]()))
    assert kinds[0] != kinds[1]
    partials = [functools.partial(misbehaving, a=value) for value in (1, 2)]
    assert fingerprint(partials[0]) != fingerprint(partials[1])
    assert fingerprint(partials[0]) == fingerprint(functools.partial(misbehaving, a=1))


@pytest.mark.slow
def test_circuits_that_qpy_would_change_arrive_as_they_were() -> None:
    sub = QuantumCircuit(1, name="wait")
    sub.delay(5, 0, unit="us")
    waiting = QuantumCircuit(1)
    waiting.append(sub.to_instruction(), [0])
    prepared = QuantumCircuit(2)
    prepared.prepare_state([0.5, 0.5j, 0.5, -0.5], [0, 1])
    ordered = QuantumCircuit(3)
    operator = SparsePauliOp(["XXI", "IZZ", "YIY", "ZXX"], [1, 0.5, 0.3, 0.2])
    ordered.append(PauliEvolutionGate(operator, 0.3, synthesis=LieTrotter(preserve_order=False)), range(3))
    adder = QuantumCircuit(4)
    adder.append(ModularAdderGate(2), range(4))
    modified = QuantumCircuit(3)
    modified.append(AnnotatedOperation(SGate(), [ControlModifier(2, 1), InverseModifier(), PowerModifier(3)]), range(3))
    tagged = QuantumCircuit(1, metadata={"when": datetime.datetime(2026, 1, 1), "run": 3})
    for circuit in (waiting, prepared.inverse(), ordered, adder, modified, tagged, *circuits_of_all_kinds()):
        there = decode_transfer(encode_transfer(circuit, circuit_fingerprint(circuit)))
        assert circuit_fingerprint(there) == circuit_fingerprint(circuit)
        assert there.metadata == circuit.metadata
    for circuit in (prepared.inverse(), ordered, adder, modified):
        (result,) = Sweep(circuit, "lima").run(keep_circuits=True)
        target = build_target(Snapshot.load("lima"))
        assert result.transpiled == transpile(circuit, target=target, seed_transpiler=0, optimization_level=2)


@pytest.mark.slow
def test_a_digest_does_not_depend_on_what_memory_is_used_again() -> None:
    circuit = QuantumCircuit(3)
    for number in range(60):
        sub = QuantumCircuit(2, name=f"sub {number}")
        sub.rx(number, 0)
        sub.cx(0, 1)
        circuit.append(sub.to_gate().control(1, ctrl_state=0), range(3))
    known = circuit_fingerprint(circuit)
    for number in range(5):
        rubbish = [QuantumCircuit(2) for _ in range(37 * number)]
        gc.collect()
        assert circuit_fingerprint(circuit) == known
        del rubbish


@pytest.mark.slow
def test_a_million_tasks_and_thousands_of_circuits_take_little_memory() -> None:
    Sweep(ghz(2), "lima")[0]
    tracemalloc.start()
    try:
        sweep = Sweep((ghz(2, f"number {number}") for number in range(1000)), ["lima", "vigo"], seeds=range(500))
        assert len(sweep) == 1_000_000
        assert sweep[999_999].circuit == "number 999"
        assert sum(1 for _ in zip(sweep, range(20_000), strict=False)) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20e6


def test_tasks_are_done_with_whatever_qiskit_there_is() -> None:
    sweep = Sweep(ghz(2), ["lima", GenericBackendV2(3, seed=1)], optimization_level=range(4))
    for task, result in zip(sweep, sweep.run(Serial(), keep_circuits=True), strict=True):
        target = GenericBackendV2(3, seed=1).target if task.calibrated is None else build_target(Snapshot.load("lima"))
        made = transpile(ghz(2), target=target, seed_transpiler=0, optimization_level=task.optimization_level)
        assert result.transpiled == made


def test_calibrations_of_an_archive_are_read_when_they_are_needed(tmp_path: Path) -> None:
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        for payloads in Drift("lima", 2).calibrations(300):
            archive.add(Snapshot.from_payloads(*payloads))
        sweep = Sweep([ghz(2)], archive.between("ibmq_lima", None, None))
        assert len(sweep) == 300
        assert not sweep.snapshots._snapshots._recent
        assert sweep[250].calibrated is not None
        assert all(len(sweep.snapshots._snapshots._recent) <= 128 for _ in sweep)
        times = [task.calibrated for task in sweep]
        assert times == sorted(times)
        assert isinstance(times[0], datetime.datetime)
