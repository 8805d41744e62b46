# SPDX-License-Identifier: Apache-2.0
"""Running circuits: Qiskit Aer with the noise of a device, or without.

A circuit falls into parts that have nothing to do with each other; each is simulated on its own. A part that is too large to be
simulated shot by shot is simulated for a few random courses of the noise, and all shots are drawn from those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit_aer import AerSimulator

from . import noise
from .courses import draw
from .parts import Part, as_clifford, known_to_aer, measured_at_the_end, parts_of
from .wire import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from qiskit import QuantumCircuit
    from qiskit_aer.noise import NoiseModel

    from ..snapshot import Snapshot

#: Above so many updates of amplitudes for a part (a few seconds), shots share courses of the noise.
_BUDGET = 8.0e9
#: However large a part is, there are so many courses.
_FEWEST_COURSES = 4
#: Above so many qubits, states are not kept as amplitudes: those would take 256 MB or more for each thread.
_MOST_QUBITS = 24


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


@dataclass(frozen=True)
class Run:
    """What a circuit measured.

    Attributes:
        bits: Array of shape ``(shots, num_clbits)``.
        courses: How many courses of the noise shots were drawn from, if they share some.
    """

    bits: npt.NDArray[np.bool_]
    courses: int | None = None


def run(tasks: Sequence[Task], setting: Setting) -> list[Run]:
    """Return what each circuit measured.

    Raises:
        BadInputError: The simulator does not run a circuit.
    """
    if setting.snapshot is None or setting.noise_model is not None:
        return [Run(bits) for bits in _run_together(tasks, setting)]
    start = int(np.random.default_rng().integers(2**30)) if setting.seed is None else setting.seed
    # Each circuit has a seed of its own, as it has in one run of Aer.
    return [
        _run_on_device(task, setting.snapshot, start + place, dict(setting.options)) for place, task in enumerate(tasks)
    ]


def _run_together(tasks: Sequence[Task], setting: Setting) -> list[npt.NDArray[np.bool_]]:
    """Run circuits as ``AerSimulator().run(circuits)`` would, which gives each its seed by its place in the list."""
    options = {"noise_model": setting.noise_model, **dict(setting.options)}
    circuits = [known_to_aer(task.circuit) for task in tasks]
    if len({task.shots for task in tasks}) == 1:
        return _aer(circuits, tasks[0].shots, setting.seed, options)
    bits = []
    for place, (circuit, task) in enumerate(zip(circuits, tasks, strict=True)):
        seed = None if setting.seed is None else setting.seed + place
        bits += _aer([circuit], task.shots, seed, options)
    return bits


def _run_on_device(task: Task, snapshot: Snapshot, seed: int, options: dict[str, Any]) -> Run:
    bits = np.zeros((task.shots, task.circuit.num_clbits), np.bool_)
    parts = [part for part in parts_of(known_to_aer(task.circuit)) if part.clbits]
    small: list[Part] = []
    large: list[Part] = []
    for part in parts:
        (small if _is_small(part, task.shots) else large).append(part)
    if small:
        circuits = [noise.with_relaxation(part.circuit, snapshot) for part in small]
        model = noise.device_noise(snapshot, *_extent(small))
        for part, values in zip(
            small, _aer(circuits, task.shots, seed, {**options, "noise_model": model}), strict=True
        ):
            bits[:, part.clbits] = values
    courses: int | None = None
    for part in large:
        done = _run_large(part, task.shots, snapshot, seed, options)
        bits[:, part.clbits] = done.bits
        courses = done.courses or courses
    return Run(bits, courses)


def _extent(parts: Sequence[Part]) -> tuple[frozenset[int], frozenset[str]]:
    """Return the qubits and the names of the gates of parts."""
    return frozenset(qubit for part in parts for qubit in part.qubits), frozenset(
        name for part in parts for name in noise.names_in(part.circuit)
    )


def _course(part: Part) -> float:
    """Return how many updates of amplitudes a course of the noise takes."""
    return 2.0 ** len(part.qubits) * max(len(part.circuit.data), 1)


def _is_small(part: Part, shots: int) -> bool:
    return len(part.qubits) <= _MOST_QUBITS and _course(part) * shots <= _BUDGET


def _run_large(part: Part, shots: int, snapshot: Snapshot, seed: int, options: dict[str, Any]) -> Run:
    extent = _extent([part])
    clifford = as_clifford(part.circuit)
    if clifford is not None:
        model = noise.twirled_noise(snapshot, *extent)
        circuit = noise.with_relaxation(clifford, snapshot, twirled=True)
        chosen = {"method": "stabilizer", **options, "noise_model": model}
        return Run(_aer([circuit], shots, seed, chosen)[0])
    measured = measured_at_the_end(part.circuit)
    if len(part.qubits) > _MOST_QUBITS or measured is None:
        method = {"method": "matrix_product_state"} if len(part.qubits) > _MOST_QUBITS else {}
        circuit = noise.with_relaxation(part.circuit, snapshot)
        return Run(
            _aer([circuit], shots, seed, {**method, **options, "noise_model": noise.device_noise(snapshot, *extent)})[0]
        )
    most = int(min(max(_BUDGET // _course(part), _FEWEST_COURSES), shots))
    return Run(*draw(part, shots, most, measured, np.random.default_rng(seed), snapshot))


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
