# SPDX-License-Identifier: Apache-2.0
"""Programs ``sampler`` and ``executor``: reading the ``params`` of jobs, and writing results."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson
from qiskit import QuantumCircuit

from .. import engine
from ..engine import noise
from ..engine.errors import BadInputError
from . import wire

if TYPE_CHECKING:
    from ..devices import Device

#: The platform's default.
DEFAULT_SHOTS = 4096
#: Circuits of a job.
MAX_CIRCUITS = 10_000
_MEAS_TYPES = ("classified", "kerneled", "avg_kerneled")


@dataclass(frozen=True)
class Piece:
    """A circuit with arrays of parameter values.

    Attributes:
        circuit: The circuit, with its parameters.
        values: Array of shape ``(*shape, num_parameters)``.
        shape: The shape of the results in front of shots and bits.
        shots: Number of shots for each set of values.
    """

    circuit: QuantumCircuit
    values: npt.NDArray[np.float64]
    shape: tuple[int, ...]
    shots: int

    def bound(self) -> list[QuantumCircuit]:
        """Return the circuit with each set of values."""
        parameters = list(self.circuit.parameters)
        if not parameters:
            return [self.circuit] * math.prod(self.shape)
        rows = np.broadcast_to(self.values, (*self.shape, len(parameters))).reshape(-1, len(parameters))
        return [self.circuit.assign_parameters(dict(zip(parameters, map(float, row), strict=True))) for row in rows]


@dataclass(frozen=True)
class Work:
    """A job as its program reads it."""

    pieces: list[Piece]
    meas_type: str
    simulator: dict[str, Any]
    options: dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """Measured values of a job.

    Attributes:
        fields: By circuit and register, arrays of shape ``(*shape, shots, bits)``, or ``(*shape, bits)`` for averages.
        trajectories: By circuit, the number of trajectories of the noise from which its shots were drawn; ``None`` if
            each shot has its own.
        start: Begin of the simulation.
        stop: End of the simulation.
    """

    fields: list[dict[str, npt.NDArray[Any]]]
    trajectories: list[int | None]
    start: datetime.datetime
    stop: datetime.datetime


def run_job(program: str, content: bytes, device: Device, has_noise: bool, memory: int) -> bytes:
    """Run a job; return its results as JSON.

    Args:
        program: The program's name.
        content: The job's ``params``, as JSON.
        device: The device.
        has_noise: Whether the device is as noisy as its calibration says, or ideal.
        memory: Bytes that may be allocated for the job.

    Raises:
        BadInputError: The job is not what the program takes.
    """
    params = orjson.loads(content)
    read, write = (_read_sampler, _write_sampler) if program == "sampler" else (_read_executor, _write_executor)
    work = read(params)
    for number, piece in enumerate(work.pieces):
        _check(piece, number, device)
    start = datetime.datetime.now(datetime.timezone.utc)
    setting = _setting(work, device, has_noise, memory)
    tasks = [engine.BoundCircuit(circuit, piece.shots) for piece in work.pieces for circuit in piece.bound()]
    done = iter(engine.run(tasks, setting))
    stop = datetime.datetime.now(datetime.timezone.utc)
    random = np.random.default_rng(setting.seed)
    fields, trajectories = [], []
    for piece in work.pieces:
        runs = [next(done) for _ in range(math.prod(piece.shape))]
        trajectories.append(min((run.trajectories for run in runs if run.trajectories), default=None))
        stacked = np.array([run.bits for run in runs], np.bool_).reshape(
            *piece.shape, piece.shots, piece.circuit.num_clbits
        )
        measured = stacked if work.meas_type == "classified" else _signals(stacked, device, has_noise, random)
        if work.meas_type == "avg_kerneled":
            measured = measured.mean(axis=-2)
        fields.append(_by_register(piece.circuit, measured))
    return orjson.dumps(write(params, work, Measured(fields, trajectories, start, stop)))


def _check(piece: Piece, number: int, device: Device) -> None:
    limit = getattr(device.model, "max_shots", None)
    if piece.shots < 1 or (limit and piece.shots > limit):
        raise BadInputError(f"circuit {number}: {piece.shots} shots; {device.name} takes 1 to {limit}")
    if piece.circuit.num_qubits > device.num_qubits:
        raise BadInputError(
            f"circuit {number} has {piece.circuit.num_qubits} qubits, {device.name} has {device.num_qubits}"
        )
    if piece.circuit.num_parameters != (piece.values.shape[-1] if piece.values.ndim else 0):
        raise BadInputError(
            f"circuit {number} has {piece.circuit.num_parameters} parameters, its values {piece.values.shape}"
        )


def _setting(work: Work, device: Device, has_noise: bool, memory: int) -> engine.SimulationOptions:
    model = work.simulator.get("noise_model")
    if model is not None:
        from qiskit_aer.noise import NoiseModel

        try:
            model = NoiseModel.from_dict(model["__value__"])
        except Exception as error:
            raise BadInputError(f"the noise model cannot be read: {error}") from None
    seed = work.simulator.get("seed_simulator")
    if seed is not None and not isinstance(seed, int):
        raise BadInputError(f"seed_simulator is {seed!r}, not a number")
    snapshot = device.latest if has_noise and not device.is_simulator else None
    # Aer runs fewer shots at once, or chooses another method, rather than take more than that.
    options = {"max_memory_mb": max(memory >> 20, 1), **work.options}
    return engine.SimulationOptions(snapshot, model, seed, tuple(options.items()))


def _by_register(circuit: QuantumCircuit, values: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    indices = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    return {register.name: values[..., [indices[bit] for bit in register]] for register in circuit.cregs}


def _signals(
    bits: npt.NDArray[np.bool_], device: Device, has_noise: bool, random: np.random.Generator
) -> npt.NDArray[np.complex128]:
    """Return complex values of a readout: clouds around -1 for 0 and +1 for 1, in arbitrary units.

    Bits have the errors of readout already. The width of the clouds is that at which the threshold 0 gives these
    errors.
    """
    error = 1e-3
    if has_noise and not device.is_simulator:
        error = float(np.clip(np.median(noise.readout_probabilities(device.latest)), 1e-4, 0.4))
    # The tail of a normal distribution beyond 1/width is the error: Abramowitz and Stegun, 26.2.23.
    t = math.sqrt(-2 * math.log(error))
    quantile = t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (
        1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t
    )
    width = 1 / max(quantile, 0.1)
    # A value on the wrong side would be another bit: the noise is folded back to the side of its bit.
    sides = np.where(bits, 1.0, -1.0)
    along = np.abs(1 + width * random.standard_normal(bits.shape))
    return np.asarray(sides * along + 1j * width * random.standard_normal(bits.shape), np.complex128)


def _meas_type(value: Any) -> str:
    if value not in _MEAS_TYPES:
        raise BadInputError(f"the measurement type is {value!r}; use one of {list(_MEAS_TYPES)}")
    return str(value)


# The sampler


def _read_sampler(params: dict[str, Any]) -> Work:
    options = params.get("options") or {}
    pubs = params.get("pubs")
    if not isinstance(pubs, list) or not 0 < len(pubs) <= MAX_CIRCUITS:
        raise BadInputError(f"pubs must be a list of 1 to {MAX_CIRCUITS}")
    for group in ("twirling", "dynamical_decoupling"):
        asked = [key for key, value in (options.get(group) or {}).items() if key.startswith("enable") and value]
        if asked:
            raise BadInputError(f"this service has no {group} ({', '.join(asked)})")
    execution = options.get("execution") or {}
    default = params.get("shots") or options.get("default_shots", DEFAULT_SHOTS)
    pieces = []
    for pub in pubs:
        circuit, values, shots = [*(pub if isinstance(pub, list) else [pub]), None, None][:3]
        read = wire.read_array(values)
        shape = read.shape[:-1]
        pieces.append(Piece(wire.read_circuit(circuit), read, shape, _shots(shots, default)))
    return Work(
        pieces, _meas_type(execution.get("meas_type", "classified")), options.get("simulator") or {},
        options.get("experimental") or {},
    )  # fmt: skip


def _shots(shots: Any, default: Any) -> int:
    chosen = default if shots is None else shots
    if not isinstance(chosen, int) or isinstance(chosen, bool):
        raise BadInputError(f"shots is {chosen!r}, not a number")
    return chosen


def _write_sampler(params: dict[str, Any], work: Work, measured: Measured) -> dict[str, Any]:
    if not params.get("support_qiskit"):
        return {"results": [_plain(registers) for registers in measured.fields], "metadata": {}}
    pubs = []
    for piece, registers, trajectories in zip(work.pieces, measured.fields, measured.trajectories, strict=True):
        written = {name: _field(values) for name, values in registers.items()}
        data = {
            "field_names": list(written), "field_types": [field["__type__"] for field in written.values()],
            "shape": list(piece.shape), "fields": written,
        }  # fmt: skip
        pub = {
            "data": {"__type__": "DataBin", "__value__": data},
            "metadata": {
                "circuit_metadata": piece.circuit.metadata or {},
                **({"noise_trajectories": trajectories} if trajectories else {}),
            },
        }
        pubs.append({"__type__": "SamplerPubResult", "__value__": pub})
    slices = {
        str(number): [[*piece.shape, piece.shots], 0, math.prod(piece.shape), 0, piece.shots]
        for number, piece in enumerate(work.pieces)
    }
    span = {"start": _moment(measured.start), "stop": _moment(measured.stop), "data_slices": slices}
    spans = {"spans": [{"__type__": "DoubleSliceSpan", "__value__": span}]}
    execution = {"execution_spans": {"__type__": "ExecutionSpans", "__value__": spans}}
    content = {"pub_results": pubs, "metadata": {"execution": execution, "version": 2}}
    return {"__type__": "PrimitiveResult", "__value__": content}


def _moment(moment: datetime.datetime) -> dict[str, str]:
    return {"__type__": "datetime", "__value__": moment.isoformat()}


def _field(values: npt.NDArray[Any]) -> dict[str, Any]:
    return wire.write_bits(values) if values.dtype == np.bool_ else wire.write_array(values)


def _plain(registers: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """Return a result without Qiskit's types: a hexadecimal word for each shot."""
    data = {}
    for name, values in registers.items():
        weights = [1 << bit for bit in range(values.shape[-1])]
        rows = values.reshape(-1, values.shape[-1])
        samples = [hex(sum(weight for weight, bit in zip(weights, row, strict=True) if bit)) for row in rows]
        data[name] = {"samples": samples, "num_bits": values.shape[-1]}
    return {"data": data, "metadata": {}}


# The executor


def _read_executor(params: dict[str, Any]) -> Work:
    program = params.get("quantum_program")
    if not isinstance(program, dict) or not isinstance(program.get("circuits"), dict):
        raise BadInputError("quantum_program with circuits is missing")
    circuits = wire.read_qpy(program["circuits"].get("b64_data"))
    items = program.get("items")
    if not isinstance(items, list) or not 0 < len(items) <= MAX_CIRCUITS or len(items) != len(circuits):
        raise BadInputError(f"there must be an item for each of the {len(circuits)} circuits")
    shots = _shots(program.get("shots"), None)
    pieces = []
    for circuit, item in zip(circuits, items, strict=True):
        if item.get("item_type") != "circuit":
            raise BadInputError(f"this service runs circuits only, no {item.get('item_type')!r} (twirling is one)")
        values = wire.read_tensor(item.get("circuit_arguments"))
        shape = np.broadcast_shapes(values.shape[:-1], tuple(item.get("shape", ())))
        pieces.append(Piece(circuit, values, shape, shots))
    experimental = dict((params.get("options") or {}).get("experimental") or {})
    simulator = experimental.pop("simulator", {})
    return Work(pieces, _meas_type(program.get("meas_level", "classified")), simulator, experimental)


def _write_executor(params: dict[str, Any], work: Work, measured: Measured) -> dict[str, Any]:
    program = params["quantum_program"]
    suffix = {"classified": "", "kerneled": "_iq", "avg_kerneled": "_avg_iq"}[work.meas_type]
    parts = [
        {
            "idx_item": number, "size": math.prod(piece.shape), "permutation": list(range(len(piece.shape))),
            "element_range": [0, math.prod(piece.shape), 1],
        }
        for number, piece in enumerate(work.pieces)
    ]  # fmt: skip
    return {
        "schema_version": params.get("schema_version", "v2.0"),
        "data": [
            {
                "results": {f"{name}{suffix}": wire.write_tensor(values) for name, values in registers.items()},
                "metadata": {"scheduler_timing": None, "stretch_values": None},
            }
            for registers in measured.fields
        ],
        "metadata": {
            "chunk_timing": [{"start": measured.start.isoformat(), "stop": measured.stop.isoformat(), "parts": parts}]
        },
        "passthrough_data": program.get("passthrough_data"),
        "semantic_role": program.get("semantic_role"),
    }
