# SPDX-License-Identifier: Apache-2.0
"""The program ``executor``: items of circuits and of samplexes, run in chunks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...errors import BadInputError
from ..checks.executor import LATEST, MAX_CIRCUITS
from ..work import Piece, by_register, check_piece, read_meas_type, read_shots, to_meas_type
from .payload import SCHEMAS, Schema
from .runs import Runner
from .stretches import resolve_stretches
from .timing import describe_timing

if TYPE_CHECKING:
    from ..simulation import Simulation

#: Circuits that are run at once if a client does not say.
_CHUNK = 1000
#: The ending of a register's name in results.
_ENDINGS = {"classified": "", "kerneled": "_iq", "avg_kerneled": "_avg_iq"}


@dataclass(frozen=True)
class _Job:
    schema: Schema
    pieces: list[Piece]
    stretches: list[list[dict[str, Any]]]
    chunk_sizes: list[int | None]
    meas_types: list[str]


@dataclass(frozen=True)
class _Part:
    """A range of the sets of values of an item."""

    item: int
    start: int
    stop: int


def run(params: dict[str, Any], simulation: Simulation) -> dict[str, Any]:
    """Run a job; return its results."""
    options = params.get("options") or {}
    job = _read(params, simulation)
    for number, piece in enumerate(job.pieces):
        check_piece(piece, number, simulation, f"quantum_program.items[{number}] (parameter values)")
    metadata = _metadata(job, options, simulation)
    runners = [Runner(piece, simulation) for piece in job.pieces]
    bits = [np.empty((math.prod(piece.shape), piece.shots, piece.circuit.num_clbits), np.bool_) for piece in job.pieces]
    spans = []
    for parts in _chunks(job):
        start = simulation.now()
        tasks = [runners[part.item].tasks(part.start, part.stop) for part in parts]
        # In one run, so that the simulator gives what Aer gives for a list of circuits.
        done = iter(simulation.run([task for some in tasks for task in some]))
        for part, some in zip(parts, tasks, strict=True):
            measured = [next(done) for _ in some]
            bits[part.item][part.start : part.stop] = runners[part.item].bits(part.start, part.stop, measured)
        stop = simulation.now()
        spans.append({
            "start": start.isoformat(), "stop": stop.isoformat(), "parts": [_written(part, job) for part in parts]
        })  # fmt: skip
    data = [
        {"results": _results(piece, measured, job, simulation), "metadata": described and described | runner.metadata()}
        for piece, measured, described, runner in zip(job.pieces, bits, metadata, runners, strict=True)
    ]
    program = params["quantum_program"]
    return {
        "schema_version": params.get("schema_version", LATEST),
        "data": data,
        "metadata": {"chunk_timing": spans},
        "passthrough_data": program.get("passthrough_data"),
        "semantic_role": program.get("semantic_role"),
    }


def _read(params: dict[str, Any], simulation: Simulation) -> _Job:
    program = params.get("quantum_program")
    if not isinstance(program, dict):
        raise BadInputError("quantum_program is missing")
    version = params.get("schema_version", LATEST)
    schema = SCHEMAS.get(version)
    if schema is None:
        raise BadInputError(f"schema_version is {version!r}; use one of {list(SCHEMAS)}")
    items = program.get("items")
    if not isinstance(items, list) or not 0 < len(items) <= MAX_CIRCUITS:
        raise BadInputError(f"quantum_program.items must be a list of 1 to {MAX_CIRCUITS}")
    shots = read_shots(program.get("shots"), None)
    pieces, stretches = [], []
    for number, (given, item) in enumerate(zip(schema.read_circuits(program, items), items, strict=True)):
        circuit, resolved = resolve_stretches(given, simulation.target) if given.num_stretches else (given, [])
        stretches.append(resolved)
        path = f"quantum_program.items[{number}]"
        kind = item.get("item_type") if isinstance(item, dict) else None
        if kind == "circuit":
            values = schema.read_tensor(item.get("circuit_arguments"), f"{path}.circuit_arguments")
            shape = _shape(values.shape[:-1], item.get("shape"), path)
            pieces.append(Piece(circuit, values, shape, shots))
        elif kind == "samplex":
            from .samplex import read_item

            pieces.append(read_item(circuit, item, shots, simulation.random, schema, path))
        else:
            raise BadInputError(f"{path}.item_type is {kind!r}; use 'circuit' or 'samplex'")
    total = sum(math.prod(piece.shape) for piece in pieces)
    if total > MAX_CIRCUITS:
        raise BadInputError(f"the items have {total} circuits, one for each set of values; {MAX_CIRCUITS} are the most")
    return _Job(schema, pieces, stretches, [_chunk_size(item) for item in items], _meas_types(program))


def _shape(implied: tuple[int, ...], asked: Any, path: str) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(implied, tuple(asked or ()))
    except (TypeError, ValueError):
        raise BadInputError(f"{path}.shape {asked} does not fit values of shape {implied}") from None


def _chunk_size(item: dict[str, Any]) -> int | None:
    size = item.get("chunk_size", "auto")
    return size if isinstance(size, int) and size > 0 else None


def _meas_types(program: dict[str, Any]) -> list[str]:
    level = program.get("meas_level", "classified")
    return ["classified", "kerneled"] if level == "both" else [read_meas_type(level)]


def _chunks(job: _Job) -> list[list[_Part]]:
    """Return the parts of each chunk: those that clients ask for have sets of values of one item."""
    chunks: list[list[_Part]] = []
    room = 0
    for item, (piece, asked) in enumerate(zip(job.pieces, job.chunk_sizes, strict=True)):
        size, done = math.prod(piece.shape), 0
        while done < size:
            if asked is not None or not room:
                chunks.append([])
                room = asked or _CHUNK
            stop = min(size, done + room)
            chunks[-1].append(_Part(item, done, stop))
            room = 0 if asked is not None else room - (stop - done)
            done = stop
    return chunks


def _written(part: _Part, job: _Job) -> dict[str, Any]:
    return {
        "idx_item": part.item, "size": part.stop - part.start,
        "permutation": list(range(len(job.pieces[part.item].shape))), "element_range": [part.start, part.stop, 1],
    }  # fmt: skip


def _results(piece: Piece, bits: npt.NDArray[np.bool_], job: _Job, simulation: Simulation) -> dict[str, Any]:
    """Return the tensors of an item: those of registers, and those that its samplex gave."""
    shaped = bits.reshape(*piece.shape, *bits.shape[1:])
    results = {}
    for kind in job.meas_types:
        for name, values in by_register(piece.circuit, to_meas_type(shaped, kind, simulation)).items():
            results[f"{name}{_ENDINGS[kind]}"] = job.schema.write_tensor(values)
    for name, values in getattr(piece, "outputs", {}).items():
        results[name] = job.schema.write_tensor(values)
    return results


def _metadata(job: _Job, options: dict[str, Any], simulation: Simulation) -> list[dict[str, Any] | None]:
    """Return the metadata of each item, as far as they are asked for."""
    if not job.schema.has_item_metadata:
        return [None] * len(job.pieces)
    has_timing, has_stretches = options.get("scheduler_timing"), options.get("stretch_values")
    return [
        {
            "scheduler_timing": describe_timing(piece.circuit, simulation.target) if has_timing else None,
            "stretch_values": stretches if has_stretches else None,
        }
        for piece, stretches in zip(job.pieces, job.stretches, strict=True)
    ]
