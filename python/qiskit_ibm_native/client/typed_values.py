# SPDX-License-Identifier: Apache-2.0
"""Values of typed JSON, ``{"__type__": ..., "__value__": ...}``, in the metadata of results.

All types of the official client's decoder that Qiskit, numpy or Qiskit Aer have a class for, and execution spans, are
decoded. Others stay as they are, and so does a value that is not as its type says: metadata never make counts
unreadable. Nothing is imported or called by a name that a reply has.
"""

from __future__ import annotations

import base64
import math
import uuid
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import orjson

from .. import _native
from .._logger import logger
from .execution_spans import DataSlice, ExecutionSpan, ExecutionSpans
from .wire import MAX_UNPACKED, Allowance, decode_array, decode_qpy

_Decoder = Callable[[Any, Allowance], Any]
#: Names of the algorithms of zero-noise extrapolation: services send them as the ``ndarray`` that they are chosen from.
_EXTRAPOLATORS = frozenset(
    {
        "linear",
        "exponential",
        "double_exponential",
        "fallback",
        *(f"polynomial_degree_{degree}" for degree in range(1, 8)),
    }
)

#: Classes of Qiskit whose objects come as their settings.
_OPERATORS = (
    "Chi", "Choi", "Kraus", "Operator", "Pauli", "PauliList", "PTM", "SparsePauliOp", "Stinespring", "SuperOp",
)  # fmt: skip


def decode_typed(value: Any, allowance: Allowance) -> Any:
    """Return JSON with typed values decoded, those inside of others first.

    Args:
        value: Decoded JSON, which is not changed.
        allowance: Limit of the bytes that may be decompressed.

    Raises:
        ApiIBMProtocolError: More than the allowance would have to be decompressed.
    """
    if isinstance(value, list):
        return [decode_typed(item, allowance) for item in value]
    if not isinstance(value, dict):
        return value
    content = {name: decode_typed(item, allowance) for name, item in value.items()}
    decoder = _DECODERS.get(content.get("__type__", "")) if isinstance(content.get("__type__"), str) else None
    if decoder is None or "__value__" not in content:
        return content
    try:
        return decoder(content if content["__type__"] == "settings" else content["__value__"], allowance)
    except Exception as error:
        if allowance.is_spent:
            raise
        logger.warning("A %s in the metadata of a result is left as it is: %s", content["__type__"], error)
        return content


def _moment(text: Any, _allowance: Allowance) -> datetime:
    return _native.parse_instant(text)


def _complex(parts: Any, _allowance: Allowance) -> complex:
    real, imaginary = parts
    return complex(real, imaginary)


def _array(value: Any, allowance: Allowance) -> Any:
    if isinstance(value, str) and value in _EXTRAPOLATORS:
        return value
    if isinstance(value, int | list):
        return np.array(value)
    return decode_array({"__type__": "ndarray", "__value__": value}, allowance)


def _data_slice(numbers: Any, num_slices: int, is_twirled: bool = False) -> DataSlice:
    """Return a part of a circuit's result.

    Args:
        numbers: Its shape, with twirling whether randomizations come first, the ends of slices, and with twirling
            perhaps the number of shots that were asked for.
        num_slices: How many slices there are.
        is_twirled: Whether there is twirling.
    """
    sizes, *rest = numbers
    first = bool(rest.pop(0)) if is_twirled else None
    ends, more = rest[: 2 * num_slices], rest[2 * num_slices :]
    shape = _checked_shape(sizes)
    if len(ends) != 2 * num_slices or not all(end is None or type(end) is int for end in [*ends, *more]):
        raise ValueError(f"a span cannot be made of {numbers!r:.200}")
    pub_shots = more[0] if is_twirled and more else None
    rows, *shots = (slice(*ends[start : start + 2]) for start in range(0, len(ends), 2))
    return DataSlice(shape, rows, shots[0] if shots else None, first, pub_shots)


def _checked_shape(shape: Any) -> tuple[int, ...]:
    sizes = tuple(shape)
    # A mask of this shape is made when somebody asks for it.
    if not all(type(size) is int and size >= 0 for size in sizes) or math.prod(sizes) > MAX_UNPACKED:
        raise ValueError(f"there is no result of the shape {shape!r:.200}")
    return sizes


def _span(num_slices: int, is_twirled: bool = False) -> _Decoder:
    def decode(value: Any, _allowance: Allowance) -> ExecutionSpan:
        slices = {
            int(index): _data_slice(numbers, num_slices, is_twirled) for index, numbers in value["data_slices"].items()
        }
        if not isinstance(value["start"], datetime) or not isinstance(value["stop"], datetime):
            raise TypeError("a span has no times")
        return ExecutionSpan(value["start"], value["stop"], slices)

    return decode


def _spans(value: Any, _allowance: Allowance) -> ExecutionSpans:
    if not all(isinstance(span, ExecutionSpan) for span in value["spans"]):
        raise TypeError("one of the spans is not a span")
    return ExecutionSpans(value["spans"])


def _circuit(value: Any, allowance: Allowance) -> Any:
    (circuit,) = decode_qpy(value, allowance)
    return circuit


def _instruction(value: Any, allowance: Allowance) -> Any:
    return _circuit(value, allowance).data[0].operation


def _parameter(value: Any, _allowance: Allowance) -> Any:
    from qiskit.circuit import Parameter

    # The format of Qiskit's `_write_parameter`: the length of the name, a UUID, the name.
    raw = base64.b64decode(value)
    length, identifier = int.from_bytes(raw[:2], "big"), uuid.UUID(bytes=raw[2:18])
    return Parameter(raw[18 : 18 + length].decode(), uuid=identifier)


def _of_primitives(name: str) -> _Decoder:
    def decode(value: Any, _allowance: Allowance) -> Any:
        from qiskit.primitives import containers

        return getattr(containers, name)(**value)

    return decode


def _data_bin(value: Any, _allowance: Allowance) -> Any:
    from qiskit.primitives.containers import DataBin

    shape = value["shape"]
    return DataBin(shape=tuple(shape) if isinstance(shape, list) else shape, **value["fields"])


def _observables(value: Any, _allowance: Allowance) -> Any:
    from qiskit.primitives.containers.observables_array import ObservablesArray

    return ObservablesArray(value)


def _bindings(value: Any, allowance: Allowance) -> Any:
    from qiskit.primitives.containers.bindings_array import BindingsArray

    shape = value.get("shape")
    data = {
        tuple(decode_typed(orjson.loads(names), allowance)): values
        for names, values in (value.get("data") or {}).items()
    }
    return BindingsArray(data or None, shape=None if shape is None else _checked_shape(shape))


def _pauli_lindblad_map(value: Any, _allowance: Allowance) -> Any:
    from qiskit.quantum_info import PauliLindbladMap

    return PauliLindbladMap.from_sparse_list([tuple(term) for term in value["paulis"]], num_qubits=value["num_qubits"])


def _operator(content: Any, _allowance: Allowance) -> Any:
    """Return an operator of Qiskit by its settings."""
    from qiskit import quantum_info

    name, settings = content.get("__class__"), content["__value__"]
    # A matrix of a circuit or of another operator may need more memory than anybody has.
    plain = (np.ndarray, str, int, float, complex, type(None), quantum_info.PauliList)
    values = [part for value in settings.values() for part in (value if isinstance(value, list) else [value])]
    if name not in _OPERATORS or not all(isinstance(value, plain) for value in values):
        raise TypeError(f"{name} is not an operator, or its settings are not settings of one")
    return getattr(quantum_info, name)(**settings)


def _result(value: Any, _allowance: Allowance) -> Any:
    from qiskit.result import Result

    return Result.from_dict(value)


def _noise_model(value: Any, _allowance: Allowance) -> Any:
    from qiskit_aer.noise import NoiseModel

    with warnings.catch_warnings():
        # Aer has no other reader.
        warnings.simplefilter("ignore", DeprecationWarning)
        return NoiseModel.from_dict(value)


_DECODERS: Mapping[str, _Decoder] = {
    "datetime": _moment,
    "complex": _complex,
    "ndarray": _array,
    "set": lambda value, _: set(value),
    "ExecutionSpan": _span(1),
    "DoubleSliceSpan": _span(2),
    "TwirledSliceSpan": _span(2, is_twirled=True),
    "TwirledSliceSpanV2": _span(2, is_twirled=True),
    "ExecutionSpans": _spans,
    # The name of earlier years.
    "ExecutionSpanCollection": _spans,
    "QuantumCircuit": _circuit,
    "Instruction": _instruction,
    "Parameter": _parameter,
    "BitArray": _of_primitives("BitArray"),
    "DataBin": _data_bin,
    "PubResult": _of_primitives("PubResult"),
    "EstimatorPubResult": _of_primitives("PubResult"),
    "SamplerPubResult": _of_primitives("SamplerPubResult"),
    "PrimitiveResult": _of_primitives("PrimitiveResult"),
    "ObservablesArray": _observables,
    "BindingsArray": _bindings,
    "PauliLindbladMap": _pauli_lindblad_map,
    "settings": _operator,
    "Result": _result,
    "NoiseModel": _noise_model,
    "to_json": lambda value, _: value,
}
