# SPDX-License-Identifier: Apache-2.0
"""The program ``executor``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadInputError
from . import wire
from .work import MAX_CIRCUITS, Measured, Piece, Work, measure, read_meas_type, read_shots

if TYPE_CHECKING:
    from .simulation import Simulation


def run(params: dict[str, Any], simulation: Simulation) -> dict[str, Any]:
    """Run a job; return its results."""
    work = read(params)
    return write(params, work, measure(work, simulation))


def read(params: dict[str, Any]) -> Work:
    """Return the work of a job."""
    program = params.get("quantum_program")
    if not isinstance(program, dict) or not isinstance(program.get("circuits"), dict):
        raise BadInputError("quantum_program with circuits is missing")
    circuits = wire.read_qpy(program["circuits"].get("b64_data"))
    items = program.get("items")
    if not isinstance(items, list) or not 0 < len(items) <= MAX_CIRCUITS or len(items) != len(circuits):
        raise BadInputError(f"there must be an item for each of the {len(circuits)} circuits")
    shots = read_shots(program.get("shots"), None)
    pieces = []
    for circuit, item in zip(circuits, items, strict=True):
        if item.get("item_type") != "circuit":
            raise BadInputError(f"this service runs circuits only, no {item.get('item_type')!r} (twirling is one)")
        values = wire.read_tensor(item.get("circuit_arguments"))
        shape = np.broadcast_shapes(values.shape[:-1], tuple(item.get("shape", ())))
        pieces.append(Piece(circuit, values, shape, shots))
    return Work(pieces, read_meas_type(program.get("meas_level", "classified")))


def write(params: dict[str, Any], work: Work, measured: Measured) -> dict[str, Any]:
    """Return the results of a job."""
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
