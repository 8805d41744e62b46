# SPDX-License-Identifier: Apache-2.0
"""Running circuits: Qiskit Aer with the noise of a device, or without.

Each connected component of a circuit is simulated on its own. A component that is too large to be simulated shot by
shot is simulated for a few random trajectories of the noise, and all shots are drawn from those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit_aer import AerSimulator

from ..errors import BadInputError
from . import noise
from .components import (
    ConnectedComponent,
    as_clifford,
    connected_components,
    measured_at_the_end,
    to_aer_instructions,
)
from .trajectories import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from qiskit import QuantumCircuit
    from qiskit_aer.noise import NoiseModel

    from ...snapshot import Snapshot

#: Updates of amplitudes (a few seconds) above which the shots of a component share trajectories of the noise.
_BUDGET = 8.0e9
#: Trajectories of the largest components.
_MIN_TRAJECTORIES = 4
#: Qubits above which states are not kept as amplitudes: those would take 256 MB or more for each thread.
_MAX_QUBITS = 24


@dataclass(frozen=True)
class BoundCircuit:
    """A circuit without free parameters, and its number of shots."""

    circuit: QuantumCircuit
    shots: int


@dataclass(frozen=True)
class SimulationOptions:
    """Options of a simulation.

    Attributes:
        snapshot: The device; ``None`` without noise of a device.
        noise_model: Noise in place of the device's.
        seed: Seed of random numbers, with which results are the same each time.
        options: Other options of ``AerSimulator.run``.
    """

    snapshot: Snapshot | None
    noise_model: NoiseModel | None = None
    seed: int | None = None
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class MeasuredBits:
    """Measured bits of a circuit.

    Attributes:
        bits: Array of shape ``(shots, num_clbits)``.
        trajectories: Number of trajectories of the noise from which shots were drawn; ``None`` if each has its own.
    """

    bits: npt.NDArray[np.bool_]
    trajectories: int | None = None


def run(tasks: Sequence[BoundCircuit], setting: SimulationOptions) -> list[MeasuredBits]:
    """Return the measured bits of each circuit.

    Raises:
        BadInputError: The simulator does not run a circuit.
    """
    if setting.snapshot is None or setting.noise_model is not None:
        return [MeasuredBits(bits) for bits in _run_together(tasks, setting)]
    start = int(np.random.default_rng().integers(2**30)) if setting.seed is None else setting.seed
    # Each circuit has a seed of its own, as it has in one run of Aer.
    return [
        _run_on_device(task, setting.snapshot, start + number, dict(setting.options))
        for number, task in enumerate(tasks)
    ]


def _run_together(tasks: Sequence[BoundCircuit], setting: SimulationOptions) -> list[npt.NDArray[np.bool_]]:
    """Run circuits as ``AerSimulator().run(circuits)`` would, which gives each its seed by its index in the list."""
    options = {"noise_model": setting.noise_model, **dict(setting.options)}
    circuits = [to_aer_instructions(task.circuit) for task in tasks]
    if len({task.shots for task in tasks}) == 1:
        return _aer(circuits, tasks[0].shots, setting.seed, options)
    bits = []
    for number, (circuit, task) in enumerate(zip(circuits, tasks, strict=True)):
        seed = None if setting.seed is None else setting.seed + number
        bits += _aer([circuit], task.shots, seed, options)
    return bits


def _run_on_device(task: BoundCircuit, snapshot: Snapshot, seed: int, options: dict[str, Any]) -> MeasuredBits:
    bits = np.zeros((task.shots, task.circuit.num_clbits), np.bool_)
    components = [
        component for component in connected_components(to_aer_instructions(task.circuit)) if component.clbits
    ]
    small: list[ConnectedComponent] = []
    large: list[ConnectedComponent] = []
    for component in components:
        (small if _is_small(component, task.shots) else large).append(component)
    if small:
        circuits = [noise.with_relaxation(component.circuit, snapshot) for component in small]
        model = noise.device_noise(snapshot, *_extent(small))
        for component, values in zip(
            small, _aer(circuits, task.shots, seed, {**options, "noise_model": model}), strict=True
        ):
            bits[:, component.clbits] = values
    trajectories: int | None = None
    for component in large:
        done = _run_large(component, task.shots, snapshot, seed, options)
        bits[:, component.clbits] = done.bits
        trajectories = done.trajectories or trajectories
    return MeasuredBits(bits, trajectories)


def _extent(components: Sequence[ConnectedComponent]) -> tuple[frozenset[int], frozenset[str]]:
    """Return the qubits of components, and the names of their gates."""
    return frozenset(qubit for component in components for qubit in component.qubits), frozenset(
        name for component in components for name in noise.names_in(component.circuit)
    )


def _updates(component: ConnectedComponent) -> float:
    """Return the number of updates of amplitudes that a trajectory of the noise takes."""
    return 2.0 ** len(component.qubits) * max(len(component.circuit.data), 1)


def _is_small(component: ConnectedComponent, shots: int) -> bool:
    return len(component.qubits) <= _MAX_QUBITS and _updates(component) * shots <= _BUDGET


def _run_large(
    component: ConnectedComponent, shots: int, snapshot: Snapshot, seed: int, options: dict[str, Any]
) -> MeasuredBits:
    extent = _extent([component])
    clifford = as_clifford(component.circuit)
    if clifford is not None:
        model = noise.twirled_noise(snapshot, *extent)
        circuit = noise.with_relaxation(clifford, snapshot, twirled=True)
        chosen = {"method": "stabilizer", **options, "noise_model": model}
        return MeasuredBits(_aer([circuit], shots, seed, chosen)[0])
    measured = measured_at_the_end(component.circuit)
    if len(component.qubits) > _MAX_QUBITS or measured is None:
        method = {"method": "matrix_product_state"} if len(component.qubits) > _MAX_QUBITS else {}
        circuit = noise.with_relaxation(component.circuit, snapshot)
        return MeasuredBits(
            _aer([circuit], shots, seed, {**method, **options, "noise_model": noise.device_noise(snapshot, *extent)})[0]
        )
    max_trajectories = int(min(max(_BUDGET // _updates(component), _MIN_TRAJECTORIES), shots))
    return MeasuredBits(*draw(component, shots, max_trajectories, measured, np.random.default_rng(seed), snapshot))


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
        _bits(result.data(number).get("memory"), circuit.num_clbits, shots) for number, circuit in enumerate(circuits)
    ]


def _checked(result: Any) -> Any:
    if not result.success:
        reasons = {experiment.status for experiment in result.results if not experiment.success} or {result.status}
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
