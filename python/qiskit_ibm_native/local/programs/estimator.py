# SPDX-License-Identifier: Apache-2.0
"""The program ``estimator``: expectation values, with suppression and mitigation of errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit import ClassicalRegister, QuantumCircuit

from .. import engine
from ..errors import BadInputError
from . import wire
from .checks.choices import MAX_RUNS
from .expectation import BasisData, Estimate, Readout, estimate
from .mitigation.folding import fold, is_random
from .mitigation.layers import in_layers
from .mitigation.learning import learn, unique_layers
from .mitigation.rotations import append_basis_change
from .mitigation.twirling import Injection, Randomized, Twirling, randomize
from .observables import Basis, Term, measurement_bases, read_observables, sample
from .options import PEC_SHOTS, EstimatorOptions, read_estimator_options, shots_of
from .work import Piece, check_piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .mitigation.error_models import PauliLindblad
    from .simulation import Simulation

#: The name of the register of measurements.
_REGISTER = "__measured"


@dataclass(frozen=True)
class _Pub:
    """A pub: its circuits and observables by element of its shape."""

    number: int
    piece: Piece
    circuits: list[QuantumCircuit]
    values_of: npt.NDArray[np.int64]
    observables: list[Any]
    shape: tuple[int, ...]
    precision: float | None

    def bases(self) -> list[list[Basis]]:
        """Return, by circuit, the bases in which its observables are measured."""
        terms: list[set[Term]] = [set() for _ in self.circuits]
        for index, observable in zip(self.values_of, self.observables, strict=True):
            terms[index] |= observable.keys()
        return [measurement_bases(needed) for needed in terms]


@dataclass(frozen=True)
class _Experiment:
    """A circuit that is measured in a basis at a noise factor, by its randomizations."""

    randomized: list[Randomized]
    shots: int
    clbits: npt.NDArray[np.int64]
    basis: Basis

    def tasks(self) -> list[engine.BoundCircuit]:
        return [engine.BoundCircuit(randomized.circuit, self.shots) for randomized in self.randomized]

    def sampled(self, runs: Sequence[engine.MeasuredBits]) -> Any:
        """Return the statistics of the terms of the basis."""
        flips = np.stack([randomized.flips for randomized in self.randomized])
        bits = np.stack([run.bits for run in runs]) ^ flips[:, None, :]
        position = {qubit: index for index, qubit in enumerate(self.basis.letters)}
        supports = [[position[qubit] for qubit, _ in term] for term in self.basis.terms]
        signs = np.array([randomized.sign for randomized in self.randomized], float)
        independent = sum(run.effective_shots or self.shots for run in runs)
        return sample(bits[:, :, self.clbits], supports, signs, independent)


def run(params: dict[str, Any], simulation: Simulation) -> dict[str, Any]:
    """Run a job; return its results."""
    options = read_estimator_options(params)
    pubs = [_read_pub(pub, number, options, simulation) for number, pub in enumerate(params["pubs"])]
    noise = _layer_noise(pubs, options, simulation)
    plans = [_Plan(pub, options, noise, simulation) for pub in pubs]
    runs = sum(plan.size for plan in plans)
    if runs > MAX_RUNS:
        raise BadInputError(f"the job comes to {runs} circuits; at most {MAX_RUNS} are simulated")
    experiments = [experiment for plan in plans for experiment in plan.experiments()]
    readout = _ReadoutPlan(plans, options, simulation) if options.trex is not None else None
    tasks = [task for experiment in experiments for task in experiment.tasks()]
    done = iter(simulation.run([*tasks, *(readout.tasks if readout is not None else ())]))
    sampled, told = [], []
    for experiment in experiments:
        own = [next(done) for _ in experiment.randomized]
        sampled.append(experiment.sampled(own))
        told.append(engine.metadata(own))
    measured = None if readout is None else readout.measured([next(done) for _ in readout.tasks])
    results, first = [], 0
    for plan in plans:
        last = first + plan.number_of_experiments
        rest = iter(sampled[first:last])
        data = [
            [BasisData(basis, [next(rest) for _ in plan.factors], plan.gammas) for basis in bases]
            for bases in plan.bases
        ]
        found = estimate(plan.pub.values_of, plan.pub.observables, data, measured, options.zne)
        results.append(_write_pub(plan, found, told[first:last]))
        first = last
    content = {"pub_results": results, "metadata": {**options.echo, "version": 2}}
    return {"__type__": "PrimitiveResult", "__value__": content}


def _read_pub(value: Any, number: int, options: EstimatorOptions, simulation: Simulation) -> _Pub:
    circuit_value, observables, values, precision = [*value, None, None][:4]
    circuit = wire.read_circuit(circuit_value)
    read = wire.read_array(values)
    shape = read.shape[:-1]
    # A dimension of one parameter may be left out.
    if circuit.num_parameters == 1 and read.ndim and read.shape[-1] != 1:
        read, shape = read[..., None], read.shape
    shots = options.shots if precision is None else shots_of(float(precision))
    piece = Piece(circuit, read, shape, shots)
    check_piece(piece, number, simulation, f"pubs[{number}][2] (parameter values)")
    array = read_observables(observables, circuit.num_qubits, f"pubs[{number}].observables")
    try:
        whole = np.broadcast_shapes(shape, array.shape)
    except ValueError:
        raise BadInputError(
            f"pubs[{number}]: parameter values of shape {shape} and observables of shape {array.shape} do not fit"
        ) from None
    indices = np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), whole).ravel()
    return _Pub(
        number, piece, piece.bound(), indices, list(np.broadcast_to(array, whole).ravel()), whole,
        float(precision) if precision is not None else options.precision,
    )  # fmt: skip


def _layer_noise(
    pubs: Sequence[_Pub], options: EstimatorOptions, simulation: Simulation
) -> dict[Any, PauliLindblad | None]:
    """Return the noise of layers by their gates, learned unless it is given."""
    if not options.needs_layer_noise:
        return {}
    known = options.layer_noise
    if known is None:
        layers = unique_layers([circuit for pub in pubs for circuit in pub.circuits], options.twirling.strategy)
        known = learn(layers, simulation, options.learning)
    return {error.key: error.error for error in known}


class _Plan:
    """The experiments of a pub."""

    def __init__(
        self, pub: _Pub, options: EstimatorOptions, noise: dict[Any, PauliLindblad | None], simulation: Simulation
    ) -> None:
        self.pub = pub
        self.factors = options.zne.noise_factors if options.zne is not None else (1.0,)
        self.bases = pub.bases()
        self._options = options
        self._noise = noise
        self._simulation = simulation
        at_least = PEC_SHOTS if options.pec is not None else None
        self.randomizations, self.shots = options.twirling.numbers(pub.piece.shots, at_least)
        self.gammas = [1.0] * len(pub.circuits)
        self._gain = 1.0
        if options.pec is not None:
            self._prepare_cancellation(options.pec.max_overhead, options.pec.noise_gain)

    @property
    def number_of_experiments(self) -> int:
        """The number of bases at all noise factors."""
        return sum(map(len, self.bases)) * len(self.factors)

    @property
    def size(self) -> int:
        """The number of circuits."""
        return self.number_of_experiments * self.randomizations

    def _prepare_cancellation(self, max_overhead: float | None, gain: float | None) -> None:
        """Choose how much of the noise is cancelled, and the randomizations that this takes."""
        totals = [
            sum(float(model.rates.sum()) for model in self._models(circuit) if model is not None)
            for circuit in self.pub.circuits
        ]
        largest = max(totals, default=0.0)
        if gain is None:
            # The overhead is the square of gamma, exp(2 (1 - gain) times the sum of rates).
            bound = math.inf if max_overhead is None else math.log(max_overhead) / 4
            gain = max(0.0, 1 - bound / largest) if largest else 0.0
        self._gain = gain
        self.gammas = [math.exp(2 * max(1 - gain, 0.0) * total) for total in totals]
        overhead = max(self.gammas, default=1.0) ** 2
        self.randomizations = math.ceil(self.randomizations * min(overhead, max_overhead or math.inf))

    def _models(self, circuit: QuantumCircuit) -> list[PauliLindblad | None]:
        return [self._noise.get(layer.key) for layer in in_layers(circuit, self._options.twirling.strategy).layers]

    def experiments(self) -> list[_Experiment]:
        """Return the experiments by circuit, basis and noise factor."""
        found = []
        names = set(self._simulation.target.operation_names)
        for circuit, bases in zip(self.pub.circuits, self.bases, strict=True):
            for basis in bases:
                measured = _measured(circuit, basis, names)
                clbits = np.arange(circuit.num_clbits, measured.num_clbits)
                found += [
                    _Experiment(self._randomized(measured, factor), self.shots, clbits, basis)
                    for factor in self.factors
                ]
        return found

    def _randomized(self, circuit: QuantumCircuit, factor: float) -> list[Randomized]:
        zne, random = self._options.zne, self._simulation.random
        if zne is None or zne.amplifier == "pea":
            power = self._gain - 1 if zne is None else factor - 1
            injected = power if self._options.needs_layer_noise else None
            return self._twirled(circuit, self.randomizations, injected)
        if self._options.twirling.is_enabled and is_random(circuit, factor, zne.amplifier):
            folded = (fold(circuit, factor, zne.amplifier, random) for _ in range(self.randomizations))
            return [randomized for circuit in folded for randomized in self._twirled(circuit, 1, None)]
        return self._twirled(fold(circuit, factor, zne.amplifier, random), self.randomizations, None)

    def _twirled(self, circuit: QuantumCircuit, number: int, power: float | None) -> list[Randomized]:
        if self._options.decoupling is not None:
            circuit = self._options.decoupling.apply(circuit, self._simulation.target)
        twirling = self._options.twirling
        if not twirling.is_enabled:
            return [Randomized(circuit, np.zeros(circuit.num_clbits, np.bool_), 1)]
        layered = in_layers(circuit, twirling.strategy)
        injection = None
        if power:
            injection = Injection([self._noise.get(layer.key) for layer in layered.layers], power)
        return [randomize(layered, twirling, self._simulation.random, injection) for _ in range(number)]


def _measured(circuit: QuantumCircuit, basis: Basis, names: set[str]) -> QuantumCircuit:
    """Return the circuit with measurements in a basis at its end."""
    name = _REGISTER
    while any(register.name == name for register in circuit.cregs):
        name = f"{name}_"
    register = ClassicalRegister(len(basis.letters), name)
    measured = circuit.copy()
    measured.add_register(register)
    for qubit, letter in basis.letters.items():
        append_basis_change(measured, qubit, letter, names)
    measured.measure(list(basis.letters), register)
    return measured


class _ReadoutPlan:
    """Circuits that measure errors of readout: nothing but twirled measurements of the qubits that are measured."""

    def __init__(self, plans: Sequence[_Plan], options: EstimatorOptions, simulation: Simulation) -> None:
        self.qubits = sorted(
            {qubit for plan in plans for bases in plan.bases for basis in bases for qubit in basis.letters}
        )
        randomizations, shots = options.trex or (32, None)
        if shots is None:
            shots = max(math.ceil(max(plan.pub.piece.shots for plan in plans) / randomizations), PEC_SHOTS)
        self._randomized: list[Randomized] = []
        self.tasks: list[engine.BoundCircuit] = []
        if not self.qubits:
            return
        circuit = QuantumCircuit(simulation.device.num_qubits)
        circuit.add_register(ClassicalRegister(len(self.qubits), _REGISTER))
        circuit.measure(self.qubits, range(len(self.qubits)))
        twirling = Twirling(False, True, randomizations, shots, options.twirling.strategy)
        layered = in_layers(circuit)
        self._randomized = [randomize(layered, twirling, simulation.random) for _ in range(randomizations)]
        self.tasks = [engine.BoundCircuit(randomized.circuit, shots) for randomized in self._randomized]

    def measured(self, runs: Sequence[engine.MeasuredBits]) -> Readout | None:
        """Return what was measured."""
        if not runs:
            return None
        flips = np.stack([randomized.flips for randomized in self._randomized])
        return Readout(self.qubits, np.stack([run.bits for run in runs]) ^ flips[:, None, :])


def _write_pub(plan: _Plan, found: Estimate, told: list[dict[str, Any]]) -> dict[str, Any]:
    shape = plan.pub.shape
    arrays = {name: values.reshape((*shape, *values.shape[1:])) for name, values in found.fields.items()}
    fields = {name: wire.write_array(values) for name, values in arrays.items()}
    data = {
        "field_names": list(fields), "field_types": ["ndarray"] * len(fields), "shape": list(shape), "fields": fields,
    }  # fmt: skip
    resilience: dict[str, Any] = {}
    zne = plan._options.zne
    if zne is not None:
        resilience["zne"] = {
            "noise_factors": list(zne.noise_factors), "extrapolators": list(zne.extrapolators),
            "extrapolated_noise_factors": list(zne.extrapolated_noise_factors),
            "selected_extrapolators": np.array(found.selected, object).reshape(shape).tolist(),
        }  # fmt: skip
    if plan._options.pec is not None:
        resilience["pec"] = {"noise_gain": plan._gain, "sampling_overhead": max(plan.gammas, default=1.0) ** 2}
    metadata = {
        "shots": plan.randomizations * plan.shots, "target_precision": plan.pub.precision,
        "circuit_metadata": plan.pub.piece.circuit.metadata or {}, "resilience": resilience,
        "num_randomizations": plan.randomizations,
        # The worst of its circuits, as far as their shots are not independent.
        **{name: min(one[name] for one in told if name in one) for name in sorted({name for one in told for name in one})},
    }  # fmt: skip
    value = {"data": {"__type__": "DataBin", "__value__": data}, "metadata": metadata}
    return {"__type__": "EstimatorPubResult", "__value__": value}
