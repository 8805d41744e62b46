# SPDX-License-Identifier: Apache-2.0
"""A sweep's circuits are those of transpile(), bit by bit, also where a worker has done a part of the work before."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import (
    AnnotatedOperation,
    Clbit,
    ControlModifier,
    Delay,
    ForLoopOp,
    Gate,
    IfElseOp,
    Measure,
    Parameter,
    ParameterVector,
    Qubit,
    Reset,
    WhileLoopOp,
)
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import (
    CXGate,
    CZGate,
    ECRGate,
    PauliEvolutionGate,
    PermutationGate,
    RXGate,
    RZGate,
    SwapGate,
    SXGate,
    UGate,
    XGate,
)
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import SparsePauliOp, random_clifford, random_unitary
from qiskit.transpiler import InstructionProperties, PassManager, Target, generate_preset_pass_manager
from qiskit.transpiler.passes import ALAPScheduleAnalysis, PadDynamicalDecoupling
from tests.support.circuit_content import outcome
from tests.support.sweeping import Serial, Swing, families, ghz

from qiskit_ibm_native import Snapshot, Sweep, build_target
from qiskit_ibm_native.sweeps.worker.passes import CutPasses
from qiskit_ibm_native.sweeps.worker.protocol import DONE, PAUSE, Reply, Request
from qiskit_ibm_native.sweeps.worker.transpiler_main import Transpiler

pytestmark = pytest.mark.filterwarnings("ignore::qiskit_ibm_native.SweepWarning")


class InThisProcess(Executor):
    """Does the work of a transpiler's process here: synthesis of Qiskit 2.2 depends on the process's hash seed."""

    def __init__(self) -> None:
        self.transpiler = Transpiler(trace=-1)

    def submit(self, _: Any, /, *args: Any, **__: Any) -> Future:
        (chunk,) = args
        answers = list(self.transpiler.answers(Request(chunk.config, chunk.tasks, chunk.blobs)))
        outcomes = {number: answer[len(DONE) :] for number, answer in enumerate(answers) if answer != PAUSE}
        future: Future = Future()
        future.set_result(Reply("here", [], outcomes, 0.001, None))
        return future


def assert_same(
    sweep: Sweep, circuits: list[QuantumCircuit], targets: list[Target], executor: Executor | None = None
) -> int:
    """Compare each circuit of a sweep with that of transpile(), and return the number of those that there are."""
    by_name = {circuit.name: circuit for circuit in circuits}
    results = sweep.run(executor or InThisProcess(), keep_circuits=True, progress=False, retries=0)
    found = 0
    for index, result in enumerate(results):
        target, task = targets[sweep.indices(index)[0]], sweep[index]

        def transpiled(task: Any = task, target: Target = target) -> QuantumCircuit:
            made = transpile(
                by_name[task.circuit], target=target, optimization_level=task.optimization_level,
                seed_transpiler=task.seed, initial_layout=None if task.initial_layout is None else [*task.initial_layout],
                **task.options,
            )  # fmt: skip
            made.name = task.circuit
            return made

        expected = outcome(transpiled)
        if isinstance(expected, str):
            # Messages have sets of names, in any order.
            assert sorted((result.error or "").partition("\n")[0]) == sorted(expected), task
        else:
            assert outcome(lambda result=result: result.transpiled) == expected, task
            found += 1
    return found


def of_few_qubits() -> Iterator[QuantumCircuit]:
    yield QuantumCircuit(name="of no qubits")
    yield QuantumCircuit(0, 2, name="of classical bits")
    yield QuantumCircuit(3, name="without a gate")
    bits = QuantumCircuit([Qubit(), Qubit(), Clbit()], name="without registers")
    bits.cx(0, 1)
    bits.measure(1, 0)
    yield bits
    registers = QuantumCircuit(QuantumRegister(2, "a"), QuantumRegister(3, "b"), ClassicalRegister(2, "c"))
    registers.name = "registers"
    for first, second in ((0, 4), (2, 4), (1, 2), (1, 4)):
        registers.cx(first, second)
    registers.measure([0, 3], [0, 1])
    yield registers


def with_parameters() -> Iterator[QuantumCircuit]:
    first, second, several = Parameter("a"), Parameter("\u03b8"), ParameterVector("v", 5)
    circuit = QuantumCircuit(5, name="parameters", global_phase=several[0] / 3)
    for qubit in range(5):
        circuit.rx(several[qubit], qubit)
        circuit.rzz(first * (qubit + 1) / 7, qubit, (qubit + 2) % 5)
    circuit.cp(first + second, 1, 3)
    yield circuit


def with_own_gates() -> Iterator[QuantumCircuit]:
    inner = QuantumCircuit(3, name="inner")
    inner.unitary(random_unitary(8, seed=1), range(3))
    inner.unitary(random_unitary(4, seed=2), [0, 2])
    circuit = QuantumCircuit(5, name="own gates")
    circuit.append(inner.to_gate(), [0, 2, 4])
    circuit.append(Swing(0.3), [1, 2])
    circuit.append(Swing(0.4).control(1), [3, 1, 0])
    circuit.append(AnnotatedOperation(SwapGate(), ControlModifier(1)), [1, 2, 3])
    yield circuit
    unknown = QuantumCircuit(2, name="a gate without a definition")
    unknown.append(Gate("unknown", 2, []), [0, 1])
    yield unknown
    matrices = QuantumCircuit(5, name="unitaries")
    for number, qubits in enumerate(([0, 4], [3, 1], [2], [0, 3, 1])):
        matrices.unitary(random_unitary(2 ** len(qubits), seed=number), qubits)
    yield matrices


def with_well_known_operations() -> Iterator[QuantumCircuit]:
    operator = SparsePauliOp(["ZZIII", "IXXII", "XIIIZ", "YYYII"], [0.1, 0.2, 0.3, 0.4])
    evolved = QuantumCircuit(5, name="evolution")
    evolved.append(PauliEvolutionGate(operator, 0.7), range(5))
    yield evolved
    swapped = QuantumCircuit(5, name="swaps")
    swapped.swap(0, 4)
    swapped.append(PermutationGate([2, 0, 1, 4, 3]), range(5))
    swapped.ccx(0, 1, 2)
    swapped.swap(3, 0)
    swapped.cx(1, 4)
    yield swapped
    prepared = QuantumCircuit(5, name="prepared")
    prepared.initialize([math.sqrt(0.5), 0, 0, math.sqrt(0.5)], [0, 3])
    prepared.prepare_state(np.ones(4) / 2, [2, 4])
    yield prepared
    clifford = random_clifford(5, seed=2).to_circuit()
    clifford.name, clifford.metadata = "clifford", {"of": ["seed", 2]}
    yield clifford
    anything = random_circuit(5, 8, max_operands=4, seed=9, measure=True)
    anything.name = "anything"
    yield anything


def with_time() -> Iterator[QuantumCircuit]:
    circuit = QuantumCircuit(5, 5, name="delays, barriers and resets")
    circuit.h(0)
    circuit.barrier(label="here")
    circuit.cx(0, 4)
    circuit.reset(3)
    circuit.delay(160, 2)
    circuit.delay(1.5, 1, "us")
    circuit.barrier(1, 2)
    circuit.cx(2, 3)
    circuit.measure(range(5), range(5))
    circuit.reset(0)
    circuit.x(0)
    yield circuit


def with_control_flow() -> Iterator[QuantumCircuit]:
    branch = QuantumCircuit(4, 2, name="branch")
    condition = branch.add_var("condition", expr.lift(False))
    given = branch.add_input("given", types.Bool())
    branch.h(0)
    branch.measure(0, 0)
    branch.store(condition, expr.logic_not(branch.clbits[0]))
    with branch.if_test(expr.logic_and(condition, given)) as otherwise:
        branch.cx(0, 3)
    with otherwise:
        branch.unitary(random_unitary(4, seed=1), [1, 3])
    branch.cx(1, 3)
    yield branch
    loop = QuantumCircuit(4, 1, name="loops")
    with loop.for_loop(range(3)):
        loop.cx(0, 3)
        loop.cx(1, 3)
    loop.measure(0, 0)
    with loop.while_loop((loop.clbits[0], 1)):
        loop.cx(0, 2)
        loop.measure(0, 0)
    yield loop


def all_kinds() -> list[QuantumCircuit]:
    wide = QuantumCircuit(9, name="too wide")
    wide.cx(0, 8)
    kinds: list[Callable[[], Iterator[QuantumCircuit]]] = [
        of_few_qubits, with_parameters, with_own_gates, with_well_known_operations, with_time, with_control_flow,
    ]  # fmt: skip
    return [wide, *(circuit for kind in kinds for circuit in kind()), *families()]


def line(error: Callable[[str, tuple[int, ...]], float | None], *, name: str, num_qubits: int = 6) -> Target:
    """Return a chain of qubits with control flow; errors of gates are those that a function gives."""

    def entries(gate: str, *qargs: tuple[int, ...]) -> dict[Any, Any]:
        return {key: InstructionProperties(duration=1e-7, error=error(gate, key)) for key in qargs}

    singles = [(qubit,) for qubit in range(num_qubits)]
    pairs = [pair for qubit in range(num_qubits - 1) for pair in ((qubit, qubit + 1), (qubit + 1, qubit))]
    target = Target(name, num_qubits=num_qubits)
    for gate in (RZGate(Parameter("angle")), SXGate(), XGate(), Measure(), Reset()):
        target.add_instruction(gate, entries(gate.name, *singles))
    target.add_instruction(CXGate(), entries("cx", *pairs))
    target.add_instruction(Delay(Parameter("time")), dict.fromkeys(singles))
    for kind, called in ((IfElseOp, "if_else"), (ForLoopOp, "for_loop"), (WhileLoopOp, "while_loop")):
        target.add_instruction(kind, name=called)
    return target


def calibrated(seed: int) -> Callable[[str, tuple[int, ...]], float]:
    chance = np.random.default_rng(seed)
    known: dict[Any, float] = {}
    return lambda gate, qargs: known.setdefault((gate, qargs), float(chance.uniform(1e-4, 0.05)))


def uncertain(odd: float | None, where: tuple[int, ...]) -> Callable[[str, tuple[int, ...]], float | None]:
    usual = calibrated(3)
    return lambda gate, qargs: odd if qargs == where else usual(gate, qargs)


def calibrations() -> list[Snapshot]:
    """Return calibrations of one device: other values, and one gate less."""
    lima = Snapshot.load("lima")
    return [
        lima,
        lima.with_overrides(t1={0: 1e-6}, error={("cx", (0, 1)): 0.2, ("cx", (1, 3)): 0.001}),
        lima.with_overrides(operational={("cx", (3, 4)): False}),
    ]


@pytest.mark.slow
def test_circuits_of_all_kinds_are_the_same_at_all_levels_for_all_seeds_and_calibrations() -> None:
    circuits, snapshots = all_kinds(), calibrations()
    sweep = Sweep(circuits, snapshots, optimization_level=range(4), seeds=range(3))
    # Errors are those of three circuits: one is too wide, one has an unknown gate; lima has no control flow.
    failing = {"too wide", "a gate without a definition", "branch", "loops"}
    assert failing <= {circuit.name for circuit in circuits}
    least = (len(circuits) - len(failing)) * 24
    assert assert_same(sweep, circuits, list(map(build_target, snapshots)), Serial()) >= least


@pytest.mark.slow
def test_circuits_of_all_kinds_are_the_same_with_control_flow_and_odd_errors() -> None:
    targets = [
        line(calibrated(1), name="usual"),
        line(calibrated(2), name="other values"),
        line(uncertain(None, (1, 2)), name="an error is not known"),
        line(uncertain(math.nan, (1, 2)), name="an error is no number"),
        line(uncertain(1.0, (2, 3)), name="a gate is useless"),
        line(uncertain(math.nan, (3,)), name="a qubit is uncertain"),
        line(uncertain(None, (3,)), name="nothing is known of a qubit"),
    ]
    circuits = all_kinds()
    sweep = Sweep(circuits, targets, optimization_level=(1, 2, 3), seeds=(5, 6))
    assert assert_same(sweep, circuits, targets) >= (len(circuits) - 3) * 7 * 6


def directed() -> Target:
    target = Target("directed", num_qubits=5)
    angles = [Parameter(name) for name in "abc"]
    target.add_instruction(UGate(*angles), {(qubit,): InstructionProperties(error=1e-3) for qubit in range(5)})
    target.add_instruction(
        ECRGate(), {(qubit, qubit + 1): InstructionProperties(error=0.01 * (qubit + 1)) for qubit in range(4)}
    )
    target.add_instruction(Measure(), {(qubit,): None for qubit in range(5)})
    return target


def of_different_gates() -> Target:
    target = Target("different gates", num_qubits=5)
    angles = [Parameter(name) for name in "abc"]
    target.add_instruction(UGate(*angles), {(qubit,): None for qubit in range(5)})
    target.add_instruction(CXGate(), {(0, 1): None, (1, 2): InstructionProperties(error=0.1)})
    target.add_instruction(CZGate(), {(2, 3): InstructionProperties(error=0.1)})
    target.add_instruction(ECRGate(), {(3, 4): None, (4, 0): None})
    target.add_instruction(RXGate(0.5), {(qubit,): None for qubit in range(5)}, name="rx_half")
    target.add_instruction(Measure(), {(qubit,): None for qubit in range(5)})
    return target


def test_circuits_are_the_same_on_targets_of_other_shapes() -> None:
    targets = [directed(), of_different_gates()]
    circuits = [*with_parameters(), *with_well_known_operations(), ghz(5)]
    sweep = Sweep(circuits, targets, optimization_level=(0, 2), seeds=(1, 2))
    assert assert_same(sweep, circuits, targets) > len(sweep) / 2


SETTINGS: list[dict[str, Any]] = [
    {"layout_method": "trivial"}, {"layout_method": "dense"}, {"layout_method": "sabre"}, {"routing_method": "basic"},
    {"routing_method": "sabre"}, {"layout_method": "trivial", "routing_method": "none"}, {"approximation_degree": None},
    {"translation_method": "translator"}, {"approximation_degree": 0.9}, {"qubits_initially_zero": False},
    {"scheduling_method": "alap"}, {"scheduling_method": "asap"},
]  # fmt: skip


@pytest.mark.slow
def test_circuits_are_the_same_with_all_settings() -> None:
    circuits = [*with_parameters(), *with_time(), *with_own_gates(), *families()[1:4]]
    snapshots = calibrations()[:2]
    sweep = Sweep(circuits, snapshots, options=SETTINGS, optimization_level=(1, 2, 3), seeds=(1, 2))
    assert assert_same(sweep, circuits, list(map(build_target, snapshots))) > len(sweep) / 2


@pytest.mark.slow
def test_circuits_are_the_same_with_initial_layouts() -> None:
    circuits = [*with_parameters(), *with_well_known_operations(), ghz(5)]
    targets = [line(calibrated(1), name="usual"), line(calibrated(2), name="other values")]
    sweep = Sweep(
        circuits, targets, optimization_level=range(4), seeds=(1, 2),
        initial_layout=[[0, 1, 2, 3, 4], [5, 3, 1, 0, 2], None],
    )  # fmt: skip
    assert assert_same(sweep, circuits, targets) == len(sweep)


@pytest.mark.parametrize("layout", [None, [4, 3, 1]])
def test_a_result_that_serves_all_seeds_is_that_of_each(
    layout: list[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    circuits = [ghz(3), *(circuit for circuit in of_few_qubits() if not layout or circuit.num_qubits == 3)]
    # One of them has to be routed, for which there are seeds.
    routed = [circuit for circuit in circuits if circuit.name == "registers"]
    snapshots, seeds, levels = calibrations()[:2], range(8), (1, 3)
    sweep = Sweep(circuits, snapshots, optimization_level=levels, seeds=seeds, initial_layout=layout)
    runs: list[int] = []
    run = CutPasses.run
    monkeypatch.setattr(CutPasses, "run", lambda passes, *args: runs.append(args[1]) or run(passes, *args))
    assert assert_same(sweep, circuits, list(map(build_target, snapshots))) == len(sweep)
    per_setting = len(circuits) - len(routed) + len(routed) * len(seeds)
    assert len(runs) == len(snapshots) * len(levels) * per_setting


def decoupling(target: Target, **options: Any) -> PassManager:
    """Make Qiskit's pass manager, with two pulses in each gap."""
    manager = generate_preset_pass_manager(target=target, **options)
    manager.scheduling = PassManager(
        [
            ALAPScheduleAnalysis(target=target),
            PadDynamicalDecoupling(dd_sequence=[XGate(), XGate()], pulse_alignment=16, target=target),
        ]
    )
    return manager


def test_circuits_are_the_same_with_dynamical_decoupling() -> None:
    circuits, target = [ghz(5), *families()[1:3]], build_target("fez")
    sweep = Sweep(circuits, "fez", pass_manager=decoupling, optimization_level=(1, 2), seeds=range(3))
    results = list(sweep.run(Serial(), keep_circuits=True))
    for task, result in zip(sweep, results, strict=True):
        (circuit,) = (circuit for circuit in circuits if circuit.name == task.circuit)
        manager = decoupling(target, optimization_level=task.optimization_level, seed_transpiler=task.seed)
        expected = outcome(lambda circuit=circuit, manager=manager: manager.run(circuit))
        assert outcome(lambda result=result: result.transpiled) == expected
        assert result.operations["delay"] > 0
