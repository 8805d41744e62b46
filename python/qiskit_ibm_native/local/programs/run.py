# SPDX-License-Identifier: Apache-2.0
"""Running a job by its program."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson
from qiskit import QuantumCircuit

from .. import engine
from ..errors import BadInputError
from . import executor, sampler
from .signals import to_signals
from .work import Measured, Piece, Work

if TYPE_CHECKING:
    from ..devices import Device


_PROGRAMS: dict[str, Any] = {"sampler": sampler, "executor": executor}


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
    module = _PROGRAMS[program]
    work = module.read(params)
    for number, piece in enumerate(work.pieces):
        _check(piece, number, device)
    start = datetime.datetime.now(datetime.timezone.utc)
    setting = _setting(work, device, has_noise, memory)
    tasks = [engine.BoundCircuit(circuit, piece.shots) for piece in work.pieces for circuit in piece.bound()]
    done = iter(engine.run(tasks, setting))
    stop = datetime.datetime.now(datetime.timezone.utc)
    random = np.random.default_rng(setting.seed)
    fields, metadata = [], []
    for piece in work.pieces:
        runs = [next(done) for _ in range(math.prod(piece.shape))]
        metadata.append(engine.metadata(runs))
        stacked = np.array([run.bits for run in runs], np.bool_).reshape(
            *piece.shape, piece.shots, piece.circuit.num_clbits
        )
        measured = stacked if work.meas_type == "classified" else to_signals(stacked, device, has_noise, random)
        if work.meas_type == "avg_kerneled":
            measured = measured.mean(axis=-2)
        fields.append(_by_register(piece.circuit, measured))
    return orjson.dumps(module.write(params, work, Measured(fields, metadata, start, stop)))


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
