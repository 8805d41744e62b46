# SPDX-License-Identifier: Apache-2.0
"""Payloads of the program ``executor``: circuits, tensors and noise maps, in each version of its schema."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliLindbladMap

from ...errors import BadInputError
from .. import wire
from ..checks.executor import VERSIONS

#: Names of types on the wire, little-endian; booleans are bits, the first one the lowest.
_TYPES = {
    "f16": "<f2", "f32": "<f4", "f64": "<f8", "i8": "<i1", "i16": "<i2", "i32": "<i4", "i64": "<i8",
    "u8": "<u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "c64": "<c8", "c128": "<c16", "bool": "<u1",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _TYPES.items() if name != "bool"} | {np.dtype(np.bool_): "bool"}


@dataclass(frozen=True)
class Schema:
    """A version of the schema.

    Attributes:
        has_circuits_in_items: Whether each item has its circuit; otherwise, one file has those of all items.
        is_compressed: Whether circuits and tensors are compressed.
        has_item_metadata: Whether results have metadata of each item.
    """

    has_circuits_in_items: bool
    is_compressed: bool
    has_item_metadata: bool

    def read_bytes(self, text: Any) -> bytes:
        """Return the bytes of base64."""
        if self.is_compressed:
            return wire.inflate(text)
        try:
            return base64.b64decode(text, validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise BadInputError(f"base64 cannot be read: {error}") from None

    def read_circuits(self, program: dict[str, Any], items: list[Any]) -> list[QuantumCircuit]:
        """Return the circuit of each item."""
        if self.has_circuits_in_items:
            circuits = []
            for number, item in enumerate(items):
                packed = item.get("circuit") if isinstance(item, dict) else None
                if not isinstance(packed, dict):
                    raise BadInputError(f"quantum_program.items[{number}].circuit is missing")
                circuits += wire.load_qpy(self.read_bytes(packed.get("circuit_b64")))
        else:
            packed = program.get("circuits")
            if not isinstance(packed, dict):
                raise BadInputError("quantum_program.circuits is missing")
            if isinstance(packed.get("data"), list):
                circuits = [wire.read_circuit(text) for text in packed["data"]]
            else:
                circuits = wire.load_qpy(self.read_bytes(packed.get("b64_data")))
        if len(circuits) != len(items):
            raise BadInputError(f"quantum_program has {len(circuits)} circuits for {len(items)} items; send one each")
        return circuits

    def read_tensor(self, value: Any, path: str) -> npt.NDArray[Any]:
        """Return the array of a tensor.

        Args:
            value: The tensor.
            path: Where the tensor is, for errors.
        """
        try:
            kind, shape = value["dtype"], tuple(value["shape"])
            array = np.frombuffer(self.read_bytes(value["data"]), _TYPES[kind])
            if kind == "bool":
                # Bits of the last byte that are left over do not count.
                array = np.unpackbits(array, bitorder="little")[: math.prod(shape)].astype(np.bool_)
            return array.reshape(shape)
        except (BadInputError, KeyError, TypeError, ValueError) as error:
            raise BadInputError(f"{path} cannot be read as a tensor: {error}") from None

    def write_tensor(self, array: npt.NDArray[Any]) -> dict[str, Any]:
        """Return an array as a tensor."""
        name = _NAMES[array.dtype]
        if name == "bool":
            raw = np.packbits(array.ravel(), bitorder="little").tobytes()
        else:
            raw = np.ascontiguousarray(array, _TYPES[name]).tobytes()
        data = base64.b64encode(zlib.compress(raw) if self.is_compressed else raw).decode()
        return {"data": data, "shape": list(array.shape), "dtype": name}


SCHEMAS = {
    version: Schema(version.startswith("v0"), version >= "v2.0", version != "v0.1") for version in VERSIONS
}  # fmt: skip


def read_noise_map(value: dict[str, Any], path: str) -> PauliLindbladMap:
    """Return a map of Pauli-Lindblad noise.

    Args:
        value: Its sparse terms and its number of qubits.
        path: Where the map is, for errors.
    """
    try:
        terms = [(str(paulis), list(qubits), float(rate)) for paulis, qubits, rate in value["sparse_terms"]]
        return PauliLindbladMap.from_sparse_list(terms, value["num_qubits"])
    except Exception as error:
        raise BadInputError(f"{path} cannot be read as Pauli-Lindblad noise: {error}") from None
