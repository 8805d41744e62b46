# SPDX-License-Identifier: Apache-2.0
"""Encoders and decoders of circuits, arrays and results: typed JSON of `sampler`, tensors of `executor`."""

from __future__ import annotations

import base64
import io
import math
import struct
import warnings
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.format import read_array_header_1_0, read_array_header_2_0, read_magic
from qiskit import QuantumCircuit, qpy

from ..exceptions import ApiIBMProtocolError

#: The latest version of QPY that the sampler reads.
SAMPLER_QPY_VERSION = 17
#: Level of zlib. Higher ones make circuits of thousands of gates little smaller and take three times as long.
_COMPRESSION = 1
#: Bytes that all arrays or circuits of a response may have together. A million shots of a thousand bits have an eighth.
MAX_UNPACKED = 2**30
_DTYPES = {
    "bool": np.dtype(np.bool_), "u8": np.dtype("<u1"), "i64": np.dtype("<i8"), "f64": np.dtype("<f8"),
    "c128": np.dtype("<c16"),
}  # fmt: skip


class Allowance:
    """Limit of the bytes that are decompressed from one response, in which many small texts can be a gigabyte each.

    Attributes:
        left: Bytes that may still be decompressed.
        is_spent: Whether more was asked for than was left.
    """

    def __init__(self, left: int = MAX_UNPACKED) -> None:
        """Create the allowance of one response."""
        self.left = left
        self.is_spent = False

    def spend(self, size: int) -> None:
        """Subtract decompressed bytes.

        Raises:
            ApiIBMProtocolError: Fewer bytes are left.
        """
        if size > self.left:
            self.is_spent = True
            raise ApiIBMProtocolError(f"The data of the reply are larger than {MAX_UNPACKED} bytes.")
        self.left -= size


def encode_qpy(circuits: Sequence[QuantumCircuit], version: int) -> str:
    """Return circuits as base64 of zlib-compressed QPY, in the given version of QPY."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # qpy warns of versions other than its latest; the reader decides about the version.
        warnings.simplefilter("ignore")
        qpy.dump(list(circuits), buffer, version=version)
    return _packed(buffer.getvalue())


def decode_qpy(text: str, allowance: Allowance | None = None) -> list[QuantumCircuit]:
    """Return the circuits of base64 of zlib-compressed QPY; its bytes are subtracted from the allowance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(qpy.load(io.BytesIO(_unpacked(text, allowance or Allowance()))))


def encode_circuit(circuit: QuantumCircuit) -> dict[str, str]:
    """Return a circuit as typed JSON, for a pub of the sampler."""
    version = min(SAMPLER_QPY_VERSION, qpy.QPY_VERSION)
    return {"__type__": "QuantumCircuit", "__value__": encode_qpy([circuit], version)}


def decode_circuit(value: Any) -> QuantumCircuit:
    """Return the circuit of a pub: typed JSON with QPY, or OpenQASM 3."""
    if isinstance(value, str):
        from qiskit import qasm3

        return qasm3.loads(value)
    if not isinstance(value, Mapping) or value.get("__type__") != "QuantumCircuit":
        raise ApiIBMProtocolError(f"A circuit was expected, not a {type(value).__name__}.")
    (circuit,) = decode_qpy(value["__value__"])
    return circuit


def encode_array(array: npt.NDArray[Any]) -> dict[str, str]:
    """Return an array as typed JSON: base64 of zlib-compressed .npy."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return {"__type__": "ndarray", "__value__": _packed(buffer.getvalue())}


def decode_array(value: Any, allowance: Allowance) -> npt.NDArray[Any]:
    """Return the array of typed JSON; its bytes are subtracted from the allowance.

    Raises:
        ApiIBMProtocolError: ``value`` is no array, is damaged, or is larger than the allowance.
    """
    if not isinstance(value, Mapping) or value.get("__type__") != "ndarray" or not isinstance(value["__value__"], str):
        raise ApiIBMProtocolError(f"An array was expected, not a {type(value).__name__}.")
    raw = _unpacked(value["__value__"], allowance)
    if raw[:8] == b"\x93NUMPY\x01\x00":
        # The version that numpy writes; numpy's reader takes four times as long for the header of a small array.
        (length,) = struct.unpack_from("<H", raw, 8)
        header = _header(raw[10 : 10 + length])
        if header is not None:
            dtype, shape = header
            try:
                return np.frombuffer(raw, dtype, math.prod(shape), 10 + length).reshape(shape)
            except ValueError as error:
                raise ApiIBMProtocolError(f"An array of the reply cannot be read: {error}") from None
    try:
        stream = io.BytesIO(raw)
        read = {(1, 0): read_array_header_1_0, (2, 0): read_array_header_2_0}[read_magic(stream)]
        shape, _, dtype = read(stream)
        if math.prod(shape) * dtype.itemsize > len(raw):
            raise ApiIBMProtocolError("An array of the reply says that it is larger than it is.")
        array: npt.NDArray[Any] = np.load(io.BytesIO(raw), allow_pickle=False)
    except (KeyError, ValueError) as error:
        raise ApiIBMProtocolError(f"An array of the reply cannot be read: {error}") from None
    return array


def _header(text: bytes) -> tuple[np.dtype[Any], tuple[int, ...]] | None:
    """Return dtype and shape of a .npy header, ``None`` for all but C-ordered u1, f8 and c16 arrays."""
    words = text.decode("latin-1").strip()
    for name, dtype in (("|u1", np.dtype("u1")), ("<c16", np.dtype("<c16")), ("<f8", np.dtype("<f8"))):
        start = f"{{'descr': '{name}', 'fortran_order': False, 'shape': ("
        if words.startswith(start) and words.endswith("), }"):
            sizes = words[len(start) : -4].split(",")
            return dtype, tuple(int(size) for size in sizes if size.strip())
    return None


def encode_tensor(array: npt.NDArray[Any]) -> dict[str, Any]:
    """Return an array as a tensor of the executor: little-endian, C order, booleans packed with the first one lowest.

    Raises:
        TypeError: No tensor has elements of this dtype.
    """
    name = next((name for name, dtype in _DTYPES.items() if array.dtype == dtype), None)
    if name is None:
        raise TypeError(f"a tensor cannot have elements of type {array.dtype}")
    raw = np.packbits(array, bitorder="little") if name == "bool" else np.ascontiguousarray(array, _DTYPES[name])
    return {"data": _packed(raw.tobytes()), "shape": list(array.shape), "dtype": name}


def decode_tensor(value: Any, allowance: Allowance) -> npt.NDArray[Any]:
    """Return the array of a tensor of the executor; its bytes are subtracted from the allowance.

    Raises:
        ApiIBMProtocolError: ``value`` is no tensor, is damaged, or is larger than the allowance.
    """
    try:
        dtype, shape, raw = value["dtype"], tuple(value["shape"]), _unpacked(value["data"], allowance)
        if dtype == "bool":
            # unpackbits makes a byte of each bit.
            allowance.spend(8 * len(raw))
            # The claimed shape asks for no memory: the slice has no more bits than the data.
            bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[: math.prod(shape)]
            return bits.view(np.bool_).reshape(shape)
        return np.frombuffer(raw, _DTYPES[dtype]).reshape(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise ApiIBMProtocolError(f"A tensor of the reply cannot be read: {error!r}") from None


def _packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw, _COMPRESSION)).decode("ascii")


def _unpacked(text: str, allowance: Allowance) -> bytes:
    try:
        decoder = zlib.decompressobj()
        raw = decoder.decompress(base64.b64decode(text), allowance.left + 1)
    except (TypeError, ValueError, zlib.error) as error:
        raise ApiIBMProtocolError(f"Compressed data of the reply is damaged: {error}") from None
    allowance.spend(len(raw))
    if not decoder.eof:
        raise ApiIBMProtocolError("Compressed data of the reply is cut short.")
    return raw
