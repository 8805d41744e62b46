# SPDX-License-Identifier: Apache-2.0
"""Running circuits: exactly, by Qiskit Aer, or by trajectories of the noise.

Each connected component of a circuit is simulated on its own, by the method that suits its size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import aer, delays, exact, noise, seeds, trajectories
from .acceptance import check_works
from .components import ConnectedComponent, connected_components, read_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from qiskit import QuantumCircuit
    from qiskit_aer.noise import NoiseModel

    from ...snapshot import Snapshot

#: Seconds, roughly, that a component may take by density matrices.
_BUDGET = 3.0
#: Seconds that one may take by Aer's state vectors, with exact relaxation, before a quicker method is looked for.
_AER_BUDGET = 0.5
#: Seconds of Aer for each circuit, for each amplitude and step of a shot, and for each step of a shot: 4 to 18 qubits
#: with the noise of ibm_fez, relaxation by Kraus operators included, on a processor of 2020.
_AER_CIRCUIT = 0.1
_AER_AMPLITUDE = 2e-8
_AER_STEP = 1e-5


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
        trajectories: Number of trajectories of the noise from which shots were drawn; ``None`` if all shots are
            independent of each other.
        effective_shots: Number of independent shots that would have error bars as large as these shots have; ``None``
            if all of them are independent.
        is_symmetric: Whether delays relaxed both ways, and for so long that it matters.
    """

    bits: npt.NDArray[np.bool_]
    trajectories: int | None = None
    effective_shots: int | None = None
    is_symmetric: bool = False


def metadata(runs: Sequence[MeasuredBits]) -> dict[str, int | str]:
    """Return what the metadata of a result says about how it was simulated: the worst of several runs."""
    trajectories_of = [run.trajectories for run in runs if run.trajectories is not None]
    effective = [run.effective_shots for run in runs if run.effective_shots is not None]
    return {
        **({"noise_trajectories": min(trajectories_of)} if trajectories_of else {}),
        **({"effective_shots": min(effective)} if effective else {}),
        **({"relaxation": "symmetric"} if any(run.is_symmetric for run in runs) else {}),
    }


def run(tasks: Sequence[BoundCircuit], setting: SimulationOptions) -> list[MeasuredBits]:
    """Return the measured bits of each circuit.

    Raises:
        BadInputError: The simulator does not run a circuit, or it uses what does not work on the device.
    """
    if setting.snapshot is not None:
        for number, task in enumerate(tasks):
            check_works(read_steps(task.circuit), f"circuit {number}", noise.device_noise(setting.snapshot))
    if setting.snapshot is None or setting.noise_model is not None:
        return [MeasuredBits(bits) for bits in _run_by_aer(tasks, setting)]
    device = _DeviceRun(setting.snapshot, dict(setting.options))
    job = seeds.job_seed(setting.seed)
    return [device.run(task, seeds.derived(job, number)) for number, task in enumerate(tasks)]


def _run_by_aer(tasks: Sequence[BoundCircuit], setting: SimulationOptions) -> list[npt.NDArray[np.bool_]]:
    """Run circuits as ``AerSimulator().run(circuits)`` would, which gives each its seed by its index in the list."""
    options = {"noise_model": setting.noise_model, **dict(setting.options)}
    circuits = [aer.to_instructions(task.circuit) for task in tasks]
    if len({task.shots for task in tasks}) == 1:
        return aer.run(circuits, tasks[0].shots, setting.seed, options)
    job = seeds.job_seed(setting.seed)
    bits = []
    for number, (circuit, task) in enumerate(zip(circuits, tasks, strict=True)):
        # Aer has no results for circuits with different shots, but for the first one.
        seed = seeds.aer_seed(seeds.derived(job, number)) if number else setting.seed
        bits += aer.run([circuit], task.shots, seed, options)
    return bits


class _DeviceRun:
    """Runs circuits on a device, and keeps what repeated circuits can use again."""

    def __init__(self, snapshot: Snapshot, options: dict[str, Any]) -> None:
        self._snapshot = snapshot
        self._noise = noise.device_noise(snapshot)
        self._options = options
        self._last: tuple[QuantumCircuit | None, list[ConnectedComponent]] = (None, [])
        self._words: dict[int, npt.NDArray[np.float64]] = {}

    def run(self, task: BoundCircuit, seed: np.random.SeedSequence) -> MeasuredBits:
        bits = np.zeros((task.shots, task.circuit.num_clbits), np.bool_)
        if self._last[0] is not task.circuit:
            self._last = (task.circuit, connected_components(task.circuit))
            self._words = {}
        parts = []
        for number, component in enumerate(self._last[1]):
            part = self._run_component(number, component, task.shots, seeds.derived(seed, number))
            bits[:, component.clbits] = part.bits
            parts.append(part)
        return MeasuredBits(
            bits,
            min((part.trajectories for part in parts if part.trajectories is not None), default=None),
            min((part.effective_shots for part in parts if part.effective_shots is not None), default=None),
            any(part.is_symmetric for part in parts),
        )

    def _run_component(
        self, number: int, component: ConnectedComponent, shots: int, seed: np.random.SeedSequence
    ) -> MeasuredBits:
        method = preferred_method(component, shots)
        if method == "density":
            try:
                if number not in self._words:
                    self._words[number] = np.cumsum(exact.probabilities(component, self._noise))
            except exact.UnsupportedError:
                # Rare forms of control flow.
                method = "aer"
            else:
                return MeasuredBits(_drawn(self._words[number], shots, len(component.clbits), seed))
        if method == "aer":
            return MeasuredBits(self._by_aer(component, shots, seed, {}))
        return self._run_large(delays.without_idle_delays(component), shots, seed)

    def _by_aer(
        self, component: ConnectedComponent, shots: int, seed: np.random.SeedSequence, method: dict[str, Any]
    ) -> npt.NDArray[np.bool_]:
        options = {**method, **self._options}
        circuit = component.to_circuit()
        return aer.device_shots(component, circuit, shots, self._snapshot, seeds.aer_seed(seed), options, False)

    def _run_large(self, component: ConnectedComponent, shots: int, seed: np.random.SeedSequence) -> MeasuredBits:
        clifford = aer.as_clifford(component)
        if clifford is not None:
            options = {"method": "stabilizer", **self._options}
            bits = aer.device_shots(component, clifford, shots, self._snapshot, seeds.aer_seed(seed), options, True)
            return MeasuredBits(bits, is_symmetric=self._is_symmetric(component, has_resets=True))
        measured = component.measured_at_the_end()
        is_too_large = len(component.qubits) > trajectories.MAX_QUBITS
        method = {"method": "matrix_product_state"} if is_too_large else {}
        if measured is None:
            return MeasuredBits(self._by_aer(component, shots, seed, method))
        try:
            drawn = trajectories.draw(component, shots, measured, np.random.default_rng(seed), self._noise)
        except trajectories.UnsupportedError:
            return MeasuredBits(self._by_aer(component, shots, seed, method))
        is_symmetric = self._is_symmetric(component, has_resets=False)
        return MeasuredBits(drawn.bits, drawn.states, drawn.effective_shots, is_symmetric)

    def _is_symmetric(self, component: ConnectedComponent, has_resets: bool) -> bool:
        return delays.symmetric_relaxation(component, self._noise, has_resets) > delays.TOLD


def preferred_method(component: ConnectedComponent, shots: int) -> Literal["density", "aer", "large"]:
    """Return how a component is simulated: exactly, by Aer shot by shot, or by a method for large ones."""
    by_aer = _seconds_of_aer(component, shots)
    if exact.seconds(component) <= min(by_aer, _BUDGET):
        return "density"
    return "aer" if by_aer <= _AER_BUDGET else "large"


def _seconds_of_aer(component: ConnectedComponent, shots: int) -> float:
    """Return the time, roughly, that Aer takes for all shots one by one."""
    if len(component.qubits) > trajectories.MAX_QUBITS:
        return math.inf
    amplitudes = 2.0 ** len(component.qubits)
    return _AER_CIRCUIT + len(component.steps) * shots * (amplitudes * _AER_AMPLITUDE + _AER_STEP)


def _drawn(
    sums: npt.NDArray[np.float64], shots: int, num_clbits: int, seed: np.random.SeedSequence
) -> npt.NDArray[np.bool_]:
    """Return bits of words that are drawn by their summed probabilities."""
    random = np.random.default_rng(seed)
    words = np.searchsorted(sums, random.random(shots) * sums[-1], side="right")
    return np.asarray(words[:, None] >> np.arange(num_clbits) & 1, np.bool_)
