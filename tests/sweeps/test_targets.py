# SPDX-License-Identifier: Apache-2.0
"""Sweeps over devices that have no payload: targets and backends of other providers."""

from __future__ import annotations

import copy
import math
import os
import pickle
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import IfElseOp, Parameter
from qiskit.circuit.library import CXGate, CZGate, RZGate, RZZGate, SXGate, XGate
from qiskit.providers import BackendV2, QubitProperties
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Operator
from qiskit.transpiler import CouplingMap, InstructionProperties, Target, generate_preset_pass_manager
from qiskit_aer import AerSimulator
from tests.support import ROOT
from tests.support.calibrations import Drift
from tests.support.sweeping import Metered, Serial, Swing, changing, facts, families, ghz

from qiskit_ibm_native import CalibrationArchive, Ledger, Snapshot, Sweep, SweepWarning, build_target
from qiskit_ibm_native.exceptions import IBMInputValueError, SweepError
from qiskit_ibm_native.sweeps.inputs.qpy_codec import decode, encode
from qiskit_ibm_native.sweeps.inputs.targets import target_device, target_fingerprint
from qiskit_ibm_native.target.builders import build_historical_target

pytestmark = pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")

Source = Target | BackendV2


def ring(num_qubits: int = 6, **options: Any) -> GenericBackendV2:
    return GenericBackendV2(num_qubits, coupling_map=CouplingMap.from_ring(num_qubits), seed=2, **options)


def with_folded_angles() -> Target:
    """Return a target with a gate that takes some angles only, which Qiskit has to be told how to fold."""
    target = build_target(Snapshot.load("lima"))
    # Between gates that are as good, Qiskit chooses by chance.
    better = {qargs: InstructionProperties(entry.duration, entry.error / 2) for qargs, entry in target["cx"].items()}
    target.add_instruction(RZZGate(Parameter("t")), better, angle_bounds=[(0, math.pi / 2)])
    return target


def with_a_gate_of_ours() -> Target:
    target = copy.deepcopy(ring().target)
    target.add_instruction(Swing(Parameter("a")), {(0, 1): InstructionProperties(1e-7, 0.01), (1, 2): None})
    return target


def configured() -> Target:
    return Target.from_configuration(["cx", "u3", "measure"], coupling_map=CouplingMap.from_line(7), dt=1e-9)


KINDS: dict[str, Callable[[], Source]] = {
    "generic": lambda: ring(control_flow=True),
    "without errors": lambda: ring(noise_info=False),
    "of a snapshot": lambda: build_target(Snapshot.load("fez")),
    "folded angles": with_folded_angles,
    "gate of ours": with_a_gate_of_ours,
    "configured": configured,
    "simulator": AerSimulator,
    "simulator of a device": lambda: AerSimulator.from_backend(ring()),
}


def target_of(source: Source) -> Target:
    return source if isinstance(source, Target) else source.target


def circuits_for(kind: str) -> list[QuantumCircuit]:
    if kind == "simulator":
        # Of the others, Qiskit itself makes something else each time, since several of its gates are as good.
        return [ghz(5), families()[1], families()[3]]
    ours = QuantumCircuit(3, 3, name="ours")
    if kind == "gate of ours":
        ours.append(Swing(0.3), [0, 1])
        ours.append(Swing(0.4), [1, 2])
    if kind == "generic":
        ours.h(0)
        ours.measure(0, 0)
        with ours.if_test((ours.clbits[0], 1)):
            ours.x(1)
    return [*families(), ours]


def kept(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit as ledgers give it back: gates of ours are gates by their name and definition."""
    return decode(encode(circuit))


# Processes of tests import plug-ins otherwise, and one of those folds angles otherwise.
@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "folded angles"])
def test_circuits_are_those_of_transpile_with_the_target(kind: str, pool: Any) -> None:
    source = KINDS[kind]()
    circuits = {circuit.name: circuit for circuit in circuits_for(kind)}
    sweep = Sweep(circuits.values(), source, optimization_level=range(4), seeds=(3, 4))
    for task, result in zip(sweep, sweep.run(pool, keep_circuits=True), strict=True):
        assert result.error is None
        options: Any = {"optimization_level": task.optimization_level, "seed_transpiler": task.seed}
        circuit, target = circuits[task.circuit], target_of(source)
        made = transpile(circuit, target=target, **options)
        assert result.transpiled == kept(made), task
        assert result.transpiled == kept(generate_preset_pass_manager(target=target, **options).run(circuit))
        assert (result.depth, result.operations) == (made.depth(), made.count_ops())
        assert (result.backend, result.calibrated) == (task.backend, None)
        assert result.snapshot_digest == task.snapshot_digest
        assert (result.esp is None) == made.has_control_flow_op()


def test_workers_fold_angles_that_a_target_does_not_take(pool: Any) -> None:
    circuit = QuantumCircuit(5)
    for angle in (-0.3, 2.0, 3.5):
        circuit.rzz(angle, 0, 1)
        circuit.sx([0, 1])
    (result,) = Sweep(circuit, with_folded_angles(), optimization_level=0).run(pool, keep_circuits=True)
    assert result.error is None
    angles = [step.params[0] for step in result.transpiled.data if step.name == "rzz"]
    assert len(angles) == 3
    assert all(0 <= angle <= math.pi / 2 for angle in angles)
    assert Operator.from_circuit(result.transpiled).equiv(Operator(circuit))


@pytest.mark.slow
@pytest.mark.parametrize("coupling", [CouplingMap.from_grid(25, 40), CouplingMap.from_heavy_hex(21)])
def test_synthetic_devices_of_a_thousand_qubits(coupling: CouplingMap, pool: Any) -> None:
    backend = GenericBackendV2(coupling.size(), coupling_map=coupling, seed=1)
    assert backend.num_qubits >= 1000
    sweep = Sweep(ghz(100), backend, optimization_level=(1, 2), seeds=(0, 1))
    for task, result in zip(sweep, sweep.run(pool, keep_circuits=True), strict=True):
        made = transpile(ghz(100), backend, optimization_level=task.optimization_level, seed_transpiler=task.seed)
        assert result.transpiled == made
        assert result.num_qubits == backend.num_qubits
        assert 0 < result.esp < 1


def test_a_factory_gets_a_target_of_its_own_each_time(pool: Any) -> None:
    circuits = [ghz(3, f"c{number}") for number in range(6)]
    results = Sweep(circuits, ring(), pass_manager=changing).run(pool)
    assert not results.errors
    assert len({(result.depth, result.layout, result.esp) for result in results}) == 1


def test_targets_and_snapshots_are_taken_in_the_order_in_which_they_come(tmp_path: Path, pool: Any) -> None:
    first, last = ring(), with_a_gate_of_ours()
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        for payloads in Drift("lima", 1).calibrations(3):
            archive.add(Snapshot.from_payloads(*payloads))
        sweep = Sweep(
            ghz(3),
            [first, "vigo", [archive.between("ibmq_lima", None, None), (first.target, last)], "fez"],
            seeds=(0, 1),
        )
        assert sweep.shape == (8, 1, 2, 1)
        names = [task.backend for task in sweep][::2]
        assert names[:5] == ["generic_backend_6q", "ibmq_vigo", "ibmq_lima", "ibmq_lima", "ibmq_lima"]
        assert names[5:] == ["Generic Target with 6 qubits", "Generic Target with 6 qubits", "ibm_fez"]
        assert [sweep.snapshots.snapshot(index) is None for index in range(8)] == [
            name.lower().startswith("generic") for name in names
        ]
        assert [task.calibrated is None for task in sweep][::2] == [
            name.lower().startswith("generic") for name in names
        ]
        results = sweep.run(pool)
        assert [result.num_qubits for result in results][::2] == [6, 5, 5, 5, 5, 6, 6, 156]
        assert [result.backend for result in results][::2] == names


def test_nothing_of_a_backend_but_its_target_travels() -> None:
    backend = ring()
    backend.secret = threading.Lock()  # no pickle could have it
    sweep = Sweep(ghz(2), [backend, backend.target], seeds=(1,))
    (named, plain), (blob, other) = sweep, (sweep.blob_readers(index)[0]() for index in range(2))
    assert blob == other
    # The name is that of a column, and part of what a task is known by.
    assert (named.backend, plain.backend) == ("generic_backend_6q", "Generic Target with 6 qubits")
    assert named.snapshot_digest != plain.snapshot_digest


def test_targets_are_taken_as_they_are_when_the_sweep_is_made(pool: Any) -> None:
    target = copy.deepcopy(ring().target)
    sweep = Sweep(ghz(3), target)
    task = sweep[0]
    target.update_instruction_properties("cx", (0, 1), InstructionProperties(1e-7, 0.9))
    assert Sweep(ghz(3), target)[0].id != task.id == sweep[0].id
    (result,) = sweep.run(pool, keep_circuits=True)
    assert result.transpiled == transpile(ghz(3), ring(), seed_transpiler=0, optimization_level=2)


# Digests.


def changes() -> list[Callable[[Target], Any]]:
    """Return functions, each of which changes one thing in the target of `small`."""
    return [
        lambda target: setattr(target, "dt", 2e-9),
        lambda target: setattr(target, "granularity", 8),
        lambda target: setattr(target, "min_length", 8),
        lambda target: setattr(target, "pulse_alignment", 8),
        lambda target: setattr(target, "acquire_alignment", 8),
        lambda target: target.update_instruction_properties("x", (0,), InstructionProperties(1e-8, 0.1)),
        lambda target: target.update_instruction_properties("x", (0,), InstructionProperties(None, 0.1)),
        lambda target: target.update_instruction_properties(
            "x", (0,), InstructionProperties(3e-8, math.nextafter(0.1, 1))
        ),
        lambda target: target.update_instruction_properties("x", (0,), None),
        lambda target: target.add_instruction(SXGate(), {(0,): None}),
        lambda target: target.add_instruction(SXGate(), {(1,): None}),
        lambda target: target.add_instruction(SXGate()),
        lambda target: target.add_instruction(SXGate(label="mine"), {(0,): None}),
        lambda target: target.add_instruction(SXGate(), {(0,): None}, name="other"),
        lambda target: target.add_instruction(RZGate(Parameter("a")), {(0,): None}, name="sx"),
        lambda target: target.add_instruction(RZGate(Parameter("b")), {(0,): None}, name="sx"),
        lambda target: target.add_instruction(RZGate(0.5), {(0,): None}, name="sx"),
        lambda target: target.add_instruction(RZGate(Parameter("a")), {(0,): None}, name="sx", angle_bounds=[(0, 1.0)]),
        lambda target: target.add_instruction(RZGate(Parameter("a")), {(0,): None}, name="sx", angle_bounds=[(0, 2.0)]),
        lambda target: target.add_instruction(IfElseOp, name="if_else"),
        lambda target: target.add_instruction(Swing(Parameter("a")), {(0, 1): None}),
        lambda target: target.add_instruction(named_gate(0.1), {(0, 1): None}),
        lambda target: target.add_instruction(named_gate(0.2), {(0, 1): None}),
        lambda target: target.add_instruction(CZGate(), {(2, 0): None}),
    ]


def named_gate(angle: float) -> Any:
    """Return a gate that is known by its definition alone."""
    circuit = QuantumCircuit(2, name="mine")
    circuit.rx(angle, 0)
    circuit.cx(0, 1)
    return circuit.to_gate()


def small(**options: Any) -> Target:
    qubits = [QubitProperties(t1=1e-4, t2=2e-4, frequency=5e9), QubitProperties(), QubitProperties()]
    target = Target(**{"num_qubits": 3, "dt": 1e-9, "qubit_properties": qubits} | options)
    target.add_instruction(XGate(), {(0,): InstructionProperties(3e-8, 0.1), (1,): None})
    target.add_instruction(CXGate(), {(0, 1): None, (1, 2): None})
    return target


def test_a_digest_changes_with_everything_in_a_target() -> None:
    found = [target_fingerprint(small())]
    for change in changes():
        target = small()
        change(target)
        found.append(target_fingerprint(target))
    found += [
        target_fingerprint(small(**options))
        for options in (
            {"num_qubits": 4, "qubit_properties": None}, {"num_qubits": 3, "qubit_properties": None},
            {"concurrent_measurements": [[0, 1]]}, {"concurrent_measurements": [[0, 2]]},
            {"qubit_properties": [QubitProperties(t1=1e-4, t2=2e-4, frequency=4e9), QubitProperties(), QubitProperties()]},
            {"qubit_properties": [QubitProperties(t1=1e-4, t2=1e-4, frequency=5e9), QubitProperties(), QubitProperties()]},
            {"qubit_properties": [QubitProperties(t1=2e-4, t2=2e-4, frequency=5e9), QubitProperties(), QubitProperties()]},
            {"qubit_properties": [QubitProperties(), QubitProperties(t1=1e-4, t2=2e-4, frequency=5e9), QubitProperties()]},
        )
    ]  # fmt: skip
    other_edges = Target(num_qubits=3, dt=1e-9, qubit_properties=small().qubit_properties)
    other_edges.add_instruction(XGate(), small()["x"])
    other_edges.add_instruction(CXGate(), {(1, 2): None, (0, 1): None})
    found += [target_fingerprint(other_edges), target_fingerprint(Answering.of(small()))]
    assert len(set(found)) == len(found)


class Answering(Target):
    """A target that may answer otherwise than Qiskit's."""

    @classmethod
    def of(cls, other: Target) -> Answering:
        made = cls()
        made.__setstate__(other.__getstate__())
        return made


def test_a_digest_does_not_change_with_what_results_do_not_depend_on() -> None:
    known = target_fingerprint(small())
    looked_at = small(description="another text")
    looked_at.build_coupling_map()
    looked_at.durations()
    assert looked_at.get_non_global_operation_names() is not None
    assert target_fingerprint(looked_at) == known
    turned = Target(num_qubits=3, dt=np.float64(1e-9), qubit_properties=small().qubit_properties)
    turned.add_instruction(CXGate(), {(np.int64(0), np.int64(1)): None, (1, 2): None})
    turned.add_instruction(XGate(), {(1,): None, (0,): InstructionProperties(np.float64(3e-8), 0.1)})
    assert target_fingerprint(turned) == known
    lima = Snapshot.load("lima")
    assert target_fingerprint(build_historical_target(lima)) == target_fingerprint(build_target(lima))
    for copied in (copy.deepcopy(looked_at), pickle.loads(pickle.dumps(looked_at))):
        assert target_fingerprint(copied) == known


@pytest.mark.slow
def test_digests_are_the_same_in_every_process() -> None:
    here = [target_device(make()).digest.hex() for make in KINDS.values()]
    assert len(set(here)) == len(here)
    program = (
        "from tests.sweeps.test_targets import *\n"
        "print(*(target_device(make()).digest.hex() for make in KINDS.values()))"
    )
    for seed in "012":
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        told = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        assert told.stdout.split() == here


class Idle(Serial):
    """Has nothing to do."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a task was given out")


def test_a_sweep_that_is_resumed_knows_its_devices_by_their_content(tmp_path: Path, pool: Any) -> None:
    path = tmp_path / "ledger.sqlite3"
    before = list(Sweep([ghz(2), ghz(3)], [ring(), configured()], seeds=(0, 1)).run(pool, path))
    again = Sweep([ghz(2), ghz(3)], [ring(), configured()], seeds=(0, 1)).run(Idle(), path)
    assert list(map(facts, again)) == list(map(facts, before))
    # Another seed of the backend is another device of that name.
    other = Sweep(ghz(2), GenericBackendV2(6, coupling_map=CouplingMap.from_ring(6), seed=3))
    assert other[0].id not in {result.task_id for result in before}
    with Ledger(path) as ledger:
        (kept,) = ledger.best(by="depth", per=("backend",), sweep=Sweep(ghz(2), ring()))
        assert (kept.backend, kept.calibrated, kept.use_fractional_gates) == ("generic_backend_6q", None, None)
        assert {result.backend for result in ledger} == {"generic_backend_6q", nameless(configured())}


def nameless(target: Target) -> str:
    return f"target-{target_fingerprint(target).hex()[:12]}"


# Names.


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, ""), ("", ""), ("  \n", ""), ("grid", "grid"), ("two\nlines", "two lines"), ("x" * 64, "x" * 64),
        ("x" * 65, "x" * 61 + "..."), ("odd \udcff", "odd ?"),
    ],
)  # fmt: skip
def test_names_of_devices_fit_into_a_column(name: str | None, shown: str, pool: Any) -> None:
    target = configured()
    if name is None or name.isprintable():
        target.description = name
        (result,) = Sweep(ghz(2), target).run(pool)
        assert result.backend == (shown or nameless(target))
    backend = ring()
    backend.name, backend.target.description = name, "of the target"
    assert Sweep(ghz(2), backend)[0].backend == (shown or ("of the target" if not name else nameless(backend.target)))


def test_devices_of_the_same_name_are_told_apart_by_their_digests(pool: Any) -> None:
    devices = [GenericBackendV2(4, seed=seed) for seed in range(3)]
    results = Sweep(ghz(3), devices).run(pool)
    assert {result.backend for result in results} == {"generic_backend_4q"}
    assert len({result.snapshot_digest for result in results}) == 3
    assert len(results.ledger.best(per=("snapshot",))) == 3
    devices[1].name = "another"
    assert [task.backend for task in Sweep(ghz(3), devices)] == ["generic_backend_4q", "another", "generic_backend_4q"]


def test_tables_have_targets_beside_snapshots(pool: Any) -> None:
    pytest.importorskip("pyarrow")
    table = Sweep(ghz(3), [ring(), "lima", configured()]).run(pool).table()
    assert table["backend"].to_pylist() == ["generic_backend_6q", "ibmq_lima", nameless(configured())]
    assert [when is None for when in table["calibrated"].to_pylist()] == [True, False, True]
    assert table["use_fractional_gates"].to_pylist() == [None] * 3
    assert all(0 < esp <= 1 for esp in table["esp"].to_pylist())


# Refusals.


class Unfit(BackendV2):
    """A backend that gives something else in place of its target."""

    def __init__(self, given: Any) -> None:
        super().__init__(name="unfit")
        self.given = given

    @property
    def target(self) -> Any:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    @property
    def max_circuits(self) -> None:
        return None

    @classmethod
    def _default_options(cls) -> Any:
        return None

    def run(self, run_input: Any, **options: Any) -> Any:
        raise AssertionError("a sweep runs nothing on a backend")


class Forgetful(Target):
    """A target with something that its pickles do not have."""


def forgetful() -> Target:
    target = Forgetful(num_qubits=2)
    target.noise = "much"
    return target


def with_a_local_gate() -> Target:
    class Local(Swing):
        """A gate that nobody finds."""

    target = Target("mine")
    target.add_instruction(Local(0.1), {(0, 1): None})
    return target


def with_a_lock() -> Target:
    target, gate = Target("mine"), Swing(0.1)
    gate.lock = threading.Lock()
    target.add_instruction(gate, {(0, 1): None})
    return target


class Unreadable(Swing):
    """A gate whose pickles nobody can read."""

    def __reduce__(self) -> Any:
        return int, ("no number",)


def with_an_unreadable_gate() -> Target:
    target = Target("mine")
    target.add_instruction(Unreadable(0.1), {(0, 1): None})
    return target


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Unfit(None), "Backend 'unfit' has no Target, but None, and no snapshot"),
        (lambda: Unfit(OSError("no network")), "Backend 'unfit' cannot give its target: no network"),
        (forgetful, "A target without a description cannot be sent to workers: its pickle is another target"),
        (with_a_local_gate, "Target 'mine' cannot be sent to workers: .*Local.*at the top of a module"),
        (with_a_lock, "Target 'mine' cannot be named by its content: .*lock"),
        (with_an_unreadable_gate, "Target 'mine' cannot be sent to workers: its pickle cannot be read: .*no number"),
        (lambda: GenericBackendV2, "Snapshots are Snapshot objects.*backends, or targets, not .*"),
    ],
)
def test_devices_that_cannot_be_sent_are_refused_when_the_sweep_is_made(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(IBMInputValueError, match=words):
        Sweep(ghz(2), ["lima", make()])


def test_a_choice_of_gates_cannot_be_applied_to_a_target() -> None:
    for choice in (True, False):
        with pytest.raises(IBMInputValueError, match=f"use_fractional_gates={choice} cannot be .*'generic_backend_6q'"):
            Sweep(ghz(2), ["fez", ring()], use_fractional_gates=choice)


def test_circuits_that_a_target_cannot_run_fail_alone(pool: Any) -> None:
    target = Target.from_configuration(["cx", "u3"], coupling_map=CouplingMap.from_line(3))
    bell = ghz(3).remove_final_measurements(inplace=False)
    results = Sweep([ghz(3), bell, ghz(4)], target).run(pool)
    assert [result.error is None for result in results] == [False, True, False]
    assert "measure" in results[0].error
    assert (results.num_failed, len(results.errors)) == (2, 2)


def test_results_on_targets_are_not_compared_with_calibrations_of_today(pool: Any) -> None:
    lima = Snapshot.load("lima")
    target = build_target(lima)
    target.description = "ibmq_lima"
    sweep = Sweep(ghz(3), ["lima", ring(), target])
    sweep.run(pool, keep_circuits=True)
    today = lima.with_overrides(t1=dict.fromkeys(range(5), 1e-06))
    with pytest.raises(SweepError, match=r"Task 2 \(ghz_n3 on ibmq_lima\) was done for a target, which has no calibr"):
        sweep.find_stale(today)
    mixed = Sweep(ghz(3), ["lima", ring()])
    mixed.run(pool, keep_circuits=True)
    (stale,) = mixed.find_stale(today)
    assert stale.result.backend == "ibmq_lima"
    with pytest.raises(IBMInputValueError, match=r"Snapshots are .*, or backends of this package, not Target"):
        mixed.find_stale(target)


# Ways to workers.


@pytest.mark.slow
def test_a_target_travels_once_to_each_worker() -> None:
    circuits = [ghz(2 + number % 4, f"c{number}") for number in range(40)]
    backend = GenericBackendV2(1000, coupling_map=CouplingMap.from_grid(25, 40), seed=1, noise_info=False)
    sweep = Sweep(circuits, backend, seeds=range(3), optimization_level=0)
    executor = Metered(2)
    results = sweep.run(executor)
    executor.shutdown()
    assert not results.errors
    # 836 bytes for each qubit without compression.
    assert len(sweep.snapshots.form(0)) < 200_000
    carried = Counter(pool for pool, chunk, _ in executor.sent if sweep.task_spec(0).snapshot in chunk.blobs)
    assert set(carried) == {0, 1}
    # Those that were on their way when the first bounced may have it, too.
    assert sum(carried.values()) <= 20 < len(executor.sent)


@pytest.mark.slow
def test_targets_reach_workers_of_clusters() -> None:
    distributed = pytest.importorskip("distributed")
    sweep = Sweep([ghz(3), families()[4]], [ring(), with_a_gate_of_ours(), "lima"], seeds=range(3))
    expected = sweep.run(Serial(), keep_circuits=True)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        results = sweep.run(client.get_executor(), keep_circuits=True)
        assert [facts(result) for result in results] == [facts(result) for result in expected]
        assert [result.transpiled for result in results] == [result.transpiled for result in expected]


@pytest.mark.slow
def test_gates_of_the_main_program_reach_workers(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    text = (
        f"import sys\nsys.path[:0] = {[str(ROOT)]!r}\n"
        "from qiskit import QuantumCircuit\n"
        "from qiskit.circuit import Gate\n"
        "from qiskit.circuit.library import CXGate\n"
        "from qiskit.transpiler import Target\n"
        "from qiskit_ibm_native import Sweep\n"
        "class Mine(Gate):\n"
        "    def __init__(self):\n        super().__init__('mine', 2, [])\n"
        "if __name__ == '__main__':\n"
        "    target = Target('ours')\n"
        "    target.add_instruction(Mine(), {(0, 1): None})\n"
        "    target.add_instruction(CXGate(), {(0, 1): None})\n"
        "    circuit = QuantumCircuit(2)\n"
        "    circuit.append(Mine(), [0, 1])\n"
        "    (result,) = Sweep(circuit, target, optimization_level=0).run()\n"
        "    print(result.error, result.backend, result.operations)\n"
    )
    for first in ("", "import sys\nsys.modules['cloudpickle'] = None\n"):
        program.write_text(first + text)
        told = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
        assert told.stdout == "None ours {'mine': 1}\n"


# Failures are told.


def test_failed_tasks_are_counted_and_warned_of_once(
    tmp_path: Path, pool: Any, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger.sqlite3"
    sweep = Sweep([ghz(2), ghz(7, "large")], ring(), seeds=range(2))
    told = (
        r"2 of 4 tasks failed:\n  2 x TranspilerError: .*\(task 1, large on generic_backend_6q\)\n"
        r"results.errors has all of them; another run tries them again with retry_failed=True."
    )
    with pytest.warns(SweepWarning, match=told) as warned:
        results = sweep.run(pool, path)
    assert [Path(warning.filename) for warning in warned] == [Path(__file__)]
    assert repr(results) == f"<SweepResults of 4 tasks, 2 failed, in {results.ledger!r}>"
    assert caplog.messages == [str(warned[0].message)]
    caplog.clear()
    # Failures of earlier runs count, too.
    with pytest.warns(SweepWarning, match=told):
        assert sweep.run(Idle(), path).num_failed == 2
    with pytest.warns(SweepWarning, match=told) as warned:
        assert len(list(sweep.stream(Idle(), path))) == 4
    assert [Path(warning.filename) for warning in warned] == [Path(__file__)]
    caplog.clear()
    assert repr(Sweep(ghz(2), ring()).run(pool, path)) == f"<SweepResults of 1 task in {results.ledger!r}>"
    assert not caplog.messages


def test_a_ledger_in_the_position_of_the_executor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sweep.sqlite3"
    sweep = Sweep(ghz(2), ring())
    for first in (str(path), path):
        with pytest.raises(IBMInputValueError, match=re.escape(f"For a ledger, write run(ledger={str(path)!r}).")):
            sweep.run(first)
    for method in (sweep.run, sweep.stream):
        for first in (str(path), path, Ledger(path)):
            with pytest.raises(IBMInputValueError, match=r"first argument is a concurrent.futures.Executor.*ledger="):
                method(first)
