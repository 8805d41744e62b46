# SPDX-License-Identifier: Apache-2.0
"""Decoders of jobs and encoders of results. The client has code of its own for that, which must agree with this one."""

from __future__ import annotations

import base64
import contextlib
import io
import warnings
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.exceptions import QiskitError

from ..errors import BadInputError


def inflate(text: Any) -> bytes:
    """Return the bytes of compressed base64."""
    try:
        return zlib.decompress(base64.b64decode(text, validate=True))
    except Exception as error:
        raise BadInputError(f"compressed data cannot be read: {error}") from None


def deflate(raw: bytes) -> str:
    """Return bytes as compressed base64."""
    return base64.b64encode(zlib.compress(raw)).decode()


def read_qpy(text: Any) -> list[QuantumCircuit]:
    """Return the circuits of compressed QPY."""
    return load_qpy(inflate(text))


def load_qpy(raw: bytes, annotations: Mapping[str, Any] | None = None) -> list[QuantumCircuit]:
    """Return the circuits of QPY.

    Args:
        raw: A file in QPY format.
        annotations: Readers of annotations of boxes, by namespace.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(qpy.load(io.BytesIO(raw), annotation_factories=annotations))
    except Exception as error:
        raise BadInputError(f"QPY cannot be read: {error}") from None


def read_circuit(value: Any) -> QuantumCircuit:
    """Return the circuit of a pub."""
    if isinstance(value, str):
        return _read_openqasm(value)
    if not isinstance(value, dict) or value.get("__type__") != "QuantumCircuit":
        raise BadInputError("a pub needs a circuit: typed QPY, or OpenQASM 3")
    circuits = read_qpy(value.get("__value__"))
    if len(circuits) != 1:
        raise BadInputError(f"a pub needs one circuit, not {len(circuits)}")
    return circuits[0]


def _read_openqasm(text: str) -> QuantumCircuit:
    # The parser prints what it does not understand, and raises errors that say nothing.
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return qasm3.loads(text)
    except Exception as error:
        told = str(error) if isinstance(error, QiskitError) else ""
        reason = told or " ".join(printed.getvalue().split()) or "it is no program of OpenQASM 3"
        raise BadInputError(f"OpenQASM 3 cannot be read: {reason}") from None


def write_circuit(circuit: QuantumCircuit) -> dict[str, Any]:
    """Return a circuit as typed JSON, in the oldest format of QPY, which every client reads."""
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=qpy.common.QPY_COMPATIBILITY_VERSION)
    return {"__type__": "QuantumCircuit", "__value__": deflate(buffer.getvalue())}


def read_array(value: Any) -> npt.NDArray[np.float64]:
    """Return the parameter values of a pub."""
    if value is None:
        return np.zeros((0,))
    try:
        return np.asarray(untyped(value), dtype=float)
    except (TypeError, ValueError, EOFError):
        raise BadInputError("parameter values must be an array of numbers") from None


def read_complex_array(value: Any) -> npt.NDArray[np.complex128]:
    """Return an array of coefficients."""
    try:
        return np.asarray(untyped(value), dtype=complex)
    except (TypeError, ValueError, EOFError):
        raise BadInputError("coefficients must be an array of numbers") from None


def untyped(value: Any) -> Any:
    """Return a value with its typed arrays and complex numbers decoded.

    Raises:
        BadInputError: An array is not compressed as it should be.
        ValueError: An array is damaged.
    """
    if isinstance(value, list):
        return [untyped(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind: Any = value.get("__type__")
    inner: Any = value.get("__value__")
    if kind == "complex":
        return complex(*inner)
    if kind == "ndarray":
        if isinstance(inner, str):
            return np.load(io.BytesIO(inflate(inner)), allow_pickle=False)
        return np.asarray(untyped(inner))
    return {key: untyped(item) for key, item in value.items()}


def write_array(array: npt.NDArray[Any]) -> dict[str, Any]:
    """Return an array as typed JSON."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return {"__type__": "ndarray", "__value__": deflate(buffer.getvalue())}


def write_bits(bits: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Return bits of a register, of shape ``(..., shots, bits)``, as a bit array: each shot a big-endian number."""
    size = bits.shape[-1]
    padded = np.zeros((*bits.shape[:-1], -(-size // 8) * 8), np.uint8)
    padded[..., padded.shape[-1] - size :] = bits[..., ::-1]
    array = np.packbits(padded, axis=-1)
    return {"__type__": "BitArray", "__value__": {"array": write_array(array), "num_bits": size}}
