# SPDX-License-Identifier: Apache-2.0
"""Items of the program ``executor`` that have a samplex: parameter values are drawn from it, not sent.

This is the only file that needs the package ``samplomatic``, and it is imported for such items only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit

from ...._extras import install_command
from ...errors import BadInputError
from ..checks.executor import MAX_CIRCUITS
from ..work import Piece
from .payload import Schema, read_noise_map

try:
    from samplomatic.samplex import Samplex
    from samplomatic.serialization import samplex_from_json
except ImportError as error:  # an installation without the whole extra
    raise BadInputError(
        f"items of type 'samplex' need samplomatic on the side of the service ({error}): {install_command('local')}"
    ) from None

_VALUES = "parameter_values"
_QUARTER = math.pi / 2
#: A samplex computes angles as 32-bit numbers: this is more than their rounding, for angles of a few turns.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class SampledPiece(Piece):
    """A circuit with parameter values that were drawn from a samplex.

    Attributes:
        outputs: Other arrays that the samplex gave, of shape ``(*shape, ...)``, by name: which measured bits are
            flipped, signs of shots.
    """

    outputs: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


def read_item(
    circuit: QuantumCircuit, item: dict[str, Any], shots: int, random: np.random.Generator, schema: Schema, path: str
) -> SampledPiece:
    """Return the work of an item.

    Args:
        circuit: The template circuit.
        item: The item.
        shots: Shots of each set of parameter values.
        random: The source of randomizations.
        schema: The schema of the job.
        path: Where the item is, for errors.

    Raises:
        BadInputError: The samplex or its arguments cannot be used.
    """
    samplex = _read_samplex(item.get("samplex"), path)
    arguments = _read_arguments(item.get("samplex_arguments"), schema, path)
    return sample_piece(circuit, samplex, arguments, item.get("shape") or (), shots, random, path)


def sample_piece(
    circuit: QuantumCircuit, samplex: Samplex, arguments: dict[str, Any], shape: Sequence[int], shots: int,
    random: np.random.Generator, path: str,
) -> SampledPiece:  # fmt: skip
    """Return the work of a template circuit with values that are drawn from a samplex.

    Args:
        circuit: The template circuit.
        samplex: The samplex.
        arguments: Its arguments by name. Leading axes are swept, as numpy broadcasts them.
        shape: The shape of the work; axes that arguments do not have are randomizations.
        shots: Shots of each set of parameter values.
        random: The source of randomizations.
        path: Where the samplex is, for errors.

    Raises:
        BadInputError: The arguments do not fit the samplex, or the samplex does not fit the circuit.
    """
    try:
        bound = samplex.inputs().make_broadcastable().bind(**arguments)
        whole = np.broadcast_shapes(bound.shape, tuple(shape))
        if math.prod(whole) > MAX_CIRCUITS:
            raise BadInputError(f"its shape {whole} has more circuits than the {MAX_CIRCUITS} of a job")  # noqa: TRY301
        outputs = _sample(samplex, bound, whole, random)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise BadInputError(f"{path}: the samplex cannot be sampled: {reason}") from None
    values = outputs.pop(_VALUES, np.zeros((*whole, 0)))
    if values.shape[-1] != circuit.num_parameters:
        raise BadInputError(
            f"{path}: the samplex gives {values.shape[-1]} values, the circuit has {circuit.num_parameters} parameters"
        )
    return SampledPiece(circuit, _rounded(values), whole, shots, outputs)


def _read_samplex(value: Any, path: str) -> Samplex:
    try:
        return samplex_from_json(value["samplex_json"]).finalize()
    except Exception as error:
        raise BadInputError(f"{path}.samplex cannot be read: {error!r}") from None


def _read_arguments(values: Any, schema: Schema, path: str) -> dict[str, Any]:
    if not isinstance(values or {}, dict):
        raise BadInputError(f"{path}.samplex_arguments is not an object")
    arguments: dict[str, Any] = {}
    for name, value in (values or {}).items():
        place = f"{path}.samplex_arguments[{name!r}]"
        if not isinstance(value, dict):
            arguments[name] = value
        elif "sparse_terms" in value:
            arguments[name] = read_noise_map(value, place)
        else:
            arguments[name] = schema.read_tensor(value, place)
    return arguments


def _sample(
    samplex: Samplex, arguments: Any, shape: tuple[int, ...], random: np.random.Generator
) -> dict[str, npt.NDArray[Any]]:
    """Return what the samplex gives, of shape ``(*shape, ...)``.

    Axes along which arguments differ are swept; along the other ones, there are independent randomizations, which the
    samplex draws at once.
    """
    own = (1,) * (len(shape) - arguments.ndim) + arguments.shape
    swept = [axis for axis, size in enumerate(own) if size > 1]
    drawn = [axis for axis, size in enumerate(own) if size <= 1]
    lengths = [shape[axis] for axis in drawn]
    outputs: dict[str, npt.NDArray[Any]] = {}
    for point in np.ndindex(*(shape[axis] for axis in swept)):
        index = dict(zip(swept, point, strict=True))
        first = len(shape) - arguments.ndim
        chosen = arguments[tuple(index.get(axis, 0) for axis in range(first, len(shape)))]
        sample = samplex.sample(chosen, num_randomizations=math.prod(lengths), rng=random, max_workers=1)
        where = tuple(index.get(axis, slice(None)) for axis in range(len(shape)))
        for name, values in dict(sample).items():
            if name not in outputs:
                outputs[name] = np.empty((*shape, *values.shape[1:]), values.dtype)
            outputs[name][where] = values.reshape(*lengths, *values.shape[1:])
    return outputs


def _rounded(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return angles with those at a multiple of a quarter turn put exactly there, so that Clifford circuits stay so."""
    turns = np.round(values / _QUARTER)
    return np.where(np.abs(values - turns * _QUARTER) < _ROUNDING, turns * _QUARTER, values)
