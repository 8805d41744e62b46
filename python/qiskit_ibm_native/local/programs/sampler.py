# SPDX-License-Identifier: Apache-2.0
"""The program ``sampler``."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadInputError
from . import wire
from .work import MAX_CIRCUITS, Measured, Piece, Work, read_meas_type, read_shots

#: The platform's default.
DEFAULT_SHOTS = 4096


def read(params: dict[str, Any]) -> Work:
    """Return the work of a job."""
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
        pieces.append(Piece(wire.read_circuit(circuit), read, shape, read_shots(shots, default)))
    return Work(
        pieces, read_meas_type(execution.get("meas_type", "classified")), options.get("simulator") or {},
        options.get("experimental") or {},
    )  # fmt: skip


def write(params: dict[str, Any], work: Work, measured: Measured) -> dict[str, Any]:
    """Return the results of a job."""
    if not params.get("support_qiskit"):
        return {"results": [_plain(registers) for registers in measured.fields], "metadata": {}}
    pubs = []
    for piece, registers, metadata in zip(work.pieces, measured.fields, measured.metadata, strict=True):
        written = {name: _field(values) for name, values in registers.items()}
        data = {
            "field_names": list(written), "field_types": [field["__type__"] for field in written.values()],
            "shape": list(piece.shape), "fields": written,
        }  # fmt: skip
        pub = {
            "data": {"__type__": "DataBin", "__value__": data},
            "metadata": {
                "circuit_metadata": piece.circuit.metadata or {},
                **metadata,
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
