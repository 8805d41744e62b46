# SPDX-License-Identifier: Apache-2.0
"""Running circuits: Qiskit Aer with the noise of a device, or without.

What is too large to be simulated shot by shot is simulated for a few random courses of the noise, and all shots are drawn
from those. Each shot has the right distribution then, up to twirling of the gates' noise; only, shots of the same course
are not independent of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Measure, Reset
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from . import noise
from .wire import BadInputError

if TYPE_CHECKING:
    from ..snapshot import Snapshot

#: Above so many updates of amplitudes for a circuit (a few seconds), shots share courses of the noise.
_BUDGET = 5.0e9
#: More qubits than that are simulated as matrix product states: their amplitudes would take 8 GB or more.
_MOST_QUBITS = 28
#: More amplitudes than these are not saved for drawing shots.
_MOST_SAMPLED = 24


@dataclass(frozen=True)
class Task:
    """A circuit without free parameters, and how often to run it."""

    circuit: QuantumCircuit
    shots: int


@dataclass(frozen=True)
class Setting:
    """How to run circuits.

    Attributes:
        snapshot: The device; ``None`` without noise of a device.
        noise_model: Noise to use instead of the device's.
        seed: Where random numbers start; the same results each time.
        options: Other options of ``AerSimulator.run``.
    """

    snapshot: Snapshot | None
    noise_model: NoiseModel | None = None
    seed: int | None = None
    options: tuple[tuple[str, Any], ...] = ()


def run(tasks: Sequence[Task], setting: Setting) -> list[npt.NDArray[np.bool_]]:
    """Return, by circuit, bits of shape ``(shots, num_clbits)``.

    Raises:
        BadInputError: The simulator does not run a circuit.
    """
    if setting.snapshot is None or setting.noise_model is not None:
        return _run_together(tasks, setting)
    random = np.random.default_rng(setting.seed)
    return [_run_on_device(task, setting, setting.snapshot, random) for task in tasks]


def _run_together(tasks: Sequence[Task], setting: Setting) -> list[npt.NDArray[np.bool_]]:
    """Run circuits as ``AerSimulator().run(circuits)`` would, which gives each its seed by its place in the list."""
    same = {task.shots for task in tasks}
    groups = [tasks] if len(same) == 1 else [[task] for task in tasks]
    bits = []
    for group in groups:
        circuits = [_known_to_aer(task.circuit) for task in group]
        options = {"noise_model": setting.noise_model, **dict(setting.options)}
        bits += _aer(circuits, group[0].shots, setting.seed, options)
    return bits


def _run_on_device(
    task: Task, setting: Setting, snapshot: Snapshot, random: np.random.Generator
) -> npt.NDArray[np.bool_]:
    used = _used_qubits(task.circuit)
    qubits = frozenset(used)
    circuit = _known_to_aer(task.circuit)
    relaxation = noise.relaxation_in_delays(snapshot) if "delay" in circuit.count_ops() else None
    if relaxation is not None:
        circuit = relaxation(circuit)
    seed = int(random.integers(2**31)) if setting.seed is None else setting.seed
    options: dict[str, Any] = dict(setting.options)
    if len(used) > _MOST_QUBITS:
        options.setdefault("method", "matrix_product_state")
    measured = _measured_at_the_end(task.circuit)
    course = max(2.0 ** len(used) * len(task.circuit.data), 1.0)
    if measured is None or len(used) > _MOST_SAMPLED or course * task.shots <= _BUDGET:
        options["noise_model"] = noise.device_noise(snapshot, qubits)
        return _aer([circuit], task.shots, seed, options)[0]
    courses = int(min(max(_BUDGET // course, 1), task.shots))
    return _drawn(
        circuit,
        task.shots,
        courses,
        measured,
        used,
        seed,
        {**options, "noise_model": noise.twirled_gate_noise(snapshot, qubits)},
        snapshot,
    )


def _drawn(
    circuit: QuantumCircuit,
    shots: int,
    courses: int,
    measured: dict[int, int],
    used: Sequence[int],
    seed: int,
    options: dict[str, Any],
    snapshot: Snapshot,
) -> npt.NDArray[np.bool_]:
    """Return bits of shots that are drawn from the states at the end of a few courses of the noise."""
    unmeasured = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.operation.name != "measure":
            unmeasured.append(instruction)
    unmeasured.save_probabilities([unmeasured.qubits[qubit] for qubit in used], pershot=True)
    simulator = AerSimulator(method="statevector", precision="single", max_parallel_shots=1)
    result = _checked(simulator.run(unmeasured, shots=courses, seed_simulator=seed, **options).result())
    random = np.random.default_rng(seed)
    places = {qubit: index for index, qubit in enumerate(used)}
    table = noise.readout_probabilities(snapshot)
    bits = np.zeros((shots, circuit.num_clbits), np.bool_)
    for part, probabilities in zip(
        np.array_split(np.arange(shots), courses), result.data(0)["probabilities"], strict=True
    ):
        sums = np.cumsum(probabilities)
        words = np.searchsorted(sums, random.random(len(part)) * sums[-1])
        for clbit, qubit in measured.items():
            values = (words >> places[qubit] & 1).astype(np.bool_)
            bits[part, clbit] = values ^ (random.random(len(part)) < table[qubit][values.astype(int)])
    # Shots of one course must not stand together.
    return bits[random.permutation(shots)]


def _aer(
    circuits: list[QuantumCircuit], shots: int, seed: int | None, options: dict[str, Any]
) -> list[npt.NDArray[np.bool_]]:
    try:
        job = AerSimulator().run(circuits, shots=shots, memory=True, seed_simulator=seed, **options)
        result = _checked(job.result())
    except BadInputError:
        raise
    except Exception as error:
        raise BadInputError(f"the simulator does not run this: {error}") from None
    return [
        _bits(result.data(place).get("memory"), circuit.num_clbits, shots) for place, circuit in enumerate(circuits)
    ]


def _checked(result: Any) -> Any:
    if not result.success:
        reasons = {each.status for each in result.results if not each.success} or {result.status}
        raise BadInputError(f"the simulator does not run this: {'; '.join(map(str, reasons))}")
    return result


def _bits(words: list[str] | None, num_clbits: int, shots: int) -> npt.NDArray[np.bool_]:
    """Return bits of hexadecimal words, of shape ``(shots, num_clbits)``; nothing measured is zeros."""
    if not words or not num_clbits:
        return np.zeros((shots, num_clbits), np.bool_)
    width = -(-num_clbits // 8)
    raw = b"".join(int(word, 16).to_bytes(width, "little") for word in words)
    array = np.frombuffer(raw, np.uint8).reshape(shots, width)
    return np.unpackbits(array, axis=1, count=num_clbits, bitorder="little").view(np.bool_)


def _used_qubits(circuit: QuantumCircuit) -> list[int]:
    place = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    return sorted({place[qubit] for each in circuit.data if each.name != "barrier" for qubit in each.qubits})


def _measured_at_the_end(circuit: QuantumCircuit) -> dict[int, int] | None:
    """Return the qubit of each classical bit, if nothing happens to qubits after they are measured; ``None`` otherwise."""
    qubit_place = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    clbit_place = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    measured: dict[int, int] = {}
    done: set[int] = set()
    for instruction in circuit.data:
        if instruction.name == "barrier":
            continue
        qubits = {qubit_place[qubit] for qubit in instruction.qubits}
        if isinstance(instruction.operation, ControlFlowOp) or qubits & done or instruction.name == "store":
            return None
        if instruction.name.startswith("measure"):
            measured[clbit_place[instruction.clbits[0]]] = qubit_place[instruction.qubits[0]]
            done |= qubits
    return measured


def _known_to_aer(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with Aer's own for what devices call ``measure_2`` and ``reset_2``."""
    names = set(circuit.count_ops())
    others = {name for name in names if name.startswith(("measure_", "reset_"))}
    if not others and not circuit.has_control_flow_op():
        return circuit
    known = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name in others:
            operation = Measure() if operation.name.startswith("measure") else Reset()
        elif isinstance(operation, ControlFlowOp):
            operation = operation.replace_blocks([_known_to_aer(block) for block in operation.blocks])
        known.append(operation, instruction.qubits, instruction.clbits)
    return known
